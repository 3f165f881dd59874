"""`navworld demo`: an agent in homes it has never seen, with its floors, pictures and films."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from navworld.agents.agent import Agent
from navworld.agents.catalog import AGENTS, build_agent
from navworld.agents.evaluate import run_agent, save_videos, trajectory_pictures
from navworld.agents.ladder import ladder, spread
from navworld.agents.train import train
from navworld.envs.benchmarks import benchmark, draw_episodes
from navworld.evaluation.report import section, summarize, text_table, write_report
from navworld.evaluation.result import Result
from navworld.evaluation.rollout import Rollout

HOUSE = Path("scenes/aws_small_house/aws_small_house_visual.glb")
FILMS = 3
HOUSE_EPISODES = 20
LADDER, RUNGS = "pointnav-noisy-validation-v1", ("gps-uwb", "wheels", "pointnav_vo")
"""Benchmark, and the rungs shown between the truth and none."""


def demo(
    out: str, *, episodes: int = 60, train_seconds: float = 120.0, ladder_episodes: int = 12
) -> Result:
    """Evaluates the agent and its floors, trains one, climbs the localization ladder; a report.

    Args:
        out: Folder for the report.
        episodes: Of `pointnav-v1`, spread over its apartments.
        train_seconds: How long the training shown runs.
        ladder_episodes: Of `pointnav-noisy-validation-v1`, for every rung.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    frozen = spread(benchmark("pointnav-v1").episodes(), episodes)
    print(f"An agent in {len({e.scene for e in frozen})} apartments it has never seen:\n")
    results: dict[str, list[Rollout]] = {}
    filmed = frozenset(range(FILMS))
    for item in AGENTS:
        films = filmed if item.name == "pointnav" else frozenset()
        began = time.perf_counter()
        results[item.name] = run_agent(
            build_agent(item.name), frozen, threads=2, filmed=films, label=item.name
        )
        print(f"  {item.name:<10} {time.perf_counter() - began:5.0f} s   {item.summary}")
    print("\n" + text_table(results))
    house = _imported_house(build_agent("pointnav"))
    if house is not None:
        results["pointnav, real house, zero-shot"] = house
        print(text_table({"real house, zero-shot": house}).splitlines()[1])
    training = folder / "training"
    shutil.rmtree(training, ignore_errors=True)
    trained = train("pointnav", out=str(training), minutes=train_seconds / 60)
    print(f"\nTrained one from nothing for {train_seconds:.0f} s: " + _told(trained))
    videos = save_videos(folder, results["pointnav"], "pointnav")
    homes = section(
        "In homes that it has never seen",
        results,
        pictures=trajectory_pictures(results["pointnav"], frozen),
        videos=[(path.stem, path) for path in videos],
        floors=[item.name for item in AGENTS if item.floor],
        notes=[f"Trained from nothing for {train_seconds:.0f} s: {_told(trained)}"],
    )
    print("\nWithout GPS, under noise, with other ways of knowing where it is:\n")
    shown = folder / "ladder"
    shutil.rmtree(shown, ignore_errors=True)
    rungs = ladder(
        benchmark=LADDER, episodes=ladder_episodes, only=RUNGS, threads=2, out=str(shown),
        video=str(shown),
    )  # fmt: skip
    believed = rungs.section(
        "Where it is, and where it believes to be", sorted(shown.glob("*.mp4"))
    )
    page = write_report(folder, "navworld: PointNav in unseen homes", [homes, believed])
    print(f"\nThe report with pictures and films: {page}")
    metrics = {
        f"{name.replace(', ', '_').replace(' ', '_')}_{key}": metric
        for name, rollouts in results.items()
        for key, metric in summarize(rollouts).items()
        if key in ("success", "spl")
    }
    metrics |= {
        f"ladder_{name.replace('/', '_')}": metric
        for name, metric in rungs.result().metrics.items()
        if name.endswith(("/success", "/spl"))
    }
    return Result(metrics, {"episodes": len(frozen), "train_seconds": train_seconds})


def _imported_house(agent: Agent) -> list[Rollout] | None:
    data = os.environ.get("NAVWORLD_DATA")
    if not data or not (Path(data) / HOUSE).exists():
        print("\n(no real house: NAVWORLD_DATA names no folder with scenes/aws_small_house)")
        return None
    frozen = draw_episodes([str(Path(data) / HOUSE)], HOUSE_EPISODES)
    return run_agent(agent, frozen, num_envs=HOUSE_EPISODES, label="real house")


def _told(result: Result) -> str:
    return ", ".join(f"{k} {m.value:.3g} {m.unit}".strip() for k, m in result.metrics.items())

"""`navworld demo`: an agent in homes it has never seen, with its floors, pictures and films."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from navworld.agents.agent import Agent
from navworld.agents.catalog import AGENTS, build_agent
from navworld.agents.evaluate import run_agent, save_videos, trajectory_pictures
from navworld.agents.train import train
from navworld.envs.benchmarks import benchmark, draw_episodes
from navworld.envs.tasks.pointnav import Episode
from navworld.evaluation.report import summarize, text_table, write_report
from navworld.evaluation.result import Result
from navworld.evaluation.rollout import Rollout

HOUSE = Path("scenes/aws_small_house/aws_small_house_visual.glb")
FILMS = 3
HOUSE_EPISODES = 20


def demo(out: str, *, episodes: int = 60, train_seconds: float = 120.0) -> Result:
    """Evaluates the learned agent and its floors, trains one for a while, writes the report.

    Args:
        out: Folder for the report.
        episodes: Of `pointnav-v1`, spread over its apartments.
        train_seconds: How long the training shown runs.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    frozen = _spread(benchmark("pointnav-v1").episodes(), episodes)
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
    page = write_report(
        folder,
        results,
        title="navworld: PointNav in unseen homes",
        pictures=trajectory_pictures(results["pointnav"], frozen),
        videos=[(path.stem, path) for path in videos],
        floors=[item.name for item in AGENTS if item.floor],
        notes=[f"Trained from nothing for {train_seconds:.0f} s: {_told(trained)}"],
    )
    print(f"\nThe report with pictures and films: {page}")
    metrics = {
        f"{name.replace(', ', '_').replace(' ', '_')}_{key}": metric
        for name, rollouts in results.items()
        for key, metric in summarize(rollouts).items()
        if key in ("success", "spl")
    }
    return Result(metrics, {"episodes": len(frozen), "train_seconds": train_seconds})


def _spread(episodes: list[Episode], count: int) -> list[Episode]:
    """`count` episodes evenly through the list, so that every apartment has its turn."""
    count = min(max(1, count), len(episodes))
    return [episodes[k * len(episodes) // count] for k in range(count)]


def _imported_house(agent: Agent) -> list[Rollout] | None:
    data = os.environ.get("NAVWORLD_DATA")
    if not data or not (Path(data) / HOUSE).exists():
        print("\n(no real house: NAVWORLD_DATA names no folder with scenes/aws_small_house)")
        return None
    frozen = draw_episodes([str(Path(data) / HOUSE)], HOUSE_EPISODES)
    return run_agent(agent, frozen, num_envs=HOUSE_EPISODES, label="real house")


def _told(result: Result) -> str:
    return ", ".join(f"{k} {m.value:.3g} {m.unit}".strip() for k, m in result.metrics.items())

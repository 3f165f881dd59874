"""`navworld evaluate NAME`: an agent on a benchmark, every episode once."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.agents.agent import Agent
from navworld.agents.catalog import build_agent, build_localizer
from navworld.envs.benchmarks import benchmark as find_benchmark
from navworld.envs.benchmarks import draw_episodes
from navworld.envs.options import Options
from navworld.envs.rollouts import run_episodes
from navworld.envs.tasks.pointnav import Episode
from navworld.envs.vector import NavigationVectorEnv
from navworld.evaluation.report import section, summarize, write_report
from navworld.evaluation.result import Result
from navworld.evaluation.rollout import Rollout
from navworld.maps.occupancy import OccupancyMapper
from navworld.progress import ProgressBar
from navworld.scenes import scene_refs
from navworld.world.body import Robot
from navworld.world.store import shared_store

ZERO_SHOT_EPISODES = 100

NOISY_CONTACT = 0.5
"""Of a forward action: what a body under actuation noise has driven at least, if nothing was in
its way."""

NOISY_PERSISTENCE = 4
"""Evidence that an obstacle needs where depth or motion is noisy; see `OccupancyMapper`."""


def evaluate(
    name: str,
    *,
    benchmark: str = "pointnav-v1",
    scenes: str | None = None,
    episodes: int | None = None,
    num_envs: int = 25,
    threads: int = 1,
    weights: str | None = None,
    localizer: str | None = None,
    report: str | None = None,
    video: str | None = None,
    videos: int = 3,
) -> Result:
    """Scores an agent; with `report` or `video` it leaves pictures and films too.

    Args:
        scenes: Zero-shot in these scenes: fresh episodes, the benchmark's conditions.
        episodes: Only the first so many.
        localizer: Instead of the agent's own: "oracle", "gps", or dead reckoning over an odometer
            by its name.
    """
    agent = build_agent(name, weights)
    if localizer is not None:
        agent = replace(agent, localizer=build_localizer(localizer))
    conditions = find_benchmark(benchmark).options
    if scenes is None:
        frozen = find_benchmark(benchmark).episodes()[:episodes]
    else:
        frozen = _drawn(scenes, episodes)
    filmed = frozenset(range(min(videos, len(frozen)))) if video else frozenset()
    rollouts = run_agent(
        suited(agent, conditions), frozen, num_envs=num_envs, threads=threads, filmed=filmed,
        label=name, conditions=conditions,
    )  # fmt: skip
    films = save_videos(Path(video), rollouts, name) if video else []
    if report:
        shown = section(
            "Results",
            {name: rollouts},
            pictures=trajectory_pictures(rollouts, frozen),
            videos=[(path.stem, path) for path in films if path.is_relative_to(report)],
        )
        title = f"{name} on {benchmark if scenes is None else scenes}"
        write_report(Path(report), title, [shown])
    config = {
        "agent": name,
        "benchmark": benchmark if scenes is None else f"fresh episodes in {scenes}",
        "episodes": len(frozen),
        "localizer": localizer or type(agent.localizer).__name__,
        "conditions": conditions,
        "sensors": list(agent.env_options()["sensors"]),
        "weights": weights or "",
    }
    return Result(summarize(rollouts), config)


def run_agent(
    agent: Agent,
    episodes: Sequence[Episode],
    *,
    num_envs: int = 25,
    threads: int = 1,
    filmed: frozenset[int] = frozenset(),
    label: str = "agent",
    conditions: Mapping[str, Any] | None = None,
) -> list[Rollout]:
    """Runs an agent through frozen episodes, in order of their index, with a progress bar.

    Args:
        conditions: Options of the environment that belong to the benchmark.
    """
    given = {**agent.env_options(), **(conditions or {})}
    options = Options(episodes=episodes, threads=threads, **given)
    env = NavigationVectorEnv(min(num_envs, len(episodes)), options)
    film = None
    if filmed:
        from navworld.viz.film import Film

        film = Film(env.batch.T_world_believed)
    rollouts = []
    with ProgressBar(label, len(episodes), unit="episodes", passing=True) as bar:
        for rollout in run_episodes(env, agent.policy, film=film, film_indices=filmed):
            rollouts.append(rollout)
            mean = np.mean([r.metrics["success"] for r in rollouts])
            bar.advance()
            bar.note(f"success {mean:.2f}")
    return sorted(rollouts, key=lambda r: r.index)


def suited(agent: Agent, conditions: Mapping[str, Any]) -> Agent:
    """An agent that knows how well its body obeys, and its eyes.

    Where actions end short by themselves, one that does has not bumped into anything. Where
    anything errs, a map's walls are soon smeared across doors unless what is seen through is
    forgotten.
    """
    obeys, noise = conditions.get("actuation") is None, conditions.get("image_noise") or {}
    if obeys and "depth" not in noise:
        return agent
    mappers = [copy.copy(mapper) for mapper in agent.mappers]
    for mapper in mappers:
        if isinstance(mapper, OccupancyMapper):
            mapper.persistence = NOISY_PERSISTENCE
            if not obeys:
                mapper.contact = NOISY_CONTACT
    return replace(agent, mappers=tuple(mappers))


def trajectory_pictures(
    rollouts: Sequence[Rollout], episodes: Sequence[Episode], *, most: int = 12
) -> list[tuple[str, NDArray[np.uint8]]]:
    """Top-down pictures of where the agent went: some successes and every kind of failure."""
    from navworld.viz.topdown import draw_trajectory

    failed = [r for r in rollouts if not r.metrics["success"]][: most // 2]
    chosen = failed + [r for r in rollouts if r.metrics["success"]][: most - len(failed)]
    pictures = []
    for rollout in chosen:
        place = shared_store().get(scene_refs(episodes[rollout.index].scene)[0])
        navigator = place.navigator(Robot().radius)
        picture = draw_trajectory(
            navigator, rollout.T_world_body, rollout.goal_xy, believed=rollout.T_world_believed
        )
        m = rollout.metrics
        verdict = "reached" if m["success"] else "failed"
        text = f"{rollout.scene}, episode {rollout.index}: {verdict}, SPL {m['spl']:.2f}"
        pictures.append((text, picture))
    return pictures


def save_videos(folder: Path, rollouts: Sequence[Rollout], name: str) -> list[Path]:
    """Writes the films of the filmed episodes as MP4."""
    from navworld.viz.film import write_video

    paths = []
    for rollout in rollouts:
        if rollout.frames:
            path = folder / f"{name}-{rollout.index:03d}.mp4"
            write_video(path, rollout.frames)
            paths.append(path)
    return paths


def _drawn(scenes: str, episodes: int | None) -> list[Episode]:
    refs = list(scene_refs(scenes))
    each = -(-(episodes or ZERO_SHOT_EPISODES) // len(refs))
    if len(refs) == 1:
        return draw_episodes([scenes], each)
    family = scenes.partition(":")[0]
    return draw_episodes([f"{family}:{ref.key.rpartition('-')[2]}" for ref in refs], each)

"""The localization ladder: what one agent reaches with every way of knowing where it is.

All rungs run the same episodes under the same noise, through the same camera; only the
localizer differs, and what it reads. The *gap closure* of a rung is how much of the way from not
knowing where one is ("none") to the truth ("oracle") it makes, of success and of SPL; beside it
stands the same from commanded motion on, which is what an odometer adds to doing as one is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.agents.agent import Agent
from navworld.agents.catalog import ODOMETERS, build_agent, build_localizer
from navworld.agents.evaluate import run_agent, save_videos, suited
from navworld.beliefs import GPS, Oracle
from navworld.envs.benchmarks import benchmark as find_benchmark
from navworld.envs.tasks.pointnav import Episode
from navworld.evaluation.beliefs import belief_errors
from navworld.evaluation.report import summarize, write_report
from navworld.evaluation.result import Metric, Result
from navworld.evaluation.rollout import Rollout
from navworld.evaluation.statistics import gap_closure
from navworld.scenes import scene_refs
from navworld.sensors.gps import GPSCompass
from navworld.sensors.wheels import WheelOdometry
from navworld.world.body import Robot
from navworld.world.store import shared_store

NONE, COMMANDED, ORACLE = "none", "commanded", "oracle"
COMPARED = ("success", "spl")
PICTURED = 4
"""Episodes that are drawn, for every rung."""


@dataclass(frozen=True)
class Rung:
    """A way of knowing where one is.

    Attributes:
        name: In the table.
        summary: One line.
        fit: Gives an agent its localizer and sensors; a FileNotFoundError says what is missing.
    """

    name: str
    summary: str
    fit: Callable[[Agent], Agent]


def rungs(learned: Sequence[str] = ()) -> list[Rung]:
    """The ladder from the top.

    Args:
        learned: Weights "NAME=FILE" to use instead of those that come along, several for one
            learned odometer to compare its trainings.
    """
    given: dict[str, list[str]] = {}
    for item in learned:
        name, _, path = item.partition("=")
        known = [o.name for o in ODOMETERS if o.learned]
        if name not in known or not path:
            raise ValueError(f"--learned {item!r}: expected NAME=FILE, NAME one of {known}")
        given.setdefault(name, []).append(path)
    systems = []
    for one in (o for o in ODOMETERS if o.learned):
        files: list[str] = given.get(one.name, [])
        short = one.name.removeprefix("odometry/")
        for path in files or [None]:  # type: ignore[list-item]
            label = short if len(files) < 2 else f"{short} {Path(path).parent.name}"
            systems.append(Rung(label, one.summary, _dead_reckoning(one.name, path)))
    return [
        Rung(ORACLE, "the truth", _with_oracle),
        Rung("gps-uwb", "beacons: 10 cm CEP, compass of 2.5°", _with_beacons),
        Rung("wheels", "encoders of a Kobuki", _with_wheels),
        Rung("rgbd-pnp", "corners, depth, PnP", _dead_reckoning("odometry/rgbd-pnp")),
        *systems,
        Rung(COMMANDED, "does as it was told", _dead_reckoning("odometry/commanded")),
        Rung(NONE, "stays where it started", _dead_reckoning("odometry/still")),
    ]


def ladder(
    name: str = "pointnav",
    *,
    benchmark: str = "pointnav-noisy-v1",
    episodes: int | None = None,
    num_envs: int = 25,
    threads: int = 1,
    weights: str | None = None,
    learned: Sequence[str] = (),
    only: Sequence[str] = (),
    report: str | None = None,
    video: str | None = None,
    videos: int = 1,
    record: bool = False,
) -> Result:
    """Runs an agent up the ladder; prints one table.

    Args:
        episodes: Only so many, spread evenly over the benchmark's places.
        weights: Of the agent.
        learned: See `rungs`.
        only: Names of the rungs to run besides oracle, commanded and none; all by default.
        report: Folder for a page with pictures of believed and true paths.
        video: Folder for films of the first `videos` episodes.
        record: Puts every rung in `agents/results.csv`.
    """
    protocol = find_benchmark(benchmark)
    frozen = spread(protocol.episodes(), episodes)
    agent = suited(build_agent(name, weights), protocol.options)
    filmed = frozenset(range(min(videos, len(frozen)))) if video else frozenset()
    found: dict[str, list[Rollout]] = {}
    missing: dict[str, str] = {}
    for rung in _chosen(rungs(learned), only):
        try:
            fitted = rung.fit(agent)
        except FileNotFoundError as error:
            missing[rung.name] = str(error)
            continue
        found[rung.name] = run_agent(
            fitted, frozen, num_envs=num_envs, threads=threads, filmed=filmed, label=rung.name,
            conditions=protocol.options,
        )  # fmt: skip
        for rollout in found[rung.name]:
            rollout.metrics.update(belief_errors(rollout))
        print(_line(rung.name, _metrics(rung.name, found)), flush=True)
    metrics = {rung: _metrics(rung, found) for rung in found}
    config = {
        "agent": name, "benchmark": benchmark, "episodes": len(frozen), **protocol.options,
        "image_size": agent.image_size, "rungs": list(found), "missing": missing,
    }  # fmt: skip
    print("\n" + table(metrics, missing, config))
    films = _save_films(video, found, name)
    if report:
        _write(Path(report), found, frozen, films, table(metrics, missing, config), config)
    if record:
        _record(metrics, name, benchmark, config)
    flat = {f"{rung}/{k}": m for rung, own in metrics.items() for k, m in own.items()}
    return Result(flat, config)


def spread(episodes: Sequence[Episode], count: int | None) -> list[Episode]:
    """`count` episodes evenly through the list, so that every place has its turn."""
    count = len(episodes) if count is None else count
    if count < 1:
        raise ValueError(f"episodes={count}: expected at least 1")
    count = min(count, len(episodes))
    return [episodes[k * len(episodes) // count] for k in range(count)]


def table(
    metrics: Mapping[str, Mapping[str, Metric]],
    missing: Mapping[str, str],
    config: Mapping[str, Any],
) -> str:
    """The ladder for a terminal, 95 % intervals over episodes in brackets."""
    noise = [config.get("actuation") or "none", *config.get("image_noise", {}).values()]
    lines = [
        f"{config['agent']} on {config['benchmark']}: {config['episodes']} episodes, noise "
        f"{', '.join(noise)}, camera {config['image_size']} × {config['image_size']}",
        f"{'localizer':<22}{'success':>19}{'SPL':>19}{'SoftSPL':>9}{'ATE [m]':>9}{'RPE [m]':>9}"
        f"{'RPE [°]':>9}{'guessed':>9}{'gap closed: success':>23}{'SPL':>20}",
    ]
    lines += [_line(rung, own) for rung, own in metrics.items()]
    lines += [f"{rung:<22}  not run: {why}" for rung, why in missing.items()]
    return "\n".join(lines)


def _line(rung: str, m: Mapping[str, Metric]) -> str:
    cells = [_interval(m.get(k)).rjust(19) for k in COMPARED]
    gaps = [_interval(m.get(f"gap_closure_{k}")) for k in COMPARED]
    return (
        f"{rung:<22}{cells[0]}{cells[1]}{m['soft_spl'].value:>9.3f}{m['ate_m'].value:>9.3f}"
        f"{m['rpe_m'].value:>9.3f}{m['rpe_deg'].value:>9.2f}"
        f"{m['guessed_percent'].value:>8.1f}%{gaps[0]:>23}{gaps[1]:>20}"
    )


def _interval(metric: Metric | None) -> str:
    if metric is None or not np.isfinite(metric.value):
        return "–"
    return f"{metric.value:.2f} [{metric.low:.2f}, {metric.high:.2f}]"


def _metrics(rung: str, found: Mapping[str, Sequence[Rollout]]) -> dict[str, Metric]:
    """Means of a rung, and how much of the gap it closes, once the ends of the ladder are known."""
    metrics = summarize(found[rung])
    for floor, word in ((NONE, "gap_closure"), (COMMANDED, "gap_closure_over_commanded")):
        if rung in (ORACLE, floor) or not {ORACLE, floor} <= found.keys():
            continue
        for key in COMPARED:
            rows = (np.array([r.metrics[key] for r in found[k]]) for k in (rung, floor, ORACLE))
            value, low, high = gap_closure(*rows)
            if np.isfinite(value):
                metrics[f"{word}_{key}"] = Metric(value, "", low, high)
    return metrics


def _chosen(all_rungs: list[Rung], only: Sequence[str]) -> list[Rung]:
    known = [rung.name for rung in all_rungs]
    strange = [name for name in only if name not in known]
    if strange:
        raise ValueError(f"unknown rungs {strange}: expected some of {known}")
    always = {ORACLE, COMMANDED, NONE, *only}
    return [rung for rung in all_rungs if not only or rung.name in always]


def _with_oracle(agent: Agent) -> Agent:
    return replace(_without_gps(agent), localizer=Oracle())


def _with_beacons(agent: Agent) -> Agent:
    blind = _without_gps(agent)
    return replace(blind, localizer=GPS(), sensors=(*blind.sensors, GPSCompass(preset="uwb")))


def _with_wheels(agent: Agent) -> Agent:
    blind = _without_gps(agent)
    sensors = (*blind.sensors, WheelOdometry(preset="kobuki"))
    return replace(blind, localizer=build_localizer("odometry/wheels"), sensors=sensors)


def _dead_reckoning(odometer: str, weights: str | None = None) -> Callable[[Agent], Agent]:
    return lambda agent: replace(_without_gps(agent), localizer=build_localizer(odometer, weights))


def _without_gps(agent: Agent) -> Agent:
    return replace(agent, sensors=tuple(s for s in agent.sensors if s != "gps"))


def _pictures(
    found: Mapping[str, Sequence[Rollout]], frozen: Sequence[Episode]
) -> list[tuple[str, NDArray[np.uint8]]]:
    """True and believed paths of the same few episodes, rung by rung."""
    from navworld.viz.topdown import draw_trajectory

    pictures = []
    for k in range(min(PICTURED, len(frozen))):
        for rung, rollouts in found.items():
            rollout = rollouts[k]
            place = shared_store().get(scene_refs(frozen[k].scene)[0])
            picture = draw_trajectory(
                place.navigator(Robot().radius), rollout.T_world_body, rollout.goal_xy,
                believed=rollout.T_world_believed,
            )  # fmt: skip
            m = rollout.metrics
            verdict = "reached" if m["success"] else "failed"
            told = f"{rung}, episode {k}: {verdict}, SPL {m['spl']:.2f}, ATE {m['ate_m']:.2f} m"
            pictures.append((f"{told}; believed in orange", picture))
    return pictures


def _save_films(video: str | None, found: Mapping[str, Sequence[Rollout]], name: str) -> list[Path]:
    if not video:
        return []
    paths = [save_videos(Path(video), runs, f"{name}-{rung}") for rung, runs in found.items()]
    return [path for some in paths for path in some]


def _write(
    folder: Path,
    found: Mapping[str, Sequence[Rollout]],
    frozen: Sequence[Episode],
    films: Sequence[Path],
    text: str,
    config: Mapping[str, Any],
) -> None:
    page = write_report(
        folder,
        found,
        title=f"Localization ladder: {config['agent']} on {config['benchmark']}",
        pictures=_pictures(found, frozen),
        videos=[(path.stem, path) for path in films if path.is_relative_to(folder)],
        notes=text.splitlines(),
        floors=(COMMANDED, NONE),
    )
    print(f"report: {page}")


def _record(
    metrics: Mapping[str, dict[str, Metric]], name: str, benchmark: str, config: Mapping[str, Any]
) -> None:
    from navworld.agents.results import record

    for rung, own in metrics.items():
        record(Result(own, config), f"{name}, {rung}", benchmark)

"""The localization ladder: what one agent reaches with every way of knowing where it is.

All rungs run the same episodes under the same noise, through the same camera; only the
localizer differs, and what it reads. The *gap closure* of a rung is how much of the way from not
knowing where one is ("none") to the truth ("oracle") it makes, of success and of SPL; beside it
stands the same from commanded motion on, which is what an odometer adds to doing as one is told.
A learned odometer that was trained several times has a rung for every training and a row for all,
with intervals over trainings and episodes. Rungs that are done are kept on disk until all are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from navworld.agents.agent import Agent
from navworld.agents.catalog import ODOMETERS, build_agent, build_localizer
from navworld.agents.costs import costs
from navworld.agents.evaluate import run_agent, save_videos, suited
from navworld.agents.ladder_kept import Kept
from navworld.agents.ladder_table import COMMANDED, NONE, ORACLE, Ladder
from navworld.beliefs import GPS, Oracle
from navworld.envs.benchmarks import benchmark as find_benchmark
from navworld.envs.tasks.pointnav import Episode
from navworld.evaluation.beliefs import belief_errors
from navworld.sensors.gps import GPSCompass
from navworld.sensors.wheels import WheelOdometry
from navworld.solvers.libraries import MissingPackageError


@dataclass(frozen=True)
class Rung:
    """A way of knowing where one is.

    Attributes:
        name: In the table.
        summary: One line.
        fit: Gives an agent its localizer and sensors; a FileNotFoundError says what is missing.
        system: Of a learned odometer, its name without the family.
    """

    name: str
    summary: str
    fit: Callable[[Agent], Agent]
    system: str = ""


def rungs(learned: Sequence[str] = ()) -> list[Rung]:
    """The ladder from the top.

    Args:
        learned: Weights "NAME=FILE" to use instead of those that come along, several for one
            learned odometer to compare its trainings.
    """
    given: dict[str, list[str]] = {}
    for item in learned:
        name, _, file = item.partition("=")
        known = [o.name for o in ODOMETERS if o.learned]
        if name not in known or not file:
            raise ValueError(f"--learned {item!r}: expected NAME=FILE, NAME one of {known}")
        given.setdefault(name, []).append(file)
    systems = []
    for one in (o for o in ODOMETERS if o.learned):
        short = one.name.removeprefix("odometry/")
        files: list[str | None] = [*given.get(one.name, [])] or [None]
        for label, path in zip(_labels(short, files), files, strict=True):
            systems.append(Rung(label, one.summary, _dead_reckoning(one.name, path), short))
    return [
        Rung(ORACLE, "the truth", _with_oracle),
        Rung("gps-uwb", "beacons: 10 cm CEP, compass of 2.5°", _with_beacons),
        Rung("wheels", "encoders of a Kobuki", _with_wheels),
        Rung("rgbd-pnp", "corners, depth, PnP", _dead_reckoning("odometry/rgbd-pnp")),
        *systems,
        Rung(COMMANDED, "does as it was told", _dead_reckoning("odometry/commanded")),
        Rung(NONE, "stays where it started", _dead_reckoning("odometry/still")),
    ]


def _labels(short: str, files: Sequence[str | None]) -> list[str]:
    """Names of trainings: by their folders, by number where these are alike."""
    if len(files) < 2:
        return [short]
    folders = [Path(path or "").resolve().parent.name for path in files]
    if len(set(folders)) < len(folders):
        folders = [f"#{k + 1}" for k in range(len(files))]
    return [f"{short} {folder}" for folder in folders]


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
    out: str | None = None,
    report: str | None = None,
    video: str | None = None,
    videos: int = 1,
    record: bool = False,
) -> Ladder:
    """Runs an agent up the ladder, a line per rung; prints one table.

    Args:
        episodes: Only so many, spread evenly over the benchmark's places.
        weights: Of the agent.
        learned: See `rungs`.
        only: Names of the rungs to run besides oracle, commanded and none; all by default.
        out: Folder in which rungs that are done are kept, and taken from when they are asked for
            again; `runs/ladder/NAME-BENCHMARK` by default, which is emptied once all are done.
        report: Folder for a page with pictures of believed and true paths.
        video: Folder for films of the first `videos` episodes.
        record: Puts every rung in `agents/results.csv`.

    Raises:
        ValueError: A rung is unknown; what is to be recorded is not the whole ladder.
    """
    if record and (episodes is not None or only):
        raise ValueError("--record takes whole ladders: leave out --episodes and --rungs")
    kept = Kept(Path(out or f"runs/ladder/{name}-{benchmark}"))
    protocol = find_benchmark(benchmark)
    frozen = spread(protocol.episodes(), episodes)
    agent = suited(build_agent(name, weights), protocol.options)
    found = Ladder(name, benchmark, frozen, protocol.options, agent.image_size)
    filmed = frozenset(range(min(videos, len(frozen)))) if video else frozenset()
    about = {"benchmark": benchmark, "episodes": len(frozen)}
    for rung in _chosen(rungs(learned), only):
        try:
            fitted = rung.fit(agent)
        except (FileNotFoundError, MissingPackageError) as error:
            found.missing[rung.name] = str(error)
            continue
        rollouts = kept.taken(rung.name, fitted, about)
        if rollouts is None:
            rollouts = run_agent(
                fitted, frozen, num_envs=num_envs, threads=threads, filmed=filmed,
                label=rung.name, conditions=protocol.options,
            )  # fmt: skip
            for rollout in rollouts:
                rollout.metrics.update(belief_errors(rollout))
            kept.put(rung.name, fitted, about, rollouts)
            if video:
                save_videos(Path(video), rollouts, f"{name}-{rung.name.replace(' ', '-')}")
        odometer = getattr(fitted.localizer, "odometer", None)
        found.add(rung.name, rung.system, rollouts, costs(odometer))
        print(found.line(rung.name), flush=True)
    print("\n" + found.text())
    if report:
        print(f"report: {found.write(Path(report), Path(video) if video else None)}")
    if record:
        found.record()
    if out is None:
        kept.clear()
    return found


def spread(episodes: Sequence[Episode], count: int | None) -> list[Episode]:
    """`count` episodes evenly through the list, so that every place has its turn."""
    count = len(episodes) if count is None else count
    if count < 1:
        raise ValueError(f"episodes={count}: expected at least 1")
    count = min(count, len(episodes))
    return [episodes[k * len(episodes) // count] for k in range(count)]


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

"""What the words of the command line do; each imports what it needs when it is called."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from navworld.evaluation.result import Result


def run_list(arguments: argparse.Namespace) -> int:
    """`navworld list`."""
    if arguments.what == "systems":
        from navworld.agents.systems import listing

        print(listing())
        return 0
    from navworld.agents.catalog import AGENTS, ODOMETERS
    from navworld.envs.benchmarks import BENCHMARKS, SEQUENCE_BENCHMARKS
    from navworld.registration import ENVIRONMENTS
    from navworld.scenes import FAMILIES, SPLITS
    from navworld.sensors import SENSOR_NAMES

    print("environments  " + ", ".join(ENVIRONMENTS))
    print("scenes        " + ", ".join(FAMILIES) + "; GLB, OBJ and PLY files")
    print("splits        " + ", ".join(f"{k} {v[0]}–{v[-1]}" for k, v in SPLITS.items()))
    print("sensors       " + ", ".join(SENSOR_NAMES))
    benchmarks = [b.name for b in BENCHMARKS] + [b.name for b in SEQUENCE_BENCHMARKS]
    print("benchmarks    " + ", ".join(benchmarks))
    print("agents")
    for item in AGENTS:
        print(f"  {item.name:<12}{item.summary}")
    print("odometers")
    for one in ODOMETERS:
        print(f"  {one.name:<28}{one.summary}")
    return 0


def run_bench(arguments: argparse.Namespace) -> int:
    """`navworld bench`."""
    from navworld.agents.bench import bench_agent
    from navworld.agents.policies.oracle import ShortestPathOracle
    from navworld.envs import bench

    a = arguments
    several = {"step": 16, "scene": 8, "record": 3, "stream": 4}.get(a.what, 8)
    if a.scene == "apartment":
        split = "validation" if a.what in ("scene", "agent") else "train"
        a.scene = f"apartment:{split}[:{several}]"
    elif a.scene == "city":  # one is as large as a hundred apartments
        a.scene = "city:validation[:1]"
    runs: dict[str, Callable[[], Result]] = {
        "render": lambda: bench.bench_render(
            scenes=a.scene, size=a.size, threads=a.threads, supersample=a.supersample
        ),
        "step": lambda: bench.bench_step(
            ShortestPathOracle(), scenes=a.scene, num_envs=a.envs, size=a.size, threads=a.threads
        ),
        "scene": lambda: bench.bench_scene(scenes=a.scene),
        "lidar": lambda: bench.bench_lidar(
            scenes=a.scene, beams=a.beams, azimuths=a.azimuths, threads=a.threads
        ),
        "record": lambda: bench.bench_record(scenes=a.scene, format=a.format),
        "stream": lambda: bench.bench_stream(scenes=a.scene, size=a.size),
        "agent": lambda: bench_agent(
            localizer=a.localizer,
            weights=a.weights,
            benchmark=a.benchmark,
            scenes=a.scene,
            num_envs=a.envs,
            threads=a.threads,
        ),
    }
    return _finish(runs[a.what](), a.json)


def run_verify(arguments: argparse.Namespace) -> int:
    """`navworld verify`."""
    from navworld.agents.verify import CHECKS
    from navworld.envs.verify import verify

    what = tuple(CHECKS) if arguments.what == "all" else (arguments.what,)
    return _finish(verify(what, fast=arguments.fast, known=CHECKS), arguments.json)


def run_train(arguments: argparse.Namespace) -> int:
    """`navworld train`."""
    a = arguments
    a.overrides = [*a.overrides, *a.set]
    if "/" in a.name:
        from navworld.agents.systems import is_first_process, train_system

        result = train_system(
            a.name, preset=a.preset, seed=a.seed, config=a.config, out=a.out, minutes=a.minutes,
            overrides=a.overrides,
        )  # fmt: skip
        return _finish(result, a.json) if is_first_process() else 0
    if a.preset is not None or a.seed is not None:
        raise ValueError(f"--preset and --seed are of systems, and {a.name!r} is an agent")
    from navworld.agents.train import train

    result = train(a.name, config=a.config, out=a.out, minutes=a.minutes, overrides=a.overrides)
    return _finish(result, a.json)


def run_claim(arguments: argparse.Namespace) -> int:
    """`navworld claim`."""
    from navworld.agents.claims import claim

    a = arguments
    result = claim(
        a.name, preset=a.preset, seeds=a.seeds, out=a.out, sequences=a.sequences, record=a.record,
        overrides=a.set,
    )  # fmt: skip
    if a.json:
        result.write(a.json)
    return 0 if all(result.checks.values()) else 1


def run_evaluate(arguments: argparse.Namespace) -> int:
    """`navworld evaluate`."""
    a = arguments
    if (a.name is None) == (a.trajectory is None):
        raise ValueError("expected either the name of an agent or --trajectory EST REF")
    if a.trajectory is not None:
        return _evaluate_trajectory(a)
    if a.name.startswith("odometry/"):
        return _evaluate_odometry(a)
    if a.ladder:
        return _ladder(a)
    if a.record and a.episodes and a.scenes is None:
        raise ValueError("--record takes whole benchmarks: leave out --episodes")
    a.benchmark = a.benchmark or "pointnav-v1"
    from navworld.agents.evaluate import evaluate

    result = evaluate(
        a.name,
        benchmark=a.benchmark,
        scenes=a.scenes,
        localizer=a.localizer,
        **_running(a),
    )
    if a.record:
        from navworld.agents.results import record

        name = a.name if a.localizer is None else f"{a.name}, {a.localizer}"
        record(result, name, a.benchmark if a.scenes is None else a.scenes)
    return _finish(result, a.json)


def _running(arguments: argparse.Namespace) -> dict[str, Any]:
    """What is run of a benchmark, how, and what is left of it."""
    names = ("episodes", "threads", "weights", "report", "video", "videos")
    given = {name: getattr(arguments, name) for name in names}
    return {**given, "num_envs": arguments.envs or 25}


def _ladder(arguments: argparse.Namespace) -> int:
    from navworld.agents.ladder import ladder

    a = arguments
    found = ladder(
        a.name,
        benchmark=a.benchmark or "pointnav-noisy-v1",
        learned=a.learned,
        only=a.rungs,
        out=a.out,
        record=a.record,
        **_running(a),
    )
    if a.json:
        found.result().write(a.json)
    return 0


def _evaluate_odometry(arguments: argparse.Namespace) -> int:
    from navworld.agents.evaluate_odometry import evaluate_odometry

    a = arguments
    if a.record and (a.episodes or a.sequences):
        raise ValueError("--record takes whole benchmarks: leave out --episodes and --sequences")
    benchmark = a.benchmark or "odometry-v1"
    result = evaluate_odometry(
        a.name,
        benchmark=benchmark,
        sequences=a.sequences,
        first=a.episodes,
        batch=a.envs or 8,
        weights=a.weights,
        report=a.report,
    )
    if a.record:
        from navworld.agents.results import record

        record(result, a.name, benchmark)
    return _finish(result, a.json)


def _evaluate_trajectory(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from navworld.evaluation.result import Result
    from navworld.evaluation.trajectory_report import write_trajectory_report
    from navworld.evaluation.trajectory_scores import score_files

    a = arguments
    estimate, reference = a.trajectory
    scores = score_files(estimate, reference, align=a.align, tolerance=a.tolerance)
    print(f"{estimate} against {reference}, alignment {a.align}")
    if a.report:
        name = Path(estimate).stem
        page = write_trajectory_report(a.report, {name: scores}, title=f"{name}: trajectory")
        print(f"report: {page}")
    files = {"estimate": str(estimate), "reference": str(reference)}
    return _finish(Result(scores.metrics, {**files, **scores.config}), a.json)


def run_demo(arguments: argparse.Namespace) -> int:
    """`navworld demo`."""
    from navworld.agents.demo import demo

    a = arguments
    result = demo(a.out, episodes=a.episodes, train_seconds=a.train_seconds)
    return _finish(result, a.json)


def run_gallery(arguments: argparse.Namespace) -> int:
    """`navworld gallery`."""
    from navworld.envs.gallery import gallery

    a = arguments
    result = gallery(a.out, size=a.size, seeds=a.seeds, scenes=a.scenes, sensors=a.sensors)
    return _finish(result, a.json)


def run_record(arguments: argparse.Namespace) -> int:
    """`navworld record`."""
    from navworld.envs.recording import load_record_config, record
    from navworld.evaluation.result import Metric, Result

    a = arguments
    config = load_record_config(a.config, a.set)
    made = record(config, a.out, format=a.format, processes=a.processes, ray=a.ray)
    print(f"{a.out}: SHA-256 {made.sha256}")
    metrics = {
        "sequences": Metric(made.sequences),
        "items": Metric(made.items),
        "size_mb": Metric(made.bytes / 1e6, "MB"),
    }
    return _finish(Result(metrics, {"out": a.out, "sha256": made.sha256, "config": config}), a.json)


def run_play(arguments: argparse.Namespace) -> int:
    """`navworld play`."""
    from navworld.envs.play import play

    a = arguments
    play(a.scene, seed=a.seed, port=a.port, host=a.host, size=a.size, mode=a.actions)
    return 0


def _finish(result: Result, path: str | None) -> int:
    """Prints a result, writes it, and turns failed checks into an exit status."""
    for name, metric in result.metrics.items():
        span = ""
        if metric.low is not None and metric.high is not None:
            span = f"  [{metric.low:.4g}, {metric.high:.4g}]"
        print(f"{name:<36}{metric.value:>12.5g} {metric.unit}{span}")
    for name, holds in result.checks.items():
        print(f"{'ok  ' if holds else 'FAIL'}  {name}")
    if path:
        result.write(path)
    return 0 if all(result.checks.values()) else 1

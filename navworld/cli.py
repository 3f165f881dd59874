"""The `navworld` command; every part of the library is imported when its word is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navworld.evaluation.result import Result

CHECKS = (
    "flicker", "memory", "truth", "determinism", "checkers", "sensors", "noise", "worlds", "tasks",
    "metrics",
)  # fmt: skip

DESCRIPTION = "Simulated 3-D scenes in which machines learn where they are and how to get there."


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit status."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments)
    except (ValueError, TypeError, FileNotFoundError) as error:
        if arguments.debug:
            raise
        print(f"navworld {arguments.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Every word and option."""
    parser = argparse.ArgumentParser("navworld", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=_version())
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    words = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def word(name: str, run: Callable[..., int], text: str) -> argparse.ArgumentParser:
        sub = words.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        sub.add_argument("--json", metavar="FILE", help="write the result as one JSON object")
        return sub

    word("list", _list, "what there is: environments, scenes, sensors, agents, benchmarks")

    demo = word("demo", _demo, "watch an agent find its way through homes it has never seen")
    demo.add_argument("--out", default="demo", help="folder of the report (default: %(default)s)")
    demo.add_argument("--episodes", type=int, default=60, help="episodes (default: %(default)s)")
    demo.add_argument("--train-seconds", type=float, default=120, help="of training shown")

    bench = word("bench", _bench, "measure throughput")
    bench.add_argument("what", choices=("render", "step", "scene", "lidar"))
    bench.add_argument("--scene", default="apartment", help="scenes, e.g. apartment:0-7 or a file")
    bench.add_argument("--size", type=int, default=64, help="image side [px]")
    bench.add_argument("--envs", type=int, default=32)
    bench.add_argument("--threads", type=int, default=1)
    bench.add_argument("--beams", type=int, default=64, help="of the scanner")
    bench.add_argument("--azimuths", type=int, default=1024, help="of the scanner, per turn")
    bench.add_argument("--supersample", type=int, default=1)

    verify = word("verify", _verify, "check this installation the way our own bars do")
    verify.add_argument("what", choices=(*CHECKS, "all"))
    verify.add_argument("--fast", action="store_true", help="fewer samples")

    train = word("train", _train, "train an agent; killed and started again it goes on")
    train.add_argument("name", help="agent, e.g. pointnav")
    train.add_argument("--config", metavar="FILE", help="default: configs/NAME.yaml")
    train.add_argument("--out", metavar="DIR", help="default: runs/NAME")
    train.add_argument("--minutes", type=float, help="stop after so long")
    train.add_argument("overrides", nargs="*", metavar="key=value", help="change the config")

    evaluate = word("evaluate", _evaluate, "score an agent on a benchmark, or a trajectory")
    evaluate.add_argument("name", nargs="?", help="agent, e.g. pointnav, planner, random")
    evaluate.add_argument(
        "--trajectory", nargs=2, metavar=("EST", "REF"), help="score a file (TUM, KITTI, EuRoC)"
    )
    evaluate.add_argument(
        "--align", choices=("none", "se3", "sim3"), default="se3", help="of --trajectory"
    )
    evaluate.add_argument(
        "--tolerance", type=float, default=0.01, help="of times in --trajectory [s]"
    )
    evaluate.add_argument("--benchmark", default="pointnav-v1")
    evaluate.add_argument("--scenes", help="zero-shot in these scenes instead of the benchmark's")
    evaluate.add_argument("--episodes", type=int, help="only the first so many")
    evaluate.add_argument("--envs", type=int, default=25)
    evaluate.add_argument("--threads", type=int, default=1)
    evaluate.add_argument("--weights", metavar="FILE", help="instead of those that come along")
    evaluate.add_argument("--record", action="store_true", help="put it in agents/results.csv")
    evaluate.add_argument("--report", metavar="DIR", help="HTML report with pictures")
    evaluate.add_argument("--video", metavar="DIR", help="videos and top-down trajectories")
    evaluate.add_argument("--videos", type=int, default=3, help="how many (default: %(default)s)")

    gallery = word("gallery", _gallery, "one page with every world, sensor and condition")
    gallery.add_argument("--out", default="gallery", help="folder (default: %(default)s)")
    gallery.add_argument("--size", type=int, default=480, help="width of a picture [px]")
    gallery.add_argument("--seeds", type=int, default=2, help="places of every family")
    gallery.add_argument("--scenes", nargs="+", metavar="SCENE", help="these instead of all")
    gallery.add_argument("--sensors", nargs="+", metavar="NAME", help="these instead of all")

    play = word("play", _play, "drive by hand in the browser")
    play.add_argument("--scene", default="apartment:10000", help="e.g. apartment:7 or a file")
    play.add_argument("--seed", type=int, default=0, help="of start, goal and noise")
    play.add_argument("--actions", choices=("velocity", "discrete"), default="velocity")
    play.add_argument("--size", type=int, default=384, help="width of a camera's image [px]")
    play.add_argument("--port", type=int, default=8080)
    play.add_argument("--host", default="127.0.0.1", help="0.0.0.0 for the whole network")
    return parser


def _list(arguments: argparse.Namespace) -> int:
    from navworld.agents.catalog import AGENTS
    from navworld.envs.benchmarks import BENCHMARKS
    from navworld.registration import ENVIRONMENTS
    from navworld.scenes import FAMILIES, SPLITS
    from navworld.sensors import SENSOR_NAMES

    print("environments  " + ", ".join(ENVIRONMENTS))
    print("scenes        " + ", ".join(FAMILIES) + "; GLB, OBJ and PLY files")
    print("splits        " + ", ".join(f"{k} {v[0]}–{v[-1]}" for k, v in SPLITS.items()))
    print("sensors       " + ", ".join(SENSOR_NAMES))
    print("benchmarks    " + ", ".join(b.name for b in BENCHMARKS))
    print("agents")
    for item in AGENTS:
        print(f"  {item.name:<12}{item.summary}")
    return 0


def _bench(arguments: argparse.Namespace) -> int:
    from navworld.agents.policies.oracle import ShortestPathOracle
    from navworld.envs.bench import bench_lidar, bench_render, bench_scene, bench_step

    a = arguments
    if a.scene == "city":  # one is as large as a hundred apartments
        a.scene = "city:validation[:1]"
    if a.what == "render":
        scenes = "apartment:train[:8]" if a.scene == "apartment" else a.scene
        result = bench_render(
            scenes=scenes, size=a.size, threads=a.threads, supersample=a.supersample
        )
    elif a.what == "lidar":
        scenes = "apartment:train[:8]" if a.scene == "apartment" else a.scene
        result = bench_lidar(scenes=scenes, beams=a.beams, azimuths=a.azimuths, threads=a.threads)
    elif a.what == "scene":
        result = bench_scene(
            scenes="apartment:validation[:8]" if a.scene == "apartment" else a.scene
        )
    else:
        scenes = "apartment:train[:16]" if a.scene == "apartment" else a.scene
        result = bench_step(
            ShortestPathOracle(), scenes=scenes, num_envs=a.envs, size=a.size, threads=a.threads
        )
    return _finish(result, a.json)


def _verify(arguments: argparse.Namespace) -> int:
    from navworld.envs.verify import verify

    what = CHECKS if arguments.what == "all" else (arguments.what,)
    return _finish(verify(what, fast=arguments.fast), arguments.json)


def _train(arguments: argparse.Namespace) -> int:
    from navworld.agents.train import train

    a = arguments
    result = train(a.name, config=a.config, out=a.out, minutes=a.minutes, overrides=a.overrides)
    return _finish(result, a.json)


def _evaluate(arguments: argparse.Namespace) -> int:
    a = arguments
    if (a.name is None) == (a.trajectory is None):
        raise ValueError("expected either the name of an agent or --trajectory EST REF")
    if a.trajectory is not None:
        return _evaluate_trajectory(a)
    from navworld.agents.evaluate import evaluate

    result = evaluate(
        a.name,
        benchmark=a.benchmark,
        scenes=a.scenes,
        episodes=a.episodes,
        num_envs=a.envs,
        threads=a.threads,
        weights=a.weights,
        report=a.report,
        video=a.video,
        videos=a.videos,
    )
    if a.record:
        from navworld.agents.results import record

        record(result, a.name, a.benchmark if a.scenes is None else a.scenes)
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


def _demo(arguments: argparse.Namespace) -> int:
    from navworld.agents.demo import demo

    a = arguments
    result = demo(a.out, episodes=a.episodes, train_seconds=a.train_seconds)
    return _finish(result, a.json)


def _gallery(arguments: argparse.Namespace) -> int:
    from navworld.envs.gallery import gallery

    a = arguments
    result = gallery(a.out, size=a.size, seeds=a.seeds, scenes=a.scenes, sensors=a.sensors)
    return _finish(result, a.json)


def _play(arguments: argparse.Namespace) -> int:
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


def _version() -> str:
    from navworld import __version__

    return f"navworld {__version__}"


if __name__ == "__main__":
    raise SystemExit(main())

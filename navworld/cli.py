"""The `navworld` command; what its words do is in `navworld.agents.commands`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from navworld.agents import commands

CHECKS = (
    "flicker", "memory", "truth", "determinism", "checkers", "sensors", "noise", "worlds", "tasks",
    "metrics", "formats", "faults", "training",
)  # fmt: skip

DESCRIPTION = "Simulated 3-D scenes in which machines learn where they are and how to get there."


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit status."""
    parser = build_parser()
    arguments = _parsed(parser, argv)
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


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """The words of a line; key=value may also stand after options, which argparse does not see."""
    arguments, rest = parser.parse_known_args(argv)
    if hasattr(arguments, "overrides"):
        late = [word for word in rest if "=" in word and not word.startswith("-")]
        arguments.overrides = [*arguments.overrides, *late]
        rest = [word for word in rest if word not in late]
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def build_parser() -> argparse.ArgumentParser:
    """Every word and option."""
    parser = argparse.ArgumentParser("navworld", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=_version())
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    words = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def word(name: str, text: str) -> argparse.ArgumentParser:
        sub = words.add_parser(name, help=text, description=text)
        sub.set_defaults(run=getattr(commands, f"run_{name}"))
        sub.add_argument("--json", metavar="FILE", help="write the result as one JSON object")
        return sub

    listed = word(
        "list",
        "what there is: environments, scenes, sensors, agents, benchmarks",
    )
    listed.add_argument(
        "what", nargs="?", choices=("systems",), help="learned systems, their claims and verdicts"
    )

    demo = word("demo", "watch an agent find its way through homes it has never seen")
    demo.add_argument("--out", default="demo", help="folder of the report (default: %(default)s)")
    demo.add_argument("--episodes", type=int, default=60, help="episodes (default: %(default)s)")
    demo.add_argument("--train-seconds", type=float, default=120, help="of training shown")

    bench = word("bench", "measure throughput")
    bench.add_argument(
        "what", choices=("render", "step", "scene", "lidar", "record", "stream", "agent")
    )
    bench.add_argument("--scene", default="apartment", help="scenes, e.g. apartment:0-7 or a file")
    bench.add_argument("--size", type=int, default=64, help="image side [px]")
    bench.add_argument("--envs", type=int, default=32)
    bench.add_argument("--threads", type=int, default=1)
    bench.add_argument("--beams", type=int, default=64, help="of the scanner")
    bench.add_argument("--azimuths", type=int, default=1024, help="of the scanner, per turn")
    bench.add_argument("--supersample", type=int, default=1)
    bench.add_argument("--format", default="own", help="of what is recorded: own, tum …")
    bench.add_argument(
        "--localizer", default="odometry/pointnav_vo", metavar="NAME", help="of the agent"
    )
    bench.add_argument("--weights", metavar="FILE", help="of the localizer")
    bench.add_argument(
        "--benchmark", default="pointnav-noisy-v1", help="whose noise the agent acts under"
    )

    verify = word("verify", "check this installation the way our own bars do")
    verify.add_argument("what", choices=(*CHECKS, "all"))
    verify.add_argument("--fast", action="store_true", help="fewer samples")

    train = word("train", "train an agent or a system; killed and started again it goes on")
    train.add_argument("name", help="agent, e.g. pointnav, or system, e.g. odometry/deepvo")
    train.add_argument("--config", metavar="FILE", help="default: configs/NAME.yaml")
    train.add_argument("--preset", metavar="SIZE", help="of a system: tiny, small, paper")
    train.add_argument("--seed", type=int, help="of a system's training")
    train.add_argument("--out", metavar="DIR", help="default: runs/NAME")
    train.add_argument("--minutes", type=float, help="stop after so long")
    train.add_argument("overrides", nargs="*", metavar="key=value", help="change the config")
    train.add_argument(
        "--set", action="append", default=[], metavar="key=value", help="the same, anywhere"
    )

    claim = word("claim", "check a system's claim: seeds, ablation, floors, intervals")
    claim.add_argument("name", help="system, e.g. odometry/deepvo")
    claim.add_argument("--preset", default="small", help="size that is trained")
    claim.add_argument("--seeds", type=int, default=3, help="of the training")
    claim.add_argument("--out", metavar="DIR", help="of the runs; default: runs/claims/NAME")
    claim.add_argument("--sequences", type=int, help="only the first so many")
    claim.add_argument("--record", action="store_true", help="put the verdict in results.csv")
    claim.add_argument(
        "--set", action="append", default=[], metavar="key=value", help="change all runs"
    )

    evaluate = word("evaluate", "score an agent or an odometer on a benchmark, or a trajectory")
    evaluate.add_argument(
        "name", nargs="?", help="agent, e.g. pointnav, planner, or odometer, e.g. odometry/still"
    )
    evaluate.add_argument(
        "--trajectory", nargs=2, metavar=("EST", "REF"), help="score a file (TUM, KITTI, EuRoC)"
    )
    evaluate.add_argument(
        "--align", choices=("none", "se3", "sim3"), default="se3", help="of --trajectory"
    )
    evaluate.add_argument(
        "--tolerance", type=float, default=0.01, help="of times in --trajectory [s]"
    )
    evaluate.add_argument("--benchmark", help="default: pointnav-v1, for odometry odometry-v1")
    evaluate.add_argument(
        "--sequences", metavar="DIR", help="recorded ones, for odometry, in any format"
    )
    evaluate.add_argument("--scenes", help="zero-shot in these scenes instead of the benchmark's")
    evaluate.add_argument("--episodes", type=int, help="only the first so many, or sequences")
    evaluate.add_argument("--envs", type=int, help="side by side (default: 25; sequences: 8)")
    evaluate.add_argument("--threads", type=int, default=1)
    evaluate.add_argument("--weights", metavar="FILE", help="instead of those that come along")
    evaluate.add_argument(
        "--localizer", metavar="NAME", help="of an agent: oracle, gps, odometry/rgbd-pnp …"
    )
    evaluate.add_argument(
        "--ladder", action="store_true", help="an agent with every localizer, in one table"
    )
    evaluate.add_argument(
        "--learned",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="of --ladder: weights of a learned odometer; once for each training",
    )
    evaluate.add_argument(
        "--rungs", nargs="+", default=[], metavar="NAME", help="of --ladder: only these"
    )
    evaluate.add_argument(
        "--out", metavar="DIR", help="of --ladder: keep its rungs here, to go on with (default: "
        "runs/ladder/…, until all are done)"
    )  # fmt: skip
    evaluate.add_argument("--record", action="store_true", help="put it in agents/results.csv")
    evaluate.add_argument("--report", metavar="DIR", help="HTML report with pictures")
    evaluate.add_argument("--video", metavar="DIR", help="videos and top-down trajectories")
    evaluate.add_argument("--videos", type=int, default=3, help="how many (default: %(default)s)")

    gallery = word("gallery", "one page with every world, sensor and condition")
    gallery.add_argument("--out", default="gallery", help="folder (default: %(default)s)")
    gallery.add_argument("--size", type=int, default=480, help="width of a picture [px]")
    gallery.add_argument("--seeds", type=int, default=2, help="places of every family")
    gallery.add_argument("--scenes", nargs="+", metavar="SCENE", help="these instead of all")
    gallery.add_argument("--sensors", nargs="+", metavar="NAME", help="these instead of all")

    record = word("record", "make a data set; killed and started again it goes on")
    record.add_argument("config", metavar="CONFIG", help="YAML, e.g. configs/record.yaml")
    record.add_argument("--out", metavar="DIR", required=True, help="folder")
    record.add_argument("--processes", type=int, default=1, metavar="N")
    record.add_argument("--format", default="own", help="own, tum, kitti … (default: %(default)s)")
    record.add_argument(
        "--ray", nargs="?", const="local", metavar="ADDRESS", help="on a Ray cluster, or a new one"
    )
    record.add_argument(
        "--set", action="append", default=[], metavar="key=value", help="change the config"
    )

    play = word("play", "drive by hand in the browser")
    play.add_argument("--scene", default="apartment:10000", help="e.g. apartment:7 or a file")
    play.add_argument("--seed", type=int, default=0, help="of start, goal and noise")
    play.add_argument("--actions", choices=("velocity", "discrete"), default="velocity")
    play.add_argument("--size", type=int, default=384, help="width of a camera's image [px]")
    play.add_argument("--port", type=int, default=8080)
    play.add_argument("--host", default="127.0.0.1", help="0.0.0.0 for the whole network")
    return parser


def _version() -> str:
    from navworld import __version__

    return f"navworld {__version__}"


if __name__ == "__main__":
    raise SystemExit(main())

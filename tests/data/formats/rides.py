"""A short ride that the tests of formats write, and what they ask of folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from navworld.data.sequences import Recorded
from navworld.envs.verify.format_examples import example

RIDE = example(frames=6)


def needs(format: str) -> str:
    """The name of a format; skips where its package is missing."""
    if format == "rosbag":
        pytest.importorskip("rosbags", reason="ROS 2 bags need rosbags: navworld[data]")
    return format


def content(folder: Path) -> dict[str, bytes]:
    """Name → bytes of all files below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def only(*channels: str, ride: Recorded = RIDE) -> Recorded:
    """The ride with some of its channels."""
    return Recorded(
        ride.name, {name: ride.channels[name] for name in channels}, ride.items, ride.truth,
        ride.velocity, ride.info,
    )  # fmt: skip

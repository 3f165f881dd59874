"""Trajectory files by themselves, TUM, KITTI or EuRoC text: each is a sequence without sensors.

Poses are as the file has them; whether they are a ground truth or an estimate, it does not say.
"""

from __future__ import annotations

from pathlib import Path

from navworld.data.formats.files import plain_name
from navworld.data.sequences import Recorded, Sequence
from navworld.data.trajectories import read_trajectory, trajectory_format

_ENDINGS = (".txt", ".csv", ".tum", ".kitti")


def fits(path: Path) -> bool:
    """Whether there is a file whose first line is a pose."""
    return any(_is_trajectory(file) for file in _files(path))


def read(path: Path) -> list[Sequence]:
    """A sequence for each file whose first line is a pose."""
    found: list[Sequence] = []
    for file in _files(path):
        if file == path or _is_trajectory(file):
            told = {"file": file.name, "format": trajectory_format(file)}
            truth = read_trajectory(file)
            found.append(Recorded(plain_name(file.stem), {}, {}, truth, info=told))
    return found


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(p for p in path.iterdir() if p.suffix in _ENDINGS and p.is_file())


def _is_trajectory(path: Path) -> bool:
    """By the first line that is no comment."""
    with path.open("rb") as file:
        start = file.read(1 << 14)
    try:
        lines = start.decode("utf-8-sig").splitlines()
        first = next(line.strip() for line in lines if line.strip() and line[0] != "#")
        words = first.split("," if "," in first else None)
        numbers = [float(word) for word in words]
    except (UnicodeDecodeError, StopIteration, ValueError):
        return False
    return len(numbers) >= 8 if "," in first else len(numbers) in (8, 12)

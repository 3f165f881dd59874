"""CARMEN logs, as of the Radish repository: a planar laser and odometry; `.clf`, `.log`, `.bz2`.

    ODOM x y theta tv rv accel …
    FLASER n r1 … rn x y theta odom_x odom_y odom_theta …
    ROBOTLASER1 type start fov step max accuracy mode n r1 … rn m … x y theta odom_x odom_y …

Every message ends with its time, a host and the time of the log. Old messages do not say where
their beams point: they cover 180° from right to left, half a degree or one apart. What a reading
at or beyond the laser's reach means is no return: 0 here. Odometry is what the robot believed:
there is no truth.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats.files import plain_name
from navworld.data.sequences import Channel, Recorded, Sequence

MAX_RANGE = 81.0
"""Reach of the laser where the log does not say [m]; SICK lasers report 81.83 or 81.91 beyond."""

_ENDINGS = (".clf", ".clf.bz2", ".log.bz2")
_FRONT = "robot_frontlaser_offset"
_REACH = "robot_front_laser_max"
_LASERS = {
    "FLASER": "scan", "RLASER": "rear_scan", "ROBOTLASER1": "scan", "ROBOTLASER2": "rear_scan",
}  # fmt: skip


def fits(path: Path) -> bool:
    """Whether there are logs, by their names."""
    return bool(_files(path))


def read(path: Path) -> list[Sequence]:
    """A sequence for each log."""
    return [_read(file) for file in _files(path)]


def _files(path: Path) -> list[Path]:
    files = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    return [p for p in files if p.name.endswith(_ENDINGS) and p.is_file()]


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Numbers and words of the messages."""
    try:
        with bz2.open(path, "rb") if path.suffix == ".bz2" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                words = line.decode("ascii").split()
                if words and not words[0].startswith("#"):
                    yield number, words
    except (EOFError, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged or cut off: expected a CARMEN log") from error


class _Log:
    """Rows of one kind of message."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.stamps: list[float] = []
        self.rows: list[list[float]] = []

    def add(self, number: int, stamp: str, row: list[str]) -> None:
        """A message: number of its line, time, values."""
        self.numbers.append(number)
        self.stamps.append(float(stamp))
        self.rows.append([float(word) for word in row])

    def table(self, path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Times (N,) and values (N, columns)."""
        stamps = np.array(self.stamps)
        if len({len(row) for row in self.rows}) > 1:
            raise ValueError(f"{path} has scans of different sizes: split it by laser")
        rows = np.array(self.rows)
        bad = ~(np.isfinite(rows).all(1) & np.isfinite(stamps))
        if bad.any():
            raise ValueError(f"line {self.numbers[int(bad.argmax())]} of {path} holds NaN")
        text.check_times(path, stamps, self.numbers)
        return stamps, rows


def _read(path: Path) -> Recorded:
    params: dict[str, str] = {}
    logs: dict[str, _Log] = {}
    angles: dict[str, tuple[float, float, float]] = {}
    for number, words in _lines(path):
        try:
            if words[0] == "PARAM" and len(words) > 2:
                params[words[1]] = words[2]
            elif words[0] == "ODOM":
                logs.setdefault("odometry", _Log()).add(number, words[-3], words[1:4])
            elif words[0] in _LASERS:
                _add_scan(number, words, logs, angles)
        except (ValueError, IndexError):
            raise ValueError(
                f"line {number} of {path} is no whole {words[0]} message: it may be cut off"
            ) from None
    name = path.name.split(".")[0]
    channels: dict[str, Channel] = {}
    items: dict[str, NDArray] = {}
    for channel in [c for c in ("scan", "rear_scan") if c in logs]:
        stamps, rows = logs[channel].table(path)
        first, last, reach = angles[channel]
        reach = min(reach, float(params.get(_REACH, reach)))
        T = np.eye(4)
        T[0, 3] = float(params.get(_FRONT, 0.0)) if channel == "scan" else 0.0
        told = {"angle_first": first, "angle_last": last, "max_range": reach}
        ranges = np.where(rows[:, 6:] < reach, rows[:, 6:], 0).astype(np.float32)
        channels[channel] = Channel(
            "scan", stamps, ranges.shape[1:], np.dtype(np.float32), T, unit="m", info=told
        )
        items[channel] = ranges
        if "odometry" not in logs and "odometry" not in channels:
            channels["odometry"] = _odometry(stamps)
            items["odometry"] = rows[:, 3:6]
    if "odometry" in logs:
        stamps, items["odometry"] = logs["odometry"].table(path)
        channels["odometry"] = _odometry(stamps)
    if not channels:
        raise ValueError(f"{path} has neither laser scans nor odometry: expected a CARMEN log")
    return Recorded(plain_name(name), channels, items, info={"parameters": params})


def _add_scan(
    number: int,
    words: list[str],
    logs: dict[str, _Log],
    angles: dict[str, tuple[float, float, float]],
) -> None:
    """Poses of laser and robot (6), then ranges; and where the beams point."""
    channel = _LASERS[words[0]]
    old = words[0] in ("FLASER", "RLASER")
    at = 1 if old else 8
    count = int(words[at])
    ranges = words[at + 1 : at + 1 + count]
    rest = words[at + 1 + count :]
    if not old:
        rest = rest[1 + int(rest[0]) :]
    if len(ranges) < count or len(rest) < 9:
        raise IndexError
    if old:
        step = np.pi / 360 if count in (360, 361) else np.pi / 180
        if count not in (180, 181, 360, 361):
            step = np.pi / (count - 1)
        found = (-np.pi / 2, -np.pi / 2 + step * (count - 1), MAX_RANGE)
    else:
        start, step, reach = float(words[2]), float(words[4]), float(words[5])
        found = (start, start + step * (count - 1), reach)
    angles.setdefault(channel, found)
    logs.setdefault(channel, _Log()).add(number, rest[-3], [*rest[:6], *ranges])


def _odometry(stamps: NDArray[np.float64]) -> Channel:
    return Channel("samples", stamps, (3,), np.dtype(np.float64), np.eye(4), unit="m, m, rad")

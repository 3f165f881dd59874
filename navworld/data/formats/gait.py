"""Gait-Tracking: an IMU on a foot, `.csv` with gyroscope [deg/s] and accelerometer [g].

Rows that the logger repeated, time and values alike, are dropped; `info` tells how many. Its time
is not even: packets are lost now and then.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from navworld.data import text
from navworld.data.formats.files import hidden, plain_name
from navworld.data.formats.parts import IMU_UNIT
from navworld.data.sequences import Channel, Recorded, Sequence

GRAVITY = 9.80665

_HEADER = "Time (s),Gyroscope X (deg/s)"
_SHAPE = "7 numbers: time, gyroscope, accelerometer, with commas between"


def fits(path: Path) -> bool:
    """Whether there are files with the header of one."""
    return bool(_files(path))


def read(path: Path) -> list[Sequence]:
    """A sequence for each file."""
    return [_read(file) for file in _files(path)]


def _files(path: Path) -> list[Path]:
    files = [path] if path.is_file() else sorted(path.glob("*.csv"))
    return [p for p in files if p.suffix == ".csv" and not hidden(p) and _begins(p)]


def _begins(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_HEADER) + 3).decode("utf-8-sig", "replace").startswith(_HEADER)


def _read(path: Path) -> Recorded:
    lines = text.lines(path, "samples of an IMU", "sample")[1:]
    if not lines:
        raise ValueError(f"{path} holds no sample: expected {_SHAPE}")
    rows = text.table(path, lines, 7, shape=_SHAPE, separator=",")
    fresh = np.ones(len(rows), bool)
    fresh[1:] = (rows[1:] != rows[:-1]).any(1)
    numbers = np.array([number for number, _ in lines])[fresh]
    rows = rows[fresh]
    text.check_times(path, rows[:, 0], numbers)
    values = np.concatenate([rows[:, 4:] * GRAVITY, np.radians(rows[:, 1:4])], 1)
    channel = Channel("samples", rows[:, 0], (6,), np.dtype(np.float64), np.eye(4), unit=IMU_UNIT)
    told = {"repeated_rows_dropped": int((~fresh).sum())}
    return Recorded(plain_name(path.stem), {"imu": channel}, {"imu": values}, info=told)

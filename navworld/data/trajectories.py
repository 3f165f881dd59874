"""Files that hold a trajectory: TUM RGB-D, KITTI odometry and EuRoC, told apart by their text.

| format | a line | world and body |
|---|---|---|
| tum | `time tx ty tz qx qy qz qw` [s, m] | as given |
| kitti | the 12 numbers of the upper 3×4 of T, row by row [m] | camera in the first camera |
| euroc | `time,px,py,pz,qw,qx,qy,qz,…` [ns, m] | body (IMU) in the world |

Lines that begin with # are skipped. Poses are read as the file has them: frames are not converted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from navworld.geometry import se3, so3
from navworld.geometry.trajectories import Trajectory
from navworld.names import nearest

TrajectoryFormat = Literal["tum", "kitti", "euroc"]

NANOSECOND = 1e-9
QUATERNION_TOLERANCE = 0.05
"""Lengths of quaternions in files differ from 1 by rounding, not by more than this."""

_COLUMNS = {"tum": 8, "kitti": 12, "euroc": 8}
_SHAPE = {
    "tum": "8 numbers `time tx ty tz qx qy qz qw`",
    "kitti": "12 numbers, the upper three rows of a pose",
    "euroc": "at least 8 numbers `time,px,py,pz,qw,qx,qy,qz` with commas between",
}


def read_trajectory(
    path: str | Path, *, format: TrajectoryFormat | None = None, times: str | Path | None = None
) -> Trajectory:
    """Reads a trajectory file.

    Args:
        format: Found by the first line if None: commas mean euroc, 8 numbers tum, 12 kitti.
        times: File with a time [s] in every line, for kitti, whose own files have none; without
            it the stamps are the numbers of the poses, 0, 1, 2 …

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is empty, not text, not of its format, holds NaN or something that is no
            rotation, or its times do not increase; names the line.
    """
    path = Path(path)
    lines = _lines(path)
    kind = _detect(path, lines[0]) if format is None else format
    if kind not in get_args(TrajectoryFormat):
        raise ValueError(
            f"unknown trajectory format {kind!r}{nearest(kind, get_args(TrajectoryFormat))}"
        )
    rows = _numbers(path, lines, kind)
    numbers = np.array([number for number, _ in lines])
    if kind == "kitti":
        stamps = np.arange(len(rows), dtype=np.float64) if times is None else _times(Path(times))
        if len(stamps) != len(rows):
            raise ValueError(
                f"{times} has {len(stamps)} times, but {path} has {len(rows)} poses: expected one "
                "time for every pose"
            )
        return Trajectory(stamps, _kitti_poses(path, rows, numbers))
    if times is not None:
        raise ValueError(f"{path} has times of its own ({kind}): leave out times={str(times)!r}")
    stamps = rows[:, 0] * NANOSECOND if kind == "euroc" else rows[:, 0]
    q_xyzw = rows[:, [5, 6, 7, 4]] if kind == "euroc" else rows[:, 4:8]
    _check_times(path, stamps, numbers)
    _check_quaternions(path, q_xyzw, numbers)
    poses = se3.from_rotation_translation(so3.from_quaternion(q_xyzw), rows[:, 1:4])
    return Trajectory(stamps, poses)


def trajectory_format(path: str | Path) -> TrajectoryFormat:
    """The format of a trajectory file, by its first line."""
    return _detect(Path(path), _lines(Path(path))[0])


def _lines(path: Path) -> list[tuple[int, str]]:
    """Numbers and text of the lines that hold something."""
    if not path.is_file():
        kind = "is a folder, not" if path.is_dir() else "does not exist: expected"
        raise FileNotFoundError(f"{path} {kind} a trajectory file (TUM, KITTI or EuRoC text)")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text: expected a TUM, KITTI or EuRoC file") from error
    if "\0" in text:
        raise ValueError(f"{path} is not text: expected a TUM, KITTI or EuRoC file")
    split = [(k, line.strip()) for k, line in enumerate(text.splitlines(), start=1)]
    lines = [(k, line) for k, line in split if line and not line.startswith("#")]
    if not lines:
        raise ValueError(f"{path} holds no pose: expected a line of numbers for each")
    return lines


def _detect(path: Path, line: tuple[int, str]) -> TrajectoryFormat:
    number, text = line
    if "," in text:
        return "euroc"
    columns = len(text.split())
    for kind in ("tum", "kitti"):
        if columns == _COLUMNS[kind]:
            return kind
    raise ValueError(
        f"line {number} of {path} has {columns} columns: expected {_SHAPE['tum']}, "
        f"{_SHAPE['kitti']}, or {_SHAPE['euroc']}"
    )


def _numbers(path: Path, lines: list[tuple[int, str]], kind: str) -> NDArray[np.float64]:
    """(N, columns) of the file, all of them finite."""
    width = _COLUMNS[kind]
    rows = []
    for number, line in lines:
        words = [w.strip() for w in line.split(",")] if kind == "euroc" else line.split()
        if len(words) < width or (kind != "euroc" and len(words) > width):
            raise ValueError(
                f"line {number} of {path} has {len(words)} columns: expected {_SHAPE[kind]}"
            )
        try:
            rows.append([float(word) for word in words[:width]])
        except ValueError:
            bad = next(word for word in words[:width] if not _is_number(word))
            raise ValueError(
                f"line {number} of {path} has {bad!r} where a number is expected: {_SHAPE[kind]}"
            ) from None
    table = np.array(rows, np.float64)
    finite = np.isfinite(table).all(1)
    if not finite.all():
        number = lines[int(np.argmin(finite))][0]
        raise ValueError(
            f"line {number} of {path} holds NaN or infinity ({(~finite).sum()} such lines): remove "
            "the poses that are not known"
        )
    return table


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _times(path: Path) -> NDArray[np.float64]:
    lines = _lines(path)
    stamps = np.empty(len(lines))
    for k, (number, line) in enumerate(lines):
        if not _is_number(line) or not np.isfinite(float(line)):
            raise ValueError(f"line {number} of {path} is {line!r}: expected one time in seconds")
        stamps[k] = float(line)
    _check_times(path, stamps, np.array([number for number, _ in lines]))
    return stamps


def _check_times(path: Path, stamps: NDArray[np.float64], numbers: NDArray[np.int64]) -> None:
    late = np.flatnonzero(np.diff(stamps) <= 0)
    if not len(late):
        return
    k = int(late[0])
    how = "repeats the time" if stamps[k + 1] == stamps[k] else "goes back in time from that"
    raise ValueError(
        f"line {numbers[k + 1]} of {path} ({stamps[k + 1]:.9f} s) {how} of line {numbers[k]} "
        f"({stamps[k]:.9f} s): sort the poses by time and keep one for each"
    )


def _check_quaternions(path: Path, q_xyzw: NDArray[np.float64], numbers: NDArray[np.int64]) -> None:
    length = np.linalg.norm(q_xyzw, axis=1)
    off = abs(length - 1) > QUATERNION_TOLERANCE
    if off.any():
        k = int(np.argmax(off))
        raise ValueError(
            f"line {numbers[k]} of {path} has a quaternion of length {length[k]:.3g}: expected 1, "
            "so check the order of the columns"
        )


def _kitti_poses(
    path: Path, rows: NDArray[np.float64], numbers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(N, 4, 4) of the upper three rows."""
    poses = np.tile(np.eye(4), (len(rows), 1, 1))
    poses[:, :3] = rows.reshape(-1, 3, 4)
    rigid = se3.is_rigid(poses)
    if not rigid.all():
        raise ValueError(
            f"line {numbers[int(np.argmin(rigid))]} of {path} is no pose: its 3×3 part must be a "
            "rotation"
        )
    return poses

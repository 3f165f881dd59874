"""Files that hold a trajectory: TUM RGB-D, KITTI odometry and EuRoC, told apart by their text.

| format | a line | world and body |
|---|---|---|
| tum | `time tx ty tz qx qy qz qw` [s, m] | as given |
| kitti | the 12 numbers of the upper 3×4 of T, row by row [m] | camera in the first camera |
| euroc | `time,px,py,pz,qw,qx,qy,qz,…` [ns, m] | body (IMU) in the world |

Lines that begin with # are skipped. Poses are read as the file has them: frames are not converted.
A file that is written is the same, byte for byte, as one written from what is read of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.writing import write_whole
from navworld.geometry import se3, so3
from navworld.geometry.trajectories import Trajectory
from navworld.names import nearest

TrajectoryFormat = Literal["tum", "kitti", "euroc"]

QUATERNION_TOLERANCE = 0.05
"""Lengths of quaternions in files differ from 1 by rounding, not by more than this."""

EUROC_HEADER = (
    "#timestamp [ns],p_RS_R_x [m],p_RS_R_y [m],p_RS_R_z [m],q_RS_w [],q_RS_x [],q_RS_y [],q_RS_z []"
)

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
    commas = kind == "euroc"
    rows = text.table(
        path, lines, _COLUMNS[kind], shape=_SHAPE[kind], separator="," if commas else None,
        longer=commas,
    )  # fmt: skip
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
    stamps = text.whole_times(path, lines) if commas else rows[:, 0]
    q_xyzw = rows[:, [5, 6, 7, 4]] if commas else rows[:, 4:8]
    text.check_times(path, stamps, numbers)
    _check_quaternions(path, q_xyzw, numbers)
    poses = se3.from_rotation_translation(so3.from_quaternion(q_xyzw), rows[:, 1:4])
    return Trajectory(stamps, poses)


def write_trajectory(path: str | Path, trajectory: Trajectory, *, format: TrajectoryFormat) -> None:
    """Writes a trajectory file, whole or not at all; kitti's holds no times.

    tum and euroc are rounded to nanometres and 10⁻¹² of a quaternion's length, euroc's times to
    nanoseconds; kitti's numbers are exact.
    """
    if format == "tum":
        lines = ["# timestamp tx ty tz qx qy qz qw", *tum_lines(trajectory)]
    elif format == "euroc":
        lines = [EUROC_HEADER, *euroc_lines(trajectory)]
    elif format == "kitti":
        lines = kitti_lines(trajectory)
    else:
        known = get_args(TrajectoryFormat)
        raise ValueError(f"unknown trajectory format {format!r}{nearest(format, known)}")
    write_whole(Path(path), "\n".join([*lines, ""]).encode())


def tum_lines(trajectory: Trajectory) -> list[str]:
    """`time tx ty tz qx qy qz qw` of every pose."""
    positions, q_xyzw = text.rounded_poses(trajectory.T_world_body)
    return [
        " ".join([text.clock(stamp), *text.pose_words(position, q)])
        for stamp, position, q in zip(trajectory.stamps, positions, q_xyzw, strict=True)
    ]


def euroc_lines(trajectory: Trajectory) -> list[str]:
    """`time,px,py,pz,qw,qx,qy,qz` of every pose."""
    positions, q_xyzw = text.rounded_poses(trajectory.T_world_body)
    stamps = text.nanoseconds(trajectory.stamps)
    return [
        ",".join([str(stamp), *text.pose_words(position, q[[3, 0, 1, 2]])])
        for stamp, position, q in zip(stamps, positions, q_xyzw, strict=True)
    ]


def kitti_lines(trajectory: Trajectory) -> list[str]:
    """The 12 numbers of every pose."""
    rows = (trajectory.T_world_body[:, :3] + 0.0).reshape(-1, 12)
    return [" ".join(map(repr, row)) for row in rows.tolist()]


def trajectory_format(path: str | Path) -> TrajectoryFormat:
    """The format of a trajectory file, by its first line."""
    return _detect(Path(path), _lines(Path(path))[0])


def _lines(path: Path) -> list[text.Line]:
    return text.lines(path, "a trajectory file (TUM, KITTI or EuRoC text)", "pose")


def _detect(path: Path, line: tuple[int, str]) -> TrajectoryFormat:
    number, words = line
    if "," in words:
        return "euroc"
    columns = len(words.split())
    for kind in ("tum", "kitti"):
        if columns == _COLUMNS[kind]:
            return kind
    raise ValueError(
        f"line {number} of {path} has {columns} columns: expected {_SHAPE['tum']}, "
        f"{_SHAPE['kitti']}, or {_SHAPE['euroc']}"
    )


def _times(path: Path) -> NDArray[np.float64]:
    lines = _lines(path)
    stamps = np.empty(len(lines))
    for k, (number, line) in enumerate(lines):
        if not text.is_number(line) or not np.isfinite(float(line)):
            raise ValueError(f"line {number} of {path} is {line!r}: expected one time in seconds")
        stamps[k] = float(line)
    text.check_times(path, stamps, np.array([number for number, _ in lines]))
    return stamps


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

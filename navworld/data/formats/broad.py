"""BROAD: trials of an IMU and a magnetometer followed by optical motion capture; `.mat`.

D. Laidig et al., BROAD: a benchmark for robust inertial orientation estimation, Data 2021. The
truth is the sensor's pose in a frame with x east, y north, z up; its quaternions are wxyz. Samples
that motion capture did not see are NaN there: they are left out of the truth, and how many they
were is told in `info`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.formats.files import hidden, plain_name
from navworld.data.formats.parts import IMU_UNIT
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.geometry import se3, so3
from navworld.geometry.trajectories import Trajectory

_WIDTHS = {"imu_gyr": 3, "imu_acc": 3, "imu_mag": 3, "opt_quat": 4, "opt_pos": 3, "movement": 1}


def fits(path: Path) -> bool:
    """Whether there are `.mat` files."""
    return bool(_files(path))


def read(path: Path) -> list[Sequence]:
    """A sequence for each file."""
    return [_read(file) for file in _files(path)]


def _files(path: Path) -> list[Path]:
    files = [path] if path.is_file() else sorted(path.glob("*.mat"))
    return [p for p in files if p.suffix == ".mat" and not hidden(p)]


def _load(path: Path) -> dict[str, NDArray]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        table = loadmat(path, variable_names=[*_WIDTHS, "sampling_rate"])
    except (MatReadError, ValueError, TypeError, NotImplementedError, OSError, EOFError) as error:
        raise ValueError(f"{path} is damaged or cut off: expected a MATLAB 5 file") from error
    except Exception as error:  # zlib.error and others from inside the reader
        raise ValueError(f"{path} is damaged: {type(error).__name__} while reading it") from error
    return table


def _read(path: Path) -> Recorded:
    table = _load(path)
    if "sampling_rate" not in table or "imu_gyr" not in table:
        raise ValueError(f"{path} lacks sampling_rate or imu_gyr: expected a trial of BROAD")
    count, rate = len(table["imu_gyr"]), float(np.ravel(table["sampling_rate"])[0])
    for name, width in _WIDTHS.items():
        if name not in table or table[name].shape != (count, width):
            raise ValueError(f"{path} lacks {name} of shape ({count}, {width})")
    if not rate > 0:
        raise ValueError(f"{path} has a sampling_rate of {rate}: expected Hz")
    stamps = np.arange(count) / rate
    body = np.eye(4)
    inertial = np.concatenate([table["imu_acc"], table["imu_gyr"]], 1).astype(np.float64)
    values: dict[str, tuple[NDArray, str]] = {
        "imu": (inertial, IMU_UNIT),
        "magnetometer": (table["imu_mag"].astype(np.float64), "µT"),
        "movement": (table["movement"].astype(np.uint8), ""),
    }
    for name in ("imu", "magnetometer"):
        if not np.isfinite(values[name][0]).all():
            raise ValueError(f"{path} holds NaN in {name}: remove the samples that are not known")
    channels = {
        name: Channel("samples", stamps, rows.shape[1:], rows.dtype, body, unit=unit)
        for name, (rows, unit) in values.items()
    }
    pose = np.concatenate([table["opt_pos"], table["opt_quat"]], 1).astype(np.float64)
    known = np.isfinite(pose).all(1)
    told: dict[str, Any] = {"poses_not_known": int((~known).sum())}
    truth = None
    if known.any():
        R = so3.from_quaternion(pose[known][:, [4, 5, 6, 3]])
        truth = Trajectory(stamps[known], se3.from_rotation_translation(R, pose[known, :3]))
    items = {name: rows for name, (rows, _) in values.items()}
    return Recorded(plain_name(path.stem), channels, items, truth, info=told)

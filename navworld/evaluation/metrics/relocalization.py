"""Errors of poses found in a map.

J. Shotton et al., Scene coordinate regression forests, CVPR 2013 (0.05 m, 5°); T. Sattler et al.,
Benchmarking 6DOF outdoor visual localization in changing conditions, CVPR 2018 (the other three).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.geometry import so3

THRESHOLDS = ((0.05, 5.0), (0.25, 2.0), (0.5, 5.0), (5.0, 10.0))
"""(metres, degrees) within which a pose counts as found."""


def pose_errors(
    T_world_estimate: ArrayLike, T_world_reference: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances [m] and angles [rad] (...) between poses (..., 4, 4).

    A query without an answer is a pose of NaN: both of its errors are infinite.
    """
    estimate = np.asarray(T_world_estimate, np.float64)
    reference = np.asarray(T_world_reference, np.float64)
    if estimate.shape != reference.shape or estimate.shape[-2:] != (4, 4):
        raise ValueError(
            f"poses must correspond, (..., 4, 4) both, not {estimate.shape} and {reference.shape}"
        )
    known = np.asarray(np.isfinite(estimate).all((-2, -1)))
    estimate = np.where(known[..., None, None], estimate, np.eye(4))
    metres = np.linalg.norm(estimate[..., :3, 3] - reference[..., :3, 3], axis=-1)
    radians = so3.angle_between(reference[..., :3, :3], estimate[..., :3, :3])
    return np.where(known, metres, np.inf), np.where(known, radians, np.inf)


def median_errors(metres: ArrayLike, radians: ArrayLike) -> tuple[float, float]:
    """Median position error [m] and median rotation error [deg] of errors (N,), (N,)."""
    m, r = np.asarray(metres, np.float64), np.asarray(radians, np.float64)
    if not m.size:
        raise ValueError("no poses to take the median error of")
    # The mean of the two in the middle would be NaN for infinite ones.
    middle = [np.sort(e.ravel())[[(e.size - 1) // 2, e.size // 2]] for e in (m, r)]
    found = [float(pair.mean()) if np.isfinite(pair).all() else float("inf") for pair in middle]
    return found[0], float(np.degrees(found[1]))


def recalls(
    metres: ArrayLike,
    radians: ArrayLike,
    thresholds: Sequence[tuple[float, float]] = THRESHOLDS,
) -> NDArray[np.float64]:
    """(K,) share of poses (N,) within metres *and* degrees of each of K thresholds."""
    m, degrees = np.asarray(metres, np.float64), np.degrees(np.asarray(radians, np.float64))
    if not m.size:
        raise ValueError("no poses to take the recall of")
    return np.array([((m <= t) & (degrees <= d)).mean() for t, d in thresholds])

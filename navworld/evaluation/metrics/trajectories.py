"""Absolute and relative errors of trajectories.

J. Sturm et al., A benchmark for the evaluation of RGB-D SLAM systems, IROS 2012 (ATE, RPE);
R. Kümmerle et al., On measuring the accuracy of SLAM algorithms, Autonomous Robots 2009;
Z. Zhang and D. Scaramuzza, A tutorial on quantitative trajectory evaluation, IROS 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.geometry import se3, so3
from navworld.geometry.trajectories import Alignment, Trajectory, align, associate

AlignmentKind = Literal["none", "se3", "sim3", "yaw"]
Unit = Literal["frames", "metres", "seconds"]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

STAMP_TOLERANCE = 0.01
"""Poses further apart than this in time are not compared [s]."""

MICROSECOND = 1e-6
"""Times in files are rounded: an interval this much too short is long enough [s]."""


@dataclass(frozen=True)
class Statistics:
    """What is reported of a series of errors, in its unit; `std` is the population's."""

    rmse: float
    mean: float
    median: float
    std: float
    min: float
    max: float


def statistics(errors: ArrayLike) -> Statistics:
    """Root mean square, mean, median and so on of errors (N,)."""
    e = np.asarray(errors, np.float64)
    if e.ndim != 1 or not len(e):
        raise ValueError(f"statistics take a series of errors (N,) with N ≥ 1, not {e.shape}")
    rmse = float(np.sqrt((e * e).mean()))
    mean, median, std = float(e.mean()), float(np.median(e)), float(e.std())
    return Statistics(rmse, mean, median, std, float(e.min()), float(e.max()))


def matched(
    estimate: Trajectory, reference: Trajectory, *, tolerance: float = STAMP_TOLERANCE
) -> tuple[Trajectory, Trajectory]:
    """The poses of both trajectories whose times are each other's nearest.

    Args:
        tolerance: Largest difference of time in a pair [s].

    Returns:
        Estimate and reference, of the same length; each keeps its own times.

    Raises:
        ValueError: No two times are near enough.
    """
    i, j = associate(estimate.stamps, reference.stamps, tolerance=tolerance)
    if not len(i):
        raise ValueError(
            f"no pose of the estimate ({estimate.stamps[0]:.3f} … {estimate.stamps[-1]:.3f} s) is "
            f"within {tolerance} s of one of the reference ({reference.stamps[0]:.3f} … "
            f"{reference.stamps[-1]:.3f} s): use one clock for both, or a larger tolerance"
        )
    return (
        Trajectory(estimate.stamps[i], estimate.T_world_body[i]),
        Trajectory(reference.stamps[j], reference.T_world_body[j]),
    )


def aligned(
    estimate: Trajectory, reference: Trajectory, kind: AlignmentKind = "se3"
) -> tuple[Trajectory, Alignment]:
    """The estimate moved onto the reference so that squared distances of positions are least.

    Poses correspond by row (see `matched`). Where points lie on a line or on one spot the turn
    about it is arbitrary; the root mean square error of positions is the same for every choice.

    Args:
        kind: "none" leaves it, "se3" turns and moves, "sim3" scales too, "yaw" turns about z only.

    Returns:
        The moved estimate, and the alignment that moved it.
    """
    row_by_row(estimate.T_world_body, reference.T_world_body)
    if kind == "none":
        return estimate, Alignment(np.eye(4), np.ones(()))
    found = align(estimate.positions, reference.positions, kind)
    return estimate.moved(found.T_target_source, float(found.scale)), found


def absolute_errors(
    T_world_estimate: ArrayLike, T_world_reference: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Absolute pose error: distances of positions and angles between orientations.

    The root mean square of the first is the absolute trajectory error (ATE). Align before.

    Args:
        T_world_estimate, T_world_reference: (N, 4, 4) poses, corresponding by row.

    Returns:
        (N,) [m] and (N,) [rad].
    """
    estimate, reference = row_by_row(T_world_estimate, T_world_reference)
    apart = np.linalg.norm(estimate[:, :3, 3] - reference[:, :3, 3], axis=1)
    return apart, so3.angle_between(reference[:, :3, :3], estimate[:, :3, :3])


def relative_errors(
    T_world_estimate: ArrayLike, T_world_reference: ArrayLike, pairs: Pairs
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Relative pose error (RPE): how motions between pairs of poses differ from the true ones.

    E = (T_i⁻¹ T_j)_reference⁻¹ (T_i⁻¹ T_j)_estimate; a rigid alignment does not change it, a
    scale does.

    Args:
        T_world_estimate, T_world_reference: (N, 4, 4) poses, corresponding by row.
        pairs: Indices (P,) of first and (P,) of second poses, from `pose_pairs`.

    Returns:
        (P,) length of E's translation [m] and (P,) angle of its rotation [rad].
    """
    estimate, reference = row_by_row(T_world_estimate, T_world_reference)
    i, j = pairs
    E = se3.relative(
        se3.relative(reference[i], reference[j]), se3.relative(estimate[i], estimate[j])
    )
    return np.linalg.norm(E[:, :3, 3], axis=1), so3.angle(E[:, :3, :3])


def log_errors(T_world_estimate: ArrayLike, T_world_reference: ArrayLike) -> NDArray[np.float64]:
    """(N,) lengths of log(T_reference⁻¹ T_estimate), metres and radians in one norm.

    Translation is that of the twist, not that of the pose; the unit is mixed, so it only
    compares runs on the same data (T. Barfoot, State estimation for robotics, 2017).
    """
    estimate, reference = row_by_row(T_world_estimate, T_world_reference)
    return np.linalg.norm(se3.log(se3.relative(reference, estimate)), axis=1)


def pose_pairs(
    trajectory: Trajectory,
    delta: float = 1.0,
    unit: Unit = "frames",
    *,
    all_pairs: bool = False,
    tolerance: float = 0.1,
) -> Pairs:
    """Which poses the relative error compares.

    Consecutive pairs share their ends: the first begins at pose 0, and each ends at the first
    pose that is at least `delta` after its begin. All pairs begin at every pose; with metres and
    seconds each ends at the later pose nearest to `delta`, and is left out if that misses by more
    than `tolerance` · `delta`. Metres count along the path of the trajectory given: the
    estimate's to agree with evo's defaults, the reference's for pairs that are the same for every
    estimate.

    Args:
        delta: Frames, metres or seconds between the poses of a pair.

    Returns:
        Indices (P,) of first and (P,) of second poses.

    Raises:
        ValueError: `delta` is not positive or leaves no pair.
    """
    if not (np.isfinite(delta) and delta > 0):
        raise ValueError(f"delta={delta!r}: expected a positive number of {unit}")
    if unit == "frames":
        if delta != int(delta):
            raise ValueError(f"delta={delta!r}: expected a whole number of frames")
        begin = np.arange(0, len(trajectory), 1 if all_pairs else int(delta))
        pairs = begin[begin + int(delta) < len(trajectory)], begin[begin >= int(delta)]
        if all_pairs:
            pairs = pairs[0], pairs[0] + int(delta)
    elif unit in ("metres", "seconds"):
        steps = _steps(trajectory, unit)
        slack = MICROSECOND if unit == "seconds" else 0.0
        pairs = (
            _nearest_pairs(steps, delta, tolerance) if all_pairs else _chain(steps, delta - slack)
        )
    else:
        raise ValueError(f"unit={unit!r}: expected 'frames', 'metres' or 'seconds'")
    if not len(pairs[0]):
        raise ValueError(
            f"no two poses are {delta} {unit} apart: the trajectory has {len(trajectory)} poses "
            f"over {trajectory.length:.3g} m and {trajectory.duration:.3g} s; use a smaller delta"
        )
    return pairs


def _steps(trajectory: Trajectory, unit: Unit) -> NDArray[np.float64]:
    if unit == "seconds":
        return np.diff(trajectory.stamps)
    moved = np.diff(trajectory.positions, axis=0)
    return np.sqrt(np.vecdot(moved, moved))


def _chain(steps: NDArray[np.float64], delta: float) -> Pairs:
    """Every pair ends where the sum of steps since its begin first reaches delta."""
    ends, total = [0], 0.0
    for k, step in enumerate(steps.tolist(), start=1):
        total += step
        if total >= delta:
            ends.append(k)
            total = 0.0
    index = np.array(ends, np.intp)
    return index[:-1], index[1:]


def _nearest_pairs(steps: NDArray[np.float64], delta: float, tolerance: float) -> Pairs:
    """For every pose but the last the later one nearest to delta, the earlier of equals."""
    along = np.concatenate([[0.0], np.cumsum(steps)])
    i = np.arange(len(along) - 1)
    crossing = np.searchsorted(along, along[i] + delta)
    # Sums are rounded: the nearest is one of the neighbours of where delta is reached.
    near = np.clip(crossing[:, None] + np.arange(-2, 2), i[:, None] + 1, len(along) - 1)
    miss = abs(along[near] - along[i][:, None] - delta)
    best = np.take_along_axis(near, miss.argmin(1)[:, None], 1)[:, 0]
    j = np.maximum(np.searchsorted(along, along[best]), i + 1)
    kept = miss.min(1, initial=np.inf) <= tolerance * delta
    return i[kept], j[kept]


def row_by_row(
    T_world_estimate: ArrayLike, T_world_reference: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Poses (N, 4, 4) as float64; a ValueError where they cannot correspond by row."""
    estimate = np.asarray(T_world_estimate, np.float64)
    reference = np.asarray(T_world_reference, np.float64)
    if estimate.shape != reference.shape or estimate.shape[1:] != (4, 4):
        raise ValueError(
            f"estimate and reference must correspond by row, (N, 4, 4) both, not {estimate.shape} "
            f"and {reference.shape}: match them by time first"
        )
    return estimate, reference

"""Drift of odometry: errors over lengths of path, of scale, and of dead reckoning over time.

A. Geiger, P. Lenz and R. Urtasun, Are we ready for autonomous driving? The KITTI vision benchmark
suite, CVPR 2012, and the procedure of its odometry development kit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.evaluation.metrics.trajectories import row_by_row
from navworld.geometry import se3, so3
from navworld.geometry.trajectories import Trajectory, align

KITTI_LENGTHS = (100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0)
"""Of path in a segment [m]."""

KITTI_STEP = 10
"""Poses between the begins of segments: a second of KITTI."""

SHARES = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40)
"""Lengths of segments in small worlds, as shares of the whole path."""


@dataclass(frozen=True, eq=False)
class SegmentErrors:
    """Errors at the ends of segments whose begins are laid onto each other.

    Attributes:
        first, last: (S,) indices of their poses.
        length: (S,) nominal length [m].
        translation: (S,) distance from the true end, per metre of length.
        rotation: (S,) angle to the true end [rad], per metre of length.
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    length: NDArray[np.float64]
    translation: NDArray[np.float64]
    rotation: NDArray[np.float64]

    @property
    def t_err_percent(self) -> float:
        """Mean translation error over all segments [%]; NaN without segments."""
        return 100 * float(self.translation.mean()) if len(self.length) else float("nan")

    @property
    def r_err_deg_per_m(self) -> float:
        """Mean rotation error over all segments [deg/m]; NaN without segments."""
        return float(np.degrees(self.rotation.mean())) if len(self.length) else float("nan")

    def by_length(self) -> NDArray[np.float64]:
        """(L, 4) length [m], t_err [%], r_err [deg/m] and number of segments, shortest first."""
        rows = []
        for length in np.unique(self.length):
            mine = self.length == length
            t, r = 100 * self.translation[mine].mean(), np.degrees(self.rotation[mine].mean())
            rows.append((length, t, r, mine.sum()))
        return np.array(rows, np.float64).reshape(-1, 4)


def path_distances(T_world_body: ArrayLike) -> NDArray[np.float64]:
    """(N,) path from the first of poses (N, 4, 4) to each [m]."""
    p = np.asarray(T_world_body, np.float64)[:, :3, 3]
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])


def scaled_lengths(path_m: float) -> tuple[float, ...]:
    """Lengths of segments for a world of any size: 5, 10 … 40 % of the path [m]."""
    return tuple(share * path_m for share in SHARES)


def segment_errors(
    T_world_estimate: ArrayLike,
    T_world_reference: ArrayLike,
    *,
    lengths: Sequence[float] = KITTI_LENGTHS,
    step: int = KITTI_STEP,
) -> SegmentErrors:
    """KITTI's errors per segment: t_err and r_err are their means.

    A segment begins at every `step`-th pose and ends at the first whose path from there, along
    the reference, is longer than its length; those that the path is too short for are left out.
    The error is divided by the nominal length. In float64; the kit adds paths up in float32.

    Args:
        T_world_estimate, T_world_reference: (N, 4, 4) poses, corresponding by row.
        lengths: Of segments [m].
    """
    estimate, reference = row_by_row(T_world_estimate, T_world_reference)
    if not (step >= 1 and all(np.isfinite(length) and length > 0 for length in lengths)):
        raise ValueError(f"lengths={lengths!r}, step={step!r}: expected positive numbers")
    along = path_distances(reference)
    begins = np.arange(0, len(along), step)
    first, length = (a.ravel() for a in np.meshgrid(begins, np.array(lengths), indexing="ij"))
    last = np.searchsorted(along, along[first] + length, side="right")
    fits = last < len(along)
    first, last, length = first[fits], last[fits], length[fits]
    E = se3.relative(
        se3.relative(estimate[first], estimate[last]),
        se3.relative(reference[first], reference[last]),
    )
    t, r = np.linalg.norm(E[:, :3, 3], axis=1), so3.angle(E[:, :3, :3])
    return SegmentErrors(first, last, length, t / length, r / length)


def segment_scales(
    T_world_estimate: ArrayLike, T_world_reference: ArrayLike, length: float
) -> NDArray[np.float64]:
    """Scale of the estimate in consecutive stretches of the path: 0.5 is half as long as true.

    Each is the factor of the Sim(3) that lays the true positions of a stretch onto the estimated
    ones, so that what has drifted before does not matter. Scale error is the distance of their
    mean from 1, scale drift their standard deviation.

    Args:
        T_world_estimate, T_world_reference: (N, 4, 4) poses, corresponding by row.
        length: Of a stretch along the reference [m]; what remains at the end is left out.

    Returns:
        (S,) scales.
    """
    if not length > 0:
        raise ValueError(f"length={length!r}: expected a positive number of metres")
    estimate = np.asarray(T_world_estimate, np.float64)[:, :3, 3]
    reference = np.asarray(T_world_reference, np.float64)[:, :3, 3]
    along = path_distances(T_world_reference)
    # A stretch ends with the motion that reaches its length, rounding of the sum aside.
    marks = np.arange(1, int(along[-1] / length * (1 + 1e-9)) + 1) * length * (1 - 1e-9)
    ends = np.unique(np.concatenate([[0], np.searchsorted(along, marks)]))
    stretches = [slice(a, b + 1) for a, b in pairwise(ends)]
    return np.array([float(align(reference[s], estimate[s], "sim3").scale) for s in stretches])


@dataclass(frozen=True)
class InertialDrift:
    """How far dead reckoning from a known first pose has gone astray.

    Attributes:
        percent: Distance from the true end, in percent of the true path; NaN if that is 0.
        heading_deg_per_min: Rate of the heading error: slope of the least squares line.
        after: Horizon [s] → position error at the last pose up to then [m]; those the run does
            not reach are left out.
    """

    percent: float
    heading_deg_per_min: float
    after: dict[float, float]


def inertial_drift(
    estimate: Trajectory, reference: Trajectory, *, horizons: Sequence[float] = (30.0, 60.0, 120.0)
) -> InertialDrift:
    """Drift of an estimate laid onto the reference at its first pose.

    Poses correspond by row. The heading error is the turn about the world's z that remains.
    """
    if len(estimate) != len(reference):
        raise ValueError(
            f"estimate and reference must correspond by row, not have {len(estimate)} and "
            f"{len(reference)} poses: match them by time first"
        )
    T_world_odom = reference.T_world_body[0] @ se3.inverse(estimate.T_world_body[0])
    moved = estimate.moved(T_world_odom)
    apart = np.linalg.norm(moved.positions - reference.positions, axis=1)
    seconds = reference.stamps - reference.stamps[0]
    turned = moved.T_world_body[:, :3, :3] @ reference.T_world_body[:, :3, :3].mT
    heading = np.unwrap(np.arctan2(turned[:, 1, 0], turned[:, 0, 0]))
    slope = np.polyfit(seconds, heading, 1)[0] if len(seconds) > 1 else 0.0
    reached = [h for h in horizons if h <= seconds[-1] + 1e-6]
    after = {h: float(apart[np.searchsorted(seconds, h + 1e-6) - 1]) for h in reached}
    path = reference.length
    percent = 100 * float(apart[-1]) / path if path > 0 else float("nan")
    return InertialDrift(percent, abs(float(np.degrees(slope))) * 60, after)

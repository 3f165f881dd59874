"""Where a body was, and when: trajectories, their relative motions, their alignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.geometry import se3, so3
from navworld.geometry.arrays import ArrayT, as_arrays

Kind = Literal["se3", "sim3", "yaw"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Poses of a body over time; lists are converted and checked.

    Attributes:
        stamps: (N,) float64 times [s], strictly increasing.
        T_world_body: (N, 4, 4) float64.
    """

    stamps: NDArray[np.float64]
    T_world_body: NDArray[np.float64]

    def __post_init__(self) -> None:
        stamps = np.asarray(self.stamps, np.float64)
        T_world_body = np.asarray(self.T_world_body, np.float64)
        if stamps.ndim != 1 or not len(stamps) or T_world_body.shape != (len(stamps), 4, 4):
            raise ValueError(
                f"a trajectory takes stamps (N,) and T_world_body (N, 4, 4) with N ≥ 1, "
                f"not {stamps.shape} and {T_world_body.shape}"
            )
        if not (np.isfinite(stamps).all() and np.isfinite(T_world_body).all()):
            raise ValueError("a trajectory must be finite: drop the poses that contain NaN")
        if (np.diff(stamps) <= 0).any():
            k = int(np.argmax(np.diff(stamps) <= 0)) + 1
            raise ValueError(
                f"stamps must increase, but stamp {k} ({stamps[k]} s) does not follow "
                f"{stamps[k - 1]} s: sort the poses by time and drop duplicates"
            )
        rigid = se3.is_rigid(T_world_body)
        if not rigid.all():
            raise ValueError(
                f"pose {int(np.argmin(rigid))} of the trajectory is not a rigid motion: its "
                "rotation must be orthonormal (navworld.geometry.so3.project makes it so)"
            )
        object.__setattr__(self, "stamps", stamps)
        object.__setattr__(self, "T_world_body", T_world_body)

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def positions(self) -> NDArray[np.float64]:
        """(N, 3) positions of the body in the world [m]."""
        return self.T_world_body[:, :3, 3]

    @property
    def length(self) -> float:
        """Length of the path [m]."""
        return float(np.linalg.norm(np.diff(self.positions, axis=0), axis=1).sum())

    @property
    def duration(self) -> float:
        """Time from the first pose to the last [s]."""
        return float(self.stamps[-1] - self.stamps[0])

    def at(self, stamps: ArrayLike) -> Trajectory:
        """Poses at other times (M,) [s], on a constant body twist between neighbouring poses.

        Raises:
            ValueError: a time lies outside the trajectory.
        """
        stamps = np.asarray(stamps, np.float64)
        if stamps.size and (stamps.min() < self.stamps[0] or stamps.max() > self.stamps[-1]):
            raise ValueError(
                f"times {stamps.min()} … {stamps.max()} s leave the trajectory, which covers "
                f"{self.stamps[0]} … {self.stamps[-1]} s: it is not extrapolated"
            )
        after = np.clip(np.searchsorted(self.stamps, stamps), min(1, len(self) - 1), None)
        before = np.maximum(after - 1, 0)
        gap = self.stamps[after] - self.stamps[before]
        fraction = (stamps - self.stamps[before]) / np.where(gap > 0, gap, 1.0)
        poses = se3.interpolate(self.T_world_body[before], self.T_world_body[after], fraction)
        return Trajectory(stamps, poses)

    def resampled(self, rate_hz: float) -> Trajectory:
        """Poses at an even rate, beginning with the first."""
        if not rate_hz > 0:
            raise ValueError(f"rate_hz must be positive, not {rate_hz}")
        count = int(np.floor(self.duration * rate_hz * (1 + 1e-12))) + 1
        stamps = self.stamps[0] + np.arange(count) / rate_hz
        return self.at(np.minimum(stamps, self.stamps[-1]))

    def moved(self, T_other_world: ArrayLike, scale: float = 1.0) -> Trajectory:
        """The trajectory in another frame, its positions first multiplied by `scale`."""
        T_world_body = self.T_world_body.copy()
        T_world_body[:, :3, 3] *= scale
        return Trajectory(self.stamps, np.asarray(T_other_world, np.float64) @ T_world_body)

    def motions(self) -> NDArray[np.float64]:
        """(N − 1, 4, 4) T_previous_current, as `relative_motions`."""
        return relative_motions(self.T_world_body)


@dataclass(frozen=True, eq=False)
class Alignment:
    """p_target = scale · R p_source + t.

    Attributes:
        T_target_source: (..., 4, 4) R and t.
        scale: (...) 1 unless the alignment is "sim3".
    """

    T_target_source: NDArray[np.float64]
    scale: NDArray[np.float64]


def relative_motions(T_world_body: ArrayT) -> ArrayT:
    """(..., N − 1, 4, 4) T_previous_current of poses (..., N, 4, 4): what odometry estimates."""
    _, T = as_arrays(T_world_body)
    return se3.relative(T[..., :-1, :, :], T[..., 1:, :, :])


def integrate(T_world_start: ArrayT, T_previous_current: ArrayT) -> ArrayT:
    """Inverse of `relative_motions`: poses from the first one and the motions that follow.

    Args:
        T_world_start: (..., 4, 4).
        T_previous_current: (..., N − 1, 4, 4).

    Returns:
        T_world_body: (..., N, 4, 4). Products are formed in log2(N) rounds over the whole
        sequence, so that long ones are fast and gradients do not pass through N steps.
    """
    xp, start, motions = as_arrays(T_world_start, T_previous_current)
    poses = xp.concatenate([start[..., None, :, :], motions], axis=-3)
    step = 1
    while step < poses.shape[-3]:
        later = poses[..., :-step, :, :] @ poses[..., step:, :, :]
        poses = xp.concatenate([poses[..., :step, :, :], later], axis=-3)
        step *= 2
    return poses


def align(source: ArrayLike, target: ArrayLike, kind: Kind = "se3") -> Alignment:
    """The motion that brings points nearest, in the least squares sense, to their counterparts.

    S. Umeyama, Least-squares estimation of transformation parameters between two point patterns,
    PAMI 1991; "yaw" as Z. Zhang and D. Scaramuzza align what knows gravity (IROS 2018).

    Args:
        source, target: (..., N, 3) corresponding points [m].
        kind: "se3" turns and moves, "sim3" scales too, "yaw" turns about z only and moves.

    Raises:
        ValueError: shapes differ, points are missing or not finite, or the kind is unknown.
    """
    p, q = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if p.shape != q.shape or p.ndim < 2 or p.shape[-1] != 3 or not p.shape[-2]:
        raise ValueError(
            f"alignment takes two arrays of corresponding points (N, 3), not {p.shape} and "
            f"{q.shape}: associate the trajectories first"
        )
    if not (np.isfinite(p).all() and np.isfinite(q).all()):
        raise ValueError("alignment needs finite points: drop the ones that contain NaN")
    p_mean, q_mean = p.mean(-2), q.mean(-2)
    p, q = p - p_mean[..., None, :], q - q_mean[..., None, :]
    covariance = q.mT @ p
    scale = np.ones(covariance.shape[:-2])
    if kind == "yaw":
        sine = covariance[..., 1, 0] - covariance[..., 0, 1]
        yaw = np.arctan2(sine, covariance[..., 0, 0] + covariance[..., 1, 1])
        zero = np.zeros_like(yaw)
        R = so3.exp(np.stack([zero, zero, yaw], -1))
    elif kind in ("se3", "sim3"):
        R = so3.project(covariance)
    else:
        raise ValueError(f"unknown alignment {kind!r}: use 'se3', 'sim3' or 'yaw'")
    if kind == "sim3":
        spread = (p * p).sum((-2, -1))
        if not (spread > 0).all():
            raise ValueError("points that all coincide have no scale: align with kind='se3'")
        scale = (R * covariance).sum((-2, -1)) / spread
    t = q_mean - scale[..., None] * so3.rotate(R, p_mean)
    return Alignment(se3.from_rotation_translation(R, t), scale)


def associate(
    stamps_a: ArrayLike, stamps_b: ArrayLike, *, tolerance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of indices whose times are each other's nearest and at most `tolerance` [s] apart.

    Args:
        stamps_a, stamps_b: (N,), (M,) increasing times [s].

    Returns:
        Indices (P,) into a and (P,) into b, in order of time; each occurs once.
    """
    a, b = np.asarray(stamps_a, np.float64), np.asarray(stamps_b, np.float64)
    if not len(a) or not len(b):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    b_of_a, a_of_b = _nearest(b, a), _nearest(a, b)
    index = np.arange(len(a))
    paired = (a_of_b[b_of_a] == index) & (abs(b[b_of_a] - a) <= tolerance)
    return index[paired], b_of_a[paired]


def _nearest(sorted_stamps: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.intp]:
    after = np.clip(np.searchsorted(sorted_stamps, wanted), 0, len(sorted_stamps) - 1)
    before = np.maximum(after - 1, 0)
    closer = abs(wanted - sorted_stamps[before]) <= abs(sorted_stamps[after] - wanted)
    return np.where(closer, before, after)

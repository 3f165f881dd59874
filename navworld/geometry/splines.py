"""Smooth curves from samples: uniform quintic B-splines.

The samples are the spline's control points, so the curve does not pass through them but is their
weighted mean over six neighbours: it never overshoots, stays constant where six of them agree,
and is four times continuously differentiable. Its derivatives are those of the polynomials, not
estimates. What is slower than about ten samples comes through almost unchanged: a sine of n
samples per period is damped by the factor sinc(1/n)⁶.

C. de Boor: A Practical Guide to Splines, 1978.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.geometry import se3, so3
from navworld.geometry.curves import Moments

_BASIS = (
    np.array(
        [
            [1, -5, 10, -10, 5, -1],
            [26, -50, 20, 20, -20, 5],
            [66, 0, -60, 0, 30, -10],
            [26, 50, 20, -20, -20, 10],
            [1, 5, 10, 10, 5, -5],
            [0, 0, 0, 0, 0, 1],
        ]
    ).T
    / 120
)  # rows: powers of the fraction, columns: the six control points


@dataclass(frozen=True, eq=False)
class UniformSpline:
    """A quintic B-spline with equally spaced control points; the first one stands at t = 0.

    Attributes:
        control: (N, C) control points; beyond both ends the first and the last one are repeated.
        step: Their distance in t.
    """

    control: NDArray[np.float64]
    step: float

    def __post_init__(self) -> None:
        control = np.ascontiguousarray(self.control, np.float64)
        if control.ndim != 2 or not len(control) or not np.isfinite(control).all():
            raise ValueError(
                f"control points have shape {control.shape}: give finite (N, C) with N ≥ 1"
            )
        if not (np.isfinite(self.step) and self.step > 0):
            raise ValueError(f"the distance of control points is {self.step!r}: it must be > 0")
        object.__setattr__(self, "control", np.pad(control, ((3, 3), (0, 0)), "edge"))

    @property
    def end(self) -> float:
        """Where the last control point stands."""
        return (len(self.control) - 7) * self.step

    def __call__(self, t: ArrayLike, orders: int = 3) -> list[NDArray[np.float64]]:
        """Value, first, second … derivative at t (K,), each (K, C); constant beyond the ends."""
        at = np.clip(np.asarray(t, np.float64) / self.step, 0.0, len(self.control) - 7)
        first = np.minimum(at.astype(np.int64), len(self.control) - 7)
        fraction = (at - first)[:, None]
        near = self.control[(first[:, None] + np.arange(1, 7)).clip(max=len(self.control) - 1)]
        weights, found = _BASIS, []
        for order in range(orders):
            powers = fraction ** np.arange(len(weights))
            found.append(np.einsum("kp,kpc->kc", powers @ weights, near) / self.step**order)
            weights = weights[1:] * np.arange(1, len(weights))[:, None]
        return found


@dataclass(frozen=True, eq=False)
class PoseSpline:
    """A motion whose position and Euler angles are uniform quintic splines of time.

    The derivatives are exact: velocities and accelerations are those of the very curve that the
    poses lie on.

    Attributes:
        spline: (x, y, z, yaw, pitch, roll) [m, rad]; R = Rz(yaw) Ry(pitch) Rx(roll). The yaw runs
            on over whole turns.
        duration: [s].
    """

    spline: UniformSpline
    duration: float

    def at(self, t: ArrayLike) -> Moments:
        """The motion at times (K,) [s]; before the start and after the end it stands still."""
        time = np.asarray(t, np.float64)
        value, first, second = self.spline(np.clip(time, 0.0, self.duration))
        inside = ((time >= -1e-9) & (time <= self.duration + 1e-9))[:, None]
        first, second = first * inside, second * inside
        rates = _body_rates(value[:, 3:], first[:, 3:], second[:, 3:])
        R = so3.from_euler_zyx(value[:, 3:])
        T_world_body = se3.from_rotation_translation(R, value[:, :3])
        return Moments(T_world_body, first[:, :3], second[:, :3], *rates)


def smoothed(samples: ArrayLike, width: int) -> NDArray[np.float64]:
    """Samples (N, C) averaged three times over `width` neighbours, their ends held.

    Monotone samples stay monotone; the result has two continuous differences more.
    """
    values = np.asarray(samples, np.float64)
    if width < 2:
        return values.copy()
    reach = 3 * (width // 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), "edge")
    size = 2 * (width // 2) + 1
    for _ in range(3):  # summed afresh at every place: running sums would leave rounding errors
        count = len(padded) - size + 1
        padded = np.sum([padded[k : k + count] for k in range(size)], 0) / size
    return padded


def _body_rates(
    angles: NDArray, rates: NDArray, accelerations: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angular velocity and acceleration in the body frame of (yaw, pitch, roll) (K, 3)."""
    (dy, dp, dr), (ay, ap, ar) = rates.T, accelerations.T
    c, s = np.cos(angles), np.sin(angles)
    cp, sp, cr, sr = c[:, 1], s[:, 1], c[:, 2], s[:, 2]
    omega = np.stack([dr - dy * sp, dp * cr + dy * cp * sr, dy * cp * cr - dp * sr], -1)
    turned = dy * cp  # the part of the yaw rate across the roll axis, and its derivative
    turning = ay * cp - dy * dp * sp
    alpha = np.stack(
        [
            ar - ay * sp - dy * dp * cp,
            ap * cr - dp * dr * sr + turning * sr + turned * dr * cr,
            turning * cr - turned * dr * sr - ap * sr - dp * dr * cr,
        ],
        -1,
    )
    return omega, alpha

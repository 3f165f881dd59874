"""Motions made of others: the way back, and a body's speeds along its way."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.geometry import se3, so3
from navworld.geometry.curves import Curve, Moments

_ABOUT = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Half a turn about the body's z axis."""


@dataclass(frozen=True, eq=False)
class Backwards:
    """The same way from its end to its start, the body looking where it goes.

    The path is ridden at the same speeds; the body is turned by half a turn about its own z axis,
    so that what it felt from ahead when it slowed down it feels from ahead again.

    Attributes:
        curve: The way there.
    """

    curve: Curve

    @property
    def duration(self) -> float:
        """[s]."""
        return self.curve.duration

    def at(self, t: NDArray[np.float64]) -> Moments:
        """The motion at times (K,) [s]."""
        there = self.curve.at(self.curve.duration - np.asarray(t, np.float64))
        turn = _ABOUT[:3, :3]
        return Moments(
            there.T_world_body @ _ABOUT,
            -there.velocity,
            there.acceleration,
            -there.angular_velocity @ turn,
            there.angular_acceleration @ turn,
        )


class Sampled:
    """A motion that knows its moments at some times by heart, and works out those at others.

    Args:
        curve: The motion.
        times: (K,) increasing [s].

    Attributes:
        moments: (K,) at those times.
    """

    def __init__(self, curve: Curve, times: NDArray[np.float64]) -> None:
        self._curve, self._times = curve, times
        self.moments = curve.at(times)
        self._known = times.tolist()

    @property
    def duration(self) -> float:
        """[s]."""
        return self._curve.duration

    def at(self, t: NDArray[np.float64]) -> Moments:
        """The motion at times (K,) [s]."""
        if len(t) == 1:
            k = bisect_left(self._known, t[0])
            if k < len(self._known) and self._known[k] == t[0]:
                return self.moments[k : k + 1]
        return self._curve.at(t)


def body_velocity(moments: Moments) -> NDArray[np.float64]:
    """(K, 6) linear and angular velocity in the body's frame [m/s, rad/s]."""
    R_world_body = moments.T_world_body[:, :3, :3]
    linear = np.einsum("kji,kj->ki", R_world_body, moments.velocity)
    return np.concatenate([linear, moments.angular_velocity], 1)


def driven(
    curve: Curve, times: NDArray[np.float64], dt: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(K, 3) forward [m], left [m] and turn [rad] of wheels in the dt (K,) before times (K,)."""
    before = curve.at(times - dt).T_world_body
    motion = se3.relative(before, curve.at(times).T_world_body)
    turn = so3.log(motion[:, :3, :3])[:, 2]
    # On an arc the way is longer than the chord, and the chord lies half the turn to its side.
    half = turn / 2
    stretch = 1 / np.sinc(half / np.pi)
    c, s = np.cos(half), np.sin(half)
    x, y = motion[:, 0, 3], motion[:, 1, 3]
    return np.stack([stretch * (c * x + s * y), stretch * (c * y - s * x), turn], 1)

"""Continuous motion of a rigid body: poses with their exact derivatives, at any time.

Positions, velocities and accelerations are in the world frame; angular velocities and
accelerations in the body's own, as a gyroscope measures them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Moments:
    """The state of motion of a body at some moments.

    Attributes:
        T_world_body: (..., 4, 4).
        velocity: (..., 3) in the world frame [m/s].
        acceleration: (..., 3) in the world frame, without gravity [m/s²].
        angular_velocity: (..., 3) in the body frame [rad/s].
        angular_acceleration: (..., 3) in the body frame [rad/s²].
    """

    T_world_body: NDArray[np.float64]
    velocity: NDArray[np.float64]
    acceleration: NDArray[np.float64]
    angular_velocity: NDArray[np.float64]
    angular_acceleration: NDArray[np.float64]

    @classmethod
    def at_rest(cls, T_world_body: NDArray) -> Moments:
        """A body (..., 4, 4) that does not move."""
        still = np.zeros((4, *T_world_body.shape[:-2], 3))
        return cls(np.array(T_world_body, np.float64), *still)

    def __getitem__(self, index: object) -> Moments:
        """The moments at some index into the leading axes."""
        return Moments(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def of_mount(self, T_body_sensor: NDArray) -> Moments:
        """The motion of what is rigidly mounted on the body at a pose (4, 4)."""
        R_body_sensor, lever = T_body_sensor[:3, :3], T_body_sensor[:3, 3]
        w, turn = self.angular_velocity, self.angular_acceleration
        spin = np.cross(w, lever)
        bend = np.cross(turn, lever) + np.cross(w, spin)
        R_world_body = self.T_world_body[..., :3, :3]
        return Moments(
            self.T_world_body @ T_body_sensor,
            self.velocity + np.einsum("...ij,...j->...i", R_world_body, spin),
            self.acceleration + np.einsum("...ij,...j->...i", R_world_body, bend),
            w @ R_body_sensor,
            turn @ R_body_sensor,
        )


@runtime_checkable
class Curve(Protocol):
    """A smooth motion of six degrees of freedom.

    Attributes:
        duration: It is defined for times from 0 to `duration` [s].
    """

    @property
    def duration(self) -> float:
        """[s]."""

    def at(self, t: NDArray[np.float64]) -> Moments:
        """The motion at times (K,) [s]."""


def quintic(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of a quintic between two knots, and their first and second derivatives.

    Args:
        u: (...) in [0, 1].

    Returns:
        (3, 6, ...): for the value, its rate and the rate's rate with respect to u, the weights of
        position, rate and second rate at the first knot, then at the second. At u = 1 the value
        is the second knot's to the last bit.
    """
    u2, u3, u4, u5 = u**2, u**3, u**4, u**5
    zero, one = np.zeros_like(u), np.ones_like(u)
    rise = 10 * u3 - 15 * u4 + 6 * u5
    value = [
        one - rise,
        u - 6 * u3 + 8 * u4 - 3 * u5,
        0.5 * (u2 - 3 * u3 + 3 * u4 - u5),
        rise,
        -4 * u3 + 7 * u4 - 3 * u5,
        0.5 * (u3 - 2 * u4 + u5),
    ]
    climb = 30 * u2 - 60 * u3 + 30 * u4
    rate = [
        -climb,
        one - 18 * u2 + 32 * u3 - 15 * u4,
        u - 4.5 * u2 + 6 * u3 - 2.5 * u4,
        climb,
        -12 * u2 + 28 * u3 - 15 * u4,
        1.5 * u2 - 4 * u3 + 2.5 * u4,
    ]
    bend = 60 * u - 180 * u2 + 120 * u3
    second = [
        -bend,
        zero - 36 * u + 96 * u2 - 60 * u3,
        one - 9 * u + 18 * u2 - 10 * u3,
        bend,
        zero - 24 * u + 84 * u2 - 60 * u3,
        3 * u - 12 * u2 + 10 * u3,
    ]
    return np.array([value, rate, second])

"""Commanded motion: the body is believed to do as it was told.

The floor that an odometer has to beat: it senses nothing, so whatever pushes, slips or stands in
the way goes unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT
from navworld.beliefs import Motion, Observation
from navworld.geometry import from_planar
from navworld.streams import IntArray
from navworld.world.body import Robot

TWIST_OF_PLANE = (0, 1, 5)
"""Where x, y and yaw stand in a twist (translation, rotation)."""


@dataclass(frozen=True)
class CommandErrors:
    """How far a body may be from where it was told to go, per action; standard deviations.

    Attributes:
        metres: Along and across [m], of a body that was told to drive or to turn.
        radians: Of its heading [rad].
        still: Of either, of a body that was told to stay.
    """

    metres: float = 0.2
    radians: float = 0.2
    still: float = 1e-3


def commanded_motion(action: NDArray | None, dt: float, robot: Robot, n: int) -> NDArray:
    """What a body should do.

    Args:
        action: (n,) discrete actions or (n, 2) velocities; None on an episode's first observation.
        dt: How long a velocity is held [s].

    Returns:
        (n, 3) x [m], y [m] and turn [rad] in the frame before the motion; a velocity's is an arc.
    """
    motion = np.zeros((n, 3))
    if action is None:
        return motion
    if action.ndim == 1:
        motion[action == FORWARD, 0] = robot.forward
        sign = (action == LEFT).astype(float) - (action == RIGHT)
        motion[:, 2] = np.radians(robot.turn_deg) * sign
        return motion
    length = np.maximum(action[:, 0], 0.0) * robot.max_speed * dt
    turn = action[:, 1] * robot.max_turn_rate * dt
    chord = length * np.sinc(turn / (2 * np.pi))
    return np.stack([chord * np.cos(turn / 2), chord * np.sin(turn / 2), turn], 1)


class Commanded:
    """Odometer that repeats the command.

    Args:
        robot: What the actions mean.
        errors: What is told as uncertainty.
    """

    sensors: tuple[str, ...] = ()

    def __init__(self, robot: Robot | None = None, *, errors: CommandErrors | None = None) -> None:
        self.robot, self.errors = robot or Robot(), errors or CommandErrors()

    def reset(self, ids: IntArray) -> None:
        """Nothing to remember."""

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """The motion that the action asks for."""
        motion = commanded_motion(action, dt, self.robot, len(ids))
        return Motion(from_planar(motion), command_covariance(motion, self.errors))


def command_covariance(motion: NDArray, errors: CommandErrors) -> NDArray:
    """(n, 6, 6) covariance of commanded motions (n, 3)."""
    moves = (motion != 0).any(1)
    std = np.full((len(motion), 3), errors.still)
    std[moves] = errors.metres, errors.metres, errors.radians
    covariance = np.zeros((len(motion), 6, 6))
    covariance[:, TWIST_OF_PLANE, TWIST_OF_PLANE] = std**2
    return covariance

"""Floors that every results table shows: acting at random, and driving straight at the goal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.beliefs import Observation


class RandomPolicy:
    """Moves at random (forward half of the time) and stops near the goal.

    Args:
        stop: It stops this near the goal [m].
        seed: Of its random numbers.
    """

    def __init__(self, *, stop: float = 0.3, seed: int = 0) -> None:
        self.stop = stop
        self._rng = np.random.default_rng(seed)

    def predict(
        self,
        observation: Observation,
        state: Any = None,
        episode_start: NDArray | None = None,
        deterministic: bool = True,
    ) -> tuple[NDArray, Any]:
        """Actions (B,)."""
        distance = observation["goal_polar"][:, 0]
        drawn = self._rng.choice(4, len(distance), p=[0.0, 0.5, 0.25, 0.25])
        return np.where(distance <= self.stop, STOP, drawn), state


class StraightPolicy:
    """Turns to the goal, drives straight on and stops there; walls are not its concern.

    Args:
        stop: It stops this near the goal [m].
        turn_deg: Angle of a turn action.
    """

    def __init__(self, *, stop: float = 0.3, turn_deg: float = 30.0) -> None:
        self.stop = stop
        self.half_turn = float(np.radians(turn_deg)) / 2

    def predict(
        self,
        observation: Observation,
        state: Any = None,
        episode_start: NDArray | None = None,
        deterministic: bool = True,
    ) -> tuple[NDArray, Any]:
        """Actions (B,)."""
        distance, ahead, left = observation["goal_polar"].T
        bearing = np.arctan2(left, ahead)
        turn = np.where(bearing > 0, LEFT, RIGHT)
        action = np.where(np.abs(bearing) <= self.half_turn + 1e-3, FORWARD, turn)
        return np.where(distance <= self.stop, STOP, action), state

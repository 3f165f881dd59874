"""An odometer that does not look at every frame: between two that it compares, time passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from navworld.beliefs import Motion, Observation
from navworld.contracts import Odometer
from navworld.geometry import se3
from navworld.streams import IntArray

SLACK = 1e-3
"""Time stamps that are so little early are taken as being there [s]."""


class Paced:
    """An odometer (`navworld.contracts.Odometer`) that asks another at intervals.

    From frame to frame of a fast camera a body moves by less than a network tells from nothing, and
    small errors add up. So frames are compared that are some time apart; between them the body is
    taken to go on as it last did, and what that was wrong by is made good at the next look.

    Args:
        odometer: What is asked. It is told the action only where one lies between two looks.
        interval: Least time between two looks [s].

    Attributes:
        sensors, network, name: Those of the other odometer, None where it has none.
    """

    def __init__(self, odometer: Odometer, interval: float) -> None:
        if not interval >= 0:
            raise ValueError(f"interval={interval!r}: expected at least 0 s")
        self.odometer, self.interval = odometer, interval
        self.sensors = getattr(odometer, "sensors", None)
        self.network = getattr(odometer, "network", None)
        self.name = getattr(odometer, "name", None)
        self._T_look_now = np.zeros((0, 4, 4))
        self._passed = np.zeros(0)
        self._speed = np.zeros((0, 6))
        self._begun = np.zeros(0, bool)
        self._lost = np.zeros(0, bool)

    def reset(self, ids: IntArray) -> None:
        """Begins an episode."""
        more = int(np.max(ids, initial=-1)) + 1 - len(self._passed)
        if more > 0:
            for name in ("_T_look_now", "_passed", "_speed", "_begun", "_lost"):
                old = getattr(self, name)
                room = np.zeros((more, *old.shape[1:]), old.dtype)
                setattr(self, name, np.concatenate([old, room]))
        self._begun[ids] = False
        self.odometer.reset(ids)

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """Motion since the previous observation; the identity on an episode's first."""
        ids = np.asarray(ids)
        first = ~self._begun[ids]
        self._passed[ids] = np.where(first, 0.0, self._passed[ids] + dt)
        alone = self._passed[ids] <= dt + SLACK
        T = se3.exp(self._speed[ids] * dt)
        T[first] = np.eye(4)
        due = first | (self._passed[ids] >= self.interval - SLACK)
        if due.any():
            T[due] = self._looked(observation, action if alone[due].all() else None, dt, ids, due)
        self._T_look_now[ids[~due]] = self._T_look_now[ids[~due]] @ T[~due]
        self._begun[ids] = True
        return Motion(T, lost=self._lost[ids])

    def _looked(
        self,
        observation: Observation,
        action: NDArray | None,
        dt: float,
        ids: IntArray,
        due: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """(m, 4, 4) what brings the rows that are due to where they are found to be."""
        at = ids[due]
        seen = {key: value[due] for key, value in observation.items()}
        told = None if action is None else action[due]
        first = ~self._begun[at]
        self._T_look_now[at[first]] = np.eye(4)
        motion = self.odometer.step(seen, told, max(dt, float(self._passed[at].max())), at)
        found = motion.T_previous_current
        T = se3.relative(self._T_look_now[at], found)
        passed = np.where(first, np.inf, self._passed[at])
        self._speed[at] = se3.log(found) / passed[:, None]
        self._T_look_now[at], self._passed[at] = np.eye(4), 0.0
        self._lost[at] = False if motion.lost is None else motion.lost
        return T

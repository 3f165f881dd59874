"""Dead reckoning: the start is known, and motions are added up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Belief, Motion, Observation
from navworld.geometry import se3
from navworld.streams import IntArray

if TYPE_CHECKING:
    from navworld.contracts import Odometer


class DeadReckoning:
    """Localizer that integrates what an odometer measures from the known start on.

    The belief's covariance is of the twist by which the true pose follows the believed one,
    T_true = T_believed exp(ξ); it grows with the odometer's, carried along with the body
    (T. D. Barfoot, P. T. Furgale: Associating uncertainty with three-dimensional poses for use in
    estimation problems, T-RO 2014, to first order). A step of which the odometer says nothing
    adds nothing to it. `lost` says whether the last motion was a guess.

    Args:
        odometer: Measures the motion between observations.
    """

    def __init__(self, odometer: Odometer) -> None:
        self.odometer = odometer
        self.space = spaces.Dict({})
        self._T_world_body = np.zeros((0, 4, 4))
        self._covariance = np.zeros((0, 6, 6))

    @property
    def sensors(self) -> tuple[Any, ...]:
        """What the odometer reads."""
        return tuple(getattr(self.odometer, "sensors", None) or ())

    def reset(self, T_world_body: NDArray, ids: IntArray) -> None:
        """Begins an episode at known poses (n, 4, 4)."""
        more = int(np.max(ids, initial=-1)) + 1 - len(self._covariance)
        if more > 0:
            self._T_world_body = np.concatenate([self._T_world_body, np.zeros((more, 4, 4))])
            self._covariance = np.concatenate([self._covariance, np.zeros((more, 6, 6))])
        self._T_world_body[ids] = T_world_body
        self._covariance[ids] = 0.0
        self.odometer.reset(ids)

    def update(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Belief:
        """The last belief, moved on by what the odometer measured.

        Raises:
            ValueError: The odometer does not know the scale of its motions, or measured what is
                no finite number.
        """
        motion = self.odometer.step(observation, action, dt, ids)
        self._check(motion, len(ids))
        T = motion.T_previous_current
        self._T_world_body[ids] = self._T_world_body[ids] @ T
        if motion.covariance is not None:
            carried = se3.adjoint(se3.inverse(T))
            moved = carried @ self._covariance[ids] @ carried.mT
            self._covariance[ids] = moved + motion.covariance
        return Belief(self._T_world_body[ids], self._covariance[ids], motion.lost)

    def _check(self, motion: Motion, n: int) -> None:
        name = type(self.odometer).__name__
        if not motion.metric:
            raise ValueError(
                f"{name} knows its translations only up to scale, which cannot be added up to a "
                "place: give it a known length, or use an odometer that is metric"
            )
        if motion.T_previous_current.shape != (n, 4, 4):
            shape = motion.T_previous_current.shape
            raise ValueError(f"{name} gave motions of shape {shape}; expected ({n}, 4, 4)")
        if not np.isfinite(motion.T_previous_current).all():
            raise ValueError(
                f"{name} gave a motion that is not finite: look for NaN in what it senses, or "
                "let it answer with `lost` and the identity"
            )

"""Noise of motion: what a body does when it is told to move.

A model disturbs the commanded displacement of a step (forward [m], left [m], turn [rad]); it is
given to an environment as `actuation=`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from navworld.streams import IntArray, Streams


class Actuation(Protocol):
    """Turns commanded into actual motion."""

    def disturb(self, motion: NDArray, ids: IntArray, streams: Streams) -> NDArray:
        """(n, 3) actual displacements for (n, 3) commanded ones; zero stays zero."""


@dataclass(frozen=True)
class GaussianActuation:
    """Errors proportional to the commanded motion, with a bias and a spread, truncated at 3σ.

    Attributes:
        forward_bias, forward_std: As fractions of the commanded distance.
        drift_std: Turn per metre driven [rad/m].
        turn_bias, turn_std: As fractions of the commanded angle.
    """

    forward_bias: float = 0.0
    forward_std: float = 0.0
    drift_std: float = 0.0
    turn_bias: float = 0.0
    turn_std: float = 0.0

    def disturb(self, motion: NDArray, ids: IntArray, streams: Streams) -> NDArray:
        """See `Actuation.disturb`."""
        z = np.clip(streams.normal("actuation", ids, (3,)), -3.0, 3.0)
        forward, left, turn = motion.T
        scale = 1 + self.forward_bias + self.forward_std * z[:, 0]
        return np.stack(
            [
                forward * scale,
                left * scale,
                turn * (1 + self.turn_bias + self.turn_std * z[:, 1])
                + self.drift_std * np.hypot(forward, left) * z[:, 2],
            ],
            1,
        )

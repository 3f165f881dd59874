"""Actuation noise: what a body does when it is told to move.

A model disturbs the commanded displacement of a step (forward [m], left [m], turn [rad]) and is
given to an environment as `actuation=`, by name or as an object. `actuation_preset(name)` makes
the named ones; a model's `name` says which it is and belongs beside every result: published
models of nominally the same robot differ by an order of magnitude (see `mixtures`).

**LoCoBot and LoCoBot-Lite** under three controllers: A. Murali et al., "PyRobot: an open-source
robotics framework for research and benchmarking", arXiv:1906.08236, 2019, in the form in which
habitat-sim (`PyRobotNoisyActuationSpec`) published the numbers. Every number below is a mean or a
variance of the error of one action, in metres and radians: σ is the *root* of the second. Errors
belong to an action and do not grow with its length.

| model | of | along | across | heading |
|---|---|---|---|---|
| locobot-ilqr | drive | 0.014 / 0.006 | 0.009 / 0.005 | 0.008 / 0.004 |
| | turn | 0.003 / 0.002 | 0.003 / 0.003 | 0.023 / 0.012 |
| locobot-proportional | drive | 0.017 / 0.007 | 0.042 / 0.023 | 0.031 / 0.026 |
| | turn | 0.001 / 0.001 | 0.005 / 0.004 | 0.043 / 0.017 |
| locobot-movebase | drive | 0.074 / 0.019 | 0.036 / 0.033 | 0.189 / 0.038 |
| | turn | 0.002 / 0 | 0.003 / 0.002 | 0.219 / 0.019 |
| locobot-lite-ilqr | drive | 0.142 / 0.008 | 0.023 / 0.008 | 0.031 / 0.028 |
| | turn | 0.002 / 0.001 | 0.002 / 0.002 | 0.122 / 0.030 |
| locobot-lite-proportional | drive | 0.135 / 0.007 | 0.043 / 0.009 | 0.049 / 0.009 |
| | turn | 0.002 / 0.002 | 0.002 / 0.001 | 0.054 / 0.061 |
| locobot-lite-movebase | drive | 0.192 / 0.055 | 0.117 / 0.144 | 0.128 / 0.143 |
| | turn | 0.002 / 0.001 | 0.001 / 0.001 | 0.173 / 0.025 |

How they are read here, as there:
- Each error is a normal distribution cut (not clipped: nothing piles up) at 3 σ either side.
- The error along the command is cut from below as well, so that at least 5 % of the commanded
  distance (of a drive) or angle (of a turn) is left; then all errors are multiplied by
  `multiplier`. For a multiplier above 1 the cut is where 5 % is left *after* multiplication.
- A positive error goes too far along the command, to the right of where it goes, and, of a turn,
  too far round. A drive's heading error is positive to the left, also of a drive backwards; a
  turn's errors of position are along and to the right of the heading, whichever way it turns.
- A command that drives and turns at once (velocity actions) takes the drive's errors of position
  and the turn's error of heading. Nothing commanded, nothing moved.

`habitat-challenge` is locobot-proportional × 0.5, of the Habitat challenges of 2020 and 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from navworld.streams import IntArray, Streams

CUT = 3.0
"""Where normal distributions end [σ]."""

LEFT_OVER = 0.05
"""The least part of a commanded motion that is made."""

Triple = tuple[float, float, float]


@runtime_checkable
class Actuation(Protocol):
    """Turns commanded into actual motion.

    Attributes:
        name: Which model, for configurations and results.
    """

    @property
    def name(self) -> str:
        """Which model."""

    def disturb(self, motion: NDArray, ids: IntArray, streams: Streams) -> NDArray:
        """(n, 3) actual displacements for (n, 3) commanded ones; zero stays zero."""


@dataclass(frozen=True)
class GaussianActuation:
    """Errors proportional to the commanded motion, with a bias and a spread, clipped at 3σ.

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

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (np.isfinite(value) and (value >= 0 or name.endswith("bias"))):
                raise ValueError(f"GaussianActuation({name}={value!r}) must be zero or positive")

    @property
    def name(self) -> str:
        """The model with its parameters."""
        return repr(self)

    def disturb(self, motion: NDArray, ids: IntArray, streams: Streams) -> NDArray:
        """See `Actuation.disturb`."""
        z = np.clip(streams.normal("actuation", ids, (3,)), -CUT, CUT)
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


@dataclass(frozen=True)
class MotionErrors:
    """Errors of one kind of action: along the command [m], across it [m], of the heading [rad].

    Attributes:
        mean: As published.
        variance: As published [m², m², rad²].
    """

    mean: Triple
    variance: Triple

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean).all() and np.isfinite(self.variance).all()):
            raise ValueError(f"mean and variance of motion errors must be finite, not {self}")
        if min(self.variance) < 0:
            raise ValueError(f"variances {self.variance} of motion errors must not be negative")


@dataclass(frozen=True)
class TruncatedActuation:
    """Truncated normal errors per action, one set for drives and one for turns (PyRobot's form).

    Attributes:
        name: Which published model, with the multiplier if it is not 1.
        drive, turn: The errors.
        multiplier: Of all errors, after they are drawn.
    """

    name: str
    drive: MotionErrors
    turn: MotionErrors
    multiplier: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.multiplier) and self.multiplier >= 0):
            raise ValueError(f"noise multiplier {self.multiplier!r} must be zero or positive")

    def disturb(self, motion: NDArray, ids: IntArray, streams: Streams) -> NDArray:
        """See `Actuation.disturb`."""
        uniform = streams.uniform("actuation", ids, (3,))
        distance = np.hypot(motion[:, 0], motion[:, 1])
        angle = np.abs(motion[:, 2])
        drives, turns = distance > 0, angle > 0
        position, heading = drives[:, None], (turns & ~drives)[:, None]
        mean = np.where(position, self.drive.mean, self.turn.mean)
        variance = np.where(position, self.drive.variance, self.turn.variance)
        both = drives & turns
        mean[both, 2], variance[both, 2] = self.turn.mean[2], self.turn.variance[2]
        least = np.full(mean.shape, -np.inf)
        kept = (1 - LEFT_OVER) / max(self.multiplier, 1.0)
        least[drives, 0] = -kept * distance[drives]
        least[turns, 2] = -kept * angle[turns]
        error = self.multiplier * _truncated_normal(uniform, mean, np.sqrt(variance), least)
        error[~(drives | turns)] = 0.0
        along = np.where(position, motion[:, :2] / np.where(drives, distance, 1.0)[:, None], (1, 0))
        right = np.stack([along[:, 1], -along[:, 0]], 1)
        actual = motion.astype(np.float64)
        actual[:, :2] += error[:, :1] * along + error[:, 1:2] * right
        side = np.where(heading[:, 0] | both, np.sign(motion[:, 2]), 1.0)
        actual[:, 2] += side * error[:, 2]
        return actual


def _truncated_normal(uniform: NDArray, mean: NDArray, std: NDArray, least: NDArray) -> NDArray:
    """Inverse distribution function of normals cut at ±3σ and below `least`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(std > 0, (least - mean) / std, -CUT)
    low, high = ndtr(np.clip(low, -CUT, CUT)), ndtr(CUT)
    return mean + std * np.clip(ndtri(low + uniform * (high - low)), -CUT, CUT)


def _errors(table: tuple[tuple[float, float], ...]) -> MotionErrors:
    along, across, heading = table
    return MotionErrors((along[0], across[0], heading[0]), (along[1], across[1], heading[1]))


PYROBOT: dict[str, tuple[MotionErrors, MotionErrors]] = {
    name: (_errors(drive), _errors(turn))
    for name, drive, turn in (
        (
            "locobot-ilqr",
            ((0.014, 0.006), (0.009, 0.005), (0.008, 0.004)),
            ((0.003, 0.002), (0.003, 0.003), (0.023, 0.012)),
        ),
        (
            "locobot-proportional",
            ((0.017, 0.007), (0.042, 0.023), (0.031, 0.026)),
            ((0.001, 0.001), (0.005, 0.004), (0.043, 0.017)),
        ),
        (
            "locobot-movebase",
            ((0.074, 0.019), (0.036, 0.033), (0.189, 0.038)),
            ((0.002, 0.0), (0.003, 0.002), (0.219, 0.019)),
        ),
        (
            "locobot-lite-ilqr",
            ((0.142, 0.008), (0.023, 0.008), (0.031, 0.028)),
            ((0.002, 0.001), (0.002, 0.002), (0.122, 0.030)),
        ),
        (
            "locobot-lite-proportional",
            ((0.135, 0.007), (0.043, 0.009), (0.049, 0.009)),
            ((0.002, 0.002), (0.002, 0.001), (0.054, 0.061)),
        ),
        (
            "locobot-lite-movebase",
            ((0.192, 0.055), (0.117, 0.144), (0.128, 0.143)),
            ((0.002, 0.001), (0.001, 0.001), (0.173, 0.025)),
        ),
    )
}
"""Name → errors of drives and of turns, (mean, variance) as published."""

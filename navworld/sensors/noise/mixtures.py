"""Mixture noise of motion and odometer, in the form of Active Neural SLAM.

D. S. Chaplot et al., "Learning to explore using Active Neural SLAM", ICLR 2020, drove a LoCoBot
through three actions (forward 0.25 m, left 10°, right 10°) and fitted, to each of them, one
Gaussian mixture to what the robot did (actuation) and one to how its odometer erred (sensor): six
mixtures over (x [m], y [m], heading [deg]). They are drawn once per action, are not truncated and
do not grow with the commanded motion; an action that does nothing has none; `multiplier` scales
the odometer's errors, as the authors' `noise_level` does.

**The parameters here are not the published ones.** The fits were released as six binary files
beside the code and are printed neither in the paper nor anywhere else that could be read. The
form is theirs, the numbers are this project's own, and the preset's name says so:
`ans-form-own-values`. What is known of the originals is kept: nominally the same robot, and
standard deviations of motion that PyRobot's LoCoBot models exceed eight- to twenty-nine-fold (its
proportional controller, here, 12- to 25-fold). All else is chosen: two components per action
(eight actions in ten go well, two slip: 2.2 times the spread and another bias), lateral and
heading errors correlated because both come from unequal wheels, and an odometer that errs about
half as much. Whoever has the files gets the published models from `ActionMixtures` with their
`weights_`, `means_` (of actuation: less the nominal motion) and `covariances_`, in radians.

Errors are kept as error = actual − commanded (actuation) and sensed − true (odometer), in the body
frame before the action: forward, left [m] and heading [rad].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.sensors.noise.actuation import Triple
from navworld.streams import IntArray, Streams

OWN_VALUES = "ans-form-own-values"


@dataclass(frozen=True)
class Mixture:
    """A mixture of normal distributions over (forward [m], left [m], heading [rad]).

    Attributes:
        weights: One per component, summing to 1.
        means: (components, 3).
        covariances: (components, 3, 3), symmetric and not negative.
    """

    weights: tuple[float, ...]
    means: tuple[Triple, ...]
    covariances: tuple[tuple[Triple, Triple, Triple], ...]

    def __post_init__(self) -> None:
        weights, count = np.asarray(self.weights, np.float64), len(self.weights)
        if not (count and (weights >= 0).all() and abs(weights.sum() - 1) < 1e-6):
            raise ValueError(f"mixture weights {self.weights} must be positive and sum to 1")
        means, covariances = np.asarray(self.means), np.asarray(self.covariances)
        if means.shape != (count, 3) or covariances.shape != (count, 3, 3):
            raise ValueError(
                f"a mixture of {count} components needs means ({count}, 3) and covariances "
                f"({count}, 3, 3), not {means.shape} and {covariances.shape}"
            )
        if not np.allclose(covariances, covariances.transpose(0, 2, 1)):
            raise ValueError("the covariances of a mixture must be symmetric")
        if np.linalg.eigvalsh(covariances).min() < -1e-12:
            raise ValueError("the covariances of a mixture must not have negative eigenvalues")

    def sample(self, uniform: NDArray, normal: NDArray) -> NDArray:
        """(n, 3) draws from uniform (n,) and standard normal (n, 3) numbers."""
        which = np.searchsorted(np.cumsum(self.weights)[:-1], uniform, side="right")
        values, vectors = np.linalg.eigh(np.asarray(self.covariances))
        roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
        return np.asarray(self.means)[which] + np.einsum("nij,nj->ni", roots[which], normal)

    @property
    def std(self) -> NDArray:
        """(3,) standard deviations of the whole mixture."""
        weights, means = np.asarray(self.weights)[:, None], np.asarray(self.means)
        variances = np.diagonal(np.asarray(self.covariances), axis1=1, axis2=2)
        centre = (weights * means).sum(0)
        return np.sqrt((weights * (variances + (means - centre) ** 2)).sum(0))


@dataclass(frozen=True)
class ActionMixtures:
    """One mixture of errors for each of three actions.

    Attributes:
        name: Which fit.
        forward, left, right: A motion belongs to the action that it is most of, with `nominal` as
            the unit; backwards is forward turned by 180°.
        multiplier: Of the errors.
        nominal: Length [m] and angle [rad] of the actions that the mixtures are fits of.
    """

    name: str
    forward: Mixture
    left: Mixture
    right: Mixture
    multiplier: float = 1.0
    nominal: tuple[float, float] = (0.25, float(np.radians(10.0)))

    def __post_init__(self) -> None:
        if not (np.isfinite(self.multiplier) and self.multiplier >= 0):
            raise ValueError(f"noise multiplier {self.multiplier!r} must be zero or positive")
        if not (np.isfinite(self.nominal).all() and min(self.nominal) > 0):
            raise ValueError(
                f"nominal actions {self.nominal} must have a positive length and angle"
            )

    def errors(self, motion: NDArray, component: str, ids: IntArray, streams: Streams) -> NDArray:
        """(n, 3) errors of (n, 3) motions, drawn from the streams of `component`."""
        uniform = streams.uniform(f"{component} mixture", ids)
        normal = streams.normal(component, ids, (3,))
        driven = np.hypot(motion[:, 0], motion[:, 1]) / self.nominal[0]
        turned = motion[:, 2] / self.nominal[1]
        kind = np.where(driven >= np.abs(turned), 0, np.where(turned > 0, 1, 2))
        drawn = np.stack([m.sample(uniform, normal) for m in (self.forward, self.left, self.right)])
        error = self.multiplier * drawn[kind, np.arange(len(motion))]
        error[(kind == 0) & (motion[:, 0] < 0), :2] *= -1
        error[(driven == 0) & (turned == 0)] = 0.0
        return error


@dataclass(frozen=True)
class MixtureActuation:
    """Adds an error to every action; see `navworld.sensors.noise.Actuation`."""

    mixtures: ActionMixtures

    @property
    def name(self) -> str:
        """Which fit."""
        return self.mixtures.name

    def disturb(self, motion: NDArray, ids: IntArray, streams: Streams) -> NDArray:
        """See `navworld.sensors.noise.Actuation.disturb`."""
        return motion + self.mixtures.errors(motion, "actuation", ids, streams)


def _slipping(mean: Triple, std: Triple, slip: Triple, correlation: float) -> Mixture:
    """Eight actions in ten at (mean, std), two at (slip, 2.2 std)."""
    sx, sy, st = std
    tied = correlation * sy * st
    core = ((sx**2, 0.0, 0.0), (0.0, sy**2, tied), (0.0, tied, st**2))
    wide = tuple(tuple(2.2**2 * x for x in row) for row in core)
    return Mixture((0.8, 0.2), (mean, slip), (core, wide))  # type: ignore[arg-type]


OWN_ACTUATION = ActionMixtures(
    OWN_VALUES,
    forward=_slipping((-0.004, 0.001, 0.002), (0.005, 0.0045, 0.006), (-0.01, -0.002, -0.004), 0.6),
    left=_slipping((0.0005, 0.0, -0.006), (0.0016, 0.0020, 0.0055), (0.0, 0.001, -0.014), 0.3),
    right=_slipping((0.0005, 0.0, 0.005), (0.0016, 0.0020, 0.0055), (0.0, -0.001, 0.013), -0.3),
)
"""Motion noise in the form of Active Neural SLAM; the values are this project's own."""

OWN_ODOMETER = ActionMixtures(
    OWN_VALUES,
    forward=_slipping((0.002, 0.0005, -0.001), (0.0025, 0.0022, 0.003), (0.005, 0.001, 0.002), 0.6),
    left=_slipping((0.0, 0.0003, 0.003), (0.0008, 0.001, 0.0028), (0.0, 0.0005, 0.007), 0.3),
    right=_slipping((0.0, -0.0003, -0.0025), (0.0008, 0.001, 0.0028), (0.0, 0.0, -0.0065), -0.3),
)
"""Odometer noise in the form of Active Neural SLAM; the values are this project's own."""

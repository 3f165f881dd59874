"""What an agent believes: where it is, how it moved, what surrounds it.

`GPS` and `Oracle` are the localizers that need no learning. `augment` turns what is sensed into
what a policy sees; the training wrapper and `Agent.act` both call it. All beliefs are in the
frame of the episode's start (x forward, y left, z up; the start pose is the identity).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.streams import IntArray

if TYPE_CHECKING:
    from navworld.contracts import Localizer, Mapper
    from navworld.world.world import World

Observation = dict[str, NDArray]

FAR = 1000.0
"""Bound of positions and distances in observation spaces [m]."""


@dataclass(frozen=True)
class Motion:
    """Relative motion of n bodies.

    Attributes:
        T_previous_current: (n, 4, 4).
        covariance: (n, 6, 6) of the twist (translation, rotation) in the current frame, or None.
        metric: False when the translation is known only up to scale.
        lost: (n,) bool, where the motion was not measured but is a guess; None where none is.
    """

    T_previous_current: NDArray
    covariance: NDArray | None = None
    metric: bool = True
    lost: NDArray | None = None


@dataclass(frozen=True)
class Belief:
    """Believed poses of n bodies in the frame of their start.

    Attributes:
        T_world_body: (n, 4, 4); "world" is the frame of the start.
        covariance: (n, 6, 6) or None.
        lost: (n,) bool.
    """

    T_world_body: NDArray
    covariance: NDArray | None = None
    lost: NDArray | None = None


@dataclass(frozen=True)
class Map:
    """What a mapper adds to the observation: arrays with a leading axis of n."""

    observation: Mapping[str, NDArray] = field(default_factory=dict)


class GPS:
    """Localizer that reads the GPS + compass sensor (keys `gps` and `compass`)."""

    def __init__(self) -> None:
        self.space = spaces.Dict({})

    def reset(self, T_world_body: NDArray, ids: IntArray) -> None:
        """Nothing to remember."""

    def update(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Belief:
        """The pose that the sensor reports."""
        if "gps" not in observation:
            raise ValueError(
                "the GPS localizer reads the observation 'gps', which no sensor gives: "
                "add 'gps' to sensors=, or choose another localizer="
            )
        n = len(observation["gps"])
        T = np.tile(np.eye(4), (n, 1, 1))
        yaw = observation["compass"][:, 0].astype(np.float64)
        T[:, 0, 0] = T[:, 1, 1] = np.cos(yaw)
        T[:, 1, 0] = np.sin(yaw)
        T[:, 0, 1] = -T[:, 1, 0]
        T[:, :3, 3] = observation["gps"]
        return Belief(T)


class Oracle:
    """Localizer that knows the truth; the one component that looks at the world."""

    def __init__(self) -> None:
        self.space = spaces.Dict({})
        self._world: World | None = None

    def bind(self, world: World) -> None:
        """Gives it the world whose truth it tells; environments call this."""
        self._world = world

    def reset(self, T_world_body: NDArray, ids: IntArray) -> None:
        """Nothing to remember."""

    def update(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Belief:
        """The true pose relative to the start."""
        if self._world is None:
            raise ValueError("Oracle knows no world: make an environment with localizer=Oracle()")
        return Belief(self._world.T_start_body(ids))


def goal_polar(goal: NDArray, T_world_body: NDArray) -> NDArray[np.float32]:
    """The goal seen from a believed pose.

    Args:
        goal: (n, 3) in the frame of the start [m].
        T_world_body: (n, 4, 4) believed poses in the same frame.

    Returns:
        (n, 3) float32: distance in the plane [m], cosine and sine of the bearing (0 is ahead,
        positive to the left).
    """
    offset = goal[:, :3].astype(np.float64) - T_world_body[:, :3, 3]
    local = np.einsum("nji,nj->ni", T_world_body[:, :3, :3], offset)
    distance = np.hypot(local[:, 0], local[:, 1])
    safe = np.maximum(distance, 1e-9)
    ahead = np.where(distance < 1e-9, 1.0, local[:, 0] / safe)
    polar = np.stack([np.minimum(distance, FAR), ahead, local[:, 1] / safe], 1)
    return polar.astype(np.float32)


GOAL_POLAR_SPACE = spaces.Box(
    np.array([0, -1, -1], np.float32), np.array([FAR, 1, 1], np.float32), dtype=np.float32
)


def augmented_space(
    space: spaces.Dict, localizer: Localizer | None, mappers: Sequence[Mapper]
) -> spaces.Dict:
    """The observation space after `augment`, given the space of sensors and task."""
    extra: dict[str, spaces.Space] = {}
    if localizer is not None:
        extra.update(localizer.space.spaces)
        if "goal" in space.spaces:
            extra["goal_polar"] = GOAL_POLAR_SPACE
    for mapper in mappers:
        extra.update(mapper.space.spaces)
    clash = sorted(set(extra) & set(space.spaces))
    if clash:
        raise ValueError(f"the keys {clash} are given twice: by a sensor or task, and a component")
    return spaces.Dict({**space.spaces, **extra})


def augment(
    observation: Observation,
    action: NDArray | None,
    dt: float,
    ids: IntArray,
    *,
    localizer: Localizer | None,
    mappers: Sequence[Mapper],
) -> tuple[Observation, Belief | None]:
    """Adds to n observations what the agent's components make of them.

    Args:
        observation: What the sensors and the task give, rows in the order of `ids`.
        action: (n, …) the actions that led here; None on the first observation of an episode.
        dt: Time since the previous observation [s].
        ids: (n,) which environments the rows belong to.

    Returns:
        The observation with `goal_polar` (the goal relative to the belief) and the components'
        keys added, and the belief.
    """
    result = dict(observation)
    belief = None
    if localizer is not None:
        belief = localizer.update(observation, action, dt, ids)
        if "goal" in observation:
            result["goal_polar"] = goal_polar(observation["goal"], belief.T_world_body)
    for mapper in mappers:
        if belief is None:
            raise ValueError("a mapper needs a belief: pass localizer= beside mappers=")
        result.update(mapper.update(result, belief, ids).observation)
    return result, belief

"""READ FIRST: the words everything is plugged together by.

Everything carries a batch: `ids` (n,) says which environments of the batch are meant, arrays
have n rows in that order, and one environment is a batch of one. Only sensors and tasks see
`World`, the truth; odometers, localizers, mappers and policies see observations.

An object satisfies a protocol by having its methods; nothing is inherited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Belief, Map, Motion, Observation
from navworld.recipe import Recipe
from navworld.streams import IntArray, Streams

if TYPE_CHECKING:
    from navworld.data.sequences import Channel
    from navworld.world.body import Camera
    from navworld.world.world import World

__all__ = [
    "Belief", "Calibrated", "Equipped", "Leading", "Listening", "Localizer", "Map", "Mapper",
    "Motion", "Observation", "Odometer", "Outcome", "Policy", "Recipe", "Resumable", "Sensor",
    "Task",
]  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What a step was worth, for every environment of the batch.

    Attributes:
        reward: (B,) float.
        terminated, truncated, success: (B,) bool.
        metrics: Name → (B,) float; named with units (`distance_to_goal_m`).
    """

    reward: NDArray
    terminated: NDArray
    truncated: NDArray
    success: NDArray
    metrics: dict[str, NDArray] = field(default_factory=dict)


@runtime_checkable
class Sensor(Protocol):
    """Something that measures.

    Attributes:
        space: Its keys in the observation, with finite bounds.
        renders: The (camera, output) pairs it reads through `World.render`, so that sensors on
            one camera share one pass; empty for others. What it looks at through `World.view`
            instead it may name in an attribute `views`, so that the light of coming scenes is
            baked ahead where it sees colours.
    """

    space: spaces.Dict
    renders: tuple[tuple[Camera, str], ...]

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Begins an episode in environments `ids`."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """Measures: key → (n, …), arrays that nobody else will write to."""


@runtime_checkable
class Task(Protocol):
    """What is asked of an agent and what it is worth.

    Attributes:
        space: What the task adds to the observation, for example the goal in the frame of the
            start.
    """

    space: spaces.Dict

    def reset(self, world: World, ids: IntArray, streams: Streams, episodes: Any) -> None:
        """Begins an episode: places the bodies and sets the goals.

        Args:
            episodes: For every id the frozen episode to run, or None to draw one.
        """

    def observe(self, world: World, ids: IntArray) -> Observation:
        """What the agent is told: key → (n, …)."""

    def outcome(self, world: World, actions: Any) -> Outcome:
        """Judges the step that the whole batch has just made."""


@runtime_checkable
class Equipped(Protocol):
    """A task that depends on the camera or on the action space of its environment."""

    def equip(self, camera: Camera, moves: spaces.Space) -> spaces.Space:
        """Called once, before `Task.space` is read.

        Args:
            camera: Where the named cameras look from. A task that looks through it names what it
                reads in an attribute `views`, so that light is baked ahead.
            moves: The actions that move the body.

        Returns:
            The action space: `moves`, or a `Dict` with `moves` as "move" and what the task wants
            to be told beside. `Task.outcome` gets the whole action.
        """


@runtime_checkable
class Leading(Protocol):
    """A task that moves the body itself for a while."""

    def lead(self, world: World, moves: NDArray) -> NDArray:
        """What the batch really does (B, …), given what it chose."""


@runtime_checkable
class Listening(Protocol):
    """A task that judges what the localizer believes."""

    def hear(self, belief: Belief, ids: IntArray) -> None:
        """The belief of environments `ids` after their last observation."""


@runtime_checkable
class Resumable(Protocol):
    """A task that says what changes in it; others are copied whole."""

    def state(self) -> dict:
        """Everything needed to continue, untouched by what happens later."""

    def load(self, state: dict) -> None:
        """Continues from `state()`."""


@runtime_checkable
class Odometer(Protocol):
    """Estimates relative motion.

    What it senses with it may name in an attribute `sensors`, a tuple of names or sensors, so
    that environments made for it have them. Where it has lost track it says so in `Motion.lost`
    and in a large covariance.
    """

    def reset(self, ids: IntArray) -> None:
        """Begins an episode."""

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """Motion since the previous observation; the identity on an episode's first."""


@runtime_checkable
class Calibrated(Protocol):
    """An odometer that must know where sensors sit and how cameras image."""

    def calibrate(self, channels: Mapping[str, Channel], id: int) -> None:
        """Called before `Odometer.reset`, with the sensors that environment `id` carries."""


@runtime_checkable
class Localizer(Protocol):
    """Tells where the body is: GPS, dead reckoning, relocalization, SLAM, the oracle.

    Attributes:
        space: What it adds to the observation.
    """

    space: spaces.Dict

    def reset(self, T_world_body: NDArray, ids: IntArray) -> None:
        """Begins an episode at known poses (n, 4, 4)."""

    def update(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Belief:
        """The belief after an observation; `action` is None on an episode's first."""


@runtime_checkable
class Mapper(Protocol):
    """Tells what is around the body.

    Attributes:
        space: What it adds to the observation.
    """

    space: spaces.Dict

    def reset(self, ids: IntArray) -> None:
        """Forgets everything."""

    def update(self, observation: Observation, belief: Belief, ids: IntArray) -> Map:
        """The map after an observation taken at a believed pose."""


@runtime_checkable
class Policy(Protocol):
    """Decides: stable-baselines3's `predict`."""

    def predict(
        self,
        observation: Observation,
        state: Any = None,
        episode_start: NDArray | None = None,
        deterministic: bool = False,
    ) -> tuple[NDArray, Any]:
        """Actions (n, …) and the recurrent state to pass in next time."""

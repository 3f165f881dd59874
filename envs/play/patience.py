"""A task for drivers with hands: resting is not yet arriving."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Outcome
from navworld.envs.tasks.pointnav import PointNav
from navworld.streams import IntArray, Streams
from navworld.world.world import World


class Patience:
    """PointNav that ends only where the driver says so; else a rest is a rest, and time goes on.

    Attributes:
        declared: Whether the driver declares the end with the coming step.
    """

    def __init__(self) -> None:
        self._task = PointNav(max_steps=1_000_000)
        self.space = self._task.space
        self.declared = False

    def reset(self, world: World, ids: IntArray, streams: Streams, episodes: Any) -> None:
        """Begins an episode."""
        self.declared = False
        self._task.reset(world, ids, streams, episodes)

    def observe(self, world: World, ids: IntArray) -> Observation:
        """The goal in the frame of the start: {"goal": (n, 3)} [m]."""
        return self._task.observe(world, ids)

    def outcome(self, world: World, actions: NDArray) -> Outcome:
        """Judges the step."""
        world.stopped &= self.declared
        self.declared = False
        return self._task.outcome(world, actions)

    def state(self) -> dict[str, Any]:
        """Everything needed to continue an episode."""
        return self._task.state()

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()`."""
        self._task.load(state)

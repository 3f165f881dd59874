"""What tasks that lead to a place share: how far it is, on what terms, and what it is worth.

*Success* of a leg is to stop within `success_distance` (geodesic) of its goal. It, SPL and SoftSPL
are defined in `navworld.evaluation.metrics.navigation`, as habitat-lab has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.contracts import Outcome
from navworld.envs.tasks.checks import check_lengths, check_range, check_steps
from navworld.envs.tasks.resuming import Resuming
from navworld.evaluation.metrics import navigation
from navworld.world.geodesic import DistanceField, distances
from navworld.world.world import World


@dataclass(frozen=True)
class Leg:
    """How the last step went, for every environment of the batch.

    Attributes:
        progress: (B,) decrease of the distance to the goal [m].
        distance: (B,) geodesic distance to the goal [m].
        shortest: (B,) shortest path from where the leg began [m].
        travelled: (B,) path since then [m].
        success: (B,) whether the body has just stopped within reach.
        spl, soft_spl: (B,).
    """

    progress: NDArray
    distance: NDArray
    shortest: NDArray
    travelled: NDArray
    success: NDArray
    spl: NDArray
    soft_spl: NDArray


class Journey:
    """A batch of ways to goals.

    Attributes:
        fields: B distance fields of the goals.
        steps, collisions: (B,) since the episode's start.
    """

    def __init__(self) -> None:
        self.fields: list[DistanceField] = []
        self._rows: dict[str, NDArray] = {}

    @property
    def steps(self) -> NDArray:
        """(B,) steps of the episodes so far; the array that is counted in."""
        return self._rows["steps"]

    @property
    def collisions(self) -> NDArray:
        """(B,) collisions of the episodes so far."""
        return self._rows["collisions"]

    def begin(
        self, world: World, i: int, start: ArrayLike, field: DistanceField, length: float
    ) -> None:
        """Places body i at a start (x, y, heading) whose shortest path to the goal is known."""
        x, y, heading = np.asarray(start, np.float64)
        world.place(i, world.places[i], np.array([x, y]), heading)
        self.enter(world, i, field, length)

    def enter(
        self, world: World, i: int, field: DistanceField, length: float | None = None
    ) -> None:
        """Begins counting for body i where it stands."""
        if not self.fields:
            self._allocate(world.num_envs)
        self._rows["steps"][i] = self._rows["collisions"][i] = 0
        self.head_for(world, i, field, length)

    def head_for(
        self, world: World, i: int, field: DistanceField, length: float | None = None
    ) -> None:
        """Begins a leg of body i from where it stands."""
        self.fields[i] = field
        distance = field.distance(world.xy[i : i + 1])[0]
        rows = self._rows
        rows["distance"][i] = distance
        rows["shortest"][i] = distance if length is None else length
        rows["before"][i] = world.travelled[i]

    def step(self, world: World, success_distance: float) -> Leg:
        """Follows the step that the whole batch has just made."""
        rows = self._rows
        distance = distances(self.fields, world.xy)
        progress = rows["distance"] - distance
        rows["distance"] = distance
        rows["steps"] += 1
        rows["collisions"] += world.collided
        shortest, travelled = rows["shortest"].copy(), world.travelled - rows["before"]
        success = navigation.success(world.stopped, distance, success_distance)
        return Leg(
            progress,
            distance,
            shortest,
            travelled,
            success,
            navigation.spl(success, shortest, travelled),
            navigation.soft_spl(distance, shortest, travelled),
        )

    def state(self) -> dict:
        """Everything needed to continue."""
        return {"fields": list(self.fields), **{k: v.copy() for k, v in self._rows.items()}}

    def load(self, state: dict) -> None:
        """Continues from `state()`."""
        self.fields = list(state["fields"])
        self._rows = {k: v.copy() for k, v in state.items() if k != "fields"}

    def _allocate(self, num_envs: int) -> None:
        self.fields = [None] * num_envs  # type: ignore[list-item]
        self._rows = {
            "distance": np.zeros(num_envs),
            "shortest": np.ones(num_envs),
            "before": np.zeros(num_envs),
            "steps": np.zeros(num_envs, np.int64),
            "collisions": np.zeros(num_envs, np.int64),
        }


@dataclass(kw_only=True, eq=False)
class GoalTask(Resuming):
    """A task that asks for one place: an episode ends where the body stops.

    Attributes:
        success_distance: Geodesic [m].
        min_geodesic, max_geodesic: Of drawn episodes [m].
        max_steps: After which an episode is truncated.
        success_reward: Times SPL, at success.
        slack_reward: Per step.
        journey: The ways of the batch.
    """

    success_distance: float
    min_geodesic: float
    max_geodesic: float
    max_steps: int = 500
    success_reward: float = 2.5
    slack_reward: float = -0.01

    changing: ClassVar[tuple[str, ...]] = ("journey",)

    def __post_init__(self) -> None:
        self.journey = Journey()
        check_steps(self.max_steps)
        check_lengths(success_distance=self.success_distance)
        check_range("geodesic", self.min_geodesic, self.max_geodesic)

    @property
    def fields(self) -> list[DistanceField]:
        """Distances to the goals."""
        return self.journey.fields

    def outcome(self, world: World, actions: NDArray) -> Outcome:
        """Reward: geodesic progress [m] + slack, plus success_reward · SPL at success."""
        leg, stopped = self.journey.step(world, self.success_distance), world.stopped.copy()
        return Outcome(
            reward=leg.progress + self.slack_reward + self.success_reward * leg.spl,
            terminated=stopped,
            truncated=(self.journey.steps >= self.max_steps) & ~stopped,
            success=leg.success,
            metrics={
                "success": leg.success.astype(np.float64),
                "spl": leg.spl,
                "soft_spl": leg.soft_spl,
                "distance_to_goal_m": leg.distance,
                "collisions": self.journey.collisions.astype(np.float64),
                "geodesic_m": leg.shortest,
                "path_m": leg.travelled,
            },
        )

"""What tasks that lead to a place share: where episodes begin, how far it is, what it is worth.

*Success* of a leg is to stop within `success_distance` (geodesic) of its goal. It, SPL and SoftSPL
are defined in `navworld.evaluation.metrics.navigation`, as habitat-lab has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.contracts import Outcome
from navworld.evaluation.metrics import navigation
from navworld.world.geodesic import DistanceField, distances
from navworld.world.navigability import Navigator
from navworld.world.world import World

MARGIN = 0.002
"""Starts and goals keep this much more clearance than needed, whatever is rounded later [m]."""

CANDIDATES = 48
"""Starts tried for one goal: distances to a goal are cheap once its field is there."""

TRIES = 16
"""Goals tried before a scene is refused."""


@dataclass(frozen=True)
class Terms:
    """On what terms a place is to be reached.

    Attributes:
        success_distance: Geodesic [m].
        min_geodesic, max_geodesic: Of drawn episodes [m].
        max_steps: After which an episode is truncated.
        success_reward: Times SPL, at success.
        slack_reward: Per step.
    """

    success_distance: float
    min_geodesic: float
    max_geodesic: float
    max_steps: int
    success_reward: float = 2.5
    slack_reward: float = -0.01

    def __post_init__(self) -> None:
        check_steps(self.max_steps)
        if not self.success_distance > 0:
            raise ValueError(f"success_distance={self.success_distance!r}: expected above 0 m")
        if not 0 < self.min_geodesic < self.max_geodesic:
            raise ValueError(
                f"min_geodesic={self.min_geodesic} and max_geodesic={self.max_geodesic}: expected "
                "0 < min_geodesic < max_geodesic"
            )


def check_steps(max_steps: object) -> None:
    """Refuses a budget that is no positive whole number."""
    if not (isinstance(max_steps, (int, np.integer)) and max_steps > 0):
        raise ValueError(f"max_steps={max_steps!r}: expected a positive whole number")


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
        terms: On what terms they end.
        fields: B distance fields of the goals.
        steps, collisions: (B,) since the episode's start.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
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

    def step(self, world: World) -> Leg:
        """Follows the step that the whole batch has just made."""
        rows, terms = self._rows, self.terms
        distance = distances(self.fields, world.xy)
        progress = rows["distance"] - distance
        rows["distance"] = distance
        rows["steps"] += 1
        rows["collisions"] += world.collided
        shortest, travelled = rows["shortest"].copy(), world.travelled - rows["before"]
        success = navigation.success(world.stopped, distance, terms.success_distance)
        return Leg(
            progress,
            distance,
            shortest,
            travelled,
            success,
            navigation.spl(success, shortest, travelled),
            navigation.soft_spl(distance, shortest, travelled),
        )

    def outcome(self, world: World, leg: Leg) -> Outcome:
        """What a step of an episode with one goal was worth: it ends where the body stops."""
        terms, stopped = self.terms, world.stopped.copy()
        return Outcome(
            reward=leg.progress + terms.slack_reward + terms.success_reward * leg.spl,
            terminated=stopped,
            truncated=(self.steps >= terms.max_steps) & ~stopped,
            success=leg.success,
            metrics={
                "success": leg.success.astype(np.float64),
                "spl": leg.spl,
                "soft_spl": leg.soft_spl,
                "distance_to_goal_m": leg.distance,
                "collisions": self.collisions.astype(np.float64),
                "geodesic_m": leg.shortest,
                "path_m": leg.travelled,
            },
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


def spots(
    navigator: Navigator,
    rng: np.random.Generator,
    count: int,
    *,
    around: NDArray | None = None,
    reach: float = np.inf,
) -> NDArray[np.float64]:
    """(≤ count, 2) walkable points, evenly spread; only those within `reach` of `around` [m]."""
    low, high = navigator.bounds
    if around is None or reach >= np.linalg.norm(high - low):
        found = navigator.sample(rng, count)
    else:
        box = np.maximum(low, around - reach), np.minimum(high, around + reach)
        found = rng.uniform(*box, (8 * count, 2))
        near = np.linalg.norm(found - around, axis=1) <= reach
        found = found[near & (navigator.component(found) == 0)][:count]
    return found[navigator.clearance(found) >= navigator.radius + MARGIN]


def start_for(
    navigator: Navigator,
    field: DistanceField,
    rng: np.random.Generator,
    *,
    around: NDArray,
    low: float,
    high: float,
) -> NDArray[np.float64] | None:
    """(3,) x, y and heading from which it is `low` to `high` metres to a goal; None if none is."""
    found = spots(navigator, rng, CANDIDATES, around=around, reach=high)
    heading = rng.uniform(-np.pi, np.pi)
    length = field.distance(found) if len(found) else np.empty(0)
    fits = np.flatnonzero((length >= low) & (length <= high))
    return np.array([*found[fits[0]], heading]) if len(fits) else None


def no_episode(navigator: Navigator, what: str, remedy: str) -> ValueError:
    """The sentence for a scene in which no episode is found."""
    return ValueError(
        f"no {what} was found in {navigator.area:.1f} m² of walkable space: {remedy}, or choose "
        "another scene"
    )

"""Experts that look at the truth: the ceiling in every table.

What they succeed in can be solved. They are policies (`navworld.contracts.Policy`) that are bound
to a batch of environments; what they observe is not used. `expert_for` has one for every task.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from navworld.actions import STOP
from navworld.envs.tasks.explore import Explore, Sight
from navworld.envs.tasks.guide import next_action
from navworld.envs.tasks.relocalize import Relocalize
from navworld.envs.tasks.sight import UNSEEN
from navworld.world.geodesic import DistanceField
from navworld.world.navigability import Navigator
from navworld.world.scene import Floor

if TYPE_CHECKING:
    from navworld.envs.navigation import Navigation


class Unseeing(ABC):
    """A policy that does not use what is observed."""

    _batch: Any = None

    def bind(self, batch: Navigation) -> None:
        """Gives it the batch whose truth it may use."""
        self._batch = batch

    @property
    def batch(self) -> Any:
        """The batch that it is bound to."""
        if self._batch is None:
            raise ValueError("the oracle knows no world: call bind(env.batch) first")
        return self._batch

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: NDArray | None = None,
        deterministic: bool = True,
    ) -> tuple[Any, Any]:
        """Actions for every environment of the batch, and the state as it came."""
        return self.actions(), state

    @abstractmethod
    def actions(self) -> Any:
        """What every environment of the batch does next."""


class ShortestPathOracle(Unseeing):
    """Goes the shortest way to the goal of the task and stops there (`guide.next_action`).

    Args:
        lookahead: Forward moves tried along each heading.
        turn_cost: Of a turn [m].
        contact_cost: Of a forward move that ends at an obstacle [m].
        margin: It stops this much inside the success distance [m], at most half of it.
    """

    def __init__(
        self,
        *,
        lookahead: int = 3,
        turn_cost: float = 0.02,
        contact_cost: float = 0.3,
        margin: float = 0.06,
    ) -> None:
        self.lookahead, self.turn_cost = lookahead, turn_cost
        self.contact_cost, self.margin = contact_cost, margin

    def actions(self) -> NDArray[np.int64]:
        """(B,)."""
        return np.array([self._decide(i) for i in range(self.batch.num_envs)])

    def _decide(self, i: int) -> int:
        world, task = self.batch.world, self.batch.task
        field, reach = task.fields[i], task.success_distance
        here = float(field.distance(world.xy[i : i + 1])[0])
        if here < reach - min(self.margin, 0.5 * reach):
            return STOP
        return next_action(
            world,
            i,
            field,
            lookahead=self.lookahead,
            turn_cost=self.turn_cost,
            contact_cost=self.contact_cost,
        )


BESIDE = 2.0
"""How far beside what is to be seen ways are looked for at first [m]."""

CROWD, CRUMBS = 11, 0.2
"""Side of the square around a cell [cells] and the share of it unseen that make it worth a way."""


class ExploreExpert(Unseeing):
    """Goes to the nearest place that has not been seen, until enough has been.

    It holds on to a place until that is seen: of two as near, it would want now one, now the other.

    Args:
        enough: Coverage at which it stops, above what success asks for.
    """

    def __init__(self, *, enough: float = 0.02) -> None:
        self.enough = enough
        self._targets: dict[int, tuple[Sight, int, int, DistanceField]] = {}

    def bind(self, batch: Navigation) -> None:
        """Gives it the batch whose truth it uses."""
        super().bind(batch)
        self._targets = {}

    def actions(self) -> NDArray[np.int64]:
        """(B,)."""
        return np.array([self._decide(i) for i in range(self.batch.num_envs)])

    def _decide(self, i: int) -> int:
        world, task = self.batch.world, self.batch.task
        wanted = min(1.0, task.success_coverage + self.enough)
        if task.coverage(i) >= wanted:
            self._targets.pop(i, None)
            return STOP
        sight = task.sights[i]
        known = self._targets.get(i)
        if known is None or known[0] is not sight or sight.cells[known[1], known[2]] != UNSEEN:
            known = self._targets[i] = (sight, *self._nearest_unseen(i))
        return next_action(world, i, known[3])

    def _nearest_unseen(self, i: int) -> tuple[int, int, DistanceField]:
        """Row and column in the window of the nearest cell that is no crumb, and its distances."""
        world, sight = self.batch.world, self.batch.task.sights[i]
        navigator, here = world.navigator(i), world.xy[i]
        floor = navigator.floor
        corner = np.array([sight.left, sight.top])
        unseen = (sight.cells == UNSEEN).astype(np.float32)
        among = unseen * (uniform_filter(unseen, CROWD) >= CRUMBS)
        row, column = np.nonzero(among if among.any() else unseen)
        xy = (np.stack([column, row], 1) + corner + 0.5) * floor.cell + floor.origin
        stands = xy[navigator.is_walkable(xy)]
        goals = stands if len(stands) else navigator.snap(xy)
        # Distances take as long as the ground is large: at first it ends a little off the window.
        for ground in (_around(navigator, sight), navigator):
            inside = goals[ground.is_walkable(goals)]
            field = DistanceField(ground, inside) if len(inside) else None
            if field is not None and np.isfinite(field.distance(here[None])[0]):
                break
        assert field is not None
        nearest = field.path(here)[-1]
        column, row = np.floor((nearest - floor.origin) / floor.cell).astype(int) - corner
        return int(row), int(column), DistanceField(ground, nearest)


def _around(navigator: Navigator, sight: Sight) -> Navigator:
    """The ground within the window of what is to be seen and `BESIDE` metres of it."""
    floor = navigator.floor
    margin = round(BESIDE / floor.cell)
    left, top = max(0, sight.left - margin), max(0, sight.top - margin)
    height, width = sight.cells.shape
    cut = floor.clearance[top : sight.top + height + margin, left : sight.left + width + margin]
    if cut.shape == floor.clearance.shape:
        return navigator
    origin = floor.origin[0] + left * floor.cell, floor.origin[1] + top * floor.cell
    return Navigator(Floor(origin, floor.cell, floor.height, cut), navigator.radius)


class RelocalizeExpert(Unseeing):
    """Declares the true pose as soon as it may."""

    def actions(self) -> dict[str, NDArray]:
        """{"move": (B,), "pose": (B, 3)}: it stops at once and says where it stands."""
        world = self.batch.world
        T = world.T_start_body(np.arange(world.num_envs))
        pose = np.stack([T[:, 0, 3], T[:, 1, 3], np.arctan2(T[:, 1, 0], T[:, 0, 0])], 1)
        stop = np.full(world.num_envs, STOP)
        return {"move": stop, "pose": pose.astype(np.float32)}


class RandomActions(Unseeing):
    """Draws from the action space, evenly: the floor.

    Args:
        space: The batch's action space.
        seed: Of its draws.
    """

    def __init__(self, space: spaces.Space, *, seed: int = 0) -> None:
        self._space = space
        self._space.seed(seed)

    def actions(self) -> Any:
        """Of the whole batch."""
        return self._space.sample()


def expert_for(batch: Navigation) -> Unseeing:
    """The expert for a batch's task, bound to the batch; discrete actions only."""
    expert: Unseeing = ShortestPathOracle()
    if isinstance(batch.task, Explore):
        expert = ExploreExpert()
    elif isinstance(batch.task, Relocalize):
        expert = RelocalizeExpert()
    elif not hasattr(batch.task, "fields"):
        raise ValueError(f"there is no expert for a {type(batch.task).__name__}")
    expert.bind(batch)
    return expert

"""The shortest-path oracle: knows the scene and the goal; the ceiling in every table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.world.motion import advance

if TYPE_CHECKING:
    from navworld.envs.navigation import Navigation
    from navworld.world.navigability import Navigator


class ShortestPathOracle:
    """Tries a few forward moves along every heading and takes the one that leaves the least to go.

    What counts is the way driven plus the geodesic distance left plus a little for every turn, so
    the choice holds while the body turns towards it.

    Args:
        lookahead: Forward moves tried along each heading.
        turn_cost: Of a turn [m].
        contact_cost: Of a forward move that ends at an obstacle [m].
        margin: It stops this much inside the success distance [m].
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
        self._batch: Any = None

    def bind(self, batch: Navigation) -> None:
        """Gives it the batch whose truth it uses."""
        self._batch = batch

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: NDArray | None = None,
        deterministic: bool = True,
    ) -> tuple[NDArray, Any]:
        """Actions (B,) for every environment of the batch; the observation is not used."""
        if self._batch is None:
            raise ValueError("the oracle knows no world: call bind(env.batch) first")
        return np.array([self._decide(i) for i in range(self._batch.num_envs)]), state

    def _decide(self, i: int) -> int:
        batch = self._batch
        world, field = batch.world, batch.task.fields[i]
        position, robot = world.xy[i], world.robot
        here = float(field.distance(position[None])[0])
        if here < batch.task.success_distance - self.margin:
            return STOP
        turn = np.radians(robot.turn_deg)
        half = int(np.floor(np.pi / turn + 1e-6))
        turns = np.arange(-half, half + 1)
        heading = world.yaw[i] + turns * turn
        ahead = np.stack([np.cos(heading), np.sin(heading)], 1)
        way = self._free_way(world.navigator(i), position, ahead * robot.forward)
        moves = np.arange(1, self.lookahead + 1) * robot.forward
        driven = np.minimum(moves, way[:, None])
        points = position + ahead[:, None] * driven[..., None]
        left = field.distance(points.reshape(-1, 2)).reshape(len(turns), -1)
        contact = driven < moves - 1e-6
        cost = driven + left + self.contact_cost * contact + self.turn_cost * np.abs(turns)[:, None]
        cost[driven < 0.01] = np.inf
        best = turns[np.argmin(cost.min(1))]
        return FORWARD if best == 0 else (LEFT if best > 0 else RIGHT)

    def _free_way(self, navigator: Navigator, position: NDArray, step: NDArray) -> NDArray:
        """How far (n,) the body gets from one position along (n, 2) forward moves, repeated [m]."""
        count = len(step)
        which, start = np.zeros(count, np.int64), np.tile(position, (count, 1))
        return advance([navigator], which, start, step * self.lookahead)[2]

"""The shortest-path oracle: knows the scene and the goal; the ceiling in every table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from navworld.envs.navigation import Navigation
    from navworld.world.navigability import Navigator

STOP, FORWARD, LEFT, RIGHT = range(4)


class ShortestPathOracle:
    """Turns to the heading whose next forward moves gain the most geodesic distance per action.

    Args:
        lookahead: Forward moves tried along each heading.
        turn_cost: What a turn counts for, in forward moves: turns take time but no path.
        margin: It stops this much inside the success distance [m].
    """

    def __init__(
        self, *, lookahead: int = 3, turn_cost: float = 0.25, margin: float = 0.06
    ) -> None:
        self.lookahead, self.turn_cost, self.margin = lookahead, turn_cost, margin
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
        reach = self._reach(world.navigator(i), position, ahead, robot.forward)
        moves = np.arange(1, self.lookahead + 1)
        points = position + ahead[:, None] * (moves * robot.forward)[None, :, None]
        left = field.distance(points.reshape(-1, 2)).reshape(len(turns), -1)
        rate = (here - left) / (moves + self.turn_cost * np.abs(turns)[:, None])
        rate[~np.isfinite(rate) | (moves > reach[:, None])] = -np.inf
        best = turns[np.argmax(rate.max(1) - 1e-9 * np.abs(turns))]
        if not np.isfinite(rate).any():
            return LEFT
        return FORWARD if best == 0 else (LEFT if best > 0 else RIGHT)

    def _reach(
        self, navigator: Navigator, position: NDArray, ahead: NDArray, step: float
    ) -> NDArray:
        """How many whole forward moves are free along each heading."""
        samples = np.arange(1, self.lookahead * 5 + 1) * (step / 5)
        points = position + ahead[:, None] * samples[None, :, None]
        free = navigator.is_walkable(points.reshape(-1, 2)).reshape(len(ahead), -1)
        return np.cumprod(free, 1).sum(1) // 5

"""The classical floor: depth → occupancy → cheapest path, and the teacher of the learned policy.

What has not been seen is taken to be free ("freespace assumption", Koenig & Likhachev, "D* Lite",
AAAI 2002) at a slightly higher cost, what is near obstacles costs more, and every action is
chosen anew: of all headings in steps of the turn angle and a few forward moves along each, the one
that leaves the least to go.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from navworld.agents.policies.planner_kernels import decide
from navworld.beliefs import Observation
from navworld.maps.occupancy import OccupancyMapper

if TYPE_CHECKING:
    from navworld.envs.navigation import Navigation

MOST_CAUTION = 4


@dataclass(frozen=True)
class PlannerSettings:
    """How the planner weighs things; lengths in metres, costs relative to free floor.

    Attributes:
        stop: It stops this near the goal.
        blocked: Clearance below which a place cannot be entered.
        wide: Clearance from which on it does not care.
        near_cost: Extra cost at `blocked`, falling to 0 at `wide`.
        unknown_cost: Extra cost of what has not been seen.
        margin: Added to the body's radius where it tests whether a forward move is free.
        turn_cost: Of a turn, in metres.
        contact_cost: Of a forward move that will end at contact, in metres.
        caution: Added to `blocked` whenever the body has been at one place, heading one way, for
            the third time: it was lured by a gap that its moves cannot pass.
    """

    stop: float = 0.30
    blocked: float = 0.165
    wide: float = 0.35
    near_cost: float = 1.0
    unknown_cost: float = 0.3
    margin: float = 0.0
    turn_cost: float = 0.03
    contact_cost: float = 0.4
    caution: float = 0.03


class PlannerPolicy:
    """Plans on the grid of an `OccupancyMapper` every step.

    Args:
        mapper: Whose grids to plan on; the rows passed to `predict` are its environments in
            order. `bind` takes that of a batch of environments instead.
        settings: Weights.
        turn_deg: Angle of a turn action.
    """

    def __init__(
        self,
        mapper: OccupancyMapper | None = None,
        *,
        settings: PlannerSettings | None = None,
        turn_deg: float = 30.0,
    ) -> None:
        self.settings = settings or PlannerSettings()
        self.turn = float(np.radians(turn_deg))
        self._mapper = mapper
        self._batch: Navigation | None = None
        self._been: dict[int, Counter[tuple[int, int, int]]] = {}
        self._caution: dict[int, int] = {}

    def bind(self, batch: Navigation) -> None:
        """Plans on the maps that this batch of environments keeps."""
        self._batch = batch

    @property
    def mapper(self) -> OccupancyMapper:
        """Whose grids it plans on."""
        if self._batch is not None:
            for mapper in self._batch.mappers:
                if isinstance(mapper, OccupancyMapper):
                    return mapper
        if self._mapper is None:
            raise ValueError(
                "the planner has no map: pass an OccupancyMapper, or bind it to an environment "
                "made with mappers=(OccupancyMapper(),)"
            )
        return self._mapper

    def predict(
        self,
        observation: Observation,
        state: Any = None,
        episode_start: NDArray | None = None,
        deterministic: bool = True,
    ) -> tuple[NDArray, Any]:
        """Actions (B,) for all environments of the mapper, in order."""
        rows = np.arange(len(observation["goal_polar"]))
        return self.decide(observation["goal_polar"], rows), state

    def decide(self, goal_polar: NDArray, ids: NDArray) -> NDArray[np.int64]:
        """Actions (n,) for environments `ids` whose goals are at `goal_polar` (n, 3)."""
        mapper = self.mapper
        poses = mapper.poses[ids]
        bearing = np.arctan2(goal_polar[:, 2], goal_polar[:, 1]) + poses[:, 2]
        offset = np.stack([np.cos(bearing), np.sin(bearing)], 1) * goal_polar[:, :1]
        goals = poses[:, :2] + offset
        body = (mapper.radius, mapper.forward, self.turn)
        caution = np.array([self._cautious(int(k)) for k in ids], np.float64)
        return decide(
            mapper.cells, mapper.bounds, np.asarray(ids, np.int64), poses, goals, mapper.cell,
            np.array(body), np.array(astuple(self.settings)),
            self.settings.blocked + self.settings.caution * caution,
        )  # fmt: skip

    def _cautious(self, k: int) -> int:
        """How often environment k has been caught going in circles in this episode."""
        x, y, yaw = self.mapper.poses[k]
        if k not in self._been or self.mapper.age[k] <= 1:
            self._been[k], self._caution[k] = Counter(), 0
        place = (
            round(50 * x),
            round(50 * y),
            round(yaw / self.turn) % round(2 * np.pi / self.turn),
        )
        self._been[k][place] += 1
        if self._been[k][place] >= 3:
            self._been[k].clear()
            self._caution[k] = min(self._caution[k] + 1, MOST_CAUTION)
        return self._caution[k]

"""Explore: see as much of a place as a budget of steps allows.

*Coverage* is the share of the walkable area that has been within the camera's range and field of
view, as in Chen et al., "Learning Exploration Policies for Navigation" (ICLR 2019) and Chaplot et
al., "Learning to Explore using Active Neural SLAM" (ICLR 2020). Visibility is judged on the grid
of clearances, where what blocks the way blocks the view (`navworld.envs.tasks.sight`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Outcome
from navworld.envs.single import TaskEnv
from navworld.envs.tasks.checks import check_lengths, check_steps
from navworld.envs.tasks.episodes import begun, no_episode, spots
from navworld.envs.tasks.resuming import Resuming
from navworld.envs.tasks.sight import ELSEWHERE, UNSEEN, look
from navworld.envs.vector import TaskVectorEnv
from navworld.evaluation.metrics import navigation
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera, Robot
from navworld.world.navigability import Navigator
from navworld.world.store import Place
from navworld.world.world import World

STEPS_AT_LEAST, STEPS_PER_M2 = 150, 10.0
"""The budget where none is given: so many steps, and so many for every square metre."""


@dataclass(frozen=True)
class ExploreEpisode:
    """A frozen episode, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "apartment:20003".
        start: x, y [m], heading [rad].
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    seed: int

    @property
    def goal(self) -> tuple[float, float]:
        """x, y of the start [m]: no other place is meant."""
        return self.start[0], self.start[1]


@dataclass
class Sight:
    """What one environment has seen.

    Attributes:
        cells: (h, w) uint8 states of a window of the floor's grid (`sight`).
        left, top: Column and row of the window's first cell.
        total: Number of cells to be seen.
        seen: Number of those that were.
        budget: Steps.
    """

    cells: NDArray[np.uint8]
    left: int
    top: int
    total: int
    seen: int
    budget: int


class Explore(Resuming):
    """The task.

    Args:
        success_coverage: Share of the area to be seen for success.
        radius: What is to be seen lies within this of the start [m].
        max_range: How far the body sees [m]; the camera's `far` by default.
        max_steps: The budget; None gives as many as the area needs.
    """

    changing = ("sights", "_steps", "_collisions")

    def __init__(
        self,
        *,
        success_coverage: float = 0.9,
        radius: float = 20.0,
        max_range: float | None = None,
        max_steps: int | None = None,
    ) -> None:
        if max_steps is not None:
            check_steps(max_steps)
        if not 0 < success_coverage <= 1:
            raise ValueError(f"success_coverage={success_coverage!r}: expected above 0, at most 1")
        check_lengths(radius=radius)
        if max_range is not None:
            check_lengths(max_range=max_range)
        self.success_coverage, self.radius = success_coverage, radius
        self.max_range, self.max_steps = max_range, max_steps
        self.space = spaces.Dict({"budget": spaces.Box(0.0, 1.0, (1,), np.float32)})
        self.sights: list[Sight] = []
        self._half_fov, self._reach = np.pi / 4, 10.0
        self._steps = self._collisions = np.zeros(0, np.int64)

    def equip(self, camera: Camera, moves: spaces.Space) -> spaces.Space:
        """Sees what the environment's camera can see; actions stay as they are."""
        self._half_fov = np.radians(camera.fov_deg) / 2
        self._reach = self.max_range or camera.far
        return moves

    def reset(
        self, world: World, ids: IntArray, streams: Streams, episodes: list[ExploreEpisode | None]
    ) -> None:
        """Places the bodies `ids` at the start of their episodes."""
        if not self.sights:
            self.sights = [None] * world.num_envs  # type: ignore[list-item]
            self._steps, self._collisions = np.zeros((2, world.num_envs), np.int64)
        for i, episode in begun(
            episodes, self.draw, name="explore start", world=world, ids=ids, streams=streams
        ):
            x, y, heading = episode.start
            world.place(i, world.places[i], np.array([x, y]), heading)
            self.sights[i] = self._unseen(world.navigator(i), np.array([x, y]))
            self._steps[i] = self._collisions[i] = 0
            self._look(world, i)

    def draw(self, place: Place, robot: Robot, rng: np.random.Generator) -> ExploreEpisode:
        """Draws an episode: a start."""
        navigator = place.navigator(robot.radius)
        found = spots(navigator, rng, 16)
        if not len(found):
            raise no_episode(navigator, "place to start from", "use a smaller robot")
        x, y = (float(value) for value in found[0])
        return ExploreEpisode("", (x, y, float(rng.uniform(-np.pi, np.pi))), 0)

    def observe(self, world: World, ids: IntArray) -> Observation:
        """What is left of the budget: {"budget": (n, 1)}, 1 at the start and 0 at the end."""
        budget = np.array([self.sights[i].budget for i in ids])
        return {"budget": (1 - self._steps[ids] / budget).astype(np.float32)[:, None]}

    def outcome(self, world: World, actions: NDArray) -> Outcome:
        """Reward: the area newly seen [m²]."""
        self._steps += 1
        self._collisions += world.collided
        fresh = np.array([self._look(world, i) for i in range(world.num_envs)], np.float64)
        cell = np.array([world.navigator(i).floor.cell for i in range(world.num_envs)])
        seen, total, budget = np.array([(s.seen, s.total, s.budget) for s in self.sights]).T
        stopped = world.stopped.copy()
        coverage = navigation.coverage(seen, total)
        success = (coverage >= self.success_coverage) & (stopped | (self._steps >= budget))
        return Outcome(
            reward=fresh * cell**2,
            terminated=stopped,
            truncated=(self._steps >= budget) & ~stopped,
            success=success,
            metrics={
                "success": success.astype(np.float64),
                "coverage": coverage,
                "seen_area_m2": seen * cell**2,
                "collisions": self._collisions.astype(np.float64),
                "path_m": world.travelled.copy(),
            },
        )

    def coverage(self, i: int) -> float:
        """Share of the area that environment i has seen."""
        return self.sights[i].seen / self.sights[i].total

    def _unseen(self, navigator: Navigator, xy: NDArray) -> Sight:
        """Nothing seen yet of what is walkable around a place."""
        floor = navigator.floor
        rows, columns = navigator.labels.shape
        middle, reach = (xy - floor.origin) / floor.cell, self.radius / floor.cell
        low = np.maximum(np.floor(middle - reach), 0).astype(int)
        high = np.minimum(np.ceil(middle + reach), (columns, rows)).astype(int)
        window = navigator.labels[low[1] : high[1], low[0] : high[0]] == 0
        v, u = np.ogrid[low[1] : high[1], low[0] : high[0]]
        window &= (u + 0.5 - middle[0]) ** 2 + (v + 0.5 - middle[1]) ** 2 <= reach**2
        total = int(window.sum())
        cells = np.where(window, UNSEEN, ELSEWHERE).astype(np.uint8)
        needed = STEPS_AT_LEAST + STEPS_PER_M2 * total * floor.cell**2
        return Sight(cells, int(low[0]), int(low[1]), total, 0, self.max_steps or round(needed))

    def _look(self, world: World, i: int) -> int:
        """Lets body i look around; how many cells it sees for the first time."""
        sight = self.sights[i]
        pose = np.array([*world.xy[i], world.yaw[i]])
        records = world.navigator(i).records
        fresh = look(records, sight.cells, sight.left, sight.top, pose, self._half_fov, self._reach)
        sight.seen += fresh
        return fresh


class ExploreEnv(TaskEnv):
    """Explore: see as much of the place as the budget allows.

    ## Action space
    As of PointNav (`navworld.envs.tasks.pointnav.PointNavEnv`): `Discrete(4)`, 0 stop, 1 forward,
    2 turn left, 3 turn right; or `Box(-1, 1, (2,))` with `actions="velocity"`.

    ## Observation space
    A `Dict` of what the sensors, localizer and mappers give, and

    | key | space |
    |---|---|
    | `budget` | `Box(0, 1, (1,), float32)` share of the steps that is left |

    ## Reward
    The walkable area seen for the first time [m²].

    ## End of an episode
    Terminated by stop; truncated when the budget is spent: `max_steps`, by default 150 steps and 10
    for every square metre to be seen. What is to be seen is where the body can go within 20 m of
    the start. A place is seen when it is within the camera's range (`far`) and horizontal field of
    view and nothing that blocks the way is in between. Success is a coverage of at least 0.9 at
    the end. `info` has `success`, `coverage`, `seen_area_m2`, `collisions`, `path_m`, the true pose
    `T_world_body` (4, 4) and the scene's name.

    ## Arguments
    Every field of `navworld.envs.options.Options`, and `render_mode` ("rgb_array"). Options of the
    task: `task=Explore(max_steps=500)`; frozen episodes are `ExploreEpisode`.

    ## Versions
    v0: first.
    """

    task = Explore


class ExploreVectorEnv(TaskVectorEnv):
    """Explore for a batch; its manual page is `ExploreEnv`."""

    single = ExploreEnv

"""PointNav: go to a point given in the frame of the start.

Metrics are habitat-lab's; see `navworld.envs.tasks.journey`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Observation
from navworld.envs.single import TaskEnv
from navworld.envs.tasks.episodes import CANDIDATES, MARGIN, TRIES, no_episode
from navworld.envs.tasks.journey import GoalTask
from navworld.envs.vector import TaskVectorEnv
from navworld.streams import IntArray, Streams
from navworld.world.geodesic import DistanceField, path_length
from navworld.world.navigability import Navigator
from navworld.world.world import World


@dataclass(frozen=True)
class Episode:
    """Where an episode starts and where it should end, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "apartment:20003".
        start: x, y [m], heading [rad].
        goal: x, y [m].
        geodesic: Length of the shortest path [m].
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    goal: tuple[float, float]
    geodesic: float
    seed: int


@dataclass(kw_only=True, eq=False)
class PointNav(GoalTask):
    """The task, on the terms of `GoalTask`.

    Attributes:
        min_ratio: At least `ratio_share` of drawn episodes have geodesic ≥ this × Euclidean.
    """

    success_distance: float = 0.36
    min_geodesic: float = 1.0
    max_geodesic: float = 30.0
    min_ratio: float = 1.1
    ratio_share: float = 0.8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.space = spaces.Dict({"goal": spaces.Box(-FAR, FAR, (3,), np.float32)})

    def reset(
        self, world: World, ids: IntArray, streams: Streams, episodes: list[Episode | None]
    ) -> None:
        """Places the bodies `ids` at the start of their episodes."""
        for i, episode in zip(ids, episodes, strict=True):
            place = world.places[i]
            if episode is None:
                start, field, geodesic = self.draw(
                    place.navigator(world.robot.radius), streams.generator("pointnav", i)
                )
            else:
                start, geodesic = np.array(episode.start), episode.geodesic
                field = place.field(world.robot.radius, episode.goal)
            self.journey.begin(world, i, start, field, geodesic)

    def draw(
        self, navigator: Navigator, rng: np.random.Generator
    ) -> tuple[NDArray, DistanceField, float]:
        """Draws an episode in a place: start (x, y, heading), goal with its field, path length."""
        insist = rng.random() < self.ratio_share
        fallback = None
        for _ in range(TRIES):
            spots = navigator.sample(rng, CANDIDATES + 1)
            spots = spots[navigator.clearance(spots) >= navigator.radius + MARGIN]
            if len(spots) < 2:
                continue
            field, starts = DistanceField(navigator, spots[0]), spots[1:]
            length = field.distance(starts)
            straight = np.linalg.norm(starts - field.goal_xy, axis=1)
            fits = (length >= self.min_geodesic) & (length <= self.max_geodesic)
            good = np.flatnonzero(fits & (length >= self.min_ratio * straight))
            good = good if insist else np.flatnonzero(fits)
            if len(good) or (fallback is None and fits.any()):
                pick = good[0] if len(good) else np.flatnonzero(fits)[0]
                fallback = starts[pick], field
            if len(good):
                break
        if fallback is None:
            raise no_episode(
                navigator,
                f"shortest path of {self.min_geodesic} to {self.max_geodesic} m",
                "widen min_geodesic and max_geodesic",
            )
        start, field = fallback
        heading = rng.uniform(-np.pi, np.pi)
        return np.array([*start, heading]), field, path_length(field.path(start))

    def observe(self, world: World, ids: IntArray) -> Observation:
        """The goal in the frame of the start: {"goal": (n, 3)} [m]."""
        T = world.T_world_start[ids]
        offset = np.zeros((len(ids), 3))
        offset[:, :2] = np.array([self.fields[i].goal_xy for i in ids]) - T[:, :2, 3]
        return {"goal": np.einsum("nji,nj->ni", T[:, :3, :3], offset).astype(np.float32)}


class PointNavEnv(TaskEnv):
    """PointNav: reach a point that is given in the frame of the start, in a furnished home.

    ## Action space
    `actions="discrete"` (default): `Discrete(4)`: 0 stop (ends the episode), 1 forward 0.25 m,
    2 turn left 30°, 3 turn right 30°. `actions="velocity"`: `Box(-1, 1, (2,))`: forward speed
    (negative is 0) as a fraction of `robot.max_speed` and turn rate (positive is left) as a
    fraction of `robot.max_turn_rate`, held for `robot.dt` seconds; both below 0.1 means stop.
    A forward move ends at contact; with `sliding=True` it goes on along the obstacle.

    ## Observation space
    A `Dict`; which keys there are depends on `sensors`, `localizer` and `mappers`:

    | key | from | space |
    |---|---|---|
    | `rgb` | sensor | `Box(0, 255, (H, W, 3), uint8)` |
    | `depth` | sensor | `Box(0, 10, (H, W, 1), float32)` z-depth [m], 0 where there is none |
    | `semantic`, `instance` | sensor | `Box(…, (H, W), int32)` |
    | `gps`, `compass` | sensor "gps" | position (3,) [m] and heading (1,) [rad] since the start |
    | `goal` | task | `Box(−1000, 1000, (3,), float32)` the goal in the frame of the start [m] |
    | `goal_polar` | localizer | (3,) float32: distance [m], cos, sin of the goal as believed |

    ## Reward
    Decrease of the geodesic distance to the goal [m], −0.01 a step, 2.5 × SPL at success.

    ## End of an episode
    Terminated by stop; truncated after 500 steps. Success is a stop within 0.36 m (geodesic).
    `info` has `success`, `spl`, `soft_spl`, `distance_to_goal_m`, `collisions`, `path_m`,
    `geodesic_m`, the true pose `T_world_body` (4, 4) and the scene's name.

    ## Arguments
    Every field of `navworld.envs.options.Options`, and `render_mode` ("rgb_array").

    ## Versions
    v0: first.
    """

    task = PointNav


class PointNavVectorEnv(TaskVectorEnv):
    """PointNav for a batch; its manual page is `PointNavEnv`."""

    single = PointNavEnv

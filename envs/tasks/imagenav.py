"""ImageNav: go to where a picture was taken.

As in Zhu et al., "Target-driven Visual Navigation in Indoor Scenes using Deep Reinforcement
Learning" (ICRA 2017) and habitat-lab: success is a stop within 1 m of the place, whatever the
heading. Metrics are those of `navworld.envs.tasks.journey`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.envs.single import TaskEnv
from navworld.envs.tasks.episodes import TRIES, begun, no_episode, spots, start_for
from navworld.envs.tasks.journey import GoalTask
from navworld.envs.tasks.pictures import Pictures
from navworld.envs.vector import TaskVectorEnv
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera, Robot
from navworld.world.geodesic import path_length
from navworld.world.motion import advance
from navworld.world.navigability import Navigator
from navworld.world.store import Place
from navworld.world.world import World

HEADINGS = 8
"""Headings tried for a goal's picture, so that it does not show a wall from close by."""

OPEN_VIEW = 1.0
"""Free way ahead that a goal's picture should have [m]."""


@dataclass(frozen=True)
class ImageNavEpisode:
    """A frozen episode, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "apartment:20003".
        start: x, y [m], heading [rad].
        view: x, y, heading of the body whose picture is the goal.
        geodesic: Length of the shortest path [m].
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    view: tuple[float, float, float]
    geodesic: float
    seed: int

    @property
    def goal(self) -> tuple[float, float]:
        """x, y [m]."""
        return self.view[0], self.view[1]


@dataclass(kw_only=True, eq=False)
class ImageNav(GoalTask):
    """The task, on the terms of `GoalTask`."""

    success_distance: float = 1.0
    min_geodesic: float = 2.0
    max_geodesic: float = 30.0

    changing = ("journey", "pictures")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pictures = Pictures()
        self.views: tuple[tuple[Camera, str], ...] = ()
        self.space = spaces.Dict({})

    def equip(self, camera: Camera, moves: spaces.Space) -> spaces.Space:
        """The goal's picture is taken by the environment's camera; actions stay as they are."""
        self.views = self.pictures.equip(camera)
        self.space = spaces.Dict({"goal_image": self.pictures.space})
        return moves

    def reset(
        self, world: World, ids: IntArray, streams: Streams, episodes: list[ImageNavEpisode | None]
    ) -> None:
        """Places the bodies `ids` at the start of their episodes."""
        for i, episode in begun(
            episodes, self.draw, name="imagenav goal", world=world, ids=ids, streams=streams
        ):
            field = world.places[i].field(world.robot.radius, episode.goal)
            self.journey.begin(world, i, episode.start, field, episode.geodesic)
            self.pictures.plan(world, i, episode.view)

    def draw(self, place: Place, robot: Robot, rng: np.random.Generator) -> ImageNavEpisode:
        """Draws an episode."""
        navigator, low, high = place.navigator(robot.radius), self.min_geodesic, self.max_geodesic
        for _ in range(TRIES):
            found = spots(navigator, rng, 1)
            if not len(found):
                continue
            goal = found[0]
            field = place.field(robot.radius, (float(goal[0]), float(goal[1])))
            start = start_for(navigator, field, rng, around=goal, low=low, high=high)
            heading = open_heading(navigator, goal, rng)
            if start is not None:
                length = path_length(field.path(start[:2]))
                view = (float(goal[0]), float(goal[1]), heading)
                x, y, yaw = (float(v) for v in start)
                return ImageNavEpisode("", (x, y, yaw), view, length, 0)
        raise no_episode(
            navigator,
            f"way of {low} to {high} m",
            "widen min_geodesic and max_geodesic",
        )

    def observe(self, world: World, ids: IntArray) -> Observation:
        """The pictures of the goals: {"goal_image": (n, H, W, 3)}."""
        return {"goal_image": self.pictures.show(world, ids)}


def open_heading(navigator: Navigator, xy: NDArray, rng: np.random.Generator) -> float:
    """A heading [rad] with a free way ahead, or the freest of those tried."""
    headings = rng.uniform(-np.pi, np.pi, HEADINGS)
    ahead = OPEN_VIEW * np.stack([np.cos(headings), np.sin(headings)], 1)
    here = np.tile(xy, (HEADINGS, 1))
    way = advance([navigator], np.zeros(HEADINGS, np.int64), here, ahead)[2]
    return float(headings[np.argmax(np.minimum(way, OPEN_VIEW - 1e-6))])


class ImageNavEnv(TaskEnv):
    """ImageNav: go to the place where a picture was taken.

    ## Action space
    As of PointNav (`navworld.envs.tasks.pointnav.PointNavEnv`): `Discrete(4)`, 0 stop, 1 forward,
    2 turn left, 3 turn right; or `Box(-1, 1, (2,))` with `actions="velocity"`.

    ## Observation space
    A `Dict` of what the sensors, localizer and mappers give, and

    | key | space |
    |---|---|
    | `goal_image` | `Box(0, 255, (H, W, 3), uint8)` what the environment's camera sees there |

    The picture is taken in the light of the episode, from the robot's own height, with a free way
    ahead where there is one.

    ## Reward
    Decrease of the geodesic distance to the goal [m], −0.01 a step, 2.5 × SPL at success.

    ## End of an episode
    Terminated by stop; truncated after 500 steps. Success is a stop within 1 m (geodesic) of the
    place where the picture was taken; the heading does not matter. `info` has `success`, `spl`,
    `soft_spl`, `distance_to_goal_m`, `collisions`, `path_m`, `geodesic_m`, the true pose
    `T_world_body` (4, 4) and the scene's name.

    ## Arguments
    Every field of `navworld.envs.options.Options`, and `render_mode` ("rgb_array"). Options of the
    task: `task=ImageNav(max_geodesic=10)`; frozen episodes are `ImageNavEpisode`.

    ## Versions
    v0: first.
    """

    task = ImageNav


class ImageNavVectorEnv(TaskVectorEnv):
    """ImageNav for a batch; its manual page is `ImageNavEnv`."""

    single = ImageNavEnv

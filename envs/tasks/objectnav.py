"""ObjectNav: go to an object of a class.

As in Batra et al., "ObjectNav Revisited: On Evaluation of Embodied Agents Navigating to Objects"
(2020) and habitat-lab: success is a stop within 0.1 m (geodesic) of a view point of any object of
the class, view points being the standing places from which one is within 1 m and in sight
(`navworld.envs.tasks.viewpoints`). Distances, SPL and SoftSPL (`navworld.envs.tasks.journey`) are
those to the nearest view point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.envs.single import TaskEnv
from navworld.envs.tasks.checks import check_lengths
from navworld.envs.tasks.episodes import begun, start_for
from navworld.envs.tasks.journey import GoalTask
from navworld.envs.tasks.viewpoints import class_field, object_classes
from navworld.envs.vector import TaskVectorEnv
from navworld.streams import IntArray, Streams
from navworld.world.body import Robot
from navworld.world.geodesic import DistanceField, path_length
from navworld.world.semantics import CLASSES, class_id
from navworld.world.store import Place
from navworld.world.world import World

STARTS = 256
"""Starts tried for one class of object."""


@dataclass(frozen=True)
class ObjectNavEpisode:
    """A frozen episode, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "apartment:20003".
        start: x, y [m], heading [rad].
        object: Name of the class to look for.
        geodesic: Length of the shortest path [m].
        goal: x, y of the view point at its end [m].
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    object: str
    geodesic: float
    goal: tuple[float, float]
    seed: int


@dataclass(kw_only=True, eq=False)
class ObjectNav(GoalTask):
    """The task, on the terms of `GoalTask`; distances are those to the nearest view point.

    Attributes:
        classes: Names (or ids) of the classes to look for, those that a scene has; None for every
            class of objects in it.
        view_distance: View points have the object within this [m].
    """

    success_distance: float = 0.1
    min_geodesic: float = 1.0
    max_geodesic: float = 30.0
    classes: Sequence[str | int] | None = None
    view_distance: float = 1.0

    changing = ("journey", "_goal")

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.classes, str):
            raise TypeError(
                f"classes={self.classes!r}: expected a sequence, such as ('chair', 'bed')"
            )
        check_lengths(view_distance=self.view_distance)
        self._wanted = None if self.classes is None else [_class(item) for item in self.classes]
        self.space = spaces.Dict({"goal_class": spaces.Box(0, len(CLASSES) - 1, (1,), np.int64)})
        self._goal = np.zeros(0, np.int64)

    def reset(
        self,
        world: World,
        ids: IntArray,
        streams: Streams,
        episodes: list[ObjectNavEpisode | None],
    ) -> None:
        """Places the bodies `ids` at the start of their episodes."""
        if len(self._goal) != world.num_envs:
            self._goal = np.zeros(world.num_envs, np.int64)
        for i, episode in begun(
            episodes, self.draw, name="objectnav goal", world=world, ids=ids, streams=streams
        ):
            place = world.places[i]
            goal = class_id(episode.object)
            field = self.field(place, world.robot, goal)
            if field is None:
                raise ValueError(
                    f"scene {place.scene.name!r} has no {episode.object!r} that can be reached and "
                    "seen: choose another class or another scene"
                )
            self._goal[i] = goal
            self.journey.begin(world, i, episode.start, field, episode.geodesic)

    def field(self, place: Place, robot: Robot, semantic: int) -> DistanceField | None:
        """Distances to the nearest view point of a class, kept with the place."""
        return class_field(
            place, semantic, radius=robot.radius, eye=robot.camera_height, reach=self.view_distance
        )

    def draw(self, place: Place, robot: Robot, rng: np.random.Generator) -> ObjectNavEpisode:
        """Draws an episode: every class of the scene is as likely."""
        there = object_classes(place.scene)
        wanted = [k for k in there if self._wanted is None or k in self._wanted]
        for semantic in rng.permutation(np.array(wanted, np.int64)):
            field = self.field(place, robot, int(semantic))
            start = None if field is None else self._start(field, rng)
            if field is not None and start is not None:
                path = field.path(start[:2])
                x, y, yaw = (float(v) for v in start)
                goal = float(path[-1, 0]), float(path[-1, 1])
                name = CLASSES[semantic]
                return ObjectNavEpisode("", (x, y, yaw), name, path_length(path), goal, 0)
        raise ValueError(self._refusal(place, there))

    def observe(self, world: World, ids: IntArray) -> Observation:
        """The class to look for: {"goal_class": (n, 1)}."""
        return {"goal_class": self._goal[ids][:, None]}

    def _start(self, field: DistanceField, rng: np.random.Generator) -> NDArray | None:
        middle = field.goals[rng.integers(len(field.goals))]
        low, high = self.min_geodesic, self.max_geodesic
        return start_for(
            field.navigator, field, rng, around=middle, low=low, high=high, tries=STARTS
        )

    def _refusal(self, place: Place, there: tuple[int, ...]) -> str:
        scene = place.scene
        if not there:
            return f"scene {scene.name!r} has no objects to look for: choose another scene or task"
        has = ", ".join(CLASSES[k] for k in there)
        if self._wanted is not None and not set(self._wanted) & set(there):
            wanted = ", ".join(CLASSES[k] for k in self._wanted)
            return f"scene {scene.name!r} has none of the classes {wanted}; it has {has}"
        return (
            f"scene {scene.name!r} has no object with a way of {self.min_geodesic} to "
            f"{self.max_geodesic} m to it: widen min_geodesic and max_geodesic, or choose "
            "another scene"
        )


def _class(item: str | int) -> int:
    if isinstance(item, str):
        return class_id(item)
    if not 0 <= item < len(CLASSES):
        raise ValueError(f"class id {item!r}: expected 0 to {len(CLASSES) - 1}")
    return int(item)


class ObjectNavEnv(TaskEnv):
    """ObjectNav: go to any object of a class, given by its id.

    ## Action space
    As of PointNav (`navworld.envs.tasks.pointnav.PointNavEnv`): `Discrete(4)`, 0 stop, 1 forward,
    2 turn left, 3 turn right; or `Box(-1, 1, (2,))` with `actions="velocity"`.

    ## Observation space
    A `Dict` of what the sensors, localizer and mappers give, and

    | key | space |
    |---|---|
    | `goal_class` | `Box(0, K − 1, (1,), int64)` index into `navworld.world.semantics.CLASSES` |

    ## Reward
    Decrease of the geodesic distance to the nearest view point [m], −0.01 a step, 2.5 × SPL at
    success.

    ## End of an episode
    Terminated by stop; truncated after 500 steps. Success is a stop within 0.1 m (geodesic) of a
    view point of any object of the class: a standing place from which the object is within 1 m in
    the plane and in sight from the camera's height, past everything else. The body need not face
    the object. `info` has `success`, `spl`, `soft_spl`, `distance_to_goal_m` (geodesic, to the
    nearest view point), `collisions`, `path_m`, `geodesic_m`, the true pose `T_world_body` (4, 4)
    and the scene's name.

    ## Scenes
    Those with objects; structure (walls, doors, roads, vegetation…) and people are not looked for.

    ## Arguments
    Every field of `navworld.envs.options.Options`, and `render_mode` ("rgb_array"). Options of the
    task: `task=ObjectNav(classes=("chair", "bed"))`; frozen episodes are `ObjectNavEpisode`.

    ## Versions
    v0: first.
    """

    task = ObjectNav


class ObjectNavVectorEnv(TaskVectorEnv):
    """ObjectNav for a batch; its manual page is `ObjectNavEnv`."""

    single = ObjectNavEnv

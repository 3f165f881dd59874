"""Drive: a courier in a town brings something to a name, a street address or coordinates.

The goal is a place on the scene's map (`navworld.world.vector_map.VectorMap`): the door of a
building or where one stands for a point of interest. Success is a stop within 3 m (geodesic) of
it; metrics are those of `navworld.envs.tasks.journey`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.envs.single import TaskEnv
from navworld.envs.tasks.episodes import begun, no_episode, start_for
from navworld.envs.tasks.journey import GoalTask
from navworld.envs.vector import TaskVectorEnv
from navworld.names import nearest
from navworld.streams import IntArray, Streams
from navworld.world.body import Robot
from navworld.world.geodesic import path_length
from navworld.world.navigability import Navigator
from navworld.world.scene import Scene
from navworld.world.store import Place
from navworld.world.vector_map import VectorMap
from navworld.world.world import World

TOLD = ("name", "address", "coordinates")
"""Ways of telling a goal; their places in this list are what `goal_told` has."""

TEXT = 64
"""Length of the goal's text [bytes of UTF-8], zeros after its end."""

FROM_KERB = 6.0
"""A place on the map may be this far from where the body can go [m]."""

COURIER = Robot(radius=0.3, camera_height=1.0, forward=1.0, turn_deg=15.0, max_speed=2.0, dt=0.5)
"""A delivery robot of the size that drives on pavements; the body by default."""

_SOUTH_WEST, _NORTH_EAST = np.array([-90.0, -180.0]), np.array([90.0, 180.0])


@dataclass(frozen=True)
class DriveEpisode:
    """A frozen episode, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "city:20003".
        start: x, y [m], heading [rad].
        goal: x, y of the place [m].
        text: Its name or address; where it is told by coordinates, what is there.
        told: One of `TOLD`.
        geodesic: Length of the shortest path [m].
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    goal: tuple[float, float]
    text: str
    told: str
    geodesic: float
    seed: int


@dataclass(kw_only=True, eq=False)
class Drive(GoalTask):
    """The task, on the terms of `GoalTask`.

    Attributes:
        told: How goals are told; an episode draws one of those that the map allows.
        goals: How many names of a map, and how many addresses, are goals at all; None for every
            one. Distances to a goal take long to find in a large town, and are kept.
    """

    success_distance: float = 3.0
    min_geodesic: float = 20.0
    max_geodesic: float = 500.0
    max_steps: int = 2000
    told: Sequence[str] = TOLD
    goals: int | None = 8

    changing = ("journey", "_rows")

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.told, str) or not self.told:
            raise TypeError(f"told={self.told!r}: expected a sequence, such as ('name', 'address')")
        for way in self.told:
            if way not in TOLD:
                raise ValueError(f"a goal cannot be told by {way!r}{nearest(way, TOLD)}")
        if self.goals is not None and self.goals < 1:
            raise ValueError(f"goals={self.goals!r}: expected at least 1, or None")
        self.told = tuple(self.told)
        far = np.array([1e5, 1e5, np.pi], np.float32)
        self.space = spaces.Dict(
            {
                "goal_told": spaces.Box(0, len(TOLD) - 1, (1,), np.int64),
                "goal_name": spaces.Box(0, 255, (TEXT,), np.uint8),
                "goal_coordinates": spaces.Box(_SOUTH_WEST, _NORTH_EAST, dtype=np.float64),
                "start_on_map": spaces.Box(-far, far, dtype=np.float32),
            }
        )
        self._rows: dict[str, NDArray] = {}

    def reset(
        self, world: World, ids: IntArray, streams: Streams, episodes: list[DriveEpisode | None]
    ) -> None:
        """Places the bodies `ids` at the start of their episodes."""
        if not self._rows:
            self._allocate(world.num_envs)
        for i, episode in begun(
            episodes, self.draw, name="drive goal", world=world, ids=ids, streams=streams
        ):
            place = world.places[i]
            field = place.field(world.robot.radius, episode.goal)
            self.journey.begin(world, i, episode.start, field, episode.geodesic)
            self._tell(i, episode, map_of(place.scene))

    def draw(self, place: Place, robot: Robot, rng: np.random.Generator) -> DriveEpisode:
        """Draws an episode: every way of telling is as likely."""
        navigator, low, high = place.navigator(robot.radius), self.min_geodesic, self.max_geodesic
        known = place.derived(
            f"destinations of a body of radius {robot.radius}",
            lambda scene: destinations(map_of(scene), navigator),
        )
        known = self._few(known)
        for told in rng.permutation(np.array(self._ways(place.scene, known))):
            fitting = [d for d in known if told == "coordinates" or d.told == told]
            for k in rng.permutation(len(fitting)):
                goal = fitting[k].goal
                field = place.field(robot.radius, goal)
                start = start_for(navigator, field, rng, around=field.goal_xy, low=low, high=high)
                if start is not None:
                    length = path_length(field.path(start[:2]))
                    x, y, yaw = (float(v) for v in start)
                    text = fitting[k].text
                    return DriveEpisode("", (x, y, yaw), goal, text, str(told), length, 0)
        raise no_episode(
            navigator,
            f"way of {low} to {high} m to a place on the map",
            "widen min_geodesic and max_geodesic",
        )

    def observe(self, world: World, ids: IntArray) -> Observation:
        """Where to go; see `DriveEnv`."""
        return {key: self._rows[key][ids] for key in self.space.spaces}

    def _few(self, known: list[Destination]) -> list[Destination]:
        """The goals among the known places: the same for every episode, whoever draws it."""
        if self.goals is None:
            return known
        few: list[Destination] = []
        for told in ("name", "address"):
            kind = [d for d in known if d.told == told]
            order = np.random.default_rng(len(kind)).permutation(len(kind))
            few += [kind[k] for k in np.sort(order[: self.goals])]
        return few

    def _ways(self, scene: Scene, known: list[Destination]) -> list[str]:
        """How a goal on this map can be told."""
        there = {d.told for d in known}
        if known and map_of(scene).origin is not None:
            there.add("coordinates")
        ways = [way for way in self.told if way in there]
        if not ways:
            has = ", ".join(sorted(there)) or "nothing that a body can reach"
            raise ValueError(
                f"the map of scene {scene.name!r} has no goal told by {' or '.join(self.told)}; "
                f"it has {has}"
            )
        return ways

    def _tell(self, i: int, episode: DriveEpisode, town: VectorMap) -> None:
        rows, by_coordinates = self._rows, episode.told == "coordinates"
        rows["goal_told"][i] = TOLD.index(episode.told)
        rows["goal_name"][i] = 0 if by_coordinates else encode_text(episode.text)
        rows["goal_coordinates"][i] = 0.0
        if by_coordinates:
            if town.origin is None:
                raise ValueError(
                    f"scene {episode.scene!r} has no GNSS origin: tell the goal by its name"
                )
            rows["goal_coordinates"][i] = town.origin.to_geodetic([*episode.goal, 0.0])[0, :2]
        rows["start_on_map"][i] = episode.start

    def _allocate(self, num_envs: int) -> None:
        self._rows = {
            key: np.zeros((num_envs, *(part.shape or ())), part.dtype)
            for key, part in self.space.spaces.items()
        }


@dataclass(frozen=True)
class Destination:
    """A place that things can be brought to: x, y [m], its name or address, and which of both."""

    goal: tuple[float, float]
    text: str
    told: str


def map_of(scene: Scene) -> VectorMap:
    """The map of a scene, or the sentence that there is none."""
    if scene.map is None:
        raise ValueError(
            f"scene {scene.name!r} has no map of roads and names, which Drive needs: choose a city "
            "or another task"
        )
    return scene.map


def destinations(town: VectorMap, navigator: Navigator) -> list[Destination]:
    """Every named place and address that a body can come close to, in the order of the map."""
    entries = [(building.name, "name") for building in town.buildings]
    entries += [(building.address, "address") for building in town.buildings]
    entries += [(point.name, "name") for point in town.points]
    entries = [(text, told) for text, told in dict.fromkeys(entries) if text]
    entries = [(text, told) for text, told in entries if len(text.encode()) <= TEXT]
    if not entries:
        return []
    where = np.array([town.locate(text) for text, _ in entries])
    stands = navigator.snap(where)
    reachable = np.linalg.norm(stands - where, axis=1) <= FROM_KERB
    reachable &= navigator.is_walkable(stands) & (navigator.component(stands) == 0)
    return [
        Destination((float(x), float(y)), text, told)
        for (text, told), (x, y), fits in zip(entries, stands, reachable, strict=True)
        if fits
    ]


def encode_text(text: str) -> NDArray[np.uint8]:
    """(TEXT,) bytes of UTF-8, zeros after the end."""
    codes = np.zeros(TEXT, np.uint8)
    data = text.encode()
    if len(data) > TEXT:
        raise ValueError(f"{text!r} takes {len(data)} bytes: expected at most {TEXT}")
    codes[: len(data)] = np.frombuffer(data, np.uint8)
    return codes


def decode_text(codes: NDArray) -> str:
    """The text of `encode_text`."""
    return np.asarray(codes, np.uint8).tobytes().rstrip(b"\0").decode()


class DriveEnv(TaskEnv):
    """Drive: bring something to a place in town, told by name, street address or coordinates.

    ## Action space
    As of PointNav (`navworld.envs.tasks.pointnav.PointNavEnv`), for a larger body: `Discrete(4)`,
    0 stop, 1 forward 1 m, 2 turn left 15°, 3 turn right 15°; or `Box(-1, 1, (2,))` with
    `actions="velocity"`, up to 2 m/s.

    ## Observation space
    A `Dict` of what the sensors, localizer and mappers give, and

    | key | space |
    |---|---|
    | `goal_told` | `Box(0, 2, (1,), int64)` 0 by name, 1 by street address, 2 by coordinates |
    | `goal_name` | `Box(0, 255, (64,), uint8)` name or address in UTF-8, then zeros |
    | `goal_coordinates` | `Box((2,), float64)` latitude and longitude (WGS 84) [deg], or zeros |
    | `start_on_map` | `Box((3,), float32)` x east, y north [m], heading [rad] of the start |

    A courier has a map: `world.places[i].scene.map` (`navworld.world.vector_map.VectorMap`) tells
    where a name or an address is (`locate`) and where coordinates are (`origin.to_world`).
    `decode_text` reads `goal_name`.

    ## Reward
    Decrease of the geodesic distance to the goal [m], −0.01 a step, 2.5 × SPL at success.

    ## End of an episode
    Terminated by stop; truncated after 2000 steps. Success is a stop within 3 m (geodesic) of the
    place. `info` has `success`, `spl`, `soft_spl`, `distance_to_goal_m`, `collisions`, `path_m`,
    `geodesic_m`, the true pose `T_world_body` (4, 4) and the scene's name.

    ## Scenes
    Those with a map.

    ## Arguments
    Every field of `navworld.envs.options.Options` (by default `scenes` is "city:train" and `robot`
    is `COURIER`), and `render_mode` ("rgb_array"). Options of the task:
    `task=Drive(told=("name",))`; frozen episodes are `DriveEpisode`.

    ## Versions
    v0: first.
    """

    task = Drive
    own = {"scenes": "city:train", "robot": COURIER}


class DriveVectorEnv(TaskVectorEnv):
    """Drive for a batch; its manual page is `DriveEnv`."""

    single = DriveEnv

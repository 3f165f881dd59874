"""Relocalize: the kidnapped robot must say where it is.

First the body is led on a tour (`navworld.envs.tasks.tour`), so that it can know the place. Then it
is carried off to somewhere near the way it came, turned at random; nothing tells it, and nothing
that measures motion feels it. It may look around and drive, and ends the episode by stopping: with
that it declares its pose in the frame of the episode's start. It is right within 0.25 m and 10°,
the finest threshold by which results on InLoc (Taira et al., "InLoc: Indoor Visual Localization
with Dense Matching and View Synthesis", CVPR 2018) are compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Belief, Observation
from navworld.contracts import Outcome
from navworld.envs.single import TaskEnv
from navworld.envs.steering import Actions
from navworld.envs.tasks.checks import check_range, check_steps
from navworld.envs.tasks.episodes import MARGIN, TRIES, begun
from navworld.envs.tasks.resuming import Resuming
from navworld.envs.tasks.tour import Tours, draw_tour, no_tour
from navworld.envs.vector import TaskVectorEnv
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera, Robot
from navworld.world.geodesic import path_length
from navworld.world.store import Place
from navworld.world.upright import wrap
from navworld.world.world import World

AWAY = 1.0
"""Bodies are carried at least this far [m]."""

POSE_SPACE = spaces.Box(
    np.array([-FAR, -FAR, -np.pi], np.float32),
    np.array([FAR, FAR, np.pi], np.float32),
    dtype=np.float32,
)
"""x, y [m] and heading [rad] in the frame of the episode's start."""


@dataclass(frozen=True)
class RelocalizeEpisode:
    """A frozen episode, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "apartment:20003".
        start: x, y [m], heading [rad].
        stops: x, y of the places that the body is led to [m].
        dropped: x, y, heading of where it is carried to.
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    stops: tuple[tuple[float, float], ...]
    dropped: tuple[float, float, float]
    seed: int

    @property
    def goal(self) -> tuple[float, float]:
        """x, y of where the body is carried to [m]."""
        return self.dropped[0], self.dropped[1]


class Relocalize(Resuming):
    """The task.

    Args:
        declare: "action": the action has a part "pose"; "belief": what the localizer believed
            with the observation before the stop counts.
        max_translation_m, max_rotation_deg: Errors of a success.
        stops: Of the tour.
        min_leg, max_leg: Ways between the tour's stops [m].
        off_track: The body is carried to at most this far from the way it came [m].
        max_steps: After the tour; then an episode is truncated.
        success_reward: At success.
        slack_reward: Per step, while the body is on its own.
    """

    changing = ("tours", "_dropped", "_believed", "_steps", "_collisions")

    def __init__(
        self,
        *,
        declare: str = "action",
        max_translation_m: float = 0.25,
        max_rotation_deg: float = 10.0,
        stops: int = 2,
        min_leg: float = 2.0,
        max_leg: float = 10.0,
        off_track: float = 0.5,
        max_steps: int = 100,
        success_reward: float = 2.5,
        slack_reward: float = -0.01,
    ) -> None:
        check_steps(max_steps)
        check_range("leg", min_leg, max_leg)
        if declare not in ("action", "belief"):
            raise ValueError(f"declare={declare!r}: expected 'action' or 'belief'")
        if stops < 1:
            raise ValueError(f"stops={stops!r}: expected at least 1")
        self.declare = declare
        self.max_translation_m, self.max_rotation_deg = max_translation_m, max_rotation_deg
        self.stops, self.min_leg, self.max_leg = stops, min_leg, max_leg
        self.off_track, self.max_steps = off_track, max_steps
        self.success_reward, self.slack_reward = success_reward, slack_reward
        self.tours = Tours()
        self.space = spaces.Dict({})
        self._allocate(0)

    def equip(self, camera: Camera, moves: spaces.Space) -> spaces.Space:
        """Adds the declared pose to the action, unless the belief is what counts."""
        self.tours.equip(moves)
        self.space = self.tours.space
        if self.declare == "belief":
            return moves
        return spaces.Dict({"move": moves, "pose": POSE_SPACE})

    def reset(
        self,
        world: World,
        ids: IntArray,
        streams: Streams,
        episodes: list[RelocalizeEpisode | None],
    ) -> None:
        """Places the bodies `ids` at the start of their tours."""
        if len(self._steps) != world.num_envs:
            self._allocate(world.num_envs)
        for i, episode in begun(
            episodes, self.draw, name="relocalize goal", world=world, ids=ids, streams=streams
        ):
            self.tours.begin(world, i, episode.start, episode.stops)
            self._dropped[i], self._believed[i] = episode.dropped, np.nan
            self._steps[i] = self._collisions[i] = 0

    def draw(self, place: Place, robot: Robot, rng: np.random.Generator) -> RelocalizeEpisode:
        """Draws an episode."""
        for _ in range(TRIES):
            tour = draw_tour(
                place, robot.radius, rng, count=self.stops, low=self.min_leg, high=self.max_leg
            )
            if tour is None:
                break
            start, stops = tour
            spot = self._near_the_way(place, robot, start[:2], stops, rng)
            heading = float(rng.uniform(-np.pi, np.pi))
            if spot is not None:
                x, y, yaw = (float(v) for v in start)
                places = tuple((float(stop[0]), float(stop[1])) for stop in stops)
                dropped = (float(spot[0]), float(spot[1]), heading)
                return RelocalizeEpisode("", (x, y, yaw), places, dropped, 0)
        raise no_tour(place, robot.radius, self.min_leg, self.max_leg)

    def lead(self, world: World, moves: NDArray) -> NDArray:
        """The guide's actions during the tour, the agent's own after it."""
        return self.tours.lead(world, moves)

    def hear(self, belief: Belief, ids: IntArray) -> None:
        """Keeps what the localizer believes."""
        T = belief.T_world_body
        self._believed[ids] = np.stack(
            [T[:, 0, 3], T[:, 1, 3], np.arctan2(T[:, 1, 0], T[:, 0, 0])], 1
        )

    def observe(self, world: World, ids: IntArray) -> Observation:
        """Whether the body is led, and what was done last."""
        return self.tours.told(ids)

    def outcome(self, world: World, actions: Actions) -> Outcome:
        """Reward: −0.01 a step and 2.5 at success; 0 while the body is led."""
        led = self.tours.led
        self._steps += ~led
        self._collisions += world.collided & ~led
        translation, rotation = self._errors(world, actions)
        stopped = world.stopped & ~led
        right = translation <= self.max_translation_m
        success = stopped & right & (rotation <= self.max_rotation_deg)
        self.tours.step(world)
        for i in np.flatnonzero(led & ~self.tours.led):
            x, y, yaw = self._dropped[i]
            world.carry_off(int(i), np.array([x, y]), yaw)
        return Outcome(
            reward=np.where(led, 0.0, self.slack_reward + self.success_reward * success),
            terminated=stopped,
            truncated=~led & ~stopped & (self._steps >= self.max_steps),
            success=success,
            metrics={
                "success": success.astype(np.float64),
                "translation_error_m": translation,
                "rotation_error_deg": rotation,
                "steps": self._steps.astype(np.float64),
                "collisions": self._collisions.astype(np.float64),
            },
        )

    def _errors(self, world: World, actions: Actions) -> tuple[NDArray, NDArray]:
        """(B,) metres and degrees between the declared poses and the true ones."""
        declared = self._believed
        if isinstance(actions, dict):
            declared = np.asarray(actions["pose"], np.float64)
        elif np.isnan(declared).any():
            raise ValueError(
                "declare='belief' needs a localizer: pass localizer= to the environment"
            )
        T = world.T_start_body(np.arange(world.num_envs))
        heading = np.arctan2(T[:, 1, 0], T[:, 0, 0])
        turn = np.degrees(np.abs(wrap(declared[:, 2] - heading)))
        return np.linalg.norm(declared[:, :2] - T[:, :2, 3], axis=1), turn

    def _near_the_way(
        self,
        place: Place,
        robot: Robot,
        start: NDArray,
        stops: list[NDArray],
        rng: np.random.Generator,
    ) -> NDArray | None:
        """(2,) a walkable point near the tour, away from its end; None if none is found."""
        navigator = place.navigator(robot.radius)
        here, way = start, []
        for stop in stops:
            field = place.field(robot.radius, (float(stop[0]), float(stop[1])))
            way.append(field.path(here))
            here = stop
        path = np.concatenate(way)
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        at = rng.uniform(0, path_length(path), 64)
        spots = np.stack([np.interp(at, along, path[:, k]) for k in (0, 1)], 1)
        angle, off = rng.uniform(-np.pi, np.pi, 64), rng.uniform(0, self.off_track, 64)
        spots += off[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        fits = navigator.clearance(spots) >= robot.radius + MARGIN
        fits &= navigator.component(spots) == 0
        fits &= np.linalg.norm(spots - here, axis=1) >= AWAY
        return spots[np.argmax(fits)] if fits.any() else None

    def _allocate(self, num_envs: int) -> None:
        self._dropped = np.zeros((num_envs, 3))
        self._believed = np.full((num_envs, 3), np.nan)
        self._steps, self._collisions = np.zeros((2, num_envs), np.int64)


class RelocalizeEnv(TaskEnv):
    """Relocalize: be led around, be carried off without being told, and say where you are.

    ## Phases
    While `led` is 1 the body is led on a tour past two places; its actions count for nothing
    (`done` says what was done instead; localizers hear that), and observations come as always.
    As `led` turns 0 the body has been carried off: to at most 0.5 m beside the way it came, at
    least 1 m away, turned at random. Neither odometry nor inertia notice.

    ## Action space
    `Dict(move=…, pose=Box((3,)))`: `move` as of PointNav (`Discrete(4)`, 0 stop, 1 forward, 2 turn
    left, 3 turn right; or `Box(-1, 1, (2,))` with `actions="velocity"`), and `pose` the declared
    x, y [m] and heading [rad] in the frame of the episode's start, which counts at stop. With
    `task=Relocalize(declare="belief")` the action is `move` alone, and what counts is what the
    localizer believed with the observation before the stop.

    ## Observation space
    A `Dict` of what the sensors, localizer and mappers give, and

    | key | space |
    |---|---|
    | `led` | `Box(0, 1, (1,), float32)` 1 while the body is led |
    | `done` | `Box(…, (1,) or (2,), float32)` the action that was really done last |

    By default there is no `gps` among the sensors, which would tell, and no localizer.

    ## Reward
    0 on the tour. Then −0.01 a step and 2.5 at success.

    ## End of an episode
    Terminated by stop; truncated after 100 steps on its own. Success is a stop with a declared pose
    within 0.25 m and 10° of the true one. `info` has `success`, `translation_error_m`,
    `rotation_error_deg` (of the pose declared last), `steps` (on its own), `collisions`, the true
    pose `T_world_body` (4, 4) and the scene's name.

    ## Arguments
    Every field of `navworld.envs.options.Options`, and `render_mode` ("rgb_array"). Options of the
    task: `task=Relocalize(stops=3)`; frozen episodes are `RelocalizeEpisode`.

    ## Versions
    v0: first.
    """

    task = Relocalize
    own = {"sensors": ("rgb", "depth"), "localizer": None}


class RelocalizeVectorEnv(TaskVectorEnv):
    """Relocalize for a batch; its manual page is `RelocalizeEnv`."""

    single = RelocalizeEnv

"""Navigation in a batch of scenes: world, sensors, task and an agent's components together.

`Navigation` is the implementation, without autoreset; `navworld.envs.vector` shows it as a
`gymnasium.vector.VectorEnv`, `NavigationEnv` as a `gymnasium.Env` for a batch of one, and
`navworld.envs.sb3` to stable-baselines3.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.beliefs import Observation, Oracle, augment, augmented_space
from navworld.contracts import Equipped, Leading, Listening, Outcome, Resumable, Task
from navworld.envs.options import Options
from navworld.envs.tasks.pointnav import PointNav
from navworld.scenes import scene_refs
from navworld.scenes.people import figure, vehicle
from navworld.scenes.rearranged import rearranged_ref
from navworld.sensors import make_sensor
from navworld.sensors.noise import actuation_model
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.conditions import Draw
from navworld.world.looks import Look
from navworld.world.movers import Others
from navworld.world.movers_doors import unhung
from navworld.world.store import Place, SceneRef, shared_store
from navworld.world.world import World

Actions = NDArray | dict[str, NDArray]

REST = 0.1
"""A velocity action below this fraction of full speed and full turn rate means stop."""


class Navigation:
    """A batch of navigation environments without autoreset.

    Attributes:
        world, task, streams, localizer, mappers: The parts, each carrying the batch.
        single_observation_space, single_action_space: Of one environment.
        moves: The part of the action space that moves the body; all of it for most tasks.
        episode: (B,) index of the frozen episode each environment runs; −1 once there are none
            left, or when episodes are drawn.
    """

    def __init__(self, num_envs: int, options: Options) -> None:
        self.options, self.num_envs = options, num_envs
        self.world = World(
            num_envs,
            options.robot,
            sliding=options.sliding,
            light=options.light,
            threads=options.threads,
        )
        self.streams = Streams(num_envs)
        self.actuation = actuation_model(options.actuation)
        self.sensors = [make_sensor(s, options.camera, options.robot) for s in options.sensors]
        for sensor in self.sensors:
            self.world.want(sensor.renders)
        self.task: Task = copy.deepcopy(options.task) if options.task is not None else PointNav()
        self.localizer = copy.deepcopy(options.localizer)
        self.mappers = [copy.deepcopy(mapper) for mapper in options.mappers]
        if isinstance(self.localizer, Oracle):
            self.localizer.bind(self.world)
        moves: spaces.Space = spaces.Discrete(4)
        if options.actions == "velocity":
            moves = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.moves = self.single_action_space = moves
        if isinstance(self.task, Equipped):
            self.single_action_space = self.task.equip(options.camera, moves)
        self.others: Others | None = None
        if options.movers is not None:
            self.others = self.world.others = Others(
                num_envs, options.movers, robot_radius=options.robot.radius, figure=figure,
                vehicle=vehicle,
            )  # fmt: skip
        self.refs = scene_refs(options.scenes)
        self.conditions = Draw(options.conditions)
        self.episode = np.full(num_envs, -1)
        self._next_episode = 0
        self._seeded = np.zeros(num_envs, bool)
        sensed = {k: v for s in self.sensors for k, v in s.space.spaces.items()}
        space = spaces.Dict({**sensed, **self.task.space.spaces})
        self.single_observation_space = augmented_space(space, self.localizer, self.mappers)

    def reset(self, ids: IntArray, seeds: Sequence[int] | None = None) -> Observation:
        """Begins new episodes in environments `ids`.

        Args:
            seeds: One per id; None goes on with the next episode of each.
        """
        rows = []
        for k, i in enumerate(ids):
            if seeds is not None:
                self.streams.seed(i, seeds[k])
            elif self._seeded[i]:
                self.streams.episodes[i] += 1
            self._seeded[i] = True
            self.streams.steps[i] = 0
            rows.append(self._begin(i))
        self.task.reset(self.world, ids, self.streams, rows)
        low, high = self.options.exposure
        if high > low:
            gain = low * (high / low) ** self.streams.uniform("exposure", ids)
            self.world.gain[ids] = gain[:, None]
        else:
            self.world.gain[ids] = low
        if self.others is not None:
            self.others.begin(self.world, ids, self.streams)
        for sensor in self.sensors:
            sensor.reset(self.world, ids, self.streams)
        if self.localizer is not None:
            self.localizer.reset(np.tile(np.eye(4), (len(ids), 1, 1)), ids)
        for mapper in self.mappers:
            mapper.reset(ids)
        return self._observe(ids, None)

    def step(self, actions: Actions) -> tuple[Observation, Outcome]:
        """Makes every environment act: observations after the action, and what it was worth."""
        given, moves = self._checked(actions)
        everyone = np.arange(self.num_envs)
        if isinstance(self.task, Leading):
            moves = self.task.lead(self.world, moves)
        self.streams.steps += 1
        if self.options.actions == "discrete":
            self._step_discrete(moves, everyone)
        else:
            self._step_velocity(moves, everyone)
        if self.others is not None:
            self.others.advance(self.world, self.options.robot.dt)
        outcome = self.task.outcome(self.world, given)
        return self._observe(everyone, moves), outcome

    def state(self) -> dict[str, Any]:
        """Everything that changes, so that `load` continues exactly here."""
        parts: dict[str, Any] = {"mappers": self.mappers, "sensors": self.sensors}
        if not isinstance(self.localizer, Oracle):
            parts["localizer"] = self.localizer
        task = self.task.state() if isinstance(self.task, Resumable) else None
        if task is None:
            parts["task"] = self.task
        return {
            "world": self.world.state(),
            "streams": self.streams.state(),
            "task": task,
            "parts": copy.deepcopy(parts),
            "others": None if self.others is None else self.others.state(),
            "episode": (self.episode.copy(), self._next_episode, self._seeded.copy()),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()` of an environment with the same options."""
        self.world.load(state["world"])
        self.streams.load(state["streams"])
        if isinstance(self.task, Resumable):
            self.task.load(state["task"])
        for name, part in copy.deepcopy(state["parts"]).items():
            setattr(self, name, part)
        if self.others is not None:
            self.others.load(state["others"], self.world)
        episode, self._next_episode, seeded = state["episode"]
        self.episode, self._seeded = episode.copy(), seeded.copy()

    def _begin(self, i: int) -> Any:
        """Chooses the scene (and the frozen episode, if any) of environment i."""
        if self.options.episodes is not None:
            episodes = self.options.episodes
            if self._next_episode < len(episodes):
                self.episode[i] = self._next_episode
                self._next_episode += 1
            else:
                self.episode[i] = -1
            episode = episodes[self.episode[i]]
            self.streams.seed(i, episode.seed)
            self._enter(i, scene_refs(episode.scene)[0])
            if self._next_episode < len(episodes):
                coming = episodes[self._next_episode]
                self._fetch_ahead(scene_refs(coming.scene)[0], coming.seed, 0)
            return episode
        turn, within = divmod(int(self.streams.episodes[i]), self.options.episodes_per_scene)
        self._enter(i, self._ref(i, turn))
        if within == self.options.episodes_per_scene - 1:
            seed, episode = int(self.streams.seeds[i]), int(self.streams.episodes[i])
            self._fetch_ahead(self._ref(i, turn + 1), seed, episode + 1)
        return None

    def _enter(self, i: int, ref: SceneRef) -> None:
        """Puts environment i into a scene, as its episode finds it."""
        conditions = self.conditions(self.streams, i)
        place = shared_store().get(rearranged_ref(ref, conditions))
        self.world.places[i] = self._place(place)
        key = int(self.streams.keys("weather", np.array([i]))[0])
        self.world.meet(i, conditions, key)

    def _fetch_ahead(self, ref: SceneRef, seed: int, episode: int) -> None:
        """Loads the scene of a coming episode in the background, as it will be found."""
        own = Streams(1)
        own.seed(0, seed)
        own.episodes[0] = episode
        conditions = self.conditions(own, 0)
        light = self.options.light if self._colour else None
        coming = rearranged_ref(ref, conditions)
        shared_store().prefetch(coming, light=light, look=Look.of(conditions))

    def _place(self, place: Place) -> Place:
        """The place, less what moves in it by itself."""
        movers = self.options.movers
        return unhung(place) if movers is not None and movers.doors else place

    def _ref(self, i: int, turn: int) -> SceneRef:
        """The scene environment i visits at its `turn`-th move; depends on its seed alone."""
        own = Streams(1)
        own.seeds[:] = self.streams.seeds[i]
        own.episodes[:] = turn % self.options.scene_pool if self.options.scene_pool else turn
        u = own.uniform("scene", np.zeros(1, np.int64))[0]
        return self.refs[int(u * len(self.refs))]

    @property
    def _colour(self) -> bool:
        looks = [(*s.renders, *getattr(s, "views", ())) for s in self.sensors]
        looks.append(getattr(self.task, "views", ()))
        return any(output in ("rgb", "color") for pairs in looks for _, output in pairs)

    def _observe(self, ids: IntArray, actions: NDArray | None) -> Observation:
        observation: Observation = {}
        for sensor in self.sensors:
            observation.update(sensor.read(self.world, ids, self.streams))
        observation.update(self.task.observe(self.world, ids))
        dt = self.options.robot.dt
        result, belief = augment(
            observation, actions, dt, ids, localizer=self.localizer, mappers=self.mappers
        )
        if belief is not None and isinstance(self.task, Listening):
            self.task.hear(belief, ids)
        return result

    def _checked(self, actions: Actions) -> tuple[Actions, NDArray]:
        """The actions, and those of them that move the bodies."""
        space = self.single_action_space
        if not isinstance(space, spaces.Dict):
            moves = self._checked_moves(np.asarray(actions))
            return moves, moves
        if not isinstance(actions, dict) or actions.keys() != space.spaces.keys():
            what = sorted(actions) if isinstance(actions, dict) else type(actions).__name__
            raise ValueError(f"actions are {what}; expected a dict of {sorted(space.spaces)}")
        given: dict[str, NDArray] = {}
        for name, part in space.spaces.items():
            value = np.asarray(actions[name])
            if name != "move":
                shape = (self.num_envs, *(part.shape or ()))
                if value.shape != shape or not np.isfinite(value).all():
                    raise ValueError(
                        f"action {name!r} is {value.tolist()}: expected finite numbers of shape "
                        f"{shape}"
                    )
            given[name] = self._checked_moves(value) if name == "move" else value
        return given, given["move"]

    def _checked_moves(self, actions: NDArray) -> NDArray:
        space = self.moves
        shape = (self.num_envs, *(space.shape or ()))
        if actions.shape != shape:
            raise ValueError(f"actions have shape {actions.shape}; expected {shape}")
        if isinstance(space, spaces.Discrete):
            whole = np.issubdtype(actions.dtype, np.integer)
            if not (whole and ((actions >= 0) & (actions < 4)).all()):
                raise ValueError(
                    f"action {actions.tolist()} is outside the action space: expected whole "
                    "numbers 0 (stop), 1 (forward), 2 (turn left), 3 (turn right)"
                )
            return actions.astype(np.int64)
        if not (np.isfinite(actions).all() and (np.abs(actions) <= 1).all()):
            raise ValueError(
                f"action {actions.tolist()} is outside the action space: expected finite numbers "
                "in [−1, 1] (forward speed, turn rate)"
            )
        return actions.astype(np.float64)

    def _step_discrete(self, actions: NDArray, ids: IntArray) -> None:
        robot = self.options.robot
        motion = np.zeros((self.num_envs, 3))
        motion[actions == FORWARD, 0] = robot.forward
        turn = np.radians(robot.turn_deg)
        motion[:, 2] = turn * ((actions == LEFT).astype(float) - (actions == RIGHT))
        if self.actuation is not None:
            motion = self.actuation.disturb(motion, ids, self.streams)
        self._among_others(motion, lambda: self.world.step(motion), arc=False)
        self.world.stopped = actions == STOP

    def _step_velocity(self, actions: NDArray, ids: IntArray) -> None:
        robot = self.options.robot
        velocity = np.zeros((self.num_envs, 3))
        velocity[:, 0] = np.maximum(actions[:, 0], 0.0) * robot.max_speed
        velocity[:, 2] = actions[:, 1] * robot.max_turn_rate
        resting = (actions[:, 0] < REST) & (np.abs(actions[:, 1]) < REST)
        velocity[resting] = 0.0
        if self.actuation is not None:
            velocity = self.actuation.disturb(velocity * robot.dt, ids, self.streams) / robot.dt
        self._among_others(
            velocity, lambda: self.world.step_velocity(velocity, robot.dt), arc=True, dt=robot.dt
        )
        self.world.stopped = resting


    def _among_others(
        self, motion: NDArray, move: Callable[[], None], *, arc: bool, dt: float = 1.0
    ) -> None:
        """Moves the bodies, shortening `motion` (B, 3) where people or vehicles are in the way."""
        if self.others is None:
            move()
            return
        before = self.world.xy.copy()
        share = self.others.admit(self.world, motion * dt, arc=arc)
        motion[:, :2] *= share[:, None]
        move()
        self.world.collided |= share < 1
        # Sliding along a wall leads off the way that was looked at.
        for row in np.flatnonzero(self.others.touching(self.world)):
            self.world.hold(int(row), before[row])


class NavigationEnv(gymnasium.Env):
    """One navigation environment: a view of `Navigation` with a batch of one."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}

    def __init__(self, options: Options, *, render_mode: str | None = None) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode={render_mode!r}: expected None or 'rgb_array'")
        self.render_mode = render_mode
        self.batch = Navigation(1, options)
        self.observation_space = self.batch.single_observation_space
        self.action_space = self.batch.single_action_space
        self._running = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begins an episode; a seed makes this and all later episodes repeatable."""
        super().reset(seed=seed)
        seeds = None
        if seed is not None:
            seeds = [seed]
        elif not self._running:
            seeds = [int(self.np_random.integers(1 << 31))]
        self._running = True
        observation = self.batch.reset(np.zeros(1, np.int64), seeds)
        return {k: v[0] for k, v in observation.items()}, self._info()

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Acts; `info` carries the metrics and the true pose."""
        if not self._running:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        if isinstance(action, dict):
            batched: Actions = {name: np.asarray(part)[None] for name, part in action.items()}
        else:
            batched = np.asarray(action)[None]
        observation, outcome = self.batch.step(batched)
        info = self._info() | {name: float(v[0]) for name, v in outcome.metrics.items()}
        return (
            {k: v[0] for k, v in observation.items()},
            float(outcome.reward[0]),
            bool(outcome.terminated[0]),
            bool(outcome.truncated[0]),
            info,
        )

    def render(self) -> NDArray[np.uint8] | None:
        """(H, W, 3) what the robot's camera sees, at least 256 px high."""
        if self.render_mode is None:
            return None
        camera = self.batch.options.camera
        scale = max(1, -(-256 // camera.height))
        big = Camera(camera.height * scale, camera.width * scale, camera.fov_deg, camera.position)
        ids, world = np.zeros(1, np.int64), self.batch.world
        return world.view(big, world.T_world_body(ids), ids, ("rgb",))["rgb"][0]

    def save_state(self) -> dict[str, Any]:
        """The whole state: the world, the task, every random stream and every component."""
        return self.batch.state()

    def load_state(self, state: dict[str, Any]) -> None:
        """Continues exactly from `save_state()`."""
        self.batch.load(state)
        self._running = True

    def _info(self) -> dict[str, Any]:
        world = self.batch.world
        return {"T_world_body": world.T_world_body()[0], "scene": world.places[0].scene.name}


class PointNavEnv(NavigationEnv):
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

    def __init__(self, render_mode: str | None = None, **options: Any) -> None:
        super().__init__(Options.of(options), render_mode=render_mode)

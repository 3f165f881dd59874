"""Navigation in a batch of scenes: world, sensors, task and an agent's components together.

`Navigation` is the implementation, without autoreset; `navworld.envs.vector` shows it as a
`gymnasium.vector.VectorEnv`, `NavigationEnv` as a `gymnasium.Env` for a batch of one, and
`navworld.envs.sb3` to stable-baselines3.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.beliefs import Observation, Oracle, augment, augmented_space
from navworld.contracts import Outcome, Task
from navworld.envs.options import Options
from navworld.envs.tasks.pointnav import PointNav
from navworld.scenes import scene_refs
from navworld.sensors import make_sensor
from navworld.sensors.noise import actuation_model
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.store import SceneRef, shared_store
from navworld.world.world import World

REST = 0.1
"""A velocity action below this fraction of full speed and full turn rate means stop."""


class Navigation:
    """A batch of navigation environments without autoreset.

    Attributes:
        world, task, streams, localizer, mappers: The parts, each carrying the batch.
        single_observation_space, single_action_space: Of one environment.
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
        self.refs = scene_refs(options.scenes)
        self.episode = np.full(num_envs, -1)
        self._next_episode = 0
        self._seeded = np.zeros(num_envs, bool)
        sensed = {k: v for s in self.sensors for k, v in s.space.spaces.items()}
        space = spaces.Dict({**sensed, **self.task.space.spaces})
        self.single_observation_space = augmented_space(space, self.localizer, self.mappers)
        self.single_action_space: spaces.Space = spaces.Discrete(4)
        if options.actions == "velocity":
            self.single_action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)

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
        for sensor in self.sensors:
            sensor.reset(self.world, ids, self.streams)
        if self.localizer is not None:
            self.localizer.reset(np.tile(np.eye(4), (len(ids), 1, 1)), ids)
        for mapper in self.mappers:
            mapper.reset(ids)
        return self._observe(ids, None)

    def step(self, actions: NDArray) -> tuple[Observation, Outcome]:
        """Makes every environment act: observations after the action, and what it was worth."""
        actions = self._checked(actions)
        everyone = np.arange(self.num_envs)
        self.streams.steps += 1
        if self.options.actions == "discrete":
            self._step_discrete(actions, everyone)
        else:
            self._step_velocity(actions, everyone)
        outcome = self.task.outcome(self.world, actions)
        return self._observe(everyone, actions), outcome

    def state(self) -> dict[str, Any]:
        """Everything that changes, so that `load` continues exactly here."""
        parts: dict[str, Any] = {"mappers": self.mappers, "sensors": self.sensors}
        if not isinstance(self.localizer, Oracle):
            parts["localizer"] = self.localizer
        if not isinstance(self.task, PointNav):
            parts["task"] = self.task
        return {
            "world": self.world.state(),
            "streams": self.streams.state(),
            "pointnav": self.task.state() if isinstance(self.task, PointNav) else None,
            "parts": copy.deepcopy(parts),
            "episode": (self.episode.copy(), self._next_episode, self._seeded.copy()),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()` of an environment with the same options."""
        self.world.load(state["world"])
        self.streams.load(state["streams"])
        if isinstance(self.task, PointNav):
            self.task.load(state["pointnav"])
        for name, part in copy.deepcopy(state["parts"]).items():
            setattr(self, name, part)
        episode, self._next_episode, seeded = state["episode"]
        self.episode, self._seeded = episode.copy(), seeded.copy()

    def _begin(self, i: int) -> Any:
        """Chooses the scene (and the frozen episode, if any) of environment i."""
        store = shared_store()
        light = self.options.light if self._colour else None
        if self.options.episodes is not None:
            episodes = self.options.episodes
            if self._next_episode < len(episodes):
                self.episode[i] = self._next_episode
                self._next_episode += 1
            else:
                self.episode[i] = -1
            episode = episodes[self.episode[i]]
            self.streams.seed(i, episode.seed)
            self.world.places[i] = store.get(scene_refs(episode.scene)[0])
            if self._next_episode < len(episodes):
                coming = scene_refs(episodes[self._next_episode].scene)[0]
                store.prefetch(coming, light=light)
            return episode
        turn, within = divmod(int(self.streams.episodes[i]), self.options.episodes_per_scene)
        self.world.places[i] = store.get(self._ref(i, turn))
        if within == self.options.episodes_per_scene - 1:
            store.prefetch(self._ref(i, turn + 1), light=light)
        return None

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
        return any(output in ("rgb", "color") for pairs in looks for _, output in pairs)

    def _observe(self, ids: IntArray, actions: NDArray | None) -> Observation:
        observation: Observation = {}
        for sensor in self.sensors:
            observation.update(sensor.read(self.world, ids, self.streams))
        observation.update(self.task.observe(self.world, ids))
        dt = self.options.robot.dt
        result, _ = augment(
            observation, actions, dt, ids, localizer=self.localizer, mappers=self.mappers
        )
        return result

    def _checked(self, actions: NDArray) -> NDArray:
        space = self.single_action_space
        actions = np.asarray(actions)
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
        self.world.step(motion)
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
        self.world.step_velocity(velocity, robot.dt)
        self.world.stopped = resting


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
        observation, outcome = self.batch.step(np.asarray(action)[None])
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

"""The single environment: `gymnasium.Env` over a `Navigation` with a batch of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Task
from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.envs.steering import Actions
from navworld.world.body import Camera


class NavigationEnv(gymnasium.Env):
    """One navigation environment."""

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


class TaskEnv(NavigationEnv):
    """The environment of a task; its options are keyword arguments.

    Attributes:
        task: Makes the task where none is given.
        own: Other options that are not the usual ones where they are not given.
    """

    task: ClassVar[Callable[[], Task]]
    own: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, render_mode: str | None = None, **options: Any) -> None:
        super().__init__(self.options(options), render_mode=render_mode)

    @classmethod
    def options(cls, given: Mapping[str, Any]) -> Options:
        """What is given, and the task's own for the rest."""
        return Options.of({"task": cls.task(), **cls.own, **given})

"""The batched environment: `gymnasium.vector.VectorEnv` over `Navigation`.

Autoreset is same-step: the observation returned with a finished episode is the first of the next
one, the last observation is in `info["final_obs"]` and the metrics in `info["final_info"]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Outcome
from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.envs.single import NavigationEnv, TaskEnv
from navworld.envs.steering import Actions


class NavigationVectorEnv(VectorEnv):
    """A batch of navigation environments in one process, stepped together."""

    metadata: dict[str, Any] = {
        **NavigationEnv.metadata,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(self, num_envs: int, options: Options, *, render_mode: str | None = None) -> None:
        if num_envs < 1:
            raise ValueError(f"num_envs={num_envs}: expected at least 1")
        self.num_envs, self.render_mode = num_envs, render_mode
        self.batch = Navigation(num_envs, options)
        self.single_observation_space = self.batch.single_observation_space
        self.single_action_space = self.batch.single_action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._running = False

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observation, dict[str, Any]]:
        """Begins an episode everywhere.

        Args:
            seed: s seeds environment k with s + k; a sequence gives each its own.
            options: None are known.
        """
        if seed is None and not self._running:
            seed = int(self.np_random.integers(1 << 31))
        ids = np.arange(self.num_envs)
        seeds: list[Any] | None = None
        if seed is not None:
            if isinstance(seed, (int, np.integer)):
                seeds = [int(seed) + k for k in range(self.num_envs)]
            else:
                seeds = list(seed)
            if len(seeds) != self.num_envs:
                raise ValueError(f"{len(seeds)} seeds given for {self.num_envs} environments")
        self._running = True
        return self.batch.reset(ids, seeds), {}

    def step(
        self, actions: Actions
    ) -> tuple[Observation, NDArray, NDArray, NDArray, dict[str, Any]]:
        """Acts everywhere; finished episodes are followed by new ones in the same call."""
        if not self._running:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        observation, outcome = self.batch.step(actions)
        info: dict[str, Any] = {}
        done = outcome.terminated | outcome.truncated
        if done.any():
            info = self._final(observation, outcome, done)
            ids = np.flatnonzero(done)
            for key, value in self.batch.reset(ids).items():
                observation[key][ids] = value
        return observation, outcome.reward, outcome.terminated, outcome.truncated, info

    def render(self) -> tuple[NDArray, ...] | None:
        """What every robot's camera sees."""
        if self.render_mode is None:
            return None
        ids = np.arange(self.num_envs)
        world = self.batch.world
        images = world.view(self.batch.options.camera, world.T_world_body(ids), ids, ("rgb",))
        return tuple(images["rgb"])

    def save_state(self) -> dict[str, Any]:
        """The whole state: the worlds, the tasks, every random stream and every component."""
        return self.batch.state()

    def load_state(self, state: dict[str, Any]) -> None:
        """Continues exactly from `save_state()`."""
        self.batch.load(state)
        self._running = True

    def _final(self, observation: Observation, outcome: Outcome, done: NDArray) -> dict[str, Any]:
        final = np.full(self.num_envs, None, object)
        for i in np.flatnonzero(done):
            final[i] = {key: value[i].copy() for key, value in observation.items()}
        info: dict[str, Any] = {}
        values = {**outcome.metrics, "episode_index": self.batch.episode.copy()}
        for name, value in values.items():
            info[name] = np.where(done, value, 0)
            info[f"_{name}"] = done.copy()
        return {
            "final_obs": final,
            "_final_obs": done.copy(),
            "final_info": info,
            "_final_info": done.copy(),
            "final_T_world_body": self.batch.world.T_world_body(),
            "_final_T_world_body": done.copy(),
            "final_T_world_believed": self.batch.T_world_believed(),
            "_final_T_world_believed": done.copy(),
            "final_guessed": self.batch.guessed.copy(),
            "_final_guessed": done.copy(),
        }


class TaskVectorEnv(NavigationVectorEnv):
    """A batch of environments of a task; its options are keyword arguments.

    Attributes:
        single: The environment of the task, whose manual page and options hold for the batch.
    """

    single: ClassVar[type[TaskEnv]]

    def __init__(self, num_envs: int = 1, render_mode: str | None = None, **options: Any) -> None:
        super().__init__(num_envs, self.single.options(options), render_mode=render_mode)

"""stable-baselines3 over the batched environment, without copies or subprocesses."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from navworld.envs.vector import NavigationVectorEnv
from navworld.names import nearest

EPISODE_KEYS = ("success", "spl", "soft_spl", "distance_to_goal_m", "collisions")


class NavigationVecEnv(VecEnv):
    """A `VecEnv` whose `infos` carry `terminal_observation`, `episode` and the metrics.

    Args:
        env: The batch.
        keys: Which of its observations the learner gets, in order; all by default. What only
            components read (depth behind a map, say) need not fill a rollout buffer.
    """

    def __init__(self, env: NavigationVectorEnv, keys: Sequence[str] | None = None) -> None:
        self.env = env
        self.render_mode = env.render_mode
        known = env.batch.single_observation_space.spaces
        for key in keys or ():
            if key not in known:
                raise ValueError(f"there is no observation {key!r}{nearest(key, known)}")
        self.keys = tuple(keys or known)
        space = spaces.Dict({key: known[key] for key in self.keys})
        super().__init__(env.num_envs, space, env.single_action_space)
        self._actions: NDArray = np.zeros(env.num_envs, np.int64)
        self._return = np.zeros(env.num_envs)
        self._length = np.zeros(env.num_envs, np.int64)
        self._began = time.perf_counter()

    def reset(self) -> dict[str, NDArray]:
        """Begins an episode everywhere, with the seeds given to `seed()` before."""
        seeds = self._seeds if self._seeds[0] is not None else None
        self._return[:], self._length[:] = 0, 0
        observation, _ = self.env.reset(seed=seeds)
        self._reset_seeds()
        self._reset_options()
        return self._shown(observation)

    def step_async(self, actions: NDArray) -> None:
        """Remembers the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[dict[str, NDArray], NDArray, NDArray, list[dict[str, Any]]]:
        """Acts everywhere."""
        observation, reward, terminated, truncated, info = self.env.step(self._actions)
        done = terminated | truncated
        self._return += reward
        self._length += 1
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(done):
            metrics = info["final_info"]
            infos[i] = {
                "terminal_observation": self._shown(info["final_obs"][i]),
                "TimeLimit.truncated": bool(truncated[i] and not terminated[i]),
                "episode": {
                    "r": float(self._return[i]),
                    "l": int(self._length[i]),
                    "t": round(time.perf_counter() - self._began, 6),
                },
                **{k: float(metrics[k][i]) for k in EPISODE_KEYS if k in metrics},
                "is_success": bool(metrics["success"][i]) if "success" in metrics else False,
            }
        self._return[done], self._length[done] = 0, 0
        return self._shown(observation), reward.astype(np.float32), done, infos

    def close(self) -> None:
        """Closes the environment."""
        self.env.close()

    def get_images(self) -> Sequence[NDArray | None]:
        """What every robot's camera sees."""
        images = self.env.render()
        return list(images) if images is not None else [None] * self.num_envs

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the batch, once per environment asked for."""
        return [getattr(self.env, attr_name)] * len(self._rows(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Sets an attribute of the batch."""
        setattr(self.env, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Calls a method of the batch once; its result, once per environment asked for."""
        result = getattr(self.env, method_name)(*method_args, **method_kwargs)
        return [result] * len(self._rows(indices))

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Whether a wrapper is around the environments; episodes are monitored here already."""
        from stable_baselines3.common.monitor import Monitor

        return [issubclass(Monitor, wrapper_class)] * len(self._rows(indices))

    def _shown(self, observation: dict[str, NDArray]) -> dict[str, NDArray]:
        return {key: observation[key] for key in self.keys}

    def _rows(self, indices: Any) -> list[int]:
        return list(self._get_indices(indices))

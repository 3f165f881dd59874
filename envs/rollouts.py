"""Running a policy through episodes, each exactly once, and keeping what happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.contracts import Policy
from navworld.envs.vector import NavigationVectorEnv
from navworld.evaluation.rollout import Rollout
from navworld.world.world import World


def run_episodes(
    env: NavigationVectorEnv,
    policy: Policy,
    *,
    deterministic: bool = True,
    film: Callable[[World, int, NDArray, dict[str, NDArray]], NDArray] | None = None,
    film_indices: frozenset[int] = frozenset(),
) -> Iterator[Rollout]:
    """Runs every frozen episode of the environment once and yields them as they end.

    Args:
        env: Made with `episodes=`; more environments than episodes are left idle.
        film: Draws a picture from (world, row, goal (2,), observation of the row), for the
            episodes in `film_indices`.
    """
    if env.batch.options.episodes is None:
        raise ValueError("run_episodes needs frozen episodes: make the environment with episodes=")
    if hasattr(policy, "bind"):
        policy.bind(env.batch)
    observation, _ = env.reset(seed=0)
    state: Any = None
    start = np.ones(env.num_envs, bool)
    open_rows = {i: _begin(env, i) for i in range(env.num_envs) if env.batch.episode[i] >= 0}
    while open_rows:
        for i, (rollout, _) in open_rows.items():
            if film is not None and rollout.index in film_indices:
                seen = {key: value[i] for key, value in observation.items()}
                rollout.frames.append(film(env.batch.world, i, rollout.goal_xy, seen))
        began = time.perf_counter()
        actions, state = policy.predict(observation, state, start, deterministic)
        spent = (time.perf_counter() - began) / env.num_envs
        before = env.batch.episode.copy()
        observation, _, terminated, truncated, info = env.step(actions)
        start = terminated | truncated
        poses = _poses(env, info)
        for i in list(open_rows):
            rollout, way = open_rows[i]
            way.append(tuple(pose[i] for pose in poses))
            rollout.seconds += spent
            if start[i]:
                del open_rows[i]
                if before[i] >= 0:
                    yield _end(rollout, way, info["final_info"], i)
                if env.batch.episode[i] >= 0:
                    open_rows[i] = _begin(env, i)


Pose = tuple[NDArray, NDArray, NDArray]
"""True pose (4, 4), believed pose (4, 4), and whether it is a guess."""


def _poses(env: NavigationVectorEnv, info: dict[str, Any]) -> Pose:
    """What `Pose` has, of every row, at the end of the step: before those that ended began anew."""
    if "final_T_world_body" in info:
        return (
            info["final_T_world_body"], info["final_T_world_believed"], info["final_guessed"]
        )  # fmt: skip
    batch = env.batch
    return batch.world.T_world_body(), batch.T_world_believed(), batch.guessed.copy()


def _begin(env: NavigationVectorEnv, i: int) -> tuple[Rollout, list[Pose]]:
    index = int(env.batch.episode[i])
    world = env.batch.world
    goal = (env.batch.options.episodes or ())[index].goal
    rollout = Rollout(index, world.places[i].scene.name, goal_xy=np.array(goal, np.float64))
    true, believed, guessed = _poses(env, {})
    return rollout, [(true[i], believed[i], guessed[i])]


def _end(rollout: Rollout, way: list[Pose], final: dict[str, NDArray], i: int) -> Rollout:
    true, believed, guessed = zip(*way, strict=True)
    rollout.T_world_body, rollout.T_world_believed = np.stack(true), np.stack(believed)
    rollout.guessed = np.array(guessed)
    rollout.metrics = {k: float(final[k][i]) for k in final if not k.startswith("_")}
    rollout.metrics.setdefault("steps", len(way) - 1)
    rollout.seconds /= max(1, len(way) - 1)
    return rollout

"""Steps per second: `navworld bench step`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from navworld.contracts import Policy
from navworld.envs.bench import timing
from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.envs.sb3 import NavigationVecEnv
from navworld.envs.vector import NavigationVectorEnv
from navworld.evaluation.result import Metric, Result
from navworld.scenes import scene_refs
from navworld.world.store import shared_store


class BoundPolicy(Policy, Protocol):
    """A policy that looks at the truth."""

    def bind(self, batch: Navigation) -> None:
        """Gives it the batch."""


def bench_step(
    policy: BoundPolicy,
    *,
    scenes: str = "apartment:train[:16]",
    num_envs: int = 32,
    size: int = 64,
    threads: int = 1,
    sensors: tuple[str, ...] = ("rgb", "depth", "gps"),
    random_turns: float = 0.1,
) -> Result:
    """PointNav steps: RGB-D, collisions, geodesic reward, a new goal at every reset.

    The bodies follow `policy` with random turns in between; its own time is not counted. Every
    scene is loaded and lit beforehand.
    """
    options = Options(scenes=scenes, sensors=sensors, image_size=size, threads=threads)
    for ref in scene_refs(scenes):
        shared_store().get(ref).rays("full" if "rgb" in sensors else None)
    env = NavigationVectorEnv(num_envs, options)
    plain, resets = _drive(env, env.step, env.reset(seed=0)[0], policy, random_turns)
    wrapped = NavigationVecEnv(NavigationVectorEnv(num_envs, options))
    wrapped.seed(0)

    def step(actions: NDArray) -> tuple:
        wrapped.step_async(actions)
        observation, reward, done, infos = wrapped.step_wait()
        return observation, reward, done, done, infos

    sb3, _ = _drive(wrapped.env, step, wrapped.reset(), policy, random_turns)
    config = {
        "scenes": [ref.key for ref in scene_refs(scenes)],
        "envs": num_envs,
        "size": size,
        "threads": threads,
        "sensors": list(sensors),
        "filtered_textures": True,
        "baked_light": True,
        "random_turns": random_turns,
    }
    return Result(
        {
            "steps_per_s": timing.spread(plain, "1/s"),
            "resets_per_s": Metric(resets, "1/s"),
            "sb3_steps_per_s": timing.spread(sb3, "1/s"),
            "sb3_ratio": Metric(float(np.median(sb3) / np.median(plain))),
            "peak_memory_mb": timing.peak(),
        },
        config,
    )


def _drive(
    env: NavigationVectorEnv,
    step: Callable,
    observation: Any,
    policy: BoundPolicy,
    random_turns: float,
) -> tuple[list[float], float]:
    """Rates of several rounds of stepping, and resets per second of stepping."""
    policy.bind(env.batch)
    rng = np.random.default_rng(1)
    rates, resets, total = [], 0, 0.0
    for round_ in range(timing.ROUNDS + 1):
        spent, count = 0.0, 0
        while spent < timing.ROUND_SECONDS:
            actions, _ = policy.predict(observation)
            turn = rng.random(env.num_envs) < random_turns
            actions = np.where(turn, rng.integers(2, 4, env.num_envs), actions)
            began = time.perf_counter()
            observation, _, terminated, truncated, _ = step(actions)
            spent += time.perf_counter() - began
            count += env.num_envs
            resets += int((terminated | truncated).sum()) if round_ else 0
        if round_:
            rates.append(count / spent)
            total += spent
    return rates, resets / total

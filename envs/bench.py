"""Throughput, measured the same way on every machine: `navworld bench render|step|scene`."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from navworld.contracts import Policy
from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.envs.sb3 import NavigationVecEnv
from navworld.envs.vector import NavigationVectorEnv
from navworld.evaluation.result import Metric, Result
from navworld.scenes import scene_refs
from navworld.world.body import Camera
from navworld.world.light import bake
from navworld.world.rays import render
from navworld.world.store import Place, shared_store


class BoundPolicy(Policy, Protocol):
    """A policy that looks at the truth."""

    def bind(self, batch: Navigation) -> None:
        """Gives it the batch."""


POSES = 200
ROUND_SECONDS = 0.6
ROUNDS = 7


def bench_render(
    *, scenes: str = "apartment:train[:8]", size: int = 64, threads: int = 1, supersample: int = 1
) -> Result:
    """RGB, depth and semantic images at 200 random poses: filtered textures, baked light."""
    refs = list(scene_refs(scenes))[:8]
    places = [shared_store().get(ref) for ref in refs]
    traced = [place.rays("full") for place in places]
    rng = np.random.default_rng(0)
    which = np.arange(POSES) % len(places)
    camera = Camera(size, size, supersample=supersample)
    T = np.stack([_random_pose(places[k], rng) @ camera.T_body_camera for k in which])
    outputs = ("rgb", "depth", "semantic")

    def frames() -> int:
        for low in range(0, POSES, 50):
            chunk = slice(low, low + 50)
            render(
                traced, which[chunk], T[chunk], camera.pattern, outputs,
                near=camera.near, far=camera.far, supersample=supersample, threads=threads,
            )  # fmt: skip
        return POSES

    rates = _rates(frames)
    config = {
        "scenes": [ref.key for ref in refs],
        "triangles": [len(place.scene.triangles) for place in places],
        "size": size,
        "threads": threads,
        "poses": POSES,
        "outputs": list(outputs),
        "filtered_textures": True,
        "baked_light": True,
        "supersample": supersample,
    }
    return Result({"frames_per_s": _spread(rates, "1/s"), "peak_memory_mb": _peak()}, config)


def bench_scene(*, scenes: str = "apartment:validation[:8]") -> Result:
    """Seconds that scenes take to be made from their seeds and to be lit, one after the other."""
    refs = scene_refs(scenes)
    bake(refs[0].load(), quality="full")  # compiles and loads what all share
    made, lit, sizes = [], [], []
    for ref in refs:
        began = time.perf_counter()
        scene = ref.load()
        made.append(time.perf_counter() - began)
        began = time.perf_counter()
        bake(scene, quality="full")
        lit.append(time.perf_counter() - began)
        sizes.append(len(scene.triangles))
    config = {"scenes": [ref.key for ref in refs], "triangles": sizes, "light": "full"}
    return Result(
        {
            "generate_s": _spread(made, "s"),
            "bake_s": _spread(lit, "s"),
            "peak_memory_mb": _peak(),
        },
        config,
    )


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
            "steps_per_s": _spread(plain, "1/s"),
            "resets_per_s": Metric(resets, "1/s"),
            "sb3_steps_per_s": _spread(sb3, "1/s"),
            "sb3_ratio": Metric(float(np.median(sb3) / np.median(plain))),
            "peak_memory_mb": _peak(),
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
    for round_ in range(ROUNDS + 1):
        spent, count = 0.0, 0
        while spent < ROUND_SECONDS:
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


def _random_pose(place: Place, rng: np.random.Generator) -> NDArray:
    T = np.eye(4)
    navigator = place.navigator(0.18)
    yaw = rng.uniform(-np.pi, np.pi)
    T[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    T[:2, 3] = navigator.sample(rng, 1)[0]
    T[2, 3] = navigator.floor.height
    return T


def _rates(work: Callable[[], int]) -> list[float]:
    work()
    rates = []
    for _ in range(ROUNDS):
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < ROUND_SECONDS:
            count += work()
        rates.append(count / (time.perf_counter() - began))
    return rates


def _spread(rates: list[float], unit: str) -> Metric:
    return Metric(float(np.median(rates)), unit, float(min(rates)), float(max(rates)))


def _peak() -> Metric:
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Metric(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale, "MB")

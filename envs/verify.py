"""`navworld verify`: checks an installation the way the project's own bars do."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.evaluation.result import Metric, Result
from navworld.names import nearest
from navworld.scenes import scene_refs
from navworld.world.rays import render
from navworld.world.store import Place, shared_store
from navworld.world.world import Camera

RADIUS = 0.18
Findings = tuple[dict[str, Metric], dict[str, bool]]


def verify(what: Sequence[str], *, fast: bool = False) -> Result:
    """Runs checks by name; every one is a line with what was found and whether it holds."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for name in what:
        if name not in CHECKS:
            raise ValueError(f"unknown check {name!r}{nearest(name, CHECKS)}")
        found, held = CHECKS[name](fast)
        metrics.update(found)
        checks.update(held)
    return Result(metrics, {"checks": list(what), "fast": fast}, checks)


def verify_flicker(fast: bool = False) -> Findings:
    """A camera glides past textured walls: what differs between frames once motion is undone."""
    differences = []
    for ref in scene_refs("apartment:validation")[: 2 if fast else 6]:
        place = shared_store().get(ref)
        differences += [_glide(place, seed) for seed in range(4)]
    median = float(np.median(np.concatenate(differences)))
    p90 = float(np.quantile(np.concatenate(differences), 0.9))
    metrics = {
        "flicker_median": Metric(median, "/255"),
        "flicker_p90": Metric(p90, "/255"),
    }
    return metrics, {"flicker: median difference ≤ 3/255 where visible": median <= 3.0}


def _glide(place: Place, seed: int, *, size: int = 128, steps: int = 12) -> NDArray:
    """Differences [grey levels] between warped consecutive frames of a sideways glide."""
    rng = np.random.default_rng(seed)
    navigator = place.navigator(RADIUS)
    camera = Camera(size, size)
    start = navigator.sample(rng, 1)[0]
    yaw = rng.uniform(-np.pi, np.pi)
    T = np.tile(np.eye(4), (steps, 1, 1))
    c, s = np.cos(yaw), np.sin(yaw)
    T[:, :2, :2] = [[c, -s], [s, c]]
    T[:, :2, 3] = start + np.arange(steps)[:, None] * 0.01 * np.array([-s, c])
    T[:, 2, 3] = navigator.floor.height
    T_world_camera = T @ camera.T_body_camera
    seen = render(
        [place.rays("full")], np.zeros(steps, np.intp), T_world_camera, camera.pattern,
        ("rgb", "depth", "semantic"), near=camera.near, far=camera.far,
    )  # fmt: skip
    found = [_warped_difference(seen, k, T_world_camera, camera) for k in range(steps - 1)]
    return np.concatenate(found)


def _warped_difference(
    seen: dict[str, NDArray], k: int, T_world_camera: NDArray, camera: Camera
) -> NDArray:
    """|frame k+1 − frame k sampled where its points were|, per visible pixel."""
    import cv2

    depth = seen["depth"][k + 1]
    directions = camera.pattern.directions.astype(np.float64)
    points = directions * depth[..., None]
    T = np.linalg.inv(T_world_camera[k]) @ T_world_camera[k + 1]
    before = points @ T[:3, :3].T + T[:3, 3]
    K = camera.K
    z = np.maximum(before[..., 2], 1e-6)
    u = K[0, 0] * before[..., 0] / z + K[0, 2]
    v = K[1, 1] * before[..., 1] / z + K[1, 2]
    maps = u.astype(np.float32), v.astype(np.float32)
    warped = cv2.remap(seen["rgb"][k].astype(np.float32), *maps, cv2.INTER_LINEAR)
    old_depth = cv2.remap(seen["depth"][k], *maps, cv2.INTER_NEAREST)
    inside = (u >= 0) & (v >= 0) & (u <= camera.width - 1) & (v <= camera.height - 1)
    visible = inside & (depth > 0) & (np.abs(old_depth - before[..., 2]) < 0.02 * z)
    return np.abs(warped - seen["rgb"][k + 1]).max(-1)[visible]


def verify_truth(fast: bool = False) -> Findings:
    """Depth, reprojection and shortest paths against independent implementations."""
    depth_share, reprojection, path_errors = [], [], []
    for ref in scene_refs("apartment:validation")[: 1 if fast else 4]:
        place = shared_store().get(ref)
        share, error = _depth_against_trimesh(place, poses=4 if fast else 10)
        depth_share.append(share)
        reprojection.append(error)
        path_errors.append(_paths_against_visibility(place, pairs=5 if fast else 15))
    share, error = float(np.mean(depth_share)), float(np.median(reprojection))
    excess = np.concatenate(path_errors)
    metrics = {
        "depth_within_1mm_share": Metric(share),
        "reprojection_median_mm": Metric(1e3 * error, "mm"),
        "path_excess_max": Metric(float(excess.max()), "of 1.5 % or 5 cm"),
    }
    return metrics, {
        "truth: depth within 1 mm of trimesh at 99.9 % of pixels": share >= 0.999,
        "truth: reprojection through depth and pose < 1 mm median": error < 1e-3,
        "truth: shortest paths within 1.5 % or 5 cm of a visibility graph": bool(excess.max() <= 1),
    }


def _depth_against_trimesh(place: Place, *, poses: int, size: int = 64) -> tuple[float, float]:
    import trimesh

    scene, navigator = place.scene, place.navigator(RADIUS)
    mesh = trimesh.Trimesh(scene.vertices, scene.triangles, process=False)
    caster = trimesh.ray.ray_triangle.RayMeshIntersector(mesh)
    rng = np.random.default_rng(0)
    camera = Camera(size, size, near=0.0, far=100.0)
    T = np.tile(np.eye(4), (poses, 1, 1))
    for k in range(poses):
        yaw = rng.uniform(-np.pi, np.pi)
        T[k, :2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
        T[k, :2, 3], T[k, 2, 3] = navigator.sample(rng, 1)[0], navigator.floor.height
    T = T @ camera.T_body_camera
    seen = render([place.rays(None)], np.zeros(poses, np.intp), T, camera.pattern, ("depth",))
    pixels = rng.choice(size * size, 150, replace=False)
    good, errors = [], []
    directions = camera.pattern.directions.reshape(-1, 3)[pixels].astype(np.float64)
    for k in range(poses):
        rays = directions @ T[k, :3, :3].T
        origins = np.tile(T[k, :3, 3], (len(rays), 1))
        points, index, _ = caster.intersects_location(origins, rays, multiple_hits=True)
        along = np.linalg.norm(points - origins[index], axis=1) / np.linalg.norm(
            rays[index], axis=1
        )
        expected = np.full(len(rays), np.inf)
        np.minimum.at(expected, index, along)
        expected[np.isinf(expected)] = 0
        measured = seen["depth"][k].reshape(-1)[pixels]
        good.append(np.abs(measured - expected) < 1e-3)
        if k:
            errors.append(_reprojection(seen["depth"][k], T[k], mesh, camera, rng))
    return float(np.mean(good)), float(np.median(np.concatenate(errors)))


def _reprojection(
    depth: NDArray, T_world_camera: NDArray, mesh: Any, camera: Camera, rng: np.random.Generator
) -> NDArray:
    """Distance [m] of points that depth and pose give to the surface of the mesh."""
    import trimesh

    v, u = np.nonzero(depth)
    pick = rng.choice(len(u), min(40, len(u)), replace=False)
    points = camera.pattern.directions[v[pick], u[pick]] * depth[v[pick], u[pick], None]
    world = points @ T_world_camera[:3, :3].T + T_world_camera[:3, 3]
    return trimesh.proximity.closest_point_naive(mesh, world)[1]


def _paths_against_visibility(place: Place, *, pairs: int) -> NDArray:
    """|error| over what is allowed (the larger of 1.5 % and 5 cm), per pair of points."""
    from navworld.evaluation.visibility import VisibilityGraph, free_space
    from navworld.world.geodesic import DistanceField, shortest_path

    navigator = place.navigator(RADIUS)
    graph = VisibilityGraph(free_space(navigator.floor, RADIUS))
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(pairs):
        a, b = navigator.sample(rng, 2)
        exact, _ = graph.path(a, b)
        if not np.isfinite(exact):
            continue
        allowed = max(0.015 * exact, 0.05)
        string = shortest_path(navigator, a, b)[0]
        field = DistanceField(navigator, b).distance(a[None])[0]
        ratios += [abs(string - exact) / allowed, abs(field - exact) / allowed]
    return np.array(ratios)


def verify_memory(fast: bool = False) -> Findings:
    """64 environments in 64 apartments, then many resets through 200 scenes with eviction.

    Each part runs in a process of its own, so that nothing loaded before counts.
    """
    sizes = (8, 800, 12) if fast else (64, 10_000, 200)
    light = "fast" if fast else "full"
    code = f"from navworld.envs.verify import memory_probe; memory_probe(*{sizes}, {light!r})"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        raise ValueError(f"the memory probe failed: {_last_words(done)}")
    used, growth = (float(x) for x in done.stdout.split()[-2:])
    limit = 1500 * sizes[0] / 64 + (400 if fast else 0)
    metrics = {
        "memory_used_mb": Metric(used, "MB"),
        "memory_growth_percent": Metric(growth, "%"),
    }
    return metrics, {
        f"memory: {sizes[0]} environments in as many apartments ≤ {limit:.0f} MB": used <= limit,
        f"memory: growth < 1 % over {sizes[1]} resets through {sizes[2]} scenes": growth < 1.0,
    }


def memory_probe(num_envs: int, resets: int, scenes: int, light: str) -> None:
    """Prints memory above import [MB] and the growth over resets [%].

    The store holds a twelfth of the scenes, so that eviction is at work; the first quarter of the
    resets fills it and does not count. Growth is from the second quarter's median to the last's.
    """
    import psutil

    process = psutil.Process()
    before = process.memory_info().rss
    sensors = ("rgb", "depth", "gps")
    options = Options(scenes=f"apartment:0-{num_envs - 1}", sensors=sensors, light=light)
    refs = scene_refs(options.scenes)
    env = NavigationVectorEnv(num_envs, options)
    env.reset(seed=0)
    for i in range(num_envs):
        env.batch.world.places[i] = shared_store().get(refs[i])
    env.batch.world.load(env.batch.world.state())
    for _ in range(3):
        env.step(np.full(num_envs, 2))
    for place in env.batch.world.places:
        place.rays(light)
    used = (process.memory_info().rss - before) / 1e6
    del env
    shared_store().clear()
    shared_store().max_bytes = scenes // 12 * 8_000_000
    options = Options(
        scenes=f"apartment:1000-{999 + scenes}", sensors=("depth", "gps"), episodes_per_scene=8
    )
    env = NavigationVectorEnv(4, options)
    env.reset(seed=0)
    marks = []
    for k in range(resets // 4):
        env.reset()
        if (k + 1) % max(1, resets // 40) == 0:
            gc.collect()
            marks.append(process.memory_info().rss)
    quarter = len(marks) // 4
    early, late = marks[quarter : 2 * quarter], marks[-quarter:]
    growth = 100 * (np.median(late) / np.median(early) - 1)
    print(used, growth)


def verify_determinism(fast: bool = False) -> Findings:
    """The same seed and actions give the same bytes, however they are run."""
    steps, many = (20, 8) if fast else (60, 32)
    reference = trace(seed=5, num_envs=many, threads=1, steps=steps)
    cases = {
        "2 threads": trace(seed=5, num_envs=many, threads=2, steps=steps),
        "a second run": trace(seed=5, num_envs=many, threads=1, steps=steps),
    }
    for k in (0, many // 2, many - 1):
        single = trace(seed=5 + k, num_envs=1, threads=1, steps=steps, first=k)
        cases[f"environment {k} alone"] = single
    checks = {}
    for name, digests in cases.items():
        same = all(reference[key] == value for key, value in digests.items())
        checks[f"determinism: {name}"] = same
    for name, folder in (("cold cache", True), ("warm cache", False)):
        checks[f"determinism: {name}, another process"] = _trace_elsewhere(
            steps, many, fresh=folder
        ) == sorted(reference.values())
    return {"determinism_streams": Metric(float(len(reference)))}, checks


def trace(*, seed: int, num_envs: int, threads: int, steps: int, first: int = 0) -> dict[int, str]:
    """Digest of everything that each environment observes under scripted actions."""
    import hashlib

    options = Options(
        scenes="apartment:0-3",
        sensors=("rgb", "depth", "semantic", "gps"),
        light="fast",
        threads=threads,
        exposure=(0.7, 1.3),
    )
    env = NavigationVectorEnv(num_envs, options)
    digests = [hashlib.sha256() for _ in range(num_envs)]

    def note(observation: dict[str, NDArray]) -> None:
        for i, digest in enumerate(digests):
            for key in sorted(observation):
                digest.update(np.ascontiguousarray(observation[key][i]).tobytes())

    note(env.reset(seed=seed)[0])
    for step in range(steps):
        scripted = np.array([_scripted(first + i, step) for i in range(num_envs)])
        note(env.step(scripted)[0])
    return {first + i: digest.hexdigest() for i, digest in enumerate(digests)}


def _scripted(row: int, step: int) -> int:
    if step % 17 == 16:
        return 0
    return (1, 1, 2, 1, 3)[(row * 7 + step * 3) % 5]


def _trace_elsewhere(steps: int, num_envs: int, *, fresh: bool) -> list[str]:
    import tempfile

    code = (
        "from navworld.envs.verify import trace;"
        f"print(*sorted(trace(seed=5,num_envs={num_envs},threads=1,steps={steps}).values()))"
    )
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ)
        if fresh:
            env["NAVWORLD_CACHE"] = folder
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    if done.returncode:
        raise ValueError(f"the second process failed: {_last_words(done)}")
    return done.stdout.split()


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"status {done.returncode}; is there enough memory?"


def verify_checkers(fast: bool = False) -> Findings:
    """Gymnasium's and stable-baselines3's environment checkers."""
    import warnings

    import gymnasium
    from gymnasium.utils.env_checker import check_env as gymnasium_check
    from stable_baselines3.common.env_checker import check_env as sb3_check

    checks: dict[str, bool] = {}
    for actions in ("discrete", "velocity"):
        env = gymnasium.make(
            "navworld/PointNav-v0", scenes="apartment:0", light="fast", actions=actions,
            sensors=("rgb", "depth", "semantic", "gps"), render_mode="rgb_array",
        )  # fmt: skip
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gymnasium_check(env.unwrapped)
        told = [str(w.message) for w in caught]
        checks[f"checkers: gymnasium, {actions}: no warning {told or ''}".strip()] = not told
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sb3_check(env.unwrapped, warn=True)
        told = [str(w.message) for w in caught if str(w.message) not in EXPECTED_SB3_WARNINGS]
        checks[
            f"checkers: stable-baselines3, {actions}: none but the listed {told or ''}".strip()
        ] = not told
    return {"checkers_environments": Metric(2.0)}, checks


EXPECTED_SB3_WARNINGS: tuple[str, ...] = (
    "It seems that your observation depth is an image but its `dtype` is (float32) whereas it has "
    "to be `np.uint8`. If your observation is not an image, we recommend you to flatten the "
    "observation to have only a 1D vector",
    "It seems that your observation space depth is an image but the upper and lower bounds are "
    "not in [0, 255]. Because the CNN policy normalize automatically the observation you may "
    "encounter issue if the values are not in that range.",
    "Your observation semantic has an unconventional shape (neither an image, nor a 1D vector). "
    "We recommend you to flatten the observation to have only a 1D vector or use a custom policy "
    "to properly process the data.",
)
"""Depth stays float, in metres, and class ids stay integers: `DictFeatures` reads them so."""

CHECKS: dict[str, Callable[[bool], Findings]] = {
    "flicker": verify_flicker,
    "memory": verify_memory,
    "truth": verify_truth,
    "determinism": verify_determinism,
    "checkers": verify_checkers,
}

"""Checks of pictures and paths: flicker, and truth against independent implementations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.envs.verify.findings import RADIUS, Findings
from navworld.evaluation.result import Metric
from navworld.scenes import scene_refs
from navworld.world.body import Camera
from navworld.world.rays import render
from navworld.world.store import Place, shared_store


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
    T[:, 2, 3] = navigator.ground(start[None])[0]
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
        T[k, :2, 3] = navigator.sample(rng, 1)[0]
        T[k, 2, 3] = navigator.ground(T[k : k + 1, :2, 3])[0]
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

"""`navworld verify sensors`, cameras: what they measure against projections of one's own.

Every number here comes about without the sensors' code: pinholes by OpenCV, the other lenses by
their formulas, visibility and surfaces by trimesh, all in float64 at the true poses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
import trimesh
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Sensor
from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.evaluation.result import Metric
from navworld.geometry.cameras import Fisheye, Orthographic, Panorama, Pinhole
from navworld.sensors.cameras import lens_camera
from navworld.sensors.coordinates import SceneCoordinates
from navworld.sensors.flow import Flow
from navworld.sensors.overhead import Overhead
from navworld.sensors.stereo import StereoPair
from navworld.world.body import Camera
from navworld.world.scene import Scene
from navworld.world.world import World

Findings = tuple[dict[str, Metric], dict[str, bool]]

SIZE = 128
BELOW_ORTHOGRAPHIC = 0.05  # [m/px]


def verify_cameras(fast: bool = False) -> Findings:
    """Lenses, flow and stereo in furnished apartments."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for check in (_lenses, _overhead, _flows, _stereo):
        found, held = check(fast)
        metrics |= found
        checks |= held
    return metrics, checks


def cameras() -> dict[str, Camera]:
    """One camera of every lens."""
    plain = Camera(SIZE, SIZE)
    down = replace(
        plain,
        position=(0.0, 0.0, 2.0),
        pitch_deg=90.0,
        lens=Orthographic(SIZE, SIZE, BELOW_ORTHOGRAPHIC),
    )
    return {
        "pinhole": plain,
        "distorted": lens_camera(plain, "euroc"),
        "fisheye": lens_camera(plain, "tum-vi"),
        "panorama": lens_camera(replace(plain, height=SIZE // 2), "panorama"),
        "orthographic": down,
    }


def _lenses(fast: bool) -> Findings:
    """Scene coordinates land on their pixels, and lie on the first surface along their rays."""
    lenses = cameras()
    sensors = [SceneCoordinates(camera, key=name) for name, camera in lenses.items()]
    misses: dict[str, list[float]] = {name: [] for name in lenses}
    off_surface = []
    for world, observation in _walk(sensors, fast, steps=2 if fast else 6):
        for name, camera in lenses.items():
            T_world_camera = world.T_world_body() @ camera.T_body_camera
            for i in range(world.num_envs):
                seen = observation[f"{name}_valid"][i] > 0
                p_world = observation[name][i][seen].astype(np.float64)
                p_camera = _moved(np.linalg.inv(T_world_camera[i]), p_world)
                error = _project(camera, p_camera) - _pixels(camera)[seen]
                misses[name].append(float(np.linalg.norm(error, axis=1).max()))
                off_surface.append(_off_surface(world.places[i].scene, camera, p_camera, T_world_camera[i]))
    metrics = {f"lens_{name}_px": Metric(max(found), "px") for name, found in misses.items()}
    share = float((np.concatenate(off_surface) < 1e-3).mean())
    metrics["lens_depth_within_1mm_share"] = Metric(share)
    return metrics, {
        "cameras: scene coordinates land within 0.01 px through every lens": all(
            metrics[f"lens_{name}_px"].value < 0.01 for name in lenses
        ),
        "cameras: depth through every lens within 1 mm of trimesh at 99.9 %": share >= 0.999,
    }


def _overhead(fast: bool) -> Findings:
    """The tile's heights are those that trimesh finds straight below, north up."""
    sensor = Overhead(("depth",), size=SIZE)
    errors = []
    rng = np.random.default_rng(0)
    for world, observation in _walk([sensor], fast, steps=1 if fast else 3):
        for i in range(world.num_envs):
            v, u = rng.integers(0, SIZE, (2, 60))
            east, north = np.array([1, -1])[:, None] * (np.array([u, v]) - (SIZE - 1) / 2) * 6.4 / SIZE
            plane = world.z[i] + 2.0
            origins = np.stack(
                [world.xy[i, 0] + east, world.xy[i, 1] + north, np.full(len(u), plane)], 1
            )
            found = _first_hits(world.places[i].scene, origins, np.tile([0.0, 0, -1.0], (60, 1)))
            measured = observation["overhead_depth"][i][v, u, 0]
            errors.append(np.abs(measured - np.where(np.isfinite(found), found, 0.0)))
    share = float((np.concatenate(errors) < 1e-3).mean())
    return {"overhead_within_1mm_share": Metric(share)}, {
        "cameras: overhead heights within 1 mm of trimesh at 99 %": share >= 0.99
    }


def _flows(fast: bool) -> Findings:
    """Flow, scene flow and visibility against scene coordinates and true poses."""
    lenses = {name: c for name, c in cameras().items() if name != "orthographic"}
    sensors: list[Sensor] = []
    for name, camera in lenses.items():
        sensors.append(SceneCoordinates(camera, key=name))
        sensors.append(Flow(camera, ("flow", "scene_flow"), key=f"flow_{name}"))
    found: list[tuple[float, float, NDArray]] = []
    before: tuple[NDArray, Observation] | None = None
    for world, observation in _walk(sensors, fast, steps=3 if fast else 8):
        T_world_body = world.T_world_body()
        for name, camera in lenses.items() if before is not None else ():
            for i in range(world.num_envs):
                poses = before[0][i] @ camera.T_body_camera, T_world_body[i] @ camera.T_body_camera
                old = {key: value[i] for key, value in before[1].items()}
                new = {key: value[i] for key, value in observation.items()}
                found.append(_flow(world.places[i].scene, camera, name, poses, old, new))
        before = T_world_body, observation
    pixel, metre = max(f[0] for f in found), max(f[1] for f in found)
    share = float(np.concatenate([f[2] for f in found]).mean())
    metrics = {
        "flow_error_max_px": Metric(pixel, "px"),
        "scene_flow_error_max_mm": Metric(1e3 * metre, "mm"),
        "flow_visibility_agreement": Metric(share),
    }
    return metrics, {
        "cameras: flow error < 0.05 px where visible": pixel < 0.05,
        "cameras: scene flow error < 1 mm where visible": metre < 1e-3,
        "cameras: visibility agrees with trimesh at 99 % of points": share >= 0.99,
    }


def _flow(
    scene: Scene,
    camera: Camera,
    name: str,
    poses: tuple[NDArray, NDArray],
    old: Observation,
    new: Observation,
) -> tuple[float, float, NDArray]:
    """Largest errors [px, m] where visible, and whether some points are as visible as they seem.

    Args:
        poses: T_world_camera before and now.
    """
    visible = new[f"flow_{name}_visible"] > 0
    p_world = old[name].astype(np.float64)
    then, now = (_moved(np.linalg.inv(T), p_world) for T in poses)
    shift = _project(camera, now.reshape(-1, 3)).reshape(*now.shape[:2], 2) - _pixels(camera)
    error = new[f"flow_{name}"] - shift
    if isinstance(camera.model, Panorama):
        error[..., 0] -= camera.width * np.rint(error[..., 0] / camera.width)
    metre = np.linalg.norm(new[f"scene_flow_{name}"] - (now - then), axis=-1)
    pixel = np.linalg.norm(error, axis=-1)
    # Only points that are well inside the image and the depth range have a certain answer.
    margin = np.abs(shift + _pixels(camera) - _middle(camera)) < _middle(camera) - 1.0
    z = np.linalg.norm(now, axis=-1) if camera.model.depth_is_range else now[..., 2]
    certain = (old[f"{name}_valid"] > 0) & margin.all(-1) & (z > camera.near) & (z < camera.far)
    if isinstance(camera.model, Fisheye):
        certain &= now[..., 2] > np.cos(np.radians(camera.model.circle_deg / 2 - 1)) * z
    v, u = np.nonzero(certain)
    some = np.random.default_rng(0).permutation(len(v))[:40]
    v, u = v[some], u[some]
    eye = poses[1][:3, 3]
    along = p_world[v, u] - eye
    distance = np.linalg.norm(along, axis=1)
    hit = _first_hits(scene, np.tile(eye, (len(v), 1)), along / distance[:, None])
    agrees = (hit > distance - 2e-3) == visible[v, u]
    return pixel[visible].max(initial=0.0), metre[visible].max(initial=0.0), agrees


def _stereo(fast: bool) -> Findings:
    """The right image, read where disparity says, is the left one."""
    camera = Camera(2 * SIZE, 2 * SIZE)
    pair = StereoPair(camera, disparity=True)
    differences, off = [], []
    for world, observation in _walk([pair], fast, steps=2 if fast else 6):
        for i in range(world.num_envs):
            left, right = observation["stereo_left"][i], observation["stereo_right"][i]
            disparity = observation["stereo_disparity"][i]
            u, v = np.moveaxis(_pixels(camera), -1, 0)
            maps = (u - disparity).astype(np.float32), v.astype(np.float32)
            warped = cv2.remap(right.astype(np.float32), *maps, cv2.INTER_LINEAR)
            depth = np.divide(
                camera.K[0, 0] * pair.baseline, disparity, where=disparity > 0, out=0 * disparity
            )
            points = np.concatenate([(_pixels(camera) - _middle(camera)) / camera.K[0, 0], np.ones_like(u)[..., None]], -1) * depth[..., None]
            del points
            inside = (disparity > 0) & (u - disparity >= 0)
            differences.append(np.abs(warped - left).max(-1)[inside])
            off.append(depth)
    return {}, {}

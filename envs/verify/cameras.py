"""`navworld verify sensors`, cameras: what they measure against projections of one's own.

Nothing here uses the sensors' code: pinholes are projected by OpenCV, the other lenses by their
formulas, surfaces and visibility are found by trimesh, all in float64 at the true poses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT
from navworld.beliefs import Observation
from navworld.contracts import Sensor
from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.geometry.cameras import Fisheye, Orthographic, Panorama
from navworld.sensors.cameras import CameraSensor, lens_camera
from navworld.sensors.coordinates import SceneCoordinates
from navworld.sensors.flow import Flow
from navworld.sensors.overhead import Overhead
from navworld.sensors.stereo import StereoPair
from navworld.world.body import Camera
from navworld.world.scene import Scene
from navworld.world.world import World

SIZE = 128  # [px]
SAMPLES = 40  # rays that trimesh casts per image
SCENES = "apartment:validation[:2]"
SCRIPT = (FORWARD, LEFT, FORWARD, FORWARD, RIGHT, FORWARD, RIGHT, RIGHT)


def verify_cameras(fast: bool = False) -> Findings:
    """Lenses, overhead tiles, flow and stereo in furnished apartments."""
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
    flat = Orthographic(SIZE, SIZE, 0.05)
    return {
        "pinhole": plain,
        "distorted": lens_camera(plain, "euroc"),
        "fisheye": lens_camera(plain, "tum-vi"),
        "panorama": lens_camera(replace(plain, height=SIZE // 2), "panorama"),
        "orthographic": replace(plain, position=(0.0, 0.0, 2.0), pitch_deg=90.0, lens=flat),
    }


def project(camera: Camera, p_camera: NDArray) -> NDArray:
    """Pixels (N, 2) of points (N, 3) that are before the camera, by independent formulas."""
    import cv2

    model = camera.model
    x, y, z = p_camera.T
    reach = np.sqrt(x * x + y * y + z * z)
    if isinstance(model, Panorama):
        u = model.width * (0.5 + np.arctan2(x, z) / (2 * np.pi)) - 0.5
        v = model.height * (0.5 + np.arcsin(y / reach) / np.pi) - 0.5
        return np.stack([u, v], 1)
    if isinstance(model, Orthographic):
        middle = np.array([model.width - 1, model.height - 1]) / 2
        return p_camera[:, :2] / model.metres_per_pixel + middle
    if isinstance(model, Fisheye):
        theta = np.arccos(z / reach)
        k = model.distortion
        bent = theta + sum(k[n] * theta ** (2 * n + 3) for n in range(4))
        around = np.arctan2(y, x)
        u, v = (
            model.cx + model.fx * bent * np.cos(around),
            model.cy + model.fy * bent * np.sin(around),
        )
        return np.stack([u, v], 1)
    bend = np.array(model.distortion or (0.0,) * 5)
    still = np.zeros(3)
    pixels, _ = cv2.projectPoints(np.ascontiguousarray(p_camera), still, still, model.K, bend)
    return pixels[:, 0]


@dataclass(frozen=True)
class _Shot:
    """One body's observation with the truth about it."""

    scene: Scene
    T_world_body: NDArray
    ground: float
    seen: Observation


def _walk(sensors: Sequence[Sensor], steps: int) -> Iterator[list[_Shot]]:
    """Observations of two bodies on a scripted way, at its start and after every step."""
    options = Options(scenes=SCENES, sensors=sensors, localizer=None)
    env = NavigationVectorEnv(2, options)
    observation, _ = env.reset(seed=1)
    yield _shots(env.batch.world, observation)
    for action in SCRIPT[:steps]:
        observation = env.step(np.full(2, action))[0]
        yield _shots(env.batch.world, observation)


def _shots(world: World, observation: Observation) -> list[_Shot]:
    T = world.T_world_body()
    return [
        _Shot(world.places[i].scene, T[i], world.z[i], {k: v[i] for k, v in observation.items()})
        for i in range(world.num_envs)
    ]


def _lenses(fast: bool) -> Findings:
    """Scene coordinates land on their pixels, and are the first surface along their rays."""
    lenses = cameras()
    sensors = [SceneCoordinates(camera, key=name) for name, camera in lenses.items()]
    misses: dict[str, float] = dict.fromkeys(lenses, 0.0)
    surface = []
    for shots in _walk(sensors, 1 if fast else 6):
        for shot in shots:
            for name, camera in lenses.items():
                T_world_camera = shot.T_world_body @ camera.T_body_camera
                valid = shot.seen[f"{name}_valid"] > 0
                p_world = shot.seen[name][valid].astype(np.float64)
                p_camera = _into(T_world_camera, p_world)
                error = _shortest(camera, project(camera, p_camera) - _pixels(camera)[valid])
                misses[name] = max(misses[name], float(np.linalg.norm(error, axis=1).max()))
                some = _some(len(p_camera))
                start = T_world_camera[:3, 3] + 0 * p_world[some]
                if isinstance(camera.model, Orthographic):
                    flat = p_camera[some] * [1, 1, 0]
                    start = flat @ T_world_camera[:3, :3].T + start
                far = np.linalg.norm(p_world[some] - start, axis=1)
                surface.append(np.abs(_first_hits(shot.scene, start, p_world[some]) - far) < 1e-3)
    share = float(np.concatenate(surface).mean())
    metrics = {f"lens_{name}_max_px": Metric(miss, "px") for name, miss in misses.items()}
    return metrics | {"lens_depth_within_1mm_share": Metric(share)}, {
        "cameras: scene coordinates land on their pixels within 0.01 px": max(misses.values())
        < 0.01,
        "cameras: range through every lens within 1 mm of trimesh at 99.5 %": share >= 0.995,
    }


def _overhead(fast: bool) -> Findings:
    """The tile's heights are those that trimesh finds straight below, north up."""
    tile, plane = 6.4, 2.0
    sensor = Overhead(("depth",), size=SIZE, tile=tile, height=plane)
    near = []
    for shots in _walk([sensor], 1 if fast else 6):
        for shot in shots:
            v, u = np.divmod(_some(SIZE * SIZE), SIZE)
            start = np.empty((len(u), 3))
            start[:, 0] = shot.T_world_body[0, 3] + ((u + 0.5) / SIZE - 0.5) * tile
            start[:, 1] = shot.T_world_body[1, 3] - ((v + 0.5) / SIZE - 0.5) * tile
            start[:, 2] = shot.ground + plane
            hit, leaves = _hits(shot.scene, start, start - [0, 0, 1])
            hit[np.isinf(hit) | leaves] = 0  # nothing below, or a solid that the plane cuts
            near.append(np.abs(shot.seen["overhead_depth"][v, u, 0] - hit) < 1e-3)
    share = float(np.concatenate(near).mean())
    return {"overhead_agreement_share": Metric(share)}, {
        "cameras: overhead heights are within 1 mm of trimesh's at 99 % of pixels": share >= 0.99
    }


def _flows(fast: bool) -> Findings:
    """Flow, scene flow and visibility against scene coordinates and true poses."""
    lenses = {name: c for name, c in cameras().items() if name != "orthographic"}
    sensors: list[Sensor] = []
    for name, camera in lenses.items():
        sensors.append(SceneCoordinates(camera, key=name))
        sensors.append(Flow(camera, ("flow", "scene_flow"), key=f"flow_{name}"))
    pixel, metre, agree, visible = [0.0], [0.0], [], []
    before: list[_Shot] = []
    for shots in _walk(sensors, 3 if fast else 8):
        for old, new in zip(before, shots, strict=False):
            for name, camera in lenses.items():
                errors = _flow_errors(name, camera, old, new)
                pixel.append(errors[0])
                metre.append(errors[1])
                visible.append((new.seen[f"flow_{name}_visible"] > 0).mean())
                agree.append(_visibility(name, camera, old, new))
        before = shots
    share = float(np.concatenate(agree).mean())
    metrics = {
        "flow_error_max_px": Metric(max(pixel), "px"),
        "scene_flow_error_max_mm": Metric(1e3 * max(metre), "mm"),
        "flow_visible_share": Metric(float(np.mean(visible))),
        "flow_visibility_agreement": Metric(share),
    }
    return metrics, {
        "cameras: flow error < 0.05 px where visible": max(pixel) < 0.05,
        "cameras: scene flow error < 1 mm where visible": max(metre) < 1e-3,
        "cameras: visibility agrees with trimesh at 99 % of points": share >= 0.99,
    }


def _flow_errors(name: str, camera: Camera, old: _Shot, new: _Shot) -> tuple[float, float]:
    """Largest errors of optical flow [px] and scene flow [m] where visible."""
    visible = new.seen[f"flow_{name}_visible"] > 0
    p_world = old.seen[name][visible].astype(np.float64)
    then, now = (_into(shot.T_world_body @ camera.T_body_camera, p_world) for shot in (old, new))
    shift = project(camera, now) - _pixels(camera)[visible]
    pixel = _shortest(camera, new.seen[f"flow_{name}"][visible] - shift)
    metre = new.seen[f"scene_flow_{name}"][visible] - (now - then)
    return (
        float(np.linalg.norm(pixel, axis=1).max(initial=0.0)),
        float(np.linalg.norm(metre, axis=1).max(initial=0.0)),
    )


def _visibility(name: str, camera: Camera, old: _Shot, new: _Shot) -> NDArray[np.bool_]:
    """Whether points are as visible as trimesh says: half of them around what is hidden."""
    import cv2

    T_world_camera = new.T_world_body @ camera.T_body_camera
    p_world = old.seen[name].reshape(-1, 3).astype(np.float64)
    p = _into(T_world_camera, p_world)
    reach = np.linalg.norm(p, axis=1)
    depth = reach if camera.model.depth_is_range else p[:, 2]
    certain = (old.seen[f"{name}_valid"].ravel() > 0) & (depth < camera.far)
    certain &= depth > camera.near
    certain[certain] &= _well_inside(camera, p[certain])
    visible = new.seen[f"flow_{name}_visible"]
    hidden = (certain.reshape(visible.shape) & (visible == 0)).astype(np.uint8)
    around = certain & (cv2.dilate(hidden, np.ones((3, 3), np.uint8)).ravel() > 0)
    strata = [np.flatnonzero(stratum) for stratum in (certain, around)]
    some = np.concatenate([stratum[_some(len(stratum))] for stratum in strata])
    if not len(some):
        return np.zeros(0, bool)
    start = np.tile(T_world_camera[:3, 3], (len(some), 1))
    free = _first_hits(new.scene, start, p_world[some]) > reach[some] - 2e-3
    return np.equal(free, visible.ravel()[some] > 0)


def _well_inside(camera: Camera, p_camera: NDArray) -> NDArray:
    """(N,) whether points are imaged, and not at the rim of the image."""
    size = np.array([camera.width, camera.height])
    pixels = project(camera, p_camera)
    inside: NDArray = np.all((pixels > 0.5) & (pixels < size - 1.5), axis=1)
    if isinstance(camera.model, Fisheye):
        rim = np.radians(camera.model.circle_deg / 2 - 1)
        inside &= p_camera[:, 2] > np.cos(rim) * np.linalg.norm(p_camera, axis=1)
    return inside


def _stereo(fast: bool) -> Findings:
    """The right image, read where disparity says, is the left one."""
    import cv2

    camera = Camera(2 * SIZE, 2 * SIZE)
    pair = StereoPair(camera, disparity=True)
    behind = CameraSensor("depth", pair.right, key="right_depth")
    v, u = np.mgrid[: camera.height, : camera.width].astype(np.float32)
    differences, both, errors = [], [], [0.0]
    for shots in _walk([pair, behind, SceneCoordinates(camera)], 2 if fast else 8):
        for shot in shots:
            disparity = shot.seen["stereo_disparity"]
            right = shot.seen["stereo_right"].astype(np.float32)
            warped = cv2.remap(right, u - disparity, v, cv2.INTER_LINEAR)
            valid = shot.seen["scene_coordinates_valid"] > 0
            p_world = shot.seen["scene_coordinates"][valid].astype(np.float64)
            p_right = _into(shot.T_world_body @ pair.right.T_body_camera, p_world)
            expected = project(camera, p_right) + np.stack([disparity[valid], 0 * u[valid]], 1)
            errors.append(np.abs(expected - _pixels(camera)[valid]).max())
            z = np.zeros_like(disparity)
            z[valid] = p_right[:, 2]
            there = cv2.remap(shot.seen["right_depth"][..., 0], u - disparity, v, cv2.INTER_NEAREST)
            shared = valid & (u >= disparity) & (np.abs(there - z) < 0.02 * z)
            differences.append(np.abs(warped - shot.seen["stereo_left"]).max(-1)[shared])
            both.append(shared.mean())
    median, error = float(np.median(np.concatenate(differences))), float(max(errors))
    metrics = {
        "stereo_photometric_median": Metric(median, "/255"),
        "stereo_seen_by_both_share": Metric(float(np.mean(both))),
        "stereo_disparity_error_max_px": Metric(error, "px"),
    }
    return metrics, {
        "cameras: disparity predicts the other image, median < 2/255": median < 2.0,
        "cameras: disparity within 0.05 px of projecting into the right camera": error < 0.05,
    }


def _first_hits(scene: Scene, start: NDArray, towards: NDArray) -> NDArray[np.float64]:
    """(R,) distance [m] of what trimesh hits first from (R, 3) towards (R, 3); inf for nothing."""
    return _hits(scene, start, towards)[0]


def _hits(scene: Scene, start: NDArray, towards: NDArray) -> tuple[NDArray, NDArray]:
    """Distances (R,) as of `_first_hits`, and whether each ray leaves a solid there (R,)."""
    along = towards - start
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    caster = _caster(scene)
    points, ray, triangle = caster.intersects_location(start, along, multiple_hits=True)
    distance = np.linalg.norm(points - start[ray], axis=1)
    nearest, leaves = np.full(len(start), np.inf), np.zeros(len(start), bool)
    for k in np.argsort(-distance):
        nearest[ray[k]] = distance[k]
        leaves[ray[k]] = caster.mesh.face_normals[triangle[k]] @ along[ray[k]] > 0
    return nearest, leaves


@lru_cache(maxsize=4)
def _caster(scene: Scene) -> Any:
    import trimesh

    mesh = trimesh.Trimesh(scene.vertices, scene.triangles, process=False)
    return trimesh.ray.ray_triangle.RayMeshIntersector(mesh)


def _into(T_world_camera: NDArray, p_world: NDArray) -> NDArray[np.float64]:
    return (p_world - T_world_camera[:3, 3]) @ T_world_camera[:3, :3]


def _pixels(camera: Camera) -> NDArray[np.float64]:
    v, u = np.mgrid[: camera.height, : camera.width]
    return np.stack([u, v], -1).astype(np.float64)


def _shortest(camera: Camera, shift: NDArray) -> NDArray:
    """On a panorama the shorter way around."""
    if isinstance(camera.model, Panorama):
        shift[:, 0] -= camera.width * np.rint(shift[:, 0] / camera.width)
    return shift


def _some(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(count)[:SAMPLES]

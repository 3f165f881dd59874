"""Where to look at a place from: at eye height where there is much to see, and from above.

From above, places with a roof over them are shown without it, with the light of the whole place
kept on what stays.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from navworld.world.body import Camera, Robot
from navworld.world.cache import ArrayCache
from navworld.world.light import lightmap_for
from navworld.world.rays import RayScene, cast, render
from navworld.world.scene import Lightmap, Scene
from navworld.world.store import Place
from navworld.world.tracing.pattern import RayPattern

CUT = 2.05
"""Height above the floor at which a place with a roof is cut open [m]."""

UNDER_ROOF, FACES_DOWN = 0.15, 0.3
"""How far below the roof a place is opened [m]; what faces down has such a part of its normal."""

LEVELS_APART = 0.6
"""Floors that differ by more than this are levels of a house [m]."""

ROOF = 12.0
"""A surface within this above a body is a roof over it [m]."""

CANDIDATES = 64
FINER = 3
NEARLY_TOUCHED = 0.9
INTO_ROOMS, OVER_LAND, VIEW_DEG = 58.0, 38.0, 36.0
"""Of the view from above: how far down it looks, under a roof and outdoors, its width [deg]."""


def standpoints(
    place: Place,
    robot: Robot,
    rng: np.random.Generator,
    count: int,
    *,
    height: float | None = None,
) -> NDArray[np.float64]:
    """(count, 3) x, y, heading from which there is much to see, the best first.

    Random stands are scored by the objects and classes in view, by depth that is neither a wall
    before the nose nor emptiness, and kept apart from one another.

    Args:
        height: Of the eyes above the ground [m]; None for that of the robot's camera.
    """
    navigator = place.navigator(robot.radius)
    xy = navigator.sample(rng, CANDIDATES)
    yaw = rng.uniform(-np.pi, np.pi, CANDIDATES)
    height = robot.camera_height if height is None else height
    camera = Camera(36, 54, 80.0, (0.0, 0.0, height), far=1000.0)
    T = np.tile(np.eye(4), (CANDIDATES, 1, 1))
    c, s = np.cos(yaw), np.sin(yaw)
    T[:, 0, 0], T[:, 0, 1], T[:, 1, 0], T[:, 1, 1] = c, -s, s, c
    T[:, :2, 3], T[:, 2, 3] = xy, navigator.ground(xy)
    seen = render(
        [place.rays(None)],
        np.zeros(CANDIDATES, np.int64),
        T @ camera.T_body_camera,
        camera.pattern,
        ("depth", "semantic", "instance"),
    )
    score = np.array([interest(*images) for images in zip(*seen.values(), strict=True)])
    chosen: list[int] = []
    apart = 0.15 * float(np.linalg.norm(np.ptp(navigator.bounds, axis=0)))
    for k in np.argsort(-score, kind="stable"):
        if all(np.linalg.norm(xy[k] - xy[j]) > apart for j in chosen):
            chosen.append(int(k))
    rest = [int(k) for k in np.argsort(-score, kind="stable") if k not in chosen]
    best = (chosen + rest)[:count]
    return np.column_stack([xy[best], yaw[best]])


def is_roofed(place: Place, robot: Robot) -> bool:
    """Whether one is mostly under a roof where one can walk."""
    return bool(np.isfinite(_headroom(place, robot)).mean() > 0.5)


def without_roof(place: Place, robot: Robot) -> NDArray[np.bool_]:
    """(T,) the triangles that stay when a place is opened to be seen from above: all outdoors.

    Under a roof, what lies wholly above it goes, and what faces down higher than `CUT` above the
    floor: vaults open, while cupboards keep their tops. In a house of several levels, every part
    is opened above the floor that is nearest to it.
    """
    scene = place.scene
    if not is_roofed(place, robot):
        return np.ones(len(scene.triangles), bool)
    corners = scene.vertices[scene.triangles].astype(np.float64)
    stands = eyes(place, robot)
    over = _headroom(place, robot)
    stands, over = stands[np.isfinite(over)], over[np.isfinite(over)]
    if np.ptp(stands[:, 2]) > LEVELS_APART:
        near = cKDTree(stands[:, :2]).query(corners[..., :2].mean(1))[1]
        ground, roof = stands[near, 2] - robot.camera_height, (stands[:, 2] + over)[near]
    else:
        ground = np.median(stands[:, 2]) - robot.camera_height
        roof = ground + robot.camera_height + np.median(over)
    roof = roof - UNDER_ROOF
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    down = normal[:, 2] < -FACES_DOWN * np.linalg.norm(normal, axis=1)
    lowest = corners[..., 2].min(1)
    return (lowest < roof) & ~(down & (lowest > ground + CUT))


def from_above(
    place: Place, robot: Robot, *, light: str = "full", size: tuple[int, int] = (480, 640)
) -> NDArray[np.uint8]:
    """(H, W, 4) the whole place obliquely from above, cut open where it has a roof.

    The last channel is opacity: there is nothing around the place.
    """
    navigator = place.navigator(robot.radius)
    traced = place.rays(light)
    kept = without_roof(place, robot)
    roofed = not kept.all()
    if roofed:
        traced = _part(place.scene, kept, light)
    height, width = size
    corners = _framed(traced.scene, navigator.bounds)
    T_world_camera = _above(corners, width / height, INTO_ROOMS if roofed else OVER_LAND)
    fine = RayPattern.pinhole(FINER * height, FINER * width, VIEW_DEG)
    shot = render([traced], np.zeros(1, np.int64), T_world_camera[None], fine, ("rgb", "triangle"))
    hit = (shot["triangle"][0] >= 0)[..., None].astype(np.float32)
    layers = np.concatenate([shot["rgb"][0] * hit, 255 * hit], -1)
    mean = layers.reshape(height, FINER, width, FINER, 4).mean((1, 3))
    colors = mean[..., :3] / np.maximum(mean[..., 3:] / 255, 1e-6)
    return np.concatenate([np.clip(colors, 0, 255), mean[..., 3:]], -1).round().astype(np.uint8)


def _headroom(place: Place, robot: Robot) -> NDArray[np.float32]:
    """(64,) free height above eyes, inf where there is no roof [m]."""
    stands = eyes(place, robot)
    up = np.tile([0.0, 0, 1], (len(stands), 1))
    return cast(place.rays(None), stands, up, far=ROOF)[0]


def eyes(place: Place, robot: Robot) -> NDArray[np.float64]:
    """(64, 3) places where the camera of a body may be."""
    navigator = place.navigator(robot.radius)
    xy = navigator.sample(np.random.default_rng(0), 64)
    return np.column_stack([xy, navigator.ground(xy) + robot.camera_height])


def interest(depth: NDArray, classes: NDArray, instances: NDArray) -> float:
    """How much there is to see in an image, above all in its middle; in no unit."""
    known = depth[depth > 0]
    if not len(known):
        return -10.0
    quarter = instances.shape[1] // 4
    objects = np.unique(instances[:, quarter:-quarter], return_counts=True)[1]
    kinds = np.unique(classes[:, quarter:-quarter])
    near = float((known < NEARLY_TOUCHED).mean())
    far, middle = (min(float(np.log1p(np.percentile(known, q))), 3.0) for q in (90, 50))
    things = np.log1p((objects > 6).sum()) + 0.5 * np.log1p(len(kinds))
    return float(things + 0.6 * far + 0.5 * middle - 6 * near)


def _part(scene: Scene, kept: NDArray[np.bool_], light: str) -> RayScene:
    """Some triangles of a scene, lit as the whole one is."""
    names = ("triangles", "uv", "material", "instance")
    part = replace(scene, **{name: getattr(scene, name)[kept] for name in names})
    traced = RayScene(part)
    if light in ("full", "fast"):
        whole = lightmap_for(scene, quality=light, cache=ArrayCache())
        traced.set_light(Lightmap(whole.uv[kept], whole.texels))
    else:
        traced.set_light(None)
    return traced


def _framed(scene: Scene, walked: NDArray) -> NDArray[np.float64]:
    """(8, 3) corners of the box that the picture is to hold: the place, not its horizon."""
    low, high = scene.bounds.copy()
    margin = 0.15 * np.ptp(walked, axis=0) + 1.0
    low[:2] = np.maximum(low[:2], walked[0] - margin)
    high[:2] = np.minimum(high[:2], walked[1] + margin)
    high[2] = min(high[2], low[2] + 0.3 * float(np.ptp(walked, axis=0).max()) + 2.0)
    pick = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], bool)
    return np.where(pick, high, low)


def _above(corners: NDArray, aspect: float, down_deg: float) -> NDArray[np.float64]:
    """(4, 4) pose of a camera whose image the corners fill; it looks along the shorter side."""
    spans = np.ptp(corners, axis=0)
    yaw = np.pi / 2 if spans[0] >= spans[1] else 0.0
    pitch = np.radians(down_deg)
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    R = np.stack([right, np.cross(forward, right), forward], 1)
    middle = corners.mean(0)
    wide = np.tan(np.radians(VIEW_DEG) / 2) * 0.95
    local = (corners - middle) @ R
    reach = np.abs(local[:, :2]) / np.array([wide, wide / aspect])
    distance = float((reach - local[:, 2:]).max())
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, middle - distance * forward
    return T

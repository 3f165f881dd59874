"""Reflections: mirrors, window panes, wet ground and polished floors, by a second pass of rays.

Where a pixel's first ray meets such a surface, a second one leaves it by the law of reflection;
what it sees is mixed in by Fresnel's equations (Schlick's approximation). One reflection is
followed: in a mirror, another mirror is a pale pane. The body that carries the camera has no
shape and is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.world.appearance.shelter import Shelter
from navworld.world.appearance.weather_kernel import veil
from navworld.world.conditions import WORST, Conditions
from navworld.world.rays import MovingParts, RayScene, render
from navworld.world.scene import Scene
from navworld.world.semantics import class_id
from navworld.world.tracing.pattern import RayPattern

MATT, MIRROR, PANE, GROUND, FLOOR, SOIL = range(6)
NORMAL_SHARE = np.array([0.0, 0.92, 0.08, 0.03, 0.05, 0.03], np.float32)
"""What each kind reflects head on: silvered glass, two faces of glass, water, varnish."""

PUDDLES = 2.2
"""Size of a puddle [m]."""

LEVEL, FAINT, LIFT = 0.94, 0.01, 1e-3
ROUGH, SEEPS = ("terrain", "vegetation"), 0.3
"""Grass and soil, in which most of the water seeps away, and how much of a puddle is left."""

POLISHED = ("floor", "stairs", "table", "kitchen counter", "desk", "road", "pavement")


def reflecting(scene: Scene, shelter: Shelter) -> NDArray[np.uint8]:
    """(T + 2,) kind of every triangle; the last two are what moves (−2) and the sky (−1)."""
    names = [m.name.lower() for m in scene.materials]
    mirror = np.array(["mirror" in name for name in names])[scene.material]
    clear = np.array([m.transparent for m in scene.materials])[scene.material]
    level = shelter.up > LEVEL
    flat = np.isin(scene.semantic, [class_id(name) for name in POLISHED]) | (scene.instance == 0)
    kind = np.zeros(len(scene.triangles) + 2, np.uint8)
    own = kind[:-2]
    own[level & flat & (shelter.sky_share <= 0.5)] = FLOOR
    own[level & (shelter.sky_share > 0.5)] = GROUND
    own[(own == GROUND) & np.isin(scene.semantic, [class_id(name) for name in ROUGH])] = SOIL
    own[clear], own[mirror] = PANE, MIRROR
    return kind


@dataclass(frozen=True, eq=False)
class Glimpse:
    """What one camera sees, before reflections.

    Attributes:
        scene: In the look that it is seen in.
        parts: What moves in it.
        kinds: Of its triangles, see `reflecting`.
        T_world_camera: (4, 4).
        color: (P, 3) float32; changed in place.
        depth, triangle, normals: (P,), (P,), (P, 3).
        gain: (3,) of the camera.
        air: Colour of the fog.
    """

    scene: RayScene
    parts: MovingParts | None
    kinds: NDArray[np.uint8]
    conditions: Conditions
    T_world_camera: NDArray[np.float64]
    color: NDArray[np.float32]
    depth: NDArray[np.float32]
    triangle: NDArray[np.int32]
    normals: NDArray[np.float32]
    gain: NDArray[np.float32]
    air: NDArray[np.float32]


def reflect(seen: Glimpse, pattern: RayPattern, *, threads: int = 1) -> None:
    """Mixes into an image what mirrors, panes, wet and polished surfaces in it reflect."""
    directions = pattern.directions.reshape(-1, 3)
    kind = seen.kinds[seen.triangle]
    share = _severity(seen.conditions)[kind]
    spot = np.flatnonzero((share > 0) & (seen.depth > 0))
    if not len(spot):
        return
    T = seen.T_world_camera
    ray = directions[spot].astype(np.float64) @ T[:3, :3].T
    start = T[:3, 3] + ray * seen.depth[spot, None]
    if pattern.origins is not None:
        start += pattern.origins.reshape(-1, 3)[spot] @ T[:3, :3].T
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    normal = seen.normals[spot].astype(np.float64)
    facing = np.clip(-np.einsum("ij,ij->i", ray, normal), 0, 1)
    least = NORMAL_SHARE[kind[spot]]
    weight = share[spot] * (least + (1 - least) * (1 - facing) ** 5)
    ground = np.flatnonzero(np.isin(kind[spot], (GROUND, SOIL)))
    if len(ground):
        # Where a pixel covers much of a puddle it sees their mean.
        size = seen.depth[spot[ground]] * pattern.spread / np.maximum(facing[ground], 0.02)
        blur = np.clip(2 * size / PUDDLES, 0, 1)
        weight[ground] *= _puddles(start[ground], seen.conditions.wetness, blur)
    keep = weight > FAINT
    if not keep.any():
        return
    spot, weight = spot[keep], weight[keep, None].astype(np.float32)
    away = (ray + 2 * facing[:, None] * normal)[keep].astype(np.float32)
    origin = (start + LIFT * normal)[keep].astype(np.float32)
    spacing = pattern.spacing + pattern.spread * float(np.median(seen.depth[spot]))
    rays = RayPattern(
        away[None], pattern.spread, coherent=False, spacing=spacing, origins=origin[None]
    )
    shown = render(
        [seen.scene], np.zeros(1, np.int64), np.eye(4)[None], rays, ("color", "depth"),
        movers=[seen.parts], threads=threads,
    )  # fmt: skip
    color = shown["color"][0, 0] * seen.gain
    if seen.conditions.extinction > 0:
        ways = np.append(away.T, np.ones((1, len(away)), np.float32), 0)
        up = np.array([0, 0, 1], np.float32)
        veil(
            color.reshape(-1), shown["depth"][0, 0], ways, up, seen.conditions.extinction, seen.air
        )
    own = seen.color[spot]
    seen.color[spot] = np.sqrt((1 - weight) * own * own + weight * color * color)


def _severity(conditions: Conditions) -> NDArray[np.float32]:
    """(6,) how much of the reflection shows, by kind."""
    mirrors, wet, shiny = conditions.mirrors, conditions.wetness, conditions.shiny
    return np.array([0, mirrors, mirrors, wet, shiny, SEEPS * wet], np.float32) / np.float32(WORST)


def _puddles(
    points: NDArray[np.float64], wetness: float, blur: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(M,) how smooth the water stands: 1 in puddles, which grow as it gets wetter."""
    x, y = points[:, 0] / PUDDLES, points[:, 1] / PUDDLES
    wave = np.sin(2.1 * x + 1.3 * np.sin(1.7 * y)) * np.sin(2.3 * y + 1.1 * np.sin(1.9 * x + 1))
    wave += 0.4 * np.sin(5.3 * x + 2.0) * np.sin(4.7 * y + 0.5)
    pool = np.clip(2.5 * (wave - 0.9 + 0.2 * wetness), 0, 1)
    return 0.3 + 0.7 * (pool + blur * (0.12 * wetness - pool))

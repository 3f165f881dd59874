"""What lies open to the sky: found by rays cast straight up and straight down."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.world.rays import RayScene, cast
from navworld.world.scene import Scene
from navworld.world.semantics import class_id

LIFT, OUT = 2e-3, 0.02
"""How far above and before a surface rays to the sky begin [m]."""

SPOTS = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6], [1 / 3, 1 / 3, 1 / 3]])
MAX_CELLS = 1_000_000
FINEST, MARGIN = 0.2, 15.0
STEEP = 1.0
"""Roofs rise less than this from one cell to the next, walls more [m]."""

LARGE = 0.5
"""Triangles from this area on are looked at in more than their middle [m²]."""

GROUND = ("terrain", "road", "pavement")
"""What is under trees alone is open to the sky: rain and snow come through."""

DIRECTIONS = 512
DAYLIT_SHARE = 0.006


@dataclass(frozen=True, eq=False)
class Shelter:
    """Where rain and snow come to.

    Attributes:
        sky_share: (T,) share of each triangle above which nothing is, but trees above ground.
        up: (T,) upward part of each triangle's unit normal.
        roof: (rows, columns) z of the highest surface over each cell [m], −inf where none is.
        origin, cell: Of that grid, indexed [y, x] [m].
        lamps_see_day: (L,) whether daylight comes to each of the scene's lamps.
    """

    sky_share: NDArray[np.float32]
    up: NDArray[np.float32]
    roof: NDArray[np.float32]
    origin: tuple[float, float]
    cell: float
    lamps_see_day: NDArray[np.bool_]

    @property
    def nbytes(self) -> int:
        """Memory it takes [bytes]."""
        return self.sky_share.nbytes + self.up.nbytes + self.roof.nbytes

    def covers(self, point: NDArray) -> bool:
        """Whether something is above one point (3,)."""
        rows, columns = self.roof.shape
        j = int((point[0] - self.origin[0]) // self.cell)
        i = int((point[1] - self.origin[1]) // self.cell)
        inside = 0 <= i < rows and 0 <= j < columns
        return inside and bool(point[2] < self.roof[i, j])


def shelter(rays: RayScene) -> Shelter:
    """Finds what of a scene lies open to the sky."""
    scene = rays.scene
    corners = scene.vertices[scene.triangles].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    twice = np.linalg.norm(normal, axis=1, keepdims=True)
    normal, area = normal / np.maximum(twice, 1e-12), twice[:, 0] / 2
    up = normal[:, 2]
    through = _let_through(scene)
    share = _sky_share(rays, corners.mean(1)[:, None], normal, through)
    wide = np.flatnonzero(area > LARGE)
    spots = np.einsum("kc,tcx->tkx", SPOTS, corners[wide])
    share[wide] = _sky_share(rays, spots, normal[wide], (through[0][wide], through[1]))
    roof, origin, cell = _roof(rays)
    return Shelter(
        share.astype(np.float32), up.astype(np.float32), roof, origin, cell, _daylit(rays)
    )


def _let_through(scene: Scene) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(T,) what is ground, and (T + 1,) what of it keeps no weather off: leaves, and the sky."""
    ground = np.isin(scene.semantic, [class_id(name) for name in GROUND])
    leaves = np.isin(scene.semantic, [class_id("vegetation")])
    return ground, np.append(leaves, True)


def _sky_share(
    rays: RayScene,
    spots: NDArray,
    normal: NDArray,
    through: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> NDArray[np.float64]:
    """(T,) share of the spots (T, K, 3) of each surface above which nothing keeps weather off.

    Args:
        through: Whether each is ground (T,), and what keeps nothing off the ground.
    """
    start = spots + OUT * normal[:, None] + np.array([0.0, 0.0, LIFT])
    up = np.broadcast_to(np.array([0.0, 0.0, 1.0]), start.shape)
    _, hit = cast(rays, start.reshape(-1, 3), up.reshape(-1, 3))
    ground, leaves = through
    hit = hit.reshape(spots.shape[:2])
    return ((hit < 0) | (ground[:, None] & leaves[hit])).mean(1)


def _roof(rays: RayScene) -> tuple[NDArray[np.float32], tuple[float, float], float]:
    low, high = _extent(rays.scene)
    size = np.maximum(high[:2] - low[:2], FINEST)
    cell = float(max(FINEST, np.sqrt(size.prod() / MAX_CELLS)))
    columns, rows = np.ceil(size / cell).astype(int)
    x = low[0] + (np.arange(columns) + 0.5) * cell
    y = low[1] + (np.arange(rows) + 0.5) * cell
    start = np.stack(np.broadcast_arrays(x, y[:, None], high[2] + 1.0), -1).reshape(-1, 3)
    t, hit = cast(rays, start, np.tile([0.0, 0.0, -1.0], (len(start), 1)))
    z = np.where(hit >= 0, high[2] + 1.0 - t, -np.inf).astype(np.float32)
    z = z.reshape(rows, columns)
    # Under the rim of a roof, and where it rises within a cell, its higher part counts; beside a
    # wall, the open ground.
    around = cv2.dilate(z, np.ones((3, 3), np.uint8))
    roof = np.where(np.isfinite(z) & (around > z + STEEP), z, around)
    return roof, (float(low[0]), float(low[1])), cell


def _extent(scene: Scene) -> NDArray[np.float64]:
    """(2, 3) of the part of a scene where bodies can be, with a margin."""
    low, high = scene.bounds.copy()
    if scene.floors:
        shapes = [np.array(floor.clearance.shape)[::-1] * floor.cell for floor in scene.floors]
        first = np.min([floor.origin for floor in scene.floors], 0) - MARGIN
        pairs = zip(scene.floors, shapes, strict=True)
        last = np.max([floor.origin + shape for floor, shape in pairs], 0) + MARGIN
        low[:2], high[:2] = np.maximum(low[:2], first), np.minimum(high[:2], last)
    return np.stack([low, high])


def _daylit(rays: RayScene) -> NDArray[np.bool_]:
    """(L,) whether a lamp sees panes or the sky in a few of many directions."""
    scene = rays.scene
    if not scene.lamps:
        return np.zeros(0, np.bool_)
    k = np.arange(DIRECTIONS) + 0.5
    z, turn = 1 - 2 * k / DIRECTIONS, np.pi * (1 + 5**0.5) * k
    around = np.stack([np.cos(turn) * np.sqrt(1 - z * z), np.sin(turn) * np.sqrt(1 - z * z), z], 1)
    at = np.array([lamp.position for lamp in scene.lamps])
    bulb = np.array([2.5 * lamp.radius for lamp in scene.lamps])
    start = (at[:, None] + bulb[:, None, None] * around).reshape(-1, 3)
    _, hit = cast(rays, start, np.tile(around, (len(at), 1)))
    clear = np.append([m.transparent for m in scene.materials], True)
    seen = clear[np.where(hit >= 0, scene.material[hit], -1)].reshape(len(at), -1)
    return seen.mean(1) > DAYLIT_SHARE

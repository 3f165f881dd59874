"""Telling floor, walls and ceiling apart by their geometry, where names do not say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from navworld.scenes.importing.surfaces import places

NORMAL_STEP = 0.2
PLANE_STEP = 0.1
FLOOR_BAND, CEILING_HEIGHT = 0.25, 1.9
SMALL_TRIANGLE, SMOOTHING_ROUNDS = 0.002, 6
MIN_FLOOR_AREA, MIN_WALL_AREA, MIN_WALL_HEIGHT = 1.0, 1.0, 1.5


def surfaces(vertices: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.str_]:
    """(T,) "floor", "wall", "ceiling" or "object" for each triangle; z is up, metres.

    Triangles are gathered into planes. Large level ones at the bottom are floor, well above it
    ceiling; large and tall upright ones are walls; the rest are objects.
    """
    corners = vertices[triangles]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area, z = np.linalg.norm(cross, axis=1) / 2, corners[:, :, 2]
    if np.median(area) < SMALL_TRIANGLE:
        cross = _smoothed(cross, places(vertices)[triangles])
    normal = cross / np.maximum(np.linalg.norm(cross, axis=1), 1e-12)[:, None]
    normal *= np.where(_leading(normal) < 0, -1.0, 1.0)[:, None]
    offset = np.einsum("ij,ij->i", normal, corners.mean(1))
    key = np.column_stack([np.rint(normal / NORMAL_STEP), np.rint(offset / PLANE_STEP)])
    key = key.astype(np.int64) @ np.array([1 << 40, 1 << 36, 1 << 32, 1])
    _, plane = np.unique(key, return_inverse=True)
    plane = plane.reshape(-1)
    plane_area = np.bincount(plane, area)[plane]
    top, bottom = np.full(plane.max() + 1, -np.inf), np.full(plane.max() + 1, np.inf)
    np.maximum.at(top, plane, z.max(1))
    np.minimum.at(bottom, plane, z.min(1))
    level, upright = np.abs(normal[:, 2]) > 0.9, np.abs(normal[:, 2]) < 0.25
    label = np.full(len(triangles), "object", dtype="<U7")
    large = level & (plane_area >= MIN_FLOOR_AREA)
    if large.any():
        ground = _lowest_height(z.mean(1)[large], area[large])
        label[large & (z.mean(1) <= ground + FLOOR_BAND)] = "floor"
        label[large & (z.mean(1) >= ground + CEILING_HEIGHT)] = "ceiling"
    tall = (top - bottom)[plane] >= MIN_WALL_HEIGHT
    label[upright & tall & (plane_area >= MIN_WALL_AREA)] = "wall"
    return label


def _smoothed(cross: NDArray[np.float64], place: NDArray[np.int64]) -> NDArray[np.float64]:
    """Normals averaged with those of the neighbours: the small triangles of scans are noisy."""
    count = int(place.max()) + 1
    for _ in range(SMOOTHING_ROUNDS):
        sums = [
            sum(np.bincount(place[:, c], cross[:, k], count) for c in range(3)) for k in range(3)
        ]
        cross = np.stack(sums, 1)[place].mean(1)
        cross /= np.maximum(np.linalg.norm(cross, axis=1), 1e-12)[:, None]
    return cross


def _leading(normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T,) the component of largest size: its sign tells a normal from its opposite."""
    return np.take_along_axis(normal, np.abs(normal).argmax(1)[:, None], axis=1)[:, 0]


def _lowest_height(height: NDArray[np.float64], area: NDArray[np.float64]) -> float:
    """Height below which a twentieth of the area lies: single low triangles do not count."""
    order = np.argsort(height)
    share = np.cumsum(area[order]) / area.sum()
    return float(height[order][np.searchsorted(share, 0.05)])

"""Sparse points with tracks, of depth images at known poses: what COLMAP finds by matching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.geometry import se3
from navworld.geometry.cameras import Fisheye, Pinhole

SOURCES = 32
"""Images from which points are taken, evenly spaced."""

ACROSS = 28
"""Points from one side of an image to the other."""

TOLERANCE = 0.01
"""Depths that differ by less, in proportion, are of one surface."""


@dataclass(frozen=True, eq=False)
class SparsePoints:
    """Points and where images see them.

    Attributes:
        xyz: (P, 3) in the world [m], rounded to nanometres.
        rgb: (P, 3) uint8.
        seen: Image → points (K,) that it sees and their pixels (K, 2), for every image.
    """

    xyz: NDArray[np.float64]
    rgb: NDArray[np.uint8]
    seen: list[tuple[NDArray[np.int64], NDArray[np.float64]]]


def sparse_points(
    T_world_camera: NDArray[np.float64],
    lens: Pinhole | Fisheye,
    depth: Callable[[int], NDArray | None],
    colours: Callable[[int], NDArray],
) -> SparsePoints:
    """Points on a grid of pixels of some images, and all images whose depth says that they see it.

    Points at edges of depth are left out, as are those that fewer than two images see and those
    near one that is there already.

    Args:
        T_world_camera: (n, 4, 4) of the images.
        depth: Of an image (H, W) [m], 0 where it is not known; None where there is none.
        colours: Of an image (H, W, 3) or (H, W) uint8.
    """
    count = len(T_world_camera)
    sources = np.unique(np.linspace(0, count - 1, min(SOURCES, count)).astype(int))
    places, paints = [np.empty((0, 3))], [np.empty((0, 3), np.uint8)]
    for k in sources.tolist():
        there = depth(k)
        if there is not None:
            pixels, values = _grid(there)
            points = se3.transform(T_world_camera[k], lens.unproject(pixels, values))
            image = colours(k)
            rows = image[pixels[:, 1].astype(int), pixels[:, 0].astype(int)]
            places.append(text.fixed(points))
            paints.append(rows if rows.ndim == 2 else np.repeat(rows[:, None], 3, 1))
    xyz, rgb = np.concatenate(places), np.concatenate(paints)
    apart = _spread(xyz, lens, T_world_camera[sources])
    xyz, rgb = xyz[apart], rgb[apart]
    seen = [_visible(xyz, se3.inverse(T), lens, depth(k)) for k, T in enumerate(T_world_camera)]
    return _tracked(xyz, rgb, seen)


def _grid(depth: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels (K, 2) on even surfaces, and their depths (K,) [m]."""
    height, width = depth.shape
    step = max(width // ACROSS, 2)
    v, u = np.mgrid[step // 2 : height - 1 : step, step // 2 : width - 1 : step].reshape(2, -1)
    u, v = u[(u > 0) & (v > 0)], v[(u > 0) & (v > 0)]
    around = np.stack([depth[v + dv, u + du] for dv in (-1, 0, 1) for du in (-1, 0, 1)])
    centre = depth[v, u].astype(np.float64)
    bend = abs(around[[1, 3]] + around[[7, 5]] - 2 * centre).max(0)
    even = (around.min(0) > 0) & (bend < TOLERANCE / 2 * centre)
    return np.stack([u, v], -1)[even].astype(np.float64), centre[even]


def _spread(xyz: NDArray, lens: Pinhole | Fisheye, T: NDArray) -> NDArray[np.int64]:
    """Indices of points of which no two lie in one cell as wide as a few pixels."""
    if not len(xyz):
        return np.empty(0, np.int64)
    away = np.linalg.norm(xyz - T[:, :3, 3].mean(0), axis=1)
    side = max(float(np.median(away)), 1e-3) * lens.width / ACROSS / lens.fx / 2
    _, kept = np.unique(np.floor(xyz / side).astype(np.int64), axis=0, return_index=True)
    return np.sort(kept)


def _visible(
    xyz: NDArray, T_camera_world: NDArray, lens: Pinhole | Fisheye, depth: NDArray | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Points that an image sees, and where (K, 2)."""
    if depth is None or not len(xyz):
        return np.empty(0, np.int64), np.empty((0, 2))
    p = se3.transform(T_camera_world, xyz)
    pixels, ahead = lens.project(p)
    column, row = np.rint(np.where(ahead[:, None], pixels, 0)).astype(int).T
    measured = depth[row.clip(0, lens.height - 1), column.clip(0, lens.width - 1)]
    along = np.linalg.norm(p, axis=1) if lens.depth_is_range else p[:, 2]
    same = ahead & (measured > 0) & (abs(along - measured) < TOLERANCE * along)
    return np.flatnonzero(same), text.fixed(pixels[same], 6)


def _tracked(
    xyz: NDArray, rgb: NDArray, seen: list[tuple[NDArray[np.int64], NDArray[np.float64]]]
) -> SparsePoints:
    """What at least two images see."""
    times = np.zeros(len(xyz), int)
    for points, _ in seen:
        times[points] += 1
    kept = times >= 2
    new = np.cumsum(kept) - 1
    pruned = [(new[points[kept[points]]], pixels[kept[points]]) for points, pixels in seen]
    return SparsePoints(xyz[kept], rgb[kept], pruned)

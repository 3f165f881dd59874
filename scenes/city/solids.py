"""Shapes over the outline of a house: rings swept along a profile, flat caps, pitched roofs."""

from __future__ import annotations

import mapbox_earcut
import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import Polygon

from navworld.scenes.city import looks
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

_QUAD = np.array([0, 1, 2, 0, 2, 3])


def offset(outline: NDArray, distance: ArrayLike) -> NDArray[np.float64]:
    """(N, 2) outline with its edges moved outwards by a distance, one number or one for each."""
    distance = np.broadcast_to(np.asarray(distance, np.float64), len(outline))
    along = np.roll(outline, -1, 0) - outline
    along = along / np.linalg.norm(along, axis=1)[:, None]
    normal = np.stack([along[:, 1], -along[:, 0]], 1)
    before, d0 = np.roll(normal, 1, 0), np.roll(distance, 1)
    determinant = before[:, 0] * normal[:, 1] - before[:, 1] * normal[:, 0]
    safe = np.where(np.abs(determinant) < 0.05, 1.0, determinant)
    x = (d0 * normal[:, 1] - distance * before[:, 1]) / safe
    y = (before[:, 0] * distance - normal[:, 0] * d0) / safe
    straight = 0.5 * (d0 + distance)[:, None] * normal
    moved = np.where(np.abs(determinant)[:, None] < 0.05, straight, np.stack([x, y], 1))
    return outline + moved


def room_inside(outline: NDArray) -> float:
    """How far all edges can be moved inwards [m]."""
    polygon, low, high = Polygon(outline), 0.0, 40.0
    for _ in range(12):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if not polygon.buffer(-middle).is_empty else (low, middle)
    return low


def fits(outline: NDArray, inner: NDArray) -> bool:
    """Whether an inner outline still has the edges of the outer one, in the same directions."""
    a, b = np.roll(outline, -1, 0) - outline, np.roll(inner, -1, 0) - inner
    return bool(((a * b).sum(1) > 0.02).all() and Polygon(inner).is_valid)


def sweep(
    mesh: MeshBuilder,
    outline: NDArray,
    profile: list[tuple[float, float]],
    material: Material,
    instance: int,
    *,
    reach: ArrayLike = 1.0,
    tile: float = 1.0,
) -> None:
    """Bands around an outline through the points (out, z) of a profile.

    Args:
        reach: (N,) factor on `out` for every edge: 0 keeps a moulding off a neighbour's wall.
    """
    reach = np.broadcast_to(np.asarray(reach, np.float64), len(outline))
    rings = [
        np.column_stack([offset(outline, out * reach), np.full(len(outline), z)])
        for out, z in profile
    ]
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
    for k in range(len(rings) - 1):
        low, high = rings[k], rings[k + 1]
        corners = np.stack([low, np.roll(low, -1, 0), np.roll(high, -1, 0), high], 1)
        length = np.linalg.norm(corners[:, 1, :2] - corners[:, 0, :2], axis=1)
        along = corners[:, 1] - corners[:, 0]
        along = along / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
        u = ((corners - corners[:, :1]) * along[:, None]).sum(-1)
        v = np.broadcast_to(-np.array([run[k], run[k], run[k + 1], run[k + 1]]), u.shape)
        keep = length > 1e-4
        uv = np.stack([u, v], -1)[keep] / tile
        faces = np.arange(keep.sum())[:, None] * 4 + _QUAD
        mesh.triangles(
            corners[keep].reshape(-1, 3), faces.reshape(-1, 3), uv[:, _QUAD].reshape(-1, 3, 2),
            material, instance,
        )  # fmt: skip


def cap(
    mesh: MeshBuilder,
    polygon: Polygon,
    z: float,
    material: Material,
    instance: int,
    *,
    tile: float = 1.0,
) -> None:
    """A level surface facing up over a polygon (which may have holes); its texture lies north."""
    rings = [np.asarray(ring.coords)[:-1] for ring in (polygon.exterior, *polygon.interiors)]
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    index = mapbox_earcut.triangulate_float64(points, ends).reshape(-1, 3).astype(np.int64)
    if not len(index):
        return
    a, b, c = points[index].swapaxes(0, 1)
    turned = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) < (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    index[turned] = index[turned][:, ::-1]
    vertices = np.column_stack([points, np.full(len(points), z)])
    uv = points * (1, -1) / tile
    mesh.triangles(vertices, index, uv[index], material, instance)


def roof_plane(
    mesh: MeshBuilder, corners: ArrayLike, material: Material, instance: int, tile: float
) -> None:
    """A sloping quadrilateral or triangle: its first edge is the eaves."""
    c = np.asarray(corners, np.float64)
    along = (c[1] - c[0]) / np.linalg.norm(c[1] - c[0])
    normal = np.cross(c[1] - c[0], c[2] - c[0])
    up = np.cross(normal / np.linalg.norm(normal), along)
    uv = np.stack([(c - c[0]) @ along, -(c - c[0]) @ up], 1) / tile
    index = np.array([[0, 1, 2], [0, 2, 3]])[: len(c) - 2]
    mesh.triangles(c, index, uv[index], material, instance)


def gable_roof(
    mesh: MeshBuilder,
    outline: NDArray,
    front: int,
    base: float,
    pitch: float,
    roof: Material,
    walls: Material,
    instance: int,
    *,
    tile: float,
    wall_tile: float,
    overhang: float = 0.35,
) -> float:
    """A roof with its ridge along the front of a four-cornered house; returns the ridge's z."""
    q = np.roll(outline, -front, 0)
    ridge = np.stack([0.5 * (q[3] + q[0]), 0.5 * (q[1] + q[2])])
    depth = 0.5 * (np.linalg.norm(q[3] - q[0]) + np.linalg.norm(q[2] - q[1]))
    rise = 0.5 * depth * np.tan(pitch)
    top = base + rise
    out = np.zeros(4)
    out[[0, 2]] = overhang
    eaves = offset(q, out)
    drop = np.array([0, 0, 0.12])
    low = base - overhang * np.tan(pitch)

    def point(xy: NDArray, z: float) -> tuple[float, float, float]:
        return (float(xy[0]), float(xy[1]), z)

    for a, b, m, n in ((0, 1, 1, 0), (2, 3, 0, 1)):
        corners = [point(eaves[a], low), point(eaves[b], low), point(ridge[m], top),
                   point(ridge[n], top)]  # fmt: skip
        roof_plane(mesh, corners, roof, instance, tile)
        soffit = looks.paint((0.80, 0.78, 0.74), "soffit")
        under = [point(q[b], base), point(q[a], base), corners[0], corners[1]]
        mesh.quad(np.asarray(under) - drop, soffit, instance)
        lip = [np.array(corners[0]) - drop, np.array(corners[1]) - drop, corners[1], corners[0]]
        mesh.quad(np.array(lip), looks.paint((0.55, 0.56, 0.57), "gutter"), instance)
    for a, b, m in ((1, 2, 1), (3, 0, 0)):
        roof_plane(mesh, [point(q[a], base), point(q[b], base), point(ridge[m], top)], walls,
                   instance, wall_tile)  # fmt: skip
    return float(top)

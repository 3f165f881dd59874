"""Polygons made solid: level surfaces and upright walls from outlines seen from above."""

from __future__ import annotations

from collections.abc import Iterator

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from navworld.scenes.materials import tile_for
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

BAYS = 2
"""Bays of a façade that one repeat of its texture shows, across and up."""

SMALLEST = 1e-4
"""Polygons of less area are left out [m²]."""


def polygons(shape: BaseGeometry) -> Iterator[shapely.Polygon]:
    """The polygons of any geometry, counter-clockwise outside and clockwise around holes."""
    for part in getattr(shape, "geoms", (shape,)):
        if part.geom_type == "Polygon":
            if part.area > SMALLEST:
                yield shapely.orient_polygons(part)
        elif hasattr(part, "geoms"):
            yield from polygons(part)


def triangulated(polygon: shapely.Polygon) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(V, 2) corners and (T, 3) counter-clockwise triangles of a polygon with holes."""
    rings = [np.asarray(ring.coords)[:-1, :2] for ring in (polygon.exterior, *polygon.interiors)]
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    found = mapbox_earcut.triangulate_float64(np.ascontiguousarray(points), ends)
    triangles = found.astype(np.int64).reshape(-1, 3)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    triangles[turn < 0] = triangles[turn < 0][:, ::-1]
    return points, triangles[np.abs(turn) > 1e-9]


def add_level(
    mesh: MeshBuilder,
    shape: BaseGeometry,
    z: float,
    material: Material,
    instance: int,
    *,
    up: bool = True,
    tile: float | None = None,
) -> None:
    """Adds a level surface, seen from above or (`up=False`) from below.

    Args:
        tile: Metres per repeat of the texture; None takes that of the named material.
    """
    tile = tile or tile_for(material)
    for polygon in polygons(shape):
        points, triangles = triangulated(polygon)
        if not len(triangles):
            continue
        if not up:
            triangles = triangles[:, ::-1]
        vertices = np.column_stack([points, np.full(len(points), z)])
        mesh.triangles(vertices, triangles, (points / tile)[triangles], material, instance)


def add_walls(
    mesh: MeshBuilder,
    shape: BaseGeometry,
    z: tuple[float, float],
    material: Material,
    instance: int,
    *,
    inwards: bool = False,
    tile: float | None = None,
) -> None:
    """Adds the upright sides of polygons.

    Args:
        z: Lower and upper edge [m].
        inwards: The sides are seen from inside the polygon (rooms) rather than from outside.
        tile: Metres per repeat of the texture; None takes that of the named material.
    """
    for polygon in polygons(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            corners = np.asarray(ring.coords)[:, :2]
            add_wall(mesh, corners[::-1] if inwards else corners, z, material, instance, tile=tile)


def add_wall(
    mesh: MeshBuilder,
    line: ArrayLike,
    z: tuple[float, float],
    material: Material,
    instance: int,
    *,
    tile: float | None = None,
    bay: float | None = None,
) -> None:
    """Adds an upright wall along a line (N, 2), seen from the right of its direction.

    Args:
        tile: Metres per repeat of the texture; None takes that of the named material.
        bay: Width and height [m] of a bay of a façade, of which a texture shows `BAYS` × `BAYS`:
            every side gets a whole number of them.
    """
    corners = np.asarray(line, np.float64)
    length = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    sides = np.flatnonzero(length > 1e-3)
    if not len(sides):
        return
    if bay is None:
        tile = tile or tile_for(material)
        start = np.concatenate([[0.0], np.cumsum(length)])
        u0, u1 = start[sides] / tile, start[sides + 1] / tile
        v0, v1 = z[0] / tile, z[1] / tile
    else:
        u0, u1 = np.zeros(len(sides)), np.maximum(np.round(length[sides] / bay), 1.0) / BAYS
        v0, v1 = 0.0, max(round((z[1] - z[0]) / bay), 1) / BAYS
    a, b = corners[sides], corners[sides + 1]
    low, high = np.full((len(sides), 1), z[0]), np.full((len(sides), 1), z[1])
    quads = np.stack([np.hstack(p) for p in ((a, low), (b, low), (b, high), (a, high))], 1)
    bottom, top = np.full(len(sides), -v0), np.full(len(sides), -v1)
    corners_uv = ((u0, bottom), (u1, bottom), (u1, top), (u0, top))
    uv = np.stack([np.stack(pair, 1) for pair in corners_uv], 1)
    index = np.array([[0, 1, 2], [0, 2, 3]])
    triangles = (np.arange(len(sides))[:, None, None] * 4 + index).reshape(-1, 3)
    mesh.triangles(
        quads.reshape(-1, 3), triangles, uv.reshape(-1, 2)[triangles], material, instance
    )

"""Buildings of several storeys made solid: what is not air between two heights is wall or slab.

Everything is a prism, so between two neighbouring heights at which anything begins or ends the
building is one outline. Its sides are walls; where it differs from the outline below or above, it
shows a floor, a ceiling or a roof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from navworld.scenes.extrusion import add_level, polygons
from navworld.scenes.materials import tile_for
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

GRID = 1e-3
LOOK = 0.01
"""How far before a wall one asks what it belongs to [m]."""


@dataclass(frozen=True, eq=False)
class Prism:
    """A part of space: an outline between two heights [m].

    Attributes:
        floor, side, ceiling: How it looks from within: (surface, instance).
    """

    outline: BaseGeometry
    low: float
    high: float
    floor: tuple[Material, int]
    side: tuple[Material, int]
    ceiling: tuple[Material, int]


def add_solid(
    mesh: MeshBuilder,
    shells: Sequence[tuple[BaseGeometry, float, float]],
    air: Sequence[Prism],
    outside: tuple[Material, int],
) -> None:
    """Adds the surfaces of a building.

    Args:
        shells: (outline, low, high) of all that is building.
        air: What is cut out of it; where prisms overlap, the first lends its looks.
        outside: How it looks from without.
    """
    heights = sorted({round(z, 4) for _, a, b in shells for z in (a, b)}
                     | {round(z, 4) for p in air for z in (p.low, p.high)})  # fmt: skip
    below: BaseGeometry = shapely.Polygon()
    within: list[Prism] = []
    for k, low in enumerate(heights):
        high = heights[k + 1] if k + 1 < len(heights) else low + 1.0
        middle = 0.5 * (low + high)
        here = [p for p in air if p.low < middle < p.high]
        solid = _union(outline for outline, a, b in shells if a < middle < b)
        solid = shapely.difference(solid, _union(p.outline for p in here), grid_size=GRID)
        _level(mesh, shapely.difference(below, solid, grid_size=GRID), low, here,
               lambda p: p.floor, outside, up=True)  # fmt: skip
        _level(mesh, shapely.difference(solid, below, grid_size=GRID), low, within,
               lambda p: p.ceiling, outside, up=False)  # fmt: skip
        _sides(mesh, solid, (low, high), here, outside)
        below, within = solid, here


def _union(shapes: Iterable[BaseGeometry]) -> BaseGeometry:
    return shapely.union_all(list(shapes), grid_size=GRID)


def _level(
    mesh: MeshBuilder,
    shape: BaseGeometry,
    z: float,
    seen_from: list[Prism],
    looks: Callable[[Prism], tuple[Material, int]],
    outside: tuple[Material, int],
    *,
    up: bool,
) -> None:
    """A level surface, in the looks of the prisms that it bounds."""
    for prism in seen_from:
        own = shapely.intersection(shape, prism.outline, grid_size=GRID)
        if not own.is_empty:
            add_level(mesh, own, z, *looks(prism), up=up)
            shape = shapely.difference(shape, prism.outline, grid_size=GRID)
    add_level(mesh, shape, z, *outside, up=up)


def _sides(
    mesh: MeshBuilder,
    solid: BaseGeometry,
    z: tuple[float, float],
    here: list[Prism],
    outside: tuple[Material, int],
) -> None:
    """The upright sides of a layer, edge by edge in the looks of what they bound."""
    for polygon in polygons(solid):
        for ring in (polygon.exterior, *polygon.interiors):
            corners = np.asarray(ring.coords)[:, :2]
            along = np.diff(corners, axis=0)
            length = np.linalg.norm(along, axis=1)
            for k in np.flatnonzero(length > GRID):
                ahead = along[k] / length[k]
                right = np.array([ahead[1], -ahead[0]])
                before = shapely.Point(0.5 * (corners[k] + corners[k + 1]) + LOOK * right)
                look = next((p.side for p in here if p.outline.contains(before)), outside)
                _wall(mesh, corners[k : k + 2], ahead, z, *look)


def _wall(
    mesh: MeshBuilder,
    ends: NDArray[np.float64],
    ahead: NDArray[np.float64],
    z: tuple[float, float],
    surface: Material,
    instance: int,
) -> None:
    """An upright rectangle whose texture goes on in those beside, above and below it."""
    (a, b), (low, high), tile = ends, z, tile_for(surface)
    corners = [(*a, low), (*b, low), (*b, high), (*a, high)]
    u = np.array([a @ ahead, b @ ahead, b @ ahead, a @ ahead]) / tile
    uv = np.stack([u, -np.array([low, low, high, high]) / tile], 1)
    index = np.array([[0, 1, 2], [0, 2, 3]])
    mesh.triangles(corners, index, uv[index], surface, instance)

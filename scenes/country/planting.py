"""Where plants and rocks stand, and how they are put there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from navworld.scenes.country.plants import KINDS, Patch
from navworld.scenes.country.surfaces import surface
from navworld.world.mesh import MeshBuilder

VARIANTS = 5
Field = Callable[[NDArray], NDArray]
"""Points (N, 2) → a value each (N,)."""


def scattered(
    rng: Generator, tries: int, reach: float, chance: Field, apart: float, taken: NDArray
) -> NDArray[np.float64]:
    """(N, 2) points in a square of half side `reach`, at least `apart` from one another [m].

    Args:
        tries: Points drawn, of which `chance` (0…1) of their place keeps some.
        taken: (K, 2) points that all keep `apart` from, too.
    """
    points = rng.uniform(-reach, reach, (tries, 2))
    points = points[rng.random(tries) < chance(points)]
    if not len(points):
        return points
    if len(taken):
        points = points[cKDTree(taken).query(points)[0] > apart]
    free = np.ones(len(points), bool)
    neighbours = cKDTree(points).query_pairs(apart, output_type="ndarray")
    for a, b in neighbours[np.lexsort(neighbours.T)]:  # the earlier of two stays
        if free[a] and free[b]:
            free[max(a, b)] = False
    return points[free]


class Nursery:
    """Variants of every kind of plant, drawn when first asked for."""

    def __init__(self, rng: Generator) -> None:
        self._seeds = dict(zip(KINDS, rng.spawn(len(KINDS)), strict=True))
        self._variants: dict[tuple[str, bool], list[list[Patch]]] = {}

    def variants(self, kind: str, *, coarse: bool = False) -> list[list[Patch]]:
        """Shapes of a kind; coarse ones have few triangles, for what is seen from afar."""
        if (kind, coarse) not in self._variants:
            rng = self._seeds[kind]
            shapes = [KINDS[kind](rng, coarse) for _ in range(VARIANTS)]
            self._variants[kind, coarse] = shapes
        return self._variants[kind, coarse]


def plant(
    mesh: MeshBuilder,
    rng: Generator,
    shapes: list[list[Patch]],
    place: NDArray[np.float64],
    instance: int,
    size: float,
) -> None:
    """Puts one of a kind at a place (3,), turned at random, of some size."""
    shape = shapes[int(rng.integers(len(shapes)))]
    yaw = rng.uniform(0, 2 * np.pi)
    c, s = size * np.cos(yaw), size * np.sin(yaw)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, size]])
    for vertices, triangles, uv, name in shape:
        mesh.triangles(vertices @ turn.T + place, triangles, uv, surface(name), instance)


def plant_together(
    mesh: MeshBuilder,
    rng: Generator,
    shapes: list[list[Patch]],
    places: NDArray[np.float64],
    instance: int,
) -> None:
    """Puts many small ones at places (N, 3) as parts of one instance."""
    which = rng.integers(len(shapes), size=len(places))
    yaw, size = rng.uniform(0, 2 * np.pi, len(places)), rng.uniform(0.7, 1.3, len(places))
    for k, shape in enumerate(shapes):
        own = which == k
        c, s = size[own] * np.cos(yaw[own]), size[own] * np.sin(yaw[own])
        for vertices, triangles, uv, name in shape:
            x, y, z = vertices.T[:, None]
            points = np.stack(
                [c[:, None] * x - s[:, None] * y, s[:, None] * x + c[:, None] * y,
                 size[own][:, None] * z], -1
            ) + places[own][:, None]  # fmt: skip
            index = triangles + np.arange(own.sum())[:, None, None] * len(vertices)
            repeated = np.broadcast_to(uv, (own.sum(), *uv.shape))
            mesh.triangles(points, index.reshape(-1, 3), repeated, surface(name), instance)

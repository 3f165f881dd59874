"""Floors drawn by hand or at random, for tests of what moves on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from navworld.world.scene import Floor
from navworld.world.walkable.clearance import clearances


def floor_from(free: NDArray[np.bool_], cell: float = 0.05) -> Floor:
    """A floor whose free cells are given; a rim of blocked cells is added around them."""
    return Floor((-2 * cell, -2 * cell), cell, 0.0, clearances(np.pad(free, 2), cell))


def open_floor(width: float, depth: float, cell: float = 0.05) -> Floor:
    """An empty room with the corner (0, 0)."""
    return floor_from(np.ones((round(depth / cell), round(width / cell)), bool), cell)


def random_rooms(seed: int, cell: float = 0.05, furniture: int = 14) -> Floor:
    """12 × 8 m: six rooms, doors 0.9 m wide, furniture anywhere (walls may shut some of it)."""
    rng = np.random.default_rng(seed)
    free = np.ones((round(8 / cell), round(12 / cell)), bool)

    def block(x0: float, y0: float, x1: float, y1: float, value: bool = False) -> None:
        rows, columns = (
            slice(round(y0 / cell), round(y1 / cell)),
            slice(round(x0 / cell), round(x1 / cell)),
        )
        free[rows, columns] = value

    for _ in range(furniture):
        x, y, w, d = rng.uniform([0, 0, 0.2, 0.2], [11.5, 7.5, 1.6, 0.9])
        block(x, y, x + w, y + d)
    for x in (4.0, 8.0):
        block(x, 0, x + 0.1, 8)
        for y in (0.0, 4.0):
            door = y + rng.uniform(0.5, 2.6)
            block(x - 0.4, door, x + 0.5, door + 0.9, True)
    block(0, 4, 12, 4.1)
    for x in (0.0, 4.0, 8.0):
        door = x + rng.uniform(0.5, 2.6)
        block(door, 3.6, door + 0.9, 4.5, True)
    return floor_from(free, cell)

"""Where people of a scene live: in all of a house; in a town, around the agent's start."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.world.company.lanes import CLOSED
from navworld.world.company.people import Walks
from navworld.world.navigability import Navigator
from navworld.world.scene import Floor, Scene
from navworld.world.store import Place
from navworld.world.walkable.clearance import clearances

HOUSE = 64.0
"""Scenes larger than this are towns [m]."""

_CELLS = 700  # along a side of a neighbourhood at most: fields of all goals take under 50 MB


def walks_of(place: Place, radius: float, xy: NDArray[np.float64]) -> Walks | None:
    """The places people walk between who live around (2,) `xy`; None where nobody fits.

    In a town, or wherever a map has roads, that is the part of the ground around `xy` that is no
    carriageway, up to `HOUSE` wide.
    """
    floor = max(place.scene.floors, key=lambda f: int((f.clearance > radius).sum()))
    extent = max(floor.clearance.shape) * floor.cell
    roads = place.scene.map is not None and len(place.scene.map.roads) > 0
    if extent <= HOUSE and not roads:
        walks: Walks = place.derived(f"walks {radius}", lambda _: Walks(place.navigator(radius)))
        return walks
    side = min(HOUSE, _CELLS * floor.cell)
    i, j = np.floor((xy - floor.origin) / (0.5 * side)).astype(int)
    return _around(place, radius, side, int(i), int(j))


@lru_cache(maxsize=8)
def _around(place: Place, radius: float, side: float, i: int, j: int) -> Walks | None:
    """The neighbourhood of a half-overlapping tile of a town."""
    floor = max(place.scene.floors, key=lambda f: int((f.clearance > radius).sum()))
    cells, step = round(side / floor.cell), round(0.5 * side / floor.cell)
    rows, columns = floor.clearance.shape
    low = np.clip(np.array([i, j]) * step - step // 2, 0, [columns, rows])
    high = np.minimum(low + cells, [columns, rows])
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    x, y = np.array(floor.origin) + low * floor.cell
    origin = float(x), float(y)
    free = floor.clearance[window] > 0
    free &= ~_carriageways(place.scene, origin, floor.cell, free.shape)
    if min(free.shape) < 8:
        return None
    free[[0, -1]] = free[:, [0, -1]] = False
    clearance = np.minimum(clearances(free, floor.cell), floor.clearance[window])
    heights = None if floor.heights is None else floor.heights[window]
    try:
        near = Floor(origin, floor.cell, floor.height, clearance, heights)
        return Walks(Navigator(near, radius))
    except ValueError:  # nobody fits
        return None


def _carriageways(
    scene: Scene, origin: tuple[float, float], cell: float, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """(rows, columns) cells that vehicles drive on."""
    picture = np.zeros(shape, np.uint8)
    for road in scene.map.roads if scene.map is not None else ():
        if road.kind not in CLOSED:
            line = (np.asarray(road.polyline) - origin) / cell - 0.5
            points = np.round(line * 16).astype(np.int32)
            width = int(np.ceil(road.width / cell)) + 1
            cv2.polylines(picture, [points], False, 1, width, shift=4)
    return picture > 0

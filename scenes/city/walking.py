"""Where bodies can be: streets, pavements, parks and squares, without what stands on them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from navworld.scenes.city.houses import KERB
from navworld.scenes.city.parcels import Plot
from navworld.scenes.city.plan import HALF, Plan
from navworld.world.scene import Floor
from navworld.world.walkable.clearance import clearances

CELL = 0.2


def walkable(plan: Plan, land: dict[int, list[Plot]], blocked: list[Polygon]) -> Floor:
    """The floor: open ground of the inner square, pavements a kerb above the streets."""
    side = round(2 * HALF / CELL)
    open_ground, raised = np.ones((side, side), np.uint8), np.zeros((side, side), np.uint8)
    for block in plan.blocks:
        _fill(raised, block.kerb, 1)
        if block.use not in ("park", "square", "towers"):
            _fill(open_ground, block.lot, 0)
    for own in land.values():
        for plot in own:
            _fill(open_ground, plot.polygon.buffer(0.05), 0)
    for thing in blocked:
        _fill(open_ground, thing, 0)
    open_ground[[0, -1]] = open_ground[:, [0, -1]] = 0
    return Floor(
        (-HALF, -HALF), CELL, 0.0, clearances(open_ground > 0, CELL),
        heights=(KERB * raised).astype(np.float32),
    )  # fmt: skip


def _fill(grid: NDArray[np.uint8], area: Polygon, value: int) -> None:
    """Gives the cells of an area a value."""
    points = (np.asarray(area.exterior.coords) + HALF) / CELL - 0.5
    cv2.fillPoly(grid, [np.round(points * 256).astype(np.int32)], value, cv2.LINE_8, 8)

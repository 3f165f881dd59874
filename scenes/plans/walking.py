"""The walkable sheet over storeys, stairs and ramps: one height at every place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from shapely.geometry.base import BaseGeometry

from navworld.scenes.plans.reading import Notes
from navworld.world.scene import Floor
from navworld.world.walkable.clearance import clearances
from navworld.world.walkable.components import components
from navworld.world.walkable.ground import obstructed_columns

CELL, STEP, BODY_HEIGHT = 0.05, 0.06, 1.1
RISER = 0.175
"""Height of a step, more or less [m]."""

STEEPEST_STAIRS, STEEPEST_RAMP = float(np.radians(42)), float(np.radians(20))
BODY = 0.2
THROUGH = 0.35
"""How far the doorways at both ends of a flight reach [m]."""

JOINED, MARGIN = 400, 0.3
"""Cells of a storey that count as walking on it; what is left around a house [m]."""


@dataclass(frozen=True)
class Flight:
    """Stairs or a ramp, straight up from one storey to another.

    Attributes:
        foot, head: (x, y) of the middle of its first riser, and of the edge of the floor above.
        low, high: Heights of the two floors [m].
        width: Across [m].
        steps: Number of risers; 0 for a ramp.
    """

    foot: tuple[float, float]
    head: tuple[float, float]
    low: float
    high: float
    width: float = 1.0
    steps: int = 0

    @property
    def run(self) -> float:
        """Length seen from above [m]."""
        return float(np.hypot(self.head[0] - self.foot[0], self.head[1] - self.foot[1]))

    @property
    def riser(self) -> float:
        """Height of a step [m]."""
        return (self.high - self.low) / self.steps

    @property
    def tread(self) -> float:
        """Depth of a step [m]; the last riser leads onto the floor."""
        return self.run / (self.steps - 1)

    @property
    def slope(self) -> float:
        """Rise over run of what is walked."""
        return self.riser / self.tread if self.steps else (self.high - self.low) / self.run

    def T_world_flight(self) -> NDArray[np.float64]:
        """(4, 4) frame at the foot, x up the flight, z up."""
        c, s = (np.array(self.head) - self.foot) / self.run
        return np.array([[c, -s, 0, self.foot[0]], [s, c, 0, self.foot[1]], [0, 0, 1, self.low],
                         [0, 0, 0, 1.0]])  # fmt: skip

    def outline(self, start: float = 0.0, end: float | None = None) -> shapely.Polygon:
        """What it covers, from a way before its foot to one along it [m]."""
        end = self.run if end is None else end
        half = 0.5 * self.width
        corners = np.array([(start, -half, 0, 1), (end, -half, 0, 1), (end, half, 0, 1),
                            (start, half, 0, 1)])  # fmt: skip
        return shapely.Polygon((corners @ self.T_world_flight().T)[:, :2])

    def ground(self, xy: NDArray) -> NDArray[np.float64]:
        """(N,) height of what is walked at (N, 2) points: the line over the edges of the steps."""
        ahead = (np.array(self.head) - self.foot) / self.run
        along = (xy - np.array(self.foot)) @ ahead
        lead = self.tread if self.steps else 0.0
        return np.clip(self.low + (along + lead) * self.slope, self.low, self.high)


def sheet(
    corners: NDArray[np.float64],
    grounds: list[tuple[float, BaseGeometry]],
    flights: list[Flight],
    bounds: NDArray,
    notes: Notes,
) -> Floor | None:
    """The map of all storeys; None where nothing can be walked.

    Where rooms lie above one another, either the lower ones or the upper ones are taken
    everywhere: those that leave more storeys joined, then more room.

    Args:
        corners: (T, 3, 3) of the whole mesh.
        grounds: (height, what is walked there) of every storey.
        bounds: (4,) x0, y0, x1, y1 of the house.
    """
    low = np.floor((bounds[:2] - MARGIN) / CELL) - 0.5
    columns, rows = (np.ceil((bounds[2:] + MARGIN) / CELL) + 0.5 - low).astype(int)
    origin = (float(low[0] * CELL), float(low[1] * CELL))
    y, x = np.mgrid[:rows, :columns]
    points = np.stack([x, y], -1).reshape(-1, 2) * CELL + 0.5 * CELL + np.array(origin)
    within = [shapely.contains_xy(shape, points[:, 0], points[:, 1]) for _, shape in grounds]
    best: tuple[tuple[int, int], NDArray, NDArray] | None = None
    for order in (range(len(grounds)), range(len(grounds) - 1, -1, -1)):
        ground = _heights(points, grounds, within, flights, order).reshape(rows, columns)
        free = _free(corners, ground, origin)
        clearance = clearances(free, CELL)
        labels, _ = components(clearance >= BODY)
        reached = ground[labels == 0]
        joined = sum(bool((np.abs(reached - z) < STEP).sum() > JOINED) for z, _ in grounds)
        if best is None or (joined, len(reached)) > best[0]:
            best = (joined, len(reached)), ground, clearance
    if best is None or not best[0][1]:
        return None
    _, ground, clearance = best
    hidden = float(sum(within)[np.isfinite(ground.reshape(-1))].sum() - np.any(within, 0).sum())
    if hidden * CELL**2 > 1.0:
        notes.add(f"{hidden * CELL**2:.0f} m² above or below what is walked are not walked")
    base = min(z for z, _ in grounds)
    missing = ~np.isfinite(ground)
    nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
    heights = (ground[tuple(nearest)] - base).astype(np.float32)
    return Floor(origin, CELL, float(base), clearance, heights)


def _heights(
    points: NDArray,
    grounds: list[tuple[float, BaseGeometry]],
    within: list[NDArray[np.bool_]],
    flights: list[Flight],
    order: range,
) -> NDArray[np.float64]:
    """(N,) height of the ground, NaN where there is none."""
    ground = np.full(len(points), np.nan)
    for flight in flights:
        lead = flight.tread if flight.steps else 0.0
        inside = shapely.contains_xy(flight.outline(-lead), points[:, 0], points[:, 1])
        ground[inside] = flight.ground(points[inside])
    for k in order:
        empty = within[k] & np.isnan(ground)
        ground[empty] = grounds[k][0]
    for flight in flights:
        through = flight.outline(-THROUGH, flight.run + THROUGH)
        inside = shapely.contains_xy(through, points[:, 0], points[:, 1]) & np.isnan(ground)
        ground[inside] = flight.ground(points[inside])
    return ground


def _free(
    corners: NDArray[np.float64], ground: NDArray[np.float64], origin: tuple[float, float]
) -> NDArray[np.bool_]:
    """Cells with ground, without a drop beside them and nothing in the way above."""
    blocked = ~np.isfinite(ground)
    blocked |= obstructed_columns(
        corners, ground, origin=origin, cell=CELL, band=(STEP, BODY_HEIGHT)
    )
    limit = STEP + np.tan(STEEPEST_STAIRS) * CELL
    for axis in (0, 1):
        a = tuple(slice(None, -1) if k == axis else slice(None) for k in (0, 1))
        b = tuple(slice(1, None) if k == axis else slice(None) for k in (0, 1))
        drop = np.abs(ground[a] - ground[b]) > limit  # False beside what has no ground
        blocked[a] |= drop
        blocked[b] |= drop
    blocked[[0, -1]] = blocked[:, [0, -1]] = True
    return ~blocked

"""Ceilings and lamps for places that come without."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from navworld.world.scene import Floor, Lamp, Sun

CELL = 0.1
DOORWAY = 1.4
LAMP_SPACING, LAMP_DROP, LAMP_HEIGHT, LAMP_GAP = 2.5, 0.35, 2.3, 0.12
LAMP_MIN_AREA = 1.5
LAMP_POWER = (2.6, 2.45, 2.2)
MAX_LAMPS = 64
INDOOR_SUN = Sun((0.48, 0.36, 0.8), (1.2, 1.14, 1.02), 0.03)
INDOOR_AMBIENT = (0.24, 0.25, 0.27)
OUTDOOR_SUN = Sun((0.48, 0.36, 0.8), (0.85, 0.8, 0.7), 0.03)
OUTDOOR_AMBIENT = (0.36, 0.39, 0.45)

Grid = NDArray[np.bool_]


class Plan:
    """A top-down raster of a scene, aligned with the walkable map of one storey.

    Args:
        vertices: (V, 3) [m].
        triangles: (T, 3).
        floor: The storey.
        walls: (T,) which triangles are walls.
    """

    def __init__(
        self,
        vertices: NDArray[np.float64],
        triangles: NDArray[np.int64],
        *,
        floor: Floor,
        walls: NDArray[np.bool_],
    ) -> None:
        self.corners = vertices[triangles]
        self.floor = floor
        self.walls = walls
        self.low = np.array(floor.origin) - 1.0
        rows, columns = floor.clearance.shape
        size = np.array([columns, rows]) * floor.cell + 2.0
        self.cell = max(CELL, float(size.max()) / 2000)
        self.shape = tuple(np.ceil(size[::-1] / self.cell).astype(int))

    def walkable(self) -> NDArray[np.float32]:
        """Clearances [m] resampled to the cells of the plan."""
        y, x = np.indices(self.shape)
        column = np.floor(
            (self.low[0] + (x + 0.5) * self.cell - self.floor.origin[0]) / self.floor.cell
        )
        row = np.floor(
            (self.low[1] + (y + 0.5) * self.cell - self.floor.origin[1]) / self.floor.cell
        )
        rows, columns = self.floor.clearance.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        result = np.zeros(self.shape, np.float32)
        result[inside] = self.floor.clearance[row[inside].astype(int), column[inside].astype(int)]
        return result

    def drawn(self, chosen: NDArray[np.bool_]) -> Grid:
        """Cells below or above the chosen triangles."""
        return self._painted(self.corners[chosen], np.ones(int(chosen.sum()))) > 0

    def _painted(
        self, corners: NDArray[np.float64], values: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """The value of the last of some triangles over each cell, -inf where there is none."""
        canvas = np.full(self.shape, -np.inf, np.float32)
        xy = (corners[:, :, :2] - self.low) / self.cell - 0.5
        polygons = np.rint(np.clip(xy, -1e6, 1e6)).astype(np.int32)
        for polygon, value in zip(polygons, values.tolist(), strict=True):
            cv2.fillConvexPoly(canvas, polygon, value)
        return canvas

    def covered(self) -> float:
        """Share of the walkable cells that have something level above head height."""
        z = self.corners[:, :, 2]
        level = np.ptp(z, axis=1) < 0.6 * np.ptp(self.corners[:, :, :2], axis=1).max(1)
        above = self.drawn(level & (z.min(1) > self.floor.height + 1.9))
        walkable = self.walkable() > 0
        return float((above & walkable).sum() / max(walkable.sum(), 1))

    def wall_top(self) -> float | None:
        """Height [m] that at least 2 m² of walls reach, None without walls."""
        corners = self.corners[self.walls]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        area, top = np.linalg.norm(cross, axis=1) / 2, corners[:, :, 2].max(1)
        order = np.argsort(-top)
        reached = np.searchsorted(np.cumsum(area[order]), 2.0)
        return float(top[order][reached]) if reached < len(order) else None

    def inside(self) -> Grid:
        """Cells within the walls, doorways closed; without closed walls, what can be walked."""
        walkable = self.walkable() > 0
        walls = self.drawn(self.walls)
        reach = int(np.ceil(DOORWAY / 2 / self.cell))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        closed = cv2.morphologyEx(walls.astype(np.uint8), cv2.MORPH_CLOSE, disc).astype(bool)
        inside = ndimage.binary_fill_holes(closed)
        if (inside & walkable).sum() < 0.5 * walkable.sum():
            inside = ndimage.binary_fill_holes(walls | walkable)
        return inside

    def ceiling(self, height: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Vertices and triangles of a level ceiling over the inside, seen from below."""
        x0, y0, x1, y1 = self._metres(_rectangles(self.inside())).T
        z = np.full(len(x0), height)
        return _quads([(x0, y0, z), (x0, y1, z), (x1, y1, z), (x1, y0, z)])

    def upper_walls(self, height: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Upright quads that close the gap between lower walls and a ceiling at `height`."""
        tops = self._wall_tops()
        inside = self.inside()
        sides = []
        for axis in (0, 1):
            for turned in (False, True):
                shifted = np.roll(inside, -1 if turned else 1, axis)
                border = (
                    inside & ~shifted & (tops < height - 0.05) & (tops > self.floor.height + 1.5)
                )
                boxes = _rectangles(border)
                face = boxes.copy()
                outer, other = (3 - axis, 1 - axis) if turned else (1 - axis, 3 - axis)
                face[:, other] = face[:, outer]
                rows = boxes[:, :2].astype(int)
                sides.append(np.column_stack([self._metres(face), tops[rows[:, 1], rows[:, 0]]]))
        x0, y0, x1, y1, low = np.concatenate(sides).T
        high = np.full(len(low), height)
        return _quads([(x0, y0, low), (x1, y1, low), (x1, y1, high), (x0, y0, high)])

    def _wall_tops(self) -> NDArray[np.float64]:
        """Highest wall [m] within 0.3 m of each cell, -inf where there is none."""
        corners = self.corners[self.walls]
        top = corners[:, :, 2].max(1)
        order = np.argsort(top, kind="stable")
        tops = self._painted(corners[order], top[order])
        return ndimage.maximum_filter(tops, size=7)

    def _metres(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes of cells in metres, not reaching beyond the scene."""
        xy = self.corners[:, :, :2].reshape(-1, 2)
        low, high = np.tile(xy.min(0), 2), np.tile(xy.max(0), 2)
        return np.clip(boxes * self.cell + np.tile(self.low, 2), low, high)

    def lamps(self, ceiling: float | None) -> tuple[Lamp, ...]:
        """Lamps over the widest walkable places, so that each is seen by a lamp within reach."""
        z = self.floor.height + LAMP_HEIGHT
        if ceiling is not None:
            z = min(z, ceiling - LAMP_DROP)
        clearance = self.walkable()
        heights = self.corners[:, :, 2]
        blocked = self.drawn((heights.max(1) > z - 0.2) & (heights.min(1) < z - 0.1))
        dark = clearance > 0.2
        lamps: list[Lamp] = []
        low, high = self.corners.min(1), self.corners.max(1)
        while dark.any() and len(lamps) < MAX_LAMPS:
            row, column = np.unravel_index(np.argmax(np.where(dark, clearance, -1)), dark.shape)
            seen = dark & _seen(blocked, int(row), int(column), LAMP_SPACING / self.cell)
            dark &= ~seen
            dark[row, column] = False
            if seen.sum() * self.cell**2 < LAMP_MIN_AREA:
                continue
            x, y = self.low + (np.array([column, row]) + 0.5) * self.cell
            for drop in (0.0, 0.2, 0.4, 0.6):
                point = np.array([x, y, z - drop])
                gap = np.linalg.norm(np.maximum(np.maximum(low - point, point - high), 0), axis=1)
                if gap.min() > LAMP_GAP:
                    lamps.append(Lamp((float(x), float(y), float(z - drop)), LAMP_POWER))
                    break
        return tuple(lamps)


def _quads(corners: list[tuple[NDArray, ...]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices and triangles of quads given corner by corner as arrays of x, y, z."""
    vertices = np.stack([np.stack(corner, 1) for corner in corners], 1).reshape(-1, 3)
    first = np.arange(0, len(vertices), 4)[:, None]
    return vertices, (first + np.array([[0, 1, 2, 0, 2, 3]])).reshape(-1, 3)


def _seen(blocked: Grid, row: int, column: int, reach: float) -> Grid:
    """Cells within `reach` cells whose line of sight to (row, column) is free."""
    rows, columns = blocked.shape
    r = int(np.ceil(reach))
    y, x = np.mgrid[
        max(row - r, 0) : min(row + r + 1, rows), max(column - r, 0) : min(column + r + 1, columns)
    ]
    near = (y - row) ** 2 + (x - column) ** 2 <= reach * reach
    free = np.ones(y.shape, bool)
    for t in np.linspace(0, 1, r + 1)[1:-1]:
        free &= ~blocked[
            np.rint(row + t * (y - row)).astype(int), np.rint(column + t * (x - column)).astype(int)
        ]
    seen = np.zeros_like(blocked)
    seen[y, x] = near & free
    return seen


def _rectangles(cells: Grid) -> NDArray[np.float64]:
    """(N, 4) x0, y0, x1, y1 in cells: equal runs of neighbouring rows are joined."""
    open_runs: dict[tuple[int, int], int] = {}
    boxes: list[tuple[int, int, int, int]] = []
    for row in range(len(cells) + 1):
        line = cells[row] if row < len(cells) else np.zeros(cells.shape[1], bool)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
        runs = {(int(a), int(b)) for a, b in edges.reshape(-1, 2)}
        for run in [run for run in open_runs if run not in runs]:
            boxes.append((run[0], open_runs.pop(run), run[1], row))
        for run in sorted(runs):
            open_runs.setdefault(run, row)
    return np.array(boxes, np.float64).reshape(-1, 4)

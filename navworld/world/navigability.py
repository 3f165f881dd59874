"""Where a body can stand: walkable floors found in triangles, and made ready for one body size.

`walkable_floors` needs to know nothing about a mesh (winding, names, where the ground is): it
looks for large level surfaces with free columns above. A `Navigator` is one such floor for bodies
of one radius.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.world.scene import Floor
from navworld.world.walkable.clearance import (
    GRID,
    clearance_at,
    clearances,
    ground_at,
    nearest_walkable,
)
from navworld.world.walkable.columns import covered_columns, touched_columns
from navworld.world.walkable.components import components, diagonal_passes
from navworld.world.walkable.ground import held, with_slopes

LEVEL_BIN = 0.02  # heights of level surfaces are told apart by this [m]
STOREY = 1.8  # storeys are at least this far apart: lower ledges are furniture or stairs [m]
GAP = 0.15  # gaps in the ground up to twice this are walked over (thresholds, cracks) [m]
CORE = 0.3  # a region needs room for a disc of this radius, or it is the hollow of a thing [m]
MAX_CELLS = 40_000_000


@dataclass(frozen=True)
class _Grid:
    """Where the cells of a floor lie: outer corner [m], side [m], (rows, columns)."""

    origin: tuple[float, float]
    cell: float
    shape: tuple[int, int]


def walkable_floors(
    vertices: ArrayLike,
    triangles: ArrayLike,
    *,
    cell: float = 0.05,
    body_height: float = 1.1,
    step: float = 0.06,
    slope: float = 0.0,
    seed_points: ArrayLike | None = None,
) -> tuple[Floor, ...]:
    """Finds the storeys of a mesh and what of them can be walked.

    A cell can be walked when there is level ground under its centre and no triangle passes
    through its column between `step` and `body_height` above the ground. Gaps in the ground up
    to 0.3 m wide are bridged. Regions too small for a disc of 0.3 m radius are dropped (hollows
    of walls and furniture), and so are surfaces that no wall rises from (roofs, table tops).

    Args:
        vertices: (V, 3) [m], z up.
        triangles: (T, 3) indices, in any winding.
        cell: Side of a grid cell [m].
        body_height: Height up to which the space must be free [m].
        step: What is lower than this is driven over [m].
        slope: Steepest slope that is walked [rad]: ramps and hillsides that lead away from level
            ground become part of its floor, and `Floor.heights` says how high they are. 0 finds
            level ground only.
        seed_points: (N, 2) or (N, 3) places known to be walkable: only regions that hold one of
            them are kept; with z, only storeys with a point within `body_height` above ground.

    Returns:
        Floors from the lowest up.

    Raises:
        ValueError: The mesh is malformed or has no walkable space.
    """
    corners = _checked_corners(vertices, triangles)
    seeds = None if seed_points is None else _checked_seeds(seed_points)
    grid = _grid_around(corners, cell)
    floors: list[Floor] = []
    edged: list[bool] = []
    for height, ground in _levels(corners):
        if any(abs(height - floor.height) < STOREY for floor in floors):
            continue
        here = seeds
        if seeds is not None and seeds.shape[1] == 3:
            above = seeds[:, 2] - height
            here = seeds[(above > -step) & (above < body_height)]
        free, drop = _free_cells(corners, ground, height, grid, (step, body_height))
        heights = None
        if slope > 0:
            free &= ~held(floors, height, free.shape)
            free, heights = with_slopes(
                corners, free, height, origin=grid.origin, cell=cell, slope=slope, step=step,
                body_height=body_height, core=CORE, reach=max(2, round(GAP / cell)),
            )  # fmt: skip
        clearance = _regions(free, grid, here)
        if clearance is not None:
            if heights is not None and (np.abs(heights[clearance > 0]) <= step).all():
                heights = None
            floors.append(Floor(grid.origin, cell, float(height), clearance, heights))
            edged.append(_mostly_edges(clearance > 0, drop))
    floors = _storeys(floors, edged)
    if not floors:
        raise ValueError(
            f"the mesh ({len(corners)} triangles) has no walkable space: expected level ground "
            f"with {body_height:g} m of free height and room for a disc of {CORE:g} m radius; "
            "check that it is in metres with z up"
        )
    return tuple(sorted(floors, key=lambda floor: floor.height))


class Navigator:
    """A floor made ready for bodies of one radius.

    A body may stand where the clearance, interpolated between the centres of the cells, is at
    least its radius. The outermost cells of the grid are never walkable.

    Attributes:
        floor: The walkable storey.
        radius: Radius of the bodies [m].
        labels: (rows, columns) int32 connected component of every cell, largest first; −1 where
            the cell's centre cannot be walked.
        area: Walkable area of the largest component [m²].
        bounds: (2, 2) low and high corner (x, y) of the largest component [m].
        packed: The record (`clearance.GRID`) by which compiled code finds the grid.
    """

    def __init__(self, floor: Floor, radius: float) -> None:
        if not radius > 0:
            raise ValueError(f"the radius of a body must be positive, not {radius!r} m")
        self.floor = floor
        self.radius = float(radius)
        self._clearance = np.ascontiguousarray(floor.clearance, np.float32)
        rows, columns = self._clearance.shape
        mask = self._clearance >= radius
        mask[[0, -1]] = mask[:, [0, -1]] = False
        self.labels, self._sizes = components(mask, diagonal_passes(self._clearance, mask, radius))
        if not len(self._sizes):
            raise ValueError(
                f"a body of radius {radius:g} m fits nowhere on this floor: the largest clearance "
                f"is {self._clearance.max(initial=0):.2f} m; use a smaller radius or another scene"
            )
        self.area = float(self._sizes[0]) * floor.cell**2
        y, x = np.nonzero(self.labels == 0)
        origin = np.array(floor.origin)
        low, high = np.array([x.min(), y.min()]), np.array([x.max() + 1, y.max() + 1])
        self.bounds = np.stack([low, high]) * floor.cell + origin
        near = cv2.dilate((self.labels == 0).astype(np.uint8), np.ones((3, 3), np.uint8))
        self._candidates = np.flatnonzero(near)
        self._heights = None
        if floor.heights is not None:
            self._heights = np.ascontiguousarray(floor.heights, np.float32)
        uneven = 0 if self._heights is None else self._heights.ctypes.data
        grid = (self._clearance.ctypes.data, rows, columns, *floor.origin, floor.cell)
        record = (*grid, self.radius, floor.height, uneven)
        self.packed = np.array([record], GRID).tobytes()
        self.records = np.frombuffer(self.packed, GRID)

    def clearance(self, xy: ArrayLike) -> NDArray[np.float32]:
        """(N,) distance [m] from the (N, 2) points to the nearest place that cannot be walked."""
        return clearance_at(self.records, _points(xy))

    def ground(self, xy: ArrayLike) -> NDArray[np.float64]:
        """(N,) z of the ground below the (N, 2) points [m]."""
        points = _points(xy)
        return ground_at(self.records, np.zeros(len(points), np.int64), points)[:, 0]

    def is_walkable(self, xy: ArrayLike) -> NDArray[np.bool_]:
        """(N,) whether a body can stand at the (N, 2) points [m]."""
        return self.clearance(xy) >= self.radius

    def component(self, xy: ArrayLike) -> NDArray[np.int32]:
        """(N,) connected component of the (N, 2) points, 0 being the largest; −1 outside."""
        xy = _points(xy)
        grid = np.clip((xy - self.floor.origin) / self.floor.cell - 0.5, -1, 1 << 30)
        column, row = np.floor(np.nan_to_num(grid, nan=-1)).astype(np.int64).T
        best = np.full(len(xy), -1, np.int32)
        rows, columns = self.labels.shape
        for dy in (0, 1):
            for dx in (0, 1):
                r, c = row + dy, column + dx
                inside = (r >= 0) & (c >= 0) & (r < rows) & (c < columns)
                label = np.where(inside, self.labels[r * inside, c * inside], -1)
                best = np.where((best < 0) | ((label >= 0) & (label < best)), label, best)
        return np.where(self.is_walkable(xy), best, -1).astype(np.int32)

    def sample(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """(n, 2) points spread evenly over the largest component [m]."""
        columns = self.labels.shape[1]
        found = np.empty((0, 2))
        while len(found) < n:
            index = rng.choice(self._candidates, max(2 * (n - len(found)), 8))
            inside = rng.random((len(index), 2))
            xy = np.stack([index % columns, index // columns], 1) + inside
            xy = xy * self.floor.cell + self.floor.origin
            found = np.concatenate([found, xy[self.component(xy) == 0]])
        return found[:n]

    def snap(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Nearest walkable points of the largest component to (N, 2) points [m], or to one (2,)."""
        points = _points(np.atleast_2d(xy))
        if not np.isfinite(points).all():
            raise ValueError("cannot find the nearest walkable point of a position that is NaN")
        near = nearest_walkable(self.records, self.labels, points)
        inside = self.component(points) == 0
        return np.where(inside[:, None], points, near).reshape(np.shape(xy))

    def topdown(self) -> NDArray[np.uint8]:
        """(rows, columns, 3) map, north (+y) up: white can be walked, grey is too narrow."""
        picture = np.full((*self.labels.shape, 3), 60, np.uint8)
        picture[self._clearance > 0] = 170
        picture[self.labels >= 0] = 255
        return np.ascontiguousarray(picture[::-1])

    def to_pixels(self, xy: ArrayLike) -> NDArray[np.float64]:
        """(..., 2) positions [m] to (u, v) in `topdown`; integers are the centres of pixels."""
        column, row = np.moveaxis((np.asarray(xy) - self.floor.origin) / self.floor.cell, -1, 0)
        return np.stack([column - 0.5, len(self.labels) - row - 0.5], -1)

    def from_pixels(self, uv: ArrayLike) -> NDArray[np.float64]:
        """Inverse of `to_pixels`."""
        u, v = np.moveaxis(np.asarray(uv, np.float64), -1, 0)
        grid = np.stack([u + 0.5, len(self.labels) - v - 0.5], -1)
        return grid * self.floor.cell + self.floor.origin


def _points(xy: ArrayLike) -> NDArray[np.float64]:
    points = np.ascontiguousarray(xy, np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"expected points of shape (N, 2), got {points.shape}")
    return points


def _checked_corners(vertices: ArrayLike, triangles: ArrayLike) -> NDArray[np.float64]:
    """(T, 3, 3) corners of the triangles."""
    v, t = np.asarray(vertices, np.float64), np.asarray(triangles)
    if v.ndim != 2 or v.shape[1] != 3 or t.ndim != 2 or t.shape[1] != 3:
        raise ValueError(
            f"expected vertices (V, 3) and triangles (T, 3), got {v.shape} and {t.shape}"
        )
    if not len(t):
        raise ValueError("the mesh has no triangles, so there is nothing to walk on")
    if t.min() < 0 or t.max() >= len(v):
        raise ValueError(f"triangles refer to vertices outside 0…{len(v) - 1}")
    corners = v[t]
    if not np.isfinite(corners).all():
        raise ValueError("the mesh has vertices that are NaN or infinite: repair or drop them")
    return corners


def _checked_seeds(seed_points: ArrayLike) -> NDArray[np.float64]:
    seeds = np.atleast_2d(np.asarray(seed_points, np.float64))
    if seeds.shape[1] not in (2, 3) or not np.isfinite(seeds).all():
        raise ValueError(f"seed_points must be finite, (N, 2) or (N, 3), got {seeds.shape}")
    return seeds


def _grid_around(corners: NDArray[np.float64], cell: float) -> _Grid:
    """A grid over the mesh with a margin of two cells.

    Cell borders lie half a cell off the multiples of `cell`, where walls of round measures stand:
    else rounding errors would decide which side of a border they block.
    """
    if not cell > 0:
        raise ValueError(f"the side of a cell must be positive, not {cell!r} m")
    low = np.floor(corners[..., :2].min((0, 1)) / cell) - 2.5
    high = np.ceil(corners[..., :2].max((0, 1)) / cell) + 2.5
    columns, rows = high - low
    if rows * columns > MAX_CELLS:
        raise ValueError(
            f"the mesh covers {columns * cell:.0f} × {rows * cell:.0f} m, too much for cells of "
            f"{cell:g} m: check its units, or give a larger `cell`"
        )
    return _Grid((float(low[0] * cell), float(low[1] * cell)), cell, (int(rows), int(columns)))


def _levels(corners: NDArray[np.float64]) -> list[tuple[float, NDArray[np.float64]]]:
    """Heights of large level surfaces, largest area first, with the triangles they consist of."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    level = np.abs(normal[:, 2]) > 0.9 * np.linalg.norm(normal, axis=1)
    flat = corners[level]
    if not len(flat):
        return []
    area = 0.5 * np.abs(normal[level, 2])
    z = flat[..., 2].mean(1)
    index = np.round((z - z.min()) / LEVEL_BIN).astype(np.int64)
    if index.max() > 100_000:
        raise ValueError(f"the mesh is {np.ptp(z):.0f} m high: check that it is in metres")
    amount = np.bincount(index, area)
    window = np.convolve(amount, np.ones(3), "same")[: len(amount)]
    levels: list[tuple[int, float, NDArray[np.float64]]] = []
    for peak in np.argsort(-window, kind="stable")[:64]:
        if window[peak] < max(1.0, 0.03 * window.max()):
            break
        if any(abs(peak - other) * LEVEL_BIN < 0.05 for other, _, _ in levels):
            continue
        near = np.abs(index - peak) <= 1
        order = np.argsort(z[near])
        weight = np.cumsum(area[near][order])
        height = z[near][order][np.searchsorted(weight, 0.5 * weight[-1])]
        levels.append((peak, height, flat[np.abs(z - height) < 0.1]))
    return [(height, ground) for _, height, ground in levels[:16]]


def _free_cells(
    corners: NDArray[np.float64],
    ground: NDArray[np.float64],
    height: float,
    grid: _Grid,
    band: tuple[float, float],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Cells with ground and free space above; cells without ground or anything above it."""
    rows, columns = grid.shape
    support = covered_columns(ground, origin=grid.origin, cell=grid.cell, shape=grid.shape)
    reach = round(GAP / grid.cell)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    padded = np.pad(support.view(np.uint8), reach)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)
    support = closed[reach : reach + rows, reach : reach + columns] > 0
    blocked = touched_columns(
        corners,
        band=(height + band[0], height + band[1]),
        origin=grid.origin,
        cell=grid.cell,
        shape=grid.shape,
    )
    free = support & ~blocked
    free[[0, -1]] = free[:, [0, -1]] = False
    return free, ~support & ~blocked


def _storeys(floors: list[Floor], edged: list[bool]) -> list[Floor]:
    """Without roofs (most of their border is an edge, and there is a floor below) and ledges."""
    lowest = min((floor.height for floor in floors), default=0.0)
    kept = [f for f, edge in zip(floors, edged, strict=True) if not edge or f.height == lowest]
    areas = [int((floor.clearance > 0).sum()) for floor in kept]
    return [f for f, area in zip(kept, areas, strict=True) if area >= 0.1 * max(areas)]


def _mostly_edges(free: NDArray[np.bool_], drop: NDArray[np.bool_]) -> bool:
    """Whether more of the border of the free cells is an edge to fall from than a wall."""
    around = cv2.dilate(free.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_) & ~free
    return bool((around & drop).sum() > 0.5 * around.sum())


def _regions(
    free: NDArray[np.bool_], grid: _Grid, seeds: NDArray[np.float64] | None
) -> NDArray[np.float32] | None:
    """Clearances with small regions (or those without a seed) dropped; None if none is left."""
    clearance = clearances(free, grid.cell)
    labels, sizes = components(free)
    if not len(sizes):
        return None
    if seeds is None:
        core = np.bincount(labels[clearance >= CORE], minlength=len(sizes))
        keep = (core > 0) & (sizes * grid.cell**2 >= 1.0)
    else:
        column, row = np.floor((seeds[:, :2] - grid.origin) / grid.cell).astype(np.int64).T
        inside = (row >= 0) & (column >= 0) & (row < grid.shape[0]) & (column < grid.shape[1])
        found = labels[row[inside], column[inside]]
        keep = np.isin(np.arange(len(sizes)), found[found >= 0])
    if not keep.any():
        return None
    clearance[~np.append(keep, False)[labels]] = 0.0
    return clearance

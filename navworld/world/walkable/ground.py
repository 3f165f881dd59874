"""Uneven ground: what of it can be walked, given its height by cell, or found in triangles.

The ground of a storey is a sheet: one height per cell. Bodies go up slopes and over steps that
are low enough; distances stay horizontal, which on a slope of 10° is 1.5 % short. What is in the
way of a body is judged against the ground of each cell, for which triangles are clipped exactly
to the cell.
"""

from __future__ import annotations

import cv2
import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates

from navworld.world.scene import Floor
from navworld.world.walkable.clearance import clearances, distances
from navworld.world.walkable.columns import centres, clip, in_cells

SLOPE = float(np.radians(20))
"""Steepest ground that is walked [rad]: a steep ramp or a hillside path."""

WINDOW = 0.25  # steepness is measured over this to either side, so that a kerb is no cliff [m]
SAME = 0.15  # ground this near in height is one ground [m]
CREST = 0.02  # across a gap in the ground, it may rise this much more than the slope [m]


def uneven_floor(
    ground: NDArray[np.floating],
    obstacles: NDArray[np.floating],
    *,
    origin: tuple[float, float],
    cell: float,
    slope: float = SLOPE,
    step: float = 0.03,
    body_height: float = 1.1,
    closed: NDArray[np.bool_] | None = None,
) -> Floor:
    """The floor on ground whose heights are known.

    Args:
        ground: (rows, columns) z of the ground at the centres of the cells [m], indexed [y, x];
            NaN where there is none.
        obstacles: (T, 3, 3) corners of the triangles that may be in the way [m]; those of the
            ground itself are best left out.
        origin: (x, y) of the outer corner of cell [0, 0] [m].
        cell: Side of a cell [m].
        slope: Steepest ground that is walked [rad].
        step: Highest step (kerb) that is walked over, and what is lower is driven over [m].
        body_height: Height up to which the space above the ground must be free [m].
        closed: (rows, columns) places that are not walked for other reasons (water).

    Returns:
        A floor whose `height` is that of the lowest ground.
    """
    known = np.isfinite(ground)
    if not known.any():
        raise ValueError("the ground is NaN everywhere: give the height of at least some cells")
    blocked = ~known | too_steep(ground, cell=cell, slope=slope, step=step)
    blocked |= obstructed_columns(
        obstacles, ground, origin=origin, cell=cell, band=(step, body_height)
    )
    if closed is not None:
        blocked |= closed
    blocked[[0, -1]] = blocked[:, [0, -1]] = True
    height = float(ground[known].min())
    return Floor(
        (float(origin[0]), float(origin[1])),
        cell,
        height,
        clearances(~blocked, cell),
        np.asarray(_filled(ground) - height, np.float32),
    )


def surface_heights(
    corners: NDArray[np.floating],
    *,
    origin: tuple[float, float],
    cell: float,
    shape: tuple[int, int],
) -> NDArray[np.float64]:
    """Height of the highest of (T, 3, 3) triangles over every cell's centre [m]; NaN without."""
    flat = np.ascontiguousarray(corners, np.float64).reshape(-1, 3, 3)
    first, layers = _layers(flat, origin, cell, shape)
    heights = np.full(shape[0] * shape[1], np.nan)
    covered = np.diff(first) > 0
    heights[covered] = np.maximum.reduceat(layers, first[:-1][covered]) if len(layers) else 0.0
    return heights.reshape(shape)


def heights_at(floor: Floor, xy: ArrayLike) -> NDArray[np.float64]:
    """(N,) z of the ground of a floor below points (N, 2) [m]."""
    points = np.asarray(xy, np.float64).reshape(-1, 2)
    if floor.heights is None:
        return np.full(len(points), float(floor.height))
    place = ((points - floor.origin) / floor.cell - 0.5)[:, ::-1]
    above = map_coordinates(floor.heights.astype(np.float64), place.T, order=1, mode="nearest")
    return floor.height + above


def too_steep(
    ground: NDArray[np.floating], *, cell: float, slope: float, step: float
) -> NDArray[np.bool_]:
    """Cells on ground steeper than `slope` [rad], or beside a step higher than `step` [m]."""
    z = _filled(ground)
    reach = max(1, round(WINDOW / cell))
    padded = np.pad(z, reach, mode="edge")
    middle = slice(reach, -reach)
    # At the edge of the grid the window is one-sided, so it is divided by what it spans.
    span = np.pad(np.mgrid[: z.shape[0], : z.shape[1]], ((0, 0), *2 * [(reach, reach)]), "edge")
    rise = []
    for axis in (0, 1):
        ahead = tuple(slice(2 * reach, None) if a == axis else middle for a in (0, 1))
        behind = tuple(slice(None, -2 * reach) if a == axis else middle for a in (0, 1))
        width = np.maximum(span[axis][ahead] - span[axis][behind], 1) * cell
        rise.append((padded[ahead] - padded[behind]) / width)
    steep = np.hypot(*rise) > np.tan(slope)
    limit = step + np.tan(slope) * cell
    known = np.isfinite(ground)
    for axis in (0, 1):
        low = tuple(slice(None, -1) if a == axis else slice(None) for a in (0, 1))
        high = tuple(slice(1, None) if a == axis else slice(None) for a in (0, 1))
        edge = (np.abs(z[high] - z[low]) > limit) & known[high] & known[low]
        steep[low] |= edge
        steep[high] |= edge
    return steep & known


def obstructed_columns(
    corners: NDArray[np.floating],
    ground: NDArray[np.floating],
    *,
    origin: tuple[float, float],
    cell: float,
    band: tuple[float, float],
) -> NDArray[np.bool_]:
    """Cells whose column holds a part of the mesh strictly within a band above their own ground.

    Args:
        corners: (T, 3, 3) corner points of the triangles [m].
        ground: (rows, columns) z of the ground [m], NaN where nothing is asked.
        band: Lower and upper height above the ground [m].
    """
    mask = np.zeros(ground.shape, np.bool_)
    flat = np.ascontiguousarray(corners, np.float64).reshape(-1, 3, 3)
    _mark_obstructed(flat, np.ascontiguousarray(ground, np.float64), *band, *origin, cell, mask)
    return mask


def with_slopes(
    corners: NDArray[np.float64],
    free: NDArray[np.bool_],
    height: float,
    *,
    origin: tuple[float, float],
    cell: float,
    slope: float,
    step: float,
    body_height: float,
    core: float,
    reach: int,
) -> tuple[NDArray[np.bool_], NDArray[np.float32] | None]:
    """Adds to the level ground of a storey the slopes that lead away from it, and beyond.

    Where storeys lie above one another, a cell belongs to the first that the ground leads to.

    Args:
        corners: (T, 3, 3) corner points of the triangles [m].
        free: (rows, columns) walkable level ground at `height`.
        core: Slopes need room for a disc of this radius [m].
        reach: Gaps of less than this many cells are bridged.

    Returns:
        What can be walked, and the heights above `height` (None without a slope).
    """
    edge = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    gentle = np.abs(edge[:, 2]) >= np.cos(slope) * np.linalg.norm(edge, axis=1)
    gentle &= np.abs(edge[:, 2]) > 1e-12
    ground = np.full(free.shape, np.nan)
    ground[free] = height
    first, layers = _layers(corners[gentle], origin, cell, free.shape)
    rise = np.tan(slope) * cell
    _grow(ground, first, layers, height, step, rise, reach)
    grown = np.isfinite(ground) & ~free
    ground = np.where(_closed(np.isfinite(ground), reach), _filled(ground), np.nan)
    band = (step + 0.75 * rise, body_height)
    walled = obstructed_columns(corners, ground, origin=origin, cell=cell, band=band)
    sloping = grown | (np.isfinite(ground) & ~free)
    sloping &= ~walled & ~too_steep(ground, cell=cell, slope=slope, step=step)
    sloping[[0, -1]] = sloping[:, [0, -1]] = False
    sloping = _wide(sloping & (np.abs(ground - height) > step), core / cell, sloping)
    if not sloping.any():
        return free, None
    return free | sloping, (_filled(ground) - height).astype(np.float32)


def held(floors: list[Floor], height: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Cells whose ground at a height slopes have already made part of another floor."""
    taken = np.zeros(shape, np.bool_)
    for floor in floors:
        if floor.heights is not None:
            near = np.abs(floor.height + floor.heights - height) < SAME
            taken |= (floor.clearance > 0) & near
    return taken


def _wide(parts: NDArray[np.bool_], radius: float, around: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The components of `around` in which a component of `parts` holds a disc [cells]."""
    padded = np.pad(parts, 1).astype(np.uint8)
    distance = distances(padded)[1:-1, 1:-1]
    count, labels = cv2.connectedComponents(around.astype(np.uint8), connectivity=4)
    kept = np.zeros(count, np.bool_)
    kept[labels[distance > radius]] = True
    kept[0] = False
    return kept[labels]


def _closed(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    padded = np.pad(mask.astype(np.uint8), reach)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)
    return closed[reach : reach + mask.shape[0], reach : reach + mask.shape[1]] > 0


def _filled(ground: NDArray[np.floating]) -> NDArray[np.float64]:
    """NaN replaced by the height of the nearest cell that has one."""
    missing = ~np.isfinite(ground)
    if not missing.any():
        return np.asarray(ground, np.float64)
    index = distance_transform_edt(missing, return_distances=False, return_indices=True)
    return np.asarray(ground, np.float64)[tuple(index)]


def _layers(
    corners: NDArray[np.float64], origin: tuple[float, float], cell: float, shape: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Heights of the triangles above every cell's centre: those of cell k from first[k] on."""
    count = np.zeros(shape[0] * shape[1] + 1, np.int64)
    nothing = np.empty(0)
    _cover(corners, *origin, cell, shape, count[1:], nothing, False)
    first = np.cumsum(count)
    layers = np.empty(first[-1])
    _cover(corners, *origin, cell, shape, first[:-1].copy(), layers, True)
    return first, layers


@numba.njit(cache=True, nogil=True)
def _cover(corners, ox, oy, cell, shape, at, layers, write):
    """Counts (or writes) the heights of triangles at the centres of the cells that they cover."""
    rows, columns = shape
    for t in range(len(corners)):
        x0, y0, x1, y1, x2, y2 = in_cells(corners[t], ox, oy, cell)
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0:
            continue
        first, last = centres(y0, y1, y2, rows)
        left, right = centres(x0, x1, x2, columns)
        for row in range(first, last + 1):
            for column in range(left, right + 1):
                c = ((x1 - x0) * (row - y0) - (column - x0) * (y1 - y0)) / area
                a = ((x2 - x1) * (row - y1) - (column - x1) * (y2 - y1)) / area
                b = ((x0 - x2) * (row - y2) - (column - x2) * (y0 - y2)) / area
                if a < -1e-9 or b < -1e-9 or c < -1e-9:
                    continue
                k = row * columns + column
                if write:
                    layers[at[k]] = (
                        a * corners[t, 0, 2] + b * corners[t, 1, 2] + c * corners[t, 2, 2]
                    )
                at[k] += 1


@numba.njit(cache=True, nogil=True)
def _grow(ground, first, layers, height, step, rise, reach):
    """Spreads the ground from the cells that have it to those that it leads on to."""
    rows, columns = ground.shape
    queue = np.empty(rows * columns, np.int64)
    head, tail = 0, 0
    for k in range(rows * columns):
        row, column = k // columns, k % columns
        if np.isnan(ground[row, column]):
            continue
        top = -np.inf  # level ground is where its surface is: on a rug, on the foot of a ramp
        for n in range(first[k], first[k + 1]):
            if abs(layers[n] - height) <= step and layers[n] > top:
                top = layers[n]
        if top > -np.inf:
            ground[row, column] = top
        queue[tail] = k
        tail += 1
    while head < tail:
        row, column = queue[head] // columns, queue[head] % columns
        head += 1
        z = ground[row, column]
        for turn in range(4):
            dr, dc = (1, 0, -1, 0)[turn], (0, 1, 0, -1)[turn]
            for d in range(1, reach + 1):
                r, c = row + d * dr, column + d * dc
                if r < 0 or c < 0 or r >= rows or c >= columns or not np.isnan(ground[r, c]):
                    break
                k = r * columns + c
                limit = rise * d + (step if d == 1 else CREST)
                best = -np.inf
                for n in range(first[k], first[k + 1]):
                    if abs(layers[n] - z) <= limit and layers[n] > best:
                        best = layers[n]
                if best > -np.inf:
                    ground[r, c] = best
                    queue[tail] = k
                    tail += 1
                    break


@numba.njit(cache=True, nogil=True)
def _mark_obstructed(corners, ground, low, high, ox, oy, cell, mask):
    rows, columns = ground.shape
    p, q, strip, part = np.empty((16, 3)), np.empty((16, 3)), np.empty((16, 3)), np.empty((16, 3))
    for t in range(len(corners)):
        for k in range(3):
            p[k, 0] = (corners[t, k, 0] - ox) / cell
            p[k, 1] = (corners[t, k, 1] - oy) / cell
            p[k, 2] = corners[t, k, 2]
        bottom, top = p[:3, 1].min(), p[:3, 1].max()
        first, last = max(int(np.floor(bottom)), 0), min(int(np.floor(top)), rows - 1)
        for row in range(first, last + 1):
            count = clip(p, 3, 1, float(row), True, q)
            count = clip(q, count, 1, row + 1.0, False, strip)
            if count == 0:
                continue
            left, right = strip[:count, 0].min(), strip[:count, 0].max()
            west, east = max(int(np.floor(left)), 0), min(int(np.floor(right)), columns - 1)
            for column in range(west, east + 1):
                z = ground[row, column]
                if np.isnan(z) or mask[row, column]:
                    continue
                inside = clip(strip, count, 0, float(column), True, q)
                inside = clip(q, inside, 0, column + 1.0, False, part)
                if inside == 0:
                    continue
                if part[:inside, 2].max() > z + low and part[:inside, 2].min() < z + high:
                    mask[row, column] = True

"""The grid of clearances that bodies move on, as compiled code sees it.

Between the centres of the cells the clearance is interpolated bilinearly; outside the outermost
centres it is 0. So is the height of uneven ground, which goes on level outside. Functions for a
batch of bodies in different scenes take one record per scene (`GRID`), which holds the address
of the grid: no argument per scene, no list to unpack.
"""

from __future__ import annotations

import cv2
import numba
import numpy as np
from numba.core import cgutils, types
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from navworld.world.tracing.simd import intrinsic

GRID = np.dtype(
    [
        ("clearance", np.int64),
        ("rows", np.int64),
        ("columns", np.int64),
        ("x", np.float64),
        ("y", np.float64),
        ("cell", np.float64),
        ("radius", np.float64),
        ("height", np.float64),
        ("heights", np.int64),
    ]
)


def clearances(free: NDArray[np.bool_], cell: float) -> NDArray[np.float32]:
    """Exact distance from the centre of every cell to the nearest blocked cell's square [m].

    The nearest point of a square is a corner of it, or lies straight across a side: both are
    points of the grid of half cells, on which the distance transform is exact. Beyond the grid
    nothing counts as blocked.
    """
    rows, columns = free.shape
    blocked = np.zeros((2 * rows + 1, 2 * columns + 1), np.uint8)
    blocked[1::2, 1::2] = ~free
    blocked = cv2.dilate(blocked, np.ones((3, 3), np.uint8))
    if not blocked.any():
        raise ValueError(
            "no cell of the grid is blocked: surround the free space with blocked cells"
        )
    return distances(1 - blocked)[1::2, 1::2] * np.float32(0.5 * cell)


def distances(inside: NDArray) -> NDArray[np.float32]:
    """How far cells that are not 0 are from the nearest that is [cells].

    OpenCV's distances end differently in their last bits with the number of its threads. Their
    squares are whole numbers, whose roots are not.
    """
    near = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    whole = np.rint(np.square(near, dtype=np.float64))
    return np.sqrt(whole).astype(np.float32)


@intrinsic
def as_pointer(typingctx, address):
    """An address (int64) as a pointer that `numba.carray` takes."""

    def build(context, builder, signature, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), build


@numba.njit(inline="always")
def grid_of(record):
    """(rows, columns) float32 clearances of one `GRID` record."""
    shape = (record.rows, record.columns)
    return carray(as_pointer(record.clearance), shape, np.float32)


@numba.njit(inline="always")
def heights_of(record):
    """(rows, columns) float32 heights of one `GRID` record, whose address must not be 0."""
    return carray(as_pointer(record.heights), (record.rows, record.columns), np.float32)


@numba.njit(inline="always")
def interpolate(grid, u, v):
    """Clearance at column u, row v (whole numbers are the centres of cells); 0 outside."""
    rows, columns = grid.shape
    if not (u >= 0 and v >= 0 and u < columns - 1 and v < rows - 1):
        return 0.0
    i, j = int(u), int(v)
    a, b = u - i, v - j
    low = (1 - a) * grid[j, i] + a * grid[j, i + 1]
    high = (1 - a) * grid[j + 1, i] + a * grid[j + 1, i + 1]
    return (1 - b) * low + b * high


@numba.njit(cache=True, nogil=True)
def free_fraction(grid, cell, floor, u, v, du, dv, least=-1.0):
    """How much of the way from (u, v) by (du, dv) [cells] has a clearance of at least `floor` [m].

    Shares of `least` and less are not worth the while: of those it says that they are less.

    Exact: where there is room to spare, the way jumps as far as the clearance promises (it
    changes by at most √2 of the way, being interpolated between exact distances); elsewhere it
    goes from cell to cell, and within one the clearance along a line is a quadratic function.
    """
    length = np.sqrt(du * du + dv * dv)
    if length < 1e-12:
        return 1.0
    rows, columns = grid.shape
    t = 0.0
    while t < 1.0:
        x, y = u + t * du, v + t * dv
        spare = (interpolate(grid, x, y) - floor) / cell
        if spare > 1.5:
            t += 0.7 * spare / length
            continue
        # The patch between four centres that the way goes on in, from t to `leave`.
        i, j = int(np.floor(x)), int(np.floor(y))
        if du < 0 and x == i:
            i -= 1
        if dv < 0 and y == j:
            j -= 1
        if i < 0 or j < 0 or i >= columns - 1 or j >= rows - 1:
            return t
        leave = 1.0
        if du != 0:
            leave = min(leave, ((i + 1 if du > 0 else i) - u) / du)
        if dv != 0:
            leave = min(leave, ((j + 1 if dv > 0 else j) - v) / dv)
        s = max(leave - t, 1e-9)
        a, b = x - i, y - j
        c00, c10, c01, c11 = grid[j, i], grid[j, i + 1], grid[j + 1, i], grid[j + 1, i + 1]
        twist = c00 - c10 - c01 + c11
        f0 = c00 + (c10 - c00) * a + (c01 - c00) * b + twist * a * b - floor
        f1 = (c10 - c00 + twist * b) * du + (c01 - c00 + twist * a) * dv
        f2 = twist * du * dv
        ends = f0 + s * (f1 + s * f2)
        dips = f2 > 0 and 0 < -f1 < 2 * f2 * s and f1 * f1 > 4 * f2 * f0
        if ends < 0 or dips:
            if t + s <= least:
                return t
            low, high = 0.0, (-f1 / (2 * f2) if dips else s)
            for _ in range(40):
                middle = 0.5 * (low + high)
                if f0 + middle * (f1 + middle * f2) < 0:
                    high = middle
                else:
                    low = middle
            return t + low
        t += s
    return 1.0


@numba.njit(inline="always")
def slope(grid, u, v):
    """Unit vector (or 0) in which the clearance grows."""
    h = 0.5
    du = interpolate(grid, u + h, v) - interpolate(grid, u - h, v)
    dv = interpolate(grid, u, v + h) - interpolate(grid, u, v - h)
    norm = np.sqrt(du * du + dv * dv)
    if norm < 1e-9:
        return 0.0, 0.0
    return du / norm, dv / norm


@numba.njit(cache=True, nogil=True)
def clearance_at(records, xy):
    """(N,) clearance of points in the grid of `records[0]` [m]."""
    record = records[0]
    grid = grid_of(record)
    out = np.empty(len(xy), np.float32)
    for k in range(len(xy)):
        u = (xy[k, 0] - record.x) / record.cell - 0.5
        v = (xy[k, 1] - record.y) / record.cell - 0.5
        out[k] = interpolate(grid, u, v)
    return out


@numba.njit(inline="always")
def _height(grid, u, v):
    """Height at column u, row v, that of the nearest outermost centre outside."""
    rows, columns = grid.shape
    u, v = min(max(u, 0.0), columns - 1.0), min(max(v, 0.0), rows - 1.0)
    i, j = min(int(u), columns - 2), min(int(v), rows - 2)
    a, b = u - i, v - j
    low = (1 - a) * np.float64(grid[j, i]) + a * grid[j, i + 1]
    high = (1 - a) * np.float64(grid[j + 1, i]) + a * grid[j + 1, i + 1]
    return (1 - b) * low + b * high


@numba.njit(cache=True, nogil=True)
def ground_at(records, which, xy):
    """(N, 3) the ground below points: its height [m] and its rise towards x and y.

    The rise is taken over a body's diameter: what it feels of a kerb or a stone, not its edge.

    Args:
        which: (N,) the record that each point belongs to.
    """
    out = np.zeros((len(xy), 3))
    for k in range(len(xy)):
        record = records[which[k]]
        out[k, 0] = record.height
        if record.heights == 0:
            continue
        grid = heights_of(record)
        u = (xy[k, 0] - record.x) / record.cell - 0.5
        v = (xy[k, 1] - record.y) / record.cell - 0.5
        h = record.radius / record.cell
        out[k, 0] += _height(grid, u, v)
        out[k, 1] = (_height(grid, u + h, v) - _height(grid, u - h, v)) / (2 * record.radius)
        out[k, 2] = (_height(grid, u, v + h) - _height(grid, u, v - h)) / (2 * record.radius)
    return out


@numba.njit(cache=True, nogil=True)
def nearest_walkable(records, labels, xy):
    """(N, 2) walkable points of component 0 nearest to points, to a fraction of a cell [m]."""
    record = records[0]
    grid = grid_of(record)
    rows, columns = labels.shape
    out = np.empty_like(xy)
    for k in range(len(xy)):
        u = (xy[k, 0] - record.x) / record.cell - 0.5
        v = (xy[k, 1] - record.y) / record.cell - 0.5
        best, bi, bj = np.inf, 0, 0
        for j in range(rows):
            for i in range(columns):
                if labels[j, i] == 0:
                    d = (i - u) ** 2 + (j - v) ** 2
                    if d < best:
                        best, bi, bj = d, i, j
        # From the cell towards the point as long as it can be walked.
        low, high = 0.0, 1.0
        if best > 1.0:
            high = 1.0 / np.sqrt(best)
        for _ in range(20):
            t = 0.5 * (low + high)
            if interpolate(grid, bi + t * (u - bi), bj + t * (v - bj)) >= record.radius + 1e-6:
                low = t
            else:
                high = t
        out[k, 0] = (bi + low * (u - bi) + 0.5) * record.cell + record.x
        out[k, 1] = (bj + low * (v - bj) + 0.5) * record.cell + record.y
    return out

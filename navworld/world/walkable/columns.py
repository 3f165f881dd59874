"""Which columns of a grid a triangle mesh passes through between two heights.

A triangle is clipped exactly to the band of heights; its shadow on the ground is then a convex
polygon (or a line, for an upright wall of no thickness), and every cell that the closed polygon
touches is marked. So nothing is too thin to be found.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


def touched_columns(
    corners: NDArray[np.float64],
    *,
    band: tuple[float, float],
    origin: tuple[float, float],
    cell: float,
    shape: tuple[int, int],
) -> NDArray[np.bool_]:
    """Cells whose column holds a part of the mesh strictly between two heights.

    Args:
        corners: (T, 3, 3) corner points of the triangles [m].
        band: Lower and upper height [m].
        origin: Outer corner of cell [0, 0] [m].

    Returns:
        `shape` mask indexed [y, x].
    """
    mask = np.zeros(shape, np.bool_)
    _mark_touched(corners, *band, *origin, cell, mask)
    return mask


def covered_columns(
    corners: NDArray[np.float64],
    *,
    origin: tuple[float, float],
    cell: float,
    shape: tuple[int, int],
) -> NDArray[np.bool_]:
    """Cells whose centre lies under or on one of the (T, 3, 3) triangles, indexed [y, x]."""
    mask = np.zeros(shape, np.bool_)
    _mark_covered(corners, *origin, cell, mask)
    return mask


@numba.njit(inline="always")
def clip(p, count, axis, at, keep_above, q):
    """Clips a polygon of `count` corners at a coordinate (Sutherland-Hodgman); new count."""
    sign = 1.0 if keep_above else -1.0
    out = 0
    for k in range(count):
        n = k + 1 if k + 1 < count else 0
        a, b = sign * (p[k, axis] - at), sign * (p[n, axis] - at)
        if a >= 0:
            q[out] = p[k]
            out += 1
        if (a > 0 and b < 0) or (a < 0 and b > 0):
            t = a / (a - b)
            for c in range(3):
                q[out, c] = p[k, c] + t * (p[n, c] - p[k, c])
            q[out, axis] = at
            out += 1
    return out


@numba.njit(inline="always")
def in_cells(corners, ox, oy, cell):
    """Coordinates x0, y0, x1 … of a triangle (3, 3), in cells from the centre of the first one."""
    x0, y0 = (corners[0, 0] - ox) / cell - 0.5, (corners[0, 1] - oy) / cell - 0.5
    x1, y1 = (corners[1, 0] - ox) / cell - 0.5, (corners[1, 1] - oy) / cell - 0.5
    x2, y2 = (corners[2, 0] - ox) / cell - 0.5, (corners[2, 1] - oy) / cell - 0.5
    return x0, y0, x1, y1, x2, y2


@numba.njit(inline="always")
def centres(a, b, c, count):
    """The first and the last of `count` cells whose centres lie between three coordinates."""
    return max(int(np.ceil(min(a, b, c))), 0), min(int(max(a, b, c)), count - 1)


@numba.njit(cache=True, nogil=True)
def _mark_touched(corners, low, high, ox, oy, cell, mask):
    p, q = np.empty((8, 3)), np.empty((8, 3))
    for t in range(len(corners)):
        z0, z1, z2 = corners[t, 0, 2], corners[t, 1, 2], corners[t, 2, 2]
        if max(z0, z1, z2) <= low or min(z0, z1, z2) >= high:
            continue
        for k in range(3):
            p[k, 0] = (corners[t, k, 0] - ox) / cell
            p[k, 1] = (corners[t, k, 1] - oy) / cell
            p[k, 2] = corners[t, k, 2]
        count = clip(p, 3, 2, low, True, q)
        count = clip(q, count, 2, high, False, p)
        if count > 0:
            _mark_polygon(p, count, mask)


@numba.njit(cache=True, nogil=True)
def _mark_polygon(p, count, mask):
    """Marks the cells that a closed convex polygon touches, row by row (units: cells)."""
    rows, columns = mask.shape
    lowest, highest = p[0, 1], p[0, 1]
    for k in range(1, count):
        lowest, highest = min(lowest, p[k, 1]), max(highest, p[k, 1])
    first, last = max(int(np.floor(lowest)), 0), min(int(np.floor(highest)), rows - 1)
    for row in range(first, last + 1):
        left, right = np.inf, -np.inf
        for k in range(count):
            n = k + 1 if k + 1 < count else 0
            ax, ay, bx, by = p[k, 0], p[k, 1], p[n, 0], p[n, 1]
            if ay > by:
                ax, ay, bx, by = bx, by, ax, ay
            if by < row or ay > row + 1:
                continue
            if ay < row:
                ax += (row - ay) / (by - ay) * (bx - ax)
                ay = float(row)
            if by > row + 1:
                bx = ax + (row + 1 - ay) / (by - ay) * (bx - ax)
            left, right = min(left, ax, bx), max(right, ax, bx)
        for column in range(
            max(int(np.floor(left)), 0), min(int(np.floor(right)), columns - 1) + 1
        ):
            mask[row, column] = True


@numba.njit(cache=True, nogil=True)
def _mark_covered(corners, ox, oy, cell, mask):
    rows, columns = mask.shape
    for t in range(len(corners)):
        x0, y0, x1, y1, x2, y2 = in_cells(corners[t], ox, oy, cell)
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0:
            continue
        if area < 0:
            x1, y1, x2, y2 = x2, y2, x1, y1
        first, last = centres(y0, y1, y2, rows)
        left, right = centres(x0, x1, x2, columns)
        for row in range(first, last + 1):
            for column in range(left, right + 1):
                a = (x1 - x0) * (row - y0) - (column - x0) * (y1 - y0)
                b = (x2 - x1) * (row - y1) - (column - x1) * (y2 - y1)
                c = (x0 - x2) * (row - y2) - (column - x2) * (y0 - y2)
                if a >= -1e-9 and b >= -1e-9 and c >= -1e-9:
                    mask[row, column] = True

"""The compiled part of `geodesic` that reads fields: distances, paths and directions.

Like `clearance`, it takes one record per body (`FIELD`): the addresses of a floor's grid and of
the two arrays that `spread` makes.
"""

from __future__ import annotations

import numba
import numpy as np
from numba.np.numpy_support import carray

from navworld.world.walkable.clearance import GRID, as_pointer, grid_of, interpolate, slope
from navworld.world.walkable.spread import MARGIN, free_way

FIELD = np.dtype([*GRID.descr, ("labels", np.int64), ("roots", np.int64)])

MAX_ROOTS = 1 << 20  # bound of the view of a field's roots, whose number the record leaves out


@numba.njit(inline="always")
def _labels_of(record):
    return carray(as_pointer(record.labels), (record.rows, record.columns), np.int32)


@numba.njit(inline="always")
def _roots_of(record):
    return carray(as_pointer(record.roots), (MAX_ROOTS, 4), np.float64)


@numba.njit(cache=True, nogil=True)
def _way_in(grid, labels, roots, cell, radius, u, v):
    """How a path starts at a point: its first root, and a point to pass before that.

    The root is one of those of the four cells around: the one with the shortest way among those
    that can be reached in a straight line (then the returned point is where the way starts), else
    in a line with one bend, else past the centre of the cell. −1 if there is no way at all.
    """
    rows, columns = labels.shape
    best, found, pu, pv = np.inf, -1, u, v
    if not (u >= 0 and v >= 0 and u < columns - 1 and v < rows - 1):
        return found, pu, pv
    i, j = int(u), int(v)
    for attempt in range(3):
        blocked = -1  # the last root that could not be reached: cells side by side often share one
        for k in range(4):
            ci, cj = i + k % 2, j + k // 2
            root = labels[cj, ci]
            if root < 0:
                continue
            ru, rv = roots[root, 0], roots[root, 1]
            if roots[root, 2] + np.hypot(u - ru, v - rv) >= best:
                continue
            if root == blocked:
                continue
            qu, qv = u, v
            if attempt == 0:
                passable = free_way(grid, cell, radius, u, v, ru, rv)
            elif attempt == 1:
                passable, qu, qv = _with_one_bend(grid, cell, radius, u, v, ru, rv)
            else:
                passable, qu, qv = True, float(ci), float(cj)
            d = roots[root, 2] + np.hypot(u - qu, v - qv) + np.hypot(qu - ru, qv - rv)
            if passable and d < best:
                best, found, pu, pv = d, root, qu, qv
            elif not passable:
                blocked = root
        if found >= 0:
            break
    return found, pu, pv


@numba.njit(cache=True, nogil=True)
def _with_one_bend(grid, cell, radius, u, v, ru, rv):
    """Whether a way to a root is free that gives way a little to what is beside it; its bend."""
    length = np.hypot(ru - u, rv - v)
    for ahead in (1.0, 2.0, 4.0, 0.5):
        t = min(ahead / max(length, 1e-9), 0.5)
        qu, qv = u + t * (ru - u), v + t * (rv - v)
        for _ in range(3):
            lack = (radius - interpolate(grid, qu, qv)) / cell + MARGIN
            if lack <= 0:
                break
            gu, gv = slope(grid, qu, qv)
            qu, qv = qu + lack * gu, qv + lack * gv
        if free_way(grid, cell, radius, u, v, qu, qv) and free_way(
            grid, cell, radius, qu, qv, ru, rv
        ):
            return True, qu, qv
    return False, u, v


@numba.njit(cache=True, nogil=True)
def field_distances(records, xy):
    """(N,) distances [m]; records of one field for all points, or one for each.

    Between the centres of four cells, the ways through their roots are blended bilinearly, so
    that the distance has no steps.
    """
    out = np.full(len(xy), np.inf)
    for k in range(len(xy)):
        record = records[k if len(records) > 1 else 0]
        labels, roots = _labels_of(record), _roots_of(record)
        u = (xy[k, 0] - record.x) / record.cell - 0.5
        v = (xy[k, 1] - record.y) / record.cell - 0.5
        if not (u >= 0 and v >= 0 and u < record.columns - 1 and v < record.rows - 1):
            continue
        i, j = int(u), int(v)
        total, weights = 0.0, 0.0
        for dj in range(2):
            for di in range(2):
                root = labels[j + dj, i + di]
                if root >= 0:
                    w = abs(1 - di - (u - i)) * abs(1 - dj - (v - j)) + 1e-12
                    way = np.hypot(u - roots[root, 0], v - roots[root, 1])
                    total += w * (roots[root, 2] + way)
                    weights += w
        if weights > 0:
            out[k] = total / weights * record.cell
    return out


@numba.njit(cache=True, nogil=True)
def field_path(records, start):
    """(K, 2) corners of the shortest path from start[0] to the goal [m]; (0, 2) if none."""
    record = records[0]
    grid, labels, roots = grid_of(record), _labels_of(record), _roots_of(record)
    cell, radius = record.cell, record.radius
    u, v = (start[0, 0] - record.x) / cell - 0.5, (start[0, 1] - record.y) / cell - 0.5
    root, cu, cv = _way_in(grid, labels, roots, cell, radius, u, v)
    if root < 0:
        return np.empty((0, 2))
    path = [(u, v)]
    if cu != u or cv != v:
        path.append((cu, cv))
    while root >= 0:
        path.append((roots[root, 0], roots[root, 1]))
        root = int(roots[root, 3])
    corners = np.empty((len(path), 2))
    corners[0] = start[0]
    kept, k = 1, 1
    pu, pv = u, v
    while k < len(path):
        # Corners that can be passed in a straight line from the last one kept are left out.
        while k + 1 < len(path):
            nu, nv = path[k + 1]
            if not free_way(grid, cell, radius, pu, pv, nu, nv):
                break
            k += 1
        pu, pv = path[k]
        corners[kept, 0] = (pu + 0.5) * cell + record.x
        corners[kept, 1] = (pv + 0.5) * cell + record.y
        kept += 1
        k += 1
    return corners[:kept]


@numba.njit(cache=True, nogil=True)
def aim(record, x, y, lookahead):
    """The place on the shortest path, up to `lookahead` ahead, that is seen from (x, y) [m].

    (x, y) itself at the goal and where there is no path.
    """
    grid, labels, roots = grid_of(record), _labels_of(record), _roots_of(record)
    cell, radius = record.cell, record.radius
    u, v = (x - record.x) / cell - 0.5, (y - record.y) / cell - 0.5
    root, pu, pv = _way_in(grid, labels, roots, cell, radius, u, v)
    tu, tv, left = pu, pv, lookahead / cell
    while root >= 0 and left > 0:
        qu, qv = roots[root, 0], roots[root, 1]
        way = np.hypot(qu - pu, qv - pv)
        t = min(1.0, left / way) if way > 0 else 1.0
        nu, nv = pu + t * (qu - pu), pv + t * (qv - pv)
        # A corner closer than a fifth of a cell gives no direction to hold.
        far = np.hypot(tu - u, tv - v) > 0.2
        if far and not free_way(grid, cell, radius, u, v, nu, nv):
            break
        tu, tv, pu, pv = nu, nv, qu, qv
        left -= way
        root = int(roots[root, 3])
    return x + cell * (tu - u), y + cell * (tv - v)


@numba.njit(cache=True, nogil=True)
def field_directions(records, xy, lookahead):
    """(N, 2) unit vectors along the shortest paths; records as for `field_distances`."""
    out = np.zeros((len(xy), 2))
    for k in range(len(xy)):
        record = records[k if len(records) > 1 else 0]
        tx, ty = aim(record, xy[k, 0], xy[k, 1], lookahead)
        dx, dy = tx - xy[k, 0], ty - xy[k, 1]
        norm = np.hypot(dx, dy)
        if norm > 1e-9 * record.cell:
            out[k, 0], out[k, 1] = dx / norm, dy / norm
    return out

"""The compiled part of `geodesic`: spreading roots over the grid, and reading the result.

Units in here are cells, with whole numbers at the centres of cells (column u, row v). A field is
two arrays: the root of every cell, and per root (u, v, distance, parent root).
"""

from __future__ import annotations

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from navworld.world.clearance import GRID, free_fraction, grid_of, interpolate, slope

FIELD = np.dtype([*GRID.descr, ("labels", np.int64), ("roots", np.int64)])

BUCKET = 0.5  # distances are sorted this finely [cells]
BUCKETS = 16
MARGIN = 0.1  # roots keep this from the border: between two of them the way is free [cells]
MAX_ROOTS = 1 << 20


@intrinsic
def _as_pointer(typingctx, address):
    def build(context, builder, signature, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), build


@numba.njit(inline="always")
def _labels_of(record):
    return numba.carray(_as_pointer(record.labels), (record.rows, record.columns), np.int32)


@numba.njit(inline="always")
def _roots_of(record):
    return numba.carray(_as_pointer(record.roots), (MAX_ROOTS, 4), np.float64)


@numba.njit(inline="always")
def _free(grid, cell, radius, u0, v0, u1, v1):
    """Whether a body can go straight from (u0, v0) to (u1, v1)."""
    return free_fraction(grid, cell, radius, u0, v0, u1 - u0, v1 - v0) >= 1.0


@numba.njit(cache=True, nogil=True)
def _sees(grid, labels, cell, radius, i, j, root, ru, rv):
    """Whether cell (i, j) sees its candidate root.

    Walks towards the root; it ends as soon as the line passes between two neighbouring cells
    that both see the root, since nothing narrower than a cell can stand between their lines.
    """
    du, dv = ru - i, rv - j
    au, av = abs(du), abs(dv)
    if au < 1e-9 and av < 1e-9:
        return True
    if au >= av:
        si, slope_v = (1 if du > 0 else -1), dv / au
        for k in range(1, int(au)):
            x, y = i + k * si, j + k * slope_v
            low = int(y)
            b = y - low
            seen_low, seen_high = labels[low, x] == root, labels[low + 1, x] == root
            if (seen_low and (seen_high or b == 0.0)):
                return True
            if (1 - b) * grid[low, x] + b * grid[low + 1, x] < radius:
                return False
    else:
        sj, slope_u = (1 if dv > 0 else -1), du / av
        for k in range(1, int(av)):
            x, y = i + k * slope_u, j + k * sj
            low = int(x)
            b = x - low
            seen_low, seen_high = labels[y, low] == root, labels[y, low + 1] == root
            if (seen_low and (seen_high or b == 0.0)):
                return True
            if (1 - b) * grid[y, low] + b * grid[y, low + 1] < radius:
                return False
    near = max(au, av)
    t = min(1.0, 1.5 / near)
    return _free(grid, cell, radius, ru - t * du, rv - t * dv, ru, rv)


@numba.njit(cache=True, nogil=True)
def _bend(grid, cell, radius, i, j, pu, pv):
    """Where a path from (pu, pv) bends that leaves the cells it sees at (i, j).

    The border of the walkable space beside the cell, if the path can get there; else the cell.
    """
    spare = grid[j, i] - radius
    gu, gv = slope(grid, i, j)
    rise = interpolate(grid, i + 0.5 * gu, j + 0.5 * gv)
    fall = interpolate(grid, i - 0.5 * gu, j - 0.5 * gv)
    if rise <= fall:
        return float(i), float(j)
    move = spare / (rise - fall) - MARGIN
    if move <= 0 or move > 1.5:
        return float(i), float(j)
    u, v = i - move * gu, j - move * gv
    if interpolate(grid, u, v) < radius or not _free(grid, cell, radius, pu, pv, u, v):
        return float(i), float(j)
    return u, v


@numba.njit(cache=True, nogil=True)
def spread(records, components, goal_x, goal_y):
    """Solves for the root of every cell.

    Args:
        records: (1,) `GRID` of the floor.
        components: (rows, columns) int32; cells below 0 are not walkable, among them all at the
            border of the grid.

    Returns:
        labels: (rows, columns) int32 index of the root; −1 where the goal cannot be reached.
        roots: (K, 4) float64: u, v, distance to the goal [cells], parent; root 0 is the goal.
    """
    record = records[0]
    grid, cell, radius = grid_of(record), record.cell, record.radius
    rows, columns = grid.shape
    size = rows * columns
    labels = np.full((rows, columns), -1, np.int32)
    flat = labels.reshape(size)
    walkable = components.reshape(size)
    distance = np.empty(size, np.float32)
    for n in range(size):
        distance[n] = np.inf if walkable[n] >= 0 else -np.inf
    done = np.zeros(size, np.uint8)
    root_at = np.full(size, -1, np.int32)
    roots = np.empty((256, 4), np.float64)
    entry_cell = np.empty(8 * size + 64, np.int32)
    entry_next = np.empty(8 * size + 64, np.int32)
    head = np.full(BUCKETS, -1, np.int32)
    recycled, used, queued = -1, 0, 0

    gu, gv = (goal_x - record.x) / record.cell - 0.5, (goal_y - record.y) / record.cell - 0.5
    roots[0, 0], roots[0, 1], roots[0, 2], roots[0, 3] = gu, gv, 0.0, -1.0
    count = 1
    for dj in range(2):
        for di in range(2):
            n = (int(gv) + dj) * columns + int(gu) + di
            if walkable[n] >= 0:
                d = np.hypot(int(gu) + di - gu, int(gv) + dj - gv)
                distance[n], flat[n] = d, 0
                slot = int(d / BUCKET)
                entry_cell[used], entry_next[used] = n, head[slot]
                head[slot] = used
                used += 1
                queued += 1

    current = 0
    while queued > 0:
        slot = current % BUCKETS
        entry = head[slot]
        if entry < 0:
            current += 1
            continue
        head[slot] = entry_next[entry]
        n = entry_cell[entry]
        entry_next[entry] = recycled
        recycled = entry
        queued -= 1
        if done[n]:
            continue
        done[n] = 1
        j = n // columns
        i = n - j * columns
        if flat[n] < -1:
            # The way comes round a corner: it bends at the cell that this one was reached from.
            c = -2 - flat[n]
            if root_at[c] < 0:
                cj = c // columns
                ci = c - cj * columns
                p = flat[c]
                u, v = _bend(grid, cell, radius, ci, cj, roots[p, 0], roots[p, 1])
                if not _free(grid, cell, radius, float(i), float(j), u, v):
                    u, v = float(ci), float(cj)
                if count == len(roots):
                    larger = np.empty((2 * count, 4), np.float64)
                    larger[:count] = roots
                    roots = larger
                roots[count, 0], roots[count, 1], roots[count, 3] = u, v, p
                roots[count, 2] = roots[p, 2] + np.hypot(u - roots[p, 0], v - roots[p, 1])
                root_at[c] = count
                count += 1
            r = root_at[c]
            flat[n] = r
            distance[n] = roots[r, 2] + np.hypot(i - roots[r, 0], j - roots[r, 1])
        root = flat[n]
        ru, rv, rd = roots[root, 0], roots[root, 1], roots[root, 2]
        for dj in range(-1, 2):
            for di in range(-1, 2):
                m = n + dj * columns + di
                if flat[m] == root:
                    continue
                mi, mj = i + di, j + dj
                d = rd + np.sqrt((mi - ru) ** 2 + (mj - rv) ** 2)
                if d >= distance[m] - 1e-3:
                    continue
                if di != 0 and dj != 0:
                    tight = walkable[n + di] < 0 and walkable[n + dj * columns] < 0
                    if tight and not _free(grid, cell, radius, i, j, mi, mj):
                        continue
                if _sees(grid, labels, cell, radius, mi, mj, root, ru, rv):
                    label = root
                else:
                    d = distance[n] + np.sqrt(float(di * di + dj * dj))
                    if d >= distance[m] - 1e-3:
                        continue
                    label = -2 - n
                distance[m], flat[m], done[m] = d, label, 0
                if recycled >= 0:
                    e = recycled
                    recycled = entry_next[e]
                else:
                    e = used
                    used += 1
                slot = max(int(d / BUCKET), current) % BUCKETS
                entry_cell[e], entry_next[e] = m, head[slot]
                head[slot] = e
                queued += 1
    return labels, roots[:count].copy()


@numba.njit(inline="always")
def _root_near(labels, roots, u, v):
    """The root through which the way from a point is shortest; −1 if there is none."""
    rows, columns = labels.shape
    best, found = np.inf, -1
    if not (u >= 0 and v >= 0 and u < columns - 1 and v < rows - 1):
        return found
    i, j = int(u), int(v)
    for dj in range(2):
        for di in range(2):
            root = labels[j + dj, i + di]
            if root >= 0:
                d = roots[root, 2] + np.hypot(u - roots[root, 0], v - roots[root, 1])
                if d < best:
                    best, found = d, root
    return found


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
    u = (start[0, 0] - record.x) / record.cell - 0.5
    v = (start[0, 1] - record.y) / record.cell - 0.5
    root = _root_near(labels, roots, u, v)
    if root < 0:
        return np.empty((0, 2))
    count, r = 1, root
    while r >= 0:
        count += 1
        r = int(roots[r, 3])
    path = np.empty((count, 2))
    path[0, 0], path[0, 1] = u, v
    k, r = 1, root
    while r >= 0:
        path[k, 0], path[k, 1] = roots[r, 0], roots[r, 1]
        k += 1
        r = int(roots[r, 3])
    kept, k = 1, 1
    while k < count:
        # Corners that can be passed in a straight line from the last one kept are left out.
        last = k
        while last + 1 < count and _free(
            grid, record.cell, record.radius, path[kept - 1, 0], path[kept - 1, 1],
            path[last + 1, 0], path[last + 1, 1],
        ):
            last += 1
        path[kept] = path[last]
        kept += 1
        k = last + 1
    path = path[:kept]
    for k in range(kept):
        path[k, 0] = (path[k, 0] + 0.5) * record.cell + record.x
        path[k, 1] = (path[k, 1] + 0.5) * record.cell + record.y
    path[0, 0], path[0, 1] = start[0, 0], start[0, 1]
    return path


@numba.njit(cache=True, nogil=True)
def field_directions(records, xy, lookahead):
    """(N, 2) unit vectors along the shortest paths; records as for `field_distances`."""
    out = np.zeros((len(xy), 2))
    for k in range(len(xy)):
        record = records[k if len(records) > 1 else 0]
        grid, labels, roots = grid_of(record), _labels_of(record), _roots_of(record)
        u = (xy[k, 0] - record.x) / record.cell - 0.5
        v = (xy[k, 1] - record.y) / record.cell - 0.5
        root = _root_near(labels, roots, u, v)
        left = lookahead / record.cell
        pu, pv, tu, tv = u, v, u, v
        first = True
        while root >= 0 and left > 0:
            qu, qv = roots[root, 0], roots[root, 1]
            way = np.hypot(qu - pu, qv - pv)
            t = min(1.0, left / way) if way > 0 else 1.0
            nu, nv = pu + t * (qu - pu), pv + t * (qv - pv)
            # A first corner closer than this gives no direction to hold.
            close = np.hypot(tu - u, tv - v) < 0.2
            if not first and not close and not _free(grid, record.cell, record.radius, u, v, nu, nv):
                break
            tu, tv, pu, pv = nu, nv, qu, qv
            left -= way
            root = int(roots[root, 3])
            first = False
        norm = np.hypot(tu - u, tv - v)
        if norm > 1e-9:
            out[k, 0], out[k, 1] = (tu - u) / norm, (tv - v) / norm
    return out

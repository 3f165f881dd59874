"""The compiled part of `geodesic` that makes a field: spreading roots over the grid.

Units in here are cells, with whole numbers at the centres of cells (column u, row v). A field is
two arrays: the root of every cell, and per root (u, v, distance, parent root).
"""

from __future__ import annotations

import numba
import numpy as np

from navworld.world.walkable.clearance import free_fraction, grid_of, interpolate, slope

BUCKET = 0.5  # distances are sorted this finely [cells]
BUCKETS = 16  # a power of two
MARGIN = 0.1  # roots keep this from the border: between two of them the way is free [cells]


@numba.njit(inline="always")
def free_way(grid, cell, radius, u0, v0, u1, v1):
    """Whether a body can go straight from (u0, v0) to (u1, v1)."""
    return free_fraction(grid, cell, radius, u0, v0, u1 - u0, v1 - v0, 1.0) >= 1.0


@numba.njit(inline="always")
def _between(flat, columns, i, j, root, ru, rv):
    """Whether both neighbours that the line from cell (i, j) to a root passes between see it.

    Then the cell sees it too, since nothing narrower than a cell can stand between their lines.
    """
    du, dv = ru - i, rv - j
    n = j * columns + i
    row = columns if dv > 0 else -columns
    column = 1 if du > 0 else -1
    along = column if abs(du) >= abs(dv) else row
    return flat[n + along] == root and flat[n + row + column] == root


@numba.njit(cache=True, nogil=True)
def _sees(grid, labels, cell, radius, i, j, root, ru, rv):
    """Whether cell (i, j) sees its candidate root.

    Walks towards the root; it ends as soon as the line passes between two neighbouring cells
    that both see the root.
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
            if seen_low and (seen_high or b == 0.0):
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
            if seen_low and (seen_high or b == 0.0):
                return True
            if (1 - b) * grid[y, low] + b * grid[y, low + 1] < radius:
                return False
    near = max(au, av)
    t = min(1.0, 1.5 / near)
    return free_way(grid, cell, radius, ru - t * du, rv - t * dv, ru, rv)


@numba.njit(cache=True, nogil=True)
def _to_border(grid, cell, radius, u, v):
    """The point nearby, up or down the clearance, that is `MARGIN` inside the walkable space."""
    for _ in range(3):
        gu, gv = slope(grid, u, v)
        move = max(-1.5, min(1.5, (radius - interpolate(grid, u, v)) / cell + MARGIN))
        u, v = u + move * gu, v + move * gv
    return u, v


@numba.njit(cache=True, nogil=True)
def _bend(grid, cell, radius, i, j, pu, pv, ni, nj):
    """Where a path from (pu, pv) to cell (ni, nj) bends that was found to pass cell (i, j).

    A taut path touches the obstacle: from the cell's centre the bend moves towards the border of
    the walkable space as far as the path to it stays free, then back to where that path touches.
    Round a sharp turn, a second bend takes the path on to the next cell.

    Returns:
        u, v of the bend, u, v of the second one (the same where there is none).
    """
    bu, bv = _to_border(grid, cell, radius, i, j)
    au, av = _towards(grid, cell, radius, i, j, bu, bv, pu, pv, pu, pv)
    tu, tv = _touch(grid, au, av, pu, pv)
    tu, tv = _to_border(grid, cell, radius, tu, tv)
    if not free_way(grid, cell, radius, tu, tv, pu, pv):
        tu, tv = float(i), float(j)
    if free_way(grid, cell, radius, tu, tv, ni, nj):
        return tu, tv, tu, tv
    bu, bv = _to_border(grid, cell, radius, 0.5 * (tu + ni), 0.5 * (tv + nj))
    if free_way(grid, cell, radius, tu, tv, bu, bv) and free_way(
        grid, cell, radius, bu, bv, ni, nj
    ):
        return tu, tv, bu, bv
    au, av = _towards(grid, cell, radius, i, j, au, av, pu, pv, ni, nj)
    return au, av, au, av


@numba.njit(cache=True, nogil=True)
def _touch(grid, au, av, pu, pv):
    """The point with the least clearance on the last few cells of the way from p to a."""
    length = np.hypot(pu - au, pv - av)
    tu, tv, least = au, av, interpolate(grid, au, av)
    for k in range(1, int(min(length, 4.0) * 4)):
        t = 0.25 * k / length
        u, v = au + t * (pu - au), av + t * (pv - av)
        clearance = interpolate(grid, u, v)
        if clearance < least:
            tu, tv, least = u, v, clearance
    return tu, tv


@numba.njit(cache=True, nogil=True)
def _towards(grid, cell, radius, i, j, bu, bv, pu, pv, qu, qv):
    """The furthest point from cell (i, j) to (bu, bv) with free ways from there to p and q.

    Only the next few cells of the ways are looked at: further on, they hardly move.
    """
    t, low, high = 1.0, 0.0, 1.0
    for _ in range(4):
        u, v = i + t * (bu - i), j + t * (bv - j)
        a = min(1.0, 4.0 / max(np.hypot(pu - u, pv - v), 1e-9))
        b = min(1.0, 4.0 / max(np.hypot(qu - u, qv - v), 1e-9))
        if free_way(grid, cell, radius, u, v, u + a * (pu - u), v + a * (pv - v)) and free_way(
            grid, cell, radius, u, v, u + b * (qu - u), v + b * (qv - v)
        ):
            low = t
            if t == 1.0:
                break
        else:
            high = t
        t = 0.5 * (low + high)
    return i + low * (bu - i), j + low * (bv - j)


@numba.njit(cache=True, nogil=True)
def _add_root(roots, count, u, v, parent):
    """Adds a root at index `count`; the array, which may be a larger one, and the index."""
    if count == len(roots):
        larger = np.empty((2 * count, 4), np.float64)
        larger[:count] = roots
        roots = larger
    roots[count, 0], roots[count, 1], roots[count, 3] = u, v, parent
    roots[count, 2] = roots[parent, 2] + np.hypot(u - roots[parent, 0], v - roots[parent, 1])
    return roots, count


@numba.njit(inline="always")
def _bends_after(roots, r, root):
    """Whether the way through root r goes on to `root` next or next but one.

    A cell with such a way is in the shadow of a corner seen from `root`: it need not look again.
    """
    parent = int(roots[r, 3])
    return parent == root or (parent >= 0 and int(roots[parent, 3]) == root)


@numba.njit(inline="always")
def _reaches(grid, cell, radius, roots, r, i, j, most):
    """Whether cell (i, j) sees a root, and is no further than `most` from the goal that way."""
    u, v = roots[r, 0], roots[r, 1]
    return roots[r, 2] + np.hypot(i - u, j - v) <= most and free_way(grid, cell, radius, i, j, u, v)


@numba.njit(cache=True, nogil=True)
def spread(records, components, goals):
    """Solves for the root of every cell.

    Args:
        records: (1,) `GRID` of the floor.
        components: (rows, columns) int32; cells below 0 are not walkable, among them all at the
            border of the grid.
        goals: (G, 2) float64 x, y of the goals [m]; the nearest one counts.

    Returns:
        labels: (rows, columns) int32 index of the root; −1 where no goal can be reached.
        roots: (K, 4) float64: u, v, distance to the goal [cells], parent; the first G are goals.
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
    roots = np.empty((256 + len(goals), 4), np.float64)
    entry_cell = np.empty(8 * size + 64 + 4 * len(goals), np.int32)
    entry_next = np.empty(8 * size + 64 + 4 * len(goals), np.int32)
    head = np.full(BUCKETS, -1, np.int32)
    recycled, used, queued = -1, 0, 0

    count = len(goals)
    for g in range(count):
        gu = (goals[g, 0] - record.x) / record.cell - 0.5
        gv = (goals[g, 1] - record.y) / record.cell - 0.5
        roots[g, 0], roots[g, 1], roots[g, 2], roots[g, 3] = gu, gv, 0.0, -1.0
        for dj in range(2):
            for di in range(2):
                n = (int(gv) + dj) * columns + int(gu) + di
                d = np.hypot(int(gu) + di - gu, int(gv) + dj - gv)
                if walkable[n] >= 0 and d < distance[n]:
                    distance[n], flat[n] = d, g
                    slot = int(d / BUCKET)
                    entry_cell[used], entry_next[used] = n, head[slot]
                    head[slot] = used
                    used += 1
                    queued += 1

    current = 0
    while queued > 0:
        slot = current & (BUCKETS - 1)
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
        j = int(np.uint32(n) // np.uint32(columns))
        i = n - j * columns
        if flat[n] < -1:
            # The way comes round a corner: it bends at the cell that this one was reached from.
            c = -2 - flat[n]
            r, most = root_at[c], distance[n] + 1e-4
            if r < 0 or not _reaches(grid, cell, radius, roots, r, i, j, most):
                cj = c // columns
                ci = c - cj * columns
                p = flat[c]
                pu, pv = roots[p, 0], roots[p, 1]
                au, av, bu, bv = _bend(grid, cell, radius, ci, cj, pu, pv, i, j)
                roots, r = _add_root(roots, count, au, av, p)
                if au != bu or av != bv:
                    roots, r = _add_root(roots, r + 1, bu, bv, r)
                if roots[r, 2] + np.hypot(i - roots[r, 0], j - roots[r, 1]) > most:
                    # The way may only get shorter, or the spreading would not come to an end.
                    roots, r = _add_root(roots, count, ci, cj, p)
                count = r + 1
                root_at[c] = r
            flat[n] = r
            distance[n] = roots[r, 2] + np.hypot(i - roots[r, 0], j - roots[r, 1])
        root = flat[n]
        ru, rv, rd = roots[root, 0], roots[root, 1], roots[root, 2]
        for dj in range(-1, 2):
            for di in range(-1, 2):
                m = np.uint64(n + dj * columns + di)
                if flat[m] == root:
                    continue
                mi, mj = i + di, j + dj
                d = rd + np.sqrt((mi - ru) ** 2 + (mj - rv) ** 2)
                if d >= distance[m] - 1e-3:
                    continue
                if flat[m] >= 0 and _bends_after(roots, flat[m], root):
                    continue
                if di != 0 and dj != 0:
                    tight = walkable[n + di] < 0 and walkable[n + dj * columns] < 0
                    if tight and not free_way(grid, cell, radius, i, j, mi, mj):
                        continue
                if _between(flat, columns, mi, mj, root, ru, rv) or _sees(
                    grid, labels, cell, radius, mi, mj, root, ru, rv
                ):
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
                slot = max(int(d / BUCKET), current) & (BUCKETS - 1)
                entry_cell[e], entry_next[e] = m, head[slot]
                head[slot] = e
                queued += 1
    return labels, roots[:count].copy()

"""Cheapest paths on cost grids, compiled: what planners and planning layers stand on.

Costs to go are relaxed in sweeps, down and up, then left and right, until nothing changes; a row
takes from the rows before it all at once, which vector instructions like better than a priority
queue. A cell has 16 neighbours (the 8 adjacent cells and the 8 knight's moves), so that lengths
err by at most 2.7 %, against 8.2 % with 8. A step costs its length times the mean cost of the
cells it touches.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LEAST = 0.5
"""Smallest cost of a cell."""

NEVER = 1e6
"""Cost of a cell that cannot be entered, and cost to go where no seed can be reached; anything
above `NEVER / 10` means it."""

RIM = 2
"""Width of the border around a grid: as far as a knight jumps."""

_S2, _S5 = np.float32(2.0**0.5), np.float32(5.0**0.5)
NEIGHBOURS = np.array(
    [
        (0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1),
        (1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1),
    ],
    np.int64,
)  # fmt: skip
"""The moves (rows, columns)."""

BETWEEN = np.array(
    [[(int(dy / 2), int(dx / 2)), (np.sign(dy), np.sign(dx))] for dy, dx in NEIGHBOURS]
)
"""The two cells that a knight's move passes between, relative to where it begins."""


@njit(cache=True, nogil=True)
def costs_to_go(cost, value):
    """Cost of the cheapest path from every cell to a seed, in cells.

    Args:
        cost: (H, W) float32, at least `LEAST`; `NEVER` where there is no way.
        value: (H, W) float32: what is left to go at the seeds, `NEVER` elsewhere; is filled.
    """
    height, width = cost.shape
    c, v = _with_rim(cost), _with_rim(value)
    c_turned, v_turned = np.ascontiguousarray(c.T), np.ascontiguousarray(v.T)
    for _ in range(height * width):
        change = _sweep(c, v)
        _transpose(v, v_turned)
        change = max(change, _sweep(c_turned, v_turned))
        _transpose(v_turned, v)
        if change <= 1e-3:
            break
    value[:] = v[RIM : RIM + height, RIM : RIM + width]


@njit(cache=True, nogil=True)
def _with_rim(grid):
    height, width = grid.shape
    wide = np.full((height + 2 * RIM, width + 2 * RIM), np.float32(NEVER))
    wide[RIM : RIM + height, RIM : RIM + width] = grid
    return wide


@njit(cache=True, nogil=True)
def _transpose(source, target):
    for y0 in range(0, source.shape[0], 8):
        for x0 in range(0, source.shape[1], 8):
            for y in range(y0, min(y0 + 8, source.shape[0])):
                for x in range(x0, min(x0 + 8, source.shape[1])):
                    target[x, y] = source[y, x]


@njit(cache=True, nogil=True)
def _sweep(c, v):
    """Relaxes rows downwards, then upwards; returns the largest improvement."""
    height = v.shape[0]
    change = np.float32(0.0)
    for y in range(RIM, height - RIM):
        change = max(change, _relax(v[y], c[y], v[y - 1], c[y - 1], v[y - 2], c[y - 2]))
    for y in range(height - RIM - 1, RIM - 1, -1):
        change = max(change, _relax(v[y], c[y], v[y + 1], c[y + 1], v[y + 2], c[y + 2]))
    return change


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _relax(v, c, v1, c1, v2, c2):
    """Relaxes a row by the rows one and two before it; returns the largest improvement."""
    straight, diagonal = np.float32(0.5), np.float32(0.5) * _S2
    knight = np.float32(0.25) * _S5
    change = np.float32(0.0)
    for x in range(len(v) - 2 * RIM):  # x is that of the neighbour two to the left
        own = c[x + 2]
        a = v1[x + 2] + straight * (own + c1[x + 2])
        b = v1[x + 1] + diagonal * (own + c1[x + 1])
        a = b if b < a else a
        b = v1[x + 3] + diagonal * (own + c1[x + 3])
        a = b if b < a else a
        b = v1[x] + knight * (own + c1[x] + c[x + 1] + c1[x + 1])
        a = b if b < a else a
        b = v1[x + 4] + knight * (own + c1[x + 4] + c[x + 3] + c1[x + 3])
        a = b if b < a else a
        b = v2[x + 1] + knight * (own + c2[x + 1] + c1[x + 2] + c1[x + 1])
        a = b if b < a else a
        b = v2[x + 3] + knight * (own + c2[x + 3] + c1[x + 2] + c1[x + 3])
        a = b if b < a else a
        old = v[x + 2]
        a = a if a < old else old
        change += old - a
        v[x + 2] = a
    return change


@njit(cache=True, nogil=True)
def path_gradient(cost, value, seed, upstream, grad_cost):
    """Gradient of costs to go; on return `upstream` is that with respect to the seeds.

    A cheapest path's cost is the sum of cost times length along it, so its gradient is the path
    itself, walked here for all cells at once from the farthest to the seeds.

    Args:
        cost: (H, W) as given to `costs_to_go`.
        value: (H, W) as filled by it; `seed` is what it held before.
        upstream: (H, W) float32 gradient with respect to `value`.
        grad_cost: (H, W) float32, filled: gradient with respect to `cost`.
    """
    width = cost.shape[1]
    grad_cost[:] = 0.0
    for cell in _farthest_first(value):
        y, x = cell // width, cell % width
        g = upstream[y, x]
        if g == 0.0 or seed[y, x] <= value[y, x] + 1e-3:
            continue
        upstream[y, x] = 0.0
        k = _origin(cost, value, y, x)
        if k < 0:
            continue
        dy, dx = NEIGHBOURS[k, 0], NEIGHBOURS[k, 1]
        upstream[y + dy, x + dx] += g
        share = g * (0.5 if k < 4 else 0.5 * _S2 if k < 8 else 0.25 * _S5)
        grad_cost[y, x] += share
        grad_cost[y + dy, x + dx] += share
        if k >= 8:
            for m in range(2):
                grad_cost[y + BETWEEN[k, m, 0], x + BETWEEN[k, m, 1]] += share


@njit(cache=True, nogil=True)
def _origin(cost, value, y, x):
    """Which neighbour a cell's path goes to; −1 if it is walled in."""
    height, width = cost.shape
    best, chosen = np.float32(NEVER / 10), -1
    for k in range(16):
        ny, nx = y + NEIGHBOURS[k, 0], x + NEIGHBOURS[k, 1]
        if ny < 0 or nx < 0 or ny >= height or nx >= width:
            continue
        total = cost[y, x] + cost[ny, nx]
        if k < 8:
            through = value[ny, nx] + 0.5 * total * (1.0 if k < 4 else _S2)
        else:
            for m in range(2):
                total += cost[y + BETWEEN[k, m, 0], x + BETWEEN[k, m, 1]]
            through = value[ny, nx] + 0.25 * _S5 * total
        if through < best:
            best, chosen = through, k
    return chosen


@njit(cache=True, nogil=True)
def _farthest_first(value):
    """Flat indices of the reachable cells in order of falling value, to within `LEAST`.

    No step costs less than `LEAST`, so a cell comes before the one its path goes to.
    """
    flat = value.reshape(-1)
    low, high = np.float32(NEVER), np.float32(0.0)
    for v in flat:
        if v < NEVER / 10:
            low, high = min(low, v), max(high, v)
    if low > high:
        return np.empty(0, np.int64)
    counts = np.zeros(int((high - low) / LEAST) + 2, np.int64)
    for v in flat:
        if v < NEVER / 10:
            counts[int((v - low) / LEAST)] += 1
    place = np.cumsum(counts[::-1])[::-1] - counts  # how many are farther
    order = np.empty(counts.sum(), np.int64)
    for cell in range(flat.size):
        if flat[cell] < NEVER / 10:
            b = int((flat[cell] - low) / LEAST)
            order[place[b]] = cell
            place[b] += 1
    return order

"""Cheapest paths on small cost grids, compiled: what planners and planning layers stand on.

Dijkstra's algorithm with a bucket queue on 16 neighbours (the 8 adjacent cells and the 8 knight's
moves; lengths err by at most 2.7 %, against 8.2 % with 8). Entering a cell costs its cost times
the length of the way; a cell costs at least `LEAST`, so that a bucket of that width holds only
final cells and the queue is exact.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LEAST = 0.5
"""Smallest cost of a cell; infinite marks a cell that cannot be entered."""

BUCKETS = 512
MOST = LEAST * (BUCKETS - 2) / 2.3
"""Largest finite cost of a cell: no way between neighbours may span all buckets."""

RIM = 2
"""Width of the border around a grid: as far as a knight jumps."""

_S2, _S5 = 2.0**0.5, 5.0**0.5
NEIGHBOURS = np.array(
    [
        (0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1),
        (1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1),
    ],
    np.int64,
)  # fmt: skip
LENGTHS = np.array([1.0] * 4 + [_S2] * 4 + [_S5] * 8)
BETWEEN = np.array(
    [
        [(0, 0), (0, 0)] if k < 8 else [(dy // 2 if abs(dy) == 2 else 0, dx // 2 if abs(dx) == 2
        else 0), (int(np.sign(dy)), int(np.sign(dx)))]
        for k, (dy, dx) in enumerate(NEIGHBOURS.tolist())
    ],
    np.int64,
)  # fmt: skip
"""The two cells that a knight's move passes between, relative to where it begins."""


@njit(cache=True, nogil=True)
def cheapest_paths(cost, value, parent, order, goals, target, slack):
    """Cost of the cheapest path from every cell to the nearest goal, in cells.

    Args:
        cost: (H, W) float32, `LEAST` … `MOST`, or inf where there is no way.
        value: (H, W) float32; holds the seeds' values at the goals, is filled.
        parent: (H, W) int8, filled: the neighbour that a cell's path comes from, −1 for none.
        order: (H · W,) int32, filled: cells in the order in which they became final.
        goals: (G,) int64 flat indices of the seeds; a seed can always be entered.
        target: Flat index: the search ends when everything cheaper than it plus `slack` is
            final; −1 searches all.

    Returns:
        How many cells of `order` are filled.
    """
    height, width = cost.shape
    wide = width + 2 * RIM
    flat = _padded(cost, goals)
    best = np.full(flat.size, np.inf, np.float32)
    came = np.full(flat.size, -1, np.int8)
    head = np.full(BUCKETS, -1, np.int32)
    after = np.empty(flat.size, np.int32)
    before = np.empty(flat.size, np.int32)
    state = np.zeros(flat.size, np.uint8)  # 0 untouched, 1 in a bucket, 2 final
    offsets, between = np.empty(16, np.int64), np.empty((16, 2), np.int64)
    for k in range(16):
        offsets[k] = NEIGHBOURS[k, 0] * wide + NEIGHBOURS[k, 1]
        for m in range(2):
            between[k, m] = BETWEEN[k, m, 0] * wide + BETWEEN[k, m, 1]
    seeds = np.empty(len(goals), np.float32)
    for n in range(len(goals)):
        seeds[n] = value[goals[n] // width, goals[n] % width]
    rank = np.argsort(seeds)
    late, waiting, settled, limit = 0, 0, 0, np.inf
    bucket = int(seeds[rank[0]] / LEAST) if len(goals) else 0
    goal_cell = -1
    if target >= 0:
        goal_cell = (target // width + RIM) * wide + target % width + RIM
    while waiting > 0 or late < len(goals):
        if waiting == 0:
            bucket = max(bucket, int(seeds[rank[late]] / LEAST))
        while late < len(goals) and int(seeds[rank[late]] / LEAST) <= bucket:
            g = goals[rank[late]]
            cell = (g // width + RIM) * wide + g % width + RIM
            if state[cell] != 2 and seeds[rank[late]] < best[cell]:
                if state[cell] == 1:
                    _remove(head, after, before, cell, int(best[cell] / LEAST) % BUCKETS)
                    waiting -= 1
                best[cell], came[cell], state[cell] = seeds[rank[late]], -1, 1
                _insert(head, after, before, cell, int(best[cell] / LEAST) % BUCKETS)
                waiting += 1
            late += 1
        if bucket * LEAST > limit:
            break
        slot = bucket % BUCKETS
        while head[slot] >= 0:
            cell = head[slot]
            _remove(head, after, before, cell, slot)
            waiting -= 1
            state[cell] = 2
            order[settled] = (cell // wide - RIM) * width + cell % wide - RIM
            settled += 1
            here = best[cell]
            own = flat[cell]
            if cell == goal_cell:
                limit = here + slack
            for k in range(16):
                other = cell + offsets[k]
                if state[other] == 2 or flat[other] == np.inf:
                    continue
                if k < 8:
                    through = here + 0.5 * (own + flat[other]) * LENGTHS[k]
                else:
                    pair = flat[cell + between[k, 0]] + flat[cell + between[k, 1]]
                    through = here + 0.25 * (own + flat[other] + pair) * LENGTHS[k]
                if through < best[other]:
                    if state[other] == 1:
                        _remove(head, after, before, other, int(best[other] / LEAST) % BUCKETS)
                        waiting -= 1
                    # rounding must not put a cell behind the bucket being emptied
                    best[other] = max(through, bucket * LEAST)
                    came[other], state[other] = k, 1
                    _insert(head, after, before, other, int(best[other] / LEAST) % BUCKETS)
                    waiting += 1
        bucket += 1
    for y in range(height):
        for x in range(width):
            cell = (y + RIM) * wide + x + RIM
            value[y, x] = best[cell] if state[cell] == 2 else np.inf
            parent[y, x] = came[cell] if state[cell] == 2 else -1
    return settled


@njit(cache=True, nogil=True)
def _padded(cost, goals):
    """The cost grid, flat, with a rim that cannot be entered, and seeds that can."""
    height, width = cost.shape
    wide = width + 2 * RIM
    flat = np.full((height + 2 * RIM) * wide, np.inf, np.float32)
    for y in range(height):
        begin = (y + RIM) * wide + RIM
        for x in range(width):
            flat[begin + x] = cost[y, x]
    for g in goals:
        cell = (g // width + RIM) * wide + g % width + RIM
        if flat[cell] == np.inf:
            flat[cell] = 1.0
    return flat


@njit(cache=True, nogil=True, inline="always")
def _insert(head, after, before, cell, slot):
    """Puts a cell at the front of a bucket."""
    after[cell] = head[slot]
    before[cell] = -1
    if head[slot] >= 0:
        before[head[slot]] = cell
    head[slot] = cell


@njit(cache=True, nogil=True, inline="always")
def _remove(head, after, before, cell, slot):
    """Takes a cell out of its bucket."""
    if before[cell] >= 0:
        after[before[cell]] = after[cell]
    else:
        head[slot] = after[cell]
    if after[cell] >= 0:
        before[after[cell]] = before[cell]


@njit(cache=True, nogil=True)
def path_gradient(upstream, parent, order, settled, grad_cost):
    """Gradient of the costs of cheapest paths.

    Args:
        upstream: (H, W) float32 gradient with respect to `value`; on return that with respect to
            the seeds' values.
        parent, order, settled: From `cheapest_paths`.
        grad_cost: (H, W) float32, filled: gradient with respect to the cells' costs.

    A cheapest path's cost is the sum of cost times length along it, so its gradient is the path
    itself, walked here for all cells at once from the farthest to the goal.
    """
    width = parent.shape[1]
    g, came, gradient = upstream.reshape(-1), parent.reshape(-1), grad_cost.reshape(-1)
    seeds = np.zeros(g.size, np.float32)
    gradient[:] = 0.0
    for n in range(settled - 1, -1, -1):
        cell = order[n]
        k = came[cell]
        if k < 0:
            seeds[cell] = g[cell]
            continue
        if g[cell] == 0.0:
            continue
        origin = cell - NEIGHBOURS[k, 0] * width - NEIGHBOURS[k, 1]
        g[origin] += g[cell]
        share = (0.5 if k < 8 else 0.25) * LENGTHS[k] * g[cell]
        gradient[cell] += share
        gradient[origin] += share
        if k >= 8:
            for m in range(2):
                gradient[origin + BETWEEN[k, m, 0] * width + BETWEEN[k, m, 1]] += share
    g[:] = seeds

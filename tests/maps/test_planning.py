"""Cheapest paths, against SciPy's Dijkstra on the same graph."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from navworld.maps.planning import BETWEEN, NEIGHBOURS, NEVER, costs_to_go


def solve(cost: np.ndarray, goals: list[int], seeds: list[float]) -> np.ndarray:
    value = np.full(cost.shape, NEVER, np.float32)
    value.reshape(-1)[goals] = seeds
    costs_to_go(np.where(np.isfinite(cost), cost, NEVER).astype(np.float32), value)
    return np.where(value < NEVER / 10, value, np.inf)


def oracle(cost: np.ndarray, goals: list[int], seeds: list[float]) -> np.ndarray:
    height, width = cost.shape
    edges = []
    for y, x in np.argwhere(np.isfinite(cost)):
        for k, (dy, dx) in enumerate(NEIGHBOURS):
            ny, nx = y + dy, x + dx
            if not (0 <= ny < height and 0 <= nx < width):
                continue
            cells = [cost[y, x], cost[ny, nx]]
            if k >= 8:
                cells += [cost[y + by, x + bx] for by, bx in BETWEEN[k]]
            if np.isfinite(cells).all():
                edges.append((y * width + x, ny * width + nx, np.mean(cells) * np.hypot(dy, dx)))
    i, j, w = zip(*edges, strict=True)
    graph = coo_matrix((w, (i, j)), shape=(cost.size, cost.size)).tocsr()
    return np.min(dijkstra(graph, indices=goals) + np.array(seeds)[:, None], 0).reshape(cost.shape)


@pytest.mark.parametrize("seed", range(4))
def test_costs_are_scipys(seed: int):
    rng = np.random.default_rng(seed)
    cost = (0.5 + 20 * rng.random((23, 31)) ** 3).astype(np.float32)
    cost[rng.random(cost.shape) < 0.25] = np.inf
    goals = rng.choice(np.flatnonzero(np.isfinite(cost)), 3, replace=False).tolist()
    seeds = [0.0, 3.0, 400.0]
    value, expected = solve(cost, goals, seeds), oracle(cost, goals, seeds)
    free = np.isfinite(cost)
    assert np.isfinite(value[free]).sum() > 400
    np.testing.assert_allclose(value[free], expected[free], rtol=1e-5, atol=2e-3)


def test_straight_lines_err_by_less_than_three_percent():
    value = solve(np.ones((61, 61), np.float32), [30 * 61 + 30], [0.0])
    y, x = np.mgrid[:61, :61] - 30
    straight = np.hypot(y, x)
    assert (value >= straight - 1e-3).all()
    assert (value <= 1.028 * straight + 1e-3).all()


def test_a_spiral_is_walked_to_its_middle():
    cost = np.full((41, 41), np.inf, np.float32)
    y, x, side, length = 20, 20, 0, 0
    turns = ((0, 1), (1, 0), (0, -1), (-1, 0))
    cost[y, x] = 1.0
    while 2 <= y < 39 and 2 <= x < 39:
        dy, dx = turns[side % 4]
        for _ in range(2 + 2 * (side // 2)):
            if not (0 <= y + dy < 41 and 0 <= x + dx < 41):
                break
            y, x, length = y + dy, x + dx, length + 1
            cost[y, x] = 1.0
        side += 1
    # corners may be cut by diagonals and knight's moves, but only where all cells are free
    value = solve(cost, [20 * 41 + 20], [0.0])
    assert value[y, x] == pytest.approx(length, rel=0.12)
    np.testing.assert_allclose(
        value[np.isfinite(cost)], oracle(cost, [20 * 41 + 20], [0.0])[np.isfinite(cost)], rtol=1e-5
    )

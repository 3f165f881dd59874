"""Cheapest paths, against SciPy's Dijkstra on the same graph."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from navworld.maps.planning import BETWEEN, LENGTHS, NEIGHBOURS, cheapest_paths


def solve(cost: np.ndarray, goals: list[int], seeds: list[float], target: int = -1, slack=0.0):
    value = np.full(cost.shape, np.inf, np.float32)
    value.reshape(-1)[goals] = seeds
    parent, order = np.zeros(cost.shape, np.int8), np.zeros(cost.size, np.int32)
    goals = np.array(goals, np.int64)
    count = cheapest_paths(cost, value, parent, order, goals, target, slack)
    return value, order[:count]


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
                edges.append((y * width + x, ny * width + nx, np.mean(cells) * LENGTHS[k]))
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
    value, order = solve(cost, goals, seeds)
    np.testing.assert_allclose(value, oracle(cost, goals, seeds), rtol=1e-5)
    assert len(order) == np.isfinite(value).sum() == len(set(order.tolist()))


def test_straight_lines_err_by_less_than_three_percent():
    value, _ = solve(np.ones((61, 61), np.float32), [30 * 61 + 30], [0.0])
    y, x = np.mgrid[:61, :61] - 30
    straight = np.hypot(y, x)
    assert (value >= straight - 1e-3).all()
    assert (value <= 1.028 * straight + 1e-3).all()


def test_search_ends_behind_the_target():
    cost = np.ones((40, 40), np.float32)
    full, _ = solve(cost, [0], [0.0])
    part, _ = solve(cost, [0], [0.0], target=5 * 40 + 5, slack=3.0)
    near = full <= full[5, 5] + 3.0
    np.testing.assert_array_equal(part[near], full[near])
    assert np.isinf(part[full > full[5, 5] + 5.0]).all()

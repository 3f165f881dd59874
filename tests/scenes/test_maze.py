"""Mazes join all their cells, perfect ones by one way only, and are closed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from navworld.scenes.maze import draw_passages, maze
from tests.scenes.worlds import backward, coplanar_overlaps, elsewhere, fingerprint, leaks

SEEDS = tuple(range(920_000, 920_006))


@pytest.fixture(scope="module")
def mazes():
    return [maze(seed) for seed in SEEDS]


@pytest.mark.parametrize("rule", ["deep", "wide", "mixed"])
def test_a_perfect_maze_is_a_tree_over_all_cells(rule):
    rows, columns = 9, 13
    passages = draw_passages(np.random.default_rng(3), rows, columns, rule=rule)
    cell = np.arange(rows * columns).reshape(rows, columns)
    pairs = [(cell[:, :-1], cell[:, 1:], passages.right), (cell[:-1], cell[1:], passages.up)]
    ends = np.concatenate([np.stack([a[p], b[p]]) for a, b, p in pairs], axis=1)
    assert ends.shape[1] == rows * columns - 1
    graph = coo_matrix((np.ones(ends.shape[1]), ends), (rows * columns,) * 2)
    assert connected_components(graph, directed=False)[0] == 1


def test_loops_add_ways_to_a_tree():
    perfect = draw_passages(np.random.default_rng(3), 9, 9)
    looped = draw_passages(np.random.default_rng(3), 9, 9, loops=0.3)
    assert looped.right.sum() + looped.up.sum() > perfect.right.sum() + perfect.up.sum() + 10


def test_a_robot_reaches_the_whole_maze(mazes):
    for scene in mazes:
        (floor,) = scene.floors
        labels, _ = ndimage.label(floor.clearance >= 0.2)
        sizes = np.bincount(labels[labels > 0])
        assert sizes.max() > 0.99 * sizes.sum(), scene.name


def test_roofed_mazes_are_closed_and_seen_from_their_front(mazes):
    roofed = [scene for scene in mazes if scene.sun is None]
    assert roofed
    for scene in roofed:
        assert leaks(scene) == 0
    for scene in mazes:
        assert backward(scene) < 0.002
        assert coplanar_overlaps(scene, 150) == 0


def test_the_same_seed_gives_the_same_bytes(mazes):
    assert fingerprint(maze(SEEDS[0])) == fingerprint(mazes[0])
    program = f"from navworld.scenes.maze import maze; print(fingerprint(maze({SEEDS[1]})))"
    assert elsewhere(program) == fingerprint(mazes[1])


def test_another_seed_gives_another_maze(mazes):
    assert len({scene.vertices.tobytes() for scene in mazes}) == len(SEEDS)


@pytest.mark.parametrize("seed", [-1, 1.5, "7"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        maze(seed)

from __future__ import annotations

import numpy as np
import pytest

from navworld.evaluation.visibility import (
    VisibilityGraph,
    free_space,
    visibility_graph_path,
    walkable_space,
)
from navworld.world.geodesic import (
    DistanceField,
    directions,
    distances,
    path_length,
    shortest_path,
)
from navworld.world.motion import advance
from navworld.world.navigability import Navigator
from tests.rooms import two_rooms
from tests.world.floors import floor_from, open_floor, random_rooms

RADIUS = 0.18


def corridor() -> Navigator:
    """An L: from (0, 0) 6 m along x, then 4 m along y; 1 m wide."""
    free = np.zeros((100, 120), bool)
    free[:20] = True
    free[:, 100:] = True
    return Navigator(floor_from(free), RADIUS)


def test_oracle_goes_round_a_square_as_geometry_says():
    free = np.ones((80, 80), bool)
    free[30:50, 30:50] = False  # from (1.5, 1.5) to (2.5, 2.5)
    length, path = visibility_graph_path(free_space(floor_from(free), 0.2), (0.5, 2.0), (3.5, 2.0))
    # Straight to the tangent of a circle of radius 0.2 about a corner, and along it, twice.
    way, height = 1.0, 0.5
    reach = np.hypot(way, height)
    tangent = np.sqrt(reach**2 - 0.2**2)
    turn = np.arctan2(height, way) + np.arcsin(0.2 / reach)
    assert length == pytest.approx(2 * tangent + 2 * 0.2 * turn + 1.0, abs=2e-3)
    assert path_length(path) == pytest.approx(length, abs=1e-9)


def test_distance_in_an_empty_room_is_straight():
    navigator = Navigator(open_floor(8, 6), RADIUS)
    rng = np.random.default_rng(0)
    goal, *points = navigator.sample(rng, 200)
    distance = DistanceField(navigator, goal).distance(np.array(points))
    straight = np.linalg.norm(np.array(points) - goal, axis=1)
    np.testing.assert_allclose(distance, straight, rtol=0.01, atol=1e-6)


def test_l_shaped_corridor_has_the_known_length():
    navigator = corridor()
    length, path = shortest_path(navigator, (0.5, 0.5), (5.5, 4.5))
    # Round the inner corner (5, 1) on a circle of the body's radius.
    reach = np.hypot(4.5, 0.5)
    turn = np.arcsin(RADIUS / reach) - np.arctan2(0.5, 4.5)
    turn += np.arcsin(RADIUS / np.hypot(3.5, 0.5)) - np.arctan2(0.5, 3.5) + np.pi / 2
    tangents = np.sqrt(reach**2 - RADIUS**2) + np.sqrt(np.hypot(3.5, 0.5) ** 2 - RADIUS**2)
    assert length == pytest.approx(tangents + RADIUS * max(turn, 0), abs=0.03)
    np.testing.assert_allclose(path[[0, -1]], [[0.5, 0.5], [5.5, 4.5]], atol=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_distances_agree_with_a_visibility_graph(seed):
    floor = random_rooms(seed)
    navigator = Navigator(floor, RADIUS)
    graph = VisibilityGraph(walkable_space(floor, RADIUS))
    rng = np.random.default_rng(seed)
    for goal in navigator.sample(rng, 5):
        points = navigator.sample(rng, 12)
        distance = DistanceField(navigator, goal).distance(points)
        truth = np.array([graph.path(point, goal)[0] for point in points])
        error = np.abs(distance - truth)
        assert (error <= np.maximum(0.015 * truth, 0.05)).all(), error.max()


def test_distances_agree_with_a_true_disc_where_passages_are_wide():
    floor = random_rooms(3, furniture=0)
    navigator = Navigator(floor, RADIUS)
    graph = VisibilityGraph(free_space(floor, RADIUS))
    rng = np.random.default_rng(3)
    goal, *points = navigator.sample(rng, 40)
    distance = DistanceField(navigator, goal).distance(np.array(points))
    truth = np.array([graph.path(point, goal)[0] for point in points])
    assert (np.abs(distance - truth) <= np.maximum(0.015 * truth, 0.05)).all()


def test_distances_are_a_metric():
    navigator = Navigator(random_rooms(5), RADIUS)
    points = navigator.sample(np.random.default_rng(5), 12)
    d = np.stack([DistanceField(navigator, goal).distance(points) for goal in points])
    np.testing.assert_allclose(np.diag(d), 0, atol=1e-9)
    assert (np.abs(d - d.T) <= np.maximum(0.015 * d, 0.05)).all()
    detour = d[:, :, None] + d[None, :, :]  # from i over j to k
    assert (d[:, None, :] <= 1.015 * detour + 0.05).all()


def test_distance_has_no_steps():
    navigator = Navigator(random_rooms(2), RADIUS)
    rng = np.random.default_rng(2)
    field = DistanceField(navigator, navigator.sample(rng, 1)[0])
    points = navigator.sample(rng, 3000)
    moved = points + rng.normal(size=points.shape) * 1e-4
    both = navigator.is_walkable(moved)
    change = np.abs(field.distance(moved) - field.distance(points))[both]
    assert change.max() < 5 * 1e-4 * 5


def test_unreachable_is_infinite():
    free = np.ones((60, 100), bool)
    free[:, 50:52] = False
    navigator = Navigator(floor_from(free), RADIUS)
    field = DistanceField(navigator, (1.0, 1.5))
    inside, other, wall, outside, nowhere = field.distance(
        [(2.0, 1.0), (4.0, 1.0), (2.55, 1.0), (50.0, 50.0), (np.nan, 1.0)]
    )
    assert np.isfinite(inside)
    assert np.isinf([other, wall, outside, nowhere]).all()
    assert shortest_path(navigator, (4.0, 1.0), (1.0, 1.5))[0] == np.inf
    assert not visibility_graph_path(walkable_space(navigator.floor, RADIUS), (4, 1), (1, 1))[
        1
    ].size
    with pytest.raises(ValueError, match="no path leads from"):
        field.path((4.0, 1.0))


def test_a_goal_in_a_wall_is_refused_with_its_clearance():
    navigator = Navigator(open_floor(4, 4), RADIUS)
    with pytest.raises(ValueError, match=r"goal \(0.10, 2.00\).*clearance there is 0.100 m"):
        DistanceField(navigator, (0.1, 2.0))
    with pytest.raises(ValueError, match="cannot be reached"):
        DistanceField(navigator, (np.nan, 2.0))


@pytest.mark.parametrize("seed", range(3))
def test_paths_can_be_walked_and_are_as_long_as_their_distance(seed):
    navigator = Navigator(random_rooms(seed), RADIUS)
    rng = np.random.default_rng(seed)
    goal, *starts = navigator.sample(rng, 40)
    field = DistanceField(navigator, goal)
    for start in starts:
        path = field.path(start)
        np.testing.assert_allclose(path[[0, -1]], [start, goal], atol=1e-9)
        along = np.linspace(path[:-1], path[1:], 200).reshape(-1, 2)
        assert navigator.clearance(along).min() > RADIUS - 1e-3
        assert path_length(path) == pytest.approx(field.distance([start])[0], rel=0.015, abs=0.06)


def test_following_the_directions_leads_to_the_goal():
    navigator = Navigator(random_rooms(1), RADIUS)
    rng = np.random.default_rng(1)
    goal, *starts = navigator.sample(rng, 30)
    field = DistanceField(navigator, goal)
    xy = np.array(starts)
    left = field.distance(xy)
    walked = np.zeros(len(xy))
    for _ in range(int(left.max() / 0.05) + 20):
        step = np.minimum(field.distance(xy), 0.05)[:, None] * field.direction(xy)
        xy, _, way = advance([navigator], np.zeros(len(xy), int), xy, step, sliding=True)
        walked += way
    assert field.distance(xy).max() < 0.01
    assert (walked <= 1.03 * left + 0.05).all()


def test_a_batch_gives_what_single_fields_give():
    navigators = [Navigator(random_rooms(k), RADIUS) for k in range(3)]
    rng = np.random.default_rng(0)
    fields = [DistanceField(n, n.sample(rng, 1)[0]) for n in navigators]
    xy = np.concatenate([n.sample(rng, 1) for n in navigators])
    single = [field.distance(point[None])[0] for field, point in zip(fields, xy, strict=True)]
    np.testing.assert_array_equal(distances(fields, xy), single)
    single = [field.direction(point[None])[0] for field, point in zip(fields, xy, strict=True)]
    np.testing.assert_array_equal(directions(fields, xy), single)
    with pytest.raises(ValueError, match="one point per field"):
        distances(fields, xy[:2])


def test_a_field_repeats_to_the_byte():
    navigator = Navigator(random_rooms(7), RADIUS)
    rng = np.random.default_rng(7)
    goal, *points = navigator.sample(rng, 100)
    first = DistanceField(navigator, goal).distance(np.array(points))
    assert first.tobytes() == DistanceField(navigator, goal).distance(np.array(points)).tobytes()


def test_a_field_of_several_goals_has_the_distance_to_the_nearest():
    navigator = Navigator(two_rooms(0).floors[0], 0.18)
    rng = np.random.default_rng(0)
    goals, xy = navigator.sample(rng, 5), navigator.sample(rng, 200)
    single = np.min([DistanceField(navigator, goal).distance(xy) for goal in goals], axis=0)
    field = DistanceField(navigator, goals)
    assert field.distance(xy) == pytest.approx(single, abs=0.02)
    ends = np.array([field.path(point)[-1] for point in xy])
    assert np.linalg.norm(ends[:, None] - goals, axis=2).min(1).max() < 1e-6

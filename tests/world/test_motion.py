from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navworld.world.motion import advance, integrate_velocity
from navworld.world.navigability import Navigator
from tests.world.floors import floor_from, open_floor, random_rooms

RADIUS = 0.18
ONE = np.zeros(1, int)


def move(navigator, xy, delta, **options):
    new, hit, way = advance([navigator], ONE, np.array([xy]), np.array([delta]), **options)
    return new[0], hit[0], way[0]


def test_a_free_move_ends_where_it_was_meant_to():
    new, hit, way = move(Navigator(open_floor(4, 4), RADIUS), (1.0, 2.0), (1.3, -0.4))
    np.testing.assert_allclose(new, (2.3, 1.6), atol=1e-12)
    assert not hit
    assert way == pytest.approx(np.hypot(1.3, 0.4))


def test_a_body_stops_one_radius_before_a_wall():
    new, hit, way = move(Navigator(open_floor(4, 4), RADIUS), (2.0, 2.0), (5.0, 0.0))
    np.testing.assert_allclose(new, (4 - RADIUS, 2.0), atol=1e-4)
    assert hit
    assert way == pytest.approx(2 - RADIUS, abs=1e-4)


def test_sliding_keeps_the_part_along_the_wall():
    navigator = Navigator(open_floor(4, 4), RADIUS)
    stopped, _, _ = move(navigator, (3.7, 1.0), (0.5, 0.5))
    slid, hit, way = move(navigator, (3.7, 1.0), (0.5, 0.5), sliding=True)
    np.testing.assert_allclose(stopped, (3.82, 1.12), atol=1e-4)
    np.testing.assert_allclose(slid, (3.82, 1.5), atol=0.003)
    assert hit
    assert way <= np.hypot(0.5, 0.5) + 1e-9


def test_sliding_into_a_corner_ends_there():
    slid, hit, _ = move(Navigator(open_floor(4, 4), RADIUS), (3.0, 3.0), (5.0, 4.0), sliding=True)
    np.testing.assert_allclose(slid, (3.82, 3.82), atol=0.03)
    assert hit


def test_a_wall_of_one_cell_stops_any_stride():
    free = np.ones((80, 80), bool)
    free[:, 40] = False
    navigator = Navigator(floor_from(free), RADIUS)
    for length in (0.3, 1.0, 1.9, 10.0, 1e6):
        for sliding in (False, True):
            new, hit, _ = move(navigator, (1.75, 2.0), (length, 0.1), sliding=sliding)
            assert hit
            assert new[0] <= 2 - RADIUS + 1e-4


def test_a_body_can_leave_a_contact():
    navigator = Navigator(open_floor(4, 4), RADIUS)
    touching, hit, _ = move(navigator, (2.0, 2.0), (5.0, 0.0))
    assert hit
    away, hit, _ = move(navigator, touching, (-0.25, 0.0))
    assert not hit
    np.testing.assert_allclose(away, touching - np.array([0.25, 0]), atol=1e-12)
    along, hit, _ = move(navigator, touching, (0.0, 0.25))
    assert not hit
    np.testing.assert_allclose(along, touching + np.array([0, 0.25]), atol=1e-12)


NAVIGATORS = [Navigator(random_rooms(seed), RADIUS) for seed in range(3)]


@given(st.integers(0, 2**32 - 1), st.booleans(), st.floats(0.001, 30))
def test_no_move_ends_in_an_obstacle_or_behind_one(seed, sliding, scale):
    rng = np.random.default_rng(seed)
    which = rng.integers(0, len(NAVIGATORS), 24)
    xy = np.concatenate([NAVIGATORS[k].sample(rng, 1) for k in which])
    for _ in range(3):
        delta = rng.normal(size=(24, 2)) * scale
        new, hit, way = advance(NAVIGATORS, which, xy, delta, sliding=sliding)
        for k, navigator in enumerate(NAVIGATORS):
            assert (navigator.clearance(new[which == k]) >= RADIUS - 1e-4).all()
            assert (navigator.component(new[which == k]) == 0).all()
        asked = np.linalg.norm(delta, axis=1)
        np.testing.assert_allclose(new[~hit], (xy + delta)[~hit], atol=1e-9)
        assert (way <= asked + 1e-9).all()
        assert (np.linalg.norm(new - xy, axis=1) <= way + 0.005).all()
        if not sliding:
            between = xy[:, None] + np.linspace(0, 1, 60)[:, None] * (new - xy)[:, None]
            for k, navigator in enumerate(NAVIGATORS):
                walked = between[which == k].reshape(-1, 2)
                assert (navigator.clearance(walked) >= RADIUS - 1e-4).all()
        xy = new


@given(st.integers(0, 2**32 - 1))
def test_sliding_never_ends_further_from_the_target_than_stopping(seed):
    rng = np.random.default_rng(seed)
    xy = NAVIGATORS[0].sample(rng, 32)
    delta = rng.normal(size=xy.shape) * 0.3
    which = np.zeros(32, int)
    stopped = advance(NAVIGATORS, which, xy, delta)[0]
    slid = advance(NAVIGATORS, which, xy, delta, sliding=True)[0]
    target = xy + delta
    gain = np.linalg.norm(stopped - target, axis=1) - np.linalg.norm(slid - target, axis=1)
    assert (gain >= -0.003).all()


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-4, 4), st.floats(0.01, 1.5))
def test_constant_velocity_drives_an_exact_arc(forward, left, turn, dt):
    navigator = Navigator(open_floor(10, 10), RADIUS)
    velocity = np.array([[forward, left, turn]])
    xy, yaw, hit, way = integrate_velocity(
        [navigator], ONE, np.array([[5.0, 5.0]]), np.array([0.7]), velocity, dt
    )
    from scipy.linalg import expm

    twist = np.array([[0, -turn, forward], [turn, 0, left], [0, 0, 0]]) * dt
    start = np.array([[np.cos(0.7), -np.sin(0.7), 5], [np.sin(0.7), np.cos(0.7), 5], [0, 0, 1]])
    np.testing.assert_allclose(xy[0], (start @ expm(twist))[:2, 2], atol=1e-9)
    assert yaw[0] == pytest.approx(0.7 + turn * dt)
    assert not hit[0]
    assert way[0] == pytest.approx(np.hypot(forward, left) * dt, rel=1e-3, abs=1e-9)


def test_two_velocities_are_forward_and_turn_rate():
    navigator = Navigator(open_floor(10, 10), RADIUS)
    args = [navigator], ONE, np.array([[5.0, 5.0]]), np.zeros(1)
    two = integrate_velocity(*args, np.array([[0.5, 0.3]]), 0.4)
    three = integrate_velocity(*args, np.array([[0.5, 0.0, 0.3]]), 0.4)
    for a, b in zip(two, three, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_body_at_a_wall_still_turns():
    navigator = Navigator(open_floor(4, 4), RADIUS)
    xy, yaw, hit, _ = integrate_velocity(
        [navigator], ONE, np.array([[3.8, 2.0]]), np.zeros(1), np.array([[1.0, 0.5]]), 1.0
    )
    assert hit[0]
    assert yaw[0] == pytest.approx(0.5)
    assert navigator.clearance(xy)[0] >= RADIUS - 1e-4


def test_a_batch_moves_like_single_bodies():
    rng = np.random.default_rng(0)
    which = rng.integers(0, len(NAVIGATORS), 32)
    xy = np.concatenate([NAVIGATORS[k].sample(rng, 1) for k in which])
    delta = rng.normal(size=xy.shape)
    new, hit, way = advance(NAVIGATORS, which, xy, delta, sliding=True)
    for b in range(32):
        single = move(NAVIGATORS[which[b]], xy[b], delta[b], sliding=True)
        np.testing.assert_array_equal(new[b], single[0])
        assert (hit[b], way[b]) == single[1:]


def test_bad_input_is_refused():
    navigator = Navigator(open_floor(4, 4), RADIUS)
    with pytest.raises(ValueError, match="NaN"):
        move(navigator, (1.0, 1.0), (np.nan, 0.0))
    with pytest.raises(ValueError, match="expected positions"):
        advance([navigator], ONE, np.ones((2, 2)), np.ones((1, 2)))
    with pytest.raises(ValueError, match="outside"):
        advance([navigator], ONE + 1, np.ones((1, 2)), np.ones((1, 2)))

"""Gait: feet that stand still, swing, strike, and shake more the faster people go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from navworld.envs.verify import gait as verify
from navworld.world.carriers import PLACEMENTS, HandHeld, Pedestrian
from navworld.world.gait import RISE, Person
from navworld.world.routes import Pace, roam

SECONDS = 20.0
T = np.arange(0, SECONDS, 0.002)


def walked(placement="foot", activity="walk", person=Person(), seed=0):  # noqa: B008
    made = Pedestrian(placement, activity, person)
    return made.curve(None, np.random.default_rng(seed), SECONDS).at(T)


def still_spans(moments, least=0.04):
    """(K, 2) begin and end index of spans in which nothing moves."""
    still = np.linalg.norm(moments.velocity, axis=1) < 1e-6
    still &= np.linalg.norm(moments.angular_velocity, axis=1) < 1e-5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], still.astype(int), [0]])))
    spans = edges.reshape(-1, 2)
    return spans[np.diff(spans, axis=1)[:, 0] * 0.002 > least]


@pytest.mark.parametrize("activity", ["walk", "run"])
def test_a_foot_does_not_move_while_it_is_flat_on_the_ground(activity):
    moments = walked(activity=activity)
    spans = still_spans(moments)
    assert len(spans) > 12
    middle = spans.mean(1).astype(int)
    T_world_body = moments.T_world_body[middle]
    np.testing.assert_allclose(T_world_body[:, 2, 2], 1.0, atol=1e-9)  # flat
    assert np.ptp(T_world_body[:, 2, 3]) < 1e-6  # on level ground


def test_steps_come_at_the_rate_and_length_asked_for():
    person = Person(step_rate=1.9, unsteadiness=0.0, asymmetry=0.0)
    moments = walked(person=person)
    spans = still_spans(moments)[3:-3]
    stride = np.diff(spans.mean(1)) * 0.002
    assert np.median(stride) == pytest.approx(2 / 1.9, rel=0.05)
    feet = moments.T_world_body[spans.mean(1).astype(int), :2, 3]
    length = np.linalg.norm(np.diff(feet, axis=0), axis=1)
    assert np.median(length) == pytest.approx(2 * 0.43 * 1.75, rel=0.08)


def test_a_foot_swings_like_the_recorded_one():
    """Integrated stride by stride, that pitches to 58…76° and −20…−32° and rises 0.09…0.15 m."""
    moments = walked()
    pitch = np.degrees(np.arcsin(-moments.T_world_body[:, 2, 0]))
    assert 55 < pitch.max() < 80 and -35 < pitch.min() < -15
    height = moments.T_world_body[:, 2, 3] - moments.T_world_body[0, 2, 3]
    assert 0.05 < height.max() < 0.2
    assert 3.0 < np.linalg.norm(moments.velocity, axis=1).max() < 5.5
    assert 400 < np.degrees(np.abs(moments.angular_velocity).max()) < 800


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_vibration_grows_with_speed(placement):
    usual = Person()
    slow = replace(usual, step_rate=1.3, step_length=0.33)
    found = [
        verify.vibration(placement, activity, person, seconds=14.0)
        for activity, person in (("stand", usual), ("walk", slow), ("walk", usual), ("run", usual))
    ]
    assert (np.diff(found) > 0).all()
    assert found[3] > 1.3 * found[2]


def test_what_is_carried_higher_shakes_less():
    shakes = [verify.vibration(p, "walk", Person(), seconds=14.0) for p in PLACEMENTS]
    assert shakes[0] > 2 * shakes[1] > 2 * shakes[2] * 0.9


def test_stairs_rise_step_by_step():
    carrier = Pedestrian(activity="stairs", person=Person(), flight=6)
    moments = carrier.curve(None, np.random.default_rng(1), SECONDS).at(T)
    spans = still_spans(moments)
    heights = moments.T_world_body[spans.mean(1).astype(int), 2, 3]
    steps = (heights - heights[0]) / RISE
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    assert round(steps.max()) in (5, 6)
    assert set(np.abs(np.diff(np.round(steps)))) <= {0.0, 1.0, 2.0}


def test_people_differ():
    rng = np.random.default_rng(0)
    people = [Person.drawn(rng) for _ in range(200)]
    heights = np.array([p.height for p in people])
    rates = np.array([p.step_rate for p in people])
    assert 1.65 < heights.mean() < 1.75 and heights.std() > 0.05
    assert 1.7 < rates.mean() < 1.95
    assert np.corrcoef(heights, rates)[0, 1] < -0.1  # the tall step more slowly
    first, second = (walked(person=p).velocity for p in people[:2])
    assert not np.allclose(first, second)


def test_left_and_right_of_a_lame_person_differ():
    """The body's bob repeats with the stride, not with the step."""
    power = []
    for asymmetry in (0.0, 0.4):
        lame = Person(asymmetry=asymmetry, unsteadiness=0.0, heel_strike=0.0)
        curve = HandHeld(speed=1.2, person=lame).curve(None, np.random.default_rng(0), SECONDS)
        moments = curve.at(T)
        z = moments.T_world_body[2000:8000, 2, 3]
        spectrum = np.abs(np.fft.rfft((z - z.mean()) * np.hanning(len(z)))) ** 2
        f = np.fft.rfftfreq(len(z), 0.002)
        power.append(spectrum[(f > 0.7) & (f < 1.1)].sum() / spectrum[(f > 1.4) & (f < 2.2)].sum())
    assert power[1] > 5 * power[0]


def test_nobody_steps_while_standing():
    moments = walked(activity="stand")
    assert np.ptp(moments.T_world_body[:, :2, 3], axis=0).max() < 1e-2


def test_routes_in_the_open_keep_their_speed():
    route = roam(None, np.random.default_rng(2), 40.0, Pace(1.3, 1.0, pauses=0.0))
    assert np.median(route.speed) > 1.1 and route.speed.max() < 1.31
    assert route.speed[0] == pytest.approx(0, abs=1e-9)
    assert route.speed[-1] == pytest.approx(0, abs=1e-2)


@pytest.mark.parametrize(
    "given", [{"height": 3.0}, {"step_rate": 0.0}, {"unsteadiness": -0.1}, {"swing": np.nan}]
)
def test_impossible_people_are_refused(given):
    with pytest.raises(ValueError, match="Person"):
        Person(**given)


def test_power_is_that_of_a_real_foot_within_a_factor_of_two(data):
    ratios = verify.power_ratios(data / "imu", people=4)
    mean = np.exp(np.log(ratios).mean(0))
    assert ((mean > 0.5) & (mean < 2.0)).all()


def test_the_real_walk_is_read_in_its_units(data):
    """A foot at rest feels gravity; the recording's own page tells 25 m in about 16 strides."""
    walk = verify.real_walk(data / "imu")
    assert 1.5 < walk.step_rate < 2.0
    force = np.linalg.norm(walk.samples[:, :3], axis=1)
    assert np.median(force) == pytest.approx(9.8, rel=0.15)


def test_every_check_of_gait_holds(data):
    _, checks = verify.verify_gait(fast=True)
    assert [name for name, held in checks.items() if not held] == []
    assert len(checks) > 10

"""Wheel odometry: counts of known ways, walls, what is left over, and slip."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.contracts import Sensor
from navworld.sensors.wheels import WHEEL_PRESETS, WheelGrade, WheelOdometry
from navworld.world.world import World
from tests.sensors.bodies import FORWARD, LEFT, Still, riding, seeded, standing


def begin(sensor: WheelOdometry, world: World, seed: int = 0):
    ids, streams = np.arange(world.num_envs), seeded(world.num_envs, seed)
    sensor.reset(world, ids, streams)
    return ids, streams, sensor.read(world, ids, streams)


def after(sensor: WheelOdometry, world: World, motions, seed: int = 0) -> list[dict]:
    ids, streams, _ = begin(sensor, world, seed)
    seen = []
    for motion in motions:
        streams.steps += 1
        world.step(np.tile(motion, (world.num_envs, 1)))
        seen.append(sensor.read(world, ids, streams))
        for name, space in sensor.space.items():
            assert space.contains(seen[-1][name][0]), name
    return seen


def test_it_is_a_sensor():
    assert isinstance(WheelOdometry(), Sensor)


def test_the_first_observation_is_nothing():
    _, _, seen = begin(WheelOdometry(preset="kobuki"), standing(3))
    assert (seen["wheel_odometry"] == 0).all() and (seen["wheel_odometry_ticks"] == 0).all()


def test_ideal_wheels_tell_the_way_and_the_turn():
    forward, left = after(WheelOdometry(), standing(), [FORWARD, LEFT])
    np.testing.assert_allclose(forward["wheel_odometry"], [[0.25, 0]], atol=2e-6)
    np.testing.assert_allclose(left["wheel_odometry"], [[0, np.pi / 6]], atol=1e-5)


def test_a_kobuki_counts_as_its_driver_says():
    exact = WheelGrade(baseline=0.23, tick=WHEEL_PRESETS["kobuki"].tick)
    forward, left = after(WheelOdometry(preset=exact), standing(), [FORWARD, LEFT])
    # 11724.4 ticks a metre, wheels 0.23 m apart
    np.testing.assert_array_equal(forward["wheel_odometry_ticks"], [[2931, 2931]])
    arc = 0.115 * np.pi / 6 * 11724.416
    counts = left["wheel_odometry_ticks"][0]
    assert abs(counts[0] + arc) <= 1 and abs(counts[1] - arc) <= 1
    assert forward["wheel_odometry"][0, 0] == pytest.approx(2931 / 11724.416, abs=1e-6)


def test_what_is_left_over_is_counted_later():
    coarse = WheelGrade(tick=0.03)
    seen = after(WheelOdometry(preset=coarse), standing(), [(0.01, 0, 0)] * 50)
    counts = np.array([s["wheel_odometry_ticks"][0, 0] for s in seen])
    assert counts.sum() == 16 and set(counts) == {0, 1}


def test_wheels_that_push_a_wall_go_on_counting():
    world = standing(xy=(0.3, 2.5), yaw=np.pi)
    seen = after(WheelOdometry(), world, [FORWARD] * 3)
    assert world.collided.all()
    np.testing.assert_allclose(seen[-1]["wheel_odometry"], [[0.25, 0]], atol=2e-6)


def test_velocity_actions_are_measured():
    world, sensor = standing(), WheelOdometry()
    ids, streams, _ = begin(sensor, world)
    streams.steps += 1
    world.step_velocity(np.array([[0.4, 0.6]]), 0.5)
    seen = sensor.read(world, ids, streams)["wheel_odometry"]
    np.testing.assert_allclose(seen, [[0.2, 0.3]], atol=1e-5)


def test_miscalibrated_wheels_err_by_the_same_fraction_all_along_an_episode():
    grade = WheelGrade(radius_error=0.02, baseline_error=0.03)
    world, sensor = standing(2000), WheelOdometry(preset=grade)
    first, second, turn = after(sensor, world, [FORWARD, FORWARD, LEFT])
    forward = first["wheel_odometry"][:, 0].astype(np.float64) / 0.25
    np.testing.assert_allclose(second["wheel_odometry"], first["wheel_odometry"], atol=1e-5)
    assert forward.std() == pytest.approx(0.02 / np.sqrt(2), rel=0.06)
    veer = first["wheel_odometry"][:, 1] * 0.23 / 0.25
    assert veer.std() == pytest.approx(0.02 * np.sqrt(2), rel=0.06)
    scale = turn["wheel_odometry"][:, 1] / (np.pi / 6)
    assert scale.std() == pytest.approx(np.hypot(0.03, 0.02 / np.sqrt(2)), rel=0.06)


def test_slip_grows_with_the_root_of_the_way():
    grade = WheelGrade(slip_std=0.02)
    seen = after(WheelOdometry(preset=grade), standing(4000), [(0.04, 0, 0), (0.36, 0, 0)])
    short, long = (s["wheel_odometry_ticks"].astype(np.float64) * 1e-6 for s in seen)
    assert (short - 0.04).std() == pytest.approx(0.02 * 0.2, rel=0.05)
    assert (long - 0.36).std() == pytest.approx(0.02 * 0.6, rel=0.05)


def test_turning_slips_by_itself():
    grade = WheelGrade(turn_slip_std=0.05)
    (seen,) = after(WheelOdometry(preset=grade), standing(4000), [LEFT])
    turn = seen["wheel_odometry"][:, 1]
    assert (turn - np.pi / 6).std() == pytest.approx(0.05 * np.sqrt(np.pi / 6), rel=0.05)
    np.testing.assert_allclose(seen["wheel_odometry"][:, 0], 0, atol=2e-6)


def test_a_body_without_wheels_counts_nothing():
    world, sensor = riding(1, Still()), WheelOdometry(preset="create2")
    ids, streams, _ = begin(sensor, world)
    streams.steps += 1
    world.follow(0.5)
    assert (sensor.read(world, ids, streams)["wheel_odometry_ticks"] == 0).all()


def test_environments_alone_or_together_give_the_same_bytes():
    motions = [FORWARD, LEFT, FORWARD]
    together = after(WheelOdometry(preset="turtlebot3"), standing(4), motions, 3)
    alone = after(WheelOdometry(preset="turtlebot3"), standing(1), motions, 5)
    for a, b in zip(together, alone, strict=True):
        for key in a:
            np.testing.assert_array_equal(a[key][2:3], b[key])


def test_unknown_presets_name_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'kobuki'"):
        WheelOdometry(preset="kobukki")


@pytest.mark.parametrize("given", [{"tick": 0.0}, {"baseline": -0.2}, {"slip_std": -1.0}])
def test_impossible_drives_are_refused(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        WheelGrade(**given)

"""GPS + compass: exact by default, noise as it was, and devices with the spread of their sheets."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.contracts import Sensor
from navworld.sensors.gps import GPS_PRESETS, GPSCompass, GPSGrade
from navworld.world.upright import wrap
from navworld.world.world import World
from tests.sensors.bodies import FORWARD, LEFT, Still, riding, seeded, standing


def readings(sensor: GPSCompass, world: World, motions, seed: int = 0):
    """(N, B, 3) positions and (N, B) headings, the first included."""
    ids, streams = np.arange(world.num_envs), seeded(world.num_envs, seed)
    sensor.reset(world, ids, streams)
    seen = [sensor.read(world, ids, streams)]
    for motion in motions:
        streams.steps += 1
        if motion is None:
            world.follow(0.5)
        else:
            world.step(np.tile(motion, (world.num_envs, 1)))
        seen.append(sensor.read(world, ids, streams))
    for name, space in sensor.space.items():
        assert all(space.contains(s[name][0]) for s in seen), name
    return (
        np.array([s[sensor.key] for s in seen]),
        np.array([s[sensor.compass_key][:, 0] for s in seen]),
    )


def test_it_is_a_sensor():
    assert isinstance(GPSCompass(), Sensor)


def test_by_default_it_is_exact_in_the_frame_of_the_start():
    position, heading = readings(GPSCompass(), standing(yaw=1.0), [FORWARD, LEFT, FORWARD])
    np.testing.assert_allclose(position[1, 0], [0.25, 0, 0], atol=1e-6)
    turned = [0.25 + 0.25 * np.cos(np.pi / 6), 0.125, 0]
    np.testing.assert_allclose(position[3, 0], turned, atol=1e-6)
    np.testing.assert_allclose(heading[:, 0], [0, 0, np.pi / 6, np.pi / 6], atol=1e-6)


def test_noise_and_drift_are_drawn_as_they_always_were():
    """White noise from the stream "gps", drift along the path from "gps drift"."""
    world, streams, ids = standing(2), seeded(2), np.arange(2)
    sensor = GPSCompass(position_std=0.1, heading_std=0.05, drift_std=0.2, heading_drift_std=0.1)
    sensor.reset(world, ids, streams)
    sensor.read(world, ids, streams)
    streams.steps += 1
    world.step(np.tile(FORWARD, (2, 1)))
    seen = sensor.read(world, ids, streams)
    bias = np.array([0.2, 0.2, 0.1]) * np.sqrt(0.25) * streams.normal("gps drift", ids, (3,))
    noise = np.array([0.1, 0.1, 0.05]) * streams.normal("gps", ids, (3,)) + bias
    np.testing.assert_allclose(seen["gps"][:, :2], [0.25, 0] + noise[:, :2], atol=1e-6)
    np.testing.assert_allclose(seen["compass"][:, 0], wrap(noise[:, 2]), atol=1e-6)
    assert (seen["gps"][:, 2] == 0).all()


@pytest.mark.parametrize(("name", "cep"), [("consumer", 2.5), ("rtk", 0.01), ("uwb", 0.1)])
def test_half_of_the_errors_are_within_the_radius_of_the_data_sheet(name, cep):
    position, heading = readings(GPSCompass(preset=name), standing(4000), [])
    radius = np.hypot(position[0, :, 0], position[0, :, 1])
    assert np.median(radius) == pytest.approx(cep, rel=0.05)
    assert heading.std() == pytest.approx(GPS_PRESETS[name].heading_std, rel=0.05)
    assert position[..., 2].std() > 0 and GPS_PRESETS[name].source


def test_the_wandering_error_is_stationary_and_forgets_with_its_time():
    sensor = GPSCompass(wander_std=2.0, altitude_wander_std=3.0, wander_time=1.0)
    position, _ = readings(sensor, riding(3000, Still()), [None] * 4)
    np.testing.assert_allclose(position.std(1), [[2, 2, 3]] * 5, rtol=0.06)
    later = (position[0] * position[2]).mean(0) / [4, 4, 9]
    np.testing.assert_allclose(later, np.exp(-1), atol=0.06)


def test_a_figure_given_replaces_the_presets():
    sensor = GPSCompass(preset="rtk", position_std=0.0)
    assert sensor.grade.position_std == 0 and sensor.grade.altitude_std > 0


def test_two_receivers_differ_and_have_keys_of_their_own():
    world, streams, ids = standing(), seeded(1), np.arange(1)
    seen = {}
    for key in ("gps", "uwb"):
        sensor = GPSCompass(preset="uwb", key=key)
        sensor.reset(world, ids, streams)
        seen.update(sensor.read(world, ids, streams))
    assert set(seen) == {"gps", "compass", "uwb", "uwb_compass"}
    assert (seen["gps"] != seen["uwb"]).all()


def test_environments_alone_or_together_give_the_same_bytes():
    motions = [FORWARD, LEFT, FORWARD]
    together, _ = readings(GPSCompass(preset="consumer"), standing(4), motions, 3)
    alone, _ = readings(GPSCompass(preset="consumer"), standing(1), motions, 5)
    np.testing.assert_array_equal(together[:, 2:3], alone)


def test_impossible_parameters_are_refused():
    with pytest.raises(ValueError, match="position_std=-1"):
        GPSCompass(position_std=-1)
    with pytest.raises(ValueError, match="wander_time=0"):
        GPSCompass(wander_time=0)
    with pytest.raises(ValueError, match="did you mean 'consumer'"):
        GPSCompass(preset="konsumer")


def test_a_grade_of_ones_own_may_be_given():
    assert GPSCompass(preset=GPSGrade(position_std=0.3)).grade.position_std == 0.3

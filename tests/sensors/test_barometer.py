"""Barometer: the standard atmosphere, metres that are twelve pascals, and drift."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.contracts import Sensor
from navworld.sensors.barometer import (
    BAROMETER_PRESETS,
    Barometer,
    BarometerGrade,
    altitude_of,
    pressure_at,
)
from navworld.world.world import World
from tests.sensors.bodies import Lift, Still, riding, seeded, standing


def readings(sensor: Barometer, world: World, steps: int, dt: float = 0.5, seed: int = 0):
    """(steps + 1, B) pressures."""
    ids, streams = np.arange(world.num_envs), seeded(world.num_envs, seed)
    sensor.reset(world, ids, streams)
    seen = [sensor.read(world, ids, streams)]
    for _ in range(steps):
        streams.steps += 1
        world.follow(dt)
        seen.append(sensor.read(world, ids, streams))
    for name, space in sensor.space.items():
        assert all(space.contains(s[name][0]) for s in seen), name
    return np.array([s[sensor.key][:, 0] for s in seen], np.float64)


def test_it_is_a_sensor():
    assert isinstance(Barometer(), Sensor)


def test_the_standard_atmosphere_of_the_tables():
    # ISO 2533, table 5
    expected = [107477.0, 101325.0, 89874.6, 54019.9, 26436.3]
    np.testing.assert_allclose(
        pressure_at(np.array([-500.0, 0, 1000, 5000, 10000])), expected, rtol=2e-5
    )
    heights = np.linspace(-500, 11000, 50)
    np.testing.assert_allclose(altitude_of(pressure_at(heights)), heights, atol=1e-6)


def test_a_metre_is_twelve_pascals():
    world = riding(1, Lift(speed=0.5))
    pressure = readings(Barometer(), world, 4)[:, 0]
    np.testing.assert_allclose(np.diff(pressure), -0.25 * 12.01, rtol=5e-3)


def test_altitude_is_that_of_the_sensors_place_above_the_sea():
    world, sensor = standing(), Barometer(position=(0.1, 0, 0.4), ground_altitude=250.0)
    ids, streams = np.arange(1), seeded(1)
    sensor.reset(world, ids, streams)
    seen = sensor.read(world, ids, streams)
    assert seen["barometer_altitude"][0, 0] == pytest.approx(250.4 + world.z[0], abs=2e-3)


@pytest.mark.parametrize("name", [name for name in BAROMETER_PRESETS if name != "ideal"])
def test_errors_of_every_device_have_their_spread(name):
    grade = BAROMETER_PRESETS[name]
    pressure = readings(Barometer(preset=name), riding(600, Still()), 3)
    exact = pressure_at(np.array(1.0))
    total = np.sqrt(grade.offset_std**2 + grade.drift_std**2 + grade.noise_std**2)
    assert (pressure - exact).std() == pytest.approx(total, rel=0.08)
    white = np.diff(pressure, axis=0).std() / np.sqrt(2)
    kick = grade.drift_std * np.sqrt(1 - np.exp(-0.5 / grade.drift_time))
    assert white == pytest.approx(np.hypot(grade.noise_std, kick), rel=0.05)
    assert grade.source


def test_drift_is_stationary_and_forgets_with_its_time():
    grade = BarometerGrade(drift_std=5.0, drift_time=2.0)
    error = readings(Barometer(preset=grade), riding(2000, Still()), 8) - pressure_at(np.array(1.0))
    np.testing.assert_allclose(error.std(1), 5.0, rtol=0.06)
    later = (error[0] * error[4]).mean() / 25
    assert later == pytest.approx(np.exp(-1), abs=0.07)


def test_environments_alone_or_together_give_the_same_bytes():
    together = readings(Barometer(preset="bmp280"), riding(4, Lift()), 3, seed=3)
    alone = readings(Barometer(preset="bmp280"), riding(1, Lift()), 3, seed=5)
    np.testing.assert_array_equal(together[:, 2:3], alone)


def test_unknown_presets_name_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'bmp390'"):
        Barometer(preset="bmp39")


def test_impossible_parameters_are_refused():
    with pytest.raises(ValueError, match="noise_std=-1"):
        BarometerGrade(noise_std=-1)
    with pytest.raises(ValueError, match="drift_time=0"):
        BarometerGrade(drift_time=0)
    with pytest.raises(ValueError, match="ground_altitude"):
        Barometer(ground_altitude=20_000)

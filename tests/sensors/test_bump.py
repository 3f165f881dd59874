"""Bumper: touched or not, and by which side."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.contracts import Sensor
from navworld.sensors.bump import Bump
from tests.sensors.bodies import FORWARD, LEFT, seeded, standing


def bump(sensor: Bump, *, yaw: float, xy=(0.4, 2.5), motion=FORWARD) -> list[float]:
    """Reading after a move beside the wall at x = 0."""
    world, ids, streams = standing(xy=xy, yaw=yaw), np.arange(1), seeded(1)
    sensor.reset(world, ids, streams)
    assert (sensor.read(world, ids, streams)[sensor.key] == 0).all()
    streams.steps += 1
    world.step(np.array([motion]))
    seen = sensor.read(world, ids, streams)
    assert sensor.space[sensor.key].contains(seen[sensor.key][0])
    return seen[sensor.key][0].tolist()


def test_it_is_a_sensor():
    assert isinstance(Bump(), Sensor)


def test_a_switch_tells_whether_something_was_touched():
    assert bump(Bump(), yaw=np.pi) == [1.0]
    assert bump(Bump(), yaw=0.0) == [0.0]
    assert bump(Bump(), yaw=np.pi, motion=LEFT) == [0.0]


@pytest.mark.parametrize(
    ("heading_deg", "expected"),
    [(180, [0, 1, 0]), (130, [1, 0, 0]), (230, [0, 0, 1])],
    ids=["straight on", "wall on the left", "wall on the right"],
)
def test_three_sectors_tell_where_the_wall_is(heading_deg, expected):
    assert bump(Bump(sectors=3), yaw=np.radians(heading_deg), xy=(0.25, 2.5)) == expected


def test_keys_and_batches_are_kept_apart():
    sensor, world = Bump(key="skirt"), standing(2)
    world.place(1, world.places[1], np.array([0.4, 2.5]), np.pi)
    streams = seeded(2)
    world.step(np.array([FORWARD] * 2))
    seen = sensor.read(world, np.array([1, 0]), streams)
    np.testing.assert_array_equal(seen["skirt"], [[1], [0]])


@pytest.mark.parametrize("given", [{"sectors": 0}, {"sectors": 2.5}, {"arc_deg": 0}])
def test_impossible_parameters_are_refused(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        Bump(**given)

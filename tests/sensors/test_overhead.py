"""Overhead tile: north up, centred, ceilings cut away."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.geometry.curves import Moments
from navworld.sensors.overhead import Overhead
from navworld.world.semantics import CLASS_ID
from tests.sensors.worlds import PLACE, stand, start

ALL = ("rgb", "depth", "semantic", "instance", "normals")


def test_the_tile_does_not_turn_with_the_body():
    seen = start(stand((2.0, 2.0, 0.0), (2.0, 2.0, 2.2)), Overhead(ALL))
    assert len(seen) == 5
    for key, image in seen.items():
        assert np.array_equal(image[0], image[1]), key


def test_row_0_is_north_and_column_0_is_west():
    sensor = Overhead(("semantic", "depth"), size=100, tile=10.0)
    seen = start(stand((4.5, 2.0, 1.0)), sensor)
    wall = seen["overhead_semantic"][0] == CLASS_ID["wall"]
    floor = seen["overhead_semantic"][0] == CLASS_ID["floor"]
    # The house is x 0 … 8 and y 0 … 5; the tile x −0.5 … 9.5 and y −3 … 7; pixels are 0.1 m.
    assert floor[20:70, 5:44].mean() > 0.9
    assert not (wall | floor)[:18].any()
    assert not (wall | floor)[72:].any()
    assert (seen["overhead_depth"][0, :18] == 0).all()
    # The wall between the rooms stands at x = 4 and its door is at y 3.5 … 4.5.
    assert floor[36:60, 44].mean() < 0.1
    assert floor[26:34, 44].all()


def test_heights_are_those_of_the_table_and_the_floor():
    table = PLACE.scene.vertices[np.isclose(PLACE.scene.vertices[:, 2], 0.75)]
    x, y = (float(c) for c in table[:, :2].mean(0))
    seen = start(stand((x - 1.0, y, 0.0)), Overhead(("depth", "normals"), height=1.9))
    depth = seen["overhead_depth"][0, ..., 0]
    assert 1.9 - depth[32, 42] == pytest.approx(0.75, abs=1e-5)
    assert 1.9 - depth[32, 32] == pytest.approx(0.0, abs=1e-5)
    assert seen["overhead_normals"][0, 32, 42] == pytest.approx([0, 0, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"outputs": ("color",)}, "known: rgb"),
        ({"outputs": "rgb"}, "tuple"),
        ({"tile": 0.0}, "positive length"),
        ({"height": -1.0}, "positive length"),
        ({"size": 0}, "whole number"),
    ],
)
def test_impossible_tiles_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        Overhead(**options)


class _Hovering:
    """A motion that stays 1.5 m above the floor and leans."""

    duration = 1.0

    def at(self, t):
        lean = np.array([[0.8, 0, 0.6, 2.0], [0, 1, 0, 2.0], [-0.6, 0, 0.8, 1.5], [0, 0, 0, 1]])
        return Moments.at_rest(np.tile(lean, (len(t), 1, 1)))


def test_a_body_in_the_air_sees_the_same_tile_as_one_below_it():
    sensor = Overhead(ALL)
    below = start(stand((2.0, 2.0, 0.0)), sensor)
    world = stand((2.0, 2.0, 0.0))
    world.ride(0, PLACE, _Hovering())
    above = start(world, sensor)
    for key, image in below.items():
        assert np.array_equal(image, above[key]), key


def test_a_wall_that_the_plane_cuts_is_a_wall_without_a_depth():
    sensor = Overhead(("semantic", "depth"), size=100, tile=10.0)
    seen = start(stand((4.5, 2.0, 0.0)), sensor)
    inside = (slice(40, 60), 44)  # x = 3.95 … 4.05
    assert (seen["overhead_semantic"][0][inside] == CLASS_ID["wall"]).all()
    assert not seen["overhead_depth"][0][inside].any()


def test_a_tile_is_the_same_to_the_last_bit_alone_and_in_a_batch():
    sensor = Overhead(ALL)
    batch = start(stand((2.0, 2.0, 0.0), (6.0, 1.0, 0.0)), sensor)
    alone = start(stand((6.0, 1.0, 0.0)), sensor)
    for key, image in alone.items():
        assert image.tobytes() == batch[key][1].tobytes(), key

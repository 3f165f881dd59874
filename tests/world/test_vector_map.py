"""The vector map knows where names are, how far roads lie, and where on Earth a place is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from navworld.world.vector_map import (
    GeoOrigin,
    MapBuilding,
    MapPoint,
    MapRoad,
    VectorMap,
    along,
)

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 8.0), (0.0, 8.0))


@pytest.fixture
def town() -> VectorMap:
    return VectorMap(
        roads=(
            MapRoad("Linden Street", ((-50.0, -5.0), (50.0, -5.0)), 6.0),
            MapRoad("Mill Lane", ((20.0, -50.0), (20.0, 0.0), (60.0, 40.0)), 4.0, 1, "service"),
        ),
        buildings=(
            MapBuilding(SQUARE, 9.0, "Old Mill", "1 Linden Street", (5.0, -1.0)),
            MapBuilding(tuple((x + 30, y) for x, y in SQUARE), 6.0, address="3 Linden Street"),
        ),
        points=(MapPoint("Anna's Bread", "bakery", (2.0, -1.0), "1 Linden Street"),),
        origin=GeoOrigin(52.0, 4.36, 12.0),
    )


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("1 Linden Street", (5.0, -1.0)),
        ("old mill", (5.0, -1.0)),
        ("3 Linden Street", (35.0, 4.0)),
        ("Anna's Bread", (2.0, -1.0)),
        (" linden street ", (0.0, -5.0)),
    ],
)
def test_names_and_addresses_lead_to_places(town, name, place):
    assert town.locate(name) == pytest.approx(place)


def test_every_name_can_be_located(town):
    assert len(town.names) == 6
    assert all(len(town.locate(name)) == 2 for name in town.names)


def test_an_unknown_name_is_refused_with_the_nearest_one(town):
    with pytest.raises(ValueError, match=r"'Lindn Street'.*did you mean 'Linden Street'"):
        town.locate("Lindn Street")


def test_road_distance_agrees_with_shapely(town):
    points = np.random.default_rng(0).uniform(-80, 80, (200, 2))
    expected = [
        min(max(LineString(r.polyline).distance(Point(p)) - r.width / 2, 0) for r in town.roads)
        for p in points
    ]
    assert town.road_distance(points) == pytest.approx(expected, abs=1e-9)


def test_the_middle_of_a_polyline_lies_at_half_its_length():
    assert along(((0, 0), (4, 0), (4, 12)), 0.5) == pytest.approx((4, 4))


def test_roads_and_buildings_without_extent_are_refused():
    with pytest.raises(ValueError, match="'Nowhere' has 1 points"):
        VectorMap(roads=(MapRoad("Nowhere", ((0.0, 0.0),), 4.0),))
    with pytest.raises(ValueError, match="'9 Nowhere' has 2 corners"):
        VectorMap(buildings=(MapBuilding(((0.0, 0.0), (1.0, 0.0)), 3.0, address="9 Nowhere"),))


def test_one_degree_of_latitude_on_the_equator_is_110_574_metres():
    """The length of a meridian's degree from 0° to 1° on WGS 84 (its chord is 1.4 m shorter)."""
    north = GeoOrigin(0.0, 0.0).to_world([[1.0, 0.0, 0.0]])[0]
    assert np.linalg.norm(north) == pytest.approx(110_574.4, abs=2.0)
    east = GeoOrigin(0.0, 0.0).to_world([[0.0, 1.0, 0.0]])[0]
    radius = 6_378_137.0
    assert east == pytest.approx(
        [radius * np.sin(np.radians(1)), 0.0, radius * (np.cos(np.radians(1)) - 1)], abs=1e-6
    )


def test_east_north_and_up_are_where_they_should_be():
    origin = GeoOrigin(48.0, 11.0, 500.0)
    latitude, longitude, altitude = origin.to_geodetic(100 * np.eye(3)).T
    assert longitude[0] > 11 and latitude[1] > 48 and altitude[2] == pytest.approx(600)
    assert longitude[1] == pytest.approx(11) and latitude[2] == pytest.approx(48)


@given(
    st.floats(-85, 85), st.floats(-180, 180), st.floats(-100, 4000),
    st.tuples(*[st.floats(-3000, 3000)] * 3),
)  # fmt: skip
def test_geodetic_coordinates_come_back_to_the_millimetre(latitude, longitude, altitude, point):
    origin = GeoOrigin(latitude, longitude, altitude)
    assert origin.to_world(origin.to_geodetic([point]))[0] == pytest.approx(point, abs=1e-3)

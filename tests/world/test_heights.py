"""Uneven ground is found, walked where it is gentle, and followed by what stands on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navworld.world.body import Robot
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import Navigator, walkable_floors
from navworld.world.scene import Floor, Instance, Material, Scene
from navworld.world.store import Place
from navworld.world.walkable.clearance import clearances
from navworld.world.walkable.ground import (
    heights_at,
    obstructed_columns,
    surface_heights,
    too_steep,
    uneven_floor,
)
from navworld.world.world import World

PLAIN = Material("plain")
CELL = 0.1
TWENTY = float(np.radians(20))


def centers(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of the centres of the cells of a grid with the corner (0, 0)."""
    y, x = (np.indices(shape) + 0.5) * CELL
    return x, y


def floor_of(height, side: float = 10.0) -> Floor:
    """An open square whose ground is `height(x, y)`."""
    shape = (round(side / CELL),) * 2
    free = np.ones(shape, bool)
    free[[0, -1]] = free[:, [0, -1]] = False
    heights = height(*centers(shape)).astype(np.float32)
    return Floor((0.0, 0.0), CELL, 1.0, clearances(free, CELL), heights)


def world_on(floor: Floor, bodies: int = 2) -> World:
    corners = np.array([[0, 0, 0], [8, 0, 0], [8, 8, 0]], np.float32)
    scene = Scene(
        "uneven", corners, np.array([[0, 1, 2]], np.int32), np.zeros((1, 3, 2), np.float32),
        np.zeros(1, np.int32), np.zeros(1, np.int32), (PLAIN,), (Instance("all", 2),), (floor,),
    )  # fmt: skip
    place, world = Place(scene, None), World(bodies, Robot())
    for row in range(bodies):
        world.place(row, place, np.array([3.0 + row, 4.0]), 0.9 * row)
    return world


def slope(x, y):
    return 0.1 * x - 0.05 * y


def dunes(x, y):
    return 0.2 * np.sin(x) * np.cos(0.7 * y)


# --- bodies follow the ground -----------------------------------------------------------------


def test_a_body_stands_on_the_ground_wherever_it_goes():
    world = world_on(floor_of(slope))
    for _ in range(5):
        x, y = world.xy.T
        np.testing.assert_allclose(world.z, 1.0 + slope(x, y), atol=1e-6)
        np.testing.assert_allclose(world.T_world_body()[:, 2, 3], world.z)
        world.step(np.tile([0.25, 0.0, 0.3], (2, 1)))
    assert np.ptp(world.z) > 0.01


def test_level_ground_leaves_z_alone():
    floor = floor_of(slope)
    world = world_on(Floor(floor.origin, floor.cell, 1.0, floor.clearance))
    world.step_velocity(np.tile([0.5, 0.3], (2, 1)), 0.2)
    moments = world.moments(np.arange(2), np.linspace(0, 1, 5))
    assert (world.z == 1.0).all()
    assert (moments.T_world_body[..., 2, 3] == 1.0).all()
    assert not moments.velocity[..., 2].any()
    assert not moments.acceleration[..., 2].any()


@pytest.mark.parametrize("ground", [slope, dunes])
@pytest.mark.parametrize("discrete", [True, False])
def test_velocities_are_the_derivatives_of_the_way_up_and_down(ground, discrete):
    world, ids = world_on(floor_of(ground)), np.arange(2)
    for k in range(3):
        if discrete:
            world.step(np.tile([0.25, 0.0, 0.2], (2, 1)))
        else:
            world.step_velocity(np.tile([0.4, 0.1, 0.5 - 0.3 * k], (2, 1)), 0.2)
    h, dt, u = 1e-4, world.dt[0], np.linspace(0.1, 0.9, 9)
    before, exact, after = (world.moments(ids, u + d * h / dt) for d in (-1, 0, 1))
    p0, p, p1 = (m.T_world_body[..., :3, 3] for m in (before, exact, after))
    assert np.abs(exact.velocity[..., 2]).max() > 1e-3
    np.testing.assert_allclose(exact.velocity, (p1 - p0) / (2 * h), atol=1e-5)
    np.testing.assert_allclose(exact.acceleration, (p1 - 2 * p + p0) / h**2, atol=2e-4)
    last = world.moments(ids, np.ones(1))
    assert (last.T_world_body[:, 0] == world.T_world_body()).all()


def test_steps_join_smoothly_on_uneven_ground():
    world, ids = world_on(floor_of(dunes)), np.arange(2)
    for turn in (0.3, -0.8, 0.2):
        last = world.moments(ids, np.ones(1))
        world.step_velocity(np.tile([0.5, turn], (2, 1)), 0.2)
        first = world.moments(ids, np.zeros(1))
        for name in ("T_world_body", "velocity", "acceleration"):
            np.testing.assert_allclose(getattr(first, name), getattr(last, name), atol=1e-9)


def test_on_a_plane_the_way_between_two_poses_stays_on_it():
    world, ids = world_on(floor_of(slope)), np.arange(2)
    for _ in range(3):
        world.step_velocity(np.tile([0.5, 0.6], (2, 1)), 0.2)
    p = world.moments(ids, np.linspace(0, 1, 7)).T_world_body[..., :3, 3]
    np.testing.assert_allclose(p[..., 2], 1.0 + slope(p[..., 0], p[..., 1]), atol=1e-6)


def test_the_state_of_a_world_on_uneven_ground_is_restored():
    world = world_on(floor_of(dunes))
    world.step(np.tile([0.25, 0.0, 0.2], (2, 1)))
    state = world.state()
    world.step(np.tile([0.25, 0.0, 0.2], (2, 1)))
    there = world.T_world_body()
    world.load(state)
    world.step(np.tile([0.25, 0.0, 0.2], (2, 1)))
    assert (world.T_world_body() == there).all()


def test_the_navigator_tells_the_height_of_the_ground():
    navigator = Navigator(floor_of(dunes), 0.2)
    points = navigator.sample(np.random.default_rng(0), 200)
    np.testing.assert_allclose(navigator.ground(points), 1.0 + dunes(*points.T), atol=2e-3)
    np.testing.assert_allclose(heights_at(navigator.floor, points), navigator.ground(points))


# --- what of it can be walked -----------------------------------------------------------------


def ramp_house(angle_deg: float, *, kerb: float = 0.0) -> MeshBuilder:
    """Two level places, 0.6 m apart in height, joined by a ramp 2 m wide."""
    b = MeshBuilder()
    ground, run = b.add_instance("floor", "floor"), 0.6 / np.tan(np.radians(angle_deg))
    top = 4 + run
    b.quad([(0, 0, 0), (4, 0, 0), (4, 4, 0), (0, 4, 0)], PLAIN, ground)
    b.quad([(4, 1, 0), (top, 1, 0.6), (top, 3, 0.6), (4, 3, 0)], PLAIN, ground)
    high = 0.6 + kerb
    b.quad([(top, 0, high), (top + 4, 0, high), (top + 4, 4, high), (top, 4, high)], PLAIN, ground)
    return b


def floors_of(b: MeshBuilder, **options) -> tuple[Floor, ...]:
    arrays = b.arrays()
    return walkable_floors(arrays["vertices"], arrays["triangles"], **options)


@pytest.mark.parametrize("angle_deg", [3, 10, 19])
def test_a_ramp_joins_what_it_leads_to(angle_deg):
    (floor,) = floors_of(ramp_house(angle_deg), slope=TWENTY)
    navigator = Navigator(floor, 0.18)
    run = 0.6 / np.tan(np.radians(angle_deg))
    assert (navigator.component([(2, 2), (4 + run / 2, 2), (6 + run, 2)]) == 0).all()
    heights = navigator.ground([(2, 2), (4 + run / 2, 2), (4 + run / 4, 1.8), (6 + run, 2)])
    np.testing.assert_allclose(heights, [0, 0.3, 0.15, 0.6], atol=1e-3)
    assert navigator.clearance([(4 + run / 2, 2)])[0] == pytest.approx(1.0, abs=0.06)


def test_steep_ramps_are_refused_and_level_ground_is_asked_for_by_default():
    for floors in (floors_of(ramp_house(30), slope=TWENTY), floors_of(ramp_house(10))):
        assert all(floor.heights is None for floor in floors)
        assert all(Navigator(floor, 0.18).clearance([(4.4, 2)])[0] == 0 for floor in floors)


@pytest.mark.parametrize(("kerb", "passes"), [(0.03, True), (0.1, False)])
def test_low_kerbs_are_driven_over_and_high_ones_stop(kerb, passes):
    b = ramp_house(10, kerb=kerb)
    navigator = Navigator(floors_of(b, slope=TWENTY, step=0.05)[0], 0.18)
    run = 0.6 / np.tan(np.radians(10))
    both = navigator.component([(2, 2), (6 + run, 2)])
    assert (both[0] == both[1] == 0) == passes


def test_a_flat_house_is_the_same_whether_or_not_slopes_are_looked_for():
    b = MeshBuilder()
    shell = b.add_instance("shell", "wall")
    b.box((0, 0, 0), (5, 4, 2.5), PLAIN, shell)
    b.box((1, 1, 0), (2, 2, 0.03), PLAIN, b.add_instance("rug", "rug"))
    b.box((3, 1, 0), (4, 2, 0.7), PLAIN, b.add_instance("table", "table"))
    (plain,), (sloped,) = floors_of(b), floors_of(b, slope=TWENTY)
    assert sloped.heights is None
    np.testing.assert_array_equal(plain.clearance, sloped.clearance)


def test_things_on_a_ramp_and_low_beams_over_it_are_in_the_way():
    for low, high, blocks in (
        ((5.5, 1.9, 0.2), (5.7, 2.1, 0.9), True),  # a box
        ((5.5, 1.0, 0.9), (5.6, 3.0, 1.0), True),  # a bar across
        ((5.5, 1.0, 1.7), (5.6, 3.0, 1.8), False),  # a beam overhead
    ):
        b = ramp_house(10)
        b.box(low, high, PLAIN, b.add_instance("thing", "object"))
        navigator = Navigator(floors_of(b, slope=TWENTY)[0], 0.18)
        assert (navigator.clearance([(5.55, 2.0)])[0] < 0.05) == blocks


def test_the_highest_surface_is_the_ground():
    b = ramp_house(10)
    arrays = b.arrays()
    corners = arrays["vertices"][arrays["triangles"]].astype(np.float64)
    bridge = corners[:2] + np.array([0, 0, 2.0])
    heights = surface_heights(
        np.concatenate([corners, bridge]), origin=(0, 0), cell=CELL, shape=(40, 60)
    )
    np.testing.assert_allclose(heights[:, :39], 2.0)
    assert np.isnan(heights[2, 45])
    assert heights[20, 50] == pytest.approx((5.05 - 4) * np.tan(np.radians(10)), abs=1e-6)


def test_steepness_is_measured_over_half_a_metre_and_steps_between_cells():
    x, _ = centers((60, 60))
    options = {"cell": CELL, "slope": TWENTY, "step": 0.03}
    assert not too_steep(np.tan(np.radians(18)) * x, **options).any()
    assert too_steep(np.tan(np.radians(22)) * x, **options).all()
    kerb = np.where(x > 3, 0.03, 0.0)
    assert not too_steep(kerb, **options).any()
    assert too_steep(np.where(x > 3, 0.15, 0.0), **options)[:, 29:31].all()


def test_hills_are_walked_around_what_stands_on_them():
    x, y = centers((80, 80))
    post = MeshBuilder()
    thing = post.add_instance("post", "pole")
    post.box((3.95, 3.95, 0), (4.05, 4.05, 3), PLAIN, thing)
    arrays = post.arrays()
    obstacles = arrays["vertices"][arrays["triangles"]]
    closed = (x > 6) & (y > 6)
    floor = uneven_floor(dunes(x, y), obstacles, origin=(0, 0), cell=CELL, closed=closed)
    navigator = Navigator(floor, 0.2)
    assert floor.height == pytest.approx(dunes(x, y).min())
    assert navigator.clearance([(4.0, 4.0)])[0] < 0.05
    assert navigator.clearance([(7.0, 7.0)])[0] == 0
    assert navigator.is_walkable([(2.0, 2.0)])[0]


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_obstructed_columns_agree_with_points_scattered_on_the_triangles(seed):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 1, (3, 3, 3)) * [1, 1, 2]
    ground = rng.uniform(-0.2, 0.8, (10, 10))
    ground[rng.random((10, 10)) < 0.1] = np.nan
    mask = obstructed_columns(corners, ground, origin=(0, 0), cell=0.1, band=(0.1, 0.5))
    weights = rng.dirichlet((0.6, 0.6, 0.6), (3, 20000))
    points = np.einsum("tnk,tkd->tnd", weights, corners).reshape(-1, 3)
    column, row = (points[:, :2] / 0.1).astype(int).T
    above = points[:, 2] - ground[row, column]
    hit = (above > 0.1) & (above < 0.5)
    seen = np.zeros_like(mask)
    seen[row[hit], column[hit]] = True
    assert not (seen & ~mask).any()
    assert not mask[np.isnan(ground)].any()
    # What no point fell on is at most a sliver: the triangle, widened by a hair, is seen there.
    for j, i in np.argwhere(mask & ~seen):
        near = (np.abs(points[:, 0] / 0.1 - i - 0.5) < 0.75) & (
            np.abs(points[:, 1] / 0.1 - j - 0.5) < 0.75
        )
        lift = points[near, 2] - ground[j, i]
        assert ((lift > 0.0) & (lift < 0.6)).any()


def test_heights_of_another_shape_are_refused():
    floor = floor_of(slope)
    with pytest.raises(ValueError, match="one height for every cell"):
        Floor(floor.origin, floor.cell, 0.0, floor.clearance, np.zeros((3, 3), np.float32))
    with pytest.raises(ValueError, match="NaN everywhere"):
        uneven_floor(np.full((5, 5), np.nan), np.empty((0, 3, 3)), origin=(0, 0), cell=CELL)

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import Navigator, walkable_floors
from navworld.world.scene import Floor, Material
from navworld.world.walkable.clearance import clearances
from navworld.world.walkable.columns import touched_columns
from tests.world.floors import floor_from, open_floor, random_rooms

PLAIN = Material("plain")


def room(width: float = 4.0, depth: float = 3.0, height: float = 2.5) -> MeshBuilder:
    """Four walls (single sheets), a floor and a ceiling, with the corner (0, 0, 0)."""
    b = MeshBuilder()
    shell = b.add_instance("shell", "wall")
    b.box((0, 0, 0), (width, depth, height), PLAIN, shell)
    return b


def floors_of(b: MeshBuilder, **options: Any) -> tuple[Floor, ...]:
    arrays = b.arrays()
    return walkable_floors(arrays["vertices"], arrays["triangles"], **options)


def clearance_at(floor: Floor, x: float, y: float) -> float:
    row, column = int((y - floor.origin[1]) / floor.cell), int((x - floor.origin[0]) / floor.cell)
    return float(floor.clearance[row, column])


def test_an_empty_room_can_be_walked_up_to_its_walls():
    (floor,) = floors_of(room())
    assert floor.height == pytest.approx(0, abs=1e-6)
    assert (floor.clearance > 0).sum() * floor.cell**2 == pytest.approx(12, rel=0.04)
    assert clearance_at(floor, 2, 1.5) == pytest.approx(1.5, abs=0.06)
    assert clearance_at(floor, -0.05, 1.5) == 0


@pytest.mark.parametrize(
    ("low", "high", "blocks"),
    [
        ((2.0, 1.5, 0), (2.01, 1.51, 0.7), True),  # a table leg
        ((2.0, 1.0, 0.7), (2.8, 2.0, 0.75), True),  # a table top
        ((1.5, 1.0, 0), (2.5, 2.0, 0.015), False),  # a rug
        ((2.0, 1.0, 1.5), (2.8, 2.0, 1.6), False),  # a lamp above the body
        ((2.0, 1.5, 1.09), (2.001, 1.501, 3), True),  # hangs down to just within reach
    ],
)
def test_what_stands_in_the_way_blocks(low, high, blocks):
    b = room()
    b.box(low, high, PLAIN, b.add_instance("thing", "object"))
    (floor,) = floors_of(b)
    x, y = 0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1])
    assert (clearance_at(floor, x, y) == 0) == blocks


def test_a_door_leaf_without_thickness_blocks_at_any_angle():
    for angle in np.linspace(0, np.pi, 13):
        b = room()
        leaf = b.add_instance("leaf", "door")
        along = 0.8 * np.array([np.cos(angle), np.sin(angle)])
        base = np.array([2.0, 1.2])
        (x0, y0), (x1, y1) = base, base + along
        b.quad([(x0, y0, 0), (x1, y1, 0), (x1, y1, 2), (x0, y0, 2)], PLAIN, leaf)
        (floor,) = floors_of(b)
        for t in np.linspace(0, 1, 50):
            assert clearance_at(floor, *(base + t * along)) == 0


def test_winding_does_not_matter():
    arrays = room().arrays()
    flipped = arrays["triangles"][:, ::-1]
    a = walkable_floors(arrays["vertices"], arrays["triangles"])[0]
    b = walkable_floors(arrays["vertices"], flipped)[0]
    np.testing.assert_array_equal(a.clearance, b.clearance)


def test_roofs_tables_and_beds_are_no_storeys_but_an_upper_floor_is_one():
    b = room()
    b.box((1, 1, 0), (2.6, 2.6, 0.5), PLAIN, b.add_instance("bed", "bed"))
    assert len(floors_of(b)) == 1
    upper = MeshBuilder()
    shell = upper.add_instance("upper", "wall")
    upper.box((0, 0, 2.6), (4, 3, 5.1), PLAIN, shell)
    b.append(upper)
    ground, first = floors_of(b)
    assert ground.height == pytest.approx(0, abs=1e-6)
    assert first.height == pytest.approx(2.6, abs=1e-6)
    (only,) = floors_of(b, seed_points=[(0.5, 0.5, 3.0)])
    assert only.height == pytest.approx(2.6, abs=1e-6)


def test_rooms_joined_over_a_threshold_without_floor_are_one_component():
    b = MeshBuilder()
    ground, wall = b.add_instance("floor", "floor"), b.add_instance("wall", "wall")
    for x in (0.0, 3.1):
        b.quad([(x, 0, 0), (x + 3, 0, 0), (x + 3, 3, 0), (x, 3, 0)], PLAIN, ground)
    b.box((3.0, 0, 0), (3.1, 1.0, 2.5), PLAIN, wall)
    b.box((3.0, 2.0, 0), (3.1, 3.0, 2.5), PLAIN, wall)
    navigator = Navigator(floors_of(b)[0], 0.18)
    assert (navigator.component([(1.0, 1.5), (5.0, 1.5)]) == 0).all()


def test_the_hollow_of_a_wardrobe_is_dropped():
    b = room()
    b.box((0.5, 0.5, 0.1), (1.1, 2.0, 2.0), PLAIN, b.add_instance("wardrobe", "wardrobe"))
    (floor,) = floors_of(b)
    assert clearance_at(floor, 0.8, 1.2) == 0


def test_seed_points_choose_the_inside():
    b = room()
    b.quad([(-9, -9, 0), (9, -9, 0), (9, 9, 0), (-9, 9, 0)], PLAIN, b.add_instance("g", "terrain"))
    (everything,) = floors_of(b)
    (inside,) = floors_of(b, seed_points=[(1.0, 1.0)])
    assert clearance_at(everything, -5, -5) > 1
    assert clearance_at(inside, -5, -5) == 0
    assert clearance_at(inside, 2, 1.5) > 1


@pytest.mark.parametrize(
    ("vertices", "triangles", "message"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3), int), "no triangles"),
        (np.zeros((3, 2)), [[0, 1, 2]], "expected vertices"),
        (np.eye(3), [[0, 1, 3]], "outside 0…2"),
        ([[0, 0, 0], [1, 0, 0], [0, np.nan, 0]], [[0, 1, 2]], "NaN"),
        ([[0, 0, 0], [1, 0, 0], [0, 0, 1]], [[0, 1, 2]], "no walkable space"),
        ([[0, 0, 0], [1e6, 0, 0], [0, 1e6, 0]], [[0, 1, 2]], "check its units"),
    ],
)
def test_meshes_without_walkable_space_are_refused(vertices, triangles, message):
    with pytest.raises(ValueError, match=message):
        walkable_floors(np.asarray(vertices, float), np.asarray(triangles))


@given(st.integers(0, 2**32 - 1))
def test_touched_columns_agree_with_points_scattered_on_the_triangles(seed):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 1, (3, 3, 3)) * [1, 1, 2]
    mask = touched_columns(corners, band=(0.5, 1.5), origin=(0, 0), cell=0.1, shape=(10, 10))
    weights = rng.dirichlet((0.6, 0.6, 0.6), (3, 4000))
    points = np.einsum("tnk,tkd->tnd", weights, corners).reshape(-1, 3)
    points = points[(points[:, 2] > 0.5) & (points[:, 2] < 1.5)]
    seen = np.zeros_like(mask)
    column, row = (points[:, :2] / 0.1).astype(int).T
    seen[row, column] = True
    assert not (seen & ~mask).any()
    # Every marked cell is touched: by shapely's exact overlay of the clipped triangles.
    import shapely

    for row, column in np.argwhere(mask & ~seen):
        box = shapely.box(column * 0.1, row * 0.1, (column + 1) * 0.1, (row + 1) * 0.1)
        shadows = [shapely.Polygon(c[:, :2]) for c in corners]
        assert min(shapely.distance(box, shadow) for shadow in shadows) < 1e-9


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.2, 0.6]))
def test_clearance_is_the_distance_to_the_nearest_blocked_square(seed, density):
    rng = np.random.default_rng(seed)
    free = rng.random((13, 17)) > density
    free[3, 4] = False
    found = clearances(free, 0.1)
    rows, columns = np.nonzero(~free)
    for j in range(13):
        for i in range(17):
            dx = np.maximum(np.abs(columns - i) - 0.5, 0)
            dy = np.maximum(np.abs(rows - j) - 0.5, 0)
            assert found[j, i] == pytest.approx(0.1 * np.hypot(dx, dy).min(), abs=1e-5)


def test_samples_cover_the_largest_component_evenly():
    free = np.ones((60, 120), bool)
    free[:, 80:82] = False
    navigator = Navigator(floor_from(free), 0.2)
    points = navigator.sample(np.random.default_rng(0), 4000)
    assert navigator.is_walkable(points).all()
    assert (navigator.component(points) == 0).all()
    low, high = np.array([0.2, 0.2]), np.array([3.8, 2.8])
    assert (points >= low - 0.01).all()
    assert (points <= high + 0.01).all()
    edges = np.linspace(low, high, 5).T
    counts = np.histogramdd(points, bins=list(edges))[0]
    assert np.abs(counts / 250 - 1).max() < 0.3
    assert navigator.area == pytest.approx(3.6 * 2.6, rel=0.05)
    np.testing.assert_allclose(navigator.bounds, [low, high], atol=0.05)


def test_components_are_what_bodies_can_reach():
    free = np.ones((60, 120), bool)
    free[:, 80:82] = False
    navigator = Navigator(floor_from(free), 0.2)
    assert navigator.component([(1, 1), (5, 1), (4.05, 1), (-1, 1)]).tolist() == [0, 1, -1, -1]


def test_snap_finds_the_nearest_walkable_point():
    navigator = Navigator(open_floor(4, 3), 0.2)
    np.testing.assert_allclose(navigator.snap((2.0, 1.0)), (2.0, 1.0))
    snapped = navigator.snap([(-1.0, 1.5), (4.5, 3.5), (2.0, 0.19)])
    np.testing.assert_allclose(snapped, [(0.2, 1.5), (3.8, 2.8), (2.0, 0.2)], atol=0.04)
    assert navigator.is_walkable(snapped).all()


def test_map_pixels_and_positions_are_inverse():
    navigator = Navigator(random_rooms(0), 0.18)
    picture = navigator.topdown()
    points = navigator.sample(np.random.default_rng(0), 300)
    pixels = navigator.to_pixels(points)
    np.testing.assert_allclose(navigator.from_pixels(pixels), points, atol=1e-12)
    u, v = np.round(pixels).astype(int).T
    assert (picture[v, u] > 60).all()
    assert pixels[points[:, 1].argmax(), 1] < pixels[points[:, 1].argmin(), 1]


def test_a_body_that_fits_nowhere_is_refused():
    with pytest.raises(ValueError, match="fits nowhere"):
        Navigator(open_floor(1, 1), 0.7)
    with pytest.raises(ValueError, match="positive"):
        Navigator(open_floor(1, 1), 0.0)


def test_the_real_house_is_walked_around_its_furniture(data):
    trimesh = pytest.importorskip("trimesh")
    folder = data / "scenes" / "aws_small_house"
    mesh = trimesh.load(folder / "aws_small_house_visual.glb").to_geometry()
    x, y, z = np.asarray(mesh.vertices).T
    (floor,) = walkable_floors(np.stack([x, -z, y], 1), mesh.faces)
    navigator = Navigator(floor, 0.18)
    assert 100 < navigator.area < 150
    instances = json.loads((folder / "aws_small_house_instances.json").read_text())["instances"]
    checked = 0
    for item in instances:
        low, high = np.array(item["aabb_world"])
        centre, size = 0.5 * (low + high), high - low
        if low[2] < 0.1 and 0.3 < high[2] < 2.5 and size[:2].max() < 2.5 and item["available"]:
            checked += 1
            samples = np.random.default_rng(0).uniform(low[:2], high[:2], (200, 2))
            assert (navigator.clearance(samples) < 0.05).mean() > 0.2, (item["name"], centre)
    assert checked > 20

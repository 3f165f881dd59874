"""Cities are whole, walkable, named and lit streets, and the same for a seed every time."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Polygon

from navworld.scenes.city import city
from navworld.scenes.city.greenery import trees
from navworld.scenes.city.names import Names
from navworld.scenes.city.parcels import plots
from navworld.scenes.city.plan import HALF, LAYOUTS, Plan, draw_plan
from navworld.scenes.city.solids import cap, offset, sweep
from navworld.world.appearance.looks import Lighting, relit
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import Navigator
from navworld.world.rays import RayScene, cast
from navworld.world.scene import Material, Scene
from navworld.world.semantics import CLASSES

SEED = 900_001


@pytest.fixture(scope="module")
def scene() -> Scene:
    return city(SEED)


@pytest.fixture(scope="module")
def traced(scene) -> RayScene:
    return RayScene(scene)


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    def plan(seed: int) -> Plan:
        return draw_plan(np.random.default_rng(seed), Names(np.random.default_rng(seed)))

    return [plan(seed) for seed in range(12)]


def seen_classes(scene: Scene) -> set[str]:
    return {CLASSES[k] for k in np.unique(scene.semantic)}


def fingerprint(scene: Scene) -> str:
    digest = hashlib.sha256()
    for name in ("vertices", "triangles", "uv", "material", "instance"):
        digest.update(getattr(scene, name).tobytes())
    digest.update(scene.floors[0].clearance.tobytes() + scene.floors[0].heights.tobytes())
    digest.update(repr((scene.lamps, scene.sun, scene.map)).encode())
    digest.update(repr([(i.name, i.semantic) for i in scene.instances]).encode())
    for item in scene.materials:
        digest.update(repr((item.name, item.color)).encode())
        digest.update(item.texture.pixels.tobytes() if item.texture is not None else b"-")
    return digest.hexdigest()


def test_a_city_is_300_metres_wide_with_a_million_triangles(scene):
    rows, columns = scene.floors[0].clearance.shape
    assert min(rows, columns) * scene.floors[0].cell >= 300
    assert (np.diff(scene.bounds, axis=0)[0, :2] >= 300).all()
    assert 900_000 < len(scene.triangles) < 1_250_000


def test_a_city_has_everything_that_belongs_to_one(scene):
    assert seen_classes(scene) >= {
        "building", "road", "pavement", "vegetation", "terrain", "vehicle", "sign", "window",
        "door", "lamp", "bench", "bin",
    }  # fmt: skip
    names = [item.name for item in scene.instances]
    assert sum(name.startswith("parked") for name in names) > 30
    assert sum(name == "tree" for name in names) > 60


def test_the_same_seed_gives_the_same_bytes_in_another_process(scene):
    code = (
        "from tests.scenes.test_city import SEED, fingerprint\n"
        "from navworld.scenes.city import city\nprint(fingerprint(city(SEED)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == fingerprint(scene), done.stderr


def test_every_triangle_has_an_area_and_a_texture_that_is_not_stretched(scene):
    corners = scene.vertices[scene.triangles].astype(np.float64)
    sides = corners[:, 1:] - corners[:, :1]
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    assert (area > 1e-8).mean() > 0.999
    edges = scene.uv[:, 1:].astype(np.float64) - scene.uv[:, :1]
    laid = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    textured = np.array([m.texture is not None for m in scene.materials])[scene.material]
    large = textured & (area > 0.2)
    assert (laid[large] > 1e-6).all()
    long, short = np.empty(large.sum()), np.empty(large.sum())
    for k, (e, s) in enumerate(zip(edges[large], sides[large], strict=True)):
        if k % 50:
            long[k], short[k] = 1.0, 1.0
            continue
        frame = np.linalg.qr(s.T)[1].T
        long[k], short[k] = np.linalg.svd(np.linalg.solve(frame, e), compute_uv=False)
    assert np.mean(long / short < 4.5) > 0.99


def test_all_streets_connect_and_are_walked_on_what_one_sees(scene, traced):
    floor = scene.floors[0]
    navigator = Navigator(floor, 0.18)
    assert navigator.area > 25_000
    assert navigator._sizes[0] > 0.97 * navigator._sizes.sum()
    xy = navigator.sample(np.random.default_rng(0), 2000)
    start = np.column_stack([xy, np.full(len(xy), 1.2)])
    down = np.tile([0, 0, -1.0], (len(xy), 1))
    t, triangle = cast(traced, start, down)
    ground = {"road", "pavement", "terrain"}
    on = [CLASSES[k] in ground for k in scene.semantic[triangle]]
    assert np.mean(on) > 0.995
    row, column = ((xy - floor.origin) / floor.cell).astype(int).T[::-1]
    gap = 1.2 - t - floor.heights[row, column]
    assert np.percentile(np.abs(gap), 97) < 0.02
    assert np.abs(gap).max() < 0.35


def test_bodies_do_not_stand_in_things(scene, traced):
    xy = Navigator(scene.floors[0], 0.18).sample(np.random.default_rng(1), 600)
    angle = np.arange(8) * np.pi / 4
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(8)], 1)
    start = np.repeat(np.column_stack([xy, np.full(len(xy), 0.45)]), 8, 0)
    t, _ = cast(traced, start, np.tile(ring, (len(xy), 1)), far=0.12)
    assert np.isfinite(t).reshape(-1, 8).any(1).mean() < 0.01


def test_nobody_looks_through_the_ground_or_into_houses(scene, traced):
    rng = np.random.default_rng(2)
    xy = Navigator(scene.floors[0], 0.18).sample(rng, 4000)
    way = rng.normal(size=(4000, 3))
    way[:, 2] = -np.abs(way[:, 2]) - 0.05
    t, triangle = cast(traced, np.column_stack([xy, np.full(4000, 1.0)]), way)
    assert np.isfinite(t).all()
    way[:, 2] *= -0.4
    t, triangle = cast(traced, np.column_stack([xy, np.full(4000, 1.0)]), way)
    hit = triangle >= 0
    corners = scene.vertices[scene.triangles[triangle[hit]]].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    behind = (normal * way[hit]).sum(1) > 0
    building = np.array([CLASSES[k] == "building" for k in scene.semantic[triangle[hit]]])
    assert (behind & building).sum() < 0.012 * building.sum()


def test_the_map_says_what_stands_there(scene, traced):
    where = scene.map
    assert len(where.roads) > 8 and len(where.buildings) > 60 and where.origin is not None
    addresses = [b.address for b in where.buildings]
    assert len(set(addresses)) == len(addresses)
    streets = {road.name for road in where.roads}
    assert {a.split(" ", 1)[1] for a in addresses} <= streets
    middles = np.array(
        [Polygon(b.polygon).representative_point().coords[0] for b in where.buildings]
    )
    start = np.column_stack([middles, np.full(len(middles), 90.0)])
    t, triangle = cast(traced, start, np.tile([0, 0, -1.0], (len(middles), 1)))
    heights = np.array([b.height for b in where.buildings])
    assert (90 - t <= heights + 4.0).all() and (90 - t > 2.5).all()
    assert np.mean([CLASSES[k] == "building" for k in scene.semantic[triangle]]) > 0.98


def test_roads_of_the_map_lie_on_asphalt_and_doors_can_be_reached(scene, traced):
    for road in scene.map.roads:
        line = LineString(road.polyline)
        points = [line.interpolate(s) for s in np.arange(1, line.length, 5.0)]
        if not points:
            continue
        start = np.array([(p.x, p.y, 0.15) for p in points])
        _, triangle = cast(traced, start, np.tile([0, 0, -1.0], (len(start), 1)))
        assert all(CLASSES[k] == "road" for k in scene.semantic[triangle])
    inside = [
        b.entrance for b in scene.map.buildings
        if b.entrance and np.abs(b.entrance).max() < HALF - 2
    ]  # fmt: skip
    navigator = Navigator(scene.floors[0], 0.18)
    reached = [navigator.clearance(np.array(p)[None])[0] > 0 for p in inside]
    assert np.mean(reached) > 0.85


def test_street_lamps_burn_in_the_dark_only(scene):
    assert len(scene.lamps) > 40
    assert all(lamp.dark_only for lamp in scene.lamps)
    doors = {point.position for point in scene.map.points}
    for lamp in scene.lamps:  # on a mast, or the light of a shop before its door
        assert 4 < lamp.position[2] < 8 or lamp.position[:2] in doors


def test_layouts_uses_and_sizes_vary_with_the_seed(plans):
    assert {plan.layout for plan in plans} == set(LAYOUTS)
    assert {b.use for plan in plans for b in plan.blocks} == {
        "town", "towers", "houses", "park", "square"
    }  # fmt: skip
    sizes = [np.median([b.lot.area for b in plan.blocks if b.core]) for plan in plans]
    assert max(sizes) > 1.3 * min(sizes)


def test_plots_lie_in_their_block_and_apart_from_one_another(plans):
    rng = np.random.default_rng(3)
    for plan in plans[:4]:
        for block in plan.blocks:
            if block.use not in ("town", "towers", "houses"):
                continue
            own = [plot.polygon for plot in plots(rng, block)]
            assert all(block.lot.buffer(0.3).contains(p) for p in own)
            total = sum(p.area for p in own)
            assert shapely.union_all(own).area == pytest.approx(total, rel=0.01)


def test_blocks_and_streets_do_not_overlap(plans):
    for plan in plans:
        kerbs = shapely.union_all([b.kerb for b in plan.blocks])
        for street in plan.streets:
            road = street.line.buffer(0.5 * street.width - 0.05, cap_style="flat")
            assert road.intersection(kerbs).area < 0.002 * road.area


def test_names_are_never_drawn_twice():
    names = Names(np.random.default_rng(0))
    drawn = [names.street(k % 2 == 0) for k in range(400)] + [names.shop()[0] for _ in range(400)]
    assert len(set(drawn)) == len(drawn)


def test_offset_outlines_move_every_edge_by_its_distance():
    outline = np.array([(0, 0), (10, 0), (12, 7), (3, 9)], float)
    moved = offset(outline, [1.0, 0.0, 2.0, -0.5])
    for k, distance in enumerate([1.0, 0.0, 2.0, -0.5]):
        a, b = outline[k], outline[(k + 1) % 4]
        normal = np.array([b[1] - a[1], a[0] - b[0]]) / np.linalg.norm(b - a)
        for corner in (moved[k], moved[(k + 1) % 4]):
            assert (corner - a) @ normal == pytest.approx(distance)


def test_swept_bands_and_caps_close_a_solid_that_faces_outwards():
    """The divergence theorem gives the volume of a prism from its outward-facing surface."""
    outline = np.array([(0, 0), (6, 0), (7, 5), (1, 4)], float)
    mesh = MeshBuilder()
    body, stuff = mesh.add_instance("prism", "building"), Material("stuff")
    sweep(mesh, outline, [(0, 0), (0, 3)], stuff, body)
    cap(mesh, Polygon(outline), 3.0, stuff, body)
    arrays = mesh.arrays()
    corners = arrays["vertices"][arrays["triangles"]].astype(np.float64)
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert volume == pytest.approx(3 * Polygon(outline).area, rel=1e-5)


def test_more_leaf_cards_keep_the_trees_as_large_as_they_are():
    bare, full = (trees(np.random.default_rng(0), cards) for cards in (0, 200))
    for a, b in zip(bare, full, strict=True):
        assert b.mesh.triangle_count > a.mesh.triangle_count
        assert (a.trunk, a.crown, a.height) == (b.trunk, b.crown, b.height)


def test_a_city_from_no_seed_is_refused():
    with pytest.raises(ValueError, match="whole number"):
        city(-1)


def lit_windows(scene: Scene, hour: float) -> float:
    """Share of the panes behind which lamps burn at an hour."""
    lamps_see_day = np.ones(len(scene.lamps), bool)
    shown = relit(scene, Lighting(hour=hour), lamps_see_day)
    pane = np.array([m.name == "panes" for m in scene.materials])[scene.material]
    burns = np.array([m.emission > 0 for m in shown.materials])[shown.material]
    return float(burns[pane].mean())


def test_windows_are_lit_in_the_evening_fewer_at_night_and_none_by_day(scene):
    assert lit_windows(scene, 12.0) == 0.0
    evening, night, small_hours = (lit_windows(scene, hour) for hour in (21.0, 23.5, 3.0))
    assert 0.4 < evening < 0.85
    assert small_hours < 0.2 and small_hours < night < evening


def test_lit_windows_are_warm_and_change_nothing_but_colours(scene):
    shown = relit(scene, Lighting(hour=22.0), np.ones(len(scene.lamps), bool))
    for name in ("vertices", "triangles", "uv", "instance", "instances", "floors", "map"):
        assert getattr(shown, name) is getattr(scene, name)
    glows = np.array([m.emission > 0 for m in shown.materials])[shown.material]
    panes = glows & np.array([m.name == "panes" for m in scene.materials])[scene.material]
    pixels = shown.materials[shown.material[panes][0]].texture.pixels.reshape(-1, 3) / 255
    assert pixels.mean() > 0.4
    assert (pixels[:, 0] > 1.2 * pixels[:, 2]).mean() > 0.7
    dark = np.array([m.emission == 0 for m in scene.materials])[scene.material]
    assert dark[panes].all()


def test_all_lamps_of_a_city_burn_at_night_and_none_by_day(scene):
    by_day = relit(scene, Lighting(), np.ones(len(scene.lamps), bool))
    at_night = relit(scene, Lighting(hour=22.0), np.ones(len(scene.lamps), bool))
    assert not by_day.lamps and len(at_night.lamps) == len(scene.lamps)

"""Offices are large, closed and walkable, and their rooms look alike on purpose."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
import shapely
from scipy import ndimage

from navworld.scenes.office import office
from navworld.world.scene import Scene
from navworld.world.semantics import CLASSES
from tests.scenes.worlds import backward, coplanar_overlaps, elsewhere, fingerprint, leaks

SEEDS = (910_000, 910_001, 910_002, 910_003)


@pytest.fixture(scope="module")
def offices() -> list[Scene]:
    return [office(seed) for seed in SEEDS]


def test_an_office_covers_thirty_by_sixty_metres(offices):
    for scene in offices:
        length, depth = np.ptp(scene.bounds, axis=0)[:2]
        assert 55 < length < 66 and 27 < depth < 34, scene.name
        assert len(scene.rooms) > 30


def test_every_room_is_reached_from_every_other(offices):
    for scene in offices:
        (floor,) = scene.floors
        labels, _ = ndimage.label(floor.clearance >= 0.25)
        rows, columns = np.indices(labels.shape)
        x = floor.origin[0] + (columns + 0.5) * floor.cell
        y = floor.origin[1] + (rows + 0.5) * floor.cell
        main = np.bincount(labels[labels > 0]).argmax()
        reached = labels == main
        for room in scene.rooms:
            low, high = np.array(room.polygon).min(0), np.array(room.polygon).max(0)
            inside = (x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])
            assert reached[inside].sum() * floor.cell**2 > 1.0, f"{scene.name}: {room.kind}"


def test_rooms_do_not_overlap(offices):
    for scene in offices:
        polygons = [shapely.Polygon(room.polygon) for room in scene.rooms]
        whole = shapely.union_all(polygons).area
        assert whole == pytest.approx(sum(p.area for p in polygons), abs=1e-6)


def test_desks_and_doors_are_of_one_model(offices):
    for scene in offices:
        shapes = {"desk": set(), "door": set()}
        counts: Counter[str] = Counter()
        for index, item in enumerate(scene.instances):
            kind = CLASSES[item.semantic]
            if kind in shapes:
                part = scene.vertices[scene.triangles[scene.instance == index]]
                size = np.sort(np.ptp(part.reshape(-1, 3), axis=0))
                shapes[kind].add(tuple(np.round(size, 2)) if kind == "desk" else len(part))
                counts[kind] += 1
        assert counts["desk"] >= 20 and len(shapes["desk"]) == 1, scene.name
        assert counts["door"] >= 30 and len(shapes["door"]) == 1, scene.name


def test_furniture_stands_on_the_floor_and_in_its_room(offices):
    for scene in offices:
        rooms = shapely.union_all([shapely.Polygon(room.polygon) for room in scene.rooms])
        for index, item in enumerate(scene.instances):
            if CLASSES[item.semantic] in ("desk", "chair", "bookcase", "fridge", "bin", "table"):
                part = scene.vertices[scene.triangles[scene.instance == index]].reshape(-1, 3)
                low, high = part.min(0), part.max(0)
                assert abs(low[2]) < 0.01, f"{scene.name}: {item.name} floats"
                outside = shapely.box(*low[:2], *high[:2]).difference(rooms).area
                assert outside < 1e-3, f"{scene.name}: {item.name} in a wall"


def test_nobody_sees_out_through_a_wall_or_at_the_back_of_a_surface(offices):
    for scene in offices[:2]:
        assert leaks(scene) == 0
        assert backward(scene) < 0.002


def test_no_two_surfaces_share_a_plane(offices):
    for scene in offices[:2]:
        assert coplanar_overlaps(scene, 150) == 0


def test_seeds_differ_in_layout_and_material(offices):
    assert len({tuple(r.polygon for r in scene.rooms) for scene in offices}) == len(SEEDS)
    walls = {scene.materials[scene.material[scene.instance == 0][0]].name for scene in offices}
    assert len(walls) > 1


def test_the_same_seed_gives_the_same_bytes(offices):
    assert fingerprint(office(SEEDS[0])) == fingerprint(offices[0])
    program = f"from navworld.scenes.office import office; print(fingerprint(office({SEEDS[1]})))"
    assert elsewhere(program) == fingerprint(offices[1])


def test_an_office_is_made_in_two_seconds():
    office(SEEDS[0])
    start = time.process_time()
    office(SEEDS[1])
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize("seed", [-1, 1.5, "7"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        office(seed)


def test_every_room_has_a_door_that_shuts_its_doorway_and_swings_clear_of_everything(offices):
    for scene in offices:
        (floor,) = scene.floors
        enclosed = [room for room in scene.rooms if room.kind != "corridor"]
        assert len(scene.doors) == len(enclosed)
        rooms = [shapely.Polygon(room.polygon) for room in enclosed]
        for door in scene.doors:
            assert CLASSES[scene.instances[door.instance].semantic] == "door"
            ways = door.angle + door.swing * np.linspace(0.3, 0.85, 8)
            reach = np.linspace(0.35, 0.95, 6) * door.width
            x = door.hinge[0] + np.outer(np.cos(ways), reach).ravel()
            y = door.hinge[1] + np.outer(np.sin(ways), reach).ravel()
            column = ((x - floor.origin[0]) / floor.cell).astype(int)
            row = ((y - floor.origin[1]) / floor.cell).astype(int)
            assert (floor.clearance[row, column] > 0).all(), f"{scene.name}: {door}"
            shut = door.angle + door.swing
            tip = np.array(door.hinge) + door.width * np.array([np.cos(shut), np.sin(shut)])
            middle = shapely.Point(0.5 * (tip + door.hinge))
            assert min(room.distance(middle) for room in rooms) < 0.2

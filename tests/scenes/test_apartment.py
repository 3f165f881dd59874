"""Apartments are whole, furnished, closed, walkable homes, and the same for a seed every time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest
import shapely
from scipy import ndimage

from navworld.scenes.apartment import apartment
from navworld.world.scene import Scene
from navworld.world.semantics import CLASSES

SEEDS = tuple(range(900_000, 900_015))
SOLID = (
    "bed", "sofa", "armchair", "table", "desk", "coffee table", "nightstand", "wardrobe",
    "cabinet", "kitchen counter", "shelf", "bookcase", "dresser", "tv stand", "plant", "toilet",
    "bathtub", "shower", "washing machine", "fridge", "radiator", "bench", "piano", "fireplace",
    "chair", "stool", "basket", "bin", "mirror", "picture", "clock", "coat rack", "shoe rack",
)  # fmt: skip
SEATS = ("chair", "stool")
TABLES = ("table", "desk", "piano")


@pytest.fixture(scope="module")
def apartments() -> list[Scene]:
    return [apartment(seed) for seed in SEEDS]


def boxes(scene: Scene) -> dict[int, np.ndarray]:
    """Instance → (2, 3) lowest and highest corner."""
    order = np.argsort(scene.instance, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(scene.instance[order]) > 0])
    corners = scene.vertices[scene.triangles[order]]
    low = np.minimum.reduceat(corners.min(1), starts)
    high = np.maximum.reduceat(corners.max(1), starts)
    ids = scene.instance[order][starts]
    return {int(k): np.stack([a, b]) for k, a, b in zip(ids, low, high, strict=True)}


def fingerprint(scene: Scene) -> str:
    """A hash of everything that a scene is."""
    digest = hashlib.sha256()
    for name in ("vertices", "triangles", "uv", "material", "instance"):
        digest.update(getattr(scene, name).tobytes())
    digest.update(scene.floors[0].clearance.tobytes())
    digest.update(repr((scene.name, scene.version, scene.rooms, scene.lamps, scene.sun)).encode())
    digest.update(repr([(i.name, i.semantic) for i in scene.instances]).encode())
    for item in scene.materials:
        digest.update(repr((item.name, item.color, item.emission, item.transparent)).encode())
        digest.update(item.texture.pixels.tobytes() if item.texture is not None else b"-")
    return digest.hexdigest()


def test_an_apartment_has_the_rooms_of_a_home(apartments):
    for scene in apartments:
        kinds = [room.kind for room in scene.rooms]
        assert 3 <= len(kinds) <= 12, scene.name
        assert {"living room", "bathroom", "bedroom", "corridor"} <= set(kinds), scene.name
        area = sum(shapely.Polygon(room.polygon).area for room in scene.rooms)
        assert 34 < area < 180, scene.name


def test_rooms_do_not_overlap(apartments):
    for scene in apartments:
        polygons = [shapely.Polygon(room.polygon) for room in scene.rooms]
        assert all(polygon.exterior.is_ccw for polygon in polygons)
        whole = shapely.union_all(polygons).area
        assert whole == pytest.approx(sum(polygon.area for polygon in polygons), abs=1e-6)


def test_every_size_of_apartment_has_enough_detail_and_not_too_much(apartments):
    counts = [len(scene.triangles) for scene in apartments]
    assert min(counts) >= 20_000
    assert max(counts) <= 40_000


def test_a_typical_apartment_has_25_semantic_classes(apartments):
    assert np.median([len(set(scene.semantic.tolist())) for scene in apartments]) >= 25


def test_a_robot_reaches_every_room_with_a_margin(apartments):
    for scene in apartments:
        (floor,) = scene.floors
        labels, _ = ndimage.label(floor.clearance >= 0.25)
        rows, columns = np.indices(labels.shape)
        x = floor.origin[0] + (columns + 0.5) * floor.cell
        y = floor.origin[1] + (rows + 0.5) * floor.cell
        reached = [
            set(np.unique(labels[shapely.contains_xy(shapely.Polygon(room.polygon), x, y)])) - {0}
            for room in scene.rooms
        ]
        assert set.intersection(*reached), f"{scene.name}: no region of floor joins all rooms"


def test_furniture_keeps_out_of_walls(apartments):
    for scene in apartments:
        rooms = shapely.union_all([shapely.Polygon(room.polygon) for room in scene.rooms])
        for index, (low, high) in boxes(scene).items():
            kind = CLASSES[scene.instances[index].semantic]
            if kind in SOLID:
                footprint = shapely.box(*low[:2], *high[:2])
                assert footprint.difference(rooms).area < 1e-4, f"{scene.name}: {kind} in a wall"
                assert low[2] > -0.005, f"{scene.name}: {kind} in the ground"


def test_furniture_does_not_run_into_furniture(apartments):
    for scene in apartments:
        found = [
            (CLASSES[scene.instances[index].semantic], scene.instances[index].name, box)
            for index, box in boxes(scene).items()
        ]
        pieces = [(name, box) for kind, name, box in found if kind in SOLID]
        kinds = [kind for kind, _, _ in found if kind in SOLID]
        low = np.array([box[0] for _, box in pieces]) + 0.005
        high = np.array([box[1] for _, box in pieces]) - 0.005
        hit = ((low[:, None] < high[None]) & (low[None] < high[:, None])).all(-1)
        for a, b in np.argwhere(np.triu(hit, 1)):
            pair = kinds[a], kinds[b]
            seated = any(k in SEATS for k in pair) and any(k in TABLES for k in pair)
            part = (low[a] <= low[b] + 0.05).all() and (high[b] <= high[a] + 0.05).all()
            assert seated or part, f"{scene.name}: {pieces[a]} and {pieces[b]}"


def test_no_ray_leaves_the_building(apartments):
    trimesh = pytest.importorskip("trimesh")
    rng = np.random.default_rng(0)
    for scene in apartments[:6]:
        (floor,) = scene.floors
        rows, columns = np.nonzero(floor.clearance > 0.2)
        chosen = rng.integers(len(rows), size=4000)
        start = np.column_stack(
            [
                floor.origin[0] + (columns[chosen] + 0.5) * floor.cell,
                floor.origin[1] + (rows[chosen] + 0.5) * floor.cell,
                rng.uniform(0.3, 2.2, len(chosen)),
            ]
        )
        direction = rng.normal(size=start.shape)
        mesh = trimesh.Trimesh(scene.vertices, scene.triangles, process=False)
        assert mesh.ray.intersects_any(start, direction).all(), scene.name


def test_every_room_has_a_lamp_within_it(apartments):
    for scene in apartments:
        lamps = shapely.points([lamp.position[:2] for lamp in scene.lamps])
        for room in scene.rooms:
            assert shapely.contains(shapely.Polygon(room.polygon), lamps).any(), room.kind


def test_the_same_seed_gives_the_same_bytes(apartments):
    for scene, seed in zip(apartments[:4], SEEDS, strict=False):
        assert fingerprint(apartment(seed)) == fingerprint(scene)


def test_another_process_gives_the_same_bytes(apartments):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from test_apartment import apartment, fingerprint, SEEDS;"
        "print(fingerprint(apartment(SEEDS[1])))"
    )
    folder = __file__.rsplit("/", 1)[0]
    run = subprocess.run(
        [sys.executable, "-c", program, folder],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
    )
    assert run.stdout.strip() == fingerprint(apartments[1])


def test_another_seed_gives_another_plan(apartments):
    plans = {tuple(room.polygon for room in scene.rooms) for scene in apartments}
    assert len(plans) == len(apartments)


def test_an_apartment_is_made_in_half_a_second(record_property):
    apartment(SEEDS[0])
    times = []
    for seed in SEEDS[:7]:
        start = time.process_time()
        apartment(seed)
        times.append(time.process_time() - start)
    record_property("generation_median_s", float(np.median(times)))
    assert np.median(times) < 0.6


@pytest.mark.parametrize("seed", [-1, 1.5, "7"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        apartment(seed)

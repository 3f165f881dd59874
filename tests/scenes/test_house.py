"""Houses have three levels that one walks between, furnished, and the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from navworld.scenes import load_scene
from navworld.scenes.house import house
from navworld.world.geodesic import DistanceField
from navworld.world.navigability import Navigator
from navworld.world.scene import Scene
from navworld.world.semantics import CLASSES
from tests.scenes.worlds import backward, elsewhere, fingerprint, leaks

SEEDS = tuple(range(920_000, 920_006))


@pytest.fixture(scope="module")
def houses() -> list[Scene]:
    return [house(seed) for seed in SEEDS]


def test_every_room_is_reached_from_the_living_room(houses):
    for scene in houses:
        navigator = Navigator(scene.floors[0], 0.18)
        xy = navigator.sample(np.random.default_rng(0), 500)
        living = next(r for r in scene.rooms if r.kind == "living room")
        inside = shapely.contains_xy(shapely.Polygon(living.polygon), *xy.T)
        field = DistanceField(navigator, xy[inside][0])
        assert np.isfinite(field.distance(xy)).all()
        for room in scene.rooms:
            there = shapely.contains_xy(shapely.Polygon(room.polygon).buffer(-0.3), *xy.T)
            assert there.sum() >= 2, f"{scene.name}: {room.kind}"
            assert np.ptp(navigator.ground(xy[there])) < 0.01


def test_storeys_are_a_storey_apart(houses):
    for scene in houses:
        navigator = Navigator(scene.floors[0], 0.18)
        xy = navigator.sample(np.random.default_rng(1), 500)
        z = navigator.ground(xy)
        assert 2.6 < z.max() < 3.2 and -0.65 < z.min() < -0.3
        assert {room.floor for room in scene.rooms} == {0, 1, 2}


def test_houses_are_closed_and_furnished(houses):
    for scene in houses[:3]:
        assert leaks(scene, 1500) == 0
        assert backward(scene, 1500) < 0.01
        kinds = {CLASSES[i.semantic] for i in scene.instances}
        assert kinds >= {"stairs", "bed", "sofa", "window", "lamp"}


def test_furniture_stands_on_the_floor_of_its_room(houses):
    for scene in houses:
        navigator = Navigator(scene.floors[0], 0.18)
        levels = navigator.ground(navigator.sample(np.random.default_rng(2), 400))
        for index, item in enumerate(scene.instances):
            if CLASSES[item.semantic] in ("bed", "sofa", "wardrobe", "desk", "fridge", "toilet"):
                low = scene.vertices[scene.triangles[scene.instance == index]][..., 2].min()
                assert np.abs(levels - low).min() < 0.02, f"{scene.name}: {item.name} floats"


def test_the_same_seed_gives_the_same_bytes(houses):
    assert fingerprint(load_scene(f"house:{SEEDS[0]}")) == fingerprint(houses[0])
    program = f"from navworld.scenes.house import house; print(fingerprint(house({SEEDS[1]})))"
    assert elsewhere(program) == fingerprint(houses[1])
    assert len({scene.rooms for scene in houses}) == len(SEEDS)


@pytest.mark.parametrize("seed", [-1, 1.5, "7"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        house(seed)

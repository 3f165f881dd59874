"""The country is whole, walkable along its paths, and the same for a seed every time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest

from navworld.scenes import load_scene
from navworld.scenes.country import country
from navworld.world.geodesic import DistanceField
from navworld.world.navigability import Navigator
from navworld.world.rays import RayScene, cast
from navworld.world.scene import Scene
from navworld.world.semantics import CLASSES

SEEDS = (0, 1, 2, 20_003)
RADIUS = 0.3


@pytest.fixture(scope="module")
def countries() -> list[Scene]:
    return [country(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def navigators(countries) -> list[Navigator]:
    return [Navigator(scene.floors[0], RADIUS) for scene in countries]


@pytest.fixture(scope="module")
def traced(countries) -> list[RayScene]:
    return [RayScene(scene) for scene in countries]


def fingerprint(scene: Scene) -> str:
    """A hash of everything that a scene is."""
    digest = hashlib.sha256()
    for name in ("vertices", "triangles", "uv", "material", "instance"):
        digest.update(getattr(scene, name).tobytes())
    digest.update(scene.floors[0].clearance.tobytes())
    digest.update(scene.floors[0].heights.tobytes())
    digest.update(repr((scene.name, scene.version, scene.map, scene.sun, scene.sky)).encode())
    for item in scene.materials:
        digest.update(repr((item.name, item.color)).encode())
        digest.update(item.texture.pixels.tobytes() if item.texture is not None else b"-")
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process(countries):
    code = (
        "from tests.scenes.test_country import fingerprint\n"
        "from navworld.scenes.country import country\n"
        f"print(fingerprint(country({SEEDS[1]})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint(countries[1])


def test_seeds_differ_in_relief_woods_and_layout(countries):
    assert len({fingerprint(scene) for scene in countries}) == len(SEEDS)
    relief = [float(scene.floors[0].heights.max()) for scene in countries]
    trees = [sum(i.name in ("beech", "oak", "birch", "spruce", "pine", "maple", "poplar")
                 for i in scene.instances) for scene in countries]  # fmt: skip
    assert max(relief) > 1.3 * min(relief)
    assert len(set(trees)) == len(SEEDS)
    assert load_scene("country:0").name == "country-0"


def test_a_country_is_made_in_seconds(countries):
    start = time.process_time()
    country(7)
    assert time.process_time() - start < 5


def test_everything_that_belongs_to_a_country_is_there(countries):
    for scene in countries:
        names = {CLASSES[label] for label in np.unique(scene.semantic)}
        assert {"terrain", "road", "water", "vegetation", "building", "pole", "sign"} <= names
        assert 100_000 < len(scene.triangles) < 400_000
        floor = scene.floors[0]
        assert (np.array(floor.clearance.shape) * floor.cell >= 150).all()
        assert scene.sun is not None
        assert scene.sky is not None


def test_all_named_places_lie_in_one_component_and_are_reached(countries, navigators):
    for scene, navigator in zip(countries, navigators, strict=True):
        assert navigator.area > 15_000
        assert scene.map is not None
        places = np.array([scene.map.locate(name) for name in scene.map.names])
        near = navigator.snap(places)
        assert np.linalg.norm(near - places, axis=1).max() < 2.5, scene.name
        assert np.isfinite(DistanceField(navigator, near[0]).distance(near)).all()


def test_paths_are_walked_from_end_to_end(countries, navigators):
    for scene, navigator in zip(countries, navigators, strict=True):
        for road in scene.map.roads:
            line = np.array(road.polyline)
            narrow = line[navigator.component(line) != 0]
            assert len(narrow) < 0.1 * len(line) + 2, (scene.name, road.name)
            aside = np.linalg.norm(navigator.snap(narrow) - narrow, axis=1) if len(narrow) else [0]
            assert max(aside) < 0.6, (scene.name, road.name)


def test_the_ground_that_bodies_stand_on_is_the_ground_that_one_sees(countries, navigators, traced):
    for scene, navigator, rays in zip(countries, navigators, traced, strict=True):
        xy = navigator.sample(np.random.default_rng(0), 2000)
        z = navigator.ground(xy)
        start = np.column_stack([xy, z + 0.5]).astype(np.float32)
        t, triangle = cast(rays, start, np.tile(np.float32([0, 0, -1]), (len(xy), 1)))
        seen = np.isin(scene.semantic[triangle], [CLASSES.index(c) for c in ("terrain", "road")])
        assert seen.mean() > 0.97  # the rest is grass
        gap = np.abs(t[seen] - 0.5)
        assert np.quantile(gap, 0.99) < 0.03, scene.name
        assert gap.max() < 0.2


def test_nothing_blocks_the_view_at_a_walkers_eyes(countries, navigators, traced):
    for navigator, rays in zip(navigators, traced, strict=True):
        xy = navigator.sample(np.random.default_rng(1), 500)
        feet = np.column_stack([xy, navigator.ground(xy) + 0.6]).astype(np.float32)
        t, _ = cast(rays, feet, np.tile(np.float32([0, 0, 1]), (len(xy), 1)))
        assert (t > 1.1).all()


def test_slopes_that_are_walked_are_gentle(countries, navigators):
    for navigator in navigators:
        xy = navigator.sample(np.random.default_rng(2), 4000)
        rise = [
            (navigator.ground(xy + step) - navigator.ground(xy - step)) / 0.6
            for step in ((0.3, 0), (0, 0.3))
        ]
        assert np.degrees(np.arctan(np.quantile(np.hypot(*rise), 0.999))) < 25


def test_water_is_not_walked_on_but_the_bridge_is(countries, navigators):
    for scene, navigator in zip(countries, navigators, strict=True):
        names = np.array([item.name for item in scene.instances])[scene.instance]
        middle = scene.vertices[scene.triangles].mean(1)
        water = middle[names == "water"]
        inside = np.abs(water[:, :2]).max(1) < 85
        deck = middle[names == "bridge"]
        near_bridge = np.linalg.norm(water[:, None, :2] - deck[None, :, :2], axis=2).min(1) < 6
        assert not navigator.is_walkable(water[inside & ~near_bridge][:, :2]).any()
        top = deck[deck[:, 2] > deck[:, 2].max() - 0.01][:, :2].mean(0)
        assert navigator.is_walkable(top[None])[0], scene.name
        assert navigator.ground(top[None])[0] == pytest.approx(deck[:, 2].max(), abs=1e-3)


def test_nothing_floats(countries):
    """The foot of every plant, rock and post is below the ground around it."""
    for scene in countries:
        navigator = Navigator(scene.floors[0], 0.05)
        order = np.argsort(scene.instance, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(scene.instance[order]) > 0])
        corners = scene.vertices[scene.triangles[order]]
        low = np.minimum.reduceat(corners.min(1), starts)
        high = np.maximum.reduceat(corners.max(1), starts)
        for k, a, b in zip(scene.instance[order][starts], low, high, strict=True):
            name = scene.instances[k].name
            if name in ("land", "paths", "water", "grass", "bridge", "bridge railing"):
                continue
            middle = 0.5 * (a + b)[:2]
            if np.abs(middle).max() > 85 or (b - a)[:2].max() > 12 or name.startswith("sign"):
                continue
            assert a[2] < navigator.ground(middle[None])[0] + 0.02, (scene.name, name)


def test_textures_are_not_stretched(countries):
    """Within an object, a metre of surface has about the same share of a texture everywhere."""
    for scene in countries:
        corners = scene.vertices[scene.triangles].astype(np.float64)
        world = np.linalg.norm(np.roll(corners, 1, axis=1) - corners, axis=2)
        uv = scene.uv.astype(np.float64)
        texture = np.linalg.norm(np.roll(uv, 1, axis=1) - uv, axis=2)
        area = np.linalg.norm(
            np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
        )
        signs = np.char.startswith([i.name for i in scene.instances], "sign")[scene.instance]
        stretch = (texture / np.maximum(world, 1e-6)).max(1)
        plain = (area > 0.01) & ~signs
        assert stretch[plain].min() > 0.01
        assert np.isfinite(uv).all()


@pytest.mark.parametrize("seed", [-1, 1.5, "3"])
def test_seeds_that_are_none_are_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        country(seed)

"""Mapped places by night: windows go out as it gets late, lamps hang over streets without any."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.scenes.plans.facades import SHAPES, facade
from navworld.scenes.plans.hung_lamps import APART, HEIGHT, NEAREST, hung_lamps
from navworld.scenes.plans.streets import town_scene
from navworld.scenes.plans.town import Town, TownBuilding, TownRoad
from navworld.world.appearance.looks import Lighting, relit
from navworld.world.body import Camera, Robot
from navworld.world.conditions import Conditions
from navworld.world.scene import Scene
from navworld.world.store import Place
from navworld.world.world import World

TRUTHS = ("depth", "semantic", "instance", "triangle", "normals")


def town(lamps: tuple[tuple[float, float], ...] = ()) -> Town:
    """A street from west to east between two rows of houses."""
    import shapely

    roads = [
        TownRoad(np.array([(-90.0, 0.0), (90.0, 0.0)]), "residential", 6.0),
        TownRoad(np.array([(-90.0, -40.0), (90.0, -40.0)]), "motorway", 11.0),
    ]
    houses = [
        TownBuilding(shapely.box(x, y, x + 16, y + 10), 13.0)
        for x in range(-80, 80, 20)
        for y in (8, -20)
    ]
    return Town(roads=roads, buildings=houses, lamps=list(lamps), box=(-100, -60, 100, 60))


@pytest.fixture(scope="module")
def scene() -> Scene:
    return town_scene(town(), name="test-town", version="1")


def lit_share(scene: Scene, hour: float) -> float:
    """Share of the windows' light of all façades that burns at an hour."""
    shown = relit(scene, Lighting(hour=hour), np.ones(len(scene.lamps), bool))
    shares = []
    for k in np.unique(scene.material):
        glow = scene.materials[k].lit
        if glow is None:
            continue
        now = shown.materials[shown.material[np.flatnonzero(scene.material == k)[0]]]
        pixels = now.texture.pixels
        burning = (pixels[..., 3] > 0).sum() if pixels.shape[2] == 4 else 0
        shares.append(burning / glow.pixels[..., :3].any(-1).sum())
    assert len(shares) > 4
    return float(np.mean(shares))


def test_windows_are_lit_in_the_evening_fewer_at_night_and_none_by_day(scene):
    assert lit_share(scene, 12.0) == 0.0
    evening, night, late = (lit_share(scene, hour) for hour in (20.5, 23.5, 3.0))
    assert 0.5 < evening < 0.8
    assert late < 0.6 * night < 0.5 * evening


def test_neighbours_of_one_facade_are_not_lit_alike(scene):
    """The lights extend over several repeats, and houses begin with different ones."""
    shown = relit(scene, Lighting(hour=21.0), np.ones(len(scene.lamps), bool))
    moved = np.unique(np.floor(2 * shown.uv[(shown.uv != scene.uv).any((1, 2))].min(1)), axis=0)
    assert len(moved) >= 3


@pytest.mark.parametrize("style", range(len(SHAPES)))
def test_lamps_burn_behind_the_glass_alone(style):
    wall = facade("clinker", style)
    assert wall.texture is not None and wall.lit is not None
    day, glow = wall.texture.pixels, wall.lit.pixels
    burns = glow[..., :3].any(-1)
    walls = np.abs(np.tile(day, (2, 2, 1)).astype(int) - np.median(day.reshape(-1, 3), axis=0))
    plaster = walls.max(-1) < 8
    assert 0.1 < burns.mean() < 0.6
    assert (burns & plaster).mean() < 0.01
    assert len(np.unique(glow[burns][:, 3])) == 16, "every window has a rank of its own"


def test_night_changes_colours_alone_and_day_changes_nothing(scene):
    place = Place(scene, None)
    world = World(3, Robot(), light="none")
    for row, conditions in enumerate((Conditions(), Conditions(hour=22.0), Conditions(hour=12.0))):
        world.place(row, place, np.array([-30.0, 0.0]), 0.3)
        world.meet(row, conditions)
    camera = Camera(48, 64, far=200.0, position=(0.0, 0.0, 1.6))
    seen = world.view(camera, world.T_world_body(), np.arange(3), ("rgb", *TRUTHS))
    for name in TRUTHS:
        assert (seen[name] == seen[name][0]).all(), name
    walls = seen["semantic"][0] == scene.instances[-1].semantic
    assert walls.any()
    assert not np.array_equal(seen["rgb"][1][walls], seen["rgb"][0][walls])
    np.testing.assert_array_equal(seen["rgb"][2][walls], seen["rgb"][0][walls])


def test_lamps_hang_evenly_over_streets_and_none_over_motorways(scene):
    at = np.array([lamp.position for lamp in scene.lamps])
    assert (at[:, 1] == 0).all() and (at[:, 2] == HEIGHT).all()
    np.testing.assert_allclose(np.diff(np.sort(at[:, 0])), 180 / round(180 / APART), atol=0.01)
    assert all(lamp.dark_only for lamp in scene.lamps)


def test_lamps_that_a_map_names_stand_and_no_others_hang_near_them():
    named = ((-45.0, 4.0), (0.0, 4.0))
    lit = town_scene(town(named), name="test-town", version="1")
    masts = [item for item in lit.instances if item.name == "street lamp"]
    assert len(masts) == len(named)
    at = np.array([lamp.position for lamp in lit.lamps])
    hung = at[len(named) :, :2]
    assert len(hung) > 1
    assert np.linalg.norm(hung[:, None] - np.array(named), axis=-1).min() >= NEAREST


def test_hung_lamps_follow_the_ground():
    lamps = hung_lamps([[(0.0, 0.0), (100.0, 0.0)]], (), lambda x, y: 0.1 * x)
    for lamp in lamps:
        assert lamp.position[2] == pytest.approx(0.1 * lamp.position[0] + HEIGHT, abs=1e-3)


def test_streets_that_meet_do_not_double_their_lamps():
    crossing = [[(-50.0, 0.0), (50.0, 0.0)], [(0.0, -50.0), (0.0, 50.0)]]
    at = np.array([lamp.position[:2] for lamp in hung_lamps(crossing, (), lambda x, y: 0.0)])
    gaps = np.linalg.norm(at[:, None] - at, axis=-1) + 1e9 * np.eye(len(at))
    assert gaps.min() >= NEAREST

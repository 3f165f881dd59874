"""What hour, weather and season do to images, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from navworld.streams import Streams
from navworld.world.appearance.daylight import daylight, sun_direction
from navworld.world.appearance.falling import RAIN, SNOW, in_air
from navworld.world.body import Camera, Robot
from navworld.world.conditions import PLAIN, Conditions, Draw
from navworld.world.mesh import MeshBuilder
from navworld.world.rays import render
from navworld.world.scene import Floor, Lamp, Material, Scene, Sun
from navworld.world.store import Place
from navworld.world.walkable.clearance import clearances
from navworld.world.world import World

TRUTHS = ("depth", "semantic", "instance", "normals", "triangle")
AHEAD = Camera(32, 32, far=100.0)
GRASS, ROAD, LEAF = (0.3, 0.5, 0.2), (0.4, 0.4, 0.4), (0.25, 0.45, 0.15)


def yard() -> Scene:
    """A road between lawns, a roof on posts at x = 4, a hedge at x = 12, a street lamp."""
    b = MeshBuilder()
    ground = b.add_instance("lawn", "terrain")
    road, roof = b.add_instance("road", "road"), b.add_instance("roof", "building")
    hedge, lamp = b.add_instance("hedge", "vegetation"), b.add_instance("lamp", "lamp")
    lawn, asphalt = Material("lawn", GRASS), Material("asphalt", ROAD)
    for x in range(-20, 20, 2):
        for y in range(-20, 20, 2):
            on_road = -4 <= y < 4
            corners = [(x, y, 0), (x + 2, y, 0), (x + 2, y + 2, 0), (x, y + 2, 0)]
            b.quad(corners, asphalt if on_road else lawn, road if on_road else ground)
    b.box((2, -3, 3), (8, 3, 3.2), Material("slate", (0.3, 0.3, 0.35)), roof)
    b.box((12, -8, 0), (13, 8, 1.5), Material("leaves", LEAF), hedge)
    b.box((-2.1, 4.9, 3.9), (-1.9, 5.1, 4.1), Material("bulb", emission=1.0), lamp)
    free = np.pad(np.ones((396, 396), bool), 2)
    return Scene(
        "test-yard",
        **b.arrays(),
        materials=tuple(b.materials),
        instances=tuple(b.instances),
        floors=(Floor((-20.0, -20.0), 0.1, 0.0, clearances(free, 0.1)),),
        lamps=(Lamp((-2.0, 5.0, 3.7), (6.0, 5.4, 4.4), 0.1, dark_only=True),),
        sun=Sun((0.48, -0.6, 0.64), (2.6, 2.5, 2.3)),
    )


@pytest.fixture(scope="module")
def place() -> Place:
    return Place(yard(), None)


def stand(place: Place, *found: Conditions, light: str = "fast", **at: float) -> World:
    """One body for each of some conditions, all at one spot."""
    world = World(len(found), Robot(), light=light)
    xy = np.array([at.get("x", -6.0), at.get("y", 0.0)])
    for row, conditions in enumerate(found):
        world.place(row, place, xy, at.get("yaw", 0.0))
        world.meet(row, conditions, key=7)
    return world


def look(world: World, *outputs: str, camera: Camera = AHEAD) -> dict:
    ids = np.arange(world.num_envs)
    return world.view(camera, world.T_world_body(ids), ids, outputs or ("rgb",))


WEATHER = [
    Conditions(fog=3),
    Conditions(rain=4),
    Conditions(snow=4),
    Conditions(wet=5),
    Conditions(season="autumn"),
    Conditions(hour=20.0),
    Conditions(hour=21.0, fog=1, rain=2, snow=1, season="winter", mirrors=5, shiny=5),
]


def test_plain_conditions_give_the_bytes_of_the_renderer(place):
    world = stand(place, Conditions(), Conditions(fog=0.0))
    seen = look(world, "rgb", "color", *TRUTHS)
    T = world.T_world_body() @ AHEAD.T_body_camera
    which = np.zeros(2, np.int64)
    exact = render(
        [place.rays("fast")], which, T, AHEAD.pattern, tuple(seen), near=AHEAD.near, far=100.0
    )
    assert all(np.array_equal(seen[name], exact[name]) for name in seen)


def test_only_colours_change_and_only_where_the_weather_is(place):
    calm = look(stand(place, PLAIN), "rgb", *TRUTHS)
    mixed = look(stand(place, *WEATHER, PLAIN), "rgb", *TRUTHS)
    for name in TRUTHS:
        assert (mixed[name] == calm[name]).all(), name
    assert np.array_equal(mixed["rgb"][-1], calm["rgb"][0])
    for k, conditions in enumerate(WEATHER):
        assert not np.array_equal(mixed["rgb"][k], calm["rgb"][0]), conditions


def test_a_stormy_neighbour_leaves_the_shared_scene_alone(place):
    state = place.rays("fast").state
    before = state.records.tobytes(), state.atlas.tobytes(), place.scene.material.tobytes()
    look(stand(place, *WEATHER))
    state = place.rays("fast").state
    after = state.records.tobytes(), state.atlas.tobytes(), place.scene.material.tobytes()
    assert before == after


def test_depth_beyond_the_camera_is_still_cut_in_fog(place):
    short = replace(AHEAD, far=8.0)
    fog, calm = Conditions(fog=2), PLAIN
    seen = look(stand(place, fog, calm), "rgb", "depth", camera=short)
    assert np.array_equal(seen["depth"][0], seen["depth"][1])
    assert seen["depth"].max() <= 8.0 and (seen["depth"] == 0).any()


def test_fog_hides_by_beer_and_lambert(place):
    thick = Conditions(fog=4)
    clear, foggy = (look(stand(place, c, light="none"), "color", "depth") for c in (PLAIN, thick))
    grey = Conditions(fog=0.51)
    nearly = look(stand(place, grey, light="none"), "color", "depth")
    way = clear["depth"][0] * np.linalg.norm(AHEAD.pattern.directions, axis=-1)
    ground = (clear["depth"][0] > 0) & (way < 40)
    left = {c: np.exp(-c.extinction * way) for c in (thick, grey)}
    # One unknown colour of the air and one of the surface for each pixel: eliminate the surface.
    air = foggy["color"][0][clear["depth"][0] == 0].mean(0) ** 2
    surface = (nearly["color"][0] ** 2 - air * (1 - left[grey][..., None])) / left[grey][..., None]
    expected = surface * left[thick][..., None] + air * (1 - left[thick][..., None])
    assert np.abs(np.sqrt(expected[ground]) - foggy["color"][0][ground]).max() < 0.02


def test_visibility_is_where_five_percent_are_left():
    assert np.isclose(np.exp(-Conditions(fog=1).extinction * 400.0), np.exp(-3))
    assert Conditions().extinction == 0
    fogs = [Conditions(fog=f).extinction for f in np.linspace(0, 5, 11)]
    assert (np.diff(fogs) > 0).all()


def test_sun_is_high_in_the_south_at_noon_and_in_the_east_in_the_morning():
    noon, morning, night = (sun_direction(h, "spring") for h in (12, 7, 0))
    assert np.isclose(np.linalg.norm(noon), 1)
    assert abs(noon[0]) < 1e-9 and noon[1] < 0
    assert np.isclose(np.degrees(np.arcsin(noon[2])), 90 - 48 + 10)
    assert morning[0] > 0.7 and 0 < morning[2] < noon[2]
    assert night[2] < 0


def test_days_are_bright_dusks_red_and_nights_dark(place):
    hours = [Conditions(hour=h) for h in (12.0, 18.5, 20.0, 0.0)]
    images = look(stand(place, *hours, light="fast"))["rgb"].astype(float)
    brightness = images.mean((1, 2, 3))
    assert brightness[0] > brightness[2] > brightness[3]
    assert brightness[3] < 0.35 * brightness[0]
    horizon = images[:, 13:15].mean((1, 2))
    assert horizon[1, 0] / horizon[1, 2] > 1.1 * horizon[0, 0] / horizon[0, 2]
    low, high = daylight(18.4, None, 0.0, 3.0), daylight(12.0, None, 0.0, 3.0)
    assert low.sun is not None and high.sun is not None
    assert low.sun.power[2] / low.sun.power[0] < high.sun.power[2] / high.sun.power[0]
    assert daylight(0.0, None, 0.0, 3.0).sun is None


def test_street_lamps_burn_at_night_alone(place):
    down = Camera(32, 32, position=(0.0, 0.0, 2.0), pitch_deg=60.0)
    under, night = {"x": -3.0, "y": 5.0}, Conditions(hour=23.0)
    lit = look(stand(place, night, PLAIN, **under), camera=down)["rgb"].astype(float)
    dark = look(stand(place, night, x=-16.0, y=-16.0), camera=down)["rgb"].astype(float)
    assert lit[0].mean() > 2 * dark[0].mean()
    assert lit[0].mean() < lit[1].mean()


def test_snow_covers_what_lies_open_and_spares_what_is_under_a_roof(place):
    cover = place.shelter
    scene = place.scene
    center = scene.vertices[scene.triangles].mean(1)
    below = (center[:, 2] < 0.1) & (np.abs(center[:, 1]) < 2) & (np.abs(center[:, 0] - 5) < 2)
    far = (center[:, 2] < 0.1) & (center[:, 0] < 0)
    assert (cover.sky_share[below] == 0).all() and (cover.sky_share[far] == 1).all()
    snowy, plain = (place.rays("fast") if c is PLAIN else _look(place, c).scene
                    for c in (Conditions(snow=5), PLAIN))  # fmt: skip
    changed = snowy.material != plain.scene.material
    assert changed[far].all() and not changed[below].any()
    side = (cover.up < 0.1) & (scene.semantic != 0)
    assert not changed[side].any()


def _look(place: Place, conditions: Conditions):
    return stand(place, conditions, light="none").scene(0)


def test_looks_share_the_hierarchy_and_their_number_is_bounded(place):
    for hour in np.arange(8.0, 14.0, 0.5):
        assert _look(place, Conditions(hour=float(hour))).mesh is place.rays("none").mesh
    assert len(place._looks) <= 6
    world = stand(place, Conditions(hour=5.0), light="none")
    kept = world.scene(0)
    for hour in np.arange(8.0, 14.0, 0.5):
        _look(place, Conditions(hour=float(hour)))
    assert _look(place, Conditions(hour=5.0)) is kept


def test_leaves_turn_in_autumn_and_roads_do_not(place):
    scene = _look(place, Conditions(season="autumn")).scene
    for name, base, turns in (("hedge", LEAF, True), ("lawn", GRASS, True), ("road", ROAD, False)):
        number = [item.name for item in scene.instances].index(name)
        material = scene.materials[scene.material[scene.instance == number][0]]
        color = np.array(material.color)
        if material.texture is not None:
            color = color * material.texture.pixels.reshape(-1, 3).mean(0) / 255
        assert (color[0] > color[1]) == turns or not turns
        assert np.allclose(color, base, atol=0.01) != turns


def test_drops_fall_where_nothing_is_above_and_repeat_by_key(place):
    center = np.array([5.0, 0.0, 1.5])
    drops = in_air(RAIN, 5.0, 11, 0.0, center, place.shelter)[:, 0]
    under = (np.abs(drops[:, 0] - 5) < 2.9) & (np.abs(drops[:, 1]) < 2.9) & (drops[:, 2] < 2.9)
    assert len(drops) > 500 and not under.any()
    again = in_air(RAIN, 5.0, 11, 0.0, center, place.shelter)[:, 0]
    other = in_air(RAIN, 5.0, 12, 0.0, center, place.shelter)[:, 0]
    assert np.array_equal(drops, again)
    assert not np.array_equal(drops[:100], other[:100])


def test_flakes_stay_in_place_when_the_camera_moves(place):
    a = in_air(SNOW, 3.0, 5, 2.0, np.array([-10.0, 0, 1.0]), place.shelter)[:, 0]
    b = in_air(SNOW, 3.0, 5, 2.0, np.array([-9.5, 0, 1.0]), place.shelter)[:, 0]
    shared = {tuple(p) for p in a.round(6)} & {tuple(p) for p in b.round(6)}
    assert len(shared) > 0.9 * len(a)


def test_flakes_move_with_time_and_not_with_the_order_of_looking(place):
    world = stand(place, Conditions(snow=5))
    first = look(world)["rgb"].copy()
    assert np.array_equal(look(world)["rgb"], first)
    world.time[:] = 0.5
    assert not np.array_equal(look(world)["rgb"], first)


def test_draws_follow_seed_and_episode_and_stay_in_their_ranges():
    draw = Draw({"hour": (6, 20), "fog": (1, 2), "season": ("spring", "autumn"), "visit": (0, 2)})
    streams = Streams(64)
    for k in range(64):
        streams.seed(k, k)
    found = [draw(streams, k) for k in range(64)]
    assert all(6 <= c.hour <= 20 and 1 <= c.fog <= 2 and c.rain == 0 for c in found)
    assert {c.season for c in found} == {"spring", "autumn"}
    assert {c.visit for c in found} == {0, 1, 2}
    alone = Streams(1)
    alone.seed(0, 9)
    assert draw(alone, 0) == found[9]
    alone.episodes[0] = 1
    assert draw(alone, 0) != found[9]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"fog": 6.0}, "fog"),
        ({"hour": -1.0}, "hour"),
        ({"season": "autum"}, "autumn"),
        ({"snow": float("nan")}, "snow"),
    ],
)
def test_impossible_conditions_are_refused(given, names):
    with pytest.raises(ValueError, match=names):
        Conditions(**given)
    with pytest.raises(ValueError, match=names):
        Draw(given)


def test_misspelt_conditions_name_the_nearest():
    with pytest.raises(TypeError, match="fog"):
        Draw({"fogg": 1.0})
    with pytest.raises(ValueError, match="low, high"):
        Draw({"fog": (3, 1)})


def test_state_brings_back_the_weather(place):
    world = stand(place, Conditions(snow=4, hour=9.0), PLAIN)
    before = look(world)["rgb"].copy()
    state = world.state()
    world.meet(0, PLAIN)
    world.meet(1, Conditions(fog=5))
    assert not np.array_equal(look(world)["rgb"], before)
    world.load(state)
    assert np.array_equal(look(world)["rgb"], before)

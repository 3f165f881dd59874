"""Thermal camera: physics by hand, darkness, and the statistics of its noise."""

import numpy as np
import pytest

from navworld.sensors.thermal import PRESETS, Imager, ThermalCamera, heat_of
from navworld.world.body import Camera
from navworld.world.temperatures import Climate
from tests.sensors.fields import LENGTH, begin, hall, measure, rest, seeded, stand
from tests.sensors.people import pass_by

CAMERA = Camera(32, 32, 60.0)
EVEN = Climate(indoor=20.0, outdoor=20.0, gradient=0.0, spread=0.0)
EMPTY = hall()
SOURCES = hall(
    ("person", "wool", (4.0, 3.5, 0.0), (4.4, 4.5, 1.8)),
    ("window", "window view", (6.0, 7.9, 0.5), (8.0, 8.0, 2.0)),
)


def look(sensor, place, *poses, seed=0):
    world = stand(place, *poses)
    streams = begin(sensor, world, seeded(len(poses), seed))
    return measure(sensor, world, streams)["thermal"][..., 0]


def test_a_room_as_warm_as_its_air_is_seen_at_that_temperature():
    seen = look(ThermalCamera(CAMERA, climate=EVEN), EMPTY, (6.0, 4.0, 0.7))
    assert np.abs(seen - 20.0).max() < 1e-3


def test_people_are_warmer_than_the_room_and_reflect_a_little_of_it():
    seen = look(ThermalCamera(CAMERA, climate=EVEN), SOURCES, (2.0, 4.0, 0.0))[0]
    heat = heat_of(SOURCES, EVEN)
    own = heat.surface[SOURCES.scene.instance == 3][0]
    assert 29.0 < own < 34.0
    kelvin = 0.90 * (own + 273.15) ** 4 + 0.10 * 293.15**4  # emissivity of cloth
    assert seen[16, 16] == pytest.approx(kelvin**0.25 - 273.15, abs=0.01)


def test_people_who_walk_about_are_warm():
    world = stand(EMPTY, (2.0, 4.0, 0.0))
    sensor = ThermalCamera(CAMERA, climate=EVEN)
    streams = begin(sensor, world, seeded(1))
    instance = pass_by(world, (4.5, 4.0))
    ids = np.arange(1)
    person = world.view(CAMERA, world.T_world_body(), ids, ("instance",))["instance"] == instance
    seen = measure(sensor, world, streams)["thermal"][..., 0]
    kelvin = 0.90 * (31.5 + 273.15) ** 4 + 0.10 * 293.15**4
    assert person.sum() > 50
    assert seen[person] == pytest.approx(kelvin**0.25 - 273.15, abs=0.01)
    assert np.abs(seen[~person] - 20.0).max() < 1e-3


def test_polished_metal_looks_like_the_room_whatever_its_temperature():
    place = hall(("oven", "chrome", (4.0, 0.5, 0.0), (4.6, 1.5, 1.8)), name="chrome")
    heat_of(place, EVEN).surface[place.scene.instance == 3] = 80.0
    seen = look(ThermalCamera(CAMERA, climate=EVEN), place, (2.0, 1.0, 0.0))[0, 16, 16]
    kelvin = 0.06 * 353.15**4 + 0.94 * 293.15**4
    assert seen == pytest.approx(kelvin**0.25 - 273.15, abs=0.01)
    assert seen < 26.0


def test_outer_walls_and_panes_follow_the_surface_resistance_of_iso_6946():
    climate = Climate(indoor=20.0, outdoor=-10.0, gradient=0.0, spread=0.0)
    heat, scene = heat_of(SOURCES, climate), SOURCES.scene
    pane = scene.instance == 4
    assert heat.surface[pane] == pytest.approx(20 - 1.6 * 0.13 * 30, abs=1e-4)
    walls = heat.surface[(scene.instance == 0) & (heat.follows > 0)]
    assert walls.min() == pytest.approx(20 - 0.8 * 0.13 * 30, abs=1e-4)
    facade = heat.surface[(scene.instance == 0) & (heat.follows == 0)]
    assert facade == pytest.approx(-10.0)


def test_the_air_is_warmer_above_than_below():
    climate = Climate(indoor=20.0, outdoor=20.0, gradient=2.0, spread=0.0)
    seen = look(ThermalCamera(CAMERA, climate=climate), EMPTY, (LENGTH - 3.0, 4.0, 0.0))[0]
    rise = 2 * np.tan(np.radians(30)) * (3 - 0.12) / 32  # metres per row just before the wall
    middle = seen[12:20].mean(1)
    expected = 20 + 0.92 * 2.0 * (0.88 + rise * (15.5 - np.arange(12, 20)) - 1.1)
    assert middle == pytest.approx(expected, abs=0.02)


def test_windows_chill_the_wall_around_them():
    climate = Climate(indoor=20.0, outdoor=-10.0, gradient=0.0, spread=0.0)
    camera = Camera(32, 64, 110.0)
    seen = look(ThermalCamera(camera, climate=climate), SOURCES, (7.0, 5.0, np.pi / 2))[0]
    wall = (SOURCES.scene.instance == 0)[_triangles(SOURCES, camera, (7.0, 5.0, np.pi / 2))]
    row = seen[14][wall[14]]
    assert row.min() < row.max() - 0.5


def _triangles(place, camera, pose):
    world = stand(place, pose)
    return world.render(camera, "triangle", np.zeros(1, int))[0]


def test_light_has_no_part_in_it():
    world = stand(SOURCES, (2.0, 4.0, 0.0))
    sensor = ThermalCamera(CAMERA, preset="lepton-3.5")
    streams = begin(sensor, world)
    bright = measure(sensor, world, streams)["thermal"]
    world.gain[:] = 0.0
    world.step(np.zeros((1, 3)))
    world.time[:] = 0.0
    dark = measure(sensor, world, streams)["thermal"]
    assert np.array_equal(bright, dark)


def test_white_noise_is_the_netd():
    world = stand(EMPTY, (6.0, 4.0, 0.0))
    sensor = ThermalCamera(Camera(64, 64), imager=Imager(netd=0.05), climate=EVEN)
    streams = begin(sensor, world)
    frames = []
    for _ in range(20):
        frames.append(measure(sensor, world, streams)["thermal"][0])
        rest(world, streams)
    noise = np.array(frames) - 20.0
    assert noise.std() == pytest.approx(0.05, rel=0.01)
    assert abs(noise.mean()) < 0.05 / np.sqrt(noise.size) * 4
    neighbours = np.corrcoef(noise[:, :, :-1].ravel(), noise[:, :, 1:].ravel())[0, 1]
    assert abs(neighbours) < 0.02
    later = np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]
    assert abs(later) < 0.02


def test_fixed_pattern_stays_until_the_flat_field_is_corrected():
    world = stand(EMPTY, (6.0, 4.0, 0.0))
    imager = Imager(column_std=0.2, row_std=0.1, pixel_std=0.05, ffc_interval=5.0)
    sensor = ThermalCamera(Camera(64, 64), imager=imager, climate=EVEN)
    streams = begin(sensor, world)
    first = measure(sensor, world, streams)["thermal"][0, ..., 0]
    rest(world, streams, 9)  # 4.5 s
    assert np.allclose(measure(sensor, world, streams)["thermal"][0, ..., 0], first, atol=1e-5)
    rest(world, streams, 1)
    after = measure(sensor, world, streams)["thermal"][0, ..., 0]
    assert abs(np.corrcoef(first.ravel(), after.ravel())[0, 1]) < 0.5
    columns, rows = (first.mean(axis) - first.mean() for axis in (0, 1))
    assert columns.std() == pytest.approx(0.2, rel=0.3)
    assert rows.std() == pytest.approx(0.1, rel=0.3)
    pixels = first - first.mean() - columns - rows[:, None]
    assert pixels.std() == pytest.approx(0.05, rel=0.05)


def test_the_pattern_grows_between_corrections():
    world = stand(EMPTY, *[(6.0, 4.0, 0.0)] * 4)
    imager = Imager(pixel_std=0.01, drift=0.5, ffc_interval=10.0)
    sensor = ThermalCamera(Camera(64, 64), imager=imager, climate=EVEN)
    streams = begin(sensor, world)
    spread = []
    for _ in range(20):
        spread.append(measure(sensor, world, streams)["thermal"].std())
        rest(world, streams)
    assert spread[0] == pytest.approx(0.01, rel=0.05)
    assert spread[10] == pytest.approx(0.25, rel=0.05)
    assert spread[19] == pytest.approx(0.475, rel=0.05)
    assert measure(sensor, world, streams)["thermal"].std() == pytest.approx(0.01, rel=0.05)


def test_temperatures_are_the_same_every_time_and_differ_between_things():
    boxes = [("person", "wool", (x, 3.5, 0.0), (x + 0.4, 4.5, 1.8)) for x in (2.0, 4.0, 6.0)]
    places = [hall(*boxes), hall(*boxes)]
    a, b = (heat_of(place, Climate()).surface for place in places)
    assert np.array_equal(a, b)
    people = [a[places[0].scene.instance == k][0] for k in (3, 4, 5)]
    assert len(set(people)) == 3


def test_a_preset_gives_its_device_and_its_range():
    sensor = ThermalCamera(preset="lepton-3.5")
    assert sensor.space["thermal"].shape == (120, 160, 1)
    assert sensor.camera.fov_deg == 57
    assert sensor.space["thermal"].low.min() == -10
    assert PRESETS["boson-320"].width == 320


def test_automatic_gain_fills_eight_bits():
    seen = look(ThermalCamera(CAMERA, preset="lepton-3.5", agc=True), SOURCES, (2.0, 4.0, 0.0))
    assert seen.dtype == np.uint8
    assert seen.max() == 255
    assert seen.min() == 0


def test_a_subset_reads_the_same_as_the_whole_batch():
    world = stand(SOURCES, (2.0, 4.0, 0.0), (3.0, 2.0, 1.0), (6.0, 5.0, 2.0))
    sensor = ThermalCamera(CAMERA, preset="lepton-3.5")
    streams = begin(sensor, world)
    whole = measure(sensor, world, streams)["thermal"]
    part = measure(sensor, world, streams, [2, 0])["thermal"]
    assert np.array_equal(part, whole[[2, 0]])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"preset": "lepton3.5"}, "did you mean 'lepton-3.5'"),
        ({"imager": Imager(netd=-0.05)}, "netd=-0.05"),
        ({"imager": Imager(ffc_interval=0.0)}, "ffc_interval=0.0"),
        ({"imager": Imager(low=100.0, high=0.0)}, "low < high"),
        ({"imager": Imager(drift=0.1)}, "needs column_std"),
        ({"preset": "lepton-3.5", "imager": Imager()}, "not both"),
    ],
)
def test_impossible_parameters_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        ThermalCamera(**arguments)


def test_an_impossible_climate_is_refused():
    with pytest.raises(ValueError, match="indoor=nan"):
        Climate(indoor=float("nan"))

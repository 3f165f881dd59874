"""The gallery: everything in the registries is on the page, and colours mean what legends say."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from navworld import scenes
from navworld.envs.gallery import gallery
from navworld.envs.gallery.driving import LAST_STEPS, ROBOT, Drive
from navworld.envs.gallery.page import _apart
from navworld.envs.gallery.worlds import Shown
from navworld.sensors import make_sensor
from navworld.viz.captions import sheet
from navworld.viz.legends import Scale, Wheel, class_legend
from navworld.viz.panels import Picture, Readings, panels
from navworld.viz.plots import HEIGHT, WIDTH, Plot, raster, svg
from navworld.viz.viewpoints import eyes, from_above, is_roofed, standpoints, without_roof
from navworld.world.body import Camera, Robot
from navworld.world.rays import RayScene, cast
from navworld.world.semantics import class_colors, class_id
from navworld.world.store import Place
from tests.rooms import two_rooms

SENSORS = ("rgb", "depth", "semantic", "flow", "laser", "radar", "imu", "wifi", "bump")


def made_up(seed: int):
    """A family that nobody has heard of."""
    return two_rooms(seed)


def broken(seed: int):
    raise ValueError(f"seed {seed} cannot be built")


class Links(HTMLParser):
    """Collects what a page links to, and what it calls its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "img" and attributes.get("src"):
            self.sources.append(attributes["src"])
        if tag == "a":
            self.targets.append(attributes["href"])
        if "id" in attributes:
            self.ids.append(attributes["id"])


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The gallery of a family added here, of one that fails, and of some sensors."""
    folder = tmp_path_factory.mktemp("gallery")
    patch = pytest.MonkeyPatch()
    patch.delenv("NAVWORLD_DATA", raising=False)
    families = {"madeup": f"{__name__}:made_up", "broken": f"{__name__}:broken"}
    for name in list(scenes.FAMILIES):
        patch.delitem(scenes.FAMILIES, name)
    for name, function in families.items():
        patch.setitem(scenes.FAMILIES, name, function)
    patch.setattr(scenes, "import_module", lambda _: __import__("sys").modules[__name__])
    patch.setattr(
        "navworld.envs.gallery.worlds.import_module",
        lambda _: __import__("sys").modules[__name__],
    )
    try:
        result = gallery(folder, size=96, seeds=1, sensors=SENSORS)
    finally:
        patch.undo()
    return folder, (folder / "index.html").read_text(), result


def test_a_family_added_to_the_registry_appears_by_day_night_fog_rain_and_from_above(page):
    _, text, result = page
    for words in ("from above", "at eye height", "by night", "in fog", "in rain"):
        assert f"madeup:0 {words}" in text
    assert result.metrics["worlds"].value == 1


def test_every_sensor_asked_for_is_named_by_the_call_that_gives_it(page):
    _, text, _ = page
    for name in SENSORS:
        assert f"sensors=(&quot;{name}&quot;,)" in text


def test_every_picture_exists_and_nothing_comes_from_elsewhere(page):
    folder, text, _ = page
    links = Links()
    links.feed(text)
    assert len(links.sources) > 15
    for source in links.sources:
        assert cv2.imread(str(folder / source)) is not None, source
    assert not re.search(r"(src|href)='?\"?(https?:)?//", text)


def test_every_link_of_the_contents_leads_somewhere(page):
    _, text, _ = page
    links = Links()
    links.feed(text)
    assert len(set(links.ids)) == len(links.ids)
    assert {target[1:] for target in links.targets} <= set(links.ids)


def test_a_place_that_fails_is_listed_and_fails_the_check(page):
    _, text, result = page
    assert "seed 0 cannot be built" in text
    assert result.checks == {"everything could be shown": False}


@pytest.mark.parametrize(
    ("given", "message"),
    [({"size": 8}, "size=8"), ({"seeds": 0}, "seeds=0"), ({"size": 96}, "unknown sensor")],
)
def test_mistakes_are_refused_or_listed(given, message, tmp_path):
    if "unknown" in message:
        gallery(tmp_path, scenes=[two_rooms(3)], sensors=["rgbb"], **given)  # type: ignore[list-item]
        assert message in (tmp_path / "index.html").read_text()
    else:
        with pytest.raises(ValueError, match=message):
            gallery(tmp_path, **given)


def test_a_scale_shows_its_ends_in_the_end_colours_of_its_ramp():
    scale = Scale(2.0, 5.0, "m")
    ramp = scale.ramp(256)
    np.testing.assert_array_equal(scale.colors(np.array([2.0, 5.0, 9.0])), ramp[[0, 255, 255]])


def test_what_is_unknown_is_drawn_in_a_colour_of_no_scale():
    known = np.array([True, False])
    drawn = Scale(0.0, 1.0).colors(np.array([0.5, 0.5]), known)
    assert tuple(drawn[1]) == (38, 42, 50)
    assert tuple(drawn[0]) != tuple(drawn[1])


def test_the_wheel_is_white_at_rest_and_red_to_the_right():
    drawn = Wheel(10.0, "px").colors(np.array([[0.0, 0.0], [10.0, 0.0]]))
    assert drawn.tolist() == [[255, 255, 255], [255, 0, 0]]


def test_the_class_legend_names_classes_in_their_colours_the_largest_first():
    image = np.full((4, 4), class_id("wall"))
    image[0, 0], image[1, 1] = class_id("chair"), 0
    legend = class_legend(image)
    assert [name for name, _ in legend.entries] == ["wall", "chair"]
    assert legend.entries[1][1] == tuple(class_colors()[class_id("chair")])


def test_a_plot_puts_a_straight_line_on_a_straight_line_as_svg_and_as_pixels():
    plot = Plot("line", {"a": np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])}, y="m")
    points = re.search(r"points='([^']+)'", svg(plot))
    assert points
    u, v = np.array([p.split(",") for p in points[1].split()], float).T
    assert np.all(np.diff(u) > 0) and np.all(np.diff(v) < 0)
    assert abs((v[1] - v[0]) - (v[2] - v[1])) < 0.2
    image = raster(plot, scale=1)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert tuple(image[round(v[1]), round(u[1])]) == (0x4C, 0x8D, 0xFF)


def test_a_sensor_nobody_has_drawn_is_drawn_by_the_shape_of_its_readings():
    seen = [{"new": np.array([k, -k], np.float32), "image": np.eye(16)} for k in range(5)]
    curve, picture = panels(Readings(None, np.arange(5.0), seen))
    assert isinstance(curve, Plot) and len(curve.curves) == 2
    np.testing.assert_allclose(curve.curves["1"][:, 1], [0, -1, -2, -3, -4])
    assert isinstance(picture, Picture) and picture.image.shape == (16, 16, 3)


def test_a_sheet_is_as_wide_as_asked_and_holds_legends():
    depth = Picture("depth", np.zeros((30, 40, 3), np.uint8), Scale(0.0, 3.0, "m"))
    plain = Picture("rgb", np.zeros((30, 40, 3), np.uint8))
    assert sheet([depth], 200).shape[1] == 200
    assert sheet([depth], 200).shape[0] > sheet([plain], 200).shape[0]


@pytest.fixture(scope="module")
def rooms() -> Place:
    return Place(two_rooms(), None)


def test_from_above_a_room_has_no_ceiling_but_its_floor(rooms):
    kept = without_roof(rooms, Robot())
    scene = rooms.scene
    z = scene.vertices[scene.triangles][..., 2]
    assert is_roofed(rooms, Robot())
    assert not kept[(z > 2.4).all(1)].any()
    assert kept[(z < 0.01).all(1)].all()


def test_from_above_every_level_of_a_house_is_open():
    house, robot = Place(scenes.load_scene("house:0"), None), Robot()
    kept = without_roof(house, robot)
    part = replace(
        house.scene,
        **{k: getattr(house.scene, k)[kept] for k in ("triangles", "uv", "material", "instance")},
    )
    stands = eyes(house, robot)
    assert np.ptp(stands[:, 2]) > 2.0
    high = stands + np.array([0.0, 0.0, 20.0])
    down = np.tile([0.0, 0.0, -1.0], (len(high), 1))
    fall = cast(RayScene(part), high, down)[0] - 20.0
    assert (fall > 0.3).mean() > 0.85, "what is seen lies below the eyes, not a ceiling"


def test_the_drive_ends_in_contact(rooms):
    found = Shown(
        "rooms", rooms, standpoints(rooms, Robot(), np.random.default_rng(0), 1), True, []
    )
    drive = Drive.through(found, size=96, light="none")
    touched = drive.measure(make_sensor("bump", drive.camera, ROBOT)).seen
    assert any(np.any(seen["bump"]) for seen in touched[-LAST_STEPS:])
    assert not any(np.any(seen["bump"]) for seen in touched[:-LAST_STEPS])


@pytest.mark.parametrize(("low", "high"), [(4.98, 5.02), (0.0, 9.17), (-0.52, 0.52)])
def test_the_ends_of_a_scale_can_be_told_apart(low, high):
    assert len(set(_apart(low, (low + high) / 2, high))) == 3


def test_from_above_the_floor_is_seen_and_nothing_is_around_the_place(rooms):
    image = from_above(rooms, Robot(), light="none", size=(90, 120))
    assert image.shape == (90, 120, 4)
    assert (image[[0, -1], :, 3] == 0).all()
    assert (image[..., 3] == 255).mean() > 0.3


def test_standpoints_can_be_stood_at_and_do_not_face_a_wall(rooms):
    robot = Robot()
    stands = standpoints(rooms, robot, np.random.default_rng(0), 3)
    navigator = rooms.navigator(robot.radius)
    assert navigator.is_walkable(stands[:, :2]).all()
    x, y, yaw = stands[0]
    ahead = np.array([[x + 0.5 * np.cos(yaw), y + 0.5 * np.sin(yaw)]])
    assert navigator.clearance(ahead)[0] > 0


def test_ranges_from_above_lie_where_the_walls_are():
    camera, robot = Camera(), Robot()
    laser = make_sensor("laser", camera, robot)
    ranges = np.full((1, laser.directions.shape[1]), 2.0, np.float32)  # type: ignore[attr-defined]
    (picture,) = panels(Readings(laser, np.zeros(1), [{"laser": ranges}]))
    assert isinstance(picture, Picture)
    across = float(picture.note.split()[0])
    v, u = np.nonzero((picture.image == 235).all(-1))
    side = picture.image.shape[0]
    radius = np.hypot(u - side / 2, v - side / 2) * across / side
    assert 1.6 < np.median(radius) < 2.4

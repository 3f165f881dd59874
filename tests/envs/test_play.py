"""Driving by hand: the session without a screen, the model of the place, the page in a browser."""

from __future__ import annotations

import json
import re
import struct
import sys
import time
import urllib.request

import cv2
import numpy as np
import pytest

from navworld.cli import main
from navworld.envs.play import keys
from navworld.envs.play.session import BELIEF, TRUTH, Session
from navworld.sensors import SENSOR_NAMES
from navworld.viz.ground import GroundMap
from navworld.viz.model import scene_glb
from navworld.viz.painting import painted
from navworld.viz.panels import Picture
from navworld.world.body import Robot
from navworld.world.conditions import Conditions
from navworld.world.light import bake
from navworld.world.movers import Movers
from navworld.world.scene import LIGHT_GAMMA, LIGHT_WHITE
from navworld.world.store import Place
from tests.envs.browser import CHROMIUM, browser
from tests.rooms import two_rooms


def drive(**given) -> Session:
    """A session in a small home."""
    return Session(two_rooms(), size=96, light="none", **given)  # type: ignore[arg-type]


def test_a_velocity_step_forward_moves_a_tenth_of_a_second_ahead():
    session = drive()
    before = session.truth[-1]
    session.act((1.0, 0.0))
    moved = np.linalg.norm(session.truth[-1][:2, 3] - before[:2, 3])
    assert moved <= 0.1 + 1e-9
    assert session.world.time[0] == pytest.approx(0.1)


def test_discrete_actions_turn_by_thirty_degrees():
    session = drive(mode="discrete")
    before = session.world.yaw[0]
    session.act("left")
    assert np.degrees(session.world.yaw[0] - before) % 360 == pytest.approx(30.0)


def test_resting_is_not_arriving_but_stop_ends_the_episode():
    session = drive()
    for _ in range(3):
        session.wait()
    assert not session.over
    assert session.world.time[0] == pytest.approx(0.3)
    session.act("stop")
    assert session.over
    assert session.told()["episode"] == "ended away from the goal"


def test_who_stops_at_the_goal_has_arrived():
    session = drive()
    session.world.carry_off(0, session.goal[:2], 0.0)
    session.act("stop")
    assert session.told()["episode"] == "arrived"


def test_the_belief_starts_at_the_truth_and_wanders_from_it():
    session = drive()
    np.testing.assert_allclose(session.belief[0], session.truth[0], atol=1e-6)
    for _ in range(40):
        session.act((0.6, 0.7))
    apart = np.linalg.norm(session.belief[-1][:2, 3] - session.truth[-1][:2, 3])
    assert 0 < apart < 1.0
    assert len(session.truth) == len(session.belief) == 41


@pytest.mark.parametrize("sensor", SENSOR_NAMES)
def test_any_sensor_can_be_chosen_in_the_middle_of_a_drive(sensor):
    session = Session(two_rooms(), size=64, light="none", max_speed=0.1)  # type: ignore[arg-type]
    session.act("forward")
    session.look(sensor)
    session.act("left")
    drawn = session.frame()
    assert drawn
    assert all(p.image.dtype == np.uint8 for p in drawn if isinstance(p, Picture))


def test_switching_actions_goes_on_from_the_same_pose_and_the_same_belief():
    session = drive()
    for _ in range(5):
        session.act((1.0, 0.5))
    pose, belief = session.truth[-1], session.belief[-1]
    session.switch("discrete")
    np.testing.assert_array_equal(session.world.T_world_body()[0], pose)
    session.act("stop")
    np.testing.assert_allclose(session.truth[-1], pose)
    np.testing.assert_allclose(session.belief[-1], belief, atol=1e-5)


def test_the_same_seed_is_the_same_drive():
    ends = []
    for _ in range(2):
        session = drive(seed=5)
        for k in range(12):
            session.act((0.8, 0.4 if k % 2 else -0.1))
        ends.append((session.truth[-1], session.belief[-1], session.goal))
    for a, b in zip(*ends, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weather_changes_what_one_sees_and_not_where_one_is():
    session = drive()
    clear, pose = session.eyes(), session.truth[-1]
    session.meet(Conditions(fog=5.0))
    assert np.abs(session.eyes().astype(int) - clear).mean() > 3
    np.testing.assert_array_equal(session.world.T_world_body()[0], pose)
    session.meet(Conditions())
    np.testing.assert_array_equal(session.eyes(), clear)


def test_people_walk_while_one_waits():
    session = drive(movers=Movers(people=2))
    before = [T for kind, T in session.others() if kind == "person"]
    for _ in range(30):
        session.wait()
    after = [T for kind, T in session.others() if kind == "person"]
    assert len(before) == len(after) > 0
    assert max(np.abs(b - a).max() for a, b in zip(before, after, strict=True)) > 0.1


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda s: s.act("forwart"), "did you mean 'forward'"),
        (lambda s: s.look("rgbb"), "did you mean 'rgb'"),
        (lambda s: s.switch("discreet"), "did you mean 'discrete'"),
        (lambda s: s.load("apartment:0-3"), "names 4 scenes"),
        (lambda s: s.load("castle:1"), "unknown scene family"),
        (lambda s: Session(two_rooms(), size=8), "size=8"),
    ],
)
def test_mistakes_get_a_sentence_and_the_drive_goes_on(do, message):
    session = drive()
    with pytest.raises(ValueError, match=re.escape(message)):
        do(session)
    session.act("forward")


def test_the_map_shows_the_body_where_it_is_and_the_floor_around_it():
    place, robot = Place(two_rooms(), None), Robot()
    window = GroundMap(place, robot, light="none").around(np.array([2.0, 2.5]), 300)
    metre = window.side / window.across
    window.body(np.eye(4) + 0, TRUTH)
    T = np.eye(4)
    T[:2, 3] = 6.0, 1.0
    window.body(T, BELIEF)
    v, u = np.nonzero((window.image == BELIEF).all(-1))
    assert abs(u.mean() - (window.side / 2 + (6.0 - window.middle[0]) * metre)) < 4
    assert abs(v.mean() - (window.side / 2 - (1.0 - window.middle[1]) * metre)) < 4


def test_the_atlas_shows_what_light_and_material_make_of_a_surface():
    scene = two_rooms()
    light = bake(scene, quality="fast")
    atlas, places = painted(scene, light)
    floor = np.flatnonzero(scene.instance == 1)[0]
    at = places[floor].mean(0) * np.array(atlas.shape[1::-1])
    texel = light.uv[floor].mean(0)
    lit = light.texels[int(texel[1]), int(texel[0])].astype(float)
    wanted = np.array([0.7, 0.5, 0.35]) * lit * LIGHT_WHITE ** (1 / LIGHT_GAMMA)
    np.testing.assert_allclose(atlas[int(at[1]), int(at[0])], np.minimum(wanted, 255), atol=6)


def test_the_model_is_a_sound_glb_with_every_triangle_that_was_kept():
    import trimesh

    scene = two_rooms()
    kept = np.arange(len(scene.triangles)) % 2 == 0
    data = scene_glb(scene, bake(scene, quality="fast"), kept)
    magic, version, length = struct.unpack("<4sII", data[:12])
    assert (magic, version, length) == (b"glTF", 2, len(data))
    tree = json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])
    assert tree["accessors"][0]["count"] == 3 * kept.sum()
    loaded = trimesh.load(trimesh.util.wrap_as_stream(data), file_type="glb", process=False)
    corners = np.concatenate([g.triangles for g in loaded.geometry.values()])  # type: ignore[union-attr]
    np.testing.assert_allclose(corners, scene.vertices[scene.triangles[kept]], atol=1e-6)


def test_every_key_has_a_button_and_the_script_names_both():
    text = keys.script()
    assert set(keys.KEYS.values()) == set(keys.LABELS)
    for label in keys.LABELS.values():
        assert json.dumps(label) in text
    assert "%" not in text


def test_without_viser_there_is_one_sentence_with_the_remedy(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "viser", None)
    monkeypatch.delitem(sys.modules, "navworld.envs.play.viewer", raising=False)
    assert main(["play"]) == 2
    told = capsys.readouterr().err
    assert 'pip install "navworld[viz]"' in told
    assert len(told.strip().splitlines()) == 1


@pytest.fixture
def viewer():
    pytest.importorskip("viser", reason="needs viser: pip install 'navworld[viz]'")
    from navworld.envs.play.viewer import Viewer

    shown = Viewer(Session(two_rooms(), size=96, light="fast"), port=18_190)  # type: ignore[arg-type]
    yield shown
    shown.close()


def test_the_page_is_served_from_this_machine_alone(viewer):
    with urllib.request.urlopen(f"http://127.0.0.1:{viewer.port}") as answer:
        page = answer.read().decode()
    assert "<html" in page
    assert not re.search(r"<(script|link)[^>]+(src|href)=.https?://", page)


def test_a_wanted_action_is_one_step_however_often_it_was_asked_for(viewer):
    for _ in range(5):
        viewer._drive("left")
    assert viewer.work()
    assert viewer.session.world.time[0] == pytest.approx(0.1)
    assert not viewer.work()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on the path")
def test_in_a_browser_the_place_is_seen_and_a_held_key_drives(viewer, tmp_path):
    def work(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            viewer.work(timeout=0.1)

    with browser(f"http://127.0.0.1:{viewer.port}", tmp_path) as page:
        work(12.0)
        page.wait_for("document.querySelectorAll('img').length >= 2 && !!window.navworldKeys")
        work(3.0)
        picture = page.picture()
        cv2.imwrite(str(tmp_path / "page.png"), picture[..., ::-1])
        stage = picture[:, : picture.shape[1] // 2]
        assert len(np.unique(stage.reshape(-1, 3), axis=0)) > 200
        before = viewer.session.world.time[0]
        page.call("Input.dispatchKeyEvent", type="keyDown", code="KeyW", key="w")
        work(3.0)
        page.call("Input.dispatchKeyEvent", type="keyUp", code="KeyW", key="w")
        work(2.0)
        driven = viewer.session.world.time[0]
        assert driven > before
        work(2.0)
        assert viewer.session.world.time[0] == driven

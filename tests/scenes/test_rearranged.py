"""Furniture moved between visits: what moves, what stays, and that nothing runs into anything."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.envs.verify.conditions import _piercing
from navworld.scenes import load_scene
from navworld.scenes.rearranged import displaced, rearranged, rearranged_ref
from navworld.world.conditions import Conditions
from navworld.world.navigability import Navigator
from navworld.world.scene import Scene
from navworld.world.semantics import class_id
from navworld.world.store import SceneRef

STAYS = ("wall", "floor", "ceiling", "door", "window", "kitchen counter", "bathtub", "toilet")


@pytest.fixture(scope="module")
def home() -> Scene:
    return load_scene("apartment:12")


@pytest.fixture(scope="module")
def other(home: Scene) -> Scene:
    return rearranged(home, 3.0, 1)


def test_nothing_moves_at_severity_0(home):
    assert rearranged(home, 0.0) is home
    ref = SceneRef("home", lambda: home)
    assert rearranged_ref(ref, Conditions(visit=3)) is ref


def test_same_visit_same_bytes_and_another_visit_another_place(home, other):
    again, later = rearranged(home, 3.0, 1), rearranged(home, 3.0, 2)
    assert np.array_equal(again.vertices, other.vertices)
    assert not np.array_equal(later.vertices, other.vertices)
    assert len({home.name, other.name, later.name}) == 3


def test_severity_is_the_share_that_moves(home):
    counts = [displaced(home, rearranged(home, s)).sum() for s in (1.0, 3.0, 5.0)]
    assert 0 < counts[0] < counts[1] < counts[2]


def test_numbers_stay_and_so_does_the_building(home, other):
    for name in ("triangles", "uv", "material", "instance"):
        assert getattr(other, name) is getattr(home, name)
    assert other.instances == home.instances
    moved = displaced(home, other)
    fixed = [item.semantic in {class_id(n) for n in STAYS} for item in home.instances]
    assert moved.any() and not (moved & np.array(fixed)).any()


def test_things_keep_their_shape_and_their_height(home, other):
    for item in np.flatnonzero(displaced(home, other)):
        own = np.unique(home.triangles[home.instance == item])
        a, b = home.vertices[own].astype(float), other.vertices[own].astype(float)
        assert np.allclose(a[:, 2], b[:, 2], atol=2e-6)
        gaps = [np.linalg.norm(p - p[0], axis=1) for p in (a, b)]
        assert np.allclose(*gaps, atol=1e-5)
        assert 0.05 < np.linalg.norm(b[:, :2].mean(0) - a[:, :2].mean(0)) < 4


def test_nothing_is_pushed_into_anything(home, other):
    assert list(_piercing(home, other)) == []


def test_the_check_for_piercing_finds_a_chair_in_a_wall(home):
    chair = next(k for k, item in enumerate(home.instances) if item.name == "dining chair")
    own = np.unique(home.triangles[home.instance == chair])
    vertices = home.vertices.copy()
    wall = home.vertices[home.triangles[home.semantic == class_id("wall")]].reshape(-1, 3)
    x = wall[:, 0].min() - vertices[own, 0].mean()
    vertices[own, 0] += x
    from dataclasses import replace

    assert list(_piercing(home, replace(home, vertices=vertices)))


def test_the_floor_is_free_where_it_says_and_every_room_can_be_reached(home, other):
    before, after = Navigator(home.floors[0], 0.18), Navigator(other.floors[0], 0.18)
    assert after.area > 0.8 * before.area
    moved = displaced(home, other)[other.instance]
    corners = other.vertices[other.triangles[moved]].astype(float)
    low = corners[(corners[..., 2].min(1) < 0.3) & (corners[..., 2].max(1) > 0.08)]
    assert not after.is_walkable(low.mean(1)[:, :2]).any()
    for room in home.rooms:
        polygon = np.array(room.polygon)
        inside = (before.sample(np.random.default_rng(0), 4000) > polygon.min(0)).all(1)
        points = before.sample(np.random.default_rng(0), 4000)
        inside &= (points < polygon.max(0)).all(1)
        if inside.sum() > 20:
            assert (after.component(points[inside]) == 0).mean() > 0.3, room.kind


def test_lamps_go_with_their_stands(home):
    scene = rearranged(home, 5.0, 0)
    moved = displaced(home, scene)
    shifted = [a.position != b.position for a, b in zip(home.lamps, scene.lamps, strict=True)]
    for n in np.flatnonzero(shifted):
        at = np.array(scene.lamps[n].position)
        near = [
            k
            for k in np.flatnonzero(moved)
            if home.instances[k].semantic == class_id("lamp")
            and np.abs(scene.vertices[scene.triangles[scene.instance == k]].reshape(-1, 3) - at)
            .max(1)
            .min()
            < 0.25
        ]
        assert near


def test_impossible_arrangements_are_refused(home):
    with pytest.raises(ValueError, match="severity"):
        rearranged(home, 6.0)

"""Mirrors, panes, wet ground and polished floors show what rays that leave them meet."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.world.body import Camera, Robot
from navworld.world.conditions import PLAIN, Conditions
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Floor, Material, Scene
from navworld.world.store import Place
from navworld.world.walkable.clearance import clearances
from navworld.world.world import World

RED, BLUE, PALE = (0.9, 0.1, 0.1), (0.1, 0.1, 0.9), (0.7, 0.74, 0.76)
CAMERA = Camera(65, 65, far=100.0)
MIDDLE = (32, 32)


def hall() -> Scene:
    """A mirror at x = 3 from y = −1 to 1; behind the camera a wall, red for y > 0, else blue."""
    b = MeshBuilder()
    shell, glass = b.add_instance("shell", "wall"), b.add_instance("mirror", "mirror")
    colors = {"red": RED, "blue": BLUE, "floor": (0.5, 0.5, 0.5), "black": (0.02, 0.02, 0.02)}
    glow = {name: Material(name, color, emission=1.0) for name, color in colors.items()}
    b.quad([(-5, -5, 0), (5, -5, 0), (5, 5, 0), (-5, 5, 0)], glow["floor"], shell)
    b.quad([(-5, 5, 3), (5, 5, 3), (5, -5, 3), (-5, -5, 3)], glow["black"], shell)
    b.quad([(-3, 0, 0), (-3, 5, 0), (-3, 5, 3), (-3, 0, 3)], glow["red"], shell)
    b.quad([(-3, -5, 0), (-3, 0, 0), (-3, 0, 3), (-3, -5, 3)], glow["blue"], shell)
    b.quad(
        [(3, 1, 0.5), (3, -1, 0.5), (3, -1, 2), (3, 1, 2)], Material("mirror glass", PALE), glass
    )
    b.quad([(3.1, 5, 0), (3.1, -5, 0), (3.1, -5, 3), (3.1, 5, 3)], glow["black"], shell)
    free = np.pad(np.ones((96, 96), bool), 2)
    return Scene(
        "test-hall",
        **b.arrays(),
        materials=tuple(b.materials),
        instances=tuple(b.instances),
        floors=(Floor((-5.0, -5.0), 0.1, 0.0, clearances(free, 0.1)),),
    )


PLACE = Place(hall(), None)


def look(conditions: Conditions, x: float, y: float, yaw: float, camera: Camera = CAMERA) -> dict:
    world = World(1, Robot(), light="none")
    world.place(0, PLACE, np.array([x, y]), yaw)
    world.meet(0, conditions)
    ids = np.zeros(1, np.int64)
    outputs = ("color", "depth", "semantic", "normals")
    seen = world.view(camera, world.T_world_body(ids), ids, outputs)
    return {name: image[0] for name, image in seen.items()}


def test_a_mirror_shows_the_wall_behind_at_the_law_of_reflection():
    for y, seen in ((0.5, RED), (-0.5, BLUE)):
        color = look(Conditions(mirrors=5), 0.0, y, 0.0)["color"][MIDDLE]
        pale = look(PLAIN, 0.0, y, 0.0)["color"][MIDDLE]
        expected = np.sqrt(0.92 * np.array(seen) ** 2 + 0.08 * pale**2)
        assert np.abs(color - expected).max() < 0.02


def test_a_mirror_is_a_view_from_behind_it():
    seen = look(Conditions(mirrors=5), 0.0, 0.3, 0.0)
    glass = seen["semantic"] == PLACE.scene.instances[1].semantic
    red = seen["color"][..., 0] > 0.5
    assert red[glass].any() and not red[glass].all()
    edge = np.flatnonzero(np.diff(red[32][glass[32]].astype(int)))
    assert len(edge) == 1
    # The seam of the wall, at (−3, 0), seems to stand at (9, 0): from (0, 0.3), 0.3 / 9 right.
    column = np.flatnonzero(glass[32])[edge[0]] + 0.5
    assert abs(column - (32 + 32.5 * 0.3 / 9)) < 1.0


def test_depth_and_class_are_those_of_the_glass():
    plain, mirror = (look(Conditions(mirrors=m), 0.0, 0.5, 0.0) for m in (0, 5))
    for name in ("depth", "semantic", "normals"):
        assert np.array_equal(plain[name], mirror[name])
    assert np.isclose(mirror["depth"][MIDDLE], 3.0, atol=1e-3)


def test_severity_mixes_and_the_rest_of_the_image_stays():
    steps = [look(Conditions(mirrors=m), 0.0, 0.5, 0.0) for m in (0, 1, 3, 5)]
    red = [float(s["color"][MIDDLE][0] - s["color"][MIDDLE][2]) for s in steps]
    assert (np.diff(red) > 0.02).all()
    rest = steps[0]["semantic"] != PLACE.scene.instances[1].semantic
    assert np.array_equal(steps[0]["color"][rest], steps[3]["color"][rest])


def test_floors_reflect_more_at_grazing_angles():
    """Schlick: 0.05 + 0.95 (1 − cos θ)⁵, against the wall seen in the floor."""
    plain, shiny = (look(Conditions(shiny=s), 0.0, 2.5, np.pi) for s in (0, 5))
    n = plain["normals"]
    floor = (n[..., 2] > 0.9) & (plain["depth"] < 2.9)
    change = np.abs(shiny["color"] - plain["color"]).max(-1)
    assert change[floor].max() > 0.05 and change[~floor & (n[..., 2] < 0.5)].max() == 0
    rows = [change[r][floor[r]].mean() for r in range(65) if floor[r].sum() > 20]
    assert rows[0] > 2 * rows[-1]
    r, c = next((r, c) for r in range(65) for c in (32,) if floor[r, c])
    ray = CAMERA.pattern.directions[r, c].astype(float)
    cosine = ray[1] / np.linalg.norm(ray)
    weight = 0.05 + 0.95 * (1 - cosine) ** 5
    expected = np.sqrt((1 - weight) * plain["color"][r, c] ** 2 + weight * np.array(RED) ** 2)
    assert np.abs(shiny["color"][r, c] - expected).max() < 0.02


@pytest.mark.parametrize("conditions", [Conditions(mirrors=5), Conditions(shiny=5, fog=2)])
def test_one_camera_and_many_see_the_same(conditions):
    world = World(3, Robot(), light="none", threads=2)
    for row in range(3):
        world.place(row, PLACE, np.array([0.5 * row, 0.4]), 0.1 * row)
        world.meet(row, conditions)
    T = world.T_world_body()
    together = world.view(CAMERA, T, np.arange(3), ("rgb",))["rgb"]
    for row in range(3):
        alone = world.view(CAMERA, T[row : row + 1], np.array([row]), ("rgb",))["rgb"][0]
        assert np.array_equal(alone, together[row])

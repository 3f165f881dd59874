"""Textures that shine in parts: windows at night, whatever light falls on the wall around them."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.viz.painting import painted
from navworld.world.appearance.repaint import lit, repeats
from navworld.world.light import bake
from navworld.world.mesh import MeshBuilder
from navworld.world.rays import RayPattern, RayScene, render
from navworld.world.scene import Lamp, Material, Scene, Texture

PLAIN = np.full((8, 8, 3), 120, np.uint8)
GLOW = np.zeros((8, 8, 4), np.uint8)
GLOW[2:6, 2:6] = (250, 200, 90, 255)
BEHIND = np.array([[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]], float).T


def wall(texture: np.ndarray, name: str, power: float) -> Scene:
    """A wall of 4 × 4 m across x = 3, before a lamp."""
    mesh = MeshBuilder()
    mesh.add_instance("wall", "wall")
    corners = [(3, 2, -2), (3, -2, -2), (3, -2, 2), (3, 2, 2)]
    mesh.quad(corners, Material("wall", texture=Texture(name, texture)), 0, tile=4.0)
    mesh.quad([(-5, -5, -3), (5, -5, -3), (5, 5, -3), (-5, 5, -3)], Material("floor"), 0)
    return Scene(
        name, **mesh.arrays(), materials=tuple(mesh.materials), instances=tuple(mesh.instances),
        lamps=(Lamp((0.0, 0.0, 1.0), (power,) * 3),), ambient=(0.02,) * 3,
    )  # fmt: skip


def seen(scene: Scene, usual: float = 1.0) -> np.ndarray:
    """(64, 64, 3) the wall from the origin, filling the image."""
    traced = RayScene(scene, bake(scene, quality="fast", usual=usual))
    T = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
    rays = RayPattern.pinhole(64, 64, 60.0)
    return render([traced], [0], T[None], rays, ("color",))["color"][0]


def shining() -> np.ndarray:
    return np.where(GLOW[..., 3:] > 0, GLOW, np.dstack([PLAIN, np.zeros((8, 8), np.uint8)]))


def test_what_shines_is_as_bright_in_the_dark_as_in_light_and_the_rest_is_not():
    dim, bright = (seen(wall(shining(), "shining wall", power)) for power in (0.5, 6.0))
    middle = np.s_[28:36, 28:36]
    np.testing.assert_allclose(dim[middle], bright[middle], atol=0.01)
    np.testing.assert_allclose(dim[middle].mean((0, 1)), np.array([250, 200, 90]) / 255, atol=0.02)
    assert bright[4, 4].mean() > 1.5 * dim[4, 4].mean()


def test_what_does_not_shine_is_lit_as_without_a_fourth_channel():
    dull = np.dstack([PLAIN, np.zeros((8, 8), np.uint8)])
    np.testing.assert_array_equal(
        seen(wall(dull, "dull wall", 3.0)), seen(wall(PLAIN, "plain wall", 3.0))
    )


def test_windows_go_out_one_by_one_in_the_order_of_their_ranks():
    ranks = GLOW.copy()
    ranks[2:6, 2:4, 3], ranks[2:6, 4:6, 3] = 51, 153  # 0.2 and 0.6
    day = Material("wall", texture=Texture("day", PLAIN), lit=Texture("lights", ranks))
    burning = []
    for share in (0.1, 0.4, 0.7):
        shown = lit(day, (0.2, 0.2, 0.2), share)
        assert shown.texture is not None and shown.emission == 0
        pixels = shown.texture.pixels
        burning.append(int((pixels[..., 3] > 0).sum()))
        dark = pixels[..., 3] == 0
        np.testing.assert_array_equal(pixels[dark][:, :3], PLAIN[dark])
    assert burning == [0, 8, 16]


def test_lights_may_extend_over_several_repeats_of_a_wall():
    day = Material(
        "wall", texture=Texture("day", PLAIN), lit=Texture("wide", np.tile(GLOW, (2, 2, 1)))
    )
    assert repeats(day) == 2
    shown = lit(day, (0.2, 0.2, 0.2), 1.1).texture
    assert shown is not None and shown.pixels.shape == (16, 16, 4)


def test_a_painted_model_shows_the_same_light():
    scene = wall(shining(), "shining wall", 0.5)
    light = bake(scene, quality="fast", usual=1.0)
    atlas, places = painted(scene, light)
    at = (places[0].mean(0) * np.array(atlas.shape[1::-1])).astype(int)
    corner = (places[:2].reshape(-1, 2).min(0) * np.array(atlas.shape[1::-1])).astype(int) + 1
    window = atlas.reshape(-1, 3).astype(int).max(0)
    assert window[0] == pytest.approx(250, abs=4)
    assert atlas[corner[1], corner[0]].max() < 0.6 * window[0]
    assert (at >= 0).all()

"""Synthesised materials, styles and pictures."""

from __future__ import annotations

import dataclasses
import zlib

import numpy as np
import pytest

from navworld.scenes import pictures
from navworld.scenes.layouts import basket, herringbone, hexagons, rows, stones
from navworld.scenes.material_table import recipes
from navworld.scenes.materials import (
    MATERIALS,
    Style,
    material,
    sample_style,
    tile_for,
    tile_of,
    tinted,
)
from navworld.scenes.textures import SIDE, noise

TEXTURED = [name for name, recipe in MATERIALS.items() if recipe.image is not None]
SYNTHESISED = sorted({MATERIALS[name].texture for name in TEXTURED})


def _generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_there_are_sixty_materials_on_forty_images_that_differ():
    images = {material(name).texture.pixels.tobytes() for name in TEXTURED}
    assert len(MATERIALS) >= 60
    assert len(images) == len(SYNTHESISED) >= 40


@pytest.mark.parametrize("name", SYNTHESISED)
def test_texture_continues_across_its_borders(name):
    """The step over a border is no larger than steps inside (where tiles have joints, too)."""
    pixels = material(name).texture.pixels.astype(float)
    assert pixels.shape == (SIDE, SIDE, 3)
    for axis in (0, 1):
        step = np.abs(pixels - np.roll(pixels, 1, axis)).mean(axis=(1 - axis, 2))
        assert step[0] <= 1.1 * step[1:].max() + 0.5


@pytest.mark.parametrize("name", list(MATERIALS))
def test_reflectance_is_that_of_things_in_a_home(name):
    item = material(name)
    base = 255.0 if item.texture is None else item.texture.pixels.reshape(-1, 3).mean(0)
    mean = base * np.array(item.color) / 255
    assert 0.05 < mean.max() < 0.97 or item.emission > 0
    assert all(c >= 0 for c in item.color)


@pytest.mark.parametrize("name", SYNTHESISED)
def test_texture_does_not_flicker(name):
    """Shifted by half a pixel it changes little: no pixel stands alone."""
    pixels = material(name).texture.pixels.astype(float)
    shifted = (
        pixels + np.roll(pixels, 1, 0) + np.roll(pixels, 1, 1) + np.roll(pixels, (1, 1), (0, 1))
    ) / 4
    assert np.abs(pixels - shifted).mean() < 0.06 * 255


def test_walls_are_as_bright_as_paint_is():
    for name in ("plaster white", "plaster cream", "plaster sand", "ceiling plaster"):
        item = material(name)
        mean = item.texture.pixels.mean((0, 1)) / 255 * np.array(item.color)
        assert 0.6 < mean.mean() < 0.95


def test_material_is_one_object_and_its_image_follows_from_its_name():
    assert material("oak") is material("oak")
    assert material("plaster sage").texture is material("plaster white").texture
    again = recipes()["oak planks"].image(np.random.default_rng(zlib.crc32(b"oak planks")))
    assert np.array_equal(again, material("oak planks").texture.pixels)


def test_tinting_keeps_the_texture_and_its_scale():
    oak = material("oak")
    red = tinted(oak, (0.8, 0.2, 0.2))
    assert red is not oak and red.texture is oak.texture and red.color == (0.8, 0.2, 0.2)
    assert tile_for(red) == tile_of("oak") > 0
    assert red.name != oak.name


def test_unknown_material_names_the_nearest():
    for call in (material, tile_of):
        with pytest.raises(ValueError, match=r"'oka planks'.*'oak planks'"):
            call("oka planks")


def test_styles_name_materials_only_and_follow_from_the_seed():
    drawn = [sample_style(_generator(seed)) for seed in range(60)]
    for style in drawn:
        assert set(dataclasses.astuple(style)) <= set(MATERIALS)
    assert drawn[7] == sample_style(_generator(7))
    assert len(set(drawn)) > 55
    for field in dataclasses.fields(Style):
        used = {getattr(style, field.name) for style in drawn}
        assert len(used) > 1 or field.name == "ceiling"


def test_noise_is_band_limited_and_of_unit_deviation():
    field = noise(_generator(), low=4, high=20)
    spectrum = np.abs(np.fft.fft2(field))
    f = np.fft.fftfreq(SIDE, 1 / SIDE)
    radius = np.hypot(f[:, None], f[None])
    assert field.std() == pytest.approx(1, abs=1e-3)
    assert spectrum[(radius < 3.9) | (radius > 20.1)].max() < 1e-3 * spectrum.max()


@pytest.mark.parametrize("layout", ["rows", "herringbone", "basket", "hexagons", "stones"])
def test_blocks_meet_at_edges_of_distance_zero(layout):
    """Two neighbouring pixels of different blocks are both within two pixels of an edge."""
    laid = {
        "rows": lambda: rows(_generator(), across=8, along=3, jitter=0.5, shift=0.5),
        "herringbone": herringbone,
        "basket": basket,
        "hexagons": hexagons,
        "stones": lambda: stones(_generator()),
    }[layout]()
    assert laid.block.max() < laid.count
    for axis in (0, 1):
        other = np.roll(laid.block, 1, axis) != laid.block
        nearest = np.minimum(laid.edge, np.roll(laid.edge, 1, axis))
        assert other.any() and nearest[other].max() < 2.0
    assert laid.edge.max() > 4


def test_pictures_are_unique_and_follow_from_the_seed():
    rng = _generator(3)
    drawn = [pictures.picture(rng) for _ in range(120)]
    assert (
        len({texture.name for texture in drawn}) == len({t.pixels.tobytes() for t in drawn}) == 120
    )
    again = pictures.picture(_generator(3))
    assert again.name == drawn[0].name and np.array_equal(again.pixels, drawn[0].pixels)


def test_pictures_are_told_apart_from_afar():
    """Any two of sixty differ visibly even at 8 × 8 pixels, as seen across a room."""
    import cv2

    rng = _generator(5)
    small = [
        cv2.resize(pictures.picture(rng).pixels, (8, 8), interpolation=cv2.INTER_AREA)
        for _ in range(60)
    ]
    flat = np.array(small, float).reshape(60, -1)
    distance = np.abs(flat[:, None] - flat[None]).mean(-1) + 255 * np.eye(60)
    assert distance.min() > 4


@pytest.mark.parametrize("draw", [pictures.rug, pictures.book_spines, pictures.window_view,
                                  pictures.desktop, pictures.broadcast])  # fmt: skip
def test_pools_are_small_and_shared(draw):
    rng = _generator(1)
    drawn = [draw(rng) for _ in range(150)]
    names = {texture.name for texture in drawn}
    assert 4 <= len(names) <= 48
    assert len({id(texture) for texture in drawn}) == len(names)

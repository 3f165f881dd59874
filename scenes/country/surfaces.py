"""What the country is made of: synthesised grass, gravel, bark, leaves, rock, water and words."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import cache, partial

import cv2
import numpy as np
from numpy.random import Generator

from navworld.scenes import textures as tx
from navworld.scenes.canvas import Canvas
from navworld.scenes.layouts import grid, stones
from navworld.world.scene import Material, Texture

Color = tuple[float, float, float]

LEAVES: dict[str, tuple[Color, Color, Color]] = {  # shade, middle, light
    "beech leaves": ((0.13, 0.21, 0.07), (0.30, 0.42, 0.14), (0.50, 0.60, 0.25)),
    "oak leaves": ((0.12, 0.17, 0.06), (0.27, 0.34, 0.13), (0.44, 0.49, 0.22)),
    "birch leaves": ((0.20, 0.28, 0.09), (0.42, 0.52, 0.19), (0.62, 0.69, 0.33)),
    "maple leaves": ((0.18, 0.21, 0.06), (0.40, 0.42, 0.13), (0.60, 0.58, 0.24)),
    "spruce needles": ((0.06, 0.12, 0.08), (0.15, 0.26, 0.17), (0.27, 0.39, 0.25)),
    "pine needles": ((0.10, 0.16, 0.09), (0.23, 0.33, 0.19), (0.39, 0.48, 0.28)),
    "bush leaves": ((0.12, 0.18, 0.07), (0.28, 0.38, 0.15), (0.46, 0.54, 0.25)),
}
TILES = {
    "meadow": 2.4, "pasture": 2.2, "forest floor": 2.4, "gravel": 2.0, "bed": 2.4, "crops": 4.0,
    "ploughed": 4.0, "water": 5.0, "rock": 2.0, "bark": 1.0, "birch bark": 1.0, "shingles": 1.6,
    "roof tiles": 1.6, "logs": 1.6, "boards": 1.2, "far woods": 24.0, "grass blades": 0.6,
    **dict.fromkeys(LEAVES, 1.8),
}  # fmt: skip
"""Metres that one repeat of a material's texture covers."""


@cache
def surface(name: str) -> Material:
    """A material by name, the same object at every call."""
    pixels = _IMAGES[name](np.random.default_rng(zlib.crc32(f"country {name}".encode())))
    pixels.setflags(write=False)
    return Material(name, texture=Texture(f"country {name}", pixels))


@cache
def lettering(word: str, background: Color) -> Material:
    """A board with a word."""
    canvas = Canvas(np.random.default_rng(0), 64, 192, ((0.5,) * 3,) * 5)
    canvas.fill(background)
    ink = np.array((0.93, 0.92, 0.86) if sum(background) < 1.5 else (0.14, 0.12, 0.10))
    canvas.text(word, cv2.FONT_HERSHEY_DUPLEX, (0.84, 0.56), (0.5, 0.5), ink)
    pixels = tx.finish(canvas.finished())
    pixels.setflags(write=False)
    return Material(f"sign {word}", texture=Texture(f"country sign {word} {background}", pixels))


def _foliage(rng: Generator, colors: tuple[Color, Color, Color]) -> tx.Image:
    """Clumps of leaves: dark gaps, middle tones, leaves in the light."""
    clumps = tx.noise(rng, beta=0.5, low=5, high=22)
    detail = tx.noise(rng, beta=0.1, low=18, high=70)
    value = 0.75 * clumps + 0.65 * detail
    image = tx.mix(colors[0], colors[1], tx.smooth(value, -1.3, 0.2))
    return tx.finish(tx.mix(image, colors[2], tx.smooth(value, 0.3, 1.7)))


def _turf(
    rng: Generator, colors: tuple[Color, Color, Color], dots: Sequence[tuple[Color, float]] = ()
) -> tx.Image:
    """Grass from above: fine blades in tufts, with flowers or litter as dots (colour, share)."""
    blades = tx.noise(rng, beta=0.1, low=20, high=90, stretch=2.5)
    blades += tx.noise(rng, beta=0.1, low=20, high=90, stretch=0.4)
    tufts = tx.noise(rng, beta=0.6, low=5, high=24)
    value = 0.45 * blades + 0.5 * tufts
    image = tx.mix(colors[0], colors[1], tx.smooth(value, -1.4, 0.3))
    image = tx.mix(image, colors[2], tx.smooth(value, 0.3, 1.8))
    for color, share in dots:
        spots = tx.noise(rng, beta=0.0, low=16, high=44)
        edge = float(np.quantile(spots, 1 - share))
        image = tx.mix(image, color, tx.smooth(spots, edge - 0.15, edge + 0.15))
    return tx.finish(image)


def _gravel(rng: Generator) -> tx.Image:
    cells = stones(rng, cells=34, jitter=0.95)
    tone = rng.uniform(0.75, 1.15, cells.count)[cells.block]
    warm = rng.uniform(-0.02, 0.03, cells.count)[cells.block]
    face = tx.smooth(cells.edge, 0.0, 2.2) * 0.35 + 0.65
    wear = 1 + 0.05 * tx.noise(rng, beta=1.0, low=2, high=12)
    base = np.stack([0.56 + warm, 0.52 + 0.3 * warm, 0.455 - warm], -1)
    return tx.finish(base * (tone * face * wear)[..., None])


def _rows(rng: Generator, soil: Color, plant: Color, share: float) -> tx.Image:
    """Rows along u on tilled soil."""
    _, v = grid()
    wobble = 0.05 * tx.noise(rng, beta=1.0, low=2, high=30)
    ridge = 0.5 + 0.5 * np.cos(2 * np.pi * (v * 8 + wobble))
    clods = tx.noise(rng, beta=0.5, low=8, high=60)
    ground = np.asarray(soil) * (0.82 + 0.22 * ridge + 0.08 * clods)[..., None]
    leaves = tx.noise(rng, beta=0.3, low=10, high=60)
    cover = tx.smooth(ridge + 0.25 * leaves, 1 - share, 1.25 - share)
    green = np.asarray(plant) * (1 + 0.18 * tx.noise(rng, beta=0.1, low=18, high=80))[..., None]
    return tx.finish(tx.mix(ground, green, cover))


def _water(rng: Generator) -> tx.Image:
    ripples = tx.noise(rng, beta=1.0, low=3, high=40, stretch=1.8)
    sky = tx.mix((0.13, 0.20, 0.20), (0.33, 0.43, 0.46), tx.smooth(ripples, -2.2, 2.2))
    glint = tx.smooth(tx.noise(rng, beta=0.6, low=8, high=48, stretch=2.5), 1.6, 2.6)
    return tx.finish(tx.mix(sky, (0.62, 0.70, 0.72), 0.6 * glint))


def _rock(rng: Generator) -> tx.Image:
    broad = tx.noise(rng, beta=1.3, low=1, high=30)
    grain = tx.noise(rng, beta=0.3, low=16, high=80)
    stone = tx.mix((0.33, 0.32, 0.30), (0.62, 0.60, 0.56), 0.5 + 0.22 * broad + 0.10 * grain)
    lichen = tx.smooth(tx.noise(rng, beta=0.8, low=3, high=24), 1.0, 1.9)
    crack = tx.smooth(np.abs(tx.noise(rng, beta=1.4, low=2, high=20)), 0.0, 0.10)
    return tx.finish(
        tx.mix(stone, (0.50, 0.52, 0.33), 0.7 * lichen) * (0.6 + 0.4 * crack)[..., None]
    )


def _bark(rng: Generator) -> tx.Image:
    """Furrows along v."""
    furrows = tx.noise(rng, beta=0.6, low=4, high=40, stretch=0.14)
    rough = tx.noise(rng, beta=0.4, low=10, high=60)
    value = 0.45 + 0.2 * furrows + 0.08 * rough
    return tx.finish(tx.mix((0.17, 0.13, 0.10), (0.47, 0.40, 0.32), value))


def _birch_bark(rng: Generator) -> tx.Image:
    dashes = tx.smooth(tx.noise(rng, beta=0.5, low=4, high=36, stretch=5), 1.25, 1.7)
    tone = 0.82 + 0.04 * tx.noise(rng, beta=1.0, low=1, high=20)
    white = np.stack([tone, 0.98 * tone, 0.93 * tone], -1)
    return tx.finish(tx.mix(white, (0.15, 0.13, 0.12), dashes))


_DRY = (0.66, 0.60, 0.36)
_GREENS = (0.26, 0.33, 0.12), (0.43, 0.51, 0.22), (0.60, 0.65, 0.33)
_PALE = (0.38, 0.38, 0.17), (0.57, 0.56, 0.29), (0.73, 0.69, 0.42)
_FLOOR = (0.22, 0.17, 0.11), (0.40, 0.31, 0.21), (0.56, 0.44, 0.30)
_FAR = (0.10, 0.16, 0.08), (0.19, 0.28, 0.14), (0.30, 0.39, 0.21)
_IMAGES: dict[str, Callable[[Generator], tx.Image]] = {
    "meadow": lambda rng: _turf(rng, _GREENS, [((0.86, 0.80, 0.36), 0.006), ((0.9,) * 3, 0.004)]),
    "pasture": lambda rng: _turf(rng, _PALE, [(_DRY, 0.05)]),
    "grass blades": lambda rng: _turf(rng, ((0.28, 0.36, 0.12), (0.44, 0.52, 0.2), _DRY)),
    "forest floor": lambda rng: _turf(
        rng, _FLOOR, [((0.56, 0.36, 0.18), 0.07), ((0.25, 0.32, 0.12), 0.12)]
    ),
    "gravel": _gravel,
    "bed": lambda rng: _turf(rng, ((0.22, 0.20, 0.15), (0.38, 0.34, 0.26), (0.52, 0.48, 0.38))),
    "crops": lambda rng: _rows(rng, (0.40, 0.31, 0.22), (0.40, 0.50, 0.20), 0.62),
    "ploughed": lambda rng: _rows(rng, (0.42, 0.32, 0.23), (0.40, 0.44, 0.22), 0.12),
    "water": _water,
    "rock": _rock,
    "bark": _bark,
    "birch bark": _birch_bark,
    "far woods": lambda rng: _foliage(rng, _FAR),
    "shingles": lambda rng: tx.tiles(
        rng, [(0.36, 0.31, 0.27), (0.30, 0.26, 0.23), (0.42, 0.37, 0.32)], (0.13, 0.11, 0.10),
        across=8, along=8, shift=0.5, spread=0.08,
    ),
    "roof tiles": lambda rng: tx.tiles(
        rng, [(0.60, 0.29, 0.19), (0.53, 0.25, 0.17), (0.66, 0.36, 0.24)], (0.22, 0.12, 0.09),
        across=6, along=8, shift=0.5, spread=0.06,
    ),
    "logs": lambda rng: tx.planks(rng, (0.52, 0.38, 0.25), (0.30, 0.20, 0.13), across=8),
    "boards": lambda rng: tx.planks(rng, (0.58, 0.52, 0.44), (0.36, 0.32, 0.27), across=8),
    **{name: partial(_foliage, colors=colors) for name, colors in LEAVES.items()},
}  # fmt: skip

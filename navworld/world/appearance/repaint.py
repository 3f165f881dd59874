"""Other colours for materials: tinted, in a season, under snow."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from navworld.world.scene import Material, Texture

HAZE = np.array([0.80, 0.82, 0.84])
SNOW = np.array([0.93, 0.95, 0.98])
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_LEAVES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "autumn": ((1.55, 0.95, 0.28), (1.60, 0.70, 0.28), (1.45, 1.15, 0.35), (1.10, 0.98, 0.55)),
    "winter": ((1.0, 0.90, 0.80), (0.9, 0.82, 0.76), (1.05, 0.95, 0.84), (1.02, 0.98, 0.72)),
}
"""Colour of leaves as a multiple of their brightness: three tones of trees, and grass."""

UNRIPE = np.array([0.72, 1.15, 0.45])
"""Green leaves where the blossom was, as a multiple of its brightness."""

_FRESH = {"spring": (0.98, 1.07, 0.82), "summer": (0.88, 0.94, 0.80)}


def tinted(material: Material, tint: tuple[float, float, float]) -> Material:
    """Multiplied by an sRGB colour."""
    red, green, blue = (c * t for c, t in zip(material.color, tint, strict=True))
    return replace(material, color=(red, green, blue))


def hazed(material: Material, share: float) -> Material:
    """Partly hidden behind an even, bright grey."""
    pixels = _pixels(material)
    return _with(material, pixels + share * (HAZE - pixels), f"haze {share:.2f}")


def in_season(material: Material, season: str, tone: int) -> Material:
    """With what is green in it in the colours of a season; the same material if nothing is.

    Args:
        tone: 0 to 2 for trees that differ, 3 for grass.
    """
    pixels = _pixels(material)
    red, green, blue = np.moveaxis(pixels, -1, 0)
    blossom = (red > 1.06 * green) & (blue > 1.03 * green)
    leaf = (green > 1.04 * red) & (green > 1.04 * blue) | (blossom & (season != "spring"))
    if not leaf.any():
        return material
    if season in _LEAVES:
        bright = (pixels @ _LUMINANCE)[..., None]
        turned = bright * np.array(_LEAVES[season][tone])
    else:
        bare = (pixels @ _LUMINANCE)[..., None] * UNRIPE
        turned = np.where(blossom[..., None], bare, pixels) * np.array(_FRESH[season])
    return _with(material, np.where(leaf[..., None], turned, pixels), f"{season} {tone}")


def snowed(material: Material, level: int) -> Material:
    """Under snow: patches at level 1, closed at 5."""
    pixels = _pixels(material, least=64)
    height, width = pixels.shape[:2]
    grain = _patches(height, width)
    cover = np.clip((level / 5 * 1.25 - grain) / 0.25, 0, 1)[..., None]
    snow = SNOW * (0.94 + 0.06 * _patches(height, width)[::-1, ::-1, None])
    return _with(material, pixels + cover * (snow - pixels), f"snow {level}")


def lit(material: Material, shade: tuple[float, float, float], share: float) -> Material:
    """With lamps burning in it: what glows shines by itself, the scene lights the rest.

    Args:
        shade: sRGB brightness of the dim light that falls on what glows.
        share: Of all windows that are lit; of a picture with ranks, those below.
    """
    if material.lit is None:
        raise ValueError(f"material {material.name!r} has nothing that could be lit")
    shown = "glowing " + " ".join(f"{c:.3f}" for c in shade)
    glow = material.lit.pixels
    burns = np.max(glow[..., :3], axis=2) > 0
    if glow.shape[2] == 4:
        burns &= glow[..., 3] < 255 * share
        shown += f" {share:.3f}"
    pixels = np.tile(_pixels(material), (repeats(material), repeats(material), 1))
    over = np.maximum(pixels * np.array(shade), glow[..., :3] / 255.0)
    if burns.all():
        return replace(_with(material, over, shown), emission=1.0)
    pixels = np.where(burns[..., None], over, pixels)
    return _with(material, np.dstack([pixels, burns]), shown)


def repeats(material: Material) -> int:
    """Over how many repeats of its texture, in u and in v, what can be lit of it extends."""
    if material.lit is None or material.texture is None:
        return 1
    return len(material.lit.pixels) // len(material.texture.pixels)


def _pixels(material: Material, least: int = 1) -> NDArray[np.float64]:
    """(H, W, 3) what the material shows under full light, 0…1."""
    color = np.asarray(material.color)
    if material.texture is None:
        return np.broadcast_to(color, (least, least, 3)).copy()
    return material.texture.pixels[..., :3] / 255.0 * color


def _with(material: Material, pixels: NDArray[np.float64], what: str) -> Material:
    name = "plain" if material.texture is None else material.texture.name
    color = " ".join(f"{c:.4f}" for c in material.color)
    image = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    texture = Texture(f"{name} ({color}) {what}", image)
    return replace(material, color=(1.0, 1.0, 1.0), texture=texture)


@lru_cache(maxsize=32)
def _patches(height: int, width: int) -> NDArray[np.float64]:
    """(H, W) soft patches that tile, spread evenly over 0…1."""
    rng = np.random.default_rng(height * 65536 + width)
    fy, fx = np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width) * width
    strength = 1 / np.maximum(np.hypot(fx, fy), 2.0) ** 1.4
    strength[0, 0] = 0
    shape = strength.shape
    waves = strength * np.exp(2j * np.pi * rng.random(shape))
    noise = np.fft.irfft2(waves, (height, width))
    order = np.argsort(noise, axis=None, kind="stable")
    even = np.empty(height * width)
    even[order] = np.linspace(0, 1, height * width)
    tile = even.reshape(height, width)
    tile.setflags(write=False)
    return tile

"""Baked light: what a scene's lamps, sun and sky do to its surfaces, the same from everywhere.

`navworld.world.baking.irradiance` computes the light; here it is exposed like a photograph, encoded
as bytes and kept in a cache.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from navworld.world.baking.irradiance import QUALITIES, Irradiance, irradiance
from navworld.world.baking.merging import FINE
from navworld.world.cache import ArrayCache
from navworld.world.scene import LIGHT_GAMMA, LIGHT_WHITE, Lightmap, Scene

BAKE_VERSION = "3"
MIDDLE = 0.64
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
CONTRAST = 0.9
SHOULDER, BRIGHTEST = 0.6, 1.08
DARKEST = 0.02
MIN_INDOOR_SHARE = 0.1
MIN_CHART_TEXELS = 16
SUNLIT_PERCENT, SUNLIT_SHOWN = 90, 1.15
ADAPTION = 0.5
"""How far a camera follows light that is brighter or darker than it is used to (1: wholly)."""


def bake(scene: Scene, *, quality: str = "full", usual: float | None = None) -> Lightmap:
    """Computes a scene's lightmap; the same bytes on every run.

    Args:
        usual: Irradiance that the camera is used to in this place (`metered`); None for that of
            the scene itself.
        quality: "full" (texels of `Scene.texel`), or "fast" (three times as long, fewer shadow
            rays) for tests.
    """
    if quality not in QUALITIES:
        raise ValueError(f"unknown quality {quality!r}: choose one of {', '.join(QUALITIES)}")
    found = irradiance(scene, QUALITIES[quality])
    atlas = found.atlas
    texels = np.zeros((*atlas.shape, 3), np.uint8)
    texels.reshape(-1, 3)[atlas.texel] = _encode(_develop(found, usual, scene.texel > FINE))
    uv = atlas.uv.copy()
    emission = np.array([m.emission for m in scene.materials], np.float64)[scene.material]
    values, place = np.unique(emission[emission > 0], return_inverse=True)
    row, width = atlas.shape[0] - 2, atlas.shape[1]
    values, place = values[:width], np.minimum(place, width - 1)
    texels[row, : len(values)] = _encode(np.repeat(values[:, None], 3, 1))
    uv[emission > 0] = (np.stack([place, np.full_like(place, row)], 1) + 0.5)[:, None]
    return Lightmap(uv=uv, texels=texels)


def metered(scene: Scene) -> float:
    """Irradiance in the middle of a scene's surfaces, as `bake` takes it for `usual`."""
    return _middle(irradiance(scene, QUALITIES["fast"]), scene.texel > FINE)


def lightmap_for(
    scene: Scene,
    *,
    quality: str = "full",
    cache: ArrayCache | None = None,
    usual: float | None = None,
) -> Lightmap:
    """The lightmap of a scene (see `bake`), from the cache where it has been baked before."""
    if cache is None:
        return bake(scene, quality=quality, usual=usual)
    key = f"lightmap {BAKE_VERSION} {quality} {scene.name} {scene.version} {_digest(scene)}"
    if usual is not None:
        key += f" usual {usual:.6g}"
    found = cache.get(key)
    if found is not None:
        return Lightmap(uv=found["uv"], texels=found["texels"])
    light = bake(scene, quality=quality, usual=usual)
    cache.put(key, {"uv": light.uv, "texels": light.texels})
    return light


def _digest(scene: Scene) -> str:
    """A hash of all that light depends on."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (scene.vertices, scene.triangles, scene.material, scene.instance):
        digest.update(np.ascontiguousarray(array).data)
    digest.update(repr((scene.lamps, scene.sun, scene.ambient, scene.texel)).encode())
    if scene.sky is not None:
        digest.update(repr(scene.sky).encode())
    for material in scene.materials:
        digest.update(repr((material.color, material.emission, material.transparent)).encode())
        if material.texture is not None:
            digest.update(np.ascontiguousarray(material.texture.pixels).data)
    return digest.hexdigest()


def _middle(found: Irradiance, outdoors: bool) -> float:
    """Median brightness of the surfaces, of those indoors where there are rooms.

    A coarse scene is outdoors: exposed so that what lies in the sun is shown nearly white.
    """
    brightness = found.light.astype(np.float64) @ LUMINANCE
    size = np.prod(found.atlas.rectangles[:, 2:], axis=1)[found.atlas.chart]
    counted = found.valid & (size >= MIN_CHART_TEXELS)
    indoors = counted & (found.sky_share < 0.5)
    if outdoors and counted.any():
        return float(np.percentile(brightness[counted], SUNLIT_PERCENT)) * MIDDLE / SUNLIT_SHOWN
    if indoors.sum() > MIN_INDOOR_SHARE * counted.sum():
        counted = indoors
    return float(np.median(brightness[counted])) if counted.any() else 1.0


def _develop(found: Irradiance, usual: float | None, outdoors: bool) -> NDArray[np.float64]:
    """(N, 3) light as it is shown: exposed for the middle of the rooms, extremes compressed."""
    brightness = found.light.astype(np.float64) @ LUMINANCE
    middle = _middle(found, outdoors)
    if usual is not None:
        middle = usual ** (1 - ADAPTION) * middle**ADAPTION
    x = MIDDLE * (brightness / max(middle, 1e-6)) ** CONTRAST
    span = BRIGHTEST - SHOULDER
    rolled = SHOULDER + span * (1 - np.exp(-np.maximum(x - SHOULDER, 0) / span))
    shown = np.hypot(np.where(x > SHOULDER, rolled, x), DARKEST)
    tint = found.light / np.maximum(brightness, 1e-6)[:, None]
    return shown[:, None] * np.where(brightness[:, None] > 1e-6, tint, 1.0)


def _encode(light: NDArray) -> NDArray[np.uint8]:
    share = np.clip(light / LIGHT_WHITE, 0, 1)
    return np.rint(255 * share ** (1 / LIGHT_GAMMA)).astype(np.uint8)

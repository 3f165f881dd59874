"""Baked light and textures painted into one atlas, so that any viewer shows a place as it looks."""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.scene import LIGHT_GAMMA, LIGHT_WHITE, Lightmap, Material, Scene

LARGEST = 4096
"""Side of the largest atlas [px]."""

FINEST = 4
"""How many times as fine as the light it may be."""

LEVELS = 10
TILE = 128
"""Side of the tile of a glowing material [px]."""

SMALL, SWATCH, STEPS = 4.0, 4, 24
"""Facets smaller than this get a swatch [px²]; its side [px]; steps of light."""

SPILL = 1.6
"""How far colours are painted over the edges of triangles, for viewers that interpolate [px]."""


def painted(scene: Scene, light: Lightmap) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """What light and materials make of every surface, as one image.

    Returns:
        (H, W, 3) sRGB atlas, finer than the light where there is room, and (T, 3, 2) where the
        corners of every triangle lie in it, as shares of its width and height.
    """
    rows, columns = light.texels.shape[:2]
    finer = int(np.clip(LARGEST // max(rows, columns), 1, FINEST))
    shape = (finer * rows, finer * columns)
    places = np.ascontiguousarray(light.uv * np.float32(finer), np.float64)
    uv = np.ascontiguousarray(scene.uv, np.float64)

    def spread(images: list[NDArray[np.uint8]], colors: NDArray) -> NDArray[np.uint8]:
        """One image for every material, laid over its triangles."""
        paint, rank = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)
        pixels, levels = _levels(scene, images)
        _paint(places, uv, scene.material, pixels, levels, colors, paint, rank)
        return paint

    colors = np.array([m.color for m in scene.materials], np.float64)
    paint = spread([_image(m) for m in scene.materials], colors)
    lit = cv2.resize(light.texels, shape[::-1], interpolation=cv2.INTER_LINEAR)
    lit = lit.astype(np.float32) * np.float32(LIGHT_WHITE ** (1 / LIGHT_GAMMA) / 255)
    if any(m.texture is not None and m.texture.pixels.shape[2] == 4 for m in scene.materials):
        own = spread([_own_light(m) for m in scene.materials], np.ones_like(colors))
        lit += (1 - lit) * (own / np.float32(255))
    atlas = np.minimum(paint * lit, 255).astype(np.uint8)
    tiles = _glowing(scene, places, shape)
    atlas = np.concatenate([atlas, tiles])
    atlas = np.concatenate([atlas, _palette(scene, light, places, atlas.shape[:2])])
    return atlas, (places / np.array(atlas.shape[1::-1])).astype(np.float32)


def _glowing(scene: Scene, places: NDArray, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Tiles for what glows, which the light has no place for; sets the `places` of its corners."""
    glows = [k for k, m in enumerate(scene.materials) if m.emission > 0]
    across = max(1, shape[1] // TILE)
    tiles = np.zeros((-(-len(glows) // across) * TILE, shape[1], 3), np.uint8)
    for n, k in enumerate(glows):
        material = scene.materials[k]
        top, left = n // across * TILE, n % across * TILE
        tile = cv2.resize(_image(material), (TILE, TILE), interpolation=cv2.INTER_AREA).astype(
            np.float64
        )
        tile *= np.array(material.color) * material.emission ** (1 / LIGHT_GAMMA)
        tiles[top : top + TILE, left : left + TILE] = np.clip(tile, 0, 255)
        own = np.flatnonzero(scene.material == k)
        uv = scene.uv[own] - np.floor(scene.uv[own].min(1, keepdims=True) + 1e-3)
        inset = np.clip(uv, 0, 1) * (TILE - 2) + 1
        places[own] = inset + np.array([left, shape[0] + top])
    return tiles


def _palette(
    scene: Scene, light: Lightmap, places: NDArray, shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Swatches for facets too small to be painted: materials in steps of light.

    They share texels of the light with others; sets the `places` of their corners.
    """
    a, b, c = np.moveaxis(places, 1, 0)
    area = np.abs(np.cross(np.pad(b - a, ((0, 0), (0, 1))), np.pad(c - a, ((0, 0), (0, 1))))[:, 2])
    emission = np.array([m.emission for m in scene.materials])[scene.material]
    small = np.flatnonzero((area < SMALL) & (emission == 0))
    if not len(small):
        return np.zeros((0, shape[1], 3), np.uint8)
    means = np.array([np.array(m.color) * _image(m).mean((0, 1)) for m in scene.materials])
    across = shape[1] // SWATCH
    count = len(means) * STEPS
    k = np.arange(-(-count // across) * across)
    brightness = LIGHT_WHITE ** (1 / LIGHT_GAMMA) * (k % STEPS + 0.5) / STEPS
    colors = means[np.minimum(k // STEPS, len(means) - 1)] * brightness[:, None]
    strip = np.clip(colors, 0, 255).astype(np.uint8).reshape(-1, across, 3)
    strip = np.repeat(np.repeat(strip, SWATCH, 0), SWATCH, 1)
    middle = light.uv[small].mean(1).astype(np.int64)
    rows, columns = np.array(light.texels.shape[:2])
    texel = light.texels[np.clip(middle[:, 1], 0, rows - 1), np.clip(middle[:, 0], 0, columns - 1)]
    step = np.minimum(texel.mean(1) * STEPS // 255, STEPS - 1).astype(np.int64)
    entry = scene.material[small] * STEPS + step
    places[small] = (np.stack([entry % across, entry // across], 1) * SWATCH + SWATCH / 2)[:, None]
    places[small, :, 1] += shape[0]
    out = np.zeros((len(strip), shape[1], 3), np.uint8)
    out[:, : strip.shape[1]] = strip
    return out


def _image(material: Material) -> NDArray[np.uint8]:
    """(H, W, 3) the texture of a material; white without one."""
    if material.texture is None:
        return np.full((1, 1, 3), 255, np.uint8)
    return np.ascontiguousarray(material.texture.pixels[..., :3])


def _own_light(material: Material) -> NDArray[np.uint8]:
    """(H, W, 3) how far the texture of a material shines by itself."""
    if material.texture is None or material.texture.pixels.shape[2] == 3:
        return np.zeros((1, 1, 3), np.uint8)
    return np.repeat(material.texture.pixels[..., 3:], 3, axis=2)


def _levels(
    scene: Scene, images: list[NDArray[np.uint8]]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """An image per material in all levels, in a row, and (M, LEVELS, 3) their places."""
    parts: list[NDArray[np.uint8]] = []
    known: dict[str, NDArray[np.int64]] = {}
    table = np.zeros((len(scene.materials), LEVELS, 3), np.int64)
    end = 0
    for k, (material, image) in enumerate(zip(scene.materials, images, strict=True)):
        name = material.texture.name if material.texture else ""
        if name not in known:
            rows = np.zeros((LEVELS, 3), np.int64)
            for level in range(LEVELS):
                rows[level] = end, *image.shape[:2]
                if level == 0 or image.size > 3:
                    parts.append(image.reshape(-1))
                    end += image.size
                half = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
                if half != image.shape[1::-1]:
                    image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA))
                else:
                    rows[level + 1 :] = rows[level]
                    break
            known[name] = rows
        table[k] = known[name]
    return np.concatenate(parts), table


@njit(cache=True)
def _paint(
    places: NDArray,
    uv: NDArray,
    material: NDArray,
    pixels: NDArray,
    levels: NDArray,
    colors: NDArray,
    paint: NDArray,
    rank: NDArray,
) -> None:
    """Paints triangles: inside first come first served, over their edges where nothing is."""
    height, width = rank.shape
    for t in range(len(places)):
        a, b, c = places[t, 0], places[t, 1], places[t, 2]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-9:
            continue
        p, q, r = uv[t, 0], uv[t, 1], uv[t, 2]
        texture = abs((q[0] - p[0]) * (r[1] - p[1]) - (r[0] - p[0]) * (q[1] - p[1]))
        fine = levels[material[t], 0]
        texture *= fine[1] * fine[2] / abs(area)
        level = int(max(0.0, min(LEVELS - 1.0, np.floor(0.5 * np.log2(max(texture, 1e-9)) + 0.5))))
        start, rows, columns = levels[material[t], level]
        spill = np.empty(3)
        spill[0] = SPILL * np.hypot(c[0] - b[0], c[1] - b[1]) / abs(area)
        spill[1] = SPILL * np.hypot(a[0] - c[0], a[1] - c[1]) / abs(area)
        spill[2] = SPILL * np.hypot(b[0] - a[0], b[1] - a[1]) / abs(area)
        low_x = max(0, int(min(a[0], b[0], c[0]) - SPILL))
        high_x = min(width - 1, int(max(a[0], b[0], c[0]) + SPILL))
        low_y = max(0, int(min(a[1], b[1], c[1]) - SPILL))
        high_y = min(height - 1, int(max(a[1], b[1], c[1]) + SPILL))
        for y in range(low_y, high_y + 1):
            for x in range(low_x, high_x + 1):
                if rank[y, x] == 2:
                    continue
                u, v = x + 0.5, y + 0.5
                wb = ((u - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (v - a[1])) / area
                wc = ((b[0] - a[0]) * (v - a[1]) - (u - a[0]) * (b[1] - a[1])) / area
                wa = 1.0 - wb - wc
                inside = wa >= 0.0 and wb >= 0.0 and wc >= 0.0
                near = wa >= -spill[0] and wb >= -spill[1] and wc >= -spill[2]
                if not inside and (rank[y, x] > 0 or not near):
                    continue
                tu = wa * p[0] + wb * q[0] + wc * r[0]
                tv = wa * p[1] + wb * q[1] + wc * r[1]
                column = int((tu - np.floor(tu)) * columns)
                row = int((tv - np.floor(tv)) * rows)
                i = start + 3 * (min(row, rows - 1) * columns + min(column, columns - 1))
                for k in range(3):
                    paint[y, x, k] = int(pixels[i + k] * min(colors[material[t], k], 1.0))
                rank[y, x] = 2 if inside else 1

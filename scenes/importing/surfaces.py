"""Textures, colours and clean triangles from parts."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from navworld.scenes.importing.names import words_of
from navworld.scenes.importing.parts import Look, Part
from navworld.world.scene import Material, Texture

LARGE_TEXTURE, SMALL_TEXTURE, FEW_TEXTURES = 1024, 512, 8
MAX_COLORS = 512


class MaterialTable:
    """Materials of a scene, each kept once; textures are shrunk and named by their content."""

    def __init__(self, parts: list[Part]) -> None:
        images = {id(part.look.image) for part in parts if part.look.image is not None}
        self.limit = LARGE_TEXTURE if len(images) <= FEW_TEXTURES else SMALL_TEXTURE
        self.materials: list[Material] = []
        self._index: dict[tuple[int, tuple[float, float, float]], int] = {}
        self._textures: dict[int, Texture] = {}

    def rows(self, part: Part, keep: NDArray[np.bool_], levels: int) -> NDArray[np.int32]:
        """(K,) material of the kept triangles; colours of corners become one colour a triangle."""
        count = int(keep.sum())
        if part.colors is None:
            return np.full(count, self._material(part.look, part.look.color, part.uv is not None))
        code, inverse = np.unique(_codes(part.colors[keep], levels), return_inverse=True)
        steps = np.stack([code // levels**2, code // levels % levels, code % levels], 1)
        index = [
            self._material(part.look, (float(r), float(g), float(b)), part.uv is not None)
            for r, g, b in steps / (levels - 1) * part.look.color
        ]
        return np.array(index, np.int32)[inverse.reshape(-1)]

    def _material(self, look: Look, color: tuple[float, float, float], has_uv: bool) -> int:
        key = (id(look), color) if has_uv else (-id(look), color)
        if key not in self._index:
            self._index[key] = len(self.materials)
            image = look.image
            texture = self._texture(image) if image is not None and has_uv else None
            if image is not None and not has_uv:
                mean = np.asarray(image[..., :3], np.float64).mean((0, 1)) / 255 * color
                color = (float(mean[0]), float(mean[1]), float(mean[2]))
            self.materials.append(
                Material(
                    name=look.name or "plain",
                    color=color,
                    texture=texture,
                    emission=look.emission,
                    transparent=look.transparent or "glass" in words_of(look.name),
                )
            )
        return self._index[key]

    def _texture(self, image: NDArray[np.uint8]) -> Texture:
        if id(image) not in self._textures:
            pixels = _shrunk(_opaque(image), self.limit)
            name = hashlib.sha256(pixels.tobytes() + str(pixels.shape).encode()).hexdigest()[:16]
            self._textures[id(image)] = Texture(f"imported-{name}", pixels)
        return self._textures[id(image)]


def color_levels(parts: list[Part]) -> int:
    """Steps per channel that keep the colours of corners to about `MAX_COLORS` materials."""
    for levels in (64, 32, 16, 12, 8):
        codes: set[int] = set()
        for part in parts:
            if part.colors is not None:
                codes.update(np.unique(_codes(part.colors, levels)).tolist())
        if len(codes) <= MAX_COLORS:
            return levels
    return 6


def _codes(colors: NDArray[np.float64], levels: int) -> NDArray[np.int64]:
    """(T,) mean colours of the corners, in steps, as one number."""
    steps = np.rint(np.clip(colors.mean(1), 0, 1) * (levels - 1)).astype(np.int64)
    return steps @ np.array([levels * levels, levels, 1])


def sound_triangles(part: Part) -> NDArray[np.bool_]:
    """(T,) triangles that have an area and are no copy of an earlier one of the part."""
    corners = part.vertices[part.triangles]
    size = np.abs(corners - corners.mean(1, keepdims=True)).max((1, 2))
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    keep = np.linalg.norm(cross, axis=1) > 1e-6 * size * size
    same = np.sort(places(part.vertices)[part.triangles], axis=1)
    order = np.lexsort((~keep, *same.T))  # of equal triangles, the ones with an area first
    repeats = np.zeros(len(same), bool)
    repeats[order[1:]] = (same[order[1:]] == same[order[:-1]]).all(1)
    return keep & ~repeats


def places(vertices: NDArray[np.float64]) -> NDArray[np.int64]:
    """(V,) the same number for vertices at exactly the same place, by a 64-bit hash."""
    bits = np.ascontiguousarray(vertices + 0.0, np.float64).view(np.uint64)  # -0 becomes 0
    odd = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
    mixed = (bits ^ (bits >> np.uint64(32))) * odd
    return np.unique(mixed.sum(1, dtype=np.uint64), return_inverse=True)[1].reshape(-1)


def near_origin(uv: NDArray[np.float64]) -> NDArray[np.float32]:
    """Texture coordinates moved by whole repeats, where float32 is exact enough."""
    return (uv - np.floor(uv.min(axis=1, keepdims=True))).astype(np.float32)


def _opaque(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paints what is see-through in the mean colour of what is not."""
    rgb, alpha = image[..., :3], image[..., 3:].astype(np.float32) / 255
    if alpha.min() >= 1:
        return np.ascontiguousarray(rgb)
    mean = (rgb * alpha).sum((0, 1)) / max(float(alpha.sum()), 1e-6)
    return np.rint(rgb * alpha + mean * (1 - alpha)).astype(np.uint8)


def _shrunk(pixels: NDArray[np.uint8], limit: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    factor = limit / max(height, width)
    if factor >= 1:
        return np.ascontiguousarray(pixels)
    import cv2

    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).reshape(size[1], size[0], 3)

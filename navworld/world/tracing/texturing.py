"""Textures made ready for sampling: chains of halved images, kept once for all scenes.

Every level is stored with its first row and column repeated at its end, so that the 2 × 2 texels
of a bilinear look-up are two loads even where the texture repeats.
"""

from __future__ import annotations

import threading
import weakref

import numpy as np
from numpy.typing import NDArray

from navworld.world.scene import Material, Texture

LEVELS = 12
MAX_SIZE = 1024

LEVEL_ENTRY = np.dtype(
    [
        ("size", np.float32, 4),  # width, height, 1, 1: scales (texture, light) coordinates
        ("mask", np.int32, 4),  # width - 1, height - 1, -1, -1: wraps texture coordinates
        ("address", np.int64),
        ("stride", np.int32),  # bytes from a row to the next
        ("color", np.uint8, 4),  # of the material
        ("unused", np.int64, 2),
    ]
)
"""What the kernel reads about one level of one material: one cache line."""


class MipChain:
    """A texture at every halved resolution, 4 bytes a texel: the last is light of its own.

    Attributes:
        size: (width, height) of the finest level, powers of two.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        image = _power_of_two(pixels)
        self.size = image.shape[1], image.shape[0]
        self._levels = [_stored(image)]
        light = np.square(image.astype(np.float32))  # averages light, not its encoding
        while max(light.shape[:2]) > 1:
            light = _halved(light)
            self._levels.append(_stored(np.rint(np.sqrt(light)).astype(np.uint8)))

    @property
    def nbytes(self) -> int:
        """Memory of all levels."""
        return sum(level.nbytes for level in self._levels)

    def entries(self) -> NDArray:
        """(LEVELS,) of LEVEL_ENTRY; past the coarsest level it is repeated."""
        table = np.zeros(LEVELS, LEVEL_ENTRY)
        for k in range(LEVELS):
            level = self._levels[min(k, len(self._levels) - 1)]
            height, width = level.shape[0] - 1, level.shape[1] - 1
            table[k]["size"] = width, height, 1, 1
            table[k]["mask"] = width - 1, height - 1, -1, -1
            table[k]["address"], table[k]["stride"] = level.ctypes.data, level.strides[0]
        return table


_pool: weakref.WeakValueDictionary[str, MipChain] = weakref.WeakValueDictionary()
_pool_lock = threading.Lock()
_PLAIN = Texture("navworld plain", np.full((1, 1, 3), 255, np.uint8))


def mip_chain(texture: Texture | None) -> MipChain:
    """The chain of a texture, made the first time its name is seen while any scene holds it."""
    texture = _PLAIN if texture is None else texture
    with _pool_lock:
        chain = _pool.get(texture.name)
        if chain is None:
            _check(texture)
            chain = _pool[texture.name] = MipChain(texture.pixels)
        return chain


def material_levels(chain: MipChain, material: Material) -> NDArray:
    """(LEVELS,) of LEVEL_ENTRY for a material whose texture has this chain."""
    entries = chain.entries()
    entries["color"][:, :3] = np.rint(255 * np.clip(material.color, 0, 1))
    return entries


def _check(texture: Texture) -> None:
    pixels = texture.pixels
    if (
        pixels.dtype != np.uint8
        or pixels.ndim != 3
        or pixels.shape[2] not in (3, 4)
        or not pixels.size
    ):
        raise ValueError(
            f"texture {texture.name!r} is {pixels.shape} {pixels.dtype}: give (H, W, 3) uint8, or "
            "(H, W, 4) with light of its own"
        )


def _power_of_two(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    target = [min(1 << (n - 1).bit_length(), MAX_SIZE) for n in pixels.shape[:2]]
    if target == list(pixels.shape[:2]):
        return pixels
    import cv2

    shrinks = target[0] < pixels.shape[0] or target[1] < pixels.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(pixels, (target[1], target[0]), interpolation=method).astype(np.uint8)


def _halved(image: NDArray[np.float32]) -> NDArray[np.float32]:
    if image.shape[0] > 1:
        image = 0.5 * (image[0::2] + image[1::2])
    if image.shape[1] > 1:
        image = 0.5 * (image[:, 0::2] + image[:, 1::2])
    return image


def _stored(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H + 1, W + 1, 4): padded to 4 bytes a texel, first row and column repeated."""
    out = np.zeros((image.shape[0] + 1, image.shape[1] + 1, 4), np.uint8)
    out[:-1, :-1, : image.shape[2]] = image
    out[-1] = out[0]
    out[:, -1] = out[:, 0]
    return out

"""Façades of mapped buildings: two by two bays with windows, and surfaces of roofs.

After dark lamps burn behind some of the windows (`Material.lit`), four by four bays before they
repeat; the later it is, the fewer. By day nothing of it is seen.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from navworld.scenes.city.looks import PANES, panes
from navworld.scenes.extrusion import BAYS
from navworld.scenes.layouts import SIDE
from navworld.scenes.textures import finish, noise
from navworld.world.scene import Material, Texture

BAY = 3.0
"""Width and height of a bay [m]."""

NARROW = 1.8
"""Walls of less width have no windows [m]."""

LIT_REPEATS = 2
"""Repeats of a façade, in u and in v, in which the windows are lit differently."""

SHAPES = ((0.27, 0.16, 0.73, 0.70), (0.33, 0.12, 0.67, 0.74), (0.14, 0.22, 0.86, 0.66),
          (0.22, 0.10, 0.78, 0.86))  # fmt: skip
"""Left, top, right and bottom of the window of each style, in parts of a bay."""

Color = tuple[float, float, float]
WALLS: dict[str, Color] = {
    "brick": (0.55, 0.34, 0.27), "clinker": (0.42, 0.29, 0.25), "sandstone": (0.76, 0.68, 0.54),
    "cream": (0.84, 0.79, 0.66), "white": (0.86, 0.86, 0.84), "grey": (0.66, 0.66, 0.65),
    "ochre": (0.80, 0.64, 0.40), "rose": (0.76, 0.56, 0.50), "sage": (0.62, 0.68, 0.58),
}  # fmt: skip
ROOFS: dict[str, Color] = {
    "tiles": (0.58, 0.31, 0.23), "slate": (0.33, 0.35, 0.38), "bitumen": (0.36, 0.36, 0.37),
    "gravel": (0.58, 0.57, 0.54), "zinc": (0.60, 0.63, 0.66),
}  # fmt: skip


@cache
def facade(wall: str, style: int) -> Material:
    """A wall with windows; `style` 0–3 decides their shape."""
    rng = np.random.default_rng(zlib.crc32(f"facade {wall} {style}".encode()))
    image = _plain(rng, WALLS[wall], coursed=wall in ("brick", "clinker", "sandstone"))
    frame = (0.90, 0.90, 0.88) if style % 2 == 0 else (0.25, 0.24, 0.23)
    side = SIDE // BAYS
    for k in range(BAYS * BAYS):
        x, y = k % BAYS * side, k // BAYS * side
        _window(image[y : y + side, x : x + side], _glass(style, side), frame, rng)
    return replace(_made(f"facade {wall} {style}", image), lit=_lights(style % len(SHAPES)))


def _glass(style: int, side: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the glass in a bay of `side` pixels."""
    left, top, right, bottom = (round(part * side) for part in SHAPES[style % len(SHAPES)])
    return left, top, right, bottom


@cache
def _lights(style: int) -> Texture:
    """What shows of lit rooms behind the windows of a style, and how late each is lit."""
    rng = np.random.default_rng(zlib.crc32(f"facade lights {style}".encode()))
    side, across = SIDE // BAYS, BAYS * LIT_REPEATS
    rooms = panes(rng, night=True)
    high, wide = (size // count for size, count in zip(rooms.shape, PANES, strict=False))
    rooms = rooms.reshape(PANES[0], high, PANES[1], wide, 3).swapaxes(1, 2)
    image = np.zeros((across * side, across * side, 4), np.uint8)
    left, top, right, bottom = _glass(style, side)
    middle = (left + right) // 2
    for k, order in enumerate(rng.permutation(across**2)):
        cell = image[k // across * side :, k % across * side :][:side, :side]
        window = cell[top : bottom + 1, left : right + 1]
        seen = rooms[order // PANES[1], order % PANES[1]]
        window[..., :3] = cv2.resize(seen, window.shape[1::-1], interpolation=cv2.INTER_AREA)
        window[..., 3] = round(255 * (order + 0.5) / across**2)
        cell[top : bottom + 1, middle - 1 : middle + 2] = 0
    image.setflags(write=False)
    return Texture(f"facade lights {style}", image)


@cache
def blank(wall: str) -> Material:
    """The wall of a façade without windows."""
    rng = np.random.default_rng(zlib.crc32(f"blank {wall}".encode()))
    coursed = wall in ("brick", "clinker", "sandstone")
    return _made(f"wall {wall}", _plain(rng, WALLS[wall], coursed=coursed))


@cache
def roof(name: str) -> Material:
    """A roof's surface; one repeat covers two bays."""
    rng = np.random.default_rng(zlib.crc32(f"roof {name}".encode()))
    image = _plain(rng, ROOFS[name], coursed=name == "tiles", strength=0.06)
    return _made(f"roof {name}", image)


def _made(name: str, image: np.ndarray) -> Material:
    pixels = finish(image)
    pixels.setflags(write=False)
    return Material(name, texture=Texture(name, pixels))


def _plain(
    rng: np.random.Generator, color: Color, *, coursed: bool, strength: float = 0.03
) -> np.ndarray:
    """A mottled surface, with level courses for brick, stone and tiles."""
    image = np.ones((SIDE, SIDE, 3), np.float32) * np.asarray(color, np.float32)
    image *= 1 + strength * noise(rng, beta=1.2, low=1, high=60)[..., None]
    if coursed:
        rows = np.arange(SIDE) % 8
        image *= np.where(rows < 1, 0.86, 1.0)[:, None, None]
    return image


def _window(
    cell: np.ndarray, box: tuple[int, int, int, int], frame: Color, rng: np.random.Generator
) -> None:
    """One window with a frame, panes, a sill and what little shows behind the glass."""
    left, top, right, bottom = box
    cv2.rectangle(cell, (left - 3, top - 3), (right + 3, bottom + 3), frame, -1)
    glass = np.array([0.27, 0.32, 0.38]) * rng.uniform(0.75, 1.25)
    shade = np.linspace(1.25, 0.8, bottom - top)[:, None, None]
    cell[top:bottom, left:right] = glass * shade
    if rng.random() < 0.5:
        drop = top + int((bottom - top) * rng.uniform(0.15, 0.5))
        cell[top:drop, left:right] = np.array([0.74, 0.72, 0.67]) * rng.uniform(0.8, 1.0)
    middle = (left + right) // 2
    cv2.rectangle(cell, (middle - 1, top), (middle + 1, bottom), frame, -1)
    cv2.rectangle(cell, (left - 6, bottom + 3), (right + 6, bottom + 7), (0.62, 0.61, 0.59), -1)

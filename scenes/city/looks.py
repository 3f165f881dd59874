"""Surfaces of a city: named materials whose textures are synthesised when first asked for."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.scenes import textures as tx
from navworld.scenes.layouts import SIDE, grid, rows
from navworld.world.scene import Material, Texture

Color = tuple[float, float, float]

SHOP_COLORS: tuple[Color, ...] = (
    (0.12, 0.22, 0.19), (0.14, 0.18, 0.30), (0.42, 0.12, 0.13), (0.18, 0.18, 0.19),
    (0.52, 0.33, 0.16), (0.16, 0.34, 0.38), (0.36, 0.20, 0.34), (0.62, 0.24, 0.12),
)  # fmt: skip

PANES = (4, 4)
"""Rows and columns of the picture of windows: every cell is another room behind the glass."""

DISPLAYS = (2, 4)
"""Rows and columns of the picture of shop windows."""

FAR_BAYS = 4
"""Storeys and bays of the picture of a far wall."""

RANKS = tuple((k + 0.5) / 8 for k in range(8))
"""Of windows (`Material.lit_rank`): those behind which people stay up late come first."""

SHOP_RANKS, FAR_RANKS = (0.02, 0.07, 0.15, 0.3), (0.06, 0.3, 0.55)


def asphalt(rng: np.random.Generator, tone: float) -> tx.Image:
    """Worn asphalt: grit, patches of wear, fine cracks filled with tar."""
    grit = tx.noise(rng, beta=0.1, low=24, high=90)
    wear = tx.noise(rng, beta=1.2, low=4, high=16)
    crack = tx.smooth(1 - np.abs(tx.noise(rng, beta=1.5, low=2, high=30)) * 14, 0.2, 1.0)
    crack *= tx.smooth(tx.noise(rng, beta=2, low=1, high=5), 0.6, 1.4)
    value = tone * (1 + 0.07 * grit + 0.06 * wear - 0.35 * crack)
    return tx.finish(value[..., None] * np.array([1.0, 1.0, 1.03]))


def grass(rng: np.random.Generator, light: Color, dark: Color) -> tx.Image:
    """Mown lawn."""
    blades = tx.noise(rng, beta=0.2, low=20, high=100, stretch=0.6)
    patches = tx.noise(rng, beta=1.2, low=4, high=16)
    return tx.finish(tx.mix(dark, light, 0.5 + 0.2 * blades + 0.16 * patches))


def foliage(rng: np.random.Generator, light: Color, dark: Color) -> tx.Image:
    """Leaves over leaves: overlapping ellipses from dark to light."""
    image = np.empty((SIDE, SIDE, 3), np.float32)
    image[:] = np.asarray(dark) * 0.8
    for k in range(900):
        t = k / 900
        color = np.asarray(dark) * (1 - t) + np.asarray(light) * t
        color = color * rng.uniform(0.8, 1.15)
        center, angle = rng.uniform(0, SIDE, 2), float(rng.uniform(0, 180))
        size = (round(rng.uniform(7, 11)), round(rng.uniform(3, 5)))
        for x, y in tx.wraps(center, 12, SIDE):
            cv2.ellipse(
                image, (round(x), round(y)), size, angle, 0, 360, color.tolist(), -1, cv2.LINE_AA
            )
    return tx.finish(image)


def bark(rng: np.random.Generator, light: Color, dark: Color) -> tx.Image:
    """Furrowed along v."""
    furrows = tx.noise(rng, beta=0.7, low=4, high=60, stretch=0.18)
    return tx.finish(tx.mix(dark, light, 0.5 + 0.28 * furrows))


def roof_tiles(rng: np.random.Generator, colors: Sequence[Color]) -> tx.Image:
    """Rows of overlapping clay tiles, each in the shade of the row above."""
    layout = rows(rng, across=12, along=12, jitter=0.0, shift=0.5)
    tone = np.asarray(colors, np.float32)[rng.integers(len(colors), size=layout.count)]
    tone *= (1 + 0.08 * np.clip(rng.normal(size=layout.count), -2, 2))[:, None]
    u, v = grid()
    row = (v * 12) % 1
    hump = 0.86 + 0.2 * np.abs(np.sin(np.pi * (u * 12 - 0.5 * ((v * 12).astype(int) % 2))))
    shade = hump * (0.62 + 0.4 * tx.smooth(row, 0.0, 0.25))
    shade *= 1 + 0.05 * tx.noise(rng, beta=1.2, low=1, high=30)
    return tx.finish(tone[layout.block] * shade[..., None])


def seams(rng: np.random.Generator, color: Color) -> tx.Image:
    """Sheet metal with standing seams along v."""
    u, _ = grid()
    x = (u * 4) % 1
    seam = 1 - tx.smooth(np.abs(x - 0.5), 0.015, 0.05)
    cloud = tx.noise(rng, beta=1.5, low=1, high=20)
    return tx.finish(np.asarray(color) * (0.94 + 0.05 * cloud - 0.3 * seam)[..., None])


def panes(rng: np.random.Generator, *, night: bool = False) -> tx.Image:
    """Sixteen rooms behind glass: curtains, blinds, plants, and the sky reflected above.

    By night, lamps burn in them instead.
    """
    side, (down, across) = 128, PANES
    image = np.empty((down * side, across * side, 3), np.float32)
    for k in range(down * across):
        cell = image[k // across * side :, k % across * side :][:side, :side]
        v = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
        room = rng.uniform(0.18, 0.34) * np.array([1.0, 1.02, 1.06], np.float32)
        cell[:] = room * (1.2 - 0.5 * v)
        if night:
            cell[:] = _lamplight(k) * (1.08 - 0.34 * v)
        _draw_room(rng, cell, k, side, dim=0.8 if night else 1.0)
        sky = np.array([0.70, 0.79, 0.89], np.float32)
        u = np.linspace(0, 1, side, dtype=np.float32)[None, :, None]
        slope = rng.uniform(-0.5, 0.5)
        shine = np.clip(0.85 - 0.8 * (v + slope * (u - 0.5)), 0.22, 0.75)
        if not night:
            cell[:] = cell * (1 - shine) + sky * shine
    return tx.finish(image)


def _lamplight(room: int) -> NDArray[np.float32]:
    """Colour of the light in a room: mostly warm, here and there a screen's."""
    warm = ((1.0, 0.80, 0.50), (0.96, 0.72, 0.40), (1.0, 0.88, 0.66), (0.82, 0.60, 0.34))
    color = (0.50, 0.62, 0.80) if room % 16 == 10 else warm[room * 7 % 4]
    return np.array(color, np.float32) * (0.78 + 0.04 * (room * 5 % 6))


def _draw_room(
    rng: np.random.Generator, cell: NDArray, kind: int, side: int, dim: float = 1.0
) -> None:
    """What shows of one room: curtains at both sides, a blind, a plant, or a lamp."""
    cloth = np.array([(0.86, 0.83, 0.76), (0.62, 0.42, 0.36), (0.45, 0.52, 0.60)])[kind % 3]
    cloth = dim * cloth * np.array([1.0, dim, dim**2])
    if kind % 4 in (0, 1):
        for x in (*range(0, side // 5, 6), *range(side - side // 5, side, 6)):
            cell[:, x : x + 6] = cloth * rng.uniform(0.55, 0.85)
    if kind % 4 == 2:
        end = int(side * rng.uniform(0.25, 0.95))
        for y in range(0, end, 6):
            cell[y : y + 4] = np.array([0.80, 0.79, 0.75]) * rng.uniform(0.72, 0.85)
    if kind % 4 in (1, 3):
        x, color = int(rng.uniform(30, 90)), (0.20, 0.34, 0.16)
        for _ in range(14):
            tip = (x + int(rng.normal(0, 14)), side - int(rng.uniform(20, 52)))
            cv2.line(cell, (x, side - 12), tip, color, 4, cv2.LINE_AA)
        cv2.rectangle(cell, (x - 9, side - 14), (x + 9, side), (0.52, 0.30, 0.22), -1)


def displays(rng: np.random.Generator, *, night: bool = False) -> tx.Image:
    """Eight shop windows: lit shelves of coloured goods, posters, and by day the sky in them."""
    side, (down, across) = 256, DISPLAYS
    image = np.empty((down * side, across * side, 3), np.float32)
    for k in range(down * across):
        cell = image[k // across * side :, k % across * side :][:side, :side]
        warm = np.array([0.95, 0.86, 0.70]) * rng.uniform(0.75, 1.0)
        v = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
        cell[:] = warm * (1.05 - 0.55 * v)
        for shelf in range(4):
            floor = int(side * (0.34 + 0.2 * shelf))
            cv2.rectangle(cell, (0, floor), (side, floor + 4), (0.25, 0.2, 0.16), -1)
            x = 4
            while x < side - 12:
                wide, high = int(rng.uniform(8, 26)), int(rng.uniform(14, 40))
                color = rng.uniform(0.2, 0.95, 3).tolist()
                if rng.random() < 0.85:
                    cv2.rectangle(cell, (x, floor - high), (x + wide, floor), color, -1)
                x += wide + int(rng.uniform(1, 12))
        if k % 2:
            low, color = int(rng.uniform(10, 130)), rng.uniform(0.3, 0.9, 3).tolist()
            cv2.rectangle(cell, (low, 60), (low + 90, 200), (0.9, 0.89, 0.86), -1)
            cv2.circle(cell, (low + 45, 115), 32, color, -1, cv2.LINE_AA)
            cv2.rectangle(cell, (low + 12, 165), (low + 78, 182), color, -1)
        sky = np.array([0.62, 0.72, 0.84], np.float32)
        cell[:] = cell * 0.92 if night else cell * 0.84 + sky * 0.16 * (1.4 - v)
    return tx.finish(image)


def far_facade(rng: np.random.Generator, wall: Color) -> tx.Image:
    """A whole wall with windows, `FAR_BAYS` storeys by as many bays, for buildings far away."""
    image = np.empty((SIDE, SIDE, 3), np.float32)
    image[:] = wall
    image *= 1 + 0.04 * tx.noise(rng, beta=1.3, low=1, high=30)[..., None]
    for k in range(FAR_BAYS**2):
        x, y = k % FAR_BAYS * 64, k // FAR_BAYS * 64
        glass = np.array([0.24, 0.28, 0.33]) * rng.uniform(0.7, 1.4)
        cv2.rectangle(image, (x + 18, y + 14), (x + 46, y + 50), (0.86, 0.85, 0.82), -1)
        cv2.rectangle(image, (x + 21, y + 17), (x + 43, y + 48), glass.tolist(), -1)
        cv2.line(image, (x + 32, y + 17), (x + 32, y + 48), (0.86, 0.85, 0.82), 2)
    return tx.finish(image)


def far_lights(rng: np.random.Generator, count: int) -> tx.Image:
    """What glows of a far wall: some of its windows."""
    image = np.zeros((SIDE, SIDE, 3), np.float32)
    for k in rng.permutation(FAR_BAYS**2)[:count]:
        x, y = int(k) % FAR_BAYS * 64, int(k) // FAR_BAYS * 64
        cv2.rectangle(image, (x + 21, y + 17), (x + 43, y + 48), _lamplight(int(k)).tolist(), -1)
        cv2.line(image, (x + 32, y + 17), (x + 32, y + 48), (0.2, 0.17, 0.12), 2)
    return tx.finish(image) * image.any(-1, keepdims=True).astype(np.uint8)


_RED = [(0.60, 0.33, 0.26), (0.54, 0.29, 0.23), (0.66, 0.40, 0.31), (0.48, 0.28, 0.24)]
_YELLOW = [(0.78, 0.68, 0.48), (0.72, 0.62, 0.44), (0.82, 0.73, 0.55)]
_BROWN = [(0.42, 0.30, 0.24), (0.36, 0.25, 0.21), (0.48, 0.35, 0.28)]
_STONE = [(0.74, 0.70, 0.62), (0.69, 0.65, 0.57), (0.78, 0.74, 0.66)]

_RECIPES: dict[str, tuple[float, Callable[[np.random.Generator], tx.Image]]] = {
    "asphalt": (3.0, partial(asphalt, tone=0.42)),
    "asphalt pale": (3.0, partial(asphalt, tone=0.50)),
    "setts": (2.0, partial(tx.tiles, colors=[(0.50, 0.49, 0.47), (0.44, 0.43, 0.43)],
                           joint=(0.34, 0.33, 0.31), across=16, along=10, shift=0.5, spread=0.07)),
    "slabs": (2.4, partial(tx.tiles, colors=[(0.64, 0.63, 0.60), (0.59, 0.58, 0.56)],
                           joint=(0.42, 0.41, 0.39), across=4, along=3, shift=0.5)),
    "clay pavers": (1.6, partial(tx.tiles, colors=[(0.60, 0.42, 0.34), (0.55, 0.38, 0.31)],
                                 joint=(0.44, 0.38, 0.34), across=16, along=8, shift=0.5,
                                 spread=0.06)),
    "square slabs": (2.0, partial(tx.tiles, colors=[(0.70, 0.66, 0.58), (0.65, 0.61, 0.54)],
                                  joint=(0.48, 0.45, 0.40), across=5, along=5)),
    "granite": (1.0, partial(tx.granite, colors=[(0.62, 0.62, 0.61), (0.46, 0.46, 0.47),
                                                 (0.74, 0.73, 0.71)])),
    "lawn": (3.0, partial(grass, light=(0.52, 0.57, 0.33), dark=(0.37, 0.44, 0.23))),
    "soil": (1.5, partial(tx.speckled, color=(0.36, 0.28, 0.21))),
    "sand": (1.5, partial(tx.speckled, color=(0.80, 0.71, 0.54), depth=0.05)),
    "foliage green": (1.6, partial(foliage, light=(0.50, 0.62, 0.28), dark=(0.20, 0.31, 0.12))),
    "foliage dark": (1.6, partial(foliage, light=(0.34, 0.49, 0.27), dark=(0.12, 0.23, 0.12))),
    "foliage pale": (1.6, partial(foliage, light=(0.60, 0.64, 0.34), dark=(0.28, 0.34, 0.14))),
    "foliage copper": (1.6, partial(foliage, light=(0.50, 0.26, 0.22), dark=(0.24, 0.11, 0.11))),
    "blossom": (1.2, partial(foliage, light=(0.90, 0.68, 0.74), dark=(0.62, 0.38, 0.42))),
    "bark": (1.0, partial(bark, light=(0.44, 0.37, 0.30), dark=(0.24, 0.19, 0.15))),
    "bark pale": (1.0, partial(bark, light=(0.62, 0.58, 0.50), dark=(0.42, 0.38, 0.31))),
    "brick red": (1.3, partial(tx.bricks, colors=_RED, joint=(0.72, 0.69, 0.65))),
    "brick yellow": (1.3, partial(tx.bricks, colors=_YELLOW, joint=(0.76, 0.73, 0.67))),
    "brick brown": (1.3, partial(tx.bricks, colors=_BROWN, joint=(0.60, 0.57, 0.53))),
    "ashlar": (2.4, partial(tx.tiles, colors=_STONE, joint=(0.56, 0.53, 0.47), across=6, along=3,
                            shift=0.5, cloud=0.05)),
    "render": (3.0, partial(tx.plaster, tone=0.9, mottle=0.03)),
    "concrete": (3.0, partial(tx.concrete, light=(0.72, 0.71, 0.69), dark=(0.56, 0.55, 0.54))),
    "panels": (3.0, partial(tx.tiles, colors=[(0.74, 0.75, 0.77)], joint=(0.45, 0.46, 0.48),
                            across=2, along=2, spread=0.02)),
    "timber": (1.6, partial(tx.panelling, light=(0.66, 0.50, 0.34), dark=(0.46, 0.32, 0.20))),
    "roof red": (2.4, partial(roof_tiles, colors=[(0.62, 0.32, 0.22), (0.55, 0.28, 0.20),
                                                  (0.68, 0.38, 0.26)])),
    "roof brown": (2.4, partial(roof_tiles, colors=[(0.42, 0.31, 0.26), (0.37, 0.27, 0.23)])),
    "roof slate": (2.4, partial(roof_tiles, colors=[(0.35, 0.37, 0.41), (0.30, 0.32, 0.36)])),
    "zinc": (2.0, partial(seams, color=(0.60, 0.64, 0.67))),
    "copper": (2.0, partial(seams, color=(0.45, 0.63, 0.56))),
    "gravel": (2.0, partial(tx.speckled, color=(0.60, 0.59, 0.56), grain_size=40, depth=0.12)),
    "metal": (1.0, partial(tx.smoothed, color=(0.62, 0.64, 0.66), depth=0.05)),
    "panes": (1.0, panes),
    "displays": (1.0, displays),
    "far red": (12.0, partial(far_facade, wall=(0.58, 0.40, 0.33))),
    "far cream": (12.0, partial(far_facade, wall=(0.80, 0.75, 0.64))),
    "far grey": (12.0, partial(far_facade, wall=(0.62, 0.62, 0.61))),
    "cloth stripes": (1.6, lambda rng: _stripes(rng)),
}  # fmt: skip


def _stripes(rng: np.random.Generator) -> tx.Image:
    """Awning cloth, nearly white and white: the colour is the material's."""
    u, _ = grid()
    bold = tx.smooth(np.abs((u * 4) % 1 - 0.5), 0.23, 0.27)
    weave = 1 + 0.03 * tx.noise(rng, beta=0.5, low=8, high=60)
    return tx.finish((0.55 + 0.37 * bold)[..., None] * weave[..., None] * np.ones(3))


@cache
def _texture(name: str) -> Texture:
    pixels = _RECIPES[name][1](np.random.default_rng(zlib.crc32(f"city {name}".encode())))
    pixels.setflags(write=False)
    return Texture(f"city {name}", pixels)


@cache
def surface(name: str, color: Color = (1.0, 1.0, 1.0)) -> Material:
    """A textured material; `color` multiplies the texture."""
    shown = name if color == (1.0, 1.0, 1.0) else f"{name} {_hex(color)}"
    return Material(shown, color, _texture(name))


@cache
def lit(name: str, rank: float) -> Material:
    """A surface that glows after dark: "panes", "displays", or a far wall.

    Args:
        rank: As in `Material.lit_rank`.
    """
    plain = surface(name)
    return Material(plain.name, plain.color, plain.texture, lit=_glow(name, rank), lit_rank=rank)


@cache
def _glow(name: str, rank: float) -> Texture:
    """What a surface shows of lamps after dark; of far walls less, the later they are lit."""
    by_night = {"panes": partial(panes, night=True), "displays": partial(displays, night=True)}
    if name in by_night:
        title, draw = name, by_night[name]
    else:
        title, draw = f"{name} {rank:g}", partial(far_lights, count=round(3 + 10 * rank))
    seed = f"city {name}" if name in by_night else f"lights {title}"
    pixels = draw(np.random.default_rng(zlib.crc32(seed.encode())))
    pixels.setflags(write=False)
    return Texture(f"city {title} by night", pixels)


@cache
def paint(color: Color, name: str = "paint") -> Material:
    """A plain material."""
    return Material(f"{name} {_hex(color)}", color)


def tile(name: str) -> float:
    """Metres that one repeat of a surface covers."""
    return _RECIPES[name][0]


def _hex(color: Color) -> str:
    return "#" + "".join(f"{round(255 * min(part, 1.0)):02x}" for part in color)

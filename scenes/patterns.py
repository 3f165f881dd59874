"""Synthesised tiling images with drawn patterns: fabrics, carpets, wicker and wallpaper.

Each returns a (SIDE, SIDE, 3) uint8 sRGB image; drawn motifs are wrapped around the borders and
drawn at twice the resolution, so that their outlines are smooth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.scenes.layouts import SIDE, Field, grid
from navworld.scenes.textures import (
    Color,
    Image,
    finish,
    mix,
    noise,
    smooth,
    wraps,
)

# --- fabrics ------------------------------------------------------------------------------------


def weave(rng: np.random.Generator, *, threads: int = 32, kind: str = "plain") -> Field:
    """Light and shade of woven threads, about 0.8…1; `kind` is plain, twill or zigzag."""
    u, v = grid()
    x, y = u * threads, v * threads
    i, j = x.astype(np.int64), y.astype(np.int64)
    if kind == "plain":
        over = (i + j) % 2 == 0
    elif kind == "twill":
        over = (i + j) % 4 < 2
    else:
        over = (np.where((j // 8) % 2 == 0, i + j, i - j)) % 4 < 2
    across = np.where(over, y - j, x - i) - 0.5
    round_thread = 1 - 0.16 * (2 * np.abs(across)) ** 2
    slub = 0.02 * noise(rng, beta=0.6, low=2, high=40, stretch=8)
    slub += 0.02 * noise(rng, beta=0.6, low=2, high=40, stretch=0.125)
    return (round_thread - 0.06 * over + slub + 0.02 * noise(rng, low=1, high=6)).astype(np.float32)


def fabric(
    rng: np.random.Generator, color: Color, *, threads: int = 32, kind: str = "plain"
) -> Image:
    """Plain cloth with a visible weave."""
    return finish(np.asarray(color, np.float32) * weave(rng, threads=threads, kind=kind)[..., None])


def tweed(rng: np.random.Generator, a: Color, b: Color, fleck: Color) -> Image:
    """Two yarns in a zigzag twill with coloured flecks."""
    u, v = grid()
    i, j = (u * 48).astype(np.int64), (v * 48).astype(np.int64)
    up = np.where((i // 8) % 2 == 0, i + j, j - i) % 4 < 2
    image = mix(a, b, up.astype(np.float32))
    flecks = smooth(noise(rng, beta=0.2, low=12, high=48), 1.7, 2.3)
    shade = weave(rng, threads=48)
    return finish(mix(image, fleck, flecks) * shade[..., None])


def striped(
    rng: np.random.Generator, ground: Color, stripes: Sequence[tuple[float, float, Color]]
) -> Image:
    """Cloth with stripes along v, each (centre, width, colour) in parts of the image."""
    u, _ = grid()
    image = np.broadcast_to(np.asarray(ground, np.float32), (SIDE, SIDE, 3))
    for center, width, color in stripes:
        distance = np.abs((u - center + 0.5) % 1 - 0.5)
        image = mix(image, color, 1 - smooth(distance, width / 2 - 0.004, width / 2 + 0.004))
    return finish(image * weave(rng, threads=40)[..., None])


def plaid(
    rng: np.random.Generator, ground: Color, bands: Sequence[tuple[float, float, Color]]
) -> Image:
    """Tartan: the same bands along u and v, mixed where they cross."""
    u, v = grid()
    warp = np.broadcast_to(np.asarray(ground, np.float32), (SIDE, SIDE, 3))
    weft = warp
    for center, width, color in bands:
        for axis in (0, 1):
            t = u if axis == 0 else v
            inside = 1 - smooth(
                np.abs((t - center + 0.5) % 1 - 0.5), width / 2 - 0.004, width / 2 + 0.004
            )
            if axis == 0:
                warp = mix(warp, color, inside)
            else:
                weft = mix(weft, color, inside)
    over = ((u * 64).astype(int) + (v * 64).astype(int)) % 4 < 2
    mixed = np.where(over[..., None], 0.65 * warp + 0.35 * weft, 0.35 * warp + 0.65 * weft)
    return finish(mixed * weave(rng, threads=32)[..., None])


def velvet(rng: np.random.Generator, color: Color) -> Image:
    """Pile that was stroked this way and that."""
    stroke = smooth(noise(rng, beta=1.0, low=2, high=12), -1.8, 1.8)
    fine = noise(rng, beta=0.4, low=10, high=48, stretch=0.3)
    return finish(np.asarray(color, np.float32) * (0.87 + 0.2 * stroke + 0.03 * fine)[..., None])


def corduroy(rng: np.random.Generator, color: Color, *, ribs: int = 20) -> Image:
    """Ribs along v."""
    u, _ = grid()
    rib = np.sin(np.pi * ((u * ribs) % 1)) ** 0.7
    fine = 0.03 * noise(rng, beta=0.4, low=8, high=48) + 0.04 * noise(rng, low=1, high=8)
    return finish(np.asarray(color, np.float32) * (0.76 + 0.26 * rib + fine)[..., None])


def knit(rng: np.random.Generator, color: Color, *, stitches: int = 16) -> Image:
    """Columns of V-shaped stitches."""
    u, v = grid()
    x = (u * stitches) % 1
    slant = np.abs(x - 0.5) * 1.3
    y = (v * stitches - slant) % 1
    strand = np.sin(np.pi * y) ** 0.6 * smooth(np.abs(x - 0.5), 0.0, 0.09)
    fine = 0.03 * noise(rng, beta=0.5, low=2, high=40)
    return finish(np.asarray(color, np.float32) * (0.72 + 0.3 * strand + fine)[..., None])


def boucle(rng: np.random.Generator, color: Color) -> Image:
    """Looped yarn: curls of one size."""
    curls = noise(rng, beta=0.2, low=14, high=34)
    lumps = noise(rng, beta=1.2, low=2, high=10)
    return finish(np.asarray(color, np.float32) * (0.94 + 0.06 * curls + 0.03 * lumps)[..., None])


def carpet(
    rng: np.random.Generator, color: Color, figure: Color | None = None, *, cells: int = 4
) -> Image:
    """Cut pile with slow footmarks; an optional lattice figure in a second colour."""
    u, v = grid()
    image = np.broadcast_to(np.asarray(color, np.float32), (SIDE, SIDE, 3))
    if figure is not None:
        x, y = (u * cells) % 1 - 0.5, (v * cells) % 1 - 0.5
        diamond = np.abs(x) + np.abs(y)
        image = mix(image, figure, 1 - smooth(np.abs(diamond - 0.42), 0.03, 0.06))
        image = mix(image, figure, 1 - smooth(diamond, 0.10, 0.15))
    pile = noise(rng, beta=0.3, low=14, high=56)
    marks = noise(rng, beta=1.4, low=1, high=9)
    return finish(image * (0.96 + 0.05 * pile + 0.035 * marks)[..., None])


def wicker(rng: np.random.Generator, light: Color, dark: Color, *, strands: int = 16) -> Image:
    """Canes woven over and under uprights."""
    u, v = grid()
    j = (v * strands).astype(np.int64)
    bulge = np.cos(2 * np.pi * (u * strands / 4 + 0.5 * (j % 2)))
    round_cane = np.sin(np.pi * ((v * strands) % 1)) ** 0.7
    tone = 0.03 * noise(rng, beta=0.6, low=2, high=48, stretch=6)
    return finish(mix(dark, light, round_cane * (0.72 + 0.28 * bulge) + 2 * tone))


# --- wallpaper ----------------------------------------------------------------------------------


def _paper(rng: np.random.Generator, canvas: NDArray) -> Image:
    """A drawn (2 SIDE, 2 SIDE, 3) canvas as printed paper."""
    small = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return finish(small * (1 + 0.012 * noise(rng, beta=0.8, low=1, high=40))[..., None])


def _canvas(color: Color) -> Field:
    canvas = np.empty((2 * SIDE, 2 * SIDE, 3), np.float32)
    canvas[:] = color
    return canvas


def _fill(canvas: NDArray, center: NDArray, shape: NDArray, color: ArrayLike) -> None:
    """Fills a polygon around `center` [px], wrapped around the borders of the canvas."""
    reach = float(np.abs(shape).max()) + 1
    for wrap in wraps(np.mod(center, 2 * SIDE), reach, 2 * SIDE):
        points = np.round((shape + wrap) * 16).astype(np.int32)
        cv2.fillPoly(canvas, [points], np.asarray(color, np.float64).tolist(), cv2.LINE_8, 4)


def leaf(length: float, width: float, angle: float) -> NDArray:
    """(N, 2) outline of a pointed leaf that grows from the origin at `angle`."""
    t = np.linspace(0, 1, 12)
    half = width / 2 * np.sin(np.pi * t**0.75)
    outline = np.concatenate(
        [np.stack([t * length, half], 1), np.stack([t * length, -half], 1)[::-1]]
    )
    c, s = np.cos(angle), np.sin(angle)
    return outline @ np.array([[c, s], [-s, c]])


def disc(radius: float, corners: int = 20) -> NDArray:
    """(N, 2) outline of a regular polygon."""
    angle = np.arange(corners) * 2 * np.pi / corners
    return radius * np.stack([np.cos(angle), np.sin(angle)], 1)


def botanical(
    rng: np.random.Generator,
    ground: Color,
    leaves: Sequence[Color],
    flower: Color,
    *,
    twigs: int = 9,
) -> Image:
    """Twigs with paired leaves and a blossom, scattered without gaps."""
    canvas = _canvas(ground)
    places = [(a + (b % 2) / 2, b) for b in range(3) for a in range(max(1, twigs // 3))]
    for a, b in places:
        center = (np.array([a, b]) + rng.uniform(-0.12, 0.12, 2)) / 3 * 2 * SIDE
        heading = rng.uniform(0, 2 * np.pi)
        step = np.array([np.cos(heading), np.sin(heading)])
        color = leaves[int(rng.integers(len(leaves)))]
        for k in range(5):
            joint = center + step * (k - 2) * 26
            for side in (-1, 1):
                shape = leaf(44 - 3 * k, 19, heading + side * rng.uniform(0.7, 1.0))
                _fill(canvas, joint, shape, np.asarray(color) * rng.uniform(0.92, 1.05))
        for k in range(5):
            petal = leaf(24, 20, heading + k * 2 * np.pi / 5)
            _fill(canvas, center + step * 72, petal, flower)
        _fill(canvas, center + step * 72, disc(6), ground)
    return _paper(rng, canvas)


def motif(
    rng: np.random.Generator,
    ground: Color,
    shapes: Callable[[float], Sequence[tuple[NDArray, Color]]],
    *,
    across: int = 4,
    drop: bool = True,
) -> Image:
    """One motif on a regular grid, every second column half a step lower when `drop`."""
    canvas = _canvas(ground)
    pitch = 2 * SIDE / across
    for i in range(across):
        for j in range(across):
            center = np.array([i + 0.5, j + 0.5 + (0.5 * (i % 2) if drop else 0)]) * pitch
            for shape, color in shapes(pitch):
                _fill(canvas, center, shape, color)
    return _paper(rng, canvas)


def damask(rng: np.random.Generator, ground: Color, ink: Color) -> Image:
    """A plume of leaves, mirrored."""

    def plume(pitch: float) -> list[tuple[NDArray, Color]]:
        parts = [(leaf(pitch * 0.42, pitch * 0.2, -np.pi / 2), ink)]
        for k, turn in enumerate((0.5, 0.95, 1.4, 2.0)):
            for side in (-1, 1):
                reach = pitch * (0.46, 0.42, 0.36, 0.3)[k]
                parts.append((leaf(reach, pitch * 0.11, -np.pi / 2 + side * turn), ink))
        low = disc(pitch * 0.09, 24) * (1, 1.4) + (0, pitch * 0.16)
        return [*parts, (low, ink), (disc(pitch * 0.04), ground)]

    return motif(rng, ground, plume, across=4)


def fans(rng: np.random.Generator, ground: Color, ink: Color, *, across: int = 4) -> Image:
    """Overlapping scales with rings: each row of discs hides the lower part of the row above."""
    u, v = grid()
    x, y = u * across, v * across
    last = np.floor((y + 0.5) * 4)
    radius = np.full(u.shape, -1, np.float32)
    for step in range(6):
        row = last - step
        dx = (x - 0.5 * (row % 2)) % 1 - 0.5
        distance = np.hypot(dx, y - row / 4)
        radius = np.where((radius < 0) & (distance <= 0.5), distance, radius)
    rings = 1 - smooth(np.abs((radius * 6) % 1 - 0.5), 0.14, 0.26)
    image = mix(ground, ink, rings)
    return finish(image * (1 + 0.012 * noise(rng, low=1, high=40))[..., None])


def trellis(rng: np.random.Generator, ground: Color, ink: Color, *, across: int = 4) -> Image:
    """Curved lattice (ogee) with a dot in every eye."""
    u, v = grid()
    wave = 0.25 * np.sin(2 * np.pi * v * across / 2 * 1.0)
    a = np.abs((u * across + wave * 2) % 1 - 0.5)
    b = np.abs((u * across - wave * 2) % 1 - 0.5)
    line = np.maximum(1 - smooth(a, 0.05, 0.08), 1 - smooth(b, 0.05, 0.08))
    x, y = (u * across) % 1 - 0.5, (v * across / 2) % 0.5 - 0.25
    dot = 1 - smooth(np.hypot(x, y * 2), 0.09, 0.12)
    image = mix(ground, ink, np.maximum(line, dot))
    return finish(image * (1 + 0.012 * noise(rng, low=1, high=40))[..., None])


def facets(rng: np.random.Generator, colors: Sequence[Color], *, cells: int = 6) -> Image:
    """Triangles in related colours, with fine lines between."""
    u, v = grid()
    x, y = u * cells, v * cells
    i, j = x.astype(np.int64), y.astype(np.int64)
    flip = (i + j) % 2 == 0
    diagonal = np.where(flip, (x - i) - (y - j), (x - i) + (y - j) - 1)
    block = (i * cells + j) * 2 + (diagonal > 0)
    table = np.asarray(colors, np.float32)[rng.integers(len(colors), size=2 * cells * cells)]
    edge = np.minimum(
        np.minimum(0.5 - np.abs(x - i - 0.5), 0.5 - np.abs(y - j - 0.5)), np.abs(diagonal) * 0.7
    )
    light = np.asarray(colors[0], np.float32)
    image = mix(light, table[block], smooth(edge, 0.015, 0.035))
    return finish(image * (1 + 0.012 * noise(rng, low=1, high=40))[..., None])


def wide_stripes(rng: np.random.Generator, a: Color, b: Color, *, count: int = 4) -> Image:
    """Upright stripes with a thin line beside each."""
    u, _ = grid()
    x = (u * count) % 1
    image = mix(a, b, 1 - smooth(np.abs(x - 0.5), 0.235, 0.25))
    line = 1 - smooth(np.abs(np.abs(x - 0.5) - 0.3), 0.012, 0.022)
    image = mix(image, b, 0.8 * line)
    return finish(image * (1 + 0.012 * noise(rng, low=1, high=40))[..., None])

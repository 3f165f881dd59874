"""Synthesised tiling images: wood, floors, tiles, brick, stone, plaster, metal.

Every function takes a Generator and returns a (SIDE, SIDE, 3) uint8 sRGB image that continues
across its borders. Noise is drawn in the frequency domain, so it is periodic by construction and
holds no frequency that a filtered texture could not show; laid patterns (planks, bricks, tiles)
are layouts of blocks: which block a pixel belongs to, where in it, how far from its edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from navworld.scenes.layouts import (
    SIDE,
    Field,
    Layout,
    basket,
    grid,
    herringbone,
    hexagons,
    rows,
    stones,
)

Color = Sequence[float]
Image = NDArray[np.uint8]


@lru_cache(maxsize=64)
def _spectrum(beta: float, low: float, high: float, stretch: float) -> Field:
    fy = np.fft.fftfreq(SIDE, 1 / SIDE)[:, None]
    fx = np.fft.rfftfreq(SIDE, 1 / SIDE)[None]
    f = np.hypot(fx * stretch, fy)
    inside = (f >= low) & (f <= high)
    return np.where(inside, np.maximum(f, 1) ** -beta, 0).astype(np.float32)


def noise(
    rng: np.random.Generator,
    *,
    beta: float = 1.2,
    low: float = 1,
    high: float = 48,
    stretch: float = 1,
) -> Field:
    """Periodic random field of zero mean and unit deviation.

    Args:
        beta: Amplitude falls as frequency^-beta.
        low, high: Kept frequencies [cycles per image].
        stretch: Features are this many times longer along u than along v.
    """
    parts = rng.standard_normal((SIDE, SIDE // 2 + 1, 2), np.float32)
    spectrum = _spectrum(beta, low, high, stretch) * parts.view(np.complex64)[..., 0]
    field = scipy.fft.irfft2(spectrum, s=(SIDE, SIDE), overwrite_x=True)
    return field / np.float32(max(float(np.sqrt(np.mean(field * field))), 1e-9))


def mix(a: Color | NDArray, b: Color | NDArray, t: NDArray) -> Field:
    """Colours (or images) `a` where t = 0, `b` where t = 1."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    return a + (b - a) * np.clip(t, 0, 1)[..., None].astype(np.float32)


def smooth(x: NDArray, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, an S-curve between."""
    t = np.clip((np.asarray(x, np.float32) - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def finish(image: NDArray) -> Image:
    """Colours in 0…1 to bytes, kept off pure black and white."""
    return np.clip(np.asarray(image) * 255 + 0.5, 8, 246).astype(np.uint8)


def _varied(
    rng: np.random.Generator, layout: Layout, colors: Sequence[Color], spread: float
) -> Field:
    """A colour for every block out of `colors`, its brightness varied by `spread`."""
    choice = rng.integers(len(colors), size=layout.count)
    gain = 1 + spread * np.clip(rng.normal(size=layout.count), -2, 2)
    table = np.asarray(colors, np.float32)[choice] * gain[:, None].astype(np.float32)
    return table[layout.block]


def _bevel(edge: Field, joint: float, soft: float = 1.2) -> Field:
    """0 in the joint, 1 on the block."""
    return smooth(edge, joint - soft / 2, joint + soft)


# --- wood ---------------------------------------------------------------------------------------


def grain(rng: np.random.Generator, *, rings: int, wave: float, pores: float) -> Field:
    """(SIDE, SIDE) darkness of wood in about 0…1 with the grain along u."""
    _, v = grid()
    warp = noise(rng, beta=1.6, low=1, high=10, stretch=4)
    lines = 0.5 + 0.5 * np.sin(2 * np.pi * (v * rings + wave * warp))
    streaks = noise(rng, beta=0.5, low=6, high=56, stretch=20)
    cloud = noise(rng, beta=1.5, low=1, high=6, stretch=2)
    return (0.25 + 0.38 * lines**1.6 + pores * streaks + 0.08 * cloud).astype(np.float32)


def wood(
    rng: np.random.Generator,
    light: Color,
    dark: Color,
    *,
    rings: int = 7,
    wave: float = 0.8,
    pores: float = 0.12,
) -> Image:
    """A board with the grain along u."""
    return finish(mix(light, dark, grain(rng, rings=rings, wave=wave, pores=pores)))


def _laid_wood(
    rng: np.random.Generator, layout: Layout, light: Color, dark: Color, spread: float
) -> Image:
    """Boards cut from one grain image, each from its own place."""
    image = grain(rng, rings=5, wave=1.0, pores=0.13)
    u, v = grid()
    shift = rng.integers(SIDE, size=(2, layout.count))
    a = np.where(layout.turned, v, u) * SIDE
    b = np.where(layout.turned, u, v) * SIDE
    row = (b.astype(np.int64) + shift[0][layout.block]) % SIDE
    column = (a.astype(np.int64) + shift[1][layout.block]) % SIDE
    tone = np.clip(rng.normal(size=layout.count), -2, 2).astype(np.float32) * spread
    board = mix(light, dark, image[row, column] + tone[layout.block])
    return finish(board * (0.45 + 0.55 * _bevel(layout.edge, 0.9, 1.4))[..., None])


def planks(
    rng: np.random.Generator, light: Color, dark: Color, *, across: int = 10, spread: float = 0.16
) -> Image:
    """A floor of long boards, their joints at random."""
    layout = rows(rng, across=across, along=2, jitter=0.7, shift=0.7)
    return _laid_wood(rng, layout, light, dark, spread)


def parquet(
    rng: np.random.Generator,
    light: Color,
    dark: Color,
    *,
    pattern: str = "herringbone",
    spread: float = 0.16,
) -> Image:
    """Blocks of wood laid as "herringbone" or "basket"."""
    layout = herringbone() if pattern == "herringbone" else basket()
    return _laid_wood(rng, layout, light, dark, spread)


def chevron(rng: np.random.Generator, light: Color, dark: Color, *, columns: int = 4) -> Image:
    """Parquet whose boards meet at an angle in zigzag."""
    u, v = grid()
    fold = np.abs(((u * columns) % 2) - 1)
    across = 14
    y = (v * across + fold * 3) % across
    board = y.astype(np.int64) * columns + (u * columns).astype(np.int64)
    edge_y = (0.5 - np.abs(y % 1 - 0.5)) * SIDE / across * 0.8
    edge_x = (0.5 - np.abs((u * columns) % 1 - 0.5)) * SIDE / columns
    layout = Layout(board, across * columns, np.minimum(edge_x, edge_y), np.zeros(u.shape, bool))
    return _laid_wood(rng, layout, light, dark, 0.16)


def panelling(rng: np.random.Generator, light: Color, dark: Color, *, boards: int = 12) -> Image:
    """Vertical boards with grooves, the grain upright."""
    layout = rows(rng, across=boards, along=1, jitter=0.0, shift=0.0)
    edge = (0.5 - np.abs((grid()[1] * boards) % 1 - 0.5)) * SIDE / boards
    layout = Layout(layout.block, layout.count, edge.astype(np.float32), layout.turned)
    image = _laid_wood(rng, layout, light, dark, 0.07)
    return np.ascontiguousarray(image.transpose(1, 0, 2))


# --- tiles, brick, stone ------------------------------------------------------------------------


def tiles(
    rng: np.random.Generator,
    colors: Sequence[Color],
    joint: Color,
    *,
    across: int = 4,
    along: int = 4,
    shift: float = 0.0,
    spread: float = 0.03,
    cloud: float = 0.02,
    upright: bool = False,
) -> Image:
    """Glazed or stone tiles in rows; `cloud` is the mottling on each tile."""
    layout = rows(rng, across=across, along=along, jitter=0.0, shift=shift)
    return _tiled(rng, layout, colors, joint, spread=spread, cloud=cloud, upright=upright)


def hexagon_tiles(
    rng: np.random.Generator, colors: Sequence[Color], joint: Color, *, spread: float = 0.04
) -> Image:
    """Six-sided tiles."""
    return _tiled(rng, hexagons(), colors, joint, spread=spread, cloud=0.025, upright=False)


def _tiled(
    rng: np.random.Generator,
    layout: Layout,
    colors: Sequence[Color],
    joint: Color,
    *,
    spread: float,
    cloud: float,
    upright: bool,
) -> Image:
    face = _varied(rng, layout, colors, spread)
    face = face * (1 + cloud * noise(rng, beta=1.2, low=2, high=40))[..., None]
    rim = 0.06 * (1 - smooth(layout.edge, 1.5, 5))
    grout = np.asarray(joint, np.float32) * (1 + 0.05 * noise(rng, low=6, high=48))[..., None]
    image = finish(mix(grout, face - rim[..., None], _bevel(layout.edge, 1.1)))
    return np.ascontiguousarray(image.transpose(1, 0, 2)) if upright else image


def checker(
    rng: np.random.Generator, a: Color, b: Color, *, cells: int = 4, veins: float = 0.06
) -> Image:
    """Two colours of tile in a chess board, lightly veined."""
    u, v = grid()
    layout = rows(rng, across=cells, along=cells, jitter=0.0, shift=0.0)
    odd = ((u * cells).astype(int) + (v * cells).astype(int)) % 2 == 1
    face = np.where(odd[..., None], np.asarray(a, np.float32), np.asarray(b, np.float32))
    face = face + (veins * _veins(rng, 5) + 0.02 * noise(rng, low=1, high=24))[..., None]
    return finish(face * (0.6 + 0.4 * _bevel(layout.edge, 0.8))[..., None])


def encaustic(rng: np.random.Generator, ground: Color, ink: Color, accent: Color) -> Image:
    """Cement tiles: a quarter motif mirrored to stars and circles, four tiles to the image."""
    u, v = grid()
    x, y = np.abs((u * 4) % 2 - 1), np.abs((v * 4) % 2 - 1)
    r, q = np.hypot(x, y), np.hypot(1 - x, 1 - y)
    star = np.abs(x) ** 0.6 + np.abs(y) ** 0.6
    image = mix(ground, ink, 1 - smooth(np.abs(r - 0.78), 0.06, 0.09))
    image = mix(image, accent, 1 - smooth(star, 0.78, 0.82))
    image = mix(image, ink, 1 - smooth(q, 0.26, 0.3))
    image = mix(image, ground, 1 - smooth(q, 0.12, 0.16))
    layout = rows(rng, across=4, along=4, jitter=0.0, shift=0.0)
    worn = 1 + 0.05 * noise(rng, beta=1.0, low=1, high=40)
    return finish(image * (worn * (0.75 + 0.25 * _bevel(layout.edge, 0.8)))[..., None])


def bricks(
    rng: np.random.Generator, colors: Sequence[Color], joint: Color, *, rough: float = 0.08
) -> Image:
    """A wall of bricks in stretcher bond."""
    layout = rows(rng, across=14, along=4, jitter=0.03, shift=0.5)
    wobble = layout.edge + 0.7 * noise(rng, beta=0.8, low=8, high=48)
    face = _varied(rng, layout, colors, 0.08)
    face = face * (1 + rough * noise(rng, beta=0.9, low=4, high=56))[..., None]
    mortar = np.asarray(joint, np.float32) * (1 + 0.06 * noise(rng, low=8, high=56))[..., None]
    return finish(mix(mortar, face, smooth(wobble, 1.0, 3.0)))


def masonry(
    rng: np.random.Generator, colors: Sequence[Color], joint: Color, *, cells: int = 6
) -> Image:
    """Irregular stones set in mortar."""
    layout = stones(rng, cells=cells)
    wobble = layout.edge + 0.8 * noise(rng, beta=1.0, low=4, high=40)
    face = _varied(rng, layout, colors, 0.1)
    relief = noise(rng, beta=1.1, low=3, high=48)
    face = face * (0.92 + 0.1 * relief + 0.1 * smooth(wobble, 1, 9))[..., None]
    return finish(mix(joint, face, smooth(wobble, 1.2, 3.0)))


def _veins(rng: np.random.Generator, low: float) -> Field:
    """Thin bright ridges, -1…1."""
    ridge = 1 - np.abs(noise(rng, beta=1.7, low=1, high=low * 6)) * 2.2
    return np.clip(ridge, 0, 1) ** 3 - 0.15


def marble(rng: np.random.Generator, ground: Color, vein: Color, *, strength: float = 0.6) -> Image:
    """Polished stone with veins at two scales."""
    broad = np.clip(_veins(rng, 2), 0, 1) * smooth(noise(rng, beta=2, low=1, high=4), -0.8, 1.2)
    fine = np.clip(_veins(rng, 6), 0, 1)
    cloud = 0.10 * noise(rng, beta=1.6, low=1, high=16)
    return finish(mix(ground, vein, strength * (broad + 0.45 * fine) + cloud))


def granite(rng: np.random.Generator, colors: Sequence[Color]) -> Image:
    """Speckled stone: thresholds of noise, one per colour over the first."""
    image = np.broadcast_to(np.asarray(colors[0], np.float32), (SIDE, SIDE, 3))
    for color in colors[1:]:
        image = mix(image, color, smooth(noise(rng, beta=0.6, low=6, high=56), 0.5, 1.1))
    return finish(image * (1 + 0.04 * noise(rng, low=1, high=6))[..., None])


def terrazzo(
    rng: np.random.Generator, ground: Color, chips: Sequence[Color], *, count: int = 150
) -> Image:
    """Stone chips of three sizes in a cement ground."""
    image = np.empty((SIDE * 2, SIDE * 2, 3), np.float32)
    image[:] = ground
    sizes = np.concatenate(
        [rng.uniform(3, 6, count), rng.uniform(7, 13, count // 3), rng.uniform(15, 24, count // 10)]
    )
    for size in sizes:
        angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(5, 8))))
        shape = (
            np.stack([np.cos(angle), np.sin(angle)], 1)
            * size
            * rng.uniform(0.7, 1, (len(angle), 1))
        )
        center = rng.uniform(0, SIDE * 2, 2)
        color = np.asarray(chips[int(rng.integers(len(chips)))]) * rng.uniform(0.92, 1.06)
        for wrap in wraps(center, size, SIDE * 2):
            cv2.fillConvexPoly(image, np.round(shape + wrap).astype(np.int32), color.tolist())
    small = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return finish(small * (1 + 0.02 * noise(rng, low=2, high=40))[..., None])


def wraps(center: NDArray, radius: float, side: float) -> list[NDArray]:
    """The places at which something around `center` shows on a tiling image of `side`."""
    steps = [(0.0,) + ((side,) if c < radius else ()) + ((-side,) if c > side - radius else ())
             for c in center]  # fmt: skip
    return [np.add(center, (dx, dy)) for dx in steps[0] for dy in steps[1]]


# --- plain surfaces -----------------------------------------------------------------------------


def plaster(rng: np.random.Generator, *, tone: float = 0.92, mottle: float = 0.016) -> Image:
    """A painted wall, nearly white (the paint is the material's colour): rolled, uneven."""
    uneven = noise(rng, beta=1.4, low=1, high=10)
    rolled = noise(rng, beta=0.3, low=16, high=48)
    field = tone + mottle * uneven + 0.35 * mottle * rolled
    return finish(np.repeat(field[..., None], 3, 2))


def limewash(rng: np.random.Generator, light: Color, dark: Color) -> Image:
    """Brushed lime paint: clouds crossed by broad strokes."""
    cloud = noise(rng, beta=1.5, low=1, high=14)
    strokes = noise(rng, beta=1.0, low=4, high=40, stretch=5) + noise(
        rng, beta=1.0, low=4, high=40, stretch=0.2
    )
    return finish(mix(light, dark, 0.45 + 0.24 * cloud + 0.07 * strokes))


def concrete(rng: np.random.Generator, light: Color, dark: Color, *, pits: float = 1.0) -> Image:
    """Cast concrete: clouds, fine grain, small pits."""
    cloud = noise(rng, beta=1.5, low=1, high=12)
    fine = noise(rng, beta=0.5, low=10, high=56)
    pit = smooth(noise(rng, beta=0.3, low=14, high=40), 2.4, 3.2) * pits
    return finish(mix(light, dark, 0.42 + 0.2 * cloud + 0.06 * fine + 0.5 * pit))


def speckled(
    rng: np.random.Generator, color: Color, *, grain_size: float = 24, depth: float = 0.08
) -> Image:
    """Cork, linoleum, soil, cardboard: grains of one size on slow clouds."""
    grains = noise(rng, beta=0.0, low=grain_size / 2, high=grain_size * 1.6)
    cloud = noise(rng, beta=1.3, low=1, high=8)
    gain = 1 + depth * grains + 0.4 * depth * cloud
    return finish(np.asarray(color, np.float32) * gain[..., None])


def brushed(rng: np.random.Generator, color: Color, *, depth: float = 0.05) -> Image:
    """Metal brushed along u, with broad bands as of soft reflections."""
    fine = noise(rng, beta=0.4, low=4, high=56, stretch=24)
    bands = noise(rng, beta=1.5, low=1, high=5, stretch=3)
    gain = 1 + depth * (0.7 * fine + bands)
    return finish(np.asarray(color, np.float32) * gain[..., None])


def smoothed(rng: np.random.Generator, color: Color, *, depth: float = 0.02) -> Image:
    """Lacquer, enamel, plastic, ceramic: almost plain, slow clouds as of soft reflections."""
    gain = 1 + depth * noise(rng, beta=1.6, low=1, high=8)
    return finish(np.asarray(color, np.float32) * gain[..., None])


def leather(rng: np.random.Generator, color: Color) -> Image:
    """Grained hide: small cells with dark creases, worn clouds."""
    cells = stones(rng, cells=28, jitter=0.9)
    crease = smooth(cells.edge, 0.0, 2.4)
    worn = 0.035 * noise(rng, beta=1.2, low=1, high=16)
    return finish(np.asarray(color, np.float32) * (0.86 + 0.16 * crease + worn)[..., None])

"""Images that make places recognisable: pictures, rugs, spines of books, views, screens.

Pictures are new for every draw; what many apartments share (rugs, spines, views, screens) comes
from fixed pools, so that a process holds each image once. Names come from the contents.
"""

from __future__ import annotations

import hashlib
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.scenes.canvas import PALETTES, Canvas
from navworld.scenes.paintings import PAINTERS
from navworld.scenes.textures import noise
from navworld.world.scene import Material, Texture

Color = tuple[float, float, float]
_RUGS, _SPINES, _VIEWS, _SCREENS = 48, 16, 24, 8


def _texture(kind: str, image: NDArray) -> Texture:
    """An image of 0…1 as a texture that is named by its contents."""
    pixels = np.clip(image * 255 + 0.5, 10, 245).astype(np.uint8)
    pixels.setflags(write=False)
    return Texture(f"{kind} {hashlib.blake2b(pixels.tobytes(), digest_size=8).hexdigest()}", pixels)


@cache
def printed(texture: Texture) -> Material:
    """The material that carries a texture of one of the pools."""
    return Material(texture.name, (1.0, 1.0, 1.0), texture)


def picture(rng: np.random.Generator) -> Texture:
    """A unique picture of 128 × 128, 96 × 128 or 128 × 96 pixels."""
    rows, columns = ((128, 128), (96, 128), (128, 96))[int(rng.integers(3))]
    canvas = Canvas(rng, rows, columns, PALETTES[int(rng.integers(len(PALETTES)))])
    PAINTERS[int(rng.integers(len(PAINTERS)))](canvas)
    return _texture("picture", canvas.finished())


def rug(rng: np.random.Generator) -> Texture:
    """A woven carpet with a border, once over its whole length."""
    return _rug(int(rng.integers(_RUGS)))


def book_spines(rng: np.random.Generator) -> Texture:
    """Standing books side by side: half a metre of shelf, repeating along u."""
    return _spines(int(rng.integers(_SPINES)))


def window_view(rng: np.random.Generator) -> Texture:
    """What is seen through a window: sky over hills, trees or a skyline."""
    return _view(int(rng.integers(_VIEWS)))


def desktop(rng: np.random.Generator) -> Texture:
    """A computer's screen: a picture behind windows with lines of text."""
    return _desktop(int(rng.integers(_SCREENS)))


def broadcast(rng: np.random.Generator) -> Texture:
    """What a television shows."""
    return _broadcast(int(rng.integers(_SCREENS)))


# --- pools --------------------------------------------------------------------------------------


@cache
def _rug(index: int) -> Texture:
    rng = np.random.default_rng([11, index])
    ground, border, ink, accent, light = rng.permutation(
        np.array(PALETTES[int(rng.integers(len(PALETTES)))])
    )
    t = np.abs(np.linspace(-1, 1, 256, dtype=np.float32))
    x, y = np.meshgrid(t, t)
    image: NDArray = np.empty((256, 256, 3), np.float32)
    image[:] = ground
    (_medallion, _lattice, _bands, _steps)[index % 4](rng, image, x, y, (ink, accent, light))
    edge = np.maximum(x, y)
    wide = float(rng.uniform(0.68, 0.86))
    image[edge > wide] = border
    along = np.where(x > y, y, x)
    figure = (edge > wide + 0.04) & (edge < 0.95) & ((along * 9) % 1 < 0.5)
    image[figure & (index % 3 != 0)] = accent
    image[(edge > wide - 0.03) & (edge < wide)] = light
    image[edge > 0.97] = ink
    image = cv2.GaussianBlur(image, (0, 0), 0.8)
    weave = 1 + 0.03 * noise(rng, beta=0.3, low=12, high=56) + 0.03 * noise(rng, low=1, high=10)
    return _texture("rug", image * weave[..., None])


def _medallion(
    rng: np.random.Generator, image: NDArray, x: NDArray, y: NDArray, inks: tuple
) -> None:
    lobes = int(rng.integers(3, 7)) * 2
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    flower = radius * (1 + 0.13 * np.cos(lobes * angle))
    for limit, ink in (
        (0.62, inks[0]),
        (0.52, inks[2]),
        (0.46, inks[1]),
        (0.26, inks[0]),
        (0.16, inks[2]),
    ):
        image[flower < limit] = ink
    corner = np.hypot(x - 0.8, y - 0.8)
    image[corner < 0.3] = inks[1]
    image[corner < 0.2] = inks[2]


def _lattice(rng: np.random.Generator, image: NDArray, x: NDArray, y: NDArray, inks: tuple) -> None:
    n = int(rng.integers(2, 5))
    diamond = np.abs((x * n) % 1 - 0.5) + np.abs((y * n) % 1 - 0.5)
    for low, high, ink in ((0.40, 0.5, inks[0]), (0.0, 0.22, inks[1]), (0.0, 0.1, inks[2])):
        image[(diamond >= low) & (diamond < high)] = ink


def _bands(rng: np.random.Generator, image: NDArray, x: NDArray, y: NDArray, inks: tuple) -> None:
    at = 0.0
    while at < 1:
        wide = float(rng.uniform(0.03, 0.14))
        zigzag = 0.05 * np.abs((x * 8) % 2 - 1) if rng.random() < 0.5 else 0.0
        image[(y + zigzag > at) & (y + zigzag < at + wide)] = inks[int(rng.integers(3))]
        at += wide + float(rng.uniform(0.04, 0.12))


def _steps(rng: np.random.Generator, image: NDArray, x: NDArray, y: NDArray, inks: tuple) -> None:
    n = int(rng.integers(6, 12))
    level = (np.floor(x * n) + np.floor(y * n)) % 5
    for k, ink in enumerate(inks):
        image[level == k] = ink


@cache
def _spines(index: int) -> Texture:
    """256 columns are 0.5 m; some books are a little lower, shown by shadow above them."""
    rng = np.random.default_rng([12, index])
    image = np.full((128, 256, 3), 0.16, np.float32)
    colors = np.array([c for k in rng.permutation(len(PALETTES))[:3] for c in PALETTES[k]])
    at = 0
    while at < 256:
        wide = min(int(rng.integers(9, 26)), 256 - at)
        if 256 - at - wide < 8:
            wide = 256 - at
        top = int(rng.integers(0, 11))
        color = colors[int(rng.integers(len(colors)))] * rng.uniform(0.85, 1.05)
        ink = np.clip(color + (0.45 if color.mean() < 0.5 else -0.4), 0.1, 0.95)
        across = 1 - 0.22 * np.abs(np.linspace(-1, 1, wide)) ** 3
        image[top:, at : at + wide] = color * across[None, :, None]
        _letter(rng, image, (at, wide, top), ink)
        image[:, at] *= 0.45
        at += wide
    return _texture("books", image)


def _letter(
    rng: np.random.Generator, image: NDArray, where: tuple[int, int, int], ink: NDArray
) -> None:
    """Bands and a title on one spine: (left column, width, top row)."""
    at, wide, top = where
    inner = slice(at + 2, at + wide - 2)
    kind = int(rng.integers(4))
    if kind in (0, 1):
        for row in (top + 8, top + 12, 112) if kind else (top + 6, 104, 110):
            image[row : row + 3, inner] = ink
    if kind in (1, 2):
        image[top + 20 : top + 44, inner] = ink
    if wide > 8 and kind != 2:
        row = top + 24
        while row < 94:
            tall = int(rng.integers(4, 12))
            image[row : row + tall, at + wide // 3 : at + 2 * wide // 3] = ink
            row += tall + 3


@cache
def _view(index: int) -> Texture:
    rng = np.random.default_rng([13, index])
    height, width = 128, 128
    top, low = (((0.50, 0.68, 0.90), (0.84, 0.90, 0.95)), ((0.62, 0.72, 0.82), (0.90, 0.88, 0.84)))[
        index % 2
    ]
    t = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    image = np.empty((height, width, 3), np.float32)
    image[:] = np.array(top) * (1 - t) + np.array(low) * t
    cloud = cv2.resize(noise(rng, beta=1.5, low=1, high=12, stretch=0.5), (width, height))
    image += (0.10 * np.clip(cloud, 0, 2))[..., None] * (1 - t)
    columns = np.arange(width)
    for layer in range(3):
        horizon = height * (0.52 + 0.13 * layer)
        hill = horizon + 9 * np.sin(columns / width * 2 * np.pi * (1 + layer) + rng.uniform(0, 6))
        haze = (0.62, 0.3, 0.0)[layer]
        color = np.array((0.36, 0.50, 0.28)) * (1 - haze) + np.array(low) * haze
        if index % 3 == 0 and layer > 0:
            _houses(rng, image, hill, layer)
        below = np.arange(height)[:, None] > hill[None]
        image[below] = color * rng.uniform(0.9, 1.1)
        if index % 3 != 0 or layer == 2:
            _trees(rng, image, hill, layer)
    speckle = cv2.resize(noise(rng, beta=0.6, low=6, high=48), (width, height))
    return _texture("view", image * (1 + 0.03 * speckle * (t[..., 0] > 0.5))[..., None])


def _houses(rng: np.random.Generator, image: NDArray, hill: NDArray, layer: int) -> None:
    at = 0
    while at < image.shape[1] - 6:
        wide, tall = int(rng.integers(8, 20)), int(rng.integers(14, 30 + 14 * layer))
        base = int(hill[min(at, len(hill) - 1)]) + 8
        wall = np.array(PALETTES[int(rng.integers(len(PALETTES)))][4]) * (0.75 + 0.1 * layer)
        low, high = (at, base), (at + wide, base - tall)
        cv2.rectangle(image, low, high, wall.tolist(), -1)
        for row in range(base - tall + 4, base - 2, 6):
            for column in range(at + 2, at + wide - 3, 5):
                cv2.rectangle(image, (column, row), (column + 1, row + 2), (0.33, 0.38, 0.45), -1)
        at += wide + int(rng.integers(1, 8))


def _trees(rng: np.random.Generator, image: NDArray, hill: NDArray, layer: int) -> None:
    for _ in range(2 + 2 * layer):
        at, size = int(rng.integers(image.shape[1])), int(rng.integers(4, 8 + 5 * layer))
        foot = int(hill[at])
        green = np.array((0.24, 0.38, 0.20)) * rng.uniform(0.8, 1.3) + 0.1 * (2 - layer)
        cv2.rectangle(image, (at - 1, foot - size), (at + 1, foot + 3), (0.32, 0.25, 0.18), -1)
        cv2.ellipse(
            image, (at, foot - size), (size, int(size * 1.2)), 0, 0, 360, green.tolist(), -1
        )
        light = (green * 1.2).tolist()
        cv2.ellipse(
            image,
            (at - size // 4, foot - size - size // 3),
            (size // 2, size // 2),
            0,
            0,
            360,
            light,
            -1,
        )


@cache
def _desktop(index: int) -> Texture:
    rng = np.random.default_rng([14, index])
    canvas = Canvas(rng, 128, 256, PALETTES[index % len(PALETTES)])
    PAINTERS[index % 3](canvas)
    image = canvas.finished() * 0.8
    for _ in range(2):
        x, y = int(rng.integers(8, 110)), int(rng.integers(8, 40))
        w, h = int(rng.integers(80, 130)), int(rng.integers(50, 80))
        cv2.rectangle(image, (x, y), (x + w, y + h), (0.92, 0.92, 0.90), -1)
        cv2.rectangle(image, (x, y), (x + w, y + 7), (0.35, 0.42, 0.52), -1)
        for row in range(y + 13, y + h - 4, 6):
            end = x + 6 + int(rng.integers(20, w - 12))
            cv2.rectangle(image, (x + 6, row), (end, row + 1), (0.4, 0.42, 0.46), -1)
    return _texture("screen", image)


@cache
def _broadcast(index: int) -> Texture:
    rng = np.random.default_rng([15, index])
    canvas = Canvas(rng, 128, 256, PALETTES[index % len(PALETTES)])
    (PAINTERS[index % 3], PAINTERS[8], PAINTERS[13])[index % 3](canvas)
    canvas.polygon([(0.05, 0.8), (0.6, 0.8), (0.6, 0.92), (0.05, 0.92)], canvas.colors[2])
    canvas.polygon([(0.08, 0.83), (0.4, 0.83), (0.4, 0.86), (0.08, 0.86)], canvas.light)
    return _texture("broadcast", canvas.finished() * 0.85)

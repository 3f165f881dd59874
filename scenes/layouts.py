"""Laid patterns for synthesised textures: which block of a floor or wall a pixel belongs to.

Layouts tile: they continue across the borders of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SIDE = 256
Field = NDArray[np.floating]


@lru_cache(maxsize=1)
def grid() -> tuple[Field, Field]:
    """(u, v) of the pixel centres, each (SIDE, SIDE), in 0…1."""
    t = ((np.arange(SIDE) + 0.5) / SIDE).astype(np.float32)
    u, v = np.meshgrid(t, t)
    return u, v


@dataclass(frozen=True, eq=False)
class Layout:
    """Blocks laid side by side.

    Attributes:
        block: (SIDE, SIDE) int, which block; `count` of them.
        edge: Distance to the nearest edge of the block [px].
        turned: True where the block lies along v instead of along u.
    """

    block: NDArray[np.int64]
    count: int
    edge: Field
    turned: NDArray[np.bool_]


def rows(
    rng: np.random.Generator, *, across: int, along: int, jitter: float, shift: float
) -> Layout:
    """Rows of `along` blocks each; joints move by `jitter`, row k by k · shift blocks."""
    u, v = grid()
    row = np.minimum((v * across).astype(np.int64), across - 1)
    joints = np.arange(along + 1) + jitter * (rng.random((across, along + 1)) - 0.5)
    joints[:, 0], joints[:, -1] = 0, along
    offset = np.arange(across) * shift + (along * rng.random(across) if jitter > 0 else 0)
    place = (u * along - offset.astype(np.float32)[row]) % along
    number = np.zeros(u.shape, np.int64)
    for k in range(1, along):
        number += place >= joints[row, k]
    edge_u = np.minimum(place - joints[row, number], joints[row, number + 1] - place) * SIDE / along
    edge_v = (0.5 - np.abs(v * across - row - 0.5)) * SIDE / across
    edge = np.minimum(edge_u, edge_v).astype(np.float32)
    return Layout(row * along + number, across * along, edge, np.zeros_like(row, bool))


def herringbone(*, cells: int = 16, length: int = 4) -> Layout:
    """Blocks of 1 × `length` cells, alternately along u and v; `cells` a multiple of 2 length."""
    u, v = grid()
    x, y = u * cells, v * cells
    i, j = x.astype(np.int64), y.astype(np.int64)
    k = (i - j) % (2 * length)
    turned = k >= length
    position = np.where(turned, 2 * length - 1 - k, k)
    head = np.where(turned, i, (i - position) % cells)
    side = np.where(turned, (j - position) % cells, j)
    along = position + np.where(turned, y - j, x - i)
    across = np.where(turned, x - i, y - j)
    edge = np.minimum(np.minimum(along, length - along), np.minimum(across, 1 - across))
    return Layout(
        (head * cells + side) * 2 + turned, cells * cells * 2, edge * (SIDE / cells), turned
    )


def basket(*, cells: int = 4, slats: int = 4) -> Layout:
    """Squares of `slats` parallel blocks, turned like a chess board."""
    u, v = grid()
    x, y = u * cells, v * cells
    i, j = x.astype(np.int64), y.astype(np.int64)
    turned = (i + j) % 2 == 1
    across = np.where(turned, x - i, y - j) * slats
    along = np.where(turned, y - j, x - i)
    slat = np.minimum(across.astype(np.int64), slats - 1)
    edge = np.minimum((0.5 - np.abs(across - slat - 0.5)) / slats, 0.5 - np.abs(along - 0.5))
    block = (i * cells + j) * slats + slat
    return Layout(block, cells * cells * slats, edge * (SIDE / cells), turned)


def hexagons(*, columns: int = 7, lines: int = 8) -> Layout:
    """Six-sided blocks; `lines` is even."""
    u, v = grid()
    best, second = np.full(u.shape, 9e9, np.float32), np.full(u.shape, 9e9, np.float32)
    block = np.zeros(u.shape, np.int64)
    for parity in (0, 1):
        row = np.round((v * lines - parity) / 2) * 2 + parity
        for step in (0, 1):
            column = np.floor(u * columns - 0.5 * parity) + step
            dx = (u * columns - 0.5 * parity - column) * SIDE / columns
            dy = (v * lines - row) * SIDE / lines
            distance = np.hypot(dx, dy).astype(np.float32)
            closer = distance < best
            second = np.where(closer, best, np.minimum(second, distance))
            name = (row.astype(np.int64) % lines) * columns + column.astype(np.int64) % columns
            block, best = np.where(closer, name, block), np.where(closer, distance, best)
    return Layout(block, columns * lines, (second - best) / 2, np.zeros(u.shape, bool))


def stones(rng: np.random.Generator, *, cells: int = 6, jitter: float = 0.8) -> Layout:
    """Irregular blocks: the Voronoi cells of a jittered grid."""
    u, v = grid()
    sites = (rng.random((cells, cells, 2)).astype(np.float32) - 0.5) * jitter + 0.5
    i, j = (v * cells).astype(np.int64), (u * cells).astype(np.int64)
    best, second = np.full(u.shape, 9e9, np.float32), np.full(u.shape, 9e9, np.float32)
    block = np.zeros(u.shape, np.int64)
    for di in (-1, 0, 1):
        for dj in (-1, 0, 1):
            a, b = (i + di) % cells, (j + dj) % cells
            dy = i + di + sites[a, b, 0] - v * cells
            dx = j + dj + sites[a, b, 1] - u * cells
            distance = np.hypot(dx, dy)
            closer = distance < best
            second = np.where(closer, best, np.minimum(second, distance))
            block, best = np.where(closer, a * cells + b, block), np.where(closer, distance, best)
    return Layout(block, cells * cells, (second - best) * SIDE / cells / 2, np.zeros(u.shape, bool))

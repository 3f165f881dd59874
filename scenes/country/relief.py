"""The lie of the land: rolling hills from waves of many lengths, a stream in its valley, its water.

Everything is sampled on one square grid; between its points all fields are linear on the same two
triangles per cell that the ground is drawn with, so what stands on the ground stands on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

HALF = 90.0
"""Half the side of the country [m]."""

SPACING = 1.2
SIDE = round(2 * HALF / SPACING)

LONGEST, SHORTEST = 240.0, 14.0
WAVES = 40
BANK = 10.0
VALLEY = 30.0


@dataclass(frozen=True, eq=False)
class Waves:
    """Rolling hills: plane waves of random directions, the longer the higher.

    Attributes:
        number: (W, 2) wave vectors [rad/m]. phase: (W,) [rad]. height: (W,) amplitudes [m].
    """

    number: NDArray[np.float64]
    phase: NDArray[np.float64]
    height: NDArray[np.float64]

    @classmethod
    def drawn(
        cls, rng: Generator, deviation: float, *, longest: float = LONGEST, roughness: float = 1.25
    ) -> Waves:
        """Waves whose sum has a standard deviation [m]; `roughness` is the power of length."""
        length = np.geomspace(longest, SHORTEST, WAVES) * rng.uniform(0.93, 1.07, WAVES)
        angle = rng.uniform(0, 2 * np.pi, WAVES)
        number = 2 * np.pi / length[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        height = length**roughness
        height *= deviation / np.sqrt(0.5 * (height**2).sum())
        return cls(number, rng.uniform(0, 2 * np.pi, WAVES), height)

    def at(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Their height at points (..., 2) [m]."""
        points = np.asarray(xy, np.float64)
        total = np.zeros(points.shape[:-1])
        for number, phase, height in zip(self.number, self.phase, self.height, strict=True):
            total += height * np.sin(points @ number + phase)
        return total


def grid_points() -> NDArray[np.float64]:
    """(SIDE + 1, SIDE + 1, 2) points (x, y) of the grid, indexed [y, x]."""
    t = np.arange(SIDE + 1) * SPACING - HALF
    return np.stack(np.meshgrid(t, t), -1)


def on_grid(field: NDArray[np.floating], xy: ArrayLike) -> NDArray[np.float64]:
    """A field of the grid (SIDE + 1, SIDE + 1) at points (..., 2), linear on its triangles."""
    place = np.clip((np.asarray(xy, np.float64) + HALF) / SPACING, 0, SIDE)
    cell = np.minimum(place.astype(np.int64), SIDE - 1)
    a, b = np.moveaxis(place - cell, -1, 0)
    i, j = np.moveaxis(cell, -1, 0)
    z00, z11 = field[j, i], field[j + 1, i + 1]
    east, north = field[j, i + 1], field[j + 1, i]
    low = z00 + a * (east - z00) + b * (z11 - east)
    high = z00 + b * (north - z00) + a * (z11 - north)
    return np.where(a >= b, low, high)


def smooth(x: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """0 below `low`, 1 above `high`, an S-curve between."""
    t = np.clip((np.asarray(x, np.float64) - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def evened(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Values along a line, averaged over `width` of them (fewer at its ends)."""
    padded = np.pad(values, width // 2, mode="edge")
    return np.convolve(padded, np.full(width // 2 * 2 + 1, 1 / (width // 2 * 2 + 1)), "valid")


@dataclass(frozen=True, eq=False)
class Stream:
    """Running water that widens to a pond.

    Attributes:
        line: (N, 2) its middle, half a metre apart, flowing onwards [m].
        half: (N,) half its width [m].
        level: (N,) z of the water, never rising [m].
        pond: Index of the middle of the pond.
    """

    line: NDArray[np.float64]
    half: NDArray[np.float64]
    level: NDArray[np.float64]
    pond: int

    def shore(self, xy: NDArray) -> NDArray[np.float64]:
        """Distance of points (..., 2) from the shore, negative on water [m]."""
        distance, index = cKDTree(self.line).query(xy)
        return distance - self.half[index]

    def level_near(self, xy: NDArray) -> NDArray[np.float64]:
        """Height of the water near points (..., 2) [m]: smooth also between two bends."""
        total, weights = np.zeros(xy.shape[:-1]), np.zeros(xy.shape[:-1])
        for point, level in zip(self.line[::6], self.level[::6], strict=True):
            weight = (((xy - point) ** 2).sum(-1) + 4.0) ** -3
            total += weight * level
            weights += weight
        return total / weights


def draw_stream(rng: Generator, hills: Waves) -> Stream:
    """A stream across the whole country that keeps to low ground where it can."""
    best: tuple[float, NDArray, NDArray] | None = None
    t = np.arange(-1.75 * HALF, 1.75 * HALF, 0.5)
    for _ in range(24):
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.45, 0.45) * HALF
        sway = offset + sum(
            size * np.sin(2 * np.pi * t / length + rng.uniform(0, 2 * np.pi))
            for size, length in ((13.0, 130.0), (5.0, 52.0), (1.2, 17.0))
        )
        c, s = np.cos(angle), np.sin(angle)
        line = np.stack([c * t - s * sway, s * t + c * sway], 1)
        ground = evened(hills.at(line), 81)
        if ground[: len(t) // 3].mean() < ground[-len(t) // 3 :].mean():
            line, ground = line[::-1], ground[::-1]
        inside = np.abs(line).max(1) < 1.1 * HALF
        depth = (ground - np.minimum.accumulate(ground))[inside]
        cost = float(depth.mean() + 0.3 * depth.max() + 0.2 * ground[inside].mean())
        if best is None or cost < best[0]:
            best = cost, line, ground
    assert best is not None
    _, line, ground = best
    pond = int(len(t) * rng.uniform(0.36, 0.64))
    along = (np.arange(len(t)) - pond) * 0.5
    width = rng.uniform(0.9, 1.7) * (1 + 0.2 * np.sin(along / 7.0))
    half = width + rng.uniform(5.0, 9.0) * np.exp(-((along / rng.uniform(6.0, 10.0)) ** 2))
    level = np.minimum.accumulate(ground)
    level = np.maximum(level, level[-1] + 0.004 * np.arange(len(t))[::-1])
    level[np.abs(along) < 14] = level[np.abs(along) < 14].min()
    level = np.minimum.accumulate(level)
    return Stream(line, half, evened(level, 11) - 0.9, pond)


def carved(
    ground: NDArray[np.float64], shore: NDArray[np.float64], level: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Ground with a valley, banks and a bed for water.

    Args:
        ground: Heights before [m].
        shore: Distance from the shore, negative on water [m].
        level: z of the nearest water [m].
    """
    sunk = ground - 0.8 * np.maximum(ground - level, 0) * np.exp(-((shore / VALLEY) ** 2))
    bank = level + np.interp(shore, [-2.5, -0.6, 0.0, 1.2], [-0.8, -0.3, 0.0, 0.4])
    # Lower ground beyond is left as it is, but the bank holds the water back.
    lowest = level - 0.3 - 0.12 * np.maximum(shore - BANK, 0)
    return bank + (np.maximum(sunk, lowest) - bank) * smooth(shore, 1.0, BANK)


def far_rise(far: Waves, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much higher the land lies outside the country [m]."""
    away = np.maximum(np.abs(xy).max(-1) - HALF, 0.0)
    return 26.0 * smooth(away, 10.0, 330.0) * (1 + 0.6 * far.at(xy))

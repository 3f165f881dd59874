"""Noise of colour images: Gaussian and shot noise of 8-bit pixels.

Every colour of every pixel is disturbed for itself. As there are but 256 levels, a model is a
table: for each level that should be there, the exact probabilities of the levels that are read.
Levels are drawn with A. J. Walker's alias method (ACM TOMS 1977), one 32-bit number each.

- `GaussianRGB(std)` adds N(0, std²), std being a fraction of full scale, rounds to the nearest
  level and clips. Presets `gaussian-0.1` and `gaussian-0.2`: the RGB noise of the Habitat
  challenges of 2020 and 2021 (`GaussianNoiseModel`, `intensity_constant` 0.1) and that model's
  default (0.2). habitat-sim cuts to whole levels where this model rounds.
- `ShotNoise(full_well, read_noise)` counts photons. Levels encode light with the power 1 / 2.2; a
  pixel of relative light L holds n ~ Poisson(L · full_well) electrons, its amplifier adds
  N(0, read_noise²) electrons, and (n / full_well)^(1 / 2.2) is rounded and clipped. `full_well`
  is what saturates the *image*, that is, a sensor's full well divided by its gain, so it falls
  with the light there is: half as much light needs twice the gain. Model: EMVA Standard 1288,
  release 4.0, 2021; S. W. Hasinoff, "Photon, Poisson noise", Computer Vision: A Reference Guide,
  2014. Presets, typical of a small sensor of 10 000 electrons: `shot-bright` at gain 1, `shot` at
  gain 10, `shot-dim` at gain 100, with read noises of 5, 3 and 2 electrons.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numba
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import poisson

from navworld.world.scene import LIGHT_GAMMA

LEVELS = 256

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # SplitMix64, as in navworld.streams


@dataclass(frozen=True)
class GaussianRGB:
    """Additive normal noise.

    Attributes:
        std: As a fraction of full scale.
    """

    std: float

    images: ClassVar[str] = "colour images (H, W, 3) of 8 bits"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.std) and self.std >= 0):
            raise ValueError(f"GaussianRGB(std={self.std!r}) must be zero or positive")

    @property
    def name(self) -> str:
        """`gaussian-` and the standard deviation."""
        return f"gaussian-{self.std:g}"

    def probabilities(self) -> NDArray:
        """(256, 256) probability of reading level j for level i."""
        level = np.arange(LEVELS)
        edges = np.arange(LEVELS - 1) + 0.5
        with np.errstate(divide="ignore", invalid="ignore"):
            below = ndtr((edges - level[:, None]) / (self.std * (LEVELS - 1)))
        return _steps(below)

    def fits(self, box: spaces.Box) -> bool:
        """Whether a key of the observation is a colour image."""
        return is_colour(box)

    def apply(self, image: NDArray, box: spaces.Box, keys: NDArray[np.uint64]) -> NDArray:
        """Images (n, H, W, 3) uint8 with noise from the streams `keys` (n,)."""
        return _levels(image, keys, *_table(self))


@dataclass(frozen=True)
class ShotNoise:
    """Photon counting.

    Attributes:
        full_well: Electrons at full scale.
        read_noise: Standard deviation of the read-out [electrons].
    """

    full_well: float = 1000.0
    read_noise: float = 3.0

    images: ClassVar[str] = GaussianRGB.images

    def __post_init__(self) -> None:
        if not 1 <= self.full_well <= 1e6:
            raise ValueError(f"ShotNoise(full_well={self.full_well!r}): expected 1 to 10⁶")
        if not (np.isfinite(self.read_noise) and self.read_noise >= 0):
            raise ValueError(f"ShotNoise(read_noise={self.read_noise!r}) must be zero or positive")

    @property
    def name(self) -> str:
        """`shot-`, the electrons at full scale and those of the read noise."""
        return f"shot-{self.full_well:g}-{self.read_noise:g}"

    def probabilities(self) -> NDArray:
        """(256, 256) probability of reading level j for level i."""
        light = (np.arange(LEVELS) / (LEVELS - 1)) ** LIGHT_GAMMA * self.full_well
        edges = ((np.arange(LEVELS - 1) + 0.5) / (LEVELS - 1)) ** LIGHT_GAMMA * self.full_well
        below = (edges > light[:, None]).astype(np.float64)
        for i, mean in enumerate(light):
            reach = 9 * np.sqrt(mean) + 30
            counts = np.arange(max(0, int(mean - reach)), int(mean + reach))
            chance = poisson.pmf(counts, mean)
            near = np.abs(edges - mean) < reach + 9 * self.read_noise
            if self.read_noise:
                read = ndtr((edges[near, None] - counts) / self.read_noise)
            else:
                read = (counts < edges[near, None]).astype(np.float64)
            below[i, near] = read @ (chance / chance.sum())
        return _steps(below)

    def fits(self, box: spaces.Box) -> bool:
        """Whether a key of the observation is a colour image."""
        return is_colour(box)

    def apply(self, image: NDArray, box: spaces.Box, keys: NDArray[np.uint64]) -> NDArray:
        """Images (n, H, W, 3) uint8 with noise from the streams `keys` (n,)."""
        return _levels(image, keys, *_table(self))


def is_colour(box: spaces.Box) -> bool:
    """Whether a space holds 8-bit colour images (H, W, 3)."""
    return bool(
        box.dtype == np.uint8
        and box.high.max() == 255
        and len(box.shape) == 3
        and box.shape[-1] == 3
    )


def _steps(below: NDArray) -> NDArray:
    """Probabilities of levels from those of being below their upper edges; 0 / 0 is certainty."""
    level = np.arange(LEVELS)
    below = np.where(np.isnan(below), level[:-1] >= level[:, None], below)
    whole = np.concatenate([np.zeros((LEVELS, 1)), below, np.ones((LEVELS, 1))], 1)
    return np.maximum(np.diff(whole, axis=1), 0.0)


@lru_cache(maxsize=16)
def _table(model: GaussianRGB | ShotNoise) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Alias tables (256, 256): below which 24 bits a column keeps its level, and the other one."""
    probabilities = model.probabilities()
    keep = np.full((LEVELS, LEVELS), 1 << 24, np.uint32)
    other = np.tile(np.arange(LEVELS, dtype=np.uint8), (LEVELS, 1))
    for i, row in enumerate(probabilities):
        share = row / row.sum() * LEVELS
        small = [j for j in range(LEVELS) if share[j] < 1]
        large = [j for j in range(LEVELS) if share[j] >= 1]
        while small and large:
            j, k = small.pop(), large[-1]
            keep[i, j], other[i, j] = round(share[j] * (1 << 24)), k
            share[k] -= 1 - share[j]
            if share[k] < 1:
                small.append(large.pop())
    return keep, other


def _levels(image: NDArray, keys: NDArray, keep: NDArray, other: NDArray) -> NDArray[np.uint8]:
    flat = np.ascontiguousarray(image).reshape(len(image), -1)
    out: NDArray[np.uint8] = np.empty_like(flat)
    _draw_levels(flat, np.asarray(keys, np.uint64), keep, other, out)
    return out.reshape(image.shape)


@numba.njit(nogil=True, cache=True)
def _draw_levels(flat, keys, keep, other, out):
    for n in range(flat.shape[0]):
        state = keys[n]
        for pair in range((flat.shape[1] + 1) // 2):
            state += _GOLDEN
            x = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
            for half in range(2):
                e = 2 * pair + half
                if e < flat.shape[1]:
                    column = np.intp(x & np.uint64(0xFF))
                    level = flat[n, e]
                    stays = (
                        np.uint32((x >> np.uint64(8)) & np.uint64(0xFFFFFF)) < keep[level, column]
                    )
                    out[n, e] = column if stays else other[level, column]
                x >>= np.uint64(32)

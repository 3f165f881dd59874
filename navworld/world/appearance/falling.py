"""Rain and snow in the air: drops and flakes fixed in the world, the same from every camera.

They fill a box around the camera that repeats in space; where they are depends on the episode's
key and on time alone, so that two cameras see the same drops and runs repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.appearance.shelter import Shelter

BOX = np.array([12.0, 12.0, 9.0])
"""Size of what repeats [m]."""

NEAREST = 1.0
"""Nothing is drawn nearer to the camera than this [m]."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Kind:
    """One kind of what falls.

    Attributes:
        count: In the box, per severity.
        velocity: [m/s].
        sway: Side to side [m].
        radius: Half the width, larger than life [m].
        shutter: How long its way is seen [s].
        least, strength: Opacity of thin and of wide strokes.
        lift: How much brighter than the air.
    """

    count: int
    velocity: tuple[float, float, float]
    sway: float
    radius: float
    shutter: float
    least: float
    strength: float
    lift: float


RAIN = Kind(500, (0.6, 0.25, -8.0), 0.0, 0.005, 0.035, 0.28, 0.4, 1.2)
SNOW = Kind(420, (0.35, 0.2, -1.1), 0.18, 0.011, 0.01, 0.35, 0.95, 1.25)


def in_air(
    kind: Kind, severity: float, key: int, time: float, center: NDArray, cover: Shelter
) -> NDArray[np.float64]:
    """(K, 2, 3) where drops or flakes under the open sky are [m], and where they just were.

    Args:
        key: Of the episode.
        time: Since its start [s].
        center: (3,) of the box that is looked at.
        cover: Keeps them out of what is under a roof.
    """
    u = _spread(int(key), round(kind.count * severity))
    velocity = np.array(kind.velocity)
    ends = np.empty((len(u), 2, 3))
    grid = np.array([*cover.origin, cover.cell])
    low = np.asarray(center, np.float64) - BOX / 2
    count = _fall(u, velocity, kind.sway, kind.shutter, time, low, BOX, cover.roof, grid, ends)
    return ends[:count]


@njit(nogil=True, cache=True)
def _fall(u, velocity, sway, shutter, time, low, box, roof, grid, ends):
    """Moves everything to its place at a time, and keeps in `ends` what is not under a roof."""
    count = 0
    at = np.empty(3)
    for k in range(len(u)):
        for axis in range(3):
            at[axis] = u[k, axis] * box[axis] + velocity[axis] * time - low[axis]
        if sway > 0:
            phase = 2 * np.pi * (u[k, 3] + time * (0.2 + 0.4 * u[k, 2]))
            at[0] += sway * np.sin(phase)
            at[1] += sway * np.cos(1.3 * phase)
        for axis in range(3):
            at[axis] = low[axis] + at[axis] - box[axis] * np.floor(at[axis] / box[axis])
        column = int(np.floor((at[0] - grid[0]) / grid[2]))
        row = int(np.floor((at[1] - grid[1]) / grid[2]))
        if 0 <= row < roof.shape[0] and 0 <= column < roof.shape[1] and at[2] < roof[row, column]:
            continue
        for axis in range(3):
            ends[count, 0, axis] = at[axis]
            ends[count, 1, axis] = at[axis] - velocity[axis] * shutter
        count += 1
    return count


@lru_cache(maxsize=64)
def _spread(key: int, count: int) -> NDArray[np.float64]:
    """(count, 4) uniform numbers of a key; SplitMix64 as in `navworld.streams`."""
    n = np.arange(1, 4 * count + 1, dtype=np.uint64) * _GOLDEN + np.uint64(key)
    n = (n ^ (n >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    n = (n ^ (n >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    fractions = ((n ^ (n >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53
    spread = np.asarray(fractions.reshape(count, 4), np.float64)
    spread.setflags(write=False)
    return spread

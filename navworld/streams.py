"""Random numbers that depend on what they are for, not on the order in which they are drawn.

Every draw is a hash of (environment seed, episode, step, component, counter). So environment k
of a batch seeded s equals a single environment seeded s + k, whatever the number of
environments, threads or processes, and adding a sensor changes no other draw.

The hash is SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014), which is counter-based: draw n of a stream is `mix(key + n · golden)`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.integer]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MASK = (1 << 64) - 1


class Streams:
    """The random streams of a batch of environments.

    Attributes:
        seeds, episodes, steps: (B,) int64/uint64; the environment keeps them up to date.
    """

    def __init__(self, num_envs: int) -> None:
        self.seeds = np.zeros(num_envs, np.uint64)
        self.episodes = np.zeros(num_envs, np.int64)
        self.steps = np.zeros(num_envs, np.int64)

    def keys(self, component: str, ids: IntArray) -> NDArray[np.uint64]:
        """(n,) 64-bit keys of the component's streams at the current step of environments `ids`."""
        salt = np.uint64(zlib.crc32(component.encode()) * int(_GOLDEN) & _MASK)
        key = _mix(self.seeds[ids] + salt)
        key = _mix(key ^ self.episodes[ids].astype(np.uint64))
        return _mix(key + self.steps[ids].astype(np.uint64) * _GOLDEN)

    def uniform(self, component: str, ids: IntArray, shape: Sequence[int] = ()) -> NDArray:
        """(n, *shape) float64 in [0, 1)."""
        count = int(np.prod(shape, dtype=np.int64))
        offsets = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
        bits = _mix(self.keys(component, ids)[:, None] + offsets)
        return ((bits >> np.uint64(11)) * 2.0**-53).reshape(len(ids), *shape)

    def normal(self, component: str, ids: IntArray, shape: Sequence[int] = ()) -> NDArray:
        """(n, *shape) float64 standard normal (Box and Muller 1958)."""
        u = self.uniform(component, ids, (2, *shape))
        radius = np.sqrt(-2.0 * np.log1p(-u[:, 0]))
        return radius * np.cos(2.0 * np.pi * u[:, 1])

    def generator(self, component: str, row: int) -> np.random.Generator:
        """A NumPy generator for draws that need one (rejection sampling, permutations)."""
        key = int(self.keys(component, np.array([row]))[0])
        return np.random.Generator(np.random.Philox(key=key))

    def seed(self, row: int, seed: int) -> None:
        """Starts environment `row` anew: its episode and step are 0."""
        self.seeds[row] = np.uint64(int(seed) & _MASK)
        self.episodes[row] = 0
        self.steps[row] = 0

    def state(self) -> dict[str, NDArray]:
        """Copies of everything needed to continue."""
        return {name: getattr(self, name).copy() for name in ("seeds", "episodes", "steps")}

    def load(self, state: dict[str, NDArray]) -> None:
        """Continues from `state()`."""
        for name in ("seeds", "episodes", "steps"):
            getattr(self, name)[:] = state[name]


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

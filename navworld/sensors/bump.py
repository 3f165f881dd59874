"""Bumper: whether, and where, the body touched something.

| name | shape | unit |
|---|---|---|
| `bump` | (S,) float32 | 1 for each sector that was touched in the last step, else 0 |

Sectors divide the front of the body, from left to right: with 1, the default, there is one switch;
with 3 there are left, centre and right, as on a Kobuki. What is touched behind counts for the
nearest end. Rate: once per step; 0 on an episode's first observation. Noise: none.

The direction of a contact is that in which the clearance of the scene shrinks fastest, seen from
where the body came to rest.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.world import World


class Bump:
    """Contact switches on the front half of the body.

    Args:
        sectors: How many; 1 to 32.
        arc_deg: Angle that they cover together, about straight ahead.
        key: Its name in the observation.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(self, *, sectors: int = 1, arc_deg: float = 180.0, key: str = "bump") -> None:
        if not (isinstance(sectors, (int, np.integer)) and 1 <= sectors <= 32):
            raise ValueError(f"Bump(sectors={sectors!r}): expected a whole number 1 to 32")
        if not 0 < arc_deg <= 360:
            raise ValueError(f"Bump(arc_deg={arc_deg!r}): expected more than 0, at most 360")
        self.sectors, self.arc, self.key = int(sectors), np.radians(arc_deg), key
        self.space = spaces.Dict({key: spaces.Box(0.0, 1.0, (self.sectors,), np.float32)})

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing to remember."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, sectors)}."""
        touched = np.zeros((len(ids), self.sectors), np.float32)
        hit = np.flatnonzero(world.collided[ids])
        if self.sectors == 1:
            touched[hit] = 1.0
        elif len(hit):
            bearing = np.array([_bearing(world, i) for i in ids[hit]])
            place = (0.5 - bearing / self.arc) * self.sectors
            touched[hit, np.clip(place.astype(np.int64), 0, self.sectors - 1)] = 1.0
        return {self.key: touched}


def _bearing(world: World, row: int) -> float:
    """Direction of the nearest obstacle from body `row`, left of straight ahead [rad]."""
    navigator = world.navigator(row)
    reach = navigator.floor.cell
    steps: NDArray = reach * np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    east, west, north, south = navigator.clearance(world.xy[row] + steps).astype(np.float64)
    towards = np.arctan2(south - north, west - east)
    return float((towards - world.yaw[row] + np.pi) % (2 * np.pi) - np.pi)

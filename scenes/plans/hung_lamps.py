"""Street lamps where a plan has streets but names no lamps: hung over the middle of the street.

Bulbs and the wires that they hang on are too thin to be seen, so that nothing is added to the
shape of the place. They burn after dark, as the lamps of `navworld.scenes.city` do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import shapely
from numpy.typing import ArrayLike

from navworld.scenes.city.placing import LAMP_POWER
from navworld.world.scene import Lamp

APART, NEAREST = 28.0, 22.0
"""Distance of lamps along a street, and the least to any other lamp [m]."""

HEIGHT = 5.6
"""Above the street [m]."""

FEWEST = 8.0
"""Ways shorter than this get none [m]."""


def hung_lamps(
    streets: Iterable[ArrayLike],
    standing: Iterable[tuple[float, float]],
    ground: Callable[[float, float], float],
) -> tuple[Lamp, ...]:
    """Lamps along the middle of streets.

    Args:
        streets: (N, 2) points of each [m].
        standing: (x, y) of lamps that the plan names.
        ground: Height of a street at (x, y) [m].
    """
    taken = [np.asarray(xy, np.float64) for xy in standing]
    lamps = []
    for street in streets:
        line = shapely.LineString(np.asarray(street, np.float64))
        if line.length < FEWEST:
            continue
        count = max(1, round(line.length / APART))
        for k in range(count):
            point = line.interpolate((k + 0.5) / count, normalized=True)
            xy = np.array([point.x, point.y])
            if all(np.linalg.norm(xy - other) >= NEAREST for other in taken):
                taken.append(xy)
                x, y = round(point.x, 3), round(point.y, 3)
                z = round(ground(x, y) + HEIGHT, 3)
                lamps.append(Lamp((x, y, z), LAMP_POWER, 0.12, dark_only=True))
    return tuple(lamps)

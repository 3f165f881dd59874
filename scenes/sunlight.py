"""Where the sun of a family's places stands."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator


def draw_direction(
    rng: Generator, elevation_deg: tuple[float, float]
) -> tuple[float, float, float]:
    """Unit vector to the sun on a random side, at a height between two [degrees]."""
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(*elevation_deg))
    level = float(np.cos(elevation))
    return level * float(np.cos(azimuth)), level * float(np.sin(azimuth)), float(np.sin(elevation))

"""Whether and how well goals were reached.

P. Anderson et al., On evaluation of embodied navigation agents, arXiv 1807.06757, 2018 (SPL);
S. Datta et al., Integrating egocentric localization for more realistic point-goal navigation
agents, CoRL 2020 (SoftSPL). The definitions are habitat-lab's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST = 1e-6
"""Lengths below are taken for this, so that an episode that begins at its goal has a value [m]."""


def success(stopped: ArrayLike, distance: ArrayLike, reach: float) -> NDArray[np.bool_]:
    """(B,) whether bodies have stopped (B,) less than `reach` from the goal.

    Args:
        distance: (B,) geodesic distance left [m].
    """
    return np.asarray(stopped, bool) & (np.asarray(distance) < reach)


def path_efficiency(shortest: ArrayLike, travelled: ArrayLike) -> NDArray[np.float64]:
    """(B,) l / max(l, p) of shortest paths l (B,) and travelled paths p (B,) [m]."""
    shortest, travelled = np.asarray(shortest, np.float64), np.asarray(travelled, np.float64)
    return shortest / np.maximum(np.maximum(shortest, travelled), LEAST)


def spl(reached: ArrayLike, shortest: ArrayLike, travelled: ArrayLike) -> NDArray[np.float64]:
    """(B,) success weighted by path length: success (B,) · l / max(l, p)."""
    return np.asarray(reached, bool) * path_efficiency(shortest, travelled)


def soft_spl(distance: ArrayLike, shortest: ArrayLike, travelled: ArrayLike) -> NDArray[np.float64]:
    """(B,) SPL with max(0, 1 − d / l) for success, d (B,) the geodesic distance left [m]."""
    shortest = np.asarray(shortest, np.float64)
    left = np.clip(1 - np.asarray(distance) / np.maximum(shortest, LEAST), 0, 1)
    return left * path_efficiency(shortest, travelled)


def coverage(seen: ArrayLike, total: ArrayLike) -> NDArray[np.float64]:
    """(B,) share of the area (or cells) that there is to see that was seen, 0…1."""
    return np.asarray(seen, np.float64) / np.asarray(total, np.float64)

"""Means with their uncertainty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bootstrap_mean(
    values: NDArray, *, samples: int = 2000, level: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """Mean of independent values with a percentile bootstrap interval (Efron 1979).

    Args:
        values: (N,).

    Returns:
        Mean, lower and upper end of the interval.
    """
    values = np.asarray(values, float)
    if not len(values):
        raise ValueError("no values to take the mean of")
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (samples, len(values)))].mean(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(values.mean()), float(low), float(high)


def gap_closure(
    values: NDArray,
    floor: NDArray,
    ceiling: NDArray,
    *,
    samples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float, float]:
    """How much of the way from floor to ceiling is made: (values − floor) / (ceiling − floor).

    Means over the same episodes, which the bootstrap draws together.

    Args:
        values, floor, ceiling: (N,) of the same N episodes.

    Returns:
        The share and its interval; NaN where there is no way between the means.
    """
    rows = np.stack([np.asarray(v, float) for v in (values, floor, ceiling)])
    if not rows.shape[1]:
        raise ValueError("no values to compare")

    def share(means: NDArray) -> NDArray:
        way = means[2] - means[1]
        return np.where(way > 0, (means[0] - means[1]) / np.where(way > 0, way, 1.0), np.nan)

    n = rows.shape[1]
    drawn = np.random.default_rng(seed).integers(0, n, (samples, n))
    found = share(rows[:, drawn].mean(-1))
    found = found[np.isfinite(found)]
    value = float(share(rows.mean(-1)))
    if not len(found):
        return value, np.nan, np.nan
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return value, float(low), float(high)

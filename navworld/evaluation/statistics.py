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

"""Means with their uncertainty, over samples and over runs of what was trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SAMPLES = 2000
"""Of the bootstrap."""

Statistic = Callable[..., NDArray]
"""Of arrays (…, runs, samples): a number for each of the leading axes."""


def mean(values: NDArray) -> NDArray:
    """The mean over runs and samples."""
    return values.mean((-2, -1))


def closure(values: NDArray, floor: NDArray, ceiling: NDArray) -> NDArray:
    """How much of the way from floor to ceiling is made: (values − floor) / (ceiling − floor).

    Of the means; NaN where there is no way between them.
    """
    low, way = mean(floor), mean(ceiling) - mean(floor)
    return np.where(way > 0, (mean(values) - low) / np.where(way > 0, way, 1.0), np.nan)


def interval(
    *values: NDArray, statistic: Statistic = mean, level: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """A statistic and its percentile bootstrap interval (Efron 1979) over runs and samples.

    Hierarchical: the runs of every array are drawn again, and the samples with them; the samples
    are the same in all, and are drawn together.

    Args:
        values: (runs, samples) each. A sample that some run has no value for (NaN) is left out.
        statistic: Of the values; their mean by default.

    Returns:
        The statistic, lower and upper end of the interval.

    Raises:
        ValueError: No sample has a value in every run.
    """
    there = np.isfinite(np.concatenate(values)).all(0)
    if not there.any():
        raise ValueError("no sample has a value in every run: nothing can be compared")
    kept = [np.asarray(v, np.float64)[:, there] for v in values]
    rng = np.random.default_rng(seed)
    count = int(there.sum())
    columns = rng.integers(0, count, (SAMPLES, 1, count))
    drawn = []
    for v in kept:
        rows = rng.integers(0, len(v), (SAMPLES, len(v), 1)) if len(v) > 1 else 0
        drawn.append(v[rows, columns])
    found = statistic(*drawn)
    found = found[np.isfinite(found)]
    value = float(statistic(*kept))
    if not len(found):
        return value, float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return value, float(low), float(high)


def bootstrap_mean(
    values: NDArray, *, level: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """Mean of independent values and its interval.

    Args:
        values: (N,).
    """
    return interval(np.asarray(values, float)[None], level=level, seed=seed)

"""How throughput is timed: rounds of work, their median and their span."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from navworld.evaluation.result import Metric

ROUND_SECONDS = 0.6
ROUNDS = 7


def rates(work: Callable[[], int]) -> list[float]:
    """Units of work per second, round by round; `work` does some and says how much."""
    work()
    found = []
    for _ in range(ROUNDS):
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < ROUND_SECONDS:
            count += work()
        found.append(count / (time.perf_counter() - began))
    return found


def paired(work: Callable[[], int], other: Callable[[], int]) -> tuple[list[float], list[float]]:
    """Rates of two ways of working, in turns; a machine that slows down slows both down."""
    work()
    other()
    found: tuple[list[float], list[float]] = [], []
    for _ in range(2 * ROUNDS):
        for way, rates_ in zip((work, other), found, strict=True):
            began, count = time.perf_counter(), 0
            while time.perf_counter() - began < ROUND_SECONDS / 2:
                count += way()
            rates_.append(count / (time.perf_counter() - began))
    return found


def spread(values: list[float], unit: str) -> Metric:
    """Median, least and most."""
    return Metric(float(np.median(values)), unit, float(min(values)), float(max(values)))


def peak() -> Metric:
    """Most memory that this process has held."""
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Metric(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale, "MB")

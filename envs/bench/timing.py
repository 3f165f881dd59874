"""How throughput is timed: rounds of work, their median and their span."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

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


def in_turns(*ways: Callable[[], int]) -> list[list[float]]:
    """Rates of several ways of working, in turns; a machine that slows down slows all down."""
    for way in ways:
        way()
    found: list[list[float]] = [[] for _ in ways]
    for _ in range(2 * ROUNDS):
        for way, rates_ in zip(ways, found, strict=True):
            began, count = time.perf_counter(), 0
            while time.perf_counter() - began < ROUND_SECONDS / 2:
                count += way()
            rates_.append(count / (time.perf_counter() - began))
    return found


@contextmanager
def in_processes(work: Callable[[], int], count: int) -> Iterator[Callable[[], int]]:
    """The same work in `count` processes at once, of which this one is the first.

    They wait for each other at the end of a piece of work and share nothing that is written, so
    what they reach is what the machine allows threads to reach at that moment.
    """
    context = multiprocessing.get_context("fork")
    others = []
    for _ in range(count - 1):
        here, there = context.Pipe()
        context.Process(target=_work_when_told, args=(there, work), daemon=True).start()
        others.append(here)

    def together() -> int:
        for other in others:
            other.send(True)
        return work() + sum(other.recv() for other in others)

    try:
        yield together
    finally:
        for other in others:
            other.send(False)


def _work_when_told(end: Connection, work: Callable[[], int]) -> None:
    while end.recv():
        end.send(work())


def spread(values: list[float], unit: str) -> Metric:
    """Median, least and most."""
    return Metric(float(np.median(values)), unit, float(min(values)), float(max(values)))


def peak() -> Metric:
    """Most memory that this process has held."""
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Metric(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale, "MB")

"""What a learned odometer costs on a CPU: parameters, multiply-adds, how long a step takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from navworld.actions import FORWARD
from navworld.beliefs import Observation
from navworld.contracts import Odometer
from navworld.evaluation.metrics.cost import latency, multiply_adds, parameters
from navworld.evaluation.result import Metric
from navworld.recipe import settings_of

CALLS = 100
"""Steps that are timed."""


def costs(odometer: Odometer | None) -> dict[str, Metric]:
    """Costs of a step for one body, one thread; nothing of an odometer that learns nothing.

    Images are of the size that the network works in, and half a second apart, so that every one
    is looked at.
    """
    network = getattr(odometer, "network", None)
    if odometer is None or network is None:
        return {}
    ids, action = np.zeros(1, np.int64), np.array([FORWARD])
    size = settings_of(network).image_size
    sensors = getattr(odometer, "sensors", ())
    frames = [_frame(sensors, size, np.random.default_rng(seed)) for seed in range(2)]
    at = 0

    def step() -> None:
        nonlocal at
        at += 1
        odometer.step(frames[at % 2], action, 0.5, ids)

    with one_thread():
        odometer.reset(ids)
        odometer.step(frames[0], None, 0.5, ids)
        work = multiply_adds(step)
        timed = latency(step, calls=CALLS)
        odometer.reset(ids)
    return {
        "parameters": Metric(parameters(network)),
        "multiply_adds": Metric(work),
        "latency_p50_ms": Metric(1e3 * timed.p50, "ms"),
        "latency_p95_ms": Metric(1e3 * timed.p95, "ms"),
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch works with one thread inside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _frame(
    sensors: Sequence[str], size: tuple[int, int], rng: np.random.Generator
) -> Observation:
    made: dict[str, NDArray[Any]] = {
        "rgb": rng.integers(0, 256, (1, *size, 3), np.uint8),
        "depth": rng.uniform(0.5, 5.0, (1, *size, 1)).astype(np.float32),
    }
    return {name: made[name] for name in sensors}

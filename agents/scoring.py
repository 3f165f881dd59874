"""How systems are scored for their claims: on rides, on single motions, in a navigating agent.

Everything gives metric → (systems, samples): several odometers are run on the same samples, so that
they can be compared pair by pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.contracts import Odometer
from navworld.data.sequences import Recorded
from navworld.data.sequences import Sequence as Recording
from navworld.envs.benchmarks import sequence_benchmark
from navworld.evaluation.odometry_runs import BATCH, Trial, run_odometer
from navworld.evaluation.result import Metric
from navworld.geometry import se3
from navworld.recipe import Portion, Recipe

ENOUGH = 40
"""Samples that a claim is checked on, where their number is free."""

RIDES, EPISODES = "odometry-v1", "pointnav-noisy-v1"
"""Benchmarks of claims."""


def scorer(
    system: Recipe, preset: str, sequences: int | None
) -> Callable[[Sequence[Odometer]], dict[str, NDArray]]:
    """How a system is scored: on held-out rides, or on pairs around actions."""
    data = system.presets[preset].data
    if hasattr(data, "environment"):
        return PairScores(data, sequences or ENOUGH)
    trials = [t for t in sequence_benchmark("odometry-v1") if "run" not in t.labels]
    return RideScores(trials[:sequences], system.sensors)


@dataclass(frozen=True)
class RideScores:
    """Scores on the rides of a benchmark; each is rendered once for all odometers of a call."""

    trials: Sequence[Trial]
    sensors: tuple[str, ...]

    def __call__(self, odometers: Sequence[Odometer]) -> dict[str, NDArray]:
        """Metric → (odometers, sequences), NaN where one is not defined."""
        rows: list[list[dict[str, Metric]]] = [[] for _ in odometers]
        for begin in range(0, len(self.trials), BATCH):
            group = self.trials[begin : begin + BATCH]
            held = [replace(t, open=_given(_held(t.open(), self.sensors))) for t in group]
            for row, odometer in zip(rows, odometers, strict=True):
                row += [one.metrics for one in run_odometer(odometer, held)]
        names = {name for row in rows for metrics in row for name in metrics}
        return {
            name: np.array([[m[name].value if name in m else np.nan for m in r] for r in rows])
            for name in sorted(names)
        }


@dataclass(frozen=True)
class PairScores:
    """Errors of single motions in test scenes; a batch of pairs counts as a sequence."""

    data: Any
    batches: int
    size: int = 64

    def __call__(self, odometers: Sequence[Odometer]) -> dict[str, NDArray]:
        """Roots of mean squares, "translation_m" and "rotation_rad" (odometers, batches)."""
        found: dict[str, list[list[float]]] = {"translation_m": [], "rotation_rad": []}
        held = [b for b, _ in zip(self._pairs(), range(self.batches), strict=False)]
        for odometer in odometers:
            errors = [_pair_errors(odometer, batch, self.data.sensors) for batch in held]
            for k, name in enumerate(found):
                found[name].append([e[k] for e in errors])
        return {name: np.array(rows) for name, rows in found.items()}

    def _pairs(self) -> Iterable[dict[str, NDArray]]:
        for batch in self.data.batches(Portion("test", self.size)):
            yield {key: value.numpy() for key, value in batch.items()}


def _pair_errors(
    odometer: Odometer, batch: dict[str, NDArray], sensors: Sequence[str]
) -> tuple[float, float]:
    ids = np.arange(len(batch["action"]))
    odometer.reset(ids)
    odometer.step({k: batch[k][:, 0] for k in sensors}, None, 0.5, ids)
    motion = odometer.step({k: batch[k][:, 1] for k in sensors}, batch["action"], 0.5, ids)
    error = se3.to_planar(se3.relative(batch["T_previous_current"], motion.T_previous_current))
    square = error**2
    return float(np.sqrt(square[:, :2].sum(1).mean())), float(np.sqrt(square[:, 2].mean()))


def _held(sequence: Recording, sensors: Sequence[str]) -> Recorded:
    """The channels of a sequence that are read, in memory."""
    items = {
        name: [sequence.read(name, k) for k in range(len(sequence.channels[name]))]
        for name in sensors
    }
    channels = {name: sequence.channels[name] for name in sensors}
    return Recorded(
        sequence.name, channels, items, sequence.truth, sequence.velocity, sequence.info
    )


def _given(sequence: Recording) -> Callable[[], Recording]:
    return lambda: sequence


def navigated(
    system: Recipe, weights: Sequence[Path], episodes: int | None
) -> dict[str, dict[str, NDArray]]:
    """The agent up the ladder, as far as a gap closure needs it.

    Args:
        weights: Of the trained runs.
        episodes: Only so many, spread evenly.

    Returns:
        "oracle", "none" and "learned" → "success" and "spl" → (1 or runs, episodes).
    """
    from navworld.agents.catalog import build_agent
    from navworld.agents.evaluate import run_agent, suited
    from navworld.agents.ladder import rungs, spread
    from navworld.agents.ladder_table import NONE, ORACLE
    from navworld.envs.benchmarks import benchmark

    protocol = benchmark(EPISODES)
    frozen = spread(protocol.episodes(), episodes)
    agent = suited(build_agent("pointnav"), protocol.options)
    found: dict[str, list[list[Any]]] = {"oracle": [], "none": [], "learned": []}
    for rung in rungs([f"{system.name}={path}" for path in weights]):
        kind = {ORACLE: "oracle", NONE: "none"}.get(rung.name, "learned")
        if kind == "learned" and not rung.name.startswith(system.short):
            continue
        rollouts = run_agent(rung.fit(agent), frozen, label=rung.name, conditions=protocol.options)
        found[kind].append([rollout.metrics for rollout in rollouts])
    return {
        kind: {
            name: np.array([[m[name] for m in row] for row in rows]) for name in ("success", "spl")
        }
        for kind, rows in found.items()
    }

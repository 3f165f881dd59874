"""`navworld claim NAME`: trains a system and what it is held against, and checks its claim.

A recipe's `checks` say what must hold, in terms of a `Proof`: it trains three seeds of the system
and of its ablations (runs that are finished are taken as they are, others go on), scores them on
held-out data beside the floors, and compares with intervals of 95 %: both the seeds and the
sequences are drawn again (hierarchical bootstrap), pairs of systems on the same sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.agents.catalog import build_odometer
from navworld.agents.results import record_verdict
from navworld.agents.scoring import navigated, scorer
from navworld.agents.systems import recipe, run
from navworld.contracts import Odometer
from navworld.evaluation.result import Metric, Result
from navworld.evaluation.statistics import closure, interval
from navworld.recipe import Preset, Recipe
from navworld.training.checkpoints import load_trained
from navworld.training.supervised import WEIGHTS


@dataclass(frozen=True)
class Check:
    """A line of a claim.

    Attributes:
        text: What must hold.
        holds: Whether it does.
        value, low, high: Of what is compared, with its interval.
    """

    text: str
    holds: bool
    value: float
    low: float
    high: float
    unit: str = ""

    def __str__(self) -> str:
        sign = "ok  " if self.holds else "FAIL"
        return f"{sign}  {self.text}: {self.value:.4g} [{self.low:.4g}, {self.high:.4g}]{self.unit}"


@dataclass(frozen=True, eq=False)
class Scores:
    """What runs of one system came to.

    Attributes:
        name: Of the system or ablation.
        values: Metric → (seeds, sequences).
    """

    name: str
    values: dict[str, NDArray[np.float64]]

    def of(self, metric: str) -> NDArray[np.float64]:
        """(seeds, sequences)."""
        if metric not in self.values:
            raise ValueError(f"{self.name} was not scored by {metric!r}: {', '.join(self.values)}")
        return self.values[metric]


class Proof:
    """Trained systems and their scores, made when they are asked for.

    Args:
        system: Whose claim it is.
        preset: Size that is trained.
        folder: Of the runs.
        seeds: Of the training.
        score: (odometers by name) → scores of each, one row per odometer.
        overrides: Changes of the preset for all runs.
        samples: Episodes that agents are run through; None for all of the benchmark.
    """

    def __init__(
        self,
        system: Recipe,
        *,
        preset: str,
        folder: Path,
        seeds: Sequence[int],
        score: Callable[[Sequence[Odometer]], dict[str, NDArray]],
        overrides: Sequence[str] = (),
        samples: int | None = None,
        quiet: bool = False,
    ) -> None:
        self.system, self.size, self.folder = system, preset, folder
        self.seeds, self._score, self._overrides = tuple(seeds), score, tuple(overrides)
        self._quiet, self._samples = quiet, samples
        self._rungs: dict[str, dict[str, NDArray]] = {}

    def scores(self, *names: str) -> list[Scores]:
        """Scores of all seeds of some systems, on the same samples, each rendered once for all.

        Args:
            names: "" for the system, an ablation of it, or what learns nothing, as in the
                catalogue.
        """
        groups = [self._odometers(name) for name in names]
        found = self._score([odometer for group in groups for odometer in group])
        ends = np.cumsum([len(group) for group in groups])[:-1]
        rows = {metric: np.split(values, ends) for metric, values in found.items()}
        return [
            Scores(name or self.system.name, {metric: parts[k] for metric, parts in rows.items()})
            for k, name in enumerate(names)
        ]

    def _odometers(self, name: str) -> list[Odometer]:
        if name and name not in self.system.ablations:
            return [build_odometer(name)]
        return [self.odometer(seed, name) for seed in self.seeds]

    def odometer(self, seed: int, ablation: str = "") -> Odometer:
        """A trained odometer."""
        return self.system.wrap(load_trained(self.system, self.weights(seed, ablation)))

    def weights(self, seed: int, ablation: str = "") -> Path:
        """Trains a seed unless that is done; the file of its weights."""
        changes = [*self._overrides, *(self.system.ablations[ablation] if ablation else ())]
        settings: Preset = self.system.preset(self.size, changes, seed=seed)
        label = "".join(c if c.isalnum() else "-" for c in ablation) or "whole"
        folder = self.folder / f"{label}-{seed}"
        run(self.system, settings, folder, quiet=self._quiet)
        return folder / WEIGHTS

    def below(self, metric: str, mine: Scores, other: Scores) -> Check:
        """That one is below the other, on the same sequences."""
        span = interval(mine.of(metric) - other.of(metric))
        text = f"{metric} of {mine.name} minus that of {other.name} < 0"
        return Check(text, span[2] < 0, *span)

    def at_most(self, metric: str, mine: Scores, bound: float) -> Check:
        """That a mean does not exceed a bound."""
        span = interval(mine.of(metric))
        return Check(f"{metric} of {mine.name} < {bound:g}", span[2] < bound, *span)

    def oracle_reaches(self, metric: str, bound: float) -> Check:
        """That the agent reaches a bound where it knows the truth."""
        span = interval(self._navigated()["oracle"][metric])
        return Check(f"{metric} of the oracle ≥ {bound:g}", span[0] >= bound, *span)

    def closes(self, metric: str, bound: float) -> Check:
        """That the agent closes so much of the gap between knowing nothing and the truth."""
        rows = self._navigated()
        kinds = (rows[kind][metric] for kind in ("learned", "none", "oracle"))
        span = interval(*kinds, statistic=closure)
        text = f"gap closure of {metric} by {self.system.name} ≥ {bound:g}"
        return Check(text, span[0] >= bound, *span)

    def _navigated(self) -> dict[str, dict[str, NDArray]]:
        if not self._rungs:
            weights = [self.weights(seed) for seed in self.seeds]
            self._rungs = navigated(self.system, weights, self._samples)
        return self._rungs


def claim(
    name: str,
    *,
    preset: str = "small",
    seeds: int = 3,
    out: str | None = None,
    sequences: int | None = None,
    record: bool = False,
    overrides: Sequence[str] = (),
    quiet: bool = False,
) -> Result:
    """Checks the claim of a system; prints a line per check.

    Args:
        out: Folder of the runs; `runs/claims/NAME` by default.
        sequences: Only so many held-out sequences; such a verdict is not recorded.
        record: Whether the verdict is put into `results.csv`.

    Raises:
        ValueError: The system is unknown or has no checks; there is too little to record.
    """
    system = recipe(name)
    if system.checks is None:
        raise ValueError(f"{name} has no checks: write a function and name it in its recipe")
    if record and (sequences is not None or seeds < 3 or preset == "tiny" or overrides):
        raise ValueError("--record takes the whole claim: three seeds, all sequences, no changes")
    folder = Path(out or f"runs/claims/{name}")
    proof = Proof(
        system, preset=preset, folder=folder, seeds=range(seeds),
        score=scorer(system, preset, sequences), overrides=overrides, samples=sequences,
        quiet=quiet,
    )  # fmt: skip
    metrics, checks = {}, {}
    for check in system.checks(proof):
        print(check, flush=True)
        checks[check.text] = check.holds
        metrics[check.text] = Metric(check.value, check.unit, check.low, check.high)
    result = Result(metrics, {"system": name, "preset": preset, "seeds": seeds}, checks)
    if record:
        record_verdict(result, name, seeds)
    return result

"""`navworld evaluate odometry/NAME`: an odometer on a benchmark, or on recorded sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from navworld.agents.catalog import build_odometer
from navworld.agents.costs import costs
from navworld.agents.results import numbers, read
from navworld.contracts import Odometer
from navworld.data import formats
from navworld.envs.benchmarks import sequence_benchmark
from navworld.evaluation.odometry import summarize
from navworld.evaluation.odometry_report import write_odometry_report
from navworld.evaluation.odometry_runs import BATCH, Scored, Trial, run_odometer
from navworld.evaluation.result import Result
from navworld.progress import ProgressBar

SHOWN = (
    "t_err_percent", "r_err_deg_per_m", "ate_m", "rpe_m", "rpe_deg", "t_err_percent/wheeled",
    "t_err_percent/endurance",
)  # fmt: skip
"""What is printed beside the floors."""

DEFAULT = "odometry-v1"


def evaluate_odometry(
    name: str,
    *,
    benchmark: str = DEFAULT,
    sequences: str | None = None,
    first: int | None = None,
    batch: int = BATCH,
    weights: str | None = None,
    report: str | None = None,
) -> Result:
    """Scores an odometer of the catalogue; prints it beside what is recorded of the floors.

    Sequences of a benchmark that lack one of its sensors are left out, and means that they belong
    to with them.

    Args:
        sequences: Folder of recorded sequences to use instead of a benchmark's, in any format.
        first: Only so many sequences.
        batch: Sequences side by side.
        report: Folder for a page with plots.
    """
    odometer = build_odometer(name, weights)
    if sequences is None:
        whole = list(sequence_benchmark(benchmark))
    else:
        whole = [Trial.of(sequence) for sequence in formats.read(sequences)]
    if first is not None and first < 1:
        raise ValueError(f"--episodes {first}: expected at least 1")
    whole = whole[:first]
    trials = [trial for trial in whole if trial.carries(odometer)] or whole[:1]
    if len(trials) < len(whole):
        print(f"{name}: {len(trials)} of {len(whole)} sequences carry what it reads")
    scored = _run(odometer, name, trials, batch)
    result = summarize(scored, whole)
    source = sequences or benchmark
    result = replace(
        result,
        metrics=result.metrics | costs(odometer),
        config={"odometer": name, "benchmark": source, "weights": weights or ""}
        | dict(result.config),
    )
    floors = recorded_floors(benchmark) if sequences is None else {}
    if floors:
        print(beside(name, result, floors))
    if report:
        title = f"{name} on {source}"
        page = write_odometry_report(report, name, result, scored, others=floors, title=title)
        print(f"report: {page}")
    return result


def recorded_floors(benchmark: str) -> dict[str, dict[str, float]]:
    """Floor → metric → value, as far as they are in `results.csv`."""
    rows = [row for row in read() if row["benchmark"] == benchmark]
    found = numbers(rows)
    return {name: found[name] for name in sequence_benchmark(benchmark).floors if name in found}


def beside(name: str, result: Result, floors: dict[str, dict[str, float]]) -> str:
    """A table of a system and the floors."""
    systems = {name: {key: m.value for key, m in result.metrics.items()}, **floors}
    systems = {key: systems[key] for key in [name, *(f for f in floors if f != name)]}
    width = max(len(system) for system in systems) + 2
    lines = [" " * width + "".join(f"{key:>{len(key) + 2}}" for key in SHOWN)]
    for system, values in systems.items():
        cells = (
            f"{values[key]:>{len(key) + 2}.4g}" if key in values else f"{'–':>{len(key) + 2}}"
            for key in SHOWN
        )
        lines.append(f"{system:<{width}}" + "".join(cells))
    return "\n".join(lines)


def _run(odometer: Odometer, name: str, trials: Sequence[Trial], batch: int) -> list[Scored]:
    scored = []
    with ProgressBar(name, len(trials), unit="sequences", passing=True) as bar:
        for one in run_odometer(odometer, trials, batch=batch):
            scored.append(one)
            bar.advance()
    return scored

"""What an odometer is worth over many sequences: means, intervals, groups, drift over length.

    result = evaluate_odometer(odometer, sequence_benchmark("odometry-v1"))
    result = evaluate_odometer(odometer, formats.read("rgbd_dataset_freiburg1_desk"))

Metrics are named `t_err_percent` (over all sequences but those that stand apart),
`t_err_percent/drone` (over a group) and `t_err_percent@4m` (over segments of one length). Every
mean weighs sequences alike and has a 95 % bootstrap interval over them; where a metric is not
defined for some sequence, that sequence is left out, and a metric that no sequence has is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from navworld.contracts import Odometer
from navworld.data.sequences import Sequence as Recording
from navworld.evaluation.odometry_runs import BATCH, RPE_SECONDS, Scored, Trial, run_odometer
from navworld.evaluation.result import Metric, Result
from navworld.evaluation.statistics import bootstrap_mean
from navworld.viz.plots import Plot

HEADLINE = (
    "t_err_percent", "r_err_deg_per_m", "ate_m", "ate_none_m", "rpe_m", "rpe_deg",
    "scale_error_percent", "scale_drift_percent", "end_drift_percent", "lost_percent",
    "ms_per_step",
)  # fmt: skip
GROUPED = ("t_err_percent", "r_err_deg_per_m", "ate_m", "rpe_m", "rpe_deg")
"""What is told of every group."""

APART, ENDURANCE = "run", "endurance"
"""Label of sequences that are in no mean but their own, and its value for long ones."""


def evaluate_odometer(
    odometer: Odometer, benchmark: Iterable[Trial | Recording], *, batch: int = BATCH
) -> Result:
    """Runs an odometer through every sequence of a benchmark, or through recorded ones.

    Args:
        benchmark: Trials, such as a `SequenceBenchmark`, or sequences, such as what
            `navworld.data.formats.read` gives of a real recording.
        batch: Sequences side by side; it changes no number.

    Raises:
        ValueError: A sequence lacks a sensor or the truth, or the odometer answers with something
            that is no rigid motion; says which and where.
    """
    return summarize(list(run_odometer(odometer, benchmark, batch=batch)))


def summarize(scored: Sequence[Scored], whole: Sequence[Trial] | None = None) -> Result:
    """What sequences give together.

    Args:
        whole: All sequences of the benchmark, where an odometer could not run through some: what
            is a mean over others than in the whole benchmark is left out, for it would compare
            with nothing.
    """
    if not scored:
        raise ValueError("no sequences to summarize: the benchmark is empty")
    metrics: dict[str, Metric] = {}
    all_of = _groups([s.trial for s in scored] if whole is None else whole)
    by_name = {s.trial.name: s for s in scored}
    complete = {
        value: [by_name[name] for name in names]
        for value, names in all_of.items()
        if by_name.keys() >= set(names)
    }
    for name in HEADLINE:
        _add(metrics, name, complete.get("", []), name)
    for value, members in complete.items():
        for name in GROUPED if value else ():
            _add(metrics, f"{name}/{value}", members, name)
    for column, name, unit in ((1, "t_err_percent", "%"), (2, "r_err_deg_per_m", "deg/m")):
        for members in (complete.get("", []), complete.get(ENDURANCE, [])):
            for length, mean, low, high in drift_curve(members, column):
                metrics[f"{name}@{length:g}m"] = Metric(mean, unit, low, high)
    metrics["sequences"] = Metric(len(scored))
    return Result(metrics, _config(scored))


def drift_curve(scored: Sequence[Scored], column: int) -> list[tuple[float, float, float, float]]:
    """Length of segments [m], mean error and its interval, shortest first.

    Args:
        column: Of `SegmentErrors.by_length`: 1 for t_err [%], 2 for r_err [deg/m].
    """
    found: dict[float, list[float]] = {}
    for one in scored:
        if one.trial.lengths is not None:
            for row in one.scores.segments.by_length():
                found.setdefault(float(row[0]), []).append(float(row[column]))
    return [(length, *bootstrap_mean(np.array(found[length]))) for length in sorted(found)]


def drift_plots(systems: Mapping[str, Mapping[str, float]]) -> list[Plot]:
    """Drift over the length of segments: translation, and rotation.

    Args:
        systems: Name → metric → value, as `summarize` names them.
    """
    plots = []
    for name, title, unit in (
        ("t_err_percent", "Translation drift over length", "t_err [%]"),
        ("r_err_deg_per_m", "Rotation drift over length", "r_err [deg/m]"),
    ):
        curves = {}
        for system, metrics in systems.items():
            found = [(re.fullmatch(rf"{name}@(.+)m", key), v) for key, v in metrics.items()]
            points = sorted((float(match[1]), value) for match, value in found if match)
            if points:
                curves[system] = np.array(points)
        plots.append(Plot(title, curves, x="length of segment [m]", y=unit))
    return plots


def _add(metrics: dict[str, Metric], key: str, members: Sequence[Scored], name: str) -> None:
    values = [s.metrics[name] for s in members if name in s.metrics]
    if values:
        mean, low, high = bootstrap_mean(np.array([value.value for value in values]))
        metrics[key] = Metric(mean, values[0].unit, low, high)


def _groups(trials: Sequence[Trial]) -> dict[str, list[str]]:
    """Value of a label → names of sequences, label by label; "" for all that do not stand apart."""
    found = {"": [trial.name for trial in trials if APART not in trial.labels]}
    labels = dict.fromkeys(label for trial in trials for label in trial.labels)
    for label in labels:
        for trial in trials:
            if label in trial.labels:
                found.setdefault(trial.labels[label], []).append(trial.name)
    return found


def _config(scored: Sequence[Scored]) -> dict[str, Any]:
    first, told = scored[0].scores.config, (*HEADLINE, "path_m")
    return {
        "align": first["align"],
        "rpe_seconds": RPE_SECONDS,
        "segment_step": first["segment_step"],
        "sequences": {
            s.trial.name: {name: s.metrics[name].value for name in told if name in s.metrics}
            for s in scored
        },
    }

"""`agents/results.csv`, one line per measured number, and `RESULTS.md`, generated from it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from navworld.evaluation.odometry import drift_plots
from navworld.evaluation.result import Result, commit, hardware
from navworld.viz.plots import raster

TABLE = Path(__file__).parent / "results.csv"
COLUMNS = (
    "recipe", "benchmark", "metric", "value", "low", "high", "unit", "seeds", "hardware",
    "commit", "command",
)  # fmt: skip
SHOWN = ("success", "spl", "soft_spl", "distance_to_goal_m", "collisions", "policy_ms_per_step")
CLAIM = "claim"
"""Metric of a verdict, whose value is "holds" or "fails"."""

DRIFT = "t_err_percent"
"""What every result on odometry has."""

SHOWN_OF_ODOMETRY = (
    DRIFT, "r_err_deg_per_m", "ate_m", "rpe_m", "rpe_deg", "scale_error_percent", "lost_percent",
    "ms_per_step",
)  # fmt: skip
SHOWN_OF_LADDER = ("ate_m", "ate_none_m", "rpe_m", "gap_closure_success", "gap_closure_spl")
"""What agents have that were asked where they believe to be (`navworld.agents.ladder`)."""

COSTS = {
    "parameters": "parameters", "multiply_adds": "multiply-adds", "latency_p50_ms": "p50 [ms]",
    "latency_p95_ms": "p95 [ms]",
}  # fmt: skip
"""What learned odometers have (`navworld.agents.costs`): metric → heading."""

HOPELESS = 100.0
"""Worse than standing still: not drawn [%]."""


def record(
    result: Result, recipe: str, benchmark: str, *, seeds: int = 1, table: Path = TABLE
) -> None:
    """Puts a result's metrics in the table, in place of earlier ones of recipe and benchmark.

    Args:
        seeds: Trainings that it is over.
    """
    rows = [r for r in read(table) if (r["recipe"], r["benchmark"]) != (recipe, benchmark)]
    made = _made(result, recipe, benchmark, seeds)
    for name, metric in result.metrics.items():
        rows.append(
            {
                **made,
                "metric": name,
                "value": f"{metric.value:.6g}",
                "low": "" if metric.low is None else f"{metric.low:.6g}",
                "high": "" if metric.high is None else f"{metric.high:.6g}",
                "unit": metric.unit,
            }
        )
    _write(rows, table)


def record_verdict(result: Result, recipe: str, seeds: int, *, table: Path = TABLE) -> None:
    """Puts in the table whether the claim of a recipe holds: a row of no benchmark."""
    rows = [r for r in read(table) if (r["recipe"], r["metric"]) != (recipe, CLAIM)]
    verdict = "holds" if all(result.checks.values()) else "fails"
    row = {**_made(result, recipe, "", seeds), "metric": CLAIM, "value": verdict}
    _write([*rows, {**dict.fromkeys(("low", "high", "unit"), ""), **row}], table)


def _made(result: Result, recipe: str, benchmark: str, seeds: int) -> dict[str, str]:
    """How rows came about."""
    machine = hardware()
    return {
        "recipe": recipe,
        "benchmark": benchmark,
        "seeds": str(seeds),
        "hardware": f"{machine['cpu']}, {machine['cores']} cores, {machine['vector']}",
        "commit": commit(),
        "command": result.command,
    }


def _write(rows: list[dict[str, str]], table: Path) -> None:
    temporary = table.with_name(f".{table.name}")
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(table)
    write_page(table)


def write_page(table: Path = TABLE) -> None:
    """Writes `RESULTS.md`, and the pictures in it, from the table beside it."""
    rows = read(table)
    (table.parent / "RESULTS.md").write_text(markdown(rows))
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows if "@" in row["metric"]):
        _draw(table.parent / _picture(benchmark), _of(rows, benchmark))


def read(table: Path = TABLE) -> list[dict[str, str]]:
    """The rows of the table; none when there is no table yet."""
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def numbers(rows: Sequence[dict[str, str]]) -> dict[str, dict[str, float]]:
    """System → metric → value, of the rows of a benchmark."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row["recipe"], {})[row["metric"]] = float(row["value"])
    return found


def markdown(rows: list[dict[str, str]]) -> str:
    """Tables per benchmark: systems down, metrics across, 95 % intervals in brackets."""
    lines = ["# Results", "", "Generated from `results.csv`: every number is a command's."]
    claims = [row for row in rows if row["metric"] == CLAIM]
    if claims:
        lines += [
            "",
            "## Claims",
            "",
            "| system | verdict | seeds | command |",
            "|---|---|---|---|",
        ]
    for row in claims:
        cells = (row["recipe"], row["value"], row["seeds"], f"`{row['command']}`")
        lines.append(f"| {' | '.join(cells)} |")
    rows = [row for row in rows if row["metric"] != CLAIM]
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows):
        mine = _of(rows, benchmark)
        odometry = any(row["metric"].startswith(DRIFT) for row in mine)
        lines += ["", f"## {benchmark}", ""]
        if odometry:
            lines += _odometry(mine, benchmark)
        else:
            there = {row["metric"] for row in mine}
            shown = [*SHOWN, *(name for name in SHOWN_OF_LADDER if name in there)]
            lines += _table("agent", mine, {name: name for name in shown})
        commands = dict.fromkeys(row["command"] for row in mine)
        lines += ["", *(f"    {command}" for command in commands)]
    return "\n".join(lines + _costs(rows)) + "\n"


def _costs(rows: Sequence[dict[str, str]]) -> list[str]:
    """What a step of learned odometers costs."""
    learned = [row for row in rows if row["metric"] in COSTS]
    if not learned:
        return []
    lines = ["", "## Costs", "", "Of a step for one body, with one thread of the processor:", ""]
    heads = ["system", "benchmark", *COSTS.values(), "hardware"]
    lines += [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for recipe, benchmark in dict.fromkeys((row["recipe"], row["benchmark"]) for row in learned):
        mine = {row["metric"]: row for row in _of(learned, benchmark) if row["recipe"] == recipe}
        values = (float(mine[name]["value"]) if name in mine else None for name in COSTS)
        told = ["–" if v is None else f"{v:,.0f}" if v >= 1000 else f"{v:.3g}" for v in values]
        hardware = next(iter(mine.values()))["hardware"]
        lines.append(f"| {' | '.join([recipe, benchmark, *told, hardware])} |")
    return lines


def _odometry(rows: list[dict[str, str]], benchmark: str) -> list[str]:
    """Means over all, t_err of every group, drift over the length of segments."""
    metrics = dict.fromkeys(row["metric"] for row in rows)
    groups = {m: m.partition("/")[2] for m in metrics if m.startswith(f"{DRIFT}/")}
    lengths = {m: m.partition("@")[2] for m in metrics if m.startswith(f"{DRIFT}@")}
    lines = _table("odometer", rows, {name: name for name in SHOWN_OF_ODOMETRY})
    lines += ["", f"{DRIFT} by family, carrier and condition, and of the long rides:", ""]
    lines += _table("odometer", rows, groups)
    if lengths:
        ordered = dict(sorted(lengths.items(), key=lambda item: float(item[1].rstrip("m"))))
        lines += ["", f"{DRIFT} over the length of segments:", ""]
        lines += _table("odometer", rows, ordered, spans=False)
        lines += ["", f"![Drift over the length of segments]({_picture(benchmark)})"]
    return lines


def _table(
    what: str, rows: list[dict[str, str]], columns: dict[str, str], *, spans: bool = True
) -> list[str]:
    """Lines of a table.

    Args:
        what: Stands in the rows.
        columns: Metric → its heading.
        spans: Whether intervals are told.
    """
    lines = [f"| {what} | {' | '.join(columns.values())} |", "|---" * (len(columns) + 1) + "|"]
    for recipe in dict.fromkeys(row["recipe"] for row in rows):
        found = {row["metric"]: row for row in rows if row["recipe"] == recipe}
        cells = (_cell(found.get(name), spans) for name in columns)
        seeds = next(iter(found.values()))["seeds"]
        told = recipe if seeds == "1" else f"{recipe} ({seeds} seeds)"
        lines.append(f"| {told} | {' | '.join(cells)} |")
    return lines


def _of(rows: list[dict[str, str]], benchmark: str) -> list[dict[str, str]]:
    return [row for row in rows if row["benchmark"] == benchmark]


def _picture(benchmark: str) -> str:
    return f"pictures/{benchmark}-drift.png"


def _draw(path: Path, rows: list[dict[str, str]]) -> None:
    """Drift over the length of segments, of those that do better than standing still."""
    systems = {
        name.removeprefix("odometry/"): values
        for name, values in numbers(rows).items()
        if values.get(DRIFT, 2 * HOPELESS) <= HOPELESS
    }
    pictures = [raster(plot) for plot in drift_plots(systems)]
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.concatenate(pictures, 1)).save(path, optimize=True)


def _cell(row: dict[str, str] | None, spans: bool = True) -> str:
    if row is None:
        return "–"
    text = f"{float(row['value']):.3g}"
    if not (row["low"] and spans):
        return text
    return f"{text} [{float(row['low']):.3g}, {float(row['high']):.3g}]"

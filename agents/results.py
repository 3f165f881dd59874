"""`agents/results.csv`, one line per measured number, and `RESULTS.md`, generated from it."""

from __future__ import annotations

import csv
from pathlib import Path

from navworld.evaluation.result import Result, commit, hardware

TABLE = Path(__file__).parent / "results.csv"
COLUMNS = (
    "recipe", "benchmark", "metric", "value", "low", "high", "unit", "seeds", "hardware",
    "commit", "command",
)  # fmt: skip
SHOWN = ("success", "spl", "soft_spl", "distance_to_goal_m", "collisions", "policy_ms_per_step")


def record(result: Result, recipe: str, benchmark: str, *, table: Path = TABLE) -> None:
    """Puts a result's metrics in the table, in place of earlier ones of recipe and benchmark."""
    rows = [r for r in read(table) if (r["recipe"], r["benchmark"]) != (recipe, benchmark)]
    machine = hardware()
    for name, metric in result.metrics.items():
        rows.append(
            {
                "recipe": recipe,
                "benchmark": benchmark,
                "metric": name,
                "value": f"{metric.value:.6g}",
                "low": "" if metric.low is None else f"{metric.low:.6g}",
                "high": "" if metric.high is None else f"{metric.high:.6g}",
                "unit": metric.unit,
                "seeds": "1",
                "hardware": f"{machine['cpu']}, {machine['cores']} cores, {machine['vector']}",
                "commit": commit(),
                "command": result.command,
            }
        )
    temporary = table.with_name(f".{table.name}")
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(table)
    (table.parent / "RESULTS.md").write_text(markdown(rows))


def read(table: Path = TABLE) -> list[dict[str, str]]:
    """The rows of the table; none when there is no table yet."""
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def markdown(rows: list[dict[str, str]]) -> str:
    """A table per benchmark: agents down, metrics across, 95 % intervals in brackets."""
    lines = ["# Results", "", "Generated from `results.csv`: every number is a command's."]
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows):
        mine = [row for row in rows if row["benchmark"] == benchmark]
        lines += ["", f"## {benchmark}", "", f"| agent | {' | '.join(SHOWN)} |"]
        lines.append("|---" * (len(SHOWN) + 1) + "|")
        for recipe in dict.fromkeys(row["recipe"] for row in mine):
            found = {row["metric"]: row for row in mine if row["recipe"] == recipe}
            lines.append(f"| {recipe} | {' | '.join(_cell(found.get(name)) for name in SHOWN)} |")
        commands = dict.fromkeys(row["command"] for row in mine)
        lines += ["", *(f"    {command}" for command in commands)]
    return "\n".join(lines) + "\n"


def _cell(row: dict[str, str] | None) -> str:
    if row is None:
        return "–"
    text = f"{float(row['value']):.3g}"
    return f"{text} [{float(row['low']):.3g}, {float(row['high']):.3g}]" if row["low"] else text

"""The page on an odometer: its numbers beside others', drift over length, believed paths."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from navworld.evaluation.odometry import HEADLINE, drift_plots
from navworld.evaluation.odometry_runs import Scored
from navworld.evaluation.report import page, write_page
from navworld.evaluation.result import Result
from navworld.evaluation.trajectory_report import PLOT_STYLE, figure, trajectory_plots
from navworld.viz.plots import Plot

Numbers = Mapping[str, Mapping[str, float]]
"""System → metric → value."""


def write_odometry_report(
    folder: str | Path,
    name: str,
    result: Result,
    scored: Sequence[Scored],
    *,
    others: Numbers | None = None,
    title: str = "Odometry",
) -> Path:
    """Writes `index.html`, which needs nothing else, and `result.json`; returns the page's path.

    Args:
        others: What stands beside, such as the floors.
    """
    folder = Path(folder)
    systems: dict[str, Mapping[str, float]] = {
        name: {key: metric.value for key, metric in result.metrics.items()}
    }
    systems |= {other: numbers for other, numbers in (others or {}).items() if other != name}
    drift = "".join(figure(plot) for plot in drift_plots(systems) if plot.curves)
    paths = "".join(figure(_top_down(one, name)) for one in scored)
    body = (
        f"<p>Absolute errors after alignment by "
        f"{result.config['align']}; relative errors over {result.config['rpe_seconds']:g} s; 95 % "
        f"intervals by bootstrap over sequences.</p><h2>Results</h2>{_table(systems, result)}"
        f"<h2>Drift</h2><div class=plots>{drift}</div>"
        f"<h2>Paths, first poses aligned</h2><div class=plots>{paths}</div>"
    )
    path = write_page(folder, page(title, body, style=PLOT_STYLE))
    result.write(folder / "result.json")
    return path


def _top_down(one: Scored, name: str) -> Plot:
    flat = [axis for axis in range(3) if axis != one.scores.vertical]
    plot = trajectory_plots({name: one.scores})[0]
    curves = {**plot.curves, name: one.scores.start_aligned.positions[:, flat]}
    share = one.metrics.get("t_err_percent")
    drift = f", t_err {share.value:.3g} %" if share else ""
    return Plot(f"{one.trial.name}{drift}", curves, x=plot.x, y=plot.y, equal=True)


def _table(systems: Numbers, result: Result) -> str:
    groups = [key for key in result.metrics if "/" in key and "percent" in key]
    head = "".join(f"<th>{html.escape(system)}</th>" for system in systems)
    rows = [f"<table><tr><th>metric</th>{head}<th>unit</th></tr>"]
    for key in [*(key for key in HEADLINE if key in result.metrics), *groups]:
        cells = "".join(
            f"<td>{numbers[key]:.4g}</td>" if key in numbers else "<td>–</td>"
            for numbers in systems.values()
        )
        unit = html.escape(result.metrics[key].unit)
        rows.append(f"<tr><td>{html.escape(key)}</td>{cells}<td>{unit}</td></tr>")
    return "".join(rows) + "</table>"

"""The page on estimated trajectories: numbers, paths, errors over time, drift over length."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.evaluation.metrics.drift import path_distances
from navworld.evaluation.report import made_on, page, write_page
from navworld.evaluation.result import Result
from navworld.evaluation.trajectory_scores import TrajectoryScores
from navworld.viz.plots import COLORS, Plot, svg

REFERENCE = "reference"
AXES = ("x", "y", "z")

ALIGNED = {
    "none": "as they came, without alignment",
    "se3": "after a rigid alignment (SE(3)) of all positions",
    "sim3": "after an alignment with scale (Sim(3)) of all positions",
    "yaw": "after an alignment by translation and a turn about z",
}

PLOT_STYLE = """
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(26rem,1fr));gap:1rem}
svg.plot{width:100%;height:auto;font:12px system-ui,sans-serif;padding-top:.6rem}
svg.plot text{fill:#4b5563}svg.plot .grid{stroke:#e8e8e3;stroke-width:1}
figcaption b{font-weight:600}figcaption i{display:inline-block;width:.8rem;height:.25rem;
margin:0 .3rem .2rem .8rem;border-radius:2px}
"""


def write_trajectory_report(
    folder: str | Path, scores: Mapping[str, TrajectoryScores], *, title: str = "Trajectories"
) -> Path:
    """Writes `index.html`, which needs nothing else, and `result.json`; returns the page's path.

    Args:
        scores: Estimate → its scores, all against one reference.
    """
    if not scores:
        raise ValueError("no estimate to report on")
    folder = Path(folder)
    first = next(iter(scores.values()))
    figures = "".join(figure(plot) for plot in trajectory_plots(scores))
    body = (
        f"<small>{made_on()}</small>"
        f"<p>Absolute errors {ALIGNED[first.config['align']]}; relative errors over "
        f"{first.config['rpe_delta']:g} {first.config['rpe_unit']} "
        f"({first.config['rpe_pairs']} pairs); segments of "
        f"{', '.join(f'{x:.3g}' for x in first.config['segment_lengths_m'])} m.</p>"
        f"<h2>Results</h2>{_table(scores)}<h2>Plots</h2><div class=plots>{figures}</div>"
    )
    path = write_page(folder, page(title, body, style=PLOT_STYLE))
    prefix = len(scores) > 1
    metrics = {
        f"{name}/{key}" if prefix else key: metric
        for name, score in scores.items()
        for key, metric in score.metrics.items()
    }
    Result(metrics, first.config).write(folder / "result.json")
    return path


def trajectory_plots(scores: Mapping[str, TrajectoryScores]) -> list[Plot]:
    """Top-down, every axis, errors over time, drift over the path and over segment lengths."""
    first = next(iter(scores.values()))
    flat = [axis for axis in range(3) if axis != first.vertical]
    clock = "time [s]" if first.timed else "pose"

    def plot(
        title: str,
        curve: Callable[[TrajectoryScores], NDArray],
        *,
        truth: NDArray | None = None,
        x: str = clock,
        y: str = "error [m]",
        equal: bool = False,
    ) -> Plot:
        # The reference has a place in every plot, so that an estimate has one colour in all.
        curves = {REFERENCE: np.empty((0, 2)) if truth is None else truth}
        curves |= {name: curve(score) for name, score in scores.items()}
        return Plot(title, curves, x=x, y=y, equal=equal)

    def along(axis: int) -> Plot:
        return plot(
            f"Position along {AXES[axis]}",
            lambda s: _over_time(s, s.estimate.positions[:, axis]),
            truth=_over_time(first, first.reference.positions[:, axis]),
            y=f"{AXES[axis]} [m]",
        )

    return [
        plot(
            "Top-down",
            lambda s: s.estimate.positions[:, flat],
            truth=first.reference.positions[:, flat],
            x=f"{AXES[flat[0]]} [m]",
            y=f"{AXES[flat[1]]} [m]",
            equal=True,
        ),
        *(along(axis) for axis in range(3)),
        plot("Position error", lambda s: _over_time(s, s.metres)),
        plot("Rotation error", lambda s: _over_time(s, np.degrees(s.radians)), y="error [deg]"),
        plot("Drift along the path, first poses aligned", _start_drift, x="path [m]"),
        plot(
            "Translation drift over length",
            lambda s: s.segments.by_length()[:, :2],
            x="length of segment [m]",
            y="t_err [%]",
        ),
        plot(
            "Rotation drift over length",
            lambda s: s.segments.by_length()[:, [0, 2]],
            x="length of segment [m]",
            y="r_err [deg/m]",
        ),
    ]


def _over_time(score: TrajectoryScores, values: NDArray) -> NDArray[np.float64]:
    stamps = score.reference.stamps
    return np.stack([stamps - stamps[0], values], axis=1)


def _start_drift(score: TrajectoryScores) -> NDArray[np.float64]:
    apart = score.start_aligned.positions - score.reference.positions
    path = path_distances(score.reference.T_world_body)
    return np.stack([path, np.linalg.norm(apart, axis=1)], axis=1)


def figure(plot: Plot) -> str:
    """A plot with its title and legend, for a page that has `PLOT_STYLE`."""
    legend = "".join(
        f"<i style='background:{COLORS[k % len(COLORS)]}'></i>{html.escape(name)}"
        for k, (name, points) in enumerate(plot.curves.items())
        if len(points)
    )
    title = html.escape(plot.title)
    return f"<figure>{svg(plot)}<figcaption><b>{title}</b>{legend}</figcaption></figure>"


def _table(scores: Mapping[str, TrajectoryScores]) -> str:
    names = list(dict.fromkeys(name for score in scores.values() for name in score.metrics))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in scores)
    rows = [f"<table><tr><th>metric</th>{head}<th>unit</th></tr>"]
    for name in names:
        found = [score.metrics.get(name) for score in scores.values()]
        cells = "".join(
            f"<td>{metric.value:.5g}</td>" if metric else "<td>–</td>" for metric in found
        )
        unit = next(metric.unit for metric in found if metric)
        rows.append(f"<tr><td>{name}</td>{cells}<td>{html.escape(unit)}</td></tr>")
    return "".join(rows) + "</table>"

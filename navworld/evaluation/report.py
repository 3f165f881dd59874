"""Tables and the HTML report of navigation results: one file that needs nothing else."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.data.writing import write_whole
from navworld.evaluation.result import Metric, commit, hardware
from navworld.evaluation.rollout import Rollout
from navworld.evaluation.statistics import interval

SHOWN = ("success", "spl", "soft_spl", "distance_to_goal_m", "collisions", "steps", "path_m")
OF_BELIEFS = (
    "ate_m", "ate_none_m", "rpe_m", "rpe_deg", "end_error_m", "guessed_percent",
)  # fmt: skip
"""Told where episodes have them (`navworld.evaluation.beliefs`)."""
UNITS = {
    "distance_to_goal_m": "m", "path_m": "m", "ate_m": "m", "ate_none_m": "m", "rpe_m": "m",
    "rpe_deg": "deg", "end_error_m": "m", "guessed_percent": "%",
}  # fmt: skip
COLUMNS = {
    "success": ("success", 3),
    "spl": ("SPL", 3),
    "soft_spl": ("SoftSPL", 3),
    "distance_to_goal_m": ("distance left [m]", 2),
    "collisions": ("collisions", 1),
    "steps": ("steps", 0),
    "ate_m": ("ATE [m]", 2),
    "rpe_m": ("RPE [m]", 3),
    "gap_closure_success": ("gap closed: success", 2),
    "gap_closure_spl": ("gap closed: SPL", 2),
}
"""What a page's tables show where some row has it: heading and decimals."""

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
color:#1c2430;background:#fbfbf9}
h1{font-size:1.7rem;margin-bottom:.2rem}h2{margin-top:2.6rem;font-size:1.3rem}
h3{margin-top:1.8rem;font-size:1.05rem}
table{border-collapse:collapse;width:100%}th,td{padding:.45rem .7rem;text-align:right;
vertical-align:top;
border-bottom:1px solid #e3e3de}th:first-child,td:first-child{text-align:left}
tr.floor td{color:#6b7280}small{color:#6b7280}td small{display:block;white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1rem;align-items:start}
figure{margin:0;background:#fff;border:1px solid #e3e3de;border-radius:8px;overflow:hidden}
figure img,figure video{width:100%;max-height:22rem;object-fit:contain;display:block;
background:#3c3c3c}figcaption{padding:.5rem .7rem;font-size:.85rem}
"""


@dataclass(frozen=True)
class Section:
    """A table with what belongs to it.

    Attributes:
        title: Heading.
        metrics: Row of the table → metric → value.
        episodes: Row → how many; "" where a row has no entry.
        pictures: Captions and (H, W, 3) images, embedded.
        videos: Captions and files inside the folder of the page, linked.
        notes: Paragraphs below the table.
        floors: Rows that stand for comparison.
    """

    title: str
    metrics: Mapping[str, Mapping[str, Metric]]
    episodes: Mapping[str, int] = field(default_factory=dict)
    pictures: Sequence[tuple[str, NDArray[np.uint8]]] = ()
    videos: Sequence[tuple[str, Path]] = ()
    notes: Sequence[str] = ()
    floors: Sequence[str] = ()


def summarize(*runs: Sequence[Rollout]) -> dict[str, Metric]:
    """Means over episodes with 95 % bootstrap intervals.

    Args:
        runs: The same episodes, run by what was trained several times: intervals then are over
            trainings and episodes.
    """
    metrics = {}
    there = [name for name in OF_BELIEFS if all(name in r.metrics for run in runs for r in run)]
    for name in (*SHOWN, *there):
        value, low, high = interval(values_of(name, runs))
        metrics[name] = Metric(value, UNITS.get(name, ""), low, high)
    latency = float(np.median([r.seconds for run in runs for r in run]))
    metrics["policy_ms_per_step"] = Metric(1e3 * latency, "ms")
    return metrics


def values_of(name: str, runs: Sequence[Sequence[Rollout]]) -> NDArray[np.float64]:
    """(runs, episodes) a metric."""
    return np.array([[rollout.metrics[name] for rollout in run] for run in runs], np.float64)


def text_table(results: Mapping[str, Sequence[Rollout]]) -> str:
    """The table for a terminal: a row per agent, means with 95 % intervals for the first two."""
    lines = [f"{'agent':<24}{'success':>20}{'SPL':>20}{'SoftSPL':>10}{'left [m]':>10}{'steps':>8}"]
    for name, rollouts in results.items():
        m = summarize(rollouts)
        cells = [
            f"{m[k].value:.3f} [{m[k].low:.2f}, {m[k].high:.2f}]".rjust(20)
            for k in ("success", "spl")
        ]
        lines.append(
            f"{name:<24}{cells[0]}{cells[1]}{m['soft_spl'].value:>10.3f}"
            f"{m['distance_to_goal_m'].value:>10.2f}{m['steps'].value:>8.0f}"
        )
    return "\n".join(lines)


def section(
    title: str,
    results: Mapping[str, Sequence[Rollout]],
    *,
    pictures: Sequence[tuple[str, NDArray[np.uint8]]] = (),
    videos: Sequence[tuple[str, Path]] = (),
    notes: Sequence[str] = (),
    floors: Sequence[str] = (),
) -> Section:
    """The section of agents and their episodes; see `Section`."""
    return Section(
        title,
        {name: summarize(rollouts) for name, rollouts in results.items()},
        {name: len(rollouts) for name, rollouts in results.items()},
        pictures, videos, notes, floors,
    )  # fmt: skip


def write_report(folder: Path, title: str, sections: Sequence[Section]) -> Path:
    """Writes `index.html` into a folder and returns its path."""
    parts = [f"<small>{made_on()}; 95 % bootstrap intervals</small>"]
    for one in sections:
        parts += [f"<h2>{html.escape(one.title)}</h2>", _table(one)]
        parts += [f"<p>{html.escape(note)}</p>" for note in one.notes]
        films = [
            f"<figure><video src='{html.escape(str(path.relative_to(folder)))}' controls muted "
            f"loop autoplay></video><figcaption>{html.escape(text)}</figcaption></figure>"
            for text, path in one.videos
        ]
        images = [
            f"<figure><img alt='{html.escape(text)}' src='{_embedded(image)}'>"
            f"<figcaption>{html.escape(text)}</figcaption></figure>"
            for text, image in one.pictures
        ]
        for heading, figures in (("Films", films), ("Trajectories", images)):
            if figures:
                parts += [f"<h3>{heading}</h3><div class=grid>", *figures, "</div>"]
    return write_page(folder, page(title, "\n".join(parts)))


def page(title: str, body: str, *, style: str = "") -> str:
    """A page with a heading in the style of all reports.

    Args:
        body: HTML below the heading.
        style: More of it, in CSS.
    """
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}{style}</style>"
        f"<h1>{html.escape(title)}</h1>{body}</html>\n"
    )


def write_page(folder: Path, text: str) -> Path:
    """Writes `index.html` into a folder, whole or not at all; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    write_whole(path, text.encode())
    return path


def made_on() -> str:
    """Processor, cores and commit, for a page."""
    at = commit()
    machine = hardware()
    told = f"{html.escape(machine['cpu'])}, {machine['cores']} cores"
    return f"{told}, commit {at[:10]}" if at else told


def _table(one: Section) -> str:
    columns = [k for k in COLUMNS if any(k in m for m in one.metrics.values())]
    head = "".join(f"<th>{COLUMNS[k][0]}</th>" for k in columns)
    rows = [f"<table><tr><th></th><th>episodes</th>{head}</tr>"]
    for name, m in one.metrics.items():
        cells = "".join(_cell(m.get(k), COLUMNS[k][1]) for k in columns)
        kind = " class=floor" if name in one.floors else ""
        count = one.episodes.get(name, "")
        rows.append(f"<tr{kind}><td>{html.escape(name)}</td><td>{count}</td>{cells}</tr>")
    return "".join(rows) + "</table>"


def _cell(metric: Metric | None, decimals: int) -> str:
    if metric is None:
        return "<td>–</td>"
    value, low, high = (f"{x:.{decimals}f}" for x in (metric.value, metric.low, metric.high))
    return f"<td>{value} <small>[{low}, {high}]</small></td>"


def _embedded(image: NDArray[np.uint8]) -> str:
    import cv2

    done, data = cv2.imencode(".png", image[..., ::-1])
    if not done:
        raise ValueError(f"an image of shape {image.shape} could not be written as PNG")
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode()

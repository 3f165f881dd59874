"""What a localization ladder comes to: its table, its page, its rows among the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.envs.tasks.pointnav import Episode
from navworld.evaluation.report import Section, summarize, values_of, write_report
from navworld.evaluation.result import Metric, Result
from navworld.evaluation.rollout import Rollout
from navworld.evaluation.statistics import closure, interval
from navworld.scenes import scene_refs
from navworld.world.body import Robot
from navworld.world.store import shared_store

NONE, COMMANDED, ORACLE = "none", "commanded", "oracle"
COMPARED = ("success", "spl")
PICTURED = 4
"""Episodes that are drawn, for every rung."""


class Ladder:
    """The rungs that have been run.

    Attributes:
        missing: Rung → why it could not be run.

    Args:
        agent: Its name.
        benchmark: Its name.
        episodes: That were run.
        conditions: Options of the environment that belong to the benchmark.
        image_size: Of the camera [px].
    """

    def __init__(
        self,
        agent: str,
        benchmark: str,
        episodes: Sequence[Episode],
        conditions: Mapping[str, Any],
        image_size: int,
    ) -> None:
        self.agent, self.benchmark, self.episodes = agent, benchmark, episodes
        self.conditions, self.image_size = conditions, image_size
        self.missing: dict[str, str] = {}
        self._rungs: dict[str, list[Rollout]] = {}
        self._systems: dict[str, list[str]] = {}
        self._metrics: dict[str, dict[str, Metric]] = {}
        self._costs: dict[str, Mapping[str, Metric]] = {}

    def add(
        self, rung: str, system: str, rollouts: list[Rollout], costs: Mapping[str, Metric]
    ) -> None:
        """One more rung.

        Args:
            system: Of which it is one training; "" where nothing is learned.
            costs: Of its odometer.
        """
        self._rungs[rung] = rollouts
        self._costs[rung] = costs
        self._metrics.clear()
        if system:
            self._systems.setdefault(system, []).append(rung)

    def rows(self) -> dict[str, list[list[Rollout]]]:
        """Row of the table → its trainings; those of one system also together, after them."""
        rows: dict[str, list[list[Rollout]]] = {}
        together = {own[-1]: (row, own) for row, own in self._together().items()}
        for rung, rollouts in self._rungs.items():
            rows[rung] = [rollouts]
            if rung in together:
                row, own = together[rung]
                rows[row] = [self._rungs[one] for one in own]
        return rows

    def _together(self) -> dict[str, list[str]]:
        """Row of a system that was trained several times → the rungs of its trainings."""
        return {
            f"{system}, {len(own)} seeds": own
            for system, own in self._systems.items()
            if len(own) > 1
        }

    def metrics(self, row: str) -> dict[str, Metric]:
        """Means of a row, and how much of the gap it closes, once the ladder's ends are known."""
        if row not in self._metrics:
            self._metrics[row] = self._measured(row)
        return self._metrics[row]

    def _measured(self, row: str) -> dict[str, Metric]:
        rows = self.rows()
        metrics = summarize(*rows[row])
        metrics.update(self._costs[self._together().get(row, [row])[0]])
        for floor, word in ((NONE, "gap_closure"), (COMMANDED, "gap_closure_over_commanded")):
            if row in (ORACLE, floor) or not {ORACLE, floor} <= rows.keys():
                continue
            for key in COMPARED:
                compared = (values_of(key, rows[one]) for one in (row, floor, ORACLE))
                value, low, high = interval(*compared, statistic=closure)
                if np.isfinite(value):
                    metrics[f"{word}_{key}"] = Metric(value, "", low, high)
        return metrics

    def line(self, row: str) -> str:
        """A row for a terminal."""
        m = self.metrics(row)
        cells = [_interval(m.get(k)).rjust(19) for k in COMPARED]
        gaps = [_interval(m.get(f"gap_closure_{k}")) for k in COMPARED]
        return (
            f"{row:<23}{cells[0]}{cells[1]}{m['soft_spl'].value:>9.3f}{m['ate_m'].value:>9.3f}"
            f"{m['rpe_m'].value:>9.3f}{m['rpe_deg'].value:>9.2f}"
            f"{m['guessed_percent'].value:>8.1f}%{gaps[0]:>23}{gaps[1]:>20}"
        )

    def text(self) -> str:
        """The table for a terminal, 95 % intervals over episodes (and trainings) in brackets."""
        lines = [
            self._told(),
            f"{'localizer':<23}{'success':>19}{'SPL':>19}{'SoftSPL':>9}{'ATE [m]':>9}"
            f"{'RPE [m]':>9}{'RPE [°]':>9}{'guessed':>9}{'gap closed: success':>23}{'SPL':>20}",
        ]
        lines += [self.line(row) for row in self.rows()]
        lines += [f"{rung:<23}  not run: {why}" for rung, why in self.missing.items()]
        return "\n".join(lines)

    def section(self, title: str, videos: Sequence[Path] = ()) -> Section:
        """The ladder as a part of a page."""
        rows = self.rows()
        return Section(
            title,
            {row: self.metrics(row) for row in rows},
            {row: sum(len(run) for run in runs) for row, runs in rows.items()},
            pictures=self._pictures(),
            videos=[(path.stem, path) for path in videos],
            notes=[self._told(), *(f"{k}: not run: {why}" for k, why in self.missing.items())],
            floors=(COMMANDED, NONE),
        )

    def write(self, folder: Path, videos: Path | None = None) -> Path:
        """Writes a page.

        Args:
            videos: Folder of films; shown if it lies in that of the page.
        """
        films = sorted(videos.glob(f"{self.agent}-*.mp4")) if videos else []
        films = [path for path in films if path.is_relative_to(folder)]
        title = f"Localization ladder: {self.agent} on {self.benchmark}"
        return write_report(folder, title, [self.section("Results", films)])

    def record(self) -> None:
        """Puts the rungs among the results; a system that was trained several times as one."""
        from navworld.agents.results import record

        together = self._together()
        parts = {rung for own in together.values() for rung in own}
        for row, runs in self.rows().items():
            if row not in parts:
                name = row.rpartition(", ")[0] if row in together else row
                result = Result(self.metrics(row), self._config())
                record(result, f"{self.agent}, {name}", self.benchmark, seeds=len(runs))

    def result(self) -> Result:
        """Every number, "ROW/METRIC"."""
        metrics = {f"{row}/{k}": m for row in self.rows() for k, m in self.metrics(row).items()}
        return Result(metrics, self._config())

    def _config(self) -> dict[str, Any]:
        return {
            "agent": self.agent, "benchmark": self.benchmark, "episodes": len(self.episodes),
            **self.conditions, "image_size": self.image_size, "rungs": list(self._rungs),
            "missing": self.missing,
        }  # fmt: skip

    def _told(self) -> str:
        given = self.conditions
        noise = [given.get("actuation") or "none", *given.get("image_noise", {}).values()]
        return (
            f"{self.agent} on {self.benchmark}: {len(self.episodes)} episodes, noise "
            f"{', '.join(noise)}, camera {self.image_size} × {self.image_size}"
        )

    def _pictures(self) -> list[tuple[str, NDArray[np.uint8]]]:
        """True and believed paths of the same few episodes, rung by rung."""
        from navworld.viz.topdown import draw_trajectory

        pictures = []
        for k in range(min(PICTURED, len(self.episodes))):
            place = shared_store().get(scene_refs(self.episodes[k].scene)[0])
            for rung, rollouts in self._rungs.items():
                rollout, m = rollouts[k], rollouts[k].metrics
                picture = draw_trajectory(
                    place.navigator(Robot().radius), rollout.T_world_body, rollout.goal_xy,
                    believed=rollout.T_world_believed,
                )  # fmt: skip
                verdict = "reached" if m["success"] else "failed"
                told = f"{rung}, episode {k}: {verdict}, SPL {m['spl']:.2f}, ATE {m['ate_m']:.2f} m"
                pictures.append((f"{told}; believed in orange", picture))
        return pictures


def _interval(metric: Metric | None) -> str:
    if metric is None or not np.isfinite(metric.value):
        return "–"
    return f"{metric.value:.2f} [{metric.low:.2f}, {metric.high:.2f}]"

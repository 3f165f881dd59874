"""How far a training run is: a bar on a terminal, a line for every round elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingBar:
    """Shows steps, items per second, time left and the last validation.

    Args:
        label: What is trained.
        total: Steps in all.
        done: Of which so many were made before.
        quiet: Shows nothing.
    """

    def __init__(self, label: str, *, total: int, done: int = 0, quiet: bool = False) -> None:
        self._quiet, self._total, self._label = quiet, total, label
        self._bar = Progress(
            TextColumn(label),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(file=sys.stderr),
            disable=quiet or not sys.stderr.isatty(),
            refresh_per_second=4,
        )
        self._task = self._bar.add_task(label, total=total, completed=done, rate="", note="")
        self._items = self._steps = 0
        self._began = time.perf_counter()

    def step(self, items: int) -> None:
        """One more step, of so many items."""
        self._items += items
        self._steps += 1
        rate = self._items / max(time.perf_counter() - self._began, 1e-9)
        self._bar.update(self._task, advance=1, rate=f"{rate:.0f}/s")

    def round(self, step: int, terms: Mapping[str, float]) -> None:
        """A round is over; its numbers."""
        note = "  ".join(f"{name} {value:.4g}" for name, value in terms.items())
        self._bar.update(self._task, note=note)
        if not (self._quiet or sys.stderr.isatty()):
            spent = time.perf_counter() - self._began
            left = (self._total - step) * spent / max(self._steps, 1)
            print(
                f"{self._label} {step}/{self._total}  {note}  {left / 60:.0f} min left",
                file=sys.stderr, flush=True,
            )  # fmt: skip

    def __enter__(self) -> TrainingBar:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

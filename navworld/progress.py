"""How far something is that takes a while: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class ProgressBar:
    """Tells on standard error what is done, how fast it goes and how long it will take.

    Args:
        label: What is going on.
        total: Steps in all.
        done: Of which so many were made before.
        unit: What steps are called.
        passing: Leaves nothing behind, and shows nothing where there is no terminal.
        quiet: Shows nothing.
    """

    def __init__(
        self,
        label: str,
        total: int,
        *,
        done: int = 0,
        unit: str = "items",
        passing: bool = False,
        quiet: bool = False,
    ) -> None:
        terminal = sys.stderr.isatty()
        self._lines, self._noted = not (terminal or passing or quiet), False
        self._unit, self._done, self._began = unit, done, time.perf_counter()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn(f"{{task.completed:.0f}}/{{task.total:.0f}} {unit}"),
            _Rate(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=Console(file=sys.stderr),
            disable=quiet or not terminal,
            transient=passing,
            refresh_per_second=4,
        )
        self._task = self._bar.add_task(label, total=total, completed=done, note="", worth=1)

    def advance(self, steps: int = 1, *, worth: int = 1) -> None:
        """So many more are done, each of them `worth` of what is told per second."""
        self._bar.update(self._task, advance=steps, worth=worth)

    def note(self, text: str) -> None:
        """Shows something beside the bar; a line of its own where there is no terminal."""
        self._bar.update(self._task, note=text)
        self._noted = True
        at, total = self._reached()
        left = (total - at) * self._spent() / max(at - self._done, 1)
        self._tell(f"{at:.0f}/{total:.0f}  {text}  {left / 60:.0f} min left")

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
        if not self._noted:
            at, total = self._reached()
            rate = (at - self._done) / max(self._spent(), 1e-9)
            self._tell(f"{at:.0f}/{total:.0f} {self._unit}  {rate:.0f}/s")

    def _tell(self, text: str) -> None:
        if self._lines:
            label = self._bar.tasks[self._task].description
            print(f"{label} {text}", file=sys.stderr, flush=True)

    def _reached(self) -> tuple[float, float]:
        task = self._bar.tasks[self._task]
        return task.completed, task.total or 0.0

    def _spent(self) -> float:
        return time.perf_counter() - self._began


class _Rate(ProgressColumn):
    """What is done per second."""

    def render(self, task: Task) -> Text:
        """As text."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed * task.fields['worth']:.0f}/s")

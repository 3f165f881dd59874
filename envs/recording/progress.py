"""How far a recording is, how fast it goes and how long it will take."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text


class Progress:
    """A bar on a terminal; a line at the end elsewhere.

    Args:
        total: Items to come.
        quiet: Shows nothing.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._bar = Bar(
            TextColumn("recording"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} items"),
            _Rate(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            disable=quiet,
            refresh_per_second=4,
        )
        self._task = self._bar.add_task("recording", total=total)

    def advance(self, items: int) -> None:
        """So many more are done."""
        self._bar.advance(self._task, items)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()


class _Rate(ProgressColumn):
    """Items per second."""

    def render(self, task: Task) -> Text:
        """As text."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f}/s")

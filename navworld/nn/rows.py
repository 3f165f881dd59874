"""Batches shared among threads by rows.

torch shares every operation among threads. Of small networks the operations are too short for
that, and while its threads wait for the next one they keep the processor from everybody else.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from navworld.world.threads import on_threads

Answer = TypeVar("Answer")

FEWEST = 4
"""Rows that are worth a thread, and that a kernel's thread takes at a time."""


def by_rows(ask: Callable[[slice], Answer], rows: int, device: torch.device) -> list[Answer]:
    """What `ask` says of some rows after the others, on as many threads as torch has.

    Args:
        ask: Runs a network on a span of the rows; nothing is differentiated.
        rows: Of the batch.
        device: Of the network; where it is not the CPU, all rows are asked for at once.
    """
    parts = min(torch.get_num_threads(), rows // FEWEST)
    if device.type != "cpu" or parts < 2:
        with torch.no_grad():
            return [ask(slice(0, rows))]
    spans = [slice(k * rows // parts, (k + 1) * rows // parts) for k in range(parts)]
    found: dict[int, Answer] = {}
    todo = itertools.count()

    def work() -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.no_grad():
                while (k := next(todo)) < parts:
                    found[k] = ask(spans[k])
        finally:
            torch.set_num_threads(threads)

    on_threads(work, parts)
    return [found[k] for k in range(parts)]


def kernel_by_rows(kernel: Callable[..., None], rows: int, *told: Any) -> None:
    """Calls a kernel with (*told, begin, end) for some rows after the others, likewise on threads.

    Args:
        kernel: Compiled, without the interpreter's lock; what it writes stands in `told`.
        rows: Of the batch.
        told: Arrays and numbers.
    """
    todo = itertools.count(0, FEWEST)

    def work() -> None:
        while (begin := next(todo)) < rows:
            kernel(*told, begin, min(begin + FEWEST, rows))

    on_threads(work, min(torch.get_num_threads(), -(-rows // FEWEST)))

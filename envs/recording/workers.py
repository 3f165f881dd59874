"""Sequences recorded side by side: by processes of this machine, or by a Ray cluster."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, cast

from navworld.data.writing import NotWrittenError
from navworld.envs.recording.ride import Ride

Files = dict[str, str]
"""SHA-256 of files, by name."""


@dataclass(frozen=True)
class Job:
    """A sequence to be recorded.

    Attributes:
        ride: Which.
        out: The folder of the data set.
        format: It is written in.
        talks: Whether it tells what the format cannot hold; one of a data set is enough.
    """

    ride: Ride
    out: Path
    format: str
    talks: bool = False


Report = Callable[[int], None]
Make = Callable[[Job, Report], Files]

REPORT_EVERY = 20
"""Items between messages about progress."""


def on_workers(make: Make, jobs: Sequence[Job], processes: int, report: Report) -> list[Files]:
    """Makes all sequences in so many processes; what `make` gives, in the order of the jobs.

    Raises:
        NotWrittenError, ValueError …: What a worker has raised; the others are stopped.
    """
    # Started anew, not forked: threads and the renderer's state do not survive a fork.
    context = multiprocessing.get_context("spawn")
    waiting = list(range(len(jobs)))
    done: dict[int, Files] = {}
    at_work: dict[Connection, tuple[Any, int]] = {}

    def give(end: Connection, worker: Any) -> None:
        if waiting:
            job = waiting.pop(0)
            end.send(jobs[job])
            at_work[end] = worker, job
        else:
            at_work.pop(end, None)
            end.send(None)

    started = []
    try:
        for _ in range(min(processes, len(waiting))):
            end, other = context.Pipe()
            worker = context.Process(target=_work, args=(other, make))
            worker.start()
            other.close()
            started.append((end, worker))
            give(end, worker)
        while at_work:
            for ready in wait(list(at_work)):
                end = cast(Connection, ready)
                worker, job = at_work[end]
                what, told = _heard(end, worker, jobs[job])
                if what == "items":
                    report(told)
                elif what == "done":
                    done[job] = told
                    give(end, worker)
                else:
                    raise told
    finally:
        for end, worker in started:
            if at_work:  # something went wrong: nothing unfinished has its name yet
                worker.terminate()
            worker.join()
            end.close()
    return [done[k] for k in range(len(jobs))]


def on_ray(make: Make, jobs: Sequence[Job], address: str, report: Report) -> list[Files]:
    """Makes all sequences on a Ray cluster, one core each; as `on_workers`.

    Args:
        address: Of the cluster, or "local" to start one on this machine.
    """
    try:
        import ray
    except ImportError:
        raise ValueError(
            'recording on Ray needs the package ray: pip install "navworld[distributed]"'
        ) from None
    ours = not ray.is_initialized()
    if ours:
        ray.init(address=address, include_dashboard=False, log_to_driver=False)
    try:
        task = ray.remote(num_cpus=1, max_retries=3)(_quietly)
        running = {task.remote(make, job): k for k, job in enumerate(jobs)}
        done: dict[int, Files] = {}
        while running:
            ready, _ = ray.wait(list(running), num_returns=1)
            for reference in ready:
                k = running.pop(reference)
                try:
                    done[k], items = ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None
                report(items)
        return [done[k] for k in range(len(jobs))]
    finally:
        if ours:
            ray.shutdown()


def _quietly(make: Make, job: Job) -> tuple[Files, int]:
    """A job whose progress is told at its end."""
    items: list[int] = []
    return make(job, items.append), sum(items)


def _work(end: Connection, make: Make) -> None:
    """Does jobs until there are none, or until the process that started this one is gone."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    while (job := end.recv()) is not None:
        untold = 0

        def report(items: int) -> None:
            nonlocal untold
            untold += items
            if untold >= REPORT_EVERY:
                end.send(("items", untold))
                untold = 0

        try:
            files = make(job, report)
        except Exception as error:
            end.send(("error", error))
            return
        end.send(("items", untold))
        end.send(("done", files))


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _heard(end: Connection, worker: Any, job: Job) -> tuple[str, Any]:
    """The next message of a worker."""
    try:
        return end.recv()
    except (EOFError, ConnectionResetError):
        worker.join()
        return "error", NotWrittenError(
            f"the process that recorded {job.ride.name} ended unexpectedly (exit code "
            f"{worker.exitcode}): start again, it will go on there, with fewer --processes if "
            "memory is short"
        )

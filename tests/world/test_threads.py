"""Threads that kernels run on: they take all the work, and nobody waits for a late one."""

from __future__ import annotations

import os
import threading

import pytest

from navworld.world import threads


def test_work_is_run_side_by_side():
    meet = threading.Barrier(3, timeout=10)
    threads.on_threads(meet.wait, 3)  # passes only if three of them run at once


def test_one_thread_is_the_callers_own():
    names = []
    threads.on_threads(lambda: names.append(threading.current_thread()), 1)
    assert names == [threading.current_thread()]


def test_a_thread_that_is_busy_elsewhere_is_not_waited_for():
    started, release, runs = threading.Event(), threading.Event(), []
    busy = threads._pool(2).submit(lambda: (started.set(), release.wait(10)))
    assert started.wait(10)
    threads.on_threads(lambda: runs.append(1), 2)
    assert runs == [1]
    assert not busy.done()
    release.set()
    busy.result(10)
    assert runs == [1]


def test_an_error_in_any_thread_is_raised_after_all_have_ended():
    caller, ended = threading.current_thread(), []
    meet = threading.Barrier(2, timeout=10)

    def work():
        meet.wait()
        if threading.current_thread() is not caller:
            ended.append(1)
            raise ArithmeticError("in a helper")

    with pytest.raises(ArithmeticError, match="in a helper"):
        threads.on_threads(work, 2)
    assert ended == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    meet = threading.Barrier(2, timeout=10)
    threads.on_threads(meet.wait, 2)
    child = os.fork()
    if child == 0:
        try:
            own = threading.Barrier(2, timeout=5)
            threads.on_threads(own.wait, 2)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

"""Threads that kernels run on side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache


def on_threads(work: Callable[[], object], threads: int) -> None:
    """Runs `work` on this thread and, meanwhile, on up to `threads - 1` others.

    `work` takes from a queue until that is empty, so a thread that comes too late changes nothing
    and is not waited for.
    """
    helpers = [_pool(threads).submit(work) for _ in range(threads - 1)]
    try:
        work()
    finally:  # nobody may be left writing to memory that the caller is about to free
        for helper in helpers:
            if not helper.cancel():
                helper.result()


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="navworld-kernel")


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)

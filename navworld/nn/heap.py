"""Memory that networks on the CPU use again and again.

Activations of some megabytes come and go with every call. glibc gives such memory back to the
system as soon as it is free, and every page of it is cleared when it is asked for again, which
takes a third of the time of a small network.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""
KEPT_MB, LARGEST_MB = 256, 32
"""Free memory that stays with the process, and the largest single piece of it."""


@cache
def keep_heap() -> None:
    """Has this process keep up to `KEPT_MB` of what it frees; does nothing without glibc."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(TRIM_THRESHOLD, KEPT_MB << 20)
        mallopt(MMAP_THRESHOLD, LARGEST_MB << 20)

"""Memory for images, used again once nobody holds them any more.

The first write to every page of new memory costs a trip into the kernel of the operating system:
at 128² a tenth of the time that rendering takes, and more when threads get in each other's way
there. So the memory of images that are gone is kept, up to `KEPT_BYTES`, for images of the same
size.
"""

from __future__ import annotations

import ctypes
import sys
import weakref

import numpy as np
from numpy.typing import DTypeLike, NDArray

KEPT_BYTES = 1 << 27
"""How much memory may lie idle."""
SMALL_BYTES = 1 << 16
"""Arrays below this come cheaply from anywhere."""

_idle: dict[int, list[NDArray[np.uint8]]] = {}


class _Loan:
    """What an array and all its views keep alive; the memory is free again when it dies."""

    def __init__(self, memory: NDArray[np.uint8], shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": dtype.str,
            "data": (memory.ctypes.data, False),
        }
        weakref.finalize(self, _give_back, memory).atexit = False


def fresh(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray:
    """An array like `np.empty`: nobody else reads or writes it as long as it, or a view, lives."""
    kind = np.dtype(dtype)
    size = kind.itemsize * int(np.prod(shape))
    if not SMALL_BYTES <= size <= KEPT_BYTES:
        return np.empty(shape, kind)
    try:
        memory = _idle[size].pop()
    except (KeyError, IndexError):
        memory = np.empty(size, np.uint8)
    return np.asarray(_Loan(memory, shape, kind))


def _give_back(memory: NDArray[np.uint8]) -> None:
    # May run at any moment and in any thread: every step on `_idle` is a single one.
    idle = sum(size * len(stack) for size, stack in list(_idle.items()))
    if idle + memory.nbytes > KEPT_BYTES:
        _idle.clear()  # sizes that are no longer asked for go with the rest
    _idle.setdefault(memory.nbytes, []).append(memory)


def give_back_memory() -> None:
    """Returns freed memory to the operating system, where the C library can (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)

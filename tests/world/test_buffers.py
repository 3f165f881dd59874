"""Memory used again: never while anybody can still see it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from navworld.world import buffers, store
from navworld.world.scene import Instance, Material, Scene

SHAPE = (8, 64, 64, 3)


@pytest.fixture(autouse=True)
def nothing_idle(monkeypatch):
    monkeypatch.setattr(buffers, "_idle", {})


def address(array):
    return array.ctypes.data


@pytest.mark.parametrize(("shape", "dtype"), [(SHAPE, np.uint8), ((4, 99, 70), "f4"), ((3,), "i4")])
def test_arrays_are_as_asked_for(shape, dtype):
    for _ in range(2):
        array = buffers.fresh(shape, dtype)
        assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
        assert array.flags.c_contiguous
        assert array.flags.writeable
        array[...] = 7
        assert (array == 7).all()
        del array


def test_memory_of_what_is_gone_is_used_again():
    first = buffers.fresh(SHAPE, np.uint8)
    where = address(first)
    del first
    assert address(buffers.fresh((SHAPE[0] * SHAPE[1], *SHAPE[2:]), np.uint8)) == where


@pytest.mark.parametrize(
    "hold",
    [
        lambda array: array[3, 5:, ::2],
        lambda array: array.reshape(-1).view(np.int32),
        lambda array: memoryview(array),
        lambda array: np.asarray(memoryview(array)[2:]),
        lambda array: {"kept": [array.T]},
        lambda array: np.broadcast_to(array[0, 0, 0], (5, 3)),
    ],
)
def test_memory_is_not_used_again_while_anything_looks_at_it(hold):
    array = buffers.fresh(SHAPE, np.uint8)
    where = address(array)
    view = hold(array)
    del array
    later = [buffers.fresh(SHAPE, np.uint8) for _ in range(3)]
    assert where not in map(address, later)
    del view
    assert address(buffers.fresh(SHAPE, np.uint8)) == where


def test_tensors_hold_their_memory():
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(buffers.fresh(SHAPE, np.uint8))[1:]
    tensor[...] = 5
    buffers.fresh(SHAPE, np.uint8)[...] = 9
    assert (tensor == 5).all()


def test_idle_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(buffers, "KEPT_BYTES", 1 << 20)
    for size in range(100_000, 1_000_000, 50_000):
        several = [buffers.fresh((size,), np.uint8) for _ in range(3)]
        del several
        assert sum(m.nbytes for stack in buffers._idle.values() for m in stack) <= 1 << 20
    huge = buffers.fresh((2 << 20,), np.uint8)
    assert huge.flags.owndata  # nothing of ours


def test_threads_never_share_memory():
    wrong = []

    def churn(mark):
        rng = np.random.default_rng(mark)
        held = []
        for _ in range(300):
            array = buffers.fresh((70_000,), np.uint8)
            array[:] = mark
            held.append(array)
            if rng.random() < 0.6:
                held.pop(rng.integers(len(held)))
            if len(held) > 8:
                held.clear()
            wrong.extend(a for a in held if not (a == mark).all())

    workers = [threading.Thread(target=churn, args=(mark,)) for mark in range(1, 5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can")
def test_freed_memory_goes_back_to_the_system():
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    pieces = [np.ones(60_000, np.uint8) for _ in range(3000)]
    last = pieces[-1]  # what lies above all others keeps the heap from shrinking by itself
    full = resident()
    del pieces
    buffers.give_back_memory()
    assert full - resident() > 100e6
    assert last.all()


@pytest.mark.parametrize("count", [10, store.LARGE + 1])
def test_making_a_large_scene_ready_leaves_nothing_behind(count, monkeypatch):
    calls = []
    monkeypatch.setattr(store, "give_back_memory", lambda: calls.append(1))
    corners = np.random.default_rng(0).random((3 * count, 3), np.float32)
    scene = Scene(
        "many", corners, np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
        np.zeros((count, 3, 2), np.float32), np.zeros(count, np.int32), np.zeros(count, np.int32),
        (Material("plain"),), (Instance("all", 2),),
    )  # fmt: skip
    place = store.Place(scene, None)
    place.rays("none")
    assert bool(calls) == (count > store.LARGE)
    asked = len(calls)
    place.rays("none")
    assert len(calls) == asked  # not when it is ready already

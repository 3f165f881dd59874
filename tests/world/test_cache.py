"""The disk cache of arrays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from navworld.world.cache import ArrayCache, default_folder


def some_arrays(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "texels": rng.integers(0, 256, (7, 5, 3)).astype(np.uint8),
        "uv": rng.random((4, 3, 2)).astype(np.float32),
        "empty": np.zeros((0, 3), np.int32),
        "scalar": np.float64(2.5),
    }


def entries(cache: ArrayCache) -> list[Path]:
    return sorted(cache.folder.glob("*"))


def size(cache: ArrayCache) -> int:
    return sum(path.stat().st_size for path in entries(cache))


def test_what_is_put_comes_back_bit_by_bit(tmp_path):
    cache = ArrayCache(tmp_path)
    stored = some_arrays()
    cache.put("a scene/with: odd characters é", stored)
    found = cache.get("a scene/with: odd characters é")
    assert found is not None and list(found) == list(stored)
    for name, array in stored.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
    found["uv"][:] = 0
    assert ArrayCache(tmp_path).get("a scene/with: odd characters é")["uv"].any()


def test_an_unknown_key_is_missing(tmp_path):
    cache = ArrayCache(tmp_path / "not made yet")
    assert cache.get("nothing") is None
    assert not cache.folder.exists()


def test_a_key_holds_what_was_put_last(tmp_path):
    cache = ArrayCache(tmp_path)
    cache.put("k", some_arrays(1))
    cache.put("k", some_arrays(2))
    assert cache.get("k")["uv"].tobytes() == some_arrays(2)["uv"].tobytes()
    assert len(entries(cache)) == 1


def test_python_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="plain numbers"):
        ArrayCache(tmp_path).put("k", {"bad": np.array([object()])})


@pytest.mark.parametrize("keep", [0, 1, 40, 200, -1])
def test_truncated_entries_are_missing_and_removed(tmp_path, keep):
    cache = ArrayCache(tmp_path)
    cache.put("k", some_arrays())
    (path,) = entries(cache)
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.get("k") is None
    assert entries(cache) == []


@pytest.mark.parametrize("where", [0, 20, 60, -1, -200])
def test_one_flipped_byte_is_noticed(tmp_path, where):
    cache = ArrayCache(tmp_path)
    cache.put("k", some_arrays())
    (path,) = entries(cache)
    data = bytearray(path.read_bytes())
    data[where] ^= 0x15
    path.write_bytes(data)
    assert cache.get("k") is None


def test_eviction_holds_the_bound_and_spares_what_was_used_last(tmp_path):
    cache = ArrayCache(tmp_path, max_bytes=10_000)
    for k in range(20):
        cache.put(f"entry {k}", {"x": np.full(900, k, np.uint8)})
        for age, path in enumerate(sorted(entries(cache), key=lambda p: -p.stat().st_mtime_ns)):
            stamp = 1_700_000_000 + 100 * k - age
            os.utime(path, (stamp, stamp))
        assert cache.get("entry 0") is not None
        assert size(cache) <= 10_000
    assert len(entries(cache)) == 10
    assert cache.get("entry 1") is None
    assert cache.get("entry 19")["x"][0] == 19


def test_an_entry_larger_than_the_bound_is_not_kept(tmp_path):
    cache = ArrayCache(tmp_path, max_bytes=1000)
    cache.put("small", {"x": np.zeros(500, np.uint8)})
    cache.put("large", {"x": np.zeros(2000, np.uint8)})
    assert cache.get("large") is None and cache.get("small") is not None


def test_abandoned_writes_are_cleared_away_but_fresh_ones_are_not(tmp_path):
    old, fresh = tmp_path / "old.part", tmp_path / "fresh.part"
    old.write_bytes(b"x"), fresh.write_bytes(b"x")
    os.utime(old, (1, 1))
    ArrayCache(tmp_path).put("k", some_arrays())
    assert fresh.exists() and not old.exists()


def test_a_folder_that_cannot_be_written_warns_once_and_caches_nothing(tmp_path):
    file = tmp_path / "a file where the folder should be"
    file.write_text("")
    cache = ArrayCache(file / "cache")
    with pytest.warns(RuntimeWarning, match="NAVWORLD_CACHE") as caught:
        cache.put("k", some_arrays())
        cache.put("k", some_arrays())
        assert cache.get("k") is None
    assert len(caught) == 1


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache = ArrayCache(tmp_path)
    with pytest.warns(RuntimeWarning, match="No space left"):
        cache.put("k", some_arrays())
    assert entries(cache) == []


WRITER = """
import sys
from pathlib import Path
import numpy as np
from navworld.world.cache import ArrayCache

cache = ArrayCache(Path(sys.argv[1]), max_bytes=60_000)
for k in range(150):
    value = (k * 7 + int(sys.argv[2])) % 200
    cache.put(f"shared {k % 12}", {"x": np.full(9000, value, np.uint8)})
    found = cache.get(f"shared {(k * 5) % 12}")
    if found is not None:
        assert len(found["x"]) == 9000 and (found["x"] == found["x"][0]).all()
"""


def test_concurrent_writers_never_see_each_others_halves(tmp_path):
    command = [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path)]
    running = [
        subprocess.Popen([*command, str(k)], stderr=subprocess.PIPE, text=True) for k in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    cache = ArrayCache(tmp_path, max_bytes=60_000)
    assert 0 < size(cache) <= 60_000
    assert all(path.suffix == ".arrays" for path in entries(cache))


def test_the_default_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("NAVWORLD_CACHE", str(tmp_path / "mine"))
    assert default_folder() == tmp_path / "mine"
    monkeypatch.delenv("NAVWORLD_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folder() == tmp_path / "xdg" / "navworld"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative is not allowed")
    assert default_folder() == Path.home() / ".cache" / "navworld"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert default_folder() == Path.home() / "Library" / "Caches" / "navworld"

"""A bounded folder of arrays: what is slow to compute, such as baked light, is kept on disk.

One entry is one file: a line of JSON that names its arrays, then their bytes. Nothing is pickled.
A file appears under its final name only when it is complete, so several processes may share a
folder; whatever cannot be read back bit by bit counts as missing and is deleted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ENTRY_SUFFIX = ".arrays"
TEMPORARY_SUFFIX = ".part"
STALE_SECONDS = 3600.0
DEFAULT_MAX_BYTES = 2 << 30


class ArrayCache:
    """Named groups of arrays on disk, the least recently used deleted first.

    A folder that cannot be written, or a full disk, only means that nothing is kept: the first
    failure gives one RuntimeWarning.
    """

    def __init__(self, folder: Path | None = None, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        """Uses `folder`, or `default_folder()`; it is made when something is first kept."""
        if max_bytes < 0:
            raise ValueError(f"max_bytes is {max_bytes}: give 0 (keep nothing) or more")
        self.folder = default_folder() if folder is None else Path(folder)
        self.max_bytes = max_bytes
        self._warned = False

    def get(self, key: str) -> dict[str, NDArray] | None:
        """The arrays that were last put under a key (fresh and writable), or None."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                data = bytearray(size)
                if file.readinto(data) != size:
                    raise ValueError("short read")
            arrays = _decode(data, key)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        except ValueError:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return arrays

    def put(self, key: str, arrays: dict[str, NDArray]) -> None:
        """Keeps arrays of numbers, replacing what the key held; deletes old entries beyond bounds.

        Raises:
            ValueError: An array holds Python objects or a structured type.
        """
        blocks = _encode(key, arrays)
        if sum(map(len, blocks)) > self.max_bytes:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(self._path(key), blocks)
            self._evict()
        except OSError as error:
            self._warn(error)

    def _path(self, key: str) -> Path:
        name = hashlib.blake2b(key.encode(), digest_size=20).hexdigest()
        return self.folder / f"{name}{ENTRY_SUFFIX}"

    def _write(self, path: Path, blocks: list[bytes | memoryview]) -> None:
        handle, name = tempfile.mkstemp(TEMPORARY_SUFFIX, dir=self.folder)
        try:
            with open(handle, "wb") as file:
                for block in blocks:
                    file.write(block)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise

    def _evict(self) -> None:
        """Deletes the least recently used entries until the rest fits, and abandoned writes."""
        entries, total, now = [], 0, time.time()
        for item in os.scandir(self.folder):
            with contextlib.suppress(FileNotFoundError):
                stat = item.stat()
                if item.name.endswith(ENTRY_SUFFIX):
                    entries.append((stat.st_mtime_ns, item.path, stat.st_size))
                    total += stat.st_size
                elif item.name.endswith(TEMPORARY_SUFFIX) and now - stat.st_mtime > STALE_SECONDS:
                    os.unlink(item.path)
        for _, path, size in sorted(entries):
            if total <= self.max_bytes:
                break
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            total -= size

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"nothing is cached in {self.folder}: {error.strerror or error}; "
                "set NAVWORLD_CACHE to a folder that can be written",
                RuntimeWarning,
                stacklevel=3,
            )


def default_folder() -> Path:
    """$NAVWORLD_CACHE, or `navworld` in the platform's folder for caches."""
    chosen = os.environ.get("NAVWORLD_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "navworld" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "navworld"
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else home / ".cache") / "navworld"


def _encode(key: str, arrays: dict[str, NDArray]) -> list[bytes | memoryview]:
    """Header line and payload of an entry."""
    described, payload, checksum = [], [], 0
    for name, array in arrays.items():
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        if array.dtype.kind not in "biufc":
            raise ValueError(
                f"array {name!r} has dtype {array.dtype}: the cache keeps plain numbers only"
            )
        described.append([name, array.dtype.str, list(array.shape)])
        block = array.reshape(-1).view(np.uint8).data
        checksum = zlib.crc32(block, checksum)
        payload.append(block)
    header = {"key": key, "arrays": described, "crc32": checksum}
    return [json.dumps(header).encode() + b"\n", *payload]


def _decode(data: bytearray, key: str) -> dict[str, NDArray]:
    """Arrays of an entry; ValueError where anything does not fit together."""
    start = data.index(b"\n") + 1
    try:
        header = json.loads(bytes(data[:start]))
        described, checksum = header["arrays"], header["crc32"]
        if header["key"] != key:
            raise ValueError("an entry of another key")
        arrays, at = {}, start
        for name, dtype, shape in described:
            kind = np.dtype(dtype)
            count = int(np.prod(shape, dtype=np.int64))
            array = np.frombuffer(data, kind, count, at) if count else np.empty(0, kind)
            arrays[name] = array.reshape(shape)
            at += count * kind.itemsize
    except (KeyError, TypeError) as error:
        raise ValueError("not an entry of this cache") from error
    if at != len(data) or zlib.crc32(memoryview(data)[start:]) != checksum:
        raise ValueError("a damaged entry")
    return arrays

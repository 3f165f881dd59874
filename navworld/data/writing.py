"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""What the temporary names of unfinished files end with."""

_WHY = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the quota of the disk is used up: free some space",
    errno.EFBIG: "the file became larger than is allowed here: allow larger ones (ulimit -f)",
    errno.EROFS: "the disk is read-only: give a folder that can be written",
    errno.EACCES: "there is no permission to write there: give a folder that can be written",
    errno.EPERM: "there is no permission to write there: give a folder that can be written",
    errno.ENOTDIR: "a part of that path is a file: give the path of a folder",
    errno.EEXIST: "there is a file of that name: give the path of a folder",
}


class NotWrittenError(ValueError):
    """Something could not be written; what was complete before is untouched."""


class Tally:
    """A file that counts and digests what is written to it.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Appends; returns where it begins."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
        return self.size - len(data)

    @property
    def sha256(self) -> str:
        """Of all that was written."""
        return self._digest.hexdigest()


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Tally]:
    """A file that gets its name when the block ends well, and leaves nothing when it does not.

    It reaches the disk before it gets its name: whoever sees the file sees all of it, also after
    a crash.

    Raises:
        NotWrittenError: Says which file and why.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            yield Tally(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise not_written(path, error) from error
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> str:
    """Writes a file of a few bytes the same way; returns its SHA-256."""
    with whole(path) as file:
        file.write(data)
    return file.sha256


def not_written(path: Path, error: OSError) -> NotWrittenError:
    """The sentence about a failure to write."""
    why = _WHY.get(error.errno or 0, f"{error.strerror or error}")
    return NotWrittenError(f"could not write {path}: {why}, then start again; it will go on there")


def sync_folder(folder: Path) -> None:
    """Brings the names in a folder to the disk, where the system has a way to."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sha256_of(path: Path) -> str:
    """Of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

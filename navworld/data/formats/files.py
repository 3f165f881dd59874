"""Files that are there whole or not at all, and that stay in their folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Sequence
from navworld.data.writing import PART

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside one that is not there yet, renamed to it when the block ends well.

    Raises:
        FileExistsError: It is there.
    """
    refuse_existing(path)
    temporary = path.with_name(f".{path.name}{PART}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def folder_each(
    sequences: Iterable[Sequence], folder: Path, write: Callable[[Sequence, Path], list[LeftOut]]
) -> list[LeftOut]:
    """A new folder for each sequence, by its name; what was left out of them all.

    Args:
        write: Writes a sequence into its folder.
    """
    lost = []
    for sequence in sequences:
        with new_folder(folder / sequence.name) as into:
            lost += write(sequence, into)
    return lost


def refuse_existing(path: Path) -> None:
    """Raises FileExistsError where something would be written over."""
    if path.exists():
        raise FileExistsError(f"{path} exists already: remove it, or write to another folder")


def write_text(path: Path, text: str) -> None:
    """A text file in UTF-8 with the same ends of lines everywhere."""
    path.write_bytes(text.encode())


def check_name(name: str, what: str = "a sequence") -> str:
    """The name, which may become one of a file.

    Raises:
        ValueError: It holds more than letters, digits, `-`, `_` and `.`, or begins with `.`.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot name {what}: expected letters, digits, '-', '_' and '.' only"
        )
    return name


def plain_name(text: str) -> str:
    """A name of a sequence made of that of a file or folder."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text).lstrip(".-") or "sequence"


def inside(folder: Path, name: str, source: Path) -> Path:
    """The path of a file that another one names.

    Args:
        source: The file that names it.

    Raises:
        ValueError: The name leads out of the folder.
    """
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in name:
        raise ValueError(f"{source} names {name!r}, which lies outside its folder: not read")
    return folder / parts


def sequence_folders(folder: Path, marks: tuple[str, ...]) -> list[Path]:
    """The folder, or those right inside it, that hold one of the marks; by name."""
    if any((folder / mark).exists() for mark in marks):
        return [folder]
    if not folder.is_dir():
        return []
    below = sorted(path for path in folder.iterdir() if path.is_dir() and not hidden(path))
    return [path for path in below if any((path / mark).exists() for mark in marks)]


def hidden(path: Path) -> bool:
    """Whether it is half-written or none of ours."""
    return path.name.startswith(".")


def numbered(folder: Path, suffix: str) -> list[Path]:
    """Files with whole numbers for names, in their order."""
    found = [p for p in folder.glob(f"*{suffix}") if p.stem.isdigit() and not hidden(p)]
    return sorted(found, key=lambda path: int(path.stem))

"""The library's own format among the others: see `navworld.data.formats.own`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from navworld.data.formats import own
from navworld.data.formats.files import refuse_existing, sequence_folders
from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Sequence


def fits(path: Path) -> bool:
    """Whether there is a finished sequence."""
    return bool(sequence_folders(path, (own.HEAD,)))


def read(path: Path) -> list[Sequence]:
    """The sequences in a folder, or the one that it is."""
    return own.read(path)


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """A folder for each sequence; nothing is left out."""
    for sequence in sequences:
        refuse_existing(folder / sequence.name / own.HEAD)
        own.write(sequence, folder)
    return []

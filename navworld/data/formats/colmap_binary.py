"""COLMAP with a binary model; else as `navworld.data.formats.colmap`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from navworld.data.formats import colmap, colmap_model
from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Sequence


def fits(path: Path) -> bool:
    """Whether there is a model."""
    return colmap.fits(path)


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """A folder for each sequence, its model in binary."""
    return colmap.write_with(colmap_model.write_binary, sequences, folder)


def read(path: Path) -> list[Sequence]:
    """As `colmap.read`."""
    return colmap.read(path)

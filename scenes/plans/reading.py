"""Opening files of plans and maps with suspicion: size, encoding, nesting, entities."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from navworld.world.scene import SceneError

MAX_BYTES = 256 << 20
FARTHEST = 20_000.0
"""Coordinates beyond this are damage [m]."""


class Notes:
    """What of a file was left out, and why; equal remarks are counted."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._example: dict[str, str] = {}

    def add(self, remark: str, what: object = "") -> None:
        """Notes that something was left out: why, and which thing."""
        self._found[remark] += 1
        self._example.setdefault(remark, str(what)[:60])

    def lines(self) -> tuple[str, ...]:
        """One line for every kind of remark, the most frequent first."""
        return tuple(
            f"{count} × {remark}" + (f" ({self._example[remark]})" if self._example[remark] else "")
            for remark, count in sorted(self._found.items(), key=lambda pair: (-pair[1], pair[0]))
        )


def read_text(path: Path) -> str:
    """The text of a file in UTF-8."""
    if not path.is_file():
        raise SceneError(f"{path}: is not a file; give the plan or map file itself")
    size = path.stat().st_size
    if size == 0:
        raise SceneError(f"{path}: is empty; copy or export the file again")
    if size > MAX_BYTES:
        raise SceneError(
            f"{path}: has {size >> 20} MB, more than {MAX_BYTES >> 20}; cut out a smaller area"
        )
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SceneError(
            f"{path}: is not text in UTF-8 (byte {error.start}); convert it or copy it again"
        ) from None


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds."""
    try:
        content = json.loads(read_text(path), parse_constant=lambda name: float("nan"))
    except ValueError as error:
        reason = str(error).splitlines()[0][:120]
        raise SceneError(f"{path}: is not sound JSON ({reason}); copy it again") from None
    except RecursionError:
        raise SceneError(f"{path}: is nested too deeply to be a plan; copy it again") from None
    if not isinstance(content, dict):
        raise SceneError(f"{path}: holds a JSON {type(content).__name__}; expected an object")
    return content


def read_xml(path: Path) -> ElementTree.Element:
    """The root of an XML file without document type, hence without entities of its own."""
    text = read_text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SceneError(
            f"{path}: declares a document type, which maps have no use for; remove the declaration"
        )
    declared = text[:200].lower()
    if "encoding=" in declared and "utf-8" not in declared and "ascii" not in declared:
        raise SceneError(f"{path}: declares another encoding than UTF-8; convert it")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        reason = str(error).splitlines()[0][:120]
        raise SceneError(f"{path}: is not sound XML ({reason}); copy it again") from None


def number(value: object, default: float | None = None) -> float | None:
    """A finite number out of a JSON value or a tag such as "12.5 m" or "12,5"; else `default`."""
    if isinstance(value, bool) or value is None:
        return default
    if isinstance(value, (int, float)):
        try:
            found = float(value)
        except OverflowError:
            return default
        return found if math.isfinite(found) else default
    if isinstance(value, str):
        text = value.strip().split(";")[0].replace(",", ".").removesuffix("m").strip()
        try:
            found = float(text)
        except ValueError:
            return default
        return found if math.isfinite(found) else default
    return default


def points_of(value: object) -> np.ndarray:
    """(N, 2) points of a JSON list of [x, y, …] or {"x": …, "y": …}; empty when it is none."""
    if not isinstance(value, list):
        return np.empty((0, 2))
    points = []
    for item in value:
        pair = (item.get("x"), item.get("y")) if isinstance(item, dict) else item
        if not isinstance(pair, (list, tuple)) or len(pair) < 2:
            return np.empty((0, 2))
        x, y = number(pair[0]), number(pair[1])
        if x is None or y is None or max(abs(x), abs(y)) > FARTHEST:
            return np.empty((0, 2))
        points.append((x, y))
    return np.array(points, np.float64).reshape(-1, 2)

"""Fitted kitchens: counters in a row, an L or two rows, with appliances, hood and cabinets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navworld.scenes.apartment.place import Edge, Spot
from navworld.scenes.furniture import Piece
from navworld.world.mesh import MeshBuilder

if TYPE_CHECKING:
    from navworld.scenes.apartment.furnish import Furnisher

DEPTH = 0.62
WIDEST = 1.75
"""Wider counters come with a sink and a hob of their own [m]."""

CABINET_BOTTOM = 1.45
HOOD_BOTTOM = 1.6


def fit_kitchen(room: Furnisher, *, longest: float) -> None:
    """A row of counters with sink, hob and fridge along the best wall, then the rest elsewhere.

    Args:
        longest: Length that a row is cut to [m].
    """
    rows = []
    for edge in room.space.edges:
        for low, high in room.space.stretches(edge, 0.0, 1.0):
            low, high = _free_part(room, edge, low, high)
            if high - low > 1.62:
                rows.append((high - low, low, high, edge))
    rows.sort(key=lambda row: -min(row[0], longest))
    for longest_now in (longest, 0.75 * longest, 2.0, 1.62):
        for _, low, high, edge in rows:
            length = min(high - low, longest_now)
            starts = (low, high - length) if room.chance(0.5) else (high - length, low)
            units = _row(room, length, full=True)
            if any(_install(room, edge, start, units) for start in starts):
                break
        else:
            continue
        break
    else:
        return
    second = [row for row in rows if row[3] is not edge]
    for _, low, high, other in second:
        corner = abs(other.direction @ edge.direction) < 0.5
        low, high = _free_part(room, other, low, high)
        if corner and high - low > 0.7:
            units = _row(room, min(high - low, 2.6), full=False)
            if _install(room, other, low if _starts(other, low) else high - _length(units), units):
                break
    if not any(spot.piece.kind == "fridge" for spot in room.space.spots):
        room.by_wall(room.make("fridge"), front=0.5)


def _free_part(room: Furnisher, edge: Edge, low: float, high: float) -> tuple[float, float]:
    """The longest part of a stretch that is free of other pieces and of other walls' doorways."""
    step = 0.05
    best, start = (0.0, 0.0), None
    probe = Piece("kitchen counter", "kitchen counter", (DEPTH, 0.4, 0.95), MeshBuilder())
    half = 0.2
    at = low + half
    while at <= high - half + 1e-9:
        if room.space.fits(room.space.against_wall(probe, edge, at)):
            start = at if start is None else start
            if at - start + 2 * half > best[1] - best[0]:
                best = (start - half, at + half)
        else:
            start = None
        at += step
    return best


def _starts(edge: Edge, low: float) -> bool:
    return low < 0.5 * edge.length


def _row(room: Furnisher, length: float, *, full: bool) -> list[tuple[str, float]]:
    """(kind, width) of the units of a row that is at most `length` long."""
    if not full:
        count = int(np.ceil(length / WIDEST))
        return [("kitchen counter", round(length / count - 0.01, 2))] * count
    units = [("kitchen sink counter", 1.0), ("kitchen hob counter", 0.6)]
    spare = length - 1.6
    if spare > 0.64:
        units = [("fridge", 0.62), *units]
        spare -= 0.62
    if spare > 0.7 and room.chance(0.7):
        units.insert(len(units) - 1, ("dishwasher", 0.6))
        spare -= 0.62
    if spare > 0.42:
        units.insert(len(units) - 1, ("kitchen counter", min(spare - 0.02, WIDEST)))
    if room.chance(0.5):
        units.reverse()
    return units


def _length(units: list[tuple[str, float]]) -> float:
    return sum(width for _, width in units)


def _install(room: Furnisher, edge: Edge, low: float, units: list[tuple[str, float]]) -> bool:
    """Builds a row that begins at `low` along a wall, with what hangs above it."""
    spots: list[Spot] = []
    position = low
    for kind, width in units:
        piece = room.make(kind, DEPTH, width)
        at = position + 0.5 * piece.size[1]
        spots.append(room.space.against_wall(piece, edge, at))
        position += piece.size[1] + 0.003
    if position > edge.length or not room.space.put(*spots):
        return False
    position = low
    for spot in spots:
        at = position + 0.5 * spot.piece.size[1]
        position += spot.piece.size[1] + 0.003
        _above(room, edge, at, spot)
        _upon(room, spot)
    return True


def _above(room: Furnisher, edge: Edge, at: float, base: Spot) -> None:
    """A hood over the hob, cabinets over the rest."""
    kind = base.piece.kind
    if kind == "kitchen hob counter":
        hood = room.make("kitchen hood", None, base.piece.size[1])
        half = 0.5 * hood.size[2]
        z = min(HOOD_BOTTOM + half, room.space.plan.height - half)
        room.space.put(room.space.on_wall(hood, edge, at, z))
    elif kind != "fridge":
        width = base.piece.size[1]
        cabinet = room.make("wall cabinet", None, width)
        if cabinet.size[1] < width + 0.02:
            z = CABINET_BOTTOM + 0.5 * cabinet.size[2]
            room.space.put(room.space.on_wall(cabinet, edge, at, z))


def _upon(room: Furnisher, base: Spot) -> None:
    """Things that stand on the counters."""
    if base.piece.kind == "kitchen counter":
        width = base.piece.size[1]
        if not any(spot.piece.kind == "microwave" for spot in room.space.spots):
            room.on_top("microwave", base, along=-0.4 * width, out=-0.1)
        for place in (0.1, 0.45):
            if room.chance(0.6):
                room.on_top(
                    room.pick(("tableware", "fruit bowl", "vase")), base, along=place * width
                )

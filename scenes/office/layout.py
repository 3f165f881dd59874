"""Office floor plans: corridors between rows of rooms of one width, repeated on purpose.

Two layouts: a *ring* has two long corridors joined by cross corridors around a core of rooms; a
*comb* has a spine with wings. All coordinates are centre lines of walls on whole centimetres.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from navworld.scenes.apartment.openings import DOOR_TOP
from navworld.scenes.apartment.plan import OUTSIDE, Opening, Plan, PlanRoom, Wall, find_walls

Cell = tuple[float, float, float, float]

LENGTH, DEPTH = (56.0, 64.0), (28.0, 32.0)
"""Extent of an office along x and along y [m]."""

DOOR_WIDTH = 0.96
DOOR_INSET = 0.28
"""From the centre line of a side wall to the door beside it [m]."""

SPECIAL = ("meeting room", "kitchen", "storage", "copy room")


@dataclass(frozen=True)
class Office:
    """A floor plan and where the doors of its rooms are.

    Attributes:
        plan: Rooms, walls and openings; kinds "corridor", "office" and `SPECIAL`.
        doors: Room → the opening that leads into it from a corridor.
    """

    plan: Plan
    doors: dict[int, Opening]


def draw_office(rng: Generator) -> Office:
    """A random layout whose rooms are look-alikes, but for a few."""
    length, depth = float(rng.uniform(*LENGTH)), float(rng.uniform(*DEPTH))
    corridor = float(rng.uniform(1.8, 2.4))
    module = float(rng.uniform(3.2, 4.4))
    comb = rng.random() < 0.35
    cut = _comb if comb else _ring
    halls, rooms = cut(rng, length, depth, corridor, module)
    cells = [_rounded(cell) for cell in (*halls, *rooms)]
    corners = [_corners(cell) for cell in cells]
    kinds = ["corridor"] * len(halls) + _kinds(rng, len(rooms))
    walls = find_walls(corners)
    height = round(float(rng.uniform(2.5, 3.0)), 2)
    thickness = float(rng.choice([0.10, 0.12, 0.15]))
    doors = _doors(cells, len(halls), walls)
    glazing = float(rng.uniform(1.2, 2.2)), float(rng.choice([0.85, 0.95]))
    openings = (
        *doors.values(),
        *_passages(walls, len(halls), height, thickness),
        *_windows(walls, len(halls), glazing),
    )
    named = tuple(PlanRoom(kind, corner) for kind, corner in zip(kinds, corners, strict=True))
    plan = Plan(named, walls, openings, height, thickness, 0.25)
    return Office(plan, doors)


def _ring(
    rng: Generator, length: float, depth: float, corridor: float, module: float
) -> tuple[list[Cell], list[Cell]]:
    """Two long corridors, cross corridors, rooms outside and rows back to back between them."""
    row = float(rng.uniform(4.6, 5.8))
    crossings = int(rng.integers(2, 6))
    low, high = row + corridor, depth - row - corridor
    middle = 0.5 * depth
    halls: list[Cell] = [
        (0.0, row, length, low),
        (0.0, high, length, depth - row),
    ]
    block = (length - crossings * corridor) / (crossings + 1)
    rooms = _row((0.0, length), module, 0.0, row) + _row((0.0, length), module, depth - row, depth)
    for k in range(crossings + 1):
        x0 = k * (block + corridor)
        rooms += _row((x0, x0 + block), module, low, middle)
        rooms += _row((x0, x0 + block), module, middle, high)
        if k < crossings:
            halls.append((x0 + block, low, x0 + block + corridor, high))
    return halls, rooms


def _comb(
    rng: Generator, length: float, depth: float, corridor: float, module: float
) -> tuple[list[Cell], list[Cell]]:
    """A spine along x with rooms below it and wings above it, a corridor in each wing."""
    row = float(rng.uniform(4.4, 5.2))
    wings = 3 if 3 * (2 * row + corridor) + 12 < length else 2
    wing = 2 * row + corridor
    gap = (length - wings * wing) / (wings - 1)
    base = row + corridor
    halls: list[Cell] = [(0.0, row, length, base)]
    rooms = _row((0.0, length), module, 0.0, row)
    for k in range(wings):
        x0 = k * (wing + gap)
        halls.append((x0 + row, base, x0 + row + corridor, depth))
        for a, b in ((x0, x0 + row), (x0 + row + corridor, x0 + wing)):
            rooms += [(a, c, b, d) for c, d in _spans((base, depth), module)]
    return halls, rooms


def _row(span: tuple[float, float], module: float, low: float, high: float) -> list[Cell]:
    return [(a, low, b, high) for a, b in _spans(span, module)]


def _spans(span: tuple[float, float], module: float) -> list[tuple[float, float]]:
    """Equal parts of about `module` metres."""
    count = max(1, round((span[1] - span[0]) / module))
    edges = np.linspace(span[0], span[1], count + 1)
    return [(float(a), float(b)) for a, b in itertools.pairwise(edges)]


def _kinds(rng: Generator, count: int) -> list[str]:
    """Mostly offices, a few others."""
    kinds = ["office"] * count
    for k, room in enumerate(rng.permutation(count)[: max(3, count // 14)]):
        kinds[int(room)] = SPECIAL[k % len(SPECIAL)]
    return kinds


def _rounded(cell: Cell) -> Cell:
    x0, y0, x1, y1 = (round(value, 2) for value in cell)
    return x0, y0, x1, y1


def _corners(cell: Cell) -> tuple[tuple[float, float], ...]:
    x0, y0, x1, y1 = cell
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _doors(cells: list[Cell], halls: int, walls: tuple[Wall, ...]) -> dict[int, Opening]:
    """One door for every room, at the same place of the wall to its longest corridor."""
    doors = {}
    for room in range(halls, len(cells)):
        fit = [
            wall
            for wall in walls
            if room in wall.rooms and min(wall.rooms) < halls and not wall.outer
        ]
        wall = max(fit, key=lambda w: (w.length, -w.line))
        low = round(wall.low + DOOR_INSET, 3)
        doors[room] = Opening(
            "door", wall, low, round(low + DOOR_WIDTH, 3), 0.0, DOOR_TOP,
            into=room, angle=float(np.radians(86)),
        )  # fmt: skip
    return doors


def _passages(
    walls: tuple[Wall, ...], halls: int, height: float, thickness: float
) -> list[Opening]:
    """Wide openings where corridors meet."""
    found = []
    for wall in walls:
        if not wall.outer and max(wall.rooms) < halls:
            inset = 0.5 * thickness + 0.06
            low, high = round(wall.low + inset, 3), round(wall.high - inset, 3)
            found.append(Opening("arch", wall, low, high, 0.0, min(2.4, height - 0.12)))
    return found


def _windows(walls: tuple[Wall, ...], halls: int, glazing: tuple[float, float]) -> list[Opening]:
    """A window for every outer wall of a room, and at the ends of corridors."""
    width, bottom = glazing
    found = []
    for wall in walls:
        if not wall.outer or wall.length < 1.4:
            continue
        room = max(wall.rooms) if OUTSIDE in wall.rooms else 0
        span = min(width, wall.length - 0.7)
        if room < halls and wall.length > 4:
            span = min(2.0, wall.length - 0.7)
        count = max(1, round(wall.length / 7.0))
        for k in range(count):
            middle = wall.low + wall.length * (k + 0.5) / count
            low, high = round(middle - span / 2, 3), round(middle + span / 2, 3)
            found.append(Opening("window", wall, low, high, bottom, 2.2))
    return found

"""Partition of an apartment's outline into rectangles: corridors, rows of rooms, a living end.

A *bar* (a corridor with a row of rooms on one or both sides) carries up to two *legs* of the same
make, so outlines are rectangles, L, T and U shapes. One free end is the living block, cut into
one to three open rooms. All coordinates are centre lines of walls, in metres, on whole
centimetres, so that neighbours share their coordinates exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

Cell = tuple[float, float, float, float]
"""A rectangle (x0, y0, x1, y1)."""


@dataclass(frozen=True)
class Patch:
    """A rectangle with its part in the layout: "corridor", "open", "row" or "tucked".

    A "tucked" room lies behind a small one and can only be entered from a neighbour.
    """

    role: str
    cell: Cell


@dataclass(frozen=True)
class _Leg:
    """A corridor going up from the bar at `x`, with rows `left` and `right` of it, up to `top`."""

    x: float
    left: float
    right: float
    top: float
    corner: str = ""


def lay_out(rng: Generator) -> list[Patch]:
    """Rectangles of a random apartment, some of which may be too small or odd to keep."""
    area = float(rng.triangular(40, 62, 150))
    shape = _shape(rng, area)
    width = rng.uniform(1.3, 1.7)
    a = rng.uniform(3.3, 4.4)
    single = shape == "U" or (area < 66 if shape == "I" else rng.random() < 0.2)
    b = 0.0 if single else rng.uniform(3.1, 4.2)
    depth = a + width + b
    legs, length, living = _proportions(rng, shape, area, (a, b, width))
    patches = _bar((a, b, width), length, legs)
    for leg in legs:
        patches += _leg(leg, (a, depth, width))
    patches += _ends(rng, shape, legs, (a, depth, width, length), living)
    rooms = [piece for patch in patches for piece in _cut(rng, patch)]
    return _turn(rng, [_round(patch) for patch in rooms])


def _shape(rng: Generator, area: float) -> str:
    if area < 64:
        return "I"
    if area < 84:
        return str(rng.choice(["I", "I", "L"]))
    if area < 112:
        return str(rng.choice(["I", "L", "L", "T"]))
    return str(rng.choice(["I", "L", "T", "U", "U"]))


def _proportions(
    rng: Generator, shape: str, area: float, bar: tuple[float, float, float]
) -> tuple[list[_Leg], float, float]:
    """Legs, length of the bar and length of the living block for a target area."""
    a, b, width = bar
    depth = a + width + b
    living = rng.uniform(4.0, 6.2)
    if shape == "I":
        total = area / depth
        living = float(np.clip(total * rng.uniform(0.34, 0.46), 3.7, 7.0))
        return [], total - living, living
    one, two = rng.uniform(3.0, 4.0, 2)
    if shape == "U":
        length = one + two + 2 * width + rng.uniform(3.0, 4.5)
        rest = area - length * depth - living * (one + width)
        rise = float(np.clip(rest / (one + two + 2 * width), 2.0, 6.5))
        top_one = depth + rise
        top_two = depth + max(1.8, rise * rng.uniform(0.7, 1.2))
        legs = [
            _Leg(one, one, 0, top_one, "left"),
            _Leg(length - two - width, 0, two, top_two, "right"),
        ]
        return legs, length, living
    if rng.random() < 0.4:
        one = 0.0
    across = one + width + two
    length = across + rng.uniform(1.8, 5.0)
    rest = area - length * depth - living * (depth if shape == "L" else across)
    rise = float(np.clip(rest / across, 2.4, 8.0))
    if shape == "L":
        return [_Leg(length - two - width, one, two, depth + rise, "right")], length, living
    x = rng.uniform(0.35, 0.65) * length
    one, two = min(max(one, 2.8), x), min(two, length - x - width)
    return [_Leg(x, one, two, depth + rise)], length, living


def _bar(bar: tuple[float, float, float], length: float, legs: list[_Leg]) -> list[Patch]:
    """The horizontal corridor, the row below it and the row above, broken where legs start."""
    a, b, width = bar
    start = min([leg.x for leg in legs if leg.corner == "left"], default=0.0)
    stop = max([leg.x + width for leg in legs if leg.corner == "right"], default=length)
    patches = [
        Patch("corridor", (start, a, stop, a + width)),
        Patch("row up", (0, 0, length, a)),
    ]
    edges = [start]
    for leg in legs:
        edges += [leg.x, leg.x + width]
    edges += [stop]
    if b > 0:
        for x0, x1 in zip(edges[::2], edges[1::2], strict=True):
            if x1 - x0 > 0.5:
                patches.append(Patch("row down", (x0, a + width, x1, a + width + b)))
    return patches


def _leg(leg: _Leg, bar: tuple[float, float, float]) -> list[Patch]:
    """The vertical corridor of a leg and its two rows; corner legs turn the corridor around."""
    a, depth, width = bar
    patches = [Patch("corridor", (leg.x, a + width, leg.x + width, leg.top))]
    if leg.left:
        low = a if leg.corner == "left" else depth
        patches.append(Patch("row right", (leg.x - leg.left, low, leg.x, leg.top)))
    if leg.right:
        low = a if leg.corner == "right" else depth
        cell = (leg.x + width, low, leg.x + width + leg.right, leg.top)
        patches.append(Patch("row left", cell))
    return patches


def _ends(
    rng: Generator,
    shape: str,
    legs: list[_Leg],
    bar: tuple[float, float, float, float],
    living: float,
) -> list[Patch]:
    """The living block at one free end and, sometimes, a room at another."""
    _, depth, width, length = bar
    patches = []
    low, high = rng.uniform(0.6, 1.8, 2) * (rng.random(2) < 0.35)
    on_leg = shape in ("T", "U") or (shape == "L" and rng.random() < 0.3)
    if on_leg:
        leg = legs[0]
        x0, x1 = leg.x - leg.left - low, leg.x + width + leg.right
        patches.append(Patch("open", (x0, leg.top, x1, leg.top + living)))
    else:
        patches.append(Patch("open", (-living, -low, 0, depth + high)))
    for leg in legs[1:] if on_leg else legs:
        if rng.random() < 0.5:
            x0, x1 = leg.x - leg.left, leg.x + width + leg.right
            patches.append(Patch("end", (x0, leg.top, x1, leg.top + rng.uniform(2.8, 3.8))))
    right_free = shape in ("I", "T")
    if right_free and rng.random() < 0.55:
        patches.append(Patch("end", (length, 0, length + rng.uniform(2.7, 3.6), depth)))
    return patches


def _cut(rng: Generator, patch: Patch) -> list[Patch]:
    """Rooms of one patch."""
    x0, y0, x1, y1 = patch.cell
    role = patch.role
    if role == "corridor":
        return [patch]
    if role == "open":
        return [Patch("open", cell) for cell in _cut_open(rng, patch.cell)]
    if role == "end":
        if max(x1 - x0, y1 - y0) > 6.3:
            return [Patch("row", cell) for cell in _halve(rng, patch.cell)]
        return [Patch("row", patch.cell)]
    along = 0 if role in ("row up", "row down") else 1
    length, depth = ((x1 - x0), (y1 - y0)) if along == 0 else ((y1 - y0), (x1 - x0))
    rooms = []
    position = 0.0
    for width in _widths(rng, length, depth):
        lo, hi = position, position + width
        position = hi
        cell = (x0 + lo, y0, x0 + hi, y1) if along == 0 else (x0, y0 + lo, x1, y0 + hi)
        if width < 2.6 and depth > 3.3 and length > 4.5 and rng.random() < 0.45:
            rooms += _tuck(rng, cell, role)
        else:
            rooms.append(Patch("row", cell))
    return rooms


def _widths(rng: Generator, length: float, depth: float) -> list[float]:
    """Widths of the rooms along a row; small ones for baths between larger ones."""
    widths: list[float] = []
    while sum(widths) < length:
        small = rng.random() < (0.2 if widths and widths[-1] < 2.5 else 0.4)
        least = max(2.6, 8.6 / depth)
        widths.append(rng.uniform(1.75, 2.4) if small else rng.uniform(least, least + 1.9))
    if len(widths) > 1 and sum(widths) - length > length - sum(widths[:-1]):
        widths.pop()
    scale = length / sum(widths)
    return [width * scale for width in widths]


def _tuck(rng: Generator, cell: Cell, role: str) -> list[Patch]:
    """A small room at the corridor and another one behind it."""
    x0, y0, x1, y1 = cell
    front = rng.uniform(1.35, 1.65)
    if role == "row up":
        near, far = (x0, y1 - front, x1, y1), (x0, y0, x1, y1 - front)
    elif role == "row down":
        near, far = (x0, y0, x1, y0 + front), (x0, y0 + front, x1, y1)
    elif role == "row right":
        near, far = (x1 - front, y0, x1, y1), (x0, y0, x1 - front, y1)
    else:
        near, far = (x0, y0, x0 + front, y1), (x0 + front, y0, x1, y1)
    return [Patch("row", near), Patch("tucked", far)]


def _halve(rng: Generator, cell: Cell) -> list[Cell]:
    x0, y0, x1, y1 = cell
    share = rng.uniform(0.4, 0.6)
    if x1 - x0 > y1 - y0:
        middle = x0 + share * (x1 - x0)
        return [(x0, y0, middle, y1), (middle, y0, x1, y1)]
    middle = y0 + share * (y1 - y0)
    return [(x0, y0, x1, middle), (x0, middle, x1, y1)]


def _cut_open(rng: Generator, cell: Cell) -> list[Cell]:
    """Living room alone, or with a kitchen or dining room, or both, beside it."""
    x0, y0, x1, y1 = cell
    area = (x1 - x0) * (y1 - y0)
    if area < 24 or (area < 34 and rng.random() < 0.4):
        return [cell]
    share = rng.uniform(0.32, 0.42)
    if rng.random() < 0.5:
        share = 1 - share
    if x1 - x0 > y1 - y0:
        middle = x0 + share * (x1 - x0)
        parts = [(x0, y0, middle, y1), (middle, y0, x1, y1)]
    else:
        middle = y0 + share * (y1 - y0)
        parts = [(x0, y0, x1, middle), (x0, middle, x1, y1)]
    if area < 46:
        return parts
    parts.sort(key=lambda c: (c[2] - c[0]) * (c[3] - c[1]))
    return [parts[0], *_halve(rng, parts[1])] if rng.random() < 0.6 else parts


def _round(patch: Patch) -> Patch:
    x0, y0, x1, y1 = (round(float(value), 2) for value in patch.cell)
    return replace(patch, cell=(x0, y0, x1, y1))


def _turn(rng: Generator, patches: list[Patch]) -> list[Patch]:
    """Mirrors and transposes the layout at random and moves its corner to the origin."""
    flip_x, flip_y, swap = rng.random(3) < 0.5
    turned = []
    for patch in patches:
        x0, y0, x1, y1 = patch.cell
        if flip_x:
            x0, x1 = -x1, -x0
        if flip_y:
            y0, y1 = -y1, -y0
        if swap:
            x0, y0, x1, y1 = y0, x0, y1, x1
        turned.append((patch, (x0, y0, x1, y1)))
    left = min(cell[0] for _, cell in turned)
    below = min(cell[1] for _, cell in turned)
    return [
        _round(replace(patch, cell=(c[0] - left, c[1] - below, c[2] - left, c[3] - below)))
        for patch, c in turned
    ]

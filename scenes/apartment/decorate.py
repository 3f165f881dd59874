"""What every room gets: lamps, curtains, radiators, and pictures on the walls that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navworld.scenes.apartment.place import Spot
from navworld.scenes.apartment.shell import rectangles

if TYPE_CHECKING:
    from navworld.scenes.apartment.furnish import Furnisher

EYE_HEIGHT = 1.55
DRY = ("living room", "dining room", "bedroom", "children's room", "study")


def lamps(room: Furnisher) -> None:
    """Ceiling lamps in the middle of the room, several along a corridor."""
    space = room.space
    long = max(rectangles(space.corners), key=lambda cell: (cell[2] - cell[0]) * (cell[3] - cell[1]))
    cells = rectangles(space.corners) if len(space.corners) > 4 else [long]
    for x0, y0, x1, y1 in cells:
        if (x1 - x0) * (y1 - y0) < 2.5 and len(cells) > 1:
            continue
        count = max(1, round(max(x1 - x0, y1 - y0) / 4.5))
        for k in range(count):
            share = (k + 0.5) / count
            x = x0 + share * (x1 - x0) if x1 - x0 >= y1 - y0 else 0.5 * (x0 + x1)
            y = y0 + share * (y1 - y0) if x1 - x0 < y1 - y0 else 0.5 * (y0 + y1)
            hanging = space.kind in DRY and room.chance(0.5)
            piece = room.make("pendant lamp" if hanging else "ceiling lamp")
            spot = Spot(piece, x, y, space.plan.height, hung="ceiling")
            if spot.span[0] < 1.85:
                spot = Spot(room.make("ceiling lamp"), x, y, space.plan.height, hung="ceiling")
            if space.put(spot):
                room.light(spot)


def windows(room: Furnisher) -> None:
    """Curtains at windows, or a radiator below them."""
    space = room.space
    curtained = room.chance(0.65) and space.kind in DRY
    for edge in space.edges:
        for low, high, opening in edge.holes:
            if opening.kind != "window":
                continue
            at = 0.5 * (low + high)
            if curtained:
                piece = room.make("curtain", None, high - low + 0.45)
                z = max(0.5 * piece.size[2] + 0.02, min(opening.top + 0.18, space.plan.height - 0.03) - 0.5 * piece.size[2])
                fits = z + 0.5 * piece.size[2] < space.plan.height
                if fits and space.put(space.on_wall(piece, edge, at, z)):
                    continue
            if opening.bottom > 0.8 and space.kind != "kitchen":
                piece = room.make("radiator", None, min(high - low, 1.4))
                if 0.12 + piece.size[2] < opening.bottom - 0.03:
                    space.put(space.on_wall(piece, edge, at, 0.12 + 0.5 * piece.size[2]))


def finish(room: Furnisher) -> None:
    """Pictures, posters, a clock and shelves on free walls."""
    kinds = {
        "bathroom": ("picture",), "toilet": ("picture",), "storage": ("poster",),
        "laundry": ("poster", "clock"), "kitchen": ("clock", "picture", "picture", "poster"),
        "children's room": ("poster", "poster", "wall shelf", "picture", "clock"),
        "study": ("picture", "wall shelf", "poster", "clock", "picture"),
    }.get(room.space.kind, ("picture", "clock", "picture", "wall shelf", "poster", "picture"))  # fmt: skip
    girth = 2 * sum(room.space.size)
    wanted = int(np.clip(girth / 3.0, 1, 8))
    for k in range(wanted):
        _hang(room, kinds[k % len(kinds)])


def _hang(room: Furnisher, kind: str) -> None:
    """Hangs something at eye height where the wall and the air before it are free."""
    space = room.space
    piece = room.make(kind)
    height = EYE_HEIGHT + room.between(-0.05, 0.12)
    if kind == "clock":
        height = 1.9
    low = height - 0.5 * piece.size[2]
    width = piece.size[1] + 0.16
    places = space.along_walls(room.rng, width, prefer="any", tall=piece.size[2] + 0.1, z=low - 0.05)
    for tries, (edge, at) in enumerate(places):
        if tries > 10:
            return
        spot = space.on_wall(piece, edge, at, height)
        around = Spot(piece, spot.x, spot.y, height, spot.yaw, hung="wall")
        if _clear_air(room, around) and space.put(spot):
            return


def _clear_air(room: Furnisher, spot: Spot) -> bool:
    """Whether nothing tall stands right before a place on a wall."""
    reach = 0.4
    c, s = np.cos(spot.yaw), np.sin(spot.yaw)
    x0, y0, x1, y1 = spot.rect
    x0, x1 = min(x0, x0 + reach * c), max(x1, x1 + reach * c)
    y0, y1 = min(y0, y0 + reach * s), max(y1, y1 + reach * s)
    low, high = spot.span
    for other in room.space.spots:
        bottom, top = other.span
        if top > low and bottom < high:
            a0, b0, a1, b1 = other.rect
            if a0 < x1 and x0 < a1 and b0 < y1 and y0 < b1:
                return False
    return True

"""What every room gets: lamps, curtains, radiators, and pictures on the walls that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navworld.scenes.apartment.place import Spot
from navworld.scenes.apartment.shell import rectangles
from navworld.scenes.furniture import MOUNT

if TYPE_CHECKING:
    from navworld.scenes.apartment.furnish import Furnisher

EYE_HEIGHT = 1.55
DRY = ("living room", "dining room", "bedroom", "children's room", "study")


def lamps(room: Furnisher) -> None:
    """Ceiling lamps in the middle of the room, several along a corridor."""
    space = room.space
    long = max(
        rectangles(space.corners), key=lambda cell: (cell[2] - cell[0]) * (cell[3] - cell[1])
    )
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
                room.lit.append(spot)


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
                z = max(
                    0.5 * piece.size[2] + 0.02,
                    min(opening.top + 0.18, space.plan.height - 0.03) - 0.5 * piece.size[2],
                )
                fits = z + 0.5 * piece.size[2] < space.plan.height
                if fits and space.put(space.on_wall(piece, edge, at, z)):
                    continue
            if opening.bottom > 0.8 and space.kind != "kitchen":
                piece = room.make("radiator", None, min(high - low, 1.4))
                if 0.12 + piece.size[2] < opening.bottom - 0.03:
                    space.put(space.on_wall(piece, edge, at, 0.12 + 0.5 * piece.size[2]))


def finish(room: Furnisher) -> None:
    """Pictures, posters, a clock and shelves on free walls."""
    special = {
        "bathroom": ("picture",), "toilet": ("picture",), "storage": ("poster",),
        "laundry": ("poster", "clock"), "kitchen": ("clock", "picture", "picture", "poster"),
        "children's room": ("poster", "poster", "wall shelf", "picture", "clock"),
        "study": ("picture", "wall shelf", "poster", "clock", "picture"),
    }  # fmt: skip
    usual = ("picture", "clock", "picture", "wall shelf", "poster", "picture")
    kinds = special.get(room.space.kind, usual)
    girth = 2 * sum(room.space.size)
    wanted = int(np.clip(girth / 3.0, 1, 8))
    for k in range(wanted):
        _hang(room, kinds[k % len(kinds)])


EXTRAS: dict[str, tuple[str, ...]] = {
    "living room": ("bookcase", "plant", "wall shelf", "shelf", "basket", "wall shelf", "plant"),
    "dining room": ("dresser", "wall shelf", "plant", "shelf", "wall shelf", "bookcase", "picture"),
    "kitchen": ("wall shelf", "plant", "shelf", "wall cabinet", "stool", "wall shelf", "basket"),
    "bedroom": ("bookcase", "plant", "wall shelf", "shelf", "basket", "wall shelf", "stool"),
    "children's room": ("toys", "wall shelf", "shelf", "toys", "bookcase", "wall shelf", "plant"),
    "study": ("bookcase", "shelf", "plant", "wall shelf", "box", "wall shelf", "basket"),
    "bathroom": ("wall cabinet", "towel rail", "plant", "basket", "stool", "towel rail", "plant"),
    "toilet": ("wall cabinet", "picture", "towel rail", "basket"),
    "corridor": ("wall coat rack", "shoe rack", "plant", "wall shelf", "bookcase", "wall shelf"),
    "hallway": ("shoe rack", "wall coat rack", "plant", "wall shelf", "basket"),
    "storage": ("shelf", "shoe rack", "basket", "box", "wall shelf"),
    "laundry": ("wall cabinet", "shelf", "basket", "towel rail", "plant"),
}
TOPS = ("dresser", "dining table", "desk", "side table", "coffee table", "kitchen counter", "bench")
SMALL_THINGS = (
    "books", "tableware", "vase", "fruit bowl", "wall shelf", "plant", "basket", "toys", "clock",
)  # fmt: skip


def balance(rooms: list[Furnisher], triangles: tuple[int, int]) -> None:
    """Adds or takes away small things until all pieces have a number of triangles in a range."""
    least, most = triangles
    count = sum(_triangles(spot) for room in rooms for spot in room.space.spots)
    for turn in range(24):
        for room in rooms:
            if count >= least:
                break
            kinds = EXTRAS[room.space.kind]
            before = len(room.space.spots)
            if turn % 2:
                _extra(room, kinds[turn // 2 % len(kinds)])
            else:
                _set_down(room)
            count += sum(_triangles(spot) for spot in room.space.spots[before:])
    for room in sorted(rooms, key=lambda room: -room.space.area):
        for spot in [spot for spot in room.space.spots if spot.piece.kind in SMALL_THINGS]:
            if count > most:
                room.space.spots.remove(spot)
                count -= _triangles(spot)


def _set_down(room: Furnisher) -> None:
    """Puts a few more things on what has a free top."""
    bases = [spot for spot in room.space.spots if spot.piece.kind in TOPS]
    for base in bases:
        along = room.between(-0.4, 0.4) * base.piece.size[1]
        room.on_top(
            room.pick(("fruit bowl", "tableware", "plant", "plant", "vase")), base, along=along
        )


def _triangles(spot: Spot) -> int:
    return spot.piece.mesh.triangle_count


def _extra(room: Furnisher, kind: str) -> None:
    if MOUNT[kind] == "wall":
        _hang(room, kind)
    else:
        room.somewhere(room.make(kind))


def _hang(room: Furnisher, kind: str) -> None:
    """Hangs something at eye height where the wall and the air before it are free."""
    space = room.space
    piece = room.make(kind)
    height = EYE_HEIGHT + room.between(-0.05, 0.12)
    if kind in ("clock", "wall cabinet"):
        height = 1.85
    elif kind == "towel rail":
        height = 1.15
    low = height - 0.5 * piece.size[2]
    width = piece.size[1] + 0.16
    places = space.along_walls(
        room.rng, width, prefer="any", tall=piece.size[2] + 0.1, z=low - 0.05
    )
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

"""Groups of furniture that belong together: a bed and its nightstands, a sofa and what it faces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from navworld.scenes.apartment.place import CURTAIN_GAP, WALL_GAP, Edge, Spot

if TYPE_CHECKING:
    from navworld.scenes.apartment.furnish import Furnisher
    from navworld.scenes.furniture import Piece


def bed(room: Furnisher, *, double: bool) -> None:
    """A bed, its head to a wall, with nightstands and a lamp; a rug before it."""
    for kind in ("double bed", "single bed") if double else ("single bed",):
        piece = room.make(kind)
        stands = [room.make("nightstand")] * (2 if kind == "double bed" else 1)
        width = piece.size[1]

        def beside(
            edge: Edge, at: float, stands: list[Piece] = stands, width: float = width
        ) -> list[Spot]:
            spots = []
            for side, stand in zip((1, -1), stands, strict=False):
                if len(stands) == 1 and at > 0.5 * edge.length:
                    side = -side
                shift = side * 0.5 * (width + stand.size[1] + 0.06)
                spots.append(room.space.against_wall(stand, edge, at + shift))
            return spots

        prefer = "middle" if kind == "double bed" else "corner"
        for also, count, gap in (
            (beside, len(stands), WALL_GAP), (None, 0, WALL_GAP), (None, 0, CURTAIN_GAP)
        ):  # fmt: skip
            low = 0.84 if gap == WALL_GAP else 0.05
            placed = room.by_wall(piece, prefer=prefer, under_window=low, gap=gap, also=also)
            if placed is None:
                continue
            for stand in room.space.spots[len(room.space.spots) - count :] if count else []:
                room.on_top("table lamp", stand, out=-0.05)
                if room.chance(0.4):
                    room.on_top("books", stand, along=0.1, out=0.1)
            rug(room, around=placed)
            return


def rug(room: Furnisher, around: Spot | None = None) -> None:
    """A rug in the middle of the room, or under the front of a piece."""
    piece = room.make("rug")
    if around is not None:
        c, s = np.cos(around.yaw), np.sin(around.yaw)
        out = 0.25 * around.piece.size[0] + 0.2
        spot = Spot(piece, around.x + c * out, around.y + s * out, 0.0, around.yaw, flat=True)
        if room.space.put(spot):
            return
    x0, y0, x1, y1 = room.space.bounds
    for turn in (0.0, 0.5 * np.pi):
        spot = Spot(piece, 0.5 * (x0 + x1), 0.5 * (y0 + y1), 0.0, turn, flat=True)
        if room.space.put(spot):
            return


def sofa_corner(room: Furnisher) -> None:
    """A sofa facing the television across a coffee table on a rug."""
    wide = room.space.area > 24 and room.chance(0.45)
    sizes = [("corner sofa", None, None)] * wide + [("sofa", None, None), ("sofa", 1.5, 1.1)]
    for kind, long, broad in sizes:
        sofa, table = room.make(kind, None, long), room.make("coffee table")
        stand = room.make("tv stand", None, broad)
        for tall, gap in ((stand.size[2], WALL_GAP), (0.05, CURTAIN_GAP)):
            places = room.space.along_walls(room.rng, stand.size[1], prefer="middle", tall=tall)
            for tries, (edge, at) in enumerate(places):
                if tries > 16:
                    break
                if _sofa_group(room, edge, at, (sofa, stand, table), gap):
                    return
    for width, front, gap in (
        (None, 0.4, WALL_GAP), (1.4, 0.4, WALL_GAP),
        (1.4, 0.4, CURTAIN_GAP), (1.4, 0.2, CURTAIN_GAP),
    ):  # fmt: skip
        tall = 0.5 if gap == WALL_GAP else 0.05
        seat = room.by_wall(room.make("sofa", None, width), under_window=tall, front=front, gap=gap)
        if seat is not None:
            _around_sofa(room, seat, (seat.x + np.cos(seat.yaw), seat.y + np.sin(seat.yaw)))
            break
    stand = room.make("tv stand", None, 1.1)
    if room.by_wall(stand, prefer="middle", front=0.4) is None:
        room.by_wall(stand, front=0.3, under_window=0.05, gap=CURTAIN_GAP)


def _sofa_group(
    room: Furnisher, edge: Edge, at: float, pieces: tuple[Piece, Piece, Piece], space_behind: float
) -> bool:
    """Tries the group around a television at a place of a wall, the sofa at several distances."""
    sofa, stand, table = pieces
    space = room.space
    television = space.against_wall(stand, edge, at, gap=space_behind)
    depth = _room_depth(room, edge)
    facing = edge.yaw + np.pi
    distances = [depth - WALL_GAP, depth - CURTAIN_GAP] if depth < 5.2 else []
    distances += [d for d in (stand.size[0] + 2.4 + sofa.size[0], 4.2) if d < depth - 0.85]
    for reach in distances:
        centre = reach - 0.5 * sofa.size[0]
        gap = centre - 0.5 * sofa.size[0] - stand.size[0]
        if gap < 1.5:
            continue
        px, py = edge.point(at, centre)
        seat = Spot(sofa, px, py, 0.0, facing)
        qx, qy = edge.point(at, centre - 0.5 * sofa.size[0] - 0.38 - 0.5 * table.size[0])
        low = Spot(table, qx, qy, 0.0, facing)
        if gap < 1.05 + table.size[0] or not space.accepts(television, seat, low):
            if not space.put(television, seat):
                continue
        else:
            space.take(television, seat, low)
            for item in ("books", "tableware", "vase"):
                if room.chance(0.5):
                    room.on_top(item, low, along=room.between(-0.4, 0.4))
        _around_sofa(room, seat, edge.point(at, centre - 0.5 * sofa.size[0] - 0.6))
        return True
    return False


def _around_sofa(room: Furnisher, seat: Spot, middle: tuple[float, float]) -> None:
    """Rug before the sofa, side table or floor lamp next to it, an armchair at an angle."""
    carpet = room.make("rug")
    room.space.put(Spot(carpet, *middle, 0.0, seat.yaw, flat=True))
    c, s = np.cos(seat.yaw), np.sin(seat.yaw)
    for side in (1, -1):
        kind = room.pick(("side table", "floor lamp"))
        piece = room.make(kind)
        shift = side * (0.5 * (seat.piece.size[1] + piece.size[1]) + 0.08)
        out = -0.5 * (seat.piece.size[0] - piece.size[0]) + 0.05
        spot = Spot(
            piece, seat.x + c * out - s * shift, seat.y + s * out + c * shift, 0.0, seat.yaw
        )
        if room.space.put(spot):
            if kind == "side table":
                room.on_top("table lamp", spot)
            elif room.chance(0.6):
                room.lit.append(spot)
    chair = room.make("armchair")
    for side in (1, -1) if room.chance(0.5) else (-1, 1):
        shift = side * (0.5 * seat.piece.size[1] + 0.5)
        for out in (1.5, 1.8):
            x, y = seat.x + c * out - s * shift, seat.y + s * out + c * shift
            spot = Spot(chair, x, y, 0.0, seat.yaw - side * np.radians(room.between(75, 125)))
            if room.space.put(spot):
                return


def _room_depth(room: Furnisher, edge: Edge) -> float:
    return room.space.size[0] if abs(edge.normal[0]) > 0.5 else room.space.size[1]


def dining_table(room: Furnisher, *, seats: int, small: bool = False) -> None:
    """A table with chairs around it, free in the room, or with its head to a wall."""
    space = room.space
    for count in range(seats, 1, -2):
        width = {2: 0.8, 4: 1.2, 6: 1.7}[count]
        table = room.make("dining table", 0.75 if small else 0.88, width)
        chairs = [room.make("dining chair")] * count
        for x, y, yaw in _table_places(room, table.size):
            top = Spot(table, x, y, 0.0, yaw)
            around = _chairs(room, top, chairs)
            if space.accepts(top) and space.accepts(*_table_block(top, around)):
                space.take(top, *around)
                _set_table(room, top)
                return


def _table_places(
    room: Furnisher, size: tuple[float, float, float]
) -> list[tuple[float, float, float]]:
    """Places for a table: the middle of the room first, then others at random."""
    x0, y0, x1, y1 = room.space.bounds
    turns = (0.0, 0.5 * np.pi) if x1 - x0 < y1 - y0 else (0.5 * np.pi, 0.0)
    places = [(0.5 * (x0 + x1), 0.5 * (y0 + y1), yaw) for yaw in turns]
    for u, v, w in room.rng.random((14, 3)):
        yaw = turns[int(w > 0.6)]
        half = 0.5 * (size[0] if yaw == 0 else size[1]), 0.5 * (size[1] if yaw == 0 else size[0])
        room_x, room_y = x1 - x0 - 2 * half[0] - 0.04, y1 - y0 - 2 * half[1] - 0.04
        if room_x > 0 and room_y > 0:
            places.append((x0 + half[0] + 0.02 + u * room_x, y0 + half[1] + 0.02 + v * room_y, yaw))
    return places


def _chairs(room: Furnisher, table: Spot, chairs: list) -> list[Spot]:
    """Chairs on both long sides of a table, facing it, pushed in a little."""
    depth, width, _ = table.piece.size
    per_side = len(chairs) // 2
    c, s = np.cos(table.yaw), np.sin(table.yaw)
    spots = []
    for k, chair in enumerate(chairs):
        side = 1.0 if k < per_side else -1.0
        along = width * ((k % per_side + 0.5) / per_side - 0.5)
        out = side * (0.5 * depth + 0.5 * chair.size[0] - room.between(0.08, 0.16))
        yaw = table.yaw + (np.pi if side > 0 else 0.0)
        spots.append(
            Spot(chair, table.x + c * out - s * along, table.y + s * out + c * along, 0.0, yaw)
        )
    return spots


def _table_block(table: Spot, chairs: list[Spot]) -> list[Spot]:
    """The chairs as they are tested for room: moved out to where they leave the table free."""
    block = []
    for chair in chairs:
        c, s = np.cos(chair.yaw), np.sin(chair.yaw)
        block.append(replace(chair, x=chair.x - 0.2 * c, y=chair.y - 0.2 * s))
    return [table, *block]


def _set_table(room: Furnisher, table: Spot) -> None:
    width = table.piece.size[1]
    middle = room.pick(("vase", "fruit bowl", "plant", "fruit bowl"))
    if middle != "plant":
        room.on_top(middle, table)
    for side in (-1, 1):
        if room.chance(0.6):
            room.on_top("tableware", table, along=0.3 * side * width, out=0.2 * side)


def sideboard(room: Furnisher) -> None:
    """A dresser or shelf with things on it."""
    spot = room.by_wall(room.make("dresser"), prefer="middle", front=0.5)
    if spot is not None:
        _things_on(room, spot, ("vase", "books", "table lamp", "tableware", "fruit bowl"))


def _things_on(room: Furnisher, spot: Spot, kinds: tuple[str, ...]) -> None:
    width = spot.piece.size[1]
    for place in (-0.32, 0.0, 0.32):
        if room.chance(0.6):
            room.on_top(room.pick(kinds), spot, along=place * width)


def bookcases(room: Furnisher, count: int) -> None:
    """Bookcases along the walls."""
    for _ in range(count):
        room.by_wall(room.make("bookcase"), front=0.4)


def shelves(room: Furnisher, count: int) -> None:
    """Open shelves along the walls."""
    for _ in range(count):
        room.by_wall(room.make("shelf"), front=0.4)


def reading_corner(room: Furnisher) -> None:
    """An armchair with a floor lamp beside it."""
    chair = room.make("armchair")
    lamp = room.make("floor lamp")

    def beside(edge: Edge, at: float) -> list[Spot]:
        shift = 0.5 * (chair.size[1] + lamp.size[1]) + 0.05
        side = 1 if at < 0.5 * edge.length else -1
        return [room.space.against_wall(lamp, edge, at + side * shift)]

    if room.by_wall(chair, front=0.45, under_window=0.84, also=beside) and room.chance(0.6):
        room.lit.append(room.space.spots[-1])


def plants(room: Furnisher, count: int) -> None:
    """Pot plants in corners."""
    for _ in range(count):
        room.somewhere(room.make("plant"))


def wardrobes(room: Furnisher) -> None:
    """A wardrobe, if need be a narrow one."""
    for width, front in ((None, 0.55), (1.0, 0.5), (0.8, 0.35)):
        if room.by_wall(room.make("wardrobe", None, width), front=front):
            return


def dressing_table(room: Furnisher) -> None:
    """A dresser with a mirror above it and things on it."""
    if room.space.area < 9:
        return
    spot = room.by_wall(room.make("dresser"), prefer="any", front=0.55)
    if spot is None:
        return
    if room.chance(0.6):
        mirror = room.make("mirror")
        back = 0.5 * spot.piece.size[0] + WALL_GAP - 0.002
        x, y = spot.x - back * np.cos(spot.yaw), spot.y - back * np.sin(spot.yaw)
        z = spot.piece.size[2] + 0.12 + 0.5 * mirror.size[2]
        room.space.put(Spot(mirror, x, y, z, spot.yaw, hung="wall"))
    _things_on(room, spot, ("vase", "books", "table lamp", "box"))


def desk(room: Furnisher) -> None:
    """A desk with a chair in front of it, a computer and a lamp on it."""
    table, chair = room.make("desk"), room.make("office chair")

    def before(edge: Edge, at: float) -> list[Spot]:
        out = WALL_GAP + table.size[0] + 0.5 * chair.size[0] + 0.03
        x, y = edge.point(at + 0.02, out)
        return [Spot(chair, x, y, 0.0, edge.yaw + np.pi)]

    spot = room.by_wall(table, prefer="any", under_window=0.84, also=before)
    if spot is None:
        return
    side = 1 if room.chance(0.5) else -1
    width = table.size[1]
    room.on_top("computer", spot, along=-0.1 * side * width, out=-0.02)
    room.on_top("table lamp", spot, along=0.45 * side * width, out=-0.2)
    if room.chance(0.6):
        room.on_top("books", spot, along=-0.5 * side * width)


def bath_fittings(room: Furnisher) -> None:
    """Tub or shower, toilet and sink, the largest first."""
    tub = room.chance(0.6) and room.space.area > 4.5
    for kind in ("bathtub", "shower") if tub else ("shower", "bathtub"):
        side = 0.8 if kind == "shower" and room.space.area < 6 else None
        if room.by_wall(room.make(kind, side, side), under_window=1.2):
            break
    toilet(room)
    sink(room)
    if room.space.area > 9 and room.chance(0.5):
        room.by_wall(room.make("shower"), under_window=2.1)
    rail = room.make("towel rail")
    for edge, at in room.space.along_walls(room.rng, rail.size[1], prefer="any", tall=0.7, z=0.8):
        if room.space.put(room.space.on_wall(rail, edge, at, 1.15)):
            break


def sink(room: Furnisher) -> None:
    """A sink with a mirror above it."""
    for width, front in ((None, 0.5), (0.55, 0.45), (0.55, 0.25)):
        basin = room.make("bathroom sink", None, width)
        mirror = room.make("mirror", None, min(basin.size[1], 0.8))
        height = max(1.55, basin.size[2] + 0.1 + 0.5 * mirror.size[2])

        def above(edge: Edge, at: float, mirror: Piece = mirror, z: float = height) -> list[Spot]:
            return [room.space.on_wall(mirror, edge, at, z)]

        for also, tall in ((above, 1.9), (None, None)):
            if room.by_wall(basin, prefer="any", front=front, under_window=tall, also=also):
                return


def toilet(room: Furnisher) -> None:
    """A toilet; in a room of its own with a small sink."""
    for front, prefer in ((0.5, "middle"), (0.35, "corner"), (0.2, "corner")):
        if room.by_wall(room.make("toilet"), prefer=prefer, front=front, under_window=1.0):
            break
    if room.space.kind == "toilet":
        room.by_wall(room.make("bathroom sink", None, 0.4), front=0.3, under_window=1.0)


def entry(room: Furnisher) -> None:
    """What stands in a hall: coats, shoes, a bench, a mirror; all of it leaves the way free."""
    rack = room.make("wall coat rack")
    for edge, at in room.space.along_walls(room.rng, rack.size[1], prefer="any", tall=1.1, z=1.0):
        if room.space.put(room.space.on_wall(rack, edge, at, 1.6)):
            break
    for kind in ("shoe rack", "bench", "dresser", "coat rack", "bookcase"):
        if room.chance(0.65):
            room.by_wall(room.make(kind), prefer="any")
    mirror = room.make("mirror")
    for edge, at in room.space.along_walls(room.rng, mirror.size[1], prefer="any", tall=1.0, z=1.0):
        if room.space.put(room.space.on_wall(mirror, edge, at, 1.5)):
            break
    rug(room)

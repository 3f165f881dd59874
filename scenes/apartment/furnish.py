"""Furnishing: which pieces stand, hang and lie in which room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from navworld.scenes.apartment import decorate, groups, kitchen
from navworld.scenes.apartment.place import WALL_GAP, Edge, Space, Spot
from navworld.scenes.apartment.plan import Plan
from navworld.scenes.furniture import Piece, make
from navworld.scenes.materials import Style


@dataclass
class Furnisher:
    """Furnishes one room.

    Attributes:
        rng: Of this room alone, so that rooms do not disturb one another.
        lit: Spots of the lamps that are switched on.
    """

    rng: Generator
    style: Style
    space: Space
    lit: list[Spot] = field(default_factory=list)

    def make(self, kind: str, depth: float | None = None, width: float | None = None) -> Piece:
        """A new piece, of about the given size."""
        hint = (depth, width) if depth is not None or width is not None else None
        return make(kind, self.rng, self.style, hint)

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """A random number."""
        return float(self.rng.uniform(low, high))

    def pick(self, options: tuple[str, ...]) -> str:
        """One of the options."""
        return options[int(self.rng.integers(len(options)))]

    def by_wall(
        self,
        piece: Piece,
        *,
        prefer: str = "corner",
        front: float = 0.0,
        under_window: float | None = None,
        gap: float = WALL_GAP,
        also: Callable[[Edge, float], list[Spot]] | None = None,
    ) -> Spot | None:
        """Puts a piece with its back to a wall where it fits.

        Args:
            under_window: Height up to which windows count as in the way; its own height if None.
            gap: Between its back and the wall [m].
            also: Gives companions that must fit together with it.
        """
        tall = piece.size[2] if under_window is None else under_window
        places = self.space.along_walls(self.rng, piece.size[1], prefer=prefer, tall=tall)
        for tries, (edge, at) in enumerate(places):
            if tries > 24:
                return None
            spot = self.space.against_wall(piece, edge, at, front=front, gap=gap)
            spots = [spot, *(also(edge, at) if also else [])]
            if self.space.put(*spots):
                return spot
        return None

    def on_top(self, kind: str, base: Spot, *, along: float = 0.0, out: float = 0.0) -> Spot | None:
        """Puts a small thing on a piece, `along` its width and `out` to its front of the middle."""
        if len(base.piece.mesh.instances) > 1:
            return None  # It comes with things on it.
        piece = self.make(kind, 0.3, 0.3) if kind == "plant" else self.make(kind)
        depth, width, top = base.piece.size
        if piece.size[0] > depth or piece.size[1] > width:
            return None
        along = float(np.clip(along, -0.5 * (width - piece.size[1]), 0.5 * (width - piece.size[1])))
        out = float(np.clip(out, -0.5 * (depth - piece.size[0]), 0.5 * (depth - piece.size[0])))
        c, s = np.cos(base.yaw), np.sin(base.yaw)
        x, y = base.x + c * out - s * along, base.y + s * out + c * along
        spot = Spot(piece, float(x), float(y), base.z + top, base.yaw)
        if not self.space.put(spot):
            return None
        if piece.lamp is not None and self.chance(0.5):
            self.lit.append(spot)
        return spot

    def somewhere(self, piece: Piece, *, corner: bool = True) -> Spot | None:
        """Puts a free-standing piece near a wall or in a corner."""
        return self.by_wall(piece, prefer="corner" if corner else "any")


def furnish(
    rng: Generator, plan: Plan, style: Style, *, triangles: tuple[int, int]
) -> list[Furnisher]:
    """Furnishes every room; each knows its spots (`space.spots`) and its lit lamps (`lit`).

    Args:
        triangles: How many triangles all pieces together should have at least and at most: small
            apartments are decorated more densely than large ones.
    """
    rooms = []
    for index, stream in enumerate(rng.spawn(len(plan.rooms))):
        room = Furnisher(stream, style, Space(plan, index))
        decorate.lamps(room)
        decorate.windows(room)
        ROOMS[room.space.kind](room)
        decorate.finish(room)
        rooms.append(room)
    decorate.balance(rooms, triangles)
    return rooms


def _living(room: Furnisher) -> None:
    if room.space.plan.rooms[room.space.index].open_kitchen:
        kitchen.fit_kitchen(room, longest=3.6)
    groups.sofa_corner(room)
    kinds = {item.kind for item in room.space.plan.rooms}
    if "dining room" not in kinds and room.space.area > 20:
        groups.dining_table(room, seats=4)
    for kind, likely in (("fireplace", 0.2), ("piano", 0.2)):
        if room.space.area > 18 and room.chance(likely):
            room.by_wall(room.make(kind), prefer="middle", front=0.6)
    groups.bookcases(room, 1 + int(room.space.area > 22))
    groups.reading_corner(room)
    groups.sideboard(room)
    groups.plants(room, 1 + int(room.chance(0.5)))


def _dining(room: Furnisher) -> None:
    groups.dining_table(room, seats=6 if room.space.area > 11 else 4)
    groups.sideboard(room)
    if room.chance(0.5):
        groups.bookcases(room, 1)
    if room.chance(0.3):
        room.by_wall(room.make("piano"), prefer="middle", front=0.5)
    groups.plants(room, 1)


def _kitchen(room: Furnisher) -> None:
    kitchen.fit_kitchen(room, longest=4.2)
    if room.space.area > 8:
        groups.dining_table(room, seats=4 if room.space.area > 12 else 2, small=True)
    room.somewhere(room.make("bin"))
    if room.chance(0.6):
        groups.shelves(room, 1)
    if room.chance(0.5):
        groups.plants(room, 1)
    if room.chance(0.5):
        room.somewhere(room.make("basket"))


def _bedroom(room: Furnisher) -> None:
    groups.bed(room, double=room.space.area > 9.5)
    groups.wardrobes(room)
    groups.dressing_table(room)
    if room.space.area > 12 and room.chance(0.55):
        groups.desk(room)
    if room.chance(0.5):
        groups.reading_corner(room)
    if room.chance(0.4):
        groups.bookcases(room, 1)
    if room.chance(0.4):
        room.by_wall(room.make("bench"), prefer="any")
    groups.plants(room, int(room.chance(0.6)))
    room.somewhere(room.make(room.pick(("basket", "box", "bin"))))


def _child(room: Furnisher) -> None:
    groups.bed(room, double=False)
    if room.space.area > 13 and room.chance(0.5):
        groups.bed(room, double=False)
    groups.desk(room)
    groups.wardrobes(room)
    groups.bookcases(room, 1)
    for _ in range(2):
        room.somewhere(room.make("toys"), corner=False)
    room.somewhere(room.make(room.pick(("basket", "box"))))
    groups.rug(room)


def _study(room: Furnisher) -> None:
    groups.desk(room)
    groups.bookcases(room, 2 + int(room.space.area > 11))
    if room.chance(0.35):
        room.by_wall(room.make("piano"), prefer="middle", front=0.5)
    elif room.chance(0.4):
        room.by_wall(room.make("fitness equipment"), prefer="any")
    groups.reading_corner(room)
    groups.shelves(room, int(room.chance(0.6)))
    groups.plants(room, 1)
    room.somewhere(room.make("bin"))
    groups.rug(room)


def _bathroom(room: Furnisher) -> None:
    groups.bath_fittings(room)
    if room.chance(0.5):
        room.by_wall(room.make("washing machine"), front=0.45)
    room.somewhere(room.make(room.pick(("basket", "bin"))))
    if room.chance(0.4):
        room.somewhere(room.make("stool"))


def _toilet(room: Furnisher) -> None:
    groups.toilet(room)
    room.somewhere(room.make("bin"))


def _hall(room: Furnisher) -> None:
    groups.entry(room)
    groups.plants(room, int(room.chance(0.5)))


def _storage(room: Furnisher) -> None:
    groups.shelves(room, 2)
    if room.chance(0.4):
        room.by_wall(room.make("washing machine"), front=0.4)
    if room.space.area > 5 and room.chance(0.4):
        room.by_wall(room.make("fitness equipment"), prefer="any")
    for kind in ("box", "box", "basket"):
        room.somewhere(room.make(kind))


def _laundry(room: Furnisher) -> None:
    for _ in range(1 + int(room.chance(0.5))):
        room.by_wall(room.make("washing machine"), front=0.45)
    if room.chance(0.6):
        groups.sink(room)
    groups.wardrobes(room)
    groups.shelves(room, 1)
    for kind in ("basket", "basket", "box"):
        room.somewhere(room.make(kind))


ROOMS: dict[str, Callable[[Furnisher], None]] = {
    "living room": _living,
    "dining room": _dining,
    "kitchen": _kitchen,
    "bedroom": _bedroom,
    "children's room": _child,
    "study": _study,
    "bathroom": _bathroom,
    "toilet": _toilet,
    "hallway": _hall,
    "corridor": _hall,
    "storage": _storage,
    "laundry": _laundry,
}

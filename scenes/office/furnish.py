"""What stands in offices: the same pieces at the same places in every room of a kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.apartment.plan import Opening, Plan
from navworld.scenes.furniture import Piece, make
from navworld.scenes.materials import Style
from navworld.world.mesh import MeshBuilder

GAP = 0.03
"""Between the back of a piece and the skirting of its wall [m]."""


@dataclass(frozen=True, eq=False)
class Site:
    """A room as seen from its door: x to the right, y into the room, z up.

    Attributes:
        T_world_room: (4, 4); the origin is the middle of the inner face of the door's wall.
        width, depth: Between the inner faces of the walls [m].
        door_side: −1 where the door is on the left, 1 on the right.
        lit: Whether the wall across from the door has a window.
    """

    T_world_room: NDArray
    width: float
    depth: float
    door_side: int
    lit: bool


def site_of(plan: Plan, room: int, door: Opening) -> Site:
    """The frame of a rectangular room behind its door."""
    corners = np.array(plan.inner_corners(room))
    low, high = corners.min(0), corners.max(0)
    axis = door.wall.axis
    inwards = np.zeros(3)
    inwards[1 - axis] = 1.0 if door.wall.rooms[1] == room else -1.0
    right = np.cross(inwards, [0, 0, 1])
    origin = np.zeros(3)
    origin[axis] = 0.5 * (low[axis] + high[axis])
    origin[1 - axis] = low[1 - axis] if inwards[1 - axis] > 0 else high[1 - axis]
    T = np.eye(4)
    T[:3, 0], T[:3, 1], T[:3, 3] = right, inwards, origin
    size = high - low
    side = 1 if (door.middle - origin[axis]) * right[axis] > 0 else -1
    lit = any(
        o.kind == "window"
        and o.wall.axis == axis
        and (o.wall.line - door.wall.line) * inwards[1 - axis] > 1
        for o in plan.openings_of(room)
    )
    return Site(T, float(size[axis]), float(size[1 - axis]), side, lit)


class Catalogue:
    """The pieces that an office bought: one model of each kind, in every room the same."""

    def __init__(self, rng: Generator, style: Style) -> None:
        self._rng, self._style = rng, style
        self._pieces: dict[str, Piece] = {}

    def __getitem__(self, kind: str) -> Piece:
        if kind not in self._pieces:
            sizes = {"desk": (0.7, 1.3), "dining table": (0.95, 1.8), "bookcase": (0.3, 0.9)}
            self._pieces[kind] = make(kind, self._rng, self._style, sizes.get(kind))
        return self._pieces[kind]


@dataclass(frozen=True, eq=False)
class Decorator:
    """Puts pieces into the mesh of one office."""

    mesh: MeshBuilder
    pieces: Catalogue

    def furnish(self, site: Site, kind: str) -> None:
        """Furnishes a room by its kind."""
        {
            "office": self._office,
            "meeting room": self._meeting,
            "kitchen": self._kitchen,
            "storage": self._storage,
            "copy room": self._storage,
        }[kind](site)
        if site.lit:
            piece = self.pieces["radiator"]
            self._put(site, piece, 0.0, site.depth - 0.002, -0.5 * np.pi, 0.15 + piece.size[2] / 2)

    def put(self, piece: Piece, T: NDArray) -> None:
        """Adds a piece at a pose (4, 4)."""
        self.mesh.append(piece.mesh, T)

    def _office(self, site: Site) -> None:
        away = -site.door_side
        desk = self.pieces["desk"]
        middle = site.depth - 0.5 * desk.size[1] - 0.45
        sides = (away, -away) if site.width > 3.5 and site.depth > 4.2 else (away,)
        for side in sides:
            self._workplace(site, side, middle)
        shelf = self.pieces["bookcase"]
        self._by_side(site, shelf, away, 0.12 + 0.5 * shelf.size[1])
        bin_ = self.pieces["bin"]
        self._by_side(site, bin_, away, middle - 0.5 * desk.size[1] - 0.1 - 0.5 * bin_.size[1])

    def _workplace(self, site: Site, side: int, at: float) -> None:
        """A desk with its back to a side wall, a chair before it and a computer on it."""
        desk, chair = self.pieces["desk"], self.pieces["office chair"]
        x = self._by_side(site, desk, side, at)
        yaw = 0.0 if side < 0 else np.pi
        front = x - side * (0.5 * desk.size[0] + 0.5 * chair.size[0] + 0.04)
        self._put(site, chair, front, at, yaw + np.pi)
        if len(desk.mesh.instances) == 1:
            self._put(site, self.pieces["computer"], x, at, yaw, desk.size[2])

    def _meeting(self, site: Site) -> None:
        table, chair = self.pieces["dining table"], self.pieces["dining chair"]
        middle = 0.5 * site.depth + 0.3
        self._put(site, table, 0.0, middle, 0.0)
        for k in range(3):
            along = (k - 1) * table.size[1] / 3
            out = 0.5 * table.size[0] + 0.5 * chair.size[0] - 0.1
            self._put(site, chair, out, middle + along, np.pi)
            self._put(site, chair, -out, middle + along, 0.0)
        screen = self.pieces["tv"]
        side = -site.door_side
        self._put(site, screen, side * (0.5 * site.width - 0.002), middle, np.pi * (side > 0), 1.45)

    def _kitchen(self, site: Site) -> None:
        away = -site.door_side
        at = site.depth - 0.06
        for kind in ("fridge", "kitchen sink counter", "kitchen counter"):
            piece = self.pieces[kind]
            if at - piece.size[1] < 0.3:
                break
            self._by_side(site, piece, away, at - 0.5 * piece.size[1])
            at -= piece.size[1]
        table = self.pieces["side table"]
        self._put(site, table, site.door_side * (0.5 * site.width - 0.7), site.depth - 0.9, 0.0)

    def _storage(self, site: Site) -> None:
        away = -site.door_side
        shelf, at = self.pieces["shelf"], site.depth - 0.06
        while at - shelf.size[1] > 0.4:
            self._by_side(site, shelf, away, at - 0.5 * shelf.size[1])
            at -= shelf.size[1] + 0.04
        box = self.pieces["box"]
        self._by_side(site, box, site.door_side, site.depth - 0.1 - 0.5 * box.size[1])

    def _by_side(self, site: Site, piece: Piece, side: int, at: float) -> float:
        """Puts a piece with its back to the left (−1) or right wall; x of its middle."""
        x = side * (0.5 * site.width - GAP - 0.5 * piece.size[0])
        self._put(site, piece, x, at, 0.0 if side < 0 else np.pi)
        return x

    def _put(
        self, site: Site, piece: Piece, x: float, y: float, yaw: float, z: float = 0.0
    ) -> None:
        c, s = np.cos(yaw), np.sin(yaw)
        T = np.array([[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, z], [0, 0, 0, 1.0]])
        self.put(piece, site.T_world_room @ T)

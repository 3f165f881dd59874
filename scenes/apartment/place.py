"""Free space of a room while it is being furnished: what fits where, and what would bar the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import cos, sin

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.apartment.joinery import wall_faces
from navworld.scenes.apartment.openings import FRAME, leaf_area, overlap
from navworld.scenes.apartment.plan import Opening, Plan
from navworld.scenes.apartment.shell import SKIRTING, edges_of, inside
from navworld.scenes.furniture import Piece

Rect = tuple[float, float, float, float]

CELL = 0.05
PASSAGES = (0.68, 0.6, 0.52)
"""Widths that may stay free between all doors of a room: the first that an empty one has [m]."""

SMALL, TIGHT_PASSAGES = 7.0, (0.6, 0.52)
"""Rooms up to this area [m²] make do with narrower passages [m]."""

ANCHOR_CELLS = 5
"""How far around the point before a door its passage may begin [cells]."""

WALL_GAP = SKIRTING[0] + 0.006
CURTAIN_GAP = 0.17
"""Distance from the wall of what stands before a curtain [m]."""

DOOR_REACH = 0.8
"""Depth of the area in front of a door that nothing may stand in [m]."""


@dataclass(frozen=True)
class Edge:
    """An inner wall face: from `start` along `direction`, the room towards `normal`.

    Attributes:
        holes: (low, high, opening): its openings, measured from `start` [m].
    """

    start: NDArray
    direction: NDArray
    normal: NDArray
    length: float
    holes: tuple[tuple[float, float, Opening], ...]

    @property
    def yaw(self) -> float:
        """Heading of something that has its back to this wall [rad]."""
        return float(np.arctan2(self.normal[1], self.normal[0]))

    def point(self, along: float, out: float) -> tuple[float, float]:
        """A point `along` the wall and `out` from it."""
        x, y = self.start + along * self.direction + out * self.normal
        return float(x), float(y)


@dataclass(frozen=True)
class Spot:
    """A piece at a place.

    Attributes:
        x, y, z: Of the piece's origin [m].
        yaw: Heading of its front [rad].
        front: Depth that stays free in front of it [m].
        flat: Lies on the floor and is walked on (rugs).
        hung: On a wall or a ceiling; decides what its origin means.
    """

    piece: Piece
    x: float
    y: float
    z: float = 0.0
    yaw: float = 0.0
    front: float = 0.0
    flat: bool = False
    hung: str = ""

    @property
    def T_world_piece(self) -> NDArray:
        """(4, 4) pose of the piece."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        T = np.eye(4)
        T[:2, :2] = np.array([[c, -s], [s, c]])
        T[:3, 3] = self.x, self.y, self.z
        return T

    @cached_property
    def rect(self) -> Rect:
        """What it covers, seen from above."""
        depth = self.piece.size[0]
        return self._box(0.0 if self.hung == "wall" else -0.5 * depth, depth)

    @cached_property
    def front_rect(self) -> Rect:
        """What stays free in front of it, seen from above."""
        return self._box(0.5 * self.piece.size[0], self.front)

    @cached_property
    def span(self) -> tuple[float, float]:
        """Lowest and highest z."""
        height = self.piece.size[2]
        drop = {"wall": 0.5, "ceiling": 1.0}.get(self.hung, 0.0)
        return self.z - drop * height, self.z + (1 - drop) * height

    def _box(self, back: float, depth: float) -> Rect:
        c, s = cos(self.yaw), sin(self.yaw)
        half = 0.5 * self.piece.size[1]
        middle = back + 0.5 * depth
        x, y = self.x + c * middle, self.y + s * middle
        across = 0.5 * depth * abs(c) + half * abs(s)
        along = 0.5 * depth * abs(s) + half * abs(c)
        return x - across, y - along, x + across, y + along


@dataclass
class Space:
    """The free space of one room.

    Attributes:
        index, kind: Of the room in the plan.
        corners: Of its floor.
        spots: What stands in it so far.
    """

    plan: Plan
    index: int
    spots: list[Spot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kind = self.plan.rooms[self.index].kind
        self.corners = self.plan.inner_corners(self.index)
        self.edges = [_edge(a, b, holes) for a, b, holes in edges_of(self.plan, self.index)]
        x, y = np.array(self.corners).T
        self.bounds = float(x.min()), float(y.min()), float(x.max()), float(y.max())
        self.size = self.bounds[2] - self.bounds[0], self.bounds[3] - self.bounds[1]
        self.area = self.plan.rooms[self.index].area
        doors = [o for o in self.plan.openings_of(self.index) if o.kind != "window"]
        self._keep = [self._keep_clear(door) for door in doors]
        self._leaves = [leaf_area(door) for door in doors if door.into == self.index]
        self._anchors = [self._anchor(door) for door in doors]
        self._solid: list[tuple[Rect, float, float]] = [(leaf, 0.0, 2.1) for leaf in self._leaves]
        self._fronts: list[Rect] = []
        self._free = self._floor_mask()
        for leaf in self._leaves:
            self._stamp(self._free, leaf)
        widths = PASSAGES if self.area > SMALL else TIGHT_PASSAGES
        self._passage = next((w for w in widths if self._joined(self._free, w)), 0.0)

    def accepts(self, *spots: Spot) -> bool:
        """Whether pieces fit together here and leave the ways between the doors open."""
        if not all(self.fits(spot) for spot in spots):
            return False
        for k, spot in enumerate(spots):
            for other in spots[:k]:
                if not (spot.flat or other.flat) and _collide(spot, other.rect, *other.span):
                    return False
        low = [
            spot
            for spot in spots
            if not spot.flat and spot.span[0] < 1.6 and spot.hung != "ceiling"
        ]
        return not low or self._passable([spot.rect for spot in low if _thick(spot)])

    def take(self, *spots: Spot) -> None:
        """Puts pieces down for good."""
        for spot in spots:
            self.spots.append(spot)
            if spot.flat:
                continue
            self._solid.append((spot.rect, *spot.span))
            if spot.span[0] < 1.6 and spot.hung != "ceiling" and _thick(spot):
                self._stamp(self._free, spot.rect)
            if spot.front > 0:
                self._fronts.append(spot.front_rect)

    def put(self, *spots: Spot) -> bool:
        """Puts pieces down if they fit."""
        if self.accepts(*spots):
            self.take(*spots)
            return True
        return False

    def along_walls(
        self,
        rng: Generator,
        width: float,
        *,
        prefer: str = "corner",
        tall: float = 0.0,
        z: float = 0.0,
    ) -> Iterator[tuple[Edge, float]]:
        """Places (edge, middle along it) where something `width` wide could have its back.

        Args:
            prefer: "corner", "middle" or "any" of the free stretches of wall.
            tall: Height of the thing; it may stand below windows that begin higher than that.
            z: Height at which it begins.
        """
        places = []
        for edge in self.edges:
            for low, high in self.stretches(edge, z, z + tall):
                slack = high - low - width
                if slack < 0:
                    continue
                ends = [low + 0.5 * width, high - 0.5 * width]
                middle = 0.5 * (low + high)
                anywhere = [low + 0.5 * width + slack * float(u) for u in rng.random(2)]
                if prefer == "corner":
                    options = [*ends, *anywhere]
                elif prefer == "middle":
                    options = [middle, *anywhere]
                else:
                    options = [*anywhere, middle]
                weight = 0.0 if prefer == "any" else -0.15 * min(slack, 3.0) * (prefer == "middle")
                places += [
                    (rank + 0.9 * float(rng.random()) + weight, edge, at)
                    for rank, at in enumerate(options)
                ]
        places.sort(key=lambda place: place[0])
        for _, edge, at in places:
            yield edge, at

    def stretches(self, edge: Edge, low: float, high: float) -> list[tuple[float, float]]:
        """Parts of a wall without openings between two heights, in order along it."""
        parts, position = [], 0.012
        for start, end, opening in edge.holes:
            if opening.bottom < high and opening.top > low:
                rim = 0.03 if opening.kind in ("window", "arch") else FRAME + 0.02
                if start - rim > position:
                    parts.append((position, start - rim))
                position = end + rim
        if edge.length - 0.012 > position:
            parts.append((position, edge.length - 0.012))
        return parts

    def against_wall(
        self, piece: Piece, edge: Edge, at: float, *, front: float = 0.0, gap: float = WALL_GAP
    ) -> Spot:
        """A standing piece with its back to a wall."""
        x, y = edge.point(at, gap + 0.5 * piece.size[0])
        return Spot(piece, x, y, 0.0, edge.yaw, front)

    def on_wall(self, piece: Piece, edge: Edge, at: float, z: float) -> Spot:
        """A piece hung on a wall, its origin at height z."""
        x, y = edge.point(at, 0.002)
        return Spot(piece, x, y, z, edge.yaw, hung="wall")

    def fits(self, spot: Spot) -> bool:
        """Whether a piece keeps out of walls, doorways and what stands already."""
        rect, (low, high) = spot.rect, spot.span
        if not self._inside(rect) or high > self.plan.height + 0.001:
            return False
        if spot.flat:
            rugs = [other.rect for other in self.spots if other.flat]
            return not any(overlap(rect, other) for other in self._leaves + rugs)
        if low < 2.1 and high > 0.05 and any(overlap(rect, keep) for keep in self._keep):
            return False
        if any(_collide(spot, *solid) for solid in self._solid):
            return False
        if low < 1.0 and any(overlap(rect, front) for front in self._fronts):
            return False
        if spot.front <= 0:
            return True
        front = spot.front_rect
        return self._inside(front) and not any(
            bottom < 1.0 and overlap(front, solid) for solid, bottom, _ in self._solid
        )

    def _inside(self, rect: Rect) -> bool:
        x0, y0, x1, y1 = self.bounds
        if rect[0] < x0 or rect[1] < y0 or rect[2] > x1 or rect[3] > y1:
            return False
        if len(self.corners) == 4:
            return True
        xs, ys = np.linspace(rect[0], rect[2], 4), np.linspace(rect[1], rect[3], 4)
        return all(inside(self.corners, float(x), float(y)) for x in xs for y in ys)

    def _keep_clear(self, door: Opening) -> Rect:
        """The floor in front of a doorway, on this room's side."""
        near, far = wall_faces(self.plan, door)
        if door.wall.rooms[1] == self.index:
            across = door.wall.line, door.wall.line + far + DOOR_REACH
        else:
            across = door.wall.line + near - DOOR_REACH, door.wall.line
        low, high = door.low - 0.02, door.high + 0.02
        if door.wall.axis == 0:
            return low, across[0], high, across[1]
        return across[0], low, across[1], high

    def _anchor(self, door: Opening) -> tuple[float, float]:
        """A point in front of a doorway from which the others must be reachable."""
        out = 0.5 * self.plan.inner_thickness + 0.45
        out = out if door.wall.rooms[1] == self.index else -out
        across = door.wall.line + out
        return (door.middle, across) if door.wall.axis == 0 else (across, door.middle)

    def _floor_mask(self) -> NDArray[np.uint8]:
        """(rows, columns) 1 where there is floor, with a rim of zeros."""
        shape = int(self.size[1] / CELL) + 3, int(self.size[0] / CELL) + 3
        mask = np.zeros(shape, np.uint8)
        corners = (np.array(self.corners) - self.bounds[:2]) / CELL + 0.5
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 1, shift=4)
        mask[0], mask[-1], mask[:, 0], mask[:, -1] = 0, 0, 0, 0
        return mask

    def _stamp(self, mask: NDArray[np.uint8], rect: Rect) -> None:
        """Marks a rectangle as occupied."""
        x, y = self.bounds[:2]
        c0, c1 = (int(np.floor((value - x) / CELL)) + 1 for value in (rect[0], rect[2]))
        r0, r1 = (int(np.floor((value - y) / CELL)) + 1 for value in (rect[1], rect[3]))
        mask[max(r0, 0) : r1 + 1, max(c0, 0) : c1 + 1] = 0

    def _passable(self, rects: Sequence[Rect]) -> bool:
        """Whether all doors stay joined by a wide passage that reaches nearly all the floor."""
        if not rects or not self._anchors:
            return True
        mask = self._free.copy()
        for rect in rects:
            self._stamp(mask, rect)
        return self._joined(mask, self._passage)

    def _joined(self, free: NDArray[np.uint8], passage: float) -> bool:
        """Whether a passage of this width joins all doors and reaches most of what is as wide."""
        distance = cv2.distanceTransform(free, cv2.DIST_L2, 3)
        wide = ((distance - 0.5) * CELL >= 0.5 * passage).astype(np.uint8)
        x, y = self.bounds[:2]
        for number, (px, py) in enumerate(self._anchors):
            row = max(int((py - y) / CELL) + 1 - ANCHOR_CELLS, 0)
            column = max(int((px - x) / CELL) + 1 - ANCHOR_CELLS, 0)
            side = 2 * ANCHOR_CELLS + 1
            near = wide[row : row + side, column : column + side]
            if number == 0:
                rows, columns = np.nonzero(near)
                if len(rows) == 0:
                    return False
                middle = len(rows) // 2
                seed = int(columns[middle]) + column, int(rows[middle]) + row
                cv2.floodFill(wide, None, seed, 2)
            elif near.max(initial=0) != 2:
                return False
        least = 0.8 if len(self._anchors) > 1 else 0.6
        return bool(np.count_nonzero(wide == 2) > least * np.count_nonzero(wide))


def _edge(a: NDArray, b: NDArray, openings: list[Opening]) -> Edge:
    length = float(np.linalg.norm(b - a))
    direction = (b - a) / length
    axis = int(abs(direction[1]) > 0.5)
    sign = float(direction[axis])
    holes = []
    for opening in openings:
        ends = sorted((sign * (opening.low - a[axis]), sign * (opening.high - a[axis])))
        holes.append((float(ends[0]), float(ends[1]), opening))
    holes.sort(key=lambda hole: hole[0])
    return Edge(a, direction, np.array([-direction[1], direction[0]]), length, tuple(holes))


def _collide(spot: Spot, rect: Rect, low: float, high: float) -> bool:
    bottom, top = spot.span
    return bottom < high - 1e-6 and low < top - 1e-6 and overlap(spot.rect, rect)


def _thick(spot: Spot) -> bool:
    """Whether a piece stands in the way: all but what lies flat on a wall."""
    return spot.hung != "wall" or spot.piece.size[0] > 0.14

"""Floor plans: rooms of typed kinds, the walls between them and the openings in those walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator

from navworld.scenes.apartment.layout import Cell, Patch

OUTSIDE = -1
WET = ("bathroom", "toilet", "laundry")


class PlanRejected(Exception):
    """A random layout that is no apartment: too few rooms, no bathroom, a room without a door."""


@dataclass(frozen=True)
class PlanRoom:
    """A room between the centre lines of its walls.

    Attributes:
        kind: "living room", "kitchen", "bedroom", …
        corners: (N, 2) corners, counter-clockwise [m].
        open_kitchen: The room has a kitchen along one of its walls.
    """

    kind: str
    corners: tuple[tuple[float, float], ...]
    open_kitchen: bool = False

    @property
    def area(self) -> float:
        """Up to the centre lines of the walls [m²]."""
        x, y = np.array(self.corners).T
        return 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


@dataclass(frozen=True)
class Wall:
    """A stretch of wall between two rooms, or a room and the outside.

    Attributes:
        axis: 0 when it runs along x, 1 along y.
        line: The other coordinate of its centre line [m].
        low, high: Extent along the axis [m].
        rooms: Room on the side of smaller coordinates, room on the other; or OUTSIDE.
    """

    axis: int
    line: float
    low: float
    high: float
    rooms: tuple[int, int]

    @property
    def length(self) -> float:
        """Extent along the axis [m]."""
        return self.high - self.low

    @property
    def outer(self) -> bool:
        """Whether the outside is on one side of it."""
        return OUTSIDE in self.rooms


@dataclass(frozen=True)
class Opening:
    """A hole in a wall.

    Attributes:
        kind: "door", "arch", "window" or "entrance".
        wall: The wall it is in.
        low, high: Extent along the wall [m].
        bottom, top: Extent in height [m].
        into: Room that the leaf swings into; None without a leaf.
        hinge_high: The leaf hangs at `high` rather than at `low`.
        angle: How far the leaf stands open [rad].
    """

    kind: str
    wall: Wall
    low: float
    high: float
    bottom: float
    top: float
    into: int | None = None
    hinge_high: bool = False
    angle: float = 0.0

    @property
    def middle(self) -> float:
        """Its centre along the wall [m]."""
        return 0.5 * (self.low + self.high)


@dataclass(frozen=True)
class Plan:
    """A floor plan; wall thicknesses and the height of the ceiling in metres."""

    rooms: tuple[PlanRoom, ...]
    walls: tuple[Wall, ...]
    openings: tuple[Opening, ...]
    height: float
    inner_thickness: float
    outer_thickness: float

    def inner_corners(self, room: int) -> tuple[tuple[float, float], ...]:
        """Corners of the room's floor: its centre lines moved in by half a wall."""
        return offset(self.rooms[room].corners, -0.5 * self.inner_thickness)

    def openings_of(self, room: int) -> list[Opening]:
        """Doors, arches and windows of a room."""
        return [opening for opening in self.openings if room in opening.wall.rooms]


def offset(
    corners: tuple[tuple[float, float], ...], distance: float
) -> tuple[tuple[float, float], ...]:
    """A counter-clockwise rectilinear polygon grown by `distance` (shrunk when negative)."""
    p = np.array(corners)
    edge = np.roll(p, -1, axis=0) - p
    normal = np.stack([edge[:, 1], -edge[:, 0]], 1) / np.linalg.norm(edge, axis=1)[:, None]
    moved = p + distance * (normal + np.roll(normal, 1, axis=0))
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in moved)


def outline(rooms: tuple[PlanRoom, ...]) -> tuple[tuple[float, float], ...]:
    """The centre line of the outer walls."""
    return _corners(shapely.union_all([shapely.Polygon(room.corners) for room in rooms]))


def _corners(shape: shapely.Geometry) -> tuple[tuple[float, float], ...]:
    """Corners of a polygon, counter-clockwise from the lowest left one, none of them straight."""
    if shape.geom_type != "Polygon" or len(shape.interiors):
        raise PlanRejected("not one simple polygon")
    p = np.array(shapely.orient_polygons(shape).exterior.coords)[:-1]
    before, after = p - np.roll(p, 1, axis=0), np.roll(p, -1, axis=0) - p
    turns = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]) > 1e-9
    p = np.round(p[turns], 4)
    first = int(np.lexsort((p[:, 1], p[:, 0]))[0])
    return tuple((float(x), float(y)) for x, y in np.roll(p, -first, axis=0))


def merge_patches(patches: list[Patch]) -> tuple[list[tuple[tuple[float, float], ...]], list[str]]:
    """Corners and role of every room, the corridors joined to one."""
    cells = np.array([patch.cell for patch in patches])
    sides = cells[:, 2:] - cells[:, :2]
    if not 38 < sides.prod(1).sum() < 180 or cells[:, 2:].max() > 19:
        raise PlanRejected("the outline")
    halls = [shapely.box(*patch.cell) for patch in patches if patch.role == "corridor"]
    corners, roles = [_corners(shapely.union_all(halls))], ["corridor"]
    for patch in patches:
        if patch.role == "corridor":
            continue
        x0, y0, x1, y1 = patch.cell
        if min(x1 - x0, y1 - y0) < 1.2:
            raise PlanRejected("a room too narrow")
        corners.append(_rectangle(patch.cell))
        roles.append(patch.role)
    if not 3 <= len(roles) <= 12:
        raise PlanRejected("number of rooms")
    return corners, roles


def _rectangle(cell: Cell) -> tuple[tuple[float, float], ...]:
    x0, y0, x1, y1 = cell
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _edges(corners: tuple[tuple[float, float], ...]) -> list[tuple[int, float, float, float, bool]]:
    """(axis, line, low, high, room lies on the upper side) of every edge."""
    edges = []
    for (xa, ya), (xb, yb) in zip(corners, corners[1:] + corners[:1], strict=True):
        if abs(ya - yb) < 1e-6:
            edges.append((0, ya, min(xa, xb), max(xa, xb), xb > xa))
        else:
            edges.append((1, xa, min(ya, yb), max(ya, yb), yb < ya))
    return edges


def find_walls(corners: list[tuple[tuple[float, float], ...]]) -> tuple[Wall, ...]:
    """Walls between all pairs of rooms and towards the outside."""
    every = [(edge, room) for room, polygon in enumerate(corners) for edge in _edges(polygon)]
    walls = []
    for (axis, line, low, high, upper), room in every:
        covered = []
        for (axis_b, line_b, low_b, high_b, upper_b), other in every:
            if axis_b != axis or abs(line_b - line) > 1e-6 or upper_b == upper:
                continue
            lo, hi = max(low, low_b), min(high, high_b)
            if hi - lo > 1e-6:
                covered.append((lo, hi))
                if not upper:
                    walls.append(Wall(axis, line, lo, hi, (room, other)))
        start = low
        for lo, hi in [*sorted(covered), (high, high)]:
            if lo - start > 1e-6:
                rooms = (OUTSIDE, room) if upper else (room, OUTSIDE)
                walls.append(Wall(axis, line, start, lo, rooms))
            start = max(start, hi)
    return tuple(walls)


def neighbours(walls: tuple[Wall, ...], room: int, least: float = 1.2) -> dict[int, float]:
    """Rooms that share at least `least` metres of one wall with `room`, and how much."""
    shared: dict[int, float] = {}
    for wall in walls:
        if room in wall.rooms and not wall.outer and wall.length >= least:
            other = wall.rooms[0] if wall.rooms[1] == room else wall.rooms[1]
            shared[other] = max(shared.get(other, 0.0), wall.length)
    return shared


def name_rooms(
    rng: Generator,
    corners: list[tuple[tuple[float, float], ...]],
    roles: list[str],
    walls: tuple[Wall, ...],
) -> tuple[PlanRoom, ...]:
    """Gives every room a kind by its size, its neighbours and its part in the layout."""
    plain = [PlanRoom("", polygon) for polygon in corners]
    size = np.array([room.area for room in plain])
    sides = [np.ptp(np.array(polygon), axis=0) for polygon in corners]
    narrow = np.array([side.min() for side in sides])
    if max(side.max() / side.min() for side in sides[1:]) > 2.7:
        raise PlanRejected("a room too long")
    kinds = ["corridor"] + [""] * (len(roles) - 1)
    near = [neighbours(walls, room) for room in range(len(roles))]
    _name_living(rng, kinds, roles, size, near)
    _name_small(rng, kinds, roles, (size, narrow), walls)
    rest = [room for room in np.argsort(-size, kind="stable") if not kinds[room]]
    for rank, room in enumerate(rest):
        options = ["bedroom", "children's room", "bedroom", "study"]
        if {"kitchen", "living room"} & {kinds[k] for k in near[room]}:
            options += ["dining room"] * ("dining room" not in kinds)
        small = size[room] < 7.0 or narrow[room] < 2.2
        options = [kind for kind in options if kind != "study" or "study" not in kinds]
        kind = "bedroom" if rank == 0 and not small else str(rng.choice(options))
        kinds[room] = "study" if small and kind != "dining room" else kind
    if "bedroom" not in kinds or not 3 <= len(kinds) <= 12:
        raise PlanRejected("no bedroom")
    with_kitchen = "kitchen" not in kinds
    return tuple(
        PlanRoom(kind, room.corners, with_kitchen and kind == "living room")
        for kind, room in zip(kinds, plain, strict=True)
    )


def _name_living(
    rng: Generator,
    kinds: list[str],
    roles: list[str],
    size: np.ndarray,
    near: list[dict[int, float]],
) -> None:
    """Living room, kitchen and dining room."""
    block = [room for room in np.argsort(-size, kind="stable") if roles[room] == "open"]
    living = block[0]
    kinds[living] = "living room"
    if size[living] < 13:
        raise PlanRejected("a tiny living room")
    beside = [room for room in block[1:] if living in near[room]]
    others = (
        ["kitchen", "dining room"] if len(beside) > 1 or rng.random() < 0.8 else ["dining room"]
    )
    for room, kind in zip(reversed(beside), others, strict=False):
        kinds[room] = kind
    if "kitchen" not in kinds and (rng.random() < 0.6 or size[living] < 19):
        fit = [
            room
            for room in sorted(set(near[living]) | set(*[near[r] for r in beside[:1]]))
            if not kinds[room] and 6 < size[room] < 16 and roles[room] != "tucked"
        ]
        if fit:
            kinds[fit[0]] = "kitchen"


def _name_small(
    rng: Generator,
    kinds: list[str],
    roles: list[str],
    sizes: tuple[np.ndarray, np.ndarray],
    walls: tuple[Wall, ...],
) -> None:
    """Hallway, bathrooms, toilet, storage and laundry among the small rooms."""
    size, narrow = sizes
    near = neighbours(walls, 0, least=1.15)
    order = [int(room) for room in np.argsort(size, kind="stable") if not kinds[room]]
    lit = {room for wall in walls if wall.outer and wall.length > 1.3 for room in wall.rooms}
    small = [room for room in order if size[room] < 9.6 and narrow[room] < 2.5]
    by_hall = [room for room in small if room in near]
    baths = [r for r in by_hall if narrow[r] > 1.65 and size[r] > 3.6]
    if not baths:
        baths = [room for room in order if room in near and 3.6 < size[room] < 12.5][:1]
    if not baths:
        raise PlanRejected("no room for a bathroom")
    bath = max(baths, key=lambda room: -abs(size[room] - 6.0))
    kinds[bath] = "bathroom"
    if 0 not in lit:
        fit = [room for room in by_hall if not kinds[room] and room in lit and size[room] > 3]
        if fit:
            kinds[fit[-1]] = "hallway"
    for room in small:
        if kinds[room]:
            continue
        if size[room] < 3.6 or narrow[room] < 1.65:
            kinds[room] = "storage" if "toilet" in kinds or roles[room] == "tucked" else "toilet"
        elif roles[room] == "tucked":
            kinds[room] = "bathroom"
        else:
            options = [kind for kind in ("storage", "laundry") if kind not in kinds]
            options += ["bathroom"] * (kinds.count("bathroom") < 2)
            kinds[room] = str(rng.choice([*options, "study"]))

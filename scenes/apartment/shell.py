"""The building itself: walls with their openings, floors, ceiling, skirting, doors and windows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.apartment.openings import FRAME, room_inside
from navworld.scenes.apartment.plan import WET, Opening, Plan, offset, outline
from navworld.scenes.furniture import shapes
from navworld.scenes.materials import Style, material, tile_for
from navworld.scenes.pictures import window_view
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

Point = tuple[float, float, float]

SLAB = 0.2
"""Thickness of the ground and the roof slab [m]."""

CASING = 0.015
"""How far door frames stand proud of the wall [m]."""

LEAF = 0.04
SKIRTING = (0.014, 0.08)


@dataclass(frozen=True, eq=False)
class Finish:
    """Surfaces of one room.

    Attributes:
        wall, floor: Materials.
        accent: Material of the wall `accent_edge`, counted along the corners; None for no accent.
        band: Material of the lower part of all walls (tiles), up to `band_top` metres.
    """

    wall: Material
    floor: Material
    accent: Material | None = None
    accent_edge: int = -1
    band: Material | None = None
    band_top: float = 0.0


def build_shell(rng: Generator, plan: Plan, style: Style) -> MeshBuilder:
    """The mesh of an unfurnished apartment; instance 0 is all its walls."""
    mesh = MeshBuilder()
    walls = mesh.add_instance("building", "wall")
    ceiling = mesh.add_instance("ceiling", "ceiling")
    skirting = mesh.add_instance("skirting", "skirting")
    finishes = [_finish(rng, plan, room, style) for room in range(len(plan.rooms))]
    for room, finish in enumerate(finishes):
        floor = mesh.add_instance(f"{plan.rooms[room].kind} floor", "floor")
        corners = plan.inner_corners(room)
        for cell in rectangles(corners):
            _level(mesh, cell, 0.0, finish.floor, floor, up=True)
            _level(mesh, cell, plan.height, material(style.ceiling), ceiling, up=False)
        _room_walls(mesh, plan, room, finish, walls)
        if finish.band is None:
            _skirting(mesh, plan, room, material(style.skirting), skirting)
    views = _Views(rng)
    for opening in plan.openings:
        _reveal(mesh, plan, opening, finishes, style)
        if opening.kind == "window":
            _window(mesh, plan, opening, style, views)
        elif opening.kind != "arch":
            _door(mesh, plan, opening, style)
    _outside(mesh, plan, walls)
    return mesh


def rectangles(corners: tuple[tuple[float, float], ...]) -> list[tuple[float, float, float, float]]:
    """Rectangles (x0, y0, x1, y1) that cover a rectilinear polygon without overlapping."""
    if len(corners) == 4:
        x, y = np.array(corners).T
        return [(float(x.min()), float(y.min()), float(x.max()), float(y.max()))]
    xs, ys = (sorted({corner[k] for corner in corners}) for k in (0, 1))
    cells = []
    for x0, x1 in pairwise(xs):
        start = None
        for y0, y1 in pairwise(ys):
            if inside(corners, 0.5 * (x0 + x1), 0.5 * (y0 + y1)):
                start = y0 if start is None else start
                end = y1
            elif start is not None:
                cells.append((x0, start, x1, end))
                start = None
        if start is not None:
            cells.append((x0, start, x1, end))
    return cells


def inside(corners: tuple[tuple[float, float], ...], x: float, y: float) -> bool:
    """Whether a point lies in a polygon."""
    odd = False
    for (xa, ya), (xb, yb) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (ya > y) != (yb > y) and x < xa + (y - ya) * (xb - xa) / (yb - ya):
            odd = not odd
    return odd


def _finish(rng: Generator, plan: Plan, room: int, style: Style) -> Finish:
    """Surfaces of a room by its kind."""
    kind = plan.rooms[room].kind
    floors = {
        "kitchen": style.floor_kitchen, "bedroom": style.floor_bedroom,
        "children's room": style.floor_bedroom, "bathroom": style.floor_bath,
        "toilet": style.floor_bath, "laundry": style.floor_bath, "corridor": style.floor_hall,
        "hallway": style.floor_hall, "storage": style.floor_hall,
    }  # fmt: skip
    walls = {
        "kitchen": style.wall_kitchen, "bedroom": style.wall_bedroom,
        "children's room": style.wall_bedroom, "bathroom": "plaster white",
        "toilet": "plaster white", "laundry": style.wall_kitchen,
    }  # fmt: skip
    floor = material(floors.get(kind, style.floor_living))
    wall = material(walls.get(kind, style.wall_main))
    draw, edge = rng.random(2)
    if kind in ("bathroom", "toilet"):
        top = plan.height if draw < 0.3 else 2.05 if draw < 0.65 else 1.2
        return Finish(wall, floor, band=material(style.wall_bath), band_top=top)
    accented = {"living room": 0.7, "dining room": 0.5, "bedroom": 0.5, "study": 0.6}
    if draw < accented.get(kind, 0.35):
        count = len(plan.rooms[room].corners)
        return Finish(wall, floor, material(style.wall_accent), int(edge * count))
    return Finish(wall, floor)


def _level(
    mesh: MeshBuilder,
    cell: tuple[float, float, float, float],
    z: float,
    surface: Material,
    instance: int,
    *,
    up: bool,
) -> None:
    """A horizontal rectangle whose texture lies on a grid common to the whole apartment."""
    x0, y0, x1, y1 = cell
    corners = np.array([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)])
    _quad(
        mesh,
        corners if up else corners[::-1],
        corners[:, :2] if up else corners[::-1, :2],
        surface,
        instance,
    )


def _upright(
    mesh: MeshBuilder,
    start: NDArray,
    end: NDArray,
    z: tuple[float, float],
    surface: Material,
    instance: int,
) -> None:
    """A vertical rectangle from `start` to `end` (x, y), seen from the left of that direction."""
    low, high = z
    corners = np.array([(*end, low), (*start, low), (*start, high), (*end, high)])
    along = float(np.abs(end - start).argmax() == 1)
    u = corners[:, int(along)]
    _quad(mesh, corners, np.column_stack([u, -corners[:, 2]]), surface, instance)


def _quad(
    mesh: MeshBuilder, corners: NDArray, metres: NDArray, surface: Material, item: int
) -> None:
    index = np.array([[0, 1, 2], [0, 2, 3]])
    mesh.triangles(corners, index, (metres / tile_for(surface))[index], surface, item)


def _holes(
    plan: Plan, room: int, axis: int, line: float, span: tuple[float, float]
) -> list[Opening]:
    """Openings of a room in the wall on a given centre line, in order along it."""
    found = [
        opening
        for opening in plan.openings_of(room)
        if opening.wall.axis == axis
        and abs(opening.wall.line - line) < 1e-3
        and opening.low > span[0]
        and opening.high < span[1]
    ]
    return sorted(found, key=lambda opening: opening.low)


def edges_of(plan: Plan, room: int) -> list[tuple[NDArray, NDArray, list[Opening]]]:
    """Inner wall faces of a room: start and end (x, y), the room on their left; their openings."""
    inner, middle = plan.inner_corners(room), plan.rooms[room].corners
    edges = []
    for k in range(len(inner)):
        a, b = np.array(inner[k]), np.array(inner[(k + 1) % len(inner)])
        axis = int(abs(b[1] - a[1]) > abs(b[0] - a[0]))
        span = min(a[axis], b[axis]), max(a[axis], b[axis])
        edges.append((a, b, _holes(plan, room, axis, middle[k][1 - axis], span)))
    return edges


def _room_walls(mesh: MeshBuilder, plan: Plan, room: int, finish: Finish, instance: int) -> None:
    """All wall faces of a room, with holes and, where there is one, a tiled band."""
    for number, (a, b, holes) in enumerate(edges_of(plan, room)):
        surface = finish.accent if number == finish.accent_edge else finish.wall
        assert surface is not None
        axis = int(abs(b[1] - a[1]) > abs(b[0] - a[0]))
        columns = _columns((a[axis], b[axis]), holes, plan.height)
        for start, end, low, high in columns:
            p, q = a.copy(), b.copy()
            p[axis], q[axis] = start, end
            split = float(np.clip(finish.band_top, low, high)) if finish.band else low
            if finish.band and split > low:
                _upright(mesh, p, q, (low, split), finish.band, instance)
            if split < high:
                _upright(mesh, p, q, (split, high), surface, instance)


def _columns(
    span: tuple[float, float], holes: list[Opening], height: float
) -> list[tuple[float, float, float, float]]:
    """Solid parts (start, end, low, high) of a wall face that runs from span[0] to span[1]."""
    forward = span[1] > span[0]
    low, high = min(span), max(span)
    parts = []
    position = low
    for hole in holes:
        parts.append((position, hole.low, 0.0, height))
        if hole.bottom > 0:
            parts.append((hole.low, hole.high, 0.0, hole.bottom))
        parts.append((hole.low, hole.high, hole.top, height))
        position = hole.high
    parts.append((position, high, 0.0, height))
    return [(s, e, b, t) if forward else (e, s, b, t) for s, e, b, t in parts]


def _skirting(mesh: MeshBuilder, plan: Plan, room: int, surface: Material, instance: int) -> None:
    """Boards along the foot of the walls, between the doors."""
    depth, height = SKIRTING
    for a, b, holes in edges_of(plan, room):
        axis = int(abs(b[1] - a[1]) > abs(b[0] - a[0]))
        direction = (b - a) / np.linalg.norm(b - a)
        normal = np.array([-direction[1], direction[0]])
        gaps = [hole for hole in holes if hole.bottom < height]
        position, end = min(a[axis], b[axis]), max(a[axis], b[axis])
        for low, high in [*((hole.low - FRAME, hole.high + FRAME) for hole in gaps), (end, end)]:
            if low - position > 0.02:
                p, q = a.copy(), b.copy()
                p[axis], q[axis] = position, low
                q = q + depth * normal
                box_low = (*np.minimum(p, q), 0.0)
                mesh.box(box_low, (*np.maximum(p, q), height), surface, instance, omit=("-z",))
            position = high


def _slab(
    mesh: MeshBuilder,
    opening: Opening,
    along: tuple[float, float],
    across: tuple[float, float],
    z: tuple[float, float],
    surface: Material,
    instance: int,
) -> None:
    """A box in the frame of a wall: `along` its axis, `across` from its centre line."""
    line = opening.wall.line
    low, high = [along[0], line + across[0], z[0]], [along[1], line + across[1], z[1]]
    if opening.wall.axis == 1:
        low[:2], high[:2] = low[1::-1], high[1::-1]
    mesh.box(low, high, surface, instance, tile=tile_for(surface))


def wall_faces(plan: Plan, opening: Opening) -> tuple[float, float]:
    """Where both faces of an opening's wall lie, from its centre line [m]: the lower, the upper."""
    half = 0.5 * plan.inner_thickness
    if not opening.wall.outer:
        return -half, half
    far = plan.outer_thickness - half
    return (-far, half) if opening.wall.rooms[0] < 0 else (-half, far)


def _reveal(
    mesh: MeshBuilder, plan: Plan, opening: Opening, finishes: list[Finish], style: Style
) -> None:
    """The four inner faces of a hole through a wall."""
    near, far = (opening.wall.line + d for d in wall_faces(plan, opening))
    axis = opening.wall.axis
    room = room_inside(opening.wall) if opening.wall.outer else max(opening.wall.rooms)
    surface = finishes[room].wall if opening.kind == "arch" else material(style.door_frame)
    if opening.kind == "window":
        surface = material(style.window_frame)
    for at, towards in ((opening.low, 1), (opening.high, -1)):
        ends = [np.array([at, near]), np.array([at, far])]
        if axis == 1:
            ends = [end[::-1] for end in ends]
        # Seen from the hole: the hole must lie to the left of the direction of travel.
        if (towards > 0) == (axis == 0):
            ends.reverse()
        _upright(mesh, *ends, (opening.bottom, opening.top), surface, 0)
    cell = (opening.low, near, opening.high, far)
    cell = cell if axis == 0 else (near, opening.low, far, opening.high)
    _level(mesh, cell, opening.top, surface, 0, up=False)
    if opening.bottom > 0:
        _level(mesh, cell, opening.bottom, surface, 0, up=True)
    else:
        wet = [r for r in opening.wall.rooms if r >= 0 and plan.rooms[r].kind not in WET]
        _level(mesh, cell, 0.0, finishes[wet[-1] if wet else room].floor, 3 + room, up=True)


def _door(mesh: MeshBuilder, plan: Plan, opening: Opening, style: Style) -> None:
    """Casing on both sides of a doorway and its leaf."""
    frame = mesh.add_instance("door frame", "door frame")
    wood = material(style.door_frame)
    near, far = wall_faces(plan, opening)
    low, high, top = opening.low, opening.high, opening.top
    for across in ((near - CASING, near), (far, far + CASING)):
        _slab(mesh, opening, (low - FRAME, low), across, (0, top + FRAME), wood, frame)
        _slab(mesh, opening, (high, high + FRAME), across, (0, top + FRAME), wood, frame)
        _slab(mesh, opening, (low, high), across, (top, top + FRAME), wood, frame)
    if opening.kind == "entrance":
        inner = room_inside(opening.wall)
        towards = 1.0 if inner == opening.wall.rooms[1] else -1.0
        T = _leaf_frame(opening, 0.5 * plan.inner_thickness - 0.06, towards, 0.0)
        _leaf(mesh, T, high - low, top, "walnut", style, handles=(-1,))
    elif opening.into is not None:
        towards = 1.0 if opening.into == opening.wall.rooms[1] else -1.0
        T = _leaf_frame(opening, 0.5 * plan.inner_thickness + CASING, towards, opening.angle)
        _leaf(mesh, T, high - low - 0.01, top - 0.01, style.door, style, handles=(-1, 1))


def _leaf_frame(opening: Opening, distance: float, towards: float, angle: float) -> NDArray:
    """(4, 4) frame of a leaf: x from hinge to latch, z up, its body on the side of −y … or +y."""
    axis = opening.wall.axis
    along, normal = np.eye(3)[axis], np.eye(3)[1 - axis] * towards
    hinge = opening.high if opening.hinge_high else opening.low
    if opening.hinge_high:
        along = -along
    T = np.eye(4)
    T[:3, 0] = np.cos(angle) * along + np.sin(angle) * normal
    outer = -np.sin(angle) * along + np.cos(angle) * normal
    T[:3, 1] = np.cross([0, 0, 1], T[:3, 0])
    T[axis, 3] = hinge
    T[1 - axis, 3] = opening.wall.line + towards * distance
    if T[:3, 1] @ outer < 0:
        T[:3, 3] += LEAF * outer
    return T


def _leaf(
    mesh: MeshBuilder,
    T: NDArray,
    span: float,
    top: float,
    surface: str,
    style: Style,
    *,
    handles: tuple[int, ...],
) -> None:
    """A door leaf with two panels and handles; its body lies between y = 0 and y = LEAF."""
    item = mesh.add_instance("door", "door")
    wood, metal = material(surface), material(style.metal)
    _board(mesh, (0, 0, 0.008), (span, LEAF, top), wood, item, T)
    for side in (-1, 1):
        y0, y1 = (-0.008, 0.0) if side < 0 else (LEAF, LEAF + 0.008)
        for z0, z1 in ((0.18, 0.85), (1.02, top - 0.16)):
            hidden = ("+y",) if side < 0 else ("-y",)
            low, high = (0.13, y0, z0), (span - 0.13, y1, z1)
            _board(mesh, low, high, wood, item, T, omit=hidden)
    for side in (-1, 1):
        y0, y1 = (-0.05, 0.0) if side < 0 else (LEAF, LEAF + 0.05)
        mesh.box((span - 0.07, y0, 0.98), (span - 0.05, y1, 1.0), metal, item, T=T)
        edge = (y0, y0 + 0.018) if side < 0 else (y1 - 0.018, y1)
        mesh.box((span - 0.18, edge[0], 0.98), (span - 0.05, edge[1], 1.0), metal, item, T=T)


def _board(
    mesh: MeshBuilder,
    low: Point,
    high: Point,
    wood: Material,
    item: int,
    T: NDArray,
    omit: tuple[str, ...] = (),
) -> None:
    """A board whose grain runs along its longer side."""
    vertices, triangles, uv = shapes.box(low, high, omit)
    mesh.triangles(vertices, triangles, uv / tile_for(wood), wood, item, T)


class _Views:
    """What is seen through the windows: one picture for each side of the building."""

    def __init__(self, rng: Generator) -> None:
        self._streams = rng.spawn(4)
        self._made: dict[int, Material] = {}

    def towards(self, side: int) -> Material:
        if side not in self._made:
            view = window_view(self._streams[side])
            self._made[side] = Material(
                f"window {view.name}", texture=view, emission=1.0, transparent=True
            )
        return self._made[side]


def _window(mesh: MeshBuilder, plan: Plan, opening: Opening, style: Style, views: _Views) -> None:
    """Frame, pane and sill of a window."""
    item = mesh.add_instance("window", "window")
    wood = material(style.window_frame)
    low, high, bottom, top = opening.low, opening.high, opening.bottom, opening.top
    upper = opening.wall.rooms[0] < 0
    sign = 1.0 if upper else -1.0
    middle = -sign * (0.5 * plan.outer_thickness - 0.5 * plan.inner_thickness + 0.02)
    across = (middle - 0.03, middle + 0.03)
    bar = 0.055
    _slab(mesh, opening, (low, low + bar), across, (bottom, top), wood, item)
    _slab(mesh, opening, (high - bar, high), across, (bottom, top), wood, item)
    for z in (bottom, top - bar):
        _slab(mesh, opening, (low + bar, high - bar), across, (z, z + bar), wood, item)
    leaves = max(1, round((high - low) / 0.75))
    for k in range(1, leaves):
        at = low + (high - low) * k / leaves
        _slab(mesh, opening, (at - bar / 2, at + bar / 2), across, (bottom, top), wood, item)
    at = opening.wall.line + middle
    ends = [(low, at), (high, at)] if opening.wall.axis == 0 else [(at, low), (at, high)]
    if upper == (opening.wall.axis == 0):
        ends.reverse()
    (xa, ya), (xb, yb) = ends
    corners = [(xa, ya, bottom), (xb, yb, bottom), (xb, yb, top), (xa, ya, top)]
    side = 2 * opening.wall.axis + int(upper)
    mesh.quad(corners, views.towards(side), item, tile=None)
    if bottom > 0.3:
        face = sign * 0.5 * plan.inner_thickness
        board = sorted((middle + sign * 0.03, face + sign * 0.06))
        span = (low - 0.04, high + 0.04)
        front = sorted((face, face + sign * 0.06))
        _slab(mesh, opening, span, (front[0], front[1]), (bottom - 0.03, bottom), wood, item)
        _slab(
            mesh, opening, (low, high), (board[0], board[1]), (bottom, bottom + 0.004), wood, item
        )


def _outside(mesh: MeshBuilder, plan: Plan, instance: int) -> None:
    """The outer skin, which closes the building: facade, base and roof."""
    plaster = material("plaster sand")
    corners = offset(outline(plan.rooms), plan.outer_thickness - 0.5 * plan.inner_thickness)
    for cell in rectangles(corners):
        _level(mesh, cell, -SLAB, plaster, instance, up=False)
        _level(mesh, cell, plan.height + SLAB, plaster, instance, up=True)
    middle = outline(plan.rooms)
    for k in range(len(corners)):
        b, a = np.array(corners[k]), np.array(corners[(k + 1) % len(corners)])
        axis = int(abs(b[1] - a[1]) > abs(b[0] - a[0]))
        span = min(a[axis], b[axis]), max(a[axis], b[axis])
        holes = sorted(
            (
                o
                for o in plan.openings
                if o.wall.outer
                and o.wall.axis == axis
                and abs(o.wall.line - middle[k][1 - axis]) < 1e-3
                and span[0] < o.low
                and o.high < span[1]
            ),
            key=lambda o: o.low,
        )
        for start, end, low, high in _columns((a[axis], b[axis]), holes, plan.height):
            p, q = a.copy(), b.copy()
            p[axis], q[axis] = start, end
            _upright(mesh, p, q, (low, high), plaster, instance)
        for z in ((-SLAB, 0.0), (plan.height, plan.height + SLAB)):
            _upright(mesh, a, b, z, plaster, instance)

"""The building itself: walls with their openings, floors, ceiling, skirting, doors and windows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.apartment.joinery import Views, build_door, build_window, wall_faces
from navworld.scenes.apartment.openings import FRAME, room_inside
from navworld.scenes.apartment.plan import WET, Opening, Plan, offset, outline
from navworld.scenes.materials import Style, material, tile_for
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

SLAB = 0.2
"""Thickness of the ground and the roof slab [m]."""

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


def build_shell(
    rng: Generator, plan: Plan, style: Style, finishes: list[Finish] | None = None
) -> MeshBuilder:
    """The mesh of an unfurnished building; instance 0 is all its walls.

    Args:
        finishes: Surfaces of every room; None draws them as homes have them.
    """
    mesh = MeshBuilder()
    walls = mesh.add_instance("building", "wall")
    ceiling = mesh.add_instance("ceiling", "ceiling")
    skirting = mesh.add_instance("skirting", "skirting")
    if finishes is None:
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
    views = Views(rng)
    for opening in plan.openings:
        _reveal(mesh, plan, opening, finishes, style)
        if opening.kind == "window":
            build_window(mesh, plan, opening, style, views)
        elif opening.kind != "arch":
            build_door(mesh, plan, opening, style)
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
    u = corners[:, int(np.abs(end - start).argmax())]
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
        _upright(mesh, ends[0], ends[1], (opening.bottom, opening.top), surface, 0)
    cell = (opening.low, near, opening.high, far)
    cell = cell if axis == 0 else (near, opening.low, far, opening.high)
    _level(mesh, cell, opening.top, surface, 0, up=False)
    if opening.bottom > 0:
        _level(mesh, cell, opening.bottom, surface, 0, up=True)
    else:
        dry = [r for r in opening.wall.rooms if r >= 0 and plan.rooms[r].kind not in WET]
        _level(mesh, cell, 0.0, finishes[dry[-1] if dry else room].floor, 3 + room, up=True)


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

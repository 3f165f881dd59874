"""Doors and windows as built: casings, leaves with handles, frames with panes and sills."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.apartment.openings import FRAME, room_inside
from navworld.scenes.apartment.plan import Opening, Plan
from navworld.scenes.furniture import shapes
from navworld.scenes.materials import Style, material, tile_for
from navworld.scenes.pictures import window_view
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Door, Material

Point = tuple[float, float, float]

CASING = 0.015
"""How far door frames stand proud of the wall [m]."""

LEAF = 0.04
"""Thickness of a door leaf [m]."""


def wall_faces(plan: Plan, opening: Opening) -> tuple[float, float]:
    """Where both faces of an opening's wall lie, from its centre line [m]: the lower, the upper."""
    half = 0.5 * plan.inner_thickness
    if not opening.wall.outer:
        return -half, half
    far = plan.outer_thickness - half
    return (-far, half) if opening.wall.rooms[0] < 0 else (-half, far)


def build_door(mesh: MeshBuilder, plan: Plan, opening: Opening, style: Style) -> None:
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
        _leaf(mesh, T, high - low, top, "walnut", style)
    elif opening.into is not None:
        towards = 1.0 if opening.into == opening.wall.rooms[1] else -1.0
        T = _leaf_frame(opening, 0.5 * plan.inner_thickness + CASING, towards, opening.angle)
        _leaf(mesh, T, high - low - 0.01, top - 0.01, style.door, style)


def doors_of(plan: Plan, mesh: MeshBuilder) -> tuple[Door, ...]:
    """The leaves that can swing, of a mesh that `build_door` has built every opening into.

    Leaves are told from the front door, and matched to openings, by the order they were built in.
    """
    leaves = [k for k, item in enumerate(mesh.instances) if item.name == "door"]
    hung = [o for o in plan.openings if o.kind == "entrance" or o.into is not None]
    doors = []
    for instance, opening in zip(leaves, hung, strict=True):
        if opening.into is None:
            continue
        towards = 1.0 if opening.into == opening.wall.rooms[1] else -1.0
        distance = 0.5 * plan.inner_thickness + CASING
        axis = opening.wall.axis
        along = np.eye(3)[axis] * (-1.0 if opening.hinge_high else 1.0)
        side = np.cross(along, np.eye(3)[1 - axis] * towards)[2]
        standing = _leaf_frame(opening, distance, towards, opening.angle)
        hinge = np.zeros(2)
        hinge[axis] = opening.high if opening.hinge_high else opening.low
        hinge[1 - axis] = opening.wall.line + towards * distance
        x, y = (round(float(value), 6) for value in hinge)
        angle = float(np.arctan2(standing[1, 0], standing[0, 0]))
        swing = -float(side) * opening.angle
        doors.append(Door(instance, (x, y), angle, swing, opening.high - opening.low - 0.01))
    return tuple(doors)


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


class Views:
    """What is seen through the windows: one picture for each side of the building."""

    def __init__(self, rng: Generator) -> None:
        self._streams = rng.spawn(4)
        self._made: dict[int, Material] = {}

    def towards(self, side: int) -> Material:
        """The pane of windows on one side of the building, 0 to 3."""
        if side not in self._made:
            view = window_view(self._streams[side])
            self._made[side] = Material(
                f"window {view.name}", texture=view, emission=1.0, transparent=True
            )
        return self._made[side]


def build_window(
    mesh: MeshBuilder, plan: Plan, opening: Opening, style: Style, views: Views
) -> None:
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

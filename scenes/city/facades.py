"""Walls with openings, and what fills them: windows, doors, balconies, shop fronts.

A wall is a grid of rectangles with some left out, so that neighbouring facets share corners.
Everything that repeats is made once for a building and copied. Frame of a wall: x along it, seen
from outside to the right; y into the house; z up; the origin at its lower left corner.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.scenes.city import looks
from navworld.world.mesh import BOX_FACES, MeshBuilder
from navworld.world.scene import Material


@dataclass(frozen=True)
class Opening:
    """A hole in a wall: left, right, bottom and top [m]."""

    left: float
    right: float
    bottom: float
    top: float


def frame_of(a: NDArray, b: NDArray, z: float = 0.0) -> NDArray[np.float64]:
    """T_world_wall of a wall from `a` to `b`, the house on its left."""
    along = (b - a) / np.linalg.norm(b - a)
    T = np.eye(4)
    T[:2, 0], T[:2, 1] = along, (-along[1], along[0])
    T[:3, 3] = *a, z
    return T


def wall(
    mesh: MeshBuilder,
    T: NDArray,
    size: tuple[float, float],
    openings: list[Opening],
    material: Material,
    instance: int,
    *,
    tile: float = 1.0,
    bottom: float = 0.0,
) -> None:
    """A wall (width, top) from `bottom` up, with holes that lie on common rows and columns."""
    xs = _cuts([0.0, size[0]], [(o.left, o.right) for o in openings])
    zs = _cuts([bottom, size[1]], [(o.bottom, o.top) for o in openings])
    filled = np.ones((len(zs) - 1, len(xs) - 1), bool)
    for o in openings:
        i, j = np.searchsorted(xs, [o.left, o.right])
        k, m = np.searchsorted(zs, [o.bottom, o.top])
        filled[k:m, i:j] = False
    x, z = np.meshgrid(xs, zs)
    vertices = np.stack([x, np.zeros_like(x), z], -1).reshape(-1, 3)
    row, column = np.nonzero(filled)
    corner = row * len(xs) + column
    quads = np.stack([corner, corner + 1, corner + len(xs) + 1, corner + len(xs)], 1)
    index = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    uv = np.stack([vertices[:, 0], -vertices[:, 2]], 1) / tile
    mesh.triangles(vertices, index, uv[index], material, instance, T)


def _cuts(ends: list[float], spans: list[tuple[float, float]]) -> NDArray[np.float64]:
    return np.unique([*ends, *(edge for span in spans for edge in span)])


def at(places: NDArray, T_world_wall: NDArray) -> NDArray[np.float64]:
    """(N, 4, 4) poses for copies at (N, 2) places (x, z) of a wall."""
    T = np.tile(T_world_wall, (len(places), 1, 1))
    T[:, :3, 3] += places[:, :1] * T_world_wall[:3, 0] + places[:, 1:] * T_world_wall[:3, 2]
    return T


def reveal(
    mesh: MeshBuilder, width: float, height: float, depth: float, material: Material
) -> None:
    """The four sides of a hole, its lower left corner at −width / 2."""
    w, tile = width / 2, 2.0
    for corners in (
        [(-w, depth, 0), (-w, 0, 0), (-w, 0, height), (-w, depth, height)][::-1],
        [(w, 0, 0), (w, depth, 0), (w, depth, height), (w, 0, height)][::-1],
        [(-w, 0, 0), (w, 0, 0), (w, depth, 0), (-w, depth, 0)],
        [(-w, depth, height), (w, depth, height), (w, 0, height), (-w, 0, height)],
    ):
        mesh.quad(corners, material, 0, tile=tile)


def pane(
    width: float, height: float, depth: float, picture: Material, cells: tuple[int, int]
) -> MeshBuilder:
    """A sheet of glass that shows one cell of a picture; copies shift it to others."""
    mesh = MeshBuilder()
    w, (rows, columns) = width / 2, cells
    corners = [(-w, depth, 0), (w, depth, 0), (w, depth, height), (-w, depth, height)]
    margin = 0.03
    low, high = np.array([margin / columns, margin / rows]), (1 - margin) / np.array(cells)[::-1]
    uv = np.array([(low[0], high[1]), (high[0], high[1]), (high[0], low[1]), (low[0], low[1])])
    index = np.array([[0, 1, 2], [0, 2, 3]])
    mesh.triangles(corners, index, uv[index], picture, 0)
    return mesh


def shifts(rng: np.random.Generator, count: int, cells: tuple[int, int]) -> NDArray[np.float64]:
    """(N, 2) texture shifts to random cells of a picture."""
    rows, columns = cells
    pick = rng.integers(rows * columns, size=count)
    return np.stack([pick % columns / columns, pick // columns / rows], 1)


@dataclass(frozen=True)
class WindowStyle:
    """How a window is made; lengths in metres.

    Attributes:
        width, height: Of the hole.
        depth: How far back the glass lies.
        bars: Upright and level bars of the frame.
        frame: Colour of the frame.
        surround: Width of a raised border, 0 for none.
        sill, lintel: Whether a ledge and a hood stand out.
        shutters: Colour of shutters, or None.
    """

    width: float
    height: float
    depth: float = 0.16
    bars: tuple[int, int] = (1, 1)
    frame: looks.Color = (0.92, 0.92, 0.90)
    surround: float = 0.0
    sill: bool = True
    lintel: bool = False
    shutters: looks.Color | None = None


def window(style: WindowStyle, trim: Material, wall_material: Material) -> MeshBuilder:
    """Everything of a window but its glass; the origin is the middle of its lower edge."""
    mesh = MeshBuilder()
    w, h, d = style.width / 2, style.height, style.depth
    reveal(mesh, style.width, h, d, wall_material)
    frame, bar = looks.paint(style.frame, "frame"), 0.06
    front = d - 0.05
    for low, high in (
        ((-w, 0), (-w + bar, h)), ((w - bar, 0), (w, h)),
        ((-w + bar, 0), (w - bar, bar)), ((-w + bar, h - bar), (w - bar, h)),
    ):  # fmt: skip
        _strip(mesh, low, high, front, frame)
    upright, level = style.bars
    for k in range(upright):
        x = -w + (k + 1) * 2 * w / (upright + 1)
        _strip(mesh, (x - 0.025, bar), (x + 0.025, h - bar), front + 0.004, frame)
    for k in range(level):
        z = h * (0.5 if level == 1 else (k + 1) / (level + 1))
        _strip(mesh, (-w + bar, z - 0.025), (w - bar, z + 0.025), front + 0.008, frame)
    ledge = _but("-y", "-z", "+z")
    if style.sill:
        mesh.box((-w - 0.08, -0.10, -0.07), (w + 0.08, 0.0, 0.0), trim, 0, omit=ledge)
    if style.lintel:
        mesh.box((-w - 0.12, -0.12, h + 0.14), (w + 0.12, 0.0, h + 0.24), trim, 0, omit=ledge)
    if style.surround:
        s, out = style.surround, -0.035
        jamb = _but("-y", "-x", "+x")
        mesh.box((-w - s, out, 0), (-w, 0, h), trim, 0, omit=jamb)
        mesh.box((w, out, 0), (w + s, 0, h), trim, 0, omit=jamb)
        mesh.box((-w - s, out, h), (w + s, 0, h + s), trim, 0, omit=("+y", "-z"))
    if style.shutters is not None:
        board = looks.paint(style.shutters, "shutter")
        for side in (-1, 1):
            a, b = sorted((side * (w + 0.04), side * (w + 0.04 + 0.92 * w)))
            mesh.box((a, -0.05, 0.0), (b, -0.01, h), board, 0, omit=("+y",))
            for k in range(1, 4):
                _strip(mesh, (a, k * h / 4 - 0.03), (b, k * h / 4 + 0.03), -0.056, board)
    return mesh


def _strip(
    mesh: MeshBuilder,
    low: tuple[float, float],
    high: tuple[float, float],
    y: float,
    material: Material,
) -> None:
    """A thin upright rectangle (x, z) that faces out."""
    (a, b), (c, d) = low, high
    mesh.quad([(a, y, b), (c, y, b), (c, y, d), (a, y, d)], material, 0)


def _but(*seen: str) -> tuple[str, ...]:
    """All faces of a box but those that are seen."""
    return tuple(face for face in BOX_FACES if face not in seen)


def plain_window(style: WindowStyle, wall_material: Material) -> MeshBuilder:
    """A window of a back wall: its hole and one bar."""
    mesh = MeshBuilder()
    h, d = style.height, style.depth
    reveal(mesh, style.width, h, d, wall_material)
    bar = looks.paint(style.frame, "frame")
    _strip(mesh, (-0.03, 0), (0.03, h), d - 0.04, bar)
    return mesh


def balcony(width: float, floor: Material, rail: Material, *, solid: bool) -> MeshBuilder:
    """A slab with a railing of bars or of sheet; the origin lies at the wall, at floor level."""
    mesh = MeshBuilder()
    w, out = width / 2, 1.15
    mesh.box((-w, -out, -0.16), (w, 0, 0), floor, 0, omit=("+y",))
    for low, high in (
        ((-w, -out, 0.95), (w, -out + 0.05, 1.0)),
        ((-w, -out + 0.05, 0.95), (-w + 0.05, 0, 1.0)),
        ((w - 0.05, -out + 0.05, 0.95), (w, 0, 1.0)),
    ):
        mesh.box(low, high, rail, 0)
    if solid:
        mesh.box((-w, -out, 0.06), (w, -out + 0.03, 0.95), rail, 0)
        for x in (-w, w - 0.03):
            mesh.box((x, -out + 0.03, 0.06), (x + 0.03, -0.02, 0.95), rail, 0)
        return mesh
    count = max(4, round(width / 0.14))
    for x in np.linspace(-w + 0.02, w - 0.04, count):
        mesh.box(
            (x, -out + 0.015, 0), (x + 0.02, -out + 0.035, 0.95), rail, 0, omit=_but("-y", "+x")
        )
    for x in (-w + 0.015, w - 0.035):
        for y in np.linspace(-out + 0.18, -0.12, 7):
            mesh.box((x, y, 0), (x + 0.02, y + 0.02, 0.95), rail, 0, omit=_but("-y", "+x"))
    return mesh


def door(width: float, height: float, depth: float, leaf: Material, trim: Material) -> MeshBuilder:
    """A panelled door with a fanlight and a step; the origin is the middle of its threshold."""
    mesh = MeshBuilder()
    w, high = width / 2, min(2.15, height - 0.1)
    reveal(mesh, width, height, depth, trim)
    mesh.quad([(-w, depth, 0), (w, depth, 0), (w, depth, high), (-w, depth, high)], leaf, 0)
    mesh.quad([(-w, depth, high), (w, depth, high), (w, depth, height), (-w, depth, height)],
              looks.paint((0.30, 0.35, 0.40), "fanlight"), 0)  # fmt: skip
    mesh.box((-w, depth - 0.05, high - 0.04), (w, depth, high + 0.04), trim, 0, omit=("+y",))
    for side in (-1, 1):
        x = side * w / 2
        for low, top in ((0.18, 0.85), (1.0, high - 0.2)):
            mesh.box((x - 0.32 * w, depth - 0.025, low), (x + 0.32 * w, depth, top), leaf, 0,
                     omit=("+y",))  # fmt: skip
    knob = looks.paint((0.78, 0.66, 0.36), "brass")
    mesh.box((0.03, depth - 0.09, 1.0), (0.09, depth - 0.025, 1.14), knob, 0)
    return mesh


def shop_front(
    width: float, height: float, frame: Material, *, door_side: int
) -> tuple[MeshBuilder, list[tuple[float, float, float]]]:
    """The frame of a shop with a door at one side; also (middle, width, bottom) of its panes."""
    mesh = MeshBuilder()
    w, d, bar, base = width / 2, 0.22, 0.08, 0.45
    reveal(mesh, width, height, d, frame)
    entrance = 1.15 if width > 2.4 else 0.0
    left, right = (-w + entrance, w) if door_side < 0 else (-w, w - entrance)
    mesh.box((left, 0.04, 0.0), (right, d, base), frame, 0, omit=("+y", "-z"))
    panes, edges = [], [left, *([0.5 * (left + right)] if right - left > 2.6 else []), right]
    for a, b in itertools.pairwise(edges):
        panes.append((0.5 * (a + b), b - a, base))
    sides = [x for x in (left, right) if abs(x) < w]
    uprights = sorted({-w + bar / 2, w - bar / 2, *edges[1:-1], *sides})
    for x in uprights:
        mesh.box((x - bar / 2, 0.08, 0), (x + bar / 2, d, height - bar), frame, 0,
                 omit=("+y", "-z"))  # fmt: skip
    mesh.box((-w, 0.08, height - bar), (w, d, height), frame, 0, omit=("+y",))
    if entrance:
        a, b = (-w, left) if door_side < 0 else (right, w)
        a, b = a + bar, b - bar / 2
        mesh.box((a, 0.13, 0.0), (b, d, 0.2), frame, 0, omit=("+y", "-z"))
        mesh.box((a, 0.10, 2.1), (b, d, 2.2), frame, 0, omit=("+y",))
        panes.append((0.5 * (a + b), b - a, 0.2))
        mesh.box((a + 0.06, 0.1, 0.95), (a + 0.1, 0.14, 1.35), looks.surface("metal"), 0)
    return mesh, panes


def awning(width: float, cloth: Material) -> MeshBuilder:
    """A sloping cloth with a valance; the origin is at the wall, at its upper edge."""
    mesh = MeshBuilder()
    w, out, drop = width / 2, 1.3, 0.55
    tile = 1.6
    mesh.quad([(-w, -out, -drop), (w, -out, -drop), (w, 0, 0), (-w, 0, 0)], cloth, 0, tile=tile)
    mesh.quad([(-w, 0, -0.02), (w, 0, -0.02), (w, -out, -drop - 0.02), (-w, -out, -drop - 0.02)],
              cloth, 0, tile=tile)  # fmt: skip
    mesh.box((-w, -out - 0.015, -drop - 0.24), (w, -out, -drop), cloth, 0, tile=tile)
    for x, order in ((-w, 1), (w, -1)):
        corners = [(x, -out, -drop - 0.02), (x, 0, -0.02), (x, 0, 0), (x, -out, -drop)][::order]
        mesh.quad(corners, cloth, 0, tile=tile)
    return mesh

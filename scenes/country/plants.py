"""Trees, bushes, tufts and rocks of few triangles: shapes of unit size, drawn in variants.

A shape is a list of patches (vertices (V, 3), triangles (T, 3), uv (T, 3, 2), material's name),
with its foot at the origin. Texture coordinates are those of the direction that each facet faces
most, so nothing is stretched; they are in repeats at the shape's own size.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from navworld.scenes.country.surfaces import TILES

Patch = tuple[NDArray, NDArray, NDArray, str]

LOWEST = 2.4  # what grows lower of a tree of middling size would be in a walker's way [m]

ROOT = 0.6
"""Trunks and rocks reach this far below the ground, so that none floats on a slope [m]."""


@cache
def _sphere(coarse: bool) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A unit sphere of 80 triangles: an icosahedron whose edges are halved, unless coarse."""
    g = (1 + 5**0.5) / 2
    corners: list[tuple[float, float, float]]
    corners = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    corners += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    faces = "0b5 051 017 07a 0ab 159 5b4 ba2 a76 718 394 342 326 368 389 495 24b 62a 867 981"
    points = [np.array(c) / np.linalg.norm(c) for c in corners]
    triangles = []
    halves: dict[tuple[int, int], int] = {}

    def half(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in halves:
            middle = points[a] + points[b]
            points.append(middle / np.linalg.norm(middle))
            halves[key] = len(points) - 1
        return halves[key]

    for face in faces.split():
        a, b, c = (int(digit, 16) for digit in face)
        if coarse:
            triangles.append((a, b, c))
            continue
        ab, bc, ca = half(a, b), half(b, c), half(c, a)
        triangles += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return np.array(points), np.array(triangles)


def facing_uv(vertices: NDArray, triangles: NDArray, tile: float) -> NDArray[np.float64]:
    """(T, 3, 2) texture coordinates on the coordinate plane that each facet faces most."""
    corners = vertices[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    axis = np.abs(normal).argmax(1)
    planes = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    return np.take_along_axis(corners, planes[:, None, :].repeat(3, 1), 2) / tile


def blob(
    rng: Generator,
    center: ArrayLike,
    size: ArrayLike,
    name: str,
    *,
    rough: float = 0.14,
    coarse: bool = False,
) -> Patch:
    """A lump of leaves (or stone) around a centre, with half axes `size`."""
    points, triangles = _sphere(coarse)
    lumps = rng.normal(size=(6, 3))
    lumps *= 2.6 / np.linalg.norm(lumps, axis=1, keepdims=True)
    bulge = np.cos(points @ lumps.T + rng.uniform(0, 2 * np.pi, 6)).mean(1) * 1.8
    radius = 1 + rough * (bulge + rng.uniform(-0.35, 0.35, len(points)))
    vertices = points * radius[:, None] * np.asarray(size) + np.asarray(center)
    return vertices, triangles, facing_uv(vertices, triangles, TILES[name]), name


def ring_mesh(rings: NDArray, name: str, *, repeats: int = 1) -> Patch:
    """Rings (K, N, 3) joined from the first to the last, texture around and along them."""
    k, n, _ = rings.shape
    closed = np.concatenate([rings, rings[:, :1]], 1)
    along = np.linalg.norm(np.diff(closed.mean(1), axis=0), axis=1)
    v = np.concatenate([[0], np.cumsum(along)]) / TILES[name]
    uv = np.stack(np.broadcast_arrays(np.arange(n + 1) / n * repeats, -v[:, None]), -1)
    a = (np.arange(k - 1)[:, None] * (n + 1) + np.arange(n)).reshape(-1, 1)
    quads = a + np.array([0, 1, n + 2, n + 1])
    triangles = quads[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
    return closed.reshape(-1, 3), triangles, uv.reshape(-1, 2)[triangles], name


def trunk(height: float, radius: float, name: str, *, lean: NDArray, sides: int = 6) -> Patch:
    """A trunk from below the ground up, bent so that its top is `lean` (2,) off its foot [m]."""
    z = np.array([-ROOT, 0.25, 0.5 * height, height])
    width = radius * np.array([1.5, 1.05, 0.8, 0.42])
    middle = np.array([[0, 0], [0, 0], 0.35 * lean, lean])
    angle = np.arange(sides) * 2 * np.pi / sides
    circle = np.stack([np.cos(angle), np.sin(angle)], 1)
    rings = np.concatenate(
        [
            middle[:, None] + width[:, None, None] * circle,
            np.broadcast_to(z[:, None, None], (4, sides, 1)),
        ],
        2,
    )
    repeats = max(1, round(2 * np.pi * radius / TILES[name]))
    return ring_mesh(rings, name, repeats=repeats)


def _leafy(
    rng: Generator,
    leaves: str,
    bark: str,
    *,
    crown: float,
    slim: float,
    bare: float,
    coarse: bool,
) -> list[Patch]:
    """A broadleaved tree: `crown` its radius, `slim` its height over width, `bare` trunk [m]."""
    lean = rng.normal(0, 0.035, 2) * bare
    middle = np.array([*lean, bare + crown * slim])
    blobs = [blob(rng, middle, (crown, crown, crown * slim), leaves, coarse=coarse)]
    turn = rng.uniform(0, 2 * np.pi)
    for k in range(int(rng.integers(2, 4))):
        angle = turn + 2.2 * k + rng.uniform(-0.4, 0.4)
        out = 0.62 * crown * np.array([np.cos(angle), np.sin(angle), 0])
        lift = np.array([0, 0, rng.uniform(-0.45, 0.45) * crown * slim])
        size = crown * rng.uniform(0.5, 0.66) * np.array([1, 1, 0.5 + 0.5 * slim])
        blobs.append(blob(rng, middle + out + lift, size, leaves, coarse=coarse))
    lifted = _above(blobs)
    height = bare + 1.1 * crown * slim
    stem = trunk(height, 0.035 * height + 0.04, bark, lean=lean, sides=4 if coarse else 6)
    return [stem, *lifted]


def _above(blobs: list[Patch]) -> list[Patch]:
    """A crown, lifted so that one can walk below it."""
    lift = max(0.0, LOWEST - min(float(patch[0][:, 2].min()) for patch in blobs))
    up = np.array([0, 0, lift])
    return [(v + up, triangles, uv, name) for v, triangles, uv, name in blobs]


def _spruce(rng: Generator, coarse: bool) -> list[Patch]:
    height = rng.uniform(9, 15)
    top = rng.normal(0, 0.03, 2) * height
    patches = [trunk(0.9 * height, 0.012 * height + 0.04, "bark", lean=top)]
    tiers, sides = (3, 6) if coarse else (5, 9)
    low = LOWEST + rng.uniform(0.2, 0.9)
    edges = np.linspace(low, height, tiers + 1)
    reach = rng.uniform(0.17, 0.22) * height
    for k in range(tiers):
        share = 1 - k / tiers
        bottom, tip = edges[k], min(edges[k + 1] + 0.45 * (edges[1] - edges[0]), height)
        angle = (np.arange(sides) + rng.uniform(0, 1)) * 2 * np.pi / sides
        jag = np.where(np.arange(sides) % 2, 0.86, 1.1) * rng.uniform(0.92, 1.08, sides)
        around = np.stack([np.cos(angle), np.sin(angle)], 1)
        tilt = np.append(top * bottom / height, 0)
        skirt = np.column_stack([reach * share * jag[:, None] * around, bottom - 0.18 * jag])
        inner = np.column_stack([0.25 * reach * share * around, np.full(sides, bottom + 0.25)])
        peak = np.column_stack([0.02 * around, np.full(sides, tip)])
        rings = np.stack([inner, skirt, peak]) + tilt
        vertices, triangles, _, name = ring_mesh(rings, "spruce needles")
        patches.append((vertices, triangles, facing_uv(vertices, triangles, TILES[name]), name))
    return patches


def _pine(rng: Generator, coarse: bool) -> list[Patch]:
    height = rng.uniform(9, 14)
    top = rng.normal(0, 0.035, 2) * height
    patches = [trunk(height, 0.014 * height + 0.06, "bark", lean=top)]
    for _ in range(4):
        z = height * rng.uniform(0.68, 1.0)
        angle, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1.5)
        center = np.array([top[0] * z / height, top[1] * z / height, z])
        center[:2] += out * np.array([np.cos(angle), np.sin(angle)])
        size = rng.uniform(1.1, 1.8) * np.array([1, 1, 0.55])
        patches.append(blob(rng, center, size, "pine needles", rough=0.2, coarse=coarse))
    return patches


def _of(leaves: str, bark: str, crown: float, slim: float, bare: float) -> Callable:
    def make(rng: Generator, coarse: bool) -> list[Patch]:
        size = rng.uniform(0.8, 1.25)
        return _leafy(
            rng, leaves, bark, crown=crown * size, slim=slim * rng.uniform(0.9, 1.1),
            bare=bare * rng.uniform(0.8, 1.3), coarse=coarse,
        )  # fmt: skip

    return make


def _bush(rng: Generator, coarse: bool) -> list[Patch]:
    size = rng.uniform(0.5, 1.1)
    first = blob(
        rng, (0, 0, 0.55 * size), (size, size, 0.85 * size), "bush leaves", rough=0.2, coarse=coarse
    )
    angle = rng.uniform(0, 2 * np.pi)
    side = 0.7 * size * np.array([np.cos(angle), np.sin(angle), 0.5])
    return [
        first,
        blob(rng, side, 0.62 * size * np.ones(3), "bush leaves", rough=0.2, coarse=coarse),
    ]


def _rock(rng: Generator, coarse: bool) -> list[Patch]:
    size = rng.uniform(0.25, 1.0) * rng.uniform(0.7, 1.3, 3)
    return [blob(rng, (0, 0, 0.15 * size[2]), size * (1, 1, 0.8), "rock", rough=0.2, coarse=coarse)]


def _tuft(rng: Generator, coarse: bool) -> list[Patch]:
    """Blades of grass: upright triangles around a middle."""
    blades = 3 if coarse else 6
    angle = rng.uniform(0, 2 * np.pi, blades)
    along = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    across = np.stack([-along[:, 1], along[:, 0], 0 * angle], 1)
    foot = 0.14 * rng.uniform(0.1, 1, (blades, 1)) * along - (0, 0, 0.08)
    tip = (
        foot
        + 0.12 * along
        + np.column_stack([np.zeros((blades, 2)), rng.uniform(0.25, 0.5, blades)])
    )
    width = 0.028 * across
    vertices = np.stack([foot - width, foot + width, tip], 1).reshape(-1, 3)
    triangles = np.arange(3 * blades).reshape(-1, 3)
    uv = facing_uv(vertices, triangles, TILES["grass blades"])
    return [(vertices, triangles, uv, "grass blades")]


KINDS: dict[str, Callable[[Generator, bool], list[Patch]]] = {
    "beech": _of("beech leaves", "bark", 2.6, 1.15, 2.6),
    "oak": _of("oak leaves", "bark", 3.2, 0.85, 2.2),
    "birch": _of("birch leaves", "birch bark", 1.5, 1.9, 2.4),
    "maple": _of("maple leaves", "bark", 2.2, 1.2, 2.2),
    "poplar": _of("birch leaves", "bark", 1.3, 4.0, 1.8),
    "spruce": _spruce,
    "pine": _pine,
    "bush": _bush,
    "rock": _rock,
    "tuft": _tuft,
}

WOODS: tuple[tuple[str, ...], ...] = (
    ("spruce", "spruce", "pine", "birch"),
    ("beech", "oak", "maple"),
    ("pine", "birch", "oak"),
    ("beech", "spruce", "birch"),
    ("maple", "birch", "poplar", "oak"),
)
"""What grows together."""

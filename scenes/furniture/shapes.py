"""Shapes that furniture is made of, as arrays: cached templates that are stretched to size.

A shape is `(vertices, triangles, uv)`: (V, 3) metres, (T, 3) indices counter-clockwise seen from
outside, (T, 3, 2) texture coordinates in metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.world.mesh import BOX_CORNERS, BOX_FACES

Shape = tuple[NDArray, NDArray, NDArray]
_AXES = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}
_QUAD = np.array([[0, 1, 2], [0, 2, 3]])


@cache
def _box_template(omit: tuple[str, ...]) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    kept = [name for name in BOX_FACES if name not in omit]
    corners = np.array([BOX_CORNERS[name] for name in kept], np.float64).reshape(-1, 3)
    triangles = np.concatenate([_QUAD + 4 * k for k in range(len(kept))])
    axes = np.array([_AXES[name[1]] for name in kept])
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)
    return corners, triangles, axes, square


def box(low: ArrayLike, high: ArrayLike, omit: tuple[str, ...] = ()) -> Shape:
    """An axis-aligned box without the faces in `omit`; the grain follows each face's long side."""
    corners, triangles, axes, square = _box_template(omit)
    low = np.asarray(low, np.float64)
    size = np.asarray(high, np.float64) - low
    extent = size[axes]
    upright = extent[:, 1] > extent[:, 0]
    uv = square[None] * extent[:, None]
    uv = np.where(upright[:, None, None], uv[..., ::-1], uv).reshape(-1, 2)
    return low + corners * size, triangles, uv[triangles]


@cache
def _rounded_template(steps: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Signs, normals, triangles and the uv axes of a rounded box; see `rounded_box`."""
    signs: list[tuple] = []
    normals: list[NDArray] = []
    index: dict[tuple, int] = {}
    for sign in product((-1, 1), repeat=3):
        for i in range(steps + 1):
            for j in range(steps + 1 - i):
                weights = np.array([i, j, steps - i - j], float)
                index[sign, i, j] = len(signs)
                signs.append(sign)
                normals.append(np.sin(weights / steps * np.pi / 2) * sign)
    n = np.array(normals)
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    ends = {0: (steps, 0), 1: (0, steps), 2: (0, 0)}
    faces: list[tuple[int, ...]] = []
    for axis in range(3):
        a, b = (k for k in range(3) if k != axis)
        for side in (-1, 1):
            ring = []
            for sa, sb in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                signed = [0, 0, 0]
                signed[axis], signed[a], signed[b] = side, sa, sb
                ring.append(index[(tuple(signed), *ends[axis])])
            faces.append(tuple(ring))
        for sa, sb in product((-1, 1), repeat=2):
            arcs = []
            for side in (-1, 1):
                signed = [0, 0, 0]
                signed[axis], signed[a], signed[b] = side, sa, sb
                weights = np.zeros((steps + 1, 3), int)
                weights[:, a], weights[:, b] = np.arange(steps + 1), steps - np.arange(steps + 1)
                arcs.append([index[tuple(signed), w[0], w[1]] for w in weights])
            faces += [
                (arcs[0][k], arcs[0][k + 1], arcs[1][k + 1], arcs[1][k]) for k in range(steps)
            ]
    triangles = [t for f in faces for t in ((f[0], f[1], f[2]), (f[0], f[2], f[3]))]
    for sign in product((-1, 1), repeat=3):
        for i, j in product(range(steps), repeat=2):
            if i + j < steps:
                triangles.append((index[sign, i, j], index[sign, i + 1, j], index[sign, i, j + 1]))
            if i + j < steps - 1:
                corner = index[sign, i + 1, j + 1]
                triangles.append((index[sign, i + 1, j], corner, index[sign, i, j + 1]))
    s = np.array(signs, float)
    t = np.array(triangles)
    v = s * 0.7 + n * 0.3
    face_normal = np.cross(v[t[:, 1]] - v[t[:, 0]], v[t[:, 2]] - v[t[:, 0]])
    inward = (face_normal * v[t].mean(1)).sum(1) < 0
    t[inward] = t[inward][:, ::-1]
    dominant = np.abs(face_normal).argmax(1)
    axes = np.array([_AXES["xyz"[k]] for k in dominant])
    return s, n, t, axes


def rounded_box(low: ArrayLike, high: ArrayLike, radius: float, steps: int = 1) -> Shape:
    """A box with rounded edges: 44 triangles for one step (a chamfer), 92 for two."""
    signs, normals, triangles, axes = _rounded_template(steps)
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    half = (high - low) / 2
    radius = min(radius, float(half.min()) * 0.98)
    local = signs * (half - radius) + normals * radius
    rows = np.arange(len(triangles))[:, None, None]
    uv = (local + half)[triangles][rows, np.arange(3)[None, :, None], axes[:, None, :]]
    return local + (low + high) / 2, triangles, uv


@cache
def _pillow_template(cells: int) -> tuple[NDArray, NDArray]:
    t = np.sin(np.linspace(-1, 1, cells + 1) * np.pi / 2)
    x, y = np.meshgrid(t, t, indexing="ij")
    height = np.sqrt(np.maximum((1 - x**4) * (1 - y**4), 0))
    pinch_x, pinch_y = x * (1 - 0.07 * (1 - y**2)), y * (1 - 0.07 * (1 - x**2))
    top = np.stack([pinch_x, pinch_y, height], -1).reshape(-1, 3)
    side = cells + 1
    k = (np.arange(cells)[:, None] * side + np.arange(cells)).ravel()
    quads = np.stack([k, k + side, k + side + 1, k + 1], 1)
    half = np.arange(cells) < cells / 2
    crossed = (half[:, None] != half[None]).ravel()  # the diagonal runs into each corner
    quads[crossed] = np.roll(quads[crossed], 1, axis=1)
    upper = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    lower = upper[:, ::-1] + side * side
    return np.concatenate([top, top * (1, 1, -1)]), np.concatenate([upper, lower])


def pillow(size: ArrayLike, cells: int = 4) -> Shape:
    """A stuffed cushion around the origin, pinched at its seams; 4 · cells² triangles."""
    unit, triangles = _pillow_template(cells)
    half = np.asarray(size, np.float64) / 2
    v = unit * half
    return v, triangles, (v + half)[:, :2][triangles]


@cache
def _circle(segments: int) -> NDArray:
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


@cache
def _loft_template(count: int, n: int, low: bool, high: bool) -> tuple[NDArray, ...]:
    """Triangles of a loft, where the skin's corners lie around (0…1) and along (ring), the fans."""
    k = np.arange(n)
    nxt = (k + 1) % n
    skin = np.zeros((0, 3), np.int64)
    for row in range(count - 1):
        a, b = row * n, (row + 1) * n
        lower, upper = (a + k, a + nxt, b + nxt), (a + k, b + nxt, b + k)
        skin = np.concatenate([skin, np.stack(lower, 1), np.stack(upper, 1)])
    place = skin % n
    closing = (place == 0) & (place.max(1, keepdims=True) == n - 1)
    around = np.where(closing, n, place) / n
    fans = []
    for wanted, first, order in ((low, 0, -1), (high, (count - 1) * n, 1)):
        if wanted:
            fan = np.stack([np.full(n - 2, first), first + k[1:-1], first + k[2:]], 1)
            fans.append(fan[:, ::order])
    return np.concatenate([skin, *fans]), around, skin // n, np.array(fans, np.int64)


def loft(rings: ArrayLike, *, low: bool = True, high: bool = True) -> Shape:
    """A skin over closed rings of equally many points.

    Args:
        rings: (R, N, 3), each counter-clockwise seen from the end that the rings run towards.
        low, high: Whether the first and the last ring are closed by a fan.
    """
    r = np.asarray(rings, np.float64)
    count, n = r.shape[:2]
    triangles, around, row, fans = _loft_template(count, n, low, high)
    girth = _lengths(r[:, np.arange(1, n + 1) % n] - r).sum(1).max()
    along = np.zeros(count)
    np.cumsum(_lengths(r[1:] - r[:-1]).mean(1), out=along[1:])
    v = r.reshape(-1, 3)
    parts = [np.stack([around * girth, along[row]], -1)]
    for fan in fans:
        corners = v[fan]
        reach = corners.max((0, 1)) - corners.min((0, 1))
        parts.append(corners[..., np.sort(np.argsort(reach)[1:])])
    return v, triangles, np.concatenate(parts)


def _lengths(vectors: NDArray) -> NDArray:
    return np.sqrt(np.einsum("...k,...k->...", vectors, vectors))


def tube(
    start: ArrayLike,
    end: ArrayLike,
    radius: float,
    *,
    end_radius: float | None = None,
    segments: int = 6,
    caps: tuple[bool, bool] = (True, True),
) -> Shape:
    """A straight round bar, tapering to `end_radius`."""
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    x, y, z = ((end - start) / max(float(_lengths(end - start)), 1e-9)).tolist()
    if abs(z) < 0.9:
        length = (x * x + y * y) ** 0.5
        a, b, c = -y / length, x / length, 0.0
    else:
        length = (y * y + z * z) ** 0.5
        a, b, c = 0.0, -z / length, y / length
    ring = _circle(segments) @ np.array([[a, b, c], [y * c - z * b, z * a - x * c, x * b - y * a]])
    last = radius if end_radius is None else end_radius
    rings = np.stack([start + radius * ring, end + last * ring])
    v, t, uv = loft(rings, low=caps[0], high=caps[1])
    return v, t, uv[..., ::-1]


def oval(
    center: Sequence[float], half_x: float, half_y: float, *, segments: int = 14, power: float = 2.0
) -> NDArray:
    """(N, 3) level ring: an ellipse (power 2) up to a rounded rectangle (power 4 and more)."""
    c = _circle(segments)
    shaped = np.sign(c) * np.abs(c) ** (2 / power)
    return np.column_stack([shaped * (half_x, half_y), np.zeros(segments)]) + center


def turned(profile: ArrayLike, segments: int = 12) -> Shape:
    """A surface of revolution about z: (N, 2) points (radius, z) from the bottom up.

    A radius of 0 closes an end. Running the profile down again inside makes a hollow vessel.
    """
    p = np.asarray(profile, np.float64)
    c = _circle(segments)
    low, high = p[0, 0] < 1e-6, p[-1, 0] < 1e-6
    rings = np.concatenate(
        [p[:, None, :1] * c[None], np.broadcast_to(p[:, None, 1:], (len(p), segments, 1))], 2
    )
    rings = rings[1 if low else 0 : len(p) - 1 if high else len(p)]
    return loft(rings, low=low, high=high)


def turned_frame(yaw: float, at: Sequence[float] = (0, 0, 0), pitch: float = 0.0) -> NDArray:
    """(4, 4): pitched about y (positive: the top leans towards +x), then turned about z, moved."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    T = np.eye(4)
    T[:3, :3] = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]]) @ np.array(
        [[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]]
    )
    T[:3, 3] = at
    return T

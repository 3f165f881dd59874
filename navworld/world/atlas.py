"""Lightmap atlas: unfolds a scene's triangles to charts and packs them into one image.

Texel centres lie on the rim of their chart as well as inside it, so a bilinear look-up anywhere
in a chart never leaves it and neighbouring facets share the positions of their rim texels.
Coplanar triangles of one object that touch become one chart; a pair that forms a convex
quadrilateral is stretched over its rectangle, whatever its shape; a lone triangle takes half of
one. The smallest chart has 2 × 2 texels: light at its corners, interpolated in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

NORMAL_BINS = 1000.0
PLANE_GAP = 2e-3
TOUCH = 1e-3
MIN_FILL = 0.3
INSET = 8e-3
MAX_CELLS = 500
DEGENERATE_AREA = 1e-9


@dataclass(frozen=True, eq=False)
class Atlas:
    """Where every triangle lies in the lightmap, and where every texel lies in the scene.

    Attributes:
        uv: (T, 3, 2) float32 corner positions [texels]; (0.5, 0.5) for triangles without a chart.
        shape: (height, width) [texels]; charts leave the last two rows and last column free.
        chart: (T,) int32 chart of every triangle; −1 for degenerate and unlit ones.
        rectangles: (C, 4) int32 (x, y, width, height) of every chart [texels].
        texel: (N,) int32 flat index of every texel that some look-up can touch, chart by chart.
        texel_chart: (N,) int32.
        texel_triangle: (N,) int32 the triangle that the texel lies on, or next to.
        position: (N, 3) float32 its point on the surface, a little inside the triangle's rim [m].
        rim: (N, 3) float32 the same without that inset: equal for facets that share an edge [m].
        normal: (N, 3) float32 unit normal of the triangle.
    """

    uv: NDArray[np.float32]
    shape: tuple[int, int]
    chart: NDArray[np.int32]
    rectangles: NDArray[np.int32]
    texel: NDArray[np.int32]
    texel_chart: NDArray[np.int32]
    texel_triangle: NDArray[np.int32]
    position: NDArray[np.float32]
    rim: NDArray[np.float32]
    normal: NDArray[np.float32]


def build_atlas(
    corners: NDArray[np.float32],
    instance: NDArray[np.int32],
    lit: NDArray[np.bool_],
    *,
    texel: float = 0.05,
    max_texels: int = 1_000_000,
) -> Atlas:
    """Unfolds and packs.

    Args:
        corners: (T, 3, 3) triangle corners [m].
        instance: (T,) object of every triangle; charts do not cross objects.
        lit: (T,) triangles that need light; the others get no chart.
        texel: Distance of neighbouring texels [m], enlarged until the atlas holds `max_texels`.
    """
    corners = np.ascontiguousarray(corners, np.float64)
    normal, area = _normals(corners)
    usable = np.flatnonzero(lit & (area > DEGENERATE_AREA) & np.isfinite(area))
    members, starts = _plane_components(corners, normal, instance, usable)
    chart, st, size = _unfold(corners, normal, area, members, starts, (5 * texel) ** 2)
    cells = _cells(size, texel, max_texels)
    rectangles, shape = _pack(cells + 1)
    uv = np.full((len(corners), 3, 2), 0.5, np.float32)
    has = chart >= 0
    own = chart[has]
    uv[has] = rectangles[own][:, None, :2] + 0.5 + st[has] * cells[own][:, None, :]
    order = np.flatnonzero(has)
    order = order[np.argsort(chart[order], kind="stable")].astype(np.int32)
    index, triangle, position, rim = _texels(
        corners, _inset_weights(corners, area), chart, st, order, cells, rectangles, shape[1]
    )
    return Atlas(
        uv=uv,
        shape=shape,
        chart=chart,
        rectangles=rectangles,
        texel=index,
        texel_chart=chart[triangle],
        texel_triangle=triangle,
        position=position,
        rim=rim,
        normal=normal[triangle].astype(np.float32),
    )


def _normals(corners: NDArray) -> tuple[NDArray, NDArray]:
    """(T, 3) unit normals (zero where degenerate) and (T,) areas [m²]."""
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(cross, axis=1)
    with np.errstate(invalid="ignore"):
        return cross / np.maximum(length, 1e-12)[:, None], 0.5 * length


def _plane_components(
    corners: NDArray, normal: NDArray, instance: NDArray, usable: NDArray
) -> tuple[NDArray, NDArray]:
    """Triangles of one object and plane whose bounding boxes touch.

    Returns:
        (M,) triangle indices sorted by component, and (C + 1,) where each component starts.
    """
    if len(usable) == 0:
        return usable, np.zeros(1, np.int64)
    bins = np.round(normal[usable] * NORMAL_BINS).astype(np.int64)
    direction = ((bins[:, 0] + 2048) * 4096 + bins[:, 1] + 2048) * 4096 + bins[:, 2] + 2048
    offset = np.einsum("ij,ij->i", normal[usable], corners[usable, 0])
    order = np.lexsort((offset, direction, instance[usable]))
    members = usable[order]
    new = np.ones(len(members), bool)
    new[1:] = (
        (np.diff(instance[members]) != 0)
        | (np.diff(direction[order]) != 0)
        | (np.diff(offset[order]) > PLANE_GAP)
    )
    starts = np.append(np.flatnonzero(new), len(members))
    low, high = corners[members].min(1), corners[members].max(1)
    label = _touching(low, high, starts)
    order = np.argsort(label, kind="stable")
    members, label = members[order], label[order]
    cuts = np.flatnonzero(np.diff(label)) + 1
    return members, np.concatenate([[0], cuts, [len(members)]])


@njit(cache=True, nogil=True)
def _touching(low, high, starts):
    """Labels boxes of each range that are connected through overlaps (sweep and union-find)."""
    count = len(low)
    parent = np.arange(count)
    for g in range(len(starts) - 1):
        a, b = starts[g], starts[g + 1]
        if b - a == 1:
            continue
        axis = 0
        for k in range(1, 3):
            if np.ptp(low[a:b, k]) > np.ptp(low[a:b, axis]):
                axis = k
        order = np.argsort(low[a:b, axis]) + a
        for m in range(b - a):
            i = order[m]
            for n in range(m + 1, b - a):
                j = order[n]
                if low[j, axis] > high[i, axis] + TOUCH:
                    break
                apart = False
                for k in range(3):
                    apart |= low[j, k] > high[i, k] + TOUCH or low[i, k] > high[j, k] + TOUCH
                if not apart:
                    ri, rj = _root(parent, i), _root(parent, j)
                    parent[max(ri, rj)] = min(ri, rj)
    for i in range(count):
        parent[i] = _root(parent, i)
    return parent


@njit(cache=True, nogil=True)
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def _unfold(corners, normal, area, members, starts, small):
    """Makes charts of components.

    Returns:
        chart (T,) int32, st (T, 3, 2) chart coordinates in 0…1 of every corner, and size (C, 2)
        of every chart [m]. Components that fill little of a rectangle above `small` m² fall
        apart into quadrilaterals and triangles.
    """
    chart = np.full(len(corners), -1, np.int32)
    st = np.zeros((len(corners), 3, 2), np.float64)
    size = np.zeros((len(members) + 1, 2), np.float64)
    count = 0
    for c in range(len(starts) - 1):
        group = members[starts[c] : starts[c + 1]]
        if len(group) > 2 or (
            len(group) == 2 and not _quad(corners, normal, group[0], group[1], st, size[count])
        ):
            total = 0.0
            for i in group:
                total += area[i]
            _rectangle(corners, normal[group[0]], group, st, size[count])
            box = size[count, 0] * size[count, 1]
            if total < MIN_FILL * box and box > small:
                count = _split(corners, normal, group, chart, st, size, count)
                continue
        elif len(group) == 1:
            _single(corners, group[0], st, size[count])
        for i in group:
            chart[i] = count
        count += 1
    return chart, st, size[:count]


@njit(cache=True, nogil=True)
def _split(corners, normal, group, chart, st, size, count):
    """Charts for a group that is too sparse for one rectangle; returns the next chart number."""
    for m in range(len(group)):
        i = group[m]
        if chart[i] >= 0:
            continue
        chart[i] = count
        paired = False
        for n in range(m + 1, min(len(group), m + 200)):
            j = group[n]
            if chart[j] < 0 and _quad(corners, normal, i, j, st, size[count]):
                chart[j] = count
                paired = True
                break
        if not paired:
            _single(corners, i, st, size[count])
        count += 1
    return count


@njit(cache=True, nogil=True)
def _distance(p, q):
    return np.sqrt((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 + (p[2] - q[2]) ** 2)


@njit(cache=True, nogil=True)
def _turn(a, b, c, n):
    """Sine-like measure of the left turn at b on the way a → b → c, about n."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - b[0], c[1] - b[1], c[2] - b[2]
    cross = (
        (uy * vz - uz * vy) * n[0] + (uz * vx - ux * vz) * n[1] + (ux * vy - uy * vx) * n[2]
    )
    return cross / max(_distance(a, b) * _distance(b, c), 1e-12)


@njit(cache=True, nogil=True)
def _quad(corners, normal, i, j, st, size):
    """Maps two triangles that form a convex quadrilateral to the unit square, if they do."""
    for a in range(3):
        for b in range(3):
            p, q = corners[i, (a + 1) % 3], corners[i, a]
            if _distance(p, corners[j, b]) > 1e-5 or _distance(q, corners[j, (b + 1) % 3]) > 1e-5:
                continue
            r, s = corners[i, (a + 2) % 3], corners[j, (b + 2) % 3]
            n = normal[i]
            flattest = min(
                min(_turn(p, r, q, n), _turn(r, q, s, n)), min(_turn(q, s, p, n), _turn(s, p, r, n))
            )
            if flattest < 0.2:
                return False
            size[0] = max(_distance(p, r), _distance(s, q))
            size[1] = max(_distance(r, q), _distance(p, s))
            long = 0 if size[0] >= size[1] else 1
            if long:
                size[0], size[1] = size[1], size[0]
            for t in (i, j):
                st[t] = 0.0
            st[i, (a + 2) % 3, long] = 1.0
            st[i, a] = 1.0
            st[j, (b + 1) % 3] = 1.0
            st[j, (b + 2) % 3, 1 - long] = 1.0
            return True
    return False


@njit(cache=True, nogil=True)
def _single(corners, i, st, size):
    """Maps one triangle to the lower half of the unit square, its widest angle at the origin."""
    best = 0
    for a in range(3):
        span = _distance(corners[i, (a + 1) % 3], corners[i, (a + 2) % 3])
        if span > _distance(corners[i, (best + 1) % 3], corners[i, (best + 2) % 3]):
            best = a
    p, q, r = corners[i, best], corners[i, (best + 1) % 3], corners[i, (best + 2) % 3]
    first = 0 if _distance(p, q) >= _distance(p, r) else 1
    st[i] = 0.0
    st[i, (best + 1) % 3, first] = 1.0
    st[i, (best + 2) % 3, 1 - first] = 1.0
    size[0], size[1] = max(_distance(p, q), _distance(p, r)), min(_distance(p, q), _distance(p, r))


@njit(cache=True, nogil=True)
def _rectangle(corners, n, group, st, size):
    """Projects a planar group to the tightest rectangle along one of its edges."""
    best = np.inf
    frame = np.zeros((2, 3))
    low = np.zeros(2)
    stride = max(1, len(group) // 24)
    for k in range(0, len(group), stride):
        for a in range(3):
            u = corners[group[k], (a + 1) % 3] - corners[group[k], a]
            length = np.sqrt((u * u).sum())
            if length < 1e-4:
                continue
            u = u / length
            v = np.cross(n, u)
            lo_u, hi_u, lo_v, hi_v = np.inf, -np.inf, np.inf, -np.inf
            for i in group:
                for c in range(3):
                    p = corners[i, c]
                    x = p[0] * u[0] + p[1] * u[1] + p[2] * u[2]
                    y = p[0] * v[0] + p[1] * v[1] + p[2] * v[2]
                    lo_u, hi_u = min(lo_u, x), max(hi_u, x)
                    lo_v, hi_v = min(lo_v, y), max(hi_v, y)
            w, h = hi_u - lo_u, hi_v - lo_v
            if w * h < best:
                best = w * h
                if w >= h:
                    frame[0], frame[1] = u, v
                    low[0], low[1], size[0], size[1] = lo_u, lo_v, w, h
                else:
                    frame[0], frame[1] = v, u
                    low[0], low[1], size[0], size[1] = lo_v, lo_u, h, w
    for i in group:
        for c in range(3):
            for k in range(2):
                x = (corners[i, c] * frame[k]).sum() - low[k]
                st[i, c, k] = min(max(x / max(size[k], 1e-9), 0.0), 1.0)


def _cells(size: NDArray, texel: float, max_texels: int) -> NDArray[np.int32]:
    """(C, 2) cells between the texel centres of every chart, within the budget."""
    while True:
        cells = np.clip(np.ceil(size / texel - 0.25), 1, MAX_CELLS).astype(np.int32)
        total = int(np.prod(cells + 1, axis=1).sum())
        if total <= max_texels or cells.max(initial=1) == 1:
            return cells
        texel *= 1.02 * max(1.0, total / max_texels) ** 0.5


def _pack(size: NDArray[np.int32]) -> tuple[NDArray[np.int32], tuple[int, int]]:
    """Shelf packing of (C, 2) widths and heights; returns rectangles and the image's shape."""
    if len(size) == 0:
        return np.zeros((0, 4), np.int32), (2, 64)
    widest = int(size[:, 0].max()) + 1
    width = 1 << int(np.ceil(np.log2(max(widest, np.sqrt(np.prod(size, axis=1).sum())))))
    order = np.lexsort((-size[:, 0], -size[:, 1]))
    rectangles, height = _shelves(size.astype(np.int32), order, width)
    return rectangles, (height + 2, width)


@njit(cache=True, nogil=True)
def _shelves(size, order, width):
    rectangles = np.zeros((len(size), 4), np.int32)
    x, y, shelf = 0, 0, size[order[0], 1]
    for c in order:
        w, h = size[c]
        if x + w > width - 1:
            x, y, shelf = 0, y + shelf, h
        rectangles[c, 0], rectangles[c, 1], rectangles[c, 2], rectangles[c, 3] = x, y, w, h
        x += w
    return rectangles, y + shelf


@njit(cache=True, nogil=True)
def _texels(corners, inset, chart, st, order, cells, rectangles, width):
    """Every texel that a look-up can touch: its index, triangle and points on the surface."""
    total = 0
    for c in range(len(rectangles)):
        total += rectangles[c, 2] * rectangles[c, 3]
    index, owner = np.empty(total, np.int32), np.empty(total, np.int32)
    position, rim = np.empty((total, 3), np.float32), np.empty((total, 3), np.float32)
    largest, zero = 4, np.zeros(3)
    for c in range(len(rectangles)):
        largest = max(largest, rectangles[c, 2] * rectangles[c, 3])
    outside, best, weight = np.empty(largest), np.empty(largest, np.int32), np.empty((largest, 3))
    count, at = 0, 0
    while at < len(order):
        c = chart[order[at]]
        x0, y0, w, h = rectangles[c]
        outside[: w * h] = 1.45
        best[: w * h] = -1
        while at < len(order) and chart[order[at]] == c:
            _rasterize(st[order[at]], cells[c], order[at], w, outside, best, weight)
            at += 1
        for k in range(w * h):
            if best[k] >= 0:
                index[count] = (y0 + k // w) * width + x0 + k % w
                owner[count] = best[k]
                _place(corners[best[k]], weight[k], inset[best[k]], position[count])
                _place(corners[best[k]], weight[k], zero, rim[count])
                count += 1
    return index[:count], owner[:count], position[:count], rim[:count]


@njit(cache=True, nogil=True)
def _rasterize(st, cells, triangle, w, outside, best, weight):
    """Offers a triangle to the texels of its chart; each keeps the one that it lies deepest in."""
    x, y = st[:, 0] * cells[0], st[:, 1] * cells[1]
    double = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    if abs(double) < 1e-9:
        return
    j0, j1 = max(0, int(np.floor(y.min() - 1))), min(cells[1], int(np.ceil(y.max() + 1)))
    i0, i1 = max(0, int(np.floor(x.min() - 1))), min(cells[0], int(np.ceil(x.max() + 1)))
    b = np.empty(3)
    reach = np.empty(3)
    for k in range(3):
        m, n = (k + 1) % 3, (k + 2) % 3
        reach[k] = abs(double) / max(np.hypot(x[n] - x[m], y[n] - y[m]), 1e-9)
    for j in range(j0, j1 + 1):
        for i in range(i0, i1 + 1):
            depth = 0.0
            for k in range(3):
                m, n = (k + 1) % 3, (k + 2) % 3
                b[k] = ((x[m] - i) * (y[n] - j) - (x[n] - i) * (y[m] - j)) / double
                depth = max(depth, -b[k] * reach[k])
            if depth < outside[j * w + i]:
                outside[j * w + i] = depth
                best[j * w + i] = triangle
                weight[j * w + i] = b


@njit(cache=True, nogil=True)
def _place(corner, weight, low, point):
    """Point of barycentric `weight`, no weight below `low`: on the triangle, or within its rim."""
    a, b, c = max(weight[0], low[0]), max(weight[1], low[1]), max(weight[2], low[2])
    total = a + b + c
    for k in range(3):
        point[k] = (a * corner[0, k] + b * corner[1, k] + c * corner[2, k]) / total


def _inset_weights(corners: NDArray, area: NDArray) -> NDArray:
    """(T, 3) least barycentric weights of points that keep `INSET` away from the rim."""
    opposite = np.linalg.norm(np.roll(corners, -1, 1) - np.roll(corners, -2, 1), axis=2)
    return np.minimum(INSET * opposite / np.maximum(2 * area, 1e-12)[:, None], 0.2)

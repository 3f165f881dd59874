"""Charts: triangles of a surface laid flat, the pieces that a lightmap atlas is packed from.

Coplanar triangles of one object that touch become one chart; a pair that forms a convex
quadrilateral is stretched over the unit square, whatever its shape; a lone triangle takes half of
it. Everything else is projected to the tightest rectangle along one of its edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

NORMAL_BINS = 1000.0
PLANE_GAP = 2e-3
TOUCH = 1e-3
MIN_FILL, MAX_SPARSE_AREA = 0.3, 0.06
DEGENERATE_AREA = 1e-9
LEVEL = 0.98


@dataclass(frozen=True, eq=False)
class Charts:
    """Triangles grouped and laid flat.

    Attributes:
        corners: (T, 3, 3) float64 [m].
        normal: (T, 3) unit normals, zero where degenerate.
        area: (T,) [m²].
        chart: (T,) int32; −1 for degenerate triangles and those without a chart.
        st: (T, 3, 2) position of every corner in its chart, 0…1.
        size: (C, 2) extent of every chart along s and t [m]; s is the longer one.
    """

    corners: NDArray[np.float64]
    normal: NDArray[np.float64]
    area: NDArray[np.float64]
    chart: NDArray[np.int32]
    st: NDArray[np.float64]
    size: NDArray[np.float64]


def cut_charts(
    corners: NDArray[np.float32],
    instance: NDArray[np.int32],
    lit: NDArray[np.bool_],
    *,
    tile: float | None = None,
) -> Charts:
    """Groups and flattens triangles.

    Args:
        corners: (T, 3, 3) [m].
        instance: (T,) object of every triangle; charts do not cross objects.
        lit: (T,) triangles that need a chart.
        tile: Level ground is divided into squares of this side [m]; None keeps it whole.
    """
    points = np.ascontiguousarray(corners, np.float64)
    cross = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    length = np.linalg.norm(cross, axis=1)
    normal, area = cross / np.maximum(length, 1e-12)[:, None], 0.5 * length
    usable = np.flatnonzero(lit & (area > DEGENERATE_AREA))
    members, starts = _coplanar_groups(points, normal, instance, usable, tile)
    chart, st, size = _unfold(points, normal, area, members, starts)
    return Charts(points, normal, area, chart, st, size)


def _coplanar_groups(
    corners: NDArray, normal: NDArray, instance: NDArray, usable: NDArray, tile: float | None
) -> tuple[NDArray, NDArray]:
    """Triangles of one object and plane whose bounding boxes touch.

    Returns:
        (M,) triangle indices sorted by component, and (C + 1,) where each component starts.
    """
    if len(usable) == 0:
        return usable, np.zeros(1, np.int64)
    bins = np.round(normal[usable] * NORMAL_BINS).astype(np.int64)
    direction = ((bins[:, 0] + 2048) * 4096 + bins[:, 1] + 2048) * 4096 + bins[:, 2] + 2048
    if tile is not None:
        where = np.floor(corners[usable, :, :2].mean(1) / tile).astype(np.int64)
        number = (where[:, 0] % 512) * 512 + where[:, 1] % 512
        direction = direction * 262144 + np.where(np.abs(normal[usable, 2]) > LEVEL, number, 0)
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
def _unfold(corners, normal, area, members, starts):
    """Makes charts of components.

    Returns:
        chart (T,) int32, st (T, 3, 2) chart coordinates in 0…1 of every corner, and size (C, 2)
        of every chart [m]. Components that fill little of a large rectangle fall
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
            if total < MIN_FILL * box and box > MAX_SPARSE_AREA:
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
    cross = (uy * vz - uz * vy) * n[0] + (uz * vx - ux * vz) * n[1] + (ux * vy - uy * vx) * n[2]
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

"""Lightmap atlas: lays a scene's triangles out in one image.

Texel centres lie on the rim of their chart as well as inside it, so a bilinear look-up anywhere
in a chart never leaves it and neighbouring facets share the positions of their rim texels. The
smallest chart has 2 × 2 texels: light at its corners, interpolated in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.baking.charts import Charts

INSET = 8e-3
MAX_CELLS = 500
STRIP_STRETCH = 1.6
REACH = 1.45


@dataclass(frozen=True, eq=False)
class Atlas:
    """Where every triangle lies in the lightmap, and where every texel lies in the scene.

    Attributes:
        uv: (T, 3, 2) float32 corner positions [texels]; (0.5, 0.5) for triangles without a chart.
        shape: (height, width) [texels]; charts leave the last two rows and last column free.
        rectangles: (C, 4) int32 (x, y, width, height) of every chart [texels].
        texel: (N,) int32 flat index of every texel that some look-up can touch, chart by chart.
        chart: (N,) int32 the chart of every texel.
        triangle: (N,) int32 the triangle that the texel lies on, or next to.
        position: (N, 3) float32 its point on the surface, a little inside the chart's rim [m].
        rim: (N, 3) float32 the same without that inset: equal for facets that share an edge [m].
        normal: (N, 3) float32 unit normal of the triangle.
    """

    uv: NDArray[np.float32]
    shape: tuple[int, int]
    rectangles: NDArray[np.int32]
    texel: NDArray[np.int32]
    chart: NDArray[np.int32]
    triangle: NDArray[np.int32]
    position: NDArray[np.float32]
    rim: NDArray[np.float32]
    normal: NDArray[np.float32]


def lay_out(
    charts: Charts, texel: NDArray[np.float64] | float, *, max_texels: int = 1_000_000
) -> Atlas:
    """Packs charts into one image.

    Args:
        texel: Distance of neighbouring texels [m], one number or (C,); all are enlarged alike
            until the atlas holds `max_texels`.
    """
    chart, size = charts.chart, charts.size
    cells = _cells(size, np.broadcast_to(texel, len(size)), max_texels)
    rectangles, shape = _pack(cells + 1)
    uv = np.full((len(chart), 3, 2), 0.5, np.float32)
    has = chart >= 0
    own = chart[has]
    uv[has] = rectangles[own][:, None, :2] + 0.5 + charts.st[has] * cells[own][:, None, :]
    order = np.flatnonzero(has)
    order = order[np.argsort(chart[order], kind="stable")].astype(np.int32)
    inset = np.minimum(INSET * cells / np.maximum(size, 1e-9), 0.2)
    index, triangle, position, rim = _texels(
        charts.corners, chart, charts.st, order, cells, inset, rectangles, shape[1]
    )
    return Atlas(
        uv=uv,
        shape=shape,
        rectangles=rectangles,
        texel=index,
        chart=chart[triangle],
        triangle=triangle,
        position=position,
        rim=rim,
        normal=charts.normal[triangle].astype(np.float32),
    )


def _cells(size: NDArray, texel: NDArray, max_texels: int) -> NDArray[np.int32]:
    """(C, 2) cells between the texel centres of every chart, within the budget."""
    while True:
        cells = np.clip(np.ceil(size / texel[:, None] - 0.25), 1, MAX_CELLS).astype(np.int32)
        strips = np.ceil(size[:, 0] / (STRIP_STRETCH * texel) - 0.25)
        cells[:, 0] = np.where(cells[:, 1] == 1, np.clip(strips, 1, MAX_CELLS), cells[:, 0])
        total = int(np.prod(cells + 1, axis=1).sum())
        if total <= max_texels or cells.max(initial=1) == 1:
            return cells
        texel = texel * 1.02 * (total / max_texels) ** 0.5


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
def _texels(corners, chart, st, order, cells, inset, rectangles, width):
    """Every texel that a look-up can touch: its index, triangle and points on the surface."""
    total, largest = 0, 4
    for c in range(len(rectangles)):
        total += rectangles[c, 2] * rectangles[c, 3]
        largest = max(largest, rectangles[c, 2] * rectangles[c, 3])
    index, owner = np.empty(total, np.int32), np.empty(total, np.int32)
    position, rim = np.empty((total, 3), np.float32), np.empty((total, 3), np.float32)
    outside, best, weight = np.empty(largest), np.empty(largest, np.int32), np.empty(3)
    count, at = 0, 0
    while at < len(order):
        c = chart[order[at]]
        x0, y0, w, h = rectangles[c]
        outside[: w * h] = REACH
        best[: w * h] = -1
        while at < len(order) and chart[order[at]] == c:
            _rasterize(st[order[at]], cells[c], order[at], w, outside, best)
            at += 1
        for k in range(w * h):
            t = best[k]
            if t < 0:
                continue
            i, j = k % w, k // w
            index[count] = (y0 + j) * width + x0 + i
            owner[count] = t
            x, y = st[t, :, 0] * cells[c, 0], st[t, :, 1] * cells[c, 1]
            _closest(x, y, float(i), float(j), weight)
            _place(corners[t], weight, rim[count])
            u = min(max(float(i), inset[c, 0]), cells[c, 0] - inset[c, 0])
            v = min(max(float(j), inset[c, 1]), cells[c, 1] - inset[c, 1])
            _closest(x, y, u, v, weight)
            _place(corners[t], weight, position[count])
            count += 1
    return index[:count], owner[:count], position[:count], rim[:count]


@njit(cache=True, nogil=True)
def _rasterize(st, cells, triangle, w, outside, best):
    """Offers a triangle to the texels of its chart; each keeps the one that it lies deepest in."""
    x, y = st[:, 0] * cells[0], st[:, 1] * cells[1]
    double = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    if abs(double) < 1e-9:
        return
    j0, j1 = max(0, int(np.floor(y.min() - 1))), min(cells[1], int(np.ceil(y.max() + 1)))
    i0, i1 = max(0, int(np.floor(x.min() - 1))), min(cells[0], int(np.ceil(x.max() + 1)))
    reach = np.empty(3)
    for k in range(3):
        m, n = (k + 1) % 3, (k + 2) % 3
        reach[k] = 1.0 / max(np.hypot(x[n] - x[m], y[n] - y[m]), 1e-9)
    if double < 0:
        reach *= -1.0
    for j in range(j0, j1 + 1):
        for i in range(i0, i1 + 1):
            depth = 0.0
            for k in range(3):
                m, n = (k + 1) % 3, (k + 2) % 3
                area = (x[m] - i) * (y[n] - j) - (x[n] - i) * (y[m] - j)
                depth = max(depth, -area * reach[k])
            if depth < outside[j * w + i]:
                outside[j * w + i] = depth
                best[j * w + i] = triangle


@njit(cache=True, nogil=True)
def _closest(x, y, px, py, weight):
    """Barycentric weights of the point of a triangle that is closest to (px, py)."""
    double = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    inside = True
    for k in range(3):
        m, n = (k + 1) % 3, (k + 2) % 3
        weight[k] = ((x[m] - px) * (y[n] - py) - (x[n] - px) * (y[m] - py)) / double
        inside &= weight[k] >= 0
    if inside:
        return
    best = np.inf
    for k in range(3):
        m, n = (k + 1) % 3, (k + 2) % 3
        ex, ey = x[n] - x[m], y[n] - y[m]
        along = ((px - x[m]) * ex + (py - y[m]) * ey) / max(ex * ex + ey * ey, 1e-12)
        along = min(max(along, 0.0), 1.0)
        distance = np.hypot(x[m] + along * ex - px, y[m] + along * ey - py)
        if distance < best:
            best = distance
            weight[k], weight[m], weight[n] = 0.0, 1.0 - along, along


@njit(cache=True, nogil=True)
def _place(corner, weight, point):
    for k in range(3):
        point[k] = weight[0] * corner[0, k] + weight[1] * corner[1, k] + weight[2] * corner[2, k]

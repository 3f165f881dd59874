"""Exact shortest paths by visibility graph: an oracle that shares nothing with `world.geodesic`.

The space where a body can stand becomes polygons; a shortest path among polygons bends only at
their corners that stick out (Lozano-Pérez and Wesley, CACM 1979), so Dijkstra over those that see
each other finds it. There are two such spaces. `walkable_space` is where bodies of this world can
stand, the contour of the interpolated clearance; `free_space` is where a true disc fits among the
blocked cells. They differ by millimetres, but for passages less than one cell wider than the
body, which may be closed in the former.
"""

from __future__ import annotations

import numpy as np
import shapely
import shapely.affinity
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.base import BaseGeometry
from skimage.measure import find_contours

from navworld.world.scene import Floor

ROUND = 12  # corners of grown obstacles are rounded with this many chords per right angle
SIMPLIFY = 5e-4  # bends of outlines below this are dropped [m]
FINE = 4  # contours are taken at this many points per cell
TOUCH = 1e-5  # a line that comes no nearer than this inside an obstacle passes it [m]


def free_space(floor: Floor, radius: float) -> BaseGeometry:
    """Where the centre of a disc can be: the cells with clearance, less what the radius takes."""
    runs: list[tuple[int, int, int, int]] = []
    for row, line in enumerate(floor.clearance > 0):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.view(np.int8), [0]])))
        runs.extend((left, row, right, row + 1) for left, right in edges.reshape(-1, 2))
    boxes = shapely.box(*(np.array(runs, np.float64).reshape(-1, 4).T * floor.cell))
    cells = shapely.affinity.translate(shapely.union_all(boxes), *floor.origin)
    frame = shapely.box(*cells.bounds).buffer(2 * radius, join_style="mitre")
    obstacles = shapely.difference(frame, cells)
    grown = obstacles.buffer(radius, quad_segs=ROUND).simplify(SIMPLIFY)
    return shapely.difference(cells, grown)


def walkable_space(floor: Floor, radius: float) -> BaseGeometry:
    """Where a `Navigator` lets a body stand: interpolated clearance of at least the radius."""
    fine = [FINE * (n - 1) + 1 for n in floor.clearance.shape]
    points = np.meshgrid(*(np.arange(n) / FINE for n in fine), indexing="ij")
    clearance = map_coordinates(floor.clearance.astype(np.float64), points, order=1)
    rings = [shapely.linestrings(line[:, ::-1] / FINE) for line in find_contours(clearance, radius)]
    area = shapely.build_area(shapely.multilinestrings(rings)).simplify(SIMPLIFY / floor.cell)
    scaled = shapely.affinity.scale(area, floor.cell, floor.cell, origin=(-0.5, -0.5))
    return shapely.affinity.translate(scaled, floor.origin[0] + 0.5, floor.origin[1] + 0.5)


def visibility_graph_path(
    free: BaseGeometry, start_xy: ArrayLike, goal_xy: ArrayLike
) -> tuple[float, NDArray[np.float64]]:
    """Length [m] and corners (K, 2) of the shortest path within polygons; inf and (0, 2) if none.

    For many paths on one floor make one `VisibilityGraph`.
    """
    return VisibilityGraph(free).path(start_xy, goal_xy)


class VisibilityGraph:
    """Corners of the free space that see each other.

    Args:
        free: Polygons that the path may run in, their borders included (`free_space`).

    Attributes:
        corners: (N, 2) where paths can bend [m].
    """

    def __init__(self, free: BaseGeometry) -> None:
        if free.is_empty:
            raise ValueError("the free space is empty: no path can be found in it")
        self.free = free
        self._passable = free.buffer(TOUCH, join_style="mitre")
        shapely.prepare(self._passable)
        self.corners, self._before, self._after = _reflex_corners(free)
        i, j = np.array(_tangent_pairs(self.corners, self._before, self._after)).reshape(2, -1)
        seen = self._sees(self.corners[i], self.corners[j])
        self._edges = i[seen], j[seen]

    def path(self, start_xy: ArrayLike, goal_xy: ArrayLike) -> tuple[float, NDArray[np.float64]]:
        """Length [m] and corners (K, 2) of the shortest path; inf and (0, 2) if there is none.

        Ends outside the free space are moved to its nearest point.
        """
        ends = [self._inside(np.array(xy, np.float64)) for xy in (start_xy, goal_xy)]
        points = np.concatenate([self.corners, ends])
        count = len(self.corners)
        rows, columns = [self._edges[0]], [self._edges[1]]
        for k, end in enumerate(ends):
            tangent = _is_tangent(end[None], self.corners, self._before, self._after)[0]
            near = np.flatnonzero(tangent)
            near = near[self._sees(np.broadcast_to(end, (len(near), 2)), self.corners[near])]
            rows.append(np.full(len(near), count + k))
            columns.append(near)
        if self._sees(ends[0][None], ends[1][None])[0]:
            rows.append(np.array([count]))
            columns.append(np.array([count + 1]))
        i, j = np.concatenate(rows), np.concatenate(columns)
        # A weight of zero would be no edge.
        weight = np.linalg.norm(points[i] - points[j], axis=1) + 1e-12
        graph = coo_matrix((weight, (i, j)), (count + 2, count + 2)).tocsr()
        length, before = dijkstra(graph, directed=False, indices=count, return_predecessors=True)
        if not np.isfinite(length[count + 1]):
            return np.inf, np.empty((0, 2))
        path = [count + 1]
        while path[-1] != count:
            path.append(int(before[path[-1]]))
        return float(length[count + 1]), points[path[::-1]]

    def _inside(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._passable.covers(shapely.Point(xy)):
            return xy
        nearest = shapely.shortest_line(self.free, shapely.Point(xy))
        return shapely.get_coordinates(nearest)[0]

    def _sees(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(N,) whether the straight lines between (N, 2) points run in the free space."""
        return shapely.covers(self._passable, shapely.linestrings(np.stack([a, b], 1)))


def _reflex_corners(
    free: BaseGeometry,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Corners (N, 2) that stick into the free space, with their neighbours on the outline."""
    found = []
    for polygon in shapely.get_parts(shapely.orient_polygons(free)):
        for ring in shapely.get_rings(polygon):
            point = shapely.get_coordinates(ring)[:-1]
            before, after = np.roll(point, 1, 0), np.roll(point, -1, 0)
            turn = _cross(point - before, after - point)
            found.append(np.stack([point, before, after])[:, turn < -1e-12])
    corners, before, after = np.concatenate(found, 1)
    return corners, before, after


def _tangent_pairs(
    corners: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs i < j whose line touches the outline at both ends without entering it there."""
    first, second = [], []
    for low in range(0, len(corners), 256):
        part = slice(low, low + 256)
        there = _is_tangent(corners[part], corners, before, after)
        back = _is_tangent(corners, corners[part], before[part], after[part]).T
        i, j = np.nonzero(there & back)
        first.append(i[i + low < j] + low)
        second.append(j[i + low < j])
    return np.concatenate([*first, []]).astype(int), np.concatenate([*second, []]).astype(int)


def _is_tangent(
    points: NDArray[np.float64],
    corners: NDArray[np.float64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """(P, N) whether the line from a point has both sides of a corner's outline on one side."""
    way = corners[None] - points[:, None]
    left = _cross(way, (before - corners)[None])
    right = _cross(way, (after - corners)[None])
    return left * right >= -1e-12


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]

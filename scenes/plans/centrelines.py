"""Middle lines of roads that a model only has as surfaces: the skeleton of their shape."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, convolve, distance_transform_edt

from navworld.world.walkable.columns import covered_columns

CELL = 0.5
SHORTEST = 6.0
"""Dead ends of the skeleton shorter than this are corners, not roads [m]."""

Line = tuple[tuple[float, float], ...]
_AROUND = ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))


def centrelines(triangles: list[NDArray]) -> list[tuple[Line, float]]:
    """Lines (x, y) [m] along the middle of a surface, with its width around each [m]."""
    from skimage.morphology import skeletonize

    corners = np.concatenate(triangles)
    low = corners[..., :2].min((0, 1)) - 4 * CELL
    size = np.ceil((corners[..., :2].max((0, 1)) + 4 * CELL - low) / CELL).astype(int)
    origin = (float(low[0]), float(low[1]))
    covered = covered_columns(corners, origin=origin, cell=CELL, shape=(int(size[1]), int(size[0])))
    covered = binary_closing(covered, np.ones((3, 3), bool))
    half = distance_transform_edt(covered) * CELL
    thin = skeletonize(covered)
    found = []
    for path in _traced(thin):
        points = (np.array(path)[:, ::-1] + 0.5) * CELL + low
        line = shapely.simplify(shapely.LineString(points), 0.4)
        width = 2 * float(np.median(half[tuple(np.array(path).T)]))
        if line.length >= 2 * CELL and width > 1.0:
            coords = tuple((round(x, 2), round(y, 2)) for x, y in line.coords)
            found.append((coords, round(width, 2)))
    return found


def _traced(thin: NDArray[np.bool_]) -> list[list[tuple[int, int]]]:
    """Cells of a skeleton from one end or fork to the next."""
    neighbours = convolve(thin.astype(int), np.ones((3, 3), int), mode="constant") - thin
    cells = {(int(r), int(c)) for r, c in np.argwhere(thin)}
    nodes = {cell for cell in cells if neighbours[cell] != 2}
    paths, used = [], set()
    for node in sorted(nodes) or sorted(cells)[:1]:
        for step in _next(node, cells):
            if (node, step) in used:
                continue
            path = [node, step]
            while path[-1] not in nodes:
                onward = [cell for cell in _next(path[-1], cells) if cell not in path[-3:]]
                if not onward or onward[0] == node:
                    break
                path.append(onward[0])
            used |= {(path[0], path[1]), (path[-1], path[-2])}
            dead = any(neighbours[end] == 1 for end in (path[0], path[-1]))
            if len(path) * CELL >= SHORTEST or not dead:
                paths.append(path)
    return [path for path in paths if len(path) > 2]


def _next(cell: tuple[int, int], cells: set[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(cell[0] + a, cell[1] + b) for a, b in _AROUND if (cell[0] + a, cell[1] + b) in cells]

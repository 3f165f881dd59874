"""What part of the ground a body has seen: rays over the grid of clearances, compiled.

What blocks the way blocks the view: a ray ends at the first cell that cannot be walked.
"""

from __future__ import annotations

import numba
import numpy as np

from navworld.world.walkable.clearance import grid_of

UNSEEN, SEEN, ELSEWHERE = 0, 1, 2
"""A cell to be seen, one that was, and one that does not count."""


@numba.njit(cache=True, nogil=True)
def look(records, cells, left, top, pose, half_fov, reach):
    """Marks what is seen from a pose; how many cells of `cells` are seen for the first time.

    Args:
        records: (1,) `GRID` of the floor.
        cells: (h, w) uint8 states of a window of the grid, changed in place.
        left, top: Column and row of the window's first cell.
        pose: (3,) x, y [m], heading [rad].
        half_fov: Half of the horizontal field of view [rad].
        reach: How far the eye sees [m].
    """
    record = records[0]
    grid, cell = grid_of(record), record.cell
    u, v = (pose[0] - record.x) / cell, (pose[1] - record.y) / cell
    far = reach / cell
    # Neighbouring rays are less than a cell apart at the end.
    count = int(np.ceil(2 * half_fov * far)) + 2
    fresh = 0
    for k in range(count):
        angle = pose[2] - half_fov + 2 * half_fov * k / (count - 1)
        fresh += _ray(grid, cells, left, top, u, v, np.cos(angle), np.sin(angle), far)
    return fresh


@numba.njit(inline="always")
def _ray(grid, cells, left, top, u, v, du, dv, far):
    """Goes from cell to cell (Amanatides and Woo, Eurographics 1987); the cells newly seen."""
    rows, columns = grid.shape
    height, width = cells.shape
    i, j = int(np.floor(u)), int(np.floor(v))
    si, sj = (1 if du > 0 else -1), (1 if dv > 0 else -1)
    step_u = abs(1 / du) if du != 0 else np.inf
    step_v = abs(1 / dv) if dv != 0 else np.inf
    next_u = ((i + 1 - u) if du > 0 else (u - i)) * step_u if du != 0 else np.inf
    next_v = ((j + 1 - v) if dv > 0 else (v - j)) * step_v if dv != 0 else np.inf
    fresh, t = 0, 0.0
    while t <= far:
        if i < 0 or j < 0 or i >= columns or j >= rows or grid[j, i] <= 0.0:
            break
        a, b = i - left, j - top
        if 0 <= a < width and 0 <= b < height and cells[b, a] == UNSEEN:
            cells[b, a] = SEEN
            fresh += 1
        if next_u < next_v:
            t, next_u, i = next_u, next_u + step_u, i + si
        else:
            t, next_v, j = next_v, next_v + step_v, j + sj
    return fresh

"""The loops of the occupancy grid, compiled.

A cell is one byte: three flags and, above them, five bits of evidence that it is an obstacle.
`pooled` counts obstacle, explored and visited cells in blocks of POOL × POOL. `bounds` is the
box of touched cells (top, bottom, left, right; half-open). The grid is centred on the origin.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

OBSTACLE, EXPLORED, VISITED = 1, 2, 4
EVIDENCE = 8
"""One unit of evidence; it saturates at 31 units."""

POOL = 6
"""Side of a block of the wide map, in cells."""

LEVELS, STEP = 7, 36
"""Obstacle and explored channels of the crops take the values 0…`LEVELS` times `STEP`."""

VISITED_LEVELS, VISITED_STEP = 3, 84
"""The visited channel takes the values 0…`VISITED_LEVELS` times `VISITED_STEP`."""


@njit(cache=True, nogil=True)
def _flag(cells, pooled, bounds, k, i, j, flag, channel):
    """Sets a flag, counting it the first time."""
    if cells[k, i, j] & flag == 0:
        cells[k, i, j] |= flag
        pooled[k, channel, i // POOL, j // POOL] += 1
        bounds[k, 0] = min(bounds[k, 0], i)
        bounds[k, 1] = max(bounds[k, 1], i + 1)
        bounds[k, 2] = min(bounds[k, 2], j)
        bounds[k, 3] = max(bounds[k, 3], j + 1)


@njit(cache=True, nogil=True)
def _add(cells, pooled, bounds, k, i, j, amount, needed):
    """Adds evidence (units, may be negative); the cell is an obstacle while it has `needed`."""
    evidence = min(31, max(0, (cells[k, i, j] >> 3) + amount))
    cells[k, i, j] = (cells[k, i, j] & 7) | (evidence << 3)
    if evidence >= needed:
        _flag(cells, pooled, bounds, k, i, j, EXPLORED, 1)
        _flag(cells, pooled, bounds, k, i, j, OBSTACLE, 0)
    elif cells[k, i, j] & OBSTACLE:
        cells[k, i, j] &= 255 - OBSTACLE
        pooled[k, 0, i // POOL, j // POOL] -= 1


@njit(cache=True, nogil=True)
def integrate(
    cells, pooled, bounds, ids, poses, depth, tangent, camera_height, cell, limits, persistence
):
    """Adds depth images (n, H, W) [m] taken at `poses[ids]` (x, y, yaw) by a level camera.

    Args:
        tangent: Of half the horizontal field of view.
        limits: Highest floor, highest obstacle, farthest free space, farthest obstacle [m].
        persistence: 0: obstacles stay. Otherwise the evidence a cell needs to be one, which
            being seen through takes away again.
    """
    height, width = depth.shape[1], depth.shape[2]
    focal = 0.5 * width / tangent
    near = np.empty(width)
    seen = np.empty(width)
    for n in range(len(ids)):
        k = ids[n]
        x, y, yaw = poses[k, 0], poses[k, 1], poses[k, 2]
        c, s = math.cos(yaw), math.sin(yaw)
        near[:] = limits[3]
        seen[:] = 0.0
        _hits(
            cells, pooled, bounds, k, x, y, c, s, depth[n], focal, camera_height, cell, limits,
            persistence, near, seen,
        )  # fmt: skip
        for v in range(width):
            near[v] = min(min(near[v] - cell, seen[v]), limits[2])
        begin = (camera_height - limits[0]) * focal * 2 / height
        _carve(cells, pooled, bounds, k, x, y, c, s, near, focal, begin, cell, tangent, persistence)


@njit(cache=True, nogil=True, inline="always")
def _hits(
    cells, pooled, bounds, k, x, y, c, s, depth, focal, camera_height, cell, limits, persistence,
    near, seen,
):  # fmt: skip
    """Marks obstacle and floor points; fills the nearest obstacle and farthest sight by column."""
    height, width = depth.shape
    side = cells.shape[1]
    half = 0.5 * side
    for u in range(height):
        rise = (0.5 * height - u - 0.5) / focal
        for v in range(width):
            z = depth[u, v]
            if z <= 0.0 or z > limits[3]:
                continue
            seen[v] = max(seen[v], z)
            above = camera_height + rise * z
            if above > limits[1] or above < -limits[0]:
                continue
            obstacle = above >= limits[0]
            if obstacle:
                near[v] = min(near[v], z)
                z += 0.2 * cell  # a surface belongs to what is behind it
            left = (0.5 * width - v - 0.5) / focal * z
            j = int(math.floor((x + c * z - s * left) / cell + half))
            i = int(math.floor((y + s * z + c * left) / cell + half))
            if i < 0 or j < 0 or i >= side or j >= side:
                continue
            if not obstacle:
                _flag(cells, pooled, bounds, k, i, j, EXPLORED, 1)
            elif persistence > 0:
                _add(cells, pooled, bounds, k, i, j, 2, persistence)
            elif cells[k, i, j] & OBSTACLE == 0:
                _add(cells, pooled, bounds, k, i, j, 31, 1)


@njit(cache=True, nogil=True, inline="always")
def _carve(cells, pooled, bounds, k, x, y, c, s, near, focal, begin, cell, tangent, persistence):
    """Marks as explored every cell in view that is nearer than `near` of its image column.

    Closer than `begin` [m] the picture ends above the ground, and nothing is known.
    """
    side = cells.shape[1]
    half = 0.5 * side
    width = len(near)
    reach = 0.0
    for v in range(width):
        reach = max(reach, near[v])
    if reach <= begin:
        return
    # corners of the trapezoid in view give the box of cells to look at
    low_x, high_x, low_y, high_y = np.inf, -np.inf, np.inf, -np.inf
    for z in (begin, reach):
        for side_sign in (-1.0, 1.0):
            px = x + c * z - s * side_sign * z * tangent
            py = y + s * z + c * side_sign * z * tangent
            low_x, high_x = min(low_x, px), max(high_x, px)
            low_y, high_y = min(low_y, py), max(high_y, py)
    first_j, last_j = max(0, int(low_x / cell + half)), min(side - 1, int(high_x / cell + half))
    first_i, last_i = max(0, int(low_y / cell + half)), min(side - 1, int(high_y / cell + half))
    for i in range(first_i, last_i + 1):
        dy = (i + 0.5 - half) * cell - y
        for j in range(first_j, last_j + 1):
            dx = (j + 0.5 - half) * cell - x
            z = c * dx + s * dy
            if z < begin or z > reach:
                continue
            v = int(math.floor(0.5 * width - focal * (c * dy - s * dx) / z))
            if v < 0 or v >= width or z > near[v]:
                continue
            _flag(cells, pooled, bounds, k, i, j, EXPLORED, 1)
            if persistence > 0 and cells[k, i, j] >= EVIDENCE:
                _add(cells, pooled, bounds, k, i, j, -1, persistence)


@njit(cache=True, nogil=True)
def mark_body(cells, pooled, bounds, ids, poses, bumped, radius, cell):
    """Marks where the bodies stand as explored and visited, and what they bumped into."""
    side = cells.shape[1]
    reach = int(radius / cell)
    for n in range(len(ids)):
        k = ids[n]
        x, y, yaw = poses[k, 0], poses[k, 1], poses[k, 2]
        ci = int(math.floor(y / cell + 0.5 * side))
        cj = int(math.floor(x / cell + 0.5 * side))
        for i in range(max(0, ci - reach), min(side, ci + reach + 1)):
            for j in range(max(0, cj - reach), min(side, cj + reach + 1)):
                if (i - ci) ** 2 + (j - cj) ** 2 <= reach * reach:
                    _flag(cells, pooled, bounds, k, i, j, EXPLORED, 1)
                    _flag(cells, pooled, bounds, k, i, j, VISITED, 2)
        if bumped[n]:
            ahead = radius + 0.5 * cell
            i = int(math.floor((y + math.sin(yaw) * ahead) / cell + 0.5 * side))
            j = int(math.floor((x + math.cos(yaw) * ahead) / cell + 0.5 * side))
            if 0 <= i < side and 0 <= j < side:
                _add(cells, pooled, bounds, k, i, j, 31, 1)


@njit(cache=True, nogil=True)
def crop_near(cells, ids, poses, cell, out):
    """Fills (n, 3, S, S) crops at two cells a pixel with the shares of four samples."""
    side, size = cells.shape[1], out.shape[2]
    for n in range(len(ids)):
        k = ids[n]
        c, s = math.cos(poses[k, 2]), math.sin(poses[k, 2])
        x0 = poses[k, 0] / cell + 0.5 * side
        y0 = poses[k, 1] / cell + 0.5 * side
        for r in range(size):
            for q in range(size):
                obstacle, explored, visited = 0, 0, 0
                for sub in range(4):
                    ahead = size - 2 * r - 0.5 - (sub >> 1)
                    left = size - 2 * q - 0.5 - (sub & 1)
                    i = int(y0 + s * ahead + c * left)
                    j = int(x0 + c * ahead - s * left)
                    if 0 <= i < side and 0 <= j < side:
                        value = cells[k, i, j]
                        obstacle += value & 1
                        explored += value >> 1 & 1
                        visited += value >> 2 & 1
                out[n, 0, r, q] = (LEVELS * obstacle + 2) // 4 * STEP
                out[n, 1, r, q] = (LEVELS * explored + 2) // 4 * STEP
                out[n, 2, r, q] = (VISITED_LEVELS * visited + 2) // 4 * VISITED_STEP


@njit(cache=True, nogil=True)
def crop_far(pooled, ids, poses, cell, out):
    """Fills (n, 3, S, S) crops at POOL cells a pixel, bilinear in the block counts.

    Seven obstacle cells (a wall through a block) and four visited cells count as full.
    """
    side, size = pooled.shape[2], out.shape[2]
    block = POOL * cell
    values = np.empty(3)
    for n in range(len(ids)):
        k = ids[n]
        c, s = math.cos(poses[k, 2]), math.sin(poses[k, 2])
        x0 = poses[k, 0] / block + 0.5 * side - 0.5
        y0 = poses[k, 1] / block + 0.5 * side - 0.5
        for r in range(size):
            for q in range(size):
                ahead, left = 0.5 * size - r - 0.5, 0.5 * size - q - 0.5
                y = y0 + s * ahead + c * left
                x = x0 + c * ahead - s * left
                i, j = int(math.floor(y)), int(math.floor(x))
                values[:] = 0.0
                if 0 <= i < side - 1 and 0 <= j < side - 1:
                    fy, fx = y - i, x - j
                    for channel in range(3):
                        grid = pooled[k, channel]
                        values[channel] = (1 - fy) * (
                            (1 - fx) * grid[i, j] + fx * grid[i, j + 1]
                        ) + fy * ((1 - fx) * grid[i + 1, j] + fx * grid[i + 1, j + 1])
                out[n, 0, r, q] = min(LEVELS, int(values[0] + 0.5)) * STEP
                out[n, 1, r, q] = int(values[1] * LEVELS / (POOL * POOL) + 0.5) * STEP
                out[n, 2, r, q] = min(VISITED_LEVELS, int(values[2] * 0.75 + 0.5)) * VISITED_STEP

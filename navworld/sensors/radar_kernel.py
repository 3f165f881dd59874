"""The loops of the radar: power into cells of range, velocity and beam, and detection among them.

Cells are numbered (beam · velocities + velocity) · ranges + range. Powers are in units of the
noise of one cell.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Entries of `settings`.
STRENGTH, RANGE_STEP, VELOCITY_STEP, NEAREST = range(4)
# Columns of the table of surfaces.
REFLECTANCE, SLOPE, SCATTER = range(3)

WINDOW, GUARD = 8, 4
"""Cells along range, each side, that a cell is compared with, and that are left out before."""

MOST_BINS = 12
"""A ray's footprint is spread over at most so many cells of range."""


class Cells(NamedTuple):
    """Memory of one measurement, all zero in between.

    Attributes:
        mirrored, scattered: (C,) power by how it came back.
        across, up: (C,) power times the mean direction's y and z.
        power: (C,) what the receiver saw, with noise.
        used: (C,) the cells with any power, in the order of their filling.
    """

    mirrored: NDArray[np.float64]
    scattered: NDArray[np.float64]
    across: NDArray[np.float64]
    up: NDArray[np.float64]
    power: NDArray[np.float64]
    used: NDArray[np.int64]

    @classmethod
    def make(cls, counts: tuple[int, int, int]) -> Cells:
        """Memory for (ranges, velocities, beams) cells."""
        count = int(np.prod(counts))
        a, b, c, d, e = np.zeros((5, count))
        return cls(a, b, c, d, e, np.zeros(count, np.int64))


@njit(cache=True, nogil=True, error_model="numpy")
def fill(
    depth, normals, triangle, semantic, instance, made_of, of_class, surfaces, moving, directions,
    solid, gain, beam, T, velocity, counts, settings, mirrored, scattered, across, up, power, used,
):  # fmt: skip
    """Adds the power of every ray to its cells; returns how many cells have any.

    Args:
        depth, normals, triangle, semantic, instance: (H, W, …) as rendered; normals in the world.
        made_of: (T,) substances of the triangles; of_class: by class, for what moves.
        surfaces: (S, 3) reflectance, slope and share of scattering of the substances.
        moving: (M, 8) as `MoverStates.motion`.
        directions: (H, W, 3) unit vectors in the sensor's frame. solid: (H, W) angles [sr].
        gain: (H, W) of one antenna. beam: (H, W) which beam a ray belongs to.
        T: (4, 4) T_world_sensor. velocity: (3,) of the sensor, in its frame [m/s].
        counts: Numbers of ranges, velocities and beams.
        settings: Transmitted strength, steps of range and velocity, shortest range.
    """
    number = 0
    ranges, velocities = counts[0], counts[1]
    height, width = depth.shape
    for i in range(height):
        for j in range(width):
            r = np.float64(depth[i, j])
            if r <= settings[NEAREST]:
                continue
            x, y, z = directions[i, j, 0], directions[i, j, 1], directions[i, j, 2]
            facing = 0.0
            for k in range(3):
                facing -= (T[k, 0] * x + T[k, 1] * y + T[k, 2] * z) * normals[i, j, k]
            facing = min(max(facing, 0.02), 1.0)
            t = triangle[i, j]
            kind = made_of[t] if t >= 0 else of_class[semantic[i, j]]
            mirror, scatter = _backscatter(facing, surfaces, kind)
            strength = settings[STRENGTH] * gain[i, j] ** 2 * solid[i, j] / (facing * r * r)
            rate = -(x * velocity[0] + y * velocity[1] + z * velocity[2])
            if t < 0:
                rate += _receding(moving, instance[i, j], T, x, y, z, r)
            turn = int(np.rint(rate / settings[VELOCITY_STEP])) + velocities // 2
            row = (beam[i, j] * velocities + turn % velocities) * ranges
            length = r * math.sqrt((1.0 - facing * facing) * solid[i, j]) / facing
            parts = min(1 + int(length / settings[RANGE_STEP]), MOST_BINS)
            mirror *= strength / parts
            scatter *= strength / parts
            for part in range(parts):
                at = r + length * ((part + 0.5) / parts - 0.5)
                step = int(np.rint(at / settings[RANGE_STEP]))
                if step < 0 or step >= ranges:
                    continue
                cell = row + step
                if mirrored[cell] + scattered[cell] == 0.0:
                    used[number] = cell
                    number += 1
                mirrored[cell] += mirror
                scattered[cell] += scatter
                across[cell] += (mirror + scatter) * y
                up[cell] += (mirror + scatter) * z
    return number


@njit(cache=True, nogil=True, error_model="numpy")
def _receding(moving, instance, T, x, y, z, r):
    """How fast a point of what moves goes away along the ray (x, y, z) that sees it at r [m/s]."""
    for k in range(len(moving)):
        if moving[k, 0] == instance:
            dx = T[0, 0] * x + T[0, 1] * y + T[0, 2] * z
            dy = T[1, 0] * x + T[1, 1] * y + T[1, 2] * z
            dz = T[2, 0] * x + T[2, 1] * y + T[2, 2] * z
            across = T[0, 3] + r * dx - moving[k, 1]
            along = T[1, 3] + r * dy - moving[k, 2]
            vx = moving[k, 4] - moving[k, 7] * along
            vy = moving[k, 5] + moving[k, 7] * across
            return dx * vx + dy * vy + dz * moving[k, 6]
    return 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _backscatter(facing, surfaces, kind):
    """Cross-section per area [m²/m²] of what is mirrored and of what is scattered."""
    square = facing * facing
    spread = 2.0 * surfaces[kind, SLOPE] ** 2
    steep = (1.0 - square) / (square * spread)
    share, reflectance = surfaces[kind, SCATTER], surfaces[kind, REFLECTANCE]
    mirror = 0.0
    if steep < 60.0:
        mirror = (1.0 - share) * reflectance / (spread * square * square) * math.exp(-steep)
    return mirror, 4.0 * share * reflectance * square + 1e-30


@njit(cache=True, nogil=True, error_model="numpy")
def detect(number, draws, noisy, counts, threshold, mirrored, scattered, across, up, power, used):
    """(K, 5) cells that stand out: range cell, velocity cell, mean y, mean z, power."""
    for k in range(number):
        cell = used[k]
        if noisy:
            std = math.sqrt(0.5 * (scattered[cell] + 1.0))
            real = math.sqrt(mirrored[cell]) + std * draws[2 * k]
            power[cell] = real * real + (std * draws[2 * k + 1]) ** 2
        else:
            power[cell] = mirrored[cell] + scattered[cell] + 1.0
    found = np.empty((number, 5))
    kept = 0
    for k in range(number):
        cell = used[k]
        step = cell % counts[0]
        row = cell - step
        own = power[cell]
        before = _power(mirrored, scattered, power, row, step - 1, counts[0])
        after = _power(mirrored, scattered, power, row, step + 1, counts[0])
        if own < before or own <= after:
            continue
        left = _level(mirrored, scattered, power, row, step - GUARD - WINDOW, counts[0])
        right = _level(mirrored, scattered, power, row, step + GUARD + 1, counts[0])
        if own <= threshold * min(left, right):
            continue
        total = mirrored[cell] + scattered[cell]
        found[kept, 0], found[kept, 1] = step, (cell // counts[0]) % counts[1]
        found[kept, 2], found[kept, 3] = across[cell] / total, up[cell] / total
        found[kept, 4] = own
        kept += 1
    return found[:kept]


@njit(cache=True, nogil=True)
def _power(mirrored, scattered, power, row, step, count):
    """What was seen in a cell; the mean of noise where there was no signal."""
    if step < 0 or step >= count or mirrored[row + step] + scattered[row + step] == 0.0:
        return 1.0
    return power[row + step]


@njit(cache=True, nogil=True)
def _level(mirrored, scattered, power, row, first, count):
    """Mean power of a window; infinite where it lies outside the ranges."""
    total, number = 0.0, 0
    for step in range(max(first, 0), min(first + WINDOW, count)):
        total += _power(mirrored, scattered, power, row, step, count)
        number += 1
    return total / number if number else np.inf


@njit(cache=True, nogil=True)
def clear(number, mirrored, scattered, across, up, power, used):
    """Zeroes the cells that were used."""
    for k in range(number):
        cell = used[k]
        mirrored[cell] = scattered[cell] = across[cell] = up[cell] = power[cell] = 0.0

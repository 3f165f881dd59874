"""Ray kernels of baked light: lamps and the sun, with soft shadows.

A light is eight numbers (x, y, z, red, green, blue, radius, kind): a lamp (kind 0) at a place, or
the sun (kind 1) in a direction, with the tangent of its angular radius.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.baking.gather import NORMAL_OFFSET
from navworld.world.tracing import packets as pk

SOFT_SAMPLES = 16
NEGLIGIBLE = 0.02
LAMP_HOUSING = 0.05
CELL, MAX_HALF_CELLS = 0.5, 24
SCOUTS = 4096


def disc_samples() -> NDArray[np.float32]:
    """(SOFT_SAMPLES, 2) points of the unit disc; the first four lie around its rim."""
    k = np.arange(SOFT_SAMPLES)[::-1]
    radius, angle = np.sqrt((k + 0.5) / SOFT_SAMPLES), k * np.pi * (3 - np.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32)


def turn_table() -> NDArray[np.float64]:
    """(64, 2) cosines and sines of angles all around."""
    angle = np.arange(64) * 2 * np.pi / 64
    return np.stack([np.cos(angle), np.sin(angle)], 1)


@njit(nogil=True, cache=True)
def add_light(
    calls, scene, position, normal, footprint, light, volume, cell, disc, turns, samples, out
):
    """Adds one light to `out` (N, 3).

    Args:
        footprint: (N,) radius around a point that its shadow is averaged over [m].
        light: (x, y, z, red, green, blue, radius, kind): a lamp (kind 0), or the direction
            towards the sun and the tangent of its angular radius (kind 1).
        volume: Where the light may arrive, from `lit_volume`; its middle is the lamp.
        cell: Side of the cells of `volume` [m].
        disc, turns: From `disc_samples` and `turn_table`.
        samples: Rays a point in penumbra, 4 to SOFT_SAMPLES. Neighbours that are all dark or all
            lit take one or two.
    """
    rays = pk.new_packet()
    beams, ends = np.empty((6, 3, pk.LANES), np.float32), np.empty(pk.LANES, np.float32)
    beams[:], ends[:] = 1.0, 0.0
    chosen, falloff = _unshadowed(position, normal, light, volume, cell)
    for first in range(0, len(chosen), pk.LANES):
        count = min(pk.LANES, len(chosen) - first)
        for k in range(count):
            at = chosen[first + k]
            turn = _mixed_bits(at) % len(turns)
            cos, sin = turns[turn, 0], turns[turn, 1]
            ends[k] = _beam(position, normal, at, footprint[at], light, cos, sin, beams, k)
        _shine(calls, scene, rays, beams, ends, disc, samples, falloff[first : first + count])
        for k in range(count):
            for c in range(3):
                out[chosen[first + k], c] += falloff[first + k] * light[3 + c]


@njit(nogil=True, cache=True)
def _unshadowed(position, normal, light, volume, cell):
    """The points that a light may shine on, and what it would give them without shadows.

    That is the cosine times the inverse square; it fades to 0 where it would be negligible.
    """
    chosen, falloff = np.empty(len(position), np.int32), np.empty(len(position))
    lx, ly, lz, lamp, count = light[0], light[1], light[2], light[7] == 0.0, 0
    nearest, reach = light[6] ** 2, lamp_reach(light) ** 2
    per_metre, half = 1.0 / cell, len(volume) // 2
    middle, last = half + 0.5, 2 * half + 1
    for at in range(len(position)):
        x, y, z = lx, ly, lz
        if lamp:
            x, y, z = x - position[at, 0], y - position[at, 1], z - position[at, 2]
        e = normal[at, 0] * x + normal[at, 1] * y + normal[at, 2] * z
        if e <= 0:
            continue
        if lamp:
            squared = x * x + y * y + z * z
            if squared > reach or squared < 1e-6:
                continue
            i, j, k = middle - x * per_metre, middle - y * per_metre, middle - z * per_metre
            if min(i, min(j, k)) < 0 or max(i, max(j, k)) >= last:
                continue
            if not volume[int(i), int(j), int(k)]:
                continue
            e *= (1.0 - (squared / reach) ** 2) / np.sqrt(squared) / max(squared, nearest)
        if e > 0:
            chosen[count], falloff[count] = at, e
            count += 1
    return chosen[:count], falloff[:count]


@njit(nogil=True, cache=True)
def _beam(position, normal, at, footprint, light, cos, sin, beams, k):
    """Writes lane k of `beams`: six rows of 3. Returns the ray parameter that rays end at.

    The rows are the origin, two axes of the footprint, the way to the light and two axes of its
    disc; both pairs of axes are turned by an angle, of which the cosine and sine are given.
    """
    x, y, z = light[0], light[1], light[2]
    length, end = 1.0, np.inf
    nx, ny, nz = normal[at, 0], normal[at, 1], normal[at, 2]
    for c in range(3):
        beams[0, c, k] = position[at, c] + NORMAL_OFFSET * normal[at, c]
    if light[7] == 0.0:
        x, y, z = x - beams[0, 0, k], y - beams[0, 1, k], z - beams[0, 2, k]
        length = np.sqrt(x * x + y * y + z * z)
        end = max(0.0, 1.0 - max(light[6], LAMP_HOUSING) / length)
    beams[3, 0, k], beams[3, 1, k], beams[3, 2, k] = x, y, z
    _write_axes(nx, ny, nz, footprint * cos, footprint * sin, beams, 1, k)
    spread = light[6]
    _write_axes(x / length, y / length, z / length, spread * cos, spread * sin, beams, 4, k)
    return end


@njit(nogil=True, cache=True)
def _write_axes(x, y, z, cos, sin, beams, row, k):
    """Two axes across a unit vector, turned and scaled (Duff et al. 2017, JCGT 6(1))."""
    sign = 1.0 if z >= 0 else -1.0
    a = -1.0 / (sign + z)
    b = x * y * a
    beams[row, 0, k] = cos * (1 + sign * x * x * a) + sin * b
    beams[row, 1, k] = cos * sign * b + sin * (sign + y * y * a)
    beams[row, 2, k] = -cos * sign * x - sin * y
    beams[row + 1, 0, k] = cos * b - sin * (1 + sign * x * x * a)
    beams[row + 1, 1, k] = cos * (sign + y * y * a) - sin * sign * b
    beams[row + 1, 2, k] = -cos * y + sin * sign * x


@njit(nogil=True, cache=True)
def _shine(calls, scene, rays, beams, ends, disc, samples, falloff):
    """Multiplies `falloff` by the share of the light that is visible along every beam."""
    ids, count = rays.view(np.int32), len(falloff)
    visible, traced = np.zeros(pk.LANES), np.zeros(pk.LANES)
    for s in range(samples):
        spot_x, spot_y = disc[(5 * s) % SOFT_SAMPLES, 0], disc[(5 * s) % SOFT_SAMPLES, 1]
        aim_x, aim_y = disc[s, 0], disc[s, 1]
        for c in range(3):
            for k in range(pk.LANES):
                rays[pk.ORG_X + c, k] = beams[0, c, k] + (
                    spot_x * beams[1, c, k] + spot_y * beams[2, c, k]
                )
                rays[pk.DIR_X + c, k] = beams[3, c, k] + (
                    aim_x * beams[4, c, k] + aim_y * beams[5, c, k]
                )
        for k in range(pk.LANES):
            wanted = k < count and (s < 4 or 0 < visible[k] < traced[k])
            ids[pk.VALID, k] = -1 if wanted else 0
            rays[pk.TFAR, k] = ends[k]
        rays[pk.TNEAR] = 0.0
        ids[pk.GEOM_ID] = -1
        ids[pk.INST_ID] = -1
        pk.occluded(calls, scene, rays, True)
        lit, all_lit, mixed = 0, True, False
        for k in range(count):
            if ids[pk.VALID, k] != 0:
                traced[k] += 1
                visible[k] += rays[pk.TFAR, k] >= 0
            lit += visible[k] > 0
            all_lit &= visible[k] == traced[k]
            mixed |= 0 < visible[k] < traced[k]
        if (s < 4 and lit == 0) or (s < 2 and all_lit) or (s >= 3 and not mixed):
            break
    for k in range(count):
        falloff[k] *= visible[k] / traced[k]


@njit(nogil=True, cache=True)
def lamp_reach(light):
    """Distance at which a lamp has become negligible [m]."""
    return np.sqrt(max(light[3], max(light[4], light[5])) / NEGLIGIBLE)


@njit(nogil=True, cache=True)
def _mixed_bits(k):
    """An integer hash."""
    h = (k * 0x9E3779B1) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 0x85EBCA77) & 0xFFFFFFFF
    return h ^ (h >> 13)


def lit_volume(calls: NDArray, scene: int, light: NDArray) -> tuple[NDArray[np.bool_], float]:
    """Cells around a lamp that its light can reach, and their side [m].

    Scouting rays in all directions mark the cells they pass; the neighbours of those count too.
    """
    reach = lamp_reach(light)
    cell = max(CELL, reach / MAX_HALF_CELLS)
    half = int(np.ceil(reach / cell))
    z = 1 - (2 * np.arange(SCOUTS) + 1) / SCOUTS
    angle = np.arange(SCOUTS) * np.pi * (3 - np.sqrt(5))
    ring = np.sqrt(1 - z * z)
    directions = np.stack([ring * np.cos(angle), ring * np.sin(angle), z], 1).astype(np.float32)
    passed = np.zeros((2 * half + 1,) * 3, np.bool_)
    _scout(calls, scene, light, directions, reach, cell, passed)
    for axis in range(3):
        ahead, behind = np.roll(passed, 1, axis), np.roll(passed, -1, axis)
        passed = passed | ahead | behind
    return passed, cell


@njit(nogil=True, cache=True)
def _scout(calls, scene, light, directions, reach, cell, passed):
    rays = pk.new_packet()
    half = len(passed) // 2
    origin = light[:3].astype(np.float32)
    for first in range(0, len(directions), pk.LANES):
        for k in range(pk.LANES):
            near = max(light[6], LAMP_HOUSING)
            pk.set_ray(rays, k, origin, directions[first + k], near, reach)
        pk.intersect(calls, scene, rays, False)
        for k in range(pk.LANES):
            d = directions[first + k]
            for step in range(int(2 * rays[pk.TFAR, k] / cell) + 2):
                far = min(step * cell / 2, rays[pk.TFAR, k])
                i = int(np.floor(far * d[0] / cell + 0.5)) + half
                j = int(np.floor(far * d[1] / cell + 0.5)) + half
                m = int(np.floor(far * d[2] / cell + 0.5)) + half
                passed[i, j, m] = True

"""Ray kernels of baked light: lamps and the sun, with soft shadows.

A light is eight numbers (x, y, z, red, green, blue, radius, kind): a lamp (kind 0) at a place, or
the sun (kind 1) in a direction, with the tangent of its angular radius.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world import embree as em
from navworld.world.gather import NORMAL_OFFSET, write_frame

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
    lanes = em.LANES
    rays = em.new_packet()
    chosen, falloff = np.empty(lanes, np.int64), np.empty(lanes)
    visible, traced = np.empty(lanes), np.empty(lanes)
    beams = np.empty((lanes, 6, 3), np.float32)
    size, at = len(position), 0
    while at < size:
        count = 0
        while at < size and count < lanes:
            e = 0.0
            if light[7] == 1.0 or _in_volume(position[at], light, volume, cell):
                e = _unshadowed(position[at], normal[at], light)
            if e > 0:
                chosen[count], falloff[count] = at, e
                turn = turns[_mixed_bits(at) % len(turns)]
                _beam(position[at], normal[at], footprint[at], light, turn, beams[count])
                count += 1
            at += 1
        if count == 0:
            continue
        visible[:], traced[:] = 0.0, 0.0
        for s in range(samples):
            _shadow_rays(calls, scene, rays, beams, light, disc, s, s < 4, count, visible, traced)
            if visible.sum() == 0 and s < 4:
                break
            if s == 1 and visible.sum() == traced.sum():
                break
            if s == 3 and not _mixed(visible, traced, count):
                break
        for k in range(count):
            e = falloff[k] * visible[k] / traced[k]
            for c in range(3):
                out[chosen[k], c] += e * light[3 + c]


@njit(nogil=True, cache=True)
def _mixed(visible, traced, count):
    found = False
    for k in range(count):
        found |= 0 < visible[k] < traced[k]
    return found


@njit(nogil=True, cache=True)
def _unshadowed(p, n, light):
    """Cosine and inverse square of a light at a point; fades to 0 where it would be negligible."""
    if light[7] == 1.0:
        return max(0.0, n[0] * light[0] + n[1] * light[1] + n[2] * light[2])
    x, y, z = light[0] - p[0], light[1] - p[1], light[2] - p[2]
    squared = x * x + y * y + z * z
    facing = n[0] * x + n[1] * y + n[2] * z
    reach = lamp_reach(light) ** 2
    if facing <= 0 or squared > reach or squared < 1e-6:
        return 0.0
    fading = 1.0 - (squared / reach) ** 2
    return fading * facing / np.sqrt(squared) / max(squared, light[6] * light[6])


@njit(nogil=True, cache=True)
def _beam(p, n, footprint, light, turn, beam):
    """Origin, two axes of the footprint, way to the light, two axes of its disc (rows of 3).

    Both pairs of axes are turned by `turn`, the cosine and sine of an angle.
    """
    frame, axis = np.empty((3, 3)), np.empty(3)
    cos, sin = turn
    length = 1.0
    for c in range(3):
        beam[0, c] = p[c] + NORMAL_OFFSET * n[c]
        axis[c] = light[c] if light[7] == 1.0 else light[c] - beam[0, c]
    if light[7] == 0.0:
        length = np.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2)
    for c in range(3):
        beam[3, c] = axis[c]
        axis[c] /= length
    write_frame(n, frame)
    for c in range(3):
        beam[1, c] = footprint * (cos * frame[0, c] + sin * frame[1, c])
        beam[2, c] = footprint * (cos * frame[1, c] - sin * frame[0, c])
    write_frame(axis, frame)
    for c in range(3):
        beam[4, c] = light[6] * (cos * frame[0, c] + sin * frame[1, c])
        beam[5, c] = light[6] * (cos * frame[1, c] - sin * frame[0, c])


@njit(nogil=True, cache=True)
def _shadow_rays(
    calls, scene, rays, beams, light, disc, sample, everyone, count, visible, traced
):  # fmt: skip
    """Traces one sample of the light for every beam, or only for those in penumbra."""
    ids = rays.view(np.int32)
    spot, aim = disc[(5 * sample) % SOFT_SAMPLES], disc[sample]
    for k in range(em.LANES):
        wanted = k < count and (everyone or 0 < visible[k] < traced[k])
        ids[em.VALID, k] = -1 if wanted else 0
        if not wanted:
            continue
        beam = beams[k]
        for c in range(3):
            rays[em.ORG_X + c, k] = beam[0, c] + spot[0] * beam[1, c] + spot[1] * beam[2, c]
            rays[em.DIR_X + c, k] = beam[3, c] + aim[0] * beam[4, c] + aim[1] * beam[5, c]
        rays[em.TNEAR, k] = 0.0
        rays[em.TFAR, k] = np.inf
        if light[7] == 0.0:
            length = np.sqrt(beam[3, 0] ** 2 + beam[3, 1] ** 2 + beam[3, 2] ** 2)
            rays[em.TFAR, k] = max(0.0, 1.0 - max(light[6], LAMP_HOUSING) / length)
        ids[em.GEOM_ID, k] = -1
        ids[em.INST_ID, k] = -1
    em.occluded(calls, scene, rays, True)
    for k in range(count):
        if ids[em.VALID, k] != 0:
            traced[k] += 1
            if rays[em.TFAR, k] >= 0:
                visible[k] += 1


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


@njit(nogil=True, cache=True)
def _in_volume(p, light, volume, cell):
    half = len(volume) // 2
    i = int(np.floor((p[0] - light[0]) / cell + 0.5)) + half
    j = int(np.floor((p[1] - light[1]) / cell + 0.5)) + half
    k = int(np.floor((p[2] - light[2]) / cell + 0.5)) + half
    if i < 0 or j < 0 or k < 0 or i > 2 * half or j > 2 * half or k > 2 * half:
        return False
    return volume[i, j, k]


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
    rays = em.new_packet()
    half = len(passed) // 2
    origin = light[:3].astype(np.float32)
    for first in range(0, len(directions), em.LANES):
        for k in range(em.LANES):
            near = max(light[6], LAMP_HOUSING)
            em.set_ray(rays, k, origin, directions[first + k], near, reach)
        em.intersect(calls, scene, rays, False)
        for k in range(em.LANES):
            d = directions[first + k]
            for step in range(int(2 * rays[em.TFAR, k] / cell) + 2):
                far = min(step * cell / 2, rays[em.TFAR, k])
                i = int(np.floor(far * d[0] / cell + 0.5)) + half
                j = int(np.floor(far * d[1] / cell + 0.5)) + half
                m = int(np.floor(far * d[2] / cell + 0.5)) + half
                passed[i, j, m] = True

"""Ray kernels of baked light: what reaches points of a scene's surfaces.

`shadows` adds lamps and the sun, with as many shadow rays as penumbrae need. `gather` looks over
the hemisphere: how open it is, what surfaces in view give back of their direct light, and how
much sky shows. `score_sides` tells how open either side of a surface is.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.stats import qmc

from navworld.world import embree as em

SETS, PER_SET = 16, 16
NORMAL_OFFSET = 1e-3
GROUND_RADIANCE = 0.4
SOFT_SAMPLES = 16

# Columns of what `gather` returns.
RED, GREEN, BLUE, OPEN, NEARNESS, BACK, SKY = range(7)


def hemisphere_sets() -> NDArray[np.float32]:
    """(SETS, PER_SET, 3) cosine-distributed directions about z.

    Each set is stratified in itself and all of them together are: pieces of a Sobol sequence.
    """
    points = qmc.Sobol(2, scramble=False).random(SETS * PER_SET) + 0.5 / (SETS * PER_SET)
    radius, angle = np.sqrt(points[:, 0]), 2 * np.pi * points[:, 1]
    z = np.sqrt(np.maximum(1 - points[:, 0], 0))
    directions = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], 1)
    return directions.reshape(SETS, PER_SET, 3).astype(np.float32)


def disc_samples() -> NDArray[np.float32]:
    """(SOFT_SAMPLES, 2) points of the unit disc; the first four lie around its rim."""
    k = np.arange(SOFT_SAMPLES)[::-1]
    radius, angle = np.sqrt((k + 0.5) / SOFT_SAMPLES), k * np.pi * (3 - np.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32)


@njit(nogil=True, cache=True)
def _frame(n, frame):
    """Writes tangent, bitangent and normal to the rows (Duff et al. 2017, JCGT 6(1))."""
    sign = 1.0 if n[2] >= 0 else -1.0
    a = -1.0 / (sign + n[2])
    b = n[0] * n[1] * a
    frame[0, 0], frame[0, 1], frame[0, 2] = 1 + sign * n[0] * n[0] * a, sign * b, -sign * n[0]
    frame[1, 0], frame[1, 1], frame[1, 2] = b, sign + n[1] * n[1] * a, -n[1]
    frame[2] = n


@njit(nogil=True, cache=True)
def _hash_angle(k):
    """An angle for an integer: the golden ratio's multiples after mixing the bits."""
    h = (k * 0x9E3779B1) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 0x85EBCA77) & 0xFFFFFFFF
    return 2 * np.pi * ((h ^ (h >> 13)) & 0xFFFF) / 65536.0


@njit(nogil=True, cache=True)
def shadows(calls, scene, position, normal, light, disc, rounds, out):
    """Adds one light to `out` (N, 3).

    Args:
        light: (x, y, z, red, green, blue, radius, kind): a lamp (kind 0), or the direction
            towards the sun and the tangent of its angular radius (kind 1).
        rounds: How many of the three rounds (2, 2 and 12 rays a point) to trace at most.
    """
    lanes = em.LANES
    rays = em.new_packet()
    chosen, falloff = np.empty(lanes, np.int64), np.empty(lanes)
    visible, traced = np.empty(lanes), np.empty(lanes)
    size, at = len(position), 0
    while at < size:
        count = 0
        while at < size and count < lanes:
            e = _unshadowed(position[at], normal[at], light)
            if e > 0:
                chosen[count], falloff[count] = at, e
                count += 1
            at += 1
        if count == 0:
            continue
        visible[:], traced[:] = 0.0, 0.0
        first = 0
        for r in range(rounds):
            last = (2, 4, SOFT_SAMPLES)[r]
            for s in range(first, last):
                _shadow_ray(calls, scene, rays, position, normal, light, disc[s], r < 2, chosen,
                            count, visible, traced)  # fmt: skip
            first = last
            if visible.sum() == 0 or (traced - visible).sum() == 0:
                break
            if r == 1 and not _mixed(visible, traced, count):
                break
        for k in range(count):
            e = falloff[k] * visible[k] / traced[k]
            for c in range(3):
                out[chosen[k], c] += e * light[3 + c]


@njit(nogil=True, cache=True)
def _mixed(visible, traced, count):
    for k in range(count):
        if 0 < visible[k] < traced[k]:
            return True
    return False


@njit(nogil=True, cache=True)
def _unshadowed(p, n, light):
    """Cosine and inverse square of a light at a point; 0 behind it or too far to matter."""
    if light[7] == 1.0:
        return max(0.0, n[0] * light[0] + n[1] * light[1] + n[2] * light[2])
    x, y, z = light[0] - p[0], light[1] - p[1], light[2] - p[2]
    squared = x * x + y * y + z * z
    facing = n[0] * x + n[1] * y + n[2] * z
    reach = 400.0 * max(light[3], max(light[4], light[5]))
    if facing <= 0 or squared > reach or squared < 1e-6:
        return 0.0
    return facing / np.sqrt(squared) / max(squared, light[6] * light[6])


@njit(nogil=True, cache=True)
def _shadow_ray(
    calls, scene, rays, position, normal, light, sample, everyone, chosen, count, visible, traced
):
    """Traces one sample of the light for the chosen points (those in penumbra, or everyone)."""
    ids = rays.view(np.int32)
    origin, direction = np.empty(3, np.float32), np.empty(3, np.float32)
    axis, frame = np.empty(3), np.empty((3, 3))
    for k in range(em.LANES):
        wanted = k < count and (everyone or 0 < visible[k] < traced[k])
        ids[em.VALID, k] = -1 if wanted else 0
        if not wanted:
            continue
        i = chosen[k]
        length = 1.0
        for c in range(3):
            origin[c] = position[i, c] + NORMAL_OFFSET * normal[i, c]
            axis[c] = light[c] if light[7] == 1.0 else light[c] - origin[c]
        if light[7] == 0.0:
            length = np.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2)
            axis /= length
        _frame(axis, frame)
        turn = _hash_angle(i)
        cos, sin = np.cos(turn) * light[6], np.sin(turn) * light[6]
        u, v = cos * sample[0] - sin * sample[1], sin * sample[0] + cos * sample[1]
        for c in range(3):
            direction[c] = axis[c] * length + u * frame[0, c] + v * frame[1, c]
        far = np.inf if light[7] == 1.0 else max(0.0, 1.0 - max(light[6], 0.05) / length)
        em.set_ray(rays, k, origin, direction, 0.0, far)
    em.occluded(calls, scene, rays, True)
    for k in range(count):
        if ids[em.VALID, k] != 0:
            traced[k] += 1
            if rays[em.TFAR, k] >= 0:
                visible[k] += 1


@njit(nogil=True, cache=True)
def _aim(rays, p, n, frame, directions):
    """Aims a whole packet from a point into the hemisphere about n."""
    origin, direction = np.empty(3, np.float32), np.empty(3, np.float32)
    _frame(n, frame)
    for c in range(3):
        origin[c] = p[c] + NORMAL_OFFSET * n[c]
    for k in range(em.LANES):
        d = directions[k]
        for c in range(3):
            direction[c] = d[0] * frame[0, c] + d[1] * frame[1, c] + d[2] * frame[2, c]
        em.set_ray(rays, k, origin, direction, 0.0, np.inf)


@njit(nogil=True, cache=True)
def _from_behind(rays, k):
    return (
        rays[em.NG_X, k] * rays[em.DIR_X, k]
        + rays[em.NG_Y, k] * rays[em.DIR_Y, k]
        + rays[em.NG_Z, k] * rays[em.DIR_Z, k]
    ) > 0


@njit(nogil=True, cache=True)
def gather(
    calls, scene, position, normal, pattern, packets, sets, owner, uv, albedo, direct, sky, reach, out
):
    """Looks over the hemisphere of every point.

    Args:
        position, normal: (N, 3).
        pattern: (N,) first of the direction sets that a point uses.
        packets: (N,) how many sets it uses.
        sets: (SETS, PER_SET, 3) from `hemisphere_sets`.
        owner: (K,) triangle of the scene by triangle of the traced mesh.
        uv: (T, 3, 2) atlas positions of corners [texels].
        albedo: (T, 3) linear colour of triangles.
        direct: (H, W, 3) direct irradiance by texel.
        sky: (3,) radiance where a ray leaves the scene upwards.
        reach: Distance at which an occluder no longer darkens [m].
        out: (N, 7) mean radiance in view, openness 0…1, mean inverse distance [1/m], the
            fraction of rays that hit surfaces from behind, and that leave the scene.
    """
    rays = em.new_packet()
    ids = rays.view(np.int32)
    frame = np.empty((3, 3))
    total = np.empty(7)
    for i in range(len(position)):
        total[:] = 0.0
        for s in range(packets[i]):
            _aim(rays, position[i], normal[i], frame, sets[(pattern[i] + s) % SETS])
            em.intersect(calls, scene, rays, False)
            for k in range(em.LANES):
                if ids[em.GEOM_ID, k] < 0:
                    share = 1.0 if rays[em.DIR_Z, k] >= 0 else GROUND_RADIANCE
                    for c in range(3):
                        total[c] += share * sky[c]
                    total[OPEN] += 1.0
                    total[SKY] += 1.0
                    continue
                distance = rays[em.TFAR, k]
                near = max(0.0, 1.0 - distance / reach)
                total[OPEN] += 1.0 - near * near
                total[NEARNESS] += 1.0 / max(distance, 0.01)
                if _from_behind(rays, k):
                    total[BACK] += 1.0
                t = owner[ids[em.PRIM_ID, k]]
                u, v = rays[em.U, k], rays[em.V, k]
                x = uv[t, 0, 0] * (1 - u - v) + uv[t, 1, 0] * u + uv[t, 2, 0] * v
                y = uv[t, 0, 1] * (1 - u - v) + uv[t, 1, 1] * u + uv[t, 2, 1] * v
                for c in range(3):
                    total[c] += albedo[t, c] * direct[int(y), int(x), c]
        for c in range(7):
            out[i, c] = total[c] / (packets[i] * em.LANES)


@njit(nogil=True, cache=True)
def score_sides(calls, scene, texel_chart, position, normal, directions, charts, samples):
    """(charts, 2) how far one sees from the front and the back, at some texels of every chart.

    1 means a metre or more in every direction; what is seen from behind counts for a third.
    """
    rays = em.new_packet()
    ids = rays.view(np.int32)
    frame, n = np.empty((3, 3)), np.empty(3, np.float32)
    score = np.zeros((charts, 2))
    at, size = 0, len(texel_chart)
    while at < size:
        end = at
        while end < size and texel_chart[end] == texel_chart[at]:
            end += 1
        step = max(1, (end - at) // samples)
        count = 0
        for i in range(at + step // 2, end, step):
            count += 1
            for side in range(2):
                for c in range(3):
                    n[c] = normal[i, c] if side == 0 else -normal[i, c]
                _aim(rays, position[i], n, frame, directions)
                em.intersect(calls, scene, rays, False)
                for k in range(em.LANES):
                    seen = 1.0
                    if ids[em.GEOM_ID, k] >= 0:
                        seen = min(rays[em.TFAR, k], 1.0)
                        if _from_behind(rays, k):
                            seen /= 3
                    score[texel_chart[at], side] += seen / em.LANES
        score[texel_chart[at]] /= max(count, 1)
        at = end
    return score

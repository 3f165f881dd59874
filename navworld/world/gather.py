"""Ray kernels of baked light: what reaches points of a scene's surfaces.

`shadows` adds lamps and the sun, with as many shadow rays as penumbrae need. `gather` looks over
the hemisphere: how open it is, what surfaces in view give back of their direct light, and how
much sky shows. `score_sides` tells how open either side of a surface is.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world import embree as em

SETS, PER_SET = 16, 16
NORMAL_OFFSET = 1e-3
TOUCHING, NEAREST = 3e-3, 0.05
GROUND_RADIANCE = 0.4
OPEN_ENOUGH = 0.4
MAX_PROBES = 24
NEGLIGIBLE = 0.02
LAMP_HOUSING = 0.05
SOFT_SAMPLES = 16

PROBES = np.array(
    [[0.333, 0.333], [0.15, 0.7], [0.7, 0.15], [0.15, 0.15], [0.45, 0.1], [0.1, 0.45]]
)
"""Barycentric coordinates of the points of a triangle that are probed."""

# Columns of what `gather` returns.
RED, GREEN, BLUE, OPEN, NEARNESS, BACK, SKY = range(7)


def hemisphere_sets() -> NDArray[np.float32]:
    """(SETS, PER_SET, 3) cosine-distributed directions about z.

    Each set is stratified in itself and all of them together are: the first two dimensions of
    Sobol's sequence.
    """
    index = np.arange(SETS * PER_SET, dtype=np.uint32)
    first, second = np.zeros_like(index), np.zeros_like(index)
    column = np.uint32(1 << 31)
    for bit in range(8):
        digit = (index >> np.uint32(bit)) & np.uint32(1)
        first |= digit << np.uint32(31 - bit)
        second ^= digit * column
        column ^= column >> np.uint32(1)
    points = np.stack([first, second], 1) / 2.0**32 + 0.5 / len(index)
    radius, angle = np.sqrt(points[:, 0]), 2 * np.pi * points[:, 1]
    directions = np.stack(
        [radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - points[:, 0])], 1
    )
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
def shadows(calls, scene, position, normal, footprint, light, disc, samples, out):
    """Adds one light to `out` (N, 3).

    Args:
        footprint: (N,) radius around a point that its shadow is averaged over [m].
        light: (x, y, z, red, green, blue, radius, kind): a lamp (kind 0), or the direction
            towards the sun and the tangent of its angular radius (kind 1).
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
            e = _unshadowed(position[at], normal[at], light)
            if e > 0:
                chosen[count], falloff[count] = at, e
                _beam(position[at], normal[at], footprint[at], light, at, beams[count])
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
    reach = max(light[3], max(light[4], light[5])) / NEGLIGIBLE
    if facing <= 0 or squared > reach or squared < 1e-6:
        return 0.0
    fading = 1.0 - (squared / reach) ** 2
    return fading * facing / np.sqrt(squared) / max(squared, light[6] * light[6])


@njit(nogil=True, cache=True)
def _beam(p, n, footprint, light, index, beam):
    """Origin, two axes of the footprint, way to the light, two axes of its disc (rows of 3).

    Both pairs of axes are turned by an angle that differs from point to point.
    """
    frame, axis = np.empty((3, 3)), np.empty(3)
    turn = _hash_angle(index)
    cos, sin = np.cos(turn), np.sin(turn)
    length = 1.0
    for c in range(3):
        beam[0, c] = p[c] + NORMAL_OFFSET * n[c]
        axis[c] = light[c] if light[7] == 1.0 else light[c] - beam[0, c]
    if light[7] == 0.0:
        length = np.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2)
    for c in range(3):
        beam[3, c] = axis[c]
        axis[c] /= length
    _frame(n, frame)
    for c in range(3):
        beam[1, c] = footprint * (cos * frame[0, c] + sin * frame[1, c])
        beam[2, c] = footprint * (cos * frame[1, c] - sin * frame[0, c])
    _frame(axis, frame)
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
    calls,
    scene,
    position,
    normal,
    pattern,
    packets,
    sets,
    owner,
    uv,
    albedo,
    direct,
    sky,
    reach,
    out,
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
            fraction of rays that hit a surface from behind or at once, and that leave the scene.
    """
    rays = em.new_packet()
    ids = rays.view(np.int32)
    frame = np.empty((3, 3))
    total = np.empty(7)
    for i in range(len(position)):
        total[:] = 0.0
        count = 0
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
                total[NEARNESS] += 1.0 / (distance + NEAREST)
                if distance < TOUCHING or _from_behind(rays, k):
                    total[BACK] += 1.0
                t = owner[ids[em.PRIM_ID, k]]
                u, v = rays[em.U, k], rays[em.V, k]
                x = uv[t, 0, 0] * (1 - u - v) + uv[t, 1, 0] * u + uv[t, 2, 0] * v
                y = uv[t, 0, 1] * (1 - u - v) + uv[t, 1, 1] * u + uv[t, 2, 1] * v
                for c in range(3):
                    total[c] += albedo[t, c] * direct[int(y), int(x), c]
            count += em.LANES
            if total[BACK] == count:
                break
        for c in range(7):
            out[i, c] = total[c] / count


@njit(nogil=True, cache=True)
def probe(calls, scene, charts, chart, corners, normal, area, sets):
    """Looks around from some points of every chart.

    Args:
        chart: (T,) chart of every triangle, −1 for none; `charts` is their number.
        corners, normal, area: (T, 3, 3), (T, 3) and (T,).

    Returns:
        (charts, 4) how far one sees from the front, and from the back (0 if the front is open
        enough that it does not matter); the fraction of rays that leave the scene in front; and
        the fraction of points that are buried. Far is 1 for a metre or more in every direction;
        what is seen from behind counts for a third.
    """
    rays = em.new_packet()
    frame, n, p = np.empty((3, 3)), np.empty(3), np.empty(3)
    found, counts, seen = np.zeros((charts, 4)), np.zeros(charts), np.zeros(3)
    for t in range(len(chart)):
        if chart[t] < 0 or counts[chart[t]] >= MAX_PROBES:
            continue
        own = found[chart[t]]
        probes = 1 if area[t] < 0.05 else (3 if area[t] < 0.5 else 6)
        for k in range(probes):
            a, b = PROBES[k]
            for c in range(3):
                p[c] = (1 - a - b) * corners[t, 0, c] + a * corners[t, 1, c] + b * corners[t, 2, c]
                n[c] = normal[t, c]
            _probe_side(calls, scene, rays, p, n, frame, sets[k], seen)
            own[0] += seen[0]
            own[2] += seen[1]
            own[3] += seen[2]
            if seen[0] < OPEN_ENOUGH:
                for c in range(3):
                    n[c] = -n[c]
                _probe_side(calls, scene, rays, p, n, frame, sets[k], seen)
                own[1] += seen[0]
        counts[chart[t]] += probes
    for c in range(charts):
        for k in range(4):
            found[c, k] /= counts[c]
    return found


@njit(nogil=True, cache=True)
def _probe_side(calls, scene, rays, p, n, frame, directions, seen):
    """How far one sees (0…1), the fraction of rays that leave the scene, 1 if buried."""
    ids = rays.view(np.int32)
    _aim(rays, p, n, frame, directions)
    em.intersect(calls, scene, rays, False)
    far, leaving, back = 0.0, 0.0, 0
    for k in range(em.LANES):
        if ids[em.GEOM_ID, k] < 0:
            far += 1.0
            leaving += 1.0
            continue
        distance = rays[em.TFAR, k]
        behind = _from_behind(rays, k)
        back += behind or distance < TOUCHING
        far += min(distance, 1.0) / (3.0 if behind else 1.0)
    seen[0], seen[1] = far / em.LANES, leaving / em.LANES
    seen[2] = 1.0 if back == em.LANES else 0.0

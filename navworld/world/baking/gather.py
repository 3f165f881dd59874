"""Ray kernels of baked light: what the hemisphere over a surface sends to it.

`gather` finds how open the hemisphere is, what the surfaces in view give back of their direct
light, and how much sky shows; `probe` finds out beforehand how open either side of a chart is.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.tracing import packets as pk

SETS, PER_SET = 16, 16
NORMAL_OFFSET = 1e-3
TOUCHING, NEAREST = 3e-3, 0.05
GROUND_RADIANCE = 0.4
OPEN_ENOUGH = 0.4
MAX_PROBES = 24

PROBES = np.array(
    [[0.333, 0.333], [0.15, 0.7], [0.7, 0.15], [0.15, 0.15], [0.45, 0.1], [0.1, 0.45]]
)
"""Barycentric coordinates of the points of a triangle that are probed."""

# Columns of what `gather` returns.
RED, GREEN, BLUE, OPEN, NEARNESS, BACK, SKY = range(7)


def hemisphere_sets() -> NDArray[np.float32]:
    """(SETS, 3, PER_SET) cosine-distributed directions about z.

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
    return directions.reshape(SETS, PER_SET, 3).swapaxes(1, 2).astype(np.float32, order="C")


@njit(nogil=True, cache=True)
def write_frame(n, frame):
    """Writes tangent, bitangent and normal to the rows (Duff et al. 2017, JCGT 6(1))."""
    sign = 1.0 if n[2] >= 0 else -1.0
    a = -1.0 / (sign + n[2])
    b = n[0] * n[1] * a
    frame[0, 0], frame[0, 1], frame[0, 2] = 1 + sign * n[0] * n[0] * a, sign * b, -sign * n[0]
    frame[1, 0], frame[1, 1], frame[1, 2] = b, sign + n[1] * n[1] * a, -n[1]
    frame[2] = n


@njit(nogil=True, cache=True)
def _aim(rays, p, n, frame, directions):
    """Aims a whole packet from a point into the hemisphere about n; directions are (3, LANES)."""
    write_frame(n, frame)
    ids = rays.view(np.int32)
    for c in range(3):
        origin = np.float32(p[c] + NORMAL_OFFSET * n[c])
        a, b, up = np.float32(frame[0, c]), np.float32(frame[1, c]), np.float32(frame[2, c])
        for k in range(pk.LANES):
            rays[pk.ORG_X + c, k] = origin
            rays[pk.DIR_X + c, k] = (
                directions[0, k] * a + directions[1, k] * b + directions[2, k] * up
            )
    rays[pk.TNEAR] = 0.0
    rays[pk.TFAR] = np.inf
    ids[pk.GEOM_ID] = -1
    ids[pk.INST_ID] = -1


@njit(nogil=True, cache=True)
def _from_behind(rays, k):
    return (
        rays[pk.NG_X, k] * rays[pk.DIR_X, k]
        + rays[pk.NG_Y, k] * rays[pk.DIR_Y, k]
        + rays[pk.NG_Z, k] * rays[pk.DIR_Z, k]
    ) > 0


@njit(nogil=True, cache=True)
def gather(
    calls,
    scene,
    which,
    position,
    normal,
    pattern,
    packets,
    sets,
    owner,
    uv,
    radiance,
    sky,
    reach,
    out,
):
    """Looks over the hemisphere of some points.

    Args:
        which: (K,) the points to treat.
        position, normal: (N, 3).
        pattern: (N,) first of the direction sets that a point uses.
        packets: (N,) how many sets it uses.
        sets: (SETS, 3, PER_SET) from `hemisphere_sets`.
        owner: (M,) triangle of the scene by triangle of the traced mesh.
        uv: (T, 3, 2) atlas positions of corners [texels].
        radiance: (H, W, 3) what surfaces give back of their direct light.
        sky: (3,) radiance where a ray leaves the scene upwards.
        reach: Distance at which an occluder no longer darkens [m].
        out: (N, 7) mean radiance in view, openness 0…1, mean inverse distance [1/m], the
            fraction of rays that hit a surface from behind or at once, and that leave the scene.
    """
    rays = pk.new_packet()
    ids = rays.view(np.int32)
    frame = np.empty((3, 3))
    total = np.empty(7)
    for i in which:
        total[:] = 0.0
        count = 0
        for s in range(packets[i]):
            _aim(rays, position[i], normal[i], frame, sets[(pattern[i] + s) % SETS])
            pk.intersect(calls, scene, rays, False)
            for k in range(pk.LANES):
                if ids[pk.GEOM_ID, k] < 0:
                    share = 1.0 if rays[pk.DIR_Z, k] >= 0 else GROUND_RADIANCE
                    for c in range(3):
                        total[c] += share * sky[c]
                    total[OPEN] += 1.0
                    total[SKY] += 1.0
                    continue
                distance = rays[pk.TFAR, k]
                near = max(0.0, 1.0 - distance / reach)
                total[OPEN] += 1.0 - near * near
                total[NEARNESS] += 1.0 / (distance + NEAREST)
                if distance < TOUCHING or _from_behind(rays, k):
                    total[BACK] += 1.0
                t = owner[ids[pk.PRIM_ID, k]]
                u, v = rays[pk.U, k], rays[pk.V, k]
                x = uv[t, 0, 0] * (1 - u - v) + uv[t, 1, 0] * u + uv[t, 2, 0] * v
                y = uv[t, 0, 1] * (1 - u - v) + uv[t, 1, 1] * u + uv[t, 2, 1] * v
                for c in range(3):
                    total[c] += radiance[int(y), int(x), c]
            count += pk.LANES
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
    rays = pk.new_packet()
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
    pk.intersect(calls, scene, rays, False)
    far, leaving, back = 0.0, 0.0, 0
    for k in range(pk.LANES):
        if ids[pk.GEOM_ID, k] < 0:
            far += 1.0
            leaving += 1.0
            continue
        distance = rays[pk.TFAR, k]
        behind = _from_behind(rays, k)
        back += behind or distance < TOUCHING
        far += min(distance, 1.0) / (3.0 if behind else 1.0)
    seen[0], seen[1] = far / pk.LANES, leaving / pk.LANES
    seen[2] = 1.0 if back == pk.LANES else 0.0

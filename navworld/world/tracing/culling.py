"""What a packet of rays cannot hit: parts that move are covered by spheres, packets by cones.

Most packets of an image look past everything that moves, or at a wall before it. A sphere is met
by a cone of half-angle θ where the angle between its middle and the axis is at most θ + φ, φ being
half the angle that it fills; all of it is beyond its nearest point. So one comparison tells
whether a packet has to be traced a second time; it errs only towards tracing.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from navworld.world.tracing.packets import LANES, aligned_copy, pointer
from navworld.world.tracing.simd import load_f16, select, smaller, splat_f16, store

COVERS = 4
"""Spheres that cover a part, one behind the other along its longest side."""

AXIS_X, AXIS_Y, AXIS_Z, COS, SIN, LONGEST = range(6)
"""Rows of a table of cones: unit axis, cosine and sine of the half-angle, longest direction."""

_SLACK = 1e-4  # of a cone [rad]
_MARGIN, _SHARE = 1e-3, 1e-5  # of a sphere [m], and per metre from the origin: float32 rounds


def cover(vertices: NDArray, triangles: NDArray) -> NDArray[np.float32]:
    """(COVERS, 4) middles and radii of spheres that hold all triangles [m].

    The box around them is cut across its longest side into slabs, each with a sphere around what
    lies in it.
    """
    corners = np.asarray(vertices, np.float64)[triangles]
    low, high = corners.min((0, 1)), corners.max((0, 1))
    axis = int((high - low).argmax())
    edges = np.linspace(low[axis], high[axis], COVERS + 1)
    points = corners.reshape(-1, 3)
    from_, to = points, np.roll(corners, -1, axis=1).reshape(-1, 3)
    cuts = []
    for edge in edges[1:-1]:  # where sides of triangles go through a cut
        across = (from_[:, axis] - edge) * (to[:, axis] - edge) < 0
        a, b = from_[across], to[across]
        share = (edge - a[:, axis]) / (b[:, axis] - a[:, axis])
        cuts.append(a + share[:, None] * (b - a))
    everything = np.concatenate([points, *cuts])
    spheres = np.zeros((COVERS, 4), np.float32)
    for k in range(COVERS):
        slack = 1e-6 * (edges[-1] - edges[0]) + 1e-9
        along = everything[:, axis]
        inside = everything[(along >= edges[k] - slack) & (along <= edges[k + 1] + slack)]
        if len(inside):  # none where triangles leave a gap
            middle = 0.5 * (inside.min(0) + inside.max(0))
            radius = np.linalg.norm(inside - middle, axis=1).max()
            spheres[k] = *middle, 1.00001 * radius + 1e-5
    return spheres


def cones(directions: NDArray[np.float32]) -> NDArray[np.float32]:
    """(6, P + 1) cones around packets of rays (P, 3, n), and at last around all; see AXIS_X … .

    Where no cone of less than a right angle holds them, one that everything meets.
    """
    rays = directions.astype(np.float64)
    table = np.empty((6, len(rays) + 1))
    flat = rays.transpose(1, 0, 2).reshape(1, 3, -1)
    for columns, group in ((slice(0, -1), rays), (slice(-1, None), flat)):
        length = np.linalg.norm(group, axis=1)
        unit = group / length[:, None]
        axis = unit.mean(2)
        axis /= np.maximum(np.linalg.norm(axis, axis=1), 1e-9)[:, None]
        least = np.einsum("pin,pi->pn", unit, axis).min(1)
        angle = np.arccos(np.clip(least, -1, 1)) + _SLACK
        narrow = angle < 0.5 * np.pi
        table[: AXIS_Z + 1, columns] = np.where(narrow, axis.T, 0.0)
        table[COS, columns] = np.where(narrow, np.cos(angle), 0.0)
        table[SIN, columns] = np.where(narrow, np.sin(angle), 1.0)
        table[LONGEST, columns] = length.max(1)
    return table.astype(np.float32)


def blocks(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """(P / 16 rounded up, 6, 16) the cones of packets (6, P + 1) as `nearest_parts` reads them."""
    packets = table.shape[1] - 1
    padded = np.pad(table[:, :-1], ((0, 0), (0, -packets % LANES)), mode="edge")
    return aligned_copy(padded.reshape(6, -1, LANES).transpose(1, 0, 2), np.float32)


@njit(nogil=True)
def nearest_parts(whole, grouped, pose, spheres, count, first, last, nearest):
    """Writes how near to a camera packets first … last − 1 could hit any part: ray parameters.

    Args:
        whole: (6,) cone around all rays. grouped: (⌈P / 16⌉, 6, 16) those of the packets; without
            any, every packet could hit something at once.
        pose: (12,) of the camera: rotation by rows, position.
        spheres: Address of (count, 4) spheres that cover the parts, in the world.
        nearest: (≥ P,) aligned float32, written from the block of `first` to that of `last`; inf
            where nothing can be hit.
    """
    if len(grouped) == 0:
        nearest[first:last] = 0.0
        return
    found = np.empty((count, 6), np.float32)
    met = _in_view(whole, pose, carray(pointer(spheres), (count, 4), np.float32), found)
    address, table = np.int64(nearest.ctypes.data), np.int64(grouped.ctypes.data)
    for block in range(first // LANES, (last + LANES - 1) // LANES):
        own = table + block * 6 * 4 * LANES
        x, y, z = load_f16(own), load_f16(own + 4 * LANES), load_f16(own + 8 * LANES)
        cos, sin = load_f16(own + 12 * LANES), load_f16(own + 16 * LANES)
        near = splat_f16(np.float32(np.inf))
        for k in range(met):
            facing = x * found[k, 0] + y * found[k, 1] + z * found[k, 2]
            hit = facing >= cos * found[k, 3] - sin * found[k, 4]
            near = select(hit, smaller(near, splat_f16(found[k, 5])), near)
        store(address + 4 * LANES * block, near / load_f16(own + 20 * LANES))


@njit(nogil=True)
def _in_view(whole, pose, spheres, found):
    """Lists the spheres that the image meets: (k, 6) direction, cos and sin of φ, distance."""
    met = 0
    for k in range(len(spheres)):
        radius = spheres[k, 3]
        if radius == 0.0:
            continue
        size = abs(spheres[k, 0]) + abs(spheres[k, 1]) + abs(spheres[k, 2])
        radius += np.float32(_MARGIN) + np.float32(_SHARE) * size
        dx, dy, dz = spheres[k, 0] - pose[9], spheres[k, 1] - pose[10], spheres[k, 2] - pose[11]
        distance = np.sqrt(dx * dx + dy * dy + dz * dz)
        x, y, z, cos, sin = np.float32(0.0), np.float32(0.0), np.float32(0.0), 0.0, 1.0
        if distance > radius:
            x = (dx * pose[0] + dy * pose[3] + dz * pose[6]) / distance
            y = (dx * pose[1] + dy * pose[4] + dz * pose[7]) / distance
            z = (dx * pose[2] + dy * pose[5] + dz * pose[8]) / distance
            sin = radius / distance
            cos = np.sqrt(1.0 - sin * sin)
            facing = x * whole[0] + y * whole[1] + z * whole[2]
            if facing < whole[3] * cos - whole[4] * sin:
                continue
        found[met, 0], found[met, 1], found[met, 2] = x, y, z
        found[met, 3], found[met, 4] = cos, sin
        found[met, 5] = max(np.float32(0.0), distance - radius)
        met += 1
    return met

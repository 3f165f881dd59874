"""Kernels for rays one by one, in whatever direction: nearest hits, and whether anything is hit."""

from __future__ import annotations

import numba as nb
import numpy as np

from navworld.world.tracing import packets as pk


@nb.njit(nogil=True, cache=True)
def trace_rays(calls, handle, origins, directions, reach, t, triangle):
    """Nearest hits of single rays: fills t (inf: none) and triangle (-1: none)."""
    rays = pk.new_packet()
    ids = rays.view(np.int32)
    for first in range(0, len(t), pk.LANES):
        for k in range(pk.LANES):
            r = min(first + k, len(t) - 1)
            pk.set_ray(rays, k, origins[r], directions[r], np.float32(0.0), reach)
        pk.intersect(calls, handle, rays, False)
        for k in range(min(pk.LANES, len(t) - first)):
            hit = ids[pk.GEOM_ID, k] >= 0
            t[first + k] = rays[pk.TFAR, k] if hit else np.inf
            triangle[first + k] = ids[pk.PRIM_ID, k] if hit else -1


@nb.njit(nogil=True, cache=True)
def trace_shadows(calls, handle, origins, directions, reach, blocked):
    """Whether anything lies on each ray before its reach (R,)."""
    rays = pk.new_packet()
    for first in range(0, len(blocked), pk.LANES):
        for k in range(pk.LANES):
            r = min(first + k, len(blocked) - 1)
            pk.set_ray(rays, k, origins[r], directions[r], np.float32(0.0), reach[r])
        pk.occluded(calls, handle, rays, False)
        for k in range(min(pk.LANES, len(blocked) - first)):
            blocked[first + k] = rays[pk.TFAR, k] < 0

"""Air between camera and surface, and what falls through it, painted on float images.

Light adds up in linear colours. Encoded colours are squared and rooted for it, which is within
2 % of the exact power of 2.2 and runs on vector units.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FOG_HEIGHT = 80.0
"""Thickness of the foggy layer that hides the sky [m]."""

BLOCK = 256


@njit(nogil=True, cache=True, error_model="numpy")
def veil(color, depth, rays, up, extinction, air):
    """Lays fog over one image; in blocks, so that every loop runs on vector units.

    Args:
        color: (3 P,) float32, encoded; changed in place.
        depth: (P,) float32 ray parameter, 0 for the sky.
        rays: (4, P) float32: unit directions in the camera frame, and metres per ray parameter.
        up: (3,) float32 the direction up in the camera frame.
        extinction: [1/m].
        air: (3,) float32 colour of thick fog, encoded.
    """
    one, lowest, layer = np.float32(1.0), np.float32(0.05), np.float32(FOG_HEIGHT)
    rate = np.float32(extinction / 256.0)
    right, down, ahead = up[0], up[1], up[2]
    share, left = np.empty(BLOCK, np.float32), np.empty(3 * BLOCK, np.float32)
    glow = np.empty(3 * BLOCK, np.float32)
    for k in range(BLOCK):
        for c in range(3):
            glow[3 * k + c] = air[c] * air[c]
    for first in range(0, len(depth), BLOCK):
        end = first + BLOCK
        t, metres = depth[first:end], rays[3, first:end]
        x, y, z = rays[0, first:end], rays[1, first:end], rays[2, first:end]
        for k in range(len(t)):
            rise = x[k] * right + y[k] * down + z[k] * ahead
            rise = rise if rise > lowest else lowest
            way, sky = t[k] * metres[k], layer / rise
            way = way if way > 0 else sky
            # (1 + x / 256)^-256 is exp(-x) to 1 % where that is above 0.1.
            s = one / (one + way * rate)
            s = s * s
            s = s * s
            s = s * s
            s = s * s
            s = s * s
            s = s * s
            s = s * s
            share[k] = s * s
        for k in range(len(t)):
            s = share[k]
            left[3 * k], left[3 * k + 1], left[3 * k + 2] = s, s, s
        values = color[3 * first : 3 * end]
        for k in range(len(values)):
            seen = values[k]
            values[k] = np.sqrt(seen * seen * left[k] + glow[k] * (one - left[k]))


@njit(nogil=True, cache=True)
def strokes(color, depth, ends, away, reach, opacity, soft, tone):
    """Paints short bright lines (streaks of rain) or dots (flakes) into one image.

    Args:
        color: (H, W, 3) float32; changed in place.
        depth: (H, W) float32 of the surfaces, 0 for the sky.
        ends: (K, 2, 2) both ends of every line (u, v) [px].
        away: (K,) their depth.
        reach: (K,) how far they are seen to both sides [px].
        opacity: (K,) along their middle.
        soft: Over how many pixels they fade out at the sides.
        tone: (3,) their colour.
    """
    height, width = depth.shape
    for k in range(len(ends)):
        u0, v0, u1, v1 = ends[k, 0, 0], ends[k, 0, 1], ends[k, 1, 0], ends[k, 1, 1]
        r = reach[k]
        left, right = int(np.floor(min(u0, u1) - r)), int(np.ceil(max(u0, u1) + r))
        top, bottom = int(np.floor(min(v0, v1) - r)), int(np.ceil(max(v0, v1) + r))
        du, dv = u1 - u0, v1 - v0
        length2 = du * du + dv * dv + 1e-9
        for v in range(max(top, 0), min(bottom + 1, height)):
            for u in range(max(left, 0), min(right + 1, width)):
                behind = depth[v, u]
                if behind > 0 and behind < away[k]:
                    continue
                along = min(max(((u - u0) * du + (v - v0) * dv) / length2, 0.0), 1.0)
                gap = np.hypot(u0 + along * du - u, v0 + along * dv - v)
                a = opacity[k] * min(max((r - gap) / soft, 0.0), 1.0)
                for c in range(3):
                    color[v, u, c] += np.float32(a * (tone[c] - color[v, u, c]))


@njit(nogil=True, cache=True)
def develop(color, rgb):
    """Rounds (3 P,) float32 colours to bytes."""
    most, least, half = np.float32(255.0), np.float32(0.0), np.float32(0.5)
    for k in range(len(color)):
        value = color[k] * most
        value = value if value < most else most
        value = value if value > least else least
        rgb[k] = np.uint8(np.int32(value + half))

"""The loops of the event camera, compiled: image motion, log luminance, level crossings, voxels.

An event is one uint64 whose order is the order of events: the bits of its float32 time [s, ≥ 0],
then its pixel (row-major), then its sign (1 for brighter).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

TABLE = 2048
"""Entries of the decoding table."""

TABLE_TOP = 4.0
"""The brightest display-encoded colour that is told apart; 1 is display white."""

DECODED = ((np.arange(TABLE + 2) * TABLE_TOP / TABLE) ** 2.2).astype(np.float32)
"""Linear light of display-encoded colour, for interpolation."""

IDLE = np.float32(-np.inf)
"""The `ready` time of a pixel that is not in reset."""


@njit(cache=True, nogil=True)
def greatest_speeds(mapping, rays, ranges, velocity, turning, central, speeds):
    """Greatest image speed over the pixels, at several moments of several cameras.

    Args:
        mapping: (P, 2, 3) from the motion of a point across its ray, per metre of range for a
            central camera, to pixels.
        rays: (P, 2, 3) origin and unit direction of the pixels' rays in the camera frame.
        ranges: (n, D, P) of D images per camera [m].
        velocity, turning: (n, M, 3) of the cameras, in their own frames [m/s, rad/s].
        central: Whether all rays start at the camera's origin.
        speeds: (n, M) [px/s], written.
    """
    for i in range(len(ranges)):
        for m in range(velocity.shape[1]):
            vx, vy, vz = velocity[i, m]
            wx, wy, wz = turning[i, m]
            most = np.float32(0.0)
            for d in range(ranges.shape[1]):
                for p in range(len(rays)):
                    far = np.float32(1.0) if central else ranges[i, d, p]
                    near = np.float32(1.0) / ranges[i, d, p] if central else np.float32(1.0)
                    x = rays[p, 0, 0] + rays[p, 1, 0] * far
                    y = rays[p, 0, 1] + rays[p, 1, 1] * far
                    z = rays[p, 0, 2] + rays[p, 1, 2] * far
                    a = vx * near + wy * z - wz * y
                    b = vy * near + wz * x - wx * z
                    c = vz * near + wx * y - wy * x
                    du = mapping[p, 0, 0] * a + mapping[p, 0, 1] * b + mapping[p, 0, 2] * c
                    dv = mapping[p, 1, 0] * a + mapping[p, 1, 1] * b + mapping[p, 1, 2] * c
                    most = max(most, du * du + dv * dv)
            speeds[i, m] = math.sqrt(most)


@njit(cache=True, nogil=True)
def log_luminance(color, decoded, weights, eps, logs):
    """Logarithm of what falls on the pixels: ln(luminance + eps).

    Args:
        color: (K, R · (H + 2), R · (W + 2), 3) float32, display-encoded, linear light =
            color^2.2; there is a frame of one pixel around the image.
        decoded: `DECODED`.
        weights: (3 · R,) float32 of the rays of a pixel and of its neighbours, in x and in y.
        eps: Dark level in parts of display white.
        logs: (K, H, W) float32, written.
    """
    height, width = logs.shape[1:]
    rays = len(weights) // 3
    light = np.empty(color.shape[2], np.float32)
    seen = np.empty((height, width), np.float32)
    for k in range(len(color)):
        seen[:] = eps
        for y in range(color.shape[1]):
            _luminance(color[k, y], decoded, light)
            for u in range(width):
                across = np.float32(0.0)
                for j in range(len(weights)):
                    across += weights[j] * light[u * rays + j]
                for v in range(max(0, y // rays - 2), min(height, y // rays + 1)):
                    seen[v, u] += weights[y - v * rays] * across
        for v in range(height):
            for u in range(width):
                logs[k, v, u] = math.log(seen[v, u])


@njit(cache=True, nogil=True)
def _luminance(color, decoded, light):
    scale = np.float32(TABLE / TABLE_TOP)
    top = np.float32(TABLE - 1e-2)
    weights = np.array([0.2126, 0.7152, 0.0722], np.float32)
    for x in range(len(color)):
        total = np.float32(0.0)
        for c in range(3):
            at = min(max(color[x, c] * scale, np.float32(0.0)), top)
            j = np.int32(at)
            rise = (decoded[j + 1] - decoded[j]) * (at - np.float32(j))
            total += weights[c] * (decoded[j] + rise)
        light[x] = total


@njit(cache=True, nogil=True)
def crossings(logs, times, last, reference, ready, thresholds, leak, refractory, events, count):
    """Events of one camera's pixels where linearly interpolated log intensity crosses levels.

    Args:
        logs: (K, P) float32 log intensities.
        times: (K + 1,) [s] of `last` and of every row of `logs`.
        last: (P,) float32 log intensities before; written.
        reference: (P,) float32 levels memorised at the pixels' last events; written.
        ready: (P,) float32 when the pixels leave their reset [s], `IDLE` outside it; written.
        thresholds: (2, P) float32 contrast of a darker and of a brighter event.
        leak: (P,) float32 speed at which the memorised level sinks [1/s].
        refractory: Length of the reset after an event [s]; it ends by memorising anew.
        events: Buffer of packed events; a longer one is made when it is full.
        count: How many it holds.

    Returns:
        The buffer and how many it holds now.
    """
    for k in range(len(logs)):
        start, span = times[k], times[k + 1] - times[k]
        for p in range(len(last)):
            sunk = leak[p] * span
            before = last[p] - reference[p]
            after = logs[k, p] - reference[p] + sunk
            last[p] = logs[k, p]
            level = 0.0
            if ready[p] != IDLE:
                if ready[p] >= start + span:
                    continue
                level = before + (after - before) * max(0.0, (ready[p] - start) / span)
                ready[p] = IDLE
            slope = after - before
            if slope == 0:
                reference[p] += level - sunk
                continue
            brighter = 1 if slope > 0 else 0
            step = thresholds[1, p] if brighter else -thresholds[0, p]
            while (after - level - step) * step >= 0:
                level += step
                time = start + span * max(0.0, (level - before) / slope)
                if count == len(events):
                    events = _doubled(events)
                events[count] = _packed(time, p, brighter)
                count += 1
                if refractory > 0:
                    ready[p] = time + refractory
                    if ready[p] >= start + span:
                        break
                    level = before + slope * (ready[p] - start) / span
                    ready[p] = IDLE
            reference[p] += level - sunk
    return events, count


@njit(cache=True, nogil=True)
def voxels(events, duration, grid):
    """Adds events to a voxel grid (B, H · W): bilinear in time, signed (Zhu et al. 2019)."""
    last = len(grid) - 1
    for k in range(len(events)):
        time, pixel, sign = unpacked(events[k])
        at = min(max(time / duration, 0.0), 1.0) * last if duration > 0 else 0.0
        b = min(int(at), last)
        later = np.float32(at - b)
        grid[b, pixel] += sign * (np.float32(1.0) - later)
        if b < last:
            grid[b + 1, pixel] += sign * later


@njit(cache=True, nogil=True)
def listed(events, width, rows):
    """Writes events into rows (N, 4): time [s], x, y, polarity."""
    for k in range(len(events)):
        time, pixel, sign = unpacked(events[k])
        rows[k, 0] = time
        rows[k, 1], rows[k, 2], rows[k, 3] = pixel % width, pixel // width, sign


@njit(cache=True, nogil=True)
def packed(times, pixels, brighter):
    """(N,) packed events of their parts."""
    events = np.empty(len(times), np.uint64)
    for k in range(len(times)):
        events[k] = _packed(times[k], pixels[k], brighter[k])
    return events


@njit(cache=True, nogil=True)
def unpacked(event):
    """Time [s], pixel and sign (±1) of a packed event."""
    time = np.uint32(event >> np.uint64(32)).view(np.float32)
    pixel = np.int64((event & np.uint64(0xFFFFFFFF)) >> np.uint64(1))
    return time, pixel, np.float32(2.0) * np.float32(event & np.uint64(1)) - np.float32(1.0)


@njit(cache=True, nogil=True)
def _packed(time, pixel, brighter):
    bits = np.uint64(np.float32(time).view(np.uint32))
    return (bits << np.uint64(32)) | (np.uint64(pixel) << np.uint64(1)) | np.uint64(brighter)


@njit(cache=True, nogil=True)
def _doubled(events):
    longer = np.empty(2 * len(events), np.uint64)
    longer[: len(events)] = events
    return longer

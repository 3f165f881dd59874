"""Smoothing and repairing a lightmap, chart by chart."""

from __future__ import annotations

import numpy as np
from numba import njit

BLUR_PER_METRE = 0.3
MIN_SIGMA = 1.5
LIKENESS = 60.0


@njit(nogil=True, cache=True)
def blur(light, chart, valid, nearness, texel_m, max_sigma):
    """Gaussian blur of every chart, in place; wide in the open, narrow near other surfaces.

    Texels that see something near keep their contact shadows; texels of similar surroundings
    count more; invalid ones do not count.

    Args:
        light: (H, W, C).
        chart: (H, W) chart of a texel, −1 for none.
        valid: (H, W).
        nearness: (H, W) mean inverse distance of what a texel sees [1/m].
        texel_m: (C,) size of the texels of every chart [m].
        max_sigma: Width in the open [texels].
    """
    for axis in range(2):
        _blur_along(light, chart, valid, nearness, texel_m, max_sigma, axis)


@njit(nogil=True, cache=True)
def _blur_along(light, chart, valid, nearness, texel_m, max_sigma, axis):
    height, width, channels = light.shape
    before = light.copy()
    total = np.empty(channels)
    dj, di = (0, 1) if axis == 0 else (1, 0)
    for j in range(height):
        for i in range(width):
            own = chart[j, i]
            if own < 0 or not valid[j, i]:
                continue
            here = nearness[j, i]
            sigma = BLUR_PER_METRE / max(here * texel_m[own], 1e-3)
            sigma = min(max(sigma, MIN_SIGMA), max_sigma)
            ratio = np.exp(-0.5 / (sigma * sigma))
            for c in range(channels):
                total[c] = before[j, i, c]
            weights = 1.0
            for side in (-1, 1):
                gauss, step = 1.0, ratio
                for k in range(1, int(np.ceil(2 * sigma)) + 1):
                    y, x = j + side * k * dj, i + side * k * di
                    if y < 0 or x < 0 or y >= height or x >= width or chart[y, x] != own:
                        break
                    if not valid[y, x]:
                        break
                    gauss *= step  # exp(-k² / 2σ²), from one exponential
                    step *= ratio * ratio
                    unlike = (nearness[y, x] - here) / (nearness[y, x] + here + 0.1)
                    w = gauss / (1 + LIKENESS * unlike * unlike)
                    weights += w
                    for c in range(channels):
                        total[c] += w * before[y, x, c]
            for c in range(channels):
                light[j, i, c] = total[c] / weights


@njit(nogil=True, cache=True)
def fill(light, chart, valid, charts):
    """Gives invalid texels the mean of their valid neighbours, ring by ring, in place.

    Charts without any valid texel keep what they have.
    """
    height, width = chart.shape
    usable = np.zeros(charts, np.bool_)
    count = 0
    for j in range(height):
        for i in range(width):
            if chart[j, i] >= 0:
                usable[chart[j, i]] |= valid[j, i]
                count += not valid[j, i]
    todo = np.empty((count, 2), np.int32)
    left = 0
    for j in range(height):
        for i in range(width):
            if chart[j, i] >= 0 and not valid[j, i] and usable[chart[j, i]]:
                todo[left, 0], todo[left, 1] = j, i
                left += 1
    ring = np.zeros((height, width), np.int32)
    step = 0
    while left > 0:
        step += 1
        kept = 0
        for k in range(left):
            j, i = todo[k]
            if not _fill_one(light, chart, valid, ring, j, i, step):
                todo[kept, 0], todo[kept, 1] = j, i
                kept += 1
        if kept == left:
            return
        left = kept


@njit(nogil=True, cache=True)
def _fill_one(light, chart, valid, ring, j, i, step):
    """Averages the neighbours known before this step into a texel; False where there are none."""
    height, width, channels = light.shape
    known = 0
    for y in range(max(0, j - 1), min(height, j + 2)):
        for x in range(max(0, i - 1), min(width, i + 2)):
            if chart[y, x] == chart[j, i] and (valid[y, x] or 0 < ring[y, x] < step):
                if known == 0:
                    light[j, i] = 0.0
                known += 1
                for c in range(channels):
                    light[j, i, c] += light[y, x, c]
    if known == 0:
        return False
    for c in range(channels):
        light[j, i, c] /= known
    ring[j, i] = step
    return True


@njit(nogil=True, cache=True)
def paint(values, of_texel, texel, pixels):
    """Writes the (M, C) values of points to the pixels (…, C) of their texels."""
    for k in range(len(texel)):
        for c in range(values.shape[1]):
            pixels[texel[k], c] = values[of_texel[k], c]


@njit(nogil=True, cache=True)
def agree(light, of_texel, valid, points):
    """Gives texels (N, 3) that share a point the mean of the valid ones among them, in place."""
    total, weight = np.zeros((points, 3)), np.zeros(points)
    for k in range(len(light)):
        if valid[k]:
            weight[of_texel[k]] += 1.0
            for c in range(3):
                total[of_texel[k], c] += light[k, c]
    for k in range(len(light)):
        point = of_texel[k]
        if weight[point] > 0:
            for c in range(3):
                light[k, c] = total[point, c] / weight[point]

"""The steps of `navworld.nn.alignment` on the CPU, pixel by pixel and pair by pair.

They do what `Alignment` does with tensors, in a third of the time: nothing is written down between
one pixel and the next.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from navworld.nn.views_kernels import corners


@njit(cache=True, nogil=True, fastmath=True)
def descend(
    first, second, points, planes, even, changes, motion, expected, spread, curvature, steps,
    units, limits, settled, begin, end,
):  # fmt: skip
    """Steps of Gauss–Newton for the pairs from `begin` to before `end`.

    Args:
        first: (B, 3, h, w) brightness, inverse depth [1/m], whether it is known.
        second: (B, h, w) brightness.
        points: (B, 3, h, w) right, below and ahead [m].
        planes: (B, 3, h, w) normals over distances.
        even: (B, h, w) where there is a plane.
        changes: (B, 3, 2 h w) how brightness and distance change with a step.
        motion: (B, 3) float64 where to begin [m, m, rad]; where it ended afterwards.
        expected: (B, 3) float64 what the motion is expected to be.
        spread: (B, 3) float64 standard deviations from that; huge where nothing is expected.
        curvature: (B, 3, 3) float64, filled with that of the last step.
        steps: How many.
        units: Differences of brightness and of distance beyond which a pixel counts less.
        settled: A step shorter than this in all of its numbers is the last [m, rad].
        limits: Half the image plane's width, nearest and farthest [m], worse [1/m], whole,
            longest [m, rad], damping, weight of what is expected, stray.
    """
    for k in range(begin, end):
        for _ in range(steps):
            gone = _step(
                first[k], second[k], points[k], planes[k], even[k], changes[k], motion[k],
                expected[k], spread[k], curvature[k], units, limits,
            )  # fmt: skip
            if gone < settled:
                break


@njit(cache=True, nogil=True, fastmath=True)
def _step(
    first, second, points, planes, even, changes, motion, expected, spread, curvature, units,
    limits,
):  # fmt: skip
    """One step for one pair, and how far it went; see `descend`."""
    reach, nearest, farthest, worse, whole, longest, damping, weight, stray = limits
    height, width = second.shape
    right_most, lowest = np.float32(width - 1), np.float32(height - 1)
    focal = np.float32(0.5 * width / reach)
    middle_x, middle_y = np.float32(0.5 * (width - 1)), np.float32(0.5 * (height - 1))
    unit_b, unit_d = np.float32(units[0]), np.float32(units[1])
    one, near = np.float32(1.0), np.float32(nearest)
    pixels = height * width
    c, s = np.float32(math.cos(motion[2])), np.float32(math.sin(motion[2]))
    x, y = np.float32(motion[0]), np.float32(motion[1])
    a00 = a01 = a02 = a11 = a12 = a22 = 0.0
    b0 = b1 = b2 = 0.0
    for i in range(height):
        # One row's sums in single precision, the rows' in double.
        r00 = r01 = r02 = r11 = r12 = r22 = np.float32(0.0)
        p0 = p1 = p2 = np.float32(0.0)
        for j in range(width):
            side, below, z = points[0, i, j], points[1, i, j], points[2, i, j]
            ahead = c * z + s * side + x
            if ahead <= near:
                continue
            inverse = one / ahead
            across, down = (c * side - s * z - y) * inverse, below * inverse
            u, v = across * focal + middle_x, down * focal + middle_y
            if u < 0 or v < 0 or u > right_most or v > lowest:
                continue
            left, top, w00, w01, w10, w11 = corners(u, v, width, height)
            grey = (
                w00 * first[0, top, left] + w01 * first[0, top, left + 1]
                + w10 * first[0, top + 1, left] + w11 * first[0, top + 1, left + 1]
            )  # fmt: skip
            off = grey - second[i, j]
            share = one / (unit_b + off * off / unit_b)
            share *= share
            k = i * width + j
            j0, j1, j2 = changes[0, k], changes[1, k], changes[2, k]
            q0, q1, q2 = share * j0, share * j1, share * j2
            r00, r01, r02 = r00 + q0 * j0, r01 + q0 * j1, r02 + q0 * j2
            r11, r12, r22 = r11 + q1 * j1, r12 + q1 * j2, r22 + q2 * j2
            p0, p1, p2 = p0 + q0 * off, p1 + q1 * off, p2 + q2 * off
            if not even[i, j]:
                continue
            known = (
                w00 * first[2, top, left] + w01 * first[2, top, left + 1]
                + w10 * first[2, top + 1, left] + w11 * first[2, top + 1, left + 1]
            )  # fmt: skip
            if known <= whole:
                continue
            flat = (
                w00 * first[1, top, left] + w01 * first[1, top, left + 1]
                + w10 * first[1, top + 1, left] + w11 * first[1, top + 1, left + 1]
            )  # fmt: skip
            depth = one / max(flat, one / np.float32(farthest))
            back, lateral = depth - x, depth * across + y
            back, lateral = c * back - s * lateral, s * back + c * lateral
            apart = planes[0, i, j] * lateral + planes[1, i, j] * (depth * down)
            apart = (apart + planes[2, i, j] * back - one) / (one + np.float32(worse) * z)
            share = one / (unit_d + apart * apart / unit_d)
            share *= share
            k += pixels
            j0, j1, j2 = changes[0, k], changes[1, k], changes[2, k]
            q0, q1, q2 = share * j0, share * j1, share * j2
            r00, r01, r02 = r00 + q0 * j0, r01 + q0 * j1, r02 + q0 * j2
            r11, r12, r22 = r11 + q1 * j1, r12 + q1 * j2, r22 + q2 * j2
            p0, p1, p2 = p0 + q0 * apart, p1 + q1 * apart, p2 + q2 * apart
        a00, a01, a02 = a00 + float(r00), a01 + float(r01), a02 + float(r02)
        a11, a12, a22 = a11 + float(r11), a12 + float(r12), a22 + float(r22)
        b0, b1, b2 = b0 + float(p0), b1 + float(p1), b2 + float(p2)
    # How far the motion is from what is expected, in the axes of that.
    ce, se = math.cos(expected[2]), math.sin(expected[2])
    dx, dy = motion[0] - expected[0], motion[1] - expected[1]
    away = (ce * dx + se * dy, ce * dy - se * dx, motion[2] - expected[2])
    f0 = weight / (spread[0] ** 2 + (away[0] / stray) ** 2)
    f1 = weight / (spread[1] ** 2 + (away[1] / stray) ** 2)
    f2 = weight / (spread[2] ** 2 + (away[2] / stray) ** 2)
    a00, a11, a22 = a00 + damping + f0, a11 + damping + f1, a22 + damping + f2
    b0, b1, b2 = b0 + f0 * away[0], b1 + f1 * away[1], b2 + f2 * away[2]
    curvature[0] = a00, a01, a02
    curvature[1] = a01, a11, a12
    curvature[2] = a02, a12, a22
    step = _solved(curvature, b0, b1, b2)
    on = min(max(-step[0], -longest), longest)
    aside = min(max(-step[1], -longest), longest)
    cm, sm = math.cos(motion[2]), math.sin(motion[2])
    motion[0] += cm * on - sm * aside
    motion[1] += sm * on + cm * aside
    motion[2] += min(max(-step[2], -longest), longest)
    return max(abs(step[0]), max(abs(step[1]), abs(step[2])))


@njit(cache=True, nogil=True, inline="always")
def _solved(a, b0, b1, b2):
    """The solution of a symmetric positive 3 × 3 system, by its factors L D Lᵀ."""
    d0 = a[0, 0]
    l10, l20 = a[0, 1] / d0, a[0, 2] / d0
    d1 = a[1, 1] - l10 * a[0, 1]
    l21 = (a[1, 2] - l20 * a[0, 1]) / d1
    d2 = a[2, 2] - l20 * a[0, 2] - l21 * (a[1, 2] - l20 * a[0, 1])
    y1 = b1 - l10 * b0
    y2 = b2 - l20 * b0 - l21 * y1
    x2 = y2 / d2
    x1 = y1 / d1 - l21 * x2
    return b0 / d0 - l10 * x1 - l20 * x2, x1, x2


@njit(cache=True, nogil=True, fastmath=True)
def prepare(
    grey, inverse, known, right, below, first, second, points, planes, even, changes, smoothings,
    limits, begin, end,
):  # fmt: skip
    """What alignment needs of frames of one size, for the pairs from `begin` to before `end`.

    Args:
        grey: (B, 2, h, w) brightness.
        inverse: (B, 2, h, w) inverse depth [1/m].
        known: (B, 2, h, w) where there is depth.
        right: (w,) how far right pixels look at a depth of 1.
        below: (h,) likewise below.
        first, second, points, planes, even, changes: Filled; see `descend`.
        smoothings: Of brightness.
        limits: Size of a pixel at a depth of 1, depth of what has none, farthest [m],
            worse [1/m], edge.
    """
    pixel, far, farthest, worse, edge = limits
    height, width = second.shape[1], second.shape[2]
    pixels = height * width
    spare = np.empty((height, width), np.float32)
    share = np.empty((height, width), np.float32)
    flat = np.empty((height, width), np.float32)
    one, half, scale = np.float32(1.0), np.float32(0.5), np.float32(1.0 / pixel)
    for k in range(begin, end):
        for i in range(height):
            for j in range(width):
                first[k, 0, i, j], first[k, 1, i, j] = grey[k, 0, i, j], inverse[k, 0, i, j]
                first[k, 2, i, j] = one if known[k, 0, i, j] else np.float32(0.0)
                second[k, i, j], flat[i, j] = grey[k, 1, i, j], inverse[k, 1, i, j]
                share[i, j] = one if known[k, 1, i, j] else np.float32(0.0)
        for _ in range(smoothings):
            _smooth(first[k, 0], spare)
            _smooth(second[k], spare)
        _smooth(share, spare)
        _smooth(flat, spare)
        for i in range(height):
            for j in range(width):
                if known[k, 1, i, j]:
                    flat[i, j] = flat[i, j] / max(share[i, j], np.float32(0.05))
                else:
                    flat[i, j] = inverse[k, 1, i, j]
        for i in range(height):
            above, under = max(i - 1, 0), min(i + 1, height - 1)
            rows = half if under - above == 2 else one
            for j in range(width):
                left, beside = max(j - 1, 0), min(j + 1, width - 1)
                columns = half if beside - left == 2 else one
                grown = (flat[i, beside] - flat[i, left]) * (columns * scale)
                deeper = (flat[under, j] - flat[above, j]) * (rows * scale)
                there = known[k, 1, i, j]
                ray, down, smoothed = right[j], below[i], flat[i, j]
                nearer = smoothed - ray * grown - down * deeper
                lighter = lower = np.float32(0.0)
                z = np.float32(far)
                if there:
                    bright = second[k]
                    lighter = (bright[i, beside] - bright[i, left]) * (columns * scale)
                    lower = (bright[under, j] - bright[above, j]) * (rows * scale)
                    z = one / max(inverse[k, 1, i, j], one / np.float32(farthest))
                outwards = lighter * ray + lower * down
                weaker = one / (one + np.float32(worse) * z)
                points[k, 0, i, j], points[k, 1, i, j], points[k, 2, i, j] = z * ray, z * down, z
                planes[k, 0, i, j], planes[k, 1, i, j] = grown, deeper
                planes[k, 2, i, j] = nearer
                steep = (abs(grown) + abs(deeper)) * np.float32(pixel)
                even[k, i, j] = there and steep <= np.float32(edge) * smoothed
                at = i * width + j
                changes[k, 0, at] = -outwards / z
                changes[k, 1, at] = -lighter / z
                changes[k, 2, at] = -lighter - ray * outwards
                at += pixels
                changes[k, 0, at] = -nearer * weaker
                changes[k, 1, at] = grown * weaker
                changes[k, 2, at] = (grown - ray * nearer) * (z * weaker)


@njit(cache=True, nogil=True, fastmath=True)
def _smooth(image, spare):
    """An image (h, w) with the weights 1, 2, 1 along both axes, in place; its border stays."""
    height, width = image.shape
    half, quarter = np.float32(0.5), np.float32(0.25)
    for i in range(height):
        spare[i, 0], spare[i, width - 1] = image[i, 0], image[i, width - 1]
        for j in range(1, width - 1):
            spare[i, j] = (image[i, j - 1] + image[i, j + 1]) * quarter + image[i, j] * half
    for j in range(width):
        image[0, j], image[height - 1, j] = spare[0, j], spare[height - 1, j]
    for i in range(1, height - 1):
        for j in range(width):
            image[i, j] = (spare[i - 1, j] + spare[i + 1, j]) * quarter + spare[i, j] * half

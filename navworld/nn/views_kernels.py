"""What `navworld.nn.views` and pictures from above show, on the CPU, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, inline="always")
def corners(u, v, width, height):
    """The column and row of the pixel that a point lies after, and the weights of four pixels.

    They are this one, the one to the right, the one below, and the one across.
    """
    left, top = min(int(u), width - 2), min(int(v), height - 2)
    fu, fv = u - left, v - top
    both = fu * fv
    return left, top, np.float32(1.0) - fu - fv + both, fu - both, fv - both, both


@njit(cache=True, nogil=True, fastmath=True)
def compare(
    first, second, depth, motion, shown, layers, right, below, camera, above, begin, end
):  # fmt: skip
    """Draws pairs as they differ if motions are true, from `begin` to before `end`.

    Args:
        first: (B, 4, H, W) colours and depth [m] of the first frame.
        second: (B, 3, H, W) colours of the second.
        depth: (B, H, W) of the second [m], 0 where there is none.
        motion: (B, 3) planar T_first_second [m, m, rad].
        shown: (B, H, W, C) filled. Channels: 3 of the second's colours; 3 of the first's where the
            second's points are in it; how much lighter, and how much nearer, they are there;
            inverse depth [1/m] and depth of the second; whether the point is in the first;
            `layers` of depth, one-hot; and if there are two more, what stands where around the
            second camera, as the second and as the first saw it.
        layers: Of depth.
        right: (W,) how far right pixels look at a depth of 1.
        below: (H,) likewise below.
        camera: Half the image plane's width, depth of what has none [m], nearest depth [m],
            how much lighter counts as 1, how much nearer is much [m], nearest depth that is told
            apart [m].
        above: Side of the square that is drawn [m], lowest and highest below the camera that is
            [m]; see `navworld.nn.encoders.depth.top_down`.
    """
    plane, far, nearest, contrast, near, closest = camera
    height, width = depth.shape[1], depth.shape[2]
    focal = np.float32(0.5 * width / plane)
    middle_x, middle_y = np.float32(0.5 * (width - 1)), np.float32(0.5 * (height - 1))
    right_most, lowest = np.float32(width - 1), np.float32(height - 1)
    one, zero, third = np.float32(1.0), np.float32(0.0), np.float32(contrast / 3.0)
    drawn = 11 + layers
    counts = np.empty((height, width), np.int32)
    for k in range(begin, end):
        c, s = np.float32(math.cos(motion[k, 2])), np.float32(math.sin(motion[k, 2]))
        x, y = np.float32(motion[k, 0]), np.float32(motion[k, 1])
        for i in range(height):
            for j in range(width):
                seen = depth[k, i, j]
                pixel = shown[k, i, j]
                pixel[:] = zero
                for q in range(3):
                    pixel[q] = second[k, q, i, j]
                z = np.float32(far)
                if seen > 0:
                    z = seen
                    pixel[8] = one / max(seen, np.float32(closest))
                    pixel[9] = seen * np.float32(1.0 / far)
                    if layers > 0:
                        pixel[11 + min(int(seen * np.float32(layers / far)), layers - 1)] = one
                side = z * right[j]
                ahead = c * z + s * side + x
                if ahead <= np.float32(nearest):
                    continue
                scale = focal / ahead
                u, v = (c * side - s * z - y) * scale + middle_x, z * below[i] * scale + middle_y
                if u < 0 or v < 0 or u > right_most or v > lowest:
                    continue
                left, top, w00, w01, w10, w11 = corners(u, v, width, height)
                lighter = zero
                for q in range(4):
                    value = (
                        w00 * first[k, q, top, left] + w01 * first[k, q, top, left + 1]
                        + w10 * first[k, q, top + 1, left] + w11 * first[k, q, top + 1, left + 1]
                    )  # fmt: skip
                    if q < 3:
                        pixel[3 + q] = value
                        lighter += value - pixel[q]
                    elif seen > 0 and value > 0:
                        pixel[7] = math.tanh((value - ahead) / np.float32(near))
                pixel[6] = third * lighter
                pixel[10] = one
        if drawn < shown.shape[3]:
            still, moved = (one, zero, zero, zero), (c, s, x, y)
            _draw(depth[k], right, below, still, above, counts, shown[k, :, :, drawn])
            _draw(first[k, 3], right, below, moved, above, counts, shown[k, :, :, drawn + 1])


@njit(cache=True, nogil=True, fastmath=True)
def _draw(depth, right, below, moved, above, counts, picture):
    """A picture (H, W) from above of what a frame shows, around a camera that has moved."""
    c, s, x, y = moved
    reach, low, high = above
    height, width = depth.shape
    counts[:] = 0
    half, cells, rows = np.float32(width / 2), np.float32(width / reach), np.float32(height / reach)
    # The inverse motion: where the old camera is, seen from the new one.
    back, aside = -c * x - s * y, s * x - c * y
    for i in range(height):
        for j in range(width):
            z = depth[i, j]
            down = z * below[i]
            if not (z > 0 and low < down < high):
                continue
            across = z * right[j]
            ahead, across = c * z - s * across + back, c * across + s * z - aside
            column, row = math.floor(across * cells + half), math.floor(height - ahead * rows)
            if 0 <= column < width and 0 <= row < height:
                counts[row, column] += 1
    for i in range(height):
        for j in range(width):
            many = counts[i, j]
            picture[i, j] = np.float32(1.0) - math.exp(np.float32(-0.25) * many) if many else 0.0

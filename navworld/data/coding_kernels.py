"""Bits of predictive image coding: what is left of a plane after prediction, in Rice codes.

R. F. Rice, "Some practical universal noiseless coding techniques", JPL Publication 79-22, 1979;
the order of the code is chosen anew for every block, as in CCSDS 121.0-B. The median predictor is
that of LOCO-I (Weinberger, Seroussi & Sapiro, IEEE Trans. Image Processing 9, 2000).
`navworld.data.coding` describes the whole.
"""

from __future__ import annotations

import numba
import numpy as np

MEDIAN, PLANE = 0, 1
"""Predictors: median of left, above and the plane through both; that plane itself."""

BLOCK = 16
"""Residuals that share the order of their code."""
ORDER_BITS = np.int64(5)
EMPTY, RAW = np.int64(31), np.int64(30)
"""Orders that mean: all residuals are 0; all are written with 32 bits."""
LONGEST = np.int64(24)
"""Zeros of a unary part; so many tell that 32 plain bits follow."""

TRAILING = np.array([8] + [(k & -k).bit_length() - 1 for k in range(1, 256)], np.int64)
"""How many zeros a byte ends with."""

_njit = numba.njit(cache=True, nogil=True)


@_njit
def fold_residuals(x, predictor, folded):
    """What prediction leaves of x (H, W) int32, signs folded in, as (H, W) uint32."""
    height, width = x.shape
    for i in range(height):
        above = x[max(i - 1, 0)]
        row, out = x[i], folded[i]
        out[0] = _fold(np.int64(row[0]) - (np.int64(above[0]) if i else 0))
        if i == 0:
            for j in range(1, width):
                out[j] = _fold(np.int64(row[j]) - np.int64(row[j - 1]))
        elif predictor == MEDIAN:
            for j in range(1, width):
                a, b = np.int64(row[j - 1]), np.int64(above[j])
                plane = a + b - np.int64(above[j - 1])
                out[j] = _fold(np.int64(row[j]) - max(min(a, b), min(max(a, b), plane)))
        else:
            for j in range(1, width):
                plane = np.int64(row[j - 1]) + np.int64(above[j]) - np.int64(above[j - 1])
                out[j] = _fold(np.int64(row[j]) - plane)


@_njit
def unfold_residuals(folded, predictor, x):
    """Inverse of `fold_residuals`."""
    height, width = x.shape
    for i in range(height):
        above = x[max(i - 1, 0)]
        row, left = folded[i], x[i]
        left[0] = _unfold(row[0], np.int64(above[0]) if i else 0)
        if i == 0:
            for j in range(1, width):
                left[j] = _unfold(row[j], np.int64(left[j - 1]))
        elif predictor == MEDIAN:
            a = np.int64(left[0])
            for j in range(1, width):
                b = np.int64(above[j])
                plane = a + b - np.int64(above[j - 1])
                value = _unfold(row[j], max(min(a, b), min(max(a, b), plane)))
                left[j] = value
                a = np.int64(value)
        else:
            for j in range(1, width):
                plane = np.int64(left[j - 1]) + np.int64(above[j]) - np.int64(above[j - 1])
                left[j] = _unfold(row[j], plane)


@_njit
def write_codes(folded, words):
    """Writes folded residuals (N,) uint32 into `words` uint32; returns how many words it took.

    `words` needs room for two per residual and eight more.
    """
    acc, held, at = np.uint64(0), np.int64(0), 0
    for first in range(0, len(folded), BLOCK):
        last = min(first + BLOCK, len(folded))
        total = np.int64(0)
        for k in range(first, last):
            total += np.int64(folded[k])
        order = _order(total, last - first)
        acc, held, at = _append(order, ORDER_BITS, acc, held, words, at)
        if order == EMPTY:
            continue
        for k in range(first, last):
            value = np.int64(folded[k])
            high = value >> order
            length = high + 1 + order
            if order != RAW and high < LONGEST and length <= 32:
                low = value & ((np.int64(1) << order) - 1)
                code = ((low << 1) | 1) << high
                acc, held, at = _append(code, length, acc, held, words, at)
            else:
                acc, held, at = _append_long(value, order, acc, held, words, at)
    if held:
        words[at] = np.uint32(acc & np.uint64(0xFFFFFFFF))
        at += 1
    return at


@_njit
def read_codes(words, folded):
    """Reads folded residuals (N,) uint32 back; returns how many words it took.

    Whatever `words` holds, nothing outside of it is read and nothing outside `folded` is written.
    """
    acc, held, at = np.uint64(0), np.int64(0), 0
    for first in range(0, len(folded), BLOCK):
        last = min(first + BLOCK, len(folded))
        acc, held, at = _refill(acc, held, words, at)
        order = np.int64(acc & np.uint64(31))
        acc, held = acc >> np.uint64(ORDER_BITS), held - ORDER_BITS
        if order == EMPTY:
            for k in range(first, last):
                folded[k] = 0
            continue
        mask = (np.uint64(1) << np.uint64(order)) - np.uint64(1)
        for k in range(first, last):
            acc, held, at = _refill(acc, held, words, at)
            high = np.int64(0)
            if order != RAW:
                step = TRAILING[acc & np.uint64(255)]
                while step == 8 and high < LONGEST:
                    high += 8
                    acc >>= np.uint64(8)
                    step = TRAILING[acc & np.uint64(255)]
                if high < LONGEST:
                    high += step
                    acc >>= np.uint64(step + 1)
                held -= min(high + 1, LONGEST)
                acc, held, at = _refill(acc, held, words, at)
            if order == RAW or high == LONGEST:
                folded[k] = np.uint32(acc & np.uint64(0xFFFFFFFF))
                acc, held = acc >> np.uint64(32), held - 32
            else:
                folded[k] = np.uint32((high << order) | np.int64(acc & mask))
                acc, held = acc >> np.uint64(order), held - order
    return at - held // 32


@_njit
def split_colors(rgb, planes):
    """Green, red − green and blue − green of rgb (H, W, 3) uint8 as planes (3, H, W) int32."""
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            green = np.int32(rgb[i, j, 1])
            planes[0, i, j] = green
            planes[1, i, j] = np.int32(rgb[i, j, 0]) - green
            planes[2, i, j] = np.int32(rgb[i, j, 2]) - green


@_njit
def join_colors(planes, rgb):
    """What `split_colors` took apart."""
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            green = planes[0, i, j]
            rgb[i, j, 1] = np.uint8(green & 255)
            rgb[i, j, 0] = np.uint8((planes[1, i, j] + green) & 255)
            rgb[i, j, 2] = np.uint8((planes[2, i, j] + green) & 255)


@_njit
def _fold(residual):
    """0, −1, 1, −2, … as 0, 1, 2, 3, …; modulo 2³²."""
    wrapped = np.int32(residual & 0xFFFFFFFF)
    return np.uint32((wrapped << 1) ^ (wrapped >> 31))


@_njit
def _unfold(folded, predicted):
    value = np.int64(folded)
    return np.int32((((value >> 1) ^ -(value & 1)) + predicted) & 0xFFFFFFFF)


@_njit
def _order(total, count):
    """Of the Rice code for residuals with this sum."""
    if total == 0:
        return EMPTY
    order = np.int64(0)
    while (count << (order + 1)) <= total + (count >> 1) and order < RAW:
        order += 1
    return order


@_njit
def _append_long(value, order, acc, held, words, at):
    """A code of more than 32 bits."""
    if order == RAW:
        return _append(value, np.int64(32), acc, held, words, at)
    high = value >> order
    if high >= LONGEST:
        acc, held, at = _append(np.int64(0), LONGEST, acc, held, words, at)
        return _append(value, np.int64(32), acc, held, words, at)
    acc, held, at = _append(np.int64(1) << high, high + 1, acc, held, words, at)
    low = value & ((np.int64(1) << order) - 1)
    return _append(low, order, acc, held, words, at)


@_njit
def _append(value, count, acc, held, words, at):
    """Up to 32 bits, the lowest first."""
    acc |= np.uint64(value) << np.uint64(held)
    held += count
    if held >= 32:
        words[at] = np.uint32(acc & np.uint64(0xFFFFFFFF))
        return acc >> np.uint64(32), held - 32, at + 1
    return acc, held, at


@_njit
def _refill(acc, held, words, at):
    """At least 32 bits; zeros after the end."""
    if held < 32:
        word = words[at] if at < len(words) else np.uint32(0)
        return acc | (np.uint64(word) << np.uint64(held)), held + 32, at + 1
    return acc, held, at

"""Lossless coding of what sensors measure, at the speed at which it is rendered.

An item becomes a header and a body:

| header | |
|---|---|
| method | one byte: 0 plain bytes, 1 planes, 2 colours, 3 zlib |
| type | NumPy's type string, four bytes, padded with spaces, such as `<f4 ` |
| axes | one byte, then the size along each as uint32 |

`planes`: every channel (last of three axes; the columns of a table of up to eight) by itself, its
values as whole numbers of 32 bits (floats by their bits), is predicted from the values to the left
a, above b and diagonal c: a + b − c for floats, the median of a, b and that for all else. In the
first row it is a, in the first column b, for the first value 0. Residuals, modulo 2³² and with
their signs folded in (0, −1, 1, −2 … as 0, 1, 2, 3 …), are written row by row in blocks of 16: five
bits for the order k, then for each residual u ⌊u / 2ᵏ⌋ zeros, a one, and the k low bits of u. 24
zeros mean that 32 plain bits follow; k = 30 that the whole block is in 32 plain bits, k = 31 that
it is all zero. Bits fill words of 32, the lowest first; a plane begins with the number of its
words as uint32.

`colours`: (H, W, 3) uint8 as the three planes green, red − green and blue − green.

`zlib`: the first bytes of all values, then their second bytes and so on, through zlib at level 1.

All numbers are little-endian. What would become longer than plain stays plain.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from navworld.data import coding_kernels as kernels

PLAIN, PLANES, COLORS, ZIPPED = range(4)
LARGEST = 1 << 31
"""Bytes of an item; more in a header means that it is none."""

SMALL = ("|u1", "|b1", "|i1", "<u2", "<i2")
"""Types whose values fit 32 bits without being their bits."""


def encode(item: NDArray) -> bytes:
    """An item of any shape and plain type as bytes; the same bytes on every run.

    Raises:
        TypeError: Its type is not numbers of a fixed size.
    """
    array = np.asarray(item)
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > 16:
        raise TypeError(f"items of type {array.dtype} cannot be stored: give numbers")
    array = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    method, body = _body(array)
    if len(body) > array.nbytes:
        method, body = PLAIN, array.tobytes()
    kind = array.dtype.str.encode().ljust(4)
    return struct.pack(f"<B4sB{array.ndim}I", method, kind, array.ndim, *array.shape) + body


def decode(data: bytes | memoryview) -> NDArray:
    """The item of `encode`, as a fresh array.

    Raises:
        ValueError: That is no item, or not all of it.
    """
    data = memoryview(data)
    try:
        method, kind, axes = struct.unpack_from("<B4sB", data)
        shape = struct.unpack_from(f"<{axes}I", data, 6)
        dtype = np.dtype(kind.decode("ascii").strip())
    except (struct.error, TypeError, UnicodeDecodeError, SyntaxError):
        raise ValueError("no item begins here") from None
    count = int(np.prod(shape, dtype=object)) if axes else 1
    if dtype.kind not in "biufc" or method > ZIPPED or count * dtype.itemsize > LARGEST:
        raise ValueError("no item begins here")
    body = data[6 + 4 * axes :]
    if method == PLAIN:
        if len(body) != count * dtype.itemsize:
            raise ValueError("the item is cut off")
        return np.frombuffer(body, dtype).reshape(shape).copy()
    if method == ZIPPED:
        return _unzipped(body, dtype, shape, count)
    return _from_planes(body, method, dtype, shape)


def _body(array: NDArray) -> tuple[int, bytes]:
    """The best suited method, and what it makes of an array."""
    if array.ndim not in (2, 3) or array.size < 64 or array.dtype.itemsize not in (1, 2, 4):
        return ZIPPED, _zipped(array)
    if array.dtype == np.uint8 and array.shape[2:] == (3,):
        planes = np.empty((3, *array.shape[:2]), np.int32)
        kernels.split_colors(array, planes)
        return COLORS, _coded(planes, kernels.MEDIAN)
    planes = np.moveaxis(array.reshape(_lanes(array.shape)), -1, 0)
    wide = planes.astype(np.int32) if array.dtype.str in SMALL else planes.view(np.int32)
    return PLANES, _coded(np.ascontiguousarray(wide), _predictor(array.dtype))


def _lanes(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Rows, columns and channels of what is coded as planes."""
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    return (1, shape[0], shape[1]) if shape[1] <= 8 else (shape[0], shape[1], 1)


def _predictor(dtype: np.dtype) -> int:
    return kernels.PLANE if dtype.kind == "f" else kernels.MEDIAN


def _coded(planes: NDArray[np.int32], predictor: int) -> bytes:
    """The codes of planes (C, H, W), each after its length."""
    folded = np.empty(planes.shape[1:], np.uint32)
    words = np.empty(2 * folded.size + 8, "<u4")
    parts = []
    for plane in planes:
        kernels.fold_residuals(plane, predictor, folded)
        count = kernels.write_codes(folded.reshape(-1), words)
        parts += [struct.pack("<I", count), words[:count].tobytes()]
    return b"".join(parts)


def _from_planes(body: memoryview, method: int, dtype: np.dtype, shape: tuple[int, ...]) -> NDArray:
    """The array (H, W) or (H, W, C) whose planes are coded in `body`."""
    if len(shape) not in (2, 3) or 0 in shape or (method == COLORS and shape[2:] != (3,)):
        raise ValueError("no item begins here")
    height, width, channels = _lanes(shape)
    planes = np.empty((channels, height, width), np.int32)
    folded = np.empty((height, width), np.uint32)
    predictor = kernels.MEDIAN if method == COLORS else _predictor(dtype)
    at = 0
    for plane in planes:
        size = struct.unpack_from("<I", body, at)[0] * 4 if at + 4 <= len(body) else LARGEST
        if at + 4 + size > len(body):
            raise ValueError("the item is cut off")
        words = np.frombuffer(body[at + 4 : at + 4 + size], "<u4")
        if kernels.read_codes(words, folded.reshape(-1)) != len(words):
            raise ValueError("the item is damaged")
        kernels.unfold_residuals(folded, predictor, plane)
        at += 4 + size
    if at != len(body):
        raise ValueError("the item is damaged")
    if method == COLORS:
        rgb = np.empty(shape, np.uint8)
        kernels.join_colors(planes, rgb)
        return rgb
    narrow = planes.astype(dtype) if dtype.str in SMALL else planes.view(dtype)
    return np.ascontiguousarray(np.moveaxis(narrow, 0, -1)).reshape(shape)


def _zipped(array: NDArray) -> bytes:
    size = array.dtype.itemsize
    shuffled = array.reshape(-1).view(np.uint8).reshape(-1, size).T
    return zlib.compress(shuffled.tobytes(), 1)


def _unzipped(body: memoryview, dtype: np.dtype, shape: tuple[int, ...], count: int) -> NDArray:
    wanted = count * dtype.itemsize
    unpack = zlib.decompressobj()
    try:
        data = unpack.decompress(body, wanted + 1)
    except zlib.error:
        raise ValueError("the item is damaged") from None
    if len(data) != wanted or not unpack.eof:
        raise ValueError("the item is damaged")
    planes = np.frombuffer(data, np.uint8).reshape(dtype.itemsize, count)
    return np.ascontiguousarray(planes.T).reshape(-1).view(dtype).reshape(shape)

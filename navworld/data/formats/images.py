"""Image files: PNG without loss, and a reader that notices what is cut off or damaged.

Pixels are predicted from the one to the left and coded in runs at compression level 1: for
rendered and real images alike half the time of what image libraries do by themselves, and 3–10 %
smaller.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.data.sequences import Kind

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_COLOUR_TYPE = {2: 0, 3: 2}  # by the axes of an image: gray, RGB


def encode_png(image: NDArray) -> bytes:
    """(H, W, 3) uint8 colours, (H, W) uint8 or (H, W) uint16, as a PNG file."""
    height, width = image.shape[:2]
    deep = image.dtype == np.uint16
    step = 2 if deep else 1 if image.ndim == 2 else 3  # bytes of a pixel
    flat = (image.astype(">u2").view(np.uint8) if deep else image).reshape(height, -1)
    rows = np.empty((height, flat.shape[1] + 1), np.uint8)
    rows[:, 0] = 1  # "Sub": the difference to the pixel on the left
    rows[:, 1 : 1 + step] = flat[:, :step]
    np.subtract(flat[:, step:], flat[:, :-step], out=rows[:, 1 + step :])
    coder = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    body = coder.compress(rows.tobytes()) + coder.flush()
    kind = _COLOUR_TYPE[image.ndim]
    head = struct.pack(">IIBBBBB", width, height, 16 if deep else 8, kind, 0, 0, 0)
    return _PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
    return struct.pack(">I", len(data)) + name + data + check


def decode(data: bytes, source: str | Path) -> NDArray:
    """The image (H, W, 3) or (H, W) of a PNG, JPEG or PGM file's bytes.

    Raises:
        ValueError: It is cut off, damaged or no image; names the source.
    """
    if data.startswith(_PNG):
        _check_png(data, source)
    elif data.startswith(_JPEG) and _JPEG_END not in data[-64:]:
        raise ValueError(f"{source} is cut off: the end of the JPEG image is missing")
    buffer = np.frombuffer(data, np.uint8)
    image = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED) if len(data) else None
    if image is None:
        raise ValueError(f"{source} is damaged or no image: expected a PNG, JPEG or PGM file")
    if image.ndim == 3:
        code = cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
        image = cv2.cvtColor(image, code)
    return image


def depth_to_integers(depth: NDArray, per_metre: float) -> tuple[NDArray[np.uint16], int]:
    """Depth [m] in 16-bit units, 0 where it is not known, and how many values were too far."""
    scaled = np.rint(depth * np.float32(per_metre))
    far = scaled > np.iinfo(np.uint16).max
    held = (scaled > 0) & ~far
    return np.where(held, scaled, 0).astype(np.uint16), int((far & np.isfinite(depth)).sum())


@dataclass(frozen=True)
class ImageFiles:
    """Images of one channel, decoded when one is asked for.

    Attributes:
        paths: Of the files, in order.
        kind: "rgb", "gray" or "depth".
        shape: Of every image.
        per_metre: Units of depth.
    """

    paths: tuple[Path, ...]
    kind: Kind
    shape: tuple[int, ...]
    per_metre: float = 1.0

    def __getitem__(self, index: int) -> NDArray:
        path = self.paths[index]
        image = as_kind(decode(path.read_bytes(), path), self.kind, path, self.per_metre)
        if image.shape != self.shape:
            raise ValueError(
                f"{path} has the shape {image.shape}, but the images before it {self.shape}"
            )
        return image


def as_kind(image: NDArray, kind: Kind, source: str | Path, per_metre: float = 1.0) -> NDArray:
    """A decoded image in the form of its kind: colours, brightness, or depth [m]."""
    if kind == "depth":
        if image.ndim != 2 or image.dtype != np.uint16:
            raise ValueError(
                f"{source} is no depth image: expected one channel of 16 bits, not "
                f"{image.shape} of {image.dtype}"
            )
        return image / np.float32(per_metre)
    if image.dtype != np.uint8:
        raise ValueError(f"{source} has pixels of {image.dtype}: expected 8 bits")
    if kind == "rgb" and image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if kind == "gray" and image.ndim == 3:
        return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return image


def image_files(
    paths: Iterable[Path], kind: Kind | None = None, *, per_metre: float = 1.0
) -> ImageFiles:
    """Images of one channel, by the size and, if the kind is None, the colours of the first.

    Raises:
        FileNotFoundError, ValueError: The first is not there or damaged.
    """
    paths = tuple(paths)
    if not paths[0].is_file():
        raise FileNotFoundError(f"{paths[0]} is missing: it is listed as an image")
    image = decode(paths[0].read_bytes(), paths[0])
    kind = ("rgb" if image.ndim == 3 else "gray") if kind is None else kind
    return ImageFiles(paths, kind, as_kind(image, kind, paths[0], per_metre).shape, per_metre)


def _check_png(data: bytes, source: str | Path) -> None:
    """Every chunk must be there whole and fit its check sum."""
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        (expected,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != expected:
            raise ValueError(f"{source} is damaged: a check sum of the PNG image is wrong")
        if data[at + 4 : at + 8] == b"IEND":
            return
        at = end
    raise ValueError(f"{source} is cut off: the end of the PNG image is missing")

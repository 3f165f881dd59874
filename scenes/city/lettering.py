"""Signs with words: shop fronts, street names, house numbers, traffic signs and posters."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.world.scene import Material, Texture

Color = tuple[float, float, float]
NUMBERS = (16, 16)
"""Rows and columns of the picture of house numbers: 0 to 255."""

_FONTS = (
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX | cv2.FONT_ITALIC,
)


def _write(
    image: NDArray, word: str, font: int, box: tuple[int, int, int, int], ink: Color
) -> None:
    """Writes a word as large as fits a box (x, y, width, height) [px], in its middle."""
    x, y, width, height = box
    (w, h), below = cv2.getTextSize(word, font, 1.0, 2)
    scale = min(width / w, height / (h + 0.6 * below))
    at = round(x + (width - w * scale) / 2), round(y + (height + h * scale) / 2)
    thick = max(1, round(2.4 * scale))
    cv2.putText(image, word, at, font, scale, [255 * c for c in ink], thick, cv2.LINE_AA)


def _board(rows: int, columns: int, ground: Color) -> NDArray:
    image = np.empty((rows, columns, 3), np.uint8)
    image[:] = np.rint(np.asarray(ground) * 255)
    return image


def _made(name: str, image: NDArray) -> Material:
    pixels = np.clip(image, 8, 246)
    pixels.setflags(write=False)
    return Material(f"sign {name}", texture=Texture(f"city sign {name}", pixels))


def shop_sign(words: str, ground: Color, ink: Color, font: int) -> Material:
    """A board of four to one with a word and a thin border."""
    image = _board(64, 256, ground)
    cv2.rectangle(image, (3, 3), (252, 60), [200 * c + 30 for c in ink], 1, cv2.LINE_AA)
    _write(image, words, _FONTS[font % len(_FONTS)], (11, 11, 234, 42), ink)
    return _made(f"{words} {ground} {ink} {font}", image)


def street_sign(words: str, ground: Color = (0.10, 0.24, 0.52)) -> Material:
    """A street name, white on enamel, six to one."""
    image = _board(32, 256, ground)
    cv2.rectangle(image, (2, 2), (253, 29), (236, 236, 236), 1, cv2.LINE_AA)
    _write(image, words, cv2.FONT_HERSHEY_DUPLEX, (8, 6, 240, 20), (0.94, 0.94, 0.94))
    return _made(f"street {words} {ground}", image)


@cache
def number_plates() -> Material:
    """All house numbers, white on blue."""
    rows, columns = NUMBERS
    image = _board(48 * rows, 64 * columns, (0.11, 0.22, 0.46))
    for k in range(rows * columns):
        x, y = k % columns * 64, k // columns * 48
        _write(image, str(k), cv2.FONT_HERSHEY_DUPLEX, (x + 8, y + 9, 48, 30), (0.95, 0.95, 0.95))
    return _made("numbers", image)


def number_uv(number: int) -> NDArray[np.float64]:
    """(4, 2) texture coordinates of a number: lower left, lower right, upper right, upper left."""
    rows, columns = NUMBERS
    row, column = divmod(number % (rows * columns), columns)
    low, high = np.array([column, row]), np.array([column + 1, row + 1])
    corners = [(low[0], high[1]), (high[0], high[1]), (high[0], low[1]), (low[0], low[1])]
    return np.array(corners) / (columns, rows)


TRAFFIC = ("stop", "yield", "no entry", "30", "50", "parking", "crossing", "bus", "one way")


@cache
def traffic_sign(kind: str) -> Material:
    """The face of a traffic sign on a square; what lies outside its shape is not part of it."""
    image = _board(128, 128, (0.90, 0.90, 0.90))
    red, white, blue, black = (190, 30, 36), (240, 240, 240), (24, 76, 158), (24, 24, 24)
    if kind == "stop":
        image[:] = red
        _write(image, "STOP", cv2.FONT_HERSHEY_DUPLEX, (14, 40, 100, 48), (0.95, 0.95, 0.95))
    elif kind == "yield":
        image[:] = red
        triangle = np.array([[26, 18], [102, 18], [64, 84]])
        cv2.fillPoly(image, [triangle], white, cv2.LINE_AA)
    elif kind == "no entry":
        image[:] = red
        cv2.rectangle(image, (22, 52), (106, 76), white, -1)
    elif kind in ("30", "50"):
        image[:] = red
        cv2.circle(image, (64, 64), 46, white, -1, cv2.LINE_AA)
        _write(image, kind, cv2.FONT_HERSHEY_DUPLEX, (28, 40, 72, 48), (0.08, 0.08, 0.08))
    elif kind == "parking":
        image[:] = blue
        _write(image, "P", cv2.FONT_HERSHEY_DUPLEX, (24, 24, 80, 80), (0.95, 0.95, 0.95))
    elif kind == "crossing":
        image[:] = blue
        triangle = np.array([[64, 16], [112, 106], [16, 106]])
        cv2.fillPoly(image, [triangle], white, cv2.LINE_AA)
        cv2.circle(image, (64, 46), 7, black, -1, cv2.LINE_AA)
        for a, b in (((64, 52), (62, 76)), ((62, 76), (52, 98)), ((62, 76), (76, 98))):
            cv2.line(image, a, b, black, 6, cv2.LINE_AA)
    elif kind == "bus":
        image[:] = (230, 190, 40)
        _write(image, "BUS", cv2.FONT_HERSHEY_DUPLEX, (16, 40, 96, 48), (0.08, 0.3, 0.16))
    else:
        image[:] = blue
        arrow = np.array([[14, 52], [76, 52], [76, 30], [114, 64], [76, 98], [76, 76], [14, 76]])
        cv2.fillPoly(image, [arrow], white, cv2.LINE_AA)
    return _made(f"traffic {kind}", image)


def poster(words: str, ground: Color, ink: Color) -> Material:
    """A poster of two to three with a picture of discs and a line of words."""
    image = _board(384, 256, ground)
    for k in range(4):
        shade = [255 * (g * (0.3 + 0.2 * k) + i * (0.7 - 0.2 * k)) for g, i in
                 zip(ground, ink, strict=True)]  # fmt: skip
        cv2.circle(image, (70 + 44 * k, 130 + 22 * k), 76 - 13 * k, shade, -1, cv2.LINE_AA)
    _write(image, words, cv2.FONT_HERSHEY_TRIPLEX, (16, 290, 224, 60), ink)
    return _made(f"poster {words} {ground}", image)

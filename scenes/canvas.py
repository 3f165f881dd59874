"""A canvas to draw pictures on, and the palettes they are drawn from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Color = tuple[float, ...]

_HEX = (  # three strong colours, a dark and a light one
    "cc5442 e6a854 427587 2b3647 f0e6cc",
    "4773a8 8cb2c9 e8c270 26385c edede3",
    "668a61 bdb570 b26b4c 334238 ede6d1",
    "b87080 e8b2a3 6b5c8a 3d3352 f2e6de",
    "d63d33 edc73d 33599e 242429 edebe0",
    "38807a de8c5c edcc9e 24454c e8ebdb",
    "998066 c2ab8c 75858c 403b38 e6decf",
    "8a473d c28f57 5c6147 382926 e6d1ad",
    "eb804c f7bd73 8c5480 38335c f7e0b8",
    "4c9eb2 f2db8c e67373 2e4c66 edf2eb",
)
PALETTES: tuple[tuple[Color, ...], ...] = tuple(
    tuple(tuple(b / 255 for b in bytes.fromhex(color)) for color in line.split()) for line in _HEX
)


class Canvas:
    """A picture in the making, drawn at twice its resolution in coordinates of 0…1.

    Attributes:
        rng: Decides the composition.
        size: (width, height) of the drawing [px]; coordinates are scaled by both.
        colors: The palette in random order, its dark and its light colour left last.
    """

    def __init__(
        self, rng: np.random.Generator, rows: int, columns: int, palette: tuple[Color, ...]
    ):
        self.rng = rng
        self.rows, self.columns = rows, columns
        self.size = np.array([2 * columns, 2 * rows])
        order = rng.permutation(3)
        self.colors = [np.array(palette[k]) for k in order] + [np.array(c) for c in palette[3:]]
        self.dark, self.light = self.colors[3], self.colors[4]
        self.image: NDArray = np.empty((2 * rows, 2 * columns, 3), np.float32)

    def uniform(self, low: float, high: float) -> float:
        """A random number."""
        return float(self.rng.uniform(low, high))

    def color(self) -> NDArray:
        """A strong colour, a little lighter or darker."""
        return np.clip(self.colors[int(self.rng.integers(3))] * self.uniform(0.88, 1.1), 0, 0.95)

    def fill(self, color: ArrayLike, low: ArrayLike | None = None) -> None:
        """One colour, or a gradient from `color` at the top to `low` at the bottom."""
        t = np.linspace(0, 1, len(self.image), dtype=np.float32)[:, None, None]
        bottom = color if low is None else low
        self.image[:] = np.asarray(color) * (1 - t) + np.asarray(bottom) * t

    def polygon(self, points: ArrayLike, color: NDArray) -> None:
        """A filled polygon."""
        pixels = np.round(np.asarray(points) * self.size * 16).astype(np.int32)
        cv2.fillPoly(self.image, [pixels], color.tolist(), cv2.LINE_8, 4)

    def disc(self, x: float, y: float, radius: float, color: NDArray, thickness: float = 0) -> None:
        """A disc, or a ring of some thickness; lengths in parts of the shorter side."""
        unit = float(self.size.min())
        center = (round(x * self.size[0]), round(y * self.size[1]))
        line = max(1, round(thickness * unit)) if thickness else -1
        cv2.circle(self.image, center, round(radius * unit), color.tolist(), line)

    def line(self, a: ArrayLike, b: ArrayLike, color: NDArray, thickness: float = 0.01) -> None:
        """A straight line."""
        p, q = (np.round(np.asarray(c) * self.size).astype(int).tolist() for c in (a, b))
        cv2.line(
            self.image, p, q, color.tolist(), max(1, round(thickness * float(self.size.min())))
        )

    def text(
        self,
        word: str,
        font: int,
        box: tuple[float, float],
        at: tuple[float, float],
        color: NDArray,
    ) -> None:
        """A word as large as fits a box (width, height), centred at a place; lengths in 0…1."""
        (w, h), _ = cv2.getTextSize(word, font, 1.0, 2)
        scale = min(box[0] * self.size[0] / w, box[1] * self.size[1] / h)
        mask = np.zeros(self.image.shape[:2], np.uint8)
        place = int(at[0] * self.size[0] - w * scale / 2), int(at[1] * self.size[1] + h * scale / 2)
        cv2.putText(mask, word, place, font, scale, 255, max(2, int(3.4 * scale)), cv2.LINE_AA)
        cover = mask[..., None] / np.float32(255)
        self.image += (color.astype(np.float32) - self.image) * cover

    def finished(self) -> NDArray:
        """(rows, columns, 3) in 0…1."""
        return cv2.resize(self.image, (self.columns, self.rows), interpolation=cv2.INTER_AREA)

"""Colours with a meaning: scales of numbers, swatches of classes, the wheel of directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.world.semantics import CLASSES, class_colors

Color = tuple[int, int, int]

MAPS: dict[str, int | None] = {
    "turbo": cv2.COLORMAP_TURBO,
    "inferno": cv2.COLORMAP_INFERNO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "balance": None,
}
"""Colour maps; "balance" goes from blue over white to red, for numbers around zero."""

_BALANCE = np.array([[64, 132, 255], [244, 245, 247], [255, 92, 72]], np.float64)
NOTHING: Color = (38, 42, 50)
"""Drawn where there is no measurement."""


@dataclass(frozen=True)
class Scale:
    """A colour map over a range of numbers.

    Attributes:
        low, high: What the ends of the map stand for.
        unit: Of the numbers; "" for a pure number.
        map: One of `MAPS`.
    """

    low: float
    high: float
    unit: str = ""
    map: str = "turbo"

    def colors(self, values: NDArray, known: NDArray | None = None) -> NDArray[np.uint8]:
        """(..., 3) colours of numbers; `NOTHING` where they are not `known`."""
        share = (np.asarray(values, np.float64) - self.low) / max(self.high - self.low, 1e-12)
        index = np.round(255 * np.clip(np.nan_to_num(share), 0, 1)).astype(np.uint8)
        table = self.ramp(256)
        return np.where(True if known is None else known[..., None], table[index], NOTHING).astype(
            np.uint8
        )

    def ramp(self, steps: int) -> NDArray[np.uint8]:
        """(steps, 3) colours from the low end to the high."""
        coded = MAPS[self.map]
        if coded is None:
            at = np.linspace(0, 2, steps)
            mixed = [np.interp(at, [0, 1, 2], _BALANCE[:, c]) for c in range(3)]
            return np.stack(mixed, 1).round().astype(np.uint8)
        index = np.linspace(0, 255, steps).round().astype(np.uint8)
        colors = cv2.applyColorMap(index[:, None], coded)[:, 0, ::-1]
        return np.asarray(colors, np.uint8)

    @classmethod
    def around(cls, values: NDArray, unit: str = "", map: str = "turbo") -> Scale:
        """The scale from 0 (or the lowest) to the highest of some numbers, outliers aside."""
        if not values.size:
            return cls(0.0, 1.0, unit, map)
        low, high = np.percentile(values, [1, 99])
        low = 0.0 if 0 <= low < 0.6 * high else float(low)
        return cls(low, float(high) if high > low else low + 1.0, unit, map)


@dataclass(frozen=True)
class Swatches:
    """Names with the colours they are drawn in."""

    entries: tuple[tuple[str, Color], ...]


@dataclass(frozen=True, eq=False)
class Wheel:
    """Directions by hue and lengths by saturation; the rim stands for `radius`."""

    radius: float
    unit: str

    def colors(self, vectors: NDArray) -> NDArray[np.uint8]:
        """(..., 3) colours of vectors (..., 2), x right and y down."""
        angle = np.arctan2(vectors[..., 1], vectors[..., 0])
        length = np.clip(np.linalg.norm(vectors, axis=-1) / max(self.radius, 1e-12), 0, 1)
        hsv = np.stack(
            [(angle / (2 * np.pi) % 1.0) * 179, 255 * length, np.full(angle.shape, 255.0)], -1
        )
        flat = hsv.round().astype(np.uint8).reshape(-1, 1, 3)
        return cv2.cvtColor(flat, cv2.COLOR_HSV2RGB).reshape((*vectors.shape[:-1], 3))

    def picture(self, side: int) -> NDArray[np.uint8]:
        """(side, side, 3) the wheel itself on white."""
        axis = np.linspace(-1, 1, side)
        vectors = np.stack(np.meshgrid(axis, axis), -1)
        inside = np.linalg.norm(vectors, axis=-1, keepdims=True) <= 1
        return np.where(inside, self.colors(vectors * self.radius), 255).astype(np.uint8)


Legend = Scale | Swatches | Wheel | None


def class_legend(classes: NDArray[np.integer], most: int = 14) -> Swatches:
    """Swatches of the classes in an image, the largest areas first; 0 is left out."""
    ids, counts = np.unique(classes[classes > 0], return_counts=True)
    colors = class_colors()
    shown = ids[np.argsort(-counts, kind="stable")][:most]
    return Swatches(tuple((CLASSES[k], _triple(colors[k])) for k in shown))


def distinct_colors(ids: NDArray[np.integer]) -> NDArray[np.uint8]:
    """(..., 3) colours in which neighbouring numbers differ; 0 is grey."""
    k = np.asarray(ids, np.int64)
    hue = (k * 0.618034) % 1.0
    value = np.array([0.95, 0.78, 0.6])[k % 3]
    saturation = np.array([0.75, 0.5])[k % 2]
    hsv = np.stack([179 * hue, 255 * saturation, 255 * value], -1).round().astype(np.uint8)
    colors = cv2.cvtColor(hsv.reshape(-1, 1, 3), cv2.COLOR_HSV2RGB).reshape((*k.shape, 3))
    return np.where((k == 0)[..., None], 120, colors).astype(np.uint8)


def swatches(names: Sequence[str], colors: Sequence[Sequence[int]]) -> Swatches:
    """Swatches from names and colours in the same order."""
    return Swatches(tuple((n, _triple(c)) for n, c in zip(names, colors, strict=True)))


def _triple(color: Sequence[int] | NDArray) -> Color:
    red, green, blue = (int(c) for c in color)
    return red, green, blue

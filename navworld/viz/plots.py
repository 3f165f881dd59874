"""Line plots without a plotting library: as SVG for pages, as pixels for everything else."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

COLORS = ("#4c8dff", "#f2994a", "#2fb673", "#bb6bd9", "#eb5757", "#17b5c4", "#c2a21b", "#8a94a6")
WIDTH, HEIGHT = 480, 260
MARGIN = (74, 14, 14, 44)
"""Left, top, right, bottom of the axes [px]."""


@dataclass(frozen=True, eq=False)
class Plot:
    """Curves over one axis.

    Attributes:
        title: What is shown.
        curves: Name → (N, 2) points.
        x, y: Names of the axes, with units.
        equal: Whether a metre is as long on both axes (maps).
        steps: Whether values hold until the next point.
        dots: Whether single points are shown instead of lines.
    """

    title: str
    curves: dict[str, NDArray]
    x: str = "time [s]"
    y: str = ""
    equal: bool = False
    steps: bool = False
    dots: bool = False
    note: str = ""


def svg(plot: Plot) -> str:
    """The plot as inline SVG; text and axes take the colour of the page's text."""
    axes = _Axes(plot)
    parts = [
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role=img aria-label='{escape(plot.title)}' "
        "class=plot>"
    ]
    for x, label in axes.ticks(0):
        u = axes.u(x)
        parts.append(
            f"<line class=grid x1={u:.1f} x2={u:.1f} y1={axes.top} y2={axes.bottom} />"
            f"<text x={u:.1f} y={axes.bottom + 16} text-anchor=middle>{label}</text>"
        )
    for y, label in axes.ticks(1):
        v = axes.v(y)
        parts.append(
            f"<line class=grid x1={axes.left} x2={axes.right} y1={v:.1f} y2={v:.1f} />"
            f"<text x={axes.left - 6} y={v + 4:.1f} text-anchor=end>{label}</text>"
        )
    parts.append(
        f"<text x={(axes.left + axes.right) / 2} y={HEIGHT - 6} text-anchor=middle>"
        f"{escape(plot.x)}</text><text transform='translate(14 {(axes.top + axes.bottom) / 2}) "
        f"rotate(-90)' text-anchor=middle>{escape(plot.y)}</text>"
    )
    for (name, _), color, line in zip(plot.curves.items(), _cycle(plot), axes.lines, strict=True):
        if plot.dots:
            parts += [f"<circle cx={u:.1f} cy={v:.1f} r=2.5 fill='{color}' />" for u, v in line]
        else:
            points = " ".join(f"{u:.1f},{v:.1f}" for u, v in line)
            parts.append(
                f"<polyline points='{points}' fill=none stroke='{color}' stroke-width=2 "
                f"stroke-linejoin=round><title>{escape(name)}</title></polyline>"
            )
    return "".join(parts) + "</svg>"


def raster(plot: Plot, *, scale: int = 2) -> NDArray[np.uint8]:
    """(scale · HEIGHT, scale · WIDTH, 3) the plot on white."""
    from PIL import Image, ImageDraw, ImageFont

    axes, k = _Axes(plot), scale
    image = Image.new("RGB", (WIDTH * k, HEIGHT * k), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(12 * k)
    ink, grid = "#3a4250", "#e4e7ec"
    for x, label in axes.ticks(0):
        pen.line([(axes.u(x) * k, axes.top * k), (axes.u(x) * k, axes.bottom * k)], grid, k)
        pen.text((axes.u(x) * k, (axes.bottom + 4) * k), label, ink, font, anchor="mt")
    for y, label in axes.ticks(1):
        pen.line([(axes.left * k, axes.v(y) * k), (axes.right * k, axes.v(y) * k)], grid, k)
        pen.text(((axes.left - 6) * k, axes.v(y) * k), label, ink, font, anchor="rm")
    for color, line in zip(_cycle(plot), axes.lines, strict=True):
        if plot.dots:
            for u, v in line:
                pen.circle((u * k, v * k), 2.5 * k, color)
        elif len(line) > 1:
            pen.line([(u * k, v * k) for u, v in line], color, 2 * k, joint="curve")
    middle = (axes.left + axes.right) / 2 * k
    pen.text((middle, (HEIGHT - 5) * k), plot.x, ink, font, anchor="mb")
    names = [(name, color) for name, color in zip(plot.curves, _cycle(plot), strict=True) if name]
    at = (axes.left + 8.0) * k
    for name, color in [(plot.y, ink), *names]:
        pen.text((at, (axes.top + 4) * k), name, color, font, anchor="lt")
        at += pen.textlength(f"{name}   ", font)
    return np.asarray(image, np.uint8)


class _Axes:
    """Where numbers lie in the picture."""

    def __init__(self, plot: Plot) -> None:
        self.left, self.top = MARGIN[0], MARGIN[1]
        self.right, self.bottom = WIDTH - MARGIN[2], HEIGHT - MARGIN[3]
        curves = [np.asarray(c, np.float64).reshape(-1, 2) for c in plot.curves.values()]
        points = np.concatenate(curves) if curves else np.zeros((0, 2))
        points = points[np.isfinite(points).all(1)]
        low, high = (points.min(0), points.max(0)) if len(points) else (np.zeros(2), np.ones(2))
        pad = np.array([0.0, 0.08]) if not plot.equal else np.array([0.08, 0.08])
        flat = (
            5e-4 * np.maximum(1.0, np.abs(high)) * (high - low < 1e-6 * np.maximum(1, np.abs(high)))
        )
        low, high = low - flat, high + flat
        low, high = low - pad * (high - low), high + pad * (high - low)
        if plot.equal:
            size = np.array([self.right - self.left, self.bottom - self.top])
            metre = max(((high - low) / size).max(), 1e-6)
            middle = (low + high) / 2
            low, high = middle - metre * size / 2, middle + metre * size / 2
        self.low, self.high = low, np.where(high > low, high, low + 1.0)
        self.lines = [self._line(c, plot.steps) for c in curves]

    def u(self, x: float) -> float:
        """Column of a value [px]."""
        return float(self.left + self._share(x, 0) * (self.right - self.left))

    def v(self, y: float) -> float:
        """Row of a value [px]."""
        return float(self.bottom - self._share(y, 1) * (self.bottom - self.top))

    def ticks(self, axis: int) -> list[tuple[float, str]]:
        """Round numbers along an axis, with their text."""
        low, high = self.low[axis], self.high[axis]
        rough = (high - low) / (6 if axis == 0 else 4)
        unit = 10.0 ** np.floor(np.log10(rough))
        step = unit * min((m for m in (1, 2, 5, 10) if m * unit >= rough), default=10)
        values = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
        digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        return [(float(v), f"{v + 0.0:.{digits}f}".replace("-", "−")) for v in values]

    def _share(self, value: float, axis: int) -> float:
        return (value - self.low[axis]) / (self.high[axis] - self.low[axis])

    def _line(self, curve: NDArray, steps: bool) -> list[tuple[float, float]]:
        curve = curve[np.isfinite(curve).all(1)]
        if len(curve) > 1600:
            curve = curve[np.linspace(0, len(curve) - 1, 1600).astype(np.int64)]
        line = [(self.u(x), self.v(y)) for x, y in curve]
        if not steps:
            return line
        held = [(b[0], a[1]) for a, b in pairwise(line)]
        return [p for pair in zip(line, held, strict=False) for p in pair] + line[-1:]


def _cycle(plot: Plot) -> list[str]:
    return [COLORS[k % len(COLORS)] for k in range(len(plot.curves))]

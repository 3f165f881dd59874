"""Pictures with their legends drawn beneath them, for windows that show nothing but images."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.viz.legends import Scale, Swatches, Wheel
from navworld.viz.panels import Panel, Picture
from navworld.viz.plots import Plot, raster

PAPER, INK = (255, 255, 255), (58, 66, 80)
LINE = 22


def sheet(panels: Sequence[Panel], width: int) -> NDArray[np.uint8]:
    """(H, width, 3) panels under one another with titles and legends."""
    if not panels:
        return np.full((LINE, width, 3), PAPER, np.uint8)
    return np.concatenate([_drawn(panel, width) for panel in panels])


def _drawn(panel: Panel, width: int) -> NDArray[np.uint8]:
    if isinstance(panel, Plot):
        return np.concatenate([_text(panel.title, width), _wide(raster(panel), width)])
    parts = [_text(panel.title, width), _wide(panel.image, width)]
    legend = _legend(panel, width)
    return np.concatenate(parts if legend is None else [*parts, legend])


def _wide(image: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    shrinks = image.shape[1] > width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def _legend(picture: Picture, width: int) -> NDArray[np.uint8] | None:
    legend = picture.legend
    if isinstance(legend, Scale):
        bar = np.repeat(legend.ramp(width)[None], 8, 0)
        ends = f"{legend.low:.3g}", f"{legend.high:.3g} {legend.unit}"
        return np.concatenate([bar, _text(ends[0], width, right=ends[1])])
    if isinstance(legend, Swatches):
        return _swatches(legend, width)
    if isinstance(legend, Wheel):
        strip = np.full((60, width, 3), PAPER, np.uint8)
        strip[4:56, 4:56] = legend.picture(52)
        words = _text(f"rim: {legend.radius:.1f} {legend.unit}", width - 64)
        strip[19 : 19 + LINE, 64:] = words
        return strip
    return None


def _swatches(legend: Swatches, width: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(13)
    spots, x, y = [], 6, 0
    for name, color in legend.entries:
        long = 18 + round(font.getlength(name)) + 12
        if x + long > width and x > 6:
            x, y = 6, y + LINE
        spots.append((x, y, name, color))
        x += long
    image = Image.new("RGB", (width, y + LINE), PAPER)
    pen = ImageDraw.Draw(image)
    for x, y, name, color in spots:
        pen.rectangle((x, y + 5, x + 11, y + 16), color)
        pen.text((x + 17, y + LINE / 2), name, INK, font, anchor="lm")
    return np.asarray(image, np.uint8)


def _text(words: str, width: int, *, right: str = "") -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    image, font = Image.new("RGB", (width, LINE), PAPER), ImageFont.load_default(13)
    pen = ImageDraw.Draw(image)
    pen.text((6, LINE / 2), words, INK, font, anchor="lm")
    pen.text((width - 6, LINE / 2), right, INK, font, anchor="rm")
    return np.asarray(image, np.uint8)

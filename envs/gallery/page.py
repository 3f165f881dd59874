"""A page of pictures: one HTML file, its pictures beside it, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld import __version__
from navworld.envs.gallery.style import SCRIPT, STYLE
from navworld.evaluation.report import write_page
from navworld.evaluation.result import commit, hardware
from navworld.viz.legends import Legend, Scale, Swatches, Wheel
from navworld.viz.panels import Panel, Picture
from navworld.viz.plots import COLORS, Plot, svg

PHOTO_QUALITY = 90
COARSE = 200
"""False colours narrower than this are enlarged with sharp edges [px]."""


@dataclass(frozen=True)
class Card:
    """One picture or plot with its caption.

    Attributes:
        media: HTML of the picture.
        title: What it shows.
        call: The code that makes it.
        legend: HTML of the legend, "" for none.
        note: A few words more.
        wide: Whether it takes two columns.
    """

    media: str
    title: str
    call: str = ""
    legend: str = ""
    note: str = ""
    wide: bool = False


class Page:
    """A page under construction.

    Attributes:
        folder: Where it goes.
        left_out: What could not be shown → why.
    """

    def __init__(self, folder: Path, title: str) -> None:
        self.folder, self.title = folder, title
        self.left_out: dict[str, str] = {}
        self._parts: list[str] = []
        self._contents: list[tuple[int, str, str, int]] = []
        self._covers: list[str] = []
        self._written: set[Path] = set()
        (folder / "pictures").mkdir(parents=True, exist_ok=True)

    def chapter(self, title: str, text: str, *, count: int) -> None:
        """Begins a part of the page; `text` is HTML, `count` what is shown in it."""
        anchor = _anchor(title)
        self._contents.append((1, anchor, title, count))
        self._parts.append(f"<h2 id='{anchor}'>{escape(title)}</h2><p class=lead>{text}</p>")

    def section(self, title: str, text: str, cards: Sequence[Card]) -> str:
        """A group of cards under a smaller heading; `text` is HTML. Returns its anchor."""
        anchor = _anchor(f"{self._contents[-1][1] if self._contents else ''} {title}")
        self._contents.append((2, anchor, title, len(cards)))
        body = "".join(_figure(card) for card in cards)
        broad = " broad" if cards and all(card.wide for card in cards) else ""
        told = f"<p>{text}</p>" if text else ""
        self._parts.append(
            f"<section id='{anchor}'><h3>{escape(title)}</h3>{told}"
            f"<div class='grid{broad}'>{body}</div></section>"
        )
        return anchor

    def cover(self, media: str, title: str, anchor: str) -> None:
        """Puts a picture that is on the page also at its head, to lead to its section."""
        self._covers.append(f"<a href='#{anchor}'>{media}<b>{escape(title)}</b></a>")

    def photo(self, name: str, image: NDArray[np.uint8]) -> str:
        """Writes an image, (H, W, 3) or (H, W, 4) with opacity; returns its HTML."""
        return self._image(name, image, exact=False)

    def panel(self, name: str, panel: Panel, call: str, *, wide: bool = False) -> Card:
        """A sensor's picture or plot as a card."""
        if isinstance(panel, Plot):
            names = [n for n in panel.curves if n]
            rows = [(n, c) for n, c in zip(names, _repeated(COLORS, len(names)), strict=True)]
            return Card(svg(panel), panel.title, call, _swatch_list(rows), panel.note)
        media = self._image(f"{name} {panel.title}", panel.image, exact=not panel.photo)
        broad = panel.image.shape[1] > 1.9 * panel.image.shape[0]
        legend = self._legend(panel)
        return Card(media, panel.title, call, legend, panel.note, wide or broad)

    def counts(self) -> dict[str, int]:
        """Chapter → how much is shown in it; and the pictures."""
        found = {anchor: count for level, anchor, _, count in self._contents if level == 1}
        return found | {"pictures": len(self._written)}

    def write(self) -> Path:
        """Writes `index.html` and returns its path; pictures of an earlier page go."""
        path = write_page(self.folder, self._html())
        for old in set((self.folder / "pictures").glob("*.webp")) - self._written:
            old.unlink()
        return path

    def _html(self) -> str:
        entries = "".join(
            f"<a class=l{level} href='#{anchor}'>{escape(text)}<span>{count}</span></a>"
            for level, anchor, text, count in self._contents
        )
        stats = "".join(
            f"<div><b>{count}</b>{escape(name)}</div>" for name, count in self.counts().items()
        )
        missing = "".join(
            f"<li><b>{escape(what)}</b>: {escape(why)}</li>" for what, why in self.left_out.items()
        )
        covers = f"<div class=covers>{''.join(self._covers)}</div>"
        machine = hardware()
        made = f"navworld {__version__}{', commit ' + commit()[:10] if commit() else ''}"
        return (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(self.title)}</title>"
            f"<meta name=viewport content='width=device-width,initial-scale=1'>"
            f"<style>{STYLE}</style><nav><strong>navworld</strong>{entries}</nav><main>"
            f"<header><h1>{escape(self.title)}</h1><p class=lead>Simulated 3-D places, rendered "
            f"on the processor. Every picture names the call that makes it; click one to enlarge "
            f"it.</p><div class=stats>{stats}</div>{covers}</header>"
            + "".join(self._parts)
            + (f"<h2>Left out</h2><ul class=missing>{missing}</ul>" if missing else "")
            + f"<footer>{escape(made)} · {escape(machine['cpu'])}, {machine['cores']} cores"
            f"</footer></main><dialog><img alt=''><p></p></dialog><script>{SCRIPT}</script></html>"
        )

    def _image(self, name: str, image: NDArray[np.uint8], *, exact: bool) -> str:
        order = cv2.COLOR_RGBA2BGRA if image.shape[2] == 4 else cv2.COLOR_RGB2BGR
        quality = 101 if exact else PHOTO_QUALITY  # above 100 nothing is lost
        done, data = cv2.imencode(
            ".webp", cv2.cvtColor(image, order), [cv2.IMWRITE_WEBP_QUALITY, quality]
        )
        if not done:
            raise ValueError(f"the picture {name!r} of shape {image.shape} could not be written")
        file = f"pictures/{_anchor(name)}.webp"
        (self.folder / file).write_bytes(data.tobytes())
        self._written.add(self.folder / file)
        height, width = image.shape[:2]
        kind = ("exact" if exact else "") + (" coarse" if exact and width < COARSE else "")
        small = f" class='{kind}'" if kind else ""
        return (
            f"<img{small} src='{file}' width={width} height={height} loading=lazy "
            f"alt='{escape(name, quote=True)}'>"
        )

    def _legend(self, picture: Picture) -> str:
        legend: Legend = picture.legend
        if isinstance(legend, Scale):
            stops = ",".join(f"rgb({r},{g},{b})" for r, g, b in legend.ramp(17))
            low, middle, high = _apart(legend.low, (legend.low + legend.high) / 2, legend.high)
            text = "".join(f"<span>{e}</span>" for e in (low, middle))
            text += f"<span>{high} {escape(legend.unit)}</span>"
            bar = f"<i style='background:linear-gradient(90deg,{stops})'></i>"
            return f"<div class=scale>{bar}<div>{text}</div></div>"
        if isinstance(legend, Swatches):
            return _swatch_list(
                [(name, "#{:02x}{:02x}{:02x}".format(*color)) for name, color in legend.entries]
            )
        if isinstance(legend, Wheel):
            wheel = self._image(f"{picture.title} wheel", legend.picture(72), exact=True)
            return (
                f"<div class=wheel>{wheel}<span>rim: {legend.radius:.1f} {legend.unit}</span></div>"
            )
        return ""


def _figure(card: Card) -> str:
    call = f"<code>{escape(card.call)}</code>" if card.call else ""
    note = f"<small>{escape(card.note)}</small>" if card.note else ""
    return (
        f"<figure{' class=wide' if card.wide else ''}><div class=media>{card.media}</div>"
        f"<figcaption><b>{escape(card.title)}</b>{card.legend}{note}{call}</figcaption></figure>"
    )


def _swatch_list(entries: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f"<span><i style='background:{color}'></i>{escape(name)}</span>" for name, color in entries
    )
    return f"<div class=swatches>{items}</div>" if items else ""


def _repeated(values: Sequence[str], count: int) -> list[str]:
    return [values[k % len(values)] for k in range(count)]


def _apart(*values: float) -> list[str]:
    """Numbers with as many digits as tell them apart."""
    texts = [_number(value) for value in values]
    for digits in range(4, 7):
        if len(set(texts)) == len(values):
            break
        texts = [f"{value:.{digits}g}".replace("-", "−") for value in values]
    return texts


def _number(value: float) -> str:
    text = f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return text.replace("-", "−")


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "part"

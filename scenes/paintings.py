"""Painters of pictures: each fills a canvas with one kind of composition from a palette."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.scenes.canvas import Canvas

_WORDS = (
    "HOME",
    "MAR",
    "NORD",
    "SOL",
    "LUNA",
    "OSLO",
    "ROMA",
    "JAZZ",
    "1968",
    "VITA",
    "ZOO",
    "RIO",
    "CAFE",
    "HELLO",
    "YES",
    "EAT",
    "WIEN",
    "PARK",
    "No 5",
    "OPERA",
)


def _ridge(c: Canvas, level: float, height: float, steps: int = 24) -> NDArray:
    """(N, 2) outline of land below a random walk at `level`."""
    x = np.linspace(0, 1, steps)
    walk = np.cumsum(c.rng.normal(size=steps))
    walk -= np.linspace(walk[0], walk[-1], steps)
    y = level - height * walk / max(np.abs(walk).max(), 1e-6)
    return np.concatenate([np.stack([x, y], 1), [[1, 1.01], [0, 1.01]]])


def mountains(c: Canvas) -> None:
    """Ridges behind ridges under a sun."""
    c.fill(c.colors[1] * 0.5 + 0.5 * c.light, c.light)
    c.disc(c.uniform(0.2, 0.8), c.uniform(0.15, 0.35), c.uniform(0.07, 0.13), c.colors[0])
    for k in range(5):
        t = k / 4
        c.polygon(
            _ridge(c, 0.42 + 0.14 * k, 0.16),
            (1 - t) * (0.5 * c.light + 0.5 * c.colors[2]) + t * c.dark,
        )


def seascape(c: Canvas) -> None:
    """Sky, sea with glitter, a boat or two."""
    c.fill(c.colors[0] * 0.4 + c.light * 0.6, c.light)
    horizon = c.uniform(0.4, 0.6)
    sea = c.colors[2] * 0.6 + c.dark * 0.4
    c.polygon([(0, horizon), (1, horizon), (1, 1), (0, 1)], sea)
    for _ in range(60):
        x, y = c.uniform(0, 1), c.uniform(horizon, 1)
        c.line((x, y), (x + 0.06 * y, y), sea * c.uniform(0.75, 1.5), 0.008)
    for _ in range(int(c.rng.integers(1, 4))):
        x, y, s = c.uniform(0.15, 0.85), c.uniform(horizon + 0.03, 0.85), c.uniform(0.06, 0.14)
        c.polygon(
            [(x - s, y), (x + s, y), (x + 0.7 * s, y + 0.35 * s), (x - 0.7 * s, y + 0.35 * s)],
            c.dark,
        )
        c.polygon([(x, y - 0.02), (x, y - 2.2 * s), (x + 0.9 * s, y - 0.02)], c.light)
        c.polygon(
            [(x - 0.05 * s, y - 0.02), (x - 0.05 * s, y - 1.8 * s), (x - 0.7 * s, y - 0.02)],
            c.colors[1],
        )


def fields(c: Canvas) -> None:
    """A road through patchwork fields, trees and a house."""
    c.fill(np.array([0.62, 0.76, 0.90]), c.light)
    for k in range(4):
        c.polygon(
            _ridge(c, 0.4 + 0.13 * k, 0.05), c.color() * 0.5 + np.array([0.42, 0.55, 0.28]) * 0.55
        )
    x = c.uniform(0.3, 0.7)
    c.polygon([(x - 0.01, 0.5), (x + 0.01, 0.5), (x + 0.2, 1), (x - 0.25, 1)], c.light * 0.85)
    for _ in range(7):
        tx, ty, s = c.uniform(0, 1), c.uniform(0.5, 0.9), c.uniform(0.03, 0.08)
        c.line((tx, ty), (tx, ty - s), c.dark, 0.012)
        c.disc(tx, ty - s * 1.5, s, np.array([0.26, 0.42, 0.24]) * c.uniform(0.8, 1.3))
    hx, hy = c.uniform(0.1, 0.8), c.uniform(0.5, 0.65)
    c.polygon([(hx, hy), (hx + 0.12, hy), (hx + 0.12, hy + 0.08), (hx, hy + 0.08)], c.light)
    c.polygon([(hx - 0.02, hy), (hx + 0.06, hy - 0.07), (hx + 0.14, hy)], c.colors[0])


def color_field(c: Canvas) -> None:
    """Two or three hovering rectangles with soft edges."""
    c.fill(c.colors[0])
    blurred = c.image.copy()
    y, count = 0.08, int(c.rng.integers(2, 4))
    for k in range(count):
        h = c.uniform(0.6, 1.3) * 0.8 / count
        c.image = blurred
        c.polygon(
            [(0.09, y), (0.91, y), (0.91, min(y + h, 0.92)), (0.09, min(y + h, 0.92))],
            (c.colors[1], c.dark, c.colors[2])[k],
        )
        y += h + 0.04
    c.image = cv2.GaussianBlur(c.image, (0, 0), 5)
    c.image *= (1 + 0.05 * np.repeat(c.rng.normal(size=(len(c.image) // 4, 1)), 4, 0))[
        ..., None
    ].astype(np.float32)


def grid_composition(c: Canvas) -> None:
    """Black bars, a few coloured panes."""
    c.fill(c.light)
    xs = np.sort(c.rng.choice(np.arange(1, 10), int(c.rng.integers(2, 5)), replace=False)) / 10
    ys = np.sort(c.rng.choice(np.arange(1, 10), int(c.rng.integers(2, 5)), replace=False)) / 10
    gx, gy = [0, *xs, 1], [0, *ys, 1]
    for i in range(len(gx) - 1):
        for j in range(len(gy) - 1):
            if c.rng.random() < 0.4:
                c.polygon(
                    [
                        (gx[i], gy[j]),
                        (gx[i + 1], gy[j]),
                        (gx[i + 1], gy[j + 1]),
                        (gx[i], gy[j + 1]),
                    ],
                    c.color(),
                )
    for x in xs:
        c.line((x, 0), (x, 1), c.dark, 0.035)
    for y in ys:
        c.line((0, y), (1, y), c.dark, 0.035)


def circles(c: Canvas) -> None:
    """Circles, rings and lines floating over a ground."""
    c.fill(c.light, c.light * 0.9)
    for _ in range(int(c.rng.integers(5, 10))):
        x, y, r = c.uniform(0.1, 0.9), c.uniform(0.1, 0.9), c.uniform(0.04, 0.22)
        c.disc(x, y, r, c.color())
        if c.rng.random() < 0.6:
            c.disc(x, y, r * 0.6, c.color())
        if c.rng.random() < 0.4:
            c.disc(x, y, r, c.dark, 0.012)
    for _ in range(5):
        c.line(c.rng.random(2), c.rng.random(2), c.dark, c.uniform(0.006, 0.02))


def concentric(c: Canvas) -> None:
    """A grid of squares with circles in circles."""
    n = int(c.rng.integers(2, 5))
    c.fill(c.light)
    for i in range(n):
        for j in range(n):
            x, y = (i + 0.5) / n, (j + 0.5) / n
            h = 0.5 / n
            c.polygon([(x - h, y - h), (x + h, y - h), (x + h, y + h), (x - h, y + h)], c.color())
            for r in (0.46, 0.34, 0.22, 0.1):
                c.disc(x, y, r / n, (c.color(), c.light, c.dark)[int(c.rng.integers(3))])


def stripes(c: Canvas) -> None:
    """Bands of uneven width, level, upright or slanting."""
    c.fill(c.light)
    slant, at, upright = c.uniform(-0.4, 0.4) * (c.rng.random() < 0.5), -0.4, c.rng.random() < 0.5
    while at < 1.4:
        w = c.uniform(0.03, 0.16)
        band = np.array([(at, 0), (at + w, 0), (at + w + slant, 1), (at + slant, 1)])
        c.polygon(
            band if upright else band[:, ::-1], c.color() if c.rng.random() < 0.75 else c.dark
        )
        at += w + c.uniform(0, 0.06)


def portrait(c: Canvas) -> None:
    """Head and shoulders of somebody."""
    c.fill(c.color(), c.color() * 0.8)
    skin = np.array(
        ((0.90, 0.72, 0.58), (0.72, 0.52, 0.38), (0.50, 0.34, 0.25))[int(c.rng.integers(3))]
    )
    hair, x = c.dark * c.uniform(0.8, 2.2), c.uniform(0.42, 0.58)
    c.polygon(
        [
            (x - 0.42, 1.01),
            (x - 0.32, 0.78),
            (x - 0.1, 0.7),
            (x + 0.1, 0.7),
            (x + 0.32, 0.78),
            (x + 0.42, 1.01),
        ],
        c.colors[2],
    )
    if c.rng.random() < 0.5:
        c.polygon([(x - 0.24, 0.35), (x + 0.24, 0.35), (x + 0.26, 0.8), (x - 0.26, 0.8)], hair)
    c.disc(x, 0.36, 0.235, hair)
    c.polygon([(x - 0.07, 0.55), (x + 0.07, 0.55), (x + 0.1, 0.76), (x - 0.1, 0.76)], skin * 0.86)
    angle = np.linspace(0, 2 * np.pi, 24)
    c.polygon(np.column_stack([x + 0.17 * np.cos(angle), 0.44 + 0.2 * np.sin(angle)]), skin)
    for side in (-0.07, 0.07):
        c.disc(x + side, 0.42, 0.022, c.light)
        c.disc(x + side, 0.42, 0.012, c.dark)
        c.line((x + side - 0.03, 0.37), (x + side + 0.03, 0.365), hair, 0.012)
    c.line((x, 0.43), (x - 0.015, 0.5), skin * 0.75, 0.012)
    c.line((x - 0.05, 0.56), (x + 0.05, 0.56), np.array([0.70, 0.33, 0.30]), 0.018)


def lettering(c: Canvas) -> None:
    """A large word on a coloured sheet with a shape above it."""
    c.fill(c.colors[0])
    word = _WORDS[int(c.rng.integers(len(_WORDS)))]
    c.disc(0.5, 0.34, c.uniform(0.16, 0.26), c.colors[1])
    c.polygon(
        [
            (0.5, 0.1 + c.uniform(0, 0.1)),
            (0.5 + c.uniform(0.1, 0.3), 0.5),
            (0.5 - c.uniform(0.1, 0.3), 0.5),
        ],
        c.colors[2],
    )
    font = cv2.FONT_HERSHEY_DUPLEX if c.rng.random() < 0.5 else cv2.FONT_HERSHEY_TRIPLEX
    c.text(word, font, (0.84, 0.26), (0.5, 0.71), c.light)
    c.line((0.08, 0.91), (0.92, 0.91), c.light, 0.012)


def big_letter(c: Canvas) -> None:
    """One letter that fills the sheet."""
    c.fill(c.light if c.rng.random() < 0.5 else c.colors[1])
    letter = chr(65 + int(c.rng.integers(26)))
    font = cv2.FONT_HERSHEY_TRIPLEX
    for shift, color in ((0.03, c.colors[2]), (0.0, c.dark)):
        c.text(letter, font, (0.7, 0.75), (0.48 + shift, 0.48 + shift), color)


def street_map(c: Canvas) -> None:
    """A town from above: blocks, main streets, a river, a park."""
    c.fill(c.light * 0.95)
    n = int(c.rng.integers(6, 10))
    for i in range(n):
        for j in range(n):
            x, y, g = i / n, j / n, 0.012
            shade = (
                c.light * c.uniform(0.78, 0.95)
                if c.rng.random() < 0.85
                else np.array([0.62, 0.74, 0.52])
            )
            c.polygon(
                [
                    (x + g, y + g),
                    (x + 1 / n - g, y + g),
                    (x + 1 / n - g, y + 1 / n - g),
                    (x + g, y + 1 / n - g),
                ],
                shade,
            )
    river = np.cumsum(c.rng.normal(size=14)) * 0.05 + c.uniform(0.3, 0.7)
    for k in range(13):
        c.line((k / 13, river[k]), ((k + 1) / 13, river[k + 1]), np.array([0.45, 0.65, 0.80]), 0.07)
    for _ in range(4):
        c.line((c.uniform(0, 1), 0), (c.uniform(0, 1), 1), c.colors[int(c.rng.integers(3))], 0.022)
    c.disc(c.uniform(0.3, 0.7), c.uniform(0.3, 0.7), 0.03, c.dark)


def still_life(c: Canvas) -> None:
    """A vase with flowers and fruit on a table."""
    c.fill(c.colors[1] * 0.5 + 0.5 * c.light)
    c.polygon([(0, 0.72), (1, 0.72), (1, 1), (0, 1)], c.colors[0] * 0.7)
    x = c.uniform(0.35, 0.65)
    for _ in range(9):
        fx, fy = x + c.uniform(-0.26, 0.26), c.uniform(0.1, 0.4)
        c.line((x, 0.55), (fx, fy), np.array([0.28, 0.42, 0.24]), 0.014)
        petal = c.color()
        for k in range(6):
            c.disc(fx + 0.035 * np.cos(k), fy + 0.035 * np.sin(k), 0.03, petal)
        c.disc(fx, fy, 0.02, c.light)
    c.polygon(
        [
            (x - 0.06, 0.48),
            (x + 0.06, 0.48),
            (x + 0.13, 0.66),
            (x + 0.08, 0.82),
            (x - 0.08, 0.82),
            (x - 0.13, 0.66),
        ],
        c.colors[2],
    )
    c.polygon(
        [(x - 0.04, 0.5), (x - 0.01, 0.5), (x - 0.03, 0.8), (x - 0.06, 0.8)], c.colors[2] * 1.25
    )
    for k in range(3):
        c.disc(x + 0.2 + 0.09 * k if x < 0.5 else x - 0.2 - 0.09 * k, 0.8, 0.055, c.color())


def skyline(c: Canvas) -> None:
    """Towers with lit windows against the evening."""
    c.fill(c.dark * 0.6 + c.colors[2] * 0.5, c.colors[0])
    c.disc(c.uniform(0.15, 0.85), c.uniform(0.12, 0.3), 0.07, c.light)
    for layer, shade in ((0, 0.65), (1, 1.0)):
        x = -0.02
        while x < 1:
            w, top = c.uniform(0.07, 0.15), c.uniform(0.3, 0.65) + 0.12 * layer
            c.polygon(
                [(x, top), (x + w, top), (x + w, 1), (x, 1)],
                c.dark * shade + (1 - shade) * c.colors[0],
            )
            for wy in np.arange(top + 0.03, 0.97, 0.05):
                for wx in np.arange(x + 0.015, x + w - 0.02, 0.03):
                    if layer and c.rng.random() < 0.45:
                        c.polygon(
                            [
                                (wx, wy),
                                (wx + 0.015, wy),
                                (wx + 0.015, wy + 0.025),
                                (wx, wy + 0.025),
                            ],
                            c.colors[1],
                        )
            x += w + c.uniform(0, 0.02)


def paper_cuts(c: Canvas) -> None:
    """Leaf-like cut shapes on coloured panes."""
    n = 2
    for i in range(n):
        for j in range(n + 1):
            c.polygon(
                [
                    (i / n, j / 3),
                    ((i + 1) / n, j / 3),
                    ((i + 1) / n, (j + 1) / 3),
                    (i / n, (j + 1) / 3),
                ],
                c.color(),
            )
    for _ in range(6):
        x, y, turn, s = (
            c.uniform(0.1, 0.9),
            c.uniform(0.1, 0.9),
            c.uniform(0, 6.3),
            c.uniform(0.1, 0.2),
        )
        angle = np.linspace(0, 2 * np.pi, 60)
        r = s * (0.6 + 0.4 * np.cos(angle * int(c.rng.integers(3, 8))))
        c.polygon(
            np.column_stack([x + r * np.cos(angle + turn), y + r * np.sin(angle + turn)]),
            (c.light, c.dark, c.color())[int(c.rng.integers(3))],
        )


def triangles(c: Canvas) -> None:
    """A mountain of triangles in neighbouring tones."""
    n = int(c.rng.integers(4, 7))
    for i in range(n):
        for j in range(n):
            a, b = np.array([i, j]) / n, np.array([i + 1, j + 1]) / n
            p = [(a[0], a[1]), (b[0], a[1]), (b[0], b[1]), (a[0], b[1])]
            if c.rng.random() < 0.5:
                p = p[1:] + p[:1]
            c.polygon(p, c.color())
            c.polygon(p[:3], (c.color(), c.light, c.dark)[int(c.rng.integers(3))])


PAINTERS: tuple[Callable[[Canvas], None], ...] = (
    mountains,
    seascape,
    fields,
    color_field,
    grid_composition,
    circles,
    concentric,
    stripes,
    portrait,
    lettering,
    big_letter,
    street_map,
    still_life,
    skyline,
    paper_cuts,
    triangles,
)

"""Bookcases, racks and wall shelves, with books and things on them."""

from __future__ import annotations

import numpy as np

from navworld.scenes import pictures
from navworld.scenes.furniture.tables import stack
from navworld.scenes.furniture.workbench import Workbench
from navworld.scenes.materials import material
from navworld.world.scene import Material, Texture


def _fill_shelf(
    b: Workbench,
    books: int,
    x: tuple[float, float],
    y: tuple[float, float],
    z: float,
    room: float,
) -> None:
    """Puts books (all on the instance `books`) and small things on the board at height z."""
    at, end = y[0] + 0.01, y[1] - 0.01
    back, middle, deep = x[0] + 0.012, (x[0] + x[1]) / 2, x[1] - x[0]
    while end - at > 0.06:
        draw = b.rng.random()
        length = min(float(b.rng.uniform(0.16, 0.42)), end - at)
        if draw < 0.66 or length < 0.2 or room < 0.22:
            size = (
                min(float(b.rng.uniform(0.15, 0.21)), deep - 0.03),
                length,
                min(float(b.rng.uniform(0.19, 0.29)), room - 0.03),
            )
            book_row(b, books, pictures.book_spines(b.rng), (back, at, z), size)
        elif draw < 0.78 and length > 0.26 and deep > 0.24:
            stack(b, books, (middle, at + length / 2, z), count=2)
        elif draw < 0.9:
            wide = float(b.rng.uniform(0.05, 0.075))
            _small_vase(
                b, (middle, at + 0.1, z), wide, min(room - 0.04, float(b.rng.uniform(0.12, 0.26)))
            )
            length = 0.2
        else:
            item = b.instance("box", "box")
            cover = material(b.pick(("cardboard", "wicker", "linen grey", b.style.fabric_b)))
            high = (x[1] - 0.03, at + length, z + min(0.18, room - 0.05))
            b.box((back, at, z), high, cover, item, omit=("-z", "-x"))
        at += length + 0.004


def book_row(
    b: Workbench,
    instance: int,
    spines: Texture,
    low: tuple[float, float, float],
    size: tuple[float, float, float],
) -> None:
    """Standing books: one block with their spines in front and their cut edges on top."""
    x1, y1, z1 = (a + s for a, s in zip(low, size, strict=True))
    b.box(low, (x1, y1, z1), material("paper"), instance, omit=("+x", "-x", "-z"))
    corners = [(x1, low[1], low[2]), (x1, y1, low[2]), (x1, y1, z1), (x1, low[1], z1)]
    length, tall = size[1], size[2]
    start, reach = float(b.rng.random()), length / 0.5
    uv = np.array([(start, 1), (start + reach, 1), (start + reach, 0), (start, 0)])
    index = np.array([[0, 1, 2], [0, 2, 3]])
    b.mesh.triangles(
        corners, index, uv[index] * (1, min(1.0, tall / 0.2)), pictures.printed(spines), instance
    )


def _small_vase(b: Workbench, at: tuple[float, float, float], r: float, height: float) -> None:
    item = b.instance("vase", "vase")
    glaze = material(b.pick(("glazed blue", "glazed sand", "terracotta", "ceramic", b.style.metal)))
    shape = np.array([(0, 0), (0.6, 0), (1, 0.35), (0.9, 0.6), (0.4, 0.85), (0.55, 1.0), (0, 0.97)])
    b.turned(shape * (r, height), glaze, item, at=at, segments=9)


def bookcase(b: Workbench) -> None:
    """A tall case full of books and things, sometimes with doors below."""
    d, w, height = b.depth(0.26, 0.36), b.width(0.6, 1.8), b.between(1.7, 2.15)
    wood = material(b.pick((b.style.wood, b.style.wood_dark, b.style.cabinet_front)))
    t, low = 0.02, 0.08
    bays = max(1, round(w / 0.8))
    b.box((-d / 2, -w / 2, low), (-d / 2 + 0.01, w / 2, height), wood, omit=("-x",))
    b.box((-d / 2, -w / 2, 0), (d / 2 - 0.02, w / 2, low), wood, omit=("-z", "+z"))
    for k in range(bays + 1):
        y = -w / 2 + k * (w - t) / bays
        b.box((-d / 2, y, 0), (d / 2, y + t, height), wood, omit=("-z", "-x"))
    b.box((-d / 2, -w / 2, height - t), (d / 2, w / 2, height), wood, omit=("-x",))
    lines = round((height - low) / 0.36)
    rise = (height - t - low) / lines
    doors = b.chance(0.4)
    books = b.instance("books", "books")
    for j in range(lines):
        z = low + j * rise
        b.box(
            (-d / 2, -w / 2 + t, z - t / 2),
            (d / 2 - 0.005, w / 2 - t, z + t / 2),
            wood,
            omit=("-x", "+y", "-y"),
        )
        for k in range(bays):
            y0 = -w / 2 + t + k * (w - t) / bays
            y1 = y0 + (w - t) / bays - t
            if doors and j == 0:
                _low_doors(b, d / 2 - 0.02, (y0, y1), (z, z + rise), wood)
            elif b.chance(0.93):
                _fill_shelf(b, books, (-d / 2, d / 2), (y0, y1), z + t / 2, rise - t)


def _low_doors(
    b: Workbench, x: float, y: tuple[float, float], z: tuple[float, float], wood: Material
) -> None:
    middle, metal = (y[0] + y[1]) / 2, material(b.style.metal)
    b.front(x, (y[0], middle), z, wood, panel="raised", handle=metal, side=1)
    b.front(x, (middle, y[1]), z, wood, panel="raised", handle=metal, side=-1)


def shelf(b: Workbench) -> None:
    """An open rack on legs of wood or metal, with boxes, baskets and books."""
    d, w, height = b.depth(0.3, 0.42), b.width(0.6, 1.3), b.between(0.8, 1.6)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    post = b.pick((material(b.style.metal), wood))
    for x in (-d / 2 + 0.015, d / 2 - 0.015):
        for y in (-w / 2 + 0.015, w / 2 - 0.015):
            b.box((x - 0.015, y - 0.015, 0), (x + 0.015, y + 0.015, height), post, omit=("-z",))
    lines = max(3, round(height / 0.38))
    books = b.instance("books", "books")
    for j in range(lines):
        z = 0.1 + j * (height - 0.13) / (lines - 1)
        b.box((-d / 2 + 0.005, -w / 2 + 0.005, z - 0.02), (d / 2 - 0.005, w / 2 - 0.005, z), wood)
        if j < lines - 1:
            room = (height - 0.13) / (lines - 1) - 0.02
            _fill_shelf(b, books, (-d / 2, d / 2), (-w / 2 + 0.04, w / 2 - 0.04), z, room)


def wall_shelf(b: Workbench) -> None:
    """One to three boards on the wall with books and vases."""
    d, w = b.depth(0.18, 0.26), b.width(0.5, 1.4)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    books, lines, room = b.instance("books", "books"), b.pick((1, 2, 2)), 0.3
    low = -lines * (room + 0.025) / 2
    for j in range(lines):
        z = low + j * (room + 0.025)
        b.box((0, -w / 2, z), (d, w / 2, z + 0.025), wood, omit=("-x",))
        for y in (-w / 2 + 0.1, w / 2 - 0.12):
            b.box(
                (0, y, z + 0.024),
                (0.012, y + 0.02, z + 0.15),
                material(b.style.metal),
                omit=("-x",),
            )
        _fill_shelf(b, books, (0, d), (-w / 2 + 0.02, w / 2 - 0.02), z + 0.025, room - 0.01)

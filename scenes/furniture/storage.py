"""Wardrobes, dressers, shelves with books and things, television stands, boxes and baskets."""

from __future__ import annotations

import numpy as np

from navworld.scenes import pictures
from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.tables import stack
from navworld.scenes.furniture.workbench import Workbench, shadow
from navworld.scenes.materials import material
from navworld.world.scene import Material, Texture

PANELS = ("slab", "shaker", "raised")


def _carcass(b: Workbench, d: float, w: float, z0: float, z1: float, wood: Material) -> None:
    """A closed cabinet body; its front is dark, as seen in the gaps between the doors."""
    b.box((-d / 2, -w / 2, z0), (d / 2, w / 2, z1), wood, omit=("+x",))
    x, y = d / 2 - 0.0005, w / 2
    b.mesh.quad([(x, -y, z0), (x, y, z0), (x, y, z1), (x, -y, z1)], shadow(wood.name), b.me)


def _plinth(b: Workbench, d: float, w: float, wood: Material) -> float:
    """Feet or a set-back plinth; returns its height."""
    kind = b.pick(("plinth", "legs", "feet"))
    if kind == "plinth":
        b.box((-d / 2 + 0.01, -w / 2 + 0.02, 0), (d / 2 - 0.04, w / 2 - 0.02, 0.07), wood, omit=("-z", "+z"))
        return 0.07
    height = 0.15 if kind == "legs" else 0.06
    leg = b.pick((wood, material(b.style.metal)))
    b.legs((d / 2 - 0.02, w / 2 - 0.02), height, leg, kind=b.pick(("tapered", "square")), thickness=0.045)
    return height


def wardrobe(b: Workbench) -> None:
    """Two to five tall doors, sometimes over drawers, sometimes with a mirror."""
    d, w, height = b.depth(0.52, 0.65), b.width(0.8, 2.6), b.between(1.95, 2.25)
    wood = material(b.pick((b.style.wood, b.style.wood_dark, b.style.cabinet_front)))
    front = b.pick((wood, material(b.style.cabinet_front)))
    metal, panel = material(b.style.metal), b.pick(PANELS)
    body = d - 0.05
    _carcass(b, body, w, 0.06, height - 0.03, wood)
    b.box((-body / 2, -w / 2 + 0.02, 0), (body / 2 - 0.03, w / 2 - 0.02, 0.06), wood, omit=("-z", "+z"))
    b.soft((-body / 2, -w / 2 - 0.0, height - 0.04), (body / 2 + 0.025, w / 2, height), wood, radius=0.01)
    doors = max(2, round(w / 0.5))
    split = 0.55 if b.chance(0.35) else 0.07
    pitch, mirror = w / doors, int(b.rng.integers(doors)) if b.chance(0.35) else -1
    for k in range(doors):
        y = (-w / 2 + k * pitch, -w / 2 + (k + 1) * pitch)
        side = 1 if k % 2 == 0 else -1
        b.front(body / 2, y, (split, height - 0.04), front, panel=panel, handle=metal, side=side)
        if k == mirror:
            x, z0, z1 = body / 2 + 0.027, split + 0.1, height - 0.14
            y0, y1 = y[0] + 0.05, y[1] - 0.05
            corners = [(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)]
            b.mesh.quad(corners, material("mirror glass"), b.instance("mirror", "mirror"), tile=1.4)
    if split > 0.1:
        for k in range(max(1, doors // 2)):
            wide = w / max(1, doors // 2)
            b.front(body / 2, (-w / 2 + k * wide, -w / 2 + (k + 1) * wide), (0.07, 0.3), front, handle=metal)
            b.front(body / 2, (-w / 2 + k * wide, -w / 2 + (k + 1) * wide), (0.3, split), front, handle=metal)


def dresser(b: Workbench) -> None:
    """A chest of drawers in two or three columns."""
    d, w, height = b.depth(0.4, 0.55), b.width(0.7, 1.6), b.between(0.75, 1.05)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    front = b.pick((wood, material(b.style.cabinet_front)))
    panel, metal = b.pick(PANELS), material(b.style.metal)
    body = d - 0.05
    low = _plinth(b, body, w, wood)
    _carcass(b, body, w, low, height - 0.03, wood)
    b.soft((-body / 2, -w / 2, height - 0.03), (body / 2 + 0.025, w / 2, height), wood, radius=0.01)
    columns, lines = max(1, round(w / 0.55)), b.pick((3, 4))
    pitch, rise = w / columns, (height - 0.03 - low) / lines
    for i in range(columns):
        for j in range(lines):
            y = (-w / 2 + i * pitch, -w / 2 + (i + 1) * pitch)
            b.front(body / 2, y, (low + j * rise, low + (j + 1) * rise), front, panel=panel, handle=metal)


def nightstand(b: Workbench) -> None:
    """A small cabinet with a drawer above an open space or a second drawer."""
    d, w, height = b.depth(0.34, 0.45), b.width(0.36, 0.55), b.between(0.45, 0.6)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    metal, body = material(b.style.metal), d - 0.05
    if b.chance(0.5):
        low = _plinth(b, body, w, wood)
        _carcass(b, body, w, low, height - 0.025, wood)
        middle = (low + height - 0.025) / 2
        panel = b.pick(PANELS)
        b.front(body / 2, (-w / 2, w / 2), (low, middle), wood, panel=panel, handle=metal)
        b.front(body / 2, (-w / 2, w / 2), (middle, height - 0.025), wood, panel=panel, handle=metal)
    else:
        b.legs((body / 2, w / 2), height - 0.16, wood, thickness=0.04)
        _carcass(b, body, w, height - 0.17, height - 0.025, wood)
        b.front(body / 2, (-w / 2, w / 2), (height - 0.165, height - 0.028), wood, handle=metal)
        b.box((-body / 2 + 0.03, -w / 2 + 0.03, 0.14), (body / 2 - 0.03, w / 2 - 0.03, 0.16), wood)
    b.soft((-body / 2, -w / 2, height - 0.025), (body / 2 + 0.025, w / 2, height), wood, radius=0.01)
    if b.chance(0.4):
        stack(b, b.instance("books", "books"), (0.02, w * 0.18, height), count=2)


# --- shelves ------------------------------------------------------------------------------------


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
            size = (min(float(b.rng.uniform(0.15, 0.21)), deep - 0.03), length,
                    min(float(b.rng.uniform(0.19, 0.29)), room - 0.03))  # fmt: skip
            book_row(b, books, pictures.book_spines(b.rng), (back, at, z), size)
        elif draw < 0.78 and length > 0.26 and deep > 0.24:
            stack(b, books, (middle, at + length / 2, z), count=2)
        elif draw < 0.9:
            wide = float(b.rng.uniform(0.05, 0.075))
            _small_vase(b, (middle, at + 0.1, z), wide, min(room - 0.04, float(b.rng.uniform(0.12, 0.26))))
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
    b.mesh.triangles(corners, index, uv[index] * (1, min(1.0, tall / 0.2)), pictures.printed(spines), instance)


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
        b.box((-d / 2, -w / 2 + t, z - t / 2), (d / 2 - 0.005, w / 2 - t, z + t / 2), wood, omit=("-x", "+y", "-y"))
        for k in range(bays):
            y0 = -w / 2 + t + k * (w - t) / bays
            y1 = y0 + (w - t) / bays - t
            if doors and j == 0:
                _low_doors(b, d / 2 - 0.02, (y0, y1), (z, z + rise), wood)
            elif b.chance(0.93):
                _fill_shelf(b, books, (-d / 2, d / 2), (y0, y1), z + t / 2, rise - t)


def _low_doors(b: Workbench, x: float, y: tuple[float, float], z: tuple[float, float], wood: Material) -> None:
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
            b.box((0, y, z + 0.024), (0.012, y + 0.02, z + 0.15), material(b.style.metal), omit=("-x",))
        _fill_shelf(b, books, (0, d), (-w / 2 + 0.02, w / 2 - 0.02), z + 0.025, room - 0.01)


def tv_stand(b: Workbench) -> None:
    """A low board with a television on it."""
    d, w, height = b.depth(0.36, 0.48), b.width(1.0, 2.2), b.between(0.4, 0.58)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    front = b.pick((wood, material(b.style.cabinet_front)))
    body = d - 0.05
    low = _plinth(b, body, w, wood)
    _carcass(b, body, w, low, height - 0.025, wood)
    b.soft((-body / 2, -w / 2, height - 0.025), (body / 2 + 0.025, w / 2, height), wood, radius=0.01)
    count = max(2, round(w / 0.55))
    handle = material(b.style.metal) if b.chance(0.7) else None
    for k in range(count):
        y = (-w / 2 + k * w / count, -w / 2 + (k + 1) * w / count)
        b.front(body / 2, y, (low, height - 0.028), front, panel=b.pick(("slab", "raised")), handle=handle)
    wide = min(w * 0.85, b.between(0.95, 1.4))
    _television(b, b.instance("tv", "tv"), -0.03, wide, height)


def tv(b: Workbench) -> None:
    """A television on the wall."""
    w = b.width(0.9, 1.5)
    tall = w * 0.58
    b.box((0, -0.15, -0.12), (0.03, 0.15, 0.12), material("plastic black"), omit=("-x",))
    _screen(b, b.me, 0.03, w, -tall / 2)


def _television(b: Workbench, item: int, x: float, w: float, z: float) -> None:
    black = material("plastic black")
    for y in (-w * 0.3, w * 0.3):
        b.box((x - 0.1, y - 0.015, z), (x + 0.1, y + 0.015, z + 0.015), black, item, omit=("-z",))
        b.box((x - 0.012, y - 0.012, z), (x + 0.012, y + 0.012, z + 0.08), black, item, omit=("-z", "+z"))
    _screen(b, item, x - 0.02, w, z + 0.06)


def _screen(b: Workbench, item: int, x: float, w: float, z: float) -> None:
    tall = w * 0.58
    b.soft((x, -w / 2, z), (x + 0.045, w / 2, z + tall), material("plastic black"), item, radius=0.008)
    y, z0, z1, s = w / 2 - 0.014, z + 0.014, z + tall - 0.014, x + 0.0455
    corners = [(s, -y, z0), (s, y, z0), (s, y, z1), (s, -y, z1)]
    if b.chance(0.4):
        b.image(corners, pictures.broadcast(b.rng), item, emission=0.8)
    else:
        b.mesh.quad(corners, material("screen"), item, tile=1.6)


# --- small storage ------------------------------------------------------------------------------


def shoe_rack(b: Workbench) -> None:
    """Two or three slatted boards with pairs of shoes."""
    d, w, lines = b.depth(0.28, 0.36), b.width(0.5, 1.0), b.pick((2, 3))
    height = 0.1 + lines * 0.19
    wood = material(b.pick((b.style.wood, b.style.metal)))
    for y in (-w / 2, w / 2 - 0.02):
        b.box((-d / 2, y, 0), (d / 2, y + 0.02, height), wood, omit=("-z",))
    shoes = b.instance("shoes", "clothing")
    for j in range(lines):
        z = 0.1 + j * 0.19
        for x in (-d / 2 + 0.04, 0.0, d / 2 - 0.04):
            b.box((x - 0.02, -w / 2 + 0.02, z - 0.015), (x + 0.02, w / 2 - 0.02, z), wood, omit=("-y", "+y"))
        for k in range(int(w / 0.25)):
            if b.chance(0.75):
                _pair_of_shoes(b, shoes, (0, -w / 2 + 0.14 + k * 0.25, z))
    b.box((-d / 2, -w / 2, height - 0.02), (d / 2, w / 2, height), wood)


def _pair_of_shoes(b: Workbench, item: int, at: tuple[float, float, float]) -> None:
    leather = b.paint(b.pick(("linen white", "leather cream")))
    for side in (-0.05, 0.05):
        rings = [
            shapes.oval((at[0], at[1] + side, at[2]), 0.125, 0.042, segments=8),
            shapes.oval((at[0], at[1] + side, at[2] + 0.035), 0.12, 0.04, segments=8),
            shapes.oval((at[0] - 0.05, at[1] + side, at[2] + 0.085), 0.06, 0.03, segments=8),
        ]
        b.add(shapes.loft(rings, low=False), leather, item)


def box(b: Workbench) -> None:
    """A cardboard box with tape, or a chest of cloth or wood."""
    d, w, height = b.depth(0.28, 0.5), b.width(0.3, 0.6), b.between(0.22, 0.42)
    cover = material(b.pick(("cardboard", "cardboard", b.style.fabric_a, b.style.wood, b.style.fabric_c)))
    b.box((-d / 2, -w / 2, 0), (d / 2, w / 2, height - 0.03), cover, omit=("-z",))
    if cover.name == "cardboard":
        b.box((-d / 2, -w / 2, height - 0.03), (d / 2, w / 2, height - 0.004), cover)
        b.box((-0.025, -w / 2, height - 0.02), (0.025, w / 2, height), material("glazed sand"))
    else:
        b.soft((-d / 2, -w / 2, height - 0.05), (d / 2, w / 2, height), cover, radius=0.012)
        b.box((d / 2 - 0.02, -0.05, height * 0.5), (d / 2, 0.05, height * 0.5 + 0.03), material(b.style.metal))


def basket(b: Workbench) -> None:
    """A round wicker basket, empty or with blankets."""
    r, height = b.width(0.3, 0.5) / 2, b.between(0.25, 0.48)
    cane = material(b.pick(("wicker", "wicker white", "sisal")))
    profile = [(0, 0), (0.8 * r, 0), (0.96 * r, 0.5 * height), (r, height), (0.92 * r, height), (0.85 * r, 0.6 * height)]
    b.turned(profile + [(0, 0.55 * height)], cane, segments=14)
    if b.chance(0.6):
        cloth = material(b.pick((b.style.fabric_b, b.style.fabric_c)))
        b.add(shapes.pillow((1.3 * r, 1.3 * r, 0.3 * height)), cloth, b.instance("blanket", "cushion"),
              at=(0, 0, 0.83 * height))  # fmt: skip


def bin_(b: Workbench) -> None:
    """A waste bin: open and tapering, or with a lid and a pedal."""
    r, height = b.width(0.22, 0.32) / 2, b.between(0.28, 0.6)
    skin = b.pick((material(b.style.metal), b.paint(), material("plastic grey")))
    if b.chance(0.5):
        profile = [(0, 0), (0.8 * r, 0), (r, height), (0.95 * r, height), (0.78 * r, 0.05), (0, 0.05)]
        b.turned(profile, skin, segments=14)
        return
    profile = [(0, 0), (r * 0.93, 0), (r * 0.93, height * 0.86), (r * 0.97, height * 0.86), (r * 0.97, height * 0.9)]
    b.turned([*profile, (r * 0.7, height), (0, height)], skin, segments=14)
    b.box((r * 0.8, -0.04, 0.01), (r, 0.04, 0.025), material("plastic black"))


def coat_rack(b: Workbench) -> None:
    """A stand with coats on it."""
    height, wood = b.between(1.65, 1.8), material(b.pick((b.style.wood, b.style.wood_dark, b.style.metal)))
    r = 0.24
    b.tube((0, 0, 0.03), (0, 0, height), 0.022, wood, end_radius=0.016, segments=8)
    for k in range(4):
        angle = np.pi / 2 * k + 0.4
        c, s = np.cos(angle), np.sin(angle)
        b.tube((0, 0, 0.16), (r * c, r * s, 0.015), 0.014, wood)
        b.tube((0, 0, height - 0.2), (0.17 * c, 0.17 * s, height - 0.06), 0.01, wood, segments=5)
    clothes = b.instance("coats", "clothing")
    for k in range(int(b.rng.integers(1, 4))):
        angle = np.pi / 2 * k + 0.4
        _coat(b, clothes, (0.14 * np.cos(angle), 0.14 * np.sin(angle), height - 0.09), angle)


def wall_coat_rack(b: Workbench) -> None:
    """A board with hooks on the wall, coats and a bag hanging from it."""
    w = b.width(0.5, 1.2)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    top = 0.55
    b.soft((0, -w / 2, top - 0.12), (0.02, w / 2, top), wood, radius=0.006)
    count = max(3, round(w / 0.2))
    clothes = b.instance("coats", "clothing")
    for k in range(count):
        y = -w / 2 + (k + 0.5) * w / count
        b.tube((0.02, y, top - 0.07), (0.08, y, top - 0.05), 0.008, material(b.style.metal), segments=5)
        if b.chance(0.55):
            _coat(b, clothes, (0.11, y, top - 0.07), np.pi / 2)


def _coat(b: Workbench, item: int, at: tuple[float, float, float], yaw: float) -> None:
    cloth = b.pick((material("denim"), material("wool charcoal"), b.paint("linen white"), material("tweed brown")))
    length, c, s = float(b.rng.uniform(0.65, 0.95)), np.cos(yaw), np.sin(yaw)
    turn = np.array([[-s, c, 0], [c, s, 0], [0, 0, 1]])
    rings = []
    for part, wide, deep in ((0, 0.2, 0.085), (0.45, 0.15, 0.07), (0.9, 0.19, 0.06), (0.97, 0.07, 0.05), (1.0, 0.05, 0.04)):
        ring = shapes.oval((0, 0, 0), wide, deep, segments=9)
        ring[:, 1] *= 1 + 0.3 * np.sin(np.arange(9) * 2.1) * (1 - part)
        rings.append((ring @ turn)[::-1] + (at[0], at[1], at[2] - length * (1 - part)))
    for side in (-1, 1):
        shoulder = np.array([side * 0.17, 0, -0.12 * length]) @ turn + at
        cuff = np.array([side * 0.2, 0.03, -0.75 * length]) @ turn + at
        b.tube(shoulder, cuff, 0.05, cloth, item, end_radius=0.04, caps=(False, True))
    b.add(shapes.loft(rings, high=False), cloth, item)

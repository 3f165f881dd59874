"""Wardrobes, dressers, nightstands, television stands."""

from __future__ import annotations

from navworld.scenes import pictures
from navworld.scenes.furniture.tables import stack
from navworld.scenes.furniture.workbench import Workbench, shadow
from navworld.scenes.materials import material
from navworld.world.scene import Material

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
        b.box(
            (-d / 2 + 0.01, -w / 2 + 0.02, 0),
            (d / 2 - 0.04, w / 2 - 0.02, 0.07),
            wood,
            omit=("-z", "+z"),
        )
        return 0.07
    height = 0.15 if kind == "legs" else 0.06
    leg = b.pick((wood, material(b.style.metal)))
    b.legs(
        (d / 2 - 0.02, w / 2 - 0.02),
        height,
        leg,
        kind=b.pick(("tapered", "square")),
        thickness=0.045,
    )
    return height


def wardrobe(b: Workbench) -> None:
    """Two to five tall doors, sometimes over drawers, sometimes with a mirror."""
    d, w, height = b.depth(0.52, 0.65), b.width(0.8, 2.6), b.between(1.95, 2.25)
    wood = material(b.pick((b.style.wood, b.style.wood_dark, b.style.cabinet_front)))
    front = b.pick((wood, material(b.style.cabinet_front)))
    metal, panel = material(b.style.metal), b.pick(PANELS)
    body = d - 0.05
    _carcass(b, body, w, 0.06, height - 0.03, wood)
    b.box(
        (-body / 2, -w / 2 + 0.02, 0),
        (body / 2 - 0.03, w / 2 - 0.02, 0.06),
        wood,
        omit=("-z", "+z"),
    )
    b.soft(
        (-body / 2, -w / 2 - 0.0, height - 0.04),
        (body / 2 + 0.025, w / 2, height),
        wood,
        radius=0.01,
    )
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
            b.front(
                body / 2,
                (-w / 2 + k * wide, -w / 2 + (k + 1) * wide),
                (0.07, 0.3),
                front,
                handle=metal,
            )
            b.front(
                body / 2,
                (-w / 2 + k * wide, -w / 2 + (k + 1) * wide),
                (0.3, split),
                front,
                handle=metal,
            )


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
            b.front(
                body / 2,
                y,
                (low + j * rise, low + (j + 1) * rise),
                front,
                panel=panel,
                handle=metal,
            )


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
        b.front(
            body / 2, (-w / 2, w / 2), (middle, height - 0.025), wood, panel=panel, handle=metal
        )
    else:
        b.legs((body / 2, w / 2), height - 0.16, wood, thickness=0.04)
        _carcass(b, body, w, height - 0.17, height - 0.025, wood)
        b.front(body / 2, (-w / 2, w / 2), (height - 0.165, height - 0.028), wood, handle=metal)
        b.box((-body / 2 + 0.03, -w / 2 + 0.03, 0.14), (body / 2 - 0.03, w / 2 - 0.03, 0.16), wood)
    b.soft(
        (-body / 2, -w / 2, height - 0.025), (body / 2 + 0.025, w / 2, height), wood, radius=0.01
    )
    if b.chance(0.4):
        stack(b, b.instance("books", "books"), (0.02, w * 0.18, height), count=2)


def tv_stand(b: Workbench) -> None:
    """A low board with a television on it."""
    d, w, height = b.depth(0.36, 0.48), b.width(1.0, 2.2), b.between(0.4, 0.58)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    front = b.pick((wood, material(b.style.cabinet_front)))
    body = d - 0.05
    low = _plinth(b, body, w, wood)
    _carcass(b, body, w, low, height - 0.025, wood)
    b.soft(
        (-body / 2, -w / 2, height - 0.025), (body / 2 + 0.025, w / 2, height), wood, radius=0.01
    )
    count = max(2, round(w / 0.55))
    handle = material(b.style.metal) if b.chance(0.7) else None
    for k in range(count):
        y = (-w / 2 + k * w / count, -w / 2 + (k + 1) * w / count)
        b.front(
            body / 2,
            y,
            (low, height - 0.028),
            front,
            panel=b.pick(("slab", "raised")),
            handle=handle,
        )
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
        b.box(
            (x - 0.012, y - 0.012, z),
            (x + 0.012, y + 0.012, z + 0.08),
            black,
            item,
            omit=("-z", "+z"),
        )
    _screen(b, item, x - 0.02, w, z + 0.06)


def _screen(b: Workbench, item: int, x: float, w: float, z: float) -> None:
    tall = w * 0.58
    b.soft(
        (x, -w / 2, z), (x + 0.045, w / 2, z + tall), material("plastic black"), item, radius=0.008
    )
    y, z0, z1, s = w / 2 - 0.014, z + 0.014, z + tall - 0.014, x + 0.0455
    corners = [(s, -y, z0), (s, y, z0), (s, y, z1), (s, -y, z1)]
    if b.chance(0.4):
        b.image(corners, pictures.broadcast(b.rng), item, emission=0.8)
    else:
        b.mesh.quad(corners, material("screen"), item, tile=1.6)

"""Tables, desks, and what stands on tables."""

from __future__ import annotations

import numpy as np

from navworld.scenes import pictures
from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.workbench import PAINTS, Workbench, painted
from navworld.scenes.materials import material
from navworld.world.scene import Material


def _table(b: Workbench, d: float, w: float, height: float, *, thick: float) -> Material:
    """A top on legs, with an apron; returns the wood."""
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    kind = b.pick(("square", "tapered", "turned", "hairpin"))
    leg = material(b.style.metal) if kind == "hairpin" else wood
    b.soft((-d / 2, -w / 2, height - thick), (d / 2, w / 2, height), wood, radius=0.008)
    b.legs(
        (d / 2, w / 2), height - thick, leg, kind=kind, thickness=b.between(0.05, 0.07), inset=0.03
    )
    if kind in ("square", "turned"):
        low = height - thick - 0.08
        for sign in (-1, 1):
            x, y = sign * (d / 2 - 0.06), sign * (w / 2 - 0.06)
            b.box(
                (x - 0.01, -w / 2 + 0.08, low),
                (x + 0.01, w / 2 - 0.08, height - thick),
                wood,
                omit=("+z",),
            )
            b.box(
                (-d / 2 + 0.08, y - 0.01, low),
                (d / 2 - 0.08, y + 0.01, height - thick),
                wood,
                omit=("+z",),
            )
    return wood


def _round_table(b: Workbench, r: float, height: float, *, thick: float) -> None:
    """A round top on a column, or on three legs when it is small."""
    wood = material(b.pick((b.style.wood, b.style.wood_dark, b.style.countertop)))
    leg = material(b.pick((b.style.metal, b.style.wood)))
    z = height
    b.turned(
        [
            (0, z - thick),
            (0.97 * r, z - thick),
            (r, z - 0.7 * thick),
            (r, z - 0.2 * thick),
            (0.98 * r, z),
            (0, z),
        ],
        wood,
        segments=20,
    )
    if b.chance(0.5):
        profile = [
            (0, 0),
            (0.55 * r, 0),
            (0.55 * r, 0.02),
            (0.16 * r, 0.07),
            (0.09 * r, 0.3 * z),
            (0.12 * r, z - thick),
        ]
        b.turned(profile, leg, segments=12)
        return
    for k in range(4 if r > 0.4 else 3):
        angle = 2 * np.pi * k / (4 if r > 0.4 else 3) + 0.5
        c, s = np.cos(angle), np.sin(angle)
        low, high = (0.82 * r * c, 0.82 * r * s, 0), (0.55 * r * c, 0.55 * r * s, z - thick)
        b.tube(low, high, 0.015, leg, end_radius=0.024)


def dining_table(b: Workbench) -> None:
    """A table for four to eight; nearly square wishes may get a round one."""
    d, w = b.depth(0.75, 1.0), b.width(0.75, 2.2)
    height = b.between(0.73, 0.77)
    if abs(d - w) < 0.2 and b.chance(0.6):
        _round_table(b, min(d, w) / 2, height, thick=0.03)
    else:
        _table(b, d, w, height, thick=0.035)


def coffee_table(b: Workbench) -> None:
    """A low table: four legs with a shelf, round, or a block with a drawer."""
    d, w, height = b.depth(0.45, 0.75), b.width(0.6, 1.3), b.between(0.36, 0.46)
    kind = b.pick(("legs", "round", "block")) if w < 0.95 else b.pick(("legs", "block"))
    if kind == "round":
        _round_table(b, min(d, w) / 2, height, thick=0.03)
    elif kind == "legs":
        wood = _table(b, d, w, height, thick=0.03)
        if b.chance(0.6):
            b.box((-d / 2 + 0.07, -w / 2 + 0.07, 0.12), (d / 2 - 0.07, w / 2 - 0.07, 0.14), wood)
    else:
        wood = material(b.pick((b.style.wood, b.style.wood_dark)))
        b.box(
            (-d / 2 + 0.05, -w / 2 + 0.05, 0),
            (d / 2 - 0.05, w / 2 - 0.05, 0.05),
            wood,
            omit=("-z",),
        )
        b.box((-d / 2, -w / 2, 0.05), (d / 2 - 0.03, w / 2, height - 0.03), wood, omit=("+z",))
        b.soft(
            (-d / 2, -w / 2, height - 0.03),
            (d / 2, w / 2, height),
            material(b.style.countertop),
            radius=0.008,
        )
        for k in range(2):
            y = (-w / 2 + k * w / 2, k * w / 2)
            b.front(d / 2 - 0.03, y, (0.06, height - 0.04), wood, handle=material(b.style.metal))
    if b.chance(0.6):
        item = b.instance("books", "books")
        stack(b, item, (0.0, float(b.rng.uniform(-0.25, 0.25)) * w, height), count=3)


def side_table(b: Workbench) -> None:
    """A small table beside a seat."""
    d, height = b.depth(0.35, 0.5), b.between(0.45, 0.6)
    w = b.width(0.35, 0.5)
    if b.chance(0.6):
        _round_table(b, min(d, w) / 2, height, thick=0.025)
    else:
        wood = _table(b, d, w, height, thick=0.025)
        b.box((-d / 2 + 0.06, -w / 2 + 0.06, 0.15), (d / 2 - 0.06, w / 2 - 0.06, 0.165), wood)


def desk(b: Workbench) -> None:
    """A writing table with a drawer block at one end or a drawer under the top."""
    d, w, height = b.depth(0.55, 0.8), b.width(0.9, 1.7), b.between(0.72, 0.76)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    front = material(b.pick((b.style.wood, b.style.cabinet_front)))
    metal = material(b.style.metal)
    b.soft((-d / 2, -w / 2, height - 0.03), (d / 2, w / 2, height), wood, radius=0.008)
    side = b.pick((-1, 1))
    if b.chance(0.6):
        y0, y1 = sorted((side * w / 2, side * (w / 2 - 0.4)))
        b.box((-d / 2 + 0.02, y0, 0.03), (d / 2 - 0.03, y1, height - 0.03), wood, omit=("+z",))
        for k in range(3):
            z = 0.04 + k * (height - 0.08) / 3
            b.front(d / 2 - 0.03, (y0, y1), (z, z + (height - 0.08) / 3), front, handle=metal)
        leg = metal if b.chance(0.5) else wood
        for x in (-d / 2 + 0.05, d / 2 - 0.05):
            free = -side * (w / 2 - 0.05)
            b.box(
                (x - 0.025, free - 0.025, 0),
                (x + 0.025, free + 0.025, height - 0.03),
                leg,
                omit=("+z", "-z"),
            )
    else:
        b.legs((d / 2, w / 2), height - 0.03, wood, thickness=0.055, inset=0.01)
        b.box(
            (-d / 2 + 0.06, -w / 2 + 0.08, height - 0.15),
            (d / 2 - 0.06, w / 2 - 0.08, height - 0.03),
            wood,
        )
        for k in range(2):
            y = (-w / 2 + 0.08 + k * (w / 2 - 0.08), k * (w / 2 - 0.08))
            b.front(d / 2 - 0.06, y, (height - 0.15, height - 0.035), front, handle=metal)
    b.box((-d / 2 + 0.03, -w / 2 + 0.06, 0.35), (-d / 2 + 0.045, w / 2 - 0.06, height - 0.03), wood)


def stack(b: Workbench, instance: int, at: tuple[float, float, float], *, count: int) -> float:
    """A pile of books lying flat at `at`; returns its height."""
    z = at[2]
    for _ in range(count):
        long, wide, thick = b.between(0.2, 0.28), b.between(0.14, 0.2), b.between(0.02, 0.05)
        T = shapes.turned_frame(float(b.rng.uniform(-0.35, 0.35)), (at[0], at[1], z))
        cover, inner = b.paint("linen white"), np.full(3, 0.004)
        low, high = np.array([-wide / 2, -long / 2, 0]), np.array([wide / 2, long / 2, thick])
        b.box(
            low + inner,
            high - inner * (0, 1, 1),
            material("paper"),
            instance,
            omit=("+z", "-z"),
            T=T,
        )
        b.box(low, (high[0], high[1], 0.004), cover, instance, omit=("-z",), T=T)
        b.box((low[0], low[1], thick - 0.004), high, cover, instance, T=T)
        z += thick
    return z - at[2]


def books(b: Workbench) -> None:
    """A pile of books."""
    stack(b, b.me, (0, 0, 0), count=int(b.rng.integers(3, 7)))


def tableware(b: Workbench) -> None:
    """Plates, bowls and cups laid for two to four."""
    china = material(b.pick(("ceramic", "glazed blue", "glazed sand")))
    places = (
        ((0.0, -0.2), (0.0, 0.2))
        if b.chance(0.5)
        else ((-0.2, 0.0), (0.2, 0.0), (0, 0.3), (0, -0.3))
    )
    for x, y in places:
        b.turned(
            [(0.06, 0), (0.12, 0.012), (0.13, 0.022), (0.12, 0.018), (0, 0.008)],
            china,
            at=(x, y, 0),
            segments=14,
        )
        if b.chance(0.6):
            profile = [(0.03, 0.01), (0.06, 0.03), (0.07, 0.065), (0.06, 0.06), (0, 0.02)]
            b.turned(profile, china, at=(x, y, 0), segments=10)
        cup = painted("ceramic", b.pick(PAINTS))
        profile = [(0, 0), (0.032, 0), (0.037, 0.09), (0.031, 0.09), (0, 0.02)]
        b.turned(profile, cup, at=(x + 0.11, y + 0.12, 0), segments=8)


def fruit_bowl(b: Workbench) -> None:
    """A bowl with apples, oranges and lemons."""
    bowl = material(b.pick(("glazed blue", "glazed sand", "ceramic", b.style.wood)))
    b.turned(
        [(0.05, 0), (0.06, 0.01), (0.13, 0.06), (0.15, 0.1), (0.135, 0.1), (0.05, 0.02), (0, 0.02)],
        bowl,
        segments=14,
    )
    sphere = np.array([(0.0, -1), (0.7, -0.7), (1, 0), (0.7, 0.7), (0, 0.95)])
    fruit = ((0.80, 0.24, 0.18), (0.92, 0.58, 0.20), (0.62, 0.74, 0.28), (0.94, 0.84, 0.36))
    for x, y, z in ((0, 0.055, 0.08), (0.05, -0.04, 0.08), (-0.055, -0.02, 0.08), (0, 0, 0.125)):
        b.turned(sphere * 0.038, painted("ceramic", b.pick(fruit)), at=(x, y, z), segments=8)


def computer(b: Workbench) -> None:
    """A monitor showing windows, a keyboard and a mouse."""
    black, grey = material("plastic black"), material("plastic grey")
    w = b.between(0.5, 0.62)
    h, x = w * 0.58, -0.1
    b.soft((x - 0.1, -0.11, 0), (x + 0.08, 0.11, 0.012), grey, radius=0.01)
    b.box((x - 0.04, -0.025, 0.01), (x - 0.015, 0.025, 0.24), grey, omit=("-z",))
    b.soft((x - 0.02, -w / 2, 0.12), (x + 0.015, w / 2, 0.12 + h), black, radius=0.008)
    y, z0, z1, s = w / 2 - 0.012, 0.135, 0.12 + h - 0.012, x + 0.0155
    b.image(
        [(s, -y, z0), (s, y, z0), (s, y, z1), (s, -y, z1)], pictures.desktop(b.rng), emission=0.85
    )
    b.soft((0.06, -0.2, 0), (0.19, 0.18, 0.018), grey, radius=0.006)
    b.box((0.07, -0.19, 0.017), (0.18, 0.17, 0.021), black, omit=("-z",))
    b.soft((0.08, 0.22, 0), (0.18, 0.275, 0.03), black, radius=0.014)

"""Kitchen counters, islands and wall cabinets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.workbench import Workbench, shadow
from navworld.scenes.materials import material
from navworld.world.scene import Material

WORKTOP = 0.91
"""Height of worktops [m]."""
_TOP = 0.035
_KICK = 0.1


def _panel(b: Workbench) -> str:
    """One apartment's kitchen has one kind of front, whatever is drawn for its pieces."""
    return ("slab", "shaker", "raised")[len(b.style.cabinet_front + b.style.countertop) % 3]


def _unit(b: Workbench, x: float, y: tuple[float, float], front: Material, kind: str) -> None:
    """Fronts of one base unit on the plane x: "drawers", "door", "doors" or "oven"."""
    z0, z1, metal = _KICK, WORKTOP - _TOP, material(b.style.metal)
    panel = _panel(b)
    if kind == "drawers":
        for low, high in ((0, 0.4), (0.4, 0.75), (0.75, 1.0)):
            z = (z0 + low * (z1 - z0), z0 + high * (z1 - z0))
            b.front(x, y, z, front, panel=panel if high - low > 0.3 else "slab", handle=metal)
    elif kind == "doors":
        middle = (y[0] + y[1]) / 2
        b.front(x, (y[0], middle), (z0, z1), front, panel=panel, handle=metal, side=1)
        b.front(x, (middle, y[1]), (z0, z1), front, panel=panel, handle=metal, side=-1)
    elif kind == "door":
        b.front(x, y, (z0, z1), front, panel=panel, handle=metal, side=b.pick((-1, 1)))
    else:
        oven_front(b, b.instance("oven", "oven"), x, y, (z0, z1))


def oven_front(
    b: Workbench, item: int, x: float, y: tuple[float, float], z: tuple[float, float]
) -> None:
    """Control strip with knobs, a dark glass door with a bar handle."""
    steel, black = material("brushed steel"), material("enamel black")
    strip = z[1] - 0.11
    b.box(
        (x, y[0] + 0.004, strip), (x + 0.02, y[1] - 0.004, z[1] - 0.004), steel, item, omit=("-x",)
    )
    for k in np.linspace(0.15, 0.85, 5):
        at = y[0] + k * (y[1] - y[0])
        b.tube(
            (x + 0.02, at, strip + 0.05),
            (x + 0.045, at, strip + 0.05),
            0.02,
            black,
            item,
            segments=8,
        )
    b.box(
        (x, y[0] + 0.004, z[0] + 0.09),
        (x + 0.022, y[1] - 0.004, strip - 0.005),
        steel,
        item,
        omit=("-x",),
    )
    low, high = (x + 0.022, y[0] + 0.06, z[0] + 0.15), (x + 0.024, y[1] - 0.06, strip - 0.12)
    b.box(low, high, black, item, omit=("-x",))
    b.tube(
        (x + 0.05, y[0] + 0.06, strip - 0.05),
        (x + 0.05, y[1] - 0.06, strip - 0.05),
        0.01,
        steel,
        item,
    )
    b.box(
        (x, y[0] + 0.004, z[0]), (x + 0.018, y[1] - 0.004, z[0] + 0.085), steel, item, omit=("-x",)
    )


def _base(b: Workbench, d: float, w: float, *, kinds: tuple[str, ...]) -> None:
    """Carcass, kick board and as many units as fit; `kinds` are fixed from y = −w/2 on."""
    front = material(b.style.cabinet_front)
    x = d / 2 - 0.045
    b.box((-d / 2, -w / 2, _KICK), (x, w / 2, WORKTOP - _TOP), front, omit=("+x", "+z"))
    y = w / 2
    corners = [(x, -y, _KICK), (x, y, _KICK), (x, y, WORKTOP - _TOP), (x, -y, WORKTOP - _TOP)]
    b.mesh.quad(corners, shadow(front.name), b.me)
    b.box(
        (-d / 2 + 0.02, -w / 2 + 0.01, 0),
        (x - 0.04, w / 2 - 0.01, _KICK),
        material("plastic black"),
        omit=("-z", "+z"),
    )
    count = max(1, len(kinds), round(w / 0.6))
    pitch = w / count
    for k in range(count):
        kind = kinds[k] if k < len(kinds) else b.pick(("drawers", "door", "doors"))
        _unit(b, x, (-w / 2 + k * pitch, -w / 2 + (k + 1) * pitch), front, kind)


def _worktop(b: Workbench, d: float, y: tuple[float, float]) -> None:
    stone = material(b.style.countertop)
    b.soft((-d / 2, y[0], WORKTOP - _TOP), (d / 2, y[1], WORKTOP), stone, radius=0.006)


def _hob(b: Workbench, y: float, width: float) -> None:
    item, black = b.instance("hob", "hob"), material("enamel black")
    z = WORKTOP
    b.box((-0.23, y - width / 2, z), (0.25, y + width / 2, z + 0.008), black, item, omit=("-z",))
    gas = b.chance(0.4)
    steel = material("brushed steel")
    for x in (-0.11, 0.12):
        for side in (-0.25, 0.25):
            at = (x, y + side * width, z + 0.008)
            r = 0.075 if (x > 0) == (side > 0) else 0.095
            if gas:
                b.turned([(0.045, 0), (0.045, 0.02), (0, 0.025)], black, item, at=at, segments=8)
                for dx, dy in ((0.1, 0.005), (0.005, 0.1)):
                    low, high = (
                        (at[0] - dx, at[1] - dy, at[2] + 0.025),
                        (at[0] + dx, at[1] + dy, at[2] + 0.035),
                    )
                    b.box(low, high, black, item)
            else:
                b.turned([(r, 0), (r, 0.002), (r - 0.008, 0.002)], steel, item, at=at, segments=14)
    if b.chance(0.6):
        _pot(b, (-0.11, y + 0.25 * width, z + (0.045 if gas else 0.011)))


def _pot(b: Workbench, at: tuple[float, float, float]) -> None:
    item = b.instance("pot", "tableware")
    skin = b.pick((material("brushed steel"), material("copper"), b.paint()))
    b.turned(
        [(0, 0), (0.095, 0), (0.1, 0.01), (0.1, 0.12), (0.1, 0.125), (0.03, 0.145), (0.0, 0.145)],
        skin,
        item,
        at=at,
        segments=12,
    )
    for side in (-1, 1):
        low, high = (
            (at[0] - 0.02, at[1] + side * 0.1, at[2] + 0.09),
            (at[0] + 0.02, at[1] + side * 0.13, at[2] + 0.1),
        )
        b.box(np.minimum(low, high), np.maximum(low, high), material("plastic black"), item)
    b.turned(
        [(0, 0), (0.015, 0.0), (0.018, 0.02), (0, 0.025)],
        material("plastic black"),
        item,
        at=(at[0], at[1], at[2] + 0.145),
        segments=6,
    )


def _sink(b: Workbench, d: float, y: tuple[float, float], width: float) -> None:
    """A bowl let into the worktop between the two y, with a tap behind it."""
    item, steel = b.instance("sink", "sink"), material(b.pick(("brushed steel", "ceramic")))
    stone, z, middle = material(b.style.countertop), WORKTOP, (y[0] + y[1]) / 2
    x0, x1, y0, y1 = -0.2, 0.2, middle - width / 2, middle + width / 2
    for low, high in (
        ((-d / 2, y[0]), (x0, y[1])),
        ((x1, y[0]), (d / 2, y[1])),
        ((x0, y[0]), (x1, y0)),
        ((x0, y1), (x1, y[1])),
    ):
        b.box((*low, z - _TOP), (*high, z), stone)
    rings = [
        shapes.oval(
            ((x0 + x1) / 2, middle, z + lift),
            (x1 - x0) / 2 + grow,
            width / 2 + grow,
            power=8,
            segments=12,
        )
        for lift, grow in ((0.001, 0.012), (0.006, 0.0), (-0.15, -0.03))
    ]
    b.add(shapes.loft(rings, low=False, high=False), steel, item)
    base = rings[-1].copy()
    b.add(shapes.loft(np.stack([base - (0, 0, 0.002), base]), low=False), steel, item)
    tap(b, item, (x0 - 0.045, middle, z), 0.28)


def tap(b: Workbench, item: int, at: tuple[float, float, float], height: float) -> None:
    """A tap whose spout bends towards +x."""
    chrome = material("chrome" if b.style.metal == "brushed steel" else b.style.metal)
    x, y, z = at
    reach, bend = 0.6 * height, 0.35 * height
    path = [
        (x, y, z),
        (x, y, z + height - bend * 0.4),
        (x + reach * 0.3, y, z + height),
        (x + reach * 0.8, y, z + height),
        (x + reach, y, z + height - bend),
    ]
    b.tube((x, y, z), (x, y, z + 0.04), 0.024, chrome, item, segments=8)
    for a, c in pairwise(path):
        b.tube(a, c, 0.013, chrome, item, segments=6, caps=(False, c == path[-1]))
    b.tube(
        (x, y + 0.02, z + 0.05), (x + 0.02, y + 0.085, z + 0.075), 0.008, chrome, item, segments=5
    )


def _clutter(b: Workbench, d: float, y: tuple[float, float]) -> None:
    """Jars, a chopping board or a kettle at the back of a free stretch of worktop."""
    x, z = -d / 2 + 0.12, WORKTOP
    at = y[0] + 0.12
    while at < y[1] - 0.15:
        kind = b.pick(("jars", "board", "kettle", "none", "none"))
        if kind == "jars":
            item = b.instance("jars", "tableware")
            for k in range(3):
                r, h = 0.045, 0.12 + 0.035 * k
                glaze = b.paint("glazed sand")
                b.turned(
                    [(r, 0), (r, h), (r * 0.9, h)],
                    glaze,
                    item,
                    at=(x, at + 0.11 * k, z),
                    segments=9,
                )
                b.turned(
                    [(r * 0.95, h), (r * 0.95, h + 0.02), (0, h + 0.02)],
                    material(b.style.wood),
                    item,
                    at=(x, at + 0.11 * k, z),
                    segments=9,
                )
        elif kind == "board":
            T = shapes.turned_frame(0, (x - 0.06, at + 0.1, z), pitch=-0.15)
            b.soft(
                (0, -0.1, 0),
                (0.02, 0.1, 0.36),
                material(b.style.wood),
                b.instance("board", "tableware"),
                radius=0.008,
                T=T,
            )
        elif kind == "kettle":
            item = b.instance("kettle", "appliance")
            skin = b.pick((material("brushed steel"), b.paint()))
            b.turned(
                [(0.08, 0), (0.085, 0.02), (0.06, 0.19), (0.03, 0.215), (0, 0.225)],
                skin,
                item,
                at=(x, at, z),
                segments=12,
            )
            b.tube(
                (x + 0.07, at, z + 0.05),
                (x + 0.075, at, z + 0.19),
                0.012,
                material("plastic black"),
                item,
            )
        at += 0.55


def kitchen_counter(b: Workbench) -> None:
    """A run of base units; from 1.8 m on with sink, hob and oven in it."""
    d, w = b.depth(0.58, 0.65), b.width(0.4, 4.0)
    if w < 1.8:
        _base(b, d, w, kinds=())
        _worktop(b, d, (-w / 2, w / 2))
        _clutter(b, d, (-w / 2, w / 2))
        return
    count = max(3, round(w / 0.6))
    pitch = w / count
    hob, sink = (0, count - 1) if b.chance(0.5) else (count - 1, 0)
    kinds = [b.pick(("drawers", "door", "doors")) for _ in range(count)]
    kinds[hob], kinds[sink] = "oven", "doors"
    _base(b, d, w, kinds=tuple(kinds))
    spans = sorted(
        (-w / 2 + k * pitch, -w / 2 + (k + 1) * pitch) for k in range(count) if k != sink
    )
    _worktop(b, d, (spans[0][0], spans[-1][1]))
    _sink(b, d, (-w / 2 + sink * pitch, -w / 2 + (sink + 1) * pitch), min(0.5, pitch - 0.1))
    _hob(b, -w / 2 + (hob + 0.5) * pitch, min(0.56, pitch - 0.02))
    _clutter(b, d, (-w / 2 + pitch, w / 2 - pitch))


def sink_counter(b: Workbench) -> None:
    """A counter with a sink in its middle."""
    d, w = b.depth(0.58, 0.65), b.width(0.6, 2.4)
    _base(b, d, w, kinds=("doors",) if w < 0.9 else ())
    middle = min(w, 0.7)
    _sink(b, d, (-middle / 2, middle / 2), min(0.5, middle - 0.12))
    for y in ((-w / 2, -middle / 2), (middle / 2, w / 2)):
        if y[1] - y[0] > 0.01:
            _worktop(b, d, y)
            _clutter(b, d, y)


def hob_counter(b: Workbench) -> None:
    """A counter with a hob and an oven under it."""
    d, w = b.depth(0.58, 0.65), b.width(0.6, 2.4)
    count = max(1, round(w / 0.6))
    kinds = ["drawers"] * count
    kinds[count // 2] = "oven"
    _base(b, d, w, kinds=tuple(kinds))
    _worktop(b, d, (-w / 2, w / 2))
    y = -w / 2 + (count // 2 + 0.5) * w / count
    _hob(b, y, min(0.58, w / count - 0.02))


def kitchen_island(b: Workbench) -> None:
    """A free-standing counter; its worktop overhangs at the back for stools."""
    d, w = b.depth(0.8, 1.1), b.width(1.0, 2.4)
    body = d - 0.28
    front, wood = material(b.style.cabinet_front), material(b.style.wood)
    x0, x1 = -d / 2 + 0.25, d / 2 - 0.05
    b.box((x0, -w / 2 + 0.03, _KICK), (x1, w / 2 - 0.03, WORKTOP - _TOP), front, omit=("+z",))
    b.box(
        (x0 + 0.04, -w / 2 + 0.07, 0),
        (x1 - 0.04, w / 2 - 0.07, _KICK),
        material("plastic black"),
        omit=("-z", "+z"),
    )
    count = max(2, round(w / 0.6))
    pitch = (w - 0.06) / count
    for k in range(count):
        y = (-w / 2 + 0.03 + k * pitch, -w / 2 + 0.03 + (k + 1) * pitch)
        _unit(b, x1, y, front, b.pick(("drawers", "doors", "door")))
        b.box(
            (x0 - 0.012, y[0] + 0.02, _KICK + 0.03),
            (x0, y[1] - 0.02, WORKTOP - 0.09),
            wood,
            omit=("+x",),
        )
    b.soft(
        (-d / 2, -w / 2, WORKTOP - 0.04),
        (d / 2, w / 2, WORKTOP),
        material(b.style.countertop),
        radius=0.008,
    )
    if body > 0.5 and b.chance(0.5):
        item = b.instance("bowl", "tableware")
        b.turned(
            [(0.06, 0), (0.16, 0.07), (0.15, 0.07), (0, 0.02)],
            b.paint("glazed sand"),
            item,
            at=(0.05, 0.2, WORKTOP),
            segments=14,
        )


def wall_cabinet(b: Workbench) -> None:
    """Cupboards above the worktop: doors, perhaps an open bay with crockery."""
    d, w, height = b.depth(0.3, 0.38), b.width(0.4, 4.0), b.between(0.6, 0.75)
    front = material(b.style.cabinet_front)
    x, h = d - 0.045, height / 2
    count = max(1, round(w / 0.55))
    pitch, metal, panel = w / count, material(b.style.metal), _panel(b)
    open_bay = int(b.rng.integers(count)) if count > 2 and b.chance(0.6) else -1
    for k in range(count):
        y = (-w / 2 + k * pitch, -w / 2 + (k + 1) * pitch)
        if k == open_bay:
            _open_bay(b, x, y, h)
            continue
        b.box((0, y[0], -h), (x, y[1], h), front, omit=("-x", "+x"))
        b.mesh.quad(
            [(x, y[0], -h), (x, y[1], -h), (x, y[1], h), (x, y[0], h)], shadow(front.name), b.me
        )
        z = (-h, h)
        b.front(x, y, z, front, panel=panel)
        side = y[1] - 0.045 if k % 2 == 0 else y[0] + 0.045
        b.box(
            (x + 0.018, side - 0.006, -h + 0.05),
            (x + 0.045, side + 0.006, -h + 0.2),
            metal,
            omit=("-x",),
        )


def _open_bay(b: Workbench, x: float, y: tuple[float, float], h: float) -> None:
    wood, t = material(b.style.wood), 0.018
    b.box((0, y[0], -h), (0.01, y[1], h), wood, omit=("-x",))
    for side in (y[0], y[1] - t):
        b.box((0, side, -h), (x, side + t, h), wood, omit=("-x",))
    crockery = b.instance("crockery", "tableware")
    for z in (-h, 0.0, h - t):
        b.box((0, y[0] + t, z), (x, y[1] - t, z + t), wood, omit=("-x", "-y", "+y"))
        if z < h - t:
            for k in range(2):
                at = (x / 2, y[0] + (0.32 + 0.36 * k) * (y[1] - y[0]), z + t)
                profile = [
                    (0.04, 0),
                    (0.085, 0.03),
                    (0.09, 0.05 + 0.05 * k),
                    (0.08, 0.05 + 0.05 * k),
                    (0, 0.04),
                ]
                b.turned(profile, b.paint("ceramic"), crockery, at=at, segments=10)

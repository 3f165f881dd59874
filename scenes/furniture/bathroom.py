"""Toilet, bathtub, shower, wash basin, mirror, towels, radiator."""

from __future__ import annotations

import numpy as np

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.kitchen import tap
from navworld.scenes.furniture.workbench import Workbench, shadow
from navworld.scenes.materials import material

_TOWELS = ("terry white", "terry blue", "terry sand")


def toilet(b: Workbench) -> None:
    """Bowl, seat and lid, cistern with a button."""
    d, w = b.depth(0.62, 0.72), b.width(0.36, 0.42)
    white, chrome = material("ceramic"), material("chrome")
    x0 = -d / 2
    lid = b.pick((white, white, material(b.style.wood)))
    rings = []
    for z, front, half in (
        (0, 0.13, 0.11),
        (0.12, 0.15, 0.12),
        (0.28, 0.235, 0.16),
        (0.4, d / 2 - 0.005, w / 2 - 0.005),
    ):
        ring = shapes.oval((0, 0, z), 1, 1, segments=14, power=2.3)
        back = -0.12
        ring[:, 0] = np.where(ring[:, 0] > 0, ring[:, 0] * front, ring[:, 0] * -back * 1.3)
        ring[:, 1] *= half
        rings.append(ring)
    b.add(shapes.loft(np.stack(rings), low=False), white)
    top = rings[-1]
    seat = [
        np.add(top, (0, 0, 0.002)),
        top * (1, 1, 0) + (0, 0, 0.42),
        top * (0.94, 0.92, 0) + (0, 0, 0.432),
    ]
    b.add(shapes.loft(np.stack(seat), low=False), lid)
    b.box((x0, -w * 0.33, 0), (-0.1, w * 0.33, 0.38), white, omit=("-z",))
    b.soft((x0, -w / 2, 0.38), (x0 + 0.17, w / 2, 0.76), white, radius=0.03)
    b.soft((x0, -w / 2, 0.765), (x0 + 0.175, w / 2, 0.8), white, radius=0.012)
    b.tube((x0 + 0.085, 0, 0.8), (x0 + 0.085, 0, 0.808), 0.028, chrome, segments=10)


def bathtub(b: Workbench) -> None:
    """A tub: built in behind panels, or free-standing and oval; with a tap."""
    d, w, height = b.depth(0.7, 0.82), b.width(1.4, 1.85), b.between(0.54, 0.6)
    white = material("ceramic")
    free = b.chance(0.35)
    power, n = (2.8, 20) if free else (7.0, 20)
    rim = 0.045 if free else 0.07
    half, z = (d / 2 - rim, w / 2 - rim), height

    def ring(shrink: float, level: float) -> np.ndarray:
        return shapes.oval(
            (0, 0, level), half[0] - shrink, half[1] - shrink * 1.5, segments=n, power=power
        )

    inside = [ring(0.15, 0.12), ring(0.11, 0.16), ring(0.04, z - 0.1), ring(0, z)]
    b.add(_flipped(shapes.loft(np.stack(inside), high=False)), white)
    edge = shapes.oval((0, 0, z), d / 2, w / 2, segments=n, power=power if free else 40.0)
    b.add(shapes.loft(np.stack([edge, inside[-1]]), low=False, high=False), white)
    if free:
        outer = [edge * (0.72, 0.8, 0), edge * (0.8, 0.86, 0.2), edge * (0.97, 0.97, 0.85), edge]
        b.add(shapes.loft(np.stack(outer), low=False, high=False), b.pick((white, b.paint())))
    else:
        b.box(
            (-d / 2, -w / 2, 0),
            (d / 2, w / 2, z - 0.04),
            material(b.style.wall_bath),
            omit=("-z", "+z"),
        )
        b.add(shapes.loft(np.stack([edge - (0, 0, 0.05), edge]), low=False, high=False), white)
    tap(b, b.me, (-d / 2 + 0.035, 0.0, z), 0.16)


def _flipped(shape: shapes.Shape) -> shapes.Shape:
    """The same skin, seen from inside."""
    v, t, uv = shape
    return v, t[:, ::-1], uv[:, ::-1]


def shower(b: Workbench) -> None:
    """A tray, a light frame as of glass panes at two sides, rain shower and mixer at the back."""
    d, w, height = b.depth(0.75, 1.1), b.width(0.75, 1.3), b.between(1.95, 2.1)
    chrome, edge = material("chrome"), material("glass edge")
    b.soft((-d / 2, -w / 2, 0), (d / 2, w / 2, 0.05), material("ceramic"), radius=0.015)
    b.box(
        (-d / 2 + 0.07, -w / 2 + 0.07, 0.05),
        (d / 2 - 0.07, w / 2 - 0.07, 0.052),
        material("plastic grey"),
        omit=("-z",),
    )
    side = b.pick((-1, 1)) * (w / 2 - 0.012)
    x1, t = d / 2 - 0.012, 0.01
    posts = [(-d / 2 + t, side), (x1, side), (x1, side * 0.1), (x1, -side)]
    for x, y in posts:
        b.box((x - t, y - t, 0.05), (x + t, y + t, height), chrome, omit=("-z",))
    for z in (0.05, height - 0.02):
        b.box((-d / 2, side - t, z), (x1, side + t, z + 0.02), chrome)
        b.box((x1 - t, -w / 2 + 0.002, z), (x1 + t, w / 2 - 0.002, z + 0.02), chrome)
    for z in (0.95, 1.0):
        b.box((-d / 2 + t, side - 0.003, z), (x1, side + 0.003, z + 0.012), edge)
    b.tube((x1 + 0.0, side * 0.25, 0.9), (x1, side * 0.25, 1.2), 0.011, chrome)
    x = -d / 2 + 0.04
    b.tube((x, 0, 1.0), (x, 0, height - 0.06), 0.012, chrome)
    b.tube((x, 0, height - 0.06), (x + 0.3, 0, height - 0.04), 0.012, chrome)
    b.turned(
        [(0, 0), (0.1, 0), (0.1, 0.012), (0, 0.03)],
        chrome,
        at=(x + 0.3, 0, height - 0.08),
        segments=14,
    )
    b.tube((x, -0.11, 1.02), (x, 0.11, 1.02), 0.025, chrome, segments=8)


def bathroom_sink(b: Workbench) -> None:
    """A wash basin on a cabinet, its bowl let in or standing on top; tap, soap, cup."""
    d, w, height = b.depth(0.42, 0.52), b.width(0.5, 1.3), b.between(0.82, 0.88)
    front, metal = material(b.pick((b.style.cabinet_front, b.style.wood))), material(b.style.metal)
    item, x = b.me, d / 2 - 0.05
    cabinet = b.instance("vanity", "cabinet")
    low = b.pick((0.12, 0.3))
    b.box((-d / 2, -w / 2, low), (x, w / 2, height - 0.03), front, cabinet, omit=("+x",))
    b.mesh.quad(
        [(x, -w / 2, low), (x, w / 2, low), (x, w / 2, height - 0.03), (x, -w / 2, height - 0.03)],
        shadow(front.name),
        cabinet,
    )
    if low < 0.2:
        for y in (-w / 2 + 0.04, w / 2 - 0.04):
            for px in (-d / 2 + 0.04, x - 0.04):
                b.box(
                    (px - 0.02, y - 0.02, 0),
                    (px + 0.02, y + 0.02, low),
                    metal,
                    cabinet,
                    omit=("-z", "+z"),
                )
    doors = max(1, round(w / 0.45))
    for k in range(doors):
        span = (-w / 2 + k * w / doors, -w / 2 + (k + 1) * w / doors)
        b.front(
            x,
            span,
            (low, height - 0.032),
            front,
            panel=b.pick(("slab", "shaker")) if k == 0 else "slab",
            handle=metal,
            instance=cabinet,
        )
    stone = material(b.pick((b.style.countertop, "ceramic")))
    b.soft((-d / 2, -w / 2, height - 0.03), (d / 2, w / 2, height), stone, item, radius=0.006)
    _bowl(b, item, d, min(w, 0.62), height)


def _bowl(b: Workbench, item: int, d: float, w: float, z: float) -> None:
    white = material(b.pick(("ceramic", "ceramic", "glazed sand")))
    power, tall = b.pick((2.0, 5.0)), b.between(0.09, 0.13)
    rx, ry, x = d * 0.36, w * 0.38, 0.04
    rings = [
        shapes.oval((x, 0, z + level * tall), rx * grow, ry * grow, power=power, segments=16)
        for level, grow in ((0, 0.8), (0.5, 0.95), (1, 1), (1, 0.93), (0.3, 0.78))
    ]
    b.add(shapes.loft(np.stack(rings), low=False), white, item)
    tap(b, item, (-d / 2 + 0.045, 0, z), tall + 0.16)
    if w > 0.4:
        soap = b.instance("soap", "object")
        b.turned(
            [(0.03, 0), (0.032, 0.1), (0.01, 0.12), (0.01, 0.15), (0, 0.15)],
            b.paint("ceramic"),
            soap,
            at=(-d / 2 + 0.08, w * 0.42, z),
            segments=8,
        )


def mirror(b: Workbench) -> None:
    """A framed mirror on the wall: oblong or round. It shows a pale sky, not the room."""
    w = b.width(0.4, 1.2)
    glass, frame = material("mirror glass"), material(b.pick((b.style.metal, b.style.wood)))
    if b.chance(0.4) and w < 0.9:
        r = w / 2
        b.tube((0, 0, 0), (0.02, 0, 0), r, frame, segments=24, caps=(False, True))
        b.tube((0.02, 0, 0), (0.022, 0, 0), r - 0.015, glass, segments=24, caps=(False, True))
        return
    y, h, t = w / 2, b.between(0.35, 0.5), 0.025
    for low, high in (
        ((-y, -h), (-y + t, h)),
        ((y - t, -h), (y, h)),
        ((-y + t, -h), (y - t, -h + t)),
        ((-y + t, h - t), (y - t, h)),
    ):
        b.box((0, *low), (0.028, *high), frame, omit=("-x",))
    corners = [
        (0.012, -y + t, -h + t),
        (0.012, y - t, -h + t),
        (0.012, y - t, h - t),
        (0.012, -y + t, h - t),
    ]
    b.mesh.quad(corners, glass, b.me, tile=1.4)


def towel_rail(b: Workbench) -> None:
    """A bar with one or two towels folded over it."""
    w, metal = b.width(0.4, 0.8), material(b.style.metal)
    top = 0.3
    b.tube((0.06, -w / 2, top), (0.06, w / 2, top), 0.009, metal)
    for y in (-w / 2 + 0.015, w / 2 - 0.015):
        b.box((0, y - 0.015, top - 0.015), (0.06, y + 0.015, top + 0.012), metal, omit=("-x",))
    count = 2 if w > 0.55 else 1
    for k in range(count):
        cloth = material(b.pick(_TOWELS))
        y0 = -w / 2 + 0.04 + k * (w - 0.08) / count
        y1 = y0 + (w - 0.08) / count - 0.03
        drop = b.between(0.45, 0.6)
        b.soft((0.07, y0, top - drop), (0.095, y1, top + 0.015), cloth, radius=0.008)
        b.soft(
            (0.028, y0 + 0.01, top - drop * 0.8), (0.05, y1 - 0.01, top + 0.01), cloth, radius=0.008
        )
        b.box((0.045, y0, top + 0.003), (0.075, y1, top + 0.016), cloth, omit=("-z",))
        b.box(
            (0.095, y0, top - drop + 0.05),
            (0.0965, y1, top - drop + 0.075),
            material(b.style.fabric_b),
            omit=("-x",),
        )


def radiator(b: Workbench) -> None:
    """A column or a panel radiator with its valve."""
    w, h = b.width(0.4, 1.8), b.between(0.27, 0.33)
    white = material("painted white")
    if b.chance(0.5):
        count = max(4, round(w / 0.085))
        pitch = w / count
        for k in range(count):
            y = -w / 2 + (k + 0.5) * pitch
            b.soft((0.03, y - pitch * 0.38, -h), (0.12, y + pitch * 0.38, h), white, radius=0.014)
        for z in (-h + 0.05, h - 0.06):
            b.box((0.055, -w / 2 + 0.03, z), (0.09, w / 2 - 0.03, z + 0.025), white)
    else:
        b.soft((0.03, -w / 2, -h), (0.05, w / 2, h), white, radius=0.006)
        b.soft((0.08, -w / 2, -h), (0.1, w / 2, h), white, radius=0.006)
        b.box((0.03, -w / 2, h - 0.012), (0.1, w / 2, h + 0.004), white)
        for y in np.arange(-w / 2 + 0.04, w / 2 - 0.03, 0.1):
            b.box((0.1, y, -h + 0.04), (0.106, y + 0.05, h - 0.04), white, omit=("-x",))
    b.tube(
        (0.065, w / 2 - 0.02, -h - 0.06),
        (0.065, w / 2 - 0.02, -h + 0.01),
        0.008,
        material("chrome"),
    )
    b.box((0, -w * 0.3, 0.0), (0.04, -w * 0.3 + 0.03, 0.05), white, omit=("-x",))
    b.box((0, w * 0.3 - 0.03, 0.0), (0.04, w * 0.3, 0.05), white, omit=("-x",))

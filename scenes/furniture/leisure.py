"""Piano, fireplace, fitness equipment, toys."""

from __future__ import annotations

import numpy as np

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.workbench import PAINTS, Workbench, painted
from navworld.scenes.materials import material


def piano(b: Workbench) -> None:
    """An upright piano with its stool in front."""
    w, height = b.width(1.42, 1.55), b.between(1.08, 1.25)
    skin = material(b.pick((b.style.wood_dark, "mahogany", "painted charcoal", "walnut")))
    x0, body = -0.48, 0.32
    b.soft((x0, -w / 2, 0.08), (x0 + body, w / 2, height - 0.03), skin, radius=0.01)
    b.soft((x0, -w / 2 - 0.0, height - 0.03), (x0 + body + 0.02, w / 2, height), skin, radius=0.01)
    low, high = (x0 + body, -w / 2 + 0.1, 0.15), (x0 + body + 0.008, w / 2 - 0.1, 0.55)
    b.box(low, high, skin, omit=("-x",))
    key = x0 + body
    b.soft((key - 0.01, -w / 2, 0.6), (key + 0.26, w / 2, 0.68), skin, radius=0.012)
    for y in (-w / 2, w / 2 - 0.06):
        b.box((key, y, 0), (key + 0.05, y + 0.06, 0.6), skin, omit=("-x", "+z"))
        b.box((key + 0.18, y, 0), (key + 0.24, y + 0.06, 0.6), skin, omit=("-z", "+z"))
        b.box((key, y, 0.68), (key + 0.22, y + 0.06, 0.75), skin, omit=("-x", "-z"))
        b.box((x0, y, 0), (key, y + 0.06, 0.08), skin, omit=("-z",))
    y = w / 2 - 0.09
    b.box((key, -y, 0.68), (key + 0.17, y, 0.7), material("ceramic"), omit=("-x", "-z"))
    for k in range(34):
        if k % 5 in (0, 1, 2, 4) and k % 7 != 3:
            at = -y + (k + 0.8) * 2 * y / 35
            b.box(
                (key, at - 0.008, 0.7),
                (key + 0.1, at + 0.008, 0.71),
                material("enamel black"),
                omit=("-x", "-z"),
            )
    b.box((key, -0.35, 0.8), (key + 0.03, 0.35, 1.0), skin, omit=("-x",))
    for k in range(3):
        b.box(
            (key, -0.1 + 0.08 * k, 0.05),
            (key + 0.1, -0.06 + 0.08 * k, 0.07),
            material("brass"),
            omit=("-x",),
        )
    stool = b.instance("piano stool", "stool")
    for x in (key + 0.37, key + 0.61):
        for side in (-0.22, 0.22):
            b.box(
                (x - 0.02, side - 0.02, 0),
                (x + 0.02, side + 0.02, 0.44),
                skin,
                stool,
                omit=("-z", "+z"),
            )
    b.soft(
        (key + 0.33, -0.27, 0.42),
        (key + 0.64, 0.27, 0.5),
        material(b.style.leather),
        stool,
        radius=0.025,
    )


def fireplace(b: Workbench) -> None:
    """A mantelpiece around a hearth with logs and embers."""
    d, w, height = b.depth(0.32, 0.45), b.width(1.1, 1.6), b.between(1.05, 1.25)
    stone = material(
        b.pick(
            ("marble white", "masonry", "brick red", "painted white", "brick white", "marble green")
        )
    )
    x0, x1, y = -d / 2, d / 2 - 0.06, w / 2
    mouth, top = 0.36 * w, 0.62 * height
    soot = material("enamel black")
    for low, high in (
        ((-y + 0.06, 0), (-mouth, height - 0.06)),
        ((mouth, 0), (y - 0.06, height - 0.06)),
        ((-mouth, top), (mouth, height - 0.06)),
    ):
        b.box(
            (x0, *low), (x1, *high), stone, omit=("-x", "-z") if low[1] == 0 else ("-x", "-y", "+y")
        )
    b.box((x0, -mouth, 0.0), (x0 + 0.01, mouth, top), soot, omit=("-x",))
    for side in (-mouth, mouth - 0.012):
        b.box((x0, side, 0), (x1 - 0.03, side + 0.012, top), soot, omit=("-x",))
    b.soft(
        (x0, -y, height - 0.06),
        (d / 2, y, height),
        material(b.pick((b.style.wood, "marble white", "painted white"))),
        radius=0.012,
    )
    b.box(
        (x0, -y, 0),
        (d / 2, y, 0.03),
        material(b.pick(("slate tiles", "marble black"))),
        omit=("-z", "-x"),
    )
    for side in (-1, 1):
        at = side * (mouth + (y - 0.06 - mouth) / 2)
        b.box((x1, at - 0.07, 0.1), (x1 + 0.02, at + 0.07, height - 0.16), stone, omit=("-x",))
    for k in range(4):
        z, lean = 0.075 + 0.075 * (k // 3), 0.08 * (k % 3 - 1)
        b.tube(
            (x0 + 0.12 + 0.05 * (k % 3), -0.24, z),
            (x0 + 0.14 + lean, 0.24, z + 0.02),
            0.04,
            material("bark"),
            segments=7,
        )
    for k in range(5):
        s = 0.03 + 0.02 * (k % 3)
        place = (x0 + 0.14 + 0.02 * (k % 2), -0.18 + 0.09 * k, 0.09)
        b.turned(
            [(s, 0), (s * 0.7, 0.06), (0, 0.1 + 0.05 * (k % 2))],
            material("embers"),
            at=place,
            segments=5,
        )


def fitness_equipment(b: Workbench) -> None:
    """An exercise bicycle, a weight bench, or a mat with dumb-bells and a ball."""
    b.pick((_bicycle, _weights, _mat))(b)


def _bicycle(b: Workbench) -> None:
    black, steel, paint = material("plastic black"), material("brushed steel"), b.paint()
    for x in (-0.45, 0.45):
        b.box((x - 0.03, -0.25, 0), (x + 0.03, 0.25, 0.05), black, omit=("-z",))
    b.tube((-0.45, 0, 0.05), (0.4, 0, 0.22), 0.035, paint)
    b.tube((0.45, 0, 0.05), (0.3, 0, 0.22), 0.035, paint)
    b.tube((-0.02, 0, 0.2), (-0.18, 0, 0.78), 0.03, paint)
    b.tube((0.25, 0, 0.2), (0.32, 0, 1.05), 0.03, paint)
    b.tube((0.3, -0.03, 0.34), (0.3, 0.03, 0.34), 0.24, black, segments=18)
    b.tube((0.3, -0.035, 0.34), (0.3, 0.035, 0.34), 0.15, steel, segments=14)
    b.soft((-0.32, -0.1, 0.78), (-0.06, 0.1, 0.85), black, radius=0.03, steps=2)
    b.tube((0.3, -0.24, 1.08), (0.3, 0.24, 1.08), 0.016, black)
    for y in (-0.24, 0.24):
        b.tube((0.3, y, 1.08), (0.14, y, 1.12), 0.02, black)
    b.box((0.32, -0.1, 1.1), (0.35, 0.1, 1.24), material("screen"))
    for side in (-1, 1):
        y0, y1 = sorted((side * 0.1, side * 0.2))
        x, z = 0.06 * side, 0.26 + 0.1 * side
        b.box((0.3 + x - 0.05, y0, z), (0.3 + x + 0.05, y1, z + 0.02), black)


def _weights(b: Workbench) -> None:
    black, steel = material("plastic black"), material("brushed steel")
    b.soft((-0.55, -0.14, 0.42), (0.5, 0.14, 0.5), material("leather black"), radius=0.03)
    for x in (-0.45, 0.4):
        b.box((x - 0.03, -0.22, 0), (x + 0.03, 0.22, 0.05), steel, omit=("-z",))
        b.box((x - 0.025, -0.025, 0.05), (x + 0.025, 0.025, 0.42), steel, omit=("-z", "+z"))
    b.box((-0.45, -0.02, 0.2), (0.4, 0.02, 0.25), steel)
    for y in (-0.3, 0.3):
        b.box((-0.48, y - 0.02, 0), (-0.44, y + 0.02, 0.95), steel, omit=("-z",))
    b.tube((-0.42, -0.62, 0.95), (-0.42, 0.62, 0.95), 0.014, steel)
    disc = b.paint()
    for side in (-1, 1):
        for k, r in enumerate((0.19, 0.14)):
            y = side * (0.46 + 0.05 * k)
            b.tube(
                (-0.42, y - 0.018, 0.95),
                (-0.42, y + 0.018, 0.95),
                r,
                disc if k else black,
                segments=16,
            )


def _mat(b: Workbench) -> None:
    b.soft((-0.85, -0.3, 0), (0.85, 0.3, 0.012), b.paint("linen white"), radius=0.004)
    steel, black = material("brushed steel"), material("rubber")
    for x in (-0.55, -0.38):
        b.tube((x, 0.05, 0.06), (x, 0.22, 0.06), 0.014, steel)
        for y in (0.05, 0.22):
            b.tube((x, y - 0.03, 0.06), (x, y + 0.03, 0.06), 0.05, black, segments=6)
    _ball(b, b.instance("gym ball", "ball"), (0.45, 0.0, 0.012), 0.27)


def _ball(b: Workbench, item: int, at: tuple[float, float, float], r: float) -> None:
    arc = np.linspace(-np.pi / 2, np.pi / 2, 8)
    profile = np.column_stack([np.abs(r * np.cos(arc)), r + r * np.sin(arc)])
    profile[[0, -1], 0] = 0
    a, c = b.pick(PAINTS), b.pick(PAINTS)
    b.turned(profile[:4], painted("ceramic", a), item, at=at, segments=12)
    b.turned(profile[3:5], painted("ceramic", c), item, at=at, segments=12)
    b.turned(profile[4:], painted("ceramic", a), item, at=at, segments=12)


def toys(b: Workbench) -> None:
    """Blocks, a ball, a little train and a stacking ring, spread over the floor."""
    for _ in range(int(b.rng.integers(4, 8))):
        s = b.between(0.04, 0.08)
        at = (float(b.rng.uniform(-0.25, 0.05)), float(b.rng.uniform(-0.3, 0.3)), 0.0)
        T = shapes.turned_frame(float(b.rng.uniform(0, 1.5)), at)
        b.box((-s, -s, 0), (s, s, 2 * s), b.paint(), omit=("-z",), T=T)
    _ball(b, b.instance("ball", "ball"), (0.17, -0.22, 0), b.between(0.07, 0.11))
    train = b.instance("train", "toy")
    black = material("plastic black")
    for k in range(3):
        y = -0.02 + 0.15 * k
        b.box((0.14, y, 0.03), (0.22, y + 0.12, 0.1 + (0.05 if k == 0 else 0)), b.paint(), train)
        for dy in (0.03, 0.09):
            b.tube((0.13, y + dy, 0.025), (0.23, y + dy, 0.025), 0.025, black, train, segments=8)
    ring = b.instance("rings", "toy")
    for k in range(4):
        r = 0.09 - 0.017 * k
        b.turned(
            [(r * 0.8, 0), (r, 0.02), (r * 0.8, 0.04), (0, 0.04)],
            b.paint(),
            ring,
            at=(-0.2, 0.2, 0.04 * k),
            segments=10,
        )

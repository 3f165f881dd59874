"""Fridge, oven, microwave, dishwasher, washing machine, extractor hood."""

from __future__ import annotations

import numpy as np

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.kitchen import WORKTOP, oven_front
from navworld.scenes.furniture.workbench import Workbench
from navworld.scenes.materials import material
from navworld.world.scene import Material


def fridge(b: Workbench) -> None:
    """Two doors, one above the other, with bar handles and perhaps notes held by magnets."""
    d, w, height = b.depth(0.6, 0.7), b.width(0.55, 0.75), b.between(1.6, 1.95)
    skin = b.pick(
        (material("brushed steel"), material("painted white"), material("painted white"), b.paint())
    )
    x = d / 2 - 0.06
    b.box((-d / 2, -w / 2, 0.03), (x, w / 2, height), skin, omit=("-z",))
    b.box(
        (-d / 2 + 0.03, -w / 2 + 0.02, 0),
        (x - 0.03, w / 2 - 0.02, 0.03),
        material("plastic black"),
        omit=("-z",),
    )
    split = b.between(0.55, 0.75)
    side = b.pick((-1, 1))
    for z0, z1 in ((0.05, split), (split + 0.01, height)):
        b.soft((x + 0.006, -w / 2, z0), (d / 2 - 0.015, w / 2, z1), skin, radius=0.02)
    y = side * (w / 2 - 0.05)
    for z0, z1 in ((split - 0.3, split - 0.06), (split + 0.08, split + 0.5)):
        b.box(
            (d / 2 - 0.016, y - 0.012, z0), (d / 2, y + 0.012, z1), material("chrome"), omit=("-x",)
        )
    for _ in range(int(b.rng.integers(0, 4))):
        y0, z0 = (
            float(b.rng.uniform(-w / 2 + 0.08, w / 2 - 0.2)),
            float(b.rng.uniform(split + 0.2, height - 0.2)),
        )
        s = d / 2 - 0.014
        note = b.paint("paper")
        b.mesh.quad(
            [(s, y0, z0), (s, y0 + 0.1, z0), (s, y0 + 0.1, z0 + 0.13), (s, y0, z0 + 0.13)],
            note,
            b.me,
        )


def oven(b: Workbench) -> None:
    """A free-standing cooker: oven below, hob on top."""
    d, w = b.depth(0.58, 0.65), b.width(0.5, 0.9)
    steel, black = material("brushed steel"), material("enamel black")
    x = d / 2 - 0.06
    b.box((-d / 2, -w / 2, 0.03), (x, w / 2, WORKTOP - 0.01), steel, omit=("-z",))
    b.box((-d / 2, -w / 2, WORKTOP - 0.01), (x + 0.02, w / 2, WORKTOP), black, omit=("-z",))
    oven_front(b, b.me, x, (-w / 2, w / 2), (0.05, WORKTOP - 0.012))
    hob = b.instance("hob", "hob")
    for px in (-0.14, 0.1):
        for py in (-0.25, 0.25):
            b.turned(
                [(0.085, 0), (0.085, 0.012), (0, 0.012)],
                steel,
                hob,
                at=(px, py * w, WORKTOP),
                segments=12,
            )
    b.box((-d / 2, -w / 2, WORKTOP), (-d / 2 + 0.02, w / 2, WORKTOP + 0.07), steel, omit=("-z",))


def microwave(b: Workbench) -> None:
    """A small oven to stand on a counter."""
    d, w, height = b.depth(0.32, 0.4), b.width(0.44, 0.52), b.between(0.26, 0.3)
    skin, black = (
        b.pick((material("painted white"), material("brushed steel"), material("plastic black"))),
        material("enamel black"),
    )
    b.soft((-d / 2, -w / 2, 0.01), (d / 2 - 0.02, w / 2, height), skin, radius=0.012)
    b.box(
        (-d / 2 + 0.02, -w / 2 + 0.02, 0),
        (d / 2 - 0.05, w / 2 - 0.02, 0.012),
        black,
        omit=("-z", "+z"),
    )
    x = d / 2 - 0.02
    b.box((x, -w / 2 + 0.02, 0.03), (x + 0.006, w / 2 - 0.12, height - 0.02), black, omit=("-x",))
    b.box(
        (x, w / 2 - 0.105, height - 0.07),
        (x + 0.004, w / 2 - 0.02, height - 0.035),
        material("screen"),
        omit=("-x",),
    )
    for k in range(3):
        z = 0.05 + 0.045 * k
        b.box(
            (x, w / 2 - 0.1, z),
            (x + 0.006, w / 2 - 0.025, z + 0.025),
            material("plastic grey"),
            omit=("-x",),
        )
    b.box(
        (x + 0.006, w / 2 - 0.14, 0.05),
        (x + 0.02, w / 2 - 0.125, height - 0.04),
        material("chrome"),
        omit=("-x",),
    )


def dishwasher(b: Workbench) -> None:
    """A machine front under a piece of worktop."""
    d, w = b.depth(0.58, 0.65), b.width(0.45, 0.62)
    skin = material(b.pick(("brushed steel", "painted white")))
    x = d / 2 - 0.04
    b.box((-d / 2, -w / 2, 0.1), (x - 0.02, w / 2, WORKTOP - 0.035), skin, omit=("+z",))
    b.box(
        (-d / 2 + 0.02, -w / 2 + 0.01, 0),
        (x - 0.06, w / 2 - 0.01, 0.1),
        material("plastic black"),
        omit=("-z", "+z"),
    )
    b.soft((x - 0.02, -w / 2 + 0.004, 0.11), (x, w / 2 - 0.004, WORKTOP - 0.15), skin, radius=0.006)
    b.box(
        (x - 0.02, -w / 2 + 0.004, WORKTOP - 0.145),
        (x, w / 2 - 0.004, WORKTOP - 0.04),
        skin,
        omit=("-x",),
    )
    b.box(
        (x, -0.06, WORKTOP - 0.11),
        (x + 0.002, 0.06, WORKTOP - 0.075),
        material("screen"),
        omit=("-x",),
    )
    z = WORKTOP - 0.19
    b.tube((x + 0.03, -w * 0.38, z), (x + 0.03, w * 0.38, z), 0.009, material("chrome"))
    for y in (-w * 0.36, w * 0.36):
        b.box(
            (x, y - 0.008, z - 0.008),
            (x + 0.03, y + 0.008, z + 0.008),
            material("chrome"),
            omit=("-x", "+x"),
        )
    b.soft(
        (-d / 2, -w / 2, WORKTOP - 0.035),
        (d / 2, w / 2, WORKTOP),
        material(b.style.countertop),
        radius=0.006,
    )


def washing_machine(b: Workbench) -> None:
    """A front loader: round door, drawer, dial."""
    d, w, height = b.depth(0.55, 0.64), b.width(0.58, 0.62), 0.85
    white = material(b.pick(("painted white", "painted white", "brushed steel")))
    grey, chrome = material("plastic grey"), material("chrome")
    x = d / 2 - 0.05
    b.soft((-d / 2, -w / 2, 0.02), (x, w / 2, height), white, radius=0.015)
    b.box(
        (-d / 2 + 0.04, -w / 2 + 0.04, 0),
        (x - 0.04, w / 2 - 0.04, 0.03),
        material("plastic black"),
        omit=("-z", "+z"),
    )
    z = 0.44
    _disc(b, x, z, 0.2, 0.025, chrome)
    _disc(b, x + 0.02, z, 0.155, 0.02, material("enamel black"))
    b.box((x + 0.025, 0.14, z - 0.06), (x + 0.045, 0.175, z + 0.06), chrome, omit=("-x",))
    b.box(
        (x, -w / 2 + 0.02, height - 0.14),
        (x + 0.006, -w / 2 + 0.2, height - 0.03),
        grey,
        omit=("-x",),
    )
    b.tube((x, 0.05, height - 0.085), (x + 0.03, 0.05, height - 0.085), 0.03, chrome, segments=10)
    b.box(
        (x, 0.13, height - 0.11),
        (x + 0.003, w / 2 - 0.03, height - 0.05),
        material("screen"),
        omit=("-x",),
    )
    b.box((x, -w / 2 + 0.03, 0.04), (x + 0.004, -w / 2 + 0.2, 0.13), grey, omit=("-x",))


def _disc(b: Workbench, x: float, z: float, radius: float, thick: float, skin: Material) -> None:
    b.tube(
        (x - 0.001, 0, z),
        (x + thick, 0, z),
        radius,
        skin,
        end_radius=radius * 0.9,
        segments=18,
        caps=(False, True),
    )


def kitchen_hood(b: Workbench) -> None:
    """An extractor on the wall: a canopy and a chimney."""
    d, w = b.depth(0.4, 0.5), b.width(0.55, 0.9)
    steel = material(b.pick(("brushed steel", "brushed steel", b.style.metal, "plastic black")))
    low, mid, high = -0.45, -0.2, 0.45
    ring = np.array([(0, -1), (1, -1), (1, 1), (0, 1)], float)
    rings = [
        np.column_stack([ring[:, 0] * sx * d, ring[:, 1] * sy * w / 2, np.full(4, z)])
        for sx, sy, z in ((1, 1, low), (1, 1, low + 0.06), (0.62, 0.36, mid), (0.62, 0.36, high))
    ]
    b.add(shapes.loft(np.stack(rings)), steel)
    b.box(
        (0.05, -w / 2 + 0.06, low - 0.004),
        (d - 0.05, w / 2 - 0.06, low),
        material("plastic grey"),
        omit=("+z",),
    )
    for k in range(4):
        y = -0.06 + 0.04 * k
        b.box(
            (d, y - 0.01, low + 0.02),
            (d + 0.004, y + 0.01, low + 0.04),
            material("plastic black"),
            omit=("-x",),
        )

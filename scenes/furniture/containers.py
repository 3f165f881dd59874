"""Boxes, baskets, bins, shoes and coats."""

from __future__ import annotations

import numpy as np

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.workbench import Workbench
from navworld.scenes.materials import material


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
            b.box(
                (x - 0.02, -w / 2 + 0.02, z - 0.015),
                (x + 0.02, w / 2 - 0.02, z),
                wood,
                omit=("-y", "+y"),
            )
        for k in range(int(w / 0.25)):
            if k == 0 or b.chance(0.7):
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
    cover = material(
        b.pick(("cardboard", "cardboard", b.style.fabric_a, b.style.wood, b.style.fabric_c))
    )
    b.box((-d / 2, -w / 2, 0), (d / 2, w / 2, height - 0.03), cover, omit=("-z",))
    if cover.name == "cardboard":
        b.box((-d / 2, -w / 2, height - 0.03), (d / 2, w / 2, height - 0.004), cover)
        b.box((-0.025, -w / 2, height - 0.02), (0.025, w / 2, height), material("glazed sand"))
    else:
        b.soft((-d / 2, -w / 2, height - 0.05), (d / 2, w / 2, height), cover, radius=0.012)
        b.box(
            (d / 2 - 0.02, -0.05, height * 0.5),
            (d / 2, 0.05, height * 0.5 + 0.03),
            material(b.style.metal),
        )


def basket(b: Workbench) -> None:
    """A round wicker basket, empty or with blankets."""
    r, height = b.width(0.3, 0.5) / 2, b.between(0.25, 0.48)
    cane = material(b.pick(("wicker", "wicker white", "sisal")))
    profile = [
        (0, 0),
        (0.8 * r, 0),
        (0.96 * r, 0.5 * height),
        (r, height),
        (0.92 * r, height),
        (0.85 * r, 0.6 * height),
    ]
    b.turned([*profile, (0, 0.55 * height)], cane, segments=14)
    if b.chance(0.6):
        cloth = material(b.pick((b.style.fabric_b, b.style.fabric_c)))
        b.add(
            shapes.pillow((1.3 * r, 1.3 * r, 0.3 * height)),
            cloth,
            b.instance("blanket", "cushion"),
            at=(0, 0, 0.83 * height),
        )


def bin_(b: Workbench) -> None:
    """A waste bin: open and tapering, or with a lid and a pedal."""
    r, height = b.width(0.22, 0.32) / 2, b.between(0.28, 0.6)
    skin = b.pick((material(b.style.metal), b.paint(), material("plastic grey")))
    if b.chance(0.5):
        profile = [
            (0, 0),
            (0.8 * r, 0),
            (r, height),
            (0.95 * r, height),
            (0.78 * r, 0.05),
            (0, 0.05),
        ]
        b.turned(profile, skin, segments=14)
        return
    profile = [
        (0, 0),
        (r * 0.93, 0),
        (r * 0.93, height * 0.86),
        (r * 0.97, height * 0.86),
        (r * 0.97, height * 0.9),
    ]
    b.turned([*profile, (r * 0.7, height), (0, height)], skin, segments=14)
    b.box((r * 0.8, -0.04, 0.01), (r, 0.04, 0.025), material("plastic black"))


def coat_rack(b: Workbench) -> None:
    """A stand with coats on it."""
    height, wood = (
        b.between(1.65, 1.8),
        material(b.pick((b.style.wood, b.style.wood_dark, b.style.metal))),
    )
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
        b.tube(
            (0.02, y, top - 0.07), (0.08, y, top - 0.05), 0.008, material(b.style.metal), segments=5
        )
        if k == count // 2 or b.chance(0.5):
            _coat(b, clothes, (0.11, y, top - 0.07), np.pi / 2)


def _coat(b: Workbench, item: int, at: tuple[float, float, float], yaw: float) -> None:
    cloth = b.pick(
        (
            material("denim"),
            material("wool charcoal"),
            b.paint("linen white"),
            material("tweed brown"),
        )
    )
    length, c, s = float(b.rng.uniform(0.65, 0.95)), np.cos(yaw), np.sin(yaw)
    turn = np.array([[-s, c, 0], [c, s, 0], [0, 0, 1]])
    rings = []
    for part, wide, deep in (
        (0, 0.2, 0.085),
        (0.45, 0.15, 0.07),
        (0.9, 0.19, 0.06),
        (0.97, 0.07, 0.05),
        (1.0, 0.05, 0.04),
    ):
        ring = shapes.oval((0, 0, 0), wide, deep, segments=9)
        ring[:, 1] *= 1 + 0.3 * np.sin(np.arange(9) * 2.1) * (1 - part)
        rings.append(np.add((ring @ turn)[::-1], (at[0], at[1], at[2] - length * (1 - part))))
    for side in (-1, 1):
        shoulder = np.array([side * 0.17, 0, -0.12 * length]) @ turn + at
        cuff = np.array([side * 0.2, 0.03, -0.75 * length]) @ turn + at
        b.tube(shoulder, cuff, 0.05, cloth, item, end_radius=0.04, caps=(False, True))
    b.add(shapes.loft(rings, high=False), cloth, item)

"""Lamps. A lit shade shines by itself; `lamp` tells where the bulb is."""

from __future__ import annotations

import numpy as np

from navworld.scenes.furniture.workbench import Workbench
from navworld.scenes.materials import material, tinted

_GLOWS = ((0.99, 0.94, 0.83), (0.98, 0.90, 0.74), (0.95, 0.93, 0.88))


def _shade(b: Workbench, z: float, low: float, high: float, tall: float) -> None:
    """A cloth shade from radius `low` at z to `high` at z + tall, open above and below."""
    glow = tinted(material("lampshade"), b.pick(_GLOWS))
    b.turned([(low, z), (high, z + tall)], glow, segments=16)
    b.turned([(low * 1.01, z), (low * 1.01, z + 0.012)], material(b.style.metal), segments=16)
    b.turned(
        [(high * 1.015, z + tall - 0.012), (high * 1.01, z + tall)],
        material(b.style.metal),
        segments=16,
    )


def floor_lamp(b: Workbench) -> None:
    """A lamp with a drum shade on a pole, a tripod, or an arc."""
    height, metal = b.between(1.45, 1.75), material(b.style.metal)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    r, kind = b.between(0.17, 0.24), b.pick(("pole", "tripod", "globe"))
    if kind == "tripod":
        for k in range(3):
            angle = 2 * np.pi * k / 3
            foot = (0.26 * np.cos(angle), 0.26 * np.sin(angle), 0)
            b.tube(
                foot,
                (0.03 * np.cos(angle), 0.03 * np.sin(angle), height - 0.35),
                0.013,
                wood,
                end_radius=0.017,
            )
        b.turned(
            [(0, height - 0.37), (0.05, height - 0.37), (0.05, height - 0.33), (0, height - 0.33)],
            metal,
        )
    else:
        b.turned(
            [(0.15, 0), (0.15, 0.015), (0.02, 0.035), (0.013, 0.1), (0.013, height - 0.2)],
            metal,
            segments=14,
        )
    if kind == "globe":
        arc = np.linspace(-np.pi / 2, np.pi / 2, 7)
        ball = np.column_stack([0.14 * np.cos(arc), height - 0.14 + 0.14 * np.sin(arc)])
        b.turned(np.abs(ball), material("frosted glass"), segments=14)
        b.lamp = (0.0, 0.0, height - 0.14)
        return
    _shade(b, height - 0.3, r, r * b.pick((0.7, 0.85, 1.0)), 0.3)
    b.turned(
        [(0, height - 0.2), (0.035, height - 0.15), (0, height - 0.1)], material("bulb"), segments=8
    )
    b.lamp = (0.0, 0.0, height - 0.15)


def table_lamp(b: Workbench) -> None:
    """A lamp with a ceramic, wooden or metal foot."""
    height, r = b.between(0.38, 0.58), b.between(0.1, 0.15)
    foot = b.pick(
        (
            material("glazed blue"),
            material("glazed sand"),
            material("terracotta"),
            material(b.style.metal),
            b.paint("ceramic"),
        )
    )
    shapes = (
        [(0.5, 0), (1.0, 0.25), (0.9, 0.6), (0.25, 0.95), (0.2, 1)],
        [(0.9, 0), (0.9, 0.06), (0.15, 0.14), (0.12, 1)],
        [(0.7, 0), (0.45, 0.3), (0.8, 0.6), (0.2, 0.9), (0.2, 1)],
    )
    body = height - 0.2
    b.turned(np.array([(0, 0), *b.pick(shapes)]) * (0.75 * r, body), foot, segments=12)
    _shade(b, height - 0.2, r, r * b.pick((0.6, 0.8, 1.0)), 0.2)
    b.turned([(0, body), (0.03, body + 0.05), (0, body + 0.1)], material("bulb"), segments=8)
    b.lamp = (0.0, 0.0, height - 0.1)


def ceiling_lamp(b: Workbench) -> None:
    """A flat lamp under the ceiling: a disc, a square or a bar of spots."""
    kind, metal = b.pick(("disc", "disc", "square", "spots")), material(b.style.metal)
    glass = material("frosted glass")
    r = b.between(0.16, 0.26)
    if kind == "disc":
        b.turned([(0, -0.09), (0.8 * r, -0.08), (r, -0.03)], glass, segments=16)
        b.turned([(r, -0.035), (r * 1.03, -0.02), (r * 1.03, 0)], metal, segments=16)
        b.lamp = (0.0, 0.0, -0.14)
    elif kind == "square":
        b.box((-r, -r, -0.02), (r, r, 0), metal, omit=("+z",))
        b.soft((-r * 0.92, -r * 0.92, -0.08), (r * 0.92, r * 0.92, -0.02), glass, radius=0.02)
        b.lamp = (0.0, 0.0, -0.13)
    else:
        b.box((-0.03, -0.35, -0.025), (0.03, 0.35, 0), metal, omit=("+z",))
        for y in (-0.27, 0.0, 0.27):
            b.turned([(0.045, -0.13), (0.04, -0.04), (0, -0.03)], metal, at=(0, y, 0), segments=10)
            b.turned([(0, -0.125), (0.043, -0.12)], material("bulb"), at=(0, y, 0), segments=10)
        b.lamp = (0.0, 0.0, -0.18)


def pendant_lamp(b: Workbench) -> None:
    """A lamp on a cord: dome, globe, drum or wicker cone."""
    drop, r = b.between(0.6, 0.9), b.between(0.16, 0.26)
    kind = b.pick(("dome", "globe", "drum", "cone"))
    skin = b.pick(
        (material(b.style.metal), b.paint(), material("plastic black"), material("wicker"))
    )
    b.turned([(0.05, -0.03), (0.05, 0)], material(b.style.metal), segments=10)
    b.turned([(0, -0.03), (0.05, -0.03)], material(b.style.metal), segments=10)
    low = -drop
    top = low + (1.7 * r if kind == "globe" else 0.24)
    b.tube(
        (0, 0, top - 0.01),
        (0, 0, -0.02),
        0.004,
        material("rubber"),
        segments=4,
        caps=(False, False),
    )
    if kind == "globe":
        arc = np.linspace(-np.pi / 2, np.pi / 2, 8)
        ball = np.column_stack([np.abs(0.85 * r * np.cos(arc)), low + 0.85 * r * (1 + np.sin(arc))])
        ball[[0, -1], 0] = 0
        b.turned(ball, material("frosted glass"), segments=14)
        b.lamp = (0.0, 0.0, low - 0.05)
        return
    if kind == "drum":
        _shade(b, low, r, r, 0.24)
        b.box(
            (-r * 0.9, -0.004, top - 0.02), (r * 0.9, 0.004, top - 0.012), material(b.style.metal)
        )
    else:
        profile = [(r, low), (0.93 * r, low + 0.09), (0.6 * r, low + 0.18), (0.12 * r, top)]
        if kind == "cone":
            profile = [(r, low), (0.12 * r, top)]
        b.turned(profile, skin, segments=16)
        inner = [(p * 0.95, z - 0.006) for p, z in reversed(profile)]
        b.turned(inner, material("bulb"), segments=16)
    b.turned([(0, low + 0.06), (0.04, low + 0.1), (0, low + 0.15)], material("bulb"), segments=8)
    b.lamp = (0.0, 0.0, low + 0.02)

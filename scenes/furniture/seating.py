"""Sofas, armchairs, chairs, stools and benches."""

from __future__ import annotations

import numpy as np

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.workbench import Workbench
from navworld.scenes.materials import material
from navworld.world.scene import Material


def _upholstery(b: Workbench) -> Material:
    style = b.style
    return material(b.pick((style.fabric_a, style.fabric_a, style.fabric_b, style.leather)))


def _couch(b: Workbench, d: float, w: float, seats: int, cloth: Material, arm: float) -> None:
    """Base, arms, seat and back cushions between y = −w/2 and w/2."""
    wood = material(b.style.wood_dark if b.chance(0.5) else b.style.wood)
    foot = b.pick((0.05, 0.12, 0.16))
    seat, back = b.between(0.40, 0.46), b.between(0.76, 0.9)
    top = seat - 0.13
    kind = "square" if foot < 0.1 else b.pick(("tapered", "square"))
    b.legs((d / 2 - 0.03, w / 2 - 0.03), foot, wood, kind=kind, thickness=0.05)
    b.soft((-d / 2, -w / 2, foot), (d / 2, w / 2, top), cloth, radius=0.03)
    b.soft(
        (-d / 2, -w / 2 + arm, top), (-d / 2 + 0.2, w / 2 - arm, back - 0.05), cloth, radius=0.05
    )
    arm_top = b.between(seat + 0.1, seat + 0.2)
    for y in (-w / 2, w / 2 - arm):
        b.soft((-d / 2, y, top - 0.03), (d / 2, y + arm, arm_top), cloth, radius=0.05, steps=2)
    pitch = (w - 2 * arm) / seats
    for k in range(seats):
        y = -w / 2 + arm + k * pitch
        low, high = (-d / 2 + 0.17, y + 0.004, top), (d / 2 + 0.0, y + pitch - 0.004, seat + 0.03)
        b.soft(low, high, cloth, radius=0.05, steps=2)
        frame = shapes.turned_frame(0, (-d / 2 + 0.24, y + pitch / 2, seat), pitch=-0.16)
        half = pitch / 2 - 0.006
        b.soft((-0.07, -half, 0), (0.1, half, back - seat - 0.01), cloth, radius=0.06, T=frame)


def sofa(b: Workbench) -> None:
    """A couch of two to four seats with loose cushions."""
    d, w = b.depth(0.82, 1.0), b.width(1.35, 2.5)
    seats = 2 if w < 1.75 else 3 if w < 2.3 else 4
    _couch(b, d, w, seats, _upholstery(b), b.between(0.12, 0.22))
    for _ in range(int(b.rng.integers(1, 4))):
        y = float(b.rng.uniform(-w / 2 + 0.45, w / 2 - 0.45))
        b.throw_cushion((-d / 2 + 0.42, y, 0.66), yaw=float(b.rng.uniform(-0.25, 0.25)))


def corner_sofa(b: Workbench) -> None:
    """A couch with a chaise longue at one end."""
    d, w = b.depth(1.4, 1.8), b.width(2.0, 3.0)
    cloth = _upholstery(b)
    body, side = 0.92, b.pick((-1, 1))
    inner = w - 0.95
    shift = np.eye(4)
    main = Workbench(b.kind, b.semantic, b.rng, b.style)
    _couch(main, body, w, 3, cloth, 0.16)
    shift[0, 3] = -(d - body) / 2
    b.mesh.append(main.mesh, shift, b.me)
    y0, y1 = sorted((side * w / 2, side * (w / 2 - 0.95)))
    b.soft((d / 2 - (d - body) - 0.06, y0, 0.05), (d / 2, y1, 0.3), cloth, radius=0.04)
    b.soft(
        (-d / 2 + 0.2, y0 + 0.01, 0.28),
        (d / 2 - 0.01, y1 - 0.01, 0.49),
        cloth,
        radius=0.06,
        steps=2,
    )
    for _ in range(2):
        y = -side * (w / 2 - 0.4) + side * float(b.rng.uniform(0, inner - 0.5))
        b.throw_cushion((-d / 2 + 0.42, y, 0.66), yaw=float(b.rng.uniform(-0.25, 0.25)))


def armchair(b: Workbench) -> None:
    """An upholstered chair: a box with arms, or a shell on tapered legs."""
    d, w = b.depth(0.74, 0.92), b.width(0.7, 0.95)
    cloth = material(
        b.pick((b.style.fabric_b, b.style.leather, b.style.fabric_c, b.style.fabric_a))
    )
    if b.chance(0.5):
        _couch(b, d, w, 1, cloth, 0.14)
    else:
        _shell_chair(b, d, w, cloth)
    if b.chance(0.5):
        b.throw_cushion((-d / 2 + 0.4, 0.0, 0.64), size=0.38)


def _shell_chair(b: Workbench, d: float, w: float, cloth: Material) -> None:
    seat, back = 0.42, b.between(0.85, 1.02)
    b.legs(
        (d / 2 - 0.06, w / 2 - 0.06), 0.24, material(b.style.wood), kind="tapered", thickness=0.045
    )
    b.soft((-d / 2 + 0.1, -w / 2 + 0.07, 0.2), (d / 2, w / 2 - 0.07, 0.32), cloth, radius=0.05)
    b.soft(
        (-d / 2 + 0.16, -w / 2 + 0.1, 0.3), (d / 2, w / 2 - 0.1, seat), cloth, radius=0.06, steps=2
    )
    angle = np.linspace(0.42, 1.58, 10) * np.pi
    height = 0.25 + (back - 0.25) * np.clip(0.45 + 0.75 * np.cos(angle - np.pi) ** 2, 0, 1)
    height = np.minimum(height, back)
    c, s = np.cos(angle), np.sin(angle)
    outer = np.column_stack([c * d / 2 * 0.98, s * w / 2])
    inner = np.column_stack([c * (d / 2 - 0.1), s * (w / 2 - 0.1)])
    outer[:, 0] = np.maximum(outer[:, 0], -d / 2)
    low = np.full(10, 0.24)
    columns = [
        np.column_stack([outer, low]),
        np.column_stack([inner, low]),
        np.column_stack([inner, height - 0.02]),
        np.column_stack([outer, height]),
    ]
    sections = np.stack(columns, 1)
    b.add(shapes.loft(sections), cloth)


def dining_chair(b: Workbench) -> None:
    """A chair of wood or metal: slatted, spindled, panelled or upholstered back."""
    d, w, seat = b.depth(0.44, 0.52), b.width(0.40, 0.48), b.between(0.44, 0.47)
    frame = material(b.pick((b.style.wood, b.style.wood_dark, "painted white", b.style.metal)))
    cloth = material(
        b.pick((b.style.fabric_b, b.style.leather, b.style.fabric_a, b.style.fabric_c))
    )
    top, t = b.between(0.82, 0.95), 0.017
    x, y = d / 2 - t, w / 2 - t
    for side in (-y, y):
        b.tube((x - 0.02, side, 0), (x - 0.04, side, seat), t * 0.7, frame, end_radius=t)
        b.tube((-x, side, 0), (-x + 0.05, side, seat), t * 0.7, frame, end_radius=t)
        b.tube((-x + 0.05, side, seat), (-x, side, top), t, frame, end_radius=t * 0.8)
    padded = b.chance(0.5)
    b.soft((-d / 2 + 0.04, -w / 2, seat - 0.03), (d / 2, w / 2, seat), frame, radius=0.012)
    if padded:
        low, high = (
            (-d / 2 + 0.06, -w / 2 + 0.02, seat - 0.005),
            (d / 2 - 0.015, w / 2 - 0.02, seat + 0.035),
        )
        b.soft(low, high, cloth, radius=0.03)
    _chair_back(b, x, y, seat, top, frame, cloth)


def _chair_back(
    b: Workbench, x: float, y: float, seat: float, top: float, frame: Material, cloth: Material
) -> None:
    kind = b.pick(("ladder", "spindles", "panel", "padded"))
    low, high = (-x - 0.012, -y, top - 0.09), (-x + 0.02, y, top - 0.005)
    if kind == "padded":
        b.soft((-x - 0.01, -y, seat + 0.12), (-x + 0.045, y, top), cloth, radius=0.025)
    elif kind == "panel":
        b.soft((-x, -y, top - 0.24), (-x + 0.03, y, top), frame, radius=0.01)
    else:
        b.soft(low, high, frame, radius=0.01)
        if kind == "ladder":
            for z in (seat + 0.1, seat + 0.2):
                b.box((-x, -y, z), (-x + 0.025, y, z + 0.045), frame)
        else:
            for k in np.linspace(-0.75, 0.75, 5):
                b.tube(
                    (-x + 0.05, k * y, seat),
                    (-x + 0.005, k * y, top - 0.05),
                    0.008,
                    frame,
                    segments=5,
                    caps=(False, False),
                )


def office_chair(b: Workbench) -> None:
    """A swivel chair: five-armed foot on castors, gas lift, padded seat and back."""
    cloth = material(b.pick((b.style.fabric_a, b.style.fabric_b, b.style.leather, "wool charcoal")))
    black, metal = material("plastic black"), material(b.style.metal)
    r, seat = b.between(0.28, 0.31), b.between(0.44, 0.5)
    for k in range(5):
        angle = 2 * np.pi * k / 5 + 0.3
        tip = (r * 0.9 * np.cos(angle), r * 0.9 * np.sin(angle), 0.07)
        b.tube((0, 0, 0.1), tip, 0.025, metal, end_radius=0.015, segments=5)
        b.turned(
            [(0, 0), (0.025, 0), (0.025, 0.05), (0, 0.05)],
            black,
            at=(tip[0], tip[1], 0),
            segments=6,
        )
    b.tube((0, 0, 0.09), (0, 0, seat - 0.06), 0.025, metal, segments=8)
    b.soft((-0.22, -0.24, seat - 0.07), (0.25, 0.24, seat), cloth, radius=0.04, steps=2)
    b.box((-0.27, -0.03, seat - 0.07), (-0.24, 0.03, seat + 0.2), black)
    frame = shapes.turned_frame(0, (-0.24, 0, seat + 0.12), pitch=-0.12)
    b.soft(
        (-0.03, -0.22, 0), (0.04, 0.22, b.between(0.38, 0.6)), cloth, radius=0.035, steps=2, T=frame
    )
    if b.chance(0.7):
        for y in (-0.28, 0.28):
            b.box((-0.12, y - 0.02, seat + 0.18), (0.14, y + 0.02, seat + 0.205), black)
            b.box(
                (-0.03, y - 0.012, seat - 0.05),
                (0.02, y + 0.012, seat + 0.18),
                black,
                omit=("+z", "-z"),
            )
            b.box((-0.03, min(y, 0), seat - 0.06), (0.02, max(y, 0), seat - 0.04), black)


def stool(b: Workbench) -> None:
    """A low stool: a round seat on splayed legs, or a padded cube."""
    r, height = b.width(0.30, 0.42) / 2, b.between(0.42, 0.48)
    if b.chance(0.35):
        cloth = material(b.pick((b.style.fabric_b, b.style.fabric_c, b.style.leather)))
        rings = [
            (0, 0),
            (0.9 * r, 0),
            (r, 0.1 * height),
            (r, 0.9 * height),
            (0.85 * r, height),
            (0, height),
        ]
        b.turned(rings, cloth, segments=14)
        return
    wood = material(b.pick((b.style.wood, b.style.wood_dark, "painted white")))
    _round_seat(b, r, height, wood)


def bar_stool(b: Workbench) -> None:
    """A high stool with a foot rail."""
    r, height = b.width(0.34, 0.42) / 2, b.between(0.64, 0.78)
    legs = material(b.pick((b.style.metal, b.style.wood)))
    _round_seat(b, r, height, legs)
    corners = [(0.72 * r * x, 0.72 * r * y, 0.25) for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
    for k in range(4):
        b.tube(corners[k], corners[(k + 1) % 4], 0.009, legs, segments=5, caps=(False, False))


def _round_seat(b: Workbench, r: float, height: float, wood: Material) -> None:
    foot = 0.70 * r
    for x in (-1, 1):
        for y in (-1, 1):
            low, high = (x * foot, y * foot, 0), (0.45 * r * x, 0.45 * r * y, height - 0.02)
            b.tube(low, high, 0.011, wood, end_radius=0.017)
    seat = b.pick((wood, material(b.style.leather), material(b.style.fabric_b)))
    z = height
    b.turned(
        [(0, z - 0.05), (0.9 * r, z - 0.05), (r, z - 0.035), (r, z - 0.012), (0.9 * r, z), (0, z)],
        seat,
        segments=14,
    )


def bench(b: Workbench) -> None:
    """A bench of wood, or an upholstered one for the bed's end."""
    d, w, height = b.depth(0.34, 0.45), b.width(0.8, 1.5), b.between(0.43, 0.48)
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    b.legs((d / 2, w / 2), height - 0.05, wood, thickness=0.05, inset=0.03)
    if b.chance(0.5):
        cloth = material(b.pick((b.style.fabric_a, b.style.fabric_b, b.style.leather)))
        b.soft((-d / 2, -w / 2, height - 0.12), (d / 2, w / 2, height), cloth, radius=0.04, steps=2)
    else:
        for k in range(3):
            x = -d / 2 + k * d / 3
            b.soft(
                (x + 0.004, -w / 2, height - 0.04),
                (x + d / 3 - 0.004, w / 2, height),
                wood,
                radius=0.008,
            )
        b.box(
            (-d / 2 + 0.05, -w / 2 + 0.06, height - 0.08),
            (d / 2 - 0.05, w / 2 - 0.06, height - 0.04),
            wood,
        )

"""Rugs, plants, pictures, clocks, vases, curtains, cushions."""

from __future__ import annotations

import numpy as np

from navworld.scenes import pictures
from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.workbench import Workbench
from navworld.scenes.materials import material
from navworld.world.scene import Material


def rug(b: Workbench) -> None:
    """A flat carpet, oblong or round."""
    d, w = b.depth(0.5, 3.0), b.width(0.6, 4.0)
    cloth, z = pictures.printed(pictures.rug(b.rng)), 0.012
    if abs(d - w) < 0.3 and b.chance(0.6):
        r, n = min(d, w) / 2, 24
        angle = np.arange(n) * 2 * np.pi / n
        ring = np.stack([np.cos(angle), np.sin(angle)], 1)
        v = np.column_stack([ring * r, np.full(n, z)])
        t = np.stack([np.zeros(n - 2, int), np.arange(1, n - 1), np.arange(2, n)], 1)
        b.mesh.triangles(v, t, (0.5 + 0.5 * ring)[t], cloth, b.me)
        b.turned([(r, 0), (r, z)], material("linen natural"), segments=n)
        return
    x, y = d / 2, w / 2
    b.mesh.quad([(x, -y, z), (x, y, z), (-x, y, z), (-x, -y, z)], cloth, b.me, tile=None)
    b.box((-x, -y, 0), (x, y, z), material("linen natural"), omit=("-z", "+z"))


# --- plants -------------------------------------------------------------------------------------


def plant(b: Workbench) -> None:
    """A pot plant: broad leaves, sword leaves, a small tree, or a fern."""
    r = b.between(0.12, 0.2)
    if b.hint[1] is not None:
        r = min(r, max(0.06, b.hint[1] * 0.3))
    tall = b.between(0.24, 0.4) * r / 0.17
    _pot(b, r, tall)
    green = material(b.pick(("foliage", "foliage", "foliage pale")))
    scale = r / 0.17
    reach = (
        0.42 * scale if b.hint[1] is None else max(1.2 * r, min(0.42 * scale, b.hint[1] / 2 - 0.02))
    )
    kind = b.pick(("broad", "swords", "tree", "fern"))
    {"broad": _broad, "swords": _swords, "tree": _tree, "fern": _fern}[kind](
        b, tall * 0.92, reach, green
    )


def _pot(b: Workbench, r: float, tall: float) -> None:
    pots = (
        material("terracotta"),
        material("glazed blue"),
        material("glazed sand"),
        material("ceramic"),
        b.paint("ceramic"),
        material("wicker"),
    )
    pot, soil = b.pick(pots), material("soil")
    profile = b.pick(
        (
            [(0, 0), (0.7, 0), (0.95, 0.85), (1, 0.85), (1, 1), (0.9, 1), (0.86, 0.9)],
            [(0, 0), (0.92, 0), (1, 0.1), (1, 1), (0.92, 1), (0.9, 0.9)],
            [(0, 0), (0.6, 0), (1, 0.5), (0.85, 1), (0.78, 1), (0.78, 0.9)],
        )
    )
    b.turned(np.array(profile) * (r, tall), pot, segments=12)
    edge = profile[-1][0] * r
    b.turned([(edge, 0.9 * tall), (0, 0.9 * tall)], soil, segments=12)


def _leaf(
    b: Workbench,
    root: np.ndarray,
    tip: np.ndarray,
    width: float,
    skin: Material,
    *,
    sag: float = 0.0,
) -> None:
    """A folded leaf of two by two quads from root to tip."""
    along = tip - root
    middle = root + 0.5 * along + (0, 0, sag)
    side = np.cross((0, 0, 1.0), along)
    side /= max(float(np.linalg.norm(side)), 1e-6)
    lift = np.array([0, 0, 0.12 * width])
    left, right = middle + side * width / 2 + lift, middle - side * width / 2 + lift
    v = np.array([root, middle, tip, left, right])
    t = np.array([[0, 4, 1], [1, 4, 2], [0, 1, 3], [1, 2, 3]])
    length = float(np.linalg.norm(along))
    uv = np.array(
        [(0, 0), (length / 2, 0), (length, 0), (length / 2, width / 2), (length / 2, -width / 2)]
    )
    b.add((v, t, uv[t]), skin)


def _around(angle: float, radius: float, z: float) -> np.ndarray:
    return np.array([radius * np.cos(angle), radius * np.sin(angle), z])


def _broad(b: Workbench, z: float, reach: float, green: Material) -> None:
    """Large leaves on stalks."""
    for k in range(int(b.rng.integers(9, 14))):
        angle, rise = 2.4 * k, 0.3 + 0.95 * float(b.rng.random())
        joint = _around(angle, 0.4 * reach * (1.2 - 0.5 * rise), z + rise * reach * 1.6)
        b.tube(_around(angle, 0.02, z - 0.02), joint, 0.006, green, segments=3, caps=(False, False))
        out = min(1.0, 0.75 + 0.3 * float(b.rng.random()))
        tip = _around(angle + 0.2, reach * out, joint[2] + 0.05 * reach)
        _leaf(b, joint, tip, 0.42 * reach, green, sag=0.1 * reach)


def _swords(b: Workbench, z: float, reach: float, green: Material) -> None:
    """Stiff upright leaves."""
    for k in range(int(b.rng.integers(9, 15))):
        angle, lean = 2.4 * k, float(b.rng.uniform(0.1, 0.5))
        root = _around(angle, 0.05 * reach, z - 0.03)
        tip = _around(angle, lean * reach, z + float(b.rng.uniform(1.2, 2.3)) * reach)
        _leaf(b, root, tip, 0.16 * reach, green)


def _tree(b: Workbench, z: float, reach: float, green: Material) -> None:
    """A stem with a crown of small leaves."""
    top = z + reach * float(b.rng.uniform(1.6, 2.4))
    bark = material("bark")
    b.tube((0, 0, z - 0.03), (0.02, 0.01, top), 0.018, bark, end_radius=0.012, segments=6)
    for k in range(30):
        angle, level = 2.4 * k, k / 30
        spread = reach * (0.45 + 0.5 * np.sin(np.pi * level))
        root = _around(angle, 0.3 * spread, top + (level - 0.35) * reach)
        tip = _around(angle + 0.3, spread, root[2] + float(b.rng.uniform(-0.15, 0.25)) * reach)
        _leaf(b, root, tip, 0.26 * reach, green, sag=0.05 * reach)
        if k % 4 == 0:
            b.tube((0.02, 0.01, top - 0.05), root, 0.005, bark, segments=3, caps=(False, False))


def _fern(b: Workbench, z: float, reach: float, green: Material) -> None:
    """Arching fronds in two halves."""
    for k in range(16):
        angle, high = 2.4 * k, float(b.rng.uniform(0.5, 1.1)) * reach
        crown = _around(angle, 0.5 * reach, z + high)
        _leaf(b, _around(angle, 0.03, z - 0.02), crown, 0.16 * reach, green, sag=0.06 * reach)
        _leaf(
            b,
            crown,
            _around(angle, reach * 0.97, z + 0.35 * high),
            0.18 * reach,
            green,
            sag=0.14 * reach,
        )


# --- on walls -----------------------------------------------------------------------------------


def picture(b: Workbench) -> None:
    """A framed picture, often with a mount."""
    texture = pictures.picture(b.rng)
    rows, columns = texture.pixels.shape[:2]
    w = b.width(0.35, 1.3)
    h = min(w * rows / columns, 0.95)
    w = h * columns / rows
    frame = b.pick(
        (
            material(b.style.wood),
            material(b.style.wood_dark),
            material(b.style.metal),
            material("painted white"),
            material("painted charcoal"),
        )
    )
    rim, y, z = b.between(0.015, 0.045), w / 2, h / 2
    for low, high in (
        ((-y, -z), (-y + rim, z)),
        ((y - rim, -z), (y, z)),
        ((-y + rim, -z), (y - rim, -z + rim)),
        ((-y + rim, z - rim), (y - rim, z)),
    ):
        b.box((0, *low), (0.028, *high), frame, omit=("-x",))
    y, z = y - rim, z - rim
    if b.chance(0.5):
        b.mesh.quad(
            [(0.012, -y, -z), (0.012, y, -z), (0.012, y, z), (0.012, -y, z)],
            material("paper"),
            b.me,
        )
        border = 0.13 * min(y, z) * 2
        y, z = y - border, z - border
    b.image([(0.015, -y, -z), (0.015, y, -z), (0.015, y, z), (0.015, -y, z)], texture)


def poster(b: Workbench) -> None:
    """A sheet of paper or a stretched canvas without a frame."""
    texture = pictures.picture(b.rng)
    rows, columns = texture.pixels.shape[:2]
    w = b.width(0.35, 1.0)
    h = min(w * rows / columns, 1.0)
    w, x = h * columns / rows, b.pick((0.006, 0.03))
    y, z = w / 2, h / 2
    b.image([(x, -y, -z), (x, y, -z), (x, y, z), (x, -y, z)], texture)
    b.box((0, -y, -z), (x, y, z), material("linen white"), omit=("-x", "+x"))


def clock(b: Workbench) -> None:
    """A round wall clock with twelve marks and two hands."""
    r, x = b.width(0.24, 0.42) / 2, 0.03
    face = b.pick((material("painted white"), b.paint(), material("plastic black")))
    ink = material("painted white" if face.name == "plastic black" else "plastic black")
    rim = material(b.pick((b.style.metal, b.style.wood)))
    b.tube((0, 0, 0), (x, 0, 0), r, rim, segments=20, caps=(False, False))
    b.tube((x - 0.01, 0, 0), (x - 0.004, 0, 0), r * 0.99, face, segments=20, caps=(False, True))
    for k in range(12):
        angle = np.pi * k / 6
        _hand(b, x - 0.003, angle, 0.78 * r, 0.92 * r, 0.035 * r, ink)
    for turn, length in (
        (float(b.rng.uniform(0, 6.28)), 0.7),
        (float(b.rng.uniform(0, 6.28)), 0.48),
    ):
        _hand(b, x - 0.002, turn, -0.1 * r, length * r, 0.03 * r, ink)


def _hand(
    b: Workbench, x: float, angle: float, start: float, end: float, half: float, ink: Material
) -> None:
    along, side = (
        np.array([0, np.sin(angle), np.cos(angle)]),
        np.array([0, np.cos(angle), -np.sin(angle)]),
    )
    corners = [
        start * along - half * side,
        start * along + half * side,
        end * along + half * side,
        end * along - half * side,
    ]
    b.mesh.quad(np.add(corners, (x, 0, 0)), ink, b.me)


def curtain(b: Workbench) -> None:
    """Two wavy halves drawn aside, hanging from a rod; z = 0 is their middle height."""
    w, h = b.width(0.8, 4.0), b.between(1.12, 1.18)
    cloth, metal = material(b.style.curtain), material(b.style.metal)
    b.tube((0.09, -w / 2, h), (0.09, w / 2, h), 0.012, metal)
    share = b.between(0.16, 0.3)
    for side in (-1, 1):
        b.box(
            (0, side * w * 0.4 - 0.01, h - 0.01),
            (0.09, side * w * 0.4 + 0.01, h + 0.01),
            metal,
            omit=("-x",),
        )
        _waves(b, side * (w / 2 - 0.03), side * (w / 2 - 0.03 - share * w), h - 0.01, cloth)


def _waves(b: Workbench, start: float, end: float, h: float, cloth: Material) -> None:
    start, end = min(start, end), max(start, end)
    folds = max(3, round((end - start) / 0.11))
    y = np.linspace(start, end, 4 * folds + 1)
    phase = np.arange(4 * folds + 1) * np.pi / 2
    parts = []
    for level, wide, pinch in ((-h, 0.05, 1.0), (-0.2 * h, 0.045, 0.94), (h, 0.025, 1.0)):
        middle = (start + end) / 2
        parts.append(
            np.column_stack(
                [0.09 + wide * np.sin(phase), middle + (y - middle) * pinch, np.full(len(y), level)]
            )
        )
    v, n = np.concatenate(parts), len(y)
    k = np.concatenate([np.arange(n - 1), n + np.arange(n - 1)])
    t = np.concatenate([np.stack([k, k + 1, k + n + 1], 1), np.stack([k, k + n + 1, k + n], 1)])
    cloth_y = np.concatenate([[0], np.cumsum(np.hypot(np.diff(y), np.diff(parts[0][:, 0])))])
    uv = np.column_stack([np.tile(cloth_y, 3), -v[:, 2]])
    b.add((v, t, uv[t]), cloth)


# --- loose things -------------------------------------------------------------------------------


def vase(b: Workbench) -> None:
    """A vase, sometimes with branches."""
    r, height = b.between(0.05, 0.1), b.between(0.18, 0.4)
    glaze = b.pick(
        (
            material("glazed blue"),
            material("glazed sand"),
            material("terracotta"),
            b.paint("ceramic"),
            material(b.style.metal),
        )
    )
    profile = b.pick(
        (
            [
                (0, 0),
                (0.6, 0),
                (1, 0.35),
                (0.9, 0.6),
                (0.35, 0.85),
                (0.5, 1.0),
                (0.4, 1.0),
                (0, 0.9),
            ],
            [(0, 0), (0.7, 0), (0.75, 0.5), (1, 1.0), (0.92, 1.0), (0, 0.85)],
            [
                (0, 0),
                (0.5, 0),
                (0.95, 0.2),
                (0.95, 0.5),
                (0.25, 0.7),
                (0.22, 1.0),
                (0.3, 1.0),
                (0, 0.95),
            ],
        )
    )
    b.turned(np.array(profile) * (r, height), glaze, segments=12)
    if b.chance(0.5):
        item = b.instance("branches", "plant")
        bloom, green = b.paint("linen white"), material("foliage")
        for k in range(5):
            angle = 2.4 * k
            tip = _around(angle, 1.5 * r, height * float(b.rng.uniform(1.4, 1.8)))
            b.tube((0, 0, 0.9 * height), tip, 0.003, green, item, segments=3, caps=(False, False))
            b.turned(
                [(0, -0.025), (0.03, 0), (0.022, 0.025), (0, 0.03)], bloom, item, at=tip, segments=6
            )


def cushion(b: Workbench) -> None:
    """A floor cushion or a cushion lying on a seat."""
    size = b.width(0.38, 0.7)
    cloth = material(b.pick((b.style.fabric_b, b.style.fabric_c, b.style.fabric_a)))
    thick = 0.34 * size
    b.add(shapes.pillow((size, size, thick), 5), cloth, at=(0, 0, thick / 2))

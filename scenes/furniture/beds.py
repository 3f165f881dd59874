"""Beds."""

from __future__ import annotations

import numpy as np

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.workbench import Workbench
from navworld.scenes.materials import material
from navworld.world.scene import Material


def single_bed(b: Workbench) -> None:
    """A bed for one."""
    _bed(b, b.depth(2.02, 2.2), b.width(0.9, 1.25), pillows=1)


def double_bed(b: Workbench) -> None:
    """A bed for two."""
    _bed(b, b.depth(2.05, 2.25), b.width(1.4, 2.0), pillows=2)


def _bed(b: Workbench, d: float, w: float, *, pillows: int) -> None:
    """The head is at −x, the foot at +x."""
    wood = material(b.pick((b.style.wood, b.style.wood_dark)))
    cloth = material(b.pick((b.style.fabric_a, b.style.fabric_b)))
    upholstered = b.chance(0.4)
    frame = cloth if upholstered else wood
    rail, base = b.between(0.28, 0.36), b.between(0.1, 0.2)
    back = -d / 2 + 0.08
    b.legs((d / 2 - 0.04, w / 2 - 0.02), base, wood, kind=b.pick(("square", "tapered")), thickness=0.07)
    b.soft((back, -w / 2, base), (d / 2, w / 2, rail), frame, radius=0.02)
    _headboard(b, d, w, b.between(0.85, 1.15), frame, upholstered)
    top = rail + b.between(0.14, 0.2)
    b.soft((back + 0.02, -w / 2 + 0.03, rail - 0.03), (d / 2 - 0.03, w / 2 - 0.03, top), material("linen white"),
           radius=0.05)  # fmt: skip
    _bedding(b, back, d / 2 - 0.02, w - 0.02, top)
    for k in range(pillows):
        y = 0.0 if pillows == 1 else (k - 0.5) * w * 0.48
        width = min(0.75, w * 0.46 if pillows == 2 else w * 0.75)
        item = b.instance("pillow", "cushion")
        slip = material(b.pick(("linen white", b.style.curtain, "linen white")))
        T = shapes.turned_frame(float(b.rng.uniform(-0.08, 0.08)), (back + 0.27, y, top + 0.09), pitch=0.25)
        b.add(shapes.pillow((0.42, width, 0.17), 4), slip, item, T)
    for k in range(int(b.rng.integers(0, 3))):
        b.throw_cushion((back + 0.5, (k - 0.5) * 0.45, top + 0.2), size=0.4)


def _headboard(
    b: Workbench, d: float, w: float, height: float, frame: Material, upholstered: bool
) -> None:
    x0, x1 = -d / 2, -d / 2 + 0.08
    if upholstered:
        count = max(2, round(w / 0.35))
        for k in range(count):
            y = -w / 2 + k * w / count
            low, high = (x0, y + 0.002, 0.15), (x1 + 0.02, y + w / count - 0.002, height)
            b.soft(low, high, frame, radius=0.035)
        return
    kind = b.pick(("panel", "slats", "frame"))
    if kind == "panel":
        b.soft((x0, -w / 2, 0.1), (x0 + 0.04, w / 2, height), frame, radius=0.01)
        b.soft((x0, -w / 2 - 0.0, height - 0.06), (x1, w / 2, height), frame, radius=0.012)
        return
    for y in (-w / 2, w / 2 - 0.06):
        b.box((x0 + 0.01, y, 0), (x1 - 0.01, y + 0.06, height), frame, omit=("-z",))
    b.soft((x0, -w / 2, height - 0.05), (x1, w / 2, height), frame, radius=0.012)
    if kind == "slats":
        for y in np.linspace(-w / 2 + 0.14, w / 2 - 0.14, max(5, int(w / 0.17))):
            b.box((x0 + 0.03, y - 0.02, 0.3), (x0 + 0.05, y + 0.02, height - 0.05), frame, omit=("+z", "-z"))
    else:
        b.box((x0 + 0.03, -w / 2 + 0.06, 0.4), (x0 + 0.05, w / 2 - 0.06, height - 0.05), frame)


def _bedding(b: Workbench, head: float, foot: float, w: float, top: float) -> None:
    """A duvet with soft folds that hangs over the sides, turned back at the head; perhaps a throw."""
    cover = material(b.pick((b.style.fabric_c, b.style.curtain, b.style.fabric_a, "linen white", b.style.fabric_b)))
    start = head + b.between(0.5, 0.7)
    _drape(b, start, foot, w, top + 0.05, 0.22, cover)
    if b.chance(0.7):
        lining = material("linen white" if cover.name != "linen white" else b.style.fabric_a)
        b.soft((start - 0.04, -w / 2 - 0.005, top - 0.1), (start + 0.22, w / 2 + 0.005, top + 0.075), lining, radius=0.03)
    if b.chance(0.5):
        throw = material(b.pick((b.style.fabric_b, b.style.fabric_c)))
        at = foot - b.between(0.5, 0.7)
        _drape(b, at, at + 0.42, w + 0.012, top + 0.062, 0.28, throw)


def _drape(b: Workbench, x0: float, x1: float, w: float, top: float, drop: float, cloth: Material) -> None:
    """A cloth over the bed from x0 to x1: level with ripples, falling `drop` at both sides."""
    across = np.array([-1, -1, -0.94, -0.45, 0, 0.45, 0.94, 1, 1]) * w / 2
    down = np.array([-drop, -0.05, 0, 0, 0, 0, 0, -0.05, -drop])
    along = np.linspace(x0, x1, max(3, round((x1 - x0) / 0.24)))
    x, y = np.meshgrid(along, across, indexing="ij")
    ripple = b.rng.uniform(0, 0.012, x.shape) * (down > -0.01)
    z = top + down[None] - ripple
    edge = np.zeros(x.shape)
    edge[-1] = -0.05
    v = np.stack([x, y, z + edge], -1).reshape(-1, 3)
    n = len(across)
    k = (np.arange(len(along) - 1)[:, None] * n + np.arange(n - 1)).ravel()
    t = np.concatenate([np.stack([k, k + n, k + n + 1], 1), np.stack([k, k + n + 1, k + 1], 1)])
    girth = np.concatenate([[0], np.cumsum(np.hypot(np.diff(across), np.diff(down)))])
    uv = np.stack([np.broadcast_to(girth, x.shape), x - x0], -1).reshape(-1, 2)
    b.add((v, t, uv[t]), cloth)

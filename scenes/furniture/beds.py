"""Beds."""

from __future__ import annotations

from collections.abc import Sequence

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
    b.legs(
        (d / 2 - 0.04, w / 2 - 0.02), base, wood, kind=b.pick(("square", "tapered")), thickness=0.07
    )
    b.soft((back, -w / 2, base), (d / 2, w / 2, rail), frame, radius=0.02)
    _headboard(b, d, w, b.between(0.85, 1.15), frame, upholstered)
    top = rail + b.between(0.14, 0.2)
    _bedding(b, (back + 0.02, d / 2 - 0.02), w - 0.02, (rail - 0.03, top))
    for k in range(pillows):
        y = 0.0 if pillows == 1 else (k - 0.5) * w * 0.48
        width = min(0.75, w * 0.46 if pillows == 2 else w * 0.75)
        item = b.instance("pillow", "cushion")
        slip = material(b.pick(("linen white", b.style.curtain, "linen white")))
        T = shapes.turned_frame(
            float(b.rng.uniform(-0.08, 0.08)), (back + 0.27, y, top + 0.09), pitch=0.25
        )
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
            b.box(
                (x0 + 0.03, y - 0.02, 0.3),
                (x0 + 0.05, y + 0.02, height - 0.05),
                frame,
                omit=("+z", "-z"),
            )
    else:
        b.box((x0 + 0.03, -w / 2 + 0.06, 0.4), (x0 + 0.05, w / 2 - 0.06, height - 0.05), frame)


def _bedding(b: Workbench, x: tuple[float, float], w: float, z: tuple[float, float]) -> None:
    """Mattress, a duvet that hangs over the sides, turned back at the head; perhaps a throw.

    What lies under a cloth is cut at its edge: a triangle is either seen or hidden, so that the
    darkness under the cloth does not show beside it in baked light.
    """
    style, sheet, (low, top) = b.style, material("linen white"), z
    names = (style.fabric_c, style.curtain, style.fabric_a, "linen white", style.fabric_b)
    cover = material(b.pick(names))
    start = x[0] + b.between(0.5, 0.7)
    throw_at = x[1] - b.between(0.5, 0.7)
    folded, thrown = b.chance(0.7), b.chance(0.5)
    y = w / 2 - 0.02
    b.soft((x[0], -y, low), (start + 0.05, y, top), sheet, radius=0.05)
    b.soft((start - 0.03, -y, low), (x[1] - 0.01, y, top), sheet, radius=0.05)
    cuts = [start + 0.22] * folded + [throw_at, throw_at + 0.42] * thrown
    _drape(b, (start, x[1]), w, top + 0.05, cover, drop=0.22, hem=0.05, cuts=cuts)
    if folded:
        lining = material("linen white" if cover.name != "linen white" else style.fabric_a)
        corner = (start + 0.22, w / 2 + 0.014, top + 0.085)
        b.soft((start - 0.04, -corner[1], top - 0.1), corner, lining, radius=0.022)
    if thrown:
        throw = material(b.pick((style.fabric_b, style.fabric_c)))
        _drape(b, (throw_at, throw_at + 0.42), w + 0.016, top + 0.066, throw, drop=0.28)


def _drape(
    b: Workbench,
    span: tuple[float, float],
    w: float,
    top: float,
    cloth: Material,
    *,
    drop: float,
    hem: float = 0.0,
    cuts: Sequence[float] = (),
) -> None:
    """A cloth over the bed: level with ripples, falling `drop` at both sides, `hem` at its end."""
    x0, x1 = span
    across = np.array([-1, -1, -0.94, -0.45, 0, 0.45, 0.94, 1, 1]) * w / 2
    down = np.array([-drop, -0.05, 0, 0, 0, 0, 0, -0.05, -drop])
    even = np.linspace(x0, x1, max(3, round((x1 - x0) / 0.24)))
    near = np.abs(even[:, None] - np.array([*cuts, np.inf])).min(1) < 0.1
    near[[0, -1]] = False
    along = np.sort([*even[~near], *cuts])
    x, y = np.meshgrid(along, across, indexing="ij")
    ripple = b.rng.uniform(0, 0.012, x.shape) * (down > -0.01)
    z = top + down[None] - ripple
    z[-1] -= hem
    v = np.stack([x, y, z], -1).reshape(-1, 3)
    n = len(across)
    k = (np.arange(len(along) - 1)[:, None] * n + np.arange(n - 1)).ravel()
    t = np.concatenate([np.stack([k, k + n, k + n + 1], 1), np.stack([k, k + n + 1, k + 1], 1)])
    girth = np.concatenate([[0], np.cumsum(np.hypot(np.diff(across), np.diff(down)))])
    uv = np.stack([np.broadcast_to(girth, x.shape), x - x0], -1).reshape(-1, 2)
    b.add((v, t, uv[t]), cloth)

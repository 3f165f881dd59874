"""Vehicles by number: cars and vans, each one rigid part."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.shapes import Shape
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material, Scene
from navworld.world.tracing.prepared import RayScene

LOOKS = 16
"""Different vehicles there are; they come again as traffic grows."""

_PAINTS = (
    (0.86, 0.86, 0.86), (0.12, 0.12, 0.13), (0.62, 0.64, 0.66), (0.35, 0.37, 0.40),
    (0.17, 0.28, 0.50), (0.62, 0.13, 0.12), (0.20, 0.36, 0.28), (0.85, 0.66, 0.20),
)  # fmt: skip
_GLASS = Material("car window", (0.16, 0.19, 0.22))
_TYRE = Material("tyre", (0.10, 0.10, 0.10))
_RIM = Material("wheel rim", (0.62, 0.63, 0.65))
_LAMP = Material("headlight", (0.95, 0.95, 0.90), emission=0.9)
_TAIL = Material("tail light", (0.75, 0.10, 0.08), emission=0.7)
_TRIM = Material("bumper", (0.18, 0.18, 0.19))

# Half width at, and height of, the side of a body from its sill up; heights along it [m].
_PROFILES = {
    "hatchback": ((-2.00, 0.62, 1.00), (-1.85, 0.95, 1.42), (-0.6, 0.98, 1.50), (0.25, 0.98, 1.46),
                  (1.05, 0.96, 1.00), (1.95, 0.80, 0.82), (2.05, 0.60, 0.62)),
    "saloon": ((-2.25, 0.62, 0.90), (-1.75, 0.96, 1.02), (-1.05, 0.96, 1.42), (0.05, 0.98, 1.46),
               (0.95, 0.96, 1.00), (2.05, 0.80, 0.80), (2.20, 0.60, 0.60)),
    "van": ((-2.25, 0.80, 1.90), (-2.15, 1.10, 1.98), (-0.2, 1.12, 2.00), (0.85, 1.12, 1.94),
            (1.55, 1.10, 1.16), (2.15, 0.86, 0.92), (2.25, 0.60, 0.62)),
}  # fmt: skip


@cache
def vehicle(number: int) -> RayScene:
    """Vehicle `number`: its origin on the ground under its middle, x forward."""
    number %= LOOKS
    rng = np.random.default_rng([11, number])
    kind = ("hatchback", "saloon", "hatchback", "van")[number % 4]
    paint = Material("car paint", _PAINTS[int(rng.integers(len(_PAINTS)))])
    mesh = MeshBuilder()
    mesh.add_instance(kind, "vehicle")
    _body(mesh, np.array(_PROFILES[kind]), paint)
    for x in (-1.32, 1.36):
        for side in (-1, 1):
            _wheel(mesh, x, side)
    scene = Scene(
        f"vehicle {number}",
        **mesh.arrays(),
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
    )
    return RayScene(scene)


def _body(mesh: MeshBuilder, profile: NDArray, paint: Material) -> None:
    """A tub up to the waistline and a cabin of glass under a roof, lofted along x."""
    sill, half = 0.28, 0.88
    tub, cabin = [], []
    for x, waist, top in profile:
        narrow = 0.90 if x in (profile[0, 0], profile[-1, 0]) else 1.0
        tub.append(_section(x, sill, min(waist, top), half * narrow, half * narrow * 0.98))
        if top > waist + 0.1:
            cabin.append(_section(x, waist - 0.02, top - 0.05, 0.95 * half, 0.80 * half))
    _add(mesh, shapes.loft(np.array(tub)), paint)
    inner = [x for x, waist, top in profile if top > waist + 0.1]
    ends = []
    for x, reach in ((inner[0], -0.35), (inner[-1], 0.8)):
        # Rear window and windscreen come down to the tub, at the next of its sections at most.
        beyond = [v for v in profile[:, 0] if (v - x) * reach > 0]
        foot = min(beyond, key=lambda v: abs(v - x - reach), default=x + 0.2 * reach)
        height = float(np.interp(foot, profile[:, 0], profile[:, 1:].min(1)))
        ends.append(_section(foot, height - 0.06, height - 0.01, 0.90 * half, 0.86 * half))
    _add(mesh, shapes.loft(np.array([ends[0], *cabin, ends[1]])), _GLASS)
    roof = [
        _section(x, top - 0.07, top, 0.81 * half, 0.74 * half)
        for x, waist, top in profile if top > waist + 0.3
    ]  # fmt: skip
    _add(mesh, shapes.loft(np.array(roof)), paint)
    for k in range(len(roof)):
        x = roof[k][:, 0].mean()
        _, waist, top = profile[profile[:, 0] == x][0]
        for side in (-1, 1):  # pillars
            foot, head = (x, side * 0.95 * half, waist), (x, side * 0.79 * half, top - 0.03)
            _add(mesh, shapes.tube(foot, head, 0.045), paint)
    front, back = profile[-1, 0], profile[0, 0]
    for side in (-1, 1):
        y = side * 0.60
        low, high = (front - 0.12, y - 0.16, 0.58), (front + 0.01, y + 0.16, 0.70)
        _add(mesh, shapes.rounded_box(low, high, 0.03), _LAMP)
        low, high = (back - 0.01, y - 0.14, 0.72), (back + 0.12, y + 0.14, 0.86)
        _add(mesh, shapes.rounded_box(low, high, 0.03), _TAIL)
    for low, high in ((front - 0.1, front + 0.04), (back - 0.04, back + 0.1)):
        _add(mesh, shapes.rounded_box((low, -0.78, 0.26), (high, 0.78, 0.48), 0.04), _TRIM)


def _section(x: float, low: float, high: float, wide: float, narrow: float) -> NDArray:
    """(N, 3) a ring across the vehicle: `wide` halves at the bottom, `narrow` at the top."""
    bevel = min(0.06, 0.4 * (high - low))
    corners = [
        (wide, low + bevel), (narrow, high - bevel), (narrow - bevel, high),
        (-narrow + bevel, high), (-narrow, high - bevel), (-wide, low + bevel),
        (-wide + bevel, low), (wide - bevel, low),
    ]  # fmt: skip
    return np.array([(x, y, z) for y, z in corners])


def _wheel(mesh: MeshBuilder, x: float, side: int) -> None:
    outer, inner = side * 0.90, side * 0.66
    ends = (x, min(outer, inner), 0.32), (x, max(outer, inner), 0.32)
    _add(mesh, shapes.tube(*ends, 0.32, segments=16), _TYRE)
    face = side * 0.905
    ends = (x, min(outer, face), 0.32), (x, max(outer, face), 0.32)
    _add(mesh, shapes.tube(*ends, 0.19, segments=12), _RIM)


def _add(mesh: MeshBuilder, shape: Shape, surface: Material) -> None:
    vertices, triangles, uv = shape
    mesh.triangles(vertices, triangles, uv, surface, 0)

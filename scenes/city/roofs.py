"""Roofs and what stands on them."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry import Point, Polygon

from navworld.scenes.city import looks
from navworld.scenes.city.parcels import Plot
from navworld.scenes.city.solids import cap, fits, gable_roof, offset, room_inside, sweep
from navworld.scenes.city.styles import Style
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material


def build_roof(
    mesh: MeshBuilder,
    rng: Generator,
    plot: Plot,
    style: Style,
    instance: int,
    main: int,
    base: float,
) -> float:
    """Puts a roof on a house whose longest front is edge `main`; returns its highest z."""
    top = base + style.top
    roof, tile = style.material(style.roof), looks.tile(style.roof[0])
    kind = style.top_kind
    if kind == "gable" and len(plot.outline) == 4:
        ridge = gable_roof(
            mesh, plot.outline, main, top, float(rng.uniform(0.6, 0.8)), roof,
            style.material(style.back), instance, tile=tile, wall_tile=looks.tile(style.back[0]),
        )  # fmt: skip
        _chimney(mesh, rng, plot.outline, main, ridge, instance)
        return ridge
    if kind != "flat":
        found = _sloped(mesh, plot.outline, kind, top, roof, tile, instance)
        if found is not None:
            return found
    _flat(mesh, rng, plot, style, top, instance)
    return top + 1.0


def _sloped(
    mesh: MeshBuilder, outline: NDArray, kind: str, top: float, roof: Material, tile: float,
    instance: int,
) -> float | None:  # fmt: skip
    """A mansard or a hipped roof cut off level; None where the house is too narrow."""
    room = room_inside(outline)
    if kind == "mansard":
        steps = [(-0.05, top + 0.04), (-0.9, top + 2.5), (-min(2.6, 0.6 * room), top + 3.1)]
    else:
        steps = [(0.4, top - 0.2), (-0.8 * room, top + 0.75 * room)]
    inner = offset(outline, steps[-1][0])
    if room < 2.5 or not fits(outline, inner):
        return None
    sweep(mesh, outline, steps, roof, instance, tile=tile)
    cap(mesh, Polygon(inner), steps[-1][1], looks.surface("zinc"), instance, tile=2.0)
    if kind == "hip":
        sweep(mesh, outline, [(0, top - 0.25), (0.4, top - 0.25), (0.4, top - 0.2)],
              looks.paint((0.80, 0.78, 0.74), "soffit"), instance)  # fmt: skip
    return steps[-1][1]


def _flat(
    mesh: MeshBuilder, rng: Generator, plot: Plot, style: Style, top: float, instance: int
) -> None:
    """A parapet, gravel, and on it machines, a stair head or solar panels."""
    outline = plot.outline
    inner = offset(outline, -0.3)
    if not fits(outline, inner):
        cap(mesh, Polygon(outline), top, looks.surface("gravel"), instance, tile=2.0)
        return
    rise = float(rng.uniform(0.6, 1.0))
    sweep(mesh, outline, [(0, top), (0, top + rise)], style.material(style.wall), instance,
          tile=looks.tile(style.wall[0]))  # fmt: skip
    coping = style.material(style.trim)
    sweep(mesh, outline, [(0, top + rise), (-0.3, top + rise), (-0.3, top + 0.1)], coping, instance)
    cap(mesh, Polygon(inner), top + 0.1, looks.surface("gravel"), instance, tile=2.0)
    _machines(mesh, rng, Polygon(offset(outline, -0.4)), top + 0.1, instance)


def _machines(mesh: MeshBuilder, rng: Generator, room: Polygon, z: float, instance: int) -> None:
    """Boxes that stand on a flat roof."""
    if room.buffer(-1.6).is_empty:
        return
    metal, dark = looks.surface("metal"), looks.paint((0.16, 0.18, 0.22), "panel")
    frame = np.array(room.minimum_rotated_rectangle.exterior.coords)
    along = (frame[1] - frame[0]) / np.linalg.norm(frame[1] - frame[0])
    low, high = np.array(room.bounds[:2]), np.array(room.bounds[2:])
    taken: list[tuple[NDArray, float]] = []
    for k in range(int(rng.integers(3, 9))):
        place, size = rng.uniform(low, high), (2.6, 2.2, 2.4) if k == 0 else (
            rng.uniform(0.7, 1.8), rng.uniform(0.7, 1.2), rng.uniform(0.5, 1.1))  # fmt: skip
        reach = 0.5 * float(np.hypot(size[0], size[1])) + 0.1
        if not room.contains(Point(place).buffer(reach)):
            continue
        if any(np.linalg.norm(place - p) < reach + r for p, r in taken):
            continue
        taken.append((place, reach))
        T = np.eye(4)
        T[:2, 0], T[:2, 1], T[:3, 3] = along, (-along[1], along[0]), (*place, z)
        x, y = size[0] / 2, size[1] / 2
        if k == 0:
            mesh.box((-x, -y, 0), (x, y, size[2]), looks.surface("render"), instance, tile=3.0, T=T,
                     omit=("-z",))  # fmt: skip
            mesh.box(
                (-0.45, -y - 0.02, 0), (0.45, -y, 2.0), metal, instance, T=T, omit=("-z", "+y")
            )
        elif rng.random() < 0.35:
            corners = [(-x, -y, 0.15), (x, -y, 0.15), (x, y, 0.7), (-x, y, 0.7)]
            mesh.quad(corners, dark, instance, T=T)
            mesh.quad([(-x, y, 0), (-x, y, 0.7), (x, y, 0.7), (x, y, 0)], metal, instance, T=T)
        else:
            mesh.box((-x, -y, 0), (x, y, size[2]), metal, instance, T=T, omit=("-z",))
            mesh.cylinder(0.35 * min(x, y) * 2, size[2], size[2] + 0.06, dark, instance, T=T,
                          segments=10)  # fmt: skip


def _chimney(
    mesh: MeshBuilder, rng: Generator, outline: NDArray, main: int, ridge: float, instance: int
) -> None:
    q = np.roll(outline, -main, 0)
    share = float(rng.uniform(0.15, 0.85))
    a, b = 0.5 * (q[3] + q[0]), 0.5 * (q[1] + q[2])
    x, y = a + share * (b - a)
    brick, clay = looks.surface("brick red"), looks.paint((0.60, 0.34, 0.24), "clay pot")
    mesh.box((x - 0.35, y - 0.5, ridge - 1.6), (x + 0.35, y + 0.5, ridge + 0.9), brick, instance,
             tile=1.3, omit=("-z",))  # fmt: skip
    for k in (-0.25, 0.25):
        center = float(x), float(y + k)
        mesh.cylinder(0.11, ridge + 0.9, ridge + 1.25, clay, instance, center=center, segments=8)

"""Mazes from seeds: corridors on a grid, with one way between any two places or with several.

A spanning tree of the grid, grown by one of three rules, is a perfect maze (no loops); taking
away some more walls makes it an imperfect one. Walls, floor, height and light vary by seed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.extrusion import add_level, add_wall, add_walls, polygons
from navworld.scenes.materials import material
from navworld.scenes.seeds import checked_seed
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Lamp, Room, Scene, Sun

__all__ = ["VERSION", "Passages", "draw_passages", "maze"]

VERSION = "1"
SLAB = 0.2

WALLS = (
    "brick red", "brick white", "concrete wall", "masonry", "panelling oak", "panelling white",
    "plaster white", "plaster sand", "plaster petrol", "plaster mustard", "limewash clay",
    "wallpaper facets", "wallpaper stripes", "wallpaper damask", "wallpaper fans", "metro tiles",
)  # fmt: skip
FLOORS = (
    "concrete floor", "oak planks", "terracotta tiles", "checker tiles", "slate tiles",
    "carpet grey", "terrazzo dark", "linoleum green", "smoked planks",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Passages:
    """Which neighbouring cells of a grid are joined.

    Attributes:
        right: (rows, columns − 1) whether a cell is joined to the next one along x.
        up: (rows − 1, columns) whether a cell is joined to the next one along y.
    """

    right: NDArray[np.bool_]
    up: NDArray[np.bool_]


def draw_passages(
    rng: Generator, rows: int, columns: int, *, rule: str = "deep", loops: float = 0.0
) -> Passages:
    """A random maze.

    Args:
        rule: How the tree grows: "deep" from its newest cell (long winding corridors), "wide"
            from any of its cells (many short dead ends), "mixed" between them.
        loops: Share of the remaining walls that are taken away.
    """
    right = np.zeros((rows, columns - 1), bool)
    up = np.zeros((rows - 1, columns), bool)
    seen = np.zeros((rows, columns), bool)
    start = int(rng.integers(rows)), int(rng.integers(columns))
    seen[start] = True
    growing = [start]
    while growing:
        newest = rule == "deep" or (rule == "mixed" and rng.random() < 0.7)
        k = len(growing) - 1 if newest else int(rng.integers(len(growing)))
        r, c = growing[k]
        steps = ((r, c + 1), (r, c - 1), (r + 1, c), (r - 1, c))
        open_to = [
            (i, j) for i, j in steps if 0 <= i < rows and 0 <= j < columns and not seen[i, j]
        ]
        if not open_to:
            growing.pop(k)
            continue
        i, j = open_to[int(rng.integers(len(open_to)))]
        seen[i, j] = True
        growing.append((i, j))
        if i == r:
            right[r, min(c, j)] = True
        else:
            up[min(r, i), c] = True
    right |= rng.random(right.shape) < loops
    up |= rng.random(up.shape) < loops
    return Passages(right, up)


def maze(seed: int) -> Scene:
    """The maze of a seed, 12–30 m wide; the same bytes on every run.

    Args:
        seed: Any whole number ≥ 0.
    """
    seed = checked_seed(seed, "maze")
    draw, look = np.random.default_rng(seed).spawn(2)
    rows, columns = (int(n) for n in draw.integers(7, 14, 2))
    rule = ("deep", "wide", "mixed")[int(draw.integers(3))]
    loops = 0.0 if draw.random() < 0.4 else float(draw.uniform(0.06, 0.25))
    passages = draw_passages(draw, rows, columns, rule=rule, loops=loops)
    pitch = round(float(draw.uniform(1.5, 2.3)), 2)
    thickness = round(float(draw.uniform(0.1, 0.3)), 2)
    height = round(float(draw.uniform(2.0, 3.2)), 2)
    roofed = bool(draw.random() < 0.7)
    solid = _walls(passages, pitch, thickness)
    mesh = _built(look, solid, height, roofed=roofed, size=(columns * pitch, rows * pitch))
    lamps = _lamps(look, mesh, (rows, columns), pitch, height) if roofed else ()
    arrays = mesh.arrays()
    start = [[0.5 * pitch, 0.5 * pitch, 0.1]]
    floors = walkable_floors(arrays["vertices"], arrays["triangles"], seed_points=start)
    low, high = 0.5 * thickness, (columns * pitch - 0.5 * thickness, rows * pitch - 0.5 * thickness)
    outline = ((low, low), (high[0], low), high, (low, high[1]))
    return Scene(
        name=f"maze-{seed}",
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=floors,
        lamps=lamps,
        sun=None if roofed else Sun((0.42, 0.29, 0.86), (2.6, 2.5, 2.3)),
        ambient=(0.2, 0.2, 0.21) if roofed else (0.75, 0.8, 0.9),
        rooms=(Room("maze", outline),),
        texel=0.08,
        version=VERSION,
    )


def _walls(passages: Passages, pitch: float, thickness: float) -> shapely.Geometry:
    """All standing walls as one shape; the grid's corner is the origin."""
    rows, columns = passages.right.shape[0], passages.up.shape[1]
    half = 0.5 * thickness
    boxes = []

    def wall(x0: float, y0: float, x1: float, y1: float) -> None:
        box = [x0 * pitch - half, y0 * pitch - half, x1 * pitch + half, y1 * pitch + half]
        boxes.append(shapely.box(*(round(value, 4) for value in box)))

    wall(0, 0, columns, 0)
    wall(0, rows, columns, rows)
    wall(0, 0, 0, rows)
    wall(columns, 0, columns, rows)
    for r, c in np.argwhere(~passages.right):
        wall(c + 1, r, c + 1, r + 1)
    for r, c in np.argwhere(~passages.up):
        wall(c, r + 1, c + 1, r + 1)
    return shapely.union_all(boxes, grid_size=1e-4)


def _built(
    rng: Generator,
    solid: shapely.Geometry,
    height: float,
    *,
    roofed: bool,
    size: tuple[float, float],
) -> MeshBuilder:
    """Walls in one to four materials by quarter of the maze, floor and ceiling."""
    mesh = MeshBuilder()
    walls = mesh.add_instance("walls", "wall")
    ground = mesh.add_instance("floor", "floor")
    styles = rng.choice(len(WALLS), int(rng.integers(1, 5)), replace=False)
    bounds = shapely.box(*solid.bounds)
    free = shapely.difference(bounds, solid, grid_size=1e-4)
    rings = [ring for part in polygons(solid) for ring in (part.exterior, *part.interiors)]
    outer = max(rings, key=lambda ring: shapely.Polygon(ring).area)
    for ring in rings:
        _panels(mesh, ring, height, [WALLS[int(k)] for k in styles], size, walls, ring is outer)
    floor = material(FLOORS[int(rng.integers(len(FLOORS)))])
    add_level(mesh, free, 0.0, floor, ground)
    shell = material("concrete wall")
    add_level(mesh, bounds, -SLAB, shell, walls, up=False)
    add_walls(mesh, bounds, (-SLAB, 0.0), shell, walls)
    if roofed:
        ceiling = mesh.add_instance("ceiling", "ceiling")
        add_level(mesh, free, height, material("ceiling plaster"), ceiling, up=False)
        add_level(mesh, bounds, height + SLAB, shell, ceiling)
        add_walls(mesh, bounds, (height, height + SLAB), shell, ceiling)
    else:
        add_level(mesh, solid, height, material("painted grey"), walls)
    return mesh


def _panels(
    mesh: MeshBuilder,
    ring: shapely.LinearRing,
    height: float,
    styles: list[str],
    size: tuple[float, float],
    instance: int,
    outer: bool,
) -> None:
    """The faces along one ring, each in the material of the part of the maze it stands in."""
    corners = np.asarray(ring.coords)[:, :2]
    for a, b in itertools.pairwise(corners):
        x, y = 0.5 * (a + b)
        quarter = 0 if outer else int(x > 0.5 * size[0]) + 2 * int(y > 0.5 * size[1])
        surface = material(styles[quarter % len(styles)])
        add_wall(mesh, np.stack([a, b]), (0.0, height), surface, instance)


def _lamps(
    rng: Generator, mesh: MeshBuilder, shape: tuple[int, int], pitch: float, height: float
) -> tuple[Lamp, ...]:
    """A flat lamp in the ceiling of every second cell, chequered."""
    glow = material("frosted glass")
    warm = float(rng.uniform(0.7, 1.0))
    power = float(rng.uniform(1.3, 1.9))
    lamps = []
    for r in range(shape[0]):
        for c in range(r % 2, shape[1], 2):
            x, y = round((c + 0.5) * pitch, 3), round((r + 0.5) * pitch, 3)
            item = mesh.add_instance("lamp", "lamp")
            low, high = (x - 0.15, y - 0.15, height - 0.03), (x + 0.15, y + 0.15, height)
            mesh.box(low, high, glow, item, omit=("+z",))
            color = round(power, 3), round(power * (0.8 + 0.2 * warm), 3), round(power * warm, 3)
            lamps.append(Lamp((x, y, round(height - 0.12, 3)), color, 0.1))
    return tuple(lamps)

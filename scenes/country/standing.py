"""What stands on the land: huts, fences, signs and benches, then trees, bushes, rocks and grass."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.country.land import HUT_NAMES, PLACES, Land
from navworld.scenes.country.planting import Nursery, plant, plant_together, scattered
from navworld.scenes.country.plants import WOODS
from navworld.scenes.country.relief import HALF, on_grid, smooth
from navworld.scenes.country.routes import RIM, path_edge
from navworld.scenes.country.things import add_bench, add_fence, add_hut, add_sign
from navworld.world.mesh import MeshBuilder

NOWHERE = np.empty((0, 2))


def add_buildings(mesh: MeshBuilder, rng: Generator, land: Land) -> dict[str, NDArray[np.float64]]:
    """Huts, fences, signs and benches; outlines (4, 2) of the huts by name."""
    outlines = {}
    for site, name in zip(land.sites, HUT_NAMES, strict=False):
        outlines[name] = add_hut(mesh, rng, site.xy, site.z, site.yaw, name)
    rim = HALF - RIM + 0.8
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * rim
    add_fence(mesh, square, land.height, "border fence", gap=2.9)
    corners = land.field.corners
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        gate, gap = rng.uniform(0.3, 0.7), 1.9 / float(np.linalg.norm(b - a))
        for start, end in ((0.0, gate - gap), (gate + gap, 1.0)):
            line = _clear(land, np.array([a + (b - a) * start, a + (b - a) * end]))
            if len(line):
                add_fence(mesh, line, land.height, "field fence")
    _add_signs(mesh, rng, land)
    for name in PLACES:
        if name not in land.places:
            continue
        away = land.places[name] - land.paths[0].line.mean(0)
        xy = land.places[name] + 2.2 * away / max(float(np.linalg.norm(away)), 1e-9)
        if land.room(xy[None], 0.8)[0] > 0:
            z = float(land.height(xy[None])[0])
            add_bench(mesh, xy, z, float(rng.uniform(0, 2 * np.pi)))
    return outlines


def _clear(land: Land, line: NDArray) -> NDArray[np.float64]:
    """A straight fence, cut short where a path or water is in its way."""
    points = line[0] + (line[1] - line[0]) * np.linspace(0, 1, 64)[:, None]
    clear = np.minimum(on_grid(land.path, points), on_grid(land.shore, points)) > 0.4
    stop = 63 if clear.all() else int((~clear).argmax()) - 1
    return points[[0, stop]] if stop > 2 else NOWHERE


def _add_signs(mesh: MeshBuilder, rng: Generator, land: Land) -> None:
    """A sign where a trail leaves another way, and one at either end of the track."""
    for path in land.paths[1:]:
        name, end = path.name.removesuffix(" Trail"), path.line[-1]
        heading = path.line[max(len(path.line) - 16, 0)] - end
        _add_sign(mesh, rng, land, path.line[max(len(path.line) - 6, 0)], name, heading)
    track = land.paths[0].line
    for at, ahead in ((6, 14), (-7, -15)):
        _add_sign(mesh, rng, land, track[at], "Mill Bridge", track[ahead] - track[at])


def _add_sign(
    mesh: MeshBuilder, rng: Generator, land: Land, near: NDArray, word: str, heading: NDArray
) -> None:
    """Puts a sign on the first free place around a point."""
    spots = near + rng.uniform(-4, 4, (60, 2))
    off = np.minimum(path_edge(land.paths, spots) - 0.5, on_grid(land.shore, spots) - 0.8)
    free = spots[off > 0]
    if len(free):
        xy = free[np.linalg.norm(free - near, axis=1).argmin()]
        yaw = float(np.arctan2(heading[1], heading[0]))
        add_sign(mesh, xy, float(land.height(xy[None])[0]), word, yaw)


def add_plants(mesh: MeshBuilder, rng: Generator, land: Land) -> int:
    """Trees, bushes, rocks, then grass; how many triangles there are before the grass."""
    kinds = WOODS[int(rng.integers(len(WOODS)))]
    nursery = Nursery(rng)
    lush = rng.uniform(0.75, 1.1)

    def wooded(xy: NDArray) -> NDArray:
        return lush * (0.02 + 0.98 * land.woods(xy) ** 1.5) * (land.room(xy, 0.9) > 0)

    def bushy(xy: NDArray) -> NDArray:
        density = land.woods(xy)
        edge = 4 * density * (1 - density)
        return (0.07 + 0.4 * edge) * (land.room(xy, 1.5) > 0)

    def stony(xy: NDArray) -> NDArray:
        return 0.15 * (land.room(xy, 1.5) > 0)

    def grassy(xy: NDArray) -> NDArray:
        return (0.5 - 0.4 * land.woods(xy)) * (land.room(xy, 0.1) > -0.2)

    trees = scattered(rng, 2600, HALF, wooded, 3.1, NOWHERE)
    bushes = scattered(rng, 1400, HALF, bushy, 2.0, trees)
    stones = scattered(rng, 500, HALF, stony, 2.5, np.concatenate([trees, bushes]))
    tufts = scattered(rng, 9000, HALF, grassy, 0.3, np.concatenate([trees, stones]))
    _add_outer_trees(mesh, rng, land, nursery, kinds)
    for places, names, semantic in (
        (trees, kinds, "vegetation"), (bushes, ("bush",), "vegetation"),
        (stones, ("rock",), "terrain"),
    ):  # fmt: skip
        for xy, z in zip(places, land.height(places), strict=True):
            kind = names[int(rng.integers(len(names)))]
            instance, size = mesh.add_instance(kind, semantic), rng.uniform(0.8, 1.15)
            plant(mesh, rng, nursery.variants(kind), np.append(xy, z), instance, size)
    before = mesh.triangle_count
    grass = mesh.add_instance("grass", "vegetation")
    tufts = np.column_stack([tufts, land.height(tufts)])
    plant_together(mesh, rng, nursery.variants("tuft"), tufts, grass)
    return before


def _add_outer_trees(
    mesh: MeshBuilder, rng: Generator, land: Land, nursery: Nursery, kinds: tuple[str, ...]
) -> None:
    """Trees behind the fence, up to the hills."""

    def outside(xy: NDArray) -> NDArray:
        away = np.abs(xy).max(1) - HALF
        return (away > 1.0) * (0.25 + 0.75 * smooth(land.growth.at(xy), -0.2, 0.8))

    places = scattered(rng, 1500, 1.9 * HALF, outside, 5.0, NOWHERE)
    for xy, z in zip(places, land.height(places), strict=True):
        kind = kinds[int(rng.integers(len(kinds)))]
        instance, size = mesh.add_instance(kind, "vegetation"), rng.uniform(0.9, 1.2)
        shapes = nursery.variants(kind, coarse=True)
        plant(mesh, rng, shapes, np.append(xy, z - 0.3), instance, size)

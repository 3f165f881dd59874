"""The country from a seed: hills, a stream with a pond, woods, a field, paths, a hut or two.

180 × 180 m can be walked, as far as slopes, water, fences, rocks and trees allow; around it lie
hills that are only seen.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.country.cover import add_far_hills, add_ground, add_water
from navworld.scenes.country.land import PLACES, Land
from navworld.scenes.country.relief import HALF, on_grid
from navworld.scenes.country.routes import RIM, path_edge
from navworld.scenes.country.standing import add_buildings, add_plants
from navworld.scenes.country.things import add_bridge
from navworld.scenes.seeds import checked_seed
from navworld.scenes.sunlight import draw_direction
from navworld.world.mesh import BOX_FACES, MeshBuilder
from navworld.world.scene import Floor, Scene, Sun
from navworld.world.vector_map import GeoOrigin, MapBuilding, MapPoint, MapRoad, VectorMap
from navworld.world.walkable.ground import surface_heights, uneven_floor

__all__ = ["VERSION", "country"]

VERSION = "1"
TEXEL = 0.5
CELL = 0.25
SLOPE = float(np.radians(22))
STEP = 0.06
HEADROOM = 1.8
"""Branches below this are in the way: nobody's eyes are in a tree [m]."""

SKY = (0.27, 0.33, 0.41)
"""Light of a clear sky, as shares of the sun's."""

AMBIENT = (0.14, 0.14, 0.13)


def country(seed: int) -> Scene:
    """The country of a seed; the same bytes on every run.

    Args:
        seed: Any whole number ≥ 0.
    """
    seed = checked_seed(seed, "country")
    lie, ways, grow, build, shine = np.random.default_rng([seed, 7]).spawn(5)
    land = Land(lie, ways)
    mesh = MeshBuilder()
    trodden = _add_land(mesh, build, land)
    firm = mesh.triangle_count
    add_bridge(mesh, land.bridge)  # its deck first
    outlines = add_buildings(mesh, build, land)
    solid = add_plants(mesh, grow, land)
    arrays = mesh.arrays()
    corners = arrays["vertices"][arrays["triangles"]]
    walked = np.concatenate([corners[:trodden], corners[firm : firm + 2 * len(BOX_FACES)]])
    sun = _sun(shine)
    red, green, blue = (
        round(share * power, 6) for share, power in zip(SKY, sun.power, strict=True)
    )
    return Scene(
        name=f"country-{seed}",
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=(_floor(land, walked, corners[firm:solid]),),
        sun=sun,
        ambient=AMBIENT,
        sky=(red, green, blue),
        texel=TEXEL,
        map=_map(land, outlines, seed),
        version=VERSION,
    )


def _add_land(mesh: MeshBuilder, rng: Generator, land: Land) -> int:
    """Ground, water and the hills around; how many triangles the ground has."""
    earth = mesh.add_instance("land", "terrain")
    path = mesh.add_instance("paths", "road")
    water = mesh.add_instance("water", "water")
    borders = {
        "bed": land.shore,
        "gravel": land.path,
        "crops" if rng.random() < 0.6 else "ploughed": land.tilled,
        "forest floor": 6 * (0.35 - land.woods(land.points)),
        "pasture": 6 * (0.4 - land.lushness.at(land.points)),
    }
    add_ground(
        mesh, land.ground, borders, path_edge=partial(path_edge, land.paths), stream=land.stream,
        path=path, land=earth, turned=land.field.yaw,
    )  # fmt: skip
    trodden = mesh.triangle_count
    add_water(mesh, land.shore, land.level, land.stream, water)
    add_far_hills(mesh, land.ground, land.hills, land.far, earth)
    return trodden


def _floor(land: Land, walked: NDArray, obstacles: NDArray) -> Floor:
    """Where bodies can be: the land that is dry and not too steep, and the bridge.

    Args:
        walked, obstacles: (T, 3, 3) triangles that one walks on, and that are in the way.
    """
    count = round(2 * HALF / CELL)
    t = (np.arange(count) + 0.5) * CELL - HALF
    centers = np.stack(np.meshgrid(t, t), -1)
    corner = (-HALF, -HALF)
    along, off = land.bridge.along(centers)
    deck = (np.abs(along) < 0.5 * land.bridge.length) & (off < 0.5 * land.bridge.width)
    closed = (on_grid(land.shore, centers) < 0.2) & ~deck
    closed |= np.abs(centers).max(-1) > HALF - RIM
    return uneven_floor(
        surface_heights(walked, origin=corner, cell=CELL, shape=(count, count)), obstacles,
        origin=corner, cell=CELL, slope=SLOPE, step=STEP, body_height=HEADROOM, closed=closed,
    )  # fmt: skip


def _map(land: Land, outlines: dict[str, NDArray], seed: int) -> VectorMap:
    """The track and the trails, huts, and places that have a name."""
    roads = []
    for path in land.paths:
        kind = "track" if path.kind == "track" else "path"
        line = tuple(_point(xy) for xy in (*path.line[:-1:4], path.line[-1]))
        roads.append(MapRoad(path.name, line, round(float(path.width), 3), 1, kind))
    buildings = []
    for name, corners in outlines.items():
        polygon = tuple(_point(xy) for xy in corners)
        buildings.append(MapBuilding(polygon, 4.0, name, "", _point(land.places[name])))
    points = tuple(
        MapPoint(name, "place", _point(land.places[name])) for name in PLACES if name in land.places
    )
    origin = GeoOrigin(46.0 + 0.001 * (seed % 1000), 8.0, 520.0)
    return VectorMap(tuple(roads), tuple(buildings), points, origin)


def _point(xy: NDArray) -> tuple[float, float]:
    return round(float(xy[0]), 3), round(float(xy[1]), 3)


def _sun(rng: Generator) -> Sun:
    """Sunlight from a random side, warmer and weaker when it stands low."""
    direction = draw_direction(rng, (28, 60))
    height = direction[2]
    strength = float(rng.uniform(2.2, 3.0))
    return Sun(
        direction, (strength, strength * (0.8 + 0.17 * height), strength * (0.55 + 0.38 * height))
    )

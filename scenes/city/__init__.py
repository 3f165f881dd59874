"""Cities from seeds: streets, blocks, houses with façades, parks, trees, signs, parked vehicles."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.random import Generator
from shapely.geometry import Point, Polygon, box

from navworld.scenes.city.greenery import Tree, trees
from navworld.scenes.city.ground import lay_ground
from navworld.scenes.city.houses import House, build_house
from navworld.scenes.city.names import Names
from navworld.scenes.city.outskirts import build_far_house
from navworld.scenes.city.parcels import FRONT, Plot, plots
from navworld.scenes.city.placing import Things, furnish_blocks, furnish_streets, park_vehicles
from navworld.scenes.city.plan import HALF, LANES, Plan, Street, draw_plan
from navworld.scenes.city.styles import draw_style
from navworld.scenes.city.vehicles import draw_vehicles
from navworld.scenes.city.walking import walkable
from navworld.scenes.seeds import checked_seed
from navworld.scenes.sunlight import draw_direction
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Lamp, Scene, Sun
from navworld.world.vector_map import GeoOrigin, MapBuilding, MapPoint, MapRoad, VectorMap

__all__ = ["VERSION", "city"]

VERSION = "2"
TEXEL = 0.4
MAP_MARGIN = 60.0
TRIANGLES = 1_000_000
"""What leaves are added up to."""

SHOP_LIGHT, SHOP_POWER = 2.3, (1.9, 1.6, 1.15)
"""Height above the road [m] and power of the light that falls out of a shop."""

CARDS = (100, 900)
"""Fewest and most leaf cards of a small tree."""


def city(seed: int) -> Scene:
    """The city of a seed, 300 × 300 m of it in detail; the same bytes on every run.

    Args:
        seed: Any whole number ≥ 0.
    """
    seed = checked_seed(seed, "city")
    rng = np.random.default_rng([seed, 4])
    draw, call, look, build, furnish, leaf, shine = rng.spawn(7)
    names = Names(call)
    plan = draw_plan(draw, names)
    mesh = MeshBuilder()
    land = {k: plots(draw, b) for k, b in enumerate(plan.blocks) if b.use in
            ("town", "towers", "houses")}  # fmt: skip
    paths = lay_ground(mesh, look, plan, land)
    houses, addresses = _build_houses(mesh, build, plan, land, names)
    things = Things(mesh)
    kinds = trees(leaf, 0)
    furnish_streets(things, furnish, plan, kinds)
    park_vehicles(things, furnish, plan, draw_vehicles(furnish, 15))
    furnish_blocks(things, furnish, plan, land, paths, kinds)
    _plant(things, leaf)
    floor = walkable(plan, land, things.blocked)
    return Scene(
        name=f"city-{seed}",
        **mesh.arrays(),
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=(floor,),
        lamps=(*things.lamps, *_shop_lights(houses)),
        sun=_sun(shine),
        ambient=(0.24, 0.25, 0.26),
        sky=(0.72, 0.82, 0.97),
        version=VERSION,
        texel=TEXEL,
        map=_map(shine, plan, houses, addresses, things),
    )


def _build_houses(
    mesh: MeshBuilder, rng: Generator, plan: Plan, land: dict[int, list[Plot]], names: Names
) -> tuple[list[House], list[str]]:
    """Builds on every plot; the houses that have addresses, and those."""
    mood = int(rng.integers(3))
    core = [plot for own in land.values() for plot in own if plot.core]
    far = [plot for own in land.values() for plot in own if not plot.core]
    numbered = _addresses(plan.streets, core)
    houses, addresses = [], []
    for plot, (street, number) in zip(core, numbered, strict=True):
        busy = street.kind != "residential" or rng.random() < 0.25
        style = draw_style(rng, plot.use, busy, mood)
        shops = [names.shop() for _ in range(6)] if style.shops else []
        address = f"{number} {street.name}"
        houses.append(
            build_house(mesh, rng, plot, style, address=address, number=number, shops=shops)
        )
        addresses.append(address)
    for plot in far:
        build_far_house(mesh, rng, plot)
    return houses, addresses


def _addresses(streets: tuple[Street, ...], core: list[Plot]) -> list[tuple[Street, int]]:
    """Street and number of every plot: odd on the left of the street's line, even on the right."""
    lines = np.array([street.line for street in streets])
    found, taken = [], set()
    for plot in core:
        ahead = np.roll(plot.outline, -1, 0)
        length = np.linalg.norm(ahead - plot.outline, axis=1) * (plot.faces == FRONT)
        k = int(np.argmax(length))
        middle = Point(0.5 * (plot.outline[k] + ahead[k]))
        which = int(np.argmin(shapely.distance(lines, middle)))
        line = streets[which].line
        s = line.project(middle)
        a, b = (np.array(line.interpolate(s + d).coords[0]) for d in (-0.5, 0.5))
        offset = np.array(middle.coords[0]) - a
        left = (b - a)[0] * offset[1] - (b - a)[1] * offset[0] > 0
        number = 2 * int(s / 9) + (1 if left else 2)
        while (which, number) in taken:
            number += 2
        taken.add((which, number))
        found.append((streets[which], number))
    return found


def _plant(things: Things, rng: Generator) -> None:
    """Plants all trees with as many leaves as the budget of triangles allows."""
    state = rng.bit_generator.state
    bare = trees(rng, 0)
    counts = np.array([tree.mesh.triangle_count for tree in bare])
    weight = np.array([1.0 if tree.small else 2.0 for tree in bare])
    weight[-2:] = 1.0, 0.5
    which = np.array([species for species, _, _ in things.trees], np.int64)
    left = TRIANGLES - things.mesh.triangle_count - counts[which].sum()
    cards = int(np.clip(left / max(2 * weight[which].sum(), 1), *CARDS))
    rng.bit_generator.state = state
    kinds: list[Tree] = trees(rng, cards)
    for species, T, _ in things.trees:
        things.mesh.append(kinds[species].mesh, T, things.mesh.add_instance("tree", "vegetation"))


def _shop_lights(houses: list[House]) -> list[Lamp]:
    """What the windows of shops throw on the pavement after dark."""
    places = [at for house in houses for _, _, at in house.shops]
    return [Lamp((x, y, SHOP_LIGHT), SHOP_POWER, 0.15, dark_only=True) for x, y in places]


def _sun(rng: Generator) -> Sun:
    """Sunlight of the day from a random side."""
    return Sun(draw_direction(rng, (32, 58)), (3.3, 3.1, 2.75))


def _gate(door: tuple[float, float] | None, gardens: list[Polygon]) -> tuple[float, float] | None:
    """Where one stands for a door: before it, or on the pavement before its garden."""
    if door is None:
        return None
    point = Point(door)
    for garden in gardens:
        if garden.contains(point):
            edge = garden.exterior.interpolate(garden.exterior.project(point))
            away = np.array([edge.x - point.x, edge.y - point.y])
            x, y = np.array([edge.x, edge.y]) + 0.8 * away / max(float(np.linalg.norm(away)), 1e-6)
            return round(float(x), 3), round(float(y), 3)
    return door


def _map(
    rng: Generator, plan: Plan, houses: list[House], addresses: list[str], things: Things
) -> VectorMap:
    """The vector map of the detailed blocks and the streets around them; somewhere on Earth."""
    reach = HALF + MAP_MARGIN
    square = box(-reach, -reach, reach, reach)
    roads = []
    for street in plan.streets:
        for part in shapely.get_parts(street.line.intersection(square)):
            if part.geom_type == "LineString" and part.length > 1:
                line = tuple((round(float(x), 3), round(float(y), 3)) for x, y in part.coords)
                roads.append(
                    MapRoad(street.name, line, street.width, LANES[street.kind], street.kind)
                )
    buildings, points = [], []
    gardens = [b.lot for b in plan.blocks if b.core and b.use == "houses"]
    for house, address in zip(houses, addresses, strict=True):
        outline = tuple((float(x), float(y)) for x, y in house.plot.outline)
        buildings.append(
            MapBuilding(
                outline, round(house.height, 2), "", address, _gate(house.entrance, gardens)
            )
        )
        points += [MapPoint(name, kind, at, address) for name, kind, at in house.shops]
    for block in plan.blocks:
        if block.name:
            p = block.kerb.exterior.interpolate(0.0)
            points.append(MapPoint(block.name, block.use, (round(p.x, 3), round(p.y, 3))))
    origin = GeoOrigin(
        round(float(rng.uniform(40, 58)), 6), round(float(rng.uniform(-8, 28)), 6),
        round(float(rng.uniform(5, 400)), 1),
    )  # fmt: skip
    return VectorMap(tuple(roads), tuple(buildings), tuple(points + things.points), origin)

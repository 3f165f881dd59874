"""From a town to a scene: ground by use, roads as wide as they are, buildings, trees, the map."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from navworld.scenes.city.looks import surface
from navworld.scenes.city.looks import tile as tile_of
from navworld.scenes.extrusion import add_level, add_wall, add_walls, polygons
from navworld.scenes.materials import material
from navworld.scenes.plans.facades import BAY, NARROW, WALLS, blank, facade, roof
from navworld.scenes.plans.greens import add_tree, leaf_colors
from navworld.scenes.plans.hung_lamps import hung_lamps
from navworld.scenes.plans.outdoors import outdoor_scene
from navworld.scenes.plans.town import DRIVABLE, Town, TownBuilding
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Floor, Lamp, Material, Scene
from navworld.world.vector_map import MapBuilding, MapRoad, VectorMap
from navworld.world.walkable.clearance import clearances
from navworld.world.walkable.columns import covered_columns, touched_columns

GRID = 0.01
"""Precision of outlines on the ground [m]."""

CELL = 0.25
APRON = 120.0
"""Ground beyond the edge of the map, that is seen but not walked on [m]."""

UNLIT = ("motorway", "motorway_link", "trunk", "trunk_link", "service")
"""Kinds of roads along which no lamps are hung."""

PAVEMENT = 2.2
HEADROOM, STEP = 1.1, 0.06


@dataclass(frozen=True)
class _Ground:
    """One kind of ground: its instance's name and class, its surface, whether it is walked on."""

    name: str
    semantic: str
    surface: str
    walked: bool = True


GROUNDS: dict[str, _Ground] = {
    "water": _Ground("water", "water", "", walked=False),
    "road": _Ground("carriageway", "road", "asphalt"),
    "parking": _Ground("parking", "pavement", "setts"),
    "foot": _Ground("footways", "pavement", "slabs"),
    "pavement": _Ground("pavements", "pavement", "square slabs"),
    "pitch": _Ground("pitch", "terrain", "clay pavers"),
    "sand": _Ground("sand", "terrain", "sand"),
    "wood": _Ground("wood", "vegetation", "soil"),
    "grass": _Ground("grass", "vegetation", "lawn"),
    "yard": _Ground("yards", "terrain", "gravel"),
}


def town_scene(town: Town, *, name: str, version: str) -> Scene:
    """The scene of a town on level ground."""
    rng = np.random.default_rng(int(hashlib.sha256(version.encode()).hexdigest()[:12], 16))
    mesh = MeshBuilder()
    mesh.add_instance("surroundings", "terrain")
    shapes = _ground_shapes(town)
    for kind, shape in shapes.items():
        ground = GROUNDS[kind]
        if not shape.is_empty:
            item = mesh.add_instance(ground.name, ground.semantic)
            add_level(mesh, shape, 0.0, ground_material(kind), item, tile=ground_tile(kind))
    box = shapely.box(*town.box)
    rim = box.buffer(APRON, join_style="mitre") - box
    add_level(mesh, rim, 0.0, ground_material("yard"), 0, tile=ground_tile("yard"))
    on_ground = mesh.triangle_count
    for k, building in enumerate(_untangled(town.buildings)):
        add_building(mesh, building, building_name(building, k), rng)
    _barriers(mesh, town)
    leaves = leaf_colors()
    blocked = shapely.union_all([b.shape for b in town.buildings if b.drawn and b.bottom < 2.2])
    for tree in town.trees:
        if not shapely.dwithin(blocked, shapely.Point(tree.xy), 0.4):
            add_tree(mesh, tree, leaves, rng)
    lamps = tuple(_lamp(mesh, xy) for xy in town.lamps)
    lamps += hung_lamps(_lamplit(town), town.lamps, lambda x, y: 0.0)
    arrays = mesh.arrays()
    walked = [shape for kind, shape in shapes.items() if GROUNDS[kind].walked]
    corners = arrays["vertices"].astype(np.float64)[arrays["triangles"]]
    floor = level_floor(walked, corners[on_ground:], town.box)
    return outdoor_scene(
        town,
        mesh,
        arrays=arrays,
        floor=floor,
        town_map=town_map(town),
        name=name,
        version=version,
        lamps=lamps,
    )


def ground_material(kind: str) -> Material:
    """The surface of a kind of ground."""
    if kind == "water":
        return Material("water", (0.22, 0.30, 0.33))
    return surface(GROUNDS[kind].surface)


def ground_tile(kind: str) -> float:
    """Metres that one repeat of the surface of a kind of ground covers."""
    name = GROUNDS[kind].surface
    return tile_of(name) if name else 1.0


def _ground_shapes(town: Town) -> dict[str, BaseGeometry]:
    """What is on the ground, each kind without those before it; nothing overlaps."""
    box = shapely.box(*town.box)
    found: dict[str, list[BaseGeometry]] = {kind: [] for kind in GROUNDS}
    for kind, shape in town.areas:
        found["foot" if kind == "plaza" else kind].append(shape)
    for road in town.roads:
        line = shapely.simplify(shapely.LineString(road.line), 0.05)
        ribbon = line.buffer(0.5 * road.width, quad_segs=3)
        found["road" if road.kind in DRIVABLE else "foot"].append(ribbon)
        if road.kind in DRIVABLE and road.kind != "service":
            wide = line.buffer(0.5 * road.width + PAVEMENT, quad_segs=3)
            found["pavement"].append(wide)
    found["yard"].append(box)
    taken: BaseGeometry = shapely.union_all(
        [b.shape for b in town.buildings if b.drawn and b.bottom < 2.2], grid_size=GRID
    )
    shapes = {}
    for kind, parts in found.items():
        whole = shapely.intersection(shapely.union_all(parts, grid_size=GRID), box, grid_size=GRID)
        free = shapely.difference(whole, taken, grid_size=GRID)
        shapes[kind] = shapely.union_all(list(polygons(free)))
        taken = shapely.union(taken, whole, grid_size=GRID)
    return shapes


def _untangled(buildings: list[TownBuilding]) -> list[TownBuilding]:
    """Buildings that are drawn, lower ones without what taller ones cover: no walls coincide."""
    order = sorted((b for b in buildings if b.drawn), key=lambda b: -b.top)
    tree = shapely.STRtree([b.shape for b in order])
    kept = []
    for k, building in enumerate(order):
        shape: BaseGeometry = building.shape
        for i in sorted(int(i) for i in tree.query(building.shape)):
            other = order[i]
            if i < k and shapely.intersection(shape, other.shape).area > 0.05:
                if other.bottom <= building.bottom + 0.01:
                    shape = shapely.difference(shape, other.shape, grid_size=GRID)
                else:
                    shape = shape.buffer(-0.04, join_style="mitre")
        kept += [replace(building, shape=part) for part in polygons(shape) if part.area > 0.3]
    return kept


def building_name(building: TownBuilding, k: int) -> str:
    """What a building's instance is called."""
    return building.name or building.address or f"building {k}"


def add_building(
    mesh: MeshBuilder, building: TownBuilding, name: str, rng: np.random.Generator
) -> None:
    """Adds a building: walls with windows, a roof, and a ceiling where one can go below it."""
    item = mesh.add_instance(name, "building")
    wall = list(WALLS)[int(rng.integers(len(WALLS)))]
    windows, plain = facade(wall, int(rng.integers(4))), blank(wall)
    if building.use in ("garage", "garages", "shed", "roof"):
        windows = plain
    corners = np.asarray(building.shape.exterior.coords)[:, :2]
    pitched = (
        building.roof != "flat" and building.roof_height > 0.3 and not building.shape.interiors
    )
    quad = len(corners) == 5
    if building.roof == "gabled" and not quad:
        pitched = False
    eaves = building.top - building.roof_height if pitched else building.top
    z = (building.bottom, eaves)
    for ring in (building.shape.exterior, *building.shape.interiors):
        line = np.asarray(ring.coords)[:, :2]
        for a, b in itertools.pairwise(line):
            wide = float(np.linalg.norm(b - a)) > NARROW and z[1] - z[0] > 2.2
            add_wall(mesh, np.stack([a, b]), z, windows if wide else plain, item, bay=BAY)
    if building.bottom > 0:
        add_level(mesh, building.shape, building.bottom, plain, item, up=False)
    names = ("tiles", "slate", "tiles", "zinc") if pitched else ("gravel", "bitumen", "zinc")
    cover = roof(names[int(rng.integers(len(names)))])
    if not pitched:
        add_level(mesh, building.shape, building.top, cover, item)
    elif quad and building.roof == "gabled":
        _gable(mesh, corners[:4], (eaves, building.top), (cover, plain), item)
    else:
        _pyramid(mesh, building.shape, (eaves, building.top), cover, item)


def _gable(
    mesh: MeshBuilder,
    corners: NDArray,
    z: tuple[float, float],
    materials: tuple[Material, Material],
    item: int,
) -> None:
    """Two slopes over a quadrilateral, the ridge along its longer sides."""
    cover, plain = materials
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    p = corners if sides[0] + sides[2] >= sides[1] + sides[3] else np.roll(corners, -1, axis=0)
    low, high = z
    eaves = np.column_stack([p, np.full(4, low)])
    ridge = [(*(0.5 * (p[1] + p[2])), high), (*(0.5 * (p[0] + p[3])), high)]
    for quad in (
        (eaves[0], eaves[1], ridge[0], ridge[1]),
        (eaves[2], eaves[3], ridge[1], ridge[0]),
    ):
        mesh.quad(np.array(quad), cover, item, tile=2 * BAY)
    for triangle in ((eaves[1], eaves[2], ridge[0]), (eaves[3], eaves[0], ridge[1])):
        points = np.array(triangle)
        along = np.linalg.norm(points[1, :2] - points[0, :2])
        uv = np.array([(0, 0), (along, 0), (0.5 * along, low - high)]) / (2 * BAY)
        mesh.triangles(points, [[0, 1, 2]], uv[None], plain, item)


def _pyramid(
    mesh: MeshBuilder,
    shape: shapely.Polygon,
    z: tuple[float, float],
    cover: Material,
    item: int,
) -> None:
    """Slopes from every side of an outline to one point above its middle."""
    line = np.asarray(shape.exterior.coords)[:, :2]
    middle = shape.representative_point() if not shape.contains(shape.centroid) else shape.centroid
    tip = np.array([middle.x, middle.y, z[1]])
    for a, b in itertools.pairwise(line):
        points = np.array([(*a, z[0]), (*b, z[0]), tip])
        along = float(np.linalg.norm(b - a))
        rise = float(np.linalg.norm(tip - 0.5 * (points[0] + points[1])))
        uv = np.array([(0, 0), (along, 0), (0.5 * along, -rise)]) / (2 * BAY)
        mesh.triangles(points, [[0, 1, 2]], uv[None], cover, item)


def _barriers(mesh: MeshBuilder, town: Town) -> None:
    """Walls, fences and hedges, open where ways lead through them."""
    ways = [shapely.LineString(r.line).buffer(0.5 * r.width + 0.2, quad_segs=2) for r in town.roads]
    gaps = shapely.union_all(ways) if ways else shapely.Polygon()
    houses = shapely.union_all([b.shape for b in town.buildings])
    looks = {"hedge": (0.35, material("foliage"), "vegetation")}
    for line, height, kind in town.barriers:
        half, look, semantic = looks.get(kind, (0.08, surface("concrete"), "wall"))
        solid = shapely.difference(line.buffer(half, quad_segs=2, cap_style="flat"), gaps)
        solid = shapely.difference(shapely.simplify(solid, 0.03), houses.buffer(0.02))
        if solid.area < 0.05:
            continue
        item = mesh.add_instance(kind.replace("_", " "), semantic)
        add_walls(mesh, solid, (0.0, height), look, item)
        add_level(mesh, solid, height, look, item)


def _lamp(mesh: MeshBuilder, xy: tuple[float, float]) -> Lamp:
    """A street lamp that shines in the dark."""
    item = mesh.add_instance("street lamp", "pole")
    x, y = round(xy[0], 3), round(xy[1], 3)
    grey = material("plastic grey")
    mesh.cylinder(0.06, 0.0, 4.6, grey, item, center=(x, y), segments=6)
    low, high = (x - 0.2, y - 0.2, 4.6), (x + 0.2, y + 0.2, 4.85)
    mesh.box(low, high, material("frosted glass"), item)
    return Lamp((x, y, 4.4), (9.0, 8.2, 6.6), 0.15, dark_only=True)


def _lamplit(town: Town) -> list[NDArray[np.float64]]:
    """The lines of streets that are lit after dark: those for vehicles, main ones first."""
    kinds = [kind for kind in DRIVABLE if kind not in UNLIT]
    streets = [road for road in town.roads if road.kind in kinds]
    return [r.line for r in sorted(streets, key=lambda r: (kinds.index(r.kind), -len(r.line)))]


def level_floor(
    walked: list[BaseGeometry], obstacles: NDArray, box: tuple[float, float, float, float]
) -> Floor:
    """The walkable floor on level ground: where the ground is open and nothing stands on it."""
    origin = (box[0] - 2.5 * CELL, box[1] - 2.5 * CELL)
    shape = int((box[3] - box[1]) / CELL) + 6, int((box[2] - box[0]) / CELL) + 6
    ground = MeshBuilder()
    ground.add_instance("ground", "terrain")
    plain = Material("ground")
    for part in walked:
        add_level(ground, part, 0.0, plain, 0)
    arrays = ground.arrays()
    support = covered_columns(
        arrays["vertices"].astype(np.float64)[arrays["triangles"]],
        origin=origin, cell=CELL, shape=shape,
    )  # fmt: skip
    blocked = touched_columns(
        obstacles, band=(STEP, HEADROOM), origin=origin, cell=CELL, shape=shape
    )
    free = support & ~blocked
    free[[0, -1]] = free[:, [0, -1]] = False
    return Floor(origin, CELL, 0.0, clearances(free, CELL))


def town_map(town: Town) -> VectorMap:
    """The vector map of a town."""
    roads = tuple(MapRoad(r.name, _pairs(r.line), r.width, r.lanes, r.kind) for r in town.roads)
    buildings = tuple(
        MapBuilding(
            _pairs(np.asarray(b.shape.exterior.coords)[:-1, :2]),
            b.top, b.name, b.address, b.entrance,
        )
        for b in town.buildings
        if b.mapped
    )  # fmt: skip
    return VectorMap(roads, buildings, tuple(town.points), town.origin)


def _pairs(points: NDArray) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 3), round(float(y), 3)) for x, y in points)

"""Floor plans as files describe them, and the house that is built from one.

Rooms are polygons with the wall around them; doorways are cut through all walls that their
outline covers; windows are panes in a wall. Furniture is made anew in the size that the file
gives.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from navworld.scenes.extrusion import add_level, add_walls, polygons
from navworld.scenes.furniture import KINDS, make
from navworld.scenes.materials import Style, material, sample_style
from navworld.scenes.pictures import window_view
from navworld.scenes.plans.reading import Notes
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Lamp, Material, Room, Scene, SceneError, Sun

GRID = 1e-3
SLAB = 0.2
DOOR_TOP = 2.05
LARGEST = 400.0
WET = ("bathroom", "toilet")


@dataclass(frozen=True)
class Thing:
    """A piece that stands in a house: (depth, width, height) [m], its front along `yaw`."""

    kind: str
    semantic: str
    xy: tuple[float, float]
    yaw: float
    size: tuple[float, float, float]
    bottom: float = 0.0


@dataclass(frozen=True)
class Pane:
    """A window: a line through the wall, and its heights [m]."""

    line: shapely.LineString
    bottom: float
    top: float


@dataclass
class House:
    """A floor plan.

    Attributes:
        rooms: (kind, polygon up to the inner faces of its walls).
        passages: Outlines of doorways and hallways, cut out of all walls.
        hallways: Those passages that are rooms of their own, with walls along their sides.
    """

    rooms: list[tuple[str, shapely.Polygon]] = field(default_factory=list)
    passages: list[shapely.Polygon] = field(default_factory=list)
    hallways: list[BaseGeometry] = field(default_factory=list)
    panes: list[Pane] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    height: float = 2.6
    wall: float = 0.12
    notes: Notes = field(default_factory=Notes)
    attribution: str = ""


def house_scene(house: House, *, name: str, version: str, path: object) -> Scene:
    """The scene of a floor plan."""
    rng = np.random.default_rng(int(hashlib.sha256(version.encode()).hexdigest()[:12], 16))
    if not house.rooms:
        raise SceneError(f"{path}: has no room with a sound outline; check its rooms")
    set_apart(house)
    style = sample_style(rng)
    mesh = MeshBuilder()
    _shell(mesh, rng, house, style, path)
    for thing in house.things:
        stand(mesh, rng, house, thing, style)
    lamps = lamps_of(mesh, house)
    arrays = mesh.arrays()
    try:
        seeds = [list(inside_of(shape)) for _, shape in house.rooms]
        floors = walkable_floors(
            arrays["vertices"], arrays["triangles"], seed_points=[[*xy, 0.1] for xy in seeds]
        )
    except ValueError:
        raise SceneError(
            f"{path}: has no walkable space: its rooms are too small or full; check that it is in "
            "metres"
        ) from None
    return Scene(
        name=name,
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=floors,
        lamps=lamps,
        sun=Sun((0.52, 0.36, 0.775), (2.4, 2.2, 1.9)),
        ambient=(0.22, 0.22, 0.23),
        rooms=tuple(Room(kind, ring_of(shape)) for kind, shape in house.rooms),
        version=version,
        attribution=house.attribution,
        notes=house.notes.lines(),
    )


def set_apart(house: House) -> None:
    """Draws rooms in by half a wall where they were drawn up to the middle of their walls."""
    shapes = [shape for _, shape in house.rooms]
    shared = 0.0
    for k, shape in enumerate(shapes):
        for other in shapes[:k]:
            if shapely.dwithin(shape, other, 0.02):
                shared += shapely.intersection(shape.buffer(0.02), other).length
    if shared < 0.5:
        return
    drawn = []
    for kind, shape in house.rooms:
        parts = list(polygons(shape.buffer(-0.5 * house.wall, join_style="mitre")))
        if parts:
            drawn.append((kind, max(parts, key=lambda part: part.area)))
        else:
            house.notes.add("room narrower than its walls left out", kind)
    house.rooms = drawn or house.rooms


def _shell(mesh: MeshBuilder, rng: Generator, house: House, style: Style, path: object) -> None:
    """Walls, floors, ceilings, lintels and windows."""
    walls = mesh.add_instance("building", "wall")
    ceiling = mesh.add_instance("ceiling", "ceiling")
    rooms = shapely.union_all([shape for _, shape in house.rooms], grid_size=GRID)
    halls = shapely.union_all(house.hallways, grid_size=GRID)
    inside = shapely.union(rooms, halls, grid_size=GRID)
    grown = shapely.buffer(inside, house.wall, join_style="mitre", mitre_limit=2.0)
    # Gaps between rooms that are no wider than a wall are solid.
    solid = grown.buffer(0.6 * house.wall, join_style="mitre").buffer(
        -0.6 * house.wall, join_style="mitre"
    )
    span = np.ptp(np.array(solid.bounds).reshape(2, 2), axis=0)
    if span.max() > LARGEST:
        raise SceneError(f"{path}: is {span.max():.0f} m large; check that it is in metres")
    cut = shapely.union_all(house.passages, grid_size=GRID)
    holes = shapely.difference(shapely.intersection(cut, solid), inside, grid_size=GRID)
    panes = [(p, through(p, solid, inside, house.wall)) for p in house.panes]
    glazed = shapely.union_all([hole for _, hole in panes], grid_size=GRID)
    standing = shapely.difference(solid, shapely.union_all([inside, holes, glazed]), grid_size=GRID)
    z = (0.0, house.height)
    paint = material(style.wall_main)
    add_walls(mesh, standing, z, paint, walls)
    trim = material(style.door_frame)
    top = min(DOOR_TOP, house.height - 0.05)
    add_level(mesh, holes, top, trim, walls, up=False)
    add_walls(mesh, holes, (top, house.height), paint, walls)
    add_level(mesh, holes, 0.0, material(style.floor_hall), walls)
    for number, (kind, shape) in enumerate(house.rooms):
        floor = (
            style.floor_bath
            if kind in WET
            else style.floor_kitchen
            if kind == "kitchen"
            else style.floor_living
        )
        own = shapely.difference(
            shape, shapely.union_all([s for _, s in house.rooms[:number]]), grid_size=GRID
        )
        add_level(mesh, own, 0.0, material(floor), mesh.add_instance(f"{kind} floor", "floor"))
    rest = shapely.difference(halls, rooms, grid_size=GRID)
    if not rest.is_empty:
        add_level(
            mesh, rest, 0.0, material(style.floor_hall), mesh.add_instance("hallway floor", "floor")
        )
    add_level(mesh, inside, house.height, material(style.ceiling), ceiling, up=False)
    outer = shapely.union_all([shapely.Polygon(p.exterior) for p in polygons(solid)])
    facade = material("plaster sand")
    add_level(mesh, outer, house.height + SLAB, facade, walls)
    add_level(mesh, outer, -SLAB, facade, walls, up=False)
    add_walls(mesh, outer, (-SLAB, 0.0), facade, walls)
    add_walls(mesh, outer, (house.height, house.height + SLAB), facade, walls)
    for pane, hole in panes:
        _window(mesh, rng, pane, hole, (paint, material(style.window_frame)), house.height)


def through(pane: Pane, solid: BaseGeometry, inside: BaseGeometry, wall: float) -> BaseGeometry:
    """The part of the walls that a window goes through."""
    band = pane.line.buffer(1.6 * wall, cap_style="flat")
    return shapely.intersection(band, shapely.difference(solid, inside, grid_size=GRID))


def _window(
    mesh: MeshBuilder,
    rng: Generator,
    pane: Pane,
    hole: BaseGeometry,
    surfaces: tuple[Material, Material],
    height: float,
) -> None:
    """Wall below and above a window, and the pane in between."""
    if hole.is_empty:
        return
    paint, frame = surfaces
    item = mesh.add_instance("window", "window")
    add_walls(mesh, hole, (0.0, pane.bottom), paint, 0)
    add_level(mesh, hole, pane.bottom, frame, item)
    add_walls(mesh, hole, (pane.top, height), paint, 0)
    add_level(mesh, hole, pane.top, frame, item, up=False)
    glaze(mesh, rng, pane, hole, item)


def glaze(mesh: MeshBuilder, rng: Generator, pane: Pane, hole: BaseGeometry, instance: int) -> None:
    """The glass of a window in its hole, with a view in it."""
    view = window_view(rng)
    glass = Material(f"window {view.name}", texture=view, emission=1.0, transparent=True)
    middle = np.asarray(pane.line.coords)[[0, -1]]
    along = (middle[1] - middle[0]) / max(float(np.linalg.norm(middle[1] - middle[0])), 1e-9)
    center = np.array([hole.centroid.x, hole.centroid.y])
    reach = np.abs((middle - center) @ along)
    a, b = center - along * reach[0], center + along * reach[1]
    z0, z1 = pane.bottom, pane.top
    for p, q in ((a, b), (b, a)):
        side = np.array([along[1], -along[0]]) * (1 if p is a else -1) * 0.004
        corners = [(*(p + side), z0), (*(q + side), z0), (*(q + side), z1), (*(p + side), z1)]
        mesh.quad(np.array(corners), glass, instance, tile=None)


def stand(mesh: MeshBuilder, rng: Generator, house: House, thing: Thing, style: Style) -> None:
    """Adds a piece: of our own furniture where there is such a kind, else a plain box."""
    depth, width, height = thing.size
    c, s = np.cos(thing.yaw), np.sin(thing.yaw)
    T = np.array([[c, -s, 0, thing.xy[0]], [s, c, 0, thing.xy[1]], [0, 0, 1, thing.bottom],
                  [0, 0, 0, 1.0]])  # fmt: skip
    within = any(shape.contains(shapely.Point(thing.xy)) for _, shape in house.rooms)
    if not within:
        house.notes.add("piece outside all rooms left out", thing.kind)
        return
    if thing.kind in KINDS:
        piece = make(thing.kind, rng, style, (depth, width))
        scale = np.clip(np.array([depth, width, height]) / piece.size, 0.5, 1.6)
        T[:3, :3] = T[:3, :3] * scale
        mesh.append(piece.mesh, T)
        return
    item = mesh.add_instance(thing.kind, thing.semantic)
    low, high = (-depth / 2, -width / 2, 0.0), (depth / 2, width / 2, height)
    mesh.box(low, high, material(style.wood), item, T=T)


def lamps_of(mesh: MeshBuilder, house: House) -> tuple[Lamp, ...]:
    """A flat lamp in the middle of every room, more in large ones, and along hallways."""
    lamps = []
    spaces = [shape for _, shape in house.rooms]
    rooms = shapely.union_all(spaces)
    spaces += [p for p in polygons(shapely.difference(shapely.union_all(house.hallways), rooms))]
    for shape in spaces:
        for x, y in _spread(shape):
            item = mesh.add_instance("lamp", "lamp")
            low = (x - 0.2, y - 0.2, house.height - 0.04)
            mesh.box(
                low, (x + 0.2, y + 0.2, house.height), material("frosted glass"), item, omit=("+z",)
            )
            power = round(min(1.2 + 0.13 * shape.area, 4.0), 3)
            place = (round(x, 3), round(y, 3), round(house.height - 0.14, 3))
            lamps.append(Lamp(place, (power, round(0.95 * power, 3), round(0.85 * power, 3)), 0.1))
    return tuple(lamps)


def _spread(shape: shapely.Polygon) -> list[tuple[float, float]]:
    """Places for lamps, about one for every 5 × 5 m."""
    x0, y0, x1, y1 = shape.bounds
    columns, rows = max(1, round((x1 - x0) / 5)), max(1, round((y1 - y0) / 5))
    inner = shape.buffer(-0.3)
    if columns * rows == 1 or inner.is_empty:
        return [inside_of(shape)]
    found = [
        (x0 + (x1 - x0) * (i + 0.5) / columns, y0 + (y1 - y0) * (j + 0.5) / rows)
        for i in range(columns)
        for j in range(rows)
    ]
    kept = [(float(x), float(y)) for x, y in found if inner.contains(shapely.Point(x, y))]
    return kept or [inside_of(shape)]


def inside_of(shape: shapely.Polygon) -> tuple[float, float]:
    """The point of a polygon farthest from its border."""
    point = shapely.maximum_inscribed_circle(shape, tolerance=0.05).coords[0]
    return float(point[0]), float(point[1])


def ring_of(shape: shapely.Polygon) -> tuple[tuple[float, float], ...]:
    """The corners of a polygon, counter-clockwise."""
    corners = np.asarray(shapely.orient_polygons(shape).exterior.coords)[:-1]
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in corners)


def ribbon(line: NDArray, width: float) -> shapely.Polygon:
    """The strip around a line."""
    return shapely.LineString(line).buffer(0.5 * width, cap_style="flat", join_style="mitre")

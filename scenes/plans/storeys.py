"""Houses of several storeys joined by stairs and ramps: how they are built.

Stairs have real steps; the walkable ground of a flight is the line over the edges of its steps,
so a body goes up smoothly and never below a tread. The ground has one height at every place:
where walkable rooms lie above one another, the map holds those of one of them, and what is left
out is noted. Geometry is whole in any case.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.random import Generator
from shapely.geometry.base import BaseGeometry

from navworld.scenes.extrusion import add_level, add_walls, polygons
from navworld.scenes.materials import Style, material, sample_style
from navworld.scenes.plans.layers import Prism, add_solid
from navworld.scenes.plans.reading import Notes
from navworld.scenes.plans.rooms import (
    DOOR_TOP,
    GRID,
    LARGEST,
    SLAB,
    WET,
    House,
    glaze,
    lamps_of,
    ring_of,
    set_apart,
    stand,
    through,
)
from navworld.scenes.plans.walking import THROUGH, Flight, sheet
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Lamp, Material, Room, Scene, SceneError, Sun

HEADROOM = 2.3
"""Above the head of a flight, where no room gives more [m]."""

RAIL, RAIL_WIDTH, DROP = 0.95, 0.04, 0.4
"""Height and thickness of railings, and the drop from which there is one [m]."""


@dataclass(frozen=True, eq=False)
class Storey:
    """A storey: its plan, and the height of its floor [m]."""

    z: float
    plan: House

    @property
    def inside(self) -> BaseGeometry:
        """All that is walked in it, doorways aside."""
        return shapely.union_all([s for _, s in self.plan.rooms], grid_size=GRID)

    @property
    def outline(self) -> BaseGeometry:
        """Rooms and the walls around them; gaps no wider than a wall are solid."""
        wall = self.plan.wall
        grown = shapely.buffer(self.inside, wall, join_style="mitre", mitre_limit=2.0)
        shut = grown.buffer(0.6 * wall, join_style="mitre")
        return shut.buffer(-0.6 * wall, join_style="mitre")

    @property
    def doorways(self) -> BaseGeometry:
        """Doorways within the walls."""
        cut = shapely.union_all(self.plan.passages, grid_size=GRID)
        return shapely.intersection(cut, self.outline, grid_size=GRID)


def storeyed_scene(
    storeys: list[Storey],
    flights: list[Flight],
    notes: Notes,
    *,
    name: str,
    version: str,
    path: object,
    attribution: str = "",
) -> Scene:
    """The scene of a house of several storeys.

    Raises:
        SceneError: There is nothing to walk on, or it is too large; the sentence names `path`.
    """
    rng = np.random.default_rng(int(hashlib.sha256(version.encode()).hexdigest()[:12], 16))
    for storey in storeys:
        set_apart(storey.plan)
    storeys = sorted((s for s in storeys if s.plan.rooms), key=lambda s: s.z)
    if not storeys:
        raise SceneError(f"{path}: has no room with a sound outline; check its rooms")
    bounds = np.array(shapely.union_all([s.outline for s in storeys]).bounds)
    span = float((bounds[2:] - bounds[:2]).max())
    if span > LARGEST:
        raise SceneError(f"{path}: is {span:.0f} m large; check that it is in metres")
    style, mesh = sample_style(rng), MeshBuilder()
    _build(mesh, rng, storeys, flights, style)
    lamps = _lamps(mesh, storeys, flights)
    arrays = mesh.arrays()
    corners = arrays["vertices"][arrays["triangles"]].astype(np.float64)
    grounds = [(s.z, shapely.union(s.inside, s.doorways, grid_size=GRID)) for s in storeys]
    floor = sheet(corners, grounds, flights, bounds, notes)
    if floor is None:
        raise SceneError(
            f"{path}: has no walkable space: its rooms are too small or full; check that it is in "
            "metres"
        )
    for storey in storeys:
        for line in storey.plan.notes.lines():
            notes.add(f"at {storey.z:g} m: {line}")
    return Scene(
        name=name,
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=(floor,),
        lamps=lamps,
        sun=Sun((0.52, 0.36, 0.775), (2.4, 2.2, 1.9)),
        ambient=(0.22, 0.22, 0.23),
        rooms=tuple(
            Room(kind, ring_of(shape), floor=k)
            for k, storey in enumerate(storeys)
            for kind, shape in storey.plan.rooms
        ),
        version=version,
        attribution=attribution,
        notes=notes.lines(),
    )


def _build(
    mesh: MeshBuilder, rng: Generator, storeys: list[Storey], flights: list[Flight], style: Style
) -> None:
    """Walls, slabs, flights, windows and furniture."""
    walls = mesh.add_instance("building", "wall")
    ceiling = mesh.add_instance("ceiling", "ceiling")
    paint, trim = material(style.wall_main), material(style.door_frame)
    hall = material(style.floor_hall), walls
    over = material(style.ceiling), ceiling
    lowest = storeys[0].z
    shells: list[tuple[BaseGeometry, float, float]] = []
    rooms: list[Prism] = []
    holes: list[Prism] = []
    panes = []
    for storey in storeys:
        z, plan = storey.z, storey.plan
        outline, inside = storey.outline, storey.inside
        shells += [(outline, z - SLAB, z + plan.height + SLAB), (outline, lowest - SLAB, z - SLAB)]
        for kind, shape in plan.rooms:
            floor = _floor_of(kind, style), mesh.add_instance(f"{kind} floor", "floor")
            rooms.append(Prism(shape, z, z + plan.height, floor, (paint, walls), over))
        top = z + min(DOOR_TOP, plan.height - 0.05)
        holes.append(Prism(storey.doorways, z, top, hall, (trim, walls), (trim, walls)))
        for pane in plan.panes:
            lifted = replace(pane, bottom=pane.bottom + z, top=pane.top + z)
            gap = through(lifted, outline, inside, plan.wall)
            frame = material(style.window_frame), mesh.add_instance("window", "window")
            holes.append(Prism(gap, lifted.bottom, lifted.top, frame, frame, frame))
            panes.append((lifted, gap, frame[1]))
    for flight in flights:
        wall, end = storeys[0].plan.wall, flight.run
        strip, top = flight.outline(), flight.high + HEADROOM
        around = shapely.buffer(strip, wall, join_style="mitre")
        shells.append((around, flight.low - SLAB, top + SLAB))
        look = (hall, (paint, walls), over)
        rooms.append(Prism(strip, flight.low, top, *look))
        for a, b, z in ((-THROUGH, 0.0, flight.low), (end, end + THROUGH, flight.high)):
            holes.append(Prism(flight.outline(a, b), z, z + DOOR_TOP, *look))
    add_solid(mesh, shells, rooms + holes, (material("plaster sand"), walls))
    for flight in flights:
        _flight(mesh, flight, material(style.wood), material(style.floor_hall))
        _railing(mesh, flight, storeys, material(style.wood))
    for pane, gap, item in panes:
        if not gap.is_empty:
            glaze(mesh, rng, pane, gap, item)
    for storey in storeys:
        for thing in storey.plan.things:
            lifted_thing = replace(thing, bottom=thing.bottom + storey.z)
            stand(mesh, rng, storey.plan, lifted_thing, style)


def _floor_of(kind: str, style: Style) -> Material:
    if kind in WET:
        return material(style.floor_bath)
    return material(style.floor_kitchen if kind == "kitchen" else style.floor_living)


def _flight(mesh: MeshBuilder, flight: Flight, wood: Material, plain: Material) -> None:
    """Steps that are solid down to the floor, or the wedge of a ramp."""
    item = mesh.add_instance("stairs" if flight.steps else "ramp", "stairs")
    T, half = flight.T_world_flight(), 0.5 * flight.width
    for k in range(1, flight.steps):
        low, high = ((k - 1) * flight.tread, -half, 0.0), (k * flight.tread, half, k * flight.riser)
        mesh.box(low, high, wood, item, T=T, omit=("-z",))
    if flight.steps:
        return
    run, rise = flight.run, flight.high - flight.low
    mesh.quad(
        [(0, -half, 0), (run, -half, rise), (run, half, rise), (0, half, 0)], plain, item, T=T
    )
    for y, order in ((-half, 1), (half, -1)):
        corners = [(0, y, 0), (run, y, 0), (run, y, rise)]
        uv = np.array([(0, 0), (run, 0), (run, -rise)])
        mesh.triangles(corners, [[0, 1, 2][::order]], uv[::order], plain, item, T)


def _railing(mesh: MeshBuilder, flight: Flight, storeys: list[Storey], wood: Material) -> None:
    """Rails along the hole in the floor above."""
    upper = shapely.union_all([s.inside for s in storeys if abs(s.z - flight.high) < 0.05])
    deep = flight.run * (1 - DROP / max(flight.high - flight.low, DROP))
    if upper.is_empty or deep <= 0:
        return
    half = 0.5 * (flight.width + RAIL_WIDTH)
    corners = np.array([(deep, half, 0, 1), (0, half, 0, 1), (0, -half, 0, 1), (deep, -half, 0, 1)])
    line = shapely.LineString((corners @ flight.T_world_flight().T)[:, :2])
    rail = line.buffer(0.5 * RAIL_WIDTH, cap_style="flat", join_style="mitre")
    rail = shapely.intersection(rail, upper.buffer(-0.02), grid_size=GRID)
    item = mesh.add_instance("railing", "stairs")
    for part in polygons(rail):
        add_walls(mesh, part, (flight.high, flight.high + RAIL), wood, item)
        add_level(mesh, part, flight.high + RAIL, wood, item)


def _lamps(mesh: MeshBuilder, storeys: list[Storey], flights: list[Flight]) -> tuple[Lamp, ...]:
    """Lamps in all rooms, and above flights that have walls of their own."""
    lamps: list[Lamp] = []
    for storey in storeys:
        lamps += lamps_of(mesh, replace(storey.plan, height=storey.z + storey.plan.height))
    roofed = shapely.union_all([s.inside for s in storeys])
    for flight in flights:
        own = shapely.difference(flight.outline(), roofed, grid_size=GRID)
        if own.area > 0.5 * flight.run * flight.width:
            alone = House(rooms=[("stairs", own)], height=flight.high + HEADROOM)
            lamps += lamps_of(mesh, alone)
    return tuple(lamps)

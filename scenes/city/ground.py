"""The ground: carriageways, markings, kerbs, pavements, yards and lawns; what can be walked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon, box

from navworld.scenes.city import looks
from navworld.scenes.city.houses import KERB
from navworld.scenes.city.parcels import Plot
from navworld.scenes.city.plan import HALF, OUTER, Block, Plan, Street
from navworld.scenes.city.solids import cap, offset, sweep
from navworld.world.mesh import MeshBuilder

TILE, FAR_TILE = 24.0, 120.0
MARKING = 0.012
"""Height of painted lines above the asphalt [m]."""

PARKING = 2.15
"""Width of a parking lane [m]."""

HORIZON = 4000.0
_GROUNDS = {
    "town": ("clay pavers", "pavement"), "towers": ("slabs", "pavement"),
    "houses": ("lawn", "terrain"), "park": ("lawn", "terrain"),
    "square": ("square slabs", "pavement"),
}  # fmt: skip


def lay_ground(
    mesh: MeshBuilder, rng: Generator, plan: Plan, plots: dict[int, list[Plot]]
) -> dict[int, list[Polygon]]:
    """Lays everything that is level; returns the paths of parks by block."""
    road = mesh.add_instance("carriageway", "road")
    kerbs = shapely.union_all([b.kerb.buffer(-0.06) for b in plan.blocks])
    site = box(-OUTER, -OUTER, OUTER, OUTER)
    asphalt = str(rng.choice(["asphalt", "asphalt", "asphalt pale"]))
    tiled(mesh, shapely.difference(site, kerbs), 0.0, asphalt, road)
    _surroundings(mesh)
    paving = str(rng.choice(["slabs", "setts", "square slabs", "clay pavers"]))
    paths: dict[int, list[Polygon]] = {}
    for k, block in enumerate(plan.blocks):
        paths[k] = _block(mesh, rng, block, plots.get(k, []), paving)
    _markings(mesh, rng, plan)
    return paths


def tiled(mesh: MeshBuilder, area: Polygon, z: float, surface: str, instance: int) -> None:
    """A level area cut into squares: small ones where one walks, large ones further out."""
    core = np.arange(-HALF - 16, HALF + 17, TILE)
    far = np.arange(-OUTER, OUTER + 1, FAR_TILE)
    middle = box(core[0], core[0], core[-1], core[-1])
    for edges, part in ((core, area.intersection(middle)), (far, area.difference(middle))):
        x, y = np.meshgrid(edges[:-1], edges[:-1])
        step = edges[1] - edges[0]
        squares = shapely.box(x.ravel(), y.ravel(), x.ravel() + step, y.ravel() + step)
        shapely.prepare(part)
        for square in squares[shapely.intersects(part, squares)]:
            for piece in shapely.get_parts(shapely.intersection(part, square)):
                if isinstance(piece, Polygon) and piece.area > 1e-3:
                    cap(mesh, piece, z, looks.surface(surface), instance, tile=looks.tile(surface))


def _surroundings(mesh: MeshBuilder) -> None:
    """Fields to the horizon."""
    around = mesh.add_instance("fields", "terrain")
    for low, high in (
        ((-HORIZON, OUTER), (HORIZON, HORIZON)), ((-HORIZON, -HORIZON), (HORIZON, -OUTER)),
        ((OUTER, -OUTER), (HORIZON, OUTER)), ((-HORIZON, -OUTER), (-OUTER, OUTER)),
    ):  # fmt: skip
        cap(mesh, box(*low, *high), 0.0, looks.surface("lawn"), around, tile=3.0)


def _block(
    mesh: MeshBuilder, rng: Generator, block: Block, plots: list[Plot], paving: str
) -> list[Polygon]:
    """Kerb, pavement and the ground between houses of one block."""
    pavement = mesh.add_instance("pavement", "pavement")
    ring = np.asarray(block.kerb.exterior.coords)[:-1]
    if not block.kerb.exterior.is_ccw:
        ring = ring[::-1]
    stone = looks.surface("granite")
    sweep(mesh, ring, [(0, -0.02), (0, KERB), (-0.15, KERB)], stone, pavement)
    inner = Polygon(offset(ring, -0.15)).buffer(0)
    walk = inner.difference(block.lot)
    _spread(mesh, block, walk, paving, pavement)
    surface, kind = _GROUNDS[block.use]
    ground = mesh.add_instance(block.name or f"{block.use} ground", kind)
    houses = shapely.union_all([p.polygon for p in plots]) if plots else Polygon()
    open_land = block.lot.difference(houses)
    paths = _paths(rng, block) if block.use == "park" else []
    if paths:
        trodden = shapely.union_all(paths)
        open_land = open_land.difference(trodden)
        path = mesh.add_instance(f"paths of {block.name or 'a park'}", "pavement")
        _spread(mesh, block, trodden, "sand", path)
    _spread(mesh, block, open_land, surface, ground)
    return paths


def _spread(mesh: MeshBuilder, block: Block, area: Polygon, surface: str, instance: int) -> None:
    for piece in shapely.get_parts(area):
        if isinstance(piece, Polygon) and piece.area > 0.01:
            cap(mesh, piece, KERB, looks.surface(surface), instance, tile=looks.tile(surface))


def _paths(rng: Generator, block: Block) -> list[Polygon]:
    """Two paths across a park and one around its middle."""
    center, reach = np.array(block.lot.centroid.coords[0]), 200.0
    angle = rng.uniform(0, np.pi)
    found = []
    for turn in (0.0, rng.uniform(1.1, 1.9)):
        way = reach * np.array([np.cos(angle + turn), np.sin(angle + turn)])
        found.append(LineString([center - way, center + way]).buffer(1.3).intersection(block.lot))
    ring = block.lot.buffer(-min(7.0, 0.18 * np.sqrt(block.lot.area)))
    if not ring.is_empty and ring.area > 150:
        line = shapely.get_parts(ring)[0].buffer(-2).buffer(2).exterior
        found.append(line.buffer(1.1).intersection(block.lot))
    return [p for part in found for p in shapely.get_parts(part) if isinstance(p, Polygon)]


@dataclass
class _Paint:
    """Quadrilaterals on the road, collected before they are added."""

    corners: list[NDArray] = field(default_factory=list)

    def bar(self, middle: NDArray, along: NDArray, length: float, width: float) -> None:
        """A rectangle `length` along a direction and `width` across it."""
        u, v = 0.5 * length * along, 0.5 * width * np.array([-along[1], along[0]])
        self.corners.append(
            np.stack([middle - u - v, middle + u - v, middle + u + v, middle - u + v])
        )

    def add(self, mesh: MeshBuilder, instance: int) -> None:
        """Paints everything."""
        if not self.corners:
            return
        xy = np.concatenate(self.corners)
        vertices = np.column_stack([xy, np.full(len(xy), MARKING)])
        index = np.arange(len(self.corners))[:, None] * 4 + np.array([0, 1, 2, 0, 2, 3])
        index = index.reshape(-1, 3)
        white = looks.paint((0.86, 0.86, 0.84), "road marking")
        mesh.triangles(vertices, index, (xy / 3)[index], white, instance)


def _markings(mesh: MeshBuilder, rng: Generator, plan: Plan) -> None:
    """Centre lines, lanes, parking bays, crossings and stop lines."""
    paint = _Paint()
    reach = HALF + 30
    for street in plan.streets:
        _lines(paint, street, plan.nodes, reach)
        _crossings(paint, rng, street, plan.nodes, reach)
    paint.add(mesh, mesh.add_instance("road markings", "road"))


def stations(
    street: Street, nodes: NDArray, step: float, clear: float
) -> list[tuple[float, NDArray, NDArray]]:
    """(distance along, place, direction) every `step` metres, `clear` metres off every junction."""
    line = street.line
    s = np.arange(0.5 * step, line.length, step)
    if not len(s):
        return []
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, s))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, s + 0.05))
    behind = shapely.get_coordinates(shapely.line_interpolate_point(line, s - 0.05))
    way = ahead - behind
    way /= np.maximum(np.linalg.norm(way, axis=1), 1e-9)[:, None]
    free = np.abs(points).max(1) < OUTER
    if len(nodes):
        gap = np.linalg.norm(points[:, None] - nodes[None, :, :2], axis=2) - nodes[None, :, 2]
        free &= gap.min(1) > clear
    return [(float(s[k]), points[k], way[k]) for k in np.flatnonzero(free)]


def _lines(paint: _Paint, street: Street, nodes: NDArray, reach: float) -> None:
    step = 6.0 if street.kind != "primary" else 5.0
    for _, place, way in stations(street, nodes, step, 8.5):
        if np.abs(place).max() > reach:
            continue
        side = np.array([-way[1], way[0]])
        if street.kind == "primary":
            for shift in (-0.12, 0.12):
                paint.bar(place + shift * side, way, step + 0.02, 0.1)
            for shift in (-0.25, 0.25):
                paint.bar(place + shift * street.width * side, way, 2.5, 0.12)
        else:
            if street.kind == "secondary":
                paint.bar(place, way, 3.0, 0.12)
            for sign in (-1, 1):
                edge = place + sign * (0.5 * street.width - PARKING) * side
                paint.bar(edge, way, 2.2, 0.1)
                paint.bar(edge + sign * 0.5 * PARKING * side - 3.0 * way, side, PARKING - 0.1, 0.1)


def approaches(
    street: Street, nodes: NDArray, distance: float
) -> list[tuple[NDArray, NDArray, NDArray]]:
    """(place, direction to the junction, junction) on every arm of a street's junctions."""
    line, found = street.line, []
    for node in nodes:
        point = shapely.Point(node[:2])
        if line.distance(point) > 0.6:
            continue
        at = line.project(point)
        for sign in (-1, 1):
            s = at + sign * (node[2] + distance)
            if not 1 < s < line.length - 1:
                continue
            a, b = (np.array(line.interpolate(s + d).coords[0]) for d in (-0.1, 0.1))
            place = 0.5 * (a + b)
            gap = np.linalg.norm(nodes[:, :2] - place, axis=1) - nodes[:, 2]
            if np.count_nonzero(gap < distance - 0.3) == 0:
                found.append((place, -sign * (b - a) / np.linalg.norm(b - a), node))
    return found


def _crossings(paint: _Paint, rng: Generator, street: Street, nodes: NDArray, reach: float) -> None:
    for place, way, _ in approaches(street, nodes, 3.4):
        zebra, halt = rng.random() < 0.6, rng.random() < 0.8
        if np.abs(place).max() > reach:
            continue
        side = np.array([-way[1], way[0]])
        if zebra:
            for offset_ in np.arange(-0.5 * street.width + 0.6, 0.5 * street.width - 0.3, 1.0):
                paint.bar(place + offset_ * side, way, 2.8, 0.5)
        if halt:
            keep_right = place - 2.6 * way - 0.25 * street.width * side
            paint.bar(keep_right, side, 0.5 * street.width - 0.3, 0.4)

"""Where the things of a street stand: trees, lamps, signs, benches, vehicles; and in parks."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import shapely
import shapely.ops
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry import Point, Polygon

from navworld.scenes.city import furniture as fu
from navworld.scenes.city import looks
from navworld.scenes.city.greenery import Tree, hedge
from navworld.scenes.city.ground import approaches, stations
from navworld.scenes.city.houses import KERB
from navworld.scenes.city.parcels import Plot
from navworld.scenes.city.plan import HALF, Block, Plan, Street
from navworld.scenes.city.vehicles import Shape
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Lamp
from navworld.world.vector_map import MapPoint

LAMP_POWER = (13.0, 10.2, 6.2)
FURNISHED = HALF + 14.0


@dataclass
class Things:
    """Everything that was placed.

    Attributes:
        mesh: Where to.
        blocked: Footprints that cannot be walked on.
        lamps: Of the streets, for the dark.
        points: Stops and the like for the map.
        spots: (x, y, radius) of everything that stands on a pavement.
        trees: (prototype, pose) still to be planted, so that their detail can fill a budget.
    """

    mesh: MeshBuilder
    blocked: list[Polygon] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    points: list[MapPoint] = field(default_factory=list)
    spots: list[tuple[float, float, float]] = field(default_factory=list)
    trees: list[tuple[int, NDArray, float]] = field(default_factory=list)

    def put(self, kit: MeshBuilder, name: str, semantic: str, T: NDArray, radius: float) -> bool:
        """Places a thing unless something stands there already; True if it did."""
        x, y = T[:2, 3]
        if not self.free(x, y, radius):
            return False
        self.mesh.append(kit, T, self.mesh.add_instance(name, semantic))
        self.hold(x, y, radius)
        return True

    def free(self, x: float, y: float, radius: float) -> bool:
        """Whether a disc is free of other things."""
        if not self.spots:
            return True
        near = np.array(self.spots)
        return bool((np.hypot(near[:, 0] - x, near[:, 1] - y) > near[:, 2] + radius).all())

    def hold(self, x: float, y: float, radius: float) -> None:
        """Marks a disc as taken, and as an obstacle."""
        self.spots.append((x, y, radius))
        self.blocked.append(Point(x, y).buffer(radius, quad_segs=3))


def pose(place: NDArray, toward: NDArray, z: float = KERB) -> NDArray[np.float64]:
    """T_world_thing of a thing whose front (−y) looks along `toward`."""
    T = np.eye(4)
    front = toward / np.linalg.norm(toward)
    T[:2, 1], T[:2, 0] = -front, (-front[1], front[0])
    T[:3, 3] = *place, z
    return T


def furnish_streets(things: Things, rng: Generator, plan: Plan, trees: list[Tree]) -> None:
    """Lamps, trees and small things along the kerbs, and signs at the junctions."""
    pavements = shapely.union_all([b.kerb for b in plan.blocks])
    lots = shapely.union_all([b.lot for b in plan.blocks])
    shapely.prepare(pavements)
    shapely.prepare(lots)
    kits = _kits(rng)
    small = [k for k, tree in enumerate(trees) if tree.small]
    for street in plan.streets:
        species = small[int(rng.integers(len(small)))]
        leafy = rng.random() < 0.75
        for sign in (-1, 1):
            _signs(things, rng, plan, street, sign, pavements)
            for n, (_, place, way) in enumerate(stations(street, plan.nodes, 3.2, 5.5)):
                side = sign * np.array([-way[1], way[0]])
                spot = place + (0.5 * street.width + 0.65) * side
                if np.abs(spot).max() > FURNISHED or not shapely.contains_xy(pavements, *spot):
                    continue
                if shapely.contains_xy(lots, *(spot + 0.9 * side)):
                    continue
                T = pose(spot, -side)
                if n % 8 == (0 if sign > 0 else 4):
                    _lamp(things, kits["lamp"], T)
                elif leafy and n % 4 == 2:
                    plant(things, rng, species, trees[species], spot)
                elif rng.random() < 0.16:
                    _small(things, rng, kits, T, street)


def _kits(rng: Generator) -> dict[str, MeshBuilder]:
    ads = fu.posters(rng, ["CINEMA", "CIRCUS", "OPERA", "JAZZ"])
    return {
        "lamp": fu.street_lamp(), "bench": fu.bench(), "bin": fu.bin_(), "bollard": fu.bollard(),
        "hydrant": fu.hydrant(), "post box": fu.post_box(), "rack": fu.bicycle_rack(),
        "planter": fu.planter("foliage green"), "column": fu.advertising_column(ads),
    }  # fmt: skip


def _lamp(things: Things, kit: MeshBuilder, T: NDArray) -> None:
    if things.put(kit, "street lamp", "lamp", T, 0.16):
        x, y, z, _ = T @ (*fu.LAMP_HEAD[:2], fu.LAMP_HEAD[2] - 0.1, 1.0)
        things.lamps.append(
            Lamp((round(float(x), 3), round(float(y), 3), round(float(z), 3)), LAMP_POWER, 0.12,
                 dark_only=True)
        )  # fmt: skip


def plant(things: Things, rng: Generator, species: int, tree: Tree, spot: NDArray) -> bool:
    """A tree, turned and scaled at random; False where there is no room."""
    scale, turn = rng.uniform(0.82, 1.1), rng.uniform(0, 2 * np.pi)
    radius = 1.6 * scale * tree.trunk + 0.05
    if not things.free(float(spot[0]), float(spot[1]), radius + 0.4):
        return False
    T = np.eye(4)
    T[:2, :2] = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    T[2, 2], T[:3, 3] = scale * rng.uniform(0.92, 1.08), (*spot, KERB)
    things.trees.append((species, T, scale))
    things.hold(float(spot[0]), float(spot[1]), radius)
    return True


def _small(
    things: Things, rng: Generator, kits: dict[str, MeshBuilder], T: NDArray, street: Street
) -> None:
    kinds = (("bench", "bench", 0.95), ("bin", "bin", 0.28), ("bollard", "pole", 0.12),
             ("hydrant", "object", 0.2), ("post box", "box", 0.32), ("rack", "object", 1.0),
             ("planter", "vegetation", 0.72), ("column", "sign", 0.76))  # fmt: skip
    shares = np.array([0.22, 0.22, 0.1, 0.08, 0.07, 0.12, 0.14, 0.05])
    name, semantic, radius = kinds[int(rng.choice(len(kinds), p=shares))]
    if name == "bench" and street.parking:
        T = T @ np.diag([-1.0, -1.0, 1.0, 1.0])
    if name in ("rack", "column", "bench"):
        T = T.copy()
        T[:3, 3] += 0.35 * T[:3, 1] * (-1 if name == "bench" and street.parking else 1)
    things.put(kits[name], name, semantic, T, radius)


def _signs(
    things: Things, rng: Generator, plan: Plan, street: Street, sign: int, pavements: Polygon
) -> None:
    """Street names at the corners, traffic signs before junctions and along the way."""
    names = fu.name_post(street.name) if sign > 0 else MeshBuilder()
    for place, way, _ in approaches(street, plan.nodes, 4.6):
        side = np.array([-way[1], way[0]])
        if np.abs(place).max() > FURNISHED:
            continue
        spot = place + sign * (0.5 * street.width + 0.4) * side
        if not shapely.contains_xy(pavements, *spot):
            continue
        if sign > 0 and rng.random() < 0.7:
            along = np.eye(4)
            along[:2, 0], along[:2, 1], along[:3, 3] = way, side, (*spot, KERB)
            things.put(names, f"sign {street.name}", "sign", along, 0.1)
        elif sign < 0 and rng.random() < 0.7:
            kind = (
                "stop" if street.kind == "residential" else str(rng.choice(["yield", "crossing"]))
            )
            things.put(fu.traffic_post(kind), f"sign {kind}", "sign", pose(spot, -way), 0.1)
    for _, place, way in stations(street, plan.nodes, 17.0, 10.0):
        side = sign * np.array([-way[1], way[0]])
        spot = place + (0.5 * street.width + 0.4) * side
        if rng.random() > 0.35 or np.abs(spot).max() > FURNISHED:
            continue
        if not shapely.contains_xy(pavements, *spot):
            continue
        toward = way if sign > 0 else -way
        if street.kind == "primary" and rng.random() < 0.4:
            _stop(things, rng, street, place, side)
            continue
        kind = "50" if street.kind == "primary" else str(rng.choice(["30", "parking", "parking"]))
        things.put(fu.traffic_post(kind), f"sign {kind}", "sign", pose(spot, toward), 0.1)


def _stop(things: Things, rng: Generator, street: Street, place: NDArray, side: NDArray) -> None:
    spot = place + (0.5 * street.width + 0.9) * side
    ad = fu.posters(rng, ["MUSEUM"])[0]
    if things.free(float(spot[0]), float(spot[1]), 2.1):
        T = pose(spot, -side)
        name = f"{street.name} stop"
        things.mesh.append(fu.shelter(street.name, ad), T, things.mesh.add_instance(name, "object"))
        things.spots.append((float(spot[0]), float(spot[1]), 2.1))
        corners = np.array(
            [(-1.95, 0.35, 0, 1), (1.95, 0.35, 0, 1), (1.95, 1.2, 0, 1), (-1.95, 1.2, 0, 1)]
        )
        things.blocked.append(Polygon((corners @ T.T)[:, :2]))
        x, y = spot - 0.3 * side
        things.points.append(MapPoint(name, "bus stop", (round(float(x), 3), round(float(y), 3))))


def park_vehicles(
    things: Things, rng: Generator, plan: Plan, vehicles: list[tuple[Shape, MeshBuilder]]
) -> None:
    """Vehicles along the kerbs of streets with parking lanes, on the right of each way."""
    for street in plan.streets:
        if not street.parking:
            continue
        share = rng.uniform(0.3, 0.75)
        for sign in (-1, 1):
            for _, place, way in stations(street, plan.nodes, 6.0, 9.5):
                chosen = int(rng.integers(len(vehicles)))
                taken, shift, skew = (
                    rng.random() < share,
                    rng.uniform(-0.3, 0.3),
                    rng.normal(0, 0.015),
                )
                side = sign * np.array([-way[1], way[0]])
                shape, kit = vehicles[chosen]
                spot = place + (0.5 * street.width - 0.22 - shape.width / 2) * side + shift * way
                if not taken or np.abs(spot).max() > FURNISHED:
                    continue
                angle = np.arctan2(*(-sign * way)[::-1]) + skew
                T = np.eye(4)
                T[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
                T[:2, 3] = spot
                if things.free(float(spot[0]), float(spot[1]), 2.2):
                    things.mesh.append(
                        kit, T, things.mesh.add_instance(f"parked {shape.name}", "vehicle")
                    )
                    things.spots.append((float(spot[0]), float(spot[1]), 1.2))
                    half = np.array([shape.length / 2, shape.width / 2])
                    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
                    things.blocked.append(Polygon(corners @ T[:2, :2].T + T[:2, 3]))


def furnish_blocks(
    things: Things, rng: Generator, plan: Plan, plots: dict[int, list[Plot]],
    paths: dict[int, list[Polygon]], trees: list[Tree],
) -> None:  # fmt: skip
    """Trees, benches and the like in parks, squares, gardens and yards."""
    for k, block in enumerate(plan.blocks):
        if not block.core:
            continue
        houses = shapely.union_all([p.polygon.buffer(0.6) for p in plots.get(k, [])] or [Polygon()])
        if block.use == "park":
            _park(things, rng, block, paths[k], trees)
        elif block.use == "square":
            _square(things, rng, block, trees)
        elif block.use == "houses":
            _gardens(things, rng, block, houses, trees)
        else:
            yard = block.lot.difference(houses).buffer(-2.6)
            _scatter(things, rng, yard, trees, 0.010, 6.0)


def _scatter(
    things: Things, rng: Generator, area: Polygon, trees: list[Tree], density: float, apart: float,
    avoid: Polygon | None = None,
) -> None:  # fmt: skip
    """Trees at random places of an area, some distance apart."""
    if area.is_empty:
        return
    low, high = np.array(area.bounds[:2]), np.array(area.bounds[2:])
    count = round(density * area.area)
    placed: list[NDArray] = []
    for spot in rng.uniform(low, high, (8 * count, 2)):
        if len(placed) >= count:
            break
        point = Point(spot)
        if not area.contains(point) or (avoid is not None and avoid.distance(point) < 0.9):
            continue
        if any(np.hypot(*(spot - other)) < apart for other in placed):
            continue
        which = int(rng.integers(len(trees)))
        if plant(things, rng, which, trees[which], spot):
            placed.append(spot)


def _park(
    things: Things, rng: Generator, block: Block, paths: list[Polygon], trees: list[Tree]
) -> None:
    trodden = shapely.union_all(paths) if paths else Polygon()
    bench, basket = fu.bench(), fu.bin_()
    lamp = fu.street_lamp()
    for piece in paths:
        ring = piece.buffer(0.75).exterior
        for s in np.arange(4.0, ring.length, 13.0):
            spot = np.array(ring.interpolate(s).coords[0])
            near = np.array(shapely.ops.nearest_points(piece, Point(spot))[0].coords[0])
            if (
                not block.lot.buffer(-1).contains(Point(spot))
                or trodden.distance(Point(spot)) < 0.6
            ):
                continue
            toward = near - spot
            pick = rng.random()
            if pick < 0.45:
                things.put(bench, "bench", "bench", pose(spot, toward), 0.95)
            elif pick < 0.6:
                things.put(basket, "bin", "bin", pose(spot, toward), 0.28)
            elif pick < 0.75:
                _lamp(things, lamp, pose(spot, toward))
    middle = np.array(block.lot.centroid.coords[0])
    if rng.random() < 0.6 and trodden.intersects(Point(middle)):
        kit = fu.fountain() if rng.random() < 0.5 else fu.statue()
        radius = 3.6 if kit.bounds()[1, 0] > 3 else 2.0
        if block.lot.buffer(-radius - 2).contains(Point(middle)):
            things.put(kit, "monument", "object", pose(middle, np.array([0.0, -1.0])), radius)
    _scatter(things, rng, block.lot.buffer(-1.5), trees, 0.010, 4.5, trodden)


def _square(things: Things, rng: Generator, block: Block, trees: list[Tree]) -> None:
    middle = np.array(block.lot.centroid.coords[0])
    if block.lot.area > 350:
        kit = fu.fountain() if rng.random() < 0.5 else fu.statue()
        radius = 3.6 if kit.bounds()[1, 0] > 3 else 2.0
        things.put(kit, "monument", "object", pose(middle, np.array([0.0, -1.0])), radius)
    ring = block.lot.buffer(-3.0)
    small = [k for k, tree in enumerate(trees) if tree.small]
    species = small[int(rng.integers(len(small)))]
    if not ring.is_empty and ring.geom_type == "Polygon":
        bench = fu.bench()
        for n, s in enumerate(np.arange(2.0, ring.exterior.length, 4.5)):
            spot = np.array(ring.exterior.interpolate(s).coords[0])
            if n % 2 == 0:
                plant(things, rng, species, trees[species], spot)
            elif rng.random() < 0.5:
                things.put(bench, "bench", "bench", pose(spot, middle - spot), 0.95)
    inner = block.lot.buffer(-9)
    if inner.is_empty:
        return
    low, high = np.array(inner.bounds[:2]), np.array(inner.bounds[2:])
    market = rng.random() < 0.5
    for spot in rng.uniform(low, high, (round(0.05 * inner.area), 2)):
        color = looks.SHOP_COLORS[int(rng.integers(len(looks.SHOP_COLORS)))]
        bright = [min(1.0, 1.5 * c + 0.1) for c in color]
        color = bright[0], bright[1], bright[2]
        turn = rng.uniform(0, 2 * np.pi)
        if inner.contains(Point(spot)):
            T = pose(spot, np.array([np.cos(turn), np.sin(turn)]))
            if market:
                things.put(fu.stall(color), "market stall", "object", T, 1.9)
            elif rng.random() < 0.6:
                things.put(fu.cafe_table(color), "cafe table", "table", T, 1.3)


def _gardens(
    things: Things, rng: Generator, block: Block, houses: Polygon, trees: list[Tree]
) -> None:
    """Hedges along the pavement with gaps, and trees behind the houses."""
    ring = np.asarray(block.lot.buffer(-0.5, join_style="mitre").exterior.coords)
    for a, b in itertools.pairwise(ring):
        length = float(np.linalg.norm(b - a))
        way, s = (b - a) / max(length, 1e-9), 0.6
        while s < length - 2.5:
            run = min(float(rng.uniform(5, 9)), length - s - 0.6)
            T = np.eye(4)
            T[:2, 0], T[:2, 1], T[:3, 3] = way, (-way[1], way[0]), (*(a + s * way), KERB)
            ends = shapely.LineString([a + s * way, a + (s + run) * way]).buffer(
                0.4, cap_style="flat"
            )
            if run > 1.5 and rng.random() < 0.75 and not ends.intersects(houses):
                kit = hedge(rng, run, float(rng.uniform(0.7, 1.3)))
                things.mesh.append(kit, T, things.mesh.add_instance("hedge", "vegetation"))
                things.blocked.append(ends)
            s += run + float(rng.uniform(1.2, 3.0))
    garden = block.lot.buffer(-2.2).difference(houses.buffer(1.4))
    _scatter(things, rng, garden, trees, 0.012, 5.0)

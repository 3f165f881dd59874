"""OpenStreetMap extracts (`.osm` XML): roads, buildings, green, water, trees, lamps, names.

Widths come from the tags, else from lanes, else from the kind of road; heights from `height`,
else from storeys, else from the use of the building. Positions are projected to the plane that
touches the Earth in the middle of the extract.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import shapely
from numpy.typing import NDArray

from navworld.scenes.plans.reading import number, read_xml
from navworld.scenes.plans.town import (
    DRIVABLE,
    FOOT,
    STOREY,
    Town,
    TownBuilding,
    TownRoad,
    Tree,
    sound_polygon,
)
from navworld.world.scene import SceneError
from navworld.world.vector_map import GeoOrigin, MapPoint

Tags = dict[str, str]

LARGEST = 1200.0
"""Side of the square that is built at most [m]; what lies farther from the middle is cut off."""

MARGIN = 15.0
HEIGHTS = {"garage": 2.8, "garages": 2.8, "shed": 2.5, "roof": 4.0, "house": 8.0, "church": 18.0}
DEFAULT_HEIGHT = 9.0
AREAS: dict[tuple[str, str], str] = {
    ("natural", "water"): "water", ("waterway", "riverbank"): "water",
    ("natural", "wood"): "wood", ("landuse", "forest"): "wood", ("natural", "scrub"): "wood",
    ("landuse", "grass"): "grass", ("landuse", "meadow"): "grass", ("leisure", "park"): "grass",
    ("leisure", "garden"): "grass", ("natural", "grassland"): "grass",
    ("landuse", "village_green"): "grass", ("landuse", "cemetery"): "grass",
    ("landuse", "flowerbed"): "grass", ("landuse", "recreation_ground"): "grass",
    ("leisure", "pitch"): "pitch", ("leisure", "playground"): "sand", ("natural", "sand"): "sand",
    ("amenity", "parking"): "parking", ("place", "square"): "plaza", ("man_made", "pier"): "plaza",
}  # fmt: skip
BARRIERS = {"wall": 1.8, "fence": 1.2, "hedge": 1.2, "retaining_wall": 1.0, "city_wall": 5.0}


def read_osm(path: Path) -> Town:
    """The town of an extract."""
    root = read_xml(path)
    if root.tag != "osm":
        raise SceneError(f"{path}: starts with <{root.tag[:40]}>; expected an OpenStreetMap <osm>")
    return _Extract(path, root).town


class _Extract:
    """Reads one extract; `town` is the result."""

    def __init__(self, path: Path, root: Element) -> None:
        self.town = Town()
        self._notes = self.town.notes
        note = root.findtext("note") or ""
        self.town.attribution = note.strip() or "OpenStreetMap contributors (ODbL)"
        ids, geodetic, tagged = self._nodes(root)
        if not ids:
            raise SceneError(f"{path}: has no nodes with coordinates; export the extract again")
        ways, relations = self._ways(root, ids), root.findall("relation")
        built = {"building", "highway"}
        used = [n for nodes, tags in ways.values() if built & tags.keys() for n in nodes]
        origin, place = self._project(path, root, geodetic, used)
        self.town.origin = origin
        self._rings = {way: place[nodes] for way, (nodes, _) in ways.items()}
        self._shapes: dict[str, Tags] = {}
        for way, (_, tags) in ways.items():
            self._way(way, tags)
        for relation in relations:
            self._relation(relation)
        for index, tags in tagged:
            self._node(place[index], tags)
        self._parts_and_addresses()
        if not self.town.roads and not self.town.buildings:
            raise SceneError(f"{path}: has neither roads nor buildings; export a larger extract")
        if not self.town.buildings:
            self._notes.add("the extract has no buildings")
        self._cut()

    def _nodes(self, root: Element) -> tuple[dict[str, int], NDArray, list[tuple[int, Tags]]]:
        ids: dict[str, int] = {}
        places: list[tuple[float, float]] = []
        tagged = []
        for node in root.iter("node"):
            latitude, longitude = number(node.get("lat")), number(node.get("lon"))
            known = latitude is not None and longitude is not None and node.get("id") is not None
            if not known or abs(latitude or 0.0) > 89 or abs(longitude or 0.0) > 180:
                self._notes.add("node without sound coordinates left out", node.get("id"))
                continue
            ids[str(node.get("id"))] = len(places)
            tags = _tags(node)
            if tags:
                tagged.append((len(places), tags))
            places.append((latitude or 0.0, longitude or 0.0))
        return ids, np.array(places).reshape(-1, 2), tagged

    def _ways(self, root: Element, ids: dict[str, int]) -> dict[str, tuple[list[int], Tags]]:
        ways = {}
        for way in root.iter("way"):
            named = [str(nd.get("ref")) for nd in way.findall("nd")]
            nodes = [ids[ref] for ref in named if ref in ids]
            if len(nodes) < len(named):
                self._notes.add("way refers to nodes that the extract lacks", way.get("id"))
            if len(nodes) >= 2:
                ways[str(way.get("id"))] = (nodes, _tags(way))
            else:
                self._notes.add("way with fewer than two known nodes left out", way.get("id"))
        return ways

    def _project(
        self, path: Path, root: Element, geodetic: NDArray, used: list[int]
    ) -> tuple[GeoOrigin, NDArray[np.float64]]:
        """The origin, amid the extract, and (N, 2) positions of all nodes; sets the box."""
        bounds = root.find("bounds")
        names = ("minlat", "minlon", "maxlat", "maxlon")
        edges = [number(bounds.get(name)) if bounds is not None else None for name in names]
        shown = geodetic[np.unique(used)] if used else geodetic
        if any(edge is None for edge in edges):
            low, high = np.quantile(shown, [0.01, 0.99], axis=0)
        else:
            low, high = np.array(edges[:2], float), np.array(edges[2:], float)
        if not (low <= high).all() or np.abs([low, high]).max() > 180:
            raise SceneError(f"{path}: its bounds are the wrong way round; export it again")
        origin = GeoOrigin(*(round(float(value), 7) for value in 0.5 * (low + high)))
        corners = np.column_stack([np.stack([low, high]), np.zeros(2)])
        (x0, y0), (x1, y1) = origin.to_world(corners)[:, :2]
        if bounds is None:
            x0, y0, x1, y1 = x0 - 2 * MARGIN, y0 - 2 * MARGIN, x1 + 2 * MARGIN, y1 + 2 * MARGIN
        half = 0.5 * LARGEST
        if max(x1, -x0, y1, -y0) > half:
            self._notes.add(f"more than {half:g} m from the middle: cut off")
        box = max(x0, -half), max(y0, -half), min(x1, half), min(y1, half)
        if box[2] - box[0] < 5 or box[3] - box[1] < 5:
            raise SceneError(f"{path}: covers less than 5 m; export a larger extract")
        self.town.box = tuple(round(float(value), 2) for value in box)  # type: ignore[assignment]
        lifted = np.column_stack([geodetic, np.zeros(len(geodetic))])
        return origin, np.round(origin.to_world(lifted)[:, :2], 3)

    def _way(self, way: str, tags: Tags) -> None:
        ring = self._rings[way]
        closed = len(ring) >= 4 and bool((ring[0] == ring[-1]).all())
        if "building" in tags or "building:part" in tags:
            if not closed:
                self._notes.add("building with an unclosed ring: closed it", way)
            self._building(ring, tags, way)
        elif "highway" in tags and not (closed and tags.get("area") == "yes"):
            self._road(ring, tags, way)
        elif tags.get("barrier") in BARRIERS:
            height = number(tags.get("height"), BARRIERS[tags["barrier"]]) or 1.0
            line = shapely.LineString(ring)
            if line.length > 0.5:
                self.town.barriers.append((line, min(height, 12.0), tags["barrier"]))
        elif closed:
            self._area(ring, tags, way, [])

    def _area(self, ring: NDArray, tags: Tags, what: str, holes: list[NDArray]) -> None:
        kind = next((AREAS[key] for key in tags.items() if key in AREAS), None)
        if tags.get("area:highway") or tags.get("highway"):
            road = tags.get("area:highway") or tags["highway"]
            kind = "road" if road in DRIVABLE else "plaza"
        if kind is None or number(tags.get("layer"), 0.0) < 0:  # type: ignore[operator]
            return
        shape = sound_polygon(ring, self._notes, f"way {what}", holes)
        if shape is not None:
            self.town.areas.append((kind, shape))

    def _road(self, ring: NDArray, tags: Tags, way: str) -> None:
        kind = tags["highway"]
        table = DRIVABLE if kind in DRIVABLE else FOOT
        if kind not in table:
            return
        if tags.get("tunnel") == "yes" or number(tags.get("layer"), 0.0) < 0:  # type: ignore[operator]
            self._notes.add("way underground left out", way)
            return
        keep = np.r_[True, np.linalg.norm(np.diff(ring, axis=0), axis=1) > 1e-3]
        line = ring[keep]
        if len(line) < 2:
            self._notes.add("road without length left out", way)
            return
        if not shapely.LineString(line).is_simple:
            self._notes.add("road crosses itself: kept", way)
        lanes = number(tags.get("lanes"))
        lanes = int(np.clip(lanes, 1, 10)) if lanes is not None else None
        width = number(tags.get("width")) or number(tags.get("est_width"))
        if width is None and lanes is not None and table is DRIVABLE:
            width = max(3.0 * lanes, 3.0)
        width = float(np.clip(width or table[kind], 1.2, 40.0))
        one_way = tags.get("oneway") in ("yes", "1", "true")
        name = tags.get("name", "")[:80]
        self.town.roads.append(TownRoad(line, kind, width, name, lanes or (1 if one_way else 2)))

    def _building(
        self, ring: NDArray, tags: Tags, what: str, holes: list[NDArray] | None = None
    ) -> None:
        shape = sound_polygon(ring, self._notes, f"building {what}", holes)
        if shape is None:
            return
        use = tags.get("building", tags.get("building:part", "yes"))
        levels, roof_levels = number(tags.get("building:levels")), number(tags.get("roof:levels"))
        top = number(tags.get("height"))
        if top is None and levels is not None:
            top = levels * STOREY + 0.5 * STOREY * (roof_levels or 0.0) + 0.4
        if top is None or top <= 0:
            self._notes.add("building without a height: took that of its use", what)
            top = HEIGHTS.get(use, DEFAULT_HEIGHT)
        bottom = number(tags.get("min_height"))
        if bottom is None:
            bottom = (number(tags.get("building:min_level")) or 0.0) * STOREY
        top = float(np.clip(top, 2.0, 400.0))
        bottom = float(np.clip(bottom, 0.0, top - 1.0))
        if use == "roof" and bottom == 0.0:
            bottom = top - 0.4
        roof = {"gabled": "gabled", "pyramidal": "pyramidal", "hipped": "gabled"}.get(
            tags.get("roof:shape", "flat"), "flat"
        )
        rise = number(tags.get("roof:height")) or (2.5 if roof != "flat" else 0.0)
        self.town.buildings.append(
            TownBuilding(
                shape, top, bottom, tags.get("name", "")[:80], _address(tags), roof,
                float(np.clip(rise, 0.0, 0.7 * (top - bottom))), use,
                mapped="building" in tags,
            )
        )  # fmt: skip

    def _relation(self, relation: Element) -> None:
        tags = _tags(relation)
        if tags.get("type") != "multipolygon":
            return
        what = str(relation.get("id"))
        members = [(m.get("role"), str(m.get("ref"))) for m in relation.findall("member")]
        lines = {
            role: [self._rings[ref] for r, ref in members if r == role and ref in self._rings]
            for role in ("outer", "inner")
        }
        if sum(map(len, lines.values())) < len(members):
            self._notes.add("multipolygon refers to ways that the extract lacks", what)
        holes = _joined(lines["inner"])
        for ring in _joined(lines["outer"]):
            within = shapely.Polygon(ring).buffer(0) if len(ring) >= 4 else None
            own = [
                hole for hole in holes
                if within is not None and within.covers(shapely.Point(hole[0]))
            ]  # fmt: skip
            if "building" in tags:
                self._building(ring, tags, what, own)
            else:
                self._area(ring, tags, what, own)

    def _node(self, xy: NDArray, tags: Tags) -> None:
        x, y = float(xy[0]), float(xy[1])
        if tags.get("natural") == "tree":
            crown = number(tags.get("diameter_crown")) or 5.0
            height = number(tags.get("height")) or 1.1 * crown + 3.0
            self.town.trees.append(
                Tree(
                    (x, y), float(np.clip(height, 2.0, 45.0)), float(np.clip(crown, 1.0, 25.0)),
                    tags.get("leaf_type") == "needleleaved",
                )
            )  # fmt: skip
        if tags.get("highway") == "street_lamp":
            self.town.lamps.append((x, y))
        kind = next(
            (tags[k] for k in ("amenity", "shop", "tourism", "office", "leisure") if k in tags), ""
        )
        address = _address(tags)
        if tags.get("name") and kind:
            self.town.points.append(MapPoint(tags["name"][:80], kind[:40], (x, y), address))
        elif address:
            self.town.points.append(MapPoint(address, "address", (x, y), address))

    def _parts_and_addresses(self) -> None:
        """Parts stand for the buildings that they fill; buildings take addresses from points."""
        buildings = self.town.buildings
        parts = [b for b in buildings if not b.mapped]
        tree = shapely.STRtree([b.shape for b in parts])
        doors = [p for p in self.town.points if p.address]
        door_tree = shapely.STRtree([shapely.Point(p.position) for p in doors])
        for k, building in enumerate(buildings):
            if not building.mapped:
                continue
            near = [parts[int(i)].shape for i in tree.query(building.shape)] if parts else []
            filled = sum(building.shape.intersection(part).area for part in near)
            address = building.address
            if not address and doors:
                found = door_tree.query(building.shape, predicate="dwithin", distance=3.0)
                address = doors[int(min(found))].address if len(found) else ""
            drawn = filled < 0.6 * building.shape.area
            buildings[k] = replace(building, address=address, drawn=drawn)

    def _cut(self) -> None:
        """Keeps what lies in the box."""
        box = shapely.box(*self.town.box)
        inner = box.buffer(-1.0)
        town = self.town
        before = len(town.buildings)
        town.buildings = [b for b in town.buildings if inner.contains(b.shape)]
        for _ in range(before - len(town.buildings)):
            self._notes.add("building across the edge of the extract left out")
        roads = []
        for road in town.roads:
            whole = shapely.LineString(road.line)
            if inner.contains(whole):
                roads.append(road)
                continue
            inside = shapely.intersection(whole, inner)
            for part in getattr(inside, "geoms", (inside,)):
                if part.geom_type == "LineString" and part.length > 1.0:
                    roads.append(replace(road, line=np.asarray(part.coords)[:, :2]))
        town.roads = roads
        town.trees = [t for t in town.trees if inner.contains(shapely.Point(t.xy))]
        town.lamps = [xy for xy in town.lamps if inner.contains(shapely.Point(xy))]
        town.points = [p for p in town.points if inner.contains(shapely.Point(p.position))]
        cut = [(shapely.intersection(b, inner), h, kind) for b, h, kind in town.barriers]
        town.barriers = [item for item in cut if not item[0].is_empty]


def _tags(element: Element) -> Tags:
    return {str(tag.get("k")): str(tag.get("v")) for tag in element.findall("tag")}


def _address(tags: Tags) -> str:
    """House number and street, for example "12 Linden Street"; empty without either."""
    house, street = tags.get("addr:housenumber", ""), tags.get("addr:street", "")
    return f"{house} {street}"[:80] if house and street else ""


def _joined(lines: list[NDArray]) -> list[NDArray]:
    """Closed rings from lines that share their ends."""
    waiting = [line for line in lines if len(line) >= 2]
    rings = []
    while waiting:
        ring = waiting.pop(0)
        while (ring[0] != ring[-1]).any():
            k = next((k for k, w in enumerate(waiting) if _meets(ring[-1], w)), None)
            if k is None:
                break
            follow = waiting.pop(k)
            ring = np.concatenate(
                [ring, (follow if (follow[0] == ring[-1]).all() else follow[::-1])[1:]]
            )
        rings.append(ring)
    return rings


def _meets(point: NDArray, line: NDArray) -> bool:
    return bool((line[0] == point).all() or (line[-1] == point).all())

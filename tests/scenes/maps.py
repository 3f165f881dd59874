"""Small maps and plans for the tests of their readers."""

from __future__ import annotations

import json
from typing import Any

LATITUDE, LONGITUDE = 52.0, 13.0
METRE_NORTH, METRE_EAST = 1 / 111_253.0, 1 / 68_678.0  # degrees at 52° north


def block_faces(x0: float, y0: float, x1: float, y1: float, z0: float, z1: float) -> list[list]:
    """The six faces of a box, seen from outside: bottom, top and four sides."""
    a, b, c, d = (x0, y0), (x1, y0), (x1, y1), (x0, y1)
    low, high = [(*p, z0) for p in (a, b, c, d)], [(*p, z1) for p in (a, b, c, d)]
    sides = [[low[k], low[(k + 1) % 4], high[(k + 1) % 4], high[k]] for k in range(4)]
    return [low[::-1], high, *sides]


def cityjson() -> dict[str, Any]:
    """Two buildings of 6 and 9 m on both sides of a road of 60 × 8 m, between two lawns."""
    vertices: list[list[int]] = []

    def index(point: tuple) -> int:
        vertices.append([round(1000 * value) for value in point])
        return len(vertices) - 1

    def faces(shapes: list[list]) -> list:
        return [[[index(p) for p in face]] for face in shapes]

    def level(x0: float, y0: float, x1: float, y1: float) -> list:
        return faces([[(x0, y0, 0.2), (x1, y0, 0.2), (x1, y1, 0.2), (x0, y1, 0.2)]])

    roles = ["GroundSurface", "RoofSurface", *["WallSurface"] * 4]
    kinds = [{"type": name} for name in ("GroundSurface", "RoofSurface", "WallSurface")]
    values = [[next(k for k, kind in enumerate(kinds) if kind["type"] == r) for r in roles]]
    objects: dict[str, Any] = {}
    for name, box in {
        "north": (10, 8, 22, 18, 0.2, 6.2),
        "south": (30, -18, 45, -8, 0.2, 9.2),
    }.items():
        solid = {"type": "Solid", "lod": "2", "boundaries": [faces(block_faces(*box))]}
        solid["semantics"] = {"surfaces": kinds, "values": values}
        objects[name] = {"type": "Building", "attributes": {"name": name}, "geometry": [solid]}
    for name, kind, box in (
        ("street", "Road", (0, -4, 60, 4)), ("lawn", "PlantCover", (0, 4, 60, 30)),
        ("yard", "LandUse", (0, -30, 60, -4)),
    ):  # fmt: skip
        surface = {"type": "MultiSurface", "lod": "1", "boundaries": level(*box)}
        objects[name] = {"type": kind, "attributes": {}, "geometry": [surface]}
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001] * 3, "translate": [500_000.0, 5_761_038.0, 0.0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/32633"},
        "CityObjects": objects,
        "vertices": vertices,
    }


def osm(*, buildings: bool = True, extra: str = "") -> str:
    """Two streets that cross, four houses with addresses, a park, a tree and a lamp."""
    nodes: list[str] = []
    ways: list[str] = []

    def node(x: float, y: float, tags: str = "") -> int:
        latitude, longitude = LATITUDE + y * METRE_NORTH, LONGITUDE + x * METRE_EAST
        name = len(nodes) + 1
        nodes.append(f'<node id="{name}" lat="{latitude:.9f}" lon="{longitude:.9f}">{tags}</node>')
        return name

    def way(points: list[tuple[float, float]], tags: dict[str, str]) -> None:
        closed = points[0] == points[-1]
        refs = [node(*p) for p in (points[:-1] if closed else points)]
        refs += refs[:1] if closed else []
        named = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        ways.append(f'<way id="{1000 + len(ways)}">{inner}{named}</way>')

    way([(-90, 0), (90, 0)], {"highway": "residential", "name": "Long Street", "width": "7"})
    way([(0, -80), (0, 80)], {"highway": "tertiary", "name": "Cross Road", "lanes": "2"})
    way([(-60, 40), (-10, 40), (-10, 70), (-60, 70), (-60, 40)], {"leisure": "park"})
    if buildings:
        for k, (x, y) in enumerate(((20, 12), (50, 12), (-40, -30), (30, -30))):
            ring = [(x, y), (x + 15, y), (x + 15, y + 10), (x, y + 10), (x, y)]
            tags = {"building": "yes", "building:levels": str(k + 2)}
            tags |= {"addr:housenumber": str(k + 1), "addr:street": "Long Street"}
            way(ring, tags)
    node(10, 60, '<tag k="natural" v="tree"/><tag k="diameter_crown" v="6"/>')
    node(8, 6, '<tag k="highway" v="street_lamp"/>')
    node(25, 8, '<tag k="amenity" v="cafe"/><tag k="name" v="Corner Café"/>')
    inner = "".join(nodes + ways) + extra
    return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{inner}</osm>'


def house() -> dict[str, Any]:
    """Two rooms of 5 × 4 m beside each other, a door between them, a window, three pieces."""
    return {
        "height": 2.7,
        "wall": 0.15,
        "rooms": [
            {"kind": "living room", "polygon": [[0, 0], [5, 0], [5, 4], [0, 4]]},
            {"kind": "bedroom", "polygon": [[5.15, 0], [10.15, 0], [10.15, 4], [5.15, 4]]},
        ],
        "doors": [{"from": [5.075, 1.5], "to": [5.075, 2.5]}],
        "windows": [{"from": [2, -0.08], "to": [3.5, -0.08], "bottom": 0.9, "top": 2.1}],
        "furniture": [
            {"kind": "sofa", "position": [2.5, 3.4], "yaw": -1.5708, "size": [0.9, 2.0, 0.8]},
            {"kind": "bed", "position": [9, 2], "yaw": 3.1416},
            {"kind": "safe", "position": [0.5, 0.5], "size": [0.5, 0.5, 0.9]},
        ],
    }


def procthor() -> dict[str, Any]:
    """Two rooms that share the middle line of their wall, y up, with a door and a window in it."""

    def ring(points: list[tuple[float, float]]) -> list[dict[str, float]]:
        return [{"x": x, "y": 0.0, "z": z} for x, z in points]

    def wall(name: str, a: tuple[float, float], b: tuple[float, float]) -> dict[str, Any]:
        corners = [(*a, 0.0), (*b, 0.0), (*b, 2.8), (*a, 2.8)]
        return {"id": name, "polygon": [{"x": x, "y": h, "z": z} for x, z, h in corners]}

    return {
        "rooms": [
            {
                "id": "1",
                "roomType": "LivingRoom",
                "floorPolygon": ring([(0, 0), (0, 4), (5, 4), (5, 0)]),
            },
            {
                "id": "2",
                "roomType": "Bedroom",
                "floorPolygon": ring([(5, 0), (5, 4), (9, 4), (9, 0)]),
            },
        ],
        "walls": [wall("w", (5, 0), (5, 4)), wall("front", (0, 0), (5, 0))],
        "doors": [{"id": "d", "wall0": "w", "holePolygon": [{"x": 1, "y": 0}, {"x": 2, "y": 2.1}]}],
        "windows": [
            {"id": "v", "wall0": "front", "holePolygon": [{"x": 1, "y": 0.9}, {"x": 3, "y": 2.1}]}
        ],
        "objects": [
            {"assetId": "Bed_1", "position": {"x": 7.8, "y": 0.3, "z": 2}, "rotation": {"y": 270}}
        ],
    }


WORLD = """
params:
  wall_height: 2.4
rooms:
  - name: kitchen
    footprint: {type: polygon, coords: [[-1, -1], [2.5, -1], [2.5, 2.5], [-1, 2.5]]}
    wall_width: 0.2
  - name: bedroom
    footprint: {type: box, dims: [3.0, 3.0]}
    pose: {position: {x: 8.0, y: 0.5}}
hallways:
  - {room_start: kitchen, room_end: bedroom, width: 1.2, conn_method: auto}
locations:
  - name: table0
    category: table
    parent: kitchen
    pose: {position: {x: -0.2, y: 1.5}, rotation_eul: {yaw: 90.0, angle_units: degrees}}
"""


def sound() -> dict[str, bytes]:
    """The bytes of a sound file of every kind, by its suffix."""
    block = {
        "origin_lon_lat": [13.0, 52.0],
        "buildings": [{"footprint": [[10, 6], [22, 6], [22, 18], [10, 18]], "height_m": 9}],
        "roads": [{"id": "r", "kind": "residential", "name": "A", "width_m": 6,
                   "centreline": [[-40, 0], [40, 0]]}],
    }  # fmt: skip
    return {
        ".city.json": json.dumps(cityjson()).encode(),
        ".osm": osm().encode(),
        ".house.json": json.dumps(house()).encode(),
        ".procthor.json": json.dumps(procthor()).encode(),
        ".block.json": json.dumps(block).encode(),
        ".yaml": WORLD.encode(),
    }

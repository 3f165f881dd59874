"""CityJSON 1.0 to 2.0: buildings, roads, land, plants, water and bridges with their own heights.

Only the geometry of the highest level of detail of every object is read. Coordinates are taken
relative to the middle of the model; where the reference system is known (`places`), that point's
latitude and longitude are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from navworld.scenes.extrusion import triangulated
from navworld.scenes.plans.places import origin_of
from navworld.scenes.plans.reading import FARTHEST, Notes, number
from navworld.world.scene import SceneError
from navworld.world.vector_map import GeoOrigin

MAX_TRIANGLES = 4_000_000
SOLIDS = ("Solid", "CompositeSolid", "MultiSolid")
SURFACES = ("MultiSurface", "CompositeSurface")
GROUND_TYPES = ("Road", "Railway", "TransportSquare", "Square", "Waterway", "LandUse",
                "PlantCover", "WaterBody", "Bridge", "TINRelief")  # fmt: skip


@dataclass(frozen=True, eq=False)
class CityPart:
    """One object of a model.

    Attributes:
        kind: Its type, parts under that of their parent ("Building" for a BuildingPart).
        triangles: (K, 3, 3) corners [m].
        role: (K,) "wall", "roof", "ground" or "" where the file does not say.
    """

    name: str
    kind: str
    attributes: dict[str, Any]
    triangles: NDArray[np.float64]
    role: NDArray[np.str_]


@dataclass
class City:
    """The objects of a model around its origin."""

    parts: list[CityPart] = field(default_factory=list)
    origin: GeoOrigin | None = None
    notes: Notes = field(default_factory=Notes)
    attribution: str = ""


def is_cityjson(content: dict[str, Any]) -> bool:
    """Whether a JSON object looks like CityJSON."""
    return content.get("type") == "CityJSON" or "CityObjects" in content


def read_cityjson(path: Path, content: dict[str, Any]) -> City:
    """The model of a file."""
    objects = content.get("CityObjects")
    if not isinstance(objects, dict) or not objects:
        raise SceneError(f"{path}: has no CityObjects; export the model again")
    city = City()
    points, shift = _vertices(path, content, city.notes)
    city.origin = origin_of(content, shift, city.notes)
    total = 0
    for name, item in objects.items():
        if not isinstance(item, dict):
            city.notes.add("city object that is not an object left out", name)
            continue
        part = _part(name, item, objects, points, city.notes)
        if part is None:
            continue
        total += len(part.triangles)
        if total > MAX_TRIANGLES:
            raise SceneError(
                f"{path}: has more than {MAX_TRIANGLES} triangles; cut out a smaller area"
            )
        city.parts.append(part)
    if not city.parts:
        raise SceneError(f"{path}: has no object with sound geometry; export the model again")
    if not any(part.kind == "Building" for part in city.parts):
        city.notes.add("the model has no buildings")
    metadata = content.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("title"), str):
        city.attribution = metadata["title"][:200]
    return city


def _vertices(
    path: Path, content: dict[str, Any], notes: Notes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(V, 3) vertices around the middle of the model, NaN where unsound, and that middle."""
    rows = content.get("vertices")
    if not isinstance(rows, list) or not rows:
        raise SceneError(f"{path}: has no vertices; export the model again")
    sound = [
        isinstance(row, list)
        and len(row) == 3
        and all(isinstance(v, (int, float)) and abs(v) < 1e12 for v in row)
        for row in rows
    ]
    bad = sound.count(False)
    for _ in range(bad):
        notes.add("vertex that is not three numbers: surfaces with it left out")
    nowhere = [np.nan] * 3
    points = np.array([r if ok else nowhere for r, ok in zip(rows, sound, strict=True)], np.float64)
    transform = content.get("transform")
    if isinstance(transform, dict):
        scale, move = (_triple(transform.get(key)) for key in ("scale", "translate"))
        if scale is None or move is None or (scale <= 0).any():
            raise SceneError(f"{path}: its transform is not two times three numbers; export again")
        points = points * scale + move
    known = points[np.isfinite(points).all(1)]
    if not len(known):
        raise SceneError(f"{path}: none of its vertices is sound; export the model again")
    middle = np.round(0.5 * (np.quantile(known, 0.01, axis=0) + np.quantile(known, 0.99, axis=0)))
    middle[2] = 0.0
    points = points - middle
    far = np.abs(points).max(1) > FARTHEST
    for _ in range(int(far.sum())):
        notes.add("vertex far from all others: surfaces with it left out")
    points[far] = np.nan
    return points, middle


def _triple(value: object) -> NDArray[np.float64] | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    found = [number(v) for v in value]
    return None if None in found else np.array(found, np.float64)


def _part(
    name: str, item: dict[str, Any], objects: dict[str, Any], points: NDArray, notes: Notes
) -> CityPart | None:
    kind, attributes = str(item.get("type", "")), item.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    parents = item.get("parents")
    if isinstance(parents, list) and parents and isinstance(objects.get(str(parents[0])), dict):
        parent = objects[str(parents[0])]
        own = parent.get("attributes")
        attributes = {**(own if isinstance(own, dict) else {}), **attributes}
        kind = str(parent.get("type", kind))
    geometry = item.get("geometry")
    if not isinstance(geometry, list) or not geometry:
        if not item.get("children"):
            notes.add(f"{kind or 'object'} without geometry left out", name)
        return None
    usable = [g for g in geometry if isinstance(g, dict) and g.get("type") in (*SOLIDS, *SURFACES)]
    if not usable:
        notes.add("geometry that is neither surfaces nor solids left out", name)
        return None
    best = max(usable, key=lambda g: number(g.get("lod"), 0.0) or 0.0)
    roles = _roles(best)
    found, named, lost = [], [], 0
    for index, rings in _faces(best.get("boundaries"), best["type"]):
        triangles = _triangles(rings, points)
        if triangles is None or not len(triangles):
            lost += 1
            continue
        found.append(triangles)
        named += [roles.get(index, "")] * len(triangles)
    if lost:
        notes.add(f"{kind} with unsound surfaces: they are left out", name)
    if not found:
        notes.add(f"{kind} without a sound surface left out", name)
        return None
    return CityPart(name, kind, attributes, np.concatenate(found), np.array(named, "<U6"))


def _faces(boundaries: object, kind: str) -> Iterator[tuple[tuple[int, ...], list]]:
    """Every surface (its rings) with its index: as deep in lists as its kind of geometry says."""
    depth = {"MultiSurface": 1, "CompositeSurface": 1, "Solid": 2}.get(kind, 3)

    def walk(value: object, left: int, index: tuple[int, ...]) -> Iterator:
        if not isinstance(value, list):
            return
        if left == 0:
            yield index, value
            return
        for k, inner in enumerate(value):
            yield from walk(inner, left - 1, (*index, k))

    yield from walk(boundaries, depth, ())


def _roles(geometry: dict[str, Any]) -> dict[tuple[int, ...], str]:
    """What surfaces are, by their index, from the semantics of a geometry."""
    semantics = geometry.get("semantics")
    if not isinstance(semantics, dict) or not isinstance(semantics.get("surfaces"), list):
        return {}
    names = {"WallSurface": "wall", "RoofSurface": "roof", "GroundSurface": "ground"}
    kinds = [
        names.get(str(s.get("type")), "") if isinstance(s, dict) else ""
        for s in semantics["surfaces"]
    ]
    roles: dict[tuple[int, ...], str] = {}

    def walk(value: object, index: tuple[int, ...]) -> None:
        if isinstance(value, list) and len(index) < 4:
            for k, inner in enumerate(value):
                walk(inner, (*index, k))
        elif isinstance(value, int) and 0 <= value < len(kinds):
            roles[index] = kinds[value]

    walk(semantics.get("values"), ())
    return roles


def _triangles(rings: list, points: NDArray) -> NDArray[np.float64] | None:
    """(K, 3, 3) triangles of a plane surface with holes; None where it is unsound."""
    loops = []
    for ring in rings:
        if not isinstance(ring, list) or len(ring) < 3:
            return None
        if not all(type(v) is int and 0 <= v < len(points) for v in ring):
            return None
        loop = points[ring]
        if not np.isfinite(loop).all():
            return None
        loops.append(loop)
    if not loops:
        return None
    outer = loops[0]
    if len(loops) == 1 and len(outer) == 3:
        (ax, ay, az), (bx, by, bz) = (outer[1:] - outer[0]).tolist()
        normal_size = abs(ay * bz - az * by) + abs(az * bx - ax * bz) + abs(ax * by - ay * bx)
        return outer[None] if normal_size > 1e-6 else None
    normal = _normal(outer)
    size = np.linalg.norm(normal)
    if size < 1e-6:
        return None
    axis = int(np.abs(normal).argmax())
    keep = [(1, 2), (2, 0), (0, 1)][axis]
    flat = shapely.Polygon(outer[:, keep], [loop[:, keep] for loop in loops[1:]])
    if not flat.is_valid:
        return None
    flat = shapely.orient_polygons(flat)
    corners, index = triangulated(flat)
    offset = normal @ outer.mean(0)
    lifted = np.empty((len(corners), 3))
    lifted[:, keep] = corners
    lifted[:, axis] = (offset - corners @ normal[list(keep)]) / normal[axis]
    triangles = lifted[index]
    return triangles if normal[axis] > 0 else triangles[:, ::-1]


def _normal(loop: NDArray) -> NDArray[np.float64]:
    """Newell's normal, as long as twice the area."""
    ahead = np.roll(loop, -1, axis=0)
    (x, y, z), (u, v, w) = loop.T, ahead.T
    return np.array(
        [((y - v) * (z + w)).sum(), ((z - w) * (x + u)).sum(), ((x - u) * (y + v)).sum()]
    )

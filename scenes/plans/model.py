"""From a CityJSON model to a scene: its own surfaces, dressed by what they are, and its ground."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numba
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from navworld.scenes.city.looks import surface
from navworld.scenes.city.looks import tile as tile_of
from navworld.scenes.materials import material, tinted
from navworld.scenes.plans.centrelines import centrelines
from navworld.scenes.plans.cityjson import City, CityPart
from navworld.scenes.plans.facades import BAY, NARROW, ROOFS, WALLS, blank, facade, roof
from navworld.scenes.plans.hung_lamps import hung_lamps
from navworld.scenes.plans.outdoors import outdoor_scene
from navworld.scenes.plans.streets import APRON
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Floor, Lamp, Material, Scene, SceneError
from navworld.world.vector_map import MapBuilding, MapRoad, VectorMap
from navworld.world.walkable.columns import centres, in_cells
from navworld.world.walkable.ground import uneven_floor

CELL = 0.25
STEP = 0.18
"""Kerbs and stairs up to this are walked and driven over [m]."""

LARGEST = 1500.0
LEVEL = np.cos(np.radians(35))
TALL_PLANTS = 0.6
"""Plants higher than this above the foot of their area are in the way [m]."""

BASE_CELL = 5.0
BASE_DROP = 0.12

FOOT_WORDS = (
    "voet", "fiets", "foot", "pedestrian", "sidewalk", "pavement", "cycle", "walk", "trap",
    "stoep", "ruiterpad", "berm",
)  # fmt: skip
PARKING_WORDS = ("parkeer", "parking")


@dataclass(frozen=True)
class _Look:
    """Class and surface of a kind of object; `ground` can be walked on."""

    semantic: str
    surface: str
    ground: bool = False


LOOKS: dict[str, _Look] = {
    "road": _Look("road", "asphalt", ground=True),
    "parking": _Look("pavement", "setts", ground=True),
    "foot": _Look("pavement", "clay pavers", ground=True),
    "bridge": _Look("road", "concrete", ground=True),
    "land": _Look("terrain", "slabs", ground=True),
    "plants": _Look("vegetation", "lawn", ground=True),
    "relief": _Look("terrain", "lawn", ground=True),
    "water": _Look("water", ""),
    "wall": _Look("wall", "brick brown"),
    "object": _Look("object", "concrete"),
    "tree": _Look("vegetation", "foliage green"),
}
KINDS = {
    "Bridge": "bridge", "LandUse": "land", "PlantCover": "plants", "WaterBody": "water",
    "TINRelief": "relief", "SolitaryVegetationObject": "tree", "Square": "foot",
    "TransportSquare": "foot", "GenericCityObject": "wall", "Waterway": "water",
}  # fmt: skip


def city_scene(city: City, *, name: str, version: str, path: object) -> Scene:
    """The scene of a model."""
    extent = np.ptp(np.concatenate([p.triangles.reshape(-1, 3) for p in city.parts]), axis=0)
    if extent[:2].max() > LARGEST or extent[2] > 900:
        size = " × ".join(f"{value:.0f}" for value in extent)
        raise SceneError(
            f"{path}: is {size} m large, more than {LARGEST:g} m; cut out a part "
            "and check that it is in metres"
        )
    rng = np.random.default_rng(int(hashlib.sha256(version.encode()).hexdigest()[:12], 16))
    mesh = MeshBuilder()
    mesh.add_instance("surroundings", "terrain")
    ground: list[NDArray] = []
    roads: list[NDArray] = []
    obstacles: list[NDArray] = []
    water: list[NDArray] = []
    for part in city.parts:
        if part.kind == "Building":
            _building(mesh, part, rng)
            obstacles.append(part.triangles)
            continue
        kind = kind_of(part)
        walked = _dress(mesh, part, kind)
        ground.append(part.triangles[walked])
        obstacles.append(part.triangles[~walked & (kind not in ("road", "foot", "water"))])
        if kind in ("road", "parking", "bridge"):
            roads.append(part.triangles[walked])
        if kind == "water":
            water.append(part.triangles)
    if not sum(map(len, ground)):
        raise SceneError(
            f"{path}: has no ground (roads, land, plants or relief) to walk on; "
            "export the model with them"
        )
    sheet, origin = _height_grid(ground, city)
    _base(mesh, sheet, origin, water)
    town_map = _map(city, roads)
    return outdoor_scene(
        city,
        mesh,
        arrays=mesh.arrays(),
        floor=_floor(sheet, origin, obstacles, path),
        town_map=town_map,
        name=name,
        version=version,
        lamps=_lamps(town_map, sheet, origin),
    )


def _lamps(town_map: VectorMap, sheet: NDArray, origin: tuple[float, float]) -> tuple[Lamp, ...]:
    """Lamps over what is driven on, the longest streets first."""
    filled = _filled(sheet)

    def ground(x: float, y: float) -> float:
        row, column = int((y - origin[1]) / CELL), int((x - origin[0]) / CELL)
        return float(
            filled[np.clip(row, 0, len(filled) - 1), np.clip(column, 0, len(filled[0]) - 1)]
        )

    streets = sorted((np.array(r.polyline) for r in town_map.roads), key=lambda line: -len(line))
    return hung_lamps(streets, (), ground)


def kind_of(part: CityPart) -> str:
    """What an object other than a building is: a key of `LOOKS`."""
    if part.kind in ("Road", "Railway"):
        said = ("function", "usage", "class", "bgt_functie", "surfacematerial")
        words = " ".join(str(part.attributes.get(key, "")) for key in said).lower()
        if any(word in words for word in PARKING_WORDS):
            return "parking"
        return "foot" if any(word in words for word in FOOT_WORDS) else "road"
    return KINDS.get(part.kind, "object")


def _dress(mesh: MeshBuilder, part: CityPart, kind: str) -> NDArray[np.bool_]:
    """Adds an object; (K,) which of its triangles are ground."""
    look = LOOKS[kind]
    triangles = part.triangles
    z, up = triangles[..., 2], _up(triangles)
    walked = np.full(len(triangles), look.ground) & (up > LEVEL)
    if kind == "plants":
        walked &= z.mean(1) <= np.quantile(z, 0.1) + TALL_PLANTS
    item = mesh.add_instance(kind, look.semantic)
    if kind == "water":
        _planar(mesh, triangles, Material("water", (0.22, 0.30, 0.33)), 1.0, item)
    elif kind == "plants":
        _planar(mesh, triangles[walked], surface("lawn"), tile_of("lawn"), item)
        leaves = tinted(material("foliage"), (0.85, 0.95, 0.75))
        _upright(mesh, triangles[~walked], leaves, 1.2, item)
    else:
        look_of = surface(look.surface), tile_of(look.surface)
        level = up > 0.5
        _planar(mesh, triangles[level], *look_of, item)
        _upright(mesh, triangles[~level], *look_of, item)
    return walked


def _building(mesh: MeshBuilder, part: CityPart, rng: np.random.Generator) -> None:
    """Adds a building: façades with windows on its walls, a covering on its roof."""
    names = (str(part.attributes.get(key, "")) for key in ("name", "naam"))
    item = mesh.add_instance(next(filter(None, names), part.name)[:80], "building")
    triangles = part.triangles
    up = _up(triangles)
    walls = (part.role == "wall") | ((part.role == "") & (np.abs(up) < 0.35))
    wall = list(WALLS)[int(rng.integers(len(WALLS)))]
    style = int(rng.integers(4))
    cover = roof(list(ROOFS)[int(rng.integers(len(ROOFS)))])
    _planar(mesh, triangles[~walls], cover, 2 * BAY, item)
    _bays(mesh, triangles[walls], facade(wall, style), blank(wall), item)


def _up(triangles: NDArray) -> NDArray[np.float64]:
    """(K,) upward component of the unit normals."""
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    return normal[:, 2] / np.maximum(np.linalg.norm(normal, axis=1), 1e-12)


def _add(mesh: MeshBuilder, triangles: NDArray, uv: NDArray, look: Material, item: int) -> None:
    if len(triangles):
        index = np.arange(3 * len(triangles)).reshape(-1, 3)
        mesh.triangles(triangles.reshape(-1, 3), index, uv, look, item)


def _planar(mesh: MeshBuilder, triangles: NDArray, look: Material, tile: float, item: int) -> None:
    """Triangles whose texture lies on a level grid."""
    _add(mesh, triangles, triangles[..., :2] / tile, look, item)


def _tangents(triangles: NDArray) -> NDArray[np.float64]:
    """(K, 2) level directions along upright triangles, to the right seen from outside."""
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    level = np.stack([-normal[:, 1], normal[:, 0]], 1)
    return level / np.maximum(np.linalg.norm(level, axis=1), 1e-12)[:, None]


def _upright(mesh: MeshBuilder, triangles: NDArray, look: Material, tile: float, item: int) -> None:
    """Triangles whose texture runs along them and up."""
    along = np.einsum("kcj,kj->kc", triangles[..., :2], _tangents(triangles))
    _add(mesh, triangles, np.stack([along, -triangles[..., 2]], -1) / tile, look, item)


def _bays(
    mesh: MeshBuilder, triangles: NDArray, windows: Material, plain: Material, item: int
) -> None:
    """Wall triangles, plane by plane: a whole number of bays across and storeys up."""
    if not len(triangles):
        return
    tangent = _tangents(triangles)
    across = np.einsum(
        "kj,kj->k", triangles[:, 0, :2], np.stack([tangent[:, 1], -tangent[:, 0]], 1)
    )
    angle = np.arctan2(tangent[:, 1], tangent[:, 0])
    key = np.stack([np.round(angle / 0.05), np.round(across / 0.15)], 1).astype(np.int64)
    _, plane = np.unique(key, axis=0, return_inverse=True)
    plane = plane.reshape(-1)
    along = np.einsum("kcj,kj->kc", triangles[..., :2], tangent)
    z = triangles[..., 2]
    count = int(plane.max()) + 1
    low, high = np.full((2, count), np.inf), np.full((2, count), -np.inf)
    for axis, value in enumerate((along, z)):
        np.minimum.at(low[axis], plane, value.min(1))
        np.maximum.at(high[axis], plane, value.max(1))
    size = high - low
    # A texture shows two by two bays.
    repeats = np.maximum(np.round(size / BAY), 1) / 2
    u = (along - low[0, plane, None]) / np.maximum(size[0, plane, None], 1e-6)
    v = (z - low[1, plane, None]) / np.maximum(size[1, plane, None], 1e-6)
    uv = np.stack([u * repeats[0, plane, None], -v * repeats[1, plane, None]], -1)
    narrow = ((size[0] < NARROW) | (size[1] < 2.0))[plane]
    _add(mesh, triangles[~narrow], uv[~narrow], windows, item)
    _add(mesh, triangles[narrow], uv[narrow], plain, item)


def _height_grid(
    ground: list[NDArray], city: City
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """(rows, columns) height of the ground, NaN where there is none, and its origin."""
    every = np.concatenate([part.triangles.reshape(-1, 3) for part in city.parts])
    low = np.floor(every[:, :2].min(0)) - 3 * CELL
    shape = np.ceil((every[:, :2].max(0) + 1.0 - low) / CELL).astype(int)[::-1]
    sheet = np.full(tuple(shape), np.nan)
    _raise(np.concatenate(ground), low[0], low[1], CELL, sheet)
    return sheet, (float(low[0]), float(low[1]))


@numba.njit(cache=True, nogil=True)
def _raise(triangles, ox, oy, cell, sheet):
    """Lifts every cell to the highest triangle above its centre."""
    rows, columns = sheet.shape
    for t in range(len(triangles)):
        x0, y0, x1, y1, x2, y2 = in_cells(triangles[t], ox, oy, cell)
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-12:
            continue
        first, last = centres(y0, y1, y2, rows)
        left, right = centres(x0, x1, x2, columns)
        for r in range(first, last + 1):
            for c in range(left, right + 1):
                w2 = ((x1 - x0) * (r - y0) - (c - x0) * (y1 - y0)) / area
                w0 = ((x2 - x1) * (r - y1) - (c - x1) * (y2 - y1)) / area
                w1 = 1.0 - w0 - w2
                if w0 < -1e-9 or w1 < -1e-9 or w2 < -1e-9:
                    continue
                z = w0 * triangles[t, 0, 2] + w1 * triangles[t, 1, 2] + w2 * triangles[t, 2, 2]
                if not sheet[r, c] >= z:
                    sheet[r, c] = z


def _floor(
    sheet: NDArray, origin: tuple[float, float], obstacles: list[NDArray], path: object
) -> Floor:
    """The walkable floor, small gaps between the surfaces of the model closed."""
    known = np.isfinite(sheet).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    closed = cv2.morphologyEx(known, cv2.MORPH_CLOSE, disc) > 0
    filled = np.where(closed, _filled(sheet), np.nan)
    corners = np.concatenate([*obstacles, np.empty((0, 3, 3))])
    floor = uneven_floor(filled, corners, origin=origin, cell=CELL, slope=np.radians(25), step=STEP)
    if not (floor.clearance > 0.3).any():
        raise SceneError(f"{path}: has no ground that can be walked; check that z is up")
    return floor


def _filled(sheet: NDArray) -> NDArray[np.float64]:
    """NaN replaced by the nearest height."""
    index = distance_transform_edt(~np.isfinite(sheet), return_distances=False, return_indices=True)
    return sheet[tuple(index)]


def _base(
    mesh: MeshBuilder, sheet: NDArray, origin: tuple[float, float], water: list[NDArray]
) -> None:
    """A coarse ground just below all surfaces, so that no gap shows the sky, and around them."""
    below = sheet.copy()
    if water:
        wet = np.full_like(sheet, np.nan)
        _raise(np.concatenate(water), origin[0], origin[1], CELL, wet)
        below = np.where(np.isfinite(wet), wet, below)
    pad = int(APRON / CELL)
    stride = int(BASE_CELL / CELL)
    filled = cv2.erode(_filled(below).astype(np.float32), np.ones((2 * stride + 1,) * 2, np.uint8))
    filled = np.pad(filled, pad, mode="edge")[::stride, ::stride] - BASE_DROP
    rows, columns = filled.shape
    x = origin[0] - APRON + BASE_CELL * np.arange(columns)
    y = origin[1] - APRON + BASE_CELL * np.arange(rows)
    grid = np.stack([*np.meshgrid(x, y), filled], -1).reshape(-1, 3)
    k = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1)
    index = np.concatenate(
        [np.stack([k, k + 1, k + columns + 1], 1), np.stack([k, k + columns + 1, k + columns], 1)]
    )
    uv = (grid[:, :2] / tile_of("lawn"))[index]
    mesh.triangles(grid, index, uv, surface("lawn"), 0)


def _map(city: City, roads: list[NDArray]) -> VectorMap:
    """Outlines of buildings, and the middle lines of what is driven on."""
    buildings = []
    for part in city.parts:
        if part.kind != "Building":
            continue
        flat = shapely.polygons(part.triangles[np.abs(_up(part.triangles)) > 0.05][..., :2])
        whole = shapely.union_all(shapely.make_valid(flat), grid_size=0.01) if len(flat) else None
        outlines = [p for p in getattr(whole, "geoms", [whole]) if p and p.geom_type == "Polygon"]
        if not outlines:
            continue
        outline = shapely.orient_polygons(max(outlines, key=lambda p: p.area))
        z = part.triangles[..., 2]
        corners = np.round(np.asarray(outline.exterior.coords)[:-1], 3)
        polygon = tuple((float(x), float(y)) for x, y in corners)
        name = str(part.attributes.get("name", part.attributes.get("naam", "")))[:80]
        buildings.append(MapBuilding(polygon, float(np.ptp(z)), name, _address(part)))
    lines = centrelines(roads) if roads else []
    ways = tuple(MapRoad("", line, width, kind="residential") for line, width in lines)
    return VectorMap(ways, tuple(buildings), (), city.origin)


def _address(part: CityPart) -> str:
    """The address of a building, where the model has one."""
    found = part.attributes.get("address")
    if isinstance(found, list) and found and isinstance(found[0], dict):
        found = found[0]
    if isinstance(found, dict):
        street = found.get("ThoroughfareName", found.get("street"))
        house = found.get("ThoroughfareNumber", found.get("number"))
        if street and house:
            return f"{house} {street}"[:80]
    return ""

"""Readers of floor plans: a plain JSON of rooms, houses of ProcTHOR, worlds of PyRoboSim."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
import yaml
from numpy.typing import NDArray

from navworld.scenes.furniture import KINDS
from navworld.scenes.plans.reading import FARTHEST, number, points_of, read_json, read_text
from navworld.scenes.plans.rooms import House, Pane, Thing, ribbon
from navworld.scenes.plans.town import sound_polygon
from navworld.world.scene import SceneError
from navworld.world.semantics import CLASS_ID

OURS = {
    "bed": "double bed", "sofa": "sofa", "armchair": "armchair", "diningtable": "dining table",
    "table": "dining table", "coffeetable": "coffee table", "sidetable": "side table",
    "desk": "desk", "chair": "dining chair", "stool": "stool", "dresser": "dresser",
    "tvstand": "tv stand", "shelvingunit": "shelf", "fridge": "fridge", "toilet": "toilet",
    "bathtub": "bathtub", "counter": "kitchen counter", "countertop": "kitchen counter",
    "trashcan": "bin", "garbagecan": "bin", "houseplant": "plant", "floorlamp": "floor lamp",
    "washingmachine": "washing machine", "bookcase": "bookcase", "wardrobe": "wardrobe",
}  # fmt: skip
"""Kinds of other collections, in lower case without gaps, and ours."""

SIZES = {"double bed": (2.0, 1.6, 0.6), "sofa": (0.9, 2.0, 0.8), "bookcase": (0.3, 0.9, 1.9)}
DEFAULT_SIZE = (0.6, 0.6, 0.8)


def is_plan(content: dict[str, Any]) -> bool:
    """Whether an object (of JSON or YAML) looks like a floor plan."""
    return isinstance(content.get("rooms"), list)


def read_plan(path: Path, content: dict[str, Any]) -> House:
    """The floor plan of a JSON object: a ProcTHOR house, or plain rooms and doors."""
    house = House(attribution=str(content.get("source", ""))[:200])
    rooms = [room for room in content["rooms"] if isinstance(room, dict)]
    foreign = any("floorPolygon" in room for room in rooms)
    house.height = float(np.clip(number(content.get("height"), 2.6) or 2.6, 2.0, 6.0))
    for k, room in enumerate(rooms):
        corners = room.get("floorPolygon" if foreign else "polygon")
        ring = _flat(corners) if foreign else points_of(corners)
        kind = str(room.get("roomType", room.get("kind", room.get("name", "room"))))
        _add_room(house, ring, kind, f"room {room.get('id', k)}")
    if foreign:
        _procthor(house, path, content)
    else:
        _plain(house, content)
    return house


def read_world(path: Path) -> House:
    """The floor plan of a PyRoboSim world in YAML: rooms joined by hallways."""
    content = _yaml(path)
    if not is_plan(content):
        raise SceneError(f"{path}: has no list of rooms; give the world's own file")
    house = House()
    params = _mapping(content.get("params"))
    house.height = float(np.clip(number(params.get("wall_height"), 2.4) or 2.4, 2.0, 6.0))
    named: dict[str, shapely.Polygon] = {}
    for k, room in enumerate(item for item in content["rooms"] if isinstance(item, dict)):
        name = str(room.get("name", f"room {k}"))
        T = _pose(room.get("pose"))
        ring = _footprint(room.get("footprint")) @ T[:2, :2].T + T[:2, 2]
        before = len(house.rooms)
        _add_room(house, ring, name, name)
        if len(house.rooms) > before:
            named[name] = house.rooms[-1][1]
        house.wall = float(np.clip(number(room.get("wall_width"), 0.2) or 0.2, 0.05, 0.6))
    for hall in _dicts(content.get("hallways")):
        _hallway(house, hall, named)
    _locations(house, path, content, named)
    return house


def _add_room(house: House, ring: NDArray, kind: str, what: str) -> None:
    shape = sound_polygon(ring, house.notes, what)
    if shape is not None:
        house.rooms.append((_room_kind(kind), shape))


def _room_kind(kind: str) -> str:
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in kind).strip()
    return spaced.replace("_", " ")[:40] or "room"


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _plain(house: House, content: dict[str, Any]) -> None:
    """Doors and windows by the two ends of their opening, furniture by its middle."""
    house.wall = float(np.clip(number(content.get("wall"), 0.12) or 0.12, 0.05, 0.6))
    for k, door in enumerate(_dicts(content.get("doors"))):
        line = points_of([door.get("from"), door.get("to")])
        if len(line) == 2 and np.linalg.norm(line[1] - line[0]) > 0.4:
            depth = 4 * house.wall
            house.passages.append(ribbon(line, depth))
        else:
            house.notes.add("door without two ends apart left out", door.get("id", k))
    for k, window in enumerate(_dicts(content.get("windows"))):
        line = points_of([window.get("from"), window.get("to")])
        low, high = number(window.get("bottom"), 0.9), number(window.get("top"), 2.1)
        _add_pane(house, line, low, high, window.get("id", k))
    for k, item in enumerate(_dicts(content.get("furniture"))):
        place = points_of([item.get("position")])
        size = item.get("size")
        sizes = [number(v) for v in size] if isinstance(size, list) else []
        if not len(place):
            house.notes.add("piece without a position left out", item.get("kind", k))
            continue
        _add_thing(
            house,
            str(item.get("kind", "object")),
            place[0],
            number(item.get("yaw"), 0.0) or 0.0,
            sizes,
        )


def _add_pane(
    house: House, line: NDArray, low: float | None, high: float | None, what: object
) -> None:
    sound = len(line) == 2 and low is not None and high is not None
    if sound and np.linalg.norm(line[1] - line[0]) > 0.2:
        top = min(float(high), house.height - 0.1)  # type: ignore[arg-type]
        if 0 <= float(low) < top - 0.2:  # type: ignore[arg-type]
            house.panes.append(Pane(shapely.LineString(line), float(low), top))  # type: ignore[arg-type]
            return
    house.notes.add("window without sound ends and heights left out", what)


def _add_thing(
    house: House, kind: str, xy: NDArray, yaw: float, size: list[float | None], bottom: float = 0.0
) -> None:
    key = kind.lower().replace(" ", "").replace("_", "")
    ours = kind if kind in KINDS else OURS.get(key, kind)
    default = SIZES.get(ours, DEFAULT_SIZE)
    sizes = [size[k] if k < len(size) else None for k in range(3)]
    fixed = [float(np.clip(v or d, 0.05, 6.0)) for v, d in zip(sizes, default, strict=True)]
    semantic = ours if ours in CLASS_ID else "object"
    place = (float(xy[0]), float(xy[1]))
    house.things.append(Thing(ours, semantic, place, yaw, (fixed[0], fixed[1], fixed[2]), bottom))


def _flat(value: object) -> NDArray[np.float64]:
    """(N, 2) ground points of a ProcTHOR polygon: x right, z forward, y up."""
    if not isinstance(value, list):
        return np.empty((0, 2))
    return points_of(
        [{"x": p.get("x"), "y": p.get("z")} if isinstance(p, dict) else None for p in value]
    )


def _procthor(house: House, path: Path, content: dict[str, Any]) -> None:
    """Openings by their walls, and objects, of a ProcTHOR house.

    Unity's frame is left-handed with y up: (x, z, y) is ours, and angles turn the other way.
    """
    walls = {}
    for wall in _dicts(content.get("walls")):
        corners = wall.get("polygon")
        if isinstance(corners, list):
            heights = [number(p.get("y")) for p in corners if isinstance(p, dict)]
            known = [h for h in heights if h is not None and h < 10]
            if known:
                house.height = float(np.clip(max(known), 2.0, 6.0))
            low = [p for p, h in zip(corners, heights, strict=False) if h is not None and h < 0.01]
            ends = _flat(low)
            if len(ends) >= 2:
                walls[str(wall.get("id"))] = ends[:2]
    for name in ("doors", "windows"):
        for k, item in enumerate(_dicts(content.get(name))):
            _hole(house, name, item, walls, k)
    database = _assets(path, house)
    for item in _dicts(content.get("objects")):
        _asset(house, item, database)


def _hole(house: House, name: str, item: dict[str, Any], walls: dict[str, NDArray], k: int) -> None:
    ends = walls.get(str(item.get("wall0")))
    hole = points_of(item.get("holePolygon"))
    what = item.get("id", k)
    if ends is None or len(hole) < 2 or np.linalg.norm(ends[1] - ends[0]) < 0.3:
        house.notes.add(f"{name[:-1]} without a wall or a hole left out", what)
        return
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    low, high = hole.min(0), hole.max(0)
    line = np.stack([ends[0] + along * low[0], ends[0] + along * high[0]])
    if name == "doors":
        house.passages.append(ribbon(line, 4 * house.wall))
    else:
        _add_pane(house, line, float(low[1]), float(high[1]), what)


def _assets(path: Path, house: House) -> dict[str, tuple[str, dict[str, Any]]]:
    """Asset id → (type, bounding box), from asset-database.json beside the house or above it."""
    for folder in (
        path.parent,
        path.parent / "procthor_databases",
        path.parent.parent / "procthor_databases",
    ):
        file = folder / "asset-database.json"
        if file.is_file():
            found = {}
            for kind, entries in read_json(file).items():
                for entry in _dicts(entries):
                    box = entry.get("boundingBox")
                    found[str(entry.get("assetId"))] = (kind, box if isinstance(box, dict) else {})
            return found
    house.notes.add("no asset-database.json beside the house: pieces have usual sizes")
    return {}


def _asset(
    house: House, item: dict[str, Any], database: dict[str, tuple[str, dict[str, Any]]]
) -> None:
    asset = str(item.get("assetId", ""))
    kind, box = database.get(asset, ("", {}))
    kind = kind or str(item.get("objectType", "")) or asset.rstrip("0123456789_").replace("_", "")
    place, turn = item.get("position"), item.get("rotation")
    place, turn = (value if isinstance(value, dict) else {} for value in (place, turn))
    x, up, y = (number(place.get(axis)) for axis in ("x", "y", "z"))
    if x is None or y is None or max(abs(x), abs(y)) > FARTHEST:
        house.notes.add("object without a position left out", asset)
        return
    size = [number(box.get(axis)) for axis in ("z", "x", "y")]
    bottom = max((up or 0.0) - 0.5 * (size[2] or 0.0), 0.0) if size[2] else 0.0
    bottom = 0.0 if bottom < 0.15 else bottom
    if bottom > house.height - 0.3:
        house.notes.add("object above the ceiling left out", asset)
        return
    yaw = 0.5 * np.pi - np.radians(number(turn.get("y"), 0.0) or 0.0)
    _add_thing(house, kind, np.array([x, y]), float(yaw), size, bottom)


def _yaml(path: Path) -> dict[str, Any]:
    text = read_text(path)
    if len(text) > 8 << 20:
        raise SceneError(f"{path}: has {len(text) >> 20} MB, too much for YAML; make it smaller")
    if any(line.lstrip().startswith(("&", "*")) or ": &" in line or ": *" in line or "- &" in line
           or "- *" in line for line in text.splitlines()):  # fmt: skip
        raise SceneError(f"{path}: uses anchors or aliases, which worlds have no need of")
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else "nested too deeply"
        raise SceneError(f"{path}: is not sound YAML ({reason}); copy it again") from None
    if not isinstance(content, dict):
        raise SceneError(f"{path}: holds {type(content).__name__}; expected a mapping")
    return content


def _pose(value: object) -> NDArray[np.float64]:
    """(3, 3) level pose of a mapping, or of a list [x, y, …, yaw]."""
    x = y = yaw = 0.0
    if isinstance(value, dict):
        place, turn = value.get("position"), value.get("rotation_eul")
        place, turn = (part if isinstance(part, dict) else {} for part in (place, turn))
        x, y = number(place.get("x"), 0.0) or 0.0, number(place.get("y"), 0.0) or 0.0
        yaw = number(turn.get("yaw"), 0.0) or 0.0
        yaw = np.radians(yaw) if turn.get("angle_units") == "degrees" else yaw
    elif isinstance(value, list) and len(value) >= 2:
        x, y = number(value[0], 0.0) or 0.0, number(value[1], 0.0) or 0.0
        yaw = (number(value[-1], 0.0) or 0.0) if len(value) > 2 else 0.0
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, x], [s, c, y], [0, 0, 1]])


def _footprint(value: object) -> NDArray[np.float64]:
    """(N, 2) corners of a footprint: a polygon, a box or a circle; empty when it is none."""
    shape = value if isinstance(value, dict) else {}
    if shape.get("type") == "box":
        dims = shape.get("dims")
        known = [number(v) for v in dims] if isinstance(dims, list) else []
        size = [value for value in known[:2] if value is not None and value > 0]
        if len(size) == 2:
            x, y = 0.5 * size[0], 0.5 * size[1]
            return np.array([(-x, -y), (x, -y), (x, y), (-x, y)])
    elif shape.get("type") == "circle":
        radius = number(shape.get("radius"))
        if radius is not None and 0 < radius < FARTHEST:
            angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            return radius * np.stack([np.cos(angle), np.sin(angle)], 1)
    return points_of(shape.get("coords"))


def _hallway(house: House, hall: dict[str, Any], named: dict[str, shapely.Polygon]) -> None:
    """A straight, angled or bent hallway between two rooms."""
    start, end = (named.get(str(hall.get(key))) for key in ("room_start", "room_end"))
    what = f"{hall.get('room_start')} to {hall.get('room_end')}"
    if start is None or end is None:
        house.notes.add("hallway between rooms that are not there left out", what)
        return
    width = float(np.clip(number(hall.get("width"), 0.9) or 0.9, 0.3, 10.0))
    a, b = (np.array([p.centroid.x, p.centroid.y]) for p in (start, end))
    offset = number(hall.get("offset"), 0.0) or 0.0
    method = hall.get("conn_method", "auto")
    if method == "points":
        line = points_of(hall.get("conn_points"))
        line = line if len(line) >= 2 else np.stack([a, b])
    elif method == "angle":
        angle = number(hall.get("conn_angle"), 0.0) or 0.0
        along = np.array([np.cos(angle), np.sin(angle)])
        shift = offset * np.array([-along[1], along[0]])
        reach = np.linalg.norm(b - a) + np.sqrt(end.area)
        line = np.stack([a + shift, a + shift + along * reach])
    else:
        along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-9)
        shift = offset * np.array([-along[1], along[0]])
        line = np.stack([a + shift, b + shift])
    if np.linalg.norm(np.diff(line, axis=0), axis=1).sum() < 0.1:
        house.notes.add("hallway without length left out", what)
        return
    if method == "angle":
        ray = shapely.intersection(shapely.LineString(line), end)
        if not ray.is_empty:
            line = np.stack([line[0], np.array(ray.centroid.coords[0])])
    strip = ribbon(line, width)
    house.hallways.append(strip)


def _locations(
    house: House, path: Path, content: dict[str, Any], named: dict[str, shapely.Polygon]
) -> None:
    """Furniture of a world, in the shapes that its metadata files give."""
    shapes: dict[str, Any] = {}
    metadata = content.get("metadata")
    listed = metadata.get("locations") if isinstance(metadata, dict) else None
    for entry in listed if isinstance(listed, list) else [listed]:
        if not isinstance(entry, str):
            continue
        file = path.parent / Path(entry.replace("$DATA/", "")).name
        if file.is_file():
            shapes.update(_yaml(file))
        else:
            house.notes.add("metadata file is not beside the world", Path(entry).name)
    for k, item in enumerate(_dicts(content.get("locations"))):
        kind = str(item.get("category", "object"))
        footprint = _mapping(_mapping(shapes.get(kind)).get("footprint"))
        corners = _footprint(footprint)
        T = _pose(item.get("pose"))
        pose = item.get("pose")
        frame = pose.get("relative_to") if isinstance(pose, dict) else None
        if str(frame) in named:
            middle = named[str(frame)].centroid
            T[:2, 2] += (middle.x, middle.y)
        if not len(corners):
            house.notes.add(
                "location without a known footprint: took a usual size", item.get("name", k)
            )
            corners = 0.3 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        low, high = corners.min(0), corners.max(0)
        middle_xy = T[:2, :2] @ (0.5 * (low + high)) + T[:2, 2]
        tall = number(footprint.get("height"), 0.75) or 0.75
        yaw = float(np.arctan2(T[1, 0], T[0, 0]))
        size: list[float | None] = [float(high[0] - low[0]), float(high[1] - low[1]), tall]
        _add_thing(house, kind, middle_xy, yaw, size)

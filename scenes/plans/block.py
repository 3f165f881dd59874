"""City blocks in JSON: `buildings` with a footprint and a height, `roads` with a centre line.

The format of `city_block.json`: metres east and north of `origin_lon_lat`, z up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from navworld.scenes.plans.reading import number, points_of
from navworld.scenes.plans.town import DRIVABLE, FOOT, Town, TownBuilding, TownRoad, sound_polygon
from navworld.world.scene import SceneError
from navworld.world.vector_map import GeoOrigin

MARGIN = 20.0
LARGEST = 1500.0


def is_block(content: dict[str, Any]) -> bool:
    """Whether a JSON object looks like a city block."""
    return isinstance(content.get("roads"), list) or isinstance(content.get("buildings"), list)


def read_block(path: Path, content: dict[str, Any]) -> Town:
    """The town of a block."""
    town = Town(attribution=str(content.get("source", ""))[:200])
    for name in ("buildings", "roads"):
        if not isinstance(content.get(name, []), list):
            raise SceneError(f"{path}: {name!r} is not a list; export the block again")
    for k, item in enumerate(content.get("buildings", [])):
        _building(town, item if isinstance(item, dict) else {}, k)
    for k, item in enumerate(content.get("roads", [])):
        _road(town, item if isinstance(item, dict) else {}, k)
    if not town.buildings:
        town.notes.add("the block has no buildings")
    if not town.roads and not town.buildings:
        raise SceneError(f"{path}: has no sound road and no sound building; export it again")
    points = [np.asarray(b.shape.exterior.coords)[:, :2] for b in town.buildings]
    points += [road.line for road in town.roads]
    low, high = np.concatenate(points).min(0) - MARGIN, np.concatenate(points).max(0) + MARGIN
    if (high - low).max() > LARGEST:
        raise SceneError(
            f"{path}: covers {(high - low).max():.0f} m, more than {LARGEST:g} m; cut out a part"
        )
    town.box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    place = content.get("origin_lon_lat")
    known = [number(v) for v in place[:2]] if isinstance(place, list) else []
    pair = [value for value in known if value is not None]
    if len(pair) == 2 and abs(pair[1]) <= 90 and abs(pair[0]) <= 180:
        town.origin = GeoOrigin(pair[1], pair[0])
    else:
        town.notes.add("no sound origin_lon_lat: the scene has no place on Earth")
    return town


def _building(town: Town, item: dict[str, Any], k: int) -> None:
    what = f"building {item.get('id', k)}"
    shape = sound_polygon(points_of(item.get("footprint")), town.notes, what)
    if shape is None:
        return
    height = number(item.get("height_m"))
    if height is None or height <= 0:
        town.notes.add("building without a height: took 9 m", what)
        height = 9.0
    name, address = (str(item.get(key) or "")[:80] for key in ("name", "address"))
    top = float(np.clip(height, 2.0, 400.0))
    town.buildings.append(TownBuilding(shape, top, name=name, address=address))


def _road(town: Town, item: dict[str, Any], k: int) -> None:
    kind = str(item.get("kind", "residential"))
    line = points_of(item.get("centreline"))
    if len(line):
        line = line[np.r_[True, np.linalg.norm(np.diff(line, axis=0), axis=1) > 1e-3]]
    if len(line) < 2:
        town.notes.add("road with fewer than two sound points left out", item.get("id", k))
        return
    table = DRIVABLE if kind in DRIVABLE else FOOT
    width = number(item.get("width_m")) or table.get(kind, 4.0)
    lanes = number(item.get("lanes"), 1.0 if item.get("oneway") is True else 2.0)
    town.roads.append(
        TownRoad(
            line, kind, float(np.clip(width, 1.2, 40.0)), str(item.get("name") or "")[:80],
            int(np.clip(lanes or 2.0, 1, 10)),
        )
    )  # fmt: skip

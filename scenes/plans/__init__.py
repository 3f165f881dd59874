"""Scenes from maps and plans: CityJSON, OpenStreetMap extracts, city blocks, floor plans.

What of a file cannot be used is left out and listed in `Scene.notes`, one line for every kind of
damage; a file of which nothing can be used is refused with one sentence (`SceneError`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from navworld.scenes.plans.block import is_block, read_block
from navworld.scenes.plans.cityjson import is_cityjson, read_cityjson
from navworld.scenes.plans.floorplans import is_plan, read_plan, read_world
from navworld.scenes.plans.model import city_scene
from navworld.scenes.plans.osm import read_osm
from navworld.scenes.plans.reading import read_json
from navworld.scenes.plans.rooms import house_scene
from navworld.scenes.plans.storeyplans import is_storeyed, read_storeys
from navworld.scenes.plans.storeys import storeyed_scene
from navworld.scenes.plans.streets import town_scene
from navworld.world.scene import Scene, SceneError

__all__ = ["SUFFIXES", "VERSION", "planned"]

VERSION = "1"
SUFFIXES = (".json", ".osm", ".yaml", ".yml")


def planned(path: str | Path, *, name: str | None = None) -> Scene:
    """A scene from a map or a floor plan.

    Args:
        path: CityJSON (`.city.json`, `.json`), an OpenStreetMap extract (`.osm`), a city block or
            a floor plan in JSON (`.json`), a world of rooms and hallways (`.yaml`).
        name: Of the scene; None takes the name of the file.

    Raises:
        FileNotFoundError: There is no such file.
        SceneError: The file cannot be used; the sentence says why and what would help.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file; check the path")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SceneError(f"{path}: unknown kind of plan {suffix!r}; give {', '.join(SUFFIXES)}")
    name = name or path.name.split(".")[0]
    version = _digest(path)
    if suffix == ".osm":
        return town_scene(read_osm(path), name=name, version=version)
    if suffix in (".yaml", ".yml"):
        return house_scene(read_world(path), name=name, version=version, path=path)
    content = read_json(path)
    if is_cityjson(content):
        return city_scene(read_cityjson(path, content), name=name, version=version, path=path)
    if is_storeyed(content):
        storeys, flights, notes = read_storeys(path, content)
        source = str(content.get("source", ""))[:200]
        return storeyed_scene(
            storeys, flights, notes, name=name, version=version, path=path, attribution=source
        )
    if is_plan(content):
        return house_scene(read_plan(path, content), name=name, version=version, path=path)
    if is_block(content):
        return town_scene(read_block(path, content), name=name, version=version)
    raise SceneError(
        f"{path}: is no CityJSON, city block or floor plan (keys {sorted(content)[:5]}); "
        "expected CityObjects, roads and buildings, rooms, or storeys"
    )


def _digest(path: Path) -> str:
    """Of the file and of how files are read."""
    digest = hashlib.sha256(VERSION.encode())
    if path.is_file():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

"""Instance lists: a JSON file beside a mesh that says which nodes make up which object.

`{"instances": [{"name": "Bed_01_001", "category": "Bed"}, …]}`: an entry owns the nodes called
`name` or `name/…`; `category` (or `model`, or the name itself) tells the class; entries with
`"available": false` may be without nodes. Other fields are left alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from navworld.world.scene import SceneError

MAX_BYTES = 1 << 27
SUFFIX = "_instances.json"


@dataclass(frozen=True)
class Entry:
    """One object of an instance list; `labels` are texts that may tell its class."""

    name: str
    labels: tuple[str, ...]
    required: bool


def find_instance_list(path: Path) -> Path | None:
    """The list named like the mesh: `X_instances.json` beside X.glb or X_visual.glb, if only one.

    Raises:
        SceneError: There are two, so that one has to be named.
    """
    stems = {path.stem, path.stem.removesuffix("_visual"), path.stem.removesuffix("_collision")}
    found = [
        path.with_name(s + SUFFIX) for s in sorted(stems) if path.with_name(s + SUFFIX).is_file()
    ]
    if len(found) > 1:
        names = " and ".join(item.name for item in found)
        raise SceneError(f"{path}: both {names} are named like it; pass instances= one of them")
    return found[0] if found else None


def read_instance_list(path: Path) -> tuple[list[Entry], bytes]:
    """Entries of a list in their order, and the content of the file."""
    if not path.is_file():
        raise FileNotFoundError(f"instance list {path}: there is no such file; check instances=")
    content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    try:
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise SceneError(
            f"{path}: the instance list is not JSON; repair it, or move it away to do without"
        ) from None
    items = data.get("instances") if isinstance(data, dict) else None
    if not isinstance(items, list) or not items:
        raise SceneError(
            f"{path}: the instance list has no list 'instances'; expected "
            '{"instances": [{"name": …, "category": …}, …]}'
        )
    entries = [_entry(path, k, item) for k, item in enumerate(items)]
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise SceneError(
            f"{path}: instance {twice!r} is listed twice; give every object its own name"
        )
    return entries, content


def assign(path: Path, entries: list[Entry], node_names: list[str]) -> list[Entry | None]:
    """The entry that owns each node, None for nodes of no entry.

    Raises:
        SceneError: An entry that owns no node.
    """
    by_name = {entry.name: entry for entry in entries}
    owners = [by_name.get(name) or by_name.get(name.partition("/")[0]) for name in node_names]
    used = {owner.name for owner in owners if owner}
    for entry in entries:
        if entry.required and entry.name not in used:
            raise SceneError(
                f"{path}: instance {entry.name!r} is no node of the mesh; correct the name, "
                'or mark the entry "available": false'
            )
    return owners


def _entry(path: Path, k: int, item: object) -> Entry:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
        raise SceneError(f"{path}: instance {k} has no text 'name'; add the name of its node")
    labels = [item[key] for key in ("category", "name", "model") if isinstance(item.get(key), str)]
    return Entry(item["name"], tuple(labels), item.get("available", True) is not False)

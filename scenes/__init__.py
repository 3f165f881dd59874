"""Scene families and how scenes are named.

| what `scenes=` takes | means |
|---|---|
| `"apartment:train"` | every seed of a split (`SPLITS`) |
| `"apartment:7"`, `"apartment:0-63"` | one seed, a range of seeds (both ends included) |
| `"apartment:train[:64]"` | the first of a split |
| `"path/to/house.glb"` | a mesh (GLB, glTF, OBJ, PLY) |
| `"path/to/town.osm"` | a map or plan (CityJSON, OpenStreetMap, floor plans in JSON and YAML) |
| a `Scene`, a function `seed → Scene` with `family(function, seeds)` | your own |
| a sequence of any of these | all of them |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

from navworld.names import nearest
from navworld.world.scene import Scene
from navworld.world.store import SceneRef

__all__ = ["FAMILIES", "SPLITS", "family", "load_scene", "scene_refs"]

FAMILIES: dict[str, str] = {
    "apartment": "navworld.scenes.apartment:apartment",
    "city": "navworld.scenes.city:city",
    "country": "navworld.scenes.country:country",
    "house": "navworld.scenes.house:house",
    "office": "navworld.scenes.office:office",
    "maze": "navworld.scenes.maze:maze",
    "tunnel": "navworld.scenes.tunnel:tunnel",
    "objects": "navworld.scenes.objects:objects",
}
"""Family → the function seed → Scene, imported when first used."""

SPLITS: dict[str, range] = {
    "train": range(0, 10_000),
    "validation": range(10_000, 11_000),
    "test": range(20_000, 21_000),
}

MESHES = (".glb", ".gltf", ".obj", ".ply")
PLANS = (".json", ".osm", ".yaml", ".yml")
SUFFIXES = MESHES + PLANS


def scene_refs(spec: object) -> Sequence[SceneRef]:
    """What a scene specification stands for; nothing is loaded yet.

    Raises:
        ValueError: Unknown family, split or seed range; no scene at all.
        FileNotFoundError: A file that does not exist.
    """
    if isinstance(spec, SceneRef):
        return (spec,)
    if isinstance(spec, Scene):
        return (SceneRef(spec.name, partial(_itself, spec)),)
    if isinstance(spec, _Seeds):
        return spec
    if isinstance(spec, (str, Path)):
        return _from_text(str(spec))
    if isinstance(spec, Iterable):
        parts = [scene_refs(item) for item in spec]
        if len(parts) == 1:
            return parts[0]
        refs = [ref for part in parts for ref in part]
        if refs:
            return refs
        raise ValueError("scenes= is empty: give at least one scene, for example 'apartment:train'")
    raise TypeError(f"scenes={spec!r}: expected a name ('apartment:train'), a file or a Scene")


def load_scene(spec: object) -> Scene:
    """The one scene that a specification names."""
    refs = scene_refs(spec)
    if len(refs) != 1:
        raise ValueError(f"{spec!r} names {len(refs)} scenes; expected one, e.g. 'apartment:7'")
    return refs[0].load()


def family(make: Callable[[int], Scene], seeds: Sequence[int]) -> Sequence[SceneRef]:
    """Scenes of your own family: `make(seed)` must give the same scene for a seed every time."""
    module, name = make.__module__, make.__qualname__
    return _Seeds(make=make, name=f"{module}.{name}", seeds=seeds)


@dataclass(frozen=True)
class _Seeds(Sequence[SceneRef]):
    """Scenes of a family by seed, held as the range of seeds."""

    make: Callable[[int], Scene]
    name: str
    seeds: Sequence[int]

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return _Seeds(self.make, self.name, self.seeds[index])
        seed = self.seeds[index]
        return SceneRef(f"{self.name}-{seed}", partial(self.make, seed))


def _from_text(text: str) -> Sequence[SceneRef]:
    if text.lower().endswith(SUFFIXES) or ("/" in text and ":" not in text):
        path = Path(text).expanduser()
        if not path.exists():
            raise FileNotFoundError(f"there is no scene file {text!r}: check the path")
        return (SceneRef(str(path.resolve()), partial(_import_file, str(path))),)
    name, _, which = text.partition(":")
    if name not in FAMILIES:
        raise ValueError(
            f"unknown scene family {name!r} in scenes={text!r}{nearest(name, FAMILIES)}; "
            f"files end in {', '.join(SUFFIXES)}"
        )
    return _Seeds(partial(_generate, name), name, _seeds(which or "train", text))


def _seeds(which: str, text: str) -> range:
    split = re.fullmatch(r"([a-z]+)(?:\[:(\d+)\])?", which)
    if split:
        if split[1] not in SPLITS:
            raise ValueError(f"unknown split in scenes={text!r}{nearest(split[1], SPLITS)}")
        seeds = SPLITS[split[1]]
        if split[2] and not int(split[2]):
            raise ValueError(f"scenes={text!r} names no scene: write [:1] or more")
        return seeds[: int(split[2])] if split[2] else seeds
    number = re.fullmatch(r"(\d+)(?:-(\d+))?", which)
    if number:
        first, last = int(number[1]), int(number[2] or number[1])
        if first <= last:
            return range(first, last + 1)
    raise ValueError(
        f"scenes={text!r}: after the colon comes a split ({', '.join(SPLITS)}), a seed ('7') or a "
        "range of seeds ('0-63')"
    )


def _generate(name: str, seed: int) -> Scene:
    module, _, function = FAMILIES[name].partition(":")
    return getattr(import_module(module), function)(seed)


def _import_file(path: str) -> Scene:
    if path.lower().endswith(PLANS):
        return import_module("navworld.scenes.plans").planned(path)
    return import_module("navworld.scenes.imported").imported(path)


def _itself(scene: Scene) -> Scene:
    return scene

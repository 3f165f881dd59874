"""Wavefront OBJ files as parts: every line is checked here, then trimesh builds the arrays."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from navworld.scenes.importing.folder import Folder, damage, unreadable_refused
from navworld.scenes.importing.parts import Look, Part
from navworld.world.scene import SceneError

SIZES = {"v": (3, 7), "vt": (1, 3), "vn": (3, 3)}


def read_obj(folder: Folder) -> list[Part]:
    """Parts of an OBJ file in its own axes: one per object (or group) and material."""
    text = _decode(folder.read_main())
    has_objects, has_groups, library = _check(text, folder)
    looks = {} if library is None else _read_mtl(folder.get(library), folder)
    import trimesh

    with damage(folder.path, "OBJ data is damaged"), unreadable_refused():
        loaded = trimesh.load_scene(
            io.BytesIO(_with_names(text).encode()),
            file_type="obj",
            resolver=_names_only(looks, library),
            process=False,
            split_objects=has_objects,
            split_groups=has_groups and not has_objects,
        )
    named = has_objects or has_groups
    meshes = sorted(loaded.geometry.items())
    return [_part(name if named else folder.path.stem, mesh, looks) for name, mesh in meshes]


def _names_only(looks: dict[str, Look], library: str | None) -> dict[str, bytes]:
    """A material library of names for trimesh: looks are read by this module."""
    content = "".join(f"newmtl {name}\nKd 1 1 1\n" for name in looks)
    return {} if library is None else {library: content.encode()}


def _decode(content: bytes) -> str:
    if b"\0" in content[:4096]:
        return ""  # binary data; refused below as a file without vertices
    return content.decode("utf-8", errors="replace")


def _with_names(text: str) -> str:
    """The text with uniform line ends, as trimesh expects it."""
    lines = (" ".join(line.split()) for line in text.replace("\\\n", " ").splitlines())
    return "\n".join(line for line in lines if line and line[0] != "#")


def _check(text: str, folder: Folder) -> tuple[bool, bool, str | None]:
    """Refuses damaged lines by number; whether there are objects, groups; the material library."""
    counts = {"v": 0, "vt": 0, "vn": 0}
    objects, groups, faces, library = False, False, 0, None
    for number, words in _lines(text):
        key = words[0]
        if key in counts:
            low, high = SIZES[key]
            if not low <= len(words) - 1 <= high or not _finite(words[1:]):
                _refuse(folder, number, f"{' '.join(words)[:40]!r} is not {low} finite numbers")
            counts[key] += 1
        elif key == "f":
            faces += 1
            if len(words) < 4:
                _refuse(folder, number, "a face has fewer than three corners")
            for corner in words[1:]:
                if corner.isdecimal() and 0 < int(corner) <= counts["v"]:
                    continue
                if not _valid_corner(corner, counts):
                    _refuse(folder, number, f"corner {corner[:20]!r} of a face does not exist")
        elif key == "mtllib" and library is None:
            library = " ".join(words[1:])
        objects |= key == "o"
        groups |= key == "g"
    if not counts["v"] or not faces:
        what = "faces" if counts["v"] else "vertices"
        raise SceneError(
            f"{folder.path}: has no {what}; export the scene as a triangle mesh in OBJ format"
        )
    return objects, groups, library


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if words and not words[0].startswith("#"):
            yield number, words


def _finite(words: list[str]) -> bool:
    try:
        return all(math.isfinite(float(word)) for word in words)
    except ValueError:
        return False


def _valid_corner(corner: str, counts: dict[str, int]) -> bool:
    fields = corner.split("/")
    if len(fields) > 3 or not fields[0]:
        return False
    for field, key in zip(fields, ("v", "vt", "vn"), strict=False):
        if field:
            if not field.lstrip("-").isdecimal():
                return False
            index, count = int(field), counts[key]
            if not (1 <= index <= count or -count <= index <= -1):
                return False
    return True


def _refuse(folder: Folder, number: int, problem: str) -> None:
    raise SceneError(f"{folder.path}: line {number}: {problem}; export the file again")


def _read_mtl(content: bytes, folder: Folder) -> dict[str, Look]:
    """Looks by name: diffuse colour (taken as sRGB), diffuse image, opacity, emission."""
    entries: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for _, words in _lines(content.decode("utf-8", errors="replace")):
        key = words[0].lower()
        if key == "newmtl":
            current = entries.setdefault(" ".join(words[1:]), {})
        else:
            current[key] = words[1:]
    return {name: _mtl_look(name, entry, folder) for name, entry in entries.items()}


def _mtl_look(name: str, entry: dict[str, list[str]], folder: Folder) -> Look:
    kd = _numbers(entry.get("kd", ["0.8", "0.8", "0.8"]), 3, name, folder)
    ke = _numbers(entry.get("ke", ["0", "0", "0"]), 3, name, folder)
    opacity = _numbers(entry["d"][-1:], 1, name, folder)[0] if "d" in entry else 1.0
    image = None
    if entry.get("map_kd"):
        uri = _image_name(entry["map_kd"])
        image = folder.image(folder.get(uri), f"texture {uri!r}")
        if max(kd) < 0.01:
            kd = [1.0, 1.0, 1.0]  # exporters often write black beside an image
    glows = max(ke) > 0.05 and "map_ke" not in entry
    color = np.clip(np.array(ke) / max(ke) if glows else kd, 0, 1)
    return Look(
        name=name,
        color=(float(color[0]), float(color[1]), float(color[2])),
        image=image,
        emission=min(max(ke), 1.0) if glows else 0.0,
        transparent=opacity < 0.6,
    )


def _image_name(words: list[str]) -> str:
    """File name behind the options of a texture statement ("-s 1 1 1 wood.png")."""
    k = 0
    while k < len(words) - 1 and words[k].startswith("-"):
        k += 1
        while k < len(words) - 1 and (_finite([words[k]]) or words[k] in ("on", "off")):
            k += 1
    return " ".join(words[k:])


def _numbers(words: list[str], count: int, name: str, folder: Folder) -> list[float]:
    if len(words) == 1 and count == 3:
        words = words * 3
    if len(words) != count or not _finite(words):
        raise SceneError(
            f"{folder.path}: material {name!r} has the value {' '.join(words)[:40]!r} where "
            f"{count} numbers are expected; correct it in the .mtl file"
        )
    return [float(word) for word in words]


def _part(name: str, mesh: Any, looks: dict[str, Look]) -> Part:
    vertices = np.asarray(mesh.vertices, np.float64)
    triangles = np.asarray(mesh.faces, np.int64)
    material = getattr(getattr(mesh.visual, "material", None), "name", None)
    look = looks.get(material, Look()) if material else Look()
    uv, colors = getattr(mesh.visual, "uv", None), None
    if uv is not None and len(uv) == len(vertices):
        flipped = np.asarray(uv, np.float64)
        uv = np.stack([flipped[:, 0], 1.0 - flipped[:, 1]], 1)[triangles]
    if getattr(mesh.visual, "kind", None) == "vertex":
        colors = mesh.visual.vertex_colors[triangles, :3] / 255.0
        look = Look(color=(1.0, 1.0, 1.0))
    suffix = f"_{material}"
    name = name.removesuffix(suffix) if material and name != suffix else name
    return Part(name, (look.name,) if look.name else (), vertices, triangles, uv, colors, look)

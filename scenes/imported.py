"""Scenes from files: GLB and glTF, OBJ, PLY, with or without an instance list.

Geometry is brought to navworld's frame (z up, metres), cleaned, named, dressed and lit; walkable
space is found from it. Whatever is wrong with a file is refused with one sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.scenes.importing import lighting
from navworld.scenes.importing.folder import Folder
from navworld.scenes.importing.gltf import read_gltf
from navworld.scenes.importing.instance_lists import (
    Entry,
    assign,
    find_instance_list,
    read_instance_list,
)
from navworld.scenes.importing.names import class_of, is_structure
from navworld.scenes.importing.obj import read_obj
from navworld.scenes.importing.parts import Part
from navworld.scenes.importing.ply import read_ply
from navworld.scenes.importing.structure import surfaces
from navworld.scenes.importing.surfaces import (
    MaterialTable,
    color_levels,
    near_origin,
    sound_triangles,
)
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Floor, Instance, Lamp, Material, Scene, SceneError
from navworld.world.semantics import class_id
from navworld.world.walkable.ground import SLOPE

VERSION = "1"
R_WORLD_FILE = {
    "x": np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    "y": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "z": np.eye(3),
}
"""Turns the axes of a file to z up, by the axis of the file that points up."""

MIN_EXTENT, MAX_EXTENT, MAX_HEIGHT = 0.5, 1000.0, 150.0
CELLS, MAX_CELLS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5), 8_000_000
UNITS = (0.001, 0.01, 0.0254, 0.3048, 10.0, 100.0, 1000.0)
INDOOR_WALLS, DEFAULT_HEIGHT = 2.0, 2.6


def imported(
    path: str | Path,
    *,
    instances: str | Path | None = None,
    up: str | None = None,
    scale: float = 1.0,
    name: str | None = None,
    ceiling: bool | None = None,
) -> Scene:
    """A scene from a mesh file.

    Args:
        path: GLB, glTF, OBJ or PLY. What it refers to must lie in its folder or below it.
        instances: JSON list of objects (`navworld.scenes.importing.instance_lists`); None takes
            X_instances.json beside X.glb or X_visual.glb, if there is exactly one.
        up: "x", "y" or "z", the axis of the file that points up. None: y for GLB and glTF, as
            their standard says; for OBJ and PLY whichever of z and y gives more walkable floor.
        scale: Metres per unit of the file.
        name: Of the scene; None takes the name of the file.
        ceiling: Whether to add a plain ceiling at the top of the walls; None adds one where it is
            missing and the walls are at least 2 m high.

    Raises:
        FileNotFoundError: There is no such file.
        SceneError: The file cannot be used; the sentence says why and what would help.
    """
    path = Path(path).expanduser()
    _check_arguments(path, up, scale)
    folder = Folder(path)
    parts, attribution = _read(folder)
    _check_numbers(parts, path)
    listing = Path(instances).expanduser() if instances is not None else find_instance_list(path)
    owners: list[Entry | None] = [None] * len(parts)
    if listing is not None:
        entries, content = read_instance_list(listing)
        folder.digest.update(content)
        owners = assign(listing, entries, [part.name for part in parts])
    axis, floors = _upright(parts, path, up, scale)
    parts = [_turned(part, axis, scale) for part in parts]
    mesh = _assemble(parts, owners)
    options = f"{VERSION} {axis} {scale} {ceiling} {listing is not None}"
    folder.digest.update(hashlib.sha256(options.encode()).digest())
    return _lit_scene(
        mesh,
        floors,
        ceiling=ceiling,
        name=name or path.stem,
        version=folder.digest.hexdigest()[:16],
        attribution=attribution,
    )


@dataclass(frozen=True, eq=False)
class _Mesh:
    """All parts as the arrays of a scene, in navworld's frame."""

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    uv: NDArray[np.float32]
    material: NDArray[np.int32]
    instance: NDArray[np.int32]
    materials: tuple[Material, ...]
    instances: tuple[Instance, ...]

    def of_class(self, name: str) -> NDArray[np.bool_]:
        table = np.array([item.semantic == class_id(name) for item in self.instances])
        return table[self.instance]


def _check_arguments(path: Path, up: str | None, scale: float) -> None:
    if up is not None and up not in R_WORLD_FILE:
        raise ValueError(
            f"up={up!r}: expected 'x', 'y' or 'z', the axis of {path.name} that points up"
        )
    if not (isinstance(scale, (int, float)) and 0 < scale < float("inf")):
        raise ValueError(f"scale={scale!r}: expected metres per unit of {path.name}, above 0")
    try:
        exists = path.exists()
    except OSError:  # a name that no file can have
        exists = False
    if not exists:
        raise FileNotFoundError(f"{path}: there is no such file; check the path")
    if not path.is_file():
        raise SceneError(f"{path}: is not a file; give the GLB, glTF, OBJ or PLY file itself")
    if path.suffix.lower() not in READERS:
        raise SceneError(
            f"{path}: unknown kind of file {path.suffix!r}; convert it to .glb, .gltf, .obj or .ply"
        )
    if path.stat().st_size == 0:
        raise SceneError(f"{path}: is empty; copy or export the file again")


def _read(folder: Folder) -> tuple[list[Part], str]:
    parts, attribution = READERS[folder.path.suffix.lower()](folder)
    parts = [part for part in parts if len(part.triangles)]
    if not parts:
        raise SceneError(
            f"{folder.path}: has no faces; "
            "export the scene as a triangle mesh, not as points or lines"
        )
    return parts, attribution


READERS: dict[str, Callable[[Folder], tuple[list[Part], str]]] = {
    ".glb": read_gltf,
    ".gltf": read_gltf,
    ".obj": lambda folder: (read_obj(folder), ""),
    ".ply": lambda folder: (read_ply(folder), ""),
}


def _check_numbers(parts: list[Part], path: Path) -> None:
    for part in parts:
        used = np.unique(part.triangles)
        bad = used[~np.isfinite(part.vertices[used]).all(1)]
        if len(bad):
            raise SceneError(
                f"{path}: vertex {bad[0]} of {part.name!r} is not a finite point "
                f"({len(bad)} such); repair the mesh and export it again"
            )
        if part.uv is not None and not np.isfinite(part.uv).all():
            raise SceneError(
                f"{path}: texture coordinates of {part.name!r} are not finite; "
                "unwrap it again or remove its texture"
            )


def _upright(
    parts: list[Part], path: Path, up: str | None, scale: float
) -> tuple[str, tuple[Floor, ...]]:
    """The axis that points up and the walkable floors it gives; nobody walks on water."""
    parts = [part for part in parts if class_of(part.name) != "water"] or parts
    counts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    triangles = np.concatenate([p.triangles + n for p, n in zip(parts, counts[:-1], strict=True)])
    points = np.concatenate([part.vertices for part in parts])
    used, triangles = np.unique(triangles, return_inverse=True)
    points, triangles = points[used], triangles.reshape(-1, 3)
    _check_extent(points, path, scale)
    gltf = path.suffix.lower() in (".glb", ".gltf")
    candidates = [up] if up is not None else ["y", "z"] if gltf else ["z", "y"]
    found = {axis: _floors(points @ R_WORLD_FILE[axis].T * scale, triangles) for axis in candidates}
    area = {axis: sum(map(_area, floors)) for axis, floors in found.items()}
    best = max(area, key=lambda axis: area[axis])  # the first of equals
    if gltf and up is None and area["z"] > 8 * area["y"]:
        raise SceneError(
            f"{path}: has {area['y']:.1f} m² of walkable space with y up, as glTF has it, but "
            f"{area['z']:.1f} m² with z up; pass up='z', or up='y' if it is right"
        )
    if gltf and up is None:
        best = "y"
    if area[best] > 0:
        return best, found[best]
    size = " × ".join(f"{extent:.3g}" for extent in np.ptp(points, axis=0) * scale)
    raise SceneError(
        f"{path}: has no walkable space ({size} m): "
        "a level floor with free room above it is needed; check up= and scale="
    )


def _floors(vertices: NDArray[np.float64], triangles: NDArray[np.int64]) -> tuple[Floor, ...]:
    """Walkable floors, none where there are none; cells are larger in very large places."""
    extent = np.ptp(vertices, axis=0)
    if extent[2] > MAX_HEIGHT:
        return ()
    cell = next(c for c in CELLS if (extent[0] / c + 5) * (extent[1] / c + 5) < MAX_CELLS)
    try:
        return walkable_floors(vertices, triangles, cell=cell, slope=SLOPE)
    except ValueError:
        return ()


def _area(floor: Floor) -> float:
    return float((floor.clearance > 0).sum()) * floor.cell**2


def _check_extent(points: NDArray[np.float64], path: Path, scale: float) -> None:
    extents = np.sort(np.ptp(points, axis=0)) * scale
    largest, height = float(extents[-1]), float(extents[0])
    if MIN_EXTENT <= largest <= MAX_EXTENT and height <= MAX_HEIGHT:
        return
    plausible = [unit for unit in UNITS if 2 <= largest * unit <= 60 and height * unit < 12]
    hint = f"pass scale={scale * plausible[0]:g}" if plausible else "pass scale=, metres per unit"
    raise SceneError(
        f"{path}: would be {largest:.3g} m large and {height:.3g} m high; a place to walk in has "
        f"{MIN_EXTENT:g} to {MAX_EXTENT:g} m and at most {MAX_HEIGHT:g} m of height; {hint}"
    )


def _turned(part: Part, axis: str, scale: float) -> Part:
    vertices = part.vertices @ R_WORLD_FILE[axis].T * scale
    return Part(part.name, part.aliases, vertices, part.triangles, part.uv, part.colors, part.look)


def _assemble(parts: list[Part], owners: list[Entry | None]) -> _Mesh:
    """Joins the parts; every object, and every kind of surface of the building, is an instance."""
    table, levels = MaterialTable(parts), color_levels(parts)
    instances: dict[tuple[str, str], int] = {}
    columns: list[tuple[NDArray, ...]] = []
    count = 0
    for part, (group, labels) in zip(parts, _labels(parts, owners), strict=True):
        keep = sound_triangles(part)
        triangles = part.triangles[keep]
        ids = np.zeros(len(triangles), np.int32)
        for label in np.unique(labels[keep]):
            key = (group, str(label))
            ids[labels[keep] == label] = instances.setdefault(key, len(instances))
        uv = np.zeros((len(triangles), 3, 2), np.float32)
        if part.uv is not None:
            uv = near_origin(part.uv[keep])
        columns.append((part.vertices, triangles + count, uv, table.rows(part, keep, levels), ids))
        count += len(part.vertices)
    vertices, triangles, uv, material, instance = (
        np.concatenate(c) for c in zip(*columns, strict=True)
    )
    used, triangles = np.unique(triangles, return_inverse=True)
    order = sorted(instances, key=lambda key: (key[1] != "wall", instances[key]))
    place = np.empty(len(order), np.int32)
    place[[instances[key] for key in order]] = np.arange(len(order))
    several = {group for group, _ in instances if sum(g == group for g, _ in instances) > 1}
    return _Mesh(
        vertices[used],
        triangles.reshape(-1, 3),
        uv,
        material.astype(np.int32),
        place[instance],
        tuple(table.materials),
        tuple(
            Instance(f"{group} {label}" if group in several else group, class_id(label))
            for group, label in order
        ),
    )


def _labels(parts: list[Part], owners: list[Entry | None]) -> list[tuple[str, NDArray[np.str_]]]:
    """For each part the object it belongs to and the (T,) classes of its triangles."""
    groups, known = [], []
    for part, owner in zip(parts, owners, strict=True):
        names = owner.labels if owner else (part.name, *part.aliases)
        known.append(next(filter(None, map(class_of, names)), None))
        groups.append(owner.name if owner else part.name.partition("/")[0] or part.name)
    span = _spans(parts, groups)
    labels = []
    shells = []
    for k, part in enumerate(parts):
        label = known[k]
        if label is None and (span[groups[k]] or is_structure(groups[k])):
            label = class_of(part.look.name, material=True)
            if label is None:
                shells.append(k)
        labels.append(np.full(len(part.triangles), label or "object", "<U20"))
    if shells:
        found = _shell_classes([parts[k] for k in shells])
        for k, classes in zip(shells, found, strict=True):
            labels[k] = classes.astype("<U20")
    return list(zip(groups, labels, strict=True))


def _shell_classes(parts: list[Part]) -> list[NDArray[np.str_]]:
    counts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    triangles = [part.triangles + n for part, n in zip(parts, counts[:-1], strict=True)]
    classes = surfaces(np.concatenate([p.vertices for p in parts]), np.concatenate(triangles))
    return np.split(classes, np.cumsum([len(t) for t in triangles])[:-1])


def _spans(parts: list[Part], groups: list[str]) -> dict[str, bool]:
    """Whether each group reaches over most of the scene: then it is the building."""
    low: dict[str, NDArray] = {}
    high: dict[str, NDArray] = {}
    for part, group in zip(parts, groups, strict=True):
        points = part.vertices[part.triangles.reshape(-1)][:, :2]
        low[group] = np.minimum(low.get(group, np.inf), points.min(0))
        high[group] = np.maximum(high.get(group, -np.inf), points.max(0))
    extent = np.max(list(high.values()), axis=0) - np.min(list(low.values()), axis=0)
    return {group: bool((high[group] - low[group] >= 0.6 * extent).all()) for group in high}


def _lit_scene(
    mesh: _Mesh,
    floors: tuple[Floor, ...],
    *,
    ceiling: bool | None,
    name: str,
    version: str,
    attribution: str,
) -> Scene:
    """Adds what a file seldom brings: a ceiling where it is missing, lamps, sun and sky."""
    found, walls = mesh, mesh.of_class("wall")
    top_floor = max(floors, key=lambda floor: floor.height)
    lamps: list[Lamp] = []
    indoor = False
    for floor in floors:
        plan = lighting.Plan(found.vertices, found.triangles, floor=floor, walls=walls)
        covered, top = plan.covered() > 0.5, plan.wall_top()
        walled = top is not None and top - floor.height >= INDOOR_WALLS
        wanted = walled and not covered if ceiling is None else ceiling
        if wanted and floor is top_floor:
            top = top if top is not None and walled else floor.height + DEFAULT_HEIGHT
            mesh = _with_surface(mesh, *plan.ceiling(top), label="ceiling")
            mesh = _with_surface(mesh, *plan.upper_walls(top), label="wall")
            walled = True
        if covered or walled:
            indoor = True
            lamps.extend(plan.lamps(top if walled else None))
    return Scene(
        name=name,
        vertices=mesh.vertices.astype(np.float32),
        triangles=mesh.triangles.astype(np.int32),
        uv=mesh.uv,
        material=mesh.material,
        instance=mesh.instance,
        materials=mesh.materials,
        instances=mesh.instances,
        floors=floors,
        lamps=tuple(lamps),
        sun=lighting.INDOOR_SUN if indoor else lighting.OUTDOOR_SUN,
        ambient=lighting.INDOOR_AMBIENT if indoor else lighting.OUTDOOR_AMBIENT,
        version=version,
        attribution=attribution,
    )


def _with_surface(
    mesh: _Mesh, vertices: NDArray[np.float64], triangles: NDArray[np.int64], *, label: str
) -> _Mesh:
    """Adds a plain painted surface as an instance of its own."""
    count = len(triangles)
    if count == 0:
        return mesh
    return _Mesh(
        np.concatenate([mesh.vertices, vertices]),
        np.concatenate([mesh.triangles, triangles + len(mesh.vertices)]),
        np.concatenate([mesh.uv, np.zeros((count, 3, 2), np.float32)]),
        np.concatenate([mesh.material, np.full(count, len(mesh.materials), np.int32)]),
        np.concatenate([mesh.instance, np.full(count, len(mesh.instances), np.int32)]),
        (*mesh.materials, Material(f"{label} paint", (0.92, 0.92, 0.9))),
        (*mesh.instances, Instance(f"added {label}", class_id(label))),
    )

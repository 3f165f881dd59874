"""What the tests of scene families ask of every world."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np

from navworld.world.scene import Scene


def fingerprint(scene: Scene) -> str:
    """A hash of everything that a scene is."""
    digest = hashlib.sha256()
    for name in ("vertices", "triangles", "uv", "material", "instance"):
        digest.update(np.ascontiguousarray(getattr(scene, name)).tobytes())
    for floor in scene.floors:
        digest.update(floor.clearance.tobytes() + repr((floor.origin, floor.height)).encode())
        digest.update(b"" if floor.heights is None else floor.heights.tobytes())
    parts = (scene.name, scene.version, scene.rooms, scene.lamps, scene.sun, scene.map, scene.notes)
    digest.update(repr(parts).encode())
    digest.update(repr([(i.name, i.semantic) for i in scene.instances]).encode())
    for item in scene.materials:
        digest.update(repr((item.name, item.color, item.emission, item.transparent)).encode())
        digest.update(item.texture.pixels.tobytes() if item.texture is not None else b"-")
    return digest.hexdigest()


def elsewhere(program: str) -> str:
    """What a fresh process, with another hash seed, prints for `print(fingerprint(<program>))`."""
    code = f"from tests.scenes.worlds import fingerprint; {program}"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(["", *sys.path])},
    )  # fmt: skip
    return run.stdout.strip()


def walked(scene: Scene, rng: np.random.Generator, count: int, radius: float = 0.2) -> np.ndarray:
    """(count, 3) points on the walkable floor."""
    (floor,) = scene.floors
    rows, columns = np.nonzero(floor.clearance > radius)
    chosen = rng.integers(len(rows), size=count)
    x = floor.origin[0] + (columns[chosen] + 0.5) * floor.cell
    y = floor.origin[1] + (rows[chosen] + 0.5) * floor.cell
    above = 0.0 if floor.heights is None else floor.heights[rows[chosen], columns[chosen]]
    return np.column_stack([x, y, np.full(count, floor.height) + above])


def leaks(scene: Scene, count: int = 3000) -> int:
    """How many rays from within a closed world hit nothing."""
    import trimesh

    rng = np.random.default_rng(0)
    start = walked(scene, rng, count)
    start[:, 2] += rng.uniform(0.2, 1.8, count)
    mesh = trimesh.Trimesh(scene.vertices, scene.triangles, process=False)
    return int((~mesh.ray.intersects_any(start, rng.normal(size=start.shape))).sum())


def backward(scene: Scene, count: int = 3000) -> float:
    """Share of rays from within that hit the back of a surface first."""
    import trimesh

    rng = np.random.default_rng(1)
    start = walked(scene, rng, count)
    start[:, 2] += rng.uniform(0.2, 1.8, count)
    along = rng.normal(size=start.shape)
    mesh = trimesh.Trimesh(scene.vertices, scene.triangles, process=False)
    hit = mesh.ray.intersects_first(start, along)
    normal = mesh.face_normals[hit]
    return float(((normal * along).sum(1)[hit >= 0] > 1e-6).mean())


def coplanar_overlaps(scene: Scene, count: int = 300) -> int:
    """How many points seen from within lie on two surfaces that face the same way.

    Two surfaces of different material within 0.1 mm would flicker.
    """
    import trimesh

    rng = np.random.default_rng(2)
    start = walked(scene, rng, count)
    start[:, 2] += rng.uniform(0.2, 1.8, count)
    along = rng.normal(size=start.shape)
    mesh = trimesh.Trimesh(scene.vertices, scene.triangles, process=False)
    first = mesh.ray.intersects_first(start, along)
    corners, normals = mesh.triangles, mesh.face_normals
    offset = (corners[:, 0] * normals).sum(1)
    found = 0
    for ray in np.flatnonzero(first >= 0):
        face = first[ray]
        way = offset[face] - start[ray] @ normals[face]
        point = start[ray] + along[ray] * way / (along[ray] @ normals[face])
        near = np.abs(normals @ point - offset) < 1e-4
        near &= (normals @ normals[face] > 0.999) & (scene.material != scene.material[face])
        near = np.flatnonzero(near)
        weights = trimesh.triangles.points_to_barycentric(
            corners[near], np.repeat(point[None], len(near), axis=0)
        )
        found += bool((weights.min(1) > 1e-3).any()) if len(near) else 0
    return found

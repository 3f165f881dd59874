"""Small rooms as trimesh scenes, y up as glTF wants it, for the tests of the importer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

QUADRANTS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], np.uint8)
"""2 × 2 picture: red and green above, blue and yellow below."""

TO_Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])


def box(low: tuple, high: tuple) -> trimesh.Trimesh:
    return trimesh.creation.box(bounds=[low, high])


def room_parts() -> dict[str, trimesh.Trimesh]:
    """A room of 6 × 4 × 2.5 m with a table, z up, its floor at z = 0."""
    return {
        "Floor_01": box((-3, -2, -0.1), (3, 2, 0)),
        "WallNorth_01": box((-3, 2, 0), (3, 2.1, 2.5)),
        "WallSouth_01": box((-3, -2.1, 0), (3, -2, 2.5)),
        "WallEast_01": box((3, -2, 0), (3.1, 2, 2.5)),
        "WallWest_01": box((-3.1, -2, 0), (-3, 2, 2.5)),
        "KitchenTable_01": box((1, 0.5, 0), (2, 1.5, 0.75)),
    }


def picture(size: int = 64) -> Image.Image:
    return Image.fromarray(QUADRANTS.repeat(size // 2, 0).repeat(size // 2, 1))


def picture_quad(image: Image.Image) -> trimesh.Trimesh:
    """A picture of 1 × 1 m on the north wall, upright for who looks north (z up)."""
    vertices = np.array([[-0.5, 1.98, 1], [0.5, 1.98, 1], [0.5, 1.98, 2], [-0.5, 1.98, 2]])
    material = trimesh.visual.material.PBRMaterial(name="picture", baseColorTexture=image)
    visual = trimesh.visual.TextureVisuals(
        uv=np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]), material=material
    )
    return trimesh.Trimesh(vertices, [[0, 1, 2], [0, 2, 3]], visual=visual, process=False)


def write_room(path: Path, *, extra: dict[str, trimesh.Trimesh] | None = None) -> Path:
    """Writes the room as GLB or glTF (y up), OBJ or PLY (z up)."""
    parts = room_parts() | (extra or {})
    if path.suffix in (".obj", ".ply"):
        trimesh.util.concatenate([part for part in parts.values()]).export(path)
        return path
    scene = trimesh.Scene()
    for name, mesh in parts.items():
        scene.add_geometry(mesh, node_name=name, geom_name=name, transform=TO_Y_UP)
    scene.export(path)
    return path

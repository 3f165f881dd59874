"""Trees of maps: a trunk and a crown of leaves, of the size that the map says."""

from __future__ import annotations

import numpy as np

from navworld.scenes.furniture import shapes
from navworld.scenes.materials import material, tile_for, tinted
from navworld.scenes.plans.town import Tree
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

RINGS = ((0.0, 0.0), (0.55, 0.08), (0.92, 0.28), (1.0, 0.5), (0.82, 0.74), (0.45, 0.92), (0.0, 1.0))
CONE = ((0.0, 0.0), (1.0, 0.02), (0.75, 0.28), (0.5, 0.55), (0.25, 0.8), (0.0, 1.0))
LEAVES = ((0.85, 0.95, 0.75), (1.0, 1.0, 0.8), (0.75, 0.9, 0.7), (0.95, 0.9, 0.6))


def leaf_colors() -> list[Material]:
    """The greens that trees come in; made once, so that they are shared."""
    return [tinted(material("foliage"), color) for color in LEAVES]


def add_tree(
    mesh: MeshBuilder,
    tree: Tree,
    leaves: list[Material],
    rng: np.random.Generator,
    z: float = 0.0,
) -> None:
    """Adds a tree standing at height z."""
    item = mesh.add_instance("tree", "vegetation")
    bark = material("bark")
    clear = min(0.35 * tree.height, 3.2)
    girth = float(np.clip(0.022 * tree.height, 0.06, 0.4))
    x, y = tree.xy
    trunk = shapes.tube(
        (x, y, z), (x, y, z + clear + 0.3 * (tree.height - clear)), girth,
        end_radius=0.6 * girth, segments=7, caps=(False, False),
    )  # fmt: skip
    _add(mesh, trunk, bark, item)
    profile = np.array(CONE if tree.conifer else RINGS)
    segments = 10
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    rings = []
    for radius, level in profile[1:-1]:
        wobble = 0.5 * tree.crown * radius * rng.uniform(0.84, 1.12, segments)
        height = z + clear + (tree.height - clear) * level
        lift = 0.05 * (tree.height - clear) * rng.uniform(-1, 1, segments)
        ring = [x + wobble * np.cos(angle), y + wobble * np.sin(angle), height + lift]
        rings.append(np.stack(ring, 1))
    color = leaves[int(rng.integers(len(leaves)))]
    _add(mesh, shapes.loft(np.array(rings)), color, item)


def _add(mesh: MeshBuilder, shape: shapes.Shape, surface: Material, item: int) -> None:
    vertices, triangles, uv = shape
    mesh.triangles(vertices, triangles, uv / tile_for(surface), surface, item)

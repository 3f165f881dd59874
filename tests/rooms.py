"""A small home for tests: two rooms and a door, made in a millisecond."""

from __future__ import annotations

import numpy as np

from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Lamp, Material, Scene, Texture


def two_rooms(seed: int = 0) -> Scene:
    """8 × 5 m; a wall at x = 4 with a door 1 m wide; a table; textures differ by seed."""
    rng = np.random.default_rng(seed)
    b = MeshBuilder()
    shell = b.add_instance("shell", "wall")
    ground = b.add_instance("floor", "floor")
    table = b.add_instance("table", "table")
    pixels = rng.integers(60, 220, (64, 64, 3)).astype(np.uint8)
    wall = Material("wall", texture=Texture(f"rooms-wall-{seed}", pixels))
    planks = Material("planks", (0.7, 0.5, 0.35))
    b.quad([(0, 0, 0), (8, 0, 0), (8, 5, 0), (0, 5, 0)], planks, ground)
    b.quad([(0, 5, 2.5), (8, 5, 2.5), (8, 0, 2.5), (0, 0, 2.5)], wall, shell)
    for low, high in (
        ((-0.1, -0.1, 0), (8.1, 0, 2.5)),
        ((-0.1, 5, 0), (8.1, 5.1, 2.5)),
        ((-0.1, 0, 0), (0, 5, 2.5)),
        ((8, 0, 0), (8.1, 5, 2.5)),
        ((3.95, 0, 0), (4.05, 3.5, 2.5)),
        ((3.95, 4.5, 0), (4.05, 5, 2.5)),
        ((3.95, 3.5, 2.1), (4.05, 4.5, 2.5)),
    ):
        b.box(low, high, wall, shell)
    x = 5.5 + rng.uniform(0, 1)
    b.box((x, 1.5, 0.7), (x + 0.8, 2.5, 0.75), planks, table)
    b.box((x, 1.9, 0), (x + 0.8, 2.1, 0.7), planks, table)
    arrays = b.arrays()
    return Scene(
        name=f"two-rooms-{seed}",
        materials=tuple(b.materials),
        instances=tuple(b.instances),
        floors=walkable_floors(arrays["vertices"], arrays["triangles"]),
        lamps=(Lamp((2, 2.5, 2.3), (4, 4, 4)), Lamp((6, 2.5, 2.3), (4, 4, 4))),
        **arrays,
    )

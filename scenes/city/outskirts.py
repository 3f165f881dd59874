"""Houses seen from far only: boxes under roofs, their windows part of a picture."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from shapely.geometry import Polygon

from navworld.scenes.city import looks
from navworld.scenes.city.houses import KERB
from navworld.scenes.city.parcels import FRONT, Plot
from navworld.scenes.city.solids import cap, gable_roof
from navworld.scenes.city.styles import plain_style
from navworld.world.mesh import MeshBuilder


def build_far_house(mesh: MeshBuilder, rng: Generator, plot: Plot) -> None:
    """A house of a dozen triangles."""
    picture, height, top = plain_style(rng, plot.use)
    instance = mesh.add_instance("distant house", "building")
    walls = looks.lit(picture, looks.FAR_RANKS[instance % len(looks.FAR_RANKS)])
    outline, ahead = plot.outline, np.roll(plot.outline, -1, 0)
    height = 3.0 * max(2, round(height / 3.0))
    for a, b in zip(outline, ahead, strict=True):
        length = float(np.linalg.norm(b - a))
        bays = max(1, round(length / 3.0))
        mesh.quad(
            [(*a, 0), (*b, 0), (*b, KERB + height), (*a, KERB + height)], walls, instance,
            tile=12.0 * length / (3.0 * bays),
        )  # fmt: skip
    if top == "gable" and len(outline) == 4:
        fronts = np.flatnonzero(plot.faces == FRONT)
        main = int(fronts[0]) if len(fronts) else 0
        gable_roof(
            mesh, outline, main, KERB + height, 0.65, looks.surface("roof red"), walls, instance,
            tile=2.4, wall_tile=12.0, overhang=0.2,
        )  # fmt: skip
    else:
        cap(mesh, Polygon(outline), KERB + height, looks.surface("gravel"), instance, tile=2.0)

"""Parametric furniture: every piece differs in size, shape and material by its random generator.

The frame of a piece: the origin is the centre of its footprint on the floor, +x its front (a
sofa's open side, a cabinet's doors, a television's screen), −x its back, z up. What hangs on a
wall has its origin in the middle of its back, with the wall at x = 0; what hangs from the
ceiling has the ceiling at z = 0. Geometry never reaches beyond `Piece.size`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from navworld.scenes.furniture import (
    appliances,
    bathroom,
    beds,
    containers,
    decoration,
    kitchen,
    leisure,
    lighting,
    seating,
    shelves,
    storage,
    tables,
)
from navworld.scenes.furniture.workbench import Workbench
from navworld.scenes.materials import Style
from navworld.world.mesh import MeshBuilder


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece of furniture in its own frame.

    Attributes:
        kind: One of `KINDS`.
        semantic: Class of the piece itself; things on it are instances of their own classes.
        size: (depth x, width y, height z) of the box that holds it [m]: centred on the origin in
            x and y and standing on z = 0; for a wall piece from x = 0 on and centred in y and z;
            for a ceiling piece hanging below z = 0.
        mesh: Geometry; instance 0 is the piece itself.
        lamp: Position of the light bulb, if it is a lamp.
    """

    kind: str
    semantic: str
    size: tuple[float, float, float]
    mesh: MeshBuilder
    lamp: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class _Entry:
    build: Callable[[Workbench], None]
    semantic: str
    mount: str = "floor"


_CATALOGUE: dict[str, _Entry] = {
    "single bed": _Entry(beds.single_bed, "bed"),
    "double bed": _Entry(beds.double_bed, "bed"),
    "nightstand": _Entry(storage.nightstand, "nightstand"),
    "wardrobe": _Entry(storage.wardrobe, "wardrobe"),
    "dresser": _Entry(storage.dresser, "dresser"),
    "desk": _Entry(tables.desk, "desk"),
    "office chair": _Entry(seating.office_chair, "chair"),
    "bookcase": _Entry(shelves.bookcase, "bookcase"),
    "shelf": _Entry(shelves.shelf, "shelf"),
    "wall shelf": _Entry(shelves.wall_shelf, "shelf", "wall"),
    "sofa": _Entry(seating.sofa, "sofa"),
    "corner sofa": _Entry(seating.corner_sofa, "sofa"),
    "armchair": _Entry(seating.armchair, "armchair"),
    "coffee table": _Entry(tables.coffee_table, "coffee table"),
    "tv stand": _Entry(storage.tv_stand, "tv stand"),
    "tv": _Entry(storage.tv, "tv", "wall"),
    "side table": _Entry(tables.side_table, "table"),
    "floor lamp": _Entry(lighting.floor_lamp, "lamp"),
    "table lamp": _Entry(lighting.table_lamp, "lamp"),
    "ceiling lamp": _Entry(lighting.ceiling_lamp, "lamp", "ceiling"),
    "pendant lamp": _Entry(lighting.pendant_lamp, "lamp", "ceiling"),
    "rug": _Entry(decoration.rug, "rug"),
    "plant": _Entry(decoration.plant, "plant"),
    "dining table": _Entry(tables.dining_table, "table"),
    "dining chair": _Entry(seating.dining_chair, "chair"),
    "stool": _Entry(seating.stool, "stool"),
    "bar stool": _Entry(seating.bar_stool, "stool"),
    "kitchen counter": _Entry(kitchen.kitchen_counter, "kitchen counter"),
    "kitchen sink counter": _Entry(kitchen.sink_counter, "kitchen counter"),
    "kitchen hob counter": _Entry(kitchen.hob_counter, "kitchen counter"),
    "kitchen island": _Entry(kitchen.kitchen_island, "kitchen counter"),
    "wall cabinet": _Entry(kitchen.wall_cabinet, "cabinet", "wall"),
    "kitchen hood": _Entry(appliances.kitchen_hood, "kitchen hood", "wall"),
    "fridge": _Entry(appliances.fridge, "fridge"),
    "oven": _Entry(appliances.oven, "oven"),
    "microwave": _Entry(appliances.microwave, "microwave"),
    "dishwasher": _Entry(appliances.dishwasher, "dishwasher"),
    "washing machine": _Entry(appliances.washing_machine, "washing machine"),
    "toilet": _Entry(bathroom.toilet, "toilet"),
    "bathtub": _Entry(bathroom.bathtub, "bathtub"),
    "shower": _Entry(bathroom.shower, "shower"),
    "bathroom sink": _Entry(bathroom.bathroom_sink, "sink"),
    "mirror": _Entry(bathroom.mirror, "mirror", "wall"),
    "towel rail": _Entry(bathroom.towel_rail, "towel", "wall"),
    "radiator": _Entry(bathroom.radiator, "radiator", "wall"),
    "curtain": _Entry(decoration.curtain, "curtain", "wall"),
    "picture": _Entry(decoration.picture, "picture", "wall"),
    "poster": _Entry(decoration.poster, "picture", "wall"),
    "clock": _Entry(decoration.clock, "clock", "wall"),
    "vase": _Entry(decoration.vase, "vase"),
    "box": _Entry(containers.box, "box"),
    "basket": _Entry(containers.basket, "basket"),
    "bin": _Entry(containers.bin_, "bin"),
    "shoe rack": _Entry(containers.shoe_rack, "shoe rack"),
    "coat rack": _Entry(containers.coat_rack, "coat rack"),
    "wall coat rack": _Entry(containers.wall_coat_rack, "coat rack", "wall"),
    "bench": _Entry(seating.bench, "bench"),
    "piano": _Entry(leisure.piano, "piano"),
    "fireplace": _Entry(leisure.fireplace, "fireplace"),
    "fitness equipment": _Entry(leisure.fitness_equipment, "fitness equipment"),
    "toys": _Entry(leisure.toys, "toy"),
    "books": _Entry(tables.books, "books"),
    "tableware": _Entry(tables.tableware, "tableware"),
    "fruit bowl": _Entry(tables.fruit_bowl, "food"),
    "computer": _Entry(tables.computer, "computer"),
    "cushion": _Entry(decoration.cushion, "cushion"),
}

KINDS: tuple[str, ...] = tuple(_CATALOGUE)
MOUNT: dict[str, str] = {kind: entry.mount for kind, entry in _CATALOGUE.items()}
"""Where a kind goes: "floor" (which includes on top of other pieces), "wall" or "ceiling"."""


def make(
    kind: str,
    rng: np.random.Generator,
    style: Style,
    size_hint: tuple[float | None, float | None] | None = None,
) -> Piece:
    """Builds a piece.

    Args:
        kind: One of `KINDS`.
        rng: Draws its shape, proportions and materials.
        style: The apartment's materials.
        size_hint: Wished (depth, width) [m]. A wish is met within the range in which the kind is
            built; `Piece.size` tells what came out.
    """
    if kind not in _CATALOGUE:
        from difflib import get_close_matches

        near = get_close_matches(kind, KINDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"unknown kind of furniture {kind!r}{hint} (see navworld.scenes.furniture.KINDS)"
        )
    for wish in size_hint or ():
        if wish is not None and not 0 < wish < np.inf:
            raise ValueError(f"size_hint {size_hint!r}: give lengths above 0 in metres, or None")
    entry = _CATALOGUE[kind]
    bench = Workbench(kind, entry.semantic, rng, style, size_hint or (None, None))
    entry.build(bench)
    low, high = bench.mesh.bounds()
    offset = -(low + high) / 2
    if entry.mount == "wall":
        offset[0] = max(-low[0], 0.0)
    else:
        offset[2] = -low[2] if entry.mount == "floor" else -high[2]
    bench.mesh.shift(offset)
    size = high - low
    if entry.mount == "wall":
        size[0] = high[0] + offset[0]
    lamp = None
    if bench.lamp is not None:
        x, y, z = (float(c) for c in np.add(bench.lamp, offset))
        lamp = (x, y, z)
    depth, width, height = (float(s) for s in size)
    return Piece(kind, entry.semantic, (depth, width, height), bench.mesh, lamp)

"""The semantic classes that every scene shares, and the colours they are drawn in.

A class id is an index into `CLASSES`; 0 is what has no class. The table only ever grows at
its end: ids are stored in datasets and in trained weights.
"""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

CLASSES: tuple[str, ...] = (
    "void", "wall", "floor", "ceiling", "door", "window", "stairs", "column",
    "bed", "sofa", "armchair", "chair", "stool", "table", "desk", "coffee table",
    "nightstand", "wardrobe", "cabinet", "kitchen counter", "shelf", "bookcase", "dresser",
    "tv", "tv stand", "lamp", "picture", "mirror", "curtain", "rug", "plant", "cushion",
    "toilet", "bathtub", "shower", "sink", "washing machine", "fridge", "oven", "hob",
    "radiator", "books", "box", "basket", "vase", "clock", "towel", "computer", "bench",
    "shoe rack", "coat rack", "kitchen hood", "microwave", "dishwasher", "bin", "fireplace",
    "piano", "toy", "tableware", "skirting", "door frame", "clothing", "appliance", "food",
    "person", "vehicle", "building", "road", "pavement", "vegetation", "terrain", "sky",
    "sign", "pole", "water", "fitness equipment", "ball", "object",
)  # fmt: skip

CLASS_ID: dict[str, int] = {name: k for k, name in enumerate(CLASSES)}


def class_id(name: str) -> int:
    """Id of a class by name; raises ValueError naming the nearest class when unknown."""
    if name in CLASS_ID:
        return CLASS_ID[name]
    from difflib import get_close_matches

    near = get_close_matches(name, CLASSES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    table = "navworld.world.semantics.CLASSES"
    raise ValueError(f"unknown semantic class {name!r}{hint} (see {table})")


def class_colors() -> NDArray[np.uint8]:
    """(len(CLASSES), 3) distinct colours, black for `void`."""
    colors = np.zeros((len(CLASSES), 3), np.uint8)
    for k in range(1, len(CLASSES)):
        hue = (k * 0.618034) % 1.0
        value = (0.95, 0.75, 0.55)[k % 3]
        colors[k] = np.round(255 * np.array(colorsys.hsv_to_rgb(hue, 0.45 + 0.2 * (k % 2), value)))
    return colors

"""What the surfaces of a scene are made of, for senses that see more than colour.

A scene names its materials ("oak parquet", "brushed steel") and classes ("radiator"); both
together tell the substance of every triangle. A substance has the properties that infrared
cameras, radar and radio need:

- `emissivity` in the thermal infrared (8 to 14 µm), of the tables that makers of thermal cameras
  publish (for example Testo, "Emissivities of the most important materials");
- `permittivity`, the real relative permittivity of Recommendation ITU-R P.2040-1 (2015, table 3)
  for concrete, brick, plasterboard, wood, glass and floorboard; inf for metals. Those of fabric,
  plastic, paper, plants and skin are estimates;
- `slope`, the rms slope by which a surface spreads a reflection of millimetre waves [rad], and
  `scatter`, the share of reflected power that goes everywhere (S² of the effective roughness
  model: Degli-Esposti, Fuschini, Vitucci & Falciasecca, "Measurement and modelling of scattering
  from buildings", IEEE Trans. Antennas Propag. 55, 2007, which finds S between 0.2 and 0.5 for
  walls); values for other surfaces are estimates in that range;
- `steel`, the share of it that is ferromagnetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from navworld.world.scene import Scene
from navworld.world.semantics import CLASS_ID, CLASSES


@dataclass(frozen=True)
class Substance:
    """What something is made of; see the module for the meaning of the numbers."""

    name: str
    emissivity: float
    permittivity: float
    slope: float
    scatter: float
    steel: float = 0.0

    @property
    def reflectance(self) -> float:
        """Share of power that a smooth surface reflects at normal incidence (Fresnel)."""
        if np.isinf(self.permittivity):
            return 1.0
        root = np.sqrt(self.permittivity)
        return float(((root - 1) / (root + 1)) ** 2)


SUBSTANCES: tuple[Substance, ...] = (
    Substance("plaster", 0.92, 2.94, 0.10, 0.10),
    Substance("brick", 0.93, 3.75, 0.20, 0.20),
    Substance("concrete", 0.93, 5.31, 0.12, 0.12),
    Substance("stone", 0.93, 5.31, 0.08, 0.06),
    Substance("ceramic", 0.92, 6.0, 0.06, 0.05),
    Substance("glass", 0.93, 6.27, 0.05, 0.02),
    Substance("wood", 0.92, 1.99, 0.10, 0.12),
    Substance("floorboard", 0.92, 3.66, 0.10, 0.12),
    Substance("painted steel", 0.94, np.inf, 0.06, 0.05, 1.0),
    Substance("steel", 0.16, np.inf, 0.05, 0.03, 1.0),
    Substance("bright metal", 0.06, np.inf, 0.05, 0.03),
    Substance("plastic", 0.94, 2.6, 0.08, 0.08),
    Substance("fabric", 0.90, 1.6, 0.35, 0.50),
    Substance("leather", 0.95, 2.5, 0.20, 0.25),
    Substance("paper", 0.93, 2.3, 0.12, 0.12),
    Substance("rubber", 0.94, 3.0, 0.12, 0.12),
    Substance("plant", 0.96, 10.0, 0.40, 0.60),
    Substance("soil", 0.92, 4.0, 0.35, 0.50),
    Substance("water", 0.96, 20.0, 0.05, 0.02),
    Substance("skin", 0.98, 8.0, 0.30, 0.30),
    Substance("sky", 1.0, 1.0, 0.40, 0.0),
)
"""Row k is the substance of index k."""

SUBSTANCE_ID: dict[str, int] = {item.name: k for k, item in enumerate(SUBSTANCES)}

_WORDS: tuple[tuple[str, str], ...] = (
    ("window view", "glass"), ("frosted", "glass"), ("mirror", "glass"), ("glass", "glass"),
    ("screen", "glass"), ("bulb", "glass"), ("lampshade", "fabric"),
    ("black metal", "painted steel"), ("enamel", "painted steel"), ("iron", "painted steel"),
    ("steel", "steel"), ("tin", "steel"), ("chrome", "bright metal"), ("brass", "bright metal"),
    ("copper", "bright metal"), ("alumin", "bright metal"), ("silver", "bright metal"),
    ("gold", "bright metal"), ("metal", "painted steel"),
    ("brick", "brick"), ("masonry", "brick"), ("terracotta", "ceramic"), ("concrete", "concrete"),
    ("terrazzo", "concrete"), ("asphalt", "concrete"), ("travertine", "stone"),
    ("marble", "stone"), ("granite", "stone"), ("slate", "stone"), ("quartz", "stone"),
    ("stone", "stone"), ("tile", "ceramic"), ("mosaic", "ceramic"), ("ceramic", "ceramic"),
    ("porcelain", "ceramic"), ("glazed", "ceramic"), ("encaustic", "ceramic"),
    ("carpet", "fabric"), ("rug", "fabric"), ("sisal", "fabric"), ("wicker", "wood"),
    ("plank", "floorboard"), ("parquet", "floorboard"), ("herringbone", "floorboard"),
    ("chevron", "floorboard"), ("cork", "floorboard"), ("linoleum", "plastic"),
    ("plastic", "plastic"), ("rubber", "rubber"), ("leather", "leather"),
    ("linen", "fabric"), ("cotton", "fabric"), ("wool", "fabric"), ("denim", "fabric"),
    ("tweed", "fabric"), ("velvet", "fabric"), ("corduroy", "fabric"), ("knit", "fabric"),
    ("boucle", "fabric"), ("terry", "fabric"), ("stripes", "fabric"), ("print", "fabric"),
    ("tartan", "fabric"), ("gingham", "fabric"), ("fabric", "fabric"), ("cloth", "fabric"),
    ("books", "paper"), ("paper", "paper"), ("cardboard", "paper"), ("picture", "paper"),
    ("foliage", "plant"), ("leaf", "plant"), ("grass", "plant"), ("soil", "soil"),
    ("water", "water"), ("skin", "skin"), ("plaster", "plaster"), ("limewash", "plaster"),
    ("panelling", "wood"), ("bark", "wood"), ("wood", "wood"), ("oak", "wood"), ("pine", "wood"),
    ("birch", "wood"), ("walnut", "wood"), ("mahogany", "wood"), ("butcher", "wood"),
)  # fmt: skip

_OF_CLASS: dict[str, str] = {
    "wall": "plaster", "ceiling": "plaster", "column": "concrete", "floor": "floorboard",
    "stairs": "floorboard", "window": "glass", "mirror": "glass", "tv": "plastic",
    "computer": "plastic", "clock": "plastic", "basket": "plastic", "toy": "plastic",
    "ball": "plastic", "bed": "fabric", "sofa": "fabric", "armchair": "fabric",
    "cushion": "fabric", "curtain": "fabric", "rug": "fabric", "towel": "fabric",
    "clothing": "fabric", "picture": "paper", "books": "paper", "box": "paper", "sign": "paper",
    "toilet": "ceramic", "bathtub": "painted steel", "sink": "ceramic", "shower": "ceramic",
    "vase": "ceramic", "tableware": "ceramic", "washing machine": "painted steel",
    "fridge": "painted steel", "oven": "painted steel", "hob": "painted steel",
    "radiator": "painted steel", "kitchen hood": "painted steel", "microwave": "painted steel",
    "dishwasher": "painted steel", "appliance": "painted steel", "vehicle": "painted steel",
    "pole": "painted steel", "fitness equipment": "painted steel", "bin": "plastic",
    "lamp": "plastic", "fireplace": "stone", "plant": "plant", "vegetation": "plant",
    "food": "plant", "person": "fabric", "building": "concrete", "road": "concrete",
    "pavement": "concrete", "terrain": "soil", "water": "water", "sky": "sky",
}  # fmt: skip


def substances(scene: Scene) -> NDArray[np.int8]:
    """(T,) index into `SUBSTANCES` of every triangle; to be kept with `Place.derived`."""
    count = len(scene.materials)
    pairs, own = np.unique(
        scene.semantic.astype(np.int64) * count + scene.material, return_inverse=True
    )
    found = [_substance(scene.materials[p % count].name, CLASSES[p // count]) for p in pairs]
    return np.array(found, np.int8)[own]


def substances_of_classes() -> NDArray[np.int8]:
    """(len(CLASSES),) substance by class alone, for what has no known material."""
    return np.array([_substance("", name) for name in CLASSES], np.int8)


def property_table(name: str) -> NDArray[np.float32]:
    """(len(SUBSTANCES),) one attribute of every substance."""
    return np.array([getattr(item, name) for item in SUBSTANCES], np.float32)


@lru_cache(maxsize=4096)
def _substance(material: str, semantic: str) -> int:
    """A named material speaks for itself; paint and the unknown are what the class suggests."""
    lower = material.lower()
    if "painted" not in lower:
        if lower.startswith("wallpaper"):
            return SUBSTANCE_ID["plaster"]
        for word, substance in _WORDS:
            if word in lower:
                return SUBSTANCE_ID[substance]
    if semantic == "window" and "painted" in lower:
        return SUBSTANCE_ID["wood"]
    return SUBSTANCE_ID[_OF_CLASS.get(semantic, "wood")]


STRUCTURE = tuple(
    CLASS_ID[name] for name in ("wall", "floor", "ceiling", "door", "window", "column", "building")
)
"""Classes that a building is made of."""

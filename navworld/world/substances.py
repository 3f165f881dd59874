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


_TABLE = """
emissivity  permittivity  slope  scatter  steel  name
      0.92          2.94   0.10     0.10      0  plaster
      0.93          3.75   0.20     0.20      0  brick
      0.93          5.31   0.12     0.12      0  concrete
      0.93          5.31   0.08     0.06      0  stone
      0.92          6.00   0.06     0.05      0  ceramic
      0.93          6.27   0.05     0.02      0  glass
      0.92          1.99   0.10     0.12      0  wood
      0.92          3.66   0.10     0.12      0  floorboard
      0.94           inf   0.06     0.05      1  painted steel
      0.16           inf   0.05     0.03      1  steel
      0.06           inf   0.05     0.03      0  bright metal
      0.94          2.60   0.08     0.08      0  plastic
      0.90          1.60   0.35     0.50      0  fabric
      0.95          2.50   0.20     0.25      0  leather
      0.93          2.30   0.12     0.12      0  paper
      0.94          3.00   0.12     0.12      0  rubber
      0.96         10.00   0.40     0.60      0  plant
      0.92          4.00   0.35     0.50      0  soil
      0.96         20.00   0.05     0.02      0  water
      0.98          8.00   0.30     0.30      0  skin
      1.00          1.00   0.40     0.00      0  sky
"""

SUBSTANCES: tuple[Substance, ...] = tuple(
    Substance(name, *map(float, numbers))
    for *numbers, name in (row.split(maxsplit=5) for row in _TABLE.strip().splitlines()[1:])
)
"""Row k is the substance of index k."""

SUBSTANCE_ID: dict[str, int] = {item.name: k for k, item in enumerate(SUBSTANCES)}

_OF_WORD = """
glass: window view, frosted, mirror, glass, screen, bulb
fabric: lampshade
painted steel: black metal, enamel, iron
steel: steel, tin
bright metal: chrome, brass, copper, alumin, silver, gold
painted steel: metal
brick: brick, masonry
ceramic: terracotta
concrete: concrete, terrazzo, asphalt
stone: travertine, marble, granite, slate, quartz, stone
ceramic: tile, mosaic, ceramic, porcelain, glazed, encaustic
fabric: carpet, rug, sisal
wood: wicker
floorboard: plank, parquet, herringbone, chevron, cork
plastic: linoleum, plastic
rubber: rubber
leather: leather
fabric: linen, cotton, wool, denim, tweed, velvet, corduroy, knit, boucle, terry, stripes, print
fabric: tartan, gingham, fabric, cloth
paper: books, paper, cardboard, picture
plant: foliage, leaf, grass
soil: soil
water: water
skin: skin
plaster: plaster, limewash
wood: panelling, bark, wood, oak, pine, birch, walnut, mahogany, butcher
"""
"""What a word in a material's name says; the first that is found counts."""

_OF_CLASS = """
plaster: wall, ceiling
concrete: column, building, road, pavement
floorboard: floor, stairs
glass: window, mirror
plastic: tv, computer, clock, basket, toy, ball, bin, lamp
fabric: bed, sofa, armchair, cushion, curtain, rug, towel, clothing, person
paper: picture, books, box, sign
ceramic: toilet, sink, shower, vase, tableware
painted steel: bathtub, washing machine, fridge, oven, hob, radiator, kitchen hood, microwave
painted steel: dishwasher, appliance, vehicle, pole, fitness equipment
stone: fireplace
plant: plant, vegetation, food
soil: terrain
water: water
sky: sky
"""


def _pairs(table: str) -> list[tuple[str, str]]:
    """(word, substance) of lines such as "substance: word, word", in their order."""
    rows = (line.split(": ") for line in table.strip().splitlines())
    return [(word, substance) for substance, words in rows for word in words.split(", ")]


_WORDS, _CLASSES = _pairs(_OF_WORD), dict(_pairs(_OF_CLASS))


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
    return SUBSTANCE_ID[_CLASSES.get(semantic, "wood")]


STRUCTURE = tuple(
    CLASS_ID[name] for name in ("wall", "floor", "ceiling", "door", "window", "column", "building")
)
"""Classes that a building is made of."""

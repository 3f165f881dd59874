"""From the names people give to objects to the classes of `navworld.world.semantics`.

A name is split into words ("NightStand_01" → night, stand); the longest known phrase wins, and
of two equally long ones the later: in English the thing stands last ("table lamp", "lamp table").
"""

from __future__ import annotations

import re
from functools import lru_cache

from navworld.world.semantics import CLASSES

SYNONYMS: dict[str, str] = {
    "wall": "partition drywall",
    "floor": "flooring parquet ground",
    "ceiling": "roof",
    "door": "doorway gate handle",
    "window": "windowpane",
    "stairs": "stair staircase stairway step",
    "column": "pillar",
    "bed": "bunk mattress cot crib",
    "sofa": "couch settee loveseat sectional",
    "armchair": "arm_chair recliner lounge_chair",
    "chair": "seat",
    "stool": "ottoman pouf footstool",
    "table": "sidetable",
    "desk": "workbench writing_table",
    "coffee table": "tea_table",
    "nightstand": "night_stand bedside_table bedside_cabinet",
    "wardrobe": "closet armoire",
    "cabinet": "cupboard locker sideboard",
    "kitchen counter": "counter countertop worktop kitchen_island kitchen_cabinet kitchenette",
    "shelf": "shelving rack board",
    "bookcase": "bookshelf book_shelf",
    "dresser": "commode drawer chest_of_drawer",
    "tv": "television monitor screen",
    "tv stand": "tv_cabinet tv_table tv_bench media_console",
    "lamp": "light chandelier lantern bulb sconce spotlight",
    "picture": "portrait painting poster photo photograph artwork picture_frame photo_frame",
    "curtain": "drape blind shutter",
    "rug": "carpet doormat floor_mat bath_mat yoga_mat",
    "plant": "flower houseplant potted_plant bonsai pot_plant",
    "cushion": "pillow",
    "toilet": "wc lavatory",
    "bathtub": "bath_tub tub",
    "shower": "shower_cabin",
    "sink": "basin washbasin faucet",
    "washing machine": "washer dryer washing",
    "fridge": "refrigerator freezer",
    "oven": "stove",
    "hob": "cooktop cooking_bench cooker",
    "radiator": "heater",
    "books": "book magazine",
    "box": "carton crate",
    "basket": "hamper",
    "computer": "laptop tablet keyboard pc",
    "shoe rack": "shoe_cabinet shoes_rack",
    "coat rack": "coat_hanger hanger",
    "kitchen hood": "range_hood rangehood extractor",
    "bin": "trash garbage trashcan trash_can wastebasket",
    "fireplace": "chimney",
    "tableware": "utensil kitchen_utensil dish plate bowl cup mug glass teapot tea_set cutlery "
    "seasoning_box seasoning pot pan kettle bottle",
    "skirting": "baseboard base_board",
    "clothing": "clothes shoe shoes",
    "appliance": "airconditioner air_conditioner security_camera camera fan printer speaker "
    "toaster",
    "food": "fruit apple bread",
    "person": "human man woman people actor",
    "vehicle": "car truck bus van bicycle bike",
    "building": "facade skyscraper",
    "road": "street lane highway asphalt bridge crossroad",
    "pavement": "sidewalk kerb curb footpath",
    "vegetation": "tree bush hedge shrub grass plant_cover",
    "terrain": "land_use landuse soil",
    "water": "water_body waterbody river lake canal pond",
    "pole": "lightpost lamppost post streetlight",
    "fitness equipment": "fitness dumbbell treadmill barbell gym",
    "toy": "doll teddy",
}  # fmt: skip

STRUCTURE = frozenset(
    {
        "room", "house", "home", "apartment", "flat", "stage", "interior", "scene", "mesh",
        "environment", "shell", "architecture", "level", "structure", "model", "world", "root",
        "office", "hall", "corridor", "storey", "story", "map", "scan",
    }
)  # fmt: skip
"""Words for a whole place: its surfaces are told apart by material and geometry instead."""

MODIFIERS = ("dining", "kitchen", "bed", "side", "end", "office", "wall", "floor", "corner", "desk",
             "living", "bath", "book", "night", "coffee", "outer", "inner")  # fmt: skip


def class_of(name: str, *, material: bool = False) -> str | None:
    """Class that a name speaks of, or None.

    Args:
        material: The name is of a material of the building: "glass" is a window there.
    """
    words = words_of(name)
    if material and "glass" in words:
        return "window"
    phrases = _phrases()
    for length in range(min(3, len(words)), 0, -1):
        for start in range(len(words) - length, -1, -1):
            found = phrases.get("_".join(words[start : start + length]))
            if found:
                return found
    return None


def is_structure(name: str) -> bool:
    """Whether a name means the place as a whole ("living_room", "Stage_v3")."""
    words = words_of(name)
    return class_of(name) is None and any(w in STRUCTURE or w.endswith("room") for w in words)


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Lower-case words of a name in singular: "aws_KitchenUtensils_01" → aws, kitchen, utensil."""
    pieces = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", name)
    words: list[str] = []
    for piece in pieces:
        word = _singular(piece.lower())
        for modifier in MODIFIERS:
            rest = word[len(modifier) :]
            if word not in _phrases() and word.startswith(modifier) and rest in _phrases():
                words.append(modifier)
                word = rest
                break
        words.append(word)
    return tuple(words)


def _singular(word: str) -> str:
    known = _phrases()
    if word in known or len(word) < 4 or word.endswith("ss"):
        return word
    for ending, replacement in (("ves", "f"), ("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending) and word.removesuffix(ending) + replacement in known:
            return word.removesuffix(ending) + replacement
    return word.removesuffix("s")


@lru_cache(maxsize=1)
def _phrases() -> dict[str, str]:
    """Phrase, its words joined by "_", → class."""
    table = {name.replace(" ", "_"): name for name in CLASSES if name not in ("void", "object")}
    for name, synonyms in SYNONYMS.items():
        for phrase in synonyms.split():
            table[phrase] = name
    return table

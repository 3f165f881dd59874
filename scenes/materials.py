"""Named materials and the styles that combine them.

A material's texture is synthesised when it is first asked for, from a seed that is its name, and
kept for the life of the process. What there is, says `navworld.scenes.material_table`.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from navworld.scenes.material_table import Color, Recipe, recipes
from navworld.world.scene import Material, Texture

MATERIALS: dict[str, Recipe] = recipes()
_TILE_OF_TEXTURE = {recipe.texture: recipe.tile for recipe in MATERIALS.values()}


@cache
def _texture(name: str) -> Texture:
    recipe = MATERIALS[name]
    assert recipe.image is not None
    pixels = recipe.image(np.random.default_rng(zlib.crc32(name.encode())))
    pixels.setflags(write=False)
    return Texture(name, pixels)


@cache
def material(name: str) -> Material:
    """The material of that name, the same object at every call (its texture made at the first)."""
    if name not in MATERIALS:
        from difflib import get_close_matches

        near = get_close_matches(name, MATERIALS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"unknown material {name!r}{hint} (see navworld.scenes.materials.MATERIALS)"
        )
    recipe = MATERIALS[name]
    texture = _texture(recipe.texture) if recipe.image is not None else None
    return Material(name, recipe.color, texture, recipe.emission)


def tile_of(name: str) -> float:
    """Metres that one repeat of the texture of a named material covers."""
    material(name)
    return MATERIALS[name].tile


def tile_for(item: Material) -> float:
    """Metres per repeat of a material object, tinted ones included."""
    return _TILE_OF_TEXTURE.get(item.texture.name, 1.0) if item.texture is not None else 1.0


def tinted(material: Material, color: Color) -> Material:
    """A new material with the same texture in another colour (which multiplies the texture)."""
    red, green, blue = (round(255 * min(c, 1.0)) for c in color)
    return replace(material, name=f"{material.name} #{red:02x}{green:02x}{blue:02x}", color=color)


@dataclass(frozen=True)
class Style:
    """A coherent choice for one apartment: the material's name for every role."""

    floor_living: str
    floor_bedroom: str
    floor_kitchen: str
    floor_bath: str
    floor_hall: str
    wall_main: str
    wall_accent: str
    wall_bedroom: str
    wall_kitchen: str
    wall_bath: str
    splashback: str
    ceiling: str
    wood: str
    wood_dark: str
    metal: str
    fabric_a: str
    fabric_b: str
    fabric_c: str
    curtain: str
    leather: str
    countertop: str
    cabinet_front: str
    door: str
    door_frame: str
    skirting: str
    window_frame: str


@dataclass(frozen=True)
class _Mood:
    """What goes together: one of each tuple is drawn."""

    floors: tuple[str, ...]
    soft_floors: tuple[str, ...]
    walls: tuple[str, ...]
    accents: tuple[str, ...]
    woods: tuple[tuple[str, str], ...]
    metals: tuple[str, ...]
    plain_fabrics: tuple[str, ...]
    bold_fabrics: tuple[str, ...]
    prints: tuple[str, ...]
    leathers: tuple[str, ...]
    counters: tuple[str, ...]
    fronts: tuple[str, ...]
    trims: tuple[str, ...]


_MOODS = (
    _Mood(  # northern: pale wood, white walls, muted colours
        floors=("oak planks", "pine planks", "white planks", "oak herringbone"),
        soft_floors=("oak planks", "pine planks", "carpet grey", "carpet beige"),
        walls=("plaster white", "plaster cream", "limewash grey", "panelling white"),
        accents=(
            "plaster sage",
            "plaster sky",
            "wallpaper leaves",
            "wallpaper facets",
            "plaster blush",
        ),
        woods=(("birch", "oak"), ("oak", "walnut"), ("pine", "oak")),
        metals=("brushed steel", "black metal"),
        plain_fabrics=("linen natural", "linen grey", "boucle white", "boucle grey"),
        bold_fabrics=("cotton sage", "wool petrol", "denim", "knit teal"),
        prints=("breton stripes", "gingham blue", "facet print", "trellis print"),
        leathers=("leather cognac", "leather cream"),
        counters=("butcher block", "quartz", "terrazzo light"),
        fronts=("painted white", "painted sage", "birch", "painted blue"),
        trims=("painted white",),
    ),
    _Mood(  # classic: parquet, wallpaper, dark wood, brass
        floors=("walnut herringbone", "mahogany herringbone", "oak chevron", "oak basket parquet"),
        soft_floors=("carpet wine lattice", "oak herringbone", "carpet beige", "walnut planks"),
        walls=("plaster cream", "plaster sand", "wallpaper damask", "wallpaper stripes"),
        accents=("wallpaper damask", "plaster aubergine", "wallpaper jungle", "wallpaper trellis"),
        woods=(("walnut", "mahogany"), ("mahogany", "smoked oak"), ("oak", "walnut")),
        metals=("brass", "copper"),
        plain_fabrics=("linen natural", "tweed brown", "velvet green", "velvet blue"),
        bold_fabrics=("velvet rust", "velvet blue", "corduroy olive", "cotton rose"),
        prints=("floral print", "tartan red", "leaf print"),
        leathers=("leather brown", "leather cognac"),
        counters=("marble white", "marble green", "granite"),
        fronts=("painted cream", "painted forest", "walnut", "painted navy"),
        trims=("painted white", "painted cream"),
    ),
    _Mood(  # loft: brick, concrete, black metal
        floors=("concrete floor", "smoked planks", "grey planks", "terrazzo dark"),
        soft_floors=("grey planks", "smoked planks", "carpet grey"),
        walls=("plaster grey", "plaster white", "concrete wall", "brick white"),
        accents=("brick red", "concrete wall", "plaster navy", "plaster petrol", "masonry"),
        woods=(("grey oak", "smoked oak"), ("oak", "smoked oak"), ("pine", "walnut")),
        metals=("black metal", "brushed steel"),
        plain_fabrics=("linen grey", "wool charcoal", "tweed grey", "boucle grey"),
        bold_fabrics=("denim", "velvet rust", "corduroy mustard", "wool petrol"),
        prints=("facet print", "tartan red", "breton stripes"),
        leathers=("leather brown", "leather black", "leather cognac"),
        counters=("terrazzo dark", "marble black", "butcher block"),
        fronts=("painted charcoal", "grey oak", "painted navy", "painted grey"),
        trims=("painted white", "painted charcoal", "painted grey"),
    ),
    _Mood(  # southern and colourful: terracotta, lime paint, patterned tiles
        floors=("terracotta tiles", "encaustic red", "oak planks", "terrazzo light", "cork"),
        soft_floors=("terracotta tiles", "pine planks", "sisal", "carpet blue lattice"),
        walls=("limewash clay", "plaster cream", "plaster white", "plaster sand"),
        accents=(
            "plaster terracotta",
            "plaster mustard",
            "limewash blue",
            "plaster olive",
            "wallpaper fans",
            "wallpaper dots",
        ),
        woods=(("pine", "walnut"), ("oak", "mahogany"), ("birch", "walnut")),
        metals=("copper", "brass", "black metal"),
        plain_fabrics=("linen white", "linen natural", "knit cream", "cotton rose"),
        bold_fabrics=("corduroy mustard", "velvet rust", "knit teal", "velvet green"),
        prints=("deckchair stripes", "trellis print", "floral print", "leaf print"),
        leathers=("leather cognac", "leather cream"),
        counters=("terrazzo light", "butcher block", "travertine tiles"),
        fronts=("painted yellow", "painted blush", "painted blue", "pine", "painted red"),
        trims=("painted white", "painted cream"),
    ),
)
_KITCHEN_FLOORS = (
    "checker tiles",
    "checker tiles green",
    "encaustic blue",
    "encaustic red",
    "terracotta tiles",
    "travertine tiles",
    "linoleum green",
    "terrazzo light",
    "oak planks",
    "grey planks",
)
_BATHROOMS = (  # floor, wall
    ("hexagon tiles", "metro tiles"),
    ("hexagon tiles dark", "metro tiles green"),
    ("terrazzo light", "stacked tiles blush"),
    ("slate tiles", "stacked tiles blue"),
    ("checker tiles", "metro tiles"),
    ("encaustic blue", "zellige tiles"),
    ("travertine tiles", "mosaic sea"),
    ("marble white", "stacked tiles blue"),
    ("checker tiles green", "zellige tiles"),
    ("terrazzo dark", "stacked tiles blush"),
)
_SPLASHBACKS = (
    "metro tiles",
    "metro tiles green",
    "zellige tiles",
    "stacked tiles blush",
    "stacked tiles blue",
    "marble white",
    "encaustic blue",
)
_BEDROOM_WALLS = (
    "wallpaper leaves",
    "wallpaper stars",
    "wallpaper stripes",
    "wallpaper dots",
    "wallpaper trellis",
    "limewash blue",
    "plaster blush",
    "plaster sage",
)


def sample_style(rng: np.random.Generator) -> Style:
    """Draws a mood, then one material for every role from what goes with it."""

    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    mood = _MOODS[int(rng.integers(len(_MOODS)))]
    wood, wood_dark = mood.woods[int(rng.integers(len(mood.woods)))]
    floor_bath, wall_bath = _BATHROOMS[int(rng.integers(len(_BATHROOMS)))]
    floor, wall, trim = pick(mood.floors), pick(mood.walls), pick(mood.trims)
    return Style(
        floor_living=floor,
        floor_bedroom=pick(mood.soft_floors),
        floor_kitchen=pick(_KITCHEN_FLOORS),
        floor_bath=floor_bath,
        floor_hall=floor,
        wall_main=wall,
        wall_accent=pick(mood.accents),
        wall_bedroom=wall if rng.random() < 0.5 else pick(_BEDROOM_WALLS),
        wall_kitchen=pick(("plaster white", "plaster cream", wall)),
        wall_bath=wall_bath,
        splashback=pick(_SPLASHBACKS),
        ceiling="ceiling plaster",
        wood=wood,
        wood_dark=wood_dark,
        metal=pick(mood.metals),
        fabric_a=pick(mood.plain_fabrics),
        fabric_b=pick(mood.bold_fabrics),
        fabric_c=pick(mood.prints),
        curtain=pick(mood.plain_fabrics + mood.prints),
        leather=pick(mood.leathers),
        countertop=pick(mood.counters),
        cabinet_front=pick(mood.fronts),
        door=pick((trim, wood)),
        door_frame=trim,
        skirting=trim,
        window_frame=pick((trim, "painted white")),
    )

"""The table of materials: which texture at which scale makes which named surface.

Colours are sRGB; reflectances stay between those of charcoal and of white paint, because nothing
in a home is pure black or white.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from navworld.scenes import patterns as pt
from navworld.scenes import textures as tx

Color = tuple[float, float, float]
WHITE: Color = (1.0, 1.0, 1.0)

OAK = ((0.76, 0.62, 0.44), (0.55, 0.40, 0.25))
WALNUT = ((0.50, 0.35, 0.25), (0.30, 0.19, 0.13))
PINE = ((0.86, 0.72, 0.51), (0.68, 0.50, 0.30))
GREY_OAK = ((0.66, 0.62, 0.57), (0.46, 0.42, 0.38))
BIRCH = ((0.88, 0.79, 0.65), (0.74, 0.62, 0.46))
MAHOGANY = ((0.50, 0.29, 0.20), (0.31, 0.16, 0.11))
SMOKED = ((0.36, 0.29, 0.24), (0.20, 0.15, 0.12))


@dataclass(frozen=True)
class Recipe:
    """How a material is made: metres per repeat, texture function, texture name, paint colour."""

    tile: float
    image: Callable[[np.random.Generator], np.ndarray] | None
    texture: str
    color: Color = WHITE
    emission: float = 0.0


def recipes() -> dict[str, Recipe]:
    """Every material by name."""
    table: dict[str, Recipe] = {}

    def add(name: str, tile: float, function: Callable, *args: object, **options: object) -> None:
        table[name] = Recipe(tile, partial(_call, function, args, options), name)

    def paint(name: str, texture: str, color: Color) -> None:
        table[name] = replace(table[texture], color=color)

    _add_walls(add, paint)
    _add_floors(add)
    _add_stone_and_tiles(add)
    _add_wood_and_metal(add, paint)
    _add_fabrics(add)
    _add_small_things(add, paint)
    for name, (color, emission) in _PLAIN.items():
        table[name] = Recipe(1.0, None, "", color, emission)
    return table


def _call(function: Callable, args: tuple, options: dict, rng: np.random.Generator) -> np.ndarray:
    return function(rng, *args, **options)


def _add_walls(add: Callable, paint: Callable) -> None:
    add("plaster white", 2.0, tx.plaster)
    for name, color in {
        "plaster cream": (0.96, 0.91, 0.80),
        "plaster sand": (0.89, 0.82, 0.70),
        "plaster sage": (0.72, 0.78, 0.68),
        "plaster sky": (0.70, 0.79, 0.86),
        "plaster blush": (0.91, 0.77, 0.72),
        "plaster terracotta": (0.80, 0.52, 0.40),
        "plaster grey": (0.76, 0.76, 0.76),
        "plaster navy": (0.30, 0.38, 0.52),
        "plaster olive": (0.55, 0.56, 0.39),
        "plaster mustard": (0.87, 0.71, 0.38),
        "plaster aubergine": (0.46, 0.33, 0.42),
        "plaster petrol": (0.27, 0.46, 0.49),
    }.items():
        paint(name, "plaster white", color)
    add("ceiling plaster", 2.5, tx.plaster, tone=0.93, mottle=0.008)
    add("limewash clay", 2.5, tx.limewash, (0.84, 0.74, 0.64), (0.72, 0.60, 0.50))
    add("limewash grey", 2.5, tx.limewash, (0.78, 0.78, 0.75), (0.62, 0.63, 0.62))
    add("limewash blue", 2.5, tx.limewash, (0.66, 0.74, 0.80), (0.46, 0.56, 0.65))
    add("concrete wall", 2.5, tx.concrete, (0.70, 0.69, 0.67), (0.55, 0.54, 0.53))
    red = [(0.60, 0.33, 0.26), (0.54, 0.29, 0.23), (0.66, 0.40, 0.31), (0.48, 0.28, 0.24)]
    add("brick red", 1.0, tx.bricks, red, (0.74, 0.71, 0.67))
    add("brick white", 1.0, tx.bricks, [(0.87, 0.86, 0.83)], (0.78, 0.77, 0.74), rough=0.03)
    stone = [(0.66, 0.62, 0.55), (0.58, 0.55, 0.50), (0.72, 0.67, 0.58), (0.54, 0.53, 0.52)]
    add("masonry", 1.6, tx.masonry, stone, (0.78, 0.75, 0.70))
    add("panelling oak", 1.4, tx.panelling, *OAK)
    add("panelling white", 1.4, tx.panelling, (0.90, 0.90, 0.88), (0.84, 0.84, 0.82))
    add("wallpaper stripes", 1.0, pt.wide_stripes, (0.90, 0.88, 0.82), (0.72, 0.76, 0.74))
    add("wallpaper damask", 1.1, pt.damask, (0.82, 0.79, 0.72), (0.70, 0.65, 0.56))
    leaves = [(0.42, 0.55, 0.42), (0.55, 0.65, 0.50), (0.34, 0.47, 0.43)]
    add("wallpaper leaves", 1.2, pt.botanical, (0.91, 0.90, 0.84), leaves, (0.85, 0.62, 0.52))
    night = [(0.36, 0.52, 0.50), (0.46, 0.60, 0.50), (0.56, 0.62, 0.44)]
    add("wallpaper jungle", 1.4, pt.botanical, (0.20, 0.29, 0.33), night, (0.86, 0.60, 0.55))
    add("wallpaper fans", 0.9, pt.fans, (0.36, 0.52, 0.52), (0.78, 0.74, 0.58))
    add("wallpaper trellis", 0.9, pt.trellis, (0.80, 0.84, 0.85), (0.95, 0.95, 0.92))
    pastel = [(0.88, 0.87, 0.85), (0.78, 0.80, 0.80), (0.86, 0.80, 0.74), (0.72, 0.76, 0.79)]
    add("wallpaper facets", 1.5, pt.facets, pastel)
    add("wallpaper dots", 1.0, pt.motif, (0.93, 0.89, 0.84), _dots, across=6)
    add("wallpaper stars", 1.0, pt.motif, (0.42, 0.50, 0.62), _stars, across=4)


def _dots(pitch: float) -> list[tuple[np.ndarray, Color]]:
    return [(pt.disc(pitch * 0.2), (0.84, 0.62, 0.52)), (pt.disc(pitch * 0.09), (0.93, 0.89, 0.84))]


def _stars(pitch: float) -> list[tuple[np.ndarray, Color]]:
    star = pt.disc(pitch * 0.26, 10) * np.tile([1.0, 0.45], 5)[:, None]
    return [(star, (0.93, 0.86, 0.62))]


def _add_floors(add: Callable) -> None:
    add("oak planks", 1.8, tx.planks, *OAK)
    add("walnut planks", 1.8, tx.planks, *WALNUT)
    add("pine planks", 1.8, tx.planks, *PINE, across=12)
    add("grey planks", 1.8, tx.planks, *GREY_OAK)
    add("smoked planks", 2.0, tx.planks, *SMOKED, across=8)
    add("white planks", 1.8, tx.planks, (0.86, 0.83, 0.78), (0.74, 0.70, 0.64), spread=0.12)
    add("oak herringbone", 1.3, tx.parquet, *OAK)
    add("walnut herringbone", 1.3, tx.parquet, *WALNUT)
    add("mahogany herringbone", 1.3, tx.parquet, *MAHOGANY)
    add("oak basket parquet", 1.4, tx.parquet, *OAK, pattern="basket")
    add("oak chevron", 1.8, tx.chevron, *OAK)
    add("cork", 1.0, tx.speckled, (0.68, 0.52, 0.37), grain_size=22, depth=0.10)
    add("linoleum green", 1.2, tx.speckled, (0.55, 0.62, 0.54), grain_size=14, depth=0.07)
    add("concrete floor", 2.5, tx.concrete, (0.62, 0.61, 0.59), (0.46, 0.45, 0.44), pits=0.4)
    add("carpet beige", 1.5, pt.carpet, (0.76, 0.69, 0.59))
    add("carpet grey", 1.5, pt.carpet, (0.58, 0.58, 0.59))
    add("carpet blue lattice", 1.2, pt.carpet, (0.36, 0.44, 0.56), (0.60, 0.66, 0.72))
    add("carpet wine lattice", 1.2, pt.carpet, (0.52, 0.27, 0.28), (0.74, 0.58, 0.44))
    add("sisal", 0.8, pt.wicker, (0.76, 0.66, 0.49), (0.58, 0.48, 0.34), strands=24)


def _add_stone_and_tiles(add: Callable) -> None:
    white, grout = (0.90, 0.90, 0.88), (0.68, 0.67, 0.65)
    metro = {"across": 10, "along": 5, "shift": 0.5}
    add("metro tiles", 0.8, tx.tiles, [white], grout, **metro)
    add("metro tiles green", 0.8, tx.tiles, [(0.36, 0.52, 0.44)], white, **metro, spread=0.09)
    stack = {"across": 6, "along": 10 // 2, "upright": True}
    add("stacked tiles blue", 0.8, tx.tiles, [(0.42, 0.56, 0.66)], white, **stack, spread=0.07)
    blush = [(0.86, 0.70, 0.64), (0.84, 0.66, 0.59)]
    add("stacked tiles blush", 0.8, tx.tiles, blush, white, **stack, spread=0.05)
    sea = [(0.46, 0.64, 0.68), (0.56, 0.72, 0.74), (0.36, 0.54, 0.61), (0.70, 0.80, 0.80)]
    add("mosaic sea", 0.6, tx.tiles, sea, white, across=12, along=12, spread=0.05)
    clay = [(0.72, 0.47, 0.36), (0.68, 0.42, 0.31), (0.76, 0.52, 0.40)]
    add("terracotta tiles", 1.2, tx.tiles, clay, (0.72, 0.66, 0.58), spread=0.05, cloud=0.05)
    slate = [(0.36, 0.38, 0.40), (0.40, 0.41, 0.42), (0.33, 0.36, 0.38)]
    add("slate tiles", 1.8, tx.tiles, slate, (0.52, 0.52, 0.52), shift=0.5, spread=0.07, cloud=0.06)
    beige = [(0.80, 0.75, 0.67), (0.77, 0.72, 0.63)]
    add("travertine tiles", 1.8, tx.tiles, beige, (0.68, 0.63, 0.56), across=3, along=3, cloud=0.04)
    zellige = [(0.62, 0.72, 0.66), (0.54, 0.67, 0.62), (0.70, 0.78, 0.72)]
    add("zellige tiles", 0.8, tx.tiles, zellige, white, across=8, along=8, spread=0.07, cloud=0.04)
    add("hexagon tiles", 1.0, tx.hexagon_tiles, [(0.86, 0.85, 0.82), (0.70, 0.72, 0.73)], grout)
    add("hexagon tiles dark", 1.0, tx.hexagon_tiles, [(0.35, 0.37, 0.40)], grout, spread=0.09)
    add("checker tiles", 1.2, tx.checker, (0.86, 0.85, 0.82), (0.22, 0.22, 0.23))
    add("checker tiles green", 1.2, tx.checker, (0.88, 0.86, 0.80), (0.36, 0.46, 0.40))
    add(
        "encaustic blue",
        0.8,
        tx.encaustic,
        (0.86, 0.84, 0.78),
        (0.25, 0.36, 0.48),
        (0.72, 0.52, 0.38),
    )
    add(
        "encaustic red",
        0.8,
        tx.encaustic,
        (0.84, 0.79, 0.70),
        (0.52, 0.27, 0.22),
        (0.34, 0.40, 0.42),
    )
    add("marble white", 1.6, tx.marble, (0.89, 0.89, 0.88), (0.55, 0.56, 0.59))
    add("marble black", 1.6, tx.marble, (0.20, 0.20, 0.21), (0.74, 0.72, 0.68))
    add("marble green", 1.6, tx.marble, (0.24, 0.37, 0.32), (0.62, 0.72, 0.64))
    greys = [(0.52, 0.51, 0.50), (0.30, 0.30, 0.31), (0.72, 0.69, 0.66), (0.60, 0.46, 0.40)]
    add("granite", 0.7, tx.granite, greys)
    add("quartz", 0.8, tx.speckled, (0.82, 0.80, 0.76), grain_size=20, depth=0.05)
    chips = [(0.62, 0.46, 0.38), (0.45, 0.47, 0.46), (0.80, 0.66, 0.48), (0.60, 0.62, 0.60)]
    add("terrazzo light", 1.0, tx.terrazzo, (0.86, 0.84, 0.80), chips)
    pale = [(0.80, 0.78, 0.72), (0.66, 0.58, 0.50), (0.50, 0.55, 0.56)]
    add("terrazzo dark", 1.0, tx.terrazzo, (0.34, 0.36, 0.37), pale)


def _add_wood_and_metal(add: Callable, paint: Callable) -> None:
    add("oak", 0.9, tx.wood, *OAK)
    add("walnut", 0.9, tx.wood, *WALNUT, rings=6, wave=1.2)
    add("pine", 0.9, tx.wood, *PINE, rings=8, wave=1.0, pores=0.08)
    add("birch", 0.9, tx.wood, *BIRCH, rings=5, wave=1.4, pores=0.10)
    add("mahogany", 0.9, tx.wood, *MAHOGANY, rings=9, wave=0.6)
    add("smoked oak", 0.9, tx.wood, *SMOKED, rings=8)
    add("grey oak", 0.9, tx.wood, *GREY_OAK)
    add("butcher block", 0.8, tx.planks, *OAK, across=14, spread=0.2)
    add("painted white", 1.2, tx.smoothed, (0.90, 0.90, 0.88), depth=0.011)
    for name, color in {
        "painted cream": (0.94, 0.90, 0.78),
        "painted sage": (0.66, 0.74, 0.64),
        "painted blue": (0.46, 0.58, 0.68),
        "painted navy": (0.26, 0.33, 0.45),
        "painted grey": (0.62, 0.63, 0.64),
        "painted charcoal": (0.27, 0.28, 0.29),
        "painted forest": (0.26, 0.39, 0.33),
        "painted red": (0.70, 0.27, 0.23),
        "painted yellow": (0.94, 0.77, 0.36),
        "painted blush": (0.90, 0.72, 0.66),
    }.items():
        paint(name, "painted white", tuple(c / 0.9 for c in color))
    add("brushed steel", 0.8, tx.brushed, (0.68, 0.69, 0.70), depth=0.015)
    paint("brass", "brushed steel", (1.0, 0.82, 0.48))
    paint("copper", "brushed steel", (1.0, 0.68, 0.52))
    paint("black metal", "brushed steel", (0.30, 0.30, 0.31))
    paint("chrome", "brushed steel", (1.0, 1.0, 1.0))


def _add_fabrics(add: Callable) -> None:
    add("linen natural", 0.4, pt.fabric, (0.84, 0.78, 0.67))
    add("linen grey", 0.4, pt.fabric, (0.60, 0.62, 0.64))
    add("linen white", 0.4, pt.fabric, (0.91, 0.90, 0.87))
    add("cotton rose", 0.4, pt.fabric, (0.82, 0.60, 0.57))
    add("cotton sage", 0.4, pt.fabric, (0.60, 0.69, 0.58))
    add("denim", 0.3, pt.fabric, (0.33, 0.43, 0.58), kind="twill")
    add("wool charcoal", 0.4, pt.fabric, (0.33, 0.34, 0.36), kind="zigzag")
    add("wool petrol", 0.4, pt.fabric, (0.24, 0.44, 0.48), kind="twill")
    add("tweed brown", 0.4, pt.tweed, (0.52, 0.43, 0.34), (0.70, 0.62, 0.51), (0.72, 0.42, 0.28))
    add("tweed grey", 0.4, pt.tweed, (0.42, 0.44, 0.46), (0.66, 0.66, 0.65), (0.42, 0.52, 0.66))
    navy = [(0.1, 0.08, (0.25, 0.33, 0.50)), (0.6, 0.08, (0.25, 0.33, 0.50))]
    add("breton stripes", 0.4, pt.striped, (0.89, 0.87, 0.82), navy)
    deck = [
        (0.15, 0.2, (0.82, 0.55, 0.36)),
        (0.4, 0.06, (0.33, 0.48, 0.50)),
        (0.7, 0.2, (0.88, 0.76, 0.48)),
    ]
    add("deckchair stripes", 0.5, pt.striped, (0.88, 0.83, 0.74), deck)
    tartan = [
        (0.25, 0.3, (0.30, 0.40, 0.36)),
        (0.25, 0.05, (0.86, 0.76, 0.48)),
        (0.75, 0.12, (0.28, 0.32, 0.44)),
    ]
    add("tartan red", 0.4, pt.plaid, (0.64, 0.28, 0.26), tartan)
    check = [(0.125, 0.125, (0.42, 0.58, 0.68)), (0.375, 0.125, (0.42, 0.58, 0.68)),
             (0.625, 0.125, (0.42, 0.58, 0.68)), (0.875, 0.125, (0.42, 0.58, 0.68))]  # fmt: skip
    add("gingham blue", 0.4, pt.plaid, (0.90, 0.90, 0.88), check)
    add("velvet green", 0.6, pt.velvet, (0.24, 0.42, 0.34))
    add("velvet blue", 0.6, pt.velvet, (0.27, 0.36, 0.55))
    add("velvet rust", 0.6, pt.velvet, (0.68, 0.38, 0.26))
    add("corduroy mustard", 0.35, pt.corduroy, (0.82, 0.64, 0.32))
    add("corduroy olive", 0.35, pt.corduroy, (0.47, 0.49, 0.34))
    add("knit cream", 0.35, pt.knit, (0.90, 0.86, 0.77))
    add("knit teal", 0.35, pt.knit, (0.33, 0.55, 0.56))
    add("boucle white", 0.4, pt.boucle, (0.89, 0.87, 0.82))
    add("boucle grey", 0.4, pt.boucle, (0.62, 0.60, 0.58))
    bloom = [(0.45, 0.56, 0.44), (0.36, 0.48, 0.42)]
    add("floral print", 0.6, pt.botanical, (0.90, 0.86, 0.79), bloom, (0.80, 0.45, 0.42))
    add(
        "leaf print",
        0.6,
        pt.botanical,
        (0.30, 0.42, 0.44),
        [(0.66, 0.72, 0.56)],
        (0.88, 0.72, 0.44),
    )
    ink = [(0.92, 0.90, 0.86), (0.28, 0.30, 0.34), (0.82, 0.60, 0.34), (0.56, 0.62, 0.64)]
    add("facet print", 0.5, pt.facets, ink, cells=4)
    add("trellis print", 0.4, pt.trellis, (0.82, 0.66, 0.40), (0.92, 0.89, 0.80))
    add("terry white", 0.25, pt.boucle, (0.88, 0.88, 0.86))
    add("terry blue", 0.25, pt.boucle, (0.44, 0.56, 0.66))
    add("terry sand", 0.25, pt.boucle, (0.80, 0.70, 0.56))
    add("leather brown", 0.5, tx.leather, (0.45, 0.29, 0.20))
    add("leather black", 0.5, tx.leather, (0.21, 0.20, 0.20))
    add("leather cognac", 0.5, tx.leather, (0.66, 0.41, 0.24))
    add("leather cream", 0.5, tx.leather, (0.84, 0.78, 0.68))


def _add_small_things(add: Callable, paint: Callable) -> None:
    add("wicker", 0.3, pt.wicker, (0.76, 0.60, 0.38), (0.46, 0.32, 0.18))
    add("wicker white", 0.3, pt.wicker, (0.89, 0.86, 0.80), (0.62, 0.58, 0.52))
    add("cardboard", 0.6, tx.speckled, (0.70, 0.55, 0.38), grain_size=30, depth=0.04)
    add("soil", 0.3, tx.speckled, (0.27, 0.20, 0.15), grain_size=20, depth=0.2)
    add("terracotta", 0.6, tx.speckled, (0.74, 0.46, 0.33), grain_size=26, depth=0.05)
    add("foliage", 0.4, tx.wood, (0.42, 0.57, 0.30), (0.24, 0.40, 0.20), rings=5, wave=0.5)
    add("foliage pale", 0.4, tx.wood, (0.68, 0.74, 0.50), (0.36, 0.52, 0.32), rings=6, wave=0.9)
    add("bark", 0.4, tx.limewash, (0.48, 0.38, 0.29), (0.28, 0.21, 0.16))
    add("glazed blue", 0.5, tx.speckled, (0.36, 0.49, 0.62), grain_size=10, depth=0.06)
    add("glazed sand", 0.5, tx.speckled, (0.80, 0.72, 0.60), grain_size=26, depth=0.09)
    add("ceramic", 1.0, tx.smoothed, (0.91, 0.91, 0.90), depth=0.014)
    add("enamel black", 1.0, tx.smoothed, (0.17, 0.17, 0.18), depth=0.1)
    add("plastic grey", 1.0, tx.smoothed, (0.50, 0.51, 0.52), depth=0.03)
    paint("plastic black", "plastic grey", (0.42, 0.42, 0.43))
    add("screen", 1.6, tx.limewash, (0.13, 0.14, 0.16), (0.06, 0.06, 0.08))
    add("mirror glass", 1.4, tx.smoothed, (0.70, 0.74, 0.76), depth=0.035)
    add("paper", 0.8, tx.smoothed, (0.90, 0.88, 0.83), depth=0.012)


_PLAIN: dict[str, tuple[Color, float]] = {
    "lampshade": ((0.99, 0.94, 0.83), 1.0),
    "bulb": ((1.0, 0.97, 0.90), 1.0),
    "frosted glass": ((0.97, 0.96, 0.93), 0.95),
    "glass edge": ((0.70, 0.76, 0.75), 0.0),
    "embers": ((0.95, 0.50, 0.18), 1.0),
    "rubber": ((0.20, 0.20, 0.21), 0.0),
}

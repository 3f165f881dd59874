"""Parametric furniture (first stub: boxes of the right size; names and signatures are final)."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from navworld.world.mesh import MeshBuilder
from navworld.scenes.materials import Style, material

@dataclass(frozen=True, eq=False)
class Piece:
    kind: str
    semantic: str
    size: tuple[float, float, float]
    mesh: MeshBuilder
    lamp: tuple[float, float, float] | None = None

_S = {  # kind: semantic, mount, size
"single bed": ("bed","floor",2.1,1.0,1.0),"double bed": ("bed","floor",2.15,1.75,1.0),
"nightstand": ("nightstand","floor",.4,.45,.5),"wardrobe":("wardrobe","floor",.6,1.5,2.1),
"dresser":("dresser","floor",.48,1.1,.85),"desk":("desk","floor",.65,1.3,.75),
"office chair":("chair","floor",.6,.6,1.0),"bookcase":("bookcase","floor",.32,.9,1.9),
"shelf":("shelf","floor",.35,1.0,1.0),"wall shelf":("shelf","wall",.25,.9,.3),
"sofa":("sofa","floor",.9,1.9,.85),"corner sofa":("sofa","floor",1.6,2.4,.85),
"armchair":("armchair","floor",.85,.85,.9),"coffee table":("coffee table","floor",.6,1.1,.42),
"tv stand":("tv stand","floor",.42,1.6,1.2),"tv":("tv","wall",.08,1.2,.7),
"side table":("table","floor",.45,.45,.55),"floor lamp":("lamp","floor",.4,.4,1.6),
"table lamp":("lamp","floor",.25,.25,.45),"ceiling lamp":("lamp","ceiling",.4,.4,.12),
"pendant lamp":("lamp","ceiling",.4,.4,.8),"rug":("rug","floor",1.6,2.3,.012),
"plant":("plant","floor",.5,.5,1.2),"dining table":("table","floor",.9,1.6,.75),
"dining chair":("chair","floor",.5,.45,.88),"stool":("stool","floor",.36,.36,.46),
"bar stool":("stool","floor",.4,.4,.8),"kitchen counter":("kitchen counter","floor",.62,2.4,.95),
"kitchen sink counter":("kitchen counter","floor",.62,1.2,1.15),
"kitchen hob counter":("kitchen counter","floor",.62,.8,.95),
"kitchen island":("kitchen counter","floor",.9,1.6,.92),"wall cabinet":("cabinet","wall",.35,1.2,.7),
"kitchen hood":("kitchen hood","wall",.5,.6,.7),"fridge":("fridge","floor",.65,.6,1.85),
"oven":("oven","floor",.6,.6,.9),"microwave":("microwave","floor",.35,.48,.28),
"dishwasher":("dishwasher","floor",.6,.6,.85),"washing machine":("washing machine","floor",.6,.6,.85),
"toilet":("toilet","floor",.68,.38,.8),"bathtub":("bathtub","floor",.75,1.7,.58),
"shower":("shower","floor",.9,.9,2.1),"bathroom sink":("sink","floor",.48,.7,.9),
"mirror":("mirror","wall",.03,.6,.9),"towel rail":("towel","wall",.12,.55,.6),
"radiator":("radiator","wall",.12,1.0,.6),"curtain":("curtain","wall",.15,1.8,2.3),
"picture":("picture","wall",.03,.7,.5),"poster":("picture","wall",.012,.5,.7),
"clock":("clock","wall",.05,.3,.3),"vase":("vase","floor",.15,.15,.3),"box":("box","floor",.4,.5,.35),
"basket":("basket","floor",.4,.4,.4),"bin":("bin","floor",.28,.28,.4),
"shoe rack":("shoe rack","floor",.32,.8,.6),"coat rack":("coat rack","floor",.5,.5,1.75),
"wall coat rack":("coat rack","wall",.25,.8,1.1),"bench":("bench","floor",.4,1.2,.46),
"piano":("piano","floor",.62,1.48,1.2),"fireplace":("fireplace","floor",.4,1.4,1.15),
"fitness equipment":("fitness equipment","floor",1.1,.6,1.25),"toys":("toy","floor",.6,.7,.4),
"books":("books","floor",.25,.3,.15),"tableware":("tableware","floor",.4,.4,.15),
"fruit bowl":("food","floor",.3,.3,.15),"computer":("computer","floor",.45,.55,.5),
"cushion":("cushion","floor",.4,.4,.15)}
KINDS: tuple[str, ...] = tuple(_S)
MOUNT = {k: v[1] for k, v in _S.items()}  # "floor" (also on top of things), "wall", "ceiling"

def make(kind: str, rng: np.random.Generator, style: Style, size_hint: tuple[float | None, float | None] | None = None) -> Piece:
    semantic, mount, d, w, h = _S[kind]
    if size_hint:
        d, w = size_hint[0] or d, size_hint[1] or w
    mesh = MeshBuilder(); me = mesh.add_instance(kind, semantic)
    low, high = {"floor": ((-d/2,-w/2,0),(d/2,w/2,h)), "wall": ((0,-w/2,-h/2),(d,w/2,h/2)), "ceiling": ((-d/2,-w/2,-h),(d/2,w/2,0))}[mount]
    mesh.box(low, high, material(style.wood), me)
    lamp = None
    if semantic == "lamp": lamp = (0.0, 0.0, h*0.8 if mount == "floor" else -h*0.8)
    return Piece(kind, semantic, (d, w, h), mesh, lamp)

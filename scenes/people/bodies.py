"""People as seven rigid parts: sizes, builds, skin, hair and clothes by number.

Measures follow the mean proportions of adults (R. Drillis & R. Contini, Body Segment Parameters,
1966: thigh 0.245, shin 0.246, foot height 0.039, shoulder width 0.259 of the stature).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.random import Generator

from navworld.scenes.furniture import shapes
from navworld.scenes.furniture.shapes import Shape
from navworld.scenes.materials import material, tile_for, tinted
from navworld.world.company.gait import Figure
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material, Scene

LOOKS = 32
"""Different people there are; they come again as a crowd grows."""

_SKINS = (
    (0.96, 0.80, 0.69), (0.92, 0.74, 0.61), (0.85, 0.65, 0.50), (0.74, 0.54, 0.40),
    (0.60, 0.42, 0.30), (0.47, 0.32, 0.23), (0.36, 0.25, 0.19),
)  # fmt: skip
_HAIR = (
    (0.13, 0.11, 0.10), (0.22, 0.16, 0.12), (0.36, 0.24, 0.15), (0.55, 0.38, 0.22),
    (0.80, 0.66, 0.42), (0.62, 0.30, 0.16), (0.70, 0.70, 0.70),
)  # fmt: skip
_TOPS = (
    "linen white", "linen grey", "cotton rose", "cotton sage", "wool petrol", "tweed grey",
    "knit cream", "knit teal", "velvet rust", "breton stripes", "gingham blue", "tartan red",
    "corduroy mustard", "velvet blue", "velvet green",
)  # fmt: skip
_BOTTOMS = (
    "denim", "wool charcoal", "tweed brown", "corduroy olive", "linen natural", "wool petrol",
    "linen grey",
)  # fmt: skip
_SHOES = ("leather black", "leather brown", "leather cognac", "linen white", "denim")


@dataclass(frozen=True)
class _Look:
    """One person's choices; `wide` scales everything across."""

    height: float
    wide: float
    skin: Material
    hair: Material
    top: Material
    bottom: Material
    shoe: Material
    hair_style: str
    long_sleeves: bool
    legs: str


@cache
def figure(number: int) -> Figure:
    """Person `number`; the same for a number in every process, those beyond `LOOKS` repeat."""
    if number >= LOOKS:
        return figure(number % LOOKS)
    look = _look(np.random.default_rng([7, number]))
    h, w = look.height, look.wide
    hip, thigh, shin, drop = 0.052 * h * w, 0.245 * h, 0.226 * h, 0.039 * h
    shoulder, up = 0.108 * h * w, 0.278 * h
    limbs = []
    for build in (_thigh, _shin):
        part = _part(f"{build.__name__[1:]} {number}", build(look))
        limbs += [part, part]
    arms = [_part(f"arm {number} {side}", _arm(look, side)) for side in (1, -1)]
    body = _part(f"body {number}", _body(look))
    parts = np.array([hip, thigh, shin, drop, 0.05 * h, 0.105 * h, shoulder, up])
    return Figure((body, *limbs, *arms), parts)


def _look(rng: Generator) -> _Look:
    def pick(options: tuple) -> object:
        return options[int(rng.integers(len(options)))]

    plain = Material("skin")
    child = rng.random() < 0.12
    height = rng.uniform(1.15, 1.45) if child else np.clip(rng.normal(1.71, 0.09), 1.5, 1.95)
    tint = rng.uniform(0.75, 1.0, 3)
    return _Look(
        height=float(height),
        wide=float(np.clip(rng.normal(1.0, 0.09), 0.85, 1.22)),
        skin=tinted(plain, pick(_SKINS)),  # type: ignore[arg-type]
        hair=tinted(material("linen white"), pick(_HAIR)),  # type: ignore[arg-type]
        top=tinted(material(str(pick(_TOPS))), tuple(tint)),
        bottom=material(str(pick(_BOTTOMS))),
        shoe=material(str(pick(_SHOES))),
        hair_style=str(pick(("short", "short", "long", "bob", "bun", "bald"))),
        long_sleeves=bool(rng.random() < 0.6),
        legs=str(pick(("trousers", "trousers", "trousers", "shorts", "skirt"))),
    )


def _part(name: str, mesh: MeshBuilder) -> Scene:
    return Scene(
        f"person: {name}",
        **mesh.arrays(),
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
    )


def _person() -> MeshBuilder:
    mesh = MeshBuilder()
    mesh.add_instance("person", "person")
    return mesh


def _add(mesh: MeshBuilder, shape: Shape, surface: Material) -> None:
    vertices, triangles, uv = shape
    mesh.triangles(vertices, triangles, uv / tile_for(surface), surface, 0)


def _limb(*rings: tuple[float, float, float, float, float], segments: int = 8) -> Shape:
    """A skin over level ovals (x, z, half length, half width, y) from the top down."""
    loops = [
        shapes.oval((x, y, z), along, across, segments=segments, power=2.2)
        for x, z, along, across, y in rings[::-1]
    ]
    return shapes.loft(np.array(loops))


def _thigh(look: _Look) -> MeshBuilder:
    h, w = look.height, look.wide
    mesh = _person()
    length = 0.245 * h
    loose = 1.12 if look.legs == "trousers" else 1.0
    upper, knee = 0.050 * h * w * loose, 0.033 * h * w * loose
    bare = look.legs == "skirt"
    rings = (
        (0.0, 0.03 * h, 0.7 * upper, 0.6 * upper, 0.0), (0.0, 0.0, upper, 0.92 * upper, 0.0),
        (0.004, -0.45 * length, 0.86 * upper, 0.82 * upper, 0.0),
        (0.0, -length, knee, 0.95 * knee, 0.0), (0.0, -length - 0.018, 0.6 * knee, 0.6 * knee, 0.0),
    )  # fmt: skip
    _add(mesh, _limb(*rings), look.skin if bare else look.bottom)
    return mesh


def _shin(look: _Look) -> MeshBuilder:
    h, w = look.height, look.wide
    mesh = _person()
    length, drop = 0.226 * h, 0.039 * h
    dressed = look.legs == "trousers"
    loose = 1.15 if dressed else 1.0
    knee, calf, ankle = (size * h * w * loose for size in (0.032, 0.034, 0.021))
    ankle *= 1.45 if dressed else 1.0
    rings = (
        (0.0, 0.015, 0.7 * knee, 0.7 * knee, 0.0), (0.0, -0.01, knee, 0.95 * knee, 0.0),
        (-0.008, -0.3 * length, calf, 0.95 * calf, 0.0), (0.0, -length, ankle, 0.95 * ankle, 0.0),
        (0.0, -length - 0.4 * drop, ankle, 0.95 * ankle, 0.0),
    )  # fmt: skip
    _add(mesh, _limb(*rings), look.bottom if dressed else look.skin)
    sole = -length - drop
    heel, toe, half = -0.05 * h, 0.105 * h, 0.026 * h
    low, high = (heel, -half, sole), (toe, half, sole + 0.6 * drop)
    _add(mesh, shapes.rounded_box(low, high, 0.02, steps=1), look.shoe)
    low, high = (
        (heel + 0.01, -0.85 * half, sole + 0.3 * drop),
        (0.04, 0.85 * half, sole + 1.3 * drop),
    )
    _add(mesh, shapes.rounded_box(low, high, 0.025, steps=1), look.shoe)
    return mesh


def _arm(look: _Look, side: int) -> MeshBuilder:
    h, w = look.height, look.wide
    mesh = _person()
    upper, lower = 0.172 * h, 0.150 * h
    thick = 0.027 * h * w
    loose = 1.22
    lean = side * 0.02 * h  # arms hang a little away from the trunk
    elbow = (0.006 * h, -upper)
    wrist = (0.048 * h, -upper - lower)
    sleeve: tuple[tuple[float, float, float, float, float], ...] = (
        (0.0, 0.026 * h, 0.4 * thick, 0.35 * thick, -0.35 * side * thick),
        (0.0, 0.014 * h, 1.05 * thick, 0.85 * thick, -0.15 * side * thick),
        (0.0, -0.012 * h, 1.32 * thick, 1.12 * thick, 0.0),
        (0.0, -0.5 * upper, loose * thick, loose * thick, 0.6 * lean),
    )  # fmt: skip
    if look.long_sleeves:
        sleeve += (
            (*elbow, 1.05 * thick, 1.05 * thick, lean),
            (*wrist, 0.85 * thick, 0.85 * thick, 1.1 * lean),
        )
    _add(mesh, _limb(*sleeve), look.top)
    if not look.long_sleeves:
        bare = (
            (0.0, -0.4 * upper, 0.95 * thick, 0.95 * thick, 0.5 * lean),
            (*elbow, 0.88 * thick, 0.85 * thick, lean),
            (*wrist, 0.58 * thick, 0.6 * thick, 1.1 * lean),
        )
        _add(mesh, _limb(*bare), look.skin)
    x, z = wrist
    y = 1.1 * lean
    palm = (
        (x, z + 0.01, 0.6 * thick, 0.5 * thick, y),
        (x + 0.012, z - 0.03 * h, 0.95 * thick, 0.5 * thick, y),
        (x + 0.022, z - 0.06 * h, 0.85 * thick, 0.45 * thick, y),
        (x + 0.028, z - 0.095 * h, 0.45 * thick, 0.3 * thick, y),
    )
    _add(mesh, _limb(*palm, segments=8), look.skin)
    return mesh


def _body(look: _Look) -> MeshBuilder:
    h, w = look.height, look.wide
    mesh = _person()
    up = 0.288 * h
    hips, waist, chest = 0.098 * h * w, 0.082 * h * w * w, 0.102 * h * w
    trunk = (
        (-0.005, up + 0.045 * h, 0.028 * h, 0.035 * h, 0.0),
        (-0.005, up + 0.02 * h, 0.045 * h, 0.085 * h * w, 0.0),
        (0.0, up - 0.008 * h, 0.054 * h * w, chest + 0.010 * h, 0.0),
        (0.01, 0.72 * up, 0.068 * h * w, chest, 0.0),
        (0.008, 0.42 * up, 0.060 * h * w * w, waist, 0.0),
        (0.0, 0.10 * up, 0.064 * h * w, 0.97 * hips, 0.0),
        (0.0, 0.02 * up, 0.066 * h * w, hips, 0.0),
    )
    _add(mesh, _limb(*trunk, segments=12), look.top)
    pelvis = (
        (0.0, 0.10 * up, 0.060 * h * w, 0.93 * hips, 0.0),
        (0.0, 0.0, 0.064 * h * w, 0.98 * hips, 0.0),
        (0.0, -0.035 * h, 0.058 * h * w, 0.92 * hips, 0.0),
        (0.0, -0.055 * h, 0.03 * h, 0.5 * hips, 0.0),
    )
    _add(mesh, _limb(*pelvis, segments=10), look.bottom)
    if look.legs == "skirt":
        hem = -0.26 * h
        skirt = (
            (0.0, 0.08 * up, 0.064 * h * w, 0.97 * hips, 0.0),
            (0.0, -0.05 * h, 0.085 * h * w, 1.12 * hips, 0.0),
            (0.0, hem, 0.135 * h, 1.35 * hips, 0.0),
        )
        _add(mesh, _limb(*skirt, segments=12), look.bottom)
    _head(mesh, look, up)
    return mesh


def _head(mesh: MeshBuilder, look: _Look, up: float) -> None:
    """Neck, head, face and hair; a head is 0.13 of the stature, more in children."""
    h = look.height
    size = 0.13 * h * (1.0 + 0.25 * max(0.0, (1.5 - h) / 0.4))
    base = up + 0.045 * h
    neck = (
        (0.012, base + 0.30 * size, 0.032 * h, 0.031 * h, 0.0),
        (0.0, base - 0.01 * h, 0.034 * h, 0.034 * h, 0.0),
        (-0.005, base - 0.03 * h, 0.035 * h, 0.04 * h, 0.0),
    )
    _add(mesh, _limb(*neck), look.skin)
    low = base + 0.12 * size
    profile = (  # height, forward, half length, half width, all of the head's height
        (1.0, -0.03, 0.10, 0.08), (0.96, -0.03, 0.24, 0.19), (0.85, -0.02, 0.375, 0.295),
        (0.68, -0.01, 0.42, 0.335), (0.50, 0.0, 0.405, 0.325), (0.32, 0.03, 0.36, 0.30),
        (0.15, 0.07, 0.29, 0.245), (0.05, 0.11, 0.20, 0.165), (0.0, 0.13, 0.10, 0.09),
    )  # fmt: skip
    rings = [
        (size * x, low + size * z, size * along, size * across, 0.0)
        for z, x, along, across in profile
    ]
    _add(mesh, _limb(*rings, segments=12), look.skin)
    _face(mesh, look, low, size)
    if look.hair_style != "bald":
        _hair(mesh, look, low, size)


def _face(mesh: MeshBuilder, look: _Look, low: float, size: float) -> None:
    dark, white = Material("pupil", (0.10, 0.08, 0.07)), Material("eye", (0.93, 0.92, 0.90))
    red, green, blue = look.skin.color
    lips = tinted(look.skin, (0.82 * red, 0.6 * green, 0.6 * blue))
    for side in (-1, 1):
        y, z = side * 0.135 * size, low + 0.53 * size
        _add(mesh, _ball((0.352 * size, y, z), 0.042 * size, 0.052 * size, 0.034 * size), white)
        _add(mesh, _ball((0.380 * size, y, z), 0.022 * size, 0.026 * size, 0.030 * size), dark)
        brow = _ball((0.352 * size, y, z + 0.085 * size), 0.03 * size, 0.07 * size, 0.012 * size)
        _add(mesh, brow, look.hair)
        ear = _ball(
            (0.0, side * 0.33 * size, low + 0.46 * size), 0.07 * size, 0.03 * size, 0.10 * size
        )
        _add(mesh, ear, look.skin)
    nose = (
        (0.385 * size, low + 0.53 * size, 0.02 * size, 0.025 * size, 0.0),
        (0.42 * size, low + 0.38 * size, 0.06 * size, 0.055 * size, 0.0),
        (0.40 * size, low + 0.345 * size, 0.02 * size, 0.03 * size, 0.0),
    )
    _add(mesh, _limb(*nose, segments=6), look.skin)
    mouth = _ball((0.355 * size, 0.0, low + 0.215 * size), 0.03 * size, 0.095 * size, 0.026 * size)
    _add(mesh, mouth, lips)


def _hair(mesh: MeshBuilder, look: _Look, low: float, size: float) -> None:
    """A cap that leaves the face free, and what hangs or is tied behind."""
    cap = (  # as the head's profile, a little larger and farther back
        (1.055, -0.05, 0.12, 0.10), (1.01, -0.05, 0.29, 0.23), (0.90, -0.055, 0.405, 0.335),
        (0.76, -0.085, 0.41, 0.365),
    )  # fmt: skip
    rings = [(size * x, low + size * z, size * a, size * b, 0.0) for z, x, a, b in cap]
    ends = {"short": 0.30, "bun": 0.35, "bob": 0.10, "long": -0.45}[look.hair_style]
    back = (
        (-0.16 * size, low + 0.55 * size, 0.30 * size, 0.365 * size, 0.0),
        (-0.20 * size, low + (0.30 + 0.5 * min(ends, 0.3) - 0.15) * size, 0.235 * size,
         0.335 * size, 0.0),
        (-0.22 * size, low + ends * size, 0.16 * size, 0.27 * size, 0.0),
    )  # fmt: skip
    _add(mesh, _limb(*rings, *back, segments=12), look.hair)
    if look.hair_style == "bun":
        bun = _ball((-0.50 * size, 0.0, low + 0.80 * size), 0.16 * size, 0.17 * size, 0.16 * size)
        _add(mesh, bun, look.hair)


def _ball(center: tuple[float, float, float], along: float, across: float, up: float) -> Shape:
    """An ellipsoid with few triangles."""
    x, y, z = center
    angles = np.radians([60.0, 0.0, -60.0])
    rings = [(x, z + up * np.sin(a), along * np.cos(a), across * np.cos(a), y) for a in angles]
    return _limb(*rings, segments=6)

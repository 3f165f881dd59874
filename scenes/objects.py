"""Single objects from seeds, on a turntable in a neutral studio: scenes for reconstruction.

One piece of furniture, or a composition of small things, stands on a round stage in the middle
of a grey room with even light and no other texture, with room to walk all the way round.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.furniture import KINDS, MOUNT, Piece, make
from navworld.scenes.materials import Style, material, sample_style
from navworld.scenes.seeds import checked_seed
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Lamp, Material, Room, Scene

__all__ = ["VERSION", "objects"]

VERSION = "1"
FLAT = ("rug",)
SMALL = (
    "vase", "books", "tableware", "fruit bowl", "box", "basket", "cushion", "plant", "toys",
    "table lamp", "bin", "stool", "microwave", "computer",
)  # fmt: skip
LARGE = tuple(k for k in KINDS if MOUNT[k] == "floor" and k not in FLAT and k not in SMALL)
RING = 1.5
"""Width of the free ring around the stage [m]."""


def objects(seed: int) -> Scene:
    """The object of a seed in its studio; the same bytes on every run.

    Args:
        seed: Any whole number ≥ 0.
    """
    seed = checked_seed(seed, "objects")
    draw, look, shine = np.random.default_rng(seed).spawn(3)
    style = sample_style(look)
    mesh = MeshBuilder()
    mesh.add_instance("studio", "wall")
    mesh.add_instance("floor", "floor")
    placed = _composition(draw, style) if draw.random() < 0.4 else _single(draw, style)
    reach = max(_reach(piece, T) for piece, T in placed)
    stage_height = 0.06 if len(placed) == 1 and placed[0][0].kind in LARGE else 0.75
    stage = round(reach + 0.08, 3)
    for piece, T in placed:
        lifted = T.copy()
        lifted[2, 3] += stage_height
        mesh.append(piece.mesh, lifted)
    half, height = round(stage + RING + 0.3, 3), 3.4
    _studio(look, mesh, half, height)
    plinth = mesh.add_instance("turntable", "object")
    surface = material(("painted white", "painted grey", "painted charcoal")[int(look.integers(3))])
    mesh.cylinder(stage, 0.0, stage_height, surface, plinth, segments=40)
    lamps = _lamps(shine, mesh, half, height)
    arrays = mesh.arrays()
    start = [[0.0, stage + 0.5 * RING, 0.1]]
    floors = walkable_floors(arrays["vertices"], arrays["triangles"], seed_points=start, step=0.04)
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    return Scene(
        name=f"objects-{seed}",
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=floors,
        lamps=lamps,
        ambient=(0.3, 0.3, 0.3),
        rooms=(Room("studio", corners),),
        version=VERSION,
    )


def _single(rng: Generator, style: Style) -> list[tuple[Piece, NDArray]]:
    """One piece, turned to a random side."""
    kinds = LARGE if rng.random() < 0.65 else SMALL
    piece = make(kinds[int(rng.integers(len(kinds)))], rng, style)
    return [(piece, _turned(float(rng.uniform(-np.pi, np.pi))))]


def _composition(rng: Generator, style: Style) -> list[tuple[Piece, NDArray]]:
    """A few small things side by side around a larger one, touching nothing but the stage."""
    first = make(SMALL[int(rng.integers(len(SMALL)))], rng, style)
    placed = [(first, _turned(float(rng.uniform(-np.pi, np.pi))))]
    around = _reach(*placed[0])
    count = int(rng.integers(2, 6))
    for k in range(count):
        piece = make(SMALL[int(rng.integers(7))], rng, style)
        own = 0.5 * float(np.hypot(piece.size[0], piece.size[1]))
        angle = 2 * np.pi * (k + float(rng.uniform(-0.15, 0.15))) / count
        # Far enough out to clear the middle and, by half the chord, both neighbours.
        chord = own / max(np.sin(0.35 * 2 * np.pi / count), 0.2)
        distance = max(around + own, chord) + 0.03
        T = _turned(float(rng.uniform(-np.pi, np.pi)))
        T[:2, 3] = distance * np.cos(angle), distance * np.sin(angle)
        if all(_apart(piece, T, other, T_other) for other, T_other in placed):
            placed.append((piece, T))
    return placed


def _apart(piece: Piece, T: NDArray, other: Piece, T_other: NDArray) -> bool:
    """Whether the circles around two pieces do not touch."""
    radii = sum(0.5 * float(np.hypot(p.size[0], p.size[1])) for p in (piece, other))
    return bool(np.linalg.norm(T[:2, 3] - T_other[:2, 3]) > radii)


def _reach(piece: Piece, T: NDArray) -> float:
    """How far from the middle of the stage a piece reaches [m]."""
    radius = 0.5 * float(np.hypot(piece.size[0], piece.size[1]))
    return float(np.linalg.norm(T[:2, 3])) + radius


def _turned(yaw: float) -> NDArray:
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def _studio(rng: Generator, mesh: MeshBuilder, half: float, height: float) -> None:
    """A plain room whose floor curves up into its walls, so that no edge gives a bearing."""
    tone = float(rng.uniform(0.55, 0.8))
    grey = Material(f"backdrop {tone:.3f}", (tone, tone, tone))
    radius, steps = 0.3, 6
    angle = np.linspace(-0.5 * np.pi, 0.0, steps + 1)
    out, up = half - radius + radius * np.cos(angle), radius + radius * np.sin(angle)
    flat = half - radius
    square = np.array([(1, -1), (1, 1), (-1, 1), (-1, -1)], np.float64)
    mesh.quad(np.column_stack([square[[3, 0, 1, 2]] * flat, np.zeros(4)]), grey, 1)
    rings = [np.column_stack([square * r, np.full(4, z)]) for r, z in zip(out, up, strict=True)]
    rings.append(np.column_stack([square * half, np.full(4, height)]))
    for low, high in itertools.pairwise(rings):
        for k in range(4):
            n = (k + 1) % 4
            mesh.quad([low[n], low[k], high[k], high[n]], grey, 0)
    ceiling = mesh.add_instance("ceiling", "ceiling")
    mesh.quad(np.column_stack([square[[0, 3, 2, 1]] * half, np.full(4, height)]), grey, ceiling)


def _lamps(rng: Generator, mesh: MeshBuilder, half: float, height: float) -> tuple[Lamp, ...]:
    """Four soft boxes around the stage and one above it; one side is the key light."""
    glow = material("frosted glass")
    key = int(rng.integers(4))
    spread = 0.62 * half
    lamps = []
    for k in range(5):
        angle = 0.25 * np.pi + 0.5 * np.pi * k
        x, y = (spread * np.cos(angle), spread * np.sin(angle)) if k < 4 else (0.0, 0.0)
        x, y = round(float(x), 3), round(float(y), 3)
        item = mesh.add_instance("lamp", "lamp")
        low, high = (x - 0.3, y - 0.3, height - 0.08), (x + 0.3, y + 0.3, height)
        mesh.box(low, high, glow, item, omit=("+z",))
        power = round(0.16 * half**2 * (3.2 if k == key else 1.6) + 1.2, 3)
        lamps.append(Lamp((x, y, round(height - 0.2, 3)), (power, power, power), 0.25))
    return tuple(lamps)

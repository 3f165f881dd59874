"""Surfaces of offices: what all rooms share, ceiling panels with lamps in them, signs at doors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator

from navworld.scenes.apartment.plan import Plan
from navworld.scenes.apartment.shell import Finish
from navworld.scenes.layouts import SIDE
from navworld.scenes.materials import Style, material, sample_style
from navworld.scenes.textures import finish, noise
from navworld.world.scene import Material, Texture

CARPETS = ("carpet grey", "carpet beige", "carpet blue lattice", "linoleum green", "cork")
HALL_FLOORS = (
    "linoleum green",
    "concrete floor",
    "carpet grey",
    "terrazzo light",
    "travertine tiles",
)
WALLS = ("plaster white", "plaster cream", "plaster grey", "plaster sky", "plaster sand")
ACCENTS = ("plaster mustard", "plaster petrol", "plaster terracotta", "plaster navy", "brick red")
TRIMS = ("painted white", "painted grey", "painted charcoal")
DOORS = ("birch", "oak", "painted grey", "painted blue", "walnut")


@dataclass(frozen=True, eq=False)
class Looks:
    """Materials of one office.

    Attributes:
        style: For furniture, doors and windows.
        finishes: Of every room of the plan.
        accent: Material of the few walls that differ.
    """

    style: Style
    finishes: list[Finish]
    accent: Material


def draw_looks(rng: Generator, plan: Plan) -> Looks:
    """One set of surfaces for all offices, one for all corridors; a few walls in a colour."""

    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    trim = pick(TRIMS)
    style = replace(
        sample_style(rng),
        door=pick(DOORS), door_frame=trim, window_frame=trim, skirting=trim,
        ceiling="ceiling plaster", cabinet_front="painted grey",
    )  # fmt: skip
    wall, floor, hall = material(pick(WALLS)), material(pick(CARPETS)), material(pick(HALL_FLOORS))
    accent = material(pick(ACCENTS))
    tiled = material("metro tiles")
    finishes = []
    for room in plan.rooms:
        if room.kind == "corridor":
            finishes.append(Finish(wall, hall))
        elif room.kind == "kitchen":
            finishes.append(Finish(wall, hall, band=tiled, band_top=1.2))
        elif room.kind == "meeting room":
            finishes.append(Finish(wall, floor, accent, 0))
        else:
            finishes.append(Finish(wall, floor))
    halls = [k for k, room in enumerate(plan.rooms) if room.kind == "corridor"]
    for k in rng.permutation(halls)[: max(1, len(halls) // 4)]:
        finishes[int(k)] = Finish(wall, hall, accent, int(rng.choice([1, 3])))
    return Looks(style, finishes, accent)


def panelled_ceiling(rng: Generator) -> Material:
    """Square panels in a grid of metal rails, 0.6 m apart; one repeat covers 1.2 m."""
    tone = float(rng.uniform(0.82, 0.92))
    speckle = noise(rng, beta=0.4, low=20, high=90)
    image = np.full((SIDE, SIDE, 3), tone, np.float32) * (1 - 0.02 * speckle[..., None])
    for at in (0, SIDE // 2):
        image[at : at + 3], image[:, at : at + 3] = tone - 0.12, tone - 0.12
    pixels = finish(image)
    pixels.setflags(write=False)
    return Material("ceiling panels", texture=Texture(f"ceiling panels {tone:.3f}", pixels))


def door_sign(number: int, color: tuple[float, float, float]) -> Material:
    """A plate with the number of a room."""
    image = np.full((48, 96, 3), 235, np.uint8)
    image[40:] = np.round(255 * np.array(color)).astype(np.uint8)
    cv2.putText(
        image, f"{number:03d}", (14, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.05, (40, 40, 44), 2,
        cv2.LINE_AA,
    )  # fmt: skip
    image.setflags(write=False)
    name = f"sign {number} {tuple(round(c, 3) for c in color)}"
    return Material(name, texture=Texture(name, image))

"""Drawing a floor plan at random, until one is a home."""

from __future__ import annotations

from numpy.random import Generator

from navworld.scenes.apartment.layout import lay_out
from navworld.scenes.apartment.openings import cut_openings
from navworld.scenes.apartment.plan import (
    Plan,
    PlanRejected,
    find_walls,
    merge_patches,
    name_rooms,
)

ATTEMPTS = 60


def draw_plan(rng: Generator) -> Plan:
    """A random plan in which every room can be reached."""
    for _ in range(ATTEMPTS):
        try:
            patches = lay_out(rng)
            corners, roles = merge_patches(patches)
            walls = find_walls(corners)
            rooms = name_rooms(rng, corners, roles, walls)
            inner = float(rng.choice([0.10, 0.12, 0.15]))
            outer = float(rng.choice([0.20, 0.22, 0.25]))
            height = round(float(rng.uniform(2.4, 2.85)), 2)
            openings = cut_openings(rng, rooms, walls, thickness=inner)
        except PlanRejected:
            continue
        return Plan(rooms, walls, openings, height, inner, outer)
    raise RuntimeError(f"no floor plan in {ATTEMPTS} attempts: report the seed")

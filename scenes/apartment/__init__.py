"""Apartments from seeds: a floor plan, its building, furniture by room type, lamps and the sun."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.apartment.draw import draw_plan
from navworld.scenes.apartment.furnish import Furnisher, furnish
from navworld.scenes.apartment.joinery import doors_of
from navworld.scenes.apartment.plan import Plan
from navworld.scenes.apartment.shell import build_shell
from navworld.scenes.materials import sample_style
from navworld.scenes.seeds import checked_seed
from navworld.scenes.sunlight import draw_direction
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Floor, Lamp, Room, Scene, Sun

__all__ = ["VERSION", "apartment"]

VERSION = "1"
ATTEMPTS = 20
TRIANGLES = (21_000, 39_500)
"""What an apartment is decorated to have, whatever its size; a little less is still kept."""

FEWEST_TRIANGLES = 20_000

ROBOT_RADIUS = 0.18
MARGIN = 0.1
"""Free space beyond the robot's radius with which every room can be reached [m]."""


def apartment(seed: int) -> Scene:
    """The apartment of a seed: 3–12 rooms, furnished and lit; the same bytes on every run.

    Args:
        seed: Any whole number ≥ 0.
    """
    seed = checked_seed(seed, "apartment")
    for attempt in range(ATTEMPTS):
        scene = _build(seed, np.random.default_rng([seed, attempt]))
        if scene is not None:
            return scene
    raise RuntimeError(f"no apartment for seed {seed} in {ATTEMPTS} attempts: report the seed")


def _build(seed: int, rng: Generator) -> Scene | None:
    """One attempt; None when some room cannot be reached or all is too bare."""
    draw, look, build, fit, shine = rng.spawn(5)
    plan = draw_plan(draw)
    style = sample_style(look)
    mesh = build_shell(build, plan, style)
    doors = doors_of(plan, mesh)
    least, most = (bound - mesh.triangle_count for bound in TRIANGLES)
    rooms = furnish(fit, plan, style, triangles=(least, most))
    for room in rooms:
        for spot in room.space.spots:
            mesh.append(spot.piece.mesh, spot.T_world_piece)
    if mesh.triangle_count < FEWEST_TRIANGLES:
        return None
    arrays = mesh.arrays()
    floors = walkable_floors(arrays["vertices"], arrays["triangles"], seed_points=_thresholds(plan))
    if len(floors) != 1 or not _all_reachable(plan, floors[0]):
        return None
    return Scene(
        name=f"apartment-{seed}",
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=floors,
        lamps=_lamps(shine, rooms),
        sun=_sun(shine),
        ambient=(0.22, 0.22, 0.23),
        rooms=tuple(
            Room(room.kind, plan.inner_corners(index)) for index, room in enumerate(plan.rooms)
        ),
        version=VERSION,
        doors=doors,
    )


def _thresholds(plan: Plan) -> NDArray[np.float64]:
    """(N, 3) points in all inner doorways, just above the ground."""
    points = []
    for opening in plan.openings:
        if not opening.wall.outer:
            along, line = opening.middle, opening.wall.line
            points.append((along, line, 0.1) if opening.wall.axis == 0 else (line, along, 0.1))
    return np.array(points)


def _all_reachable(plan: Plan, floor: Floor) -> bool:
    """Whether one connected piece of walkable floor reaches well into every room."""
    import cv2

    wide = floor.clearance >= ROBOT_RADIUS + MARGIN
    _, labels = cv2.connectedComponents(wide.astype(np.uint8), connectivity=4)
    share = []
    for index in range(len(plan.rooms)):
        corners = np.array(plan.inner_corners(index))
        mask = np.zeros(labels.shape, np.uint8)
        pixels = (corners - floor.origin) / floor.cell - 0.5
        cv2.fillPoly(mask, [np.round(pixels * 16).astype(np.int32)], 1, shift=4)
        share.append(np.bincount(labels[mask > 0], minlength=1))
    main = int(np.argmax(share[0][1:]) + 1) if len(share[0]) > 1 else 0
    return main > 0 and all(len(count) > main and count[main] >= 40 for count in share)


def _lamps(rng: Generator, rooms: list[Furnisher]) -> tuple[Lamp, ...]:
    """Point lights at the bulbs, as strong as their room is large, warm or cool."""
    lamps = []
    for room in rooms:
        warm = rng.uniform(0.0, 1.0)
        tint = (1.0, 0.97 - 0.15 * warm, 0.94 - 0.38 * warm)
        on_ceiling = max(1, sum(spot.hung == "ceiling" for spot in room.lit))
        strength = (1.2 + 0.13 * room.space.area) / on_ceiling * rng.uniform(0.85, 1.2)
        for spot in room.lit:
            assert spot.piece.lamp is not None
            bulb = (spot.T_world_piece @ (*spot.piece.lamp, 1.0))[:3]
            x, y, z = (round(float(value), 4) for value in bulb)
            power = strength if spot.hung == "ceiling" else 0.5
            red, green, blue = (round(float(power * part), 4) for part in tint)
            lamps.append(Lamp((x, y, z), (red, green, blue), 0.08))
    return tuple(lamps)


def _sun(rng: Generator) -> Sun:
    """Sunlight from a random side, warmer and weaker when it stands low."""
    direction = draw_direction(rng, (15, 60))
    height = direction[2]
    strength = float(rng.uniform(1.8, 3.2))
    return Sun(
        direction, (strength, strength * (0.78 + 0.2 * height), strength * (0.5 + 0.45 * height))
    )

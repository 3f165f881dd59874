"""Offices from seeds: corridors and look-alike rooms over about 30 × 60 m.

Perceptual aliasing on purpose: rooms of a kind share doors, lamps, furniture and surfaces, down
to the model of the chair. What tells places apart is little: numbers on signs beside the doors, a
coloured wall, a plant, a picture, a bench here and there. The doors can open and close.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from navworld.scenes.apartment.joinery import doors_of
from navworld.scenes.apartment.plan import Plan
from navworld.scenes.apartment.shell import build_shell
from navworld.scenes.furniture import make
from navworld.scenes.materials import material
from navworld.scenes.office.furnish import Catalogue, Decorator, site_of
from navworld.scenes.office.layout import Office, draw_office
from navworld.scenes.office.looks import Looks, door_sign, draw_looks, panelled_ceiling
from navworld.scenes.seeds import checked_seed
from navworld.scenes.sunlight import draw_direction
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Lamp, Room, Scene, Sun

__all__ = ["VERSION", "office"]

VERSION = "2"
PANEL = 0.3
"""Half the side of a lamp in the ceiling [m]."""

LAMP_SPACING = 4.2
"""Between the lamps of a corridor [m]."""


def office(seed: int) -> Scene:
    """The office of a seed: 40–80 rooms along corridors; the same bytes on every run.

    Args:
        seed: Any whole number ≥ 0.
    """
    seed = checked_seed(seed, "office")
    draw, look, build, fit, mark, shine = np.random.default_rng(seed).spawn(6)
    plan_of = draw_office(draw)
    plan = plan_of.plan
    looks = draw_looks(look, plan)
    mesh = build_shell(build, plan, looks.style, looks.finishes)
    doors = doors_of(plan, mesh)
    _panel_ceiling(mesh, look)
    decorator = Decorator(mesh, Catalogue(fit, looks.style))
    for room, door in plan_of.doors.items():
        decorator.furnish(site_of(plan, room, door), plan.rooms[room].kind)
    _signs(mesh, plan_of)
    _landmarks(mark, mesh, plan_of, looks)
    lamps = _lamps(shine, mesh, plan)
    arrays = mesh.arrays()
    floors = walkable_floors(
        arrays["vertices"], arrays["triangles"], seed_points=_thresholds(plan_of)
    )
    return Scene(
        name=f"office-{seed}",
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=floors,
        lamps=lamps,
        sun=_sun(shine),
        ambient=(0.24, 0.24, 0.25),
        rooms=tuple(
            Room(room.kind, plan.inner_corners(index)) for index, room in enumerate(plan.rooms)
        ),
        texel=0.1,
        doors=doors,
        version=VERSION,
    )


def _thresholds(office_: Office) -> np.ndarray:
    """(N, 3) points in all doorways, just above the ground."""
    points = []
    for door in office_.doors.values():
        at = (door.middle, door.wall.line)
        points.append((*(at if door.wall.axis == 0 else at[::-1]), 0.1))
    return np.array(points)


def _panel_ceiling(mesh: MeshBuilder, rng: Generator) -> None:
    """Puts panels in place of the plaster of all ceilings."""
    plain = material("ceiling plaster")
    for k, item in enumerate(mesh.materials):
        if item is plain:
            mesh.materials[k] = replace(panelled_ceiling(rng), color=plain.color)


def _signs(mesh: MeshBuilder, office_: Office) -> None:
    """A numbered plate on the corridor's side, next to every door."""
    plan = office_.plan
    for number, (room, door) in enumerate(office_.doors.items(), start=101):
        hall_low = door.wall.rooms[0] != room
        out = -1.0 if hall_low else 1.0
        face = door.wall.line + out * (0.5 * plan.inner_thickness + 0.003)
        low, high = door.high + 0.12, door.high + 0.28
        if hall_low != (door.wall.axis == 0):
            low, high = high, low
        corners = [(low, 1.45), (high, 1.45), (high, 1.53), (low, 1.53)]
        points = [(a, face, z) if door.wall.axis == 0 else (face, a, z) for a, z in corners]
        item = mesh.add_instance(f"sign {number}", "sign")
        mesh.quad(points, door_sign(number, (0.25, 0.36, 0.52)), item, tile=None)


def _landmarks(rng: Generator, mesh: MeshBuilder, office_: Office, looks: Looks) -> None:
    """Pictures, plants and benches along the corridors, about one every 25 m."""
    plan, doors = office_.plan, list(office_.doors.values())
    count = max(4, len(doors) // 9)
    kinds = ("picture", "plant", "poster", "bench", "picture", "clock", "plant")
    for k, index in enumerate(rng.choice(len(doors), count, replace=False)):
        door = doors[int(index)]
        room = max(door.wall.rooms)
        piece = make(kinds[k % len(kinds)], rng, looks.style, (0.35, None))
        low, high = door.high + 0.4, door.wall.high - 0.15
        if piece.size[1] > high - low:
            continue
        at = 0.5 * (low + high)
        hung = kinds[k % len(kinds)] in ("picture", "poster", "clock")
        out = -1.0 if door.wall.rooms[0] != room else 1.0
        depth = 0.002 if hung else 0.5 * piece.size[0] + 0.03
        line = door.wall.line + out * (0.5 * plan.inner_thickness + depth)
        x, y = (at, line) if door.wall.axis == 0 else (line, at)
        yaw = out * 0.5 * np.pi if door.wall.axis == 0 else 0.5 * np.pi * (1 - out)
        T = np.eye(4)
        c, s = np.cos(yaw), np.sin(yaw)
        T[:2, :2], T[:3, 3] = [[c, -s], [s, c]], (x, y, 1.55 if hung else 0.0)
        mesh.append(piece.mesh, T)


def _lamps(rng: Generator, mesh: MeshBuilder, plan: Plan) -> tuple[Lamp, ...]:
    """Square lamps in the ceilings: one or two in a room, a row along every corridor."""
    cool = float(rng.uniform(0.86, 1.0))
    strength = float(rng.uniform(2.6, 3.4))
    lamps = []
    for index, room in enumerate(plan.rooms):
        corners = np.array(plan.inner_corners(index))
        low, high = corners.min(0), corners.max(0)
        size = high - low
        axis = int(size[1] > size[0])
        count = max(1, round(size[axis] / LAMP_SPACING))
        for k in range(count):
            at = 0.5 * (low + high)
            at[axis] = low[axis] + size[axis] * (k + 0.5) / count
            x, y = (round(float(value), 3) for value in at)
            item = mesh.add_instance("lamp", "lamp")
            mesh.box(
                (x - PANEL, y - PANEL, plan.height - 0.03), (x + PANEL, y + PANEL, plan.height),
                material("frosted glass"), item, omit=("+z",),
            )  # fmt: skip
            power = round(strength / (1.0 if room.kind == "corridor" else 0.9), 3)
            red, blue = round(power, 3), round(power * cool, 3)
            lamps.append(Lamp((x, y, round(plan.height - 0.12, 3)), (red, power, blue), 0.12))
    return tuple(lamps)


def _sun(rng: Generator) -> Sun:
    return Sun(draw_direction(rng, (25, 55)), (2.4, 2.3, 2.1))

"""Tunnels from seeds: long bends without texture, lit by few lamps.

Nothing here helps a camera but shading, the edge of the floor and a lamp every 12 to 22 m: this
is where visual odometry drifts. Baked light does not move, so a tunnel keeps sparse lamps of its
own and never gets quite dark; a light that a body carries along belongs to the camera, not here.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.materials import material
from navworld.scenes.seeds import checked_seed
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Lamp, Material, Room, Scene

__all__ = ["VERSION", "tunnel"]

VERSION = "1"
STEP = 0.8
"""Between the cross-sections [m]."""

STEEPEST = np.radians(75)
"""Of the heading against the x axis: a tunnel never runs back into itself."""

TIGHTEST = 7.0
"""Least radius of a bend [m]."""

CONCRETES = ((0.62, 0.61, 0.59), (0.55, 0.56, 0.58), (0.66, 0.60, 0.53), (0.70, 0.69, 0.66))


def tunnel(seed: int) -> Scene:
    """The tunnel of a seed, 120–300 m long; the same bytes on every run.

    Args:
        seed: Any whole number ≥ 0.
    """
    seed = checked_seed(seed, "tunnel")
    rng = np.random.default_rng(seed)
    line = _centre_line(rng, float(rng.uniform(120, 300)))
    profile, height = _profile(rng)
    mesh = MeshBuilder()
    _sweep(rng, mesh, line, profile)
    lamps = _lamps(rng, mesh, line, height)
    arrays = mesh.arrays()
    floors = walkable_floors(
        arrays["vertices"], arrays["triangles"], seed_points=[[*line[len(line) // 2, :2], 0.1]]
    )
    half = float(profile[1, 0])
    return Scene(
        name=f"tunnel-{seed}",
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=floors,
        lamps=lamps,
        ambient=(0.1, 0.1, 0.11),
        rooms=(Room("tunnel", _outline(line, half)),),
        texel=0.12,
        version=VERSION,
    )


def _centre_line(rng: Generator, length: float) -> NDArray[np.float64]:
    """(N, 3) x, y [m] and heading [rad] along a smooth line that always gets on along x."""
    count = round(length / STEP)
    heading = np.zeros(count)
    at, value = 0, 0.0
    while at < count - 1:
        target = float(rng.uniform(-STEEPEST, STEEPEST))
        radius = float(rng.uniform(TIGHTEST, 4 * TIGHTEST))
        # The heading eases in and out, so the bend is tightest in its middle.
        steps = max(8, int(np.ceil(0.5 * np.pi * abs(target - value) * radius / STEP)))
        ease = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, steps + 1) / steps)
        straight = int(rng.uniform(0, 18) / STEP)
        bend = np.concatenate([value + (target - value) * ease, np.full(straight, target)])
        bend = bend[: count - 1 - at]
        heading[at + 1 : at + 1 + len(bend)] = bend
        at, value = at + len(bend), target
    x = np.concatenate([[0.0], np.cumsum(STEP * np.cos(heading[1:]))])
    y = np.concatenate([[0.0], np.cumsum(STEP * np.sin(heading[1:]))])
    return np.stack([x, y, heading], 1)


def _profile(rng: Generator) -> tuple[NDArray[np.float64], float]:
    """(P, 2) left and up [m]: the floor from left to right, then the shell back; its height."""
    half = float(rng.uniform(1.1, 2.4))
    kind = ("box", "arch", "round")[int(rng.integers(3))]
    wall = float(rng.uniform(1.2, 2.0))
    if kind == "box":
        top = float(rng.uniform(2.3, 3.2))
        bevel = 0.35
        shell = [(-half, top - bevel), (-half + bevel, top), (half - bevel, top)]
        return np.array([(half, 0), (-half, 0), *shell, (half, top - bevel)]), top
    if kind == "arch":
        rise = float(rng.uniform(0.7, 1.0)) * half
        angle = np.linspace(np.pi, 0, 13)
        arc = np.stack([half * np.cos(angle), wall + rise * np.sin(angle)], 1)
        return np.concatenate([[(half, 0.0), (-half, 0.0)], arc]), wall + rise
    radius = half * 1.12
    sunk = float(np.sqrt(radius**2 - half**2))
    start = np.pi + np.arcsin(sunk / radius)
    angle = np.linspace(start, -np.arcsin(sunk / radius), 20)[1:-1]
    arc = np.stack([radius * np.cos(angle), sunk + radius * np.sin(angle)], 1)
    return np.concatenate([[(half, 0.0), (-half, 0.0)], arc]), sunk + radius


def _sweep(rng: Generator, mesh: MeshBuilder, line: NDArray, profile: NDArray) -> None:
    """The profile along the line, seen from inside, and walls at both ends."""
    shell = mesh.add_instance("tunnel", "wall")
    ground = mesh.add_instance("floor", "floor")
    base = np.array(CONCRETES[int(rng.integers(len(CONCRETES)))]) * rng.uniform(0.9, 1.08)
    wall = _plain("shotcrete", base)
    floor = _plain("screed", base * rng.uniform(0.72, 0.92))
    left = np.stack([-np.sin(line[:, 2]), np.cos(line[:, 2])], 1)
    rings = np.empty((len(line), len(profile), 3))
    rings[..., :2] = line[:, None, :2] + profile[None, :, :1] * left[:, None]
    rings[..., 2] = profile[:, 1]
    count = len(profile)
    for k in range(count):
        a, b = rings[:, k], rings[:, (k + 1) % count]
        corners = np.stack([a[:-1], b[:-1], b[1:], a[1:]], 1).reshape(-1, 3)
        index = np.arange(len(line) - 1)[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])
        triangles = index.reshape(-1, 3)
        uv = np.zeros((len(triangles), 3, 2))
        surface, item = (floor, ground) if k == 0 else (wall, shell)
        mesh.triangles(corners, triangles, uv, surface, item)
    fan = np.array([(0, j, j + 1) for j in range(1, count - 1)])
    for ring, order in ((rings[0], fan[:, ::-1]), (rings[-1], fan)):
        mesh.triangles(ring, order, np.zeros((len(fan), 3, 2)), wall, shell)


def _plain(name: str, color: NDArray) -> Material:
    """A surface of one colour."""
    red, green, blue = (round(float(part), 3) for part in color)
    return Material(f"{name} {red} {green} {blue}", (red, green, blue))


def _lamps(rng: Generator, mesh: MeshBuilder, line: NDArray, height: float) -> tuple[Lamp, ...]:
    """A small lamp under the roof every 12 to 22 m, now and then one that is out."""
    spacing = float(rng.uniform(12, 22))
    tint = (1.0, float(rng.uniform(0.82, 0.98)), float(rng.uniform(0.6, 0.95)))
    glow = material("bulb")
    lamps = []
    positions = np.arange(spacing / 3, len(line) * STEP - 1, spacing)
    for k, at in enumerate(positions):
        x, y = (round(float(value), 3) for value in line[int(at / STEP), :2])
        item = mesh.add_instance("lamp", "lamp")
        lit = k == 0 or rng.random() > 0.12
        surface = glow if lit else material("plastic grey")
        z = round(height - 0.16, 3)
        mesh.box((x - 0.12, y - 0.12, z), (x + 0.12, y + 0.12, height - 0.02), surface, item)
        if lit:
            power = 0.55 * spacing
            red, green, blue = (round(power * part, 3) for part in tint)
            lamps.append(Lamp((x, y, round(z - 0.08, 3)), (red, green, blue), 0.08))
    return tuple(lamps)


def _outline(line: NDArray, half: float) -> tuple[tuple[float, float], ...]:
    """The floor's outline, counter-clockwise."""
    left = np.stack([-np.sin(line[:, 2]), np.cos(line[:, 2])], 1) * abs(half)
    ring = np.concatenate([line[:, :2] - left, (line[:, :2] + left)[::-1]])
    return tuple((round(float(x), 3), round(float(y), 3)) for x, y in ring)

"""The magnetic field in a building: the earth's, bent by the steel in it.

Steel is a set of small spheres, uniformly magnetised: outside each is a dipole, exactly,
B = μ₀/4π · (3 (m·r̂) r̂ − m) / r³, inside the field is uniform, μ₀/4π · 2 m / a³. Their moments
are m = χ V B_earth / μ₀ + what is permanent: thin sheets and rods take a field with an effective
susceptibility χ limited by their shape, and keep a moment some times as large in a direction of
their own (the Königsberger ratio, `KEPT` for things and `KEPT_RODS` for reinforcement).

- Furniture and appliances: the area of painted and bare steel in each `CELL` of each instance,
  as sheet of `SHEET` kilograms per square metre.
- Reinforcement: a grid of rods in the slabs under floors and over ceilings, with beams that are
  heavier than the rest (a log-normal spread). Mats of `MAT` metres, welded and lifted as one, are
  magnetised in one direction, which is what is left of the pattern at some height.

Indoors the field deviates by several microtesla at the height of a table and changes over metres
(Hanley et al., "MagPIE: a dataset for indoor positioning with magnetic anomalies", IPIN 2017); the
constants of the reinforcement are set to give that, they are not measured.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.scene import Scene
from navworld.world.substances import property_table, substances

DENSITY = 7850.0
SUSCEPTIBILITY = 60.0
KEPT, KEPT_RODS = 1.0, 3.0
SHEET = 5.5
CELL = 0.4
REINFORCEMENT, SPACING, SPREAD = 15.0, 0.9, 0.8
"""Steel in a slab [kg/m²], distance of its dipoles [m], and their log-normal spread."""
DEPTH = 0.15
"""How deep the reinforcement lies in the slab [m]."""
MAT = 2.5
MOST_RODS = 3000

VACUUM = 0.1
"""μ₀/4π in µT·m³ per A·m²."""
TYPICAL = 49.0
"""Field in which the steel got its permanent moment [µT]."""


@dataclass(frozen=True, eq=False)
class Steel:
    """The steel of a scene.

    Attributes:
        position: (D, 3) [m]. radius: (D,) of the spheres [m].
        induced: (D,) moment per field [A·m² per µT].
        kept: (D, 3) permanent moment [A·m²].
    """

    position: NDArray[np.float64]
    radius: NDArray[np.float64]
    induced: NDArray[np.float64]
    kept: NDArray[np.float64]

    def field(self, points: NDArray, earth: NDArray, strength: float = 1.0) -> NDArray[np.float64]:
        """Field [µT] at points (P, 3) in the world frame.

        Args:
            earth: (3,) undisturbed field [µT].
            strength: Factor on all the steel.
        """
        points = np.ascontiguousarray(points, np.float64)
        out = np.tile(np.asarray(earth, np.float64), (len(points), 1))
        if strength and len(self.position):
            moment = strength * (self.induced[:, None] * earth + self.kept)
            _add_dipoles(points, self.position, self.radius, moment, out)
        return out


def earth_field(magnitude: float, inclination_deg: float, north_deg: float) -> NDArray[np.float64]:
    """(3,) the earth's field in the world frame [µT].

    Args:
        magnitude: [µT].
        inclination_deg: Below the horizontal.
        north_deg: Direction of magnetic north, from world x towards y.
    """
    dip, north = np.radians(inclination_deg), np.radians(north_deg)
    level = np.cos(dip)
    return magnitude * np.array([level * np.cos(north), level * np.sin(north), -np.sin(dip)])


def steel(scene: Scene) -> Steel:
    """The steel of a scene, the same on every run; to be kept with `Place.derived`."""
    rng = np.random.default_rng(zlib.crc32(f"{scene.name} {scene.version} steel".encode()))
    parts = [_furniture(scene, rng), _slabs(scene, rng)]
    position, mass, radius, direction = (
        np.concatenate([part[k] for part in parts]) for k in range(4)
    )
    ratio = np.repeat([KEPT, KEPT_RODS], [len(part[0]) for part in parts])
    induced = SUSCEPTIBILITY * mass / DENSITY / (4 * np.pi * VACUUM)
    kept = (ratio * TYPICAL * induced)[:, None] * direction
    return Steel(position, radius, induced, kept)


def _furniture(scene: Scene, rng: np.random.Generator) -> tuple[NDArray, ...]:
    """Positions, masses, radii and directions of the steel in things."""
    ferrous = property_table("steel")[substances(scene)]
    index = np.flatnonzero(ferrous > 0)
    if not len(index):
        return np.zeros((0, 3)), np.zeros(0), np.zeros(0), np.zeros((0, 3))
    corners = scene.vertices[scene.triangles[index]].astype(np.float64)
    sides = corners[:, 1:] - corners[:, :1]
    area = 0.5 * np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    mass = 0.5 * SHEET * area * ferrous[index]  # a sheet has two faces
    middle = corners.mean(1)
    cell = np.floor((middle - scene.bounds[0]) / CELL).astype(np.int64)
    group = np.column_stack([scene.instance[index], cell])
    _, own = np.unique(group, axis=0, return_inverse=True)
    own = own.ravel()
    total = np.bincount(own, mass)
    moments = np.stack([np.bincount(own, mass * middle[:, k]) for k in range(3)], 1)
    kept = total > 0.02
    places = moments[kept] / total[kept, None]
    count = int(kept.sum())
    return places, total[kept], np.full(count, CELL / 3), _directions(rng, count)


def _slabs(scene: Scene, rng: np.random.Generator) -> tuple[NDArray, ...]:
    """The same of the reinforcement, floor by floor and over the top."""
    low, high = scene.bounds
    heights = [floor.height - DEPTH for floor in scene.floors] or [low[2] - DEPTH]
    heights.append(high[2] + DEPTH)
    area = float(np.prod(high[:2] - low[:2])) * len(heights)
    spacing = max(SPACING, np.sqrt(area / MOST_RODS))
    x, y = (np.arange(low[k] + 0.5 * spacing, high[k], spacing) for k in range(2))
    grid = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    layers, directions = [], []
    mat = np.floor((grid - low[:2]) / max(MAT, spacing)).astype(int)
    mats = mat.max(0) + 1 if len(mat) else np.ones(2, int)
    for height in heights:
        shift = rng.uniform(-0.3, 0.3, grid.shape) * spacing
        layers.append(np.column_stack([grid + shift, np.full(len(grid), height)]))
        own = _directions(rng, int(mats.prod()))
        directions.append(own[mat[:, 0] * mats[1] + mat[:, 1]])
    position = np.concatenate(layers)
    weight = np.exp(SPREAD * rng.standard_normal(len(position)) - 0.5 * SPREAD**2)
    mass = REINFORCEMENT * spacing**2 * weight
    return position, mass, np.full(len(position), 0.1), np.concatenate(directions)


def _directions(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """(count, 3) unit vectors."""
    v = rng.standard_normal((count, 3))
    return v / np.maximum(np.linalg.norm(v, axis=1), 1e-9)[:, None]


@njit(cache=True, nogil=True)
def _add_dipoles(points, position, radius, moment, out):
    for p in range(len(points)):
        for d in range(len(position)):
            x = points[p, 0] - position[d, 0]
            y = points[p, 1] - position[d, 1]
            z = points[p, 2] - position[d, 2]
            square = x * x + y * y + z * z
            m = moment[d]
            if square <= radius[d] * radius[d]:
                inside = 2.0 * VACUUM / radius[d] ** 3
                for k in range(3):
                    out[p, k] += inside * m[k]
                continue
            inverse = 1.0 / np.sqrt(square)
            scale = VACUUM * inverse * inverse * inverse
            along = 3.0 * (m[0] * x + m[1] * y + m[2] * z) * inverse * inverse
            out[p, 0] += scale * (along * x - m[0])
            out[p, 1] += scale * (along * y - m[1])
            out[p, 2] += scale * (along * z - m[2])

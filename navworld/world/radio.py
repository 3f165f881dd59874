"""Radio in a building: where its access points are and what walls take from their signals.

Losses are those of the multi-wall model of COST 231 (Damosso & Correia, eds., "Digital mobile
radio towards future generation systems", final report, 1999, section 4.7): free space plus so many
decibels for every wall on the straight way, light or heavy. A wall's loss is split between its two
faces, so each face that the way crosses counts half; that works for any mesh and is the same
forwards and backwards.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.envelope import Envelope
from navworld.world.rays import RayScene, cast
from navworld.world.scene import Scene
from navworld.world.semantics import CLASS_ID
from navworld.world.substances import STRUCTURE, SUBSTANCE_ID, substances
from navworld.world.tracing import packets as pk
from navworld.world.tracing.fallback import ReferenceMesh

LIGHT_WALL, HEAVY_WALL, SLAB = 3.4, 6.9, 18.3
"""COST 231: thin walls or with many openings, load-bearing thick walls, floors [dB]."""
DOOR, PANE = 3.0, 2.0
"""A wooden door and a window pane without metal coating, commonly measured [dB]."""

HEAVY_FROM = 0.15
"""Walls thicker than this are load-bearing [m]."""
SMALLEST = 0.05
"""Triangles smaller than this, handles and mullions, stop nothing [m²]."""

SKIN = 1e-3
"""Faces closer together than this on the way count as one [m]."""
MOST_FACES = 64


@dataclass(frozen=True, eq=False)
class Walls:
    """What takes strength from radio.

    Attributes:
        rays: The faces of walls, floors, doors and windows; None where there are none.
        loss: (F,) of each face [dB].
    """

    rays: RayScene | None
    loss: NDArray[np.float32]

    def between(self, position: NDArray, points: NDArray) -> NDArray[np.float64]:
        """Loss of the straight ways between one place (3,) and others (A, 3) [dB]."""
        if self.rays is None or not len(points):
            return np.zeros(len(points))
        start = np.ascontiguousarray(position, np.float32)
        ways = np.ascontiguousarray(points - position, np.float32)
        if isinstance(self.rays.mesh, ReferenceMesh):
            return self._between_slowly(start, ways)
        total = np.zeros(len(ways))
        mesh = self.rays.mesh
        _cross(mesh.calls, mesh.handle, start, ways, self.loss, total)
        return total

    def _between_slowly(self, start: NDArray, ways: NDArray) -> NDArray[np.float64]:
        assert self.rays is not None
        total, passed = np.zeros(len(ways)), np.zeros(len(ways))
        skin = SKIN / np.maximum(np.linalg.norm(ways, axis=1), 1e-6)
        going = np.arange(len(ways))
        for _ in range(MOST_FACES):
            at = start + passed[going, None] * ways[going]
            t, face = cast(self.rays, at, ways[going])
            passed[going] += t
            hit = passed[going] < 1.0
            total[going[hit]] += self.loss[face[hit]]
            passed[going] += skin[going]
            going = going[hit]
            if not len(going):
                break
        return total


def walls(scene: Scene, shell: Envelope) -> Walls:
    """The faces of a scene that radio must pass; to be kept with `Place.derived`."""
    semantic, made_of = scene.semantic, substances(scene)
    corners = scene.vertices[scene.triangles].astype(np.float64)
    sides = corners[:, 1:] - corners[:, :1]
    area = 0.5 * np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    heavy = shell.thickness > HEAVY_FROM
    heavy |= np.isin(made_of, [SUBSTANCE_ID[n] for n in ("brick", "concrete", "stone")])
    whole = np.where(heavy, HEAVY_WALL, LIGHT_WALL)
    for name, decibels in (("floor", SLAB), ("ceiling", SLAB), ("door", DOOR)):
        whole[semantic == CLASS_ID[name]] = decibels
    glazed = semantic == CLASS_ID["window"]
    loss = np.where(glazed, PANE, 0.5 * whole)
    glazed &= made_of != SUBSTANCE_ID["glass"]
    kept = np.flatnonzero(np.isin(semantic, STRUCTURE) & (area >= SMALLEST) & ~glazed)
    if not len(kept):
        return Walls(None, np.zeros(0, np.float32))
    faces = replace(
        scene,
        name=f"{scene.name} walls",
        triangles=scene.triangles[kept],
        uv=scene.uv[kept],
        material=np.zeros(len(kept), np.int32),
        materials=(replace(scene.materials[0], texture=None),),
        instance=scene.instance[kept],
        floors=(),
    )
    return Walls(RayScene(faces), loss[kept].astype(np.float32))


@dataclass(frozen=True, eq=False)
class AccessPoints:
    """The transmitters of a place and their shadows.

    Attributes:
        position: (A, 3) [m].
        waves: (A, M, 3) wave vectors [rad/m] and `phases` (A, M) of the shadowing fields, of
            unit variance.
    """

    position: NDArray[np.float64]
    waves: NDArray[np.float64]
    phases: NDArray[np.float64]

    def shadowing(self, position: NDArray) -> NDArray[np.float64]:
        """(A,) the fields at a place (3,): standard normal over places, the same at every visit."""
        angle = np.einsum("amk,k->am", self.waves, position) + self.phases
        return np.sqrt(2.0 / self.phases.shape[1]) * np.cos(angle).sum(1)


WAVES = 48
HEIGHT = 2.2
"""Access points hang this high above the floor [m]."""


def access_points(
    scene: Scene, *, seed: int, area_per_point: float, most: int, decorrelation: float
) -> AccessPoints:
    """Places access points over the walkable floor, far from each other.

    Their number is the walkable area over `area_per_point`, 2 to `most`. Shadowing is a Gaussian
    field with the correlation exp(−distance / decorrelation) (Gudmundson, "Correlation model for
    shadow fading in mobile radio systems", Electronics Letters 27, 1991) as a sum of cosines whose
    wave vectors are drawn from the spectrum of that correlation, a Cauchy distribution.
    """
    rng = np.random.default_rng([zlib.crc32(f"{scene.name} {scene.version} radio".encode()), seed])
    candidates, area = [], 0.0
    for floor in scene.floors:
        cells = np.argwhere(floor.clearance > 0.1)
        area += len(floor.clearance[floor.clearance > 0]) * floor.cell**2
        xy = np.array(floor.origin) + (cells[:, ::-1] + 0.5) * floor.cell
        candidates.append(np.column_stack([xy, np.full(len(xy), floor.height + HEIGHT)]))
    spots = np.concatenate(candidates) if candidates else np.zeros((0, 3))
    if not len(spots):
        middle = scene.bounds.mean(0)
        spots, area = middle[None], float(np.prod(np.diff(scene.bounds, axis=0)[0, :2]))
    count = int(np.clip(round(area / area_per_point), min(2, most), most))
    chosen = [spots[rng.integers(len(spots))]]
    while len(chosen) < count:
        tries = spots[rng.integers(len(spots), size=8)]
        gaps = np.linalg.norm(tries[:, None] - np.array(chosen), axis=2).min(1)
        chosen.append(tries[gaps.argmax()])
    direction = rng.standard_normal((count, WAVES, 3))
    scale = np.maximum(np.abs(rng.standard_normal((count, WAVES, 1))), 0.02)
    return AccessPoints(
        position=np.array(chosen),
        waves=direction / scale / decorrelation,
        phases=rng.uniform(0, 2 * np.pi, (count, WAVES)),
    )


@njit(cache=True, nogil=True)
def _cross(calls, handle, start, ways, loss, total):
    """Adds up the losses of all faces on each way: many short rays in one packet."""
    rays = pk.new_packet()
    ids = rays.view(np.int32)
    for first in range(0, len(ways), pk.LANES):
        live = min(pk.LANES, len(ways) - first)
        skin = np.zeros(pk.LANES, np.float32)
        for k in range(pk.LANES):
            way = ways[min(first + k, len(ways) - 1)]
            pk.set_ray(rays, k, start, way, np.float32(0.0), np.float32(1.0))
            ids[pk.VALID, k] = -1 if k < live else 0
            skin[k] = SKIN / max(np.sqrt((way * way).sum()), 1e-6)
        for _ in range(MOST_FACES):
            pk.intersect(calls, handle, rays, False)
            going = False
            for k in range(live):
                if ids[pk.VALID, k] == 0:
                    continue
                if ids[pk.GEOM_ID, k] < 0:
                    ids[pk.VALID, k] = 0
                    continue
                total[first + k] += loss[ids[pk.PRIM_ID, k]]
                near = rays[pk.TFAR, k] + skin[k]
                if near >= 1.0:
                    ids[pk.VALID, k] = 0
                    continue
                pk.set_ray(rays, k, start, ways[first + k], near, np.float32(1.0))
                going = True
            if not going:
                break
    return total

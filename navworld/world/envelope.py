"""The shell of a building: how thick its walls are and which of them stand between in and out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.world.rays import RayScene, cast
from navworld.world.semantics import CLASS_ID
from navworld.world.substances import STRUCTURE

THICKEST = 1.0
"""What lies deeper behind a surface does not belong to the same wall [m]."""

_WEIGHTS = np.array(
    [[1, 1, 1], [4, 1, 1], [1, 4, 1], [1, 1, 4]], np.float64
) / np.array([[3], [6], [6], [6]])  # fmt: skip
_SKIN = 2e-3


@dataclass(frozen=True, eq=False)
class Envelope:
    """What lies behind the triangles of a building.

    Attributes:
        thickness: (T,) float32 from a surface through the wall to its other face [m]; 0 where
            nothing lies behind within `THICKEST`, and for triangles that are no structure.
        outer: (T,) float32 share of the triangle that has the open air on its other side; 0 for
            triangles that are no structure.
        outside: (T,) bool: the surface itself faces the open air; never for floors and ceilings,
            because scanned rooms are often open at the top.
    """

    thickness: NDArray[np.float32]
    outer: NDArray[np.float32]
    outside: NDArray[np.bool_]


def envelope(rays: RayScene) -> Envelope:
    """Feels the walls of a scene with four rays a triangle; to be kept with `Place.derived`."""
    scene = rays.scene
    count = len(scene.triangles)
    thickness, outer = np.zeros(count, np.float32), np.zeros(count, np.float32)
    outside = np.zeros(count, bool)
    index = np.flatnonzero(np.isin(scene.semantic, STRUCTURE))
    corners = scene.vertices[scene.triangles[index]].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1)
    index, corners, normal = (a[length > 1e-9] for a in (index, corners, normal))
    if not len(index):
        return Envelope(thickness, outer, outside)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    points = np.einsum("wk,tkd->twd", _WEIGHTS, corners).reshape(-1, 3)
    along = np.repeat(normal, len(_WEIGHTS), axis=0)
    behind, found = _beyond_wall(rays, points, -along)
    thickness[index] = np.median(found.reshape(len(index), -1), axis=1)
    outer[index] = behind.reshape(len(index), -1).mean(1)
    far = np.linalg.norm(np.diff(scene.bounds, axis=0)) + 1.0
    front, _ = cast(rays, points + _SKIN * along, along, far=float(far))
    outside[index] = np.isinf(front).reshape(len(index), -1).mean(1) > 0.5
    flat = np.isin(scene.semantic[index], (CLASS_ID["floor"], CLASS_ID["ceiling"]))
    outer[index[flat]], outside[index[flat]] = 0.0, False  # neighbours or insulation lie there
    return Envelope(thickness, outer, outside)


def _beyond_wall(
    rays: RayScene, points: NDArray, along: NDArray
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Whether the open air lies beyond a wall felt from one face, and how thick it is [m]."""
    start = points + _SKIN * along
    depth, _ = cast(rays, start, along, far=THICKEST)
    found = np.where(np.isinf(depth), 0.0, depth + _SKIN)
    far = float(np.linalg.norm(np.diff(rays.scene.bounds, axis=0)) + 1.0)
    leave = np.where(np.isinf(depth), 0.0, depth + _SKIN)[:, None] * along + start
    beyond, _ = cast(rays, leave, along, far=far)
    return np.isinf(beyond), found

"""Tracing without the packet engine: embreex's own API, one ray after the other.

Used where the Embree library cannot be bound or fails its self-test, and wherever the environment
variable NAVWORLD_RAYS is "embreex". Images are the same, several times slower.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from navworld.world.tracing import embree as em
from navworld.world.tracing.packets import HIT_ROWS
from navworld.world.tracing.single_rays import trace_rays

_TOLERANCE = 1e-4  # [m]


class ReferenceMesh:
    """Stands in for `embree.TriangleMesh`."""

    handle = 0

    def __init__(self, vertices: NDArray, triangles: NDArray) -> None:
        """Builds it from (V, 3) vertices [m] and (T, 3) corner indices."""
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self.calls = np.zeros(5, np.int64)  # no entry points: hits are handed to the kernel
        self._scene = EmbreeScene(robust=True)
        self._geometry = TriangleMesh(
            self._scene,
            np.ascontiguousarray(vertices, np.float32),
            np.ascontiguousarray(triangles, np.int32),
        )

    def nearest(
        self, origins: NDArray, directions: NDArray, *, near: float, far: float
    ) -> NDArray[np.float32]:
        """Nearest hits of (R, 3) rays as (HIT_ROWS, R): t, normal, U, V, and ids as int32 bits."""
        start = np.ascontiguousarray(origins + near * directions, np.float32)
        along = np.ascontiguousarray(directions, np.float32)
        reach = np.full(len(start), min(far - near, 1e37), np.float32)
        found = self._scene.run(start, along, reach, output=1)
        hits = np.empty((HIT_ROWS, len(start)), np.float32)
        hits[0] = found["tfar"] + np.float32(near)
        hits[1:4] = found["Ng"].T
        hits[4], hits[5] = found["u"], found["v"]
        ids = hits.view(np.int32)
        ids[6], ids[7], ids[8] = found["primID"], found["geomID"], -1
        return hits


class ReferenceInstances:
    """Stands in for `instances.Instances`."""

    handle = 0

    def __init__(self, meshes: Sequence[Sequence[ReferenceMesh]]) -> None:
        self._choices = [tuple(group) for group in meshes]
        self._meshes = [group[0] for group in self._choices]
        self.set_transforms(np.tile(np.eye(4), (len(meshes), 1, 1)))

    def set_transforms(self, T_world_part: NDArray, which: NDArray[np.int64] | None = None) -> None:
        """Moves every instance: (K, 4, 4); `which` (K,) of its meshes each shows from now on."""
        if which is not None:
            self._meshes = [group[k] for group, k in zip(self._choices, which, strict=True)]
        self._T_part_world = np.linalg.inv(T_world_part)

    def improve(
        self, hits: NDArray, origins: NDArray, directions: NDArray, *, near: float, far: float
    ) -> None:
        """Replaces those of `hits` behind an instance; their normals stay in its own frame."""
        for k, (mesh, T) in enumerate(zip(self._meshes, self._T_part_world, strict=True)):
            start, along = origins @ T[:3, :3].T + T[:3, 3], directions @ T[:3, :3].T
            own = mesh.nearest(start, along, near=near, far=far)
            own.view(np.int32)[8] = k
            ids, own_ids = hits.view(np.int32), own.view(np.int32)
            nearer = (own_ids[7] >= 0) & ((ids[7] < 0) | (own[0] < hits[0]))
            hits[:, nearer] = own[:, nearer]


@lru_cache(maxsize=1)
def native() -> bool:
    """Whether packets are traced by the bound library; decided, and tested, at the first call."""
    if os.environ.get("NAVWORLD_RAYS") == "embreex":
        return False
    try:
        error = self_test()
    except em.EmbreeUnavailableError as reason:
        error = str(reason)
    if error:
        warnings.warn(f"rays are traced one by one, which is slow: {error}", stacklevel=2)
    return not error


def self_test() -> str:
    """Compares a few rays with plain arithmetic; returns what is wrong, or ''.

    Not with embreex's own API: the worker of its device would spin beside our threads.
    """
    rng = np.random.default_rng(0)
    vertices = rng.uniform(-1, 1, (60, 3)).astype(np.float32)
    triangles = np.arange(60, dtype=np.int32).reshape(20, 3)
    directions = rng.normal(size=(48, 3)).astype(np.float32)
    mesh = em.TriangleMesh(vertices, triangles)
    t, triangle = np.empty(48, np.float32), np.empty(48, np.int32)
    start, far = np.zeros_like(directions), np.float32(np.inf)
    trace_rays(mesh.device.calls, mesh.handle, start, directions, far, t, triangle)
    distance, expected = _nearest_from_origin(vertices.reshape(20, 3, 3), directions)
    hit = expected >= 0
    if not np.array_equal(triangle, expected):
        return "Embree's packets hit other triangles than they should"
    if np.abs(t[hit] - distance[hit]).max() > _TOLERANCE:
        return "Embree's packets hit at other distances than they should"
    return ""


def _nearest_from_origin(
    corners: NDArray[np.float32], directions: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(R,) distance and triangle, −1 for none: Möller and Trumbore (1997) over all pairs."""
    a, b, c = np.moveaxis(corners.astype(np.float64), 1, 0)
    along = directions.astype(np.float64)[:, None]
    p = np.cross(along, c - a)
    scale = 1 / np.sum((b - a) * p, -1)
    u = np.sum(-a * p, -1) * scale
    q = np.cross(-a, b - a)
    v = np.sum(along * q, -1) * scale
    t = np.sum((c - a) * q, -1) * scale
    t[(u < 0) | (v < 0) | (u + v > 1) | (t < 0)] = np.inf
    nearest = t.argmin(1)
    distance = t[np.arange(len(t)), nearest]
    return distance, np.where(np.isfinite(distance), nearest, -1)

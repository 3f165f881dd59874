"""Meshes that move: a scene of instances in Embree that is traced after the static one.

Where they stand is written to memory, by whoever moves them; the library learns of it (`settle`)
when it is next asked, from compiled code: most of what moves is not seen most of the time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_void_p

import numba as nb
import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from navworld.world.tracing.embree import (
    QUALITY_MEDIUM,
    SCENE_DYNAMIC,
    SCENE_ROBUST,
    TriangleMesh,
    new_scene,
)
from navworld.world.tracing.packets import pointer, query

INSTANCE, FLOAT4X4_COLUMN_MAJOR = 121, 0x9244

PLACING = np.dtype(
    [
        (name, np.int64)
        for name in (
            "scene",
            "count",
            "meshes",  # that each instance can show
            "geometries", "choices", "showing", "shown", "columns",
            "set_transform", "commit_geometry", "commit_scene", "set_mesh",
            "stale",
        )
    ]
)  # fmt: skip
"""What `settle` needs of instances: numbers, and addresses of arrays and functions.

(count,) geometries; (count, meshes) choices; (count,) showing what the scene does, shown what it
is to; (count, 4, 4) float32 columns, the transforms that it is to have, as Embree takes them.
`stale` says whether the scene has yet to learn of them.
"""


class Instances:
    """Meshes that move: a small scene of its own, traced after the static one.

    A hit's row INST_ID is the index of the instance, PRIM_ID the triangle in its mesh.

    Attributes:
        handle: Address of the Embree scene; valid as long as this object lives.
        placing: (1,) of PLACING; what is written to its arrays by others takes `settle` to be
            seen.
        shown: (K,) which of its meshes each is to show.
        columns: (K, 4, 4) float32, T_world_part transposed.
    """

    def __init__(self, meshes: Sequence[TriangleMesh | Sequence[TriangleMesh]]) -> None:
        """Places every mesh at the identity; `set_transforms` moves them.

        Args:
            meshes: For each of the K instances its mesh, or several that it can show, of which
                it shows the first.
        """
        groups = [(m,) if isinstance(m, TriangleMesh) else tuple(m) for m in meshes]
        if not groups or not all(groups):
            raise ValueError("instances need at least one mesh")
        self.device = groups[0][0].device
        self._meshes = groups
        most = max(len(group) for group in groups)
        filled = [(*group, *group[-1:] * (most - len(group))) for group in groups]
        self._choices = np.array([[mesh.handle for mesh in group] for group in filled], np.int64)
        self._showing, self.shown = np.zeros((2, len(groups)), np.int64)
        self.columns = np.tile(np.eye(4, dtype=np.float32), (len(groups), 1, 1))
        library = self.device.library
        # Medium: over few instances a better tree is also made in half the time.
        self.handle: int = new_scene(
            self, self.device, SCENE_DYNAMIC | SCENE_ROBUST, QUALITY_MEDIUM
        )
        geometries = []
        for handle in self._choices[:, 0]:
            geometry = library.rtcNewGeometry(self.device.handle, INSTANCE)
            library.rtcSetGeometryInstancedScene(geometry, int(handle))
            library.rtcAttachGeometry(self.handle, geometry)
            library.rtcReleaseGeometry(geometry)  # the scene keeps it alive
            geometries.append(geometry)
        self._geometries = np.array(geometries, np.int64)
        names = (
            "rtcSetGeometryTransform", "rtcCommitGeometry", "rtcCommitScene",
            "rtcSetGeometryInstancedScene",
        )  # fmt: skip
        arrays = (self._geometries, self._choices, self._showing, self.shown, self.columns)
        self.placing: NDArray = np.zeros(1, PLACING)
        self.placing[0] = (
            self.handle, len(groups), most, *(array.ctypes.data for array in arrays),
            *(ctypes.cast(getattr(library, name), c_void_p).value for name in names), 1,
        )  # fmt: skip
        settle(self.placing.ctypes.data)
        self.device.check("placing instances")

    def set_transforms(self, T_world_part: NDArray, which: NDArray[np.int64] | None = None) -> None:
        """Moves every instance: (K, 4, 4). Not while a kernel traces this scene.

        Args:
            which: (K,) which of its meshes each shows from now on; None changes nothing.
        """
        self.columns[:] = np.swapaxes(T_world_part, 1, 2)
        if which is not None:
            self.shown[:] = which
        self.placing["stale"] = 1
        settle(self.placing.ctypes.data)


@nb.njit(nogil=True, cache=True)
def settle(placing):
    """Makes a scene of instances, the address of whose PLACING this is, show what it is to show.

    Through `query`, for a call costs a hundredth of one through ctypes; the functions take fewer
    arguments than are passed, which calling conventions allow. Not in two threads at a time.
    """
    own = carray(pointer(placing), (1,), PLACING)[0]
    if own.stale == 0:
        return
    geometries = carray(pointer(own.geometries), (own.count,), np.int64)
    choices = carray(pointer(own.choices), (own.count, own.meshes), np.int64)
    showing = carray(pointer(own.showing), (own.count,), np.int64)
    shown = carray(pointer(own.shown), (own.count,), np.int64)
    for k in range(own.count):
        if showing[k] != shown[k]:
            query(own.set_mesh, geometries[k], choices[k, shown[k]], 0, 0)
            showing[k] = shown[k]
        query(own.set_transform, geometries[k], 0, FLOAT4X4_COLUMN_MAJOR, own.columns + 64 * k)
        query(own.commit_geometry, geometries[k], 0, 0, 0)
    query(own.commit_scene, own.scene, 0, 0, 0)
    own.stale = 0

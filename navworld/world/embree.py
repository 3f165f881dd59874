"""Embree 4, called from numba: scenes of triangles, moving instances, packets of rays.

The embreex wheel brings the whole Embree library; this module binds its C API with ctypes and
makes the two ray queries callable from `nogil` kernels. Packets are 16 rays wide where the
processor runs those natively; elsewhere a packet is traced as two of 8. A packet is a 64-byte
aligned (ROWS, 16) float32 array laid out as Embree's `RTCRayHit16` and a last row VALID; ids are
its int32 view.

    import numba as nb
    from navworld.world import embree as em

    @nb.njit(nogil=True, cache=True)
    def first_hit(calls, scene, origin, directions, t, blocked):
        rays = em.new_packet()                   # all em.LANES = 16 lanes valid
        ids = rays.view(np.int32)
        for k in range(em.LANES):
            em.set_ray(rays, k, origin, directions[k], 0.0, np.inf)   # resets geomID as well
        em.intersect(calls, scene, rays, True)   # True: coherent (cameras), False: incoherent
        t[:] = rays[em.TFAR]                     # inf where ids[em.GEOM_ID] == -1;
        ...                                      # triangle in ids[em.PRIM_ID], corners by U, V
        em.occluded(calls, scene, rays, False)   # set_ray first; TFAR < 0 where blocked

    mesh = em.TriangleMesh(vertices, triangles)  # (V, 3) float32, (T, 3) int32; keep it alive
    first_hit(em.device().calls, mesh.handle, ...)

Lanes are switched off with `ids[em.VALID, k] = 0` (-1: on). `intersect` leaves TFAR at the
nearest hit, so a second scene traced on the same packet only replaces what is nearer.
"""

from __future__ import annotations

import ctypes
import importlib.util
import weakref
from collections.abc import Sequence
from ctypes import c_char_p, c_float, c_int, c_size_t, c_ssize_t, c_uint, c_void_p
from functools import lru_cache
from pathlib import Path

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from navworld.world.simd import intrinsic

# Rows of a packet: RTCRay, then RTCHit with its instance ids, then the mask of active lanes.
ORG_X, ORG_Y, ORG_Z, TNEAR, DIR_X, DIR_Y, DIR_Z, TIME, TFAR, MASK, RAY_ID, FLAGS = range(12)
NG_X, NG_Y, NG_Z, U, V, PRIM_ID, GEOM_ID, INST_ID, INST_PRIM_ID = range(12, 21)
VALID = 21
ROWS, LANES = 22, 16

# Entries of `Device.calls`.
INTERSECT, OCCLUDED, ARGUMENTS_COHERENT, ARGUMENTS_INCOHERENT, NATIVE_WIDTH = range(5)

_VERSION_MAJOR, _VERSION_MINOR, _RAY8_NATIVE, _RAY16_NATIVE = 1, 2, 33, 34
_TRIANGLE, _INSTANCE = 0, 121
_INDEX_BUFFER, _VERTEX_BUFFER = 0, 1
_UINT3, _FLOAT3, _FLOAT4X4_COLUMN_MAJOR = 0x5003, 0x9003, 0x9244
_SCENE_DYNAMIC, _SCENE_ROBUST = 1, 4
_QUALITY_MEDIUM, _QUALITY_HIGH = 1, 2
_QUERY_COHERENT = 1 << 16

_SIGNATURES: dict[str, tuple[type | None, list[type]]] = {
    "rtcNewDevice": (c_void_p, [c_char_p]),
    "rtcReleaseDevice": (None, [c_void_p]),
    "rtcGetDeviceProperty": (c_ssize_t, [c_void_p, c_int]),
    "rtcGetDeviceError": (c_int, [c_void_p]),
    "rtcNewScene": (c_void_p, [c_void_p]),
    "rtcSetSceneFlags": (None, [c_void_p, c_int]),
    "rtcSetSceneBuildQuality": (None, [c_void_p, c_int]),
    "rtcCommitScene": (None, [c_void_p]),
    "rtcReleaseScene": (None, [c_void_p]),
    "rtcNewGeometry": (c_void_p, [c_void_p, c_int]),
    "rtcSetSharedGeometryBuffer": (
        None,
        [c_void_p, c_int, c_uint, c_int, c_void_p, c_size_t, c_size_t, c_size_t],
    ),
    "rtcSetGeometryInstancedScene": (None, [c_void_p, c_void_p]),
    "rtcSetGeometryTransform": (None, [c_void_p, c_uint, c_int, ctypes.POINTER(c_float)]),
    "rtcCommitGeometry": (None, [c_void_p]),
    "rtcAttachGeometry": (c_uint, [c_void_p, c_void_p]),
    "rtcReleaseGeometry": (None, [c_void_p]),
}


class EmbreeUnavailableError(ImportError):
    """The Embree library cannot be bound: not found, or not a version 4."""


class _QueryArguments(ctypes.Structure):
    """RTCIntersectArguments and RTCOccludedArguments (one layout), with room to spare."""

    _fields_ = (
        ("flags", c_uint),
        ("feature_mask", c_uint),
        ("context", c_void_p),
        ("filter", c_void_p),
        ("query", c_void_p),
        ("reserved", c_void_p * 4),
    )


class Device:
    """An Embree device without worker threads of its own.

    Attributes:
        width: Rays that are traced at once, 16 or 8.
        version: (major, minor) of the library.
        calls: (5,) int64 addresses and the width that the numba functions of this module take.
    """

    def __init__(self, config: str = "", width: int | None = None) -> None:
        self.library = _load_library()
        text = ",".join(filter(None, ["threads=1,set_affinity=0", config]))
        self.handle = self.library.rtcNewDevice(text.encode())
        if not self.handle:
            raise EmbreeUnavailableError(f"Embree refuses to make a device with {text!r}")
        weakref.finalize(self, self.library.rtcReleaseDevice, self.handle)
        self.version = (self._property(_VERSION_MAJOR), self._property(_VERSION_MINOR))
        if self.version[0] != 4:
            found = ".".join(map(str, self.version))
            raise EmbreeUnavailableError(
                f"Embree {found} was found, 4.x is needed: pip install 'embreex>=4.4,<5'"
            )
        self.width = width or (16 if self._property(_RAY16_NATIVE) else 8)
        self._arguments = [_QueryArguments(f, 0xFFFFFFFF) for f in (_QUERY_COHERENT, 0)]
        entries = (f"rtcIntersect{self.width}", f"rtcOccluded{self.width}")
        addresses = [ctypes.cast(getattr(self.library, n), c_void_p).value for n in entries]
        addresses += [ctypes.addressof(block) for block in self._arguments]
        self.calls: NDArray[np.int64] = np.array([*addresses, self.width], np.int64)

    def _property(self, index: int) -> int:
        return int(self.library.rtcGetDeviceProperty(self.handle, index))

    def check(self, doing: str) -> None:
        """Raises RuntimeError if a call since the last check failed."""
        code = self.library.rtcGetDeviceError(self.handle)
        if code:
            raise RuntimeError(f"Embree failed while {doing} (error {code})")


@lru_cache(maxsize=1)
def device() -> Device:
    """The device that everything shares; raises EmbreeUnavailableError."""
    return Device()


class TriangleMesh:
    """A bounding volume hierarchy over triangles.

    Attributes:
        handle: Address of the Embree scene; valid as long as this object lives.
        calls: `Device.calls` of its device.
    """

    def __init__(
        self,
        vertices: NDArray,
        triangles: NDArray,
        on: Device | None = None,
        *,
        watertight: bool = True,
    ) -> None:
        """Builds it from (V, 3) vertices [m] and (T, 3) corner indices (both copied).

        Without `watertight`, building takes longer and tracing less long, and once in millions a
        ray slips through between two triangles.
        """
        self.device = on or device()
        self.calls = self.device.calls
        # Embree reads 16 bytes at every 12-byte element, hence one element more.
        self._vertices = _padded(vertices, np.float32)
        self._triangles = _padded(triangles, np.uint32)
        library, buffer = self.device.library, self.device.library.rtcSetSharedGeometryBuffer
        geometry = library.rtcNewGeometry(self.device.handle, _TRIANGLE)
        points, corners = self._vertices, self._triangles
        buffer(geometry, _VERTEX_BUFFER, 0, _FLOAT3, points.ctypes.data, 0, 12, len(points) - 1)
        buffer(geometry, _INDEX_BUFFER, 0, _UINT3, corners.ctypes.data, 0, 12, len(corners) - 1)
        library.rtcCommitGeometry(geometry)
        self.handle: int = (
            _new_scene(self, _SCENE_ROBUST, _QUALITY_MEDIUM)
            if watertight
            else _new_scene(self, 0, _QUALITY_HIGH)
        )
        library.rtcAttachGeometry(self.handle, geometry)
        library.rtcReleaseGeometry(geometry)
        library.rtcCommitScene(self.handle)
        self.device.check("building a triangle mesh")


class Instances:
    """Meshes that move: a small scene of its own, traced after the static one.

    A hit's row INST_ID is the index of the instance, PRIM_ID the triangle in its mesh.

    Attributes:
        handle: Address of the Embree scene; valid as long as this object lives.
    """

    def __init__(self, meshes: Sequence[TriangleMesh | Sequence[TriangleMesh]]) -> None:
        """Places every mesh at the identity; `set_transforms` moves them.

        Args:
            meshes: For each of the K instances its mesh, or several that it can show (`show`),
                of which it shows the first.
        """
        groups = [(m,) if isinstance(m, TriangleMesh) else tuple(m) for m in meshes]
        if not groups or not all(groups):
            raise ValueError("instances need at least one mesh")
        self.device = groups[0][0].device
        self._meshes = groups
        most = max(len(group) for group in groups)
        filled = [(*group, *group[-1:] * (most - len(group))) for group in groups]
        self._choices = np.array([[mesh.handle for mesh in group] for group in filled])
        self._which = np.zeros(len(groups), np.int64)
        library = self.device.library
        # Medium: over few instances a better tree is also made in half the time.
        self.handle: int = _new_scene(self, _SCENE_DYNAMIC | _SCENE_ROBUST, _QUALITY_MEDIUM)
        geometries = []
        for handle in self._choices[:, 0]:
            geometry = library.rtcNewGeometry(self.device.handle, _INSTANCE)
            library.rtcSetGeometryInstancedScene(geometry, int(handle))
            library.rtcAttachGeometry(self.handle, geometry)
            library.rtcReleaseGeometry(geometry)  # the scene keeps it alive
            geometries.append(geometry)
        self._geometries = np.array(geometries, np.int64)
        names = (
            "rtcSetGeometryTransform", "rtcCommitGeometry", "rtcCommitScene",
            "rtcSetGeometryInstancedScene",
        )  # fmt: skip
        entries = [ctypes.cast(getattr(library, name), c_void_p).value for name in names]
        self._calls = np.array(entries, np.int64)
        self._columns = np.empty((len(groups), 4, 4), np.float32)
        self.set_transforms(np.broadcast_to(np.eye(4), (len(meshes), 4, 4)))
        self.device.check("placing instances")

    def set_transforms(
        self, T_world_part: NDArray, which: NDArray[np.int64] | None = None
    ) -> None:
        """Moves every instance: (K, 4, 4). Not while a kernel traces this scene.

        Args:
            which: (K,) which of its meshes each shows from now on; None changes nothing.
        """
        T = np.ascontiguousarray(T_world_part, np.float64)
        which = self._which if which is None else which
        _move_instances(
            self._calls, self._geometries, self._choices, self._which, which, T, self._columns,
            self.handle,
        )  # fmt: skip


def aligned_copy(array: NDArray, dtype: np.dtype | type) -> NDArray:
    """A contiguous copy that starts at a cache line (64 bytes)."""
    source = np.ascontiguousarray(array, dtype)
    memory: NDArray = np.empty(source.nbytes + 64, np.uint8)
    skip = -memory.ctypes.data % 64
    out = memory[skip : skip + source.nbytes].view(source.dtype).reshape(source.shape)
    out[...] = source
    return out


def _padded(rows: NDArray, dtype: type) -> NDArray:
    out: NDArray = np.zeros((len(rows) + 1, 3), dtype)
    out[:-1] = rows
    return out


def _new_scene(owner: TriangleMesh | Instances, flags: int, quality: int) -> int:
    """Makes an empty scene that is released when its owner is garbage collected."""
    library = owner.device.library
    handle = library.rtcNewScene(owner.device.handle)
    library.rtcSetSceneFlags(handle, flags)
    library.rtcSetSceneBuildQuality(handle, quality)
    weakref.finalize(owner, library.rtcReleaseScene, handle)
    return handle


@lru_cache(maxsize=1)
def _load_library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("embreex")
    if spec is None or spec.origin is None:
        raise EmbreeUnavailableError("Embree is missing: pip install 'embreex>=4.4,<5'")
    package = Path(spec.origin).parent
    folders = (package.parent / "embreex.libs", package / ".dylibs", package)
    # On Windows, importing the package is what makes its folder of libraries searchable.
    import embreex  # noqa: F401

    for folder in folders:
        for path in sorted(folder.glob("*embree4*")):
            if path.suffix == ".pyd" or not path.is_file():
                continue
            try:
                library = ctypes.CDLL(str(path))
                for name, (result, arguments) in _SIGNATURES.items():
                    function = getattr(library, name)
                    function.restype, function.argtypes = result, arguments
            except (OSError, AttributeError) as error:
                raise EmbreeUnavailableError(f"cannot bind {path}: {error}") from error
            return library
    raise EmbreeUnavailableError(f"no Embree 4 library beside {package}: reinstall embreex>=4.4,<5")


@intrinsic
def _query(typing_context, entry, valid, scene, rays, arguments):
    """Calls `void entry(valid, scene, rays, arguments)`; all five are addresses (int64).

    An address passed as a number, not a ctypes function, is what lets numba cache its callers.
    """
    signature = types.void(types.int64, types.int64, types.int64, types.int64, types.int64)

    def generate(context, builder, signature, values):
        pointer = ir.IntType(8).as_pointer()
        function = ir.FunctionType(ir.VoidType(), [pointer] * 4)
        callee = builder.inttoptr(values[0], function.as_pointer())
        builder.call(callee, [builder.inttoptr(value, pointer) for value in values[1:]])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def pointer(typing_context, address):
    """An address as the pointer that `carray` takes."""

    def generate(context, builder, signature, values):
        return builder.inttoptr(values[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), generate


@nb.njit(nogil=True, cache=True)
def _move_instances(calls, geometries, choices, shown, which, T_world_part, columns, scene):
    """Sets the mesh and the transform of every instance and commits their scene.

    Through `_query`, for a call costs a hundredth of one through ctypes; the functions take fewer
    arguments than are passed, which calling conventions allow.

    Args:
        calls: (4,) addresses of the functions. geometries: (K,) handles of the instances.
        choices: (K, M) handles of the meshes that each can show.
        shown, which: (K,) which of them it shows, updated, and which it is to show.
        T_world_part: (K, 4, 4) float64.
        columns: (K, 4, 4) float32, written: the same by columns, as Embree takes them.
    """
    first = np.int64(columns.ctypes.data)
    for k in range(len(geometries)):
        for i in range(4):
            for j in range(4):
                columns[k, j, i] = T_world_part[k, i, j]
        if shown[k] != which[k]:
            _query(calls[3], geometries[k], choices[k, which[k]], 0, 0)
            shown[k] = which[k]
        _query(calls[0], geometries[k], 0, _FLOAT4X4_COLUMN_MAJOR, first + 64 * k)
        _query(calls[1], geometries[k], 0, 0, 0)
    _query(calls[2], scene, 0, 0, 0)


@nb.njit(nogil=True)
def _query_halves(entry, scene, rays, block, result_rows):
    """Traces a packet as two of 8 rays, in the space that `new_packet` keeps behind it."""
    address = np.int64(rays.ctypes.data)
    scratch = carray(pointer(address + ROWS * LANES * 4), (ROWS, 8), np.float32)
    half = np.int64(scratch.ctypes.data)
    for first in range(0, LANES, 8):
        for row in range(ROWS):
            for k in range(8):
                scratch[row, k] = rays[row, first + k]
        _query(entry, half + VALID * 8 * 4, scene, half, block)
        for row in range(result_rows):
            for k in range(8):
                rays[row, first + k] = scratch[row, k]


@nb.njit(nogil=True)
def _trace(calls, entry, scene, rays, coherent, result_rows):
    block = calls[ARGUMENTS_COHERENT] if coherent else calls[ARGUMENTS_INCOHERENT]
    if calls[NATIVE_WIDTH] == LANES:
        address = np.int64(rays.ctypes.data)
        _query(calls[entry], address + VALID * LANES * 4, np.int64(scene), address, block)
    else:
        _query_halves(calls[entry], np.int64(scene), rays, block, result_rows)


@nb.njit(nogil=True)
def intersect(calls, scene, rays, coherent):
    """Finds the nearest hit of every valid lane of a packet in a scene (its handle)."""
    _trace(calls, INTERSECT, scene, rays, coherent, VALID)


@nb.njit(nogil=True)
def occluded(calls, scene, rays, coherent):
    """Sets TFAR to -inf in every valid lane that hits anything."""
    _trace(calls, OCCLUDED, scene, rays, coherent, NG_X)


@nb.njit(nogil=True)
def new_packet():
    """An aligned (ROWS, LANES) float32 packet: every lane valid, masks set, times zero."""
    size = ROWS * LANES
    memory = np.zeros(size + ROWS * 8 + 16, np.float32)
    skip = (64 - np.int64(memory.ctypes.data) % 64) % 64 // 4
    rays = memory[skip : skip + size].reshape(ROWS, LANES)
    ids = rays.view(np.int32)
    for k in range(LANES):
        ids[MASK, k] = -1
        ids[VALID, k] = -1
        ids[GEOM_ID, k] = -1
        ids[INST_ID, k] = -1
    return rays


@nb.njit(nogil=True)
def set_ray(rays, lane, origin, direction, near, far):
    """Aims one lane: origin (3,), direction (3,), reach from `near` to `far` in directions."""
    rays[ORG_X, lane] = origin[0]
    rays[ORG_Y, lane] = origin[1]
    rays[ORG_Z, lane] = origin[2]
    rays[DIR_X, lane] = direction[0]
    rays[DIR_Y, lane] = direction[1]
    rays[DIR_Z, lane] = direction[2]
    rays[TNEAR, lane] = near
    rays[TFAR, lane] = far
    ids = rays.view(np.int32)
    ids[GEOM_ID, lane] = -1
    ids[INST_ID, lane] = -1

"""Embree 4 bound with ctypes: the library, its device, scenes of triangles.

The embreex wheel brings the whole Embree library; this module binds its C API. Rays are traced
from compiled kernels, in packets: see `navworld.world.tracing.packets`.
"""

from __future__ import annotations

import ctypes
import importlib.util
import weakref
from ctypes import c_char_p, c_float, c_int, c_size_t, c_ssize_t, c_uint, c_void_p
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.world.tracing.culling import cover

_VERSION_MAJOR, _VERSION_MINOR, _RAY8_NATIVE, _RAY16_NATIVE = 1, 2, 33, 34
_TRIANGLE = 0
_INDEX_BUFFER, _VERTEX_BUFFER = 0, 1
_UINT3, _FLOAT3 = 0x5003, 0x9003
SCENE_DYNAMIC, SCENE_ROBUST = 1, 4
QUALITY_MEDIUM, QUALITY_HIGH = 1, 2
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
            new_scene(self, self.device, SCENE_ROBUST, QUALITY_MEDIUM)
            if watertight
            else new_scene(self, self.device, 0, QUALITY_HIGH)
        )
        library.rtcAttachGeometry(self.handle, geometry)
        library.rtcReleaseGeometry(geometry)
        library.rtcCommitScene(self.handle)
        self.device.check("building a triangle mesh")

    @cached_property
    def spheres(self) -> NDArray[np.float32]:
        """(COVERS, 4) that cover it, see `culling.cover`."""
        return cover(self._vertices[:-1], self._triangles[:-1])


def _padded(rows: NDArray, dtype: type) -> NDArray:
    out: NDArray = np.zeros((len(rows) + 1, 3), dtype)
    out[:-1] = rows
    return out


def new_scene(owner: Any, on: Device, flags: int, quality: int) -> int:
    """Makes an empty scene that is released when its owner is garbage collected."""
    library = on.library
    handle = library.rtcNewScene(on.handle)
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

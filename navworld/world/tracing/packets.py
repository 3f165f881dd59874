"""Packets of 16 rays, traced by Embree from `nogil` numba kernels.

Packets are 16 rays wide where the processor runs those natively; elsewhere a packet is traced as
two of 8. A packet is a 64-byte aligned (ROWS, 16) float32 array laid out as Embree's `RTCRayHit16`
and a last row VALID; ids are its int32 view. What a kernel needs of the library is
`embree.Device.calls`.

    import numba as nb
    from navworld.world.tracing import embree
    from navworld.world.tracing import packets as pk

    @nb.njit(nogil=True, cache=True)
    def first_hit(calls, scene, origin, directions, t, blocked):
        rays = pk.new_packet()                   # all pk.LANES = 16 lanes valid
        ids = rays.view(np.int32)
        for k in range(pk.LANES):
            pk.set_ray(rays, k, origin, directions[k], 0.0, np.inf)   # resets geomID as well
        pk.intersect(calls, scene, rays, True)   # True: coherent (cameras), False: incoherent
        t[:] = rays[pk.TFAR]                     # inf where ids[pk.GEOM_ID] == -1;
        ...                                      # triangle in ids[pk.PRIM_ID], corners by U, V
        pk.occluded(calls, scene, rays, False)   # set_ray first; TFAR < 0 where blocked

    mesh = embree.TriangleMesh(vertices, triangles)  # (V, 3) float32, (T, 3) int32; keep it alive
    first_hit(embree.device().calls, mesh.handle, ...)

Lanes are switched off with `ids[pk.VALID, k] = 0` (-1: on). `intersect` leaves TFAR at the
nearest hit, so a second scene traced on the same packet only replaces what is nearer.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from navworld.world.tracing.simd import (
    intrinsic,
    load_f16,
    load_i4,
    load_i32,
    splat_f16,
    splat_i16,
    store,
)

# Rows of a packet: RTCRay, then RTCHit with its instance ids, then the mask of active lanes.
ORG_X, ORG_Y, ORG_Z, TNEAR, DIR_X, DIR_Y, DIR_Z, TIME, TFAR, MASK, RAY_ID, FLAGS = range(12)
NG_X, NG_Y, NG_Z, U, V, PRIM_ID, GEOM_ID, INST_ID, INST_PRIM_ID = range(12, 21)
VALID = 21
ROWS, LANES = 22, 16
HIT_ROWS = 9
"""Rows of hits found elsewhere: TFAR, then NG_X … INST_ID of a packet."""

_ROW = LANES * 4
_DX, _DY, _DZ = DIR_X * _ROW, DIR_Y * _ROW, DIR_Z * _ROW

# Entries of `Device.calls`.
INTERSECT, OCCLUDED, ARGUMENTS_COHERENT, ARGUMENTS_INCOHERENT, NATIVE_WIDTH = range(5)


def aligned_copy(array: NDArray, dtype: np.dtype | type) -> NDArray:
    """A contiguous copy that starts at a cache line (64 bytes)."""
    source = np.ascontiguousarray(array, dtype)
    memory: NDArray = np.empty(source.nbytes + 64, np.uint8)
    skip = -memory.ctypes.data % 64
    out = memory[skip : skip + source.nbytes].view(source.dtype).reshape(source.shape)
    out[...] = source
    return out


@intrinsic
def query(typing_context, entry, valid, scene, rays, arguments):
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
        query(entry, half + VALID * 8 * 4, scene, half, block)
        for row in range(result_rows):
            for k in range(8):
                rays[row, first + k] = scratch[row, k]


@nb.njit(nogil=True)
def _trace(calls, entry, scene, rays, coherent, result_rows):
    block = calls[ARGUMENTS_COHERENT] if coherent else calls[ARGUMENTS_INCOHERENT]
    if calls[NATIVE_WIDTH] == LANES:
        address = np.int64(rays.ctypes.data)
        query(calls[entry], address + VALID * LANES * 4, np.int64(scene), address, block)
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


@nb.njit(nogil=True)
def aim(packet, directions, pose):
    """Turns 16 directions (3, 16) into the world; both they and the packet are addresses."""
    x = load_f16(directions)
    y = load_f16(directions + _ROW)
    z = load_f16(directions + 2 * _ROW)
    store(packet + _DX, x * pose[0] + y * pose[1] + z * pose[2])
    store(packet + _DY, x * pose[3] + y * pose[4] + z * pose[5])
    store(packet + _DZ, x * pose[6] + y * pose[7] + z * pose[8])


@nb.njit(nogil=True)
def clear(packet, far):
    """Forgets the hits of the packet before."""
    store(packet + TFAR * _ROW, splat_f16(far))
    none = splat_i16(-1)
    store(packet + GEOM_ID * _ROW, none)
    store(packet + INST_ID * _ROW, none)


@nb.njit(nogil=True)
def recall(rays, hits):
    """Takes the hits of a packet from memory instead of tracing it."""
    found = carray(pointer(hits), (HIT_ROWS, LANES), np.float32)
    for k in range(LANES):
        rays[TFAR, k] = found[0, k]
        for row in range(1, HIT_ROWS):
            rays[NG_X + row - 1, k] = found[row, k]


@nb.njit(nogil=True)
def write(row, spots, whole, image):
    """Copies 16 values of 4 bytes to their places in an image; all but `whole` are addresses.

    Args:
        whole: Places go up by one within each group of four.
    """
    if whole:
        for k in range(0, LANES, 4):
            store(image + 4 * np.int64(load_i32(spots + 4 * k)), load_i4(row + 4 * k))
    else:
        for k in range(LANES):
            store(image + 4 * np.int64(load_i32(spots + 4 * k)), load_i32(row + 4 * k))

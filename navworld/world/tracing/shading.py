"""The kernel that makes images: traces packets of 4 × 4 rays and shades what they hit.

A triangle is one 64-byte record, so a hit costs one cache line, one for the level of its texture
and the texels themselves. What is the same for all 16 rays is done on 16 lanes at once; then every
ray interpolates texture and lightmap coordinates together, as four lanes, and blends four texels
of each. Outputs are chosen by addresses (0: not wanted), once per packet.

One level of a texture is read, the one nearest to half a level blurrier than a texel per ray:
gliding 2 cm a frame, the median pixel of a 64² image changes by 0.9/255 once motion is undone
(3.4 unfiltered), so blending two levels is not worth its time.

Images a second on one thread of an AVX-512 server core, at 64², 128², 256² (28k triangles, 97
textures or fewer, lightmap, random poses); depth alone is the tracing and little else:

    depth                   6,900   2,450   744
    RGB + depth + semantic  4,100   1,350   407
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba.np.numpy_support import carray

from navworld.world.scene import LIGHT_GAMMA, LIGHT_WHITE
from navworld.world.tracing import packets as pk
from navworld.world.tracing.culling import COVERS, nearest_parts
from navworld.world.tracing.instances import settle
from navworld.world.tracing.simd import (
    anywhere,
    bilinear,
    element,
    float_bits,
    load_bytes,
    load_f4,
    load_f16,
    load_f32,
    load_i4,
    load_i16,
    load_i32,
    load_i64,
    select,
    smaller,
    splat_f4,
    splat_f16,
    splat_i16,
    square_root,
    store,
    store_rgb,
    store_three,
    take,
    to_floats,
    truncate,
)
from navworld.world.tracing.texturing import LEVELS

RECORD = np.dtype(
    [
        ("coordinates", np.float32, (3, 4)),  # (u, v, light u, light v): at corner 0, per U, per V
        ("levels", np.int64),  # address of the material's LEVEL_ENTRY table
        ("density", np.float32),  # texels of the finest level per square metre
        ("label", np.int32),  # semantic << INSTANCE_BITS | instance
    ]
)
"""A triangle as the kernel reads it; the record after the last is the sky."""
INSTANCE_BITS = 22
OWN_LIGHT = np.float32(np.rint(255 * (1 / LIGHT_WHITE) ** (1 / LIGHT_GAMMA)))
"""Light of what shines by itself, as a lightmap stores it."""
MOVING = -2
"""What stands for every triangle of a moving part."""

# Columns of the table of scenes.
HANDLE, RECORDS, ATLAS, ATLAS_STRIDE, SKY = range(5)
# Entries of `outputs`.
RGB, DEPTH, SEMANTIC, INSTANCE, NORMALS, TRIANGLE, COLOR = range(7)
# Entries of `settings`.
NEAR, REACH, FAR, FOOTPRINT, COHERENT, PARALLEL, BLEND, SHIFT = 0, 1, 2, 3, 4, 5, 8, 12
SETTINGS = 16

_ROW = pk.LANES * 4
_OX, _OY, _OZ = pk.ORG_X * _ROW, pk.ORG_Y * _ROW, pk.ORG_Z * _ROW
_DX, _DY, _DZ = pk.DIR_X * _ROW, pk.DIR_Y * _ROW, pk.DIR_Z * _ROW
_NX, _NY, _NZ = pk.NG_X * _ROW, pk.NG_Y * _ROW, pk.NG_Z * _ROW
_T, _U, _V = pk.TFAR * _ROW, pk.U * _ROW, pk.V * _ROW
_LABEL = pk.RAY_ID * _ROW  # Embree leaves this row to its user
_PRIM, _GEOM, _INST = pk.PRIM_ID * _ROW, pk.GEOM_ID * _ROW, pk.INST_ID * _ROW
_LEVEL_BYTES = 64


@nb.njit(nogil=True)
def _depart(packet, origins, pose):
    """Starts the rays where the pattern says, not all at the camera."""
    x = load_f16(origins)
    y = load_f16(origins + _ROW)
    z = load_f16(origins + 2 * _ROW)
    store(packet + _OX, x * pose[0] + y * pose[1] + z * pose[2] + pose[9])
    store(packet + _OY, x * pose[3] + y * pose[4] + z * pose[5] + pose[10])
    store(packet + _OZ, x * pose[6] + y * pose[7] + z * pose[8] + pose[11])


@nb.njit(nogil=True)
def _settle(packet, footprint, sky, settings):
    """Sends misses to the sky and finds how much of its surface each ray stands for.

    Writes to `footprint` (16 floats) the squared spacing of neighbouring rays [m²], widened on
    slanted surfaces.
    """
    hit = load_i16(packet + _GEOM) >= 0
    dx, dy, dz = load_f16(packet + _DX), load_f16(packet + _DY), load_f16(packet + _DZ)
    nx, ny, nz = load_f16(packet + _NX), load_f16(packet + _NY), load_f16(packet + _NZ)
    length2 = dx * dx + dy * dy + dz * dz
    facing = dx * nx + dy * ny + dz * nz
    slant2 = length2 * (nx * nx + ny * ny + nz * nz) / (facing * facing + np.float32(1e-30))
    # An instance's normal is in its own frame: there the surface counts as facing the ray.
    still = load_i16(packet + _INST) < 0
    slant2 = select(still, smaller(slant2, splat_f16(np.float32(400.0))), splat_f16(1.0))
    t = select(hit, load_f16(packet + _T), splat_f16(0.0))
    spacing2 = t * t * settings[FOOTPRINT] + settings[PARALLEL]
    store(footprint, spacing2 * square_root(slant2))
    store(packet + _PRIM, select(hit, load_i16(packet + _PRIM), splat_i16(sky)))
    up = dz / square_root(length2 + np.float32(1e-30))
    store(packet + _U, select(hit, load_f16(packet + _U), up))
    store(packet + _V, select(hit, load_f16(packet + _V), splat_f16(0.0)))


@nb.njit(nogil=True)
def _shade(
    packet, footprint, pixels, parts, atlas, atlas_stride, white, rgb, exact, blend, shift
):  # fmt: skip
    """Writes the colours of 16 rays and keeps their labels in the packet.

    `rgb` and `exact` are the addresses of the image in bytes and in floats; 0 leaves one out.
    """
    for k in range(pk.LANES):
        part = np.int64(load_i32(packet + _INST + 4 * k)) + 1
        record = parts[part, 0] + 64 * np.int64(load_i32(packet + _PRIM + 4 * k))
        u, v = load_f32(packet + _U + 4 * k), load_f32(packet + _V + 4 * k)
        at = load_f4(record) + load_f4(record + 16) * u + load_f4(record + 32) * v
        texels2 = load_f32(record + 56) * load_f32(footprint + 4 * k)
        level = (np.int64(element(float_bits(splat_f4(texels2)), 0)) >> 24) - 63
        level = min(max(level, np.int64(0)), np.int64(LEVELS - 1))
        entry = load_i64(record + 48) + _LEVEL_BYTES * level
        at = at * load_f4(entry) - shift
        corner = truncate(at)
        fraction = (at - to_floats(corner)) * blend
        corner = corner & load_i4(entry + 16)
        stride = np.int64(load_i32(entry + 40))
        texel = load_i64(entry + 32)
        texel += stride * np.int64(element(corner, 1)) + 4 * np.int64(element(corner, 0))
        light = atlas + atlas_stride * np.int64(element(corner, 3))
        light += 4 * np.int64(element(corner, 2))
        color = bilinear(texel, stride, fraction, 0)
        irradiance = bilinear(light, atlas_stride, fraction, 2)
        own = splat_f4(element(color, 3) * np.float32(1 / 255))
        color = color * (irradiance + (OWN_LIGHT - irradiance) * own)
        color = color * (load_bytes(entry + 44) * white)
        store(packet + _LABEL + 4 * k, np.int32(load_i32(record + 60) + parts[part, 1]))
        pixel = np.int64(load_i32(pixels + 4 * k))
        if rgb != 0:
            store_rgb(rgb + 3 * pixel, smaller(color, splat_f4(np.float32(255.0))))
        if exact != 0:
            store_three(exact + 12 * pixel, color * np.float32(1 / 255))


@nb.njit(nogil=True)
def _look_up(packet, parts):
    """Finds the labels of 16 rays where no colour is wanted."""
    for k in range(pk.LANES):
        part = np.int64(load_i32(packet + _INST + 4 * k)) + 1
        record = parts[part, 0] + 64 * np.int64(load_i32(packet + _PRIM + 4 * k))
        store(packet + _LABEL + 4 * k, np.int32(load_i32(record + 60) + parts[part, 1]))


@nb.njit(nogil=True)
def _write_labels(packet, pixels, whole, semantic, instance, offset):
    """Writes classes and instances of 16 rays; an address of 0 is left out."""
    label = load_i16(packet + _LABEL)
    if semantic != 0:
        store(packet + _LABEL, label >> INSTANCE_BITS)
        pk.write(packet + _LABEL, pixels, whole, semantic + offset)
    if instance != 0:
        store(packet + _LABEL, label & ((1 << INSTANCE_BITS) - 1))
        pk.write(packet + _LABEL, pixels, whole, instance + offset)


@nb.njit(nogil=True)
def _write_triangles(packet, pixels, whole, triangle):
    """Writes which triangles 16 rays hit; before `_settle`, with the row of labels as its room."""
    still = load_i16(packet + _INST) < 0
    own = select(still, load_i16(packet + _PRIM), splat_i16(MOVING))
    hit = load_i16(packet + _GEOM) >= 0
    store(packet + _LABEL, select(hit, own, splat_i16(-1)))
    pk.write(packet + _LABEL, pixels, whole, triangle)


@nb.njit(nogil=True)
def _write_depth(packet, pixels, whole, depth, far):
    """Writes the ray parameters of 16 rays, 0 where nothing was hit."""
    t = load_f16(packet + _T)
    seen = (load_i16(packet + _GEOM) >= 0) & (t <= far)
    store(packet + _T, select(seen, t, splat_f16(0.0)))
    pk.write(packet + _T, pixels, whole, depth)


@nb.njit(nogil=True)
def _orient(rays, pixels, rotations, normals):
    """Writes unit normals in the world frame, facing the ray; zeros where nothing was hit."""
    packet = np.int64(rays.ctypes.data)
    for k in range(pk.LANES):
        x, y, z = rays[pk.NG_X, k], rays[pk.NG_Y, k], rays[pk.NG_Z, k]
        part = np.int64(load_i32(packet + _INST + 4 * k))
        if part >= 0:
            r = carray(pk.pointer(rotations + 36 * part), (3, 3), np.float32)
            own_x, own_y, own_z = x, y, z
            x = r[0, 0] * own_x + r[0, 1] * own_y + r[0, 2] * own_z
            y = r[1, 0] * own_x + r[1, 1] * own_y + r[1, 2] * own_z
            z = r[2, 0] * own_x + r[2, 1] * own_y + r[2, 2] * own_z
        facing = x * rays[pk.DIR_X, k] + y * rays[pk.DIR_Y, k] + z * rays[pk.DIR_Z, k]
        length = np.sqrt(x * x + y * y + z * z + np.float32(1e-30))
        scale = np.float32((-1.0 if facing > 0 else 1.0) / length)
        if load_i32(packet + _GEOM + 4 * k) < 0:  # what stands there is of the packet before
            x, y, z, scale = np.float32(0.0), np.float32(0.0), np.float32(0.0), np.float32(1.0)
        spot = normals + 12 * np.int64(load_i32(pixels + 4 * k))
        store(spot, np.float32(x * scale))
        store(spot + 4, np.float32(y * scale))
        store(spot + 8, np.float32(z * scale))


@nb.njit(nogil=True)
def _stand(rays, parts, pose, scene, mover, settings):
    """Makes a packet start at a camera and lists the geometries it can hit."""
    for k in range(pk.LANES):
        rays[pk.ORG_X, k] = pose[9]
        rays[pk.ORG_Y, k] = pose[10]
        rays[pk.ORG_Z, k] = pose[11]
        rays[pk.TNEAR, k] = settings[NEAR]
    parts[0, 0], parts[0, 1] = scene[RECORDS], 0
    for k in range(mover.count):
        parts[k + 1, 0] = load_i64(mover.records + 8 * k)
        parts[k + 1, 1] = load_i64(mover.instances + 8 * k)


@nb.njit(nogil=True)
def _trace_moving(calls, rays, mover, nearest, coherent):
    """Traces a packet among moving parts, unless all its rays end before they can hit any."""
    ends = load_f16(np.int64(rays.ctypes.data) + _T)
    if anywhere(ends >= nearest):
        settle(mover.placing)
        pk.intersect(calls, mover.scene, rays, coherent)


@nb.njit(nogil=True, cache=True)
def trace_images(
    calls, scenes, movers, which, poses, gains, directions, origins, pixels, whole, outputs,
    settings, shares, taken, resolution, hits, whole_cone, cones,
):  # fmt: skip
    """Traces and shades packets of all cameras, share after share until all are taken.

    Args:
        calls: `embree.Device.calls`.
        scenes: (S, 5) int64, columns HANDLE … SKY.
        movers: (N,) of `moving.PARTS`; where several threads share one, it is settled.
        which: (N,) int64 scene of every camera.
        poses: (N, 12) float32, rotation by rows and position of T_world_camera.
        gains: (N, 4) float32, what 255 · 255 · 255 (texture, light, colour) is multiplied with.
        directions: (P, 3, 16) float32 rays of the P packets of one image.
        origins: (P, 3, 16) float32 where they start in the camera frame, or (0, 3, 16) for the
            camera's own place.
        pixels: (P, 16) int32 pixel of every ray.
        whole: (P,) bool, True where pixels go up by one within each group of four rays.
        outputs: (7,) int64 addresses of RGB … COLOR, 0 if not wanted.
        settings: (SETTINGS,) float32.
        shares: (K + 1,) int64 packets (camera · P + packet) at which shares begin, and the end.
        taken: (1,) int64, how many of the K shares are taken; is counted up.
        resolution: Pixels of one image.
        hits: Address of the hits of these packets (HIT_ROWS, 16) where they are not to be traced
            here, or 0.
        whole_cone, cones: `RayPattern.cones`.
    """
    rays = pk.new_packet()
    packet = np.int64(rays.ctypes.data)
    memory = np.zeros(32, np.float32)
    footprint = (np.int64(memory.ctypes.data) + 63) // 64 * 64
    most = 0
    for n in range(len(movers)):
        most = max(most, movers[n].count)
    parts = np.zeros((most + 1, 2), np.int64)
    coherent = settings[COHERENT] > 0
    blend = load_f4(np.int64(settings.ctypes.data) + 4 * BLEND)
    shift = load_f4(np.int64(settings.ctypes.data) + 4 * SHIFT)
    rgb, depth, normals = outputs[RGB], outputs[DEPTH], outputs[NORMALS]
    triangle, color = outputs[TRIANGLE], outputs[COLOR]
    semantic, instance = outputs[SEMANTIC], outputs[INSTANCE]
    labels, painted = semantic != 0 or instance != 0, rgb != 0 or color != 0
    packets = len(pixels)
    nearest = np.empty(packets + pk.LANES if most > 0 else 0, np.float32)
    at, last = shares[0], shares[0]
    while True:
        if at == last:
            share = take(np.int64(taken.ctypes.data), 1)
            if share + 1 >= len(shares):
                break
            at, last = shares[share], shares[share + 1]
        n = at // packets
        scene, mover, pose = scenes[which[n]], movers[n], poses[n]
        _stand(rays, parts, pose, scene, mover, settings)
        white = load_f4(np.int64(gains.ctypes.data) + 16 * n)
        first = n * resolution
        begin, end = at - n * packets, min(packets, last - n * packets)
        moving = mover.count > 0 and hits == 0
        if moving:
            spheres, count = mover.spheres, COVERS * mover.count
            nearest_parts(whole_cone, cones, pose, spheres, count, begin, end, nearest)
        for p in range(begin, end):
            pk.aim(packet, np.int64(directions.ctypes.data) + 3 * _ROW * p, pose)
            pk.clear(packet, settings[REACH])
            if len(origins) > 0:
                _depart(packet, np.int64(origins.ctypes.data) + 3 * _ROW * p, pose)
            if hits != 0:
                pk.recall(rays, hits + pk.HIT_ROWS * _ROW * (n * packets + p - shares[0]))
            else:
                pk.intersect(calls, scene[HANDLE], rays, coherent)
                if moving and nearest[p] < np.inf:
                    _trace_moving(calls, rays, mover, nearest[p], coherent)
            spots = np.int64(pixels.ctypes.data) + _ROW * p
            if normals != 0:
                _orient(rays, spots, mover.rotations, normals + 12 * first)
            if triangle != 0:
                _write_triangles(packet, spots, whole[p], triangle + 4 * first)
            if painted or labels:
                _settle(packet, footprint, scene[SKY], settings)
            if painted:
                _shade(
                    packet, footprint, spots, parts, scene[ATLAS], scene[ATLAS_STRIDE], white,
                    rgb + 3 * first if rgb != 0 else 0, color + 12 * first if color != 0 else 0,
                    blend, shift,
                )  # fmt: skip
            elif labels:
                _look_up(packet, parts)
            if labels:
                offset = 4 * first
                _write_labels(packet, spots, whole[p], semantic, instance, offset)
            if depth != 0:
                _write_depth(packet, spots, whole[p], depth + 4 * first, settings[FAR])
        at = min((n + 1) * packets, last)
    memory[0] = 0.0  # numba frees an array after its last use, though its address be in use

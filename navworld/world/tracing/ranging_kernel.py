"""The kernel of `navworld.world.ranging`: traces packets of 16 beams and measures what they hit.

What the arrays hold is said at `trace_scans`; the model of light and noise in `ranging`.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba.np.numpy_support import carray

from navworld.world.tracing import draws
from navworld.world.tracing import packets as pk
from navworld.world.tracing.simd import (
    load_f16,
    load_f32,
    load_i16,
    load_i32,
    select,
    smaller,
    splat_f16,
    splat_i16,
    square_root,
    store,
)

MOVING = 0.5
"""Reflectance of what moves: skin, hair and cloth in the near infrared."""

# Columns of the table of scenes.
HANDLE, REFLECTANCE = range(2)
# Entries of `settings`.
NEAR, FAR, VARIANCE, GROWTH, DROPOUT, REACH, SETTINGS = range(7)
# What there is to do, as bits of `tasks`.
INTENSITY, FALLOFF, WEAK, DROPPING, NOISY = 1, 2, 4, 8, 16

_ROW = pk.LANES * 4
_DX, _DY, _DZ = pk.DIR_X * _ROW, pk.DIR_Y * _ROW, pk.DIR_Z * _ROW
_NX, _NY, _NZ = pk.NG_X * _ROW, pk.NG_Y * _ROW, pk.NG_Z * _ROW
_T, _SHARE = pk.TFAR * _ROW, pk.RAY_ID * _ROW  # Embree leaves the second to its user
_PRIM, _GEOM, _INST = pk.PRIM_ID * _ROW, pk.GEOM_ID * _ROW, pk.INST_ID * _ROW


@nb.njit(nogil=True)
def _aim_moving(rays, directions, spots, poses):
    """Turns 16 directions into the world, each at the pose of its azimuth."""
    for k in range(pk.LANES):
        pose = poses[load_i32(spots + 4 * k) % len(poses)]
        x = load_f32(directions + 4 * k)
        y = load_f32(directions + _ROW + 4 * k)
        z = load_f32(directions + 2 * _ROW + 4 * k)
        rays[pk.DIR_X, k] = x * pose[0] + y * pose[1] + z * pose[2]
        rays[pk.DIR_Y, k] = x * pose[3] + y * pose[4] + z * pose[5]
        rays[pk.DIR_Z, k] = x * pose[6] + y * pose[7] + z * pose[8]
        rays[pk.ORG_X, k], rays[pk.ORG_Y, k], rays[pk.ORG_Z, k] = pose[9], pose[10], pose[11]


@nb.njit(nogil=True)
def _turn_normals(rays, rotations):
    """Turns the normals of moving parts, which are in their own frames, into the world."""
    ids = rays.view(np.int32)
    for k in range(pk.LANES):
        if ids[pk.INST_ID, k] >= 0:
            r = carray(pk.pointer(rotations + 36 * ids[pk.INST_ID, k]), (3, 3), np.float32)
            x, y, z = rays[pk.NG_X, k], rays[pk.NG_Y, k], rays[pk.NG_Z, k]
            rays[pk.NG_X, k] = r[0, 0] * x + r[0, 1] * y + r[0, 2] * z
            rays[pk.NG_Y, k] = r[1, 0] * x + r[1, 1] * y + r[1, 2] * z
            rays[pk.NG_Z, k] = r[2, 0] * x + r[2, 1] * y + r[2, 2] * z


@nb.njit(nogil=True)
def _light(packet, table):
    """Finds the share of the light that each of 16 hits sends back."""
    own = (load_i16(packet + _GEOM) >= 0) & (load_i16(packet + _INST) < 0)
    store(packet + _SHARE, select(own, load_i16(packet + _PRIM), splat_i16(0)))
    for k in range(pk.LANES):
        triangle = np.int64(load_i32(packet + _SHARE + 4 * k))
        store(packet + _SHARE + 4 * k, load_f32(table + 4 * triangle))
    nx, ny, nz = load_f16(packet + _NX), load_f16(packet + _NY), load_f16(packet + _NZ)
    dx, dy, dz = load_f16(packet + _DX), load_f16(packet + _DY), load_f16(packet + _DZ)
    facing = dx * nx + dy * ny + dz * nz
    cos2 = facing * facing / (nx * nx + ny * ny + nz * nz + np.float32(1e-30))
    cos2 = smaller(cos2, splat_f16(np.float32(1.0)))
    lobe = select(cos2 < 0.1, splat_f16(np.float32(0.1)), cos2)  # so that none is denormal
    lobe = lobe * lobe
    lobe = lobe * lobe
    lobe = lobe * lobe
    lobe = lobe * lobe
    lobe = lobe * lobe
    share = select(own, load_f16(packet + _SHARE), splat_f16(np.float32(MOVING)))
    store(packet + _SHARE, select(share < 0.0, -1.0 * share * lobe, share * square_root(cos2)))


@nb.njit(nogil=True)
def _detected(packet, t, bits, settings, weak):
    """Which of 16 returns are not lost."""
    lost = splat_f16(load_f32(settings + 4 * DROPOUT))
    if weak:
        power = load_f16(packet + _SHARE) * load_f32(settings + 4 * REACH)
        q = power / (t * t + np.float32(1e-12))
        q = q * q
        lost = lost + (1.0 - lost) / (1.0 + 9.0 * q * q)
    return draws.uniform(draws.low(bits)) >= lost


@nb.njit(nogil=True)
def _disturbed(t, bits, settings):
    """16 ranges with noise, kept within what the receiver reports."""
    growth, variance = load_f32(settings + 4 * GROWTH), load_f32(settings + 4 * VARIANCE)
    t = t + square_root(t * t * growth + variance) * draws.normal(draws.high(bits))
    near, far = load_f32(settings + 4 * NEAR), load_f32(settings + 4 * FAR)
    return smaller(select(t < near, splat_f16(near), t), splat_f16(far))


@nb.njit(nogil=True)
def _receive(packet, spots, key, settings, tasks):
    """Turns 16 hits into ranges and intensities, which stay in the packet.

    Arrays come as addresses here: counting references to them takes longer than the arithmetic.
    """
    t = load_f16(packet + _T)
    measured = t
    seen = (load_i16(packet + _GEOM) >= 0) & (t >= load_f32(settings + 4 * NEAR))
    if tasks & (DROPPING | NOISY):
        bits = draws.hashes(key, load_i16(spots))
        if tasks & DROPPING:
            seen = seen & _detected(packet, t, bits, settings, tasks & WEAK)
        if tasks & NOISY:
            measured = _disturbed(t, bits, settings)
    zero = splat_f16(np.float32(0.0))
    store(packet + _T, select(seen, measured, zero))
    if tasks & INTENSITY:
        share = load_f16(packet + _SHARE)
        if tasks & FALLOFF:
            share = share * smaller(1.0 / (t * t + np.float32(1e-12)), splat_f16(np.float32(1.0)))
        store(packet + _SHARE, select(seen, share, zero))


@nb.njit(nogil=True, cache=True)
def trace_scans(
    calls,
    scenes,
    movers,
    which,
    poses,
    keys,
    directions,
    beams,
    whole,
    settings,
    tasks,
    ranges,
    intensities,
    span,
    hits,
):
    """Traces and measures the packets `span[0] … span[1] - 1` of all scanners.

    Args:
        calls: `embree.Device.calls`.
        scenes: (S, 2) int64, columns HANDLE and REFLECTANCE (an address, or 0).
        movers: (N,) of `moving.PARTS`, settled.
        which: (N,) int64 scene of every scanner.
        poses: (N, 1, 12) float32, rotation by rows and position, or (N, W, 12) for every azimuth.
        keys: (N,) int64 keys of the random numbers.
        directions: (P, 3, 16) float32 beams of the P packets of one scan.
        beams: (P, 16) int32, elevation · W + azimuth of every beam.
        whole: (P,) bool, True where `beams` go up by one within each group of four.
        settings: (SETTINGS,) float32.
        tasks: INTENSITY … NOISY, added up.
        ranges, intensities: Addresses of the results (N, H, W); the second is 0 if not wanted.
        span: (3,) int64, packets (scanner · P + packet), and the beams of one scan.
        hits: Address of the hits of these packets (HIT_ROWS, 16) where they are not to be traced
            here, or 0.
    """
    rays = pk.new_packet()
    packet = np.int64(rays.ctypes.data)
    first_spots, first_along = np.int64(beams.ctypes.data), np.int64(directions.ctypes.data)
    rules = np.int64(settings.ctypes.data)
    count, far, still = len(beams), settings[FAR], poses.shape[1] == 1
    at = span[0]
    while at < span[1]:
        n = at // count
        scene, mover, pose, key = scenes[which[n]], movers[n], poses[n, 0], keys[n]
        handle, reflectance, parts = scene[HANDLE], scene[REFLECTANCE], mover.count
        image = 4 * n * span[2]
        for k in range(pk.LANES):
            for axis in range(3):
                rays[pk.ORG_X + axis, k] = pose[9 + axis]
        for p in range(at - n * count, min(count, span[1] - n * count)):
            spots, along = first_spots + _ROW * p, first_along + 3 * _ROW * p
            if still:
                pk.aim(packet, along, pose)
            else:
                _aim_moving(rays, along, spots, poses[n])
            pk.clear(packet, far)
            if hits != 0:
                pk.recall(rays, hits + pk.HIT_ROWS * _ROW * (n * count + p - span[0]))
            else:
                pk.intersect(calls, handle, rays, True)
                if parts > 0:
                    pk.intersect(calls, mover.scene, rays, True)
            if tasks & (INTENSITY | WEAK):
                if parts > 0:
                    _turn_normals(rays, mover.rotations)
                _light(packet, reflectance)
            _receive(packet, spots, key, rules, tasks)
            pk.write(packet + _T, spots, whole[p], ranges + image)
            if tasks & INTENSITY:
                pk.write(packet + _SHARE, spots, whole[p], intensities + image)
        at = (n + 1) * count

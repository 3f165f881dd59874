"""Random numbers for kernels, 16 lanes at a time, from a key and a counter.

Draw n of a stream is a hash of (key, n), SplitMix64's as in `navworld.streams`, so a kernel gives
every ray its own numbers whatever the batch, the packets and the threads. One hash holds 64 bits:
`high` feeds a normal, `low` a uniform number.

Normal numbers are the inverse distribution function of 32 bits, by the single-precision
polynomials of Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011): the error is
a few 10⁻⁷, the tails end at 6.3 σ.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import types
from numpy.typing import NDArray

from navworld.world.tracing.packets import LANES
from navworld.world.tracing.simd import (
    F16,
    I16,
    VectorType,
    float_bits,
    intrinsic,
    load_f16,
    select,
    splat_f16,
    square_root,
    store,
    to_floats,
)

L16 = VectorType(types.int64, LANES)
"""16 hashes."""

_GOLDEN = 0x9E3779B97F4A7C15
_ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST_SHIFT = 31
_SQRT_HALF = 0x3F3504F3  # bits of the float
_MANTISSA = 0x7FFFFF


def normals(keys: NDArray[np.uint64], count: int) -> NDArray[np.float32]:
    """(n, count) standard normal numbers of n streams."""
    return _drawn(keys, count, True)


def uniforms(keys: NDArray[np.uint64], count: int) -> NDArray[np.float32]:
    """(n, count) numbers in [0, 1) of n streams, independent of their normal ones."""
    return _drawn(keys, count, False)


def _drawn(keys: NDArray[np.uint64], count: int, normal: bool) -> NDArray[np.float32]:
    whole = -(-count // LANES) * LANES
    out: NDArray = np.empty((len(keys), whole), np.float32)
    _fill(np.ascontiguousarray(keys, np.uint64).view(np.int64), out, normal)
    return np.ascontiguousarray(out[:, :count])


@intrinsic
def hashes(typing_context: Any, key: types.Type, counter: types.Type) -> Any:
    """The hashes (L16) of the draws `counter` (I16) of the stream `key` (int64)."""

    def generate(context, builder, sig, values):
        wide = ir.VectorType(ir.IntType(64), LANES)

        def every(value):
            return ir.Constant(wide, [value] * LANES)

        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        none = ir.Constant(wide, ir.Undefined)
        first = builder.insert_element(none, values[0], ir.IntType(32)(0))
        start = builder.shuffle_vector(first, none, lanes)
        draw = builder.add(builder.zext(values[1], wide), every(1))
        x = builder.add(start, builder.mul(draw, every(_GOLDEN)))
        for shift, factor in _ROUNDS:
            x = builder.xor(x, builder.lshr(x, every(shift)))
            x = builder.mul(x, every(factor))
        return builder.xor(x, builder.lshr(x, every(_LAST_SHIFT)))

    return L16(types.int64, I16), generate


def _half(shift: int) -> Any:
    @intrinsic
    def half(typing_context, hashed):
        def generate(context, builder, sig, values):
            wide = values[0].type
            x = builder.lshr(values[0], ir.Constant(wide, [shift] * LANES))
            return builder.trunc(x, ir.VectorType(ir.IntType(32), LANES))

        return I16(L16), generate

    return half


high, low = _half(32), _half(0)
"""The two halves (I16) of 16 hashes."""


@intrinsic
def _from_bits(typing_context: Any, bits: types.Type) -> Any:
    def generate(context, builder, sig, values):
        return builder.bitcast(values[0], ir.VectorType(ir.FloatType(), LANES))

    return F16(I16), generate


@nb.njit(nogil=True)
def uniform(bits):
    """16 numbers in [0, 1) from as many 32 bits."""
    return to_floats((bits >> 8) & 0xFFFFFF) * np.float32(2.0**-24)


@nb.njit(nogil=True)
def _logarithm(x):
    """Natural logarithm of 16 positive normal floats."""
    bits = float_bits(x) - _SQRT_HALF
    exponent = to_floats(bits >> 23)
    m = _from_bits((bits & _MANTISSA) + _SQRT_HALF)  # √½ … √2
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    series = 1.0 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9))))
    return exponent * np.float32(np.log(2.0)) + 2.0 * s * series


@nb.njit(nogil=True)
def normal(bits):
    """16 standard normal numbers from as many 32 bits: the first is the sign."""
    tail = (to_floats(bits & 0x7FFFFFFF) + 0.5) * np.float32(2.0**-32)  # 0 … ½
    w = splat_f16(np.float32(0.0)) - _logarithm(4.0 * tail * (1.0 - tail))
    a = w - 2.5
    p = 2.81022636e-08 * a + 3.43273939e-07
    p = p * a + -3.5233877e-06
    p = p * a + -4.39150654e-06
    p = p * a + 0.00021858087
    p = p * a + -0.00125372503
    p = p * a + -0.00417768164
    p = p * a + 0.246640727
    near = p * a + 1.50140941
    a = square_root(w) - 3.0
    p = -0.000200214257 * a + 0.000100950558
    p = p * a + 0.00134934322
    p = p * a + -0.00367342844
    p = p * a + 0.00573950773
    p = p * a + -0.0076224613
    p = p * a + 0.00943887047
    p = p * a + 1.00167406
    far = p * a + 2.83297682
    z = select(w < 5.0, near, far) * ((1.0 - 2.0 * tail) * np.float32(np.sqrt(2.0)))
    return select(bits < 0, splat_f16(np.float32(0.0)) - z, z)


@nb.njit(nogil=True)
def _counters(first, scratch):
    """The counters first … first + 15, by way of 16 aligned floats of memory."""
    for k in range(LANES):
        store(scratch + 4 * k, np.int32(first + k))
    return float_bits(load_f16(scratch))


@nb.njit(nogil=True, cache=True)
def _fill(keys, out, as_normal):
    memory = np.zeros(32, np.float32)
    scratch = (np.int64(memory.ctypes.data) + 63) // 64 * 64
    for n in range(len(out)):
        row = np.int64(out[n].ctypes.data)
        for first in range(0, out.shape[1], LANES):
            bits = hashes(keys[n], _counters(first, scratch))
            value = normal(high(bits)) if as_normal else uniform(low(bits))
            store(row + 4 * first, value)
    memory[0] = 0.0  # numba frees an array after its last use, though its address be in use

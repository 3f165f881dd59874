"""Short vectors and raw memory for numba kernels.

Numba leaves it to LLVM to find vector code, which loops that gather from memory defeat. Here a
kernel says what it wants: `F16` is 16 floats (one per ray of a packet), `F4` is 4 (colour
channels, or coordinates); `I16` and `I4` are their integers. They know + - * / & and the
comparisons (all ones where true, else zero), among themselves and with scalars. LLVM maps them to
whatever registers the processor has. Memory is addressed by plain int64 addresses.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic as numba_intrinsic
from numba.extending import lower_builtin, models, register_model

_ELEMENT: dict[types.Type, ir.Type] = {
    types.float32: ir.FloatType(),
    types.int32: ir.IntType(32),
    types.int64: ir.IntType(64),
    types.uint8: ir.IntType(8),
}
intrinsic: Callable[[Callable], Callable[..., Any]] = numba_intrinsic
_CONTRACT = ("contract",)  # allows fused multiply-add; nothing that depends on the batch


class VectorType(types.Type):
    """`count` elements of one numba scalar type."""

    def __init__(self, element: types.Type, count: int) -> None:
        self.element, self.count = element, count
        super().__init__(name=f"{element}x{count}")


F4, F16 = VectorType(types.float32, 4), VectorType(types.float32, 16)
I4, I16 = VectorType(types.int32, 4), VectorType(types.int32, 16)


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: VectorType) -> None:
        super().__init__(manager, kind, _llvm(kind))


def _llvm(kind: types.Type) -> ir.Type:
    if isinstance(kind, VectorType):
        return ir.VectorType(_ELEMENT[kind.element], kind.count)
    return _ELEMENT[kind]


def _integers(kind: VectorType) -> VectorType:
    return VectorType(types.int32, kind.count)


def _floats(kind: VectorType) -> VectorType:
    return VectorType(types.float32, kind.count)


def _splat(builder: ir.IRBuilder, scalar: ir.Value, count: int) -> ir.Value:
    vector = ir.VectorType(scalar.type, count)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.IntType(32)(0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), lanes)


def _define(operation: Callable, generate: Callable, integers_only: bool, compares: bool) -> None:
    """Teaches numba one operator between vectors, and between vectors and scalars."""

    @infer_global(operation)
    class _Operator(AbstractTemplate):
        def generic(self, arguments, keywords):
            vectors = [a for a in arguments if isinstance(a, VectorType)]
            numbers = [a for a in arguments if isinstance(a, types.Number)]
            if len(arguments) != 2 or not vectors or len(vectors) + len(numbers) != 2:
                return None
            kind = vectors[0]
            if vectors[-1] != kind or (integers_only and kind.element != types.int32):
                return None
            sides = [a if isinstance(a, VectorType) else kind.element for a in arguments]
            return signature(_integers(kind) if compares else kind, *sides)

    def lower(context, builder, sig, values):
        kind = next(a for a in sig.args if isinstance(a, VectorType))
        sides = [
            value if isinstance(side, VectorType) else _splat(builder, value, kind.count)
            for side, value in zip(sig.args, values, strict=True)
        ]
        result = generate(builder, kind.element == types.float32, *sides)
        return builder.sext(result, _llvm(_integers(kind))) if compares else result

    for left, right in (
        (VectorType, VectorType),
        (VectorType, types.Number),
        (types.Number, VectorType),
    ):
        lower_builtin(operation, left, right)(lower)


def _arithmetic(floats: str, integers: str) -> Callable:
    def generate(builder, is_float, a, b):
        if is_float:
            return getattr(builder, floats)(a, b, flags=_CONTRACT)
        return getattr(builder, integers)(a, b)

    return generate


def _comparison(sign: str) -> Callable:
    def generate(builder, is_float, a, b):
        compare = builder.fcmp_ordered if is_float else builder.icmp_signed
        return compare(sign, a, b)

    return generate


_define(operator.add, _arithmetic("fadd", "add"), False, False)
_define(operator.sub, _arithmetic("fsub", "sub"), False, False)
_define(operator.mul, _arithmetic("fmul", "mul"), False, False)
_define(operator.truediv, _arithmetic("fdiv", "sdiv"), False, False)
_define(operator.and_, lambda builder, _, a, b: builder.and_(a, b), True, False)
_define(operator.rshift, lambda builder, _, a, b: builder.ashr(a, b), True, False)
_define(operator.lt, _comparison("<"), False, True)
_define(operator.le, _comparison("<="), False, True)
_define(operator.ge, _comparison(">="), False, True)
_define(operator.eq, _comparison("=="), False, True)


def _load(kind: types.Type, *, stored: types.Type | None = None, align: int = 4) -> Callable:
    @intrinsic
    def load(typing_context, address):
        def generate(context, builder, sig, values):
            source = _llvm(stored or kind)
            value = builder.load(builder.inttoptr(values[0], source.as_pointer()))
            value.align = align
            if stored is None:
                return value
            return builder.uitofp(value, _llvm(kind))

        return kind(types.int64), generate

    return load


load_f4, load_i4 = _load(F4), _load(I4)
load_f16, load_i16 = _load(F16, align=64), _load(I16, align=64)
load_f32, load_i32, load_i64 = _load(types.float32), _load(types.int32), _load(types.int64)
load_bytes = _load(F4, stored=VectorType(types.uint8, 4))
"""4 bytes as 4 floats."""


@intrinsic
def store(typing_context, address, value):
    """Writes a vector or scalar at an address that is a multiple of 4."""

    def generate(context, builder, sig, values):
        pointer = builder.inttoptr(values[0], values[1].type.as_pointer())
        builder.store(values[1], pointer, align=4)
        return context.get_dummy_value()

    return types.void(types.int64, value), generate


@intrinsic
def store_rgb(typing_context, address, color):
    """Writes the first three of 4 floats, each 0…255, as bytes, rounded to nearest."""

    def generate(context, builder, sig, values):
        half = ir.Constant(_llvm(F4), [0.5] * 4)
        whole = builder.fptosi(builder.fadd(values[1], half), _llvm(I4))
        packed = builder.trunc(whole, ir.VectorType(ir.IntType(8), 4))
        word = builder.bitcast(packed, ir.IntType(32))
        low = builder.trunc(word, ir.IntType(16))
        high = builder.trunc(builder.lshr(word, ir.IntType(32)(16)), ir.IntType(8))
        beyond = builder.add(values[0], ir.IntType(64)(2))
        builder.store(low, builder.inttoptr(values[0], low.type.as_pointer()), align=1)
        builder.store(high, builder.inttoptr(beyond, high.type.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(types.int64, F4), generate


@intrinsic
def store_three(typing_context, address, vector):
    """Writes the first three of 4 floats at an address that is a multiple of 4."""

    def generate(context, builder, sig, values):
        low = _part(builder, values[1], range(2))
        high = builder.extract_element(values[1], ir.IntType(32)(2))
        beyond = builder.add(values[0], ir.IntType(64)(8))
        builder.store(low, builder.inttoptr(values[0], low.type.as_pointer()), align=4)
        builder.store(high, builder.inttoptr(beyond, high.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(types.int64, F4), generate


@intrinsic
def take(typing_context, address, count):
    """Adds `count` to the int64 at `address` and returns what it was, as one atomic step."""

    def generate(context, builder, sig, values):
        counter = builder.inttoptr(values[0], values[1].type.as_pointer())
        return builder.atomic_rmw("add", counter, values[1], "monotonic")

    return types.int64(types.int64, types.int64), generate


def _splatter(kind: VectorType) -> Callable:
    @intrinsic
    def splat(typing_context, value):
        def generate(context, builder, sig, values):
            return _splat(builder, values[0], kind.count)

        return kind(kind.element), generate

    return splat


splat_f16, splat_i16, splat_f4 = _splatter(F16), _splatter(I16), _splatter(F4)


def _conversion(target: Callable, instruction: str) -> Callable:
    @intrinsic
    def convert(typing_context, value):
        result = target(value)

        def generate(context, builder, sig, values):
            return getattr(builder, instruction)(values[0], _llvm(result))

        return result(value), generate

    return convert


truncate = _conversion(_integers, "fptosi")
to_floats = _conversion(_floats, "sitofp")
float_bits = _conversion(_integers, "bitcast")


@intrinsic
def select(typing_context, mask, a, b):
    """Elements of `a` where the mask (from a comparison) is set, else of `b`."""

    def generate(context, builder, sig, values):
        zero = ir.Constant(values[0].type, None)
        return builder.select(builder.icmp_signed("!=", values[0], zero), values[1], values[2])

    return a(mask, a, b), generate


@intrinsic
def anywhere(typing_context, mask):
    """Whether any element of a mask (from a comparison) is set."""

    def generate(context, builder, sig, values):
        kind = values[0].type
        bits = builder.icmp_signed("!=", values[0], ir.Constant(kind, None))
        packed = builder.bitcast(bits, ir.IntType(kind.count))
        return builder.icmp_unsigned("!=", packed, ir.Constant(ir.IntType(kind.count), 0))

    return types.boolean(mask), generate


@intrinsic
def smaller(typing_context, a, b):
    """Elementwise minimum of two float vectors."""

    def generate(context, builder, sig, values):
        return builder.select(builder.fcmp_ordered("<", *values), *values)

    return a(a, a), generate


@intrinsic
def square_root(typing_context, a):
    """Elementwise square root."""

    def generate(context, builder, sig, values):
        kind = values[0].type
        name = f"llvm.sqrt.v{kind.count}f32"
        function = builder.module.declare_intrinsic(name, fnty=ir.FunctionType(kind, [kind]))
        return builder.call(function, values)

    return a(a), generate


@intrinsic
def element(typing_context, vector, k):
    """Element k (a literal) of a vector."""
    if not isinstance(k, types.IntegerLiteral):
        return None
    index = k.literal_value

    def generate(context, builder, sig, values):
        return builder.extract_element(values[0], ir.IntType(32)(index))

    return vector.element(vector, k), generate


@intrinsic
def bilinear(typing_context, address, stride, fraction, first):
    """Blends the 2 × 2 texels of 4 bytes at `address` and one row, `stride` bytes, below.

    `fraction` (F4) holds how far to go right and down in its elements `first` and `first + 1`.
    Returns the four channels (F4), 0…255.
    """
    if not isinstance(first, types.IntegerLiteral):
        return None
    column = first.literal_value

    def generate(context, builder, sig, values):
        pair, wide = ir.VectorType(ir.IntType(8), 8), ir.VectorType(ir.FloatType(), 8)
        texels = []
        for offset in (values[0], builder.add(values[0], values[1])):
            row = builder.load(builder.inttoptr(offset, pair.as_pointer()))
            row.align = 4
            texels.append(builder.uitofp(row, wide))
        right = builder.extract_element(values[2], ir.IntType(32)(column))
        down = builder.extract_element(values[2], ir.IntType(32)(column + 1))
        column_pair = _blend(builder, texels[0], texels[1], _splat(builder, down, 8))
        first, second = (_part(builder, column_pair, range(k, k + 4)) for k in (0, 4))
        return _blend(builder, first, second, _splat(builder, right, 4))

    return F4(types.int64, types.int64, F4, first), generate


def _blend(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, weight: ir.Value) -> ir.Value:
    step = builder.fsub(b, a, flags=_CONTRACT)
    return builder.fadd(a, builder.fmul(step, weight, flags=_CONTRACT), flags=_CONTRACT)


def _part(builder: ir.IRBuilder, vector: ir.Value, lanes: range) -> ir.Value:
    index = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), index)

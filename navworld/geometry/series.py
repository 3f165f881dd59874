"""Quotients that are 0/0 at the origin, exact and differentiable there.

Each takes the squared angle, so that no square root is differentiated at zero, and uses its
power series below half a radian, where the closed form loses digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

from navworld.geometry.arrays import ArrayT, as_arrays

_SERIES_BELOW = 0.25  # squared angle; eight terms then reach the last bit of a float64
_SINE = [(-1) ** k / factorial(2 * k + 1) for k in range(8)]
_COSINE = [(-1) ** k / factorial(2 * k + 2) for k in range(8)]
_CUBIC = [(-1) ** k / factorial(2 * k + 3) for k in range(8)]
# (1 - (x/2) cot(x/2)) / x² = Σ |B_2n| x^(2n-2) / (2n)!, with Bernoulli's numbers
_COTANGENT = [
    1 / 12, 1 / 720, 1 / 30240, 1 / 1209600, 1 / 47900160, 691 / 1307674368000, 1 / 74724249600,
    3617 / 10670622842880000,
]  # fmt: skip


def sine_ratio(squared: ArrayT) -> ArrayT:
    """sin(θ) / θ of θ²."""
    xp, squared = as_arrays(squared)
    return _piecewise(xp, squared, _SINE, lambda angle: xp.sin(angle) / angle)


def cosine_ratio(squared: ArrayT) -> ArrayT:
    """(1 − cos(θ)) / θ² of θ²."""
    xp, squared = as_arrays(squared)
    return _piecewise(xp, squared, _COSINE, lambda angle: 2 * (xp.sin(angle / 2) / angle) ** 2)


def cubic_ratio(squared: ArrayT) -> ArrayT:
    """(θ − sin(θ)) / θ³ of θ²."""
    xp, squared = as_arrays(squared)
    return _piecewise(xp, squared, _CUBIC, lambda angle: (angle - xp.sin(angle)) / angle**3)


def cotangent_ratio(squared: ArrayT) -> ArrayT:
    """(1 − (θ/2) cot(θ/2)) / θ² of θ²."""
    xp, squared = as_arrays(squared)
    return _piecewise(
        xp, squared, _COTANGENT, lambda angle: (1 - angle / 2 / xp.tan(angle / 2)) / angle**2
    )


def angle_ratio(squared_sine: ArrayT, cosine: ArrayT) -> ArrayT:
    """atan2(s, c) / s of s² and c, s ≥ 0; finite but meaningless at s = 0, c ≤ 0."""
    xp, squared_sine, cosine = as_arrays(squared_sine, cosine)
    small = (squared_sine <= 1e-8 * cosine**2) & (cosine > 0)
    sine = xp.sqrt(xp.where(small | (squared_sine == 0), 1.0, squared_sine))
    safe_cosine = xp.where(small, cosine, 1.0)
    tangent = xp.where(small, squared_sine, 0.0) / safe_cosine**2
    near = (1 - tangent / 3 + tangent**2 / 5) / safe_cosine
    return xp.where(small, near, xp.arctan2(sine, cosine) / sine)


def _piecewise(
    xp: Any, squared: ArrayT, series: Sequence[float], closed: Callable[[ArrayT], ArrayT]
) -> ArrayT:
    """The series where it is exact and the closed form elsewhere.

    The branch that is not taken is fed a harmless number: `where` alone would let its infinite
    gradient through as NaN.
    """
    small = squared < _SERIES_BELOW
    near = xp.where(small, squared, 0.0)
    value = xp.zeros_like(squared)
    for coefficient in reversed(series):
        value = value * near + coefficient
    return xp.where(small, value, closed(xp.sqrt(xp.where(small, 1.0, squared))))

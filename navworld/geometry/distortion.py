"""Lens distortion on the plane at z = 1: the polynomial models of OpenCV, and their inverses.

`radial_tangential` is Brown's model with OpenCV's five parameters (k1, k2, p1, p2, k3);
`equidistant` is the fisheye of J. Kannala and S. Brandt (A generic camera model and calibration
method, PAMI 2006) with OpenCV's four (k1, k2, k3, k4). Functions take NumPy arrays or torch
tensors; the parameters are floats. Both polynomials fold back beyond some radius: `..._limit`
says where, and nothing beyond it is a valid image point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from navworld.geometry.arrays import ArrayT, as_arrays

_NEWTON_STEPS = 12  # quadratic convergence: the last bit of a float64 long before


def radial_tangential(xy: ArrayT, coefficients: Sequence[float]) -> ArrayT:
    """Ideal points (..., 2) to distorted points (..., 2), both at z = 1."""
    xp, xy = as_arrays(xy)
    k1, k2, p1, p2, k3 = coefficients
    x, y = xy[..., 0], xy[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return xp.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + 2 * p2 * x * y + p1 * (r2 + 2 * y * y),
        ],
        axis=-1,
    )


def undo_radial_tangential(xy: ArrayT, coefficients: Sequence[float]) -> ArrayT:
    """Inverse of `radial_tangential` by Newton's method, for points within the model's limit."""
    xp, xy = as_arrays(xy)
    k1, k2, p1, p2, k3 = coefficients
    ideal = xy
    for _ in range(_NEWTON_STEPS):
        x, y = ideal[..., 0], ideal[..., 1]
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        slope = k1 + r2 * (2 * k2 + r2 * 3 * k3)
        dxx = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
        dxy = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
        dyy = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
        determinant = dxx * dyy - dxy * dxy
        determinant = xp.where(abs(determinant) < 1e-6, 1.0, determinant)
        error = radial_tangential(ideal, coefficients) - xy
        ex, ey = error[..., 0], error[..., 1]
        step = xp.stack([dyy * ex - dxy * ey, dxx * ey - dxy * ex], axis=-1)
        ideal = ideal - step / determinant[..., None]
    return ideal


def radial_tangential_limit(coefficients: Sequence[float]) -> float:
    """Radius at z = 1 where the radial polynomial stops growing (infinite where it never does)."""
    k1, k2, _, _, k3 = coefficients
    return math.sqrt(_first_positive_root([1, 3 * k1, 5 * k2, 7 * k3]))


def equidistant(theta: ArrayT, coefficients: Sequence[float]) -> ArrayT:
    """Angle from the optical axis (...) [rad] to the radius (...) at which it is imaged, f = 1."""
    return theta * equidistant_stretch(theta, coefficients)


def equidistant_stretch(theta: ArrayT, coefficients: Sequence[float]) -> ArrayT:
    """`equidistant` divided by the angle (...) [rad]: 1 on the optical axis."""
    _, theta = as_arrays(theta)
    k1, k2, k3, k4 = coefficients
    t2 = theta * theta
    return 1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4)))


def undo_equidistant(radius: ArrayT, coefficients: Sequence[float]) -> ArrayT:
    """Inverse of `equidistant` by Newton's method, for radii within the model's limit."""
    xp, radius = as_arrays(radius)
    k1, k2, k3, k4 = coefficients
    limit = equidistant_limit(coefficients)
    theta = xp.clip(radius, 0.0, limit)
    for _ in range(_NEWTON_STEPS):
        t2 = theta * theta
        slope = 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)))
        slope = xp.where(slope < 1e-6, 1.0, slope)
        theta = xp.clip(theta - (equidistant(theta, coefficients) - radius) / slope, 0.0, limit)
    return theta


def equidistant_limit(coefficients: Sequence[float]) -> float:
    """Angle [rad] at which the polynomial stops growing, at most π."""
    k1, k2, k3, k4 = coefficients
    root = _first_positive_root([1, 3 * k1, 5 * k2, 7 * k3, 9 * k4])
    return min(math.sqrt(root), math.pi)


def _first_positive_root(ascending: Sequence[float]) -> float:
    """Smallest positive real root of a polynomial in the squared radius, or infinity."""
    roots = np.roots(np.trim_zeros(np.asarray(ascending, np.float64)[::-1], "f"))
    real = roots.real[(abs(roots.imag) < 1e-9) & (roots.real > 0)]
    return float(real.min()) if len(real) else math.inf

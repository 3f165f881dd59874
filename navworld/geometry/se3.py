"""Rigid motions as 4×4 matrices.

`T_a_b` maps coordinates in frame b to coordinates in frame a; in a product, neighbours cancel:
`T_a_c = T_a_b @ T_b_c`. Functions take NumPy arrays or torch tensors with any leading (batch)
axes, return the same kind, and are differentiable in torch, at the identity too.

A tangent vector `xi` is (translation, rotation): (ρ, φ) [m, rad], the order of most learned
odometry (Sophus, lietorch, pypose, jaxlie). gtsam and SciPy put the rotation first:
`swap_tangent_order` goes between them.

J. Solà, J. Deray, D. Atchuthan: A micro Lie theory for state estimation in robotics, 2018.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from navworld.geometry import so3
from navworld.geometry.arrays import ArrayT, as_arrays, flatten_batch, unflatten_batch


def from_rotation_translation(R: ArrayT, t: ArrayT) -> ArrayT:
    """T (..., 4, 4) of a rotation (..., 3, 3) and a translation (..., 3) [m], which broadcast."""
    xp, R, t = as_arrays(R, t)
    batch: tuple[int, ...] = np.broadcast_shapes(tuple(R.shape[:-2]), tuple(t.shape[:-1]))
    R = xp.broadcast_to(R, (*batch, 3, 3))
    t = xp.broadcast_to(t, (*batch, 3))
    top = xp.concatenate([R, t[..., None]], axis=-1)
    bottom = xp.zeros_like(top[..., :1, :])
    bottom[..., 3] = 1.0
    return xp.concatenate([top, bottom], axis=-2)


def exp(xi: ArrayT) -> ArrayT:
    """Tangent vector (..., 6), (translation, rotation), to T (..., 4, 4)."""
    _, xi = as_arrays(xi)
    rho, phi = xi[..., :3], xi[..., 3:]
    t = (so3.left_jacobian(phi) @ rho[..., None])[..., 0]
    return from_rotation_translation(so3.exp(phi), t)


def log(T: ArrayT) -> ArrayT:
    """T (..., 4, 4) to its tangent vector (..., 6), (translation, rotation), angle 0…π."""
    xp, T = as_arrays(T)
    phi = so3.log(T[..., :3, :3])
    rho = (so3.left_jacobian_inverse(phi) @ T[..., :3, 3:])[..., 0]
    return xp.concatenate([rho, phi], axis=-1)


def swap_tangent_order(xi: ArrayT) -> ArrayT:
    """(translation, rotation) to (rotation, translation), as gtsam and SciPy have it, or back."""
    xp, xi = as_arrays(xi)
    return xp.concatenate([xi[..., 3:], xi[..., :3]], axis=-1)


def inverse(T: ArrayT) -> ArrayT:
    """T_b_a of T_a_b (..., 4, 4)."""
    _, T = as_arrays(T)
    R = T[..., :3, :3].mT
    return from_rotation_translation(R, -(R @ T[..., :3, 3:])[..., 0])


def relative(T_world_a: ArrayT, T_world_b: ArrayT) -> ArrayT:
    """T_a_b (..., 4, 4) of two poses: b seen from a."""
    _, T_world_a, T_world_b = as_arrays(T_world_a, T_world_b)
    return inverse(T_world_a) @ T_world_b


def transform(T_a_b: ArrayT, p_b: ArrayT) -> ArrayT:
    """Moves points from frame b to frame a.

    Args:
        T_a_b: (*batch, 4, 4).
        p_b: (*batch, ..., 3) [m]: one point or any number of them for each transformation.

    Returns:
        p_a: (*batch, ..., 3) [m].
    """
    _, T, p = as_arrays(T_a_b, p_b)
    moved = flatten_batch(p, T.shape[:-2]) @ T[..., :3, :3].mT + T[..., None, :3, 3]
    return unflatten_batch(moved, p)


def transform_directions(T_a_b: ArrayT, d_b: ArrayT) -> ArrayT:
    """Turns directions (*batch, ..., 3) of frame b to frame a by T_a_b (*batch, 4, 4)."""
    _, T, d = as_arrays(T_a_b, d_b)
    return so3.rotate(T[..., :3, :3], d)


def adjoint(T_a_b: ArrayT) -> ArrayT:
    """(..., 6, 6) matrix that maps tangent vectors (translation, rotation) of b to those of a.

    T exp(xi) T⁻¹ = exp(adjoint(T) xi); a covariance moves by adjoint(T) P adjoint(T)ᵀ.
    """
    xp, T = as_arrays(T_a_b)
    R = T[..., :3, :3]
    top = xp.concatenate([R, so3.hat(T[..., :3, 3]) @ R], axis=-1)
    bottom = xp.concatenate([xp.zeros_like(R), R], axis=-1)
    return xp.concatenate([top, bottom], axis=-2)


def interpolate(T_world_a: ArrayT, T_world_b: ArrayT, fraction: ArrayT | float) -> ArrayT:
    """Pose at a `fraction` (...) of the way from a to b (..., 4, 4) with a constant body twist.

    The way is a screw (for a wheeled robot, its arc) and does not depend on the choice of the
    world frame or of the body frame.
    """
    _, a, b, s = as_arrays(T_world_a, T_world_b, fraction)
    return a @ exp(s[..., None] * log(relative(a, b)))


def is_rigid(T: ArrayT, tolerance: float = 1e-3) -> ArrayT:
    """(...) whether T (..., 4, 4) is a rotation and a translation, up to rounding of files."""
    xp, T = as_arrays(T)
    R = T[..., :3, :3]
    eye = xp.eye(4, dtype=T.dtype, device=T.device)
    error = abs(R @ R.mT - eye[:3, :3]).sum((-2, -1)) + abs(T[..., 3, :] - eye[3]).sum(-1)
    return (error < tolerance) & (xp.linalg.det(R) > 0)


def from_planar(x_y_yaw: ArrayT) -> ArrayT:
    """(x, y, yaw) (..., 3) [m, rad] on the ground plane to T (..., 4, 4)."""
    xp, planar = as_arrays(x_y_yaw)
    zero = xp.zeros_like(planar[..., 0])
    R = so3.from_euler_zyx(xp.stack([planar[..., 2], zero, zero], axis=-1))
    t = xp.stack([planar[..., 0], planar[..., 1], zero], axis=-1)
    return from_rotation_translation(R, t)


def to_planar(T: ArrayT) -> ArrayT:
    """(x, y, yaw) (..., 3) [m, rad] of T (..., 4, 4); height, pitch and roll are dropped."""
    xp, T = as_arrays(T)
    yaw = xp.arctan2(T[..., 1, 0], T[..., 0, 0])
    return xp.stack([T[..., 0, 3], T[..., 1, 3], yaw], axis=-1)


def random(
    rng: np.random.Generator, shape: tuple[int, ...] = (), *, spread: float = 1.0
) -> NDArray[np.float64]:
    """(*shape, 4, 4): uniform rotations, translations with a standard deviation `spread` [m]."""
    t = spread * rng.standard_normal((*shape, 3))
    return from_rotation_translation(so3.random(rng, shape), t)

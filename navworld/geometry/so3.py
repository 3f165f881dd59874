"""Rotations: 3×3 matrices, rotation vectors, quaternions and Euler angles.

Every function takes NumPy arrays or torch tensors with any leading (batch) axes, returns the
same kind, and is differentiable in torch, at the identity too. A rotation vector `phi` is axis ×
angle [rad]. Quaternions are `q_xyzw`, Hamilton's product, w ≥ 0 where one is returned.

J. Solà, J. Deray, D. Atchuthan: A micro Lie theory for state estimation in robotics, 2018.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.arrays import ArrayT, as_arrays, flatten_batch, unflatten_batch
from navworld.geometry.series import (
    angle_ratio,
    cosine_ratio,
    cotangent_ratio,
    cubic_ratio,
    sine_ratio,
)


def hat(phi: ArrayT) -> ArrayT:
    """Vector (..., 3) to the skew matrix (..., 3, 3) of the cross product with it."""
    xp, phi = as_arrays(phi)
    x, y, z = phi[..., 0], phi[..., 1], phi[..., 2]
    zero = xp.zeros_like(x)
    return _matrix(xp, [zero, -z, y, z, zero, -x, -y, x, zero])


def vee(skew: ArrayT) -> ArrayT:
    """Inverse of `hat`: (..., 3, 3) to (..., 3), from the skew part of any matrix."""
    xp, skew = as_arrays(skew)
    skew = (skew - skew.mT) / 2
    return xp.stack([skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]], axis=-1)


def exp(phi: ArrayT) -> ArrayT:
    """Rotation vector (..., 3) [rad] to rotation matrix (..., 3, 3) (Rodrigues)."""
    xp, phi = as_arrays(phi)
    x, y, z = phi[..., 0], phi[..., 1], phi[..., 2]
    squared = x * x + y * y + z * z
    a, b = sine_ratio(squared), cosine_ratio(squared)
    ax, ay, az = a * x, a * y, a * z
    bx, by, bz = b * x, b * y, b * z
    return _matrix(
        xp,
        [
            1 - by * y - bz * z, bx * y - az, bx * z + ay,
            bx * y + az, 1 - bx * x - bz * z, by * z - ax,
            bx * z - ay, by * z + ax, 1 - bx * x - by * y,
        ],
    )  # fmt: skip


def log(R: ArrayT) -> ArrayT:
    """Rotation matrix (..., 3, 3) to rotation vector (..., 3) [rad] of length 0…π.

    Goes through the quaternion, which keeps all digits near π, where R − Rᵀ vanishes.
    """
    q = to_quaternion(R)
    v, w = q[..., :3], q[..., 3]
    return 2 * angle_ratio((v * v).sum(-1), w)[..., None] * v


def rotate(R: ArrayT, v: ArrayT) -> ArrayT:
    """Turns vectors.

    Args:
        R: (*batch, 3, 3).
        v: (*batch, ..., 3): one vector or any number of them for each rotation.

    Returns:
        (*batch, ..., 3).
    """
    _, R, v = as_arrays(R, v)
    return unflatten_batch(flatten_batch(v, R.shape[:-2]) @ R.mT, v)


def to_quaternion(R: ArrayT) -> ArrayT:
    """Rotation matrix (..., 3, 3) to unit quaternion q_xyzw (..., 4) with w ≥ 0.

    The four rows of 4 q qᵀ are linear in R; the one with the largest diagonal is divided by its
    length, which is at least 2: no digit is lost at any angle, and no square root of zero stands
    in a branch not taken.
    """
    xp, R = as_arrays(R)
    r00, r01, r02 = R[..., 0, 0], R[..., 0, 1], R[..., 0, 2]
    r10, r11, r12 = R[..., 1, 0], R[..., 1, 1], R[..., 1, 2]
    r20, r21, r22 = R[..., 2, 0], R[..., 2, 1], R[..., 2, 2]
    xy, xz, yz = r01 + r10, r02 + r20, r12 + r21
    xw, yw, zw = r21 - r12, r02 - r20, r10 - r01
    diagonal = xp.stack(
        [1 + r00 - r11 - r22, 1 - r00 + r11 - r22, 1 - r00 - r11 + r22, 1 + r00 + r11 + r22],
        axis=-1,
    )
    rows = xp.stack(
        [
            xp.stack([diagonal[..., 0], xy, xz, xw], axis=-1),
            xp.stack([xy, diagonal[..., 1], yz, yw], axis=-1),
            xp.stack([xz, yz, diagonal[..., 2], zw], axis=-1),
            xp.stack([xw, yw, zw, diagonal[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    largest = diagonal.argmax(-1)[..., None] == xp.asarray([0, 1, 2, 3], device=R.device)
    q = xp.where(largest[..., None], rows, 0.0).sum(-2)
    q = q / xp.sqrt((q * q).sum(-1))[..., None]
    return xp.where(q[..., 3:] < 0, -q, q)


def from_quaternion(q_xyzw: ArrayT) -> ArrayT:
    """Quaternion (..., 4), of any length but zero, to rotation matrix (..., 3, 3)."""
    xp, q = as_arrays(q_xyzw)
    x, y, z, w = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    s = 2 / (q * q).sum(-1)
    xx, yy, zz = s * x * x, s * y * y, s * z * z
    xy, xz, yz = s * x * y, s * x * z, s * y * z
    xw, yw, zw = s * x * w, s * y * w, s * z * w
    return _matrix(
        xp,
        [1 - yy - zz, xy - zw, xz + yw, xy + zw, 1 - xx - zz, yz - xw, xz - yw, yz + xw,
         1 - xx - yy],
    )  # fmt: skip


def from_euler_zyx(yaw_pitch_roll: ArrayT) -> ArrayT:
    """(yaw, pitch, roll) (..., 3) [rad] to R = Rz(yaw) Ry(pitch) Rx(roll) (..., 3, 3).

    With x forward and z up, a positive yaw turns left and a positive pitch looks down.
    """
    xp, angles = as_arrays(yaw_pitch_roll)
    c, s = xp.cos(angles), xp.sin(angles)
    cy, cp, cr = c[..., 0], c[..., 1], c[..., 2]
    sy, sp, sr = s[..., 0], s[..., 1], s[..., 2]
    return _matrix(
        xp,
        [
            cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr,
            sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr,
            -sp, cp * sr, cp * cr,
        ],
    )  # fmt: skip


def to_euler_zyx(R: ArrayT) -> ArrayT:
    """Rotation matrix (..., 3, 3) to (yaw, pitch, roll) (..., 3) [rad], pitch in ±π/2.

    Pitch and roll are read after the yaw has been taken off, so that the three always give the
    matrix back; looking straight up or down, where yaw and roll are one, the yaw is arbitrary.
    """
    xp, R = as_arrays(R)
    yaw = xp.arctan2(R[..., 1, 0], R[..., 0, 0])
    c, s = xp.cos(yaw), xp.sin(yaw)
    pitch = xp.arctan2(-R[..., 2, 0], c * R[..., 0, 0] + s * R[..., 1, 0])
    roll = xp.arctan2(s * R[..., 0, 2] - c * R[..., 1, 2], c * R[..., 1, 1] - s * R[..., 0, 1])
    return xp.stack([yaw, pitch, roll], axis=-1)


def interpolate(R_a: ArrayT, R_b: ArrayT, fraction: ArrayT | float) -> ArrayT:
    """Rotation at a `fraction` (...) of the shortest way from R_a to R_b (..., 3, 3) (slerp)."""
    _, R_a, R_b, s = as_arrays(R_a, R_b, fraction)
    return R_a @ exp(s[..., None] * log(R_a.mT @ R_b))


def angle(R: ArrayT) -> ArrayT:
    """Angle (...) [rad], 0…π, that R (..., 3, 3) turns by; its gradient is 0 at the identity."""
    xp, R = as_arrays(R)
    return xp.linalg.vector_norm(log(R), axis=-1)


def angle_between(R_a: ArrayT, R_b: ArrayT) -> ArrayT:
    """Geodesic distance (...) [rad], 0…π, between two rotations (..., 3, 3)."""
    _, R_a, R_b = as_arrays(R_a, R_b)
    return angle(R_a.mT @ R_b)


def left_jacobian(phi: ArrayT) -> ArrayT:
    """(..., 3, 3) J with exp(phi + d) ≈ exp(J d) exp(phi); phi is (..., 3)."""
    xp, phi = as_arrays(phi)
    squared = (phi * phi).sum(-1)
    return _eye_plus(xp, phi, cosine_ratio(squared), cubic_ratio(squared))


def left_jacobian_inverse(phi: ArrayT) -> ArrayT:
    """Inverse (..., 3, 3) of `left_jacobian`; phi (..., 3) shorter than 2π."""
    xp, phi = as_arrays(phi)
    squared = (phi * phi).sum(-1)
    return _eye_plus(xp, phi, xp.full_like(squared, -0.5), cotangent_ratio(squared))


def right_jacobian(phi: ArrayT) -> ArrayT:
    """(..., 3, 3) J with exp(phi + d) ≈ exp(phi) exp(J d); phi is (..., 3)."""
    return left_jacobian(phi).mT


def right_jacobian_inverse(phi: ArrayT) -> ArrayT:
    """Inverse (..., 3, 3) of `right_jacobian`; phi (..., 3) shorter than 2π."""
    return left_jacobian_inverse(phi).mT


def project(M: ArrayT) -> ArrayT:
    """The rotation nearest to a matrix (..., 3, 3) in the Frobenius norm, also Kabsch's solution.

    In torch the gradient is that of the projection itself, (tr(S) I − S)⁻¹ on the tangent space
    with S = RᵀM: finite wherever the projection is defined, while that of the singular vectors
    is not where singular values coincide, as they do for every rotation.
    """
    xp, matrix = as_arrays(M)
    U, _, Vh = xp.linalg.svd(matrix if xp is np else matrix.detach())
    flip = xp.ones_like(matrix[..., 0])
    flip[..., 2] = xp.linalg.det(U @ Vh)
    R = (U * flip[..., None, :]) @ Vh
    if xp is np:
        return R
    S = R.mT @ matrix
    fixed = (S + S.mT).detach() / 2
    trace = fixed.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    curvature = trace * xp.eye(3, dtype=matrix.dtype, device=matrix.device) - fixed
    step = xp.linalg.pinv(curvature, hermitian=True) @ (2 * vee(S))[..., None]
    return R @ exp(step[..., 0])


def random(rng: np.random.Generator, shape: tuple[int, ...] = ()) -> NDArray[np.float64]:
    """(*shape, 3, 3) rotations, uniformly distributed."""
    return from_quaternion(rng.standard_normal((*shape, 4)))


def _eye_plus(xp: Any, phi: ArrayT, first: ArrayT, second: ArrayT) -> ArrayT:
    """I + first · hat(phi) + second · hat(phi)²."""
    skew = hat(phi)
    eye = xp.eye(3, dtype=phi.dtype, device=phi.device)
    return eye + first[..., None, None] * skew + second[..., None, None] * (skew @ skew)


def _matrix(xp: Any, entries: list[Any]) -> Any:
    """(..., 3, 3) of nine (...) entries, row by row."""
    flat = xp.stack(entries, axis=-1)
    return flat.reshape((*flat.shape[:-1], 3, 3))

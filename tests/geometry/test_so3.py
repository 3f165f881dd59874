"""Rotations: group axioms, agreement with SciPy, exactness near 0 and near π."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navworld.geometry import so3
from tests.geometry.examples import ANGLES, SEEDS, SHAPES, rotation_vectors

TIGHT = 1e-9


@given(SEEDS, SHAPES, ANGLES)
def test_log_undoes_exp(seed: int, shape: tuple[int, ...], angle: float) -> None:
    phi = rotation_vectors(seed, shape, angle)
    np.testing.assert_allclose(so3.log(so3.exp(phi)), phi, atol=TIGHT)


@given(SEEDS, ANGLES)
def test_log_keeps_the_digits_of_a_tiny_rotation(seed: int, angle: float) -> None:
    phi = rotation_vectors(seed, (), min(angle, 1e-3) + 1e-30)
    np.testing.assert_allclose(so3.log(so3.exp(phi)), phi, rtol=1e-9)


@given(SEEDS, SHAPES, ANGLES)
def test_exp_and_log_agree_with_scipy(seed: int, shape: tuple[int, ...], angle: float) -> None:
    phi = rotation_vectors(seed, shape, angle)
    expected = Rotation.from_rotvec(phi.reshape(-1, 3)).as_matrix().reshape((*shape, 3, 3))
    np.testing.assert_allclose(so3.exp(phi), expected, atol=1e-14)
    turn = so3.log(expected).reshape(-1, 3)
    again = Rotation.from_rotvec(turn).as_matrix().reshape((*shape, 3, 3))
    np.testing.assert_allclose(again, expected, atol=TIGHT)


@pytest.mark.parametrize("axis", [*np.eye(3), *-np.eye(3), [1, 1, 0], [0, -1, 1], [1, 1, 1]])
def test_log_of_exactly_half_a_turn(axis: np.ndarray) -> None:
    axis = np.asarray(axis) / np.linalg.norm(axis)
    R = 2 * np.outer(axis, axis) - np.eye(3)
    phi = so3.log(R)
    assert np.linalg.norm(phi) == pytest.approx(np.pi, abs=1e-12)
    np.testing.assert_allclose(so3.exp(phi), R, atol=1e-12)


@given(SEEDS, SHAPES)
def test_rotations_form_a_group(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    A, B, C = (so3.random(rng, shape) for _ in range(3))
    eye = np.broadcast_to(np.eye(3), A.shape)
    for R in (A, A @ B, so3.exp(so3.log(A))):
        np.testing.assert_allclose(R @ R.mT, eye, atol=1e-13)
        np.testing.assert_allclose(np.linalg.det(R), 1, atol=1e-13)
    np.testing.assert_allclose((A @ B) @ C, A @ (B @ C), atol=1e-13)
    np.testing.assert_allclose(so3.exp(-so3.log(A)), A.mT, atol=1e-13)


@given(SEEDS, SHAPES, ANGLES)
def test_quaternions_agree_with_scipy(seed: int, shape: tuple[int, ...], angle: float) -> None:
    R = so3.exp(rotation_vectors(seed, shape, angle))
    q = so3.to_quaternion(R)
    expected = Rotation.from_matrix(R.reshape(-1, 3, 3)).as_quat(canonical=True)
    dot = (q.reshape(-1, 4) * expected).sum(-1)
    np.testing.assert_allclose(abs(dot), 1, atol=1e-13)
    assert (q[..., 3] >= 0).all()
    np.testing.assert_allclose(so3.from_quaternion(3 * q), R, atol=1e-13)


def test_quaternion_of_a_quarter_turn_to_the_left() -> None:
    R = so3.exp(np.array([0, 0, np.pi / 2]))
    np.testing.assert_allclose(so3.to_quaternion(R), [0, 0, 0.5**0.5, 0.5**0.5], atol=1e-15)
    np.testing.assert_allclose(so3.rotate(R, np.array([1.0, 0, 0])), [0, 1, 0], atol=1e-15)


@given(SEEDS, SHAPES, st.sampled_from([0.0, 1e-12, 1e-9, 1e-6, 1e-3, 0.5]))
def test_euler_angles_give_the_matrix_back(
    seed: int, shape: tuple[int, ...], from_the_pole: float
) -> None:
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-np.pi, np.pi, (*shape, 3))
    angles[..., 1] = rng.choice([-1, 1]) * (np.pi / 2 - from_the_pole)
    R = so3.from_euler_zyx(angles)
    expected = Rotation.from_euler("ZYX", angles.reshape(-1, 3)).as_matrix()
    np.testing.assert_allclose(R.reshape(-1, 3, 3), expected, atol=1e-14)
    np.testing.assert_allclose(so3.from_euler_zyx(so3.to_euler_zyx(R)), R, atol=1e-12)
    if from_the_pole >= 1e-3:
        np.testing.assert_allclose(so3.to_euler_zyx(R), angles, atol=1e-9)


@given(SEEDS, SHAPES, st.floats(0, 1))
def test_interpolation_is_scipy_slerp(seed: int, shape: tuple[int, ...], fraction: float) -> None:
    rng = np.random.default_rng(seed)
    A, B = so3.random(rng, shape), so3.random(rng, shape)
    step = Rotation.from_matrix((A.mT @ B).reshape(-1, 3, 3)).as_rotvec()
    expected = A.reshape(-1, 3, 3) @ Rotation.from_rotvec(fraction * step).as_matrix()
    result = so3.interpolate(A, B, fraction).reshape(-1, 3, 3)
    np.testing.assert_allclose(result, expected, atol=1e-7)


@given(SEEDS, ANGLES)
def test_angle_between_is_the_length_of_the_rotation_vector(seed: int, angle: float) -> None:
    R = so3.random(np.random.default_rng(seed))
    turned = R @ so3.exp(rotation_vectors(seed, (), angle))
    assert so3.angle_between(R, turned) == pytest.approx(angle, abs=TIGHT)


@settings(max_examples=50)
@given(SEEDS, st.one_of(st.floats(0, 3.1), st.sampled_from([0.0, 1e-9, 1e-4, 0.4999, 0.5001])))
def test_jacobians_are_finite_differences_of_exp(seed: int, angle: float) -> None:
    phi = rotation_vectors(seed, (), angle)
    step = 1e-6 * np.eye(3)
    left = so3.log(so3.exp(phi + step) @ so3.exp(phi).T) - so3.log(
        so3.exp(phi - step) @ so3.exp(phi).T
    )
    np.testing.assert_allclose(so3.left_jacobian(phi), left.T / 2e-6, atol=1e-8)
    right = so3.log(so3.exp(phi).T @ so3.exp(phi + step)) - so3.log(
        so3.exp(phi).T @ so3.exp(phi - step)
    )
    np.testing.assert_allclose(so3.right_jacobian(phi), right.T / 2e-6, atol=1e-8)


@given(SEEDS, SHAPES, ANGLES)
def test_inverse_jacobians_invert(seed: int, shape: tuple[int, ...], angle: float) -> None:
    phi = rotation_vectors(seed, shape, angle)
    eye = np.broadcast_to(np.eye(3), (*shape, 3, 3))
    left = so3.left_jacobian(phi) @ so3.left_jacobian_inverse(phi)
    right = so3.right_jacobian(phi) @ so3.right_jacobian_inverse(phi)
    np.testing.assert_allclose(left, eye, atol=1e-12)
    np.testing.assert_allclose(right, eye, atol=1e-12)


@given(SEEDS, SHAPES)
def test_vee_undoes_hat_and_hat_is_the_cross_product(seed: int, shape: tuple[int, ...]) -> None:
    a, b = np.random.default_rng(seed).standard_normal((2, *shape, 3))
    np.testing.assert_allclose(so3.vee(so3.hat(a)), a)
    np.testing.assert_allclose((so3.hat(a) @ b[..., None])[..., 0], np.cross(a, b), atol=1e-14)


@given(SEEDS)
def test_projection_is_nearer_than_any_other_rotation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    M = rng.standard_normal((3, 3))
    R = so3.project(M)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(R) > 0
    others = np.concatenate(
        [so3.random(rng, (50,)), R @ so3.exp(1e-2 * rng.standard_normal((50, 3)))]
    )
    assert (np.linalg.norm(others - M, axis=(1, 2)) >= np.linalg.norm(R - M) - 1e-12).all()


def test_projection_keeps_a_rotation() -> None:
    R = so3.random(np.random.default_rng(0), (20,))
    np.testing.assert_allclose(so3.project(R), R, atol=1e-14)


def test_random_rotations_are_uniform() -> None:
    R = so3.random(np.random.default_rng(0), (20_000,))
    assert abs(R.mean(0)).max() < 0.02
    # angles of uniform rotations have the density (1 - cos θ) / π, so the mean π/2 + 2/π
    assert so3.angle(R).mean() == pytest.approx(np.pi / 2 + 2 / np.pi, abs=0.02)


def test_one_rotation_turns_many_vectors_and_each_its_own() -> None:
    rng = np.random.default_rng(0)
    R, v = so3.random(rng, (4,)), rng.standard_normal((4, 5, 6, 3))
    np.testing.assert_allclose(so3.rotate(R, v)[2, 3, 1], R[2] @ v[2, 3, 1])
    np.testing.assert_allclose(so3.rotate(R[0], v)[2, 3, 1], R[0] @ v[2, 3, 1])
    np.testing.assert_allclose(so3.rotate(R, v[:, 0, 0])[3], R[3] @ v[3, 0, 0])
    np.testing.assert_allclose(so3.rotate(R, v[:1])[3, 4, 5], R[3] @ v[0, 4, 5])


def test_vectors_that_do_not_fit_the_batch_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit a batch"):
        so3.rotate(so3.random(np.random.default_rng(0), (4,)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="do not fit a batch"):
        so3.rotate(so3.random(np.random.default_rng(0), (4,)), np.zeros(3))

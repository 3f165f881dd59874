"""Rigid motions: group axioms, exactness, frames and planar poses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from navworld.geometry import inverse, relative, se3, so3, transform
from tests.geometry.examples import ANGLES, SEEDS, SHAPES, rotation_vectors

TIGHT = 1e-9


def _twists(seed: int, shape: tuple[int, ...], angle: float) -> np.ndarray:
    rho = np.random.default_rng(seed + 1).standard_normal((*shape, 3))
    return np.concatenate([rho, rotation_vectors(seed, shape, angle)], -1)


@given(SEEDS, SHAPES, ANGLES)
def test_log_undoes_exp(seed: int, shape: tuple[int, ...], angle: float) -> None:
    xi = _twists(seed, shape, angle)
    np.testing.assert_allclose(se3.log(se3.exp(xi)), xi, atol=TIGHT)


@given(SEEDS, ANGLES)
def test_exp_is_the_matrix_exponential(seed: int, angle: float) -> None:
    xi = _twists(seed, (), angle)
    generator = np.zeros((4, 4))
    generator[:3, :3], generator[:3, 3] = so3.hat(xi[3:]), xi[:3]
    np.testing.assert_allclose(se3.exp(xi), expm(generator), atol=1e-12)


@given(SEEDS, SHAPES)
def test_motions_form_a_group(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    A, B, C = (se3.random(rng, shape, spread=3.0) for _ in range(3))
    eye = np.broadcast_to(np.eye(4), A.shape)
    np.testing.assert_allclose(A @ inverse(A), eye, atol=1e-12)
    np.testing.assert_allclose(inverse(A), np.linalg.inv(A), atol=1e-12)
    np.testing.assert_allclose((A @ B) @ C, A @ (B @ C), atol=1e-12)
    np.testing.assert_allclose(inverse(A @ B), inverse(B) @ inverse(A), atol=1e-12)
    np.testing.assert_allclose(A @ relative(A, B), B, atol=1e-12)
    assert se3.is_rigid(A @ B).all()


@given(SEEDS, SHAPES)
def test_adjoint_moves_twists_between_frames(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    T, xi = se3.random(rng, shape), rng.standard_normal((*shape, 6))
    moved = (se3.adjoint(T) @ xi[..., None])[..., 0]
    np.testing.assert_allclose(se3.exp(moved), T @ se3.exp(xi) @ inverse(T), atol=1e-11)


@given(SEEDS, SHAPES, st.floats(0, 1))
def test_interpolation_depends_on_no_choice_of_frame(
    seed: int, shape: tuple[int, ...], fraction: float
) -> None:
    rng = np.random.default_rng(seed)
    A = se3.random(rng, shape)
    B = A @ se3.exp(rng.uniform(-1, 1, (*shape, 6)))
    world, body = se3.random(rng), se3.random(rng)
    middle = se3.interpolate(A, B, fraction)
    moved = se3.interpolate(world @ A @ body, world @ B @ body, fraction)
    np.testing.assert_allclose(moved, world @ middle @ body, atol=1e-11)
    np.testing.assert_allclose(se3.interpolate(A, B, 0.0), A, atol=1e-12)
    np.testing.assert_allclose(se3.interpolate(A, B, 1.0), B, atol=1e-12)


def test_interpolation_of_a_quarter_turn_follows_the_arc() -> None:
    start, end = se3.from_planar([0, 0, 0]), se3.from_planar([1, 1, np.pi / 2])
    half = se3.to_planar(se3.interpolate(start, end, 0.5))
    np.testing.assert_allclose(half, [np.sqrt(0.5), 1 - np.sqrt(0.5), np.pi / 4], atol=1e-14)


def test_tangent_is_translation_first() -> None:
    T = se3.exp(np.array([1.0, 2, 3, 0, 0, 0]))
    np.testing.assert_allclose(T[:3, 3], [1, 2, 3])
    np.testing.assert_allclose(T[:3, :3], np.eye(3))
    np.testing.assert_allclose(se3.swap_tangent_order(np.arange(6.0)), [3, 4, 5, 0, 1, 2])


def test_a_point_ahead_of_a_body_that_looks_left() -> None:
    T_world_body = se3.from_planar([2.0, 1.0, np.pi / 2])
    np.testing.assert_allclose(
        transform(T_world_body, np.array([3.0, 0, 0])), [2, 4, 0], atol=1e-15
    )
    turned = se3.transform_directions(T_world_body, np.array([1.0, 0, 0]))
    np.testing.assert_allclose(turned, [0, 1, 0], atol=1e-15)


@given(SEEDS, SHAPES)
def test_planar_poses_come_back(seed: int, shape: tuple[int, ...]) -> None:
    planar = np.random.default_rng(seed).uniform(-3, 3, (*shape, 3))
    np.testing.assert_allclose(se3.to_planar(se3.from_planar(planar)), planar, atol=1e-14)


def test_points_follow_the_batch_of_their_transformation() -> None:
    rng = np.random.default_rng(0)
    T, p = se3.random(rng, (4, 2)), rng.standard_normal((4, 2, 7, 3))
    expected = (T[3, 1] @ [*p[3, 1, 5], 1])[:3]
    np.testing.assert_allclose(transform(T, p)[3, 1, 5], expected)
    np.testing.assert_allclose(transform(T[3, 1], p)[3, 1, 5], expected)
    np.testing.assert_allclose(transform(T, p[:, :, 5])[3, 1], expected)
    np.testing.assert_allclose(transform(T[0, :1], p[0])[1, 5], (T[0, 0] @ [*p[0, 1, 5], 1])[:3])
    assert transform(T, np.zeros((4, 2, 0, 3))).shape == (4, 2, 0, 3)
    with pytest.raises(ValueError, match="do not fit a batch"):
        transform(T, p[:3])


def test_a_scaled_or_mirrored_matrix_is_not_rigid() -> None:
    assert not se3.is_rigid(np.diag([2.0, 2, 2, 1]))
    assert not se3.is_rigid(np.diag([-1.0, 1, 1, 1]))
    assert not se3.is_rigid(np.diag([1.0, 1, 1, 2]))

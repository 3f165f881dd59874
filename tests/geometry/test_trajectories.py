"""Trajectories: there and back through motions, interpolation, alignment, association."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navworld.geometry import (
    Trajectory,
    align,
    associate,
    integrate,
    relative_motions,
    se3,
    so3,
    transform,
)

SEEDS = st.integers(0, 2**32 - 1)


def _walk(seed: int, count: int) -> Trajectory:
    rng = np.random.default_rng(seed)
    motions = se3.exp(0.3 * rng.standard_normal((count - 1, 6)))
    stamps = np.cumsum(rng.uniform(0.05, 0.2, count))
    return Trajectory(stamps, integrate(se3.random(rng), motions))


@given(SEEDS, st.integers(1, 40), st.sampled_from([(), (2,), (2, 3)]))
def test_integration_undoes_relative_motions(seed: int, count: int, shape: tuple) -> None:
    T_world_body = se3.random(np.random.default_rng(seed), (*shape, count))
    start = T_world_body[..., 0, :, :]
    again = integrate(start, relative_motions(T_world_body))
    np.testing.assert_allclose(again, T_world_body, atol=1e-10)


def test_integration_is_the_running_product() -> None:
    motions = se3.exp(0.2 * np.random.default_rng(0).standard_normal((12, 6)))
    pose = np.eye(4)
    for k, poses in enumerate(integrate(pose, motions)):
        np.testing.assert_allclose(poses, pose, atol=1e-13)
        if k < len(motions):
            pose = pose @ motions[k]


def test_integration_of_a_long_walk_stays_rigid() -> None:
    walk = _walk(0, 20_000)
    assert se3.is_rigid(walk.T_world_body, 1e-9).all()


@given(SEEDS, st.integers(1, 20))
def test_a_trajectory_passes_through_its_poses(seed: int, count: int) -> None:
    walk = _walk(seed, count)
    np.testing.assert_allclose(walk.at(walk.stamps).T_world_body, walk.T_world_body, atol=1e-12)


def test_a_constant_twist_is_interpolated_exactly() -> None:
    twist = np.array([0.5, 0.1, 0, 0.05, 0.1, 0.3])
    coarse = np.linspace(0, 6, 4)
    walk = Trajectory(coarse, se3.exp(coarse[:, None] * twist))
    fine = np.linspace(0, 6, 31)
    np.testing.assert_allclose(
        walk.at(fine).T_world_body, se3.exp(fine[:, None] * twist), atol=1e-12
    )


def test_resampling_has_an_even_rate_and_keeps_the_ends() -> None:
    walk = Trajectory([0.0, 0.4, 1.0], se3.from_planar([[0, 0, 0], [0.4, 0, 0], [1, 0, 0]]))
    even = walk.resampled(10.0)
    np.testing.assert_allclose(even.stamps, np.arange(11) / 10)
    np.testing.assert_allclose(even.positions[:, 0], np.arange(11) / 10, atol=1e-15)


def test_length_and_duration_of_a_square() -> None:
    corners = [[0, 0, 0], [2, 0, 1], [2, 2, 2], [0, 2, 3], [0, 0, -1]]
    walk = Trajectory(np.arange(5.0), se3.from_planar(corners))
    assert walk.length == pytest.approx(8.0)
    assert walk.duration == 4.0
    assert len(walk) == 5


def test_extrapolation_is_refused() -> None:
    with pytest.raises(ValueError, match="leave the trajectory"):
        _walk(0, 5).at([100.0])


@pytest.mark.parametrize(
    ("stamps", "poses", "message"),
    [
        ([0.0, 1.0], np.eye(4)[None], r"stamps \(N,\)"),
        ([], np.zeros((0, 4, 4)), "N ≥ 1"),
        ([0.0, 0.0], np.tile(np.eye(4), (2, 1, 1)), "stamps must increase, but stamp 1"),
        ([0.0], np.full((1, 4, 4), np.nan), "must be finite"),
        ([0.0], 2 * np.eye(4)[None], "pose 0 of the trajectory is not a rigid motion"),
    ],
)
def test_what_is_no_trajectory_is_refused(stamps, poses, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Trajectory(stamps, poses)


@given(SEEDS, st.sampled_from(["se3", "sim3", "yaw"]), st.integers(3, 30))
def test_alignment_finds_the_motion_that_made_the_points(seed: int, kind: str, count: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.standard_normal((count, 3))
    T = se3.random(rng, spread=5.0)
    scale = 1.0
    if kind == "yaw":
        T[:3, :3] = so3.from_euler_zyx([rng.uniform(-3, 3), 0, 0])
    if kind == "sim3":
        scale = rng.uniform(0.1, 10)
    found = align(p, transform(T, scale * p), kind)
    np.testing.assert_allclose(found.T_target_source, T, atol=1e-8)
    assert found.scale == pytest.approx(scale, rel=1e-9)


@given(SEEDS, st.sampled_from(["se3", "sim3", "yaw"]))
def test_no_small_change_aligns_noisy_points_better(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    p = rng.standard_normal((20, 3))
    q = transform(se3.random(rng), 1.3 * p) + 0.2 * rng.standard_normal((20, 3))
    found = align(p, q, kind)

    def error(T: np.ndarray, scale: float) -> float:
        return float(((transform(T, scale * p) - q) ** 2).sum())

    best = error(found.T_target_source, float(found.scale))
    for step in 1e-3 * rng.standard_normal((20, 7)):
        free = np.where(kind == "yaw", [1, 1, 1, 0, 0, 1], 1) * step[:6]
        grown = found.scale * (1 + step[6] * (kind == "sim3"))
        rotation = so3.exp(free[3:]) @ found.T_target_source[:3, :3]
        moved = se3.from_rotation_translation(rotation, found.T_target_source[:3, 3] + free[:3])
        assert error(moved, grown) >= best - 1e-9


def test_alignment_never_mirrors() -> None:
    p = np.random.default_rng(0).standard_normal((10, 3))
    found = align(p, p * [1, 1, -1], "sim3")
    assert np.linalg.det(found.T_target_source[:3, :3]) == pytest.approx(1.0)


def test_aligned_trajectory_lies_on_its_reference() -> None:
    reference = _walk(1, 30)
    T, scale = se3.random(np.random.default_rng(2)), 0.5
    estimate = reference.moved(T, scale)
    found = align(estimate.positions, reference.positions, "sim3")
    again = estimate.moved(found.T_target_source, float(found.scale))
    np.testing.assert_allclose(again.T_world_body, reference.T_world_body, atol=1e-9)


def test_alignment_refuses_what_does_not_correspond() -> None:
    with pytest.raises(ValueError, match="associate the trajectories first"):
        align(np.zeros((3, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="unknown alignment 'affine'"):
        align(np.eye(3), np.eye(3), "affine")
    with pytest.raises(ValueError, match="have no scale"):
        align(np.ones((3, 3)), np.eye(3), "sim3")


def test_association_pairs_nearest_stamps_once() -> None:
    a = [0.0, 0.1, 0.2, 0.3, 5.0]
    b = [0.01, 0.19, 0.21, 0.32, 0.9]
    i, j = associate(a, b, tolerance=0.05)
    assert i.tolist() == [0, 2, 3]
    assert j.tolist() in ([0, 1, 3], [0, 2, 3])
    assert associate(a, [], tolerance=1.0)[0].tolist() == []


@given(SEEDS, st.integers(1, 30), st.integers(1, 30))
def test_association_is_one_to_one_and_within_tolerance(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = np.sort(rng.uniform(0, 3, n)), np.sort(rng.uniform(0, 3, m))
    i, j = associate(a, b, tolerance=0.1)
    assert (np.diff(i) > 0).all()
    assert (np.diff(j) > 0).all()
    assert (abs(a[i] - b[j]) <= 0.1).all()

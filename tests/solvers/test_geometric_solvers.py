"""Solvers find what synthetic points were made from."""

import numpy as np
import pytest

from navworld.geometry import se3, so3, transform
from navworld.geometry.cameras import Pinhole
from navworld.solvers import libraries

pytest.importorskip("poselib", reason="needs poselib: pip install 'navworld[solvers]'")
pytest.importorskip("gtsam", reason="needs gtsam: pip install 'navworld[solvers]'")

from navworld.solvers.bundle_adjustment import Odometry, Sightings, Weights, adjust
from navworld.solvers.pnp import PosePrior, Seen, absolute_pose, refine_pose
from navworld.solvers.two_view import relative_pose, triangulate

CAMERA = Pinhole.from_fov(128, 128, 90.0)
T_TRUE = se3.exp(np.array([0.2, -0.1, 0.3, 0.1, -0.3, 0.05]))


def cloud(n, seed=0):
    """Points in front of a camera at the origin and of one at T_TRUE."""
    rng = np.random.default_rng(seed)
    p = rng.uniform([-1.5, -1.5, 2.0], [1.5, 1.5, 5.0], (4 * n, 3))
    seen = CAMERA.project(p)[1] & CAMERA.project(transform(se3.inverse(T_TRUE), p))[1]
    return p[seen][:n]


def sight(T_world_camera, p):
    return CAMERA.project(transform(se3.inverse(T_world_camera), p))[0]


def test_pnp_finds_the_pose_among_wrong_matches():
    p = cloud(60)
    pixels = sight(T_TRUE, p)
    wrong = np.arange(60) % 3 == 0
    pixels[wrong] = np.random.default_rng(1).uniform(0, 127, (wrong.sum(), 2))
    found = absolute_pose(p, pixels, CAMERA)
    off = se3.log(se3.relative(T_TRUE, se3.inverse(found.T_camera_world)))
    assert np.abs(off).max() < 1e-6
    assert found.inliers[~wrong].all()
    assert found.inliers[wrong].sum() <= 1


def test_pnp_says_so_when_there_are_too_few_points():
    p = cloud(3)
    assert absolute_pose(p, sight(T_TRUE, p), CAMERA) is None


def test_the_covariance_of_a_refined_pose_is_its_spread():
    rng, p, std = np.random.default_rng(2), cloud(40), 0.5
    depth = transform(se3.inverse(T_TRUE), p)[:, 2]
    found = []
    for _ in range(400):
        noisy = depth * (1 + 0.01 * rng.standard_normal(len(p)))
        pixels = sight(T_TRUE, p) + std * rng.standard_normal((len(p), 2))
        seen = Seen(pixels, noisy, 0.01 * depth, std)
        T, covariance = refine_pose(T_TRUE, p, seen, CAMERA, huber=10.0)
        found.append(se3.log(se3.relative(T_TRUE, T)))
    spread = np.std(found, axis=0)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(spread, rel=0.15)


def test_a_certain_prior_holds_and_a_weak_one_does_not():
    p, expected = cloud(40), np.eye(4)
    seen = Seen(sight(T_TRUE, p), np.zeros(len(p)), np.ones(len(p)))
    firm, _ = refine_pose(
        T_TRUE, p, seen, CAMERA, prior=PosePrior(expected, 1e12 * np.eye(6)), iterations=30
    )
    weak, _ = refine_pose(
        T_TRUE, p, seen, CAMERA, prior=PosePrior(expected, 1e-6 * np.eye(6)), iterations=30
    )
    assert np.abs(firm - expected).max() < 1e-3
    assert np.abs(weak - T_TRUE).max() < 1e-3


def test_two_views_give_turn_and_direction_and_points_up_to_scale():
    p = cloud(80)
    first, second = CAMERA.project(p)[0], sight(T_TRUE, p)
    found = relative_pose(first, second, CAMERA)
    T_second_first = se3.inverse(T_TRUE)
    way = T_second_first[:3, 3]
    off = so3.angle_between(found.T_second_first[:3, :3], T_second_first[:3, :3])
    assert off < 1e-5
    assert found.T_second_first[:3, 3] == pytest.approx(way / np.linalg.norm(way), abs=1e-4)
    points = triangulate(first, second, found.T_second_first, CAMERA)
    assert points * np.linalg.norm(way) == pytest.approx(p, rel=1e-2, abs=1e-3)


def test_bundle_adjustment_undoes_wrong_first_guesses():
    rng, p = np.random.default_rng(3), cloud(50)
    poses = np.stack([se3.exp(k / 2 * se3.log(T_TRUE)) for k in range(3)])
    view, landmark = (a.ravel() for a in np.meshgrid(np.arange(3), np.arange(50), indexing="ij"))
    pixels = np.concatenate([sight(T, p) for T in poses])
    depth = np.concatenate([transform(se3.inverse(T), p)[:, 2] for T in poses])
    seen = Sightings(view, landmark, pixels, depth, 0.01 * depth)
    guesses = poses.copy()
    guesses[1:] = guesses[1:] @ se3.exp(0.02 * rng.standard_normal((2, 6)))
    T, points = adjust(
        guesses, p + 0.02 * rng.standard_normal(p.shape), seen, CAMERA,
        weights=Weights(iterations=30, gain=1e-12),
    )  # fmt: skip
    assert np.abs(T - poses).max() < 1e-5
    assert np.abs(points - p).max() < 1e-4


def test_bundle_adjustment_keeps_to_certain_odometry():
    p = cloud(30)
    view, landmark = np.repeat([0, 1], 30), np.tile(np.arange(30), 2)
    pixels = np.concatenate([CAMERA.project(p)[0], sight(T_TRUE, p)])
    seen = Sightings(view, landmark, pixels, np.zeros(60), np.ones(60))
    told = Odometry(np.eye(4)[None], 1e-12 * np.eye(6)[None])
    T, _ = adjust(np.stack([np.eye(4), np.eye(4)]), p, seen, CAMERA, odometry=told)
    assert np.abs(T[1] - np.eye(4)).max() < 1e-3


def test_a_missing_library_names_the_extra_that_brings_it():
    with pytest.raises(ValueError, match=r'pip install "navworld\[solvers\]"'):
        libraries.solver_library("navworld_no_such_library")

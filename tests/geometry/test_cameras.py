"""Cameras: known pixels, agreement with OpenCV, there and back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navworld.geometry import (
    Fisheye,
    Orthographic,
    Panorama,
    Pinhole,
    distortion,
    forward_camera,
    intrinsics,
    pixel_grid,
    project,
    transform,
    unproject,
)

BROWN = (-0.28, 0.07, 2e-4, 1e-4, 0.0)
KANNALA = (0.0035, 0.0007, -0.002, 0.0002)
CAMERAS = [
    Pinhole.from_fov(64, 48, 90.0),
    Pinhole(188, 120, 115.0, 114.0, 92.0, 62.0, BROWN),
    Pinhole(80, 60, 60.0, 61.0, 40.2, 29.1, (0.1, -0.02, 1e-3, -2e-3, 5e-3)),
    Fisheye.from_fov(64, 64, 200.0),
    Fisheye(128, 128, 48.0, 47.5, 63.7, 64.1, KANNALA),
    Panorama(64, 32),
    Orthographic(40, 30, 0.05),
]


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda c: type(c).__name__)
def test_projection_undoes_unprojection(camera) -> None:
    pixels = pixel_grid(camera.width, camera.height)
    depth = np.random.default_rng(0).uniform(0.5, 9, pixels.shape[:2])
    again, valid = camera.project(camera.unproject(pixels, depth))
    assert valid.all()
    np.testing.assert_allclose(again, pixels, atol=1e-9)


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda c: type(c).__name__)
def test_rays_pass_through_the_points_of_their_pixels(camera) -> None:
    origins, directions = camera.rays()
    assert origins.shape == directions.shape == (camera.height, camera.width, 3)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1, atol=1e-12)
    along = 2.0 if camera.depth_is_range else 2.0 / directions[..., 2]
    points = origins + np.asarray(along)[..., None] * directions
    expected = camera.unproject(pixel_grid(camera.width, camera.height), 2.0)
    np.testing.assert_allclose(points, expected, atol=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_pinhole_is_opencv_project_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    camera = CAMERAS[rng.integers(1, 3)]
    p = rng.uniform([-1, -0.6, 1], [1, 0.6, 4], (50, 3))
    expected, _ = cv2.projectPoints(
        p, np.zeros(3), np.zeros(3), camera.K, np.array(camera.distortion)
    )
    np.testing.assert_allclose(camera.project(p)[0], expected[:, 0], atol=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_fisheye_is_opencv_fisheye(seed: int) -> None:
    camera = CAMERAS[4]
    p = np.random.default_rng(seed).uniform([-3, -3, 0.2], [3, 3, 4], (50, 3))
    K = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    expected, _ = cv2.fisheye.projectPoints(
        p[:, None], np.zeros(3), np.zeros(3), K, np.array(camera.distortion)
    )
    np.testing.assert_allclose(camera.project(p)[0], expected[:, 0], atol=1e-9)


def test_pinhole_is_opencv_undistort_points() -> None:
    camera = CAMERAS[1]
    pixels = pixel_grid(camera.width, camera.height)[::8, ::8].reshape(-1, 2)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-14)
    expected = cv2.undistortPoints(
        pixels[:, None], camera.K, np.array(camera.distortion), criteria=criteria
    )[:, 0]
    np.testing.assert_allclose(camera.unproject(pixels, 1.0)[:, :2], expected, atol=1e-8)


def test_pinhole_of_90_degrees_sees_45_degrees_at_the_edge_of_its_image() -> None:
    camera = Pinhole.from_fov(64, 64, 90.0)
    right, below = np.array([1.0, 0, 1]), np.array([0, 1.0, 1])
    np.testing.assert_allclose(camera.project(right)[0], [63.5, 31.5], atol=1e-12)
    np.testing.assert_allclose(camera.project(below)[0], [31.5, 63.5], atol=1e-12)
    np.testing.assert_array_equal(camera.K, intrinsics(64, 64, 90.0))


def test_points_out_of_sight_are_invalid() -> None:
    camera = Pinhole.from_fov(64, 64, 90.0)
    p = np.array([[0, 0, 1], [0, 0, -1], [0, 0, 0], [1.1, 0, 1], [0, -1.1, 1]], float)
    pixels, valid = camera.project(p)
    assert valid.tolist() == [True, False, False, False, False]
    assert np.isfinite(pixels).all()
    assert project(camera.K, p)[1].tolist() == [True, False, False, True, True]


def test_points_beyond_the_fold_of_the_distortion_are_not_imaged_twice() -> None:
    camera = Pinhole(64, 64, 32.0, 32.0, 31.5, 31.5, (-0.3, 0.0, 0.0, 0.0, 0.0))
    limit = distortion.radial_tangential_limit(camera.distortion)
    assert limit == pytest.approx(np.sqrt(1 / 0.9))
    inside, beyond = np.array([0.9 * limit, 0, 1]), np.array([1.6 * limit, 0, 1])
    assert camera.project(inside)[1]
    pixel, valid = camera.project(beyond)
    assert -0.5 < pixel[0] < 63.5
    assert not valid


def test_fisheye_sees_sideways_and_behind() -> None:
    camera = Fisheye.from_fov(100, 100, 200.0)
    sideways, valid = camera.project(np.array([[1.0, 0, 0], [0, 1, -0.1], [0, 0, -1], [0, 0, 0]]))
    assert valid.tolist() == [True, True, False, False]
    np.testing.assert_allclose(sideways[0], [49.5 + 45, 49.5], atol=1e-12)


def test_panorama_looks_ahead_at_its_centre_and_right_at_three_quarters() -> None:
    camera = Panorama(360, 180)
    p = np.array([[0, 0, 2], [2, 0, 0], [-2, 0, 0], [0, 2, 2.0]])
    expected = [[179.5, 89.5], [269.5, 89.5], [89.5, 89.5], [179.5, 134.5]]
    pixels, valid = camera.project(p)
    assert valid.all()
    np.testing.assert_allclose(pixels, expected, atol=1e-9)


def test_orthographic_pixel_is_metres_across() -> None:
    camera = Orthographic(11, 11, 0.5)
    pixel, valid = camera.project(np.array([1.0, -2.0, 3.0]))
    assert valid
    np.testing.assert_allclose(pixel, [7, 1])


def test_forward_camera_sees_what_is_ahead_left_and_above() -> None:
    T_body_camera = forward_camera((0.1, 0.0, 0.88))
    ahead, left, up = np.array([[1.1, 0, 0.88], [0.1, 1, 0.88], [0.1, 0, 1.88]])
    T_camera_body = np.linalg.inv(T_body_camera)
    np.testing.assert_allclose(transform(T_camera_body, ahead), [0, 0, 1], atol=1e-15)
    np.testing.assert_allclose(transform(T_camera_body, left), [-1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(transform(T_camera_body, up), [0, -1, 0], atol=1e-15)


def test_forward_camera_tilts_down_and_turns_left() -> None:
    axis = np.array([0.0, 0, 1])
    down = forward_camera(pitch=np.pi / 6)[:3, :3] @ axis
    left = forward_camera(yaw=np.pi / 2)[:3, :3] @ axis
    np.testing.assert_allclose(down, [np.cos(np.pi / 6), 0, -0.5], atol=1e-15)
    np.testing.assert_allclose(left, [0, 1, 0], atol=1e-15)


def test_intrinsics_may_differ_along_the_batch() -> None:
    rng = np.random.default_rng(0)
    K = np.stack([intrinsics(64, 48, fov) for fov in (60, 80, 100)])
    pixels, depth = rng.uniform(0, 40, (3, 5, 7, 2)), rng.uniform(1, 4, (3, 5, 7))
    p = unproject(K, pixels, depth)
    np.testing.assert_allclose(p[..., 2], depth)
    np.testing.assert_allclose(project(K, p)[0], pixels, atol=1e-10)
    np.testing.assert_allclose(unproject(K[1], pixels[1], depth[1]), p[1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pinhole.from_fov(64, 64, 180.0), "field of view of 180"),
        (lambda: Fisheye.from_fov(64, 64, -1.0), "field of view of -1"),
        (lambda: Panorama(0, 32), "positive whole numbers"),
        (lambda: Panorama(64.5, 32), "positive whole numbers"),
        (lambda: Orthographic(8, 8, 0.0), "metres_per_pixel must be positive"),
        (lambda: Pinhole(8, 8, 1, 1, 4, 4, (0.1, 0.2)), "takes 5 coefficients, got 2"),
    ],
)
def test_impossible_cameras_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

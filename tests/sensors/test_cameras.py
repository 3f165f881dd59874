"""Cameras of every lens: where pixels look, what they show, what is refused."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from navworld.geometry.cameras import Fisheye, Orthographic, Panorama, Pinhole, pixel_grid
from navworld.sensors.cameras import CAMERA_SENSORS, CameraSensor, imaged, lens_camera
from navworld.sensors.exposure import Exposure
from navworld.world.body import Camera
from tests.sensors.worlds import WALL, read, stand, start, trimesh_range

PLAIN = Camera(48, 64)
LENSES = {
    "pinhole": PLAIN,
    "distorted": lens_camera(PLAIN, "euroc"),
    "tum-vi": lens_camera(PLAIN, "tum-vi"),
    "fisheye": lens_camera(PLAIN, "fisheye"),
    "panorama": lens_camera(PLAIN, "panorama"),
    "orthographic": replace(PLAIN, lens=Orthographic(64, 48, 0.04)),
}


def opencv_directions(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    """(N, 3) which way pixels look, without navworld's models."""
    model = camera.model
    if isinstance(model, Panorama):
        longitude = (pixels[:, 0] + 0.5) / model.width * 2 * np.pi - np.pi
        latitude = (pixels[:, 1] + 0.5) / model.height * np.pi - np.pi / 2
        level = np.cos(latitude)
        return np.stack([level * np.sin(longitude), np.sin(latitude), level * np.cos(longitude)], 1)
    if isinstance(model, Orthographic):
        return np.tile([0.0, 0.0, 1.0], (len(pixels), 1))
    K = np.array([[model.fx, 0, model.cx], [0, model.fy, model.cy], [0, 0, 1]])
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-14)
    if isinstance(model, Fisheye):
        k = np.array(model.distortion)
        flat = cv2.fisheye.undistortPoints(pixels[:, None], K, k, criteria=criteria)[:, 0]
    else:
        k = np.array(model.distortion or (0.0,) * 5)
        flat = cv2.undistortPoints(pixels[:, None], K, k, criteria=criteria)[:, 0]
    return np.concatenate([flat, np.ones((len(flat), 1))], 1)


@pytest.mark.parametrize("name", LENSES)
def test_depth_is_what_trimesh_finds_where_opencv_says_the_pixel_looks(name):
    camera = LENSES[name]
    world = stand((2.0, 2.0, 0.3))
    depth = start(world, CameraSensor("depth", camera))["depth"][0, ..., 0]
    v, u = np.nonzero(imaged(camera.model))
    some = np.random.default_rng(0).permutation(len(v))[:150]
    pixels = np.stack([u, v], 1)[some].astype(np.float64)
    directions = opencv_directions(camera, pixels)
    if isinstance(camera.model, Fisheye):  # OpenCV's inverse stops short of 90°
        keep = np.hypot(*directions[:, :2].T) < 8.0
        pixels, directions = pixels[keep], directions[keep]
    T = world.T_world_body()[0] @ camera.T_body_camera
    origins = np.zeros((len(pixels), 3))
    if isinstance(camera.model, Orthographic):
        origins[:, :2] = (pixels - [31.5, 23.5]) * 0.04
    expected = trimesh_range(origins @ T[:3, :3].T + T[:3, 3], directions @ T[:3, :3].T)
    if not camera.model.depth_is_range:
        expected = expected / np.linalg.norm(directions, axis=1)
    measured = depth[pixels[:, 1].astype(int), pixels[:, 0].astype(int)]
    wrong = np.abs(measured - expected) > 1e-3
    assert wrong.mean() < 0.01  # rays along edges may go either way
    assert len(pixels) > 100


def test_depth_of_a_wall_ahead_is_flat_through_a_pinhole_and_range_through_a_fisheye():
    world = stand((2.0, 2.0, 0.0))
    flat = start(world, CameraSensor("depth", PLAIN))["depth"][0, ..., 0]
    assert flat[24, 28:36] == pytest.approx(WALL - 2.0, abs=1e-5)
    fisheye = LENSES["fisheye"]
    ranges = start(world, CameraSensor("depth", fisheye))["depth"][0, ..., 0]
    angle = np.radians(180 / 64 * (40 - 31.5))
    across = np.hypot(angle, np.radians(180 / 64 * 0.5))
    assert ranges[24, 40] == pytest.approx((WALL - 2.0) / np.cos(across), abs=1e-4)


def test_panorama_looks_ahead_in_its_middle_left_at_a_quarter_and_back_at_its_rim():
    camera = lens_camera(Camera(64, 64), "panorama")
    world = stand((1.5, 2.0, 0.0))
    ranges = start(world, CameraSensor("depth", camera))["depth"][0, ..., 0]
    assert ranges.shape == (64, 128)
    column = {"ahead": 64, "left": 32, "back": 0, "right": 96}
    for side, wall in (("ahead", WALL - 1.5), ("left", 3.0), ("back", 1.5), ("right", 2.0)):
        assert ranges[32, column[side]] == pytest.approx(wall, rel=2e-3), side


def test_pixels_outside_the_image_circle_are_black_and_zero():
    camera = replace(PLAIN, height=64, lens=replace(Fisheye.from_fov(64, 64), circle_deg=180.0))
    sensors = [CameraSensor(output, camera) for output in CAMERA_SENSORS]
    seen = start(stand((2.0, 2.0, 0.0)), *sensors)
    radius = np.hypot(*np.moveaxis(pixel_grid(64, 64) - 31.5, -1, 0))
    outside = radius > 32.0
    for key, image in seen.items():
        assert not image[0][outside].any(), key
    assert (seen["depth"][0][radius < 31.5] > 0).all()
    assert (seen["rgb"][0][radius < 31.5].max(-1) > 0).all()


def test_normals_face_the_camera_in_its_own_frame():
    camera = replace(PLAIN, yaw_deg=20.0, pitch_deg=10.0)
    world = stand((2.0, 2.0, 0.7))
    seen = start(world, CameraSensor("normals", camera), CameraSensor("semantic", camera))
    R = (world.T_world_body()[0] @ camera.T_body_camera)[:3, :3]
    floor = seen["semantic"][0] == 2
    assert floor.any()
    up = np.broadcast_to(R.T @ [0, 0, 1], (floor.sum(), 3))
    assert seen["normals"][0][floor] == pytest.approx(up, abs=1e-6)


def test_a_calibrated_lens_keeps_its_view_at_any_size():
    small, large = (lens_camera(Camera(s, s), "euroc").model for s in (32, 256))
    assert isinstance(small, Pinhole)
    for u in (-0.5, 0.25, 0.75):
        a = small.unproject(np.array([(u + 0.5) * 32 - 0.5, 15.5]), 1.0)
        b = large.unproject(np.array([(u + 0.5) * 256 - 0.5, 127.5]), 1.0)
        assert a == pytest.approx(b, abs=1e-12)
    assert lens_camera(Camera(480, 752), "euroc").model.cy == pytest.approx(248.375)


def test_sensors_on_one_camera_share_their_pass_and_return_fresh_arrays():
    sensors = [CameraSensor(output, LENSES["tum-vi"]) for output in CAMERA_SENSORS]
    world = stand((2.0, 2.0, 0.0), (6.0, 1.0, 1.0))
    first = start(world, *sensors)
    again = read(world, sensors)
    part = read(world, sensors, ids=[1])
    for key in first:
        assert np.array_equal(first[key], again[key])
        assert not np.shares_memory(first[key], again[key])
        assert np.array_equal(first[key][1], part[key][0])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Camera(fov_deg=180.0), "fisheye or panorama"),
        (lambda: lens_camera(PLAIN, "tumvi"), "did you mean 'tum-vi'"),
        (lambda: CameraSensor("dept", PLAIN), "did you mean 'depth'"),
        (lambda: CameraSensor("depth", PLAIN, exposure=Exposure(ev=1)), "give it to 'rgb'"),
        (lambda: Fisheye(8, 8, 4, 4, 4, 4, circle_deg=0.0), "more than 0"),
        (lambda: Camera(64, 64, lens=Panorama(64, 32)), "same size"),
    ],
)
def test_impossible_cameras_are_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()

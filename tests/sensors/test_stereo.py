"""Stereo: one eye beside the other, and how far apart they see things."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from navworld.geometry.cameras import Fisheye
from navworld.sensors.cameras import CameraSensor, lens_camera
from navworld.sensors.stereo import StereoPair
from navworld.world.body import Camera
from tests.sensors.worlds import WALL, stand, start

CAMERA = Camera(48, 64)


def test_the_right_image_is_what_a_body_further_right_sees():
    pair, plain = StereoPair(CAMERA, baseline=0.2), CameraSensor("rgb", CAMERA)
    yaw = 0.4
    beside = (2.0 + 0.2 * np.sin(yaw), 2.0 - 0.2 * np.cos(yaw), yaw)
    seen = start(stand((2.0, 2.0, yaw), beside), pair, plain)
    assert np.array_equal(seen["stereo_left"], seen["rgb"])
    assert np.abs(seen["stereo_right"][0].astype(int) - seen["rgb"][1]).max() <= 1


def test_disparity_of_a_wall_is_focal_length_times_baseline_over_distance():
    pair = StereoPair(CAMERA, baseline=0.1, disparity=True)
    seen = start(stand((2.0, 2.0, 0.0)), pair)
    assert seen["stereo_disparity"][0, 24, 32] == pytest.approx(32 * 0.1 / (WALL - 2.0), rel=1e-5)


def test_nothing_in_range_has_no_disparity():
    pair = StereoPair(replace(CAMERA, far=0.5), disparity=True)
    seen = start(stand((2.0, 2.0, 0.0)), pair)
    assert not seen["stereo_disparity"].any()


def test_the_pair_is_rectified_for_a_tilted_camera():
    camera = replace(CAMERA, yaw_deg=30.0, pitch_deg=25.0)
    pair = StereoPair(camera, baseline=0.3)
    T_left_right = np.linalg.inv(pair.left.T_body_camera) @ pair.right.T_body_camera
    expected = np.eye(4)
    expected[0, 3] = 0.3
    assert T_left_right == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: StereoPair(CAMERA, baseline=0.0), "positive length"),
        (lambda: StereoPair(CAMERA, baseline=-0.1), "positive length"),
        (lambda: StereoPair(lens_camera(CAMERA, "euroc")), "undistorted"),
        (lambda: StereoPair(replace(CAMERA, lens=Fisheye.from_fov(64, 48))), "undistorted"),
        (lambda: StereoPair(replace(CAMERA, near=0.0), disparity=True), "near above 0"),
    ],
)
def test_impossible_pairs_are_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()

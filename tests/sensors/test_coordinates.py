"""Scene coordinates: on the surfaces of the room, on their pixels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from navworld.geometry.cameras import pixel_grid
from navworld.sensors.cameras import CameraSensor, lens_camera
from navworld.sensors.coordinates import SceneCoordinates
from navworld.world.body import Camera
from navworld.world.semantics import CLASS_ID
from tests.sensors.worlds import WALL, stand, start

CAMERA = Camera(48, 64)


def test_points_lie_on_the_walls_and_the_floor():
    world = stand((2.0, 2.0, 0.0))
    seen = start(world, SceneCoordinates(CAMERA), CameraSensor("semantic", CAMERA))
    p, semantic = seen["scene_coordinates"][0], seen["semantic"][0]
    assert p[semantic == CLASS_ID["floor"]][:, 2] == pytest.approx(0.0, abs=1e-5)
    assert p[23, 32] == pytest.approx([WALL, 2.0, 0.88], abs=0.05)
    assert p[23, 32, 0] == pytest.approx(WALL, abs=1e-5)


@pytest.mark.parametrize("near", [0.001, 0.1])
def test_points_land_on_their_pixels_through_opencv(near):
    camera = replace(lens_camera(CAMERA, "euroc"), near=near)
    world = stand((3.9, 2.0, 0.1), (2.0, 2.0, 1.0))  # the first is 5 cm from the wall
    seen = start(world, SceneCoordinates(camera))
    for i in range(2):
        valid = seen["scene_coordinates_valid"][i] > 0
        T = np.linalg.inv(world.T_world_body()[i] @ camera.T_body_camera)
        p = seen["scene_coordinates"][i][valid].astype(np.float64)
        if not len(p):
            continue
        model = camera.model
        turn = cv2.Rodrigues(T[:3, :3])[0]
        pixels, _ = cv2.projectPoints(p, turn, T[:3, 3], model.K, np.array(model.distortion))
        assert pixels[:, 0] == pytest.approx(pixel_grid(64, 48)[valid], abs=0.01)
    assert valid.all()


def test_unseen_points_are_zero_and_marked():
    seen = start(stand((2.0, 2.0, 0.0)), SceneCoordinates(replace(CAMERA, far=1.0)))
    valid = seen["scene_coordinates_valid"][0] > 0
    assert not valid[:24].any()
    assert not seen["scene_coordinates"][0][~valid].any()

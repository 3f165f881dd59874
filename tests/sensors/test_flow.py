"""Flow: known motions, other people's projections, what is hidden."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from navworld.geometry.cameras import pixel_grid
from navworld.sensors.cameras import lens_camera
from navworld.sensors.coordinates import SceneCoordinates
from navworld.sensors.flow import Flow
from navworld.world.body import Camera
from tests.sensors.worlds import WALL, read, stand, start, trimesh_range

CAMERA = Camera(48, 64)
BOTH = ("flow", "scene_flow")


def moved(world, sensors, motion):
    """Observations before and after all bodies have moved alike."""
    before = start(world, *sensors)
    world.step(np.tile(motion, (world.num_envs, 1)))
    return before, read(world, sensors)


def test_the_first_observation_of_an_episode_has_no_flow():
    seen = start(stand((2.0, 2.0, 0.0)), Flow(CAMERA, BOTH))
    assert set(seen) == {"flow", "scene_flow", "flow_visible"}
    assert not any(value.any() for value in seen.values())


def test_a_resting_body_sees_everything_again_at_its_place():
    _, seen = moved(stand((2.0, 2.0, 0.0)), [Flow(CAMERA, BOTH)], [0.0, 0.0, 0.0])
    assert seen["flow"] == pytest.approx(0.0, abs=1e-6)
    assert seen["scene_flow"] == pytest.approx(0.0, abs=1e-6)
    assert seen["flow_visible"].mean() > 0.999


def test_driving_at_a_wall_expands_its_image():
    _, seen = moved(stand((2.0, 2.0, 0.0)), [Flow(CAMERA, BOTH)], [0.25, 0.0, 0.0])
    distance = WALL - 2.0
    wall = (slice(22, 26), slice(20, 44))
    offset = (pixel_grid(64, 48) - [31.5, 23.5])[wall]
    expected = offset * (distance / (distance - 0.25) - 1)
    assert seen["flow"][0][wall] == pytest.approx(expected, abs=1e-4)
    assert seen["scene_flow"][0][wall] == pytest.approx(
        np.broadcast_to([0, 0, -0.25], (4, 24, 3)), abs=1e-5
    )
    assert seen["flow_visible"][0][wall].all()


def test_turning_moves_pixels_by_a_homography_whatever_their_depth():
    angle = 0.2
    _, seen = moved(stand((2.0, 2.0, 0.1)), [Flow(CAMERA)], [0.0, 0.0, angle])
    c, s = np.cos(angle), np.sin(angle)
    R = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    H = CAMERA.K @ R @ np.linalg.inv(CAMERA.K)
    pixels = pixel_grid(64, 48)
    there = cv2.perspectiveTransform(pixels.reshape(1, -1, 2), H).reshape(48, 64, 2)
    visible = seen["flow_visible"][0] > 0
    assert 0.7 < visible.mean() < 0.9  # the rest has left the image to the right
    assert (there - pixels)[visible] == pytest.approx(seen["flow"][0][visible], abs=1e-3)
    assert not seen["flow"][0][there[..., 0] > 63.5].any()


@pytest.mark.parametrize("lens", ["pinhole", "euroc", "tum-vi", "panorama"])
def test_visibility_is_what_trimesh_finds_from_the_new_place(lens):
    camera = CAMERA if lens == "pinhole" else lens_camera(CAMERA, lens)
    sensors = [Flow(camera), SceneCoordinates(camera)]
    world = stand((3.3, 4.2, -0.1), (6.5, 3.0, 3.0))
    before, seen = moved(world, sensors, [0.05, -0.9, 0.1])
    hidden = 0
    for i in range(2):
        p = before["scene_coordinates"][i].astype(np.float64)
        T = world.T_world_body()[i] @ camera.T_body_camera
        q = (p - T[:3, 3]) @ T[:3, :3]
        inside = camera.model.project(q)[1] & (before["scene_coordinates_valid"][i] > 0)
        depth = np.linalg.norm(q, axis=-1) if camera.model.depth_is_range else q[..., 2]
        inside &= depth > camera.near
        assert not seen["flow_visible"][i][~inside].any()
        some = np.random.default_rng(0).permutation(int(inside.sum()))[:200]
        towards = (p - T[:3, 3])[inside][some]
        free = trimesh_range(T[:3, 3], towards) > np.linalg.norm(towards, axis=1) - 2e-3
        assert (free == (seen["flow_visible"][i][inside][some] > 0)).mean() > 0.985
        hidden += int((~free).sum())
    assert hidden > 5


def test_around_a_panorama_the_shorter_way_counts():
    camera = lens_camera(CAMERA, "panorama")
    _, seen = moved(stand((2.0, 2.0, 0.0)), [Flow(camera)], [0.0, 0.0, np.pi / 8])
    known = (seen["flow_visible"][0] > 0)[10:38]
    assert known.mean() > 0.99
    assert seen["flow"][0][10:38][known] == pytest.approx(
        np.broadcast_to([96 / 16, 0.0], (known.sum(), 2)), abs=1e-4
    )


def test_an_episode_that_begins_anew_forgets_only_its_own_past():
    sensor = Flow(CAMERA)
    world = stand((2.0, 2.0, 0.0), (2.0, 2.0, 0.0))
    start(world, sensor)
    world.step(np.tile([0.2, 0.0, 0.0], (2, 1)))
    sensor.reset(world, np.array([1]), None)
    seen = read(world, [sensor])
    assert seen["flow"][0].any()
    assert not seen["flow"][1].any()


def test_a_batch_measures_what_its_members_do():
    poses = [(2.0, 2.0, 0.0), (6.0, 3.0, 2.0), (1.0, 4.0, -1.0)]
    _, batch = moved(stand(*poses), [Flow(CAMERA, BOTH)], [0.1, 0.0, 0.2])
    for i, pose in enumerate(poses):
        _, alone = moved(stand(pose), [Flow(CAMERA, BOTH)], [0.1, 0.0, 0.2])
        for key in batch:
            assert np.array_equal(batch[key][i], alone[key][0]), key


def test_what_is_nearer_than_near_or_beyond_far_now_is_not_visible():
    camera = replace(CAMERA, near=1.0, far=1.9)
    _, seen = moved(stand((2.5, 2.0, 0.0)), [Flow(camera)], [0.5, 0.0, 0.0])
    assert not seen["flow_visible"].any()


@pytest.mark.parametrize(
    ("outputs", "told"),
    [("flow", "tuple"), ((), "tuple"), (("flo",), "did you mean 'flow'")],
)
def test_unknown_flows_are_refused(outputs, told):
    with pytest.raises(ValueError, match=told):
        Flow(CAMERA, outputs)

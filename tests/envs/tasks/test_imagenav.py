"""ImageNav: the goal is a picture, and the place where it was taken."""

import numpy as np
import pytest

from navworld.envs.tasks.imagenav import ImageNav, ImageNavEpisode
from tests.envs.tasks.places import FORWARD, STOP, act, make
from tests.rooms import two_rooms


def test_the_goal_is_what_the_camera_sees_there():
    scene = two_rooms(1)
    view = (2.0, 2.0, 0.7)
    options = {"sensors": ("rgb",), "image_size": 24, "exposure": (0.5, 2.0)}
    episode = ImageNavEpisode(scene, (2.0, 2.0, 0.7), view, 1.0, 3)
    observation, _ = make(ImageNav(), scene, episodes=[episode], **options).reset(seed=0)
    assert np.array_equal(observation["goal_image"], observation["rgb"])
    assert observation["goal_image"].std() > 5


def test_the_goal_stays_the_same_while_the_body_moves():
    env = make(ImageNav(), two_rooms(0), 2)
    first = env.reset(seed=0)[0]["goal_image"]
    for _ in range(4):
        later = env.step(np.full(2, FORWARD))[0]["goal_image"]
        assert np.array_equal(first, later)
        assert not np.shares_memory(first, later)
    assert not np.array_equal(first[0], first[1])


def test_success_is_a_stop_within_a_metre_whatever_the_heading():
    scene = two_rooms(0)
    for x, reached in ((2.9, 1), (3.1, 0)):
        episode = ImageNavEpisode(scene, (x, 2.0, 2.0), (2.0, 2.0, 0.0), 1.0, 0)
        env = make(ImageNav(), scene, episodes=[episode])
        env.reset(seed=0)
        metrics = act(env, STOP)
        assert metrics["success"] == reached
        assert metrics["distance_to_goal_m"] == pytest.approx(x - 2.0, abs=1e-3)


def test_pictures_seldom_show_a_wall_from_close_by():
    scene = two_rooms(0)
    env = make(ImageNav(min_geodesic=1.0), scene, 24)
    env.reset(seed=0)
    poses = env.batch.task.pictures.state()["poses"]
    navigator = env.batch.world.navigator(0)
    ahead = poses[:, :2, 3] + 0.8 * poses[:, :2, 0]
    assert navigator.is_walkable(ahead).mean() > 0.9


def test_ways_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="way of 20"):
        make(ImageNav(min_geodesic=20.0), two_rooms(0)).reset(seed=0)

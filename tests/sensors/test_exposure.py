"""Exposure: shutter, rows, light, against frames rendered one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from navworld.sensors.cameras import CameraSensor, lens_camera
from navworld.sensors.exposure import SHARP, Exposure
from navworld.world.body import Camera
from navworld.world.conditions import Conditions
from tests.sensors.worlds import read, stand, start

CAMERA = Camera(32, 48)


def drive(world, *sensors):
    """What sensors see after two steps on an arc, at full speed."""
    start(world, *sensors)
    for _ in range(2):
        world.step_velocity(np.tile([0.5, 0.9], (world.num_envs, 1)), 0.5)
    return read(world, sensors)


def camera(exposure: Exposure = SHARP, *, key: str = "rgb", of: Camera = CAMERA) -> CameraSensor:
    return CameraSensor("rgb", of, exposure=exposure, key=key)


def light_at(world, fraction: float, of: Camera = CAMERA) -> np.ndarray:
    """(H, W, 3) encoded colours of body 0 at a fraction of the last step."""
    ids = np.zeros(1, np.int64)
    T = world.moments(ids, np.array([fraction])).T_world_body[0]
    return world.view(of, T, ids, ("color",))["color"][0].astype(np.float64)


def developed(light: np.ndarray) -> np.ndarray:
    return 255 * np.clip(light, 0, 1)


def test_with_everything_off_the_image_is_the_plain_cameras():
    seen = drive(stand((2.0, 2.0, 0.0)), camera(), camera(Exposure(samples=3), key="other"))
    assert np.array_equal(seen["rgb"], seen["other"])


def test_a_body_at_rest_blurs_nothing():
    exposures = {"a": Exposure(shutter=0.1), "b": Exposure(0.1, 0.2), "c": Exposure(readout=0.2)}
    sensors = [camera(exposure, key=key) for key, exposure in exposures.items()]
    seen = start(stand((2.0, 2.0, 0.3)), camera(), *sensors)
    for key in exposures:
        assert np.abs(seen[key].astype(int) - seen["rgb"]).max() <= 1, key


def test_blur_is_the_mean_of_linear_light_over_the_shutter_time():
    world = stand((2.0, 2.0, 0.0), (6.0, 3.0, 2.0))
    seen = drive(world, camera(Exposure(shutter=0.2, samples=4), key="blurred"), camera())
    fractions = 1 - np.array([0.025, 0.075, 0.125, 0.175]) / 0.5
    linear = np.mean([light_at(world, f) ** 2.2 for f in fractions], axis=0)
    expected = developed(linear ** (1 / 2.2))
    assert np.abs(seen["blurred"][0] - expected).max() <= 0.51
    assert np.abs(seen["blurred"][0] - seen["rgb"][0].astype(float)).mean() > 1


@pytest.mark.parametrize("supersample", [1, 2])
@pytest.mark.parametrize("lens", [None, "tum-vi"])
def test_every_row_is_that_of_a_frame_taken_when_it_was_read(lens, supersample):
    of = CAMERA if lens is None else lens_camera(CAMERA, lens)
    of = replace(of, supersample=supersample)
    world = stand((2.0, 2.0, 0.0))
    seen = drive(world, camera(Exposure(readout=0.3), of=of))
    for row in (0, 5, 18, 31):
        fraction = 1 - 0.3 * (31 - row) / 31 / 0.5
        expected = developed(light_at(world, fraction, of))[row]
        inside = seen["rgb"][0, row].any(-1)
        assert inside.sum() > 20
        assert np.abs(seen["rgb"][0, row] - expected)[inside].max() <= 1.01, row


def test_the_last_row_is_read_now():
    seen = drive(stand((2.0, 2.0, 0.0)), camera(Exposure(readout=0.3), key="rolled"), camera())
    assert np.abs(seen["rolled"][0, -1].astype(int) - seen["rgb"][0, -1]).max() <= 1
    assert np.abs(seen["rolled"][0, 0].astype(int) - seen["rgb"][0, 0]).max() > 4


def test_a_rolling_shutter_and_a_long_one_together_blur_every_row_by_itself():
    world = stand((2.0, 2.0, 0.0))
    seen = drive(world, camera(Exposure(shutter=0.1, readout=0.3, samples=3)))
    for row in (0, 20):
        ends = 1 - 0.3 * (31 - row) / 31 / 0.5
        fractions = ends - 0.1 / 0.5 * np.array([1, 3, 5]) / 6
        linear = np.mean([light_at(world, f)[row] ** 2.2 for f in fractions], axis=0)
        assert np.abs(seen["rgb"][0, row] - developed(linear ** (1 / 2.2))).max() <= 1.01


def test_a_stop_doubles_the_light():
    seen = start(stand((2.0, 2.0, 0.0)), camera(Exposure(ev=-1.0), key="less"), camera())
    bright = (seen["rgb"] > 60) & (seen["rgb"] < 255)
    ratio = (seen["rgb"][bright] / seen["less"][bright]) ** 2.2
    assert np.median(ratio) == pytest.approx(2.0, rel=0.01)


def test_vignetting_follows_the_fourth_power_of_the_cosine():
    exposure = Exposure(vignetting=1.0)
    seen = start(stand((2.0, 2.0, 0.0)), camera(exposure, key="dark"), camera())
    for v, u in ((0, 0), (16, 24), (31, 10)):
        ray = np.array([(u - 23.5) / 24, (v - 15.5) / 24, 1.0])
        falloff = (1 / np.linalg.norm(ray)) ** (4 / 2.2)
        expected = falloff * light_at_rest(v, u)
        assert seen["dark"][0, v, u] == pytest.approx(expected, abs=1.01)


def light_at_rest(v: int, u: int) -> np.ndarray:
    world = stand((2.0, 2.0, 0.0))
    ids = np.zeros(1, np.int64)
    return 255 * world.view(CAMERA, world.T_world_body(), ids, ("color",))["color"][0, v, u]


def test_gamma_1_shows_linear_light():
    seen = start(stand((2.0, 2.0, 0.0)), camera(Exposure(gamma=1.0), key="linear"), camera())
    expected = 255 * (seen["rgb"] / 255.0) ** 2.2
    assert np.abs(seen["linear"] - expected).max() <= 2


def test_a_body_blurs_the_same_alone_and_in_a_batch():
    exposure = Exposure(shutter=0.2, readout=0.2, samples=2)
    poses = [(2.0, 2.0, 0.0), (6.0, 3.0, 2.0)]
    batch = drive(stand(*poses), camera(exposure))
    for i, pose in enumerate(poses):
        assert np.array_equal(drive(stand(pose), camera(exposure))["rgb"][0], batch["rgb"][i])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Exposure(shutter=-0.1), "shutter=-0.1"),
        (lambda: Exposure(readout=float("nan")), "readout=nan"),
        (lambda: Exposure(samples=0), "samples=0"),
        (lambda: Exposure(samples=2.5), "whole number"),
        (lambda: Exposure(vignetting=1.5), "vignetting=1.5"),
        (lambda: Exposure(gamma=0.0), "gamma=0.0"),
        (lambda: camera(Exposure(vignetting=0.5), of=lens_camera(CAMERA, "panorama")), "axis"),
        (lambda: start(stand((2, 2, 0)), camera(Exposure(0.3, 0.3))), "does not fit"),
    ],
)
def test_impossible_exposures_are_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()


def test_a_rolling_shutter_sees_the_hour():
    world = stand((2.0, 2.0, 0.3), light="fast")
    world.meet(0, Conditions(hour=22))
    seen = start(world, camera(), camera(Exposure(readout=0.2), key="rolled"))
    assert np.abs(seen["rolled"].astype(int) - seen["rgb"]).max() <= 1
    world.meet(0, Conditions())
    assert np.abs(start(world, camera())["rgb"].astype(int) - seen["rgb"]).mean() > 1

"""LiDAR: geometry, devices, motion distortion, noise, and the same bytes every time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from navworld.contracts import Sensor
from navworld.geometry.curves import Moments
from navworld.sensors.lidar import Lidar
from navworld.sensors.lidar_devices import LIDAR_PRESETS, LidarDevice
from navworld.streams import Streams
from navworld.world import rays
from navworld.world.body import Robot
from navworld.world.world import World
from tests.sensors.people import pass_by
from tests.sensors.worlds import PLACE, WALL, read, stand, start, trimesh_range

ROOM = (2.0, 2.0)


def world_points(lidar, seen, T_world_body):
    """(beams, azimuths, 3) of body 0."""
    T = T_world_body @ lidar.T_body_lidar
    return lidar.points(seen)[0] @ T[:3, :3].T + T[:3, 3]


def test_it_is_a_sensor_with_finite_bounds():
    lidar = Lidar(intensity="raw", distortion=True)
    assert isinstance(lidar, Sensor)
    for box in lidar.space.spaces.values():
        assert np.isfinite(box.low).all()
        assert np.isfinite(box.high).all()


def test_the_middle_column_looks_ahead_and_the_left_comes_first():
    world = stand((*ROOM, 0.0))
    lidar = Lidar(beams=1, azimuths=4, position=(0.0, 0.0, 1.0))
    ranges = start(world, lidar)["lidar"][0, 0]
    assert np.allclose(ranges, [2.0, 3.0, WALL - 2.0, 2.0], atol=1e-3)  # back, left, ahead, right
    turned_left = Lidar(preset="planar", azimuths=4, position=(0.0, 0.0, 1.0))
    assert np.allclose(start(world, turned_left)["lidar"][0, 0], ranges[[0, 3, 2, 1]], atol=1e-3)


def test_the_cloud_lies_on_floor_and_ceiling_and_walls():
    world = stand((*ROOM, 0.7))
    lidar = Lidar(
        beams=3, vertical_deg=(-60, 60), azimuths=64, position=(0.1, 0.2, 1.0), yaw_deg=30.0
    )
    points = world_points(lidar, start(world, lidar), world.T_world_body()[0])
    assert np.allclose(points[2, :, 2], 0.0, atol=1e-3)
    assert (np.abs(points[0, :, 2] - 2.5) < 1e-3).mean() > 0.9
    x, y = points[1, :, 0], points[1, :, 1]
    faces = np.stack([np.abs(x), np.abs(x - WALL), np.abs(y), np.abs(y - 5)])
    assert (faces.min(0) < 1e-3).mean() > 0.8  # the door lets a few through


@pytest.mark.parametrize("distortion", [False, True])
def test_people_are_in_the_way_of_the_beams(distortion):
    world = stand((*ROOM, 0.0))
    lidar = Lidar(
        beams=5, vertical_deg=(-10, 10), azimuths=360, position=(0.0, 0.0, 1.0),
        intensity="calibrated", distortion=distortion,
    )  # fmt: skip
    empty = start(world, lidar)
    pass_by(world, (3.2, 2.0))
    seen = read(world, [lidar])
    points = world_points(lidar, seen, world.T_world_body()[0])
    hit = seen["lidar"][0] != empty["lidar"][0]
    assert hit.sum() > 50
    assert (seen["lidar"][0][hit] < empty["lidar"][0][hit]).all()
    assert np.linalg.norm(points[hit][:, :2] - (3.2, 2.0), axis=1).max() < 0.5
    assert 0.05 < seen["lidar_intensity"][0][hit].mean() < 0.5  # of cloth, at all angles


def test_pitch_is_down_and_yaw_is_left():
    world = stand((*ROOM, 0.0))
    down = Lidar(beams=1, azimuths=1, pitch_deg=90.0, position=(0.0, 0.0, 0.9))
    left = Lidar(beams=1, azimuths=1, yaw_deg=90.0, key="left")
    seen = start(world, down, left)
    assert seen["lidar"][0, 0, 0] == pytest.approx(0.9, abs=1e-4)
    assert seen["left"][0, 0, 0] == pytest.approx(3.0, abs=1e-3)


def test_ranges_agree_with_trimesh_to_a_millimetre():
    world = stand((2.0, 2.0, 0.4))
    lidar = Lidar(preset="os1-64", azimuths=128, noise=0, proportional_noise=0, reach=np.inf)
    ranges = start(world, lidar)["lidar"][0].ravel()
    T = world.T_world_body()[0] @ lidar.T_body_lidar
    pick = np.random.default_rng(0).choice(len(ranges), 500, replace=False)
    along = lidar.directions.reshape(-1, 3)[pick].astype(float) @ T[:3, :3].T
    exact = trimesh_range(T[:3, 3], along)
    exact[exact < lidar.device.min_range] = 0
    assert (np.abs(ranges[pick] - exact) < 1e-3).mean() >= 0.999


@pytest.mark.parametrize("name", LIDAR_PRESETS)
def test_every_preset_scans_and_is_cited(name):
    lidar = Lidar(preset=name, intensity="calibrated")
    device = LIDAR_PRESETS[name]
    assert device.source
    seen = start(stand((*ROOM, 0.0)), lidar)
    assert seen["lidar"].shape == (1, len(device.elevations_deg), device.azimuths)
    returned = seen["lidar"][0] > 0
    assert returned.mean() > 0.5 or device.max_range < 5
    assert seen["lidar"][0][returned].min() >= np.float32(device.min_range)


@pytest.mark.parametrize(
    ("name", "beams", "highest", "lowest", "gap"),
    [
        ("vlp-16", 16, 15, -15, 2.0),
        ("hdl-32e", 32, 10.67, -30.67, 41.34 / 31),
        ("os0-128", 128, 45, -45, 90 / 127),
        ("os1-64", 64, 22.5, -22.5, 45 / 63),
        ("os1-128", 128, 22.5, -22.5, 45 / 127),
    ],
)
def test_presets_have_the_beams_of_their_data_sheets(name, beams, highest, lowest, gap):
    elevations = np.degrees(np.arcsin(Lidar(preset=name).directions[:, 0, 2].astype(float)))
    assert len(elevations) == beams
    assert np.allclose(elevations[[0, -1]], [highest, lowest], atol=1e-4)
    assert np.allclose(-np.diff(elevations), gap, atol=1e-3)


def test_hdl_64e_has_two_blocks_of_lasers():
    elevations = np.array(LIDAR_PRESETS["hdl-64e"].elevations_deg)
    assert len(elevations) == 64
    assert elevations[0] - elevations[-1] == pytest.approx(26.33, abs=0.01)
    gaps = -np.diff(elevations)
    assert np.allclose(gaps[:31], 1 / 3)
    assert gaps[31] == pytest.approx(0.5, abs=0.01)
    assert np.allclose(gaps[32:], 0.5)


@pytest.mark.parametrize(
    ("name", "degrees", "step"),
    [
        ("urg-04lx", 240, 240 / 682),
        ("utm-30lx", 270, 0.25),
        ("lms111", 270, 0.5),
        ("lms200", 180, 0.5),
        ("rplidar-a1", 360, 1.0),
        ("rplidar-a2", 360, 0.45),
    ],
)
def test_planar_presets_cover_their_field_in_steps(name, degrees, step):
    beams = Lidar(preset=name).directions[0].astype(float)
    assert np.abs(beams[:, 2]).max() < 1e-7
    azimuths = np.unwrap(np.arctan2(beams[:, 1], beams[:, 0]))
    assert np.allclose(np.abs(np.diff(np.degrees(azimuths))), step, atol=1e-3)
    covered = np.degrees(abs(azimuths[-1] - azimuths[0])) + (step if degrees == 360 else 0)
    assert covered == pytest.approx(degrees, abs=1e-3)
    assert (azimuths[-1] > azimuths[0]) == (not name.startswith("rplidar"))


def moved(world, motion):
    """A step of the world, counted by nobody."""
    world.step(np.tile(np.array(motion), (world.num_envs, 1)))
    return world


def test_distortion_casts_every_column_from_the_pose_it_had():
    world = stand((2.0, 1.0, 0.3), (1.0, 3.0, 2.0))
    lidar = Lidar(beams=3, azimuths=90, distortion=True, rate_hz=4.0, position=(0.1, 0.05, 0.9))
    start(world, lidar)
    moved(world, (0.25, 0.0, 0.5))
    seen = read(world, (lidar,))
    assert np.allclose(seen["lidar_times"][0, [0, -1]], [-0.25 * 89 / 90, 0.0], atol=1e-6)
    fractions = 1 + lidar.times / 0.5
    T = world.moments(np.arange(2), fractions).T_world_body @ lidar.T_body_lidar
    scene = rays.RayScene(PLACE.scene)
    for row in range(2):
        for c in range(90):
            along = lidar.directions[:, c] @ T[row, c, :3, :3].T
            t, _ = rays.cast(scene, np.tile(T[row, c, :3, 3], (3, 1)), along)
            assert np.allclose(seen["lidar"][row, :, c], t, atol=1e-4)
    still = read(world, (Lidar(beams=3, azimuths=90, position=(0.1, 0.05, 0.9)),))
    assert np.allclose(still["lidar"][:, :, -1], seen["lidar"][:, :, -1], atol=1e-4)
    assert np.abs(still["lidar"] - seen["lidar"]).max() > 0.01


def test_undoing_the_motion_brings_the_cloud_back_to_the_walls():
    world = stand((2.0, 2.0, 0.0))
    lidar = Lidar(beams=1, azimuths=180, distortion=True, rate_hz=2.0)
    start(world, lidar)
    moved(world, (0.25, 0.0, 0.4))
    seen = read(world, (lidar,))
    T = world.moments(np.array([0]), 1 + lidar.times / 0.5).T_world_body[0] @ lidar.T_body_lidar
    points = np.einsum("cij,cj->ci", T[:, :3, :3], lidar.points(seen)[0, 0]) + T[:, :3, 3]
    x, y = points[:, 0], points[:, 1]
    faces = np.stack([np.abs(x), np.abs(x - WALL), np.abs(y), np.abs(y - 5)])
    assert (faces.min(0) < 2e-3).mean() > 0.85
    naive = world_points(lidar, seen, world.T_world_body()[0])[0]
    x, y = naive[:, 0], naive[:, 1]
    smeared = np.stack([np.abs(x), np.abs(x - WALL), np.abs(y), np.abs(y - 5)])
    assert np.median(smeared.min(0)) > 0.01


def test_at_the_start_of_an_episode_nothing_is_distorted():
    world = stand((2.0, 1.0, 0.3))
    distorted = start(world, Lidar(distortion=True))["lidar"]
    assert np.allclose(distorted, start(world, Lidar())["lidar"], atol=1e-4)


def test_a_narrow_scanner_is_done_before_its_turn_is():
    times = Lidar(preset="utm-30lx", distortion=True).times
    assert times[0] == pytest.approx(-0.025 * 270 / 360)
    assert times[-1] == 0


class Rising:
    """A body that rises and rolls."""

    duration = 2.0

    def at(self, t):
        T = np.tile(np.eye(4), (len(t), 1, 1))
        T[:, :3, 3] = [2.0, 2.0, 1.0]
        T[:, 2, 3] += 0.3 * t
        c, s = np.cos(0.2 * t), np.sin(0.2 * t)
        T[:, 1, 1], T[:, 1, 2], T[:, 2, 1], T[:, 2, 2] = c, -s, s, c
        return Moments.at_rest(T)


def test_it_rides_in_six_degrees_of_freedom():
    world = World(1, Robot(dt=0.2), light="none")
    world.ride(0, PLACE, Rising())
    down = {"beams": 1, "azimuths": 1, "pitch_deg": 90.0, "position": (0.0, 0.0, 0.0)}
    lidar = Lidar(distortion=True, rate_hz=5.0, **down)
    assert start(world, lidar)["lidar"][0, 0, 0] == pytest.approx(1.0, abs=1e-3)
    world.follow(0.2)
    height = 1.06 / np.cos(0.04)
    assert read(world, (lidar,))["lidar"][0, 0, 0] == pytest.approx(height, abs=1e-3)
    wide = Lidar(beams=1, azimuths=8, distortion=True, rate_hz=5.0)
    world.follow(0.1)
    with pytest.raises(ValueError, match=r"longer than a step of 0\.1 s: raise rate_hz to 10"):
        read(world, (wide,))


def test_noise_and_losses_have_the_statistics_of_the_parameters():
    world = stand((2.0, 2.0, 0.0))
    shape = {"beams": 64, "azimuths": 512, "vertical_deg": (-20, 20)}
    exact = start(world, Lidar(**shape))["lidar"]
    noisy = start(world, Lidar(noise=0.02, proportional_noise=0.01, dropout=0.3, **shape))["lidar"]
    kept = noisy > 0
    assert kept.mean() == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / noisy.size))
    z = (noisy - exact)[kept] / np.hypot(0.02, 0.01 * exact[kept])
    assert stats.kstest(z.astype(float), "norm").pvalue > 1e-3


def test_intensity_of_a_wall_falls_with_the_cosine_of_incidence():
    world = stand((2.0, 2.0, 0.0))
    lidar = Lidar(
        beams=1, azimuths=41, horizontal_deg=70.0, intensity="calibrated", position=(0, 0, 1.0)
    )
    light = start(world, lidar)["lidar_intensity"][0, 0]
    angles = np.radians(np.linspace(35, -35, 41))
    assert np.allclose(light / light[20], np.cos(angles), rtol=1e-3)
    raw = Lidar(beams=1, azimuths=41, horizontal_deg=70.0, intensity="raw", position=(0, 0, 1.0))
    seen = start(world, raw)
    assert np.allclose(
        seen["lidar_intensity"], light / np.maximum(seen["lidar"], 1) ** 2, rtol=1e-4
    )


def test_a_subset_of_environments_reads_the_same_rows():
    world = stand((2.0, 2.0, 0.0), (1.0, 1.0, 1.0), (6.0, 4.0, 2.0))
    lidar = Lidar(preset="vlp-16", azimuths=64, intensity="calibrated", dropout=0.1)
    whole = start(world, lidar)
    some = read(world, (lidar,), [2, 0])
    for key, value in some.items():
        assert value.tobytes() == whole[key][[2, 0]].tobytes()


def test_threads_change_no_byte_and_every_step_draws_anew():
    poses = ((2.0, 2.0, 0.0), (1.0, 1.0, 1.0))
    lidar = Lidar(preset="os1-64", azimuths=256, intensity="raw", dropout=0.1)
    one, two = (start(stand(*poses, threads=n), lidar) for n in (1, 2))
    assert all(one[key].tobytes() == two[key].tobytes() for key in one)
    streams, world, ids = Streams(2), stand(*poses), np.arange(2)
    first = lidar.read(world, ids, streams)["lidar"]
    streams.steps += 1
    second = lidar.read(world, ids, streams)["lidar"]
    assert (first != second).mean() > 0.9


def test_two_lidars_draw_different_noise():
    world = stand((2.0, 2.0, 0.0))
    a, b = Lidar(noise=0.1), Lidar(noise=0.1, key="second")
    seen = start(world, a, b)
    assert (seen["lidar"] != seen["second"]).mean() > 0.9


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"beams": 0}, r"beams=0\): expected a whole number, at least 1"),
        ({"elevations_deg": ()}, "1 to 8192 beams, not 0"),
        ({"elevations_deg": (0.0, 91.0)}, "-90° to 90°"),
        ({"elevations_deg": (0.0,), "beams": 2}, "not both"),
        ({"vertical_deg": (10, -10)}, "low ≤ high"),
        ({"azimuths": 0}, r"azimuths=0\): expected 1 to"),
        ({"horizontal_deg": 361}, "horizontal_deg=361"),
        ({"noise": -0.1}, r"noise=-0.1\) must be zero or positive"),
        ({"proportional_noise": np.nan}, "proportional_noise=nan"),
        ({"dropout": 1.5}, r"dropout=1.5\): expected a probability"),
        ({"min_range": 5, "max_range": 5}, "0 ≤ min_range < max_range"),
        ({"reach": 0}, r"reach=0\) must be positive"),
        ({"rate_hz": 0}, r"rate_hz=0\) must be a positive number"),
        ({"preset": "os1-46"}, "did you mean 'os1-64'"),
        ({"intensity": "calibrate"}, "did you mean 'calibrated'"),
        ({"position": (0, 0, np.inf)}, "must be finite"),
    ],
)
def test_impossible_parameters_are_refused_in_one_sentence(parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        Lidar(**parameters)


def test_a_scan_longer_than_a_step_is_refused():
    with pytest.raises(ValueError, match=r"longer than a step of 0\.5 s: raise rate_hz to 2"):
        start(stand((2.0, 2.0, 0.0)), Lidar(rate_hz=1.0, distortion=True))


def test_a_device_of_ones_own_is_a_preset():
    device = LidarDevice(elevations_deg=(5.0, 0.0), azimuths=10, noise=0.01)
    assert Lidar(preset=device).device == device
    assert Lidar(preset=device, noise=0).device.noise == 0

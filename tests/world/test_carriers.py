"""Carriers: smooth, exact, clear of the scene, and each true to how it moves."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.geometry import so3
from navworld.geometry.imu import samples_between, strapdown
from navworld.scenes import scene_refs
from navworld.world.carriers import (
    CARRIERS,
    Drone,
    HandHeld,
    Pedestrian,
    Wheeled,
    carrier,
    room_around,
)
from navworld.world.rays import cast, occluded
from navworld.world.store import shared_store

EVERY = {
    **CARRIERS,
    "runner": Pedestrian(activity="run"),
    "climber": Pedestrian(activity="stairs"),
    "bystander": Pedestrian("hand", "stand"),
}
SECONDS = 12.0
STANDARD = pytest.mark.parametrize("name", EVERY)


@pytest.fixture(scope="module")
def place():
    return shared_store().get(scene_refs("apartment:10003")[0])


@pytest.fixture(scope="module")
def curves(place):
    """One curve of every carrier through the apartment."""
    return {
        name: made.curve(place, np.random.default_rng(k), SECONDS)
        for k, (name, made) in enumerate(EVERY.items())
    }


@STANDARD
def test_velocities_and_accelerations_are_derivatives_of_the_poses(curves, name, h=2e-4):
    curve = curves[name]
    t = np.random.default_rng(0).uniform(0.1, SECONDS - 0.1, 300)

    def rate(read):  # sixth-order central differences
        weights = {-3: -1, -2: 9, -1: -45, 1: 45, 2: -9, 3: 1}
        return sum(w * read(curve.at(t + k * h)) for k, w in weights.items()) / (60 * h)

    now = curve.at(t)
    R = now.T_world_body[:, :3, :3]
    turning = np.swapaxes(R, 1, 2) @ rate(lambda m: m.T_world_body[:, :3, :3])
    pairs = [
        (rate(lambda m: m.T_world_body[:, :3, 3]), now.velocity),
        (rate(lambda m: m.velocity), now.acceleration),
        (so3.vee(turning), now.angular_velocity),
        (rate(lambda m: m.angular_velocity), now.angular_acceleration),
    ]
    for found, exact in pairs:
        np.testing.assert_allclose(exact, found, atol=1e-7 + 1e-5 * np.abs(exact).max())


@STANDARD
def test_noise_free_inertial_samples_give_the_path_back(curves, name, rate_hz=200):
    t = np.arange(int(10 * rate_hz) + 1) / rate_hz
    truth = curves[name].at(t)
    samples = samples_between(truth.T_world_body, truth.velocity, 1 / rate_hz)
    T, _ = strapdown(truth.T_world_body[0], truth.velocity[0], samples, 1 / rate_hz)
    assert np.linalg.norm(T[:, :3, 3] - truth.T_world_body[:, :3, 3], axis=1).max() < 1e-3
    angle = so3.angle_between(T[:, :3, :3], truth.T_world_body[:, :3, :3])
    assert np.degrees(angle).max() < 1e-3


@STANDARD
def test_acceleration_is_continuous(curves, name):
    """In a tenth of the time it changes by a tenth; over a jump it would change by as much."""
    largest = []
    for step in (1e-3, 1e-4):
        moments = curves[name].at(np.arange(0, SECONDS, step))
        change = [np.abs(np.diff(a, axis=0)).max() for a in
                  (moments.acceleration, moments.angular_acceleration)]  # fmt: skip
        largest.append(change)
    assert (np.array(largest[1]) < 0.2 * np.array(largest[0]) + 1e-9).all()


@STANDARD
def test_a_carrier_starts_at_rest_and_lasts_as_long_as_asked(curves, name):
    curve = curves[name]
    assert SECONDS <= curve.duration < SECONDS + 0.021
    first, last = curve.at(np.array([0.0, curve.duration]))[[0]], curve.at(np.array([SECONDS]))
    assert np.abs(first.velocity).max() < 1e-4 and np.abs(first.angular_velocity).max() < 1e-4
    assert np.linalg.norm(last.velocity) < 0.05  # hands tremble on


@STANDARD
def test_a_carrier_keeps_clear_of_everything(place, curves, name):
    """Against rays in random directions, and along the way itself."""
    curve, traced = curves[name], place.rays(None)
    points = curve.at(np.arange(0, SECONDS, 0.1)).T_world_body[:, :3, 3]
    if name == "wheeled":
        navigator = place.navigator(0.18)
        assert (navigator.clearance(points[:, :2]) >= 0.18).all()
        points = points + np.array([0, 0, 0.05])
    way = np.diff(points, axis=0)
    assert not occluded(traced, points[:-1], way, np.ones(len(way))).any()
    around = np.random.default_rng(1).standard_normal((400, 3))
    around /= np.linalg.norm(around, axis=1)[:, None]
    t, _ = cast(traced, points.repeat(400, 0), np.tile(around, (len(points), 1)))
    least = {"drone": 0.22, "handheld": 0.2, "pocket": 0.05, "hand": 0.05}.get(name, 0.03)
    assert t.min() >= least


def test_a_wheeled_robot_moves_along_its_axis_on_the_floor(place):
    curve = Wheeled(speed=0.6, turn_rate=1.2).curve(place, np.random.default_rng(4), 40.0)
    moments = curve.at(np.arange(0, 40, 0.01))
    T, local = moments.T_world_body, np.einsum(
        "kji,kj->ki", moments.T_world_body[:, :3, :3], moments.velocity
    )  # fmt: skip
    assert np.abs(local[:, 1]).max() < 2e-3  # no slip to the side
    assert local[:, 0].min() > -1e-3 and local[:, 0].max() > 0.4
    assert np.ptp(T[:, 2, 3]) == 0.0 and np.abs(T[:, 2, :2]).max() < 1e-12
    assert local[:, 0].max() <= 0.6 + 1e-6
    assert np.abs(moments.angular_velocity[:, 2]).max() < 1.2 * 1.15


def test_a_wheeled_robot_stops_and_goes(place):
    moments = Wheeled().curve(place, np.random.default_rng(4), 60.0).at(np.arange(0, 60, 0.05))
    going = np.linalg.norm(moments.velocity, axis=1) > 0.05
    assert 0.2 < going.mean() < 0.98
    assert np.count_nonzero(np.diff(going.astype(int)) == 1) >= 2


def test_the_thrust_of_a_drone_explains_its_acceleration(place):
    moments = (
        Drone(speed=1.5).curve(place, np.random.default_rng(5), 30.0).at(np.arange(0, 30, 0.01))
    )
    thrust = moments.acceleration + np.array([0, 0, 9.80665])
    up = moments.T_world_body[:, :3, 2]
    cosine = (thrust * up).sum(1) / np.linalg.norm(thrust, axis=1)
    assert np.degrees(np.arccos(cosine.clip(-1, 1))).max() < 0.2
    assert np.degrees(np.arccos(up[:, 2].min())) > 2.0  # and it does bank


def test_a_drone_changes_height_and_keeps_its_distance():
    reached = []
    for seed in range(3):
        place = shared_store().get(scene_refs(f"apartment:{10000 + seed}")[0])
        curve = Drone(high=2.3).curve(place, np.random.default_rng(seed), 60.0)
        points = curve.at(np.arange(0, 60, 0.05)).T_world_body[:, :3, 3]
        reached.append(np.ptp(points[:, 2]))
        assert room_around(place.rays(None), points, 0.5).min() >= 0.22
    assert max(reached) > 0.5


def test_a_held_camera_looks_around_at_chest_height(place):
    moments = (
        HandHeld(height=1.4).curve(place, np.random.default_rng(6), 40.0).at(np.arange(0, 40, 0.05))
    )
    assert (np.abs(moments.T_world_body[:, 2, 3] - 1.4) < 0.2).all()
    heading = moments.T_world_body[:, :2, 0]
    moving = np.linalg.norm(moments.velocity[:, :2], axis=1) > 0.4
    ahead = moments.velocity[moving, :2]
    ahead /= np.linalg.norm(ahead, axis=1)[:, None]
    aside = np.degrees(np.arccos((ahead * heading[moving]).sum(1).clip(-1, 1)))
    assert 5.0 < np.sqrt((aside**2).mean()) < 60.0


def test_without_a_place_there_is_open_space():
    curve = Pedestrian().curve(None, np.random.default_rng(7), 30.0)
    xy = curve.at(np.arange(0, 30, 0.1)).T_world_body[:, :2, 3]
    assert np.linalg.norm(np.diff(xy, axis=0), axis=1).sum() > 25.0


def test_a_navigator_alone_is_enough(place):
    navigator = place.navigator(0.2)
    for made in (Wheeled(), Drone(), Pedestrian()):
        curve = made.curve(navigator, np.random.default_rng(8), 5.0)
        xy = curve.at(np.arange(0, 5, 0.1)).T_world_body[:, :2, 3]
        assert (navigator.clearance(xy) > 0.05).all()


@STANDARD
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(place, curves, name):
    t = np.arange(0, SECONDS, 0.1)
    before = curves[name].at(t).T_world_body
    seed = list(EVERY).index(name)
    again = EVERY[name].curve(place, np.random.default_rng(seed), SECONDS).at(t).T_world_body
    other = EVERY[name].curve(place, np.random.default_rng(99), SECONDS).at(t).T_world_body
    assert before.tobytes() == again.tobytes()
    assert before.tobytes() != other.tobytes()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Wheeled(speed=0.0), "positive"),
        (lambda: Wheeled(pauses=-1.0), "zero or positive"),
        (lambda: HandHeld(height=2.5), "0.5 to"),
        (lambda: Drone(low=2.0, high=1.0), "radius < low < high"),
        (lambda: Pedestrian(placement="foott"), "did you mean 'foot'"),
        (lambda: Pedestrian(activity="walks"), "did you mean 'walk'"),
        (lambda: Pedestrian(flight=0), "at least one step"),
        (lambda: carrier("dron"), "did you mean 'drone'"),
        (lambda: Wheeled().curve(None, np.random.default_rng(0), 1.0), "at least 2 s"),
        (lambda: Wheeled().curve(None, np.random.default_rng(0), np.nan), "at least 2 s"),
    ],
)
def test_impossible_carriers_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.fixture(scope="module")
def hills():
    """Uneven ground with everything that stands on it."""
    return shared_store().get(scene_refs("country:0")[0])


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("wheeled", -0.01, 0.01),
        ("handheld", 1.2, 1.5),
        ("drone", 0.4, 2.1),
        ("foot", 0.04, 0.25),
        ("pocket", 0.6, 0.9),
        ("hand", 0.7, 1.1),
    ],
)
def test_a_carrier_goes_up_and_down_with_the_ground(hills, name, low, high):
    curve = CARRIERS[name].curve(hills, np.random.default_rng(0), 15.0)
    p = curve.at(np.arange(0, 15.0, 0.02)).T_world_body[:, :3, 3]
    ground = hills.navigator(0.3).ground(p[:, :2])
    assert np.ptp(ground) > 0.5
    assert low < (p[:, 2] - ground).min() and (p[:, 2] - ground).max() < high


@pytest.mark.parametrize("name", ["wheeled", "handheld", "foot"])
def test_motion_on_uneven_ground_is_smooth_and_exact(hills, name, rate_hz=200):
    curve = CARRIERS[name].curve(hills, np.random.default_rng(0), SECONDS)
    test_velocities_and_accelerations_are_derivatives_of_the_poses({name: curve}, name)
    test_noise_free_inertial_samples_give_the_path_back({name: curve}, name, rate_hz)
    test_acceleration_is_continuous({name: curve}, name)


def test_wheels_do_not_feel_the_cells_of_the_ground(hills):
    """What the ground's grid adds to the motion is far below the 0.5 m/s² it drives with."""
    curve = CARRIERS["wheeled"].curve(hills, np.random.default_rng(0), 15.0)
    assert np.abs(curve.at(np.arange(0, 15.0, 0.005)).acceleration[:, 2]).max() < 0.25

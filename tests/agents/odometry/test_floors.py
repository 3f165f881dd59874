"""Odometers that see nothing, on motions that are known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from navworld.agents.catalog import ODOMETERS, build_odometer
from navworld.agents.odometry.floors import (
    FORWARD_MPS,
    ConstantVelocity,
    GyroSpeed,
    Inertial,
    Still,
    Wheels,
)
from navworld.contracts import Calibrated, Odometer
from navworld.data.sequences import Channel
from navworld.envs.benchmarks import SEQUENCE_BENCHMARKS
from navworld.envs.benchmarks.episodes import EPISODES
from navworld.evaluation.odometry import evaluate_odometer
from navworld.geometry import se3, so3
from navworld.geometry.imu import samples_between
from navworld.geometry.trajectories import integrate
from tests.evaluation.rides import HZ, ride, straight

FLOORS = (Still, ConstantVelocity, GyroSpeed, Wheels, Inertial)
IMU_HZ = 200.0


def values(odometer, sequence):
    found = evaluate_odometer(odometer, [sequence])
    return {name: metric.value for name, metric in found.metrics.items()}


def arc(seconds=20.0, speed=0.5, turn_rate=0.3):
    steps = np.zeros((round(seconds * HZ), 6))
    steps[:, 0], steps[:, 5] = speed / HZ, turn_rate / HZ
    return se3.exp(steps)


def with_wheels(motions):
    twists = se3.log(np.concatenate([np.eye(4)[None], motions]))
    stamps = np.arange(len(twists)) / HZ
    channel = Channel("samples", stamps, (2,), np.dtype(np.float64))
    return ride(motions, extra={"wheel_odometry": (channel, twists[:, [0, 5]])})


def with_imu(mount=None, tilt=0.0):
    """A body that starts at rest, speeds up and turns; an ideal IMU on it."""
    fine = IMU_HZ / HZ
    t = np.arange(round(20 * IMU_HZ)) / IMU_HZ
    steps = np.zeros((len(t), 6))
    # Smooth from rest: the first tenth of a second tells where down is.
    steps[:, 0] = 0.5 * (1 - np.cos(2 * np.pi * np.clip(t - 0.1, 0, None) / 8)) / IMU_HZ
    steps[:, 4] = 0.2 * np.sin(np.clip(t - 0.1, 0, None)) / IMU_HZ
    steps[:, 5] = 0.4 * np.sin(0.5 * np.clip(t - 0.1, 0, None)) / IMU_HZ
    first = np.eye(4)
    first[:3, :3] = so3.exp(np.array([0.0, tilt, 0.0]))
    poses = integrate(first, se3.exp(steps))
    T_body_imu = np.eye(4) if mount is None else mount
    sensor = poses @ T_body_imu
    p = sensor[:, :3, 3]
    velocity = np.zeros_like(p)
    for k in range(1, len(p)):  # the trapezoid that strapdown integration uses
        velocity[k] = 2 * (p[k] - p[k - 1]) * IMU_HZ - velocity[k - 1]
    samples = samples_between(sensor, velocity, 1 / IMU_HZ)
    stamps = np.arange(1, len(samples) + 1) / IMU_HZ
    channel = Channel("samples", stamps, (6,), np.dtype(np.float64), mount)
    coarse = poses[:: round(fine)]
    sequence = ride(se3.relative(coarse[:-1], coarse[1:]), extra={"imu": (channel, samples)})
    moved = sequence.truth.T_world_body[0] @ se3.inverse(coarse[0])
    # Where "down" is counts: the truth stands in the world that the IMU feels.
    return replace(sequence, truth=sequence.truth.moved(se3.inverse(moved)))


@pytest.mark.parametrize("make", FLOORS)
def test_a_floor_is_an_odometer(make):
    assert isinstance(make(), Odometer)


def test_every_floor_of_a_benchmark_is_in_the_catalogue():
    known = {entry.name for entry in ODOMETERS}
    for item in SEQUENCE_BENCHMARKS:
        assert set(item.floors) <= known
    for name, made in (("still", Still), ("wheels", Wheels), ("inertial", Inertial)):
        assert isinstance(build_odometer(f"odometry/{name}"), made)


def test_standing_still_is_wrong_by_all_of_a_straight_path():
    found = values(Still(), ride(straight()))
    assert found["end_drift_percent"] == pytest.approx(100.0)


def test_constant_velocity_is_right_for_a_body_that_has_it():
    found = values(ConstantVelocity(1.0), ride(straight(speed=1.0)))
    assert found["ate_none_m"] == pytest.approx(0.0, abs=1e-9)
    slow = values(ConstantVelocity(0.5), ride(straight(speed=1.0)))
    assert slow["t_err_percent"] == pytest.approx(50.0, rel=0.05)


def test_the_constant_speed_is_the_mean_of_the_validation_rides():
    table = json.loads((EPISODES / "odometry-validation-v1.json").read_text())
    column = {name: k for k, name in enumerate(table["columns"])}
    rides = [row for row in table["rides"] if row[column["seconds"]] == 60]
    forward = sum(row[column["forward_m"]] for row in rides)
    assert pytest.approx(forward / (60 * len(rides)), abs=5e-4) == FORWARD_MPS


def test_wheels_follow_an_arc_exactly():
    found = values(Wheels(), with_wheels(arc()))
    assert found["ate_none_m"] == pytest.approx(0.0, abs=1e-6)
    assert found["r_err_deg_per_m"] == pytest.approx(0.0, abs=1e-4)


def test_a_gyroscope_leaves_the_speed_to_be_guessed():
    sequence = with_imu()
    mean = sequence.truth.length / sequence.truth.duration
    found = values(GyroSpeed(mean), sequence)
    assert found["rpe_deg"] == pytest.approx(0.0, abs=1e-4)
    assert found["rpe_m"] > 0.05


@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_strapdown_integration_of_an_ideal_imu_finds_the_way(tilt):
    found = values(Inertial(), with_imu(tilt=tilt))
    assert found["rpe_deg"] == pytest.approx(0.0, abs=1e-4)
    assert found["end_drift_percent"] < 0.1


def test_the_mount_of_an_imu_is_heeded():
    mount = np.eye(4)
    mount[:3, :3] = so3.exp(np.array([0.4, -0.2, 1.1]))
    mount[:3, 3] = 0.1, -0.2, 0.3
    assert isinstance(Inertial(), Calibrated)
    assert values(Inertial(), with_imu(mount))["end_drift_percent"] < 0.1


@pytest.mark.parametrize("make", FLOORS)
def test_an_episode_begins_with_the_identity_and_rows_are_independent(make):
    rng = np.random.default_rng(0)
    odometer, alone = make(), make()
    seen = [
        {
            "imu": rng.normal([0, 0, 9.8, 0, 0, 0], 0.1, (3, 10, 6)),
            "imu_count": np.full((3, 1), 10),
            "wheel_odometry": np.zeros((3, 2)) if k == 0 else rng.normal(0, 0.1, (3, 2)),
        }
        for k in range(4)
    ]
    odometer.reset(np.arange(3))
    alone.reset(np.array([0]))
    for k, one in enumerate(seen):
        T = odometer.step(one, None, 0.05, np.arange(3)).T_previous_current
        own = alone.step({key: v[1:2] for key, v in one.items()}, None, 0.05, np.array([0]))
        if k == 0:
            np.testing.assert_allclose(T, np.tile(np.eye(4), (3, 1, 1)), atol=1e-12)
        np.testing.assert_array_equal(own.T_previous_current[0], T[1])
    odometer.reset(np.array([2]))
    again = odometer.step({key: v[2:] for key, v in seen[0].items()}, None, 0.05, np.array([2]))
    np.testing.assert_allclose(again.T_previous_current[0], np.eye(4), atol=1e-12)

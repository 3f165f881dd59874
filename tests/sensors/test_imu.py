"""IMU: known motions, noise that is its grade's, continuity over steps, and repeatability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from navworld.contracts import Sensor
from navworld.evaluation.allan import allan_deviation, expected_deviation
from navworld.geometry import se3, so3
from navworld.geometry.imu import GRAVITY, strapdown
from navworld.sensors.imu import IMU
from navworld.sensors.imu_grades import IMU_PRESETS, ImuGrade, TriadNoise
from navworld.world.body import Robot
from navworld.world.world import World
from tests.sensors.bodies import FORWARD, LEFT, Still, Swing, riding, seeded, standing

MOUNT = se3.exp(np.array([0.1, -0.2, 0.3, 0.4, -0.2, 1.0]))


def begin(imu: IMU, world: World, seed: int = 0):
    ids, streams = np.arange(world.num_envs), seeded(world.num_envs, seed)
    imu.reset(world, ids, streams)
    return ids, streams, imu.read(world, ids, streams)


def record(imu: IMU, world: World, steps: int, move, seed: int = 0) -> np.ndarray:
    """(B, N, 6) the samples of some steps; `move(k)` makes the world go on."""
    ids, streams, _ = begin(imu, world, seed)
    seen = []
    for k in range(steps):
        streams.steps += 1
        move(k)
        observation = imu.read(world, ids, streams)
        for name, space in imu.space.items():
            assert space.contains(observation[name][0]), name
        seen.append(observation[imu.key][:, : observation[f"{imu.key}_count"][0, 0]])
    return np.concatenate(seen, 1).astype(np.float64)


def test_it_is_a_sensor():
    assert isinstance(IMU(), Sensor)


@pytest.mark.parametrize("mount", [np.eye(4), MOUNT], ids=["level", "mounted"])
def test_the_first_observation_is_a_step_of_rest_in_gravity(mount):
    imu = IMU(T_body_imu=mount)
    _, _, seen = begin(imu, standing(3))
    assert (seen["imu_count"] == 100).all() and (seen["imu_age"] == 0).all()
    expected = np.concatenate([GRAVITY * mount[2, :3], np.zeros(3)])
    np.testing.assert_allclose(seen["imu"], np.tile(expected, (3, 100, 1)), atol=1e-6)


def test_a_turn_action_turns_by_thirty_degrees_and_ends_at_rest():
    world = standing()
    samples = record(IMU(), world, 1, lambda _: world.step(np.array([LEFT])))[0]
    assert samples[:, 5].sum() / 200 == pytest.approx(np.pi / 6, abs=1e-6)
    assert abs(samples[-1, 5]) < 0.01 * samples[:, 5].max()
    np.testing.assert_allclose(samples[:, :3], [[0, 0, GRAVITY]] * 100, atol=1e-5)


def test_a_forward_action_speeds_up_and_slows_down_to_a_quarter_metre():
    world = standing()
    samples = record(IMU(), world, 1, lambda _: world.step(np.array([FORWARD])))[0]
    speed = np.concatenate([[0], samples[:, 0].cumsum() / 200])
    assert speed[-1] == pytest.approx(0, abs=1e-5)
    assert ((speed[1:] + speed[:-1]) / 2).sum() / 200 == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize("mount", [np.eye(4), MOUNT], ids=["level", "mounted"])
def test_dead_reckoning_follows_driven_bodies(mount):
    world, rng = standing(4), np.random.default_rng(0)
    start = world.T_world_body() @ mount

    def move(_):
        world.step_velocity(np.stack([rng.uniform(0, 0.5, 4), rng.uniform(-1, 1, 4)], 1), 0.5)

    samples = record(IMU(T_body_imu=mount), world, 20, move)
    T, _ = strapdown(start, np.zeros((4, 3)), samples, 1 / 200)
    end = world.T_world_body() @ mount
    assert np.linalg.norm(T[:, -1, :3, 3] - end[:, :3, 3], axis=1).max() < 1e-4
    assert np.degrees(so3.angle_between(T[:, -1, :3, :3], end[:, :3, :3])).max() < 1e-4


def test_dead_reckoning_follows_a_riding_body_that_starts_in_motion():
    world = riding(1, Swing())
    samples = record(IMU(T_body_imu=MOUNT), world, 20, lambda _: world.follow(0.5))[0]
    truth = Swing().at(np.arange(2001) / 200).of_mount(MOUNT)
    T, v = strapdown(truth.T_world_body[0], truth.velocity[0], samples, 1 / 200)
    assert np.linalg.norm(T[:, :3, 3] - truth.T_world_body[:, :3, 3], axis=1).max() < 1e-3
    np.testing.assert_allclose(v, truth.velocity, atol=1e-4)


def test_samples_are_the_mean_of_the_exact_force_and_rate():
    world = riding(1, Swing())
    samples = record(IMU(T_body_imu=MOUNT), world, 4, lambda _: world.follow(0.5))[0]
    points, weights = np.polynomial.legendre.leggauss(5)
    mean = 0.0
    for point, weight in zip(points, weights, strict=True):
        m = Swing().at((np.arange(400) + (point + 1) / 2) / 200).of_mount(MOUNT)
        push = m.acceleration + np.array([0, 0, GRAVITY])
        force = np.einsum("kji,kj->ki", m.T_world_body[:, :3, :3], push)
        mean = mean + weight / 2 * np.concatenate([force, m.angular_velocity], 1)
    np.testing.assert_allclose(samples, mean, atol=2e-3)


def test_a_rate_that_does_not_divide_the_step_loses_no_sample():
    world, imu = riding(1, Swing()), IMU(rate_hz=33.0)
    assert imu.capacity == 17
    ids, streams, _ = begin(imu, world)
    rows, ages = [], []
    for _ in range(20):
        streams.steps += 1
        world.follow(0.5)
        seen = imu.read(world, ids, streams)
        count = seen["imu_count"][0, 0]
        assert count in (16, 17) and (seen["imu"][0, count:] == 0).all()
        rows.append(seen["imu"][0, :count].astype(np.float64))
        ages.append(seen["imu_age"][0, 0])
    samples = np.concatenate(rows)
    assert len(samples) == 330
    np.testing.assert_allclose(ages[:2], [0.5 - 16 / 33, 0], atol=1e-6)
    truth = Swing().at(np.arange(331) / 33)
    T, _ = strapdown(truth.T_world_body[0], truth.velocity[0], samples, 1 / 33)
    np.testing.assert_allclose(T[:, :3, :3], truth.T_world_body[:, :3, :3], atol=1e-5)


def test_a_slow_imu_may_have_nothing_to_say():
    world, imu = standing(), IMU(rate_hz=1.0)
    ids, streams, _ = begin(imu, world)
    counts = []
    for _ in range(4):
        streams.steps += 1
        world.step(np.array([FORWARD]))
        counts.append(int(imu.read(world, ids, streams)["imu_count"][0, 0]))
    assert counts == [0, 1, 0, 1]


@pytest.mark.parametrize("name", [name for name in IMU_PRESETS if name != "ideal"])
def test_white_noise_of_every_grade_is_its_own(name):
    world, grade = riding(32, Still()), IMU_PRESETS[name]
    samples = record(IMU(preset=name), world, 8, lambda _: world.follow(0.5))
    _, deviation = allan_deviation(samples.swapaxes(1, 2), 200.0, [0.1])
    pooled = np.sqrt((deviation[..., 0] ** 2).mean(0).reshape(2, 3).mean(1))
    expected = [
        expected_deviation(
            [0.1],
            noise_density=triad.noise_density,
            random_walk=triad.random_walk,
            instability=triad.instability,
            correlation_time=triad.correlation_time,
        )[0]
        for triad in (grade.accelerometer, grade.gyroscope)
    ]
    np.testing.assert_allclose(pooled, expected, rtol=0.03)
    assert grade.source and grade.grade


def test_biases_walk_on_from_step_to_step():
    triad = TriadNoise(random_walk=0.1)
    imu, world = IMU(preset=ImuGrade(triad, triad), rate_hz=20.0), riding(400, Still())
    samples = record(imu, world, 6, lambda _: world.follow(0.5))
    changes = np.diff(samples, axis=1)
    # The 10th, 20th … change lies between two readings.
    between, within = changes[:, 9::10], np.delete(changes, np.s_[9::10], axis=1)
    expected = 0.1 / np.sqrt(20)
    assert between.std() == pytest.approx(expected, rel=0.03)
    assert within.std() == pytest.approx(expected, rel=0.03)
    still = samples[:, -1] - [0, 0, GRAVITY, 0, 0, 0]
    np.testing.assert_allclose(imu.bias(np.arange(400)), still, atol=1e-5)


def test_the_gauss_markov_bias_is_stationary_from_the_first_reading_on():
    triad = TriadNoise(instability=0.2, correlation_time=1.0)
    imu, world = IMU(preset=ImuGrade(triad, triad), rate_hz=20.0), riding(400, Still())
    samples = record(imu, world, 8, lambda _: world.follow(0.5))
    samples -= [0, 0, GRAVITY, 0, 0, 0]
    np.testing.assert_allclose(samples.std((0, 2)), 0.2, rtol=0.08)
    later = (samples[:, :-20] * samples[:, 20:]).mean() / 0.2**2
    assert later == pytest.approx(np.exp(-1), abs=0.05)


def test_offset_scale_and_axes_are_drawn_once_an_episode():
    triad = TriadNoise(turn_on_bias=0.1, scale=0.02, misalignment=0.01)
    imu, world = IMU(preset=ImuGrade(triad, TriadNoise())), riding(3000, Still())
    ids, streams, first = begin(imu, world)
    second = imu.read(world, ids, streams)
    np.testing.assert_array_equal(first["imu"], second["imu"])
    force = first["imu"][:, 0, :3].astype(np.float64)
    assert force[:, 0].std() == pytest.approx(np.hypot(0.1, 0.01 * GRAVITY), rel=0.05)
    assert (force[:, 2] - GRAVITY).std() == pytest.approx(np.hypot(0.1, 0.02 * GRAVITY), rel=0.05)
    streams.episodes += 1
    imu.reset(world, ids, streams)
    assert (imu.read(world, ids, streams)["imu"] != first["imu"]).any()


def test_output_is_cut_off_and_rounded():
    triad = TriadNoise(limit=2.0, resolution=0.5, noise_density=0.05)
    imu, world = IMU(preset=ImuGrade(triad, triad)), riding(1, Swing())
    samples = record(imu, world, 4, lambda _: world.follow(0.5))
    assert samples.max() == 2.0 and samples.min() == -2.0
    np.testing.assert_allclose(samples / 0.5, np.rint(samples / 0.5))


def test_environments_alone_or_together_give_the_same_bytes():
    def run(num_envs: int, seed: int) -> np.ndarray:
        world = standing(num_envs)
        velocity = np.tile([[0.3, 0.7]], (num_envs, 1))
        imu = IMU(preset="mpu6000", T_body_imu=MOUNT)
        return record(imu, world, 3, lambda _: world.step_velocity(velocity, 0.5), seed)

    together = run(5, 7)
    for k in (0, 4):
        np.testing.assert_array_equal(run(1, 7 + k)[0], together[k])
    assert (together[0] != together[1]).any()


def test_a_subset_may_begin_anew_while_others_go_on():
    def run(reset_others: bool) -> np.ndarray:
        world, imu = standing(3), IMU(preset="bmi160")
        ids, streams, _ = begin(imu, world)
        streams.steps += 1
        world.step(np.array([FORWARD] * 3))
        imu.read(world, ids, streams)
        if reset_others:
            some = np.array([0, 2])
            streams.episodes[some] += 1
            streams.steps[some] = 0
            for row in some:
                world.place(row, world.places[row], np.array([2.0, 2.5]), 1.0)
            imu.reset(world, some, streams)
            fresh = imu.read(world, some, streams)
            assert (fresh["imu_count"] == 100).all()
        streams.steps += 1
        world.step(np.array([LEFT] * 3))
        return imu.read(world, np.array([1]), streams)["imu"]

    np.testing.assert_array_equal(run(False), run(True))


def test_two_imus_differ_and_do_not_disturb_each_other():
    def run(*keys: str) -> dict[str, np.ndarray]:
        world, seen = standing(2), {}
        streams, ids = seeded(2), np.arange(2)
        imus = [IMU(preset="mpu6000", key=key) for key in keys]
        for imu in imus:
            imu.reset(world, ids, streams)
        for imu in imus:
            seen.update(imu.read(world, ids, streams))
        return seen

    one, both = run("imu"), run("imu", "foot")
    np.testing.assert_array_equal(one["imu"], both["imu"])
    assert (both["imu"] != both["foot"]).any()


def test_an_observation_is_the_callers_to_keep():
    world, imu = standing(), IMU(preset="bmi088")
    ids, streams, first = begin(imu, world)
    kept = first["imu"].copy()
    streams.steps += 1
    world.step(np.array([FORWARD]))
    imu.read(world, ids, streams)
    np.testing.assert_array_equal(first["imu"], kept)


def test_unknown_presets_name_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'bmi160'"):
        IMU(preset="bmi16")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate_hz": 0.0}, "rate_hz=0.0"),
        ({"rate_hz": -5.0}, "positive"),
        ({"dt": float("nan")}, "dt=nan"),
        ({"T_body_imu": np.zeros((4, 4))}, "rotation"),
    ],
)
def test_impossible_parameters_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        IMU(**given)


def test_negative_noise_is_refused():
    with pytest.raises(ValueError, match=r"noise_density=-1\.0"):
        replace(IMU_PRESETS["bmi160"].gyroscope, noise_density=-1.0)


def test_a_world_of_another_step_is_refused():
    with pytest.raises(ValueError, match=r"pass dt=0\.25"):
        begin(IMU(), World(1, Robot(dt=0.25)))


def test_a_longer_ride_than_there_is_room_for_is_refused():
    world, imu = riding(1, Still()), IMU()
    ids, streams, _ = begin(imu, world)
    world.follow(0.6)
    with pytest.raises(ValueError, match="room for 100 samples"):
        imu.read(world, ids, streams)

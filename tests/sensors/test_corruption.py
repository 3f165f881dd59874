"""Faults: what each does, how it grows, and what it leaves alone."""

import copy

import numpy as np
import pytest
from gymnasium import spaces

from navworld.sensors import CameraSensor, GPSCompass
from navworld.sensors.bump import Bump
from navworld.sensors.corruption import KINDS, Corrupted
from navworld.sensors.imu import IMU
from navworld.streams import Streams
from navworld.world.body import Camera
from tests.sensors.worlds import stand

CAMERA = Camera(32, 32)
STEPS = 12


class Clock:
    """Reads the number of the step, in several forms."""

    renders = ()
    key = "clock"

    def __init__(self):
        self.space = spaces.Dict(
            {
                "clock": spaces.Box(0, 1000, (1,), np.float32),
                "clock_hits": spaces.Box(0, 1000, (2,), np.int32),
            }
        )

    def reset(self, world, ids, streams):
        pass

    def read(self, world, ids, streams):
        step = streams.steps[ids, None]
        return {
            "clock": (step + 100).astype(np.float32),
            "clock_hits": np.tile(step, 2).astype(np.int32),
        }


def rgb(key="rgb"):
    return CameraSensor("rgb", CAMERA, key=key)


def depth():
    return CameraSensor("depth", CAMERA)


def history(sensor, count=1, steps=STEPS, motion=(0.0, 0.0, 0.2), seed=0):
    """(readings, world): what a sensor reads at rest and after every step, in `count` rows."""
    world = stand(*[(2.0, 2.5, 0.4)] * count)
    ids, streams = np.arange(count), Streams(count)
    streams.seeds[:] = ids + seed
    world.want(sensor.renders)
    sensor.reset(world, ids, streams)
    seen = [sensor.read(world, ids, streams)]
    for _ in range(steps):
        world.step(np.tile(motion, (count, 1)))
        streams.steps += 1
        seen.append(sensor.read(world, ids, streams))
    for reading in seen:
        for key, value in reading.items():
            assert value.dtype == sensor.space[key].dtype
            assert all(sensor.space[key].contains(row) for row in value), key
    return seen


def stacked(seen, key):
    return np.stack([reading[key] for reading in seen])


def same(a, b):
    return all(np.array_equal(x[k], y[k]) for x, y in zip(a, b, strict=True) for k in x)


FITTING = {
    **dict.fromkeys(("missing_frames", "time_offset", "extrinsic_error", "spikes"), rgb),
    "blur": rgb,
    "occlusion": rgb,
    "darkness": rgb,
    "bias_jumps": depth,
}


@pytest.mark.parametrize("kind", KINDS)
def test_severity_zero_is_the_plain_sensor(kind):
    make = FITTING[kind]
    assert same(history(make(), 2), history(Corrupted(make(), kind, severity=0), 2))


@pytest.mark.parametrize("kind", KINDS)
def test_harm_grows_with_severity(kind):
    make = FITTING[kind]
    truth = history(make(), 6)
    key = next(iter(truth[0]))
    plain = stacked(truth, key).astype(float)
    harm = [
        np.abs(stacked(history(Corrupted(make(), kind, severity=s), 6), key) - plain).mean()
        for s in (1, 3, 5)
    ]
    assert 0 < harm[0] < harm[1] < harm[2]


@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_breaks_alike_alone_and_in_a_batch_and_every_time(kind):
    make = FITTING[kind]
    batch = history(Corrupted(make(), kind), 3)
    again = history(Corrupted(make(), kind), 3)
    alone = history(Corrupted(make(), kind), 1, seed=2)
    assert same(batch, again)
    assert same([{k: v[2:] for k, v in r.items()} for r in batch], alone)


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_of_the_state_continues_alike(kind):
    sensor = Corrupted(FITTING[kind](), kind)
    world, ids, streams = stand((2.0, 2.5, 0.4)), np.arange(1), Streams(1)
    sensor.reset(world, ids, streams)
    for _ in range(4):
        sensor.read(world, ids, streams)
        world.step(np.array([[0.0, 0.0, 0.2]]))
        streams.steps += 1
    other = copy.deepcopy(sensor)
    assert same([sensor.read(world, ids, streams)], [other.read(world, ids, streams)])


def test_two_sensors_break_differently():
    seen = [history(Corrupted(rgb(key), "occlusion"))[0][key] for key in "ab"]
    assert not np.array_equal(*seen)


def test_a_missing_frame_repeats_the_last_that_arrived():
    read = stacked(history(Corrupted(Clock(), "missing_frames"), 400), "clock")[..., 0] - 100
    truth = np.arange(STEPS + 1)[:, None]
    lost = read != truth
    assert not lost[0].any()
    assert lost[1:].mean() == pytest.approx(0.2, abs=0.02)
    assert np.array_equal(read[1:][lost[1:]], read[:-1][lost[1:]])


def test_a_missing_frame_can_read_zero():
    sensor = Corrupted(Clock(), "missing_frames", severity=5, fill="zeros")
    read = stacked(history(sensor, 400), "clock")[..., 0]
    assert np.mean(read[1:] == 0) == pytest.approx(0.5, abs=0.03)
    assert (read[0] == 100).all()


@pytest.mark.parametrize(("severity", "delay"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 3.5), (5, 5.0)])
def test_a_late_sensor_tells_an_earlier_step_and_never_goes_back(severity, delay):
    sensor = Corrupted(Clock(), "time_offset", severity=severity)
    seen = history(sensor, 200)
    read = stacked(seen, "clock")[..., 0] - 100
    late = np.arange(STEPS + 1)[:, None] - read
    assert late[6:].mean() == pytest.approx(delay, abs=0.06)
    assert set(np.unique(late[6:])) <= {np.floor(delay), np.ceil(delay)}
    assert (np.diff(read, axis=0) >= 0).all()
    assert (read >= 0).all()
    assert np.array_equal(stacked(seen, "clock_hits")[..., 0], read)


def test_a_new_episode_forgets_the_old_one():
    sensor = Corrupted(Clock(), "time_offset", severity=5)
    world, ids, streams = stand((2, 2, 0), (2, 2, 0)), np.arange(2), Streams(2)
    sensor.reset(world, ids, streams)
    for _ in range(8):
        sensor.read(world, ids, streams)
        streams.steps += 1
    streams.steps[1] = 50
    sensor.reset(world, ids[1:], streams)
    assert sensor.read(world, ids[1:], streams)["clock"][0, 0] == 150
    assert sensor.read(world, ids[:1], streams)["clock"][0, 0] == 103


def test_an_extrinsic_error_turns_and_shifts_the_camera_by_its_size():
    sensor = Corrupted(depth(), "extrinsic_error", severity=4)
    world, ids = stand((2.0, 2.5, 0.4), (2.0, 2.5, 0.4)), np.arange(2)
    sensor.reset(world, ids, Streams(2))
    T = world.T_world_body(ids) @ CAMERA.T_body_camera
    displaced = sensor._mount.seen_from(world)
    E = np.linalg.inv(T) @ displaced.T_world_body(ids) @ CAMERA.T_body_camera
    angle = np.arccos((np.trace(E[:, :3, :3], axis1=1, axis2=2) - 1) / 2)
    assert np.degrees(angle) == pytest.approx([7, 7])
    assert np.linalg.norm(E[:, :3, 3], axis=1) == pytest.approx([0.07, 0.07])
    seen = sensor.read(world, ids, Streams(2))["depth"][..., 0]
    bodies = T @ E @ np.linalg.inv(CAMERA.T_body_camera)
    assert np.array_equal(seen, world.view(CAMERA, bodies, ids, ("depth",))["depth"])


def test_a_badly_mounted_imu_feels_gravity_aslant():
    world = stand((2.0, 2.5, 0.4))
    sensor = Corrupted(IMU(), "extrinsic_error", severity=5)
    ids, streams = np.arange(1), Streams(1)
    sensor.reset(world, ids, streams)
    sensor.read(world, ids, streams)
    world.step(np.zeros((1, 3)))
    streams.steps += 1
    reading = sensor.read(world, ids, streams)
    force = reading["imu"][0, : reading["imu_count"][0, 0], :3].mean(0)
    assert np.linalg.norm(force) == pytest.approx(9.81, abs=0.02)
    tilt = np.degrees(np.arccos(force[2] / np.linalg.norm(force)))
    assert 1.0 < tilt <= 12.1


def test_a_badly_mounted_compass_is_off_by_a_constant():
    seen = history(Corrupted(GPSCompass(), "extrinsic_error", severity=4), 4)
    truth = history(GPSCompass(), 4)
    off = stacked(seen, "compass") - stacked(truth, "compass")
    assert np.ptp(off, axis=0).max() < 0.02
    assert 0.01 < np.abs(off).max() <= np.radians(7.2)


def test_blur_keeps_the_mean_and_takes_the_detail():
    plain, soft = (history(s, steps=0)[0]["rgb"][0] for s in (rgb(), Corrupted(rgb(), "blur")))
    assert soft.mean() == pytest.approx(plain.mean(), rel=0.03)
    assert (
        np.abs(np.diff(soft.astype(int), axis=1)).mean()
        < 0.7 * np.abs(np.diff(plain.astype(int), axis=1)).mean()
    )


def test_a_blurred_depth_image_makes_no_return_up():
    far = CameraSensor("depth", Camera(32, 32, far=2.5))
    plain = history(far, steps=0)[0]["depth"]
    soft = history(Corrupted(CameraSensor("depth", Camera(32, 32, far=2.5)), "blur"), steps=0)
    assert 0.1 < np.mean(plain == 0) < 0.9
    assert np.array_equal(soft[0]["depth"] == 0, plain == 0)
    assert soft[0]["depth"][plain > 0].min() >= plain[plain > 0].min() - 1e-4


@pytest.mark.parametrize(("severity", "part"), [(1, 0.05), (3, 0.2), (5, 0.5)])
def test_a_patch_covers_its_part_and_stays(severity, part):
    seen = history(Corrupted(depth(), "occlusion", severity=severity), 5)
    truth = history(depth(), 5)
    hidden = (stacked(seen, "depth") == 0) & (stacked(truth, "depth") > 0)
    assert hidden[0].mean() == pytest.approx(part, abs=0.01)
    assert (hidden == hidden[0]).all()
    assert not (hidden[0, 0] == hidden[0, 1]).all()
    assert np.array_equal(stacked(seen, "depth")[~hidden], stacked(truth, "depth")[~hidden])


def test_darkness_leaves_its_part_of_linear_light():
    plain = history(rgb(), steps=0)[0]["rgb"].astype(float)
    for severity, part in ((1, 0.5), (5, 0.015)):
        dark = history(Corrupted(rgb(), "darkness", severity=severity), steps=0)[0]["rgb"]
        light = ((dark / 255.0) ** 2.2).sum() / ((plain / 255.0) ** 2.2).sum()
        assert light == pytest.approx(part, rel=0.1)


def test_spikes_hit_their_part_of_the_pixels_with_salt_and_pepper():
    seen = stacked(history(Corrupted(rgb(), "spikes", severity=5), 4), "rgb")
    truth = stacked(history(rgb(), 4), "rgb")
    hit = (seen != truth).any(-1)
    assert hit.mean() == pytest.approx(0.1, abs=0.01)
    assert set(np.unique(seen[hit])) == {0, 255}
    assert (seen[hit] == seen[hit][:, :1]).all()


def test_spikes_of_a_vector_stay_within_the_scale():
    seen = history(Corrupted(GPSCompass(), "spikes", severity=5, scale=2.0), 300)
    off = stacked(seen, "gps") - stacked(history(GPSCompass(), 300), "gps")
    assert np.mean(off != 0) == pytest.approx(0.1, abs=0.01)
    assert 1.9 < np.abs(off).max() <= 2.0


def test_a_bias_starts_at_zero_jumps_now_and_then_and_stays():
    seen = history(Corrupted(GPSCompass(), "bias_jumps", severity=5, scale=5.0), 300)
    off = stacked(seen, "gps") - stacked(history(GPSCompass(), 300), "gps")
    assert not off[0].any()
    jumps = np.abs(np.diff(off, axis=0)) > 1e-6
    assert jumps.mean() == pytest.approx(0.2, abs=0.02)
    assert np.diff(off, axis=0)[jumps].std() == pytest.approx(1.0, rel=0.1)


def test_faults_of_values_leave_padding_and_book_keeping_alone():
    def read(sensor):
        world, ids, streams = stand((2.0, 2.5, 0.4)), np.arange(1), Streams(1)
        sensor.reset(world, ids, streams)
        sensor.read(world, ids, streams)
        world.step(np.zeros((1, 3)))
        streams.steps += 1
        return sensor.read(world, ids, streams)

    plain = read(IMU(rate_hz=90.0))
    count = plain["imu_count"][0, 0]
    assert count > 0
    for kind in ("spikes", "bias_jumps"):
        broken = read(Corrupted(IMU(rate_hz=90.0), kind, severity=5))
        assert np.array_equal(broken["imu"][0, count:], plain["imu"][0, count:])
        assert broken["imu_count"] == plain["imu_count"]
        assert broken["imu_age"] == plain["imu_age"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Corrupted(rgb(), "blurr"), "did you mean 'blur'"),
        (lambda: Corrupted(rgb(), "blur", severity=6), "severity 6"),
        (lambda: Corrupted(rgb(), "blur", severity=1.5), "severity 1.5"),
        (lambda: Corrupted(rgb(), "missing_frames", fill="first"), "fill='first'"),
        (lambda: Corrupted(rgb(), "spikes", scale=0.0), "scale=0.0"),
        (lambda: Corrupted(depth(), "darkness"), "darkness makes no sense for the sensor 'depth'"),
        (lambda: Corrupted(rgb(), "bias_jumps"), "bias_jumps makes no sense"),
        (lambda: Corrupted(GPSCompass(), "blur"), "blur makes no sense"),
        (lambda: Corrupted(GPSCompass(), "occlusion"), "occlusion makes no sense"),
        (lambda: Corrupted(CameraSensor("semantic", CAMERA), "blur"), "blur makes no sense"),
        (lambda: Corrupted(CameraSensor("semantic", CAMERA), "spikes"), "spikes makes no sense"),
        (lambda: history(Corrupted(Bump(), "extrinsic_error")), "where it is mounted"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()

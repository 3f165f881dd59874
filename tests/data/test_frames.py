"""A sequence as an odometer is given it."""

import numpy as np
import pytest

from navworld.data.frames import Frames
from navworld.data.sequences import Channel, Recorded
from navworld.geometry.trajectories import Trajectory


def recorded(channels, items, *, truth=(0.0, 1.0)):
    stamps = np.array(truth)
    poses = Trajectory(stamps, np.tile(np.eye(4), (len(stamps), 1, 1)))
    return Recorded("ride", channels, items, poses)


def camera(stamps, kind="rgb"):
    shape = (2, 2, 3) if kind == "rgb" else (2, 2)
    values = np.arange(len(stamps)).reshape(-1, *[1] * len(shape)) * np.ones(shape)
    dtype = np.dtype(np.uint8 if kind == "rgb" else np.float32)
    return Channel(kind, np.array(stamps), shape, dtype), values.astype(dtype)


def imu(rate_hz, count):
    values = np.arange(1, count + 1)[:, None] * np.ones(6)
    stamps = np.arange(1, count + 1) / rate_hz
    return Channel("samples", stamps, (6,), np.dtype(np.float32)), values.astype(np.float32)


def test_samples_come_as_all_since_the_tick_before():
    pictures, pixels = camera(np.arange(11) / 10)
    samples, readings = imu(40, 40)
    frames = Frames(recorded({"rgb": pictures, "imu": samples}, {"rgb": pixels, "imu": readings}),
                    ("rgb", "imu"))  # fmt: skip
    assert frames[0]["imu_count"] == 0
    assert frames[1]["imu"][:, 0].tolist() == [1, 2, 3, 4]
    assert frames[2]["imu"][:, 0].tolist() == [5, 6, 7, 8]
    assert frames[2]["imu_age"] == pytest.approx(0.0)
    told = [int(frames[k]["imu_count"][0]) for k in range(len(frames))]
    assert sum(told) == 40


def test_samples_that_do_not_divide_the_step_are_padded_and_aged():
    pictures, pixels = camera(np.arange(11) / 10)
    samples, readings = imu(25, 25)
    sequence = recorded({"rgb": pictures, "imu": samples}, {"rgb": pixels, "imu": readings})
    frames = Frames(sequence, ("imu",))
    assert [int(frames[k]["imu_count"][0]) for k in range(1, 5)] == [2, 3, 2, 3]
    assert frames[1]["imu"].shape == (3, 6)
    assert frames[1]["imu"][2].tolist() == [0] * 6
    assert frames[1]["imu_age"] == pytest.approx(0.02)


def test_images_of_other_stamps_are_paired_or_left_out():
    colours, pixels = camera([0.0, 0.1, 0.2, 0.3, 0.4])
    depths, metres = camera([0.01, 0.12, 0.38], "depth")
    sequence = recorded({"rgb": colours, "depth": depths}, {"rgb": pixels, "depth": metres})
    frames = Frames(sequence, ("rgb", "depth"))
    assert frames.stamps.tolist() == [0.0, 0.1, 0.4]
    assert frames[2]["depth"].shape == (2, 2, 1)
    assert frames[2]["depth"].max() == 2


def test_moments_of_which_the_truth_is_not_known_are_left_out():
    colours, pixels = camera(np.arange(11) / 10)
    sequence = recorded({"rgb": colours}, {"rgb": pixels}, truth=(0.25, 0.75))
    assert Frames(sequence, ("rgb",)).stamps.tolist() == pytest.approx([0.3, 0.4, 0.5, 0.6, 0.7])


def test_channels_that_are_not_asked_for_are_not_read():
    colours, pixels = camera(np.arange(11) / 10)

    class Costly(Recorded):
        def read(self, channel, index):
            raise AssertionError(f"{channel} was read")

    lazy = recorded({"rgb": colours}, {"rgb": pixels})
    frames = Frames(Costly(lazy.name, lazy.channels, lazy.items, lazy.truth), ())
    assert len(frames) == 11
    assert frames[5] == {}

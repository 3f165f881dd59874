"""Noise of depth and colour images."""

import numpy as np
import pytest
from gymnasium import spaces

from navworld.sensors import CameraSensor
from navworld.sensors.noise import (
    IMAGE_PRESETS,
    GaussianRGB,
    NoisySensor,
    RedwoodDepth,
    ShotNoise,
    distortion_table,
    image_noise,
)
from navworld.streams import Streams
from navworld.world.body import Camera
from tests.sensors.worlds import stand

COLOUR = spaces.Box(0, 255, (64, 64, 3), np.uint8)
DEPTH = spaces.Box(0.0, 10.0, (64, 64, 1), np.float32)
KEYS = np.array([11, 12], np.uint64)


def flat(value, box, count=2):
    return np.full((count, *box.shape), value, box.dtype)


def test_gaussian_noise_has_its_standard_deviation_and_is_clipped():
    for std in (0.1, 0.2):
        grey = GaussianRGB(std).apply(flat(128, COLOUR), COLOUR, KEYS).astype(float)
        assert grey.mean() == pytest.approx(128, abs=1.5)
        if std == 0.1:
            assert grey.std() == pytest.approx(25.5, rel=0.02)
        black = GaussianRGB(std).apply(flat(0, COLOUR), COLOUR, KEYS)
        assert np.mean(black == 0) == pytest.approx(0.5, abs=0.02)


def test_no_noise_changes_nothing():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    assert np.array_equal(GaussianRGB(0.0).apply(image, COLOUR, KEYS), image)
    bright = ShotNoise(1e6, 0.0).apply(image, COLOUR, KEYS).astype(int)
    assert np.abs(bright - image).max() <= 2


def test_shot_noise_falls_with_the_square_root_of_light():
    table = ShotNoise(1000.0, 0.0).probabilities()
    levels = np.arange(256) / 255
    for level in (90, 180):
        mean = table[level] @ levels**2.2
        std = np.sqrt(table[level] @ levels**4.4 - mean**2)
        light = (level / 255) ** 2.2
        assert mean == pytest.approx(light, rel=0.01)
        assert std == pytest.approx(np.sqrt(light / 1000), rel=0.03)


@pytest.mark.parametrize("name", [n for n in IMAGE_PRESETS if n != "redwood"])
def test_level_tables_are_probabilities(name):
    table = IMAGE_PRESETS[name].probabilities()
    assert table.min() >= 0
    assert table.sum(1) == pytest.approx(np.ones(256))


def test_depth_is_read_in_eighths_of_a_pixel_of_disparity():
    noisy = RedwoodDepth().apply(flat(3.0, DEPTH), DEPTH, KEYS)
    steps = 35.130 * 8 / noisy[noisy > 0]
    assert steps == pytest.approx(np.round(steps), abs=1e-3)
    assert noisy.std() > 0.01


def test_without_jitter_and_noise_only_distortion_and_steps_are_left():
    noisy = RedwoodDepth(multiplier=0.0).apply(flat(2.0, DEPTH), DEPTH, KEYS)[..., 0]
    assert np.array_equal(noisy[0], noisy[1])
    factor = distortion_table()[40, 40, :2].mean()
    expected = 35.130 * 8 / np.round(8 * 35.130 * factor / 2.0)
    assert noisy[0, 32, 32] == pytest.approx(expected, abs=0.02)


def test_nothing_is_read_beyond_ten_metres_nor_where_nothing_is():
    for depth in (0.0, 10.0, 12.0):
        far = spaces.Box(0.0, 20.0, (64, 64, 1), np.float32)
        assert not RedwoodDepth().apply(flat(depth, far), far, KEYS).any()
    assert RedwoodDepth().apply(flat(9.9, DEPTH), DEPTH, KEYS).max() <= 10


def test_jitter_mixes_depths_only_at_edges():
    depth = flat(2.0, DEPTH)
    depth[:, :, 32:] = 6.0
    noisy = RedwoodDepth().apply(depth, DEPTH, KEYS)[..., 0]
    assert np.abs(noisy[:, :, :31] - 2.0).max() < 0.3
    wrong = noisy[:, :, 31] > 4
    assert 0.005 < wrong.mean() < 0.08  # half of the 4.6 % that jitter by a pixel


def test_wide_images_have_the_sensors_own_resolution():
    wide = spaces.Box(0.0, 10.0, (48, 640, 1), np.float32)
    depth = np.tile(np.linspace(1, 9, 640, dtype=np.float32)[:, None], (1, 48, 1, 1))
    noisy = RedwoodDepth(multiplier=0.0).apply(depth, wide, KEYS[:1])[0, 24, :, 0]
    pairs = noisy.reshape(-1, 2)
    assert np.mean(np.abs(pairs[:, 0] - pairs[:, 1]) < 1e-6) > 0.95


def test_the_distortion_table_is_smooth_and_grows_with_depth():
    table = distortion_table()
    assert table.shape == (80, 80, 5)
    spread = table.std((0, 1))
    assert (np.diff(spread) > 0).all()
    assert table.mean((0, 1)) == pytest.approx(np.ones(5), abs=1e-3)
    assert (np.abs(np.diff(table, axis=0)).max((0, 1)) < 0.25 * spread).all()
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0, 0] = 1.0


@pytest.mark.parametrize("name", IMAGE_PRESETS)
def test_noise_is_new_every_step_its_own_in_every_environment_and_repeatable(name):
    output = "depth" if name == "redwood" else "rgb"
    sensor = NoisySensor(CameraSensor(output, Camera(16, 16)), name)
    plain = CameraSensor(output, Camera(16, 16))
    world = stand((2.0, 2.5, 0.0), (2.0, 2.5, 0.0))
    ids, streams = np.arange(2), Streams(2)
    streams.seeds[:] = 3, 4
    sensor.reset(world, ids, streams)
    first = sensor.read(world, ids, streams)[output]
    assert all(sensor.space[output].contains(image) for image in first)
    assert not np.array_equal(first[0], first[1])
    assert np.array_equal(first, sensor.read(world, ids, streams)[output])
    assert np.array_equal(first[1:], sensor.read(world, ids[1:], streams)[output])
    streams.steps += 1
    assert not np.array_equal(first, sensor.read(world, ids, streams)[output])
    truth = plain.read(world, ids, streams)[output].astype(float)
    assert np.abs(np.median(first.astype(float) - truth)) < 0.05 * truth.max() + 3


def test_two_noisy_cameras_differ():
    camera = Camera(16, 16)
    sensors = [NoisySensor(CameraSensor("rgb", camera, key=k), "gaussian-0.1") for k in "ab"]
    world = stand((2.0, 2.5, 0.0))
    seen = [s.read(world, np.arange(1), Streams(1)) for s in sensors]
    assert not np.array_equal(seen[0]["a"], seen[1]["b"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: image_noise("redwod"), "did you mean 'redwood'"),
        (lambda: NoisySensor(CameraSensor("depth", Camera()), "shot"), "wrap a camera"),
        (lambda: NoisySensor(CameraSensor("semantic", Camera()), "redwood"), "noise of depth"),
        (lambda: GaussianRGB(-0.1), "zero or positive"),
        (lambda: ShotNoise(full_well=0), "full_well"),
        (lambda: ShotNoise(read_noise=np.nan), "read_noise"),
        (lambda: RedwoodDepth(multiplier=-1), "multiplier"),
    ],
)
def test_impossible_noise_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

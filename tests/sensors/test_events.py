"""The event camera: known ramps, known rates, and what may not depend on the batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from navworld.envs.verify.events import matched
from navworld.sensors import event_kernel as kernel
from navworld.sensors.cameras import lens_camera
from navworld.sensors.event_optics import ray_weights
from navworld.sensors.events import EventCamera, EventNoise
from navworld.streams import Streams
from navworld.world.body import Camera
from tests.sensors.bodies import FORWARD, LEFT, seeded, standing
from tests.sensors.worlds import read, stand, start

SMALL = Camera(24, 32)


def crossed(logs, times, *, on=0.2, off=0.2, leak=0.0, refractory=0.0, memory=None):
    """Events (N, 4) of pixels that start at log intensity 0; `memory` goes on from before."""
    logs = np.asarray(logs, np.float32).reshape(len(times) - 1, -1)
    pixels = logs.shape[1]
    memory = memory or (
        np.zeros(pixels, np.float32),
        np.zeros(pixels, np.float32),
        np.full(pixels, kernel.IDLE),
    )
    thresholds = np.repeat(np.float32([[off], [on]]), pixels, axis=1)
    packed, count = kernel.crossings(
        logs, np.asarray(times, float), *memory, thresholds, np.full(pixels, leak, np.float32),
        refractory, np.empty(2, np.uint64), 0,
    )  # fmt: skip
    rows = np.empty((count, 4), np.float32)
    kernel.listed(np.sort(packed[:count]), pixels, rows)
    return rows


def test_ramp_gives_an_event_per_threshold_at_its_time():
    t, _, _, polarity = crossed([1.1], [0.0, 0.5]).T
    np.testing.assert_allclose(t, 0.5 * np.array([0.2, 0.4, 0.6, 0.8, 1.0]) / 1.1, rtol=1e-5)
    assert (polarity == 1).all()


def test_darkening_uses_its_own_threshold():
    t, _, _, polarity = crossed([-1.0], [0.0, 1.0], on=0.2, off=0.3).T
    np.testing.assert_allclose(t, [0.3, 0.6, 0.9], rtol=1e-5)
    assert (polarity == -1).all()


def test_memorised_level_spans_images():
    rises = crossed(np.full(9, 0.05).cumsum(), np.linspace(0, 0.9, 10))
    np.testing.assert_allclose(rises[:, 0], [0.4, 0.8], rtol=1e-5)
    there_and_back = crossed([0.19, -0.19, 0.19], [0.0, 1.0, 2.0, 3.0])
    assert len(there_and_back) == 0


def test_two_steps_continue_one_another():
    rng = np.random.default_rng(0)
    logs = rng.normal(0, 0.5, (20, 50)).cumsum(0)
    times = np.linspace(0.0, 1.0, 21)
    memory = np.zeros(50, np.float32), np.zeros(50, np.float32), np.full(50, kernel.IDLE)
    parts = [
        crossed(logs[part], times[part.start : part.stop + 1], refractory=0.03, memory=memory)
        for part in (slice(0, 7), slice(7, 20))
    ]
    np.testing.assert_array_equal(
        np.concatenate(parts), crossed(logs, times, refractory=0.03), strict=True
    )


def test_refractory_pixel_rests_and_memorises_anew():
    t = crossed([1.1], [0.0, 1.0], refractory=0.3)[:, 0]
    first = 0.2 / 1.1
    np.testing.assert_allclose(t, [first, first + 0.3 + first], rtol=1e-5)


def test_leak_makes_brighter_events_at_its_rate():
    events = crossed(np.zeros((4, 1)), [0.0, 1.0, 2.0, 3.0, 4.1], leak=0.2 * 3)
    np.testing.assert_allclose(events[:, 0], np.arange(1, 13) / 3, rtol=1e-5)
    assert (events[:, 3] == 1).all()


def test_nothing_happens_without_motion():
    world, sensor = standing(2), EventCamera(SMALL)
    assert not start(world, sensor)["events_count"].any()
    world.step(np.zeros((2, 3)))
    assert not read(world, [sensor])["events_count"].any()


def test_brightening_lamp_gives_the_counts_and_times_of_its_contrast():
    world = standing()
    sensor = EventCamera(SMALL, rays=1, blur=0.0, eps=0.02, on=0.15)
    start(world, sensor)
    ids = np.zeros(1, np.int64)
    before = world.view(SMALL, world.T_world_body(), ids, ("color",))["color"][0]
    world.gain[:] = 1.5
    world.step(np.zeros((1, 3)))
    seen = read(world, [sensor])
    weights = np.array([0.2126, 0.7152, 0.0722])
    old, new = (np.log((g * before.astype(np.float64)) ** 2.2 @ weights + 0.02) for g in (1, 1.5))
    exact = (new - old) / 0.15
    safe = np.abs(exact - np.rint(exact)) > 1e-3
    t, x, y, polarity = seen["events"][0, : seen["events_count"][0, 0]].T
    counts = np.zeros(before.shape[:2], int)
    np.add.at(counts, (y.astype(int), x.astype(int)), 1)
    np.testing.assert_array_equal(counts[safe], np.floor(exact[safe]))
    assert counts.sum() > SMALL.width * SMALL.height
    assert (polarity == 1).all()
    one = (y == 12) & (x == 16)
    expected = 0.5 * np.arange(1, one.sum() + 1) / exact[12, 16]
    np.testing.assert_allclose(t[one], expected, atol=1e-4)


def test_light_beyond_the_frame_and_all_weights_count_once():
    for rays, blur in ((1, 0.0), (3, 0.0), (3, 0.6), (2, 0.7)):
        weights = ray_weights(rays, blur)
        assert weights.sum() == pytest.approx(1.0)
        np.testing.assert_allclose(weights, weights[::-1], rtol=1e-5)
        color = np.full((2, rays * 6, rays * 7, 3), 0.5, np.float32)
        logs = np.empty((2, 4, 5), np.float32)
        kernel.log_luminance(color, kernel.DECODED, weights, 0.01, logs)
        np.testing.assert_allclose(logs, np.log(0.5**2.2 + 0.01), atol=1e-4)


def test_rows_are_sorted_padded_and_within_the_step():
    world, sensor = standing(), EventCamera(SMALL)
    start(world, sensor)
    world.step(np.array([LEFT]))
    seen = read(world, [sensor])
    count = int(seen["events_count"][0, 0])
    events = seen["events"][0]
    assert 100 < count < sensor.capacity
    assert (np.diff(events[:count, 0]) >= 0).all() and events[count - 1, 0] <= 0.5
    assert (np.abs(events[:count, 3]) == 1).all() and not events[count:].any()


def test_too_small_a_capacity_keeps_the_newest_and_tells():
    all_of_them, few = EventCamera(SMALL), EventCamera(SMALL, capacity=50, key="few")
    world = standing()
    start(world, all_of_them, few)
    world.step(np.array([LEFT]))
    seen = read(world, [all_of_them, few])
    count = int(seen["events_count"][0, 0])
    assert seen["few_count"][0, 0] == count > 50
    np.testing.assert_array_equal(seen["few"][0], seen["events"][0, count - 50 : count])


def test_voxels_sum_to_the_polarities_and_keep_the_mean_time():
    world, sensor = standing(), EventCamera(SMALL, form="both", bins=6)
    start(world, sensor)
    world.step(np.array([LEFT]))
    seen = read(world, [sensor])
    t, x, y, polarity = seen["events"][0, : seen["events_count"][0, 0]].T
    image = np.zeros((24, 32))
    np.add.at(image, (y.astype(int), x.astype(int)), polarity)
    grid = seen["events_voxels"][0].astype(np.float64)
    np.testing.assert_allclose(grid.sum(0), image, atol=1e-4)
    moment = (grid.sum((1, 2)) * np.arange(6)).sum()
    np.testing.assert_allclose(moment, (t / 0.5 * 5 * polarity).sum(), rtol=1e-3, atol=0.1)


def test_one_bin_is_the_sum_and_voxels_need_no_list():
    world, sensor = standing(), EventCamera(SMALL, form="voxels", bins=1)
    assert set(start(world, sensor)) == {"events_voxels"}
    world.step(np.array([FORWARD]))
    assert read(world, [sensor])["events_voxels"].any()


def test_image_moves_less_than_the_bound_between_subframes():
    camera = Camera(48, 48, position=(0.2, 0.1, 0.9), yaw_deg=20.0)
    for motion in (FORWARD, LEFT, (0.2, 0.0, 0.4)):
        world, sensor = standing(xy=(2.5, 2.0)), EventCamera(camera, displacement=0.8)
        start(world, sensor)
        world.step(np.array([motion]))
        ids = np.zeros(1, np.int64)
        fractions = sensor.subframes(world, ids)[0]
        T = world.moments(ids, fractions).T_world_body[0] @ camera.T_body_camera
        depth = world.view(camera, T @ np.linalg.inv(camera.T_body_camera), 0 * np.arange(len(T)),
                           ("depth",))["depth"]  # fmt: skip
        largest = []
        pixels = np.stack(np.meshgrid(np.arange(48.0), np.arange(48.0)), -1)
        for k in range(len(T) - 1):
            p_camera = camera.model.unproject(pixels, depth[k])
            T_next_this = np.linalg.inv(T[k + 1]) @ T[k]
            moved = p_camera @ T_next_this[:3, :3].T + T_next_this[:3, 3]
            ahead, _ = camera.model.project(moved)
            shift = np.linalg.norm(ahead - pixels, axis=-1)
            largest.append(shift[(depth[k] > 0)].max())
        assert max(largest) < 0.8 * 1.1
        assert np.mean(largest) > 0.8 * 0.7


def test_batch_equals_singles_with_other_numbers_of_subframes():
    motions = np.array([FORWARD, LEFT, (0.1, 0.0, 0.2)])
    noise = EventNoise(mismatch=0.03, refractory=1e-3, leak_rate=1.0, shot_rate=5.0)
    batch, sensor = standing(3), EventCamera(SMALL, noise=noise)
    streams, ids = seeded(3), np.arange(3)
    sensor.reset(batch, ids, streams)
    sensor.read(batch, ids, streams)
    batch.step(motions)
    streams.steps += 1
    together = sensor.events(batch, ids, streams)
    for k in range(3):
        alone, single = standing(1), EventCamera(SMALL, noise=noise)
        own, one = seeded(1, k), np.zeros(1, np.int64)
        single.reset(alone, one, own)
        single.read(alone, one, own)
        alone.step(motions[k : k + 1])
        own.steps += 1
        np.testing.assert_array_equal(single.events(alone, one, own)[0], together[k])
    assert len({len(events) for events in together}) == 3


def test_threads_and_small_chunks_change_nothing(monkeypatch):
    def turned(threads: int) -> np.ndarray:
        world, sensor = stand((2.0, 2.5, 0.3), threads=threads), EventCamera(SMALL)
        start(world, sensor)
        world.step(np.array([LEFT]))
        return sensor.events(world, np.zeros(1, np.int64), Streams(1))[0]

    expected = turned(1)
    np.testing.assert_array_equal(turned(2), expected)
    monkeypatch.setattr("navworld.sensors.events.CHUNK_BYTES", 1 << 18)
    np.testing.assert_array_equal(turned(1), expected)


def test_subset_of_environments_keeps_its_own_memory():
    world, sensor = standing(3), EventCamera(SMALL)
    start(world, sensor)
    world.step(np.array([LEFT, (0, 0, 0), LEFT]))
    seen = read(world, [sensor], [2, 1])
    assert seen["events_count"][0, 0] > 0 == seen["events_count"][1, 0]
    again = read(world, [sensor], [0])
    np.testing.assert_array_equal(again["events"][0], seen["events"][0])


def test_a_new_episode_forgets():
    world, sensor = standing(), EventCamera(SMALL)
    start(world, sensor)
    world.step(np.array([LEFT]))
    assert not start(world, sensor)["events_count"].any()


def test_mismatch_scatters_the_counts_of_equal_pixels():
    def counts(mismatch: float) -> np.ndarray:
        world = standing()
        sensor = EventCamera(SMALL, noise=EventNoise(mismatch=mismatch))
        ids = np.zeros(1, np.int64)
        sensor.reset(world, ids, seeded(1))
        sensor.events(world, ids, seeded(1))
        world.step(np.array([LEFT]))
        return sensor.events(world, ids, seeded(1))[0]

    exact, scattered = counts(0.0), counts(0.05)
    assert len(exact) != len(scattered)
    assert abs(len(scattered) / len(exact) - 1) < 0.2


@pytest.mark.parametrize("hot", [False, True])
def test_resting_pixels_fire_at_the_rates_of_leak_and_heat(hot):
    noise = EventNoise(leak_rate=2.0, hot_share=0.1 if hot else 0.0, hot_rate=40.0)
    world, sensor = standing(), EventCamera(Camera(64, 64), noise=noise)
    start(world, sensor)
    counts = []
    for _ in range(4):
        world.step(np.zeros((1, 3)))
        counts.append(int(read(world, [sensor])["events_count"][0, 0]))
    expected = 64 * 64 * 0.5 * (0.9 * 2.0 + 0.1 * 40.0 if hot else 2.0)
    assert np.mean(counts) == pytest.approx(expected, rel=0.06)


def test_shot_noise_has_its_rate_in_the_dark_and_both_signs():
    world = standing()
    sensor = EventCamera(Camera(64, 64), noise=EventNoise(shot_rate=8.0))
    world.gain[:] = 0.0
    start(world, sensor)
    world.step(np.zeros((1, 3)))
    seen = read(world, [sensor])
    count = int(seen["events_count"][0, 0])
    expected = 64 * 64 * 0.5 * 8.0
    assert abs(count - expected) < 5 * np.sqrt(expected)
    assert abs(seen["events"][0, :count, 3].sum()) < 5 * np.sqrt(expected)


@pytest.mark.parametrize("lens", ["fisheye", "panorama", "euroc"])
def test_other_lenses_see_events_only_where_they_image(lens):
    camera = lens_camera(Camera(32, 48), lens)
    world, sensor = standing(), EventCamera(camera, form="voxels")
    start(world, sensor)
    world.step(np.array([LEFT]))
    grid = read(world, [sensor])["events_voxels"][0]
    assert np.abs(grid).sum() > 100
    if lens == "fisheye":
        assert not grid[:, 0, 0].any()


def test_every_turn_costs_a_panorama_the_same():
    camera = replace(lens_camera(Camera(32, 64), "panorama"), position=(0.0, 0.0, 1.0))
    world, sensor = standing(), EventCamera(camera, displacement=0.5)
    start(world, sensor)
    world.step(np.array([LEFT]))
    images = len(sensor.subframes(world, np.zeros(1, np.int64))[0]) - 1
    assert images == pytest.approx(64 / 12 / 0.5, rel=0.15)


def test_matching_is_one_to_one_near_in_time_and_place():
    times = np.linspace(0.0, 1.0, 11)
    ours = np.array([[0.5, 3, 3, 1], [0.5, 9, 9, 1], [0.8, 3, 3, -1]])
    beside, later = np.array([0.09, 1, 0, 0]), np.array([0.11, 0, 0, 0])
    assert matched(ours, ours, times) == 3
    assert matched(ours, ours + beside, times) == 3
    assert matched(ours, ours + beside, times, reach=0) == 0
    assert matched(ours, ours + later, times) == 0
    assert matched(ours, ours * [1, 1, 1, -1], times) == 0
    assert matched(np.repeat(ours, 2, 0), ours, times) == 3


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"on": 0.0}, "on"),
        ({"off": -0.1}, "off"),
        ({"eps": 0.0}, "eps"),
        ({"displacement": np.nan}, "displacement"),
        ({"capacity": 0}, "capacity"),
        ({"bins": 0}, "bins"),
        ({"rays": 0}, "rays"),
        ({"max_subframes": 2.5}, "max_subframes"),
        ({"blur": 2.0}, "blur"),
        ({"form": "event"}, "did you mean 'events'"),
        ({"preset": "nosy"}, "did you mean 'noisy'"),
    ],
)
def test_impossible_parameters_are_refused(options, word):
    with pytest.raises(ValueError, match=word):
        EventCamera(SMALL, **options)


@pytest.mark.parametrize("name", ["refractory", "mismatch", "leak_rate", "shot_rate", "hot_share"])
def test_impossible_noise_is_refused(name):
    with pytest.raises(ValueError, match=name):
        EventNoise(**{name: -1.0})

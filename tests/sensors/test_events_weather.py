"""Event cameras in weather: they see the light that the colour camera sees, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.sensors import event_kernel as kernel
from navworld.sensors.event_optics import dense_rays, ray_weights
from navworld.sensors.events import EventCamera
from navworld.streams import Streams
from navworld.world.appearance.weather import Sight, see
from navworld.world.body import Camera, Robot
from navworld.world.conditions import PLAIN, Conditions
from navworld.world.rays import render
from navworld.world.store import Place
from navworld.world.world import World
from tests.world.test_conditions import WEATHER, yard

AHEAD = Camera(40, 56, far=100.0)
IDS = np.zeros(1, np.int64)
STEP = (0.3, 0.0, 0.2)


@pytest.fixture(scope="module")
def place() -> Place:
    return Place(yard(), None)


def stand(
    place: Place, conditions: Conditions | None, *, light: str = "fast", dt: float = 0.2
) -> World:
    """One body before the hedge and the roof; None for a body that never met any conditions."""
    world = World(1, Robot(dt=dt), light=light)
    world.place(0, place, np.array([-3.0, 1.0]), 0.2)
    if conditions is not None:
        world.meet(0, conditions, key=7)
    return world


def step(world: World, sensor: EventCamera, motion=STEP) -> np.ndarray:
    """All events of the first step."""
    streams = Streams(1)
    sensor.reset(world, IDS, streams)
    sensor.events(world, IDS, streams)
    world.step(np.array([motion]))
    return sensor.events(world, IDS, streams)[0]


def test_plain_conditions_give_the_events_of_the_plain_scene(place):
    never, plain = (stand(place, c) for c in (None, Conditions(fog=0.0)))
    expected = step(never, EventCamera(AHEAD))
    np.testing.assert_array_equal(step(plain, EventCamera(AHEAD)), expected)
    assert len(expected) > 500


def test_plain_events_are_crossings_of_what_the_renderer_gives(place):
    world, sensor = stand(place, None), EventCamera(AHEAD, max_subframes=1)
    poses = [world.T_world_body()]
    found = step(world, sensor)
    poses.append(world.T_world_body())
    shot = render(
        [place.rays("fast")], np.zeros(2, np.int64),
        np.concatenate(poses) @ AHEAD.T_body_camera, dense_rays(AHEAD, 3), ("color",),
        near=AHEAD.near,
    )["color"]  # fmt: skip
    logs = np.empty((2, AHEAD.height, AHEAD.width), np.float32)
    kernel.log_luminance(shot, kernel.DECODED, ray_weights(3, 0.6), 0.01, logs)
    logs = logs.reshape(2, -1)
    pixels = logs.shape[1]
    events, count = kernel.crossings(
        logs[1:], np.array([0.0, 0.2]), logs[0].copy(), logs[0].copy(),
        np.full(pixels, kernel.IDLE), np.full((2, pixels), 0.2, np.float32),
        np.zeros(pixels, np.float32), 0.0, np.empty(4096, np.uint64), 0,
    )  # fmt: skip
    np.testing.assert_array_equal(found, np.sort(events[:count]))


@pytest.mark.parametrize("conditions", [PLAIN, *WEATHER], ids=str)
def test_one_ray_per_pixel_sees_the_colour_cameras_image(place, conditions):
    world = stand(place, conditions)
    sight = Sight(AHEAD, dense_rays(AHEAD, 1), frame=1)
    T = world.T_world_body() @ AHEAD.T_body_camera
    seen = see(world, sight, T, IDS, ("color",), times=world.time)["color"][0, 1:-1, 1:-1]
    image = world.view(AHEAD, world.T_world_body(), IDS, ("color",))["color"][0]
    np.testing.assert_allclose(seen, image, atol=2e-3)


@pytest.mark.parametrize("conditions", [Conditions(rain=5), Conditions(snow=4)], ids=str)
def test_rain_and_snow_are_as_wide_and_as_bright_on_finer_rays(place, conditions):
    world = stand(place, conditions, light="none")
    fine = Sight(AHEAD, dense_rays(AHEAD, 3), grain=3, frame=1)
    T, size = world.T_world_body() @ AHEAD.T_body_camera, (AHEAD.height + 2, 3, AHEAD.width + 2, 3)

    def falling(sight: Sight) -> np.ndarray:
        """What drops and flakes add to the light of an image."""
        shots = []
        for key in (7, 8):
            world.meet(0, conditions, key=key)
            shots.append(see(world, sight, T, IDS, ("color",), times=world.time)["color"][0])
        return np.abs(shots[0] - shots[1]).mean(-1)

    coarse = falling(Sight(AHEAD, dense_rays(AHEAD, 1), frame=1))
    pooled = falling(fine).reshape(size).mean((1, 3))
    assert coarse[1:-1, 1:-1].max() > 0.05
    assert pooled[1:-1, 1:-1].sum() == pytest.approx(coarse[1:-1, 1:-1].sum(), rel=0.15)


def test_events_fade_with_the_contrast_of_fog(place):
    counts = [len(step(stand(place, Conditions(fog=fog)), EventCamera(AHEAD)))
              for fog in (0.5, 2, 3, 4, 5)]  # fmt: skip
    assert (np.diff(counts) < 0).all()
    assert counts[-1] < 0.2 * counts[0]


def test_nights_give_fewer_and_other_events_than_noons(place):
    noon, night = (step(stand(place, Conditions(hour=h)), EventCamera(AHEAD)) for h in (12, 0))
    assert 0 < len(night) < 0.8 * len(noon)
    assert len(np.intersect1d(noon, night)) < 0.5 * len(night)


@pytest.mark.parametrize(("what", "dt"), [("rain", 0.2), ("snow", 1.0)])
def test_what_falls_gives_events_to_a_camera_at_rest(place, what, dt):
    found = []
    for severity in (0.0, 2.0, 5.0):
        world = stand(place, Conditions(**{what: severity}), dt=dt)
        found.append(step(world, EventCamera(AHEAD), (0.0, 0.0, 0.0)))
    counts = [len(events) for events in found]
    assert counts[0] == 0 < min(counts[1:])
    rows = np.zeros((max(counts), 4), np.float32)
    kernel.listed(max(found, key=len), AHEAD.width, rows)
    tenths = np.unique(np.floor(10 * rows[:, 0] / dt))
    assert len(tenths) >= 7, "they fall all the time, not only at an observation"
    assert {1.0, -1.0} == set(rows[:, 3].tolist())


def test_images_are_added_only_where_something_falls(place):
    sensor, world = EventCamera(AHEAD), stand(place, Conditions(rain=5))
    dry = stand(place, None)
    for body in (world, dry):
        sensor.reset(body, IDS, Streams(1))
        sensor.events(body, IDS, Streams(1))
        body.step(np.zeros((1, 3)))
    assert len(sensor.subframes(world, IDS)[0]) > 5
    assert len(sensor.subframes(dry, IDS)[0]) == 2


def test_wet_ground_changes_events_below_the_horizon(place):
    dry, wet = (step(stand(place, c), EventCamera(AHEAD)) for c in (PLAIN, Conditions(wet=5)))
    rows = np.zeros((len(wet), 4), np.float32)
    other = np.setdiff1d(wet, dry)
    assert len(other) > 0.02 * len(wet)
    kernel.listed(other, AHEAD.width, rows[: len(other)])
    assert (rows[: len(other), 2] >= AHEAD.height / 2 - 2).mean() > 0.9


def test_a_batch_in_different_weather_equals_singles(place):
    kinds = [PLAIN, Conditions(rain=4), Conditions(fog=3, hour=21.0)]
    world, sensor = World(3, Robot(dt=0.2), light="fast"), EventCamera(AHEAD)
    for row, conditions in enumerate(kinds):
        world.place(row, place, np.array([-3.0, 1.0]), 0.2)
        world.meet(row, conditions, key=7)
    ids, streams = np.arange(3), Streams(3)
    sensor.reset(world, ids, streams)
    sensor.events(world, ids, streams)
    world.step(np.tile(STEP, (3, 1)))
    together = sensor.events(world, ids, streams)
    for row, conditions in enumerate(kinds):
        alone = step(stand(place, conditions), EventCamera(AHEAD))
        np.testing.assert_array_equal(together[row], alone)

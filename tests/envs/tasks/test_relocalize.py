"""Relocalize: carried off without being told, and judged by what is said at the stop."""

import numpy as np
import pytest

from navworld.beliefs import GPS, Oracle
from navworld.envs.tasks.relocalize import Relocalize, RelocalizeEpisode
from navworld.sensors import IMU, make_sensor
from navworld.sensors.noise import OdometerPose
from navworld.streams import Streams
from navworld.world.body import Camera, Robot
from navworld.world.store import Place
from navworld.world.world import World
from tests.envs.tasks.places import LEFT, STOP, hall, make
from tests.rooms import two_rooms

DROPPED = (2.0, 2.5, 2.0)


def led(task=None, **options):
    """An environment whose tour has just ended, and what it observes."""
    scene = two_rooms(0)
    episode = RelocalizeEpisode(scene, (1.0, 1.0, 0.0), ((3.0, 1.5), (6.5, 3.8)), DROPPED, 0)
    env = make(task or Relocalize(), scene, episodes=[episode], **options)
    observation, _ = env.reset(seed=0)
    while observation["led"][0, 0] == 1:
        observation = env.step(action(env, LEFT))[0]
    return env, observation


def action(env, move, pose=(0.0, 0.0, 0.0)):
    """An action of the one environment."""
    if "pose" not in getattr(env.single_action_space, "spaces", {}):
        return np.array([move])
    return {"move": np.array([move]), "pose": np.array([pose], np.float32)}


def declared(env, x=0.0, y=0.0, turn_deg=0.0):
    """The metrics of a stop that declares the true pose with an error."""
    T = env.batch.world.T_start_body(np.zeros(1, np.int64))[0]
    heading = np.arctan2(T[1, 0], T[0, 0]) + np.radians(turn_deg)
    pose = (T[0, 3] + x, T[1, 3] + y, (heading + np.pi) % (2 * np.pi) - np.pi)
    *_, info = env.step(action(env, STOP, pose))
    return {k: float(v[0]) for k, v in info["final_info"].items()}


def test_the_body_is_carried_off_as_the_tour_ends():
    env, _ = led()
    world = env.batch.world
    assert world.xy[0] == pytest.approx(DROPPED[:2])
    assert world.yaw[0] == pytest.approx(DROPPED[2])
    assert world.T_world_start[0, :2, 3] == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(
    ("error", "success"),
    [
        ({}, 1),
        ({"x": 0.2, "y": 0.1, "turn_deg": 9.0}, 1),
        ({"x": 0.3}, 0),
        ({"turn_deg": -11.0}, 0),
        ({"turn_deg": 180.0}, 0),
    ],
)
def test_success_is_within_a_quarter_metre_and_ten_degrees(error, success):
    env, _ = led()
    metrics = declared(env, **error)
    assert metrics["success"] == success
    expected = np.hypot(error.get("x", 0), error.get("y", 0))
    assert metrics["translation_error_m"] == pytest.approx(expected, abs=1e-5)
    assert metrics["rotation_error_deg"] == pytest.approx(abs(error.get("turn_deg", 0)), abs=1e-3)
    assert metrics["steps"] == 1


def test_odometry_does_not_feel_that_it_was_carried():
    sensors = (OdometerPose(), "imu")
    env, after = led(sensors=sensors)
    carried = env.batch.world.carried
    assert not np.array_equal(carried[0], np.eye(4))
    moved = np.abs(after["odometer_motion"][0])
    assert moved[0] <= 0.26
    assert moved[2] <= np.radians(31)
    samples = after["imu"][0, : after["imu_count"][0, 0]]
    assert np.abs(samples).max() < 15
    again = env.step(action(env, LEFT))[0]
    assert again["odometer_motion"][0] == pytest.approx([0, 0, np.radians(30)], abs=0.05)
    assert np.array_equal(env.batch.world.carried[0], np.eye(4))


def test_the_picture_after_it_was_carried_is_of_the_new_place():
    env, observation = led(sensors=("depth",))
    world = env.batch.world
    camera, ids = env.batch.options.camera, np.zeros(1, np.int64)
    expected = world.view(camera, world.T_world_body(ids), ids, ("depth",))["depth"]
    assert np.array_equal(observation["depth"][..., 0], expected)


def test_a_belief_counts_that_the_action_does_not_declare():
    knowing, _ = led(Relocalize(declare="belief"), localizer=Oracle())
    *_, info = knowing.step(np.array([STOP]))
    assert info["final_info"]["success"][0] == 1
    lost, _ = led(
        Relocalize(declare="belief"), localizer=GPS(), sensors=(OdometerPose(stands_for_gps=True),)
    )
    *_, info = lost.step(np.array([STOP]))
    assert info["final_info"]["success"][0] == 0
    assert info["final_info"]["translation_error_m"][0] > 2


def test_a_belief_needs_somebody_who_believes():
    env = make(Relocalize(declare="belief"), two_rooms(0))
    env.reset(seed=0)
    with pytest.raises(ValueError, match="pass localizer="):
        env.step(np.array([LEFT]))


def test_bodies_are_carried_beside_the_way_they_came_but_away_from_its_end():
    task = Relocalize(off_track=0.5)
    env = make(task, two_rooms(0), 16)
    env.reset(seed=0)
    tracks = [env.batch.world.xy.copy()]
    led_at_all = np.ones(16, bool)
    for _ in range(120):
        tour = env.batch.task.tours
        before, was = env.batch.world.xy.copy(), tour.led
        moves = {"move": np.full(16, LEFT), "pose": np.zeros((16, 3), np.float32)}
        env.step(moves)
        tracks.append(np.where(was[:, None], env.batch.world.xy, np.nan))
        for i in np.flatnonzero(was & ~env.batch.task.tours.led):
            tracks[-1][i] = np.nan
            way = np.array([t[i] for t in tracks])
            dropped = env.batch.world.xy[i]
            assert np.nanmin(np.linalg.norm(way - dropped, axis=1)) < 0.5 + 0.25
            assert np.linalg.norm(dropped - before[i]) > 0.5
            led_at_all[i] = False
        if not led_at_all.any():
            break
    assert not led_at_all.any()


@pytest.mark.parametrize(
    "given",
    [
        np.array([LEFT]),
        {"move": np.array([LEFT])},
        {"move": np.array([7]), "pose": np.zeros((1, 3))},
        {"move": np.array([LEFT]), "pose": np.full((1, 3), np.nan)},
        {"move": np.array([LEFT]), "pose": np.zeros((1, 2))},
    ],
)
def test_actions_that_declare_nothing_are_refused(given):
    env = make(Relocalize(), two_rooms(0))
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action"):
        env.step(given)


def test_another_way_to_declare_is_refused():
    with pytest.raises(ValueError, match="'action' or 'belief'"):
        Relocalize(declare="aloud")


def test_inertia_and_wheels_measure_the_same_whether_carried_or_not():
    world, streams = World(2, Robot()), Streams(2)
    place, ids = Place(hall(20.0, 20.0), None), np.arange(2)
    for row in ids:
        world.place(row, place, np.array([5.0, 5.0]), 0.3)
    sensors = [IMU(preset="ideal", dt=0.5), make_sensor("wheel_odometry", Camera(), Robot())]
    for sensor in sensors:
        sensor.reset(world, ids, streams)
    for step in range(4):
        streams.steps += 1
        world.step_velocity(np.array([[0.4, 0.5], [0.4, 0.5]]), 0.5)
        if step == 1:
            world.carry_off(1, np.array([12.0, 11.0]), -2.0)
        for sensor in sensors:
            for key, value in sensor.read(world, ids, streams).items():
                assert value[0] == pytest.approx(value[1], abs=1e-4), f"{key} in step {step}"
    assert np.linalg.norm(world.xy[0] - world.xy[1]) > 5

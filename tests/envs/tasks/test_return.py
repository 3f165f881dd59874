"""Return: led around first, then back in the order that is asked for."""

import numpy as np
import pytest

from navworld.beliefs import Belief
from navworld.envs.experts import ShortestPathOracle
from navworld.envs.tasks.returning import Return, ReturnEpisode
from tests.envs.tasks.places import FORWARD, LEFT, STOP, act, make
from tests.rooms import two_rooms

STOPS = ((3.0, 1.5), (6.5, 3.8), (7.2, 1.0))


def frozen(order=(1, 0), **options):
    scene = two_rooms(0)
    episode = ReturnEpisode(scene, (1.0, 1.0, 0.0), STOPS, order, 0)
    env = make(Return(places=len(order), stops=3), scene, episodes=[episode], **options)
    return env, env.reset(seed=0)[0]


def led_through(env, observation, action=STOP):
    """The observation as the tour ends, and where the body was after every step of it."""
    track = [env.batch.world.xy[0].copy()]
    while observation["led"][0, 0] == 1:
        observation = env.step(np.array([action]))[0]
        track.append(env.batch.world.xy[0].copy())
    return observation, np.array(track)


def test_the_body_is_led_past_every_stop_whatever_it_wants():
    env, observation = frozen()
    _, track = led_through(env, observation, action=STOP)
    for stop in STOPS:
        assert np.linalg.norm(track - stop, axis=1).min() <= 0.2
    other, observation = frozen()
    assert np.array_equal(track, led_through(other, observation, action=LEFT)[1])


def test_the_tour_is_worth_nothing_and_ends_no_episode():
    env, observation = frozen()
    while observation["led"][0, 0] == 1:
        observation, reward, terminated, truncated, _ = env.step(np.array([STOP]))
        assert reward[0] == 0
        assert not terminated[0]
        assert not truncated[0]


def test_goals_are_pictures_and_steps_of_the_tour():
    env, observation = frozen(order=(1, 0), sensors=("rgb",))
    assert not observation["goal_image"].any()
    seen = [observation["rgb"][0]]
    while observation["led"][0, 0] == 1:
        observation = env.step(np.array([FORWARD]))[0]
        seen.append(observation["rgb"][0])
    step = int(observation["goal_step"][0, 0])
    assert 0 < step < len(seen)
    assert np.array_equal(observation["goal_image"][0], seen[step])
    observation = env.step(np.array([STOP]))[0]
    assert observation["goal_number"][0, 0] == 1
    assert observation["goal_step"][0, 0] == 0
    assert np.array_equal(observation["goal_image"][0], seen[0])


def test_localizers_hear_what_was_really_done():
    class Listener:
        def __init__(self):
            from gymnasium import spaces

            self.space, self.heard = spaces.Dict({}), []

        def reset(self, T_world_body, ids):
            self.heard = []

        def update(self, observation, action, dt, ids):
            self.heard.append(None if action is None else int(action[0]))
            return Belief(np.tile(np.eye(4), (len(ids), 1, 1)))

    env, observation = frozen(localizer=Listener())
    while observation["led"][0, 0] == 1:
        observation = env.step(np.array([STOP]))[0]
        assert env.batch.localizer.heard[-1] == observation["done"][0, 0]
        assert observation["done"][0, 0] != STOP
    env.step(np.array([LEFT]))
    assert env.batch.localizer.heard[-1] == LEFT


def test_a_wrong_stop_misses_the_place_and_the_next_is_asked_for():
    env, observation = frozen(order=(1, 2))
    led_through(env, observation)
    assert act(env, STOP) == {}
    expert = ShortestPathOracle()
    expert.bind(env.batch)
    metrics = {}
    while not metrics:
        metrics = act(env, int(expert.predict(None)[0][0]))
    assert metrics["success"] == 0
    assert metrics["places_reached"] == 0.5
    assert 0.4 < metrics["spl"] <= 0.5


def test_returning_to_every_place_is_success():
    env, observation = frozen()
    led_through(env, observation)
    expert = ShortestPathOracle()
    expert.bind(env.batch)
    metrics = {}
    while not metrics:
        metrics = act(env, int(expert.predict(None)[0][0]))
    assert metrics["success"] == 1
    assert metrics["spl"] > 0.9
    assert metrics["path_m"] < metrics["tour_m"] + 6


def test_steps_count_from_the_end_of_the_tour():
    scene = two_rooms(0)
    episode = ReturnEpisode(scene, (1.0, 1.0, 0.0), STOPS, (1, 0), 0)
    env = make(Return(max_steps=3), scene, episodes=[episode])
    led_through(env, env.reset(seed=0)[0])
    ends = [env.step(np.array([LEFT]))[3][0] for _ in range(3)]
    assert ends == [False, False, True]


def test_a_tour_goes_on_under_noise_and_velocity_actions():
    for options in ({"actuation": "locobot-proportional"}, {"actions": "velocity"}):
        env = make(Return(stops=3), two_rooms(0), 3, **options)
        observation, _ = env.reset(seed=2)
        velocity = options.get("actions") == "velocity"
        turning = np.tile([0.0, 1.0], (3, 1)) if velocity else np.full(3, LEFT)
        for _ in range(200):
            observation = env.step(turning)[0]
            if not observation["led"].any():
                break
        assert not observation["led"].any()
        for tour in env.batch.task.tours.rows:
            near = [field.distance(pose[None, :2])[0] for field, pose in
                    zip(tour.fields, tour.poses[1:], strict=True)]  # fmt: skip
            assert max(near) < 0.3


def test_options_and_episodes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="places=4 and stops=3"):
        Return(places=4, stops=3)
    scene = two_rooms(0)
    episode = ReturnEpisode(scene, (1.0, 1.0, 0.0), STOPS, (1,), 0)
    with pytest.raises(ValueError, match=r"Return\(places=1\)"):
        make(Return(places=2), scene, episodes=[episode]).reset(seed=0)
    with pytest.raises(ValueError, match="widen min_leg"):
        make(Return(min_leg=30, max_leg=40), scene).reset(seed=0)

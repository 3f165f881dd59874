"""An agent acts the same through the training wrapper and on its own."""

import dataclasses

import numpy as np
import pytest
import torch

from navworld.agents.agent import Agent
from navworld.agents.catalog import AGENTS, ODOMETERS, SYSTEMS, build_agent, build_localizer
from navworld.agents.odometry import pointnav_vo
from navworld.agents.odometry.commanded import Commanded
from navworld.beliefs import GPS, Oracle
from navworld.envs.options import Options
from navworld.envs.sb3 import NavigationVecEnv
from navworld.envs.vector import NavigationVectorEnv
from navworld.localization.dead_reckoning import DeadReckoning
from navworld.maps.occupancy import OccupancyMapper
from navworld.scenes import family
from tests.rooms import two_rooms


def make(**options):
    given = {"scenes": family(two_rooms, range(3)), "sensors": ("depth", "gps"), **options}
    return NavigationVectorEnv(3, Options.of(given))


def test_wrapper_and_agent_show_the_policy_the_same_bytes():
    wrapped = make(mappers=(OccupancyMapper(),))
    bare = make(localizer=None)
    agent = Agent(policy=None, localizer=GPS(), mappers=(OccupancyMapper(),))
    shown, _ = wrapped.reset(seed=2)
    sensed, _ = bare.reset(seed=2)
    start, action = np.ones(3, bool), None
    rng = np.random.default_rng(0)
    for _ in range(40):
        seen = agent.perceive(sensed, previous_action=action, episode_start=start, dt=0.5)
        assert seen.keys() == shown.keys()
        for key in seen:
            assert np.array_equal(seen[key], shown[key]), key
        action = rng.choice(4, 3, p=[0.05, 0.55, 0.2, 0.2])
        shown, *_ = wrapped.step(action)
        sensed, _, terminated, truncated, _ = bare.step(action)
        start = terminated | truncated


class Scripted:
    """Acts as it is told, and remembers what it was shown."""

    def __init__(self, actions):
        self.actions, self.shown = list(actions), []

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        self.shown.append(observation)
        return self.actions[len(self.shown) - 1], state


def untrained(system):
    torch.manual_seed(0)
    return system.wrap(system.build(system.preset("tiny").network))


LOCALIZERS = {
    "gps": GPS,
    "commanded": lambda: DeadReckoning(Commanded()),
    "learned": lambda: DeadReckoning(untrained(pointnav_vo.RECIPE)),
}


@pytest.mark.parametrize("name", LOCALIZERS)
def test_a_scripted_rollout_is_the_same_through_training_wrapper_and_act(name):
    """Bit by bit, episodes that end in between included."""
    given = {"sensors": ("rgb", "depth", "gps"), "image_size": 32, "light": "none"}
    rng = np.random.default_rng(0)
    script = [rng.choice(4, 3, p=[0.05, 0.55, 0.2, 0.2]) for _ in range(25)]
    mappers = (OccupancyMapper(),)
    training = NavigationVecEnv(make(localizer=LOCALIZERS[name](), mappers=mappers, **given))
    training.seed(2)
    shown = [training.reset()]
    agent = Agent(Scripted(script), localizer=LOCALIZERS[name](), mappers=mappers)
    bare = make(localizer=None, **given)
    sensed, _ = bare.reset(seed=2)
    start, action, ends = np.ones(3, bool), None, 0
    for told in script:
        action, _ = agent.act(sensed, previous_action=action, episode_start=start, dt=0.5)
        training.step_async(told)
        shown.append(training.step_wait()[0])
        sensed, _, terminated, truncated, _ = bare.step(action)
        start = terminated | truncated
        ends += int(start.sum())
    assert ends > 0
    for seen, expected in zip(agent.policy.shown, shown, strict=False):
        assert seen.keys() == expected.keys()
        for key in seen:
            assert np.array_equal(seen[key], expected[key]), key


@pytest.mark.parametrize("name", ["oracle", "gps", *(entry.name for entry in ODOMETERS)])
def test_a_policy_trained_with_gps_runs_unchanged_with_any_localizer(name):
    agent = build_agent("pointnav")
    assert isinstance(agent.localizer, GPS)
    weights = {k: v.clone() for k, v in agent.policy.network.state_dict().items()}
    learned = {system.name: system for system in SYSTEMS}
    localizer = (
        DeadReckoning(untrained(learned[name])) if name in learned else build_localizer(name)
    )
    other = dataclasses.replace(agent, localizer=localizer)
    env = make(**{**other.env_options(), "light": "none"})
    observation, _ = env.reset(seed=0)
    state, start = None, np.ones(3, bool)
    for _ in range(3):
        actions, state = other.policy.predict(observation, state, start, True)
        assert env.action_space.contains(np.asarray(actions))
        observation, _, terminated, truncated, _ = env.step(actions)
        start = terminated | truncated
        assert np.isfinite(observation["goal_polar"]).all()
    assert other.policy is agent.policy
    for key, value in other.policy.network.state_dict().items():
        assert torch.equal(value, weights[key])


def test_one_component_is_swapped_by_one_argument():
    agent = Agent(policy=None)
    other = dataclasses.replace(agent, localizer=Oracle())
    assert isinstance(other.localizer, Oracle)
    assert other.policy is agent.policy
    assert isinstance(agent.env_options()["localizer"], GPS)


def test_every_agent_of_the_catalogue_acts():
    for item in AGENTS:
        agent = build_agent(item.name)
        env = make(**agent.env_options())
        if hasattr(agent.policy, "bind"):
            agent.policy.bind(env.batch)
        observation, _ = env.reset(seed=0)
        actions, _ = agent.policy.predict(observation, None, np.ones(3, bool), True)
        assert env.action_space.contains(np.asarray(actions)), item.name

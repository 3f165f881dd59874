"""An agent acts the same through the training wrapper and on its own."""

import dataclasses

import numpy as np

from navworld.agents.agent import Agent
from navworld.agents.catalog import AGENTS, build_agent
from navworld.beliefs import GPS, Oracle
from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
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

"""The classical floor finds its way with what it has seen; the other floors do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.agents.policies.floors import RandomPolicy, StraightPolicy
from navworld.agents.policies.planner import PlannerPolicy
from navworld.maps.occupancy import OccupancyMapper
from tests.flats import FlatsEnv, MappedFlats

STOP, FORWARD, LEFT, RIGHT = range(4)


def run(policy, env: MappedFlats, episodes: int) -> tuple[float, float]:
    observation, _ = env.reset()
    success, spl = [], []
    while len(success) < episodes:
        actions, _ = policy.predict(observation)
        observation, _, done, _, info = env.step(actions)
        success += info["success"][done].tolist()
        spl += info["spl"][done].tolist()
    return float(np.mean(success)), float(np.mean(spl))


def polar(*angles_deg: float, distance: float = 3.0) -> dict[str, np.ndarray]:
    a = np.radians(angles_deg)
    return {"goal_polar": np.stack([np.full(len(a), distance), np.cos(a), np.sin(a)], 1)}


def test_planner_finds_its_way_through_flats_it_has_never_seen():
    mapper = OccupancyMapper()
    env = MappedFlats(FlatsEnv(8, seed=11, flats=3, limit=300), mapper)
    success, spl = run(PlannerPolicy(mapper), env, 24)
    assert success >= 0.95
    assert spl >= 0.85


def test_straight_policy_needs_a_free_way():
    env = MappedFlats(FlatsEnv(8, seed=11, flats=3, limit=60), OccupancyMapper())
    success, _ = run(StraightPolicy(), env, 24)
    assert success <= 0.6


def test_planner_in_the_open_turns_to_the_goal_and_drives():
    mapper = OccupancyMapper()
    mapper.reset(np.arange(5))
    observation = polar(0, 60, -60, 170, -4)
    assert PlannerPolicy(mapper).predict(observation)[0].tolist() == [
        FORWARD, LEFT, RIGHT, LEFT, FORWARD,
    ]  # fmt: skip
    assert PlannerPolicy(mapper).predict(polar(0, 1, 2, 3, 4, distance=0.2))[0].tolist() == [0] * 5


def test_planner_without_a_map_says_so():
    with pytest.raises(ValueError, match="OccupancyMapper"):
        PlannerPolicy().predict(polar(0))


def test_floors_stop_at_the_goal():
    near = polar(10, 20, distance=0.25)
    assert RandomPolicy().predict(near)[0].tolist() == [STOP, STOP]
    assert StraightPolicy().predict(near)[0].tolist() == [STOP, STOP]
    assert StraightPolicy().predict(polar(5, 40, -40))[0].tolist() == [FORWARD, LEFT, RIGHT]
    far = RandomPolicy(seed=1).predict(polar(*range(200)))[0]
    assert set(far.tolist()) == {FORWARD, LEFT, RIGHT}

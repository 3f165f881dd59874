"""An odometer that looks at intervals is exact whenever it looks, and goes on between."""

import numpy as np
import pytest

from navworld.agents.odometry.paced import Paced
from navworld.beliefs import Motion
from navworld.geometry import se3

DT = 0.05


class Knowing:
    """An odometer whose observations are true poses."""

    sensors = ("pose",)

    def __init__(self):
        self.last, self.actions, self.lost = {}, [], ()

    def reset(self, ids):
        for k in ids:
            self.last.pop(int(k), None)

    def step(self, observation, action, dt, ids):
        self.actions.append(action)
        T = np.tile(np.eye(4), (len(ids), 1, 1))
        for row, k in enumerate(ids):
            pose = observation["pose"][row]
            T[row] = se3.relative(self.last.get(int(k), pose), pose)
            self.last[int(k)] = pose
        return Motion(T, lost=np.isin(ids, self.lost))


def ride(seed, count=40):
    """(count, 4, 4) a smooth motion with changing speed."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, count)[:, None] * rng.uniform(1, 4, 6)
    steps = se3.exp(np.sin(t + rng.uniform(0, 6, 6)) * 0.03)
    poses = [np.eye(4)]
    for step in steps:
        poses.append(poses[-1] @ step)
    return np.array(poses[:count])


def driven(odometer, rides, ids=None):
    """(n, count, 4, 4) the motions put together."""
    ids = np.arange(len(rides)) if ids is None else ids
    odometer.reset(ids)
    T, found = np.tile(np.eye(4), (len(rides), 1, 1)), []
    for k in range(rides.shape[1]):
        T = T @ odometer.step({"pose": rides[:, k]}, None, DT, ids).T_previous_current
        found.append(T)
    return np.stack(found, 1)


def test_every_look_makes_good_what_was_wrong_before():
    rides = np.stack([ride(0), ride(1)])
    found = driven(Paced(Knowing(), 0.2), rides)
    off = np.abs(found - rides).max((0, 2, 3))
    assert off[::4].max() < 1e-9
    assert off[1::4].max() > 1e-3  # between two looks it does not know
    assert off.max() < 0.1


def test_between_looks_it_goes_on_as_it_did():
    steps = np.tile(se3.exp(np.array([0.05, 0.01, 0, 0, 0, 0.02])), (20, 1, 1))
    poses = np.array([np.linalg.matrix_power(steps[0], k) for k in range(20)])[None]
    found = driven(Paced(Knowing(), 0.2), poses)
    assert np.abs(found - poses)[:, 4:].max() < 1e-9  # as soon as a speed is known
    assert np.allclose(found[:, 1:4], np.eye(4))


def test_an_interval_of_nothing_looks_at_every_frame():
    rides = np.stack([ride(2)])
    assert np.abs(driven(Paced(Knowing(), 0.0), rides) - rides).max() < 1e-9


def test_bodies_that_begin_at_other_times_do_not_disturb_each_other():
    rides = np.stack([ride(3), ride(4)])
    apart, late = Paced(Knowing(), 0.2), 6
    both = np.arange(2)
    apart.reset(both)
    T, found = np.tile(np.eye(4), (2, 1, 1)), []
    for k in range(rides.shape[1]):
        if k == late:
            apart.reset(both[1:])
        T = T @ apart.step({"pose": rides[:, k]}, None, DT, both).T_previous_current
        if k == late:
            T[1] = np.eye(4)
        found.append(T)
    alone = driven(Paced(Knowing(), 0.2), rides[1:, late:])
    assert np.array_equal(np.stack(found, 1)[0], driven(Paced(Knowing(), 0.2), rides)[0])
    assert np.allclose(np.stack(found[late:], 1)[1], alone[0], atol=1e-12)


def test_it_is_lost_until_it_looks_again():
    inner = Knowing()
    paced, ids = Paced(inner, 0.1), np.arange(1)
    paced.reset(ids)
    told = []
    for k in range(7):
        inner.lost = (0,) if k in (2, 3) else ()
        told.append(bool(paced.step({"pose": np.eye(4)[None]}, None, DT, ids).lost[0]))
    assert told == [False, False, True, True, False, False, False]


def test_an_action_is_told_only_where_it_is_the_only_one():
    inner, ids, action = Knowing(), np.arange(1), np.array([1])
    paced = Paced(inner, 0.1)
    paced.reset(ids)
    for _ in range(5):
        paced.step({"pose": np.eye(4)[None]}, action, DT, ids)
    assert inner.actions[1:] == [None, None]
    slow = Knowing()
    paced = Paced(slow, 0.1)
    paced.reset(ids)
    for _ in range(3):
        paced.step({"pose": np.eye(4)[None]}, action, 0.5, ids)
    assert [a.tolist() for a in slow.actions[1:]] == [[1], [1]]


def test_it_needs_an_interval_that_is_one():
    with pytest.raises(ValueError, match="interval"):
        Paced(Knowing(), -1.0)
    with pytest.raises(ValueError, match="interval"):
        Paced(Knowing(), float("nan"))


def test_what_it_senses_with_is_what_the_other_does():
    assert Paced(Knowing(), 0.2).sensors == ("pose",)
    assert Paced(Knowing(), 0.2).network is None

"""Dead reckoning adds up motions, whatever measures them."""

import numpy as np
import pytest

from navworld.beliefs import Motion
from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.geometry import se3
from navworld.localization.dead_reckoning import DeadReckoning
from navworld.scenes import family
from tests.rooms import two_rooms


class Exact:
    """Knows the true motions of a world."""

    def __init__(self, world):
        self.world, self.last = world, np.tile(np.eye(4), (world.num_envs, 1, 1))

    def reset(self, ids):
        self.last[ids] = self.world.T_world_body(ids)

    def step(self, observation, action, dt, ids):
        now = self.world.T_world_body(ids)
        before, self.last[ids] = self.last[ids], now
        return Motion(se3.relative(before, now))


class Told:
    """Says what it is given."""

    def __init__(self, motion):
        self.motion = motion

    def reset(self, ids):
        pass

    def step(self, observation, action, dt, ids):
        return self.motion


@pytest.mark.parametrize("num_envs", [1, 2, 5])
def test_over_an_exact_odometer_it_tells_the_truth(num_envs):
    options = Options(
        scenes=family(two_rooms, range(3)), sensors=("gps",), localizer=None,
        actuation="habitat-challenge",
    )  # fmt: skip
    batch = Navigation(num_envs, options)
    rng, everyone = np.random.default_rng(0), np.arange(num_envs)
    batch.reset(everyone, list(range(num_envs)))
    reckoning = DeadReckoning(Exact(batch.world))
    start = np.tile(np.eye(4), (num_envs, 1, 1))
    reckoning.reset(start, everyone)
    belief = reckoning.update({}, None, 0.5, everyone)
    assert np.abs(belief.T_world_body - start).max() < 1e-12
    for step in range(300):
        batch.step(rng.choice([1, 2, 3], num_envs))
        if step % 70 == 69:  # one of them begins anew
            fresh = rng.integers(num_envs, size=1)
            batch.reset(fresh)
            reckoning.reset(start[fresh], fresh)
        belief = reckoning.update({}, np.ones(num_envs, int), 0.5, everyone)
        assert np.abs(belief.T_world_body - batch.world.T_start_body(everyone)).max() < 1e-9


def test_covariance_is_the_spread_of_many_noisy_integrations():
    rng = np.random.default_rng(1)
    steps = [se3.from_planar(np.array([0.25, 0.0, 0.0])), se3.from_planar(np.array([0, 0, 0.5]))]
    covariance = np.diag([0.01, 0.02, 0.001, 0.001, 0.001, 0.02]) ** 2
    n, ids = 4000, np.arange(1)
    reckoning = DeadReckoning(Told(None))
    reckoning.reset(np.eye(4)[None], ids)
    true = np.tile(np.eye(4), (n, 1, 1))
    for k in range(12):
        T = steps[k % 3 == 2]
        reckoning.odometer.motion = Motion(T[None], covariance[None])
        belief = reckoning.update({}, None, 0.5, ids)
        noise = rng.multivariate_normal(np.zeros(6), covariance, n)
        true = true @ T @ se3.exp(noise)
    spread = np.cov(se3.log(se3.relative(belief.T_world_body, true)).T)
    told = belief.covariance[0]
    assert np.sqrt(np.diag(told)) == pytest.approx(np.sqrt(np.diag(spread)), rel=0.06)
    scale = np.sqrt(np.outer(np.diag(told), np.diag(told)))
    assert np.abs((told - spread) / scale).max() < 0.08


def test_a_guess_is_told_as_lost():
    reckoning = DeadReckoning(Told(Motion(np.eye(4)[None], lost=np.array([True]))))
    reckoning.reset(np.eye(4)[None], np.arange(1))
    assert reckoning.update({}, None, 0.5, np.arange(1)).lost.tolist() == [True]


def test_beliefs_that_were_told_do_not_change_later():
    T = se3.from_planar(np.array([[1.0, 0, 0]]))
    reckoning = DeadReckoning(Told(Motion(T, np.eye(6)[None])))
    reckoning.reset(np.eye(4)[None], np.arange(1))
    first = reckoning.update({}, None, 0.5, np.arange(1))
    kept = first.T_world_body.copy(), first.covariance.copy()
    reckoning.update({}, None, 0.5, np.arange(1))
    assert np.array_equal(first.T_world_body, kept[0])
    assert np.array_equal(first.covariance, kept[1])


@pytest.mark.parametrize(
    ("motion", "sentence"),
    [
        (Motion(np.eye(4)[None], metric=False), "only up to scale"),
        (Motion(np.full((1, 4, 4), np.nan)), "not finite"),
        (Motion(np.eye(4)), r"shape \(4, 4\); expected \(1, 4, 4\)"),
    ],
)
def test_what_cannot_be_added_up_is_refused(motion, sentence):
    reckoning = DeadReckoning(Told(motion))
    reckoning.reset(np.eye(4)[None], np.arange(1))
    with pytest.raises(ValueError, match=sentence):
        reckoning.update({}, None, 0.5, np.arange(1))

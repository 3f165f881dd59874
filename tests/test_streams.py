"""Random streams depend on what they are for, not on the order of drawing."""

import numpy as np
from scipy import stats

from navworld.streams import Streams


def streams(*seeds):
    s = Streams(len(seeds))
    for row, seed in enumerate(seeds):
        s.seed(row, seed)
    return s


def test_environment_k_of_a_batch_equals_a_single_one():
    batch = streams(7, 8, 9)
    for k in range(3):
        alone = streams(7 + k)
        ids = np.array([k])
        assert np.array_equal(
            batch.normal("depth", ids, (4, 3)), alone.normal("depth", np.array([0]), (4, 3))
        )


def test_components_steps_and_episodes_differ():
    s = streams(1)
    ids = np.zeros(1, np.int64)
    seen = {s.uniform("a", ids)[0], s.uniform("b", ids)[0]}
    s.steps += 1
    seen.add(s.uniform("a", ids)[0])
    s.episodes += 1
    seen.add(s.uniform("a", ids)[0])
    assert len(seen) == 4


def test_draws_are_uniform_normal_and_uncorrelated():
    s = streams(*range(64))
    ids = np.arange(64)
    u = s.uniform("u", ids, (2000,))
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3
    assert stats.kstest(s.normal("n", ids, (2000,)).ravel(), "norm").pvalue > 1e-3
    corr = np.corrcoef(u)
    assert np.abs(corr[~np.eye(64, dtype=bool)]).max() < 0.12


def test_neighbouring_seeds_and_steps_are_independent():
    first = []
    for seed in range(200):
        s = streams(seed)
        row = []
        for _ in range(50):
            s.steps += 1
            row.append(s.uniform("x", np.zeros(1, np.int64))[0])
        first.append(row)
    assert stats.kstest(np.ravel(first), "uniform").pvalue > 1e-3


def test_state_continues_exactly():
    s = streams(3, 4)
    s.steps += 5
    state = s.state()
    expected = s.normal("x", np.arange(2), (3,))
    s.seed(0, 99)
    s.load(state)
    assert np.array_equal(expected, s.normal("x", np.arange(2), (3,)))

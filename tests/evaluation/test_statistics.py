"""Intervals over samples and over trainings: known answers."""

import numpy as np
import pytest

from navworld.evaluation.statistics import bootstrap_mean, closure, interval


def test_an_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(0).normal(size=400)
    mean, low, high = bootstrap_mean(values)
    assert mean == pytest.approx(values.mean())
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_trainings_that_differ_widen_the_interval():
    samples = np.random.default_rng(0).normal(size=(1, 200))
    alike = interval(np.repeat(samples, 3, 0))
    apart = interval(samples + np.array([[-1.0], [0.0], [1.0]]))
    assert alike[0] == pytest.approx(apart[0])
    # Three seeds of spread 0.82 have a mean of spread 0.47.
    assert apart[2] - apart[1] > alike[2] - alike[1] + 1.0
    assert alike == pytest.approx(interval(samples))


def test_the_gap_is_closed_by_a_share_of_its_means():
    values, floor, ceiling = np.full((3, 9), 0.7), np.full((1, 9), 0.1), np.full((1, 9), 0.9)
    assert interval(values, floor, ceiling, statistic=closure) == pytest.approx((0.75,) * 3)


def test_episodes_are_drawn_together():
    """What differs between episodes in all three rows is no uncertainty of the share."""
    hard = np.random.default_rng(1).uniform(size=(1, 60))
    span = interval(hard + 0.5, hard, hard + 1.0, statistic=closure)
    assert span == pytest.approx((0.5, 0.5, 0.5))


def test_without_a_gap_nothing_can_be_closed():
    span = interval(*np.zeros((3, 1, 5)), statistic=closure)
    assert np.isnan(span).all()


def test_samples_without_a_value_are_left_out():
    assert interval(np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]]))[0] == 2.0
    with pytest.raises(ValueError, match="nothing can be compared"):
        bootstrap_mean(np.full(3, np.nan))
    with pytest.raises(ValueError, match="nothing can be compared"):
        bootstrap_mean(np.zeros(0))

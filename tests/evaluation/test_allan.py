"""Allan deviation: the slopes of white noise and of a random walk, and the textbook's sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from navworld.evaluation.allan import (
    allan_deviation,
    expected_deviation,
    noise_density,
    random_walk,
)

RATE = 50.0


def test_overlapping_estimator_is_the_sum_over_all_neighbouring_means():
    x = np.random.default_rng(0).standard_normal(60) + 100.0
    for m in (1, 3, 30):
        means = np.array([x[k : k + m].mean() for k in range(60 - m + 1)])
        steps = means[m:] - means[:-m]
        expected = np.sqrt(np.mean(steps**2) / 2)
        times, found = allan_deviation(x, RATE, [m / RATE])
        assert times[0] == pytest.approx(m / RATE)
        assert found[0] == pytest.approx(expected, rel=1e-10)


def test_white_noise_falls_with_the_root_of_time():
    density = 0.02
    x = density * RATE**0.5 * np.random.default_rng(1).standard_normal((40, 20_000))
    times, found = allan_deviation(x, RATE, [0.02, 0.2, 2.0])
    pooled = np.sqrt((found**2).mean(0))
    np.testing.assert_allclose(pooled, expected_deviation(times, noise_density=density), rtol=0.01)
    assert noise_density(x, RATE, 1.0).mean() == pytest.approx(density, rel=0.01)


def test_random_walk_rises_with_the_root_of_time():
    density = 0.003
    steps = density / RATE**0.5 * np.random.default_rng(2).standard_normal((200, 20_000))
    x = steps.cumsum(1)
    times, found = allan_deviation(x, RATE, [2.0, 20.0])
    pooled = np.sqrt((found**2).mean(0))
    np.testing.assert_allclose(pooled, expected_deviation(times, random_walk=density), rtol=0.02)
    pooled = np.sqrt((random_walk(x, RATE, 10.0) ** 2).mean())
    assert pooled == pytest.approx(density, rel=0.02)


def test_gauss_markov_makes_the_hump_of_the_standard():
    sigma, time = 0.5, 4.0
    rng = np.random.default_rng(3)
    keep = np.exp(-1 / (RATE * time))
    kicks = sigma * np.sqrt(1 - keep**2) * rng.standard_normal((200, 20_000))
    start = keep * sigma * rng.standard_normal((200, 1))
    x = lfilter([1.0], [1.0, -keep], kicks, axis=1, zi=start)[0]
    model = {"instability": sigma, "correlation_time": time}
    times, found = allan_deviation(x, RATE, [1.0, 1.89 * time, 40.0])
    pooled = np.sqrt((found**2).mean(0))
    np.testing.assert_allclose(pooled, expected_deviation(times, **model), rtol=0.03)
    fine = np.geomspace(0.1, 100, 4000) * time
    curve = expected_deviation(fine, **model)
    assert curve.max() == pytest.approx(0.617 * sigma, rel=2e-3)
    assert fine[curve.argmax()] == pytest.approx(1.89 * time, rel=0.02)


def test_short_times_of_a_gauss_markov_process_lose_no_digits():
    short = expected_deviation([1e-6], instability=1.0, correlation_time=1e3)
    # Over times much shorter than its own it is a random walk of density σ √(2 / T).
    walk = expected_deviation([1e-6], random_walk=np.sqrt(2 / 1e3))
    np.testing.assert_allclose(short, walk, rtol=1e-3)


def test_a_large_constant_does_not_matter():
    x = 1e-6 * np.random.default_rng(4).standard_normal(5000)
    _, small = allan_deviation(x, RATE, [1.0])
    _, large = allan_deviation(x + 9.80665, RATE, [1.0])
    np.testing.assert_allclose(large, small, rtol=1e-6)


@pytest.mark.parametrize("time", [0.001, 1.1])
def test_times_that_the_record_does_not_hold_are_refused(time):
    with pytest.raises(ValueError, match="averaging times"):
        allan_deviation(np.zeros(100), RATE, [time])


def test_a_rate_of_zero_is_refused():
    with pytest.raises(ValueError, match="positive number of samples"):
        allan_deviation(np.zeros(100), 0.0, [1.0])

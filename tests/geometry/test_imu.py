"""Inertial navigation: known motions, independent integrators, derivatives and covariances."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from navworld.geometry import imu, se3, so3
from navworld.geometry.imu import GRAVITY, preintegrate, samples_between, strapdown

DT = 1 / 200


def tumbling(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Poses and velocities of a body that swings, rings like a struck foot, and turns."""
    phase, ring = 2 * np.pi * t, 2 * np.pi * 40.0
    hit = t % 1.0 - 0.5
    bell, slope = np.exp(-(hit**2) / 8e-4), -hit / 4e-4
    p = np.stack([1.2 * t + 0.3 * np.sin(phase), 0.05 * np.cos(phase), -0.1 * np.cos(phase)], -1)
    v = np.stack(
        [
            1.2 + 0.3 * 2 * np.pi * np.cos(phase),
            -0.05 * 2 * np.pi * np.sin(phase),
            0.1 * 2 * np.pi * np.sin(phase),
        ],
        -1,
    )
    p[:, 2] += 3e-3 * bell * np.cos(ring * hit)
    v[:, 2] += 3e-3 * bell * (slope * np.cos(ring * hit) - ring * np.sin(ring * hit))
    angles = np.stack(
        [
            0.5 * np.sin(0.7 * t),
            0.9 * np.sin(phase) + 0.02 * np.sin(30 * phase),
            0.3 * np.sin(2 * phase),
        ],
        -1,
    )
    return se3.from_rotation_translation(so3.from_euler_zyx(angles), p), v


def some_samples(n: int = 50, batch: tuple[int, ...] = (2,)) -> np.ndarray:
    rng = np.random.default_rng(0)
    spread = np.array([5, 5, 5, 2, 2, 2])
    return rng.standard_normal((*batch, n, 6)) * spread + np.array([0, 0, GRAVITY, 0, 0, 0])


def test_a_body_at_rest_feels_gravity_pull_it_up():
    T = np.tile(se3.exp(np.array([1.0, 2, 3, 0, np.pi / 2, 0])), (4, 1, 1))
    samples = samples_between(T, np.zeros((4, 3)), DT)
    expected = np.array([-GRAVITY, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(samples, np.tile(expected, (3, 1)), atol=1e-12)


def test_turning_on_a_circle_feels_the_centripetal_force_and_the_rate():
    t, rate, radius = np.arange(201) * DT, 1.5, 2.0
    zero = np.zeros_like(t)
    R = so3.exp(np.stack([zero, zero, rate * t], -1))
    p = radius * np.stack([np.sin(rate * t), 1 - np.cos(rate * t), zero], -1)
    v = radius * rate * np.stack([np.cos(rate * t), np.sin(rate * t), zero], -1)
    samples = samples_between(se3.from_rotation_translation(R, p), v, DT)
    expected = [0, rate**2 * radius, GRAVITY, 0, 0, rate]
    np.testing.assert_allclose(samples, np.tile(expected, (200, 1)), atol=5e-5)


def test_dead_reckoning_of_a_struck_foot_comes_back_within_a_millimetre():
    T, v = tumbling(np.arange(2001) * DT)
    found, speed = strapdown(T[0], v[0], samples_between(T, v, DT), DT)
    assert np.linalg.norm(found[:, :3, 3] - T[:, :3, 3], axis=1).max() < 1e-3
    np.testing.assert_allclose(found[:, :3, :3], T[:, :3, :3], atol=1e-12)
    np.testing.assert_allclose(speed, v, atol=1e-11)


def test_float32_samples_are_enough_for_ten_seconds():
    T, v = tumbling(np.arange(2001) * DT)
    samples = samples_between(T, v, DT).astype(np.float32).astype(np.float64)
    found, _ = strapdown(T[0], v[0], samples, DT)
    assert np.linalg.norm(found[-1, :3, 3] - T[-1, :3, 3]) < 1e-3
    assert np.degrees(so3.angle_between(found[-1, :3, :3], T[-1, :3, :3])) < 1e-4


def test_samples_agree_with_the_equations_of_motion_solved_by_scipy():
    """Force and rate that are constant over a sample, in the turning frame, as ODEs."""
    samples = some_samples(20, ())
    T, v = strapdown(np.eye(4), np.zeros(3), samples, 1e-3)

    def flow(_, y, f, w):
        R = y[:9].reshape(3, 3)
        return np.concatenate([(R @ so3.hat(w)).ravel(), R @ f - [0, 0, GRAVITY], y[9:12]])

    y = np.concatenate([np.eye(3).ravel(), np.zeros(6)])
    for f, w in zip(samples[:, :3], samples[:, 3:], strict=True):
        y = solve_ivp(flow, (0, 1e-3), y, args=(f, w), rtol=1e-11, atol=1e-13).y[:, -1]
    np.testing.assert_allclose(T[-1, :3, :3].ravel(), y[:9], atol=1e-9)
    np.testing.assert_allclose(v[-1], y[9:12], atol=1e-7)
    np.testing.assert_allclose(T[-1, :3, 3], y[12:], atol=1e-7)


def test_intervals_may_differ_in_length_and_batches_do_not_mix():
    rng = np.random.default_rng(1)
    t = np.cumsum(rng.uniform(1e-3, 8e-3, (3, 101)), 1)
    both = [tumbling(row) for row in t]
    T, v = np.stack([b[0] for b in both]), np.stack([b[1] for b in both])
    dt = np.diff(t, axis=1)
    samples = samples_between(T, v, dt)
    found, _ = strapdown(T[:, 0], v[:, 0], samples, dt)
    np.testing.assert_allclose(found[:, :, :3, :3], T[:, :, :3, :3], atol=1e-12)
    np.testing.assert_allclose(samples[1], samples_between(T[1], v[1], dt[1]), atol=1e-12)


@pytest.mark.parametrize("convert", [np.asarray, torch.tensor], ids=["numpy", "torch"])
def test_preintegration_predicts_what_dead_reckoning_finds(convert):
    rng = np.random.default_rng(2)
    samples = convert(some_samples())
    T, v = convert(se3.random(rng, (2,))), convert(rng.standard_normal((2, 3)))
    reckoned, speed = strapdown(T, v, samples, DT)
    measured = preintegrate(samples, DT)
    found, found_speed = measured.predict(T, v)
    assert type(found) is type(samples)
    np.testing.assert_allclose(found, reckoned[:, -1], atol=1e-12)
    np.testing.assert_allclose(found_speed, speed[:, -1], atol=1e-12)
    np.testing.assert_allclose(measured.time, [50 * DT] * 2)


def test_preintegration_takes_off_the_biases_it_is_told():
    samples = some_samples()
    bias = np.array([0.1, -0.2, 0.3, 0.01, 0.02, -0.03])
    told = preintegrate(samples + bias, DT, gyroscope_bias=bias[3:], accelerometer_bias=bias[:3])
    exact = preintegrate(samples, DT)
    np.testing.assert_allclose(told.R, exact.R, atol=1e-12)
    np.testing.assert_allclose(told.p, exact.p, atol=1e-12)


def test_bias_jacobian_is_the_finite_difference():
    samples, step = some_samples(), 1e-6
    jacobian = preintegrate(samples, DT).jacobian
    for i in range(6):
        d = np.zeros(6)
        d[i] = step
        a, b = (
            preintegrate(samples, DT, gyroscope_bias=s * d[:3], accelerometer_bias=s * d[3:])
            for s in (1, -1)
        )
        change = [so3.log(b.R.mT @ a.R), a.v - b.v, a.p - b.p]
        np.testing.assert_allclose(
            jacobian[..., i], np.concatenate(change, -1) / (2 * step), atol=1e-8
        )


def test_corrected_biases_agree_with_integrating_anew():
    samples, rng = some_samples(), np.random.default_rng(3)
    gyroscope, accelerometer = 1e-3 * rng.standard_normal((2, 2, 3))
    moved = preintegrate(samples, DT).corrected(gyroscope, accelerometer)
    anew = preintegrate(samples, DT, gyroscope_bias=gyroscope, accelerometer_bias=accelerometer)
    np.testing.assert_allclose(moved.R, anew.R, atol=1e-6)
    np.testing.assert_allclose(moved.v, anew.v, atol=1e-6)
    np.testing.assert_allclose(moved.p, anew.p, atol=1e-6)


def test_covariance_is_the_spread_of_noisy_integrations():
    samples, rng, n = some_samples(50, ()), np.random.default_rng(4), 5000
    gyroscope, accelerometer = 5e-3, 5e-2
    std = np.array([accelerometer] * 3 + [gyroscope] * 3) / DT**0.5
    clean = preintegrate(samples, DT, gyroscope_noise=gyroscope, accelerometer_noise=accelerometer)
    noisy = preintegrate(samples + std * rng.standard_normal((n, 50, 6)), DT)
    error = [so3.log(clean.R.T @ noisy.R), noisy.v - clean.v, noisy.p - clean.p]
    found = np.cov(np.concatenate(error, -1).T)
    scale = np.sqrt(np.diag(clean.covariance))
    np.testing.assert_allclose(
        found / np.outer(scale, scale), clean.covariance / np.outer(scale, scale), atol=0.06
    )


def test_gradients_pass_through_dead_reckoning():
    samples = torch.tensor(some_samples(20, ()), requires_grad=True)
    T, _ = strapdown(torch.eye(4, dtype=torch.float64), torch.zeros(3, dtype=torch.float64),
                     samples, DT)  # fmt: skip
    T[-1, 0, 3].backward()
    gradient = samples.grad.numpy()
    bumped = samples.detach().numpy().copy()
    bumped[3, 4] += 1e-6
    after = strapdown(np.eye(4), np.zeros(3), bumped, DT)[0][-1, 0, 3]
    assert gradient[3, 4] == pytest.approx((after - T[-1, 0, 3].item()) / 1e-6, rel=1e-4)


def test_a_sample_interval_of_zero_is_refused():
    with pytest.raises(ValueError, match="positive number of seconds"):
        preintegrate(some_samples(), 0.0)


def test_gravity_is_the_standard_one():
    assert imu.GRAVITY == 9.80665

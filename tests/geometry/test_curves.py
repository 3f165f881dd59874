"""Quintic weights and mounted sensors, against finite differences and rigid-body formulae."""

import numpy as np
import pytest

from navworld.geometry import se3, so3
from navworld.geometry.curves import Moments, quintic


def test_weights_reproduce_any_quintic_and_its_derivatives():
    rng = np.random.default_rng(0)
    p = np.polynomial.Polynomial(rng.normal(size=6))
    ends = [d(u) for u in (0.0, 1.0) for d in (p, p.deriv(), p.deriv(2))]
    u = np.linspace(0, 1, 17)
    found = np.einsum("dwk,w->dk", quintic(u), ends)
    for row, exact in zip(found, (p, p.deriv(), p.deriv(2)), strict=True):
        np.testing.assert_allclose(row, exact(u), atol=1e-12)


def test_last_value_is_the_knot_to_the_last_bit():
    weights = quintic(np.array([1.0]))[0, :, 0]
    assert weights.tolist() == [0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_mounted_point_moves_as_finite_differences_say(seed):
    """A body with constant body rates and a polynomial path; the lever arm is 30 cm."""
    rng = np.random.default_rng(seed)
    T0 = se3.random(rng)
    w, v, a = rng.normal(size=(3, 3))
    T_body_sensor = se3.random(rng)

    def pose(t: float) -> np.ndarray:
        T = np.eye(4)
        T[:3, :3] = T0[:3, :3] @ so3.exp(w * t)
        T[:3, 3] = T0[:3, 3] + v * t + 0.5 * a * t**2
        return T

    now = Moments(pose(0.0)[None], v[None], a[None], w[None], np.zeros((1, 3)))
    mounted = now.of_mount(T_body_sensor)
    h = 1e-4
    before, here, after = ((pose(t) @ T_body_sensor) for t in (-h, 0.0, h))
    np.testing.assert_allclose(mounted.T_world_body[0], here)
    np.testing.assert_allclose(mounted.velocity[0], (after - before)[:3, 3] / (2 * h), atol=1e-6)
    second = (after - 2 * here + before)[:3, 3] / h**2
    np.testing.assert_allclose(mounted.acceleration[0], second, atol=1e-5)
    rate = so3.log(before[:3, :3].T @ after[:3, :3]) / (2 * h)
    np.testing.assert_allclose(mounted.angular_velocity[0], rate, atol=1e-6)

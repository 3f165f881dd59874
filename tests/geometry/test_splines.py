"""Uniform quintic splines, against SciPy's and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

from navworld.geometry import so3
from navworld.geometry.splines import PoseSpline, UniformSpline, smoothed


def test_a_spline_and_its_derivatives_are_those_of_scipy(step=0.3):
    control = np.random.default_rng(0).standard_normal((20, 2))
    spline = UniformSpline(control, step)
    padded = np.pad(control, ((3, 3), (0, 0)), "edge")
    knots = (np.arange(len(padded) + 6) - 6.0) * step  # control point i is centred at i · step
    reference = BSpline(knots, padded, 5)
    t = np.linspace(0, spline.end, 101)
    for order, found in enumerate(spline(t, 5)):
        scale = np.abs(found).max()
        np.testing.assert_allclose(found, reference(t, order), atol=1e-9 * scale)


def test_a_spline_stands_still_where_its_control_points_agree():
    spline = UniformSpline(np.array([[0.0]] * 4 + [[1.0]] * 8 + [[3.0]] * 4), 0.1)
    value, rate, second = spline(np.linspace(0.65, 0.85, 9))
    np.testing.assert_allclose(value, 1.0, rtol=0, atol=1e-15)
    assert np.abs(rate).max() < 1e-13 and np.abs(second).max() < 1e-11


def test_a_spline_is_constant_beyond_its_ends():
    spline = UniformSpline(np.array([[2.0], [2.0], [2.0], [5.0], [7.0], [7.0], [7.0]]), 0.1)
    assert spline([-1.0])[0] == pytest.approx(2.0, abs=1e-15)
    assert spline([9.0])[0] == pytest.approx(7.0, abs=1e-15)


def test_smoothing_keeps_the_order_and_the_ends():
    steps = np.sort(np.random.default_rng(1).random((60, 1)), 0)
    steps[:10], steps[-10:] = steps[0], steps[-1]
    soft = smoothed(steps, 5)
    assert (np.diff(soft[:, 0]) >= -1e-12).all()
    assert soft[0] == pytest.approx(steps[0]) and soft[-1] == pytest.approx(steps[-1])
    assert np.abs(np.diff(soft, 2, 0)).max() < 0.3 * np.abs(np.diff(steps, 2, 0)).max()


def test_rates_of_a_pose_spline_are_the_derivatives_of_its_poses(h=1e-3):
    control = np.random.default_rng(2).standard_normal((40, 6))
    curve = PoseSpline(UniformSpline(control, 0.1), 3.9)
    t = np.random.default_rng(3).uniform(0.5, 3.4, 40)
    now = curve.at(t)

    def rate(read):
        near = [read(curve.at(t + k * h)) for k in (-2, -1, 1, 2)]
        return (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * h)

    turning = np.swapaxes(now.T_world_body[:, :3, :3], 1, 2) @ rate(
        lambda m: m.T_world_body[:, :3, :3]
    )
    np.testing.assert_allclose(rate(lambda m: m.T_world_body[:, :3, 3]), now.velocity, atol=1e-5)
    np.testing.assert_allclose(rate(lambda m: m.velocity), now.acceleration, atol=2e-3)
    np.testing.assert_allclose(so3.vee(turning), now.angular_velocity, atol=1e-5)
    np.testing.assert_allclose(
        rate(lambda m: m.angular_velocity), now.angular_acceleration, atol=2e-3
    )


@pytest.mark.parametrize(
    ("control", "step", "said"),
    [
        (np.zeros((0, 3)), 0.1, "control points"),
        (np.full((5, 3), np.nan), 0.1, "finite"),
        (np.zeros((5, 3)), 0.0, "must be > 0"),
    ],
)
def test_impossible_splines_are_refused(control, step, said):
    with pytest.raises(ValueError, match=said):
        UniformSpline(control, step)

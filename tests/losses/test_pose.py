"""Losses of poses against values worked out by hand."""

import math

import pytest
import torch

from navworld.geometry import se3
from navworld.losses.pose import motion_mse, pose_relative, pose_weighted


def test_orientation_counts_kappa_times():
    estimate = torch.zeros(2, 3, 6)
    target = torch.zeros(2, 3, 6)
    target[..., 0], target[..., 4] = 0.3, 0.1
    terms = pose_weighted(estimate, target, kappa=100.0)
    assert float(terms["loss"]) == pytest.approx(0.09 + 100 * 0.01)
    assert float(terms["translation_m"]) == pytest.approx(0.3)
    assert float(terms["rotation_rad"]) == pytest.approx(0.1)
    counted = pose_weighted(estimate, target, kappa=2.0, units=(0.3, 0.05))
    assert float(counted["loss"]) == pytest.approx(1 + 2 * 4, rel=1e-5)
    assert float(counted["translation_m"]) == pytest.approx(0.3)


def test_motions_are_measured_in_their_units():
    units = torch.tensor([0.1, 0.2, 0.5])
    error = torch.tensor([[0.1, -0.4, 0.0]])
    assert float(motion_mse(error, torch.zeros(1, 3), units=units)) == pytest.approx(5 / 3)


def test_large_errors_count_by_their_size():
    units = torch.ones(1)
    small, large = torch.tensor([[0.5]]), torch.tensor([[10.0]])
    zero = torch.zeros(1, 1)
    assert float(motion_mse(small, zero, units=units, beta=1.0)) == pytest.approx(0.25)
    assert float(motion_mse(large, zero, units=units, beta=1.0)) == pytest.approx(2 * 10 - 1)


def test_the_way_there_and_back_is_consistent():
    there = torch.tensor([[0.25, 0.03, 0.4], [0.0, 0.0, -0.5]])
    back = se3.to_planar(se3.inverse(se3.from_planar(there)))
    assert float(pose_relative(there, back, units=torch.ones(3))) < 1e-12
    wrong = back.clone()
    wrong[:, 2] += 0.3
    assert float(pose_relative(there, wrong, units=torch.ones(3))) > 0.3**2 / 3 - 1e-6


def test_a_turn_of_nearly_half_a_circle_has_a_gradient():
    there = torch.tensor([[0.0, 0.0, math.pi - 1e-3]], requires_grad=True)
    pose_relative(there, there, units=torch.ones(3)).backward()
    assert torch.isfinite(there.grad).all()

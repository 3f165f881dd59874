"""The planning layer's gradients, and what the map encoder makes of a goal behind a wall."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from navworld.nn.policies.egomap import EgomapEncoder
from navworld.nn.policies.planning import plan


def test_gradients_are_finite_differences():
    rng = np.random.default_rng(0)
    cost = torch.tensor(0.8 + rng.random((2, 7, 7)), dtype=torch.float32, requires_grad=True)
    seed = torch.full((2, 7, 7), torch.inf)
    seed[:, 2, 3], seed[1, 6, 6] = 0.0, 1.5
    seed.requires_grad_()
    weight = torch.tensor(rng.random((2, 7, 7)), dtype=torch.float32)
    (plan(cost, seed) * weight).sum().backward()
    numeric, step = torch.zeros_like(cost), 2e-3
    for index in np.ndindex(2, 7, 7):
        ends = []
        for sign in (1, -1):
            moved = cost.detach().clone()
            moved[index] += sign * step
            ends.append((plan(moved, seed.detach()) * weight).sum())
        numeric[index] = (ends[0] - ends[1]) / (2 * step)
    assert (cost.grad - numeric).abs().max() < 0.05
    # every cell's cost moves one to one with the seed its path leads to
    assert seed.grad[torch.isfinite(seed)].sum() == pytest.approx(float(weight.sum()), rel=1e-5)


def crops(wall: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Everything seen; a wall 1 m ahead from far left to 1.2 m right of the body."""
    near = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    far = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    near[:, 1], far[:, 1] = 252, 252
    if wall:
        near[:, 0, 21:23, :44] = 252
        far[:, 0, 28, :36] = 252
    return near, far


def headings_of(wall: bool) -> tuple[float, float]:
    torch.manual_seed(0)
    encoder = EgomapEncoder()
    near, far = crops(wall)
    fine = near[..., 8:56, 8:56].float() / 252
    with torch.no_grad():
        to_go, _ = encoder.to_go(fine, far.float() / 252, torch.tensor([[3.0, 0.0]]))
    here = to_go[0, 23:25, 23:25].mean()
    ahead, right = to_go[0, 16, 23:25].mean(), to_go[0, 19, 29]
    return float(here), float(ahead - right)


def test_untrained_layer_already_leads_around_a_wall():
    free, straight_on = headings_of(wall=False)
    around, aside = headings_of(wall=True)
    assert free == pytest.approx(3.0, abs=0.3)
    assert around > free + 0.5
    assert straight_on < 0 < aside, "with the wall it is better to go round on the right"


def test_every_parameter_learns():
    torch.manual_seed(0)
    encoder = EgomapEncoder()
    near, far = crops(wall=True)
    near, far = near.repeat(4, 1, 1, 1), far.repeat(4, 1, 1, 1)
    far[:, 1] = 180  # ways through what is partly unseen
    goal = torch.tensor([[3.0, 1.0, 0.0], [12.0, 0.6, 0.8], [2.0, 0.0, -1.0], [5.0, -0.6, 0.8]])
    out = encoder(near, far, goal, torch.zeros(4, 3))
    assert out.shape == (4, encoder.settings.features)
    (out * torch.randn(out.shape)).sum().backward()
    silent = [n for n, p in encoder.named_parameters() if p.grad is None]
    assert silent == []
    for part in (encoder.near_cost.prior, encoder.far_cost.prior):
        assert part.grad.abs().max() > 0, "gradients reach the costs through the plan"

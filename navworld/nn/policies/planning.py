"""A layer that plans: cheapest paths through learned costs, differentiable.

In the line of Value Iteration Networks (Tamar et al., NeurIPS 2016) and Neural A* (Yonetani et
al., ICML 2021), but exact: the gradient of a cheapest path's cost with respect to the cells' costs
is the path itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor

from navworld.maps.planning import LEAST, NEVER, costs_to_go, path_gradient

MOST = 100.0
"""Largest cost of a cell: a wall of one cell is then worth a detour of ten metres or more."""


class _Plan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, cost: Tensor, seed: Tensor) -> Tensor:
        c = np.ascontiguousarray(cost.detach().cpu().numpy(), np.float32)
        s = np.minimum(seed.detach().cpu().numpy(), NEVER).astype(np.float32, order="C")
        value = s.copy()
        _plan_batch(c, value)
        ctx.solved = c, value, s
        return torch.from_numpy(value).to(cost.device)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        upstream = grad.detach().cpu().numpy().astype(np.float32, order="C", copy=True)
        grad_cost = np.empty_like(upstream)
        cost, value, seed = ctx.solved
        _gradient_batch(cost, value, seed, upstream, grad_cost)
        grad_seed = torch.from_numpy(upstream)
        return torch.from_numpy(grad_cost).to(grad.device), grad_seed.to(grad.device)


def plan(cost: Tensor, seed: Tensor) -> Tensor:
    """Cost of the cheapest path from every cell to the seeds.

    Args:
        cost: (B, H, W) of entering a cell, per cell length; clamped to `LEAST` … `MOST`.
        seed: (B, H, W) what is left to go at the seeds, inf where there is none [cells].

    Returns:
        (B, H, W), differentiable in both; `NEVER` without any seed.
    """
    return _Plan.apply(cost.clamp(LEAST, MOST), seed)


@njit(cache=True, nogil=True)
def _plan_batch(cost, value):
    for n in range(len(cost)):
        costs_to_go(cost[n], value[n])


@njit(cache=True, nogil=True)
def _gradient_batch(cost, value, seed, upstream, grad_cost):
    for n in range(len(cost)):
        path_gradient(cost[n], value[n], seed[n], upstream[n], grad_cost[n])

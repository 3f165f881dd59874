"""A layer that plans: cheapest paths through learned costs, differentiable.

In the line of Value Iteration Networks (Tamar et al., NeurIPS 2016) and Neural A* (Yonetani et
al., ICML 2021), but exact: forward is Dijkstra's algorithm; the gradient of a cheapest path's
cost with respect to the cells' costs is the path itself.
"""

from __future__ import annotations

import numpy as np
import torch
from numba import njit
from torch import Tensor

from navworld.maps.planning import LEAST, MOST, cheapest_paths, path_gradient


class _Plan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, cost: Tensor, seed: Tensor, slack: float) -> Tensor:
        c = np.ascontiguousarray(cost.detach().cpu().numpy(), np.float32)
        value = np.ascontiguousarray(seed.detach().cpu().numpy(), np.float32).copy()
        parent = np.empty(c.shape, np.int8)
        order = np.empty((len(c), c[0].size), np.int32)
        settled = np.empty(len(c), np.int64)
        _plan_batch(c, value, parent, order, settled, slack)
        ctx.paths = parent, order, settled
        return torch.from_numpy(value).to(cost.device)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        parent, order, settled = ctx.paths
        upstream = grad.detach().cpu().numpy().astype(np.float32, order="C", copy=True)
        grad_cost = np.empty_like(upstream)
        _gradient_batch(upstream, parent, order, settled, grad_cost)
        cost, seed = torch.from_numpy(grad_cost), torch.from_numpy(upstream)
        return cost.to(grad.device), seed.to(grad.device), None


def plan(cost: Tensor, seed: Tensor, *, slack: float = 1e9) -> Tensor:
    """Cost of the cheapest path from every cell to the seeds.

    Args:
        cost: (B, H, W) of entering a cell, per cell length; clamped to what the planner allows.
        seed: (B, H, W) what is left to go at the seeds, inf where there is none [cells].
        slack: Cells that cost more than the centre plus this are left at inf [cells].

    Returns:
        (B, H, W), differentiable in both.
    """
    return _Plan.apply(cost.clamp(LEAST, MOST), seed, slack)


@njit(cache=True, nogil=True)
def _plan_batch(cost, value, parent, order, settled, slack):
    batch, height, width = cost.shape
    target = (height // 2) * width + width // 2
    for n in range(batch):
        goals = np.flatnonzero(value[n].reshape(-1) < np.inf).astype(np.int64)
        settled[n] = cheapest_paths(cost[n], value[n], parent[n], order[n], goals, target, slack)


@njit(cache=True, nogil=True)
def _gradient_batch(upstream, parent, order, settled, grad_cost):
    for n in range(len(parent)):
        path_gradient(upstream[n], parent[n], order[n], settled[n], grad_cost[n])

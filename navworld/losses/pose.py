"""Losses of poses and motions. All are means over the batch; [m] and [rad] go in."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from navworld.nn.views import planar_product


def pose_weighted(
    estimate: Tensor, target: Tensor, *, kappa: float, units: tuple[float, float] = (1.0, 1.0)
) -> dict[str, Tensor]:
    """Squared error of translation, plus κ times that of orientation.

    S. Wang et al., DeepVO, ICRA 2017, equation 8, with κ = 100 for cars.

    Args:
        estimate, target: (..., 2 k), translation [m] in the first half, angles [rad] in the second.
        units: What counts as 1 of translation [m] and of orientation [rad].

    Returns:
        "loss", and the root mean squares "translation_m" and "rotation_rad" of the errors' norms.
    """
    half = estimate.shape[-1] // 2
    square = (estimate - target).square()
    t, r = square[..., :half].sum(-1).mean(), square[..., half:].sum(-1).mean()
    loss = t / units[0] ** 2 + kappa * r / units[1] ** 2
    return {"loss": loss, "translation_m": t.sqrt(), "rotation_rad": r.sqrt()}


def motion_mse(estimate: Tensor, target: Tensor, *, units: Tensor, beta: float = 0.0) -> Tensor:
    """Squared error of increments measured in units of their own.

    Args:
        estimate, target: (..., k) displacements and turns [m, rad].
        units: (k,) what counts as 1 of each.
        beta: Where greater errors begin to count by their size instead of their square (the
            smooth L1 of R. Girshick, Fast R-CNN, ICCV 2015) [units]; 0 for squares only.
    """
    error, zero = (estimate - target) / units, torch.zeros_like(target)
    if beta > 0:
        return 2 * F.smooth_l1_loss(error, zero, beta=beta) * beta
    return F.mse_loss(error, zero)


def pose_relative(T_a_b: Tensor, T_b_a: Tensor, *, units: Tensor) -> Tensor:
    """Forward–backward consistency: the way there and the way back make none.

    X. Zhao et al., The Surprising Effectiveness of Visual Odometry Techniques for Embodied
    PointGoal Navigation, ICCV 2021 (geometric invariance losses).

    Args:
        T_a_b, T_b_a: (..., 3) planar motions (x, y, yaw) [m, rad] estimated independently.
        units: (3,) what counts as 1 of each.
    """
    around = planar_product(T_a_b, T_b_a)
    return (around / units).square().mean()

"""Depth images as networks like them: in layers of distance, and as a picture from above.

X. Zhao et al., The Surprising Effectiveness of Visual Odometry Techniques for Embodied PointGoal
Navigation, ICCV 2021: both beside colours and depth make egomotion more exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def depth_layers(depth: Tensor, layers: int, *, far: float) -> Tensor:
    """Which layer of distance a pixel lies in, one-hot.

    Args:
        depth: (..., H, W, 1) [m], 0 where there is none.
        layers: Of equal thickness, up to `far`; what lies beyond is in the last.
        far: [m].

    Returns:
        (..., H, W, layers), all 0 where there is no depth.
    """
    edges = torch.arange(1, layers, device=depth.device) * (far / layers)
    # Where the first of two neighbouring marks is passed and the second is not.
    passed = torch.cat([depth > 0, depth >= edges], -1).to(depth.dtype)
    return passed - nn.functional.pad(passed[..., 1:], (0, 1))


def top_down(
    depth: Tensor,
    *,
    fov_deg: float,
    camera_height: float,
    reach: float = 5.0,
    heights: tuple[float, float] = (0.1, 1.8),
) -> Tensor:
    """How much stands where, seen from above, of a level camera.

    Args:
        depth: (..., H, W, 1) z-depth [m], 0 where there is none.
        fov_deg: Horizontal field of view of the pinhole.
        camera_height: Above the floor [m].
        reach: Side of the square ahead of the camera that is drawn [m].
        heights: Above the floor, of what is drawn [m].

    Returns:
        (..., H, W, 1) in [0, 1): the far edge on top, left on the left; 1 − exp(−n / 4) for n
        points in a cell.
    """
    *batch, height, width, _ = depth.shape
    z = depth.reshape(-1, height, width).float()
    f = width / 2 / math.tan(math.radians(fov_deg) / 2)
    u = (torch.arange(width, device=z.device) - (width - 1) / 2) * (width / (f * reach))
    v = (torch.arange(height, device=z.device) - (height - 1) / 2) / f
    below = z * v[:, None]
    column, row = (z * u + width / 2).floor(), (height - z * (height / reach)).floor()
    drawn = (z > 0) & (row >= 0) & (column >= 0) & (column < width)
    drawn &= (below < camera_height - heights[0]) & (below > camera_height - heights[1])
    cell = torch.where(drawn, row * width + column, height * width).long().flatten(1)
    counts = z.new_zeros(len(z), height * width + 1)
    counts.scatter_add_(1, cell, torch.ones_like(cell, dtype=z.dtype))
    return (1 - torch.exp(-counts[:, :-1] / 4)).reshape(*batch, height, width, 1)

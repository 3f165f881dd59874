"""Depth images as networks like them: in layers of distance, and as a picture from above.

X. Zhao et al., The Surprising Effectiveness of Visual Odometry Techniques for Embodied PointGoal
Navigation, ICCV 2021: both beside colours and depth make egomotion more exact.
"""

from __future__ import annotations

import torch
from torch import Tensor

from navworld.nn.views import moved, rays

REACH = 5.0
"""Side of the square ahead of the camera that is drawn from above [m]."""
HEIGHTS = (0.1, 1.8)
"""Above the floor, of what is drawn [m]."""


def depth_layers(depth: Tensor, layers: int, *, far: float) -> Tensor:
    """Which layer of distance a pixel lies in, one-hot.

    Args:
        depth: (..., H, W) [m], 0 where there is none.
        layers: Of equal thickness, up to `far`; what lies beyond is in the last.
        far: [m].

    Returns:
        (..., layers, H, W), all 0 where there is no depth.
    """
    marks = torch.arange(layers, device=depth.device)
    which = (depth * (layers / far)).floor().clamp(max=layers - 1)
    which = torch.where(depth > 0, which, -1.0)
    return (which[..., None, :, :] == marks[:, None, None]).to(depth.dtype)


def top_down(
    depth: Tensor,
    *,
    fov_deg: float,
    camera_height: float,
    reach: float = REACH,
    heights: tuple[float, float] = HEIGHTS,
    T_drawn_depth: Tensor | None = None,
) -> Tensor:
    """How much stands where, seen from above, of a level camera.

    Args:
        depth: (..., H, W) z-depth [m], 0 where there is none.
        fov_deg: Horizontal field of view of the pinhole.
        camera_height: Above the floor [m].
        reach: Side of the square ahead of the camera that is drawn [m].
        heights: Above the floor, of what is drawn [m].
        T_drawn_depth: (..., 3) planar motion from where the picture is drawn to the camera; drawn
            ahead of the camera itself by default.

    Returns:
        (..., H, W) in [0, 1): the far edge on top, left on the left; 1 − exp(−n / 4) for n
        points in a cell.
    """
    *batch, height, width = depth.shape
    seen = depth.reshape(-1, height, width).float()
    right, down = rays((height, width), fov_deg, depth.device)
    z, aside, below = seen, seen * right, seen * down
    if T_drawn_depth is not None:
        z, aside = moved(z, aside, T_drawn_depth.reshape(-1, 3))
    column = (aside * (width / reach) + width / 2).floor()
    row = (height - z * (height / reach)).floor()
    drawn = (seen > 0) & (row >= 0) & (row < height) & (column >= 0) & (column < width)
    drawn &= (below < camera_height - heights[0]) & (below > camera_height - heights[1])
    cell = torch.where(drawn, row * width + column, height * width).long().flatten(1)
    counts = z.new_zeros(len(z), height * width + 1)
    counts.scatter_add_(1, cell, torch.ones_like(cell, dtype=z.dtype))
    return (1 - torch.exp(-counts[:, :-1] / 4)).reshape(*batch, height, width)

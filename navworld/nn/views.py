"""What one frame shows of what another sees, for a level camera that moves on a plane.

Planar motions are (x, y, yaw) [m, m, rad], `T_a_b` in body axes (x forward, y left); the camera
stands on the body's axis and looks ahead. Motions compose here without matrix products, which
mixed precision would round.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

NEAREST = 0.05
"""Points nearer to the image plane are not seen [m]."""


def planar_product(T_a_b: Tensor, T_b_c: Tensor) -> Tensor:
    """T_a_c of two planar motions (..., 3)."""
    x, y, yaw = T_a_b.unbind(-1)
    forward, left, turn = T_b_c.unbind(-1)
    c, s = yaw.cos(), yaw.sin()
    return torch.stack([x + c * forward - s * left, y + s * forward + c * left, yaw + turn], -1)


def planar_inverse(T_a_b: Tensor) -> Tensor:
    """T_b_a of a planar motion (..., 3)."""
    x, y, yaw = T_a_b.unbind(-1)
    c, s = yaw.cos(), yaw.sin()
    return torch.stack([-c * x - s * y, s * x - c * y, -yaw], -1)


def rays(size: tuple[int, int], fov_deg: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """How far right (W,) and below (H, 1) of the axis pixels look, at a depth of 1."""
    height, width = size
    f = width / 2 / math.tan(math.radians(fov_deg) / 2)
    right = (torch.arange(width, device=device) - (width - 1) / 2) / f
    below = (torch.arange(height, device=device) - (height - 1) / 2) / f
    return right, below[:, None]


def moved(z: Tensor, right: Tensor, T_a_b: Tensor) -> tuple[Tensor, Tensor]:
    """Points at depth z and to the right (B, H, W) [m] of camera b, as camera a has them."""
    x, y, yaw = (value[:, None, None] for value in T_a_b.unbind(-1))
    c, s = yaw.cos(), yaw.sin()
    return c * z + s * right + x, c * right - s * z - y


def seen_again(
    frame: Tensor, depth: Tensor, T_frame_depth: Tensor, *, fov_deg: float, far: float
) -> tuple[Tensor, Tensor, Tensor]:
    """A frame, resampled to where the points of a depth image are in it.

    Args:
        frame: (B, C, H, W) values to look up.
        depth: (B, H, W) z-depth of the other camera [m], 0 where there is none.
        T_frame_depth: (B, 3) planar motion from the frame's camera to the other.
        fov_deg: Horizontal field of view of both.
        far: Depth of what has none [m].

    Returns:
        (B, C, H, W) values, 0 outside of the frame; (B, H, W) z-depth [m] that the points have in
        the frame; (B, H, W) whether they are in it.
    """
    height, width = size = depth.shape[-2], depth.shape[-1]
    right, below = rays(size, fov_deg, depth.device)
    z = torch.where(depth > 0, depth, far)
    ahead, aside = moved(z, z * right, T_frame_depth)
    scale = 1 / (math.tan(math.radians(fov_deg) / 2) * ahead.clamp(min=NEAREST))
    grid = torch.stack([aside * scale, z * below * scale * (width / height)], -1)
    # Beyond the centres of the outermost pixels there is nothing to interpolate with.
    border = 1 - 1 / torch.tensor([width, height], device=depth.device)
    inside = (ahead > NEAREST) & (grid.abs() <= border).all(-1)
    found = nn.functional.grid_sample(frame, grid, align_corners=False)
    return found * inside[:, None], ahead, inside

"""Where a direct method would go next: one step of dense RGB-D alignment on a plane.

C. Kerl, J. Sturm, D. Cremers, Robust odometry estimation for RGB-D cameras, ICRA 2013: differences
of brightness and of depth between two frames, one resampled as the other should see it, are
brought down by a step of weighted Gauss–Newton; weights as those of A. Geman and D. McClure leave
out what does not fit. As an input of networks it says exactly what they find it hard to learn:
motions of a fraction of a pixel.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from navworld.nn.views import rays, seen_again

BRIGHTNESS, METRES = 0.2, 0.15
"""Differences beyond which a pixel counts less: of grey values in [-1, 1], of depth [m]."""
EDGE = 0.15
"""Depth that changes by more than this share from pixel to pixel is not compared."""
LONGEST = 0.15
"""Of a step, in each of its numbers [m, rad]."""
DAMPING = 10.0
"""Added to the curvature [1 / m², 1 / rad²]: where nothing is seen nothing moves."""


def slopes(images: Tensor, *, fov_deg: float) -> Tensor:
    """How images (B, C, H, W) change to the right and downwards (B, 2 C, H, W).

    Central differences, per unit of image plane (a depth of 1).
    """
    f = images.shape[-1] / 2 / math.tan(math.radians(fov_deg) / 2)
    padded = nn.functional.pad(images, (1, 1, 1, 1), mode="replicate")
    right = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) * (f / 2)
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) * (f / 2)
    return torch.cat([right, down], 1)


@torch.no_grad()
def direct_step(
    grey: Tensor, depth: Tensor, motion: Tensor, *, part: int, fov_deg: float, far: float
) -> Tensor:
    """What brings two frames together, to first order.

    Args:
        grey: (B, 2, H, W) in [-1, 1].
        depth: (B, 2, H, W) [m], 0 where there is none.
        motion: (B, 3) planar T_first_second, as far as it is known.
        part: How many times smaller the frames are made.
        fov_deg: Horizontal field of view.
        far: Depth of what has none [m].

    Returns:
        (B, 3) planar motion [m, rad] that follows `motion`.
    """
    (first, second), (before, after) = smaller(grey, depth, part)
    frame = torch.stack([first, before], 1)
    values, expected, inside = seen_again(
        torch.cat([frame, slopes(frame, fov_deg=fov_deg)], 1), after, motion,
        fov_deg=fov_deg, far=far,
    )  # fmt: skip
    known = inside & (after > 0) & (values[:, 1] > 0)
    difference = torch.stack([values[:, 0] - second, values[:, 1] - expected], 1)
    return _solved(difference, values[:, 2:], after, motion, expected, known, fov_deg)


def smaller(
    grey: Tensor, depth: Tensor, part: int
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Frames of pairs (B, 2, H, W), `part` times smaller: means, of depth where all of it is known.

    Returns:
        Grey values of the first and of the second (B, H / part, W / part), and their depth.
    """
    pool = nn.functional.avg_pool2d
    whole = pool((depth > 0).float(), part) > 1 - 1e-3
    return pool(grey, part).unbind(1), (pool(depth, part) * whole).unbind(1)


def _solved(
    difference: Tensor,
    slope: Tensor,
    depth: Tensor,
    motion: Tensor,
    expected: Tensor,
    known: Tensor,
    fov_deg: float,
) -> Tensor:
    """A step of Gauss–Newton.

    Args:
        difference: (B, 2, H, W) of grey values and of depth [m]: the first frame, looked up, minus
            the second.
        slope: (B, 4, H, W) of the first frame where it is looked up; see `slopes`.
        depth: (B, H, W) of the second frame [m].
        motion: (B, 3) with which it is looked up.
        expected: (B, H, W) depth of the second frame's points in the first [m].
        known: (B, H, W) whether both frames know a pixel.
        fov_deg: Horizontal field of view.
    """
    width = depth.shape[-1]
    near = expected.clamp(min=0.05)
    moves = _flow(depth, motion, near, fov_deg)
    step_of_pixel = 2 * math.tan(math.radians(fov_deg) / 2) / width
    rough = slope[:, 1::2].abs().sum(1) * step_of_pixel > EDGE * near
    normal = DAMPING * torch.eye(3, device=depth.device)
    right_side = torch.zeros(1, 3, 1, device=depth.device)
    for k, (scale, there) in enumerate(((BRIGHTNESS, known), (METRES, known & ~rough))):
        off = (difference[:, k] / scale).flatten(1)
        columns = [
            slope[:, k] * right + slope[:, 2 + k] * down - k * ahead for right, down, ahead in moves
        ]
        J = torch.stack(columns, 1).flatten(2) / scale
        weighted = J * (there.flatten(1) / (1 + off.square()).square())[:, None]
        # Mixed precision would round these sums.
        with torch.autocast(depth.device.type, enabled=False):
            normal = normal + weighted @ J.mT
            right_side = right_side + weighted @ off[..., None]
    step = -torch.linalg.solve(normal.double(), right_side.double())[..., 0]
    return step.clamp(-LONGEST, LONGEST).float()


def _flow(
    depth: Tensor, motion: Tensor, near: Tensor, fov_deg: float
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """How points move in the first frame as the motion goes on ahead, to the left and round.

    Three times (B, H, W): to the right and downwards in the image plane, and ahead [m], per metre
    or radian.
    """
    right, below = rays((depth.shape[-2], depth.shape[-1]), fov_deg, depth.device)
    c, s = motion[:, 2, None, None].cos(), motion[:, 2, None, None].sin()
    aside = depth * right
    u = (c * aside - s * depth - motion[:, 1, None, None]) / near
    v = depth * below / near
    found = []
    for ahead, across in ((1.0, 0.0), (0.0, -1.0), (aside, -depth)):
        z, x = c * ahead + s * across, c * across - s * ahead
        found.append(((x - u * z) / near, -v * z / near, z.expand_as(depth)))
    return found

"""Frames seen from elsewhere, against the simulator and against matrices."""

import numpy as np
import pytest
import torch

from navworld.geometry import se3
from navworld.nn.encoders.depth import top_down
from navworld.nn.views import planar_inverse, planar_product, seen_again


def test_planar_motions_compose_as_matrices_do():
    a, b = torch.randn(2, 16, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    T = se3.from_planar(a) @ se3.from_planar(b)
    assert torch.allclose(se3.from_planar(planar_product(a, b)), T, atol=1e-9)
    assert torch.allclose(se3.from_planar(planar_inverse(a)), se3.inverse(se3.from_planar(a)))


def wall_ahead(distance, yaw, size=64):
    """z-depth of a wall across the x axis, seen by a camera turned by yaw (fov 90°)."""
    right = (torch.arange(size) - (size - 1) / 2) / (size / 2)
    # A pixel's ray ahead by 1 goes cos(yaw) + right · sin(yaw) along x.
    depth = distance / (np.cos(yaw) + right * np.sin(yaw))
    return depth.expand(size, size)[None].float()


@pytest.mark.parametrize("x, y, yaw", [(0.25, 0.0, 0.0), (0.0, 0.0, 0.5), (0.2, -0.1, -0.4)])
def test_depth_of_a_wall_is_where_geometry_puts_it(x, y, yaw):
    before, after = wall_ahead(3.0, 0.0), wall_ahead(3.0 - x, yaw)
    values, expected, inside = seen_again(
        before[:, None], after, torch.tensor([[x, y, yaw]]), fov_deg=90.0, far=10.0
    )
    assert inside.float().mean() > 0.5
    assert torch.allclose(expected[inside], torch.tensor(3.0), atol=1e-4)
    assert torch.allclose(values[:, 0][inside], expected[inside], atol=1e-4)


def test_a_turn_left_brings_what_was_left_to_the_middle():
    frame = torch.zeros(1, 1, 64, 64)
    frame[..., 13:17] = 1.0  # columns around 14.5: atan(17 / 32) to the left
    yaw = float(np.arctan(17 / 32))
    depth = torch.full((1, 64, 64), 2.0)
    values, _, _ = seen_again(frame, depth, torch.tensor([[0.0, 0.0, yaw]]), fov_deg=90.0, far=10)
    bright = torch.nonzero(values[0, 0, 32] > 0.5).float().mean()
    assert float(bright) == pytest.approx(31.5, abs=0.6)


def test_what_is_behind_or_beside_is_not_inside():
    frame, depth = torch.ones(1, 1, 32, 32), torch.full((1, 32, 32), 1.0)
    for motion in ([-2.0, 0.0, 0.0], [0.0, 0.0, 2.5]):
        values, _, inside = seen_again(frame, depth, torch.tensor([motion]), fov_deg=90.0, far=10.0)
        assert values.abs().max() == 0 and not inside.any()


def test_a_picture_from_above_follows_the_motion():
    drawn = {"fov_deg": 90.0, "camera_height": 0.88}
    moved = torch.tensor([[0.5, 0.0, 0.0]])
    there = top_down(torch.full((1, 64, 64), 2.0), **drawn, T_drawn_depth=moved)
    rows = torch.nonzero(there[0].sum(1)).flatten().tolist()
    assert rows == [32]  # 2.5 m ahead of where it is drawn from

"""Depth as layers and from above: points where they must be."""

import math

import pytest
import torch

from navworld.nn.encoders.depth import depth_layers, top_down


def test_every_pixel_is_in_one_layer_and_empty_ones_in_none():
    depth = torch.tensor([0.0, 0.1, 2.4, 2.5, 9.9, 30.0]).reshape(1, 6)
    layers = depth_layers(depth, 4, far=10.0)
    assert layers.sum(-3).flatten().tolist() == [0, 1, 1, 1, 1, 1]
    assert layers.argmax(-3).flatten().tolist()[1:] == [0, 0, 1, 3, 3]


def test_a_wall_ahead_is_a_line_across():
    depth = torch.full((1, 64, 64), 2.5)
    seen = top_down(depth, fov_deg=90, camera_height=0.88)[0]
    rows = torch.nonzero(seen.sum(1)).flatten().tolist()
    assert rows == [32]  # half way up a square of five metres
    columns = torch.nonzero(seen[32]).flatten()
    assert columns.min() <= 1 and columns.max() >= 62  # 2.5 m to either side at 90°


def test_a_point_on_the_left_is_drawn_on_the_left():
    depth = torch.zeros(1, 64, 64)
    column = 8
    depth[0, 32, column] = 2.0
    seen = top_down(depth, fov_deg=90, camera_height=0.88)[0]
    row, found = torch.nonzero(seen)[0].tolist()
    left = 2.0 * (31.5 - column) / 32  # metres
    assert row == math.floor(64 * (1 - 2.0 / 5.0))
    assert found == math.floor(64 * (0.5 - left / 5.0))


def test_floor_and_ceiling_are_left_out():
    v = torch.arange(64) - 31.5
    floor = torch.where(v > 0, 0.88 / (v / 32).clamp(min=1e-6), torch.zeros(64))
    depth = floor[:, None].expand(64, 64)[None].clone()
    assert top_down(depth, fov_deg=90, camera_height=0.88).abs().max() == 0


@pytest.mark.parametrize("shape", [(2, 32, 32), (3, 2, 24, 40)])
def test_shapes_and_a_mirror(shape):
    depth = 0.5 + 4 * torch.rand(shape, generator=torch.Generator().manual_seed(0))
    seen = top_down(depth, fov_deg=90, camera_height=0.88)
    assert seen.shape == shape
    mirrored = top_down(depth.flip(-1), fov_deg=90, camera_height=0.88).flip(-1)
    assert (seen - mirrored).abs().mean() < 1e-3


def test_what_is_hardly_ahead_or_moved_behind_the_camera_is_not_drawn():
    close = torch.full((1, 8, 8), 1e-9)
    assert top_down(close, fov_deg=90, camera_height=0.88).max() == 0
    behind = torch.tensor([[-3.0, 0.0, 0.0]])
    depth = torch.full((1, 8, 8), 1.0)
    assert top_down(depth, fov_deg=90, camera_height=0.88, T_drawn_depth=behind).max() == 0

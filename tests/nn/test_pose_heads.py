"""Heads of poses: what their numbers mean, and that there and back is the identity."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from navworld.geometry import se3
from navworld.nn.heads.pose import SIZES, RelativePoseHead, decode_pose, encode_pose


@pytest.mark.parametrize("form", ["euler", "twist"])
def test_numbers_give_the_pose_back(form):
    T = torch.from_numpy(se3.random(np.random.default_rng(0), (50,)))
    assert (decode_pose(encode_pose(T, form).double(), form) - T).abs().max() < 1e-5


def test_euler_angles_are_yaw_pitch_roll_of_scipy():
    R = Rotation.from_euler("ZYX", [0.3, -0.2, 0.1]).as_matrix()
    T = torch.eye(4, dtype=torch.float64)
    T[:3, :3], T[:3, 3] = torch.from_numpy(R), torch.tensor([1.0, 2.0, 3.0])
    assert encode_pose(T, "euler").tolist() == pytest.approx([1, 2, 3, 0.3, -0.2, 0.1], abs=1e-6)


def test_a_left_turn_on_the_way_forward_is_positive():
    T = se3.from_planar(torch.tensor([0.25, 0.0, math.pi / 6]))
    assert encode_pose(T, "planar").tolist() == pytest.approx([0.25, 0.0, math.pi / 6], abs=1e-6)


def test_every_head_begins_with_what_it_is_told():
    head = RelativePoseHead(
        4, form="planar", heads=2, scale=(0.1, 0.2), start=[[0.25, 0, 0], [0, 0, 0.5]]
    )
    out = head(torch.zeros(2, 4), torch.tensor([1, 0]))
    assert out.flatten().tolist() == pytest.approx([0, 0, 0.5, 0.25, 0, 0], abs=1e-6)


def test_heads_are_chosen_row_by_row():
    head = RelativePoseHead(4, form="euler", heads=3, hidden=8)
    x = torch.randn(5, 4)
    which = torch.tensor([0, 2, 1, 2, 0])
    alone = torch.stack([head(x[k : k + 1], which[k : k + 1])[0] for k in range(5)])
    assert torch.allclose(head(x, which), alone, atol=1e-6)
    assert not torch.allclose(head(x, which), head(x, which.flip(0) * 0 + 1))


def test_an_unknown_form_names_the_nearest():
    for use in (lambda: RelativePoseHead(3, form="eular"), lambda: encode_pose(torch.eye(4), "e")):
        with pytest.raises(ValueError, match="unknown form"):
            use()
    assert set(SIZES) == {"euler", "twist", "planar"}

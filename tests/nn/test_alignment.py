"""A step of direct alignment, on a room whose depth is known in closed form."""

import numpy as np
import pytest
import torch

from navworld.nn.alignment import direct_step, smaller
from navworld.nn.views import planar_product

SIZE, FAR = 64, 10.0


def room(x, y, yaw):
    """Grey values and z-depth (H, W) from a place in a box 6 m long, 5 m wide, patterned walls."""
    side = (torch.arange(SIZE, dtype=torch.float64) - (SIZE - 1) / 2) / (SIZE / 2)
    right, below = side.expand(SIZE, SIZE), side[:, None].expand(SIZE, SIZE)
    c, s = np.cos(yaw), np.sin(yaw)
    along, across, up = c + s * right, s - c * right, -below
    ways = []
    for start, way, low, high in ((x, along, -3, 3), (y, across, -2.5, 2.5), (0.9, up, 0, 2.5)):
        reach = torch.where(way > 0, (high - start) / way, (low - start) / way)
        ways.append(torch.where(way.abs() < 1e-9, torch.inf, reach))
    depth = torch.stack(ways).min(0).values
    px, py, pz = x + depth * along, y + depth * across, 0.9 + depth * up
    grey = 0.3 * (torch.sin(2.1 * px + 0.5) + torch.cos(1.7 * py) + torch.sin(2.6 * pz + px))
    return grey.float(), depth.float()


def seen(motion):
    (one, near), (two, far) = room(0.0, 0.0, 0.2), room(*motion_from(motion))
    return torch.stack([one, two])[None], torch.stack([near, far])[None]


def motion_from(motion):
    return planar_product(torch.tensor([0.0, 0.0, 0.2]), torch.tensor(motion)).tolist()


@pytest.mark.parametrize(
    "motion", [[0.25, 0.02, 0.04], [0.2, -0.05, -0.05], [0.0, 0.02, 0.56], [0.01, 0.0, -0.48]]
)
def test_steps_lead_from_what_was_meant_to_what_happened(motion):
    grey, depth = seen(motion)
    meant = [0.25, 0.0, 0.0] if motion[0] > 0.1 else [0.0, 0.0, float(np.sign(motion[2]) * 0.52)]
    truth, found = torch.tensor([motion]), torch.tensor([meant])
    before = (found - truth).abs()
    for part in (4, 4, 2, 2):
        step = direct_step(grey, depth, found, part=part, fov_deg=90.0, far=FAR)
        found = planar_product(found, step)
    error = (found - truth).abs()[0]
    assert error[:2].max() < 0.01  # m
    assert error[2] < np.radians(0.3)
    assert error.sum() < 0.3 * before.sum()


def test_nothing_seen_is_no_step():
    grey, depth = torch.zeros(2, 2, SIZE, SIZE), torch.zeros(2, 2, SIZE, SIZE)
    assert (
        direct_step(grey, depth, torch.zeros(2, 3), part=2, fov_deg=90.0, far=FAR).abs().max() == 0
    )


def test_depth_of_a_smaller_frame_is_known_where_all_of_it_is():
    depth = torch.full((1, 2, 4, 4), 2.0)
    depth[0, 0, 0, 0] = 0.0
    _, (first, second) = smaller(depth, depth, 2)
    assert first.tolist() == [[[0.0, 2.0], [2.0, 2.0]]]
    assert (second == 2.0).all()

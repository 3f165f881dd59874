"""What the policy makes of its maps."""

import torch
from torch.nn import functional as F

from navworld.nn.policies.egomap import _grown


def test_obstacles_grow_by_a_pixel_all_around():
    image = torch.zeros(1, 1, 7, 9)
    image[0, 0, 0, 0] = image[0, 0, 4, 5] = 1.0
    grown = _grown(image)[0, 0]
    assert grown.sum() == 4 + 9
    assert grown[:2, :2].all() and grown[3:6, 4:7].all()
    random = torch.rand(3, 1, 33, 20, generator=torch.manual_seed(0))
    assert torch.equal(_grown(random), F.max_pool2d(random, 3, 1, 1))

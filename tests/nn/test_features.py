"""Features for stable-baselines3: float depth keeps its metres, wrong spaces are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces

from navworld.nn.policies.features import DictFeatures, EgomapFeatures

DEPTH = spaces.Box(0, 10, (64, 64, 1), np.float32)
RGB = spaces.Box(0, 255, (64, 64, 3), np.uint8)
POLAR = spaces.Box(-1000, 1000, (3,), np.float32)


def test_depth_colour_and_vectors_all_reach_the_features():
    torch.manual_seed(0)
    net = DictFeatures(spaces.Dict({"depth": DEPTH, "rgb": RGB, "goal_polar": POLAR}), 32)
    observation = {
        "depth": torch.rand(2, 64, 64, 1) * 10,
        "rgb": torch.randint(0, 255, (2, 64, 64, 3), dtype=torch.uint8),
        "goal_polar": torch.randn(2, 3),
    }
    base = net(observation)
    assert base.shape == (2, 32)
    for key, value in observation.items():
        changed = {**observation, key: value.flip(0)}
        assert not torch.allclose(net(changed), base), key


def test_works_without_images():
    net = DictFeatures(spaces.Dict({"goal_polar": POLAR}), 8)
    assert net({"goal_polar": torch.zeros(5, 3)}).shape == (5, 8)


def test_wrong_spaces_are_refused():
    with pytest.raises(ValueError, match="one size"):
        small = spaces.Box(0, 10, (48, 48, 1), np.float32)
        DictFeatures(spaces.Dict({"a": DEPTH, "b": small}))
    with pytest.raises(ValueError, match="action"):
        DictFeatures(spaces.Dict({"action": spaces.Discrete(4)}))
    with pytest.raises(ValueError, match="map_near"):
        EgomapFeatures(spaces.Dict({"goal_polar": POLAR}))

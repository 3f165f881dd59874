"""Features extractors for stable-baselines3: dictionaries with float depth, egocentric maps.

stable-baselines3's own CNN takes uint8 images only and flattens float depth. Use these as
`policy_kwargs={"features_extractor_class": …, "normalize_images": False}`.
"""

from __future__ import annotations

import math

import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

from navworld.nn.policies.egomap import EgomapEncoder, EgomapSettings

EGOMAP_KEYS = ("map_near", "map_far", "goal_polar", "map_motion")


class DictFeatures(BaseFeaturesExtractor):
    """Images (H, W, C), float or uint8, through one CNN; everything else flat beside it.

    Images of one size share a network as channels: float images are divided by their upper bound,
    uint8 by 255, so depth keeps its metres as a fraction of its range. Distances without a useful
    bound (a goal that may be 1,000 m away) are squashed by sign(x) · log(1 + |x|).

    Args:
        space: Of the observation.
        features_dim: Size of the output.
        width: Channels of the first convolution.
    """

    def __init__(self, space: spaces.Dict, features_dim: int = 256, width: int = 32) -> None:
        super().__init__(space, features_dim)
        boxes = {k: v for k, v in space.spaces.items() if isinstance(v, spaces.Box)}
        if len(boxes) < len(space.spaces):
            odd = sorted(set(space.spaces) - set(boxes))
            raise ValueError(f"DictFeatures reads Box observations; {odd} are something else")
        self.images = {k: float(v.high.max()) for k, v in boxes.items() if _is_image(v)}
        self.vectors = sorted(set(boxes) - set(self.images))
        sizes = {boxes[k].shape[:2] for k in self.images}
        if len(sizes) > 1:
            raise ValueError(f"DictFeatures needs images of one size, got {sorted(sizes)}")
        flat = sum(math.prod(boxes[k].shape) for k in self.vectors)
        seen = 0
        self.cnn: nn.Module | None = None
        if self.images:
            channels = sum(boxes[k].shape[2] for k in self.images)
            self.cnn = nn.Sequential(
                nn.Conv2d(channels, width, 8, stride=4), nn.ReLU(),
                nn.Conv2d(width, 2 * width, 4, stride=2), nn.ReLU(),
                nn.Conv2d(2 * width, 2 * width, 3), nn.ReLU(),
                nn.Flatten(),
            )  # fmt: skip
            with torch.no_grad():
                seen = self.cnn(torch.zeros(1, channels, *sizes.pop())).shape[1]
        self.head = nn.Sequential(nn.Linear(seen + flat, features_dim), nn.ReLU())

    def forward(self, observation: dict[str, Tensor]) -> Tensor:
        """Features (B, features_dim)."""
        parts = []
        if self.cnn is not None:
            stack = [observation[k].float() / high for k, high in self.images.items()]
            # (B, H, W, C) seen as (B, C, H, W) is channels-last already
            parts.append(self.cnn(torch.cat(stack, -1).permute(0, 3, 1, 2)))
        for key in self.vectors:
            value = observation[key].float().flatten(1)
            parts.append(torch.sign(value) * torch.log1p(value.abs()))
        return self.head(torch.cat(parts, 1))


class EgomapFeatures(BaseFeaturesExtractor):
    """`EgomapEncoder` over the keys of an `OccupancyMapper` and `goal_polar`."""

    def __init__(self, space: spaces.Dict, settings: EgomapSettings | None = None) -> None:
        encoder = EgomapEncoder(settings)
        super().__init__(space, encoder.settings.features)
        missing = [key for key in EGOMAP_KEYS if key not in space.spaces]
        if missing:
            raise ValueError(
                f"EgomapFeatures reads {missing}, which the observation does not have: make the "
                "environment with mappers=(OccupancyMapper(),) and a localizer"
            )
        self.encoder = encoder

    def forward(self, observation: dict[str, Tensor]) -> Tensor:
        """Features (B, features_dim)."""
        return self.encoder(*(observation[key] for key in EGOMAP_KEYS))


def _is_image(box: spaces.Box) -> bool:
    return len(box.shape) == 3 and min(box.shape[:2]) >= 32 and box.shape[2] <= 8

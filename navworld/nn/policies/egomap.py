"""From egocentric maps to features: learned costs, a planning layer, and a look around.

Costs of the wide and of the fine crop come from small convolutional networks, which can learn
what walls, furniture and the unseen are worth going around; the planning layer turns them into
what is left to go from every place, the wide map's result continuing into the fine map's. Read
off around the body and joined with what the fine map shows nearby, this is what heads decide on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from navworld.nn.policies.planning import plan

NEAR_PRIOR = (30.0, 40.0, 3.0, 0.3)
FAR_PRIOR = (60.0, 0.0, 0.0, 0.3)
"""Costs that training starts from, above the 1 of free floor: obstacle, beside one, near one,
unseen."""


@dataclass(frozen=True)
class EgomapSettings:
    """Sizes.

    Attributes:
        near_resolution, far_resolution: Of the crops [m].
        near_size: Pixels of the fine crop that are planned on, around the body.
        cost_channels: Of the cost networks.
        local_size: Pixels of the fine crop that the look-around sees.
        features: Of the output.
    """

    near_resolution: float = 0.1
    far_resolution: float = 0.3
    near_size: int = 48
    cost_channels: int = 32
    local_size: int = 32
    features: int = 128


class CostNet(nn.Module):
    """(B, 3, S, S) crop in 0…1 → (B, S, S) costs: a linear prior plus what a CNN adds.

    The prior weighs the obstacles, the obstacles grown by one and by two pixels, and the unseen.
    """

    def __init__(self, channels: int, prior: tuple[float, float, float, float]) -> None:
        super().__init__()
        self.prior = nn.Parameter(torch.tensor(prior))
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(48, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, 16, 1),
            nn.PixelShuffle(4),
        )
        for parameter in self.layers[-2].parameters():
            nn.init.zeros_(parameter)

    def forward(self, crop: Tensor) -> Tensor:
        """Costs, about 1 on free floor."""
        obstacle = crop[:, :1]
        grown = _grown(obstacle)
        wider = _grown(grown)
        parts = torch.cat([obstacle, grown, wider, 1.0 - crop[:, 1:2]], 1)
        linear = 0.5 + torch.einsum("bchw,c->bhw", parts, F.softplus(self.prior, beta=4.0))
        return 0.5 + F.softplus(linear + 4.0 * self.layers(crop)[:, 0], beta=4.0)


class EgomapEncoder(nn.Module):
    """Crops, goal and last motion → features of what is left to go around the body."""

    rays: Tensor

    def __init__(self, settings: EgomapSettings | None = None) -> None:
        super().__init__()
        self.settings = s = settings or EgomapSettings()
        self.far_cost = CostNet(s.cost_channels, FAR_PRIOR)
        self.near_cost = CostNet(s.cost_channels, NEAR_PRIOR)
        self.register_buffer("rays", _rays(s.near_size * s.near_resolution / 2), persistent=False)
        self.local = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(64, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * (s.local_size // 8) ** 2, 64),
            nn.ReLU(),
        )
        turns, reaches = self.rays.shape[1:3]
        self.score = nn.Sequential(nn.Linear(2 * reaches, 32), nn.ReLU(), nn.Linear(32, 1))
        self.turn_cost = nn.Parameter(torch.zeros(turns))
        self.trunk = nn.Sequential(
            nn.Linear(64 + 2 * turns * reaches + turns + 3 + 8, s.features), nn.ReLU(),
            nn.Linear(s.features, s.features), nn.ReLU(),
        )  # fmt: skip

    def forward(self, near: Tensor, far: Tensor, goal_polar: Tensor, motion: Tensor) -> Tensor:
        """Features (B, settings.features).

        Args:
            near, far: (B, 3, S, S) uint8 crops of an `OccupancyMapper`.
            goal_polar: (B, 3) distance [m], cosine and sine of the bearing.
            motion: (B, 3) metres ahead, radians turned, bumped.
        """
        s = self.settings
        fine = _centre(near, s.near_size).float() / 252.0
        wide = far.float() / 252.0
        goal = goal_polar[:, :1] * goal_polar[:, 1:]  # ahead, left [m]
        to_go, cost = self.to_go(fine, wide, goal)
        middle = s.near_size // 2
        here = to_go[:, middle - 1 : middle + 1, middle - 1 : middle + 1].mean((1, 2))
        relative = (to_go - here[:, None, None]).clamp(-3.0, 3.0)
        maps = torch.stack([relative, torch.log(cost)], 1)
        around = F.grid_sample(maps, self.rays.expand(len(maps), -1, -1, -1), align_corners=False)
        seen = _centre(torch.cat([fine, relative[:, None] / 3.0], 1), s.local_size)
        distance = goal_polar[:, :1]
        scalars = torch.cat(
            [
                goal_polar[:, 1:], torch.log1p(distance), (distance / 2).clamp(max=1.0),
                torch.log1p(here.clamp(0.0, 100.0))[:, None], motion,
            ],
            1,
        )  # fmt: skip
        headings = self.headings(around)
        return self.trunk(torch.cat([self.local(seen), around.flatten(1), headings, scalars], 1))

    def headings(self, around: Tensor) -> Tensor:
        """Scores of the headings around the body, and log-odds to go ahead, turn left, right.

        Args:
            around: (B, 2, 12, 5) what is left to go and costs along 12 headings, counted to the
                left from straight ahead.
        """
        score = self.score(around.transpose(1, 2).flatten(2))[..., 0] - self.turn_cost
        share = torch.log_softmax(4.0 * score, 1)
        half = score.shape[1] // 2
        left = torch.logsumexp(share[:, 1 : half + 1], 1)
        right = torch.logsumexp(share[:, half + 1 :], 1)
        return torch.cat([score, torch.stack([share[:, 0], left, right], 1).clamp(min=-8.0)], 1)

    def to_go(self, fine: Tensor, wide: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
        """What is left to go on the fine crop [m], and its costs: (B, S, S) each."""
        s = self.settings
        far_cost, near_cost = self.far_cost(wide), self.near_cost(fine)
        reach = s.near_size * s.near_resolution
        seed = _goal_seeds(goal, wide.shape[-1], s.far_resolution)
        far = plan(far_cost, seed) * s.far_resolution
        rim = F.grid_sample(
            far.clamp(max=100.0)[:, None],
            _rim_grid(s.near_size, reach / (wide.shape[-1] * s.far_resolution), far).expand(
                len(far), -1, -1, -1
            ),
            align_corners=False,
        )[:, 0]
        goal_near = _goal_seeds(goal, s.near_size, s.near_resolution, rim=False)
        edge = torch.full_like(rim, math.inf)
        edge[:, 0], edge[:, -1] = 0.0, 0.0
        edge[:, :, 0], edge[:, :, -1] = 0.0, 0.0
        blocked = (fine[:, 0] > 0.2) | (rim > 90.0)
        rim = torch.where(blocked | torch.isinf(edge), math.inf, rim / s.near_resolution)
        seed = torch.minimum(rim, goal_near)
        near = plan(near_cost, seed) * s.near_resolution
        return near.clamp(max=100.0), near_cost


def _grown(image: Tensor) -> Tensor:
    """The greatest of 3 × 3 pixels (..., H, W), in a fifth of the time that max_pool2d takes."""
    for axis in (-1, -2):
        last = image.shape[axis] - 1
        pairs = torch.maximum(image.narrow(axis, 0, last), image.narrow(axis, 1, last))
        inner = torch.maximum(pairs.narrow(axis, 0, last - 1), pairs.narrow(axis, 1, last - 1))
        ends = pairs.narrow(axis, 0, 1), pairs.narrow(axis, last - 1, 1)
        image = torch.cat([ends[0], inner, ends[1]], axis)
    return image


def _centre(image: Tensor, size: int) -> Tensor:
    begin = (image.shape[-1] - size) // 2
    return image[..., begin : begin + size, begin : begin + size]


def _goal_seeds(goal: Tensor, size: int, resolution: float, *, rim: bool = True) -> Tensor:
    """Seeds (B, size, size) [cells]: 0 where the goal is; a rim of straight distances if outside.

    The straight line is lengthened a little, as ways round things are.
    """
    count = len(goal)
    seed = goal.new_full((count, size, size), math.inf)
    row = torch.floor(size / 2 - goal[:, 0] / resolution).long()
    column = torch.floor(size / 2 - goal[:, 1] / resolution).long()
    inside = (row >= 0) & (row < size) & (column >= 0) & (column < size)
    which = torch.nonzero(inside)[:, 0]
    seed[which, row[which], column[which]] = 0.0
    if rim and len(which) < count:
        outside = torch.nonzero(~inside)[:, 0]
        place = (size / 2 - 0.5 - torch.arange(size, device=goal.device)) * resolution
        ahead, left = torch.meshgrid(place, place, indexing="ij")
        g = goal[outside]
        straight = torch.hypot(ahead - g[:, :1, None], left - g[:, 1:, None])
        straight[:, 1:-1, 1:-1] = math.inf
        seed[outside] = 1.1 * straight / resolution
    return seed


def _rays(half: float) -> Tensor:
    """(1, 12, 5, 2) places around the body to read, in grid_sample's coordinates."""
    angle = torch.arange(12) * math.pi / 6
    reach = torch.tensor([0.15, 0.3, 0.5, 0.75, 1.0])
    ahead = torch.cos(angle)[:, None] * reach
    left = torch.sin(angle)[:, None] * reach
    return torch.stack([-left, -ahead], -1)[None] / half


def _rim_grid(size: int, share: float, like: Tensor) -> Tensor:
    """(1, size, size, 2) where the pixels of the fine crop lie in the wide one."""
    place = (torch.arange(size, device=like.device) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(place * share, place * share, indexing="ij")
    return torch.stack([x, y], -1)[None].to(like.dtype)

"""Trunks of images: `FlowNetEncoder` of stacked pairs, `ResNetEncoder` of any stack of channels.

Both take (B, C, H, W), best in `torch.channels_last`, and have no batch statistics, so that a row
of a batch is the same as a batch of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

LEAK = 0.1


def pair_channels(images: Tensor) -> Tensor:
    """Consecutive images as channels of one, in the layout that convolutions like best.

    Args:
        images: (B, n, H, W, C) floats.

    Returns:
        (B (n − 1), 2 C, H, W), `torch.channels_last`.
    """
    pairs = torch.cat([images[:, :-1], images[:, 1:]], -1)
    return pairs.flatten(0, 1).permute(0, 3, 1, 2)


def mean_and_change(images: Tensor, gain: float, least: float = 5.0) -> Tensor:
    """Consecutive images as their mean and what changes between them, at one contrast.

    Two frames of a video are nearly equal; stacked as they are, what tells of motion is a small
    part of what a first convolution sees. And in the dark a motion changes less than by day.

    Args:
        images: (B, n, H, W, C) floats, 0 … 255.
        gain: How much the difference is magnified.
        least: Added to the spread of values that counts as 1, so that noise stays noise.

    Returns:
        (B (n − 1), 2 C, H, W), `torch.channels_last`, the mean's values around 0 with spread 1.
    """
    first, second = images[:, :-1].flatten(0, 1), images[:, 1:].flatten(0, 1)
    mean = (first + second) / 2
    mean = mean - mean.mean((1, 2, 3), keepdim=True)
    spread = torch.linalg.vector_norm(mean.flatten(1), dim=1) / mean[0].numel() ** 0.5
    unit = 1 / (spread[:, None, None, None] + least)
    pairs = torch.cat([mean * unit, (second - first) * (gain * unit)], -1)
    return pairs.permute(0, 3, 1, 2)


def binned(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (B, n, H, W, C) at another size; where blocks of pixels fit it, their means.

    So a camera of few pixels sees, whose pixels each gather what a block of small ones does.
    """
    height, width = images.shape[2:4]
    if height % size[0] or width % size[1] or (height, width) == size:
        return resized(images, size)
    flat = images.flatten(0, 1).permute(0, 3, 1, 2).float()
    flat = nn.functional.avg_pool2d(flat, (height // size[0], width // size[1]))
    return flat.permute(0, 2, 3, 1).unflatten(0, images.shape[:2])


def resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (B, n, H, W, C) at another size (height, width); smaller ones are averages."""
    if tuple(images.shape[2:4]) == size:
        return images
    flat = images.flatten(0, 1).permute(0, 3, 1, 2).float()
    flat = nn.functional.interpolate(flat, size, mode="bilinear", antialias=True)
    return flat.permute(0, 2, 3, 1).unflatten(0, images.shape[:2])


class FlowNetEncoder(nn.Module):
    """The contracting part of FlowNetSimple over two images stacked as channels.

    P. Fischer et al., FlowNet: Learning Optical Flow with Convolutional Networks, ICCV 2015, with
    the nine convolutions that DeepVO takes of it: each stage halves the image; stages from the
    third on, but for the last, have a second convolution that keeps its size. Leaky ReLUs are of
    slope 0.1.

    Args:
        channels: Of the stacked images.
        widths: Of the stages; FlowNetS has (64, 128, 256, 512, 512, 1024).
        kernels: Of their first convolutions; 3 where there are fewer than stages.
    """

    PUBLISHED = (64, 128, 256, 512, 512, 1024)

    def __init__(
        self,
        channels: int = 6,
        widths: Sequence[int] = PUBLISHED,
        kernels: Sequence[int] = (7, 5, 5),
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for stage, width in enumerate(widths):
            kernel = kernels[stage] if stage < len(kernels) else 3
            layers.append(nn.Conv2d(channels, width, kernel, 2, kernel // 2))
            last = stage == len(widths) - 1
            if stage >= 2 and not last:
                layers += [nn.LeakyReLU(LEAK), nn.Conv2d(width, width, 3, 1, 1)]
            layers.append(nn.LeakyReLU(LEAK))
            channels = width
        self.layers = nn.Sequential(*layers)
        self.channels, self.stride = channels, 2 ** len(widths)
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to (B, widths[-1], H / stride, W / stride), rounded up."""
        return self.layers(images)

    def features(self, size: tuple[int, int]) -> int:
        """How many numbers it makes of an image (height, width)."""
        height, width = (-(-side // self.stride) for side in size)
        return self.channels * height * width


class ResNetEncoder(nn.Module):
    """A residual trunk: a strided stem, then stages of residual blocks, each halving the image.

    K. He et al., Deep Residual Learning for Image Recognition, CVPR 2016, with the group
    normalisation of Y. Wu and K. He (ECCV 2018) in place of batch normalisation.

    Args:
        channels: Of the input.
        widths: Of the stem and of every stage after it; all are multiples of 8.
        blocks: Residual blocks of every stage.
        stem: Stride of the stem, whose kernel is twice as large; 4 spends nothing on full size.
    """

    def __init__(
        self,
        channels: int,
        widths: Sequence[int] = (32, 64, 96),
        blocks: int = 1,
        stem: int = 4,
    ) -> None:
        super().__init__()
        kernel = 2 * stem
        layers: list[nn.Module] = [
            nn.Conv2d(channels, widths[0], kernel, stem, (kernel - stem) // 2),
            nn.ReLU(),
        ]
        for before, width in pairwise(widths):
            layers.append(ResidualBlock(before, width, stride=2))
            layers += [ResidualBlock(width, width) for _ in range(blocks - 1)]
        self.layers = nn.Sequential(*layers)
        self.channels, self.stride = widths[-1], stem * 2 ** (len(widths) - 1)
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to (B, widths[-1], H / stride, W / stride)."""
        return self.layers(images)

    def features(self, size: tuple[int, int]) -> int:
        """How many numbers it makes of an image (height, width)."""
        return self.channels * (size[0] // self.stride) * (size[1] // self.stride)


class ResidualBlock(nn.Module):
    """Two convolutions of 3 × 3 with group normalisation around which the input is led."""

    def __init__(self, channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.norm = nn.GroupNorm(max(1, width // 8), width)
        self.second = nn.Conv2d(width, width, 3, 1, 1)
        same = channels == width and stride == 1
        self.around = nn.Identity() if same else nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) to (B, width, H / stride, W / stride)."""
        inner = self.second(torch.relu(self.norm(self.first(x))))
        return torch.relu(inner + self.around(x))


def _initialise(network: nn.Module) -> None:
    """He initialisation, so that deep trunks without normalisation learn from the first step."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, LEAK, nonlinearity="leaky_relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

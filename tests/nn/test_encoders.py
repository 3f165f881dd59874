"""Trunks: published sizes, shapes, and rows that do not see each other."""

import pytest
import torch

from navworld.evaluation.metrics.cost import parameters
from navworld.nn.encoders.image import (
    FlowNetEncoder,
    ResNetEncoder,
    binned,
    mean_and_change,
    pair_channels,
    resized,
)


def test_flownet_has_the_published_convolutions():
    encoder = FlowNetEncoder()
    convolutions = [m for m in encoder.layers if isinstance(m, torch.nn.Conv2d)]
    shapes = [(c.kernel_size[0], c.stride[0], c.out_channels) for c in convolutions]
    assert shapes == [
        (7, 2, 64), (5, 2, 128), (5, 2, 256), (3, 1, 256), (3, 2, 512), (3, 1, 512), (3, 2, 512),
        (3, 1, 512), (3, 2, 1024),
    ]  # fmt: skip
    weights = [6, 64, 128, 256, 256, 512, 512, 512, 512, 1024]
    kernels = [s[0] for s in shapes]
    count = sum(
        k * k * a * b + b for k, a, b in zip(kernels, weights[:-1], weights[1:], strict=True)
    )
    assert parameters(encoder) == count


@pytest.mark.parametrize("size", [(64, 64), (48, 96), (61, 33)])
def test_features_are_counted_right(size):
    flownet = FlowNetEncoder(6, (8, 8, 16))
    out = flownet(torch.zeros(2, 6, *size))
    assert out[0].numel() == flownet.features(size)


def test_the_residual_trunk_strides_as_told():
    trunk = ResNetEncoder(5, (8, 16, 24), blocks=2, stem=4)
    out = trunk(torch.zeros(2, 5, 64, 96))
    assert out.shape == (2, 24, 4, 6)
    assert out[0].numel() == trunk.features((64, 96))


@pytest.mark.parametrize("trunk", [FlowNetEncoder(6, (8, 16, 16)), ResNetEncoder(6, (8, 16))])
def test_a_row_of_a_batch_is_a_batch_of_one(trunk):
    images = torch.randn(3, 6, 32, 32).to(memory_format=torch.channels_last)
    whole = trunk(images)
    alone = torch.cat([trunk(images[k : k + 1]) for k in range(3)])
    assert torch.allclose(whole, alone, atol=1e-5)


def test_pairs_put_the_earlier_image_first_and_lie_as_convolutions_like():
    images = torch.arange(2 * 3 * 4 * 5 * 3, dtype=torch.float32).reshape(2, 3, 4, 5, 3)
    pairs = pair_channels(images)
    assert pairs.shape == (4, 6, 4, 5)
    assert torch.equal(pairs[1, :3], images[0, 1].permute(2, 0, 1))
    assert torch.equal(pairs[1, 3:], images[0, 2].permute(2, 0, 1))
    assert pairs.is_contiguous(memory_format=torch.channels_last)


def test_a_smaller_image_is_an_average():
    image = torch.zeros(1, 1, 8, 8, 1)
    image[0, 0, ::2] = 2.0
    small = resized(image, (4, 4))
    assert small.shape == (1, 1, 4, 4, 1)
    assert float(small[0, 0, 1:3].mean()) == pytest.approx(1.0, abs=0.05)


def test_a_pair_in_the_dark_looks_like_one_by_day():
    torch.manual_seed(0)
    day = torch.rand(2, 3, 8, 8, 3) * 200 + 20
    night = 0.5 * day + 3
    seen = mean_and_change(day, 6.0, least=0.0)
    assert seen.shape == (4, 6, 8, 8)
    assert torch.allclose(seen, mean_and_change(night, 6.0, least=0.0), atol=1e-4)
    assert float(seen[0, :3].mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(seen[0, :3].std()) == pytest.approx(1.0, abs=0.01)
    assert seen.is_contiguous(memory_format=torch.channels_last)


def test_what_changes_between_two_images_is_magnified():
    torch.manual_seed(0)
    first = torch.rand(1, 1, 8, 8, 3) * 255
    brighter = first + 10
    same = mean_and_change(torch.cat([first, first], 1), 6.0)
    changed = mean_and_change(torch.cat([first, brighter], 1), 6.0)
    assert float(same[0, 3:].abs().max()) == 0.0
    assert torch.allclose(changed[0, :3], same[0, :3], atol=1e-5)
    unit = first.std(correction=0) + 5.0
    assert torch.allclose(changed[0, 3:], torch.full((3, 8, 8), 60.0) / unit, atol=1e-5)


def test_blocks_of_pixels_become_their_mean():
    image = torch.arange(16.0).reshape(1, 1, 4, 4, 1)
    assert binned(image, (2, 2)).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert binned(image, (4, 4)) is image
    assert binned(image, (3, 3)).shape == (1, 1, 3, 3, 1)

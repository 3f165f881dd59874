"""PointNav VO: what it does before it has learned anything, and where it looks again."""

from dataclasses import replace

import pytest
import torch

from navworld.actions import FORWARD, LEFT, RIGHT
from navworld.agents.odometry.pointnav_vo import RECIPE
from navworld.agents.odometry.pointnav_vo_network import BACKWARD, REVERSE
from navworld.nn.views import planar_inverse, planar_product

SIZE = 32


@pytest.fixture
def network():
    torch.manual_seed(0)
    return RECIPE.build(RECIPE.preset("tiny").network).eval()


def frames(rows, seed=0):
    """Pairs of pictures of a textured wall 2 m ahead."""
    random = torch.Generator().manual_seed(seed)
    rgb = torch.randint(0, 255, (rows, 1, SIZE, SIZE, 3), generator=random, dtype=torch.uint8)
    depth = 2.0 + 0.3 * torch.rand(rows, 1, SIZE, SIZE, 1, generator=random)
    return rgb.expand(-1, 2, -1, -1, -1).contiguous(), depth.expand(-1, 2, -1, -1, -1).contiguous()


def silenced(network):
    with torch.no_grad():
        network.head.last.weight.zero_()
        network.head.last.bias.zero_()
    return network


@torch.no_grad()
def test_without_a_word_of_the_network_it_does_what_alignment_finds(network):
    """Two frames that are the same: nothing moved, whatever was meant, beside what is expected."""
    rgb, depth = frames(3)
    action = torch.tensor([FORWARD, LEFT, RIGHT])
    found = silenced(network)(rgb, depth, action, looks=2)
    meant = network.meant[action]
    assert (found.norm(dim=1) < 0.25 * meant.norm(dim=1)).all()


@torch.no_grad()
def test_no_alignment_is_what_was_meant(network):
    rgb, depth = frames(3)
    action = torch.tensor([FORWARD, LEFT, BACKWARD])
    plain = replace(RECIPE.preset("tiny").network, direct=(), again=())
    found = silenced(RECIPE.build(plain).eval())(rgb, depth, action, looks=1)
    assert torch.allclose(found, network.meant[action])


@torch.no_grad()
def test_pairs_that_are_certain_are_not_looked_at_again(network):
    rgb, depth = frames(8)
    rgb[::2, 1] = rgb[::2, 1].flip(2)
    action = torch.full((8,), FORWARD)
    once, twice = (network(rgb, depth, action, looks=looks) for looks in (1, 2))
    assert not torch.allclose(once, twice, atol=1e-4)
    units = torch.tensor(network.settings.units)
    aligned, rest = network._look(
        network._pair(*network._scaled(rgb, depth)), action, network.meant[action],
        network.settings.direct,
    )  # fmt: skip
    corrected = (rest / units).norm(dim=1)
    between = corrected.sort().values[3:5].mean()
    some = network(rgb, depth, action, looks=2, certain=float(between))
    again = (corrected > between)[:, None]
    assert 0 < again.sum() < 8
    assert torch.allclose(some, torch.where(again, twice, once), atol=1e-5)
    none = network(rgb, depth, action, looks=2, certain=1e9)
    assert torch.equal(none, planar_product(aligned, rest))


@torch.no_grad()
def test_the_reverse_of_a_pair_is_the_pair_in_reverse_order(network):
    rgb, depth = frames(4)
    rgb[:, 1] = rgb[:, 1].roll(2, dims=2)
    action = torch.tensor([FORWARD, LEFT, RIGHT, BACKWARD])
    _, back = network(rgb, depth, action, also="reverse").chunk(2)
    undone = torch.tensor(REVERSE)[action]
    start = planar_inverse(network.meant[action])
    turned = network(rgb.flip(1), depth.flip(1), undone)
    assert torch.allclose(start, network.meant[undone], atol=1e-6)
    assert torch.allclose(back, turned, atol=1e-4)


@pytest.mark.parametrize(
    "changes", [{}, {"depth_layers": 0}, {"top_down": False}, {"camera_height": 0.4}], ids=str
)
@torch.no_grad()
def test_kernels_and_tensors_show_the_trunk_the_same(network, changes):
    settings = replace(RECIPE.preset("tiny").network, **changes)
    network = RECIPE.build(settings).eval()
    rgb, depth = frames(6)
    random = torch.Generator().manual_seed(1)
    depth = 0.2 + 12 * torch.rand(depth.shape, generator=random) ** 2
    depth[torch.rand(depth.shape, generator=random) < 0.1] = 0.0
    motion = torch.randn(6, 3, generator=random) * torch.tensor([0.3, 0.1, 0.4])
    motion[0, 0] = 3.0  # some of the points are behind the first camera then
    pair = network._pair(*network._scaled(rgb, depth))
    here, there = network._on_threads(pair, motion), network._in_tensors(pair, motion)
    assert here.shape == there.shape
    assert here.is_contiguous(memory_format=torch.channels_last)
    # Sums are rounded otherwise: a point on the border of a cell or of the image may change sides.
    assert ((here - there).abs() > 1e-3).float().mean() < 2e-4
    assert all(float((channel != 0).float().mean()) > 0.01 for channel in there.unbind(1))

"""Direct alignment, on a room whose depth is known in closed form."""

import dataclasses

import numpy as np
import pytest
import torch

from navworld.nn import alignment
from navworld.nn.alignment import Alignment, smaller
from navworld.nn.views import planar_inverse, planar_product

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


MOTIONS = [[0.25, 0.02, 0.04], [0.2, -0.05, -0.05], [0.0, 0.02, 0.56], [0.01, 0.0, -0.48]]
STAGES = ((2, 8, 0.6, 0.2), (2, 3, 0.3, 0.06), (1, 3, 0.3, 0.03))
SPREAD = torch.tensor([[0.05, 0.05, 0.08]])


def meant(motion):
    drives = motion[0] > 0.1
    return torch.tensor([[0.25, 0.0, 0.0] if drives else [0.0, 0.0, np.sign(motion[2]) * 0.52]])


def error(found, truth):
    return planar_product(planar_inverse(torch.tensor([truth])), found)[0].abs()


@pytest.mark.parametrize("motion", MOTIONS)
def test_it_finds_what_happened_from_what_was_meant(motion):
    pairs = Alignment(*seen(motion), fov_deg=90.0, far=FAR)
    found, _ = pairs.refine(meant(motion).float(), STAGES)
    left = error(found, motion)
    assert left[:2].max() < 0.005  # m
    assert left[2] < np.radians(0.1)


@pytest.mark.parametrize("motion", MOTIONS)
def test_noise_costs_little_where_it_is_that_of_cameras(motion):
    random = np.random.default_rng(0)
    grey, depth = seen(motion)
    shades = grey + torch.from_numpy(random.normal(0, 0.12, grey.shape)).float()
    disparity = 35.13 / depth + torch.from_numpy(random.normal(0, 0.028, depth.shape)).float()
    measured = 35.13 * 8 / (disparity * 8).round()
    pairs = Alignment(shades, measured, fov_deg=90.0, far=FAR)
    expected = meant(motion).float()
    found, _ = pairs.refine(expected, STAGES, expected=expected, spread=SPREAD)
    left = error(found, motion)
    assert left[:2].max() < 0.015
    assert left[2] < np.radians(0.4)


def test_what_cannot_be_seen_stays_where_it_is_expected_and_is_said_to_be_loose():
    """A wall without a pattern, straight ahead and beyond both borders: nothing tells left."""
    grey, depth = torch.zeros(1, 2, SIZE, SIZE), torch.full((1, 2, SIZE, SIZE), 2.0)
    depth[:, 1] = 1.8
    expected = torch.tensor([[0.25, 0.03, 0.0]])
    wall = Alignment(grey, depth, fov_deg=90.0, far=FAR)
    found, loose = wall.refine(expected, STAGES, expected=expected, spread=SPREAD)
    assert abs(found[0, 0] - 0.2) < 2e-3
    assert abs(found[0, 1] - 0.03) < 2e-3
    assert loose[0, 1] > 5 * loose[0, 0]
    # The room tells left as well.
    _, firm = Alignment(*seen(MOTIONS[0]), fov_deg=90.0, far=FAR).refine(expected, STAGES)
    assert firm[0, 1] < loose[0, 1] / 3


def test_nothing_seen_is_no_step():
    nothing = torch.zeros(2, 2, SIZE, SIZE)
    start = torch.tensor([[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]])
    found, loose = Alignment(nothing, nothing, fov_deg=90.0, far=FAR).refine(start, STAGES)
    assert torch.equal(found, start)
    assert loose.min() > 0.1


def test_a_row_of_a_batch_is_the_same_as_a_batch_of_one():
    grey, depth = (torch.cat(images) for images in zip(*map(seen, MOTIONS), strict=True))
    start = torch.cat([meant(motion) for motion in MOTIONS]).float()
    together, _ = Alignment(grey, depth, fov_deg=90.0, far=FAR).refine(start, STAGES)
    for k in range(len(MOTIONS)):
        row = Alignment(grey[k : k + 1], depth[k : k + 1], fov_deg=90.0, far=FAR)
        alone, _ = row.refine(start[k : k + 1], STAGES)
        assert torch.allclose(alone[0], together[k], atol=1e-4)


def test_planes_stay_planes_in_smaller_frames():
    """Inverse depth of a plane is linear in the image, and so is its mean over blocks."""
    side = (torch.arange(8) - 3.5) / 4
    inverse = (0.5 + 0.1 * side[None, :] + 0.2 * side[:, None]).expand(1, 2, 8, 8)
    _, mean, known = smaller(torch.zeros(1, 2, 8, 8), 1 / inverse, 2)
    coarse = (torch.arange(4) - 1.5) / 2
    assert torch.allclose(mean[0, 0], 0.5 + 0.1 * coarse[None, :] + 0.2 * coarse[:, None])
    assert known.all()


def test_depth_of_a_smaller_frame_is_known_where_most_of_it_is():
    depth = torch.full((1, 2, 4, 4), 2.0)
    depth[0, 0, 0, 0] = 0.0
    depth[0, 0, 2:, 2:] = torch.tensor([[0.0, 0.0], [2.0, 2.0]])
    _, inverse, known = smaller(depth, depth, 2)
    assert known[0].tolist() == [[[True, True], [True, False]], [[True, True], [True, True]]]
    assert inverse[0, 0].tolist() == [[0.5, 0.5], [0.5, 0.0]]


def test_kernels_and_tensors_go_the_same_way(monkeypatch):
    grey, depth = (torch.cat(images) for images in zip(*map(seen, MOTIONS), strict=True))
    depth[0, 1, :20, :20] = 0.0
    start = torch.cat([meant(motion) for motion in MOTIONS]).float()
    known = {"expected": start, "spread": SPREAD.expand(len(MOTIONS), 3)}
    for given in ({}, known):
        here = Alignment(grey, depth, fov_deg=90.0, far=FAR).refine(start, STAGES, **given)
        with monkeypatch.context() as patch:
            patch.setattr(Alignment, "_on_threads", Alignment._in_tensors)
            there = Alignment(grey, depth, fov_deg=90.0, far=FAR).refine(start, STAGES, **given)
        assert (here[0] - start).abs().max() > 0.01
        assert torch.allclose(here[0], there[0], atol=5e-4)
        assert torch.allclose(here[1], there[1], rtol=0.01)


@pytest.mark.parametrize("part", [1, 2, 4])
def test_kernels_and_tensors_see_the_same_in_frames(part):
    grey, depth = (torch.cat(images) for images in zip(*map(seen, MOTIONS), strict=True))
    depth[0, :, :20, :20] = 0.0
    depth[1, 1, :, 32:] *= 3.0
    frames = smaller(grey, depth, part)
    here = alignment._level_on_threads(*frames, fov_deg=80.0, far=FAR)
    there = alignment._level(*frames, fov_deg=80.0, far=FAR)
    assert 0 < (~there.even[1]).float().mean() < 0.2  # along the edge
    for field in dataclasses.fields(here):
        a, b = (getattr(level, field.name).float() for level in (here, there))
        assert a.shape == b.shape
        assert (a - b).abs().max() <= 1e-5 * b.abs().max(), field.name


def test_some_rows_are_aligned_as_all_of_them_are():
    grey, depth = (torch.cat(images) for images in zip(*map(seen, MOTIONS), strict=True))
    start = torch.cat([meant(motion) for motion in MOTIONS]).float()
    pairs = Alignment(grey, depth, fov_deg=90.0, far=FAR)
    whole, _ = pairs.refine(start, STAGES)
    which = torch.tensor([True, False, True, False])
    some, _ = pairs.rows(which).refine(start[which], STAGES)
    assert torch.equal(some, whole[which])


def test_frames_that_a_stage_makes_too_small_are_refused():
    grey, depth = seen(MOTIONS[0])
    with pytest.raises(ValueError, match=r"32 times smaller, 2 pixels.*at least 4"):
        Alignment(grey, depth, fov_deg=90.0, far=FAR).refine(
            torch.zeros(1, 3), ((32, 1, 0.3, 0.1),)
        )

"""Streams: what is rendered while training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from navworld.data.overlap import overlap
from navworld.envs.recording import RecordConfig, rides
from navworld.envs.recording.streaming import Clips, Matches, Pairs, Posed, Stream
from navworld.geometry import se3

CONFIG = RecordConfig(
    scenes="maze:0-1",
    sensors={"rgb": 10, "depth": 10, "imu": 50},
    seconds=4.0,
    image_size=(16, 24),
    light="none",
    routes=2,
)
ONCE = {"epochs": 1, "fresh": False}


def prints(items: Iterable[dict[str, torch.Tensor]]) -> list[bytes]:
    """The bytes of every item."""
    return [b"".join(v.numpy().tobytes() for _, v in sorted(item.items())) for item in items]


def test_pairs_are_frames_of_rides_with_their_true_motion() -> None:
    sequence = rides(CONFIG)[0].sequence()
    assert sequence.truth is not None
    poses = sequence.truth.at(sequence.channels["rgb"].stamps).T_world_body
    items = list(Stream(CONFIG, Pairs(gap=2), buffer=1, **ONCE))
    assert len(items) == 4 * (41 - 2)
    for k in (0, 17):
        item = items[k]
        for at, frame in ((0, k), (1, k + 2)):
            assert np.array_equal(item["rgb"][at], sequence.read("rgb", frame))
            assert np.array_equal(item["depth"][at], sequence.read("depth", frame))
        motion = se3.relative(poses[k], poses[k + 2])
        assert np.allclose(item["T_previous_current"], motion, atol=1e-12)


def test_fast_sensors_come_with_the_frame_that_they_lead_to() -> None:
    sequence = rides(CONFIG)[0].sequence()
    item = list(Stream(CONFIG, Pairs(), buffer=1, **ONCE))[3]
    assert item["imu"].shape == (2, 5, 6)
    between = [sequence.read("imu", k) for k in range(15, 20)]  # from 0.3 s to 0.4 s
    assert np.array_equal(item["imu"][1], np.stack(between))


def test_the_items_do_not_depend_on_how_many_share_the_work() -> None:
    whole = prints(Stream(CONFIG, Pairs(), **ONCE))
    parts = [prints(Stream(CONFIG, Pairs(), part=(k, 3), **ONCE)) for k in range(3)]
    assert sorted(whole) == sorted(item for part in parts for item in part)
    assert len(set(whole)) == len(whole)
    assert whole == prints(Stream(CONFIG, Pairs(), **ONCE))


def test_workers_share_the_items_out() -> None:
    loader = DataLoader(Stream(CONFIG, Pairs(), **ONCE), batch_size=None, num_workers=2)
    assert sorted(prints(loader)) == sorted(prints(Stream(CONFIG, Pairs(), **ONCE)))


def test_every_epoch_has_routes_of_its_own_unless_told_otherwise() -> None:
    one = len(list(Stream(CONFIG, Pairs(), **ONCE)))
    fresh = prints(Stream(CONFIG, Pairs(), epochs=2))
    again = prints(Stream(CONFIG, Pairs(), epochs=2, fresh=False))
    assert len(set(fresh)) == 2 * one and len(set(again)) == one


def test_the_buffer_mixes_and_keeps_everything() -> None:
    ordered = prints(Stream(CONFIG, Pairs(), buffer=1, **ONCE))
    mixed = prints(Stream(CONFIG, Pairs(), buffer=64, **ONCE))
    assert sorted(ordered) == sorted(mixed)
    moved = [abs(mixed.index(item) - k) for k, item in enumerate(ordered)]
    assert np.mean(moved) > 20


def test_batches_are_stacked_items() -> None:
    items = list(Stream(CONFIG, Pairs(), **ONCE))
    batches = list(Stream(CONFIG, Pairs(), batch=32, **ONCE))
    assert len(batches) == len(items) // 32
    assert batches[0]["rgb"].shape == (32, 2, 16, 24, 3)
    assert torch.equal(batches[1]["depth"][5], items[37]["depth"])


def test_clips_are_frames_in_a_row() -> None:
    items = list(Stream(CONFIG, Clips(length=4, stride=2), buffer=1, **ONCE))
    assert len(items) == 4 * 5
    item = items[1]
    assert item["rgb"].shape == (4, 16, 24, 3) and item["T_previous_current"].shape == (3, 4, 4)
    assert np.allclose(item["stamp"], [0.7, 0.9, 1.1, 1.3])
    end = se3.relative(item["T_world_body"][0].numpy(), item["T_world_body"][-1].numpy())
    chained = np.linalg.multi_dot(list(item["T_previous_current"].numpy()))
    assert np.allclose(chained, end, atol=1e-12)


def test_posed_sets_show_one_scene_and_share_no_view() -> None:
    items = list(Stream(CONFIG, Posed(views=6), buffer=1, **ONCE))
    assert len(items) == 4 * (41 // 6)
    stamps = np.concatenate([item["stamp"].numpy() for item in items[:6]])
    assert len(np.unique(stamps)) == len(stamps) == 36
    assert (np.diff(items[0]["stamp"].numpy()) < 0).any()  # in no order


def test_matches_overlap_as_much_as_they_say() -> None:
    config = replace(CONFIG, conditions=[{}, {"fog": 3}])
    channel = rides(config)[0].sequence().channels["depth"]
    assert channel.lens is not None and channel.T_body_sensor is not None
    items = list(Stream(config, Matches(least=0.4, most=0.9), buffer=1, **ONCE))
    assert len(items) > 40
    for item in items[::7]:
        depth = item["depth"].numpy()
        T_world_camera = item["T_world_body"].numpy() @ channel.T_body_sensor
        T = se3.relative(T_world_camera[0], T_world_camera[1])
        assert np.allclose(item["T_query_database"], T, atol=1e-9)
        share = overlap(depth[0], depth[1], T, channel.lens)
        assert 0.4 <= share <= 0.9 and share == pytest.approx(float(item["overlap"]))


def test_matches_without_depth_are_refused() -> None:
    stream = Stream(replace(CONFIG, sensors={"rgb": 10}), Matches(), **ONCE)
    with pytest.raises(ValueError, match="needs a channel 'depth'"):
        next(iter(stream))


@pytest.mark.parametrize("given", [{"buffer": 0}, {"batch": 0}, {"part": (2, 2)}])
def test_wrong_sizes_are_refused(given: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        Stream(CONFIG, Pairs(), **given)

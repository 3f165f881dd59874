"""What systems learn from: true motions, the same bytes again, no scene of another split."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from navworld.actions import FORWARD, LEFT, RIGHT
from navworld.data import formats
from navworld.envs import sources
from navworld.envs.action_pairs import ActionPairs
from navworld.envs.recording import RecordConfig, rides
from navworld.envs.sources import RideClips, _shelf
from navworld.geometry import se3
from navworld.recipe import Portion
from navworld.training.loading import Rounds
from navworld.training.settings import TrainSettings

RIDES = RideClips(
    scenes="apartment:train[:2]", validation="apartment:validation[:1]", image_size=16,
    seconds=3.0, length=4, fresh=1, held=2, light="none",
)  # fmt: skip
PAIRS = ActionPairs(
    scenes="apartment:train[:1]", image_size=16, envs=2, held=4, light="none", actuation="none",
    rgb_noise="none", depth_noise="none",
)  # fmt: skip


def some(source, portion, count=3):
    return list(itertools.islice(source.batches(portion), count))


@pytest.mark.parametrize("source", [RIDES, PAIRS], ids=["rides", "pairs"])
def test_a_portion_is_the_same_again_and_others_differ(source):
    first, again = (some(source, Portion("train", 3, seed=1)) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert all(torch.equal(a[k], b[k]) for k in a)
    for other in (Portion("train", 3, seed=2), Portion("train", 3, seed=1, round=1)):
        assert not torch.equal(some(source, other)[0]["rgb"], first[0]["rgb"])


def test_clips_tell_the_true_motion():
    batch = some(RIDES, Portion("train", 4))[0]
    assert batch["rgb"].shape == (4, 4, 16, 16, 3)
    T = batch["T_world_body"]
    expected = se3.relative(T[:, :-1], T[:, 1:])
    assert torch.allclose(batch["T_previous_current"], expected, atol=1e-9)
    speed = batch["T_previous_current"][..., 0, 3] * RIDES.rate_hz
    assert -1e-3 < float(speed.min()) <= float(speed.max()) < 0.6  # a wheeled robot's


def test_validation_rides_are_in_validation_scenes():
    source = RideClips(scenes=("apartment:train[:2]", "maze:train[:1]"))
    train = [next(source.visits(Portion("train", 1, round=r))).scenes.key for r in range(8)]
    held = next(source.visits(Portion("validation", 1))).scenes.key
    assert len(set(train)) > 1
    assert held not in train


def test_every_kind_of_scene_has_as_many_visits():
    source = RideClips(scenes=("apartment:train[:6]", "maze:train[:1]", "city:train[:2]"))
    keys = [v.scenes.key for v in itertools.islice(source.visits(Portion("train", 1)), 18)]
    kinds = [key.partition("-")[0] for key in keys]
    assert {kind: kinds.count(kind) for kind in kinds} == {"apartment": 6, "maze": 6, "city": 6}
    assert len({key for key in keys if key.startswith("apartment")}) == 6  # each before any again
    assert len({key for key in keys[:9] if key.startswith("city")}) == 2


def test_rounds_go_on_with_what_they_have_seen():
    source = replace(RIDES, fresh=1, held=2, passes=4)
    shown = [{_first(clip) for clip in _clips(source, k)} for k in range(3)]
    assert shown[0] & shown[1]
    assert shown[1] & shown[2]
    assert not shown[0] & shown[2]  # forgotten


def test_a_run_that_goes_on_is_shown_the_same():
    source = replace(RIDES, passes=2)
    undisturbed = [some(source, Portion("train", 4, round=k), 4) for k in range(3)][-1]
    _shelf.cache_clear()
    for a, b in zip(undisturbed, some(source, Portion("train", 4, round=2), 4), strict=True):
        assert all(torch.equal(a[k], b[k]) for k in a)


def test_a_worker_gives_what_is_made_without_one():
    made = Rounds(RIDES, TrainSettings(batch=4, round_steps=3), part=(0, 1), first=0)
    alone = list(itertools.islice(iter(made), 6))
    _shelf.cache_clear()
    worker = iter(DataLoader(made, batch_size=None, num_workers=1))
    for a, b in zip(alone, itertools.islice(worker, 6), strict=True):
        assert all(torch.equal(a[k], b[k]) for k in a)


def test_a_worker_makes_visits_before_they_are_wanted(monkeypatch):
    monkeypatch.setattr(sources, "get_worker_info", lambda: "a worker's")
    shelf, made = sources._Shelf(), []

    def visit(number):
        if number == 2:
            raise ValueError("no such scene")
        made.append(number)
        yield number

    assert shelf.visit(0, visit) == [0]
    assert shelf.visit(1, visit) == [1]
    with pytest.raises(ValueError, match="no such scene"):
        shelf.visit(2, visit)
    assert shelf.visit(1 + sources.AHEAD, visit) == [1 + sources.AHEAD]
    assert made[:4] == [0, 1, 3, 4]  # once each, in order
    shelf.forget(4)
    assert shelf.visit(1, visit) == [1]  # made anew
    assert made.count(1) == 2 and made.count(4) == 1


def _clips(source, index):
    batches = some(source, Portion("train", 4, round=index), 40)
    return [clip for batch in batches for clip in batch["rgb"]]


def _first(clip):
    return clip.numpy().tobytes()


def test_a_discrete_action_without_noise_moves_as_commanded():
    found = {}
    for batch in some(PAIRS, Portion("train", 8), 8):
        for action, T in zip(batch["action"].tolist(), batch["T_previous_current"], strict=True):
            found.setdefault(action, []).append(se3.to_planar(T).tolist())
    turn = np.radians(30)
    assert np.allclose(found[LEFT], [0, 0, turn], atol=1e-6)
    assert np.allclose(found[RIGHT], [0, 0, -turn], atol=1e-6)
    ahead = np.array(found[FORWARD])
    assert np.allclose(np.median(ahead, 0), [0.25, 0, 0], atol=1e-6)
    assert (ahead[:, 0] <= 0.25 + 1e-6).all()  # shorter at a wall


def test_noise_changes_motion_and_images():
    noisy = ActionPairs(scenes="apartment:train[:1]", image_size=16, envs=2, held=4, light="none")
    batch = some(noisy, Portion("train", 16), 1)[0]
    left = se3.to_planar(batch["T_previous_current"])[batch["action"] == LEFT]
    if len(left):
        assert (left[:, 2] - np.radians(30)).abs().max() > 1e-3
    assert batch["depth"].shape == (16, 2, 16, 16, 1)


def test_clips_come_from_a_recording_too(tmp_path):
    config = RecordConfig(
        scenes=["apartment:train[:1]", "apartment:validation[:1]"], sensors={"rgb": 10},
        seconds=4.0, image_size=16, light="none",
    )  # fmt: skip
    formats.write("own", [ride.sequence() for ride in rides(config)], tmp_path / "recorded")
    source = RideClips(folder=str(tmp_path / "recorded"), length=5)
    batch = some(source, Portion("train", 4), 1)[0]
    assert batch["rgb"].shape == (4, 5, 16, 16, 3)
    truth = rides(config)[0].sequence()
    stamps = batch["stamp"][0].numpy()
    T = truth.truth.at(stamps).T_world_body
    motion = se3.relative(T[:-1], T[1:])
    assert np.allclose(batch["T_previous_current"][0].numpy(), motion, atol=1e-6)
    k = round(float(stamps[0]) * 10)
    assert np.array_equal(batch["rgb"][0, 0].numpy(), truth.read("rgb", k))
    with pytest.raises(ValueError, match="fewer than a batch"):
        some(source, Portion("train", 400), 1)
    with pytest.raises(FileNotFoundError, match="navworld record"):
        some(RideClips(folder=str(tmp_path / "none")), Portion("train", 4), 1)


def test_clips_of_one_frame_are_refused():
    with pytest.raises(ValueError, match="at least 2 frames"):
        RideClips(length=1)


def test_more_fresh_visits_than_are_held_are_refused():
    with pytest.raises(ValueError, match="no more fresh visits than are held"):
        RideClips(fresh=5, held=4)

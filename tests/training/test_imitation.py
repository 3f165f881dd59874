"""DAgger learns from a teacher, and goes on where it was stopped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from navworld.agents.policies.planner import PlannerPolicy
from navworld.agents.policies.pointnav import PointNavPolicy, make_network
from navworld.maps.occupancy import OccupancyMapper, pack_crop, unpack_crop
from navworld.nn.weights import parameters
from navworld.training.imitation import Dagger, DaggerSettings, LabelBuffer
from tests.flats import FlatsEnv, MappedFlats

torch.set_num_threads(1)
CODECS = {key: (pack_crop, unpack_crop) for key in ("map_near", "map_far")}


def make(folder, samples: int) -> Dagger:
    torch.manual_seed(0)
    mapper = OccupancyMapper()
    env = MappedFlats(FlatsEnv(8, seed=2, flats=2), mapper)
    teacher = PlannerPolicy(mapper)
    settings = DaggerSettings(
        samples=samples, buffer=2000, round_steps=16, passes=4, batch=64, beta_samples=samples // 2
    )
    return Dagger(
        env, make_network(), lambda _, o: teacher.predict(o)[0], settings=settings,
        folder=folder, codecs=CODECS,
    )  # fmt: skip


def test_a_short_run_learns_to_imitate(tmp_path):
    lines: list[str] = []
    progress = make(tmp_path, 1152).run(every=384, report=lines.append)
    first, *_, last = progress.history
    assert len(lines) == 3
    assert last["loss"] < 0.8 * first["loss"]
    assert last["accuracy"] > max(0.65, first["accuracy"])


def test_a_stopped_run_goes_on(tmp_path):
    begun = make(tmp_path, 256)
    begun.run(every=128, report=lambda _: None)
    again = make(tmp_path, 384)
    lines: list[str] = []
    progress = again.run(every=128, report=lines.append)
    assert "resumed after 256" in lines[0]
    assert [row["samples"] for row in progress.history] == [128, 256, 384]
    assert (tmp_path / "resume.safetensors").stat().st_size < 15e6
    restored = make(tmp_path, 384)
    restored.run(report=lambda _: None)
    for name, value in parameters(again.network).items():
        torch.testing.assert_close(parameters(restored.network)[name], value)


def test_buffer_keeps_the_newest():
    buffer = LabelBuffer(5, {})
    for k in range(4):
        buffer.add({"x": np.full((2, 1), k, np.float32)}, np.full(2, k))
    seen, labels = buffer.sample(np.random.default_rng(0), 200)
    assert buffer.count == 5 and set(labels.tolist()) == {1, 2, 3}
    np.testing.assert_array_equal(seen["x"][:, 0], labels)


def test_policy_reads_its_keys_and_names_missing_ones():
    policy = PointNavPolicy(make_network())
    env = MappedFlats(FlatsEnv(2, seed=2, flats=1), OccupancyMapper())
    observation, _ = env.reset()
    actions, _ = policy.predict(observation)
    assert actions.shape == (2,) and set(actions.tolist()) <= {0, 1, 2, 3}
    del observation["map_far"]
    with pytest.raises(ValueError, match="map_far"):
        policy.predict(observation)

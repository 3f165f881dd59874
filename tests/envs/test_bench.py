"""Benchmarks measure and say what was on."""

import pytest

from navworld.agents.policies.oracle import ShortestPathOracle
from navworld.envs import bench
from navworld.envs.bench import timing
from navworld.scenes import family
from tests.rooms import two_rooms


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(timing, "ROUND_SECONDS", 0.05)
    monkeypatch.setattr(timing, "ROUNDS", 2)


def test_render_reports_frames_and_the_features_that_were_on():
    result = bench.bench_render(scenes=family(two_rooms, range(2)), size=32)
    assert result.metrics["frames_per_s"].value > 100
    assert result.config["filtered_textures"]
    assert result.config["baked_light"]
    assert result.config["triangles"]


def test_two_threads_are_compared_with_one():
    result = bench.bench_render(scenes=family(two_rooms, range(2)), size=32, threads=2)
    assert 0.3 < result.metrics["speedup"].value < 4


def test_step_reports_steps_resets_and_the_share_through_stable_baselines():
    scenes = family(two_rooms, range(2))
    result = bench.bench_step(ShortestPathOracle(), scenes=scenes, num_envs=4, size=32)
    assert result.metrics["steps_per_s"].value > 100
    assert result.metrics["resets_per_s"].value > 0
    assert 0.2 < result.metrics["sb3_ratio"].value < 2


def test_scenes_are_timed_from_seed_to_light():
    result = bench.bench_scene(scenes=family(two_rooms, range(2)))
    assert result.metrics["generate_s"].value > 0
    assert result.metrics["bake_s"].value > 0
    assert -5 < result.metrics["memory_mb"].value < 100
    assert len(result.config["triangles"]) == 2

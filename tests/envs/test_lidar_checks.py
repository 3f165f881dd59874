"""The checks and the benchmark of LiDAR find what they should."""

import pytest

from navworld.envs.bench import bench_lidar, timing
from navworld.envs.verify.lidar import verify_lidar
from navworld.scenes import family
from tests.rooms import two_rooms


def test_scanners_hold_to_their_model():
    metrics, checks = verify_lidar(fast=True)
    assert all(checks.values()), checks
    assert metrics["lidar_within_1mm_share"].value >= 0.999


def test_bench_reports_clean_and_noisy_scans(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(timing, "ROUND_SECONDS", 0.05)
    monkeypatch.setattr(timing, "ROUNDS", 2)
    result = bench_lidar(scenes=family(two_rooms, range(2)), beams=4, azimuths=64)
    assert result.metrics["scans_per_s"].value > 1000
    assert result.metrics["noisy_scans_per_s"].value > 1000
    assert result.metrics["peak_memory_mb"].value > 10
    assert result.config["beams"] == 4

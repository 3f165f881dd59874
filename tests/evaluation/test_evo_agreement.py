"""Alignment, ATE and RPE are evo's, on real trajectories and on 200 examples of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from navworld.data.trajectories import read_trajectory
from navworld.envs.verify.metric_oracles import KINDS, example
from navworld.envs.verify.metrics import (
    EVO_EXAMPLES,
    evo_table,
    gaps_to_evo,
    scores_like_evo,
    verify_metrics,
)
from navworld.evaluation.metrics.trajectories import (
    absolute_errors,
    aligned,
    log_errors,
    matched,
    pose_pairs,
    relative_errors,
    statistics,
)
from navworld.evaluation.trajectory_scores import score_files
from tests.evaluation.evo_oracle import evo_aligned, evo_errors, evo_row, evo_trajectory

REAL = {
    "slambook": ("slambook/estimated.txt", "slambook/groundtruth.txt"),
    "freiburg1_xyz": (
        "tum_freiburg1_xyz/freiburg1_xyz-rgbdslam.txt",
        "tum_freiburg1_xyz/freiburg1_xyz-groundtruth.txt",
    ),
}


@pytest.fixture(params=REAL)
def files(request, data: Path) -> tuple[Path, Path]:
    folder = data / "trajectories"
    estimate, reference = REAL[request.param]
    return folder / estimate, folder / reference


@pytest.mark.parametrize(
    "seeds",
    [range(0, EVO_EXAMPLES, 5), pytest.param(range(EVO_EXAMPLES), marks=pytest.mark.slow)],
    ids=["some", "all"],
)
def test_the_stored_table_is_what_evo_says(seeds: range):
    pytest.importorskip("evo")
    table = evo_table()
    assert len(table) == EVO_EXAMPLES
    for seed in seeds:
        asked, row = evo_row(seed), table[seed]
        for name, text in asked.items():
            straight = KINDS[seed % len(KINDS)] == "straight"
            if straight and ("se3" in name or "sim3" in name):
                continue  # whether evo refuses a line hangs on its last digit
            assert bool(text) == bool(row[name]), (seed, name)
            if text:
                assert float(text) == pytest.approx(float(row[name]), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=KINDS)
def test_examples_of_every_kind_agree_with_evo_within_1e_6(kind: int):
    for seed in range(kind, EVO_EXAMPLES, len(KINDS)):
        row = dict(evo_table()[seed])
        if KINDS[kind] == "straight":
            row |= {"ate_se3_deg": "", "ate_sim3_deg": ""}  # the turn about a line is arbitrary
        gaps = gaps_to_evo(row, scores_like_evo(*example(seed)))
        assert len(gaps) >= 4
        assert max(gaps.values()) < 1e-6, (seed, gaps)


def test_nothing_that_evo_measures_is_refused_and_little_else_is_measured():
    for seed, row in enumerate(evo_table()[:48]):
        found = scores_like_evo(*example(seed))
        assert {name for name, text in row.items() if text} <= set(found)
        refused = {name for name in set(found) if not row[name]}
        assert all("se3" in name or "sim3" in name for name in refused)


@pytest.mark.parametrize("kind", ["none", "se3", "sim3"])
def test_every_pose_of_real_trajectories_errs_as_in_evo(files: tuple[Path, Path], kind: str):
    pytest.importorskip("evo")
    from evo.core import metrics, sync
    from evo.tools.file_interface import read_tum_trajectory_file

    theirs, truth = (read_tum_trajectory_file(str(path)) for path in files)
    truth, theirs = sync.associate_trajectories(truth, theirs)
    theirs, scale = evo_aligned(theirs, truth, kind)
    mine, reference = matched(*(read_trajectory(path) for path in files))
    mine, alignment = aligned(mine, reference, kind)
    assert float(alignment.scale) == pytest.approx(scale, abs=1e-6)
    metres, radians = absolute_errors(mine.T_world_body, reference.T_world_body)
    for relation, errors in (
        (metrics.PoseRelation.translation_part, metres),
        (metrics.PoseRelation.rotation_angle_rad, radians),
    ):
        np.testing.assert_allclose(
            errors, evo_errors(metrics.APE(relation), truth, theirs), atol=1e-6
        )
    for delta, unit, theirs_unit in ((1, "frames", "frames"), (0.3, "metres", "meters")):
        for every in (False, True):
            pairs = pose_pairs(mine, delta, unit, all_pairs=every)
            metres, _ = relative_errors(mine.T_world_body, reference.T_world_body, pairs)
            metric = metrics.RPE(
                metrics.PoseRelation.translation_part,
                delta,
                metrics.Unit[theirs_unit],
                all_pairs=every,
            )
            np.testing.assert_allclose(metres, evo_errors(metric, truth, theirs), atol=1e-6)


def test_the_command_scores_files_as_evo_does(files: tuple[Path, Path]):
    pytest.importorskip("evo")
    from evo.core import metrics, sync
    from evo.tools.file_interface import read_tum_trajectory_file

    theirs, truth = (read_tum_trajectory_file(str(path)) for path in files)
    truth, theirs = sync.associate_trajectories(truth, theirs)
    found = score_files(*files, align="sim3").metrics
    moved, scale = evo_aligned(theirs, truth, "sim3")
    part = metrics.PoseRelation.translation_part
    ate = np.sqrt(np.mean(evo_errors(metrics.APE(part), truth, moved) ** 2))
    rpe = np.sqrt(np.mean(evo_errors(metrics.RPE(part), truth, moved) ** 2))
    assert found["ate_m"].value == found["ate_sim3_m"].value == pytest.approx(ate, abs=1e-6)
    assert found["rpe_m"].value == pytest.approx(rpe, abs=1e-6)
    assert found["sim3_scale"].value == pytest.approx(scale, abs=1e-6)


def test_evo_matches_the_same_poses_when_times_jitter():
    pytest.importorskip("evo")
    from evo.core import sync

    rng = np.random.default_rng(0)
    estimate, reference = example(0)
    for _ in range(20):
        kept = np.sort(rng.choice(len(estimate), 15, replace=False))
        some = type(estimate)(
            estimate.stamps[kept] + rng.uniform(-0.012, 0.012, len(kept)),
            estimate.T_world_body[kept],
        )
        mine, _ = matched(some, reference)
        _, theirs = sync.associate_trajectories(evo_trajectory(reference), evo_trajectory(some))
        np.testing.assert_array_equal(mine.stamps, theirs.timestamps)


def test_slambooks_pairs_have_the_published_error(data: Path):
    folder = data / "trajectories" / "slambook"
    estimate, truth = (read_trajectory(folder / f"{n}.txt") for n in ("estimated", "groundtruth"))
    errors = log_errors(estimate.T_world_body, truth.T_world_body)
    assert statistics(errors).rmse == pytest.approx(2.20727, abs=1e-5)


def test_verify_finds_every_metric_in_agreement():
    metrics, checks = verify_metrics(fast=True)
    assert len(checks) == len(metrics) >= 18
    assert all(checks.values()), {k: v.value for k, v in metrics.items()}


def test_verify_notices_a_wrong_metric(monkeypatch: pytest.MonkeyPatch):
    from navworld.evaluation.metrics import navigation

    right = navigation.path_efficiency
    monkeypatch.setattr(navigation, "path_efficiency", lambda *a: right(*a) * (1 + 1e-6))
    _, checks = verify_metrics(fast=True)
    assert [name for name, holds in checks.items() if not holds] == [
        "metrics: spl agrees within 1e-09",
        "metrics: soft_spl agrees within 1e-09",
    ]

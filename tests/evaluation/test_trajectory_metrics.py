"""Absolute and relative errors, segments, scale, dead reckoning: known answers and invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navworld.evaluation.metrics.drift import (
    KITTI_LENGTHS,
    inertial_drift,
    path_distances,
    scaled_lengths,
    segment_errors,
    segment_scales,
)
from navworld.evaluation.metrics.trajectories import (
    absolute_errors,
    aligned,
    matched,
    pose_pairs,
    relative_errors,
    statistics,
)
from navworld.evaluation.result import Metric
from navworld.evaluation.trajectory_scores import score_trajectory, summarize_sequences
from navworld.geometry import Trajectory, from_planar, integrate, se3

SEEDS = st.integers(0, 2**32 - 1)


def _walk(seed: int, count: int = 60) -> Trajectory:
    rng = np.random.default_rng(seed)
    motions = se3.exp(0.2 * rng.standard_normal((count - 1, 6)))
    return Trajectory(0.1 * np.arange(count), integrate(se3.random(rng), motions))


def _line(count: int, step: float = 1.0) -> Trajectory:
    xy_yaw = np.zeros((count, 3))
    xy_yaw[:, 0] = step * np.arange(count)
    return Trajectory(0.1 * np.arange(count), from_planar(xy_yaw))


def _noisy(walk: Trajectory, seed: int) -> Trajectory:
    noise = 0.02 * np.random.default_rng(seed).standard_normal((len(walk), 6))
    return Trajectory(walk.stamps, walk.T_world_body @ se3.exp(noise))


@given(SEEDS)
def test_ate_ignores_a_rigid_offset(seed: int):
    walk = _walk(seed)
    offset = se3.random(np.random.default_rng(seed + 1))
    moved, _ = aligned(walk.moved(offset), walk, "se3")
    metres, radians = absolute_errors(moved.T_world_body, walk.T_world_body)
    assert metres.max() < 1e-9
    assert radians.max() < 1e-6


@given(SEEDS)
def test_only_sim3_ignores_a_scale(seed: int):
    walk = _walk(seed)
    doubled = walk.moved(np.eye(4), 2.0)
    for kind, right in (("none", False), ("se3", False), ("sim3", True)):
        moved, alignment = aligned(doubled, walk, kind)
        metres, _ = absolute_errors(moved.T_world_body, walk.T_world_body)
        assert (statistics(metres).rmse < 1e-9) == right
        assert float(alignment.scale) == pytest.approx(0.5 if right else 1.0)


@given(SEEDS)
def test_rpe_ignores_a_rigid_offset_and_sees_one_bad_motion(seed: int):
    walk = _walk(seed)
    motions = walk.motions()
    motions[7] = motions[7] @ se3.exp(np.array([0.3, 0, 0, 0, 0, 0.1]))
    offset = se3.random(np.random.default_rng(seed + 1))
    bad = Trajectory(walk.stamps, integrate(offset, motions))
    metres, radians = relative_errors(bad.T_world_body, walk.T_world_body, pose_pairs(walk))
    expected = np.zeros((2, len(walk) - 1))
    expected[0, 7] = np.linalg.norm(se3.exp(np.array([0.3, 0, 0, 0, 0, 0.1]))[:3, 3])
    expected[1, 7] = 0.1
    np.testing.assert_allclose([metres, radians], expected, atol=1e-7)


def test_statistics_of_three_errors():
    found = statistics([1.0, 2.0, 6.0])
    assert found.rmse == pytest.approx(np.sqrt(41 / 3))
    assert (found.mean, found.median, found.min, found.max) == (3.0, 2.0, 1.0, 6.0)
    assert found.std == pytest.approx(np.sqrt(14 / 3))


def test_matching_takes_each_pose_once_and_none_too_far():
    walk = _line(5)
    late = Trajectory(walk.stamps + np.array([0.004, 0.02, -0.003, 0.009, 0.0]), walk.T_world_body)
    mine, truth = matched(late, walk)
    np.testing.assert_allclose(truth.stamps, walk.stamps[[0, 2, 3, 4]])
    assert len(mine) == 4
    with pytest.raises(ValueError, match="use one clock"):
        matched(Trajectory(walk.stamps + 1e9, walk.T_world_body), walk)


def test_consecutive_pairs_share_their_ends_and_all_pairs_overlap():
    line = _line(11)
    for delta, unit in ((3, "frames"), (3.0, "metres"), (0.3, "seconds")):
        i, j = pose_pairs(line, delta, unit)
        assert (i.tolist(), j.tolist()) == ([0, 3, 6], [3, 6, 9])
        i, j = pose_pairs(line, delta, unit, all_pairs=True)
        assert (i.tolist(), j.tolist()) == (list(range(8)), list(range(3, 11)))


def test_a_pair_ends_where_the_length_is_first_reached_and_all_pairs_where_it_is_nearest():
    line = _line(10, 0.4)
    assert pose_pairs(line, 1.0, "metres")[1].tolist() == [3, 6, 9]
    i, j = pose_pairs(line, 0.79, "metres", all_pairs=True)
    assert set((j - i).tolist()) == {2}
    with pytest.raises(ValueError, match="smaller delta"):
        pose_pairs(line, 1.0, "metres", all_pairs=True)  # 0.8 and 1.2 m miss by 20 %


@pytest.mark.parametrize(
    ("delta", "unit", "message"),
    [
        (0, "frames", "positive"),
        (1.5, "frames", "whole number"),
        (99, "frames", "smaller delta"),
        (50.0, "metres", "smaller delta"),
        (np.nan, "seconds", "positive"),
        (1, "hours", "expected 'frames'"),
    ],
)
def test_pairs_that_cannot_be_are_refused(delta, unit, message):
    with pytest.raises(ValueError, match=message):
        pose_pairs(_line(10), delta, unit)


def test_kitti_errors_of_an_odometer_that_is_two_percent_short():
    line = _line(900)
    found = segment_errors(line.moved(np.eye(4), 0.98).T_world_body, line.T_world_body)
    # A segment of 100 m ends at the first pose beyond: 101 m, which come out 2.02 m short.
    expected = np.mean(100 * 0.02 * (found.length + 1) / found.length)
    assert found.t_err_percent == pytest.approx(expected)
    assert found.r_err_deg_per_m == pytest.approx(0, abs=1e-12)
    lengths, t_err, _, counts = found.by_length().T
    assert tuple(lengths) == KITTI_LENGTHS
    assert t_err[0] == pytest.approx(2.02)
    assert counts.tolist() == [80, 70, 60, 50, 40, 30, 20, 10]


def test_kitti_errors_of_a_compass_that_turns_a_degree_in_ten_metres():
    line = _line(120)
    turning = np.zeros((119, 6))
    turning[:, 0], turning[:, 5] = 1.0, np.radians(0.1)
    bent = integrate(np.eye(4), se3.exp(turning))
    found = segment_errors(bent, line.T_world_body, lengths=(49.5,), step=1)
    assert found.r_err_deg_per_m == pytest.approx(0.1 * 50 / 49.5)


def test_segments_too_long_for_the_path_leave_no_number():
    found = segment_errors(_line(50).T_world_body, _line(50).T_world_body)
    assert np.isnan(found.t_err_percent)
    assert np.isnan(found.r_err_deg_per_m)
    assert found.by_length().shape == (0, 4)
    np.testing.assert_allclose(scaled_lengths(40.0), [2, 4, 6, 8, 10, 12, 14, 16])


@given(SEEDS, st.floats(0.2, 5.0))
def test_scale_is_found_in_every_stretch(seed: int, scale: float):
    walk = _walk(seed)
    offset = se3.random(np.random.default_rng(seed + 1))
    length = walk.length / 5
    scales = segment_scales(walk.moved(offset, scale).T_world_body, walk.T_world_body, length)
    assert len(scales) >= 4
    np.testing.assert_allclose(scales, scale, rtol=1e-9)


def test_scale_that_changes_half_way_is_drift():
    line = _line(201)
    motions = line.motions()
    motions[100:, 0, 3] *= 1.2
    grown = integrate(np.eye(4), motions)
    scales = segment_scales(grown, line.T_world_body, 20.0)
    np.testing.assert_allclose(scales, [1.0] * 5 + [1.2] * 5)
    found = score_trajectory(Trajectory(line.stamps, grown), line).metrics
    assert found["scale_error_percent"].value == pytest.approx(10)
    assert found["scale_drift_percent"].value == pytest.approx(10)


def test_dead_reckoning_that_turns_a_degree_a_minute():
    seconds = np.arange(0, 121.0)
    still = np.tile(np.eye(4), (121, 1, 1))
    walk = Trajectory(seconds, still)
    walk.T_world_body[:, 0, 3] = seconds
    turned = np.zeros((121, 3))
    turned[:, 0], turned[:, 2] = seconds * 1.01, np.radians(seconds / 60)
    found = inertial_drift(Trajectory(seconds, from_planar(turned)), walk)
    assert found.heading_deg_per_min == pytest.approx(1.0)
    assert found.percent == pytest.approx(1.0)
    assert found.after == pytest.approx({30.0: 0.3, 60.0: 0.6, 120.0: 1.2})


def test_drift_is_measured_from_the_first_pose_wherever_it_is():
    walk, offset = _walk(3), se3.random(np.random.default_rng(9))
    found = inertial_drift(walk.moved(offset), walk)
    assert found.percent == pytest.approx(0, abs=1e-9)
    assert found.after == {}


def test_path_distances_of_a_square():
    square = from_planar([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]])
    np.testing.assert_allclose(path_distances(square), [0, 2, 4, 6])


@pytest.mark.parametrize("count", [1, 2])
def test_very_short_sequences_are_scored_with_what_is_defined(count: int):
    line = _line(count)
    found = score_trajectory(line, line).metrics
    assert found["ate_m"].value == 0
    assert ("rpe_m" in found) == (count == 2)
    assert all(np.isfinite(metric.value) for metric in found.values())


def test_standing_still_is_scored_without_scale():
    still = Trajectory(0.1 * np.arange(9), np.tile(np.eye(4), (9, 1, 1)))
    found = score_trajectory(still, still).metrics
    assert found["ate_se3_m"].value == pytest.approx(0)
    assert not {"sim3_scale", "scale_error_percent", "t_err_percent"} & set(found)


def test_perfect_estimates_have_no_error_and_scaled_ones_are_named():
    walk = _walk(0)
    found = score_trajectory(walk, walk)
    for name in ("ate_m", "rpe_m", "t_err_percent", "scale_error_percent", "end_drift_percent"):
        assert found.metrics[name].value == pytest.approx(0, abs=1e-9)
    scaled = score_trajectory(walk.moved(np.eye(4), 0.5), walk, align="sim3")
    assert scaled.config["scale_applied"] == pytest.approx(2.0)
    assert scaled.metrics["rpe_m"].value == pytest.approx(0, abs=1e-9)
    assert scaled.metrics["scale_error_percent"].value == pytest.approx(50)


def test_sequences_are_summarized_with_an_interval():
    runs = [score_trajectory(_noisy(_walk(k), k), _walk(k)).metrics for k in range(6)]
    runs[0] = {**runs[0], "only here": Metric(1.0)}
    found = summarize_sequences(runs)
    values = [run["ate_m"].value for run in runs]
    ate = found["ate_m"]
    assert ate.value == pytest.approx(np.mean(values))
    assert min(values) <= ate.low < ate.value < ate.high <= max(values)
    assert ate.unit == "m"
    assert "only here" not in found


def test_poses_that_do_not_correspond_are_refused():
    for score in (absolute_errors, segment_errors):
        with pytest.raises(ValueError, match="by time first"):
            score(_line(3).T_world_body, _line(4).T_world_body)
    with pytest.raises(ValueError, match="row"):
        inertial_drift(_line(3), _line(4))

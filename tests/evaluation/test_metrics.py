"""Depth, flow, retrieval, relocalization, matching, maps, images, beliefs: known answers.

`test_evo_agreement` compares them with naive accounts; here are their edges and their meaning.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from navworld.envs.verify import metric_oracles as oracles
from navworld.evaluation.metrics import (
    depth,
    flow,
    geometry,
    images,
    matching,
    navigation,
    relocalization,
    retrieval,
    segmentation,
    uncertainty,
)
from navworld.geometry import from_planar, se3, so3, transform


def test_depth_ten_percent_too_far():
    true = np.random.default_rng(0).uniform(1, 9, (2, 8, 8))
    found = depth.depth_errors(1.1 * true, true)
    np.testing.assert_allclose(found.abs_rel, 0.1)
    np.testing.assert_allclose(found.rmse_log, np.log(1.1))
    np.testing.assert_allclose(found.delta1, 1)
    scaled = depth.depth_errors(1.1 * true, true, median_scaled=True)
    np.testing.assert_allclose(scaled.rmse, 0, atol=1e-12)
    np.testing.assert_allclose(scaled.scale, 1 / 1.1)


def test_depth_counts_only_what_was_measured_and_lies_in_reach():
    true = np.array([[[0.0, 1.0, 2.0, 50.0, np.inf, np.nan]]])
    estimate = np.array([[[9.0, 1.0, 4.0, 1.0, 1.0, np.nan]]])
    found = depth.depth_errors(estimate, true, far=10.0)
    assert found.pixels.tolist() == [2]
    assert found.sq_rel[0] == pytest.approx((2**2 / 2) / 2)
    assert (found.delta1[0], found.delta3[0]) == (0.5, 0.5)


def test_an_image_without_depth_is_left_out_of_the_mean():
    true = np.stack([np.zeros((4, 4)), np.ones((4, 4))])
    found = depth.depth_errors(np.full((2, 4, 4), 1.5), true)
    assert np.isnan(found.abs_rel[0])
    assert found.mean()["abs_rel"] == pytest.approx(0.5)
    assert np.isnan(depth.depth_errors(true[:1], true[:1]).mean()["rmse"])


def test_depth_that_cannot_be_compared_is_refused():
    one = np.ones((1, 2, 2))
    with pytest.raises(ValueError, match="two batches"):
        depth.depth_errors(one, one[0])
    with pytest.raises(ValueError, match="NaN or infinity"):
        depth.depth_errors(one * np.nan, one)
    with pytest.raises(ValueError, match="cannot be scaled"):
        depth.depth_errors(0 * one, one, median_scaled=True)
    with pytest.raises(ValueError, match="near < far"):
        depth.depth_errors(one, one, near=2, far=1)


def test_flow_error_is_a_distance_and_outliers_are_wrong_in_both_ways():
    true = np.zeros((1, 1, 4, 2))
    true[0, 0, :, 0] = [0, 100, 100, 10]
    estimate = true + np.array([[0.0, 0.0], [3, 4], [6, 0], [0, 3.5]])
    found = flow.flow_errors(estimate, true)
    assert found.epe[0] == pytest.approx((0 + 5 + 6 + 3.5) / 4)
    assert found.outliers_percent[0] == pytest.approx(50)  # 5 px are 5 % of 100 and no more
    seen = np.array([[[True, True, False, False]]])
    assert flow.flow_errors(estimate, true, seen).epe[0] == pytest.approx(2.5)
    assert np.isnan(flow.flow_errors(estimate, true, ~np.isfinite(true[..., 0])).epe[0])


def test_a_pose_is_found_when_place_and_direction_are():
    true = np.tile(np.eye(4), (5, 1, 1))
    found = from_planar(
        [[0.04, 0, np.radians(4)], [0.04, 0, np.radians(6)], [0.2, 0, 0], [4, 0, 0], [0, 0, 0]]
    )
    found[4] = np.nan  # no answer
    errors = relocalization.pose_errors(found, true)
    np.testing.assert_allclose(errors[0], [0.04, 0.04, 0.2, 4, np.inf])
    np.testing.assert_allclose(relocalization.recalls(*errors), [0.2, 0.2, 0.4, 0.8])
    metres, degrees = relocalization.median_errors(*errors)
    assert (metres, degrees) == pytest.approx((0.2, 4.0))
    assert relocalization.median_errors([1.0, np.inf], [1.0, np.inf])[0] == np.inf
    assert relocalization.median_errors([1.0, 3.0], [0.0, np.pi])[1] == pytest.approx(90)


def test_recall_counts_queries_with_a_right_answer_among_the_first_k():
    places = np.arange(6.0)[:, None]
    positives = retrieval.positives_within([[0.1], [5.2], [99.0]], places, 0.5)
    ranking = np.array([[3, 0, 1], [5, 1, 2], [0, 1, 2]])
    np.testing.assert_allclose(retrieval.recall_at(ranking, positives, (1, 2)), [0.5, 1.0])
    assert retrieval.recall_at_percent(ranking, positives, 34) == 1.0
    with pytest.raises(ValueError, match="recall is not defined"):
        retrieval.recall_at(ranking, np.zeros((3, 6), bool), (1,))
    with pytest.raises(ValueError, match="numbers from 1 to the 3"):
        retrieval.recall_at(ranking, positives, (4,))


def test_precision_and_recall_of_four_loops():
    scores, labels = [0.9, 0.8, 0.8, 0.1], [True, True, False, True]
    precision, recall = retrieval.precision_recall(scores, labels)
    np.testing.assert_allclose(precision, [1, 2 / 3, 3 / 4])
    np.testing.assert_allclose(recall, [1 / 3, 2 / 3, 1])
    assert retrieval.pr_auc(scores, labels) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert retrieval.recall_at_full_precision(scores, labels) == pytest.approx(1 / 3)
    assert retrieval.pr_auc(scores, [True] * 4) == pytest.approx(1.0)


def test_pose_auc_of_perfect_failed_and_mixed_pairs():
    np.testing.assert_allclose(matching.pose_auc(np.zeros(4)), 1)
    np.testing.assert_allclose(matching.pose_auc(np.full(4, np.inf)), 0)
    # Recall rises in a line to 1/2 at 2 degrees and stays.
    assert matching.pose_auc([2.0, np.inf], [10.0])[0] == pytest.approx((0.5 + 4) / 10)


def test_directions_of_translation_are_compared_without_length_and_sign():
    true = se3.from_rotation_translation(np.eye(3), np.array([[1.0, 0, 0]] * 3))
    R = so3.exp(np.array([0, 0, 0.2]))
    found = se3.from_rotation_translation(R, np.array([[-9.0, 0, 0], [1, 1, 0], [0, 0, 0]]))
    turn, direction = matching.relative_pose_errors(found, true)
    np.testing.assert_allclose(turn, 0.2)
    np.testing.assert_allclose(direction, [0, np.pi / 4, np.pi / 2], atol=1e-12)


def test_matches_within_pixels():
    errors = [0.5, 2.0, 3.0, 40.0]
    np.testing.assert_allclose(matching.matching_accuracy(errors, (1, 2, 3)), [0.25, 0.5, 0.75])
    assert matching.inlier_ratio(errors) == 0.75
    assert matching.inlier_ratio([]) == 0.0


def test_clouds_a_decimetre_apart():
    true = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0), [0.0]), -1).reshape(-1, 3)
    found = geometry.cloud_distances(true[:10] + np.array([0, 0, 0.1]), true)
    assert found.accuracy == pytest.approx(0.1)
    assert found.completeness > 1
    assert found.f_score(0.11) == pytest.approx(2 * 1 * 0.4 / 1.4)
    assert found.f_score(0.09) == 0
    with pytest.raises(ValueError, match="estimate must be finite points"):
        geometry.cloud_distances(np.zeros((0, 3)), true)


def test_voxels_in_common():
    a, b = np.zeros((2, 2, 2), bool), np.zeros((2, 2, 2), bool)
    assert geometry.voxel_iou(a, b) == 1
    a[0], b[:, 0] = True, True
    assert geometry.voxel_iou(a, b) == pytest.approx(2 / 6)
    assert geometry.voxel_iou(a, b, known=a) == pytest.approx(2 / 4)


def test_registrations_count_when_both_parts_are_near():
    true = np.tile(np.eye(4), (4, 1, 1))
    found = from_planar([[1.9, 0, 0], [2.1, 0, 0], [0, 0, np.radians(4.9)], [0, 0, 0.1]])
    assert geometry.registration_recall(found, true) == 0.5
    points = np.random.default_rng(0).standard_normal((50, 3))
    moved = geometry.registration_rmse(found[2], true[2], points)
    apart = np.linalg.norm(transform(found[2], points) - points, axis=1)
    assert moved == pytest.approx(np.sqrt(np.mean(apart**2)))


def test_class_maps_with_a_class_that_never_occurs():
    true = np.array([0, 0, 1, 1, segmentation.VOID])
    counts = segmentation.confusion(np.array([0, 1, 1, 1, 0]), true, 3)
    np.testing.assert_allclose(segmentation.class_iou(counts), [1 / 2, 2 / 3, np.nan])
    assert segmentation.mean_iou(counts) == pytest.approx(7 / 12)
    assert segmentation.pixel_accuracy(counts) == pytest.approx(3 / 4)
    assert np.isnan(segmentation.mean_iou(np.zeros((3, 3))))
    with pytest.raises(ValueError, match="expected 0 … 2"):
        segmentation.confusion(np.array([3]), np.array([0]), 3)


def test_panoptic_quality_of_one_found_one_missed_and_one_extra_segment():
    true_class, true_instance = np.zeros((1, 10), int), np.repeat([0, 1], 5)[None]
    mine_instance = np.array([[0, 0, 0, 0, 1, 1, 1, 1, 2, 2]])
    counts = segmentation.panoptic_counts(
        (true_class, mine_instance), (true_class, true_instance), 2
    )
    # The first has 4 of 5 pixels in common; the second 3 of 6, which is not more than half.
    assert counts.matched.tolist() == [1, 0]
    assert counts.extra.tolist() == [2, 0]
    assert counts.missed.tolist() == [1, 0]
    assert counts.pq == pytest.approx((4 / 5) / (1 + 2 / 2 + 1 / 2))


@pytest.mark.parametrize("seed", range(5))
def test_panoptic_quality_is_that_of_sets_of_pixels(seed: int):
    rng = np.random.default_rng(seed)
    true = np.stack([rng.integers(-1, 3, (6, 6)), rng.integers(0, 2, (6, 6))])
    true = true.repeat(3, 1).repeat(3, 2)
    mine = np.where(rng.random(true.shape[1:]) < 0.85, true, 0)
    found = segmentation.panoptic_counts((mine[0], mine[1]), (true[0], true[1]), 3)
    naive = oracles.panoptic_quality(np.moveaxis(mine, 0, -1), np.moveaxis(true, 0, -1), 3)
    assert 0.05 < naive < 0.95
    assert found.pq == pytest.approx(naive)
    twice = found + found
    assert twice.pq == pytest.approx(found.pq)


def test_equal_images_are_alike_and_noise_makes_them_differ():
    image = np.random.default_rng(0).random((2, 16, 16, 3))
    assert np.isinf(images.psnr(image, image, peak=1)).all()
    np.testing.assert_allclose(images.ssim(image, image, peak=1), 1)
    assert images.psnr(image + 0.1, image, peak=1) == pytest.approx([20, 20])
    assert (images.ssim(1 - image, image, peak=1) < 0).all()
    with pytest.raises(ValueError, match="11 × 11"):
        images.ssim(image[:, :8], image[:, :8], peak=1)


def test_an_honest_estimator_is_calibrated_and_a_bold_one_is_found_out():
    rng = np.random.default_rng(0)
    root = rng.standard_normal((4000, 3, 3)) + 2 * np.eye(3)
    covariances = root @ root.mT
    errors = (root @ rng.standard_normal((4000, 3, 1)))[..., 0]
    low, high = uncertainty.nees_bounds(4000, 3)
    assert low < uncertainty.nees(errors, covariances) < high
    assert uncertainty.calibration_error(errors, covariances) < 0.02
    bold = covariances / 4
    assert uncertainty.nees(errors, bold) == pytest.approx(4, rel=0.05)
    assert uncertainty.calibration_error(errors, bold) > 0.25
    assert uncertainty.nll(errors, covariances).mean() < uncertainty.nll(errors, bold).mean()
    half = uncertainty.coverage_curve(errors, bold, [0.5])[0]
    assert half == pytest.approx(chi2.cdf(chi2.ppf(0.5, 3) / 4, 3), abs=0.02)


def test_sigmas_in_the_order_of_errors_have_no_area_and_reversed_ones_the_most():
    errors = np.random.default_rng(0).exponential(1, 1000)
    assert uncertainty.ause(errors, errors) == 0
    shuffled = uncertainty.ause(errors, np.random.default_rng(1).random(1000))
    assert 0.3 < shuffled < uncertainty.ause(errors, -errors)
    curve = uncertainty.sparsification(errors, errors)
    assert curve[0] == pytest.approx(errors.mean())
    assert curve[50] == pytest.approx(np.sort(errors)[:500].mean())
    assert uncertainty.spearman(errors**2, errors) == pytest.approx(1)
    assert uncertainty.spearman(-errors, errors) == pytest.approx(-1)
    assert np.isnan(uncertainty.spearman(np.ones(5), np.arange(5)))


def test_covariances_that_weigh_nothing_are_refused():
    with pytest.raises(ValueError, match="not positive definite"):
        uncertainty.nees(np.ones((1, 2)), np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match="expected errors"):
        uncertainty.nll(np.ones((1, 2)), np.eye(3)[None])


def test_paths_twice_too_long_halve_spl():
    assert navigation.spl([True, False], [5.0, 5.0], [10.0, 5.0]).tolist() == [0.5, 0.0]
    assert navigation.spl([True], [5.0], [3.0]).tolist() == [1.0]
    assert navigation.soft_spl([2.5], [5.0], [5.0]).tolist() == [0.5]
    assert navigation.soft_spl([9.0], [5.0], [5.0]).tolist() == [0.0]
    assert navigation.success([True, True, False], [0.35, 0.36, 0.1], 0.36).tolist() == [
        True,
        False,
        False,
    ]
    assert navigation.coverage([3.0], [4.0]).tolist() == [0.75]

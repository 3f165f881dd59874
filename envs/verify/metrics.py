"""`navworld verify metrics`: every metric against an account of it that shares no code with ours.

evo's numbers for 200 example trajectories come along as a table (version 1.38.1); the tests ask
evo itself, which is GPL and no part of this package.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from navworld.envs.verify import metric_oracles as oracles
from navworld.envs.verify.findings import Findings
from navworld.evaluation.metrics import (
    depth,
    drift,
    geometry,
    images,
    matching,
    navigation,
    retrieval,
    segmentation,
    trajectories,
    uncertainty,
)
from navworld.evaluation.result import Metric
from navworld.geometry import Trajectory, integrate, se3

EVO_TABLE = Path(__file__).with_name("evo_1_38_1.csv")
EVO_EXAMPLES = 200
_RPE: dict[str, tuple[float, trajectories.Unit, bool]] = {
    "rpe_1_frame": (1.0, "frames", False),
    "rpe_7_frames": (7.0, "frames", False),
    "rpe_7_frames_all": (7.0, "frames", True),
    "rpe_1_metre": (1.0, "metres", False),
    "rpe_1_metre_all": (1.0, "metres", True),
}
EVO_COLUMNS = (
    *(f"ate_{kind}_{unit}" for kind in ("none", "se3", "sim3") for unit in ("m", "deg")),
    "sim3_scale",
    *(f"{name}_m{pairs}" for name in _RPE for pairs in ("", "_pairs")),
    "rpe_1_frame_deg",
)


def verify_metrics(fast: bool = False) -> Findings:
    """Trajectories as evo, segments as KITTI's kit, paths as habitat-lab, the rest naively."""
    gaps: dict[str, float] = {}
    for check in (_evo, _alignment, _kitti, _paths, _maps, _ranks, _beliefs):
        gaps |= check(fast)
    limits = {name: 1e-9 if name in ("spl", "soft_spl") else 1e-6 for name in gaps}
    metrics = {f"{name}_gap": Metric(gap) for name, gap in gaps.items()}
    return metrics, {
        f"metrics: {name} agrees within {limits[name]:g}": gap <= limits[name]
        for name, gap in gaps.items()
    }


def evo_table() -> list[dict[str, str]]:
    """What evo found, a row for every example; empty where evo refuses."""
    with EVO_TABLE.open(newline="") as file:
        return list(csv.DictReader(file))


def scores_like_evo(estimate: Trajectory, reference: Trajectory) -> dict[str, float]:
    """Our numbers for the columns of the table; those that are not defined are left out."""
    found: dict[str, float] = {}
    kinds: tuple[trajectories.AlignmentKind, ...] = ("none", "se3", "sim3")
    for kind in kinds:
        try:
            moved, alignment = trajectories.aligned(estimate, reference, kind)
        except ValueError:
            continue
        errors = trajectories.absolute_errors(moved.T_world_body, reference.T_world_body)
        found[f"ate_{kind}_m"] = trajectories.statistics(errors[0]).rmse
        found[f"ate_{kind}_deg"] = trajectories.statistics(np.degrees(errors[1])).rmse
        if kind == "sim3":
            found["sim3_scale"] = float(alignment.scale)
    for name, (delta, unit, every) in _RPE.items():
        try:
            pairs = trajectories.pose_pairs(estimate, delta, unit, all_pairs=every)
        except ValueError:
            continue
        metres, radians = trajectories.relative_errors(
            estimate.T_world_body, reference.T_world_body, pairs
        )
        found[f"{name}_m"] = trajectories.statistics(metres).rmse
        found[f"{name}_m_pairs"] = len(metres)
        if name == "rpe_1_frame":
            found["rpe_1_frame_deg"] = trajectories.statistics(np.degrees(radians)).rmse
    return found


def gaps_to_evo(row: Mapping[str, str], found: Mapping[str, float]) -> dict[str, float]:
    """Column → difference, relative where the value is above 1; inf where only evo has one.

    The angles of aligned poses are left out where points lie on a line: the turn is arbitrary.
    """
    gaps = {}
    for name, text in row.items():
        if text:
            value = float(text)
            gaps[name] = abs(found.get(name, np.inf) - value) / max(1.0, abs(value))
    return gaps


def _evo(fast: bool) -> dict[str, float]:
    worst = {"ate": 0.0, "rpe": 0.0, "sim3_scale": 0.0}
    for seed, row in enumerate(evo_table()[: 40 if fast else None]):
        gaps = gaps_to_evo(row, scores_like_evo(*oracles.example(seed)))
        for name, gap in gaps.items():
            if not (oracles.KINDS[seed % len(oracles.KINDS)] == "straight" and "3_deg" in name):
                family = name if name == "sim3_scale" else name[:3]
                worst[family] = max(worst[family], gap)
    return worst


def _alignment(fast: bool) -> dict[str, float]:
    """Also where evo refuses: points on a line, two points, one point."""
    worst = 0.0
    for seed in range(16 if fast else EVO_EXAMPLES):
        estimate, reference = oracles.example(seed)
        moved, _ = trajectories.aligned(estimate, reference, "se3")
        errors = trajectories.absolute_errors(moved.T_world_body, reference.T_world_body)
        least = oracles.least_rmse(estimate.positions, reference.positions)
        worst = max(worst, abs(trajectories.statistics(errors[0]).rmse - least))
    return {"least_squares": worst}


def _kitti(fast: bool) -> dict[str, float]:
    worst = 0.0
    for seed in range(2 if fast else 6):
        rng = np.random.default_rng(seed)
        motions = rng.standard_normal((600 if fast else 1500, 6)) * (0.1, 0.1, 0.1, 0, 0, 0.05)
        motions[:, 0] += rng.uniform(0.5, 1.5)
        noise = rng.standard_normal(motions.shape) * 0.01
        reference = integrate(np.eye(4), se3.exp(motions))
        estimate = integrate(np.eye(4), se3.exp(motions) @ se3.exp(noise))
        for lengths, step in ((drift.KITTI_LENGTHS, 10), ((5.0, 12.5, 40.0), 3)):
            found = drift.segment_errors(estimate, reference, lengths=lengths, step=step)
            t_err, r_err = oracles.kitti_errors(estimate, reference, lengths, step)
            gap = max(abs(found.t_err_percent - t_err), abs(found.r_err_deg_per_m - r_err))
            worst = max(worst, gap)
    return {"kitti_segments": worst}


def _paths(fast: bool) -> dict[str, float]:
    rng = np.random.default_rng(0)
    count = 1000
    stopped, reach = rng.random(count) < 0.7, 0.36
    start, path = rng.uniform(0.5, 30, count), rng.uniform(0, 60, count)
    left = rng.choice([0.0, 0.1, 0.36, 1.0], count) * rng.uniform(0.5, 40, count)
    reached = navigation.success(stopped, left, reach)
    spl = navigation.spl(reached, start, path)
    soft = navigation.soft_spl(left, start, path)
    rows = list(zip(stopped, left, start, path, strict=True))
    expected = [oracles.habitat_spl(s, d, reach, l0, p) for s, d, l0, p in rows]
    softly = [oracles.habitat_soft_spl(d, l0, p) for _, d, l0, p in rows]
    return {
        "spl": float(abs(spl - expected).max()),
        "soft_spl": float(abs(soft - softly).max()),
    }


def _maps(fast: bool) -> dict[str, float]:
    """Depth, segmentation and images."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    rng = np.random.default_rng(1)
    size, classes = (24 if fast else 48), 5
    reference = rng.uniform(0.5, 10, (2, size, size)) * (rng.random((2, size, size)) < 0.8)
    estimate = rng.uniform(0.4, 12, reference.shape)
    found = depth.depth_errors(estimate, reference)
    depth_gap = 0.0
    for k in range(2):
        row = [v[k] for v in (found.abs_rel, found.sq_rel, found.rmse, found.rmse_log)]
        row += [v[k] for v in (found.delta1, found.delta2, found.delta3)]
        expected = oracles.depth_errors(estimate[k], reference[k])
        depth_gap = max(depth_gap, float(abs(np.array(row) - expected).max()))
    true = np.stack(
        [rng.integers(-1, classes, (size // 4,) * 2), rng.integers(0, 2, (size // 4,) * 2)]
    )
    true = true.repeat(4, 1).repeat(4, 2)
    mine = np.where(rng.random((size, size)) < 0.8, true, rng.integers(0, 2, true.shape))
    mine[0] = np.maximum(mine[0], 0)
    counts = segmentation.confusion(mine[0], true[0], classes)
    quality = segmentation.panoptic_counts((mine[0], mine[1]), (true[0], true[1]), classes).pq
    naive = oracles.panoptic_quality(np.moveaxis(mine, 0, -1), np.moveaxis(true, 0, -1), classes)
    a = rng.random((1, size, size, 3))
    b = np.clip(a + 0.1 * rng.standard_normal(a.shape), 0, 1)
    likeness = structural_similarity(
        a[0], b[0], data_range=1, channel_axis=-1, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    ratio = peak_signal_noise_ratio(a[0], b[0], data_range=1)
    return {
        "depth": depth_gap,
        "mean_iou": abs(
            segmentation.mean_iou(counts) - oracles.mean_iou(mine[0], true[0], classes)
        ),
        "panoptic_quality": abs(quality - naive),
        "ssim": abs(float(images.ssim(b, a, peak=1)[0]) - likeness),
        "psnr": abs(float(images.psnr(b, a, peak=1)[0]) - ratio),
    }


def _ranks(fast: bool) -> dict[str, float]:
    """Retrieval, matching and point clouds."""
    rng = np.random.default_rng(2)
    scores = np.round(rng.random(200), 2)
    labels = rng.random(200) < 0.2 + 0.6 * scores
    errors = rng.exponential(8, 100)
    auc = matching.pose_auc(errors)
    naive = [oracles.pose_auc(errors, threshold) for threshold in (5.0, 10.0, 20.0)]
    p, q = rng.standard_normal((150, 3)), rng.standard_normal((90, 3))
    apart = np.linalg.norm(p[:, None] - q[None], axis=-1)
    clouds = geometry.cloud_distances(p, q)
    return {
        "pr_auc": abs(retrieval.pr_auc(scores, labels) - oracles.average_precision(scores, labels)),
        "pose_auc": float(abs(auc - naive).max()),
        "chamfer": abs(clouds.chamfer - (apart.min(1).mean() + apart.min(0).mean()) / 2),
    }


def _beliefs(fast: bool) -> dict[str, float]:
    """Uncertainty."""
    from scipy.stats import multivariate_normal, spearmanr

    rng = np.random.default_rng(3)
    root = rng.standard_normal((60, 3, 3))
    covariances = root @ root.mT + 0.1 * np.eye(3)
    errors = rng.standard_normal((60, 3))
    logs = [
        multivariate_normal(np.zeros(3), c).logpdf(e)
        for e, c in zip(errors, covariances, strict=True)
    ]
    squared = [e @ np.linalg.inv(c) @ e for e, c in zip(errors, covariances, strict=True)]
    sigma = np.round(rng.random(300), 1)
    error = sigma + rng.random(300)
    return {
        "nll": float(abs(uncertainty.nll(errors, covariances) + logs).max()),
        "nees": abs(uncertainty.nees(errors, covariances) - float(np.mean(squared)) / 3),
        "spearman": abs(uncertainty.spearman(sigma, error) - float(spearmanr(sigma, error)[0])),
    }

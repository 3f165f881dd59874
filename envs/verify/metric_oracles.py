"""Metrics once more, naively: loops over poses, pixels and segments that share no code."""

from __future__ import annotations

import math
import warnings
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from navworld.geometry import Trajectory, integrate, se3

KINDS = ("free", "planar", "straight", "two poses", "still", "grid", "pauses", "far")
"""Of example trajectories; every second one with an estimate in another frame and scale."""


def example(seed: int) -> tuple[Trajectory, Trajectory]:
    """An estimate and its reference, of the kind `KINDS[seed % 8]`."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    count = 2 if kind == "two poses" else int(rng.integers(20, 120))
    stamps = 0.1 * np.arange(count, dtype=np.float64)
    if kind == "grid":  # paths of whole decimetres: lengths of pairs are met exactly
        poses = np.tile(np.eye(4), (2, count, 1, 1))
        poses[:, :, 0, 3] = 0.1 * np.arange(count)
        poses[1, :, :3, 3] += 0.05 * rng.standard_normal((count, 3))
        return Trajectory(stamps, poses[0]), Trajectory(stamps, poses[1])
    motions = np.zeros((count - 1, 6))
    motions[:, 0] = 0.0 if kind == "still" else rng.uniform(0.1, 0.4)
    if kind == "pauses":
        motions[rng.random(count - 1) < 0.5] = 0.0
    if kind in ("free", "pauses", "far"):
        motions += rng.standard_normal((count - 1, 6)) * [0.05, 0.05, 0.05, 0.2, 0.2, 0.2]
    if kind == "planar":
        motions[:, 5] = 0.2 * rng.standard_normal(count - 1)
    start = se3.random(rng, spread=1e4 if kind == "far" else 5.0)
    reference = integrate(start, se3.exp(motions))
    noise = rng.standard_normal((count, 6)) * (0.02, 0.02, 0.02, 0.01, 0.01, 0.01)
    estimate = reference @ se3.exp(noise)
    if kind == "straight":  # without noise across: exactly on a line
        estimate = reference.copy()
        estimate[:, :3, 3] += noise[:, :1] * start[:3, 0]
    if seed // len(KINDS) % 2:
        estimate[:, :3, 3] *= rng.uniform(0.3, 3.0)
        estimate = se3.random(rng) @ estimate
    return Trajectory(stamps, estimate), Trajectory(stamps, reference)


def least_rmse(source: NDArray, target: NDArray) -> float:
    """RMSE [m] of points (N, 3) after the best rigid motion, by SciPy's Wahba solver."""
    from scipy.spatial.transform import Rotation

    p, q = source - source.mean(0), target - target.mean(0)
    if not np.linalg.norm(p) * np.linalg.norm(q) > 1e-12:
        return math.sqrt((p**2).sum(1).mean() + (q**2).sum(1).mean())
    with warnings.catch_warnings():  # of points on a line, whose turn is not unique
        warnings.simplefilter("ignore", UserWarning)
        turn = Rotation.align_vectors(q, p)[0]
    return math.sqrt(((turn.apply(p) - q) ** 2).sum(1).mean())


def kitti_errors(
    estimate: NDArray, reference: NDArray, lengths: tuple[float, ...], step: int
) -> tuple[float, float]:
    """t_err [%] and r_err [deg/m] the way the development kit goes about it."""
    path = [0.0]
    for before, after in pairwise(reference):
        path.append(path[-1] + math.dist(before[:3, 3], after[:3, 3]))
    t_errors, r_errors = [], []
    for first in range(0, len(path), step):
        for length in lengths:
            last = next((k for k in range(first, len(path)) if path[k] > path[first] + length), -1)
            if last == -1:
                continue
            true = np.linalg.inv(reference[first]) @ reference[last]
            found = np.linalg.inv(estimate[first]) @ estimate[last]
            error = np.linalg.inv(found) @ true
            cosine = 0.5 * (error[0, 0] + error[1, 1] + error[2, 2] - 1)
            t_errors.append(math.hypot(*error[:3, 3]) / length)
            r_errors.append(math.acos(max(-1.0, min(1.0, cosine))) / length)
    return 100 * sum(t_errors) / len(t_errors), math.degrees(sum(r_errors) / len(r_errors))


def habitat_spl(stopped: bool, left: float, reach: float, start: float, path: float) -> float:
    """habitat-lab's SPL of one episode, from its published definition."""
    reached = 1.0 if stopped and left < reach else 0.0
    return reached * (start / max(start, path))


def habitat_soft_spl(left: float, start: float, path: float) -> float:
    """habitat-lab's SoftSPL of one episode."""
    return max(0, 1 - left / start) * (start / max(start, path))


def depth_errors(estimate: NDArray, reference: NDArray) -> tuple[float, ...]:
    """AbsRel, SqRel, RMSE, RMSElog, δ₁, δ₂, δ₃ of one image (H, W), 0 being no depth."""
    sums, count = [0.0] * 7, 0
    for row in range(reference.shape[0]):
        for column in range(reference.shape[1]):
            d, e = float(reference[row, column]), float(estimate[row, column])
            if d <= 0:
                continue
            count += 1
            ratio = max(d / e, e / d)
            terms = [abs(d - e) / d, (d - e) ** 2 / d, (d - e) ** 2]
            terms += [(math.log(d) - math.log(e)) ** 2]
            terms += [float(ratio < limit) for limit in (1.25, 1.25**2, 1.25**3)]
            sums = [a + b for a, b in zip(sums, terms, strict=True)]
    means = [s / count for s in sums]
    return means[0], means[1], math.sqrt(means[2]), math.sqrt(means[3]), *means[4:]


def mean_iou(estimate: NDArray, reference: NDArray, classes: int) -> float:
    """Mean IoU of class maps by sets of pixels; −1 in the reference does not count."""
    pixels = [k for k in range(reference.size) if reference.flat[k] != -1]
    found = []
    for label in range(classes):
        mine = {k for k in pixels if estimate.flat[k] == label}
        true = {k for k in pixels if reference.flat[k] == label}
        if mine | true:
            found.append(len(mine & true) / len(mine | true))
    return sum(found) / len(found)


def panoptic_quality(estimate: NDArray, reference: NDArray, classes: int) -> float:
    """PQ of maps (H, W, 2) of class and instance by sets of pixels; class −1 is void."""
    void = {k for k, (label, _) in enumerate(reference.reshape(-1, 2)) if label == -1}
    mine, true = (_segments(labels) for labels in (estimate, reference))
    found = []
    for label in range(classes):
        sum_iou, matched_mine, matched_true = 0.0, set(), set()
        for a in (key for key in mine if key[0] == label):
            for b in (key for key in true if key[0] == label):
                union = (mine[a] | true[b]) - (mine[a] & void)
                iou = len(mine[a] & true[b]) / len(union)
                if iou > 0.5:
                    sum_iou += iou
                    matched_mine.add(a)
                    matched_true.add(b)
        extra = [
            a for a in mine
            if a[0] == label and a not in matched_mine and len(mine[a] & void) <= len(mine[a]) / 2
        ]  # fmt: skip
        missed = [b for b in true if b[0] == label and b not in matched_true]
        weight = len(matched_mine) + len(extra) / 2 + len(missed) / 2
        if weight:
            found.append(sum_iou / weight)
    return sum(found) / len(found)


def average_precision(scores: NDArray, labels: NDArray) -> float:
    """Area under precision over recall by steps, a threshold at every distinct score."""
    area, before = 0.0, 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        accepted = [bool(y) for s, y in zip(scores, labels, strict=True) if s >= threshold]
        recall = sum(accepted) / int(labels.sum())
        area += (recall - before) * sum(accepted) / len(accepted)
        before = recall
    return area


def pose_auc(errors: NDArray, threshold: float) -> float:
    """Area under the broken line through (e_k, k / N) up to the threshold, midpoint by midpoint."""
    knots = [(0.0, 0.0)]
    knots += [(float(e), (k + 1) / len(errors)) for k, e in enumerate(np.sort(errors))]
    inside = [knot for knot in knots if knot[0] < threshold]
    inside.append((threshold, inside[-1][1]))
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(inside))
    return area / threshold


def _segments(labels: NDArray) -> dict[tuple[int, int], set[int]]:
    found: dict[tuple[int, int], set[int]] = {}
    for k, (label, instance) in enumerate(labels.reshape(-1, 2).tolist()):
        if label != -1:
            found.setdefault((label, instance), set()).add(k)
    return found

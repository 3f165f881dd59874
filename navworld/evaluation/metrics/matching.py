"""Correspondences between images, and the relative poses they give.

K. Mikolajczyk and C. Schmid, A performance evaluation of local descriptors, PAMI 2005; M. Dusmanu
et al., D2-Net, CVPR 2019 (mean matching accuracy); P.-E. Sarlin et al., SuperGlue, CVPR 2020
(pose AUC).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.geometry import so3


def matching_accuracy(
    errors_px: ArrayLike, thresholds: Sequence[float] = tuple(range(1, 11))
) -> NDArray[np.float64]:
    """(K,) share of matches (N,) whose reprojection error is at most each threshold [px].

    The mean matching accuracy is its mean over image pairs; zero for a pair without a match.
    """
    e = np.asarray(errors_px, np.float64)
    return np.array([(e <= t).mean() if e.size else 0.0 for t in thresholds])


def inlier_ratio(errors_px: ArrayLike, threshold: float = 3.0) -> float:
    """Share of matches (N,) with an error of at most `threshold` [px]; 0 without matches."""
    return float(matching_accuracy(errors_px, [threshold])[0])


def relative_pose_errors(
    T_a_b_estimate: ArrayLike, T_a_b_reference: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angles (N,) [rad] between rotations and between directions of translation.

    Two views give a translation without its length and, in an essential matrix, without its
    sign: the second angle is at most π/2. It is 0 where the true translation vanishes, and π/2
    where only the estimated one does.

    Args:
        T_a_b_estimate, T_a_b_reference: (N, 4, 4).
    """
    estimate = np.asarray(T_a_b_estimate, np.float64)
    reference = np.asarray(T_a_b_reference, np.float64)
    turn = so3.angle_between(reference[..., :3, :3], estimate[..., :3, :3])
    t_hat, t = estimate[..., :3, 3], reference[..., :3, 3]
    across = np.linalg.norm(np.cross(t_hat, t), axis=-1)
    angle = np.arctan2(across, abs((t_hat * t).sum(-1)))
    lost = (np.linalg.norm(t_hat, axis=-1) == 0) & (np.linalg.norm(t, axis=-1) > 0)
    return turn, np.where(lost, np.pi / 2, angle)


def pose_auc(
    errors_deg: ArrayLike, thresholds: Sequence[float] = (5.0, 10.0, 20.0)
) -> NDArray[np.float64]:
    """(K,) area under recall over error up to each threshold, divided by the threshold.

    The error of a pair is the larger of its two angles (see `relative_pose_errors`); recall is
    linear between the sorted errors, begins at (0, 0) and stays at its value from the last error
    below the threshold on. Failures are infinite.

    Args:
        errors_deg: (N,) [deg].
    """
    e = np.sort(np.asarray(errors_deg, np.float64))
    if e.ndim != 1 or not len(e):
        raise ValueError(f"pose AUC takes errors (N,) with N ≥ 1, not {e.shape}")
    error = np.concatenate([[0.0], e])
    recall = np.arange(len(error)) / len(e)
    areas = []
    for threshold in thresholds:
        last = int(np.searchsorted(error, threshold))
        x = np.append(error[:last], threshold)
        areas.append(np.trapezoid(np.append(recall[:last], recall[last - 1]), x) / threshold)
    return np.array(areas)

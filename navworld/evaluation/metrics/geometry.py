"""Errors of reconstructed geometry and of registrations.

A. Knapitsch et al., Tanks and temples, SIGGRAPH 2017 (accuracy, completeness, F-score); A. Zeng et
al., 3DMatch, CVPR 2017, and C. Choy et al., Deep global registration, CVPR 2020 (recall).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.evaluation.metrics.relocalization import pose_errors
from navworld.geometry import transform


@dataclass(frozen=True, eq=False)
class CloudDistances:
    """How far two point clouds are apart.

    Attributes:
        to_reference: (N,) from every estimated point to the nearest true one [m].
        to_estimate: (M,) from every true point to the nearest estimated one [m].
    """

    to_reference: NDArray[np.float64]
    to_estimate: NDArray[np.float64]

    @property
    def accuracy(self) -> float:
        """Mean distance of what is estimated from what is there [m]."""
        return float(self.to_reference.mean())

    @property
    def completeness(self) -> float:
        """Mean distance of what is there from what is estimated [m]."""
        return float(self.to_estimate.mean())

    @property
    def chamfer(self) -> float:
        """Mean of accuracy and completeness [m]; others add them, or square the distances."""
        return (self.accuracy + self.completeness) / 2

    def f_score(self, threshold: float) -> float:
        """Harmonic mean of the shares of both kinds of points within `threshold` [m]."""
        precision = float((self.to_reference <= threshold).mean())
        recall = float((self.to_estimate <= threshold).mean())
        both = precision + recall
        return 2 * precision * recall / both if both > 0 else 0.0


def cloud_distances(p_estimate: ArrayLike, p_reference: ArrayLike) -> CloudDistances:
    """Distances between point clouds (N, 3) and (M, 3) [m] in one frame, both ways."""
    from scipy.spatial import cKDTree

    estimate, reference = _points(p_estimate, "estimate"), _points(p_reference, "reference")
    return CloudDistances(
        cKDTree(reference).query(estimate)[0], cKDTree(estimate).query(reference)[0]
    )


def voxel_iou(estimate: ArrayLike, reference: ArrayLike, known: ArrayLike | None = None) -> float:
    """Voxels (X, Y, Z) occupied in both, of those occupied in one; 1 if there are none.

    Args:
        known: (X, Y, Z) which voxels count; all if None.
    """
    a, b = np.asarray(estimate, bool), np.asarray(reference, bool)
    if a.shape != b.shape:
        raise ValueError(f"occupancies must have one shape, not {a.shape} and {b.shape}")
    counted = np.ones(a.shape, bool) if known is None else np.asarray(known, bool)
    union = int((counted & (a | b)).sum())
    return int((counted & a & b).sum()) / union if union else 1.0


def registration_recall(
    T_target_source: ArrayLike,
    T_target_source_reference: ArrayLike,
    *,
    metres: float = 2.0,
    degrees: float = 5.0,
) -> float:
    """Share of registrations (N, 4, 4) whose translation *and* rotation are near enough.

    The defaults are those of LiDAR scans on KITTI; a failure is a pose of NaN.
    """
    m, r = pose_errors(T_target_source, T_target_source_reference)
    return float(((m <= metres) & (np.degrees(r) <= degrees)).mean())


def registration_rmse(
    T_target_source: ArrayLike, T_target_source_reference: ArrayLike, p_source: ArrayLike
) -> float:
    """Root mean square distance between points (N, 3) moved by either motion (4, 4) [m].

    3DMatch counts a registration as right below 0.2 m over the overlap's true correspondences.
    """
    p = _points(p_source, "source")
    apart = transform(np.asarray(T_target_source, np.float64), p) - transform(
        np.asarray(T_target_source_reference, np.float64), p
    )
    return float(np.sqrt((apart**2).sum(1).mean()))


def _points(points: ArrayLike, what: str) -> NDArray[np.float64]:
    p = np.asarray(points, np.float64)
    if p.ndim != 2 or p.shape[1] != 3 or not len(p) or not np.isfinite(p).all():
        raise ValueError(f"the {what} must be finite points (N, 3) with N ≥ 1, not {p.shape}")
    return p

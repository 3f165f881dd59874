"""Relative pose of two cameras from matched pixels: five points in LO-RANSAC, and depth from it.

poselib (V. Larsson et al., https://github.com/PoseLib/PoseLib) finds the essential matrix; points
are triangulated by OpenCV (R. Hartley and A. Zisserman, Multiple View Geometry, 2nd edition,
ch. 12.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.geometry import se3
from navworld.geometry.cameras import Pinhole
from navworld.solvers.libraries import solver_library
from navworld.solvers.pnp import Ransac, poselib_camera

LEAST = 6
"""Fewer matches than this say nothing about which of them are wrong."""


@dataclass(frozen=True)
class TwoViews:
    """A relative pose that agrees with some of the matches.

    Attributes:
        T_second_first: (4, 4); its translation has length 1, the scale is not known.
        inliers: (N,) bool.
    """

    T_second_first: NDArray
    inliers: NDArray


def relative_pose(
    first: NDArray, second: NDArray, camera: Pinhole, ransac: Ransac | None = None
) -> TwoViews | None:
    """How a camera moved.

    Args:
        first, second: (N, 2) pixels of the same points before and after; some may be wrong.
        camera: Undistorted.

    Returns:
        None when there are fewer than six matches or no motion that five of them agree with. If
        the camera only turned, the direction of the translation means nothing.
    """
    if len(first) < LEAST:
        return None
    ransac, model = ransac or Ransac(), poselib_camera(camera)
    found, told = solver_library("poselib").estimate_relative_pose(
        first, second, model, model, ransac.options("max_epipolar_error")
    )
    inliers, length = np.asarray(told["inliers"], bool), float(np.linalg.norm(found.t))
    if inliers.sum() < LEAST or not length > 0:
        return None
    return TwoViews(se3.from_rotation_translation(found.R, found.t / length), inliers)


def triangulate(
    first: NDArray, second: NDArray, T_second_first: NDArray, camera: Pinhole
) -> NDArray:
    """(N, 3) points in the frame of the first camera, in the length of the translation.

    Args:
        first, second: (N, 2) their pixels before and after.
    """
    if not len(first):
        return np.zeros((0, 3))
    before = camera.K @ np.eye(3, 4)
    after = camera.K @ T_second_first[:3]
    p = cv2.triangulatePoints(before, after, first.T.astype(float), second.T.astype(float))
    w = np.where(np.abs(p[3]) < 1e-12, 1e-12, p[3])
    return (p[:3] / w).T

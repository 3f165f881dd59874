"""Bundle adjustment of a few views with depth: poses and landmarks by Levenberg–Marquardt.

gtsam (F. Dellaert and contributors, https://gtsam.org) does the work. A view measures of each
landmark its pixel and its inverse depth, as a rectified stereo pair does: the third number is the
column in a second camera `BASELINE` to the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.cameras import Pinhole
from navworld.solvers.libraries import solver_library

BASELINE = 0.1
"""Of the second camera that stands for depth [m]."""

ROTATION_FIRST = [3, 4, 5, 0, 1, 2]
"""gtsam's order of a twist."""

UNKNOWN = 1e5
"""Standard deviation of a disparity that was not measured [px]."""


@dataclass(frozen=True)
class Sightings:
    """Which view sees which landmark where.

    Attributes:
        view, landmark: (M,) indices.
        pixels: (M, 2).
        depth, std: (M,) z-depth [m], 0 where it was not measured, and its standard deviation.
    """

    view: NDArray
    landmark: NDArray
    pixels: NDArray
    depth: NDArray
    std: NDArray


@dataclass(frozen=True)
class Weights:
    """How much measurements are trusted.

    Attributes:
        pixel: Standard deviation of a pixel coordinate [px].
        huber: From how many standard deviations on errors count less than their square.
        iterations: At most.
        gain: It ends when an iteration lowers the error by less than this fraction.
    """

    pixel: float = 0.5
    huber: float = 1.5
    iterations: int = 3
    gain: float = 1e-2


@dataclass(frozen=True)
class Odometry:
    """What is known of the motion from each view to the next, besides what they see.

    Attributes:
        T_previous_current: (V − 1, 4, 4).
        covariance: (V − 1, 6, 6) of the twist (translation, rotation) that follows it.
    """

    T_previous_current: NDArray
    covariance: NDArray


def adjust(
    T_world_camera: NDArray,
    landmarks: NDArray,
    seen: Sightings,
    camera: Pinhole,
    *,
    odometry: Odometry | None = None,
    weights: Weights | None = None,
) -> tuple[NDArray, NDArray]:
    """Moves views and landmarks to where the sightings agree best.

    Args:
        T_world_camera: (V, 4, 4) first guesses; the first view stays where it is.
        landmarks: (L, 3) first guesses [m], each seen by a view at least.
        camera: Undistorted.
        odometry: None where nothing is known of the motion.

    Returns:
        Poses (V, 4, 4) and landmarks (L, 3) [m].
    """
    gtsam = solver_library("gtsam")
    weights, count = weights or Weights(), len(T_world_camera)
    graph, values = gtsam.NonlinearFactorGraph(), gtsam.Values()
    fixed = gtsam.noiseModel.Isotropic.Sigma(6, 1e-6)
    graph.add(gtsam.PriorFactorPose3(0, gtsam.Pose3(T_world_camera[0]), fixed))
    for k, T in enumerate(T_world_camera):
        values.insert(k, gtsam.Pose3(T))
    for k, point in enumerate(landmarks):
        values.insert(count + k, point)
    if odometry is not None:
        _add_odometry(graph, odometry)
    _add_sightings(graph, seen, camera, weights, count)
    settings = gtsam.LevenbergMarquardtParams()
    settings.setMaxIterations(weights.iterations)
    settings.setRelativeErrorTol(weights.gain)
    found = gtsam.LevenbergMarquardtOptimizer(graph, values, settings).optimize()
    poses = np.stack([found.atPose3(k).matrix() for k in range(count)])
    points = [found.atPoint3(count + k) for k in range(len(landmarks))]
    return poses, np.array(points).reshape(-1, 3)


def _add_odometry(graph: Any, odometry: Odometry) -> None:
    gtsam = solver_library("gtsam")
    turned = odometry.covariance[:, ROTATION_FIRST][:, :, ROTATION_FIRST]
    for k, (T, covariance) in enumerate(zip(odometry.T_previous_current, turned, strict=True)):
        noise = gtsam.noiseModel.Gaussian.Covariance(covariance)
        graph.add(gtsam.BetweenFactorPose3(k, k + 1, gtsam.Pose3(T), noise))


def _add_sightings(
    graph: Any, seen: Sightings, camera: Pinhole, weights: Weights, first: int
) -> None:
    """Adds what is seen; landmarks are numbered from `first` on."""
    gtsam = solver_library("gtsam")
    K = gtsam.Cal3_S2Stereo(camera.fx, camera.fy, 0.0, camera.cx, camera.cy, BASELINE)
    robust = gtsam.noiseModel.mEstimator.Huber.Create(weights.huber)
    u, v = seen.pixels.T
    known = seen.depth > 0
    disparity = camera.fx * BASELINE / np.where(known, seen.depth, 1.0)
    spread = np.where(known, disparity * seen.std / np.where(known, seen.depth, 1.0), UNKNOWN)
    # Spreads that differ by less than a tenth share a model of noise.
    kinds, index = np.unique(np.round(np.log(spread), 1), return_inverse=True)
    noises = []
    for kind in kinds:
        # The right column is the left one less the disparity, and shares its error.
        common, own = weights.pixel**2, np.exp(2 * kind)
        covariance = np.array([[common, common, 0], [common, common + own, 0], [0, 0, common]])
        gaussian = gtsam.noiseModel.Gaussian.Covariance(covariance)
        noises.append(gtsam.noiseModel.Robust.Create(robust, gaussian))
    for k in range(len(seen.view)):
        point = gtsam.StereoPoint2(u[k], u[k] - disparity[k], v[k])
        graph.add(
            gtsam.GenericStereoFactor3D(
                point,
                noises[index[k]],
                int(seen.view[k]),
                int(first + seen.landmark[k]),
                K,
                False,
                False,
            )
        )

"""Absolute pose from points in space and their pixels: P3P in LO-RANSAC, then the likeliest pose.

poselib (V. Larsson et al., https://github.com/PoseLib/PoseLib) finds it; `refine_pose` weighs in
depth and what was expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.geometry import se3
from navworld.geometry.cameras import Pinhole
from navworld.solvers.libraries import solver_library
from navworld.solvers.pnp_kernels import normal_equations

LEAST = 4
"""Fewer points than this determine no pose."""

NEAR = 0.05
"""Points nearer to the camera's plane say nothing [m]."""

UNKNOWN = 1e-4
"""Information about a pose of which nothing is known [1/m², 1/rad²]."""

ENOUGH = 1e-5
"""A smaller step is the last one [m] and [rad]."""


@dataclass(frozen=True)
class Ransac:
    """How long to look for a model, and what agrees with one.

    Attributes:
        threshold: Largest error of an inlier [px].
        iterations: At least and at most.
        confidence: It stops earlier when a better model is less likely than 1 − this.
        seed: Same seed, same result.
    """

    threshold: float = 1.0
    iterations: tuple[int, int] = (50, 500)
    confidence: float = 0.9999
    seed: int = 0

    def options(self, error: str) -> dict[str, float]:
        """As poselib has them; `error` is its name of the threshold."""
        least, most = self.iterations
        return {
            error: self.threshold, "min_iterations": least, "max_iterations": most,
            "success_prob": self.confidence, "seed": self.seed,
        }  # fmt: skip


@dataclass(frozen=True)
class CameraPose:
    """A pose that agrees with some of the points.

    Attributes:
        T_camera_world: (4, 4).
        inliers: (N,) bool.
    """

    T_camera_world: NDArray
    inliers: NDArray


@dataclass(frozen=True)
class Seen:
    """What a camera measures of points.

    Attributes:
        pixels: (N, 2).
        depth, std: (N,) z-depth [m], 0 where it was not measured, and its standard deviation.
        pixel_std: Standard deviation of a pixel coordinate [px].
    """

    pixels: NDArray
    depth: NDArray
    std: NDArray
    pixel_std: float = 0.5


@dataclass(frozen=True)
class PosePrior:
    """What is known of a pose before anything is seen.

    Attributes:
        T_world_camera: (4, 4) the likeliest.
        information: (6, 6) inverse covariance of the twist that follows it.
    """

    T_world_camera: NDArray
    information: NDArray


def absolute_pose(
    p_world: NDArray, pixels: NDArray, camera: Pinhole, ransac: Ransac | None = None
) -> CameraPose | None:
    """Where a camera is that sees known points.

    Args:
        p_world: (N, 3) [m].
        pixels: (N, 2) where it sees them; some may be wrong.
        camera: Undistorted.

    Returns:
        None when there are fewer than four points or no pose that four of them agree with.
    """
    if len(p_world) < LEAST:
        return None
    ransac = ransac or Ransac()
    found, told = solver_library("poselib").estimate_absolute_pose(
        pixels, p_world, poselib_camera(camera), ransac.options("max_reproj_error")
    )
    inliers = np.asarray(told["inliers"], bool)
    if inliers.sum() < LEAST:
        return None
    return CameraPose(se3.from_rotation_translation(found.R, found.t), inliers)


def refine_pose(
    T_world_camera: NDArray,
    p_world: NDArray,
    seen: Seen,
    camera: Pinhole,
    *,
    prior: PosePrior | None = None,
    huber: float = 1.5,
    iterations: int = 6,
) -> tuple[NDArray, NDArray]:
    """The likeliest pose, given pixels, depth, and what was to be expected (Gauss–Newton).

    Args:
        T_world_camera: (4, 4) a first guess.
        p_world: (N, 3) [m].
        prior: What was expected; None for nothing.
        huber: From how many standard deviations on errors count less than their square.

    Returns:
        T_world_camera (4, 4), and the covariance (6, 6) of the twist ξ by which the true pose
        follows it, T_world_camera exp(ξ).
    """
    lens = np.array([camera.fx, camera.fy, camera.cx, camera.cy])
    pixels, depth, std = (
        np.ascontiguousarray(v, float) for v in (seen.pixels, seen.depth, seen.std)
    )
    points, T = np.ascontiguousarray(p_world, float), T_world_camera
    T_prior = np.linalg.inv(T if prior is None else prior.T_world_camera)
    for _ in range(iterations):
        A, b = normal_equations(
            np.linalg.inv(T), points, pixels, depth, std, seen.pixel_std, lens, huber, NEAR
        )
        A += UNKNOWN * np.eye(6)
        if prior is not None:
            A += prior.information
            b -= prior.information @ se3.log(T_prior @ T)
        step = np.linalg.solve(A, b)
        T = T @ se3.exp(step)
        if np.abs(step).max() < ENOUGH:
            break
    return T, np.linalg.inv(A)


def poselib_camera(camera: Pinhole) -> dict[str, object]:
    """A camera as poselib has it."""
    return {
        "model": "PINHOLE", "width": camera.width, "height": camera.height,
        "params": [camera.fx, camera.fy, camera.cx, camera.cy],
    }  # fmt: skip

"""The points that one body sees, and where it is among them: tracking, PnP, bundle adjustment.

Landmarks come from corners with depth and stay while they are followed, so nothing drifts while
the same ones are in sight. Every step: corners are followed, PnP with RANSAC finds the camera
among their landmarks. When it has moved on, a keyframe is made: the last few and all landmarks
they see are adjusted together, and new corners become landmarks. The parts are those of
M. Kaess, K. Ni, F. Dellaert: Flow separation for fast and robust stereo odometry (ICRA 2009), and
of most visual odometry since D. Nistér, O. Naroditsky, J. Bergen (CVPR 2004).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from navworld.agents.odometry.classical_tracks import Tracking, corners, follow
from navworld.agents.odometry.classical_views import Mount, View
from navworld.beliefs import Motion
from navworld.geometry import se3, transform
from navworld.geometry.cameras import Pinhole
from navworld.solvers.bundle_adjustment import Odometry, Sightings, Weights, adjust
from navworld.solvers.pnp import PosePrior, Ransac, Seen, absolute_pose, refine_pose

NOWHERE = Motion(np.eye(4), np.zeros((6, 6)))
"""No motion, for certain."""


@dataclass(frozen=True)
class Mapping:
    """When to believe, and when to make a keyframe.

    Attributes:
        inliers: With fewer it has lost track.
        share: Likewise with a smaller share of the corners that were followed.
        metres: How far off the expected motion it may find itself.
        keyframe_metres, keyframe_radians: It makes a keyframe when it has moved so far.
        keyframe_share: Or when fewer than this share of the corners is left.
        window: Keyframes that are adjusted together; below 2 none are.
        pixel_std: Standard deviation of where a corner is found [px].
        ransac: Of PnP.
        weights: Of the adjustment.
    """

    inliers: int = 8
    share: float = 0.35
    metres: float = 0.6
    keyframe_metres: float = 0.15
    keyframe_radians: float = 0.15
    keyframe_share: float = 0.6
    window: int = 3
    pixel_std: float = 0.5
    ransac: Ransac = field(default_factory=lambda: Ransac(threshold=1.5))
    weights: Weights = field(default_factory=Weights)


@dataclass
class Keyframe:
    """A pose and what was seen from there.

    Attributes:
        T_start_camera: (4, 4).
        landmark, pixels, depth, std: (N,), (N, 2), (N,), (N,) which landmarks, where and how far.
        likely: The motion of the camera since the keyframe before that was to be expected.
    """

    T_start_camera: NDArray
    landmark: NDArray
    pixels: NDArray
    depth: NDArray
    std: NDArray
    likely: Motion


class LandmarkMap:
    """What one body has around it.

    Args:
        mount: Its camera.
        view: The first thing it sees, from the origin.

    Attributes:
        T_start_body: (4, 4) where it is.
    """

    _points: NDArray
    _pixels: NDArray
    _landmark: NDArray
    _keyframes: list[Keyframe]
    _likely: Motion

    def __init__(self, mount: Mount, view: View, mapping: Mapping, tracking: Tracking) -> None:
        self.mount, self.mapping, self.tracking = mount, mapping, tracking
        lens = mount.camera
        self._ideal = Pinhole(lens.width, lens.height, lens.fx, lens.fy, lens.cx, lens.cy)
        self.T_start_body = np.eye(4)
        self._restart(view)

    def move(self, view: View, expected: Motion) -> tuple[NDArray, NDArray | None]:
        """Takes a step.

        Args:
            view: What it sees now.
            expected: The motion (1, 4, 4) of the body as it is likely to be, and how likely.

        Returns:
            T_previous_current (4, 4) of the body as found, and its covariance (6, 6); where it
            has lost track the motion that was expected, and None.
        """
        before, T_expected = self.T_start_body, expected.T_previous_current[0]
        mount = self.mount.T_body_camera
        self._expect(expected)
        prior = PosePrior(before @ T_expected @ mount, self._information(expected))
        found = self._located(view, prior)
        self._gray = view.gray
        if found is None:
            self.T_start_body = before @ T_expected
            self._restart(view)
            return T_expected, None
        T_camera, covariance = found
        if self._moved_on(T_camera):
            T_camera = self._keyframe(view, T_camera)
        self.T_start_body = T_camera @ se3.inverse(mount)
        adjoint = se3.adjoint(mount)
        return se3.relative(before, self.T_start_body), adjoint @ covariance @ adjoint.T

    def _located(self, view: View, prior: PosePrior) -> tuple[NDArray, NDArray] | None:
        """T_start_camera and its covariance; None where track is lost.

        The corners that agree with it are kept.
        """
        T_last = self.T_start_body @ self.mount.T_body_camera
        points = self._points[self._landmark]
        expected, _ = self.mount.camera.project(
            transform(se3.inverse(prior.T_world_camera), points)
        )
        turn = se3.relative(prior.T_world_camera, T_last)[:3, :3]
        found, there = follow(
            self._gray, view.gray, self._pixels, expected, turn, self._ideal, self.tracking
        )
        pixels, landmark = found[there], self._landmark[there]
        straight, points = self._straightened(pixels), self._points[landmark]
        fit = absolute_pose(points, straight, self._ideal, self.mapping.ransac)
        if fit is None or fit.inliers.sum() < self._least(len(landmark)):
            return None
        kept = fit.inliers
        self._pixels, self._landmark = pixels[kept], landmark[kept]
        seen = Seen(straight[kept], *view.depths(self._pixels), self.mapping.pixel_std)
        T_camera, covariance = refine_pose(
            se3.inverse(fit.T_camera_world), points[kept], seen, self._ideal, prior=prior
        )
        off = se3.log(se3.relative(prior.T_world_camera, T_camera))
        near = np.linalg.norm(off[:3]) < self.mapping.metres
        return (T_camera, covariance) if near else None

    def _least(self, followed: int) -> float:
        return max(self.mapping.inliers, self.mapping.share * followed)

    def _information(self, expected: Motion) -> NDArray:
        """(6, 6) of the camera's twist, from the covariance of the body's."""
        adjoint = se3.adjoint(self.mount.T_body_camera)
        return adjoint.T @ np.linalg.inv(_covariance(expected)[0]) @ adjoint

    def _expect(self, expected: Motion) -> None:
        """Adds a step to the motion that is likely since the last keyframe."""
        mount, likely = self.mount.T_body_camera, self._likely
        step = se3.inverse(mount) @ expected.T_previous_current[0] @ mount
        carried = se3.adjoint(se3.inverse(step))
        covariance = carried @ _covariance(likely) @ carried.T
        covariance += np.linalg.inv(self._information(expected))
        self._likely = Motion(likely.T_previous_current @ step, covariance)

    def _moved_on(self, T_camera: NDArray) -> bool:
        moved = se3.log(se3.relative(self._keyframes[-1].T_start_camera, T_camera))
        return bool(
            np.linalg.norm(moved[:3]) > self.mapping.keyframe_metres
            or np.linalg.norm(moved[3:]) > self.mapping.keyframe_radians
            or len(self._landmark) < self.mapping.keyframe_share * self._full
        )

    def _keyframe(self, view: View, T_camera: NDArray) -> NDArray:
        """Adds a keyframe, adjusts the last few, finds new corners; the pose as adjusted."""
        depth, std = view.depths(self._pixels)
        straight = self._straightened(self._pixels)
        seen = self._landmark, straight, depth, std
        self._keyframes.append(Keyframe(T_camera, *seen, self._likely))
        self._likely = NOWHERE
        self._keyframes = self._keyframes[-max(self.mapping.window, 1) :]
        if len(self._keyframes) > 1:
            self._adjust()
        self._add_corners(view)
        return self._keyframes[-1].T_start_camera

    def _adjust(self) -> None:
        frames = self._keyframes
        landmark = np.concatenate([f.landmark for f in frames])
        # What a single view has seen holds nothing together.
        often = np.bincount(landmark)[landmark] > 1
        mine, index = np.unique(landmark[often], return_inverse=True)
        view = np.repeat(np.arange(len(frames)), [len(f.landmark) for f in frames])
        seen = Sightings(
            view[often],
            index,
            np.concatenate([f.pixels for f in frames])[often],
            np.concatenate([f.depth for f in frames])[often],
            np.concatenate([f.std for f in frames])[often],
        )
        poses, points = adjust(
            np.stack([f.T_start_camera for f in frames]),
            self._points[mine],
            seen,
            self._ideal,
            odometry=Odometry(
                np.stack([f.likely.T_previous_current for f in frames[1:]]),
                np.stack([_covariance(f.likely) for f in frames[1:]]),
            ),
            weights=self.mapping.weights,
        )
        self._points[mine] = points
        for frame, T in zip(frames, poses, strict=True):
            frame.T_start_camera = T

    def _add_corners(self, view: View) -> None:
        """Makes landmarks of new corners, seen from the last keyframe."""
        frame = self._keyframes[-1]
        pixels = corners(view.gray, self._pixels, view.allowed, self.tracking)
        depth, std = view.depths(pixels)
        there = depth > 0
        pixels, depth, std = pixels[there], depth[there], std[there]
        points = transform(frame.T_start_camera, self.mount.camera.unproject(pixels, depth))
        fresh = len(self._points) + np.arange(len(pixels))
        frame.landmark = np.concatenate([frame.landmark, fresh])
        frame.pixels = np.concatenate([frame.pixels, self._straightened(pixels)])
        frame.depth, frame.std = np.append(frame.depth, depth), np.append(frame.std, std)
        self._points = np.concatenate([self._points, points])
        self._pixels = np.concatenate([self._pixels, pixels])
        self._landmark = np.concatenate([self._landmark, fresh])
        self._full = len(self._landmark)
        self._forget()

    def _forget(self) -> None:
        """Drops landmarks that no keyframe of the window sees."""
        kept = np.unique(np.concatenate([f.landmark for f in self._keyframes]))
        self._points = self._points[kept]
        for frame in self._keyframes:
            frame.landmark = np.searchsorted(kept, frame.landmark)
        self._landmark = np.searchsorted(kept, self._landmark)

    def _restart(self, view: View) -> None:
        """Begins anew from where the body is taken to be."""
        self._gray = view.gray
        self._points, self._full = np.zeros((0, 3)), 0
        self._pixels, self._landmark = np.zeros((0, 2), np.float32), np.zeros(0, np.int64)
        none = np.zeros(0)
        T_camera = self.T_start_body @ self.mount.T_body_camera
        seen = self._landmark, np.zeros((0, 2)), none, none
        self._keyframes, self._likely = [Keyframe(T_camera, *seen, NOWHERE)], NOWHERE
        self._add_corners(view)

    def _straightened(self, pixels: NDArray) -> NDArray:
        """Pixels (N, 2) as a camera without distortion has them."""
        lens = self.mount.camera
        if lens.distortion is None:
            return np.asarray(pixels, np.float64)
        straight, _ = self._ideal.project(lens.unproject(np.asarray(pixels, np.float64), 1.0))
        return straight


def _covariance(motion: Motion) -> NDArray:
    """Of a motion that is sure to have one."""
    assert motion.covariance is not None
    return motion.covariance

"""Classical visual odometry from one camera: followed corners and the essential matrix.

Five points in LO-RANSAC give how the camera turned and which way it went (D. Nistér, PAMI 2004),
not how far. A body that was told to drive is one on wheels: it stays level, and is taken to have
gone as far as it was told. Without actions the length comes from points that two pairs of images
share, triangulated from each (D. Scaramuzza, F. Fraundorfer: Visual odometry, part I, RAM 2011),
and the scale of the whole is unknown. Where nothing but a turn is seen, the body has only turned.

Where it has lost track it answers with the motion that was to be expected and calls it lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from navworld.agents.odometry.classical_tracks import Tracking, corners, follow
from navworld.agents.odometry.classical_views import Mount, gray, level_mount, mount_of
from navworld.agents.odometry.commanded import CommandErrors, command_covariance, commanded_motion
from navworld.beliefs import Motion, Observation
from navworld.data.sequences import Channel
from navworld.geometry import from_planar, se3, so3
from navworld.geometry.cameras import Pinhole
from navworld.solvers.libraries import solver_library
from navworld.solvers.pnp import Ransac
from navworld.solvers.two_view import relative_pose, triangulate
from navworld.streams import IntArray
from navworld.world.body import Robot

GUESS_STD = 0.3
"""Of a motion that was neither seen nor commanded [m] and [rad]."""


@dataclass(frozen=True)
class TwoViewSettings:
    """When to believe two views.

    Attributes:
        inliers, share: With fewer, or a smaller share of the corners, it has lost track.
        parallax: A smaller median shift, besides that of the turn, is none [px].
        radians: How far off the expected turn it may be.
        turn_std: Standard deviation of a turn that was seen [rad].
        way_std: Of the way, as a fraction of its length.
        ransac: Of the essential matrix.
    """

    inliers: int = 12
    share: float = 0.35
    parallax: float = 0.5
    radians: float = 0.6
    turn_std: float = 0.01
    way_std: float = 0.3
    ransac: Ransac = field(default_factory=lambda: Ransac(threshold=0.75))


@dataclass
class _Pair:
    """What the last two images had in common: corners in the later, and how far they are."""

    gray: NDArray[np.uint8]
    pixels: NDArray
    depth: NDArray


class KltEssential:
    """Odometry from `rgb`.

    Args:
        robot: What actions mean, and how high the camera stands.
        fov_deg: Horizontal field of view of the camera; `calibrate` tells of recorded ones.
    """

    sensors: tuple[str, ...] = ("rgb",)

    def __init__(
        self,
        *,
        robot: Robot | None = None,
        fov_deg: float = 90.0,
        settings: TwoViewSettings | None = None,
        tracking: Tracking | None = None,
        errors: CommandErrors | None = None,
    ) -> None:
        solver_library("poselib")
        self.robot, self.fov_deg = robot or Robot(), fov_deg
        self.settings = settings or TwoViewSettings()
        self.tracking = tracking or Tracking(corners=250, levels=2)
        self.errors = errors or CommandErrors()
        self._mounts: dict[int, Mount] = {}
        self._pairs: dict[int, _Pair] = {}
        self._last: dict[int, NDArray] = {}

    def calibrate(self, channels: Mapping[str, Channel], id: int) -> None:
        """Takes the camera of environment `id` from what is recorded of it."""
        self._mounts[int(id)] = mount_of(channels["rgb"], "rgb", 0.0)

    def reset(self, ids: IntArray) -> None:
        """Forgets the last images of environments `ids`."""
        for k in ids.tolist():
            self._pairs.pop(k, None)
            self._last[k] = np.eye(4)

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """The motion of every body since its previous observation.

        It is metric when actions are given, by the length of what they command.
        """
        if "rgb" not in observation:
            raise ValueError(
                "KltEssential reads the observation 'rgb', which no sensor gives: add 'rgb' to "
                "sensors="
            )
        n = len(ids)
        told = commanded_motion(action, dt, self.robot, n)
        expected, covariance = from_planar(told), command_covariance(told, self.errors)
        T, lost = np.tile(np.eye(4), (n, 1, 1)), np.zeros(n, bool)
        first = np.ones(n, bool)
        for row, k in enumerate(ids.tolist()):
            image = gray(observation["rgb"][row])
            mount = self._mounts.get(k) or self._level(image)
            first[row] = k not in self._pairs
            if first[row]:
                self._pairs[k] = _Pair(image, *_none())
                continue
            guess = self._last[k] if action is None else expected[row]
            way = None if action is None else float(np.linalg.norm(told[row, :2]))
            found = self._pair(k, image, mount, guess, way)
            lost[row] = found is None
            T[row] = self._last[k] = guess if found is None else found
            if found is not None:
                covariance[row] = self._covariance(found)
            elif action is None:
                covariance[row] = GUESS_STD**2 * np.eye(6)
        metric = action is not None or bool(first.all())
        return Motion(T, covariance, metric=metric, lost=lost)

    def _pair(
        self, k: int, image: NDArray[np.uint8], mount: Mount, guess: NDArray, way: float | None
    ) -> NDArray | None:
        """T_previous_current (4, 4) of the body between two images; None where track is lost."""
        pair, lens, s = self._pairs[k], mount.camera, self.settings
        ideal = Pinhole(lens.width, lens.height, lens.fx, lens.fy, lens.cx, lens.cy)
        fresh = corners(pair.gray, pair.pixels, None, self.tracking)
        pixels = np.concatenate([pair.pixels, fresh])
        depth = np.concatenate([pair.depth, np.zeros(len(fresh))])
        T_body_camera = mount.T_body_camera
        turn = (se3.inverse(T_body_camera) @ guess @ T_body_camera)[:3, :3].T
        expected = _turned(pixels, turn, ideal)
        found, there = follow(pair.gray, image, pixels, expected, turn, ideal, self.tracking)
        self._pairs[k] = _Pair(image, *_none())
        before, after = (_straightened(p[there], lens, ideal) for p in (pixels, found))
        fit = relative_pose(before, after, ideal, s.ransac)
        if fit is None or fit.inliers.sum() < max(s.inliers, s.share * there.sum()):
            return None
        T, kept = fit.T_second_first.copy(), fit.inliers
        if np.linalg.norm(so3.log(T[:3, :3] @ turn.T)) > s.radians:
            return None
        before, after = before[kept], after[kept]
        shift = np.linalg.norm(after - _turned(before, T[:3, :3], ideal), axis=1)
        points = triangulate(before, after, T, ideal)
        near = (points[:, 2] > 0) & (points[:, 2] < 1e3)
        if np.median(shift) < s.parallax:
            T[:3, 3] = 0.0
        elif way is not None:
            T[:3, 3] *= way
        else:
            length = _length(depth[there][kept], points[:, 2], near)
            T[:3, 3] *= length
            moved = points * length @ T[:3, :3].T + T[:3, 3]
            self._pairs[k] = _Pair(image, found[there][kept][near], moved[near, 2])
        if way is None:
            return T_body_camera @ se3.inverse(T) @ se3.inverse(T_body_camera)
        return _level_motion(se3.inverse(T), T_body_camera)

    def _covariance(self, T: NDArray) -> NDArray:
        way = max(float(np.linalg.norm(T[:3, 3])) * self.settings.way_std, 0.01)
        return np.diag([way] * 3 + [self.settings.turn_std] * 3) ** 2

    def _level(self, image: NDArray) -> Mount:
        return level_mount(
            *image.shape, fov_deg=self.fov_deg, camera_height=self.robot.camera_height, baseline=0.0
        )


def _level_motion(T_before_after: NDArray, T_body_camera: NDArray) -> NDArray:
    """(4, 4) motion on the floor of the body whose camera has moved so."""
    turned = T_body_camera[:3, :3] @ T_before_after[:3, :3] @ T_body_camera[:3, :3].T
    yaw = np.arctan2(turned[1, 0] - turned[0, 1], turned[0, 0] + turned[1, 1])
    T = from_planar(np.array([0.0, 0.0, yaw]))
    camera, way = T_body_camera[:3, 3], T_body_camera[:3, :3] @ T_before_after[:3, 3]
    T[:2, 3] = (camera + way - T[:3, :3] @ camera)[:2]
    return T


def _none() -> tuple[NDArray, NDArray]:
    return np.zeros((0, 2), np.float32), np.zeros(0)


def _length(known: NDArray, found: NDArray, near: NDArray) -> float:
    """How long a way is whose length was taken to be 1, from depths known and found."""
    both = near & (known > 0)
    return float(np.median(known[both] / found[both])) if both.sum() >= 5 else 1.0


def _turned(pixels: NDArray, turn: NDArray, camera: Pinhole) -> NDArray:
    """Where points far away are imaged after a turn R_after_before."""
    return camera.project(camera.unproject(np.asarray(pixels, np.float64), 1.0) @ turn.T)[0]


def _straightened(pixels: NDArray, lens: Pinhole, ideal: Pinhole) -> NDArray:
    """Pixels (N, 2) as a camera without distortion has them."""
    if lens.distortion is None:
        return np.asarray(pixels, np.float64)
    return ideal.project(lens.unproject(np.asarray(pixels, np.float64), 1.0))[0]

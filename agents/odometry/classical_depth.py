"""Classical visual odometry with depth: `RgbdPnp` from colour and depth, `StereoPnp` from a pair.

Corners are followed from image to image, PnP with RANSAC finds the camera among their points in
space, and the last keyframes are bundle-adjusted (`navworld.agents.odometry.classical_map`). What
motion to expect comes from the action where there is one, and is the last motion otherwise.

Where it has lost track (darkness, a blank wall, too little in common with the last image) it
answers with the motion that was to be expected, calls it lost, and gives it the covariance of a
guess.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from navworld.agents.odometry.classical_map import LandmarkMap
from navworld.agents.odometry.classical_map import Mapping as MapSettings
from navworld.agents.odometry.classical_tracks import Tracking
from navworld.agents.odometry.classical_views import (
    Mount,
    RgbdViews,
    StereoViews,
    Views,
    level_mount,
    mount_of,
)
from navworld.agents.odometry.commanded import CommandErrors, command_covariance, commanded_motion
from navworld.beliefs import Motion, Observation
from navworld.data.sequences import Channel
from navworld.geometry import from_planar
from navworld.solvers.libraries import solver_library
from navworld.streams import IntArray
from navworld.world.body import Robot

CLIMB_STD, TILT_STD = 0.01, 0.003
"""What a body on wheels rises in a step [m], and pitches and rolls [rad]."""

GUESS_STD = 0.3
"""Of a motion that was neither seen nor commanded [m] and [rad]."""


class PnpOdometer:
    """Visual odometry over any views with depth; one map per environment.

    Args:
        views: What it sees.
        robot: What actions mean, and how high the camera stands.
        fov_deg: Horizontal field of view of the camera.
        baseline: Of a stereo pair [m]. These three hold for environments; `calibrate` tells of
            recorded sensors.
        mapping, tracking: How.
    """

    def __init__(
        self,
        views: Views,
        *,
        robot: Robot | None = None,
        fov_deg: float = 90.0,
        baseline: float = 0.12,
        mapping: MapSettings | None = None,
        tracking: Tracking | None = None,
        errors: CommandErrors | None = None,
    ) -> None:
        for package in ("poselib", "gtsam"):
            solver_library(package)
        self.views, self.robot = views, robot or Robot()
        self.sensors = views.sensors
        self.fov_deg, self.baseline = fov_deg, baseline
        self.mapping, self.tracking = mapping or MapSettings(), tracking or Tracking()
        self.errors = errors or CommandErrors()
        self._mounts: dict[int, Mount] = {}
        self._maps: dict[int, LandmarkMap] = {}
        self._last: dict[int, NDArray] = {}

    def calibrate(self, channels: Mapping[str, Channel], id: int) -> None:
        """Takes the camera of environment `id` from what is recorded of it."""
        image = self.views.image
        if image not in channels:
            raise ValueError(f"odometry reads {image!r}, which is not among {list(channels)}")
        baseline = self.views.baseline(channels)
        self._mounts[int(id)] = mount_of(channels[image], image, baseline)

    def reset(self, ids: IntArray) -> None:
        """Forgets what environments `ids` have around them."""
        for k in ids.tolist():
            self._maps.pop(k, None)
            self._last[k] = np.eye(4)

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """The motion of every body since its previous observation."""
        n = len(ids)
        expected, guess = self._expected(action, dt, ids)
        T, covariance = np.tile(np.eye(4), (n, 1, 1)), np.zeros((n, 6, 6))
        lost = np.zeros(n, bool)
        for row, k in enumerate(ids.tolist()):
            mount = self._mounts.get(k) or self._level(observation)
            view = self.views.view(observation, row, mount)
            if k not in self._maps:
                self._maps[k] = LandmarkMap(mount, view, self.mapping, self.tracking)
                continue
            likely = Motion(expected[row : row + 1], guess[row : row + 1])
            T[row], found = self._maps[k].move(view, likely)
            lost[row] = found is None
            covariance[row] = guess[row] if found is None else found
            self._last[k] = T[row]
        return Motion(T, covariance, lost=lost)

    def _expected(
        self, action: NDArray | None, dt: float, ids: IntArray
    ) -> tuple[NDArray, NDArray]:
        """(n, 4, 4) motions as they are likely to be, and their covariances (n, 6, 6)."""
        n = len(ids)
        if action is None:
            last = np.stack([self._last.get(k, np.eye(4)) for k in ids.tolist()])
            return last, np.tile(np.diag(np.full(6, GUESS_STD**2)), (n, 1, 1))
        told = commanded_motion(action, dt, self.robot, n)
        level = np.diag([0.0, 0.0, CLIMB_STD, TILT_STD, TILT_STD, 0.0]) ** 2
        return from_planar(told), command_covariance(told, self.errors) + level

    def _level(self, observation: Observation) -> Mount:
        image = self.views.image
        if image not in observation:
            raise ValueError(
                f"classical odometry reads the observation {image!r}, which no sensor gives: add "
                f"{self.sensors} to sensors="
            )
        height, width = observation[image].shape[1:3]
        return level_mount(
            height, width, fov_deg=self.fov_deg, camera_height=self.robot.camera_height,
            baseline=self.baseline,
        )  # fmt: skip


class RgbdPnp(PnpOdometer):
    """Odometry from `rgb` and `depth`; see `PnpOdometer`."""

    def __init__(self, *, robot: Robot | None = None, fov_deg: float = 90.0) -> None:
        super().__init__(RgbdViews(), robot=robot, fov_deg=fov_deg)


class StereoPnp(PnpOdometer):
    """Odometry from `stereo_left` and `stereo_right`; see `PnpOdometer`."""

    def __init__(
        self, *, robot: Robot | None = None, fov_deg: float = 90.0, baseline: float = 0.12
    ) -> None:
        super().__init__(StereoViews(), robot=robot, fov_deg=fov_deg, baseline=baseline)

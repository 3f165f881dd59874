"""What classical odometry sees of an observation: a grey image, and how far corners are.

`RgbdViews` looks depth up; `StereoViews` finds each corner of the left image in the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.agents.odometry.classical_tracks import Tracking, follow
from navworld.beliefs import Observation
from navworld.data.sequences import Channel
from navworld.geometry import forward_camera
from navworld.geometry.cameras import Pinhole

Depths = Callable[[NDArray], tuple[NDArray, NDArray]]
"""Pixels (N, 2) → z-depth (N,) [m], 0 where there is none, and its standard deviation (N,) [m]."""


@dataclass(frozen=True)
class Mount:
    """A camera on a body.

    Attributes:
        camera: How it images.
        T_body_camera: (4, 4) where it sits.
        baseline: Of a stereo pair, to the right camera [m].
    """

    camera: Pinhole
    T_body_camera: NDArray
    baseline: float = 0.0


@dataclass(frozen=True)
class View:
    """One observation of one environment.

    Attributes:
        gray: (H, W) uint8.
        depths: Tells how far pixels are.
        allowed: (H, W) where depth may be had; None for everywhere.
    """

    gray: NDArray[np.uint8]
    depths: Depths
    allowed: NDArray[np.bool_] | None = None


class Views(Protocol):
    """Makes views of observations.

    Attributes:
        sensors: What it reads.
        image: Key of the image that corners are found in.
    """

    sensors: tuple[str, ...]
    image: str

    def view(self, observation: Observation, row: int, mount: Mount) -> View:
        """What a row shows."""

    def baseline(self, channels: Mapping[str, Channel]) -> float:
        """Of the stereo pair among recorded sensors; 0 for a single camera."""


class RgbdViews:
    """Colour beside depth.

    Args:
        noise: Standard deviation of depth, as a fraction.
        edge: Depth is taken where the four pixels around a corner differ by less than this
            fraction.
    """

    sensors: tuple[str, ...] = ("rgb", "depth")
    image = "rgb"

    def __init__(self, *, noise: float = 0.01, edge: float = 0.2) -> None:
        self.noise, self.edge = noise, edge

    def view(self, observation: Observation, row: int, mount: Mount) -> View:
        """Grey values, and inverse depth interpolated between pixels: on a plane that is exact."""
        depth = np.asarray(_key(observation, "depth")[row], np.float64)
        depth = depth.reshape(depth.shape[:2])
        if not np.isfinite(depth).all():
            raise ValueError("'depth' holds NaN or infinity: give 0 where nothing was measured")

        def depths(pixels: NDArray) -> tuple[NDArray, NDArray]:
            return _depth_at(depth, pixels, self.edge, self.noise)

        return View(gray(_key(observation, "rgb")[row]), depths, depth > 0)

    def baseline(self, channels: Mapping[str, Channel]) -> float:
        """There is no second camera."""
        return 0.0


class StereoViews:
    """A rectified pair of cameras.

    Args:
        key: What the names in the observation begin with.
        noise: Standard deviation of a disparity [px].
        least: Smallest disparity that still tells a distance [px].
    """

    def __init__(self, key: str = "stereo", *, noise: float = 0.2, least: float = 0.4) -> None:
        self.sensors: tuple[str, ...] = (key,)
        self.image, self._right = f"{key}_left", f"{key}_right"
        self.noise, self.least = noise, least

    def view(self, observation: Observation, row: int, mount: Mount) -> View:
        """Grey values of the left image; a corner's depth follows from its place in the right."""
        left, right = (gray(_key(observation, k)[row]) for k in (self.image, self._right))
        tracking = Tracking(levels=3)

        def depths(pixels: NDArray) -> tuple[NDArray, NDArray]:
            found, there = follow(left, right, pixels, pixels, np.eye(3), mount.camera, tracking)
            disparity = pixels[:, 0] - found[:, 0]
            there &= (np.abs(found[:, 1] - pixels[:, 1]) < 0.5) & (disparity > self.least)
            disparity = np.where(there, disparity, 1.0)
            depth = mount.camera.fx * mount.baseline / disparity
            return depth * there, depth * self.noise / disparity

        return View(left, depths)

    def baseline(self, channels: Mapping[str, Channel]) -> float:
        """How far the right camera stands to the right."""
        left, right = (channels[k].T_body_sensor for k in (self.image, self._right))
        if left is None or right is None:
            raise ValueError("stereo odometry needs to know where both cameras sit: T_body_sensor")
        return float(np.linalg.norm(right[:3, 3] - left[:3, 3]))


def gray(image: NDArray) -> NDArray[np.uint8]:
    """(H, W) grey values of (H, W, 3) colours, or of what is grey already."""
    if not np.issubdtype(image.dtype, np.uint8):
        raise ValueError(f"odometry reads images of uint8, not {image.dtype}: scale to 0 … 255")
    if image.ndim == 2 or image.shape[2] == 1:
        return np.ascontiguousarray(image.reshape(image.shape[:2]))
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def level_mount(
    height: int, width: int, *, fov_deg: float, camera_height: float, baseline: float
) -> Mount:
    """The main camera of an environment, looking straight ahead."""
    camera = Pinhole.from_fov(width, height, fov_deg)
    return Mount(camera, forward_camera((0.0, 0.0, camera_height)), baseline)


def mount_of(channel: Channel, key: str, baseline: float) -> Mount:
    """A recorded camera.

    Raises:
        ValueError: It is no pinhole, or where it sits is not known.
    """
    lens: Any = channel.lens
    if not isinstance(lens, Pinhole) or channel.T_body_sensor is None:
        what = "an unknown lens" if lens is None else type(lens).__name__
        raise ValueError(
            f"classical odometry needs a pinhole camera and where it sits; {key!r} has {what}"
            f"{' and no T_body_sensor' if channel.T_body_sensor is None else ''}"
        )
    return Mount(lens, np.asarray(channel.T_body_sensor, np.float64), baseline)


def _key(observation: Observation, key: str) -> NDArray:
    if key not in observation:
        raise ValueError(
            f"classical odometry reads the observation {key!r}, which no sensor gives: add it to "
            "sensors="
        )
    return observation[key]


def _depth_at(
    depth: NDArray, pixels: NDArray, edge: float, noise: float
) -> tuple[NDArray, NDArray]:
    """Depth between pixels, 0 at edges and where a neighbour has none; and its deviation."""
    height, width = depth.shape
    u = np.clip(pixels[:, 0], 0, width - 1.001)
    v = np.clip(pixels[:, 1], 0, height - 1.001)
    i, j = v.astype(int), u.astype(int)
    corner = np.stack([depth[i, j], depth[i, j + 1], depth[i + 1, j], depth[i + 1, j + 1]])
    there = (corner > 0).all(0)
    inverse = 1 / np.where(corner > 0, corner, 1.0)
    there &= np.ptp(inverse, axis=0) < edge * inverse.max(0)
    a, b = u - j, v - i
    weights = np.stack([(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b])
    found = np.where(there, 1 / (weights * inverse).sum(0), 0.0)
    return found, noise * np.maximum(found, 1e-3)

"""Stereo pair: two equal cameras side by side, rectified, with a fixed known baseline.

| name | shape | unit |
|---|---|---|
| `stereo_left` | (H, W, 3) uint8 | sRGB of the left camera, the reference |
| `stereo_right` | (H, W, 3) uint8 | sRGB of the right camera |
| `stereo_disparity` | (H, W) float32 | of the left image [px]; 0 where there is none (option) |

Frame: camera x right, y down, z forward; the right camera stands `baseline` metres along the left
one's x axis and looks the same way, so a point at column u of the left image is at u − disparity
of the same row of the right one, and disparity = f · baseline / z-depth (R. Hartley and A.
Zisserman, Multiple View Geometry, 2nd edition, ch. 11). Disparity is the truth: also where the
right camera does not see the point. Rate: once per step. Noise: none.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from gymnasium import spaces

from navworld.beliefs import Observation
from navworld.geometry.cameras import Pinhole
from navworld.sensors.cameras import image_space
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.world import World


class StereoPair:
    """Left and right image, and optionally their true disparity.

    Args:
        camera: The left camera: an undistorted pinhole with `near` above 0.
        baseline: Distance of the right camera [m].
        disparity: Whether to measure it.
        key: What the names in the observation begin with.
    """

    def __init__(
        self,
        camera: Camera,
        *,
        baseline: float = 0.12,
        disparity: bool = False,
        key: str = "stereo",
    ) -> None:
        model = camera.model
        if not isinstance(model, Pinhole) or model.distortion is not None:
            raise ValueError(
                f"a rectified stereo pair needs undistorted pinholes, not {type(model).__name__} "
                "with its distortion: leave the camera's lens at None"
            )
        if not (np.isfinite(baseline) and baseline > 0):
            raise ValueError(f"StereoPair(baseline={baseline!r}) must be a positive length [m]")
        if disparity and camera.near <= 0:
            raise ValueError("disparity has no bound at near=0: give the camera a near above 0")
        self.left, self.key, self.baseline = camera, key, float(baseline)
        x, y, z, _ = (camera.T_body_camera @ np.array([self.baseline, 0.0, 0.0, 1.0])).tolist()
        self.right = replace(camera, position=(x, y, z))
        self.pixels_metre = model.fx * self.baseline
        box = image_space("rgb", camera)
        names: dict[str, spaces.Space] = {f"{key}_left": box, f"{key}_right": box}
        self.renders: tuple[tuple[Camera, str], ...] = ((self.left, "rgb"), (self.right, "rgb"))
        if disparity:
            shape = (camera.height, camera.width)
            largest = np.float32(self.pixels_metre / camera.near * (1 + 1e-6))
            names[f"{key}_disparity"] = spaces.Box(0.0, largest, shape, np.float32)
            self.renders += ((self.left, "depth"),)
        self.space = spaces.Dict(names)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing to remember."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key_left: (n, H, W, 3), key_right: (n, H, W, 3), key_disparity: (n, H, W)}."""
        observation: Observation = {
            f"{self.key}_left": world.render(self.left, "rgb", ids),
            f"{self.key}_right": world.render(self.right, "rgb", ids),
        }
        name = f"{self.key}_disparity"
        if name in self.space.spaces:
            depth = world.render(self.left, "depth", ids)
            with np.errstate(divide="ignore"):
                observation[name] = np.where(depth > 0, np.float32(self.pixels_metre) / depth, 0)
        return observation

"""Scene coordinates: where in the world every pixel's surface point lies.

| name | shape | unit |
|---|---|---|
| `scene_coordinates` | (H, W, 3) float32 | point [m], frame of the scene; 0 where there is none |
| `scene_coordinates_valid` | (H, W) uint8 | 1 where a surface was seen between `near` and `far` |

Frame: the scene's (x forward, y left, z up), as `World.T_world_body`. Rate: once per step. Noise:
none: the true geometry at the true pose, as a relocalizer is trained on (J. Shotton et al., Scene
coordinate regression forests for camera relocalization in RGB-D images, CVPR 2013).

The points are where the rendered rays hit. Surfaces beyond 1000 m of the origin count as unseen.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Observation
from navworld.geometry.se3 import transform
from navworld.sensors.cameras import imaged
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.world import World


class SceneCoordinates:
    """World points of a camera's pixels.

    Args:
        camera: Size, lens and place on the body.
        key: Its name in the observation.
    """

    def __init__(self, camera: Camera, *, key: str = "scene_coordinates") -> None:
        self.camera, self.key = camera, key
        shape = (camera.height, camera.width)
        self.space = spaces.Dict(
            {
                key: spaces.Box(-FAR, FAR, (*shape, 3), np.float32),
                f"{key}_valid": spaces.Box(0, 1, shape, np.uint8),
            }
        )
        self.renders: tuple[tuple[Camera, str], ...] = ((camera, "depth"),)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing to remember."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, H, W, 3), key_valid: (n, H, W)}."""
        depth = world.render(self.camera, "depth", ids)
        T_world_camera = world.T_world_body(ids) @ self.camera.T_body_camera
        p_world = transform(T_world_camera, surface_points(self.camera, depth))
        seen = (depth > 0) & imaged(self.camera.model) & (np.abs(p_world) < FAR).all(-1)
        p_world[~seen] = 0.0
        return {
            self.key: p_world.astype(np.float32),
            f"{self.key}_valid": seen.astype(np.uint8),
        }


def surface_points(camera: Camera, depth: NDArray) -> NDArray:
    """Where a camera's rays end: (..., H, W, 3) float64 in its frame [m].

    Args:
        depth: (..., H, W) [m].
    """
    pattern = camera.pattern
    points = pattern.directions * depth[..., None].astype(np.float64)
    return points if pattern.origins is None else points + pattern.origins

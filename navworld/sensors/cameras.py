"""Pinhole camera: colour, depth, semantic classes, instances.

Measures, at the camera's pose, per pixel (row 0 is the top):

| name | shape | unit |
|---|---|---|
| `rgb` | (H, W, 3) uint8 | sRGB; filtered textures under baked light |
| `depth` | (H, W, 1) float32 | z-depth [m]; 0 nearer than `near`, beyond `far`, or without a hit |
| `semantic` | (H, W) int32 | class id, index into `navworld.world.semantics.CLASSES`; 0 for none |
| `instance` | (H, W) int32 | index into `Scene.instances`; 0 is the building, and no hit |

Frame: camera x right, y down, z forward. Rate: once per step. Noise: none.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from navworld.beliefs import Observation
from navworld.names import nearest
from navworld.streams import IntArray, Streams
from navworld.world.semantics import CLASSES
from navworld.world.world import Camera, World

CAMERA_SENSORS = ("rgb", "depth", "semantic", "instance")

INSTANCE_LIMIT = 1 << 20


class CameraSensor:
    """One image of a camera.

    Args:
        output: One of `CAMERA_SENSORS`.
        camera: Size, field of view and place on the body.
        key: Its name in the observation; the output's name by default.
    """

    def __init__(self, output: str, camera: Camera, *, key: str | None = None) -> None:
        if output not in CAMERA_SENSORS:
            raise ValueError(f"unknown camera sensor {output!r}{nearest(output, CAMERA_SENSORS)}")
        self.output, self.camera, self.key = output, camera, key or output
        shape = (camera.height, camera.width)
        box: spaces.Space
        if output == "rgb":
            box = spaces.Box(0, 255, (*shape, 3), np.uint8)
        elif output == "depth":
            box = spaces.Box(0.0, camera.far, (*shape, 1), np.float32)
        elif output == "semantic":
            box = spaces.Box(0, len(CLASSES) - 1, shape, np.int32)
        else:
            box = spaces.Box(0, INSTANCE_LIMIT, shape, np.int32)
        self.space = spaces.Dict({self.key: box})
        self.renders: tuple[tuple[Camera, str], ...] = ((camera, output),)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing to remember."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, H, W, …)}."""
        image = world.render(self.camera, self.output, ids)
        return {self.key: image[..., None] if self.output == "depth" else image}

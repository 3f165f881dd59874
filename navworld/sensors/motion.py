"""Motion mask: where something that moves is seen.

| name | shape | unit |
|---|---|---|
| `motion_mask` | (H, W) uint8 | 1 where what is seen has moved since the previous observation |

The camera's own motion does not count: in a scene where nothing moves by itself the mask is 0,
however the body drives. A person counts as a whole, also the foot it stands on. Who stands still
is not marked. On an episode's first observation the mask is 0. Rate: once per step. Noise: none.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.world import World


class MotionMask:
    """Where something that moves is seen.

    Args:
        camera: Size, lens and place on the body.
        key: Its name in the observation.
    """

    def __init__(self, camera: Camera, *, key: str = "motion_mask") -> None:
        self.camera, self.key = camera, key
        shape = (camera.height, camera.width)
        self.space = spaces.Dict({key: spaces.Box(0, 1, shape, np.uint8)})
        self.renders: tuple[tuple[Camera, str], ...] = ((camera, "instance"),)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """There is nothing to remember: movers know where they were."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, H, W)}."""
        instance = world.render(self.camera, "instance", ids)
        mask: NDArray[np.uint8] = np.zeros(instance.shape, np.uint8)
        for k, row in enumerate(ids):
            if world.others is not None:
                mask[k] = np.isin(instance[k], world.others.moving(row))
        return {self.key: mask}

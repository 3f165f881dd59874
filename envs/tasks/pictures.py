"""Pictures that show a goal, taken when they are first asked for.

The light of an episode is set after its task begins; so a picture is planned at a pose and taken
with the first observation that shows it.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.envs.tasks.resuming import Resuming
from navworld.sensors.cameras import image_space
from navworld.streams import IntArray
from navworld.world.body import Camera
from navworld.world.world import World


class Pictures(Resuming):
    """One picture for every environment of a batch."""

    changing = ("_images", "_poses", "_planned")

    def __init__(self) -> None:
        self.space: spaces.Space = spaces.Dict({})
        self._camera = Camera()
        self._images = np.zeros((0, 0, 0, 3), np.uint8)
        self._poses = np.zeros((0, 4, 4))
        self._planned = np.zeros(0, bool)

    def equip(self, camera: Camera) -> tuple[tuple[Camera, str], ...]:
        """Takes this camera; returns what it will look at."""
        self._camera = camera
        self.space = image_space("rgb", camera)
        return ((camera, "rgb"),)

    def plan(self, world: World, i: int, pose: tuple[float, float, float]) -> None:
        """Shows environment i from now on what a body sees at x, y and heading, on its floor."""
        self._allocate(world.num_envs)
        T = np.eye(4)
        c, s = np.cos(pose[2]), np.sin(pose[2])
        T[:2, :2] = [[c, -s], [s, c]]
        T[:3, 3] = pose[0], pose[1], world.navigator(i).ground(np.array([pose[:2]]))[0]
        self._poses[i], self._planned[i] = T, True

    def blank(self, world: World, i: int) -> None:
        """Shows environment i nothing for now."""
        self._allocate(world.num_envs)
        self._images[i], self._planned[i] = 0, False

    def show(self, world: World, ids: IntArray) -> NDArray[np.uint8]:
        """(n, H, W, 3) the pictures of environments `ids`."""
        due = np.asarray(ids)[self._planned[ids]]
        if len(due):
            seen = world.view(self._camera, self._poses[due], due, ("rgb",))
            self._images[due] = seen["rgb"]
            self._planned[due] = False
        return self._images[ids]

    def _allocate(self, num_envs: int) -> None:
        if len(self._planned) == num_envs:
            return
        size = self._camera.height, self._camera.width
        self._images = np.zeros((num_envs, *size, 3), np.uint8)
        self._poses = np.tile(np.eye(4), (num_envs, 1, 1))
        self._planned = np.zeros(num_envs, bool)

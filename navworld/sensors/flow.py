"""Optical flow and scene flow from the previous observation to the present one.

| name | shape | unit |
|---|---|---|
| `flow` | (H, W, 2) float32 | (u, v) displacement [px] of what the pixel showed |
| `scene_flow` | (H, W, 3) float32 | displacement of that surface point in the camera frame [m] |
| `flow_visible` | (H, W) uint8 | 1 where the point is in the present image and not occluded |

Both are forward: they live on the pixels of the *previous* image. A surface point at p in the
previous camera frame that is at p′ in the present one has scene flow p′ − p and optical flow
π(p′) − π(p), π being the projection of the lens. So the flow is non-zero wherever the camera
moved, also where the point is hidden now; it is 0 where the point has left the image, or where no
surface was seen. On a panorama the shorter way around counts. The mask is named after the first
output (`scene_flow_visible` when scene flow is measured alone).

People, vehicles and doors carry their points along, each part as it truly moved; a walker's are
those of the moments of its stride that are shown.

A point is occluded when a ray from the present camera to it meets something more than 2 mm before
it: exact geometry rather than a comparison of depth images, so slanted surfaces and silhouettes
are right. Frame: camera x right, y down, z forward. Rate: once per step; on an episode's first
observation everything is 0. Noise: none. Definitions: S. Vedula et al., Three-dimensional scene
flow (ICCV 1999); D. Butler et al., A naturalistic open source movie for optical flow evaluation
(ECCV 2012).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Observation
from navworld.geometry.cameras import Orthographic, Panorama, pixel_grid
from navworld.geometry.se3 import inverse, transform
from navworld.names import nearest
from navworld.sensors.cameras import imaged
from navworld.sensors.coordinates import surface_points
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.rays import occluded
from navworld.world.world import World

FLOWS = ("flow", "scene_flow")

CLEARANCE = 2e-3
"""What lies within this before a point is its own surface [m]."""


class Flow:
    """Flow since the previous observation, and which of it is visible.

    Args:
        camera: Size, lens and place on the body.
        outputs: One or both of `FLOWS`.
        key: Name of the optical flow; scene flow is "scene_" and this.
    """

    def __init__(
        self, camera: Camera, outputs: Sequence[str] = ("flow",), *, key: str = "flow"
    ) -> None:
        if isinstance(outputs, str) or not outputs:
            raise ValueError(f"Flow(outputs={outputs!r}): give a tuple of names out of {FLOWS}")
        for output in outputs:
            if output not in FLOWS:
                raise ValueError(f"unknown flow {output!r}{nearest(output, FLOWS)}")
        self.camera, self.key, self.outputs = camera, key, tuple(outputs)
        self.names = {"flow": key, "scene_flow": f"scene_{key}"}
        self.mask = f"{self.names[outputs[0]]}_visible"
        self._pixels = pixel_grid(camera.width, camera.height)
        shape = (camera.height, camera.width)
        reach = np.broadcast_to(np.array([camera.width, camera.height], np.float32), (*shape, 2))
        boxes = {
            "flow": spaces.Box(-reach, reach, dtype=np.float32),
            "scene_flow": spaces.Box(-FAR, FAR, (*shape, 3), np.float32),
        }
        space: dict[str, spaces.Space] = {self.names[name]: boxes[name] for name in outputs}
        self.space = spaces.Dict({**space, self.mask: spaces.Box(0, 1, shape, np.uint8)})
        self.renders: tuple[tuple[Camera, str], ...] = ((camera, "depth"),)
        self._depth = np.zeros((0, *shape), np.float32)
        self._instance = np.zeros((0, *shape), np.int32)
        self._T_world_camera = np.zeros((0, 4, 4))

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Forgets the previous observation."""
        if len(self._depth) < world.num_envs:
            shape = (world.num_envs, self.camera.height, self.camera.width)
            self._depth = np.zeros(shape, np.float32)
            self._instance = np.zeros(shape, np.int32)
            self._T_world_camera = np.tile(np.eye(4), (world.num_envs, 1, 1))
        self._depth[ids] = 0.0

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, H, W, 2), scene_key: (n, H, W, 3), key_visible: (n, H, W)}."""
        seen = self._depth[ids] > 0
        before = surface_points(self.camera, self._depth[ids])
        T_world_camera = world.T_world_body(ids) @ self.camera.T_body_camera
        p_world = transform(self._T_world_camera[ids], before)
        for k, i in enumerate(ids if world.others is not None else ()):
            shown = self._instance[i]  # what moves by itself has carried its points along
            moving = seen[k] & (shown > 0)
            motion = world.others.part_motion(int(i))  # type: ignore[union-attr]
            p_world[k][moving] = motion.carried(p_world[k][moving], shown[moving])
        now = transform(inverse(T_world_camera), p_world)
        pixels, inside = self.camera.model.project(now)
        inside &= seen
        observation: Observation = {}
        if "flow" in self.outputs:
            shift = self._shortest(pixels - self._pixels)
            shift[~inside] = 0.0
            observation[self.names["flow"]] = shift.astype(np.float32)
        if "scene_flow" in self.outputs:
            shift = np.clip(now - before, -FAR, FAR)
            shift[~seen] = 0.0
            observation[self.names["scene_flow"]] = shift.astype(np.float32)
        visible = np.zeros(inside.shape, np.uint8)
        for k, i in enumerate(ids):
            visible[k][inside[k]] = self._unhidden(
                world, int(i), T_world_camera[k], now[k][inside[k]]
            )
        observation[self.mask] = visible
        depth = world.render(self.camera, "depth", ids)
        self._depth[ids] = np.where(imaged(self.camera.model), depth, 0.0)
        if world.others is not None:
            self._instance[ids] = world.render(self.camera, "instance", ids)
        self._T_world_camera[ids] = T_world_camera
        return observation

    def _shortest(self, shift: NDArray) -> NDArray:
        if isinstance(self.camera.model, Panorama):
            width = self.camera.width
            shift[..., 0] = (shift[..., 0] + width / 2) % width - width / 2
        return shift

    def _unhidden(
        self, world: World, row: int, T_world_camera: NDArray, points: NDArray
    ) -> NDArray[np.bool_]:
        """(P,) which points (P, 3) of the camera frame nothing stands before."""
        if not len(points):
            return np.zeros(0, bool)
        origin = np.zeros_like(points)
        if isinstance(self.camera.model, Orthographic):
            origin[:, :2] = points[:, :2]
        ranging = self.camera.model.depth_is_range
        depth = np.linalg.norm(points, axis=1) if ranging else points[:, 2]
        in_range = (depth > self.camera.near) & (depth <= self.camera.far)
        start = origin + (points - origin) * np.minimum(self.camera.near / depth, 1.0)[:, None]
        along = points - start
        reach = 1 - CLEARANCE / np.maximum(np.linalg.norm(along, axis=1), 2 * CLEARANCE)
        R, t = T_world_camera[:3, :3], T_world_camera[:3, 3]
        hidden = occluded(
            world.places[row].rays(None), start @ R.T + t, along @ R.T, reach,
            movers=world.movers[row],
        )  # fmt: skip
        return in_range & ~hidden

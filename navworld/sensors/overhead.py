"""Overhead tile: an orthographic view straight down, centred on the body, north up.

| name | shape | unit |
|---|---|---|
| `overhead` | (H, W, 3) uint8 | sRGB |
| `overhead_depth` | (H, W, 1) float32 | distance below the plane of the camera [m]; 0 for none |
| `overhead_semantic` | (H, W) int32 | class id, index into `navworld.world.semantics.CLASSES` |
| `overhead_instance` | (H, W) int32 | index into `Scene.instances`; 0 is the building, and no hit |
| `overhead_normals` | (H, W, 3) float32 | unit normal towards the camera, frame of the scene |

Frame: that of the scene, whatever the body's heading: row 0 is north (+y), column 0 is west (−x).
The centre of pixel (u, v) lies (u − (W − 1) / 2) · s east and ((H − 1) / 2 − v) · s north of the
body, s = `tile` / W being the side of a pixel. The camera's plane lies `height` above the ground
that the body stands on; what is above it, ceilings first of all, is cut away, so a surface's
height above the ground is `height` − depth. Where the plane cuts through something solid, such
as a wall, one looks into it: its class and instance are right, its depth is 0. Rate: once per
step. Noise: none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.geometry.cameras import Orthographic
from navworld.names import nearest
from navworld.sensors.cameras import CAMERA_SENSORS, image_space
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.scene import Scene
from navworld.world.walkable.ground import heights_at
from navworld.world.world import World

BELOW = 50.0
"""How far below the camera's plane surfaces are seen [m]."""

ROUNDING = 1e-6
"""A body on uneven ground stands this little below it at most [m]."""


class Overhead:
    """A map-like view of the body's surroundings.

    Args:
        outputs: Out of `CAMERA_SENSORS`; all of them cost one pass.
        size: Side of the square image [px].
        tile: Side of the square that it shows [m].
        height: Of the camera's plane above the ground [m]; the default cuts below the tops of
            doors, so that doorways are open.
        supersample: Rays per pixel and axis for the colour image.
        key: Name of the colour image; the others' names begin with it.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        outputs: Sequence[str] = ("rgb",),
        *,
        size: int = 64,
        tile: float = 6.4,
        height: float = 2.0,
        supersample: int = 2,
        key: str = "overhead",
    ) -> None:
        if isinstance(outputs, str) or not outputs:
            raise ValueError(f"Overhead(outputs={outputs!r}): give a tuple of names")
        for output in outputs:
            if output not in CAMERA_SENSORS:
                raise ValueError(
                    f"unknown overhead output {output!r}{nearest(output, CAMERA_SENSORS)}"
                )
        for name, value in (("tile", tile), ("height", height)):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"Overhead({name}={value!r}) must be a positive length [m]")
        if not (isinstance(size, (int, np.integer)) and size >= 4):
            raise ValueError(f"Overhead(size={size!r}): expected a whole number from 4 on")
        self.outputs, self.key = tuple(dict.fromkeys(outputs)), key
        # Turned to the left by 90° and looking down, the camera's right is east, its down south.
        self.camera = Camera(
            height=size,
            width=size,
            lens=Orthographic(size, size, tile / size),
            position=(0.0, 0.0, height),
            yaw_deg=90.0,
            pitch_deg=90.0,
            near=0.0,
            far=BELOW,
            supersample=supersample,
        )
        self.space = spaces.Dict(
            {self._name(output): image_space(output, self.camera) for output in self.outputs}
        )
        self.views = tuple((self.camera, output) for output in self.outputs)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing to remember."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, H, W, 3), key_depth: (n, H, W, 1), …}."""
        T_world_body = world.T_world_body(ids)
        T_world_body[:, :3, :3] = np.eye(3)
        T_world_body[:, 2, 3] = [_ground(world, int(i)) for i in ids]
        measured = "depth" in self.outputs
        wanted = {*self.outputs, "triangle"} if measured else self.outputs
        seen = world.view(self.camera, T_world_body, ids, sorted(wanted))
        if measured:
            for k, i in enumerate(ids):
                down = world.places[i].derived("triangles that face down", _faces_down)
                triangle = seen["triangle"][k]
                seen["depth"][k][(triangle >= 0) & down[triangle]] = 0.0
            seen["depth"] = seen["depth"][..., None]
        return {self._name(output): seen[output] for output in self.outputs}

    def _name(self, output: str) -> str:
        return self.key if output == "rgb" else f"{self.key}_{output}"


def _ground(world: World, row: int) -> float:
    """Height of the floor below body `row` [m]: its own, unless it is carried above one."""
    z = float(world.z[row])
    floors, xy = world.places[row].scene.floors, world.xy[row : row + 1]
    heights = [float(heights_at(floor, xy)[0]) for floor in floors]
    return max((height for height in heights if height <= z + ROUNDING), default=z)


def _faces_down(scene: Scene) -> NDArray[np.bool_]:
    """(T,) triangles that one sees from above only where the camera's plane cuts a solid."""
    a, b, c = np.moveaxis(scene.vertices[scene.triangles][..., :2].astype(np.float64), 1, 0)
    across, along = b - a, c - a
    return across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0] < 0

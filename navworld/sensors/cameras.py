"""Camera of any lens: colour, depth, semantic classes, instances, surface normals.

Measures, at the camera's pose, per pixel (row 0 is the top):

| name | shape | unit |
|---|---|---|
| `rgb` | (H, W, 3) uint8 | sRGB; filtered textures under baked light |
| `depth` | (H, W, 1) float32 | [m]; 0 nearer than `near`, beyond `far`, or without a hit |
| `semantic` | (H, W) int32 | class id, index into `navworld.world.semantics.CLASSES`; 0 for none |
| `instance` | (H, W) int32 | index into `Scene.instances`; 0 is the building, and no hit |
| `normals` | (H, W, 3) float32 | unit normal towards the camera, camera frame; 0 without a hit |

Frame: camera x right, y down, z forward. Rate: once per step. Noise: none; `exposure` adds what a
shutter and a lens do to colours (`navworld.sensors.exposure`).

Depth is z-depth through a pinhole and an orthographic lens, and range along the ray through a
fisheye and a panorama. Pixels outside the image circle of a lens are black and 0.

Lenses (`Camera.lens`): `Pinhole` with or without radial-tangential distortion, `Fisheye`,
`Panorama` (equirectangular, the middle looks ahead), `Orthographic`; `lens_camera` fits one, or
one of `LENSES`, to a camera's size. `navworld.sensors.overhead` keeps an orthographic one level.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.geometry.cameras import Fisheye, Orthographic, Panorama, Pinhole, pixel_grid
from navworld.names import nearest
from navworld.sensors.exposure import SHARP, Exposure, expose
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera, Lens
from navworld.world.semantics import CLASSES
from navworld.world.world import World

CAMERA_SENSORS = ("rgb", "depth", "semantic", "instance", "normals")

INSTANCE_LIMIT = 1 << 20

LENSES: dict[str, Pinhole | Fisheye] = {
    "euroc": Pinhole(
        752, 480, 458.654, 457.296, 367.215, 248.375,
        (-0.28340811, 0.07395907, 0.00019359, 1.76187114e-05, 0.0),
    ),
    "tum-vi": Fisheye(
        512, 512, 190.97847715, 190.97330705, 254.93170606, 256.89744290,
        (0.00348238940, 0.00071503485, -0.00205323614, 0.00020293674), 195.0,
    ),
}  # fmt: skip
"""Calibrated lenses: the left cameras of EuRoC (Burri et al., IJRR 2016; wide angle, barrel
distortion) and of TUM VI (Schubert et al., IROS 2018; fisheye of 195°)."""


class CameraSensor:
    """One image of a camera.

    Args:
        output: One of `CAMERA_SENSORS`.
        camera: Size, lens and place on the body.
        key: Its name in the observation; the output's name by default.
        exposure: What the shutter and the lens do to the colours of "rgb".
    """

    def __init__(
        self,
        output: str,
        camera: Camera,
        *,
        key: str | None = None,
        exposure: Exposure = SHARP,
    ) -> None:
        if output not in CAMERA_SENSORS:
            raise ValueError(f"unknown camera sensor {output!r}{nearest(output, CAMERA_SENSORS)}")
        if output != "rgb" and exposure != SHARP:
            raise ValueError(f"an exposure makes colours, not {output!r}: give it to 'rgb'")
        self.output, self.camera, self.key = output, camera, key or output
        self.exposure = exposure
        self.space = spaces.Dict({self.key: image_space(output, camera)})
        self.renders: tuple[tuple[Camera, str], ...] = ((camera, output),)
        self.views: tuple[tuple[Camera, str], ...] = ()
        if output == "rgb":
            exposure.check_lens(camera)
            self.renders = () if exposure.moves else ((camera, exposure.output),)
            self.views = ((camera, exposure.output),)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Refuses an exposure that takes longer than a step; there is nothing to remember."""
        self.exposure.check(world.robot.dt)

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, H, W, …)}."""
        image: NDArray
        if self.output == "rgb":
            image = expose(world, self.camera, ids, self.exposure)
        else:
            image = world.render(self.camera, self.output, ids)
        if self.output == "normals":
            T_world_camera = world.T_world_body(ids) @ self.camera.T_body_camera
            image = in_camera(image, T_world_camera)
        image[:, ~imaged(self.camera.model)] = 0
        return {self.key: image[..., None] if self.output == "depth" else image}


def image_space(output: str, camera: Camera) -> spaces.Box:
    """Bounds of one image of a camera (depth with its last axis)."""
    shape = (camera.height, camera.width)
    if output == "rgb":
        return spaces.Box(0, 255, (*shape, 3), np.uint8)
    if output == "depth":
        return spaces.Box(0.0, camera.far, (*shape, 1), np.float32)
    if output == "semantic":
        return spaces.Box(0, len(CLASSES) - 1, shape, np.int32)
    if output == "normals":
        return spaces.Box(-1.0, 1.0, (*shape, 3), np.float32)
    return spaces.Box(0, INSTANCE_LIMIT, shape, np.int32)


def lens_camera(camera: Camera, lens: str | Lens) -> Camera:
    """The camera with another lens, fitted to the width of its image.

    Args:
        lens: A model, or a name out of `LENSES`, "fisheye" (180°, ideal) or "panorama" (whose
            image is twice as wide as high).
    """
    height, width = camera.height, camera.width
    if lens == "panorama":
        return replace(camera, width=2 * height, lens=Panorama(2 * height, height))
    if lens == "fisheye":
        lens = replace(Fisheye.from_fov(width, height, 180.0), circle_deg=180.0)
    if isinstance(lens, str):
        if lens not in LENSES:
            known = ("fisheye", "panorama", *LENSES)
            raise ValueError(f"unknown lens {lens!r}{nearest(lens, known)}")
        lens = LENSES[lens]
    return replace(camera, lens=_fitted(lens, height, width))


@lru_cache(maxsize=64)
def imaged(model: Lens) -> NDArray[np.bool_]:
    """(H, W) which pixels some point is imaged at: those within the image circle of the lens."""
    pixels = pixel_grid(model.width, model.height)
    again, valid = model.project(model.unproject(pixels, 1.0))
    inside = valid & (np.abs(again - pixels).max(-1) < 1e-3)
    inside.setflags(write=False)
    return inside


def in_camera(normals: NDArray, T_world_camera: NDArray) -> NDArray[np.float32]:
    """World-frame directions (n, H, W, 3) in the frames of their cameras (n, 4, 4)."""
    R = T_world_camera[:, :3, :3].astype(np.float32)
    turned = normals.reshape(len(R), -1, 3) @ R
    return np.clip(turned, -1.0, 1.0).reshape(normals.shape)


def _fitted(lens: Lens, height: int, width: int) -> Lens:
    """The lens with an image of another size: it sees as much across the width."""
    scale = width / lens.width
    if isinstance(lens, Panorama):
        return Panorama(width, height)
    if isinstance(lens, Orthographic):
        return Orthographic(width, height, lens.metres_per_pixel / scale)
    return replace(
        lens,
        width=width,
        height=height,
        fx=lens.fx * scale,
        fy=lens.fy * scale,
        cx=(lens.cx + 0.5) * scale - 0.5,
        cy=(lens.cy + 0.5 - lens.height / 2) * scale + height / 2 - 0.5,
    )

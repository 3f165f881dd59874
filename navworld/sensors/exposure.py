"""Exposure: what a camera's shutter, lens and response make of the light.

An option of the colour camera: `CameraSensor("rgb", camera, exposure=Exposure(...))`. With every
option off the image is the plain camera's, byte for byte.

Time: the last row is read at the moment of the observation. Row r of H is read
`readout · (H − 1 − r) / (H − 1)` seconds before it, and gathers light for `shutter` seconds until
then, along the body's true motion during the last step (`World.moments`). Every row has its exact
pose; motion blur is the mean of `samples` rendered sub-frames, in linear light, at the middles of
equal parts of the shutter time. On an episode's first observation the body is at rest. A discrete
action also ends at rest, so blur shows under velocity actions and on carriers. A rolling shutter
sees the hour, the season and what lies on the ground; fog, mirrors and what falls are painted on
whole images, which it never has, and are left out.

Light: the renderer's colours are display-encoded; linear light is their power 2.2. The mean over
the shutter is multiplied by 2^`ev` and by the natural vignetting `1 − v + v · cos⁴ θ`, θ being
the angle between ray and optical axis (the cos⁴ law; e.g. M. Aggarwal, H. Hua and N. Ahuja, On
cosine-fourth and vignetting effects in real lenses, ICCV 2001). It saturates at 1 and is encoded
with the power 1 / `gamma`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.cameras import Panorama
from navworld.streams import IntArray
from navworld.world.body import Camera
from navworld.world.rays import render
from navworld.world.scene import LIGHT_GAMMA
from navworld.world.world import World

CHUNK_BYTES = 32_000_000
"""Sub-frames rendered in one call [bytes]."""

ROUNDING = 1e-9  # [s]


@dataclass(frozen=True)
class Exposure:
    """How light is gathered and encoded.

    Attributes:
        shutter: Time for which a row gathers light [s]; 0 freezes motion.
        readout: Time from the first row's reading to the last row's (rolling shutter) [s];
            0 reads all rows at once (global shutter).
        samples: Sub-frames that make the mean over the shutter time.
        ev: Exposure compensation [stops]: light times 2^ev.
        vignetting: 0 for none, 1 for the whole cos⁴ law.
        gamma: Of the response; 2.2 is the renderer's own.
    """

    shutter: float = 0.0
    readout: float = 0.0
    samples: int = 8
    ev: float = 0.0
    vignetting: float = 0.0
    gamma: float = LIGHT_GAMMA

    def __post_init__(self) -> None:
        for name, low, high in (
            ("shutter", 0.0, 60.0),
            ("readout", 0.0, 60.0),
            ("samples", 1, 1024),
            ("ev", -16.0, 16.0),
            ("vignetting", 0.0, 1.0),
            ("gamma", 0.1, 10.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"Exposure({name}={value!r}): expected {low:g} to {high:g}")
        if not isinstance(self.samples, (int, np.integer)):
            raise ValueError(f"Exposure(samples={self.samples!r}): expected a whole number")

    @property
    def moves(self) -> bool:
        """Whether light is gathered at more than one moment."""
        return self.shutter > 0 or self.readout > 0

    def check(self, dt: float) -> None:
        """Refuses what takes longer than the `dt` seconds between observations."""
        if self.shutter + self.readout > dt + ROUNDING:
            raise ValueError(
                f"an exposure of {self.shutter:g} s shutter and {self.readout:g} s readout does "
                f"not fit between observations {dt:g} s apart: shorten it or lengthen the step"
            )

    @property
    def output(self) -> str:
        """What `expose` renders."""
        return "rgb" if self == SHARP else "color"

    def check_lens(self, camera: Camera) -> None:
        """Refuses what the camera's lens cannot have."""
        if self.vignetting > 0 and isinstance(camera.model, Panorama):
            raise ValueError("a panorama has no optical axis to darken from: use vignetting=0")


SHARP = Exposure()
"""Everything off."""


def expose(world: World, camera: Camera, ids: IntArray, exposure: Exposure) -> NDArray[np.uint8]:
    """(n, H, W, 3) colour images of bodies `ids`."""
    if exposure == SHARP:
        return world.render(camera, "rgb", ids)
    if not exposure.moves:
        encoded = world.render(camera, "color", ids)
    elif exposure.readout > 0:
        encoded = _rolled(world, camera, ids, exposure)
    else:
        encoded = _blurred(world, camera, ids, exposure)
    encoded *= _gain(camera, exposure)
    np.clip(encoded, 0.0, 1.0, out=encoded)
    if exposure.gamma != LIGHT_GAMMA:
        np.power(encoded, LIGHT_GAMMA / exposure.gamma, out=encoded)
    return np.rint(255 * encoded).astype(np.uint8)


def fractions(world: World, ids: IntArray, exposure: Exposure, rows: int) -> NDArray[np.float64]:
    """(n, samples, rows) when light is gathered, as fractions of the last step (1: now).

    Args:
        rows: Of the image; 1 where all are exposed together.
    """
    count = exposure.samples if exposure.shutter > 0 else 1
    read = exposure.readout * np.linspace(1.0, 0.0, rows) if rows > 1 else np.zeros(1)
    before = read + exposure.shutter * ((np.arange(count) + 0.5) / count)[:, None]
    dt = world.dt[ids]
    for step in dt[dt > 0]:
        exposure.check(float(step))
    step = np.where(dt > 0, dt, np.inf)
    return np.maximum(1.0 - before / step[:, None, None], 0.0)


def _blurred(
    world: World, camera: Camera, ids: IntArray, exposure: Exposure
) -> NDArray[np.float32]:
    """(n, H, W, 3) encoded mean over the shutter time, all rows together."""
    times = fractions(world, ids, exposure, 1)[:, :, 0]
    T_world_body = world.moments(ids, times).T_world_body
    count = times.shape[1]
    mean = np.empty((len(ids), camera.height, camera.width, 3), np.float32)
    chunk = max(1, CHUNK_BYTES // (count * mean[0].nbytes))
    for first in range(0, len(ids), chunk):
        part = slice(first, first + chunk)
        poses = T_world_body[part].reshape(-1, 4, 4)
        color = world.view(camera, poses, np.repeat(ids[part], count), ("color",))["color"]
        mean[part] = _mean_light(color.reshape(-1, count, *mean.shape[1:]), axis=1)
    return mean


def _rolled(world: World, camera: Camera, ids: IntArray, exposure: Exposure) -> NDArray[np.float32]:
    """(n, H, W, 3) encoded mean over the shutter time, every row at its own poses."""
    times = fractions(world, ids, exposure, camera.height)
    n, count, rows = times.shape
    T_world_body = world.moments(ids, times.reshape(n, -1)).T_world_body
    T_world_camera = (T_world_body @ camera.T_body_camera).reshape(n, count, rows, 4, 4)
    mean = np.empty((n, rows, camera.width, 3), np.float32)
    for k, i in enumerate(ids):
        mean[k] = _mean_light(_sweep(world, camera, int(i), T_world_camera[k]), axis=0)
    return mean


def _sweep(world: World, camera: Camera, row: int, T_world_camera: NDArray) -> NDArray[np.float32]:
    """(samples, H, W, 3) encoded colours of one body's camera.

    Args:
        T_world_camera: (samples, H, 4, 4) pose for every row of the image.
    """
    factor = camera.supersample
    pattern = camera.pattern if factor == 1 else camera.pattern.finer(factor)
    T = np.repeat(T_world_camera, factor, axis=1)
    count, (height, width) = len(T), pattern.shape
    color = np.empty((count, camera.height, camera.width, 3), np.float32)
    chunk = max(1, CHUNK_BYTES // (height * width * 12))
    for first in range(0, count, chunk):
        poses = T[first : first + chunk]
        R, t = poses[..., :3, :3], poses[..., :3, 3]
        directions = pattern.directions @ R.transpose(0, 1, 3, 2)
        origins = np.broadcast_to(t[:, :, None], directions.shape)
        if pattern.origins is not None:
            origins = origins + pattern.origins @ R.transpose(0, 1, 3, 2)
        sheet = replace(
            pattern,
            directions=directions.reshape(-1, width, 3),
            origins=origins.reshape(-1, width, 3),
        )
        shot = render(
            [world.scene(row)], np.zeros(1, np.int64), np.eye(4)[None], sheet,
            ("color",), near=camera.near, gain=world.gain[row : row + 1], threads=world.threads,
            movers=[world.movers[row]],
        )["color"]  # fmt: skip
        blocks = shot.reshape(-1, camera.height, factor, camera.width, factor, 3)
        color[first : first + chunk] = blocks.mean((2, 4))
    return color


def _mean_light(color: NDArray[np.float32], *, axis: int) -> NDArray[np.float32]:
    """Mean of encoded colours in linear light, encoded again."""
    linear = np.power(color, np.float32(LIGHT_GAMMA)).mean(axis)
    return np.power(linear, np.float32(1 / LIGHT_GAMMA))


def _gain(camera: Camera, exposure: Exposure) -> NDArray[np.float32]:
    """(H, W, 1) what encoded colours are multiplied with: the factor on light, encoded."""
    directions = camera.pattern.directions.astype(np.float64)
    cosine = directions[..., 2] / np.linalg.norm(directions, axis=-1)
    falloff = 1 - exposure.vignetting * (1 - np.maximum(cosine, 0.0) ** 4)
    light = 2.0**exposure.ev * falloff
    return (light ** (1 / LIGHT_GAMMA)).astype(np.float32)[..., None]

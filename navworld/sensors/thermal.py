"""Thermal camera: how warm things look in the infrared from 8 to 14 µm.

| name | shape | unit |
|---|---|---|
| `thermal` | (H, W, 1) float32 | apparent temperature [°C], clipped to the device's range |
| `thermal` with `agc=True` | (H, W, 1) uint8 | the frame's own 1st to 99th percentile, stretched |

Frame: the camera's, row 0 is the top. Rate: once per step. Light has no part in it: the image is
the same in darkness, fog is not modelled.

What is seen: surfaces radiate with their temperature and emissivity and mirror the surroundings
with the rest, by the Stefan–Boltzmann law T⁴ = ε · T_surface⁴ + (1 − ε) · T_indoor⁴ [K], as
thermographers correct for it (Usamentiaga et al., "Infrared thermography for temperature
measurement and non-destructive testing", Sensors 14, 2014). Temperatures are those of
`navworld.world.temperatures`; the open sky looks 15 K colder than the air. What moves has the
temperature of its class (people 31.5 °C). Polished metal therefore looks like the room, whatever
its temperature; mirrored objects are not traced and emissivity does not fall at grazing angles.

Noise, the terms of the three-dimensional noise model (D'Agostino & Webb, Proc. SPIE 1488, 1991):
white noise `netd`; a fixed pattern of columns, rows and pixels that a flat-field correction (FFC,
at the episode's start and every `ffc_interval` seconds) leaves behind; a pattern of the same
proportions that grows from nothing to `drift` in `ffc_interval`; and an offset `offset_std` of the
whole image, one per correction. The frames that a real camera holds while its shutter is closed
(about a second) are not held here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from gymnasium import spaces
from numba import njit
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.names import named
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.envelope import envelope
from navworld.world.store import Place
from navworld.world.temperatures import SKY_BELOW_AIR, Climate, Temperatures, temperatures
from navworld.world.tracing.draws import normals
from navworld.world.world import World

KELVIN = 273.15
NUDGE = 0.12
"""How far before a surface the air is felt that warms or cools it [m]."""


@dataclass(frozen=True)
class Imager:
    """A thermal camera's detector; the defaults are perfect.

    Attributes:
        netd: White noise, noise-equivalent temperature difference [K].
        column_std, row_std, pixel_std: Fixed pattern left by a correction [K].
        drift: Growth of the fixed pattern between corrections, of all three together [K].
        ffc_interval: Time between flat-field corrections [s].
        offset_std: Error of the whole image, one draw per correction [K].
        resolution: Step of the output [K]; 0 for none.
        low, high: Range of scene temperatures [°C].
        height, width, fov_deg: Its image and lens, for use without a camera.
    """

    netd: float = 0.0
    column_std: float = 0.0
    row_std: float = 0.0
    pixel_std: float = 0.0
    drift: float = 0.0
    ffc_interval: float = 180.0
    offset_std: float = 0.0
    resolution: float = 0.0
    low: float = -40.0
    high: float = 550.0
    height: int = 120
    width: int = 160
    fov_deg: float = 57.0


PRESETS: dict[str, Imager] = {
    # Lepton engineering datasheet 500-0659-00-09 rev. 203: 160 × 120, 57° horizontal, < 50 mK,
    # FFC every 3 minutes, ±5 °C at 25 °C in high gain (taken as 2 σ), TLinear steps of 0.01 K,
    # high-gain scenes of −10 to 140 °C. It gives no figure for the fixed pattern: NETD / 2 here.
    "lepton-3.5": Imager(
        netd=0.05, column_std=0.025, row_std=0.025, pixel_std=0.025, drift=0.1,
        ffc_interval=180.0, offset_std=2.5, resolution=0.01, low=-10.0, high=140.0,
    ),
    # Boson datasheet 102-2013-40 release 340: 320 × 256, from < 40 mK at f/1.0; 50 mK is the
    # professional grade. The lens of 50° is one of nine. Range, accuracy, interval and pattern
    # are estimates after the Lepton's.
    "boson-320": Imager(
        netd=0.05, column_std=0.02, row_std=0.02, pixel_std=0.02, drift=0.08,
        ffc_interval=300.0, offset_std=2.5, resolution=0.01, low=-40.0, high=140.0,
        height=256, width=320, fov_deg=50.0,
    ),
}  # fmt: skip
"""Real cameras, from their makers' data sheets."""


class ThermalCamera:
    """Apparent temperatures.

    Args:
        camera: Size, field of view and place on the body; None takes the imager's own, 0.88 m up.
        preset: One of `PRESETS`; None for a perfect imager.
        imager: The detector in detail, instead of a preset.
        climate: Weather and heating; None for `Climate()`.
        agc: Gives 8-bit images with automatic gain.
        key: Its name in the observation.
    """

    def __init__(
        self,
        camera: Camera | None = None,
        *,
        preset: str | None = None,
        imager: Imager | None = None,
        climate: Climate | None = None,
        agc: bool = False,
        key: str = "thermal",
    ) -> None:
        self.imager = _chosen(preset, imager)
        self.camera = camera or Camera(self.imager.height, self.imager.width, self.imager.fov_deg)
        self.climate, self.agc, self.key = climate or Climate(), agc, key
        shape = (self.camera.height, self.camera.width, 1)
        box: spaces.Box = spaces.Box(self.imager.low, self.imager.high, shape, np.float32)
        if agc:
            box = spaces.Box(0, 255, shape, np.uint8)
        self.space = spaces.Dict({key: box})
        self.renders: tuple[tuple[Camera, str], ...] = (
            (self.camera, "triangle"),
            (self.camera, "semantic"),
        )
        self._corrected = np.zeros(0)
        self._offset = np.zeros(0)
        self._residual = np.zeros((0, *shape[:2]), np.float32)
        self._growth = np.zeros((0, *shape[:2]), np.float32)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Corrects the flat field."""
        if len(self._offset) < world.num_envs:
            image = self.camera.height, self.camera.width
            self._corrected, self._offset = np.zeros(world.num_envs), np.zeros(world.num_envs)
            self._residual = np.zeros((world.num_envs, *image), np.float32)
            self._growth = np.zeros((world.num_envs, *image), np.float32)
        self._correct(world, ids, streams)

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, H, W, 1)}."""
        image = self.apparent(world, ids)
        due = world.time[ids] - self._corrected[ids] >= self.imager.ffc_interval
        if due.any():
            self._correct(world, ids[due], streams)
        self._disturb(image, world, ids, streams)
        np.clip(image, self.imager.low, self.imager.high, out=image)
        if self.imager.resolution:
            step = np.float32(self.imager.resolution)
            image = np.rint(image / step) * step
            np.clip(image, self.imager.low, self.imager.high, out=image)
        return {self.key: (_stretched(image) if self.agc else image)[..., None]}

    def apparent(self, world: World, ids: IntArray) -> NDArray[np.float32]:
        """(n, H, W) true apparent temperatures [°C], without the camera's own errors."""
        triangle, semantic = (world.render(self.camera, name, ids) for _, name in self.renders)
        pattern = self.camera.pattern
        origins = getattr(pattern, "origins", None)
        origins = np.zeros((1, 1, 3), np.float32) if origins is None else origins
        T = world.T_world_body(ids) @ self.camera.T_body_camera
        image = np.empty(triangle.shape, np.float32)
        for k, row in enumerate(ids):
            heat = heat_of(world.places[row], self.climate)
            settings = np.array(
                [*heat.origin, heat.cell, heat.mid, self.climate.gradient, self.climate.indoor,
                 self.climate.outdoor - SKY_BELOW_AIR], np.float64,
            )  # fmt: skip
            _radiate(
                triangle[k], semantic[k], pattern.directions, origins, T[k], heat.surface,
                heat.emissivity, heat.follows, heat.plane, heat.of_class,
                heat.emissivity_of_class, heat.air, settings, image[k],
            )  # fmt: skip
        return image

    def _correct(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Draws what a flat-field correction leaves behind, and what will grow from there."""
        own = self.imager
        self._corrected[ids] = world.time[ids]
        if own.offset_std:
            draw = streams.normal(f"{self.key} offset", ids)
            self._offset[ids] = own.offset_std * draw
        scale = np.sqrt(own.column_std**2 + own.row_std**2 + own.pixel_std**2)
        if scale:
            self._residual[ids] = self._pattern("residual", ids, streams)
            self._growth[ids] = self._pattern("growth", ids, streams) * (own.drift / scale)

    def _pattern(self, what: str, ids: IntArray, streams: Streams) -> NDArray[np.float32]:
        """(n, H, W) fixed-pattern noise [K]."""
        own, (height, width) = self.imager, self._residual.shape[1:]
        count = height * width + height + width
        draw = normals(streams.keys(f"{self.key} {what}", ids), count)
        pixels = draw[:, : height * width].reshape(-1, height, width)
        rows = draw[:, height * width : -width, None]
        return own.pixel_std * pixels + own.row_std * rows + own.column_std * draw[:, None, -width:]

    def _disturb(
        self, image: NDArray[np.float32], world: World, ids: IntArray, streams: Streams
    ) -> None:
        own = self.imager
        if own.netd:
            keys = streams.keys(f"{self.key} noise", ids)
            noise = normals(keys, image[0].size).reshape(image.shape)
            noise *= np.float32(own.netd)
            image += noise
        if own.column_std or own.row_std or own.pixel_std:
            age = (world.time[ids] - self._corrected[ids]) / own.ffc_interval
            image += self._residual[ids]
            if own.drift:
                image += self._growth[ids] * age.astype(np.float32)[:, None, None]
        if own.offset_std:
            image += self._offset[ids].astype(np.float32)[:, None, None]


def heat_of(place: Place, climate: Climate) -> Temperatures:
    """The temperatures of a place, derived once."""
    shell = place.derived("envelope", lambda scene: envelope(place.rays(None)))
    name = f"temperatures {climate}"
    return place.derived(name, lambda scene: temperatures(scene, shell, climate))


def _chosen(preset: str | None, imager: Imager | None) -> Imager:
    """The imager that was asked for, checked."""
    if preset is not None and imager is not None:
        raise ValueError("ThermalCamera takes a preset or an imager, not both")
    if preset is not None:
        return named(preset, PRESETS, "thermal preset")
    own = imager or Imager()
    values: dict[str, Any] = {f.name: getattr(own, f.name) for f in fields(own)}
    for name in ("netd", "column_std", "row_std", "pixel_std", "drift", "offset_std", "resolution"):
        if not (np.isfinite(values[name]) and values[name] >= 0):
            raise ValueError(f"Imager({name}={values[name]!r}) must be zero or positive")
    if not (np.isfinite(own.ffc_interval) and own.ffc_interval > 0):
        raise ValueError(f"Imager(ffc_interval={own.ffc_interval!r}) must be positive")
    if own.drift and not (own.column_std or own.row_std or own.pixel_std):
        raise ValueError(
            f"Imager(drift={own.drift!r}) needs column_std, row_std or pixel_std: they say what "
            "the pattern that grows looks like"
        )
    if not -KELVIN < own.low < own.high < 3000:
        raise ValueError(
            f"Imager(low={own.low!r}, high={own.high!r}): expected −273.15 < low < high < 3000 °C"
        )
    return own


def _stretched(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(n, H, W) with each image's 1st to 99th percentile at 0 to 255, at least 1 K apart."""
    flat = image.reshape(len(image), -1)
    low, high = np.quantile(flat, (0.01, 0.99), axis=1)[:, :, None, None]
    span = np.maximum(high - low, 1.0)
    middle = 0.5 * (low + high)
    return np.clip(np.rint(255 * ((image - middle) / span + 0.5)), 0, 255).astype(np.uint8)


@njit(cache=True, nogil=True, error_model="numpy")
def _radiate(
    triangle, semantic, directions, origins, T, surface, emissivity, follows, plane, of_class,
    emissivity_of_class, air, settings, image,
):  # fmt: skip
    """Apparent temperature of every pixel; `settings`: origin, cell, mid, gradient, indoor, sky."""
    low_x, low_y, low_z, cell, mid, gradient, indoor, sky = settings
    around = (indoor + KELVIN) ** 4
    height, width = triangle.shape
    for i in range(height):
        for j in range(width):
            t = triangle[i, j]
            if t == -1:
                image[i, j] = sky
                continue
            if t < 0:
                kind = semantic[i, j]
                temperature, shine = of_class[kind], emissivity_of_class[kind]
            else:
                temperature, shine = surface[t], emissivity[t]
                if follows[t] > 0:
                    a, b, c = directions[i, j, 0], directions[i, j, 1], directions[i, j, 2]
                    dx = T[0, 0] * a + T[0, 1] * b + T[0, 2] * c
                    dy = T[1, 0] * a + T[1, 1] * b + T[1, 2] * c
                    dz = T[2, 0] * a + T[2, 1] * b + T[2, 2] * c
                    m, n = i % len(origins), j % origins.shape[1]
                    a, b, c = origins[m, n, 0], origins[m, n, 1], origins[m, n, 2]
                    x = T[0, 3] + T[0, 0] * a + T[0, 1] * b + T[0, 2] * c
                    y = T[1, 3] + T[1, 0] * a + T[1, 1] * b + T[1, 2] * c
                    z = T[2, 3] + T[2, 0] * a + T[2, 1] * b + T[2, 2] * c
                    facing = plane[t, 0] * dx + plane[t, 1] * dy + plane[t, 2] * dz
                    gap = plane[t, 3] - plane[t, 0] * x - plane[t, 1] * y - plane[t, 2] * z
                    if abs(facing) < 1e-7:  # seen edge on
                        facing = 1e-7
                    reach = gap / facing - NUDGE / np.sqrt(dx * dx + dy * dy + dz * dz)
                    reach = max(reach, 0.0)
                    x, y = x + reach * dx, y + reach * dy
                    z = min(max(z + reach * dz, low_z), low_z + cell * len(air))
                    felt = _felt(air, (x - low_x) / cell, (y - low_y) / cell, (z - low_z) / cell)
                    temperature += follows[t] * (gradient * (z - mid) + felt)
            own = (temperature + KELVIN) ** 4
            image[i, j] = np.sqrt(np.sqrt(shine * own + (1.0 - shine) * around)) - KELVIN


@njit(nogil=True)
def _felt(air, x, y, z):
    """Deviation of the air at a point given in cells [K], trilinear; 0 outside the grid."""
    if not (0 <= x < air.shape[2] - 1 and 0 <= y < air.shape[1] - 1 and 0 <= z < air.shape[0] - 1):
        return 0.0
    i, j, k = int(x), int(y), int(z)
    u, v, w = x - i, y - j, z - k
    low = (1 - v) * ((1 - u) * air[k, j, i] + u * air[k, j, i + 1]) + v * (
        (1 - u) * air[k, j + 1, i] + u * air[k, j + 1, i + 1]
    )
    high = (1 - v) * ((1 - u) * air[k + 1, j, i] + u * air[k + 1, j, i + 1]) + v * (
        (1 - u) * air[k + 1, j + 1, i] + u * air[k + 1, j + 1, i + 1]
    )
    return (1 - w) * low + w * high

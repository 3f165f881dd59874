"""LiDAR, in space and in a plane: ranges by laser.

| name | shape | unit |
|---|---|---|
| `lidar` | (beams, azimuths) float32 | range along the beam [m]; 0 for no return |
| `lidar_intensity` | the same | strength of the return, 0…1; with `intensity=` |
| `lidar_times` | (azimuths,) float32 | when columns fired, less now [s]; with `distortion` |

Frame: the sensor's (x forward, y left, z up), at `position` on the body. Row 0 is the highest
beam; columns are in the order of firing, clockwise seen from above unless the device turns left,
so that the image shows what the eye sees. `points` gives the cloud. Rate: one scan per step.

Motion distortion: a scan is over in 1 / `rate_hz` s (a device with a narrower field of view is
blind for the rest of the turn), and its last column fires now. Each column is cast from where the
sensor was when it fired, as the body really moved during the step, and reported in the sensor's
frame of that moment, as real devices do. On an episode's first observation the body rests.
Without `distortion` the whole scan is taken now.

Light: the share that a surface sends back is its near-infrared reflectance × the cosine of the
incidence; "calibrated" intensity is that share, as devices report that correct for the range,
"raw" falls with 1/r² beyond 1 m. The reflectance is the luminance of the surface's mean colour. A
window pane answers only within some 20° of its normal; what lies behind glass is not seen, and
mirrors are walls.

Noise: Gaussian in range with the variance `noise`² + (`proportional_noise` · r)², kept within the
limits of the range. A return is lost with the probability `dropout`, and when weak: on 10 %
reflectance, head on, one in ten at `reach` and 1 / (1 + 9 q⁴) elsewhere, with q the received power
relative to that (data sheets put one half at 1.1 to 1.3 times the reach; this at 1.3). Beams are
lines: there is no divergence, no mixed pixels at edges, no second return, no stray sunlight.

Sources: the lidar equation as in Wagner et al., ISPRS J. Photogrammetry 60, 2006; devices in
`navworld.sensors.lidar_devices`; the kernel in `navworld.world.ranging`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.names import named, nearest
from navworld.sensors.lidar_devices import LIDAR_PRESETS, LidarDevice, spread
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.ranging import Receiver, Sweep, reflectances, scan
from navworld.world.world import World

INTENSITIES = ("calibrated", "raw")
SAME_TIME = 1e-9  # [s]


class Lidar:
    """A laser scanner; whatever is None is as in the preset.

    Args:
        preset: Name of a device (`LIDAR_PRESETS`), or a device.
        beams: Number of beams, equally spaced over the vertical field of view.
        vertical_deg: Lowest and highest beam.
        elevations_deg: Every beam by itself instead of the two above, the highest first.
        azimuths, horizontal_deg: Columns, and the field of view that they cover.
        min_range, max_range: Nothing is returned outside [m].
        noise, proportional_noise: Standard deviation of the range [m], and per metre of range.
        dropout: Probability that a return is lost whatever its strength.
        reach: Where nine in ten pulses are detected on 10 % reflectance [m]; inf detects all.
        rate_hz: Turns per second, for the distortion.
        intensity: "calibrated" or "raw"; None measures ranges only.
        distortion: Whether columns are taken one after the other.
        position: In the body frame [m].
        yaw_deg, pitch_deg: Left and down of straight ahead.
        key: Its name in the observation.

    Attributes:
        device: All that the scanner is.
        directions: (beams, azimuths, 3) float32 unit vectors of the beams, sensor frame.
        times: (azimuths,) when columns fire, less now [s]; zeros without distortion.
        T_body_lidar: (4, 4) where it is mounted.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        preset: str | LidarDevice = "ideal",
        beams: int | None = None,
        vertical_deg: tuple[float, float] | None = None,
        elevations_deg: Sequence[float] | None = None,
        azimuths: int | None = None,
        horizontal_deg: float | None = None,
        min_range: float | None = None,
        max_range: float | None = None,
        noise: float | None = None,
        proportional_noise: float | None = None,
        dropout: float | None = None,
        reach: float | None = None,
        rate_hz: float | None = None,
        intensity: str | None = None,
        distortion: bool = False,
        position: tuple[float, float, float] = (0.0, 0.0, 0.88),
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        key: str = "lidar",
    ) -> None:
        device = _device(preset)
        changed: dict[str, Any] = {
            "elevations_deg": _elevations(device, beams, vertical_deg, elevations_deg),
            "azimuths": azimuths,
            "horizontal_deg": horizontal_deg,
            "min_range": min_range,
            "max_range": max_range,
            "noise": noise,
            "proportional_noise": proportional_noise,
            "dropout": dropout,
            "reach": reach,
            "rate_hz": rate_hz,
        }
        given = {name: value for name, value in changed.items() if value is not None}
        self.device = device = replace(device, **given)
        if intensity is not None and intensity not in INTENSITIES:
            raise ValueError(f"unknown intensity {intensity!r}{nearest(intensity, INTENSITIES)}")
        self.intensity, self.distortion, self.key = intensity, distortion, key
        self.T_body_lidar = _mounted(position, yaw_deg, pitch_deg)
        self._sweep = Sweep(np.radians(device.elevations_deg), _azimuths(device))
        self.directions = self._sweep.directions
        self._receiver = Receiver(
            near=device.min_range,
            far=device.max_range,
            noise=device.noise,
            proportional_noise=device.proportional_noise,
            dropout=device.dropout,
            reach=device.reach,
            falloff=intensity == "raw",
        )
        self.times = _firing(device) if distortion else np.zeros(device.azimuths)
        self.space = spaces.Dict(self._boxes())

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing to remember; refuses a world whose steps are too short for a scan."""
        self._check_time(world.robot.dt)

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, beams, azimuths)} and what else was asked for."""
        places = [world.places[i] for i in ids]
        shares = None
        if self.intensity is not None or self._receiver.weak:
            shares = [p.derived("near-infrared reflectance", reflectances) for p in places]
        ranges, light = scan(
            [place.rays(None) for place in places],
            np.arange(len(ids)),
            self._poses(world, ids),
            self._sweep,
            self._receiver,
            reflectance=shares,
            intensity=self.intensity is not None,
            keys=streams.keys(f"{self.key} noise", ids),
            movers=[world.movers[i] for i in ids],
            threads=world.threads,
        )
        observation: Observation = {self.key: ranges}
        if light is not None:
            observation[f"{self.key}_intensity"] = light
        if self.distortion:
            times = self.times.astype(np.float32)
            observation[f"{self.key}_times"] = np.tile(times, (len(ids), 1))
        return observation

    def points(self, observation: Observation) -> NDArray[np.float32]:
        """(…, beams, azimuths, 3) points in the frame of the sensor when they were measured [m].

        Beams without a return are at the origin: `observation[key] > 0` tells the others.
        """
        return observation[self.key][..., None] * self.directions

    def _boxes(self) -> dict[str, spaces.Space]:
        shape = self._sweep.shape
        boxes: dict[str, spaces.Space] = {
            self.key: spaces.Box(0.0, self.device.max_range, shape, np.float32)
        }
        if self.intensity is not None:
            boxes[f"{self.key}_intensity"] = spaces.Box(0.0, 1.0, shape, np.float32)
        if self.distortion:
            earliest = -1 / self.device.rate_hz
            boxes[f"{self.key}_times"] = spaces.Box(earliest, 0.0, shape[1:], np.float32)
        return boxes

    def _poses(self, world: World, ids: IntArray) -> NDArray:
        """(n, 4, 4) poses of the sensor, or (n, azimuths, 4, 4) when columns differ."""
        if not self.distortion:
            return world.T_world_body(ids) @ self.T_body_lidar
        dt = np.where(world.dt[ids] > 0, world.dt[ids], inf)
        self._check_time(dt.min())
        moments = world.moments(ids, np.maximum(1 + self.times / dt[:, None], 0.0))
        return moments.T_world_body @ self.T_body_lidar

    def _check_time(self, dt: float) -> None:
        if -self.times[0] > dt + SAME_TIME:
            raise ValueError(
                f"Lidar(rate_hz={self.device.rate_hz:g}, distortion=True) scans for "
                f"{-self.times[0]:.3g} s, longer than a step of {dt:g} s: raise rate_hz to "
                f"{1 / dt:.3g} or more, or leave distortion out"
            )


def _device(preset: str | LidarDevice) -> LidarDevice:
    if isinstance(preset, LidarDevice):
        return preset
    return named(preset, LIDAR_PRESETS, "lidar preset")


def _elevations(
    device: LidarDevice,
    beams: int | None,
    vertical_deg: tuple[float, float] | None,
    elevations_deg: Sequence[float] | None,
) -> tuple[float, ...] | None:
    """The beams that were asked for; None for the preset's."""
    if elevations_deg is not None:
        if beams is not None or vertical_deg is not None:
            raise ValueError("Lidar takes elevations_deg, or beams and vertical_deg: not both")
        return tuple(float(e) for e in elevations_deg)
    if beams is None and vertical_deg is None:
        return None
    count = len(device.elevations_deg) if beams is None else beams
    if not (isinstance(count, (int, np.integer)) and count >= 1):
        raise ValueError(f"Lidar(beams={beams!r}): expected a whole number, at least 1")
    low, high = vertical_deg or (min(device.elevations_deg), max(device.elevations_deg))
    if not -90 <= low <= high <= 90:
        raise ValueError(f"Lidar(vertical_deg={vertical_deg!r}): expected -90 ≤ low ≤ high ≤ 90")
    return spread(low, high, count)


def _azimuths(device: LidarDevice) -> NDArray[np.float64]:
    """(W,) in the order of firing, positive to the left [rad]."""
    half, count = np.radians(device.horizontal_deg) / 2, device.azimuths
    if count == 1:
        return np.zeros(1)
    turn = np.linspace(-half, half, count, endpoint=device.horizontal_deg < 360)
    return -turn if device.clockwise else turn


def _firing(device: LidarDevice) -> NDArray[np.float64]:
    """(W,) when columns fire, less now [s]: the turn is even, the last column fires now."""
    gaps = device.azimuths if device.horizontal_deg == 360 else max(device.azimuths - 1, 1)
    gap = device.horizontal_deg / 360 / device.rate_hz / gaps
    return gap * np.arange(1.0 - device.azimuths, 1.0)


def _mounted(position: tuple[float, float, float], yaw_deg: float, pitch_deg: float) -> NDArray:
    """(4, 4) pose in the body frame of what looks left and down of straight ahead."""
    if not np.isfinite([*position, yaw_deg, pitch_deg]).all() or len(position) != 3:
        raise ValueError(f"Lidar(position={position!r}, yaw_deg={yaw_deg!r}, …) must be finite")
    yaw, pitch = np.radians(yaw_deg), np.radians(pitch_deg)
    c, s, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    T = np.eye(4)
    T[:3, :3] = [[c * cp, -s, c * sp], [s * cp, c, s * sp], [-sp, 0.0, cp]]
    T[:3, 3] = position
    return T

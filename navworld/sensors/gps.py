"""GPS + compass: position and heading relative to the start of the episode.

| name | shape | unit |
|---|---|---|
| `gps` | (3,) float32 | position in the frame of the start (x forward, y left, z up) [m] |
| `compass` | (1,) float32 | heading relative to the start, positive to the left [rad], in [−π, π] |

Rate: once per step. Noise, each 0 by default, so that the sensor is exact:

- white, per reading: `position_std` of x and y, `altitude_std` of z, `heading_std`;
- an error that wanders about 0 (first-order Gauss–Markov, at its stationary spread from the start
  on): `wander_std` of x and y, `altitude_wander_std` of z, both with `wander_time`; what is left of
  ionosphere, orbits and multipath (J. Rankin, An error model for sensor simulation GPS and
  differential GPS, PLANS 1994);
- a bias that is 0 at the start and walks at random with the path driven: `drift_std` and
  `heading_drift_std`, per square root of a metre, as of dead reckoning.

A `preset` names a device. Radii of data sheets become standard deviations of an axis: half of all
errors in the plane (CEP) are within 1.1774 σ, half of those of the height within 0.6745 σ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Observation
from navworld.names import named
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.upright import wrap
from navworld.world.world import World

CEP = 1.1774
HALF_LINE = 0.6745


@dataclass(frozen=True)
class GPSGrade:
    """A noise model of a positioning system.

    Attributes:
        position_std, altitude_std: White noise of x and y, and of z [m].
        heading_std: White noise of the heading [rad].
        wander_std, altitude_wander_std: Of the Gauss–Markov errors of x and y, and of z [m].
        wander_time: Their correlation time [s].
        drift_std: Random walk of the position bias [m/√m of path].
        heading_drift_std: Random walk of the heading bias [rad/√m of path].
        source: Where the figures come from.
    """

    position_std: float = 0.0
    altitude_std: float = 0.0
    heading_std: float = 0.0
    wander_std: float = 0.0
    altitude_wander_std: float = 0.0
    wander_time: float = 80.0
    drift_std: float = 0.0
    heading_drift_std: float = 0.0
    source: str = ""


# Heading of a magnetic compass: ±2.5°, Bosch BMM150 data sheet.
_MAGNETIC = np.radians(2.5)

GPS_PRESETS: dict[str, GPSGrade] = {
    "ideal": GPSGrade(source="no errors"),
    "consumer": GPSGrade(
        position_std=0.5, altitude_std=0.75, heading_std=_MAGNETIC,
        wander_std=float(np.sqrt((2.5 / CEP) ** 2 - 0.5**2)),
        altitude_wander_std=1.5 * 2.5 / CEP,
        source="u-blox NEO-M8 data sheet: 2.5 m CEP; that most of it is correlated: Comparison "
        "of enhanced noise model performance based on analysis of civilian GPS data, Sensors "
        "2020, 20, 6050; 0.5 m of white noise, 80 s and 1.5 times the error in height assumed",
    ),
    "rtk": GPSGrade(
        position_std=0.01 / CEP, altitude_std=0.01 / HALF_LINE, heading_std=np.radians(0.4),
        source="u-blox ZED-F9P data sheet: 0.01 m + 1 ppm CEP, 0.01 m R50 of the height; heading "
        "of a moving base 0.4°",
    ),
    "uwb": GPSGrade(
        position_std=0.10 / CEP, altitude_std=0.20, heading_std=_MAGNETIC,
        source="Decawave MDEK1001 product brief: 10 cm indoors, in line of sight; measured by "
        "A. R. Jiménez, F. Seco, Improving the accuracy of Decawave's UWB MDEK1001 location "
        "system, Sensors 2021, 21, 1787; twice the error in height assumed",
    ),
}  # fmt: skip
"""Devices by name."""


class GPSCompass:
    """Position and heading in the frame of the start.

    Args:
        preset: Name of a device (`GPS_PRESETS`), or a `GPSGrade`.
        position_std: White noise of each coordinate in the plane [m]; this and those below
            replace the preset's figure.
        heading_std: White noise of the heading [rad].
        drift_std: Random walk of the position bias [m/√m of path].
        heading_drift_std: Random walk of the heading bias [rad/√m of path].
        altitude_std: White noise of the height [m].
        wander_std, altitude_wander_std: Of the Gauss–Markov errors in the plane and in height [m].
        wander_time: Their correlation time [s].
        key: Its name in the observation; the compass is then `{key}_compass`.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        preset: str | GPSGrade = "ideal",
        position_std: float | None = None,
        heading_std: float | None = None,
        drift_std: float | None = None,
        heading_drift_std: float | None = None,
        altitude_std: float | None = None,
        wander_std: float | None = None,
        altitude_wander_std: float | None = None,
        wander_time: float | None = None,
        key: str = "gps",
    ) -> None:
        if not isinstance(preset, GPSGrade):
            preset = named(preset, GPS_PRESETS, "GPS preset")
        figures = {
            "position_std": position_std,
            "heading_std": heading_std,
            "drift_std": drift_std,
            "heading_drift_std": heading_drift_std,
            "altitude_std": altitude_std,
            "wander_std": wander_std,
            "altitude_wander_std": altitude_wander_std,
            "wander_time": wander_time,
        }
        given = {name: value for name, value in figures.items() if value is not None}
        for name, value in given.items():
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"GPSCompass({name}={value!r}) must be zero or positive")
        if wander_time == 0:
            raise ValueError("GPSCompass(wander_time=0) must be positive: use position_std instead")
        self.grade: GPSGrade = replace(preset, **given)  # type: ignore[arg-type]
        self.key = key
        self.compass_key = "compass" if key == "gps" else f"{key}_compass"
        self._bias, self._wander = np.zeros((0, 3)), np.zeros((0, 3))
        self._path = np.zeros(0)
        half_turn = np.float32(np.pi)
        self.space = spaces.Dict(
            {
                key: spaces.Box(-FAR, FAR, (3,), np.float32),
                self.compass_key: spaces.Box(-half_turn, half_turn, (1,), np.float32),
            }
        )

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Forgets the bias."""
        if len(self._bias) < world.num_envs:
            self._bias, self._wander = np.zeros((2, world.num_envs, 3))
            self._path = np.zeros(world.num_envs)
        self._bias[ids], self._path[ids] = 0.0, 0.0
        spread = self._wander_std()
        if spread.any():
            self._wander[ids] = spread * streams.normal(f"{self.key} wander start", ids, (3,))

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{"gps": (n, 3), "compass": (n, 1)}."""
        grade = self.grade
        T = world.T_start_body(ids)
        position = T[:, :3, 3]
        heading = np.arctan2(T[:, 1, 0], T[:, 0, 0])
        if grade.drift_std or grade.heading_drift_std:
            walked = np.sqrt(np.maximum(world.travelled[ids] - self._path[ids], 0.0))
            std = np.array([grade.drift_std, grade.drift_std, grade.heading_drift_std])
            drift = streams.normal(f"{self.key} drift", ids, (3,))
            self._bias[ids] += std * walked[:, None] * drift
            self._path[ids] = world.travelled[ids]
        if grade.position_std or grade.heading_std:
            std = np.array([grade.position_std, grade.position_std, grade.heading_std])
            noise = std * streams.normal(self.key, ids, (3,)) + self._bias[ids]
        else:
            noise = self._bias[ids]
        position[:, :2] += noise[:, :2]
        position += self._wandered(world, ids, streams)
        if grade.altitude_std:
            position[:, 2] += grade.altitude_std * streams.normal(f"{self.key} altitude", ids)
        gps = np.clip(position, -FAR, FAR).astype(np.float32)
        compass = wrap(heading + noise[:, 2]).astype(np.float32)
        limit = np.float32(np.pi)
        return {self.key: gps, self.compass_key: np.clip(compass, -limit, limit)[:, None]}

    def _wandered(self, world: World, ids: IntArray, streams: Streams) -> NDArray:
        """(n, 3) the Gauss–Markov error now [m]."""
        spread = self._wander_std()
        if spread.any():
            keep = np.exp(-np.maximum(world.dt[ids, None], 0.0) / self.grade.wander_time)
            kick = spread * np.sqrt(1 - keep**2) * streams.normal(f"{self.key} wander", ids, (3,))
            self._wander[ids] = keep * self._wander[ids] + kick
        return self._wander[ids]

    def _wander_std(self) -> NDArray:
        plane, height = self.grade.wander_std, self.grade.altitude_wander_std
        return np.array([plane, plane, height])

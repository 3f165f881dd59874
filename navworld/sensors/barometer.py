"""Barometer: pressure of the air, which tells the height.

| name | shape | unit |
|---|---|---|
| `barometer` | (1,) float32 | pressure [Pa] |
| `barometer_altitude` | (1,) float32 | height above the sea that has it in standard air [m] |

Rate: once per step. Frame: the world's z, at the sensor's place on the body; the world's z = 0 lies
`ground_altitude` above sea level. Near the ground a metre is 12 Pa.

Noise: a constant error of the episode (`offset_std`, the weather and the sensor's absolute
accuracy), a first-order Gauss–Markov process (`drift_std`, `drift_time`; draughts, doors, the
short-term weather) and white noise per reading (`noise_std`), all in Pa.

Air: ISO 2533:1975. Noise model: A. M. Sabatini, V. Genovese, A stochastic approach to noise
modeling for barometric altimeters, Sensors 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.geometry.imu import GRAVITY
from navworld.names import nearest
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.world import World

SEA_PRESSURE = 101325.0
SEA_TEMPERATURE = 288.15
LAPSE = 0.0065
EXPONENT = GRAVITY / (287.05287 * LAPSE)


@dataclass(frozen=True)
class BarometerGrade:
    """A noise model of a barometer.

    Attributes:
        noise_std: White noise of a reading [Pa].
        drift_std: Standard deviation of the Gauss–Markov process [Pa].
        drift_time: Its correlation time [s].
        offset_std: Standard deviation of the episode's constant error [Pa].
        resolution: Step of the output [Pa]; 0 for none.
        source: Where the figures come from.
    """

    noise_std: float = 0.0
    drift_std: float = 0.0
    drift_time: float = 600.0
    offset_std: float = 0.0
    resolution: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("noise_std", "drift_std", "drift_time", "offset_std", "resolution"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0) or (name == "drift_time" and value == 0):
                raise ValueError(f"BarometerGrade({name}={value!r}) must not be negative or absent")


# The drift is an assumption: a device's relative accuracy as its standard deviation, ten minutes.
BAROMETER_PRESETS: dict[str, BarometerGrade] = {
    "ideal": BarometerGrade(source="no errors"),
    "bmp280": BarometerGrade(
        noise_std=1.3, drift_std=12 / 3, offset_std=100 / 3, resolution=0.16,
        source="Bosch BST-BMP280-DS001 rev. 1.14 (2015): 1.3 Pa rms without filter in ultra high "
        "resolution, ±12 Pa relative, ±100 Pa absolute; time of the drift assumed",
    ),
    "bmp390": BarometerGrade(
        noise_std=0.9, drift_std=3 / 3, offset_std=50 / 3, resolution=0.016,
        source="Bosch BST-BMP390-DS002 rev. 1.7 (2021): ±3 Pa relative, ±50 Pa absolute, 0.016 Pa "
        "steps; noise without filter and time of the drift assumed",
    ),
    "bmp581": BarometerGrade(
        noise_std=0.21, drift_std=6 / 3, offset_std=30 / 3, resolution=1 / 64,
        source="Bosch BST-BMP581-DS004: 0.21 Pa rms at 16-fold oversampling (table 9), ±30 Pa "
        "absolute, ±6 Pa relative; time of the drift assumed",
    ),
    "ms5611": BarometerGrade(
        noise_std=1.2, drift_std=12 / 3, offset_std=150 / 3,
        source="TE/MEAS MS5611-01BA03 data sheet: 0.012 mbar rms at 4096-fold oversampling, "
        "±1.5 mbar; drift assumed as of the BMP280",
    ),
}  # fmt: skip
"""Devices by name."""


class Barometer:
    """Pressure sensor.

    Args:
        preset: Name of a device (`BAROMETER_PRESETS`), or a `BarometerGrade`.
        position: Where it sits on the body [m].
        ground_altitude: Height of the world's z = 0 above sea level [m].
        key: Its name in the observation.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        preset: str | BarometerGrade = "ideal",
        position: tuple[float, float, float] = (0.0, 0.0, 0.0),
        ground_altitude: float = 0.0,
        key: str = "barometer",
    ) -> None:
        if not isinstance(preset, BarometerGrade):
            if preset not in BAROMETER_PRESETS:
                known = nearest(preset, BAROMETER_PRESETS)
                raise ValueError(f"unknown barometer preset {preset!r}{known}")
            preset = BAROMETER_PRESETS[preset]
        if not -500 <= ground_altitude <= 9000:
            raise ValueError(
                f"Barometer(ground_altitude={ground_altitude!r}): expected −500 to 9000 m"
            )
        self.grade, self.key = preset, key
        self.position = np.array(position, np.float64)
        self.ground_altitude = float(ground_altitude)
        low, high = pressure_at(np.array([11000.0, -2000.0]))
        top, bottom = altitude_of(np.array([low, high]))
        self._pressures = float(np.float32(low)), float(np.float32(high))
        self._altitudes = float(np.floor(bottom)), float(np.ceil(top))
        self.space = spaces.Dict(
            {
                key: spaces.Box(*self._pressures, (1,), np.float32),
                f"{key}_altitude": spaces.Box(*self._altitudes, (1,), np.float32),
            }
        )
        self._offset, self._drift = np.zeros(0), np.zeros(0)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Draws the errors of the episode."""
        if len(self._offset) < world.num_envs:
            self._offset, self._drift = np.zeros(world.num_envs), np.zeros(world.num_envs)
        start = streams.normal(f"{self.key} start", ids, (2,))
        self._offset[ids] = self.grade.offset_std * start[:, 0]
        self._drift[ids] = self.grade.drift_std * start[:, 1]

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, 1), key_altitude: (n, 1)}."""
        grade = self.grade
        T = world.T_world_body(ids)
        height = T[:, 2, 3] + T[:, 2, :3] @ self.position + self.ground_altitude
        fresh = streams.normal(f"{self.key} noise", ids, (2,))
        keep = np.exp(-np.maximum(world.dt[ids], 0.0) / grade.drift_time)
        kick = grade.drift_std * np.sqrt(1 - keep**2) * fresh[:, 0]
        self._drift[ids] = keep * self._drift[ids] + kick
        pressure = pressure_at(np.clip(height, -2000.0, 11000.0))
        pressure += self._offset[ids] + self._drift[ids] + grade.noise_std * fresh[:, 1]
        if grade.resolution:
            pressure = np.rint(pressure / grade.resolution) * grade.resolution
        pressure = np.clip(pressure.astype(np.float32), *self._pressures)
        altitude = altitude_of(pressure.astype(np.float64)).astype(np.float32)
        return {
            self.key: pressure[:, None],
            f"{self.key}_altitude": np.clip(altitude, *self._altitudes)[:, None],
        }


def pressure_at(altitude: NDArray) -> NDArray:
    """Pressure [Pa] at heights above sea level [m] up to 11 km, in the standard atmosphere."""
    return SEA_PRESSURE * (1 - LAPSE * np.asarray(altitude) / SEA_TEMPERATURE) ** EXPONENT


def altitude_of(pressure: NDArray) -> NDArray:
    """Inverse of `pressure_at`."""
    return SEA_TEMPERATURE / LAPSE * (1 - (np.asarray(pressure) / SEA_PRESSURE) ** (1 / EXPONENT))

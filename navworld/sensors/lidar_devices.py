"""Laser scanners: named devices, each figure from its data sheet.

| name | beams × azimuths | elevations | range [m] | σ of the range | reach [m] | rate |
|---|---|---|---|---|---|---|
| `ideal` | 16 × 512 | ±15° | 0.1–30 | 0 | – | 10 Hz |
| `planar` | 1 × 360 | 0° | 0.05–30 | 0 | – | 10 Hz |
| `vlp-16` | 16 × 1800 | ±15° | 0.5–100 | 3 cm | 35 | 10 Hz |
| `hdl-32e` | 32 × 2170 | −30.67° to 10.67° | 0.05–100 | 2 cm | 35 | 10 Hz |
| `hdl-64e` | 64 × 2083 | −24.33° to 2° | 0.9–120 | 2 cm | 50 | 10 Hz |
| `os0-128` | 128 × 1024 | ±45° | 0.3–50 | 1.5 cm ⊕ 0.3 % | 15 | 10 Hz |
| `os1-64` | 64 × 1024 | ±22.5° | 0.3–120 | 1 cm ⊕ 0.05 % | 45 | 10 Hz |
| `os1-128` | 128 × 1024 | ±22.5° | 0.3–120 | 1 cm ⊕ 0.05 % | 45 | 10 Hz |
| `urg-04lx` | 1 × 683 over 240° | 0° | 0.06–4.095 | 3.3 mm ⊕ 0.33 % | 1.4 | 10 Hz |
| `utm-30lx` | 1 × 1081 over 270° | 0° | 0.1–30 | 1 cm ⊕ 0.1 % | 10.6 | 40 Hz |
| `lms111` | 1 × 541 over 270° | 0° | 0.5–20 | 1.2 cm | 18 | 50 Hz |
| `lms200` | 1 × 361 over 180° | 0° | 0.1–80 | 5 mm | 10 | 37.5 Hz |
| `rplidar-a1` | 1 × 360 | 0° | 0.15–12 | 0.33 % | 4.2 | 5.5 Hz |
| `rplidar-a2` | 1 × 800 | 0° | 0.15–12 | 0.33 % | 4.2 | 10 Hz |

⊕ adds variances, to follow sheets that give several figures over the range. A tolerance (±, <) is
taken as three standard deviations, a figure called 1σ, typical or statistical as one. Systematic
errors are left out. Where a sheet gives one range only, it is taken as that of an 80 % target, so
`reach`, that of 10 % reflectance, is √(1/8) of it. No sheet gives losses that do not come from
weak returns: `dropout` is 0 everywhere. Every column of a device with many beams fires at once
and in one vertical plane, which real ones spread over some microseconds and degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

MOST = 8192
"""Beams, and azimuths."""


@dataclass(frozen=True)
class LidarDevice:
    """What a scanner is.

    Attributes:
        elevations_deg: Of its beams, the top row of the range image first.
        azimuths: Columns of the range image.
        horizontal_deg: Field of view, symmetric about straight ahead; both edges are measured
            unless it is a full circle.
        clockwise: Seen from above, so that the first column is the leftmost; False turns left.
        min_range, max_range: Nothing is returned outside [m].
        noise: Standard deviation of the range [m].
        proportional_noise: The same per metre of range; the variances add up.
        dropout: Probability that a return is lost whatever its strength.
        reach: Where nine in ten pulses are detected on 10 % reflectance, head on [m]; inf
            detects everything.
        rate_hz: Revolutions per second.
        source: Of the figures.
    """

    elevations_deg: tuple[float, ...] = (0.0,)
    azimuths: int = 360
    horizontal_deg: float = 360.0
    clockwise: bool = True
    min_range: float = 0.1
    max_range: float = 30.0
    noise: float = 0.0
    proportional_noise: float = 0.0
    dropout: float = 0.0
    reach: float = inf
    rate_hz: float = 10.0
    source: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.elevations_deg) <= MOST:
            raise ValueError(f"a lidar has 1 to {MOST} beams, not {len(self.elevations_deg)}")
        if not all(-90 <= e <= 90 for e in self.elevations_deg):
            raise ValueError(
                f"a lidar's elevations lie within -90° to 90°: {self.elevations_deg!r}"
            )
        if not (isinstance(self.azimuths, (int, np.integer)) and 1 <= self.azimuths <= MOST):
            raise ValueError(f"Lidar(azimuths={self.azimuths!r}): expected 1 to {MOST}")
        if not 0 < self.horizontal_deg <= 360:
            raise ValueError(f"Lidar(horizontal_deg={self.horizontal_deg!r}): expected 0 to 360")
        if not 0 <= self.min_range < self.max_range < inf:
            raise ValueError(
                f"Lidar(min_range={self.min_range!r}, max_range={self.max_range!r}): expected "
                "0 ≤ min_range < max_range"
            )
        for name in ("noise", "proportional_noise"):
            if not 0 <= getattr(self, name) < inf:
                raise ValueError(f"Lidar({name}={getattr(self, name)!r}) must be zero or positive")
        if not 0 <= self.dropout <= 1:
            raise ValueError(f"Lidar(dropout={self.dropout!r}): expected a probability, 0 to 1")
        if not self.reach > 0:
            raise ValueError(f"Lidar(reach={self.reach!r}) must be positive; inf detects all")
        if not 0 < self.rate_hz < inf:
            raise ValueError(f"Lidar(rate_hz={self.rate_hz!r}) must be a positive number")


def spread(low: float, high: float, beams: int) -> tuple[float, ...]:
    """Elevations of equally spaced beams from the highest down; one looks at the middle [deg]."""
    if beams == 1:
        return (0.5 * (low + high),)
    return tuple(float(e) for e in np.linspace(high, low, beams))


_UPPER = tuple(2.0 - k / 3 for k in range(32))
_LOWER = tuple(-8.83 - k / 2 for k in range(32))

LIDAR_PRESETS: dict[str, LidarDevice] = {
    "ideal": LidarDevice(spread(-15, 15, 16), 512, source="none: measures exactly"),
    "planar": LidarDevice(min_range=0.05, clockwise=False, source="none: measures exactly"),
    "vlp-16": LidarDevice(
        spread(-15, 15, 16), 1800, min_range=0.5, max_range=100.0, noise=0.03, reach=35.4,
        source="Velodyne VLP-16 data sheet (100 m, ±3 cm typical, 2°, 0.2° at 10 Hz)",
    ),
    "hdl-32e": LidarDevice(
        spread(-30.67, 10.67, 32), 2170, min_range=0.05, max_range=100.0, noise=0.02, reach=35.4,
        source="Velodyne HDL-32E manual 63-9113 (5 cm to 100 m, 2 cm 1σ, firing angles)",
    ),
    "hdl-64e": LidarDevice(
        _UPPER + _LOWER, 2083, min_range=0.9, max_range=120.0, noise=0.02, reach=50.0,
        source="Velodyne HDL-64E S2 data sheet (50 m at 10 %, 120 m at 80 %, 2 cm 1σ, "
        "1/3° above and 1/2° below -8.6°)",
    ),
    "os0-128": LidarDevice(
        spread(-45, 45, 128), 1024, min_range=0.3, max_range=50.0, noise=0.015,
        proportional_noise=0.003, reach=15.0,
        source="Ouster OS0 data sheet, revision 6 (15 m at 10 %, 50 m at 80 %; 1σ 1.5 cm to 10 m, "
        "5 cm beyond)",
    ),
    "os1-64": LidarDevice(
        spread(-22.5, 22.5, 64), 1024, min_range=0.3, max_range=120.0, noise=0.01,
        proportional_noise=5e-4, reach=45.0,
        source="Ouster OS1 data sheet, revision 6 (45 m at 10 %, 120 m at 80 %; 1σ 1 cm to 20 m, "
        "2 cm to 50 m, 5 cm beyond)",
    ),
    "os1-128": LidarDevice(
        spread(-22.5, 22.5, 128), 1024, min_range=0.3, max_range=120.0, noise=0.01,
        proportional_noise=5e-4, reach=45.0,
        source="Ouster OS1 data sheet, revision 6, as os1-64",
    ),
    "urg-04lx": LidarDevice(
        azimuths=683, horizontal_deg=240.0, clockwise=False, min_range=0.06, max_range=4.095,
        noise=0.01 / 3, proportional_noise=0.01 / 3, reach=1.45,
        source="Hokuyo URG-04LX specification (±10 mm to 1 m, ±1 % beyond, 683 steps); "
        "Kneip et al., ICRA 2009, find its repeatability on a par with the LMS 200",
    ),
    "utm-30lx": LidarDevice(
        azimuths=1081, horizontal_deg=270.0, clockwise=False, max_range=30.0, noise=0.01,
        proportional_noise=0.001, reach=10.6, rate_hz=40.0,
        source="Hokuyo UTM-30LX specification (repeated accuracy σ < 10 mm to 10 m, < 30 mm to "
        "30 m, 25 ms per scan)",
    ),
    "lms111": LidarDevice(
        azimuths=541, horizontal_deg=270.0, clockwise=False, min_range=0.5, max_range=20.0,
        noise=0.012, reach=18.0, rate_hz=50.0,
        source="SICK LMS1xx operating instructions 8012471 (statistical error 12 mm, 18 m at 10 %)",
    ),
    "lms200": LidarDevice(
        azimuths=361, horizontal_deg=180.0, clockwise=False, max_range=80.0, noise=0.005,
        reach=10.0, rate_hz=37.5,
        source="SICK LMS200 technical description (statistical error 5 mm, 10 m at 10 %)",
    ),
    "rplidar-a1": LidarDevice(
        azimuths=360, min_range=0.15, max_range=12.0, proportional_noise=0.01 / 3, reach=4.2,
        rate_hz=5.5,
        source="Slamtec RPLIDAR A1M8 data sheet (12 m on white, below 1 % of the distance, "
        "360 samples at 5.5 Hz)",
    ),
    "rplidar-a2": LidarDevice(
        azimuths=800, min_range=0.15, max_range=12.0, proportional_noise=0.01 / 3, reach=4.2,
        source="Slamtec RPLIDAR A2M8 data sheet, revision 2.5 (12 m, 0.45° at 10 Hz, below 1 %)",
    ),
}  # fmt: skip
"""Devices by name."""

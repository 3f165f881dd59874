"""Radars and how they are set up, from data sheets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from navworld.names import named


@dataclass(frozen=True)
class Chirps:
    """A radar and how it is set up.

    Attributes:
        frequency: Of the carrier [Hz].
        range_resolution, max_range: [m]; nearer than `min_range` nothing is seen.
        velocity_resolution, max_velocity: [m/s].
        fov_deg: Full field of view, azimuth and elevation.
        beam_deg: Half the width of the antenna pattern at −6 dB, azimuth and elevation.
        azimuth_resolution_deg, elevation_resolution_deg: Of the array, straight ahead.
        power_dbm, gain_dbi, noise_figure_db: Of the transmitter, each antenna, the receiver.
        coherent_time: Over which the signal of all channels adds up [s].
        threshold_db: Of detection.
        angle_std_deg: Error of direction beside that of noise.
        false_alarms: Mean number per measurement.
        rays: Of the fan, in azimuth and in elevation.
    """

    frequency: float = 77e9
    range_resolution: float = 0.044
    max_range: float = 9.02
    min_range: float = 0.1
    velocity_resolution: float = 0.13
    max_velocity: float = 1.0
    fov_deg: tuple[float, float] = (120.0, 40.0)
    beam_deg: tuple[float, float] = (50.0, 20.0)
    azimuth_resolution_deg: float = 15.0
    elevation_resolution_deg: float = 58.0
    power_dbm: float = 12.0
    gain_dbi: float = 10.5
    noise_figure_db: float = 15.0
    coherent_time: float = 9.4e-3
    threshold_db: float = 15.0
    angle_std_deg: float = 1.0
    false_alarms: float = 0.2
    rays: tuple[int, int] = (96, 32)


PRESETS: dict[str, Chirps] = {
    # Settings of the out-of-box demonstration for the finest range, 77 GHz: chirps of 70 MHz/µs,
    # 256 samples at 5.209 MHz (c / 2B = 0.044 m, 9.02 m), 16 loops of 3 transmitters (±1 m/s in
    # steps of 0.13), 15° from 8 virtual antennas in a row (58° across 2), thresholds of 15 dB
    # with peak grouping, smallest-of CFAR with a window of 8 and a guard of 4. Coherent time: 16
    # loops of 12 channels of 49 µs. Data sheets: 12 dBm, noise figure 15 dB (77 to 81 GHz);
    # evaluation module: 10.5 dBi, −6 dB at ±50° and ±20°. The calibration error (±2° is commonly
    # seen) and the false alarms are estimates.
    "iwr1443": Chirps(angle_std_deg=1.5),
    "awr1843": Chirps(noise_figure_db=15.0, angle_std_deg=1.0),
    # The same demonstration for long range: 0.47 m, 50 m, ±18.28 m/s in steps of 2.29 m/s.
    "awr1843-long": Chirps(
        range_resolution=0.47, max_range=50.0, velocity_resolution=2.29, max_velocity=18.28,
        coherent_time=4.7e-3, min_range=0.5,
    ),
}  # fmt: skip
"""Radars by Texas Instruments, from their data sheets and the settings that they come with."""


def chosen(preset: str | None, chirps: Chirps | None) -> Chirps:
    """The radar that was asked for, checked."""
    if preset is not None and chirps is not None:
        raise ValueError("Radar takes a preset or chirps, not both")
    if preset is not None:
        return named(preset, PRESETS, "radar preset")
    own = chirps or Chirps()
    for name in (
        "frequency", "range_resolution", "max_range", "velocity_resolution", "max_velocity",
        "azimuth_resolution_deg", "elevation_resolution_deg", "coherent_time",
    ):  # fmt: skip
        value = getattr(own, name)
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"Chirps({name}={value!r}) must be a positive number")
    for name in ("min_range", "angle_std_deg", "false_alarms"):
        value = getattr(own, name)
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"Chirps({name}={value!r}) must be zero or positive")
    if not (own.min_range < own.max_range and own.range_resolution < own.max_range):
        raise ValueError(
            f"Chirps(min_range={own.min_range!r}, max_range={own.max_range!r}) must leave room "
            f"for cells of {own.range_resolution!r} m"
        )
    if not (0 < own.fov_deg[0] < 180 and 0 < own.fov_deg[1] < 180):
        raise ValueError(f"Chirps(fov_deg={own.fov_deg!r}): both must be more than 0 and under 180")
    if min(own.rays) < 4 or max(own.rays) > 2048 or min(own.beam_deg) <= 0:
        raise ValueError(
            f"Chirps(rays={own.rays!r}, beam_deg={own.beam_deg!r}): expected 4 to 2048 rays each "
            "way and positive beams"
        )
    return own

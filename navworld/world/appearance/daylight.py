"""Daylight by the hour: where the sun stands, how bright and what colour sun and sky are.

The sun's place follows from latitude, declination and solar time; its colour from the air mass
that its light crosses (Kasten & Young, "Revised optical air mass tables and approximation
formula", Applied Optics 1989). Twilight fades tenfold for every 4° that the sun sinks, down to a
moonlit floor; brightness is relative to a high sun and, at night, far above nature's, for a
camera at a fixed exposure would see nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from navworld.world.scene import Material, Sun, Texture

LATITUDE = np.radians(48.0)
DECLINATION = {None: 15.0, "spring": 10.0, "summer": 23.4, "autumn": -5.0, "winter": -23.4}
"""Height of the midday sun over the equator in the middle of the seasons [deg]."""

OPTICAL_DEPTH = np.array([0.09, 0.14, 0.24])
SKY_SHARE = np.array([0.8, 0.92, 1.08])
"""Radiance of a clear sky as a share of the sun's irradiance, as `world/baking/irradiance.py`."""

STRENGTH = 2.6
"""Irradiance of a high sun where the scene has none of its own."""

MOONLIT = 0.004
OVERCAST_SKY = 0.55

# Height of the sun [deg]; sRGB of the sky at the horizon, and straight up.
_SKIES = np.array(
    [
        [-90.0, 20, 23, 36, 6, 8, 18],
        [-12.0, 22, 25, 40, 8, 10, 22],
        [-6.0, 96, 72, 84, 26, 34, 66],
        [-1.0, 214, 142, 104, 64, 88, 138],
        [5.0, 246, 206, 160, 100, 136, 190],
        [14.0, 238, 236, 228, 112, 152, 212],
        [30.0, 236, 241, 246, 114, 155, 216],
        [90.0, 236, 241, 246, 114, 155, 216],
    ]
)

_EVENING = np.array(
    [[0.0, 0.24], [2.0, 0.08], [4.5, 0.05], [6.5, 0.40], [8.0, 0.50], [16.0, 0.50], [18.5, 0.66],
     [21.5, 0.66], [23.0, 0.40], [24.0, 0.24]]
).T  # fmt: skip
"""Hour, and share of windows that are lit then if it is dark: people get up and go to bed."""


@dataclass(frozen=True)
class Daylight:
    """Light from above at one time.

    Attributes:
        elevation_deg: Height of the sun.
        sun: Its direct light, None below the horizon or behind clouds.
        sky: Linear RGB radiance of the sky.
        day: How bright the day is, 1 under a high sun, 0 at night.
        dark: How much lamps are needed, 0 by day to 1 after dusk.
    """

    elevation_deg: float
    sun: Sun | None
    sky: tuple[float, float, float]
    day: float
    dark: float


def sun_direction(hour: float, season: str | None = None) -> NDArray[np.float64]:
    """Unit vector towards the sun at a solar time [h]; x east, y north, z up."""
    declination = np.radians(DECLINATION[season])
    angle = (hour - 12.0) * np.pi / 12.0
    east = -np.cos(declination) * np.sin(angle)
    noon, pole = np.cos(declination) * np.cos(angle), np.sin(declination)
    north = np.cos(LATITUDE) * pole - np.sin(LATITUDE) * noon
    up = np.sin(LATITUDE) * pole + np.cos(LATITUDE) * noon
    return np.array([east, north, up])


def daylight(hour: float, season: str | None, clouds: float, strength: float) -> Daylight:
    """Light at an hour.

    Args:
        clouds: 0 for a clear sky, 1 for an overcast one.
        strength: Irradiance that a high sun has in this scene.
    """
    direction = sun_direction(hour, season)
    elevation = float(np.degrees(np.arcsin(np.clip(direction[2], -1, 1))))
    high = max(elevation, 0.0)
    mass = 1 / (np.sin(np.radians(high)) + 0.50572 * (high + 6.07995) ** -1.6364)
    direct = np.exp(-OPTICAL_DEPTH * (mass - 1)) * (1 - clouds) * np.clip(elevation / 2 + 0.5, 0, 1)
    sun = None
    if elevation > -1 and clouds < 1:
        low_sun = np.array([*direction[:2], max(direction[2], 0.01)])
        sun = Sun(_floats(low_sun / np.linalg.norm(low_sun)), _floats(strength * direct))
    day = _brightness(elevation)
    clear = SKY_SHARE * day
    grey = OVERCAST_SKY * day * np.ones(3)
    sky = strength * ((1 - clouds) * clear + clouds * grey)
    dark = float(np.clip((8.0 - elevation + 6.0 * clouds) / 9.0, 0, 1))
    return Daylight(elevation, sun, _floats(sky), day, dark)


def lit_share(hour: float, dark: float) -> float:
    """Share of the windows of houses behind which lamps burn.

    Args:
        hour: Solar time [h].
        dark: How much lamps are needed, as in `Daylight`.
    """
    return float(dark * np.interp(hour, *_EVENING))


def _brightness(elevation_deg: float) -> float:
    """Of the sky, relative to that of a high sun."""
    if elevation_deg >= 0:
        return float(0.2 + 0.8 * np.sin(np.radians(elevation_deg)) ** 0.6)
    return float(max(0.2 * 10.0 ** (elevation_deg / 4.0), MOONLIT))


def sky_colors(elevation_deg: float, clouds: float) -> NDArray[np.float64]:
    """(2, 3) sRGB 0…255 of the sky at the horizon and straight up."""
    table = [np.interp(elevation_deg, _SKIES[:, 0], _SKIES[:, k]) for k in range(1, 7)]
    clear = np.array(table).reshape(2, 3)
    grey = (clear @ np.array([0.2126, 0.7152, 0.0722])).mean() * np.array([[1.0], [0.94]])
    return (1 - clouds) * clear + clouds * grey * np.array([0.98, 1.0, 1.02])


@lru_cache(maxsize=64)
def sky_material(elevation_deg: float, clouds: float) -> Material:
    """The sky as it is seen; row 0 of its picture is straight up."""
    horizon, zenith = sky_colors(elevation_deg, clouds)
    up = np.linspace(1, -1, 64)[:, None]
    above = horizon + np.clip(up, 0, 1) ** 0.5 * (zenith - horizon)
    below = horizon * (0.95 - 0.35 * np.clip(-up, 0, 1) ** 0.3)
    rows = np.where(up >= 0, above, below)
    pixels = np.rint(np.clip(np.repeat(rows[:, None], 2, axis=1), 0, 255)).astype(np.uint8)
    name = f"sky of {elevation_deg:.3f}° under {clouds:.2f} clouds"
    return Material("sky", texture=Texture(name, pixels), emission=1.0)


def _floats(values: NDArray) -> tuple[float, float, float]:
    """Rounded, so that the last bit of a library's sine changes no cache key."""
    x, y, z = (round(float(value), 6) for value in values)
    return x, y, z

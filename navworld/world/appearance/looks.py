"""Looks of a place: the same triangles in the light of another hour, under snow, in autumn.

A look is made from the plain scene, which stays as it is: `relit` gives the lights of an hour and
of an overcast sky (they are baked anew), `dressed` other colours on the same baked light.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from navworld.world.appearance.daylight import (
    STRENGTH,
    Daylight,
    daylight,
    lit_share,
    sky_colors,
    sky_material,
)
from navworld.world.appearance.repaint import hazed, in_season, lit, repeats, snowed, tinted
from navworld.world.appearance.shelter import Shelter
from navworld.world.conditions import Conditions
from navworld.world.scene import Lamp, Material, Scene
from navworld.world.semantics import class_id

HOURS_APART = 0.5
OVERCAST_FROM = 0.5
"""Severity of fog, rain or snow from which the sun is hidden."""

LEVEL, OPEN, OUTDOORS = 0.5, 0.5, 0.25
"""Least upward part of the normal that holds snow; shares of open sky that count as open air."""

AMBIENT_AT_NIGHT, LAMPLIT = 0.03, 0.12
SEEN_BURNING = 0.5
"""Share of its power from which a lamp's shade glows."""

SHADE, DIM = 0.8, (0.17, 0.16, 0.17)
"""Of what glows: the light that falls on it as a share of the sky's, and its least."""

HAZE = 0.55
"""How much of the picture behind a pane an overcast sky hides."""


@dataclass(frozen=True)
class Lighting:
    """The lights of a look: what is baked.

    Attributes:
        hour: In half hours, or None for the scene's own light.
        overcast: Whether clouds hide the sun.
        season: One of `conditions.SEASONS` where it changes the sun's way, or None.
    """

    hour: float | None = None
    overcast: bool = False
    season: str | None = None

    def daylight(self, scene: Scene) -> Daylight:
        """Light from above; the scene's own hour is that at which its sun stands."""
        strength = STRENGTH if scene.sun is None else max(scene.sun.power)
        if self.hour is not None:
            return daylight(self.hour, self.season, float(self.overcast), strength)
        own = daylight(12.0, None, float(self.overcast), strength)
        if scene.sun is None or self.overcast:
            return own
        return replace(own, sun=scene.sun)

    def sky(self, scene: Scene) -> Material | None:
        """What is seen above; None for the plain sky."""
        if self.hour is None and not self.overcast:
            return None
        return sky_material(self.daylight(scene).elevation_deg, float(self.overcast))

    def air(self, scene: Scene, *, indoors: bool) -> NDArray[np.float32]:
        """(3,) colour of fog, falling snow and rain, 1 being white."""
        return _air(self, bool(scene.lamps), indoors)

    def brightness(self, scene: Scene) -> float:
        """How bright what is not baked (people, vehicles) shows, relative to the plain scene."""
        if self.hour is None and not self.overcast:
            return 1.0
        light = self.daylight(scene)
        lamps = LAMPLIT * light.dark if scene.lamps else 0.0
        day = light.day * (0.7 if self.overcast else 1.0)
        return float(np.clip(max(day, lamps), 0.02, 1.0) ** 0.25)


@dataclass(frozen=True)
class Look:
    """What of the conditions a place is prepared for, in steps that keep looks few.

    Attributes:
        lighting: What is baked.
        season: One of `conditions.SEASONS`, or None.
        snow, wet: Whole severities.
    """

    lighting: Lighting = Lighting()
    season: str | None = None
    snow: int = 0
    wet: int = 0

    @classmethod
    def of(cls, conditions: Conditions) -> Look:
        """The look under some conditions."""
        hour, season = conditions.hour, None
        if hour is not None:
            hour, season = round(hour / HOURS_APART) * HOURS_APART % 24.0, conditions.season
        weather = max(conditions.fog, conditions.rain, conditions.snow)
        return cls(
            Lighting(hour, weather >= OVERCAST_FROM, season),
            conditions.season,
            int(np.ceil(conditions.snow)),
            int(np.ceil(conditions.wetness)),
        )

    @property
    def colors(self) -> bool:
        """Whether colours of surfaces change, beside the light."""
        return self.season is not None or self.snow > 0 or self.wet > 0


@lru_cache(maxsize=256)
def _air(lighting: Lighting, lamps: bool, indoors: bool) -> NDArray[np.float32]:
    hour = 12.0 if lighting.hour is None else lighting.hour
    light = daylight(hour, lighting.season, float(lighting.overcast), STRENGTH)
    horizon = sky_colors(light.elevation_deg, 1.0)[0] / 255
    if indoors:
        horizon = np.maximum(0.8 * horizon, light.dark * np.array([0.52, 0.47, 0.40]))
    elif lamps:
        horizon = np.maximum(horizon, light.dark * np.array([0.22, 0.20, 0.18]))
    air = horizon.astype(np.float32)
    air.setflags(write=False)
    return air


def relit(scene: Scene, lighting: Lighting, lamps_see_day: NDArray[np.bool_]) -> Scene:
    """The scene with the lights of a lighting.

    Lamps burn after dusk; where no daylight comes to a lamp it burns by day as well.

    Args:
        lamps_see_day: (L,) whether daylight comes to each lamp.
    """
    light = lighting.daylight(scene)
    dark = np.full(len(scene.lamps), 1.0)
    if lighting.hour is not None:
        dark = np.where(lamps_see_day, light.dark, 1.0)
    plain_sun = scene.sun is not None and lighting.hour is None
    lamps, share = [], []
    for lamp, burns in zip(scene.lamps, dark, strict=True):
        if lamp.dark_only:
            burns = 0.0 if plain_sun else light.dark
        share.append(float(burns))
        if burns > 0.02:
            power = tuple(round(float(p * burns), 6) for p in lamp.power)
            lamps.append(Lamp(lamp.position, power, lamp.radius))  # type: ignore[arg-type]
    ambient = scene.ambient
    if lighting.hour is not None:
        dim = AMBIENT_AT_NIGHT + (1 - AMBIENT_AT_NIGHT) * light.day
        ambient = tuple(round(float(a * dim), 6) for a in scene.ambient)  # type: ignore[assignment]
    sky = light.sky if scene.sun is not None or lighting.hour is not None else scene.sky
    changed = replace(scene, lamps=tuple(lamps), sun=light.sun, sky=sky, ambient=ambient)
    return _glowing(changed, scene, lighting, np.array(share))


def _glowing(changed: Scene, plain: Scene, lighting: Lighting, share: NDArray[np.float64]) -> Scene:
    """Lampshades glow as their lamps burn, windows as the day is bright."""
    glow = np.array([m.emission for m in plain.materials])[plain.material] > 0
    clear = np.array([m.transparent for m in plain.materials])[plain.material]
    sky = sky_colors(lighting.daylight(plain).elevation_deg, float(lighting.overcast)).mean(0) / 255
    usual = sky_colors(60.0, 0.0).mean(0) / 255
    red, green, blue = (float(v) for v in np.clip(sky / usual, 0.02, 1.1))

    def darker(material: Material) -> Material:
        if lighting.overcast:
            material = hazed(material, HAZE)
        return tinted(material, (red, green, blue))

    changed = painted(changed, glow & clear, darker)
    if lighting.hour is None:
        return changed
    changed = _windows_lit(
        changed, lighting.hour, lighting.daylight(plain).dark, (red, green, blue)
    )
    if not len(plain.lamps):
        return changed
    is_lamp = np.array([item.semantic == class_id("lamp") for item in plain.instances])
    dark = lighting.daylight(plain).dark
    burns = _burning(plain, is_lamp, share, dark)[plain.instance]
    out = glow & ~clear & is_lamp[plain.instance] & (burns < SEEN_BURNING)
    return painted(changed, out, lambda material: replace(material, emission=0.0))


def _windows_lit(scene: Scene, hour: float, dark: float, sky: tuple[float, float, float]) -> Scene:
    """Lamps burn behind some windows, fewer late at night.

    Where lights extend over several repeats of a wall, every building begins with another.

    Args:
        sky: How bright the sky is, as a share of its brightness by day.
    """
    share = lit_share(hour, dark)
    shines = np.array([m.lit is not None and m.lit_rank < share for m in scene.materials])
    shines = shines[scene.material]
    red, green, blue = (max(SHADE * part, least) for part, least in zip(sky, DIM, strict=True))
    times = np.array([repeats(m) for m in scene.materials])[scene.material]
    wide = np.flatnonzero(shines & (times > 1))
    uv = scene.uv.copy() if len(wide) else scene.uv
    k, own = times[wide], scene.instance[wide]
    first = np.stack([own % k, own // k % k], 1).astype(np.float32)
    uv[wide] = (uv[wide] + first[:, None]) / k[:, None, None].astype(np.float32)
    lamplit = painted(scene, shines, lambda m: lit(m, (red, green, blue), share))
    return replace(lamplit, uv=uv)


def _burning(
    scene: Scene, is_lamp: NDArray[np.bool_], share: NDArray[np.float64], dark: float
) -> NDArray[np.float64]:
    """(I,) how brightly every instance of class "lamp" glows: as the light nearest to it."""
    burns = np.full(len(scene.instances), dark)
    at = np.array([lamp.position for lamp in scene.lamps])
    for item in np.flatnonzero(is_lamp):
        corners = scene.vertices[scene.triangles[scene.instance == item]].reshape(-1, 3)
        if len(corners):
            gap = np.maximum(np.maximum(corners.min(0) - at, at - corners.max(0)), 0)
            nearest = int(np.argmin(np.linalg.norm(gap, axis=1)))
            burns[item] = share[nearest]
    return burns


def dressed(scene: Scene, look: Look, shelter: Shelter) -> Scene:
    """The scene in the colours of a season, wet or under snow; lights and glow stay."""
    still = np.array([m.emission <= 0 and not m.transparent for m in scene.materials])
    still = still[scene.material]
    outdoors = shelter.sky_share > OUTDOORS
    if look.season is not None:
        scene = _seasonal(scene, look.season, still, outdoors)
    top = still & (shelter.sky_share > OPEN)
    if look.wet:
        share = 1.0 - 0.09 * look.wet
        wet = still & outdoors & (shelter.up > 0)
        scene = painted(scene, wet, lambda m: tinted(m, (share, share, share)))
    if look.snow:
        scene = painted(scene, top & (shelter.up > LEVEL), lambda m: snowed(m, look.snow))
    return scene


def _seasonal(
    scene: Scene, season: str, still: NDArray[np.bool_], outdoors: NDArray[np.bool_]
) -> Scene:
    """Leaves and grass, and those in the pictures behind the panes; house plants stay green."""
    leafy = np.isin(scene.semantic, [class_id("vegetation"), class_id("terrain")])
    leafy |= outdoors & (scene.semantic == class_id("plant"))
    leafy &= still
    pane = np.array([m.transparent and m.texture is not None for m in scene.materials])
    scene = painted(scene, pane[scene.material], lambda m: in_season(m, season, 0))
    kind = np.where(scene.semantic == class_id("terrain"), 3, scene.instance % 3)
    for tone in range(4):
        turn = partial(in_season, season=season, tone=tone)
        scene = painted(scene, leafy & (kind == tone), turn)
    return scene


def painted(scene: Scene, part: NDArray[np.bool_], paint: Callable[[Material], Material]) -> Scene:
    """The scene with the materials of some triangles (T,) changed."""
    materials, index = list(scene.materials), scene.material.copy()
    for old in np.unique(scene.material[part]):
        new = paint(scene.materials[old])
        if new is not scene.materials[old]:
            index[part & (scene.material == old)] = len(materials)
            materials.append(new)
    return replace(scene, materials=tuple(materials), material=index)

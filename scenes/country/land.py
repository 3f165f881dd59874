"""The land of a seed before anything stands on it: relief, water, paths, field, woods, sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.country.relief import (
    HALF,
    Waves,
    carved,
    draw_stream,
    far_rise,
    grid_points,
    on_grid,
    smooth,
)
from navworld.scenes.country.routes import (
    RIM,
    Path,
    Surveyor,
    lay_paths,
    levelled,
    path_edge,
    place_bridge,
)

HUT_NAMES = ("Miller's Hut", "Ranger's Hut")
PLACES = ("Pond", "Lookout", "Meadow")


@dataclass(frozen=True, eq=False)
class Site:
    """A levelled place for a hut: its centre, the heading of its side, its z."""

    xy: NDArray[np.float64]
    yaw: float
    z: float


@dataclass(frozen=True, eq=False)
class Field:
    """A tilled rectangle.

    Attributes:
        middle, half: (2,) its centre and half its sides [m]. yaw: Heading of its rows [rad].
    """

    middle: NDArray[np.float64]
    half: NDArray[np.float64]
    yaw: float

    @property
    def axes(self) -> NDArray[np.float64]:
        """(2, 2) unit vectors along and across the rows."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        return np.array([[c, s], [-s, c]])

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 2) counter-clockwise [m]."""
        signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        return self.middle + signs * self.half @ self.axes

    def outside(self, xy: NDArray) -> NDArray[np.float64]:
        """How far points (..., 2) are from it, negative inside [m]."""
        return (np.abs((xy - self.middle) @ self.axes.T) - self.half).max(-1)


class Land:
    """The land, drawn from two generators.

    Attributes:
        ground, shore, level, path, tilled: On the grid: z, distance from water, z of the nearest
            water, distance from the paths, distance from the field [m].
        stream, bridge, field, sites, paths: What they are made of.
        places: Name → where one stands there (2,) [m].
    """

    def __init__(self, land: Generator, ways: Generator) -> None:
        self.points = grid_points()
        self.hills = Waves.drawn(land, land.uniform(1.2, 3.4), roughness=land.uniform(1.2, 1.6))
        self.far = Waves.drawn(land, 1.0, longest=500.0)
        self.stream = draw_stream(land, self.hills)
        self.shore = self.stream.shore(self.points)
        self.level = self.stream.level_near(self.points)
        self.ground = carved(self.hills.at(self.points), self.shore, self.level)
        self.growth = Waves.drawn(land, 1.0, longest=110.0, roughness=0.9)
        self.lushness = Waves.drawn(land, 1.0, longest=60.0, roughness=0.9)
        self._wooded = land.uniform(-0.35, 0.35)
        self.bridge = place_bridge(ways, self.stream)
        self.field = self._draw_field(ways)
        self.tilled = self.field.outside(self.points)
        self.sites = self._level_sites(ways)
        self.places = self._choose_places(ways)
        self.paths = self._lay_paths(ways)
        self.ground = levelled(self.ground, self.points, self.paths, self.bridge, self.shore)
        self.path = path_edge(self.paths, self.points)

    def height(self, xy: NDArray) -> NDArray[np.float64]:
        """The ground's z at points (N, 2), of the land around too [m]."""
        inside = on_grid(self.ground, np.clip(xy, -HALF, HALF))
        away = np.abs(xy).max(-1) - HALF
        beyond = self.hills.at(xy) * np.exp(-away / 200.0) + far_rise(self.far, xy)
        return np.where(away <= 0, inside, inside + (beyond - inside) * smooth(away, 0, 25.0))

    def woods(self, xy: NDArray) -> NDArray[np.float64]:
        """Density of the woods at points (..., 2), 0…1."""
        thick = smooth(self.growth.at(xy) + self._wooded, 0.0, 1.0)
        thick = thick * smooth(self.field.outside(xy), 1.0, 6.0)
        for site in self.sites:
            thick = thick * smooth(np.linalg.norm(xy - site.xy, axis=-1), 8.0, 16.0)
        return thick

    def room(self, xy: NDArray, radius: float) -> NDArray[np.float64]:
        """How far points (N, 2) are from paths, water, field and huts, less a radius [m]."""
        room = np.minimum(on_grid(self.path, xy) - 0.35, on_grid(self.shore, xy) - 0.7)
        room = np.minimum(room, on_grid(self.tilled, xy) - 0.8)
        along, off = self.bridge.along(xy)
        room = np.minimum(room, np.maximum(np.abs(along) - 0.5 * self.bridge.length, off) - 3)
        for site in self.sites:
            room = np.minimum(room, np.linalg.norm(xy - site.xy, axis=1) - 6)
        return np.minimum(room, HALF - RIM - np.abs(xy).max(1) - 0.3) - radius

    def _draw_field(self, rng: Generator) -> Field:
        """A field on even ground off the water."""
        best: tuple[float, Field] | None = None
        for _ in range(24):
            middle, yaw = rng.uniform(-0.62 * HALF, 0.62 * HALF, 2), float(rng.uniform(0, np.pi))
            field = Field(middle, rng.uniform((16, 11), (27, 19)), yaw)
            own = field.outside(self.points) < 3
            rough = float(np.ptp(self.ground[own])) + 20 * (self.shore[own].min() < 6)
            rough += 100 * (np.abs(field.corners).max() > HALF - 8)
            if best is None or rough < best[0]:
                best = rough, field
        assert best is not None
        return best[1]

    def _level_sites(self, rng: Generator) -> list[Site]:
        """One or two level places for huts, off the water, the field and the rim."""
        sites: list[Site] = []
        for _ in range(int(rng.integers(1, 3))):
            spots = rng.uniform(-0.7 * HALF, 0.7 * HALF, (200, 2))
            off = np.minimum(on_grid(self.shore, spots) - 9, on_grid(self.tilled, spots) - 8)
            for site in sites:
                off = np.minimum(off, np.linalg.norm(spots - site.xy, axis=1) - 45)
            along, aside = self.bridge.along(spots)
            off = np.minimum(off, np.hypot(along, aside) - 22)
            xy = spots[off > 0][0] if (off > 0).any() else spots[off.argmax()]
            z = float(on_grid(self.ground, xy[None])[0])
            distance = np.linalg.norm(self.points - xy, axis=-1)
            self.ground = z + (self.ground - z) * smooth(distance, 5.0, 13.0)
            sites.append(Site(xy, float(rng.uniform(0, 2 * np.pi)), z))
        return sites

    def _choose_places(self, rng: Generator) -> dict[str, NDArray[np.float64]]:
        """Before the huts' doors, at the pond, on the highest hill, somewhere else."""
        places = {}
        for site, name in zip(self.sites, HUT_NAMES, strict=False):
            c, s = np.cos(site.yaw), np.sin(site.yaw)
            places[name] = site.xy + 7.0 * np.array([s, -c])
        middle = self.stream.pond
        flow = self.stream.line[middle + 4] - self.stream.line[middle]
        side = np.array([-flow[1], flow[0]]) / np.linalg.norm(flow) * rng.choice([-1, 1])
        beach = self.stream.line[middle] + side * (self.stream.half[middle] + 4.5)
        inner = np.abs(self.points).max(-1) < HALF - 12
        top = np.where(inner & (self.tilled > 4), self.ground, -np.inf).argmax()
        spots = (beach, self.points.reshape(-1, 2)[top], rng.uniform(-0.7, 0.7, 2) * HALF)
        for name, spot in zip(PLACES, spots, strict=True):
            xy = np.clip(spot, 12 - HALF, HALF - 12)
            if on_grid(self.tilled, xy[None])[0] > 3 and on_grid(self.shore, xy[None])[0] > 3:
                places[name] = xy
        return places

    def _lay_paths(self, rng: Generator) -> list[Path]:
        huts = np.full(self.ground.shape, np.inf)
        for site in self.sites:
            huts = np.minimum(huts, np.linalg.norm(self.points - site.xy, axis=-1))
        closed = (self.tilled < 2) | (huts < 6.0)
        surveyor = Surveyor(self.ground, self.shore, closed, self.bridge)
        return lay_paths(rng, surveyor, self.bridge, self.places)

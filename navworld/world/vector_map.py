"""What a paper map of a place says: roads, building outlines, names, addresses, coordinates.

Frame: x east, y north, z up, metres; a `GeoOrigin` says where on Earth (0, 0, 0) lies. Kept with a
scene as `Scene.map`; tasks ask it where a name or an address is.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = tuple[tuple[float, float], ...]

# Semi-major axis [m] and squared eccentricity of WGS 84 (NIMA TR8350.2, table 3.1).
_SEMI_MAJOR, _SQUARED_ECCENTRICITY = 6_378_137.0, 6.694_379_990_14e-3


@dataclass(frozen=True)
class GeoOrigin:
    """Geodetic coordinates (WGS 84) of the world's origin.

    Attributes:
        latitude, longitude: [deg], north and east positive.
        altitude: Above the ellipsoid [m].
    """

    latitude: float
    longitude: float
    altitude: float = 0.0

    def to_geodetic(self, p_world: ArrayLike) -> NDArray[np.float64]:
        """(N, 3) latitude [deg], longitude [deg] and altitude [m] of (N, 3) points."""
        p = np.asarray(p_world, np.float64).reshape(-1, 3)
        x, y, z = (_ecef(*self._radians) + p @ self._axes).T
        longitude, ring = np.arctan2(y, x), np.hypot(x, y)
        latitude = np.arctan2(z, ring * (1 - _SQUARED_ECCENTRICITY))
        for _ in range(5):
            normal = _prime_vertical(latitude)
            bulge = _SQUARED_ECCENTRICITY * normal * np.sin(latitude)
            latitude = np.arctan2(z + bulge, ring)
        normal = _prime_vertical(latitude)
        c, s = np.cos(latitude), np.sin(latitude)
        altitude = ring * c + z * s - normal * (1 - _SQUARED_ECCENTRICITY * s * s)
        return np.stack([np.degrees(latitude), np.degrees(longitude), altitude], 1)

    def to_world(self, geodetic: ArrayLike) -> NDArray[np.float64]:
        """(N, 3) points of (N, 3) latitude [deg], longitude [deg] and altitude [m]."""
        g = np.asarray(geodetic, np.float64).reshape(-1, 3)
        if np.any(np.abs(g[:, 0]) > 90):
            raise ValueError("a latitude lies beyond ±90°: give (latitude, longitude, altitude)")
        places = _ecef(np.radians(g[:, 0]), np.radians(g[:, 1]), g[:, 2])
        return (places - _ecef(*self._radians)) @ self._axes.T

    @property
    def _radians(self) -> tuple[float, float, float]:
        return float(np.radians(self.latitude)), float(np.radians(self.longitude)), self.altitude

    @property
    def _axes(self) -> NDArray[np.float64]:
        """(3, 3) rows east, north and up in the Earth's frame."""
        latitude, longitude, _ = self._radians
        c, s, k, m = np.cos(latitude), np.sin(latitude), np.cos(longitude), np.sin(longitude)
        return np.array([[-m, k, 0.0], [-s * k, -s * m, c], [c * k, c * m, s]])


@dataclass(frozen=True)
class MapRoad:
    """A road by the line along its middle.

    Attributes:
        name: For example "Linden Street"; "" where it has none.
        polyline: (N ≥ 2) points (x, y) [m]; lanes on the right of it lead along it.
        width: Of the carriageway between the kerbs [m].
        lanes: Of both directions together.
        kind: "primary", "secondary", "residential", "service", "pedestrian", "path" …
    """

    name: str
    polyline: Points
    width: float
    lanes: int = 2
    kind: str = "residential"


@dataclass(frozen=True)
class MapBuilding:
    """A building by its outline.

    Attributes:
        polygon: Corners (x, y), counter-clockwise, the first not repeated [m].
        height: Of the roof's highest point above the ground [m].
        name: "" where it has none.
        address: For example "12 Linden Street"; "" where it has none.
        entrance: Where one stands before its door (x, y) [m]; None where unknown.
    """

    polygon: Points
    height: float
    name: str = ""
    address: str = ""
    entrance: tuple[float, float] | None = None


@dataclass(frozen=True)
class MapPoint:
    """A point of interest: a shop, a stop, a park; `position` is where one stands for it [m]."""

    name: str
    kind: str
    position: tuple[float, float]
    address: str = ""


@dataclass(frozen=True)
class VectorMap:
    """Roads, buildings and names of a place; everything in the frame of its scene."""

    roads: tuple[MapRoad, ...] = ()
    buildings: tuple[MapBuilding, ...] = ()
    points: tuple[MapPoint, ...] = ()
    origin: GeoOrigin | None = None
    _places: dict[str, tuple[float, float]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for road in self.roads:
            if len(road.polyline) < 2 or not road.width > 0:
                raise ValueError(
                    f"road {road.name!r} has {len(road.polyline)} points and is {road.width:g} m "
                    "wide: expected two points or more and a positive width"
                )
        for building in self.buildings:
            if len(building.polygon) < 3:
                raise ValueError(
                    f"building {building.address or building.name!r} has {len(building.polygon)} "
                    "corners: expected three or more"
                )
        places: dict[str, tuple[float, float]] = {}
        for road in self.roads:
            if road.name:
                places.setdefault(road.name.casefold(), along(road.polyline, 0.5))
        for building in self.buildings:
            where = building.entrance or _middle(building.polygon)
            for name in filter(None, (building.name, building.address)):
                places[name.casefold()] = where
        places.update({point.name.casefold(): point.position for point in self.points})
        object.__setattr__(self, "_places", places)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that `locate` knows: addresses, and names of roads, buildings and points."""
        named = [road.name for road in self.roads]
        for building in self.buildings:
            named += [building.name, building.address]
        named += [point.name for point in self.points]
        return tuple(dict.fromkeys(filter(None, named)))

    def locate(self, name: str) -> tuple[float, float]:
        """Where a name or address is (x, y): a door, a place to stand, the middle of a road.

        Raises:
            ValueError: Nothing is called so; the message names what comes nearest.
        """
        found = self._places.get(name.strip().casefold())
        if found is None:
            near = get_close_matches(name, self.names, n=3)
            hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
            raise ValueError(f"the map has no place {name!r}{hint} (VectorMap.names lists all)")
        return found

    def road_distance(self, xy: ArrayLike) -> NDArray[np.float64]:
        """(N,) distance of (N, 2) points from the nearest carriageway [m], 0 on it."""
        p = np.asarray(xy, np.float64).reshape(-1, 2)
        best = np.full(len(p), np.inf)
        for road in self.roads:
            line = np.asarray(road.polyline, np.float64)
            for a, b in itertools.pairwise(line):
                t = np.clip((p - a) @ (b - a) / max((b - a) @ (b - a), 1e-12), 0, 1)
                gap = np.linalg.norm(p - a - t[:, None] * (b - a), axis=1) - 0.5 * road.width
                best = np.minimum(best, np.maximum(gap, 0.0))
        return best


def along(polyline: Sequence[tuple[float, float]], share: float) -> tuple[float, float]:
    """The point at a share (0…1) of the length of a polyline."""
    line = np.asarray(polyline, np.float64)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = share * length[-1]
    return float(np.interp(at, length, line[:, 0])), float(np.interp(at, length, line[:, 1]))


def _middle(polygon: Points) -> tuple[float, float]:
    x, y = np.mean(np.asarray(polygon, np.float64), axis=0)
    return float(x), float(y)


def _prime_vertical(latitude: NDArray | float) -> NDArray[np.float64]:
    """Radius of curvature across the meridian [m]."""
    return _SEMI_MAJOR / np.sqrt(1 - _SQUARED_ECCENTRICITY * np.sin(latitude) ** 2)


def _ecef(latitude: ArrayLike, longitude: ArrayLike, altitude: ArrayLike) -> NDArray[np.float64]:
    """(…, 3) positions in the Earth's frame of angles [rad] and altitudes [m]."""
    latitude, longitude, altitude = np.broadcast_arrays(latitude, longitude, altitude)
    normal = _prime_vertical(latitude)
    ring = (normal + altitude) * np.cos(latitude)
    z = (normal * (1 - _SQUARED_ECCENTRICITY) + altitude) * np.sin(latitude)
    return np.stack([ring * np.cos(longitude), ring * np.sin(longitude), z], -1)

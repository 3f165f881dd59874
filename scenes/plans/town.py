"""A town as maps describe it: outlines and centre lines, before it becomes a scene."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from navworld.scenes.plans.reading import Notes
from navworld.world.vector_map import GeoOrigin, MapPoint

STOREY = 3.0
"""Height of a storey where only levels are known [m]."""

DRIVABLE: dict[str, float] = {
    "motorway": 11.0, "trunk": 10.0, "primary": 9.0, "secondary": 8.0, "tertiary": 7.0,
    "unclassified": 6.0, "residential": 6.0, "living_street": 5.0, "service": 3.5, "road": 6.0,
    "motorway_link": 5.0, "trunk_link": 5.0, "primary_link": 5.0, "secondary_link": 5.0,
    "tertiary_link": 5.0, "busway": 4.0,
}  # fmt: skip
"""Kinds of roads for vehicles and how wide they are where the file does not say [m]."""

FOOT: dict[str, float] = {
    "pedestrian": 5.0, "footway": 2.0, "path": 1.8, "cycleway": 2.0, "steps": 2.0, "track": 2.8,
    "bridleway": 2.0, "corridor": 2.0,
}  # fmt: skip
"""Ways for those on foot or on bicycles [m]."""


@dataclass(frozen=True)
class TownRoad:
    """A way by the line along its middle; `kind` is a key of `DRIVABLE` or `FOOT`."""

    line: NDArray[np.float64]
    kind: str
    width: float
    name: str = ""
    lanes: int = 2


@dataclass(frozen=True)
class TownBuilding:
    """A building, or a part of one, by its outline.

    Attributes:
        bottom, top: Heights above the ground [m]; `top` includes the roof.
        roof: "flat", "gabled" or "pyramidal", of `roof_height` [m].
        drawn: False for outlines whose parts are drawn in their place.
        mapped: False for the parts.
    """

    shape: shapely.Polygon
    top: float
    bottom: float = 0.0
    name: str = ""
    address: str = ""
    roof: str = "flat"
    roof_height: float = 0.0
    use: str = "yes"
    drawn: bool = True
    mapped: bool = True
    entrance: tuple[float, float] | None = None


@dataclass(frozen=True)
class Tree:
    """A tree by its place, height and width of its crown [m]."""

    xy: tuple[float, float]
    height: float
    crown: float
    conifer: bool = False


@dataclass
class Town:
    """Everything that a map says, in metres east and north of its origin.

    Attributes:
        areas: (kind, shape): "water", "grass", "wood", "pitch", "parking", "sand", "road", "plaza".
        barriers: (line as a shape, height, kind): walls, fences and hedges.
        box: (low x, low y, high x, high y) of the part that is built.
    """

    roads: list[TownRoad] = field(default_factory=list)
    buildings: list[TownBuilding] = field(default_factory=list)
    areas: list[tuple[str, BaseGeometry]] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    lamps: list[tuple[float, float]] = field(default_factory=list)
    barriers: list[tuple[BaseGeometry, float, str]] = field(default_factory=list)
    points: list[MapPoint] = field(default_factory=list)
    origin: GeoOrigin | None = None
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    notes: Notes = field(default_factory=Notes)
    attribution: str = ""


def sound_polygon(
    ring: NDArray, notes: Notes, what: str, holes: list[NDArray] | None = None
) -> shapely.Polygon | None:
    """The polygon inside a ring, mended where it can be; a note and None where it cannot.

    An unclosed ring is closed. Of a ring that crosses itself the largest part is kept.
    """
    if len(ring) < 3 or not np.isfinite(ring).all():
        notes.add("outline with fewer than three sound corners left out", what)
        return None
    inner = [hole for hole in holes or () if len(hole) >= 4 and np.isfinite(hole).all()]
    shape = shapely.Polygon(ring, inner)
    if not shape.is_valid:
        mended = shapely.make_valid(shape)
        parts = [p for p in _flat(mended) if p.geom_type == "Polygon"]
        if not parts:
            notes.add("outline without area left out", what)
            return None
        notes.add("outline crosses itself: its largest part kept", what)
        shape = max(parts, key=lambda part: part.area)
    if shape.area < 0.5:
        notes.add("outline of less than half a square metre left out", what)
        return None
    return shapely.orient_polygons(shape)


def _flat(shape: BaseGeometry) -> list[BaseGeometry]:
    if not hasattr(shape, "geoms"):
        return [shape]
    return [leaf for part in shape.geoms for leaf in _flat(part)]

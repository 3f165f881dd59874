"""What moves beside a body that follows a known curve, from its beginning to its end.

The body goes its own way, so everything else yields: people know where it will be
(`movers_yield`), vehicles stop before all of its way that it has yet to go, doors open for it. All
is simulated once, tick by tick; what comes out depends on the scene, the curve and the generator
alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.curves import Curve
from navworld.world.company.doors import Doors
from navworld.world.company.gait import Figure, stand
from navworld.world.company.giving_way import SAMPLES, Refuge
from navworld.world.company.people import GAP, PERSON, scatter, walk
from navworld.world.company.places import walks_of
from navworld.world.company.roads import Traffic
from navworld.world.company.tracks import Tracks
from navworld.world.movers import Movers
from navworld.world.store import Place
from navworld.world.tracing.prepared import RayScene
from navworld.world.walkable.clearance import GRID

TICK = 0.1
"""Time between two decisions, or a little less so that a ride is a whole number of them [s]."""

SQUARE = 0.5
"""Vehicles know the way of the body to squares of this side [m]."""

_LOOKS = 32  # people do not look alike before there are more of them
_PIECE = 4096  # moments of a curve that are asked for at a time


def lived(
    place: Place,
    movers: Movers,
    curve: Curve,
    rng: np.random.Generator,
    *,
    radius: float,
    figure: Callable[[int], Figure],
    vehicle: Callable[[int], RayScene],
) -> Tracks:
    """Everything that moves in a place while a body follows a curve there.

    Args:
        place: Whole, its doors hung.
        radius: Of the body [m].
        figure: Looks of a person by number. vehicle: Looks of a vehicle by number.

    Returns:
        Fewer people and vehicles than asked for where there is no room for more.
    """
    stamps = ticks(curve.duration)
    way, tick = _way(curve, (len(stamps) - 1) * SAMPLES), float(stamps[-1]) / (len(stamps) - 1)
    crowd = _Crowd(place, movers, way, rng, radius=radius, tick=tick)
    figures = rng.permutation(max(_LOOKS, movers.people))[: len(crowd.people)]
    ahead = _Ahead(way[::SAMPLES], radius)
    traffic, doors = _driven(place, movers, rng, ahead.squares(0), radius)
    vehicles = () if traffic is None else tuple(vehicle(look) for look in traffic.looks)
    leaves = () if doors is None else tuple(doors.shapes)
    free = len(crowd.people) + len(vehicles)
    first = len(place.scene.instances)
    T = np.tile(np.eye(4), (len(stamps), free + len(leaves), 1, 1))
    gait = np.zeros((len(stamps), len(crowd.people), 2))
    for k in range(len(stamps)):
        if k > 0:
            crowd.advance(k)
            there = crowd.discs(k)
            if traffic is not None:
                traffic.move(np.concatenate([there, ahead.squares(k)]), tick)
            if doors is not None:
                doors.move(there, tick)
        T[k, : len(crowd.people)], gait[k] = crowd.poses()
        if traffic is not None:
            T[k, len(crowd.people) : free] = traffic.motion()[0]
        if doors is not None:
            T[k, free:] = doors.motion()[0]
    kinds = ["person"] * len(crowd.people) + ["vehicle"] * len(vehicles) + ["door"] * len(leaves)
    return Tracks(
        stamps,
        tuple(kinds),
        np.array([*range(first, first + free), *(doors.instances if doors else ())], np.int64),
        T,
        gait,
        tuple(figure(int(look)) for look in figures),
        vehicles + leaves,
    )


def ticks(seconds: float) -> NDArray[np.float64]:
    """When decisions are made on a ride, its beginning and its end among them [s]."""
    count = max(1, int(np.ceil(seconds / TICK - 1e-6)))
    return np.round(np.linspace(0.0, seconds, count + 1), 9)  # as decimals, like other stamps


def _driven(
    place: Place,
    movers: Movers,
    rng: np.random.Generator,
    closed: NDArray[np.float64],
    radius: float,
) -> tuple[Traffic | None, Doors | None]:
    """Vehicles that stand away from squares (N, 3), and doors; None where there are none."""
    traffic, plan = None, place.scene.map
    if movers.vehicles and plan is not None and plan.roads:
        traffic = Traffic(place, movers.vehicles, rng, closed[:, :2], radius)
    doors = Doors(place.scene, rng) if movers.doors and place.scene.doors else None
    return traffic, doors


class _Crowd:
    """The people beside a body.

    Attributes:
        people: (P,) of PERSON.
        tick: [s].
    """

    def __init__(
        self,
        place: Place,
        movers: Movers,
        way: NDArray[np.float64],
        rng: np.random.Generator,
        *,
        radius: float,
        tick: float,
    ) -> None:
        self.tick, self._radius, self._way = tick, movers.radius, way[::SAMPLES]
        self.people = np.zeros(0, PERSON)
        self._agent = np.array([[*way[0], 0.0, 0.0, radius]])
        # Where the body is most of the time, or what of its way comes nearest to that.
        middle = np.median(way, axis=0)
        home = way[np.linalg.norm(way - middle, axis=1).argmin()]
        walks = walks_of(place, movers.radius, home) if movers.people else None
        if walks is None:
            return
        self._walks = walks
        self._refuge = Refuge(walks.navigator, way, radius=radius, tick=tick, pace=movers.pace[1])
        self.people = scatter(
            walks, movers.people, rng, away=way[0], pace=movers.pace,
            distance=movers.radius + radius + GAP + movers.start_distance,
            admits=lambda xy: self._refuge.admits(0, xy),
        )  # fmt: skip
        self._before = self.people.copy()
        self._grid = np.frombuffer(walks.navigator.packed, GRID)

    def advance(self, k: int) -> None:
        """Walks everybody on to tick k."""
        if len(self.people):
            count = np.array([len(self.people)])
            walks, now = self._walks, self._way[k : k + 1]
            walk(
                self.people[None], self._before[None], count, self._grid, walks.fields[None],
                walks.spots[None], self._agent, now, self.tick, 1,
            )  # fmt: skip
            self._refuge.give_way(k, self.people, self._before, self._radius)

    def discs(self, k: int) -> NDArray[np.float64]:
        """(P + 1, 3) x, y, radius of the people and, at tick k, of the body [m]."""
        found = np.full((len(self.people) + 1, 3), self._radius)
        found[:-1, 0], found[:-1, 1] = self.people["x"], self.people["y"]
        found[-1] = *self._way[k], self._agent[0, 4]
        return found

    def poses(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(P, 4, 4) T_world_person, and (P, 2) phase and swing of their limbs."""
        count = len(self.people)
        T, shown = np.tile(np.eye(4), (1, count, 1, 1)), np.zeros((1, count), np.int64)
        if count:
            row = np.zeros(1, np.int64)
            stand(row, self.people[None], np.array([count]), self._grid, T, shown)
        return T[0], np.stack([self.people["phase"], self.people["swing"]], 1)


class _Ahead:
    """The way that a body has yet to go, in squares.

    Args:
        way: (T + 1, 2) where it is at every tick [m].
        radius: Its own [m].
    """

    def __init__(self, way: NDArray[np.float64], radius: float) -> None:
        # In the order of when the body is in them for the last time, the latest first.
        cells = np.floor(way / SQUARE).astype(np.int64)
        found, first = np.unique(cells[::-1], axis=0, return_index=True)
        last = len(way) - 1 - first
        order = np.argsort(-last, kind="stable")
        self._last = last[order]
        middle = (found[order] + 0.5) * SQUARE
        self._discs = np.column_stack([middle, np.full(len(middle), radius + SQUARE / np.sqrt(2))])

    def squares(self, tick: int) -> NDArray[np.float64]:
        """(N, 3) x, y, radius of discs that hold the body from the tick before on."""
        return self._discs[: int(np.searchsorted(-self._last, 1 - tick, "right"))]


def _way(curve: Curve, steps: int) -> NDArray[np.float64]:
    """(steps + 1, 2) where a body is at equal steps of its curve [m]."""
    times = curve.duration / steps * np.arange(steps + 1, dtype=np.float64)
    pieces = [times[k : k + _PIECE] for k in range(0, len(times), _PIECE)]
    return np.concatenate([curve.at(piece).T_world_body[:, :2, 3] for piece in pieces])

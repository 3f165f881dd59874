"""Carriers: how a sensor moves, as smooth curves with exact derivatives, clear of everything.

| name | carrier | motion |
|---|---|---|
| `wheeled` | `Wheeled` | drives along its own axis, stops, goes, turns on the spot |
| `handheld` | `HandHeld` | a camera at chest height, by somebody who walks and looks around |
| `drone` | `Drone` | flies, changes height, banks as its acceleration asks |
| `foot`, `pocket`, `hand` | `Pedestrian` | an IMU on somebody who stands, walks, runs, climbs |

Each is a frozen description; `curve(where, rng, seconds)` draws one motion from the generator:

    curve = Drone(speed=1.5).curve(place, np.random.default_rng(0), seconds=30)
    moments = curve.at(np.arange(0, 30, 0.005))     # poses, velocities, accelerations, rates

`where` is a `Place`, a `Navigator` (only its floor is known then), or None for an open plain.
Curves begin and end at rest, but for the tremor of hands. World and body: x forward, y left, z up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.curves import Curve
from navworld.geometry.splines import PoseSpline, UniformSpline, smoothed
from navworld.names import named, nearest
from navworld.world import limbs
from navworld.world.gait import GAITS, RISE, Person, foot_curve
from navworld.world.navigability import Navigator, walkable_floors
from navworld.world.rays import RayScene, cast
from navworld.world.routes import TICK, Pace, Route, roam
from navworld.world.scene import Floor, Scene
from navworld.world.store import Place
from navworld.world.walkable.clearance import clearances
from navworld.world.walkable.ground import obstructed_columns

TALL = 1.75  # a Place is walked by people: free up to this height [m]
GRAVITY = 9.80665
PLACEMENTS = ("foot", "pocket", "hand")
ACTIVITIES = ("stand", "walk", "run", "stairs")
Where = Place | Navigator | None


class Carrier(Protocol):
    """Something that carries a sensor about."""

    def curve(
        self, where: Where, rng: np.random.Generator, seconds: float, *, loop: bool = False
    ) -> Curve:
        """One motion of this carrier, drawn from `rng`.

        Args:
            loop: Whether the way closes: it leads back to its start, lap after lap.
        """


@dataclass(frozen=True)
class Wheeled:
    """A robot with two driven wheels: it moves along its own x axis only.

    The body frame lies on the floor under the middle of the axle.

    Attributes:
        speed: Straight ahead [m/s]. radius: [m]. turn_rate: Greatest [rad/s].
        acceleration: Along and across [m/s²].
        pauses: Per minute of driving, beside the turns on the spot.
    """

    speed: float = 0.5
    radius: float = 0.18
    turn_rate: float = 1.5
    acceleration: float = 0.5
    pauses: float = 2.0

    def __post_init__(self) -> None:
        _check_positive(self, "speed", "radius", "turn_rate", "acceleration")
        _check_not_negative(self, "pauses")

    def curve(
        self, where: Where, rng: np.random.Generator, seconds: float, *, loop: bool = False
    ) -> Curve:
        """See `Carrier.curve`."""
        pace = Pace(self.speed, self.acceleration, self.turn_rate, pauses=self.pauses)
        route = roam(_floor(where, self.radius, tall=False), rng, seconds, pace, loop=loop)
        poses = np.zeros((len(route.xy), 6))
        poses[:, :2], poses[:, 2], poses[:, 3] = route.xy, route.ground, route.yaw
        return PoseSpline(UniformSpline(poses, TICK), float(route.t[-1]))


@dataclass(frozen=True)
class HandHeld:
    """A camera held by somebody who walks, sways, bobs and looks around.

    The body frame is that of the device: x where it looks.

    Attributes:
        speed: [m/s]. height: Mean height above the floor [m].
        look_deg: Spread of the looking around, to the sides [deg].
        person: Whose steps; None draws somebody.
    """

    speed: float = 0.9
    height: float = 1.35
    look_deg: float = 25.0
    person: Person | None = None

    def __post_init__(self) -> None:
        _check_positive(self, "speed")
        _check_not_negative(self, "look_deg")
        if not 0.5 <= self.height <= TALL - 0.15:
            raise ValueError(
                f"HandHeld(height={self.height!r}): expected 0.5 to {TALL - 0.15:g} m, where a "
                "walking person finds free space"
            )

    def curve(
        self, where: Where, rng: np.random.Generator, seconds: float, *, loop: bool = False
    ) -> Curve:
        """See `Carrier.curve`."""
        person = self.person or Person.drawn(rng)
        pace = Pace(self.speed, 0.8, 1.5, pauses=3.0)
        route = roam(_floor(where, 0.26), rng, seconds, pace, loop=loop)
        return limbs.held_curve(route, rng, person, height=self.height, look_deg=self.look_deg)


@dataclass(frozen=True)
class Drone:
    """A multicopter: its thrust is along the body's z axis, so it banks to accelerate.

    In a `Place` it keeps `radius` from walls, furniture and ceiling, by casting rays all around;
    over a `Navigator` alone it stays below the height that was checked for walking.

    Attributes:
        speed: [m/s]. radius: [m]. acceleration: [m/s²].
        low, high: Heights above the floor that it wanders between [m].
        climb: Greatest vertical speed [m/s].
    """

    speed: float = 1.0
    radius: float = 0.22
    acceleration: float = 1.5
    low: float = 0.5
    high: float = 2.0
    climb: float = 0.5

    def __post_init__(self) -> None:
        _check_positive(self, "speed", "radius", "acceleration", "low", "high", "climb")
        if not self.radius < self.low < self.high:
            raise ValueError(
                f"Drone(radius={self.radius}, low={self.low}, high={self.high}): expected "
                "radius < low < high"
            )

    def curve(
        self, where: Where, rng: np.random.Generator, seconds: float, *, loop: bool = False
    ) -> Curve:
        """See `Carrier.curve`."""
        pace = Pace(self.speed, self.acceleration, 1.5, pauses=1.0, pause=1.0, calm=0.5)
        route = roam(_floor(where, self.radius + 0.06), rng, seconds, pace, loop=loop)
        calm = smoothed(np.column_stack([route.xy, route.yaw]), round(0.3 / TICK))
        route = replace(route, xy=calm[:, :2], yaw=calm[:, 2])
        if route.navigator is not None and route.navigator.floor.heights is not None:
            # It flies over hills and hollows, not over every stone.
            ground = smoothed(route.ground[:, None], round(1.0 / TICK))[:, 0]
            route = replace(route, ground=ground)
        position = np.column_stack([route.xy, route.ground + self._heights(where, route, rng)])
        acceleration = UniformSpline(position, TICK)(route.t)[2]
        c, s = np.cos(route.yaw), np.sin(route.yaw)
        ahead = c * acceleration[:, 0] + s * acceleration[:, 1]
        left = c * acceleration[:, 1] - s * acceleration[:, 0]
        up = acceleration[:, 2] + GRAVITY
        pitch = np.arctan2(ahead, up)
        roll = -np.arctan2(left, np.hypot(ahead, up))
        poses = np.column_stack([position, route.yaw, pitch, roll])
        return PoseSpline(UniformSpline(poses, TICK), float(route.t[-1]))

    def _heights(self, where: Where, route: Route, rng: np.random.Generator) -> NDArray[np.float64]:
        """(N,) heights above the floor that wander, lowered where there is no room."""
        high = self.high if isinstance(where, Place) or where is None else min(self.high, 0.8)
        low = min(self.low, high - 0.1)
        gap = max(1.5, 1.5 * (high - low) / self.climb)
        knots = rng.uniform(low, high, round(route.t[-1] / gap) + 8)
        knots[1] = knots[0]  # level at both ends
        knots[max(1, int(route.t[-1] / gap) - 1) :] = knots[max(1, int(route.t[-1] / gap) - 1)]
        wish = UniformSpline(np.repeat(knots, 2)[:, None], gap / 2)(route.t, 1)[0][:, 0]
        if not isinstance(where, Place):
            return wish
        safe, width = 0.5 * TALL, round(1.2 / TICK)
        reach = 3 * (width // 2) + 5  # of the smoothing: both ends stay level
        blend = np.ones(len(wish))
        for _ in range(12):
            heights = safe + (wish - safe) * smoothed(blend[:, None], width)[:, 0]
            sparse = np.arange(0, len(heights), 5)
            points = np.column_stack([route.xy, route.ground + heights])[sparse]
            room = room_around(where.rays(None), points, self.radius + 0.1)
            tight = sparse[room < self.radius + 0.04]
            if not len(tight):
                return heights
            for at in tight:
                first = at - reach if at > 2 * reach else 0
                last = at + reach if at < len(wish) - 2 * reach else len(wish)
                near = slice(first, last)
                blend[near] = np.minimum(blend[near], 0.6 * blend[at])
        return np.full(len(wish), safe)


@dataclass(frozen=True)
class Pedestrian:
    """An IMU on a person.

    Attributes:
        placement: "foot" (on the instep; still while the foot is flat on the ground), "pocket"
            (front pocket of the trousers, swinging with the thigh) or "hand" (swinging arm).
        activity: "stand", "walk", "run" or "stairs". No scene has stairs to walk on: they are
            steps of 0.17 m in the person's way, without geometry, up and down by `flight` of them.
        person: Who; None draws somebody.
        flight: Steps of a flight of stairs; at most three in a scene, whose doors are low.
    """

    placement: str = "foot"
    activity: str = "walk"
    person: Person | None = field(default=None)
    flight: int = 12

    def __post_init__(self) -> None:
        for name, known in (("placement", PLACEMENTS), ("activity", ACTIVITIES)):
            value = getattr(self, name)
            if value not in known:
                raise ValueError(f"unknown {name} {value!r}{nearest(str(value), known)}")
        if self.flight < 1:
            raise ValueError(f"Pedestrian(flight={self.flight!r}): a flight has at least one step")

    def curve(
        self, where: Where, rng: np.random.Generator, seconds: float, *, loop: bool = False
    ) -> Curve:
        """See `Carrier.curve`."""
        person = self.person or Person.drawn(rng)
        gait = GAITS["walk" if self.activity == "stand" else self.activity]
        speed = person.step_rate * gait.rate * gait.length * person.step_length * person.height
        pace = Pace(speed, 1.6 if self.activity == "run" else 1.0, 1.8, pauses=1.0)
        route = roam(_floor(where, 0.28), rng, seconds, pace, loop=loop)
        if self.activity == "stand":
            return limbs.standing_curve(route, rng, person, self.placement)
        flight = self.flight if self.activity == "stairs" else 0
        flight = flight if where is None else min(flight, int(0.55 / RISE))
        make = {"foot": foot_curve, "pocket": limbs.pocket_curve, "hand": limbs.hand_curve}
        return make[self.placement](route, rng, person, gait, flight=flight)


def room_around(scene: RayScene, points: NDArray, reach: float) -> NDArray[np.float64]:
    """(N,) distance from points (N, 3) to the nearest surface that 256 rays meet, up to `reach`."""
    rays = 256
    k = np.arange(rays) + 0.5  # Fibonacci's lattice on the sphere
    z, angle = 1 - 2 * k / rays, k * np.pi * (1 + 5**0.5)
    flat = np.sqrt(1 - z**2)
    directions = np.stack([flat * np.cos(angle), flat * np.sin(angle), z], 1)
    origins = np.repeat(points, rays, 0)
    t, _ = cast(scene, origins, np.tile(directions, (len(points), 1)), far=reach)
    return np.minimum(t.reshape(-1, rays).min(1), reach).astype(np.float64)


def _floor(where: Where, radius: float, *, tall: bool = True) -> Navigator | None:
    """Walkable space for a carrier of this radius."""
    if where is None:
        return None
    if isinstance(where, Navigator):
        return where if where.radius >= radius else Navigator(where.floor, radius)
    if not tall:
        return where.navigator(radius)

    def make(scene: Scene) -> Navigator:
        usual = where.navigator(radius).floor
        if usual.heights is not None:
            return Navigator(_tall(scene, usual), radius)
        floors = walkable_floors(scene.vertices, scene.triangles, cell=usual.cell, body_height=TALL)
        floor = min(floors, key=lambda f: abs(f.height - usual.height))
        return Navigator(floor, radius)

    return where.derived(f"walkable by carriers of {radius:g} m up to {TALL:g} m", make)


def _tall(scene: Scene, floor: Floor) -> Floor:
    """What of an uneven floor is free up to `TALL`: branches, awnings and the like are not."""
    assert floor.heights is not None
    ground = np.where(floor.clearance > 0, floor.height + floor.heights, np.nan)
    low = obstructed_columns(
        scene.vertices[scene.triangles], ground, origin=floor.origin, cell=floor.cell,
        band=(0.5 * TALL, TALL),
    )  # fmt: skip
    return replace(floor, clearance=clearances((floor.clearance > 0) & ~low, floor.cell))


def _check_positive(thing: object, *names: str) -> None:
    for name in names:
        value = getattr(thing, name)
        if not (isfinite(value) and value > 0):
            raise ValueError(f"{type(thing).__name__}({name}={value!r}) must be a positive number")


def _check_not_negative(thing: object, *names: str) -> None:
    for name in names:
        value = getattr(thing, name)
        if not (isfinite(value) and value >= 0):
            raise ValueError(f"{type(thing).__name__}({name}={value!r}) must be zero or positive")


CARRIERS: dict[str, Carrier] = {
    "wheeled": Wheeled(),
    "handheld": HandHeld(),
    "drone": Drone(),
    **{name: Pedestrian(placement=name) for name in PLACEMENTS},
}
"""Every carrier by its name, with default parameters."""


def carrier(name: str) -> Carrier:
    """The carrier of a name out of `CARRIERS`."""
    return named(name, CARRIERS, "carrier")

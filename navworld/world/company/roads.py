"""How vehicles drive: on lanes, behind each other, one at a time through a junction.

A vehicle follows the middle of its lane at its speed, brakes so that it can stop before whatever
stands in the way it is going to take (vehicles, people, the agent), and enters a junction only
when nobody else is in it and there is room behind it. All vehicles of a row move one after the
other, so that none ever drives into another.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from navworld.world.company.lanes import SPACING, Lanes, lanes_of
from navworld.world.navigability import Navigator
from navworld.world.store import Place

VEHICLE = np.dtype(
    [
        ("route", np.int64, (4,)),  # the piece it is on, and those that follow
        ("at", np.float64),  # of its middle on the piece [m]
        ("speed", np.float64),
        ("cruise", np.float64),
        ("x", np.float64), ("y", np.float64), ("yaw", np.float64), ("turn", np.float64),
        ("vx", np.float64), ("vy", np.float64),
        ("wait", np.float64),  # has stood for so long [s]
        ("look", np.int64),
        ("draws", np.uint64),
    ]
)  # fmt: skip
"""State of one vehicle."""

OFFSETS = (-1.35, 0.0, 1.35)
"""Where the discs that cover a vehicle lie along it [m]."""

DISC = 1.15
"""Their radius: of a vehicle up to 4.6 m long and 1.9 m wide [m]."""

TICK = 0.25
_GAP = 0.4  # kept from what is ahead [m]
_BRAKE, _ACCELERATE = 4.0, 1.5  # [m/s²]
_BEND = 1.8  # greatest acceleration in bends [m/s²]
_PATIENCE = 4.0  # after which it chooses another way [s]
_SIGHT = 30.0  # [m]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Traffic:
    """The vehicles of one environment.

    Attributes:
        vehicles: (V,) of VEHICLE.
    """

    def __init__(
        self,
        place: Place,
        number: int,
        rng: np.random.Generator,
        start: NDArray[np.float64],
        agent_radius: float,
    ) -> None:
        """Up to `number` vehicles at random on the lanes, away from the agent's start.

        Args:
            start: (2,) or, where it is known which way the agent will go, (N, 2) [m].
        """
        self._navigator = place.navigator(float(agent_radius))
        self._lanes: Lanes | None = place.derived("lanes", lambda scene: lanes_of(scene.map))
        self.vehicles = np.zeros(0, VEHICLE)
        if self._lanes is None:
            return
        lanes = self._lanes
        chosen: list[tuple[int, float, float, float, float]] = []
        straight = np.flatnonzero((lanes.junction < 0) & (lanes.count * SPACING > 6.0))
        taken = np.reshape(start, (-1, 2))
        for _ in range(20 * number if len(straight) else 0):
            if len(chosen) == number:
                break
            piece = int(rng.choice(straight, p=_shares(lanes.count[straight])))
            k = int(rng.integers(5, lanes.count[piece] - 5))
            x, y, yaw = lanes.points[lanes.first[piece] + k]
            if np.hypot(*(taken - (x, y)).T).min() > 7.0:
                chosen.append((piece, k * SPACING, x, y, yaw))
                taken = np.concatenate([taken, [[x, y]]])
        self.vehicles = np.zeros(len(chosen), VEHICLE)
        for car, (piece, at, x, y, yaw) in zip(self.vehicles, chosen, strict=True):
            car["route"], car["at"] = (piece, -1, -1, -1), at
            car["x"], car["y"], car["yaw"] = x, y, yaw
        self.vehicles["cruise"] = rng.uniform(5.0, 10.0, len(chosen))
        self.vehicles["look"] = rng.integers(1 << 16, size=len(chosen))
        self.vehicles["draws"] = rng.integers(1 << 63, size=len(chosen), dtype=np.uint64)

    @classmethod
    def of(cls, place: Place, state: dict[str, Any]) -> Traffic:
        """Vehicles as `state()` held them."""
        traffic = cls(place, 0, np.random.default_rng(0), np.zeros(2), state["radius"])
        traffic.vehicles = state["vehicles"].copy()
        return traffic

    def state(self) -> dict[str, Any]:
        """Everything that changes."""
        return {"vehicles": self.vehicles.copy(), "radius": self._navigator.radius}

    def __len__(self) -> int:
        return len(self.vehicles)

    @property
    def looks(self) -> list[int]:
        """(V,) numbers of their looks."""
        return [int(look) for look in self.vehicles["look"]]

    def move(self, discs: NDArray[np.float64], dt: float) -> None:
        """Moves the vehicles on; (D, 3) x, y, radius of who else is there [m]."""
        lanes = self._lanes
        if lanes is not None and len(self):
            ticks = max(1, int(np.ceil(dt / TICK - 1e-6)))
            _drive(
                self.vehicles, lanes.points, lanes.first, lanes.count, lanes.exits,
                lanes.junction, np.ascontiguousarray(discs), dt / ticks, ticks,
            )  # fmt: skip

    def motion(self) -> tuple[NDArray, NDArray, NDArray]:
        """T_world_vehicle (V, 4, 4) on the ground, velocity (V, 3) and turn rate (V,)."""
        cars = self.vehicles
        T = np.tile(np.eye(4), (len(cars), 1, 1))
        ahead = np.stack([np.cos(cars["yaw"]), np.sin(cars["yaw"])], 1)
        xy = np.stack([cars["x"], cars["y"]], 1)
        front, back = (_ground(self._navigator, xy + sign * 1.3 * ahead) for sign in (1, -1))
        pitch = np.arctan2(front - back, 2.6)
        k, m = np.cos(pitch), np.sin(pitch)
        T[:, 0, 0], T[:, 1, 0], T[:, 2, 0] = k * ahead[:, 0], k * ahead[:, 1], m
        T[:, 0, 1], T[:, 1, 1] = -ahead[:, 1], ahead[:, 0]
        T[:, 0, 2], T[:, 1, 2], T[:, 2, 2] = -m * ahead[:, 0], -m * ahead[:, 1], k
        T[:, :2, 3], T[:, 2, 3] = xy, 0.5 * (front + back)
        velocity = np.stack([cars["vx"], cars["vy"], cars["speed"] * m], 1)
        return T, velocity, cars["turn"].copy()

    def discs(self) -> NDArray[np.float64]:
        """(3 V, 3) x, y, radius of the discs that cover the vehicles [m]."""
        cars = self.vehicles
        rows = [
            np.stack(
                [cars["x"] + d * np.cos(cars["yaw"]), cars["y"] + d * np.sin(cars["yaw"]),
                 np.full(len(cars), DISC)], 1,
            )
            for d in OFFSETS
        ]  # fmt: skip
        return np.concatenate(rows)


def _shares(count: NDArray) -> NDArray[np.float64]:
    return count / count.sum()


def _ground(navigator: Navigator, xy: NDArray) -> NDArray[np.float64]:
    return np.asarray(navigator.ground(xy), np.float64)


@numba.njit(inline="always")
def _choose(car, exits, piece):
    """The piece that follows, at random (SplitMix64)."""
    ways = 0
    while ways < exits.shape[1] and exits[piece, ways] >= 0:
        ways += 1
    if ways == 0:
        return -1
    car.draws += _GOLDEN
    z = car.draws
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return exits[piece, np.int64(z % np.uint64(ways))]


@numba.njit(inline="always")
def _near(cars, k, discs, x, y):
    """Whether somebody else is where the front of vehicle k would be at (x, y)."""
    for j in range(len(discs)):
        reach = DISC + discs[j, 2] + _GAP
        if (discs[j, 0] - x) ** 2 + (discs[j, 1] - y) ** 2 < reach * reach:
            return True
    for j in range(len(cars)):
        if j == k or abs(cars[j].x - x) + abs(cars[j].y - y) > 12.0:
            continue
        c, s = np.cos(cars[j].yaw), np.sin(cars[j].yaw)
        for d in OFFSETS:
            dx, dy = cars[j].x + d * c - x, cars[j].y + d * s - y
            if dx * dx + dy * dy < (2 * DISC + _GAP) ** 2:
                return True
    return False


@numba.njit(cache=True, nogil=True)
def _taken(cars, k, junction, node):
    """Whether another vehicle is in a junction, or has not quite left it."""
    found = False
    for j in range(len(cars)):
        found |= j != k and junction[cars[j].route[0]] == node
    return found


@numba.njit(cache=True, nogil=True)
def _room(cars, k, points, first, count, junction, discs):
    """How far vehicle k can go on [m], and the speed that bends and its sight allow."""
    car = cars[k]
    gone = -car.at
    limit = car.cruise
    front = OFFSETS[2]
    for r in range(4):
        piece = car.route[r]
        if piece < 0:
            return gone - front - _GAP, limit
        length = (count[piece] - 1) * SPACING
        if r > 0 and junction[piece] >= 0:
            clear = not _taken(cars, k, junction, junction[piece])
            after = car.route[r + 1] if r < 3 else -1
            if clear and after >= 0:
                # It must be able to leave again: the first metres beyond have to be free.
                for p in range(0, min(count[after], 13), 2):
                    spot = points[first[after] + p]
                    clear = clear and not _near(cars, k, discs, spot[0], spot[1])
            if not clear:
                return gone - front - DISC, limit
        begin = max(0, int((car.at if r == 0 else 0.0) / SPACING))
        for p in range(begin, count[piece]):
            ahead = gone + p * SPACING
            if ahead > _SIGHT:
                return ahead - front, limit
            spot = points[first[piece] + p]
            if p > begin + 1:
                before = points[first[piece] + p - 2]
                bend = abs((spot[2] - before[2] + np.pi) % (2 * np.pi) - np.pi) / (2 * SPACING)
                if bend > 1e-3:
                    slow = np.sqrt(_BEND / bend)
                    limit = min(limit, np.sqrt(slow**2 + 2 * 1.5 * max(ahead, 0.0)))
            if ahead > front and _near(cars, k, discs, spot[0], spot[1]):
                return ahead - SPACING - front, limit
        gone += length
    return gone - front, limit


@numba.njit(cache=True, nogil=True)
def _drive(cars, points, first, count, exits, junction, discs, h, ticks):
    """Moves all vehicles on by `ticks` ticks of `h` seconds."""
    for _ in range(ticks):
        for k in range(len(cars)):
            car = cars[k]
            if car.wait > _PATIENCE and junction[car.route[0]] < 0:
                car.wait = 0.0
                car.route[1:] = -1  # perhaps there is room another way
            for r in range(1, 4):
                if car.route[r] < 0 and car.route[r - 1] >= 0:
                    car.route[r] = _choose(car, exits, car.route[r - 1])
            room, limit = _room(cars, k, points, first, count, junction, discs)
            room = max(room, 0.0)
            stopping = np.sqrt((_BRAKE * h) ** 2 + 2 * _BRAKE * room) - _BRAKE * h
            speed = min(min(car.speed + _ACCELERATE * h, limit), max(stopping, 0.0))
            way = min(speed * h, room)
            car.at += way
            while True:
                length = (count[car.route[0]] - 1) * SPACING
                if car.at <= length or car.route[1] < 0:
                    break
                car.at -= length
                for r in range(3):
                    car.route[r] = car.route[r + 1]
                car.route[3] = -1
            p = min(max(int(car.at / SPACING), 0), count[car.route[0]] - 2)
            t = min(car.at / SPACING - p, 1.0)
            a, b = points[first[car.route[0]] + p], points[first[car.route[0]] + p + 1]
            x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
            bend = (b[2] - a[2] + np.pi) % (2 * np.pi) - np.pi
            yaw = (a[2] + t * bend + np.pi) % (2 * np.pi) - np.pi
            car.wait = car.wait + h if way < 0.01 else 0.0
            car.vx, car.vy = (x - car.x) / h, (y - car.y) / h
            car.turn = ((yaw - car.yaw + np.pi) % (2 * np.pi) - np.pi) / h
            car.x, car.y, car.yaw, car.speed = x, y, yaw, way / h

"""Roaming: where a carrier goes through the walkable space, and when it is where.

Goals are drawn at random and joined by shortest paths, as far as they can be walked on without
turning sharply; a band under tension, pushed off the walls, takes their corners off. A route
starts and ends at rest, slows down in bends, pauses, and turns on the spot where a leg leads back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import maximum_filter1d

from navworld.geometry.splines import UniformSpline, smoothed
from navworld.world.geodesic import shortest_path
from navworld.world.navigability import Navigator

TICK = 0.02  # routes are sampled this often [s]
BANDS = (  # from the smoothest to the tightest: spacing [m], push off walls [m], rounds of pull
    (2.0, 0.25, 2),
    (0.7, 0.25, 12),
    (0.3, 0.25, 40),
    (0.2, 0.15, 25),
    (0.1, 0.05, 5),
    (0.1, 0.0, 2),
)
SHARP = np.radians(80)  # from this turn on a carrier stops and turns on the spot
ATTEMPTS = 60  # goals drawn before a place is given up
LAP = 0.55  # longest lap, as a share of what full speed would cover: turns and pauses take time too


@dataclass(frozen=True)
class Pace:
    """How fast a carrier goes.

    Attributes:
        speed: Straight ahead [m/s].
        acceleration: Along the path, and across it in bends [m/s²].
        turn_rate: Greatest [rad/s].
        pauses: Pauses per minute, at random.
        pause: Their mean length [s].
        calm: Over which time motion is smoothed [s].
    """

    speed: float
    acceleration: float = 0.6
    turn_rate: float = 1.5
    pauses: float = 2.0
    pause: float = 1.5
    calm: float = 0.4


@dataclass(frozen=True, eq=False)
class Route:
    """A way over the floor, sampled every `TICK`.

    Attributes:
        xy: (N, 2) [m]. yaw: (N,) heading, running on over whole turns [rad].
        travelled: (N,) path length [m]. turned: (N,) angle turned on the spot [rad].
        ground: (N,) height of the ground below, where it is uneven smoothed as it is driven over
            [m].
        navigator: The walkable space, for the radius that was kept clear; None in the open.
    """

    xy: NDArray[np.float64]
    yaw: NDArray[np.float64]
    travelled: NDArray[np.float64]
    turned: NDArray[np.float64]
    ground: NDArray[np.float64]
    navigator: Navigator | None

    @property
    def t(self) -> NDArray[np.float64]:
        """(N,) times of the samples [s]."""
        return TICK * np.arange(len(self.xy), dtype=np.float64)

    def ground_below(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """(K,) height of the ground below points (K, 2) beside the way [m]."""
        return np.zeros(len(xy)) if self.navigator is None else self.navigator.ground(xy)

    @property
    def speed(self) -> NDArray[np.float64]:
        """(N,) [m/s]."""
        return np.asarray(np.gradient(self.travelled, TICK), np.float64)


class OpenSpace:
    """A plain without end, for carriers that are given no place."""

    def __init__(self) -> None:
        self.height = 0.0

    def clearance(self, xy: NDArray) -> NDArray[np.float64]:
        """Far from everything."""
        return np.full(len(xy), 100.0)

    def next_goal(self, rng: np.random.Generator, xy: NDArray, yaw: float) -> NDArray[np.float64]:
        """A few metres on, without a sharp turn, and not too far from the middle."""
        home = np.arctan2(-xy[1], -xy[0]) - yaw
        bend = rng.uniform(-0.9, 0.9)
        if np.hypot(*xy) > 15.0:
            bend = np.clip((home + np.pi) % (2 * np.pi) - np.pi, -1.2, 1.2)
        way = rng.uniform(3.0, 7.0)
        return xy + way * np.array([np.cos(yaw + bend), np.sin(yaw + bend)])


def roam(
    navigator: Navigator | None,
    rng: np.random.Generator,
    seconds: float,
    pace: Pace,
    *,
    loop: bool = False,
) -> Route:
    """A route of some length through the walkable space of a body, or in the open.

    Args:
        navigator: Its radius is what the middle of the route keeps from everything.
        seconds: Duration, at least 2 s; sampled at 0, `TICK` … up to it or just beyond.
        loop: Whether the way closes: it leads back to its start, lap after lap.

    Raises:
        ValueError: The duration is too short, or no way could be found.
    """
    if not (np.isfinite(seconds) and seconds >= 2.0):
        raise ValueError(f"a curve of {seconds!r} s was asked for: give at least 2 s")
    count = int(np.ceil(seconds / TICK - 1e-6)) + 1
    clock = _Clock(rng, pace)
    legs = _laps(navigator, rng, LAP * seconds * pace.speed) if loop else _legs(navigator, rng)
    for leg in legs:
        clock.drive(leg)
        if clock.seconds > seconds:
            break
    return clock.route(count, navigator)


def _legs(navigator: Navigator | None, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Smooth ways (K, 2) [m], each beginning where the one before ended."""
    if navigator is None:
        space, here = OpenSpace(), np.zeros(2)
        yaw = rng.uniform(-np.pi, np.pi)
        while True:
            points = [here]
            for _ in range(12):
                points.append(space.next_goal(rng, points[-1], yaw))
                yaw = float(np.arctan2(*(points[-1] - points[-2])[::-1]))
            leg = _rounded(np.array(points), space, 0.0)
            assert leg is not None  # in the open every way fits
            yield leg
            here = points[-1]
    here = navigator.sample(rng, 1)[0]
    found, back = _leg(navigator, rng, here), None
    while True:
        if found is not None:
            here, leg = found
            back = leg[::-1]
        elif back is not None:  # a corner that is hard to leave but by the way that led there
            leg, here, back = back, back[-1], None
        else:
            raise ValueError(
                f"no way leads on from ({here[0]:.2f}, {here[1]:.2f}) for a body of radius "
                f"{navigator.radius:g} m: its walkable space is {navigator.area:.1f} m²; take a "
                "smaller carrier or another scene"
            )
        yield leg
        found = _leg(navigator, rng, here)


def _laps(
    navigator: Navigator | None, rng: np.random.Generator, longest: float
) -> Iterator[NDArray[np.float64]]:
    """Ways (K, 2) [m] that lead round, again and again."""
    if navigator is None:
        around = 0.5 * rng.uniform(0.8, 1.0, 8)[:, None] * longest / (2 * np.pi)
        angles = np.linspace(0, 2 * np.pi, 9)[:8, None]
        corners = around * np.concatenate([np.cos(angles), np.sin(angles)], 1)
        lap = [_rounded(np.concatenate([corners, corners[:1]]), OpenSpace(), 0.0)]
    else:
        lap = _lap(navigator, rng, longest)
    while True:
        for leg in lap:
            assert leg is not None  # in the open every way fits
            yield leg


def _lap(
    navigator: Navigator, rng: np.random.Generator, longest: float
) -> list[NDArray[np.float64] | None]:
    """A way through some goals, and the way back to its start, at most so long [m] together."""
    shortest = np.inf
    for _ in range(ATTEMPTS):
        start = navigator.sample(rng, 1)[0]
        out = _leg(navigator, rng, start)
        if out is None:
            continue
        end, leg = out
        length, path = shortest_path(navigator, end, start)
        home = _rounded(path, navigator, navigator.radius) if length > 0.5 else None
        if home is None:
            continue
        total = sum(np.linalg.norm(np.diff(way, axis=0), axis=1).sum() for way in (leg, home))
        if total <= longest:
            return [leg, home]
        shortest = min(shortest, total)
    raise ValueError(
        f"no way round of at most {longest:.1f} m was found, the shortest was {shortest:.1f} m: "
        "give it more seconds, or a faster carrier"
    )


def _leg(
    navigator: Navigator, rng: np.random.Generator, here: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The end of a way from here through one to four goals, and the way; None if none is found."""
    line, heading = here[None], None
    wanted = 1 + rng.integers(4)
    least = min(2.0, 0.3 * np.sqrt(navigator.area))
    for _ in range(ATTEMPTS):
        goal = navigator.sample(rng, 1)[0]
        length, path = shortest_path(navigator, line[-1], goal)
        if not least < length < np.inf:
            continue
        steps = np.diff(path, axis=0)
        ways = np.arctan2(steps[:, 1], steps[:, 0])[np.linalg.norm(steps, axis=1) > 1e-6]
        if heading is not None and abs(_wrapped(ways[0] - heading)) > SHARP:
            if len(line) > 1 and rng.random() < 0.5:
                break
            continue
        longer = np.concatenate([line, path[1:]])
        leg = _rounded(longer, navigator, navigator.radius)
        if leg is None:
            continue
        line, heading, found = longer, ways[-1], leg
        wanted -= 1
        if wanted == 0:
            break
    return (line[-1], found) if len(line) > 1 else None


def _rounded(
    line: NDArray, space: Navigator | OpenSpace, radius: float
) -> NDArray[np.float64] | None:
    """A polyline (K, 2) with its corners taken off, about 1 cm apart; None if it does not fit."""
    for spacing, push, pull in BANDS:
        band = _resampled(line, spacing)
        ends = band[[0, -1]]
        for _ in range(pull if len(band) > 2 else 0):
            middle = 0.5 * (band[:-2] + band[2:])
            band[1:-1] += 0.5 * (middle - band[1:-1])
            for _ in range(3 if push else 0):
                lack = np.maximum(radius + push - space.clearance(band), 0.0)
                band += np.minimum(lack, 0.05)[:, None] * _uphill(space, band)
                band[[0, -1]] = ends
        held = np.concatenate([ends[:1].repeat(2, 0), band, ends[1:].repeat(2, 0)])
        spline = UniformSpline(held, 1.0)
        dense = spline(np.linspace(0, spline.end, round(100 * spacing * len(held))), 1)[0]
        if space.clearance(dense).min() >= radius:
            return dense
    return None


def _uphill(space: Navigator | OpenSpace, xy: NDArray) -> NDArray[np.float64]:
    """(N, 2) unit vectors to where there is more room."""
    step = 0.05
    aside, onward = np.array([step, 0]), np.array([0, step])
    x = space.clearance(xy + aside) - space.clearance(xy - aside)
    y = space.clearance(xy + onward) - space.clearance(xy - onward)
    slope = np.stack([x, y], 1).astype(np.float64)
    return slope / np.maximum(np.linalg.norm(slope, axis=1), 1e-9)[:, None]


def _resampled(line: NDArray, spacing: float) -> NDArray[np.float64]:
    """A polyline with points about `spacing` apart."""
    gaps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    line = line[np.append(True, gaps > 1e-9)]
    along = np.append(0.0, np.cumsum(gaps[gaps > 1e-9]))
    at = np.linspace(0, along[-1], max(2, round(along[-1] / spacing) + 1))
    return np.stack([np.interp(at, along, line[:, k]) for k in (0, 1)], 1)


class _Clock:
    """Puts legs one after another in time."""

    def __init__(self, rng: np.random.Generator, pace: Pace) -> None:
        self.rng, self.pace = rng, pace
        self._parts: list[NDArray[np.float64]] = []  # each (n, 5): x, y, yaw, travelled, turned
        self._width = max(1, round(pace.calm / TICK))

    @property
    def seconds(self) -> float:
        """Time taken so far [s]."""
        return sum(len(part) for part in self._parts) * TICK

    def drive(self, way: NDArray) -> None:
        """Turns to where a way (K, 2) begins, and goes along it from rest to rest."""
        along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1)))
        moved = np.append(True, np.diff(along) > 1e-6)
        along = along[moved]
        curve = CubicSpline(along, way[moved])
        s = self._times(curve, along[-1])
        slope = curve(s, 1)
        yaw = np.unwrap(np.arctan2(slope[:, 1], slope[:, 0]))
        gone = turned = 0.0
        if self._parts:
            x, y, before, gone, turned = self._parts[-1][-1]
            turn = _wrapped(yaw[0] - before)
            yaw += before + turn - yaw[0]
            share = self._turning(abs(turn))
            still = np.ones(len(share))
            self._parts.append(
                np.stack(
                    [x * still, y * still, before + turn * share, gone * still,
                     turned + abs(turn) * share], 1,
                )
            )  # fmt: skip
            turned += abs(turn)
        xy = curve(s)
        self._parts.append(np.column_stack([xy, yaw, gone + s, np.full(len(s), turned)]))

    def route(self, count: int, navigator: Navigator | None) -> Route:
        """The first `count` samples, brought to rest at the end."""
        samples = np.concatenate(self._parts)
        ticks = np.arange(count, dtype=np.float64)
        brake = min(round(1.6 / TICK), count - 1)
        x = np.clip((ticks - (count - 1 - brake)) / brake, 0, 1)
        slowed = ticks - brake * (2.5 * x**4 - 3 * x**5 + x**6)  # runs at 1 − 10x³ + 15x⁴ − 6x⁵
        x, y, yaw, travelled, turned = CubicSpline(np.arange(len(samples)), samples)(slowed).T
        xy = np.stack([x, y], 1)
        ground = np.full(count, 0.0 if navigator is None else navigator.floor.height)
        if navigator is not None and navigator.floor.heights is not None:
            ground = smoothed(navigator.ground(xy)[:, None], self._width)[:, 0]
        return Route(xy, yaw, travelled, turned, ground, navigator)

    def _times(self, curve: CubicSpline, length: float) -> NDArray[np.float64]:
        """(N,) path length at every tick, at rest at both ends."""
        pace, rng = self.pace, self.rng
        s = np.linspace(0, length, max(8, round(length / TICK)))
        first, second = curve(s, 1), curve(s, 2)
        bend = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
        bend /= np.maximum(np.linalg.norm(first, axis=1), 1e-6) ** 3
        ahead = round(1.5 * pace.calm * pace.speed / s[1])  # smoothing in time mixes speeds so far
        bend = np.maximum(maximum_filter1d(bend, 2 * ahead + 1), 1e-6)
        limit = np.minimum(np.sqrt(pace.acceleration / bend), pace.turn_rate / bend)
        limit = np.minimum(limit, pace.speed * rng.uniform(0.92, 1.0))
        wait = np.zeros(len(s))
        for _ in range(rng.poisson(pace.pauses / 60 * length / pace.speed)):
            stop, pause = rng.integers(1, len(s) - 1), rng.exponential(pace.pause)
            # Stops side by side would leave no speed to get from one to the other.
            if 1 < stop < len(s) - 2 and limit[stop - 1] > 0 and limit[stop + 1] > 0:
                limit[stop], wait[stop] = 0.0, pause
        limit[0] = limit[-1] = 0.0
        speed = _reachable(limit, s[1], 0.8 * pace.acceleration)
        took = 2 * s[1] / (speed[1:] + speed[:-1])
        t = np.append(0.0, np.cumsum(took + wait[1:]))
        rest = 3 * (self._width // 2) + 2 + rng.exponential(0.3 * pace.pause) / TICK
        begin = rest if self._parts else rest + 0.5 / TICK  # at rest, however it is smoothed later
        ticks = np.arange(-begin, np.ceil(t[-1] / TICK) + rest) * TICK
        arrival = t[1:] - wait[1:]  # from then to t it stands still
        order = np.argsort(np.concatenate([t, arrival]), kind="stable")
        at = np.concatenate([t, arrival])[order]
        along = np.concatenate([s, s[1:]])[order]
        return smoothed(np.interp(ticks, at, along)[:, None], self._width)[:, 0]

    def _turning(self, angle: float) -> NDArray[np.float64]:
        """(N,) share of a turn on the spot at every tick, 0 to 1."""
        least = np.sqrt(7.6 * angle / (2 * self.pace.turn_rate))
        x = np.linspace(0, 1, 2 + round(max(2.2 * angle / self.pace.turn_rate, least) / TICK))
        return x**4 * (35 - 84 * x + 70 * x**2 - 20 * x**3)


def _reachable(limit: NDArray, gap: float, acceleration: float) -> NDArray[np.float64]:
    """Greatest speeds under a limit that this acceleration allows, both ways."""
    squared = limit**2
    change = 2 * acceleration * gap
    for order in (range(1, len(limit)), range(len(limit) - 2, -1, -1)):
        back = -1 if order.step > 0 else 1
        for k in order:
            squared[k] = min(squared[k], squared[k + back] + change)
    return np.sqrt(squared)


def _wrapped(angle: float) -> float:
    return float((angle + np.pi) % (2 * np.pi) - np.pi)

"""How people walk: towards goals along shortest paths, around each other and around the agent.

A person is a disc. In every tick people move one after the other; each looks at a fan of
velocities around the way to its goal and takes the one that costs least: little detour, no contact
with anybody within the next seconds if all go on as they do (velocity obstacles, Fiorini &
Shiller, IJRR 1998), no wall. Whatever it takes, it goes no farther than to the contact: the way is
followed exactly (`clearance.free_fraction`, discs against discs), so nobody is ever inside a wall
or inside somebody else. Who gets nowhere for a while changes its mind and goes elsewhere.

All rows of a batch are walked in one compiled call, and every person draws from a random stream
of its own, so that what happens in a row depends on nothing but the row.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numpy.typing import NDArray

from navworld.world.geodesic import DistanceField
from navworld.world.navigability import Navigator
from navworld.world.walkable.clearance import free_fraction, grid_of, interpolate
from navworld.world.walkable.fields import FIELD, aim

PERSON = np.dtype(
    [
        ("x", np.float64), ("y", np.float64), ("yaw", np.float64),
        ("vx", np.float64), ("vy", np.float64),
        ("turn", np.float64),  # rate of the last tick [rad/s]
        ("pace", np.float64),  # speed it likes to walk at [m/s]
        ("stride", np.float64),  # way of two steps at that speed [m]
        ("phase", np.float64),  # of its gait [rad]
        ("swing", np.float64),  # how far its limbs swing, 0 standing … 1 walking at its pace
        ("wait", np.float64),  # still stands for so long [s]
        ("stuck", np.float64),  # has got nowhere for so long [s]
        ("goal", np.int64),
        ("aim_x", np.float64), ("aim_y", np.float64),  # where the way there leads next
        ("age", np.float64),  # since it looked for that [s]
        ("from_x", np.float64), ("from_y", np.float64),  # where it stood when it did
        ("draws", np.uint64),  # state of its random stream
    ]
)  # fmt: skip
"""State of one person."""

GOALS = 24
"""Places that people of one scene walk between."""

TICK = 0.5
"""Longest time between two decisions [s]."""

GAP = 0.02
"""People keep this much between each other, walls and the agent [m]."""

TURN_RATE = 4.0
"""How fast people turn at most [rad/s]."""

_HORIZON = 1.6  # contacts farther off do not matter [s]
_AHEAD = 0.7  # walls nearer than this do [s]
_SIGHT = 2.2  # others farther away are not looked at [m]
_ARRIVED = 0.35  # [m]
_MEMORY = 1.5  # for so long a way is followed before it is looked for again [s]
_ACCELERATION = 2.5  # [m/s²]
_FAN = np.radians([0.0, -20.0, 20.0, -45.0, 45.0, -75.0, 75.0, -110.0, 110.0])
_COS, _SIN = np.cos(_FAN), np.sin(_FAN)
_SLOWER = np.array([1.0, 0.5])
_WALLS = 0.8  # what no free way at all costs
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Walks:
    """The places that people of one size walk between in a scene, and all ways there.

    Attributes:
        navigator: Walkable space of a person.
        spots: (GOALS, 2) the places [m].
        fields: (GOALS,) records of the distance fields to them.
    """

    def __init__(self, navigator: Navigator) -> None:
        self.navigator = navigator
        rng = np.random.default_rng(17)
        near = navigator.sample(rng, 40 * GOALS)
        roomy = near[navigator.clearance(near) >= navigator.radius + GAP]
        pool = roomy if len(roomy) else near
        chosen = [int(rng.integers(len(pool)))]
        # Half of them far from each other, so that every room has one; half anywhere.
        distance = np.linalg.norm(pool - pool[chosen[0]], axis=1)
        while len(chosen) < GOALS:
            far = len(chosen) % 2 == 0
            chosen.append(int(distance.argmax() if far else rng.integers(len(pool))))
            distance = np.minimum(distance, np.linalg.norm(pool - pool[chosen[-1]], axis=1))
        self.spots = np.ascontiguousarray(pool[chosen])
        self._kept = [DistanceField(navigator, spot) for spot in self.spots]
        packed = b"".join([field.packed for field in self._kept])
        self.fields = np.frombuffer(packed, FIELD)

    @property
    def nbytes(self) -> int:
        """Memory of the fields [bytes]."""
        return sum(field.nbytes for field in self._kept)


@numba.njit(inline="always")
def _uniform(person):
    """The next number in [0, 1) of a person's stream (SplitMix64, Steele et al., OOPSLA 2014)."""
    person.draws += _GOLDEN
    z = person.draws
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * 2.0**-53


@numba.njit(inline="always")
def _contact(dx, dy, vx, vy, reach):
    """When a disc at (dx, dy) that approaches at −(vx, vy) is touched; inf if never."""
    along = dx * vx + dy * vy
    if along <= 0.0:
        return np.inf
    c = dx * dx + dy * dy - reach * reach
    if c <= 0.0:
        return 0.0
    a = vx * vx + vy * vy
    root = along * along - a * c
    if root <= 0.0:
        return np.inf
    return c / (along + np.sqrt(root))


@numba.njit(inline="always")
def _list(near, found, dx, dy, vx, vy, reach):
    """Puts somebody into the list of `_look_around`, whoever is nearest first; its new length."""
    room = dx * dx + dy * dy
    at = found
    while at > 0 and near[at - 1, 5] > room:
        for c in range(6):
            near[at, c] = near[at - 1, c]
        at -= 1
    near[at, 0], near[at, 1], near[at, 2], near[at, 3] = dx, dy, vx, vy
    near[at, 4], near[at, 5] = reach, room
    return found + 1


@numba.njit(inline="always")
def _look_around(row, count, p, agent, radius, sight, near):
    """Lists who is within `sight` of person p, how many: offset, velocity, reach, distance²."""
    me = row[p]
    found = 0
    for k in range(count):
        dx, dy = row[k].x - me.x, row[k].y - me.y
        if k != p and dx * dx + dy * dy < sight * sight:
            found = _list(near, found, dx, dy, row[k].vx, row[k].vy, 2 * radius + GAP)
    dx, dy = agent[0] - me.x, agent[1] - me.y
    if dx * dx + dy * dy < sight * sight:
        found = _list(near, found, dx, dy, agent[2], agent[3], radius + agent[4] + GAP)
    return found


@numba.njit(inline="always")
def _first_contact(near, found, vx, vy):
    """When one meets somebody at velocity (vx, vy) if all others stand [s]."""
    first = np.inf
    for k in range(found):
        first = min(first, _contact(near[k, 0], near[k, 1], vx, vy, near[k, 4]))
    return first


@numba.njit(inline="always")
def _calm(near, found, vx, vy, detour, best):
    """Share of the horizon that passes before a contact; 0 as soon as it is too little."""
    least = 1.0
    for k in range(found):
        ux, uy = vx - near[k, 2], vy - near[k, 3]
        when = _contact(near[k, 0], near[k, 1], ux, uy, near[k, 4]) / _HORIZON
        if when < least:
            least = when
            if detour + 1.2 * (1.0 - least) >= best:
                return 0.0
    return least


@numba.njit(cache=True, nogil=True)
def _chosen(me, near, found, grid, record, wx, wy, speed):
    """The velocity that costs least, near the wanted direction (wx, wy) and speed."""
    u, v = (me.x - record.x) / record.cell - 0.5, (me.y - record.y) / record.cell - 0.5
    floor = min(record.radius, interpolate(grid, u, v))
    best, bx, by = 0.9, 0.0, 0.0  # what standing still costs
    for s in range(len(_SLOWER)):
        for k in range(len(_FAN)):
            c, sn = _COS[k], _SIN[k]
            detour = 0.9 * (1.0 - _SLOWER[s] * c) + (0.02 if sn > 0 else 0.0)
            if detour >= best:
                continue
            vx = _SLOWER[s] * speed * (c * wx - sn * wy)
            vy = _SLOWER[s] * speed * (sn * wx + c * wy)
            cost = detour + 1.2 * (1.0 - _calm(near, found, vx, vy, detour, best))
            if cost >= best:
                continue
            reach = _AHEAD / record.cell
            # Less free way than this would cost too much, however much less.
            least = 1.0 - (best - cost) / _WALLS - 1e-12
            free = free_fraction(grid, record.cell, floor, u, v, vx * reach, vy * reach, least)
            cost += _WALLS * (1.0 - free)
            if cost < best:
                best, bx, by = cost, vx, vy
                if s == 0 and k == 0 and cost < 1e-9:
                    return bx, by
    return bx, by


@numba.njit(cache=True, nogil=True)
def _goes_on(me, spots, h):
    """Whether a person walks in this tick, rather than stands; it may choose another goal."""
    if me.wait > 0.0:
        me.wait -= h
        return False
    left = np.hypot(spots[me.goal, 0] - me.x, spots[me.goal, 1] - me.y)
    if left < _ARRIVED or me.stuck > 1.0 + 2.0 * _uniform(me):
        rest = left < _ARRIVED and _uniform(me) < 0.5
        me.goal = (me.goal + 1 + np.int64(_uniform(me) * (len(spots) - 1))) % len(spots)
        me.stuck, me.age = 0.0, np.inf
        if rest:
            me.wait = -3.0 * np.log(1.0 - _uniform(me))
            return False
    # Whoever is held up looks about less often.
    return not (me.stuck > 0.0 and _uniform(me) < 0.6)


@numba.njit(cache=True, nogil=True)
def _wanted(me, near, found, grid, record, fields, spots, h):
    """The velocity that a person who walks wants in this tick."""
    me.age += h
    if me.age > _MEMORY or np.hypot(me.aim_x - me.x, me.aim_y - me.y) < 0.4:
        # From where it stood when it last looked, the way is still the same.
        if me.age == np.inf or me.x != me.from_x or me.y != me.from_y:
            me.aim_x, me.aim_y = aim(fields[me.goal], me.x, me.y, 2.0)
            me.from_x, me.from_y = me.x, me.y
        me.age = 0.0
    wx, wy = me.aim_x - me.x, me.aim_y - me.y
    way = np.hypot(wx, wy)
    if way < 1e-6:
        return 0.0, 0.0
    wx, wy = wx / way, wy / way
    # Whoever looks the other way turns first.
    facing = np.cos(me.yaw) * wx + np.sin(me.yaw) * wy
    left = np.hypot(spots[me.goal, 0] - me.x, spots[me.goal, 1] - me.y)
    speed = min(me.pace * max(0.25, 0.5 + 0.6 * facing), me.pace, left / 0.6)
    return _chosen(me, near, found, grid, record, wx, wy, speed)


@numba.njit(cache=True, nogil=True)
def _move(me, near, found, grid, record, vx, vy, h):
    """Moves a person as near to a velocity as it can get, up to the first contact."""
    dvx, dvy = vx - me.vx, vy - me.vy
    change = np.hypot(dvx, dvy)
    slowing = vx * vx + vy * vy < me.vx * me.vx + me.vy * me.vy
    limit = (2.0 if slowing else 1.0) * _ACCELERATION * h
    if change > limit:
        vx, vy = me.vx + dvx * limit / change, me.vy + dvy * limit / change
    u, v = (me.x - record.x) / record.cell - 0.5, (me.y - record.y) / record.cell - 0.5
    floor = min(record.radius, interpolate(grid, u, v))
    share = free_fraction(
        grid, record.cell, floor, u, v, vx * h / record.cell, vy * h / record.cell
    )
    touch = _first_contact(near, found, vx, vy)
    share = min(share, touch / h)
    vx, vy = vx * share, vy * share
    me.x += vx * h
    me.y += vy * h
    me.vx, me.vy = vx, vy
    me.stuck = me.stuck + h if me.wait <= 0.0 and np.hypot(vx, vy) < 0.15 * me.pace else 0.0
    stride(me, h)


@numba.njit(cache=True, nogil=True)
def stride(me, h):
    """Turns a person to where its velocity leads, and moves its limbs."""
    speed = np.hypot(me.vx, me.vy)
    turn = 0.0
    if speed > 0.05:
        turn = (np.arctan2(me.vy, me.vx) - me.yaw + np.pi) % (2 * np.pi) - np.pi
        turn = min(max(turn, -TURN_RATE * h), TURN_RATE * h)
    me.yaw = (me.yaw + turn + np.pi) % (2 * np.pi) - np.pi
    me.turn = turn / h
    # Slow steps are shorter: cadence and length both grow with the root of the speed.
    rhythm = np.sqrt(min(speed / me.pace, 1.0))
    me.phase = (me.phase + 2 * np.pi * h * me.pace / me.stride * rhythm) % (2 * np.pi)
    me.swing += (rhythm - me.swing) * min(1.0, 4.0 * h)


@numba.njit(cache=True, nogil=True)
def walk(people, before, counts, grids, fields, spots, agents, xy, seconds, ticks):
    """Walks the people of all rows on by `seconds`, in `ticks` equal ticks.

    Args:
        people: (B, P) of PERSON; the first `counts[b]` of a row are there.
        before: (B, P) of PERSON, written: the people as they were.
        counts: (B,) int64.
        grids: (B,) of `clearance.GRID`: where a person can stand.
        fields: (B, GOALS) of `fields.FIELD`. spots: (B, GOALS, 2) [m].
        agents: (B, 5): x, y [m], velocity x, y [m/s] and radius [m] of the body to go around,
            where it was; written.
        xy: (B, 2) where the bodies are now [m]: those that went 2 m or more were put there.
    """
    h = seconds / ticks
    near = np.empty((people.shape[1] + 1, 6))
    for b in range(len(people)):
        dx, dy = xy[b, 0] - agents[b, 0], xy[b, 1] - agents[b, 1]
        steady = np.hypot(dx, dy) < 2.0
        agents[b, 0], agents[b, 1] = xy[b, 0], xy[b, 1]
        agents[b, 2] = dx / seconds if steady else 0.0
        agents[b, 3] = dy / seconds if steady else 0.0
        for p in range(counts[b]):
            before[b, p] = people[b, p]
        if counts[b] == 0:
            continue
        grid, record, row = grid_of(grids[b]), grids[b], people[b]
        for _ in range(ticks):
            for p in range(counts[b]):
                me = row[p]
                vx, vy, found = 0.0, 0.0, 0
                walks = _goes_on(me, spots[b], h)
                if walks or me.vx != 0.0 or me.vy != 0.0:
                    found = _look_around(row, counts[b], p, agents[b], record.radius, _SIGHT, near)
                if walks:
                    vx, vy = _wanted(me, near, found, grid, record, fields[b], spots[b], h)
                if vx == 0.0 and vy == 0.0 and me.vx == 0.0 and me.vy == 0.0:
                    me.swing *= max(0.0, 1.0 - 4.0 * h)
                    me.turn = 0.0
                    me.stuck = me.stuck + h if me.wait <= 0.0 else 0.0
                    continue
                _move(me, near, found, grid, record, vx, vy, h)


def scatter(
    walks: Walks,
    number: int,
    rng: np.random.Generator,
    *,
    away: NDArray[np.float64],
    distance: float,
    pace: tuple[float, float],
    admits: Callable[[NDArray[np.float64]], NDArray[np.bool_]] | None = None,
) -> NDArray[np.void]:
    """(P,) of PERSON: up to `number` people at random, fewer where there is no room for more.

    Args:
        away: (2,) where the agent starts [m].
        distance: That they keep from it [m].
        pace: Range of the speeds they like to walk at [m/s].
        admits: Says of places (N, 2) whether people may stand there (N,).
    """
    navigator = walks.navigator
    spots = navigator.sample(rng, 30 * number)
    roomy = navigator.clearance(spots) >= navigator.radius + GAP
    if admits is not None:
        roomy &= admits(spots)
    chosen: list[NDArray[np.float64]] = []
    for xy in spots[roomy & (np.linalg.norm(spots - away, axis=1) >= distance)]:
        if len(chosen) == number:
            break
        gaps = np.linalg.norm(np.array(chosen).reshape(-1, 2) - xy, axis=1)
        if (gaps > 2 * navigator.radius + 2 * GAP).all():
            chosen.append(xy)
    people = np.zeros(len(chosen), PERSON)
    people["x"], people["y"] = np.array(chosen).reshape(-1, 2).T
    people["yaw"] = rng.uniform(-np.pi, np.pi, len(people))
    people["pace"] = rng.uniform(*pace, len(people))
    people["stride"] = 0.7 + 0.55 * people["pace"]
    people["phase"] = rng.uniform(0, 2 * np.pi, len(people))
    people["wait"] = rng.uniform(-2.0, 2.0, len(people))
    people["goal"] = rng.integers(len(walks.spots), size=len(people))
    people["age"] = np.inf
    people["draws"] = rng.integers(1 << 63, size=len(people), dtype=np.uint64)
    return people

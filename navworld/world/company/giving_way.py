"""How people get out of the way of a body that goes its own way, whatever they do.

A carrier follows a curve that is known from its beginning to its end. From the end backwards it is
found, for every tick, where a person could no longer keep away from it: where the body is, and
where nobody can leave in time at `SPEED` (the strip before it, a dead end that it drives into). The
rest is a viability kernel (Aubin, Viability Theory, 1991; its complement are the inevitable
collision states of Fraichard & Asama, Advanced Robotics 2004): from every place of it another one
can be reached within a tick. People who begin there and never leave it are never touched.
"""

from __future__ import annotations

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from navworld.world.company.people import GAP, TURN_RATE, stride
from navworld.world.navigability import Navigator
from navworld.world.walkable.clearance import GRID, free_fraction, grid_of, interpolate

SPEED = 1.0
"""How fast people step aside at least, where they must [m/s]."""

FINEST = 0.025
"""Cells that are looked at are at most this large [m]."""

SAMPLES = 4
"""Moments of a tick at which it is asked where the body is."""

_HEADINGS = 24  # ways aside that are looked at
_SOON = 4  # ticks: better a place that is not lost then, either
_HURRY = 0.3  # what a place that is lost soon costs, as a share of a step
_CROWD = 5.0  # what it costs to squeeze past somebody, per metre
_PRESSED = 1e-3  # whoever is as deep in others makes room [m]


class Refuge:
    """Where people can keep away from a body, tick by tick.

    Args:
        navigator: Where people can stand.
        way: (T · SAMPLES + 1, 2) where the body is from tick 0 to tick T [m].
        radius: Of the body [m].
        tick: [s].
        pace: Of the fastest person [m/s].
    """

    def __init__(
        self, navigator: Navigator, way: NDArray, *, radius: float, tick: float, pace: float
    ) -> None:
        floor = navigator.floor
        self._record = np.frombuffer(navigator.packed, GRID)
        self._cell = float(floor.cell / np.ceil(floor.cell / FINEST - 1e-9))
        self._tick = tick
        # People are known to a cell and go on chords and arcs, the body goes on between samples.
        step, gone = max(pace, SPEED) * tick, np.linalg.norm(np.diff(way, axis=0), axis=1)
        bow = step * TURN_RATE * tick / 8
        reach = float(np.hypot(navigator.radius + radius + GAP + bow, 0.5 * step))
        reach += float(np.sqrt(0.5) * self._cell + 0.5 * gone.max(initial=0.0))
        self._low = way.min(0) - reach - 4 * self._cell
        columns, rows = np.ceil((way.max(0) + reach - self._low) / self._cell).astype(int) + 4
        stride = max(SPEED * tick / self._cell - np.sqrt(0.5), 0.0)
        self._aside = _disc(stride)
        self._stand = np.zeros((rows, columns), np.bool_)
        _standable(self._record, self._low, self._cell, self._stand)
        # Nobody is elsewhere: there it need not be known whether one could leave.
        self._trodden = cv2.dilate(self._stand.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
        self._lost = self._backwards(way, reach)

    def admits(self, tick: int, xy: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(N,) whether people at (N, 2) [m] can keep away from a tick on."""
        corner, lost = self._lost[min(tick, len(self._lost) - 1)]
        return np.array([not _within(lost, corner, self._cell, x, y) for x, y in xy], bool)

    def give_way(
        self, tick: int, people: NDArray[np.void], before: NDArray[np.void], radius: float
    ) -> None:
        """Makes people who went where they must not go elsewhere.

        Args:
            tick: The present one.
            people: (P,) of PERSON, changed.
            before: (P,) of PERSON, a tick ago.
            radius: Of a person [m].
        """
        corner, lost = self._lost[min(tick, len(self._lost) - 1)]
        later, soon = self._lost[min(tick + _SOON, len(self._lost) - 1)]
        _give_way(
            people, before, self._record, radius, corner, lost, later, soon, self._cell,
            self._low, self._stand, self._aside, self._tick,
        )  # fmt: skip

    def _backwards(
        self, way: NDArray, reach: float
    ) -> list[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
        """For every tick the lowest corner of a window (2,) [m], and what of it is lost."""
        ticks = (len(way) - 1) // SAMPLES
        old, new = np.zeros(self._stand.shape, np.bool_), np.zeros(self._stand.shape, np.bool_)
        box, found = np.zeros(4, np.int64), []
        for k in range(ticks, -1, -1):
            near = way[max(k - 1, 0) * SAMPLES : (k + 1) * SAMPLES + 1]
            box = _step_back(
                near, reach, self._low, self._cell, self._stand, self._trodden, old, new, box,
                self._aside,
            )  # fmt: skip
            window = new[box[0] : box[1], box[2] : box[3]].copy()
            found.append((self._low + self._cell * box[[2, 0]], window))
            old, new = new, old
        return found[::-1]


def _disc(radius: float) -> NDArray[np.int64]:
    """(N, 2) rows and columns of the cells around one, the farthest first."""
    n = int(radius)
    rows, columns = np.mgrid[-n : n + 1, -n : n + 1].reshape(2, -1)
    far = np.hypot(rows, columns)
    order = np.argsort(-far, kind="stable")
    return np.stack([rows, columns], 1)[order[far[order] <= radius]]


@numba.njit(cache=True, nogil=True)
def _standable(records, low, cell, stand):
    """Writes in which cells a person can stand."""
    record = records[0]
    grid = grid_of(record)
    for r in range(stand.shape[0]):
        v = (low[1] + (r + 0.5) * cell - record.y) / record.cell - 0.5
        for c in range(stand.shape[1]):
            u = (low[0] + (c + 0.5) * cell - record.x) / record.cell - 0.5
            stand[r, c] = interpolate(grid, u, v) >= record.radius


@numba.njit(cache=True, nogil=True)
def _step_back(near, reach, low, cell, stand, trodden, old, new, box, aside):
    """Writes what is lost at a tick, given what is at the next; the box that holds it.

    Args:
        near: (N, 2) where the body is from the tick before to the next.
        trodden: (rows, columns) where people can be, or close to it.
        old, new: (rows, columns); `old` is cleared for the next call.
        box: (4,) of what is lost in `old`: first and last row, first and last column.
    """
    rows, columns = old.shape
    r0, c0 = np.int64(1 << 40), np.int64(1 << 40)
    r1, c1 = np.int64(0), np.int64(0)
    for k in range(len(near)):
        r0 = min(r0, np.int64((near[k, 1] - reach - low[1]) / cell))
        r1 = max(r1, np.int64((near[k, 1] + reach - low[1]) / cell) + 1)
        c0 = min(c0, np.int64((near[k, 0] - reach - low[0]) / cell))
        c1 = max(c1, np.int64((near[k, 0] + reach - low[0]) / cell) + 1)
    if box[1] > box[0]:
        r0, r1, c0, c1 = min(r0, box[0]), max(r1, box[1]), min(c0, box[2]), max(c1, box[3])
    for r in range(r0, r1):
        y = low[1] + (r + 0.5) * cell
        for c in range(c0, c1):
            x = low[0] + (c + 0.5) * cell
            lost = False
            for k in range(len(near)):
                dx, dy = near[k, 0] - x, near[k, 1] - y
                if dx * dx + dy * dy < reach * reach:
                    lost = True
                    break
            if not lost and old[r, c] and trodden[r, c]:
                lost = True
                for k in range(len(aside)):
                    i, j = r + aside[k, 0], c + aside[k, 1]
                    if 0 <= i < rows and 0 <= j < columns and stand[i, j] and not old[i, j]:
                        lost = False
                        break
            new[r, c] = lost
    found = np.zeros(4, np.int64)
    found[0], found[2] = r1, c1
    for r in range(r0, r1):
        for c in range(c0, c1):
            old[r, c] = False
            if new[r, c]:
                found[0], found[1] = min(found[0], r), max(found[1], r + 1)
                found[2], found[3] = min(found[2], c), max(found[3], c + 1)
    return found


@numba.njit(inline="always")
def _within(lost, corner, cell, x, y):
    """Whether (x, y) is in a lost cell."""
    r, c = int(np.floor((y - corner[1]) / cell)), int(np.floor((x - corner[0]) / cell))
    return 0 <= r < lost.shape[0] and 0 <= c < lost.shape[1] and lost[r, c]


@numba.njit(inline="always")
def _overlap(people, p, x, y, reach):
    """How deep a person at (x, y) would be in others [m]."""
    deep = 0.0
    for k in range(len(people)):
        if k != p:
            gap = reach - np.hypot(people[k].x - x, people[k].y - y)
            deep += max(gap, 0.0)
    return deep


@numba.njit(cache=True, nogil=True)
def _aside_to(
    people, p, old, wanted, records, radius, corner, lost, later, soon, cell, low, stand, aside, h
):  # fmt: skip
    """Where person p goes, that is not lost: as near to what it wanted as may be."""
    record = records[0]
    grid = grid_of(record)
    u, v = (old.x - record.x) / record.cell - 0.5, (old.y - record.y) / record.cell - 0.5
    floor = min(record.radius, interpolate(grid, u, v))
    best, bx, by = np.inf, old.x, old.y
    step = SPEED * h
    for k in range(-1, 2 * _HEADINGS):
        dx = dy = 0.0
        if k >= 0:
            angle = 2 * np.pi * (k // 2) / _HEADINGS
            length = step if k % 2 == 0 else 0.5 * step
            dx, dy = length * np.cos(angle), length * np.sin(angle)
        x, y = old.x + dx, old.y + dy
        cost = np.hypot(x - wanted[0], y - wanted[1])
        if cost >= best or _within(lost, corner, cell, x, y):
            continue
        cost += _CROWD * _overlap(people, p, x, y, 2 * radius + GAP)
        cost += _HURRY * step if _within(soon, later, cell, x, y) else 0.0
        if cost < best and free_fraction(
            grid, record.cell, floor, u, v, dx / record.cell, dy / record.cell
        ) >= 1.0:  # fmt: skip
            best, bx, by = cost, x, y
    if best < np.inf:
        return bx, by
    # The middle of a cell: there is one, for none of this began in a lost place.
    r, c = int(np.floor((old.y - low[1]) / cell)), int(np.floor((old.x - low[0]) / cell))
    for k in range(len(aside)):
        i, j = r + aside[k, 0], c + aside[k, 1]
        if 0 <= i < stand.shape[0] and 0 <= j < stand.shape[1] and stand[i, j]:
            x, y = low[0] + (j + 0.5) * cell, low[1] + (i + 0.5) * cell
            if not _within(lost, corner, cell, x, y):
                cost = _overlap(people, p, x, y, 2 * radius + GAP)
                if cost < best:
                    best, bx, by = cost, x, y
    return bx, by


@numba.njit(cache=True, nogil=True)
def _give_way(
    people, before, records, radius, corner, lost, later, soon, cell, low, stand, aside, h
):
    """See `Refuge.give_way`."""
    for crowded in (False, True):  # then whoever is in somebody's way makes room
        for p in range(len(people)):
            me, old = people[p], before[p]
            if crowded:
                if _overlap(people, p, me.x, me.y, 2 * radius) < _PRESSED:
                    continue
            elif not _within(lost, corner, cell, me.x, me.y):
                continue
            x, y = _aside_to(
                people, p, old, (me.x, me.y), records, radius, corner, lost, later, soon, cell,
                low, stand, aside, h,
            )  # fmt: skip
            me.x, me.y, me.yaw, me.phase, me.swing = x, y, old.yaw, old.phase, old.swing
            me.vx, me.vy = (x - old.x) / h, (y - old.y) / h
            me.wait, me.stuck = 0.0, 0.0
            stride(me, h)

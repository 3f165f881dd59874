"""How far bodies can go among discs that stand still."""

from __future__ import annotations

import numba
import numpy as np

from navworld.world.motion import CHORD

_SPARE = 1e-4  # contact ends this much before it would happen [m]


@numba.njit(inline="always")
def _touch(discs, x, y, dx, dy, radius):
    """Share of a straight way before a disc is touched; one that is touched can be left."""
    share = 1.0
    a = dx * dx + dy * dy
    if a < 1e-18:
        return share
    for k in range(len(discs)):
        ox, oy = discs[k, 0] - x, discs[k, 1] - y
        along = ox * dx + oy * dy
        if along <= 0.0:
            continue
        reach = radius + discs[k, 2] + _SPARE
        c = ox * ox + oy * oy - reach * reach
        if c <= 0.0:
            return 0.0
        root = along * along - a * c
        if root > 0.0:
            share = min(share, c / (along + np.sqrt(root)))
    return share


@numba.njit(cache=True, nogil=True)
def _arc_is_free(discs, x, y, yaw, forward, left, turn, radius):
    """Whether nothing is touched on an arc, followed in chords as `motion` does."""
    chords = max(1, int(np.ceil(abs(turn) / CHORD)))
    half = 0.5 * turn / chords
    shrink = np.sin(half) / half if abs(half) > 1e-6 else 1.0
    for k in range(chords):
        angle = yaw + (k + 0.5) * turn / chords
        c, s = shrink * np.cos(angle) / chords, shrink * np.sin(angle) / chords
        dx, dy = c * forward - s * left, s * forward + c * left
        if _touch(discs, x, y, dx, dy, radius) < 1.0:
            return False
        x, y = x + dx, y + dy
    return True


@numba.njit(cache=True, nogil=True)
def admitted(discs, x, y, yaw, forward, left, turn, radius, arc):
    """Share of the way (forward, left) that a body can go while it turns as it likes.

    Args:
        discs: (D, 3) x, y, radius [m].
        x, y, yaw, radius: Of the body.
        forward, left, turn: What it is about to do [m, m, rad].
        arc: Whether it turns on the way; else at its end.
    """
    if not arc or turn == 0.0:
        c, s = np.cos(yaw), np.sin(yaw)
        dx, dy = c * forward - s * left, s * forward + c * left
        return _touch(discs, x, y, dx, dy, radius)
    if _arc_is_free(discs, x, y, yaw, forward, left, turn, radius):
        return 1.0
    low, high = 0.0, 1.0  # a turn on the spot is always free
    for _ in range(12):
        middle = 0.5 * (low + high)
        if _arc_is_free(discs, x, y, yaw, middle * forward, middle * left, turn, radius):
            low = middle
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True)
def _discs_of(people, count, radius, vehicles, first, last):
    """(D, 3) x, y, radius of the people and vehicles of one row."""
    discs = np.empty((count + last - first, 3))
    for k in range(count):
        discs[k, 0], discs[k, 1], discs[k, 2] = people[k].x, people[k].y, radius
    discs[count:] = vehicles[first:last]
    return discs


@numba.njit(cache=True, nogil=True)
def admit_all(people, counts, radius, vehicles, edges, agents, xy, yaw, motion, arc):
    """(B,) `admitted` share of every body.

    Args:
        people: (B, P) of PERSON, counts (B,), their radius.
        vehicles: (D, 3) x, y, radius of the discs of all rows' vehicles; row b has those from
            `edges[b]` to `edges[b + 1]`.
        agents: (B, 5), the last column their radius. xy: (B, 2), yaw: (B,), motion: (B, 3).
    """
    share = np.ones(len(xy))
    for b in range(len(xy)):
        discs = _discs_of(people[b], counts[b], radius, vehicles, edges[b], edges[b + 1])
        if len(discs):
            share[b] = admitted(
                discs, xy[b, 0], xy[b, 1], yaw[b], motion[b, 0], motion[b, 1], motion[b, 2],
                agents[b, 4], arc,
            )  # fmt: skip
    return share


@numba.njit(cache=True, nogil=True)
def touching_all(people, counts, radius, vehicles, edges, agents, xy):
    """(B,) whether every body overlaps somebody; arguments as for `admit_all`."""
    found = np.zeros(len(xy), np.bool_)
    for b in range(len(xy)):
        discs = _discs_of(people[b], counts[b], radius, vehicles, edges[b], edges[b + 1])
        for k in range(len(discs)):
            gap = np.hypot(discs[k, 0] - xy[b, 0], discs[k, 1] - xy[b, 1]) - discs[k, 2]
            found[b] |= gap < agents[b, 4] - 1e-9
    return found

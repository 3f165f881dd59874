"""How bodies move: straight or along arcs, until something is in the way.

A body is a disc; it may be where the clearance (`navworld.world.walkable.clearance`) is at least
its radius. A move that hits something ends at the contact and never beyond: the way is not sampled
but followed exactly, so nothing is too thin to be hit, and a body never leaves its connected
component of the walkable space.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.world.navigability import Navigator
from navworld.world.walkable.clearance import GRID, free_fraction, grid_of, interpolate, slope

OFF = 0.02  # a sliding body keeps this far off the obstacle [cells]
CHORD = 0.05  # arcs are driven in chords of at most this turn [rad]: 3e-4 of the radius off


def advance(
    navigators: Sequence[Navigator],
    which: NDArray[np.integer],
    xy: NDArray[np.float64],
    delta_xy: NDArray[np.float64],
    *,
    sliding: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Moves every body straight by a displacement.

    Args:
        navigators: The floors.
        which: (B,) index of the floor that each body stands on.
        xy: (B, 2) where the bodies are [m].
        delta_xy: (B, 2) where they want to go from there [m].
        sliding: Whether a body in contact goes on along the obstacle, as near as it can get to
            where it wanted to be, rather than stopping there.

    Returns:
        Positions (B, 2) [m]; whether each body hit something (B,); length of its way (B,) [m],
        at most the length of the displacement.
        A body that starts where it cannot stand may leave that place, but not go deeper.
    """
    start, delta, index = _checked(navigators, which, xy, delta_xy, columns=(2,))
    return _advance(_records(navigators), index, start, delta, sliding)


def integrate_velocity(
    navigators: Sequence[Navigator],
    which: NDArray[np.integer],
    xy: NDArray[np.float64],
    yaw: NDArray[np.float64],
    velocity: NDArray[np.float64],
    dt: float,
    *,
    sliding: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Drives every body for `dt` seconds at a constant velocity in its own frame.

    Without an obstacle the bodies end exactly on their arcs. A body in contact still turns.

    Args:
        navigators, which, xy, sliding: As for `advance`.
        yaw: (B,) headings [rad].
        velocity: (B, 2) forward [m/s] and turn rate [rad/s], or (B, 3) forward, left, turn rate.
        dt: Duration [s].

    Returns:
        Positions (B, 2) [m], headings (B,) [rad] (not wrapped), hits (B,), ways (B,) [m].
    """
    start, velocity, index = _checked(navigators, which, xy, velocity, columns=(2, 3))
    heading = np.array(yaw, np.float64)
    if heading.shape != (len(start),):
        raise ValueError(f"expected one heading per body, ({len(start)},), got {heading.shape}")
    if not (np.isfinite(heading).all() and np.isfinite(dt)):
        raise ValueError("headings and dt must be finite numbers")
    twist = velocity * dt
    if twist.shape[1] == 2:
        twist = np.stack([twist[:, 0], np.zeros(len(twist)), twist[:, 1]], 1)
    moved, hit, way = _drive(_records(navigators), index, start, heading, twist, sliding)
    return moved, heading + twist[:, 2], hit, way


def _records(navigators: Sequence[Navigator]) -> NDArray[np.void]:
    return np.frombuffer(b"".join([navigator.packed for navigator in navigators]), GRID)


def _checked(
    navigators: Sequence[Navigator],
    which: ArrayLike,
    xy: ArrayLike,
    motion: ArrayLike,
    columns: tuple[int, ...],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    start = np.ascontiguousarray(xy, np.float64)
    move = np.ascontiguousarray(motion, np.float64)
    index = np.ascontiguousarray(which, np.int64)
    count = len(index)
    if start.shape != (count, 2) or move.shape not in [(count, c) for c in columns]:
        raise ValueError(
            f"expected positions ({count}, 2) and motions ({count}, {columns[-1]}) for {count} "
            f"bodies, got {start.shape} and {move.shape}"
        )
    if count and not (index.min() >= 0 and index.max() < len(navigators)):
        raise ValueError(f"`which` refers to floors outside 0…{len(navigators) - 1}")
    if not np.isfinite(move).all():
        raise ValueError("a motion is NaN or infinite: check the action that asked for it")
    return start, move, index


@numba.njit(cache=True, nogil=True)
def _slide(grid, cell, floor, u, v, target_u, target_v, budget):
    """Goes from a contact along the obstacle towards a target; new position and way [cells].

    It keeps a hair off the obstacle, so that chords around a convex one are free.
    """
    way = 0.0
    for _ in range(400):
        gu, gv = slope(grid, u, v)
        lift = max(0.0, (floor - interpolate(grid, u, v)) / cell + OFF)
        t = free_fraction(grid, cell, floor, u, v, lift * gu, lift * gv)
        u, v = u + t * lift * gu, v + t * lift * gv
        du, dv = target_u - u, target_v - v
        before = du * du + dv * dv
        gu, gv = slope(grid, u, v)
        inwards = min(0.0, du * gu + dv * gv)
        du, dv = du - inwards * gu, dv - inwards * gv
        left = np.sqrt(du * du + dv * dv)
        stride = min(left, budget - way, 0.5)
        if stride < 1e-4:
            break
        nu, nv = u + du / left * stride, v + dv / left * stride
        gu, gv = slope(grid, nu, nv)
        lift = max(0.0, (floor - interpolate(grid, nu, nv)) / cell + OFF)
        du, dv = nu + lift * gu - u, nv + lift * gv - v
        t = free_fraction(grid, cell, floor, u, v, du, dv)
        du, dv = t * du, t * dv
        if (target_u - u - du) ** 2 + (target_v - v - dv) ** 2 > before - 1e-6:
            break
        u, v = u + du, v + dv
        way += np.sqrt(du * du + dv * dv)
    return u, v, min(way, budget)


@numba.njit(inline="always")
def _move(grid, record, x, y, dx, dy, sliding):
    """One straight move [m]: new x, y, whether something was hit, length of the way."""
    cell = record.cell
    u, v = (x - record.x) / cell - 0.5, (y - record.y) / cell - 0.5
    du, dv = dx / cell, dy / cell
    floor = min(record.radius, interpolate(grid, u, v))
    t = free_fraction(grid, cell, floor, u, v, du, dv)
    way = t * np.sqrt(dx * dx + dy * dy)
    if t >= 1.0:
        return x + dx, y + dy, False, way
    x1, y1 = x + t * dx, y + t * dy
    if sliding:
        cu, cv = (x1 - record.x) / cell - 0.5, (y1 - record.y) / cell - 0.5
        floor = min(floor, interpolate(grid, cu, cv))
        budget = (1.0 - t) * np.sqrt(du * du + dv * dv)
        su, sv, slid = _slide(grid, cell, floor, cu, cv, u + du, v + dv, budget)
        if slid > 0:
            x1, y1 = (su + 0.5) * cell + record.x, (sv + 0.5) * cell + record.y
            way += slid * cell
    return x1, y1, True, way


@numba.njit(cache=True, nogil=True)
def _advance(records, which, xy, delta, sliding):
    moved, hit, way = np.empty_like(xy), np.empty(len(xy), np.bool_), np.empty(len(xy))
    for b in range(len(xy)):
        record = records[which[b]]
        grid = grid_of(record)
        moved[b, 0], moved[b, 1], hit[b], way[b] = _move(
            grid, record, xy[b, 0], xy[b, 1], delta[b, 0], delta[b, 1], sliding
        )
    return moved, hit, way


@numba.njit(cache=True, nogil=True)
def _drive(records, which, xy, yaw, twist, sliding):
    moved, hit, way = np.empty_like(xy), np.zeros(len(xy), np.bool_), np.zeros(len(xy))
    for b in range(len(xy)):
        record = records[which[b]]
        grid = grid_of(record)
        chords = max(1, int(np.ceil(abs(twist[b, 2]) / CHORD)))
        forward, left, turn = twist[b, 0] / chords, twist[b, 1] / chords, twist[b, 2] / chords
        # Chord of an arc: the displacement of a constant twist, turned by half the angle.
        half = 0.5 * turn
        shrink = np.sin(half) / half if abs(half) > 1e-6 else 1.0
        x, y = xy[b, 0], xy[b, 1]
        for k in range(chords):
            if hit[b] and not sliding:
                break
            angle = yaw[b] + (k + 0.5) * turn
            c, s = shrink * np.cos(angle), shrink * np.sin(angle)
            dx, dy = c * forward - s * left, s * forward + c * left
            x, y, met, length = _move(grid, record, x, y, dx, dy, sliding)
            hit[b] |= met
            way[b] += length
        moved[b, 0], moved[b, 1] = x, y
    return moved, hit, way

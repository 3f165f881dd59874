"""The lanes of a road map: where vehicles drive, and which way they go on at junctions.

Roads are cut where they meet. Every piece has a lane for each direction, on the right, and every
lane that comes to a junction is joined by a curve to each that leaves it; a dead end leads back.
Lanes and curves alike are *pieces*: lines of points `SPACING` apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from navworld.world.vector_map import MapRoad, VectorMap

SPACING = 0.5
"""Of the points of a piece [m]."""

CLOSED = ("pedestrian", "path", "footway", "steps", "cycleway", "track", "corridor")
"""Kinds of roads that nobody drives on."""

NARROWEST = 5.0
"""Narrower roads have no room for two directions [m]."""

_MEET = 1.0  # roads that come as near as this meet [m]
_BACK = 2.5  # lanes end this much before the carriageway that they come to [m]
_SHORTEST = 3.0  # lanes shorter than this are left out [m]
_STUB = 15.0  # shorter dead ends are left out: two vehicles would be in each other's way [m]
_EXITS = 6  # ways on that a piece has at most


@dataclass(frozen=True, eq=False)
class Lanes:
    """All pieces of a map, P of them, with N points.

    Attributes:
        points: (N, 3) x, y [m], heading [rad].
        first, count: (P,) the points of a piece.
        exits: (P, 6) the pieces that it goes on to, −1 beyond them.
        junction: (P,) of the curves through one junction its number, −1 for lanes.
    """

    points: NDArray[np.float64]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    exits: NDArray[np.int64]
    junction: NDArray[np.int64]


def lanes_of(plan: VectorMap | None) -> Lanes | None:
    """The lanes of a map; None where nobody can drive in it."""
    roads = [
        r for r in (plan.roads if plan is not None else ()) if r.kind not in CLOSED and _drivable(r)
    ]
    lines: list[NDArray[np.float64]] = []
    ends: list[tuple[int, int]] = []  # junction at the beginning and at the end of each lane
    nodes: list[NDArray[np.float64]] = []
    reach: list[float] = []
    cuts = _cuts(roads)
    edges = []
    for road, at in zip(roads, cuts, strict=True):
        line = np.asarray(road.polyline, np.float64)
        for low, high in pairwise(at):
            piece = _between(line, low, high)
            a, b = (_node(nodes, reach, end, 0.5 * road.width) for end in (piece[0], piece[-1]))
            edges.append((road, piece, a, b))
    for road, piece, a, b in edges:
        length = _length(piece)
        meeting = [sum(node in edge[2:] for edge in edges) for node in (a, b)]
        if min(meeting) == 1 and length < _STUB:
            continue
        near, far = reach[a] + _BACK, length - reach[b] - _BACK
        if far - near < _SHORTEST:
            continue
        trimmed = _between(piece, near, far)
        aside = 0.0 if road.lanes == 1 else 0.25 * road.width
        lines.append(_shifted(trimmed, aside))
        ends.append((a, b))
        if road.lanes > 1:
            lines.append(_shifted(trimmed[::-1], aside))
            ends.append((b, a))
    return _joined(lines, ends) if lines else None


def _drivable(road: MapRoad) -> bool:
    return road.width >= (0.5 * NARROWEST if road.lanes == 1 else NARROWEST)


def _cuts(roads: list[MapRoad]) -> list[list[float]]:
    """Path lengths at which every road begins, meets another, and ends."""
    lines = [np.asarray(road.polyline, np.float64) for road in roads]
    cuts = [[0.0, _length(line)] for line in lines]
    for i, line in enumerate(lines):
        for j, other in enumerate(lines):
            if i != j:
                cuts[i] += _meetings(line, other)
    return [_merged(sorted(at)) for at in cuts]


def _merged(at: list[float]) -> list[float]:
    """Without cuts that follow closely on another; the end stays."""
    kept = [at[0]]
    for value in at[1:-1]:
        if value - kept[-1] > 4 * _MEET and at[-1] - value > 4 * _MEET:
            kept.append(value)
    return [*kept, at[-1]]


def _meetings(line: NDArray, other: NDArray) -> list[float]:
    """Path lengths on a line at which another crosses it, begins or ends."""
    found = []
    at = 0.0
    for a, b in pairwise(line):
        d = b - a
        length = float(np.hypot(*d))
        if length < 1e-9:
            continue
        for end in (other[0], other[-1]):
            t = float(np.clip((end - a) @ d / length**2, 0, 1))
            if np.hypot(*(a + t * d - end)) < _MEET:
                found.append(at + t * length)
        c, e = other[:-1], other[1:] - other[:-1]
        cross = d[0] * e[:, 1] - d[1] * e[:, 0]
        safe = np.where(np.abs(cross) < 1e-9, np.inf, cross)
        t = ((c[:, 0] - a[0]) * e[:, 1] - (c[:, 1] - a[1]) * e[:, 0]) / safe
        u = ((c[:, 0] - a[0]) * d[1] - (c[:, 1] - a[1]) * d[0]) / safe
        inside = (np.abs(cross) > 1e-9) & (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
        found += [at + float(x) * length for x in t[inside]]
        at += length
    return found


def _node(nodes: list[NDArray], reach: list[float], end: NDArray, half_width: float) -> int:
    """The junction at a point, a new one if there is none; it reaches as far as its roads."""
    for k, place in enumerate(nodes):
        if np.hypot(*(place - end)) < 4 * _MEET:
            reach[k] = max(reach[k], half_width)
            return k
    nodes.append(end)
    reach.append(half_width)
    return len(nodes) - 1


def _length(line: NDArray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _between(line: NDArray, low: float, high: float) -> NDArray[np.float64]:
    """The stretch of a line between two path lengths."""
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1)))
    inner = line[(along > low + 1e-6) & (along < high - 1e-6)]
    at = [np.array([np.interp(s, along, line[:, k]) for k in (0, 1)]) for s in (low, high)]
    return np.concatenate([at[0][None], inner, at[1][None]])


def _shifted(line: NDArray, aside: float) -> NDArray[np.float64]:
    """(N, 3) points of a line moved to its right, evenly spaced, with headings."""
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1)))
    at = np.linspace(0, along[-1], max(2, round(along[-1] / SPACING) + 1))
    xy = np.stack([np.interp(at, along, line[:, k]) for k in (0, 1)], 1)
    slope = np.gradient(xy, axis=0)
    yaw = np.arctan2(slope[:, 1], slope[:, 0])
    return np.column_stack([xy + aside * np.stack([np.sin(yaw), -np.cos(yaw)], 1), yaw])


def _curve(start: NDArray, end: NDArray) -> NDArray[np.float64]:
    """(N, 3) a smooth way from the end of a lane to the beginning of another (cubic Bézier)."""
    out, into = (np.array([np.cos(p[2]), np.sin(p[2])]) for p in (start, end))
    gap = float(np.hypot(*(end[:2] - start[:2])))
    turn = abs((end[2] - start[2] + np.pi) % (2 * np.pi) - np.pi)
    pull = (0.66 if turn > 2.5 else 0.37) * gap
    p = start[:2], start[:2] + pull * out, end[:2] - pull * into, end[:2]
    t = np.linspace(0, 1, 65)[:, None]
    xy = (1 - t) ** 3 * p[0] + 3 * t * (1 - t) ** 2 * p[1] + 3 * t**2 * (1 - t) * p[2] + t**3 * p[3]
    return _shifted(xy, 0.0)


def _joined(lines: list[NDArray], ends: list[tuple[int, int]]) -> Lanes:
    """Lanes with the curves between them."""
    pieces, junction = list(lines), [-1] * len(lines)
    exits: list[list[int]] = [[] for _ in lines]
    for k, (_, node) in enumerate(ends):
        on = [m for m, (begin, _) in enumerate(ends) if begin == node]
        # Straight back only where there is no other way on.
        forward = [m for m in on if (ends[m][1], ends[m][0]) != ends[k] or not _back(lines, k, m)]
        for m in (forward or on)[:_EXITS]:
            exits[k].append(len(pieces))
            pieces.append(_curve(lines[k][-1], lines[m][0]))
            junction.append(node)
            exits.append([m])
    table = np.full((len(pieces), _EXITS), -1, np.int64)
    for k, ways in enumerate(exits):
        table[k, : len(ways)] = ways
    count = np.array([len(piece) for piece in pieces], np.int64)
    first = np.append(0, np.cumsum(count)[:-1])
    return Lanes(np.concatenate(pieces), first, count, table, np.array(junction, np.int64))


def _back(lines: list[NDArray], k: int, m: int) -> bool:
    """Whether a lane leads back along another."""
    turn = (lines[m][0, 2] - lines[k][-1, 2] + np.pi) % (2 * np.pi) - np.pi
    return bool(abs(turn) > 2.6)

"""Doors, arches and windows: which rooms are joined, and where in their walls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from navworld.scenes.apartment.plan import (
    OUTSIDE,
    WET,
    Opening,
    PlanRejected,
    PlanRoom,
    Wall,
)

DOOR_TOP = 2.05
FRAME = 0.06
"""Width of a door frame, which must fit between an opening and the corner [m]."""

Pair = tuple[int, int]


def cut_openings(
    rng: Generator, rooms: tuple[PlanRoom, ...], walls: tuple[Wall, ...], *, thickness: float
) -> tuple[Opening, ...]:
    """Doors between rooms, the entrance and the windows of a plan.

    Args:
        thickness: Of the inner walls [m].
    """
    openings: list[Opening] = []
    for pair, kind in _join(rng, rooms, walls):
        openings.append(_doorway(rng, _widest(walls, pair), kind, thickness))
    openings = _hang_leaves(rng, rooms, openings)
    openings.append(_entrance(rng, rooms, walls, thickness))
    for room in range(len(rooms)):
        openings += _windows(rng, rooms, room, walls, openings)
    return tuple(openings)


def _widest(walls: tuple[Wall, ...], pair: Pair) -> Wall:
    return max((w for w in walls if set(w.rooms) == set(pair)), key=lambda wall: wall.length)


def _join(
    rng: Generator, rooms: tuple[PlanRoom, ...], walls: tuple[Wall, ...]
) -> list[tuple[Pair, str]]:
    """Pairs of rooms to join and by what: every room gets a way in, some get two."""
    pairs: list[Pair] = sorted(
        {(min(w.rooms), max(w.rooms)) for w in walls if not w.outer and w.length >= 1.25}
    )
    joined: dict[Pair, str] = {}
    for pair in pairs:
        kind = _wish(rng, {rooms[room].kind for room in pair}, [rooms[room].kind for room in pair])
        wide = _widest(walls, pair).length
        if kind:
            joined[pair] = kind if wide > 1.9 else "door"
    while True:
        reached = _reached(joined, len(rooms))
        if len(reached) == len(rooms):
            return sorted(joined.items())
        border = [p for p in pairs if (p[0] in reached) != (p[1] in reached)]
        if not border:
            raise PlanRejected("a room that no other can open to")
        best = min(
            border, key=lambda p: _reluctance(rooms[p[0]].kind) + _reluctance(rooms[p[1]].kind)
        )
        joined[best] = "door"


def _wish(rng: Generator, kinds: set[str], pair: list[str]) -> str | None:
    """What stands between two neighbours of these kinds, None for a plain wall."""
    luck = rng.random()
    if kinds & {"corridor", "hallway"}:
        if kinds <= {"corridor", "hallway"}:
            return "arch"
        if "living room" in kinds or "dining room" in kinds:
            return "arch" if luck < 0.35 else "door"
        return "door" if "corridor" in kinds else None
    if kinds <= {"living room", "kitchen", "dining room"}:
        return "arch" if luck < 0.6 else "door" if luck < 0.85 else None
    if kinds == {"bedroom", "bathroom"} and luck < 0.25:
        return "door"
    if kinds == {"living room", "study"} and luck < 0.4:
        return "door"
    if kinds == {"living room", "bedroom"} and luck < 0.15:
        return "door"
    if kinds == {"kitchen", "laundry"} and luck < 0.6:
        return "door"
    return "door" if pair.count("bedroom") == 2 and luck < 0.12 else None


def _reluctance(kind: str) -> float:
    """How little one likes to walk through a room of this kind to reach another."""
    if kind in ("corridor", "hallway"):
        return 0.0
    if kind in ("living room", "dining room"):
        return 1.0
    return 6.0 if kind in (*WET, "storage") else 3.0


def _reached(joined: dict[Pair, str], count: int) -> set[int]:
    reached = {0}
    for _ in range(count):
        for a, b in joined:
            if a in reached or b in reached:
                reached |= {a, b}
    return reached


def _doorway(rng: Generator, wall: Wall, kind: str, thickness: float) -> Opening:
    """A hole for a door or an arch in a wall between two rooms."""
    margin = 0.5 * thickness + FRAME + 0.04
    low, high = wall.low + margin, wall.high - margin
    if high - low < 0.86:
        raise PlanRejected("a wall too short for its door")
    if kind == "arch":
        width = float(np.clip(rng.uniform(0.35, 0.6) * (high - low), 1.1, 2.4))
        start = low + rng.uniform(0.3, 0.7) * (high - low - width)
        top = DOOR_TOP + float(rng.choice([0.0, 0.1, 0.2]))
        return Opening("arch", wall, round(start, 3), round(start + width, 3), 0.0, top)
    width = min(float(rng.choice([0.86, 0.90, 0.95, 1.0])), high - low)
    slack = high - low - width
    where = rng.random()
    if slack > 2.0 and where < 0.2:
        start = low + rng.uniform(0.3, 0.7) * slack
    else:
        inset = min(slack, rng.uniform(0.0, 0.25))
        start = low + inset if where < 0.6 else high - width - inset
    return Opening("door", wall, round(start, 3), round(start + width, 3), 0.0, DOOR_TOP)


def approach(
    opening: Opening, *, reach: float, side: float = 0.0
) -> tuple[float, float, float, float]:
    """The rectangle in front of an opening on both sides, `reach` metres from the centre line."""
    low, high = opening.low - side, opening.high + side
    line = opening.wall.line
    if opening.wall.axis == 0:
        return low, line - reach, high, line + reach
    return line - reach, low, line + reach, high


def leaf_area(opening: Opening) -> tuple[float, float, float, float]:
    """The rectangle that an open leaf stands in."""
    span = opening.high - opening.low
    towards = 1.0 if opening.into == opening.wall.rooms[1] else -1.0
    edge = opening.high if opening.hinge_high else opening.low
    back = np.cos(opening.angle) * span
    tip = edge - back if opening.hinge_high else edge + back
    pad = 0.045 if opening.hinge_high else 0.01
    low, high = min(edge, tip) - (0.055 - pad), max(edge, tip) + pad
    near, far = (
        opening.wall.line,
        opening.wall.line + towards * (span * np.sin(opening.angle) + 0.12),
    )
    near, far = min(near, far), max(near, far)
    return (low, near, high, far) if opening.wall.axis == 0 else (near, low, far, high)


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether two rectangles share some area."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _hang_leaves(
    rng: Generator, rooms: tuple[PlanRoom, ...], openings: list[Opening]
) -> list[Opening]:
    """Gives doors their leaves, standing open where they hinder no other opening."""
    hung: list[Opening] = []
    for index, opening in enumerate(openings):
        bare = opening.kind != "door" or rng.random() < 0.2
        angle = float(np.radians(rng.uniform(79, 90)))
        if bare:
            hung.append(opening)
            continue
        others = hung + openings[index + 1 :]
        hung.append(_leaf(rooms, opening, others, angle))
    return hung


def _leaf(
    rooms: tuple[PlanRoom, ...], opening: Opening, others: list[Opening], angle: float
) -> Opening:
    """The first leaf that fits: into the more private room, against the nearer side wall."""
    wall = opening.wall
    swing = [room for room in wall.rooms if rooms[room].kind not in ("corridor", "hallway")]
    swing.sort(key=lambda room: -_reluctance(rooms[room].kind))
    nearer_high = wall.high - opening.high < opening.low - wall.low
    for into in swing:
        x, y = np.array(rooms[into].corners).T
        for high in (nearer_high, not nearer_high):
            trial = replace(opening, into=into, hinge_high=high, angle=angle)
            area = leaf_area(trial)
            inside = (
                area[0] > x.min() - 0.1 and area[2] < x.max() + 0.1
                and area[1] > y.min() - 0.1 and area[3] < y.max() + 0.1
            )  # fmt: skip
            depth = np.ptp(y) if wall.axis == 0 else np.ptp(x)
            hinders = any(
                overlap(area, approach(other, reach=0.75))
                or (other.into is not None and overlap(area, leaf_area(other)))
                for other in others
            )
            if inside and not hinders and depth > 1.75:
                return trial
    return opening


def _entrance(
    rng: Generator, rooms: tuple[PlanRoom, ...], walls: tuple[Wall, ...], thickness: float
) -> Opening:
    """The closed front door: in the hallway, else the corridor, else the living room."""
    for kind in ("hallway", "corridor", "living room"):
        fit = [
            wall
            for wall in walls
            if wall.outer and wall.length > 1.15 + thickness and rooms[max(wall.rooms)].kind == kind
        ]
        if fit:
            wall = fit[int(rng.integers(len(fit)))]
            slack = wall.length - 0.95 - thickness - 0.2
            start = wall.low + 0.5 * thickness + 0.1 + slack * float(rng.choice([0.0, 0.5, 1.0]))
            start = round(start, 3)
            return Opening("entrance", wall, start, start + 0.95, 0.0, DOOR_TOP)
    raise PlanRejected("no outer wall for the front door")


def _windows(
    rng: Generator,
    rooms: tuple[PlanRoom, ...],
    room: int,
    walls: tuple[Wall, ...],
    taken: list[Opening],
) -> list[Opening]:
    """Windows of one room in its outer walls, the longest walls first."""
    kind = rooms[room].kind
    if kind == "storage" or (kind in ("toilet", "laundry") and rng.random() < 0.5):
        return []
    outer = [w for w in walls if w.outer and room in w.rooms and w.length > 1.25]
    outer = [w for w in outer if not any(o.kind == "entrance" and o.wall == w for o in taken)]
    outer.sort(key=lambda wall: -wall.length)
    wanted = 1 + int(rooms[room].area > 17) + int(rooms[room].area > 30)
    if kind in (*WET, "hallway", "corridor", "kitchen"):
        wanted = min(wanted, 2 if kind == "corridor" else 1)
    windows: list[Opening] = []
    for wall in outer[:wanted]:
        if len(windows) < wanted:
            windows += _windows_in(rng, kind, wall, wanted - len(windows))
    return windows


def _windows_in(rng: Generator, kind: str, wall: Wall, wanted: int) -> list[Opening]:
    """One window in a wall, or two in a long one."""
    if kind in WET:
        width, bottom, top = rng.uniform(0.5, 0.8), 1.35, 2.1
    elif kind == "kitchen":
        width, bottom, top = rng.uniform(0.9, 1.4), 1.1, 2.15
    elif kind == "living room" and rng.random() < 0.45:
        width, bottom, top = rng.uniform(1.4, 2.4), 0.08, 2.2
    else:
        width, bottom, top = rng.uniform(1.0, 1.9), float(rng.choice([0.85, 0.95])), 2.15
    count = 2 if wanted > 1 and wall.length > 2 * width + 2.4 else 1
    width = min(width, wall.length / count - 0.6)
    found = []
    for k in range(count):
        centre = wall.low + wall.length * (k + 0.5) / count + rng.uniform(-0.15, 0.15)
        centre = float(np.clip(centre, wall.low + width / 2 + 0.25, wall.high - width / 2 - 0.25))
        low, high = round(centre - width / 2, 3), round(centre + width / 2, 3)
        found.append(Opening("window", wall, low, high, bottom, top))
    return found


def room_inside(wall: Wall) -> int:
    """The room on the inner side of an outer wall."""
    return wall.rooms[0] if wall.rooms[1] == OUTSIDE else wall.rooms[1]

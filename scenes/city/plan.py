"""The plan of a city: its streets as lines with widths, its blocks, and what each block is for.

Three ways to lay out streets, one of them by seed: a grid, rings with spokes around a square, and
cells grown around scattered points (Voronoi) as in towns that nobody planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon, box

from navworld.scenes.city.names import Names

HALF = 152.0
"""Half the side of the square that can be walked, and is built in detail [m]."""

OUTER = 340.0
"""Half the side of the square in which anything is built [m]."""

CORE_SHARE = 0.3
KERB_RADIUS = 4.5
WIDTHS = {"primary": 13.0, "secondary": 11.0, "residential": 9.0}
PAVEMENTS = {"primary": 4.2, "secondary": 3.4, "residential": 2.8}
LANES = {"primary": 4, "secondary": 2, "residential": 2}
LAYOUTS = ("grid", "rings", "cells")


@dataclass(frozen=True, eq=False)
class Street:
    """A named street by the line along its middle."""

    name: str
    line: LineString
    kind: str

    @property
    def width(self) -> float:
        """Between the kerbs [m]."""
        return WIDTHS[self.kind]

    @property
    def parking(self) -> bool:
        """Whether vehicles park along its kerbs."""
        return self.kind != "primary"


@dataclass(frozen=True, eq=False)
class Block:
    """Land between streets.

    Attributes:
        kerb: Outline along the kerbs.
        lot: What is inside the pavement.
        use: "town", "towers", "houses", "park" or "square".
        core: Whether it is built in detail.
        name: Of a park or square, else "".
    """

    kerb: Polygon
    lot: Polygon
    use: str
    core: bool
    name: str = ""


@dataclass(frozen=True, eq=False)
class Plan:
    """Streets, blocks and the places where streets meet: `nodes` (N, 3) x, y, radius [m]."""

    layout: str
    streets: tuple[Street, ...]
    blocks: tuple[Block, ...]
    nodes: NDArray[np.float64]


def draw_plan(rng: Generator, names: Names) -> Plan:
    """A plan from a seed."""
    layout = LAYOUTS[int(rng.integers(len(LAYOUTS)))]
    lines = {"grid": _grid, "rings": _rings, "cells": _cells}[layout](rng)
    streets = tuple(
        Street(names.street(kind == "primary"), LineString(np.round(line, 3)), kind)
        for line, kind in lines
    )
    return Plan(layout, streets, _blocks(rng, names, streets, layout), _nodes(streets))


def _grid(rng: Generator) -> list[tuple[NDArray, str]]:
    """Two families of straight streets, turned together by any angle."""
    angle = rng.choice([0.0, rng.uniform(-0.6, 0.6)])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    reach = 1.45 * OUTER
    found = []
    for axis, (least, most) in enumerate(((62, 92), (52, 78)) if rng.random() < 0.6 else
                                         ((64, 80), (64, 80))):  # fmt: skip
        start = -reach + rng.uniform(0, least)
        places = start + np.cumsum(rng.uniform(least, most, 40))
        main = int(np.argmin(np.abs(places - rng.uniform(-50, 50))))
        for k, place in enumerate(places[places < reach]):
            line = np.array([[-reach, place], [reach, place]])
            kind = "primary" if k == main else "secondary" if k % 2 else "residential"
            found.append(((line[:, ::-1] if axis else line) @ turn, kind))
    return found


def _rings(rng: Generator) -> list[tuple[NDArray, str]]:
    """Rings around the middle and spokes between them, more of them further out."""
    center = rng.uniform(-25, 25, 2)
    radii = np.cumsum([rng.uniform(34, 44), *rng.uniform(52, 68, 6)])
    first = int(rng.integers(6, 9))
    phase = rng.uniform(0, 2 * np.pi)
    found = []
    for k, radius in enumerate(radii):
        sides = first * 2 * max(2, round(radius / 28))
        angle = phase + np.arange(sides + 1) * 2 * np.pi / sides
        ring = center + radius * np.stack([np.cos(angle), np.sin(angle)], 1)
        found.append((ring, "secondary" if k in (0, 2) else "residential"))
    for k in range(2 * first):
        angle = phase + k * np.pi / first
        way = np.array([np.cos(angle), np.sin(angle)])
        start = radii[0] if k % 2 == 0 else radii[1]
        kind = ("primary" if k % 4 == 0 else "secondary") if k % 2 == 0 else "residential"
        found.append((center + np.stack([start * way, 1.5 * OUTER * way]), kind))
    return found


def _cells(rng: Generator) -> list[tuple[NDArray, str]]:
    """Borders of cells around scattered points, joined to streets where they run straight on."""
    pitch, reach = rng.uniform(68, 80), OUTER + 90
    axis = np.arange(-reach, reach, pitch)
    x, y = np.meshgrid(axis, axis)
    stagger = rng.uniform(0.0, 0.3) * pitch * (np.arange(len(axis)) % 2)
    points = np.stack([x + stagger[:, None], y], -1).reshape(-1, 2)
    points += rng.uniform(-0.25, 0.25, points.shape) * pitch
    frame = box(-reach, -reach, reach, reach)
    cells = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame)
    nodes: dict[tuple[float, float], int] = {}
    edges: set[tuple[int, int]] = set()
    for cell in cells.geoms:
        ring = [nodes.setdefault((round(a, 2), round(b, 2)), len(nodes))
                for a, b in cell.exterior.coords]  # fmt: skip
        edges |= {(min(a, b), max(a, b)) for a, b in pairwise(ring) if a != b}
    places = np.array(list(nodes))
    inside = {e for e in edges if np.abs(places[list(e)]).min(0).max() < OUTER}
    short = {e for e in inside if np.linalg.norm(places[e[0]] - places[e[1]]) < 26}
    places, inside = _contracted(places, inside, short)
    chains = _straight_chains(places, sorted(inside))
    length = [np.linalg.norm(np.diff(places[c], axis=0), axis=1).sum() for c in chains]
    longest = np.argsort(length)[::-1]
    rank = {int(k): n for n, k in enumerate(longest)}
    return [
        (
            places[chain],
            "primary" if rank[k] < 2 else "secondary" if rank[k] < 12 else "residential",
        )
        for k, chain in enumerate(chains)
    ]


def _contracted(
    places: NDArray, edges: set[tuple[int, int]], short: set[tuple[int, int]]
) -> tuple[NDArray, set[tuple[int, int]]]:
    """Short edges drawn together to a point."""
    to = np.arange(len(places))
    for a, b in sorted(short):
        a, b = int(to[a]), int(to[b])
        if a != b:
            places[min(a, b)] = (places[a] + places[b]) / 2
            to[to == max(a, b)] = min(a, b)
    moved = {(int(min(to[a], to[b])), int(max(to[a], to[b]))) for a, b in edges if to[a] != to[b]}
    return places, moved


def _straight_chains(places: NDArray, edges: list[tuple[int, int]]) -> list[list[int]]:
    """Edges joined at nodes to chains that turn by less than 40°."""
    ends: dict[int, list[int]] = {}
    for k, edge in enumerate(edges):
        for node in edge:
            ends.setdefault(node, []).append(k)
    follows: dict[tuple[int, int], int] = {}
    for node, around in ends.items():
        pairs = []
        for a, b in combinations(around, 2):
            u, v = (places[sum(edges[k]) - node] - places[node] for k in (a, b))
            pairs.append((float(u @ v / np.linalg.norm(u) / np.linalg.norm(v)), a, b))
        taken: set[int] = set()
        for cosine, a, b in sorted(pairs):
            if cosine < -0.76 and not {a, b} & taken:
                taken |= {a, b}
                follows[node, a], follows[node, b] = b, a
    chains, seen = [], set()
    for k in range(len(edges)):
        if k in seen:
            continue
        chain = list(edges[k])
        seen.add(k)
        for side in (0, 1):
            at = k
            while True:
                node = chain[-1] if side == 0 else chain[0]
                at = follows.get((node, at), -1)
                if at < 0 or at in seen:
                    break
                seen.add(at)
                other = sum(edges[at]) - node
                chain = [*chain, other] if side == 0 else [other, *chain]
        chains.append(chain)
    return chains


def _nodes(streets: tuple[Street, ...]) -> NDArray[np.float64]:
    """(N, 3) places where streets meet and the radius that belongs to each."""
    found: list[tuple[float, float, float]] = []
    lines = np.array([street.line for street in streets])
    wide = shapely.buffer(lines, 0.3)
    for a, b in shapely.STRtree(lines).query(wide, predicate="intersects").T:
        if a >= b:
            continue
        for part in shapely.get_parts(shapely.intersection(wide[a], lines[b])):
            c = part.centroid
            if not c.is_empty and max(abs(c.x), abs(c.y)) < OUTER:
                found.append((c.x, c.y, 0.5 * max(streets[a].width, streets[b].width)))
    return np.array(found, np.float64).reshape(-1, 3)


def _blocks(
    rng: Generator, names: Names, streets: tuple[Street, ...], layout: str
) -> tuple[Block, ...]:
    """What the streets leave, with rounded kerbs, and what it is used for."""
    carriageway = shapely.union_all(
        [s.line.buffer(0.5 * s.width, cap_style="flat", join_style="mitre") for s in streets]
    )
    land = shapely.difference(box(-OUTER, -OUTER, OUTER, OUTER), carriageway)
    blocks, middle = [], box(-HALF, -HALF, HALF, HALF)
    parts = sorted(shapely.get_parts(land), key=lambda p: (round(p.centroid.x), p.centroid.y))
    mood = rng.choice(["town", "mixed", "green"])
    for part in parts:
        if part.area < 120 or part.buffer(-4).is_empty:
            kerb = part
        else:
            kerb = part.buffer(-KERB_RADIUS).buffer(KERB_RADIUS, quad_segs=4)
        for piece in shapely.get_parts(kerb):
            piece = Polygon(piece.simplify(0.05).exterior)
            if piece.area < 20:
                continue
            core = piece.intersection(middle).area > CORE_SHARE * piece.area
            wide = min(3.2, 0.2 * np.sqrt(piece.area))
            lot = shapely.get_parts(piece.buffer(-wide, join_style="mitre"))
            if not len(lot):
                continue
            lot = max(lot, key=lambda p: p.area)
            use = _use(rng, lot, mood, core)
            if layout == "rings" and piece.contains(Point(0, 0)) and lot.area < 4500:
                use = "square"
            name = names.park(use == "square") if core and use in ("park", "square") else ""
            blocks.append(Block(piece, Polygon(lot.simplify(0.3).exterior), use, core, name))
    return tuple(blocks)


def _use(rng: Generator, lot: Polygon, mood: str, core: bool) -> str:
    if lot.area < 700 or lot.buffer(-7).is_empty:
        return "square" if lot.area < 500 else "park"
    shares = {
        "town": (0.62, 0.14, 0.08, 0.10, 0.06),
        "mixed": (0.42, 0.22, 0.16, 0.13, 0.07),
        "green": (0.36, 0.10, 0.30, 0.17, 0.07),
    }[str(mood)]
    uses = ("town", "towers", "houses", "park", "square")
    return uses[int(rng.choice(5, p=shares))]

"""Paths through the country: a gravel track over the stream, and trails that branch off it.

They are found as one lays them: along the cheapest way on a coarse grid, where slopes, fields and
water cost, then rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from navworld.scenes.country.relief import HALF, Stream, evened, on_grid, smooth

STEP = 3.0
"""Side of the coarse grid's cells [m]."""

RIM = 2.0
"""What lies between the country's fence and the grid's end [m]."""

TRACK_WIDTH, TRAIL_WIDTH = (2.4, 3.0), (1.8, 2.1)
"""Of paths [m]: no edge of the grid may cross a whole one, or it would be drawn with a gap."""

BELOW_DECK = 0.02  # the path ends this far below the bridge's boards [m]
STEEP_COST, SHORE_COST, CLOSED_COST, EDGE_COST = 90.0, 400.0, 200.0, 3.0


@dataclass(frozen=True, eq=False)
class Path:
    """A way: its `line` (N, 2) half a metre apart, `width` [m], `kind` "track" or "trail"."""

    line: NDArray[np.float64]
    width: float
    kind: str
    name: str


@dataclass(frozen=True)
class Bridge:
    """Where the track crosses the stream.

    Attributes:
        ends: (2, 2) ends of its deck. level: z of the deck. width: Of the deck [m].
    """

    ends: NDArray[np.float64]
    level: float
    width: float

    def along(self, xy: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of points (..., 2), the way past the middle along the deck and off its axis [m]."""
        middle, axis = self.ends.mean(0), self.ends[1] - self.ends[0]
        axis = axis / np.linalg.norm(axis)
        offset = xy - middle
        return offset @ axis, np.abs(offset @ np.array([-axis[1], axis[0]]))

    @property
    def length(self) -> float:
        """Of the deck [m]."""
        return float(np.linalg.norm(self.ends[1] - self.ends[0]))


def place_bridge(rng: Generator, stream: Stream) -> Bridge:
    """A bridge straight across the stream, well inside the country and away from the pond."""
    inside = np.abs(stream.line).max(1) < 0.62 * HALF
    apart = np.abs(np.arange(len(stream.line)) - stream.pond) > 64
    stations = np.flatnonzero(inside & apart)
    at = int(rng.choice(stations if len(stations) else np.flatnonzero(apart)))
    flow = stream.line[at + 4] - stream.line[at - 4]
    across = np.array([-flow[1], flow[0]]) / np.linalg.norm(flow)
    half = stream.half[at] + 2.8
    ends = stream.line[at] + np.array([[-half], [half]]) * across
    return Bridge(ends, float(stream.level[at]) + 0.85, 2.6)


class Surveyor:
    """Finds ways on the coarse grid.

    Args:
        ground, shore: Heights of the land and distances from the water, on the fine grid [m].
        closed: (SIDE + 1, SIDE + 1) what paths go around.
    """

    def __init__(
        self, ground: NDArray, shore: NDArray, closed: NDArray[np.bool_], bridge: Bridge
    ) -> None:
        t = np.arange(-HALF + RIM, HALF - RIM + 0.1, STEP)
        self._t, n = t, len(t)
        self.points = np.stack(np.meshgrid(t, t), -1).reshape(-1, 2)
        z = on_grid(ground, self.points)
        wet = on_grid(shore, self.points) < 3.0
        along, off = bridge.along(self.points)
        on_bridge = (np.abs(along) < 0.5 * bridge.length + 4) & (off < 2.2)
        self._bridge = on_bridge
        cost = (
            1
            + SHORE_COST * (wet & ~on_bridge)
            + CLOSED_COST * (on_grid(closed * 1.0, self.points) > 0)
        )
        cost += EDGE_COST * (np.abs(self.points).max(1) > HALF - 9)
        index = np.arange(n * n).reshape(n, n)
        pairs = []
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1)):
            a = index[: n - dy, max(0, -dx) : n - max(0, dx)]
            b = index[dy:, max(0, dx) : n + min(0, dx)]
            pairs.append(np.stack([a.ravel(), b.ravel()]))
        self._a, self._b = np.concatenate(pairs, 1)
        length = np.linalg.norm(self.points[self._a] - self.points[self._b], axis=1)
        grade = np.abs(z[self._a] - z[self._b]) / length
        grade *= ~(on_bridge[self._a] & on_bridge[self._b])
        self._cost = length * (cost[self._a] + cost[self._b]) / 2 * (1 + STEEP_COST * grade**2)
        self._trodden = np.zeros(n * n, np.bool_)

    def node(self, xy: NDArray) -> int:
        """The node of the coarse grid nearest to a point."""
        return int(np.linalg.norm(self.points - xy, axis=1).argmin())

    def way(self, start: NDArray, goal: NDArray | None) -> NDArray[np.float64]:
        """(K, 2) the cheapest way to a goal, or to the nearest place that a way has reached."""
        cost = self._cost * np.where(self._trodden[self._a] & self._trodden[self._b], 0.3, 1.0)
        n = len(self.points)
        graph = coo_matrix((cost, (self._a, self._b)), (n, n)).tocsr()
        source = self.node(start)
        distance, before = dijkstra(graph, False, source, return_predecessors=True)
        if goal is None:
            joined = self._trodden & ~self._bridge
            target = int(np.where(joined, distance, np.inf).argmin())
        else:
            target = self.node(goal)
        nodes = [target]
        while nodes[-1] != source:
            nodes.append(int(before[nodes[-1]]))
        nodes = nodes[::-1]
        self._trodden[nodes] = True
        return self.points[nodes]


def rounded(corners: NDArray[np.float64], rounds: int = 3) -> NDArray[np.float64]:
    """A polyline with its corners cut (Chaikin), its points half a metre apart."""
    line = corners[[0, *range(2, len(corners) - 2, 2), len(corners) - 1]]
    for _ in range(rounds):
        cut = np.stack([0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]], 1)
        line = np.concatenate([line[:1], cut.reshape(-1, 2), line[-1:]])
    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    s = np.linspace(0, at[-1], max(2, int(at[-1] / 0.5) + 1))
    return np.stack([np.interp(s, at, line[:, 0]), np.interp(s, at, line[:, 1])], 1)


def lay_paths(
    rng: Generator, surveyor: Surveyor, bridge: Bridge, places: dict[str, NDArray]
) -> list[Path]:
    """A track across the country over the bridge, and a trail to every place."""
    rim = HALF - RIM
    ends = []
    for end, away in zip(bridge.ends, bridge.ends[::-1], strict=True):
        heading = end - away
        turn = rng.uniform(-0.5, 0.5)
        c, s = np.cos(turn), np.sin(turn)
        heading = np.array([c * heading[0] - s * heading[1], s * heading[0] + c * heading[1]])
        reach = (rim - np.sign(heading) * end) / np.maximum(np.abs(heading), 1e-9)
        ends.append(np.clip(end + reach.min() * heading, -rim, rim))
    first = surveyor.way(ends[0], bridge.ends[0])
    second = surveyor.way(bridge.ends[1], ends[1])
    approach = 1.2 * (bridge.ends - bridge.ends.mean(0)) + bridge.ends.mean(0)
    deck = np.repeat(approach, 2, axis=0)
    corners = np.concatenate([first[:-1], deck, second[1:]])
    paths = [Path(rounded(corners), rng.uniform(*TRACK_WIDTH), "track", "Mill Track")]
    for name, place in places.items():
        way = surveyor.way(place, None)
        if len(way) < 2:
            continue  # it lies on another path
        line = rounded(way)
        paths.append(Path(line, rng.uniform(*TRAIL_WIDTH), "trail", f"{name} Trail"))
    return paths


def levelled(
    ground: NDArray[np.float64],
    points: NDArray[np.float64],
    paths: list[Path],
    bridge: Bridge,
    shore: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Ground with paths let into it.

    Args:
        points: (..., 2) where the ground is given.
        shore: Distance from the water, negative on it [m].
    """
    for path in paths[::-1]:  # the track last, so that trails meet it at its height
        z = evened(on_grid(ground, path.line), 31)
        along, off = bridge.along(path.line)
        beyond = np.maximum(np.abs(along) - 0.5 * bridge.length, off - 2.0)
        foot = bridge.level - BELOW_DECK
        z = foot + (z - foot) * smooth(beyond, 1.5, 11.0)
        distance, index = cKDTree(path.line).query(points)
        side = distance - 0.5 * path.width
        share = (1 - smooth(side, 0.3, 3.5)) * smooth(shore, 0.2, 1.4)
        ground = ground + (z[index] - ground) * share
    return ground


def path_edge(paths: list[Path], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of points (..., 2) from the edge of the nearest path, negative on it [m]."""
    edge = np.full(points.shape[:-1], np.inf)
    for path in paths:
        edge = np.minimum(edge, cKDTree(path.line).query(points)[0] - 0.5 * path.width)
    return edge

"""Land into plots: a block is halved until its pieces are as large as a house wants to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
import shapely.ops
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry import LinearRing, LineString, Point, Polygon

from navworld.scenes.city.plan import Block

FRONT, YARD, PARTY = 0, 1, 2
"""What an outer wall faces: a street, a yard, a neighbour's wall."""


@dataclass(frozen=True, eq=False)
class Plot:
    """Where one building stands.

    Attributes:
        outline: (N, 2) footprint, counter-clockwise [m].
        faces: (N,) what the wall from corner k to corner k + 1 looks at.
        use: Of its block.
        core: Whether it is built in detail.
    """

    outline: NDArray[np.float64]
    faces: NDArray[np.int64]
    use: str
    core: bool

    @property
    def polygon(self) -> Polygon:
        """The footprint."""
        return Polygon(self.outline)


_SIZES = {"town": (15.0, 23.0), "towers": (27.0, 40.0), "houses": (15.0, 21.0)}


def plots(rng: Generator, block: Block) -> list[Plot]:
    """The buildings' plots along the edge of a block, with a yard in its middle."""
    least, most = _SIZES[block.use]
    if not block.core:
        least, most = 1.5 * least, 1.5 * most
    rim = block.lot.exterior
    found = []
    for piece in _halved(rng, block.lot, least, most):
        if piece.distance(rim) > 0.05 or piece.area < 45:
            continue
        if block.use == "houses":
            piece = piece.buffer(-float(rng.uniform(2.2, 3.6)), join_style="mitre")
        elif block.use == "towers":
            piece = piece.buffer(-float(rng.uniform(0.5, 3.0)), join_style="mitre")
        outline = _tidy(piece)
        if outline is not None:
            found.append(outline)
    tree = shapely.STRtree([Polygon(outline) for outline in found])
    return [
        Plot(outline, _faces(k, outline, rim, tree, block.use), block.use, block.core)
        for k, outline in enumerate(found)
    ]


def _halved(rng: Generator, piece: Polygon, least: float, most: float) -> list[Polygon]:
    """Pieces no longer than `most`, none of them shorter than about `least`."""
    frame = np.array(piece.minimum_rotated_rectangle.exterior.coords)
    sides = frame[1:3] - frame[0:2]
    lengths = np.linalg.norm(sides, axis=1)
    long = int(np.argmax(lengths))
    if lengths[long] < most + rng.uniform(0, 4):
        return [piece]
    parts = max(2, round(lengths[long] / rng.uniform(least, most)))
    share = round(parts / 2) / parts + rng.uniform(-0.04, 0.04)
    start = frame[long] + share * sides[long]
    across = sides[1 - long] / lengths[1 - long]
    cut = LineString([start - 400 * across, start + 400 * across])
    halves = [p for p in shapely.ops.split(piece, cut).geoms if p.area > 1]
    if len(halves) < 2:
        return [piece]
    return [part for half in halves for part in _halved(rng, half, least, most)]


def _tidy(piece: Polygon) -> NDArray | None:
    """Corners counter-clockwise without needless ones; None for what no house fits on."""
    parts = [p for p in shapely.get_parts(piece) if p.area > 40]
    if len(parts) != 1:
        return None
    corners = np.array(shapely.normalize(parts[0].simplify(0.15)).exterior.coords)[:-1]
    if _area(corners) < 0:
        corners = corners[::-1]
    while len(corners) > 3:
        ahead, behind = np.roll(corners, -1, 0) - corners, corners - np.roll(corners, 1, 0)
        turn = ahead[:, 1] * behind[:, 0] - ahead[:, 0] * behind[:, 1]
        reach = np.linalg.norm(ahead, axis=1) * np.linalg.norm(behind, axis=1)
        flat = np.abs(turn) < 0.035 * reach
        short = np.linalg.norm(ahead, axis=1) < 1.2
        worst = np.flatnonzero(flat | short)
        if not len(worst):
            break
        corners = np.delete(corners, worst[0], 0)
    polygon = Polygon(corners)
    if not polygon.is_valid or polygon.area < 40 or polygon.buffer(-2.6).is_empty:
        return None
    return np.round(corners, 4)


def _area(corners: NDArray) -> float:
    x, y = corners.T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def _faces(
    k: int, outline: NDArray, rim: LinearRing, tree: shapely.STRtree, use: str
) -> NDArray[np.int64]:
    """What every wall faces."""
    ahead = np.roll(outline, -1, 0) - outline
    middle = outline + 0.5 * ahead
    outward = np.stack([ahead[:, 1], -ahead[:, 0]], 1) / np.linalg.norm(ahead, axis=1)[:, None]
    faces = np.full(len(outline), YARD)
    for n, point in enumerate(middle):
        beyond = Point(point + 0.4 * outward[n])
        if any(other != k for other in tree.query(beyond, predicate="within")):
            faces[n] = PARTY
        elif rim.distance(Point(point)) < (0.3 if use == "town" else 4.5):
            faces[n] = FRONT
    return faces

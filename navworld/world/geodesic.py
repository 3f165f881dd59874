"""Geodesic distance: how far a body of some radius has to go to a goal, and which way.

A distance field gives every cell of the grid its *root*: the point where the shortest path from
there bends first (or the goal), which is seen from the cell. The distance from anywhere is then
the straight way to the root plus the root's own distance, so it is exact in free space, unlike
distances along the edges of a grid, and shortest paths need no smoothing. Roots spread from the
goal in the order of distance, as in Theta* (Nash et al., AAAI 2007) without a target, and lie on
the border of the space that the body can reach rather than at the centres of cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.world.navigability import Navigator
from navworld.world.walkable.fields import FIELD, field_directions, field_distances, field_path
from navworld.world.walkable.spread import spread


class DistanceField:
    """Geodesic distances to one goal on one floor, or to the nearest of several.

    Args:
        navigator: Where the body can stand.
        goal_xy: (2,) the goal [m], or (G, 2) goals.

    Raises:
        ValueError: The goal cannot be reached by any body of this radius: it is not walkable.

    Attributes:
        navigator: As given.
        goal_xy: (2,) the goal, the first of several [m].
        goals: (G, 2) all of them [m].
        nbytes: Memory that the field takes beside the navigator [bytes].
        packed: The record (`fields.FIELD`) by which compiled code finds the field.
    """

    def __init__(self, navigator: Navigator, goal_xy: ArrayLike) -> None:
        goal = np.array(goal_xy, np.float64)
        goals = np.ascontiguousarray(np.atleast_2d(goal))
        if goals.ndim != 2 or goals.shape[1] != 2 or not len(goals):
            raise ValueError(f"expected a goal (x, y), got an array of shape {goal.shape}")
        walkable = navigator.is_walkable(goals)
        if not walkable.all():
            goal = goals[np.argmin(walkable)]
            raise ValueError(
                f"the goal ({goal[0]:.2f}, {goal[1]:.2f}) cannot be reached: the clearance there "
                f"is {navigator.clearance(goal[None])[0]:.3f} m, the body's radius "
                f"{navigator.radius:g} m; take a goal from Navigator.sample or Navigator.snap"
            )
        self.navigator = navigator
        self.goal_xy, self.goals = goals[0], goals
        grid = np.frombuffer(navigator.packed, np.int8)
        self._labels, self._roots = spread(navigator.records, navigator.labels, goals)
        self.nbytes = self._labels.nbytes + self._roots.nbytes
        addresses = np.array([self._labels.ctypes.data, self._roots.ctypes.data], np.int64)
        self.packed = grid.tobytes() + addresses.tobytes()
        self._record = np.frombuffer(self.packed, FIELD)

    def __deepcopy__(self, memo: dict) -> DistanceField:
        """Itself: it never changes, and `packed` holds the addresses of its arrays."""
        return self

    def distance(self, xy: ArrayLike) -> NDArray[np.float64]:
        """(N,) length of the shortest path from (N, 2) points [m]; inf where there is none."""
        points = np.ascontiguousarray(xy, np.float64)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"expected points of shape (N, 2), got {points.shape}")
        return field_distances(self._record, points)

    def path(self, xy: ArrayLike) -> NDArray[np.float64]:
        """(K, 2) corners of the shortest path from a point (2,) to the goal, both included [m].

        Raises:
            ValueError: There is no path.
        """
        start = np.array(xy, np.float64)
        if start.shape != (2,):
            raise ValueError(f"expected a point (x, y), got an array of shape {start.shape}")
        path = field_path(self._record, start[None])
        if not len(path):
            raise ValueError(
                f"no path leads from ({start[0]:.2f}, {start[1]:.2f}) to the goal "
                f"({self.goal_xy[0]:.2f}, {self.goal_xy[1]:.2f}): the start is not walkable or "
                "in another component; check Navigator.component"
            )
        return path

    def direction(self, xy: ArrayLike, lookahead: float = 0.5) -> NDArray[np.float64]:
        """(N, 2) unit vectors along the shortest path; 0 at the goal and where there is no path.

        They point to the place on the path up to `lookahead` metres ahead that can be reached in
        a straight line.
        """
        points = np.ascontiguousarray(xy, np.float64)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"expected points of shape (N, 2), got {points.shape}")
        return field_directions(self._record, points, float(lookahead))


def distances(fields: Sequence[DistanceField], xy: ArrayLike) -> NDArray[np.float64]:
    """(B,) distance of body b at `xy[b]` to the goal of `fields[b]` [m], in one call."""
    points = np.ascontiguousarray(xy, np.float64)
    if points.shape != (len(fields), 2):
        raise ValueError(f"expected one point per field, ({len(fields)}, 2), got {points.shape}")
    records = np.frombuffer(b"".join([field.packed for field in fields]), FIELD)
    return field_distances(records, points)


def directions(
    fields: Sequence[DistanceField], xy: ArrayLike, lookahead: float = 0.5
) -> NDArray[np.float64]:
    """(B, 2) `DistanceField.direction` of body b at `xy[b]` in `fields[b]`, in one call."""
    points = np.ascontiguousarray(xy, np.float64)
    if points.shape != (len(fields), 2):
        raise ValueError(f"expected one point per field, ({len(fields)}, 2), got {points.shape}")
    records = np.frombuffer(b"".join([field.packed for field in fields]), FIELD)
    return field_directions(records, points, float(lookahead))


def shortest_path(
    navigator: Navigator, start_xy: ArrayLike, goal_xy: ArrayLike
) -> tuple[float, NDArray[np.float64]]:
    """Length [m] and corners (K, 2) of the shortest path; inf and (0, 2) if there is none."""
    field = DistanceField(navigator, goal_xy)
    start = np.array(start_xy, np.float64).reshape(1, 2)
    length = float(field.distance(start)[0])
    return length, field.path(start[0]) if np.isfinite(length) else np.empty((0, 2))


def path_length(path: ArrayLike) -> float:
    """Length of a polyline (K, 2) [m]."""
    return float(np.linalg.norm(np.diff(np.asarray(path, np.float64), axis=0), axis=1).sum())

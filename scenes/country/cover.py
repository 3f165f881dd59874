"""The ground as triangles: cut along the borders of paths, woods and fields, and the far hills."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from navworld.scenes.country.relief import (
    HALF,
    SIDE,
    SPACING,
    Stream,
    Waves,
    far_rise,
    grid_points,
    smooth,
)
from navworld.scenes.country.surfaces import TILES, surface
from navworld.world.mesh import MeshBuilder

SNAP = 0.05  # a border this near a corner of a triangle goes through it [m]
UNDER = 0.1  # the water's surface ends this far inside its banks [m]
FAR_RINGS = (1.0, 1.06, 1.16, 1.32, 1.6, 2.1, 2.9, 4.2, 6.0)


def grid_triangles() -> NDArray[np.int64]:
    """(2 SIDE², 3) triangles of the grid, as `relief.on_grid` interpolates on them."""
    n = SIDE + 1
    a = (np.arange(SIDE)[:, None] * n + np.arange(SIDE)).reshape(-1, 1)
    corners = a + np.array([0, 1, n + 1, n])
    return corners[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)


def cut(
    values: NDArray[np.float64],
    triangles: NDArray[np.int64],
    column: int,
    exact: Callable[[NDArray], NDArray] | None = None,
    settled: Callable[[NDArray], NDArray] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cuts triangles along the zero line of one value of their corners.

    Args:
        values: (V, K) what is known of every corner, its place included.
        column: Which value changes its sign at the border.
        exact: The value at places (N, 2), where it is not linear between corners.
        settled: z of the border at places (N, 2), where it is not that of the triangles.

    Returns:
        Corners, with new ones on the border, and triangles that do not cross it.
    """
    f = values[:, column]
    inside = (f < 0)[triangles]
    count = inside.sum(1)
    kept = triangles[(count == 0) | (count == 3)]
    crossed = triangles[(count == 1) | (count == 2)]
    if not len(crossed):
        return values, triangles
    # Turned so that the first corner is alone on its side of the border.
    inside = (f < 0)[crossed]
    lone = np.where((inside.sum(1) == 1)[:, None], inside, ~inside).argmax(1)
    crossed = np.take_along_axis(crossed, (lone[:, None] + np.arange(3)) % 3, 1)
    edges = np.sort(crossed[:, [[0, 1], [0, 2]]].reshape(-1, 2), 1)
    unique, number = np.unique(edges, axis=0, return_inverse=True)
    a, b = unique.T
    t = (f[a] / (f[a] - f[b]))[:, None]
    if exact is not None:
        t = _crossings(values[a, :2], values[b, :2], f[a] < 0, exact)[:, None]
    length = np.linalg.norm(values[b, :2] - values[a, :2], axis=1)[:, None]
    t = np.where(t * length < SNAP, 0.0, np.where((1 - t) * length < SNAP, 1.0, t))
    new = values[a] * (1 - t) + t * values[b]
    new[:, column] = 0.0
    if settled is not None:
        between = (t[:, 0] > 0) & (t[:, 0] < 1)
        new[between, 2] = settled(new[between, :2])
    p, q = (len(values) + number.reshape(-1, 2)).T
    first, second, third = crossed.T
    parts = [np.stack(part, 1) for part in ((first, p, q), (p, second, third), (p, third, q))]
    return np.concatenate([values, new]), np.concatenate([kept, *parts])


def _crossings(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    inside: NDArray[np.bool_],
    exact: Callable[[NDArray], NDArray],
) -> NDArray[np.float64]:
    """(N,) where the edges from a to b (N, 2) cross the border, by bisection; `inside` is at a."""
    low, high = np.zeros(len(a)), np.ones(len(a))
    for _ in range(8):
        middle = 0.5 * (low + high)
        same = (exact(a + middle[:, None] * (b - a)) < 0) == inside
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)


def add_ground(
    mesh: MeshBuilder,
    ground: NDArray[np.float64],
    borders: dict[str, NDArray[np.float64]],
    *,
    path_edge: Callable[[NDArray], NDArray],
    stream: Stream,
    path: int,
    land: int,
    turned: float,
) -> None:
    """Adds the ground of the country.

    Args:
        ground: (SIDE + 1, SIDE + 1) heights [m].
        borders: Material → (SIDE + 1, SIDE + 1) distance from its border, negative where it
            covers the ground; the first of several wins, "meadow" is everywhere else. "gravel"
            is the paths', "bed" the stream's.
        path_edge: Distance of places (N, 2) from the edge of the nearest path [m].
        path, land: Instances.
        turned: Direction of the rows on fields [rad].
    """
    columns = [*np.moveaxis(grid_points(), -1, 0), ground, *borders.values()]
    values = np.stack([column.ravel() for column in columns], 1)
    triangles = grid_triangles()
    for k, name in enumerate(borders):
        exact = {"gravel": path_edge, "bed": stream.shore}.get(name)
        settled = stream.level_near if name == "bed" else None
        values, triangles = cut(values, triangles, 3 + k, exact, settled)
    corners = values[triangles]
    edge = corners[:, 1:, :2] - corners[:, :1, :2]
    area = edge[:, 0, 0] * edge[:, 1, 1] - edge[:, 0, 1] * edge[:, 1, 0]
    triangles, corners = triangles[area > 1e-6], corners[area > 1e-6]
    middle = corners[..., 3:].mean(1)
    names = [*borders, "meadow"]
    which = np.append(middle < 0, np.ones((len(middle), 1), bool), 1).argmax(1)
    c, s = np.cos(turned), np.sin(turned)
    for k, name in enumerate(names):
        own = triangles[which == k]
        if not len(own):
            continue
        used, index = np.unique(own, return_inverse=True)
        place = values[used, :2]
        if name in ("crops", "ploughed"):
            place = place @ np.array([[c, -s], [s, c]])
        index = index.reshape(-1, 3)
        uv = (place / TILES[name])[index]
        owner = path if name == "gravel" else land
        mesh.triangles(values[used, :3], index, uv, surface(name), owner)


def add_water(
    mesh: MeshBuilder,
    shore: NDArray[np.float64],
    level: NDArray[np.float64],
    stream: Stream,
    water: int,
) -> None:
    """Adds the water's surface, which goes a little into the banks."""
    columns = [*np.moveaxis(grid_points(), -1, 0), level, shore - UNDER]
    values = np.stack([column.ravel() for column in columns], 1)
    values, triangles = cut(values, grid_triangles(), 3, lambda xy: stream.shore(xy) - UNDER)
    wet = values[triangles, 3].mean(1) < 0
    used, index = np.unique(triangles[wet], return_inverse=True)
    index = index.reshape(-1, 3)
    place = values[used, :3]
    mesh.triangles(place, index, (place[:, :2] / TILES["water"])[index], surface("water"), water)


def add_far_hills(
    mesh: MeshBuilder, ground: NDArray[np.float64], hills: Waves, far: Waves, land: int
) -> None:
    """Adds the land around the country, which nobody walks on, out to wooded hills."""
    square = _rim(ground)
    rings = [square]
    flat = square[:, :2]
    for scale in FAR_RINGS[1:]:
        xy = flat * scale
        away = np.abs(xy).max(1) - HALF
        z = hills.at(xy) * np.exp(-away / 200.0) + far_rise(far, xy)
        z = square[:, 2] + (z - square[:, 2]) * smooth(away, 0.0, 25.0)
        rings.append(np.column_stack([xy, z]))
    points = np.stack(rings)
    k, n, _ = points.shape
    a = np.arange(n)
    quads = np.stack([a, a + n, (a + 1) % n + n, (a + 1) % n], 1)
    quads = (np.arange(k - 1)[:, None, None] * n + quads).reshape(-1, 4)
    triangles = quads[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
    points = points.reshape(-1, 3)
    woods = far.at(points[quads].mean(1)[:, :2]) > -0.6
    woods = np.repeat(woods & (np.repeat(np.arange(k - 1), n) >= 3), 2)
    for name, own in (("far woods", triangles[woods]), ("meadow", triangles[~woods])):
        uv = (points[:, :2] / TILES[name])[own]
        mesh.triangles(points, own, uv, surface(name), land)


def _rim(ground: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4 SIDE, 3) the outermost points of the grid, counter-clockwise."""
    t = np.arange(SIDE + 1)
    first, last = np.zeros(SIDE + 1, np.int64), np.full(SIDE + 1, SIDE)
    column = np.concatenate([t[:-1], last[:-1], t[:0:-1], first[:-1]])
    row = np.concatenate([first[:-1], t[:-1], last[:-1], t[:0:-1]])
    return np.column_stack([column * SPACING - HALF, row * SPACING - HALF, ground[row, column]])

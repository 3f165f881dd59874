"""Parked vehicles: bodies swept from cross-sections, with glass, wheels, lamps and plates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.city import looks
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

PAINTS: tuple[looks.Color, ...] = (
    (0.86, 0.86, 0.86), (0.16, 0.17, 0.18), (0.50, 0.52, 0.54), (0.70, 0.71, 0.72),
    (0.55, 0.10, 0.10), (0.14, 0.24, 0.44), (0.24, 0.36, 0.30), (0.78, 0.62, 0.20),
    (0.36, 0.30, 0.26), (0.30, 0.48, 0.60), (0.90, 0.88, 0.80),
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A kind of vehicle, front at x = 0; lengths in metres.

    Attributes:
        name: For example "hatchback".
        length, width: Without mirrors.
        stations: (x as a share of the length, height of the top) from front to back.
        belt: Height of the lower edge of the windows.
        cabin: First and last station of the cabin: windscreen and rear window slope there.
        pillars: Stations after which the side is body instead of glass.
        wheel: Radius.
    """

    name: str
    length: float
    width: float
    stations: tuple[tuple[float, float], ...]
    belt: float
    cabin: tuple[int, int]
    pillars: tuple[int, ...]
    wheel: float = 0.32


SHAPES = (
    Shape("hatchback", 3.95, 1.72,
          ((0, 0.50), (0.015, 0.66), (0.07, 0.76), (0.24, 0.92), (0.42, 1.40), (0.48, 1.46),
           (0.60, 1.48), (0.62, 1.48), (0.82, 1.44), (0.93, 1.36), (0.985, 0.98), (1.0, 0.80)),
          0.93, (3, 10), (6, 8)),
    Shape("saloon", 4.65, 1.80,
          ((0, 0.48), (0.012, 0.64), (0.06, 0.74), (0.26, 0.90), (0.40, 1.36), (0.46, 1.42),
           (0.57, 1.43), (0.585, 1.43), (0.70, 1.38), (0.84, 1.02), (0.97, 0.98), (1.0, 0.72)),
          0.92, (3, 9), (6,)),
    Shape("estate", 4.60, 1.80,
          ((0, 0.48), (0.012, 0.64), (0.06, 0.76), (0.25, 0.94), (0.39, 1.40), (0.45, 1.47),
           (0.56, 1.49), (0.575, 1.49), (0.76, 1.48), (0.92, 1.42), (0.985, 1.0), (1.0, 0.75)),
          0.94, (3, 10), (6, 8)),
    Shape("off-roader", 4.45, 1.86,
          ((0, 0.62), (0.012, 0.84), (0.05, 0.96), (0.24, 1.08), (0.36, 1.58), (0.42, 1.66),
           (0.55, 1.68), (0.57, 1.68), (0.78, 1.67), (0.94, 1.60), (0.985, 1.14), (1.0, 0.86)),
          1.08, (3, 10), (6, 8), 0.38),
    Shape("van", 5.20, 1.95,
          ((0, 0.60), (0.01, 0.86), (0.05, 1.00), (0.15, 1.16), (0.25, 1.86), (0.29, 1.98),
           (0.40, 2.02), (0.41, 2.02), (0.60, 2.02), (0.985, 2.00), (0.995, 1.2), (1.0, 0.70)),
          1.15, (3, 10), (6, 7, 8), 0.34),
)  # fmt: skip


def vehicle(shape: Shape, color: looks.Color) -> MeshBuilder:
    """One vehicle; the origin is on the ground below its middle, x towards its front."""
    mesh = MeshBuilder()
    body, glass = looks.paint(color, "car paint"), looks.paint((0.16, 0.20, 0.23), "car glass")
    dark = looks.paint((0.10, 0.10, 0.11), "rubber")
    rings = _rings(shape)
    parts: dict[Material, list[NDArray]] = {body: [], glass: [], dark: []}
    count = rings.shape[1]
    for k in range(len(rings) - 1):
        for j in range(count - 1):
            quad = np.stack([rings[k, j], rings[k, j + 1], rings[k + 1, j + 1], rings[k + 1, j]])
            parts[_finish(shape, k, j, count, body, glass, dark)].append(quad)
    for material, quads in parts.items():
        corners = np.array(quads)
        index = np.arange(len(corners))[:, None] * 4 + np.array([0, 1, 2, 0, 2, 3])
        uv = np.tile([[0, 0], [1, 0], [1, 1], [0, 0], [1, 1], [0, 1]], (len(corners), 1))
        mesh.triangles(
            corners.reshape(-1, 3), index.reshape(-1, 3), uv.reshape(-1, 3, 2), material, 0
        )
    _ends(mesh, rings, body)
    _wheels(mesh, shape, dark)
    _details(mesh, shape, body, dark)
    turned = np.diag([-1.0, -1.0, 1.0, 1.0])
    turned[0, 3] = shape.length / 2
    whole = MeshBuilder()
    whole.append(mesh, turned, instance=0)
    return whole


def _rings(shape: Shape) -> NDArray[np.float64]:
    """(stations, points, 3) half-way round from the left sill over the roof to the right sill."""
    rings = []
    for share, top in shape.stations:
        nose = (
            1 - 0.16 * max(0.0, 1 - share / 0.10) ** 2 - 0.10 * max(0.0, (share - 0.92) / 0.08) ** 2
        )
        w = 0.5 * shape.width * nose
        low = 0.24 + 0.10 * (share < 0.02 or share > 0.98)
        belt = min(shape.belt, top - 0.10)
        lean = 0.80 if top > shape.belt + 0.2 else 0.90
        roof = w * lean
        half = [(0.86 * w, low), (w, low + 0.14), (w, 0.6 * belt + 0.4 * low), (0.985 * w, belt),
                (roof, top - 0.07), (0.82 * roof, top - 0.015), (0.0, top)]  # fmt: skip
        points = [(y, z) for y, z in half] + [(-y, z) for y, z in half[-2::-1]]
        rings.append([(share * shape.length, y, z) for y, z in points])
    return np.array(rings)


def _finish(
    shape: Shape, k: int, j: int, count: int, body: Material, glass: Material, dark: Material
) -> Material:
    """What the facet between stations k, k + 1 and points j, j + 1 of the rings is made of."""
    first, last = shape.cabin
    side, upper = min(j, count - 2 - j), min(j, count - 2 - j) >= 4
    if side == 0:
        return dark
    if not first <= k < last:
        return body
    if upper and (k == first or k == last - 1):
        return glass
    van = shape.name == "van" and k >= 6
    if side == 3 and k not in shape.pillars and first < k < last - 1 and not van:
        return glass
    return body


def _ends(mesh: MeshBuilder, rings: NDArray, body: Material) -> None:
    """Front and back, and the floor."""
    count = rings.shape[1]
    for ring, flip in ((rings[0], False), (rings[-1], True)):
        index = np.array([[0, j + 1, j] for j in range(1, count - 1)])
        index = index[:, ::-1] if flip else index
        uv = np.tile(np.array([[0, 0], [1, 0], [0, 1]]), (len(index), 1, 1))
        mesh.triangles(ring, index, uv, body, 0)
    left, right = rings[:, 0], rings[:, -1]
    a, b = left[[0, -1]], right[[0, -1]]
    floor = looks.paint((0.10, 0.10, 0.11), "rubber")
    mesh.quad([a[0], b[0], b[1], a[1]], floor, 0)


def _wheels(mesh: MeshBuilder, shape: Shape, dark: Material) -> None:
    rim = looks.surface("metal")
    r, w = shape.wheel, 0.5 * shape.width
    for share in (0.185, 0.80):
        for side in (-1, 1):
            T = np.eye(4)
            T[:3, :3] = np.array([[1, 0, 0], [0, 0, side], [0, -side, 0]])
            T[:3, 3] = share * shape.length, 0, r
            mesh.lathe([(1.18 * r, w + 0.004), (0.9 * r, w + 0.004)],
                       looks.paint((0.05, 0.05, 0.055), "arch"), 0, segments=12, T=T)  # fmt: skip
            mesh.lathe([(r, w - 0.2), (r, w - 0.02), (0.92 * r, w + 0.02), (0.66 * r, w + 0.02)],
                       dark, 0, segments=12, T=T)  # fmt: skip
            mesh.lathe([(0.66 * r, w + 0.02), (0.55 * r, w + 0.008), (0, w + 0.016)], rim, 0,
                       segments=12, T=T)  # fmt: skip


def _details(mesh: MeshBuilder, shape: Shape, body: Material, dark: Material) -> None:
    """Lamps, grille, bumpers, plates, mirrors and door gaps."""
    length, w = shape.length, 0.5 * shape.width
    clear, red = (
        looks.paint((0.90, 0.91, 0.92), "headlamp"),
        looks.paint((0.62, 0.06, 0.06), "tail lamp"),
    )
    plate = looks.paint((0.90, 0.89, 0.80), "number plate")
    nose = shape.stations[1][1]
    for side in (-1, 1):
        a, b = sorted((side * 0.46 * w, side * 0.80 * w))
        mesh.box((-0.02, a, nose - 0.10), (0.10, b, nose + 0.03), clear, 0, omit=("+x",))
        a, b = sorted((side * 0.60 * w, side * 0.88 * w))
        high = min(shape.belt + 0.02, shape.stations[-2][1])
        mesh.box((length - 0.10, a, high - 0.20), (length + 0.015, b, high), red, 0, omit=("-x",))
        x = (shape.stations[3][0] + 0.07) * length
        a, b = sorted((side * (w - 0.03), side * (w + 0.17)))
        mesh.box((x, a, shape.belt + 0.02), (x + 0.12, b, shape.belt + 0.16), body, 0)
        for share in (0.43, 0.615):
            x, y = share * length, side * (w + 0.001)
            a, b = sorted((y, side * (w - 0.004)))
            mesh.box((x, a, 0.34), (x + 0.012, b, shape.belt), dark, 0)
        a, b = sorted((side * w, side * (w + 0.02)))
        x, z = 0.56 * length, shape.belt - 0.1
        mesh.box((x, a, z), (x + 0.16, b, z + 0.03), looks.surface("metal"), 0)
    mesh.box((-0.03, -0.62 * w, 0.30), (0.06, 0.62 * w, 0.46), dark, 0, omit=("+x",))
    mesh.box((-0.035, -0.26, 0.36), (-0.03, 0.26, 0.46), plate, 0, omit=("+x",))
    mesh.box(
        (length - 0.06, -0.66 * w, 0.30), (length + 0.03, 0.66 * w, 0.50), dark, 0, omit=("-x",)
    )
    mesh.box((length + 0.03, -0.26, 0.36), (length + 0.035, 0.26, 0.47), plate, 0, omit=("-x",))


def draw_vehicles(rng: Generator, count: int) -> list[tuple[Shape, MeshBuilder]]:
    """Prototypes of all shapes in random colours."""
    found = []
    for k in range(count):
        shape = SHAPES[k % len(SHAPES)]
        color = PAINTS[int(rng.integers(len(PAINTS)))]
        found.append((shape, vehicle(shape, color)))
    return found

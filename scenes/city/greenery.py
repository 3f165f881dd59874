"""Trees and hedges: prototypes with lumps of foliage and leaf cards, to be copied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.city import looks
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material


@dataclass(frozen=True, eq=False)
class Tree:
    """A prototype: its parts, the radius of its trunk and of its crown, its height [m]."""

    mesh: MeshBuilder
    trunk: float
    crown: float
    height: float
    small: bool


@dataclass(frozen=True)
class _Species:
    leaves: str
    bark: str
    height: float
    crown: tuple[float, float]
    lumps: int
    small: bool


_SPECIES = (
    _Species("foliage green", "bark", 7.5, (2.2, 2.4), 5, True),
    _Species("foliage pale", "bark pale", 8.5, (1.8, 3.0), 5, True),
    _Species("blossom", "bark", 5.0, (1.7, 1.4), 4, True),
    _Species("foliage copper", "bark", 7.0, (2.0, 2.2), 5, True),
    _Species("foliage green", "bark", 12.0, (4.0, 4.2), 9, False),
    _Species("foliage dark", "bark", 13.0, (3.6, 4.6), 8, False),
    _Species("foliage pale", "bark pale", 11.0, (2.6, 4.2), 7, False),
)


def trees(rng: Generator, cards: int) -> list[Tree]:
    """One prototype of every species, and two conifers.

    Args:
        cards: Leaf cards (two triangles each) of a small tree; large ones have twice as many.
    """
    found = [_broadleaf(rng, s, cards if s.small else 2 * cards) for s in _SPECIES]
    return [*found, _conifer(rng, 10.0, cards), _conifer(rng, 7.0, cards // 2)]


def ball() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """An icosahedron divided once: (42, 3) unit vectors and (80, 3) triangles."""
    g = (1 + 5**0.5) / 2
    v = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g), (0, -1, -g),
         (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]  # fmt: skip
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4),
             (11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8),
             (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]  # fmt: skip
    points, middle, finer = [np.array(p, float) for p in v], {}, []
    for a, b, c in faces:
        mids = []
        for i, j in ((a, b), (b, c), (c, a)):
            key = (min(i, j), max(i, j))
            if key not in middle:
                middle[key] = len(points)
                points.append(0.5 * (points[i] + points[j]))
            mids.append(middle[key])
        ab, bc, ca = mids
        finer += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    unit = np.array(points)
    return unit / np.linalg.norm(unit, axis=1)[:, None], np.array(finer)


def _broadleaf(rng: Generator, species: _Species, cards: int) -> Tree:
    mesh = MeshBuilder()
    wide, tall = species.crown
    trunk = 0.02 * species.height + 0.04
    middle = species.height - tall
    bark, leaves = looks.surface(species.bark), looks.surface(species.leaves)
    _trunk(mesh, trunk, middle, bark)
    centers, radii = [np.array([0.0, 0.0, middle])], [0.62 * min(wide, tall)]
    for k in range(species.lumps):
        z = 1 - 2 * (k + 0.5) / species.lumps
        angle = k * 2.4 + rng.uniform(-0.5, 0.5)
        ring = np.sqrt(1 - z * z)
        spot = np.array([ring * np.cos(angle) * wide, ring * np.sin(angle) * wide, z * tall])
        centers.append(spot * rng.uniform(0.52, 0.66) + (0, 0, middle))
        radii.append(min(wide, tall) * rng.uniform(0.36, 0.5))
    _lumps(mesh, rng, np.array(centers), np.array(radii), leaves)
    _cards(mesh, rng, np.array(centers), np.array(radii), cards, leaves)
    for k in range(4):
        tip = centers[1 + k * (len(centers) - 1) // 4]
        _branch(mesh, np.array([0, 0, 0.62 * (middle - 0.5 * tall) + 0.6]), tip, 0.4 * trunk, bark)
    return Tree(mesh, trunk, wide, species.height, species.small)


def _trunk(mesh: MeshBuilder, radius: float, top: float, bark: Material) -> None:
    profile = [(1.5 * radius, -0.1), (1.1 * radius, 0.25), (radius, 0.3 * top), (0.6 * radius, top)]
    mesh.lathe(profile, bark, 0, segments=8)


def _branch(mesh: MeshBuilder, start: NDArray, tip: NDArray, radius: float, bark: Material) -> None:
    """A three-sided cone from `start` to `tip`."""
    along = (tip - start) / np.linalg.norm(tip - start)
    side = np.cross(along, (0, 0, 1.0))
    side /= max(np.linalg.norm(side), 1e-6)
    other = np.cross(along, side)
    angle = np.arange(4) * np.pi / 2
    ring = start + radius * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other)
    index = np.array([[k, (k + 1) % 4, 4] for k in range(4)])
    uv = np.array([[[0, 0], [0.3, 0], [0.15, 1.5]]] * 4)
    mesh.triangles(np.vstack([ring, tip]), index, uv, bark, 0)


def _lumps(
    mesh: MeshBuilder, rng: Generator, centers: NDArray, radii: NDArray, leaves: Material
) -> None:
    """Uneven balls of foliage."""
    unit, index = ball()
    for center, radius in zip(centers, radii, strict=True):
        bumps = rng.uniform(0.86, 1.1, len(unit))
        v = center + unit * (radius * bumps)[:, None]
        uv = np.stack([np.arctan2(unit[:, 1], unit[:, 0]) * radius, -unit[:, 2] * 1.6 * radius], 1)
        corner = uv[index] / 1.6
        wrap = 2 * np.pi * radius / 1.6
        u = corner[..., 0]
        corner[..., 0] = u + wrap * (u < u.max(1, keepdims=True) - wrap / 2)
        mesh.triangles(v, index, corner, leaves, 0)


def _cards(
    mesh: MeshBuilder,
    rng: Generator,
    centers: NDArray,
    radii: NDArray,
    count: int,
    leaves: Material,
) -> None:
    """Leafy quadrilaterals around lumps, facing outwards and tilted at random."""
    if count <= 0:
        return
    pick = rng.choice(len(radii), count, p=radii**2 / (radii**2).sum())
    out = rng.normal(size=(count, 3))
    out /= np.linalg.norm(out, axis=1)[:, None]
    place = centers[pick] + out * (radii[pick] * rng.uniform(0.92, 1.12, count))[:, None]
    normal = out + rng.normal(scale=0.45, size=(count, 3)) + (0, 0, 0.35)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    side = np.cross(normal, rng.normal(size=(count, 3)))
    side /= np.linalg.norm(side, axis=1)[:, None]
    up = np.cross(normal, side)
    size = (0.16 + 0.07 * radii[pick]) * rng.uniform(0.8, 1.3, count)
    long = 1.5 * size[:, None] * up
    corners = np.stack(
        [place - long, place + size[:, None] * side, place + long, place - size[:, None] * side], 1
    )
    index = np.arange(count)[:, None] * 4 + np.array([0, 1, 2, 0, 2, 3])
    corner_uv = np.array([[0.5, 1], [1, 0.5], [0.5, 0], [0, 0.5]])
    shift = rng.random((count, 1, 2))
    uv = (shift + corner_uv * (size / 0.8)[:, None, None])[:, [0, 1, 2, 0, 2, 3]]
    mesh.triangles(corners.reshape(-1, 3), index.reshape(-1, 3), uv.reshape(-1, 3, 2), leaves, 0)


def _conifer(rng: Generator, height: float, cards: int) -> Tree:
    """Tiers of drooping boughs around a straight trunk."""
    mesh = MeshBuilder()
    leaves = looks.surface("foliage dark")
    trunk = 0.016 * height + 0.04
    _trunk(mesh, trunk, 0.7 * height, looks.surface("bark"))
    tiers, wide = 7, 0.2 * height
    segments = 14
    angle = np.arange(segments + 1) * 2 * np.pi / segments
    for k in range(tiers):
        z = 0.25 * height + 0.75 * height * k / tiers
        radius = wide * (1 - k / tiers) + 0.25
        jag = np.where(np.arange(segments + 1) % 2, 0.72, 1.0) * rng.uniform(0.95, 1.05)
        ring = np.stack([np.cos(angle) * radius * jag, np.sin(angle) * radius * jag,
                         z + 0.1 * height * (1 - jag)], 1)  # fmt: skip
        tip = np.array([[0, 0, z + 0.30 * height]])
        index = np.stack([np.arange(segments), np.arange(segments) + 1,
                          np.full(segments, segments + 1)], 1)  # fmt: skip
        uv_all = (
            np.vstack([np.stack([angle * radius, np.full(segments + 1, 1.6)], 1), [[0, 0]]]) / 1.6
        )
        uv = uv_all[index]
        uv[:, 2, 0] = uv[:, :2, 0].mean(1)
        mesh.triangles(np.vstack([ring, tip]), index, uv, leaves, 0)
        below = np.vstack([ring - (0, 0, 0.02), [[0, 0, z + 0.12 * height]]])
        mesh.triangles(below, index[:, ::-1], uv[:, ::-1], leaves, 0)
    count = cards
    t = rng.random(count) ** 0.7
    level = 0.25 * height + 0.72 * height * (1 - t)
    reach = (wide * t + 0.2) * rng.uniform(0.75, 1.05, count)
    turn = rng.uniform(0, 2 * np.pi, count)
    out = np.stack([np.cos(turn), np.sin(turn), np.full(count, -0.35)], 1)
    side = np.stack([-np.sin(turn), np.cos(turn), np.zeros(count)], 1)
    root = np.stack([np.cos(turn) * reach, np.sin(turn) * reach, level], 1)
    tip = root + 0.5 * out
    corners = np.stack(
        [root - 0.14 * side, tip, root + 0.14 * side, root + np.array([0, 0, 0.1])], 1
    )
    index = np.arange(count)[:, None] * 4 + np.array([0, 1, 2, 0, 2, 3])
    uv = rng.random((count, 1, 2)) + np.array([[0, 0.2], [0.4, 0], [0, 0.2], [0, 0]])
    mesh.triangles(corners.reshape(-1, 3), index.reshape(-1, 3),
                   uv[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3, 2), leaves, 0)  # fmt: skip
    return Tree(mesh, trunk, wide, height, False)


def hedge(rng: Generator, length: float, height: float) -> MeshBuilder:
    """A clipped hedge along x from the origin, 0.7 m thick, with uneven faces."""
    mesh = MeshBuilder()
    leaves = looks.surface("foliage dark" if rng.random() < 0.5 else "foliage green")
    mesh.box((0, -0.35, -0.05), (length, 0.35, height), leaves, 0, tile=1.6, omit=("-z",))
    count = round(10 * length)
    centers = np.stack([rng.uniform(0.1, length - 0.1, count), rng.choice([-0.33, 0.33], count),
                        rng.uniform(0.1, height, count)], 1)  # fmt: skip
    top = rng.random(count) < 0.4
    centers[top, 1], centers[top, 2] = rng.uniform(-0.3, 0.3, int(top.sum())), height - 0.02
    _cards(mesh, rng, centers, np.full(count, 0.12), 2 * count, leaves)
    return mesh

"""Building triangle meshes part by part: the tool that scene families make their scenes with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.world.scene import Instance, Material
from navworld.world.semantics import class_id

BOX_FACES = ("-x", "+x", "-y", "+y", "-z", "+z")
_QUAD = np.array([[0, 1, 2], [0, 2, 3]])
_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)
BOX_CORNERS = {
    "-x": [(0, 1, 0), (0, 0, 0), (0, 0, 1), (0, 1, 1)],
    "+x": [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)],
    "-y": [(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)],
    "+y": [(1, 1, 0), (0, 1, 0), (0, 1, 1), (1, 1, 1)],
    "-z": [(0, 1, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0)],
    "+z": [(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
}


@cache
def _box_faces(names: tuple[str, ...]) -> tuple[NDArray, NDArray, NDArray]:
    """Of the named faces of a unit box: (4 F, 3) corners, (F, 2) axes along, (2 F, 3) triangles."""
    corners = np.array([BOX_CORNERS[name] for name in names], np.float64).reshape(-1, 3)
    axes = np.array([{"x": (1, 2), "y": (0, 2), "z": (0, 1)}[name[1]] for name in names], np.int64)
    index = [_QUAD + 4 * k for k in range(len(names))]
    return corners, axes.reshape(-1, 2), np.array(index, np.int64).reshape(-1, 3)


class MeshArrays(TypedDict):
    """Geometry as `Scene` takes it; shapes as there."""

    vertices: NDArray[np.float32]
    triangles: NDArray[np.int32]
    uv: NDArray[np.float32]
    material: NDArray[np.int32]
    instance: NDArray[np.int32]


class MeshBuilder:
    """Collects textured triangles; texture coordinates come from metres.

    A material's texture covers `tile` × `tile` metres (given with each part); parts take an
    optional `T` (4, 4) that maps their own frame to the builder's.
    """

    def __init__(self) -> None:
        self.materials: list[Material] = []
        self.instances: list[Instance] = []
        self._material_index: dict[int, int] = {}
        self._parts: list[tuple[NDArray, NDArray, NDArray, int, int]] = []
        self._count = 0

    @property
    def vertex_count(self) -> int:
        """Vertices so far."""
        return self._count

    @property
    def triangle_count(self) -> int:
        """Triangles so far."""
        return sum(len(part[1]) for part in self._parts)

    def bounds(self) -> NDArray[np.float64]:
        """(2, 3) lowest and highest corner of everything so far."""
        v = np.concatenate([part[0] for part in self._parts])
        return np.stack([v.min(0), v.max(0)])

    def shift(self, offset: ArrayLike) -> None:
        """Moves everything so far by `offset` (3,) [m]."""
        offset = np.asarray(offset, np.float64)
        self._parts = [(part[0] + offset, *part[1:]) for part in self._parts]

    def add_instance(self, name: str, semantic: str) -> int:
        """Registers an object of a semantic class (by name) and returns its instance id."""
        self.instances.append(Instance(name, class_id(semantic)))
        return len(self.instances) - 1

    def add_material(self, material: Material) -> int:
        """Index of a material, registering it the first time."""
        key = id(material)
        if key not in self._material_index:
            self._material_index[key] = len(self.materials)
            self.materials.append(material)
        return self._material_index[key]

    def triangles(
        self,
        vertices: ArrayLike,
        triangles: ArrayLike,
        uv: ArrayLike,
        material: Material,
        instance: int,
        T: NDArray | None = None,
    ) -> None:
        """Adds raw triangles: (V, 3) vertices, (T, 3) indices, (T, 3, 2) texture coordinates."""
        v = np.asarray(vertices, np.float64).reshape(-1, 3)
        if T is not None:
            v = v @ T[:3, :3].T + T[:3, 3]
        t = np.asarray(triangles, np.int64).reshape(-1, 3)
        uv = np.asarray(uv, np.float32).reshape(-1, 3, 2)
        self._parts.append((v, t + self._count, uv, self.add_material(material), instance))
        self._count += len(v)

    def quad(
        self,
        corners: ArrayLike,
        material: Material,
        instance: int,
        *,
        tile: float | None = 1.0,
        T: NDArray | None = None,
    ) -> None:
        """Adds a planar quadrilateral.

        Args:
            corners: (4, 3), counter-clockwise seen from its front: lower left, lower right,
                upper right, upper left.
            tile: Metres that one repeat of the texture covers; None stretches the texture once
                over the quadrilateral (pictures).
        """
        c = np.asarray(corners, np.float64).reshape(4, 3)
        if tile is None:
            uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float64)
        else:
            across = (c[1] - c[0]) / max(np.linalg.norm(c[1] - c[0]), 1e-9)
            up = c[3] - c[0] - ((c[3] - c[0]) @ across) * across
            up /= max(np.linalg.norm(up), 1e-9)
            uv = np.stack([(c - c[0]) @ across, -(c - c[0]) @ up], 1) / tile
        self.triangles(c, _QUAD, uv[_QUAD], material, instance, T)

    def box(
        self,
        low: ArrayLike,
        high: ArrayLike,
        material: Material,
        instance: int,
        *,
        tile: float | None = 1.0,
        T: NDArray | None = None,
        omit: Sequence[str] = (),
    ) -> None:
        """Adds an axis-aligned box from corner `low` to `high`; `omit` names hidden faces."""
        corners, axes, index = _box_faces(tuple(name for name in BOX_FACES if name not in omit))
        low = np.asarray(low, np.float64)
        size = np.asarray(high, np.float64) - low
        if tile is None:
            uv = _SQUARE[None] * (1, -1) + (0, 1) + np.zeros((len(axes), 1, 1))
        else:
            uv = _SQUARE[None] * (1, -1) * size[axes][:, None] / tile
        uv = uv.reshape(-1, 2)[index]
        self.triangles(low + corners * size, index, uv, material, instance, T)

    def lathe(
        self,
        profile: ArrayLike,
        material: Material,
        instance: int,
        *,
        segments: int = 16,
        tile: float = 1.0,
        T: NDArray | None = None,
    ) -> None:
        """Adds a surface of revolution about z.

        Args:
            profile: (N, 2) points (radius, z) from bottom to top; a radius of 0 closes it.
        """
        p = np.asarray(profile, np.float64)
        angle = np.linspace(0, 2 * np.pi, segments + 1)
        ring = np.stack([np.cos(angle), np.sin(angle)], 1)
        v = np.concatenate([np.column_stack([r * ring, np.full(segments + 1, z)]) for r, z in p])
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
        girth = 2 * np.pi * max(p[:, 0].max(), 1e-3)
        repeats = max(1, round(girth / tile)) / segments
        grid_uv = np.stack(
            np.broadcast_arrays(np.arange(segments + 1) * repeats, -along[:, None] / tile), -1
        ).reshape(-1, 2)
        n = segments + 1
        index = []
        for row in range(len(p) - 1):
            a = row * n + np.arange(segments)
            if p[row, 0] > 0:
                index.append(np.stack([a, a + 1, a + n + 1], 1))
            if p[row + 1, 0] > 0:
                index.append(np.stack([a, a + n + 1, a + n], 1))
        t = np.concatenate(index)
        self.triangles(v, t, grid_uv[t], material, instance, T)

    def cylinder(
        self,
        radius: float,
        z0: float,
        z1: float,
        material: Material,
        instance: int,
        *,
        center: tuple[float, float] = (0.0, 0.0),
        segments: int = 12,
        tile: float = 1.0,
        T: NDArray | None = None,
    ) -> None:
        """Adds a closed upright cylinder."""
        shift = np.eye(4)
        shift[:2, 3] = center
        profile = [(0, z0), (radius, z0), (radius, z1), (0, z1)]
        T = shift if T is None else T @ shift
        self.lathe(profile, material, instance, segments=segments, tile=tile, T=T)

    def append(
        self, other: MeshBuilder, T: NDArray | None = None, instance: int | None = None
    ) -> None:
        """Adds everything of another builder, moved by `T`; one `instance` for all, or its own."""
        offset = len(self.instances)
        if instance is None:
            self.instances.extend(other.instances)
        start = 0
        for v, t, uv, material, own in other._parts:
            target = own + offset if instance is None else instance
            self.triangles(v, t - start, uv, other.materials[material], target, T)
            start += len(v)

    def append_many(
        self,
        other: MeshBuilder,
        T: NDArray,
        instance: int,
        *,
        uv_shift: NDArray | None = None,
    ) -> None:
        """Adds copies of everything of another builder, all of them one `instance`.

        Args:
            T: (N, 4, 4) where the copies go.
            uv_shift: (N, 2) added to the texture coordinates of each copy.
        """
        count = len(T)
        parts: dict[int, list[tuple[NDArray, NDArray, NDArray]]] = {}
        start = 0
        for v, t, uv, material, _ in other._parts:
            parts.setdefault(material, []).append((v, t - start, uv))
            start += len(v)
        for material, pieces in parts.items():
            v = np.concatenate([piece[0] for piece in pieces])
            sizes = np.cumsum([0, *(len(piece[0]) for piece in pieces)])
            t = np.concatenate([piece[1] + a for piece, a in zip(pieces, sizes, strict=False)])
            uv = np.concatenate([piece[2] for piece in pieces])
            moved = v @ T[:, :3, :3].swapaxes(1, 2) + T[:, None, :3, 3]
            index = t + len(v) * np.arange(count)[:, None, None]
            repeated = np.broadcast_to(uv, (count, *uv.shape))
            if uv_shift is not None:
                repeated = repeated + uv_shift[:, None, None].astype(np.float32)
            self.triangles(moved, index, repeated, other.materials[material], instance)

    def arrays(self) -> MeshArrays:
        """Vertices, triangles, uv, material and instance as `Scene` takes them.

        Rounded to a micrometre, for a BLAS rounds differently on another processor.
        """
        if not self._parts:
            raise ValueError("the mesh is empty: add at least one part before building it")
        counts = [len(t) for _, t, _, _, _ in self._parts]
        return {
            "vertices": _rounded(np.concatenate([p[0] for p in self._parts])),
            "triangles": np.concatenate([p[1] for p in self._parts]).astype(np.int32),
            "uv": _rounded(np.concatenate([p[2] for p in self._parts])),
            "material": np.repeat([p[3] for p in self._parts], counts).astype(np.int32),
            "instance": np.repeat([p[4] for p in self._parts], counts).astype(np.int32),
        }


def _rounded(values: NDArray) -> NDArray[np.float32]:
    """Values on a grid of 1e-6, zeros without a sign."""
    return (np.round(values.astype(np.float64), 6) + 0.0).astype(np.float32)

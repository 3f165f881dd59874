"""What moves beside the agents, as kernels see it: rigid parts traced after the static scene.

Moving them writes memory only. The library that traces them learns of it when a ray could first
hit one (`instances.settle`): people in the next room cost nothing but their walking.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import ArrayLike, NDArray

from navworld.world.tracing.culling import COVERS
from navworld.world.tracing.embree import TriangleMesh
from navworld.world.tracing.fallback import ReferenceInstances, ReferenceMesh
from navworld.world.tracing.instances import PLACING, Instances, settle
from navworld.world.tracing.packets import pointer
from navworld.world.tracing.prepared import RayScene

PARTS = np.dtype(
    [
        (name, np.int64)
        for name in (
            "count", "scene", "placing",
            "records", "instances", "rotations", "spheres",
            "shapes", "choices", "covers",
        )
    ]
)  # fmt: skip
"""Moving parts as kernels read them: numbers, and addresses of arrays; all 0 where nothing moves.

`scene` is what Embree traces, `placing` what `settle` takes, 0 where another library traces.
(count,) records, addresses of the triangle records of what each part shows; (count,) instances;
(count, 3, 3) float32 rotations; (count · COVERS, 4) float32 spheres that cover the parts in the
world. What they are made from: (count, shapes) choices, the records of all shapes;
(count, shapes, COVERS, 4) float32 covers in the parts' own frames.
"""


class MovingParts:
    """Things that move: rigid copies of small scenes, traced after the static scene.

    They are lit evenly by the direction their surfaces face. Part k reports the instance
    `instances[k]` plus the triangle's own instance in its scene. A part may have several shapes
    (the poses of a walker), of which it shows one at a time.

    Attributes:
        record: (1,) of PARTS.
    """

    def __init__(
        self,
        shapes: Sequence[RayScene | Sequence[RayScene]],
        T_world_part: ArrayLike | None = None,
        *,
        instances: Sequence[int] | None = None,
    ) -> None:
        """Places one part per shape (one shape may appear many times); (K, 4, 4) poses.

        Where several shapes are given for a part, it shows the first.
        """
        if not shapes:
            raise ValueError("moving parts need at least one shape; give None where nothing moves")
        first = np.zeros(len(shapes), np.int64) if instances is None else instances
        self._first = np.ascontiguousarray(first, np.int64)
        if self._first.shape != (len(shapes),):
            raise ValueError(f"{len(shapes)} parts need as many first instances")
        groups = [(s,) if isinstance(s, RayScene) else tuple(s) for s in shapes]
        most = max(len(group) for group in groups)
        groups = [(*group, *group[-1:] * (most - len(group))) for group in groups]
        self._shapes = groups
        self._states = [[shape.state for shape in group] for group in groups]
        self._scene = _instances([[shape.mesh for shape in group] for group in groups])
        self._choices = np.array(
            [[s.records.ctypes.data for s in g] for g in self._states], np.int64
        )
        self._records = self._choices[:, 0].copy()
        self._rotations = np.tile(np.eye(3, dtype=np.float32), (len(groups), 1, 1))
        self._covers = _covers(groups)
        self._spheres = self._covers[:, 0].copy()
        placing, self._shown = 0, np.zeros(len(groups), np.int64)
        if isinstance(self._scene, Instances):
            placing, self._shown = self._scene.placing.ctypes.data, self._scene.shown
        arrays = (self._records, self._first, self._rotations, self._spheres)
        self.record: NDArray = np.zeros(1, PARTS)
        self.record[0] = (
            len(groups), self._scene.handle, placing, *(array.ctypes.data for array in arrays),
            most, self._choices.ctypes.data, self._covers.ctypes.data,
        )  # fmt: skip
        if T_world_part is not None:
            self.set_transforms(T_world_part)

    def __len__(self) -> int:
        return len(self._shapes)

    @property
    def scene(self) -> Instances | ReferenceInstances:
        """What is traced, where everything is now."""
        self.settle()
        return self._scene

    def settle(self) -> None:
        """Makes what is traced show everything where it is now."""
        if isinstance(self._scene, Instances):
            settle(self._scene.placing.ctypes.data)

    def set_transforms(
        self, T_world_part: ArrayLike, shown: NDArray[np.int64] | None = None
    ) -> None:
        """Moves the parts: (K, 4, 4). Not while images with them are being rendered.

        Args:
            shown: (K,) which of its shapes each part shows from now on; None changes nothing.
        """
        T = np.ascontiguousarray(T_world_part, np.float64)
        if T.shape != (len(self), 4, 4) or not np.isfinite(T).all():
            raise ValueError(f"T_world_part is {T.shape}: give ({len(self)}, 4, 4) finite poses")
        shown = self._shown if shown is None else shown
        move_all(self.record, T[None], shown[None])
        if isinstance(self._scene, ReferenceInstances):
            self._shown[:] = shown
            self._scene.set_transforms(T, shown)


def parts_table(movers: Sequence[MovingParts | None], *, settled: bool) -> NDArray:
    """(B,) of PARTS, one record for each of `movers`.

    Args:
        settled: Whether kernels are to find everything where it is; else they settle it.
    """
    table = np.zeros(len(movers), PARTS)
    for k, parts in enumerate(movers):
        if parts is not None:
            table[k] = parts.record[0]
            if settled:
                parts.settle()
    return table


def move_rows(
    movers: Sequence[MovingParts | None],
    table: NDArray,
    T_world_part: NDArray[np.float64],
    shown: NDArray[np.int64],
) -> None:
    """Moves the parts of a batch at once; arguments as for `move_all`, and whose table it is."""
    move_all(table, T_world_part, shown)
    for row, parts in enumerate(movers if not table["placing"].any() else ()):
        if parts is not None:
            parts.set_transforms(T_world_part[row, : len(parts)], shown[row, : len(parts)])


@nb.njit(nogil=True, cache=True)
def move_all(parts, T_world_part, shown):
    """Moves the parts of all rows, whose poses must be finite; `settle` is for who traces them.

    Args:
        parts: (B,) of PARTS. T_world_part: (B, ≥ count, 4, 4) float64.
        shown: (B, ≥ count) which of its shapes each part shows from now on.
    """
    for b in range(len(parts)):
        own = parts[b]
        if own.count == 0:
            continue
        for k in range(own.count):
            if own.placing == 0 or _place(own, k, T_world_part[b, k], shown[b, k]):
                _show(own, k, T_world_part[b, k], shown[b, k])


@nb.njit(nogil=True)
def _show(own, k, T, shown):
    """Writes what the kernels that shade and measure read of part k."""
    choices = carray(pointer(own.choices), (own.count, own.shapes), np.int64)
    records = carray(pointer(own.records), (own.count,), np.int64)
    rotations = carray(pointer(own.rotations), (own.count, 3, 3), np.float32)
    records[k] = choices[k, shown]
    for i in range(3):
        for j in range(3):
            rotations[k, i, j] = T[i, j]


@nb.njit(nogil=True)
def _place(own, k, T, shown):
    """Writes where part k is to be traced, and what covers it there; whether it has moved."""
    placing = carray(pointer(own.placing), (1,), PLACING)[0]
    columns = carray(pointer(placing.columns), (own.count, 4, 4), np.float32)
    before = carray(pointer(placing.shown), (own.count,), np.int64)
    moved = before[k] != shown
    for i in range(4):
        for j in range(4):
            value = np.float32(T[i, j])
            if columns[k, j, i] != value:
                columns[k, j, i] = value
                moved = True
    if moved:
        covers = carray(pointer(own.covers), (own.count, own.shapes, COVERS, 4), np.float32)
        spheres = carray(pointer(own.spheres), (own.count, COVERS, 4), np.float32)
        before[k], placing.stale = shown, 1
        stretch = _stretch(T)
        for n in range(COVERS):
            x, y, z, radius = covers[k, shown, n]
            for i in range(3):
                spheres[k, n, i] = T[i, 0] * x + T[i, 1] * y + T[i, 2] * z + T[i, 3]
            spheres[k, n, 3] = stretch * radius
    return moved


@nb.njit(nogil=True)
def _stretch(T):
    """At least how much longer a transform makes anything: 1 for rotations (Gershgorin)."""
    most = 0.0
    for i in range(3):
        total = 0.0
        for j in range(3):
            total += abs(T[0, i] * T[0, j] + T[1, i] * T[1, j] + T[2, i] * T[2, j])
        most = max(most, total)
    return np.sqrt(most)


def _covers(groups: Sequence[Sequence[RayScene]]) -> NDArray[np.float32]:
    """(K, shapes, COVERS, 4) what covers every shape in its own frame."""
    found = np.zeros((len(groups), len(groups[0]), COVERS, 4), np.float32)
    for k, group in enumerate(groups):
        for n, shape in enumerate(group):
            if isinstance(shape.mesh, TriangleMesh):
                found[k, n] = shape.mesh.spheres
    return found


def _instances(
    meshes: Sequence[Sequence[TriangleMesh | ReferenceMesh]],
) -> Instances | ReferenceInstances:
    if isinstance(meshes[0][0], TriangleMesh):
        return Instances(meshes)  # type: ignore[arg-type]
    return ReferenceInstances(meshes)  # type: ignore[arg-type]

"""g2o pose graphs: poses to begin with, and what was measured between pairs of them.

R. Kümmerle et al., g2o: a general framework for graph optimization, ICRA 2011. `VERTEX_SE2` and
`VERTEX_SE3:QUAT` are poses, `EDGE_SE2` and `EDGE_SE3:QUAT` the pose of the second in the frame of
the first with the upper triangle of its information matrix, in the order of the pose: (x, y, yaw)
or (x, y, z, rotation). Quaternions are xyzw and rounded: they are normalised.

As a sequence, a graph has the channels `vertices` (number, x, y, z, q_xyzw) and `edges` (numbers
of both, x, y, z, q_xyzw, information), one row each, at the times 0, 1, 2 … There is no truth:
the poses are where an optimisation begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats.files import hidden, plain_name
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.geometry import se3, so3

_WIDTHS = {"VERTEX_SE2": 4, "VERTEX_SE3:QUAT": 8, "EDGE_SE2": 11, "EDGE_SE3:QUAT": 30}


@dataclass(frozen=True, eq=False)
class PoseGraph:
    """Poses and measurements between them.

    Attributes:
        numbers: (N,) of the vertices.
        T_world_vertex: (N, 4, 4).
        pairs: (M, 2) numbers of the vertices i and j of every edge.
        T_i_j: (M, 4, 4) measured.
        information: (M, d, d), d = 3 (x, y, yaw) or 6 (translation, rotation).
    """

    numbers: NDArray[np.int64]
    T_world_vertex: NDArray[np.float64]
    pairs: NDArray[np.int64]
    T_i_j: NDArray[np.float64]
    information: NDArray[np.float64]

    @property
    def planar(self) -> bool:
        """Whether poses lie in a plane."""
        return self.information.shape[-1] == 3


def fits(path: Path) -> bool:
    """Whether there are `.g2o` files, or the file begins as one."""
    return bool(_files(path))


def read(path: Path) -> list[Sequence]:
    """A sequence for each file."""
    return [_sequence(file) for file in _files(path)]


def read_graph(path: str | Path) -> PoseGraph:
    """A pose graph.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is cut off or holds NaN, an edge names a vertex that is not there, or
            poses of the plane and of space are mixed; names the line.
    """
    path = Path(path)
    found: dict[str, list[text.Line]] = {name: [] for name in _WIDTHS}
    for number, line in text.lines(path, "a g2o pose graph", "vertex"):
        name, _, rest = line.partition(" ")
        if name in found:
            found[name].append((number, rest))
        elif name not in ("FIX", "PARAMS_SE3OFFSET"):
            raise ValueError(
                f"line {number} of {path} begins with {name!r}: expected {', '.join(_WIDTHS)}"
            )
    flat = bool(found["VERTEX_SE2"] or found["EDGE_SE2"])
    if flat and (found["VERTEX_SE3:QUAT"] or found["EDGE_SE3:QUAT"]):
        raise ValueError(f"{path} mixes poses of the plane with poses of space: split it")
    kind = "SE2" if flat else "SE3:QUAT"
    vertices = _table(path, found, f"VERTEX_{kind}")
    edges = _table(path, found, f"EDGE_{kind}")
    if not len(vertices):
        raise ValueError(f"{path} has no vertices: expected VERTEX_SE2 or VERTEX_SE3:QUAT")
    numbers, pairs = vertices[:, 0].astype(np.int64), edges[:, :2].astype(np.int64)
    _check_numbers(path, numbers, pairs, [n for n, _ in found[f"EDGE_{kind}"]])
    width, size = (3, 3) if flat else (7, 6)
    information = np.zeros((len(edges), size, size))
    upper = np.triu_indices(size)
    information[:, upper[0], upper[1]] = edges[:, 2 + width :]
    information[:, upper[1], upper[0]] = edges[:, 2 + width :]
    poses, between = (_poses(path, rows) for rows in (vertices[:, 1:], edges[:, 2 : 2 + width]))
    return PoseGraph(numbers, poses, pairs, between, information)


def _table(path: Path, found: dict[str, list[text.Line]], name: str) -> NDArray[np.float64]:
    width = _WIDTHS[name]
    return text.table(path, found[name], width, shape=f"{width} numbers after {name}")


def _check_numbers(path: Path, numbers: NDArray, pairs: NDArray, lines: list[int]) -> None:
    if len(np.unique(numbers)) < len(numbers):
        raise ValueError(f"{path} has two vertices of one number: number them differently")
    lost = ~np.isin(pairs, numbers).all(1) if len(pairs) else np.zeros(0, bool)
    if lost.any():
        k = int(lost.argmax())
        raise ValueError(
            f"line {lines[k]} of {path} joins {pairs[k, 0]} and {pairs[k, 1]}: one of them is no "
            "vertex"
        )


def _poses(path: Path, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    if rows.shape[1] == 3:
        return se3.from_planar(rows)
    length = np.linalg.norm(rows[:, 3:], axis=1)
    if (abs(length - 1) > 0.05).any():
        raise ValueError(
            f"{path} has a quaternion of length {length[abs(length - 1).argmax()]:.3g}: expected 1"
        )
    return se3.from_rotation_translation(so3.from_quaternion(rows[:, 3:]), rows[:, :3])


def _files(path: Path) -> list[Path]:
    if path.is_file():
        with path.open("rb") as file:
            begins = file.read(16).startswith((b"VERTEX_SE", b"EDGE_SE"))
        return [path] if path.suffix == ".g2o" or begins else []
    return sorted(p for p in path.glob("*.g2o") if not hidden(p))


def _sequence(path: Path) -> Recorded:
    graph = read_graph(path)
    vertices = np.concatenate([graph.numbers[:, None], _rows(graph.T_world_vertex)], 1)
    upper = np.triu_indices(graph.information.shape[-1])
    information = graph.information[:, upper[0], upper[1]]
    edges = np.concatenate([graph.pairs, _rows(graph.T_i_j), information], 1)
    channels, items = {}, {}
    for name, rows in (("vertices", vertices), ("edges", edges)):
        if len(rows):
            stamps = np.arange(len(rows), dtype=np.float64)
            channels[name] = Channel("samples", stamps, rows.shape[1:], rows.dtype)
            items[name] = rows
    told = {"planar": graph.planar}
    return Recorded(plain_name(path.stem), channels, items, info=told)


def _rows(T: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 7) x, y, z, q_xyzw."""
    return np.concatenate([T[:, :3, 3], so3.to_quaternion(T[:, :3, :3])], 1)

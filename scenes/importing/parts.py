"""What the readers of mesh files hand over: pieces of surface with one look each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Look:
    """The looks of a surface.

    Attributes:
        name: Of the material in the file, or "".
        color: sRGB in 0…1; multiplies the image.
        image: (H, W, 4) uint8 sRGB with alpha, first row at the top, or None.
        emission: Own brightness.
        transparent: Lets light through.
    """

    name: str = ""
    color: tuple[float, float, float] = (0.8, 0.8, 0.8)
    image: NDArray[np.uint8] | None = None
    emission: float = 0.0
    transparent: bool = False


@dataclass(frozen=True, eq=False)
class Part:
    """A piece of surface in the axes and units of the file.

    Attributes:
        name: Of the object it belongs to.
        aliases: Other names to tell its class from: of the mesh, of the nodes above.
        vertices: (V, 3) float64.
        triangles: (T, 3) int64.
        uv: (T, 3, 2) float64 texture coordinates of the corners, v downwards, or None.
        colors: (T, 3, 3) sRGB in 0…1 of the corners, or None; multiply the look.
        look: Shared between parts of one material.
    """

    name: str
    aliases: tuple[str, ...]
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    uv: NDArray[np.float64] | None
    colors: NDArray[np.float64] | None
    look: Look

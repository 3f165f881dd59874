"""Ray patterns: which rays one exposure of a sensor sends out."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from math import tan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.cameras import Camera, pixel_grid
from navworld.world.tracing.culling import blocks, cones
from navworld.world.tracing.packets import LANES, aligned_copy

NO_CONES = np.zeros(6, np.float32), np.zeros((0, 6, LANES), np.float32)
"""What `RayPattern.cones` is of rays that no cones hold."""


@dataclass(frozen=True, eq=False)
class RayPattern:
    """The rays of one exposure.

    Attributes:
        directions: (H, W, 3) float32 in the camera frame (x right, y down, z forward). The
            reported depth is the ray parameter: directions with z = 1 give z-depth, unit
            directions give range.
        spread: Angle between neighbouring rays [rad]; textures are filtered to it.
        spacing: Distance between neighbouring rays where they start [m]. Textures are filtered to
            √(spacing² + (spread · depth)²): for parallel rays, to metres per pixel at any depth.
        origins: (H, W, 3) float32 in the camera frame [m] where the rays start, as those of
            parallel projections; None for the camera's centre.
        coherent: Neighbouring rays run side by side (all cameras); False for scattered rays.
    """

    directions: NDArray[np.float32]
    spread: float
    coherent: bool = field(default=True, kw_only=True)
    spacing: float = field(default=0.0, kw_only=True)
    origins: NDArray[np.float32] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        directions = np.ascontiguousarray(self.directions, np.float32)
        if directions.ndim != 3 or directions.shape[2] != 3 or not directions.size:
            raise ValueError(
                f"ray directions have shape {directions.shape}: give (H, W, 3) with H, W ≥ 1"
            )
        if not np.isfinite(directions).all() or not (np.abs(directions).max(2) > 0).all():
            raise ValueError("ray directions must be finite and none may be zero")
        if not (np.isfinite(self.spread) and self.spread >= 0):
            raise ValueError(f"spread is {self.spread}: give an angle ≥ 0 [rad]")
        if not (np.isfinite(self.spacing) and self.spacing >= 0):
            raise ValueError(f"spacing is {self.spacing}: give a distance ≥ 0 [m]")
        object.__setattr__(self, "directions", directions)
        if self.origins is None:
            return
        origins = np.ascontiguousarray(self.origins, np.float32)
        if origins.shape != directions.shape or not np.isfinite(origins).all():
            raise ValueError(
                f"ray origins have shape {origins.shape}: give {directions.shape}, all finite"
            )
        object.__setattr__(self, "origins", origins)

    def __deepcopy__(self, memo: object) -> RayPattern:
        return self  # nothing changes

    def __getstate__(self) -> dict[str, Any]:
        # Without what is cached: unpickled, it would not start at a cache line any more.
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def pinhole(cls, height: int, width: int, fov_deg: float) -> RayPattern:
        """A pinhole camera with square pixels and a horizontal field of view of `fov_deg`."""
        if height < 1 or width < 1:
            raise ValueError(f"image size {height} × {width}: both sides must be at least 1")
        if not 0 < fov_deg < 180:
            raise ValueError(
                f"fov_deg is {fov_deg}: a pinhole sees more than 0° and less than 180°"
            )
        focal = 0.5 * width / tan(np.radians(fov_deg) / 2)
        x = (np.arange(width) + 0.5 - 0.5 * width) / focal
        y = (np.arange(height) + 0.5 - 0.5 * height) / focal
        directions = np.stack(np.broadcast_arrays(x, y[:, None], 1.0), -1)
        return cls(directions.astype(np.float32), 1 / focal)

    @classmethod
    def of(cls, camera: Camera) -> RayPattern:
        """The rays of any camera model, one through the centre of every pixel.

        Depth is what the model's `unproject` takes: directions have z = 1 where it is measured
        along z, and are unit vectors where it is a range. A pinhole's neighbouring rays are 1/f
        apart, those of other models as far as those of the median pixel.
        """
        pixels = pixel_grid(camera.width, camera.height)
        sides = [np.array([0.5, 0.0]), np.array([0.0, 0.5])]
        start = camera.unproject(pixels, 0.0)
        along = camera.unproject(pixels, 1.0) - start
        edges = [pixels + sign * side for side in sides for sign in (1, -1)]
        starts = np.stack([camera.unproject(edge, 0.0) for edge in edges])
        ends = np.stack([camera.unproject(edge, 1.0) for edge in edges])
        return cls(
            along.astype(np.float32),
            _typical_side(ends - starts),
            spacing=_typical_side(starts),
            origins=start.astype(np.float32) if start.any() else None,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.directions.shape[0], self.directions.shape[1]

    @cached_property
    def packets(
        self,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]:
        """Rays in groups of 16, as squares of 4 × 4 where the image is high enough.

        Squares that reach over the border repeat its pixels.

        Returns:
            (P, 3, 16) directions, (P, 3, 16) origins, or (0, 3, 16) where `origins` is None,
            (P, 16) pixels, and (P,) whether each four pixels in turn are neighbours.
        """
        height, width = self.shape
        rows = 4 if height > 2 else height
        columns = LANES // rows
        y = np.arange(0, height, rows)[:, None, None, None] + np.arange(rows)[:, None]
        x = np.arange(0, width, columns)[:, None, None] + np.arange(columns)
        pixels = np.minimum(y, height - 1) * width + np.minimum(x, width - 1)
        pixels = pixels.reshape(-1, LANES).astype(np.int32)
        rays = [
            aligned_copy(vectors.reshape(-1, 3)[pixels].transpose(0, 2, 1), np.float32)
            if vectors is not None
            else np.empty((0, 3, LANES), np.float32)
            for vectors in (self.directions, self.origins)
        ]
        whole = (np.diff(pixels.reshape(-1, 4, 4), axis=2) == 1).all((1, 2))
        return rays[0], rays[1], pixels, whole

    @cached_property
    def cones(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The cone around all rays, and those around packets (`culling.nearest_parts`).

        None around packets whose rays do not start together or run apart.
        """
        if self.origins is not None or not self.coherent:
            return NO_CONES
        table = cones(self.packets[0])
        return table[:, -1].copy(), blocks(table)

    def finer(self, factor: int) -> RayPattern:
        """`factor` × `factor` rays in place of each, interpolated between the given ones."""
        return RayPattern(
            _interpolated(self.directions, factor),
            self.spread / factor,
            coherent=self.coherent,
            spacing=self.spacing / factor,
            origins=None if self.origins is None else _interpolated(self.origins, factor),
        )


def _interpolated(vectors: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """(H, W, 3) → (H · factor, W · factor, 3), linearly; the border is continued."""
    fine = vectors.astype(np.float64)
    for axis in (0, 1):
        n = fine.shape[axis]
        at = (np.arange(n * factor) + 0.5) / factor - 0.5
        low = np.clip(np.floor(at).astype(int), 0, max(n - 2, 0))
        step = np.take(fine, np.minimum(low + 1, n - 1), axis) - np.take(fine, low, axis)
        weight = (at - low).reshape(-1, *(1,) * (2 - axis))
        fine = np.take(fine, low, axis) + weight * step
    return fine.astype(np.float32)


def _typical_side(edges: NDArray[np.float64]) -> float:
    """Side of a square as large as the median pixel.

    Args:
        edges: (4, H, W, 3) middles of every pixel's right, left, lower and upper edge.
    """
    across, down = edges[0] - edges[1], edges[2] - edges[3]
    area = np.linalg.norm(np.cross(across, down), axis=-1)
    return float(np.sqrt(np.median(area)))

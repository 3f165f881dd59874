"""How an event camera sees: the rays of its pixels, and how fast their image moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from navworld.geometry.cameras import pixel_grid
from navworld.geometry.curves import Moments
from navworld.sensors import event_kernel as kernel
from navworld.world.body import Camera
from navworld.world.tracing.pattern import RayPattern

ROWS = 48
"""The speed of the image is taken at no more than so many of its rows and columns."""

CROWDED = 0.1
"""Pixels closer than this part of the usual distance, as at the poles of a panorama, count as if
they were this far apart: textures are filtered to the usual distance."""


def dense_rays(camera: Camera, rays: int) -> RayPattern:
    """A camera's rays, `rays` × `rays` for every pixel, and a frame of one pixel around them.

    No two rays of a pixel, nor of two neighbours, share a row or a column, so that lines thinner
    than a pixel, upright or level as most are in buildings, meet almost equally many of them
    wherever they lie. A single ray goes through the middle of its pixel.
    """
    grid = pixel_grid((camera.width + 2) * rays, (camera.height + 2) * rays)
    pixel, cell = np.divmod(grid, rays)
    turned = np.stack([cell[..., 1], rays - 1 - cell[..., 0]], -1)
    lattice = 0.5 if rays == 1 else 0.25 + 0.5 * (pixel[..., ::-1] % 2)
    pixels = pixel + (cell + (turned + lattice) / rays) / rays - 1.5
    start = camera.model.unproject(pixels, 0.0)
    return replace(
        camera.pattern,
        directions=camera.model.unproject(pixels, 1.0) - start,
        origins=None if camera.pattern.origins is None else start,
    )


def ray_weights(rays: int, blur: float) -> NDArray[np.float32]:
    """(3 · rays,) share of a pixel's light that comes from rays of its own and its neighbours.

    A square pixel behind a lens whose image of a point has the standard deviation `blur` [px].
    """
    x = (np.arange(3 * rays) + 0.5) / rays - 1.5
    if blur == 0:
        weights = (np.abs(x) < 0.5).astype(np.float64)
    else:
        weights = ndtr((x + 0.5) / blur) - ndtr((x - 0.5) / blur)
    return (weights / weights.sum()).astype(np.float32)


class ImageSpeed:
    """How fast the image of a camera moves, from the ranges of its pixels and its own motion.

    Attributes:
        samples: Number of pixels S at which the speed is taken.
    """

    def __init__(self, camera: Camera) -> None:
        pattern = camera.pattern
        length = np.linalg.norm(pattern.directions, axis=-1, keepdims=True)
        along = pattern.directions / length
        self._central = pattern.origins is None
        start = np.zeros_like(along) if pattern.origins is None else pattern.origins
        # The motion of a point across its ray, in pixels: least squares of what pixels span.
        dv, du = np.gradient(along if self._central else start, axis=(0, 1))
        spanned = np.stack([du, dv], -1).astype(np.float64)
        spanned -= along[..., None] * (along[..., None] * spanned).sum(-2, keepdims=True)
        transposed = np.swapaxes(spanned, -1, -2)
        crowded = CROWDED * np.median(np.linalg.norm(dv, axis=-1))
        mapping = np.linalg.solve(transposed @ spanned + crowded**2 * np.eye(2), transposed)
        rows, columns = (
            np.unique(np.linspace(0, size - 1, min(size, ROWS)).astype(int))
            for size in (camera.height, camera.width)
        )
        self._some = np.ix_(rows, columns)
        self.samples = len(rows) * len(columns)
        self._length = length[self._some].reshape(-1).astype(np.float32)
        self._far = np.float32(camera.far)
        rays = np.stack([start, along], -2)[self._some].reshape(-1, 2, 3)
        self._rays = np.ascontiguousarray(rays, np.float32)
        mapping = mapping[self._some].reshape(-1, 2, 3)
        self._mapping = np.ascontiguousarray(mapping, np.float32)

    def ranges(self, depth: NDArray) -> NDArray[np.float32]:
        """(n, S) ranges [m] at the sampled pixels of depth images (n, H, W), `far` for none."""
        some = depth[:, self._some[0], self._some[1]].reshape(len(depth), -1)
        return np.where(some > 0, some, self._far) * self._length

    def greatest(self, moments: Moments, ranges: NDArray) -> NDArray[np.float64]:
        """(n, M) greatest speeds [px/s] at moments (n, M) of the camera.

        Args:
            ranges: (n, D, S) of D images of each camera [m].
        """
        R_world_camera = moments.T_world_body[..., :3, :3]
        velocity = np.einsum("nmji,nmj->nmi", R_world_camera, moments.velocity)
        speeds = np.empty(velocity.shape[:2])
        kernel.greatest_speeds(
            self._mapping, self._rays, np.ascontiguousarray(ranges, np.float32),
            velocity.astype(np.float32), moments.angular_velocity.astype(np.float32),
            self._central, speeds,
        )  # fmt: skip
        return speeds

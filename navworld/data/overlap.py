"""How much of what one camera sees another one sees too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from navworld.geometry import se3
from navworld.geometry.cameras import Fisheye, Orthographic, Panorama, Pinhole, pixel_grid

Lens = Pinhole | Fisheye | Panorama | Orthographic

STEP = 4
"""Every so many pixels in x and y are looked at."""
NEARBY, NEARBY_SHARE = 0.05, 0.03
"""A surface point counts as seen where the depth differs by less than this [m], and per metre."""


def overlap(
    depth_a: NDArray[np.float32],
    depth_b: NDArray[np.float32],
    T_a_b: NDArray[np.float64],
    lens: Lens,
) -> float:
    """The share of the pixels of image a whose surface points image b shows as well.

    A point is shown where it falls into image b and nothing hides it there. Pixels without depth
    count as not shared.

    Args:
        depth_a, depth_b: (H, W) [m], 0 where there is none.
        T_a_b: (4, 4) pose of camera b in the frame of camera a.
        lens: Of both.
    """
    depth_a, depth_b = depth_a.reshape(depth_a.shape[:2]), depth_b.reshape(depth_b.shape[:2])
    pixels = pixel_grid(lens.width, lens.height)[STEP // 2 :: STEP, STEP // 2 :: STEP]
    depth = depth_a[STEP // 2 :: STEP, STEP // 2 :: STEP].astype(np.float64)
    p_b = se3.transform(se3.inverse(T_a_b), lens.unproject(pixels, depth))
    seen, inside = lens.project(p_b)
    u, v = np.rint(np.where(inside[..., None], seen, 0.0)).astype(np.int64).reshape(-1, 2).T
    u, v = u.clip(0, lens.width - 1), v.clip(0, lens.height - 1)
    far = np.linalg.norm(p_b, axis=-1) if lens.depth_is_range else p_b[..., 2]
    there = depth_b[v, u].reshape(far.shape)
    close = np.abs(there - far) < NEARBY + NEARBY_SHARE * far
    return float(((depth > 0) & (there > 0) & inside & close).mean())

"""Noise of depth images: a structured-light camera (Redwood).

S. Choi, Q.-Y. Zhou and V. Koltun, "Robust reconstruction of indoor scenes", CVPR 2015, simulate a
PrimSense camera thus; habitat-sim has the same as `RedwoodDepthNoiseModel`. Per pixel:

1. the pixel looked at is off by N(0, 0.25²) px along rows and columns, rounded to whole pixels;
2. its depth d is divided by a distortion f(pixel, d) (A. Teichman, S. Miller and S. Thrun,
   "Unsupervised intrinsic calibration of depth sensors via SLAM", RSS 2013): a table of 80 × 80
   parts of the image and 5 depths (1, 3, 5, 7, 9 m), linear between the depths;
3. it is measured as a disparity of eighths of a pixel with noise:
   z = 35.130 · 8 / round(8 · (35.130 / d + N(0, 0.027778)));
4. nothing is returned (0) for a true depth of 10 m or more, for a measured one beyond 10 m or
   beyond the camera's far, and where there was no depth.

The distortion table is this project's own (`distortion_table`): the original is calibration data
that are not redistributed. Like it, ours is smooth over the image and grows with the depth.

The camera has 640 × 480 pixels but 320 × 240 independent ones: the original takes the upper left
of every 2 × 2 pixels. Here the blocks are W // 320 wide (1 below 640 columns), so that small
images keep their resolution. `multiplier` scales jitter and disparity noise, as in habitat-sim.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numba
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.streams import Streams
from navworld.world.tracing.draws import normals

JITTER = 0.25  # [px]
DISPARITY_TIMES_DEPTH = 35.130  # focal length times baseline [px · m]
DISPARITY_STD = 0.027778  # [px]
STEPS = 8.0  # of disparity per pixel
REACH = 10.0  # [m]
COLUMNS = 320  # independent pixels of a row
PARTS, DEPTHS = 80, 5


@dataclass(frozen=True)
class RedwoodDepth:
    """Jitter, distortion, noisy and quantised disparity.

    Attributes:
        multiplier: Of jitter and disparity noise.
    """

    multiplier: float = 1.0

    images: ClassVar[str] = "depth images (H, W, 1) in metres"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.multiplier) and self.multiplier >= 0):
            raise ValueError(f"RedwoodDepth(multiplier={self.multiplier!r}) must not be negative")

    @property
    def name(self) -> str:
        """`redwood`, times the multiplier if it is not 1."""
        return "redwood" if self.multiplier == 1 else f"redwood*{self.multiplier:g}"

    def fits(self, box: spaces.Box) -> bool:
        """Whether a key of the observation is a depth image."""
        return bool(
            box.dtype == np.float32
            and len(box.shape) == 3
            and box.shape[-1] == 1
            and float(box.low.min()) == 0
        )

    def apply(self, image: NDArray, box: spaces.Box, keys: NDArray[np.uint64]) -> NDArray:
        """Depths (n, H, W, 1) [m] with noise from the streams `keys` (n,)."""
        depth = np.ascontiguousarray(image[..., 0], np.float32)
        count = depth.shape[1] * depth.shape[2]
        drawn = normals(keys, 3 * count).reshape(len(keys), 3, *depth.shape[1:])
        far = np.float32(min(REACH, float(box.high.max())))
        out = np.empty_like(depth)
        block = max(1, depth.shape[2] // COLUMNS)
        _measure(depth, drawn, distortion_table(), np.float32(self.multiplier), far, block, out)
        return out[..., None]


@lru_cache(maxsize=1)
def distortion_table() -> NDArray[np.float32]:
    """(80, 80, 5) factors by row, column and depth (1, 3, 5, 7, 9 m) that depths are divided by.

    Waves of at most two periods across the image, with random directions and phases, of amplitudes
    that fall with their frequency, and a bowl; the spread over the image grows with the depth from
    0.6 % at 1 m to 3 % at 9 m, chosen as plausible for a camera that nobody has calibrated. The
    waves of neighbouring depths are alike.
    """
    waves = 12
    draw = Streams(1)
    uniform = draw.uniform("redwood distortion table", np.zeros(1, np.int64), (waves, 5))[0]
    v, u = np.meshgrid(*[np.linspace(-1, 1, PARTS)] * 2, indexing="ij")
    depth = 2.0 * np.arange(DEPTHS) + 1.0
    table = 0.5 * (u**2 + v**2 - 2 / 3)[..., None] * np.ones(DEPTHS)
    for direction, frequency, phase, drift, size in uniform:
        angle, k = 2 * np.pi * direction, np.pi * (0.5 + 1.5 * frequency)
        along = k * (np.cos(angle) * u + np.sin(angle) * v) + 2 * np.pi * phase
        table += (0.5 + size) / k * np.cos(along[..., None] + 0.2 * (drift - 0.5) * depth)
    table -= table.mean((0, 1))
    table *= (0.003 + 0.003 * depth) / table.std((0, 1))
    rounded: NDArray[np.float32] = np.round(1.0 + table, 6).astype(np.float32)
    rounded.setflags(write=False)
    return rounded


@numba.njit(nogil=True, cache=True)
def _measure(depth, drawn, table, multiplier, far, block, out):
    count, height, width = depth.shape
    right, bottom = width - 1, height - 1
    for n in range(count):
        for j in range(height):
            for i in range(width):
                y = int(min(max(j + drawn[n, 0, j, i] * JITTER * multiplier, 0.0), bottom) + 0.5)
                x = int(min(max(i + drawn[n, 1, j, i] * JITTER * multiplier, 0.0), right) + 0.5)
                out[n, j, i] = 0.0
                d = depth[n, y - y % block, x - x % block]
                if d <= 0.0 or d >= REACH:
                    continue
                # The table is made for 640 × 480 pixels: 8 columns and 6 rows a part.
                column = int(x / max(right, 1) * 639.0 + 0.5) // 8
                row = int(y / max(bottom, 1) * 479.0 + 0.5) // 6
                upper = int((d + 1.0) / 2.0)
                a = (d - (2.0 * upper - 1.0)) / 2.0
                f = (1.0 - a) * table[row, column, max(upper - 1, 0)]
                f += a * table[row, column, min(upper, DEPTHS - 1)]
                disparity = DISPARITY_TIMES_DEPTH * f / d
                disparity += drawn[n, 2, j, i] * DISPARITY_STD * multiplier
                steps = np.floor(STEPS * disparity + 0.5)
                if steps > 0.0:
                    z = DISPARITY_TIMES_DEPTH * STEPS / steps
                    if z <= far:
                        out[n, j, i] = z

"""Errors of depth maps.

D. Eigen, C. Puhrsch and R. Fergus, Depth map prediction from a single image using a multi-scale
deep network, NeurIPS 2014; median scaling as in T. Zhou et al., Unsupervised learning of depth
and ego-motion from video, CVPR 2017.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

RATIO = 1.25
"""Depths whose ratio stays below RATIO, RATIO² and RATIO³ are counted."""


@dataclass(frozen=True, eq=False)
class DepthErrors:
    """Errors of every image of a batch; NaN for one without a valid pixel.

    Attributes:
        abs_rel: (B,) mean |d̂ − d| / d.
        sq_rel: (B,) mean (d̂ − d)² / d [m].
        rmse: (B,) [m].
        rmse_log: (B,) root mean square of ln d̂ − ln d.
        delta1, delta2, delta3: (B,) share with max(d̂/d, d/d̂) < 1.25, 1.25², 1.25³.
        scale: (B,) what the estimate was multiplied by: 1 unless it was median-scaled.
        pixels: (B,) how many were compared.
    """

    abs_rel: NDArray[np.float64]
    sq_rel: NDArray[np.float64]
    rmse: NDArray[np.float64]
    rmse_log: NDArray[np.float64]
    delta1: NDArray[np.float64]
    delta2: NDArray[np.float64]
    delta3: NDArray[np.float64]
    scale: NDArray[np.float64]
    pixels: NDArray[np.int64]

    def mean(self) -> dict[str, float]:
        """Name → mean over the images that have a valid pixel; NaN if none has."""
        some = self.pixels > 0
        values = {f.name: getattr(self, f.name)[some] for f in fields(self)}
        return {name: float(v.mean()) if len(v) else float("nan") for name, v in values.items()}


def depth_errors(
    estimate: ArrayLike,
    reference: ArrayLike,
    *,
    median_scaled: bool = False,
    near: float = 1e-3,
    far: float = np.inf,
) -> DepthErrors:
    """Errors of depth per image; a mean over images, not over pixels, is what papers report.

    Pixels count where the reference lies in near…far; 0 means that nothing was measured. There
    the estimate is clipped to near…far, after scaling.

    Args:
        estimate, reference: (B, H, W) z-depth [m].
        median_scaled: Multiply each estimate by median(d) / median(d̂) over its valid pixels, for
            methods that know depth up to a scale only. Otherwise errors are metric.
        near, far: Of what is compared [m].

    Raises:
        ValueError: Shapes differ, or the estimate is not finite where the reference is valid.
    """
    d_hat, d = np.asarray(estimate, np.float64), np.asarray(reference, np.float64)
    if d_hat.shape != d.shape or d.ndim != 3:
        raise ValueError(f"depth errors take two batches (B, H, W), not {d_hat.shape}, {d.shape}")
    if not 0 < near < far:
        raise ValueError(f"near={near}, far={far}: expected 0 < near < far")
    valid = np.isfinite(d) & (d >= near) & (d <= far)
    if not np.isfinite(d_hat[valid]).all():
        raise ValueError("the estimate has NaN or infinity where the reference has a depth")
    rows = [
        _of_one(d_hat[k][valid[k]], d[k][valid[k]], median_scaled, (near, far))
        for k in range(len(d))
    ]
    columns = np.array(rows, np.float64).reshape(-1, 8).T
    names = [field.name for field in fields(DepthErrors)]
    return DepthErrors(**dict(zip(names, [*columns, valid.sum((1, 2))], strict=True)))


def _of_one(
    d_hat: NDArray[np.float64],
    d: NDArray[np.float64],
    median_scaled: bool,
    reach: tuple[float, float],
) -> tuple[float, ...]:
    if not len(d):
        return (float("nan"),) * 8
    scale = 1.0
    if median_scaled:
        middle = float(np.median(d_hat))
        if not middle > 0:
            raise ValueError(f"the estimated depths have median {middle}: it cannot be scaled")
        scale = float(np.median(d)) / middle
    d_hat = np.clip(d_hat * scale, *reach)
    error = d_hat - d
    ratio = np.maximum(d_hat / d, d / d_hat)
    return (
        float((abs(error) / d).mean()),
        float((error**2 / d).mean()),
        float(np.sqrt((error**2).mean())),
        float(np.sqrt((np.log(d_hat / d) ** 2).mean())),
        *(float((ratio < RATIO**k).mean()) for k in (1, 2, 3)),
        scale,
    )

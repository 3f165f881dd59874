"""Errors of optical flow.

S. Baker et al., A database and evaluation methodology for optical flow, IJCV 2011 (EPE);
M. Menze and A. Geiger, Object scene flow for autonomous vehicles, CVPR 2015 (Fl outliers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

OUTLIER_PX, OUTLIER_SHARE = 3.0, 0.05
"""An outlier is wrong by more than both, pixels and share of the true flow."""


@dataclass(frozen=True, eq=False)
class FlowErrors:
    """Errors of every flow field of a batch; NaN for one without a valid pixel.

    Attributes:
        epe: (B,) mean end-point error [px].
        outliers_percent: (B,) pixels wrong by more than 3 px and 5 % [%].
        pixels: (B,) how many were compared.
    """

    epe: NDArray[np.float64]
    outliers_percent: NDArray[np.float64]
    pixels: NDArray[np.int64]


def end_point_errors(estimate: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """(...) length of the difference of flows (..., 2) [px]."""
    f_hat, f = np.asarray(estimate, np.float64), np.asarray(reference, np.float64)
    if f_hat.shape != f.shape or f.shape[-1:] != (2,):
        raise ValueError(f"flows must have one shape (..., 2), not {f_hat.shape} and {f.shape}")
    return np.linalg.norm(f_hat - f, axis=-1)


def flow_errors(
    estimate: ArrayLike, reference: ArrayLike, valid: ArrayLike | None = None
) -> FlowErrors:
    """Errors per flow field.

    Args:
        estimate, reference: (B, H, W, 2) flow (u, v) [px].
        valid: (B, H, W) which pixels count, for example those visible or those that move; all
            with a finite reference if None.
    """
    f = np.asarray(reference, np.float64)
    error = end_point_errors(estimate, f)
    if error.ndim != 3:
        raise ValueError(f"flow errors take batches (B, H, W, 2), not {f.shape}")
    counted = np.isfinite(f).all(-1)
    if valid is not None:
        counted &= np.asarray(valid, bool)
    pixels = counted.sum((1, 2))
    length = np.linalg.norm(f, axis=-1)
    wrong = counted & (error > OUTLIER_PX) & (error > OUTLIER_SHARE * length)
    with np.errstate(invalid="ignore"):
        epe = np.where(counted, error, 0.0).sum((1, 2)) / pixels
        return FlowErrors(epe, 100 * wrong.sum((1, 2)) / pixels, pixels)

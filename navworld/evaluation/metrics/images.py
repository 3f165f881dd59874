"""Likeness of images.

Z. Wang et al., Image quality assessment: from error visibility to structural similarity, IEEE
Transactions on Image Processing 2004.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SIGMA, REACH = 1.5, 5  # of the Gaussian window of 11 × 11 [px]
K1, K2 = 0.01, 0.03


def psnr(estimate: ArrayLike, reference: ArrayLike, *, peak: float) -> NDArray[np.float64]:
    """(B,) peak signal-to-noise ratio [dB] of images (B, ...); inf where they are equal.

    Args:
        peak: Largest value that a pixel can have: 255 or 1.
    """
    a, b = _pair(estimate, reference)
    squared = ((a - b) ** 2).reshape(len(a), -1).mean(1)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(peak**2 / squared)


def ssim(estimate: ArrayLike, reference: ArrayLike, *, peak: float) -> NDArray[np.float64]:
    """(B,) mean structural similarity of images (B, H, W, C), channels averaged; 1 if equal.

    Gaussian window of 11 × 11 with σ = 1.5 px, population variances; windows that stick out of
    the image are left out, so that H and W must be at least 11.

    Args:
        peak: Largest value that a pixel can have: 255 or 1.
    """
    from scipy.ndimage import correlate1d

    a, b = _pair(estimate, reference)
    if a.ndim != 4 or min(a.shape[1:3]) < 2 * REACH + 1:
        raise ValueError(f"SSIM takes images (B, H, W, C) of at least 11 × 11 px, not {a.shape}")
    kernel = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / SIGMA) ** 2)
    kernel /= kernel.sum()

    def smooth(x: NDArray) -> NDArray:
        blurred = correlate1d(correlate1d(x, kernel, axis=1), kernel, axis=2)
        return blurred[:, REACH:-REACH, REACH:-REACH]

    mean_a, mean_b = smooth(a), smooth(b)
    var_a, var_b = smooth(a * a) - mean_a**2, smooth(b * b) - mean_b**2
    covariance = smooth(a * b) - mean_a * mean_b
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    similar = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    similar /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return similar.mean((1, 2, 3))


def _pair(estimate: ArrayLike, reference: ArrayLike) -> tuple[NDArray, NDArray]:
    a, b = np.asarray(estimate, np.float64), np.asarray(reference, np.float64)
    if a.shape != b.shape or a.ndim < 2:
        raise ValueError(f"images must have one shape (B, ...), not {a.shape} and {b.shape}")
    return a, b

"""Whether an estimator knows how wrong it is.

Y. Bar-Shalom, X. R. Li and T. Kirubarajan, Estimation with applications to tracking and
navigation, 2001, ch. 5.4 (NEES); V. Kuleshov, N. Fenner and S. Ermon, Accurate uncertainties for
deep learning using calibrated regression, ICML 2018; E. Ilg et al., Uncertainty estimates and
multi-hypotheses networks for optical flow, ECCV 2018 (AUSE).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVELS = tuple(k / 20 for k in range(1, 20))
"""Of confidence at which calibration is read: 5, 10 … 95 %."""

FRACTIONS = 100
"""Steps of a sparsification curve."""


def squared_mahalanobis(errors: ArrayLike, covariances: ArrayLike) -> NDArray[np.float64]:
    """(...) eᵀ Σ⁻¹ e of errors (..., d) and covariances (..., d, d); NEES before averaging."""
    e, sigma = _check(errors, covariances)
    return (e * np.linalg.solve(sigma, e[..., None])[..., 0]).sum(-1)


def nees(errors: ArrayLike, covariances: ArrayLike) -> float:
    """Normalised estimation error squared over its dimension: 1 is honest, above is too sure.

    Args:
        errors: (N, d).
        covariances: (N, d, d), symmetric positive definite.
    """
    squared = squared_mahalanobis(errors, covariances)
    return float(squared.mean()) / np.asarray(errors).shape[-1]


def nees_bounds(count: int, dimension: int, level: float = 0.95) -> tuple[float, float]:
    """Between what an honest estimator's `nees` of `count` independent errors lies."""
    from scipy.stats import chi2

    tail = (1 - level) / 2
    total = count * dimension
    low, high = chi2.ppf([tail, 1 - tail], total) / total
    return float(low), float(high)


def nll(errors: ArrayLike, covariances: ArrayLike) -> NDArray[np.float64]:
    """(...) negative log likelihood [nats] of errors (..., d) under N(0, Σ), Σ (..., d, d)."""
    e, sigma = _check(errors, covariances)
    log_det = np.linalg.slogdet(sigma)[1]
    return 0.5 * (squared_mahalanobis(e, sigma) + log_det + e.shape[-1] * np.log(2 * np.pi))


def coverage_curve(
    errors: ArrayLike, covariances: ArrayLike, levels: ArrayLike = LEVELS
) -> NDArray[np.float64]:
    """(K,) share of errors (N, d) inside the ellipsoids of confidence `levels` (K,) of N(0, Σ)."""
    from scipy.stats import chi2

    squared = squared_mahalanobis(errors, covariances)
    bounds = chi2.ppf(np.asarray(levels, np.float64), np.asarray(errors).shape[-1])
    return (squared[None] <= bounds[:, None]).mean(1)


def calibration_error(
    errors: ArrayLike, covariances: ArrayLike, levels: ArrayLike = LEVELS
) -> float:
    """Mean difference between confidence and coverage, 0…1; 0 is calibrated."""
    return float(abs(coverage_curve(errors, covariances, levels) - np.asarray(levels)).mean())


def sparsification(errors: ArrayLike, order_by: ArrayLike) -> NDArray[np.float64]:
    """(FRACTIONS,) mean of the errors (N,) left when the shares 0, 1 … 99 % are taken away.

    Those with the largest `order_by` (N,) go first; at least one stays.
    """
    e, key = np.asarray(errors, np.float64), np.asarray(order_by, np.float64)
    if e.shape != key.shape or e.ndim != 1 or not len(e):
        raise ValueError(f"expected errors (N,) and sigmas (N,), not {e.shape} and {key.shape}")
    kept = e[np.argsort(key, kind="stable")]
    means = np.cumsum(kept) / np.arange(1, len(e) + 1)
    gone = np.arange(FRACTIONS) * len(e) // FRACTIONS
    return means[len(e) - gone - 1]


def ause(errors: ArrayLike, sigmas: ArrayLike) -> float:
    """Area between sparsification by σ (N,) and by the error (N,) itself; 0 is the best order.

    Both curves are divided by the mean error, so that it has no unit; 0 where all errors are 0.
    """
    e = np.asarray(errors, np.float64)
    if not e.mean() > 0:
        return 0.0
    apart = (sparsification(e, sigmas) - sparsification(e, e)) / e.mean()
    return float(np.trapezoid(apart, dx=1 / FRACTIONS))


def spearman(sigmas: ArrayLike, errors: ArrayLike) -> float:
    """Rank correlation −1…1 of σ (N,) with the error (N,), ties sharing their mean rank.

    NaN where either is constant.
    """
    from scipy.stats import rankdata

    a, b = (rankdata(np.asarray(x, np.float64)) for x in (sigmas, errors))
    if len(a) != len(b):
        raise ValueError(f"expected as many sigmas as errors, not {len(a)} and {len(b)}")
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else float("nan")


def _check(errors: ArrayLike, covariances: ArrayLike) -> tuple[NDArray, NDArray]:
    e, sigma = np.asarray(errors, np.float64), np.asarray(covariances, np.float64)
    if e.ndim < 1 or sigma.shape != (*e.shape, e.shape[-1]):
        raise ValueError(
            f"expected errors (..., d) and covariances (..., d, d), not {e.shape}, {sigma.shape}"
        )
    if e.size and not (np.linalg.eigvalsh(sigma)[..., 0] > 0).all():
        raise ValueError("a covariance is not positive definite: it cannot weigh an error")
    return e, sigma

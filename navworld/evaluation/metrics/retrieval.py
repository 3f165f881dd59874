"""Finding places in a database, and closing loops.

R. Arandjelović et al., NetVLAD, CVPR 2016 (recall@N: a query is found if any of its first N
answers is right).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def positives_within(p_query: ArrayLike, p_database: ArrayLike, radius: float) -> NDArray[np.bool_]:
    """(Q, D) which database places (D, d) lie within `radius` of queries (Q, d) [m]."""
    q, d = np.asarray(p_query, np.float64), np.asarray(p_database, np.float64)
    return np.linalg.norm(q[:, None] - d[None], axis=-1) <= radius


def recall_at(
    ranking: ArrayLike, positives: ArrayLike, ks: Sequence[int] = (1, 5, 10)
) -> NDArray[np.float64]:
    """Share of queries with a right answer among the first k; queries without any are left out.

    Args:
        ranking: (Q, R) indices into the database, best first, R ≥ max(ks).
        positives: (Q, D) which answers are right.

    Returns:
        (K,) recalls.
    """
    order, right = np.asarray(ranking), np.asarray(positives, bool)
    if order.ndim != 2 or right.ndim != 2 or len(order) != len(right):
        raise ValueError(
            f"recall takes a ranking (Q, R) and positives (Q, D), not {order.shape}, {right.shape}"
        )
    if not ks or min(ks) < 1 or max(ks) > order.shape[1]:
        raise ValueError(f"ks={ks!r}: expected numbers from 1 to the {order.shape[1]} answers")
    possible = right.any(1)
    if not possible.any():
        raise ValueError("no query has a right answer in the database: recall is not defined")
    hits = np.take_along_axis(right, order, 1)[possible]
    return np.array([hits[:, :k].any(1).mean() for k in ks])


def recall_at_percent(ranking: ArrayLike, positives: ArrayLike, percent: float = 1.0) -> float:
    """`recall_at` k = `percent` of the database, at least 1 (average recall@1 %)."""
    size = np.asarray(positives).shape[1]
    return float(recall_at(ranking, positives, [max(1, round(size * percent / 100))])[0])


def precision_recall(
    scores: ArrayLike, labels: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision (P,) and recall (P,) when everything scoring at least a threshold is accepted.

    One point for every distinct score, the highest first; no point (recall 0) is invented.

    Args:
        scores: (N,) higher is surer.
        labels: (N,) whether each is right.
    """
    s, y = np.asarray(scores, np.float64), np.asarray(labels, bool)
    if s.shape != y.shape or s.ndim != 1 or not np.isfinite(s).all():
        raise ValueError(f"expected finite scores (N,) and labels (N,), not {s.shape}, {y.shape}")
    if not y.any():
        raise ValueError("no label is true: recall is not defined")
    order = np.argsort(-s, kind="stable")
    s, y = s[order], y[order]
    last = np.append(np.flatnonzero(np.diff(s)), len(s) - 1)
    found = np.cumsum(y)[last]
    return found / (last + 1), found / y.sum()


def pr_auc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Average precision: Σ (R_k − R_{k−1}) P_k, the area under precision over recall by steps."""
    precision, recall = precision_recall(scores, labels)
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def recall_at_full_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Highest recall that is reached without a wrong answer: how many loops close for free."""
    precision, recall = precision_recall(scores, labels)
    return float(recall[precision == 1.0].max(initial=0.0))

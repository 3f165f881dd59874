"""Connected parts of a grid of cells, as a body can get from one cell to the next."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def components(
    mask: NDArray[np.bool_], passes: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Label of every cell (4-connected, and through the passes), −1 off the mask; cell counts.

    The largest comes first.
    """
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=4)
    if passes is not None and len(passes[0]):
        ends = labels.ravel()[passes[0]], labels.ravel()[passes[1]]
        graph = coo_matrix((np.ones(len(ends[0]), np.int8), ends), (count, count))
        merged = connected_components(graph, directed=False)[1]
        # The background has no pass, so it stays a component of its own, the first.
        count, labels = int(merged.max()) + 1, merged[labels].astype(np.int32)
    sizes = np.bincount(labels.ravel(), minlength=count)[1:]
    order = np.argsort(-sizes, kind="stable")
    rank = np.full(count, -1, np.int32)
    rank[1 + order] = np.arange(count - 1)
    return rank[labels], sizes[order]


def diagonal_passes(
    clearance: NDArray[np.float32], mask: NDArray[np.bool_], radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of cells (flat indices) that touch diagonally only, where a body still fits through.

    Between four centres the interpolated clearance has a saddle; its height decides.
    """
    a, b, c, d = mask[:-1, :-1], mask[:-1, 1:], mask[1:, :-1], mask[1:, 1:]
    row, column = np.nonzero((a == d) & (b == c) & (a != b))
    f = clearance.astype(np.float64)
    low = f[row, column], f[row, column + 1]
    high = f[row + 1, column], f[row + 1, column + 1]
    saddle = (low[0] * high[1] - low[1] * high[0]) / (low[0] + high[1] - low[1] - high[0])
    row, column = row[saddle >= radius], column[saddle >= radius]
    lean = mask[row, column]
    width = mask.shape[1]
    corner = row * width + column
    return np.where(lean, corner, corner + 1), np.where(lean, corner + width + 1, corner + width)

"""Errors of class maps and of panoptic maps.

M. Everingham et al., The Pascal visual object classes challenge, IJCV 2015 (IoU); A. Kirillov et
al., Panoptic segmentation, CVPR 2019 (PQ).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

VOID = -1
"""Label of pixels that do not count."""


def confusion(
    estimate: ArrayLike, reference: ArrayLike, classes: int, *, void: int = VOID
) -> NDArray[np.int64]:
    """(C, C) pixels of true class (row) and estimated class (column).

    Pixels whose true class is `void` are left out; an estimate outside 0…C − 1 is refused there.

    Args:
        estimate, reference: (...) classes 0…C − 1.
    """
    a, b = np.asarray(estimate).ravel(), np.asarray(reference).ravel()
    if a.shape != b.shape:
        raise ValueError(f"class maps must have one shape, not {a.shape} and {b.shape}")
    counted = b != void
    a, b = a[counted].astype(np.int64), b[counted].astype(np.int64)
    _check_classes(np.concatenate([a, b]), classes, void)
    return np.bincount(b * classes + a, minlength=classes**2).reshape(classes, classes)


def class_iou(counts: ArrayLike) -> NDArray[np.float64]:
    """(C,) intersection over union of each class of a confusion (C, C); NaN if it never occurs."""
    c = np.asarray(counts, np.float64)
    both = np.diagonal(c)
    union = c.sum(0) + c.sum(1) - both
    return np.divide(both, union, out=np.full(len(c), np.nan), where=union > 0)


def mean_iou(counts: ArrayLike) -> float:
    """mIoU: mean over the classes that occur in the estimate or the reference.

    Sum confusions over a data set first: a mean of images weighs rare classes otherwise.
    """
    iou = class_iou(counts)
    return float(np.nanmean(iou)) if np.isfinite(iou).any() else float("nan")


def pixel_accuracy(counts: ArrayLike) -> float:
    """Share of pixels of the right class; NaN without pixels."""
    c = np.asarray(counts, np.float64)
    return float(np.trace(c) / c.sum()) if c.sum() else float("nan")


@dataclass(frozen=True, eq=False)
class PanopticCounts:
    """What panoptic quality is made of; add the counts of all images first.

    Attributes:
        iou: (C,) sum over matched segments.
        matched: (C,) segments found.
        extra: (C,) estimated segments that match none.
        missed: (C,) true segments that none matches.
    """

    iou: NDArray[np.float64]
    matched: NDArray[np.int64]
    extra: NDArray[np.int64]
    missed: NDArray[np.int64]

    def __add__(self, other: PanopticCounts) -> PanopticCounts:
        return PanopticCounts(
            self.iou + other.iou,
            self.matched + other.matched,
            self.extra + other.extra,
            self.missed + other.missed,
        )

    @property
    def class_pq(self) -> NDArray[np.float64]:
        """(C,) Σ IoU / (matched + extra / 2 + missed / 2); NaN for a class without segments."""
        weight = self.matched + 0.5 * self.extra + 0.5 * self.missed
        return np.divide(self.iou, weight, out=np.full(len(weight), np.nan), where=weight > 0)

    @property
    def pq(self) -> float:
        """Mean of `class_pq` over the classes that have segments; NaN if none has."""
        pq = self.class_pq
        return float(np.nanmean(pq)) if np.isfinite(pq).any() else float("nan")


def panoptic_counts(
    estimate: tuple[ArrayLike, ArrayLike],
    reference: tuple[ArrayLike, ArrayLike],
    classes: int,
    *,
    void: int = VOID,
) -> PanopticCounts:
    """Matches segments of an image: same class and IoU > 0.5, which makes the match unique.

    Pixels whose true class is `void` count in no union, and an estimated segment that lies in
    them by more than half is not extra. Crowds are not treated apart.

    Args:
        estimate, reference: Class (H, W) and instance number (H, W) of every pixel; a segment is
            all pixels with both. Estimated pixels may be void too: they belong to no segment.
    """
    (a_class, a_instance), (b_class, b_instance) = (
        tuple(np.asarray(part).ravel().astype(np.int64) for part in labels)
        for labels in (estimate, reference)
    )
    if not a_class.shape == a_instance.shape == b_class.shape == b_instance.shape:
        raise ValueError("classes and instances of estimate and reference must have one shape")
    for label in (a_class, b_class):
        _check_classes(label[label != void], classes, void)
    a_id, a_segments = _segments(a_class, a_instance, void)
    b_id, b_segments = _segments(b_class, b_instance, void)
    overlap = np.zeros((len(a_segments) + 1, len(b_segments) + 1), np.int64)
    np.add.at(overlap, (a_id, b_id), 1)  # row and column 0: void
    inside, hidden = overlap[1:, 1:], overlap[1:, 0]
    a_size, b_size = overlap[1:].sum(1), overlap[:, 1:].sum(0)
    union = (a_size - hidden)[:, None] + b_size[None] - inside
    iou = inside / np.maximum(union, 1)
    match = (iou > 0.5) & (a_segments[:, None] == b_segments[None])
    i, j = np.nonzero(match)
    extra = ~match.any(1) & (2 * hidden <= a_size)
    missed = ~match.any(0)

    def count(labels: NDArray, weights: NDArray | None = None) -> NDArray:
        return np.bincount(labels, weights, minlength=classes)

    return PanopticCounts(
        count(a_segments[i], iou[i, j]),
        count(a_segments[i]),
        count(a_segments[extra]),
        count(b_segments[missed]),
    )


def _segments(
    label: NDArray[np.int64], instance: NDArray[np.int64], void: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Segment of every pixel (N,), counted from 1, 0 for void; and the class of each segment."""
    index = np.zeros(len(label), np.int64)
    counted = label != void
    pairs, inverse = np.unique(
        np.stack([label[counted], instance[counted]], 1), axis=0, return_inverse=True
    )
    index[counted] = inverse.ravel() + 1
    return index, pairs[:, 0]


def _check_classes(labels: NDArray[np.int64], classes: int, void: int) -> None:
    if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(
            f"classes {labels.min()} … {labels.max()} given: expected 0 … {classes - 1}, or {void} "
            "in the reference for what does not count"
        )

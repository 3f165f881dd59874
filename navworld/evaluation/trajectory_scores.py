"""Everything that is measured of an estimated trajectory, and its means over sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.trajectories import read_trajectory, trajectory_format
from navworld.evaluation.metrics.drift import (
    KITTI_LENGTHS,
    KITTI_STEP,
    SHARES,
    SegmentErrors,
    inertial_drift,
    scaled_lengths,
    segment_errors,
    segment_scales,
)
from navworld.evaluation.metrics.trajectories import (
    STAMP_TOLERANCE,
    AlignmentKind,
    Unit,
    absolute_errors,
    aligned,
    matched,
    pose_pairs,
    relative_errors,
    statistics,
)
from navworld.evaluation.result import Metric
from navworld.evaluation.statistics import bootstrap_mean
from navworld.geometry.trajectories import Trajectory

KITTI_PATH = 200.0
"""Longer paths are cut into KITTI's segments, shorter ones into shares of themselves [m]."""


@dataclass(frozen=True, eq=False)
class TrajectoryScores:
    """An estimate beside its reference.

    Attributes:
        metrics: Name → metric; what is not defined for this sequence is left out.
        config: Alignment, pairs, lengths of segments: how the metrics were taken.
        estimate: As matched and aligned, pose by pose beside the reference.
        reference: Its matched poses.
        start_aligned: The estimate laid onto the reference's first pose only.
        metres, radians: (N,) absolute errors after alignment.
        segments: Errors over lengths of path.
        timed: Whether stamps are times; if not they are numbers of poses.
        vertical: Axis of the world, 0…2, that points up or down.
    """

    metrics: dict[str, Metric]
    config: dict[str, Any]
    estimate: Trajectory
    reference: Trajectory
    start_aligned: Trajectory
    metres: NDArray[np.float64]
    radians: NDArray[np.float64]
    segments: SegmentErrors
    timed: bool = True
    vertical: int = 2


def score_files(
    estimate: str | Path,
    reference: str | Path,
    *,
    align: AlignmentKind = "se3",
    tolerance: float = STAMP_TOLERANCE,
) -> TrajectoryScores:
    """`score_trajectory` of two files in any supported format.

    Files without times (KITTI) are compared row by row, also with one that has times.

    Raises:
        ValueError: A file without times has not as many poses as the other.
    """
    kinds = trajectory_format(estimate), trajectory_format(reference)
    mine, truth = read_trajectory(estimate), read_trajectory(reference)
    if "kitti" in kinds:
        if len(mine) != len(truth):
            raise ValueError(
                f"{estimate} has {len(mine)} poses and {reference} has {len(truth)}: KITTI files "
                "have no times, so both must have a pose for every frame"
            )
        stamps = mine.stamps if kinds[0] != "kitti" else truth.stamps
        mine, truth = (Trajectory(stamps, t.T_world_body) for t in (mine, truth))
    return score_trajectory(
        mine,
        truth,
        align=align,
        tolerance=tolerance,
        timed=kinds != ("kitti", "kitti"),
        vertical=1 if kinds[1] == "kitti" else 2,
    )


def score_trajectory(
    estimate: Trajectory,
    reference: Trajectory,
    *,
    align: AlignmentKind = "se3",
    tolerance: float = STAMP_TOLERANCE,
    delta: float = 1.0,
    unit: Unit = "frames",
    all_pairs: bool = False,
    lengths: Sequence[float] | None = None,
    step: int | None = None,
    timed: bool = True,
    vertical: int = 2,
) -> TrajectoryScores:
    """Scores an estimate.

    Args:
        align: Before absolute errors are taken; "sim3" scales the estimate for all errors but
            those of scale. ATE is reported for none, se3 and sim3 besides.
        tolerance: Between the times of an estimated and a true pose [s].
        delta, unit, all_pairs: Of relative errors, as in `pose_pairs`, along the estimate.
        lengths, step: Of segments; KITTI's if the path is longer than 200 m, otherwise 5 … 40 %
            of the path, beginning at every pose.
        timed: Whether stamps are times [s]; otherwise errors over time are left out.
        vertical: Axis of the world that points up or down; for pictures only.
    """
    mine, truth = matched(estimate, reference, tolerance=tolerance)
    moved, alignment = aligned(mine, truth, align)
    scaled = align == "sim3"
    metres, radians = absolute_errors(moved.T_world_body, truth.T_world_body)
    path = truth.length
    if lengths is None:
        lengths = KITTI_LENGTHS if path > KITTI_PATH else scaled_lengths(path)
        step = step or (KITTI_STEP if path > KITTI_PATH else 1)
    step = step or KITTI_STEP
    lengths = tuple(length for length in lengths if length > 0)
    segments = segment_errors(moved.T_world_body, truth.T_world_body, lengths=lengths, step=step)
    found = dict(_absolute(mine, truth, metres, radians))
    found |= dict(_relative(moved, truth, delta, unit, all_pairs))
    if len(segments.length):
        found["t_err_percent"] = Metric(segments.t_err_percent, "%")
        found["r_err_deg_per_m"] = Metric(segments.r_err_deg_per_m, "deg/m")
    found |= dict(_scale(mine, truth, min(lengths, default=0.0) if path > KITTI_PATH else None))
    start = moved.moved(truth.T_world_body[0] @ np.linalg.inv(moved.T_world_body[0]))
    found |= dict(_drift(moved, truth, timed))
    shorter = min(len(estimate), len(reference))
    found["path_m"] = Metric(path, "m")
    found["poses"] = Metric(float(len(mine)))
    found["matched_percent"] = Metric(100 * len(mine) / shorter, "%")
    config = {
        "align": align,
        "scale_applied": float(alignment.scale) if scaled else 1.0,
        "tolerance_s": tolerance,
        "rpe_delta": delta,
        "rpe_unit": unit,
        "rpe_pairs": "all" if all_pairs else "consecutive",
        "segment_lengths_m": list(lengths),
        "segment_step": step,
    }
    return TrajectoryScores(
        found, config, moved, truth, start, metres, radians, segments, timed, vertical
    )


def summarize_sequences(sequences: Sequence[Mapping[str, Metric]]) -> dict[str, Metric]:
    """Means over sequences with 95 % bootstrap intervals; metrics that some lack are left out."""
    if not sequences:
        raise ValueError("no sequences to summarize")
    shared = [name for name in sequences[0] if all(name in s for s in sequences)]
    found = {}
    for name in shared:
        mean, low, high = bootstrap_mean(np.array([s[name].value for s in sequences]))
        found[name] = Metric(mean, sequences[0][name].unit, low, high)
    return found


def _absolute(
    mine: Trajectory, truth: Trajectory, metres: NDArray, radians: NDArray
) -> Iterator[tuple[str, Metric]]:
    spread = statistics(metres)
    yield "ate_m", Metric(spread.rmse, "m")
    yield "ate_deg", Metric(float(np.degrees(statistics(radians).rmse)), "deg")
    for name in ("mean", "median", "max"):
        yield f"ate_{name}_m", Metric(getattr(spread, name), "m")
    kinds: tuple[AlignmentKind, ...] = ("none", "se3", "sim3")
    for kind in kinds:
        if kind == "sim3" and not np.ptp(mine.positions, axis=0).any():
            continue  # what stands still has no scale
        moved, alignment = aligned(mine, truth, kind)
        error, _ = absolute_errors(moved.T_world_body, truth.T_world_body)
        yield f"ate_{kind}_m", Metric(statistics(error).rmse, "m")
        if kind == "sim3":
            yield "sim3_scale", Metric(float(alignment.scale))


def _relative(
    moved: Trajectory, truth: Trajectory, delta: float, unit: Unit, all_pairs: bool
) -> Iterator[tuple[str, Metric]]:
    if len(moved) < 2:
        return
    pairs = pose_pairs(moved, delta, unit, all_pairs=all_pairs)
    metres, radians = relative_errors(moved.T_world_body, truth.T_world_body, pairs)
    yield "rpe_m", Metric(statistics(metres).rmse, "m")
    yield "rpe_deg", Metric(float(np.degrees(statistics(radians).rmse)), "deg")


def _scale(
    mine: Trajectory, truth: Trajectory, length: float | None
) -> Iterator[tuple[str, Metric]]:
    """Of the estimate as it came, over stretches of `length` or of a tenth of the path."""
    if not truth.length > 0:
        return
    stretch = SHARES[1] * truth.length if length is None else length
    scales = segment_scales(mine.T_world_body, truth.T_world_body, stretch)
    if len(scales):
        yield "scale_error_percent", Metric(100 * abs(float(scales.mean()) - 1), "%")
    if len(scales) > 1:
        yield "scale_drift_percent", Metric(100 * float(scales.std()), "%")


def _drift(moved: Trajectory, truth: Trajectory, timed: bool) -> Iterator[tuple[str, Metric]]:
    drift = inertial_drift(moved, truth)
    if np.isfinite(drift.percent):
        yield "end_drift_percent", Metric(drift.percent, "%")
    if not timed or len(truth) < 2:
        return
    yield "heading_drift_deg_per_min", Metric(drift.heading_deg_per_min, "deg/min")
    for seconds, metres in drift.after.items():
        yield f"error_after_{seconds:g}s_m", Metric(metres, "m")
    yield "duration_s", Metric(truth.duration, "s")

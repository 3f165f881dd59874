"""What evo says of the example trajectories; run as a module it writes the table of `verify`.

evo is GPL: it is asked here and in tests, and never by the package.
"""

from __future__ import annotations

import copy
import csv
from pathlib import Path

from navworld.envs.verify.metric_oracles import example
from navworld.envs.verify.metrics import EVO_COLUMNS, EVO_EXAMPLES, EVO_TABLE
from navworld.geometry import Trajectory


def evo_trajectory(trajectory: Trajectory):
    """The trajectory as evo has it."""
    from evo.core.trajectory import PoseTrajectory3D

    return PoseTrajectory3D(poses_se3=list(trajectory.T_world_body), timestamps=trajectory.stamps)


def evo_errors(metric, reference, estimate):
    """Errors (N,) of one of evo's metrics, None where it refuses."""
    from evo import EvoException

    try:
        metric.process_data((reference, estimate))
    except EvoException:
        return None
    return metric.error


def evo_aligned(estimate, reference, kind: str):
    """evo's aligned estimate and the scale applied; None where it refuses."""
    from evo import EvoException

    moved = copy.deepcopy(estimate)
    if kind == "none":
        return moved, 1.0
    try:
        scale = moved.align(reference, correct_scale=kind == "sim3")[2]
    except EvoException:
        return None
    return moved, float(scale)


def evo_row(seed: int) -> dict[str, str]:
    """evo's numbers for an example; empty where it refuses."""
    from evo.core import metrics

    estimate, reference = (evo_trajectory(t) for t in example(seed))
    part, angle = metrics.PoseRelation.translation_part, metrics.PoseRelation.rotation_angle_deg
    row: dict[str, float] = {}
    for kind in ("none", "se3", "sim3"):
        found = evo_aligned(estimate, reference, kind)
        if found is None:
            continue
        row[f"ate_{kind}_m"] = _rmse(evo_errors(metrics.APE(part), reference, found[0]))
        row[f"ate_{kind}_deg"] = _rmse(evo_errors(metrics.APE(angle), reference, found[0]))
        if kind == "sim3":
            row["sim3_scale"] = found[1]
    frames, metres = metrics.Unit.frames, metrics.Unit.meters
    for name, relation, delta, unit, every in (
        ("rpe_1_frame_m", part, 1, frames, False),
        ("rpe_1_frame_deg", angle, 1, frames, False),
        ("rpe_7_frames_m", part, 7, frames, False),
        ("rpe_7_frames_all_m", part, 7, frames, True),
        ("rpe_1_metre_m", part, 1.0, metres, False),
        ("rpe_1_metre_all_m", part, 1.0, metres, True),
    ):
        metric = metrics.RPE(relation, delta, unit, all_pairs=every)
        errors = evo_errors(metric, reference, estimate)
        if errors is not None:
            row[name] = _rmse(errors)
            row[f"{name}_pairs"] = len(errors)
    return {name: f"{row[name]:.12g}" if name in row else "" for name in EVO_COLUMNS}


def write_table(path: Path = EVO_TABLE) -> None:
    """Writes evo's numbers for all examples."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, EVO_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(evo_row(seed) for seed in range(EVO_EXAMPLES))


def _rmse(errors) -> float:
    return float((errors**2).mean() ** 0.5)


if __name__ == "__main__":
    write_table()

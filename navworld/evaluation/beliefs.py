"""What a belief was worth: where an agent took itself to be, against where it was."""

from __future__ import annotations

import numpy as np

from navworld.evaluation.metrics.trajectories import (
    absolute_errors,
    aligned,
    pose_pairs,
    relative_errors,
    statistics,
)
from navworld.evaluation.rollout import Rollout
from navworld.geometry.trajectories import Trajectory


def belief_errors(rollout: Rollout) -> dict[str, float]:
    """Errors of the believed path of an episode.

    Returns:
        `ate_m` after SE(3) alignment, `ate_none_m` as it was believed from the known start on,
        `rpe_m` and `rpe_deg` from step to step (root mean squares), `end_error_m`, and
        `guessed_percent` of the steps in which the localizer had lost track.
    """
    steps = np.arange(len(rollout.T_world_body), dtype=float)
    truth = Trajectory(steps, rollout.T_world_body)
    belief = Trajectory(steps, rollout.T_world_believed)
    moved, _ = aligned(belief, truth, "se3")
    after, _ = absolute_errors(moved.T_world_body, truth.T_world_body)
    before, _ = absolute_errors(belief.T_world_body, truth.T_world_body)
    found = {
        "ate_m": statistics(after).rmse,
        "ate_none_m": statistics(before).rmse,
        "rpe_m": 0.0,
        "rpe_deg": 0.0,
        "end_error_m": float(before[-1]),
        "guessed_percent": 100 * float(np.mean(rollout.guessed[1:] if len(steps) > 1 else 0.0)),
    }
    if len(steps) > 1:
        pairs = pose_pairs(belief, 1, "frames")
        metres, radians = relative_errors(belief.T_world_body, truth.T_world_body, pairs)
        found["rpe_m"] = statistics(metres).rmse
        found["rpe_deg"] = float(np.degrees(statistics(radians).rmse))
    return {name: float(value) for name, value in found.items()}

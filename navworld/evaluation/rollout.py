"""What is kept of an episode."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Rollout:
    """One episode as it went.

    Attributes:
        index: Of the frozen episode.
        scene: Its name.
        metrics: Success, SPL and so on.
        T_world_body: (N, 4, 4) true poses, the start included.
        T_world_believed: (N, 4, 4) where the agent took itself to be; those of the start without
            a localizer.
        guessed: (N,) where the agent's localizer had lost track.
        goal_xy: (2,) in the scene's frame [m].
        frames: Pictures, if asked for.
        seconds: Spent in the policy, per step.
    """

    index: int
    scene: str
    metrics: dict[str, float] = field(default_factory=dict)
    T_world_body: NDArray = field(default_factory=lambda: np.zeros((0, 4, 4)))
    T_world_believed: NDArray = field(default_factory=lambda: np.zeros((0, 4, 4)))
    guessed: NDArray = field(default_factory=lambda: np.zeros(0, bool))
    goal_xy: NDArray = field(default_factory=lambda: np.zeros(2))
    frames: list[NDArray[np.uint8]] = field(default_factory=list)
    seconds: float = 0.0

"""What is kept of an episode, also on disk."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.writing import write_whole


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


PATHS = ("T_world_body", "T_world_believed", "guessed")
"""Attributes with a row for every step."""


def save_rollouts(path: Path, rollouts: Sequence[Rollout], notes: Mapping[str, Any]) -> None:
    """Writes episodes, without their pictures, whole or not at all.

    Args:
        notes: Whatever else is worth knowing, as JSON has it.
    """
    told = [
        {
            "index": r.index, "scene": r.scene, "metrics": r.metrics, "goal_xy": list(r.goal_xy),
            "seconds": r.seconds, "lengths": [len(getattr(r, name)) for name in PATHS],
        }
        for r in rollouts
    ]  # fmt: skip
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(r, name) for r in rollouts]) for name in PATHS
    }
    about = json.dumps({"notes": dict(notes), "rollouts": told})
    buffer = io.BytesIO()
    np.savez_compressed(buffer, about=np.array(about), **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getvalue())


def load_rollouts(path: Path) -> tuple[list[Rollout], dict[str, Any]]:
    """The episodes of a file that `save_rollouts` wrote, and its notes.

    Raises:
        ValueError: The file is damaged.
    """
    try:
        with np.load(path) as file:
            about = json.loads(str(file["about"]))
            arrays: dict[str, Any] = {name: file[name] for name in PATHS}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{str(path)!r} holds no episodes ({error}): delete it") from None
    ends = np.cumsum([told.pop("lengths") for told in about["rollouts"]], 0)[:-1]
    parts = {name: np.split(arrays[name], ends[:, k]) for k, name in enumerate(PATHS)}
    rollouts = []
    for k, told in enumerate(about["rollouts"]):
        goal = np.array(told.pop("goal_xy"))
        paths: dict[str, Any] = {name: part[k] for name, part in parts.items()}
        rollouts.append(Rollout(**told, **paths, goal_xy=goal))
    return rollouts, about["notes"]

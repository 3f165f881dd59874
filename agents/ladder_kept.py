"""Rungs of a ladder on disk, so that one that is stopped goes on."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from navworld.agents.agent import Agent
from navworld.evaluation.result import commit
from navworld.evaluation.rollout import Rollout, load_rollouts, save_rollouts


class Kept:
    """Rungs that have been run, a file each.

    What a file is of stands in it: benchmark, episodes, sensors, weights. A rung that is asked for
    with others is run anew.

    Args:
        folder: Of the files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mine: list[Path] = []

    def taken(self, rung: str, agent: Agent, about: Mapping[str, Any]) -> list[Rollout] | None:
        """The episodes of a rung, if they have been run; says when.

        Args:
            about: What else must be the same.
        """
        path = self._path(rung)
        if not path.exists():
            return None
        rollouts, notes = load_rollouts(path)
        if notes["what"] != _what(agent, about):
            return None
        self._mine.append(path)
        print(f"{rung}: as run at {notes['at']}, commit {notes['commit'][:10]} ({path})")
        return rollouts

    def put(
        self, rung: str, agent: Agent, about: Mapping[str, Any], rollouts: Sequence[Rollout]
    ) -> None:
        """Writes the episodes of a rung."""
        now = time.strftime("%Y-%m-%d %H:%M")
        path = self._path(rung)
        notes = {"what": _what(agent, about), "at": now, "commit": commit()}
        save_rollouts(path, rollouts, notes)
        self._mine.append(path)

    def clear(self) -> None:
        """Deletes what this ladder has put or taken, and folders that are empty then."""
        for path in self._mine:
            path.unlink(missing_ok=True)
        for folder in (self.folder, self.folder.parent):
            with contextlib.suppress(OSError):  # something else is in it
                folder.rmdir()

    def _path(self, rung: str) -> Path:
        return self.folder / f"{rung.replace(' ', '-').replace('#', '')}.npz"


def _what(agent: Agent, about: Mapping[str, Any]) -> dict[str, Any]:
    odometer = getattr(agent.localizer, "odometer", None)
    sensors = agent.env_options()["sensors"]
    return {
        **about,
        "sensors": [one if isinstance(one, str) else type(one).__name__ for one in sensors],
        "localizer": [type(part).__name__ for part in (agent.localizer, odometer)],
        "weights": _digest(agent.policy, odometer),
    }


def _digest(*parts: Any) -> str:
    """SHA-256 of all networks of some components."""
    sha = hashlib.sha256()
    for part in parts:
        network = getattr(part, "network", None)
        if isinstance(network, torch.nn.Module):
            for name, tensor in network.state_dict().items():
                sha.update(name.encode())
                sha.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()

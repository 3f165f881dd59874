"""What moved beside the carrier of a recording, and where it truly was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from navworld.data.sequences import Sequence
from navworld.geometry.trajectories import Trajectory

CHANNEL = "movers"
"""The channel of poses: T_world_mover (M, 4, 4); its `info` has "kind", "class", "instance"."""


@dataclass(frozen=True, eq=False)
class Mover:
    """Somebody or something that moved by itself.

    Attributes:
        kind: "person", "vehicle" or "door".
        label: Name of its semantic class.
        instance: Its value in instance images.
        trajectory: T_world_mover over time: people and vehicles on the ground under their middle,
            x forward; a door at its hinge. `trajectory.at(stamps)` is the truth at any time.
    """

    kind: str
    label: str
    instance: int
    trajectory: Trajectory


def movers(sequence: Sequence) -> list[Mover]:
    """All movers of a sequence; none where nothing moved.

    Raises:
        ValueError: The sequence was read from a format that does not hold them.
    """
    if CHANNEL not in sequence.channels:
        if sequence.info.get("movers"):
            raise ValueError(
                f"{sequence.name} has movers, but not where they were: write it as 'own' or "
                "'webdataset', which hold everything"
            )
        return []
    channel = sequence.channels[CHANNEL]
    poses = np.stack([sequence.read(CHANNEL, k) for k in range(len(channel))])
    told = zip(channel.info["kind"], channel.info["class"], channel.info["instance"], strict=True)
    return [
        Mover(kind, label, int(instance), Trajectory(channel.stamps, poses[:, m]))
        for m, (kind, label, instance) in enumerate(told)
    ]

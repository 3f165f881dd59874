"""What can be known of everything that moves: where it truly is, and how its parts moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from navworld.world.company.gait import PARTS, Figure, as_shown, pose_figures
from navworld.world.tracing.prepared import RayScene


@dataclass(frozen=True)
class MoverStates:
    """Where the movers of one environment are, M of them.

    Attributes:
        kinds: "person", "vehicle" or "door" of each.
        instance: (M,) their value in instance images.
        T_world_mover: (M, 4, 4); people and vehicles on the ground under their middle, x forward;
            a door at its hinge, the identity rotation where it stands in the scene.
        velocity: (M, 3) [m/s] and turn_rate: (M,) about z [rad/s], over the last tick.
    """

    kinds: tuple[str, ...]
    instance: NDArray[np.int64]
    T_world_mover: NDArray[np.float64]
    velocity: NDArray[np.float64]
    turn_rate: NDArray[np.float64]

    @property
    def motion(self) -> NDArray[np.float64]:
        """(M, 8) instance, place (3,) [m], velocity (3,) [m/s] and turn rate [rad/s] of each."""
        columns = self.T_world_mover[:, :3, 3], self.velocity, self.turn_rate[:, None]
        return np.concatenate([self.instance[:, None].astype(np.float64), *columns], 1)


class Company(Protocol):
    """What sensors ask about everything that moves around the rows of a world."""

    def states(self, row: int) -> MoverStates:
        """Where the movers of a row truly are and how they move."""

    def moving(self, row: int) -> NDArray[np.int64]:
        """Instances that have moved since the previous observation of a row."""

    def part_motion(self, row: int) -> PartMotion:
        """How the parts in images of a row moved since the previous observation."""


def no_motion() -> NDArray[np.float64]:
    """`MoverStates.motion` where nothing moves."""
    return np.zeros((0, 8))


@dataclass(frozen=True, eq=False)
class PartMotion:
    """How the rigid parts in images moved since the previous observation, K of them.

    Attributes:
        instance: (K,) what they show in instance images.
        T_before, T_now: (K, 4, 4) T_world_part then and now.
        low, high: (K, 3) the box that holds a part, in its own frame [m].
    """

    instance: NDArray[np.int64]
    T_before: NDArray[np.float64]
    T_now: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def carried(self, p_world: NDArray, instance: NDArray) -> NDArray[np.float64]:
        """(P, 3) where surface points (P, 3) of then are now, given what they belong to (P,).

        A point moves with the part of its mover that holds it, or comes nearest to doing so;
        points of what does not move by itself stay.
        """
        there = np.array(p_world, np.float64)
        for value in np.intersect1d(instance, self.instance):
            parts, points = np.flatnonzero(self.instance == value), instance == value
            R, t = self.T_before[parts, :3, :3], self.T_before[parts, :3, 3]
            own = np.einsum("kji,kpj->kpi", R, p_world[points][None] - t[:, None])
            outside = np.maximum(self.low[parts, None] - own, own - self.high[parts, None])
            best = np.linalg.norm(np.maximum(outside, 0.0), axis=2).argmin(0)
            T = self.T_now[parts[best]]
            chosen = own[best, np.arange(len(best))]
            there[points] = np.einsum("pij,pj->pi", T[:, :3, :3], chosen) + T[:, :3, 3]
        return there


@dataclass(frozen=True, eq=False)
class Pose:
    """How the movers of a row stand at a moment.

    Attributes:
        people: (P,) of PERSON.
        T_world_mover: (M, 4, 4), of people first.
    """

    people: NDArray[np.void]
    T_world_mover: NDArray[np.float64]


def motion_of_parts(
    before: Pose,
    now: Pose,
    *,
    instance: NDArray[np.int64],
    figures: Sequence[Figure],
    shapes: Sequence[RayScene],
) -> PartMotion:
    """How the parts of people and of what is rigid as a whole moved.

    Args:
        instance: (M,) of the movers.
        figures: (P,) looks of the people. shapes: (M − P,) of all others.
    """
    count = len(figures)
    parts: list[NDArray[np.float64]] = []
    for pose in (before, now):
        T = np.zeros((count, len(PARTS), 4, 4))
        if count:
            proportions = np.stack([figure.proportions for figure in figures])
            ground = np.ascontiguousarray(pose.T_world_mover[:count, 2, 3])
            pose_figures(as_shown(pose.people), ground, proportions, T)
        parts.append(np.concatenate([T.reshape(-1, 4, 4), pose.T_world_mover[count:]]))
    boxes = [figure.bounds for figure in figures] + [s.scene.bounds[None] for s in shapes]
    bounds = np.concatenate(boxes) if boxes else np.zeros((0, 2, 3))
    owner = np.concatenate([np.repeat(instance[:count], len(PARTS)), instance[count:]])
    return PartMotion(owner, parts[0], parts[1], bounds[:, 0], bounds[:, 1])

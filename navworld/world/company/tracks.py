"""What has moved, kept tick by tick: where everything is at any moment, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from navworld.geometry import se3
from navworld.world.company.gait import Figure, shown_in
from navworld.world.company.people import PERSON
from navworld.world.company.states import MoverStates, PartMotion, Pose, motion_of_parts
from navworld.world.semantics import CLASSES
from navworld.world.tracing.moving import MovingParts, move_rows, parts_table
from navworld.world.tracing.prepared import RayScene
from navworld.world.world import World

STILL = 1e-9
"""Whoever moved by less has not moved [m]."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """Where the movers of a scene are over time: people first, then vehicles, then doors.

    Between two ticks everything has a constant twist, as `Trajectory.at` has it.

    Attributes:
        stamps: (T,) of the ticks [s], evenly spaced from 0 on.
        kinds: "person", "vehicle" or "door" of each of the M.
        instance: (M,) their value in instance images.
        T_world_mover: (T, M, 4, 4), as `MoverStates` has them.
        gait: (T, P, 2) phase and swing of the people's limbs.
        figures: (P,) looks of the people.
        shapes: (M − P,) looks of all others.
    """

    stamps: NDArray[np.float64]
    kinds: tuple[str, ...]
    instance: NDArray[np.int64]
    T_world_mover: NDArray[np.float64]
    gait: NDArray[np.float64]
    figures: tuple[Figure, ...]
    shapes: tuple[RayScene, ...]

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def classes(self) -> tuple[str, ...]:
        """(M,) names of their semantic classes."""
        scenes = [figure.poses[0].scene for figure in self.figures]
        scenes += [shape.scene for shape in self.shapes]
        return tuple(CLASSES[scene.instances[0].semantic] for scene in scenes)

    @property
    def tick(self) -> float:
        """[s]."""
        return float(self.stamps[-1]) / (len(self.stamps) - 1)

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, M, 4, 4) T_world_mover at times (N,), held at the ends [s]."""
        k, share = self._parted(times)
        return self.T_world_mover[k] @ se3.exp(self._twist[k] * share[:, None, None])

    def rates_at(self, times: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
        """Velocities (N, M, 3) [m/s] and turn rates about z (N, M) [rad/s] at times (N,)."""
        k, _ = self._parted(times)
        twist = self._twist[k] / self.tick
        velocity = np.einsum("nmij,nmj->nmi", self.at(times)[..., :3, :3], twist[..., :3])
        return velocity, twist[..., 5]

    def gait_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, P, 2) phase and swing of the people's limbs at times (N,)."""
        k, share = self._parted(times)
        change = self.gait[k + 1] - self.gait[k]
        change[..., 0] %= 2 * np.pi
        found = self.gait[k] + change * share[:, None, None]
        found[..., 0] %= 2 * np.pi
        return found

    @cached_property
    def _twist(self) -> NDArray[np.float64]:
        """(T − 1, M, 6) from each tick to the next."""
        return se3.log(se3.relative(self.T_world_mover[:-1], self.T_world_mover[1:]))

    def _parted(self, times: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(N,) the tick before a time, and how much of the way to the next has passed."""
        at = np.clip(np.asarray(times, np.float64) / self.tick, 0.0, len(self.stamps) - 1)
        k = np.minimum(at.astype(np.int64), len(self.stamps) - 2)
        return k, at - k


class Passing:
    """The movers of one scene as the rows of a world see them, each row at a moment of its own.

    Args:
        tracks: Where they are when.
        rows: Of the world.
    """

    def __init__(self, tracks: Tracks, rows: int) -> None:
        self._tracks = tracks
        looks: list[RayScene | Sequence[RayScene]] = [f.poses for f in tracks.figures]
        looks += tracks.shapes
        own = tracks.instance.tolist()
        self._parts = [MovingParts(looks, instances=own) for _ in range(rows)]
        self._table = parts_table(self._parts, settled=True)
        self._times, self._before = np.zeros(rows), np.zeros(rows)
        self._T = np.tile(np.eye(4), (rows, len(tracks), 1, 1))
        self._shown = np.zeros((rows, len(tracks)), np.int64)

    def show(self, world: World, times: NDArray[np.float64], before: NDArray[np.float64]) -> None:
        """Puts the first rows of a world to times (N,); their observations before were then."""
        n, people = len(times), len(self._tracks.figures)
        self._times[:n], self._before[:n] = times, before
        self._T[:n] = self._tracks.at(times)
        gait = self._tracks.gait_at(times)
        for row in range(n):
            shown_in(gait[row, :, 0], gait[row, :, 1], self._shown[row, :people])
        world.movers[:] = self._parts
        world.others = self
        move_rows(self._parts[:n], self._table[:n], self._T[:n], self._shown[:n])

    def states(self, row: int) -> MoverStates:
        """See `Company.states`."""
        tracks = self._tracks
        velocity, turn = tracks.rates_at(self._times[row : row + 1])
        return MoverStates(tracks.kinds, tracks.instance, self._T[row], velocity[0], turn[0])

    def moving(self, row: int) -> NDArray[np.int64]:
        """See `Company.moving`."""
        before = self._tracks.at(self._before[row : row + 1])[0]
        way = np.abs(self._T[row] - before).max((1, 2), initial=0.0)
        return self._tracks.instance[way > STILL]

    def part_motion(self, row: int) -> PartMotion:
        """See `Company.part_motion`."""
        tracks = self._tracks
        return motion_of_parts(
            self._pose(self._before[row]), self._pose(self._times[row]), instance=tracks.instance,
            figures=tracks.figures, shapes=tracks.shapes,
        )  # fmt: skip

    def _pose(self, time: float) -> Pose:
        """How everybody stands at a time."""
        at = np.array([time])
        T, gait = self._tracks.at(at)[0], self._tracks.gait_at(at)[0]
        people = np.zeros(len(gait), PERSON)
        own = T[: len(gait)]
        people["x"], people["y"] = own[:, 0, 3], own[:, 1, 3]
        people["yaw"] = np.arctan2(own[:, 1, 0], own[:, 0, 0])
        people["phase"], people["swing"] = gait.T
        return Pose(people, T)

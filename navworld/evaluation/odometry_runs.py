"""Odometers run through sequences side by side; what comes out is integrated and scored.

An odometer sees a batch of sequences side by side, an observation at every tick of their clocks,
and answers with the motion since the tick before. Motions are added up from the first true pose,
and scored by `navworld.evaluation.trajectory_scores`. What an odometer that knows no scale says is
aligned with scale (Sim(3)), what another says without (SE(3)); errors of scale are always those of
the estimate as it came.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from navworld.beliefs import Motion, Observation
from navworld.contracts import Calibrated, Odometer
from navworld.data.frames import Frames
from navworld.data.sequences import Sequence
from navworld.evaluation.result import Metric
from navworld.evaluation.trajectory_scores import TrajectoryScores, score_trajectory
from navworld.geometry import se3, so3
from navworld.geometry.trajectories import Trajectory, integrate
from navworld.sensors import SENSOR_NAMES, make_sensor
from navworld.world.body import Camera, Robot

BATCH = 8
"""Sequences side by side; it changes no number."""

RPE_SECONDS = 1.0
"""Between the poses of relative errors [s]."""

SAME = 1e-6
"""Steps that differ by less are one [s]."""

CLOSE = 1e-6
"""How far the first motion of an episode may be from the identity."""


@dataclass(frozen=True)
class Trial:
    """A sequence that is opened when its turn comes.

    Attributes:
        name: Unique in its benchmark.
        open: Gives the sequence.
        labels: What results are broken down by: "carrier" → "drone". A "run" that is labelled
            stands apart and is in no mean over all.
        lengths: Of the segments that drift is taken over [m]; None for what fits the path.
        clock: Channel that an odometer steps with; None for the first camera.
        sensors: What it carries; None where that is not known before it is opened.
    """

    name: str
    open: Callable[[], Sequence]
    labels: Mapping[str, str] = field(default_factory=dict)
    lengths: tuple[float, ...] | None = None
    clock: str | None = None
    sensors: tuple[str, ...] | None = None

    @classmethod
    def of(cls, sequence: Sequence) -> Trial:
        """A sequence that is open already."""
        return cls(sequence.name, lambda: sequence)

    def carries(self, odometer: Odometer) -> bool:
        """Whether it has, as far as is known, every sensor that an odometer names."""
        asked = [s for s in getattr(odometer, "sensors", None) or () if isinstance(s, str)]
        return self.sensors is None or set(asked) <= set(self.sensors)


@dataclass(frozen=True, eq=False)
class Scored:
    """What an odometer made of a sequence.

    Attributes:
        trial: Which.
        scores: Errors, and the trajectories they are taken from.
        metrics: Those of `scores`, with `lost_percent` of the motions and `ms_per_step`.
    """

    trial: Trial
    scores: TrajectoryScores
    metrics: dict[str, Metric]


def run_odometer(
    odometer: Odometer, benchmark: Iterable[Trial | Sequence], *, batch: int = BATCH
) -> Iterator[Scored]:
    """Runs an odometer through sequences and scores each.

    See `navworld.evaluation.odometry.evaluate_odometer`.
    """
    if batch < 1:
        raise ValueError(f"batch={batch!r}: expected at least 1")
    waiting: list[Trial] = []
    for item in benchmark:
        waiting.append(item if isinstance(item, Trial) else Trial.of(item))
        if len(waiting) == batch:
            yield from _side_by_side(odometer, waiting)
            waiting = []
    if waiting:
        yield from _side_by_side(odometer, waiting)


def channels_of(odometer: Odometer, sequence: Sequence) -> tuple[str, ...]:
    """The channels of a sequence that an odometer reads, after its attribute `sensors`.

    An odometer without the attribute reads them all.

    Raises:
        ValueError: The sequence lacks a sensor.
    """
    sensors = getattr(odometer, "sensors", None)
    if sensors is None:
        return tuple(sequence.channels)
    found: list[str] = []
    for sensor in sensors:
        keys = [sensor] if isinstance(sensor, str) else []
        if not isinstance(sensor, str) or sensor in SENSOR_NAMES:
            keys += make_sensor(sensor, Camera(), Robot()).space.spaces
        mine = [key for key in dict.fromkeys(keys) if key in sequence.channels]
        if not mine:
            there = ", ".join(sequence.channels) or "nothing"
            raise ValueError(
                f"{type(odometer).__name__} reads {keys[0]!r}, which {sequence.name} does not "
                f"have: it has {there}"
            )
        found += mine
    return tuple(dict.fromkeys(found))


@dataclass(eq=False)
class _Row:
    """A sequence that is being run through."""

    trial: Trial
    frames: Frames
    truth: Trajectory
    motions: list[NDArray] = field(default_factory=list)
    lost: int = 0
    metric: bool = True
    seconds: float = 0.0

    @property
    def at(self) -> int:
        """The tick that comes next."""
        return len(self.motions)

    @property
    def dt(self) -> float:
        """Time since the tick before, as the clock has it: nanoseconds do not count [s]."""
        at = max(self.at, 1)
        return round(float(self.frames.stamps[at] - self.frames.stamps[at - 1]), 6)


def _side_by_side(odometer: Odometer, trials: list[Trial]) -> Iterator[Scored]:
    rows = [_opened(odometer, trial) for trial in trials]
    ids = np.arange(len(rows))
    if isinstance(odometer, Calibrated):
        for k, row in enumerate(rows):
            odometer.calibrate(row.frames.sequence.channels, k)
    odometer.reset(ids)
    going = list(range(len(rows)))
    while going:
        steps: dict[float, list[int]] = {}
        for k in going:
            steps.setdefault(rows[k].dt, []).append(k)
        for dt, group in steps.items():
            _step(odometer, [rows[k] for k in group], np.array(group), dt)
        going = [k for k in going if rows[k].at < len(rows[k].frames)]
    yield from (_scored(row) for row in rows)


def _opened(odometer: Odometer, trial: Trial) -> _Row:
    sequence = trial.open()
    if sequence.truth is None:
        raise ValueError(
            f"the true trajectory of {sequence.name} is not known: there is nothing to score by"
        )
    frames = Frames(sequence, channels_of(odometer, sequence), clock=trial.clock)
    known = sequence.truth.stamps
    truth = sequence.truth.at(np.clip(frames.stamps, known[0], known[-1]))
    return _Row(trial, frames, Trajectory(frames.stamps, truth.T_world_body))


def _step(odometer: Odometer, rows: list[_Row], ids: NDArray[np.intp], dt: float) -> None:
    """One step of some sequences whose clocks tick alike."""
    seen = _stacked([row.frames[row.at] for row in rows])
    action = seen.pop("action", None)
    begin = time.perf_counter()
    motion = odometer.step(seen, action, dt, ids)
    spent = (time.perf_counter() - begin) / len(rows)
    T = _checked(odometer, motion, rows)
    for k, row in enumerate(rows):
        row.lost += int(motion.lost is not None and motion.lost[k])
        row.motions.append(T[k])
        row.metric &= motion.metric
        row.seconds += spent


def _stacked(seen: list[Observation]) -> Observation:
    """Observations of rows as a batch; what varies in length is padded, with `…_count`."""
    found: Observation = {}
    for key in seen[0]:
        items = [one[key] for one in seen]
        counts = [len(item) if item.ndim else 0 for item in items]
        if len(set(counts)) > 1:
            found.setdefault(f"{key}_count", np.array(counts, np.int32)[:, None])
            most = max(counts)
            items = [np.pad(i, [(0, most - len(i))] + [(0, 0)] * (i.ndim - 1)) for i in items]
        found[key] = np.stack(items)
    return found


def _checked(odometer: Odometer, motion: Motion, rows: list[_Row]) -> NDArray[np.float64]:
    """(n, 4, 4) motions, exactly rigid."""
    name = type(odometer).__name__
    T = np.asarray(motion.T_previous_current, np.float64)
    if T.shape != (len(rows), 4, 4):
        raise ValueError(f"{name} gave motions of shape {T.shape}; expected ({len(rows)}, 4, 4)")
    for k, row in enumerate(rows):
        where = f"at step {row.at} of {row.trial.name}"
        if not np.isfinite(T[k]).all():
            raise ValueError(
                f"{name} gave a motion that is not finite {where}: look for NaN in what it senses, "
                "or let it answer with `lost` and the identity"
            )
        if not se3.is_rigid(T[k]):
            raise ValueError(
                f"{name} gave a motion {where} that is no rotation and translation: make its "
                "rotation orthonormal (so3.project) with a determinant of +1"
            )
        if row.at == 0 and abs(T[k] - np.eye(4)).max() > CLOSE:
            raise ValueError(
                f"{name} gave a motion {where}, before anything had moved: expected the identity "
                "on an episode's first observation"
            )
    return se3.from_rotation_translation(so3.project(T[:, :3, :3]), T[:, :3, 3])


def _scored(row: _Row) -> Scored:
    poses = integrate(row.truth.T_world_body[0], np.stack(row.motions[1:]))
    estimate, rate_hz = (
        Trajectory(row.truth.stamps, poses),
        1 / np.median(np.diff(row.truth.stamps)),
    )
    scores = score_trajectory(
        estimate,
        row.truth,
        align="se3" if row.metric else "sim3",
        delta=min(RPE_SECONDS, row.truth.duration),
        unit="seconds",
        lengths=row.trial.lengths,
        step=max(1, round(rate_hz)) if row.trial.lengths is not None else None,
    )
    motions = len(row.motions) - 1
    return Scored(
        row.trial,
        scores,
        {
            **scores.metrics,
            "lost_percent": Metric(100 * row.lost / motions, "%"),
            "ms_per_step": Metric(1e3 * row.seconds / len(row.motions), "ms"),
        },
    )

"""Benchmarks of odometry: which rides, which sensors, over which lengths drift is taken.

`odometry-v1` is the comparison that results are reported on: 45 rides of a minute in test places
that nothing is ever tuned on, one for each of five scene families, three carriers and three
conditions, and five of ten minutes. `odometry-validation-v1` is its twin in validation places, for
tuning: 15 rides, each family under each condition once, and the same five long ones.

A ride is a scene, a carrier, a condition and a seed; what is measured on it is rendered when it is
read. The list is stored beside the episodes of the other benchmarks with a hash of every true
trajectory: a ride that is no longer what it was is refused, so that a result under the name of a
benchmark is one on that benchmark.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.sequences import Sequence
from navworld.envs.benchmarks.episodes import EPISODES
from navworld.envs.recording.config import RecordConfig
from navworld.envs.recording.plan import rides
from navworld.envs.recording.ride import Ride
from navworld.evaluation.odometry import APART, ENDURANCE
from navworld.evaluation.odometry_runs import Trial
from navworld.geometry import se3
from navworld.geometry.curves import Curve
from navworld.names import named

FAMILY_NAMES = ("apartment", "office", "maze", "tunnel", "city")
CARRIER_NAMES = ("wheeled", "handheld", "drone")
CONDITIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "evening": {"hour": 21},
    "weather": {"fog": 2, "rain": 2, "shiny": 3},
}
"""Name → what is found there. Indoors, weather is hazy air and polished floors."""

MINUTE, TEN_MINUTES = 60.0, 600.0
"""Lengths of rides [s]."""

CAMERA_HZ, IMU_HZ = 20, 200
SENSORS: dict[str, Any] = {
    "rgb": CAMERA_HZ,
    "depth": CAMERA_HZ,
    "imu": {"rate_hz": IMU_HZ, "preset": "adis16448"},
    "wheel_odometry": {"rate_hz": CAMERA_HZ, "preset": "kobuki"},
}
"""As in a recording's configuration; wheels only where the carrier has some."""

ON_WHEELS = ("wheeled",)
LENGTHS = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0)
"""KITTI's 100 … 800 m for paths of 20 to 50 m; long rides have segments ten times as long [m]."""

HASH_HZ, HASH_STEP = 10.0, 1e-4
"""Poses are hashed at this rate, their entries rounded to this."""


@dataclass(frozen=True)
class FrozenRide:
    """A sequence of a benchmark.

    Attributes:
        scene: As in `navworld.scenes`, one place.
        carrier: Its name.
        condition: One of `CONDITIONS`.
        seconds: Length of the ride.
        seed: Of route and noise.
        path_m, forward_m: Length of the true path, and how far the body went along its own x axis.
        sha256: Of the true trajectory; "" for a ride that is not frozen yet.
    """

    scene: str
    carrier: str
    condition: str
    seconds: float
    seed: int
    path_m: float = float("nan")
    forward_m: float = float("nan")
    sha256: str = ""

    @property
    def endurance(self) -> bool:
        """Whether it is one of the long rides."""
        return self.seconds > MINUTE

    @property
    def name(self) -> str:
        """Unique in its benchmark."""
        place = self.scene.replace(":", "-")
        return f"{place}-{self.carrier}-{self.condition}" + ("-long" if self.endurance else "")

    @property
    def labels(self) -> dict[str, str]:
        """What results are broken down by; long rides stand apart."""
        if self.endurance:
            return {APART: ENDURANCE}
        family = self.scene.partition(":")[0]
        return {"family": family, "carrier": self.carrier, "condition": self.condition}


@dataclass(frozen=True)
class SequenceBenchmark:
    """A frozen protocol for odometry.

    Attributes:
        name: With its version.
        seeds: First seed of its scenes, in the split it belongs to.
        conditions: How many each family and carrier is ridden under; with one they take turns.
        sensors: As in a recording's configuration.
        image_size: Side of images [px].
        far: Of depth [m].
        lengths: Of segments for t_err and r_err [m]; ten times as long for endurance.
        align: Before absolute errors are taken.
        floors: Systems of the catalogue that stand in its tables.
    """

    name: str
    seeds: int
    conditions: int = 3
    sensors: Mapping[str, Any] = field(default_factory=lambda: dict(SENSORS))
    image_size: int = 128
    far: float = 10.0
    lengths: tuple[float, ...] = LENGTHS
    align: str = "se3"
    floors: tuple[str, ...] = (
        "odometry/still", "odometry/constant-velocity", "odometry/gyro", "odometry/wheels",
        "odometry/inertial",
    )  # fmt: skip

    def rides(self) -> list[FrozenRide]:
        """The frozen rides, in order: long ones last."""
        path = EPISODES / f"{self.name}.json"
        if not path.exists():
            raise FileNotFoundError(
                f"the rides of benchmark {self.name!r} are missing ({path.name}): install again"
            )
        return [FrozenRide(*row) for row in json.loads(path.read_text())["rides"]]

    def planned(self) -> list[FrozenRide]:
        """What is to be ridden, before it is known what comes out."""
        found: list[FrozenRide] = []
        for f, family in enumerate(FAMILY_NAMES):
            seed = self.seeds
            for c, carrier in enumerate(CARRIER_NAMES):
                for k in range(self.conditions):
                    condition = list(CONDITIONS)[k if self.conditions > 1 else (f + c) % 3]
                    ride = FrozenRide(f"{family}:{seed}", carrier, condition, MINUTE, len(found))
                    found.append(ride)
                    seed += 1
        for f, family in enumerate(FAMILY_NAMES):
            scene = f"{family}:{self.seeds + len(CARRIER_NAMES) * self.conditions}"
            carrier = CARRIER_NAMES[f % len(CARRIER_NAMES)]
            found.append(FrozenRide(scene, carrier, "plain", TEN_MINUTES, len(found)))
        return found

    def write(self) -> None:
        """Rides everything and stores what came out; done once, when a benchmark is made."""
        rows = []
        for planned in self.planned():
            summary = summarized(self.ride(planned).curve())
            fixed = (planned.scene, planned.carrier, planned.condition, planned.seconds)
            rows.append([*fixed, planned.seed, *summary])
        columns = [
            "scene", "carrier", "condition", "seconds", "seed", "path_m", "forward_m", "sha256",
        ]  # fmt: skip
        lines = ",\n".join(json.dumps(row) for row in rows)
        (EPISODES / f"{self.name}.json").write_text(
            f'{{"columns": {json.dumps(columns)},\n"rides": [\n{lines}\n]}}\n'
        )

    def ride(self, frozen: FrozenRide) -> Ride:
        """A ride as `navworld.envs.recording` makes it."""
        config = RecordConfig(
            scenes=frozen.scene,
            sensors=self._carried(frozen),
            carriers=[frozen.carrier],
            seconds=frozen.seconds,
            conditions=CONDITIONS[frozen.condition] or None,
            image_size=self.image_size,
            far=self.far,
            seed=frozen.seed,
        )
        (found,) = rides(config)
        return found

    def open(self, frozen: FrozenRide) -> Sequence:
        """The sequence of a ride.

        Raises:
            ValueError: Its trajectory is not the frozen one.
        """
        ride = self.ride(frozen)
        if summarized(ride.curve())[-1] != frozen.sha256:
            raise ValueError(
                f"{frozen.name} is no longer the ride of {self.name}: scenes, carriers or routes "
                "have changed since it was frozen; undo that, or make a benchmark of a new version"
            )
        return ride.sequence()

    def __iter__(self) -> Iterator[Trial]:
        """What `navworld.evaluation.odometry.evaluate_odometer` runs an odometer through."""
        for frozen in self.rides():
            stretch = frozen.seconds / MINUTE
            lengths = tuple(length * stretch for length in self.lengths)
            yield Trial(
                frozen.name, partial(self.open, frozen), frozen.labels, lengths, "rgb",
                tuple(self._carried(frozen)),
            )  # fmt: skip

    def _carried(self, frozen: FrozenRide) -> dict[str, Any]:
        """The sensors of a ride."""
        wheels = frozen.carrier in ON_WHEELS
        return {k: given for k, given in self.sensors.items() if wheels or k != "wheel_odometry"}


SEQUENCE_BENCHMARKS: tuple[SequenceBenchmark, ...] = (
    SequenceBenchmark("odometry-v1", 20_000),
    SequenceBenchmark("odometry-validation-v1", 10_000, conditions=1),
)


def sequence_benchmark(name: str) -> SequenceBenchmark:
    """A benchmark of odometry by name; a ValueError names the nearest one when unknown."""
    return named(name, {item.name: item for item in SEQUENCE_BENCHMARKS}, "benchmark of odometry")


def summarized(curve: Curve) -> tuple[float, float, str]:
    """Length of a motion [m], how far along the body's x axis [m], and its SHA-256."""
    fine = curve.at(np.arange(0.0, curve.duration, 1 / CAMERA_HZ)).T_world_body
    steps = se3.relative(fine[:-1], fine[1:])[:, :3, 3]
    poses = curve.at(np.arange(0.0, curve.duration, 1 / HASH_HZ)).T_world_body
    whole: NDArray = np.rint(poses[:, :3] / HASH_STEP).astype("<i8")
    path = float(np.linalg.norm(steps, axis=1).sum())
    forward = float(steps[:, 0].sum())
    return round(path, 3), round(forward, 3), hashlib.sha256(whole.tobytes()).hexdigest()

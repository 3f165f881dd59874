"""Wheel odometry of a differential drive: what two encoders count.

| name | shape | unit |
|---|---|---|
| `wheel_odometry` | (2,) float32 | forward [m] and turn to the left [rad] of the last step |
| `wheel_odometry_ticks` | (2,) int32 | counts of the left and of the right wheel in the last step |

The increments follow from the counts as a robot's own software computes them, with the nominal
size of the wheels. Rate: once per step; 0 on an episode's first observation.

It measures the turning of the wheels: a body that pushes a wall drives on for its odometer, and so
does one whose wheels slip. Sideways motion, which this drive cannot make, is not seen.

Noise: wheel radii and the distance between the wheels differ from their nominal size by a factor
drawn per episode (`radius_error` per wheel, `baseline_error`); slip adds to the way of each wheel
`slip_std` √way and to the turn `turn_slip_std` √|turn|; counts are whole, and what is left over is
counted later. By default all errors are 0 and a tick is a micrometre.

J. Borenstein, L. Feng, Measurement and correction of systematic odometry errors in mobile robots,
T-RA 1996; K. S. Chong, L. Kleeman, Accurate odometry and error modelling for a mobile robot, ICRA
1997: the variance of the error grows with the way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from navworld.beliefs import Observation
from navworld.names import named
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.world import World


@dataclass(frozen=True)
class WheelGrade:
    """A drive and how well it is known.

    Attributes:
        baseline: Nominal distance between the wheels [m].
        tick: Way of a wheel per count, nominally [m].
        radius_error: Standard deviation of a wheel's radius, as a fraction.
        baseline_error: Standard deviation of the baseline, as a fraction.
        slip_std: Random slip of a wheel [m/√m].
        turn_slip_std: Random slip of the turn [rad/√rad].
        source: Where the figures come from.
    """

    baseline: float = 0.23
    tick: float = 1e-6
    radius_error: float = 0.0
    baseline_error: float = 0.0
    slip_std: float = 0.0
    turn_slip_std: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("baseline", "tick"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"WheelGrade({name}={value!r}) must be a positive number")
        for name in ("radius_error", "baseline_error", "slip_std", "turn_slip_std"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"WheelGrade({name}={value!r}) must be zero or positive")


# Calibration to 0.5 % of the radius and 1 % of the baseline, and slip of 1 cm per √m, are
# assumptions for a rigid-wheeled indoor robot as it comes: makers publish none.
_AS_IT_COMES = {
    "radius_error": 0.005, "baseline_error": 0.01, "slip_std": 0.01, "turn_slip_std": 0.01,
}  # fmt: skip

WHEEL_PRESETS: dict[str, WheelGrade] = {
    "ideal": WheelGrade(source="no errors"),
    "kobuki": WheelGrade(
        baseline=0.230, tick=8.529209e-5, **_AS_IT_COMES,
        source="Yujin Kobuki (the base of TurtleBot 2 and LoCoBot): kobuki_driver, appendix; "
        "errors assumed",
    ),
    "create2": WheelGrade(
        baseline=0.235, tick=np.pi * 0.072 / 508.8, **_AS_IT_COMES,
        source="iRobot Create 2 Open Interface specification: 508.8 counts per turn of a 72 mm "
        "wheel, 235 mm apart; errors assumed",
    ),
    "turtlebot3": WheelGrade(
        baseline=0.160, tick=2 * np.pi * 0.033 / 4096, **_AS_IT_COMES,
        source="ROBOTIS TurtleBot3 Burger manual: wheels of 33 mm radius 160 mm apart, Dynamixel "
        "XL430 with 4096 counts per turn; errors assumed",
    ),
}  # fmt: skip
"""Drives by name."""

MOST = 100.0
"""Bound of the observations [m] and [rad] in a step."""


class WheelOdometry:
    """Encoders of a differential drive.

    Args:
        preset: Name of a drive (`WHEEL_PRESETS`), or a `WheelGrade`.
        key: Its name in the observation.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(self, *, preset: str | WheelGrade = "ideal", key: str = "wheel_odometry") -> None:
        if not isinstance(preset, WheelGrade):
            preset = named(preset, WHEEL_PRESETS, "wheel preset")
        self.grade, self.key = preset, key
        self._most_ticks = min(int(MOST / preset.tick), 2**31 - 1)
        self.space = spaces.Dict(
            {
                key: spaces.Box(-MOST, MOST, (2,), np.float32),
                f"{key}_ticks": spaces.Box(-self._most_ticks, self._most_ticks, (2,), np.int32),
            }
        )
        self._left_over = np.zeros((0, 2))
        self._size = np.ones((0, 3))

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Draws how the wheels of the episode differ from the nominal ones."""
        if len(self._size) < world.num_envs:
            self._left_over = np.zeros((world.num_envs, 2))
            self._size = np.ones((world.num_envs, 3))
        std = np.array([self.grade.radius_error] * 2 + [self.grade.baseline_error])
        # A factor below 0.1 would be a wheel of no size.
        error = std * streams.normal(f"{self.key} size", ids, (3,))
        self._size[ids] = np.maximum(1 + error, 0.1)
        self._left_over[ids] = 0.0

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, 2), key_ticks: (n, 2)}."""
        grade = self.grade
        driven = np.where(world.dt[ids, None] > 0, world.driven[ids], 0.0)
        forward, _, turn = driven.T
        if grade.turn_slip_std:
            slip = streams.normal(f"{self.key} turn slip", ids)
            turn = turn + grade.turn_slip_std * np.sqrt(np.abs(turn)) * slip
        half = 0.5 * grade.baseline * self._size[ids, 2] * turn
        way = np.stack([forward - half, forward + half], 1)
        if grade.slip_std:
            slip = streams.normal(f"{self.key} slip", ids, (2,))
            way += grade.slip_std * np.sqrt(np.abs(way)) * slip
        rolled = self._left_over[ids] + way / (self._size[ids, :2] * grade.tick)
        ticks = np.floor(rolled + 1e-6)
        self._left_over[ids] = rolled - ticks
        left, right = (ticks * grade.tick).T
        moved = np.stack([(left + right) / 2, (right - left) / grade.baseline], 1)
        return {
            self.key: np.clip(moved, -MOST, MOST).astype(np.float32),
            f"{self.key}_ticks": np.clip(ticks, -self._most_ticks, self._most_ticks).astype(
                np.int32
            ),
        }

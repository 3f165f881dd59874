"""Odometers that see nothing: what every other one is held against.

| name | what it says |
|---|---|
| `Still` | nothing has moved |
| `ConstantVelocity` | straight on, at one speed for all |
| `GyroSpeed` | straight on at that speed, turned as the gyroscope says |
| `Wheels` | as the encoders of the wheels have counted |
| `Inertial` | the IMU's samples, integrated (strapdown); level, at rest and without bias at first |

None is told anything of the truth but that `Inertial` counts on an episode to begin at rest, as
rides do. `ConstantVelocity` does not know the velocity of a ride, which is zero at its start: it
has the mean forward speed of the rides of `odometry-validation-v1`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from navworld.beliefs import Motion, Observation
from navworld.data.sequences import Channel
from navworld.geometry import se3, so3
from navworld.geometry.imu import strapdown
from navworld.streams import IntArray

FORWARD_MPS = 0.556
"""Mean of the speed along the body's x axis over the rides of a minute in
`odometry-validation-v1` [m/s]."""


class Still:
    """Stands where it stood."""

    sensors: tuple[str, ...] = ()

    def reset(self, ids: IntArray) -> None:
        """Nothing to remember."""

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """The identity."""
        return Motion(np.tile(np.eye(4), (len(ids), 1, 1)))


class ConstantVelocity:
    """Goes straight on.

    Args:
        speed: Along the body's x axis [m/s].
    """

    sensors: tuple[str, ...] = ()

    def __init__(self, speed: float = FORWARD_MPS) -> None:
        self.speed = speed
        self._started = np.zeros(0, np.bool_)

    def reset(self, ids: IntArray) -> None:
        """Begins an episode: its first observation is where it starts."""
        self._started = _room(self._started, ids)
        self._started[ids] = False

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """The way that is made in dt."""
        way = np.zeros((len(ids), 6))
        way[:, 0] = self.speed * dt * self._started[ids]
        self._started[ids] = True
        return Motion(se3.exp(way))


class GyroSpeed(ConstantVelocity):
    """Goes on at one speed, turned by the gyroscope of an IMU in the body's axes."""

    sensors = ("imu",)

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """The way that is made in dt, along the arc of the turn."""
        started = self._started[ids].copy()
        T = super().step(observation, action, dt, ids).T_previous_current
        samples, intervals = _samples(observation, dt)
        turn = np.tile(np.eye(3), (len(ids), 1, 1))
        for k in range(samples.shape[1]):
            turn = turn @ so3.exp(samples[:, k, 3:] * intervals[:, k, None])
        rotation = so3.log(turn) * started[:, None]
        return Motion(se3.exp(np.concatenate([T[:, :3, 3], rotation], 1)))


class Wheels:
    """Adds up what the wheels' encoders have counted since the step before: an arc."""

    sensors = ("wheel_odometry",)

    def reset(self, ids: IntArray) -> None:
        """Nothing to remember."""

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """The arc that was driven."""
        forward, turn = observation["wheel_odometry"].astype(np.float64).T
        zero = np.zeros_like(forward)
        return Motion(se3.exp(np.stack([forward, zero, zero, zero, zero, turn], 1)))


class Inertial:
    """Inertial dead reckoning.

    The first samples of an episode tell where down is; it begins at rest, and heading is free.
    Nothing is known of biases, so errors grow with the square of time and faster.
    """

    sensors = ("imu",)

    def __init__(self) -> None:
        self._T_body_imu = np.zeros((0, 4, 4))
        self._T_world_imu = np.zeros((0, 4, 4))
        self._velocity = np.zeros((0, 3))
        self._level, self._started = np.zeros(0, np.bool_), np.zeros(0, np.bool_)

    def calibrate(self, channels: Mapping[str, Channel], id: int) -> None:
        """Where the IMU sits in the body; without this, in its origin along its axes."""
        self._resize(np.array([id]))
        mount = channels["imu"].T_body_sensor
        self._T_body_imu[id] = np.eye(4) if mount is None else mount

    def reset(self, ids: IntArray) -> None:
        """Begins an episode at rest."""
        self._resize(ids)
        self._T_world_imu[ids], self._velocity[ids] = np.eye(4), 0.0
        self._level[ids] = self._started[ids] = False

    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """The motion that the samples since the step before add up to."""
        samples, intervals = _samples(observation, dt)
        before = self._T_world_imu[ids]
        first = ~self._level[ids] & (intervals > 0).any(1)
        if first.any():
            before[first, :3, :3] = _levelled(samples[first], intervals[first])
            self._level[ids[first]] = True
        intervals = intervals * self._started[ids, None]  # samples of before the start
        self._started[ids] = True
        poses, velocities = strapdown(before, self._velocity[ids], samples, intervals)
        self._T_world_imu[ids], self._velocity[ids] = poses[:, -1], velocities[:, -1]
        mount = self._T_body_imu[ids]
        return Motion(mount @ se3.relative(before, poses[:, -1]) @ se3.inverse(mount))

    def _resize(self, ids: IntArray) -> None:
        self._T_body_imu = _room(self._T_body_imu, ids, np.eye(4))
        self._T_world_imu = _room(self._T_world_imu, ids, np.eye(4))
        self._velocity, self._level = _room(self._velocity, ids), _room(self._level, ids)
        self._started = _room(self._started, ids)


def _samples(observation: Observation, dt: float) -> tuple[NDArray, NDArray]:
    """(n, K, 6) samples of an IMU, and the time (n, K) each covers: 0 where there is none."""
    samples = observation["imu"].astype(np.float64)
    if samples.ndim == 2:  # an IMU as slow as the clock
        return samples[:, None], np.full((len(samples), 1), dt)
    count = observation["imu_count"].astype(np.int64)
    there = np.arange(samples.shape[1]) < count
    return samples, np.where(there, dt / np.maximum(count, 1), 0.0)


def _levelled(samples: NDArray, intervals: NDArray) -> NDArray[np.float64]:
    """(n, 3, 3) attitudes in which the mean force points up, without a turn about the vertical."""
    weight = intervals / intervals.sum(1, keepdims=True)
    x, y, z = np.einsum("nk,nkj->nj", weight, samples[..., :3]).T
    pitch, roll = np.arctan2(-x, np.hypot(y, z)), np.arctan2(y, z)
    return so3.from_euler_zyx(np.stack([np.zeros_like(x), pitch, roll], 1))


def _room(values: NDArray, ids: IntArray, fill: NDArray | float = 0) -> NDArray:
    """Values with a row for every id."""
    more = int(np.max(ids, initial=-1)) + 1 - len(values)
    if more <= 0:
        return values
    rows = np.empty((more, *values.shape[1:]), values.dtype)
    rows[:] = fill
    return np.concatenate([values, rows])

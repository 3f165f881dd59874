"""Inertial measurement unit: what pushes and turns the body, at a rate of its own.

| name | shape | unit |
|---|---|---|
| `imu` | (K, 6) float32 | specific force [m/s²], angular rate [rad/s], oldest first |
| `imu_count` | (1,) int32 | how many of the K rows hold samples; the rest is 0 |
| `imu_age` | (1,) float32 | time from the end of the last sample to now [s], less than 1 / rate |

Frame: the sensor's, `T_body_imu`; the body's by default. At rest and level it reads +9.80665 on z.

Rate: `rate_hz`; sample j of an episode covers the time from (j − 1) / rate to j / rate since its
start. An observation holds the samples that have ended since the one before: K = ⌈rate · dt⌉. When
rate · dt is whole, every observation is full and its age is 0. The first of an episode holds as
many as fit dt, taken at rest before the start.

A sample is a mean over its interval, as of devices that integrate and correct for coning and
sculling (`navworld.geometry.imu`, whose `strapdown` gives the path back). On a walking foot, 10 s
of it at 200 Hz drift 0.1 mm; plain means drift 4 cm, point samples 2 cm and 1.5°.

Noise: with M the scale and axis errors of the episode, b its constant offset, w a random walk, m a
first-order Gauss–Markov process and n white noise,

    y = round(clip(M x + b + w + m + n)),

with the standard deviations of a grade (`navworld.sensors.imu_grades`). Bias processes go on from
one observation to the next and are known to `bias`. Model: IEEE Std 952-1997; O. J. Woodman, An
introduction to inertial navigation, UCAM-CL-TR-696, 2007.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray
from scipy.signal import lfilter

from navworld.beliefs import Observation
from navworld.geometry import se3
from navworld.geometry.imu import GRAVITY, samples_between
from navworld.names import named
from navworld.sensors.imu_grades import IMU_PRESETS, ImuGrade, TriadNoise
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.world import World

SAME_TIME = 1e-6
"""Times that differ by less than this fraction of a sample are one."""


class IMU:
    """Accelerometer and gyroscope.

    Args:
        preset: Name of a grade (`IMU_PRESETS`), or a grade.
        rate_hz: Samples per second.
        dt: Time between observations [s]; the robot's.
        T_body_imu: (4, 4) where it is mounted; the body's own frame by default.
        key: Its name in the observation.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        preset: str | ImuGrade = "ideal",
        rate_hz: float = 200.0,
        dt: float = 0.5,
        T_body_imu: ArrayLike | None = None,
        key: str = "imu",
    ) -> None:
        self.grade = _grade(preset)
        for name, value in (("rate_hz", rate_hz), ("dt", dt)):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"IMU({name}={value!r}) must be a positive number")
        self.T_body_imu = np.eye(4) if T_body_imu is None else np.array(T_body_imu, np.float64)
        if self.T_body_imu.shape != (4, 4) or not se3.is_rigid(self.T_body_imu):
            raise ValueError("IMU(T_body_imu=…) must be a (4, 4) rotation and translation")
        self.rate_hz, self.dt, self.key = float(rate_hz), float(dt), key
        self.capacity = int(np.ceil(rate_hz * dt - SAME_TIME))
        self._triads = (self.grade.accelerometer, self.grade.gyroscope)
        limit = np.array([t.limit for t in self._triads], np.float32).repeat(3)
        limit = np.tile(limit, (self.capacity, 1))
        self.space = spaces.Dict(
            {
                key: spaces.Box(-limit, limit, dtype=np.float32),
                f"{key}_count": spaces.Box(0, self.capacity, (1,), np.int32),
                f"{key}_age": spaces.Box(0.0, 1 / self.rate_hz, (1,), np.float32),
            }
        )
        self._resize(0)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Draws the errors of the episode."""
        if abs(world.robot.dt - self.dt) > SAME_TIME / self.rate_hz:
            raise ValueError(
                f"IMU(dt={self.dt}) in a world whose robot acts every {world.robot.dt} s: "
                f"pass dt={world.robot.dt} to the sensor"
            )
        if len(self._taken) < world.num_envs:
            self._resize(world.num_envs)
        start = world.moments(ids, np.ones(1)).of_mount(self.T_body_imu)
        self._T[ids], self._velocity[ids] = start.T_world_body[:, 0], start.velocity[:, 0]
        self._taken[ids] = self._ended(world.time[ids])
        self._walk[ids] = 0.0
        self._drift[ids] = self._each("instability") * self._normal(streams, "drift", ids, (6,))
        bias = self._each("turn_on_bias") * self._normal(streams, "bias", ids, (6,))
        self._bias[ids] = bias
        error = self._normal(streams, "axes", ids, (2, 3, 3))
        for k, triad in enumerate(self._triads):
            std = np.where(np.eye(3) > 0, triad.scale, triad.misalignment)
            self._axes[ids, k] = np.eye(3) + std * error[:, k]

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, K, 6), key_count: (n, 1), key_age: (n, 1)}."""
        at_rest = world.dt[ids] <= 0
        now = world.time[ids]
        ended = self._ended(now)
        age = np.clip(now - ended / self.rate_hz, 0.0, 1 / self.rate_hz)
        count = ended - self._taken[ids]
        if count.max(initial=0) > self.capacity:
            raise ValueError(
                f"the world moved on by {world.dt[ids].max()} s, IMU(dt={self.dt}) has room for "
                f"{self.capacity} samples: pass the time between observations as dt="
            )
        count[at_rest] = max(1, int(self.rate_hz * self.dt + SAME_TIME))
        exact = np.zeros((len(ids), self.capacity, 6))
        if at_rest.any():
            exact[at_rest] = self._at_rest(ids[at_rest])[:, None]
        if not at_rest.all():
            exact[~at_rest] = self._moving(world, ids[~at_rest], count[~at_rest])
        samples = self._disturb(exact, count, ids, streams)
        samples[np.arange(self.capacity) >= count[:, None]] = 0.0
        return {
            self.key: samples,
            f"{self.key}_count": count[:, None].astype(np.int32),
            f"{self.key}_age": age[:, None].astype(np.float32),
        }

    def bias(self, ids: IntArray) -> NDArray:
        """(n, 6) true offsets of the last sample: force [m/s²], rate [rad/s]."""
        return self._bias[ids] + self._walk[ids] + self._drift[ids]

    def _ended(self, time: NDArray) -> NDArray[np.int64]:
        """How many samples have ended by a time since the episode's start (n,) [s]."""
        return np.floor(time * self.rate_hz + SAME_TIME).astype(np.int64)

    def _at_rest(self, ids: IntArray) -> NDArray:
        """(n, 6) the reading of a sensor that stands still."""
        force = GRAVITY * self._T[ids, 2, :3]
        return np.concatenate([force, np.zeros_like(force)], 1)

    def _moving(self, world: World, ids: IntArray, count: NDArray) -> NDArray:
        """(n, K, 6) exact samples since the last reading; only the first `count` are meant."""
        ends = (self._taken[ids, None] + np.arange(1, self.capacity + 1)) / self.rate_hz
        step = world.dt[ids, None]
        fraction = (ends - (world.time[ids, None] - step)) / step
        fraction = np.where(fraction > 1 - 1e-9, 1.0, np.maximum(fraction, 0.0))
        moments = world.moments(ids, fraction).of_mount(self.T_body_imu)
        # A body that was carried off does not feel it: what it remembers comes along.
        self._T[ids] = world.carried[ids] @ self._T[ids]
        turned = np.einsum("nij,nj->ni", world.carried[ids, :3, :3], self._velocity[ids])
        self._velocity[ids] = turned
        T = np.concatenate([self._T[ids, None], moments.T_world_body], 1)
        velocity = np.concatenate([self._velocity[ids, None], moments.velocity], 1)
        rows = np.arange(len(ids))
        self._T[ids], self._velocity[ids] = T[rows, count], velocity[rows, count]
        self._taken[ids] += count
        return samples_between(T, velocity, 1 / self.rate_hz)

    def _disturb(
        self, exact: NDArray, count: NDArray, ids: IntArray, streams: Streams
    ) -> NDArray[np.float32]:
        """What the device makes of exact samples (n, K, 6); its biases move on by `count`."""
        value = np.empty_like(exact)
        for k in range(2):
            part = slice(3 * k, 3 * k + 3)
            value[..., part] = exact[..., part] @ self._axes[ids, k].mT
        value += self._biases(count, ids, streams)
        limit, step = self._each("limit"), self._each("resolution")
        # Rounding is a noise of its own, of variance step² / 12, which the density contains.
        variance = self._each("noise_density") ** 2 * self.rate_hz - step**2 / 12
        if (variance > 0).any():
            noise = streams.normal(f"{self.key} noise", ids, exact.shape[1:])
            value += np.sqrt(np.maximum(variance, 0.0)) * noise
        value = np.clip(value, -limit, limit)
        rounded = np.rint(value / np.where(step > 0, step, 1.0)) * step
        value = np.where(step > 0, rounded, value)
        return np.clip(value.astype(np.float32), -np.float32(limit), np.float32(limit))

    def _biases(self, count: NDArray, ids: IntArray, streams: Streams) -> NDArray:
        """(n, K, 6) offsets, sample by sample."""
        shape = (self.capacity, 6)
        last, rows = np.maximum(count - 1, 0), np.arange(len(ids))
        bias = np.broadcast_to(self._bias[ids, None], (len(ids), *shape)).copy()
        walk, instability = self._each("random_walk"), self._each("instability")
        if walk.any():
            steps = walk / np.sqrt(self.rate_hz) * streams.normal(f"{self.key} walk", ids, shape)
            path = self._walk[ids, None] + steps.cumsum(1)
            self._walk[ids] = np.where(count[:, None] > 0, path[rows, last], self._walk[ids])
            bias += path
        if instability.any():
            keep = np.exp(-1 / (self.rate_hz * self._each("correlation_time")))
            kicks = streams.normal(f"{self.key} instability", ids, shape)
            kicks *= instability * np.sqrt(-np.expm1(2 * np.log(keep)))
            path = np.empty_like(kicks)
            for k in range(2):
                part = slice(3 * k, 3 * k + 3)
                memory = keep[3 * k] * self._drift[ids, None, part]
                path[..., part] = lfilter(
                    [1.0], [1.0, -keep[3 * k]], kicks[..., part], axis=1, zi=memory
                )[0]
            self._drift[ids] = np.where(count[:, None] > 0, path[rows, last], self._drift[ids])
            bias += path
        return bias

    def _each(self, name: str) -> NDArray:
        """(6,) a figure of the grade for every column of the reading."""
        return np.repeat([getattr(triad, name) for triad in self._triads], 3)

    def _normal(self, streams: Streams, what: str, ids: IntArray, shape: tuple) -> NDArray:
        return streams.normal(f"{self.key} {what}", ids, shape)

    def _resize(self, num_envs: int) -> None:
        self._taken = np.zeros(num_envs, np.int64)
        self._T, self._velocity = np.tile(np.eye(4), (num_envs, 1, 1)), np.zeros((num_envs, 3))
        self._axes = np.tile(np.eye(3), (num_envs, 2, 1, 1))
        self._bias, self._walk, self._drift = (np.zeros((num_envs, 6)) for _ in range(3))


def _grade(preset: str | ImuGrade) -> ImuGrade:
    if isinstance(preset, ImuGrade):
        return preset
    return named(preset, IMU_PRESETS, "IMU preset")


__all__ = ["IMU", "IMU_PRESETS", "ImuGrade", "TriadNoise"]

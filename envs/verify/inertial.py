"""Inertial sensors: what an IMU measures gives the way back, and its noise is its grade's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from navworld.envs.verify.findings import Findings
from navworld.evaluation.allan import allan_deviation, expected_deviation
from navworld.evaluation.result import Metric
from navworld.geometry import so3
from navworld.geometry.curves import Curve, Moments
from navworld.geometry.imu import GRAVITY, strapdown
from navworld.scenes import scene_refs
from navworld.sensors.imu import IMU
from navworld.sensors.imu_grades import IMU_PRESETS, ImuGrade, TriadNoise
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.carriers import CARRIERS, Pedestrian
from navworld.world.store import Place, shared_store
from navworld.world.world import World

FRAME = 0.05
"""Time between the observations of a carrier [s]."""

SECONDS = 10.0
QUADRATURE = 8
"""Points a sample at which the mean of the exact force and rate is taken."""

WHITE = 0.1
"""Averaging time at which every grade's white noise dominates [s]."""


def verify_inertial(fast: bool = False) -> Findings:
    """Dead reckoning without noise on every carrier; Allan deviation of every grade."""
    metrics, checks = _verify_drift(fast)
    found, held = _verify_noise(fast)
    return {**metrics, **found}, {**checks, **held}


def _verify_drift(fast: bool) -> Findings:
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    place = shared_store().get(scene_refs("apartment:validation")[0])
    for name, curves in carried(place, count=1 if fast else 3).items():
        drifts = np.array([drift(place, curve) for curve in curves])
        metres, degrees, force, rate = drifts.max(0)
        metrics[f"imu_drift_{name}_mm"] = Metric(1e3 * float(metres), "mm")
        metrics[f"imu_drift_{name}_deg"] = Metric(float(degrees), "°")
        metrics[f"imu_force_error_{name}_percent"] = Metric(100 * float(force), "%")
        metrics[f"imu_rate_error_{name}_percent"] = Metric(100 * float(rate), "%")
        checks[f"imu: 10 s on the {name} carrier drift < 1 cm and < 0.05°"] = bool(
            metres < 0.01 and degrees < 0.05
        )
        checks[f"imu: samples on the {name} carrier are the mean of its force and rate"] = bool(
            force < 0.01 and rate < 0.01
        )
    return metrics, checks


def drift(place: Place, curve: Curve) -> tuple[float, float, float, float]:
    """Rides a curve with an ideal IMU.

    Returns:
        Greatest error of the way [m] and of the attitude [deg] over 10 s of dead reckoning; and
        the error of the samples against the mean of the curve's own force and rate, as a fraction
        of their spread (rms).
    """
    world, imu = World(1, Robot(dt=FRAME)), IMU(dt=FRAME)
    world.ride(0, place, curve)
    samples = _record(world, imu, round(SECONDS / FRAME))[0]
    dt = 1 / imu.rate_hz
    truth = curve.at(np.minimum(np.arange(len(samples) + 1) * dt, curve.duration))
    T, _ = strapdown(truth.T_world_body[0], truth.velocity[0], samples, dt)
    way = np.linalg.norm(T[:, :3, 3] - truth.T_world_body[:, :3, 3], axis=1).max()
    angle = so3.angle_between(T[:, :3, :3], truth.T_world_body[:, :3, :3]).max()
    mean = _mean_motion(curve, len(samples), dt)
    error = np.sqrt(((samples - mean) ** 2).reshape(-1, 2, 3).sum(2).mean(0))
    spread = np.sqrt(((mean - mean.mean(0)) ** 2).reshape(-1, 2, 3).sum(2).mean(0))
    force, rate = error / np.maximum(spread, 1e-9)
    return float(way), float(np.degrees(angle)), float(force), float(rate)


def _mean_motion(curve: Curve, count: int, dt: float) -> NDArray:
    """(count, 6) mean specific force and rate by Gauss–Legendre quadrature of the derivatives."""
    points, weights = np.polynomial.legendre.leggauss(QUADRATURE)
    mean = np.zeros((count, 6))
    for point, weight in zip(points, weights, strict=True):
        m = curve.at((np.arange(count) + (point + 1) / 2) * dt)
        push = m.acceleration + np.array([0.0, 0.0, GRAVITY])
        force = np.einsum("kji,kj->ki", m.T_world_body[:, :3, :3], push)
        mean += weight / 2 * np.concatenate([force, m.angular_velocity], 1)
    return mean


def _record(world: World, imu: IMU, frames: int, seed: int = 0) -> NDArray:
    """(B, N, 6) float64 samples of riding bodies over some frames."""
    ids, streams = np.arange(world.num_envs), Streams(world.num_envs)
    for row in ids:
        streams.seed(int(row), int(seed + row))
    imu.reset(world, ids, streams)
    imu.read(world, ids, streams)
    record = []
    for _ in range(frames):
        streams.steps += 1
        world.follow(imu.dt)
        seen = imu.read(world, ids, streams)
        record.append(seen[imu.key][:, : int(seen[f"{imu.key}_count"][0, 0])])
    return np.concatenate(record, 1).astype(np.float64)


def _verify_noise(fast: bool) -> Findings:
    """Allan deviations of every grade, at the times at which each of its processes dominates."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for name, grade in IMU_PRESETS.items():
        if name == "ideal":
            continue
        errors = noise_errors(grade, bodies=32 if fast else 256)
        for what, error in errors.items():
            metrics[f"imu_allan_{name}_{what}_percent"] = Metric(100 * error, "%")
        held = max(errors.values()) < 0.05
        checks[f"imu: Allan deviation of {name} within 5 % of the preset"] = held
    return metrics, checks


def noise_errors(grade: ImuGrade, *, bodies: int) -> dict[str, float]:
    """|measured / model − 1| of the Allan deviation, for each process of each triad."""
    errors = {}
    record = _static(grade, rate_hz=200.0, dt=1.0, frames=5, bodies=bodies)
    for k, triad in enumerate((grade.accelerometer, grade.gyroscope)):
        title = ("accelerometer", "gyroscope")[k]
        part = record[..., 3 * k : 3 * k + 3].swapaxes(1, 2)
        deviation = _pooled(part, 200.0, WHITE)
        errors[f"{title}_noise"] = abs(deviation / (triad.noise_density / WHITE**0.5) - 1)
        for what, time in _slow_times(triad).items():
            errors[f"{title}_{what}"] = _slow_error(triad, what, time, bodies=2 * bodies)
    return errors


def _slow_times(triad: TriadNoise) -> dict[str, float]:
    """Averaging times [s] at which the walk, and the Gauss–Markov process, dominate."""
    times = {}
    if triad.random_walk:
        times["walk"] = 7.7 * triad.noise_density / triad.random_walk
    if triad.instability:
        times["instability"] = 1.89 * triad.correlation_time
    return times


def _slow_error(triad: TriadNoise, what: str, time: float, *, bodies: int) -> float:
    """|measured / model − 1| of the Allan deviation at a time at which a slow process shows.

    At 100 samples in that time rounding would hide what is slow and small, and is left out; so is
    the white noise of grades whose Gauss–Markov process never rises above it. Both triads of the
    device that is tried are this one.
    """
    triad = replace(triad, resolution=0.0, turn_on_bias=0.0, limit=100.0)
    if what == "instability":
        triad = replace(triad, noise_density=0.0)
    grade, rate = ImuGrade(triad, triad), 100 / time
    record = _static(grade, rate_hz=rate, dt=time, frames=10, bodies=bodies)
    model = expected_deviation(
        [time],
        noise_density=triad.noise_density,
        random_walk=triad.random_walk,
        instability=triad.instability,
        correlation_time=triad.correlation_time,
    )
    return abs(_pooled(record.swapaxes(1, 2), rate, time) / float(model[0]) - 1)


def _static(grade: ImuGrade, *, rate_hz: float, dt: float, frames: int, bodies: int) -> NDArray:
    """(bodies, N, 6) readings of IMUs that lie still."""
    world, imu = World(bodies, Robot(dt=dt)), IMU(preset=grade, rate_hz=rate_hz, dt=dt)
    place = shared_store().get(scene_refs("apartment:validation")[0])
    for row in range(bodies):
        world.ride(row, place, Still())
    return _record(world, imu, frames)


def _pooled(samples: NDArray, rate_hz: float, time: float) -> float:
    """Root mean square Allan deviation over all axes of all bodies."""
    _, deviation = allan_deviation(samples, rate_hz, [time])
    return float(np.sqrt((deviation**2).mean()))


@dataclass(frozen=True)
class Still:
    """A body that lies still."""

    duration: float = 1e9

    def at(self, t: NDArray[np.float64]) -> Moments:
        """The identity, at all times."""
        return Moments.at_rest(np.tile(np.eye(4), (len(t), 1, 1)))


def carried(place: Place, *, count: int) -> dict[str, list[Curve]]:
    """Motions of every carrier through a place, and of feet that run and climb."""
    carriers = {
        **CARRIERS,
        "running_foot": Pedestrian(activity="run"),
        "climbing_foot": Pedestrian(activity="stairs"),
    }
    return {
        name: [
            carrier.curve(place, np.random.default_rng(k), seconds=SECONDS + 1)
            for k in range(count)
        ]
        for name, carrier in carriers.items()
    }

"""Gait: an IMU on a simulated foot shakes like one on a real foot, and rests like a real one.

The real recordings are read from the folder that NAVWORLD_DATA names:

| file | what |
|---|---|
| `imu/gait_tracking/short_walk.csv` | foot-worn IMU, 400 Hz, a walk of 25 m (Gait-Tracking, MIT) |
| `imu/broad/*.mat` | IMU of 285.7 Hz with rests before and after motion (BROAD, CC BY 4.0) |
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.signal import correlate, find_peaks, welch

from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.geometry.curves import Curve, Moments
from navworld.geometry.imu import GRAVITY, samples_between
from navworld.scenes import scene_refs
from navworld.sensors.imu import IMU
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.carriers import ACTIVITIES, PLACEMENTS, Pedestrian
from navworld.world.gait import Person
from navworld.world.store import shared_store
from navworld.world.world import World

RATE = 400.0
"""Of the real foot's IMU, and of the simulated one [Hz]."""

BANDS = ((0.5, 3.0), (3.0, 10.0), (10.0, 50.0))
"""[Hz]."""

QUANTITIES = ("acceleration", "angular rate")
REST_PRESET = "mpu6000"
"""The grade whose noise is nearest to that of the IMU of the BROAD recordings."""


@dataclass(frozen=True)
class Walk:
    """Steady walking of a foot.

    Attributes:
        samples: (N, 6) specific force [m/s²] and angular rate [rad/s] at `RATE`.
        step_rate: [steps/s].
    """

    samples: NDArray[np.float64]
    step_rate: float


def verify_gait(fast: bool = False) -> Findings:
    """Power of simulated feet in three bands, and noise at rest, against real recordings."""
    data = os.environ.get("NAVWORLD_DATA")
    metrics, checks = _verify_growth(fast)
    if not data:
        print("gait: real recordings not compared: set NAVWORLD_DATA to the folder with imu/")
        return metrics, checks
    for part in (_verify_power, _verify_rest):
        found, held = part(Path(data) / "imu", fast)
        metrics.update(found)
        checks.update(held)
    return metrics, checks


def real_walk(folder: Path) -> Walk:
    """The steady part of the real foot's walk.

    Raises:
        FileNotFoundError: The recording is not there.
    """
    path = folder / "gait_tracking" / "short_walk.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such recording; NAVWORLD_DATA must hold imu/")
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    table = table[np.append(True, np.diff(table[:, 0]) > 0)]  # some samples were sent twice
    t = np.arange(0.0, table[-1, 0], 1 / RATE)
    columns = [np.interp(t, table[:, 0], table[:, k]) for k in (4, 5, 6, 1, 2, 3)]
    samples = np.stack(columns, 1) * np.repeat([GRAVITY, np.pi / 180], 3)
    return steady(samples)


def simulated_walk(person: Person, seed: int, seconds: float = 45.0) -> Walk:
    """The steady part of a person's walk in the open."""
    curve = Pedestrian(person=person).curve(None, np.random.default_rng(seed), seconds)
    return steady(measured(curve, seconds))


def measured(curve: Curve, seconds: float) -> NDArray[np.float64]:
    """(N, 6) what an ideal IMU of `RATE` measures along a curve."""
    moments = curve.at(np.arange(round(seconds * RATE) + 1) / RATE)
    return samples_between(moments.T_world_body, moments.velocity, 1 / RATE)


def steady(samples: NDArray) -> Walk:
    """Walking without the first and the last stride, found by the heel rising once per stride.

    That is the fastest turn about the axis that the foot turns about most.
    """
    rates = samples[:, 3:]
    turning = rates @ np.linalg.eigh(rates.T @ rates)[1][:, -1]
    window = np.hanning(round(0.1 * RATE))
    smooth = np.convolve(turning, window / window.sum(), "same")
    smooth *= 1.0 if smooth.max() > -smooth.min() else -1.0
    alike = correlate(smooth, smooth)[len(smooth) - 1 :]
    shortest, longest = round(0.6 * RATE), round(2.0 * RATE)
    period = shortest + int(np.argmax(alike[shortest:longest]))
    least = 0.5 * np.quantile(smooth, 0.995)
    swings, _ = find_peaks(smooth, height=least, distance=round(0.7 * period))
    if len(swings) < 6:
        raise ValueError(f"found {len(swings)} swings of a foot: at least 6 are needed")
    stride = float(np.median(np.diff(swings))) / RATE
    gaps = np.append(0, np.flatnonzero(np.diff(swings) > 1.8 * stride * RATE) + 1)
    runs = np.split(swings, gaps[1:])
    run = max(runs, key=len)
    stride = float(run[-2] - run[1]) / (len(run) - 3) / RATE
    return Walk(samples[run[1] : run[-2]], 2 / stride)


def spectra(samples: NDArray) -> tuple[NDArray, NDArray]:
    """Frequencies (F,) [Hz] and power densities (2, F) of force and rate, summed over the axes."""
    f, density = welch(samples, RATE, nperseg=round(4 * RATE), axis=0)
    return f, density.reshape(len(f), 2, 3).sum(2).T


def band_power(samples: NDArray) -> NDArray[np.float64]:
    """(2, 3) power of force [m²/s⁴] and of angular rate [rad²/s²] in `BANDS`."""
    f, density = spectra(samples)
    power = [density[:, (f >= low) & (f < high)].sum(1) * f[1] for low, high in BANDS]
    return np.stack(power, 1)


def power_ratios(folder: Path, *, people: int) -> NDArray[np.float64]:
    """(people, 2, 3) band powers of simulated feet over those of the real one, at its step rate."""
    real = real_walk(folder)
    ratios = []
    for seed in range(people):
        person = Person.drawn(np.random.default_rng(1000 + seed), step_rate=real.step_rate)
        ratios.append(band_power(simulated_walk(person, seed).samples) / band_power(real.samples))
    return np.array(ratios)


def _verify_power(folder: Path, fast: bool) -> Findings:
    """People walk at the step rate of the real foot; their mean power is compared."""
    ratios = power_ratios(folder, people=4 if fast else 24)
    mean = np.exp(np.log(ratios).mean(0))
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for q, quantity in enumerate(QUANTITIES):
        for b, (low, high) in enumerate(BANDS):
            name = f"gait_{quantity.replace(' ', '_')}_{low:g}_{high:g}_hz_ratio"
            spread = np.quantile(ratios[:, q, b], (0.025, 0.975))
            metrics[name] = Metric(float(mean[q, b]), "", float(spread[0]), float(spread[1]))
            sentence = (
                f"gait: {quantity} {low:g} to {high:g} Hz within a factor of 2 of a real foot"
            )
            checks[sentence] = bool(0.5 < mean[q, b] < 2.0)
    share = float(((ratios > 0.5) & (ratios < 2.0)).mean())
    metrics["gait_people_within_factor_2_percent"] = Metric(100 * share, "%")
    checks["gait: 9 of 10 powers of single people within a factor of 2"] = share >= 0.9
    return metrics, checks


def _verify_rest(folder: Path, fast: bool) -> Findings:
    """Noise of resting IMUs, mean drift of every second taken off."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for k, path in enumerate(sorted((folder / "broad").glob("*.mat"))):
        real, rate = rest_of(path)
        simulated = resting_imu(REST_PRESET, rate, seconds=10 if fast else 60)
        ratios = _spread(simulated, rate) / _spread(real, rate)
        for quantity, ratio in zip(QUANTITIES, ratios, strict=True):
            metrics[f"rest_{quantity.replace(' ', '_')}_{k}_ratio"] = Metric(float(ratio))
            sentence = f"gait: {quantity} at rest within a factor of 2 of {path.stem}"
            checks[f"{sentence} ({REST_PRESET})"] = bool(0.5 < ratio < 2.0)
    return metrics, checks


def rest_of(path: Path) -> tuple[NDArray[np.float64], float]:
    """(N, 6) force and rate of the second before, and after, which a BROAD trial moves; the rate.

    Seconds are at rest when the trial does not mark them as movement and the gyroscope varies no
    more than twice as much as in its quietest second: the rest is handling.
    """
    trial = loadmat(path)
    rate = float(trial["sampling_rate"].item())
    samples = np.concatenate([trial["imu_acc"], trial["imu_gyr"]], 1)
    size = int(rate)
    seconds = samples[: len(samples) // size * size].reshape(-1, size, 6)
    moving = trial["movement"].ravel()[: len(seconds) * size].reshape(-1, size).any(1)
    varies = np.linalg.norm(seconds[..., 3:].std(1), axis=1)
    quiet = ~moving & (varies < 2 * varies[~moving].min())
    return seconds[quiet].reshape(-1, 6), rate


def resting_imu(preset: str, rate: float, *, seconds: float) -> NDArray[np.float64]:
    """(N, 6) readings of an IMU that lies still."""
    ids, streams = np.arange(1), Streams(1)
    world, imu = World(1, Robot(dt=1.0)), IMU(preset=preset, rate_hz=rate, dt=1.0)
    world.ride(0, shared_store().get(scene_refs("apartment:validation")[0]), _Still())
    streams.seed(0, 0)
    imu.reset(world, ids, streams)
    imu.read(world, ids, streams)
    record = []
    for _ in range(round(seconds)):
        streams.steps += 1
        world.follow(1.0)
        seen = imu.read(world, ids, streams)
        record.append(seen["imu"][0, : int(seen["imu_count"][0, 0])])
    return np.concatenate(record).astype(np.float64)


@dataclass(frozen=True)
class _Still:
    duration: float = 1e9

    def at(self, t: NDArray[np.float64]) -> Moments:
        return Moments.at_rest(np.tile(np.eye(4), (len(t), 1, 1)))


def _spread(samples: NDArray, rate: float) -> NDArray[np.float64]:
    """(2,) standard deviation of force and rate within seconds, over all axes."""
    size = int(rate)
    seconds = samples[: len(samples) // size * size].reshape(-1, size, 2, 3)
    return np.sqrt(seconds.var(1).mean((0, 2)))


def vibration(placement: str, activity: str, person: Person, *, seconds: float) -> float:
    """Root mean square of the force from 10 to 50 Hz while the person is busy [m/s²]."""
    carrier = Pedestrian(placement=placement, activity=activity, person=person)
    samples = measured(carrier.curve(None, np.random.default_rng(5), seconds), seconds)
    return float(np.sqrt(band_power(samples[round(3 * RATE) : -round(3 * RATE)])[0, 2]))


def _verify_growth(fast: bool) -> Findings:
    """Vibration grows from standing over slow and usual walking to running."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    usual = Person()
    slow = replace(usual, step_rate=1.3, step_length=0.33)
    seconds = 14.0 if fast else 40.0
    for placement in PLACEMENTS:
        found = {name: vibration(placement, name, usual, seconds=seconds) for name in ACTIVITIES}
        found["slow"] = vibration(placement, "walk", slow, seconds=seconds)
        for name, value in found.items():
            metrics[f"vibration_{placement}_{name}"] = Metric(value, "m/s²")
        order = [found[name] for name in ("stand", "slow", "walk", "run")]
        checks[f"gait: vibration of the {placement} grows with speed"] = bool(
            (np.diff(order) > 0).all()
        )
    return metrics, checks

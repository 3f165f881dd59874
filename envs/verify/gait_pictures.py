"""Pictures of carriers and of their gait, for docs/carriers.md.

NAVWORLD_DATA=… python -m navworld.envs.verify.gait_pictures docs/pictures
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from navworld.envs.verify.gait import (
    BANDS,
    RATE,
    REST_PRESET,
    measured,
    real_walk,
    rest_of,
    resting_imu,
    simulated_walk,
    spectra,
)
from navworld.scenes import scene_refs
from navworld.world.carriers import ACTIVITIES, CARRIERS, PLACEMENTS, Pedestrian
from navworld.world.gait import Person
from navworld.world.store import shared_store

REAL, SIMULATED = "#c0392b", "#2e86de"
UNITS = ("m/s²", "rad/s")
TITLES = ("specific force", "angular rate")


def draw(folder: Path, data: Path) -> None:
    """Writes every picture into a folder."""
    plt.rcParams.update({"font.size": 8, "axes.grid": True, "grid.alpha": 0.3})
    pictures = {
        "carriers_paths": draw_paths(),
        "gait_spectra": draw_spectra(data),
        "gait_series": draw_series(data),
        "gait_rest": draw_rest(data),
        "gait_activities": draw_activities(),
    }
    for name, figure in pictures.items():
        figure.savefig(folder / f"{name}.png", dpi=80)
        plt.close(figure)


def draw_paths() -> Figure:
    """One minute of every carrier in an apartment, from blue to red."""
    place = shared_store().get(scene_refs("apartment:10003")[0])
    navigator = place.navigator(0.18)
    figure, axes = plt.subplots(2, 3, figsize=(9, 5.6), layout="constrained")
    for k, (axis, (name, made)) in enumerate(zip(axes.flat, CARRIERS.items(), strict=True)):
        t = np.arange(0, 60, 0.02)
        T = made.curve(place, np.random.default_rng(20 + k), 60.0).at(t).T_world_body
        axis.imshow(navigator.topdown())
        spots = navigator.to_pixels(T[:, :2, 3])
        axis.scatter(*spots.T, c=t, s=0.7, cmap="turbo")
        axis.set_title(f"{name}, height {T[:, 2, 3].min():.2f} to {T[:, 2, 3].max():.2f} m")
        axis.set_axis_off()
    return figure


def draw_spectra(data: Path) -> Figure:
    """Power densities of the real foot and of eight people at its step rate."""
    real = real_walk(data)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for seed in range(8):
        person = Person.drawn(np.random.default_rng(1000 + seed), step_rate=real.step_rate)
        f, density = spectra(simulated_walk(person, seed).samples)
        for axis, power in zip(axes, density, strict=True):
            label = "simulated, eight people" if seed == 0 else None
            axis.loglog(f[1:], power[1:], color=SIMULATED, lw=0.5, alpha=0.5, label=label)
    f, density = spectra(real.samples)
    for k, (axis, power) in enumerate(zip(axes, density, strict=True)):
        axis.loglog(f[1:], power[1:], color=REAL, lw=1, label="real")
        for edge in sorted({edge for band in BANDS for edge in band}):
            axis.axvline(edge, color="0.5", lw=0.7, ls=":")
        axis.set(xlim=(0.3, 150), ylim=(power.max() * 1e-7, power.max() * 4))
        axis.set(xlabel="Hz", ylabel=f"({UNITS[k]})²/Hz", title=f"foot: {TITLES[k]}")
        axis.legend(loc="lower left")
    return figure


def draw_series(data: Path) -> Figure:
    """Three strides of the real and of a simulated foot: lengths of force and rate."""
    real = real_walk(data)
    person = Person.drawn(np.random.default_rng(1000), step_rate=real.step_rate)
    walks = {"real": (real, REAL), "simulated": (simulated_walk(person, 0), SIMULATED)}
    figure, axes = plt.subplots(2, 2, figsize=(9, 4), layout="constrained", sharex=True)
    for row, (name, (walk, color)) in enumerate(walks.items()):
        span = walk.samples[: round(6 / walk.step_rate * RATE)]
        t = np.arange(len(span)) / RATE
        for k in range(2):
            length = np.linalg.norm(span[:, 3 * k : 3 * k + 3], axis=1)
            axes[row, k].plot(t, length, color=color, lw=0.8)
            axes[row, k].set(ylabel=UNITS[k], ylim=(0, (65, 12.5)[k]))
            axes[row, k].set_title(f"{name} foot: length of the {TITLES[k]}")
    for axis in axes[1]:
        axis.set_xlabel("s")
    return figure


def draw_rest(data: Path) -> Figure:
    """Noise densities of real and simulated IMUs at rest."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
    paths = sorted((data / "broad").glob("*.mat"))
    rate = rest_of(paths[0])[1]
    records = [(rest_of(path)[0], REAL, "real (BROAD)") for path in paths]
    records.append((resting_imu(REST_PRESET, rate, seconds=60), SIMULATED, REST_PRESET))
    for samples, color, label in records:
        f, density = spectra(samples)
        for k, axis in enumerate(axes):
            axis.semilogy(f[4:] * rate / RATE, density[k, 4:] ** 0.5, color=color, lw=0.7)
            axis.plot([], [], color=color, label=label)
            axis.set(xlabel="Hz", ylabel=f"{UNITS[k]}/√Hz", title=f"at rest: {TITLES[k]}")
    for axis in axes:
        found = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        axis.legend(found.values(), found.keys())
        low, high = axis.get_ylim()
        axis.set_ylim(low / 2, high * 2)
    return figure


def draw_activities() -> Figure:
    """Vertical force of every placement and activity."""
    figure, axes = plt.subplots(4, 3, figsize=(9, 6), layout="constrained", sharex=True)
    for row, activity in enumerate(ACTIVITIES):
        for column, placement in enumerate(PLACEMENTS):
            _strip(axes[row, column], placement, activity)
    for axis in axes[-1]:
        axis.set_xlabel("s")
    return figure


def _strip(axis: Axes, placement: str, activity: str) -> None:
    made = Pedestrian(placement, activity, Person())
    force = measured(made.curve(None, np.random.default_rng(3), 12.0), 12.0)[:, :3]
    span = slice(round(6 * RATE), round(9 * RATE))
    axis.plot(np.arange(span.stop - span.start) / RATE, force[span], lw=0.7)
    axis.set_title(f"{placement}, {activity} [m/s²]")


if __name__ == "__main__":
    if "NAVWORLD_DATA" not in os.environ:
        raise SystemExit("set NAVWORLD_DATA to the folder that holds imu/")
    draw(Path(sys.argv[1]), Path(os.environ["NAVWORLD_DATA"]) / "imu")

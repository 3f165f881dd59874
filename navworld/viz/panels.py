"""What sensors measure, as pictures and plots with their legends.

`panels` turns a sensor's readings into `Picture`s and `Plot`s. Keys of an observation that have a
drawing of their own are in `DRAWINGS`; any other is drawn by its shape: images as images, short
vectors over time, long ones as they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.viz.legends import (
    NOTHING,
    Legend,
    Scale,
    Swatches,
    Wheel,
    class_legend,
    distinct_colors,
    swatches,
)
from navworld.viz.plots import Plot
from navworld.viz.ranges import HEIGHTS, cloud_picture, echoes_picture
from navworld.world.semantics import class_colors

RED, BLUE = (235, 64, 52), (48, 112, 240)
MOST_CURVES = 8


@dataclass(frozen=True, eq=False)
class Picture:
    """An image with what its colours mean.

    Attributes:
        title: What is shown.
        image: (H, W, 3) uint8.
        legend: Of the colours, None where they speak for themselves.
        note: A few words more.
        photo: Whether it is a photograph rather than false colours with sharp edges.
    """

    title: str
    image: NDArray[np.uint8]
    legend: Legend = None
    note: str = ""
    photo: bool = False


Panel = Picture | Plot


@dataclass(frozen=True, eq=False)
class Readings:
    """What one sensor of one body measured, oldest first.

    Attributes:
        sensor: That measured.
        times: (T,) [s].
        seen: T observations, without the axis of the batch.
        frame: (H, W, 3) colour image of the sensor's camera now, for what is drawn over it.
    """

    sensor: Any
    times: NDArray
    seen: Sequence[dict[str, NDArray]]
    frame: NDArray[np.uint8] | None = None

    def now(self, key: str) -> NDArray:
        """The latest value of a key."""
        return self.seen[-1][key]

    def course(self, key: str) -> NDArray:
        """(T, …) all values of a key."""
        return np.stack([o[key] for o in self.seen])


def panels(readings: Readings) -> list[Panel]:
    """Everything a sensor measures, drawn."""
    found: list[Panel] = []
    for key in readings.seen[-1]:
        if any(key.endswith(end) for end in PARTS):
            continue
        drawn = next((draw for end, draw in DRAWINGS.items() if _named(key, end)), _by_shape)
        found += drawn(readings, key)
    return found


def _named(key: str, end: str) -> bool:
    return key == end or key.endswith(f"_{end}")


def _depth(r: Readings, key: str) -> list[Panel]:
    depth = r.now(key)[..., 0]
    known = depth > 0
    scale = Scale.around(depth[known], "m")
    return [Picture(key, scale.colors(depth, known), scale, "dark: no return")]


def _semantic(r: Readings, key: str) -> list[Panel]:
    classes = r.now(key)
    return [Picture(key, class_colors()[classes], class_legend(classes))]


def _instance(r: Readings, key: str) -> list[Panel]:
    ids = r.now(key)
    count = len(np.unique(ids[ids > 0]))
    return [Picture(key, distinct_colors(ids), None, f"{count} objects; grey: the building")]


def _normals(r: Readings, key: str) -> list[Panel]:
    normals = r.now(key)
    known = np.abs(normals).max(-1) > 0
    image = np.where(known[..., None], np.round(127.5 * (normals + 1)), NOTHING).astype(np.uint8)
    axes = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]])
    names = ("right", "down", "ahead", "left", "up", "to the camera")
    if "overhead" in key:
        names = ("east", "north", "up", "west", "south", "down")
    return [Picture(key, image, swatches(names, np.round(127.5 * (axes + 1)).astype(int).tolist()))]


def _flow(r: Readings, key: str) -> list[Panel]:
    flow = r.now(key)
    length = np.linalg.norm(flow, axis=-1)
    wheel = Wheel(max(1.0, float(np.percentile(length, 98))), "px")
    return [Picture(key, wheel.colors(flow), wheel, "hue: direction; white: at rest")]


def _scene_flow(r: Readings, key: str) -> list[Panel]:
    length = 100 * np.linalg.norm(r.now(key), axis=-1)
    known = length > 0
    scale = Scale.around(length[known], "cm", "viridis")
    return [Picture(key, scale.colors(length, known), scale, "length of the displacement")]


def _mask(r: Readings, key: str) -> list[Panel]:
    image = np.where(r.now(key)[..., None] > 0, (232, 236, 242), NOTHING).astype(np.uint8)
    return [Picture(key, image, swatches(("yes", "no"), ((232, 236, 242), NOTHING)))]


def _coordinates(r: Readings, key: str) -> list[Panel]:
    points = r.now(key)
    known = np.abs(points).max(-1) > 0
    if not known.any():
        return [Picture(key, np.full(points.shape, NOTHING, np.uint8))]
    low, high = np.percentile(points[known], [1, 99], axis=0).round(1)
    share = np.clip((points - low) / np.maximum(high - low, 1e-6), 0, 1)
    image = np.where(known[..., None], np.round(255 * share), NOTHING).astype(np.uint8)
    spans = ", ".join(
        f"{c} {a + 0.0:.1f}…{b + 0.0:.1f} m" for c, a, b in zip("xyz", low, high, strict=True)
    )
    return [Picture(key, image, None, f"red, green, blue: {spans}".replace("-", "−"))]


def _events(r: Readings, key: str) -> list[Panel]:
    camera = r.sensor.camera
    rows = r.now(key)[: int(r.now(f"{key}_count")[0])]
    image = np.full((camera.height, camera.width, 3), 255, np.uint8)
    if r.frame is not None:
        gray = cv2.cvtColor(r.frame, cv2.COLOR_RGB2GRAY)
        image = np.repeat((90 + 0.55 * gray).astype(np.uint8)[..., None], 3, 2)
    x, y = rows[:, 1].astype(int), rows[:, 2].astype(int)
    image[y, x] = np.where(rows[:, 3:] > 0, RED, BLUE)
    return [
        Picture(
            key, image, swatches(("brighter", "darker"), (RED, BLUE)),
            f"{int(r.now(f'{key}_count')[0])} events in the last step, over the camera's image",
        )
    ]  # fmt: skip


def _thermal(r: Readings, key: str) -> list[Panel]:
    warm = r.now(key)[..., 0].astype(np.float64)
    low, high = np.percentile(warm, [0.5, 99.5]).tolist()
    scale = Scale(low, high, "°C", "inferno")
    return [Picture(key, scale.colors(warm), scale)]


def _ranges(r: Readings, key: str) -> list[Panel]:
    ranges = r.now(key)
    if ranges.ndim != 2:
        return _by_shape(r, key)
    known = ranges > 0
    scale = Scale.around(ranges[known], "m")
    found: list[Panel] = []
    if len(ranges) > 1:
        image = scale.colors(ranges, known)
        tall = max(1, round(0.22 * image.shape[1] / len(image)))
        image = np.repeat(image, tall, 0)
        note = f"{len(ranges)} beams × {ranges.shape[1]} directions; dark: no return"
        found.append(Picture(f"{key}: ranges", image, scale, note))
    points = r.sensor.directions * ranges[..., None]
    image, across = cloud_picture(points[known], with_height=len(ranges) > 1)
    legend = HEIGHTS if len(ranges) > 1 else None
    note = f"{across:.0f} m across, the body in the middle, ahead is up"
    if legend:
        note += "; colour: height over the sensor"
    return [*found, Picture(f"{key}: from above", image, legend, note)]


def _radar(r: Readings, key: str) -> list[Panel]:
    rows = r.now(key)[: int(r.now(f"{key}_count")[0])]
    fastest = max(0.3, float(np.abs(rows[:, 3]).max(initial=0.0)))
    scale = Scale(-fastest, fastest, "m/s", "balance")
    image = echoes_picture(rows, scale)
    note = "ahead is up, rings every 2 m; size: signal to noise, colour: radial velocity"
    return [Picture(key, image, scale, note)]


def _wifi(r: Readings, key: str) -> list[Panel]:
    power = r.course(key)
    heard = np.flatnonzero(power.max(0) > power.min() + 1)
    strong = heard[np.argsort(-power[:, heard].mean(0))][:MOST_CURVES]
    curves = {f"access point {k}": np.stack([r.times, power[:, k]], 1) for k in np.sort(strong)}
    return [Plot(key, curves, y="power [dBm]")]


def _imu(r: Readings, key: str) -> list[Panel]:
    rate = r.sensor.rate_hz if hasattr(r.sensor, "rate_hz") else 1.0
    samples = np.concatenate([o[key][: int(o[f"{key}_count"][0])] for o in r.seen])
    times = r.times[-1] - (len(samples) - 1 - np.arange(len(samples))) / rate

    def curves(columns: range) -> dict[str, NDArray]:
        return {n: np.stack([times, samples[:, c]], 1) for n, c in zip("xyz", columns, strict=True)}

    return [
        Plot(f"{key}: specific force", curves(range(3)), y="[m/s²]"),
        Plot(f"{key}: angular rate", curves(range(3, 6)), y="[rad/s]"),
    ]


def _magnetometer(r: Readings, key: str) -> list[Panel]:
    field = r.course(key)
    field = field[:, -1] if field.ndim == 3 else field
    curves = {n: np.stack([r.times, field[:, k]], 1) for k, n in enumerate("xyz")}
    return [Plot(key, curves, y="flux density [µT]")]


def _path(r: Readings, key: str) -> list[Panel]:
    where = r.course(key)[:, :2]
    return [Plot(key, {"": where}, x="forward [m]", y="left [m]", equal=True)]


def _over_time(y: str, *names: str) -> Callable[[Readings, str], list[Panel]]:
    """A drawing of numbers over time: the name of the axis, and one per number."""

    def draw(r: Readings, key: str) -> list[Panel]:
        course = r.course(key).reshape(len(r.seen), -1)
        curves = {n: np.stack([r.times, course[:, k]], 1) for k, n in enumerate(names or ("",))}
        return [Plot(key, curves, y=y)]

    return draw


def _switches(r: Readings, key: str) -> list[Panel]:
    touched = r.course(key)
    names = [f"sector {k}" for k in range(touched.shape[1])] if touched.shape[1] > 1 else [""]
    curves = {n: np.stack([r.times, touched[:, k]], 1) for k, n in enumerate(names)}
    return [Plot(key, curves, y="touched", steps=True)]


def _by_shape(r: Readings, key: str) -> list[Panel]:
    value = np.asarray(r.now(key))
    if value.ndim == 3 and value.shape[2] == 3 and value.dtype == np.uint8:
        return [Picture(key, value, photo=True)]
    if value.ndim == 3 and value.shape[2] == 1:
        value = value[..., 0]
    if value.ndim == 3 and value.shape[0] <= 16:
        value = value.sum(0)
    if value.ndim == 2 and min(value.shape) > 4:
        if np.issubdtype(value.dtype, np.integer):
            return [Picture(key, distinct_colors(value))]
        scale = Scale.around(value)
        return [Picture(key, scale.colors(value), scale)]
    flat = value.reshape(-1)
    if len(flat) <= MOST_CURVES:
        course = r.course(key).reshape(len(r.seen), -1)
        curves = {
            str(k) if len(flat) > 1 else "": np.stack([r.times, course[:, k]], 1)
            for k in range(len(flat))
        }
        return [Plot(key, curves, y=key)]
    return [Plot(key, {"": np.stack([np.arange(len(flat)), flat], 1)}, x="index", y=key)]


DRAWINGS: dict[str, Callable[[Readings, str], list[Panel]]] = {
    "depth": _depth,
    "semantic": _semantic,
    "instance": _instance,
    "normals": _normals,
    "scene_flow": _scene_flow,
    "flow": _flow,
    "visible": _mask,
    "valid": _mask,
    "scene_coordinates": _coordinates,
    "events": _events,
    "thermal": _thermal,
    "lidar": _ranges,
    "laser": _ranges,
    "radar": _radar,
    "wifi": _wifi,
    "imu": _imu,
    "magnetometer": _magnetometer,
    "gps": _path,
    "odometer": _path,
    "odometer_motion": _over_time("per step", "forward [m]", "left [m]", "turn [rad]"),
    "wheel_odometry": _over_time("per step", "forward [m]", "turn [rad]"),
    "wheel_odometry_ticks": _over_time("ticks per step", "left wheel", "right wheel"),
    "compass": _over_time("heading [rad]"),
    "barometer": _over_time("pressure [Pa]"),
    "barometer_altitude": _over_time("height [m]"),
    "bump": _switches,
}
"""How a key is drawn that is named so, or ends so after an underscore."""

PARTS = ("_count", "_age", "_times", "_valid")
"""Keys that are parts of another's drawing."""

__all__ = ["DRAWINGS", "PARTS", "Panel", "Picture", "Readings", "Swatches", "panels"]

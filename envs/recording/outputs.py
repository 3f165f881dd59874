"""What a sensor's observation becomes in a recording: channels, and how to take their items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Sensor
from navworld.data.sequences import Kind
from navworld.sensors.cameras import CameraSensor
from navworld.sensors.events import EventCamera
from navworld.sensors.imu import IMU
from navworld.sensors.lidar import Lidar
from navworld.sensors.noise import NoisySensor
from navworld.sensors.overhead import Overhead
from navworld.sensors.radar import Radar
from navworld.sensors.stereo import StereoPair
from navworld.sensors.thermal import ThermalCamera
from navworld.world.body import Camera, Lens

KINDS: dict[str, Kind] = {
    "rgb": "rgb", "depth": "depth", "semantic": "labels", "instance": "labels", "normals": "image",
}  # fmt: skip
UNITS = {
    "imu": "m/s², rad/s", "depth": "m", "gps": "m", "compass": "rad", "odometer": "m, m, rad",
    "odometer_motion": "m, m, rad", "magnetometer": "µT", "barometer": "hPa",
    "barometer_altitude": "m", "wifi": "dBm", "wheel_odometry": "rad", "flow": "px",
    "scene_flow": "m", "scene_coordinates": "m", "thermal": "°C", "lidar": "m", "laser": "m",
    "radar": "m, rad, rad, m/s, dB", "events": "s, px, px, sign",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Output:
    """A channel that a sensor gives.

    Attributes:
        kind, shape, dtype, T_body_sensor, lens, unit, info: As in `Channel`.
        take: The item of a row of an observation.
    """

    kind: Kind
    shape: tuple[int, ...]
    dtype: np.dtype
    take: Callable[[Observation, int], NDArray]
    T_body_sensor: NDArray | None = None
    lens: Lens | None = None
    unit: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)


def outputs(
    name: str, sensor: Sensor, T_body_sensor: NDArray, info: Mapping[str, Any]
) -> dict[str, Output]:
    """Channel → what it is, for the sensor of a name.

    Args:
        T_body_sensor: (4, 4) where a sensor sits that is no camera.
        info: What is told of it beside.
    """
    inner = sensor.sensor if isinstance(sensor, NoisySensor) else sensor
    if isinstance(inner, Lidar):
        return {inner.key: _scanner(inner, info)}
    if isinstance(inner, EventCamera):
        return {inner.key: _events(inner, info)}
    if isinstance(inner, Radar):
        columns = {"columns": ["range", "azimuth", "elevation", "radial_velocity", "snr"]}
        return {
            inner.key: Output(
                "samples", (-1, 5), np.dtype(np.float32), _counted(inner.key), T_body_sensor,
                unit=UNITS["radar"], info={**columns, **info},
            )
        }  # fmt: skip
    found = {}
    for key, box in inner.space.spaces.items():
        if isinstance(inner, IMU) and key != inner.key:
            continue
        assert isinstance(box, spaces.Box) and box.dtype is not None
        camera = _camera(inner, key)
        kind = _kind(inner, key, box)
        shape = box.shape[1:] if isinstance(inner, IMU) else box.shape
        if kind == "depth" or isinstance(inner, ThermalCamera):
            shape = shape[:2]
        found[key] = Output(
            kind,
            shape,
            box.dtype,
            _taken(key, shape),
            T_body_sensor if camera is None else camera.T_body_camera,
            None if camera is None or isinstance(inner, Overhead) else camera.model,
            UNITS.get(key, "m" if kind == "depth" else ""),
            dict(info),
        )
    return found


def _kind(sensor: Sensor, key: str, box: spaces.Box) -> Kind:
    if isinstance(sensor, CameraSensor):
        return KINDS[sensor.output]
    if isinstance(sensor, StereoPair) and box.dtype == np.uint8:
        return "rgb"
    if isinstance(sensor, Overhead):
        return KINDS[key.removeprefix(sensor.key).strip("_") or "rgb"]
    return "image" if len(box.shape) > 1 and not isinstance(sensor, IMU) else "samples"


def _camera(sensor: Sensor, key: str) -> Camera | None:
    """What an image was taken with."""
    if isinstance(sensor, StereoPair):
        return sensor.right if key.endswith("_right") else sensor.left
    camera = getattr(sensor, "camera", None)
    return camera if isinstance(camera, Camera) else None


def _taken(key: str, shape: tuple[int, ...]) -> Callable[[Observation, int], NDArray]:
    return lambda observation, row: observation[key][row].reshape(shape)


def _counted(key: str) -> Callable[[Observation, int], NDArray]:
    def take(observation: Observation, row: int) -> NDArray:
        return observation[key][row, : int(observation[f"{key}_count"][row, 0])]

    return take


def _events(sensor: EventCamera, info: Mapping[str, Any]) -> Output:
    if sensor.form != "events":
        raise ValueError(f"sensors.events: form={sensor.form!r}; a recording keeps form='events'")
    key = sensor.key

    def take(observation: Observation, row: int) -> NDArray:
        count = min(int(observation[f"{key}_count"][row, 0]), sensor.capacity)
        return observation[key][row, :count].astype(np.float64)

    camera = sensor.camera
    return Output(
        "events", (-1, 4), np.dtype(np.float64), take, camera.T_body_camera, camera.model,
        UNITS["events"], {"capacity": sensor.capacity, **info},
    )  # fmt: skip


def _scanner(sensor: Lidar, info: Mapping[str, Any]) -> Output:
    """Ranges of a planar scanner, points of others, of the beams that came back."""
    key, device = sensor.key, sensor.device
    told = {"device": device.name} if hasattr(device, "name") else {}
    if sensor.directions.shape[0] == 1:
        turn = sensor.directions[0]
        angles = np.arctan2(turn[:, 1].astype(np.float64), turn[:, 0])
        told |= {
            "angle_first": round(float(angles[0]), 9),
            "angle_last": round(float(angles[-1]), 9),
        }
        return Output(
            "scan", (turn.shape[0],), np.dtype(np.float32), _taken(key, (turn.shape[0],)),
            sensor.T_body_lidar, unit="m", info={**told, "max_range": device.max_range, **info},
        )  # fmt: skip
    columns = ["x", "y", "z"]
    columns += ["intensity"] if sensor.intensity is not None else []
    columns += ["time"] if sensor.distortion else []

    def take(observation: Observation, row: int) -> NDArray:
        ranges = observation[key][row]
        parts = [sensor.points({key: ranges})]
        if sensor.intensity is not None:
            parts.append(observation[f"{key}_intensity"][row][..., None])
        if sensor.distortion:
            times = observation[f"{key}_times"][row]
            parts.append(np.broadcast_to(times[None, :, None], (*ranges.shape, 1)))
        return np.concatenate(parts, -1)[ranges > 0].astype(np.float32)

    return Output(
        "points", (-1, len(columns)), np.dtype(np.float32), take, sensor.T_body_lidar, unit="m",
        info={**told, "columns": columns, **info},
    )  # fmt: skip

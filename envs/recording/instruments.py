"""Sensors as a recording has them: each at its own rate, with its options, as channels."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.contracts import Sensor
from navworld.envs.recording.config import RecordConfig
from navworld.envs.recording.outputs import Output, outputs
from navworld.names import nearest
from navworld.sensors import SENSOR_NAMES, make_sensor
from navworld.sensors.barometer import Barometer
from navworld.sensors.bump import Bump
from navworld.sensors.cameras import CameraSensor
from navworld.sensors.coordinates import SceneCoordinates
from navworld.sensors.events import EventCamera
from navworld.sensors.exposure import Exposure
from navworld.sensors.gps import GPSCompass
from navworld.sensors.imu import IMU
from navworld.sensors.lidar import Lidar
from navworld.sensors.magnetometer import Magnetometer
from navworld.sensors.motion import MotionMask
from navworld.sensors.noise import NoisySensor, OdometerPose
from navworld.sensors.overhead import Overhead
from navworld.sensors.radar import Radar
from navworld.sensors.stereo import StereoPair
from navworld.sensors.thermal import ThermalCamera
from navworld.sensors.wheels import WheelOdometry
from navworld.sensors.wifi import WiFi
from navworld.world.body import Camera, Robot

OPTIONS: dict[str, Callable[..., Any]] = {
    "stereo": StereoPair, "events": EventCamera, "lidar": Lidar, "laser": Lidar, "radar": Radar,
    "thermal": ThermalCamera, "wifi": WiFi, "magnetometer": Magnetometer, "gps": GPSCompass,
    "imu": IMU, "wheel_odometry": WheelOdometry, "odometer": OdometerPose, "barometer": Barometer,
    "overhead": Overhead,
}  # fmt: skip
"""Sensors whose options are those of their class."""

ROUNDING = 1e-6
"""Times that differ by less than this share of a period are one."""

SET_HERE = {"camera", "key", "dt", "rate_hz"}
AT_ONCE = (
    CameraSensor,
    StereoPair,
    Overhead,
    SceneCoordinates,
    Lidar,
    Radar,
    WiFi,
    Bump,
    MotionMask,
)
"""Sensors that remember nothing: what they measure depends on the moment alone."""

MOUNTS = {"wheeled": (0.0, 0.0, 0.88)}
"""Where carriers have their sensors in the body's frame [m]; the others are the device itself."""


@dataclass(frozen=True, eq=False)
class Instrument:
    """A sensor at work.

    Attributes:
        name: As in the configuration.
        sensor: What measures; it may remember, so it serves one sequence.
        rate_hz: Items per second.
        outputs: Channel → what it is.
    """

    name: str
    sensor: Sensor
    rate_hz: float
    outputs: dict[str, Output]

    @property
    def inertial(self) -> bool:
        """Whether its items cover the time up to their stamps, so that there is none at first."""
        return isinstance(self.sensor, IMU)

    def stamps(self, seconds: float) -> NDArray[np.float64]:
        """When it measures in a motion of some length, from its start [s]."""
        count = int(seconds * self.rate_hz + ROUNDING)
        return np.arange(1 if self.inertial else 0, count + 1) / self.rate_hz

    @property
    def at_once(self) -> bool:
        """Whether it remembers nothing, so that moments can be measured in any order."""
        inner = self.sensor.sensor if isinstance(self.sensor, NoisySensor) else self.sensor
        return isinstance(inner, AT_ONCE)


def instruments(config: RecordConfig, carrier: str) -> list[Instrument]:
    """The sensors of a configuration, on a carrier.

    Raises:
        ValueError: A name or an option is unknown; names the nearest.
    """
    mount = config.camera_position or MOUNTS.get(carrier, (0.0, 0.0, 0.0))
    height, width = config.size
    camera = Camera(
        height, width, config.fov_deg, mount, pitch_deg=config.camera_pitch_deg, near=config.near,
        far=config.far, supersample=config.supersample,
    )  # fmt: skip
    found = []
    for name in config.sensors:
        rate_hz, options = config.rate_hz(name), config.options(name)
        sensor, T_body_sensor = _sensor(name, rate_hz, options, camera, carrier)
        told = config.options(name)
        given = outputs(name, sensor, T_body_sensor, {"options": told} if told else {})
        found.append(Instrument(name, sensor, rate_hz, given))
    return found


def _sensor(
    name: str, rate_hz: float, options: dict[str, Any], camera: Camera, carrier: str
) -> tuple[Sensor, NDArray]:
    """A sensor with its options, and where it sits (4, 4), x forward."""
    if name not in SENSOR_NAMES:
        raise ValueError(f"unknown sensor {name!r}{nearest(name, SENSOR_NAMES)}")
    if name == "wheel_odometry" and carrier != "wheeled":
        raise ValueError(f"sensors.wheel_odometry on the carrier {carrier!r}: only 'wheeled' rolls")
    noise = options.pop("noise", None) if name not in OPTIONS else None
    robot = Robot(dt=1 / rate_hz)
    if name in OPTIONS:
        sensor, T_body_sensor = _with_options(name, rate_hz, options, camera, carrier)
    else:
        sensor, T_body_sensor = make_sensor(name, camera, robot), np.eye(4)
        if options:
            sensor = _exposed(name, sensor, options)
    return (sensor if noise is None else NoisySensor(sensor, noise)), T_body_sensor


def _with_options(
    name: str, rate_hz: float, options: dict[str, Any], camera: Camera, carrier: str
) -> tuple[Sensor, NDArray]:
    make = OPTIONS[name]
    known = list(inspect.signature(make).parameters)
    for key in options:
        if key not in known or key in SET_HERE:
            free = [k for k in known if k not in SET_HERE]
            raise ValueError(f"sensors.{name}: unknown option {key!r}{nearest(key, free)}")
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    if "camera" in known:
        given["camera"] = camera
    if name == "laser":
        given = {"preset": "planar", "key": "laser", "position": (0.0, 0.0, 0.2), **given}
    if name == "lidar":
        given = {"position": camera.position, "rate_hz": rate_hz, **given}
    if name == "imu":
        given |= {"rate_hz": rate_hz, "dt": imu_block(rate_hz) / rate_hz}
    if "position" in known and carrier not in MOUNTS:
        given = {**given, "position": options.get("position", (0.0, 0.0, 0.0))}
    try:
        sensor = make(**given)
    except TypeError as error:
        raise ValueError(f"sensors.{name}: {error}") from None
    position = given.get("position", (0.0, 0.0, 0.0))
    turned = Camera(4, 4, 90.0, position, given.get("yaw_deg", 0.0), given.get("pitch_deg", 0.0))
    T_body_sensor = turned.T_body_camera @ _AHEAD.T
    return sensor, T_body_sensor


def _exposed(name: str, sensor: Sensor, options: dict[str, Any]) -> Sensor:
    """A colour camera with a shutter."""
    known = ["noise"]
    if isinstance(sensor, CameraSensor) and sensor.output == "rgb":
        known += list(inspect.signature(Exposure).parameters)
        if set(options) <= set(known):
            return CameraSensor("rgb", sensor.camera, key=sensor.key, exposure=Exposure(**options))
    wrong = next(key for key in options if key not in known)
    raise ValueError(f"sensors.{name}: unknown option {wrong!r}{nearest(wrong, known)}")


def imu_block(rate_hz: float) -> int:
    """Samples that are made at a time; a matter of speed, but their noise is drawn by it."""
    return max(1, round(rate_hz / 10))


_AHEAD = Camera(4, 4, 90.0, (0.0, 0.0, 0.0)).T_body_camera
"""Rotates the axes of a camera that looks ahead into the body's."""

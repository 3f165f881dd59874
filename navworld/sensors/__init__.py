"""Sensors, one family per file; `make_sensor` turns the names that environments take into them.

The docstring of each file is the manual page of its sensors.
"""

from __future__ import annotations

from collections.abc import Callable

from navworld.contracts import Sensor
from navworld.names import nearest
from navworld.sensors.barometer import Barometer
from navworld.sensors.bump import Bump
from navworld.sensors.cameras import CAMERA_SENSORS, CameraSensor, lens_camera
from navworld.sensors.coordinates import SceneCoordinates
from navworld.sensors.events import EventCamera
from navworld.sensors.flow import Flow
from navworld.sensors.gps import GPSCompass
from navworld.sensors.imu import IMU
from navworld.sensors.lidar import Lidar
from navworld.sensors.magnetometer import Magnetometer
from navworld.sensors.motion import MotionMask
from navworld.sensors.noise import OdometerPose
from navworld.sensors.overhead import Overhead
from navworld.sensors.radar import Radar
from navworld.sensors.stereo import StereoPair
from navworld.sensors.thermal import ThermalCamera
from navworld.sensors.wheels import WheelOdometry
from navworld.sensors.wifi import WiFi
from navworld.world.body import Camera, Robot

__all__ = ["SENSORS", "SENSOR_NAMES", "make_sensor"]

Factory = Callable[[Camera, Robot], Sensor]


def _through(lens: str, output: str, key: str) -> Factory:
    return lambda camera, robot: CameraSensor(output, lens_camera(camera, lens), key=key)


def _named(name: str, output: str) -> str:
    return name if output == "rgb" else f"{name}_{output}"


LENS_NAMES = {"fisheye": "fisheye", "panorama": "panorama", "distorted": "euroc"}

SENSORS: dict[str, Factory] = {
    "rgb": lambda camera, robot: CameraSensor("rgb", camera),
    "depth": lambda camera, robot: CameraSensor("depth", camera),
    "semantic": lambda camera, robot: CameraSensor("semantic", camera),
    "instance": lambda camera, robot: CameraSensor("instance", camera),
    "normals": lambda camera, robot: CameraSensor("normals", camera),
    **{
        _named(name, output): _through(lens, output, _named(name, output))
        for name, lens in LENS_NAMES.items()
        for output in CAMERA_SENSORS
    },
    "overhead": lambda camera, robot: Overhead(),
    "overhead_depth": lambda camera, robot: Overhead(("depth",)),
    "overhead_semantic": lambda camera, robot: Overhead(("semantic",)),
    "stereo": lambda camera, robot: StereoPair(camera),
    "flow": lambda camera, robot: Flow(camera),
    "motion_mask": lambda camera, robot: MotionMask(camera),
    "scene_flow": lambda camera, robot: Flow(camera, ("scene_flow",)),
    "scene_coordinates": lambda camera, robot: SceneCoordinates(camera),
    "events": lambda camera, robot: EventCamera(camera),
    "lidar": lambda camera, robot: Lidar(position=(0.0, 0.0, robot.camera_height)),
    "laser": lambda camera, robot: Lidar(preset="planar", key="laser", position=(0.0, 0.0, 0.2)),
    "radar": lambda camera, robot: Radar(),
    "thermal": lambda camera, robot: ThermalCamera(camera),
    "wifi": lambda camera, robot: WiFi(),
    "magnetometer": lambda camera, robot: Magnetometer(),
    "gps": lambda camera, robot: GPSCompass(),
    "imu": lambda camera, robot: IMU(dt=robot.dt),
    "wheel_odometry": lambda camera, robot: WheelOdometry(),
    "odometer": lambda camera, robot: OdometerPose(),
    "barometer": lambda camera, robot: Barometer(),
    "bump": lambda camera, robot: Bump(),
}
"""Name → the sensor as it comes, given the environment's camera and robot."""

SENSOR_NAMES = tuple(SENSORS)


def make_sensor(sensor: str | Sensor, camera: Camera, robot: Robot) -> Sensor:
    """A sensor from its name, or the sensor itself.

    Args:
        camera: Where the named cameras look from.
        robot: The body that carries it.

    Raises:
        ValueError: The name is unknown; names the nearest one.
        TypeError: Neither a name nor a sensor.
    """
    if isinstance(sensor, str):
        if sensor not in SENSORS:
            raise ValueError(f"unknown sensor {sensor!r}{nearest(sensor, SENSOR_NAMES)}")
        return SENSORS[sensor](camera, robot)
    if not isinstance(sensor, Sensor):
        raise TypeError(
            f"{sensor!r} is no sensor: expected one of {SENSOR_NAMES} or an object with "
            "space, renders, reset() and read() (navworld.contracts.Sensor)"
        )
    return sensor

"""Sensors, one family per file; `make_sensor` turns the names that environments take into them."""

from __future__ import annotations

from navworld.contracts import Sensor
from navworld.names import nearest
from navworld.sensors.cameras import CAMERA_SENSORS, CameraSensor
from navworld.sensors.gps import GPSCompass
from navworld.world.body import Camera

__all__ = ["SENSOR_NAMES", "CameraSensor", "GPSCompass", "make_sensor"]

SENSOR_NAMES = (*CAMERA_SENSORS, "gps")


def make_sensor(sensor: str | Sensor, camera: Camera) -> Sensor:
    """A sensor from its name, or the sensor itself.

    Args:
        camera: Where the named cameras look from.

    Raises:
        ValueError: The name is unknown; names the nearest one.
        TypeError: Neither a name nor a sensor.
    """
    if isinstance(sensor, str):
        if sensor == "gps":
            return GPSCompass()
        if sensor in CAMERA_SENSORS:
            return CameraSensor(sensor, camera)
        raise ValueError(f"unknown sensor {sensor!r}{nearest(sensor, SENSOR_NAMES)}")
    if not isinstance(sensor, Sensor):
        raise TypeError(
            f"{sensor!r} is no sensor: expected one of {SENSOR_NAMES} or an object with "
            "space, renders, reset() and read() (navworld.contracts.Sensor)"
        )
    return sensor

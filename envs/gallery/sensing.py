"""Every sensor by its name, at one moment of one drive."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from dataclasses import replace

from navworld.contracts import Sensor
from navworld.envs.gallery.driving import ROBOT, Drive
from navworld.envs.gallery.page import Card, Page
from navworld.geometry.cameras import Pinhole
from navworld.sensors import SENSORS, make_sensor
from navworld.sensors.cameras import CameraSensor
from navworld.viz.panels import Panel, panels
from navworld.viz.plots import Plot


def sensor_section(page: Page, drive: Drive, names: Sequence[str] | None) -> None:
    """The chapter on sensors, a section per kind of sensor."""
    chosen = list(SENSORS) if names is None else list(names)
    text = (
        f"Every name that <code>sensors=</code> takes, with the settings that it comes with, on "
        f"one drive through <code>{drive.name}</code> at 10 Hz: cameras, scanners and radars at "
        f"its best moment, all else along the way. "
        f'<code>gymnasium.make("navworld/PointNav-v0", sensors=("depth", "imu"))</code>'
    )
    page.chapter("Sensors", text, count=len(chosen))
    groups: dict[str, list[Card]] = {}
    for name in chosen:
        try:
            sensor = make_sensor(name, drive.camera, ROBOT)
            drawn = panels(drive.measure(sensor))
        except Exception as error:
            # One sensor that fails must not cost the page of all others; it is listed there.
            page.left_out[f"sensor {name}"] = f"{type(error).__name__}: {error}"
            continue
        cards = [page.panel(name, panel, f'sensors=("{name}",)') for panel in drawn]
        if cards and not isinstance(sensor, CameraSensor):
            words = [_told(sensor), cards[0].note]
            note = " ".join(f"{w[0].upper()}{w[1:]}." for w in words if w)
            cards[0] = replace(cards[0], note=note)
        groups.setdefault(_kind(sensor, drawn), []).extend(cards)
    for kind, cards in groups.items():
        page.section(kind, "", cards)


def _kind(sensor: Sensor, drawn: Sequence[Panel]) -> str:
    """The heading that a sensor comes under."""
    if isinstance(sensor, CameraSensor):
        lens = sensor.camera.model
        bent = isinstance(lens, Pinhole) and lens.distortion is not None
        return f"Camera: {type(lens).__name__.lower()}{' with distortion' if bent else ''}"
    if all(isinstance(panel, Plot) for panel in drawn):
        return "Readings along the way"
    if sensor.renders or hasattr(sensor, "camera"):
        return "Cameras of other kinds"
    return "Ranges and echoes"


def _told(sensor: Sensor) -> str:
    """What the manual page of a sensor says first."""
    text = inspect.getdoc(sys.modules[type(sensor).__module__]) or type(sensor).__name__
    return text.split("\n\n")[0].replace("\n", " ").strip().rstrip(".")

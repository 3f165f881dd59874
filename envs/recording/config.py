"""What is to be recorded: worlds × carriers × routes × conditions × sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from navworld.names import nearest
from navworld.training.config import load_config
from navworld.world.carriers import PLACEMENTS, carrier
from navworld.world.conditions import Draw
from navworld.world.movers import Movers
from navworld.world.store import LIGHTS

MOST_HZ = 10_000.0


@dataclass(frozen=True)
class RecordConfig:
    """A data set, as `configs/record.yaml` has it.

    Attributes:
        scenes: Where; see `navworld.scenes`. Seeds belong to the splits of `SPLITS`.
        sensors: Name → rate [Hz], or a mapping of `rate_hz`, the options of the sensor
            (`preset`, `beams` …) and, for cameras, `noise`.
        carriers: What carries them; see `navworld.world.carriers`.
        seconds: Length of every sequence.
        routes: Different routes for every scene and carrier.
        repeat: Times that every route is ridden, under conditions drawn anew.
        conditions: What is found on a ride: one mapping as `navworld.world.conditions.Draw` takes
            it (a range is drawn from on every ride), or a list of them, of which every route is
            ridden under each.
        reverse: Whether every ride is also made in the opposite direction.
        movers: What moves beside the carrier: a mapping of the options of
            `navworld.world.movers.Movers` (people, vehicles, doors …); None for nothing.
        loop: Whether routes close: they lead back to their start, lap after lap.
        image_size: Of the cameras: (height, width), or the side of a square [px].
        fov_deg: Horizontal field of view.
        near, far: Depth outside is reported as 0 [m].
        supersample: Rays per pixel and axis for colours.
        camera_position: In the body's frame [m]; None for what the carrier is used to.
        camera_pitch_deg: Down of straight ahead.
        light: Quality of baked light: "full", "fast" or "none".
        shard_seconds: How much goes into one file.
        seed: Of routes, conditions and noise.
    """

    scenes: str | list[str]
    sensors: dict[str, float | dict[str, Any]]
    carriers: list[str] = field(default_factory=lambda: ["wheeled"])
    seconds: float = 20.0
    routes: int = 1
    repeat: int = 1
    conditions: dict[str, Any] | list[dict[str, Any]] | None = None
    movers: dict[str, Any] | None = None
    reverse: bool = False
    loop: bool = False
    image_size: int | tuple[int, int] = 128
    fov_deg: float = 90.0
    near: float = 0.1
    far: float = 10.0
    supersample: int = 1
    camera_position: tuple[float, float, float] | None = None
    camera_pitch_deg: float = 0.0
    light: str = "full"
    shard_seconds: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.sensors:
            raise ValueError("sensors: name at least one with its rate, such as 'rgb: 20'")
        if not self.carriers:
            raise ValueError("carriers: name at least one, such as 'wheeled'")
        for name in self.carriers:
            carrier(name)
        for key, least in (("seconds", 2.0), ("shard_seconds", 0.1)):
            if not least <= getattr(self, key) <= 86_400:
                raise ValueError(f"{key}={getattr(self, key)!r}: expected {least:g} to 86400 s")
        for key in ("routes", "repeat"):
            if getattr(self, key) < 1:
                raise ValueError(f"{key}={getattr(self, key)!r}: expected at least 1")
        if self.light not in LIGHTS:
            raise ValueError(f"unknown light {self.light!r}{nearest(self.light, LIGHTS)}")
        for name in self.sensors:
            self.rate_hz(name)
        for given in self.given_conditions:
            _checked_conditions(given)
        _ = self.moving
        walking = sorted(set(self.carriers) & set(PLACEMENTS))
        if self.reverse and walking:
            raise ValueError(
                f"reverse=True with the carrier {walking[0]!r}: a gait does not run backwards; "
                "leave the pedestrians out, or reverse"
            )

    @property
    def given_conditions(self) -> list[dict[str, Any] | None]:
        """The conditions that every route is ridden under."""
        if isinstance(self.conditions, list):
            return [given or None for given in self.conditions] or [None]
        return [self.conditions or None]

    @property
    def moving(self) -> Movers | None:
        """What moves beside the carrier; None for nothing."""
        if self.movers is None:
            return None
        if not isinstance(self.movers, Mapping):
            raise ValueError(f"movers={self.movers!r}: expected options, such as {{people: 5}}")
        known = [f.name for f in fields(Movers)]
        for key in self.movers:
            if key not in known:
                raise ValueError(f"movers: unknown option {key!r}{nearest(str(key), known)}")
        given: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in self.movers.items()
        }
        pace = given.get("pace", Movers.pace)
        if not (isinstance(pace, tuple) and len(pace) == 2):
            raise ValueError(f"movers.pace={pace!r}: expected [slowest, fastest] in m/s")
        try:
            found = Movers(**given)
        except TypeError as error:
            raise ValueError(f"movers: {error}") from None
        return found if found.people or found.vehicles or found.doors else None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of images [px]."""
        size = self.image_size
        return (size, size) if isinstance(size, int) else (size[0], size[1])

    def rate_hz(self, sensor: str) -> float:
        """Items per second of a sensor."""
        given = self.sensors[sensor]
        if isinstance(given, dict):
            if "rate_hz" not in given:
                raise ValueError(f"sensors.{sensor} has no rate: give it a line 'rate_hz: 20'")
            given = given["rate_hz"]
        if isinstance(given, bool) or not isinstance(given, (int, float)):
            raise ValueError(f"sensors.{sensor}: rate_hz={given!r} is no number")
        if not 0 < given <= MOST_HZ:
            raise ValueError(f"sensors.{sensor}: {given!r} Hz; expected more than 0 to 10000")
        return float(given)

    def options(self, sensor: str) -> dict[str, Any]:
        """What else is given for a sensor."""
        given = self.sensors[sensor]
        return {k: v for k, v in given.items() if k != "rate_hz"} if isinstance(given, dict) else {}


def load_record_config(path: str | Path, overrides: Sequence[str] = ()) -> RecordConfig:
    """A configuration from a YAML file; see `navworld.training.config.load_config`."""
    return load_config(RecordConfig, path, overrides)


def _checked_conditions(given: dict[str, Any] | None) -> None:
    try:
        Draw(given)
    except TypeError as error:
        raise ValueError(f"conditions: {error}") from None

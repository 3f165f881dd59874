"""What navigation environments take as keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from navworld.beliefs import GPS
from navworld.contracts import Localizer, Mapper, Sensor, Task
from navworld.names import refuse_unknown
from navworld.sensors import SENSOR_NAMES, make_sensor
from navworld.sensors.noise import (
    Actuation,
    ImageNoise,
    NoisySensor,
    actuation_model,
    image_noise,
)
from navworld.world.body import Camera, Robot
from navworld.world.conditions import Conditions, Draw
from navworld.world.movers import Movers
from navworld.world.store import LIGHTS


@dataclass(frozen=True)
class Options:
    """What every navigation environment takes as keyword arguments.

    Attributes:
        scenes: Where to stand; see `navworld.scenes`.
        sensors: Names ("rgb", "depth", "semantic", "instance", "gps") or sensors.
        image_size: Side of the square images, or (height, width) [px].
        fov_deg: Horizontal field of view of the named cameras.
        localizer: Tells the agent where it is; None leaves the observation as sensed.
        mappers: Tell it what is around it.
        robot: The body.
        actions: "discrete" (stop, forward, turn left, turn right) or "velocity".
        actuation: Noise of the motion: a model, or the name of a preset such as
            "locobot-proportional" or "habitat-challenge" (`navworld.sensors.noise`); None moves
            exactly as commanded.
        image_noise: Noise of named sensors, those of them that there are: name → preset or model,
            such as {"rgb": "gaussian-0.1", "depth": "redwood"} (`navworld.sensors.noise`).
        sliding: Whether the body slides along what it touches.
        light: Quality of baked light for colour images: "full", "fast" or "none".
        exposure: Range of a random gain of the images' brightness per episode.
        conditions: Hour, weather, season and moved furniture (`navworld.world.conditions`):
            `Conditions`, the same for all episodes, or a mapping such as `{"hour": (6, 22),
            "season": ("summer", "autumn")}` that they are drawn from; None for plain scenes.
        episodes: Frozen episodes, each run once in order; None draws them.
        scene_pool: How many of the scenes one environment visits in turn; None for all.
        episodes_per_scene: Episodes before an environment moves to another scene.
        threads: For rendering.
        task: The task with its options; the environment's own by default.
        movers: What moves beside the agents: `Movers(people=5, vehicles=3, doors=True)`; None
            for nothing.
    """

    scenes: object = "apartment:train"
    sensors: Sequence[str | Sensor] = ("rgb", "depth", "gps")
    image_size: int | tuple[int, int] = 64
    fov_deg: float = 90.0
    localizer: Localizer | None = field(default_factory=GPS)
    mappers: Sequence[Mapper] = ()
    robot: Robot = field(default_factory=Robot)
    actions: str = "discrete"
    actuation: str | Actuation | None = None
    image_noise: Mapping[str, str | ImageNoise] = field(default_factory=dict)
    sliding: bool = False
    light: str = "full"
    exposure: tuple[float, float] = (1.0, 1.0)
    conditions: Conditions | Mapping[str, Any] | None = None
    episodes: Sequence[Any] | None = None
    scene_pool: int | None = None
    episodes_per_scene: int = 16
    threads: int = 1
    task: Task | None = None
    movers: Movers | None = None

    def __post_init__(self) -> None:
        if self.actions not in ("discrete", "velocity"):
            raise ValueError(f"actions={self.actions!r}: expected 'discrete' or 'velocity'")
        if self.light not in LIGHTS:
            raise ValueError(f"light={self.light!r}: expected one of {LIGHTS}")
        low, high = self.exposure
        if not 0 < low <= high <= 8:
            raise ValueError(f"exposure={self.exposure!r}: expected 0 < low ≤ high ≤ 8")
        if self.episodes_per_scene < 1 or self.threads < 1:
            raise ValueError("episodes_per_scene and threads must be at least 1")
        actuation_model(self.actuation)
        refuse_unknown(self.image_noise, SENSOR_NAMES, "sensor of image_noise")
        for model in self.image_noise.values():
            image_noise(model)
        if Draw(self.conditions).moves and self.episodes is not None:
            raise ValueError(
                "conditions with `moved` furniture and frozen `episodes` do not go together: "
                "starts and goals may be where furniture stands now; draw the episodes instead"
            )
        if not (self.movers is None or isinstance(self.movers, Movers)):
            raise TypeError(f"movers={self.movers!r}: expected Movers(people=…) or None")
        if isinstance(self.sensors, str):
            raise TypeError(
                f"sensors={self.sensors!r}: expected a sequence, such as ('depth', 'gps')"
            )

    @classmethod
    def of(cls, given: dict[str, Any]) -> Options:
        """Options from keyword arguments; a misspelt one is refused with the nearest known."""
        refuse_unknown(given, [f.name for f in fields(cls)], "option")
        return cls(**given)

    def make_sensors(self) -> list[Sensor]:
        """New sensors, with the noise that is asked for."""
        made = []
        for given in self.sensors:
            sensor = make_sensor(given, self.camera, self.robot)
            noise = self.image_noise.get(given) if isinstance(given, str) else None
            made.append(sensor if noise is None else NoisySensor(sensor, noise))
        return made

    @property
    def camera(self) -> Camera:
        """Where the named cameras look from."""
        size = self.image_size
        if isinstance(size, (int, np.integer)):
            size = (int(size), int(size))
        if isinstance(size, str) or len(size) != 2:
            raise ValueError(f"image_size={size!r}: expected a whole number or (height, width)")
        height, width = size
        return Camera(height, width, self.fov_deg, (0.0, 0.0, self.robot.camera_height))

"""`NoisySensor`: any sensor with images, and noise on them.

`NoisySensor(CameraSensor("depth", camera), "redwood")` measures what the camera measures, with the
same name, shape and bounds, disturbed by a model of noise. A model disturbs the keys that it fits:
colour images (`gaussian-0.1`, `gaussian-0.2`, `shot`, …; see `rgb`) or depth images (`redwood`;
see `depth`). Every reading's noise is new, and keyed by the image's name, so two cameras differ.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Sensor
from navworld.names import named
from navworld.sensors.noise.depth import RedwoodDepth
from navworld.sensors.noise.rgb import GaussianRGB, ShotNoise
from navworld.streams import IntArray, Streams
from navworld.world.world import World


@runtime_checkable
class ImageNoise(Protocol):
    """Disturbs images.

    Attributes:
        images: What it disturbs, in words.
        name: Which model, for configurations and results.
    """

    images: ClassVar[str]

    @property
    def name(self) -> str:
        """Which model."""

    def fits(self, box: spaces.Box) -> bool:
        """Whether it is a model of a key with this space."""

    def apply(self, image: NDArray, box: spaces.Box, keys: NDArray[np.uint64]) -> NDArray:
        """New images (n, …) for images (n, …), with noise from the streams `keys` (n,)."""


IMAGE_PRESETS: dict[str, ImageNoise] = {
    "redwood": RedwoodDepth(),
    "gaussian-0.1": GaussianRGB(0.1),
    "gaussian-0.2": GaussianRGB(0.2),
    "shot-bright": ShotNoise(10_000.0, 5.0),
    "shot": ShotNoise(1000.0, 3.0),
    "shot-dim": ShotNoise(100.0, 2.0),
}
"""Name → model; sources are in `depth` and `rgb`."""


def image_noise(model: str | ImageNoise) -> ImageNoise:
    """A model from the name of a preset, or the model itself."""
    if isinstance(model, ImageNoise):
        return model
    return named(model, IMAGE_PRESETS, "image noise")


class NoisySensor:
    """A sensor with noise on its images.

    Args:
        sensor: What is disturbed.
        model: A model or the name of one of `IMAGE_PRESETS`.

    Raises:
        ValueError: The name is unknown, or the sensor has no image that the model fits.
    """

    def __init__(self, sensor: Sensor, model: str | ImageNoise) -> None:
        self.sensor, self.model = sensor, image_noise(model)
        self.space, self.renders = sensor.space, sensor.renders
        self.boxes = {
            key: box
            for key, box in sensor.space.spaces.items()
            if isinstance(box, spaces.Box) and self.model.fits(box)
        }
        if not self.boxes:
            raise ValueError(
                f"{self.model.name} is noise of {self.model.images}, and the sensor measures only "
                f"{', '.join(sensor.space.spaces)}: wrap a camera that gives such images"
            )

    @property
    def name(self) -> str:
        """The model's name, for results."""
        return self.model.name

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Begins an episode of the sensor."""
        self.sensor.reset(world, ids, streams)

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """What the sensor measures, with noise."""
        observation = self.sensor.read(world, ids, streams)
        for key, box in self.boxes.items():
            drawn = streams.keys(f"{key} {self.model.name}", ids)
            observation[key] = self.model.apply(observation[key], box, drawn)
        return observation

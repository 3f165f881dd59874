"""Faults of measured values: `navworld.sensors.corruption` says what they do and how severely.

Each fault takes the key that its random streams are named after, the sensor's space, the severity
(0 to 5) and a scale, and finds out which observations it fits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.sensors.noise.rgb import is_colour
from navworld.streams import IntArray, Streams
from navworld.world.scene import LIGHT_GAMMA
from navworld.world.tracing.draws import uniforms
from navworld.world.world import World

SIGMA = (0.0, 0.01, 0.02, 0.03, 0.045, 0.06)  # of the width
COVERED = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)
LIGHT_LEFT = (1.0, 0.5, 0.25, 0.1, 0.04, 0.015)
SPIKES = (0.0, 0.002, 0.005, 0.02, 0.05, 0.1)
JUMPS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2)
JUMP_SIZE = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
LARGEST_SCALE = 10.0
BOOK_KEEPING = ("_count", "_age", "_valid", "_visible", "_time")
SMALLEST_IMAGE = 8  # pixels a side
MOST_CHANNELS = 4
CHANNELS = 16  # a longer vector is a scan, with one bias

Box = spaces.Box


class Blur:
    """Out of focus."""

    def __init__(self, key: str, space: spaces.Dict, severity: int, scale: float | None) -> None:
        self.severity = severity
        self.boxes = _fitting(
            space, "blur", key, lambda box: _is_image(box) and _is_continuous(box)
        )

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing is drawn."""

    def apply(self, observation: Observation, ids: IntArray, streams: Streams) -> Observation:
        """See `navworld.sensors.corruption.Fault`."""
        for name, box in self.boxes.items():
            axes = [1 + axis for axis in _image_axes(box)]
            images = np.moveaxis(observation[name], axes, [1, 2])
            sigma = SIGMA[self.severity] * images.shape[2]
            blurred = np.stack([_blurred(image, sigma) for image in images])
            observation[name] = np.ascontiguousarray(np.moveaxis(blurred, [1, 2], axes))
        return observation


class Occlusion:
    """A patch on the lens."""

    def __init__(self, key: str, space: spaces.Dict, severity: int, scale: float | None) -> None:
        self.key, self.severity = key, severity
        self.boxes = _fitting(space, "occlusion", key, _is_image)
        self._patch = np.zeros((0, 5))

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Sticks a new patch on."""
        if len(self._patch) < world.num_envs:
            self._patch = np.zeros((world.num_envs, 5))
        self._patch[ids] = streams.uniform(f"{self.key} occlusion", ids, (5,))

    def apply(self, observation: Observation, ids: IntArray, streams: Streams) -> Observation:
        """See `navworld.sensors.corruption.Fault`."""
        for name, box in self.boxes.items():
            rows, columns = _image_axes(box)
            image = observation[name]
            shape = image.shape[1 + rows], image.shape[1 + columns]
            spread = [1] * (image.ndim - 1)
            spread[rows], spread[columns] = shape
            covered = np.empty_like(image)
            for k, patch in enumerate(self._patch[ids]):
                hidden = _ellipse(patch, COVERED[self.severity], shape).reshape(spread)
                grey = int(30 + 60 * patch[4]) if is_colour(box) else 0
                covered[k] = np.where(hidden, image.dtype.type(grey), image[k])
            observation[name] = covered
        return observation


class Darkness:
    """Little light."""

    def __init__(self, key: str, space: spaces.Dict, severity: int, scale: float | None) -> None:
        self.boxes = _fitting(space, "darkness", key, is_colour)
        factor = LIGHT_LEFT[severity] ** (1 / LIGHT_GAMMA)
        self._levels = np.floor(np.arange(256) * factor + 0.5).astype(np.uint8)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing is drawn."""

    def apply(self, observation: Observation, ids: IntArray, streams: Streams) -> Observation:
        """See `navworld.sensors.corruption.Fault`."""
        for name in self.boxes:
            observation[name] = self._levels[observation[name]]
        return observation


class Spikes:
    """Single values that are far off."""

    def __init__(self, key: str, space: spaces.Dict, severity: int, scale: float | None) -> None:
        self.severity = severity
        self.boxes = _fitting(space, "spikes", key, _is_continuous)
        self.scale = {name: _scale(box, scale) for name, box in self.boxes.items()}

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing is drawn."""

    def apply(self, observation: Observation, ids: IntArray, streams: Streams) -> Observation:
        """See `navworld.sensors.corruption.Fault`."""
        for name, box in self.boxes.items():
            value = observation[name]
            whole = is_colour(box)
            shape = (len(ids), *value.shape[1:-1], 1) if whole else value.shape
            count = int(np.prod(shape[1:]))
            keys = streams.keys(f"{name} spikes", ids)
            drawn = np.moveaxis(uniforms(keys, 2 * count).reshape(len(ids), 2, *shape[1:]), 1, 0)
            hit = drawn[0] < SPIKES[self.severity]
            hit &= _present(observation, name)
            if _is_image(box):
                far_off = np.where(drawn[1] < 0.5, box.low, box.high)
            else:
                far_off = np.clip(value + (2 * drawn[1] - 1) * self.scale[name], box.low, box.high)
            observation[name] = np.where(hit, far_off, value).astype(value.dtype)
        return observation


class BiasJumps:
    """A bias that jumps now and then."""

    def __init__(self, key: str, space: spaces.Dict, severity: int, scale: float | None) -> None:
        self.severity = severity
        self.boxes = _fitting(
            space, "bias_jumps", key, lambda box: _is_continuous(box) and box.dtype != np.uint8
        )
        self.scale = {name: _scale(box, scale) for name, box in self.boxes.items()}
        self._bias: dict[str, NDArray] = {}

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """The bias is 0."""
        for name, box in self.boxes.items():
            if len(self._bias.get(name, ())) < world.num_envs:
                self._bias[name] = np.zeros((world.num_envs, _channels(box)))
            self._bias[name][ids] = 0.0

    def apply(self, observation: Observation, ids: IntArray, streams: Streams) -> Observation:
        """See `navworld.sensors.corruption.Fault`."""
        for name, box in self.boxes.items():
            value = observation[name]
            bias = self._bias[name]
            shape = bias.shape[1:]
            jumps = streams.uniform(f"{name} bias jumps", ids, shape) < JUMPS[self.severity]
            jumps &= streams.steps[ids, None] > 0
            size = JUMP_SIZE[self.severity] * streams.normal(f"{name} bias jump size", ids, shape)
            scale = self.scale[name].reshape(-1, self.scale[name].shape[-1])[0][: shape[0]]
            bias[ids] += jumps * size * scale
            offset = bias[ids].reshape(len(ids), *[1] * (value.ndim - 2), shape[0])
            there = _present(observation, name)
            if _is_image(box) or shape[0] != value.shape[-1]:
                there = there & (value != 0)
            moved = np.clip(value + offset, box.low, box.high)
            observation[name] = np.where(there, moved, value).astype(value.dtype)
        return observation


FAULTS: dict[str, Callable[[str, spaces.Dict, int, float | None], Any]] = {
    "blur": Blur,
    "occlusion": Occlusion,
    "darkness": Darkness,
    "spikes": Spikes,
    "bias_jumps": BiasJumps,
}

_MEANT_FOR = {
    "blur": "images of colours or measured quantities",
    "occlusion": "images",
    "darkness": "colour images",
    "spikes": "measured quantities (not whole numbers)",
    "bias_jumps": "measured quantities (not colours or whole numbers)",
}


def _fitting(
    space: spaces.Dict, kind: str, sensor: str, fits: Callable[[Box], bool]
) -> dict[str, Box]:
    """The observations that a fault changes; refuses a sensor without any."""
    found = {
        name: box
        for name, box in space.spaces.items()
        if isinstance(box, Box) and not name.endswith(BOOK_KEEPING) and fits(box)
    }
    if not found:
        raise ValueError(
            f"{kind} makes no sense for the sensor {sensor!r}: it is for {_MEANT_FOR[kind]}, and "
            f"the sensor gives only {', '.join(space.spaces)}"
        )
    return found


def _is_image(box: Box) -> bool:
    """(H, W), (H, W, few channels) or (bins, H, W), not a block of samples of a few channels."""
    if len(box.shape) not in (2, 3):
        return False
    rows, columns = _image_axes(box)
    return min(box.shape[rows], box.shape[columns]) >= SMALLEST_IMAGE


def _image_axes(box: Box) -> tuple[int, int]:
    """Where rows and columns are."""
    return (1, 2) if len(box.shape) == 3 and box.shape[-1] > MOST_CHANNELS else (0, 1)


def _is_continuous(box: Box) -> bool:
    """Whether values can be a little off: floats, and 8-bit grey or colour."""
    return bool(np.issubdtype(box.dtype, np.floating)) or (
        box.dtype == np.uint8 and bool(box.high.max() == 255)
    )


def _scale(box: Box, scale: float | None) -> NDArray:
    """Per value: what far off is [the sensor's unit]."""
    if scale is not None:
        return np.full(box.shape, scale)
    return np.minimum((box.high.astype(float) - box.low) / 2, LARGEST_SCALE)


def _channels(box: Box) -> int:
    """How many biases: one of an image or a scan, else one per channel."""
    return 1 if _is_image(box) or box.shape[-1] > CHANNELS else box.shape[-1]


def _present(observation: Observation, name: str) -> NDArray:
    """Which values are data, not the padding of ragged data."""
    value, count = observation[name], observation.get(f"{name}_count")
    if count is None or value.ndim < 2:
        return np.ones((1,) * value.ndim, bool)
    rows = np.arange(value.shape[1]) < count.reshape(-1, 1)
    return rows.reshape(*rows.shape, *[1] * (value.ndim - 2))


def _ellipse(patch: NDArray, part: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The given part of an image: what is nearest to a random centre, in an elliptic distance."""
    v, u = np.meshgrid(*[(np.arange(size) + 0.5) / size - 0.5 for size in shape], indexing="ij")
    v, u = v - 0.6 * (patch[0] - 0.5), u - 0.6 * (patch[1] - 0.5)
    angle, flat = np.pi * patch[2], 1.0 + patch[3]
    along, across = np.cos(angle) * u + np.sin(angle) * v, np.cos(angle) * v - np.sin(angle) * u
    distance = along**2 + (flat * across) ** 2
    return distance < np.quantile(distance, part)


def _blurred(image: NDArray, sigma: float) -> NDArray:
    """(H, W, …) image, blurred; of a float image the zeros stay and do not count."""
    if image.dtype == np.uint8:
        soft = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        return soft.reshape(image.shape)
    there = (image != 0).astype(np.float32)
    pair = [
        cv2.GaussianBlur(x, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE).reshape(image.shape)
        for x in (np.ascontiguousarray(image, np.float32), there)
    ]
    return np.where(there > 0, pair[0] / np.maximum(pair[1], 1e-6), image).astype(image.dtype)

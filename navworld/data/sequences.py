"""A recorded sequence: what sensors measured over time, how they sat, and where the body was.

Everything that writes or reads recordings speaks this one language: the recorder, every file
format, the readers of real data, streams and odometers. A sequence is a set of *channels*, one per
measured quantity, each with time stamps of its own, beside the true trajectory where it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.cameras import Fisheye, Orthographic, Panorama, Pinhole
from navworld.geometry.trajectories import Trajectory

Lens = Pinhole | Fisheye | Panorama | Orthographic

Kind = Literal["rgb", "gray", "depth", "labels", "image", "points", "scan", "events", "samples"]
"""What a channel holds, one item per stamp.

rgb (H, W, 3) uint8 · gray (H, W) uint8 · depth (H, W) float32 [m], 0 where nothing was measured ·
labels (H, W) int32 · image (H, W) or (H, W, C) of any type, such as flow · points (N, C) float32
of which the first three are metres in the sensor's frame · scan (N,) float32 ranges [m] · events
(N, 4) float64 `t, x, y, polarity` · samples, vectors such as IMU's, whose type is the channel's.
"""


@dataclass(frozen=True, eq=False)
class Channel:
    """One measured quantity.

    Attributes:
        kind: What an item is.
        stamps: (n,) float64 [s], strictly increasing, on the clock of the sequence.
        shape: Of an item; -1 where it varies from item to item.
        dtype: Of an item.
        T_body_sensor: (4, 4) where the sensor sits: cameras x right, y down, z forward; all
            others x forward, y left, z up. None where it is not known or means nothing.
        lens: How a camera images; None for other sensors and unknown ones.
        unit: Of the values, such as "m" or "m/s², rad/s"; "" for colours and labels.
        info: More about the sensor, such as its noise preset or the parameters of its noise.
    """

    kind: Kind
    stamps: NDArray[np.float64]
    shape: tuple[int, ...]
    dtype: np.dtype
    T_body_sensor: NDArray[np.float64] | None = None
    lens: Lens | None = None
    unit: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stamps = np.asarray(self.stamps, np.float64)
        if stamps.ndim != 1 or not np.isfinite(stamps).all() or (np.diff(stamps) <= 0).any():
            raise ValueError("the stamps of a channel must be finite and strictly increasing")
        object.__setattr__(self, "stamps", stamps)
        object.__setattr__(self, "dtype", np.dtype(self.dtype))

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def rate_hz(self) -> float:
        """Median rate; 0 for fewer than two items."""
        return 1 / float(np.median(np.diff(self.stamps))) if len(self.stamps) > 1 else 0.0


@runtime_checkable
class Sequence(Protocol):
    """A recorded ride.

    Attributes:
        name: Unique in its data set; letters, digits, `-`, `_` and `.` only.
        channels: By name, such as "rgb", "depth", "imu", "left_rgb".
        truth: Where the body was, at the highest rate that is known; None if it is not.
        velocity: (len(truth), 6) linear and angular velocity of the body in the body frame
            [m/s, rad/s]; None if it is not known.
        info: How it came about: scene, seed, carrier, conditions, split, licence …
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def channels(self) -> Mapping[str, Channel]: ...  # noqa: D102

    @property
    def truth(self) -> Trajectory | None: ...  # noqa: D102

    @property
    def velocity(self) -> NDArray[np.float64] | None: ...  # noqa: D102

    @property
    def info(self) -> Mapping[str, Any]: ...  # noqa: D102

    def read(self, channel: str, index: int) -> NDArray:
        """An item: a fresh array of the channel's kind.

        Raises:
            KeyError: There is no such channel; names the nearest.
            IndexError: There is no such item.
            ValueError: The item is damaged; names the file.
        """


@dataclass(frozen=True, eq=False)
class Recorded:
    """A sequence held in memory.

    Attributes:
        items: Channel → its items in order.
        name, channels, truth, velocity, info: As in `Sequence`.
    """

    name: str
    channels: Mapping[str, Channel]
    items: Mapping[str, Any]
    truth: Trajectory | None = None
    velocity: NDArray[np.float64] | None = None
    info: Mapping[str, Any] = field(default_factory=dict)

    def read(self, channel: str, index: int) -> NDArray:
        """An item; see `Sequence.read`."""
        check_item(self, channel, index)
        return np.array(self.items[channel][index])


def check_item(sequence: Sequence, channel: str, index: int) -> None:
    """Raises KeyError where there is no such channel, IndexError where it has no such item."""
    count = len(find(sequence, channel))
    if not 0 <= index < count:
        raise IndexError(f"{sequence.name}/{channel} has {count} items, there is no item {index}")


def find(sequence: Sequence, channel: str) -> Channel:
    """A channel by name.

    Raises:
        KeyError: There is none; names those there are.
    """
    try:
        return sequence.channels[channel]
    except KeyError:
        there = ", ".join(sequence.channels) or "none"
        raise KeyError(f"{sequence.name} has no channel {channel!r}: it has {there}") from None

"""A sequence step by step: what is sensed at the ticks of a clock, as environments give it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from navworld.data.sequences import Channel, Sequence, find

IMAGES = ("rgb", "gray", "depth", "labels", "image")

FASTER = 1.5
"""Samples at this many times the rate of the clock come as all that were taken since the tick
before."""

SAME = 1e-6
"""Times that differ by less are one [s]."""


class Frames:
    """Observations of a sequence, one per tick of the clock.

    A channel at the rate of the clock gives the item nearest to the tick; ticks that miss one by
    more than half a period are left out, and so are those of which the truth is not known. Depth
    is (H, W, 1). Samples
    that come faster, such as an IMU's, are given as by `navworld.sensors.imu`: under the name of
    the channel the (K, …) samples since the tick before, oldest first and padded with zeros, with
    `…_count` (1,) and `…_age` (1,), the time since the last of them [s]. The first tick has none.

    Args:
        channels: Those that are read; the others cost nothing.
        clock: Channel whose stamps are the ticks; None for the first camera, or the slowest
            channel where there is none.
    """

    def __init__(
        self, sequence: Sequence, channels: Iterable[str], *, clock: str | None = None
    ) -> None:
        self.sequence, self.channels = sequence, tuple(channels)
        ticks = _clock(sequence, clock).stamps
        if sequence.truth is not None:
            first, last = sequence.truth.stamps[[0, -1]]
            ticks = ticks[(ticks >= first - SAME) & (ticks <= last + SAME)]
        rate_hz = 1 / float(np.median(np.diff(ticks))) if len(ticks) > 1 else 0.0
        self._windows: list[str] = []
        self._nearest: list[str] = []
        for name in self.channels:
            channel = find(sequence, name)
            faster = channel.kind == "samples" and channel.rate_hz > FASTER * rate_hz > 0
            (self._windows if faster else self._nearest).append(name)
        for name in self._nearest:
            stamps = sequence.channels[name].stamps
            ticks = ticks[_misses(stamps, ticks) <= 0.5 / max(rate_hz, SAME) + SAME]
        if len(ticks) < 2:
            there = ", ".join(self.channels) or "the clock"
            raise ValueError(
                f"{sequence.name} has {len(ticks)} moments at which {there} and the truth are all "
                "known: at least two are needed; look at the stamps of its channels"
            )
        self.stamps: NDArray[np.float64] = ticks
        self._ends = {
            name: np.searchsorted(sequence.channels[name].stamps, ticks + SAME, "right")
            for name in self._windows
        }
        self._most = {name: int(np.diff(ends).max()) for name, ends in self._ends.items()}

    def __len__(self) -> int:
        return len(self.stamps)

    def __getitem__(self, tick: int) -> dict[str, NDArray]:
        """What is sensed at a tick: key → array, without a batch axis."""
        found = {}
        for name in self._nearest:
            channel = self.sequence.channels[name]
            item = self.sequence.read(name, _nearest(channel.stamps, self.stamps[tick]))
            found[name] = item[..., None] if channel.kind == "depth" else item
        for name in self._windows:
            found |= self._window(name, tick)
        return found

    def _window(self, name: str, tick: int) -> dict[str, NDArray]:
        channel, ends = self.sequence.channels[name], self._ends[name]
        end = int(ends[tick])
        begin = int(ends[tick - 1]) if tick else end
        items = np.zeros((self._most[name], *channel.shape), channel.dtype)
        for k in range(begin, end):
            items[k - begin] = self.sequence.read(name, k)
        age = max(self.stamps[tick] - channel.stamps[end - 1], 0.0) if end else 0.0
        return {
            name: items,
            f"{name}_count": np.array([end - begin], np.int32),
            f"{name}_age": np.array([age], np.float32),
        }


def _clock(sequence: Sequence, name: str | None) -> Channel:
    if name is not None:
        return find(sequence, name)
    if not sequence.channels:
        raise ValueError(f"{sequence.name} has no channels: there is nothing to run through")
    cameras = [c for c in sequence.channels.values() if c.kind in IMAGES]
    return cameras[0] if cameras else min(sequence.channels.values(), key=lambda c: c.rate_hz)


def _nearest(stamps: NDArray[np.float64], time: float) -> int:
    after = int(np.clip(np.searchsorted(stamps, time), 1, max(len(stamps) - 1, 1)))
    if len(stamps) == 1:
        return 0
    return after - 1 if time - stamps[after - 1] <= stamps[after] - time else after


def _misses(stamps: NDArray[np.float64], ticks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) how far the nearest stamp is from every tick [s]."""
    if not len(stamps):
        return np.full(len(ticks), np.inf)
    after = np.clip(np.searchsorted(stamps, ticks), 0, len(stamps) - 1)
    before = np.maximum(after - 1, 0)
    return np.minimum(abs(stamps[after] - ticks), abs(ticks - stamps[before]))

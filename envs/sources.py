"""What supervised systems learn from: clips of rides, rendered while they are used or from disk.

A source is a frozen dataclass with a method `batches` (`navworld.recipe.Data`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import get_worker_info

from navworld.data import formats
from navworld.data.sequences import Sequence, find
from navworld.envs.recording import RecordConfig
from navworld.envs.recording.streaming import Clips, Stream
from navworld.geometry import se3
from navworld.recipe import Portion
from navworld.scenes import scene_refs
from navworld.world.store import shared_store

Item = dict[str, np.ndarray]

VALIDATION_SEED = 1
"""Of the rides that a run is judged on."""

VALIDATION_SHARE = 0.25
"""Their length, as a share of those for training: so as many clips come from more scenes."""


@dataclass(frozen=True)
class RideClips:
    """Frames in a row of sensors that are carried through scenes, with how the body moved.

    A batch has every sensor as (B, length, …) and "T_previous_current" (B, length − 1, 4, 4).

    Attributes:
        scenes, validation: Where training and validation ride; a split's seeds belong together.
        sensors: Names, or name → options, as in `RecordConfig`; all at `rate_hz`.
        carriers: What carries them, each in every scene.
        rate_hz: Of the frames.
        seconds: Of a ride; every visit of a scene makes one with each carrier.
        length: Frames of a clip.
        stride: Frames from one to the next.
        image_size, fov_deg, light: Of the cameras.
        conditions: What rides find, as in `RecordConfig`; every visit draws one of them.
        held: Clips that wait to be given in random order.
        passes: How often a clip is given, on average.
        memory_gb: For scenes: as many as fit are made and lit once.
        folder: Of a recording to read instead; in it, sequences of another split than "train"
            validate, or every tenth where no split is told.
    """

    scenes: str | tuple[str, ...] = "apartment:train"
    validation: str | tuple[str, ...] = "apartment:validation[:8]"
    sensors: tuple[str, ...] | dict[str, Any] = ("rgb",)
    carriers: tuple[str, ...] = ("wheeled",)
    rate_hz: float = 10.0
    seconds: float = 24.0
    length: int = 9
    stride: int = 1
    image_size: int | tuple[int, int] = 64
    fov_deg: float = 90.0
    light: str = "full"
    conditions: tuple[dict[str, Any], ...] = ({},)
    held: int = 512
    passes: int = 3
    memory_gb: float = 3.0
    folder: str = ""

    def __post_init__(self) -> None:
        if self.length < 2 or self.stride < 1:
            raise ValueError(
                f"clips of length={self.length}, stride={self.stride}: expected at least 2 frames, "
                "1 apart"
            )

    def batches(self, portion: Portion) -> Iterator[dict[str, Tensor]]:
        """See `navworld.recipe.Data.batches`."""
        if self.folder:
            yield from self._recorded(portion)
            return
        shared_store().max_bytes = int(self.memory_gb * (1 << 30))
        rng = np.random.default_rng(_number(portion.seed, portion.round, *portion.part, 2))
        clips = chain.from_iterable(
            Stream(
                config, Clips(self.length, self.stride), buffer=1, epochs=1, fresh=False,
                part=portion.part,
            )
            for config in self.visits(portion)
        )  # fmt: skip
        train = portion.split == "train"
        pool: list[dict[str, Tensor]] = []
        group: list[dict[str, Tensor]] = []
        for clip in clips:
            if not train:
                group.append(clip)
            elif len(pool) < self.held:
                pool.append(clip)
            else:
                pool[int(rng.integers(self.held))] = clip
            for _ in range(self.passes if train and len(pool) >= portion.size else 0):
                group.append(pool[int(rng.integers(len(pool)))])
            while len(group) >= portion.size:
                yield {k: torch.stack([item[k] for item in group[: portion.size]]) for k in clip}
                del group[: portion.size]

    def visits(self, portion: Portion) -> Iterator[RecordConfig]:
        """The rides of a portion, scene by scene; every scene has its turn, again and again."""
        train = portion.split == "train"
        refs = list(scene_refs(self.scenes if train else self.validation))
        seed = portion.seed if train else VALIDATION_SEED
        rng = np.random.default_rng([seed, portion.round])
        sensors = self.sensors if isinstance(self.sensors, dict) else dict.fromkeys(self.sensors)
        options: dict[str, Any] = {
            name: {**(given or {}), "rate_hz": self.rate_hz} for name, given in sensors.items()
        }
        for visit in count():
            if visit % len(refs) == 0:
                order = rng.permutation(len(refs))
            yield RecordConfig(
                scenes=refs[order[visit % len(refs)]],
                sensors=options,
                carriers=list(self.carriers),
                seconds=self.seconds if train else max(VALIDATION_SHARE * self.seconds, 2.0),
                conditions=self.conditions[int(rng.integers(len(self.conditions)))] or None,
                image_size=self.image_size,
                fov_deg=self.fov_deg,
                light=self.light,
                seed=_number(seed, portion.round, visit),
            )

    def _recorded(self, portion: Portion) -> Iterator[dict[str, Tensor]]:
        info = get_worker_info()
        which, many = (0, 1) if info is None else (info.id, info.num_workers)
        rank, ranks = portion.part
        share, shares = which * ranks + rank, many * ranks
        sequences = _of_split(self.folder, portion.split)
        windows = [
            (sequence, begin)
            for sequence in sequences
            for begin in range(0, _frames(sequence, self.sensors) - self._span, self.length)
        ]
        if len(windows) < portion.size * shares:
            raise ValueError(
                f"{self.folder!r} has {len(windows)} clips of {self.length} frames to "
                f"{portion.split} on, fewer than a batch of {portion.size}: record more"
            )
        order = np.random.default_rng(_number(portion.seed, portion.round))
        for _ in count():
            turn = order.permutation(len(windows))[share::shares]
            for k in range(0, len(turn) - portion.size + 1, portion.size):
                items = [self._clip(*windows[j]) for j in turn[k : k + portion.size]]
                yield stacked(items)

    @property
    def _span(self) -> int:
        return (self.length - 1) * self.stride

    def _clip(self, sequence: Sequence, begin: int) -> Item:
        chosen = range(begin, begin + self._span + 1, self.stride)
        item = {n: np.stack([sequence.read(n, k) for k in chosen]) for n in self.sensors}
        stamps = find(sequence, next(iter(self.sensors))).stamps[list(chosen)]
        assert sequence.truth is not None
        T = sequence.truth.at(stamps).T_world_body
        return {**item, "T_previous_current": se3.relative(T[:-1], T[1:]), "stamp": stamps}


def stacked(items: list[Item]) -> dict[str, Tensor]:
    """A batch of items."""
    return {k: torch.as_tensor(np.stack([item[k] for item in items])) for k in items[0]}


def _number(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint32)[0])


@lru_cache(maxsize=8)
def _sequences(folder: str) -> tuple[Sequence, ...]:
    if not Path(folder).exists():
        raise FileNotFoundError(
            f"data.folder={folder!r} does not exist: make it with `navworld record`"
        )
    return tuple(formats.read(Path(folder)))


def _of_split(folder: str, split: str) -> list[Sequence]:
    sequences = [s for s in _sequences(folder) if s.truth is not None]
    told = {s.info.get("split") or "" for s in sequences}
    if told & {"validation", "test"} and "train" in told:
        wanted = ("train",) if split == "train" else ("validation",)
        return [s for s in sequences if s.info.get("split") in wanted]
    tenth = [s for s in sequences if zlib.crc32(s.name.encode()) % 10 == 0] or sequences[-1:]
    rest = [s for s in sequences if s not in tenth] or sequences
    return rest if split == "train" else tenth


def _frames(sequence: Sequence, sensors: Any) -> int:
    """Frames of a sequence; its sensors must have been read together."""
    first, *others = (find(sequence, name).stamps for name in sensors)
    for name, stamps in zip(list(sensors)[1:], others, strict=True):
        if not np.array_equal(first, stamps):
            raise ValueError(
                f"{sequence.name}: {name!r} has other time stamps than {next(iter(sensors))!r}; "
                "clips need sensors that are read together: record them at one rate"
            )
    return len(first)

"""What supervised systems learn from: clips of rides, rendered while they are used or from disk.

A source is a frozen dataclass with a method `batches` (`navworld.recipe.Data`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, count, islice
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
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
Clip = dict[str, Tensor]

VALIDATION_SEED = 1
"""Of the rides that a run is judged on."""

AHEAD = 4
"""Visits that a worker makes before they are wanted."""

VALIDATION_SHARE = 0.25
"""Their length, as a share of those for training: so as many clips come from more scenes."""


@dataclass(frozen=True)
class RideClips:
    """Frames in a row of sensors that are carried through scenes, with how the body moved.

    A batch has every sensor as (B, length, …) and "T_previous_current" (B, length − 1, 4, 4).

    Attributes:
        scenes, validation: Where training and validation ride; a split's seeds belong together.
            Of several, each has as many visits as any other, however many scenes it stands for.
        sensors: Names, or name → options, as in `RecordConfig`; all at `rate_hz`.
        carriers: What carries them, each in every scene.
        rate_hz: Of the frames.
        seconds: Of a ride; every visit of a scene makes one with each carrier.
        length: Frames of a clip.
        stride: Frames from one to the next.
        image_size, supersample, fov_deg, light: Of the cameras.
        conditions: What rides find, as in `RecordConfig`; every visit draws one of them.
        fresh: Visits that a round adds.
        held: Visits whose clips are given, in random order: the last so many.
        passes: Clips that are given before another is made, until the round's visits are made.
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
    supersample: int = 1
    fov_deg: float = 90.0
    light: str = "full"
    conditions: tuple[dict[str, Any], ...] = ({},)
    fresh: int = 4
    held: int = 48
    passes: int = 3
    memory_gb: float = 3.0
    folder: str = ""

    def __post_init__(self) -> None:
        if self.length < 2 or self.stride < 1:
            raise ValueError(
                f"clips of length={self.length}, stride={self.stride}: expected at least 2 frames, "
                "1 apart"
            )
        if not 1 <= self.fresh <= self.held or self.passes < 1:
            raise ValueError(
                f"fresh={self.fresh}, held={self.held}, passes={self.passes}: expected at least 1, "
                "and no more fresh visits than are held"
            )

    def batches(self, portion: Portion) -> Iterator[dict[str, Tensor]]:
        """See `navworld.recipe.Data.batches`."""
        if self.folder:
            yield from self._recorded(portion)
            return
        shared_store().max_bytes = int(self.memory_gb * (1 << 30))
        given = self._drawn(portion) if portion.split == "train" else self._in_order(portion)
        while group := list(islice(given, portion.size)):
            yield {k: torch.stack([clip[k] for clip in group]) for k in group[0]}

    def visits(self, portion: Portion) -> Iterator[RecordConfig]:
        """The rides of a portion, visit by visit; a round's follow those of the round before."""
        first = portion.round * self.fresh if portion.split == "train" else 0
        return (self._visit(portion, number) for number in count(first))

    def _in_order(self, portion: Portion) -> Iterator[Clip]:
        for number in count():
            yield from self._made(portion, number)

    def _drawn(self, portion: Portion) -> Iterator[Clip]:
        """Clips of the visits that are held, in random order, while new ones are made."""
        begin = portion.round * self.fresh
        end = begin + self.fresh
        shelf = _shelf(repr(self), portion.seed, portion.part)
        shelf.forget(max(0, end - self.held))
        made = partial(self._made, portion)
        pool = [c for n in range(max(0, end - self.held), begin) for c in shelf.visit(n, made)]
        rng = np.random.default_rng(_number(portion.seed, portion.round, *portion.part, 2))
        coming = (shelf.visit(number, made) for number in range(begin, end))
        for clip in chain.from_iterable(coming):
            pool.append(clip)
            for _ in range(self.passes if len(pool) >= portion.size else 0):
                yield pool[int(rng.integers(len(pool)))]
        if not pool:
            raise ValueError(
                f"a worker has no rides: there are {len(self.carriers)} to a visit, one for each "
                "carrier; lower training.workers"
            )
        while True:
            yield pool[int(rng.integers(len(pool)))]

    def _made(self, portion: Portion, number: int) -> Iterator[Clip]:
        """The clips of a visit."""
        kind = Clips(self.length, self.stride)
        config = self._visit(portion, number)
        return iter(Stream(config, kind, buffer=1, epochs=1, fresh=False, part=portion.part))

    def _visit(self, portion: Portion, number: int) -> RecordConfig:
        """Rides of every carrier in one scene; kinds of scenes take turns, and scenes in them."""
        train = portion.split == "train"
        seed = portion.seed if train else VALIDATION_SEED
        given = self.scenes if train else self.validation
        kinds = [given] if isinstance(given, str) else list(given)
        turn, place = divmod(number, len(kinds))
        kind = int(np.random.default_rng([seed, turn]).permutation(len(kinds))[place])
        refs = list(scene_refs(kinds[kind]))
        order = np.random.default_rng([seed, turn // len(refs), kind]).permutation(len(refs))
        rng = np.random.default_rng([seed, number, 0, 0])
        sensors = self.sensors if isinstance(self.sensors, dict) else dict.fromkeys(self.sensors)
        return RecordConfig(
            scenes=refs[order[turn % len(refs)]],
            sensors={k: {**(v or {}), "rate_hz": self.rate_hz} for k, v in sensors.items()},
            carriers=list(self.carriers),
            seconds=self.seconds if train else max(VALIDATION_SHARE * self.seconds, 2.0),
            conditions=self.conditions[int(rng.integers(len(self.conditions)))] or None,
            image_size=self.image_size,
            supersample=self.supersample,
            fov_deg=self.fov_deg,
            light=self.light,
            seed=_number(seed, number),
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


class _Shelf:
    """The visits that a process holds for a run; a worker makes some ahead, beside giving others.

    So scenes are made and lit while a network learns, however many steps a scene lasts.
    """

    def __init__(self) -> None:
        self._visits: dict[int, Future[list[Clip]]] = {}
        self._asked: SimpleQueue[tuple[Future[list[Clip]], Callable[[], Iterator[Clip]]]]
        self._asked = SimpleQueue()
        self._maker: Thread | None = None

    def visit(self, number: int, made: Callable[[int], Iterator[Clip]]) -> list[Clip]:
        """The clips of a visit, made now if they have not been."""
        if get_worker_info() is None:
            if number not in self._visits:
                self._visits[number] = Future()
                self._visits[number].set_result(list(made(number)))
            return self._visits[number].result()
        for ahead in range(number, number + AHEAD + 1):
            if ahead not in self._visits:
                self._visits[ahead] = Future()
                self._asked.put((self._visits[ahead], partial(made, ahead)))
        if self._maker is None:
            self._maker = Thread(target=self._make, daemon=True)
            self._maker.start()
        return self._visits[number].result()

    def forget(self, before: int) -> None:
        """Lets go of the visits before a number."""
        for number in [n for n in self._visits if n < before]:
            del self._visits[number]

    def _make(self) -> None:
        while True:
            visit, made = self._asked.get()
            try:
                visit.set_result(list(made()))
            except Exception as error:  # it is raised where the visit is wanted
                visit.set_exception(error)


@lru_cache(maxsize=1)
def _shelf(source: str, seed: int, part: tuple[int, int]) -> _Shelf:
    """The shelf of a run."""
    return _Shelf()


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

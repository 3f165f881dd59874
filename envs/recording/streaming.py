"""Streams: the same configuration as a torch data set that renders while training, without disk.

    stream = Stream(config, Pairs(gap=1), batch=64)
    for batch in DataLoader(stream, batch_size=None, num_workers=2): ...

Items are dictionaries of tensors by channel, with what is asked for in front (`Pairs`, `Clips`,
`Posed`, `Matches`). Every epoch rides other routes, without end; `fresh=False` and `epochs=1` give
the sequences that `record` would write, once.

Seeding: which items there are depends on the configuration alone. Workers, and the `part` of a
distributed job, share out whole routes in turn, so that their number changes neither the items nor
their bytes, only their order; with the same number the order is the same on every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import IterableDataset, get_worker_info

from navworld.data.movers import CHANNEL
from navworld.data.overlap import overlap
from navworld.data.sequences import Channel
from navworld.envs.recording.config import RecordConfig
from navworld.envs.recording.plan import rides
from navworld.envs.recording.ride import Ride
from navworld.geometry import se3
from navworld.geometry.trajectories import relative_motions

Item = dict[str, NDArray]

LONGEST = 256
"""Frames that are held at a time to pick from, for `Posed` and `Matches`."""


class Frames:
    """The frames of a ride: everything that is measured at the rate of its first channel.

    Attributes:
        sequence: What is measured on it.
        names: Channels of that rate, one item for every frame.
        between: Faster channels of vectors → how many of their items belong to a frame: those
            since the one before.
    """

    def __init__(self, ride: Ride) -> None:
        self.sequence = sequence = ride.sequence()
        self._ride, self._still = ride, sequence
        first = next(iter(sequence.channels.values()))
        self.stamps = first.stamps
        self.names = [
            name
            for name, channel in sequence.channels.items()
            if np.array_equal(channel.stamps, self.stamps)
            and -1 not in channel.shape
            and name != CHANNEL
        ]
        self.between = {
            name: self._ratio(channel)
            for name, channel in sequence.channels.items()
            if name not in (*self.names, CHANNEL)
            and channel.kind == "samples"
            and self._ratio(channel)
        }
        self.T_world_body = sequence.setting.curve.at(self.stamps).T_world_body

    def __len__(self) -> int:
        return len(self.stamps)

    def __getitem__(self, index: int) -> Item:
        """One frame: channel → its item; the pose as "T_world_body", the time as "stamp"."""
        read = self.sequence.read
        frame = {name: read(name, index) for name in self.names}
        for name, ratio in self.between.items():
            frame[name] = self._since(name, ratio, index)
        frame["T_world_body"], frame["stamp"] = self.T_world_body[index], self.stamps[index]
        tracks = self.sequence.setting.tracks
        if tracks is not None:  # doors are left out: every scene has another number of them
            free = [k for k, kind in enumerate(tracks.kinds) if kind != "door"]
            frame["T_world_mover"] = tracks.at(self.stamps[index : index + 1])[0, free]
            frame["mover_instance"] = tracks.instance[free]
        return frame

    def surface(self, depth: str, index: int, frame: Item) -> NDArray:
        """The depth image of a frame as it would be if nothing moved beside the carrier."""
        if self.sequence.setting.tracks is None:
            return frame[depth]
        if self._still is self.sequence:
            self._still = self._ride.sequence(still=True)
        return self._still.read(depth, index)

    def _ratio(self, channel: Channel) -> int:
        """Items per frame, 0 unless a whole number of them fits."""
        ratio = channel.rate_hz * float(np.median(np.diff(self.stamps)))
        whole = round(ratio)
        return whole if whole >= 1 and abs(ratio - whole) < 1e-6 and -1 not in channel.shape else 0

    def _since(self, name: str, ratio: int, index: int) -> NDArray:
        """(ratio, …) what was measured since the frame before; zeros for the first."""
        channel = self.sequence.channels[name]
        end = int(np.searchsorted(channel.stamps, self.stamps[index] + 1e-9, "right"))
        if end < ratio:
            return np.zeros((ratio, *channel.shape), channel.dtype)
        return np.stack([self.sequence.read(name, k) for k in range(end - ratio, end)])


@dataclass(frozen=True)
class Pick:
    """The frames of an item, and what else it says; frames may be in several."""

    frames: tuple[Item, ...]
    extra: Item = field(default_factory=dict)


class Kind(Protocol):
    """What a stream consists of."""

    def picks(self, visits: list[Frames], rng: np.random.Generator) -> Iterator[Pick]:
        """Items of the rides of one route."""

    def finished(self, batch: Item) -> Item:
        """A batch of items with what follows from its frames."""


@dataclass(frozen=True)
class Pairs:
    """Two frames: channels (2, …), and "T_previous_current" (4, 4), how the body moved.

    Attributes:
        gap: Frames from the first to the second. Each frame is the second of one pair.
    """

    gap: int = 1

    def picks(self, visits: list[Frames], rng: np.random.Generator) -> Iterator[Pick]:
        """See `Kind.picks`."""
        for frames in visits:
            yield from _windows(frames, (0, self.gap), 1)

    def finished(self, batch: Item) -> Item:
        """See `Kind.finished`."""
        T = batch["T_world_body"]
        return {**batch, "T_previous_current": se3.relative(T[:, 0], T[:, 1])}


@dataclass(frozen=True)
class Clips:
    """Several frames in a row: channels (n, …), "T_previous_current" (n − 1, 4, 4).

    Clips share no frames.

    Attributes:
        length: Frames n.
        stride: From one to the next.
    """

    length: int = 8
    stride: int = 1

    def picks(self, visits: list[Frames], rng: np.random.Generator) -> Iterator[Pick]:
        """See `Kind.picks`."""
        offsets = tuple(range(0, self.length * self.stride, self.stride))
        for frames in visits:
            yield from _windows(frames, offsets, offsets[-1] + 1)

    def finished(self, batch: Item) -> Item:
        """See `Kind.finished`."""
        return {**batch, "T_previous_current": relative_motions(batch["T_world_body"])}


@dataclass(frozen=True)
class Posed:
    """Views of one scene, in no order: channels (k, …), "T_world_body" (k, 4, 4).

    Attributes:
        views: How many, k. They come from a stretch of at most `LONGEST` frames.
    """

    views: int = 8

    def picks(self, visits: list[Frames], rng: np.random.Generator) -> Iterator[Pick]:
        """See `Kind.picks`."""
        for frames in visits:
            for begin in range(0, len(frames) - self.views + 1, LONGEST):
                held = [frames[k] for k in range(begin, min(begin + LONGEST, len(frames)))]
                order = rng.permutation(len(held))
                for at in range(0, len(order) - self.views + 1, self.views):
                    yield Pick(tuple(held[k] for k in order[at : at + self.views]))

    def finished(self, batch: Item) -> Item:
        """See `Kind.finished`."""
        return batch


@dataclass(frozen=True)
class Matches:
    """A query and a frame of the database that overlap: channels (2, …), query first.

    "overlap" is the share of the query's pixels whose surface the other frame shows as well; what
    moves does not count, it is taken from the place alone. "T_query_database" (4, 4) is the pose
    of the other camera in the query's. The database is the first ride of a route, queries come
    from its last: under other conditions where there are several.

    Attributes:
        least, most: Bounds of the overlap.
        depth: Channel that the overlap is taken from.
        tries: Frames of the database that are looked at for a query before it is left out.
    """

    least: float = 0.3
    most: float = 1.0
    depth: str = "depth"
    tries: int = 12

    def picks(self, visits: list[Frames], rng: np.random.Generator) -> Iterator[Pick]:
        """See `Kind.picks`."""
        database, queries = visits[0], visits[-1]
        channel = database.sequence.channels.get(self.depth)
        if channel is None or channel.lens is None or self.depth not in database.names:
            raise ValueError(
                f"Matches needs a channel {self.depth!r} of depth images at the rate of the first "
                f"sensor: there are {', '.join(database.names)}; add it to `sensors`"
            )
        for begin in range(0, min(len(database), len(queries)), LONGEST):
            span = range(begin, min(begin + LONGEST, len(database), len(queries)))
            held = [self._view(database, k) for k in span]
            for query in held if queries is database else (self._view(queries, k) for k in span):
                found = self._match(query, held, channel, rng)
                if found is not None:
                    yield found

    def finished(self, batch: Item) -> Item:
        """See `Kind.finished`."""
        return batch

    def _view(self, frames: Frames, index: int) -> tuple[Item, NDArray]:
        """A frame, and its depth where nothing moves."""
        frame = frames[index]
        return frame, frames.surface(self.depth, index, frame)

    def _match(
        self,
        view: tuple[Item, NDArray],
        held: list[tuple[Item, NDArray]],
        channel: Channel,
        rng: np.random.Generator,
    ) -> Pick | None:
        query, surface = view
        T_body_camera = channel.T_body_sensor
        assert channel.lens is not None and T_body_camera is not None
        T_world_query = query["T_world_body"] @ T_body_camera
        for k in rng.choice(len(held), min(self.tries, len(held)), replace=False):
            other, its_surface = held[k]
            if other is query:
                continue
            T = se3.relative(T_world_query, other["T_world_body"] @ T_body_camera)
            share = overlap(surface, its_surface, T, channel.lens)
            if self.least <= share <= self.most:
                extra = {"overlap": np.array(share, np.float32), "T_query_database": T}
                return Pick((query, other), extra)
        return None


class Stream(IterableDataset):
    """Items that are rendered while they are used.

    Args:
        config: As for `record`.
        kind: What items are: `Pairs()`, `Clips()`, `Posed()`, `Matches()`.
        batch: Items are stacked by so many; None gives them one by one. Fewer than a batch at the
            end of the last epoch are left out.
        buffer: Items that are held to be given in random order; 1 keeps the order of the rides.
        epochs: How often all routes are ridden; None for ever.
        fresh: Whether every epoch has routes, conditions and noise of its own.
        part: (which, of how many) parts of a distributed job.
    """

    def __init__(
        self,
        config: RecordConfig,
        kind: Kind,
        *,
        batch: int | None = None,
        buffer: int = 256,
        epochs: int | None = None,
        fresh: bool = True,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        if buffer < 1 or (batch is not None and batch < 1):
            raise ValueError(f"buffer={buffer!r}, batch={batch!r}: expected at least 1")
        if not 0 <= part[0] < part[1]:
            raise ValueError(f"part={part!r}: expected (which, of how many), such as (0, 4)")
        self.config, self.kind = config, kind
        self.batch, self.buffer, self.epochs, self.fresh = batch, buffer, epochs, fresh
        self.part = part
        self._routes = _by_route(rides(config))

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        """Items, or batches of them, of this worker."""
        info = get_worker_info()
        which, many = (0, 1) if info is None else (info.id, info.num_workers)
        share = which * self.part[1] + self.part[0], many * self.part[1]
        rng = np.random.default_rng([*share, SHUFFLE])
        picks = self._shuffled(self._picks(*share), rng)
        if self.batch is None:
            for pick in picks:
                yield {name: value[0] for name, value in self._tensors([pick]).items()}
            return
        while len(group := list(islice(picks, self.batch))) == self.batch:
            yield self._tensors(group)

    def _tensors(self, picks: list[Pick]) -> dict[str, torch.Tensor]:
        """A batch (B, n, …) of picks of n frames."""
        size, length = len(picks), len(picks[0].frames)
        batch = {}
        for name in picks[0].frames[0]:
            stacked = np.stack([frame[name] for pick in picks for frame in pick.frames])
            batch[name] = stacked.reshape(size, length, *stacked.shape[1:])
        for name in picks[0].extra:
            batch[name] = np.stack([pick.extra[name] for pick in picks])
        return {k: torch.from_numpy(v) for k, v in self.kind.finished(batch).items()}

    def _picks(self, which: int, many: int) -> Iterator[Pick]:
        epochs = count() if self.epochs is None else range(self.epochs)
        passages = ((epoch, k) for epoch in epochs for k in range(len(self._routes)))
        for epoch, k in islice(passages, which, None, many):
            visits = self._routes[k]
            if self.fresh:
                visits = [self._renewed(ride, epoch) for ride in visits]
            rng = np.random.default_rng([self.config.seed, epoch, k, PICK])
            yield from self.kind.picks([Frames(ride) for ride in visits], rng)

    def _renewed(self, ride: Ride, epoch: int) -> Ride:
        return replace(ride, route=ride.route + epoch * self.config.routes)

    def _shuffled(self, picks: Iterator[Pick], rng: np.random.Generator) -> Iterator[Pick]:
        held: list[Pick] = []
        for pick in picks:
            if len(held) < self.buffer:
                held.append(pick)
                continue
            at = int(rng.integers(self.buffer))
            held[at], out = pick, held[at]
            yield out
        for at in rng.permutation(len(held)):
            yield held[at]


SHUFFLE, PICK = 1, 2
"""What random numbers are for."""


def _by_route(planned: list[Ride]) -> list[list[Ride]]:
    """The rides of every route and direction, in the order of their visits."""
    routes: dict[tuple[Any, ...], list[Ride]] = {}
    for ride in planned:
        routes.setdefault((ride.label, ride.carrier, ride.route, ride.back), []).append(ride)
    return list(routes.values())


def _windows(frames: Frames, offsets: tuple[int, ...], hop: int) -> Iterator[Pick]:
    """Frames at some distances from each other, every `hop` frames; each is read once."""
    length = offsets[-1] + 1
    held: list[Item] = []
    for at in range(len(frames)):
        held.append(frames[at])
        if len(held) == length:
            yield Pick(tuple(held[k] for k in offsets))
            del held[:hop]

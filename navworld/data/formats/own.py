"""The library's own format: lossless, fast, resumable; see docs/recording.md.

NAME/sequence.json   channels, calibration, how it came about, SHA-256 of the other files;
                     written last: a sequence without it is unfinished
NAME/motion.shard    stamps of every channel, true poses and velocities
NAME/00000.shard …   what was measured, so many seconds in each (`navworld.data.shards`)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.formats.described import describe, described
from navworld.data.sequences import Channel, Sequence, check_item
from navworld.data.shards import REMEDY, Shard, ShardWriter
from navworld.data.writing import PART, sha256_of, whole, write_whole
from navworld.geometry.trajectories import Trajectory

FORMAT = "navworld sequence 1"
HEAD, MOTION = "sequence.json", "motion.shard"
SHARD_SECONDS = 10.0
SMALL_BYTES = 4096
"""Items of a fixed shape up to this size are coded together, a shard's worth at a time."""
OPEN_SHARDS = 8
NAME = re.compile(r"(?!\.+$)[A-Za-z0-9._-]+")
_STAMPS, _TRUTH = "stamps ", "truth "

Report = Callable[[int], None]


def write(
    sequence: Sequence,
    folder: str | Path,
    *,
    shard_seconds: float = SHARD_SECONDS,
    resume: bool = False,
    report: Report | None = None,
) -> dict[str, str]:
    """Writes a sequence as `folder`/NAME.

    Args:
        shard_seconds: How much goes into a shard.
        resume: Keeps the whole shards that are there; they must be of the same sequence.
        report: Called with the number of items that were written since it was called last.

    Returns:
        SHA-256 of every file, by name.

    Raises:
        NotWrittenError: The disk is full, the folder cannot be written …; what was complete stays.
        ValueError: The name of the sequence is none that a file can have.
    """
    home = Path(folder) / checked_name(sequence.name)
    if not resume:
        (home / HEAD).unlink(missing_ok=True)
    elif (done := finished(home)) is not None:
        return done
    for left_over in home.glob(f".*{PART}"):
        left_over.unlink(missing_ok=True)
    ranges = _parts(sequence, shard_seconds)
    files = {MOTION: _write_motion(sequence, home / MOTION)}
    for k in range(len(next(iter(ranges.values()), ()))):
        spans = {name: spans[k] for name, spans in ranges.items()}
        path = home / f"{k:05d}.shard"
        if not (resume and _holds(path, spans)):
            _write_shard(sequence, path, spans, report)
        elif report is not None:
            report(sum(map(len, spans.values())))
        files[path.name] = sha256_of(path)
    head = json.dumps(_head(sequence, ranges, files), indent=1, sort_keys=True) + "\n"
    return {**files, HEAD: write_whole(home / HEAD, head.encode())}


def read(folder: str | Path) -> list[Sequence]:
    """The sequences in a folder, in the order of their names; or the one that it is.

    Raises:
        FileNotFoundError: There is no finished sequence.
        ValueError: One is damaged.
    """
    folder = Path(folder)
    if (folder / HEAD).is_file():
        return [StoredSequence.open(folder)]
    found = sorted(path.parent for path in folder.glob(f"*/{HEAD}"))
    if not found:
        raise FileNotFoundError(
            f"{folder} holds no finished sequence (no {HEAD}): give the folder of a recording, "
            "or finish it with `navworld record`"
        )
    return [StoredSequence.open(home) for home in found]


@dataclass(frozen=True, eq=False)
class StoredSequence:
    """A sequence on disk, read item by item; see `navworld.data.sequences.Sequence`.

    Attributes:
        home: Its folder.
        parts: Channel → index of the first item in every shard.
    """

    name: str
    channels: Mapping[str, Channel]
    truth: Trajectory | None
    velocity: NDArray[np.float64] | None
    info: Mapping[str, Any]
    home: Path
    parts: Mapping[str, NDArray[np.int64]]
    _open: OrderedDict[int, Shard] = field(default_factory=OrderedDict)
    _lock: Any = field(default_factory=Lock)

    @classmethod
    def open(cls, home: Path) -> StoredSequence:
        """The sequence of a folder."""
        head = _read_head(home / HEAD)
        motion = Shard(home / MOTION)
        try:
            channels = {
                name: described(entry, motion.read(_STAMPS + name, 0))
                for name, entry in head["channels"].items()
            }
            truth, velocity = None, None
            if head["truth"]:
                poses = motion.read(_TRUTH + "T_world_body", 0)
                truth = Trajectory(motion.read(_TRUTH + "stamps", 0), poses)
            if head["velocity"]:
                velocity = motion.read(_TRUTH + "velocity", 0)
            parts = {name: np.array(first) for name, first in head["parts"].items()}
            name, info = checked_name(head["name"]), head["info"]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{home / HEAD} lacks {error}: {REMEDY}") from None
        except ValueError as error:
            raise ValueError(f"{home / HEAD}: {error}") from None
        return cls(name, channels, truth, velocity, info, home, parts)

    def read(self, channel: str, index: int) -> NDArray:
        """An item; see `Sequence.read`."""
        check_item(self, channel, index)
        part = int(np.searchsorted(self.parts[channel], index, "right")) - 1
        shard = self._shard(part)
        if index not in shard.span(channel):
            raise ValueError(f"{shard.path} does not hold item {index} of {channel!r}: {REMEDY}")
        return shard.read(channel, index)

    def _shard(self, part: int) -> Shard:
        with self._lock:
            shard = self._open.get(part)
            if shard is None:
                shard = self._open[part] = Shard(self.home / f"{part:05d}.shard")
            self._open.move_to_end(part)
            while len(self._open) > OPEN_SHARDS:
                self._open.popitem(last=False)
            return shard


def checked_name(name: str) -> str:
    """The name of a sequence, which is that of its folder.

    Raises:
        ValueError: It would lead elsewhere, or not work everywhere.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a sequence: expected letters, digits, '-', '_' and '.'"
        )
    return name


def digest(files: Mapping[str, str]) -> str:
    """One SHA-256 for files with theirs, whatever their order."""
    lines = "".join(f"{name} {sha}\n" for name, sha in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def finished(home: Path) -> dict[str, str] | None:
    """SHA-256 of the files of a sequence that is all there; None if anything is amiss."""
    try:
        files = _read_head(home / HEAD)["files"]
        if all(sha256_of(home / checked_name(name)) == sha for name, sha in files.items()):
            return {**files, HEAD: sha256_of(home / HEAD)}
    except (FileNotFoundError, ValueError, KeyError, AttributeError):
        pass
    return None


def _holds(path: Path, spans: Mapping[str, range]) -> bool:
    """Whether a shard is there, whole, with just these items."""
    try:
        shard = Shard(path)
        shard.check()
    except (FileNotFoundError, ValueError):
        return False
    wanted = {name: span for name, span in spans.items() if len(span)}
    return shard.index.keys() == wanted.keys() and all(
        shard.span(name) == span for name, span in wanted.items()
    )


def _parts(sequence: Sequence, seconds: float) -> dict[str, list[range]]:
    """Channel → indices of its items in every shard."""
    stamps = {name: channel.stamps for name, channel in sorted(sequence.channels.items())}
    filled = [s for s in stamps.values() if len(s)]
    if not filled:
        return {name: [] for name in stamps}
    begin, end = min(s[0] for s in filled), max(s[-1] for s in filled)
    count = int((end - begin) / seconds) + 1
    # A grain of time later, so that what falls on a border by rounding falls after it.
    borders = begin + seconds * np.arange(1, count) - 1e-9
    found = {}
    for name, s in stamps.items():
        edges = [0, *np.searchsorted(s, borders).tolist(), len(s)]
        found[name] = [range(a, b) for a, b in pairwise(edges)]
    return found


def _write_shard(
    sequence: Sequence, path: Path, spans: Mapping[str, range], report: Report | None
) -> None:
    channels = sequence.channels
    order = [
        (channels[name].stamps[index], k, index, name)
        for k, (name, span) in enumerate(spans.items())
        for index in span
    ]
    small = {name: _is_small(channels[name]) for name in spans}
    with whole(path) as file:
        writer = ShardWriter(file)
        for _, _, index, name in sorted(order):
            writer.add(name, index, sequence.read(name, index), small=small[name])
            if report is not None:
                report(1)
        writer.close()


def _is_small(channel: Channel) -> bool:
    size = int(np.prod(channel.shape)) * channel.dtype.itemsize
    return -1 not in channel.shape and size <= SMALL_BYTES


def _write_motion(sequence: Sequence, path: Path) -> str:
    with whole(path) as file:
        writer = ShardWriter(file)
        for name, channel in sorted(sequence.channels.items()):
            writer.add(_STAMPS + name, 0, channel.stamps)
        if sequence.truth is not None:
            writer.add(_TRUTH + "stamps", 0, sequence.truth.stamps)
            writer.add(_TRUTH + "T_world_body", 0, sequence.truth.T_world_body)
        if sequence.velocity is not None:
            writer.add(_TRUTH + "velocity", 0, sequence.velocity)
        writer.close()
    return file.sha256


def _head(
    sequence: Sequence, ranges: Mapping[str, list[range]], files: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": sequence.name,
        "info": sequence.info,
        "channels": {name: _entry(channel) for name, channel in sequence.channels.items()},
        "parts": {name: [span.start for span in spans] for name, spans in ranges.items()},
        "truth": sequence.truth is not None,
        "velocity": sequence.velocity is not None,
        "files": dict(files),
    }


def _entry(channel: Channel) -> dict[str, Any]:
    return {
        **describe(channel),
        "items": len(channel),
        "rate_hz": round(channel.rate_hz, 6),
    }


def _read_head(path: Path) -> dict[str, Any]:
    try:
        head = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged or cut off: {REMEDY}") from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(f"{path} is no sequence of this format: expected {FORMAT!r} in it")
    return head

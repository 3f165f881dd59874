"""WebDataset tar shards: everything, without loss, to be read in a stream or out of order.

    NAME-000000.tar      samples of the sequence NAME, 256 in a shard
      NAME/000000.head.json      first sample of a shard: channels, calibration, info, how many
      NAME/000000.json           times of the sample's items [s]
      NAME/000000.rgb.png        images for the eye
      NAME/000000.depth.npy      other items, one member each; a second one is `depth.1.npy`
      NAME/000000.imu.npy        samples and scans, one under the other
      NAME/000000.truth.npy      time, T_world_body (16), velocity (6), one row each

A sample belongs to an item of the lead, the main camera where there is one, and has whatever was
measured since the item before. Headers of members are all alike (no times, no owners) and members
are sorted, so that shards do not depend on who wrote them when.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.formats import parts
from navworld.data.formats.described import describe, described, plain
from navworld.data.formats.files import check_name, hidden, refuse_existing
from navworld.data.formats.images import decode, encode_png
from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.data.writing import whole
from navworld.geometry.trajectories import Trajectory

SAMPLES = 256
"""In a shard."""

_SHARD = re.compile(r"(.+)-(\d{6})\.tar")
_FORMAT = "navworld webdataset 1"


@dataclass(frozen=True)
class Member:
    """Where an item lies: a part of a file, and a row of the array there; None for all of it."""

    path: Path
    name: str
    offset: int
    size: int
    row: int | None = None

    def load(self) -> NDArray:
        """The item.

        Raises:
            ValueError: It is damaged.
        """
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read(self.size)
        source = f"{self.path}:{self.name}"
        if self.name.endswith(".png"):
            return decode(data, source)
        try:
            array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
            return array if self.row is None else array[self.row]
        except (ValueError, IndexError, EOFError) as error:
            raise ValueError(f"{source} is damaged: expected an array of NumPy") from error


@dataclass(frozen=True)
class Members:
    """Items of a channel, read when one is asked for."""

    members: tuple[Member, ...]

    def __getitem__(self, index: int) -> NDArray:
        return self.members[index].load()


def fits(path: Path) -> bool:
    """Whether there are tar files."""
    return bool(_shards(path))


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """Shards of every sequence; nothing is left out."""
    for sequence in sequences:
        samples = _samples(sequence)
        count = -(-len(samples) // SAMPLES)
        refuse_existing(folder / f"{sequence.name}-000000.tar")
        head = {
            "format": _FORMAT,
            "shards": count,
            "samples": len(samples),
            "channels": {name: describe(c) for name, c in sequence.channels.items()},
            "truth": sequence.truth is not None,
            "velocity": sequence.velocity is not None,
            "info": plain(sequence.info),
        }
        # The first one last: the sequence is there when that one is.
        for shard in reversed(range(count)):
            some = samples[shard * SAMPLES : (shard + 1) * SAMPLES]
            with whole(folder / f"{sequence.name}-{shard:06d}.tar") as file:
                for k, sample in enumerate(some, start=shard * SAMPLES):
                    members = _members(sequence, sample)
                    if k == shard * SAMPLES:
                        members["head.json"] = _json(head)
                    for name, data in sorted(members.items()):
                        file.write(_entry(f"{sequence.name}/{k:06d}.{name}", data))
                file.write(bytes(2 * tarfile.BLOCKSIZE))
    return []


def read(path: Path) -> list[Sequence]:
    """The sequences whose shards are in a folder."""
    shards = _shards(path)
    names = dict.fromkeys(_stem(shard) for shard in shards)
    return [_read([shard for shard in shards if _stem(shard) == name]) for name in names]


def _shards(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix == ".tar" else []
    return sorted(p for p in path.glob("*.tar") if not hidden(p))


def _stem(shard: Path) -> str:
    found = _SHARD.fullmatch(shard.name)
    return found[1] if found else shard.stem


def _samples(sequence: Sequence) -> list[dict[str, range]]:
    """For every sample, the items that belong to it; "" stands for poses."""
    stamps = {name: channel.stamps for name, channel in sequence.channels.items()}
    if sequence.truth is not None:
        stamps[""] = sequence.truth.stamps
    lead = next(iter(parts.cameras(sequence)), next(iter(stamps), None))
    if lead is None or not len(stamps[lead]):
        raise ValueError(f"{sequence.name} holds nothing: there is nothing to write")
    borders = stamps[lead][:-1]
    edges = {
        name: [0, *np.searchsorted(s, borders, "right").tolist(), len(s)]
        for name, s in stamps.items()
    }
    return [
        {name: range(e[k], e[k + 1]) for name, e in edges.items()} for k in range(len(borders) + 1)
    ]


def _members(sequence: Sequence, sample: dict[str, range]) -> dict[str, bytes]:
    """Ending of the name → content."""
    members, times = {}, {}
    for name, span in sample.items():
        if name and len(span):
            channel = sequence.channels[name]
            times[name] = channel.stamps[span.start : span.stop].tolist()
            items = [np.asarray(sequence.read(name, k), channel.dtype) for k in span]
            if _stacked(channel):
                members[f"{name}.npy"] = _array(np.stack(items))
            for k, item in enumerate([] if _stacked(channel) else items):
                ending = f"{name}.{k}" if k else name
                if channel.kind in ("rgb", "gray"):
                    members[f"{ending}.png"] = encode_png(item)
                else:
                    members[f"{ending}.npy"] = _array(item)
    truth, span = sequence.truth, sample.get("", range(0))
    if truth is not None and len(span):
        part = slice(span.start, span.stop)
        rows = [truth.stamps[part, None], truth.T_world_body[part].reshape(-1, 16)]
        if sequence.velocity is not None:
            rows.append(sequence.velocity[part])
        members["truth.npy"] = _array(np.concatenate(rows, 1))
    return {**members, "json": _json({"times": times})}


def _stacked(channel: Channel) -> bool:
    """Whether the items of a sample lie in one array."""
    return channel.kind in ("samples", "scan") and -1 not in channel.shape


def _array(array: NDArray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), (1, 0), allow_pickle=False)
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _entry(name: str, data: bytes) -> bytes:
    """A member of a tar file: header, content, padding."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    header = info.tobuf(tarfile.USTAR_FORMAT, "ascii")
    return header + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def _read(shards: list[Path]) -> Recorded:
    found: dict[str, dict[str, Member]] = {}
    for shard in shards:
        for member in _scan(shard):
            key, _, ending = PurePosixPath(member.name).name.partition(".")
            found.setdefault(key, {})[ending] = member
    head = _head(shards, found)
    stamps: dict[str, list[float]] = {name: [] for name in head["channels"]}
    items: dict[str, list[Member]] = {name: [] for name in head["channels"]}
    rows = []
    try:
        for key in sorted(found):
            sample = found[key]
            for name, times in _load(sample["json"])["times"].items():
                stamps[name] += times
                items[name] += _items(sample, name, len(times), head["channels"][name])
            if "truth.npy" in sample:
                rows.append(sample["truth.npy"].load())
        channels = {
            name: described(entry, np.array(stamps[name]))
            for name, entry in head["channels"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{shards[0]} is damaged: its samples lack {error}") from error
    except ValueError as error:
        raise ValueError(f"{shards[0]}: {error}") from error
    truth, velocity = None, None
    if rows:
        table = np.concatenate(rows)
        truth = Trajectory(table[:, 0], table[:, 1:17].reshape(-1, 4, 4))
        velocity = table[:, 17:] if head["velocity"] else None
    loaders = {name: Members(tuple(members)) for name, members in items.items()}
    name = check_name(_stem(shards[0]))
    return Recorded(name, channels, loaders, truth, velocity, head["info"])


def _items(
    sample: dict[str, Member], name: str, count: int, entry: dict[str, Any]
) -> Iterator[Member]:
    for k in range(count):
        if entry["kind"] in ("samples", "scan") and -1 not in entry["shape"]:
            whole_ = sample[f"{name}.npy"]
            yield Member(whole_.path, whole_.name, whole_.offset, whole_.size, k)
        else:
            ending = f"{name}.{k}" if k else name
            suffix = "png" if entry["kind"] in ("rgb", "gray") else "npy"
            yield sample[f"{ending}.{suffix}"]


def _head(shards: list[Path], found: dict[str, dict[str, Member]]) -> dict[str, Any]:
    """The description in the first sample; all shards and samples must be there."""
    first = found.get(min(found, default=""), {})
    if "head.json" not in first:
        raise ValueError(
            f"{shards[0]} has no head.json with calibration in its first sample: only shards that "
            "were written here are read, and the first one must be among them"
        )
    head = _load(first["head.json"])
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise ValueError(f"{shards[0]} is not of the format {_FORMAT!r}")
    if len(found) != head["samples"]:
        raise ValueError(
            f"{shards[0].parent} has {len(found)} of {head['samples']} samples of "
            f"{_stem(shards[0])}, in {len(shards)} of {head['shards']} shards: it was not written "
            "or copied to the end"
        )
    return head


def _load(member: Member) -> Any:
    with member.path.open("rb") as file:
        file.seek(member.offset)
        data = file.read(member.size)
    try:
        return json.loads(data)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{member.path}:{member.name} is damaged: expected JSON") from error


def _scan(shard: Path) -> Iterator[Member]:
    """The members of a tar file; nothing is unpacked."""
    size = shard.stat().st_size
    try:
        with tarfile.open(shard, "r:") as tar:
            for info in tar:
                path = PurePosixPath(info.name)
                if path.is_absolute() or ".." in path.parts or not info.isfile():
                    raise ValueError(
                        f"{shard} has a member {info.name!r} that leads elsewhere: not read"
                    )
                if info.offset_data + info.size > size:
                    raise ValueError(f"{shard} is cut off in {info.name!r}: copy it again")
                yield Member(shard, info.name, info.offset_data, info.size)
    except tarfile.TarError as error:
        raise ValueError(f"{shard} is damaged or cut off: expected a tar file") from error

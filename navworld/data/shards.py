r"""Shards: files of coded items of several channels, with an index at the end.

b"navworld shard 1\n"
coded items (`navworld.data.coding`), in the order of their stamps
index, JSON: channel → {"first": index of its first item, "items": [[offset, size, crc32], …]}
       or, where small items are coded together, {"first", "count", "block": [offset, size, crc32]}
offset of the index as uint64, its CRC-32 as uint32, b"end\n"   (little-endian)
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.coding import decode, encode
from navworld.data.writing import Tally

MAGIC = b"navworld shard 1\n"
END = struct.Struct("<QI4s")
LAST = b"end\n"


class ShardWriter:
    """Fills a shard.

    Args:
        file: Where to; see `navworld.data.writing.whole`.
    """

    def __init__(self, file: Tally) -> None:
        self._file = file
        self._index: dict[str, dict[str, Any]] = {}
        self._together: dict[str, list[NDArray]] = {}
        file.write(MAGIC)

    def add(self, channel: str, index: int, item: NDArray, *, small: bool = False) -> None:
        """Appends an item; those of a channel come in order, without gaps.

        Args:
            small: Whether the channel's items, all of one shape, are coded together at the end.
        """
        if small:
            self._together.setdefault(channel, []).append(item)
            self._index.setdefault(channel, {"first": index, "count": 0})["count"] += 1
        else:
            entry = self._index.setdefault(channel, {"first": index, "items": []})
            entry["items"].append(self._put(encode(item)))

    def close(self) -> None:
        """Writes what is still held, and the index."""
        for channel, items in self._together.items():
            self._index[channel]["block"] = self._put(encode(np.stack(items)))
        index = json.dumps(self._index, separators=(",", ":"), sort_keys=True).encode()
        begin = self._file.write(index)
        self._file.write(END.pack(begin, zlib.crc32(index), LAST))

    def _put(self, data: bytes) -> list[int]:
        return [self._file.write(data), len(data), zlib.crc32(data)]


class Shard:
    """A shard to read from, at any place and from any thread.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            raise FileNotFoundError(f"{path} is missing: {REMEDY}") from None
        try:
            begin, crc, last = END.unpack(self._bytes(max(size - END.size, 0), END.size))
            if last != LAST or begin > size or self._bytes(0, len(MAGIC)) != MAGIC:
                raise ValueError
            index = self._bytes(begin, size - END.size - begin)
            if zlib.crc32(index) != crc:
                raise ValueError
            self.index: dict[str, dict[str, Any]] = json.loads(index)
        except (ValueError, OverflowError, struct.error):
            raise ValueError(
                f"{path} is damaged or cut off ({size} bytes, no index at its end): {REMEDY}"
            ) from None
        self._blocks: dict[str, NDArray] = {}

    def span(self, channel: str) -> range:
        """Indices of the channel's items that the shard holds."""
        entry = self.index.get(channel, {"first": 0, "count": 0})
        count = len(entry["items"]) if "items" in entry else entry["count"]
        return range(entry["first"], entry["first"] + count)

    def read(self, channel: str, index: int) -> NDArray:
        """An item.

        Raises:
            ValueError: Its bytes are not those that were written.
        """
        entry = self.index[channel]
        at = index - entry["first"]
        if "items" in entry:
            return self._item(channel, index, entry["items"][at])
        if channel not in self._blocks:
            self._blocks[channel] = self._item(channel, index, entry["block"])
        return self._blocks[channel][at].copy()

    def check(self) -> None:
        """Reads every item's bytes.

        Raises:
            ValueError: As `read`.
        """
        for channel, entry in self.index.items():
            for k, where in enumerate(entry.get("items", [entry.get("block")])):
                self._checked(channel, entry["first"] + k, where)

    def _item(self, channel: str, index: int, where: list[int]) -> NDArray:
        data = self._checked(channel, index, where)
        try:
            return decode(data)
        except ValueError as error:
            raise ValueError(
                f"item {index} of channel {channel!r} in {self.path}: {error}: {REMEDY}"
            ) from None

    def _checked(self, channel: str, index: int, where: list[int]) -> bytes:
        offset, size, crc = where
        data = self._bytes(offset, size)
        if len(data) != size or zlib.crc32(data) != crc:
            raise ValueError(
                f"item {index} of channel {channel!r} in {self.path} is damaged (its checksum "
                f"differs): {REMEDY}"
            )
        return data

    def _bytes(self, offset: int, size: int) -> bytes:
        with open(self.path, "rb", buffering=0) as file:
            file.seek(offset)
            return file.read(size)


REMEDY = "restore the file, or delete it and record again"

"""Bags of ROS 2 as sequences: times and poses at once, messages when they are asked for."""

from __future__ import annotations

import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.data.formats import rosbag_messages as ros
from navworld.data.formats.files import plain_name
from navworld.data.sequences import Channel, Recorded
from navworld.geometry.trajectories import Trajectory


@dataclass(eq=False)
class _OpenBag:
    """A bag that is read; it is opened when it is needed and then stays open."""

    folder: Path
    reader: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "reader": None}

    def message(self, topic: str, when: int, place: int) -> Any:
        """Of the messages of a topic that were logged at one time [ns], the place-th."""
        rosbag2, messages = ros.rosbags()
        if self.reader is None:
            self.reader = rosbag2.Reader(self.folder)
            self.reader.open()
        connections = [c for c in self.reader.connections if c.topic == topic]
        found = self.reader.messages(connections, start=when, stop=when + 1)
        for k, (connection, _, data) in enumerate(found):
            if k == place:
                return messages.store.deserialize_cdr(data, connection.msgtype)
        raise ValueError(f"{self.folder} has lost a message of {topic}")


@dataclass(frozen=True, eq=False)
class _Items:
    """Messages of a topic, read when one is asked for.

    Attributes:
        logged: (n,) when they were logged [ns].
    """

    bag: _OpenBag
    topic: str
    logged: NDArray[np.int64]

    def __getitem__(self, index: int) -> NDArray:
        return _item(self.message(index), f"{self.bag.folder}:{self.topic} {index}")

    def message(self, index: int) -> Any:
        """A message."""
        when = int(self.logged[index])
        place = index - int(np.searchsorted(self.logged, when))
        return self.bag.message(self.topic, when, place)


def _item(message: Any, source: str) -> NDArray:
    kind = message.__msgtype__
    if kind == ros.IMAGE:
        return ros.image_of(message, source)
    if kind == ros.CLOUD:
        return ros.cloud_of(message)
    return ros.scan_of(message) if kind == ros.SCAN else ros.imu_of(message)


def read_bag(folder: Path) -> Recorded:
    """The sequence in a bag; everything but its stamps and poses is read when it is asked for.

    Raises:
        ValueError: The bag is damaged or cut off, or times of a topic do not increase.
    """
    rosbag2, messages = ros.rosbags()
    stamps: dict[str, list[int]] = {}
    logged: dict[str, list[int]] = {}
    types, told, poses, velocity = {}, {}, [], []
    tree: dict[str, tuple[str, NDArray]] = {}
    try:
        with rosbag2.Reader(folder) as reader:
            for connection, when, data in reader.messages():
                topic, type_ = connection.topic, connection.msgtype
                if type_ in (*ros.SUFFIX, ros.ODOMETRY):
                    types[topic] = type_
                    stamps.setdefault(topic, []).append(_stamp(data))
                    logged.setdefault(topic, []).append(when)
                if type_ == ros.CAMERA_INFO and topic not in told:
                    told[topic] = messages.store.deserialize_cdr(data, type_)
                elif type_ == ros.ODOMETRY and topic == ros.TRUTH:
                    message = messages.store.deserialize_cdr(data, type_)
                    pose = message.pose.pose
                    poses.append(ros.pose_of(pose.position, pose.orientation))
                    velocity.append(_velocity(message.twist))
                elif topic == "/tf_static":
                    for t in messages.store.deserialize_cdr(data, type_).transforms:
                        T = ros.pose_of(t.transform.translation, t.transform.rotation)
                        tree[t.child_frame_id] = (t.header.frame_id, T)
    except _damages(rosbag2) as error:
        raise ValueError(f"{folder} is damaged or cut off: {_first_line(error)}") from error
    truth, speeds = None, None
    if poses:
        times = _times(folder, ros.TRUTH, stamps.pop(ros.TRUTH))
        truth = Trajectory(times, np.stack(poses))
        known = [v for v in velocity if v is not None]
        speeds = np.stack(known) if len(known) == len(poses) else None
    channels, items, bag = {}, {}, _OpenBag(folder)
    for topic in [t for t in types if types[t] in ros.SUFFIX]:
        name = _name(topic, types[topic])
        loader = _Items(bag, topic, np.array(logged[topic]))
        times = _times(folder, topic, stamps[topic])
        info = told.get(f"{topic.rpartition('/')[0]}/camera_info")
        channels[name] = _channel(loader, times, info, tree)
        items[name] = loader
    return Recorded(plain_name(folder.resolve().name), channels, items, truth, speeds)


def _damages(rosbag2: Any) -> tuple[type[BaseException], ...]:
    """What damaged bags lead to."""
    return (
        rosbag2.ReaderError, sqlite3.Error, struct.error, ValueError, KeyError, AssertionError,
        IndexError,
    )  # fmt: skip


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _stamp(data: bytes | memoryview) -> int:
    """Time of a message with a header [ns], which comes first in it."""
    order = "<" if data[1] & 1 else ">"
    second, nanosecond = struct.unpack_from(f"{order}iI", data, 4)
    return second * 10**9 + nanosecond


def _times(folder: Path, topic: str, stamps: list[int]) -> NDArray[np.float64]:
    late = np.flatnonzero(np.diff(stamps) <= 0)
    if len(late):
        k = int(late[0]) + 1
        raise ValueError(
            f"{folder}: message {k} of {topic} has time {stamps[k]} ns, which does not follow "
            f"{stamps[k - 1]} ns: sort the messages by time and keep one for each"
        )
    return text.seconds(stamps)


def _velocity(twist: Any) -> NDArray[np.float64] | None:
    if twist.covariance[0] < 0:
        return None
    v, w = twist.twist.linear, twist.twist.angular
    return np.array([v.x, v.y, v.z, w.x, w.y, w.z])


def _name(topic: str, type_: str) -> str:
    """`/CHANNEL/image_raw` to CHANNEL; other topics with `_` between their words."""
    words = topic.strip("/").split("/")
    if words[-1] == ros.SUFFIX[type_] and len(words) > 1:
        words.pop()
    return plain_name("_".join(words))


def _channel(
    loader: _Items, stamps: NDArray, info: Any, tree: dict[str, tuple[str, NDArray]]
) -> Channel:
    """What the first message of a topic says of all."""
    message = loader.message(0)
    first, kind = _item(message, loader.topic), message.__msgtype__
    T = _place(message.header.frame_id, tree)
    lens = None if info is None else ros.lens_of(info)
    if kind == ros.IMAGE:
        what = ros.ENCODINGS[message.encoding][0]
        unit = "m" if what == "depth" else ""
        return Channel(what, stamps, first.shape, first.dtype, T, lens, unit)
    if kind == ros.CLOUD:
        notes = {"columns": [f.name for f in message.fields]}
        return Channel("points", stamps, (-1, first.shape[1]), first.dtype, T, None, "m", notes)
    if kind == ros.SCAN:
        angles = {
            "angle_first": message.angle_min,
            "angle_last": message.angle_max,
            "max_range": message.range_max,
        }
        return Channel("scan", stamps, first.shape, first.dtype, T, None, "m", angles)
    return Channel("samples", stamps, (6,), first.dtype, T, unit=parts.IMU_UNIT)


def _place(frame: str, tree: dict[str, tuple[str, NDArray]]) -> NDArray[np.float64] | None:
    """T_body_sensor (4, 4), along the tree of frames; None where it does not reach the body."""
    T = np.eye(4)
    for _ in range(len(tree) + 1):
        if frame == ros.BODY:
            return T
        if frame not in tree:
            return None
        frame, step = tree[frame]
        T = step @ T
    return None

"""ROS 2 bags, through `rosbags`: images, camera information, clouds, scans, IMUs, odometry, tf.

    /CHANNEL/image_raw     sensor_msgs/Image: rgb8, mono8, 32FC1 (depth [m]), 32SC1 (labels) …
    /CHANNEL/camera_info   sensor_msgs/CameraInfo
    /CHANNEL/points        sensor_msgs/PointCloud2
    /CHANNEL/scan          sensor_msgs/LaserScan
    /CHANNEL/imu           sensor_msgs/Imu
    /ground_truth/odometry nav_msgs/Odometry, world → base_link, velocity in the body's axes
    /tf, /tf_static        world → base_link → CHANNEL

Bags are SQLite, version 8. Times are whole nanoseconds; poses are rounded to nanometres, so that
they stay the same after any number of readings.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.data.formats import rosbag_messages as ros
from navworld.data.formats.files import refuse_existing, sequence_folders
from navworld.data.formats.parts import LeftOut
from navworld.data.formats.rosbag_messages import Messages
from navworld.data.formats.rosbag_reading import read_bag
from navworld.data.sequences import Channel, Sequence
from navworld.data.writing import PART
from navworld.geometry.cameras import Fisheye, Pinhole

_MARK = "metadata.yaml"
_VERSION = 8
_WHY = "bags have messages for images, clouds, scans and IMUs here"


def fits(path: Path) -> bool:
    """Whether there is the description of a bag."""
    return bool(_bags(path))


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """A bag for each sequence."""
    lost: list[LeftOut] = []
    for sequence in sequences:
        refuse_existing(folder / sequence.name)
        around = folder / f".{sequence.name}{PART}"
        shutil.rmtree(around, ignore_errors=True)
        around.mkdir()
        try:
            lost += _write(sequence, around / sequence.name)
            (around / sequence.name).rename(folder / sequence.name)
        finally:
            shutil.rmtree(around, ignore_errors=True)
    return lost


def read(path: Path) -> list[Sequence]:
    """The bag, or those inside a folder."""
    return [read_bag(folder) for folder in _bags(path)]


def _bags(path: Path) -> list[Path]:
    found = sequence_folders(path, (_MARK,))
    return [p for p in found if b"rosbag2_bagfile_information" in (p / _MARK).read_bytes()[:200]]


@dataclass(frozen=True, eq=False)
class _Bag:
    """A bag that is being written."""

    writer: Any
    messages: Messages
    connections: dict[str, Any] = field(default_factory=dict)

    def topic(self, topic: str, type_: str, *, lasting: bool = False) -> None:
        """Announces a topic; a lasting one is told to those who come late."""
        from rosbags import interfaces as qos

        never = qos.QosTime(2147483647, 4294967295)
        durability = qos.QosDurability
        quality = qos.Qos(
            qos.QosHistory.KEEP_LAST, 1 if lasting else 10, qos.QosReliability.RELIABLE,
            durability.TRANSIENT_LOCAL if lasting else durability.VOLATILE,
            never, never, qos.QosLiveliness.AUTOMATIC, never, False,
        )  # fmt: skip
        self.connections[topic] = self.writer.add_connection(
            topic, type_, typestore=self.messages.store, offered_qos_profiles=[quality]
        )

    def say(self, topic: str, stamp_ns: int, message: Any) -> None:
        """Writes a message."""
        type_ = self.connections[topic].msgtype
        data = self.messages.store.serialize_cdr(message, type_)
        self.writer.write(self.connections[topic], int(stamp_ns), data)


def _type_of(channel: Channel) -> str | None:
    """The message of a channel; None if there is none."""
    if channel.kind in ("rgb", "gray", "depth", "labels", "image"):
        return ros.IMAGE if ros.encoding_of(channel) else None
    if channel.kind == "scan":
        return ros.SCAN if {"angle_first", "angle_last"} <= channel.info.keys() else None
    if channel.kind == "points":
        return ros.CLOUD
    return ros.IMU if parts.is_imu(channel) else None


def _write(sequence: Sequence, into: Path) -> list[LeftOut]:
    rosbag2, messages = ros.rosbags()
    held = {n: t for n, c in sequence.channels.items() if (t := _type_of(c)) and len(c)}
    truth = sequence.truth
    if not held and truth is None:
        raise ValueError(f"{sequence.name} has nothing that a ROS 2 bag holds")
    with rosbag2.Writer(into, version=_VERSION) as writer:
        bag = _Bag(writer, messages)
        for name, type_ in held.items():
            bag.topic(f"/{name}/{ros.SUFFIX[type_]}", type_)
            if type_ == ros.IMAGE and isinstance(sequence.channels[name].lens, Pinhole | Fisheye):
                bag.topic(f"/{name}/camera_info", ros.CAMERA_INFO)
        if truth is not None:
            bag.topic(ros.TRUTH, ros.ODOMETRY)
            bag.topic("/tf", ros.TF)
        bag.topic("/tf_static", ros.TF, lasting=True)
        _write_messages(sequence, bag, held)
    lost = [
        LeftOut(sequence.name, f"lens of {n}", f"CameraInfo holds no {type(c.lens).__name__}")
        for n, c in sequence.channels.items()
        if n in held and c.lens is not None and not isinstance(c.lens, Pinhole | Fisheye)
    ]
    return lost + parts.left_out(sequence, held, _WHY, velocity=truth is not None)


def _write_messages(sequence: Sequence, bag: _Bag, held: dict[str, str]) -> None:
    """All messages in the order of their times."""
    stamps = {name: text.nanoseconds(sequence.channels[name].stamps) for name in held}
    truth = sequence.truth
    if truth is not None:
        stamps[""] = text.nanoseconds(truth.stamps)
    poses = [] if truth is None else ros.rounded(truth.T_world_body)
    order = sorted(
        (stamp, rank, k, name)
        for rank, (name, times) in enumerate(stamps.items())
        for k, stamp in enumerate(times.tolist())
    )
    m = bag.messages
    bag.say("/tf_static", order[0][0], _static(sequence, m, held, order[0][0]))
    for stamp, _, k, name in order:
        if name:
            header, channel = m.header(stamp, name), sequence.channels[name]
            message = _message(m, header, channel, sequence.read(name, k))
            bag.say(f"/{name}/{ros.SUFFIX[held[name]]}", stamp, message)
            if f"/{name}/camera_info" in bag.connections:
                assert isinstance(channel.lens, Pinhole | Fisheye)
                bag.say(f"/{name}/camera_info", stamp, m.camera_info(header, channel.lens))
        else:
            header = m.header(stamp, ros.WORLD)
            twist = None if sequence.velocity is None else sequence.velocity[k]
            bag.say(ros.TRUTH, stamp, m.odometry(header, poses[k], twist))
            bag.say("/tf", stamp, m.new(ros.TF, [m.transform(header, ros.BODY, poses[k])]))


def _static(sequence: Sequence, m: Messages, held: Iterable[str], stamp: int) -> Any:
    """Where sensors sit."""
    found = []
    for name in held:
        T = sequence.channels[name].T_body_sensor
        if T is not None:
            found.append(m.transform(m.header(stamp, ros.BODY), name, ros.rounded(T[None])[0]))
    return m.new(ros.TF, found)


def _message(m: Messages, header: Any, channel: Channel, item: NDArray) -> Any:
    if channel.kind == "points":
        return m.cloud(header, item, parts.columns(channel))
    if channel.kind == "scan":
        return m.scan(header, item, channel.info)
    if channel.kind == "samples":
        return m.imu(header, item)
    return m.image(header, str(ros.encoding_of(channel)), item)

"""Items of channels as messages of ROS 2, and back."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.data.sequences import Channel, Kind, Lens
from navworld.geometry import se3, so3
from navworld.geometry.cameras import Fisheye, Pinhole

IMAGE, CAMERA_INFO = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"
IMU, CLOUD = "sensor_msgs/msg/Imu", "sensor_msgs/msg/PointCloud2"
SCAN, ODOMETRY = "sensor_msgs/msg/LaserScan", "nav_msgs/msg/Odometry"
TF = "tf2_msgs/msg/TFMessage"

SUFFIX = {IMAGE: "image_raw", CLOUD: "points", SCAN: "scan", IMU: "imu"}
"""How the topic of a channel ends, by its type."""

WORLD, BODY = "world", "base_link"
TRUTH = "/ground_truth/odometry"

ENCODINGS: dict[str, tuple[Kind, str, int]] = {
    "rgb8": ("rgb", "u1", 3), "mono8": ("gray", "u1", 1), "32FC1": ("depth", "f4", 1),
    "16UC1": ("depth", "u2", 1), "32SC1": ("labels", "i4", 1), "bgr8": ("rgb", "u1", 3),
    "32FC2": ("image", "f4", 2), "32FC3": ("image", "f4", 3), "32FC4": ("image", "f4", 4),
}  # fmt: skip
"""Of images: kind of a channel, type and number of its numbers. 16UC1 is depth in millimetres."""

_FLOAT32 = 7
_POINT_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}


@dataclass(frozen=True, eq=False)
class Messages:
    """Makes messages of a type store of `rosbags`."""

    store: Any

    def new(self, type_: str, *values: Any) -> Any:
        """A message of a type, of its fields in order."""
        return self.store.types[type_](*values)

    def header(self, stamp_ns: int, frame: str) -> Any:
        """`std_msgs/Header`."""
        second, nanosecond = divmod(int(stamp_ns), 10**9)
        time = self.new("builtin_interfaces/msg/Time", second, nanosecond)
        return self.new("std_msgs/msg/Header", time, frame)

    def image(self, header: Any, encoding: str, item: NDArray) -> Any:
        """`Image` of an item (H, W) or (H, W, C)."""
        item = np.ascontiguousarray(item)
        if sys.byteorder == "big":
            item = item.astype(item.dtype.newbyteorder("<"))
        data = item.view(np.uint8).ravel()
        height, width = item.shape[:2]
        return self.new(IMAGE, header, height, width, encoding, 0, data.size // height, data)

    def camera_info(self, header: Any, lens: Pinhole | Fisheye) -> Any:
        """`CameraInfo` of a lens."""
        model = "equidistant" if isinstance(lens, Fisheye) else "plumb_bob"
        bent = lens.distortion if isinstance(lens, Fisheye) else parts.bent(lens)
        D = np.array(bent or (0.0,) * 5, np.float64)
        K = np.array([lens.fx, 0, lens.cx, 0, lens.fy, lens.cy, 0, 0, 1], np.float64)
        P = np.c_[K.reshape(3, 3), np.zeros(3)].ravel()
        region = self.new("sensor_msgs/msg/RegionOfInterest", 0, 0, 0, 0, False)
        return self.new(
            CAMERA_INFO, header, lens.height, lens.width, model, D, K, np.eye(3).ravel(), P,
            0, 0, region,
        )  # fmt: skip

    def imu(self, header: Any, item: NDArray) -> Any:
        """`Imu` of specific force and angular rate (6,); its orientation is marked as unknown."""
        still, unknown, zero = self.quaternion([0.0, 0.0, 0.0, 1.0]), np.zeros(9), np.zeros(9)
        unknown[0] = -1
        force, rate = self.vector(item[:3]), self.vector(item[3:])
        return self.new(IMU, header, still, unknown, rate, zero, force, zero)

    def cloud(self, header: Any, item: NDArray, columns: list[str]) -> Any:
        """`PointCloud2` of points (N, C) float32."""
        names = [name if name.isidentifier() else f"c{k}" for k, name in enumerate(columns)]
        fields = [
            self.new("sensor_msgs/msg/PointField", name, 4 * k, _FLOAT32, 1)
            for k, name in enumerate(names)
        ]
        data = np.ascontiguousarray(item, "<f4")
        row = 4 * len(columns)
        flat = data.view(np.uint8).ravel()
        dense = bool(np.isfinite(data).all())
        count = len(data)
        return self.new(CLOUD, header, 1, count, fields, False, row, row * count, flat, dense)

    def scan(self, header: Any, item: NDArray, info: Mapping[str, Any]) -> Any:
        """`LaserScan` of ranges (N,) [m]; no return is infinity there."""
        first, last = float(info["angle_first"]), float(info["angle_last"])
        step = (last - first) / max(len(item) - 1, 1)
        ranges = np.where(item > 0, item, np.inf).astype(np.float32)
        empty = np.empty(0, np.float32)
        far = float(info.get("max_range", 0.0))
        return self.new(SCAN, header, first, last, step, 0.0, 0.0, 0.0, far, ranges, empty)

    def odometry(self, header: Any, pose: tuple[NDArray, NDArray], twist: NDArray | None) -> Any:
        """`Odometry` of a rounded pose and a velocity (6,) in the body's axes."""
        v = np.zeros(6) if twist is None else twist
        covariance = np.zeros(36)
        moving = self.new("geometry_msgs/msg/Twist", self.vector(v[:3]), self.vector(v[3:]))
        unknown = np.zeros(36)
        unknown[0] = 0.0 if twist is not None else -1.0
        return self.new(
            ODOMETRY, header, BODY,
            self.new("geometry_msgs/msg/PoseWithCovariance", self.pose(*pose), covariance),
            self.new("geometry_msgs/msg/TwistWithCovariance", moving, unknown),
        )  # fmt: skip

    def transform(self, header: Any, child: str, pose: tuple[NDArray, NDArray]) -> Any:
        """`TransformStamped` of a rounded pose: T_parent_child."""
        moved = self.new(
            "geometry_msgs/msg/Transform", self.vector(pose[0]), self.quaternion(pose[1])
        )
        return self.new("geometry_msgs/msg/TransformStamped", header, child, moved)

    def pose(self, position: NDArray, q_xyzw: NDArray) -> Any:
        """`Pose`."""
        point = self.new("geometry_msgs/msg/Point", *map(float, position))
        return self.new("geometry_msgs/msg/Pose", point, self.quaternion(q_xyzw))

    def vector(self, values: NDArray) -> Any:
        """`Vector3`."""
        return self.new("geometry_msgs/msg/Vector3", *map(float, values))

    def quaternion(self, values: Any) -> Any:
        """`Quaternion`."""
        return self.new("geometry_msgs/msg/Quaternion", *map(float, values))


def rosbags() -> tuple[Any, Messages]:
    """`rosbags.rosbag2` and a store of messages."""
    try:
        from rosbags import rosbag2
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'ROS 2 bags need the package rosbags: pip install "navworld[data]"'
        ) from error
    return rosbag2, Messages(_store())


@cache
def _store() -> Any:
    """The types of messages; it takes a while to make."""
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS2_HUMBLE)


def encoding_of(channel: Channel) -> str | None:
    """How an image is coded; None if ROS has no name for it."""
    depth = channel.shape[2] if len(channel.shape) == 3 else 1
    for name, (kind, type_, count) in ENCODINGS.items():
        if (channel.kind, channel.dtype, depth) == (kind, np.dtype(type_), count):
            return name
    return None


def image_of(message: Any, source: str) -> NDArray:
    """(H, W) or (H, W, C) of an `Image`; depth in metres.

    Raises:
        ValueError: Its encoding is not known, or its data is cut off.
    """
    if message.encoding not in ENCODINGS:
        raise ValueError(f"{source} is coded as {message.encoding!r}: not one of {[*ENCODINGS]}")
    _, type_, count = ENCODINGS[message.encoding]
    dtype = np.dtype(type_).newbyteorder(">" if message.is_bigendian else "<")
    height, width = message.height, message.width
    row = width * count * dtype.itemsize
    if message.data.size != message.step * height or message.step < row:
        raise ValueError(f"{source} is cut off: {message.data.size} bytes for {width} × {height}")
    rows = message.data.reshape(height, message.step)[:, :row]
    item = np.ascontiguousarray(rows).view(dtype).reshape(height, width, count)
    if message.encoding == "bgr8":
        item = item[..., ::-1]
    item = item[..., 0] if count == 1 else item
    if message.encoding == "16UC1":
        return item / np.float32(1000)
    return item.astype(dtype.newbyteorder("="))


def cloud_of(message: Any) -> NDArray[np.float32]:
    """(N, C) of a `PointCloud2`."""
    fields = [(f.name, f.offset, _POINT_TYPES[f.datatype]) for f in message.fields]
    order = ">" if message.is_bigendian else "<"
    dtype = np.dtype({
        "names": [name for name, _, _ in fields],
        "formats": [f"{order}{type_}" for _, _, type_ in fields],
        "offsets": [offset for _, offset, _ in fields],
        "itemsize": message.point_step,
    })  # fmt: skip
    points = np.frombuffer(message.data.tobytes(), dtype)
    return np.stack([points[name].astype(np.float32) for name, _, _ in fields], -1)


def imu_of(message: Any) -> NDArray[np.float64]:
    """(6,) specific force and angular rate."""
    a, w = message.linear_acceleration, message.angular_velocity
    return np.array([a.x, a.y, a.z, w.x, w.y, w.z])


def scan_of(message: Any) -> NDArray[np.float32]:
    """(N,) ranges [m]; 0 for no return."""
    ranges = np.asarray(message.ranges, np.float32)
    return np.where(np.isfinite(ranges), ranges, np.float32(0))


def lens_of(message: Any) -> Lens:
    """The lens of a `CameraInfo`."""
    K = message.k
    make = parts.fisheye if message.distortion_model == "equidistant" else parts.pinhole
    return make(message.width, message.height, (K[0], K[4], K[2], K[5]), message.d)


def pose_of(position: Any, rotation: Any) -> NDArray[np.float64]:
    """(4, 4) of a translation and a quaternion.

    Raises:
        ValueError: It holds NaN or is no rotation.
    """
    t = np.array([position.x, position.y, position.z])
    q = np.array([rotation.x, rotation.y, rotation.z, rotation.w])
    if not np.isfinite([*t, *q]).all() or not 0.9 < np.linalg.norm(q) < 1.1:
        raise ValueError("a pose holds NaN or is no rotation: remove the poses that are not known")
    return se3.from_rotation_translation(so3.from_quaternion(q), t)


def rounded(T: NDArray[np.float64]) -> list[tuple[NDArray, NDArray]]:
    """Positions and q_xyzw of poses (N, 4, 4), rounded so that they stay."""
    positions, quaternions = text.rounded_poses(T)
    return list(zip(positions, quaternions, strict=True))

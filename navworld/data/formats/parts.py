"""What a format picks from a sequence: its main camera, the depth beside it, its IMU, its poses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.data.sequences import Channel, Sequence
from navworld.geometry import se3
from navworld.geometry.cameras import Fisheye, Pinhole
from navworld.geometry.trajectories import Trajectory

T_BODY_CAMERA = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""A camera that looks ahead from the body's origin. Formats that tell where a camera was and not
where it sat are read as if it sat there: the body is the camera, with its axes renamed."""

T_CAMERA_BODY = T_BODY_CAMERA.T

IMU_UNIT = "m/s², rad/s"
_SAME_TIME = 1e-9

Numbers = Iterable[float]


@dataclass(frozen=True)
class LeftOut:
    """Something that a format could not hold.

    Attributes:
        sequence: Its name.
        what: A channel, "truth", "velocity" or "info".
        why: In a few words.
    """

    sequence: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.sequence}: {self.what} was left out: {self.why}"


def cameras(sequence: Sequence) -> list[str]:
    """Channels of images to look at, the main one first: "rgb", colours, then gray levels."""
    names = [n for n, c in sequence.channels.items() if c.kind in ("rgb", "gray")]
    return sorted(names, key=lambda n: (n != "rgb", sequence.channels[n].kind != "rgb"))


def depth_beside(sequence: Sequence, camera: str) -> str | None:
    """The depth channel that is registered to a camera, pixel by pixel; None if there is none."""
    main = sequence.channels[camera]
    wanted = camera.replace("rgb", "depth").replace("gray", "depth")
    names = [n for n, c in sequence.channels.items() if c.kind == "depth"]
    for name in sorted(names, key=lambda n: n != wanted):
        depth = sequence.channels[name]
        alike = depth.shape[:2] == main.shape[:2] and depth.lens in (None, main.lens)
        if alike and same_place(depth.T_body_sensor, main.T_body_sensor):
            return name
    return None


def same_place(a: NDArray | None, b: NDArray | None) -> bool:
    """Whether two sensors sit at the same place, as far as is known."""
    return a is None or b is None or bool(np.array_equal(a, b))


def first(sequence: Sequence, kind: str) -> str | None:
    """The first channel of a kind."""
    return next((n for n, c in sequence.channels.items() if c.kind == kind), None)


def inertial(sequence: Sequence) -> str | None:
    """The first IMU: samples (6,) of specific force and angular rate."""
    return next((n for n, c in sequence.channels.items() if is_imu(c)), None)


def is_imu(channel: Channel) -> bool:
    """Whether its items are specific force [m/s²] and angular rate [rad/s]."""
    return channel.kind == "samples" and channel.shape == (6,) and channel.unit == IMU_UNIT


def columns(channel: Channel) -> list[str]:
    """Names of the columns of a cloud: x, y, z, and what else a point has."""
    given = channel.info.get("columns")
    count = channel.shape[-1]
    if isinstance(given, list | tuple) and len(given) == count:
        return [str(column) for column in given]
    return ["x", "y", "z", "intensity", *(f"c{k}" for k in range(4, count))][:count]


def undistorted(channel: Channel) -> bool:
    """Whether a camera is a pinhole without distortion."""
    return isinstance(channel.lens, Pinhole) and not bent(channel.lens)


def bent(lens: Pinhole) -> tuple[float, ...]:
    """The distortion of a pinhole camera (k1, k2, p1, p2, k3); empty where there is none."""
    return lens.distortion if lens.distortion is not None and any(lens.distortion) else ()


def pinhole(width: int, height: int, inside: Numbers, distortion: Numbers = ()) -> Pinhole:
    """A camera of (fx, fy, cx, cy) and at most five numbers of distortion."""
    fx, fy, cx, cy = map(float, inside)
    k1, k2, p1, p2, k3 = (*map(float, distortion), 0.0, 0.0, 0.0, 0.0, 0.0)[:5]
    given = (k1, k2, p1, p2, k3)
    return Pinhole(width, height, fx, fy, cx, cy, given if any(given) else None)


def fisheye(width: int, height: int, inside: Numbers, distortion: Numbers = ()) -> Fisheye:
    """A camera of (fx, fy, cx, cy) and at most four numbers of distortion."""
    fx, fy, cx, cy = map(float, inside)
    k1, k2, k3, k4 = (*map(float, distortion), 0.0, 0.0, 0.0, 0.0)[:4]
    return Fisheye(width, height, fx, fy, cx, cy, (k1, k2, k3, k4))


def poses_at(truth: Trajectory, stamps: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """T_world_body (n, 4, 4) at times [s]: known ones as they are, others between their neighbours.

    None where a time lies outside the trajectory.
    """
    if not len(stamps):
        return np.empty((0, 4, 4))
    start, end = truth.stamps[0], truth.stamps[-1]
    if stamps[0] < start - _SAME_TIME or stamps[-1] > end + _SAME_TIME:
        return None
    index = np.minimum(np.searchsorted(truth.stamps, stamps), len(truth) - 1)
    known = truth.stamps[index] == stamps
    poses = truth.T_world_body[index].copy()
    if not known.all():
        poses[~known] = truth.at(np.clip(stamps[~known], start, end)).T_world_body
    return poses


def in_time(sequence: Sequence, channels: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Channel and index of all items in the order of their times: the fastest to read them in."""
    order = [
        (stamp, rank, k, name)
        for rank, name in enumerate(channels)
        for k, stamp in enumerate(sequence.channels[name].stamps.tolist())
    ]
    return ((name, k) for _, _, k, name in sorted(order))


def left_out(
    sequence: Sequence, held: Iterable[str | None], why: str, *, velocity: bool = False
) -> list[LeftOut]:
    """Everything but the channels that a format holds.

    Args:
        why: A channel is not held.
        velocity: Whether it is held.
    """
    held = set(held)
    name = sequence.name
    lost = [LeftOut(name, channel, why) for channel in sequence.channels if channel not in held]
    if sequence.velocity is not None and not velocity:
        lost.append(LeftOut(name, "velocity", "the format holds poses only"))
    if sequence.info:
        lost.append(LeftOut(name, "info", "the format holds no notes about how it came about"))
    return lost


def from_camera(T_world_camera: NDArray[np.float64]) -> NDArray[np.float64]:
    """T_world_body (..., 4, 4) where the body is the camera with its axes renamed; no rounding."""
    return T_world_camera @ T_CAMERA_BODY


def moved_to_camera(T_body_camera: NDArray[np.float64]) -> NDArray[np.float64]:
    """T_newbody_body (4, 4) that makes a camera sit at the body's origin and look ahead.

    Exactly the identity where it already does.
    """
    if np.array_equal(T_body_camera, T_BODY_CAMERA):
        return np.eye(4)
    return T_BODY_CAMERA @ se3.inverse(T_body_camera)

"""A small ride through a painted box, computed in closed form: what formats are checked with.

A body drives a bent path through a room 8 × 6 × 3 m. Two cameras, depth, labels, an IMU, a
spinning laser and a flat one look at walls whose distance and paint are known exactly, so that
nothing but the format stands between what is written and what is expected.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.sequences import Channel, Recorded
from navworld.geometry import se3, so3
from navworld.geometry.cameras import Pinhole, forward_camera
from navworld.geometry.imu import GRAVITY
from navworld.geometry.trajectories import Trajectory

ROOM = np.array([8.0, 6.0, 3.0])
"""Sides of the room [m]; one of its corners is the origin."""

_FRAME_S, _IMU_S, _SWEEP_S = 1 / 30, 1 / 200, 1 / 10


def example(
    seed: int = 0, *, frames: int = 9, width: int = 64, height: int = 48, name: str = "box-0001"
) -> Recorded:
    """A ride with a little of everything.

    Args:
        frames: Of the cameras, at 30 Hz.
        width, height: Of images [px].
    """
    rng = np.random.default_rng(seed)
    start = 100.0 + rng.random()
    phase = rng.uniform(0, 2 * np.pi)
    lasts = (frames - 1) * _FRAME_S
    stamps = {
        "frames": start + _FRAME_S * np.arange(frames),
        "imu": start + _IMU_S * np.arange(int(lasts / _IMU_S + 1e-9) + 1),
        "sweeps": start + _SWEEP_S * np.arange(int(lasts / _SWEEP_S + 1e-9) + 1),
    }
    times = np.unique(np.concatenate([stamps["imu"], stamps["frames"], stamps["sweeps"]]))
    truth = Trajectory(times, _poses(times - start, phase))
    lens = Pinhole.from_fov(width, height, 80.0)
    left = forward_camera((0.1, 0.06, 0.3), pitch=0.05)
    right = left.copy()
    right[:3, 3] = (left @ [0.12, 0.0, 0.0, 1.0])[:3]
    channels, items = _cameras(truth, stamps["frames"], lens, left, right)
    _add_imu(channels, items, stamps["imu"], rng)
    _add_lasers(channels, items, truth, stamps["sweeps"])
    info = {"scene": "box", "seed": seed, "split": "train"}
    return Recorded(name, channels, items, truth, _velocity(truth), info)


def room_depth(
    T_world_camera: NDArray[np.float64], lens: Pinhole
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Depth (H, W) [m], points (H, W, 3) [m] and the wall (H, W), 0…5, that a camera sees."""
    _, directions = lens.rays()
    ahead = directions[..., 2]
    reach, wall = _hit(T_world_camera, directions)
    points = se3.transform(T_world_camera, directions * reach[..., None])
    return reach * ahead, points, wall


def _poses(t: NDArray[np.float64], phase: float) -> NDArray[np.float64]:
    """(N, 4, 4) T_world_body on a bent path with a swaying body."""
    yaw = 0.4 * np.sin(1.1 * t + phase)
    tilt = 0.03 * np.stack([np.sin(3 * t), np.cos(2.3 * t)], -1)
    R = so3.from_euler_zyx(np.concatenate([yaw[:, None], tilt], -1))
    x = 1.5 + 1.3 * t
    y = 3.0 + 0.8 * np.sin(0.7 * t + phase)
    return se3.from_rotation_translation(R, np.stack([x, y, 1.2 + 0.05 * np.sin(5 * t)], -1))


def _hit(T: NDArray[np.float64], directions: NDArray) -> tuple[NDArray, NDArray[np.int64]]:
    """Range (...) [m] and wall (...) of rays (..., 3) from a place inside the room."""
    d = se3.transform_directions(T, directions)
    with np.errstate(divide="ignore"):
        reach = np.where(d > 0, (ROOM - T[:3, 3]) / d, -T[:3, 3] / d)
    reach[d == 0] = np.inf
    axis = reach.argmin(-1)
    side = np.take_along_axis(d, axis[..., None], -1)[..., 0] > 0
    return reach.min(-1), 2 * axis + side


def _paint(points: NDArray, wall: NDArray) -> NDArray[np.uint8]:
    """(H, W, 3): tiles of half a metre with a soft gradient, another colour on every wall."""
    tiles = np.floor(points * 2 + 1e-6).astype(int).sum(-1) % 2
    base = np.array([[200, 60, 60], [60, 200, 60], [60, 60, 200],
                     [200, 200, 60], [120, 120, 120], [230, 230, 230]])[wall]  # fmt: skip
    shade = 0.55 + 0.3 * tiles + 0.05 * np.sin(3 * points).sum(-1)
    return np.clip(base * shade[..., None], 0, 255).astype(np.uint8)


def _cameras(
    truth: Trajectory, stamps: NDArray, lens: Pinhole, left: NDArray, right: NDArray
) -> tuple[dict[str, Channel], dict[str, Any]]:
    shape = (lens.height, lens.width)
    index = np.searchsorted(truth.stamps, stamps)
    bodies = truth.T_world_body[index]
    seen = [room_depth(T @ left, lens) for T in bodies]
    beside = [room_depth(T @ right, lens) for T in bodies]
    colours, half = np.dtype(np.uint8), stamps[::2]
    channels = {
        "rgb": Channel("rgb", stamps, (*shape, 3), colours, left, lens),
        "depth": Channel("depth", stamps, shape, np.dtype(np.float32), left, lens, "m"),
        "labels": Channel("labels", half, shape, np.dtype(np.int32), left, lens),
        "right_rgb": Channel("rgb", stamps, (*shape, 3), colours, right, lens),
    }
    items = {
        "rgb": [_paint(points, wall) for _, points, wall in seen],
        "depth": [depth.astype(np.float32) for depth, _, _ in seen],
        "labels": [wall.astype(np.int32) for _, _, wall in seen[::2]],
        "right_rgb": [_paint(points, wall) for _, points, wall in beside],
    }
    return channels, items


def _add_imu(
    channels: dict[str, Channel], items: dict[str, Any], stamps: NDArray, rng: np.random.Generator
) -> None:
    samples = 0.1 * rng.standard_normal((len(stamps), 6))
    samples[:, 2] += GRAVITY
    T = np.eye(4)
    T[:3, 3] = 0.02, 0.0, 0.1
    noise = {"gyroscope_noise_density": 1.7e-4, "accelerometer_noise_density": 2.0e-3}
    channels["imu"] = Channel(
        "samples", stamps, (6,), np.dtype(np.float32), T, unit="m/s², rad/s", info=noise
    )
    items["imu"] = samples.astype(np.float32)


def _add_lasers(
    channels: dict[str, Channel], items: dict[str, Any], truth: Trajectory, stamps: NDArray
) -> None:
    bearing = np.linspace(-np.pi, np.pi, 90, endpoint=False)
    flat = np.stack([np.cos(bearing), np.sin(bearing), np.zeros_like(bearing)], -1)
    steep = np.radians([-15.0, -5.0, 5.0, 15.0])[:, None]
    round_ = np.cos(steep)[..., None] * flat + np.sin(steep)[..., None] * [0.0, 0.0, 1.0]
    T = np.eye(4)
    T[:3, 3] = 0.0, 0.0, 0.5
    bodies = truth.T_world_body[np.searchsorted(truth.stamps, stamps)]
    clouds, scans = [], []
    for body in bodies:
        reach, wall = _hit(body @ T, round_)
        points = np.concatenate([round_ * reach[..., None], (wall / 5.0)[..., None]], -1)
        clouds.append(points.reshape(-1, 4).astype(np.float32))
        scans.append(_hit(body @ T, flat)[0].astype(np.float32))
    columns = {"columns": ["x", "y", "z", "intensity"]}
    channels["lidar"] = Channel(
        "points", stamps, (-1, 4), np.dtype(np.float32), T, unit="m", info=columns
    )
    angles = {"angle_first": bearing[0], "angle_last": bearing[-1], "max_range": 30.0}
    channels["scan"] = Channel(
        "scan", stamps, (90,), np.dtype(np.float32), T, unit="m", info=angles
    )
    items["lidar"], items["scan"] = clouds, scans


def _velocity(truth: Trajectory) -> NDArray[np.float64]:
    """(N, 6) of the motion to the next pose, in the body's axes."""
    twist = se3.log(truth.motions()) / np.diff(truth.stamps)[:, None]
    return np.concatenate([twist, twist[-1:]])

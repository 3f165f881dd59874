"""Bodies for tests of sensors: some that drive through two rooms, some that ride a known curve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from navworld.geometry import se3, so3
from navworld.geometry.curves import Moments
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.store import Place
from navworld.world.world import World
from tests.rooms import two_rooms

FORWARD = (0.25, 0.0, 0.0)
LEFT = (0.0, 0.0, np.pi / 6)


@cache
def rooms() -> Place:
    return Place(two_rooms(), None)


def standing(num_envs: int = 1, *, dt: float = 0.5, xy=(2.0, 2.5), yaw: float = 0.0) -> World:
    """Bodies at rest at one place of the first room, 2 m from its walls."""
    world = World(num_envs, Robot(dt=dt))
    for row in range(num_envs):
        world.place(row, rooms(), np.array(xy), yaw)
    return world


def riding(num_envs: int, curve, *, dt: float = 0.5) -> World:
    world = World(num_envs, Robot(dt=dt))
    for row in range(num_envs):
        world.ride(row, rooms(), curve)
    return world


def seeded(num_envs: int, seed: int = 0) -> Streams:
    streams = Streams(num_envs)
    for row in range(num_envs):
        streams.seed(row, seed + row)
    return streams


@dataclass(frozen=True)
class Swing:
    """Waves in every direction about a height of 1 m, with exact derivatives.

    The attitude is Rz(yaw) Rx(roll), so that rates and their derivatives have short forms.
    """

    duration: float = 60.0

    def at(self, t: np.ndarray) -> Moments:
        a = np.array([0.4, 0.3, 0.1])
        w = np.array([2.0, 5.0, 9.0])
        phase = t[:, None] * w
        p = a * np.sin(phase) + [0, 0, 1]
        yaw, roll = 0.8 * np.sin(1.5 * t), 0.5 * np.sin(4 * t)
        dyaw, droll = 1.2 * np.cos(1.5 * t), 2.0 * np.cos(4 * t)
        ddyaw, ddroll = -1.8 * np.sin(1.5 * t), -8.0 * np.sin(4 * t)
        zero = np.zeros_like(t)
        R = so3.from_euler_zyx(np.stack([yaw, zero, roll], -1))
        c, s = np.cos(roll), np.sin(roll)
        rate = np.stack([droll, dyaw * s, dyaw * c], -1)
        turn = np.stack([ddroll, ddyaw * s + dyaw * droll * c, ddyaw * c - dyaw * droll * s], -1)
        return Moments(
            se3.from_rotation_translation(R, p), a * w * np.cos(phase),
            -a * w**2 * np.sin(phase), rate, turn,
        )  # fmt: skip


@dataclass(frozen=True)
class Still:
    """A body that lies still at a height [m]."""

    height: float = 1.0
    duration: float = 1e9

    def at(self, t: np.ndarray) -> Moments:
        T = np.tile(np.eye(4), (len(t), 1, 1))
        T[:, 2, 3] = self.height
        return Moments.at_rest(T)


@dataclass(frozen=True)
class Lift:
    """Goes up evenly."""

    speed: float = 0.5
    duration: float = 60.0

    def at(self, t: np.ndarray) -> Moments:
        T = np.tile(np.eye(4), (len(t), 1, 1))
        T[:, 2, 3] = self.speed * t
        still = Moments.at_rest(T)
        still.velocity[:, 2] = self.speed
        return still

"""Odometer with an error per action: where dead reckoning says the body is.

| name | shape | unit |
|---|---|---|
| `odometer` | (3,) float32 | believed forward [m], left [m], heading [rad] since the start |
| `odometer_motion` | (3,) float32 | sensed change since the last reading [m], [m], [rad] |

Frames: of the start, and of the body before the motion; x forward, y left, heading positive to the
left, in [−π, π]. Rate: once per step; 0 on an episode's first observation.

What is sensed is the true change of pose, also when something was hit, plus an error drawn per
action from the mixture of its kind (`navworld.sensors.noise.mixtures`, Active Neural SLAM's form);
readings are integrated, so errors add up. An action that attempted nothing has no error. (What
encoders count is `navworld.sensors.wheels`.)

With `stands_for_gps=True` the pose is given as `gps` and `compass`, so that the localizer `GPS`
dead-reckons.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Observation
from navworld.sensors.noise.mixtures import OWN_VALUES, ActionMixtures
from navworld.sensors.noise.presets import odometer_preset
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.upright import wrap
from navworld.world.world import World

STRIDE = 10.0
"""Bound of one sensed motion [m]."""

_PI = np.float32(np.pi)


class OdometerPose:
    """Integrates noisy changes of pose.

    Args:
        preset: Errors, by name (`navworld.sensors.noise.ODOMETER_PRESETS`) or as mixtures.
        stands_for_gps: Whether the pose is called `gps` (3,) and `compass` (1,).
        key: What the names in the observation begin with.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        preset: str | ActionMixtures = OWN_VALUES,
        stands_for_gps: bool = False,
        key: str = "odometer",
    ) -> None:
        self.errors = odometer_preset(preset) if isinstance(preset, str) else preset
        self.key, self.stands_for_gps = key, stands_for_gps
        reach = np.array([FAR, FAR, _PI], np.float32)
        stride = np.array([STRIDE, STRIDE, _PI], np.float32)
        names: dict[str, spaces.Space] = {f"{key}_motion": spaces.Box(-stride, stride)}
        if stands_for_gps:
            names["gps"] = spaces.Box(-FAR, FAR, (3,), np.float32)
            names["compass"] = spaces.Box(-_PI, _PI, (1,), np.float32)
        else:
            names[key] = spaces.Box(-reach, reach)
        self.space = spaces.Dict(names)
        self._true, self._believed = np.zeros((0, 3)), np.zeros((0, 3))

    @property
    def name(self) -> str:
        """Which errors, for results."""
        return self.errors.name

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """The start is known."""
        if len(self._true) < world.num_envs:
            self._true, self._believed = np.zeros((2, world.num_envs, 3))
        self._true[ids], self._believed[ids] = _planar(world.T_start_body(ids)), 0.0

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key_motion: (n, 3), key: (n, 3)}, or `gps` and `compass`."""
        pose = _planar(world.T_start_body(ids))
        motion = _relative(_carried(world, ids, self._true[ids]), pose)
        self._true[ids] = pose
        started = streams.steps[ids] > 0
        error = self.errors.errors(world.driven[ids], f"{self.key} noise", ids, streams)
        motion += error * started[:, None]
        motion[:, 2] = wrap(motion[:, 2])
        self._believed[ids] = believed = _compose(self._believed[ids], motion)
        far = np.array([FAR, FAR, np.pi])
        told = np.clip(believed, -far, far).astype(np.float32)
        near = np.array([STRIDE, STRIDE, np.pi])
        observation: Observation = {
            f"{self.key}_motion": np.clip(motion, -near, near).astype(np.float32)
        }
        heading = np.clip(told[:, 2:], -_PI, _PI)
        if self.stands_for_gps:
            height = np.zeros((len(ids), 1), np.float32)
            observation["gps"] = np.concatenate([told[:, :2], height], 1)
            observation["compass"] = heading
        else:
            observation[self.key] = np.concatenate([told[:, :2], heading], 1)
        return observation


def _planar(T: NDArray) -> NDArray:
    """(n, 3) x, y and heading of poses (n, 4, 4)."""
    return np.stack([T[:, 0, 3], T[:, 1, 3], np.arctan2(T[:, 1, 0], T[:, 0, 0])], 1)


def _carried(world: World, ids: IntArray, pose: NDArray) -> NDArray:
    """(n, 3) poses in the frame of the start, moved along with bodies that were carried off."""
    if (world.carried[ids] == np.eye(4)).all():
        return pose
    c, s = np.cos(pose[:, 2]), np.sin(pose[:, 2])
    T = np.tile(np.eye(4), (len(ids), 1, 1))
    T[:, 0, 0], T[:, 0, 1], T[:, 1, 0], T[:, 1, 1] = c, -s, s, c
    T[:, :2, 3] = pose[:, :2]
    start = world.T_world_start[ids]
    return _planar(np.linalg.inv(start) @ world.carried[ids] @ start @ T)


def _relative(before: NDArray, after: NDArray) -> NDArray:
    """(n, 3) poses `after` in the frames of poses `before`."""
    c, s = np.cos(before[:, 2]), np.sin(before[:, 2])
    x, y, turn = (after - before).T
    return np.stack([c * x + s * y, c * y - s * x, wrap(turn)], 1)


def _compose(pose: NDArray, motion: NDArray) -> NDArray:
    """(n, 3) poses after motions in their own frames."""
    c, s = np.cos(pose[:, 2]), np.sin(pose[:, 2])
    x, y, turn = motion.T
    moved = [pose[:, 0] + c * x - s * y, pose[:, 1] + s * x + c * y, wrap(pose[:, 2] + turn)]
    return np.stack(moved, 1)

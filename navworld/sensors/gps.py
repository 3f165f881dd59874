"""GPS + compass: position and heading relative to the start of the episode.

| name | shape | unit |
|---|---|---|
| `gps` | (3,) float32 | position in the frame of the start (x forward, y left, z up) [m] |
| `compass` | (1,) float32 | heading relative to the start, positive to the left [rad], in [−π, π] |

Rate: once per step. Noise: Gaussian per reading (`position_std`, `heading_std`) plus a bias that
is 0 at the start of an episode and walks at random with the path driven (`drift_std` and
`heading_drift_std`, per square root of a metre). By default all are 0: the sensor is exact.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from navworld.beliefs import FAR, Observation
from navworld.streams import IntArray, Streams
from navworld.world.world import Camera, World, wrap


class GPSCompass:
    """Position and heading in the frame of the start.

    Args:
        position_std: White noise of each coordinate in the plane [m].
        heading_std: White noise of the heading [rad].
        drift_std: Random walk of the position bias [m/√m of path].
        heading_drift_std: Random walk of the heading bias [rad/√m of path].
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        position_std: float = 0.0,
        heading_std: float = 0.0,
        drift_std: float = 0.0,
        heading_drift_std: float = 0.0,
    ) -> None:
        for name, value in (
            ("position_std", position_std),
            ("heading_std", heading_std),
            ("drift_std", drift_std),
            ("heading_drift_std", heading_drift_std),
        ):
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"GPSCompass({name}={value!r}) must be zero or positive")
        self.position_std, self.heading_std = position_std, heading_std
        self.drift_std, self.heading_drift_std = drift_std, heading_drift_std
        self._bias = np.zeros((0, 3))
        self._path = np.zeros(0)
        self.space = spaces.Dict(
            {
                "gps": spaces.Box(-FAR, FAR, (3,), np.float32),
                "compass": spaces.Box(-np.float32(np.pi), np.float32(np.pi), (1,), np.float32),
            }
        )

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Forgets the bias."""
        if len(self._bias) < world.num_envs:
            self._bias = np.zeros((world.num_envs, 3))
            self._path = np.zeros(world.num_envs)
        self._bias[ids], self._path[ids] = 0.0, 0.0

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{"gps": (n, 3), "compass": (n, 1)}."""
        T = world.T_start_body(ids)
        position = T[:, :3, 3]
        heading = np.arctan2(T[:, 1, 0], T[:, 0, 0])
        if self.drift_std or self.heading_drift_std:
            walked = np.sqrt(np.maximum(world.travelled[ids] - self._path[ids], 0.0))
            std = np.array([self.drift_std, self.drift_std, self.heading_drift_std])
            self._bias[ids] += std * walked[:, None] * streams.normal("gps drift", ids, (3,))
            self._path[ids] = world.travelled[ids]
        if self.position_std or self.heading_std:
            std = np.array([self.position_std, self.position_std, self.heading_std])
            noise = std * streams.normal("gps", ids, (3,)) + self._bias[ids]
        else:
            noise = self._bias[ids]
        position[:, :2] += noise[:, :2]
        gps = np.clip(position, -FAR, FAR).astype(np.float32)
        compass = wrap(heading + noise[:, 2]).astype(np.float32)
        limit = np.float32(np.pi)
        return {"gps": gps, "compass": np.clip(compass, -limit, limit)[:, None]}

"""Magnetometer: the earth's field, bent by the steel of the building and of the carrier.

| name | shape | unit |
|---|---|---|
| `magnetometer` | (3,) float32 | magnetic flux density in the sensor's frame [µT] |
| … with `rate_hz` | (k, 3) float32 | the k = rate · dt samples since the last observation |

Frame: the sensor's, x forward, y left, z up where it is mounted level. Rate: once per step, at its
end, or `rate_hz` along the true motion, the last sample at the end.

The field in the world is `navworld.world.magnetism`: the earth's (`magnitude`, `inclination_deg`,
magnetic north towards world +y, or `north_deg` from world x), by default 49 µT dipping 66°, as the
world magnetic model has it in the middle of Europe; and the dipoles of reinforcement, appliances
and steel furniture, the same at every visit to a place. `steel` scales them (0 for open country).

The reading is S (B + n) + h + b, quantised to `resolution` and clipped to ±`range`: soft iron S and
hard iron h of the carrier, white noise n and bias b. h has `hard_iron`, plus a normal draw of
`hard_iron_std` per axis and episode; S is `soft_iron`, plus a symmetric draw of `soft_iron_std` per
entry and episode; b starts with `bias_std` and walks at random by `bias_walk` per √s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from navworld.beliefs import Observation
from navworld.names import named
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.magnetism import earth_field, steel
from navworld.world.world import World


@dataclass(frozen=True)
class Chip:
    """A magnetometer's own errors; the defaults are perfect.

    Attributes:
        noise: White noise per sample and axis [µT].
        bias_std: Constant error at the start of an episode [µT].
        bias_walk: Random walk of the bias [µT/√s].
        resolution: Step of the output [µT]; 0 for none.
        range: Largest output [µT].
    """

    noise: float = 0.0
    bias_std: float = 0.0
    bias_walk: float = 0.0
    resolution: float = 0.0
    range: float = 5000.0


PRESETS: dict[str, Chip] = {
    # Data sheet MS1356-E-02: 16 bits of 0.15 µT, ±4912 µT. It states no noise: 0.4 µT, and for
    # all three the offset after calibration and its walk, are estimates.
    "ak8963": Chip(noise=0.4, bias_std=0.5, bias_walk=0.01, resolution=0.15, range=4912.0),
    # Data sheet DocID024204: ±4 gauss, 6842 LSB/gauss, rms noise 3.2 mgauss (x, y; 4.1 in z).
    "lis3mdl": Chip(noise=0.35, bias_std=0.5, bias_walk=0.01, resolution=0.0146, range=400.0),
    # Data sheet: ±1.3 gauss at 1090 LSB/gauss, noise floor 2 mgauss, 12 bits.
    "hmc5883l": Chip(noise=0.2, bias_std=0.5, bias_walk=0.01, resolution=0.0917, range=188.0),
}
"""Real chips, from their data sheets (1 mgauss = 0.1 µT)."""


class Magnetometer:
    """Magnetic flux density.

    Args:
        preset: One of `PRESETS`; None for a perfect chip.
        chip: The chip in detail, instead of a preset.
        magnitude, inclination_deg, north_deg: The earth's field, see the module.
        steel: Factor on the steel of the building.
        hard_iron: (3,) field of the carrier [µT]. hard_iron_std: Its spread over episodes.
        soft_iron: (3, 3) distortion by the carrier. soft_iron_std: Its spread over episodes.
        position: On the body [m]. yaw_deg, pitch_deg: Left and down of level, straight ahead.
        rate_hz: Samples per second; None for one per step.
        dt: Seconds between observations, for `rate_hz`.
        key: Its name in the observation.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        preset: str | None = None,
        chip: Chip | None = None,
        magnitude: float = 49.0,
        inclination_deg: float = 66.0,
        north_deg: float = 90.0,
        steel: float = 1.0,
        hard_iron: ArrayLike = (0.0, 0.0, 0.0),
        hard_iron_std: float = 0.0,
        soft_iron: ArrayLike | None = None,
        soft_iron_std: float = 0.0,
        position: tuple[float, float, float] = (0.0, 0.0, 0.5),
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        rate_hz: float | None = None,
        dt: float = 0.5,
        key: str = "magnetometer",
    ) -> None:
        self.chip = _chosen(preset, chip)
        for name, value in (
            ("magnitude", magnitude), ("steel", steel), ("hard_iron_std", hard_iron_std),
            ("soft_iron_std", soft_iron_std),
        ):  # fmt: skip
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"Magnetometer({name}={value!r}) must be zero or positive")
        if not (-90 <= inclination_deg <= 90 and np.isfinite(north_deg)):
            raise ValueError(
                f"Magnetometer(inclination_deg={inclination_deg!r}, north_deg={north_deg!r}): "
                "expected −90 to 90 and a finite angle"
            )
        self.key, self.steel, self.rate_hz, self.dt = key, steel, rate_hz, dt
        self.earth = earth_field(magnitude, inclination_deg, north_deg)
        self._hard, self._soft = _iron(hard_iron, soft_iron)
        self._hard_std, self._soft_std = hard_iron_std, soft_iron_std
        self._T_body_sensor = _mount(position, yaw_deg, pitch_deg)
        self.samples = _samples(rate_hz, dt)
        shape = (3,) if rate_hz is None else (self.samples, 3)
        limit = self.chip.range
        self.space = spaces.Dict({key: spaces.Box(-limit, limit, shape, np.float32)})
        self._offset = np.zeros((0, 3))
        self._distortion = np.zeros((0, 3, 3))
        self._seen = np.zeros(0)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Draws the iron of the carrier and the bias of the chip."""
        if self.rate_hz is not None and not np.isclose(world.robot.dt, self.dt):
            raise ValueError(
                f"Magnetometer(rate_hz={self.rate_hz:g}, dt={self.dt:g}) in a world that steps by "
                f"{world.robot.dt:g} s: give dt={world.robot.dt:g}"
            )
        if len(self._offset) < world.num_envs:
            self._offset = np.zeros((world.num_envs, 3))
            self._distortion = np.tile(np.eye(3), (world.num_envs, 1, 1))
            self._seen = np.zeros(world.num_envs)
        z = streams.normal(f"{self.key} iron", ids, (12,))
        spread = self._hard_std * z[:, :3] + self.chip.bias_std * z[:, 9:]
        self._offset[ids] = self._hard + spread
        entries = z[:, 3:9][:, [[0, 3, 4], [3, 1, 5], [4, 5, 2]]]
        self._distortion[ids] = self._soft + self._soft_std * entries
        self._seen[ids] = world.time[ids]

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, 3)}, or (n, k, 3) at a rate."""
        own = self.chip
        if self.rate_hz is None:
            T_world_body = world.T_world_body(ids)[:, None]
        else:
            fractions = np.arange(1, self.samples + 1) / self.samples
            T_world_body = world.moments(ids, fractions).T_world_body
        T = T_world_body @ self._T_body_sensor
        field = np.empty((*T.shape[:2], 3))
        for k, row in enumerate(ids):
            places = world.places[row].derived("steel", steel)
            field[k] = places.field(T[k, :, :3, 3], self.earth, self.steel)
        seen = np.einsum("nkij,nki->nkj", T[..., :3, :3], field)
        if own.noise:
            seen += own.noise * streams.normal(f"{self.key} noise", ids, seen.shape[1:])
        if own.bias_walk:
            passed = np.sqrt(np.maximum(world.time[ids] - self._seen[ids], 0.0))
            walk = streams.normal(f"{self.key} walk", ids, (3,))
            self._offset[ids] += own.bias_walk * passed[:, None] * walk
            self._seen[ids] = world.time[ids]
        seen = np.einsum("nij,nkj->nki", self._distortion[ids], seen)
        seen += self._offset[ids][:, None]
        if own.resolution:
            seen = np.rint(seen / own.resolution) * own.resolution
        seen = np.clip(seen, -own.range, own.range).astype(np.float32)
        return {self.key: seen[:, 0] if self.rate_hz is None else seen}


def _chosen(preset: str | None, chip: Chip | None) -> Chip:
    """The chip that was asked for, checked."""
    if preset is not None and chip is not None:
        raise ValueError("Magnetometer takes a preset or a chip, not both")
    if preset is not None:
        return named(preset, PRESETS, "magnetometer preset")
    own = chip or Chip()
    for name in ("noise", "bias_std", "bias_walk", "resolution"):
        value = getattr(own, name)
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"Chip({name}={value!r}) must be zero or positive")
    if not (np.isfinite(own.range) and own.range > 0):
        raise ValueError(f"Chip(range={own.range!r}) must be a positive number")
    return own


def _iron(hard: ArrayLike, soft: ArrayLike | None) -> tuple[NDArray, NDArray]:
    """(3,) and (3, 3) of the carrier, checked."""
    h = np.asarray(hard, np.float64)
    S = np.eye(3) if soft is None else np.asarray(soft, np.float64)
    if h.shape != (3,) or S.shape != (3, 3) or not (np.isfinite(h).all() and np.isfinite(S).all()):
        raise ValueError(
            f"hard_iron is {h.shape} and soft_iron {S.shape}: give three and 3 × 3 finite numbers"
        )
    return h, S


def _mount(position: tuple[float, float, float], yaw_deg: float, pitch_deg: float) -> NDArray:
    """(4, 4) pose of the sensor on the body."""
    (cy, sy), (cp, sp) = (
        (np.cos(angle), np.sin(angle)) for angle in np.radians([yaw_deg, pitch_deg])
    )
    T = np.eye(4)
    T[:3, :3] = [[cy * cp, -sy, cy * sp], [sy * cp, cy, sy * sp], [-sp, 0, cp]]
    T[:3, 3] = position
    return T


def _samples(rate_hz: float | None, dt: float) -> int:
    """Samples between two observations."""
    if rate_hz is None:
        return 1
    if not (np.isfinite(rate_hz) and rate_hz > 0 and np.isfinite(dt) and dt > 0):
        raise ValueError(
            f"Magnetometer(rate_hz={rate_hz!r}, dt={dt!r}): both must be positive numbers"
        )
    count = round(rate_hz * dt)
    if count < 1 or not np.isclose(count, rate_hz * dt) or count > 10_000:
        raise ValueError(
            f"Magnetometer(rate_hz={rate_hz!r}) gives {rate_hz * dt:g} samples in dt={dt!r} s: "
            "choose a rate that gives a whole number, 1 to 10000"
        )
    return count

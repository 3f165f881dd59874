"""Faults of sensors: `Corrupted(sensor, kind, severity=3)` breaks any sensor in a known way.

The corrupted sensor has the names, shapes and bounds of the sensor it wraps. Severity 0 is the
plain sensor, byte for byte; 1 to 5 are:

| kind | what happens | 1 | 2 | 3 | 4 | 5 |
|---|---|---|---|---|---|---|
| `missing_frames` | a reading is lost, with this probability | 0.05 | 0.1 | 0.2 | 0.35 | 0.5 |
| `time_offset` | readings are late by this many frames | 0.5 | 1 | 2 | 3.5 | 5 |
| `extrinsic_error` | the mount is off by this many degrees and cm | 1 | 2 | 4 | 7 | 12 |
| `blur` | images are out of focus: σ in % of their width | 1 | 2 | 3 | 4.5 | 6 |
| `occlusion` | a patch sticks to the lens, over this part of it | 0.05 | 0.1 | 0.2 | 0.35 | 0.5 |
| `darkness` | this part of the light is left | 0.5 | 0.25 | 0.1 | 0.04 | 0.015 |
| `spikes` | this part of the values is far off | 0.002 | 0.005 | 0.02 | 0.05 | 0.1 |
| `bias_jumps` | the bias jumps with this probability a step … | 0.02 | 0.05 | 0.1 | 0.15 | 0.2 |
| | … by a normal step of this part of the scale | 0.01 | 0.02 | 0.05 | 0.1 | 0.2 |

- A missing frame repeats the last one that arrived (`fill="last"`) or reads 0 (`fill="zeros"`). An
  episode's first frame always arrives.
- A delay of a broken number of frames is made of whole ones, by chance in proportion; no frame is
  older than the one before it. An episode begins with its first frame, however late.
- With an extrinsic error the sensor really stands elsewhere and looks elsewhere: turned about an
  axis and shifted in a direction drawn per episode, by exactly the angle and the length above.
  Cameras are rendered from there, inertial sensors move like a point there.
- A patch is an ellipse drawn per episode: grey on colour images, 0 (no return, no class) on others.
- Blur and darkness act on what light makes: blur on images of colours or measured quantities
  (where there is no return none is made up, and what is without one does not count), darkness on
  colour images only, in linear light.
- Spikes are salt and pepper (the ends of the range) in images; elsewhere a value is off by up to
  the scale. The scale of a value is half its range, at most 10 of its units; pass `scale=` to set
  it. A bias is one per channel and grows until the episode ends; 0 in an image stays 0.

Faults of values (`navworld.sensors.faults`) leave whole numbers (classes, counts) alone, also
times, ages and masks; of ragged data they change what is there. A kind that fits nothing that a
sensor measures is refused.

The kinds and their order of severity follow D. Hendrycks and T. Dietterich, "Benchmarking neural
network robustness to common corruptions and perturbations", ICLR 2019, and P. Chattopadhyay et
al., "RobustNav: towards benchmarking robustness in embodied navigation", ICCV 2021; the values are
this project's own.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Sensor
from navworld.geometry import so3
from navworld.geometry.curves import Moments
from navworld.names import nearest
from navworld.sensors.faults import FAULTS
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.world import World

MISSING = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)
LATE = (0.0, 0.5, 1.0, 2.0, 3.5, 5.0)
OFF_MOUNT = (0.0, 1.0, 2.0, 4.0, 7.0, 12.0)
FILLS = ("last", "zeros")
KINDS = ("missing_frames", "time_offset", "extrinsic_error", *FAULTS)
SEVERITIES = 5


class Fault(Protocol):
    """How readings go wrong."""

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Draws what stays for an episode."""

    def apply(self, observation: Observation, ids: IntArray, streams: Streams) -> Observation:
        """A reading as it arrives."""


class Corrupted:
    """A sensor with a fault.

    Args:
        sensor: What breaks.
        kind: One of `KINDS`.
        severity: 0 (sound) to 5.
        fill: What a missing frame reads: "last" or "zeros".
        scale: Of spikes and bias jumps, in the sensor's unit; None for half the range, at most 10.

    Raises:
        ValueError: Unknown kind or severity, or a kind that makes no sense for the sensor.
    """

    def __init__(
        self,
        sensor: Sensor,
        kind: str,
        *,
        severity: int = 3,
        fill: str = "last",
        scale: float | None = None,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"unknown corruption {kind!r}{nearest(kind, KINDS)}")
        if severity not in range(SEVERITIES + 1):
            raise ValueError(f"severity {severity!r}: expected a whole number 0 to {SEVERITIES}")
        if fill not in FILLS:
            raise ValueError(f"fill={fill!r}: expected one of {FILLS}")
        if scale is not None and not (np.isfinite(scale) and scale > 0):
            raise ValueError(f"scale={scale!r} must be a positive number, in the sensor's unit")
        severity = int(severity)
        self.sensor, self.kind, self.severity = sensor, kind, severity
        self.space, self.renders = sensor.space, sensor.renders
        self.key = str(getattr(sensor, "key", None) or next(iter(sensor.space.spaces)))
        self._mount = _Mount(self, OFF_MOUNT[severity]) if kind == "extrinsic_error" else None
        self._fault: Fault | None = None
        if kind == "missing_frames":
            self._fault = _Missing(self.key, MISSING[severity], fill)
        elif kind == "time_offset":
            self._fault = _Late(self.key, LATE[severity])
        elif kind != "extrinsic_error":
            self._fault = FAULTS[kind](self.key, sensor.space, severity, scale)

    @property
    def name(self) -> str:
        """The kind and its severity, for results."""
        return f"{self.kind}-{self.severity}"

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Draws what stays for an episode, and begins one of the sensor."""
        if self.severity and self._mount:
            self._mount.reset(world, ids, streams)
            world = self._mount.seen_from(world)
        elif self.severity and self._fault:
            self._fault.reset(world, ids, streams)
        self.sensor.reset(world, ids, streams)

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """What arrives of what the sensor measures."""
        if self.severity and self._mount:
            return self._mount.read(world, ids, streams)
        observation = self.sensor.read(world, ids, streams)
        if self.severity and self._fault:
            observation = self._fault.apply(observation, ids, streams)
        return observation


class _Missing:
    """Lost readings."""

    def __init__(self, key: str, probability: float, fill: str) -> None:
        self.key, self.probability, self.fill = key, probability, fill
        self._size = 0
        self._last: Observation = {}

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        self._size = world.num_envs

    def apply(self, observation: Observation, ids: IntArray, streams: Streams) -> Observation:
        lost = streams.uniform(f"{self.key} missing frames", ids) < self.probability
        lost &= streams.steps[ids] > 0
        result: Observation = {}
        for key, value in observation.items():
            kept = _grown(self._last, key, value, (self._size,))
            mask = lost.reshape(-1, *[1] * (value.ndim - 1))
            old = kept[ids] if self.fill == "last" else np.zeros_like(value)
            result[key] = np.where(mask, old, value)
            kept[ids] = result[key]
        return result


class _Late:
    """Readings that arrive some frames later."""

    def __init__(self, key: str, delay: float) -> None:
        self.key, self.delay = key, delay
        self._room = int(np.ceil(delay)) + 1
        self._count = np.zeros(0, np.int64)
        self._past: Observation = {}

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        if len(self._count) < world.num_envs:
            self._count = np.zeros(world.num_envs, np.int64)
            self._past = {}
        self._count[ids] = 0

    def apply(self, observation: Observation, ids: IntArray, streams: Streams) -> Observation:
        whole, part = divmod(self.delay, 1.0)
        longer = streams.uniform(f"{self.key} time offset", ids) < part
        now = self._count[ids]
        then = np.maximum(now - int(whole) - longer, 0)
        self._count[ids] += 1
        result: Observation = {}
        for key, value in observation.items():
            past = _grown(self._past, key, value, (len(self._count), self._room))
            past[ids, now % self._room] = value
            result[key] = past[ids, then % self._room]
        return result


class _Mount:
    """A sensor that is not where it should be."""

    def __init__(self, owner: Corrupted, amount: float) -> None:
        self.owner, self.key = owner, owner.key
        self.angle, self.length = np.radians(amount), 0.01 * amount
        cameras = [camera for camera, _ in owner.renders]
        camera = getattr(owner.sensor, "camera", None) or next(iter(cameras), None)
        self._pivot = camera.T_body_camera[:3, 3] if camera is not None else np.zeros(3)
        self.T_body_seeming = np.zeros((0, 4, 4))
        self.matters = False  # until the sensor has asked where it is

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        if len(self.T_body_seeming) < world.num_envs:
            self.T_body_seeming = np.tile(np.eye(4), (world.num_envs, 1, 1))
        drawn = streams.normal(f"{self.key} extrinsic error", ids, (2, 3))
        axis, way = np.moveaxis(drawn / np.linalg.norm(drawn, axis=-1, keepdims=True), 1, 0)
        R = so3.exp(self.angle * axis)
        self.T_body_seeming[ids, :3, :3] = R
        self.T_body_seeming[ids, :3, 3] = self._pivot - R @ self._pivot + self.length * way

    def seen_from(self, world: World) -> Any:
        """The world for the sensor: its body is where the mount makes it seem."""
        return _Displaced(world, self)

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        observation = self.owner.sensor.read(self.seen_from(world), ids, streams)
        if not self.matters:
            raise ValueError(
                f"extrinsic_error makes no sense for the sensor {self.key!r}: what it measures "
                "does not depend on where it is mounted"
            )
        return observation


class _Displaced:
    """A world in which every body stands where a badly mounted sensor takes it to stand."""

    def __init__(self, world: World, mount: _Mount) -> None:
        self._world, self._mount = world, mount

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    @property
    def _error(self) -> NDArray:
        self._mount.matters = True
        return self._mount.T_body_seeming

    def T_world_body(self, ids: IntArray | None = None) -> NDArray:
        rows = slice(None) if ids is None else ids
        return self._world.T_world_body(ids) @ self._error[rows]

    def T_start_body(self, ids: IntArray) -> NDArray:
        return self._world.T_start_body(ids) @ self._error[ids]

    def moments(self, ids: IntArray, fractions: NDArray) -> Moments:
        error = self._error
        whole = self._world.moments(ids, fractions)
        names = list(Moments.__dataclass_fields__)
        rows = [
            Moments(*[getattr(whole, name)[k] for name in names]).of_mount(error[i])
            for k, i in enumerate(ids)
        ]
        return Moments(*[np.stack([getattr(row, name) for row in rows]) for name in names])

    def render(self, camera: Camera, output: str, ids: IntArray) -> NDArray:
        return self._world.view(camera, self.T_world_body(ids), ids, (output,))[output]


def _grown(store: Observation, key: str, value: NDArray, shape: tuple[int, ...]) -> NDArray:
    """The array (*shape, …) kept under a key, made when first asked for."""
    if key not in store or store[key].shape[: len(shape)] != shape:
        store[key] = np.zeros((*shape, *value.shape[1:]), value.dtype)
    return store[key]

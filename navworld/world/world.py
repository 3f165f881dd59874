"""The World: a batch of bodies, each standing in a scene; the truth of a simulation.

Sensors look at it through `render`, tasks judge by it. Frames: x forward, y left, z up for world
and body, OpenCV's for cameras.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.streams import IntArray
from navworld.world.motion import advance, integrate_velocity
from navworld.world.navigability import Navigator
from navworld.world.rays import OUTPUTS, RayPattern, render
from navworld.world.store import Place


@dataclass(frozen=True)
class Robot:
    """A body: a disc that drives on the floor.

    Attributes:
        radius: [m].
        camera_height: Of its main camera above the ground [m].
        forward: Length of a forward action [m].
        turn_deg: Angle of a turn action [deg].
        max_speed: At velocity action 1 [m/s].
        max_turn_rate: At velocity action ±1 [rad/s].
        dt: Duration of one action [s].
    """

    radius: float = 0.18
    camera_height: float = 0.88
    forward: float = 0.25
    turn_deg: float = 30.0
    max_speed: float = 0.5
    max_turn_rate: float = np.pi / 2
    dt: float = 0.5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"Robot({name}={value!r}) must be a positive number")


@dataclass(frozen=True)
class Camera:
    """A pinhole camera fixed to the body.

    Attributes:
        height, width: Image size [px].
        fov_deg: Horizontal field of view.
        position: In the body frame [m].
        yaw_deg, pitch_deg: Left and down of straight ahead.
        near, far: Depth outside is reported as 0 [m].
        supersample: Rays per pixel and axis for the colour image.
    """

    height: int = 64
    width: int = 64
    fov_deg: float = 90.0
    position: tuple[float, float, float] = (0.0, 0.0, 0.88)
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    near: float = 0.1
    far: float = 10.0
    supersample: int = 1

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            value = getattr(self, name)
            if not (isinstance(value, (int, np.integer)) and 4 <= value <= 4096):
                raise ValueError(f"image {name} is {value!r}: expected a whole number 4 to 4096")
        if not 1.0 <= self.fov_deg < 179.0:
            raise ValueError(f"field of view is {self.fov_deg!r}°; expected 1 to 179")
        if not 0.0 <= self.near < self.far:
            raise ValueError(f"near {self.near} and far {self.far}: expected 0 ≤ near < far")

    @property
    def T_body_camera(self) -> NDArray:
        """(4, 4) pose of the camera in the body frame."""
        return _T_body_camera(self.position, self.yaw_deg, self.pitch_deg)

    @property
    def pattern(self) -> RayPattern:
        """Its rays."""
        return _pinhole(self.height, self.width, self.fov_deg)

    @property
    def K(self) -> NDArray:
        """(3, 3) intrinsics [px]; the centre of the first pixel is at (0, 0)."""
        f = 0.5 * self.width / np.tan(np.radians(self.fov_deg) / 2)
        return np.array([[f, 0, (self.width - 1) / 2], [0, f, (self.height - 1) / 2], [0, 0, 1]])


class World:
    """A batch of bodies in scenes.

    Args:
        num_envs: Number of bodies B.
        robot: Their shape and motion.
        sliding: Whether a body slides along what it touches.
        light: Quality of baked light, see `navworld.world.store.LIGHTS`.
        threads: For rendering.

    Attributes:
        xy: (B, 2) positions [m]. z: (B,) heights of the ground [m]. yaw: (B,) headings [rad].
        collided: (B,) whether the last action touched something.
        stopped: (B,) whether the last action declared the end; the environment sets it.
        travelled: (B,) path length since the episode's start [m].
        T_world_start: (B, 4, 4) poses at the start of the episodes.
        gain: (B, 3) brightness and colour of the episodes' light.
        places: The B scenes.
    """

    def __init__(
        self,
        num_envs: int,
        robot: Robot,
        *,
        sliding: bool = False,
        light: str = "full",
        threads: int = 1,
    ) -> None:
        self.num_envs, self.robot = num_envs, robot
        self.sliding, self.light, self.threads = sliding, light, threads
        self.places: list[Place] = [None] * num_envs  # type: ignore[list-item]
        self.xy = np.zeros((num_envs, 2))
        self.z = np.zeros(num_envs)
        self.yaw = np.zeros(num_envs)
        self.collided = np.zeros(num_envs, bool)
        self.stopped = np.zeros(num_envs, bool)
        self.travelled = np.zeros(num_envs)
        self.gain = np.ones((num_envs, 3), np.float32)
        self.T_world_start = np.tile(np.eye(4), (num_envs, 1, 1))
        self._navigators: list[Navigator] = []
        self._which = np.zeros(num_envs, np.int64)
        self._wanted: dict[Camera, set[str]] = {}
        self._frames: dict[tuple[Camera, bytes], dict[str, NDArray]] = {}

    def place(self, row: int, place: Place, xy: NDArray, yaw: float) -> None:
        """Puts body `row` into a scene, at rest at the start of an episode."""
        self.places[row] = place
        floor = place.navigator(self.robot.radius).floor
        self.xy[row], self.yaw[row], self.z[row] = xy, wrap(yaw), floor.height
        self.collided[row], self.stopped[row], self.travelled[row] = False, False, 0.0
        self.T_world_start[row] = self.T_world_body(np.array([row]))[0]
        self._index_navigators()
        self._frames.clear()

    def T_world_body(self, ids: IntArray | None = None) -> NDArray:
        """(n, 4, 4) true poses of bodies `ids` (all by default)."""
        ids = np.arange(self.num_envs) if ids is None else ids
        T = np.tile(np.eye(4), (len(ids), 1, 1))
        c, s = np.cos(self.yaw[ids]), np.sin(self.yaw[ids])
        T[:, 0, 0], T[:, 0, 1], T[:, 1, 0], T[:, 1, 1] = c, -s, s, c
        T[:, :2, 3], T[:, 2, 3] = self.xy[ids], self.z[ids]
        return T

    def T_start_body(self, ids: IntArray) -> NDArray:
        """(n, 4, 4) true poses in the frame of the episode's start."""
        T = self.T_world_start[ids]
        inverse = np.tile(np.eye(4), (len(ids), 1, 1))
        inverse[:, :3, :3] = T[:, :3, :3].transpose(0, 2, 1)
        inverse[:, :3, 3] = -np.einsum("nij,nj->ni", inverse[:, :3, :3], T[:, :3, 3])
        return inverse @ self.T_world_body(ids)

    def navigator(self, row: int) -> Navigator:
        """Walkable space of the scene that body `row` stands in."""
        return self._navigators[self._which[row]]

    def step(self, motion: NDArray) -> None:
        """Moves every body by a displacement, then turns it.

        Args:
            motion: (B, 3): forward [m], left [m], turn [rad], in the body frame.
        """
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        delta = np.stack(
            [c * motion[:, 0] - s * motion[:, 1], s * motion[:, 0] + c * motion[:, 1]], 1
        )
        self.xy, self.collided, travelled = advance(
            self._navigators, self._which, self.xy, delta, sliding=self.sliding
        )
        self.travelled += travelled
        self.yaw = wrap(self.yaw + motion[:, 2])
        self._frames.clear()

    def step_velocity(self, velocity: NDArray, dt: float) -> None:
        """Drives every body along an arc for `dt` seconds.

        Args:
            velocity: (B, 2): forward [m/s], turn rate [rad/s].
        """
        self.xy, self.yaw, self.collided, travelled = integrate_velocity(
            self._navigators, self._which, self.xy, self.yaw, velocity, dt, sliding=self.sliding
        )
        self.yaw = wrap(self.yaw)
        self.travelled += travelled
        self._frames.clear()

    def want(self, renders: Sequence[tuple[Camera, str]]) -> None:
        """Announces what sensors will read, so that one pass per camera gives all of it."""
        for camera, output in renders:
            if output not in OUTPUTS:
                known = ", ".join(OUTPUTS)
                raise ValueError(f"unknown camera output {output!r}: expected one of {known}")
            self._wanted.setdefault(camera, set()).add(output)

    def render(self, camera: Camera, output: str, ids: IntArray) -> NDArray:
        """What the cameras of bodies `ids` see: (n, H, W) or (n, H, W, 3), the caller's to keep."""
        key = (camera, ids.tobytes())
        frame = self._frames.get(key)
        if frame is None or output not in frame:
            wanted = self._wanted.get(camera, set()) | {output}
            frame = self.view(camera, self.T_world_body(ids), ids, tuple(sorted(wanted)))
            self._frames[key] = frame
        return frame.pop(output)

    def view(
        self, camera: Camera, T_world_body: NDArray, ids: IntArray, outputs: Sequence[str]
    ) -> dict[str, NDArray]:
        """Images from any poses in the scenes of environments `ids` (goal images, datasets).

        Args:
            T_world_body: (n, 4, 4) where the cameras' bodies would stand.
        """
        light = self.light if "rgb" in outputs else None
        scenes = [self.places[i].rays(light) for i in ids]
        return render(
            scenes,
            np.arange(len(ids)),
            T_world_body @ camera.T_body_camera,
            camera.pattern,
            outputs,
            near=camera.near,
            far=camera.far,
            gain=self.gain[ids],
            supersample=camera.supersample,
            threads=self.threads,
        )

    def state(self) -> dict[str, Any]:
        """Everything that moves, and where it stands: load it into a world of the same size."""
        names = ("xy", "z", "yaw", "collided", "stopped", "travelled", "gain", "T_world_start")
        return {"places": list(self.places), **{n: getattr(self, n).copy() for n in names}}

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()`."""
        if len(state["places"]) != self.num_envs:
            raise ValueError(
                f"the state holds {len(state['places'])} bodies, this world {self.num_envs}"
            )
        for name, value in state.items():
            setattr(self, name, value.copy())
        self._index_navigators()
        self._frames.clear()

    def _index_navigators(self) -> None:
        found: dict[int, int] = {}
        self._navigators = []
        for row, place in enumerate(self.places):
            if place is None:
                place = next(p for p in self.places if p is not None)
            navigator = place.navigator(self.robot.radius)
            if id(navigator) not in found:
                found[id(navigator)] = len(self._navigators)
                self._navigators.append(navigator)
            self._which[row] = found[id(navigator)]


def wrap(angle: NDArray | float) -> NDArray:
    """Angle in [−π, π)."""
    return (np.asarray(angle) + np.pi) % (2 * np.pi) - np.pi


@lru_cache(maxsize=256)
def _T_body_camera(position: tuple, yaw_deg: float, pitch_deg: float) -> NDArray:
    yaw, pitch = np.radians(yaw_deg), np.radians(pitch_deg)
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    T = np.eye(4)
    T[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    T[:3, 3] = position
    T.setflags(write=False)
    return T


@lru_cache(maxsize=256)
def _pinhole(height: int, width: int, fov_deg: float) -> RayPattern:
    return RayPattern.pinhole(height, width, fov_deg)

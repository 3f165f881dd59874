"""A body and its eyes: the robot that drives, the cameras that it carries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.cameras import (
    Fisheye,
    Orthographic,
    Panorama,
    Pinhole,
    forward_camera,
    intrinsics,
)
from navworld.world.tracing.pattern import RayPattern

Lens = Pinhole | Fisheye | Panorama | Orthographic


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
    """A camera fixed to the body.

    Attributes:
        height, width: Size of the image [px].
        fov_deg: Horizontal field of view of a plain pinhole; a `lens` has its own.
        position: In the body frame [m].
        yaw_deg, pitch_deg: Left and down of straight ahead.
        near, far: Depth outside is reported as 0 [m].
        supersample: Rays per pixel and axis for the colour image.
        lens: How points are imaged; None for a plain pinhole. Its image has the camera's size.
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
    lens: Lens | None = None

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            value = getattr(self, name)
            if not (isinstance(value, (int, np.integer)) and 4 <= value <= 4096):
                raise ValueError(f"image {name} is {value!r}: expected a whole number 4 to 4096")
        if not 1.0 <= self.fov_deg < 179.0:
            raise ValueError(
                f"field of view is {self.fov_deg!r}°: a pinhole takes 1 to 179; for more give the "
                "camera a fisheye or panorama lens"
            )
        if not 0.0 <= self.near < self.far:
            raise ValueError(f"near {self.near} and far {self.far}: expected 0 ≤ near < far")
        if self.supersample < 1:
            raise ValueError(f"supersample={self.supersample!r}: expected at least 1")
        if self.lens is not None and (self.lens.height, self.lens.width) != (
            self.height,
            self.width,
        ):
            raise ValueError(
                f"the lens images {self.lens.height} × {self.lens.width} pixels, the camera "
                f"{self.height} × {self.width}: give both the same size"
            )

    @property
    def T_body_camera(self) -> NDArray:
        """(4, 4) pose of the camera in the body frame."""
        return _mounted(self.position, self.yaw_deg, self.pitch_deg)

    @property
    def model(self) -> Lens:
        """How points are imaged."""
        return self.lens or Pinhole.from_fov(self.width, self.height, self.fov_deg)

    @property
    def pattern(self) -> RayPattern:
        """Its rays."""
        if self.lens is None:
            return _pinhole(self.height, self.width, self.fov_deg)
        return _through(self.lens)

    @property
    def K(self) -> NDArray:
        """(3, 3) intrinsics of a pinhole [px]; the centre of the first pixel is at (0, 0)."""
        if self.lens is None:
            return intrinsics(self.width, self.height, self.fov_deg)
        if isinstance(self.lens, Pinhole):
            return self.lens.K
        raise ValueError(f"a {type(self.lens).__name__} lens has no intrinsics K")


@lru_cache(maxsize=256)
def _mounted(position: tuple, yaw_deg: float, pitch_deg: float) -> NDArray:
    T = forward_camera(position, yaw=np.radians(yaw_deg), pitch=np.radians(pitch_deg))
    T.setflags(write=False)
    return T


@lru_cache(maxsize=256)
def _pinhole(height: int, width: int, fov_deg: float) -> RayPattern:
    return RayPattern.pinhole(height, width, fov_deg)


@lru_cache(maxsize=64)
def _through(lens: Lens) -> RayPattern:
    return RayPattern.of(lens)

"""Camera models: where a point is imaged, and which way a pixel looks.

Camera frame: x right, y down, z forward. A pixel is (u, v), u to the right and v down, with the
centre of the top left pixel at (0, 0) as in OpenCV; an image of width W spans −0.5 … W − 0.5.
`Pinhole` and `Orthographic` measure depth along z; `Fisheye` and `Panorama`, which see beyond
90°, along the ray (`depth_is_range`). Points and pixels may be NumPy arrays or torch tensors; the
cameras' own parameters are floats. For intrinsics that are learned or differ along a batch there
are the functions `project` and `unproject` over K.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.geometry import distortion, so3
from navworld.geometry.arrays import ArrayT, as_arrays, flatten_batch, unflatten_batch
from navworld.geometry.series import angle_ratio, sine_ratio

_NEAREST = 1e-6  # points closer to the camera's plane (or centre) than this are not imaged [m]


class Camera(Protocol):
    """What every camera model provides."""

    @property
    def width(self) -> int:
        """Columns of the image [px]."""

    @property
    def height(self) -> int:
        """Rows of the image [px]."""

    @property
    def depth_is_range(self) -> bool:
        """Whether depth is measured along the ray rather than along z."""

    def project(self, p_camera: Any) -> tuple[Any, Any]:
        """Points (..., 3) [m] to pixels (..., 2) and whether each (...) is in the image."""

    def unproject(self, pixels: Any, depth: Any) -> Any:
        """Pixels (..., 2) and their depth (...) [m] to points (..., 3) [m]."""

    def rays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Origins [m] and unit directions, (H, W, 3) each, of the rays through pixel centres."""


@dataclass(frozen=True)
class Pinhole:
    """Perspective camera, with or without radial-tangential distortion.

    Attributes:
        width, height: Size of the image [px].
        fx, fy, cx, cy: Focal lengths and principal point [px].
        distortion: OpenCV's (k1, k2, p1, p2, k3); None for none.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float] | None = None
    depth_is_range: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check(self, {"distortion": 5})

    @classmethod
    def from_fov(cls, width: int, height: int, fov_deg: float = 90.0) -> Pinhole:
        """Square pixels, centred, with a horizontal field of view [degrees] between its edges."""
        K = intrinsics(width, height, fov_deg)
        f, cx, cy = float(K[0, 0]), float(K[0, 2]), float(K[1, 2])
        return cls(width, height, f, f, cx, cy)

    @property
    def K(self) -> NDArray[np.float64]:
        """(3, 3) intrinsics."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float64)

    def project(self, p_camera: ArrayT) -> tuple[ArrayT, ArrayT]:
        """Points (..., 3) [m] to pixels (..., 2) and whether each (...) is in the image."""
        xp, p = as_arrays(p_camera)
        valid = p[..., 2] > _NEAREST
        xy = p[..., :2] / xp.where(valid, p[..., 2], 1.0)[..., None]
        if self.distortion is not None:
            limit = distortion.radial_tangential_limit(self.distortion)
            valid = valid & ((xy * xy).sum(-1) < limit**2)
            xy = distortion.radial_tangential(xy, self.distortion)
        return _to_pixels(self, xy, valid)

    def unproject(self, pixels: ArrayT, depth: ArrayT | float) -> ArrayT:
        """Pixels (..., 2) and z-depth (...) [m] to points (..., 3) [m]."""
        xp, pixels, along = as_arrays(pixels, depth)
        xy = _from_pixels(self, pixels)
        if self.distortion is not None:
            xy = distortion.undo_radial_tangential(xy, self.distortion)
        return along[..., None] * xp.concatenate([xy, xp.ones_like(xy[..., :1])], axis=-1)

    def rays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Origins (zero) and unit directions, (H, W, 3) each."""
        return _central_rays(self)


@dataclass(frozen=True)
class Fisheye:
    """Equidistant fisheye (Kannala–Brandt, OpenCV's `fisheye`), also beyond 180°.

    Attributes:
        width, height: Size of the image [px].
        fx, fy: Pixels per radian near the optical axis.
        cx, cy: Principal point [px].
        distortion: (k1, k2, k3, k4).
        circle_deg: Angle across the image circle [degrees]; nothing beyond it is imaged.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    circle_deg: float = 360.0
    depth_is_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check(self, {"distortion": 4})
        if not 0 < self.circle_deg <= 360:
            raise ValueError(
                f"Fisheye: circle_deg is {self.circle_deg}: an image circle spans more than 0 "
                "and at most 360 degrees"
            )

    @classmethod
    def from_fov(cls, width: int, height: int, fov_deg: float = 180.0) -> Fisheye:
        """Undistorted, centred, with a field of view [degrees] across the width of the image."""
        _check_fov(fov_deg, below=360.0)
        f = width / math.radians(fov_deg)
        return cls(width, height, f, f, (width - 1) / 2, (height - 1) / 2)

    def project(self, p_camera: ArrayT) -> tuple[ArrayT, ArrayT]:
        """Points (..., 3) [m] to pixels (..., 2) and whether each (...) is in the image."""
        xp, p = as_arrays(p_camera)
        ahead = xp.asarray([0.0, 0.0, 1.0], dtype=p.dtype, device=p.device)
        on_axis = (p[..., 0] == 0) & (p[..., 1] == 0)
        valid = ((p * p).sum(-1) > _NEAREST**2) & ~(on_axis & (p[..., 2] < 0))
        p = xp.where(valid[..., None], p, ahead)
        squared = p[..., 0] ** 2 + p[..., 1] ** 2
        theta_over_r = angle_ratio(squared, p[..., 2])
        off_axis = squared > 0
        radius = xp.sqrt(xp.where(off_axis, squared, 1.0))
        theta = xp.where(off_axis, theta_over_r * radius, 0.0)
        limit = min(
            distortion.equidistant_limit(self.distortion), math.radians(self.circle_deg) / 2
        )
        valid = valid & (theta < limit)
        stretch = distortion.equidistant_stretch(theta, self.distortion)
        return _to_pixels(self, p[..., :2] * (theta_over_r * stretch)[..., None], valid)

    def unproject(self, pixels: ArrayT, depth: ArrayT | float) -> ArrayT:
        """Pixels (..., 2) and range (...) [m] to points (..., 3) [m]."""
        xp, pixels, along = as_arrays(pixels, depth)
        xy = _from_pixels(self, pixels)
        squared = (xy * xy).sum(-1)
        radius = xp.sqrt(xp.where(squared > 0, squared, 1.0))
        theta = distortion.undo_equidistant(radius, self.distortion)
        theta = xp.where(squared > 0, theta, 0.0)
        ratio = xp.where(squared > 0, theta / radius, 1.0)
        side = xy * (sine_ratio(theta * theta) * ratio)[..., None]
        direction = xp.concatenate([side, xp.cos(theta)[..., None]], axis=-1)
        return along[..., None] * direction

    def rays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Origins (zero) and unit directions, (H, W, 3) each.

        Pixels outside the image circle, whose radius no angle reaches, get the direction of its
        rim; `project` calls their points invalid.
        """
        return _central_rays(self)


@dataclass(frozen=True)
class Panorama:
    """Equirectangular image: 360° across, looking ahead at its centre, 180° from top to bottom.

    Attributes:
        width, height: Size of the image [px].
    """

    width: int
    height: int
    depth_is_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check(self, {})

    def project(self, p_camera: ArrayT) -> tuple[ArrayT, ArrayT]:
        """Points (..., 3) [m] to pixels (..., 2) and whether each (...) is in the image."""
        xp, p = as_arrays(p_camera)
        x, y, z = p[..., 0], p[..., 1], p[..., 2]
        level = x * x + z * z
        valid = level > _NEAREST**2
        x, z = xp.where(valid, x, 0.0), xp.where(valid, z, 1.0)
        longitude = xp.arctan2(x, z)
        latitude = xp.arctan2(y, xp.sqrt(x * x + z * z))
        u = (longitude / (2 * math.pi) + 0.5) * self.width - 0.5
        v = (latitude / math.pi + 0.5) * self.height - 0.5
        u = xp.where(u >= self.width - 0.5, u - self.width, u)
        return xp.stack([u, v], axis=-1), valid

    def unproject(self, pixels: ArrayT, depth: ArrayT | float) -> ArrayT:
        """Pixels (..., 2) and range (...) [m] to points (..., 3) [m]."""
        xp, pixels, along = as_arrays(pixels, depth)
        longitude = ((pixels[..., 0] + 0.5) / self.width - 0.5) * (2 * math.pi)
        latitude = ((pixels[..., 1] + 0.5) / self.height - 0.5) * math.pi
        level = xp.cos(latitude)
        direction = xp.stack(
            [level * xp.sin(longitude), xp.sin(latitude), level * xp.cos(longitude)], axis=-1
        )
        return along[..., None] * direction

    def rays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Origins (zero) and unit directions, (H, W, 3) each."""
        return _central_rays(self)


@dataclass(frozen=True)
class Orthographic:
    """Parallel projection along z, centred: maps and overhead images.

    Attributes:
        width, height: Size of the image [px].
        metres_per_pixel: Side of a pixel on the ground [m].
    """

    width: int
    height: int
    metres_per_pixel: float
    depth_is_range: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check(self, {})
        if not self.metres_per_pixel > 0:
            raise ValueError(f"metres_per_pixel must be positive, not {self.metres_per_pixel}")

    def project(self, p_camera: ArrayT) -> tuple[ArrayT, ArrayT]:
        """Points (..., 3) [m] to pixels (..., 2) and whether each (...) is in the image."""
        xp, p = as_arrays(p_camera)
        u = p[..., 0] / self.metres_per_pixel + (self.width - 1) / 2
        v = p[..., 1] / self.metres_per_pixel + (self.height - 1) / 2
        pixels = xp.stack([u, v], axis=-1)
        return pixels, (p[..., 2] > _NEAREST) & _inside(self, pixels)

    def unproject(self, pixels: ArrayT, depth: ArrayT | float) -> ArrayT:
        """Pixels (..., 2) and z-depth (...) [m] to points (..., 3) [m]."""
        xp, pixels, along = as_arrays(pixels, depth)
        x = (pixels[..., 0] - (self.width - 1) / 2) * self.metres_per_pixel
        y = (pixels[..., 1] - (self.height - 1) / 2) * self.metres_per_pixel
        return xp.stack([x, y, along + xp.zeros_like(x)], axis=-1)

    def rays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Origins [m] on the plane z = 0 and directions along z, (H, W, 3) each."""
        origins = self.unproject(pixel_grid(self.width, self.height), 0.0)
        return origins, np.broadcast_to([0.0, 0.0, 1.0], origins.shape).copy()


def intrinsics(width: int, height: int, fov_deg: float) -> NDArray[np.float64]:
    """(3, 3) K of a centred camera with square pixels and a horizontal field of view [degrees]."""
    _check_fov(fov_deg, below=180.0)
    f = width / 2 / math.tan(math.radians(fov_deg) / 2)
    return np.array([[f, 0, (width - 1) / 2], [0, f, (height - 1) / 2], [0, 0, 1]], np.float64)


def project(K: ArrayT, p_camera: ArrayT) -> tuple[ArrayT, ArrayT]:
    """Pinhole projection with intrinsics along the batch.

    Args:
        K: (*batch, 3, 3).
        p_camera: (*batch, ..., 3) [m].

    Returns:
        Pixels (*batch, ..., 2), and whether each point (*batch, ...) is in front of the camera;
        where it is not, the pixel is finite but meaningless.
    """
    xp, K, p = as_arrays(K, p_camera)
    flat = flatten_batch(p, K.shape[:-2])
    front = flat[..., 2:] > _NEAREST
    homogeneous = flat / xp.where(front, flat[..., 2:], 1.0)
    pixels = (homogeneous @ K.mT)[..., :2]
    return unflatten_batch(pixels, p), unflatten_batch(front, p)[..., 0]


def unproject(K: ArrayT, pixels: ArrayT, depth: ArrayT) -> ArrayT:
    """Points (*batch, ..., 3) [m] of pixels (*batch, ..., 2) and z-depth (*batch, ...) [m].

    Args:
        K: (*batch, 3, 3), upper triangular.
    """
    xp, K, pixels, depth = as_arrays(K, pixels, depth)
    ones = xp.ones_like(pixels[..., :1])
    flat = flatten_batch(xp.concatenate([pixels, ones], axis=-1), K.shape[:-2])
    return unflatten_batch(flat @ xp.linalg.inv(K).mT, pixels) * depth[..., None]


def pixel_grid(width: int, height: int) -> NDArray[np.float64]:
    """(H, W, 2) pixel coordinates (u, v) of an image."""
    v, u = np.mgrid[:height, :width]
    return np.stack([u, v], axis=-1).astype(np.float64)


def forward_camera(
    position: ArrayLike = (0.0, 0.0, 0.0), *, yaw: float = 0.0, pitch: float = 0.0
) -> NDArray[np.float64]:
    """T_body_camera (4, 4) of a camera that looks ahead from `position` [m] on the body.

    Args:
        yaw: Turned to the left [rad].
        pitch: Tilted down [rad].
    """
    T_body_camera = np.eye(4)
    axes = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])  # right, down, forward in the body
    T_body_camera[:3, :3] = so3.from_euler_zyx(np.array([yaw, pitch, 0.0])) @ axes
    T_body_camera[:3, 3] = position
    return T_body_camera


def _central_rays(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    directions = camera.unproject(pixel_grid(camera.width, camera.height), 1.0)
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    return np.zeros_like(directions), directions


def _to_pixels(camera: Pinhole | Fisheye, xy: Any, valid: Any) -> tuple[Any, Any]:
    xp, xy = as_arrays(xy)
    u, v = xy[..., 0] * camera.fx + camera.cx, xy[..., 1] * camera.fy + camera.cy
    pixels = xp.stack([u, v], axis=-1)
    return pixels, valid & _inside(camera, pixels)


def _from_pixels(camera: Pinhole | Fisheye, pixels: Any) -> Any:
    xp, pixels = as_arrays(pixels)
    x, y = (pixels[..., 0] - camera.cx) / camera.fx, (pixels[..., 1] - camera.cy) / camera.fy
    return xp.stack([x, y], axis=-1)


def _inside(camera: Camera, pixels: Any) -> Any:
    u, v = pixels[..., 0], pixels[..., 1]
    horizontally = (u >= -0.5) & (u < camera.width - 0.5)
    return horizontally & (v >= -0.5) & (v < camera.height - 0.5)


def _check(camera: Any, coefficients: dict[str, int]) -> None:
    name = type(camera).__name__
    for side in (camera.width, camera.height):
        if not isinstance(side, int | np.integer) or side < 1:
            raise ValueError(
                f"{name}: width and height must be positive whole numbers of pixels, "
                f"not {camera.width!r} x {camera.height!r}"
            )
    for key, count in coefficients.items():
        given = getattr(camera, key)
        if given is not None and len(given) != count:
            raise ValueError(f"{name}: {key} takes {count} coefficients, got {len(given)}")


def _check_fov(fov_deg: float, below: float) -> None:
    if not 0 < fov_deg < below:
        raise ValueError(
            f"a field of view of {fov_deg} degrees is impossible for this camera: "
            f"give a value above 0 and below {below:g}"
        )

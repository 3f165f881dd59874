"""Rigid motions, rotations, cameras and trajectories: pure functions of NumPy or torch arrays."""

from navworld.geometry import se3, so3
from navworld.geometry.cameras import (
    Camera,
    Fisheye,
    Orthographic,
    Panorama,
    Pinhole,
    forward_camera,
    intrinsics,
    pixel_grid,
    project,
    unproject,
)
from navworld.geometry.se3 import (
    from_planar,
    inverse,
    relative,
    to_planar,
    transform,
    transform_directions,
)
from navworld.geometry.trajectories import (
    Alignment,
    Trajectory,
    align,
    associate,
    integrate,
    relative_motions,
)

__all__ = [
    "Alignment",
    "Camera",
    "Fisheye",
    "Orthographic",
    "Panorama",
    "Pinhole",
    "Trajectory",
    "align",
    "associate",
    "forward_camera",
    "from_planar",
    "integrate",
    "intrinsics",
    "inverse",
    "pixel_grid",
    "project",
    "relative",
    "relative_motions",
    "se3",
    "so3",
    "to_planar",
    "transform",
    "transform_directions",
    "unproject",
]

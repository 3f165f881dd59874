"""Frames of the book "14 lectures on visual SLAM" (slambook2), chapters 7 and 12.

    color/1.png … depth/1.png … pose.txt      a few frames of ICL-NUIM, posed
    1.png 1_depth.png 2.png 2_depth.png       two frames of TUM RGB-D, not posed

Depth is in 16-bit units of 0.2 mm. The files have no calibration: it is that of the sources.
ICL-NUIM's cameras have y up, which the book writes as fy < 0; frames and world are mirrored along
y here, so that cameras look as all others do and fy > 0. Images are one second apart.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.data.formats.files import numbered, plain_name
from navworld.data.formats.images import image_files
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.geometry import se3, so3
from navworld.geometry.cameras import Pinhole
from navworld.geometry.trajectories import Trajectory

DEPTH_PER_METRE = 5000
ICL = (481.2, 480.0, 319.5, 239.5)
TUM = (520.9, 521.0, 325.1, 249.7)
"""fx, fy, cx, cy [px] of the cameras."""

_MIRROR = np.diag([1.0, -1.0, 1.0, 1.0])


def fits(path: Path) -> bool:
    """Whether there are frames under their names."""
    return bool(_posed(path) or _pairs(path))


def read(path: Path) -> list[Sequence]:
    """The posed frames, or those in pairs."""
    return [_read_posed(folder) for folder in _posed(path)] or [_read_pairs(path)]


def from_icl(T_world_camera: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poses (..., 4, 4) of a camera with y up in a left-handed world, as of one with y down."""
    return _MIRROR @ T_world_camera @ _MIRROR


def _posed(path: Path) -> list[Path]:
    def found(folder: Path) -> bool:
        names = ("color", "depth", "pose.txt")
        return all((folder / name).exists() for name in names)

    if not path.is_dir():
        return []
    for folders in ([path], path.glob("*"), path.glob("*/*")):
        if some := sorted(folder for folder in folders if found(folder)):
            return some
    return []


def _pairs(path: Path) -> list[Path]:
    return [p for p in numbered(path, ".png") if p.with_name(f"{p.stem}_depth.png").is_file()]


def _read_posed(folder: Path) -> Recorded:
    path = folder / "pose.txt"
    lines = text.lines(path, "poses `tx ty tz qx qy qz qw`", "pose")
    rows = text.table(path, lines, 7, shape="7 numbers `tx ty tz qx qy qz qw`")
    if (abs(np.linalg.norm(rows[:, 3:], axis=1) - 1) > 0.05).any():
        raise ValueError(f"{path} has a quaternion whose length is not 1: check its columns")
    colours, depths = numbered(folder / "color", ".png"), numbered(folder / "depth", ".png")
    if not len(colours) == len(depths) == len(rows):
        raise ValueError(
            f"{folder} has {len(colours)} colour images, {len(depths)} depth images and "
            f"{len(rows)} poses: expected as many of each"
        )
    poses = se3.from_rotation_translation(so3.from_quaternion(rows[:, 3:]), rows[:, :3])
    bodies = parts.from_camera(from_icl(poses))
    stamps = np.arange(len(rows), dtype=np.float64)
    name = plain_name(folder.resolve().parent.name)
    return _frames(name, colours, depths, ICL, Trajectory(stamps, bodies))


def _read_pairs(folder: Path) -> Recorded:
    colours = _pairs(folder)
    depths = [path.with_name(f"{path.stem}_depth.png") for path in colours]
    return _frames(plain_name(folder.resolve().name), colours, depths, TUM, None)


def _frames(
    name: str,
    colours: list[Path],
    depths: list[Path],
    intrinsics: tuple[float, float, float, float],
    truth: Trajectory | None,
) -> Recorded:
    stamps = np.arange(len(colours), dtype=np.float64)
    rgb = image_files(colours)
    depth = image_files(depths, "depth", per_metre=DEPTH_PER_METRE)
    height, width = rgb.shape[:2]
    lens, T = Pinhole(width, height, *intrinsics), parts.T_BODY_CAMERA
    channels = {
        "rgb": Channel(rgb.kind, stamps, rgb.shape, np.dtype(np.uint8), T, lens),
        "depth": Channel("depth", stamps, depth.shape, np.dtype(np.float32), T, lens, "m"),
    }
    return Recorded(name, channels, {"rgb": rgb, "depth": depth}, truth)

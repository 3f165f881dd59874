"""OpenCV's stereo chessboards: `left01.jpg`, `right01.jpg` … and calibration written by OpenCV.

`intrinsics.yml` (M1, D1, M2, D2) and `extrinsics.yml` (R, T) hold both cameras, where there are
any; `left_intrinsics.yml` (camera_matrix, distortion_coefficients) the left one. Files are read
with OpenCV's own reader, which knows matrices and numbers and nothing that could be run. The body
is the left camera with its axes renamed. Pairs are one second apart, by their numbers.
"""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.data.formats import parts
from navworld.data.formats.files import plain_name
from navworld.data.formats.images import ImageFiles, image_files
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.geometry import se3
from navworld.geometry.cameras import Pinhole

_IMAGE = re.compile(r"(left|right)(\d+)\.(jpg|png)")
_KEYS = {"left": ("M1", "D1"), "right": ("M2", "D2")}


def fits(path: Path) -> bool:
    """Whether there are images under their names."""
    return path.is_dir() and bool(_images(path, "left"))


def read(path: Path) -> list[Sequence]:
    """The pairs."""
    channels: dict[str, Channel] = {}
    items: dict[str, ImageFiles] = {}
    for side in ("left", "right"):
        images = _images(path, side)
        if images:
            files = image_files(images.values())
            name = f"{side}_{files.kind}"
            stamps = np.array(list(images), np.float64)
            T = parts.T_BODY_CAMERA if side == "left" else _right(path)
            lens = _lens(path, side, files.shape)
            channels[name] = Channel(files.kind, stamps, files.shape, np.dtype(np.uint8), T, lens)
            items[name] = files
    return [Recorded(plain_name(path.resolve().name), channels, items)]


def read_matrices(path: Path) -> dict[str, NDArray[np.float64]]:
    """The matrices of a file that OpenCV wrote (YAML, XML or JSON), by name.

    Raises:
        ValueError: It is damaged or cut off.
    """
    try:
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
        root = storage.root()
        nodes = {name: root.getNode(name) for name in root.keys()}  # noqa: SIM118
        found = {n: np.asarray(node.mat(), np.float64) for n, node in nodes.items() if node.isMap()}
        storage.release()
    except (cv2.error, SystemError) as error:
        raise ValueError(f"{path} is damaged or cut off: expected a file of OpenCV") from error
    return found


def _images(path: Path, side: str) -> dict[int, Path]:
    """Number → file."""
    found = {}
    for file in sorted(path.iterdir()):
        match = _IMAGE.fullmatch(file.name)
        if match and match[1] == side:
            found[int(match[2])] = file
    return dict(sorted(found.items()))


def _lens(path: Path, side: str, shape: tuple[int, ...]) -> Pinhole | None:
    """By the file of both cameras, else by the camera's own, else None."""
    both, own = path / "intrinsics.yml", path / f"{side}_intrinsics.yml"
    if both.is_file():
        return _pinhole(both, *_KEYS[side], shape)
    if own.is_file():
        return _pinhole(own, "camera_matrix", "distortion_coefficients", shape)
    return None


def _pinhole(path: Path, matrix: str, distortion: str, shape: tuple[int, ...]) -> Pinhole:
    found = read_matrices(path)
    K, D = found.get(matrix), found.get(distortion)
    if K is None or D is None or K.shape != (3, 3) or not 4 <= D.size <= 5:
        raise ValueError(f"{path} lacks {matrix} (3, 3) or {distortion} (5): expected both")
    inside = (K[0, 0], K[1, 1], K[0, 2], K[1, 2])
    return parts.pinhole(shape[1], shape[0], inside, D.ravel())


def _right(path: Path) -> NDArray[np.float64] | None:
    """T_body_sensor of the right camera: R and T map from the left to the right."""
    file = path / "extrinsics.yml"
    if not file.is_file():
        return None
    found = read_matrices(file)
    if "R" not in found or "T" not in found:
        raise ValueError(f"{file} lacks R or T: expected where the right camera sits")
    T_right_left = se3.from_rotation_translation(found["R"], found["T"].ravel())
    return parts.T_BODY_CAMERA @ se3.inverse(T_right_left)

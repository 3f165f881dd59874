"""A COLMAP model: cameras, images with poses, and points that images see; text and binary files.

J. L. Schönberger, J.-M. Frahm, Structure-from-motion revisited, CVPR 2016. Poses map from the
world to the camera, quaternions are wxyz, pixels are counted from the corner of the image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.geometry.cameras import Fisheye, Pinhole

CORNER = 0.5
NAMES = ("cameras", "images", "points3D")

# Number of the model in binary files, and how many parameters it has.
_MODELS = {
    "SIMPLE_PINHOLE": (0, 3), "PINHOLE": (1, 4), "SIMPLE_RADIAL": (2, 4), "RADIAL": (3, 5),
    "OPENCV": (4, 8), "OPENCV_FISHEYE": (5, 8), "FULL_OPENCV": (6, 12),
}  # fmt: skip


@dataclass(frozen=True)
class ModelCamera:
    """A camera: its model's name, size [px] and parameters."""

    model: str
    width: int
    height: int
    params: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ModelImage:
    """An image.

    Attributes:
        q_wxyz, t: (4,) and (3,) T_camera_world.
        camera: Number of its camera.
        pixels: (K, 2) where it sees points, from the corner [px].
        points: (K,) their numbers; −1 for none.
    """

    name: str
    q_wxyz: NDArray[np.float64]
    t: NDArray[np.float64]
    camera: int
    pixels: NDArray[np.float64]
    points: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Model:
    """Cameras and images by number, and points.

    Attributes:
        numbers: (P,) of the points.
        xyz: (P, 3) [m].
        rgb: (P, 3) uint8.
        tracks: For every point (L, 2): number of an image, index of its pixel.
    """

    cameras: dict[int, ModelCamera]
    images: dict[int, ModelImage]
    numbers: NDArray[np.int64]
    xyz: NDArray[np.float64]
    rgb: NDArray[np.uint8]
    tracks: list[NDArray[np.int64]]


def camera_of(lens: Pinhole | Fisheye) -> ModelCamera:
    """The simplest model that holds a lens."""
    centre = (lens.cx + CORNER, lens.cy + CORNER)
    params: tuple[float, ...] = (lens.fx, lens.fy, *centre)
    if isinstance(lens, Fisheye):
        return ModelCamera("OPENCV_FISHEYE", lens.width, lens.height, (*params, *lens.distortion))
    bent = parts.bent(lens)
    if not bent:
        return ModelCamera("PINHOLE", lens.width, lens.height, params)
    if bent[4] == 0:
        return ModelCamera("OPENCV", lens.width, lens.height, (*params, *bent[:4]))
    more = (*bent, 0.0, 0.0, 0.0)
    return ModelCamera("FULL_OPENCV", lens.width, lens.height, (*params, *more))


def lens_of(camera: ModelCamera, path: Path) -> Pinhole | Fisheye:
    """The lens of a model.

    Raises:
        ValueError: There is none of ours.
    """
    p, size = camera.params, (camera.width, camera.height)
    if camera.model in ("SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL"):
        return parts.pinhole(*size, (p[0], p[0], p[1] - CORNER, p[2] - CORNER), p[3:])
    if camera.model not in _MODELS or any(p[9:]):
        raise ValueError(f"{path} has a camera of model {camera.model} with {p}: not supported")
    make = parts.fisheye if camera.model == "OPENCV_FISHEYE" else parts.pinhole
    return make(*size, (p[0], p[1], p[2] - CORNER, p[3] - CORNER), p[4:9])


def write_text(model: Model, folder: Path) -> None:
    """`cameras.txt`, `images.txt`, `points3D.txt`."""
    lines = ["# Camera list: CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]"]
    for number, camera in model.cameras.items():
        size = f"{camera.model} {camera.width} {camera.height}"
        lines.append(f"{number} {size} {_words(camera.params)}")
    _save(folder / "cameras.txt", lines)
    lines = ["# Image list: IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME, then"]
    lines.append("# POINTS2D[] as (X, Y, POINT3D_ID)")
    for number, image in model.images.items():
        pose = text.pose_words(image.t, image.q_wxyz)
        lines.append(" ".join([str(number), *pose[3:], *pose[:3], str(image.camera), image.name]))
        seen = zip(image.pixels.tolist(), image.points.tolist(), strict=True)
        lines.append(" ".join(f"{u:.6f} {v:.6f} {point}" for (u, v), point in seen))
    _save(folder / "images.txt", lines)
    lines = ["# 3D point list: POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID,"]
    lines.append("# POINT2D_IDX)")
    for k, number in enumerate(model.numbers.tolist()):
        place = " ".join(f"{value:.{text.DECIMALS}f}" for value in model.xyz[k])
        track = " ".join(map(str, model.tracks[k].ravel().tolist()))
        lines.append(f"{number} {place} {' '.join(map(str, model.rgb[k].tolist()))} 0 {track}")
    _save(folder / "points3D.txt", lines)


def write_binary(model: Model, folder: Path) -> None:
    """`cameras.bin`, `images.bin`, `points3D.bin`."""
    data = [struct.pack("<Q", len(model.cameras))]
    for number, camera in model.cameras.items():
        kind, count = _MODELS[camera.model]
        data.append(struct.pack("<iiQQ", number, kind, camera.width, camera.height))
        data.append(struct.pack(f"<{count}d", *camera.params))
    (folder / "cameras.bin").write_bytes(b"".join(data))
    data = [struct.pack("<Q", len(model.images))]
    for number, image in model.images.items():
        data.append(struct.pack("<i7di", number, *image.q_wxyz, *image.t, image.camera))
        data.append(image.name.encode() + b"\0" + struct.pack("<Q", len(image.points)))
        seen = np.empty(len(image.points), _PIXEL)
        seen["u"], seen["v"], seen["point"] = image.pixels[:, 0], image.pixels[:, 1], image.points
        data.append(seen.tobytes())
    (folder / "images.bin").write_bytes(b"".join(data))
    data = [struct.pack("<Q", len(model.numbers))]
    for k, number in enumerate(model.numbers.tolist()):
        data.append(struct.pack("<Q3d3Bd", number, *model.xyz[k], *model.rgb[k].tolist(), 0.0))
        data.append(struct.pack("<Q", len(model.tracks[k])))
        data.append(model.tracks[k].astype("<i4").tobytes())
    (folder / "points3D.bin").write_bytes(b"".join(data))


def read_model(folder: Path) -> Model:
    """A model, binary where both are there.

    Raises:
        FileNotFoundError: One of its three files is missing.
        ValueError: One is damaged or cut off.
    """
    ending = ".bin" if (folder / "cameras.bin").is_file() else ".txt"
    for name in NAMES:
        if not (folder / f"{name}{ending}").is_file():
            raise FileNotFoundError(f"{folder / name}{ending} is missing: a COLMAP model needs it")
    model = _read_binary(folder) if ending == ".bin" else _read_text(folder)
    _check_tracks(model, folder)
    return model


_PIXEL = np.dtype([("u", "<f8"), ("v", "<f8"), ("point", "<i8")])


def _words(values: tuple[float, ...]) -> str:
    return " ".join(repr(float(value)) for value in values)


def _save(path: Path, lines: list[str]) -> None:
    path.write_bytes("\n".join([*lines, ""]).encode())


def _read_text(folder: Path) -> Model:
    cameras, images, path = {}, {}, folder / "cameras.txt"
    for _, line in text.lines(path, "cameras of a COLMAP model", "camera"):
        with _Damage(path):
            number, kind, width, height, *params = line.split()
            if len(params) != _MODELS.get(kind, (0, len(params)))[1]:
                raise ValueError
            values = tuple(map(float, params))
            cameras[int(number)] = ModelCamera(kind, int(width), int(height), values)
    path = folder / "images.txt"
    with _Damage(path):
        lines = path.read_text(encoding="utf-8").splitlines()
        lines = [line for line in lines if not line.startswith("#")]
        for head, tail in zip(lines[::2], lines[1::2], strict=True):
            number, *pose, camera, name = head.split(maxsplit=9)
            values_ = np.array(pose, np.float64)
            seen = np.array(tail.split(), np.float64).reshape(-1, 3)
            points = seen[:, 2].astype(np.int64)
            images[int(number)] = ModelImage(
                name, values_[:4], values_[4:], int(camera), seen[:, :2], points
            )
    path = folder / "points3D.txt"
    with _Damage(path):
        rows = [line.split() for line in path.read_text().splitlines() if line and line[0] != "#"]
        tracks = [np.array(row[8:], np.int64).reshape(-1, 2) for row in rows]
        table = np.array([row[:8] for row in rows], np.float64).reshape(-1, 8)
    numbers, rgb = table[:, 0].astype(np.int64), table[:, 4:7].astype(np.uint8)
    return Model(cameras, images, numbers, table[:, 1:4], rgb, tracks)


def _check_tracks(model: Model, folder: Path) -> None:
    """Points and images must name each other: what is cut off between numbers shows there."""
    told = {
        (number, place, point)
        for number, image in model.images.items()
        for place, point in enumerate(image.points.tolist())
        if point >= 0
    }
    tracks = zip(model.numbers.tolist(), model.tracks, strict=True)
    named = {(*pair, point) for point, track in tracks for pair in map(tuple, track.tolist())}
    if told != named:
        raise ValueError(
            f"{folder} is damaged or cut off: its images and points3D do not name each other"
        )


def _read_binary(folder: Path) -> Model:
    cameras, images, path = {}, {}, folder / "cameras.bin"
    names = {number: (name, count) for name, (number, count) in _MODELS.items()}
    with _Damage(path):
        data, at = path.read_bytes(), 8
        for _ in range(*struct.unpack_from("<Q", data)):
            number, kind, width, height = struct.unpack_from("<iiQQ", data, at)
            model, count = names[kind]
            params = struct.unpack_from(f"<{count}d", data, at + 24)
            cameras[number] = ModelCamera(model, width, height, params)
            at += 24 + 8 * count
    path = folder / "images.bin"
    with _Damage(path):
        data, at = path.read_bytes(), 8
        for _ in range(*struct.unpack_from("<Q", data)):
            number, *pose, camera = struct.unpack_from("<i7di", data, at)
            end = data.index(b"\0", at + 64)
            (count,) = struct.unpack_from("<Q", data, end + 1)
            seen = np.frombuffer(data, _PIXEL, count, end + 9)
            pixels = np.stack([seen["u"], seen["v"]], -1)
            images[number] = ModelImage(
                data[at + 64 : end].decode(), np.array(pose[:4]), np.array(pose[4:]), camera,
                pixels, seen["point"].copy(),
            )  # fmt: skip
            at = end + 9 + _PIXEL.itemsize * count
    path = folder / "points3D.bin"
    with _Damage(path):
        data, at = path.read_bytes(), 8
        rows, tracks = [], []
        for _ in range(*struct.unpack_from("<Q", data)):
            rows.append(struct.unpack_from("<Q3d3B", data, at))
            (count,) = struct.unpack_from("<Q", data, at + 43)
            track = np.frombuffer(data, "<i4", 2 * count, at + 51)
            tracks.append(track.astype(np.int64).reshape(-1, 2))
            at += 51 + 8 * count
    table = np.array(rows, np.float64).reshape(-1, 7)
    numbers, rgb = table[:, 0].astype(np.int64), table[:, 4:].astype(np.uint8)
    return Model(cameras, images, numbers, table[:, 1:4], rgb, tracks)


class _Damage:
    """Makes one sentence of whatever a damaged file leads to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None and issubclass(kind, (ValueError, KeyError, struct.error)):
            self._refuse(error)

    def _refuse(self, error: object) -> NoReturn:
        raise ValueError(
            f"{self.path} is damaged or cut off: expected a file of a COLMAP model"
        ) from (error if isinstance(error, BaseException) else None)

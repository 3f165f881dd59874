"""COLMAP: `images/`, a model in `sparse/0`, depth maps in `stereo/depth_maps`.

A model has one camera here, the main one, and its poses. Where there is depth it comes along
without loss, as COLMAP's own maps of depth, and gives sparse points with tracks
(`navworld.data.formats.colmap_points`). COLMAP knows no times: an image is named by its own [s].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import colmap_model, parts, posed
from navworld.data.formats.colmap_model import Model, ModelImage
from navworld.data.formats.colmap_points import SparsePoints, sparse_points
from navworld.data.formats.files import check_name, folder_each, hidden, inside, plain_name
from navworld.data.formats.images import decode, encode_png
from navworld.data.formats.parts import LeftOut
from navworld.data.formats.posed import View
from navworld.data.sequences import Recorded, Sequence
from navworld.geometry import se3, so3
from navworld.geometry.cameras import Fisheye, Pinhole

_CAMERA = 1
_MAPS = Path("stereo") / "depth_maps"
_WHY = "a model holds one camera and the depth beside it"


@dataclass(frozen=True)
class DepthMaps:
    """COLMAP's maps of depth, read when one is asked for."""

    paths: tuple[Path, ...]
    size: tuple[int, int]

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        path = self.paths[index]
        head, data = _split(path)
        if head != (self.size[1], self.size[0], 1) or len(data) != 4 * self.size[0] * self.size[1]:
            raise ValueError(
                f"{path} is cut off or of another size: expected {self.size[1]} × {self.size[0]}"
            )
        return np.frombuffer(data, "<f4").reshape(self.size)


def fits(path: Path) -> bool:
    """Whether there is a model."""
    return bool(_models(path))


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """A folder for each sequence, its model in text."""
    return write_with(colmap_model.write_text, sequences, folder)


def write_with(
    save: Callable[[Model, Path], None], sequences: Iterable[Sequence], folder: Path
) -> list[LeftOut]:
    """A folder for each sequence, its model saved as text or binary."""
    return folder_each(sequences, folder, partial(_write, save=save))


def read(path: Path) -> list[Sequence]:
    """The sequences of a folder, of one around `sparse`, or of the model itself."""
    return [_read(root, model) for root, model in _models(path)]


def _split(path: Path) -> tuple[tuple[int, ...], bytes]:
    """Width, height and channels of a map, and its numbers."""
    parts_ = path.read_bytes().split(b"&", 3)
    if len(parts_) != 4 or not all(word.isdigit() for word in parts_[:3]):
        raise ValueError(f"{path} is damaged: expected `width&height&channels&` and numbers")
    return tuple(map(int, parts_[:3])), parts_[3]


def _models(path: Path) -> list[tuple[Path, Path]]:
    """Root and model of every sequence."""

    def found(root: Path) -> list[tuple[Path, Path]]:
        for model in (root / "sparse" / "0", root / "sparse", root):
            if (model / "cameras.txt").is_file() or (model / "cameras.bin").is_file():
                return [(root, model)]
        return []

    if not path.is_dir():
        return []
    below = sorted(p for p in path.iterdir() if p.is_dir() and not hidden(p))
    return found(path) or [pair for root in below for pair in found(root)]


def _write(sequence: Sequence, into: Path, save: Callable[[Model, Path], None]) -> list[LeftOut]:
    name = posed.main_camera(sequence, (Pinhole, Fisheye), "COLMAP")
    channel = sequence.channels[name]
    t, q_xyzw = text.rounded_poses(se3.inverse(posed.camera_poses(sequence, name, "COLMAP")))
    T_world_camera = se3.inverse(se3.from_rotation_translation(so3.from_quaternion(q_xyzw), t))
    assert isinstance(channel.lens, Pinhole | Fisheye)
    camera = colmap_model.camera_of(channel.lens)
    lens = colmap_model.lens_of(camera, into)
    depth = parts.depth_beside(sequence, name)
    beside = posed.depth_index(sequence, name, depth)
    stems = [f"{name}/{text.clock(stamp)}.png" for stamp in channel.stamps]
    for part in (into / "images" / name, into / _MAPS / name, into / "sparse" / "0"):
        part.mkdir(parents=True)
    for k, stem in enumerate(stems):
        (into / "images" / stem).write_bytes(encode_png(sequence.read(name, k)))
        if k in beside and depth is not None:
            values = sequence.read(depth, beside[k]).astype("<f4")
            head = f"{lens.width}&{lens.height}&1&".encode()
            known = np.where(np.isfinite(values), values, 0).astype("<f4")
            (into / _MAPS / f"{stem}.geometric.bin").write_bytes(head + known.tobytes())
    size = (lens.height, lens.width)
    maps = DepthMaps(tuple(into / _MAPS / f"{stem}.geometric.bin" for stem in stems), size)
    points = sparse_points(
        T_world_camera, lens,
        lambda k: maps[k] if k in beside else None,
        lambda k: decode((into / "images" / stems[k]).read_bytes(), stems[k]),
    )  # fmt: skip
    save(_model(camera, stems, t, q_xyzw, points), into / "sparse" / "0")
    lost = []
    if depth and len(beside) < len(sequence.channels[depth]):
        why = f"{len(sequence.channels[depth]) - len(beside)} images lie between colour images"
        lost.append(LeftOut(sequence.name, f"part of {depth}", why))
    lost.append(LeftOut(sequence.name, "truth between images", "a pose belongs to an image"))
    return lost + parts.left_out(sequence, [name, depth], _WHY)


def _model(
    camera: colmap_model.ModelCamera,
    names: list[str],
    t: NDArray,
    q_xyzw: NDArray,
    points: SparsePoints,
) -> Model:
    images, tracks = {}, [np.empty((0, 2), np.int64)] * len(points.xyz)
    pairs: list[list[tuple[int, int]]] = [[] for _ in tracks]
    for k, name in enumerate(names):
        seen, pixels = points.seen[k]
        images[k + 1] = ModelImage(
            name, q_xyzw[k][[3, 0, 1, 2]], t[k], _CAMERA, pixels + colmap_model.CORNER, seen + 1
        )
        for place, point in enumerate(seen.tolist()):
            pairs[point].append((k + 1, place))
    tracks = [np.array(track, np.int64) for track in pairs]
    numbers = np.arange(1, len(points.xyz) + 1)
    return Model({_CAMERA: camera}, images, numbers, points.xyz, points.rgb, tracks)


def _read(root: Path, folder: Path) -> Recorded:
    model = colmap_model.read_model(folder)
    if not model.images:
        raise ValueError(f"{folder} has no images")
    views = []
    for number in sorted(model.images):
        image = model.images[number]
        if image.camera not in model.cameras:
            raise ValueError(f"{folder}: {image.name} has camera {image.camera}: there is none")
        pose = np.concatenate([image.q_wxyz, image.t])
        if not np.isfinite(pose).all() or not 0.9 < np.linalg.norm(image.q_wxyz) < 1.1:
            raise ValueError(f"{folder}: the pose of {image.name} is NaN or no rotation: remove it")
        R = so3.from_quaternion(image.q_wxyz[[1, 2, 3, 0]])
        path = inside(root / "images", image.name, folder)
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: the model in {folder} names it")
        depth = root / _MAPS / f"{image.name}.geometric.bin"
        views.append(
            View(
                _channel(image.name, image.camera, len(model.cameras)),
                posed.stamp_of(path.stem),
                path,
                colmap_model.lens_of(model.cameras[image.camera], folder),
                se3.inverse(se3.from_rotation_translation(R, image.t)),
                depth if depth.is_file() else None,
            )
        )
    return posed.sequence_of(plain_name(root.resolve().name), views, DepthMaps)


def _channel(name: str, camera: int, cameras: int) -> str:
    """By the folder of an image; with the camera's number where there are several."""
    folder = Path(name).parent.name
    base = plain_name(folder) if folder else "rgb"
    return check_name(base if cameras == 1 else f"{base}_{camera}", "a channel")

"""nerfstudio's `transforms.json`: images, depth images, intrinsics and a pose for each.

M. Tancik et al., Nerfstudio: a modular framework for neural radiance field development, SIGGRAPH
2023. Poses map from the camera of OpenGL, x right, y up, z backward; depth is in 16-bit
millimetres, at most 65.535 m. Numbers are written in full. Beside the keys of the format, `time`
has the time of a frame [s] and `T_body_camera` where cameras sit; other readers skip them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.formats import parts, posed
from navworld.data.formats.files import (
    folder_each,
    inside,
    plain_name,
    sequence_folders,
    write_text,
)
from navworld.data.formats.images import ImageFiles, depth_to_integers, encode_png
from navworld.data.formats.parts import LeftOut
from navworld.data.formats.posed import View
from navworld.data.sequences import Lens, Recorded, Sequence
from navworld.geometry import se3
from navworld.geometry.cameras import Fisheye, Panorama, Pinhole

DEPTH_PER_METRE = 1000
OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""T_camera_opengl."""

CORNER = 0.5
"""Pixels are counted from the corner of the image, not from the centre of the first one."""

_FILE = "transforms.json"
_LENSES = (Pinhole, Fisheye, Panorama)
_WHY = "transforms.json holds cameras that took images together, with the depth beside them"
_COEFFICIENTS = {
    "OPENCV": ("k1", "k2", "p1", "p2", "k3"),
    "OPENCV_FISHEYE": ("k1", "k2", "k3", "k4"),
}


def fits(path: Path) -> bool:
    """Whether there is a `transforms.json`."""
    return bool(sequence_folders(path, (_FILE,)))


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """A folder for each sequence."""
    return folder_each(sequences, folder, _write)


def read(path: Path) -> list[Sequence]:
    """The folder itself, or those inside it."""
    return [_read(folder) for folder in sequence_folders(path, (_FILE,))]


def _write(sequence: Sequence, into: Path) -> list[LeftOut]:
    main = posed.main_camera(sequence, _LENSES, "nerfstudio")
    together = [main, *_together(sequence, main)]
    bodies = parts.from_camera(posed.camera_poses(sequence, main, "nerfstudio"))
    frame = {stamp: k for k, stamp in enumerate(sequence.channels[main].stamps.tolist())}
    moved = parts.moved_to_camera(_place(sequence, main))
    places = {name: moved @ _place(sequence, name) for name in together}
    places[main] = parts.T_BODY_CAMERA
    single = _intrinsics(sequence.channels[main].lens) if len(together) == 1 else {}
    depths: dict[str, str | None] = {}
    for name in together:
        depth = parts.depth_beside(sequence, name)
        depths[name] = None if depth in depths.values() else depth
    beside = {name: posed.depth_index(sequence, name, depths[name]) for name in together}
    lost = _write_images(sequence, depths, beside, into)
    frames = []
    for name in together:
        inside = {} if single else _intrinsics(sequence.channels[name].lens)
        for k, stamp in enumerate(sequence.channels[name].stamps.tolist()):
            pose = bodies[frame[stamp]] @ places[name] @ OPENGL + 0.0
            file = {"file_path": f"{name}/{k:06d}.png"}
            if k in beside[name]:
                file["depth_file_path"] = f"{name}_depth/{k:06d}.png"
            frames.append({**file, **inside, "time": stamp, "transform_matrix": pose.tolist()})
    told = {name: (T + 0.0).tolist() for name, T in places.items()}
    scene = {**single, "T_body_camera": told, "frames": frames}
    write_text(into / _FILE, json.dumps(scene, indent=1) + "\n")
    held = [*together, *(depths[name] for name in together if beside[name])]
    return lost + parts.left_out(sequence, held, _WHY)


def _write_images(
    sequence: Sequence,
    depths: dict[str, str | None],
    beside: dict[str, dict[int, int]],
    into: Path,
) -> list[LeftOut]:
    """Images of cameras and the depth beside them; what of depth is lost."""
    lost, far = [], dict.fromkeys(depths.values(), 0)
    for name, depth in depths.items():
        (into / name).mkdir()
        if beside[name]:
            (into / f"{name}_depth").mkdir()
        lost += _late_depth(sequence, depth, beside[name])
    for name, k in parts.in_time(sequence, depths):
        depth, item = depths[name], beside[name].get(k)
        (into / name / f"{k:06d}.png").write_bytes(encode_png(sequence.read(name, k)))
        if depth is not None and item is not None:
            image, beyond = depth_to_integers(sequence.read(depth, item), DEPTH_PER_METRE)
            far[depth] += beyond
            (into / f"{name}_depth" / f"{k:06d}.png").write_bytes(encode_png(image))
    for depth, count in far.items():
        if count:
            why = f"{count} pixels lie beyond 65.535 m and are written as unknown"
            lost.append(LeftOut(sequence.name, f"far depth of {depth}", why))
    return lost


def _together(sequence: Sequence, main: str) -> list[str]:
    """Other cameras that took every image at a time of the main one."""
    times = set(sequence.channels[main].stamps.tolist())
    return [
        name
        for name in parts.cameras(sequence)
        if name != main
        and isinstance(sequence.channels[name].lens, _LENSES)
        and sequence.channels[name].T_body_sensor is not None
        and times.issuperset(sequence.channels[name].stamps.tolist())
    ]


def _place(sequence: Sequence, name: str) -> NDArray[np.float64]:
    T = sequence.channels[name].T_body_sensor
    assert T is not None
    return T


def _late_depth(sequence: Sequence, depth: str | None, beside: dict[int, int]) -> list[LeftOut]:
    if depth is None or len(beside) == len(sequence.channels[depth]):
        return []
    why = f"{len(sequence.channels[depth]) - len(beside)} images were taken between colour images"
    return [LeftOut(sequence.name, f"part of {depth}", why)]


def _intrinsics(lens: Lens | None) -> dict[str, Any]:
    """The keys of a camera."""
    assert isinstance(lens, _LENSES)
    size = {"w": lens.width, "h": lens.height}
    if isinstance(lens, Panorama):
        half = {"fl_x": lens.width / 2, "fl_y": lens.height}
        centre = {"cx": lens.width / 2, "cy": lens.height / 2}
        return {"camera_model": "EQUIRECTANGULAR", **size, **half, **centre}
    model = "OPENCV_FISHEYE" if isinstance(lens, Fisheye) else "OPENCV"
    found = {"camera_model": model, **size, "fl_x": lens.fx, "fl_y": lens.fy}
    found |= {"cx": lens.cx + CORNER, "cy": lens.cy + CORNER}
    distortion = lens.distortion if isinstance(lens, Fisheye) else parts.bent(lens)
    return found | dict(zip(_COEFFICIENTS[model], distortion, strict=False))


def _read(folder: Path) -> Recorded:
    path = folder / _FILE
    try:
        scene = json.loads(path.read_bytes())
        frames = scene["frames"]
        views = [_view(folder, path, scene, frame) for frame in frames]
        told = {k: np.array(T, np.float64) for k, T in scene.get("T_body_camera", {}).items()}
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged or cut off: expected JSON with frames") from error
    except KeyError as error:
        raise ValueError(
            f"{path} lacks {error}: expected frames with file_path and transform_matrix, and "
            "w, h, fl_x, fl_y, cx, cy of a camera"
        ) from error
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if not views:
        raise ValueError(f"{path} has no frames")
    for name, T in told.items():
        if T.shape != (4, 4) or not np.isfinite(T).all() or not se3.is_rigid(T):
            raise ValueError(f"{path}: T_body_camera of {name} is no rotation and translation")
    return posed.sequence_of(plain_name(folder.resolve().name), views, _depth, told)


def _depth(paths: tuple[Path, ...], size: tuple[int, int]) -> ImageFiles:
    return ImageFiles(paths, "depth", size, DEPTH_PER_METRE)


def _view(folder: Path, path: Path, scene: dict[str, Any], frame: dict[str, Any]) -> View:
    pose = np.array(frame["transform_matrix"], np.float64)
    name = frame["file_path"]
    if pose.shape != (4, 4) or not np.isfinite(pose).all() or not se3.is_rigid(pose):
        raise ValueError(
            f"{path}: the pose of {name} is no rotation and translation: remove frames whose pose "
            "is not known"
        )
    image = inside(folder, name, path)
    channel = image.parent.name if image.parent.name in scene.get("T_body_camera", {}) else "rgb"
    depth = frame.get("depth_file_path")
    when = frame.get("time")
    if when is not None and not (isinstance(when, int | float) and np.isfinite(when)):
        raise ValueError(f"{path}: the time of {name} is {when!r}: expected seconds")
    return View(
        channel, None if when is None else float(when), image, _lens({**scene, **frame}),
        pose @ OPENGL, None if depth is None else inside(folder, depth, path),
    )  # fmt: skip


def _lens(keys: dict[str, Any]) -> Lens:
    width, height = int(keys["w"]), int(keys["h"])
    model = keys.get("camera_model", "OPENCV")
    if model == "EQUIRECTANGULAR":
        return Panorama(width, height)
    if model not in ("PINHOLE", *_COEFFICIENTS):
        known = ", ".join(_COEFFICIENTS)
        raise ValueError(f"camera_model {model!r} is not known: expected one of {known}")
    inside = [float(keys[k]) for k in ("fl_x", "fl_y", "cx", "cy")]
    inside[2:] = [inside[2] - CORNER, inside[3] - CORNER]
    distortion = [float(keys.get(k, 0.0)) for k in _COEFFICIENTS.get(model, ())]
    make = parts.fisheye if model == "OPENCV_FISHEYE" else parts.pinhole
    return make(width, height, inside, distortion)

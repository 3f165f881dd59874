"""TUM RGB-D: `rgb/`, `depth/`, their lists, `groundtruth.txt`, `accelerometer.txt`.

J. Sturm et al., A benchmark for the evaluation of RGB-D SLAM systems, IROS 2012. Depth is in
16-bit units of 0.2 mm, at most 13.107 m. The ground truth is the pose of the colour camera (x
right, y down, z forward), at the rate of the truth. The format has no calibration: `fx fy cx cy`
and five numbers of distortion, where there are any, are written to `calibration.txt`; folders of
the benchmark itself, which lack it, get the values that it publishes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.data.formats.files import (
    folder_each,
    inside,
    plain_name,
    sequence_folders,
    write_text,
)
from navworld.data.formats.images import ImageFiles, depth_to_integers, encode_png, image_files
from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.data.trajectories import read_trajectory, write_trajectory
from navworld.geometry.cameras import Pinhole
from navworld.geometry.trajectories import Trajectory

DEPTH_PER_METRE = 5000
PUBLISHED = {
    "freiburg1": (517.3, 516.5, 318.6, 255.3, 0.2624, -0.9531, -0.0054, 0.0026, 1.1633),
    "freiburg2": (520.9, 521.0, 325.1, 249.7, 0.2312, -0.7849, -0.0033, -0.0001, 0.9172),
    "freiburg3": (535.4, 539.2, 320.1, 247.6),
}
"""Calibration of the benchmark's three cameras, from its page on file formats."""

_MARKS = ("rgb.txt", "depth.txt", "groundtruth.txt")


def fits(path: Path) -> bool:
    """Whether there are lists of images or accelerations, or folders with a ground truth.

    A `groundtruth.txt` alone is a trajectory like the files beside it.
    """
    folders = sequence_folders(path, _MARKS)
    return bool(sequence_folders(path, (*_MARKS[:2], "accelerometer.txt"))) or folders not in (
        [],
        [path],
    )


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """A folder for each sequence."""
    return folder_each(sequences, folder, _write)


def read(path: Path) -> list[Sequence]:
    """The folder itself, or those inside it."""
    return [_read(folder) for folder in sequence_folders(path, _MARKS)]


def _write(sequence: Sequence, into: Path) -> list[LeftOut]:
    camera = next(iter(parts.cameras(sequence)), None)
    depth = parts.depth_beside(sequence, camera) if camera else parts.first(sequence, "depth")
    folders = {camera: "rgb", depth: "depth"}
    far = _write_images(sequence, {n: f for n, f in folders.items() if n is not None}, into)
    lost = _write_calibration(sequence, camera, into) if camera else []
    if far:
        why = f"{far} pixels lie beyond 13.107 m and are written as unknown"
        lost.append(LeftOut(sequence.name, f"far depth of {depth}", why))
    force = _write_force(sequence, into)
    lost += force[1]
    lost += _write_truth(sequence, camera or depth, into)
    why = "TUM RGB-D holds one camera, the depth registered to it, and an accelerometer"
    return lost + parts.left_out(sequence, [camera, depth, force[0]], why)


def _write_images(sequence: Sequence, folders: dict[str, str], into: Path) -> int:
    """PNG files and their lists, by channel; how many depths were too far."""
    listed = {name: ["# timestamp filename"] for name in folders}
    for folder in folders.values():
        (into / folder).mkdir()
    far = 0
    for name, k in parts.in_time(sequence, folders):
        image, when = sequence.read(name, k), text.clock(sequence.channels[name].stamps[k])
        if folders[name] == "depth":
            image, beyond = depth_to_integers(image, DEPTH_PER_METRE)
            far += beyond
        file = f"{folders[name]}/{when}.png"
        (into / file).write_bytes(encode_png(image))
        listed[name].append(f"{when} {file}")
    for name, folder in folders.items():
        write_text(into / f"{folder}.txt", "\n".join([*listed[name], ""]))
    return far


def _write_calibration(sequence: Sequence, camera: str, into: Path) -> list[LeftOut]:
    lens = sequence.channels[camera].lens
    if lens is None:
        return []
    if not isinstance(lens, Pinhole):
        why = f"calibration.txt holds a pinhole camera, not a {type(lens).__name__}"
        return [LeftOut(sequence.name, f"lens of {camera}", why)]
    values = [lens.fx, lens.fy, lens.cx, lens.cy, *parts.bent(lens)]
    write_text(into / "calibration.txt", " ".join(repr(float(v)) for v in values) + "\n")
    return []


def _write_force(sequence: Sequence, into: Path) -> tuple[str | None, list[LeftOut]]:
    """Writes an accelerometer or the first half of an IMU: which, and what of it is lost."""
    imu = parts.inertial(sequence)
    name = "accelerometer" if "accelerometer" in sequence.channels else imu
    if name is None or sequence.channels[name].shape not in ((3,), (6,)):
        return None, []
    channel = sequence.channels[name]
    lines = ["# timestamp ax ay az"]
    for k, stamp in enumerate(channel.stamps):
        force = text.fixed(sequence.read(name, k)[:3])
        lines.append(" ".join([text.clock(stamp), *(f"{a:.{text.DECIMALS}f}" for a in force)]))
    write_text(into / "accelerometer.txt", "\n".join([*lines, ""]))
    lost = []
    if channel.shape == (6,):
        lost.append(LeftOut(sequence.name, f"angular rate of {name}", "TUM RGB-D has no gyroscope"))
    if channel.T_body_sensor is not None:
        why = "TUM RGB-D has no place for it"
        lost.append(LeftOut(sequence.name, f"where {name} sits", why))
    return name, lost


def _write_truth(sequence: Sequence, camera: str | None, into: Path) -> list[LeftOut]:
    if sequence.truth is None:
        return []
    T = np.eye(4) if camera is None else sequence.channels[camera].T_body_sensor
    if T is None:
        return [LeftOut(sequence.name, "truth", f"it is not known where {camera} sits")]
    moved = Trajectory(sequence.truth.stamps, sequence.truth.T_world_body @ T)
    write_trajectory(into / "groundtruth.txt", moved, format="tum")
    return []


def _read(folder: Path) -> Recorded:
    channels: dict[str, Channel] = {}
    items: dict[str, ImageFiles | NDArray] = {}
    for name in ("rgb", "depth"):
        listing = folder / f"{name}.txt"
        if listing.is_file():
            stamps, paths = _listed(folder, listing)
            deep = name == "depth"
            files = image_files(paths, "depth" if deep else None, per_metre=DEPTH_PER_METRE)
            lens = _lens(folder, files.shape)
            type_ = np.dtype(np.float32 if deep else np.uint8)
            T, unit = parts.T_BODY_CAMERA, "m" if deep else ""
            channels[name] = Channel(files.kind, stamps, files.shape, type_, T, lens, unit)
            items[name] = files
    path = folder / "accelerometer.txt"
    if path.is_file():
        lines = text.lines(path, "a list of accelerations", "acceleration")
        text.check_end(path)
        rows = text.table(path, lines, 4, shape="4 numbers `timestamp ax ay az`")
        text.check_times(path, rows[:, 0], [number for number, _ in lines])
        channels["accelerometer"] = Channel(
            "samples", rows[:, 0], (3,), np.dtype(np.float64), unit="m/s²"
        )
        items["accelerometer"] = rows[:, 1:]
    truth = None
    if (folder / "groundtruth.txt").is_file():
        text.check_end(folder / "groundtruth.txt")
        truth = read_trajectory(folder / "groundtruth.txt", format="tum")
        if "rgb" in channels or "depth" in channels:
            truth = Trajectory(truth.stamps, parts.from_camera(truth.T_world_body))
    return Recorded(plain_name(folder.resolve().name), channels, items, truth)


def _listed(folder: Path, listing: Path) -> tuple[NDArray[np.float64], tuple[Path, ...]]:
    """Times and files of a list."""
    lines = text.lines(listing, "a list of images `timestamp filename`", "image")
    text.check_end(listing)
    paths, stamps = [], []
    for number, line in lines:
        words = line.split(maxsplit=1)
        if len(words) != 2 or not text.is_number(words[0]) or not np.isfinite(float(words[0])):
            raise ValueError(f"line {number} of {listing} is {line!r}: expected `time filename`")
        path = inside(folder, words[1].strip(), listing)
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: line {number} of {listing.name} names it")
        paths.append(path)
        stamps.append(float(words[0]))
    times = np.array(stamps)
    text.check_times(listing, times, [number for number, _ in lines])
    return times, tuple(paths)


def _lens(folder: Path, shape: tuple[int, ...]) -> Pinhole | None:
    """By `calibration.txt`, else by the benchmark's name in that of the folder, else None."""
    path = folder / "calibration.txt"
    if path.is_file():
        line = text.lines(path, "a calibration `fx fy cx cy`")[:1]
        width = 9 if len(line[0][1].split()) == 9 else 4
        shape_ = "4 numbers `fx fy cx cy`, or 9 with the distortion `k1 k2 p1 p2 k3`"
        values = tuple(text.table(path, line, width, shape=shape_)[0].tolist())
    else:
        values = next((v for k, v in PUBLISHED.items() if k in folder.resolve().name), ())
    if not values:
        return None
    return parts.pinhole(shape[1], shape[0], values[:4], values[4:])

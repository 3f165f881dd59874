"""File formats of sequences: one module each, found by name and loaded when asked for.

`write` puts sequences into a folder in a format of the field and says what that format cannot
hold; `read` gives sequences back whose images are decoded when they are asked for. A folder that
is written from what was read equals the one it was read from, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from navworld.data.formats.files import check_name
from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Sequence
from navworld.data.writing import NotWrittenError
from navworld.names import nearest

WRITTEN = {
    "own": "navworld's own: everything, without loss",
    "tum": "TUM RGB-D: colours, depth, accelerometer, ground truth",
    "kitti": "KITTI odometry: cameras, Velodyne, calibration, poses",
    "euroc": "EuRoC MAV (ASL folders): cameras, IMU, ground truth",
    "colmap": "COLMAP, text: a camera, its poses, depth maps, points with tracks",
    "colmap_binary": "COLMAP, binary: the same",
    "nerfstudio": "nerfstudio's transforms.json: cameras, depth, poses",
    "webdataset": "WebDataset tar shards: everything, without loss",
    "rosbag": "ROS 2 bag: images, depth, clouds, scans, IMU, odometry, tf",
}
"""Formats that are written and read, and what they hold."""

READ_ONLY = {
    "carmen": "CARMEN logs (Radish): laser scans and odometry",
    "broad": "BROAD trials (.mat): IMU, magnetometer, optical motion capture",
    "gait": "Gait-Tracking (.csv): an IMU on a foot",
    "g2o": "g2o pose graphs",
    "slambook": "frames of slambook2: colours and depth, with poses or without",
    "chessboards": "OpenCV's stereo chessboards with their calibration",
    "trajectories": "trajectory files: TUM, KITTI or EuRoC text",
}
"""Formats of real data that are read."""


class Format(Protocol):
    """What the module of a format provides."""

    def fits(self, path: Path) -> bool:
        """Whether a folder or file looks like one of the format, by names and first lines."""

    def read(self, path: Path) -> list[Sequence]:
        """The sequences in it, ordered by name."""

    def write(self, sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
        """Puts sequences into a folder, each whole or not at all; read-only formats lack it."""


@dataclass(frozen=True)
class Written:
    """What `write` did.

    Attributes:
        folder: Where.
        names: Of the sequences.
        left_out: What the format could not hold; `str` of one is a sentence.
    """

    folder: Path
    names: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def write(format: str, sequences: Iterable[Sequence], folder: str | Path) -> Written:
    """Writes sequences, one after the other; each appears whole or not at all.

    Raises:
        ValueError: The format is unknown or cannot be written, or a name cannot be one of a file.
        FileExistsError: A sequence is there already.
        NotWrittenError: The disk is full, the folder cannot be written …
        ModuleNotFoundError: The format needs an extra; says which.
    """
    if format not in WRITTEN:
        raise ValueError(f"no format {format!r} is written{nearest(format, WRITTEN)}")
    folder, names = Path(folder), []

    def checked() -> Iterable[Sequence]:
        for sequence in sequences:
            names.append(check_name(sequence.name))
            for channel in sequence.channels:
                check_name(channel, "a channel")
            yield sequence

    try:
        folder.mkdir(parents=True, exist_ok=True)
        left_out = _module(format).write(checked(), folder)
    except FileExistsError:
        raise
    except OSError as error:
        raise NotWrittenError(
            f"{folder} could not be written ({error.strerror or error}): nothing half-written is "
            "left there, so mend the cause and write again"
        ) from error
    return Written(folder, tuple(names), tuple(left_out))


def read(path: str | Path, format: str | None = None) -> list[Sequence]:
    """Reads the sequences in a folder, or in a file where the format is one.

    Args:
        format: Found by the names and first lines of files if None.

    Raises:
        FileNotFoundError: There is no such folder, or a file is missing that it needs.
        ValueError: The format is unknown, no format fits, or something is damaged; names the file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: expected a folder of recorded sequences")
    if path.is_dir() and not any(not p.name.startswith(".") for p in path.iterdir()):
        raise ValueError(f"{path} is empty: expected a folder of recorded sequences")
    kind = detect(path) if format is None else format
    if kind not in WRITTEN and kind not in READ_ONLY:
        raise ValueError(f"no format {kind!r} is read{nearest(kind, [*WRITTEN, *READ_ONLY])}")
    found = _module(kind).read(path)
    if not found:
        raise ValueError(f"{path} holds no sequence in format {kind!r}: check the format")
    return found


def detect(path: str | Path) -> str:
    """The format of a folder or file.

    Raises:
        ValueError: None fits.
    """
    path = Path(path)
    for name in (*WRITTEN, *READ_ONLY):
        if name != "colmap_binary" and _module(name).fits(path):
            return name
    raise ValueError(
        f"{path} fits no format: expected the files of {', '.join([*WRITTEN, *READ_ONLY])}; name "
        "the format if they have other names"
    )


def _module(name: str) -> Format:
    module = "recorded" if name == "own" else name
    return cast(Format, import_module(f"navworld.data.formats.{module}"))

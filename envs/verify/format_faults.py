"""Damage that files of every format meet, and whether one clear sentence comes of it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from navworld.data import formats


@dataclass(frozen=True)
class Fault:
    """A way to damage a folder.

    Attributes:
        name: In words.
        format: Of the folder.
        harm: Does it to the folder of a recording.
        says: What the sentence must hold.
    """

    name: str
    format: str
    harm: Callable[[Path], None]
    says: str


def sentence_about(fault: Fault, folder: Path) -> str:
    """What reading everything in a damaged folder says; "" if it says nothing."""
    fault.harm(folder)
    try:
        for sequence in formats.read(folder, fault.format):
            for name, channel in sequence.channels.items():
                for k in range(len(channel)):
                    sequence.read(name, k)
    except (ValueError, FileNotFoundError) as error:
        return str(error)
    return ""


def is_clear(sentence: str, fault: Fault) -> bool:
    """Whether it is one line that says what it must."""
    return fault.says in sentence and "\n" not in sentence and "Traceback" not in sentence


def _first(folder: Path, pattern: str) -> Path:
    return sorted(folder.rglob(pattern))[0]


def _cut(pattern: str, keep: float = 0.5) -> Callable[[Path], None]:
    """Keeps the first part of a file."""

    def harm(folder: Path) -> None:
        path = _first(folder, pattern)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * keep)])

    return harm


def _drop(pattern: str) -> Callable[[Path], None]:
    """Removes a file."""
    return lambda folder: _first(folder, pattern).unlink()


def _flip(pattern: str) -> Callable[[Path], None]:
    """Changes a byte in the middle of a file."""

    def harm(folder: Path) -> None:
        path = _first(folder, pattern)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))

    return harm


def _lines(pattern: str, change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    """Changes the lines of a text file."""

    def harm(folder: Path) -> None:
        path = _first(folder, pattern)
        path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")

    return harm


def _swap(lines: list[str]) -> list[str]:
    return [*lines[:-2], lines[-1], lines[-2]]


def _double(lines: list[str]) -> list[str]:
    return [*lines, lines[-1]]


def _unknown(lines: list[str]) -> list[str]:
    """The last number of the last line but one becomes NaN."""
    separator = "," if "," in lines[-2] else " "
    words = lines[-2].split(separator)
    words[-1] = "nan"
    return [*lines[:-2], separator.join(words), lines[-1]]


def _lead_out(lines: list[str]) -> list[str]:
    separator = "," if "," in lines[-1] else " "
    return [*lines[:-1], f"{lines[-1].split(separator)[0]}{separator}../../../secret.png"]


def _add_member(name: str) -> Callable[[Path], None]:
    """A shard that holds a file elsewhere."""

    def harm(folder: Path) -> None:
        path = _first(folder, "*.tar")
        with tarfile.open(path, "a") as tar:
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"harm"))

    return harm


def _frame(change: str) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        path = _first(folder, "transforms.json")
        old = '"file_path": "rgb/000001.png"'
        path.write_text(path.read_text().replace(old, f'"file_path": "{change}"'))

    return harm


FAULTS = (
    Fault("truncated image", "tum", _cut("rgb/*.png"), "cut off"),
    Fault("damaged image", "tum", _flip("depth/*.png"), "damaged"),
    Fault("empty image", "euroc", _cut("cam0/data/*.png", 0), "damaged"),
    Fault("image that is missing", "tum", _drop("depth/*.png"), "missing"),
    Fault("times out of order", "tum", _lines("rgb.txt", _swap), "goes back in time"),
    Fault("time given twice", "euroc", _lines("cam0/data.csv", _double), "repeats the time"),
    Fault("frames out of order", "kitti", _lines("times.txt", _swap), "goes back in time"),
    Fault("poses out of order", "euroc", _lines("state*/data.csv", _swap), "goes back in time"),
    Fault("pose with NaN", "tum", _lines("groundtruth.txt", _unknown), "NaN"),
    Fault("pose of a matrix with NaN", "kitti", _lines("poses/*.txt", _unknown), "NaN"),
    Fault("sample with NaN", "euroc", _lines("imu0/data.csv", _unknown), "NaN"),
    Fault("list that leads out", "tum", _lines("rgb.txt", _lead_out), "outside"),
    Fault("table that leads out", "euroc", _lines("cam0/data.csv", _lead_out), "outside"),
    Fault("frame that leads out", "nerfstudio", _frame("../../secret.png"), "outside"),
    Fault("frame with an absolute path", "nerfstudio", _frame("/etc/secret.png"), "outside"),
    Fault("archive with ../", "webdataset", _add_member("../../harm.txt"), "leads elsewhere"),
    Fault("archive with an absolute path", "webdataset", _add_member("/harm.txt"), "elsewhere"),
    Fault("truncated archive", "webdataset", _cut("*.tar"), "cut off"),
    Fault("missing calibration of KITTI", "kitti", _drop("calib.txt"), "calib"),
    Fault("missing calibration of EuRoC", "euroc", _drop("cam0/sensor.yaml"), "calibration"),
    Fault("missing part of a model", "colmap", _drop("points3D.txt"), "missing"),
    Fault("truncated model in text", "colmap", _cut("images.txt"), "cut off"),
    Fault("truncated model in binary", "colmap_binary", _cut("images.bin"), "cut off"),
    Fault("truncated depth map", "colmap", _cut("*.geometric.bin"), "cut off"),
    Fault("truncated sweep", "kitti", _cut("velodyne/*.bin", 0.49), "cut off"),
    Fault("truncated line", "kitti", _cut("poses/00.txt", 0.97), "line"),
    Fault("truncated JSON", "nerfstudio", _cut("transforms.json"), "cut off"),
    Fault("truncated bag", "rosbag", _cut("*.db3"), "cut off"),
    Fault("truncated table", "euroc", _cut("imu0/data.csv", 0.97), "line"),
)
"""What can happen to files, by format."""

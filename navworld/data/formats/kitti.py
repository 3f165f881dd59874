"""KITTI odometry: `sequences/NN/` with images, Velodyne sweeps, calibration, times; `poses/NN.txt`.

A. Geiger, P. Lenz, R. Urtasun, Are we ready for autonomous driving? CVPR 2012. Frames are even:
frame k is the k-th image of every camera and sweep k of the laser. Cameras are rectified: the same
axes, no distortion; poses are those of the main camera in its first frame, x right, y down, z
forward. Their numbers are written in full, those of calibration with 13 digits.

Read back, the body is the main camera with its axes renamed (x forward, z up), and the world is
the body at the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.data.formats.files import check_name, new_folder, numbered, write_text
from navworld.data.formats.images import ImageFiles, encode_png, image_files
from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.data.trajectories import read_trajectory, write_trajectory
from navworld.geometry import se3
from navworld.geometry.cameras import Pinhole
from navworld.geometry.trajectories import Trajectory

FOLDERS = {"gray": ("image_0", "image_1"), "rgb": ("image_2", "image_3")}
_CAMERAS = ("image_0", "image_1", "image_2", "image_3")
_WHY = "KITTI holds one pair of gray and one of colour cameras, rectified, and one laser"
_DECIMALS = 12  # of where sensors sit [m]: noise below would not survive a reading
_SAME = 1e-6  # directions and places [m] that differ by less are one
_SWEEP = 16  # bytes of a point


@dataclass(frozen=True)
class SweepFiles:
    """Velodyne sweeps, read when one is asked for."""

    paths: tuple[Path, ...]

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        path = self.paths[index]
        data = path.read_bytes()
        if len(data) % _SWEEP:
            raise ValueError(
                f"{path} is cut off: {len(data)} bytes are no whole number of points (16 each)"
            )
        return np.frombuffer(data, "<f4").reshape(-1, 4)


def fits(path: Path) -> bool:
    """Whether there is a sequence with calibration or times."""
    return bool(_folders(path))


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """Sequences 00, 01, … in the order they come in."""
    (folder / "sequences").mkdir(exist_ok=True)
    lost = []
    for number, sequence in enumerate(sequences):
        with new_folder(folder / "sequences" / f"{number:02d}") as into:
            lost += _write(sequence, into, folder / "poses" / f"{number:02d}.txt")
    return lost


def read(path: Path) -> list[Sequence]:
    """The sequences below `sequences/`, or in the folder of one."""
    return [_read(folder) for folder in _folders(path)]


def _folders(path: Path) -> list[Path]:
    if (path / "calib.txt").is_file() and (path / "times.txt").is_file():
        return [path]
    below = path / "sequences"
    found = sorted(p for p in below.iterdir() if p.is_dir()) if below.is_dir() else []
    marks = (*_CAMERAS, "velodyne", "calib.txt", "times.txt")
    return [p for p in found if p.name.isdigit() and any((p / m).exists() for m in marks)]


def _write(sequence: Sequence, into: Path, poses: Path) -> list[LeftOut]:
    places, lost = _places(sequence), []
    laser = parts.first(sequence, "points")
    main = next(iter(places), None)
    lead = main or laser
    if lead is None:
        raise ValueError(
            f"{sequence.name} has no rectified camera and no point clouds: KITTI needs one of them"
        )
    stamps = sequence.channels[lead].stamps
    write_text(into / "times.txt", "".join(f"{text.clock(t)}\n" for t in stamps))
    folders = {**places, **({} if laser is None else {laser: "velodyne"})}
    lost += _write_frames(sequence, folders, into, stamps)
    lost += _write_calibration(sequence, places, laser, into)
    T = sequence.channels[lead].T_body_sensor
    lost += _write_truth(sequence, stamps, T, poses, camera=main is not None)
    return lost + parts.left_out(sequence, [*places, laser], _WHY)


def _places(sequence: Sequence) -> dict[str, str]:
    """Channel → folder of the cameras that KITTI can hold, the main one first."""
    places: dict[str, str] = {}
    free = {kind: list(names) for kind, names in FOLDERS.items()}
    main: Channel | None = None
    order = sorted(parts.cameras(sequence), key=lambda n: sequence.channels[n].kind != "gray")
    for name in order:
        channel = sequence.channels[name]
        if not parts.undistorted(channel) or channel.T_body_sensor is None:
            continue
        if main is not None and not _beside(main, channel):
            continue
        if free[channel.kind]:
            places[name] = free[channel.kind].pop(0)
            main = main or channel
    return places


def _beside(main: Channel, other: Channel) -> bool:
    """Whether a camera looks the same way as the main one: a second of its kind from its right."""
    assert main.T_body_sensor is not None and other.T_body_sensor is not None
    T = se3.relative(main.T_body_sensor, other.T_body_sensor)
    alike = abs(T[:3, :3] - np.eye(3)).max() < _SAME
    return bool(alike and (other.kind != main.kind or T[0, 3] > _SAME))


def _nearest(stamps: NDArray, others: NDArray) -> dict[int, int]:
    """Frame → item of another sensor at about the same time, at most half a frame away."""
    gap = float(np.median(np.diff(stamps))) if len(stamps) > 1 else np.inf
    found: dict[int, int] = {}
    for item, stamp in enumerate(others):
        frame = int(np.argmin(abs(stamps - stamp)))
        away = abs(stamps[frame] - stamp)
        best = gap / 2 if frame not in found else abs(others[found[frame]] - stamps[frame])
        if away <= best:
            found[frame] = item
    return found


def _late(
    sequence: Sequence, channel: str, frames: dict[int, int], stamps: NDArray
) -> list[LeftOut]:
    """What frames of even time take away from a channel with times of its own."""
    own = sequence.channels[channel].stamps
    lost = []
    if len(frames) < len(own):
        why = f"{len(own) - len(frames)} of {len(own)} items fall on no frame"
        lost.append(LeftOut(sequence.name, f"part of {channel}", why))
    off = max((abs(own[i] - stamps[f]) for f, i in frames.items()), default=0.0)
    if off > 0:
        why = f"KITTI has one clock: they move by up to {off:.6f} s to those of the frames"
        lost.append(LeftOut(sequence.name, f"times of {channel}", why))
    return lost


def _write_frames(
    sequence: Sequence, folders: dict[str, str], into: Path, stamps: NDArray
) -> list[LeftOut]:
    """Images and sweeps, by channel, each under the number of its frame."""
    lost: list[LeftOut] = []
    frame_of: dict[tuple[str, int], int] = {}
    for name, folder in folders.items():
        (into / folder).mkdir()
        frames = _nearest(stamps, sequence.channels[name].stamps)
        frame_of |= {(name, item): frame for frame, item in frames.items()}
        lost += _late(sequence, name, frames, stamps)
    for name, k in parts.in_time(sequence, folders):
        frame, channel = frame_of.get((name, k)), sequence.channels[name]
        if frame is not None and channel.kind == "points":
            sweep = _four(sequence.read(name, k), parts.columns(channel))
            (into / folders[name] / f"{frame:06d}.bin").write_bytes(sweep.tobytes())
        elif frame is not None:
            image = encode_png(sequence.read(name, k))
            (into / folders[name] / f"{frame:06d}.png").write_bytes(image)
    why = "a point of KITTI is x, y, z and reflectance"
    for name in [n for n, folder in folders.items() if folder == "velodyne"]:
        columns = parts.columns(sequence.channels[name])[3:]
        lost += [LeftOut(sequence.name, f"{c} of {name}", why) for c in columns if c != "intensity"]
    return lost


def _four(points: NDArray, columns: list[str]) -> NDArray:
    """(N, 4) float32 x, y, z, reflectance; 0 where it is not known."""
    four = np.zeros((len(points), 4), "<f4")
    four[:, :3] = points[:, :3]
    if "intensity" in columns:
        four[:, 3] = points[:, columns.index("intensity")]
    return four


def _write_calibration(
    sequence: Sequence, places: dict[str, str], laser: str | None, into: Path
) -> list[LeftOut]:
    """P0 … P3 (missing cameras as the main one) and Tr, which maps the laser to the main camera."""
    P: dict[str, NDArray] = {}
    T_camera_body = np.eye(4)
    for channel, place in places.items():
        lens, T = sequence.channels[channel].lens, sequence.channels[channel].T_body_sensor
        assert isinstance(lens, Pinhole) and T is not None
        if not P:
            T_camera_body = _inverse(T)
        offset = text.fixed((T_camera_body @ T)[:3, 3], _DECIMALS)
        K = np.array([float(f"{value:.12e}") for value in lens.K.ravel()]).reshape(3, 3)
        P[place] = K @ np.c_[np.eye(3), -offset]
    lines = []
    for k, place in enumerate(_CAMERAS):
        given = P.get(place, next(iter(P.values()), np.eye(3, 4)))
        lines.append(f"P{k}: {_numbers(given)}")
    lost = []
    if laser is not None:
        T = sequence.channels[laser].T_body_sensor
        if T is None:
            why = "it is not known"
            lost.append(LeftOut(sequence.name, f"where {laser} sits", why))
        elif places:
            lines.append(f"Tr: {_numbers(text.fixed((T_camera_body @ T)[:3], _DECIMALS))}")
    write_text(into / "calib.txt", "\n".join([*lines, ""]))
    return lost


def _numbers(values: NDArray) -> str:
    return " ".join(f"{value:.12e}" for value in (values + 0.0).ravel())


def _inverse(T: NDArray) -> NDArray:
    """Of a rigid motion, exact where it only renames axes."""
    return se3.inverse(T) + 0.0


def _write_truth(
    sequence: Sequence, stamps: NDArray, T: NDArray | None, path: Path, *, camera: bool
) -> list[LeftOut]:
    if sequence.truth is None:
        return []
    if T is None:
        return [LeftOut(sequence.name, "truth", "it is not known where the sensor sits")]
    poses = parts.poses_at(sequence.truth, stamps)
    if poses is None:
        return [LeftOut(sequence.name, "truth", "it does not last as long as the frames")]
    if not camera:
        T = T @ parts.T_BODY_CAMERA
    moved = _inverse(poses[0] @ T) @ (poses @ T)
    moved[0] = np.eye(4)
    path.parent.mkdir(exist_ok=True)
    write_trajectory(path, Trajectory(stamps, moved), format="kitti")
    why = "poses are relative to the first frame, at the times of frames"
    return [LeftOut(sequence.name, "the world's frame and truth between frames", why)]


def _read(folder: Path) -> Recorded:
    cameras = [c for c in _CAMERAS if (folder / c).is_dir() and numbered(folder / c, ".png")]
    times = folder / "times.txt"
    lines = text.lines(times, "the times of a KITTI sequence", "time")
    text.check_end(times)
    stamps = text.table(times, lines, 1, shape="one time in seconds")[:, 0]
    text.check_times(times, stamps, [number for number, _ in lines])
    calibration = _calibration(folder / "calib.txt")
    channels: dict[str, Channel] = {}
    items: dict[str, ImageFiles | SweepFiles] = {}
    for name in cameras:
        paths, when = _frames(folder / name, ".png", stamps)
        files = image_files(paths)
        P = _entry(folder, calibration, f"P{name[-1]}")
        lens = parts.pinhole(files.shape[1], files.shape[0], P[[0, 1, 0, 1], [0, 1, 2, 2]])
        T = parts.T_BODY_CAMERA.copy()
        T[:3, 3] = T[:3, :3] @ -np.linalg.solve(P[:, :3], P[:, 3]) + 0.0
        channels[name] = Channel(files.kind, when, files.shape, np.dtype(np.uint8), T, lens)
        items[name] = files
    if (folder / "velodyne").is_dir() and numbered(folder / "velodyne", ".bin"):
        paths, when = _frames(folder / "velodyne", ".bin", stamps)
        T_body_laser = np.eye(4)
        if cameras:
            T_body_laser[:3] = _entry(folder, calibration, "Tr")
            T_body_laser = parts.T_BODY_CAMERA @ T_body_laser
        channels["velodyne"] = Channel(
            "points", when, (-1, 4), np.dtype(np.float32), T_body_laser, unit="m",
            info={"columns": ["x", "y", "z", "intensity"]},
        )  # fmt: skip
        items["velodyne"] = SweepFiles(paths)
    name = check_name(folder.resolve().name)
    return Recorded(name, channels, items, _truth(folder, stamps))


def _truth(folder: Path, stamps: NDArray) -> Trajectory | None:
    path = folder.parent.parent / "poses" / f"{folder.name}.txt"
    if not path.is_file():
        return None
    text.check_end(path)
    poses = read_trajectory(path, format="kitti", times=folder / "times.txt").T_world_body
    return Trajectory(stamps, parts.T_BODY_CAMERA @ poses @ parts.T_CAMERA_BODY)


def _frames(folder: Path, suffix: str, stamps: NDArray) -> tuple[tuple[Path, ...], NDArray]:
    paths = numbered(folder, suffix)
    frames = np.array([int(path.stem) for path in paths])
    if frames[-1] >= len(stamps):
        raise ValueError(
            f"{paths[-1]} has no time: {folder.parent / 'times.txt'} ends after {len(stamps)} "
            "frames, which are counted from 0"
        )
    return tuple(paths), stamps[frames]


def _calibration(path: Path) -> dict[str, NDArray[np.float64]]:
    """Name → (3, 4) of the lines of calib.txt."""
    found = {}
    lines = text.lines(path, "the calibration of a KITTI sequence", "matrix")
    text.check_end(path)
    for number, line in lines:
        name, _, rest = line.partition(":")
        shape = "a name, a colon and 12 numbers"
        found[name] = text.table(path, [(number, rest)], 12, shape=shape).reshape(3, 4)
    return found


def _entry(folder: Path, calibration: dict[str, NDArray], name: str) -> NDArray[np.float64]:
    if name not in calibration:
        raise ValueError(
            f"{folder / 'calib.txt'} lacks {name}: it has {', '.join(calibration) or 'nothing'}"
        )
    return calibration[name]

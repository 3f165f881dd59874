"""EuRoC MAV: ASL folders `mav0/cam0 …`, `imu0`, `state_groundtruth_estimate0`.

M. Burri et al., The EuRoC micro aerial vehicle datasets, IJRR 2016. Times are whole nanoseconds.
T_BS is where a sensor sits on the body, whose poses and velocities (in the world's axes) the
ground truth holds; its biases are not known and written as 0. Quaternions are wxyz. `comment` in a
sensor's file keeps the channel's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.data.formats.files import folder_each, inside, plain_name, write_text
from navworld.data.formats.images import encode_png, image_files
from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.data.trajectories import EUROC_HEADER, euroc_lines, read_trajectory
from navworld.geometry import se3
from navworld.geometry.cameras import Fisheye, Pinhole
from navworld.geometry.trajectories import Trajectory

_TRUTH = "state_groundtruth_estimate0"
_TRUTH_HEADER = EUROC_HEADER + (
    ",v_RS_R_x [m s^-1],v_RS_R_y [m s^-1],v_RS_R_z [m s^-1]"
    ",b_w_RS_S_x [rad s^-1],b_w_RS_S_y [rad s^-1],b_w_RS_S_z [rad s^-1]"
    ",b_a_RS_S_x [m s^-2],b_a_RS_S_y [m s^-2],b_a_RS_S_z [m s^-2]"
)
_IMU_HEADER = (
    "#timestamp [ns],w_RS_S_x [rad s^-1],w_RS_S_y [rad s^-1],w_RS_S_z [rad s^-1]"
    ",a_RS_S_x [m s^-2],a_RS_S_y [m s^-2],a_RS_S_z [m s^-2]"
)
_NOISE = (
    "gyroscope_noise_density",
    "gyroscope_random_walk",
    "accelerometer_noise_density",
    "accelerometer_random_walk",
)
"""Of an IMU, in SI units; taken from a channel's `info` and given there."""
_WHY = "EuRoC holds cameras (pinhole or fisheye), IMUs and the state of the body"


def fits(path: Path) -> bool:
    """Whether there is a folder `mav0`."""
    return bool(_folders(path))


def write(sequences: Iterable[Sequence], folder: Path) -> list[LeftOut]:
    """A folder for each sequence, with `mav0` inside."""
    return folder_each(sequences, folder, _write)


def read(path: Path) -> list[Sequence]:
    """The sequences of a folder, of one around `mav0`, or of `mav0` itself."""
    return [_read(folder) for folder in _folders(path)]


def _folders(path: Path) -> list[Path]:
    """All `mav0`."""
    if path.name == "mav0" and path.is_dir():
        return [path]
    if (path / "mav0").is_dir():
        return [path / "mav0"]
    return sorted(p for p in path.glob("*/mav0") if not p.parent.name.startswith("."))


def _write(sequence: Sequence, folder: Path) -> list[LeftOut]:
    into = folder / "mav0"
    into.mkdir()
    held: list[str] = []
    lost: list[LeftOut] = []
    for name in parts.cameras(sequence):
        channel = sequence.channels[name]
        if isinstance(channel.lens, Pinhole | Fisheye) and channel.T_body_sensor is not None:
            held.append(name)
    for k, name in enumerate(held):
        _write_camera(sequence, name, into / f"cam{k}")
    for name, k in parts.in_time(sequence, held):
        stamp = int(text.nanoseconds(sequence.channels[name].stamps[k]))
        path = into / f"cam{held.index(name)}" / "data" / f"{stamp}.png"
        path.write_bytes(encode_png(sequence.read(name, k)))
    imus = [name for name, channel in sequence.channels.items() if parts.is_imu(channel)]
    for k, name in enumerate(imus):
        _write_imu(sequence, name, into / f"imu{k}")
        if sequence.channels[name].T_body_sensor is None:
            why = "it is not known and taken to be the body"
            lost.append(LeftOut(sequence.name, f"where {name} sits", why))
    if sequence.truth is not None:
        lost += _write_truth(sequence, into / _TRUTH)
    return lost + parts.left_out(sequence, [*held, *imus], _WHY, velocity=True)


def _write_camera(sequence: Sequence, name: str, into: Path) -> None:
    """The list of a camera's images, and its calibration."""
    (into / "data").mkdir(parents=True)
    channel = sequence.channels[name]
    lines = ["#timestamp [ns],filename"]
    lines += [f"{stamp},{stamp}.png" for stamp in text.nanoseconds(channel.stamps)]
    write_text(into / "data.csv", "\n".join([*lines, ""]))
    lens = channel.lens
    assert isinstance(lens, Pinhole | Fisheye)
    if isinstance(lens, Fisheye):
        model, distortion = "equidistant", list(lens.distortion)
    else:
        model, distortion = "radial-tangential", list(parts.bent(lens) or (0.0,) * 4)
        if len(distortion) == 5 and distortion[4] == 0:
            distortion.pop()
    lines = _head("camera", name, channel)
    lines += [
        f"resolution: [{lens.width}, {lens.height}]",
        "camera_model: pinhole",
        f"intrinsics: {_list([lens.fx, lens.fy, lens.cx, lens.cy])} #fu, fv, cu, cv",
        f"distortion_model: {model}",
        f"distortion_coefficients: {_list(distortion)}",
    ]
    write_text(into / "sensor.yaml", "\n".join([*lines, ""]))


def _write_imu(sequence: Sequence, name: str, into: Path) -> None:
    into.mkdir()
    channel = sequence.channels[name]
    lines = [_IMU_HEADER]
    for k, stamp in enumerate(text.nanoseconds(channel.stamps)):
        sample = sequence.read(name, k)[[3, 4, 5, 0, 1, 2]]
        lines.append(",".join([str(stamp), *(repr(float(v)) for v in sample)]))
    write_text(into / "data.csv", "\n".join([*lines, ""]))
    noise = [f"{key}: {float(channel.info.get(key, 0.0))!r}" for key in _NOISE]
    write_text(into / "sensor.yaml", "\n".join([*_head("imu", name, channel), *noise, ""]))


def _head(kind: str, name: str, channel: Channel) -> list[str]:
    T = np.eye(4) if channel.T_body_sensor is None else channel.T_body_sensor
    rate = replace(channel, stamps=text.seconds(text.nanoseconds(channel.stamps))).rate_hz
    return [
        "#Sensor extrinsics wrt. the body frame.",
        f"sensor_type: {kind}",
        f"comment: {name}",
        "T_BS:",
        "  cols: 4",
        "  rows: 4",
        f"  data: {_list((T + 0.0).ravel())}",
        f"rate_hz: {round(rate, 6)!r}",
    ]


def _list(values: Iterable[float]) -> str:
    return f"[{', '.join(repr(float(v)) for v in values)}]"


def _write_truth(sequence: Sequence, into: Path) -> list[LeftOut]:
    into.mkdir()
    truth, name = sequence.truth, sequence.name
    assert truth is not None
    velocity, lost = np.zeros((len(truth), 3)), []
    if sequence.velocity is not None:
        velocity = (truth.T_world_body[:, :3, :3] @ sequence.velocity[:, :3, None])[..., 0]
        why = "EuRoC holds linear velocity only"
        lost.append(LeftOut(name, "angular part of velocity", why))
    unknown = ",".join(["0.0"] * 6)
    rows = zip(euroc_lines(truth), text.fixed(velocity), strict=True)
    lines = [f"{pose},{v[0]:.9f},{v[1]:.9f},{v[2]:.9f},{unknown}" for pose, v in rows]
    if sequence.velocity is None:
        lines = euroc_lines(truth)
    header = EUROC_HEADER if sequence.velocity is None else _TRUTH_HEADER
    write_text(into / "data.csv", "\n".join([header, *lines, ""]))
    head = ["sensor_type: visual-inertial", "comment: ground truth", "T_BS:", "  cols: 4"]
    head += ["  rows: 4", f"  data: {_list(np.eye(4).ravel())}", ""]
    write_text(into / "sensor.yaml", "\n".join(head))
    return lost


def _read(folder: Path) -> Recorded:
    channels: dict[str, Channel] = {}
    items: dict[str, Any] = {}
    for sensor in sorted(folder.glob("cam[0-9]*"), key=lambda p: (len(p.name), p.name)):
        notes = _notes(sensor)
        stamps, paths = _listed(sensor)
        files = image_files(paths)
        name = _name(notes, sensor, channels)
        T, lens = _extrinsics(notes, sensor), _lens(notes, sensor)
        channels[name] = Channel(files.kind, stamps, files.shape, np.dtype(np.uint8), T, lens)
        items[name] = files
    for sensor in sorted(folder.glob("imu[0-9]*")):
        notes, path = _notes(sensor), sensor / "data.csv"
        lines = text.lines(path, "samples of an IMU `time,wx,wy,wz,ax,ay,az`", "sample")
        text.check_end(path)
        rows = text.table(path, lines, 7, shape="7 numbers with commas between", separator=",")
        name, T = _name(notes, sensor, channels), _extrinsics(notes, sensor)
        info = {key: float(notes[key]) for key in _NOISE if notes.get(key)}
        channels[name] = Channel(
            "samples", text.whole_times(path, lines), (6,), np.dtype(np.float64), T,
            unit=parts.IMU_UNIT, info=info,
        )  # fmt: skip
        items[name] = rows[:, [4, 5, 6, 1, 2, 3]]
    truth, velocity = _truth(folder / _TRUTH / "data.csv")
    name = folder.parent.resolve().name
    return Recorded(plain_name(name), channels, items, truth, velocity)


def _notes(sensor: Path) -> dict[str, Any]:
    """What sensor.yaml says."""
    path = sensor / "sensor.yaml"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it holds the calibration of {sensor.name}")
    try:
        notes = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged: expected YAML with T_BS and intrinsics") from error
    if not isinstance(notes, dict):
        raise ValueError(f"{path} is damaged: expected YAML with T_BS and intrinsics")
    return notes


def _name(notes: dict[str, Any], sensor: Path, taken: Iterable[str]) -> str:
    comment = notes.get("comment")
    plain = isinstance(comment, str) and plain_name(comment) == comment and comment not in taken
    return str(comment) if plain else sensor.name


def _values(notes: dict[str, Any], key: str, count: tuple[int, ...], path: Path) -> list[float]:
    """A list of numbers of sensor.yaml."""
    found = notes.get(key)
    found = found.get("data") if isinstance(found, dict) else found
    given = found if isinstance(found, list) and len(found) in count else [None]
    if not all(isinstance(v, int | float) and np.isfinite(v) for v in given):
        raise ValueError(f"{path / 'sensor.yaml'} lacks {key}: expected {count[0]} numbers")
    return [float(v) for v in given if v is not None]


def _extrinsics(notes: dict[str, Any], sensor: Path) -> NDArray[np.float64]:
    T = np.array(_values(notes, "T_BS", (16,), sensor)).reshape(4, 4)
    if not se3.is_rigid(T):
        raise ValueError(f"T_BS in {sensor / 'sensor.yaml'} is no rotation and translation")
    return T


def _lens(notes: dict[str, Any], sensor: Path) -> Pinhole | Fisheye:
    width, height = map(int, _values(notes, "resolution", (2,), sensor))
    intrinsics = _values(notes, "intrinsics", (4,), sensor)
    coefficients = _values(notes, "distortion_coefficients", (4, 5), sensor)
    make = parts.fisheye if notes.get("distortion_model") == "equidistant" else parts.pinhole
    return make(width, height, intrinsics, coefficients)


def _listed(sensor: Path) -> tuple[NDArray[np.float64], tuple[Path, ...]]:
    listing = sensor / "data.csv"
    lines = text.lines(listing, "a list of images `time,filename`", "image")
    text.check_end(listing)
    stamps, paths = text.whole_times(listing, lines), []
    for number, line in lines:
        _, comma, name = line.partition(",")
        path = inside(sensor / "data", name.strip(), listing)
        if not comma or not path.is_file():
            raise FileNotFoundError(f"{path} is missing: line {number} of {listing} names it")
        paths.append(path)
    return stamps, tuple(paths)


def _truth(path: Path) -> tuple[Trajectory | None, NDArray[np.float64] | None]:
    """Poses, and velocities in the body's axes, whose angular part is not known: NaN."""
    if not path.is_file():
        return None, None
    truth = read_trajectory(path, format="euroc")
    lines = text.lines(path, "a ground truth", "pose")
    text.check_end(path)
    if len(lines[0][1].split(",")) < 11:
        return truth, None
    rows = text.table(path, lines, 11, shape="11 numbers", separator=",", longer=True)
    R = truth.T_world_body[:, :3, :3]
    velocity = np.full((len(truth), 6), np.nan)
    velocity[:, :3] = (R.mT @ rows[:, 8:, None])[..., 0]
    return truth, velocity

"""`navworld verify formats`: what is exported is the truth, stays the same, and survives damage.

evo and pycolmap read exports in the tests; here files are read by code that shares nothing with
the writers, so that an installation can be checked without them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.data import formats
from navworld.data.sequences import Recorded
from navworld.envs.verify.findings import Findings
from navworld.envs.verify.format_examples import ROOM, example, room_depth
from navworld.envs.verify.format_faults import FAULTS, is_clear, sentence_about
from navworld.evaluation.result import Metric
from navworld.geometry import se3, so3
from navworld.geometry.cameras import Pinhole

MIN_FRAMES_PER_S = 14.0
"""TUM RGB-D, 640 × 480 with depth, on one core: making the images not counted."""

MAX_REPROJECTION_PX = 0.5
EXACT_M = 1e-8


def verify_formats(fast: bool = False) -> Findings:
    """Formats on a painted box, where every wall and colour is known."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    with tempfile.TemporaryDirectory(prefix="navworld-formats-") as folder:
        root = Path(folder)
        ride = example(frames=5 if fast else 16)
        for part in (_same_bytes(ride, root / "same"), _truths(ride, root / "truth"),
                     _faults(root / "faults"), _speed(root / "speed", fast)):  # fmt: skip
            metrics |= part[0]
            checks |= part[1]
    return metrics, checks


def written_formats() -> list[str]:
    """Formats that can be written here: bags need the package `rosbags`."""
    return [f for f in formats.WRITTEN if f != "rosbag" or find_spec("rosbags") is not None]


def content(folder: Path) -> dict[str, bytes]:
    """Name → bytes of all files below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _same_bytes(ride: Recorded, root: Path) -> Findings:
    """Written, read and written again: the same files."""
    metrics, checks = {}, {}
    for name in written_formats():
        once, twice = root / f"{name}-1", root / f"{name}-2"
        formats.write(name, [ride], once)
        found = formats.read(once, name)
        formats.write(name, found, twice)
        files = content(once)
        metrics[f"{name}_bytes_per_frame"] = Metric(
            sum(map(len, files.values())) / len(ride.channels["rgb"]), "B"
        )
        checks[f"formats: {name} is written again byte for byte"] = files == content(twice)
    return metrics, checks


def _truths(ride: Recorded, root: Path) -> Findings:
    """Poses and pixels of exports against those of the box."""
    for name in ("tum", "kitti", "euroc", "colmap", "nerfstudio"):
        formats.write(name, [ride], root / name)
    assert ride.truth is not None
    camera = ride.channels["rgb"].T_body_sensor
    assert camera is not None
    bodies = ride.truth.T_world_body
    frames = np.searchsorted(ride.truth.stamps, ride.channels["rgb"].stamps)
    seen = bodies[frames] @ camera
    home = root / "tum" / ride.name
    rows = np.loadtxt(home / "groundtruth.txt")
    matrices = np.loadtxt(root / "kitti" / "poses" / "00.txt").reshape(-1, 3, 4)
    table = np.loadtxt(
        root / "euroc" / ride.name / "mav0" / "state_groundtruth_estimate0" / "data.csv",
        delimiter=",", skiprows=1,
    )  # fmt: skip
    gaps = {
        "tum": _gap(_poses(rows[:, 1:4], rows[:, 4:8]), bodies @ camera),
        "kitti": _gap(matrices, se3.inverse(seen[0]) @ seen),
        "euroc": _gap(_poses(table[:, 1:4], table[:, [5, 6, 7, 4]]), bodies),
    }
    pixels = {
        "colmap": max(_colmap_gaps(root / "colmap" / ride.name, seen)),
        "nerfstudio": max(_nerfstudio_gaps(root / "nerfstudio" / ride.name, seen)),
    }
    metrics = {f"{name}_pose_gap": Metric(gap, "m") for name, gap in gaps.items()}
    metrics |= {f"{name}_reprojection": Metric(gap, "px") for name, gap in pixels.items()}
    checks = {
        f"formats: poses in {name} are the truth within {EXACT_M:g} m": gap < EXACT_M
        for name, gap in gaps.items()
    }
    checks |= {
        f"formats: points in {name} are seen where they are within {MAX_REPROJECTION_PX} px":
            gap < MAX_REPROJECTION_PX
        for name, gap in pixels.items()
    }  # fmt: skip
    return metrics, checks


def _poses(positions: NDArray, q_xyzw: NDArray) -> NDArray[np.float64]:
    return se3.from_rotation_translation(so3.from_quaternion(q_xyzw), positions)[:, :3]


def _gap(found: NDArray, expected: NDArray) -> float:
    """Largest difference of the upper rows of poses."""
    same = len(found) == len(expected)
    return float(abs(found - expected[:, :3]).max()) if same else float("inf")


def _colmap_gaps(folder: Path, T_world_camera: NDArray) -> Iterator[float]:
    """Pixels between where images list points and where the box says that they are seen.

    Every point must lie on a wall of the box, too: metres off it count as pixels at 1 m.
    """
    model = folder / "sparse" / "0"
    lines = [line for line in (model / "points3D.txt").read_text().splitlines() if line[0] != "#"]
    places = {int(w[0]): np.array(w[1:4], float) for w in map(str.split, lines)}
    *_, fx, fy, cx, cy = (model / "cameras.txt").read_text().splitlines()[-1].split()
    focal, centre = np.array([fx, fy], float), np.array([cx, cy], float)
    rows = [line for line in (model / "images.txt").read_text().splitlines() if line[:1] != "#"]
    for head, tail, T in zip(rows[::2], rows[1::2], T_world_camera, strict=True):
        words = head.split()
        R = so3.from_quaternion(np.array(words[1:5], float)[[1, 2, 3, 0]])
        yield float(abs(R - T[:3, :3].T).max() * focal[0])
        seen = np.array(tail.split(), float).reshape(-1, 3)
        points = np.array([places[int(number)] for number in seen[:, 2]])
        p = (points - T[:3, 3]) @ T[:3, :3]
        yield float(abs(p[:, :2] / p[:, 2:] * focal + centre - seen[:, :2]).max())
        yield float(_off_walls(points) * focal[0])


def _off_walls(points: NDArray[np.float64]) -> float:
    """Largest distance of points from the nearest wall [m]."""
    return float(np.minimum(abs(points), abs(points - ROOM)).min(1).max())


def _nerfstudio_gaps(folder: Path, T_world_camera: NDArray) -> Iterator[float]:
    """Pixels between points of the box seen through the file and through the true cameras."""
    frames = json.loads((folder / "transforms.json").read_text())["frames"]
    frames = [frame for frame in frames if frame["file_path"].startswith("rgb/")]
    for frame, T in zip(frames, T_world_camera, strict=True):
        size = (frame["w"], frame["h"])
        inside = [frame[k] for k in ("fl_x", "fl_y", "cx", "cy")]
        lens = Pinhole(*size, inside[0], inside[1], inside[2] - 0.5, inside[3] - 0.5)
        _, points, _ = room_depth(T, lens)
        pose = np.array(frame["transform_matrix"])
        p = (points - pose[:3, 3]) @ pose[:3, :3]
        u = inside[2] - inside[0] * p[..., 0] / p[..., 2] - 0.5
        v = inside[3] + inside[1] * p[..., 1] / p[..., 2] - 0.5
        rows, columns = np.mgrid[: size[1], : size[0]]
        yield float(max(abs(u - columns).max(), abs(v - rows).max()))


def _faults(root: Path) -> Findings:
    """Every damage is told in one sentence, and nothing appears beside the folder."""
    ride, checks = example(frames=4), {}
    sound: dict[str, Path] = {}
    for fault in [fault for fault in FAULTS if fault.format in written_formats()]:
        if fault.format not in sound:
            sound[fault.format] = root / "sound" / fault.format
            formats.write(fault.format, [ride], sound[fault.format])
        place = root / "harmed" / "inner" / "folder"
        shutil.rmtree(root / "harmed", ignore_errors=True)
        shutil.copytree(sound[fault.format], place)
        said = sentence_about(fault, place)
        alone = [p.name for p in (root / "harmed").rglob("*") if place not in p.parents]
        clear = is_clear(said, fault) and sorted(alone) == ["folder", "inner"]
        checks[f"formats: {fault.name} ({fault.format}) gets a sentence"] = clear
    return {}, checks


def _speed(root: Path, fast: bool) -> Findings:
    """TUM RGB-D at 640 × 480; the best of short runs, because machines have other work."""
    ride = example(frames=3 if fast else 6, width=640, height=480)
    rgbd = Recorded(
        ride.name, {n: ride.channels[n] for n in ("rgb", "depth")}, ride.items, ride.truth
    )
    taken = []
    for k in range(6):
        start = time.perf_counter()
        formats.write("tum", [rgbd], root / str(k))
        taken.append(time.perf_counter() - start)
    rate = len(rgbd.channels["rgb"]) / min(taken)
    files = content(root / "0")
    size = sum(len(data) for name, data in files.items() if name.endswith(".png"))
    return (
        {
            "tum_frames_per_s": Metric(rate, "frames/s"),
            "tum_frame_bytes": Metric(size / len(rgbd.channels["rgb"]), "B"),
        },
        {f"formats: TUM writes {MIN_FRAMES_PER_S:g} frames/s": rate >= MIN_FRAMES_PER_S},
    )

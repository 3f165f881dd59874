"""Real recordings through the same interface: their conventions, checked against themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from navworld.data import formats
from navworld.data.formats import g2o, slambook
from navworld.data.formats.carmen import MAX_RANGE
from navworld.geometry import se3, so3

KINDS = {
    "trajectories/tum_freiburg1_xyz": "trajectories",
    "trajectories/slambook": "trajectories",
    "lidar/radish_2d": "carmen",
    "imu/broad": "broad",
    "imu/gait_tracking": "gait",
    "pose_graphs/g2o": "g2o",
    "images/slambook2/ch12": "slambook",
    "images/slambook2/ch7": "slambook",
    "images/stereo_chessboards": "chessboards",
}


@pytest.mark.parametrize(("folder", "format"), KINDS.items())
def test_real_folders_are_recognised_and_every_channel_is_read(
    data: Path, folder: str, format: str
):
    assert formats.detect(data / folder) == format
    for sequence in formats.read(data / folder):
        for name, channel in sequence.channels.items():
            for index in (0, len(channel) - 1):
                item = sequence.read(name, index)
                assert item.shape == channel.shape
                assert item.dtype == channel.dtype


@pytest.mark.parametrize(
    "file", ["imu/gait_tracking/short_walk.csv", "pose_graphs/gtsam/noisyToyGraph.txt"]
)
def test_a_file_alone_is_read_too(data: Path, file: str):
    assert len(formats.read(data / file)) == 1


def test_trajectories_are_read_as_they_are(data: Path):
    truth, estimate = formats.read(data / "trajectories" / "tum_freiburg1_xyz")
    assert (len(truth.truth), len(estimate.truth)) == (3000, 788)
    path = data / "trajectories/tum_freiburg1_xyz/freiburg1_xyz-groundtruth.txt"
    row = np.loadtxt(path)[0]
    assert truth.truth.positions[0] == pytest.approx(row[1:4])


def test_gravity_of_a_still_foot_is_one_g_and_the_walk_turns(data: Path):
    (walk,) = formats.read(data / "imu" / "gait_tracking")
    samples = np.array([walk.read("imu", k) for k in range(800)])
    still = samples[np.linalg.norm(samples[:, 3:], axis=1) < np.radians(3)]
    assert np.median(np.linalg.norm(still[:, :3], axis=1)) == pytest.approx(9.81, rel=0.02)
    assert walk.info["repeated_rows_dropped"] == 205
    assert walk.channels["imu"].rate_hz == pytest.approx(400, rel=0.01)


def test_motion_capture_and_imu_of_broad_agree_on_down_and_on_turning(data: Path):
    for trial in formats.read(data / "imu" / "broad"):
        truth, imu = trial.truth, trial.items["imu"]
        index = np.searchsorted(trial.channels["imu"].stamps, truth.stamps)
        R = truth.T_world_body[:, :3, :3]
        up = (R @ imu[index, :3, None])[..., 0].mean(0)
        assert up == pytest.approx([0, 0, 9.81], abs=0.1)
        follow = np.diff(index) == 1
        turned = so3.log(R[:-1].mT @ R[1:])[follow] / np.diff(truth.stamps)[follow, None]
        measured = imu[index[:-1][follow], 3:]
        quick = np.linalg.norm(measured, axis=1) > 0.5
        for axis in range(3):
            assert np.corrcoef(turned[quick, axis], measured[quick, axis])[0, 1] > 0.9
        assert trial.info["poses_not_known"] + len(truth) == len(imu)


def test_features_of_scans_turn_right_when_the_robot_turns_left(data: Path):
    (log,) = [s for s in formats.read(data / "lidar" / "radish_2d") if s.name == "mit-csail"]
    scans, odometry = log.items["scan"], log.items["odometry"]
    info = log.channels["scan"].info
    step = (info["angle_last"] - info["angle_first"]) / (scans.shape[1] - 1)
    assert info["angle_first"] == pytest.approx(-np.pi / 2)
    turn = (np.diff(odometry[:, 2]) + np.pi) % (2 * np.pi) - np.pi
    moved = np.linalg.norm(np.diff(odometry[:, :2], axis=0), axis=1)
    chosen = np.flatnonzero((abs(turn) > 0.05) & (moved < 0.15))[:60]
    shifts, margin, width = np.arange(-90, 91), 90, scans.shape[1]
    best = []
    for k in chosen:
        here, costs = scans[k, margin : width - margin], []
        for shift in shifts:
            there = scans[k + 1, margin + shift : width - margin + shift]
            both = (here > 0) & (there > 0)
            costs.append(np.median(abs(here - there)[both]) if both.sum() > 30 else np.inf)
        best.append(shifts[int(np.argmin(costs))] * step)
    assert len(chosen) > 20
    assert np.corrcoef(turn[chosen], best)[0, 1] < -0.8


def test_what_did_not_come_back_is_zero_and_the_laser_sits_where_the_log_says(data: Path):
    logs = {s.name: s for s in formats.read(data / "lidar" / "radish_2d")}
    for log in logs.values():
        ranges = log.items["scan"]
        assert 0 <= ranges.min() <= ranges.max() < MAX_RANGE
        assert (ranges == 0).any()
        assert log.truth is None
    place = logs["fr079"].channels["scan"].T_body_sensor
    assert place[:3, 3] == pytest.approx([-0.04, 0, 0])


def _seen_from_both(ride, cameras: np.ndarray, i: int, j: int) -> float:
    """Part of the surface of image i whose depth in image j is as expected."""
    lens = ride.channels["rgb"].lens
    rows, columns = np.mgrid[:480:4, :640:4]
    pixels = np.stack([columns, rows], -1).reshape(-1, 2)
    depth = ride.read("depth", i)[pixels[:, 1], pixels[:, 0]].astype(float)
    points = lens.unproject(pixels[depth > 0].astype(float), depth[depth > 0])
    there = se3.transform(se3.inverse(cameras[j]) @ cameras[i], points)
    seen, inside = lens.project(there)
    at = np.rint(seen[inside]).astype(int)
    measured = ride.read("depth", j)[at[:, 1].clip(0, 479), at[:, 0].clip(0, 639)]
    return float((abs(measured - there[inside, 2]) < 0.02 * there[inside, 2]).mean())


def test_depth_of_icl_frames_agrees_between_views_that_see_the_same(data: Path):
    (ride,) = formats.read(data / "images" / "slambook2" / "ch12")
    assert ride.channels["rgb"].lens.fy == 480.0
    cameras = ride.truth.T_world_body @ ride.channels["rgb"].T_body_sensor
    for i, j in ((0, 3), (3, 0), (1, 3), (3, 1), (2, 0), (4, 0)):
        assert _seen_from_both(ride, cameras, i, j) > 0.85
        assert _seen_from_both(ride, slambook.from_icl(cameras), i, j) < 0.5


@pytest.mark.parametrize("name", ["tinyGrid3D", "smallGrid3D", "MIT", "intel"])
def test_neighbours_of_pose_graphs_begin_where_they_were_measured(data: Path, name: str):
    graph = g2o.read_graph(data / "pose_graphs" / "g2o" / f"{name}.g2o")
    assert graph.planar == (name in ("MIT", "intel"))
    assert np.linalg.eigvalsh(graph.information).min() > 0
    place = {number: k for k, number in enumerate(graph.numbers.tolist())}
    i, j = (np.array([place[n] for n in graph.pairs[:, k].tolist()]) for k in (0, 1))
    measured = se3.relative(graph.T_world_vertex[i], graph.T_world_vertex[j])
    away = np.linalg.norm((measured - graph.T_i_j)[:, :3, 3], axis=1)
    assert np.median(away[np.diff(graph.pairs, axis=1)[:, 0] == 1]) < 0.02


def test_chessboard_corners_fit_the_calibration(data: Path):
    import cv2

    (pairs,) = formats.read(data / "images" / "stereo_chessboards")
    board = np.zeros((54, 3), np.float32)
    board[:, :2] = np.mgrid[:9, :6].T.reshape(-1, 2) * 0.025
    channel = pairs.channels["left_gray"]
    errors = []
    for k in range(len(channel)):
        found, corners = cv2.findChessboardCorners(pairs.read("left_gray", k), (9, 6))
        if not found:
            continue
        K, D = channel.lens.K, np.array(channel.lens.distortion)
        _, r, t = cv2.solvePnP(board, corners, K, D)
        p = board @ cv2.Rodrigues(r)[0].T + t.ravel()
        pixels, _ = channel.lens.project(p.astype(float))
        errors.append(np.linalg.norm(pixels - corners.reshape(-1, 2), axis=1).mean())
    assert len(errors) >= 3
    assert np.median(errors) < 6


@pytest.mark.parametrize("folder", ["images/slambook2/ch12", "images/slambook2/ch7"])
@pytest.mark.parametrize("format", ["own", "tum", "nerfstudio", "webdataset", "colmap"])
def test_real_frames_are_exported_and_read_again(
    data: Path, folder: str, format: str, tmp_path: Path
):
    (ride,) = formats.read(data / folder)
    if ride.truth is None and format in ("nerfstudio", "colmap"):
        with pytest.raises(ValueError, match="has no poses"):
            formats.write(format, [ride], tmp_path)
        return
    formats.write(format, [ride], tmp_path)
    (found,) = formats.read(tmp_path)
    assert np.array_equal(found.read("rgb", 1), ride.read("rgb", 1))
    assert abs(found.read("depth", 1) - ride.read("depth", 1)).max() < 6e-4

"""Exports as others read them: evo, pycolmap, WebDataset's rules, a bag's own messages."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from navworld.data import formats
from navworld.data.trajectories import read_trajectory, write_trajectory
from navworld.envs.verify.format_examples import ROOM, example, room_depth
from navworld.geometry import se3
from navworld.geometry.trajectories import Trajectory
from tests.data.formats.rides import RIDE

# pycolmap brings a compression library of its own, which breaks that of others in one process.
PYCOLMAP = """
import json, sys
import numpy as np, pycolmap
model = pycolmap.Reconstruction(sys.argv[1])
model.update_point_3d_errors()
gaps = [
    float(np.linalg.norm(image.project_point(model.points3D[p.point3D_id].xyz) - p.xy))
    for image in model.images.values() for p in image.points2D if p.has_point3D()
]
points = model.points3D.values()
print(json.dumps({
    "valid": model.is_valid(),
    "mean": model.compute_mean_reprojection_error(),
    "gaps": gaps,
    "poses": {i.name: i.cam_from_world().inverse().matrix().tolist()
              for i in model.images.values()},
    "points": [p.xyz.tolist() for p in points],
    "tracks": [len(p.track.elements) for p in points],
    "camera": [model.cameras[1].model.name, *map(float, model.cameras[1].params)],
}))
"""


def _camera_truth() -> Trajectory:
    return Trajectory(
        RIDE.truth.stamps, RIDE.truth.T_world_body @ RIDE.channels["rgb"].T_body_sensor
    )


def _at_frames(trajectory: Trajectory) -> np.ndarray:
    index = np.searchsorted(trajectory.stamps, RIDE.channels["rgb"].stamps)
    return trajectory.T_world_body[index]


@pytest.mark.parametrize("format", ["tum", "kitti", "euroc"])
def test_evo_finds_no_error_in_exported_ground_truth(format: str, tmp_path: Path):
    file_interface = pytest.importorskip("evo.tools.file_interface", reason="needs evo")
    from evo.core import metrics
    from evo.core.trajectory import PosePath3D, PoseTrajectory3D

    formats.write(format, [RIDE], tmp_path)
    if format == "tum":
        path = tmp_path / RIDE.name / "groundtruth.txt"
        found, truth = file_interface.read_tum_trajectory_file(str(path)), _camera_truth()
    elif format == "euroc":
        path = tmp_path / RIDE.name / "mav0" / "state_groundtruth_estimate0" / "data.csv"
        found, truth = file_interface.read_euroc_csv_trajectory(str(path)), RIDE.truth
    else:
        path = tmp_path / "poses" / "00.txt"
        found = file_interface.read_kitti_poses_file(str(path))
        seen = _at_frames(_camera_truth())
        expected = PosePath3D(poses_se3=list(se3.inverse(seen[0]) @ seen))
    if format != "kitti":
        expected = PoseTrajectory3D(poses_se3=list(truth.T_world_body), timestamps=truth.stamps)
        assert abs(found.timestamps - truth.stamps).max() < 1e-9
    assert found.num_poses == expected.num_poses
    for relation in (metrics.PoseRelation.translation_part, metrics.PoseRelation.rotation_part):
        ate = metrics.APE(relation)
        ate.process_data((expected, found))
        assert ate.get_statistic(metrics.StatisticsType.max) < 2e-9
        rpe = metrics.RPE(relation, delta=1, delta_unit=metrics.Unit.frames)
        rpe.process_data((expected, found))
        assert rpe.get_statistic(metrics.StatisticsType.max) < 2e-9


@pytest.mark.parametrize("format", ["tum", "kitti", "euroc"])
def test_a_trajectory_file_is_written_as_it_is_read(format: str, tmp_path: Path):
    write_trajectory(tmp_path / "once", RIDE.truth, format=format)
    found = read_trajectory(tmp_path / "once", format=format)
    assert abs(found.T_world_body - RIDE.truth.T_world_body).max() < 1e-9
    write_trajectory(tmp_path / "twice", found, format=format)
    assert (tmp_path / "once").read_bytes() == (tmp_path / "twice").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"once", "twice"}
    with pytest.raises(ValueError, match="did you mean 'tum'"):
        write_trajectory(tmp_path / "once", RIDE.truth, format="tun")


@pytest.mark.parametrize("format", ["colmap", "colmap_binary"])
def test_pycolmap_accepts_models(format: str, tmp_path: Path):
    if find_spec("pycolmap") is None:
        pytest.skip("needs pycolmap: navworld[features]")
    ride = example(frames=8, width=160, height=120)
    formats.write(format, [ride], tmp_path)
    model = tmp_path / ride.name / "sparse" / "0"
    done = subprocess.run(
        [sys.executable, "-c", PYCOLMAP, str(model)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["valid"]
    assert found["mean"] < 0.5
    assert max(found["gaps"]) < 1e-5
    assert len(found["points"]) > 500
    assert min(found["tracks"]) >= 2
    points = np.array(found["points"])
    assert np.minimum(abs(points), abs(points - ROOM)).min(1).max() < 1e-5
    lens, camera = ride.channels["rgb"].lens, found["camera"]
    assert camera == ["PINHOLE", lens.fx, lens.fy, lens.cx + 0.5, lens.cy + 0.5]
    index = np.searchsorted(ride.truth.stamps, ride.channels["rgb"].stamps)
    seen = ride.truth.T_world_body[index] @ ride.channels["rgb"].T_body_sensor
    for name, T in zip(sorted(found["poses"]), seen, strict=True):
        assert abs(np.array(found["poses"][name]) - T[:3]).max() < 2e-9


def test_nerfstudio_poses_look_along_minus_z_with_y_up(tmp_path: Path):
    formats.write("nerfstudio", [RIDE], tmp_path)
    scene = json.loads((tmp_path / RIDE.name / "transforms.json").read_text())
    frames = [f for f in scene["frames"] if f["file_path"].startswith("rgb/")]
    lens = RIDE.channels["rgb"].lens
    for frame, T in zip(frames, _at_frames(_camera_truth()), strict=True):
        depth, points, _ = room_depth(T, lens)
        pose = np.array(frame["transform_matrix"])
        p = (points - pose[:3, 3]) @ pose[:3, :3]
        assert np.allclose(-p[..., 2], depth)
        u = frame["cx"] + frame["fl_x"] * p[..., 0] / -p[..., 2]
        v = frame["cy"] - frame["fl_y"] * p[..., 1] / -p[..., 2]
        rows, columns = np.mgrid[: lens.height, : lens.width]
        assert abs(u - columns - 0.5).max() < 1e-9
        assert abs(v - rows - 0.5).max() < 1e-9


def test_velodyne_points_lie_on_the_walls(tmp_path: Path):
    formats.write("kitti", [RIDE], tmp_path)
    home = tmp_path / "sequences" / "00"
    rows = dict(line.split(":") for line in (home / "calib.txt").read_text().splitlines())
    Tr = np.vstack([np.array(rows["Tr"].split(), float).reshape(3, 4), [0, 0, 0, 1]])
    start = _at_frames(_camera_truth())[0]
    poses = np.loadtxt(tmp_path / "poses" / "00.txt").reshape(-1, 3, 4)
    for path in sorted((home / "velodyne").glob("*.bin")):
        points = np.fromfile(path, np.float32).reshape(-1, 4)
        pose = np.vstack([poses[int(path.stem)], [0, 0, 0, 1]])
        world = se3.transform(start @ pose @ Tr, points[:, :3].astype(float))
        assert np.minimum(abs(world), abs(world - ROOM)).min(1).max() < 1e-5


def test_the_second_camera_of_kitti_is_a_baseline_away(tmp_path: Path):
    formats.write("kitti", [RIDE], tmp_path)
    lines = (tmp_path / "sequences" / "00" / "calib.txt").read_text().splitlines()
    P = {line[:2]: np.array(line[3:].split(), float).reshape(3, 4) for line in lines}
    assert P["P3"][0, 3] == pytest.approx(-RIDE.channels["rgb"].lens.fx * 0.12)
    (ride,) = formats.read(tmp_path)
    left, right = (ride.channels[f"image_{k}"].T_body_sensor for k in (2, 3))
    assert (se3.inverse(left) @ right)[:3, 3] == pytest.approx([0.12, 0, 0])


def test_shards_follow_the_rules_of_webdataset(tmp_path: Path):
    formats.write("webdataset", [RIDE], tmp_path)
    with tarfile.open(next(tmp_path.glob("*.tar"))) as tar:
        names = tar.getnames()
    keys = [name.rsplit("/", 1)[0] + "/" + name.rsplit("/", 1)[1].split(".")[0] for name in names]
    runs = [key for k, key in enumerate(keys) if k == 0 or keys[k - 1] != key]
    assert len(runs) == len(set(runs)) == len(RIDE.channels["rgb"])
    assert all(f"{key}.rgb.png" in names and f"{key}.json" in names for key in runs)


def test_a_bag_holds_the_messages_of_ros(tmp_path: Path):
    rosbag2 = pytest.importorskip("rosbags.rosbag2", reason="needs rosbags: navworld[data]")
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    formats.write("rosbag", [RIDE], tmp_path)
    with rosbag2.Reader(tmp_path / RIDE.name) as reader:
        types = {c.topic: c.msgtype for c in reader.connections}
        first = {}
        for connection, _, data in reader.messages():
            first.setdefault(connection.topic, store.deserialize_cdr(data, connection.msgtype))
    assert types["/rgb/image_raw"] == "sensor_msgs/msg/Image"
    assert types["/rgb/camera_info"] == "sensor_msgs/msg/CameraInfo"
    assert types["/imu/imu"] == "sensor_msgs/msg/Imu"
    assert types["/lidar/points"] == "sensor_msgs/msg/PointCloud2"
    assert types["/ground_truth/odometry"] == "nav_msgs/msg/Odometry"
    assert types["/tf"] == types["/tf_static"] == "tf2_msgs/msg/TFMessage"
    image, imu, cloud = first["/rgb/image_raw"], first["/imu/imu"], first["/lidar/points"]
    assert image.data.tobytes() == RIDE.read("rgb", 0).tobytes()
    assert image.header.stamp.sec == int(RIDE.channels["rgb"].stamps[0])
    assert imu.linear_acceleration.z == RIDE.read("imu", 0)[2]
    assert imu.angular_velocity.x == RIDE.read("imu", 0)[3]
    assert imu.orientation_covariance[0] == -1
    assert [f.name for f in cloud.fields] == ["x", "y", "z", "intensity"]
    assert cloud.width == len(RIDE.read("lidar", 0))
    speed = first["/ground_truth/odometry"].twist.twist.linear
    assert [speed.x, speed.y, speed.z] == pytest.approx(RIDE.velocity[0, :3].tolist())

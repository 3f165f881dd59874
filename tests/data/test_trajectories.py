"""Trajectory files: every format is read as it is written, every defect gets one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from navworld.data.trajectories import read_trajectory, trajectory_format
from navworld.geometry import Trajectory, se3, so3

TUM = "1.0 0 0 0 0 0 0 1\n1.1 1 0 0 0 0 0 1\n1.2 2 0 0 0 0 0 1\n"


def _walk(count: int = 7) -> Trajectory:
    rng = np.random.default_rng(0)
    return Trajectory(100 + 0.1 * np.arange(count), se3.random(rng, (count,)))


def _written(walk: Trajectory, kind: str) -> str:
    q, p = so3.to_quaternion(walk.T_world_body[:, :3, :3]), walk.positions
    rows = []
    for k, stamp in enumerate(walk.stamps):
        if kind == "tum":
            rows.append(" ".join(f"{x:.17g}" for x in [stamp, *p[k], *q[k]]))
        elif kind == "kitti":
            rows.append(" ".join(f"{x:.17g}" for x in walk.T_world_body[k, :3].ravel()))
        else:
            numbers = ",".join(f"{x:.17g}" for x in [*p[k], q[k, 3], *q[k, :3], 0.1, 0.2])
            rows.append(f"{round(stamp * 1e9)},{numbers}")
    return "\n".join(["# a comment", *rows, ""])


@pytest.mark.parametrize("kind", ["tum", "kitti", "euroc"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_format_is_recognised_and_read(kind: str, ending: str, tmp_path: Path):
    walk, path = _walk(), tmp_path / "poses.txt"
    path.write_bytes(_written(walk, kind).replace("\n", ending).encode())
    assert trajectory_format(path) == kind
    found = read_trajectory(path)
    np.testing.assert_allclose(found.T_world_body, walk.T_world_body, atol=1e-12)
    expected = np.arange(len(walk)) if kind == "kitti" else walk.stamps
    np.testing.assert_allclose(found.stamps, expected, atol=1e-9)


def test_kitti_poses_take_their_times_from_a_file(tmp_path: Path):
    walk, path, times = _walk(), tmp_path / "00.txt", tmp_path / "times.txt"
    path.write_text(_written(walk, "kitti"))
    times.write_text("\n".join(f"{t:.6e}" for t in walk.stamps))
    np.testing.assert_allclose(read_trajectory(path, times=times).stamps, walk.stamps, rtol=1e-6)
    times.write_text("0.0\n0.1\n")
    with pytest.raises(ValueError, match=r"2 times, but .* has 7 poses"):
        read_trajectory(path, times=times)


def test_a_mark_of_byte_order_tabs_and_blank_lines_are_no_obstacle(tmp_path: Path):
    path = tmp_path / "poses.txt"
    path.write_bytes(b"\xef\xbb\xbf" + ("\n" + TUM.replace(" ", "\t") + "\n\n").encode())
    assert len(read_trajectory(path)) == 3


def test_rounded_quaternions_are_normalised(tmp_path: Path):
    path = tmp_path / "poses.txt"
    path.write_text("0 0 0 0 0.6 0 0 0.81\n")
    assert se3.is_rigid(read_trajectory(path).T_world_body, 1e-12).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no pose"),
        ("# only a comment\n", "holds no pose"),
        ("1 2 3\n", "line 1 of .* has 3 columns"),
        (TUM + "1.3 2 0 0\n", "line 4 of .* has 4 columns"),
        (TUM + "1.3 2 0 0 0 0 0 one\n", "line 4 of .* has 'one' where a number"),
        (TUM + "1.3 nan 0 0 0 0 0 1\n", r"line 4 of .* holds NaN or infinity \(1 such"),
        (TUM + "1.3 inf 0 0 0 0 0 1\n", "line 4 of .* holds NaN or infinity"),
        (TUM + "1.2 3 0 0 0 0 0 1\n", "line 4 .* repeats the time of line 3"),
        ("#\n" + TUM + "1.1 3 0 0 0 0 0 1\n", "line 5 .* goes back in time from that of line 4"),
        (TUM + "1.3 3 0 0 0 0 0 0\n", "line 4 of .* quaternion of length 0"),
        (TUM + "1.3 0 0 0 1 0 0 7\n", "line 4 of .* quaternion of length 7.07"),
        ("1 0 0 0 0 1 0 0 0 0 2 0\n", "line 1 of .* is no pose"),
        ("1 0 0 0 0 1 0 0 0 0 -1 0\n", "line 1 of .* is no pose"),
        ("1,0,0,0,1,0,0\n", "line 1 of .* has 7 columns"),
        ("time,x,y,z,qw,qx,qy,qz\n", "line 1 of .* has 'time' where a number"),
    ],
)
def test_a_defect_is_named_with_its_line_in_one_sentence(text: str, message: str, tmp_path: Path):
    path = tmp_path / "poses.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_trajectory(path)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_file_is_refused(tmp_path: Path):
    path = tmp_path / "poses.txt"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match="is not text"):
        read_trajectory(path)
    path.write_bytes(b"\0\0\0\0")
    with pytest.raises(ValueError, match="is not text"):
        read_trajectory(path)
    with pytest.raises(FileNotFoundError, match="is a folder"):
        read_trajectory(tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_trajectory(tmp_path / "missing.txt")


def test_an_unknown_format_and_needless_times_are_refused(tmp_path: Path):
    path = tmp_path / "poses.txt"
    path.write_text(TUM)
    with pytest.raises(ValueError, match="did you mean 'kitti'"):
        read_trajectory(path, format="kiti")
    with pytest.raises(ValueError, match="leave out times"):
        read_trajectory(path, times=path)


def test_real_files_are_read(data: Path):
    folder = data / "trajectories"
    truth = read_trajectory(folder / "tum_freiburg1_xyz" / "freiburg1_xyz-groundtruth.txt")
    assert len(truth) == 3000
    assert truth.duration == pytest.approx(30.09, abs=0.01)
    assert len(read_trajectory(folder / "slambook" / "estimated.txt")) == 612

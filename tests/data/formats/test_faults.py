"""Damaged files: one clear sentence each, and nothing written outside the folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from navworld.data import formats
from navworld.data.formats import broad, carmen, chessboards, g2o, gait, images, slambook
from navworld.data.formats.images import decode, encode_png
from navworld.data.text import nanoseconds, rounded_poses, seconds
from navworld.envs.verify.format_faults import FAULTS, Fault, is_clear, sentence_about
from navworld.geometry import se3, so3
from tests.data.formats.rides import content, needs, only


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.name} ({fault.format})")
def test_damage_gets_one_clear_sentence(fault: Fault, tmp_path: Path):
    folder = tmp_path / "inner" / "folder"
    channels = ("rgb", "depth", "imu", "lidar")
    formats.write(needs(fault.format), [only(*channels)], folder)
    said = sentence_about(fault, folder)
    assert is_clear(said, fault), said
    assert sorted(p.name for p in tmp_path.rglob("*") if folder not in p.parents) == [
        "folder",
        "inner",
    ]


@pytest.mark.parametrize("format", formats.WRITTEN)
def test_an_undamaged_folder_says_nothing(format: str, tmp_path: Path):
    formats.write(needs(format), [only("rgb", "depth", "imu", "lidar")], tmp_path)
    assert sentence_about(Fault("none", format, lambda folder: None, ""), tmp_path) == ""


@pytest.mark.parametrize("format", formats.WRITTEN)
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_cut_files_of_any_kind_never_pass_for_whole(format: str, keep: float, tmp_path: Path):
    formats.write(needs(format), [only("rgb", "depth")], tmp_path / "sound")
    sound = content(tmp_path / "sound")
    largest = max(sound, key=lambda name: len(sound[name]))
    damaged = tmp_path / "sound" / largest

    def cut(folder: Path) -> None:
        damaged.write_bytes(sound[largest][: int(len(sound[largest]) * keep)])

    said = sentence_about(Fault("cut", format, cut, ""), tmp_path / "sound")
    assert said
    assert "\n" not in said


def test_every_flipped_byte_of_a_png_is_noticed():
    image = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(6, 8, 3)
    data = encode_png(image)
    assert np.array_equal(decode(data, "x.png"), image)
    for k in range(8, len(data)):
        harmed = bytearray(data)
        harmed[k] ^= 0x10
        with pytest.raises(ValueError, match=r"x\.png is (damaged|cut off)"):
            decode(bytes(harmed), "x.png")
    for k in range(len(data)):
        with pytest.raises(ValueError, match=r"x\.png is (damaged|cut off)"):
            decode(data[:k], "x.png")


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((5, 7), np.uint8), ((5, 7), np.uint16), ((1, 1), np.uint8), ((1, 1), np.uint16),
        ((5, 7, 3), np.uint8), ((1, 2, 3), np.uint8), ((480, 640), np.uint16),
    ],
)  # fmt: skip
def test_png_is_without_loss(shape, dtype):
    rng = np.random.default_rng(0)
    image = rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    found = decode(encode_png(image), "x.png")
    assert found.dtype == dtype
    assert np.array_equal(found, image)


def test_depth_that_is_too_far_or_unknown_becomes_zero_and_is_counted():
    depth = np.array([[0, 1.0, 13.107, 13.2, np.nan, np.inf, -1.0]], np.float32)
    units, far = images.depth_to_integers(depth, 5000)
    assert units.tolist() == [[0, 5000, 65535, 0, 0, 0, 0]]
    assert far == 1


def test_rounded_poses_stay_the_same():
    rng = np.random.default_rng(0)
    half_turns = so3.exp(np.pi * np.eye(3)[[0, 1, 2, 0]] * [[1], [1], [-1], [1 - 1e-12]])
    R = np.concatenate([so3.random(rng, (2000,)), half_turns, np.eye(3)[None]])
    T = se3.from_rotation_translation(R, rng.uniform(-1e4, 1e4, (len(R), 3)))
    p, q = rounded_poses(T)
    again = rounded_poses(se3.from_rotation_translation(so3.from_quaternion(q), p))
    assert np.array_equal(again[0], p)
    assert np.array_equal(again[1], q)
    assert so3.angle_between(so3.from_quaternion(q), R).max() < 1e-11


def test_nanoseconds_stay_the_same():
    rng = np.random.default_rng(0)
    for scale in (1.0, 1e4, 1.7e9):
        stamps = rng.uniform(0, scale, 10_000)
        whole = nanoseconds(stamps)
        assert np.array_equal(nanoseconds(seconds(whole)), whole)
        assert abs(seconds(whole) - stamps).max() <= max(6e-10, np.spacing(scale))
    assert nanoseconds([1403636579.758555500]).tolist() == [1403636579758555412]


TEXTS = [
    (gait, "walk.csv", "Time (s),Gyroscope X (deg/s),…\n0,1,2,3,4,5\n", "line 2 of .* 6 columns"),
    (gait, "walk.csv", "Time (s),Gyroscope X (deg/s)\n", "no sample"),
    (gait, "walk.csv", "Time (s),Gyroscope X (deg/s)\n1,0,0,0,0,0,1\n1,0,0,0,0,0,2\n", "repeats"),
    (gait, "walk.csv", "Time (s),Gyroscope X (deg/s)\n1,0,0,0,0,0,1\n0,0,0,0,0,0,2\n", "goes back"),
    (carmen, "a.clf", "FLASER 3 1 2 3 0 0 0 0 0 0 1.0 h\n", "line 1 of .* no whole FLASER"),
    (carmen, "a.clf", "FLASER 3 1 2\n", "line 1 of .* no whole FLASER"),
    (carmen, "a.clf", "ODOM 0 0 0 0 0 0 2.0 h 2\nODOM 0 0 0 0 0 0 1.0 h 2\n", "goes back"),
    (carmen, "a.clf", "ODOM nan 0 0 0 0 0 2.0 h 2\n", "holds NaN"),
    (carmen, "a.clf", "# nothing\n", "neither laser scans nor odometry"),
    (carmen, "a.clf.bz2", "no bzip2", "damaged or cut off"),
    (g2o, "a.g2o", "VERTEX_SE2 0 0 0\n", "line 1 of .* has 3 columns"),
    (g2o, "a.g2o", "VERTEX_SE2 0 0 0 nan\n", "NaN"),
    (g2o, "a.g2o", "VERTEX_SE2 0 0 0 0\nVERTEX_SE2 0 0 0 0\n", "two vertices of one number"),
    (g2o, "a.g2o", "VERTEX_XY 0 0 0\n", "begins with 'VERTEX_XY'"),
    (g2o, "a.g2o", "VERTEX_SE2 0 0 0 0\nEDGE_SE2 0 7 1 0 0 1 0 0 1 0 1\n", "joins 0 and 7"),
    (g2o, "a.g2o", "VERTEX_SE3:QUAT 0 0 0 0 0 0 0 0\n", "length 0"),
    (g2o, "a.g2o", "EDGE_SE2 0 7 1 0 0 1 0 0 1 0 1\n", "no vertices"),
    (broad, "a.mat", "no matlab file", "damaged"),
    (slambook, "pose.txt", "0 0 0 0 0 0 1\n", "0 colour images, 0 depth images and 1 poses"),
    (slambook, "pose.txt", "0 0 0 0 0 0 2\n", "length is not 1"),
]


@pytest.mark.parametrize(("reader", "name", "words", "message"), TEXTS)
def test_damaged_real_formats_get_one_sentence(
    reader, name: str, words: str, message: str, tmp_path: Path
):
    (tmp_path / name).write_text(words)
    (tmp_path / "color").mkdir()
    (tmp_path / "depth").mkdir()
    with pytest.raises(ValueError, match=message) as caught:
        reader.read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        "%YAML:1.0\nM1: !!opencv-matrix\n  rows: 3\n  cols: 3\n  dt: d\n  data: [1, 2",
        "%YAML:1.0\nM1: !!python/object/apply:os.system ['touch harmed']\n",
        "nothing of OpenCV",
        "",
    ],
)
def test_calibration_that_is_damaged_or_would_run_is_refused(
    words: str, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "left01.png").write_bytes(encode_png(np.zeros((4, 6), np.uint8)))
    (tmp_path / "intrinsics.yml").write_text(words)
    with pytest.raises(ValueError, match=r"damaged|lacks") as caught:
        chessboards.read(tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "harmed").exists()

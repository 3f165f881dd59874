"""Formats: what is written is read, written again byte for byte, and nothing is lost unsaid."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from navworld.data import formats
from navworld.data.formats import webdataset
from navworld.data.formats.parts import LeftOut
from navworld.data.sequences import Recorded
from navworld.data.writing import NotWrittenError
from navworld.envs.verify.format_examples import example
from navworld.envs.verify.formats import written_formats
from navworld.geometry.cameras import Fisheye, Panorama, Pinhole
from navworld.geometry.trajectories import Trajectory
from tests.data.formats.rides import RIDE, content, needs, only

WITHOUT_LOSS = ("own", "webdataset")
ARRAYS = {"tum": 2e-4 / 2, "nerfstudio": 1e-3 / 2, "colmap": 0, "rosbag": 0, "webdataset": 0}


@pytest.mark.parametrize("format", formats.WRITTEN)
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_read_is_written_again_byte_for_byte(format: str, seed: int, tmp_path: Path):
    rides = [example(seed, frames=4), example(seed + 10, frames=3, name="box.v1-0002")]
    formats.write(needs(format), rides, tmp_path / "once")
    formats.write(format, formats.read(tmp_path / "once"), tmp_path / "twice")
    once, twice = content(tmp_path / "once"), content(tmp_path / "twice")
    assert once.keys() == twice.keys()
    assert [name for name in once if once[name] != twice[name]] == []


def test_another_process_writes_the_same_bytes(tmp_path: Path):
    formats.write("own", [RIDE], tmp_path / "ride")
    (ride,) = formats.read(tmp_path / "ride")
    for format in written_formats():
        formats.write(format, [ride], tmp_path / "here" / format)
    code = (
        "import sys\n"
        "from navworld.data import formats\n"
        "folder, *names = sys.argv[1:]\n"
        "(ride,) = formats.read(f'{folder}/ride')\n"
        "for name in names: formats.write(name, [ride], f'{folder}/there/{name}')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), *written_formats()]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[3])
    assert content(tmp_path / "here") == content(tmp_path / "there")


@pytest.mark.parametrize("format", [f for f in formats.WRITTEN if f != "colmap_binary"])
def test_a_written_folder_is_recognised(format: str, tmp_path: Path):
    formats.write(needs(format), [RIDE], tmp_path / "out")
    assert formats.detect(tmp_path / "out") == format


@pytest.mark.parametrize("format", formats.WRITTEN)
def test_colours_and_times_come_back(format: str, tmp_path: Path):
    formats.write(needs(format), [RIDE], tmp_path)
    (ride,) = formats.read(tmp_path, format)
    name = "image_2" if format == "kitti" else "rgb"
    channel = ride.channels[name]
    assert np.allclose(channel.stamps, RIDE.channels["rgb"].stamps, atol=1e-9, rtol=0)
    for k in range(len(channel)):
        assert np.array_equal(ride.read(name, k), RIDE.read("rgb", k))


@pytest.mark.parametrize(("format", "tolerance"), ARRAYS.items())
def test_depth_comes_back_as_exactly_as_the_format_has_it(
    format: str, tolerance: float, tmp_path: Path
):
    formats.write(needs(format), [RIDE], tmp_path)
    (ride,) = formats.read(tmp_path)
    for k in range(len(ride.channels["depth"])):
        found, true = ride.read("depth", k), RIDE.read("depth", k)
        assert found.dtype == np.float32
        assert abs(found - true).max() <= tolerance * 1.01


@pytest.mark.parametrize("format", WITHOUT_LOSS)
def test_everything_comes_back_without_loss(format: str, tmp_path: Path):
    written = formats.write(format, [RIDE], tmp_path)
    (ride,) = formats.read(tmp_path)
    assert not written.left_out
    assert ride.channels.keys() == RIDE.channels.keys()
    for name, true in RIDE.channels.items():
        channel = ride.channels[name]
        assert np.array_equal(channel.stamps, true.stamps)
        assert (channel.kind, channel.shape, channel.lens) == (true.kind, true.shape, true.lens)
        assert np.array_equal(channel.T_body_sensor, true.T_body_sensor)
        for k in range(len(true)):
            item = ride.read(name, k)
            assert item.dtype == true.dtype
            assert np.array_equal(item, RIDE.read(name, k))
    assert np.array_equal(ride.truth.T_world_body, RIDE.truth.T_world_body)
    assert np.array_equal(ride.velocity, RIDE.velocity)
    assert ride.info == RIDE.info


@pytest.mark.parametrize("format", formats.WRITTEN)
def test_what_a_format_cannot_hold_is_said(format: str, tmp_path: Path):
    written = formats.write(needs(format), [RIDE], tmp_path)
    (ride,) = formats.read(tmp_path, format)
    told = {entry.what for entry in written.left_out}
    renamed = {"image_2": "rgb", "image_3": "right_rgb", "velodyne": "lidar", "cam0": "rgb"}
    held = {renamed.get(name, name) for name in ride.channels}
    for name in RIDE.channels.keys() - held:
        assert any(name in what for what in told), f"{name} was dropped without a word"
    assert bool(ride.info) != ("info" in told)
    assert (ride.velocity is None) == ("velocity" in told)
    assert all(isinstance(entry, LeftOut) and "\n" not in str(entry) for entry in written.left_out)


def test_images_are_decoded_when_they_are_asked_for(tmp_path: Path, monkeypatch):
    formats.write("tum", [RIDE], tmp_path)
    calls = []
    original = cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda *a: calls.append(1) or original(*a))
    (ride,) = formats.read(tmp_path)
    opened = len(calls)
    assert opened == 2  # the first of every list tells size and kind
    ride.read("rgb", 3)
    assert len(calls) == opened + 1


@pytest.mark.parametrize("format", formats.WRITTEN)
def test_sequences_travel_to_other_processes(format: str, tmp_path: Path):
    formats.write(needs(format), [RIDE], tmp_path)
    (ride,) = formats.read(tmp_path, format)
    name = next(iter(ride.channels))
    expected = ride.read(name, 1)
    if format != "own":
        again = pickle.loads(pickle.dumps(ride))
        assert np.array_equal(again.read(name, 1), expected)


@pytest.mark.parametrize(
    ("format", "lens"),
    [
        (format, lens)
        for format in ("tum", "euroc", "colmap", "colmap_binary", "nerfstudio", "rosbag")
        for lens in (
            Pinhole(64, 48, 40.1, 40.3, 31.2, 23.9, (-0.28, 0.07, 2e-4, 1.7e-5, 0.01)),
            Pinhole(64, 48, 1 / 3 + 40, 40.3, 31.1, 23.9, (0.0,) * 5),
            Fisheye(64, 48, 22.3, 22.1, 31.2, 23.9, (-0.01, 0.02, -0.003, 0.001)),
        )
    ]
    + [("nerfstudio", Panorama(64, 48))],
)
def test_every_lens_comes_back_or_is_named(format: str, lens, tmp_path: Path):
    camera = replace(RIDE.channels["rgb"], lens=lens)
    ride = replace(only("rgb"), channels={"rgb": camera})
    written = formats.write(needs(format), [ride], tmp_path / "once")
    (found,) = formats.read(tmp_path / "once", format)
    plain = getattr(lens, "distortion", None) == (0.0,) * 5
    expected = replace(lens, distortion=None) if plain else lens
    if not any("lens" in entry.what for entry in written.left_out):
        given = found.channels["rgb"].lens
        assert type(given) is type(expected)
        assert vars(given) == {k: pytest.approx(v, abs=1e-12) for k, v in vars(expected).items()}
    formats.write(format, [found], tmp_path / "twice")
    assert content(tmp_path / "once") == content(tmp_path / "twice")


@pytest.mark.parametrize("start", [0.0, 1403636579.7635555, 1.7e9 + 1 / 3])
@pytest.mark.parametrize("format", formats.WRITTEN)
def test_clocks_since_1970_come_back_too(format: str, start: float, tmp_path: Path):
    move = start - RIDE.truth.stamps[0]
    channels = {n: replace(c, stamps=c.stamps + move) for n, c in RIDE.channels.items()}
    truth = Trajectory(RIDE.truth.stamps + move, RIDE.truth.T_world_body)
    ride = Recorded(RIDE.name, channels, RIDE.items, truth, RIDE.velocity, RIDE.info)
    formats.write(needs(format), [ride], tmp_path / "once")
    again = formats.read(tmp_path / "once", format)
    channel = again[0].channels["image_2" if format == "kitti" else "rgb"]
    assert abs(channel.stamps - channels["rgb"].stamps).max() <= 3e-7
    formats.write(format, again, tmp_path / "twice")
    assert content(tmp_path / "once") == content(tmp_path / "twice")


def test_long_sequences_fill_several_shards(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(webdataset, "SAMPLES", 4)
    formats.write("webdataset", [RIDE], tmp_path)
    assert len(list(tmp_path.glob("*.tar"))) == 2
    (ride,) = formats.read(tmp_path)
    assert np.array_equal(ride.read("rgb", 5), RIDE.read("rgb", 5))
    (tmp_path / f"{RIDE.name}-000001.tar").unlink()
    with pytest.raises(ValueError, match="4 of 6 samples"):
        formats.read(tmp_path)


def test_tar_headers_do_not_tell_who_wrote_them_when(tmp_path: Path):
    import tarfile

    formats.write("webdataset", [RIDE], tmp_path)
    with tarfile.open(next(tmp_path.glob("*.tar"))) as tar:
        members = tar.getmembers()
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, 0, "", "")}
    assert [m.name for m in members] == sorted(m.name for m in members)


@pytest.mark.parametrize("format", formats.WRITTEN)
def test_nothing_is_written_over(format: str, tmp_path: Path):
    formats.write(needs(format), [RIDE], tmp_path)
    before = content(tmp_path)
    with pytest.raises(FileExistsError, match="exists already: remove it"):
        formats.write(format, [RIDE], tmp_path)
    assert content(tmp_path) == before


@pytest.mark.parametrize("format", [f for f in formats.WRITTEN if f != "own"])
def test_a_failure_leaves_nothing_half_written(format: str, tmp_path: Path):
    def refuse(channel: str, index: int):
        if index == 2:
            raise ValueError("the camera broke")
        return RIDE.read(channel, index)

    class Broken:
        name, channels, truth = RIDE.name, RIDE.channels, RIDE.truth
        velocity, info, read = RIDE.velocity, RIDE.info, staticmethod(refuse)

    with pytest.raises(ValueError, match="the camera broke"):
        formats.write(needs(format), [Broken()], tmp_path / "out")
    assert content(tmp_path) == {}


def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path, monkeypatch):
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NotWrittenError, match="No space left on device") as caught:
        formats.write("tum", [RIDE], tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert content(tmp_path) == {}


def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path):
    (tmp_path / "out").write_text("here already")
    with pytest.raises((NotWrittenError, FileExistsError), match="out"):
        formats.write("tum", [RIDE], tmp_path / "out")


@pytest.mark.parametrize("name", ["../away", "/tmp/away", "", ".hidden", "a b", "a/b", ".."])
def test_names_that_lead_elsewhere_are_refused(name: str, tmp_path: Path):
    with pytest.raises(ValueError, match="cannot name a sequence"):
        formats.write("tum", [replace(RIDE, name=name)], tmp_path / "out")
    with pytest.raises(ValueError, match="cannot name a channel"):
        channels = {name: RIDE.channels["rgb"]}
        formats.write("tum", [replace(RIDE, channels=channels)], tmp_path / "out")
    assert content(tmp_path) == {}


def test_unknown_formats_and_folders_get_one_sentence(tmp_path: Path):
    with pytest.raises(ValueError, match="did you mean 'euroc'"):
        formats.write("eurok", [RIDE], tmp_path)
    with pytest.raises(ValueError, match="no format 'carmen' is written"):
        formats.write("carmen", [RIDE], tmp_path)
    with pytest.raises(ValueError, match="is empty"):
        formats.read(tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        formats.read(tmp_path / "nowhere")
    (tmp_path / "readme.md").write_text("nothing here")
    with pytest.raises(ValueError, match="fits no format"):
        formats.read(tmp_path)
    with pytest.raises(ValueError, match="did you mean 'kitti'"):
        formats.read(tmp_path, "kiti")


def test_bags_without_their_package_say_what_to_install(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rosbags", None)
    with pytest.raises(ModuleNotFoundError, match=r"navworld\[data\]"):
        formats.write("rosbag", [RIDE], tmp_path)


@pytest.mark.parametrize("format", ["tum", "euroc", "colmap", "nerfstudio", "rosbag"])
def test_what_a_killed_export_leaves_is_skipped_and_replaced(format: str, tmp_path: Path):
    formats.write(needs(format), [RIDE], tmp_path / "whole")
    left = tmp_path / "again" / f".{RIDE.name}.part"
    shutil.copytree(tmp_path / "whole" / RIDE.name, left)
    with pytest.raises(ValueError, match="is empty"):
        formats.read(tmp_path / "again")
    (left / "rubbish").write_text("half")
    formats.write(format, [RIDE], tmp_path / "again")
    assert content(tmp_path / "again") == content(tmp_path / "whole")


def test_kitti_holds_gray_and_colour_pairs_beside_each_other(tmp_path: Path):
    left, right = RIDE.channels["rgb"], RIDE.channels["right_rgb"]
    channels, items = {}, {}
    for name, channel in (("left", left), ("right", right)):
        colour = "rgb" if name == "left" else "right_rgb"
        channels[f"{name}_gray"] = replace(channel, kind="gray", shape=channel.shape[:2])
        items[f"{name}_gray"] = [image[..., 1] for image in RIDE.items[colour]]
        place = channel.T_body_sensor.copy()
        place[:3, 3] += (0.003, -0.06, 0.0003)
        channels[f"{name}_rgb"] = replace(channel, T_body_sensor=place)
        items[f"{name}_rgb"] = RIDE.items[colour]
    ride = Recorded(RIDE.name, channels, items, RIDE.truth)
    formats.write("kitti", [ride], tmp_path / "once")
    (found,) = formats.read(tmp_path / "once")
    assert list(found.channels) == ["image_0", "image_1", "image_2", "image_3"]
    gray, colour = (found.channels[f"image_{k}"].T_body_sensor for k in (0, 2))
    expected = np.linalg.inv(left.T_body_sensor) @ channels["left_rgb"].T_body_sensor
    assert abs(np.linalg.inv(gray) @ colour - expected).max() < 1e-9
    formats.write("kitti", [found], tmp_path / "twice")
    assert content(tmp_path / "once") == content(tmp_path / "twice")

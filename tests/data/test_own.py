"""The library's own format: nothing is lost, and what is damaged is noticed."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from navworld.data.coding import COLORS, PLANES, decode, encode
from navworld.data.formats import own
from navworld.data.overlap import overlap
from navworld.data.sequences import Channel, Recorded, Sequence
from navworld.data.shards import Shard
from navworld.geometry.cameras import Fisheye, Pinhole
from navworld.geometry.trajectories import Trajectory

TYPES = ["u1", "i1", "<u2", "<i2", "<i4", "<u4", "<f4", "<f8", "<i8", "?"]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=24)


def same(a: NDArray, b: NDArray) -> bool:
    """Whether two arrays are the same bits of the same type and shape."""
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_array_comes_back_bit_by_bit(data: st.DataObject) -> None:
    dtype = np.dtype(data.draw(st.sampled_from(TYPES)))
    array = data.draw(hnp.arrays(dtype, data.draw(SHAPES)))
    assert same(decode(encode(array)), array)


@pytest.mark.parametrize("dtype", ["<f4", "<i4", "u1", "<u2"])
@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (40, 50, 2), (1, 70), (300, 4)])
def test_extreme_images_come_back_bit_by_bit(dtype: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    noise = rng.integers(0, 256, count, np.uint8).view(dtype).reshape(shape)
    ramp = np.indices(shape).sum(0).astype(dtype)
    edges = np.where(ramp.astype(int) % 20 < 10, noise, ramp)
    for image in (noise, ramp, edges, np.zeros(shape, dtype)):
        assert same(decode(encode(image)), image)


def test_depth_with_holes_and_nan_comes_back_bit_by_bit() -> None:
    depth = np.linspace(0.5, 4, 64 * 48, dtype=np.float32).reshape(48, 64) ** -1
    depth[5:9, 5:30], depth[20, 7], depth[21, 7] = 0, np.nan, -np.inf
    assert same(decode(encode(depth)), depth)


def test_the_code_is_the_one_that_is_documented() -> None:
    rng = np.random.default_rng(1)
    smooth = rng.integers(0, 4, (13, 17, 3)).cumsum(0).cumsum(1) % 256
    rgb = smooth.astype(np.uint8)
    rgb[3:9, 4:12] = 250
    data = encode(rgb)
    assert data[0] == COLORS
    green, red, blue = read_planes(data, rgb.shape, 3, plane_only=False)
    assert np.array_equal(np.stack([red + green, green, blue + green], -1), rgb)
    depth = (1 + rng.random((9, 20))).astype(np.float32)
    depth[2:4] = 0
    data = encode(depth)
    assert data[0] == PLANES
    (bits,) = read_planes(data, depth.shape, 1, plane_only=True)
    assert np.array_equal(bits.astype(np.int32).view(np.float32), depth)


def read_planes(
    data: bytes, shape: tuple[int, ...], channels: int, *, plane_only: bool
) -> list[NDArray[np.int64]]:
    """What the description of the format in `navworld.data.coding` says, bit by bit."""
    at, planes = 6 + 4 * len(shape), []
    for _ in range(channels):
        (words,) = struct.unpack_from("<I", data, at)
        raw = np.frombuffer(data, np.uint8, 4 * words, at + 4)
        bits = iter(np.unpackbits(raw, bitorder="little").tolist())
        at += 4 + 4 * words

        def number(count: int, bits: object = bits) -> int:
            return sum(next(bits) << k for k in range(count))  # type: ignore[call-overload]

        height, width = shape[:2]
        values = np.zeros((height, width), np.int64)
        order = 0
        for k in range(height * width):
            if k % 16 == 0:
                order = number(5)
            folded = 0
            if order == 30:
                folded = number(32)
            elif order != 31:
                zeros = 0
                while zeros < 24 and not number(1):
                    zeros += 1
                folded = number(32) if zeros == 24 else (zeros << order) + number(order)
            residual = folded // 2 if folded % 2 == 0 else -(folded + 1) // 2
            i, j = divmod(k, width)
            a = values[i, j - 1] if j else 0
            b = values[i - 1, j] if i else 0
            c = values[i - 1, j - 1] if i and j else 0
            if i and j:
                plane = a + b - c
                predicted = plane if plane_only else sorted((a, b, plane))[1]
            else:
                predicted = a if j else b
            values[i, j] = (predicted + residual + 2**31) % 2**32 - 2**31
        planes.append(values)
    assert at == len(data)
    return planes


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 3))
def test_bytes_that_are_no_item_are_refused(noise: bytes, method: int) -> None:
    header = struct.pack("<B4sB2I", method, b"<f4 ", 2, 8, 9)
    for data in (noise, header + noise):
        try:
            decode(data)
        except ValueError:
            continue
        assert len(data) > 6  # a few happen to be items


def test_what_is_cut_off_is_refused() -> None:
    image = np.random.default_rng(0).integers(0, 9, (30, 40)).astype(np.int32)
    data = encode(image)
    for length in range(0, len(data), 7):
        with pytest.raises(ValueError, match=r"item"):
            decode(data[:length])


def test_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        encode(np.array([{}]))


def example(name: str = "hall") -> Recorded:
    """A sequence with channels of every kind."""
    rng = np.random.default_rng(0)
    at = np.arange(30) / 10
    fast = 0.01 * np.arange(1, 301)
    sizes = rng.integers(0, 40, 30)
    T = np.tile(np.eye(4), (30, 1, 1))
    T[:, 0, 3] = at
    lens = Pinhole.from_fov(48, 40)
    items = {
        "rgb": rng.integers(0, 255, (30, 40, 48, 3), np.uint8),
        "depth": rng.random((30, 40, 48), np.float32),
        "classes": rng.integers(0, 40, (30, 40, 48)).astype(np.int32),
        "flow": rng.random((30, 40, 48, 2), np.float32),
        "cloud": [rng.random((n, 4), np.float32) for n in sizes],
        "events": [rng.random((n, 4)) for n in sizes],
        "scan": rng.random((30, 90), np.float32),
        "imu": rng.random((300, 6), np.float32),
    }
    kinds = ("rgb", "depth", "labels", "image", "points", "events", "scan", "samples")
    channels = {}
    for (key, values), kind in zip(items.items(), kinds, strict=True):
        shape = (-1, 4) if kind in ("points", "events") else np.shape(values[0])
        camera = {"lens": lens, "T_body_sensor": T[3]} if kind in ("rgb", "depth") else {}
        stamps = fast if key == "imu" else at
        channels[key] = Channel(kind, stamps, shape, values[0].dtype, **camera)
    return Recorded(name, channels, items, Trajectory(at, T), rng.random((30, 6)), {"seed": 3})


def assert_equal(a: Sequence, b: Sequence) -> None:
    assert (a.name, dict(a.info), set(a.channels)) == (b.name, dict(b.info), set(b.channels))
    for name, channel in a.channels.items():
        other = b.channels[name]
        assert same(channel.stamps, other.stamps)
        for field in ("kind", "shape", "dtype", "lens", "unit"):
            assert getattr(channel, field) == getattr(other, field)
        for k in range(len(channel)):
            assert same(a.read(name, k), b.read(name, k)), (name, k)
    assert a.truth is not None and b.truth is not None
    assert same(a.truth.T_world_body, b.truth.T_world_body)


def test_a_sequence_comes_back_as_it_was(tmp_path: Path) -> None:
    files = own.write(example(), tmp_path, shard_seconds=0.7)
    assert {f"{k:05d}.shard" for k in range(5)} < files.keys()
    (back,) = own.read(tmp_path)
    assert_equal(example(), back)
    assert back.channels["rgb"].lens == Pinhole.from_fov(48, 40)


def test_a_fisheye_keeps_its_distortion(tmp_path: Path) -> None:
    lens = Fisheye(8, 8, 3.0, 3.0, 4.0, 4.0, (0.1, 0.2, 0.3, 0.4), 195.0)
    images = np.zeros((1, 8, 8), np.uint8)
    channel = Channel("gray", np.zeros(1), (8, 8), np.dtype(np.uint8), lens=lens)
    own.write(Recorded("eye", {"gray": channel}, {"gray": images}), tmp_path)
    assert own.read(tmp_path)[0].channels["gray"].lens == lens


def test_the_same_sequence_gives_the_same_bytes(tmp_path: Path) -> None:
    a, b = own.write(example(), tmp_path / "a"), own.write(example(), tmp_path / "b")
    assert a == b and own.digest(a) == own.digest(dict(reversed(b.items())))


class Breaking(Recorded):
    """A sequence whose reading fails at some moment."""

    def read(self, channel: str, index: int) -> NDArray:
        if (channel, index) == ("depth", 17):
            raise KeyboardInterrupt
        return super().read(channel, index)


def test_an_interrupted_writing_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = example()
    wanted = own.write(whole, tmp_path / "a", shard_seconds=0.7)
    broken = Breaking(**vars(whole))
    with pytest.raises(KeyboardInterrupt):
        own.write(broken, tmp_path / "b", shard_seconds=0.7, resume=True)
    home = tmp_path / "b" / "hall"
    assert sorted(path.name for path in home.iterdir()) == [
        "00000.shard", "00001.shard", "motion.shard",
    ]  # fmt: skip
    with pytest.raises(FileNotFoundError, match="finished"):
        own.read(tmp_path / "b")
    before = (home / "00001.shard").stat().st_ino
    assert own.write(whole, tmp_path / "b", shard_seconds=0.7, resume=True) == wanted
    assert (home / "00001.shard").stat().st_ino == before


def test_a_damaged_item_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    own.write(example(), tmp_path)
    path = tmp_path / "hall" / "00000.shard"
    data = bytearray(path.read_bytes())
    offset, size, _ = Shard(path).index["rgb"]["items"][0]
    data[offset + size // 2] ^= 4
    path.write_bytes(data)
    (back,) = own.read(tmp_path)
    with pytest.raises(ValueError, match=r"item 0 of channel 'rgb' in .*00000\.shard is damaged"):
        back.read("rgb", 0)
    assert same(back.read("depth", 3), example().read("depth", 3))


def test_a_shard_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    own.write(example(), tmp_path, shard_seconds=0.3)
    path = tmp_path / "hall" / "00000.shard"
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    for length in [0, 1, 15, 16, *rng.integers(17, len(data), 200).tolist(), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"00000\.shard is damaged or cut off"):
            Shard(path)
        path.write_bytes(data[:length] + rng.bytes(16))
        with pytest.raises(ValueError, match="damaged or cut off"):
            Shard(path)


@pytest.mark.parametrize("name", ["../out", "a/b", "", "..", "a b", "/tmp/x"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name of a sequence"):
        own.write(Recorded(name, {}, {}), tmp_path / "in")
    assert not any(tmp_path.iterdir())


def test_a_head_that_names_files_elsewhere_is_not_trusted(tmp_path: Path) -> None:
    own.write(example(), tmp_path)
    head = tmp_path / "hall" / own.HEAD
    told = json.loads(head.read_text())
    head.write_text(json.dumps({**told, "files": {"../../etc/passwd": "0"}}))
    assert own.finished(tmp_path / "hall") is None
    head.write_text(json.dumps({**told, "name": "../up"}))
    with pytest.raises(ValueError, match="name of a sequence"):
        own.read(tmp_path)


def test_missing_channels_and_items_are_named(tmp_path: Path) -> None:
    own.write(example(), tmp_path)
    (back,) = own.read(tmp_path)
    with pytest.raises(KeyError, match="no channel 'rbg'"):
        back.read("rbg", 0)
    with pytest.raises(IndexError, match="30 items"):
        back.read("rgb", 30)


def test_overlap_of_views_of_a_wall() -> None:
    lens = Pinhole.from_fov(64, 64, 90.0)
    wall = np.full((64, 64), 2.0, np.float32)  # shows 4 m of it
    T = np.eye(4)
    assert overlap(wall, wall, T, lens) == 1.0
    T[0, 3] = 2.0  # half a picture to the right
    assert overlap(wall, wall, T, lens) == pytest.approx(0.5, abs=0.04)
    hidden = np.full((64, 64), 1.0, np.float32)
    assert overlap(wall, hidden, np.eye(4), lens) == 0.0
    T = np.diag([-1.0, 1.0, -1.0, 1.0])  # looks the other way
    assert overlap(wall, wall, T, lens) == 0.0
    wall[:32] = 0
    assert overlap(wall, wall, np.eye(4), lens) == 0.5

"""Recording: what is measured on rides, and that data sets are whole and repeatable."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from navworld.cli import main
from navworld.data import formats
from navworld.data.formats import own
from navworld.data.writing import NotWrittenError
from navworld.envs.recording import RecordConfig, RiddenSequence, load_record_config, record, rides
from navworld.envs.recording.motions import Backwards, body_velocity, driven
from navworld.envs.recording.plan import split_of
from navworld.envs.recording.record import DATASET
from navworld.envs.verify.faults import files_in, killed_after
from navworld.geometry import se3, so3
from navworld.geometry.imu import strapdown
from navworld.sensors import SENSOR_NAMES
from navworld.world.body import Camera
from navworld.world.carriers import CARRIERS, Wheeled
from navworld.world.rays import render
from navworld.world.routes import Pace, roam
from navworld.world.store import shared_store

SMALL = RecordConfig(
    scenes="maze:0",
    sensors={"rgb": 10, "depth": 10, "semantic": 10, "imu": 100, "gps": 5},
    seconds=3.0,
    image_size=(24, 32),
    light="none",
)
CONFIGS = Path(__file__).parents[2] / "configs"


def first(config: RecordConfig) -> RiddenSequence:
    """The first sequence of a data set."""
    return rides(config)[0].sequence()


def test_images_are_what_is_seen_from_the_true_poses() -> None:
    sequence = first(SMALL)
    assert sequence.truth is not None
    camera = Camera(24, 32)
    channel = sequence.channels["depth"]
    assert np.allclose(channel.T_body_sensor, camera.T_body_camera)
    T_world_camera = sequence.truth.at(channel.stamps).T_world_body @ channel.T_body_sensor
    traced = sequence.setting.place.rays("none")
    for k in (0, 7, 30):
        seen = render(
            [traced], [0], T_world_camera[k : k + 1], camera.pattern, ("rgb", "depth", "semantic"),
            near=0.1, far=10.0,
        )  # fmt: skip
        assert np.abs(sequence.read("depth", k) - seen["depth"][0]).mean() < 1e-3
        assert (sequence.read("semantic", k) == seen["semantic"][0]).mean() > 0.99
        assert np.abs(sequence.read("rgb", k).astype(int) - seen["rgb"][0]).mean() < 1.0


def test_items_do_not_depend_on_the_order_of_reading() -> None:
    sensors = {"rgb": 10, "depth": {"rate_hz": 10, "noise": "redwood"}, "lidar": 5}
    config = replace(SMALL, sensors={**sensors, "imu": {"rate_hz": 100, "preset": "bmi160"}})
    forwards, anyhow = first(config), first(config)
    where = [(name, k) for name, channel in forwards.channels.items() for k in range(len(channel))]
    wanted = {(name, k): forwards.read(name, k).tobytes() for name, k in where}
    order = np.random.default_rng(0).permutation(len(where))[:120]
    for name, k in [where[i] for i in order]:
        assert anyhow.read(name, k).tobytes() == wanted[name, k], (name, k)


def test_an_item_is_the_readers_to_keep() -> None:
    sequence = first(SMALL)
    sequence.read("rgb", 3)[:] = 7
    assert (sequence.read("rgb", 3) != 7).any()


def test_every_sensor_measures_at_its_own_rate() -> None:
    sequence = first(SMALL)
    assert np.allclose(sequence.channels["rgb"].stamps, np.arange(31) / 10)
    assert np.allclose(sequence.channels["imu"].stamps, np.arange(1, 301) / 100)
    assert np.allclose(sequence.channels["gps"].stamps, np.arange(16) / 5)
    assert sequence.truth is not None and sequence.velocity is not None
    assert len(sequence.truth) == len(sequence.velocity) == 301


def test_inertial_samples_lead_along_the_true_path() -> None:
    sequence = first(replace(SMALL, sensors={"imu": 200}, seconds=4.0, carriers=["handheld"]))
    samples = np.stack([sequence.read("imu", k) for k in range(800)]).astype(np.float64)
    start = sequence.setting.curve.at(np.zeros(1))
    T, _ = strapdown(start.T_world_body[0], start.velocity[0], samples, 1 / 200)
    assert sequence.truth is not None
    error = np.linalg.norm(T[-1, :3, 3] - sequence.truth.positions[-1])
    assert error < 2e-3 < sequence.truth.length


def test_gps_tells_where_the_body_is_since_the_start() -> None:
    sequence = first(SMALL)
    assert sequence.truth is not None
    poses = sequence.truth.at(sequence.channels["gps"].stamps).T_world_body
    since = se3.relative(poses[:1], poses)[:, :3, 3]
    read = np.stack([sequence.read("gps", k) for k in range(16)])
    assert np.allclose(read, since, atol=1e-5)


@pytest.mark.parametrize("name", SENSOR_NAMES)
def test_every_sensor_gives_items_as_its_channels_say(name: str) -> None:
    sequence = first(replace(SMALL, scenes="apartment:0", sensors={name: 5}, seconds=2.0))
    assert sequence.channels
    for key, channel in sequence.channels.items():
        for k in (0, 1, len(channel) - 1):
            item = sequence.read(key, k)
            assert item.dtype == channel.dtype
            assert len(item.shape) == len(channel.shape)
            assert all(w in (-1, n) for w, n in zip(channel.shape, item.shape, strict=True))


def test_points_lie_on_surfaces() -> None:
    sequence = first(replace(SMALL, sensors={"lidar": 5}))
    channel = sequence.channels["lidar"]
    assert sequence.truth is not None and channel.T_body_sensor is not None
    T = sequence.truth.at(channel.stamps[[8]]).T_world_body[0] @ channel.T_body_sensor
    points = sequence.read("lidar", 8).astype(np.float64)
    world = se3.transform(T, points)
    scene = sequence.setting.place.scene
    assert len(points) > 1000
    assert world.min() > scene.vertices.min() - 0.05 and world.max() < scene.vertices.max() + 0.05
    assert world[:, 2].min() > -1e-3 and (world[:, 2] < 1e-3).sum() > 50  # none under the floor


def test_velocity_is_the_derivative_of_the_poses() -> None:
    curve = CARRIERS["drone"].curve(None, np.random.default_rng(1), 6.0)
    for motion in (curve, Backwards(curve)):
        t, h = np.linspace(0.5, 5.5, 40), 1e-5
        moments = motion.at(t)
        step = se3.relative(motion.at(t - h).T_world_body, motion.at(t + h).T_world_body)
        middle = se3.relative(motion.at(t - h).T_world_body, moments.T_world_body)
        linear = np.einsum("kji,kj->ki", middle[:, :3, :3], step[:, :3, 3]) / (2 * h)
        angular = so3.log(step[:, :3, :3]) / (2 * h)
        assert np.allclose(body_velocity(moments), np.hstack([linear, angular]), atol=1e-4)
        turn = (motion.at(t + h).angular_velocity - motion.at(t - h).angular_velocity) / (2 * h)
        assert np.allclose(moments.angular_acceleration, turn, atol=1e-3)


def test_the_way_back_leads_through_the_same_places_the_other_way_round() -> None:
    there, back = [ride.sequence() for ride in rides(replace(SMALL, reverse=True))]
    assert there.truth is not None and back.truth is not None
    assert there.velocity is not None and back.velocity is not None
    assert np.allclose(there.truth.positions, back.truth.positions[::-1], atol=1e-9)
    ahead = there.truth.T_world_body[:, :3, 0]
    assert np.allclose(ahead, -back.truth.T_world_body[::-1, :3, 0], atol=1e-9)
    assert back.velocity[:, 0].min() > -1e-6 < back.velocity[:, 0].max()
    assert back.name.endswith("-back")


def test_wheels_turn_as_far_as_the_body_goes() -> None:
    curve = Wheeled().curve(None, np.random.default_rng(0), 20.0)
    times = np.arange(1, 200) / 10
    steps = driven(curve, times, np.full(len(times), 0.1))
    way = np.linalg.norm(curve.at(np.linspace(0, 19.9, 20_001)).velocity, axis=1).mean() * 19.9
    assert steps[:, 0].sum() == pytest.approx(way, rel=1e-4)
    assert np.abs(steps[:, 1]).max() < 1e-3


@pytest.mark.parametrize("carrier", ["wheeled", "handheld"])
def test_a_loop_comes_past_its_start_again(carrier: str) -> None:
    config = replace(SMALL, scenes="apartment:0", loop=True, seconds=90.0, carriers=[carrier])
    truth = first(replace(config, sensors={"gps": 10})).truth
    assert truth is not None
    height = truth.positions - truth.positions[0]
    away = np.linalg.norm(height[:, :2], axis=1)
    left = int(np.argmax(away > 1.0))
    assert left > 0
    assert away[left:].min() < 0.15


def test_pauses_side_by_side_do_not_hold_a_route_up_for_ever() -> None:
    pace = Pace(0.5, pauses=3000.0, pause=0.01)
    for seed in range(5):
        route = roam(None, np.random.default_rng(seed), 5.0, pace)
        assert np.isfinite(route.xy).all() and len(route.xy) == 251


def test_visits_are_of_one_route_under_other_conditions() -> None:
    config = replace(SMALL, conditions=[{}, {"fog": [2, 4]}], repeat=2, seconds=2.0)
    planned = rides(config)
    assert len(planned) == 4
    a, b, c, d = (ride.sequence() for ride in planned)
    for other in (b, c, d):
        assert a.truth is not None and other.truth is not None
        assert np.array_equal(a.truth.T_world_body, other.truth.T_world_body)
        assert a.read("depth", 9).tobytes() == other.read("depth", 9).tobytes()
    assert a.read("rgb", 9).tobytes() == c.read("rgb", 9).tobytes()
    assert np.abs(a.read("rgb", 9).astype(int) - b.read("rgb", 9)).mean() > 1
    fog = [ride.conditions.fog for ride in planned]
    assert fog[0] == fog[2] == 0 and 2 <= fog[1] != fog[3] <= 4


def test_routes_keep_clear_of_furniture_that_is_moved() -> None:
    config = replace(
        SMALL, scenes="apartment:1", conditions=[{}, {"moved": 4, "visit": 3}], seconds=6.0
    )
    moved = rides(config)[1].sequence()
    assert moved.truth is not None
    assert moved.setting.place is not shared_store().get(rides(config)[0].ref)
    clear = moved.setting.place.navigator(0.2).clearance(moved.truth.positions[:, :2])
    assert clear.min() >= 0.2


def test_splits_follow_the_seeds_of_scenes() -> None:
    assert [split_of(f"maze-{k}") for k in (0, 9_999, 10_000, 20_500, 15_000)] == [
        "train", "train", "validation", "test", "",
    ]  # fmt: skip
    planned = rides(replace(SMALL, scenes=["maze:0-1", "maze:validation[:1]"]))
    assert [ride.split for ride in planned] == ["train", "train", "validation"]


def test_other_routes_and_seeds_give_other_motions() -> None:
    a, b = (ride.curve() for ride in rides(replace(SMALL, routes=2)))
    c = rides(replace(SMALL, seed=1))[0].curve()
    starts = [curve.at(np.zeros(1)).T_world_body[0, :3, 3] for curve in (a, b, c)]
    assert len({start.tobytes() for start in starts}) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scenes: maze:0\nsensors: {rgb: 5}\nsecond: 4", "did you mean 'seconds'"),
        ("scenes: maze:0\nsensors: {rbg: 5}", "did you mean 'rgb'"),
        ("scenes: maze:0\nsensors: {imu: {preset: bmi160}}", "rate_hz"),
        ("scenes: maze:0\nsensors: {imu: {rate_hz: 9, present: x}}", "did you mean 'preset'"),
        ("scenes: maze:0\nsensors: {depth: {rate_hz: 9, noise: redwod}}", "did you mean 'redwood'"),
        ("scenes: maze:0\nsensors: {rgb: 0}", "more than 0"),
        ("scenes: maze:0\nsensors: {rgb: 5}\ncarriers: [wheels]", "did you mean 'wheeled'"),
        ("scenes: maze:0\nsensors: {rgb: 5}\ncarriers: [foot]\nreverse: true", "backwards"),
        ("scenes: maze:0\nsensors: {rgb: 5}\nconditions: {fogs: 2}", "did you mean 'fog'"),
        ("scenes: maze:0\nsensors: {rgb: 5}\nseconds: 0.5", "2 to 86400"),
        ("scenes: mase:0\nsensors: {rgb: 5}", "did you mean 'maze'"),
        ("scenes: maze:0\nsensors: {wheel_odometry: 5}\ncarriers: [drone]", "only 'wheeled'"),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=said) as caught:
        rides(load_record_config(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("record*.yaml")), ids=lambda path: path.stem)
def test_the_configurations_that_come_along_are_sound(path: Path) -> None:
    assert rides(load_record_config(path))


TWO = replace(SMALL, scenes="maze:0-1", shard_seconds=1.0)


def test_a_killed_recording_goes_on_and_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    made = record(TWO, tmp_path / "a", quiet=True)
    wanted = files_in(tmp_path / "a")
    assert made.sequences == 2 and made.items == sum(ride.items for ride in rides(TWO))
    for k, seconds in enumerate((0.05, 0.15, 0.4)):
        out = tmp_path / f"b{k}"
        killed_after(TWO, out, seconds)
        assert record(TWO, out, quiet=True).sha256 == made.sha256
        assert files_in(out) == wanted
    for sequence in own.read(tmp_path / "a"):
        assert sequence.truth is not None and len(sequence.channels["imu"]) == 300


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    a = record(TWO, tmp_path / "a", quiet=True)
    b = record(TWO, tmp_path / "b", processes=2, quiet=True)
    assert a == b and files_in(tmp_path / "a") == files_in(tmp_path / "b")


@pytest.mark.slow
def test_ray_writes_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    a = record(TWO, tmp_path / "a", quiet=True)
    assert record(TWO, tmp_path / "b", ray="local", quiet=True) == a


def test_ray_is_asked_for_by_name_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ValueError, match=r"navworld\[distributed\]"):
        record(TWO, tmp_path / "a", ray="local", quiet=True)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"not empty .*notes\.txt"):
        record(SMALL, tmp_path, quiet=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_another_configuration_does_not_go_on(tmp_path: Path) -> None:
    config = replace(SMALL, sensors={"gps": 5})
    record(config, tmp_path, quiet=True)
    before = files_in(tmp_path)
    with pytest.raises(ValueError, match="seed was 0 and is 1"):
        record(replace(config, seed=1), tmp_path, quiet=True)
    assert files_in(tmp_path) == before


def test_two_recordings_into_one_folder_do_not_mix(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    import fcntl

    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(NotWrittenError, match="another process is recording"):
            record(SMALL, tmp_path, quiet=True)
    finally:
        os.close(handle)


def test_a_recording_in_another_format_is_whole_and_repeatable(tmp_path: Path) -> None:
    a = record(SMALL, tmp_path / "a", format="tum", quiet=True)
    assert record(SMALL, tmp_path / "b", format="tum", quiet=True) == a
    assert record(SMALL, tmp_path / "a", format="tum", quiet=True) == a
    (sequence,) = formats.read(tmp_path / "a" / rides(SMALL)[0].name)
    assert np.array_equal(sequence.read("rgb", 5), first(SMALL).read("rgb", 5))


def test_the_command_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("scenes: maze:0\nsensors: {gps: 5, imu: 50}\nseconds: 9\nlight: none\n")
    out = tmp_path / "out"
    assert main(["record", str(path), "--out", str(out), "--set", "seconds=2"]) == 0
    assert "SHA-256" in capsys.readouterr().out
    assert (out / DATASET).is_file() and len(own.read(out)[0].channels["gps"]) == 11
    assert main(["record", str(path), "--out", str(out), "--set", "seconds=3"]) == 2
    assert "seconds was 2.0 and is 3.0" in capsys.readouterr().err

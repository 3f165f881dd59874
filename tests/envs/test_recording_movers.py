"""Life in recordings: what moves beside a carrier is true, repeatable, and out of its way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from navworld.data import formats
from navworld.data.movers import movers
from navworld.envs.recording import RecordConfig, RiddenSequence, load_record_config, record, rides
from navworld.envs.recording.life import body_radius
from navworld.envs.recording.streaming import Clips, Matches, Pairs, Posed, Stream
from navworld.envs.verify.faults import files_in, killed_after
from navworld.geometry import se3
from navworld.world.body import Camera
from navworld.world.semantics import class_id

SMALL = RecordConfig(
    scenes="apartment:0",
    sensors={"rgb": 10, "depth": 10, "semantic": 10, "instance": 10, "gps": 5},
    seconds=3.0,
    image_size=(24, 32),
    light="none",
    movers={"people": 6, "doors": True},
)


def first(config: RecordConfig) -> RiddenSequence:
    """The first sequence of a data set."""
    return rides(config)[0].sequence()


def gaps(sequence: RiddenSequence, kind: str) -> np.ndarray:
    """(T, K) from the carrier's origin to the middle of every mover of a kind, over the ride."""
    tracks, curve = sequence.setting.tracks, sequence.setting.curve
    assert tracks is not None
    times = np.arange(0.0, curve.duration, 0.01)
    own = [k for k, what in enumerate(tracks.kinds) if what == kind]
    body = curve.at(times).T_world_body[:, None, :2, 3]
    return np.linalg.norm(tracks.at(times)[:, own][..., :2, 3] - body, axis=2)


@pytest.mark.parametrize("carrier", ["wheeled", "handheld"])
@pytest.mark.parametrize("scene", ["apartment:0", "maze:2"])
def test_people_walk_and_are_never_touched(scene: str, carrier: str) -> None:
    config = replace(
        SMALL, scenes=scene, carriers=[carrier], seconds=60.0, movers={"people": 8},
        sensors={"gps": 1},
    )  # fmt: skip
    sequence = first(config)
    gap = gaps(sequence, "person") - 0.25 - body_radius(carrier)
    assert gap.min() > 0.0
    assert gap.min() < 1.0  # else nobody would have had to yield
    tracks = sequence.setting.tracks
    assert tracks is not None
    steps = np.linalg.norm(np.diff(tracks.T_world_mover[:, :, :2, 3], axis=0), axis=2)
    assert steps.sum(0).min() > 5.0 and np.median(steps.sum(0)) > 15.0
    assert steps.max() < 0.14  # nobody is put elsewhere
    xy = tracks.T_world_mover[:, :, :2, 3].reshape(-1, 2)
    assert sequence.setting.place.navigator(0.25).clearance(xy).min() > 0.23


def test_without_yielding_people_would_be_run_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle of the test before: the same people who only look at where the body is."""
    config = replace(
        SMALL, seconds=60.0, movers={"people": 8}, sensors={"gps": 1}, carriers=["handheld"]
    )
    monkeypatch.setattr("navworld.world.company.rides.Refuge.give_way", lambda *_: None)
    assert (gaps(first(config), "person") - 0.25 - body_radius("handheld")).min() < 0.0


def test_images_show_people_where_they_truly_are() -> None:
    sequence = first(replace(SMALL, seconds=12.0, movers={"people": 10, "radius": 0.2}))
    camera, found = Camera(24, 32), 0
    channel = sequence.channels["depth"]
    assert sequence.truth is not None and channel.T_body_sensor is not None
    everybody = [mover for mover in movers(sequence) if mover.kind == "person"]
    assert len(everybody) == 10
    pixels = np.argwhere(np.ones((24, 32), bool))[:, ::-1].astype(float)
    for k, stamp in enumerate(channel.stamps):
        T = sequence.truth.at([stamp]).T_world_body[0] @ channel.T_body_sensor
        depth = sequence.read("depth", k).ravel()
        instance = sequence.read("instance", k).ravel()
        semantic = sequence.read("semantic", k).ravel()
        p_world = se3.transform(T, camera.model.unproject(pixels, depth))
        for mover in everybody:
            own = (instance == mover.instance) & (depth > 0)
            if own.any():
                found += int(own.sum())
                T_world_mover = mover.trajectory.at([stamp]).T_world_body[0]
                away = se3.transform(se3.inverse(T_world_mover), p_world[own])
                assert np.linalg.norm(away[:, :2], axis=1).max() < 0.75
                assert away[:, 2].min() > -0.02 and away[:, 2].max() < 2.1
                assert (semantic[own] == class_id(mover.label)).all()
    assert found > 200


def test_everything_else_looks_as_if_nobody_were_there() -> None:
    ride = rides(replace(SMALL, seconds=6.0, movers={"people": 10}))[0]
    sequence, still = ride.sequence(), ride.sequence(still=True)
    first_person = movers(sequence)[0].instance
    assert "movers" not in still.channels
    hidden = 0
    for k in range(len(still.channels["depth"])):
        behind = sequence.read("instance", k) < first_person
        hidden += int((~behind).sum())
        assert np.array_equal(sequence.read("depth", k)[behind], still.read("depth", k)[behind])
    assert hidden > 50


def test_the_mask_shows_who_has_moved_since_the_frame_before() -> None:
    config = replace(SMALL, sensors={"motion_mask": 10, "instance": 10}, seconds=8.0)
    sequence = first(replace(config, movers={"people": 10, "doors": True}))
    tracks = sequence.setting.tracks
    assert tracks is not None and not sequence.read("motion_mask", 0).any()
    marked = 0
    for k in range(1, 81):
        before, now = tracks.at(sequence.channels["instance"].stamps[[k - 1, k]])
        moved = tracks.instance[np.abs(now - before).max((1, 2)) > 1e-9]
        mask = sequence.read("motion_mask", k)
        assert np.array_equal(mask, np.isin(sequence.read("instance", k), moved))
        marked += int(mask.sum())
    assert marked > 50


def test_flow_has_the_movers_own_motion() -> None:
    config = replace(SMALL, sensors={"flow": 10, "instance": 10}, movers={"people": 10})
    ride = rides(replace(config, seconds=8.0))[0]
    sequence, still = ride.sequence(), ride.sequence(still=True)
    people = [mover.instance for mover in movers(sequence)]
    carried = 0
    for k in range(1, 81):
        shown = np.isin(sequence.read("instance", k - 1), people)
        flow, bare = sequence.read("flow", k), still.read("flow", k)
        assert np.array_equal(flow[~shown], bare[~shown])
        carried += int((np.abs(flow - bare)[shown].max(-1, initial=0.0) > 0.2).sum())
    assert carried > 20


def test_a_scanner_sees_people() -> None:
    config = replace(SMALL, sensors={"lidar": 10}, movers={"people": 8})
    ride = rides(config)[0]
    sequence, still = ride.sequence(), ride.sequence(still=True)
    channel = sequence.channels["lidar"]
    assert sequence.truth is not None and channel.T_body_sensor is not None
    T = sequence.truth.at([1.0]).T_world_body[0] @ channel.T_body_sensor
    where = np.stack([m.trajectory.at([1.0]).T_world_body[0, :2, 3] for m in movers(sequence)])

    def on_people(seen: RiddenSequence) -> int:
        points = se3.transform(T, seen.read("lidar", 10)[:, :3].astype(np.float64))
        away = np.linalg.norm(points[:, None, :2] - where, axis=2).min(1)
        return int(((away < 0.2) & (points[:, 2] > 0.7) & (points[:, 2] < 1.6)).sum())

    assert on_people(sequence) > 10 * max(1, on_people(still))


def test_poses_are_known_between_the_items_of_their_channel() -> None:
    sequence = first(replace(SMALL, sensors={"gps": 5}, seconds=4.0))
    tracks = sequence.setting.tracks
    assert tracks is not None
    times = np.linspace(0.0, 4.0, 173)
    for k, mover in enumerate(movers(sequence)):
        assert np.allclose(mover.trajectory.at(times).T_world_body, tracks.at(times)[:, k])
    assert [mover.instance for mover in movers(sequence)] == tracks.instance.tolist()
    velocity, _ = tracks.rates_at(np.array([1.234]))
    before, after = tracks.at(np.array([1.2339, 1.2341]))[..., :3, 3]
    assert np.allclose(velocity[0], (after - before) / 2e-4, atol=1e-6)


def test_items_do_not_depend_on_the_order_of_reading() -> None:
    sensors = {"rgb": 10, "instance": 10, "motion_mask": 5, "flow": 5, "lidar": 5, "radar": 5}
    config = replace(SMALL, sensors=sensors, seconds=2.0)
    forwards, anyhow = first(config), first(config)
    where = [(name, k) for name, channel in forwards.channels.items() for k in range(len(channel))]
    wanted = {(name, k): forwards.read(name, k).tobytes() for name, k in where}
    for at in np.random.default_rng(0).permutation(len(where))[:60]:
        name, k = where[at]
        assert anyhow.read(name, k).tobytes() == wanted[name, k], (name, k)


def test_killed_or_shared_out_the_bytes_are_the_same(tmp_path: Path) -> None:
    config = replace(SMALL, scenes="maze:0-1", shard_seconds=1.0, movers={"people": 3})
    made = record(config, tmp_path / "a", quiet=True)
    assert made.items == sum(ride.items for ride in rides(config))
    killed_after(config, tmp_path / "b", 0.2)
    assert record(config, tmp_path / "b", quiet=True) == made
    assert record(config, tmp_path / "c", processes=2, quiet=True) == made
    assert files_in(tmp_path / "a") == files_in(tmp_path / "b") == files_in(tmp_path / "c")
    with pytest.raises(ValueError, match=r"movers was \{'people': 3\} and is None"):
        record(replace(config, movers=None), tmp_path / "a", quiet=True)


def test_without_movers_nothing_is_said_of_them(tmp_path: Path) -> None:
    config = replace(SMALL, scenes="maze:0", sensors={"gps": 5}, movers=None)
    record(config, tmp_path, quiet=True)
    assert "movers" not in (tmp_path / "dataset.json").read_text()
    (sequence,) = formats.read(tmp_path)
    assert "movers" not in sequence.info and movers(sequence) == []


def test_a_place_is_lived_in_otherwise_on_every_visit() -> None:
    config = replace(SMALL, sensors={"gps": 5}, repeat=2, reverse=True, movers={"people": 4})
    a, back, b, _ = (ride.sequence() for ride in rides(config))
    again = rides(config)[0].sequence()
    assert a.truth is not None and b.truth is not None
    assert np.array_equal(a.truth.T_world_body, b.truth.T_world_body)
    starts = [s.read("movers", 0).tobytes() for s in (a, back, b)]
    assert len(set(starts)) == 3 and again.read("movers", 0).tobytes() == starts[0]


@pytest.mark.parametrize("format", ["own", "webdataset", "tum", "rosbag"])
def test_a_format_holds_movers_or_says_that_it_does_not(tmp_path: Path, format: str) -> None:
    sequence = first(replace(SMALL, seconds=2.0))
    written = formats.write(format, [sequence], tmp_path / "out")
    (again,) = formats.read(tmp_path / "out")
    lost = [str(lost) for lost in written.left_out if lost.what == "movers"]
    if format in ("own", "webdataset"):
        assert not lost
        for a, b in zip(movers(sequence), movers(again), strict=True):
            assert (a.kind, a.label, a.instance) == (b.kind, b.label, b.instance)
            assert np.array_equal(a.trajectory.T_world_body, b.trajectory.T_world_body)
    else:
        assert len(lost) == 1 and "movers was left out: " in lost[0]


STREAMED = replace(SMALL, sensors={"rgb": 10, "depth": 10, "imu": 100}, image_size=16, routes=2)


@pytest.mark.parametrize("kind", [Pairs(), Clips(4), Posed(4), Matches(0.2)], ids=lambda k: str(k))
def test_streams_have_movers_too(kind: Pairs | Clips | Posed | Matches) -> None:
    config = replace(STREAMED, scenes="apartment:0-1")  # with different numbers of doors
    stream = Stream(config, kind, batch=4, epochs=1, fresh=False)
    batch = next(iter(stream))
    frames = batch["rgb"].shape[1]
    assert batch["T_world_mover"].shape == (4, frames, 6, 4, 4)
    assert batch["mover_instance"].shape == (4, frames, 6)
    assert "movers" not in batch


def test_overlap_does_not_depend_on_who_passes_by() -> None:
    found = []
    for seen in (None, {"people": 10}):
        stream = Stream(replace(STREAMED, movers=seen), Matches(0.0), epochs=1, fresh=False)
        found.append([item["overlap"].item() for item in stream])
    assert found[0] == found[1] and len(found[0]) > 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("movers: {peoples: 3}", "did you mean 'people'"),
        ("movers: {people: -1}", "whole number 0 to 1000"),
        ("movers: {people: 2, pace: 1.0}", "slowest, fastest"),
        ("movers: {people: 2, pace: [2, 1]}", "0 < slowest"),
        ("movers: {vehicles: 2}", "maze-0 has no roads"),
        ("movers: {doors: true}", "maze-0 has none that move"),
        ("movers: {people: 500, radius: 0.6}", r"has room for \d+: ask for fewer"),
    ],
)
def test_wrong_movers_are_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"scenes: maze:0\nsensors: {{gps: 5}}\nseconds: 2\n{text}\n")
    with pytest.raises(ValueError, match=said) as caught:
        rides(load_record_config(path))[0].sequence()
    assert "\n" not in str(caught.value)

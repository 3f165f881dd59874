"""What frozen benchmarks of odometry promise."""

from collections import Counter
from dataclasses import replace

import pytest

from navworld.agents.odometry.floors import Inertial, Still
from navworld.envs.benchmarks import SEQUENCE_BENCHMARKS, sequence_benchmark
from navworld.envs.benchmarks.sequences import CARRIER_NAMES, CONDITIONS, FAMILY_NAMES
from navworld.evaluation.odometry import evaluate_odometer
from navworld.scenes import SPLITS

V1, VALIDATION = "odometry-v1", "odometry-validation-v1"


@pytest.mark.parametrize("item", SEQUENCE_BENCHMARKS, ids=lambda b: b.name)
def test_the_stored_rides_are_those_that_are_planned(item):
    stored, planned = item.rides(), item.planned()
    for a, b in zip(stored, planned, strict=True):
        what = (a.scene, a.carrier, a.condition, a.seconds, a.seed)
        assert what == (b.scene, b.carrier, b.condition, b.seconds, b.seed)
        assert len(a.sha256) == 64
    for field in ("name", "seed", "sha256"):
        assert len({getattr(ride, field) for ride in stored}) == len(stored)


def test_every_family_carrier_and_condition_is_ridden_alike():
    rides = sequence_benchmark(V1).rides()
    minutes = [ride for ride in rides if not ride.endurance]
    assert len(minutes) == 45
    cells = Counter((r.labels["family"], r.labels["carrier"], r.labels["condition"])
                    for r in minutes)  # fmt: skip
    assert len(cells) == len(FAMILY_NAMES) * len(CARRIER_NAMES) * len(CONDITIONS)
    assert len({ride.scene for ride in rides}) == len(rides)
    long = [ride for ride in rides if ride.endurance]
    assert [ride.seconds for ride in long] == [600.0] * 5


@pytest.mark.parametrize(("name", "split"), [(V1, "test"), (VALIDATION, "validation")])
def test_scenes_are_of_the_split_that_the_name_says(name, split):
    for ride in sequence_benchmark(name).rides():
        assert int(ride.scene.partition(":")[2]) in SPLITS[split]


@pytest.mark.parametrize("item", SEQUENCE_BENCHMARKS, ids=lambda b: b.name)
def test_paths_are_long_enough_for_every_segment(item):
    for ride, trial in zip(item.rides(), item, strict=True):
        assert trial.lengths is not None
        assert ride.path_m > 1.1 * max(trial.lengths), ride.name


def frozen(name, text):
    return next(ride for ride in sequence_benchmark(name).rides() if text in ride.name)


@pytest.mark.parametrize(
    "text", ["maze-20002-wheeled", "maze-20005-handheld", "apartment-20006-drone"]
)
def test_a_ride_is_what_it_was_when_it_was_frozen(text):
    sequence = sequence_benchmark(V1).open(frozen(V1, text))
    assert sequence.truth is not None
    assert sequence.truth.duration == pytest.approx(60.0, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("item", SEQUENCE_BENCHMARKS, ids=lambda b: b.name)
def test_all_rides_are_what_they_were(item):
    for ride in item.rides():
        item.open(ride)


def test_a_ride_that_has_changed_is_refused():
    ride = frozen(V1, "maze-20000-wheeled")
    with pytest.raises(ValueError, match="no longer the ride of odometry-v1"):
        sequence_benchmark(V1).open(replace(ride, seed=ride.seed + 1000))


def trial(name, text):
    return next(one for one in sequence_benchmark(name) if text in one.name)


def test_floors_without_images_render_nothing(monkeypatch):
    from navworld.world.world import World

    def refuse(*arguments, **options):
        raise AssertionError("something was rendered")

    monkeypatch.setattr(World, "render", refuse)
    monkeypatch.setattr(World, "view", refuse)
    one = trial(VALIDATION, "maze-10000-wheeled")
    short = replace(one, open=lambda: shortened(one.open()))
    for odometer in (Still(), Inertial()):
        assert evaluate_odometer(odometer, [short]).metrics["ate_m"].value > 0


def shortened(sequence):
    """The first two seconds of it."""
    channels = {
        name: replace(channel, stamps=channel.stamps[channel.stamps <= 2.0])
        for name, channel in sequence.channels.items()
    }
    sequence.channels = channels
    return sequence


def test_only_what_has_wheels_carries_their_odometry():
    item = sequence_benchmark(V1)
    for ride, one in zip(item.rides(), item, strict=True):
        assert one.sensors is not None
        assert ("wheel_odometry" in one.sensors) == (ride.carrier == "wheeled")


def test_an_unknown_benchmark_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'odometry-v1'"):
        sequence_benchmark("odometry-v2")

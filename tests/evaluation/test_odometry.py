"""Odometers on sequences, against answers known beforehand."""

import os
from pathlib import Path

import numpy as np
import pytest

from navworld.beliefs import Motion
from navworld.data import formats
from navworld.evaluation.odometry import Trial, drift_plots, evaluate_odometer, summarize
from navworld.evaluation.odometry_runs import run_odometer
from navworld.geometry import se3
from tests.evaluation.rides import HZ, ride, straight, wandering

LENGTHS = (2.0, 4.0, 8.0)


class Told:
    """Is told the motions, and says them times a factor."""

    sensors = ("step",)

    def __init__(self, scale=1.0, *, metric=True, lost=()):
        self.scale, self.metric, self.lost = scale, metric, lost
        self.steps = 0

    def reset(self, ids):
        self.ids = set(ids.tolist())

    def step(self, observation, action, dt, ids):
        assert set(ids.tolist()) <= self.ids
        assert dt == pytest.approx(1 / HZ)
        T = observation["step"].copy()
        T[:, :3, 3] *= self.scale
        lost = np.full(len(ids), self.steps in self.lost)
        self.steps += 1
        return Motion(T, metric=self.metric, lost=lost)


class Still:
    sensors = ()

    def reset(self, ids):
        pass

    def step(self, observation, action, dt, ids):
        assert observation == {}
        return Motion(np.tile(np.eye(4), (len(ids), 1, 1)))


def trials(*sequences, **labels):
    return [Trial(s.name, lambda s=s: s, labels, LENGTHS) for s in sequences]


def values(result):
    return {name: metric.value for name, metric in result.metrics.items()}


def test_an_odometer_that_tells_the_truth_makes_no_error():
    found = values(evaluate_odometer(Told(), trials(ride(wandering()))))
    for name in ("ate_m", "ate_none_m", "rpe_m", "t_err_percent", "scale_error_percent"):
        assert found[name] == pytest.approx(0.0, abs=1e-7), name
    assert found["rpe_deg"] == pytest.approx(0.0, abs=1e-4)
    assert found["r_err_deg_per_m"] == pytest.approx(0.0, abs=1e-4)


def test_a_scale_of_1_1_is_ten_percent_of_drift_on_a_straight_line():
    found = values(evaluate_odometer(Told(1.1), trials(ride(straight()))))
    # Segments end at the first pose beyond their length, a step of 0.05 m at most.
    assert found["t_err_percent"] == pytest.approx(10.0, rel=0.03)
    assert found["t_err_percent@8m"] == pytest.approx(10.0, rel=0.01)
    assert found["scale_error_percent"] == pytest.approx(10.0, rel=1e-6)
    assert found["rpe_m"] == pytest.approx(0.1, rel=1e-6)  # in a second, at a metre per second
    assert found["ate_none_m"] > found["ate_m"] > 0


def test_standing_still_is_all_of_the_path_on_a_straight_line():
    found = values(evaluate_odometer(Still(), trials(ride(straight()))))
    assert found["t_err_percent"] == pytest.approx(100.0, rel=0.03)
    assert found["scale_error_percent"] == pytest.approx(100.0)
    assert found["rpe_m"] == pytest.approx(1.0, rel=1e-6)


def test_an_odometer_without_scale_is_aligned_with_scale_but_its_scale_error_is_told():
    found = evaluate_odometer(Told(0.5, metric=False), trials(ride(wandering())))
    assert found.config["align"] == "sim3"
    assert values(found)["t_err_percent"] == pytest.approx(0.0, abs=1e-6)
    assert values(found)["scale_error_percent"] == pytest.approx(50.0, rel=1e-6)


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_batch_changes_no_number(batch):
    many = [ride(wandering(10.0 + 2 * k, seed=k), f"ride-{k}", start=k) for k in range(5)]
    alone = [values(evaluate_odometer(Told(1.1), trials(one), batch=1)) for one in many]
    scored = list(run_odometer(Told(1.1), trials(*many), batch=batch))
    assert [s.trial.name for s in scored] == [one.name for one in many]
    for one, own in zip(scored, alone, strict=True):
        for name in ("ate_m", "t_err_percent", "rpe_deg"):
            assert one.metrics[name].value == own[name]


def test_means_are_of_groups_and_long_rides_stand_apart():
    near, far = ride(straight(), "near"), ride(straight(), "far")
    some = [
        Trial("near", lambda: near, {"carrier": "drone"}, LENGTHS),
        Trial("far", lambda: far, {"carrier": "wheeled"}, LENGTHS),
        Trial("long", lambda: ride(straight(60.0), "long"), {"run": "endurance"}, (20.0,)),
    ]
    found = values(evaluate_odometer(Still(), some))
    assert found["t_err_percent/drone"] == pytest.approx(found["t_err_percent"])
    assert found["t_err_percent@20m"] == pytest.approx(100.0, rel=0.03)
    assert found["ate_m/endurance"] == pytest.approx(3 * found["ate_m"], rel=0.01)
    assert found["sequences"] == 3


def test_means_over_less_than_the_whole_are_left_out():
    near, far = ride(straight(), "near"), ride(straight(), "far")
    whole = [
        Trial("near", lambda: near, {"carrier": "drone"}, LENGTHS),
        Trial("far", lambda: far, {"carrier": "wheeled"}, LENGTHS),
    ]
    found = values(summarize(list(run_odometer(Still(), whole[1:])), whole))
    assert "t_err_percent/wheeled" in found
    assert not {"t_err_percent", "t_err_percent/drone", "t_err_percent@2m"} & set(found)


def test_lost_motions_are_counted():
    found = values(evaluate_odometer(Told(lost=range(101, 201)), trials(ride(straight()))))
    assert found["lost_percent"] == pytest.approx(25.0)


def test_recorded_sequences_need_no_protocol():
    found = evaluate_odometer(Told(), [ride(wandering(seed=k), f"r{k}") for k in range(2)])
    assert values(found)["t_err_percent"] == pytest.approx(0.0, abs=1e-6)
    assert set(found.config["sequences"]) == {"r0", "r1"}


class Wrong(Told):
    """Says something that is no motion at its tenth step."""

    def __init__(self, wrong, at=10):
        super().__init__()
        self.wrong, self.at = wrong, at

    def step(self, observation, action, dt, ids):
        motion = super().step(observation, action, dt, ids)
        if self.steps > self.at:
            motion.T_previous_current[:] = self.wrong
        return motion


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (2 * np.eye(4), "no rotation and translation"),
        (np.diag([1.0, 1.0, -1.0, 1.0]), "no rotation and translation"),
        (np.full((4, 4), np.nan), "not finite at step 10 of ride"),
    ],
)
def test_what_is_no_rigid_motion_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        evaluate_odometer(Wrong(wrong), trials(ride(wandering())))


def test_a_first_motion_that_is_not_the_identity_is_refused():
    moved = se3.exp(np.array([0.1, 0.0, 0.0, 0.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match="expected the identity"):
        evaluate_odometer(Wrong(moved, at=0), trials(ride(straight())))


def test_a_sensor_that_is_missing_is_named():
    class Sees(Still):
        sensors = ("rgb",)

    with pytest.raises(ValueError, match="Sees reads 'rgb', which ride does not have"):
        evaluate_odometer(Sees(), trials(ride(straight())))


def test_a_sequence_without_truth_or_motion_is_refused():
    one = ride(straight())
    blind = type(one)(one.name, one.channels, one.items)
    with pytest.raises(ValueError, match="not known: there is nothing to score by"):
        evaluate_odometer(Told(), [blind])
    with pytest.raises(ValueError, match="at least two are needed"):
        evaluate_odometer(Told(), [ride(straight()[:0])])
    with pytest.raises(ValueError, match="benchmark is empty"):
        evaluate_odometer(Told(), [])


def test_drift_over_length_becomes_a_curve():
    found = values(evaluate_odometer(Told(1.1), trials(ride(straight()))))
    translation, rotation = drift_plots({"told": found})
    assert translation.curves["told"][:, 0].tolist() == list(LENGTHS)
    assert rotation.curves["told"].shape == (3, 2)


@pytest.mark.skipif("NAVWORLD_DATA" not in os.environ, reason="NAVWORLD_DATA names no real data")
def test_a_real_recording_runs_through_the_same_function():
    folder = Path(os.environ["NAVWORLD_DATA"]) / "images" / "slambook2" / "ch12"
    sequences = formats.read(folder)
    found = values(evaluate_odometer(Still(), sequences))
    assert found["scale_error_percent"] == pytest.approx(100.0)
    (one,) = sequences
    straight_away = np.linalg.norm(one.truth.positions[-1] - one.truth.positions[0])
    assert found["end_drift_percent"] == pytest.approx(100 * straight_away / one.truth.length)

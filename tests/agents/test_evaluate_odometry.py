"""`navworld evaluate odometry/…`: from the command line to the table."""

import json

import numpy as np
import pytest

from navworld.agents import evaluate_odometry as command
from navworld.agents.evaluate_odometry import beside, evaluate_odometry
from navworld.agents.results import markdown, read, record
from navworld.cli import main
from navworld.data import formats
from navworld.evaluation.odometry import Trial
from tests.evaluation.rides import ride, straight


@pytest.fixture
def small(monkeypatch):
    """A benchmark of three straight rides, the last of them long."""
    rides = [ride(straight(speed=speed), f"r{k}") for k, speed in enumerate((0.5, 1.0))]
    trials = [Trial(r.name, lambda r=r: r, {"carrier": "drone"}, (2.0, 4.0)) for r in rides]
    long = ride(straight(60.0), "long")
    trials.append(Trial("long", lambda: long, {"run": "endurance"}, (20.0,)))
    monkeypatch.setattr(command, "sequence_benchmark", lambda name: trials)
    monkeypatch.setattr(command, "recorded_floors", lambda name: {})
    return trials


def test_a_recorded_result_becomes_tables_and_a_picture(small, tmp_path):
    table = tmp_path / "results.csv"
    for name in ("odometry/still", "odometry/constant-velocity"):
        record(evaluate_odometry(name, benchmark="b-v1"), name, "b-v1", table=table)
    page = (tmp_path / "RESULTS.md").read_text()
    assert "| odometer | drone | endurance |" in page
    assert "| odometer | 2m | 4m | 20m |" in page
    assert "![Drift over the length of segments](pictures/b-v1-drift.png)" in page
    assert (tmp_path / "pictures" / "b-v1-drift.png").stat().st_size > 1000
    rows = {(r["recipe"], r["metric"]): r for r in read(table)}
    assert float(rows["odometry/still", "t_err_percent"]["value"]) == pytest.approx(100, rel=0.05)
    assert rows["odometry/still", "t_err_percent@20m"]["unit"] == "%"


def test_agents_and_odometers_have_tables_of_their_own():
    row = dict.fromkeys(
        ("recipe", "benchmark", "metric", "value", "low", "high", "unit", "command"), ""
    )
    row["seeds"] = "1"
    agent = {**row, "recipe": "a", "benchmark": "nav-v1", "metric": "spl", "value": "0.5"}
    odometer = {**row, "recipe": "o", "benchmark": "odo-v1", "metric": "t_err_percent/drone",
                "value": "7"}  # fmt: skip
    page = markdown([agent, odometer])
    assert "| agent | success | spl |" in page
    assert "| odometer | drone |\n|---|---|\n| o | 7 |" in page


def test_sequences_that_lack_a_sensor_are_told_before_they_are_opened(small):
    class Reads:
        sensors = ("wheel_odometry",)

    def refuse():
        raise AssertionError("it was opened")

    known = [
        Trial(str(k), refuse, sensors=s) for k, s in enumerate([("imu",), ("wheel_odometry",)])
    ]
    assert [trial.carries(Reads()) for trial in known] == [False, True]
    assert small[0].carries(Reads())  # not known


def test_floors_stand_beside(small):
    result = evaluate_odometry("odometry/still", benchmark="b-v1")
    floors = {"odometry/wheels": {"t_err_percent/wheeled": 7.5}, "odometry/still": {}}
    lines = beside("odometry/still", result, floors).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["odometry/still", "odometry/wheels"]
    assert lines[2].split().count("–") == len(command.SHOWN) - 1


def test_the_report_shows_drift_and_every_path(small, tmp_path):
    evaluate_odometry("odometry/still", benchmark="b-v1", report=str(tmp_path / "page"))
    page = (tmp_path / "page" / "index.html").read_text()
    assert page.count("<svg") == 2 + len(small)
    written = json.loads((tmp_path / "page" / "result.json").read_text())
    assert written["metrics"]["sequences"]["value"] == 3


def test_recorded_sequences_are_evaluated_from_the_command_line(tmp_path, capsys):
    written = formats.write("own", [ride(straight(), "one")], tmp_path / "data")
    assert written.names == ("one",)
    arguments = ["evaluate", "odometry/still", "--sequences", str(tmp_path / "data")]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert float(next(x for x in told.splitlines() if x.startswith("end_drift")).split()[1]) == (
        pytest.approx(100.0, abs=0.01)
    )
    assert np.isfinite(float(told.split("ate_m")[1].split()[0]))


def test_parts_of_a_benchmark_are_not_recorded(capsys):
    arguments = ["evaluate", "odometry/still", "--episodes", "2", "--record"]
    assert main(arguments) == 2
    assert "whole benchmarks" in capsys.readouterr().err

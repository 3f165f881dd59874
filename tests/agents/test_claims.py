"""Claims: intervals over seeds and sequences, verdicts, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from navworld.agents import claims
from navworld.agents.claims import Check, Proof, Scores, claim, closure, interval
from navworld.agents.odometry import deepvo, pointnav_vo
from navworld.agents.odometry.floors import ConstantVelocity, Still
from navworld.agents.results import read, record_verdict
from navworld.agents.scoring import PairScores, RideScores
from navworld.cli import main
from navworld.envs.recording import RecordConfig, rides
from navworld.evaluation.odometry_runs import Trial, run_odometer
from navworld.evaluation.result import Result

DEEPVO = str(Path(__file__).parents[2] / "configs" / "odometry" / "deepvo.yaml")


def scores(name, values):
    return Scores(name, {"t_err_percent": np.asarray(values, float)})


@pytest.fixture
def proof(tmp_path):
    return Proof(
        deepvo.RECIPE, preset="tiny", folder=tmp_path, seeds=(0, 1), score=lambda odometers: {}
    )


def test_an_interval_covers_seeds_and_sequences():
    rng = np.random.default_rng(0)
    hits = 0
    for k in range(30):
        values = rng.normal(size=(3, 1)) + rng.normal(size=(3, 40))
        _, low, high = interval(values, seed=k)
        hits += low <= 0 <= high
    assert hits >= 20  # 3 seeds are few, but far more than the sequences alone would give
    alone = interval(rng.normal(size=(1, 400)))
    assert alone[2] - alone[1] == pytest.approx(2 * 1.96 / 20, rel=0.2)


def test_systems_are_compared_on_the_same_sequences(proof):
    hard = np.linspace(1, 50, 40)
    mine = scores("mine", [hard, hard + 0.1])
    other = scores("other", [hard + 1, hard + 1.1])
    assert proof.below("t_err_percent", mine, other).holds
    assert not proof.below("t_err_percent", other, mine).holds
    floor = scores("floor", [hard + 1])  # one row for all seeds
    assert proof.below("t_err_percent", mine, floor).holds


def test_what_cannot_be_told_apart_does_not_hold(proof):
    rng = np.random.default_rng(1)
    a, b = (scores(n, 10 + rng.normal(size=(3, 40))) for n in "ab")
    assert not proof.below("t_err_percent", a, b).holds
    assert not proof.at_most("t_err_percent", a, 10.0).holds
    assert proof.at_most("t_err_percent", a, 11.0).holds


def test_the_gap_is_closed_between_knowing_nothing_and_the_truth(proof):
    learned, none, oracle = (np.zeros((n, 100)) for n in (3, 1, 1))
    learned[:, :70], none[:, :10], oracle[:, :90] = 1, 1, 1
    assert closure(learned, none, oracle) == pytest.approx(60 / 80)
    value, low, high = interval(learned, none, oracle, statistic=closure)
    assert value == pytest.approx(0.75) and low < 0.75 < high
    proof._rungs = {
        kind: {"success": rows}
        for kind, rows in (("learned", learned), ("none", none), ("oracle", oracle))
    }
    assert proof.closes("success", 0.74).holds
    assert not proof.closes("success", 0.76).holds
    assert proof.oracle_reaches("success", 0.85).holds
    assert not proof.oracle_reaches("success", 0.95).holds


def test_sequences_without_a_value_are_left_out():
    values = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])
    assert interval(values)[0] == 2.0
    with pytest.raises(ValueError, match="nothing can be compared"):
        interval(np.full((2, 3), np.nan))


def test_rides_are_scored_as_the_benchmark_scores_them():
    config = RecordConfig(
        scenes="apartment:validation[:2]", sensors={"rgb": 10}, seconds=6.0, image_size=16,
        light="none",
    )  # fmt: skip
    trials = [Trial(r.name, r.sequence, clock="rgb") for r in rides(config)]
    found = RideScores(trials, ("rgb",))([Still(), ConstantVelocity(0.4)])
    expected = [s.metrics["ate_m"].value for s in run_odometer(ConstantVelocity(0.4), trials)]
    assert found["ate_m"].shape == (2, 2)
    assert np.allclose(found["ate_m"][1], expected)


def test_pairs_are_scored_in_metres_and_radians():
    data = replace(
        pointnav_vo.RECIPE.preset("tiny").data, actuation="none", rgb_noise="none",
        depth_noise="none", test="apartment:test[:1]", random=0.0,
    )  # fmt: skip
    found = PairScores(data, 2, size=8)([Still()])
    # Standing still errs by what was driven: 0.25 m or 30° a step.
    assert found["translation_m"].shape == (1, 2)
    assert (found["translation_m"] <= 0.25 + 1e-6).all()
    assert (found["rotation_rad"] <= np.radians(30) + 1e-6).all()
    assert (found["translation_m"] + found["rotation_rad"] > 0.2).all()


def test_a_claim_trains_and_says_what_holds(tmp_path, monkeypatch, capsys):
    def checks(proof):
        mine, other = proof.scores("", "no LSTM")
        yield proof.below("t_err_percent", mine, other)
        yield proof.at_most("t_err_percent", mine, 100.0)

    asked = []

    def score(odometers):
        asked.append(len(odometers))
        values = [10.0 if one.network.temporal is not None else 20.0 for one in odometers]
        return {"t_err_percent": np.repeat(np.array(values)[:, None], 40, 1)}

    system = replace(deepvo.RECIPE, checks=checks)
    monkeypatch.setattr(claims, "recipe", lambda name: system)
    monkeypatch.setattr(claims, "scorer", lambda *given: score)
    out = str(tmp_path)
    result = claim(system.name, preset="tiny", seeds=2, out=out, quiet=True)
    assert list(result.checks.values()) == [True, True]
    assert capsys.readouterr().out.count("ok  ") == 2
    assert asked == [4]  # every ride is rendered once for all
    runs = sorted(path.name for path in Path(out).iterdir())
    assert runs == ["no-LSTM-0", "no-LSTM-1", "whole-0", "whole-1"]
    words = ["claim", system.name, "--preset", "tiny", "--seeds", "2", "--out", out]
    assert main(words) == 0
    monkeypatch.setattr(claims, "scorer", lambda *given: lambda odometers: {
        "t_err_percent": np.full((len(odometers), 40), 200.0)
    })  # fmt: skip
    assert main(words) == 1


def test_a_verdict_is_recorded_once_and_shown(tmp_path):
    table = tmp_path / "results.csv"
    for holds in (True, False):
        result = Result({}, checks={"a": True, "b": holds}, command="navworld claim x/y --record")
        record_verdict(result, "x/y", 3, table=table)
    rows = read(table)
    assert [(r["recipe"], r["metric"], r["value"]) for r in rows] == [("x/y", "claim", "fails")]
    assert (
        "| x/y | fails | 3 | `navworld claim x/y --record` |"
        in (tmp_path / "RESULTS.md").read_text()
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["claim", "odometry/deepvoo"], "did you mean 'odometry/deepvo'"),
        (["claim", "odometry/deepvo", "--record", "--seeds", "1"], "whole claim"),
        (["train", "odometry/deepvo", "--preset", "smal"], "did you mean 'small'"),
        (["train", "odometry/deepvo", "--set", "network.temporl=x"], "did you mean 'temporal'"),
        (
            ["train", "odometry/pointnav_vo", "--config", "configs/odometry/deepvo.yaml"],
            "config of",
        ),
        (["train", "pointnav", "--preset", "small"], "of systems"),
    ],
)
def test_mistakes_get_one_sentence(words, message, capsys):
    assert main(words) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.strip().splitlines()) == 1


def test_list_systems_tells_claims_and_verdicts(capsys):
    assert main(["list", "systems"]) == 0
    told = capsys.readouterr().out
    for system in (deepvo.RECIPE, pointnav_vo.RECIPE):
        assert system.name in told and system.claim in told
    assert "verdict" in told


def test_a_check_reads_as_a_line():
    check = Check("t_err < 10", True, 5.0, 4.0, 6.0, " %")
    assert str(check) == "ok    t_err < 10: 5 [4, 6] %"

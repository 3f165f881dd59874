"""The localization ladder: rows, intervals over trainings, going on, what is refused."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from navworld.agents import ladder as module
from navworld.agents import results
from navworld.agents.ladder import ladder, rungs
from navworld.cli import main
from navworld.evaluation.rollout import Rollout, load_rollouts, save_rollouts

SUCCESS = {"oracle": 0.9, "gps-uwb": 0.8, "wheels": 0.7, "rgbd-pnp": 0.8, "none": 0.1}
"""Of rungs; those of trainings go by their folders."""
EPISODES = 20


def rollout(index: int, success: float) -> Rollout:
    metrics = dict.fromkeys(("soft_spl", "distance_to_goal_m", "collisions", "path_m"), 0.5)
    poses = np.tile(np.eye(4), (3 + index, 1, 1))
    poses[:, 0, 3] = np.arange(len(poses))
    believed = poses.copy()
    believed[1:, 1, 3] = 0.1
    return Rollout(
        index, f"apartment:{index}", {**metrics, "success": success, "spl": success, "steps": 2.0},
        poses, believed, np.zeros(len(poses), bool), np.array([1.0, 2.0]), seconds=0.1,
    )  # fmt: skip


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """Rungs that were really run; a rung in `fails` fails."""
    seen, fails = [], set()

    def run_agent(agent, episodes, *, label, **_):
        if label in fails:
            raise RuntimeError("no memory left")
        seen.append(label)
        share = SUCCESS.get(label, 0.5)
        if label.startswith("pointnav_vo"):
            share = {"a": 0.6, "b": 0.7, "c": 0.8}.get(label[-1], 0.7)
        return [rollout(k, float(k < share * len(episodes))) for k in range(len(episodes))]

    def fit(agent):
        return agent

    def named(learned=()):
        found = rungs(learned)
        return [module.Rung(r.name, r.summary, fit, r.system) for r in found]

    protocol = module.find_benchmark("pointnav-noisy-v1")
    few = SimpleNamespace(
        options=protocol.options, episodes=lambda: protocol.episodes()[:EPISODES]
    )  # fmt: skip
    monkeypatch.setattr(module, "find_benchmark", lambda name: few)
    monkeypatch.setattr(module, "run_agent", run_agent)
    monkeypatch.setattr(module, "rungs", named)
    record = partial(results.record, table=tmp_path / "results.csv")
    monkeypatch.setattr(results, "record", record)
    monkeypatch.chdir(tmp_path)
    return SimpleNamespace(seen=seen, fails=fails)


def trainings(*folders: str) -> list[str]:
    return [f"odometry/pointnav_vo=runs/{name}/weights.safetensors" for name in folders]


def test_every_way_of_knowing_has_a_rung():
    names = [rung.name for rung in rungs()]
    assert names[0] == "oracle" and names[-2:] == ["commanded", "none"]
    assert {"gps-uwb", "wheels", "rgbd-pnp", "pointnav_vo", "deepvo"} <= set(names)


def test_trainings_are_told_apart_by_folder_or_number():
    names = [rung.name for rung in rungs(trainings("a", "b"))]
    assert {"pointnav_vo a", "pointnav_vo b"} <= set(names)
    names = [rung.name for rung in rungs(trainings("x/w", "y/w"))]
    assert {"pointnav_vo #1", "pointnav_vo #2"} <= set(names)
    with pytest.raises(ValueError, match="NAME=FILE"):
        rungs(["odometry/still=x"])


def test_three_trainings_have_a_row_of_their_own(ran, capsys):
    found = ladder(learned=trainings("a", "b", "c")).result().metrics
    gap = found["pointnav_vo, 3 seeds/gap_closure_success"]
    assert gap.value == pytest.approx((0.7 - 0.1) / (0.9 - 0.1))
    one = found["pointnav_vo b/gap_closure_success"]
    assert gap.value == pytest.approx(one.value)
    assert gap.high - gap.low > one.high - one.low  # the trainings differ
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("pointnav_vo, 3 seeds") for line in lines)
    assert max(map(len, lines)) <= 160


def test_the_whole_ladder_is_recorded_under_names_that_stay(ran):
    ladder(learned=trainings("a", "b", "c"), record=True)
    rows = results.read(Path("results.csv"))
    recipes = {row["recipe"]: row["seeds"] for row in rows}
    assert recipes["pointnav, pointnav_vo"] == "3"
    assert recipes["pointnav, oracle"] == "1"
    assert not any(name.startswith("pointnav, pointnav_vo ") for name in recipes)
    ladder(record=True)
    rows = results.read(Path("results.csv"))
    mine = [row for row in rows if row["recipe"] == "pointnav, pointnav_vo"]
    assert {row["seeds"] for row in mine} == {"1"}
    assert len({row["metric"] for row in mine}) == len(mine)


def test_a_rung_that_fails_loses_nothing(ran):
    ran.fails.add("rgbd-pnp")
    with pytest.raises(RuntimeError):
        ladder()
    assert ran.seen == ["oracle", "gps-uwb", "wheels"]
    ran.fails.clear()
    whole = ladder().result()
    assert ran.seen[3] == "rgbd-pnp"
    assert sorted(ran.seen) == sorted({*ran.seen})  # none of them twice
    assert whole.metrics["wheels/success"].value == pytest.approx(0.7)
    assert whole.metrics["wheels/ate_none_m"].value > 0


def test_what_is_done_is_run_anew(ran):
    """A ladder that has come to its end leaves nothing behind that could grow stale."""
    ladder()
    count = len(ran.seen)
    ladder()
    assert len(ran.seen) == 2 * count


def test_a_named_folder_keeps_rungs_of_the_same_benchmark_only(ran):
    ladder(only=["wheels"], out="kept")
    ladder(only=["gps-uwb"], out="kept")
    assert ran.seen == ["oracle", "wheels", "commanded", "none", "gps-uwb"]
    ladder(episodes=EPISODES - 1, only=["wheels"], out="kept")
    assert ran.seen.count("wheels") == 2


def test_episodes_on_disk_are_the_same(tmp_path):
    before = [rollout(k, k / 3) for k in range(3)]
    save_rollouts(tmp_path / "r.npz", before, {"at": "noon"})
    after, notes = load_rollouts(tmp_path / "r.npz")
    assert notes == {"at": "noon"}
    for a, b in zip(before, after, strict=True):
        assert (a.index, a.scene, a.metrics, a.seconds) == (b.index, b.scene, b.metrics, b.seconds)
        for name in ("T_world_body", "T_world_believed", "guessed", "goal_xy"):
            assert np.array_equal(getattr(a, name), getattr(b, name))
    (tmp_path / "r.npz").write_bytes(b"PK" + bytes(50))
    with pytest.raises(ValueError, match="delete it"):
        load_rollouts(tmp_path / "r.npz")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--ladder", "--record", "--episodes", "5"], "leave out --episodes"),
        (["--ladder", "--record", "--rungs", "wheels"], "leave out --episodes and --rungs"),
        (["--ladder", "--rungs", "weels"], "unknown rungs ['weels']"),
        (["--record", "--episodes", "5"], "leave out --episodes"),
    ],
)
def test_partial_ladders_are_not_recorded(words, message, capsys):
    assert main(["evaluate", "pointnav", *words]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.strip().splitlines()) == 1

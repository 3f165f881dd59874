"""The `navworld` command: clear refusals, JSON results; `test_layering` times its help."""

import json

import pytest

from navworld import cli
from navworld.cli import main


def test_list_names_what_there_is(capsys):
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    for word in ("navworld/PointNav-v0", "apartment", "pointnav-v1", "planner", "depth"):
        assert word in told


def test_every_check_of_the_installation_can_be_asked_for():
    from navworld.agents import verify

    assert tuple(verify.CHECKS) == cli.CHECKS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evaluate", "pointnaf"], "did you mean 'pointnav'"),
        (["evaluate", "random", "--benchmark", "pointnav-v9"], "did you mean 'pointnav-v1'"),
        (["evaluate", "random", "--scenes", "missing.glb"], "no scene file"),
        (["evaluate", "pointnav", "--weights", "missing.safetensors"], "no weights file"),
        (["bench", "render", "--size", "1"], "image height"),
        (["bench", "render", "--scene", "castle:1"], "unknown scene family"),
        (["train", "pointnav", "--config", "missing.yaml"], "config"),
        (["train", "pointnav", "learning_rat=1"], "learning_rat"),
    ],
)
def test_mistakes_get_one_sentence_and_status_2(words, message, capsys):
    assert main(words) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1


def test_evaluate_writes_one_json_object(tmp_path):
    path = tmp_path / "result.json"
    assert main(["evaluate", "random", "--episodes", "4", "--json", str(path)]) == 0
    result = json.loads(path.read_text())
    assert {"metrics", "command", "config", "commit", "hardware"} <= set(result)
    success = result["metrics"]["success"]
    assert 0 <= success["low"] <= success["value"] <= success["high"] <= 1


def test_changes_may_stand_before_options_and_after(monkeypatch):
    given = []
    monkeypatch.setattr("navworld.cli.commands.run_train", lambda a: given.append(a.overrides) or 0)
    for words in (["a=1", "--preset", "tiny"], ["--preset", "tiny", "a=1"]):
        assert main(["train", "odometry/deepvo", *words, "--set", "b=2"]) == 0
    assert main(["train", "odometry/deepvo", "a=1", "--preset", "tiny", "b=2"]) == 0
    assert given == [["a=1"], ["a=1"], ["a=1", "b=2"]]


@pytest.mark.parametrize("words", [["train", "x", "--seed", "1", "b"], ["list", "systems", "a=1"]])
def test_words_that_mean_nothing_are_named(words, capsys):
    with pytest.raises(SystemExit):
        main(words)
    assert f"unrecognized arguments: {words[-1]}" in capsys.readouterr().err

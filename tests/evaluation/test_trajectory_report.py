"""`navworld evaluate --trajectory`: the page, the JSON, and what is refused."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from navworld.cli import main
from navworld.evaluation.trajectory_report import trajectory_plots, write_trajectory_report
from navworld.evaluation.trajectory_scores import score_files, score_trajectory
from navworld.geometry import Trajectory, integrate, se3, so3


def _drive(seed: int, noise: float) -> Trajectory:
    motions = np.zeros((400, 6))
    motions[:, 0], motions[:, 5] = 1.0, 0.02 * np.sin(np.arange(400) / 20)
    rng = np.random.default_rng(seed)
    motions += noise * rng.standard_normal(motions.shape) * [1, 1, 1, 0.05, 0.05, 0.05]
    return Trajectory(0.1 * np.arange(401), integrate(np.eye(4), se3.exp(motions)))


def _tum(path: Path, walk: Trajectory) -> Path:
    q = so3.to_quaternion(walk.T_world_body[:, :3, :3])
    np.savetxt(path, np.column_stack([walk.stamps, walk.positions, q]), "%.9f")
    return path


def _kitti(path: Path, walk: Trajectory) -> Path:
    np.savetxt(path, walk.T_world_body[:, :3].reshape(-1, 12), "%.9e")
    return path


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        assert not any(name in ("src", "href") for name, _ in attrs), "the page stands alone"


def test_the_command_writes_numbers_and_a_page(tmp_path: Path, capsys):
    estimate = _tum(tmp_path / "estimate.txt", _drive(1, 0.05))
    reference = _tum(tmp_path / "reference.txt", _drive(0, 0.0))
    words = ["evaluate", "--trajectory", str(estimate), str(reference), "--align", "sim3"]
    out = tmp_path / "report"
    assert main([*words, "--report", str(out), "--json", str(tmp_path / "x.json")]) == 0
    assert "ate_m" in capsys.readouterr().out
    result = json.loads((tmp_path / "x.json").read_text())
    assert result["config"]["align"] == "sim3"
    for name, unit in (("ate_m", "m"), ("rpe_m", "m"), ("t_err_percent", "%")):
        assert result["metrics"][name]["unit"] == unit
    assert json.loads((out / "result.json").read_text())["metrics"] == result["metrics"]
    tags = _Tags()
    tags.feed((out / "index.html").read_text())
    assert tags.found.count("figure") == tags.found.count("svg") == 9
    assert not list(out.glob(".*"))


def test_several_estimates_stand_side_by_side_with_drift_over_length(tmp_path: Path):
    truth = _drive(0, 0.0)
    scores = {name: score_trajectory(_drive(1, s), truth) for name, s in (("a", 0.02), ("b", 0.2))}
    plots = {plot.title: plot for plot in trajectory_plots(scores)}
    drift = plots["Translation drift over length"].curves
    assert drift["a"][:, 0].tolist() == drift["b"][:, 0].tolist() == [100, 200, 300]
    assert (drift["b"][:, 1] > drift["a"][:, 1]).all()
    assert len(plots["Top-down"].curves["reference"]) == 401
    page = write_trajectory_report(tmp_path, scores).read_text()
    assert "<th>a</th><th>b</th>" in page


def test_files_without_times_are_compared_row_by_row(tmp_path: Path):
    truth, found = _drive(0, 0.0), _drive(1, 0.05)
    kitti = score_files(_kitti(tmp_path / "a", found), _kitti(tmp_path / "b", truth))
    tum = score_files(_tum(tmp_path / "c", found), _tum(tmp_path / "d", truth))
    mixed = score_files(tmp_path / "a", tmp_path / "d")
    for name in ("ate_m", "rpe_m", "t_err_percent", "r_err_deg_per_m"):
        assert kitti.metrics[name].value == pytest.approx(tum.metrics[name].value, rel=1e-5)
        assert mixed.metrics[name].value == pytest.approx(tum.metrics[name].value, rel=1e-5)
    assert "duration_s" in mixed.metrics
    assert "duration_s" not in kitti.metrics
    assert (kitti.vertical, tum.vertical) == (1, 2)


def test_wrong_calls_get_one_sentence_and_status_2(tmp_path: Path, capsys):
    truth = _tum(tmp_path / "truth.txt", _drive(0, 0.0))
    short = _kitti(
        tmp_path / "short.txt", Trajectory(np.arange(9.0), _drive(0, 0).T_world_body[:9])
    )
    (tmp_path / "nan.txt").write_text("0 nan 0 0 0 0 0 1\n")
    late = Trajectory(_drive(0, 0).stamps + 1e6, _drive(0, 0).T_world_body)
    for words, message in (
        ([], "either the name of an agent or --trajectory"),
        (["random", "--trajectory", str(truth), str(truth)], "either the name"),
        (["--trajectory", str(tmp_path / "none.txt"), str(truth)], "does not exist"),
        (["--trajectory", str(short), str(truth)], "9 poses and .* has 401"),
        (["--trajectory", str(tmp_path / "nan.txt"), str(truth)], "line 1 of .* NaN"),
        (["--trajectory", str(_tum(tmp_path / "late", late)), str(truth)], "one clock"),
    ):
        assert main(["evaluate", *words]) == 2
        told = capsys.readouterr().err
        assert len(told.strip().splitlines()) == 1
        assert re.search(message, told)

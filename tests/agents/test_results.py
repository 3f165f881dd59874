"""The results table and the page generated from it."""

from navworld.agents.results import read, record
from navworld.evaluation.result import Metric, Result


def result(success):
    metrics = {"success": Metric(success, "", success - 0.1, success + 0.1)}
    return Result(metrics, command="navworld evaluate x")


def test_a_newer_result_takes_the_place_of_the_older(tmp_path):
    table = tmp_path / "results.csv"
    record(result(0.5), "a", "b-v1", table=table)
    record(result(0.25), "floor", "b-v1", table=table)
    record(result(0.75), "a", "b-v1", table=table)
    rows = {(r["recipe"], r["metric"]): r for r in read(table)}
    assert len(rows) == 2
    assert float(rows["a", "success"]["value"]) == 0.75
    page = (tmp_path / "RESULTS.md").read_text()
    assert "| a | 0.75 [0.65, 0.85] |" in page
    assert "navworld evaluate x" in page

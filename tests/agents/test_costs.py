"""Costs of learned odometers, and the agent's speed with one in the loop."""

import pytest
import torch

from navworld.agents.bench import PARTS, bench_agent
from navworld.agents.catalog import SYSTEMS
from navworld.agents.costs import costs
from navworld.agents.odometry.floors import Still
from navworld.agents.results import record
from navworld.envs.bench import timing
from navworld.evaluation.result import Result


def odometer_of(system):
    torch.manual_seed(0)
    return system.wrap(system.build(system.preset("tiny").network))


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_learned_odometer_has_its_costs(system):
    odometer = odometer_of(system)
    found = {name: metric.value for name, metric in costs(odometer).items()}
    assert found["parameters"] == sum(p.numel() for p in odometer.network.parameters())
    assert found["multiply_adds"] > found["parameters"] / 2
    assert 0 < found["latency_p50_ms"] <= found["latency_p95_ms"]
    assert costs(odometer)["multiply_adds"].value == found["multiply_adds"]


def test_what_learns_nothing_has_none():
    assert costs(Still()) == {}
    assert costs(None) == {}


def test_costs_stand_on_the_page_of_results(tmp_path):
    metrics = costs(odometer_of(SYSTEMS[0]))
    record(Result(metrics), SYSTEMS[0].name, "b-v1", table=tmp_path / "results.csv")
    page = (tmp_path / "RESULTS.md").read_text()
    assert "| system | benchmark | parameters | multiply-adds | p50 [ms] | p95 [ms] |" in page
    assert f"| {SYSTEMS[0].name} | b-v1 | {metrics['parameters'].value:,.0f} |" in page


def test_the_agent_is_timed_beside_what_it_could_reach(monkeypatch):
    monkeypatch.setattr(timing, "ROUNDS", 1)
    monkeypatch.setattr("navworld.agents.bench.ROUND_SECONDS", 0.05)
    found = bench_agent(
        localizer="odometry/commanded", scenes="apartment:validation[:1]", num_envs=2
    ).metrics  # fmt: skip
    assert found["steps_per_s"].value > 0
    assert found["oracle_steps_per_s"].value > 0
    shares = [found[f"{part}_percent"].value for part in PARTS]
    assert all(share > 0 for share in shares)
    assert sum(shares) == pytest.approx(100)

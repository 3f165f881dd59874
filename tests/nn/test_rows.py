"""Batches shared among threads by rows."""

import threading

import numpy as np
import pytest
import torch

from navworld.agents.catalog import build_agent
from navworld.nn.policies.actions import action_logits
from navworld.nn.rows import by_rows

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("rows", [1, 7, 32])
def test_answers_come_in_the_order_of_the_rows(threads, rows):
    values = torch.arange(rows)
    answers = by_rows(lambda span: 2 * values[span], rows, CPU)
    assert torch.cat(answers).tolist() == (2 * values).tolist()
    assert len(answers) == max(1, min(threads, rows // 4))


def test_each_part_computes_alone_and_differentiates_nothing(threads):
    told = []
    weight = torch.ones(3, requires_grad=True)

    def ask(span):
        told.append((torch.get_num_threads(), (weight * 2).requires_grad, threading.get_ident()))
        return span

    by_rows(ask, 32, CPU)
    assert torch.get_num_threads() == threads
    assert all(not differentiated for _, differentiated, _ in told)
    if threads > 1:
        assert {alone for alone, _, _ in told} == {1}


def test_elsewhere_all_rows_are_asked_for_at_once(threads):
    assert by_rows(lambda span: span, 32, torch.device("meta")) == [slice(0, 32)]


def test_what_goes_wrong_in_a_part_is_said(threads):
    def ask(span):
        raise ValueError("no such rows")

    with pytest.raises(ValueError, match="no such rows"):
        by_rows(ask, 32, CPU)
    assert torch.get_num_threads() == threads


def test_a_policy_decides_alike_on_any_number_of_threads(threads):
    """Its network has parts that every call fills anew; rows must not meet in them."""
    policy = build_agent("pointnav").policy
    random = np.random.default_rng(0)
    rows = 25
    seen = {
        key: random.integers(0, 2, (rows, 3, 64, 64), dtype=np.uint8) * 252
        for key in ("map_near", "map_far")
    }
    seen["goal_polar"] = random.random((rows, 3), dtype=np.float32)
    seen["map_motion"] = random.random((rows, 3), dtype=np.float32)
    tensors = {key: torch.as_tensor(value) for key, value in seen.items()}
    with torch.no_grad():
        expected = policy.network.get_distribution(tensors).distribution.logits
    policy.network.set_training_mode(False)
    for _ in range(10):
        asked = by_rows(
            lambda span: action_logits(policy.network, {k: v[span] for k, v in tensors.items()}),
            rows, CPU,
        )  # fmt: skip
        assert torch.allclose(torch.cat(asked), expected, atol=1e-5)
    actions, _ = policy.predict(seen)
    assert actions.shape == (rows,)

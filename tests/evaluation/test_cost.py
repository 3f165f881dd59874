"""Costs of models: multiply-adds worked out by hand, fused layers included."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from torch import nn

from navworld.evaluation.metrics.cost import latency, multiply_adds, parameters, peak_memory

TOKENS = torch.zeros(2, 7, 16)
ATTENTION = 4 * 7 * 16 * 16 + 2 * 7 * 7 * 16


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        (nn.Linear(16, 5), TOKENS, 2 * 7 * 16 * 5),
        (nn.Conv2d(3, 8, 3, padding=1), torch.zeros(1, 3, 10, 10), 100 * 8 * 27),
        (nn.Conv2d(8, 8, 3, padding=1, groups=8), torch.zeros(1, 8, 10, 10), 100 * 8 * 9),
        (nn.ConvTranspose2d(3, 8, 2, stride=2), torch.zeros(1, 3, 10, 10), 100 * 8 * 3 * 4),
        (nn.LSTM(16, 32, batch_first=True), TOKENS, 2 * 7 * 4 * 32 * (16 + 32)),
        (nn.GRU(16, 32, batch_first=True), TOKENS, 2 * 7 * 3 * 32 * (16 + 32)),
        (
            nn.TransformerEncoderLayer(16, 4, 64, batch_first=True),
            TOKENS,
            2 * (ATTENTION + 2 * 7 * 16 * 64),
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_multiply_adds_are_those_of_the_formula(model: nn.Module, given, expected: int):
    model.eval()
    assert multiply_adds(lambda: model(given)) == expected
    assert torch.backends.mkldnn.enabled
    assert torch.backends.mha.get_fastpath_enabled()


def test_parameters_are_counted_once_and_frozen_ones_on_demand():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    assert parameters(model) == 16 + 8
    model[0].weight.requires_grad_(False)
    assert parameters(model, trainable=True) == 8


def test_latency_has_a_median_and_a_tail():
    waits = iter([0.0] * 2 + [0.002] * 18 + [0.02] * 2)
    found = latency(lambda: time.sleep(next(waits)), calls=20, warmup=2)
    assert found.calls == 20
    assert 0.002 <= found.p50 < 0.012 <= found.p95
    with pytest.raises(ValueError, match="positive"):
        latency(lambda: None, calls=0)


def test_peak_memory_sees_what_is_freed_again():
    used = peak_memory(lambda: np.ones(20_000_000).sum())
    assert used == pytest.approx(160e6, rel=0.1)

"""Recurrence: a state that can be kept between calls, row by row."""

import pytest
import torch

from navworld.nn.temporal.recurrent import Recurrent


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_step_by_step_is_the_same_as_all_at_once(cell):
    core = Recurrent(5, 7, cell=cell, layers=2)
    x = torch.randn(3, 6, 5)
    whole, last = core(x)
    state, parts = None, []
    for k in range(6):
        part, state = core(x[:, k : k + 1], state)
        parts.append(part)
    assert torch.allclose(whole, torch.cat(parts, 1), atol=1e-6)
    assert torch.allclose(last, state, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_rows_keep_their_states(cell):
    core = Recurrent(5, 7, cell=cell)
    _, state = core(torch.randn(4, 2, 5))
    x = torch.randn(4, 1, 5)
    whole, after = core(x, state)
    picked, after_picked = core(x[[2, 0]], state[[2, 0]])
    assert torch.allclose(whole[[2, 0]], picked, atol=1e-6)
    assert torch.allclose(after[[2, 0]], after_picked, atol=1e-6)


def test_what_was_seen_once_is_not_forgotten_before_anything_is_learned():
    torch.manual_seed(0)
    core = Recurrent(32, 32, layers=2)
    nothing = torch.zeros(64, 9, 32)
    once = nothing.clone()
    once[:, 0] = torch.randn(64, 32)
    response = (core(once)[0] - core(nothing)[0]).detach().square().mean((0, 2)).sqrt()
    assert response[0] > 0.03
    assert response[8] > response[0]  # with PyTorch's defaults it falls to a tenth


def test_an_unknown_cell_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'lstm'"):
        Recurrent(1, 1, cell="lstn")

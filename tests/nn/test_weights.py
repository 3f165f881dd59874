"""Weights come back as they were, and other files are refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from navworld.nn.weights import load_weights, save_weights


class Shared(nn.Module):
    def __init__(self, size: int = 3) -> None:
        super().__init__()
        self.one = nn.Linear(size, 2)
        self.same = self.one


def test_weights_return_as_half_precision(tmp_path):
    network, other = Shared(), Shared()
    save_weights(network, tmp_path / "w.safetensors")
    load_weights(other, tmp_path / "w.safetensors")
    torch.testing.assert_close(other.one.weight, network.one.weight.half().float())
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        load_weights(Shared(), tmp_path / "none.safetensors")
    (tmp_path / "junk.safetensors").write_bytes(b"not weights")
    with pytest.raises(ValueError, match="not a safetensors file"):
        load_weights(Shared(), tmp_path / "junk.safetensors")
    save_weights(Shared(4), tmp_path / "four.safetensors")
    with pytest.raises(ValueError, match="another network"):
        load_weights(Shared(3), tmp_path / "four.safetensors")

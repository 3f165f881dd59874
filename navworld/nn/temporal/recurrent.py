"""Recurrence over feature vectors, with a state that can be kept row by row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from navworld.names import nearest

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class Recurrent(nn.Module):
    """A recurrent core: long short-term memory or gated recurrent units.

    S. Hochreiter and J. Schmidhuber, Long Short-Term Memory, Neural Computation 1997; K. Cho et
    al., Learning Phrase Representations using RNN Encoder–Decoder, EMNLP 2014. It runs in float32
    also under autocast: a state that is kept for thousands of steps must not be rounded.

    Args:
        features: Of the input.
        hidden: Size of every layer's state.
        cell: "lstm" or "gru".
        layers: One upon the other.
    """

    def __init__(self, features: int, hidden: int, *, cell: str = "lstm", layers: int = 2) -> None:
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"unknown recurrent cell {cell!r}{nearest(cell, CELLS)}")
        self.core = CELLS[cell](features, hidden, layers, batch_first=True)
        self.parts = 2 if cell == "lstm" else 1
        self.hidden, self.layers = hidden, layers
        self._initialise()

    def _initialise(self) -> None:
        """Gates that let signals of the input's size through, and at first forget little.

        R. Jozefowicz et al., An Empirical Exploration of Recurrent Network Architectures, ICML
        2015 (a forget gate's bias of 1); A. Saxe et al., ICLR 2014 (orthogonal recurrence).
        """
        for name, weights in self.core.named_parameters():
            gates = weights.detach().split(self.hidden)
            if name.startswith("bias"):
                nn.init.zeros_(weights)
                if self.parts == 2 and name.startswith("bias_ih"):
                    nn.init.ones_(gates[1])
                continue
            for gate in gates:
                spread = nn.init.orthogonal_ if "_hh_" in name else nn.init.xavier_uniform_
                spread(gate)

    def forward(self, features: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Runs over time.

        Args:
            features: (B, n, features).
            state: (B, parts, layers, hidden) as returned; None begins anew.

        Returns:
            (B, n, hidden), and the state after the last step, batch first.
        """
        with torch.autocast(features.device.type, enabled=False):
            given = None
            if state is not None:
                parts = state.float().permute(1, 2, 0, 3).contiguous()
                given = (parts[0], parts[1]) if self.parts == 2 else parts[0]
            out, after = self.core(features.float(), given)
        both = torch.stack(after) if self.parts == 2 else after[None]
        return out, both.permute(2, 0, 1, 3)

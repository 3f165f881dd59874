"""One run in several processes, as torchrun starts them; alone, everything here does nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Group:
    """The processes of a run.

    Attributes:
        rank, size: Which of how many this one is.
        device: Where its network lives.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    def spread(self, network: nn.Module) -> nn.Module:
        """The network, with gradients that are averaged over the processes."""
        if self.size == 1:
            return network
        index = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=index)

    def told(self, value: float) -> float:
        """What the first process says, known to all."""
        if self.size == 1:
            return value
        tensor = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.broadcast(tensor, 0)
        return float(tensor)


@contextmanager
def joined() -> Iterator[Group]:
    """The group that the environment's WORLD_SIZE, RANK and LOCAL_RANK speak of."""
    size, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    if size == 1:
        yield Group(0, 1, device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Group(rank, size, device)
    finally:
        distributed.destroy_process_group()

"""A recipe that learns a line from noise in milliseconds, with dropout and momentum to remember."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import get_worker_info

from navworld.recipe import Portion, Preset, Recipe
from navworld.training.settings import TrainSettings


class Killed(BaseException):
    """Stands for a signal that no code can catch and go on from."""


@dataclass(frozen=True)
class ToySettings:
    width: int = 16


@dataclass(frozen=True)
class ToyData:
    """Points of a plane.

    `kill_after` is 1000 × round + batch: there the run dies, of a signal if asked for.
    """

    noise: float = 0.0
    kill_after: int = -1
    signal: bool = False

    def batches(self, portion: Portion) -> Iterator[dict[str, torch.Tensor]]:
        info = get_worker_info()
        worker = 0 if info is None else info.id
        held = portion.split != "train"
        rng = np.random.default_rng([portion.seed, portion.round, *portion.part, worker, held])
        made = 0
        while True:
            if not held and (portion.round, made) == divmod(self.kill_after, 1000):
                if self.signal:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise Killed
            x = rng.normal(size=(portion.size, 4)).astype(np.float32)
            y = x @ np.array([1.0, -2.0, 0.5, 0.0], np.float32)
            yield {"x": torch.from_numpy(x), "y": torch.from_numpy(y)}
            made += 1


class ToyNet(nn.Module):
    def __init__(self, settings: ToySettings) -> None:
        super().__init__()
        self.settings = settings
        self.layers = nn.Sequential(
            nn.Linear(4, settings.width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(settings.width, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)[:, 0]


def loss(network, batch, random):
    x = batch["x"]
    if random is not None:
        x = x + 0.01 * torch.randn(x.shape, generator=random)
    return {"loss": (network(x) - batch["y"]).square().mean()}


PRESET = Preset(
    ToySettings(),
    ToyData(),
    TrainSettings(
        steps=24, batch=8, round_steps=4, warmup=2, learning_rate=0.02, validation_batches=2,
        workers=0,
    ),
)  # fmt: skip

RECIPE = Recipe(
    name="test/toy",
    paper="none",
    mechanism="a line",
    claim="It learns.",
    sensors=("x",),
    presets={"tiny": PRESET, "small": PRESET, "paper": PRESET},
    build=ToyNet,
    loss=loss,
    wrap=lambda network: network,
)

if __name__ == "__main__":
    from navworld.training.supervised import fit

    fit(RECIPE, RECIPE.preset("tiny", sys.argv[2:]), Path(sys.argv[1]), quiet=True)

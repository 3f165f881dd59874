"""Batches of a training run: round after round, made by workers, the same on every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from navworld.recipe import Data, Portion
from navworld.training.settings import TrainSettings

Batch = dict[str, Tensor]


class Rounds(IterableDataset):
    """The batches of a run, from a round on.

    Every round begins its data anew from (seed, round), so that a run can go on from the end of
    any round as if it had never stopped. A `DataLoader` takes from its workers in turn; each makes
    its share of every round.

    Args:
        data: What makes batches.
        settings: How many to a round, how large, which seed.
        part: (which, of how many) processes of a distributed run.
        first: Round to begin with.
    """

    def __init__(
        self, data: Data, settings: TrainSettings, *, part: tuple[int, int], first: int
    ) -> None:
        self.data, self.settings, self.part, self.first = data, settings, part, first

    def __iter__(self) -> Iterator[Batch]:
        info = get_worker_info()
        many = 1 if info is None else info.num_workers
        s = self.settings
        for index in count(self.first):
            portion = Portion("train", s.batch, s.seed, index, self.part)
            made = 0
            for batch in islice(self.data.batches(portion), s.round_steps // many):
                made += 1
                yield batch
            if made < s.round_steps // many:
                raise ValueError(
                    f"the data ended after {made} of {s.round_steps // many} batches of a round: "
                    "lower training.round_steps or training.batch, or give it more scenes"
                )


@dataclass(frozen=True)
class Held(IterableDataset):
    """The first batches of the validation split: the same for every seed of a run."""

    data: Data
    size: int
    batches: int

    def __iter__(self) -> Iterator[Batch]:
        yield from islice(self.data.batches(Portion("validation", self.size)), self.batches)


def training_batches(
    data: Data, settings: TrainSettings, *, part: tuple[int, int], first: int
) -> Iterator[Batch]:
    """Batches from round `first` on, without end."""
    rounds = Rounds(data, settings, part=part, first=first)
    return iter(_loader(rounds, settings.workers))


def validation_batches(data: Data, settings: TrainSettings) -> Iterator[Batch]:
    """What every round is judged by; a worker begins to make it at once."""
    held = Held(data, settings.batch, settings.validation_batches)
    return iter(_loader(held, min(1, settings.workers)))


def _loader(dataset: IterableDataset, workers: int) -> DataLoader:
    ahead = 4 if workers else None
    return DataLoader(
        dataset, batch_size=None, num_workers=workers, prefetch_factor=ahead,
        pin_memory=torch.cuda.is_available(),
    )  # fmt: skip

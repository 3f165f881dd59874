"""Recipes: what a published system is, as one frozen description.

A recipe composes the parts of `navworld.nn` and `navworld.losses`; `navworld.training` fits it,
`navworld.agents.catalog` lists it. It imports neither torch nor what is above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from navworld.names import nearest
from navworld.training.settings import TrainSettings

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    Batch = dict[str, Tensor]

PRESETS = ("tiny", "small", "paper")
"""Sizes that every recipe has: for tests, for two cores in twenty minutes, as published."""


@dataclass(frozen=True)
class Portion:
    """Which part of the data is meant.

    Attributes:
        split: "train" or "validation".
        size: Items in a batch.
        seed: Of the run.
        round: Of the training; every round's data is its own.
        part: (which, of how many) processes of a distributed run.
    """

    split: str
    size: int
    seed: int = 0
    round: int = 0
    part: tuple[int, int] = (0, 1)


class Data(Protocol):
    """What a system learns from: a frozen dataclass, so that it can be changed and written down."""

    def batches(self, portion: Portion) -> Iterator[Batch]:
        """Batches without end, the same for the same portion.

        Called in a worker of a `DataLoader` it gives that worker's share.
        """


@dataclass(frozen=True)
class Preset:
    """A size of a recipe.

    Attributes:
        network: What `Recipe.build` takes: a frozen dataclass of the network's settings.
        data: What it learns from (`Data`).
        training: How.
    """

    network: Any
    data: Any
    training: TrainSettings


@dataclass(frozen=True)
class Recipe:
    """A published system.

    Attributes:
        name: Family and name: "odometry/deepvo".
        paper: Source.
        mechanism: What defines it.
        claim: The falsifiable sentence that `navworld claim` checks.
        sensors: Observations that it reads.
        presets: By name, those of `PRESETS` at least.
        build: Its network, of a preset's `network`.
        loss: (network, batch, generator) → terms by name, of which "loss" is minimised; the
            generator is for augmentation, and None in validation. It calls the network once.
        wrap: The component that uses a trained network, such as an `Odometer`.
        ablations: What is taken away → the changed settings, "network.temporal=none".
        checks: (proof) → the checks of the claim; see `navworld.agents.claims`.
        version: Raised when weights of before no longer fit.
    """

    name: str
    paper: str
    mechanism: str
    claim: str
    sensors: tuple[str, ...]
    presets: Mapping[str, Preset]
    build: Callable[[Any], nn.Module]
    loss: Callable[[nn.Module, Batch, torch.Generator | None], dict[str, Tensor]]
    wrap: Callable[[nn.Module], Any]
    ablations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    checks: Callable[[Any], Iterator[Any]] | None = None
    version: int = 1

    def __post_init__(self) -> None:
        for name in PRESETS:
            if name not in self.presets:
                raise ValueError(f"recipe {self.name!r} lacks the preset {name!r}")

    @property
    def short(self) -> str:
        """The name without the family."""
        return self.name.rpartition("/")[2]

    def preset(self, name: str, overrides: Sequence[str] = (), *, seed: int = 0) -> Preset:
        """A preset with some of its settings changed.

        Args:
            overrides: "network.width=8", "data.scenes=office:train", "training.steps=100".
            seed: Of the training.

        Raises:
            ValueError: The preset or a key is unknown; names the nearest.
        """
        if name not in self.presets:
            raise ValueError(
                f"{self.name} has no preset {name!r}{nearest(name, list(self.presets))}"
            )
        from navworld.training.config import changed

        preset = self.presets[name]
        preset = replace(preset, training=replace(preset.training, seed=seed))
        return changed(preset, overrides)


def settings_of(network: nn.Module) -> Any:
    """The settings that a network was built of, also where it is wrapped for several processes."""
    return getattr(network, "module", network).settings

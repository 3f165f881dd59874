"""Systems of the catalogue by name: found, trained, loaded with their weights, listed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from navworld.agents.results import CLAIM, read
from navworld.evaluation.metrics.cost import parameters
from navworld.evaluation.result import Metric, Result, commit, hardware
from navworld.names import named
from navworld.recipe import Preset, Recipe
from navworld.training.checkpoints import load_trained
from navworld.training.config import load_config
from navworld.training.supervised import WEIGHTS, fit

HOME = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Experiment:
    """A training run, as `configs/odometry/deepvo.yaml` has it.

    Attributes:
        recipe: Name in the catalogue.
        preset: Size of it.
        seed: Of the run.
        network, data, training: Settings that differ from the preset's.
    """

    recipe: str
    preset: str = "small"
    seed: int = 0
    network: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> list[str]:
        """The settings as overrides of a preset."""
        parts = {"network": self.network, "data": self.data, "training": self.training}
        return [f"{p}.{k}={json.dumps(v)}" for p, given in parts.items() for k, v in given.items()]


def recipe(name: str) -> Recipe:
    """A recipe by name; a ValueError names the nearest one when unknown."""
    from navworld.agents.catalog import SYSTEMS

    return named(name, {item.name: item for item in SYSTEMS}, "system")


def load_system(system: Recipe, weights: str | Path | None = None) -> nn.Module:
    """The trained network of a system.

    Args:
        weights: File to use instead of the one that comes along.

    Raises:
        FileNotFoundError: There are no weights; says how to train some.
        ValueError: They are of another recipe or version.
    """
    path = HOME / f"{system.short}.safetensors" if weights is None else Path(weights)
    if weights is None and not path.exists():
        raise FileNotFoundError(
            f"no weights of {system.name} come along: `navworld train {system.name} --preset small "
            f"--out DIR`, then give --weights DIR/{WEIGHTS}"
        )
    return load_trained(system, path)


def train_system(
    name: str,
    *,
    preset: str | None = None,
    seed: int | None = None,
    config: str | None = None,
    out: str | None = None,
    minutes: float | None = None,
    overrides: Sequence[str] = (),
    quiet: bool = False,
) -> Result:
    """Trains a system; a run that was stopped goes on where it was.

    Args:
        preset: "tiny", "small" or "paper"; "small" by default.
        config: YAML of an `Experiment`.
        out: Folder of checkpoint, weights and log; `runs/NAME` by default.
        minutes: Then it stops, to be continued.
        overrides: "network.temporal=none", stronger than the config.
    """
    system = recipe(name)
    experiment = Experiment(name) if config is None else load_config(Experiment, config)
    if experiment.recipe != name:
        raise ValueError(f"{config} is a config of {experiment.recipe!r}, not of {name!r}")
    changes = [*experiment.changes, *overrides]
    if minutes is not None:
        changes.append(f"training.minutes={minutes}")
    seed = experiment.seed if seed is None else seed
    settings = system.preset(preset or experiment.preset, changes, seed=seed)
    folder = Path(out or f"runs/{name}")
    return run(system, settings, folder, quiet=quiet)


def run(system: Recipe, settings: Preset, folder: Path, *, quiet: bool = False) -> Result:
    """Fits a network and says what came out."""
    command = " ".join(["navworld", *sys.argv[1:]])
    notes = {"command": command, "commit": commit(), "hardware": hardware()}
    standing = fit(system, settings, folder, notes=notes, quiet=quiet)
    metrics = {
        "steps": Metric(standing.step),
        "minutes": Metric(standing.seconds / 60, "min"),
        "items_per_s": Metric(standing.items / max(standing.seconds, 1e-9), "1/s"),
        "network_share": Metric(standing.network_seconds / max(standing.seconds, 1e-9)),
        "parameters": Metric(parameters(system.build(settings.network))),
        "best_round": Metric(standing.best_round),
    }
    last = standing.history[-1] if standing.history else {}
    metrics |= {k: Metric(v) for k, v in last.items() if k not in ("step", "seconds", *metrics)}
    config = {"system": system.name, "preset": settings, "weights": str(folder / WEIGHTS)}
    return Result(metrics, config)


def verdicts() -> Mapping[str, str]:
    """System → "holds" or "fails", as far as claims have been run."""
    return {row["recipe"]: row["value"] for row in read() if row["metric"] == CLAIM}


def listing() -> str:
    """Every system with its claim and verdict."""
    from navworld.agents.catalog import SYSTEMS

    found = verdicts()
    lines = []
    for item in SYSTEMS:
        lines += [
            f"{item.name}  ({item.paper})",
            f"  {item.mechanism}",
            f"  claim    {item.claim}",
            f"  verdict  {found.get(item.name, 'not run yet')}",
        ]
    return "\n".join(lines)


def is_first_process() -> bool:
    """Whether this is the process of a distributed run that prints."""
    return int(os.environ.get("RANK", 0)) == 0

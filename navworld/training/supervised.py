"""Supervised training: fits a recipe's network to what the simulator knows.

    fit(recipe, recipe.preset("small"), Path("runs/deepvo"))

Training goes in rounds. After each, the network is judged on validation data, the best weights are
kept, and a checkpoint is written from which a run that was killed goes on exactly: with the same
seed, and one thread, it ends with the same bytes as if it had not been. One code path serves CPU,
GPU and several processes (`torchrun --nproc-per-node 8 -m navworld train …`).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from navworld.progress import ProgressBar
from navworld.recipe import Preset, Recipe
from navworld.training.checkpoints import (
    identity,
    load_checkpoint,
    plain,
    restored,
    save_checkpoint,
    save_trained,
)
from navworld.training.distributed import Group, joined
from navworld.training.loading import Batch, training_batches, validation_batches
from navworld.training.settings import TrainSettings

CHECKPOINT, WEIGHTS, LOG = "checkpoint.safetensors", "weights.safetensors", "log.jsonl"


@dataclass
class Standing:
    """Where a run stands; kept in its checkpoint.

    Attributes:
        step, round: Made so far.
        best: Least validation loss, of the round `best_round`.
        seconds: Of wall clock, in all.
        network_seconds: Of which in the network: forward, backward, update.
        items: Learned from.
        history: The numbers of every round.
    """

    step: int = 0
    round: int = 0
    best: float = math.inf
    best_round: int = 0
    seconds: float = 0.0
    network_seconds: float = 0.0
    items: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def over(self, settings: TrainSettings) -> bool:
        """Whether all steps are made, or patience has run out."""
        waited = self.round - self.best_round
        return self.step >= settings.steps or bool(settings.patience and waited > settings.patience)


def fit(
    recipe: Recipe,
    preset: Preset,
    folder: Path,
    *,
    notes: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> Standing:
    """Trains until it is over, or `preset.training.minutes` are; goes on from a checkpoint.

    Args:
        folder: Of `checkpoint.safetensors`, `weights.safetensors` (the best) and `log.jsonl`.
        notes: Kept in the weights beside what they are.

    Raises:
        ValueError: The folder's checkpoint is damaged or of another run; a loss is not finite.
    """
    with joined() as group:
        return _Run(recipe, preset, folder, group, dict(notes or {}), quiet).run()


class _Run:
    def __init__(
        self,
        recipe: Recipe,
        preset: Preset,
        folder: Path,
        group: Group,
        notes: dict[str, Any],
        quiet: bool,
    ) -> None:
        self.recipe, self.preset, self.folder, self.group = recipe, preset, folder, group
        self.settings: TrainSettings = preset.training
        self.notes, self.quiet = notes, quiet or not group.first
        self.mine = identity(recipe, preset)
        if group.device.type == "cpu":
            torch.set_num_threads(self.settings.threads)
        torch.manual_seed(self.settings.seed)
        network = recipe.build(preset.network)
        self.network = network.to(group.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), self.settings.learning_rate, betas=(0.9, 0.99),
            weight_decay=self.settings.weight_decay,
        )  # fmt: skip
        self.standing = self._resumed()
        self.spread = group.spread(self.network)
        self.random = torch.Generator(device=group.device)

    def run(self) -> Standing:
        standing, settings = self.standing, self.settings
        if standing.over(settings):
            return standing
        began, before = time.perf_counter(), standing.seconds
        part = (self.group.rank, self.group.size)
        batches = training_batches(self.preset.data, settings, part=part, first=standing.round)
        coming: Iterator[Batch] = iter(())
        if self.group.first and settings.validation_batches:
            coming = validation_batches(self.preset.data, settings)
        held: list[Batch] = []
        bar = ProgressBar(
            self.recipe.name, settings.steps, done=standing.step, unit="steps", quiet=self.quiet
        )
        with bar:
            while not standing.over(settings):
                terms = self._round(batches, bar)
                standing.round += 1
                standing.seconds = before + time.perf_counter() - began
                held = held or list(coming)
                self._judge(held, terms)
                bar.note("  ".join(f"{name} {value:.4g}" for name, value in terms.items()))
                late = settings.minutes and time.perf_counter() - began > 60 * settings.minutes
                if self.group.told(float(late)):
                    break
        return standing

    def _round(self, batches: Iterator[Batch], bar: ProgressBar) -> dict[str, float]:
        """A round of updates: the means of the loss's terms."""
        self.spread.train()
        sums: dict[str, Tensor] = {}
        steps = min(self.settings.round_steps, self.settings.steps - self.standing.step)
        for _ in range(steps):
            batch = self._placed(next(batches))
            began = time.perf_counter()
            for name, value in self._update(batch).items():
                sums[name] = sums.get(name, torch.zeros_like(value)) + value
            self.standing.step += 1
            self.standing.items += len(next(iter(batch.values()))) * self.group.size
            self.standing.network_seconds += time.perf_counter() - began
            bar.advance(worth=len(next(iter(batch.values()))) * self.group.size)
        means = {name: float(value) / steps for name, value in sums.items()}
        if not all(math.isfinite(value) for value in means.values()):
            raise ValueError(
                f"{self.recipe.name}: the loss is not finite after {self.standing.step} steps: "
                "lower training.learning_rate, or look for NaN in the data"
            )
        return means

    def _update(self, batch: Batch) -> dict[str, Tensor]:
        settings, step = self.settings, self.standing.step
        # Draws depend on the step alone, so that a run that goes on makes the same ones.
        seed = [settings.seed, step, self.group.rank]
        draw = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1))
        torch.manual_seed(draw)
        self.random.manual_seed(draw)
        for group in self.optimizer.param_groups:
            group["lr"] = settings.learning_rate * rate(step, settings)
        terms = self._loss(self.spread, batch, self.random)
        self.optimizer.zero_grad(set_to_none=True)
        terms["loss"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip_norm)
        self.optimizer.step()
        return {name: value.detach() for name, value in terms.items()}

    def _judge(self, held: list[Batch], terms: dict[str, float]) -> None:
        """Validates, keeps the best weights, writes log and checkpoint."""
        standing = self.standing
        if self.group.first:
            terms |= {f"validation_{k}": v for k, v in self._validated(held).items()}
        loss = self.group.told(terms.get("validation_loss", -float(standing.round)))
        if loss < standing.best:
            standing.best, standing.best_round = loss, standing.round
        if not self.group.first:
            return
        share = standing.network_seconds / max(standing.seconds, 1e-9)
        spent = {"step": standing.step, "seconds": standing.seconds, "network_share": share}
        standing.history.append({**spent, **terms})
        self.folder.mkdir(parents=True, exist_ok=True)
        if standing.best_round == standing.round:
            told = {**self.mine, **self.notes, "step": standing.step, "terms": terms}
            save_trained(self.network, self.folder / WEIGHTS, told)
        log = "".join(json.dumps(line) + "\n" for line in standing.history)
        (self.folder / LOG).write_text(log)
        told = {**self.mine, "standing": plain(standing)}
        save_checkpoint(self.folder / CHECKPOINT, self.network, self.optimizer, told)

    @torch.no_grad()
    def _validated(self, held: list[Batch]) -> dict[str, float]:
        self.network.eval()
        sums: dict[str, float] = {}
        for batch in held:
            for name, value in self._loss(self.network, self._placed(batch), None).items():
                sums[name] = sums.get(name, 0.0) + float(value) / len(held)
        return sums

    def _loss(
        self, network: nn.Module, batch: Batch, random: torch.Generator | None
    ) -> dict[str, Tensor]:
        kind = self.group.device.type
        wanted = self.settings.precision
        half = wanted == "bf16" or (wanted == "auto" and kind == "cuda")
        with torch.autocast(kind, torch.bfloat16, enabled=half):
            return self.recipe.loss(network, batch, random)

    def _placed(self, batch: Batch) -> Batch:
        for name in self.recipe.sensors:
            if name not in batch:
                raise ValueError(
                    f"{self.recipe.name} learns from {name!r}, and the data gives only "
                    f"{', '.join(batch)}: add it to data.sensors"
                )
        return {k: v.to(self.group.device, non_blocking=True) for k, v in batch.items()}

    def _resumed(self) -> Standing:
        path = self.folder / CHECKPOINT
        if not path.exists():
            return Standing()
        notes = load_checkpoint(path, self.network, self.optimizer, expected=self.mine)
        return restored(Standing, notes["standing"])


def rate(step: int, settings: TrainSettings) -> float:
    """Share of the greatest learning rate: a linear rise, then a cosine down."""
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    passed = (step - settings.warmup) / max(settings.steps - settings.warmup, 1)
    wave = 0.5 * (1 + math.cos(math.pi * min(passed, 1.0)))
    return settings.final_rate + (1 - settings.final_rate) * wave

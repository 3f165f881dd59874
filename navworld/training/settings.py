"""How a system is trained: one frozen dataclass, the same for all supervised systems."""

from __future__ import annotations

from dataclasses import dataclass

PRECISIONS = ("auto", "fp32", "bf16")


@dataclass(frozen=True)
class TrainSettings:
    """How a network is fitted.

    Attributes:
        steps: Updates in all; the learning rate falls along a cosine that ends there.
        batch: Items per update, in every process.
        round_steps: Updates between validations. A run that was stopped goes on from the end of
            its last round.
        learning_rate: Greatest.
        final_rate: Share of it that is left at the end.
        warmup: Updates over which it rises.
        weight_decay: Of AdamW.
        clip_norm: Longest gradient.
        validation_batches: Looked at after every round; 0 keeps the last weights.
        patience: Rounds without a better validation before training stops; 0 for never.
        minutes: Wall clock after which it stops, to be continued; 0 for no limit.
        workers: Processes that make the data; 0 makes it in this one.
        threads: Of the network on a CPU.
        precision: "bf16", "fp32", or "auto": bf16 on a GPU.
        seed: Of the weights, the data and all else.
    """

    steps: int = 2000
    batch: int = 16
    round_steps: int = 100
    learning_rate: float = 1e-3
    final_rate: float = 0.02
    warmup: int = 50
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    validation_batches: int = 8
    patience: int = 0
    minutes: float = 0.0
    workers: int = 1
    threads: int = 1
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "round_steps", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"training.{name}={getattr(self, name)!r}: expected at least 1")
        if self.workers < 0 or (self.workers and self.round_steps % self.workers):
            raise ValueError(
                f"training.workers={self.workers}: expected 0, or a divisor of round_steps "
                f"({self.round_steps}), so that a round is shared out evenly"
            )
        if self.precision not in PRECISIONS:
            raise ValueError(f"training.precision={self.precision!r}: expected one of {PRECISIONS}")

"""Fine-tuning a policy by PPO in its environment, with stable-baselines3.

Schulman et al., "Proximal Policy Optimization Algorithms", 2017. The value function of an
imitated policy knows nothing: for the first `value_steps` only it is trained.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecEnv

from navworld.nn.weights import parameters, set_parameters


@dataclass(frozen=True)
class ReinforcementSettings:
    """How to fine-tune.

    Attributes:
        steps: Environment steps in all; 0 leaves the stage out.
        value_steps: Of these, at the start, for the value function alone.
        rollout: Steps of each environment between updates.
        batch: Samples per update.
        epochs: Passes over a rollout.
        learning_rate: Constant.
        clip: Of the probability ratio.
        entropy: Weight of the entropy bonus.
        gamma, gae_lambda: Of the advantages.
        every: Steps between validations.
        seed: Of everything random here.
    """

    steps: int = 0
    value_steps: int = 60_000
    rollout: int = 64
    batch: int = 512
    epochs: int = 3
    learning_rate: float = 5e-5
    clip: float = 0.1
    entropy: float = 0.001
    gamma: float = 0.99
    gae_lambda: float = 0.95
    every: int = 50_000
    seed: int = 0


def fine_tune(
    network: ActorCriticPolicy,
    env: VecEnv,
    settings: ReinforcementSettings,
    *,
    policy_kwargs: dict[str, Any],
    folder: Path,
    evaluate: Callable[[ActorCriticPolicy], dict[str, float]],
    on_best: Callable[[ActorCriticPolicy], None],
    report: Callable[[str], None] = print,
) -> None:
    """Continues training `network` in place; a run that was stopped goes on where it was.

    Args:
        evaluate: (network) → metrics with a key "score"; the best is handed to `on_best`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = PPO(
        "MultiInputPolicy", env, learning_rate=settings.learning_rate,
        n_steps=settings.rollout, batch_size=settings.batch, n_epochs=settings.epochs,
        gamma=settings.gamma, gae_lambda=settings.gae_lambda, clip_range=settings.clip,
        ent_coef=settings.entropy, policy_kwargs=policy_kwargs, seed=settings.seed,
    )  # fmt: skip
    resume, done, best = folder / "resume.safetensors", 0, -1.0
    set_parameters(model.policy, parameters(network))
    if resume.exists():
        note = json.loads((folder / "progress.json").read_text())
        done, best = note["steps"], note["best"]
        set_parameters(model.policy, load_file(resume))
    callback = _Validate(settings, folder, evaluate, on_best, report, done=done, best=best)
    if done < settings.steps:
        model.learn(settings.steps - done, callback=callback)
    set_parameters(network, parameters(model.policy))


class _Validate(BaseCallback):
    """Freezes the actor at the start, validates, checkpoints."""

    model: PPO

    def __init__(
        self,
        settings: ReinforcementSettings,
        folder: Path,
        evaluate: Callable[[ActorCriticPolicy], dict[str, float]],
        on_best: Callable[[ActorCriticPolicy], None],
        report: Callable[[str], None],
        *,
        done: int,
        best: float,
    ) -> None:
        super().__init__()
        self.settings, self.folder = settings, folder
        self.evaluate, self.on_best, self.report = evaluate, on_best, report
        self.done, self.best = done, best
        self._following = 0
        self._began = time.monotonic()

    def _on_rollout_start(self) -> None:
        steps = self.done + self.num_timesteps
        warm = steps < self.settings.value_steps
        for name, parameter in self.model.policy.named_parameters():
            parameter.requires_grad_(name.startswith(VALUE_PARTS) or not warm)
        if steps >= self._following:
            self._following = (steps // self.settings.every + 1) * self.settings.every
            self._check(steps)

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        self._check(self.done + self.num_timesteps)

    def _check(self, steps: int) -> None:
        found = self.evaluate(self.model.policy)
        if found["score"] > self.best:
            self.best = found["score"]
            self.on_best(self.model.policy)
        state = {k: v.contiguous() for k, v in parameters(self.model.policy).items()}
        partial = self.folder / "resume.partial"
        save_file(state, partial)
        partial.replace(self.folder / "resume.safetensors")
        note = {"steps": steps, "best": self.best}
        (self.folder / "progress.json").write_text(json.dumps(note))
        rate = self.num_timesteps / max(1e-9, time.monotonic() - self._began)
        left = (self.settings.steps - steps) / max(rate, 1e-9) / 60
        shown = "  ".join(f"{k} {v:.4g}" for k, v in found.items())
        self.report(f"steps {steps}  {shown}  {rate:.0f} steps/s  left {left:.1f} min")


VALUE_PARTS = ("value_net", "mlp_extractor.value_net")

"""DAgger: imitate a teacher where the learner goes.

Ross, Gordon & Bagnell, "A Reduction of Imitation Learning and Structured Prediction to No-Regret
Online Learning", AISTATS 2011. A mixture of learner and teacher acts (the teacher with
probability β, which falls to 0), the teacher labels every state visited, and the learner is
trained on all labels so far. Here collection and training alternate in small rounds, and the
labels live in a bounded ring buffer.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from stable_baselines3.common.policies import ActorCriticPolicy
from torch.nn import functional as F

from navworld.nn.policies.actions import action_logits
from navworld.nn.weights import parameters, set_parameters

Arrays = dict[str, NDArray]
Teacher = Callable[[Any, Arrays], NDArray]
"""(environment, observation) → the actions (B,) it would take."""

Codec = tuple[Callable[[NDArray], NDArray], Callable[[NDArray], NDArray]]
"""How an observation key is packed for the buffer, and unpacked."""


class VectorEnvironment(Protocol):
    """What DAgger needs of a `gymnasium.vector.VectorEnv` with same-step autoreset."""

    num_envs: int

    def reset(self, *, seed: int | None = None) -> tuple[Arrays, dict]:
        """Begins an episode everywhere."""

    def step(self, actions: NDArray) -> tuple[Arrays, NDArray, NDArray, NDArray, dict]:
        """Acts everywhere."""


@dataclass(frozen=True)
class DaggerSettings:
    """How to train.

    Attributes:
        samples: Labelled states to gather in all.
        buffer: Of which so many are remembered.
        round_steps: Environment steps between updates.
        passes: How often a state is trained on, on average.
        batch: Samples per update.
        learning_rate: At the start; falls to a tenth along a cosine.
        beta_samples: The teacher's share of acting falls linearly from 1 to 0 over so many.
        explore: Share of actions drawn from the learner's distribution instead of its best;
            never the action 0, which ends an episode.
        stop_weight: Of the rare label 0 in the loss.
        minutes: Wall-clock limit; 0 for none. The learning rate follows whatever ends first.
        seed: Of everything random here.
    """

    samples: int = 600_000
    buffer: int = 400_000
    round_steps: int = 32
    passes: float = 4.0
    batch: int = 256
    learning_rate: float = 1e-3
    beta_samples: int = 40_000
    explore: float = 0.7
    stop_weight: float = 3.0
    minutes: float = 0.0
    seed: int = 0


class LabelBuffer:
    """A ring of observations and labels, packed by key."""

    def __init__(self, capacity: int, codecs: Mapping[str, Codec]) -> None:
        self.capacity, self.codecs = capacity, dict(codecs)
        self.count = self._next = 0
        self._arrays: Arrays = {}

    def add(self, observation: Arrays, labels: NDArray) -> None:
        """Adds n labelled states; the oldest give way."""
        rows = {k: self.codecs[k][0](v) if k in self.codecs else v for k, v in observation.items()}
        rows["label"] = labels.astype(np.int8)
        for key, value in rows.items():
            if key not in self._arrays:
                self._arrays[key] = np.zeros((self.capacity, *value.shape[1:]), value.dtype)
            self._arrays[key][(self._next + np.arange(len(labels))) % self.capacity] = value
        self._next = (self._next + len(labels)) % self.capacity
        self.count = min(self.count + len(labels), self.capacity)

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Arrays, NDArray]:
        """`size` states and labels, drawn evenly."""
        pick = rng.integers(self.count, size=size)
        rows = {k: v[pick] for k, v in self._arrays.items()}
        labels = rows.pop("label").astype(np.int64)
        return {k: self.codecs[k][1](v) if k in self.codecs else v for k, v in rows.items()}, labels


@dataclass
class Progress:
    """Where a run stands; saved with it."""

    samples: int = 0
    updates: int = 0
    seconds: float = 0.0
    best: float = -1.0
    history: list[dict[str, float]] = field(default_factory=list)


class Dagger:
    """Trains a stable-baselines3 policy by imitation.

    Args:
        env: Where to act; its observation holds the policy's keys (and may hold more).
        network: The policy; its features extractor and heads are trained.
        teacher: Labels every state.
        codecs: How to pack keys in the buffer.
        folder: For the checkpoint `resume.safetensors`, `progress.json` and `log.jsonl`.
        evaluate: (network) → metrics with a key "score"; the best is kept by `on_best`.
    """

    def __init__(
        self,
        env: VectorEnvironment,
        network: ActorCriticPolicy,
        teacher: Teacher,
        *,
        settings: DaggerSettings,
        folder: Path,
        codecs: Mapping[str, Codec] | None = None,
        evaluate: Callable[[ActorCriticPolicy], dict[str, float]] | None = None,
        on_best: Callable[[ActorCriticPolicy], None] | None = None,
    ) -> None:
        observed, acted = network.observation_space, network.action_space
        if not isinstance(observed, spaces.Dict) or not isinstance(acted, spaces.Discrete):
            raise TypeError(
                f"imitation of {acted} from {observed}: expected a policy that reads a Dict and "
                "decides on a Discrete action"
            )
        self.env, self.network, self.teacher = env, network, teacher
        self.settings, self.folder = settings, folder
        self.evaluate, self.on_best = evaluate, on_best
        self.keys = list(observed.spaces)
        self.buffer = LabelBuffer(min(settings.buffer, settings.samples), codecs or {})
        self.optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        self.progress = Progress()
        self.rng = np.random.default_rng(settings.seed)
        self._weights = torch.ones(int(acted.n))
        self._weights[0] = settings.stop_weight
        self._observation: Arrays = {}
        self._recent: list[tuple[float, float]] = []
        self._owed = 0.0

    def run(self, *, every: int = 25_000, report: Callable[[str], None] = print) -> Progress:
        """Collects and trains until the samples or minutes are used up; can be run again.

        Args:
            every: Samples between evaluations and checkpoints.
            report: Takes a line of progress.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._restore(report)
        self._observation, _ = self.env.reset(seed=self.settings.seed + self.progress.samples)
        begun, before, since = time.monotonic(), self.progress.seconds, self.progress.samples
        losses: list[tuple[float, float]] = []
        following = (self.progress.samples // every + 1) * every
        while self._done() < 1.0:
            self._collect()
            losses += self._train()
            self.progress.seconds = before + time.monotonic() - begun
            if self.progress.samples >= following or self._done() >= 1.0:
                following += every
                line = self._summary(losses, since, begun)
                report(line)
                losses = []
                self.save()
        return self.progress

    def save(self) -> None:
        """Writes the checkpoint, whole or not at all."""
        state = {f"network.{k}": v.contiguous() for k, v in parameters(self.network).items()}
        for number, slot in self.optimizer.state_dict()["state"].items():
            for key, value in slot.items():
                half = value.to(torch.bfloat16) if key.startswith("exp_avg") else value
                state[f"optimizer.{number}.{key}"] = half.contiguous()
        partial = self.folder / "resume.partial"
        metadata = {"progress": json.dumps(asdict(self.progress))}
        save_file(state, partial, metadata=metadata)
        os.replace(partial, self.folder / "resume.safetensors")

    def _restore(self, report: Callable[[str], None]) -> None:
        path = self.folder / "resume.safetensors"
        if self.progress.samples or not path.exists():
            return
        with safe_open(path, "pt") as file:
            self.progress = Progress(**json.loads(file.metadata()["progress"]))
        tensors = load_file(path)
        network = {k[8:]: v for k, v in tensors.items() if k.startswith("network.")}
        set_parameters(self.network, network)
        state = self.optimizer.state_dict()
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, number, key = name.split(".")
                state["state"].setdefault(int(number), {})[key] = value.float()
        self.optimizer.load_state_dict(state)
        report(f"resumed after {self.progress.samples} samples")

    def _done(self) -> float:
        """Fraction of the run that is over."""
        share = self.progress.samples / self.settings.samples
        if self.settings.minutes:
            share = max(share, self.progress.seconds / (60 * self.settings.minutes))
        return share

    def _collect(self) -> None:
        """A round of acting and labelling."""
        s, count = self.settings, self.env.num_envs
        for _ in range(s.round_steps):
            kept = {key: self._observation[key] for key in self.keys}
            labels = self.teacher(self.env, self._observation)
            self.buffer.add(kept, labels)
            beta = max(0.0, 1.0 - self.progress.samples / max(1, s.beta_samples))
            actions = labels
            if beta < 1.0:
                by_teacher = self.rng.random(count) < beta
                actions = np.where(by_teacher, labels, self._act(kept))
            self._observation, _, terminated, truncated, info = self.env.step(actions)
            done = terminated | truncated
            final = info.get("final_info", info)
            for i in np.flatnonzero(done):
                self._recent.append((float(final["success"][i]), float(final["spl"][i])))
            self.progress.samples += count
        self._recent = self._recent[-300:]
        self._owed += s.round_steps * count * s.passes / s.batch

    def _act(self, observation: Arrays) -> NDArray:
        self.network.set_training_mode(False)
        with torch.no_grad():
            tensors = {k: torch.from_numpy(v) for k, v in observation.items()}
            logits = action_logits(self.network, tensors)
            best = logits.argmax(1).numpy()
            noise = self.rng.gumbel(size=logits.shape)
            noise[:, 0] = -np.inf  # exploring must not end episodes
            drawn = (logits.numpy() + noise).argmax(1)
        explore = (self.rng.random(len(best)) < self.settings.explore) & (best != 0)
        return np.where(explore, drawn, best)

    def _train(self) -> list[tuple[float, float]]:
        """The updates owed: (loss, accuracy) of each."""
        s = self.settings
        rate = s.learning_rate * (0.1 + 0.45 * (1 + np.cos(np.pi * min(1.0, self._done()))))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.set_training_mode(True)
        results = []
        while self._owed >= 1.0:
            self._owed -= 1.0
            observation, labels = self.buffer.sample(self.rng, s.batch)
            tensors = {k: torch.from_numpy(v) for k, v in observation.items()}
            target = torch.from_numpy(labels)
            logits = action_logits(self.network, tensors)
            loss = F.cross_entropy(logits, target, weight=self._weights)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.progress.updates += 1
            results.append((loss.item(), float((logits.argmax(1) == target).float().mean())))
        return results

    def _summary(self, losses: list[tuple[float, float]], since: int, begun: float) -> str:
        """Evaluates, logs, and says where the run stands."""
        loss, accuracy = np.mean(losses, 0) if losses else (np.nan, np.nan)
        row = {"samples": self.progress.samples, "loss": float(loss), "accuracy": float(accuracy)}
        if self._recent:
            row["rollout_success"], row["rollout_spl"] = map(float, np.mean(self._recent, 0))
        if self.evaluate is not None:
            row.update(self.evaluate(self.network))
            if row["score"] > self.progress.best:
                self.progress.best = row["score"]
                if self.on_best is not None:
                    self.on_best(self.network)
        rate = (self.progress.samples - since) / max(1e-9, time.monotonic() - begun)
        done = max(1e-9, self._done())
        left = self.progress.seconds * (1 - done) / done
        row |= {"minutes": self.progress.seconds / 60, "samples_per_s": rate}
        self.progress.history.append(row)
        with open(self.folder / "log.jsonl", "a") as file:
            file.write(json.dumps(row) + "\n")
        shown = "  ".join(f"{k} {v:.4g}" for k, v in row.items())
        return f"{shown}  left {left / 60:.1f} min"

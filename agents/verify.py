"""`navworld verify`: the checks of the environments, and that training goes on exactly.

`verify training` trains every system of the catalogue at its `tiny` size, twice: undisturbed, and
killed 20 times (SIGKILL) at random moments, some of them while a checkpoint is being written. Both
must end with the same bytes: network, optimiser and the best weights.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from navworld.agents.catalog import SYSTEMS
from navworld.envs.verify import CHECKS as OF_ENVIRONMENTS
from navworld.envs.verify.findings import Findings, last_words
from navworld.evaluation.result import Metric
from navworld.recipe import Recipe
from navworld.training.supervised import CHECKPOINT, LOG, WEIGHTS

KILLS = 20
ROUNDS_PER_KILL = 8
"""So long is a run; a kill comes while it starts, or some rounds on."""
MISSED = 2
"""Checkpoints that may be written before one is caught being written."""
CHANGES = (
    "training.round_steps=2", "training.precision=bf16", "training.workers=1", "training.threads=1",
)  # fmt: skip
"""Of `tiny`: many short rounds, otherwise as `small` trains."""
PARTIAL = f"{CHECKPOINT}.partial"


def verify_training(fast: bool = False) -> Findings:
    """Runs that are killed and go on end like runs that are not."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for system in SYSTEMS:
        found, held = verify_resuming(system, kills=4 if fast else KILLS)
        metrics |= {f"{system.short}_{name}": metric for name, metric in found.items()}
        checks |= {f"training: {system.name}: {text}": holds for text, holds in held.items()}
    return metrics, checks


CHECKS = {**OF_ENVIRONMENTS, "training": verify_training}


def verify_resuming(system: Recipe, *, kills: int, seed: int = 0) -> Findings:
    """One system, killed and not."""
    rounds = ROUNDS_PER_KILL * kills
    with tempfile.TemporaryDirectory() as name:
        folder, began = Path(name), time.perf_counter()
        run = Run(system, folder / "undisturbed", rounds)
        run.finish()
        took = time.perf_counter() - began
        disturbed = Run(system, folder / "killed", rounds)
        rng = np.random.default_rng(seed)
        writing = sum(
            disturbed.killed(rng, took / rounds, in_writing=k % 2 == 0, left=kills - k)
            for k in range(kills)
        )
        begun_again = disturbed.rounds
        disturbed.finish()
        log = [json.loads(line) for line in (run.folder / LOG).read_text().splitlines()]
        metrics = {
            "kills": Metric(kills),
            "kills_in_writing": Metric(writing),
            "rounds_before_the_end": Metric(begun_again),
            "seconds": Metric(time.perf_counter() - began, "s"),
        }
        checks = {
            f"killed {kills} times, the same network and optimiser": _same(
                run.folder / CHECKPOINT, disturbed.folder / CHECKPOINT
            ),
            "the same best weights": _same(run.folder / WEIGHTS, disturbed.folder / WEIGHTS),
            "training lowers the loss of validation": (
                min(line["validation_loss"] for line in log) < log[0]["validation_loss"]
            ),
        }
    return metrics, checks


@dataclass
class Run:
    """A training run in processes of its own.

    Attributes:
        system: What is trained.
        folder: Of the run.
        length: In rounds.
    """

    system: Recipe
    folder: Path
    length: int

    @property
    def rounds(self) -> int:
        """That are in the log."""
        path = self.folder / LOG
        return len(path.read_text().splitlines()) if path.exists() else 0

    def finish(self) -> None:
        """Trains to the end.

        Raises:
            ValueError: The process failed; says with what last words.
        """
        done = subprocess.run(
            self._command(), capture_output=True, text=True, env=_one_thread(), check=False
        )
        if done.returncode:
            raise ValueError(f"training {self.system.name} failed: {last_words(done)}")

    def killed(
        self, rng: np.random.Generator, round_s: float, *, in_writing: bool, left: int
    ) -> bool:
        """Goes on and is killed at a random moment; whether that was amid a checkpoint.

        Args:
            round_s: About how long a round takes, the start of the process included [s].
            in_writing: Whether to wait for a checkpoint after that moment and strike then.
            left: Kills that are to come, this one too: the run is not to end before them.
        """
        before, stale = self.rounds, self._partial()
        ahead = int(rng.integers(0, max(1, (self.length - before) // (2 * left))))
        words = self.folder.with_suffix(".err")
        with words.open("wb") as errors:
            process = subprocess.Popen(
                self._command(), stdout=subprocess.DEVNULL, stderr=errors, env=_one_thread()
            )
        while self.rounds < before + ahead and process.poll() is None:
            time.sleep(0.002)
        until = time.perf_counter() + rng.uniform(0, round_s)
        while time.perf_counter() < until and process.poll() is None:
            time.sleep(0.001)
        last = self.rounds + MISSED
        while in_writing and self._partial() in (None, stale) and process.poll() is None:
            if self.rounds > last:
                break
        process.kill()
        if process.wait() != -signal.SIGKILL:
            told = words.read_text()[-500:] or "it ended before it could be killed"
            raise ValueError(f"training {self.system.name} failed: {told}")
        return self._partial() not in (None, stale)

    def _partial(self) -> int | None:
        """When the unfinished checkpoint was written to; None when there is none [ns]."""
        try:
            return (self.folder / PARTIAL).stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def _command(self) -> list[str]:
        return [
            sys.executable, "-m", "navworld", "train", self.system.name,
            f"training.steps={2 * self.length}", *CHANGES, "--preset", "tiny", "--seed", "0",
            "--out", str(self.folder),
        ]  # fmt: skip


def _one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def _same(one: Path, other: Path) -> bool:
    """Whether two files hold the same tensors, bit by bit."""
    a, b = load_file(one), load_file(other)
    return a.keys() == b.keys() and all(_bits(a[name]) == _bits(b[name]) for name in a)


def _bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()

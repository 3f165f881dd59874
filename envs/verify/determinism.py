"""Check of determinism: the same bytes however a run is made."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile

import numpy as np
from numpy.typing import NDArray

from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.envs.verify.findings import Findings, last_words
from navworld.evaluation.result import Metric


def verify_determinism(fast: bool = False) -> Findings:
    """The same seed and actions give the same bytes, however they are run."""
    steps, many = (20, 8) if fast else (60, 32)
    reference = trace(seed=5, num_envs=many, threads=1, steps=steps)
    cases = {
        "2 threads": trace(seed=5, num_envs=many, threads=2, steps=steps),
        "a second run": trace(seed=5, num_envs=many, threads=1, steps=steps),
    }
    for k in (0, many // 2, many - 1):
        single = trace(seed=5 + k, num_envs=1, threads=1, steps=steps, first=k)
        cases[f"environment {k} alone"] = single
    checks = {}
    for name, digests in cases.items():
        same = all(reference[key] == value for key, value in digests.items())
        checks[f"determinism: {name}"] = same
    for name, folder in (("cold cache", True), ("warm cache", False)):
        checks[f"determinism: {name}, another process"] = _trace_elsewhere(
            steps, many, fresh=folder
        ) == sorted(reference.values())
    return {"determinism_streams": Metric(float(len(reference)))}, checks


def trace(*, seed: int, num_envs: int, threads: int, steps: int, first: int = 0) -> dict[int, str]:
    """Digest of everything that each environment observes under scripted actions."""
    options = Options(
        scenes="apartment:0-3",
        sensors=("rgb", "depth", "semantic", "gps"),
        light="fast",
        threads=threads,
        exposure=(0.7, 1.3),
    )
    env = NavigationVectorEnv(num_envs, options)
    digests = [hashlib.sha256() for _ in range(num_envs)]

    def note(observation: dict[str, NDArray]) -> None:
        for i, digest in enumerate(digests):
            for key in sorted(observation):
                digest.update(np.ascontiguousarray(observation[key][i]).tobytes())

    note(env.reset(seed=seed)[0])
    for step in range(steps):
        scripted = np.array([_scripted(first + i, step) for i in range(num_envs)])
        note(env.step(scripted)[0])
    return {first + i: digest.hexdigest() for i, digest in enumerate(digests)}


def _scripted(row: int, step: int) -> int:
    if step % 17 == 16:
        return 0
    return (1, 1, 2, 1, 3)[(row * 7 + step * 3) % 5]


def _trace_elsewhere(steps: int, num_envs: int, *, fresh: bool) -> list[str]:
    code = (
        "from navworld.envs.verify.determinism import trace;"
        f"print(*sorted(trace(seed=5,num_envs={num_envs},threads=1,steps={steps}).values()))"
    )
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ)
        if fresh:
            env["NAVWORLD_CACHE"] = folder
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    if done.returncode:
        raise ValueError(f"the second process failed: {last_words(done)}")
    return done.stdout.split()

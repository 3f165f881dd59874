"""Check of determinism: the same bytes however a run is made."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.envs.verify.findings import Findings, last_words
from navworld.evaluation.result import Metric
from navworld.sensors import SENSOR_NAMES


def verify_determinism(fast: bool = False) -> Findings:
    """The same seed and actions give the same bytes, however they are run, whatever is sensed."""
    steps, many = (12, 4) if fast else (40, 32)
    reference = trace(seed=5, num_envs=many, steps=steps)
    cases = {
        "2 threads": trace(seed=5, num_envs=many, threads=2, steps=steps),
        "a second run": trace(seed=5, num_envs=many, steps=steps),
    }
    for k in (0, many // 2, many - 1):
        cases[f"environment {k} alone"] = trace(seed=5 + k, num_envs=1, steps=steps, first=k)
    few = 2 if fast else 4
    for name in SENSOR_NAMES:
        cases[f"sensor {name} alone"] = trace(seed=5, num_envs=few, steps=steps, sensors=(name,))
    for cache in ("cold", "warm"):
        cases[f"{cache} cache, another process"] = _elsewhere(steps, many, fresh=cache == "cold")
    checks = {}
    for name, digests in cases.items():
        differing = {at[1] for at, digest in digests.items() if reference[at] != digest}
        told = f" (differ: {', '.join(sorted(differing))})" if differing else ""
        checks[f"determinism: {name}{told}"] = not differing
    return {"determinism_streams": Metric(float(len(reference)))}, checks


def trace(
    *,
    seed: int,
    num_envs: int,
    steps: int,
    threads: int = 1,
    first: int = 0,
    sensors: Sequence[str] = SENSOR_NAMES,
) -> dict[tuple[int, str], str]:
    """Digest of what each environment observes under each key, with scripted actions."""
    options = Options(
        scenes="apartment:0-3",
        sensors=sensors,
        image_size=32,
        light="fast",
        threads=threads,
        exposure=(0.7, 1.3),
        localizer=None,
    )
    env = NavigationVectorEnv(num_envs, options)
    keys = sorted(env.batch.single_observation_space.spaces)
    digests = {(i, key): hashlib.sha256() for i in range(num_envs) for key in keys}

    def note(observation: dict[str, NDArray]) -> None:
        for (i, key), digest in digests.items():
            digest.update(np.ascontiguousarray(observation[key][i]).tobytes())

    note(env.reset(seed=seed)[0])
    for step in range(steps):
        scripted = np.array([_scripted(first + i, step) for i in range(num_envs)])
        note(env.step(scripted)[0])
    return {(first + i, key): digest.hexdigest() for (i, key), digest in digests.items()}


def _scripted(row: int, step: int) -> int:
    if step % 17 == 16:
        return 0
    return (1, 1, 2, 1, 3)[(row * 7 + step * 3) % 5]


def _elsewhere(steps: int, num_envs: int, *, fresh: bool) -> dict[tuple[int, str], str]:
    """The same trace made by another process, with or without what lies in the disk cache."""
    code = (
        "import json; from navworld.envs.verify.determinism import trace;"
        f"found = trace(seed=5, num_envs={num_envs}, steps={steps});"
        "print(json.dumps([[*key, digest] for key, digest in found.items()]))"
    )
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ)
        if fresh:
            env["NAVWORLD_CACHE"] = folder
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    if done.returncode:
        raise ValueError(f"the second process failed: {last_words(done)}")
    return {(row, key): digest for row, key, digest in json.loads(done.stdout.splitlines()[-1])}

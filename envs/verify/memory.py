"""Check of memory: many scenes at once, and many one after the other."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import numpy as np

from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.envs.verify.findings import Findings, last_words
from navworld.evaluation.result import Metric
from navworld.scenes import scene_refs
from navworld.world.store import shared_store


def verify_memory(fast: bool = False) -> Findings:
    """64 environments in 64 apartments, then many resets through 200 scenes with eviction.

    Each part runs in a process of its own, so that nothing loaded before counts.
    """
    sizes = (8, 800, 12) if fast else (64, 10_000, 200)
    light = "fast" if fast else "full"
    code = (
        f"from navworld.envs.verify.memory import memory_probe; memory_probe(*{sizes}, {light!r})"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        raise ValueError(f"the memory probe failed: {last_words(done)}")
    used, growth = (float(x) for x in done.stdout.split()[-2:])
    limit = 1500 * sizes[0] / 64 + (400 if fast else 0)
    most = 3 if fast else 1  # a few megabytes of warming up weigh more in a short run
    metrics = {
        "memory_used_mb": Metric(used, "MB"),
        "memory_growth_percent": Metric(growth, "%"),
    }
    return metrics, {
        f"memory: {sizes[0]} environments in as many apartments ≤ {limit:.0f} MB": used <= limit,
        f"memory: growth < {most} % over {sizes[1]} resets through {sizes[2]} scenes": growth
        < most,
    }


def memory_probe(num_envs: int, resets: int, scenes: int, light: str) -> None:
    """Prints memory above import [MB] and the growth over resets [%].

    The store holds a twelfth of the scenes, so that eviction is at work; the first quarter of the
    resets fills it and does not count. Growth is from the second quarter's median to the last's.
    """
    import psutil

    process = psutil.Process()
    before = process.memory_info().rss
    sensors = ("rgb", "depth", "gps")
    options = Options(scenes=f"apartment:0-{num_envs - 1}", sensors=sensors, light=light)
    refs = scene_refs(options.scenes)
    env = NavigationVectorEnv(num_envs, options)
    env.reset(seed=0)
    for i in range(num_envs):
        env.batch.world.places[i] = shared_store().get(refs[i])
    env.batch.world.load(env.batch.world.state())
    for _ in range(3):
        env.step(np.full(num_envs, 2))
    for place in env.batch.world.places:
        place.rays(light)
    used = (process.memory_info().rss - before) / 1e6
    del env
    shared_store().clear()
    shared_store().max_bytes = scenes // 12 * 8_000_000
    options = Options(
        scenes=f"apartment:1000-{999 + scenes}", sensors=("depth", "gps"), episodes_per_scene=8
    )
    env = NavigationVectorEnv(4, options)
    env.reset(seed=0)
    marks = []
    for k in range(resets // 4):
        env.reset()
        if (k + 1) % max(1, resets // 40) == 0:
            gc.collect()
            marks.append(process.memory_info().rss)
    quarter = len(marks) // 4
    early, late = marks[quarter : 2 * quarter], marks[-quarter:]
    growth = 100 * (np.median(late) / np.median(early) - 1)
    print(used, growth)

"""Check of memory: many scenes at once, and many one after the other."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import numpy as np
import psutil

from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.envs.verify.findings import Findings, last_words
from navworld.evaluation.result import Metric
from navworld.scenes import scene_refs
from navworld.world.buffers import give_back_memory
from navworld.world.store import shared_store

EXACT_HEAP = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}
"""What makes glibc keep arrays apart, so that what is left when they die is what is held."""

EPISODES_PER_SCENE = 8


def verify_memory(fast: bool = False) -> Findings:
    """64 environments in 64 apartments, then many resets through 200 scenes with eviction.

    Each part runs in a process of its own, so that nothing loaded before counts.
    """
    num_envs = 8 if fast else 64
    resets, scenes = (800, 12) if fast else (10_000, 200)
    used = _probe(f"memory_used({num_envs}, {'fast' if fast else 'full'!r})", {})
    growth = _probe(f"memory_growth({resets}, {scenes})", EXACT_HEAP)
    limit = 1500 * num_envs / 64 + (400 if fast else 0)
    metrics = {
        "memory_used_mb": Metric(used, "MB"),
        "memory_growth_percent": Metric(growth, "%"),
    }
    return metrics, {
        f"memory: {num_envs} environments in as many apartments ≤ {limit:.0f} MB": used <= limit,
        f"memory: growth < 1 % over {resets} resets through {scenes} scenes": growth < 1,
    }


def memory_used(num_envs: int, light: str) -> float:
    """Memory [MB] that environments in as many apartments take, above what importing takes."""
    process = psutil.Process()
    before = process.memory_info().rss
    sensors = ("rgb", "depth", "gps")
    options = Options(scenes=f"apartment:0-{num_envs - 1}", sensors=sensors, light=light)
    env = NavigationVectorEnv(num_envs, options)
    env.reset(seed=0)
    world = env.batch.world
    world.places[:] = [shared_store().get(ref) for ref in scene_refs(options.scenes)]
    world.load(world.state())
    for _ in range(3):
        env.step(np.full(num_envs, 2))
    for place in world.places:
        place.rays(light)
    return (process.memory_info().rss - before) / 1e6


def memory_growth(resets: int, scenes: int) -> float:
    """How much more memory a process holds after many resets [%].

    The store keeps a twelfth of the scenes, so that eviction is at work. Scenes differ in size by
    more than what is looked for: each time all bodies have been through their episodes in one,
    they are put into the same scene, all others are let go, and what is left is weighed. The first
    quarter of the resets warms up; growth is from the second quarter's median to the last's.
    """
    process = psutil.Process()
    shared_store().max_bytes = scenes // 12 * 8_000_000
    options = Options(
        scenes=f"apartment:1000-{999 + scenes}",
        sensors=("depth", "gps"),
        episodes_per_scene=EPISODES_PER_SCENE,
    )
    env = NavigationVectorEnv(4, options)
    env.reset(seed=0)
    world = env.batch.world
    home, marks = world.places[0], []
    for k in range(resets // 4):
        env.reset()
        if (k + 1) % EPISODES_PER_SCENE == 0:
            world.places[:] = [home] * 4
            world.load(world.state())
            shared_store().clear()
            gc.collect()
            give_back_memory()
            marks.append(process.memory_info().rss)
    quarter = len(marks) // 4
    early, late = marks[quarter : 2 * quarter], marks[-quarter:]
    return 100 * float(np.median(late) / np.median(early) - 1)


def _probe(call: str, environment: dict[str, str]) -> float:
    code = f"from navworld.envs.verify import memory; print(memory.{call})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | environment
    )
    if done.returncode:
        raise ValueError(f"the memory probe failed: {last_words(done)}")
    return float(done.stdout.split()[-1])

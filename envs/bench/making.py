"""Seconds to make and light a scene, and memory to hold it: `navworld bench scene`."""

from __future__ import annotations

import gc
import time

import psutil

from navworld.envs.bench import timing
from navworld.evaluation.result import Result
from navworld.scenes import scene_refs
from navworld.world.buffers import give_back_memory
from navworld.world.light import bake
from navworld.world.rays import RayScene


def bench_scene(*, scenes: str = "apartment:validation[:8]") -> Result:
    """Seconds that scenes take to be made from their seeds and to be lit, one after the other.

    Beside them what the process holds more, once a scene is made, lit and ready to be rendered.
    """
    refs = scene_refs(scenes)
    bake(refs[0].load(), quality="full")  # compiles and loads what all share
    made, lit, held, sizes = [], [], [], []
    for ref in refs:
        before = _resident_mb()
        began = time.perf_counter()
        scene = ref.load()
        made.append(time.perf_counter() - began)
        began = time.perf_counter()
        lightmap = bake(scene, quality="full")
        lit.append(time.perf_counter() - began)
        ready = RayScene(scene, lightmap)
        held.append(_resident_mb() - before)
        del ready, lightmap
        sizes.append(len(scene.triangles))
    config = {"scenes": [ref.key for ref in refs], "triangles": sizes, "light": "full"}
    return Result(
        {
            "generate_s": timing.spread(made, "s"),
            "bake_s": timing.spread(lit, "s"),
            "memory_mb": timing.spread(held, "MB"),
            "peak_memory_mb": timing.peak(),
        },
        config,
    )


def _resident_mb() -> float:
    gc.collect()
    give_back_memory()
    return psutil.Process().memory_info().rss / 1e6

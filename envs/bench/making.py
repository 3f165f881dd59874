"""Seconds to make and light a scene: `navworld bench scene`."""

from __future__ import annotations

import time

from navworld.envs.bench import timing
from navworld.evaluation.result import Result
from navworld.scenes import scene_refs
from navworld.world.light import bake


def bench_scene(*, scenes: str = "apartment:validation[:8]") -> Result:
    """Seconds that scenes take to be made from their seeds and to be lit, one after the other."""
    refs = scene_refs(scenes)
    bake(refs[0].load(), quality="full")  # compiles and loads what all share
    made, lit, sizes = [], [], []
    for ref in refs:
        began = time.perf_counter()
        scene = ref.load()
        made.append(time.perf_counter() - began)
        began = time.perf_counter()
        bake(scene, quality="full")
        lit.append(time.perf_counter() - began)
        sizes.append(len(scene.triangles))
    config = {"scenes": [ref.key for ref in refs], "triangles": sizes, "light": "full"}
    return Result(
        {
            "generate_s": timing.spread(made, "s"),
            "bake_s": timing.spread(lit, "s"),
            "peak_memory_mb": timing.peak(),
        },
        config,
    )

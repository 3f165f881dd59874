"""Images per second: `navworld bench render`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from navworld.envs.bench import timing
from navworld.evaluation.result import Metric, Result
from navworld.scenes import scene_refs
from navworld.world.body import Camera
from navworld.world.rays import render
from navworld.world.store import Place, shared_store

POSES = 200


def bench_render(
    *, scenes: str = "apartment:train[:8]", size: int = 64, threads: int = 1, supersample: int = 1
) -> Result:
    """RGB, depth and semantic images at 200 random poses: filtered textures, baked light.

    With several threads, rounds on all of them, on one, and in as many processes take turns:
    `speedup` is the median ratio of the first two, `speedup_limit` that of the last two, which is
    what the machine allows meanwhile.
    """
    refs = list(scene_refs(scenes))[:8]
    places = [shared_store().get(ref) for ref in refs]
    traced = [place.rays("full") for place in places]
    rng = np.random.default_rng(0)
    which = np.arange(POSES) % len(places)
    camera = Camera(size, size, supersample=supersample)
    T = np.stack([_random_pose(places[k], rng) @ camera.T_body_camera for k in which])
    outputs = ("rgb", "depth", "semantic")

    def frames(threads: int = threads) -> int:
        for low in range(0, POSES, 50):
            chunk = slice(low, low + 50)
            render(
                traced, which[chunk], T[chunk], camera.pattern, outputs,
                near=camera.near, far=camera.far, supersample=supersample, threads=threads,
            )  # fmt: skip
        return POSES

    metrics: dict[str, Metric] = {}
    if threads > 1:
        with timing.in_processes(lambda: frames(1), threads) as together:
            rates, alone, apart = timing.in_turns(frames, lambda: frames(1), together)
        for name, many in (("speedup", rates), ("speedup_limit", apart)):
            metrics[name] = timing.spread([m / one for m, one in zip(many, alone, strict=True)], "")
    else:
        rates = timing.rates(frames)
    config = {
        "scenes": [ref.key for ref in refs],
        "triangles": [len(place.scene.triangles) for place in places],
        "size": size,
        "threads": threads,
        "poses": POSES,
        "outputs": list(outputs),
        "filtered_textures": True,
        "baked_light": True,
        "supersample": supersample,
    }
    metrics = {"frames_per_s": timing.spread(rates, "1/s"), **metrics}
    return Result({**metrics, "peak_memory_mb": timing.peak()}, config)


def _random_pose(place: Place, rng: np.random.Generator) -> NDArray:
    T = np.eye(4)
    navigator = place.navigator(0.18)
    yaw = rng.uniform(-np.pi, np.pi)
    T[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    T[:2, 3] = navigator.sample(rng, 1)[0]
    T[2, 3] = navigator.ground(T[None, :2, 3])[0]
    return T

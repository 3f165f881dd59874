"""Throughput of laser scans: `navworld bench lidar`."""

from __future__ import annotations

from typing import Any

import numpy as np

from navworld.envs.bench import timing
from navworld.evaluation.result import Result
from navworld.scenes import scene_refs
from navworld.sensors.lidar import Lidar
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.store import shared_store
from navworld.world.world import World

SCANNERS = 48


def bench_lidar(
    *,
    scenes: str = "apartment:train[:8]",
    beams: int = 64,
    azimuths: int = 1024,
    threads: int = 1,
) -> Result:
    """Scans of a sensor as it is used, from random poses in up to 8 scenes at once.

    The beams are an OS1's, 45° high. The noisy ones have range noise, lost returns, weak ones and
    others, and intensities; the clean ones are ranges only.
    """
    refs = list(scene_refs(scenes))[:8]
    places = [shared_store().get(ref) for ref in refs]
    world = World(SCANNERS, Robot(), light="none", threads=threads)
    rng = np.random.default_rng(0)
    for row in range(SCANNERS):
        place = places[row % len(places)]
        xy = place.navigator(world.robot.radius).sample(rng, 1)[0]
        world.place(row, place, xy, rng.uniform(-np.pi, np.pi))
    ids, streams = np.arange(SCANNERS), Streams(SCANNERS)
    shape: dict[str, Any] = {"vertical_deg": (-22.5, 22.5), "beams": beams, "azimuths": azimuths}
    noisy: dict[str, Any] = {"preset": "os1-64", "dropout": 0.01, "intensity": "calibrated"}
    sensors = {
        "scans_per_s": Lidar(max_range=120.0, **shape),
        "noisy_scans_per_s": Lidar(**noisy, **shape),
    }
    metrics = {}
    for name, sensor in sensors.items():

        def scans(sensor: Lidar = sensor) -> int:
            streams.steps += 1
            sensor.read(world, ids, streams)
            return SCANNERS

        metrics[name] = timing.spread(timing.rates(scans), "1/s")
    config = {
        "scenes": [ref.key for ref in refs],
        "triangles": [len(place.scene.triangles) for place in places],
        "beams": beams,
        "azimuths": azimuths,
        "threads": threads,
        "scanners": SCANNERS,
        "noisy": "range noise, drop-outs, weak returns, intensity",
    }
    return Result({**metrics, "peak_memory_mb": timing.peak()}, config)

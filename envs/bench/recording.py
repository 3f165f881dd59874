"""Throughput of recordings and streams: `navworld bench record`, `navworld bench stream`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from navworld.data import formats
from navworld.envs.bench import timing
from navworld.envs.recording import RecordConfig, rides
from navworld.evaluation.result import Metric, Result

SECONDS, RATE_HZ = 6.0, 20.0
ROUNDS = 5
WARM_BATCHES, ROUND_SECONDS = 24, 2.0


def bench_record(
    *,
    scenes: str = "apartment:train[:3]",
    height: int = 480,
    width: int = 640,
    format: str = "own",
) -> Result:
    """Frames of colour, depth and classes rendered and written by one process, one thread.

    Rides of a hand-held camera, textures filtered, light baked; scenes are loaded and lit before.
    A frame is written as the format holds it: TUM has no classes.
    """
    sensors: dict[str, Any] = dict.fromkeys(("rgb", "depth", "semantic"), RATE_HZ)
    config = RecordConfig(
        scenes=scenes, sensors=sensors, carriers=["handheld"], seconds=SECONDS,
        image_size=(height, width),
    )  # fmt: skip
    planned = rides(config)
    rates, sizes = [], []
    with tempfile.TemporaryDirectory() as folder:
        for ride in planned:
            formats.write(format, [ride.sequence()], Path(folder, "warm"))
        for k in range(max(ROUNDS, len(planned))):
            sequence, home = planned[k % len(planned)].sequence(), Path(folder, str(k))
            frames = len(sequence.channels["rgb"])
            began = time.perf_counter()
            formats.write(format, [sequence], home)
            rates.append(frames / (time.perf_counter() - began))
            files = [path for path in home.rglob("*") if path.is_file()]
            sizes.append(sum(path.stat().st_size for path in files) / frames)
    told = {
        "scenes": scenes, "height": height, "width": width, "format": format, "threads": 1,
        "frames": frames, "outputs": list(sensors), "filtered_textures": True, "baked_light": True,
    }  # fmt: skip
    metrics = {
        "frames_per_s": timing.spread(rates, "1/s"),
        "bytes_per_frame": timing.spread(sizes, "B"),
        "peak_memory_mb": timing.peak(),
    }
    return Result(metrics, told)


def bench_stream(
    *, scenes: str = "apartment:train[:4]", size: int = 64, workers: int = 2, batch: int = 64
) -> Result:
    """Pairs of frames (colour and depth, with their motion) that arrive from a loader's workers.

    Every route is new; consecutive frames of a ride make pairs, so that one frame is rendered for
    each.
    """
    from torch.utils.data import DataLoader

    from navworld.envs.recording.streaming import Pairs, Stream

    config = RecordConfig(
        scenes=scenes, sensors={"rgb": 10.0, "depth": 10.0}, carriers=["wheeled", "handheld"],
        seconds=60.0, image_size=size,
    )  # fmt: skip
    for ride in rides(config):  # bakes the light that workers find on disk
        ride.sequence().read("rgb", 0)
    stream = Stream(config, Pairs(), batch=batch)
    batches = iter(DataLoader(stream, batch_size=None, num_workers=workers))
    rates: list[float] = []
    for _ in range(WARM_BATCHES * max(workers, 1)):
        next(batches)
    for _ in range(ROUNDS):
        began, pairs = time.perf_counter(), 0
        while time.perf_counter() - began < ROUND_SECONDS:
            pairs += len(next(batches)["stamp"])
        rates.append(pairs / (time.perf_counter() - began))
    told = {
        "scenes": scenes, "size": size, "workers": workers, "batch": batch,
        "outputs": ["rgb", "depth"],
    }  # fmt: skip
    metrics: dict[str, Metric] = {"pairs_per_s": timing.spread(rates, "1/s")}
    return Result({**metrics, "peak_memory_mb": timing.peak()}, told)

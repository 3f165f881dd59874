"""Throughput, measured the same way on every machine: `navworld bench`."""

from navworld.envs.bench.lidar import bench_lidar
from navworld.envs.bench.making import bench_scene
from navworld.envs.bench.recording import bench_record, bench_stream
from navworld.envs.bench.rendering import bench_render
from navworld.envs.bench.stepping import bench_step

__all__ = [
    "bench_lidar", "bench_record", "bench_render", "bench_scene", "bench_step", "bench_stream",
]  # fmt: skip

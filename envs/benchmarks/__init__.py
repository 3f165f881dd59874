"""Frozen, versioned benchmarks: episodes for agents, sequences for odometry."""

from navworld.envs.benchmarks.episodes import (
    BENCHMARKS,
    Benchmark,
    benchmark,
    detour_share,
    draw_episodes,
    draw_frozen,
)
from navworld.envs.benchmarks.sequences import (
    SEQUENCE_BENCHMARKS,
    FrozenRide,
    SequenceBenchmark,
    sequence_benchmark,
)

__all__ = [
    "BENCHMARKS",
    "SEQUENCE_BENCHMARKS",
    "Benchmark",
    "FrozenRide",
    "SequenceBenchmark",
    "benchmark",
    "detour_share",
    "draw_episodes",
    "draw_frozen",
    "sequence_benchmark",
]

"""`navworld bench agent`: steps per second of an agent with an odometer in the loop."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from navworld.agents.agent import Agent, equipped
from navworld.agents.catalog import build_agent, build_localizer, build_odometer
from navworld.agents.costs import costs
from navworld.agents.evaluate import suited
from navworld.beliefs import Oracle
from navworld.envs.bench import timing
from navworld.envs.benchmarks import benchmark as find_benchmark
from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.evaluation.result import Metric, Result
from navworld.scenes import scene_refs
from navworld.world.store import shared_store

PARTS = ("rendering_and_physics", "odometry", "mapping", "policy")
ROUND_SECONDS = 2.0


def bench_agent(
    name: str = "pointnav",
    *,
    localizer: str = "odometry/pointnav_vo",
    weights: str | None = None,
    benchmark: str = "pointnav-noisy-v1",
    scenes: str = "apartment:validation[:8]",
    num_envs: int = 32,
    threads: int = 1,
) -> Result:
    """An agent that acts, beside two that are told the truth: what is left for an odometer to cost.

    "oracle" senses what the agent senses by itself; "oracle_same_sensors" also what the odometer
    reads. The three take turns; every scene is loaded and lit beforehand.

    Args:
        localizer: As of `navworld evaluate --localizer`.
        weights: Of the localizer, instead of those that come along.
        benchmark: Whose noise and conditions hold; its places are not entered.
        threads: Of rendering and of torch.
    """
    conditions = find_benchmark(benchmark).options
    agent = suited(build_agent(name), conditions)
    blind = replace(agent, sensors=tuple(s for s in agent.sensors if s != "gps"))
    chosen = build_localizer(localizer, weights)
    more = getattr(chosen, "sensors", ("gps",) if localizer == "gps" else ())
    seeing = replace(blind, sensors=equipped(blind.sensors, more))
    for ref in scene_refs(scenes):
        shared_store().get(ref).rays("full" if "rgb" in seeing.sensors else None)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        loops = {
            "": _Loop(replace(seeing, localizer=chosen), scenes, num_envs, threads, conditions),
            "oracle_": _Loop(
                replace(blind, localizer=Oracle()), scenes, num_envs, threads, conditions
            ),
            "oracle_same_sensors_": _Loop(
                replace(seeing, localizer=Oracle()), scenes, num_envs, threads, conditions
            ),
        }
        for k in range(timing.ROUNDS + 1):
            for loop in loops.values():
                loop.round(ROUND_SECONDS, counts=k > 0)
    finally:
        torch.set_num_threads(before)
    metrics = {f"{who}steps_per_s": timing.spread(loop.rates, "1/s") for who, loop in loops.items()}
    metrics |= {f"{part}_percent": Metric(share, "%") for part, share in loops[""].shares().items()}
    if localizer.startswith("odometry/"):
        metrics |= costs(build_odometer(localizer, weights))
    config = {
        "agent": name, "localizer": localizer, "weights": weights or "", "scenes": scenes,
        "envs": num_envs, "threads": threads, "benchmark": benchmark, **conditions,
        "image_size": agent.image_size,
    }  # fmt: skip
    return Result({**metrics, "peak_memory_mb": timing.peak()}, config)


class _Loop:
    """An agent that acts on and on, and where its time goes.

    Attributes:
        rates: Steps per second of all environments together, round by round.
    """

    def __init__(
        self, agent: Agent, scenes: str, num_envs: int, threads: int, conditions: Mapping[str, Any]
    ) -> None:
        given = {**agent.env_options(), **conditions}
        self.env = NavigationVectorEnv(num_envs, Options(scenes=scenes, threads=threads, **given))
        self.policy = agent.policy
        self.rates: list[float] = []
        self._spent = dict.fromkeys(PARTS, 0.0)
        batch = self.env.batch
        self._localizer = _Timed(batch.localizer)
        self._mappers: list[Any] = [_Timed(mapper) for mapper in batch.mappers]
        batch.localizer, batch.mappers = self._localizer, self._mappers
        if hasattr(self.policy, "bind"):
            self.policy.bind(batch)
        self._seen, _ = self.env.reset(seed=0)
        self._state: Any = None
        self._start: NDArray = np.ones(num_envs, bool)

    def round(self, seconds: float, *, counts: bool) -> None:
        """Acts for so long; `counts` says whether that is measured."""
        self._taken()  # what went into resets is not of this round
        began, steps = time.perf_counter(), 0
        spent = dict.fromkeys(PARTS, 0.0)
        while (now := time.perf_counter()) - began < seconds:
            actions, self._state = self.policy.predict(self._seen, self._state, self._start, True)
            decided = time.perf_counter()
            self._seen, _, terminated, truncated, _ = self.env.step(actions)
            self._start = terminated | truncated
            odometry, mapping = self._taken()
            spent["policy"] += decided - now
            spent["odometry"] += odometry
            spent["mapping"] += mapping
            rest = time.perf_counter() - decided - odometry - mapping
            spent["rendering_and_physics"] += rest
            steps += self.env.num_envs
        if counts:
            self.rates.append(steps / (time.perf_counter() - began))
            for part, value in spent.items():
                self._spent[part] += value

    def _taken(self) -> tuple[float, float]:
        """Seconds in the localizer and in the mappers since this was asked before."""
        return self._localizer.taken(), sum(mapper.taken() for mapper in self._mappers)

    def shares(self) -> dict[str, float]:
        """Of the measured time, by part [%]."""
        whole = sum(self._spent.values())
        return {part: 100 * value / whole for part, value in self._spent.items()}


class _Timed:
    """A localizer or mapper with a clock."""

    def __init__(self, part: Any) -> None:
        self.part, self.space, self._seconds = part, part.space, 0.0

    def reset(self, *given: Any) -> None:
        """As the part."""
        self.part.reset(*given)

    def update(self, *given: Any) -> Any:
        """As the part."""
        began = time.perf_counter()
        found = self.part.update(*given)
        self._seconds += time.perf_counter() - began
        return found

    def taken(self) -> float:
        """Seconds since this was asked before."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds

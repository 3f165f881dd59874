"""First stage of training `pointnav`: imitate the planner on `train` scenes by DAgger.

The teacher knows nothing that the learner's map does not show: it plans on the same occupancy
grid, so what it does can be imitated without dithering.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from navworld.agents.policies.planner import PlannerPolicy
from navworld.agents.policies.pointnav import PointNavPolicy, make_network
from navworld.envs.benchmarks import benchmark
from navworld.envs.navigation import Options
from navworld.envs.rollouts import run_episodes
from navworld.envs.vector import NavigationVectorEnv
from navworld.maps.occupancy import OccupancyMapper, pack_crop, unpack_crop
from navworld.nn.weights import load_weights, save_weights
from navworld.training.imitation import Dagger, DaggerSettings, Progress

CODECS = {key: (pack_crop, unpack_crop) for key in ("map_near", "map_far")}


@dataclass(frozen=True)
class Imitation:
    """The run.

    Attributes:
        folder: For checkpoint, log and the best weights (`best.safetensors`).
        scenes: To train in.
        num_envs: Environments stepped together.
        validation: Benchmark whose first episodes decide which weights are best.
        validation_episodes: How many of them; 0 for none.
        every: Labelled states between evaluations.
        start: Weights to begin with.
        dagger: The algorithm's settings.
    """

    folder: str = "runs/pointnav-imitation"
    scenes: str = "apartment:train"
    num_envs: int = 32
    validation: str = "pointnav-validation-v1"
    validation_episodes: int = 64
    every: int = 40_000
    start: str = ""
    dagger: DaggerSettings = field(default_factory=DaggerSettings)


def imitate(config: Imitation, *, report: Callable[[str], None] = print) -> Progress:
    """Trains until the samples or minutes are used up; the same call continues a stopped run."""
    torch.manual_seed(config.dagger.seed)
    options = sensing(scenes=config.scenes, episodes_per_scene=4)
    env = NavigationVectorEnv(config.num_envs, options)
    network = make_network(learning_rate=config.dagger.learning_rate)
    if config.start:
        load_weights(network, config.start)
    teacher = PlannerPolicy()
    teacher.bind(env.batch)
    episodes: Sequence[Any] = ()
    if config.validation_episodes:
        episodes = benchmark(config.validation).episodes()[: config.validation_episodes]
    folder = Path(config.folder)
    dagger = Dagger(
        env,
        network,
        lambda _, observation: teacher.predict(observation)[0],
        settings=config.dagger,
        folder=folder,
        codecs=CODECS,
        evaluate=(lambda net: validate(net, episodes)) if len(episodes) else None,
        on_best=lambda net: save_weights(net, folder / "best.safetensors"),
    )
    return dagger.run(every=config.every, report=report)


def sensing(**options: Any) -> Options:
    """Options of an environment that the network lives in, without colour."""
    return Options(
        sensors=("depth", "gps"), mappers=(OccupancyMapper(),), light="none", **options
    )


def validate(network: Any, episodes: Sequence[Any]) -> dict[str, float]:
    """Mean success and SPL of a network on frozen episodes; "score" is the SPL."""
    env = NavigationVectorEnv(min(32, len(episodes)), sensing(episodes=episodes))
    policy = PointNavPolicy(network)
    results: list[NDArray] = [
        np.array([r.metrics["success"], r.metrics["spl"]]) for r in run_episodes(env, policy)
    ]
    success, spl = np.mean(results, 0)
    return {"success": float(success), "spl": float(spl), "score": float(spl)}


if __name__ == "__main__":
    import tyro

    torch.set_num_threads(1)
    imitate(tyro.cli(Imitation))

"""`navworld train NAME`: imitation of a teacher, then reinforcement, from one config."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy

from navworld.agents.agent import Agent
from navworld.agents.catalog import entry
from navworld.agents.evaluate import run_agent
from navworld.agents.policies.planner import PlannerPolicy, PlannerSettings
from navworld.agents.policies.pointnav import PointNavPolicy, make_network, policy_kwargs
from navworld.envs.benchmarks import benchmark
from navworld.envs.options import Options
from navworld.envs.sb3 import NavigationVecEnv
from navworld.envs.vector import NavigationVectorEnv
from navworld.evaluation.result import Metric, Result, commit, hardware
from navworld.maps.occupancy import OccupancyMapper, pack_crop, unpack_crop
from navworld.names import nearest
from navworld.nn.policies.features import EGOMAP_KEYS
from navworld.nn.weights import save_weights
from navworld.training.config import load_config
from navworld.training.imitation import Dagger, DaggerSettings, Progress
from navworld.training.reinforcement import ReinforcementSettings, fine_tune
from navworld.world.store import shared_store

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
TRAINABLE = ("pointnav",)


@dataclass(frozen=True)
class TrainConfig:
    """How an agent is trained.

    Attributes:
        agent: Name in the catalogue.
        scenes: Training scenes.
        num_envs: Environments stepped together.
        episodes_per_scene: Episodes before an environment moves on to another scene.
        scene_pool: How many scenes each environment visits in turn; 0 for all.
        validation: Benchmark that chooses the weights to keep.
        validation_episodes: So many of it, spread evenly over its apartments.
        every: Samples between validations.
        torch_threads: Of the network.
        memory_gb: Kept for scenes: as many as fit are made once.
        teacher: The planner whose decisions are imitated.
        imitation: First stage.
        reinforcement: Second stage; no steps leaves it out.
    """

    agent: str = "pointnav"
    scenes: str = "apartment:train"
    num_envs: int = 32
    episodes_per_scene: int = 8
    scene_pool: int = 0
    validation: str = "pointnav-validation-v1"
    validation_episodes: int = 60
    every: int = 50_000
    torch_threads: int = 1
    memory_gb: float = 4.0
    teacher: PlannerSettings = field(default_factory=PlannerSettings)
    imitation: DaggerSettings = field(default_factory=DaggerSettings)
    reinforcement: ReinforcementSettings = field(default_factory=ReinforcementSettings)


def train(
    name: str,
    *,
    config: str | None = None,
    out: str | None = None,
    minutes: float | None = None,
    overrides: Sequence[str] = (),
) -> Result:
    """Trains an agent; a run that was stopped goes on where it was.

    Args:
        config: YAML file; `configs/NAME.yaml` by default.
        out: Folder of checkpoints and weights; `runs/NAME` by default.
        minutes: Of imitation; then it stops.
        overrides: "key=value" pairs that change the config.
    """
    if entry(name).name not in TRAINABLE:
        raise ValueError(f"agent {name!r} has nothing to learn{nearest(name, TRAINABLE)}")
    settings = load_config(TrainConfig, config or CONFIGS / f"{name}.yaml", overrides)
    if minutes is not None:
        settings = replace(settings, imitation=replace(settings.imitation, minutes=minutes))
    folder = Path(out or f"runs/{name}")
    folder.mkdir(parents=True, exist_ok=True)
    _note(folder, settings)
    torch.set_num_threads(settings.torch_threads)
    torch.manual_seed(settings.imitation.seed)
    shared_store().max_bytes = int(settings.memory_gb * (1 << 30))
    network = make_network()
    keeper = _Keeper(settings, folder)
    progress = _imitate(settings, network, folder, keeper)
    if settings.reinforcement.steps and minutes is None:
        fine_tune(
            network,
            NavigationVecEnv(_environment(settings), EGOMAP_KEYS),
            settings.reinforcement,
            policy_kwargs=policy_kwargs(),
            folder=folder / "reinforcement",
            evaluate=keeper.score,
            on_best=keeper.keep,
        )
    metrics = {
        "samples": Metric(float(progress.samples)),
        "minutes": Metric(progress.seconds / 60, "min"),
    }
    for key in ("accuracy", "rollout_success", "success", "spl"):
        if progress.history and key in progress.history[-1]:
            metrics[key] = Metric(progress.history[-1][key])
    return Result(metrics, {"train": settings, "folder": str(folder)})


def _environment(settings: TrainConfig) -> NavigationVectorEnv:
    options = Options(
        scenes=settings.scenes,
        sensors=("depth", "gps"),
        mappers=(OccupancyMapper(),),
        episodes_per_scene=settings.episodes_per_scene,
        scene_pool=settings.scene_pool or None,
    )
    return NavigationVectorEnv(settings.num_envs, options)


def _imitate(
    settings: TrainConfig, network: ActorCriticPolicy, folder: Path, keeper: _Keeper
) -> Progress:
    env = _environment(settings)
    teacher = PlannerPolicy(settings=settings.teacher)
    teacher.bind(env.batch)
    ids = np.arange(env.num_envs)
    codec = (pack_crop, unpack_crop)
    dagger = Dagger(
        env,
        network,
        lambda _, observation: teacher.decide(observation["goal_polar"], ids),
        settings=settings.imitation,
        folder=folder,
        codecs={"map_near": codec, "map_far": codec},
        evaluate=keeper.score,
        on_best=keeper.keep,
    )
    return dagger.run(every=settings.every)


class _Keeper:
    """Scores a network on validation episodes and keeps the best weights."""

    def __init__(self, settings: TrainConfig, folder: Path) -> None:
        episodes = benchmark(settings.validation).episodes()
        count = min(settings.validation_episodes, len(episodes))
        self.episodes = [episodes[k * len(episodes) // count] for k in range(count)]
        self.path = folder / "weights.safetensors"

    def score(self, network: ActorCriticPolicy) -> dict[str, float]:
        """Success and SPL on the validation episodes; the score is their sum."""
        if not self.episodes:
            return {"score": 0.0}
        agent = Agent(PointNavPolicy(network), mappers=(OccupancyMapper(),))
        rollouts = run_agent(agent, self.episodes, num_envs=20, label="validation")
        success = float(np.mean([r.metrics["success"] for r in rollouts]))
        spl = float(np.mean([r.metrics["spl"] for r in rollouts]))
        return {"success": success, "spl": spl, "score": success + spl}

    def keep(self, network: ActorCriticPolicy) -> None:
        """Writes the weights."""
        save_weights(network, self.path)


def _note(folder: Path, settings: TrainConfig) -> None:
    """Saves beside the run what it was made with."""
    note = {
        "config": repr(settings),
        "commit": commit(),
        "hardware": hardware(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S"),
    }
    (folder / "run.json").write_text(json.dumps(note, indent=2) + "\n")

"""Check of the tasks: every episode can be solved, and not by chance."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from navworld.envs.benchmarks import draw_episodes, draw_frozen
from navworld.envs.experts import RandomActions, expert_for
from navworld.envs.rollouts import run_episodes
from navworld.envs.tasks.drive import COURIER, Drive
from navworld.envs.tasks.explore import Explore
from navworld.envs.tasks.imagenav import ImageNav
from navworld.envs.tasks.objectnav import ObjectNav
from navworld.envs.tasks.pointnav import PointNav
from navworld.envs.tasks.relocalize import Relocalize
from navworld.envs.tasks.returning import Return
from navworld.envs.vector import NavigationVectorEnv
from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.scenes import FAMILIES
from navworld.world.body import Robot

TASKS = {
    "PointNav": PointNav,
    "ObjectNav": ObjectNav,
    "ImageNav": ImageNav,
    "Explore": Explore,
    "Return": Return,
    "Relocalize": Relocalize,
    "Drive": Drive,
}

FIRST = 10_500
"""Seed of the first scene, out of the validation split."""

HOME = "apartment"
"""The family that every task but Drive must run in; others may refuse a task in a sentence."""

EXPERT, RANDOM = 0.95, 0.10
"""Least success of the expert, most of a random agent."""


def verify_tasks(fast: bool = False) -> Findings:
    """In every task and family of scenes an expert succeeds and a random agent does not."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for family in [HOME] if fast else FAMILIES:
        scenes, per_scene = (1, 3) if fast else (10, 4) if family == HOME else (3, 2)
        for name in TASKS:
            try:
                successes = task_successes(name, family, scenes=scenes, per_scene=per_scene)
            except ValueError as error:
                allowed = family != HOME or name == "Drive"
                checks[f"tasks: {name} refuses {family}: {error}"] = allowed
                continue
            for agent, share in successes.items():
                metrics[f"{name.lower()}_{family}_{agent}_success"] = Metric(100 * share, "%")
            expert, random = successes["expert"], successes["random"]
            checks[f"tasks: {name} in {family}: the expert succeeds ({expert:.0%})"] = (
                expert >= EXPERT
            )
            checks[f"tasks: {name} in {family}: a random agent does not ({random:.0%})"] = (
                random <= RANDOM
            )
    return metrics, checks


def task_successes(
    name: str, family: str, *, scenes: int = 2, per_scene: int = 2, first: int = FIRST
) -> dict[str, float]:
    """Share of episodes that the expert and a random agent succeed in; every one is run once.

    Args:
        name: One of `TASKS`.
        family: Of scenes; those of its scenes that the task refuses are left out.
        scenes: How many of its scenes.
        per_scene: Episodes in each.
        first: Seed of the first scene.

    Raises:
        ValueError: The task refuses every one of the scenes.
    """
    task, robot = TASKS[name](), COURIER if name == "Drive" else Robot()
    specs = [f"{family}:{seed}" for seed in range(first, first + scenes)]
    episodes = _drawn(task, specs, per_scene, robot)
    found = {}
    for agent in ("expert", "random"):
        env = gymnasium.make_vec(
            f"navworld/{name}-v0", num_envs=min(8, len(episodes)), scenes=specs, task=task,
            episodes=episodes, robot=robot, sensors=(), localizer=None, light="none",
            image_size=16,
        )  # fmt: skip
        assert isinstance(env, NavigationVectorEnv)
        policy: Any = (
            expert_for(env.batch) if agent == "expert" else RandomActions(env.action_space)
        )
        rollouts = list(run_episodes(env, policy))
        found[agent] = float(np.mean([rollout.metrics["success"] for rollout in rollouts]))
    return found


def _drawn(task: Any, specs: list[str], per_scene: int, robot: Robot) -> list[Any]:
    """Frozen episodes in the scenes that the task does not refuse."""
    episodes: list[Any] = []
    refusals: list[ValueError] = []
    for number, spec in enumerate(specs):
        try:
            if isinstance(task, PointNav):
                episodes += draw_episodes([spec], per_scene, seed=number)
            else:
                episodes += draw_frozen(task, [spec], per_scene, seed=number, robot=robot)
        except ValueError as error:
            refusals.append(error)
    if not episodes:
        raise refusals[0]
    return episodes

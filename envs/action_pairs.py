"""Pairs of observations around one action of a navigating body, and how it moved.

What egomotion in the loop of an agent learns from: batched environments are driven by a mixture of
the shortest path and random moves (so that walls are run into as well), under named noise of
actuation and images, and every step gives a pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import get_worker_info

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.envs.experts import ShortestPathOracle
from navworld.envs.options import Options
from navworld.envs.sources import Item, stacked
from navworld.envs.vector import NavigationVectorEnv
from navworld.geometry import se3
from navworld.recipe import Portion
from navworld.world.store import shared_store

VALIDATION_SEED = 900_001

NOTHING = "none"
"""In place of a noise preset."""


@dataclass(frozen=True)
class ActionPairs:
    """Pairs with the action between them.

    A batch has every sensor as (B, 2, …), "action" (B,) and "T_previous_current" (B, 4, 4).

    Attributes:
        scenes, validation, test: Where training, validation and claims drive.
        sensors: Of images.
        image_size, fov_deg, light: Of the camera.
        actuation: Preset of the noise of motion; "none" for none.
        rgb_noise, depth_noise: Presets of the noise of images; "none" for none.
        random: Share of steps that do not follow the shortest path.
        envs: Stepped together.
        episodes_per_scene: Before an environment moves to another scene.
        held: Pairs that wait to be given in random order.
        memory_gb: For scenes: as many as fit are made and lit once.
    """

    scenes: str | tuple[str, ...] = "apartment:train"
    validation: str | tuple[str, ...] = "apartment:validation[:16]"
    test: str | tuple[str, ...] = "apartment:test[:16]"
    sensors: tuple[str, ...] = ("rgb", "depth")
    image_size: int | tuple[int, int] = 64
    fov_deg: float = 90.0
    light: str = "full"
    actuation: str = "habitat-challenge"
    rgb_noise: str = "gaussian-0.1"
    depth_noise: str = "redwood"
    random: float = 0.4
    envs: int = 16
    episodes_per_scene: int = 4
    held: int = 1024
    memory_gb: float = 3.0

    def batches(self, portion: Portion) -> Iterator[dict[str, Tensor]]:
        """See `navworld.recipe.Data.batches`."""
        shared_store().max_bytes = int(self.memory_gb * (1 << 30))
        info = get_worker_info()
        which, many = (0, 1) if info is None else (info.id, info.num_workers)
        share, shares = which * portion.part[1] + portion.part[0], many * portion.part[1]
        train = portion.split == "train"
        key = [portion.seed, portion.round, share, shares] if train else [VALIDATION_SEED]
        rng = np.random.default_rng(key)
        held: list[Item] = []
        group: list[Item] = []
        for item in self._items(portion.split, rng):
            if len(held) < self.held:
                held.append(item)
                continue
            at = int(rng.integers(self.held))
            held[at], out = item, held[at]
            group.append(out)
            if len(group) == portion.size:
                yield stacked(group)
                group = []

    def environment(self, split: str) -> NavigationVectorEnv:
        """The environments, with the presets' noise and no localizer."""
        noise = {"rgb": self.rgb_noise, "depth": self.depth_noise}
        options = Options(
            scenes=self.scenes if split == "train" else getattr(self, split),
            sensors=self.sensors,
            image_size=self.image_size,
            fov_deg=self.fov_deg,
            localizer=None,
            actuation=None if self.actuation == NOTHING else self.actuation,
            image_noise={name: preset for name, preset in noise.items() if preset != NOTHING},
            light=self.light,
            episodes_per_scene=self.episodes_per_scene,
        )
        return NavigationVectorEnv(self.envs, options)

    def _items(self, split: str, rng: np.random.Generator) -> Iterator[Item]:
        env = self.environment(split)
        oracle = ShortestPathOracle()
        oracle.bind(env.batch)
        before, _ = env.reset(seed=int(rng.integers(1 << 31)))
        ids = np.arange(self.envs)
        while True:
            T = env.batch.world.T_world_body(ids)
            actions = self._drawn(oracle.actions(), rng)
            after, _, terminated, truncated, _ = env.step(actions)
            motion = se3.relative(T, env.batch.world.T_world_body(ids))
            for k in np.flatnonzero(~(terminated | truncated)):
                item = {n: np.stack([before[n][k], after[n][k]]) for n in self.sensors}
                yield {**item, "action": actions[k], "T_previous_current": motion[k]}
            before = after

    def _drawn(self, best: NDArray, rng: np.random.Generator) -> NDArray:
        """What is done: the best action, or a random move that does not end the episode."""
        moves = rng.choice([FORWARD, LEFT, RIGHT], len(best), p=[0.5, 0.25, 0.25])
        stray = (rng.random(len(best)) < self.random) & (best != STOP)
        return np.where(stray, moves, best)

"""PointNav: go to a point given in the frame of the start.

Metrics are habitat-lab's: *success* is to stop within `success_distance` (geodesic) of the goal;
SPL is success · l / max(l, p) with l the shortest path and p the path travelled (Anderson et al.,
"On Evaluation of Embodied Navigation Agents", 2018); SoftSPL replaces success by
max(0, 1 − d/l), d the distance left (Datta et al., "Integrating Egocentric Localization for More
Realistic Point-Goal Navigation Agents", CoRL 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Observation
from navworld.contracts import Outcome
from navworld.streams import IntArray, Streams
from navworld.world.geodesic import DistanceField, distances, path_length
from navworld.world.navigability import Navigator
from navworld.world.world import World

MARGIN = 0.002
"""Starts and goals keep this much more clearance than needed, whatever is rounded later [m]."""

CANDIDATES = 48
"""Starts tried for one goal: distances to a goal are cheap once its field is there."""


@dataclass(frozen=True)
class Episode:
    """Where an episode starts and where it should end, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "apartment:20003".
        start: x, y [m], heading [rad].
        goal: x, y [m].
        geodesic: Length of the shortest path [m].
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    goal: tuple[float, float]
    geodesic: float
    seed: int


class PointNav:
    """The task.

    Args:
        success_distance: Geodesic [m].
        min_geodesic, max_geodesic: Of drawn episodes [m].
        min_ratio: At least `ratio_share` of drawn episodes have geodesic ≥ this × Euclidean.
        max_steps: After which an episode is truncated.
        success_reward: Times SPL, at success.
        slack_reward: Per step.
    """

    def __init__(
        self,
        *,
        success_distance: float = 0.36,
        min_geodesic: float = 1.0,
        max_geodesic: float = 30.0,
        min_ratio: float = 1.1,
        ratio_share: float = 0.8,
        max_steps: int = 500,
        success_reward: float = 2.5,
        slack_reward: float = -0.01,
    ) -> None:
        if not (isinstance(max_steps, (int, np.integer)) and max_steps > 0):
            raise ValueError(f"max_steps={max_steps!r}: expected a positive whole number")
        if not 0 < min_geodesic < max_geodesic:
            raise ValueError(
                f"min_geodesic={min_geodesic} and max_geodesic={max_geodesic}: expected "
                "0 < min_geodesic < max_geodesic"
            )
        self.success_distance = success_distance
        self.min_geodesic, self.max_geodesic = min_geodesic, max_geodesic
        self.min_ratio, self.ratio_share = min_ratio, ratio_share
        self.max_steps = max_steps
        self.success_reward, self.slack_reward = success_reward, slack_reward
        self.space = spaces.Dict({"goal": spaces.Box(-FAR, FAR, (3,), np.float32)})
        self.fields: list[DistanceField] = []
        self._rows: dict[str, NDArray] = {}

    def reset(
        self, world: World, ids: IntArray, streams: Streams, episodes: list[Episode | None]
    ) -> None:
        """Places the bodies `ids` at the start of their episodes."""
        if not self.fields:
            self._allocate(world.num_envs)
        rows = self._rows
        for i, episode in zip(ids, episodes, strict=True):
            place = world.places[i]
            if episode is None:
                start, field, geodesic = self.draw(
                    place.navigator(world.robot.radius), streams.generator("pointnav", i)
                )
            else:
                start, geodesic = np.array(episode.start), episode.geodesic
                field = place.field(world.robot.radius, episode.goal)
            self.fields[i] = field
            world.place(i, place, start[:2], start[2])
            rows["goal_xy"][i], rows["geodesic"][i] = field.goal_xy, geodesic
            rows["steps"][i] = rows["collisions"][i] = 0
            rows["distance"][i] = self.fields[i].distance(start[None, :2])[0]

    def draw(
        self, navigator: Navigator, rng: np.random.Generator
    ) -> tuple[NDArray, DistanceField, float]:
        """Draws an episode in a place: start (x, y, heading), goal with its field, path length."""
        insist = rng.random() < self.ratio_share
        fallback = None
        for _ in range(16):
            spots = navigator.sample(rng, CANDIDATES + 1)
            spots = spots[navigator.clearance(spots) >= navigator.radius + MARGIN]
            if len(spots) < 2:
                continue
            field, starts = DistanceField(navigator, spots[0]), spots[1:]
            length = field.distance(starts)
            straight = np.linalg.norm(starts - field.goal_xy, axis=1)
            fits = (length >= self.min_geodesic) & (length <= self.max_geodesic)
            good = np.flatnonzero(fits & (length >= self.min_ratio * straight))
            good = good if insist else np.flatnonzero(fits)
            if len(good) or (fallback is None and fits.any()):
                pick = good[0] if len(good) else np.flatnonzero(fits)[0]
                fallback = starts[pick], field
            if len(good):
                break
        if fallback is None:
            raise ValueError(
                f"no episode with a shortest path of {self.min_geodesic} to {self.max_geodesic} m "
                f"was found in {navigator.area:.1f} m² of walkable space: widen min_geodesic and "
                "max_geodesic, or choose another scene"
            )
        start, field = fallback
        heading = rng.uniform(-np.pi, np.pi)
        return np.array([*start, heading]), field, path_length(field.path(start))

    def observe(self, world: World, ids: IntArray) -> Observation:
        """The goal in the frame of the start: {"goal": (n, 3)} [m]."""
        T = world.T_world_start[ids]
        offset = np.zeros((len(ids), 3))
        offset[:, :2] = self._rows["goal_xy"][ids] - T[:, :2, 3]
        return {"goal": np.einsum("nji,nj->ni", T[:, :3, :3], offset).astype(np.float32)}

    def outcome(self, world: World, actions: NDArray) -> Outcome:
        """Reward: geodesic progress [m] + slack, plus success_reward · SPL at success."""
        rows = self._rows
        distance = distances(self.fields, world.xy)
        progress = rows["distance"] - distance
        rows["distance"] = distance
        rows["steps"] += 1
        rows["collisions"] += world.collided
        stopped = world.stopped.copy()
        success = stopped & (distance < self.success_distance)
        shortest = rows["geodesic"]
        efficiency = shortest / np.maximum(np.maximum(shortest, world.travelled), 1e-6)
        spl = success * efficiency
        soft = np.clip(1 - distance / np.maximum(shortest, 1e-6), 0, 1) * efficiency
        truncated = (rows["steps"] >= self.max_steps) & ~stopped
        return Outcome(
            reward=progress + self.slack_reward + self.success_reward * spl,
            terminated=stopped,
            truncated=truncated,
            success=success,
            metrics={
                "success": success.astype(np.float64),
                "spl": spl,
                "soft_spl": soft,
                "distance_to_goal_m": distance,
                "collisions": rows["collisions"].astype(np.float64),
                "geodesic_m": shortest.copy(),
                "path_m": world.travelled.copy(),
            },
        )

    def state(self) -> dict:
        """Everything needed to continue an episode."""
        return {"fields": list(self.fields), **{k: v.copy() for k, v in self._rows.items()}}

    def load(self, state: dict) -> None:
        """Continues from `state()`."""
        self.fields = list(state["fields"])
        self._rows = {k: v.copy() for k, v in state.items() if k != "fields"}

    def _allocate(self, num_envs: int) -> None:
        self.fields = [None] * num_envs  # type: ignore[list-item]
        self._rows = {
            "goal_xy": np.zeros((num_envs, 2)),
            "geodesic": np.ones(num_envs),
            "distance": np.zeros(num_envs),
            "steps": np.zeros(num_envs, np.int64),
            "collisions": np.zeros(num_envs, np.int64),
        }
